/* SPDX-License-Identifier: MIT
 *
 * See golden.h.
 */
#include "golden.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
golden_path(const char *name)
{
    static char paths[8][1024];
    static int turn;
    const char *dir = getenv("ML_GOLDEN_DIR");
    char *path = paths[turn++ & 7];
    cr_assert_not_null(dir, "ML_GOLDEN_DIR is not set; run the tests through meson");
    snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
    return path;
}

static char *
read_all(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    char *text = NULL;
    size_t have = 0;
    for (size_t cap = 4096;; cap *= 2) {
        text = realloc(text, cap);
        have += fread(text + have, 1, cap - 1 - have, file);
        if (have < cap - 1) {
            break;
        }
    }
    text[have] = '\0';
    fclose(file);
    *len = have;
    return text;
}

static void
rewrite(const char *path, const char *made, size_t len)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "cannot write %s", path);
    cr_assert_eq(fwrite(made, 1, len, file), len);
    cr_assert_eq(fclose(file), 0);
}

void
golden_check(const char *name, const char *made, size_t len)
{
    const char *path = golden_path(name);
    size_t expected_len = 0, same = 0;
    int line = 1;
    if (getenv("ML_GOLDEN_UPDATE") != NULL) {
        rewrite(path, made, len);
        return;
    }
    char *expected = read_all(path, &expected_len);
    cr_assert_not_null(expected, "%s is missing; ML_GOLDEN_UPDATE=1 makes it", name);
    if (len == expected_len && memcmp(expected, made, len) == 0) {
        free(expected);
        return;
    }
    while (same < len && same < expected_len && made[same] == expected[same]) {
        line += made[same++] == '\n';
    }
    const char *a = expected + same, *b = made + same;
    cr_assert_fail("%s differs in line %d: expected \"%.*s\", got \"%.*s\"", name, line,
                   (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
}
