/* SPDX-License-Identifier: MIT
 *
 * Objects and references -> graph.
 *
 * First every object the collector knows becomes a node, in the order of its lists
 * (which is roughly the order in memory), then the roots' objects. Then nodes are
 * walked by index; what they refer to and is not yet known (strings, numbers, untracked
 * tuples and dicts, ...) becomes a node at the end and is walked in its turn.
 *
 * Nodes are walked in batches: all references of a batch are gathered first, then
 * looked up together, with the map's slots and the objects' heads fetched ahead. The
 * look-ups are what a sweep spends its time on.
 *
 * What an object refers to is take_refs.c's business.
 */
#include "take_refs.h"

#include <stdio.h>
#include <string.h>

#include "compat/compat.h"
#include "take_counts.h"

#define ASK_EVERY 16384   /* nodes */
#define GUARD_LIMIT 100   /* types whose traverse failed, before the sweep gives up */

/* -- nodes ------------------------------------------------------------------------- */

static bool
refs_reserve(struct take *t, size_t count)
{
    if (count <= t->refs_cap) {
        return true;
    }
    size_t to = ml_grown(t->refs_cap, count < 4096 ? 4096 : count);
    int32_t *refs = ml_alloc_resize_array(t->a, t->refs, t->refs_cap, to, sizeof(*refs));
    if (refs == NULL) {
        return false;
    }
    t->refs = refs;
    t->refs_cap = to;
    return true;
}

/* The new node `node` stands in the map; now it gets its record. */
static bool
enter(struct take *t, PyObject *op, uint32_t node, uint8_t flags)
{
    uint32_t k = take_kind(t, Py_TYPE(op));
    const struct take_kind *kind = &t->kinds.data[k];
    struct ml_node_info info = {(uint64_t)(uintptr_t)op, 0, k, kind->flags | flags};
    int64_t count = 0;
    bool known = take_uncounted(kind, op, &count) == TAKE_COUNTED;
    if (!known) {
        info.flags |= ML_NODE_NO_COUNT;
    }
    if (!refs_reserve(t, (size_t)node + 1) ||
        ml_heap_graph_add_node(&t->graph, &info) < 0) {
        t->failed = true;
        return false;
    }
    t->refs[node] = !known ? INT32_MIN : count > INT32_MAX ? INT32_MAX : (int32_t)count;
    return true;
}

static uint32_t
node_with_flags(struct take *t, PyObject *op, uint8_t flags)
{
    uint32_t node = t->graph.node_count, found;
    int is_new = ml_addr_map_get_or_put(t->map, (uint64_t)(uintptr_t)op, node, &found);
    if (is_new < 0 || (is_new > 0 && !enter(t, op, node, flags))) {
        t->failed = true;
        return ML_NO_NODE;
    }
    return found;
}

uint32_t
take_node(struct take *t, PyObject *op)
{
    return node_with_flags(t, op, 0);
}

static int
add_tracked(PyObject *op, void *ctx)
{
    struct take *t = ctx;
    if (node_with_flags(t, op, ML_NODE_TRACKED) == ML_NO_NODE) {
        return -1;
    }
    t->tracked++;
    return (t->tracked & 0xFFFF) == 0 && ml_cancel_ask(t->cancel, "listing objects", 0.0)
               ? 1
               : 0;
}

/* -- the walk ---------------------------------------------------------------------- */

static void
note_bad_type(struct take *t, uint32_t node, const char *what)
{
    struct take_kind *kind = &t->kinds.data[t->graph.kind[node]];
    kind->bad = true;
    ml_buf_puts(&t->warnings, "objects of type ");
    take_type_name(kind->type, &t->warnings);
    ml_buf_printf(&t->warnings,
                  " could not be walked: its tp_traverse %s; what they hold is missing "
                  "here\n",
                  what);
}

/* The same for a call that the guard ended. */
static void
note_failed_type(struct take *t, uint32_t node)
{
    char what[80];
    snprintf(what, sizeof(what), "ended in %s", ml_guard_reason(t->guard->signal));
    note_bad_type(t, node, what);
}

/* Faults, or says no, when there is no object. A static type that nobody made ready has
 * no type of its own. */
static bool
is_object(struct take *t, PyObject *op)
{
    if (t->guard == NULL) {
        return true;
    }
    ml_guard_arm(t->guard);
    PyTypeObject *volatile type = Py_TYPE(op);
    PyTypeObject *volatile meta = Py_TYPE(type);
    bool sound = meta == NULL || (meta->tp_flags & Py_TPFLAGS_TYPE_SUBCLASS) != 0;
    ml_guard_disarm(t->guard);
    return sound;
}

/* The type of the object whose traverse showed what stands at `at` is at fault. */
static void
blame(struct take_batch *b, uint32_t first, size_t at)
{
    uint32_t i = 0;
    while (b->end[i] <= at) {
        i++;
    }
    if (!take_kind_of(b->t, first + i)->bad) {
        note_bad_type(b->t, first + i, "showed something that is no object");
    }
}

/* Addresses -> nodes, new ones entered; ML_NO_NODE for what is no object. */
static bool
look_up(struct take_batch *b, uint32_t first)
{
    struct take *t = b->t;
    volatile size_t i = 0;
    if (t->guard != NULL && ML_GUARD_ENTER(t->guard) != 0) {
        b->ids[i] = ML_NO_NODE;
        blame(b, first, i);
        i = i + 1;
    }
    for (; i < b->to.len; i = i + 1) {
        uint64_t address = b->to.data[i];
        uint32_t node = ml_addr_map_get(t->map, address);
        if (node == ML_NO_NODE) {
            PyObject *op = (PyObject *)(uintptr_t)address;
            if ((address & 7) != 0 || !is_object(t, op)) {
                blame(b, first, i);
            }
            else if ((node = take_node(t, op)) == ML_NO_NODE) {
                return false;
            }
        }
        b->ids[i] = node;
    }
    return true;
}

static bool
add_edges(struct take_batch *b, uint32_t first, uint32_t count)
{
    uint32_t begin = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = 0, *to = b->ids + begin;
        for (uint32_t k = 0; k < b->end[i] - begin; k++) {
            to[n] = to[k];
            n += to[k] != ML_NO_NODE;
        }
        begin = b->end[i];
        if (ml_heap_graph_add_edges(&b->t->graph, first + i, to, n) < 0) {
            return false;
        }
    }
    return true;
}

static bool
resolve(struct take_batch *b, uint32_t first, uint32_t count)
{
    struct take *t = b->t;
    size_t n = b->to.len;
    if (n > b->ids_cap) {
        uint32_t *ids = ml_alloc_resize_array(t->a, b->ids, b->ids_cap, b->to.cap,
                                              sizeof(*ids));
        if (ids == NULL) {
            return false;
        }
        b->ids = ids;
        b->ids_cap = b->to.cap;
    }
    for (size_t i = 0; i < n; i++) {
        ml_addr_map_prefetch(t->map, b->to.data[i]);
        __builtin_prefetch((void *)(uintptr_t)b->to.data[i]);
    }
    return look_up(b, first) && add_edges(b, first, count);
}

/* Gathers the references of nodes first..first+count. Other people's code runs here. */
static bool
gather(struct take_batch *b, uint32_t first, uint32_t count)
{
    struct take *t = b->t;
    volatile uint32_t i = 0, failures = 0;
    volatile size_t good = 0;
    b->to.len = 0;
    if (t->guard != NULL && ML_GUARD_ENTER(t->guard) != 0) {
        b->to.len = good;
        note_failed_type(t, first + i);
        b->end[i] = (uint32_t)good;
        i = i + 1;
        failures = failures + 1;
        if (failures > GUARD_LIMIT) {
            return false;
        }
    }
    while (i < count) {
        uint32_t node = first + i;
        good = b->to.len;
        ml_guard_arm(t->guard);
        take_refs(b, take_object(t, node), take_kind_of(t, node));
        ml_guard_disarm(t->guard);
        b->end[i] = (uint32_t)b->to.len;
        i = i + 1;
    }
    return true;
}

/* Sizes may call a C __sizeof__, so they are guarded like a traverse. */
static void
finish_batch(struct take_batch *b, uint32_t first, uint32_t count)
{
    struct take *t = b->t;
    volatile uint32_t i = 0;
    if (t->guard != NULL && ML_GUARD_ENTER(t->guard) != 0) {
        struct take_kind *kind = &t->kinds.data[t->graph.kind[first + i]];
        i = i + (kind->sizing == SIZING_OBJECT); /* once more, without asking it */
        kind->sizing = SIZING_OBJECT;
    }
    while (i < count) {
        ml_guard_arm(t->guard);
        take_finish_node(t, first + i, b->end[i] - (i > 0 ? b->end[i - 1] : 0));
        ml_guard_disarm(t->guard);
        i = i + 1;
    }
}

static int
walk(struct take *t, struct ml_error *err)
{
    struct take_batch b = {.t = t};
    int rc = ML_OK;
    uint32_t asked = 0; /* nodes since then; batches at the heap's edge are short */
    for (uint32_t node = 0; node < t->graph.node_count && rc == ML_OK;) {
        uint32_t left = t->graph.node_count - node;
        uint32_t count = left < TAKE_BATCH ? left : TAKE_BATCH;
        for (uint32_t i = 0; i < count && node + count + i < t->graph.node_count; i++) {
            __builtin_prefetch(take_object(t, node + count + i));
        }
        if (!gather(&b, node, count)) {
            rc = ml_error_set(err, ML_EIO, "too many types whose tp_traverse crashes");
            break;
        }
        finish_batch(&b, node, count);
        if (t->failed || !resolve(&b, node, count)) {
            rc = ml_error_nomem(err);
        }
        node += count;
        asked += count;
        if (asked >= ASK_EVERY &&
            ml_cancel_ask(t->cancel, "walking the heap",
                          (double)node / (double)t->graph.node_count)) {
            rc = ml_error_set(err, ML_ECANCELLED, "stopped while walking the heap");
        }
        asked = asked >= ASK_EVERY ? 0 : asked;
    }
    ml_alloc_free_array(t->a, b.ids, b.ids_cap, sizeof(*b.ids));
    ml_u64vec_free(&b.to, t->a);
    return rc;
}

/* -- the whole --------------------------------------------------------------------- */

int
take_init(struct take *t, const struct ml_alloc *a, const struct ml_cancel *cancel,
          struct ml_guard *guard, struct ml_error *err)
{
    memset(t, 0, sizeof(*t));
    t->a = a;
    t->cancel = cancel;
    t->guard = guard;
    ml_heap_graph_init(&t->graph, a);
    ml_buf_init(&t->warnings, a);
    t->map = ml_addr_map_new(a);
    t->shared_keys = ml_addr_map_new(a);
    return t->map == NULL || t->shared_keys == NULL ? ml_error_nomem(err) : ML_OK;
}

void
take_fini(struct take *t)
{
    ml_heap_graph_fini(&t->graph);
    ml_addr_map_free(t->shared_keys);
    ml_addr_map_free(t->map);
    take_kind_vec_free(&t->kinds, t->a);
    if (t->kind_slots != NULL) {
        ml_alloc_free_array(t->a, t->kind_slots, t->kind_mask + 1, sizeof(uint32_t));
    }
    ml_alloc_free_array(t->a, t->refs, t->refs_cap, sizeof(int32_t));
    take_root_vec_free(&t->roots, t->a);
    take_module_vec_free(&t->modules, t->a);
    take_thread_vec_free(&t->threads, t->a);
    take_task_vec_free(&t->tasks, t->a);
    take_root_vec_free(&t->maybe_roots, t->a);
    ml_u64vec_free(&t->cached, t->a);
    ml_u64vec_free(&t->maybe, t->a);
    ml_u64vec_free(&t->interned_too, t->a);
    ml_u32vec_free(&t->own, t->a);
    ml_buf_fini(&t->warnings);
}

int
take_all(struct take *t, struct ml_error *err)
{
    PyInterpreterState *interp = NULL;
    take_counts_begin(t);
    while ((interp = compat_interp_next(interp)) != NULL) {
        int rc = compat_gc_each(interp, add_tracked, t);
        if (rc != 0) {
            return rc > 0 ? ml_error_set(err, ML_ECANCELLED, "stopped while listing objects")
                          : ml_error_nomem(err);
        }
    }
    int rc = take_roots(t, err);
    if (rc == ML_OK) {
        rc = walk(t, err);
    }
    if (rc == ML_OK) {
        take_counts_finish(t); /* before stale slots could claim what is left */
        rc = take_late_roots(t, err);
    }
    if (rc == ML_OK) {
        take_furniture(t);
    }
    return rc == ML_OK ? ml_heap_graph_freeze(&t->graph, err) : rc;
}
