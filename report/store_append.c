/* SPDX-License-Identifier: MIT
 *
 * See store_append.h. A report may be removed by somebody else (`rm`, another writer's
 * `keep`) at any moment: by a rename, so that its open directory takes our files all
 * the same. Only when its name still leads to that directory afterwards have they
 * arrived.
 */
#define _GNU_SOURCE
#include "store_append.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int
open_directory(int dir, const char *name)
{
    return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Opens a directory of its own to be listed; closed with closedir. */
static DIR *
list(int dir, const char *name)
{
    int fd = open_directory(dir, name);
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
    if (entries == NULL && fd >= 0) {
        close(fd);
    }
    return entries;
}

int
ml_store_append_number(int dir, const char *report, int wanted)
{
    DIR *entries = list(dir, report);
    const struct dirent *e;
    int last = 0;
    bool taken = false;
    wanted = wanted > 0 ? wanted : 1;
    while (entries != NULL && (e = readdir(entries)) != NULL) {
        int number = ml_store_dir_iteration(e->d_name);
        last = number > last ? number : last;
        taken = taken || number == wanted;
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return taken ? last + 1 : wanted;
}

static int
cannot_move(const char *name, const char *report, int failed, struct ml_error *err)
{
    return ml_error_set(err, failed == EACCES || failed == EPERM ? ML_EPERM : ML_EIO,
                        "cannot add %s to %s: %s", name, report, strerror(failed));
}

/* The diagrams: all that does not belong to every report. */
static int
move_pictures(int from, int to, const char *report, struct ml_error *err)
{
    DIR *entries = list(from, ".");
    const struct dirent *e;
    int rc = ML_OK;
    if (entries == NULL) {
        return cannot_move("files", report, errno, err);
    }
    while (rc == ML_OK && (e = readdir(entries)) != NULL) {
        bool picture = strncmp(e->d_name, "iteration_", 10) == 0 &&
                       ml_store_dir_iteration(e->d_name) < 0;
        if (picture && renameat(from, e->d_name, to, e->d_name) != 0) {
            rc = cannot_move(e->d_name, report, errno, err);
        }
    }
    closedir(entries);
    return rc;
}

static int
move(int from, int to, const char *report, int number, struct ml_error *err)
{
    char name[64];
    snprintf(name, sizeof(name), "iteration_report_%d.json", number);
    if (faccessat(to, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        return ml_error_set(err, ML_ESTATE, "%s has got iteration %d meanwhile", report,
                            number);
    }
    int rc = move_pictures(from, to, report, err);
    if (rc == ML_OK && renameat(from, name, to, name) != 0) {
        rc = cannot_move(name, report, errno, err);
    }
    return rc;
}

int
ml_store_append_move(int dir, const char *temp, const char *report, int number,
                     struct ml_error *err)
{
    int rc, to = open_directory(dir, report);
    if (to < 0) {
        int failed = errno;
        rc = cannot_move("an iteration", report, failed, err);
        return failed == ENOENT ? ML_ENOTFOUND : rc;
    }
    int from = open_directory(dir, temp);
    rc = from < 0 ? cannot_move(temp, report, errno, err)
                  : move(from, to, report, number, err);
    if (!ml_store_dir_holds(dir, report, to)) {
        rc = ml_error_set(err, ML_ESTATE, "%s has just been removed", report);
    }
    close(to);
    if (from >= 0) {
        close(from);
    }
    return rc;
}
