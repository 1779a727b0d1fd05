/* SPDX-License-Identifier: MIT
 *
 * The bell of the agent thread: what to do next, and a pipe that ends its poll().
 *
 *     signal handler, fork hooks, stop()           agent thread
 *       ml_wakeup_order(w, ORDER)  ── 1 byte ──►   poll(ml_wakeup_fd(w)) ...
 *                                                  orders = ml_wakeup_take(w)
 *
 * The orders are the truth and the byte only the bell: when a program has closed our
 * pipe the bell is dumb, but closing its write end hangs up the read end, which wakes
 * the thread just as well; it makes a new pipe and finds the order there. So no order
 * is ever lost.
 *
 * Thread: ml_wakeup_order from any thread and from signal handlers; everything else by
 * whoever owns the agent (agent_state.h). GIL: not needed.
 */
#ifndef ML_AGENT_WAKEUP_H
#define ML_AGENT_WAKEUP_H

#include <stdatomic.h>

#include "error.h"
#include "own_fd.h"

enum ml_order {
    ML_ORDER_SNAPSHOT = 1, /* the signal came: one sweep, to be saved */
    ML_ORDER_PARK = 2,     /* leave the thread, keep everything: a fork is coming */
    ML_ORDER_STOP = 4,     /* leave the thread for good */
    ML_ORDER_MONITOR = 8,  /* a monitor has posted something, or its clock has changed */
};

struct ml_wakeup {
    struct ml_own_fd read_end, write_end;
    /* What the handler reads. write_fd is -1 while write_end is being exchanged;
     * `ringing` counts handlers that may be using it. */
    atomic_int write_fd;
    atomic_int ringing;
    atomic_uint orders;
};

#define ML_WAKEUP_INIT {.read_end = {.fd = -1}, .write_end = {.fd = -1}, .write_fd = -1}

/* Makes the pipe. Orders already given stay. */
int ml_wakeup_open(struct ml_wakeup *w, struct ml_error *err);

/* Closes what is still ours of it; orders stay. A closed or zeroed one is fine. */
void ml_wakeup_close(struct ml_wakeup *w);

/* Both ends are still ours. */
bool ml_wakeup_intact(const struct ml_wakeup *w);

/* Gives an order and rings. Async-signal-safe, errno stays as it was. */
void ml_wakeup_order(struct ml_wakeup *w, unsigned order);

/* The orders given since the last time, and silences the bell. PARK and STOP stay
 * until ml_wakeup_forget_orders. */
unsigned ml_wakeup_take(struct ml_wakeup *w);
void ml_wakeup_forget_orders(struct ml_wakeup *w, unsigned orders);

/* For poll(): -1 when there is none. */
int ml_wakeup_fd(const struct ml_wakeup *w);

#endif
