/* SPDX-License-Identifier: MIT
 *
 * See picture.h.
 */
#define _GNU_SOURCE
#include "picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_NODES 150

const char *
ml_picture_format_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    static const char *const formats[] = {"dot", "svg", "png"};
    for (size_t i = 0; dot != NULL && i < 3; i++) {
        if (strcmp(dot + 1, formats[i]) == 0) {
            return formats[i];
        }
    }
    return NULL;
}

static int
copy_to_stdout(const char *path)
{
    char piece[16384];
    size_t n;
    FILE *from = fopen(path, "r");
    if (from == NULL) {
        return ml_print_fail(ML_EXIT_FAILED, "%s: %s", path, strerror(errno));
    }
    while ((n = fread(piece, 1, sizeof(piece), from)) > 0) {
        fwrite(piece, 1, n, stdout);
    }
    fclose(from);
    return ml_print_end(ML_EXIT_DONE);
}

int
ml_picture_draw(const json_t *graph, const char *title, const char *format,
                const char *path)
{
    struct ml_error err;
    char directory[] = "/tmp/memalot-picture-XXXXXX", file[64];
    if (!json_is_object(graph)) {
        return ml_print_fail(ML_EXIT_FAILED, "there is nothing to draw");
    }
    if (path != NULL) {
        int rc = ml_diagram_write(graph, title, format, MAX_NODES, path, &err);
        return rc < 0 ? ml_print_error(&err) : ML_EXIT_DONE;
    }
    if (mkdtemp(directory) == NULL) {
        return ml_print_fail(ML_EXIT_FAILED, "%s: %s", directory, strerror(errno));
    }
    snprintf(file, sizeof(file), "%s/picture", directory);
    int code = ml_diagram_write(graph, title, format, MAX_NODES, file, &err) < 0
                   ? ml_print_error(&err)
                   : copy_to_stdout(file);
    unlink(file);
    rmdir(directory);
    return code;
}

static int
write_text(const struct ml_ctl_args *args, const json_t *answer, ml_ask_render *render,
           FILE *to)
{
    struct ml_text_style style = ml_print_style(to, args->color);
    render(to, answer, &style);
    return ML_EXIT_DONE;
}

static int
write_document(const json_t *answer, FILE *to)
{
    int rc = json_dumpf(answer, to, JSON_INDENT(2));
    putc('\n', to);
    return rc < 0 ? ML_EXIT_FAILED : ML_EXIT_DONE;
}

/* Text or JSON into the file of -o. */
static int
into_file(const struct ml_ctl_args *args, const json_t *answer, ml_ask_render *render,
          bool json)
{
    FILE *to = fopen(args->output, "we");
    if (to == NULL) {
        return ml_print_fail(ML_EXIT_FAILED, "cannot write %s: %s", args->output,
                             strerror(errno));
    }
    int code = json ? write_document(answer, to) : write_text(args, answer, render, to);
    if (fclose(to) != 0 || code != ML_EXIT_DONE) {
        return ml_print_fail(ML_EXIT_FAILED, "cannot write %s: %s", args->output,
                             strerror(errno));
    }
    return ML_EXIT_DONE;
}

static const char *
format_of(const struct ml_ctl_args *args)
{
    const char *by_name =
        args->output != NULL ? ml_picture_format_of(args->output) : NULL;
    return args->json             ? "json"
           : args->format != NULL ? args->format
           : by_name != NULL      ? by_name
                                  : "text";
}

static int
put_answer(const struct ml_ctl_args *args, const json_t *answer, const char *title,
           ml_ask_render *render)
{
    const char *format = format_of(args);
    bool json = strcmp(format, "json") == 0, text = strcmp(format, "text") == 0;
    int code;
    if (!json && !text) {
        code = ml_picture_draw(json_object_get(answer, "graph"), title, format,
                               args->output);
    }
    else if (args->output != NULL) {
        code = into_file(args, answer, render, json);
    }
    else {
        code = json ? write_document(answer, stdout)
                    : write_text(args, answer, render, stdout);
        code = ml_print_end(code);
    }
    return code;
}

int
ml_picture_ask(const struct ml_ctl_args *args, const char *method, json_t *params,
               const char *title, ml_ask_render *render)
{
    json_t *answer = NULL;
    int code = ml_ask(ml_ask_target(args), method, params, "sweeping", &answer);
    if (code == ML_EXIT_DONE) {
        code = put_answer(args, answer, title, render);
        json_decref(answer);
    }
    return code;
}
