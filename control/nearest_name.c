/* SPDX-License-Identifier: MIT
 *
 * See nearest_name.h. Optimal string alignment over three rows on the stack.
 */
#include "nearest_name.h"

#include <string.h>

static int
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c == '-' ? '_' : c;
}

static unsigned
least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned
ml_nearest_name_distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    unsigned rows[3][ML_NEAREST_NAME_MAX + 1];
    if (la > ML_NEAREST_NAME_MAX || lb > ML_NEAREST_NAME_MAX) {
        return 1000;
    }
    for (size_t j = 0; j <= lb; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= la; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *top = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= lb; j++) {
            int x = lower(a[i - 1]), y = lower(b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y) {
                row[j] = least(row[j], top[j - 2] + 1);
            }
        }
    }
    return rows[la % 3][lb];
}

void
ml_nearest_name_offer(struct ml_nearest_name *n, const char *typed, const char *candidate)
{
    size_t lt = strlen(typed), lc = strlen(candidate);
    unsigned distance = ml_nearest_name_distance(typed, candidate);
    if (lt >= 2 && lt < lc && strncmp(typed, candidate, lt) == 0) {
        distance = 1;
    }
    unsigned allowed = (unsigned)(lt > lc ? lt : lc) / 3;
    if (distance > (allowed > 0 ? allowed : 1)) {
        return;
    }
    if (n->best == NULL || distance < n->distance) {
        n->best = candidate;
        n->distance = distance;
    }
}
