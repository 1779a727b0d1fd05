/* SPDX-License-Identifier: MIT
 *
 * The whole analysis while memory fails, and while somebody says stop: the error comes
 * back, nothing stays behind, nothing is touched that is not there.
 */
#include "cycle.h"
#include "fail_alloc.h"
#include "graph_dsl.h"
#include "oracle.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static int
ask_everything(const struct ml_heap_graph *g, const struct analysed *s,
               const struct ml_alloc *a, const struct ml_cancel *cancel)
{
    struct ml_cycle_groups cycles;
    struct ml_kind_sum sums[5];
    uint64_t bytes, objects;
    uint32_t member = 0;
    int rc = ml_cycle_groups_build(g, &s->reach, a, cancel, &cycles, NULL);
    if (rc < 0) {
        cr_assert(cycles.group == NULL && cycles.count == 0);
        return rc;
    }
    ml_cycle_groups_fini(&cycles);
    rc = ml_retained_of_set(g, &s->dom, &s->retained, &member, 1, a, &bytes, &objects,
                            NULL);
    return rc < 0 ? rc
                  : ml_retained_by_kind(g, &s->dom, &s->retained, 5, sums, a, NULL);
}

static int
run(const struct ml_heap_graph *g, const int32_t *refs, const struct ml_alloc *a,
    const struct ml_cancel *cancel, struct ml_error *err)
{
    struct analysed s;
    int rc = analysed_build(&s, g, refs, a, cancel, err);
    rc = rc < 0 ? rc : ask_everything(g, &s, a, cancel);
    analysed_fini(&s, a);
    return rc;
}

Test(analysis, every_allocation_may_fail)
{
    struct fail_alloc f;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct ml_heap_graph g;
        int32_t *refs;
        dsl_random(&g, &refs, seed, 60, &ml_alloc_libc);
        g.roots.len = seed % 2 == 0 ? g.roots.len : 0; /* some with much garbage */
        for (size_t n = 0;; n++) {
            struct ml_error err = {0};
            fail_alloc_init(&f, n);
            int rc = run(&g, refs, &f.alloc, NULL, &err);
            cr_assert(rc == ML_OK || rc == ML_ENOMEM, "seed %lu, call %zu", seed, n);
            cr_assert_eq(f.live, 0, "seed %lu, call %zu", seed, n);
            cr_assert_eq(f.wrong_sizes, 0, "seed %lu, call %zu", seed, n);
            if (rc == ML_OK) {
                cr_assert_gt(n, 20);
                break;
            }
        }
        ml_heap_graph_fini(&g);
        free(refs);
    }
}

struct stopper {
    uint32_t left; /* questions answered with "go on" */
    uint32_t asked;
};

static bool
stop_soon(void *ctx, const char *step, double done)
{
    struct stopper *s = ctx;
    cr_assert(step[0] != '\0' && done >= 0 && done <= 1, "%s %f", step, done);
    s->asked++;
    return s->left-- == 0;
}

/* A comb: long enough that each step asks several times, half of it garbage. */
static void
build_comb(struct ml_heap_graph *g, int32_t **refs, uint32_t count)
{
    *refs = calloc(count, sizeof(**refs));
    ml_heap_graph_init(g, &ml_alloc_libc);
    for (uint32_t n = 0; n < count; n++) {
        uint32_t to[] = {n % (count / 2) + 2 < count / 2 ? n + 2 : n, n & ~1u};
        struct ml_node_info info = {.size = 1, .kind = n % 3};
        (*refs)[n] = ML_REFS_UNKNOWN;
        cr_assert_eq(ml_heap_graph_add_node(g, &info), ML_OK);
        cr_assert_eq(ml_heap_graph_add_edges(g, n, to, 2), ML_OK);
    }
    cr_assert_eq(ml_heap_graph_add_root(g, 0, 0, 0), ML_OK);
    cr_assert_eq(ml_heap_graph_add_root(g, 1, 0, 0), ML_OK);
    cr_assert_eq(ml_heap_graph_freeze(g, NULL), ML_OK);
}

Test(analysis, every_question_may_be_answered_with_stop)
{
    struct ml_heap_graph g;
    int32_t *refs;
    build_comb(&g, &refs, 100000);
    for (uint32_t left = 0;; left++) {
        struct fail_alloc f;
        struct ml_error err = {0};
        struct stopper stopper = {.left = left};
        struct ml_cancel cancel = {stop_soon, &stopper};
        fail_alloc_init(&f, FAIL_NEVER);
        int rc = run(&g, refs, &f.alloc, &cancel, &err);
        cr_assert_eq(f.live, 0);
        if (rc == ML_OK) {
            cr_assert_gt(stopper.asked, 50);
            break;
        }
        cr_assert_eq(rc, ML_ECANCELLED);
        cr_assert_eq(stopper.asked, left + 1, "asked again after a stop");
    }
    ml_heap_graph_fini(&g);
    free(refs);
}

/* The most that is taken at once when every node has references: results of all steps
 * before the dominators, and the dominators' own 16 bytes a node. */
Test(analysis, stays_within_its_budget_of_memory)
{
    struct ml_heap_graph g;
    int32_t *refs;
    struct fail_alloc f;
    struct analysed s;
    build_comb(&g, &refs, 100000);
    fail_alloc_init(&f, FAIL_NEVER);
    cr_assert_eq(analysed_build(&s, &g, refs, &f.alloc, NULL, NULL), ML_OK);
    cr_expect_leq(f.peak_bytes, 100000u * 45 + 200000u * 4, "%zu", f.peak_bytes);
    analysed_fini(&s, &f.alloc);
    ml_heap_graph_fini(&g);
    free(refs);
}
