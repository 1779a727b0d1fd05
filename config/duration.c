/* SPDX-License-Identifier: MIT
 *
 * See duration.h. In between, everything is a whole number of microseconds; a double
 * n / 1e6 is the one nearest to n microseconds, so that n comes back by rounding.
 */
#include "duration.h"

#include "decimal.h"

#define SECOND 1000000u

static const struct {
    const char *name;
    uint64_t us;
} units[] = {
    {"", SECOND},
    {"us", 1},
    {"ms", 1000},
    {"s", SECOND},
    {"sec", SECOND},
    {"m", 60ull * SECOND},
    {"min", 60ull * SECOND},
    {"h", 3600ull * SECOND},
    {"d", 86400ull * SECOND},
};

#define LONGEST (36525ull * 86400 * SECOND) /* a hundred years */

bool
ml_duration_read(const char *text, size_t len, double *seconds)
{
    const char *at = text, *end = text + len;
    struct ml_decimal number;
    if (!ml_decimal_read(&at, end, &number)) {
        return false;
    }
    while (at < end && *at == ' ') {
        at++;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (ml_decimal_unit_is(at, end, units[i].name)) {
            uint64_t us;
            if (!ml_decimal_times(number, units[i].us, &us) || us > LONGEST) {
                return false;
            }
            *seconds = (double)us / 1e6;
            return true;
        }
    }
    return false;
}

const char *
ml_duration_write(double seconds, char out[ML_DURATION_TEXT])
{
    static const struct {
        const char *name;
        uint64_t us;
    } large[] = {
        {"d", 86400ull * SECOND}, {"h", 3600ull * SECOND}, {"m", 60ull * SECOND}};
    double us = seconds > 0 ? seconds * 1e6 + 0.5 : 0;
    uint64_t n = us < (double)LONGEST ? (uint64_t)us : LONGEST;
    if (n > 0 && n < SECOND) {
        ml_decimal_write(n, 3, "ms", out, ML_DURATION_TEXT);
        return out;
    }
    for (size_t i = 0; i < 3 && n >= 600ull * SECOND; i++) {
        if (n % large[i].us == 0) {
            ml_decimal_write(n / large[i].us, 0, large[i].name, out, ML_DURATION_TEXT);
            return out;
        }
    }
    ml_decimal_write(n, 6, "s", out, ML_DURATION_TEXT);
    return out;
}
