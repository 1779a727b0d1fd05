/* SPDX-License-Identifier: MIT
 *
 * See store_dir.h. Everything below the report directory goes through its descriptor,
 * so that somebody who swaps it for a link meanwhile wins nothing.
 */
#define _GNU_SOURCE
#include "store_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LEFTOVER_AGE_S 3600
#define MAX_DEPTH 8 /* of what is deleted; a report is flat */

/* A home that belongs to somebody else is what `sudo` and `su` leave behind: reports
 * written there as root would lock the owner out of his own directory. */
/* $HOME, or that of the password file where it is somebody else's; a user that is in no
 * password file, as in containers, has no other. */
static const char *
home_directory(void)
{
    const char *home = getenv("HOME");
    struct stat st;
    bool given = home != NULL && home[0] == '/';
    if (given && (stat(home, &st) != 0 || st.st_uid == geteuid())) {
        return home;
    }
    const struct passwd *user = getpwuid(geteuid());
    if (user == NULL) {
        return given ? home : NULL;
    }
    return user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

int
ml_store_expand(const char *directory, char *out, size_t cap, struct ml_error *err)
{
    char here[PATH_MAX] = "";
    const char *before = "", *rest = directory;
    if (directory == NULL || directory[0] == '\0') {
        return ml_error_set(err, ML_EINVAL, "no report directory given");
    }
    if (directory[0] == '~' && (directory[1] == '/' || directory[1] == '\0')) {
        before = home_directory();
        rest = directory + 1;
        if (before == NULL) {
            return ml_error_set(err, ML_ENOTFOUND,
                                "cannot expand %s: this user has no home directory",
                                directory);
        }
    }
    else if (directory[0] != '/') {
        if (getcwd(here, sizeof(here) - 1) == NULL) {
            return ml_error_set(err, ML_EIO, "cannot tell the current directory: %s",
                                strerror(errno));
        }
        if (strcmp(here, "/") != 0) {
            strcat(here, "/");
        }
        before = here;
    }
    size_t need = strlen(before) + strlen(rest) + 1;
    if (need > cap) {
        return ml_error_set(err, ML_ELIMIT, "the report directory's name is too long");
    }
    memcpy(out, before, strlen(before));
    memcpy(out + strlen(before), rest, strlen(rest) + 1);
    for (size_t n = need - 1; n > 1 && out[n - 1] == '/'; n--) {
        out[n - 1] = '\0';
    }
    return ML_OK;
}

/* Makes every missing part of the path, readable for its owner alone. */
static int
make_directories(const char *path, struct ml_error *err)
{
    char part[PATH_MAX];
    for (size_t i = 1; i < PATH_MAX; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST && access(part, F_OK) != 0) {
            return ml_error_set(err, errno == EACCES ? ML_EPERM : ML_EIO,
                                "cannot create the report directory %s: %s: %s", path,
                                part, strerror(errno == ENOENT ? ENOENT : errno));
        }
        if (path[i] == '\0') {
            break;
        }
    }
    return ML_OK;
}

static int
check_link(const char *path, struct ml_error *err)
{
    struct stat st, target;
    if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode)) {
        return ML_OK;
    }
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        return ml_error_set(err, ML_EPERM,
                            "the report directory %s is a symbolic link that belongs "
                            "to another user (uid %ld); it is not followed",
                            path, (long)st.st_uid);
    }
    if (stat(path, &target) != 0) {
        return ml_error_set(err, ML_EIO,
                            "the report directory %s is a symbolic link that cannot be "
                            "followed: %s",
                            path, strerror(errno));
    }
    return ML_OK;
}

int
ml_store_dir_open(const char *directory, bool create, char *path, struct ml_error *err)
{
    int rc = ml_store_expand(directory, path, PATH_MAX, err);
    if (rc != ML_OK || (rc = check_link(path, err)) != ML_OK ||
        (create && (rc = make_directories(path, err)) != ML_OK)) {
        return rc;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        return fd;
    }
    return ml_error_set(err,
                        errno == ENOENT   ? ML_ENOTFOUND
                        : errno == EACCES ? ML_EPERM
                                          : ML_EIO,
                        "cannot open the report directory %s: %s", path,
                        strerror(errno));
}

static bool
is_id(const char *text)
{
    for (int i = 0; i < ML_REPORT_ID_SIZE - 1; i++) {
        bool ok = i == 4 ? text[i] == '-'
                         : (text[i] >= 'a' && text[i] <= 'z') ||
                               (text[i] >= '0' && text[i] <= '9');
        if (!ok) {
            return false;
        }
    }
    return text[ML_REPORT_ID_SIZE - 1] == '\0';
}

bool
ml_store_dir_is_report(const char *name)
{
    size_t n = strlen(ML_STORE_PREFIX);
    return strncmp(name, ML_STORE_PREFIX, n) == 0 && is_id(name + n);
}

bool
ml_store_dir_id(const char *name, char id[ML_REPORT_ID_SIZE])
{
    const char *text = name != NULL ? name : "";
    if (ml_store_dir_is_report(text)) {
        text += strlen(ML_STORE_PREFIX);
    }
    if (!is_id(text)) {
        return false;
    }
    memcpy(id, text, ML_REPORT_ID_SIZE);
    return true;
}

bool
ml_store_dir_holds(int dir, const char *name, int opened)
{
    struct stat now, then;
    return fstat(opened, &then) == 0 && fstatat(dir, name, &now, 0) == 0 &&
           now.st_ino == then.st_ino && now.st_dev == then.st_dev;
}

int
ml_store_dir_iteration(const char *name)
{
    int number, end = 0;
    if (sscanf(name, "iteration_report_%9d.json%n", &number, &end) != 1 || end == 0 ||
        name[end] != '\0' || number < 0) {
        return -1;
    }
    return number;
}

int
ml_store_dir_new_id(char id[ML_REPORT_ID_SIZE], struct ml_error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    int at = 0;
    while (at < ML_REPORT_ID_SIZE - 1) {
        unsigned char bytes[16];
        if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
            return ml_error_set(err, ML_EIO, "no random numbers for a report id: %s",
                                strerror(errno));
        }
        for (size_t i = 0; i < sizeof(bytes) && at < ML_REPORT_ID_SIZE - 1; i++) {
            if (at == 4) {
                id[at++] = '-';
            }
            if (bytes[i] < 252) { /* 7 * 36: every letter is as likely */
                id[at++] = letters[bytes[i] % 36];
            }
        }
    }
    id[at] = '\0';
    return ML_OK;
}

static bool
is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Returns the errno that ended it, 0 when everything is gone. */
static int
delete_tree(int dir, const char *name, int depth)
{
    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT) {
        return 0;
    }
    if (errno != EISDIR && errno != EPERM) {
        return errno;
    }
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
    if (entries == NULL || depth == 0) {
        int saved = entries != NULL ? ELOOP : errno;
        if (entries != NULL) {
            closedir(entries);
        }
        else if (fd >= 0) {
            close(fd);
        }
        return saved == ENOENT ? 0 : saved;
    }
    int failed = 0;
    const struct dirent *e;
    while ((e = readdir(entries)) != NULL && failed == 0) {
        failed = is_dot(e->d_name) ? 0 : delete_tree(fd, e->d_name, depth - 1);
    }
    closedir(entries);
    if (failed == 0 && unlinkat(dir, name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
        failed = errno;
    }
    return failed;
}

int
ml_store_dir_delete(int dir, const char *name, struct ml_error *err)
{
    int failed = delete_tree(dir, name, MAX_DEPTH);
    if (failed == 0) {
        return ML_OK;
    }
    return ml_error_set(err, failed == EACCES || failed == EPERM ? ML_EPERM : ML_EIO,
                        "cannot delete %s: %s", name, strerror(failed));
}

int
ml_store_dir_remove(int dir, const char *name, struct ml_error *err)
{
    char id[ML_REPORT_ID_SIZE], hidden[ML_STORE_NAME_SIZE];
    int rc = ml_store_dir_new_id(id, err);
    if (rc != ML_OK) {
        return rc;
    }
    snprintf(hidden, sizeof(hidden), ML_STORE_TEMP "rm-%s", id);
    if (renameat(dir, name, dir, hidden) != 0) {
        return ml_error_set(err,
                            errno == ENOENT                      ? ML_ENOTFOUND
                            : errno == EACCES || errno == EPERM ? ML_EPERM
                                                                  : ML_EIO,
                            "cannot remove %s: %s", name, strerror(errno));
    }
    return ml_store_dir_delete(dir, hidden, err);
}

void
ml_store_dir_clean(int dir)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    if (entries == NULL) {
        if (copy >= 0) {
            close(copy);
        }
        return;
    }
    const struct dirent *e;
    while ((e = readdir(entries)) != NULL) {
        struct stat st;
        if (strncmp(e->d_name, ML_STORE_TEMP, strlen(ML_STORE_TEMP)) == 0 &&
            fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            st.st_mtime < time(NULL) - LEFTOVER_AGE_S) {
            (void)ml_store_dir_delete(dir, e->d_name, NULL);
        }
    }
    closedir(entries);
}
