/* SPDX-License-Identifier: MIT
 *
 * Findings: the leaks of drawn web applications are found, once each, and what is not
 * a leak is not. The cases are those of docs/internals/findings.md.
 */
#include "fail_alloc.h"
#include "heap_sketch.h"

#include <criterion/criterion.h>

static struct sketch s;
static struct ml_finding_options options;
static struct ml_findings found;

static void
set_up(void)
{
    sketch_init(&s);
    options = sketch_options();
}

static void
tear_down(void)
{
    ml_findings_fini(&found);
    sketch_fini(&s);
}

static void
find(void)
{
    sketch_analyse(&s);
    found = sketch_pick(&s, &options);
}

static uint32_t
kind_of(uint32_t finding)
{
    return s.places.place[found.finding[finding].place].kind;
}

/* The finding number `i` is so many of that kind, accumulated by that node. */
static void
expect_finding(uint32_t i, uint32_t kind, uint32_t count, uint32_t by, uint32_t entries)
{
    cr_assert_lt(i, found.count, "only %u findings", found.count);
    const struct ml_finding *f = &found.finding[i];
    cr_expect_eq(kind_of(i), kind, "kind %u rather than %u", kind_of(i), kind);
    cr_expect_eq(f->count, count, "count %u rather than %u", f->count, count);
    cr_expect_eq(f->accumulation, by, "at %u rather than %u", f->accumulation, by);
    cr_expect_eq(f->entries, entries, "entries %u rather than %u", f->entries, entries);
}

/* An instance with its dict, a name, and a list of `items`; as the agent shows it. */
static uint32_t
draw_session(uint32_t holder, uint32_t items)
{
    uint32_t session = sketch_child(&s, holder, SESSION, 48, 0);
    uint32_t dict = sketch_child(&s, session, DICT, 104, ML_NODE_FOLD);
    sketch_child(&s, dict, STR, 60, 0);
    uint32_t cart = sketch_child(&s, dict, CART, 56, 0);
    uint32_t list = sketch_child(&s, cart, LIST, 88, ML_NODE_SPREAD);
    for (uint32_t i = 0; i < items; i++) {
        sketch_child(&s, list, ITEM, 64, 0);
    }
    return session;
}

static uint32_t
draw_sessions(uint32_t count, uint32_t items)
{
    uint32_t dict = sketch_root(&s, DICT, 64, ML_NODE_SPREAD);
    for (uint32_t i = 0; i < count; i++) {
        sketch_child(&s, dict, STR, 70, 0);
        draw_session(dict, items);
    }
    return dict;
}

/* handlers['order'] and 'user', with closures: function ─ cell ─ object. */
static uint32_t
draw_handlers(uint32_t leaked)
{
    uint32_t bus = sketch_root(&s, BUS, 48, 0);
    uint32_t dict = sketch_child(&s, bus, DICT, 104, ML_NODE_FOLD);
    uint32_t handlers = sketch_child(&s, dict, DICT, 232, 0);
    uint32_t order = ML_NO_NODE;
    for (int topic = 0; topic < 2; topic++) {
        sketch_child(&s, handlers, STR, 54, ML_NODE_NO_COUNT);
        uint32_t list = sketch_child(&s, handlers, LIST, 88, ML_NODE_SPREAD);
        order = topic == 0 ? list : order;
        for (uint32_t i = 0; i < (topic == 0 ? leaked : 3); i++) {
            uint32_t function = sketch_child(&s, list, FUNCTION, 144, 0);
            uint32_t closure = sketch_child(&s, function, TUPLE, 48, ML_NODE_FOLD);
            uint32_t cell = sketch_child(&s, closure, CELL, 40, ML_NODE_FOLD);
            sketch_child(&s, cell, ORDER, 48, 0);
        }
    }
    return order;
}

TestSuite(findings, .init = set_up, .fini = tear_down);

Test(findings, sessions_in_a_dict_are_one_finding_with_their_keys_and_carts)
{
    uint32_t sessions = draw_sessions(50000, 3);
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, SESSION, 50000, sessions, 50000);
    cr_expect_eq(found.finding[0].retained, 50000ull * (48 + 104 + 60 + 56 + 88 + 3 * 64));
    cr_expect_eq(found.finding[0].shallow, 50000 * 48);
    cr_expect_eq(found.finding[0].companions, 50000);
    cr_expect_eq(found.finding[0].companions_retained, 50000 * 70);
}

Test(findings, closures_in_a_list_of_handlers_accumulate_in_that_list)
{
    uint32_t order = draw_handlers(20000);
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, FUNCTION, 20000, order, 20000);
}

Test(findings, two_leaks_are_two_findings_the_greater_first)
{
    uint32_t order = draw_handlers(2000);
    uint32_t sessions = draw_sessions(5000, 3);
    find();
    cr_expect_eq(found.count, 2);
    expect_finding(0, SESSION, 5000, sessions, 5000);
    expect_finding(1, FUNCTION, 2000, order, 2000);
}

/* A registry of `plugins`, of which the second keeps `leaked` results. */
static uint32_t
draw_plugins(uint32_t plugins, uint32_t leaked)
{
    uint32_t registry = sketch_root(&s, DICT, 232, ML_NODE_SPREAD);
    uint32_t leak = ML_NO_NODE;
    for (uint32_t i = 0; i < plugins; i++) {
        sketch_child(&s, registry, STR, 60, 0);
        uint32_t plugin = sketch_child(&s, registry, PLUGIN, 48, 0);
        uint32_t dict = sketch_child(&s, plugin, DICT, 104, ML_NODE_FOLD);
        uint32_t cache = sketch_child(&s, dict, LIST, 88, ML_NODE_SPREAD);
        leak = i == 1 ? cache : leak;
        for (uint32_t k = 0; k < (i == 1 ? leaked : 5); k++) {
            sketch_child(&s, cache, ITEM, 64, 0);
        }
    }
    return leak;
}

Test(findings, the_leak_of_one_of_five_plugins_is_found_rather_than_the_plugins)
{
    uint32_t cache = draw_plugins(5, 100000);
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ITEM, 100020, cache, 100000);
}

Test(findings, the_leak_of_one_of_many_plugins_hides_the_names_of_the_plugins)
{
    uint32_t cache = draw_plugins(40, 100000);
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ITEM, 100000 + 39 * 5, cache, 100000);
}

Test(findings, one_great_history_among_many_sessions_is_found)
{
    uint32_t sessions = draw_sessions(1000, 3);
    uint32_t great = draw_session(sessions, 200000);
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ITEM, 203000, great + 4, 200000);
}

Test(findings, a_few_longer_histories_do_not_hide_the_sessions)
{
    uint32_t sessions = draw_sessions(1000, 3);
    for (int i = 0; i < 20; i++) {
        draw_session(sessions, 200);
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, SESSION, 1020, sessions, 1020);
}

Test(findings, a_linked_list_of_a_million_is_found_where_its_head_is_held)
{
    uint32_t app = sketch_root(&s, APP, 48, 0);
    uint32_t at = sketch_child(&s, app, DICT, 104, ML_NODE_FOLD);
    for (int i = 0; i < 1000000; i++) {
        uint32_t node = sketch_child(&s, at, NODE, 48, 0);
        at = sketch_child(&s, node, DICT, 104, ML_NODE_FOLD);
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, NODE, 1000000, app, 1);
    cr_expect_eq(found.finding[0].retained, 152000000);
}

Test(findings, a_linked_list_that_is_a_root_is_held_by_nothing)
{
    uint32_t at = sketch_root(&s, NODE, 48, 0);
    for (int i = 1; i < 1000; i++) {
        at = sketch_child(&s, at, NODE, 48, 0);
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, NODE, 1000, ML_NO_NODE, 0);
}

Test(findings, chains_in_a_dict_are_held_by_the_dict)
{
    uint32_t dict = sketch_root(&s, DICT, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 100; i++) {
        uint32_t at = dict;
        for (int k = 0; k < 50; k++) {
            at = sketch_child(&s, at, NODE, 48, 0);
        }
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, NODE, 5000, dict, 100);
}

Test(findings, records_in_a_deeply_nested_state_accumulate_where_they_are)
{
    uint32_t at = sketch_root(&s, DICT, 64, 0);
    for (int i = 0; i < 7; i++) {
        at = sketch_child(&s, at, DICT, 64, 0);
    }
    uint32_t list = sketch_child(&s, at, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 1000; i++) {
        sketch_child(&s, list, DICT, 64, 0);
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, DICT, 1008, list, 1000);
}

Test(findings, of_three_levels_the_one_with_the_greatest_jump_is_found)
{
    uint32_t top = sketch_root(&s, DICT, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 12; i++) {
        uint32_t user = sketch_child(&s, top, LIST, 64, ML_NODE_SPREAD);
        for (int k = 0; k < 400; k++) {
            uint32_t order = sketch_child(&s, user, ORDER, 64, 0);
            uint32_t items = sketch_child(&s, order, TUPLE, 64, ML_NODE_SPREAD);
            for (int m = 0; m < 15; m++) {
                sketch_child(&s, items, ITEM, 64, 0);
            }
        }
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ORDER, 4800, top + 1, 400);
}

Test(findings, what_two_containers_share_is_one_finding)
{
    uint32_t by_id = draw_sessions(500, 3);
    uint32_t recent = sketch_root(&s, LIST, 64, ML_NODE_SPREAD);
    for (size_t i = 0, edges = s.edges.len; i < edges; i++) {
        const struct sketch_edge e = s.edges.data[i];
        if (e.from == by_id && s.nodes.data[e.to].kind == SESSION) {
            sketch_edge(&s, recent, e.to);
        }
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, SESSION, 500, by_id, 500);
    cr_expect_eq(found.finding[0].retained, 500u * (48 + 104 + 60 + 56 + 88 + 3 * 64));
}

Test(findings, a_leak_below_something_heavy_is_named_beside_it)
{
    uint32_t app = sketch_root(&s, APP, 64, 0);
    for (int i = 0; i < 9; i++) {
        sketch_child(&s, app, BYTES, 300000, 0);
    }
    uint32_t list = sketch_child(&s, app, LIST, 8000, ML_NODE_SPREAD);
    for (int i = 0; i < 1000; i++) {
        sketch_child(&s, list, ITEM, 64, 0);
    }
    find();
    cr_expect_eq(found.count, 2);
    expect_finding(0, APP, 1, ML_NO_NODE, 0);
    expect_finding(1, ITEM, 1000, list, 1000);
}

Test(findings, a_tree_is_one_finding)
{
    uint32_t app = sketch_root(&s, APP, 64, 0);
    uint32_t tree = sketch_child(&s, app, NODE, 48, 0);
    for (uint32_t i = 0; i < 20000; i++) {
        sketch_child(&s, tree + i, NODE, 48, 0);
        sketch_child(&s, tree + i, NODE, 48, 0);
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, NODE, 40001, app, 1);
}

Test(findings, a_single_huge_object_is_one_finding)
{
    uint32_t app = sketch_root(&s, APP, 64, 0);
    uint32_t dict = sketch_child(&s, app, DICT, 104, ML_NODE_FOLD);
    uint32_t cache = sketch_child(&s, dict, DICT, 232, ML_NODE_SPREAD);
    sketch_child(&s, cache, STR, 60, 0);
    sketch_child(&s, cache, BYTES, 200u << 20, 0);
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, BYTES, 1, cache, 1);
}

Test(findings, an_object_too_small_and_alone_is_none)
{
    uint32_t app = sketch_root(&s, APP, 64, 0);
    sketch_child(&s, app, BYTES, 900000, 0);
    find();
    cr_expect_eq(found.count, 0);
}

Test(findings, what_is_heavy_all_over_is_found_as_a_whole)
{
    uint32_t app = sketch_root(&s, APP, 64, 0);
    for (int i = 0; i < 9; i++) {
        sketch_child(&s, app, BYTES, 300000, 0);
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, APP, 1, ML_NO_NODE, 0);
}

Test(findings, one_blob_among_many_sessions_is_named_beside_them)
{
    uint32_t sessions = draw_sessions(1000, 3);
    uint32_t heavy = draw_session(sessions, 3);
    uint32_t blob = sketch_child(&s, heavy + 1, BYTES, 200u << 20, 0);
    find();
    cr_expect_eq(found.count, 2);
    expect_finding(0, SESSION, 1001, sessions, 1001);
    expect_finding(1, BYTES, 1, heavy, 1);
    cr_expect_eq(s.places.of_node[blob], found.finding[1].place);
}

Test(findings, the_blob_that_each_model_is_made_of_is_none_beside_them)
{
    uint32_t models = sketch_root(&s, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 20; i++) {
        uint32_t model = sketch_child(&s, models, PLUGIN, 48, 0);
        sketch_child(&s, model, BYTES, 100u << 20, 0);
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, PLUGIN, 20, models, 20);
}

Test(findings, the_table_of_a_huge_dict_is_part_of_the_leak_in_it)
{
    uint32_t seen = sketch_root(&s, DICT, 40u << 20, ML_NODE_SPREAD);
    for (int i = 0; i < 100000; i++) {
        sketch_child(&s, seen, STR, 80, 0);
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, STR, 100000, seen, 100000);
}

Test(findings, a_matrix_is_one_finding_of_rows)
{
    uint32_t matrix = sketch_root(&s, LIST, 8056, ML_NODE_SPREAD);
    for (int i = 0; i < 1000; i++) {
        uint32_t row = sketch_child(&s, matrix, LIST, 8056, ML_NODE_SPREAD);
        for (int k = 0; k < 1000; k++) {
            sketch_child(&s, row, FLOAT, 24, 0);
        }
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, LIST, 1000, matrix, 1000);
    cr_expect_eq(found.finding[0].retained, 1000 * 8056 + 24000000);
}

Test(findings, members_of_several_kinds_are_one_finding_of_the_heavier_kind)
{
    uint32_t list = sketch_root(&s, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 10000; i++) {
        sketch_child(&s, list, ITEM, 40, 0);
        sketch_child(&s, list, ORDER, 50, 0);
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ORDER, 10000, list, 10000);
    cr_expect_eq(found.finding[0].companions, 10000);
    cr_expect_eq(found.finding[0].companions_retained, 400000);
}

Test(findings, many_kinds_with_few_members_each_count_together)
{
    uint32_t list = sketch_root(&s, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 4; i++) {
        sketch_child(&s, list, SESSION, 40, 0);
        sketch_child(&s, list, CART, 50, 0);
        sketch_child(&s, list, ITEM, 30, 0);
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, CART, 4, list, 4);
    cr_expect_eq(found.finding[0].companions, 8);
}

Test(findings, companions_with_a_leak_of_their_own_keep_it)
{
    uint32_t list = sketch_root(&s, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 1000; i++) {
        sketch_child(&s, list, ITEM, 4000, 0);
    }
    uint32_t plugin = sketch_child(&s, list, PLUGIN, 48, 0);
    uint32_t cache = sketch_child(&s, plugin, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 50000; i++) {
        sketch_child(&s, cache, ORDER, 48, 0);
    }
    find();
    cr_expect_eq(found.count, 2);
    expect_finding(0, ITEM, 1000, list, 1000);
    cr_expect_eq(found.finding[0].companions, 0);
    expect_finding(1, ORDER, 50000, cache, 50000);
}

Test(findings, the_same_kind_in_two_global_variables_is_two_findings)
{
    uint32_t a = draw_sessions(500, 1);
    uint32_t b = draw_sessions(400, 1);
    find();
    cr_expect_eq(found.count, 2);
    expect_finding(0, SESSION, 500, a, 500);
    expect_finding(1, SESSION, 400, b, 400);
}

Test(findings, two_lists_of_one_object_are_two_findings)
{
    uint32_t app = sketch_root(&s, APP, 48, 0);
    uint32_t dict = sketch_child(&s, app, DICT, 104, ML_NODE_FOLD);
    uint32_t a = sketch_child(&s, dict, LIST, 88, ML_NODE_SPREAD);
    uint32_t b = sketch_child(&s, dict, LIST, 88, ML_NODE_SPREAD);
    for (int i = 0; i < 300; i++) {
        sketch_child(&s, a, ITEM, 64, 0);
        sketch_child(&s, b, ITEM, 48, 0);
    }
    find();
    cr_expect_eq(found.count, 2);
    expect_finding(0, ITEM, 300, a, 300);
    expect_finding(1, ITEM, 300, b, 300);
}

Test(findings, functions_of_a_module_are_furniture_and_none)
{
    uint32_t module = sketch_root(&s, DICT, 20000, ML_NODE_SPREAD | ML_NODE_FURNITURE);
    for (int i = 0; i < 300; i++) {
        uint32_t function = sketch_child(&s, module, FUNCTION, 144, ML_NODE_FURNITURE);
        sketch_child(&s, function, STR, 500, 0);
    }
    find();
    cr_expect_eq(found.count, 0);
}

Test(findings, a_leak_held_by_furniture_is_found)
{
    uint32_t module = sketch_root(&s, DICT, 20000, ML_NODE_FURNITURE);
    uint32_t class = sketch_child(&s, module, TUPLE, 1000, ML_NODE_FURNITURE);
    uint32_t list = sketch_child(&s, class, LIST, 88, ML_NODE_SPREAD);
    for (int i = 0; i < 300; i++) {
        sketch_child(&s, list, ITEM, 64, 0);
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ITEM, 300, list, 300);
}

Test(findings, fan_out_through_a_folded_dict_counts_as_from_its_holder)
{
    uint32_t app = sketch_root(&s, APP, 48, 0);
    uint32_t dict = sketch_child(&s, app, DICT, 104, ML_NODE_FOLD | ML_NODE_SPREAD);
    for (int i = 0; i < 300; i++) {
        sketch_child(&s, dict, ITEM, 64, 0);
    }
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ITEM, 300, app, 300);
}

Test(findings, what_native_code_holds_by_the_hundred_is_found)
{
    sketch_root(&s, APP, 48, 0);
    for (int i = 0; i < 300; i++) {
        sketch_hold_outside(&s, sketch_node(&s, ITEM, 64, 0));
    }
    find();
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
    find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, CART, 500, sessions, 500);
}

Test(findings, the_filter_finds_what_shares_the_container)
{
    uint32_t wanted = STR;
    options.wanted = is_kind;
    options.ctx = &wanted;
    uint32_t sessions = draw_sessions(500, 3);
    find();
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
    find();
    cr_expect_eq(found.count, 0);
}

Test(findings, no_more_than_asked_for_and_the_greatest_of_them)
{
    for (uint32_t i = 1; i <= 20; i++) {
        draw_sessions(10 + (i * 7) % 20, 3);
    }
    options.max_findings = 5;
    find();
    cr_expect_eq(found.count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        cr_expect_eq(found.finding[i].count, 29 - i);
    }
}

Test(findings, an_empty_heap_has_none)
{
    find();
    cr_expect_eq(found.count, 0);
}

/* Whether a finding stands above another on the way from its root. */
static bool
is_above(uint32_t place, uint32_t below)
{
    uint32_t at = s.places.place[below].parent;
    while (at != ML_NO_NODE && at != place) {
        at = s.places.place[at].parent;
    }
    return at == place;
}

static void
check_finding(uint32_t i, uint32_t seed)
{
    const struct ml_finding *f = &found.finding[i];
    const struct ml_place *p = &s.places.place[f->place];
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
        set_up();
        options.min_count = 2 + seed % 5;
        options.min_single_size = 100 + 10 * seed;
        sketch_random(&s, 10 + 3 * seed, seed);
        find();
        for (uint32_t i = 0; i < found.count; i++) {
            check_finding(i, seed);
        }
        seen += found.count;
        tear_down();
    }
    set_up();
    cr_expect_gt(seen, 200);
}

Test(findings, every_allocation_may_fail)
{
    struct fail_alloc f;
    int rc = ML_ENOMEM;
    draw_sessions(20, 3);
    draw_handlers(30);
    sketch_analyse(&s);
    for (size_t n = 0; rc != ML_OK; n++) {
        struct ml_error err = {0};
        fail_alloc_init(&f, n);
        rc = ml_findings_pick(&s.g, &s.tree, &s.places, &s.ret, &options, &f.alloc,
                              &found, &err);
        cr_assert(rc == ML_OK || (rc == ML_ENOMEM && err.code == ML_ENOMEM));
        cr_assert(rc == ML_OK || (found.finding == NULL && f.live == 0), "at %zu", n);
        cr_expect_eq(found.count, rc == ML_OK ? 2 : 0);
        ml_findings_fini(&found);
        cr_assert_eq(f.live, 0, "at %zu", n);
        cr_assert_eq(f.wrong_sizes, 0, "at %zu", n);
    }
}
