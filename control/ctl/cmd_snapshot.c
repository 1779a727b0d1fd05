/* SPDX-License-Identifier: MIT
 *
 * `memalotctl snapshot`: one sweep now, in one agent or in all of them. The report is
 * printed from the answer itself, so that it is there also when nothing was saved.
 */
#include "ask.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "discover.h"

static json_t *
list_param(const struct ml_ctl_list *list)
{
    json_t *array = json_array();
    for (int i = 0; i < list->count; i++) {
        json_array_append_new(array, json_string(list->item[i]));
    }
    return array;
}

static json_t *
make_params(const struct ml_ctl_args *args)
{
    json_t *p = json_object();
    if (args->type.count > 0) {
        json_object_set_new(p, "include", list_param(&args->type));
    }
    if (args->exclude.count > 0) {
        json_object_set_new(p, "exclude", list_param(&args->exclude));
    }
    if (args->max_object_details != ML_CTL_UNSET) {
        json_object_set_new(p, "max_object_details",
                            json_integer(args->max_object_details));
    }
    if (args->no_referrers) {
        json_object_set_new(p, "referrers", json_false());
    }
    if (args->no_save) {
        json_object_set_new(p, "save", json_false());
    }
    return p;
}

/* Draws the findings' graphs into DIR; their paths are added to `svg`. */
static int
draw(const struct ml_ctl_args *args, const json_t *answer, json_t *svg)
{
    const json_t *finding;
    size_t i;
    struct ml_error err;
    if (mkdir(args->svg, 0777) < 0 && errno != EEXIST) {
        return ml_print_fail(ML_EXIT_FAILED, "cannot make %s: %s", args->svg,
                             strerror(errno));
    }
    const json_t *iteration = json_object_get(answer, "iteration");
    const json_t *process = json_object_get(iteration, "process");
    json_array_foreach(json_object_get(iteration, "findings"), i, finding)
    {
        char path[PATH_MAX];
        const json_t *graph = json_object_get(finding, "graph");
        const char *title = json_string_value(json_object_get(finding, "title"));
        if (!json_is_object(graph)) {
            continue;
        }
        snprintf(path, sizeof(path), "%s/%lld_finding_%zu.svg", args->svg,
                 (long long)json_integer_value(json_object_get(process, "pid")), i + 1);
        if (ml_diagram_write(graph, title != NULL ? title : "", "svg", 150, path,
                             &err) < 0) {
            return ml_print_error(&err);
        }
        json_array_append_new(svg, json_string(path));
    }
    return ML_EXIT_DONE;
}

/* The number of the finding that "..._finding_3.svg" shows. */
static long
finding_of(const char *path)
{
    const char *at = path != NULL ? strrchr(path, '_') : NULL;
    return at != NULL ? strtol(at + 1, NULL, 10) : 0;
}

static void
print_pictures(const json_t *paths, int most)
{
    const json_t *path;
    size_t i;
    json_array_foreach(paths, i, path)
    {
        const char *text = json_string_value(path);
        long finding = finding_of(text);
        if (text != NULL && (most == 0 || finding <= most)) {
            printf("%3ld  %s\n", finding, text);
        }
    }
}

static void
print_text(const struct ml_ctl_args *args, const json_t *answer, const json_t *svg)
{
    char all[80] = "--limit 0";
    struct ml_text_style style = ml_print_style(stdout, args->color);
    const char *id = json_string_value(json_object_get(answer, "report_id"));
    const char *directory = json_string_value(json_object_get(answer, "directory"));
    struct ml_render_choice choice = {.max_findings = ml_print_findings(args),
                                      .show_all = all};
    if (id != NULL) {
        snprintf(all, sizeof(all), "%s print %.20s --limit 0", args->program, id);
    }
    ml_render_chosen_iteration(stdout, json_object_get(answer, "iteration"), &style,
                               &choice);
    if (id != NULL) {
        printf("\nreport %s  %s\n", id, directory != NULL ? directory : "");
    }
    print_pictures(json_object_get(answer, "svg"), choice.max_findings);
    print_pictures(svg, choice.max_findings);
    fflush(stdout);
}

/* The sweep was made, but its report could not be stored. */
static int
check_stored(const json_t *answer)
{
    const char *why = json_string_value(json_object_get(answer, "store_error"));
    if (why == NULL) {
        return ML_EXIT_DONE;
    }
    return ml_print_fail(ML_EXIT_FAILED,
                         "the report was not saved: %s (reports go to report.directory "
                         "of the configuration; --no-save only prints)",
                         why);
}

/* Prints one agent's answer, or puts it into `documents` with --json. */
static int
show(const struct ml_ctl_args *args, json_t *answer, json_t *documents)
{
    json_t *svg = json_array();
    int code = args->svg != NULL ? draw(args, answer, svg) : ML_EXIT_DONE;
    if (args->json) {
        if (args->svg != NULL) {
            json_object_set(answer, "drawn", svg);
        }
        json_array_append(documents, answer);
    }
    else {
        print_text(args, answer, svg);
    }
    json_decref(svg);
    int stored = check_stored(answer);
    return code != ML_EXIT_DONE ? code : stored;
}

static int
one(const struct ml_ctl_args *args)
{
    json_t *answer = NULL, *documents = json_array();
    int code =
        ml_ask(ml_ask_target(args), "snapshot", make_params(args), "sweeping", &answer);
    if (code == ML_EXIT_DONE) {
        code = show(args, answer, documents);
        if (args->json) {
            ml_print_json(json_incref(json_array_get(documents, 0)));
        }
        code = ml_print_end(code);
    }
    json_decref(answer);
    json_decref(documents);
    return code;
}

/* The worst that happened is what the command returns; the others go on. */
static int
every(const struct ml_ctl_args *args)
{
    struct ml_discovery d;
    json_t *documents = json_array();
    ml_discover(&d);
    int worst =
        d.count > 0 ? ML_EXIT_DONE : ml_print_fail(ML_EXIT_NO_AGENT, "no agent found");
    for (size_t i = 0; i < d.count; i++) {
        struct ml_error err;
        char label[300];
        json_t *answer = NULL;
        ml_discover_label(&d.agent[i], label, sizeof(label));
        if (!args->json) {
            printf("%s== %s\n", i > 0 ? "\n" : "", label);
            fflush(stdout);
        }
        if (ml_client_call(d.agent[i].client, "snapshot", make_params(args), "sweeping",
                           -1, &answer, &err) < 0) {
            worst = ml_print_fail(ml_print_exit_code(err.code), "%s: %s", label,
                                  err.message);
            continue;
        }
        int code = show(args, answer, documents);
        worst = code != ML_EXIT_DONE ? code : worst;
        json_decref(answer);
    }
    ml_discovery_fini(&d);
    if (args->json) {
        ml_print_json(documents);
        return worst;
    }
    json_decref(documents);
    return ml_print_end(worst);
}

static int
run(const struct ml_ctl_args *args)
{
    if (args->all && args->words > 0) {
        return ml_print_fail(ML_EXIT_USAGE, "either a TARGET or --all, not both");
    }
    return args->all ? every(args) : one(args);
}

static const struct ml_opt opts[] = {
    {"type", 0, ML_OPT_LIST, ML_CTL_OPT(type), "SUBSTR", 0, 0,
     "only types whose full name contains this (repeatable)"},
    {"exclude", 0, ML_OPT_LIST, ML_CTL_OPT(exclude), "SUBSTR", 0, 0,
     "not the types whose full name contains this (repeatable)"},
    {"max-object-details", 0, ML_OPT_INT, ML_CTL_OPT(max_object_details), "N", 0, 10000,
     "how many objects are shown one by one"},
    {"no-referrers", 0, ML_OPT_FLAG, ML_CTL_OPT(no_referrers), NULL, 0, 0,
     "do not look for what holds each of them"},
    {"no-save", 0, ML_OPT_FLAG, ML_CTL_OPT(no_save), NULL, 0, 0,
     "print only, save no report"},
    {"svg", 0, ML_OPT_TEXT, ML_CTL_OPT(svg), "DIR", 0, 0,
     "draw the findings into this directory"},
    {"all", 0, ML_OPT_FLAG, ML_CTL_OPT(all), NULL, 0, 0,
     "every agent, one after another"},
    ML_OPT_FINDINGS,
    ML_OPT_JSON,
    ML_OPT_COLOR,
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_snapshot = {
    .name = "snapshot",
    .words_help = "[TARGET]",
    .summary = "One sweep now: print and save a report of what is in memory and why",
    .details = "The program stands still only while its memory is cloned, a few "
               "milliseconds.",
    .opts = opts,
    .max_words = 1,
    .run = run,
};
