/* SPDX-License-Identifier: MIT
 *
 * See listener.h. Two processes that start at once with the same path are kept apart
 * by a lock on the directory: without it both would find the old socket dead, and the
 * second would remove the first one's new socket.
 */
#define _GNU_SOURCE
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h> /* snprintf only */
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <time.h>

#define BACKLOG 64
#define LOCK_TRIES 50 /* of 2 ms: whoever holds the lock is as quick as we are */

/* -- the directory ----------------------------------------------------------------- */

static int
check_directory(int dir, const char *path, struct ml_error *err)
{
    struct stat st;
    if (fstat(dir, &st) < 0) {
        return ml_error_set(err, ML_EIO, "%s: %s", path, strerror(errno));
    }
    if (st.st_uid != geteuid()) {
        return ml_error_set(err, ML_EPERM,
                            "%s belongs to user %ld: remove it or configure "
                            "control.socket",
                            path, (long)st.st_uid);
    }
    if ((st.st_mode & 022) != 0) {
        return ml_error_set(err, ML_EPERM,
                            "others may write to %s: chmod 700 it or configure "
                            "control.socket",
                            path);
    }
    return ML_OK;
}

/* mkdir's mode goes through the umask, which may take away our own bits. */
static void
open_up_to_us(const char *path)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    char link[32];
    struct stat st;
    if (fd < 0) {
        return;
    }
    if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 0700) != 0700) {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        chmod(link, 0700);
    }
    close(fd);
}

static int
open_directory(const char *path, int *out, struct ml_error *err)
{
    if (mkdir(path, 0700) == 0) {
        open_up_to_us(path);
    }
    else if (errno != EEXIST) {
        int code =
            errno == EACCES || errno == EPERM || errno == EROFS ? ML_EPERM : ML_EIO;
        return ml_error_set(err, code, "cannot make the socket directory %s: %s", path,
                            strerror(errno));
    }
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0) {
        bool foreign = errno == ELOOP || errno == ENOTDIR || errno == EACCES;
        return ml_error_set(err, foreign ? ML_EPERM : ML_EIO,
                            "cannot use the socket directory %s: %s", path,
                            strerror(errno));
    }
    int rc = check_directory(dir, path, err);
    if (rc < 0) {
        close(dir);
        return rc;
    }
    *out = dir;
    return ML_OK;
}

static void
lock_directory(int dir)
{
    for (int i = 0; i < LOCK_TRIES && flock(dir, LOCK_EX | LOCK_NB) < 0; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

/* -- what is in the way ------------------------------------------------------------ */

static int
new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Whether somebody listens; a full backlog (EAGAIN) is somebody. */
static bool
somebody_listens(const struct sockaddr_un *address)
{
    int fd = new_socket();
    if (fd < 0) {
        return true; /* cannot tell: touch nothing */
    }
    bool refused =
        connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
        errno == ECONNREFUSED;
    close(fd);
    return !refused;
}

static int
clear_the_way(int dir, const char *name, const struct sockaddr_un *address,
              struct ml_error *err)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        return errno == ENOENT ? ML_OK
                               : ml_error_set(err, ML_EIO, "%s: %s", address->sun_path,
                                              strerror(errno));
    }
    if (!S_ISSOCK(st.st_mode)) {
        return ml_error_set(err, ML_ESTATE, "%s is in the way and no socket",
                            address->sun_path);
    }
    if (somebody_listens(address)) {
        return ml_error_set(err, ML_ESTATE, "another agent listens on %s",
                            address->sun_path);
    }
    if (unlinkat(dir, name, 0) < 0 && errno != ENOENT) {
        return ml_error_set(err, ML_EIO, "cannot remove the dead socket %s: %s",
                            address->sun_path, strerror(errno));
    }
    return ML_OK;
}

/* -- the socket -------------------------------------------------------------------- */

/* The file that bind made must be the one in the directory that was checked. */
static int
note_file(struct ml_listener *l, int dir, const char *name, struct ml_error *err)
{
    struct stat st, at_path;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
        lstat(l->path, &at_path) < 0 || st.st_ino != at_path.st_ino ||
        st.st_dev != at_path.st_dev || !S_ISSOCK(st.st_mode)) {
        return ml_error_set(err, ML_EPERM, "%s was moved away while it was made",
                            l->path);
    }
    if ((st.st_mode & 0777) != 0600 && fchmodat(dir, name, 0600, 0) < 0) {
        return ml_error_set(err, ML_EIO, "chmod %s: %s", l->path, strerror(errno));
    }
    l->file_dev = st.st_dev;
    l->file_ino = st.st_ino;
    return ML_OK;
}

/* Linux gives the file the socket's own mode less the umask, so fchmod before bind
 * means that there is no moment with a wider one; what the umask took of our own two
 * bits is put back by note_file. */
static int
bind_and_listen(struct ml_listener *l, int dir, const char *name,
                const struct sockaddr_un *address, struct ml_error *err)
{
    int fd = new_socket();
    if (fd < 0) {
        return ml_error_set(err, ML_EIO, "socket: %s", strerror(errno));
    }
    l->fd = ml_own_fd_note(fd);
    if (fchmod(fd, 0600) < 0 ||
        bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
        return ml_error_set(err, ML_EIO, "cannot bind %s: %s", l->path,
                            strerror(errno));
    }
    int rc = note_file(l, dir, name, err);
    if (rc < 0) {
        unlinkat(dir, name, 0);
        return rc;
    }
    if (listen(fd, BACKLOG) < 0) {
        return ml_error_set(err, ML_EIO, "cannot listen on %s: %s", l->path,
                            strerror(errno));
    }
    return ML_OK;
}

static int
split_path(const char *path, char directory[PATH_MAX], const char **name,
           struct sockaddr_un *address, struct ml_error *err)
{
    const char *slash = strrchr(path, '/');
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (path[0] != '/' || slash[1] == '\0') {
        return ml_error_set(err, ML_EINVAL, "'%s' is no absolute socket path", path);
    }
    if (strlen(path) >= sizeof(address->sun_path)) {
        return ml_error_set(err, ML_ELIMIT, "socket path longer than %zu bytes: %s",
                            sizeof(address->sun_path) - 1, path);
    }
    strcpy(address->sun_path, path);
    snprintf(directory, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path),
             path);
    *name = slash + 1;
    return ML_OK;
}

int
ml_listener_open(struct ml_listener *l, const char *path, struct ml_error *err)
{
    char directory[PATH_MAX];
    const char *name = NULL;
    struct sockaddr_un address;
    int dir = -1;
    *l = (struct ml_listener){.fd = ML_OWN_FD_NONE};
    int rc = split_path(path, directory, &name, &address, err);
    if (rc == ML_OK) {
        rc = open_directory(directory, &dir, err);
    }
    if (rc < 0) {
        return rc;
    }
    strcpy(l->path, path);
    lock_directory(dir);
    rc = clear_the_way(dir, name, &address, err);
    if (rc == ML_OK) {
        rc = bind_and_listen(l, dir, name, &address, err);
    }
    if (rc < 0) {
        ml_listener_close(l, true);
    }
    flock(dir, LOCK_UN); /* a child forked meanwhile would keep it locked */
    close(dir);
    return rc;
}

static bool
file_is_ours(const struct ml_listener *l)
{
    struct stat st;
    return l->file_ino != 0 && lstat(l->path, &st) == 0 && st.st_ino == l->file_ino &&
           st.st_dev == l->file_dev;
}

bool
ml_listener_alive(const struct ml_listener *l)
{
    return ml_own_fd_ours(&l->fd) && file_is_ours(l);
}

void
ml_listener_close(struct ml_listener *l, bool remove_file)
{
    if (remove_file && file_is_ours(l)) {
        unlink(l->path);
    }
    ml_own_fd_close(&l->fd);
    l->file_ino = 0;
}
