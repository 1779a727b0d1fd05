/* SPDX-License-Identifier: MIT
 *
 * See depot.h.
 */
#define _GNU_SOURCE
#include "depot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "process.h"

/* -- the directory ----------------------------------------------------------------- */

static bool
is_its_own(const struct ml_attach_target *target, int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_uid == target->uid && (st.st_mode & 022) == 0;
}

/* A directory that is the process's user's, made when missing. -1: it is another's. */
static int
open_or_make(const struct ml_attach_target *target, int parent, const char *name)
{
    struct stat st;
    bool made = mkdirat(parent, name, 0700) == 0;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    if (made && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
        fchmod(fd, 0700) == 0) {
        (void)!fchown(fd, target->uid, (gid_t)-1);
    }
    if (!is_its_own(target, fd)) {
        close(fd);
        errno = EPERM;
        return -1;
    }
    return fd;
}

static bool
open_below(const struct ml_attach_target *target, const char *place,
           struct ml_depot *out)
{
    char name[64];
    struct statvfs fs;
    int top = ml_inside_open(target, place, O_RDONLY | O_DIRECTORY);
    if (top < 0) {
        return false;
    }
    snprintf(name, sizeof(name), "memalot-%ld",
             (long)ml_process_inner_uid(target->pid, target->uid));
    int outer = -1;
    if (fstatvfs(top, &fs) == 0 && (fs.f_flag & ST_NOEXEC) == 0) {
        outer = open_or_make(target, top, name);
    }
    close(top);
    if (outer < 0) {
        return false;
    }
    out->dir.parent = outer;
    out->dir.fd = open_or_make(target, outer, "agent-" ML_VERSION);
    snprintf(out->dir.path, sizeof(out->dir.path), "%s/%s/agent-" ML_VERSION, place,
             name);
    if (out->dir.fd < 0) {
        ml_inside_close(&out->dir);
    }
    return out->dir.fd >= 0;
}

int
ml_depot_open(const struct ml_attach_target *target, struct ml_depot *out,
              struct ml_error *err)
{
    static const char *const places[] = {"/tmp", "/var/tmp", "/dev/shm"};
    *out = (struct ml_depot){.target = target, .dir = {.fd = -1, .parent = -1}};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (open_below(target, places[i], out)) {
            return ML_OK;
        }
    }
    return ml_error_set(
        err, ML_EUNSUPPORTED,
        "process %ld is in a container, or is another user's, without a "
        "way in: its /tmp, /var/tmp and /dev/shm take no program (read-"
        "only, noexec, or memalot-UID in them is somebody else's)",
        (long)target->pid);
}

int
ml_depot_open_in(const struct ml_depot *depot, const char *name, struct ml_depot *out,
                 struct ml_error *err)
{
    *out = (struct ml_depot){.target = depot->target, .dir = {.fd = -1, .parent = -1}};
    out->dir.fd = open_or_make(depot->target, depot->dir.fd, name);
    if (out->dir.fd < 0) {
        return ml_error_set(err, ML_EIO, "cannot make %s/%s for process %ld: %s",
                            depot->dir.path, name, (long)depot->target->pid,
                            strerror(errno));
    }
    int n =
        snprintf(out->dir.path, sizeof(out->dir.path), "%s/%s", depot->dir.path, name);
    return n < (int)sizeof(out->dir.path)
               ? ML_OK
               : ml_error_set(err, ML_ELIMIT, "path too long");
}

void
ml_depot_close(struct ml_depot *depot)
{
    ml_inside_close(&depot->dir);
}

/* -- files ------------------------------------------------------------------------- */

/* The rest of an open file is `data`. Read, not mapped: it is another user's, who might
 * make it shorter meanwhile. */
static bool
has_content(int fd, const char *data, size_t len)
{
    char chunk[65536];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
        if ((size_t)n > len || memcmp(chunk, data, (size_t)n) != 0) {
            return false;
        }
        data += n;
        len -= (size_t)n;
    }
    return n == 0 && len == 0;
}

static bool
is_there_already(const struct ml_depot *depot, const char *name, mode_t mode,
                 const void *data, size_t len)
{
    struct stat st;
    int fd =
        openat(depot->dir.fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool same = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
                st.st_uid == depot->target->uid && (st.st_mode & 07777) == mode &&
                has_content(fd, data, len);
    if (fd >= 0) {
        close(fd);
    }
    return same;
}

int
ml_depot_put(const struct ml_depot *depot, const char *name, mode_t mode,
             const void *data, size_t len, struct ml_error *err)
{
    char fresh[32];
    if (is_there_already(depot, name, mode, data, len)) {
        return ML_OK;
    }
    snprintf(fresh, sizeof(fresh), ".new-%ld", (long)getpid());
    unlinkat(depot->dir.fd, fresh, 0);
    int rc = ml_inside_write(depot->target, &depot->dir, fresh, mode, data, len, err);
    if (rc == ML_OK && renameat(depot->dir.fd, fresh, depot->dir.fd, name) < 0) {
        rc = ml_error_set(err, ML_EIO, "cannot write %s/%s for process %ld: %s",
                          depot->dir.path, name, (long)depot->target->pid,
                          strerror(errno));
    }
    if (rc < 0) {
        unlinkat(depot->dir.fd, fresh, 0);
    }
    return rc;
}

int
ml_depot_put_file(const struct ml_depot *depot, const char *name, const char *from,
                  mode_t mode, struct ml_error *err)
{
    struct stat st;
    void *data = MAP_FAILED;
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0) {
        data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (data == MAP_FAILED) {
        return ml_error_set(err, ML_EIO, "cannot read %s, or it is empty", from);
    }
    int rc = ml_depot_put(depot, name, mode, data, (size_t)st.st_size, err);
    munmap(data, (size_t)st.st_size);
    return rc;
}
