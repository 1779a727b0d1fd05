/* SPDX-License-Identifier: MIT
 *
 * How deep the stacks of this process's threads are just now, as the kernel knows it of
 * threads that wait: what lies below the stack pointer was left behind by calls that have
 * returned, and an address there holds nothing.
 *
 * Thread: any. GIL: held, so that threads which run Python code wait for it. Costs some
 * microseconds a thread; stops after a limit of time. No libc malloc.
 */
#ifndef ML_AGENT_THREAD_STACKS_H
#define ML_AGENT_THREAD_STACKS_H

#include <stddef.h>
#include <stdint.h>

struct ml_thread_stack {
    uint64_t native_id;
    uint64_t pointer;
};

#define ML_THREAD_STACKS 64

/* Fills `out` with the threads that wait in the kernel; returns how many. Threads that run
 * are left out, and everything where the kernel does not tell. */
size_t ml_thread_stacks_read(struct ml_thread_stack out[ML_THREAD_STACKS]);

#endif
