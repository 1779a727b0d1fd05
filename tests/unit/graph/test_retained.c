/* SPDX-License-Identifier: MIT
 *
 * Retained sizes of nodes, sets and kinds.
 */
#include "graph_dsl.h"
#include "oracle.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void
analyse(struct dsl *d, struct analysed *s, const char *text)
{
    dsl_read(d, text);
    cr_assert_eq(analysed_build(s, &d->g, d->refs, &ml_alloc_libc, NULL, NULL), ML_OK);
}

Test(retained, what_is_shared_belongs_to_the_one_above)
{
    struct dsl d;
    struct analysed s;
    analyse(&d, &s,
            "root a; a: b c; b: x y; c: y; a size=1; b size=10; c size=100;"
            "x size=1000; y size=10000; g: g");
    cr_assert_eq(s.retained.bytes[dsl_node(&d, "a")], 11111);
    cr_assert_eq(s.retained.bytes[dsl_node(&d, "b")], 1010);
    cr_assert_eq(s.retained.bytes[dsl_node(&d, "c")], 100);
    cr_assert_eq(s.retained.objects[dsl_node(&d, "a")], 5);
    cr_assert_eq(s.retained.bytes[dsl_node(&d, "g")], 0);
    cr_assert_eq(s.retained.objects[dsl_node(&d, "g")], 0);
    analysed_fini(&s, &ml_alloc_libc);
    dsl_fini(&d);
}

Test(retained, nested_members_of_a_set_count_once)
{
    struct dsl d;
    struct analysed s;
    uint64_t bytes, objects;
    analyse(&d, &s,
            "root a; a: b z; b: c; c: e; b size=10; c size=100; e size=1000;"
            "z size=5; g: g; g size=7");
    uint32_t members[] = {dsl_node(&d, "e"), dsl_node(&d, "b"), dsl_node(&d, "z"),
                          dsl_node(&d, "b"), dsl_node(&d, "g")};
    cr_assert_eq(ml_retained_of_set(&d.g, &s.dom, &s.retained, members, 5,
                                    &ml_alloc_libc, &bytes, &objects, NULL),
                 ML_OK);
    cr_assert_eq(bytes, 1115);
    cr_assert_eq(objects, 4);
    cr_assert_eq(ml_retained_of_set(&d.g, &s.dom, &s.retained, members, 0,
                                    &ml_alloc_libc, &bytes, &objects, NULL),
                 ML_OK);
    cr_assert(bytes == 0 && objects == 0);
    analysed_fini(&s, &ml_alloc_libc);
    dsl_fini(&d);
}

Test(retained, a_linked_list_is_its_kind_once)
{
    struct dsl d;
    struct analysed s;
    struct ml_kind_sum sums[3];
    analyse(&d, &s,
            "root a; a: b; b: c s; c: e; b kind=1; c kind=1; e kind=1;"
            "s kind=2 size=50; a kind=9");
    cr_assert_eq(
        ml_retained_by_kind(&d.g, &s.dom, &s.retained, 3, sums, &ml_alloc_libc, NULL),
        ML_OK);
    cr_assert(sums[1].count == 3 && sums[1].shallow == 3 && sums[1].retained == 53);
    cr_assert(sums[2].count == 1 && sums[2].retained == 50);
    cr_assert_eq(sums[0].count, 0, "kind 9 is out of range and left out");
    analysed_fini(&s, &ml_alloc_libc);
    dsl_fini(&d);
}

static void
compare_nodes(const struct oracle *o, const struct analysed *s, uint64_t seed)
{
    for (uint32_t n = 0; n < o->g->node_count; n++) {
        bool only[ORACLE_NODES] = {false};
        uint64_t bytes, objects;
        only[n] = true;
        oracle_retained(o, only, &bytes, &objects);
        cr_assert_eq(s->retained.bytes[n], bytes, "seed %lu: node %u", seed, n);
        cr_assert_eq(s->retained.objects[n], objects, "seed %lu: node %u", seed, n);
    }
}

static void
compare_set(const struct oracle *o, const struct analysed *s, uint64_t seed)
{
    struct dice dice = {seed};
    bool member[ORACLE_NODES] = {false};
    uint32_t list[ORACLE_NODES];
    uint64_t bytes, objects, want_bytes, want_objects;
    size_t count = dice_throw(&dice, ORACLE_NODES);
    for (size_t i = 0; i < count; i++) {
        list[i] = (uint32_t)dice_throw(&dice, o->g->node_count);
        member[list[i]] = true;
    }
    oracle_retained(o, member, &want_bytes, &want_objects);
    cr_assert_eq(ml_retained_of_set(o->g, &s->dom, &s->retained, list, count,
                                    &ml_alloc_libc, &bytes, &objects, NULL),
                 ML_OK);
    cr_assert(bytes == want_bytes && objects == want_objects, "seed %lu", seed);
}

static void
compare_kinds(const struct oracle *o, const struct analysed *s, uint64_t seed)
{
    struct ml_kind_sum sums[5];
    cr_assert_eq(
        ml_retained_by_kind(o->g, &s->dom, &s->retained, 5, sums, &ml_alloc_libc, NULL),
        ML_OK);
    for (uint32_t kind = 0; kind < 5; kind++) {
        struct ml_kind_sum want = {0};
        bool member[ORACLE_NODES] = {false};
        uint64_t objects;
        for (uint32_t n = 0; n < o->g->node_count; n++) {
            member[n] = o->firm[n] && o->g->kind[n] == kind &&
                        (o->g->flags[n] & ML_NODE_OWN) == 0;
            want.count += member[n];
            want.shallow += member[n] ? ml_heap_graph_size(o->g, n) : 0;
        }
        oracle_retained(o, member, &want.retained, &objects);
        cr_assert_eq(memcmp(&want, &sums[kind], sizeof(want)), 0, "seed %lu: kind %u",
                     seed, kind);
    }
}

Test(retained, agrees_with_taking_nodes_away)
{
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct ml_heap_graph g;
        struct analysed s;
        static struct oracle o;
        int32_t *refs;
        dsl_random(&g, &refs, seed, 30, &ml_alloc_libc);
        oracle_ask(&o, &g, refs);
        cr_assert_eq(analysed_build(&s, &g, refs, &ml_alloc_libc, NULL, NULL), ML_OK);
        compare_nodes(&o, &s, seed);
        compare_set(&o, &s, seed);
        compare_kinds(&o, &s, seed);
        analysed_fini(&s, &ml_alloc_libc);
        ml_heap_graph_fini(&g);
        free(refs);
    }
}
