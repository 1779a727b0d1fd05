/* SPDX-License-Identifier: MIT
 *
 * Findings of several processes put together by their fingerprints, each with a title
 * for the whole family. Inside the folder report/ only.
 */
#ifndef ML_REPORT_MERGE_FINDINGS_H
#define ML_REPORT_MERGE_FINDINGS_H

#include <jansson.h>

#include "error.h"

/* `members` as in merge.h, with answers of `snapshot`. NULL with an error. */
json_t *ml_merge_findings(const json_t *members, struct ml_error *err);

#endif
