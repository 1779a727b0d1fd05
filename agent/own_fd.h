/* SPDX-License-Identifier: MIT
 *
 * A descriptor and proof that it is still ours.
 *
 * A guest cannot trust its descriptor numbers: daemons close everything above 2, and
 * the number then belongs to some file of the program. So each descriptor is kept
 * with device and inode as they were when it was made, and is compared before every
 * use and before it is closed.
 *
 * Thread: any, the caller guards the struct. GIL: not needed. All functions are
 * async-signal-safe.
 */
#ifndef ML_AGENT_OWN_FD_H
#define ML_AGENT_OWN_FD_H

#include <stdbool.h>
#include <sys/types.h>

/* Descriptors are moved to here and above, so that a program that was started without
 * standard input does not get ours as its own, and numbers stay as they would be. */
#define ML_OWN_FD_LOWEST 64

struct ml_own_fd {
    int fd; /* -1: none */
    dev_t dev;
    ino_t ino;
};

#define ML_OWN_FD_NONE ((struct ml_own_fd){.fd = -1})

/* Takes over `fd`, moves it out of the program's way (it stays where it is when there
 * is no room), sets close-on-exec and notes what it is. */
void ml_own_fd_adopt(struct ml_own_fd *own, int fd);

/* The descriptor is open and is the file that was adopted. errno stays as it was. */
bool ml_own_fd_is_ours(const struct ml_own_fd *own);

/* Closes it if it is still ours; the struct is empty afterwards. */
void ml_own_fd_close(struct ml_own_fd *own);

#endif
