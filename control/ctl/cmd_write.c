/* SPDX-License-Identifier: MIT
 *
 * `memalotctl _write`: the writer. Started by a sweep with its result on stdin (one
 * line, docs/internals/result-format.md); stores it and answers with one line on
 * stdout. Input that does not end with a newline is thrown away: the sweep was killed.
 * What the answer shows to the user (key `text`) is rendered here as well, for the
 * program itself has nothing that could.
 */
#define _GNU_SOURCE
#include "print.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "saved.h"

#define INPUT_LIMIT ((size_t)1024 * 1024 * 1024)
#define MAX_FORMATS 8
#define MAX_WIDTH 1000

/* One line for the sweep; it is a pipe, nobody else reads it. */
static int
answer(json_t *document, int code)
{
    if (document == NULL || json_dumpf(document, stdout, JSON_COMPACT) < 0) {
        code = ML_EXIT_FAILED;
    }
    json_decref(document);
    putchar('\n');
    return fflush(stdout) == 0 ? code : ML_EXIT_FAILED;
}

static int
answer_error(const char *fmt, const char *detail)
{
    char message[600];
    snprintf(message, sizeof(message), "%s%s%s", fmt, detail != NULL ? ": " : "",
             detail != NULL ? detail : "");
    return answer(json_pack("{s:s}", "error", message), ML_EXIT_FAILED);
}

/* The whole input, NULL when it is cut short, empty or too large. */
static char *
read_input(size_t *len)
{
    char *text = NULL;
    size_t cap = 0, n;
    *len = 0;
    for (;;) {
        if (*len + 65536 > cap) {
            cap = cap == 0 ? 1024 * 1024 : cap * 2;
            char *more = cap > INPUT_LIMIT ? NULL : realloc(text, cap);
            if (more == NULL) {
                break;
            }
            text = more;
        }
        n = fread(text + *len, 1, cap - *len, stdin);
        *len += n;
        if (n == 0) {
            if (*len > 0 && text[*len - 1] == '\n') {
                return text;
            }
            break;
        }
    }
    free(text);
    return NULL;
}

static void
split_formats(char *text, const char *formats[MAX_FORMATS + 1])
{
    int n = 0;
    char *rest = NULL;
    for (char *f = strtok_r(text, ",", &rest); f != NULL && n < MAX_FORMATS;
         f = strtok_r(NULL, ",", &rest)) {
        if (strcmp(f, "none") != 0) {
            formats[n++] = f;
        }
    }
    formats[n] = NULL;
}

/* Where the report is; "" when it was not saved. */
static void
report_path(const struct ml_ctl_args *args, const char *id, char *out, size_t cap)
{
    char directory[PATH_MAX];
    out[0] = '\0';
    if (id[0] == '\0') {
        return;
    }
    if (ml_store_expand(ml_saved_directory(args), directory, sizeof(directory), NULL) <
        0) {
        snprintf(directory, sizeof(directory), "%s", ml_saved_directory(args));
    }
    snprintf(out, cap, "%s/memalot_report_%s", directory, id);
}

/* What the user sees, as the input's `text` wants it; NULL: nothing is wanted. */
static json_t *
render_text(const struct ml_ctl_args *args, const json_t *input, const char *id,
            const char *path)
{
    const json_t *wanted = json_object_get(input, "text");
    char all[PATH_MAX + 100], *text = NULL;
    size_t len = 0;
    FILE *to = json_is_object(wanted) ? open_memstream(&text, &len) : NULL;
    if (to == NULL) {
        return NULL;
    }
    json_int_t width = json_integer_value(json_object_get(wanted, "width"));
    const struct ml_text_style style = {
        .color = json_is_true(json_object_get(wanted, "color")),
        .unicode = json_is_true(json_object_get(wanted, "boxes")),
        .width = width > 0 && width <= MAX_WIDTH ? (int)width : 0};
    snprintf(all, sizeof(all), "memalotctl print %s%s%s --limit 0", id,
             args->directory != NULL ? " --report-directory " : "",
             args->directory != NULL ? args->directory : "");
    const struct ml_render_choice choice = {
        .max_findings = id[0] != '\0' ? ML_CTL_FINDINGS : 0,
        .show_all = all,
        .report_path = id[0] != '\0' ? path : NULL};
    ml_render_chosen_iteration(to, json_object_get(input, "iteration"), &style, &choice);
    json_t *out = fclose(to) == 0 ? json_stringn(text, len) : NULL;
    free(text);
    return out;
}

static json_t *
list_pictures(const json_t *findings, const char *path)
{
    json_t *svg = json_array();
    const json_t *finding;
    size_t i;
    json_array_foreach(findings, i, finding)
    {
        const json_t *diagram = json_object_get(finding, "diagram");
        const char *name = json_string_value(json_object_get(diagram, "svg"));
        if (name != NULL && path[0] != '\0') {
            json_array_append_new(svg, json_sprintf("%s/%s", path, name));
        }
    }
    return svg;
}

static json_t *
make_answer(const struct ml_ctl_args *args, const json_t *input, const char *id)
{
    char path[PATH_MAX + 64];
    const json_t *iteration = json_object_get(input, "iteration");
    const json_t *findings = json_object_get(iteration, "findings");
    const json_t *number = json_object_get(iteration, "iteration_number");
    bool saved = id[0] != '\0';
    report_path(args, id, path, sizeof(path));
    json_t *text = render_text(args, input, id, path);
    json_t *out = json_pack("{s:s?, s:s?, s:i, s:I, s:o}", "report_id",
                            saved ? id : NULL, "directory", saved ? path : NULL,
                            "findings", (int)json_array_size(findings), "iteration",
                            json_integer_value(number), "svg",
                            list_pictures(findings, path));
    if (text != NULL) {
        json_object_set_new(out, "text", text);
    }
    return out;
}

/* Nothing is drawn in what is not saved. */
static void
clear_pictures(json_t *iteration)
{
    json_t *finding;
    size_t i;
    json_array_foreach(json_object_get(iteration, "findings"), i, finding)
    {
        json_object_set_new(finding, "diagram",
                            json_pack("{s:n, s:n}", "dot", "svg"));
    }
    json_object_set_new(iteration, "report_id", json_null());
}

/* Into the report that the input names, or a new one. */
static int
store(const struct ml_ctl_args *args, json_t *input, char id[ML_REPORT_ID_SIZE],
      struct ml_error *err)
{
    char list[128];
    const char *formats[MAX_FORMATS + 1];
    const json_t *report = json_object_get(input, "report");
    json_t *iteration = json_object_get(input, "iteration");
    snprintf(list, sizeof(list), "%s",
             args->formats != NULL ? args->formats : "dot,svg");
    split_formats(list, formats);
    const struct ml_store_options options = {
        .directory = ml_saved_directory(args),
        .keep = args->keep == ML_CTL_UNSET ? 100 : args->keep,
        .formats = formats,
        .max_nodes = args->max_nodes == ML_CTL_UNSET ? 150 : args->max_nodes};
    return ml_store_append(&options, json_string_value(json_object_get(report, "id")),
                           iteration, json_object_get(input, "summary"), id, err);
}

/* The report is lost, but not what it has to say: the text tells both. */
static int
answer_unsaved(const struct ml_ctl_args *args, json_t *input, const char *why)
{
    json_t *iteration = json_object_get(input, "iteration");
    if (!json_is_object(json_object_get(input, "text"))) {
        return answer_error(why, NULL);
    }
    if (!json_is_object(json_object_get(iteration, "sweep"))) {
        json_object_set_new(iteration, "sweep", json_object());
    }
    json_t *sweep = json_object_get(iteration, "sweep");
    if (!json_is_array(json_object_get(sweep, "warnings"))) {
        json_object_set_new(sweep, "warnings", json_array());
    }
    json_array_append_new(json_object_get(sweep, "warnings"),
                          json_sprintf("the report was not saved: %s", why));
    clear_pictures(iteration);
    json_t *out = make_answer(args, input, "");
    json_object_set_new(out, "error", json_string(why));
    return answer(out, ML_EXIT_FAILED);
}

static int
handle(const struct ml_ctl_args *args, json_t *input)
{
    char id[ML_REPORT_ID_SIZE] = "";
    struct ml_error err = {0};
    json_t *iteration = json_object_get(input, "iteration");
    json_t *number = json_object_get(json_object_get(input, "report"), "iteration");
    if (!json_is_object(iteration) ||
        !json_is_object(json_object_get(input, "summary"))) {
        return answer_error("the input has no iteration or no summary", NULL);
    }
    if (json_is_integer(number)) {
        json_object_set(iteration, "iteration_number", number);
    }
    if (json_is_false(json_object_get(input, "save"))) {
        clear_pictures(iteration);
    }
    else if (store(args, input, id, &err) < 0) {
        return answer_unsaved(args, input, err.message);
    }
    if (args->console && !args->no_console) {
        struct ml_text_style style = ml_print_style(stderr, args->color);
        ml_render_iteration(stderr, iteration, &style, 0);
    }
    return answer(make_answer(args, input, id), ML_EXIT_DONE);
}

static int
run(const struct ml_ctl_args *args)
{
    size_t len;
    json_error_t why;
    signal(SIGPIPE, SIG_IGN);
    char *text = read_input(&len);
    if (text == NULL) {
        return answer_error("the input was cut short", NULL);
    }
    json_t *input = json_loadb(text, len, 0, &why);
    free(text);
    if (input == NULL) {
        return answer_error("the input is not JSON", why.text);
    }
    int code = handle(args, input);
    json_decref(input);
    return code;
}

static const struct ml_opt opts[] = {
    {"directory", 0, ML_OPT_TEXT, ML_CTL_OPT(directory), "DIR", 0, 0, "store there"},
    {"keep", 0, ML_OPT_INT, ML_CTL_OPT(keep), "N", 1, 1000000, "reports to keep"},
    {"formats", 0, ML_OPT_TEXT, ML_CTL_OPT(formats), "A,B", 0, 0,
     "of dot, svg, png, or none"},
    {"max-nodes", 0, ML_OPT_INT, ML_CTL_OPT(max_nodes), "N", 1, 100000,
     "in one diagram"},
    {"console", 0, ML_OPT_FLAG, ML_CTL_OPT(console), NULL, 0, 0,
     "print the report to stderr too"},
    {"no-console", 0, ML_OPT_FLAG, ML_CTL_OPT(no_console), NULL, 0, 0,
     "do not (the default)"},
    ML_OPT_COLOR,
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_write = {
    .name = "_write",
    .words_help = "",
    .summary = "Store a sweep's result from standard input (used by the agent)",
    .opts = opts,
    .hidden = true,
    .run = run,
};
