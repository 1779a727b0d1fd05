/* SPDX-License-Identifier: MIT
 *
 * The agent's one thread: made in C, unknown to Python's threading, all signals
 * blocked. It sleeps in poll() until somebody asks, a sweep reports, or a time comes.
 *
 * Thread: whoever holds `life`. GIL: not held, starting and ending wait for the kernel.
 */
#ifndef ML_AGENT_AGENT_THREAD_H
#define ML_AGENT_AGENT_THREAD_H

#include "agent_state.h"

int ml_agent_thread_start(struct ml_agent *a, struct ml_error *err);

/* Orders the thread to leave (ML_ORDER_PARK or ML_ORDER_STOP) and waits until it has,
 * and the kernel has forgotten it. Nothing happens when there is no thread. */
void ml_agent_thread_end(struct ml_agent *a, unsigned order);

#endif
