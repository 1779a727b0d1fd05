/* SPDX-License-Identifier: MIT
 *
 * Places: how the shortest path tree folds, and what the places weigh.
 */
#include "fail_alloc.h"
#include "heap_sketch.h"

#include <criterion/criterion.h>

static const struct ml_place *
place_of(const struct sketch *s, uint32_t node)
{
    cr_assert_neq(s->places.of_node[node], ML_NO_NODE);
    return &s->places.place[s->places.of_node[node]];
}

Test(places, members_of_a_list_of_one_kind_share_a_place)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t list = sketch_root(&s, LIST, 64, ML_NODE_SPREAD);
    uint32_t first = sketch_child(&s, list, SESSION, 48, 0);
    uint32_t text = sketch_child(&s, list, STR, 50, 0);
    sketch_child(&s, first, CART, 8, 0);
    uint32_t second = sketch_child(&s, list, SESSION, 52, 0);
    sketch_analyse(&s);
    const struct ml_place *p = place_of(&s, second);
    cr_expect_eq(s.places.count, 4);
    cr_expect_eq(p, place_of(&s, first));
    cr_expect_neq(p, place_of(&s, text));
    cr_expect_eq(p->count, 2);
    cr_expect_eq(p->first, first);
    cr_expect_eq(p->slot, ML_SLOT_SPREAD);
    cr_expect_eq(p->shallow, 100);
    cr_expect_eq(p->retained, 108);
    cr_expect_eq(p->holder, list);
    cr_expect_eq(p->entries, 2);
    cr_expect_eq(p->depth, 1);
    cr_expect_not(p->folded_back);
    sketch_fini(&s);
}

Test(places, attributes_are_told_apart_by_the_number_of_their_reference)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t app = sketch_root(&s, APP, 64, 0);
    uint32_t a = sketch_child(&s, app, LIST, 64, 0);
    sketch_edge(&s, app, a); /* once more: the first reference counts */
    uint32_t b = sketch_child(&s, app, LIST, 64, 0);
    sketch_analyse(&s);
    cr_expect_eq(place_of(&s, a)->slot, 0);
    cr_expect_eq(place_of(&s, b)->slot, 2);
    cr_expect_eq(s.places.count, 3);
    sketch_fini(&s);
}

Test(places, each_root_has_places_of_its_own)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t a = sketch_child(&s, sketch_root(&s, LIST, 64, ML_NODE_SPREAD), ITEM, 8, 0);
    uint32_t b = sketch_child(&s, sketch_root(&s, LIST, 64, ML_NODE_SPREAD), ITEM, 8, 0);
    sketch_analyse(&s);
    cr_expect_neq(place_of(&s, a), place_of(&s, b));
    cr_expect_eq(place_of(&s, a)->root, 0);
    cr_expect_eq(place_of(&s, b)->root, 1);
    sketch_fini(&s);
}

Test(places, what_native_code_holds_shares_a_place_by_kind)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t node[3];
    sketch_root(&s, APP, 64, 0);
    for (int i = 0; i < 3; i++) {
        node[i] = sketch_node(&s, i < 2 ? ITEM : STR, 10, 0);
        sketch_hold_outside(&s, node[i]);
    }
    sketch_analyse(&s);
    cr_expect_eq(place_of(&s, node[0]), place_of(&s, node[1]));
    cr_expect_neq(place_of(&s, node[0]), place_of(&s, node[2]));
    cr_expect_eq(place_of(&s, node[0])->root, ML_PATH_OUTSIDE);
    cr_expect_eq(place_of(&s, node[0])->retained, 20);
    sketch_fini(&s);
}

Test(places, garbage_and_own_objects_have_none)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t app = sketch_root(&s, APP, 64, 0);
    uint32_t own = sketch_child(&s, app, ITEM, 8, ML_NODE_OWN);
    uint32_t garbage = sketch_node(&s, ITEM, 8, 0);
    sketch_edge(&s, garbage, garbage);
    sketch_analyse(&s);
    cr_expect_eq(s.places.of_node[own], ML_NO_NODE);
    cr_expect_eq(s.places.of_node[garbage], ML_NO_NODE);
    sketch_fini(&s);
}

Test(places, furniture_is_kept_apart_from_others_of_its_kind)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t list = sketch_root(&s, LIST, 64, ML_NODE_SPREAD);
    uint32_t a = sketch_child(&s, list, DICT, 8, ML_NODE_FURNITURE);
    uint32_t b = sketch_child(&s, list, DICT, 8, 0);
    uint32_t c = sketch_child(&s, list, DICT, 8, ML_NODE_SPREAD);
    sketch_analyse(&s);
    cr_expect_neq(place_of(&s, a), place_of(&s, b));
    cr_expect_eq(place_of(&s, b), place_of(&s, c));
    sketch_fini(&s);
}

/* HEAD ─ Node ─ Node ─ ...; with `dicts`, each through the dict of the instance. */
static uint32_t
draw_chain(struct sketch *s, uint32_t at, uint32_t length, bool dicts)
{
    uint32_t head = ML_NO_NODE;
    for (uint32_t i = 0; i < length; i++) {
        at = sketch_child(s, at, NODE, 10, 0);
        head = i == 0 ? at : head;
        sketch_child(s, at, ITEM, 5, 0);
        if (dicts) {
            at = sketch_child(s, at, DICT, 1, ML_NODE_FOLD);
        }
    }
    return head;
}

Test(places, a_linked_list_of_a_million_is_one_place)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t app = sketch_root(&s, APP, 64, 0);
    uint32_t head = draw_chain(&s, app, 1000000, false);
    sketch_analyse(&s);
    const struct ml_place *p = place_of(&s, head);
    cr_expect_eq(p->count, 1000000);
    cr_expect(p->folded_back);
    cr_expect_eq(p->first, head);
    cr_expect_eq(p->shallow, 10000000);
    cr_expect_eq(p->retained, 15000000, "nested ones are counted once");
    cr_expect_eq(s.places.count, 3);
    sketch_fini(&s);
}

Test(places, a_chain_through_instance_dicts_is_one_place)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t app = sketch_root(&s, APP, 64, 0);
    uint32_t head = draw_chain(&s, app, 1000, true);
    sketch_analyse(&s);
    const struct ml_place *p = place_of(&s, head);
    cr_expect_eq(p->count, 1000);
    cr_expect_eq(p->retained, 16000);
    cr_expect_eq(s.places.count, 4);
    sketch_fini(&s);
}

Test(places, a_chain_that_starts_at_a_root_is_one_place)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t head = sketch_root(&s, NODE, 10, 0);
    draw_chain(&s, head, 99, false);
    sketch_analyse(&s);
    cr_expect_eq(place_of(&s, head)->count, 100);
    cr_expect_eq(place_of(&s, head)->retained, 99 * 15 + 10);
    sketch_fini(&s);
}

Test(places, a_tree_is_one_place_whatever_the_side)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t root = sketch_root(&s, APP, 64, 0);
    uint32_t tree = sketch_child(&s, root, NODE, 10, 0);
    for (uint32_t i = 0; i < 5000; i++) { /* node numbers are those of a binary heap */
        sketch_child(&s, tree + i, NODE, 10, 0);
        sketch_child(&s, tree + i, NODE, 10, 0);
    }
    sketch_analyse(&s);
    cr_expect_eq(place_of(&s, tree)->count, 10001);
    cr_expect_eq(place_of(&s, tree)->retained, 100010);
    cr_expect_eq(s.places.count, 2);
    sketch_fini(&s);
}

Test(places, a_tree_with_lists_of_children_is_one_place_of_nodes)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t root = sketch_root(&s, APP, 64, 0);
    uint32_t tree[201] = {sketch_child(&s, root, NODE, 10, 0)};
    for (int i = 0; i < 100; i++) {
        uint32_t list = sketch_child(&s, tree[i], LIST, 1, ML_NODE_SPREAD);
        tree[2 * i + 1] = sketch_child(&s, list, NODE, 10, 0);
        tree[2 * i + 2] = sketch_child(&s, list, NODE, 10, 0);
    }
    sketch_analyse(&s);
    cr_expect_eq(place_of(&s, tree[0])->count, 201);
    cr_expect_eq(place_of(&s, tree[0])->retained, 2110);
    cr_expect_eq(s.places.count, 3);
    sketch_fini(&s);
}

Test(places, nesting_that_ends_soon_is_not_a_chain)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t list = sketch_root(&s, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 100; i++) {
        uint32_t tuple = sketch_child(&s, list, TUPLE, 56, 0);
        sketch_child(&s, tuple, TUPLE, 56, 0);
    }
    sketch_analyse(&s);
    cr_expect_eq(place_of(&s, list + 1)->count, 100);
    cr_expect_not(place_of(&s, list + 1)->folded_back);
    sketch_fini(&s);
}

Test(places, the_dicts_of_nested_instances_are_not_a_chain)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t at = sketch_root(&s, APP, 64, 0);
    for (uint32_t kind = BUS; kind <= ORDER; kind++) {
        uint32_t dict = sketch_child(&s, at, DICT, 104, ML_NODE_FOLD);
        at = sketch_child(&s, dict, kind, 48, 0);
    }
    sketch_analyse(&s);
    cr_expect_eq(s.places.count, s.g.node_count);
    sketch_fini(&s);
}

Test(places, a_chain_of_lists_of_chains_counts_each_byte_once)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t at = sketch_root(&s, APP, 64, 0);
    for (int i = 0; i < 50; i++) {
        at = sketch_child(&s, at, NODE, 10, 0);
        uint32_t link = at;
        for (int k = 0; k < 20; k++) {
            link = sketch_child(&s, link, ORDER, 3, 0);
        }
    }
    sketch_analyse(&s);
    cr_expect_eq(place_of(&s, 1)->retained, 50 * (10 + 20 * 3));
    cr_expect_eq(place_of(&s, 2)->count, 50 * 20);
    cr_expect_eq(place_of(&s, 2)->retained, 50 * 20 * 3);
    sketch_fini(&s);
}

Test(places, members_come_in_path_order_and_no_more_than_asked_for)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t list = sketch_root(&s, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 10; i++) {
        sketch_child(&s, list, i % 2 ? ITEM : STR, 8, 0);
    }
    sketch_analyse(&s);
    uint32_t out[10];
    uint32_t place = s.places.of_node[list + 2];
    cr_expect_eq(ml_places_members(&s.places, &s.tree, place, out, 3), 3);
    cr_expect_eq(out[0], list + 2);
    cr_expect_eq(out[2], list + 6);
    cr_expect_eq(ml_places_members(&s.places, &s.tree, place, out, 10), 5);
    cr_expect_eq(ml_places_members(&s.places, &s.tree, place, out, 0), 0);
    sketch_fini(&s);
}

Test(places, chain_names_the_places_from_the_root_down)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t app = sketch_root(&s, APP, 64, 0);
    uint32_t dict = sketch_child(&s, app, DICT, 64, ML_NODE_FOLD);
    uint32_t list = sketch_child(&s, dict, LIST, 64, ML_NODE_SPREAD);
    uint32_t item = sketch_child(&s, list, ITEM, 64, 0);
    sketch_analyse(&s);
    const uint32_t *of = s.places.of_node;
    uint32_t out[4];
    cr_expect_eq(ml_places_chain(&s.places, of[item], out, 4), 4);
    uint32_t want[4] = {of[app], of[dict], of[list], of[item]};
    cr_expect_arr_eq(out, want, sizeof(want));
    cr_expect_eq(ml_places_chain(&s.places, of[item], out, 2), 4);
    cr_expect_arr_eq(out, want + 2, 2 * sizeof(*want));
    cr_expect_eq(ml_places_holder(&s.places, of[list]), of[app]);
    cr_expect_eq(ml_places_holder(&s.places, of[app]), ML_NO_NODE);
    sketch_fini(&s);
}

Test(places, the_greatest_holder_is_counted_among_many)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t outer = sketch_root(&s, LIST, 64, ML_NODE_SPREAD);
    for (int i = 0; i < 7; i++) {
        sketch_child(&s, outer, LIST, 64, ML_NODE_SPREAD);
    }
    for (int i = 0; i < 7; i++) {
        for (int k = 0; k < (i == 4 ? 9 : i); k++) {
            sketch_child(&s, outer + 1 + (uint32_t)i, ITEM, 8, 0);
        }
    }
    sketch_analyse(&s);
    const struct ml_place *items = place_of(&s, outer + 8);
    cr_expect_eq(items->holder, outer + 5);
    cr_expect_eq(items->entries, 9);
    sketch_fini(&s);
}

Test(places, an_empty_heap_has_none)
{
    struct sketch s;
    sketch_init(&s);
    sketch_analyse(&s);
    cr_expect_eq(s.places.count, 0);
    sketch_fini(&s);
}

Test(places, their_number_is_bounded)
{
    struct sketch s;
    sketch_init(&s);
    uint32_t wide = sketch_root(&s, APP, 64, 0);
    for (uint32_t i = 0; i < ML_PLACES_MAX + 1000; i++) {
        sketch_child(&s, wide, ITEM, 8, 0);
    }
    uint32_t late = sketch_root(&s, LIST, 64, 0);
    sketch_analyse(&s);
    cr_expect_leq(s.places.count, ML_PLACES_MAX + 1, "roots always have one");
    cr_expect_eq(s.places.of_node[late - 1], s.places.of_node[wide]);
    cr_expect_eq(place_of(&s, wide)->retained, s.ret.bytes[wide], "nested once");
    sketch_fini(&s);
}

/* The definition: members of a place none of whose dominators is a member too. */
static uint64_t
retained_by_definition(const struct sketch *s, uint32_t place)
{
    uint64_t sum = 0;
    for (uint32_t n = 0; n < s->g.node_count; n++) {
        uint32_t up = s->places.of_node[n] == place ? s->dom.idom[n] : n;
        while (up != n && up != ML_NO_NODE && s->places.of_node[up] != place) {
            up = s->dom.idom[up];
        }
        sum += up == ML_NO_NODE ? s->ret.bytes[n] : 0;
    }
    return sum;
}

Test(places, retained_agrees_with_the_definition_on_random_heaps)
{
    uint32_t folded = 0;
    for (uint32_t seed = 1; seed <= 300; seed++) {
        struct sketch s;
        sketch_init(&s);
        sketch_random(&s, 10 + seed, seed);
        sketch_analyse(&s);
        for (uint32_t i = 0; i < s.places.count; i++) {
            folded += s.places.place[i].folded_back;
            cr_assert_eq(s.places.place[i].retained, retained_by_definition(&s, i),
                         "seed %u, place %u", seed, i);
        }
        sketch_fini(&s);
    }
    cr_expect_gt(folded, 20, "the random heaps do not try chains any more");
}

Test(places, two_runs_agree)
{
    struct sketch s;
    struct ml_places again;
    sketch_init(&s);
    sketch_random(&s, 3000, 7);
    sketch_analyse(&s);
    cr_assert_eq(ml_places_build(&s.g, &s.tree, &s.dom, &s.ret, &ml_alloc_libc, NULL,
                                 &again, NULL), ML_OK);
    cr_assert_eq(again.count, s.places.count);
    cr_expect_arr_eq(again.of_node, s.places.of_node, 3000 * sizeof(uint32_t));
    cr_expect_arr_eq(again.place, s.places.place, again.count * sizeof(*again.place));
    ml_places_fini(&again);
    sketch_fini(&s);
}

static bool
stop_at_once(void *ctx, const char *step, double done)
{
    (*(int *)ctx)++;
    return true;
}

Test(places, a_cancelled_build_leaves_nothing)
{
    struct sketch s;
    struct ml_error err = {0};
    int asked = 0;
    struct ml_cancel cancel = {stop_at_once, &asked};
    sketch_init(&s);
    sketch_random(&s, 100, 1);
    sketch_prepare(&s);
    cr_expect_eq(ml_places_build(&s.g, &s.tree, &s.dom, &s.ret, &ml_alloc_libc, &cancel,
                                 &s.places, &err), ML_ECANCELLED);
    cr_expect_eq(asked, 1);
    cr_expect_null(s.places.place);
    cr_expect_null(s.places.of_node);
    sketch_fini(&s);
}

/* A heap that makes the trie grow, fold and weigh nested members. */
static void
draw_everything(struct sketch *sk)
{
    uint32_t app = sketch_root(sk, APP, 64, 0);
    draw_chain(sk, app, 20, true);
    for (int i = 0; i < 1500; i++) {
        sketch_child(sk, app, ITEM, 8, 0);
    }
}

Test(places, every_allocation_may_fail)
{
    struct sketch s;
    struct fail_alloc f;
    int rc = ML_ENOMEM;
    size_t n = 0;
    sketch_init(&s);
    draw_everything(&s);
    sketch_prepare(&s);
    for (; rc != ML_OK; n++) {
        struct ml_error err = {0};
        fail_alloc_init(&f, n);
        rc = ml_places_build(&s.g, &s.tree, &s.dom, &s.ret, &f.alloc, NULL, &s.places,
                             &err);
        cr_assert(rc == ML_OK || (rc == ML_ENOMEM && err.code == ML_ENOMEM));
        cr_assert(rc == ML_OK || (s.places.place == NULL && f.live == 0), "at %zu", n);
        ml_places_fini(&s.places);
        cr_assert_eq(f.live, 0, "at %zu", n);
        cr_assert_eq(f.wrong_sizes, 0, "at %zu", n);
    }
    cr_expect_gt(n, 14, "the heap does not try much any more");
    sketch_fini(&s);
}
