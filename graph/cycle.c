/* SPDX-License-Identifier: MIT
 *
 * See cycle.h. Tarjan's algorithm ("Depth-first search and linear graph algorithms",
 * 1972) on the nodes that are not alive, with the call stack in an array. It hands out
 * components so that what a component refers to comes before it.
 *
 * Cycles made of the same set of kinds form one group. What hangs below a group's
 * cycles without being a cycle itself counts towards the group's size, as long as no
 * other group holds it too; walking the components backwards, holders come first, so
 * one pass finds that out.
 *
 * O(nodes + edges) of the garbage, plus sorting the kinds. The arrays by node are
 * touched only where there is garbage, and untouched pages of the arena cost nothing.
 */
#include "cycle.h"
#include "step.h"

#include <string.h>

#define NO_GROUP 0u
#define SHARED UINT32_MAX /* held by more than one group */

struct frame {
    uint32_t node, next_edge;
};

ML_VEC(frame_vec, struct frame)
ML_VEC(group_vec, struct ml_cycle_group)

struct cycles {
    const struct ml_heap_graph *g;
    const struct ml_reach *reach;
    const struct ml_alloc *a;
    uint32_t *index; /* [node] order of discovery, from 1; 0 while unseen */
    uint32_t *low;   /* [node] lowest index reached; afterwards the group, from 1 */
    struct ml_bitset on_stack;
    struct ml_u32vec stack; /* Tarjan's: nodes of open components */
    struct frame_vec calls;
    struct ml_u32vec nodes; /* of closed components, one after the other */
    struct ml_u32vec first; /* where in `nodes` each component begins */
    struct ml_u64vec kinds; /* of the component at hand */
    struct group_vec groups;
    uint32_t seen;
};

static inline bool
is_garbage(const struct cycles *c, uint32_t node)
{
    return !ml_bitset_has(&c->reach->alive, node);
}

/* -- components ------------------------------------------------------------------ */

static int
open_node(struct cycles *c, uint32_t node)
{
    c->index[node] = c->low[node] = ++c->seen;
    ml_bitset_add(&c->on_stack, node);
    int rc = ml_u32vec_push(&c->stack, c->a, node);
    struct frame f = {node, c->g->first_edge[node]};
    return rc < 0 ? rc : frame_vec_push(&c->calls, c->a, f);
}

/* `node` is the first of its component: the rest stands above it on the stack. */
static int
close_component(struct cycles *c, uint32_t node)
{
    int rc = ml_u32vec_push(&c->first, c->a, (uint32_t)c->nodes.len);
    for (uint32_t member = ML_NO_NODE; rc == ML_OK && member != node;) {
        member = c->stack.data[--c->stack.len];
        ml_bitset_remove(&c->on_stack, member);
        rc = ml_u32vec_push(&c->nodes, c->a, member);
    }
    return rc;
}

static int
leave_node(struct cycles *c, uint32_t node)
{
    c->calls.len--;
    if (c->low[node] == c->index[node]) {
        int rc = close_component(c, node);
        if (rc < 0) {
            return rc;
        }
    }
    if (c->calls.len > 0) {
        uint32_t up = c->calls.data[c->calls.len - 1].node;
        c->low[up] = c->low[node] < c->low[up] ? c->low[node] : c->low[up];
    }
    return ML_OK;
}

/* One reference further, or back to the caller. */
static int
one_step(struct cycles *c)
{
    struct frame *f = &c->calls.data[c->calls.len - 1];
    if (f->next_edge == c->g->first_edge[f->node + 1]) {
        return leave_node(c, f->node);
    }
    uint32_t to = c->g->edge[f->next_edge++];
    if (!is_garbage(c, to)) {
        return ML_OK;
    }
    if (c->index[to] == 0) {
        return open_node(c, to);
    }
    if (ml_bitset_has(&c->on_stack, to) && c->index[to] < c->low[f->node]) {
        c->low[f->node] = c->index[to];
    }
    return ML_OK;
}

static int
find_components(struct cycles *c, const struct ml_cancel *cancel, struct ml_error *err)
{
    uint64_t steps = 0;
    for (uint32_t n = 0; n < c->g->node_count; n++) {
        int rc = step_ask(cancel, "finding cycles", n, c->g->node_count, err);
        if (rc == ML_OK && is_garbage(c, n) && c->index[n] == 0) {
            rc = open_node(c, n);
        }
        while (rc == ML_OK && c->calls.len > 0) {
            rc = step_ask(cancel, "finding cycles", ++steps, 0, err);
            rc = rc < 0 ? rc : one_step(c);
        }
        if (rc < 0) {
            return rc == ML_ENOMEM ? ml_error_nomem(err) : rc;
        }
    }
    return ml_u32vec_push(&c->first, c->a, (uint32_t)c->nodes.len);
}

/* -- groups ---------------------------------------------------------------------- */

static bool
is_cycle(const struct cycles *c, const uint32_t *nodes, uint32_t count)
{
    uint32_t edges;
    const uint32_t *to = ml_heap_graph_edges(c->g, nodes[0], &edges);
    bool loop = count > 1;
    for (uint32_t i = 0; i < edges && !loop; i++) {
        loop = to[i] == nodes[0];
    }
    return loop;
}

/* The distinct kinds of a component, ascending, into c->kinds. */
static int
list_kinds(struct cycles *c, const uint32_t *nodes, uint32_t count)
{
    struct ml_u64vec *k = &c->kinds;
    k->len = 0;
    if (ml_u64vec_reserve(k, c->a, count) < 0) {
        return ML_ENOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        k->data[i] = c->g->kind[nodes[i]];
    }
    step_sort(k->data, count);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || k->data[i] != k->data[k->len - 1]) {
            k->data[k->len++] = k->data[i];
        }
    }
    return ML_OK;
}

static bool
same_kinds(const struct ml_cycle_group *group, const struct ml_u64vec *kinds)
{
    bool same = group->kind_count == kinds->len;
    for (size_t i = 0; i < kinds->len && same; i++) {
        same = group->kinds[i] == kinds->data[i];
    }
    return same;
}

static int
new_group(struct cycles *c)
{
    struct ml_cycle_group group = {.kind_count = (uint32_t)c->kinds.len,
                                   .example = ML_NO_NODE};
    group.kinds = ml_alloc_array(c->a, group.kind_count, sizeof(uint32_t));
    if (group.kinds == NULL) {
        return ML_ENOMEM;
    }
    for (uint32_t i = 0; i < group.kind_count; i++) {
        group.kinds[i] = (uint32_t)c->kinds.data[i];
    }
    if (group_vec_push(&c->groups, c->a, group) < 0) {
        ml_alloc_free_array(c->a, group.kinds, group.kind_count, sizeof(uint32_t));
        return ML_ENOMEM;
    }
    return ML_OK;
}

/* Finds or makes the group of the kinds at hand. Few kinds of cycles exist in a
 * program, and alike ones come together: the last group hit is looked at first. */
static int
find_group(struct cycles *c, size_t *group)
{
    if (*group < c->groups.len && same_kinds(&c->groups.data[*group], &c->kinds)) {
        return ML_OK;
    }
    for (*group = 0; *group < c->groups.len; (*group)++) {
        if (same_kinds(&c->groups.data[*group], &c->kinds)) {
            return ML_OK;
        }
    }
    return new_group(c);
}

static void
add_to_group(struct cycles *c, size_t group, const uint32_t *nodes, uint32_t count)
{
    struct ml_cycle_group *to = &c->groups.data[group];
    to->cycles++;
    to->objects += count;
    for (uint32_t i = 0; i < count; i++) {
        to->size += ml_heap_graph_size(c->g, nodes[i]);
        to->example = nodes[i] < to->example ? nodes[i] : to->example;
        c->low[nodes[i]] = (uint32_t)group + 1;
    }
}

static int
group_components(struct cycles *c, const struct ml_cancel *cancel, struct ml_error *err)
{
    size_t group = 0;
    for (size_t i = 0; i + 1 < c->first.len; i++) {
        const uint32_t *nodes = c->nodes.data + c->first.data[i];
        uint32_t count = c->first.data[i + 1] - c->first.data[i];
        int rc = step_ask(cancel, "grouping cycles", i, c->first.len, err);
        if (rc < 0) {
            return rc;
        }
        if (!is_cycle(c, nodes, count)) {
            c->low[nodes[0]] = NO_GROUP;
            continue;
        }
        if (list_kinds(c, nodes, count) < 0 || find_group(c, &group) < 0) {
            return ml_error_nomem(err);
        }
        add_to_group(c, group, nodes, count);
    }
    return ML_OK;
}

/* -- what only a group holds ------------------------------------------------------ */

/* index[] is no longer needed and marks the nodes of cycles with 0: those keep their
 * group whoever refers to them. */
static void
mark_cyclic(struct cycles *c)
{
    for (size_t i = 0; i + 1 < c->first.len; i++) {
        for (uint32_t k = c->first.data[i]; k < c->first.data[i + 1]; k++) {
            uint32_t n = c->nodes.data[k];
            c->index[n] = c->low[n] == NO_GROUP;
        }
    }
}

static void
hand_down(struct cycles *c, uint32_t node)
{
    uint32_t count, group = c->low[node];
    const uint32_t *to = ml_heap_graph_edges(c->g, node, &count);
    for (uint32_t i = 0; i < count && group != NO_GROUP; i++) {
        uint32_t t = to[i];
        if (is_garbage(c, t) && c->index[t] != 0 && c->low[t] != group) {
            c->low[t] = c->low[t] == NO_GROUP ? group : SHARED;
        }
    }
}

/* A holder's component is closed after what it holds, hence backwards. */
static void
add_what_hangs_below(struct cycles *c)
{
    mark_cyclic(c);
    for (size_t i = c->nodes.len; i-- > 0;) {
        uint32_t n = c->nodes.data[i];
        if (c->index[n] != 0 && c->low[n] != NO_GROUP && c->low[n] != SHARED) {
            c->groups.data[c->low[n] - 1].size += ml_heap_graph_size(c->g, n);
        }
        hand_down(c, n);
    }
}

static bool
comes_before(const struct ml_cycle_group *x, const struct ml_cycle_group *y)
{
    return x->size != y->size ? x->size > y->size : x->example < y->example;
}

/* Shell sort: no memory, no libc, and groups are few. */
static void
sort_groups(struct group_vec *v)
{
    size_t gap = 1;
    while (gap < v->len / 3) {
        gap = 3 * gap + 1;
    }
    for (; gap > 0; gap /= 3) {
        for (size_t i = gap; i < v->len; i++) {
            struct ml_cycle_group x = v->data[i];
            size_t at = i;
            for (; at >= gap && comes_before(&x, &v->data[at - gap]); at -= gap) {
                v->data[at] = v->data[at - gap];
            }
            v->data[at] = x;
        }
    }
}

static void
free_groups(struct group_vec *v, const struct ml_alloc *a)
{
    for (size_t i = 0; i < v->len; i++) {
        ml_alloc_free_array(a, v->data[i].kinds, v->data[i].kind_count,
                            sizeof(uint32_t));
    }
    group_vec_free(v, a);
}

/* Trims the groups to their number, so that fini knows the size; takes them over. */
static int
hand_out(struct cycles *c, struct ml_cycle_groups *out)
{
    struct group_vec *v = &c->groups;
    if (v->len == 0) {
        return ML_OK;
    }
    struct ml_cycle_group *group =
        ml_alloc_resize_array(c->a, v->data, v->cap, v->len, sizeof(*group));
    if (group == NULL) {
        return ML_ENOMEM;
    }
    out->group = group;
    out->count = (uint32_t)v->len;
    memset(v, 0, sizeof(*v));
    return ML_OK;
}

int
ml_cycle_groups_build(const struct ml_heap_graph *g, const struct ml_reach *reach,
                      const struct ml_alloc *a, const struct ml_cancel *cancel,
                      struct ml_cycle_groups *out, struct ml_error *err)
{
    struct cycles c = {.g = g, .reach = reach, .a = a};
    memset(out, 0, sizeof(*out));
    out->a = a;
    if (reach->garbage_count == 0) {
        return ML_OK;
    }
    c.index = ml_alloc_array(a, g->node_count, sizeof(uint32_t));
    c.low = ml_alloc_array(a, g->node_count, sizeof(uint32_t));
    int rc = ML_ENOMEM;
    if (c.index != NULL && c.low != NULL &&
        ml_bitset_init(&c.on_stack, a, g->node_count)) {
        rc = find_components(&c, cancel, err);
    }
    rc = rc < 0 ? rc : group_components(&c, cancel, err);
    if (rc == ML_OK) {
        add_what_hangs_below(&c);
        sort_groups(&c.groups);
        rc = hand_out(&c, out);
    }
    free_groups(&c.groups, a);
    ml_u64vec_free(&c.kinds, a);
    ml_u32vec_free(&c.first, a);
    ml_u32vec_free(&c.nodes, a);
    frame_vec_free(&c.calls, a);
    ml_u32vec_free(&c.stack, a);
    ml_bitset_fini(&c.on_stack, a);
    ml_alloc_free_array(a, c.low, g->node_count, sizeof(uint32_t));
    ml_alloc_free_array(a, c.index, g->node_count, sizeof(uint32_t));
    return rc == ML_ENOMEM ? ml_error_nomem(err) : rc;
}

void
ml_cycle_groups_fini(struct ml_cycle_groups *c)
{
    for (uint32_t i = 0; i < c->count; i++) {
        ml_alloc_free_array(c->a, c->group[i].kinds, c->group[i].kind_count,
                            sizeof(uint32_t));
    }
    if (c->group != NULL) {
        ml_alloc_free_array(c->a, c->group, c->count, sizeof(*c->group));
    }
    memset(c, 0, sizeof(*c));
}
