/* SPDX-License-Identifier: MIT
 *
 * See inside.h.
 */
#define _GNU_SOURCE
#include "inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAME "memalot-attach-"
#define TRIES 16

int
ml_inside_open(const struct ml_attach_target *target, const char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    if (target->root[0] == '\0') {
        return open(path, flags | O_CLOEXEC);
    }
    int root = open(target->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        return -1;
    }
    int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
    int saved = errno;
    close(root);
    errno = saved;
    return fd;
}

/* Before Linux 5.6 its links lead to where they lead for us. */
static int
find_place(const struct ml_attach_target *target, const char *path)
{
    char whole[sizeof(target->root) + PATH_MAX];
    int place = ml_inside_open(target, path, O_PATH);
    if (place < 0 && errno == ENOSYS) {
        snprintf(whole, sizeof(whole), "%s%s", target->root, path);
        place = open(whole, O_PATH | O_CLOEXEC);
    }
    return place;
}

int
ml_inside_open_file(const struct ml_attach_target *target, const char *path)
{
    char own[32];
    struct stat st;
    int place = find_place(target, path);
    if (place < 0) {
        return -1;
    }
    int fd = -1, number = EINVAL;
    if (fstat(place, &st) == 0 && S_ISREG(st.st_mode)) {
        snprintf(own, sizeof(own), "/proc/self/fd/%d", place);
        fd = open(own, O_RDONLY | O_CLOEXEC);
        number = errno;
    }
    close(place);
    errno = number;
    return fd;
}

/* -- the directory ----------------------------------------------------------------- */

static void
make_name(char *out, size_t cap)
{
    uint64_t random = 0;
    if (getrandom(&random, sizeof(random), 0) != sizeof(random)) {
        random = (uint64_t)getpid();
    }
    snprintf(out, cap, NAME "%016llx", (unsigned long long)random);
}

int
ml_inside_open_dir(const struct ml_attach_target *target, int parent, const char *name)
{
    struct stat st;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_uid != target->uid ||
                    (st.st_mode & 022) != 0)) {
        close(fd);
        errno = EPERM;
        return -1;
    }
    return fd;
}

/* Nobody else can put something in the place of what we make there. */
static bool
is_ours_alone(int parent)
{
    struct stat st;
    return fstat(parent, &st) == 0 && st.st_uid == geteuid() &&
           ((st.st_mode & 022) == 0 || (st.st_mode & S_ISVTX) != 0);
}

static int
make_and_give(const struct ml_attach_target *target, int parent, const char *name)
{
    struct stat st;
    if (!is_ours_alone(parent)) {
        errno = EACCES;
        return -1;
    }
    if (mkdirat(parent, name, 0700) < 0) {
        return -1;
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid()) {
        (void)!fchown(fd, target->uid, (gid_t)-1);
    }
    return fd >= 0 ? close(fd) : -1;
}

static int
make_as_its_user(const struct ml_attach_target *target, int parent, const char *name)
{
    setfsuid(target->uid);
    int rc = -1, number = EPERM;
    if ((uid_t)setfsuid(target->uid) == target->uid) { /* it says who it was */
        rc = mkdirat(parent, name, 0700);
        number = errno;
    }
    setfsuid(geteuid());
    errno = number;
    return rc;
}

int
ml_inside_make_dir(const struct ml_attach_target *target, int parent, const char *name)
{
    int rc = make_as_its_user(target, parent, name);
    if (rc < 0 && (errno == EACCES || errno == EPERM)) {
        rc = make_and_give(target, parent, name);
    }
    int fd = rc < 0 ? -1 : ml_inside_open_dir(target, parent, name);
    if (fd >= 0) {
        (void)!fchmod(fd, 0700); /* whatever our umask is */
    }
    return fd;
}

static bool
make_in(const struct ml_attach_target *target, int parent, const char *place,
        struct ml_inside_dir *out)
{
    for (int i = 0; i < TRIES; i++) {
        make_name(out->name, sizeof(out->name));
        out->fd = ml_inside_make_dir(target, parent, out->name);
        if (out->fd >= 0) {
            snprintf(out->path, sizeof(out->path), "%s/%s", place, out->name);
            return true;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return false;
}

int
ml_inside_temp(const struct ml_attach_target *target, struct ml_inside_dir *out,
               struct ml_error *err)
{
    static const char *const places[] = {"/tmp", "/dev/shm", "/var/tmp"};
    int number = ENOENT;
    *out = (struct ml_inside_dir){.fd = -1, .parent = -1};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        out->parent = ml_inside_open(target, places[i], O_RDONLY | O_DIRECTORY);
        if (out->parent >= 0 && make_in(target, out->parent, places[i], out)) {
            return ML_OK;
        }
        number = errno;
        ml_inside_close(out);
    }
    return ml_error_set(err, ML_EUNSUPPORTED,
                        "process %ld has no directory for temporary files (/tmp, "
                        "/dev/shm, /var/tmp) that can be written to: %s",
                        (long)target->pid, strerror(number));
}

void
ml_inside_close(struct ml_inside_dir *dir)
{
    if (dir->fd >= 0) {
        close(dir->fd);
    }
    if (dir->parent >= 0) {
        close(dir->parent);
    }
    dir->fd = dir->parent = -1;
}

void
ml_inside_remove(struct ml_inside_dir *dir)
{
    const struct dirent *de;
    int again =
        dir->fd >= 0 ? openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    DIR *list = again >= 0 ? fdopendir(again) : NULL;
    while (list != NULL && (de = readdir(list)) != NULL) {
        unlinkat(dir->fd, de->d_name, 0); /* "." and ".." are refused */
    }
    if (list != NULL) {
        closedir(list);
    }
    if (dir->parent >= 0) {
        unlinkat(dir->parent, dir->name, AT_REMOVEDIR);
    }
    ml_inside_close(dir);
}

/* -- files ------------------------------------------------------------------------- */

static bool
write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        data += n;
        len -= (size_t)n;
    }
    return true;
}

int
ml_inside_write(const struct ml_attach_target *target, const struct ml_inside_dir *dir,
                const char *name, mode_t mode, const void *data, size_t len,
                struct ml_error *err)
{
    int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
    bool good = fd >= 0 && write_all(fd, data, len) && fchmod(fd, mode) == 0 &&
                fchown(fd, target->uid, (gid_t)-1) == 0;
    int number = errno;
    if (fd >= 0) {
        good = close(fd) == 0 && good;
    }
    return good ? ML_OK
                : ml_error_set(err, ML_EIO, "cannot write %s/%s for process %ld: %s",
                               dir->path, name, (long)target->pid, strerror(number));
}
