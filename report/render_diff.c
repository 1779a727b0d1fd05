/* SPDX-License-Identifier: MIT
 *
 * The difference of two iterations (report_diff.h), for a person: which two, one
 * sentence, the memory, the findings, the types that changed.
 */
#include <string.h>

#include "clean_text.h"
#include "render.h"
#include "table.h"
#include "text_format.h"

#define INDENT 8
#define WIDE 100 /* a terminal that has room for long type names */

static void
paint_which(struct ml_paint *p, const char *word, const json_t *which)
{
    ml_paint_word(p, ML_DIM, word);
    ml_paint_pad(p, INDENT);
    ml_paint_text(p, ML_BOLD, json_object_get(which, "report_id"), 20);
    ml_paint_figure(p, INDENT, ML_PLAIN, "iteration %lld",
                    ml_json_integer(which, "iteration_number"));
    ml_paint_mark(p, ML_GLYPH_DOT);
    ml_render_time(p, ML_DIM, json_object_get(which, "end_time"));
    ml_paint_line(p);
}

static void
paint_size(struct ml_paint *p, const json_t *figure, const char *word)
{
    char text[32], diff[32];
    if (ml_json_has_number(figure, "after")) {
        ml_paint_figure(p, INDENT, ML_PLAIN, "%s%s", word,
                        ml_text_bytes(ml_json_number(figure, "after"), text));
    }
    if (ml_json_has_number(figure, "diff")) {
        double by = ml_json_number(figure, "diff");
        ml_paint_printf(p, by > 0 ? ML_BOLD : ML_PLAIN, " (%s)",
                        by == 0 ? "unchanged" : ml_text_bytes_diff(by, diff));
    }
}

static void
paint_memory(struct ml_paint *p, const json_t *memory)
{
    char text[32], diff[32];
    const json_t *objects = json_object_get(memory, "live_objects");
    ml_paint_word(p, ML_DIM, "memory");
    ml_paint_pad(p, INDENT);
    paint_size(p, json_object_get(memory, "rss"), "");
    paint_size(p, json_object_get(memory, "peak_rss"), "peak ");
    if (ml_json_has_number(objects, "diff")) {
        long long by = ml_json_integer(objects, "diff");
        ml_paint_figure(p, INDENT, ML_PLAIN, "%s live objects (%s)",
                        ml_text_count(ml_json_integer(objects, "after"), text),
                        by == 0 ? "unchanged" : ml_text_count_diff(by, diff));
    }
    ml_paint_line(p);
    ml_paint_line(p);
}

/* "1 finding is new, 2 have grown, 1 has gone." */
static void
paint_verdict(struct ml_paint *p, const json_t *totals, const json_t *findings)
{
    static const char *const words[][3] = {
        {"new", "is new", "are new"},
        {"grown", "has grown", "have grown"},
        {"shrunk", "has shrunk", "have shrunk"},
        {"gone", "has gone", "have gone"},
        {"unchanged", "is unchanged", "are unchanged"},
    };
    struct ml_buf text;
    ml_buf_init(&text, &ml_alloc_libc);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        long long n = ml_json_integer(totals, words[i][0]);
        if (n > 0) {
            ml_buf_printf(&text, "%s%lld%s %s", text.len > 0 ? ", " : "", n,
                          text.len > 0 ? ""
                          : n == 1     ? " finding"
                                       : " findings",
                          words[i][n == 1 ? 1 : 2]);
        }
    }
    ml_buf_puts(&text,
                json_array_size(findings) > 0 ? "." : "No findings in either of them.");
    ml_paint_sentence(p, ML_BOLD, text.data, text.len);
    ml_paint_line(p);
    ml_paint_line(p);
    ml_buf_fini(&text);
}

static void
cell_of_diff(struct ml_table *t, int column, const json_t *row, const char *key,
             bool bytes)
{
    char text[32];
    if (!ml_json_has_number(row, key)) {
        return;
    }
    double diff = ml_json_number(row, key);
    ml_table_word(t, column,
                  diff == 0 ? "-"
                  : bytes   ? ml_text_bytes_diff(diff, text)
                            : ml_text_count_diff(ml_json_integer(row, key), text));
}

static void
paint_left(struct ml_paint *p, size_t left, const char *what)
{
    char text[32];
    if (left > 0) {
        ml_paint_printf(p, ML_DIM, "and %s %s%s", ml_text_count((long long)left, text),
                        what, left == 1 ? "" : "s");
        ml_paint_line(p);
    }
}

/* The whole name where there is room; else its last part, for the sake of the path. */
static void
cell_of_type(struct ml_table *t, int column, const json_t *type, int width)
{
    const char *name = json_string_value(type);
    const char *dot =
        name != NULL && width > 0 && width < WIDE ? strrchr(name, '.') : NULL;
    if (dot != NULL) {
        ml_table_word(t, column, dot + 1);
    }
    else {
        ml_table_text(t, column, type);
    }
}

static void
paint_findings(struct ml_paint *p, const json_t *findings, size_t limit)
{
    static const char *const headings[] = {"FINDING", "COUNT", "CHANGE", "RETAINED",
                                           "CHANGE",  "TYPE",  "PATH",   NULL};
    static const enum ml_column kinds[] = {
        ML_COLUMN_FIXED, ML_COLUMN_RIGHT, ML_COLUMN_RIGHT, ML_COLUMN_RIGHT,
        ML_COLUMN_RIGHT, ML_COLUMN_TYPE,  ML_COLUMN_LEFT};
    size_t n = json_array_size(findings), shown = limit > 0 && n > limit ? limit : n;
    struct ml_table *t = ml_table_new(p, headings, kinds);
    for (size_t i = 0; i < shown; i++) {
        const json_t *f = json_array_get(findings, i);
        ml_table_row(t);
        ml_table_text(t, 0, json_object_get(f, "state"));
        ml_table_count(t, 1, f, "count");
        cell_of_diff(t, 2, f, "count_diff", false);
        ml_table_bytes(t, 3, f, "retained_size");
        cell_of_diff(t, 4, f, "retained_diff", true);
        cell_of_type(t, 5, json_object_get(f, "type"), p->style.width);
        ml_table_text(t, 6, json_object_get(f, "path"));
    }
    ml_table_print(t);
    paint_left(p, n - shown, "finding");
    if (n > 0) {
        ml_paint_line(p);
    }
}

static bool
is_unchanged(const json_t *row)
{
    const char *state = ml_json_text(row, "state");
    return state != NULL && strcmp(state, "unchanged") == 0;
}

static void
paint_types(struct ml_paint *p, const json_t *types, size_t limit)
{
    static const char *const headings[] = {"TYPE", "COUNT",  "CHANGE",
                                           "SIZE", "CHANGE", NULL};
    static const enum ml_column kinds[] = {ML_COLUMN_TYPE, ML_COLUMN_RIGHT,
                                           ML_COLUMN_RIGHT, ML_COLUMN_RIGHT,
                                           ML_COLUMN_RIGHT};
    size_t shown = 0, left = 0, same = 0;
    struct ml_table *t = ml_table_new(p, headings, kinds);
    for (size_t i = 0; i < json_array_size(types); i++) {
        const json_t *type = json_array_get(types, i);
        bool unchanged = is_unchanged(type), room = limit == 0 || shown < limit;
        same += unchanged;
        left += !unchanged && !room;
        if (unchanged || !room) {
            continue;
        }
        shown++;
        ml_table_row(t);
        ml_table_text(t, 0, json_object_get(type, "type"));
        ml_table_count(t, 1, type, "count");
        cell_of_diff(t, 2, type, "count_diff", false);
        ml_table_bytes(t, 3, type, "size");
        cell_of_diff(t, 4, type, "size_diff", true);
    }
    ml_table_print(t);
    paint_left(p, left, "type");
    if (same > 0) {
        ml_paint_printf(p, ML_DIM,
                        same == 1 ? "%zu type unchanged" : "%zu types unchanged", same);
        ml_paint_line(p);
    }
}

void
ml_render_diff(FILE *to, const json_t *diff, const struct ml_text_style *style,
               int limit)
{
    struct ml_paint p;
    const json_t *findings = json_object_get(diff, "findings");
    const json_t *totals = json_object_get(diff, "totals");
    size_t rows = limit > 0 ? (size_t)limit : 0;
    ml_paint_init(&p, to, style);
    paint_which(&p, "before", json_object_get(diff, "before"));
    paint_which(&p, "after", json_object_get(diff, "after"));
    paint_memory(&p, json_object_get(diff, "memory"));
    paint_verdict(&p, json_object_get(totals, "findings"), findings);
    paint_findings(&p, findings, rows);
    paint_types(&p, json_object_get(diff, "types"), rows);
}
