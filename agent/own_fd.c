/* SPDX-License-Identifier: MIT
 *
 * See own_fd.h. Between the comparison and the use lies a moment in which another
 * thread could still close and reopen the number; nothing short of a kernel feature
 * closes that gap, and a program that sweeps descriptors does so when it starts.
 */
#include "own_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void
note_identity(struct ml_own_fd *own)
{
    struct stat st;
    if (fstat(own->fd, &st) == 0) {
        own->dev = st.st_dev;
        own->ino = st.st_ino;
    }
}

void
ml_own_fd_adopt(struct ml_own_fd *own, int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, ML_OWN_FD_LOWEST);
    if (moved >= 0) {
        close(fd);
        fd = moved;
    }
    else {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    *own = (struct ml_own_fd){.fd = fd};
    note_identity(own);
}

bool
ml_own_fd_is_ours(const struct ml_own_fd *own)
{
    if (own->fd < 0) {
        return false;
    }
    int saved = errno;
    struct stat st;
    bool ours = fstat(own->fd, &st) == 0 && st.st_dev == own->dev && st.st_ino == own->ino;
    errno = saved;
    return ours;
}

void
ml_own_fd_close(struct ml_own_fd *own)
{
    if (ml_own_fd_is_ours(own)) {
        close(own->fd);
    }
    *own = ML_OWN_FD_NONE;
}
