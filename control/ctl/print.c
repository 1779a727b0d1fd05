/* SPDX-License-Identifier: MIT
 *
 * See print.h. Tables are libsmartcols'.
 */
#define _GNU_SOURCE
#include "print.h"

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <libsmartcols.h>

static void
say(const char *fmt, va_list ap)
{
    fflush(stdout);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

int
ml_print_fail(int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
    return code;
}

void
ml_print_note(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
}

int
ml_print_exit_code(int ml_code)
{
    return ml_code == ML_EPERM        ? ML_EXIT_REFUSED
           : ml_code == ML_EAMBIGUOUS ? ML_EXIT_NO_AGENT
                                      : ML_EXIT_FAILED;
}

int
ml_print_error(const struct ml_error *err)
{
    return ml_print_fail(ml_print_exit_code(err->code), "%s", err->message);
}

struct ml_text_style
ml_print_style(FILE *to, const char *color)
{
    struct ml_text_style style = {0};
    struct winsize size;
    bool terminal = isatty(fileno(to));
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    const char *charset = nl_langinfo(CODESET);
    style.unicode = strcmp(charset, "UTF-8") == 0;
    style.color = terminal && !(none != NULL && none[0] != '\0') &&
                  !(term != NULL && strcmp(term, "dumb") == 0);
    if (color != NULL && strcmp(color, "auto") != 0) {
        style.color = strcmp(color, "always") == 0;
    }
    if (terminal && ioctl(fileno(to), TIOCGWINSZ, &size) == 0) {
        style.width = size.ws_col;
    }
    return style;
}

int
ml_print_json(json_t *value)
{
    int rc = value == NULL ? -1 : json_dumpf(value, stdout, JSON_INDENT(2));
    json_decref(value);
    if (rc < 0) {
        return ml_print_fail(ML_EXIT_FAILED, "cannot write the JSON document");
    }
    putchar('\n');
    return ml_print_end(ML_EXIT_DONE);
}

int
ml_print_end(int code)
{
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return ml_print_fail(ML_EXIT_FAILED, "cannot write to standard output: %s",
                             strerror(errno));
    }
    return code;
}

/* -- tables ----------------------------------------------------------------------------- */

struct ml_table {
    struct libscols_table *table;
    size_t columns;
    bool color;
};

struct ml_table *
ml_table_new(const struct ml_text_style *style, const char *const *headers,
             const char *align)
{
    struct ml_table *t = calloc(1, sizeof(*t));
    if (t == NULL || (t->table = scols_new_table()) == NULL) {
        free(t);
        return NULL;
    }
    t->color = style->color;
    scols_table_enable_colors(t->table, style->color);
    if (style->width > 0) {
        scols_table_set_termwidth(t->table, (size_t)style->width);
        scols_table_set_termforce(t->table, SCOLS_TERMFORCE_ALWAYS);
    }
    for (; headers[t->columns] != NULL; t->columns++) {
        int flags = align[t->columns] == 'r' ? SCOLS_FL_RIGHT : 0;
        bool last = headers[t->columns + 1] == NULL;
        flags |= last && style->width > 0 ? SCOLS_FL_TRUNC : 0;
        struct libscols_column *c =
            scols_table_new_column(t->table, headers[t->columns], 0, flags);
        if (c != NULL && style->color) {
            scols_cell_set_color(scols_column_get_header(c), "bold");
        }
    }
    return t;
}

void
ml_table_row(struct ml_table *t, const char *const *cells)
{
    struct libscols_line *line = t == NULL ? NULL : scols_table_new_line(t->table, NULL);
    for (size_t i = 0; line != NULL && i < t->columns; i++) {
        scols_line_set_data(line, i, cells[i]);
    }
}

void
ml_table_print(struct ml_table *t, FILE *to)
{
    if (t != NULL) {
        scols_table_set_stream(t->table, to);
        scols_print_table(t->table);
    }
}

void
ml_table_free(struct ml_table *t)
{
    if (t != NULL) {
        scols_unref_table(t->table);
        free(t);
    }
}
