/* SPDX-License-Identifier: MIT
 *
 * Tallies: sorted, added up, cut to the heaviest, found again, handed over as bytes.
 */
#include "fail_alloc.h"
#include "graph_dsl.h"
#include "tally.h"

#include <criterion/criterion.h>

static struct ml_tally t;

static void
init(void)
{
    ml_tally_init(&t, &ml_alloc_libc);
}

static void
fini(void)
{
    ml_tally_fini(&t);
}

TestSuite(tally, .init = init, .fini = fini);

static void
add(uint64_t key, uint64_t count, uint64_t bytes)
{
    cr_assert_eq(ml_tally_add(&t, key, count, bytes), ML_OK);
}

static void
expect_row(uint64_t key, uint64_t count, uint64_t bytes)
{
    const struct ml_tally_row *row = ml_tally_find(&t, key);
    cr_assert_not_null(row, "no row of %lu", key);
    cr_expect_eq(row->count, count);
    cr_expect_eq(row->bytes, bytes);
}

Test(tally, rows_of_one_key_are_added_up)
{
    add(7, 1, 10);
    add(3, 2, 20);
    add(7, 4, 40);
    ml_tally_close(&t, 0);
    cr_expect_eq(t.count, 2);
    expect_row(3, 2, 20);
    expect_row(7, 5, 50);
    cr_expect_null(ml_tally_find(&t, 5));
}

Test(tally, the_heaviest_are_kept)
{
    for (uint64_t key = 1; key <= 100; key++) {
        add(key, 1, key * 37 % 101);
    }
    ml_tally_close(&t, 10);
    cr_expect_eq(t.count, 10);
    for (uint64_t key = 1; key <= 100; key++) {
        cr_expect_eq(ml_tally_find(&t, key) != NULL, key * 37 % 101 > 90, "%lu", key);
    }
}

Test(tally, of_rows_that_weigh_the_same_the_lower_keys_are_kept)
{
    for (uint64_t key = 20; key > 0; key--) {
        add(key, 1, 8);
    }
    ml_tally_close(&t, 5);
    cr_expect_eq(t.count, 5);
    cr_expect_not_null(ml_tally_find(&t, 5));
    cr_expect_null(ml_tally_find(&t, 6));
}

Test(tally, an_empty_one_has_nothing)
{
    ml_tally_close(&t, 0);
    cr_expect_eq(t.count, 0);
    cr_expect_null(ml_tally_find(&t, 0));
    cr_expect_eq(ml_tally_take(&t, NULL, 0), ML_OK);
}

Test(tally, rows_are_taken_over_only_when_ascending)
{
    const struct ml_tally_row good[] = {{1, 1, 1}, {2, 2, 2}, {9, 3, 3}};
    const struct ml_tally_row twice[] = {{1, 1, 1}, {1, 2, 2}};
    const struct ml_tally_row down[] = {{2, 1, 1}, {1, 2, 2}};
    add(5, 5, 5);
    cr_expect_eq(ml_tally_take(&t, twice, 2), ML_EFORMAT);
    cr_expect_eq(ml_tally_take(&t, down, 2), ML_EFORMAT);
    expect_row(5, 5, 5);
    cr_expect_eq(ml_tally_take(&t, good, 3), ML_OK);
    cr_expect_eq(t.count, 3);
    expect_row(9, 3, 3);
}

/* Few keys, so that there are sums; every row is looked for among what was added. */
static void
check_random(uint64_t seed)
{
    enum { KEYS = 40 };
    struct dice dice = {seed};
    uint64_t count[KEYS] = {0}, bytes[KEYS] = {0};
    for (uint64_t i = dice_throw(&dice, 200); i > 0; i--) {
        uint64_t key = dice_throw(&dice, KEYS), n = dice_throw(&dice, 9) + 1;
        add(key, n, n * 10);
        count[key] += n;
        bytes[key] += n * 10;
    }
    uint32_t max = (uint32_t)dice_throw(&dice, KEYS), kinds = 0;
    ml_tally_close(&t, max);
    uint64_t lightest = UINT64_MAX;
    for (uint32_t i = 0; i < t.count; i++) {
        uint64_t key = t.row[i].key;
        cr_assert(i == 0 || t.row[i - 1].key < key, "seed %lu", seed);
        cr_assert(t.row[i].count == count[key] && t.row[i].bytes == bytes[key]);
        lightest = bytes[key] < lightest ? bytes[key] : lightest;
    }
    for (uint64_t key = 0; key < KEYS; key++) {
        kinds += count[key] > 0;
        cr_assert(count[key] == 0 || ml_tally_find(&t, key) != NULL ||
                  bytes[key] <= lightest, "seed %lu: a heavy one is missing", seed);
    }
    cr_assert_eq(t.count, max > 0 && max < kinds ? max : kinds, "seed %lu", seed);
}

Test(tally, random_rows_come_out_as_they_were_added)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        check_random(seed);
        fini();
        init();
    }
}

Test(tally, a_failed_addition_leaves_it_as_it_was)
{
    struct fail_alloc f;
    fail_alloc_init(&f, 2);
    ml_tally_init(&t, &f.alloc);
    uint64_t key = 0;
    while (ml_tally_add(&t, key, 1, 1) == ML_OK) {
        key++;
    }
    cr_expect_eq(t.count, key);
    ml_tally_close(&t, 0);
    cr_expect_eq(t.count, key);
    ml_tally_fini(&t);
    cr_expect_eq(f.live, 0);
    cr_expect_eq(f.wrong_sizes, 0);
}
