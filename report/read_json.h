/* SPDX-License-Identifier: MIT
 *
 * One JSON file of a report, from disk to json_t. Python's json module writes halves
 * of surrogate pairs as escapes, which no strict JSON library takes; in files that
 * went through such hands they become U+FFFD instead of costing the report.
 */
#ifndef ML_REPORT_READ_JSON_H
#define ML_REPORT_READ_JSON_H

#include <jansson.h>

#include "error.h"

/* Reads `name` in the directory; the document must be an object. */
int ml_read_json(int dir, const char *name, json_t **out, struct ml_error *err);

#endif
