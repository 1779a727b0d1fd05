/* SPDX-License-Identifier: MIT
 *
 * What is alive, what is garbage, what is held from outside.
 */
#include "graph_dsl.h"
#include "oracle.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void
reach(const struct dsl *d, struct ml_reach *out)
{
    struct ml_reverse r;
    cr_assert_eq(ml_reverse_build(&d->g, &ml_alloc_libc, NULL, &r, NULL), ML_OK);
    cr_assert_eq(ml_reach_compute(&d->g, &r, d->refs, &ml_alloc_libc, NULL, out, NULL),
                 ML_OK);
    ml_reverse_fini(&r, &ml_alloc_libc);
}

Test(reach, a_cycle_nobody_holds_is_garbage)
{
    struct dsl d;
    struct ml_reach r;
    dsl_read(&d, "root a; a: b; x: y; y: x z; z size=10");
    reach(&d, &r);
    cr_assert(ml_bitset_has(&r.alive, dsl_node(&d, "b")));
    cr_assert_not(ml_bitset_has(&r.alive, dsl_node(&d, "x")));
    cr_assert_eq(r.alive_count, 2);
    cr_assert_eq(r.garbage_count, 3);
    cr_assert_eq(r.garbage_size, 12);
    cr_assert_eq(r.alive_size, 2);
    ml_reach_fini(&r, &ml_alloc_libc);
    dsl_fini(&d);
}

Test(reach, a_count_higher_than_what_is_shown_keeps_a_cycle_alive)
{
    struct dsl d;
    struct ml_reach r;
    dsl_read(&d, "x: y; y: x; y refs=3");
    reach(&d, &r);
    cr_assert(ml_bitset_has(&r.outside, dsl_node(&d, "y")));
    cr_assert(ml_bitset_has(&r.alive, dsl_node(&d, "x")));
    cr_assert_not(ml_bitset_has(&r.named, dsl_node(&d, "x")));
    cr_assert_eq(r.excess[dsl_node(&d, "y")], 2);
    cr_assert_eq(r.outside_count, 1);
    ml_reach_fini(&r, &ml_alloc_libc);
    dsl_fini(&d);
}

Test(reach, counts_that_say_nothing_hold_nothing)
{
    struct dsl d;
    struct ml_reach r;
    dsl_read(&d, "x: x; x refs=-2147483648; y: y; y refs=99 flags=32; z refs=-1");
    reach(&d, &r);
    cr_assert_eq(r.garbage_count, 3);
    cr_assert_eq(r.excess[dsl_node(&d, "x")], 0);
    cr_assert_eq(r.excess[dsl_node(&d, "y")], 0);
    cr_assert_eq(r.excess[dsl_node(&d, "z")], -1);
    ml_reach_fini(&r, &ml_alloc_libc);
    dsl_fini(&d);
}

Test(reach, what_only_our_own_hands_hold_is_alive_but_not_named)
{
    struct dsl d;
    struct ml_reach r;
    dsl_read(&d, "root h own; root a; h: x y; x: z; a: y");
    reach(&d, &r);
    cr_expect(ml_bitset_has(&r.alive, dsl_node(&d, "z")));
    cr_expect_not(ml_bitset_has(&r.named, dsl_node(&d, "z")));
    cr_expect(ml_bitset_has(&r.in_hand, dsl_node(&d, "x")));
    cr_expect_not(ml_bitset_has(&r.in_hand, dsl_node(&d, "y")));
    cr_expect_eq(r.garbage_count, 0);
    ml_reach_fini(&r, &ml_alloc_libc);
    dsl_fini(&d);
}

static void
compare(const struct oracle *o, const struct ml_reach *r, uint64_t seed)
{
    uint32_t alive = 0;
    for (uint32_t n = 0; n < o->g->node_count; n++) {
        cr_assert_eq(ml_bitset_has(&r->alive, n), o->alive[n], "seed %lu: %u", seed, n);
        cr_assert_eq(ml_bitset_has(&r->named, n), o->named[n], "seed %lu: %u", seed, n);
        cr_assert_eq(ml_bitset_has(&r->outside, n), o->outside[n], "seed %lu: %u", seed,
                     n);
        cr_assert_eq(ml_bitset_has(&r->in_hand, n), o->alive[n] && !o->firm[n],
                     "seed %lu: %u", seed, n);
        alive += o->alive[n];
    }
    cr_assert_eq(r->alive_count, alive);
    cr_assert_eq(r->garbage_count, o->g->node_count - alive);
}

Test(reach, agrees_with_the_definition)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct ml_heap_graph g;
        struct analysed s;
        static struct oracle o;
        int32_t *refs;
        dsl_random(&g, &refs, seed, 30, &ml_alloc_libc);
        oracle_ask(&o, &g, refs);
        cr_assert_eq(analysed_build(&s, &g, refs, &ml_alloc_libc, NULL, NULL), ML_OK);
        compare(&o, &s.reach, seed);
        analysed_fini(&s, &ml_alloc_libc);
        ml_heap_graph_fini(&g);
        free(refs);
    }
}
