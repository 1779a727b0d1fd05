/* SPDX-License-Identifier: MIT
 *
 * ml_yaml_load_file() of yaml_load.h: a whole file into memory, with care. The agent
 * reads it in somebody else's process, so nothing here may wait: a path that turns out
 * to be a pipe or a terminal is refused instead of read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* snprintf only */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mistakes.h"
#include "yaml_load.h"

static int
refuse(struct ml_mistakes *mistakes, int code, const char *why)
{
    ml_mistakes_add(mistakes, code, 0, 0, "%s", why);
    return code;
}

/* /dev/null is as good as an empty file, a pipe might never end. */
static const char *
unsuitable(const struct stat *st)
{
    if (S_ISDIR(st->st_mode)) {
        return "is a directory";
    }
    return S_ISREG(st->st_mode) || S_ISCHR(st->st_mode) ? NULL
                                                        : "is not a regular file";
}

/* Everything up to one byte more than allowed, so that too much is noticed. */
static int
read_all(int fd, char *buf, size_t cap, size_t *len)
{
    *len = 0;
    while (*len < cap) {
        ssize_t n = read(fd, buf + *len, cap - *len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return errno;
        }
        if (n == 0) {
            break;
        }
        *len += (size_t)n;
    }
    return 0;
}

/* Not strerror: it translates, and one buffer serves the whole program. */
static const char *
reason(int error, char buf[64])
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return "there is no such file";
    case EACCES:
    case EPERM:
        return "may not be read by this user";
    case ELOOP:
        return "has too many symbolic links in its path";
    }
    snprintf(buf, 64, "cannot be read (errno %d)", error);
    return buf;
}

static int
load_open_file(const struct ml_alloc *a, int fd, struct ml_settings *out,
               struct ml_mistakes *mistakes)
{
    struct stat st;
    char why[64];
    size_t cap = ML_YAML_MAX_BYTES + 1, len;
    if (fstat(fd, &st) < 0) {
        return refuse(mistakes, ML_EIO, reason(errno, why));
    }
    if (unsuitable(&st) != NULL) {
        return refuse(mistakes, ML_EIO, unsuitable(&st));
    }
    char *text = ml_alloc_array(a, cap, 1);
    if (text == NULL) {
        return ml_error_nomem(ml_mistakes_next(mistakes));
    }
    int error = read_all(fd, text, cap, &len);
    int failed = error != 0 ? refuse(mistakes, ML_EIO, reason(error, why))
                            : ml_yaml_load(a, text, len, out, mistakes);
    ml_alloc_free_array(a, text, cap, 1);
    return failed;
}

int
ml_yaml_load_file(const struct ml_alloc *a, const char *path, struct ml_settings *out,
                  struct ml_mistakes *mistakes)
{
    char why[64];
    if (mistakes != NULL) {
        memset(mistakes, 0, sizeof(*mistakes));
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return refuse(mistakes, ML_EIO, reason(errno, why));
    }
    int failed = load_open_file(a, fd, out, mistakes);
    close(fd);
    return failed;
}
