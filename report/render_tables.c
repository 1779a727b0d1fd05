/* SPDX-License-Identifier: MIT
 *
 * Answers that are lists: types, retainers, garbage, saved reports.
 */
#include <string.h>

#include "render.h"
#include "table.h"
#include "text_format.h"

static void
say(struct ml_paint *p, const char *sentence)
{
    ml_paint_word(p, ML_PLAIN, sentence);
    ml_paint_line(p);
}

void
ml_render_type_table(struct ml_paint *p, const json_t *types, const char *name_key,
                     const char *const *wanted)
{
    static const char *const headings[] = {"TYPE",     "COUNT",     "SIZE",
                                           "RETAINED", "PROCESSES", NULL};
    static const enum ml_column kinds[] = {ML_COLUMN_TYPE, ML_COLUMN_RIGHT,
                                           ML_COLUMN_RIGHT, ML_COLUMN_RIGHT,
                                           ML_COLUMN_RIGHT};
    struct ml_table *t = ml_table_new(p, headings, kinds);
    for (size_t i = 0; i < json_array_size(types); i++) {
        const json_t *type = json_array_get(types, i);
        if (ml_render_wanted(ml_json_text(type, name_key), wanted)) {
            ml_table_row(t);
            ml_table_text(t, 0, json_object_get(type, name_key));
            ml_table_count(t, 1, type, "count");
            ml_table_bytes(t, 2, type, "shallow_size");
            ml_table_bytes(t, 3, type, "retained_size");
            ml_table_count(t, 4, type, "processes");
        }
    }
    ml_table_print(t);
}

void
ml_render_totals(struct ml_paint *p, const json_t *totals)
{
    char count[32], size[32];
    ml_paint_line(p);
    if (ml_json_has_number(totals, "live_objects")) {
        ml_paint_figure(p, 0, ML_DIM, "%s live objects in %s",
                        ml_text_count(ml_json_integer(totals, "live_objects"), count),
                        ml_text_bytes(ml_json_number(totals, "live_size"), size));
    }
    if (ml_json_has_number(totals, "garbage_objects")) {
        ml_paint_figure(
            p, 0, ML_DIM, "%s garbage objects in %s",
            ml_text_count(ml_json_integer(totals, "garbage_objects"), count),
            ml_text_bytes(ml_json_number(totals, "garbage_size"), size));
    }
    if (p->at > 0) {
        ml_paint_line(p);
    }
}

void
ml_render_types(FILE *to, const json_t *answer, const struct ml_text_style *style)
{
    struct ml_paint p;
    const json_t *types = json_object_get(answer, "types");
    ml_paint_init(&p, to, style);
    if (json_array_size(types) == 0) {
        say(&p, "No objects.");
    }
    ml_render_type_table(&p, types, "type", NULL);
    ml_render_totals(&p, json_object_get(answer, "totals"));
    ml_render_sweep(&p, json_object_get(answer, "sweep"));
}

void
ml_render_retained(FILE *to, const json_t *answer, const struct ml_text_style *style)
{
    static const char *const headings[] = {
        "RETAINED", "SIZE", "OBJECTS", "PROCESSES", "PATH", "TYPE", NULL};
    static const enum ml_column kinds[] = {ML_COLUMN_RIGHT, ML_COLUMN_RIGHT,
                                           ML_COLUMN_RIGHT, ML_COLUMN_RIGHT,
                                           ML_COLUMN_LEFT,  ML_COLUMN_TYPE};
    struct ml_paint p;
    const json_t *retainers = json_object_get(answer, "retainers");
    ml_paint_init(&p, to, style);
    if (json_array_size(retainers) == 0) {
        say(&p, "Nothing retains anything worth mentioning.");
    }
    struct ml_table *t = ml_table_new(&p, headings, kinds);
    for (size_t i = 0; i < json_array_size(retainers); i++) {
        const json_t *r = json_array_get(retainers, i);
        const json_t *path = json_object_get(r, "path");
        ml_table_row(t);
        ml_table_bytes(t, 0, r, "retained_size");
        ml_table_bytes(t, 1, r, "size");
        ml_table_count(t, 2, r, "objects");
        ml_table_count(t, 3, r, "processes");
        ml_table_text(
            t, 4, json_string_length(path) > 0 ? path : json_object_get(r, "address"));
        ml_table_text(t, 5, json_object_get(r, "type"));
    }
    ml_table_print(t);
    ml_paint_line(&p);
    ml_render_sweep(&p, json_object_get(answer, "sweep"));
}

/* One cell of several texts: "Node, Edge, dict". `first` may be NULL. */
static void
cell_of_texts(struct ml_table *t, int column, const json_t *first, const json_t *texts,
              const char *between)
{
    struct ml_buf cell;
    ml_buf_init(&cell, &ml_alloc_libc);
    ml_buf_append(&cell, json_string_value(first), json_string_length(first));
    for (size_t i = 0; i < json_array_size(texts); i++) {
        const json_t *text = json_array_get(texts, i);
        ml_buf_puts(&cell, cell.len > 0 ? between : "");
        ml_buf_append(&cell, json_string_value(text), json_string_length(text));
    }
    ml_table_word(t, column, ml_buf_str(&cell));
    ml_buf_fini(&cell);
}

static void
paint_groups(struct ml_paint *p, const json_t *groups)
{
    static const char *const headings[] = {"OBJECTS", "SIZE", "CYCLES",
                                           "TYPES",   "EXAMPLE", NULL};
    static const enum ml_column kinds[] = {ML_COLUMN_RIGHT, ML_COLUMN_RIGHT,
                                           ML_COLUMN_RIGHT, ML_COLUMN_LEFT,
                                           ML_COLUMN_LEFT};
    struct ml_table *t = ml_table_new(p, headings, kinds);
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *g = json_array_get(groups, i);
        ml_table_row(t);
        ml_table_count(t, 0, g, "objects");
        ml_table_bytes(t, 1, g, "size");
        ml_table_count(t, 2, g, "cycles");
        cell_of_texts(t, 3, NULL, json_object_get(g, "types"), ", ");
        ml_table_text(t, 4, json_object_get(json_object_get(g, "example"), "str"));
    }
    ml_table_print(t);
}

static void
paint_stuck(struct ml_paint *p, const json_t *objects)
{
    static const char *const headings[] = {"UNCOLLECTABLE", "TYPE", "VALUE", NULL};
    static const enum ml_column kinds[] = {ML_COLUMN_FIXED, ML_COLUMN_TYPE,
                                           ML_COLUMN_LEFT};
    struct ml_table *t = ml_table_new(p, headings, kinds);
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const json_t *object = json_array_get(objects, i);
        ml_table_row(t);
        ml_table_text(t, 0, json_object_get(object, "address"));
        ml_table_text(t, 1, json_object_get(object, "type"));
        ml_table_text(t, 2, json_object_get(object, "str"));
    }
    if (json_array_size(objects) > 0) {
        ml_paint_line(p);
    }
    ml_table_print(t);
}

void
ml_render_garbage(FILE *to, const json_t *answer, const struct ml_text_style *style)
{
    struct ml_paint p;
    const json_t *groups = json_object_get(answer, "groups");
    const json_t *stuck = json_object_get(answer, "uncollectable");
    ml_paint_init(&p, to, style);
    if (json_array_size(groups) == 0) {
        say(&p, "No cyclic garbage is waiting for the collector.");
    }
    paint_groups(&p, groups);
    paint_stuck(&p, stuck);
    ml_render_totals(&p, json_object_get(answer, "totals"));
    ml_render_sweep(&p, json_object_get(answer, "sweep"));
}

/* "2025-09-29T20:54:18.936290Z" as "2025-09-29 20:54:18". */
static void
cell_of_time(struct ml_table *t, int column, const json_t *time)
{
    char text[20] = "";
    if (json_string_length(time) >= 19) {
        memcpy(text, json_string_value(time), 19);
        text[10] = ' ';
        ml_table_word(t, column, text);
    }
}

void
ml_render_list(FILE *to, const json_t *reports, const struct ml_text_style *style)
{
    static const char *const headings[] = {
        "REPORT", "ITERATIONS", "STARTED (UTC)", "PID", "NAME", "PROGRAM", "BROKEN",
        NULL};
    static const enum ml_column kinds[] = {
        ML_COLUMN_FIXED, ML_COLUMN_RIGHT, ML_COLUMN_FIXED, ML_COLUMN_RIGHT,
        ML_COLUMN_LEFT,  ML_COLUMN_LEFT,  ML_COLUMN_LEFT};
    struct ml_paint p;
    char pid[32];
    ml_paint_init(&p, to, style);
    if (json_array_size(reports) == 0) {
        say(&p, "No reports.");
    }
    struct ml_table *t = ml_table_new(&p, headings, kinds);
    for (size_t i = 0; i < json_array_size(reports); i++) {
        const json_t *r = json_array_get(reports, i);
        ml_table_row(t);
        ml_table_text(t, 0, json_object_get(r, "report_id"));
        ml_table_count(t, 1, r, "iterations");
        cell_of_time(t, 2, json_object_get(r, "start_time"));
        if (ml_json_has_number(r, "pid")) {
            snprintf(pid, sizeof(pid), "%lld", ml_json_integer(r, "pid"));
            ml_table_word(t, 3, pid);
        }
        ml_table_text(t, 4, json_object_get(r, "name"));
        cell_of_texts(t, 5, json_object_get(r, "entrypoint"),
                      json_object_get(r, "arguments"), " ");
        ml_table_text(t, 6, json_object_get(r, "broken"));
    }
    ml_table_print(t);
}
