/* SPDX-License-Identifier: MIT
 *
 * The arena: zeroes, contents and accounts across its two ways of serving.
 */
#include "arena.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdint.h>
#include <string.h>

#define LARGE ((size_t)64 * 1024)

static unsigned char *
take(struct ml_arena *arena, size_t size)
{
    unsigned char *p = arena->alloc.alloc(arena->alloc.ctx, size);
    cr_assert_not_null(p, "%zu bytes", size);
    cr_assert_eq((uintptr_t)p % 16, 0);
    for (size_t i = 0; i < size; i++) {
        cr_assert_eq(p[i], 0, "byte %zu of %zu", i, size);
    }
    return p;
}

Test(arena, pieces_are_zeroed_and_do_not_overlap)
{
    struct ml_arena arena;
    unsigned char *piece[300];
    ml_arena_init(&arena, 0);
    for (size_t i = 0; i < 300; i++) {
        piece[i] = take(&arena, 1 + i * 13);
        memset(piece[i], (int)i | 1, 1 + i * 13);
    }
    for (size_t i = 0; i < 300; i++) {
        for (size_t b = 0; b < 1 + i * 13; b++) {
            cr_assert_eq(piece[i][b], (unsigned char)(i | 1), "piece %zu", i);
        }
    }
    ml_arena_fini(&arena);
    cr_assert_eq(arena.mapped, 0);
}

struct growth {
    size_t from, to;
};

ParameterizedTestParameters(arena, resizing_keeps_contents_and_adds_zeroes)
{
    static struct growth cases[] = {
        {8, 16},                 /* within the rounding */
        {8, 17},                 /* out of it */
        {100, 50},               /* smaller */
        {1000, LARGE - 1},       /* still small */
        {1000, LARGE},           /* over the threshold */
        {LARGE - 1, LARGE + 1},  /* just over it */
        {LARGE - 1, LARGE},      /* over it without a larger piece */
        {LARGE, LARGE - 1},      /* back under it */
        {LARGE, 100},            /* far under it */
        {LARGE + 1, LARGE + 2},  /* within a page */
        {LARGE + 1, 3 * LARGE},  /* more pages */
        {3 * LARGE, LARGE + 10}, /* fewer pages */
        {5000000, 20000000},
    };
    return cr_make_param_array(struct growth, cases, sizeof(cases) / sizeof(*cases));
}

ParameterizedTest(struct growth *g, arena, resizing_keeps_contents_and_adds_zeroes)
{
    struct ml_arena arena;
    ml_arena_init(&arena, 0);
    unsigned char *p = take(&arena, g->from);
    memset(p, 0x5A, g->from);
    p = arena.alloc.resize(arena.alloc.ctx, p, g->from, g->to);
    cr_assert_not_null(p);
    for (size_t i = 0; i < g->to; i++) {
        cr_assert_eq(p[i], i < g->from ? 0x5A : 0, "byte %zu", i);
    }
    memset(p, 0x5A, g->to);
    p = arena.alloc.resize(arena.alloc.ctx, p, g->to, g->from);
    for (size_t i = 0; i < g->from; i++) {
        size_t kept = g->from < g->to ? g->from : g->to;
        cr_assert_eq(p[i], i < kept ? 0x5A : 0, "byte %zu on the way back", i);
    }
    arena.alloc.release(arena.alloc.ctx, p, g->from);
    ml_arena_fini(&arena);
    cr_assert_eq(arena.mapped, 0);
}

Test(arena, the_rest_of_a_page_is_zero_again_after_shrinking)
{
    struct ml_arena arena;
    ml_arena_init(&arena, 0);
    unsigned char *p = take(&arena, 2 * LARGE);
    memset(p, 0xFF, 2 * LARGE);
    p = arena.alloc.resize(arena.alloc.ctx, p, 2 * LARGE, LARGE + 5);
    p = arena.alloc.resize(arena.alloc.ctx, p, LARGE + 5, 2 * LARGE);
    for (size_t i = 0; i < 2 * LARGE; i++) {
        cr_assert_eq(p[i], i < LARGE + 5 ? 0xFF : 0, "byte %zu", i);
    }
    arena.alloc.release(arena.alloc.ctx, p, 2 * LARGE);
    ml_arena_fini(&arena);
}

Test(arena, the_limit_holds_for_both_ways_and_for_growing)
{
    struct ml_arena arena;
    const size_t limit = 1024 * 1024;
    ml_arena_init(&arena, limit);
    void *ctx = arena.alloc.ctx;
    unsigned char *p = take(&arena, LARGE);
    cr_assert_null(arena.alloc.alloc(ctx, limit));
    cr_assert_null(arena.alloc.resize(ctx, p, LARGE, limit + 1));
    cr_assert_eq(p[LARGE - 1], 0, "a failed growth leaves it alone");
    size_t chunks = 0;
    while (arena.alloc.alloc(ctx, 60000) != NULL) {
        cr_assert_lt(++chunks, 100);
    }
    cr_assert_gt(chunks, 3);
    cr_assert_leq(arena.mapped, limit);
    cr_assert_leq(arena.peak, limit);
    arena.alloc.release(ctx, p, LARGE);
    ml_arena_fini(&arena);
    cr_assert_eq(arena.mapped, 0);
}

Test(arena, impossible_sizes_are_refused)
{
    struct ml_arena arena;
    ml_arena_init(&arena, 0);
    void *ctx = arena.alloc.ctx;
    unsigned char *p = take(&arena, 100);
    cr_assert_null(arena.alloc.alloc(ctx, SIZE_MAX));
    cr_assert_null(arena.alloc.alloc(ctx, SIZE_MAX / 2));
    cr_assert_null(arena.alloc.resize(ctx, p, 100, SIZE_MAX));
    cr_assert_null(arena.alloc.resize(ctx, p, 100, SIZE_MAX / 2));
    cr_assert_eq(arena.mapped, 256 * 1024);
    ml_arena_fini(&arena);
}

Test(arena, large_pieces_are_given_back_at_once_and_the_peak_is_remembered)
{
    struct ml_arena arena;
    ml_arena_init(&arena, 0);
    unsigned char *p = take(&arena, 10 * LARGE);
    cr_assert_eq(arena.mapped, 10 * LARGE);
    arena.alloc.release(arena.alloc.ctx, p, 10 * LARGE);
    cr_assert_eq(arena.mapped, 0);
    cr_assert_eq(arena.peak, 10 * LARGE);
    ml_arena_fini(&arena);
}

Test(arena, a_zeroed_arena_may_be_given_back)
{
    struct ml_arena arena;
    memset(&arena, 0, sizeof(arena));
    ml_arena_fini(&arena);
    cr_assert_eq(arena.mapped, 0);
}
