/* SPDX-License-Identifier: MIT
 *
 * See decimal.h.
 */
#include "decimal.h"

#include <assert.h>
#include <stdio.h> /* snprintf of integers only */

#define ONE 10000000 /* 10^ML_DECIMAL_PLACES */

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
read_whole(const char **at, const char *end, uint64_t *out)
{
    *out = 0;
    for (; *at < end && is_digit(**at); (*at)++) {
        if (__builtin_mul_overflow(*out, 10u, out) ||
            __builtin_add_overflow(*out, (uint64_t)(**at - '0'), out)) {
            return false;
        }
    }
    return true;
}

bool
ml_decimal_read(const char **at, const char *end, struct ml_decimal *out)
{
    const char *start = *at;
    out->fraction = 0;
    if (!read_whole(at, end, &out->whole)) {
        return false;
    }
    size_t digits = (size_t)(*at - start);
    if (*at < end && **at == '.') {
        (*at)++;
        uint64_t place = ONE / 10;
        for (; *at < end && is_digit(**at); (*at)++, digits++) {
            out->fraction += place * (uint64_t)(**at - '0');
            place /= 10; /* 0 after the last place that counts */
        }
    }
    return digits > 0;
}

bool
ml_decimal_times(struct ml_decimal d, uint64_t unit, uint64_t *out)
{
    assert(unit <= (uint64_t)1 << 40); /* so that the fraction's product fits */
    uint64_t part = (d.fraction * unit + ONE / 2) / ONE;
    return !__builtin_mul_overflow(d.whole, unit, out) &&
           !__builtin_add_overflow(*out, part, out);
}

void
ml_decimal_write(uint64_t n, int places, const char *unit, char *out, size_t cap)
{
    uint64_t scale = 1;
    for (int i = 0; i < places; i++) {
        scale *= 10;
    }
    unsigned long long whole = n / scale, part = n % scale;
    if (part == 0) {
        snprintf(out, cap, "%llu%s", whole, unit);
        return;
    }
    while (part % 10 == 0) {
        part /= 10;
        places--;
    }
    snprintf(out, cap, "%llu.%0*llu%s", whole, places, part, unit);
}

bool
ml_decimal_unit_is(const char *at, const char *end, const char *word)
{
    for (; at < end && *word != '\0'; at++, word++) {
        char a = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
        char b = *word >= 'A' && *word <= 'Z' ? (char)(*word + 32) : *word;
        if (a != b) {
            return false;
        }
    }
    return at == end && *word == '\0';
}
