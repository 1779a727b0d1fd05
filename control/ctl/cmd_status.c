/* SPDX-License-Identifier: MIT
 *
 * `memalotctl status`: the agent's state as a list of names and values.
 */
#include "ask.h"

#include <string.h>

#include "monitoring.h"
#include "text_format.h"

#define COLUMN 15 /* where values begin */

static const char *
text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text != NULL ? text : "";
}

static void
name(struct ml_paint *p, const char *what)
{
    ml_paint_word(p, ML_DIM, what);
    ml_paint_pad(p, COLUMN);
}

/* A line for a text of the agent's, none when there is none. */
static void
text_line(struct ml_paint *p, const char *what, const json_t *value)
{
    if (json_is_string(value) && json_string_length(value) > 0) {
        name(p, what);
        ml_paint_whole(p, ML_PLAIN, value);
        ml_paint_line(p);
    }
}

static void
word_line(struct ml_paint *p, const char *what, const char *value)
{
    name(p, what);
    ml_paint_word(p, ML_PLAIN, value);
    ml_paint_line(p);
}

static void
bytes_line(struct ml_paint *p, const char *what, const json_t *value)
{
    char text[32];
    if (json_is_number(value)) {
        word_line(p, what, ml_text_bytes(json_number_value(value), text));
    }
}

static void
head(struct ml_paint *p, const json_t *s)
{
    long up = (long)json_number_value(json_object_get(s, "uptime_s"));
    name(p, "process");
    ml_paint_printf(p, ML_PLAIN, "%lld  ",
                    (long long)json_integer_value(json_object_get(s, "pid")));
    ml_paint_whole(p, ML_BOLD, json_object_get(s, "name"));
    ml_paint_line(p);
    name(p, "agent");
    ml_paint_whole(p, ML_PLAIN, json_object_get(s, "version"));
    ml_paint_word(p, ML_PLAIN, ", ");
    ml_paint_whole(p, ML_PLAIN, json_object_get(s, "state"));
    ml_paint_line(p);
    text_line(p, "python", json_object_get(s, "python_version"));
    name(p, "uptime");
    ml_paint_printf(p, ML_PLAIN, "%ld:%02ld:%02ld", up / 3600, up / 60 % 60, up % 60);
    ml_paint_line(p);
}

static void
last_sweep(struct ml_paint *p, const json_t *sweep)
{
    char count[32];
    name(p, "last sweep");
    if (!json_is_object(sweep)) {
        ml_paint_word(p, ML_PLAIN, "none yet");
    }
    else if (json_is_false(json_object_get(sweep, "ok"))) {
        ml_paint_word(p, ML_WARN, "failed: ");
        ml_paint_whole(p, ML_WARN, json_object_get(sweep, "message"));
    }
    else {
        ml_text_count(json_integer_value(json_object_get(sweep, "objects")), count);
        ml_paint_printf(p, ML_PLAIN, "paused %.1f ms, took %.2f s, %s objects (",
                        json_number_value(json_object_get(sweep, "pause_s")) * 1000,
                        json_number_value(json_object_get(sweep, "duration_s")), count);
        ml_paint_whole(p, ML_PLAIN, json_object_get(sweep, "mode"));
        ml_paint_word(p, ML_PLAIN, ")");
    }
    ml_paint_line(p);
}

static void
signal_line(struct ml_paint *p, const json_t *signal)
{
    const char *state = text_of(signal, "state");
    if (state[0] == '\0') {
        return;
    }
    name(p, "signal");
    ml_paint_whole(p, ML_PLAIN, json_object_get(signal, "name"));
    if (strcmp(state, "program's") == 0) {
        ml_paint_word(p, ML_WARN, " belongs to the program: not taken");
    }
    else {
        ml_paint_word(p, ML_PLAIN, text_of(signal, "name")[0] != '\0' ? ", " : "");
        ml_paint_whole(p, ML_PLAIN, json_object_get(signal, "state"));
    }
    ml_paint_line(p);
}

static void
next_sweep(struct ml_paint *p, const json_t *seconds)
{
    if (json_is_number(seconds)) {
        name(p, "next sweep");
        ml_paint_printf(p, ML_PLAIN, "in %.0f s", json_number_value(seconds));
        ml_paint_line(p);
    }
}

static void
monitoring_lines(struct ml_paint *p, const json_t *m)
{
    name(p, "monitoring");
    if (!json_is_object(m)) {
        ml_paint_word(p, ML_PLAIN, json_is_true(m) ? "yes" : "no");
        ml_paint_line(p);
        return;
    }
    ml_monitoring_what(p, m);
    ml_paint_line(p);
    ml_paint_pad(p, COLUMN);
    ml_monitoring_progress(p, m);
    ml_paint_line(p);
    text_line(p, "its report", json_object_get(m, "report_id"));
}

static void
triggers_line(struct ml_paint *p, const json_t *t)
{
    char time[32];
    const char *memory = text_of(t, "memory_above"), *growth = text_of(t, "growth_above");
    if (!json_is_object(t)) {
        return;
    }
    name(p, "triggers");
    ml_paint_printf(p, ML_PLAIN, "%s%s%s%s%s", memory[0] ? "memory above " : "", memory,
                    memory[0] && growth[0] ? ", " : "", growth[0] ? "growth above " : "",
                    growth);
    if (json_number_value(json_object_get(t, "quiet_for_s")) > 0) {
        double left = json_number_value(json_object_get(t, "quiet_for_s"));
        ml_paint_printf(p, ML_PLAIN, "; quiet for %s", ml_text_duration(left, time));
    }
    ml_paint_line(p);
    text_line(p, "last trigger", json_object_get(t, "last_reason"));
}

static void
text_lines(struct ml_paint *p, const char *what, const json_t *texts)
{
    const json_t *text;
    size_t i;
    json_array_foreach(texts, i, text)
    {
        text_line(p, what, text);
    }
}

static void
render(FILE *to, const json_t *s, const struct ml_text_style *style)
{
    struct ml_paint p;
    ml_paint_init(&p, to, style);
    head(&p, s);
    bytes_line(&p, "rss", json_object_get(s, "rss"));
    bytes_line(&p, "own memory", json_object_get(s, "own_memory"));
    monitoring_lines(&p, json_object_get(s, "monitoring"));
    text_lines(&p, "hook", json_object_get(s, "hooks"));
    signal_line(&p, json_object_get(s, "signal"));
    text_line(&p, "config file", json_object_get(s, "config_file"));
    text_line(&p, "reports", json_object_get(s, "report_directory"));
    last_sweep(&p, json_object_get(s, "last_sweep"));
    next_sweep(&p, json_object_get(s, "next_sweep_in_s"));
    triggers_line(&p, json_object_get(s, "triggers"));
    text_line(&p, "last report", json_object_get(s, "last_report"));
    text_line(&p, "socket", json_object_get(s, "socket"));
    text_lines(&p, "message", json_object_get(s, "messages"));
}

static int
run(const struct ml_ctl_args *args)
{
    return ml_ask_and_print(args, "status", NULL, NULL, render);
}

static const struct ml_opt opts[] = {ML_OPT_JSON, ML_OPT_COLOR, ML_OPT_HELP,
                                     ML_OPT_END};

const struct ml_command ml_cmd_status = {
    .name = "status",
    .words_help = "[TARGET]",
    .summary = "The agent's state: what it does, what the last sweep cost",
    .opts = opts,
    .max_words = 1,
    .run = run,
};
