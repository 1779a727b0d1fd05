/* SPDX-License-Identifier: MIT
 *
 * See account.h: one pass over the nodes for what was seen, and one search of memory for
 * all objects that have more references than that.
 */
#include "account.h"

#include <string.h>

#include "compat/compat.h"

const char *
account_holder_name(enum account_holder holder)
{
    static const char *const names[] = {
        [ACCOUNT_OBJECTS] = "objects", [ACCOUNT_ROOTS] = "roots",
        [ACCOUNT_CACHES] = "caches",   [ACCOUNT_STATE] = "state",
        [ACCOUNT_DATA] = "c_data",     [ACCOUNT_OPAQUE] = "opaque_objects",
        [ACCOUNT_STACK] = "c_stacks",  [ACCOUNT_UNKNOWN] = "unknown"};
    return names[holder];
}

/* -- memory that belongs to somebody -------------------------------------------------- */

static bool
add_state(struct account *a, const struct sweep_view *v, struct account_state state)
{
    return account_state_vec_push(&a->states, v->a, state) == ML_OK;
}

static bool
list_states(struct account *a, const struct sweep_view *v)
{
    struct account_state state = {0};
    bool room = true;
    PyInterpreterState *interp = NULL;
    while ((interp = compat_interp_next(interp)) != NULL && room) {
        compat_interp_state(interp, &state.from, &state.to);
        room = add_state(a, v, state);
    }
    for (uint32_t n = 0; n < v->take.graph.node_count && room; n++) {
        state.module = take_object(&v->take, n);
        if (take_kind_of(&v->take, n)->shape == SHAPE_MODULE &&
            compat_module_state(state.module, &state.from, &state.to)) {
            room = add_state(a, v, state);
        }
    }
    return room;
}

const struct account_state *
account_state_at(const struct account *a, uint64_t at)
{
    for (size_t i = 0; i < a->states.len; i++) {
        if (at >= a->states.data[i].from && at < a->states.data[i].to) {
            return &a->states.data[i];
        }
    }
    return NULL;
}

/* Found in malloc's memory is not found: the word may be a stale one. */
static enum account_holder
holder_of(const struct account *a, const struct ml_native_holder *h)
{
    static const enum account_holder holders[] = {
        [ML_NATIVE_DATA] = ACCOUNT_DATA, [ML_NATIVE_OBJECT] = ACCOUNT_OPAQUE,
        [ML_NATIVE_STACK] = ACCOUNT_STACK, [ML_NATIVE_HEAP] = ACCOUNT_UNKNOWN};
    return account_state_at(a, h->at) != NULL ? ACCOUNT_STATE : holders[h->kind];
}

/* -- counting ------------------------------------------------------------------------ */

/* Adds what native code explains to `references`; returns what is left. */
static uint32_t
count_native(const struct sweep_view *v, const struct account *a, uint32_t node,
             uint64_t references[ACCOUNT_HOLDERS])
{
    struct native_found found;
    uint32_t unknown = (uint32_t)v->reach.excess[node];
    if (!native_holders_of(v, node, &found)) {
        return unknown;
    }
    for (uint32_t i = 0; i < found.count; i++) {
        const struct ml_native_holder *h = &found.holder[i];
        uint32_t n = h->references < unknown ? h->references : unknown;
        enum account_holder holder = holder_of(a, h);
        if (holder != ACCOUNT_UNKNOWN) {
            references[holder] += n;
            unknown -= n;
        }
    }
    return unknown;
}

uint32_t
account_unknown(const struct sweep_view *v, const struct account *a, uint32_t node)
{
    uint64_t ignored[ACCOUNT_HOLDERS];
    memset(ignored, 0, sizeof(ignored));
    return count_native(v, a, node, ignored);
}

static void
count_excess(const struct sweep_view *v, struct account *a, uint32_t node)
{
    struct account_row *row = &a->row[v->take.graph.kind[node]];
    int32_t excess = v->reach.excess[node];
    row->kind = v->take.graph.kind[node];
    uint32_t unknown = excess > 0 ? count_native(v, a, node, a->references) : 0;
    uint32_t fewer = excess < 0 ? (uint32_t)-(int64_t)excess : 0;
    a->exact += excess == 0;
    a->named += excess > 0 && unknown == 0;
    row->named += excess > 0 && unknown == 0;
    a->more += unknown > 0;
    row->more += unknown > 0;
    a->fewer += fewer > 0;
    row->fewer += fewer > 0;
    a->more_references += unknown;
    row->more_references += unknown;
    a->fewer_references += fewer;
    row->fewer_references += fewer;
    a->references[ACCOUNT_UNKNOWN] += unknown;
}

/* What was taken off the count by the taker: roots and caches. */
static void
count_seen(const struct sweep_view *v, struct account *a, uint32_t node, int64_t count)
{
    a->references[ACCOUNT_OBJECTS] += v->reverse.first[node + 1] - v->reverse.first[node];
    a->references[ACCOUNT_ROOTS] += (uint64_t)(count - v->take.refs[node]);
}

static void
count_node(const struct sweep_view *v, struct account *a, uint32_t node)
{
    int64_t count;
    if (v->take.graph.flags[node] & ML_NODE_OWN) {
        a->own++;
        return;
    }
    enum take_uncounted why = take_uncounted(take_kind_of(&v->take, node),
                                             take_object(&v->take, node), &count);
    a->objects++;
    if (why != TAKE_COUNTED) {
        a->uncounted[why]++;
        return;
    }
    count_seen(v, a, node, count);
    count_excess(v, a, node);
}

/* All questions in one search. */
static int
want_all(const struct sweep_view *v, struct ml_error *err)
{
    struct ml_u32vec nodes = {0};
    int rc = ML_OK;
    for (uint32_t n = 0; n < v->take.graph.node_count && rc == ML_OK; n++) {
        if (v->reach.excess[n] > 0 && !(v->take.graph.flags[n] & ML_NODE_OWN)) {
            rc = ml_u32vec_push(&nodes, v->a, n);
        }
    }
    if (rc == ML_OK) {
        native_holders_want(v, nodes.data, nodes.len);
    }
    ml_u32vec_free(&nodes, v->a);
    return rc == ML_OK ? rc : ml_error_nomem(err);
}

int
account_build(const struct sweep_view *v, struct account *out, struct ml_error *err)
{
    memset(out, 0, sizeof(*out));
    out->kind_count = (uint32_t)v->take.kinds.len;
    out->row = ml_alloc_array(v->a, out->kind_count, sizeof(*out->row));
    if (out->row == NULL) {
        return ml_error_nomem(err);
    }
    int rc = list_states(out, v) ? want_all(v, err) : ml_error_nomem(err);
    for (uint32_t n = 0; n < v->take.graph.node_count && rc == ML_OK; n++) {
        count_node(v, out, n);
    }
    out->references[ACCOUNT_CACHES] = v->take.cached_references;
    out->references[ACCOUNT_ROOTS] -= v->take.cached_references;
    if (rc < 0) {
        account_fini(out, v);
    }
    return rc;
}

void
account_fini(struct account *a, const struct sweep_view *v)
{
    account_state_vec_free(&a->states, v->a);
    ml_alloc_free_array(v->a, a->row, a->kind_count, sizeof(*a->row));
    memset(a, 0, sizeof(*a));
}
