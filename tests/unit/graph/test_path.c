/* SPDX-License-Identifier: MIT
 *
 * Shortest paths: the nearest root, and always the same one.
 */
#include "graph_dsl.h"
#include "oracle.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void
expect(const char *text, const char *node, const char *parent, uint32_t root)
{
    struct dsl d;
    struct analysed s;
    dsl_read(&d, text);
    cr_assert_eq(analysed_build(&s, &d.g, d.refs, &ml_alloc_libc, NULL, NULL), ML_OK);
    uint32_t n = dsl_node(&d, node);
    cr_expect_str_eq(dsl_name(&d, s.path.parent[n]), parent, "%s in %s", node, text);
    cr_expect_eq(s.path.root[n], root, "%s in %s", node, text);
    analysed_fini(&s, &ml_alloc_libc);
    dsl_fini(&d);
}

Test(path, the_shorter_way_wins)
{
    expect("root a; a: b c; b: d; c: e; e: d", "d", "b", 0);
    expect("root a; a: b; b: c; a: c", "c", "a", 0);
}

Test(path, a_root_of_low_rank_wins_over_a_nearer_one)
{
    expect("root far 5; root near 0; far: x; near: y; y: z; z: x", "x", "z", 1);
    expect("root far 2; root near 0; far: x; near: y; y: z; z: x", "x", "far", 0);
}

Test(path, of_equal_ways_the_root_listed_first_wins)
{
    expect("root b; root a; a: x; b: x", "x", "b", 0);
    /* met first through b's child, but a stands first in the list */
    expect("root a 1; root b 0; b: y; a: x; y: x", "x", "a", 0);
}

Test(path, of_equal_ways_the_lowest_holder_wins)
{
    expect("root r; r: q p; p: x; q: x", "x", "q", 0);
    expect("p: x; q: x; root r; r: q p", "x", "p", 0);
}

Test(path, a_root_is_its_own_best_way)
{
    expect("root a; root b; a: b", "b", "-", 1);
    expect("root a; root b 1; a: b", "b", "a", 0);
    expect("root a 3; root a 1", "a", "-", 1);
}

Test(path, what_only_native_code_holds_starts_late)
{
    expect("root a; a: b; n: m; n refs=1", "m", "n", ML_PATH_OUTSIDE);
    expect("root a; a: n; n: m; n refs=5", "m", "n", 0);
    /* rank 66: still found, and behind what is held from outside */
    expect("root a 66; a: m; n: m; n refs=1", "m", "n", ML_PATH_OUTSIDE);
}

Test(path, nothing_leads_through_the_tool_itself)
{
    expect("root a; a: t; t: x; t flags=2", "x", "-", ML_NO_NODE);
    expect("root a; a: t; t: x; t flags=2", "t", "-", ML_NO_NODE);
    expect("root t; t: x; t flags=2", "x", "-", ML_NO_NODE);
}

Test(path, ranks_may_be_as_high_as_they_like)
{
    expect("root a 4294967294; a: b", "b", "a", 0);
}

Test(path, none_starts_in_our_own_hands)
{
    expect("root h own; h: x", "x", "-", ML_NO_NODE);
    expect("root h own; root a 60; h: x; a: b; b: x", "x", "b", 1);
    expect("root n own; n: x; n refs=1", "x", "n", ML_PATH_OUTSIDE);
}

/* Order: each node once, parents first. */
static void
check_order(const struct ml_path_tree *t, uint64_t seed)
{
    bool seen[ORACLE_NODES] = {false};
    for (uint32_t i = 0; i < t->reached; i++) {
        uint32_t n = t->order[i], up = t->parent[n];
        cr_assert_not(seen[n], "seed %lu: %u twice", seed, n);
        cr_assert(up == ML_NO_NODE || seen[up], "seed %lu: %u before its parent", seed,
                  n);
        seen[n] = true;
    }
    for (uint32_t n = 0; n < t->node_count; n++) {
        cr_assert_eq(seen[n], t->root[n] != ML_NO_NODE, "seed %lu: %u", seed, n);
    }
}

Test(path, agrees_with_bellman_and_ford)
{
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct ml_heap_graph g;
        struct analysed s;
        static struct oracle o;
        int32_t *refs;
        dsl_random(&g, &refs, seed, 30, &ml_alloc_libc);
        oracle_ask(&o, &g, refs);
        cr_assert_eq(analysed_build(&s, &g, refs, &ml_alloc_libc, NULL, NULL), ML_OK);
        for (uint32_t n = 0; n < g.node_count; n++) {
            cr_assert_eq(s.path.root[n], o.root[n], "seed %lu: root of %u", seed, n);
            cr_assert_eq(s.path.parent[n], o.parent[n], "seed %lu: above %u", seed, n);
        }
        check_order(&s.path, seed);
        analysed_fini(&s, &ml_alloc_libc);
        ml_heap_graph_fini(&g);
        free(refs);
    }
}
