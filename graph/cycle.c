/* SPDX-License-Identifier: MIT
 *
 * See cycle.h. Tarjan's algorithm with an explicit stack over the garbage nodes; then
 * what hangs below a cycle without being part of one is counted with the first cycle
 * that reaches it; then cycles with the same set of kinds become one group.
 */
#include "cycle.h"

#include <string.h>

#define CHUNK 65536

/* One cycle, before grouping. */
struct cycle {
    uint32_t first;   /* into `members` */
    uint32_t count;
    uint32_t objects; /* with what hangs below */
    uint64_t size;
};

ML_VEC(cycle_vec, struct cycle)

struct tarjan {
    const struct ml_heap_graph *g;
    const struct ml_alloc *a;
    uint32_t *index;  /* [node] 0: not visited */
    uint32_t *low;    /* [node] */
    uint32_t *next;   /* [node] next reference to look at */
    struct ml_bitset garbage, open, taken;
    struct ml_u32vec path, pending, members;
    struct cycle_vec cycles;
    uint32_t clock;
};

static bool
is_cycle(const struct tarjan *t, const uint32_t *nodes, size_t count)
{
    if (count > 1) {
        return true;
    }
    uint32_t edges;
    const uint32_t *to = ml_heap_graph_edges(t->g, nodes[0], &edges);
    for (uint32_t i = 0; i < edges; i++) {
        if (to[i] == nodes[0]) {
            return true;
        }
    }
    return false;
}

/* The component whose root is `node` lies on top of `pending`. */
static int
close_component(struct tarjan *t, uint32_t node)
{
    size_t from = t->pending.len;
    do {
        from--;
        ml_bitset_remove(&t->open, t->pending.data[from]);
    } while (t->pending.data[from] != node);
    const uint32_t *nodes = t->pending.data + from;
    size_t count = t->pending.len - from;
    t->pending.len = from;
    if (!is_cycle(t, nodes, count)) {
        return ML_OK;
    }
    struct cycle c = {(uint32_t)t->members.len, (uint32_t)count, 0, 0};
    for (size_t i = 0; i < count; i++) {
        ml_bitset_add(&t->taken, nodes[i]);
        if (ml_u32vec_push(&t->members, t->a, nodes[i]) < 0) {
            return ML_ENOMEM;
        }
    }
    return cycle_vec_push(&t->cycles, t->a, c);
}

static int
open_node(struct tarjan *t, uint32_t node)
{
    t->index[node] = t->low[node] = ++t->clock;
    t->next[node] = t->g->first_edge[node];
    ml_bitset_add(&t->open, node);
    return ml_u32vec_push(&t->path, t->a, node) < 0 ||
                   ml_u32vec_push(&t->pending, t->a, node) < 0
               ? ML_ENOMEM
               : ML_OK;
}

static int
search_from(struct tarjan *t, uint32_t start)
{
    int rc = open_node(t, start);
    while (rc == ML_OK && t->path.len > 0) {
        uint32_t node = t->path.data[t->path.len - 1];
        if (t->next[node] < t->g->first_edge[node + 1]) {
            uint32_t to = t->g->edge[t->next[node]++];
            if (!ml_bitset_has(&t->garbage, to)) {
                continue;
            }
            if (t->index[to] == 0) {
                rc = open_node(t, to);
            }
            else if (ml_bitset_has(&t->open, to) && t->index[to] < t->low[node]) {
                t->low[node] = t->index[to];
            }
            continue;
        }
        t->path.len--;
        if (t->path.len > 0) {
            uint32_t up = t->path.data[t->path.len - 1];
            t->low[up] = t->low[node] < t->low[up] ? t->low[node] : t->low[up];
        }
        if (t->low[node] == t->index[node]) {
            rc = close_component(t, node);
        }
    }
    return rc;
}

/* Counts a cycle's nodes and the loose garbage below them. */
static int
weigh(struct tarjan *t, struct cycle *c)
{
    t->path.len = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        if (ml_u32vec_push(&t->path, t->a, t->members.data[c->first + i]) < 0) {
            return ML_ENOMEM;
        }
    }
    while (t->path.len > 0) {
        uint32_t edges, node = t->path.data[--t->path.len];
        const uint32_t *to = ml_heap_graph_edges(t->g, node, &edges);
        c->objects++;
        c->size += ml_heap_graph_size(t->g, node);
        for (uint32_t i = 0; i < edges; i++) {
            if (ml_bitset_has(&t->garbage, to[i]) && !ml_bitset_has(&t->taken, to[i])) {
                ml_bitset_add(&t->taken, to[i]);
                if (ml_u32vec_push(&t->path, t->a, to[i]) < 0) {
                    return ML_ENOMEM;
                }
            }
        }
    }
    return ML_OK;
}

/* -- grouping --------------------------------------------------------------------------- */

/* Distinct kinds of a cycle's nodes, ascending, into `out`. */
static uint32_t
kinds_of(const struct tarjan *t, const struct cycle *c, uint32_t *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t kind = t->g->kind[t->members.data[c->first + i]], at = 0;
        while (at < n && out[at] < kind) {
            at++;
        }
        if (at < n && out[at] == kind) {
            continue;
        }
        if (n < 64) { /* enough to tell cycles apart */
            memmove(out + at + 1, out + at, (n - at) * sizeof(*out));
            out[at] = kind;
            n++;
        }
    }
    return n;
}

static uint32_t
lowest_node(const struct tarjan *t, const struct cycle *c)
{
    uint32_t lowest = UINT32_MAX;
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t node = t->members.data[c->first + i];
        lowest = node < lowest ? node : lowest;
    }
    return lowest;
}

static struct ml_cycle_group *
find_group(struct ml_cycle_groups *out, const uint32_t *kinds, uint32_t n)
{
    for (uint32_t i = 0; i < out->count; i++) {
        if (out->group[i].kind_count == n &&
            memcmp(out->group[i].kinds, kinds, n * sizeof(*kinds)) == 0) {
            return &out->group[i];
        }
    }
    return NULL;
}

static int
add_group(struct ml_cycle_groups *out, const uint32_t *kinds, uint32_t n)
{
    struct ml_cycle_group *groups = ml_alloc_resize_array(
        out->a, out->group, out->count, (size_t)out->count + 1, sizeof(*groups));
    if (groups == NULL) {
        return ML_ENOMEM;
    }
    out->group = groups;
    struct ml_cycle_group *group = &groups[out->count];
    memset(group, 0, sizeof(*group));
    out->count++;
    group->kinds = ml_alloc_array(out->a, n, sizeof(*kinds));
    if (group->kinds == NULL) {
        return ML_ENOMEM;
    }
    memcpy(group->kinds, kinds, n * sizeof(*kinds));
    group->kind_count = n;
    group->example = UINT32_MAX;
    return ML_OK;
}

static int
collect_group(const struct tarjan *t, const struct cycle *c, struct ml_cycle_groups *out)
{
    uint32_t kinds[65], n = kinds_of(t, c, kinds);
    struct ml_cycle_group *group = find_group(out, kinds, n);
    if (group == NULL) {
        if (add_group(out, kinds, n) < 0) {
            return ML_ENOMEM;
        }
        group = &out->group[out->count - 1];
    }
    uint32_t lowest = lowest_node(t, c);
    group->cycles++;
    group->objects += c->objects;
    group->size += c->size;
    group->example = lowest < group->example ? lowest : group->example;
    return ML_OK;
}

static void
sort_groups(struct ml_cycle_groups *out)
{
    for (uint32_t i = 1; i < out->count; i++) {
        struct ml_cycle_group group = out->group[i];
        uint32_t k = i;
        for (; k > 0 && out->group[k - 1].size < group.size; k--) {
            out->group[k] = out->group[k - 1];
        }
        out->group[k] = group;
    }
}

void
ml_cycle_groups_fini(struct ml_cycle_groups *c)
{
    for (uint32_t i = 0; i < c->count; i++) {
        ml_alloc_free_array(c->a, c->group[i].kinds, c->group[i].kind_count,
                            sizeof(uint32_t));
    }
    if (c->a != NULL) {
        ml_alloc_free_array(c->a, c->group, c->count, sizeof(*c->group));
    }
    memset(c, 0, sizeof(*c));
}

/* -- the whole ------------------------------------------------------------------------------ */

static bool
prepare(struct tarjan *t, const struct ml_reach *reach)
{
    size_t n = t->g->node_count;
    t->index = ml_alloc_array(t->a, n, sizeof(uint32_t));
    t->low = ml_alloc_array(t->a, n, sizeof(uint32_t));
    t->next = ml_alloc_array(t->a, n, sizeof(uint32_t));
    bool good = t->index != NULL && t->low != NULL && t->next != NULL &&
                ml_bitset_init(&t->garbage, t->a, n) && ml_bitset_init(&t->open, t->a, n) &&
                ml_bitset_init(&t->taken, t->a, n);
    for (uint32_t i = 0; good && i < n; i++) {
        if (!ml_bitset_has(&reach->alive, i)) {
            ml_bitset_add(&t->garbage, i);
        }
    }
    return good;
}

static void
clean_up(struct tarjan *t)
{
    size_t n = t->g->node_count;
    ml_alloc_free_array(t->a, t->index, n, sizeof(uint32_t));
    ml_alloc_free_array(t->a, t->low, n, sizeof(uint32_t));
    ml_alloc_free_array(t->a, t->next, n, sizeof(uint32_t));
    t->garbage.bits = t->open.bits = t->taken.bits = n;
    ml_bitset_fini(&t->garbage, t->a);
    ml_bitset_fini(&t->open, t->a);
    ml_bitset_fini(&t->taken, t->a);
    ml_u32vec_free(&t->path, t->a);
    ml_u32vec_free(&t->pending, t->a);
    ml_u32vec_free(&t->members, t->a);
    cycle_vec_free(&t->cycles, t->a);
}

static int
find_cycles(struct tarjan *t, const struct ml_cancel *cancel)
{
    int rc = ML_OK;
    for (uint32_t n = 0; n < t->g->node_count && rc == ML_OK; n++) {
        if (ml_bitset_has(&t->garbage, n) && t->index[n] == 0) {
            rc = search_from(t, n);
        }
        if (n % CHUNK == 0 &&
            ml_cancel_ask(cancel, "sorting garbage", (double)n / (t->g->node_count + 1.0))) {
            rc = ML_ECANCELLED;
        }
    }
    for (size_t i = 0; i < t->cycles.len && rc == ML_OK; i++) {
        rc = weigh(t, &t->cycles.data[i]);
    }
    return rc;
}

int
ml_cycle_groups_build(const struct ml_heap_graph *g, const struct ml_reach *reach,
                      const struct ml_alloc *a, const struct ml_cancel *cancel,
                      struct ml_cycle_groups *out, struct ml_error *err)
{
    struct tarjan t = {.g = g, .a = a};
    *out = (struct ml_cycle_groups){.a = a};
    int rc = prepare(&t, reach) ? find_cycles(&t, cancel) : ML_ENOMEM;
    for (size_t i = 0; i < t.cycles.len && rc == ML_OK; i++) {
        rc = collect_group(&t, &t.cycles.data[i], out);
    }
    clean_up(&t);
    if (rc < 0) {
        ml_cycle_groups_fini(out);
        return rc == ML_ENOMEM ? ml_error_nomem(err)
                               : ml_error_set(err, rc, "stopped while sorting garbage");
    }
    sort_groups(out);
    return ML_OK;
}
