/* SPDX-License-Identifier: MIT
 *
 * The address map against a list that is searched from end to end.
 */
#include "addr_map.h"

#include "arena.h"
#include "fail_alloc.h"
#include "graph_dsl.h"
#include <criterion/criterion.h>

Test(addr_map, an_empty_map_knows_nothing)
{
    struct ml_addr_map *m = ml_addr_map_new(&ml_alloc_libc);
    cr_assert_eq(ml_addr_map_get(m, 0), ML_NO_NODE);
    cr_assert_eq(ml_addr_map_get(m, 0x10), ML_NO_NODE);
    cr_assert_eq(ml_addr_map_get(m, 0x18), ML_NO_NODE);
    cr_assert_eq(ml_addr_map_get(m, UINT64_MAX), ML_NO_NODE);
    ml_addr_map_prefetch(m, 0x10);
    ml_addr_map_free(m);
    ml_addr_map_free(NULL);
}

Test(addr_map, what_is_there_stays)
{
    struct ml_addr_map *m = ml_addr_map_new(&ml_alloc_libc);
    uint32_t found;
    cr_assert_eq(ml_addr_map_get_or_put(m, 0x7f0010, 0, &found), 1);
    cr_assert_eq(found, 0);
    cr_assert_eq(ml_addr_map_get_or_put(m, 0x7f0010, 5, &found), 0);
    cr_assert_eq(found, 0);
    cr_assert_eq(ml_addr_map_get(m, 0x7f0010), 0);
    ml_addr_map_free(m);
}

Test(addr_map, both_halves_of_a_slot_are_addresses)
{
    struct ml_addr_map *m = ml_addr_map_new(&ml_alloc_libc);
    uint32_t found;
    cr_assert_eq(ml_addr_map_get_or_put(m, 0x5000, 1, &found), 1);
    cr_assert_eq(ml_addr_map_get(m, 0x5008), ML_NO_NODE);
    cr_assert_eq(ml_addr_map_get_or_put(m, 0x5008, 2, &found), 1);
    cr_assert_eq(ml_addr_map_get_or_put(m, 0x5008, 3, &found), 0);
    cr_assert_eq(found, 2);
    cr_assert_eq(ml_addr_map_get(m, 0x5000), 1);
    cr_assert_eq(ml_addr_map_get(m, 0x5008), 2);
    ml_addr_map_free(m);
}

Test(addr_map, what_is_no_address_is_refused)
{
    struct ml_addr_map *m = ml_addr_map_new(&ml_alloc_libc);
    static const uint64_t bad[] = {0, 1, 4, 12, 0x5001, 0x500c, UINT64_MAX};
    uint32_t found;
    cr_assert_eq(ml_addr_map_get_or_put(m, 0x5000, 1, &found), 1);
    cr_assert_eq(ml_addr_map_get_or_put(m, 0x10, 1, &found), 1); /* a leaf at 0 */
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        cr_assert_eq(ml_addr_map_get_or_put(m, bad[i], 9, &found), ML_EINVAL, "%zu", i);
        cr_assert_eq(ml_addr_map_get(m, bad[i]), ML_NO_NODE, "%zu", i);
    }
    ml_addr_map_free(m);
}

static uint64_t
random_address(struct dice *dice)
{
    static const uint64_t regions[] = {0x0, 0x555555000000, 0x7f0000000000,
                                       0xffffffffff000000};
    uint64_t base = regions[dice_throw(dice, 4)];
    uint64_t spread = dice_throw(dice, 2) == 0 ? 1 << 9 : 1 << 24;
    return base + 8 * dice_throw(dice, spread / 8);
}

static uint32_t
search(const struct ml_u64vec *list, uint64_t address)
{
    for (size_t i = 0; i < list->len; i++) {
        if (list->data[i] == address) {
            return (uint32_t)i;
        }
    }
    return ML_NO_NODE;
}

/* An arena, as in earnest: zeroed pages and leaves that are mappings. */
Test(addr_map, behaves_as_a_list)
{
    struct ml_arena arena;
    ml_arena_init(&arena, 0);
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct ml_addr_map *m = ml_addr_map_new(&arena.alloc);
        struct ml_u64vec list = {0};
        struct dice dice = {seed};
        for (int i = 0; i < 2500; i++) {
            uint64_t address = random_address(&dice);
            uint32_t have = search(&list, address), found = ML_NO_NODE;
            cr_assert_eq(ml_addr_map_get(m, address), have, "seed %lu", seed);
            int rc = ml_addr_map_get_or_put(m, address, (uint32_t)list.len, &found);
            if (address == 0) {
                cr_assert_eq(rc, ML_EINVAL);
                continue;
            }
            cr_assert_eq(rc, have == ML_NO_NODE, "seed %lu", seed);
            cr_assert_eq(found, rc == 1 ? (uint32_t)list.len : have, "seed %lu", seed);
            if (rc == 1) {
                cr_assert_eq(ml_u64vec_push(&list, &ml_alloc_libc, address), ML_OK);
            }
        }
        ml_u64vec_free(&list, &ml_alloc_libc);
        ml_addr_map_free(m);
    }
    ml_arena_fini(&arena);
    cr_assert_eq(arena.mapped, 0);
}

/* Far apart enough that each address needs a leaf; both tables grow beyond 64. */
static int
fill(struct ml_addr_map *m)
{
    uint32_t found;
    for (uint64_t i = 1; i <= 70; i++) {
        int rc = ml_addr_map_get_or_put(m, i << 24, (uint32_t)i, &found);
        rc = rc < 0 ? rc : ml_addr_map_get_or_put(m, (i << 24) + 8, 7, &found);
        if (rc < 0) {
            return rc;
        }
    }
    return ML_OK;
}

Test(addr_map, growing_loses_nothing)
{
    struct ml_addr_map *m = ml_addr_map_new(&ml_alloc_libc);
    cr_assert_eq(fill(m), ML_OK);
    for (uint64_t i = 1; i <= 70; i++) {
        cr_assert_eq(ml_addr_map_get(m, i << 24), i);
        cr_assert_eq(ml_addr_map_get(m, (i << 24) + 8), 7);
        cr_assert_eq(ml_addr_map_get(m, (i << 24) + 16), ML_NO_NODE);
    }
    ml_addr_map_free(m);
}

Test(addr_map, every_allocation_may_fail)
{
    struct fail_alloc f;
    for (size_t n = 0;; n++) {
        fail_alloc_init(&f, n);
        struct ml_addr_map *m = ml_addr_map_new(&f.alloc);
        int rc = m == NULL ? ML_ENOMEM : fill(m);
        cr_assert(rc == ML_OK || rc == ML_ENOMEM);
        ml_addr_map_free(m);
        cr_assert(f.live == 0 && f.wrong_sizes == 0, "call %zu", n);
        if (rc == ML_OK) {
            cr_assert_gt(n, 70);
            break;
        }
    }
}
