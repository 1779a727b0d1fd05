/* SPDX-License-Identifier: MIT
 *
 * The builder: what goes in comes out, what cannot be is refused.
 */
#include "heap_graph.h"

#include "fail_alloc.h"
#include <criterion/criterion.h>

static void
add_nodes(struct ml_heap_graph *g, uint32_t count)
{
    for (uint32_t n = 0; n < count; n++) {
        struct ml_node_info info = {.address = 16 * (uint64_t)n + 16,
                                    .size = n,
                                    .kind = n % 7,
                                    .flags = (uint8_t)(n % 3)};
        cr_assert_eq(ml_heap_graph_add_node(g, &info), ML_OK);
    }
}

Test(heap_graph, nodes_left_out_have_no_references)
{
    struct ml_heap_graph g;
    struct ml_error err = {0};
    uint32_t to[] = {4, 0, 4}, count;
    ml_heap_graph_init(&g, &ml_alloc_libc);
    add_nodes(&g, 5);
    cr_assert_eq(ml_heap_graph_add_edges(&g, 1, to, 2), ML_OK);
    cr_assert_eq(ml_heap_graph_add_edges(&g, 1, to + 2, 1), ML_OK);
    cr_assert_eq(ml_heap_graph_add_edges(&g, 3, to, 1), ML_OK);
    cr_assert_eq(ml_heap_graph_freeze(&g, &err), ML_OK);
    cr_assert_eq(ml_heap_graph_validate(&g, &err), ML_OK, "%s", err.message);
    static const uint32_t expected[] = {0, 3, 0, 1, 0};
    for (uint32_t n = 0; n < 5; n++) {
        ml_heap_graph_edges(&g, n, &count);
        cr_assert_eq(count, expected[n], "node %u", n);
    }
    const uint32_t *edges = ml_heap_graph_edges(&g, 1, &count);
    cr_assert(edges[0] == 4 && edges[1] == 0 && edges[2] == 4);
    ml_heap_graph_fini(&g);
}

Test(heap_graph, nodes_may_come_while_references_do)
{
    struct ml_heap_graph g;
    struct ml_error err = {0};
    ml_heap_graph_init(&g, &ml_alloc_libc);
    add_nodes(&g, 1);
    for (uint32_t n = 0; n < 5000; n++) {
        uint32_t next = n + 1;
        cr_assert_eq(ml_heap_graph_add_edges(&g, n, &next, 1), ML_OK);
        add_nodes(&g, 1);
    }
    cr_assert_eq(ml_heap_graph_freeze(&g, &err), ML_OK);
    cr_assert_eq(ml_heap_graph_validate(&g, &err), ML_OK, "%s", err.message);
    cr_assert_eq(g.edge[g.first_edge[4999]], 5000);
    ml_heap_graph_fini(&g);
}

Test(heap_graph, references_out_of_order_are_refused)
{
    struct ml_heap_graph g;
    uint32_t to = 0;
    ml_heap_graph_init(&g, &ml_alloc_libc);
    add_nodes(&g, 3);
    cr_assert_eq(ml_heap_graph_add_edges(&g, 2, &to, 1), ML_OK);
    cr_assert_eq(ml_heap_graph_add_edges(&g, 1, &to, 1), ML_EINVAL);
    cr_assert_eq(ml_heap_graph_add_edges(&g, 3, &to, 1), ML_EINVAL);
    cr_assert_eq(ml_heap_graph_add_edges(&g, 2, &to, 1), ML_OK);
    ml_heap_graph_fini(&g);
}

Test(heap_graph, a_reference_to_nowhere_fails_the_freeze)
{
    struct ml_heap_graph g;
    struct ml_error err = {0};
    uint32_t to = 3;
    ml_heap_graph_init(&g, &ml_alloc_libc);
    add_nodes(&g, 3);
    cr_assert_eq(ml_heap_graph_add_edges(&g, 0, &to, 1), ML_OK);
    cr_assert_eq(ml_heap_graph_freeze(&g, &err), ML_EINVAL);
    cr_assert_str_eq(err.message, "reference 0 leads to node 3 of 3");
    ml_heap_graph_fini(&g);
}

Test(heap_graph, a_root_of_nowhere_fails_the_freeze)
{
    struct ml_heap_graph g;
    ml_heap_graph_init(&g, &ml_alloc_libc);
    add_nodes(&g, 3);
    cr_assert_eq(ml_heap_graph_add_root(&g, ML_NO_NODE, 0, 1), ML_OK);
    cr_assert_eq(ml_heap_graph_freeze(&g, NULL), ML_EINVAL);
    ml_heap_graph_fini(&g);
}

Test(heap_graph, an_empty_graph_is_a_graph)
{
    struct ml_heap_graph g;
    ml_heap_graph_init(&g, &ml_alloc_libc);
    cr_assert_eq(ml_heap_graph_freeze(&g, NULL), ML_OK);
    cr_assert_eq(ml_heap_graph_validate(&g, NULL), ML_OK);
    ml_heap_graph_fini(&g);
    ml_heap_graph_fini(&g);
}

Test(heap_graph, sizes_beyond_32_bits_are_kept_whatever_the_order)
{
    struct ml_heap_graph g;
    struct ml_error err = {0};
    const uint64_t huge = UINT64_C(6) << 32;
    ml_heap_graph_init(&g, &ml_alloc_libc);
    add_nodes(&g, 6);
    cr_assert_eq(ml_heap_graph_set_size(&g, 4, huge + 4), ML_OK);
    cr_assert_eq(ml_heap_graph_set_size(&g, 1, huge + 1), ML_OK);
    cr_assert_eq(ml_heap_graph_set_size(&g, 3, UINT32_MAX), ML_OK);
    cr_assert_eq(ml_heap_graph_set_size(&g, 4, 8), ML_OK);
    cr_assert_eq(ml_heap_graph_set_size(&g, 1, huge), ML_OK);
    cr_assert_eq(ml_heap_graph_set_size(&g, 6, 1), ML_EINVAL);
    cr_assert_eq(ml_heap_graph_freeze(&g, &err), ML_OK);
    cr_assert_eq(ml_heap_graph_validate(&g, &err), ML_OK, "%s", err.message);
    static const uint64_t expected[] = {0, UINT64_C(6) << 32, 2, UINT32_MAX, 8, 5};
    for (uint32_t n = 0; n < 6; n++) {
        cr_assert_eq(ml_heap_graph_size(&g, n), expected[n], "node %u", n);
    }
    ml_heap_graph_fini(&g);
}

Test(heap_graph, the_check_sees_what_was_broken)
{
    struct ml_heap_graph g;
    struct ml_error err = {0};
    uint32_t to[] = {1, 2};
    ml_heap_graph_init(&g, &ml_alloc_libc);
    add_nodes(&g, 3);
    cr_assert_eq(ml_heap_graph_add_edges(&g, 0, to, 2), ML_OK);
    cr_assert_eq(ml_heap_graph_validate(&g, &err), ML_EINVAL);
    cr_assert_str_eq(err.message, "the graph is not frozen");
    cr_assert_eq(ml_heap_graph_freeze(&g, &err), ML_OK);
    g.edge[1] = 9;
    cr_assert_eq(ml_heap_graph_validate(&g, &err), ML_EINVAL);
    g.edge[1] = 2;
    g.first_edge[1] = 7;
    cr_assert_eq(ml_heap_graph_validate(&g, &err), ML_EINVAL);
    g.first_edge[1] = 2;
    g.size32[1] = UINT32_MAX;
    cr_assert_eq(ml_heap_graph_validate(&g, &err), ML_EINVAL);
    g.size32[1] = 0;
    cr_assert_eq(ml_heap_graph_validate(&g, &err), ML_OK);
    ml_heap_graph_fini(&g);
}

/* 3000 nodes make the arrays grow twice. */
static int
build(struct ml_heap_graph *g)
{
    int rc = ML_OK;
    for (uint32_t n = 0; n < 3000 && rc == ML_OK; n++) {
        struct ml_node_info info = {.size = n % 100 == 0 ? UINT64_C(9) << 32 : n};
        rc = ml_heap_graph_add_node(g, &info);
        rc = rc < 0 ? rc : ml_heap_graph_add_edges(g, n, &n, 1);
        rc = rc < 0 ? rc : ml_heap_graph_add_root(g, n, 0, n);
    }
    return rc < 0 ? rc : ml_heap_graph_freeze(g, NULL);
}

Test(heap_graph, every_allocation_may_fail)
{
    struct fail_alloc f;
    for (size_t n = 0;; n++) {
        struct ml_heap_graph g;
        fail_alloc_init(&f, n);
        ml_heap_graph_init(&g, &f.alloc);
        int rc = build(&g);
        cr_assert(rc == ML_OK || rc == ML_ENOMEM, "call %zu gave %d", n, rc);
        ml_heap_graph_fini(&g);
        cr_assert_eq(f.live, 0, "call %zu", n);
        cr_assert_eq(f.wrong_sizes, 0, "call %zu", n);
        if (rc == ML_OK) {
            cr_assert_gt(n, 10);
            break;
        }
    }
}
