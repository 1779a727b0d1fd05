/* SPDX-License-Identifier: MIT
 *
 * The bell: orders arrive, the byte wakes a poll, and nothing that a program does to
 * descriptors loses an order or lets us touch what is not ours.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "wakeup.h"

static bool
rings(struct ml_wakeup *w)
{
    struct pollfd p = {.fd = ml_wakeup_fd(w), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

Test(wakeup, an_order_rings_and_is_taken_once)
{
    struct ml_wakeup w = ML_WAKEUP_INIT;
    cr_assert_eq(ml_wakeup_open(&w, NULL), ML_OK);
    cr_assert(!rings(&w));
    ml_wakeup_order(&w, ML_ORDER_SNAPSHOT);
    cr_assert(rings(&w));
    cr_assert_eq(ml_wakeup_take(&w), ML_ORDER_SNAPSHOT);
    cr_assert(!rings(&w));
    cr_assert_eq(ml_wakeup_take(&w), 0);
    ml_wakeup_close(&w);
}

Test(wakeup, an_order_to_leave_stays_until_it_is_forgotten)
{
    struct ml_wakeup w = ML_WAKEUP_INIT;
    cr_assert_eq(ml_wakeup_open(&w, NULL), ML_OK);
    ml_wakeup_order(&w, ML_ORDER_PARK);
    cr_assert_eq(ml_wakeup_take(&w), ML_ORDER_PARK);
    cr_assert_eq(ml_wakeup_take(&w), ML_ORDER_PARK);
    ml_wakeup_forget_orders(&w, ML_ORDER_PARK);
    cr_assert_eq(ml_wakeup_take(&w), 0);
    ml_wakeup_close(&w);
}

Test(wakeup, more_orders_than_a_pipe_holds_block_nobody)
{
    struct ml_wakeup w = ML_WAKEUP_INIT;
    cr_assert_eq(ml_wakeup_open(&w, NULL), ML_OK);
    for (int i = 0; i < 70000; i++) {
        ml_wakeup_order(&w, ML_ORDER_SNAPSHOT);
    }
    cr_assert_eq(ml_wakeup_take(&w), ML_ORDER_SNAPSHOT);
    cr_assert(!rings(&w));
    ml_wakeup_close(&w);
}

Test(wakeup, the_pipe_stays_out_of_the_low_numbers_and_does_not_survive_exec)
{
    struct ml_wakeup w = ML_WAKEUP_INIT;
    cr_assert_eq(ml_wakeup_open(&w, NULL), ML_OK);
    cr_assert_geq(w.read_end.fd, 64);
    cr_assert_geq(w.write_end.fd, 64);
    cr_assert(fcntl(w.read_end.fd, F_GETFD) & FD_CLOEXEC);
    cr_assert(fcntl(w.write_end.fd, F_GETFD) & FD_CLOEXEC);
    ml_wakeup_close(&w);
}

Test(wakeup, a_closed_write_end_wakes_the_sleeper_and_the_order_is_found)
{
    struct ml_wakeup w = ML_WAKEUP_INIT;
    cr_assert_eq(ml_wakeup_open(&w, NULL), ML_OK);
    close(w.write_end.fd);
    cr_assert(rings(&w), "hang-up");
    cr_assert(!ml_wakeup_intact(&w));
    ml_wakeup_order(&w, ML_ORDER_SNAPSHOT);
    ml_wakeup_close(&w);
    cr_assert_eq(ml_wakeup_open(&w, NULL), ML_OK);
    cr_assert(ml_wakeup_intact(&w));
    cr_assert_eq(ml_wakeup_take(&w), ML_ORDER_SNAPSHOT);
    ml_wakeup_close(&w);
}

Test(wakeup, a_number_that_became_the_programs_is_neither_written_nor_closed)
{
    struct ml_wakeup w = ML_WAKEUP_INIT;
    int theirs[2];
    cr_assert_eq(ml_wakeup_open(&w, NULL), ML_OK);
    cr_assert_eq(pipe2(theirs, O_NONBLOCK), 0);
    int number = w.write_end.fd, other = w.read_end.fd;
    dup2(theirs[1], number);
    dup2(theirs[0], other);
    ml_wakeup_order(&w, ML_ORDER_SNAPSHOT);
    char byte;
    cr_assert_eq(read(theirs[0], &byte, 1), -1);
    cr_assert_eq(errno, EAGAIN, "nothing was written into it");
    cr_assert_eq(write(theirs[1], "x", 1), 1);
    cr_assert_eq(ml_wakeup_take(&w), ML_ORDER_SNAPSHOT);
    cr_assert_eq(read(theirs[0], &byte, 1), 1, "nothing was read from it");
    ml_wakeup_close(&w);
    cr_assert_neq(fcntl(number, F_GETFD), -1);
    cr_assert_neq(fcntl(other, F_GETFD), -1);
}

Test(wakeup, giving_an_order_leaves_errno_alone)
{
    struct ml_wakeup w = ML_WAKEUP_INIT;
    cr_assert_eq(ml_wakeup_open(&w, NULL), ML_OK);
    close(w.write_end.fd);
    errno = ERANGE;
    ml_wakeup_order(&w, ML_ORDER_SNAPSHOT);
    cr_assert_eq(errno, ERANGE);
    ml_wakeup_close(&w);
}

Test(wakeup, without_a_pipe_orders_are_kept)
{
    struct ml_wakeup w = ML_WAKEUP_INIT;
    ml_wakeup_order(&w, ML_ORDER_STOP);
    cr_assert_eq(ml_wakeup_take(&w), ML_ORDER_STOP);
    cr_assert_eq(ml_wakeup_fd(&w), -1);
    ml_wakeup_close(&w);
}
