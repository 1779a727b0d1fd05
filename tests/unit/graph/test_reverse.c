/* SPDX-License-Identifier: MIT
 *
 * References turned round.
 */
#include "graph_dsl.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(reverse, parallel_references_and_loops_are_all_there)
{
    struct dsl d;
    struct ml_reverse r;
    dsl_read(&d, "a: b b c; b: b; c: a b");
    cr_assert_eq(ml_reverse_build(&d.g, &ml_alloc_libc, NULL, &r, NULL), ML_OK);
    static const uint32_t first[] = {0, 1, 5, 6}, from[] = {2, 0, 0, 1, 2, 0};
    cr_assert_arr_eq(r.first, first, sizeof(first));
    cr_assert_arr_eq(r.from, from, sizeof(from));
    ml_reverse_fini(&r, &ml_alloc_libc);
    dsl_fini(&d);
}

Test(reverse, a_graph_without_nodes_or_references_is_fine)
{
    struct dsl d;
    struct ml_reverse r;
    dsl_read(&d, "");
    cr_assert_eq(ml_reverse_build(&d.g, &ml_alloc_libc, NULL, &r, NULL), ML_OK);
    cr_assert_eq(r.first[0], 0);
    ml_reverse_fini(&r, &ml_alloc_libc);
    ml_reverse_fini(&r, &ml_alloc_libc);
    dsl_fini(&d);
}

static uint32_t
count_of(const uint32_t *list, uint32_t from, uint32_t to, uint32_t what)
{
    uint32_t count = 0;
    for (uint32_t i = from; i < to; i++) {
        count += list[i] == what;
    }
    return count;
}

Test(reverse, each_reference_is_found_from_its_other_end)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct ml_heap_graph g;
        struct ml_reverse r;
        int32_t *refs;
        dsl_random(&g, &refs, seed, 60, &ml_alloc_libc);
        cr_assert_eq(ml_reverse_build(&g, &ml_alloc_libc, NULL, &r, NULL), ML_OK);
        for (uint32_t u = 0; u < g.node_count; u++) {
            for (uint32_t v = 0; v < g.node_count; v++) {
                cr_assert_eq(count_of(g.edge, g.first_edge[u], g.first_edge[u + 1], v),
                             count_of(r.from, r.first[v], r.first[v + 1], u),
                             "seed %lu: %u to %u", seed, u, v);
            }
            for (uint32_t e = r.first[u] + 1; e < r.first[u + 1]; e++) {
                cr_assert_leq(r.from[e - 1], r.from[e], "seed %lu", seed);
            }
        }
        ml_reverse_fini(&r, &ml_alloc_libc);
        ml_heap_graph_fini(&g);
        free(refs);
    }
}
