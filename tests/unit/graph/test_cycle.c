/* SPDX-License-Identifier: MIT
 *
 * Cycles of garbage and the groups they form.
 */
#include "cycle.h"

#include "graph_dsl.h"
#include "oracle.h"
#include <criterion/criterion.h>
#include <stdlib.h>

static void
group(const struct ml_heap_graph *g, const int32_t *refs, struct ml_cycle_groups *out)
{
    struct ml_reverse r;
    struct ml_reach reach;
    cr_assert_eq(ml_reverse_build(g, &ml_alloc_libc, NULL, &r, NULL), ML_OK);
    cr_assert_eq(ml_reach_compute(g, &r, refs, &ml_alloc_libc, NULL, &reach, NULL),
                 ML_OK);
    cr_assert_eq(ml_cycle_groups_build(g, &reach, &ml_alloc_libc, NULL, out, NULL),
                 ML_OK);
    ml_reach_fini(&reach, &ml_alloc_libc);
    ml_reverse_fini(&r, &ml_alloc_libc);
}

static void
expect(const char *text, const struct ml_cycle_group *want, uint32_t count)
{
    struct dsl d;
    struct ml_cycle_groups c;
    dsl_read(&d, text);
    group(&d.g, d.refs, &c);
    cr_assert_eq(c.count, count, "%u groups in %s", c.count, text);
    for (uint32_t i = 0; i < count; i++) {
        cr_expect_eq(c.group[i].cycles, want[i].cycles, "cycles of %u in %s", i, text);
        cr_expect_eq(c.group[i].objects, want[i].objects, "objects of %u in %s", i,
                     text);
        cr_expect_eq(c.group[i].size, want[i].size, "size of %u in %s", i, text);
        cr_expect_eq(c.group[i].example, want[i].example, "example of %u, %s", i, text);
    }
    ml_cycle_groups_fini(&c);
    dsl_fini(&d);
}

Test(cycle, no_garbage_no_groups)
{
    expect("root a; a: b; b: a", NULL, 0);
    expect("", NULL, 0);
}

Test(cycle, a_node_that_holds_itself_is_one)
{
    struct ml_cycle_group want = {.cycles = 1, .objects = 1, .size = 1, .example = 0};
    expect("a: a", &want, 1);
}

Test(cycle, alike_ones_form_one_group)
{
    struct ml_cycle_group want = {.cycles = 2, .objects = 5, .size = 5, .example = 0};
    expect("a: b; b: a; c: d; d: e; e: c;"
           "a kind=1; b kind=2; c kind=2; d kind=1; e kind=1",
           &want, 1);
}

Test(cycle, the_largest_group_comes_first)
{
    struct ml_cycle_group want[] = {
        {.cycles = 1, .objects = 1, .size = 50, .example = 2},
        {.cycles = 1, .objects = 2, .size = 2, .example = 0}};
    expect("a: b; b: a; c: c; c kind=3 size=50", want, 2);
}

Test(cycle, what_only_the_group_holds_counts)
{
    struct ml_cycle_group one = {.cycles = 2, .objects = 2, .size = 112, .example = 0};
    expect("a: a x; b: b x; x: y; x size=10; y size=100", &one, 1);
    struct ml_cycle_group two[] = {
        {.cycles = 1, .objects = 1, .size = 1001, .example = 0},
        {.cycles = 1, .objects = 1, .size = 1, .example = 2}};
    expect("a: a z; b: b x; a: x; x: y; x size=10; y size=100; z size=1000; b kind=1",
           two, 2);
}

Test(cycle, one_cycle_below_another_stays_its_own)
{
    struct ml_cycle_group want[] = {
        {.cycles = 1, .objects = 2, .size = 32, .example = 1},
        {.cycles = 1, .objects = 1, .size = 1, .example = 0}};
    expect("a: a b; b: c; c: b x; b kind=5; x size=30", want, 2);
}

Test(cycle, a_ring_of_a_million)
{
    struct ml_heap_graph g;
    struct ml_cycle_groups c;
    const uint32_t count = 1000000;
    int32_t *refs = calloc(count, sizeof(*refs));
    ml_heap_graph_init(&g, &ml_alloc_libc);
    for (uint32_t n = 0; n < count; n++) {
        uint32_t next = (n + 1) % count;
        struct ml_node_info info = {.size = 2, .kind = n % 3};
        cr_assert_eq(ml_heap_graph_add_node(&g, &info), ML_OK);
        cr_assert_eq(ml_heap_graph_add_edges(&g, n, &next, 1), ML_OK);
    }
    cr_assert_eq(ml_heap_graph_freeze(&g, NULL), ML_OK);
    group(&g, refs, &c);
    cr_assert_eq(c.count, 1);
    cr_assert_eq(c.group[0].cycles, 1);
    cr_assert_eq(c.group[0].objects, count);
    cr_assert_eq(c.group[0].size, 2 * (uint64_t)count);
    cr_assert_eq(c.group[0].kind_count, 3);
    ml_cycle_groups_fini(&c);
    ml_heap_graph_fini(&g);
    free(refs);
}

/* The set of kinds on the cycle of n, one bit each; 0 when n is on none. */
static uint32_t
kinds_of(const struct oracle *o, uint32_t n)
{
    uint32_t kinds = 0;
    for (uint32_t v = 0; v < o->g->node_count; v++) {
        kinds |= o->together[n][v] ? 1u << o->g->kind[v] : 0;
    }
    return kinds;
}

/* Which groups (as sets of kinds) reach n through garbage that is on no cycle. */
static void
holders_of(const struct oracle *o, uint32_t n, bool *seen, bool *groups)
{
    for (uint32_t u = 0; u < o->g->node_count; u++) {
        bool refers = false;
        for (uint32_t e = o->g->first_edge[u]; e < o->g->first_edge[u + 1]; e++) {
            refers = refers || o->g->edge[e] == n;
        }
        if (!refers || o->alive[u] || seen[u]) {
            continue;
        }
        seen[u] = true;
        if (o->together[u][u]) {
            groups[kinds_of(o, u)] = true;
        }
        else {
            holders_of(o, u, seen, groups);
        }
    }
}

static bool
is_held_only_by(const struct oracle *o, uint32_t n, uint32_t kinds)
{
    bool seen[ORACLE_NODES] = {false}, groups[32] = {false};
    uint32_t count = 0;
    holders_of(o, n, seen, groups);
    for (uint32_t k = 0; k < 32; k++) {
        count += groups[k];
    }
    return count == 1 && groups[kinds];
}

static struct ml_cycle_group
expected_group(const struct oracle *o, uint32_t kinds)
{
    struct ml_cycle_group want = {.example = ML_NO_NODE};
    for (uint32_t n = o->g->node_count; n-- > 0;) {
        uint64_t size = ml_heap_graph_size(o->g, n);
        if (o->together[n][n] && kinds_of(o, n) == kinds) {
            bool lowest = true;
            for (uint32_t v = 0; v < n; v++) {
                lowest = lowest && !o->together[n][v];
            }
            want.cycles += lowest;
            want.objects++;
            want.size += size;
            want.example = n;
        }
        else if (!o->alive[n] && !o->together[n][n] && is_held_only_by(o, n, kinds)) {
            want.size += size;
        }
    }
    return want;
}

static void
compare(const struct oracle *o, const struct ml_cycle_groups *c, uint64_t seed)
{
    bool exists[32] = {false};
    uint32_t count = 0;
    for (uint32_t n = 0; n < o->g->node_count; n++) {
        exists[kinds_of(o, n)] = true;
    }
    for (uint32_t k = 1; k < 32; k++) {
        count += exists[k];
    }
    cr_assert_eq(c->count, count, "seed %lu", seed);
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t kinds = 0;
        for (uint32_t k = 0; k < c->group[i].kind_count; k++) {
            kinds |= 1u << c->group[i].kinds[k];
        }
        struct ml_cycle_group want = expected_group(o, kinds);
        cr_assert_eq(c->group[i].cycles, want.cycles, "seed %lu", seed);
        cr_assert_eq(c->group[i].objects, want.objects, "seed %lu", seed);
        cr_assert_eq(c->group[i].example, want.example, "seed %lu", seed);
        cr_assert_eq(c->group[i].size, want.size, "seed %lu", seed);
        cr_assert(i == 0 || c->group[i - 1].size >= c->group[i].size, "seed %lu", seed);
    }
}

Test(cycle, agrees_with_the_closure)
{
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct ml_heap_graph g;
        struct ml_cycle_groups c;
        static struct oracle o;
        int32_t *refs;
        dsl_random(&g, &refs, seed, 40, &ml_alloc_libc);
        g.roots.len = seed % 3 == 0 ? g.roots.len : 0; /* more garbage */
        for (uint32_t n = 0; n < g.node_count && seed % 2 == 0; n++) {
            refs[n] = ML_REFS_UNKNOWN;
        }
        oracle_ask(&o, &g, refs);
        group(&g, refs, &c);
        compare(&o, &c, seed);
        ml_cycle_groups_fini(&c);
        ml_heap_graph_fini(&g);
        free(refs);
    }
}
