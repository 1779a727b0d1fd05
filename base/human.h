/* SPDX-License-Identifier: MIT
 *
 * Figures as a person reads them, without libc's floating-point formatting: what the
 * sweep process writes into its sentences. memalotctl shows figures in the same form.
 */
#ifndef ML_BASE_HUMAN_H
#define ML_BASE_HUMAN_H

#include "buf.h"

/* 48211 -> "48 211" */
void ml_human_count(struct ml_buf *out, uint64_t n);

/* 512 -> "512 B", 19952435 -> "19.0 MiB" */
void ml_human_bytes(struct ml_buf *out, uint64_t bytes);

/* 0.25 -> "250 ms", 1.87 -> "1.8 s", 12.5 -> "12 s", 312 -> "5.2 min", 90000 -> "25 h"; never
 * rounded up: an age is what is certain. */
void ml_human_seconds(struct ml_buf *out, double seconds);

#endif
