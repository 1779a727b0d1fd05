/* SPDX-License-Identifier: MIT
 *
 * The shadow table alone: addresses are numbers here, nothing stands behind them.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "birth_table.h"

#define GIB ((uintptr_t)1 << 30)

static void
clear(void)
{
    ml_birth_table_clear(true);
}

TestSuite(birth_table, .init = clear, .fini = clear);

Test(birth_table, what_was_never_stamped_is_baseline)
{
    cr_assert_eq(ml_birth_table_get(0x7f0000001230), 0);
    ml_birth_table_put(0x7f0000001230, 5);
    cr_assert_eq(ml_birth_table_get(0x7f0000001230), 5);
    cr_assert_eq(ml_birth_table_get(0x7f0000001240), 0);
    cr_assert_eq(ml_birth_table_get(0x7f0000001220), 0);
}

Test(birth_table, leaves_end_where_the_next_begins)
{
    ml_birth_table_put(7 * GIB - 16, 3);
    ml_birth_table_put(7 * GIB, 4);
    ml_birth_table_put(8 * GIB - 16, 5);
    cr_assert_eq(ml_birth_table_get(7 * GIB - 16), 3);
    cr_assert_eq(ml_birth_table_get(7 * GIB), 4);
    cr_assert_eq(ml_birth_table_get(8 * GIB - 16), 5);
    cr_assert_eq(ml_birth_table_get(8 * GIB), 0);
}

Test(birth_table, the_whole_address_space_has_room)
{
    ml_birth_table_put(((uintptr_t)1 << 47) - 16, 9);
    ml_birth_table_put(16, 8);
    cr_assert_eq(ml_birth_table_get(((uintptr_t)1 << 47) - 16), 9);
    cr_assert_eq(ml_birth_table_get(16), 8);
}

Test(birth_table, a_failed_allocation_and_a_wild_address_are_no_block)
{
    ml_birth_table_put(0, 7);
    ml_birth_table_put((uintptr_t)1 << 60, 7);
    cr_assert_not(ml_birth_table_lost());
}

Test(birth_table, remap_changes_what_it_says_and_nothing_else)
{
    uint8_t to[256];
    for (unsigned i = 0; i < 256; i++) {
        to[i] = (uint8_t)i;
        ml_birth_table_put(3 * GIB + i * 65536, (uint8_t)i);
        ml_birth_table_put(900 * GIB + i * 16, (uint8_t)i);
    }
    to[5] = 4;
    to[200] = 4;
    ml_birth_table_remap(to);
    for (unsigned i = 0; i < 256; i++) {
        cr_assert_eq(ml_birth_table_get(3 * GIB + i * 65536), to[i]);
        cr_assert_eq(ml_birth_table_get(900 * GIB + i * 16), to[i]);
    }
}

Test(birth_table, only_what_is_touched_takes_memory)
{
    ml_birth_table_put(3 * GIB, 1);
    ml_birth_table_put(5 * GIB + 12345 * 16, 1);
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    cr_assert_eq(ml_birth_table_memory(), 2 * page);
    ml_birth_table_clear(false);
    cr_assert_eq(ml_birth_table_memory(), 0);
    cr_assert_eq(ml_birth_table_get(3 * GIB), 0);
}

Test(birth_table, a_forked_process_has_the_stamps_of_its_moment)
{
    int status = -1, hold[2];
    char byte = 0;
    ml_birth_table_put(3 * GIB, 1);
    cr_assert_eq(pipe(hold), 0);
    pid_t pid = fork();
    if (pid == 0) {
        bool told = read(hold[0], &byte, 1) == 1;
        _exit(told && ml_birth_table_get(3 * GIB) == 1 ? 0 : 1);
    }
    ml_birth_table_put(3 * GIB, 2);
    cr_assert_eq(write(hold[1], &byte, 1), 1);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert_eq(status, 0);
}

/* -- stamping while remapping ------------------------------------------------------ */

static void *
stamp_all(void *stop)
{
    unsigned rounds = 0;
    while (!atomic_load((atomic_bool *)stop) || rounds == 0) {
        for (uintptr_t i = 0; i < 50000; i++) {
            ml_birth_table_put(3 * GIB + i * 32, 7);
        }
        rounds++;
    }
    return NULL;
}

Test(birth_table, a_stamp_written_during_a_remap_is_kept)
{
    uint8_t to[256];
    atomic_bool stop = false;
    pthread_t thread;
    for (unsigned i = 0; i < 256; i++) {
        to[i] = (uint8_t)i;
    }
    to[2] = 3;
    for (uintptr_t i = 0; i < 100000; i++) {
        ml_birth_table_put(3 * GIB + i * 16, 2);
    }
    cr_assert_eq(pthread_create(&thread, NULL, stamp_all, &stop), 0);
    ml_birth_table_remap(to);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    for (uintptr_t i = 0; i < 100000; i++) {
        cr_assert_eq(ml_birth_table_get(3 * GIB + i * 16), i % 2 == 0 ? 7 : 3);
    }
}
