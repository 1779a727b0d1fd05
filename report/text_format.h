/* SPDX-License-Identifier: MIT
 *
 * Figures as a person reads them, and keys of a report read with tolerance: a key that
 * is missing or of another type is as good as none. The public part (sizes, counts)
 * stands in report.h.
 */
#ifndef ML_REPORT_TEXT_FORMAT_H
#define ML_REPORT_TEXT_FORMAT_H

#include <jansson.h>
#include <stdbool.h>

/* "850 ms", "12.3 s", "4 min 12 s", "3 h 5 min", "2 d 4 h". */
const char *ml_text_duration(double seconds, char out[32]);
/* With its sign: "+64.0 MiB", "-1.0 MiB". */
const char *ml_text_bytes_diff(double bytes, char out[32]);

/* "+3 870", "-12", "+0". */
const char *ml_text_count_diff(long long n, char out[32]);

/* The key's text, or NULL; never a number made into text. */
const char *ml_json_text(const json_t *object, const char *key);
bool ml_json_has_number(const json_t *object, const char *key);
/* The key's number, 0 when there is none. */
double ml_json_number(const json_t *object, const char *key);
/* The same as an integer within what a long long holds. */
long long ml_json_integer(const json_t *object, const char *key);
/* One integer less another, 0 when that is beyond a long long. */
long long ml_json_diff(const json_t *object, const char *key, const char *before);

#endif
