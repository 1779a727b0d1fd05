/* SPDX-License-Identifier: MIT
 *
 * Suspects over time: growth against a tally; random heaps against the definitions;
 * without memory, and stopped.
 */
#include "fail_alloc.h"
#include "graph_dsl.h"
#include "suspect_heap.h"

#include <criterion/criterion.h>
#include <stdlib.h>

TestSuite(suspects_growth, .init = suspect_heap_init, .fini = suspect_heap_fini);

/* -- growth ------------------------------------------------------------------------ */

/* The same program a while later: found again, with what there was before. */
static void
find_again(struct ml_tally *before)
{
    ml_tally_init(before, &ml_alloc_libc);
    cr_assert_eq(ml_suspects_tally(&got, before), ML_OK);
    suspect_heap_fini();
    suspect_heap_init();
    how.before = before;
}

static void
draw_growing(uint32_t many, uint32_t few)
{
    uint32_t a = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    uint32_t b = sketch_root(&heap, LIST, 64, ML_NODE_SPREAD);
    leak_many(a, STR, 1000, many);
    leak_many(b, STR, 10, few);
}

Test(suspects_growth, what_grew_comes_before_what_is_large)
{
    struct ml_tally before;
    draw_growing(100, 1);
    suspect_heap_find();
    cr_expect_eq(got.finding[0].finding.count, 100);
    find_again(&before);
    draw_growing(100, 50);
    suspect_heap_find();
    cr_expect_eq(got.count, 2);
    cr_expect_eq(got.finding[0].finding.count, 50);
    cr_expect_eq(got.finding[0].count_before, 1);
    cr_expect_eq(got.finding[0].retained_before, 10);
    cr_expect_eq(got.finding[1].count_before, 100);
    ml_tally_fini(&before);
}

Test(suspects_growth, a_new_place_has_nothing_before)
{
    struct ml_tally before;
    draw_growing(100, 0);
    suspect_heap_find();
    find_again(&before);
    draw_growing(100, 5);
    suspect_heap_find();
    cr_expect_eq(got.count, 2);
    cr_expect_eq(got.finding[0].finding.count, 5);
    cr_expect_eq(got.finding[0].count_before, 0);
    ml_tally_fini(&before);
}

Test(suspects_growth, the_many_of_a_new_list_were_counted_before_they_were_the_finding)
{
    struct ml_tally before;
    uint32_t item = leaked(sketch_root(&heap, LIST, 64, ML_NODE_SPREAD), LIST, 88, ML_NODE_SPREAD);
    leak_many(item, STR, 60, 50);
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, LIST, 1, 0, 50);
    find_again(&before);
    item = leaked(sketch_root(&heap, LIST, 64, ML_NODE_SPREAD), LIST, 1000, ML_NODE_SPREAD);
    leak_many(item, STR, 60, 500);
    suspect_heap_find();
    cr_expect_eq(got.count, 1);
    expect_suspects(0, STR, 500, item, 1);
    cr_expect_eq(got.finding[0].count_before, 50);
    ml_tally_fini(&before);
}

Test(suspects_growth, keys_tell_places_apart_and_know_no_address)
{
    uint64_t first[64], again[64];
    draw_growing(3, 3);
    sketch_node(&heap, ITEM, 1, 0);
    suspect_heap_find();
    ml_place_keys(&heap.places, &how, first);
    uint32_t count = heap.places.count;
    cr_assert_leq(count, 64);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            cr_expect_neq(first[i], first[k]);
        }
    }
    suspect_heap_fini();
    suspect_heap_init();
    uint32_t unreached = sketch_node(&heap, ITEM, 1, 0);
    (void)unreached; /* so all addresses differ */
    draw_growing(30, 7);
    suspect_heap_find();
    cr_assert_eq(heap.places.count, count);
    ml_place_keys(&heap.places, &how, again);
    cr_expect_arr_eq(first, again, count * sizeof(*first));
}

Test(suspects_growth, what_is_cut_off_is_still_known)
{
    how.max_findings = 2;
    for (uint32_t i = 1; i <= 5; i++) {
        leak(sketch_root(&heap, BYTES, 100 * i, 0));
    }
    suspect_heap_find();
    cr_expect_eq(got.count, 2);
    cr_expect_eq(got.all, 5);
    cr_expect_eq(got.tally.count, 5);
    cr_expect_eq(finding_of(young.data[0]), 4);
}

/* -- random heaps ------------------------------------------------------------------ */

/* What the suspects of a place are, by looking at each. */
static void
check_figures(const struct ml_suspect_finding *f, uint32_t seed)
{
    uint32_t *member = calloc(heap.g.node_count + 1, sizeof(*member));
    uint32_t *held = calloc(heap.g.node_count + 1, sizeof(*held));
    uint32_t count = 0, most = 0;
    uint64_t shallow = 0, bytes, objects;
    for (uint32_t i = 0; i < heap.tree.reached; i++) {
        uint32_t n = heap.tree.order[i], up = heap.tree.parent[n];
        if (heap.places.of_node[n] != f->finding.place || !ml_bitset_has(&suspect, n)) {
            continue;
        }
        member[count++] = n;
        shallow += ml_heap_graph_size(&heap.g, n);
        if (up != ML_NO_NODE && ++held[up] > most) {
            most = held[up];
        }
    }
    cr_assert_eq(f->finding.count, count, "seed %u", seed);
    cr_assert_eq(f->first, member[0], "seed %u", seed);
    cr_assert_eq(f->finding.shallow, shallow, "seed %u", seed);
    cr_assert(f->finding.entries == most ||
              heap.places.place[f->finding.place].folded_back, "seed %u", seed);
    cr_assert_eq(ml_retained_of_set(&heap.g, &heap.dom, &heap.ret, member, count,
                                    &ml_alloc_libc, &bytes, &objects, NULL), ML_OK);
    cr_assert_eq(f->finding.retained, bytes, "seed %u", seed);
    free(held);
    free(member);
}

static bool
is_at_or_above(uint32_t place, uint32_t below)
{
    while (below != ML_NO_NODE && below != place) {
        below = heap.places.place[below].parent;
    }
    return below == place;
}

/* Part of the finding: below it, a container above it, or with one of its companions. */
static bool
is_related(uint32_t place, const struct ml_suspect_finding *f)
{
    uint32_t at = f->finding.place;
    if (is_at_or_above(at, place) || is_at_or_above(place, at)) {
        return true;
    }
    if (f->parts == 0) {
        return false;
    }
    /* what its container has, or another thing that was folded into the finding has */
    for (uint32_t up = place; up != ML_NO_NODE; up = heap.places.place[up].parent) {
        uint32_t holder = heap.places.place[up].parent;
        if (holder != ML_NO_NODE &&
            (holder == heap.places.place[at].parent || is_at_or_above(holder, at))) {
            return true;
        }
    }
    return false;
}

/* By places: where a chain folds back, what hangs below one link hangs below all. */
static bool
has_dull_above(uint32_t place)
{
    for (; place != ML_NO_NODE; place = heap.places.place[place].parent) {
        bool dull = (heap.places.place[place].flags & (ML_NODE_FOLD | ML_NODE_FURNITURE)) != 0;
        for (size_t i = 0; dull && i < young.len; i++) {
            if (heap.places.of_node[young.data[i]] == place) {
                return true;
            }
        }
    }
    return false;
}

static void
check_covered(uint32_t seed)
{
    uint64_t covered = 0, told = 0;
    for (uint32_t n = 0; n < heap.g.node_count; n++) {
        uint32_t place = heap.places.of_node[n];
        if (place == ML_NO_NODE || !ml_bitset_has(&suspect, n)) {
            continue;
        }
        uint32_t f = got.of_place[place];
        cr_assert(f != ML_NO_NODE || has_dull_above(place), "seed %u: node %u", seed, n);
        if (f != ML_NO_NODE) {
            cr_assert_lt(f, got.all, "seed %u", seed);
            cr_assert(is_related(place, &got.finding[f]), "seed %u: node %u", seed, n);
            covered++;
        }
    }
    for (uint32_t i = 0; i < got.all; i++) {
        told += got.finding[i].finding.count + got.finding[i].parts;
    }
    cr_assert_eq(covered, told, "seed %u: %lu of %lu", seed, told, covered);
}

static uint64_t
weight(uint32_t i)
{
    return got.finding[i].finding.retained + got.finding[i].finding.companions_retained;
}

static uint32_t
check_random(uint32_t seed)
{
    struct dice dice = {seed};
    sketch_random(&heap, 10 + 3 * seed, seed);
    for (uint32_t n = 0; n < heap.nodes.len; n++) {
        if (dice_throw(&dice, 1 + seed % 4) == 0) {
            leak(n);
        }
    }
    suspect_heap_find();
    for (uint32_t i = 0; i < got.count; i++) {
        cr_assert_eq(got.of_place[got.finding[i].finding.place], i, "seed %u", seed);
        cr_assert(i == 0 || weight(i) <= weight(i - 1), "seed %u", seed);
        check_figures(&got.finding[i], seed);
    }
    check_covered(seed);
    return got.count;
}

Test(suspects_growth, on_random_heaps_every_suspect_is_told_once)
{
    uint32_t seen = 0;
    for (uint32_t seed = 1; seed <= 300; seed++) {
        seen += check_random(seed);
        suspect_heap_fini();
        suspect_heap_init();
    }
    cr_expect_gt(seen, 1000);
}

Test(suspects_growth, every_allocation_may_fail)
{
    struct fail_alloc f;
    int rc = ML_ENOMEM;
    leak_many(draw_sessions(20, 3), ITEM, 10, 30);
    uint32_t at = draw_handlers(30);
    for (int i = 0; i < 30; i++) {
        at = leaked(at, NODE, 48, 0);
    }
    sketch_analyse(&heap);
    suspect_heap_mark();
    for (size_t n = 0; rc != ML_OK; n++) {
        struct ml_error err = {0};
        fail_alloc_init(&f, n);
        rc = ml_suspects_pick(&heap.g, &heap.tree, &heap.dom, &heap.ret, &heap.places,
                              &suspect, &how, &f.alloc, NULL, &got, &err);
        cr_assert(rc == ML_OK || (rc == ML_ENOMEM && err.code == ML_ENOMEM), "at %zu", n);
        cr_assert(rc == ML_OK || (got.finding == NULL && f.live == 0), "at %zu", n);
        cr_expect_eq(got.count, rc == ML_OK ? 2 : 0);
        ml_suspects_fini(&got);
        cr_assert_eq(f.live, 0, "at %zu", n);
        cr_assert_eq(f.wrong_sizes, 0, "at %zu", n);
    }
}

static bool
stop(void *ctx, const char *step, double done)
{
    (void)step;
    (void)done;
    return (*(uint32_t *)ctx)-- == 0;
}

Test(suspects_growth, every_question_may_be_answered_with_stop)
{
    leak_many(sketch_root(&heap, LIST, 64, ML_NODE_SPREAD), STR, 60, 20000);
    sketch_analyse(&heap);
    suspect_heap_mark();
    uint32_t asked = 0;
    for (int rc = ML_ECANCELLED; rc != ML_OK; asked++) {
        uint32_t left = asked;
        struct ml_cancel cancel = {stop, &left};
        struct ml_error err = {0};
        rc = ml_suspects_pick(&heap.g, &heap.tree, &heap.dom, &heap.ret, &heap.places,
                              &suspect, &how, &ml_alloc_libc, &cancel, &got, &err);
        cr_assert(rc == ML_OK || (rc == ML_ECANCELLED && got.finding == NULL));
    }
    cr_expect_gt(asked, 4);
}
