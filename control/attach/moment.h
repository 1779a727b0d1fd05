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

struct ml_moment_stack {
    const char *refusal; /* why it may not be borrowed now, NULL: it may */
    bool unreadable;     /* that is why: perhaps a library that is new */
    bool of_python;      /* CPython made the system call that it waits in */
};

/* Looks at the stack of a stopped thread. */
void ml_moment_of_stack(struct ml_image *image, const struct ml_borrow *thread,
                        struct ml_moment_stack *out);

#endif
