/* SPDX-License-Identifier: MIT
 *
 * `refcounts`: what share of the reference counts is explained, by objects or by C code
 * that is named, and of the rest a table by type and examples with what holds them.
 */
#include "clean_text.h"
#include "render.h"
#include "table.h"
#include "text_format.h"

#define VALUE_COLUMNS 48

static const char *
number(const json_t *object, const char *key, char out[32])
{
    return ml_text_count(ml_json_integer(object, key), out);
}

/* Rounded down: 100 % means every one. */
static double
per_cent(const json_t *answer, const char *key)
{
    double share = ml_json_number(answer, key) * 100;
    return share < 0 ? 0 : share >= 100 ? 100 : (double)(long long)(share * 1000) / 1000;
}

static void
paint_summary(struct ml_paint *p, const json_t *answer)
{
    char exact[32], named[32], countable[32];
    ml_paint_word(p, ML_BOLD, "Reference counts that the heap does not explain");
    ml_paint_line(p);
    ml_paint_figure(p, 0, ML_PLAIN, "%s objects whose count says something",
                    number(answer, "countable", countable));
    ml_paint_figure(p, 0, ML_PLAIN, "%s (%.3f %%) explained exactly",
                    number(answer, "exact", exact), per_cent(answer, "share_exact"));
    ml_paint_figure(p, 0, ML_PLAIN, "%s held by C code that is named (together %.3f %%)",
                    number(answer, "named", named), per_cent(answer, "share"));
    ml_paint_line(p);
}

static void
paint_figures(struct ml_paint *p, const json_t *answer)
{
    char objects[32], references[32];
    ml_paint_figure(p, 0, ML_PLAIN, "too many references: %s objects, %s references",
                    number(answer, "more", objects),
                    number(answer, "more_references", references));
    ml_paint_figure(p, 0, ML_PLAIN, "too few: %s objects, %s references",
                    number(answer, "fewer", objects),
                    number(answer, "fewer_references", references));
    ml_paint_line(p);
}

static void
paint_uncounted(struct ml_paint *p, const json_t *answer)
{
    char text[32];
    const json_t *reasons = json_object_get(answer, "not_countable_by");
    ml_paint_figure(p, 0, ML_DIM, "not countable: %s",
                    number(answer, "not_countable", text));
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const json_t *row = json_array_get(reasons, i);
        ml_paint_figure(p, 2, ML_DIM, "%s ", number(row, "objects", text));
        ml_paint_text(p, ML_DIM, json_object_get(row, "reason"), 0);
    }
    ml_paint_line(p);
}

static void
paint_types(struct ml_paint *p, const json_t *types)
{
    static const char *const headings[] = {"TYPE",    "NAMED",   "TOO MANY", "REFERENCES",
                                           "TOO FEW", "MISSING", NULL};
    static const enum ml_column kinds[] = {ML_COLUMN_TYPE,  ML_COLUMN_RIGHT,
                                           ML_COLUMN_RIGHT, ML_COLUMN_RIGHT,
                                           ML_COLUMN_RIGHT, ML_COLUMN_RIGHT};
    struct ml_table *t = ml_table_new(p, headings, kinds);
    for (size_t i = 0; i < json_array_size(types); i++) {
        const json_t *row = json_array_get(types, i);
        ml_table_row(t);
        ml_table_text(t, 0, json_object_get(row, "type"));
        ml_table_count(t, 1, row, "named");
        ml_table_count(t, 2, row, "more");
        ml_table_count(t, 3, row, "more_references");
        ml_table_count(t, 4, row, "fewer");
        ml_table_count(t, 5, row, "fewer_references");
    }
    ml_table_print(t);
}

/* Enough to know it by; `refs --address` shows all of it. */
static void
put_value(struct ml_table *t, int column, const json_t *value)
{
    struct ml_buf cut;
    ml_buf_init(&cut, &ml_alloc_libc);
    if (json_is_string(value)) {
        ml_clean_append(&cut, json_string_value(value), json_string_length(value),
                        VALUE_COLUMNS, 0);
    }
    ml_table_word(t, column, ml_buf_str(&cut));
    ml_buf_fini(&cut);
}

static void
paint_examples(struct ml_paint *p, const json_t *types)
{
    static const char *const headings[] = {"EXAMPLE", "REFERENCES", "TYPE",
                                           "VALUE",   "HELD BY",    NULL};
    static const enum ml_column kinds[] = {ML_COLUMN_FIXED, ML_COLUMN_RIGHT,
                                           ML_COLUMN_TYPE, ML_COLUMN_LEFT,
                                           ML_COLUMN_LEFT};
    char excess[32];
    struct ml_table *t = ml_table_new(p, headings, kinds);
    for (size_t i = 0; i < json_array_size(types); i++) {
        const json_t *row = json_array_get(types, i);
        const json_t *examples = json_object_get(row, "examples");
        for (size_t k = 0; k < json_array_size(examples); k++) {
            const json_t *example = json_array_get(examples, k);
            ml_table_row(t);
            ml_table_text(t, 0, json_object_get(example, "address"));
            ml_table_word(t, 1, ml_text_count_diff(ml_json_integer(example, "excess"),
                                                   excess));
            ml_table_text(t, 2, json_object_get(row, "type"));
            put_value(t, 3, json_object_get(example, "str"));
            ml_table_text(t, 4, json_object_get(example, "cause"));
        }
    }
    ml_table_print(t);
}

void
ml_render_refcounts(FILE *to, const json_t *answer, const struct ml_text_style *style)
{
    struct ml_paint p;
    const json_t *types = json_object_get(answer, "types");
    ml_paint_init(&p, to, style);
    paint_summary(&p, answer);
    paint_figures(&p, answer);
    paint_uncounted(&p, answer);
    if (json_array_size(types) > 0) {
        ml_paint_line(&p);
        paint_types(&p, types);
        ml_paint_line(&p);
        paint_examples(&p, types);
    }
    ml_render_totals(&p, json_object_get(answer, "totals"));
    ml_render_sweep(&p, json_object_get(answer, "sweep"));
}
