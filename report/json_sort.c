/* SPDX-License-Identifier: MIT
 *
 * See json_sort.h.
 */
#include "json_sort.h"

#include <stdlib.h>

int
ml_json_sort(json_t *list, int (*compare)(const void *, const void *),
             struct ml_error *err)
{
    size_t n = json_array_size(list);
    json_t **rows = calloc(n + 1, sizeof(*rows));
    if (rows == NULL) {
        return ml_error_nomem(err);
    }
    for (size_t i = 0; i < n; i++) {
        rows[i] = json_incref(json_array_get(list, i));
    }
    qsort(rows, n, sizeof(*rows), compare);
    for (size_t i = 0; i < n; i++) {
        json_array_set_new(list, i, rows[i]);
    }
    free(rows);
    return ML_OK;
}
