/* SPDX-License-Identifier: MIT
 *
 * A list of a report put into order, in place.
 */
#ifndef ML_REPORT_JSON_SORT_H
#define ML_REPORT_JSON_SORT_H

#include <jansson.h>

#include "error.h"

/* `compare` gets pointers to json_t pointers, as from qsort. */
int ml_json_sort(json_t *list, int (*compare)(const void *, const void *),
                 struct ml_error *err);

#endif
