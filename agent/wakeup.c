/* SPDX-License-Identifier: MIT
 *
 * See wakeup.h. The one difficulty is exchanging the write end while a signal handler
 * on another thread may be writing to it: write_fd becomes -1 first, then we wait for
 * handlers that had already read the old number, then the end is closed. Without that
 * the handler could write its byte into a file the program has just opened.
 */
#define _GNU_SOURCE
#include "wakeup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_ROUNDS 1000 /* of 100 us; a handler needs one or two microseconds */

int
ml_wakeup_open(struct ml_wakeup *w, struct ml_error *err)
{
    int ends[2];
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) {
        return ml_error_set(err, ML_EIO, "cannot make a pipe: %s", strerror(errno));
    }
    w->read_end = ml_own_fd_note(ml_own_fd_move_up(ends[0]));
    w->write_end = ml_own_fd_note(ml_own_fd_move_up(ends[1]));
    atomic_store(&w->write_fd, w->write_end.fd);
    return ML_OK;
}

static void
wait_for_handlers(struct ml_wakeup *w)
{
    const struct timespec pause = {.tv_nsec = 100 * 1000};
    for (int i = 0; i < PATIENCE_ROUNDS && atomic_load(&w->ringing) > 0; i++) {
        nanosleep(&pause, NULL);
    }
    /* After a fork that happened inside a handler nobody counts it down again. */
    atomic_store(&w->ringing, 0);
}

void
ml_wakeup_close(struct ml_wakeup *w)
{
    if (atomic_exchange(&w->write_fd, -1) >= 0) {
        wait_for_handlers(w);
    }
    ml_own_fd_close(&w->write_end);
    ml_own_fd_close(&w->read_end);
}

bool
ml_wakeup_intact(const struct ml_wakeup *w)
{
    return ml_own_fd_ours(&w->read_end) && ml_own_fd_ours(&w->write_end);
}

void
ml_wakeup_order(struct ml_wakeup *w, unsigned order)
{
    int saved = errno;
    atomic_fetch_or(&w->orders, order);
    atomic_fetch_add(&w->ringing, 1);
    int fd = atomic_load(&w->write_fd);
    if (fd >= 0 && ml_own_fd_ours(&w->write_end)) {
        /* A full pipe rings as well. */
        ssize_t n = write(fd, "!", 1);
        (void)n;
    }
    atomic_fetch_sub(&w->ringing, 1);
    errno = saved;
}

unsigned
ml_wakeup_take(struct ml_wakeup *w)
{
    /* Silence first: an order given after this rings again. */
    char bytes[64];
    while (ml_own_fd_ours(&w->read_end)
           && read(w->read_end.fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes)) {
    }
    return atomic_fetch_and(&w->orders, ML_ORDER_PARK | ML_ORDER_STOP);
}

void
ml_wakeup_forget_orders(struct ml_wakeup *w, unsigned orders)
{
    atomic_fetch_and(&w->orders, ~orders);
}

int
ml_wakeup_fd(const struct ml_wakeup *w)
{
    return w->read_end.fd;
}
