/* SPDX-License-Identifier: MIT
 *
 * Epochs: handing out numbers, and merging them without losing the order of births.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "birth_epochs.h"
#include "birth_table.h"

#define BASE ((uintptr_t)11 << 30)
#define NUMBERS (ML_EPOCHS - ML_EPOCH_FIRST)

static void
reset(void)
{
    ml_birth_table_clear(true);
    ml_birth_epochs_reset(1.0);
}

TestSuite(birth_epochs, .init = reset);

/* Begins an epoch that ends at once. */
static uint8_t
turn(uint32_t owner, double at)
{
    ml_birth_epochs_release();
    uint8_t epoch = ml_birth_epochs_open(owner, at);
    ml_birth_epochs_close(epoch, at + 0.5);
    return epoch;
}

Test(birth_epochs, all_numbers_are_handed_out_once)
{
    bool seen[ML_EPOCHS] = {false};
    cr_assert_eq(ml_birth_epochs_left(), NUMBERS);
    for (unsigned i = 0; i < NUMBERS; i++) {
        uint8_t epoch = turn(1, i);
        cr_assert_geq(epoch, ML_EPOCH_FIRST);
        cr_assert_not(seen[epoch]);
        seen[epoch] = true;
    }
    cr_assert_eq(ml_birth_epochs_left(), 0);
    cr_assert_eq(turn(1, 300), ML_EPOCH_OUTSIDE);
}

Test(birth_epochs, outside_is_in_use_from_the_start)
{
    const struct ml_epoch *outside = ml_birth_epochs_get(ML_EPOCH_OUTSIDE);
    cr_assert_eq(outside->first, 1);
    cr_assert_eq(outside->closed, 0);
    ml_birth_epochs_close(ML_EPOCH_OUTSIDE, 2.0);
    uint8_t epoch = turn(1, 2.0);
    ml_birth_epochs_reopen_outside(3.0);
    cr_assert_eq(outside->closed, 0);
    cr_assert_gt(outside->last, ml_birth_epochs_get(epoch)->last);
}

Test(birth_epochs, a_merge_widens_the_one_that_stays)
{
    uint8_t a = turn(1, 10), b = turn(1, 20), c = turn(1, 30);
    uint64_t last = ml_birth_epochs_get(b)->last;
    ml_birth_table_put(BASE, a);
    ml_birth_table_put(BASE + 16, b);
    ml_birth_table_put(BASE + 32, c);
    cr_assert_eq(ml_birth_epochs_merge(NUMBERS - 2, 0, 0), NUMBERS - 2);
    cr_assert_eq(ml_birth_table_get(BASE + 16), a);
    cr_assert_eq(ml_birth_table_get(BASE + 32), c);
    cr_assert_eq(ml_birth_epochs_get(a)->last, last);
    cr_assert_eq(ml_birth_epochs_get(a)->opened, 10);
    cr_assert_eq(ml_birth_epochs_get(a)->closed, 20.5);
    cr_assert_eq(ml_birth_epochs_get(b)->first, 0);
}

Test(birth_epochs, a_merged_number_comes_back_only_after_a_release)
{
    uint8_t a = turn(1, 1), b = turn(1, 2);
    cr_assert_eq(ml_birth_epochs_merge(NUMBERS - 1, 0, 0), NUMBERS - 1);
    cr_assert_eq(ml_birth_epochs_forward(b), a);
    cr_assert_neq(ml_birth_epochs_open(1, 3), b);
    ml_birth_epochs_release();
    cr_assert_eq(ml_birth_epochs_forward(b), b);
    cr_assert_eq(ml_birth_epochs_open(1, 4), b);
}

Test(birth_epochs, owners_are_never_merged_with_each_other)
{
    for (unsigned i = 0; i < NUMBERS; i++) {
        turn(i % 4 + 1, i);
    }
    cr_assert_eq(ml_birth_epochs_merge(NUMBERS, 0, 0), NUMBERS - 4);
    for (unsigned owner = 1, found = 0; owner <= 4; owner++) {
        for (unsigned i = ML_EPOCH_FIRST; i < ML_EPOCHS; i++) {
            const struct ml_epoch *e = ml_birth_epochs_get((uint8_t)i);
            found += e->first != 0 && e->owner == owner;
        }
        cr_assert_eq(found, owner);
    }
}

Test(birth_epochs, the_youngest_and_the_open_ones_are_left_alone)
{
    uint8_t young[6];
    for (unsigned i = 0; i < 100; i++) {
        turn(1, i);
    }
    for (unsigned i = 0; i < 5; i++) {
        young[i] = turn(1, 200 + i);
    }
    young[5] = ml_birth_epochs_open(1, 300);
    ml_birth_epochs_merge(NUMBERS, 5, young[5]);
    for (unsigned i = 0; i < 6; i++) {
        const struct ml_epoch *e = ml_birth_epochs_get(young[i]);
        cr_assert_neq(e->first, 0);
        cr_assert_eq(e->first, e->last);
    }
    cr_assert_eq(ml_birth_epochs_left(), NUMBERS - 7);
}

Test(birth_epochs, nothing_is_merged_when_enough_are_free)
{
    uint8_t a = turn(1, 1), b = turn(1, 2);
    cr_assert_eq(ml_birth_epochs_merge(NUMBERS - 2, 0, 0), NUMBERS - 2);
    cr_assert_neq(ml_birth_epochs_get(a)->first, 0);
    cr_assert_neq(ml_birth_epochs_get(b)->first, 0);
}

/* Every block's epoch covers the turn it was born in, however often epochs were merged,
 * and of two blocks of one owner the older never has the younger epoch. */
Test(birth_epochs, a_thousand_random_turns_keep_their_order)
{
    enum { TURNS = 3000 };
    static uint64_t born[TURNS];
    static uint32_t owners[TURNS];
    unsigned seed = (unsigned)getpid();
    cr_log_info("seed %u", seed);
    srand(seed);
    for (unsigned i = 0; i < TURNS; i++) {
        if (ml_birth_epochs_left() < 3) {
            unsigned wanted = 3 + (unsigned)rand() % 100;
            cr_assert_geq(ml_birth_epochs_merge(wanted, (unsigned)rand() % 8, 0), 3,
                          "seed %u", seed);
        }
        owners[i] = (uint32_t)rand() % 5 + 1;
        uint8_t epoch = turn(owners[i], i);
        cr_assert_neq(epoch, ML_EPOCH_OUTSIDE, "seed %u", seed);
        born[i] = ml_birth_epochs_get(epoch)->first;
        ml_birth_table_put(BASE + i * 48, epoch);
    }
    uint64_t last_first[6] = {0};
    for (unsigned i = 0; i < TURNS; i++) {
        const struct ml_epoch *e = ml_birth_epochs_get(ml_birth_table_get(BASE + i * 48));
        cr_assert_eq(e->owner, owners[i], "seed %u", seed);
        cr_assert(e->first <= born[i] && born[i] <= e->last, "seed %u, turn %u", seed, i);
        cr_assert_leq(last_first[owners[i]], e->first, "seed %u", seed);
        last_first[owners[i]] = e->first;
    }
}
