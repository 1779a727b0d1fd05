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

/* Static types are counted by nobody. */
static void
drop_static(const struct sweep_view *v, struct ml_short_vec *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->len; i++) {
        const struct take_kind *k = take_kind_of(&v->take, list->data[i].node);
        PyObject *op = take_object(&v->take, list->data[i].node);
        bool is_static = k->shape == SHAPE_TYPE &&
                         !(((PyTypeObject *)op)->tp_flags & Py_TPFLAGS_HEAPTYPE);
        if (!is_static) {
            list->data[kept++] = list->data[i];
        }
    }
    list->len = kept;
}

static void
put_object(const struct sweep_view *v, const struct ml_short *s, struct ml_buf *out)
{
    if (take_kind_of(&v->take, s->node)->shape == SHAPE_TYPE) {
        ml_buf_puts(out, "class ");
        take_type_name((PyTypeObject *)take_object(&v->take, s->node), out);
    }
    else {
        describe_type_name(v, s->node, out);
    }
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
    drop_static(v, &list);
    if (list.len > 0) {
        put_short(v, &list, out);
    }
    ml_short_vec_free(&list, v->a);
}
