/* SPDX-License-Identifier: MIT
 *
 * The report directory as a directory: how it is found and made, which names in it
 * are reports, how one of them disappears at once, what is cleaned up. What stands in
 * the files is the business of store.c and store_read.c.
 */
#ifndef ML_REPORT_STORE_DIR_H
#define ML_REPORT_STORE_DIR_H

#include <limits.h>
#include <stdbool.h>

#include "report.h"

#define ML_STORE_PREFIX "memalot_report_"
#define ML_STORE_TEMP ".tmp-"
#define ML_STORE_NAME_SIZE 32 /* of a report's or temporary directory's name */

/* Opens the directory; makes it and its parents (0700) when `create`. A symbolic link
 * is followed when it is ours or root's. Returns a descriptor or a negative ml_err;
 * ML_ENOTFOUND when it does not exist. `path` (PATH_MAX bytes) gets the expansion. */
int ml_store_dir_open(const char *directory, bool create, char *path,
                      struct ml_error *err);

/* "ab12-cd34" from a directory name or an id as a user types it; false when it is
 * neither. */
bool ml_store_dir_id(const char *name, char id[ML_REPORT_ID_SIZE]);
bool ml_store_dir_is_report(const char *name);

/* Whether the name still leads to the directory that was opened: not when the report
 * was removed since. */
bool ml_store_dir_holds(int dir, const char *name, int opened);

/* The number in "iteration_report_N.json", -1 for other names. */
int ml_store_dir_iteration(const char *name);

/* A new random id; it may be taken already. */
int ml_store_dir_new_id(char id[ML_REPORT_ID_SIZE], struct ml_error *err);

/* Takes a report away: renamed first, so that no reader sees half of it, then deleted.
 * ML_ENOTFOUND when somebody else was faster. */
int ml_store_dir_remove(int dir, const char *name, struct ml_error *err);

/* Deletes a tree without following links out of it. */
int ml_store_dir_delete(int dir, const char *name, struct ml_error *err);

/* Deletes what writers that died have left for over an hour. */
void ml_store_dir_clean(int dir);

/* Removes those reports beyond `keep` whose last iteration is oldest, never `newest`. */
void ml_store_keep(int dir, const char *path, int keep, const char *newest);

#endif
