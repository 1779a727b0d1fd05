/* SPDX-License-Identifier: MIT
 *
 * `memalotctl status`: the agent's state as a list of names and values.
 */
#include "ask.h"

#include <string.h>

static const char *
text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text != NULL ? text : "";
}

static void
line(FILE *to, const char *name, const char *value)
{
    if (value[0] != '\0') {
        fprintf(to, "%-14s %s\n", name, value);
    }
}

static void
bytes_line(FILE *to, const char *name, const json_t *value)
{
    char text[32];
    if (json_is_number(value)) {
        line(to, name, ml_text_bytes(json_number_value(value), text));
    }
}

static void
last_sweep(FILE *to, const json_t *sweep)
{
    char count[32];
    if (!json_is_object(sweep)) {
        line(to, "last sweep", "none yet");
        return;
    }
    if (json_is_false(json_object_get(sweep, "ok"))) {
        fprintf(to, "%-14s failed: %s\n", "last sweep", text_of(sweep, "message"));
        return;
    }
    fprintf(to, "%-14s paused %.1f ms, took %.2f s, %s objects (%s)\n", "last sweep",
            json_number_value(json_object_get(sweep, "pause_s")) * 1000,
            json_number_value(json_object_get(sweep, "duration_s")),
            ml_text_count(json_integer_value(json_object_get(sweep, "objects")), count),
            text_of(sweep, "mode"));
}

static void
uptime(FILE *to, const json_t *value)
{
    long s = (long)json_number_value(value);
    fprintf(to, "%-14s %ld:%02ld:%02ld\n", "uptime", s / 3600, s / 60 % 60, s % 60);
}

static void
signal_line(FILE *to, const json_t *signal)
{
    const char *name = text_of(signal, "name"), *state = text_of(signal, "state");
    if (strcmp(state, "program's") == 0) {
        fprintf(to, "%-14s %s belongs to the program: not taken\n", "signal", name);
    }
    else if (state[0] != '\0') {
        fprintf(to, "%-14s %s%s%s\n", "signal", name, name[0] != '\0' ? ", " : "", state);
    }
}

static void
render(FILE *to, const json_t *s, const struct ml_text_style *style)
{
    const json_t *value;
    size_t i;
    fprintf(to, "%-14s %lld  %s\n", "process",
            (long long)json_integer_value(json_object_get(s, "pid")), text_of(s, "name"));
    fprintf(to, "%-14s %s, %s\n", "agent", text_of(s, "version"), text_of(s, "state"));
    line(to, "python", text_of(s, "python_version"));
    uptime(to, json_object_get(s, "uptime_s"));
    bytes_line(to, "rss", json_object_get(s, "rss"));
    bytes_line(to, "own memory", json_object_get(s, "own_memory"));
    line(to, "monitoring",
         json_is_true(json_object_get(s, "monitoring")) ? "yes" : "no");
    signal_line(to, json_object_get(s, "signal"));
    line(to, "config file", text_of(s, "config_file"));
    line(to, "reports", text_of(s, "report_directory"));
    last_sweep(to, json_object_get(s, "last_sweep"));
    value = json_object_get(s, "next_sweep_in_s");
    if (json_is_number(value)) {
        fprintf(to, "%-14s in %.0f s\n", "next sweep", json_number_value(value));
    }
    line(to, "last report", text_of(s, "last_report"));
    line(to, "socket", text_of(s, "socket"));
    json_array_foreach(json_object_get(s, "messages"), i, value)
    {
        line(to, "message", json_is_string(value) ? json_string_value(value) : "");
    }
}

static int
run(const struct ml_ctl_args *args)
{
    return ml_ask_and_print(args, "status", NULL, NULL, render);
}

static const struct ml_opt opts[] = {ML_OPT_JSON, ML_OPT_COLOR, ML_OPT_HELP, ML_OPT_END};

const struct ml_command ml_cmd_status = {
    .name = "status",
    .words_help = "[TARGET]",
    .summary = "The agent's state: what it does, what the last sweep cost",
    .opts = opts,
    .max_words = 1,
    .run = run,
};
