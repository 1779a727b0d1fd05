/* SPDX-License-Identifier: MIT
 *
 * The answer to `growth`: what became more since the last time, by type and by the
 * place that holds it. The first answer has no "before" and says what to do.
 */
#include <string.h>

#include "render.h"
#include "table.h"
#include "text_format.h"

/* "+48 211"; nothing when a figure is missing. */
static void
cell_of_more(struct ml_table *t, int column, const json_t *row, const char *now,
             const char *before)
{
    char count[32], text[40];
    if (ml_json_has_number(row, now) && ml_json_has_number(row, before)) {
        double more = ml_json_number(row, now) - ml_json_number(row, before);
        long long n = more > -9e18 && more < 9e18 ? (long long)more : 0;
        snprintf(text, sizeof(text), "%s%s", n < 0 ? "" : "+", ml_text_count(n, count));
        ml_table_word(t, column, text);
    }
}

static void
cell_of_more_bytes(struct ml_table *t, int column, const json_t *row, const char *now,
                   const char *before)
{
    char text[32];
    if (ml_json_has_number(row, now) && ml_json_has_number(row, before)) {
        double more = ml_json_number(row, now) - ml_json_number(row, before);
        ml_table_word(t, column, ml_text_bytes_diff(more, text));
    }
}

static void
paint_types(struct ml_paint *p, const json_t *types)
{
    static const char *const headings[] = {"TYPE", "+COUNT",    "COUNT", "+SIZE",
                                           "SIZE", "PROCESSES", NULL};
    static const enum ml_column kinds[] = {ML_COLUMN_TYPE,  ML_COLUMN_RIGHT,
                                           ML_COLUMN_RIGHT, ML_COLUMN_RIGHT,
                                           ML_COLUMN_RIGHT, ML_COLUMN_RIGHT};
    struct ml_table *t = ml_table_new(p, headings, kinds);
    for (size_t i = 0; i < json_array_size(types); i++) {
        const json_t *row = json_array_get(types, i);
        ml_table_row(t);
        ml_table_text(t, 0, json_object_get(row, "type"));
        cell_of_more(t, 1, row, "count", "count_before");
        ml_table_count(t, 2, row, "count");
        cell_of_more_bytes(t, 3, row, "size", "size_before");
        ml_table_bytes(t, 4, row, "size");
        ml_table_count(t, 5, row, "processes");
    }
    ml_table_print(t);
}

/* What no path leads to is held by something that has no name in Python. */
static void
cell_of_place(struct ml_table *t, int column, const json_t *row)
{
    const json_t *path = json_object_get(row, "path");
    const char *by = ml_json_text(row, "held_by");
    if (json_string_length(path) > 0) {
        ml_table_text(t, column, path);
    }
    else if (by != NULL && strcmp(by, "native") == 0) {
        ml_table_word(t, column, "(native code)");
    }
}

static void
paint_places(struct ml_paint *p, const json_t *places)
{
    static const char *const headings[] = {"+RETAINED", "+COUNT", "COUNT", "PROCESSES",
                                           "TYPE",      "PLACE",  NULL};
    static const enum ml_column kinds[] = {ML_COLUMN_RIGHT, ML_COLUMN_RIGHT,
                                           ML_COLUMN_RIGHT, ML_COLUMN_RIGHT,
                                           ML_COLUMN_TYPE,  ML_COLUMN_LEFT};
    struct ml_table *t = ml_table_new(p, headings, kinds);
    for (size_t i = 0; i < json_array_size(places); i++) {
        const json_t *row = json_array_get(places, i);
        ml_table_row(t);
        cell_of_more_bytes(t, 0, row, "retained_size", "retained_before");
        cell_of_more(t, 1, row, "count", "count_before");
        ml_table_count(t, 2, row, "count");
        ml_table_count(t, 3, row, "processes");
        ml_table_text(t, 4, json_object_get(row, "type"));
        cell_of_place(t, 5, row);
    }
    ml_table_print(t);
}

static void
paint_head(struct ml_paint *p, const json_t *answer, bool grown)
{
    char time[32];
    if (!ml_json_has_number(answer, "since_s")) {
        ml_paint_word(p, ML_BOLD, "The baseline is taken.");
        ml_paint_word(p, ML_PLAIN, " Ask again when the program has worked for a while:");
        ml_paint_line(p);
        ml_paint_word(p, ML_PLAIN, "what has become more since now is shown then.");
    }
    else {
        ml_paint_printf(p, ML_BOLD, "%s in the last %s",
                        grown ? "What grew" : "Nothing grew",
                        ml_text_duration(ml_json_number(answer, "since_s"), time));
    }
    ml_paint_line(p);
}

void
ml_render_growth(FILE *to, const json_t *answer, const struct ml_text_style *style)
{
    struct ml_paint p;
    const json_t *types = json_object_get(answer, "types");
    const json_t *places = json_object_get(answer, "places");
    ml_paint_init(&p, to, style);
    paint_head(&p, answer, json_array_size(types) + json_array_size(places) > 0);
    if (json_array_size(types) > 0) {
        ml_paint_line(&p);
        paint_types(&p, types);
    }
    if (json_array_size(places) > 0) {
        ml_paint_line(&p);
        paint_places(&p, places);
    }
    ml_render_totals(&p, json_object_get(answer, "totals"));
    ml_render_sweep(&p, json_object_get(answer, "sweep"));
}
