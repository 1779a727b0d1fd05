/* SPDX-License-Identifier: MIT
 *
 * `memalotctl monitor`: time-based discovery in a live process, begun and ended.
 */
#include "ask.h"

#include <string.h>

#include "ask_many.h"
#include "monitoring.h"
#include "suggest.h"
#include "text_format.h"

/* -- start ------------------------------------------------------------------------- */

static void
put_list(json_t *params, const char *key, const struct ml_ctl_list *list)
{
    if (list->count > 0) {
        json_t *array = json_array();
        for (int i = 0; i < list->count; i++) {
            json_array_append_new(array, json_string(list->item[i]));
        }
        json_object_set_new(params, key, array);
    }
}

static void
put_text(json_t *params, const char *key, const char *text)
{
    if (text != NULL) {
        json_object_set_new(params, key, json_string(text));
    }
}

static json_t *
start_params(const struct ml_ctl_args *args)
{
    json_t *params = json_object();
    put_text(params, "max_object_lifetime", args->lifetime);
    put_text(params, "warmup", args->warmup);
    put_list(params, "include", &args->type);
    put_list(params, "exclude", &args->exclude);
    if (args->max_object_details != ML_CTL_UNSET) {
        json_object_set_new(params, "max_object_details",
                            json_integer(args->max_object_details));
    }
    if (args->no_save) {
        json_object_set_new(params, "save", json_false());
    }
    return params;
}

/* "  memalotctl status shop     how far it is" */
static void
hint(struct ml_paint *p, const char *command, const char *target, const char *what)
{
    ml_paint_printf(p, ML_BOLD, "  memalotctl %s%s", command, target[0] ? " " : "");
    ml_paint_word(p, ML_BOLD, target);
    ml_paint_word(p, ML_PLAIN, " ");
    ml_paint_pad(p, 34);
    ml_paint_word(p, ML_DIM, what);
    ml_paint_line(p);
}

static void
say_when(struct ml_paint *p, const json_t *m)
{
    char time[32];
    double left = ml_monitoring_first_findings(m);
    if (left > 0) {
        ml_paint_printf(p, ML_PLAIN, "The first findings can come in %s",
                        ml_text_duration(left, time));
        ml_paint_printf(p, ML_PLAIN, ", then every %s.",
                        ml_text_duration(ml_json_number(m, "lifetime_s"), time));
        ml_paint_line(p);
    }
}

static void
render_begun(FILE *to, const json_t *m, const struct ml_text_style *style)
{
    char time[32];
    struct ml_paint p;
    ml_paint_init(&p, to, style);
    ml_paint_word(&p, ML_PLAIN, "monitoring: ");
    ml_monitoring_what(&p, m);
    ml_paint_printf(&p, ML_PLAIN, "; those of the first %s do not count",
                    ml_text_duration(ml_json_number(m, "warmup_s"), time));
    ml_paint_line(&p);
}

static void
render_start(const struct ml_ctl_args *args, const char *target, const json_t *m)
{
    struct ml_paint p;
    struct ml_text_style style = ml_print_style(stdout, args->color);
    render_begun(stdout, m, &style);
    ml_paint_init(&p, stdout, &style);
    say_when(&p, m);
    hint(&p, "status", target, "how far it is");
    if (!args->no_save) {
        hint(&p, "list", "", "its report, once there is one");
        hint(&p, "print", "ID", "what was found");
    }
    hint(&p, "monitor stop", target, "end it");
}

static int
start(const struct ml_ctl_args *args)
{
    json_t *m = NULL;
    const char *target = ml_ask_target(args);
    if (ml_many_wanted(args)) {
        return ml_ask_and_print(args, "monitor.start", start_params(args), NULL,
                                render_begun);
    }
    int code = ml_ask(target, "monitor.start", start_params(args), NULL, &m);
    if (code != ML_EXIT_DONE) {
        return code;
    }
    if (args->json) {
        return ml_print_json(m);
    }
    render_start(args, target != NULL ? target : "", m);
    json_decref(m);
    return ml_print_end(ML_EXIT_DONE);
}

/* -- stop -------------------------------------------------------------------------- */

static void
render_stop(FILE *to, const json_t *answer, const struct ml_text_style *style)
{
    struct ml_paint p;
    const json_t *id = json_object_get(answer, "report_id");
    long long iterations = ml_json_integer(answer, "iterations");
    ml_paint_init(&p, to, style);
    ml_paint_printf(&p, ML_PLAIN, "stopped after %lld iteration%s", iterations,
                    iterations == 1 ? "" : "s");
    if (json_is_string(id)) {
        ml_paint_word(&p, ML_PLAIN, ": ");
        ml_paint_word(&p, ML_BOLD, "memalotctl print ");
        ml_paint_whole(&p, ML_BOLD, id);
        ml_paint_word(&p, ML_PLAIN, " shows what was found");
    }
    else {
        ml_paint_word(&p, ML_PLAIN, "; no report was saved");
    }
    ml_paint_line(&p);
}

static int
stop(const struct ml_ctl_args *args)
{
    if (args->lifetime != NULL || args->warmup != NULL || args->no_save ||
        args->type.count + args->exclude.count > 0 ||
        args->max_object_details != ML_CTL_UNSET) {
        return ml_print_fail(ML_EXIT_USAGE, "monitor stop takes a TARGET and --json");
    }
    return ml_ask_and_print(args, "monitor.stop", NULL, NULL, render_stop);
}

/* -- the words --------------------------------------------------------------------- */

static int
unknown(const char *word)
{
    struct ml_suggest near;
    ml_suggest_init(&near, word, strlen(word));
    ml_suggest_offer(&near, "start");
    ml_suggest_offer(&near, "stop");
    const char *best = ml_suggest_best(&near);
    return ml_print_fail(ML_EXIT_USAGE, "monitor has no '%s'%s%s%s", word,
                         best != NULL ? ", did you mean '" : ": start or stop",
                         best != NULL ? best : "", best != NULL ? "'?" : "");
}

static int
run(const struct ml_ctl_args *args)
{
    struct ml_ctl_args rest = *args;
    rest.word++;
    rest.words--;
    if (strcmp(args->word[0], "start") == 0) {
        return start(&rest);
    }
    return strcmp(args->word[0], "stop") == 0 ? stop(&rest) : unknown(args->word[0]);
}

static const struct ml_opt opts[] = {
    {"max-object-lifetime", 0, ML_OPT_TIME, ML_CTL_OPT(lifetime), "S", 0, 0,
     "what lives longer may be a leak (default: as configured)"},
    {"warmup", 0, ML_OPT_TIME, ML_CTL_OPT(warmup), "S", 0, 0,
     "what is born before it is over does not count"},
    {"type", 0, ML_OPT_LIST, ML_CTL_OPT(type), "SUBSTR", 0, 0,
     "only types whose full name contains this; repeatable"},
    {"exclude", 0, ML_OPT_LIST, ML_CTL_OPT(exclude), "SUBSTR", 0, 0,
     "not these types; repeatable"},
    {"max-object-details", 0, ML_OPT_INT, ML_CTL_OPT(max_object_details), "N", 0, 10000,
     "how many objects are shown one by one"},
    {"no-save", 0, ML_OPT_FLAG, ML_CTL_OPT(no_save), NULL, 0, 0,
     "write no report; `status` still counts suspects"},
    ML_OPT_MANY,
    ML_OPT_JSON,
    ML_OPT_COLOR,
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_monitor = {
    .name = "monitor",
    .words_help = "start [TARGET] | stop [TARGET]",
    .summary = "Watch for objects that live too long: start or stop it in a process",
    .details =
        "start [TARGET]  each time the lifetime has passed, a report grows by one\n"
        "                iteration: what was born after the warm-up, is older than\n"
        "                the lifetime and still alive, and what holds it\n"
        "stop [TARGET]   end it; the report stays\n\n"
        "Times are seconds, or texts such as 500ms, 90s, 5m, 1h. The warm-up is as long\n"
        "as the lifetime unless it is given.",
    .opts = opts,
    .min_words = 1,
    .max_words = 2,
    .run = run,
};
