/* SPDX-License-Identifier: MIT
 *
 * One more iteration for a report that readers see already. Its files were written
 * aside; they are moved into the report one by one, the JSON last: what has no JSON is
 * no iteration, so that a reader sees all of it or nothing.
 *
 *   .tmp-ef56-gh78/ iteration_2_finding_1.svg … iteration_report_2.json
 *        │ rename, each file
 *        ▼
 *   memalot_report_ab12-cd34/ version summary.json iteration_report_1.json …
 *
 * One report has one writer at a time: the agent whose monitor it belongs to.
 */
#ifndef ML_REPORT_STORE_APPEND_H
#define ML_REPORT_STORE_APPEND_H

#include "store_dir.h"

/* The number under which an iteration is added to the report (a directory's name):
 * `wanted`, or the next after the last when that one is taken. */
int ml_store_append_number(int dir, const char *report, int wanted);

/* Moves the files of iteration `number` from `temp` into `report`. ML_ENOTFOUND when
 * there is no such report (nothing was moved), ML_ESTATE when it was removed, or got
 * that iteration from somebody else, meanwhile: to be written again. */
int ml_store_append_move(int dir, const char *temp, const char *report, int number,
                         struct ml_error *err);

#endif
