/* SPDX-License-Identifier: MIT
 *
 * Findings: told once each, with where they accumulate and what shares their container;
 * filtered, sorted, limited; on random heaps and without memory.
 */
#include "fail_alloc.h"
#include "web_heap.h"

#include <criterion/criterion.h>

TestSuite(findings, .init = web_heap_init, .fini = web_heap_fini);

Test(findings, two_leaks_are_two_findings_the_greater_first)
{
    uint32_t order = draw_handlers(2000);
    uint32_t sessions = draw_sessions(5000, 3);
    web_heap_find();
    cr_expect_eq(found.count, 2);
    expect_finding(0, SESSION, 5000, sessions, 5000);
    expect_finding(1, FUNCTION, 2000, order, 2000);
}

Test(findings, a_linked_list_that_is_a_root_is_held_by_nothing)
{
    uint32_t at = sketch_root(&heap, NODE, 48, 0);
    for (int i = 1; i < 1000; i++) {
        at = sketch_child(&heap, at, NODE, 48, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, NODE, 1000, ML_NO_NODE, 0);
}

Test(findings, chains_in_a_dict_are_held_by_the_dict)
{
    uint32_t dict = sketch_root(&heap, DICT, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 100; i++) {
        uint32_t at = dict;
        for (int k = 0; k < 50; k++) {
            at = sketch_child(&heap, at, NODE, 48, 0);
        }
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, NODE, 5000, dict, 100);
}

Test(findings, records_in_a_deeply_nested_state_accumulate_where_they_are)
{
    uint32_t at = sketch_root(&heap, DICT, 64, 0);
    for (int i = 0; i < 7; i++) {
        at = sketch_child(&heap, at, DICT, 64, 0);
    }
    uint32_t list = sketch_child(&heap, at, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 1000; i++) {
        sketch_child(&heap, list, DICT, 64, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, DICT, 1008, list, 1000);
}

Test(findings, members_of_several_kinds_are_one_finding_of_the_heavier_kind)
{
    uint32_t list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 10000; i++) {
        sketch_child(&heap, list, ITEM, 40, 0);
        sketch_child(&heap, list, ORDER, 50, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ORDER, 10000, list, 10000);
    cr_expect_eq(found.finding[0].companions, 10000);
    cr_expect_eq(found.finding[0].companions_retained, 400000);
}

Test(findings, the_same_kind_in_two_global_variables_is_two_findings)
{
    uint32_t a = draw_sessions(500, 1);
    uint32_t b = draw_sessions(400, 1);
    web_heap_find();
    cr_expect_eq(found.count, 2);
    expect_finding(0, SESSION, 500, a, 500);
    expect_finding(1, SESSION, 400, b, 400);
}

Test(findings, two_lists_of_one_object_are_two_findings)
{
    uint32_t app = sketch_root(&heap, APP, 48, 0);
    uint32_t dict = sketch_child(&heap, app, DICT, 104, ML_NODE_FOLD);
    uint32_t a = sketch_child(&heap, dict, LIST, 88, ML_NODE_SPREAD);
    uint32_t b = sketch_child(&heap, dict, LIST, 88, ML_NODE_SPREAD);
    for (int i = 0; i < 300; i++) {
        sketch_child(&heap, a, ITEM, 64, 0);
        sketch_child(&heap, b, ITEM, 48, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 2);
    expect_finding(0, ITEM, 300, a, 300);
    expect_finding(1, ITEM, 300, b, 300);
}

Test(findings, fan_out_through_a_folded_dict_counts_as_from_its_holder)
{
    uint32_t app = sketch_root(&heap, APP, 48, 0);
    uint32_t dict = sketch_child(&heap, app, DICT, 104, ML_NODE_FOLD | ML_NODE_SPREAD);
    for (int i = 0; i < 300; i++) {
        sketch_child(&heap, dict, ITEM, 64, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ITEM, 300, app, 300);
}

Test(findings, what_native_code_holds_by_the_hundred_is_found)
{
    sketch_root(&heap, APP, 48, 0);
    for (int i = 0; i < 300; i++) {
        sketch_hold_outside(&heap, sketch_node(&heap, ITEM, 64, 0));
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ITEM, 300, ML_NO_NODE, 0);
}

static bool
is_kind(void *ctx, uint32_t kind)
{
    return kind == *(const uint32_t *)ctx;
}

Test(findings, the_filter_finds_the_wanted_kind_below_the_leak)
{
    uint32_t wanted = CART;
    options.wanted = is_kind;
    options.ctx = &wanted;
    uint32_t sessions = draw_sessions(500, 3);
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, CART, 500, sessions, 500);
}

Test(findings, the_filter_finds_what_shares_the_container)
{
    uint32_t wanted = STR;
    options.wanted = is_kind;
    options.ctx = &wanted;
    uint32_t sessions = draw_sessions(500, 3);
    web_heap_find();
    cr_expect_eq(found.count, 2, "the keys, and the names of the sessions");
    expect_finding(0, STR, 500, sessions, 500);
    expect_finding(1, STR, 500, sessions, 500);
}

Test(findings, the_filter_finds_nothing_where_nothing_is_wanted)
{
    uint32_t wanted = NODE;
    options.wanted = is_kind;
    options.ctx = &wanted;
    draw_sessions(500, 3);
    web_heap_find();
    cr_expect_eq(found.count, 0);
}

Test(findings, no_more_than_asked_for_and_the_greatest_of_them)
{
    for (uint32_t i = 1; i <= 20; i++) {
        draw_sessions(10 + (i * 7) % 20, 3);
    }
    options.max_findings = 5;
    web_heap_find();
    cr_expect_eq(found.count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        cr_expect_eq(found.finding[i].count, 29 - i);
    }
}

Test(findings, an_empty_heap_has_none)
{
    web_heap_find();
    cr_expect_eq(found.count, 0);
}

/* Whether a finding stands above another on the way from its root. */
static bool
is_above(uint32_t place, uint32_t below)
{
    uint32_t at = heap.places.place[below].parent;
    while (at != ML_NO_NODE && at != place) {
        at = heap.places.place[at].parent;
    }
    return at == place;
}

static void
check_finding(uint32_t i, uint32_t seed)
{
    const struct ml_finding *f = &found.finding[i];
    const struct ml_place *p = &heap.places.place[f->place];
    const uint8_t never = ML_NODE_FOLD | ML_NODE_FURNITURE | ML_NODE_OWN;
    cr_assert_eq(p->flags & never, 0, "seed %u", seed);
    cr_assert_eq(f->count, p->count, "seed %u", seed);
    cr_assert_leq(f->shallow, f->retained, "seed %u", seed);
    for (uint32_t k = 0; k < i; k++) {
        const struct ml_finding *worse = &found.finding[k];
        cr_assert_neq(worse->place, f->place, "seed %u", seed);
        cr_assert_geq(worse->retained + worse->companions_retained,
                      f->retained + f->companions_retained, "seed %u", seed);
        /* only what is heavy by itself, or heavy apart from what hangs below it */
        if (is_above(worse->place, f->place) &&
            worse->retained / worse->count < options.min_single_size) {
            cr_assert_leq(f->count, worse->count / 8, "seed %u: part of another", seed);
        }
    }
}

Test(findings, on_random_heaps_they_are_sorted_apart_and_never_furniture)
{
    uint32_t seen = 0;
    for (uint32_t seed = 1; seed <= 200; seed++) {
        web_heap_init();
        options.min_count = 2 + seed % 5;
        options.min_single_size = 100 + 10 * seed;
        sketch_random(&heap, 10 + 3 * seed, seed);
        web_heap_find();
        for (uint32_t i = 0; i < found.count; i++) {
            check_finding(i, seed);
        }
        seen += found.count;
        web_heap_fini();
    }
    web_heap_init();
    cr_expect_gt(seen, 200);
}

Test(findings, every_allocation_may_fail)
{
    struct fail_alloc f;
    int rc = ML_ENOMEM;
    draw_sessions(20, 3);
    draw_handlers(30);
    sketch_analyse(&heap);
    for (size_t n = 0; rc != ML_OK; n++) {
        struct ml_error err = {0};
        fail_alloc_init(&f, n);
        rc = ml_findings_pick(&heap.g, &heap.tree, &heap.places, &heap.ret, &options, &f.alloc,
                              &found, &err);
        cr_assert(rc == ML_OK || (rc == ML_ENOMEM && err.code == ML_ENOMEM));
        cr_assert(rc == ML_OK || (found.finding == NULL && f.live == 0), "at %zu", n);
        cr_expect_eq(found.count, rc == ML_OK ? 2 : 0);
        ml_findings_fini(&found);
        cr_assert_eq(f.live, 0, "at %zu", n);
        cr_assert_eq(f.wrong_sizes, 0, "at %zu", n);
    }
}
