/* SPDX-License-Identifier: MIT
 *
 * Stacks and dynamic memory, for the search for native holders. Every word that the
 * program may write belongs to a library's data, to a stack or to neither, and then to
 * whoever allocates: malloc, Python, somebody's own mapping.
 */
#include "native_parts.h"

#include <string.h>

/* -- stacks ------------------------------------------------------------------------ */

#define RED_ZONE 128          /* below the stack pointer, and yet alive */
#define HANDLE_BELOW 16384    /* a thread's own variables, around its handle */
#define HANDLE_ABOVE 4096

static bool
holds(const struct ml_mapping *p, uint64_t address)
{
    return address >= p->from && address < p->to;
}

static bool
is_searched(const struct ml_native_query *q, const struct ml_mapping *p)
{
    uint64_t largest = q->largest != 0 ? q->largest : ML_NATIVE_LARGEST;
    return p->inode == 0 && p->read && p->write && !p->shared && p->to - p->from <= largest;
}

/* Our own stack is in it: we ourselves have what is looked for. */
static bool
is_ours(const struct ml_mapping *p)
{
    return holds(p, (uint64_t)(uintptr_t)&p);
}

static uint32_t
thread_in(const struct ml_native_query *q, const struct ml_maps *maps,
          const struct ml_mapping *p)
{
    bool first = strcmp(ml_maps_name(maps, p), "[stack]") == 0;
    for (size_t i = 0; i < q->thread_count; i++) {
        const struct ml_native_thread *t = &q->threads[i];
        if (first ? t->is_main : holds(p, t->handle)) {
            return (uint32_t)i;
        }
    }
    return NATIVE_NOBODY;
}

/* A mapping that is a stack by its looks. Below the stack pointer nothing is alive. */
static int
add_stack(const struct ml_native_query *q, const struct ml_maps *maps,
          const struct ml_mapping *p, const struct ml_alloc *a,
          struct native_segment_vec *out)
{
    uint32_t thread = thread_in(q, maps, p);
    struct native_segment s = {p->from, p->to, ML_NATIVE_STACK, thread};
    uint64_t top = thread != NATIVE_NOBODY ? q->threads[thread].stack : 0;
    if (top >= p->from + RED_ZONE && top < p->to) {
        s.from = (top - RED_ZONE) & ~(uint64_t)7;
    }
    return native_segment_vec_push(out, a, s);
}

/* A thread whose handle lies elsewhere: the first one, whose variables of its own are a
 * mapping apart, which may have become one with others; and stacks brought along. From
 * 2.42 on glibc's guard pages are no mappings, and all stacks may be one, ours included. */
static int
add_handle(const struct ml_native_query *q, uint32_t thread, const struct ml_mapping *p,
           const struct ml_alloc *a, struct native_segment_vec *out)
{
    const struct ml_native_thread *t = &q->threads[thread];
    bool brought = holds(p, t->stack) && t->stack < t->handle;
    uint64_t from = brought ? t->stack - RED_ZONE : t->handle - HANDLE_BELOW;
    struct native_segment s = {from & ~(uint64_t)7, t->handle + HANDLE_ABOVE,
                               ML_NATIVE_STACK, thread};
    s.from = s.from > p->from && s.from < p->to ? s.from : p->from;
    s.to = s.to < p->to ? s.to : p->to;
    return native_segment_vec_push(out, a, s);
}

static int
add_stacks(const struct ml_native_query *q, const struct ml_maps *maps,
           const struct ml_mapping *p, const struct ml_alloc *a,
           struct native_segment_vec *out)
{
    int rc = ML_OK;
    if (p->stack && !is_ours(p)) {
        return add_stack(q, maps, p, a, out);
    }
    for (uint32_t i = 0; i < q->thread_count && rc == ML_OK; i++) {
        if (holds(p, q->threads[i].handle)) {
            rc = add_handle(q, i, p, a, out);
        }
    }
    return rc;
}

/* -- dynamic memory ---------------------------------------------------------------- */

/* Adds what of the mapping is in none of the first `taken` segments. */
static int
add_rest(const struct ml_mapping *p, size_t taken, const struct ml_alloc *a,
         struct native_segment_vec *out)
{
    uint64_t from = p->from;
    while (from < p->to) {
        uint64_t to = p->to, behind = p->to;
        for (size_t i = 0; i < taken; i++) { /* the first one at or behind `from` */
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
    int rc = ML_OK;
    for (size_t i = 0; i < maps->list.len && rc == ML_OK; i++) {
        if (is_searched(q, &maps->list.data[i])) {
            rc = add_stacks(q, maps, &maps->list.data[i], a, out);
        }
    }
    size_t taken = out->len;
    for (size_t i = 0; i < maps->list.len && rc == ML_OK && !q->no_heap; i++) {
        const struct ml_mapping *p = &maps->list.data[i];
        if (is_searched(q, p) && !p->stack && !is_ours(p)) {
            rc = add_rest(p, taken, a, out);
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
