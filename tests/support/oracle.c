/* SPDX-License-Identifier: MIT
 *
 * See oracle.h.
 */
#include "oracle.h"

#include <assert.h>
#include <string.h>

static bool
refers(const struct ml_heap_graph *g, uint32_t from, uint32_t to)
{
    for (uint32_t e = g->first_edge[from]; e < g->first_edge[from + 1]; e++) {
        if (g->edge[e] == to) {
            return true;
        }
    }
    return false;
}

/* Marks more until nothing changes; `without` is treated as gone. */
static void
spread(const struct ml_heap_graph *g, bool *seen, uint32_t without)
{
    for (bool more = true; more;) {
        more = false;
        for (uint32_t u = 0; u < g->node_count; u++) {
            for (uint32_t v = 0; v < g->node_count && seen[u]; v++) {
                if (!seen[v] && v != without && refers(g, u, v)) {
                    seen[v] = more = true;
                }
            }
        }
    }
}

static void
start(const struct oracle *o, bool *seen, bool from_outside, bool own, uint32_t without)
{
    memset(seen, 0, ORACLE_NODES * sizeof(bool));
    for (size_t i = 0; i < o->g->roots.len; i++) {
        const struct ml_root *r = &o->g->roots.data[i];
        seen[r->node] = seen[r->node] || r->rank != ML_ROOT_OWN ||
                        (own && !o->firm[r->node]);
    }
    for (uint32_t n = 0; n < o->g->node_count && from_outside; n++) {
        seen[n] = seen[n] || o->outside[n];
    }
    if (without != ML_NO_NODE) {
        seen[without] = false;
    }
}

static void
ask_alive(struct oracle *o, const int32_t *refs)
{
    const struct ml_heap_graph *g = o->g;
    for (uint32_t n = 0; n < g->node_count; n++) {
        int64_t shown = 0;
        for (uint32_t e = 0; e < g->edge_count; e++) {
            shown += g->edge[e] == n;
        }
        o->outside[n] = refs[n] != ML_REFS_UNKNOWN && refs[n] > shown &&
                        (g->flags[n] & ML_NODE_NO_COUNT) == 0;
    }
    start(o, o->named, false, false, ML_NO_NODE);
    spread(g, o->named, ML_NO_NODE);
    start(o, o->firm, true, false, ML_NO_NODE);
    spread(g, o->firm, ML_NO_NODE);
    start(o, o->alive, true, true, ML_NO_NODE);
    spread(g, o->alive, ML_NO_NODE);
}

static void
ask_dominators(struct oracle *o)
{
    uint32_t n = o->g->node_count, above[ORACLE_NODES] = {0};
    for (uint32_t a = 0; a < n; a++) {
        bool left[ORACLE_NODES];
        start(o, left, true, false, a);
        spread(o->g, left, a);
        for (uint32_t b = 0; b < n; b++) {
            o->dominates[a][b] = o->firm[a] && o->firm[b] && !left[b];
            above[b] += o->dominates[a][b];
        }
    }
    for (uint32_t b = 0; b < n; b++) { /* the one that has one dominator fewer */
        o->idom[b] = ML_NO_NODE;
        for (uint32_t a = 0; a < n; a++) {
            if (a != b && o->dominates[a][b] && above[a] + 1 == above[b]) {
                o->idom[b] = a;
            }
        }
    }
}

static bool
is_own(const struct oracle *o, uint32_t n)
{
    return (o->g->flags[n] & ML_NODE_OWN) != 0;
}

static uint64_t
start_distance(const struct oracle *o, uint32_t n, uint32_t *root)
{
    uint64_t best = UINT64_MAX;
    *root = ML_NO_NODE;
    for (uint32_t i = 0; i < o->g->roots.len && !is_own(o, n); i++) {
        const struct ml_root *r = &o->g->roots.data[i];
        if (r->node == n && r->rank < best && r->rank != ML_ROOT_OWN) {
            best = r->rank;
            *root = i;
        }
    }
    if (!is_own(o, n) && o->outside[n] && !o->named[n]) {
        best = ML_PATH_OUTSIDE_RANK;
        *root = ML_PATH_OUTSIDE;
    }
    return best;
}

/* Bellman and Ford: node_count rounds over all pairs. */
static void
ask_distances(struct oracle *o)
{
    uint32_t n = o->g->node_count, ignored;
    for (uint32_t v = 0; v < n; v++) {
        o->distance[v] = start_distance(o, v, &ignored);
    }
    for (uint32_t round = 0; round < n; round++) {
        for (uint32_t u = 0; u < n; u++) {
            for (uint32_t v = 0; v < n && o->distance[u] != UINT64_MAX; v++) {
                if (!is_own(o, v) && refers(o->g, u, v) &&
                    o->distance[u] + 1 < o->distance[v]) {
                    o->distance[v] = o->distance[u] + 1;
                }
            }
        }
    }
}

/* Best way to v, once all nearer nodes have theirs. */
static void
ask_way(struct oracle *o, uint32_t v)
{
    uint64_t own = start_distance(o, v, &o->root[v]);
    o->parent[v] = ML_NO_NODE;
    if (own != o->distance[v] || own == UINT64_MAX) {
        o->root[v] = ML_NO_NODE;
    }
    for (uint32_t u = 0; u < o->g->node_count; u++) {
        if (!is_own(o, v) && o->distance[u] != UINT64_MAX &&
            o->distance[u] + 1 == o->distance[v] && refers(o->g, u, v) &&
            o->root[u] < o->root[v]) {
            o->root[v] = o->root[u];
            o->parent[v] = u;
        }
    }
}

static void
ask_ways(struct oracle *o)
{
    for (uint64_t d = 0; d < ML_PATH_OUTSIDE_RANK + ORACLE_NODES; d++) {
        for (uint32_t v = 0; v < o->g->node_count; v++) {
            if (o->distance[v] == d) {
                ask_way(o, v);
            }
        }
    }
    for (uint32_t v = 0; v < o->g->node_count; v++) {
        if (o->distance[v] == UINT64_MAX) {
            o->root[v] = o->parent[v] = ML_NO_NODE;
        }
    }
}

/* Transitive closure (Warshall) of the garbage. */
static void
ask_cycles(struct oracle *o)
{
    static bool leads[ORACLE_NODES][ORACLE_NODES];
    uint32_t n = o->g->node_count;
    for (uint32_t u = 0; u < n; u++) {
        for (uint32_t v = 0; v < n; v++) {
            leads[u][v] = !o->alive[u] && !o->alive[v] && refers(o->g, u, v);
        }
    }
    for (uint32_t k = 0; k < n; k++) {
        for (uint32_t u = 0; u < n; u++) {
            for (uint32_t v = 0; v < n; v++) {
                leads[u][v] = leads[u][v] || (leads[u][k] && leads[k][v]);
            }
        }
    }
    for (uint32_t u = 0; u < n; u++) {
        for (uint32_t v = 0; v < n; v++) {
            o->together[u][v] = leads[u][v] && leads[v][u];
        }
    }
}

void
oracle_ask(struct oracle *o, const struct ml_heap_graph *g, const int32_t *refs)
{
    assert(g->node_count <= ORACLE_NODES);
    memset(o, 0, sizeof(*o));
    o->g = g;
    ask_alive(o, refs);
    ask_dominators(o);
    ask_distances(o);
    ask_ways(o);
    ask_cycles(o);
}

void
oracle_retained(const struct oracle *o, const bool *members, uint64_t *bytes,
                uint64_t *objects)
{
    *bytes = *objects = 0;
    for (uint32_t b = 0; b < o->g->node_count; b++) {
        bool goes = false;
        for (uint32_t a = 0; a < o->g->node_count; a++) {
            goes = goes || (members[a] && o->dominates[a][b]);
        }
        *bytes += goes ? ml_heap_graph_size(o->g, b) : 0;
        *objects += goes;
    }
}
