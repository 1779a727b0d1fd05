/* SPDX-License-Identifier: MIT
 *
 * See amount.h. Bytes are whole numbers up to 2^53, which a double holds exactly;
 * per cents are whole millionths.
 */
#include "amount.h"

#include <stdio.h>
#include <string.h>

#include "decimal.h"

#define MOST_BYTES ((uint64_t)1 << 53)

static const struct {
    const char *name;
    uint64_t bytes;
} units[] = {
    {"", 1},
    {"B", 1},
    {"K", 1ull << 10},
    {"Ki", 1ull << 10},
    {"KiB", 1ull << 10},
    {"kB", 1000ull},
    {"M", 1ull << 20},
    {"Mi", 1ull << 20},
    {"MiB", 1ull << 20},
    {"MB", 1000000ull},
    {"G", 1ull << 30},
    {"Gi", 1ull << 30},
    {"GiB", 1ull << 30},
    {"GB", 1000000000ull},
    {"T", 1ull << 40},
    {"Ti", 1ull << 40},
    {"TiB", 1ull << 40},
    {"TB", 1000000000000ull},
};

static bool
read_bytes(struct ml_decimal number, const char *at, const char *end, uint64_t *out)
{
    while (at < end && end[-1] == ' ') {
        end--;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (ml_decimal_unit_is(at, end, units[i].name)) {
            return ml_decimal_times(number, units[i].bytes, out) && *out <= MOST_BYTES;
        }
    }
    return false;
}

/* Bytes per minute out of bytes per whatever stands behind the slash. */
static bool
read_rate(const char *at, const char *end, uint64_t *bytes)
{
    while (at < end && *at == ' ') {
        at++;
    }
    if (ml_decimal_unit_is(at, end, "min") || ml_decimal_unit_is(at, end, "m")) {
        return true;
    }
    if (ml_decimal_unit_is(at, end, "s")) {
        *bytes *= 60;
        return *bytes <= MOST_BYTES;
    }
    if (ml_decimal_unit_is(at, end, "h")) {
        *bytes = (*bytes + 30) / 60;
        return true;
    }
    return false;
}

bool
ml_amount_read(const char *text, size_t len, struct ml_amount *out)
{
    const char *at = text, *end = text + len;
    struct ml_decimal number;
    uint64_t n;
    if (!ml_decimal_read(&at, end, &number)) {
        return false;
    }
    while (at < end && *at == ' ') {
        at++;
    }
    if (ml_decimal_unit_is(at, end, "%")) {
        if (!ml_decimal_times(number, 1000000, &n) || n > MOST_BYTES) {
            return false;
        }
        *out = (struct ml_amount){ML_AMOUNT_PERCENT, (double)n / 1e6};
        return true;
    }
    const char *slash = at < end ? memchr(at, '/', (size_t)(end - at)) : NULL;
    if (!read_bytes(number, at, slash != NULL ? slash : end, &n) ||
        (slash != NULL && !read_rate(slash + 1, end, &n))) {
        return false;
    }
    out->unit = slash != NULL ? ML_AMOUNT_BYTES_PER_MIN : ML_AMOUNT_BYTES;
    out->value = (double)n;
    return true;
}

/* Plain bytes get the unit B only where a rate follows: `1000B/min`. */
static void
write_bytes(double value, bool rate, char out[ML_AMOUNT_TEXT])
{
    static const char *const names[] = {"", "KiB", "MiB", "GiB", "TiB"};
    uint64_t n = value > 0 && value <= (double)MOST_BYTES ? (uint64_t)value : 0;
    int unit = 0;
    while (unit < 4 && n >= 1024 && n % 1024 == 0) {
        n /= 1024;
        unit++;
    }
    snprintf(out, ML_AMOUNT_TEXT, "%llu%s%s", (unsigned long long)n,
             unit == 0 && rate ? "B" : names[unit], rate ? "/min" : "");
}

const char *
ml_amount_write(struct ml_amount amount, char out[ML_AMOUNT_TEXT])
{
    switch (amount.unit) {
    case ML_AMOUNT_BYTES:
    case ML_AMOUNT_BYTES_PER_MIN:
        write_bytes(amount.value, amount.unit == ML_AMOUNT_BYTES_PER_MIN, out);
        return out;
    case ML_AMOUNT_PERCENT:
        ml_decimal_write(amount.value > 0 ? (uint64_t)(amount.value * 1e6 + 0.5) : 0, 6,
                         "%", out, ML_AMOUNT_TEXT);
        return out;
    case ML_AMOUNT_OFF:
        break;
    }
    memcpy(out, "off", 4);
    return out;
}
