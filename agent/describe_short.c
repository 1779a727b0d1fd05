/* SPDX-License-Identifier: MIT
 *
 * The warning about objects that have fewer references than are seen (shortage.h): what
 * CPython itself is known to show without counting is left out here.
 */
#include "answers.h"

#include "human.h"
#include "shortage.h"

#define MOST_SHORT 1000 /* more are no accident of an extension */
#define MOST_NAMED 5

static bool
counts(void *ctx, uint32_t kind)
{
    const struct sweep_view *v = ctx;
    const struct take_kind *k = &v->take.kinds.data[kind];
    return !k->bad && k->shape != SHAPE_GENERATOR && k->shape != SHAPE_CODE;
}

static bool
was_taken_off(void *ctx, uint32_t root)
{
    const struct sweep_view *v = ctx;
    return v->take.roots.data[v->take.graph.roots.data[root].name].strong;
}

/* An object's class is a reference that C types often do not count; as long as its module
 * has the class, nothing comes of it. */
static void
drop_classes(const struct sweep_view *v, struct ml_short_vec *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->len; i++) {
        if (take_kind_of(&v->take, list->data[i].node)->shape != SHAPE_TYPE) {
            list->data[kept++] = list->data[i];
        }
    }
    list->len = kept;
}

static void
put_object(const struct sweep_view *v, const struct ml_short *s, struct ml_buf *out)
{
    describe_type_name(v, s->node, out);
    ml_buf_printf(out, " at 0x%llx (%u missing)",
                  (unsigned long long)v->take.graph.address[s->node], s->missing);
}

static void
put_short(const struct sweep_view *v, const struct ml_short_vec *list, struct ml_buf *out)
{
    ml_human_count(out, list->len);
    ml_buf_puts(out, list->len == 1 ? " object has" : " objects have");
    ml_buf_puts(out, " fewer references than are seen: native code released one that was "
                     "not its own, and the program may crash as soon as the others are "
                     "given back: ");
    for (size_t i = 0; i < list->len && i < MOST_NAMED; i++) {
        ml_buf_puts(out, i > 0 ? ", " : "");
        put_object(v, &list->data[i], out);
    }
    ml_buf_puts(out, list->len > MOST_NAMED ? ", …" : "");
}

void
describe_short(const struct sweep_view *v, struct ml_buf *out)
{
    struct ml_shortage_options options = {MOST_SHORT, counts, was_taken_off, (void *)v};
    struct ml_short_vec list = {0};
    if (v->reach.excess == NULL ||
        ml_shortage_find(&v->take.graph, &v->reverse, &v->reach, &options, v->a, &list,
                         NULL) < 0) {
        return;
    }
    drop_classes(v, &list);
    if (list.len > 0) {
        put_short(v, &list, out);
    }
    ml_short_vec_free(&list, v->a);
}
