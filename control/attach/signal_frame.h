/* SPDX-License-Identifier: MIT
 *
 * A signal frame as Linux lays it on a thread's stack before a handler runs, made by us:
 * everything rt_sigreturn needs to put a thread back. x86-64 only.
 */
#ifndef ML_ATTACH_SIGNAL_FRAME_H
#define ML_ATTACH_SIGNAL_FRAME_H

#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>
#include <ucontext.h>

#define ML_SIGNAL_FRAME_XSTATE 16384

struct ml_signal_frame {
    uint64_t before[7];
    uint64_t sigreturn; /* the address that code "...; ret" returns to */
    ucontext_t context; /* where the stack pointer is when rt_sigreturn is called */
    _Alignas(64) unsigned char xstate[ML_SIGNAL_FRAME_XSTATE + 4];
};

/* Bytes of it that are used with so much of xstate. */
size_t ml_signal_frame_size(size_t xstate_size);

/* Makes the frame that will lie at `address`, a multiple of 64. A system call that was
 * interrupted is taken up again as after a handler with SA_RESTART. */
void ml_signal_frame_make(struct ml_signal_frame *frame, uint64_t address,
                          const struct user_regs_struct *regs, uint64_t mask,
                          const unsigned char *xstate, size_t xstate_size);

#endif
