/* SPDX-License-Identifier: MIT
 *
 * Which thread of the program may be borrowed, and when. First asked without touching
 * anything (what /proc says it waits in), then, once it is stopped, of its stack: it must
 * hold nothing of libc's that pthread_create needs.
 */
#ifndef ML_ATTACH_MOMENT_H
#define ML_ATTACH_MOMENT_H

#include "borrow.h"
#include "inject_image.h"

enum ml_moment {
    ML_MOMENT_GOOD,     /* it waits in a system call that goes on by itself, or runs */
    ML_MOMENT_UNTIMELY, /* it waits with a time limit in one that does not */
    ML_MOMENT_BAD,      /* a stop would be felt, or never come */
};

enum ml_moment ml_moment_of_thread(pid_t pid, pid_t tid);

/* Why a stopped thread may not be borrowed now, NULL: it may. `of_python` tells whether
 * it is CPython that made the system call it waits in. */
const char *ml_moment_refusal(struct ml_image *image, const struct ml_borrow *thread,
                              bool *of_python);

#endif
