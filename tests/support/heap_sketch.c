/* SPDX-License-Identifier: MIT
 *
 * See heap_sketch.h.
 */
#include "graph_dsl.h"
#include "heap_sketch.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct ml_alloc *const a = &ml_alloc_libc;

void
sketch_init(struct sketch *s)
{
    memset(s, 0, sizeof(*s));
}

void
sketch_fini(struct sketch *s)
{
    ml_places_fini(&s->places);
    ml_retained_fini(&s->ret, a);
    ml_dominator_fini(&s->dom, a);
    ml_path_tree_fini(&s->tree, a);
    ml_reach_fini(&s->reach, a);
    ml_reverse_fini(&s->rev, a);
    ml_heap_graph_fini(&s->g);
    sketch_nodes_free(&s->nodes, a);
    sketch_edges_free(&s->edges, a);
    ml_root_vec_free(&s->roots, a);
    ml_u32vec_free(&s->outside, a);
}

uint32_t
sketch_node(struct sketch *s, uint32_t kind, uint64_t size, uint8_t flags)
{
    uint32_t n = (uint32_t)s->nodes.len;
    struct ml_node_info info = {0x10000 + 16 * (uint64_t)n, size, kind, flags};
    cr_assert_eq(sketch_nodes_push(&s->nodes, a, info), ML_OK);
    return n;
}

void
sketch_edge(struct sketch *s, uint32_t from, uint32_t to)
{
    cr_assert_eq(sketch_edges_push(&s->edges, a, (struct sketch_edge){from, to}), ML_OK);
}

uint32_t
sketch_child(struct sketch *s, uint32_t of, uint32_t kind, uint64_t size, uint8_t flags)
{
    uint32_t n = sketch_node(s, kind, size, flags);
    sketch_edge(s, of, n);
    return n;
}

uint32_t
sketch_root(struct sketch *s, uint32_t kind, uint64_t size, uint8_t flags)
{
    uint32_t n = sketch_node(s, kind, size, flags);
    struct ml_root root = {n, 0, s->roots.len};
    cr_assert_eq(ml_root_vec_push(&s->roots, a, root), ML_OK);
    return n;
}

void
sketch_hold_outside(struct sketch *s, uint32_t node)
{
    cr_assert_eq(ml_u32vec_push(&s->outside, a, node), ML_OK);
}

/* References in the order of their holders; those of one holder as they were drawn. */
static void
add_edges(struct sketch *s)
{
    size_t nodes = s->nodes.len;
    uint32_t *first = calloc(nodes + 1, sizeof(*first));
    uint32_t *to = calloc(s->edges.len + 1, sizeof(*to));
    for (size_t i = 0; i < s->edges.len; i++) {
        first[s->edges.data[i].from + 1]++;
    }
    for (size_t n = 0; n < nodes; n++) {
        first[n + 1] += first[n];
    }
    for (size_t i = 0; i < s->edges.len; i++) {
        to[first[s->edges.data[i].from]++] = s->edges.data[i].to;
    }
    for (uint32_t n = 0, at = 0; n < nodes; at = first[n++]) {
        if (first[n] > at) {
            cr_assert_eq(ml_heap_graph_add_edges(&s->g, n, to + at, first[n] - at), ML_OK);
        }
    }
    free(first);
    free(to);
}

/* Reference counts as the graph shows them, and one more for what is held outside. */
static int32_t *
count_references(const struct sketch *s)
{
    int32_t *refs = calloc(s->nodes.len + 1, sizeof(*refs));
    for (size_t i = 0; i < s->edges.len; i++) {
        refs[s->edges.data[i].to]++;
    }
    for (size_t i = 0; i < s->outside.len; i++) {
        refs[s->outside.data[i]]++;
    }
    return refs;
}

void
sketch_prepare(struct sketch *s)
{
    struct ml_error err = {0};
    ml_heap_graph_init(&s->g, a);
    for (size_t n = 0; n < s->nodes.len; n++) {
        cr_assert_eq(ml_heap_graph_add_node(&s->g, &s->nodes.data[n]), ML_OK);
    }
    add_edges(s);
    for (size_t i = 0; i < s->roots.len; i++) {
        const struct ml_root *r = &s->roots.data[i];
        cr_assert_eq(ml_heap_graph_add_root(&s->g, r->node, r->rank, r->name), ML_OK);
    }
    cr_assert_eq(ml_heap_graph_freeze(&s->g, &err), ML_OK, "%s", err.message);
    int32_t *refs = count_references(s);
    cr_assert_eq(ml_reverse_build(&s->g, a, NULL, &s->rev, &err), ML_OK);
    cr_assert_eq(ml_reach_compute(&s->g, &s->rev, refs, a, NULL, &s->reach, &err), ML_OK);
    cr_assert_eq(ml_path_tree_build(&s->g, &s->reach, a, NULL, &s->tree, &err), ML_OK);
    cr_assert_eq(ml_dominator_build(&s->g, &s->rev, &s->reach, a, NULL, &s->dom, &err),
                 ML_OK);
    cr_assert_eq(ml_retained_compute(&s->g, &s->dom, a, &s->ret, &err), ML_OK);
    free(refs);
}

void
sketch_analyse(struct sketch *s)
{
    struct ml_error err = {0};
    sketch_prepare(s);
    cr_assert_eq(ml_places_build(&s->g, &s->tree, &s->dom, &s->ret, a, NULL, &s->places,
                                 &err), ML_OK, "%s", err.message);
    cr_assert_eq(ml_places_validate(&s->places, &s->g, &s->tree, &err), ML_OK, "%s",
                 err.message);
}

struct ml_finding_options
sketch_options(void)
{
    return (struct ml_finding_options){
        .max_findings = 100, .min_count = 10, .min_single_size = 1000000};
}

struct ml_findings
sketch_pick(struct sketch *s, const struct ml_finding_options *o)
{
    struct ml_findings f;
    struct ml_error err = {0};
    cr_assert_eq(ml_findings_pick(&s->g, &s->tree, &s->places, &s->ret, o, a, &f, &err),
                 ML_OK, "%s", err.message);
    return f;
}

static uint32_t
draw(struct dice *dice, uint32_t below)
{
    return (uint32_t)dice_throw(dice, below);
}

void
sketch_random(struct sketch *s, uint32_t count, uint32_t seed)
{
    static const uint8_t some_flags[] = {0, 0, 0, ML_NODE_SPREAD, ML_NODE_SPREAD,
                                         ML_NODE_FOLD, ML_NODE_FURNITURE, ML_NODE_OWN};
    struct dice dice = {seed};
    uint32_t kinds = 1 + draw(&dice, 6);
    for (uint32_t n = 0; n < count; n++) {
        uint8_t flags = some_flags[draw(&dice, sizeof(some_flags))];
        uint32_t size = 1 + draw(&dice, 100);
        if (n < 1 + count / 20) {
            sketch_root(s, draw(&dice, kinds), size, flags);
        } else {
            sketch_node(s, draw(&dice, kinds), size, flags);
        }
    }
    /* mostly a forest that grows at its young end (long chains), with cross links */
    for (uint32_t n = 1; n < count; n++) {
        uint32_t back = draw(&dice, 3) == 0 ? n : n < 5 ? n : 5;
        sketch_edge(s, n - 1 - draw(&dice, back), n);
    }
    for (uint32_t i = draw(&dice, count); i > 0; i--) {
        uint32_t from = draw(&dice, count);
        sketch_edge(s, from, draw(&dice, count));
    }
    for (uint32_t i = draw(&dice, 3); i > 0; i--) {
        sketch_hold_outside(s, draw(&dice, count));
    }
}
