/* SPDX-License-Identifier: MIT
 *
 * "Did you mean ...": the name out of a few that is closest to a mistyped one.
 */
#ifndef ML_CONTROL_NEAREST_NAME_H
#define ML_CONTROL_NEAREST_NAME_H

#include <stddef.h>

#define ML_NEAREST_NAME_MAX 48 /* longer names are nobody's neighbour */

/* Edits (insert, delete, change, swap neighbours) between two names, case ignored;
 * a large number when one is longer than ML_NEAREST_NAME_MAX. */
unsigned ml_nearest_name_distance(const char *a, const char *b);

/* Remembers the closest name offered so far. Start with a zeroed struct. */
struct ml_nearest_name {
    const char *best; /* borrowed from the caller; NULL while nothing is near */
    unsigned distance;
};

/* Considers `candidate`: near enough is at most a third of the longer name, or what
 * begins the same. The first of equals stays. */
void ml_nearest_name_offer(struct ml_nearest_name *n, const char *typed,
                           const char *candidate);

#endif
