/* SPDX-License-Identifier: MIT
 *
 * See socket_dir.h.
 */
#define _GNU_SOURCE
#include "socket_dir.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* snprintf only */
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

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

int
ml_socket_dir_open(const char *path, int *out, struct ml_error *err)
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

bool
ml_socket_dir_lock(int dir)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(dir, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    return false;
}

void
ml_socket_dir_unlock(int dir)
{
    flock(dir, LOCK_UN);
}

/* -- sockets in it ----------------------------------------------------------------- */

void
ml_socket_dir_address(int dir, const char *path, const char *name,
                      struct sockaddr_un *out)
{
    memset(out, 0, sizeof(*out));
    out->sun_family = AF_UNIX;
    size_t cap = sizeof(out->sun_path);
    if (snprintf(out->sun_path, cap, "%s/%s", path, name) >= (int)cap &&
        snprintf(out->sun_path, cap, "/proc/self/fd/%d/%s", dir, name) >= (int)cap) {
        out->sun_path[0] = '\0'; /* which is nobody's address */
    }
}

static bool
refused(int type, const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return false; /* cannot tell: touch nothing */
    }
    bool is = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
              errno == ECONNREFUSED;
    close(fd);
    return is;
}

bool
ml_socket_dir_dead(const struct sockaddr_un *address)
{
    return address->sun_path[0] != '\0' && refused(SOCK_DGRAM, address) &&
           refused(SOCK_STREAM, address);
}

/* `name` is `like` with other digits: 4711.sock and 42.sock, web-1.sock and web-2.sock.
 * A temporary name has a dot before it. */
static bool
alike(const char *name, const char *like)
{
    name += name[0] == '.' && like[0] != '.';
    while (*name != '\0' && *like != '\0') {
        if (isdigit((unsigned char)*name) && isdigit((unsigned char)*like)) {
            name += strspn(name, "0123456789");
            like += strspn(like, "0123456789");
        }
        else if (*name++ != *like++) {
            return false;
        }
    }
    return *name == *like;
}

static bool
is_socket(const char *name)
{
    size_t len = strlen(name);
    return len > 5 && strcmp(name + len - 5, ".sock") == 0;
}

static int
remove_if_dead(int dir, const char *path, const char *name)
{
    struct stat st;
    struct sockaddr_un address;
    ml_socket_dir_address(dir, path, name, &address);
    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode) &&
           st.st_uid == geteuid() && ml_socket_dir_dead(&address) &&
           unlinkat(dir, name, 0) == 0;
}

int
ml_socket_dir_clean(int dir, const char *path, const char *like)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *de;
    int seen = 0, removed = 0;
    if (entries == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return 0;
    }
    while (seen < ML_SOCKET_DIR_EXAMINED && (de = readdir(entries)) != NULL) {
        if (is_socket(de->d_name) && alike(de->d_name, like)) {
            removed += remove_if_dead(dir, path, de->d_name);
            seen++;
        }
    }
    closedir(entries);
    return removed;
}
