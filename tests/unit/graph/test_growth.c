/* SPDX-License-Identifier: MIT
 *
 * Growth: which places hold more than at the last look, in heaps of web applications
 * before and after; random heaps against themselves; without memory.
 */
#include "fail_alloc.h"
#include "graph_dsl.h"
#include "growth.h"
#include "suspect_heap.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct ml_tally before;
static struct ml_growth grown;
static uint64_t *key;

static void
init(void)
{
    suspect_heap_init();
    ml_tally_init(&before, &ml_alloc_libc);
}

static void
forget_heap(void)
{
    ml_growth_fini(&grown);
    free(key);
    key = NULL;
    suspect_heap_fini();
}

static void
fini(void)
{
    forget_heap();
    ml_tally_fini(&before);
}

TestSuite(growth, .init = init, .fini = fini);

static void
analyse(void)
{
    sketch_analyse(&heap);
    key = calloc(heap.places.count + 1, sizeof(*key));
    ml_place_keys(&heap.places, &how, key);
}

/* Remembers the heap that was drawn, and begins another. */
static void
look_then(void)
{
    analyse();
    for (uint32_t i = 0; i < heap.places.count; i++) {
        const struct ml_place *q = &heap.places.place[i];
        cr_assert_eq(ml_tally_add(&before, key[i], q->count, q->retained), ML_OK);
    }
    ml_tally_close(&before, 0);
    forget_heap();
    suspect_heap_init();
}

static void
look_now(void)
{
    struct ml_error err = {0};
    analyse();
    cr_assert_eq(ml_growth_pick(&heap.places, key, &before, &ml_alloc_libc, &grown, &err),
                 ML_OK);
}

static void
expect(uint32_t i, uint32_t kind, uint64_t count_before, uint32_t count)
{
    cr_assert_lt(i, grown.count, "only %u", grown.count);
    const struct ml_place *q = &heap.places.place[grown.row[i].place];
    cr_expect_eq(q->kind, kind, "kind %u rather than %u", q->kind, kind);
    cr_expect_eq(q->count, count, "%u rather than %u", q->count, count);
    cr_expect_eq(grown.row[i].count_before, count_before);
}

Test(growth, new_sessions_are_one_place_with_all_they_are_made_of)
{
    draw_sessions(100, 3);
    look_then();
    draw_sessions(150, 3);
    look_now();
    cr_expect_eq(grown.count, 1);
    expect(0, SESSION, 100, 150);
    cr_expect_eq(grown.row[0].companions, 50, "their keys");
    cr_expect_eq(grown.row[0].retained_before, 100 * (SESSION_SIZE + 3 * ITEM_SIZE));
}

Test(growth, the_same_heap_has_none)
{
    draw_sessions(100, 3);
    draw_handlers(50);
    look_then();
    draw_sessions(100, 3);
    draw_handlers(50);
    look_now();
    cr_expect_eq(grown.count, 0);
}

Test(growth, what_shrank_is_none)
{
    draw_sessions(100, 3);
    look_then();
    draw_sessions(50, 3);
    look_now();
    cr_expect_eq(grown.count, 0);
}

Test(growth, old_sessions_whose_carts_fill_up_are_items)
{
    draw_sessions(100, 3);
    look_then();
    draw_sessions(100, 30);
    look_now();
    cr_expect_eq(grown.count, 1);
    expect(0, ITEM, 300, 3000);
}

Test(growth, one_more_of_something_light_is_not_worth_a_word)
{
    uint32_t list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    sketch_child(&heap, list, STR, 60, 0);
    look_then();
    list = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    sketch_child(&heap, list, STR, 60, 0);
    sketch_child(&heap, list, STR, 60, 0);
    look_now();
    cr_expect_eq(grown.count, 0);
}

static void
draw_plugins(uint32_t count, uint32_t results)
{
    uint32_t registry = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t plugin = sketch_child(&heap, registry, PLUGIN, 2000, 0);
        uint32_t list = sketch_child(&heap, plugin, LIST, 64, ML_NODE_SPREAD);
        for (uint32_t k = 0; k < (i == 0 ? results : 0); k++) {
            sketch_child(&heap, list, STR, 60, 0);
        }
    }
}

Test(growth, results_are_told_beside_the_one_plugin_that_came_too)
{
    draw_plugins(5, 0);
    look_then();
    draw_plugins(6, 10000);
    look_now();
    cr_expect_eq(grown.count, 2);
    expect(0, PLUGIN, 5, 6);
    expect(1, STR, 0, 10000);
}

static void
draw_blob(uint64_t size)
{
    uint32_t app = sketch_root(&heap, APP, 48, 0);
    uint32_t dict = sketch_child(&heap, app, DICT, 104, ML_NODE_FOLD);
    sketch_child(&heap, dict, BYTES, size, 0);
}

Test(growth, what_became_heavier_is_told_where_it_is)
{
    draw_blob(1000);
    look_then();
    draw_blob(100000);
    look_now();
    cr_expect_eq(grown.count, 1);
    expect(0, BYTES, 1, 1);
    cr_expect_eq(grown.row[0].retained_before, 1000);
}

Test(growth, most_growth_comes_first)
{
    draw_blob(1000);
    draw_sessions(100, 3);
    look_then();
    draw_blob(10000000);
    draw_sessions(200, 3);
    look_now();
    cr_expect_eq(grown.count, 2);
    expect(0, BYTES, 1, 1);
    expect(1, SESSION, 100, 200);
}

static uint64_t
more_of(uint32_t i)
{
    uint64_t now = heap.places.place[grown.row[i].place].retained;
    return now > grown.row[i].retained_before ? now - grown.row[i].retained_before : 0;
}

Test(growth, random_heaps_grow_only_where_there_is_more_and_in_order)
{
    uint32_t seen = 0;
    for (uint32_t seed = 1; seed <= 200; seed++) {
        sketch_random(&heap, 10 + 3 * seed, seed);
        look_then();
        sketch_random(&heap, 30 + 4 * seed, seed);
        look_now();
        for (uint32_t i = 0; i < grown.count; i++) {
            uint32_t place = grown.row[i].place;
            const struct ml_tally_row *row = ml_tally_find(&before, key[place]);
            uint64_t count = row != NULL ? row->count : 0;
            cr_assert_eq(grown.row[i].count_before, count, "seed %u", seed);
            cr_assert(heap.places.place[place].count > count || more_of(i) >= 4096);
            cr_assert(i == 0 || more_of(i) <= more_of(i - 1), "seed %u", seed);
            cr_assert(ml_place_is_shown(&heap.places, place), "seed %u", seed);
        }
        seen += grown.count;
        fini();
        init();
    }
    cr_expect_gt(seen, 100);
}

Test(growth, every_allocation_may_fail)
{
    struct fail_alloc f;
    int rc = ML_ENOMEM;
    draw_sessions(20, 3);
    analyse();
    for (size_t n = 0; rc != ML_OK; n++) {
        struct ml_error err = {0};
        fail_alloc_init(&f, n);
        rc = ml_growth_pick(&heap.places, key, &before, &f.alloc, &grown, &err);
        cr_assert(rc == ML_OK || (rc == ML_ENOMEM && grown.row == NULL && f.live == 0));
        cr_expect_eq(grown.count, rc == ML_OK ? 1 : 0);
        ml_growth_fini(&grown);
        cr_assert_eq(f.live, 0, "at %zu", n);
        cr_assert_eq(f.wrong_sizes, 0, "at %zu", n);
    }
}
