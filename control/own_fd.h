/* SPDX-License-Identifier: MIT
 *
 * A descriptor together with what it was when we made it. The process belongs to the
 * user's program: it may close what it did not open (daemons close everything), and
 * the number then soon means a file or socket of its own. Every use asks first.
 *
 * Between the question and the use another thread may still close and reopen; that
 * window cannot be shut from here, only kept short.
 */
#ifndef ML_CONTROL_OWN_FD_H
#define ML_CONTROL_OWN_FD_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

struct ml_own_fd {
    int fd; /* -1: none */
    dev_t dev;
    ino_t ino;
};

#define ML_OWN_FD_NONE ((struct ml_own_fd){.fd = -1})

static inline struct ml_own_fd
ml_own_fd_note(int fd)
{
    struct stat st;
    struct ml_own_fd o = {.fd = fd};
    if (fd < 0 || fstat(fd, &st) < 0) {
        return ML_OWN_FD_NONE;
    }
    o.dev = st.st_dev;
    o.ino = st.st_ino;
    return o;
}

static inline bool
ml_own_fd_ours(const struct ml_own_fd *o)
{
    struct stat st;
    return o->fd >= 0 && fstat(o->fd, &st) == 0 && st.st_dev == o->dev &&
           st.st_ino == o->ino;
}

/* A program that was started without standard input must not get ours as its own, the
 * numbers of what it opens stay as they would be without us, and one that closes a
 * number twice does not hit us. Takes over `fd`; gives back the higher one, or `fd`
 * itself where there is no room up there. Needs _GNU_SOURCE. */
#define ML_OWN_FD_LOWEST 64

static inline int
ml_own_fd_move_up(int fd)
{
    int moved = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, ML_OWN_FD_LOWEST) : -1;
    if (moved >= 0) {
        close(fd);
        return moved;
    }
    return fd;
}

/* Closes it when it is still ours; forgets it in any case. */
static inline void
ml_own_fd_close(struct ml_own_fd *o)
{
    if (ml_own_fd_ours(o)) {
        close(o->fd);
    }
    o->fd = -1;
}

#endif
