/* SPDX-License-Identifier: MIT
 *
 * Stacks and dynamic memory, for the search for native holders. Every word that the
 * program may write belongs to a library's data, to a stack or to neither, and then to
 * whoever allocates: malloc, Python, somebody's own mapping.
 */
#include "native_parts.h"

#include <string.h>

/* -- stacks ------------------------------------------------------------------------ */

/* Whose stack it is. A thread's handle lies in its stack; also where that is no stack by
 * its looks, because it was brought along. The first thread's lies among its variables of
 * its own, a mapping apart. */
static uint32_t
thread_in(const struct ml_native_query *q, const struct ml_maps *maps,
          const struct ml_mapping *p)
{
    bool first = strcmp(ml_maps_name(maps, p), "[stack]") == 0;
    for (size_t i = 0; i < q->thread_count; i++) {
        const struct ml_native_thread *t = &q->threads[i];
        bool of_main = t->is_main && first;
        if ((t->handle >= p->from && t->handle < p->to) || of_main) {
            return (uint32_t)i;
        }
    }
    return NATIVE_NOBODY;
}

/* Below the stack pointer nothing is alive, but for the red zone. */
#define RED_ZONE 128

static int
add_stack(const struct ml_native_query *q, const struct ml_mapping *p, uint32_t thread,
          const struct ml_alloc *a, struct native_segment_vec *out)
{
    struct native_segment s = {p->from, p->to, ML_NATIVE_STACK, thread};
    if (thread != NATIVE_NOBODY) {
        uint64_t top = q->threads[thread].stack;
        if (top >= p->from + RED_ZONE && top < p->to) {
            s.from = (top - RED_ZONE) & ~(uint64_t)7;
        }
    }
    return native_segment_vec_push(out, a, s);
}

/* -- dynamic memory ---------------------------------------------------------------- */

/* Adds what of the mapping is no library's data. */
static int
add_rest(const struct ml_mapping *p, size_t data, const struct ml_alloc *a,
         struct native_segment_vec *out)
{
    uint64_t from = p->from;
    while (from < p->to) {
        uint64_t to = p->to, behind = p->to;
        for (size_t i = 0; i < data; i++) { /* the first one at or behind `from` */
            const struct native_segment *s = &out->data[i];
            if (s->to > from && s->from < to) {
                to = s->from > from ? s->from : from;
                behind = s->to;
            }
        }
        struct native_segment rest = {from, to, ML_NATIVE_HEAP, NATIVE_NOBODY};
        if (to > from && native_segment_vec_push(out, a, rest) < 0) {
            return ML_ENOMEM;
        }
        from = behind;
    }
    return ML_OK;
}

static int
add_dynamic(const struct ml_native_query *q, const struct ml_maps *maps,
            const struct ml_alloc *a, struct native_segment_vec *out)
{
    size_t data = out->len;
    int rc = ML_OK;
    uint64_t here = (uint64_t)(uintptr_t)&data; /* we ourselves have what is looked for */
    for (size_t i = 0; i < maps->list.len && rc == ML_OK; i++) {
        const struct ml_mapping *p = &maps->list.data[i];
        if (p->inode != 0 || !p->read || !p->write || p->shared ||
            (here >= p->from && here < p->to)) {
            continue;
        }
        uint32_t thread = thread_in(q, maps, p);
        if (p->stack || thread != NATIVE_NOBODY) {
            rc = add_stack(q, p, thread, a, out);
        }
        else if (!q->no_heap) {
            rc = add_rest(p, data, a, out);
        }
    }
    return rc;
}

/* -- what says nothing ------------------------------------------------------------- */

static int
cut_out(const struct ml_native_range *hole, const struct ml_alloc *a,
        struct native_segment_vec *out)
{
    size_t count = out->len;
    for (size_t i = 0; i < count; i++) {
        struct native_segment *s = &out->data[i];
        if (hole->to <= s->from || hole->from >= s->to) {
            continue;
        }
        struct native_segment behind = *s;
        behind.from = hole->to;
        s->to = hole->from > s->from ? hole->from : s->from;
        if (behind.from < behind.to && native_segment_vec_push(out, a, behind) < 0) {
            return ML_ENOMEM;
        }
    }
    return ML_OK;
}

int
native_segments_find(const struct ml_native_query *q, const struct ml_maps *maps,
                     const struct ml_alloc *a, struct native_segment_vec *out)
{
    int rc = add_dynamic(q, maps, a, out);
    for (size_t i = 0; i < q->skip_count && rc == ML_OK; i++) {
        rc = cut_out(&q->skip[i], a, out);
    }
    return rc;
}
