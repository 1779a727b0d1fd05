/* SPDX-License-Identifier: MIT
 *
 * See read_json.h.
 */
#define _GNU_SOURCE
#include "read_json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE ((off_t)512 << 20)

static int
read_file(int dir, const char *name, char **out, size_t *len, struct ml_error *err)
{
    int rc = ML_OK;
    size_t have = 0;
    char *text = NULL;
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0) {
        rc = ml_error_set(err, errno == ENOENT ? ML_ENOTFOUND : ML_EIO, "%s: %s", name,
                          strerror(errno));
        goto out;
    }
    if (!S_ISREG(st.st_mode) || st.st_size > MAX_FILE) {
        rc = ml_error_set(err, ML_EFORMAT, "%s: %s", name,
                          S_ISREG(st.st_mode) ? "too large" : "not a file");
        goto out;
    }
    text = malloc((size_t)st.st_size + 1);
    if (text == NULL) {
        rc = ml_error_nomem(err);
        goto out;
    }
    while (have < (size_t)st.st_size) {
        ssize_t n = read(fd, text + have, (size_t)st.st_size - have);
        if (n <= 0) {
            break;
        }
        have += (size_t)n;
    }
    text[have] = '\0';
    *len = have;
    *out = text;
    text = NULL;
out:
    free(text);
    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

/* The value of the escape "\uXXXX" at p, or -1. `p` is in a terminated text. */
static long
escape_at(const char *p)
{
    char digits[5] = "";
    if (p[0] != '\\' || p[1] != 'u') {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        digits[i] = p[2 + i];
        if (strchr("0123456789abcdefABCDEF", digits[i]) == NULL || digits[i] == '\0') {
            return -1;
        }
    }
    return strtol(digits, NULL, 16);
}

static void
replace_lone_surrogates(char *text, size_t len)
{
    for (size_t i = 0; i + 1 < len; i++) {
        if (text[i] != '\\') {
            continue;
        }
        long value = escape_at(text + i);
        if (value < 0xD800 || value > 0xDFFF) {
            i++; /* whatever is escaped, the next character belongs to it */
            continue;
        }
        long next = escape_at(text + i + 6);
        if (value < 0xDC00 && next >= 0xDC00 && next <= 0xDFFF) {
            i += 11;
            continue;
        }
        memcpy(text + i + 2, "fffd", 4);
        i += 5;
    }
}

int
ml_read_json(int dir, const char *name, json_t **out, struct ml_error *err)
{
    char *text = NULL;
    size_t len = 0;
    json_error_t problem;
    int rc = read_file(dir, name, &text, &len, err);
    if (rc != ML_OK) {
        return rc;
    }
    replace_lone_surrogates(text, len);
    json_t *value = json_loadb(text, len, JSON_ALLOW_NUL, &problem);
    free(text);
    if (value == NULL) {
        return ml_error_set_at(err, ML_EFORMAT, problem.line, problem.column, "%s: %s",
                               name, problem.text);
    }
    if (!json_is_object(value)) {
        json_decref(value);
        return ml_error_set(err, ML_EFORMAT, "%s: not a JSON object", name);
    }
    *out = value;
    return ML_OK;
}
