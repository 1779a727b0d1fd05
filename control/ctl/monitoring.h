/* SPDX-License-Identifier: MIT
 *
 * The `monitoring` object of `status` (docs/internals/result-format.md) in words: what
 * is watched, how far it is, when there can be findings. For `status`, `ps` and
 * `monitor`, so that the three say the same.
 */
#ifndef ML_CTL_MONITORING_H
#define ML_CTL_MONITORING_H

#include "paint.h"

bool ml_monitoring_is_on(const json_t *monitoring);

/* "objects that live longer than 1 min 0 s", "function f: objects that survive 3
 * calls"; no newline. */
void ml_monitoring_what(struct ml_paint *p, const json_t *monitoring);

/* "watching for 3 min 2 s, 3 iterations, the next in 12.0 s, 48 211 suspects" */
void ml_monitoring_progress(struct ml_paint *p, const json_t *monitoring);

/* Seconds from now on until objects can be old enough; 0: they can be by now, or ages
 * are counted in calls. */
double ml_monitoring_first_findings(const json_t *monitoring);

#endif
