/* SPDX-License-Identifier: MIT
 *
 * Immediate dominators, drawn, thrown, and in chains of millions.
 */
#include "graph_dsl.h"
#include "oracle.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void
expect(const char *text, const char *node, const char *idom)
{
    struct dsl d;
    struct analysed s;
    dsl_read(&d, text);
    cr_assert_eq(analysed_build(&s, &d.g, d.refs, &ml_alloc_libc, NULL, NULL), ML_OK);
    cr_expect_str_eq(dsl_name(&d, s.dom.idom[dsl_node(&d, node)]), idom, "%s in %s",
                     node, text);
    analysed_fini(&s, &ml_alloc_libc);
    dsl_fini(&d);
}

Test(dominator, join_is_dominated_by_the_common_root)
{
    expect("root a; a: b c; b: d; c: d", "d", "a"); /* a leaf */
    expect("root a; a: b c; b: d; c: d; d: e", "d", "a");
    expect("root a; a: b c; b: d; c: d; d: e", "e", "d");
}

Test(dominator, two_roots_share_only_the_virtual_one)
{
    expect("root a; root b; a: x; b: x", "x", "-");
    expect("root a; root b; a: x; b: x; x: y", "x", "-");
    expect("root a; root b; a: b", "b", "-");
}

Test(dominator, a_root_of_our_own_takes_nothing_from_who_really_holds_it)
{
    expect("root h own; root a; a: x; h: x; x: y", "x", "a");
    expect("root x own; root a; a: x", "x", "a");
    expect("root h own; h: x", "x", "-");
}

Test(dominator, what_native_code_holds_too_belongs_to_nobody)
{
    expect("root a; a: x; x: y; x refs=2", "x", "-");
    expect("root a; a: x; x refs=2", "x", "-");
}

Test(dominator, garbage_neither_has_nor_shares_dominators)
{
    expect("root a; a: x; g: h x; h: g", "x", "a");
    expect("root a; a: x; x: y; g: h x; h: g", "x", "a");
    expect("root a; g: h; h: g", "h", "-");
}

Test(dominator, of_the_textbook_graph)
{
    const char *text =
        "root R; R: A B C; A: D; B: A D E; C: F G; D: L; E: H; F: I;"
        "G: I J; H: E K; I: K; J: I; K: I R; L: H"; /* Lengauer, Tarjan */
    static const char *const expected[][2] = {
        {"A", "R"}, {"B", "R"}, {"C", "R"}, {"D", "R"}, {"E", "R"}, {"F", "C"},
        {"G", "C"}, {"H", "R"}, {"I", "R"}, {"J", "G"}, {"K", "R"}, {"L", "D"}};
    for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
        expect(text, expected[i][0], expected[i][1]);
    }
}

static void
check_order(const struct ml_dominator *d, const struct ml_reach *r, uint64_t seed)
{
    bool seen[ORACLE_NODES] = {false};
    uint32_t held = r->alive_count;
    for (size_t n = 0; n < r->in_hand.bits; n++) {
        held -= ml_bitset_has(&r->in_hand, n);
    }
    cr_assert_eq(d->count, held, "seed %lu", seed);
    for (uint32_t i = 0; i < d->count; i++) {
        uint32_t n = d->order[i], up = d->idom[n];
        cr_assert(!seen[n] && ml_bitset_has(&r->alive, n), "seed %lu: %u", seed, n);
        cr_assert(up == ML_NO_NODE || seen[up], "seed %lu: %u is early", seed, n);
        seen[n] = true;
    }
}

Test(dominator, agrees_with_taking_nodes_away)
{
    for (uint64_t seed = 1; seed <= 600; seed++) {
        struct ml_heap_graph g;
        struct analysed s;
        static struct oracle o;
        int32_t *refs;
        dsl_random(&g, &refs, seed, 30, &ml_alloc_libc);
        oracle_ask(&o, &g, refs);
        cr_assert_eq(analysed_build(&s, &g, refs, &ml_alloc_libc, NULL, NULL), ML_OK);
        for (uint32_t n = 0; n < g.node_count; n++) {
            cr_assert_eq(s.dom.idom[n], o.idom[n], "seed %lu: node %u", seed, n);
        }
        check_order(&s.dom, &s.reach, seed);
        analysed_fini(&s, &ml_alloc_libc);
        ml_heap_graph_fini(&g);
        free(refs);
    }
}

/* -- long ones ------------------------------------------------------------------- */

struct built {
    struct ml_heap_graph g;
    struct analysed s;
};

static void
add_node(struct ml_heap_graph *g, const uint32_t *to, size_t count)
{
    uint32_t n = g->node_count;
    struct ml_node_info info = {.size = 1};
    cr_assert_eq(ml_heap_graph_add_node(g, &info), ML_OK);
    cr_assert_eq(ml_heap_graph_add_edges(g, n, to, count), ML_OK);
}

static void
analyse(struct built *b)
{
    cr_assert_eq(ml_heap_graph_add_root(&b->g, 0, 0, 0), ML_OK);
    cr_assert_eq(ml_heap_graph_freeze(&b->g, NULL), ML_OK);
    int32_t *refs = malloc(b->g.node_count * sizeof(*refs));
    for (uint32_t n = 0; n < b->g.node_count; n++) {
        refs[n] = ML_REFS_UNKNOWN;
    }
    cr_assert_eq(analysed_build(&b->s, &b->g, refs, &ml_alloc_libc, NULL, NULL), ML_OK);
    free(refs);
}

static void
throw_away(struct built *b)
{
    analysed_fini(&b->s, &ml_alloc_libc);
    ml_heap_graph_fini(&b->g);
}

#define LONG 1000000u

Test(dominator, a_chain_of_a_million_both_ways)
{
    struct built b;
    ml_heap_graph_init(&b.g, &ml_alloc_libc);
    for (uint32_t n = 0; n < LONG; n++) {
        uint32_t to[] = {n - 1, n + 1};
        uint32_t first = n == 0, last = n + 1 < LONG ? 2 : 1;
        add_node(&b.g, to + first, last - first);
    }
    analyse(&b);
    for (uint32_t n = 1; n < LONG; n++) {
        cr_assert_eq(b.s.dom.idom[n], n - 1);
        cr_assert_eq(b.s.retained.objects[n], LONG - n);
    }
    throw_away(&b);
}

/* 0 leads to a chain 1..HALF and, beside it, to `across`, which refers to everything
 * the chain's end refers to as well. Climbing step by step would take HALF * HALF. */
static void
build_broom(struct built *b, uint32_t half, bool leaves)
{
    uint32_t *many = malloc(half * sizeof(*many));
    for (uint32_t i = 0; i < half; i++) {
        many[i] = half + 2 + i;
    }
    ml_heap_graph_init(&b->g, &ml_alloc_libc);
    uint32_t start[] = {1, half + 1};
    add_node(&b->g, start, 2);
    for (uint32_t n = 1; n < half; n++) {
        uint32_t next = n + 1;
        add_node(&b->g, &next, 1);
    }
    add_node(&b->g, many, half);
    add_node(&b->g, many, half);
    for (uint32_t i = 0; i < half; i++) {
        add_node(&b->g, &many[i], leaves ? 0 : 1);
    }
    free(many);
    analyse(b);
}

Test(dominator, a_broom_at_the_end_of_a_long_chain_is_no_trouble)
{
    for (int leaves = 0; leaves < 2; leaves++) {
        struct built b;
        const uint32_t half = 300000;
        build_broom(&b, half, leaves);
        for (uint32_t i = 0; i < half; i++) {
            cr_assert_eq(b.s.dom.idom[half + 2 + i], 0);
        }
        cr_assert_eq(b.s.dom.idom[half], half - 1);
        throw_away(&b);
    }
}
