/* SPDX-License-Identifier: MIT
 *
 * `memalotctl snapshot`: one sweep now, in one agent or in several at the same time.
 * Several are put together into one report (report/merge.h) unless each is asked for.
 * What is printed comes from the answers themselves, so that it is there also when
 * nothing was saved.
 */
#include "ask.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ask_many.h"
#include "merge.h"

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

/* Draws the findings' graphs into DIR, as `prefix`finding_N.svg; their paths are added
 * to `svg`. */
static int
draw(const char *directory, const char *prefix, const json_t *findings, json_t *svg)
{
    const json_t *finding;
    size_t i;
    struct ml_error err;
    if (mkdir(directory, 0777) < 0 && errno != EEXIST) {
        return ml_print_fail(ML_EXIT_FAILED, "cannot make %s: %s", directory,
                             strerror(errno));
    }
    json_array_foreach(findings, i, finding)
    {
        char path[PATH_MAX];
        const json_t *graph = json_object_get(finding, "graph");
        const char *title = json_string_value(json_object_get(finding, "title"));
        if (!json_is_object(graph)) {
            continue;
        }
        snprintf(path, sizeof(path), "%s/%sfinding_%zu.svg", directory, prefix, i + 1);
        if (ml_diagram_write(graph, title != NULL ? title : "", "svg", 150, path,
                             &err) < 0) {
            return ml_print_error(&err);
        }
        json_array_append_new(svg, json_string(path));
    }
    return ML_EXIT_DONE;
}

/* The process's own number keeps pictures of several apart; 0: it is not known. */
static int
draw_one(const struct ml_ctl_args *args, const json_t *answer, long pid, json_t *svg)
{
    char prefix[32] = "";
    const json_t *iteration = json_object_get(answer, "iteration");
    if (pid > 0) {
        snprintf(prefix, sizeof(prefix), "%ld_", pid);
    }
    return draw(args->svg, prefix, json_object_get(iteration, "findings"), svg);
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

/* The sweep was made, but its report could not be stored. `who`: "4711  web: ", or "". */
static int
check_stored(const json_t *answer, const char *who)
{
    const char *why = json_string_value(json_object_get(answer, "store_error"));
    if (why == NULL) {
        return ML_EXIT_DONE;
    }
    return ml_print_fail(ML_EXIT_FAILED,
                         "%sthe report was not saved: %s (reports go to "
                         "report.directory of the configuration; --no-save only prints)",
                         who, why);
}

/* Prints one agent's answer, or puts it into `documents` with --json. */
static int
show(const struct ml_ctl_args *args, json_t *answer, long pid, json_t *documents)
{
    json_t *svg = json_array();
    int code = args->svg != NULL ? draw_one(args, answer, pid, svg) : ML_EXIT_DONE;
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
    return code;
}

static int
ask_one(const struct ml_ctl_args *args, long *pid, json_t **answer)
{
    struct ml_client *client = NULL;
    struct ml_error err;
    int code = ml_discover_target(ml_ask_target(args), &client);
    if (code == ML_EXIT_DONE) {
        *pid = ml_client_pid(client);
        if (ml_client_call(client, "snapshot", make_params(args), "sweeping", -1, answer,
                           &err) < 0) {
            code = ml_print_error(&err);
        }
    }
    ml_client_free(client);
    return code;
}

static int
one(const struct ml_ctl_args *args)
{
    long pid = 0;
    json_t *answer = NULL, *documents = json_array();
    int code = ask_one(args, &pid, &answer);
    if (code == ML_EXIT_DONE) {
        code = show(args, answer, pid, documents);
        int stored = check_stored(answer, "");
        if (args->json) {
            ml_print_json(json_incref(json_array_get(documents, 0)));
        }
        code = ml_print_end(code != ML_EXIT_DONE ? code : stored);
    }
    json_decref(answer);
    json_decref(documents);
    return code;
}

/* -- several ----------------------------------------------------------------------- */

/* Says whose reports were not stored; the worst that happened is returned. */
static int
check_all_stored(const struct ml_many *m, int worst)
{
    for (size_t i = 0; i < m->count; i++) {
        char label[300], who[310];
        ml_many_label(&m->asked[i], label, sizeof(label));
        snprintf(who, sizeof(who), "%s: ", label);
        int code = check_stored(m->asked[i].answer, who);
        worst = code != ML_EXIT_DONE ? code : worst;
    }
    return worst;
}

/* One report after another. */
static int
show_each(const struct ml_ctl_args *args, const struct ml_many *m, int worst)
{
    json_t *documents = json_array();
    for (size_t i = 0, shown = 0; i < m->count; i++) {
        const struct ml_asked *a = &m->asked[i];
        char label[300];
        if (a->answer == NULL) {
            continue;
        }
        ml_many_label(a, label, sizeof(label));
        if (!args->json) {
            printf("%s== %s\n", shown++ > 0 ? "\n" : "", label);
        }
        int code = show(args, a->answer, a->agent->pid, documents);
        worst = code != ML_EXIT_DONE ? code : worst;
    }
    if (args->json) {
        int code = ml_print_json(documents);
        return code != ML_EXIT_DONE ? code : worst;
    }
    json_decref(documents);
    return ml_print_end(worst);
}

/* Where the picture of each finding is: in the report of the process that has most of
 * it, then those drawn into DIR. */
static void
print_family_pictures(const json_t *findings, const json_t *drawn, int most)
{
    const json_t *finding;
    size_t i, printed = 0;
    json_array_foreach(findings, i, finding)
    {
        const json_t *diagram = json_object_get(finding, "diagram");
        const char *path = json_string_value(json_object_get(diagram, "svg"));
        if (path != NULL && (most == 0 || i < (size_t)most)) {
            printf("%s%3zu  %s\n", printed++ == 0 ? "\n" : "", i + 1, path);
        }
    }
    if (json_array_size(drawn) > 0) {
        putchar('\n');
        print_pictures(drawn, most);
    }
}

static void
print_family(const struct ml_ctl_args *args, const json_t *merged, const json_t *drawn)
{
    struct ml_text_style style = ml_print_style(stdout, args->color);
    const struct ml_render_choice choice = {.max_findings = ml_print_findings(args),
                                            .show_all = "--limit 0"};
    ml_render_family(stdout, merged, &style, &choice);
    print_family_pictures(json_object_get(merged, "findings"), drawn,
                          choice.max_findings);
}

/* All as one: findings by fingerprint, figures added up. */
static int
show_family(const struct ml_ctl_args *args, const struct ml_many *m, int worst)
{
    struct ml_error err;
    json_t *members = ml_many_members(m, true), *merged = NULL, *svg = json_array();
    if (ml_merge("snapshot", members, 0, &merged, &err) < 0) {
        json_decref(members);
        json_decref(svg);
        return ml_print_error(&err);
    }
    if (args->svg != NULL) {
        int code = draw(args->svg, "", json_object_get(merged, "findings"), svg);
        json_object_set(merged, "drawn", svg);
        worst = code != ML_EXIT_DONE ? code : worst;
    }
    if (args->json) {
        int code = ml_print_json(json_incref(merged));
        worst = code != ML_EXIT_DONE ? code : worst;
    }
    else if (m->answered > 0) {
        print_family(args, merged, svg);
    }
    json_decref(members);
    json_decref(merged);
    json_decref(svg);
    return ml_print_end(worst);
}

static int
several(const struct ml_ctl_args *args)
{
    struct ml_many m;
    int code = ml_many_ask(args, "snapshot", make_params(args), "sweeping", &m);
    if (m.count > 0) {
        code = args->each ? show_each(args, &m, code) : show_family(args, &m, code);
        code = check_all_stored(&m, code);
    }
    ml_many_fini(&m);
    return code;
}

static int
run(const struct ml_ctl_args *args)
{
    if (args->each && !ml_many_wanted(args)) {
        return ml_print_fail(ML_EXIT_USAGE, "--each goes with --all or --tree PID");
    }
    return ml_many_wanted(args) ? several(args) : one(args);
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
    ML_OPT_MANY,
    {"each", 0, ML_OPT_FLAG, ML_CTL_OPT(each), NULL, 0, 0,
     "of several: one report after another, not one for all"},
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
               "milliseconds.\nSeveral processes (--all, --tree) are swept at the same "
               "time and put together: the\nsame leak in eight workers is one finding "
               "with eight counts.",
    .opts = opts,
    .max_words = 1,
    .run = run,
};
