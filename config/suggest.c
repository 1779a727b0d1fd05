/* SPDX-License-Identifier: MIT
 *
 * See suggest.h. The distance is the "optimal string alignment" one (Damerau's four
 * errors, none of them twice in the same place), three rows of the usual table.
 */
#include "suggest.h"

#include <string.h>

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static int
least(int a, int b)
{
    return a < b ? a : b;
}

int
ml_suggest_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (a_len > ML_SUGGEST_MAX || b_len > ML_SUGGEST_MAX) {
        return ML_SUGGEST_MAX + 1;
    }
    int row[3][ML_SUGGEST_MAX + 1];
    for (size_t k = 0; k <= b_len; k++) {
        row[0][k] = (int)k;
    }
    for (size_t i = 1; i <= a_len; i++) {
        int *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = (int)i;
        for (size_t k = 1; k <= b_len; k++) {
            char x = lower(a[i - 1]), y = lower(b[k - 1]);
            now[k] = least(last[k - 1] + (x != y), least(last[k], now[k - 1]) + 1);
            if (i > 1 && k > 1 && x == lower(b[k - 2]) && y == lower(a[i - 2])) {
                now[k] = least(now[k], before[k - 2] + 1);
            }
        }
    }
    return row[a_len % 3][b_len];
}

void
ml_suggest_init(struct ml_suggest *s, const char *typed, size_t len)
{
    s->typed = typed;
    s->len = len;
    s->best = NULL;
    s->distance = ML_SUGGEST_MAX + 1;
}

void
ml_suggest_offer(struct ml_suggest *s, const char *word)
{
    int distance = ml_suggest_distance(s->typed, s->len, word, strlen(word));
    if (distance < s->distance) {
        s->distance = distance;
        s->best = word;
    }
}

/* A third of the letters may be wrong: `keap` is keep, `abc` is nothing. */
const char *
ml_suggest_best(const struct ml_suggest *s)
{
    if (s->best == NULL || s->len == 0) {
        return NULL;
    }
    size_t longer = strlen(s->best) > s->len ? strlen(s->best) : s->len;
    return (size_t)s->distance * 3 <= longer + 1 ? s->best : NULL;
}

const char *
ml_suggest_quote(const char *text, size_t len, char out[ML_SUGGEST_QUOTE])
{
    const size_t room = ML_SUGGEST_QUOTE - 6; /* quotes, dots, the end */
    size_t n = len;
    if (n > room) {
        n = room;
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) {
            n--; /* not through the middle of a UTF-8 character */
        }
    }
    char *to = out;
    *to++ = '\'';
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        *to++ = c < 0x20 || c == 0x7F ? '?' : (char)c;
    }
    if (n < len) {
        memcpy(to, "...", 3);
        to += 3;
    }
    *to++ = '\'';
    *to = '\0';
    return out;
}
