/* SPDX-License-Identifier: MIT
 *
 * The answer to `memory`: the verdict, then the parts that RSS is made of. Parts that a
 * newer agent knows and we do not are shown under their keys.
 */
#include <string.h>

#include "render.h"
#include "table.h"
#include "text_format.h"

static const struct {
    const char *key, *name;
} names[] = {
    {"python_live", "Python objects, alive"},
    {"python_garbage", "Python objects, garbage"},
    {"native", "interpreter and native code"},
    {"arenas_free", "free inside Python's arenas"},
    {"malloc_free", "free inside malloc"},
    {"files", "mapped files"},
    {"shared", "shared memory"},
    {"stacks", "stacks"},
    {"other", "other"},
};

static void
cell_of_name(struct ml_table *t, const json_t *part)
{
    const char *key = ml_json_text(part, "key");
    for (size_t i = 0; key != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i].key, key) == 0) {
            ml_table_word(t, 0, names[i].name);
            return;
        }
    }
    ml_table_text(t, 0, json_object_get(part, "key"));
}

static void
cell_of_share(struct ml_table *t, double size, double rss)
{
    char text[32];
    double percent = rss > 0 ? size / rss * 100 : 0;
    if (percent >= 0.05 && percent < 1e6) {
        snprintf(text, sizeof(text), "%.1f %%", percent);
        ml_table_word(t, 2, text);
    }
}

static void
paint_parts(struct ml_paint *p, const json_t *memory)
{
    static const char *const headings[] = {"WHERE", "SIZE", "OF RSS", NULL};
    static const enum ml_column kinds[] = {ML_COLUMN_LEFT, ML_COLUMN_RIGHT,
                                           ML_COLUMN_RIGHT};
    const json_t *parts = json_object_get(memory, "parts");
    double rss = ml_json_number(memory, "rss");
    struct ml_table *t = ml_table_new(p, headings, kinds);
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i);
        ml_table_row(t);
        cell_of_name(t, part);
        if (ml_json_has_number(part, "size")) {
            ml_table_bytes(t, 1, part, "size");
            cell_of_share(t, ml_json_number(part, "size"), rss);
        }
        else {
            ml_table_word(t, 1, "unknown");
        }
    }
    if (json_array_size(parts) > 0) {
        ml_table_row(t);
        ml_table_word(t, 0, "RSS");
        ml_table_bytes(t, 1, memory, "rss");
        cell_of_share(t, rss, rss);
    }
    ml_table_print(t);
}

static void
figure(struct ml_paint *p, const json_t *memory, const char *key, const char *fmt)
{
    char text[32];
    double bytes = ml_json_number(memory, key);
    if (bytes > 0) {
        ml_paint_figure(p, 0, ML_DIM, "%s %s", fmt, ml_text_bytes(bytes, text));
    }
}

static void
paint_figures(struct ml_paint *p, const json_t *memory)
{
    const json_t *arenas = json_object_get(memory, "arenas");
    figure(p, memory, "peak_rss", "peak");
    figure(p, memory, "swap", "swapped out");
    figure(p, memory, "not_resident", "allocated but not resident");
    figure(p, memory, "limit", "limit");
    if (ml_json_has_number(arenas, "count")) {
        long long count = ml_json_integer(arenas, "count");
        ml_paint_figure(p, 0, ML_DIM, "%lld arena%s", count, count == 1 ? "" : "s");
    }
    if (p->at > 0) {
        ml_paint_line(p);
    }
}

void
ml_render_memory(FILE *to, const json_t *answer, const struct ml_text_style *style)
{
    struct ml_paint p;
    const json_t *memory = json_object_get(answer, "memory");
    ml_paint_init(&p, to, style);
    ml_render_verdict(&p, answer);
    ml_paint_line(&p);
    paint_parts(&p, memory);
    ml_paint_line(&p);
    paint_figures(&p, memory);
    ml_render_sweep(&p, json_object_get(answer, "sweep"));
}
