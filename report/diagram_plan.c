/* SPDX-License-Identifier: MIT
 *
 * See diagram_plan.h. Everything is in the order of the input, so that the same graph
 * always gives the same picture.
 */
#include "diagram_plan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "text_format.h"

#define MAX_GIVEN 200000 /* nodes or edges: beyond it the input is not ours */
#define MAX_COUNT (1LL << 40) /* of one edge: sums stay far from overflowing */
#define EDGES_PER_NODE 4 /* dot's time grows steeply with crossing edges */
#define MANY_LEAVES 6    /* below one node: from here on they stand in several rows */

static const char *const kind_names[ML_KIND_COUNT] = {
    "root",     "module", "frame",  "class", "container",
    "instance", "leaked", "native", "more",
};

static enum ml_kind
kind_of(const json_t *node)
{
    const char *name = ml_json_text(node, "kind");
    for (int k = 0; name != NULL && k < ML_KIND_COUNT; k++) {
        if (strcmp(name, kind_names[k]) == 0) {
            return (enum ml_kind)k;
        }
    }
    return ML_KIND_INSTANCE;
}

/* Ids are 0.. in the order of the array, as we write them; others are searched. */
static int
index_of(const json_t *nodes, const json_t *id)
{
    size_t n = json_array_size(nodes);
    if (!json_is_integer(id)) {
        return -1;
    }
    json_int_t wanted = json_integer_value(id);
    if (wanted >= 0 && (size_t)wanted < n &&
        json_equal(json_object_get(json_array_get(nodes, (size_t)wanted), "id"), id)) {
        return (int)wanted;
    }
    for (size_t i = 0; i < n; i++) {
        if (json_equal(json_object_get(json_array_get(nodes, i), "id"), id)) {
            return (int)i;
        }
    }
    return -1;
}

static int
by_ends(const void *va, const void *vb)
{
    const struct ml_plan_edge *a = va, *b = vb;
    if (a->from != b->from) {
        return a->from < b->from ? -1 : 1;
    }
    if (a->to != b->to) {
        return a->to < b->to ? -1 : 1;
    }
    return a->order < b->order ? -1 : a->order > b->order;
}

static void
read_edges(struct ml_plan *p, const json_t *nodes, const json_t *edges)
{
    for (size_t i = 0; i < json_array_size(edges); i++) {
        const json_t *edge = json_array_get(edges, i);
        int from = index_of(nodes, json_object_get(edge, "from"));
        int to = index_of(nodes, json_object_get(edge, "to"));
        if (from >= 0 && to >= 0) {
            long long count = ml_json_integer(edge, "count");
            p->edges[p->edge_count++] = (struct ml_plan_edge){
                .from = from, .to = to, .order = (int)i, .json = edge,
                .count = count < 1 ? 1 : count > MAX_COUNT ? MAX_COUNT : count};
        }
    }
}

/* Steps from all starting nodes along the edges (or against them) by sweeping over
 * the edges until nothing changes: the graphs are shallow, the code is short. */
static void
measure(struct ml_plan *p, bool forward)
{
    bool changed = true;
    for (int round = 0; changed && round < 1000; round++) {
        changed = false;
        for (int i = 0; i < p->edge_count; i++) {
            const struct ml_plan_edge *e = &p->edges[i];
            int *a =
                forward ? &p->nodes[e->from].from_root : &p->nodes[e->to].to_leaked;
            int *b =
                forward ? &p->nodes[e->to].from_root : &p->nodes[e->from].to_leaked;
            if (*a != INT_MAX && *a + 1 < *b) {
                *b = *a + 1;
                changed = true;
            }
        }
    }
}

struct score {
    int index;
    long long value;
};

static int
by_score(const void *va, const void *vb)
{
    const struct score *a = va, *b = vb;
    if (a->value != b->value) {
        return a->value < b->value ? -1 : 1;
    }
    return a->index < b->index ? -1 : a->index > b->index;
}

/* Roots and leaked objects first, then what lies on the shortest ways between them. */
static int
choose(struct ml_plan *p, int given, int max_nodes, struct ml_error *err)
{
    struct score *scores = calloc((size_t)given + 1, sizeof(*scores));
    if (scores == NULL) {
        return ml_error_nomem(err);
    }
    for (int i = 0; i < given; i++) {
        const struct ml_plan_node *n = &p->nodes[i];
        bool end = n->kind == ML_KIND_ROOT || n->kind == ML_KIND_LEAKED;
        scores[i].index = i;
        scores[i].value =
            (long long)n->from_root + n->to_leaked - (end ? LLONG_MAX / 2 : 0);
    }
    qsort(scores, (size_t)given, sizeof(*scores), by_score);
    int room = given <= max_nodes ? given : max_nodes - 1;
    for (int i = 0; i < given; i++) {
        p->nodes[scores[i].index].drawn = i < room;
    }
    p->left_out_nodes = given - room;
    p->nodes[given].drawn = p->left_out_nodes > 0;
    free(scores);
    return ML_OK;
}

/* Moves the ends of edges that hang at nodes left out to "more", makes one of all that
 * then run between the same two nodes there, and drops the loops. */
static void
sum_up(struct ml_plan *p, int more)
{
    for (int i = 0; i < p->edge_count; i++) {
        struct ml_plan_edge *e = &p->edges[i];
        bool moved = !p->nodes[e->from].drawn || !p->nodes[e->to].drawn;
        e->from = p->nodes[e->from].drawn ? e->from : more;
        e->to = p->nodes[e->to].drawn ? e->to : more;
        e->json = moved ? NULL : e->json;
        e->drawn = !(e->from == more && e->to == more);
    }
    qsort(p->edges, (size_t)p->edge_count, sizeof(*p->edges), by_ends);
    struct ml_plan_edge *last = NULL;
    for (int i = 0; i < p->edge_count; i++) {
        struct ml_plan_edge *e = &p->edges[i];
        if (!e->drawn || e->json != NULL) {
            continue;
        }
        if (last != NULL && last->from == e->from && last->to == e->to) {
            last->count += e->count;
            e->drawn = false;
        }
        else {
            last = e;
        }
    }
}

/* The first edge into every node is always drawn, the others while there is room. */
static void
limit_edges(struct ml_plan *p, int max_edges)
{
    int room = max_edges;
    for (int i = 0; i < p->edge_count; i++) {
        struct ml_plan_edge *e = &p->edges[i];
        if (e->drawn && !p->nodes[e->to].has_in) {
            p->nodes[e->to].has_in = true;
            p->nodes[e->from].has_out = true;
            room--;
        }
        else if (e->drawn) {
            e->drawn = false;
            e->count = -e->count; /* waits for the second round */
        }
    }
    for (int i = 0; i < p->edge_count; i++) {
        struct ml_plan_edge *e = &p->edges[i];
        if (e->count >= 0) {
            continue;
        }
        e->count = -e->count;
        e->drawn = room-- > 0;
        p->nodes[e->from].has_out |= e->drawn;
        p->left_out_edges += !e->drawn;
    }
}

/* Leaves below the same node stand in two to five rows instead of one. */
static void
stagger(struct ml_plan *p)
{
    for (int i = 0; i < p->edge_count;) {
        int end = i, leaves = 0, at = 0;
        for (; end < p->edge_count && p->edges[end].from == p->edges[i].from; end++) {
            leaves += p->edges[end].drawn && !p->nodes[p->edges[end].to].has_out;
        }
        int rows = leaves < MANY_LEAVES ? 1 : leaves < 12 ? 2 : leaves < 24 ? 3 : 5;
        for (int e = i; e < end; e++) {
            struct ml_plan_node *leaf = &p->nodes[p->edges[e].to];
            if (p->edges[e].drawn && !leaf->has_out) {
                leaf->row = at++ % rows;
            }
        }
        i = end;
    }
}

int
ml_plan_make(const json_t *graph, int max_nodes, struct ml_plan *out,
             struct ml_error *err)
{
    const json_t *nodes = json_object_get(graph, "nodes");
    const json_t *edges = json_object_get(graph, "edges");
    size_t given = json_array_size(nodes), lines = json_array_size(edges);
    memset(out, 0, sizeof(*out));
    if (given == 0) {
        return ml_error_set(err, ML_EFORMAT, "the graph has no nodes");
    }
    if (given > MAX_GIVEN || lines > MAX_GIVEN) {
        return ml_error_set(err, ML_ELIMIT, "the graph is too large to be drawn");
    }
    max_nodes = max_nodes < 3 ? 3 : max_nodes;
    out->nodes = calloc(given + 1, sizeof(*out->nodes));
    out->edges = calloc(lines + 1, sizeof(*out->edges));
    if (out->nodes == NULL || out->edges == NULL) {
        ml_plan_fini(out);
        return ml_error_nomem(err);
    }
    out->node_count = (int)given + 1;
    for (size_t i = 0; i < given; i++) {
        struct ml_plan_node *n = &out->nodes[i];
        n->json = json_array_get(nodes, i);
        n->kind = kind_of(n->json);
        n->from_root = n->kind == ML_KIND_ROOT || i == 0 ? 0 : INT_MAX;
        n->to_leaked = n->kind == ML_KIND_LEAKED ? 0 : INT_MAX;
    }
    out->nodes[given].kind = ML_KIND_MORE;
    read_edges(out, nodes, edges);
    measure(out, true);
    measure(out, false);
    int rc = choose(out, (int)given, max_nodes, err);
    if (rc != ML_OK) {
        ml_plan_fini(out);
        return rc;
    }
    sum_up(out, (int)given);
    limit_edges(out, max_nodes * EDGES_PER_NODE);
    stagger(out);
    return ML_OK;
}

void
ml_plan_fini(struct ml_plan *plan)
{
    free(plan->nodes);
    free(plan->edges);
    memset(plan, 0, sizeof(*plan));
}
