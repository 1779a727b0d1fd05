/* SPDX-License-Identifier: MIT
 *
 * Times as people write them: `500ms`, `60s`, `5m`, `1h`, `2d`; a plain number is
 * seconds. A millionth of a second is the smallest step.
 * Which durations are allowed where is the table's business (options.c).
 */
#ifndef ML_CONFIG_DURATION_H
#define ML_CONFIG_DURATION_H

#include <stdbool.h>
#include <stddef.h>

#define ML_DURATION_TEXT 40

/* Seconds; false when `text` is no duration (unit unknown, negative, far too long). */
bool ml_duration_read(const char *text, size_t len, double *seconds);

/* The shortest usual form: below ten minutes in seconds, then in the largest unit that
 * leaves no remainder. Reading it back gives `seconds` again. Returns `out`. */
const char *ml_duration_write(double seconds, char out[ML_DURATION_TEXT]);

#endif
