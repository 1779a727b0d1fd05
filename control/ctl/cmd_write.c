/* SPDX-License-Identifier: MIT
 *
 * `memalotctl _write`: the writer. Started by a sweep with its result on stdin (one
 * line, docs/internals/result-format.md); stores it and answers with one line on
 * stdout. Input that does not end with a newline is thrown away: the sweep was killed.
 */
#define _GNU_SOURCE
#include "print.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "saved.h"

#define MAX_INPUT ((size_t)1024 * 1024 * 1024)
#define MAX_FORMATS 8

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
            char *more = cap > MAX_INPUT ? NULL : realloc(text, cap);
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

static json_t *
make_answer(const struct ml_ctl_args *args, const json_t *iteration, const char *id)
{
    char directory[4096], path[4400];
    json_t *svg = json_array();
    const json_t *finding;
    size_t i;
    if (ml_store_expand(ml_saved_directory(args), directory, sizeof(directory), NULL) <
        0) {
        snprintf(directory, sizeof(directory), "%s", ml_saved_directory(args));
    }
    snprintf(path, sizeof(path), "%s/memalot_report_%s", directory, id);
    json_t *findings = json_object_get(iteration, "findings");
    json_t *out = json_pack("{s:s, s:s, s:i}", "report_id", id, "directory", path,
                            "findings", (int)json_array_size(findings));
    json_array_foreach(findings, i, finding)
    {
        const json_t *diagram = json_object_get(finding, "diagram");
        const char *name = json_string_value(json_object_get(diagram, "svg"));
        if (name != NULL) {
            json_array_append_new(svg, json_sprintf("%s/%s", path, name));
        }
    }
    json_object_set_new(out, "svg", svg);
    return out;
}

static int
store(const struct ml_ctl_args *args, json_t *input)
{
    char id[ML_REPORT_ID_SIZE] = "", list[128];
    const char *formats[MAX_FORMATS + 1];
    struct ml_error err = {0};
    json_t *iteration = json_object_get(input, "iteration");
    json_t *summary = json_object_get(input, "summary");
    if (!json_is_object(iteration) || !json_is_object(summary)) {
        return answer_error("the input has no iteration or no summary", NULL);
    }
    snprintf(list, sizeof(list), "%s",
             args->formats != NULL ? args->formats : "dot,svg");
    split_formats(list, formats);
    const struct ml_store_options options = {
        .directory = ml_saved_directory(args),
        .keep = args->keep == ML_CTL_UNSET ? 100 : args->keep,
        .formats = formats,
        .max_nodes = args->max_nodes == ML_CTL_UNSET ? 150 : args->max_nodes};
    if (ml_store_write(&options, iteration, summary, id, &err) < 0) {
        return answer_error(err.message, NULL);
    }
    if (args->console && !args->no_console) {
        struct ml_text_style style = ml_print_style(stderr, args->color);
        ml_render_iteration(stderr, iteration, &style, 0);
    }
    return answer(make_answer(args, iteration, id), ML_EXIT_DONE);
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
    int code = store(args, input);
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
