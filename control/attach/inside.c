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

static bool
make_in(int parent, const char *place, struct ml_inside_dir *out)
{
    for (int i = 0; i < TRIES; i++) {
        make_name(out->name, sizeof(out->name));
        if (mkdirat(parent, out->name, 0700) == 0) {
            out->fd = openat(parent, out->name,
                             O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            snprintf(out->path, sizeof(out->path), "%s/%s", place, out->name);
            return out->fd >= 0 && fchmod(out->fd, 0700) == 0;
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
        if (out->parent >= 0 && make_in(out->parent, places[i], out)) {
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

int
ml_inside_hand_over(const struct ml_attach_target *target,
                    const struct ml_inside_dir *dir, struct ml_error *err)
{
    if (fchown(dir->fd, target->uid, (gid_t)-1) == 0) {
        return ML_OK;
    }
    return ml_error_set(err, ML_EPERM, "cannot give %s to user %ld: %s", dir->path,
                        (long)target->uid, strerror(errno));
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
