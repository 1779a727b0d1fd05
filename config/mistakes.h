/* SPDX-License-Identifier: MIT
 *
 * Collects what is wrong with one file (struct ml_mistakes of config.h) while it is
 * read. Reading goes on after a mistake, and from top to bottom, so that they come in
 * the order of their lines without sorting.
 */
#ifndef ML_CONFIG_MISTAKES_H
#define ML_CONFIG_MISTAKES_H

#include "config.h"

/* Room for one more, zeroed; NULL when the array is full (it is counted then) or when
 * `m` is NULL. ml_error_set() takes the NULL. */
struct ml_error *ml_mistakes_next(struct ml_mistakes *m);

/* The same, then the sentence. */
void ml_mistakes_add(struct ml_mistakes *m, int code, int line, int column,
                     const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
