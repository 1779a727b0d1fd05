/* SPDX-License-Identifier: MIT
 *
 * Suspects: what is one finding and what is part of it, in heaps as programs have them.
 */
#include "suspect_heap.h"

#include <criterion/criterion.h>

TestSuite(suspects, .init = suspect_heap_init, .fini = suspect_heap_fini);

/* -- one finding or many ----------------------------------------------------------- */

Test(suspects, one_object_is_a_finding)
{
    uint32_t list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    uint32_t at = leaked(list, ITEM, 40, 0);
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, ITEM, 1, list, 0);
    cr_expect_eq(got.finding[0].first, at);
    cr_expect_eq(got.finding[0].finding.retained, 40);
}

Test(suspects, old_strings_in_an_old_list_are_one_finding)
{
    uint32_t list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 500; i++) {
        sketch_child(&heap, list, STR, 60, 0); /* not suspect: too young */
        leak_many(list, STR, 60, 2);
    }
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, STR, 1000, list, 0);
    cr_expect_eq(got.finding[0].finding.entries, 1000);
    cr_expect_eq(got.finding[0].finding.shallow, 60000);
}

Test(suspects, a_new_list_of_many_is_where_they_accumulate)
{
    uint32_t list = leak(sketch_root(&heap, LIST, 8064, ML_NODE_SPREAD));
    leak_many(list, STR, 60, 1000);
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, STR, 1000, list, 1);
    cr_expect_eq(finding_of(list), 0);
}

Test(suspects, a_table_larger_than_its_members_is_folded_in_too)
{
    uint32_t set = leak(sketch_root(&heap, LIST, 65536, ML_NODE_SPREAD));
    leak_many(set, FLOAT, 24, 1000);
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, FLOAT, 1000, set, 1);
}

Test(suspects, what_sessions_are_made_of_is_part_of_them)
{
    uint32_t all = sketch_root(&heap, DICT, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 50; i++) {
        uint32_t session = leaked(all, SESSION, 48, 0);
        uint32_t fold = leaked(session, DICT, 104, ML_NODE_FOLD);
        leaked(fold, LIST, 56, ML_NODE_SPREAD);
        uint32_t dict = leaked(fold, DICT, 232, 0);
        leak_many(dict, STR, 60, 3);
    }
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, SESSION, 50, all, 50 * 6);
}

Test(suspects, sessions_of_1000_strings_each_are_sessions)
{
    uint32_t all = sketch_root(&heap, DICT, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 50; i++) {
        uint32_t session = leaked(all, SESSION, 48, 0);
        uint32_t list = leaked(leaked(session, DICT, 104, ML_NODE_FOLD), LIST, 8056, ML_NODE_SPREAD);
        leak_many(list, STR, 60, 1000);
    }
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, SESSION, 50, all, 50 * 1002);
}

Test(suspects, one_new_holder_of_many_gives_way_to_the_many)
{
    uint32_t app = sketch_root(&heap, APP, 48, 0);
    uint32_t cache = leaked(sketch_child(&heap, app, DICT, 104, ML_NODE_FOLD), BUS, 48, 0);
    uint32_t fold = leaked(cache, DICT, 104, ML_NODE_FOLD);
    uint32_t lock = leaked(fold, PLUGIN, 40, 0);
    uint32_t list = leaked(fold, LIST, 8056, ML_NODE_SPREAD);
    leak_many(list, STR, 60, 1000);
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, STR, 1000, list, 4);
    cr_expect_eq(finding_of(cache), 0);
    cr_expect_eq(finding_of(lock), 0);
}

Test(suspects, one_new_session_of_a_few_items_is_the_session)
{
    uint32_t all = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    uint32_t session = leaked(all, SESSION, 48, 0);
    uint32_t list = leaked(leaked(session, DICT, 104, ML_NODE_FOLD), LIST, 200, ML_NODE_SPREAD);
    leak_many(list, ITEM, 64, 20);
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, SESSION, 1, all, 22);
}

Test(suspects, one_of_many_sessions_with_a_great_history_is_said_beside_them)
{
    uint32_t all = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    uint32_t great = ML_NO_NODE;
    for (int i = 0; i < 100; i++) {
        uint32_t session = leaked(all, SESSION, 48, 0);
        uint32_t list = leaked(leaked(session, DICT, 104, ML_NODE_FOLD), LIST, 200, ML_NODE_SPREAD);
        leak_many(list, ITEM, 64, i == 40 ? 20000 : 2);
        great = i == 40 ? list : great;
    }
    suspect_heap_find();
    cr_expect_eq(got.count, 2);
    expect_suspects(0, SESSION, 100, all, 200);
    expect_suspects(1, ITEM, 20000 + 99 * 2, great, 0);
}

Test(suspects, a_new_holder_that_is_heavy_by_itself_stays_a_finding)
{
    uint32_t cache = leak(sketch_root(&heap, BUS, 48, 0));
    uint32_t fold = leaked(cache, DICT, 104, ML_NODE_FOLD);
    leaked(fold, BYTES, 10000000, 0);
    uint32_t list = leaked(fold, LIST, 8056, ML_NODE_SPREAD);
    leak_many(list, STR, 60, 1000);
    suspect_heap_find();
    cr_expect_eq(got.count, 2);
    expect_suspects(0, BUS, 1, ML_NO_NODE, 3);
    expect_suspects(1, STR, 1000, list, 0);
}

Test(suspects, an_instance_that_replaced_another_is_one_finding)
{
    uint32_t config = leak(sketch_root(&heap, APP, 48, 0));
    uint32_t fold = leaked(config, DICT, 104, ML_NODE_FOLD);
    leaked(fold, STR, 60, 0);
    leaked(fold, STR, 60, 0);
    leaked(leaked(fold, LIST, 88, ML_NODE_SPREAD), STR, 60, 0);
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, APP, 1, ML_NO_NODE, 5);
    cr_expect_eq(got.finding[0].finding.retained, 48 + 104 + 3 * 60 + 88);
}

Test(suspects, a_linked_list_is_one_finding_held_by_its_head)
{
    uint32_t app = sketch_root(&heap, APP, 48, 0);
    uint32_t at = app;
    for (int i = 0; i < 1000; i++) {
        at = leaked(at, NODE, 48, 0);
    }
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, NODE, 1000, app, 0);
    cr_expect_eq(got.finding[0].finding.entries, 1);
    cr_expect_eq(got.finding[0].finding.retained, 48000);
}

Test(suspects, a_linked_list_that_grows_at_its_end_counts_only_what_is_old_enough)
{
    uint32_t at = sketch_root(&heap, NODE, 48, 0);
    for (int i = 1; i < 1000; i++) {
        at = sketch_child(&heap, at, NODE, 48, 0);
        if (i >= 600) {
            leak(at);
        }
    }
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, NODE, 400, ML_NO_NODE, 0);
    cr_expect_eq(got.finding[0].finding.retained, 400 * 48);
    cr_expect_eq(got.finding[0].first, 600);
}

Test(suspects, keys_and_values_are_one_finding)
{
    uint32_t dict = sketch_root(&heap, DICT, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 300; i++) {
        leaked(dict, STR, 60, 0);
        leaked(leaked(dict, SESSION, 48, 0), DICT, 104, ML_NODE_FOLD);
    }
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, SESSION, 300, dict, 600);
    cr_expect_eq(got.finding[0].finding.companions, 300);
    cr_expect_eq(got.finding[0].finding.companions_retained, 300 * 60);
}

Test(suspects, one_of_each_kind_in_a_list_is_one_finding_that_covers_all)
{
    uint32_t list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    for (uint32_t kind = 0; kind < 40; kind++) {
        leaked(list, kind, 40 + kind, 0);
    }
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, 39, 1, list, 39);
    cr_expect_eq(got.finding[0].finding.companions, 39);
    for (size_t i = 0; i < young.len; i++) {
        cr_expect_eq(finding_of(young.data[i]), 0);
    }
}

Test(suspects, one_heavy_thing_among_many_orders_is_a_finding_of_its_own)
{
    uint32_t list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    leak_many(list, ORDER, 100, 1000);
    leaked(list, BYTES, 1000000, 0);
    suspect_heap_find();
    cr_expect_eq(got.count, 2);
    expect_suspects(0, BYTES, 1, list, 0);
    expect_suspects(1, ORDER, 1000, list, 0);
}

Test(suspects, two_variables_are_two_findings_the_heavier_first)
{
    uint32_t a = leak(sketch_root(&heap, BYTES, 100, 0));
    uint32_t b = leak(sketch_root(&heap, BYTES, 300, 0));
    suspect_heap_find();
    cr_expect_eq(got.count, 2);
    cr_expect_eq(got.finding[0].first, b);
    cr_expect_eq(got.finding[1].first, a);
    expect_suspects(0, BYTES, 1, ML_NO_NODE, 0);
}

Test(suspects, what_native_code_holds_is_one_finding_per_kind)
{
    sketch_root(&heap, APP, 48, 0);
    for (int i = 0; i < 300; i++) {
        sketch_hold_outside(&heap, leak(sketch_node(&heap, ITEM, 64, 0)));
    }
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, ITEM, 300, ML_NO_NODE, 0);
}

/* -- what is never a finding by itself --------------------------------------------- */

Test(suspects, cells_and_dicts_of_instances_in_a_list_are_findings)
{
    uint32_t list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 20; i++) {
        leaked(leaked(list, CELL, 40, ML_NODE_FOLD), ITEM, 64, 0);
    }
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, CELL, 20, list, 20);
}

Test(suspects, a_folded_dict_of_something_old_is_none_but_what_hangs_there_is)
{
    uint32_t app = sketch_root(&heap, APP, 48, 0);
    uint32_t fold = leaked(app, DICT, 104, ML_NODE_FOLD);
    leaked(fold, ITEM, 64, 0);
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, ITEM, 1, app, 0);
    cr_expect_eq(finding_of(fold), ML_NO_NODE);
}

Test(suspects, closures_in_a_registry_are_functions_with_parts)
{
    uint32_t list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 20; i++) {
        uint32_t function = leaked(list, FUNCTION, 144, 0);
        uint32_t cell = leaked(leaked(function, TUPLE, 48, ML_NODE_FOLD), CELL, 40, ML_NODE_FOLD);
        leaked(cell, ORDER, 48, 0);
    }
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, FUNCTION, 20, list, 60);
}

Test(suspects, a_class_made_late_and_its_docstrings_are_none)
{
    uint32_t module = sketch_root(&heap, MODULE, 64, ML_NODE_FURNITURE);
    uint32_t class = leaked(module, APP, 900, ML_NODE_FURNITURE);
    leaked(leaked(class, DICT, 200, ML_NODE_FOLD), STR, 200, 0);
    suspect_heap_find();
    cr_expect_eq(got.count, 0);
    cr_expect_eq(finding_of(class), ML_NO_NODE);
}

Test(suspects, classes_that_pile_up_in_a_list_are_a_finding)
{
    uint32_t list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 20; i++) {
        uint32_t class = leaked(list, APP, 900, ML_NODE_FURNITURE);
        leaked(leaked(class, DICT, 200, ML_NODE_FOLD), STR, 200, 0);
    }
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, APP, 20, list, 40);
}

Test(suspects, what_a_late_class_collects_is_a_finding)
{
    uint32_t module = sketch_root(&heap, MODULE, 64, ML_NODE_FURNITURE);
    uint32_t class = leaked(module, APP, 900, ML_NODE_FURNITURE);
    uint32_t list = leaked(leaked(class, DICT, 200, ML_NODE_FOLD), LIST, 8056, ML_NODE_SPREAD);
    leak_many(list, ITEM, 64, 1000);
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, ITEM, 1000, list, 0);
}

Test(suspects, what_no_path_reaches_is_passed_over)
{
    uint32_t garbage = leak(sketch_node(&heap, ITEM, 64, 0));
    sketch_edge(&heap, garbage, garbage);
    leaked(sketch_root(&heap, LIST, 64, ML_NODE_SPREAD), STR, 60, 0);
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    cr_expect_eq(finding_of(garbage), ML_NO_NODE);
}

Test(suspects, without_any_there_is_none)
{
    draw_sessions(100, 3);
    suspect_heap_find();
    cr_expect_eq(got.count, 0);
    cr_expect_eq(got.tally.count, 0);
}
