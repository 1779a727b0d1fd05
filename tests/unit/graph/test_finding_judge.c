/* SPDX-License-Identifier: MIT
 *
 * Verdicts: which place is the leak, in drawn web applications. The cases are those of
 * docs/internals/findings.md.
 */
#include "web_heap.h"

#include <criterion/criterion.h>

TestSuite(finding_judge, .init = web_heap_init, .fini = web_heap_fini);

Test(finding_judge, sessions_in_a_dict_are_one_finding_with_their_keys_and_carts)
{
    uint32_t sessions = draw_sessions(50000, 3);
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, SESSION, 50000, sessions, 50000);
    cr_expect_eq(found.finding[0].retained, 50000ull * (SESSION_SIZE + 3 * ITEM_SIZE));
    cr_expect_eq(found.finding[0].shallow, 50000 * 48);
    cr_expect_eq(found.finding[0].companions, 50000);
    cr_expect_eq(found.finding[0].companions_retained, 50000 * 70);
}

Test(finding_judge, closures_in_a_list_of_handlers_accumulate_in_that_list)
{
    uint32_t order = draw_handlers(20000);
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, FUNCTION, 20000, order, 20000);
}

/* A registry of `plugins`, of which the second keeps `leaked` results. */
static uint32_t
draw_plugins(uint32_t plugins, uint32_t leaked)
{
    uint32_t registry = sketch_root(&heap, DICT, 232, ML_NODE_SPREAD);
    uint32_t leak = ML_NO_NODE;
    for (uint32_t i = 0; i < plugins; i++) {
        sketch_child(&heap, registry, STR, 60, 0);
        uint32_t plugin = sketch_child(&heap, registry, PLUGIN, 48, 0);
        uint32_t dict = sketch_child(&heap, plugin, DICT, 104, ML_NODE_FOLD);
        uint32_t cache = sketch_child(&heap, dict, LIST, 88, ML_NODE_SPREAD);
        leak = i == 1 ? cache : leak;
        for (uint32_t k = 0; k < (i == 1 ? leaked : 5); k++) {
            sketch_child(&heap, cache, ITEM, 64, 0);
        }
    }
    return leak;
}

Test(finding_judge, the_leak_of_one_of_five_plugins_is_found_rather_than_the_plugins)
{
    uint32_t cache = draw_plugins(5, 100000);
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ITEM, 100020, cache, 100000);
}

Test(finding_judge, the_leak_of_one_of_many_plugins_hides_the_names_of_the_plugins)
{
    uint32_t cache = draw_plugins(40, 100000);
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ITEM, 100000 + 39 * 5, cache, 100000);
}

Test(finding_judge, one_great_history_among_many_sessions_is_found)
{
    uint32_t sessions = draw_sessions(1000, 3);
    uint32_t great = draw_session(sessions, 200000);
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ITEM, 203000, great + 4, 200000);
}

Test(finding_judge, a_few_longer_histories_do_not_hide_the_sessions)
{
    uint32_t sessions = draw_sessions(1000, 3);
    for (int i = 0; i < 20; i++) {
        draw_session(sessions, 200);
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, SESSION, 1020, sessions, 1020);
}

Test(finding_judge, a_linked_list_of_a_million_is_found_where_its_head_is_held)
{
    uint32_t app = sketch_root(&heap, APP, 48, 0);
    uint32_t at = sketch_child(&heap, app, DICT, 104, ML_NODE_FOLD);
    for (int i = 0; i < 1000000; i++) {
        uint32_t node = sketch_child(&heap, at, NODE, 48, 0);
        at = sketch_child(&heap, node, DICT, 104, ML_NODE_FOLD);
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, NODE, 1000000, app, 1);
    cr_expect_eq(found.finding[0].retained, 152000000);
}

Test(finding_judge, of_three_levels_the_one_with_the_greatest_jump_is_found)
{
    uint32_t top = sketch_root(&heap, DICT, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 12; i++) {
        uint32_t user = sketch_child(&heap, top, LIST, 64, ML_NODE_SPREAD);
        for (int k = 0; k < 400; k++) {
            uint32_t order = sketch_child(&heap, user, ORDER, 64, 0);
            uint32_t items = sketch_child(&heap, order, TUPLE, 64, ML_NODE_SPREAD);
            for (int m = 0; m < 15; m++) {
                sketch_child(&heap, items, ITEM, 64, 0);
            }
        }
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ORDER, 4800, top + 1, 400);
}

Test(finding_judge, what_two_containers_share_is_one_finding)
{
    uint32_t by_id = draw_sessions(500, 3);
    uint32_t recent = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    for (size_t i = 0, edges = heap.edges.len; i < edges; i++) {
        const struct sketch_edge e = heap.edges.data[i];
        if (e.from == by_id && heap.nodes.data[e.to].kind == SESSION) {
            sketch_edge(&heap, recent, e.to);
        }
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, SESSION, 500, by_id, 500);
    cr_expect_eq(found.finding[0].retained, 500u * (SESSION_SIZE + 3 * ITEM_SIZE));
}

Test(finding_judge, a_leak_below_something_heavy_is_named_beside_it)
{
    uint32_t app = sketch_root(&heap, APP, 64, 0);
    for (int i = 0; i < 9; i++) {
        sketch_child(&heap, app, BYTES, 300000, 0);
    }
    uint32_t list = sketch_child(&heap, app, LIST, 8000, ML_NODE_SPREAD);
    for (int i = 0; i < 1000; i++) {
        sketch_child(&heap, list, ITEM, 64, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 2);
    expect_finding(0, APP, 1, ML_NO_NODE, 0);
    expect_finding(1, ITEM, 1000, list, 1000);
}

Test(finding_judge, a_tree_is_one_finding)
{
    uint32_t app = sketch_root(&heap, APP, 64, 0);
    uint32_t tree = sketch_child(&heap, app, NODE, 48, 0);
    for (uint32_t i = 0; i < 20000; i++) {
        sketch_child(&heap, tree + i, NODE, 48, 0);
        sketch_child(&heap, tree + i, NODE, 48, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, NODE, 40001, app, 1);
}

Test(finding_judge, a_single_huge_object_is_one_finding)
{
    uint32_t app = sketch_root(&heap, APP, 64, 0);
    uint32_t dict = sketch_child(&heap, app, DICT, 104, ML_NODE_FOLD);
    uint32_t cache = sketch_child(&heap, dict, DICT, 232, ML_NODE_SPREAD);
    sketch_child(&heap, cache, STR, 60, 0);
    sketch_child(&heap, cache, BYTES, 200u << 20, 0);
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, BYTES, 1, cache, 1);
}

Test(finding_judge, an_object_too_small_and_alone_is_none)
{
    uint32_t app = sketch_root(&heap, APP, 64, 0);
    sketch_child(&heap, app, BYTES, 900000, 0);
    web_heap_find();
    cr_expect_eq(found.count, 0);
}

Test(finding_judge, what_is_heavy_all_over_is_found_as_a_whole)
{
    uint32_t app = sketch_root(&heap, APP, 64, 0);
    for (int i = 0; i < 9; i++) {
        sketch_child(&heap, app, BYTES, 300000, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, APP, 1, ML_NO_NODE, 0);
}

Test(finding_judge, one_blob_among_many_sessions_is_named_beside_them)
{
    uint32_t sessions = draw_sessions(1000, 3);
    uint32_t heavy = draw_session(sessions, 3);
    uint32_t blob = sketch_child(&heap, heavy + 1, BYTES, 200u << 20, 0);
    web_heap_find();
    cr_expect_eq(found.count, 2);
    expect_finding(0, SESSION, 1001, sessions, 1001);
    expect_finding(1, BYTES, 1, heavy, 1);
    cr_expect_eq(heap.places.of_node[blob], found.finding[1].place);
}

Test(finding_judge, the_blob_that_each_model_is_made_of_is_none_beside_them)
{
    uint32_t models = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 20; i++) {
        uint32_t model = sketch_child(&heap, models, PLUGIN, 48, 0);
        sketch_child(&heap, model, BYTES, 100u << 20, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, PLUGIN, 20, models, 20);
}

Test(finding_judge, the_table_of_a_huge_dict_is_part_of_the_leak_in_it)
{
    uint32_t seen = sketch_root(&heap, DICT, 40u << 20, ML_NODE_SPREAD);
    for (int i = 0; i < 100000; i++) {
        sketch_child(&heap, seen, STR, 80, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, STR, 100000, seen, 100000);
}

Test(finding_judge, a_matrix_is_one_finding_of_rows)
{
    uint32_t matrix = sketch_root(&heap, LIST, 8056, ML_NODE_SPREAD);
    for (int i = 0; i < 1000; i++) {
        uint32_t row = sketch_child(&heap, matrix, LIST, 8056, ML_NODE_SPREAD);
        for (int k = 0; k < 1000; k++) {
            sketch_child(&heap, row, FLOAT, 24, 0);
        }
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, LIST, 1000, matrix, 1000);
    cr_expect_eq(found.finding[0].retained, 1000 * 8056 + 24000000);
}

Test(finding_judge, many_kinds_with_few_members_each_count_together)
{
    uint32_t list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 4; i++) {
        sketch_child(&heap, list, SESSION, 40, 0);
        sketch_child(&heap, list, CART, 50, 0);
        sketch_child(&heap, list, ITEM, 30, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, CART, 4, list, 4);
    cr_expect_eq(found.finding[0].companions, 8);
}

Test(finding_judge, companions_with_a_leak_of_their_own_keep_it)
{
    uint32_t list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 1000; i++) {
        sketch_child(&heap, list, ITEM, 4000, 0);
    }
    uint32_t plugin = sketch_child(&heap, list, PLUGIN, 48, 0);
    uint32_t cache = sketch_child(&heap, plugin, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 50000; i++) {
        sketch_child(&heap, cache, ORDER, 48, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 2);
    expect_finding(0, ITEM, 1000, list, 1000);
    cr_expect_eq(found.finding[0].companions, 0);
    expect_finding(1, ORDER, 50000, cache, 50000);
}

Test(finding_judge, functions_of_a_module_are_furniture_and_none)
{
    uint32_t module = sketch_root(&heap, DICT, 20000, ML_NODE_SPREAD | ML_NODE_FURNITURE);
    for (int i = 0; i < 300; i++) {
        uint32_t function = sketch_child(&heap, module, FUNCTION, 144, ML_NODE_FURNITURE);
        sketch_child(&heap, function, STR, 500, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 0);
}

Test(finding_judge, a_leak_held_by_furniture_is_found)
{
    uint32_t module = sketch_root(&heap, DICT, 20000, ML_NODE_FURNITURE);
    uint32_t class = sketch_child(&heap, module, TUPLE, 1000, ML_NODE_FURNITURE);
    uint32_t list = sketch_child(&heap, class, LIST, 88, ML_NODE_SPREAD);
    for (int i = 0; i < 300; i++) {
        sketch_child(&heap, list, ITEM, 64, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ITEM, 300, list, 300);
}

Test(finding_judge, a_long_history_without_half_of_all_items_does_not_hide_the_sessions)
{
    uint32_t sessions = draw_sessions(1000, 10);
    draw_session(sessions, 5000);
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, SESSION, 1001, sessions, 1001);
}

Test(finding_judge, a_greater_jump_that_retains_little_does_not_hide_the_sessions)
{
    uint32_t sessions = draw_sessions(100, 1);
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t busy = draw_session(sessions, 1);
        sketch_child(&heap, busy + 1, BYTES, 100000, 0);
    }
    draw_session(sessions, 5000);
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, SESSION, 201, sessions, 201);
}

Test(finding_judge, a_blob_that_is_little_beside_the_sessions_is_part_of_them)
{
    uint32_t sessions = draw_sessions(1000, 50);
    uint32_t heavy = draw_session(sessions, 3);
    sketch_child(&heap, heavy + 1, BYTES, 1500000, 0);
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, SESSION, 1001, sessions, 1001);
}

Test(finding_judge, the_table_of_a_huge_dict_does_not_make_its_holder_heavy)
{
    uint32_t app = sketch_root(&heap, APP, 64, 0);
    uint32_t seen = sketch_child(&heap, app, DICT, 40u << 20, ML_NODE_SPREAD);
    for (int i = 0; i < 100000; i++) {
        sketch_child(&heap, seen, STR, 80, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, STR, 100000, seen, 100000);
}

/* A list of one blob and 10 000 orders. */
static uint32_t
draw_orders_and_blob(uint32_t blob_size)
{
    uint32_t list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    sketch_child(&heap, list, BYTES, blob_size, 0);
    for (int i = 0; i < 10000; i++) {
        sketch_child(&heap, list, ORDER, 200, 0);
    }
    return list;
}

Test(finding_judge, a_blob_among_orders_is_a_finding_apart_when_it_is_heavier)
{
    uint32_t list = draw_orders_and_blob(200u << 20);
    web_heap_find();
    cr_expect_eq(found.count, 2);
    expect_finding(0, BYTES, 1, list, 1);
    expect_finding(1, ORDER, 10000, list, 10000);
    cr_expect_eq(found.finding[1].companions, 0);
}

Test(finding_judge, a_blob_among_orders_is_part_of_them_when_it_is_lighter)
{
    uint32_t list = draw_orders_and_blob(1500000);
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, ORDER, 10000, list, 10000);
    cr_expect_eq(found.finding[0].companions, 1);
    cr_expect_eq(found.finding[0].companions_retained, 1500000);
}

Test(finding_judge, a_few_heavy_ones_in_one_container_are_one_finding)
{
    uint32_t list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 3; i++) {
        sketch_child(&heap, list, BYTES, 100u << 20, 0);
        sketch_child(&heap, list, FLOAT, 90u << 20, 0);
    }
    web_heap_find();
    cr_expect_eq(found.count, 1);
    expect_finding(0, BYTES, 3, list, 3);
    cr_expect_eq(found.finding[0].companions_retained, 270u << 20);
}
