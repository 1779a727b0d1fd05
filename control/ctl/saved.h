/* SPDX-License-Identifier: MIT
 *
 * What the commands on saved reports share: where they are, and how one is read.
 */
#ifndef ML_CTL_SAVED_H
#define ML_CTL_SAVED_H

#include "ctl.h"
#include "report.h"

/* --report-directory, or where the agent saves by default. */
const char *ml_saved_directory(const struct ml_ctl_args *args);

/* Reads the report of the first word. An enum ml_exit, everything said on stderr;
 * on ML_EXIT_DONE `*out` is the caller's. */
int ml_saved_read(const struct ml_ctl_args *args, json_t **out);
/* The same, of any report, and only some of its iterations. */
int ml_saved_read_some(const struct ml_ctl_args *args, const char *id,
                       const struct ml_store_pick *pick, json_t **out);

#endif
