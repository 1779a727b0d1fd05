/* SPDX-License-Identifier: MIT
 *
 * See listener.h. Two processes that start at once with the same path are kept apart
 * by a lock on the directory: without it both would find the old socket dead, and the
 * second would remove the first one's new socket.
 *
 * bind makes the file, and until listen whoever finds it is refused. So it is made
 * under a temporary name (a dot before the final one) and gets the final one when it
 * listens. By link and not by rename, which would silently replace a socket that came
 * there in the meantime.
 */
#define _GNU_SOURCE
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h> /* snprintf only */
#include <string.h>
#include <sys/socket.h>

#include "socket_dir.h"

#define BACKLOG 64

/* Where the socket goes. */
struct place {
    int dir;
    char directory[PATH_MAX];
    const char *name;
    char temporary[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
};

/* -- what is in the way ------------------------------------------------------------ */

static int
clear_the_way(const struct place *at, const char *name, struct ml_error *err)
{
    struct stat st;
    struct sockaddr_un address;
    ml_socket_dir_address(at->dir, at->directory, name, &address);
    if (fstatat(at->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        return errno == ENOENT ? ML_OK
                               : ml_error_set(err, ML_EIO, "%s/%s: %s", at->directory,
                                              name, strerror(errno));
    }
    if (!S_ISSOCK(st.st_mode)) {
        return ml_error_set(err, ML_ESTATE, "%s/%s is in the way and no socket",
                            at->directory, name);
    }
    if (!ml_socket_dir_dead(&address)) {
        return ml_error_set(err, ML_ESTATE, "another agent listens on %s/%s",
                            at->directory, name);
    }
    if (unlinkat(at->dir, name, 0) < 0 && errno != ENOENT) {
        return ml_error_set(err, ML_EIO, "cannot remove the dead socket %s/%s: %s",
                            at->directory, name, strerror(errno));
    }
    return ML_OK;
}

/* -- the socket -------------------------------------------------------------------- */

/* The file that bind made must be in the directory that was checked. */
static int
note_file(struct ml_listener *l, const struct place *at, struct ml_error *err)
{
    struct stat st;
    if (fstatat(at->dir, at->temporary, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
        !S_ISSOCK(st.st_mode)) {
        return ml_error_set(err, ML_EPERM, "%s was moved away while it was made",
                            l->path);
    }
    l->file_dev = st.st_dev;
    l->file_ino = st.st_ino;
    if ((st.st_mode & 0777) != 0600 &&
        fchmodat(at->dir, at->temporary, 0600, 0) < 0) {
        return ml_error_set(err, ML_EIO, "chmod %s: %s", l->path, strerror(errno));
    }
    return ML_OK;
}

/* Linux gives the file the socket's own mode less the umask, so fchmod before bind
 * means that there is no moment with a wider one; what the umask took of our own two
 * bits is put back by note_file. */
static int
bind_and_listen(struct ml_listener *l, const struct place *at, struct ml_error *err)
{
    struct sockaddr_un address;
    ml_socket_dir_address(at->dir, at->directory, at->temporary, &address);
    int fd = ml_own_fd_move_up(
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd < 0) {
        return ml_error_set(err, ML_EIO, "socket: %s", strerror(errno));
    }
    l->fd = ml_own_fd_note(fd);
    if (fchmod(fd, 0600) < 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        return ml_error_set(err, ML_EIO, "cannot bind %s: %s", l->path,
                            strerror(errno));
    }
    int rc = note_file(l, at, err);
    if (rc == ML_OK && listen(fd, BACKLOG) < 0) {
        rc = ml_error_set(err, ML_EIO, "cannot listen on %s: %s", l->path,
                          strerror(errno));
    }
    return rc;
}

static bool
file_is_ours(const struct ml_listener *l)
{
    struct stat st;
    return l->file_ino != 0 && lstat(l->path, &st) == 0 && st.st_ino == l->file_ino &&
           st.st_dev == l->file_dev;
}

static int
give_final_name(const struct ml_listener *l, const struct place *at,
                struct ml_error *err)
{
    if (linkat(at->dir, at->temporary, at->dir, at->name, 0) < 0) {
        return errno == EEXIST
                   ? ml_error_set(err, ML_ESTATE, "another agent listens on %s",
                                  l->path)
                   : ml_error_set(err, ML_EIO, "cannot make %s: %s", l->path,
                                  strerror(errno));
    }
    if (!file_is_ours(l)) {
        unlinkat(at->dir, at->name, 0);
        return ml_error_set(err, ML_EPERM, "%s was moved away while it was made",
                            l->path);
    }
    return ML_OK;
}

static int
make_socket(struct ml_listener *l, const struct place *at, struct ml_error *err)
{
    int rc = clear_the_way(at, at->name, err);
    if (rc == ML_OK) {
        rc = clear_the_way(at, at->temporary, err);
    }
    if (rc < 0) {
        return rc;
    }
    rc = bind_and_listen(l, at, err);
    if (rc == ML_OK) {
        rc = give_final_name(l, at, err);
    }
    if (l->file_ino != 0) { /* else the name is somebody else's */
        unlinkat(at->dir, at->temporary, 0);
    }
    return rc;
}

static int
find_place(const char *path, struct place *at, struct ml_error *err)
{
    const char *slash = strrchr(path, '/');
    size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
    if (path[0] != '/' || slash[1] == '\0') {
        return ml_error_set(err, ML_EINVAL, "'%s' is no absolute socket path", path);
    }
    if (strlen(path) > most) {
        return ml_error_set(err, ML_ELIMIT, "socket path longer than %zu bytes: %s",
                            most, path);
    }
    snprintf(at->directory, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path),
             path);
    at->name = slash + 1;
    snprintf(at->temporary, sizeof(at->temporary), ".%s", at->name);
    return ml_socket_dir_open(at->directory, &at->dir, err);
}

int
ml_listener_open(struct ml_listener *l, const char *path, struct ml_error *err)
{
    struct place at;
    *l = (struct ml_listener){.fd = ML_OWN_FD_NONE};
    int rc = find_place(path, &at, err);
    if (rc < 0) {
        return rc;
    }
    strcpy(l->path, path);
    bool locked = ml_socket_dir_lock(at.dir);
    rc = make_socket(l, &at, err);
    if (rc < 0) {
        ml_listener_close(l, true);
    }
    else if (locked) {
        ml_socket_dir_clean(at.dir, at.directory, at.name);
    }
    ml_socket_dir_unlock(at.dir);
    close(at.dir);
    return rc;
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
