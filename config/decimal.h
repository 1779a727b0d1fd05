/* SPDX-License-Identifier: MIT
 *
 * Decimal numbers in words such as `1.5h` and `80%`, read and written in integers.
 *
 * strtod and printf("%f") follow the program's locale (a German one wants `1,5`), and
 * the agent is a guest that may not change it. Integers have a second advantage: what
 * is written and read again is the same number to the last bit.
 * Units are the business of duration.h and amount.h.
 */
#ifndef ML_CONFIG_DECIMAL_H
#define ML_CONFIG_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ML_DECIMAL_PLACES 7

/* whole + fraction / 10^ML_DECIMAL_PLACES. Never negative. */
struct ml_decimal {
    uint64_t whole;
    uint64_t fraction;
};

/* Reads digits with an optional fraction (`5`, `0.5`, `.5`, `5.`) from *at on and
 * moves *at behind them. Further decimal places are dropped. False when there is no
 * digit or the whole part does not fit. */
bool ml_decimal_read(const char **at, const char *end, struct ml_decimal *out);

/* d * unit, rounded to a whole number; false when it does not fit. Units up to 2^40. */
bool ml_decimal_times(struct ml_decimal d, uint64_t unit, uint64_t *out);

/* Writes n / 10^places without superfluous zeros, then `unit`: (1500, 3, "s") is
 * `1.5s`. */
void ml_decimal_write(uint64_t n, int places, const char *unit, char *out, size_t cap);

/* The bytes from `at` to `end` are `word`, upper and lower case alike (ASCII only). */
bool ml_decimal_unit_is(const char *at, const char *end, const char *word);

#endif
