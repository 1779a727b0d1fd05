/* SPDX-License-Identifier: MIT
 *
 * Answers about single objects: who keeps it alive (paths), what it refers to (refs).
 */
#include "render.h"
#include "table.h"
#include "text_format.h"

/* Who in native code holds what the path begins with. */
static void
paint_native(struct ml_paint *p, const json_t *of, int indent)
{
    const json_t *native = json_object_get(of, "native");
    if (json_string_length(json_object_get(native, "text")) > 0) {
        ml_paint_pad(p, indent);
        ml_render_native(p, native);
        ml_paint_line(p);
    }
}

/* "shop.Session at 0x7f… · 56 B · retains 1.2 MiB", then its text. */
static void
paint_object(struct ml_paint *p, const json_t *object)
{
    char text[32];
    ml_paint_text(p, ML_BOLD, json_object_get(object, "type"), 0);
    ml_paint_word(p, ML_DIM, " at ");
    ml_paint_text(p, ML_DIM, json_object_get(object, "address"), 20);
    if (ml_json_has_number(object, "size")) {
        ml_paint_printf(p, ML_PLAIN, "%s%s", ml_paint_glyph(p, ML_GLYPH_DOT),
                        ml_text_bytes(ml_json_number(object, "size"), text));
    }
    if (ml_json_has_number(object, "retained_size")) {
        ml_paint_printf(p, ML_PLAIN, "%sretains %s", ml_paint_glyph(p, ML_GLYPH_DOT),
                        ml_text_bytes(ml_json_number(object, "retained_size"), text));
    }
    ml_paint_line(p);
    if (json_string_length(json_object_get(object, "str")) > 0) {
        ml_paint_pad(p, 2);
        ml_paint_text(p, ML_PLAIN, json_object_get(object, "str"), 0);
        ml_paint_line(p);
    }
    if (json_string_length(json_object_get(object, "path")) > 0) {
        ml_paint_pad(p, 2);
        ml_paint_whole(p, ML_PATH, json_object_get(object, "path"));
        ml_paint_line(p);
    }
    paint_native(p, object, 2);
}

static void
paint_paths(struct ml_paint *p, const json_t *paths)
{
    for (size_t i = 0; i < json_array_size(paths); i++) {
        const json_t *path = json_array_get(paths, i);
        ml_paint_line(p);
        ml_paint_pad(p, 2);
        ml_paint_whole(p, ML_PATH, json_object_get(path, "expression"));
        ml_paint_line(p);
        paint_native(p, path, 4);
        ml_render_chain(p, json_object_get(path, "nodes"), 4);
    }
    if (json_array_size(paths) == 0) {
        ml_paint_pad(p, 2);
        ml_paint_word(p, ML_PLAIN,
                      "No path from a root: nothing visible keeps it alive.");
        ml_paint_line(p);
    }
}

void
ml_render_paths(FILE *to, const json_t *answer, const struct ml_text_style *style)
{
    struct ml_paint p;
    char text[32];
    const json_t *targets = json_object_get(answer, "targets");
    size_t shown = json_array_size(targets);
    long long matched = ml_json_integer(answer, "matched");
    ml_paint_init(&p, to, style);
    if (shown == 0) {
        ml_paint_word(&p, ML_PLAIN, "No such object.");
        ml_paint_line(&p);
    }
    for (size_t i = 0; i < shown; i++) {
        const json_t *target = json_array_get(targets, i);
        paint_object(&p, target);
        paint_paths(&p, json_object_get(target, "paths"));
        ml_paint_line(&p);
    }
    if (matched > (long long)shown) {
        ml_paint_printf(&p, ML_DIM, "%lld of ", (long long)shown);
        ml_paint_printf(&p, ML_DIM, "%s objects shown", ml_text_count(matched, text));
        ml_paint_line(&p);
    }
    ml_render_sweep(&p, json_object_get(answer, "sweep"));
}

void
ml_render_refs(FILE *to, const json_t *answer, const struct ml_text_style *style)
{
    static const char *const headings[] = {"REFERENCE", "ADDRESS",  "SIZE", "RETAINED",
                                           "TYPE",      "VALUE", NULL};
    static const enum ml_column kinds[] = {ML_COLUMN_LEFT,  ML_COLUMN_FIXED,
                                           ML_COLUMN_RIGHT, ML_COLUMN_RIGHT,
                                           ML_COLUMN_TYPE,  ML_COLUMN_LEFT};
    struct ml_paint p;
    char text[32];
    const json_t *references = json_object_get(answer, "references");
    size_t shown = json_array_size(references);
    long long total = ml_json_integer(answer, "total");
    ml_paint_init(&p, to, style);
    paint_object(&p, json_object_get(answer, "object"));
    ml_paint_line(&p);
    if (shown == 0) {
        ml_paint_word(&p, ML_PLAIN, "It refers to nothing.");
        ml_paint_line(&p);
    }
    struct ml_table *t = ml_table_new(&p, headings, kinds);
    for (size_t i = 0; i < shown; i++) {
        const json_t *r = json_array_get(references, i);
        const json_t *label = json_object_get(r, "label");
        ml_table_row(t);
        ml_table_text(
            t, 0, json_string_length(label) > 0 ? label : json_object_get(r, "kind"));
        ml_table_text(t, 1, json_object_get(r, "address"));
        ml_table_bytes(t, 2, r, "size");
        ml_table_bytes(t, 3, r, "retained_size");
        ml_table_text(t, 4, json_object_get(r, "type"));
        ml_table_text(t, 5, json_object_get(r, "str"));
    }
    ml_table_print(t);
    ml_paint_line(&p);
    if (total > (long long)shown) {
        ml_paint_printf(&p, ML_DIM, "%lld of ", (long long)shown);
        ml_paint_printf(&p, ML_DIM, "%s references shown", ml_text_count(total, text));
        ml_paint_line(&p);
    }
    ml_render_sweep(&p, json_object_get(answer, "sweep"));
}
