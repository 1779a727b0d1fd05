/* SPDX-License-Identifier: MIT
 *
 * First steps of reading one report, for those who read only a part of it. The whole
 * is ml_store_read in report.h.
 */
#ifndef ML_REPORT_STORE_READ_H
#define ML_REPORT_STORE_READ_H

#include "error.h"

/* Opens a report by its directory's name: a descriptor, or a negative ml_err. */
int ml_store_read_open(int dir, const char *name, struct ml_error *err);

/* ML_EFORMAT when the report is of a format that is not known here. */
int ml_store_read_version(int report, struct ml_error *err);

#endif
