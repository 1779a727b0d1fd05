/* SPDX-License-Identifier: MIT
 *
 * What memalotctl says to people: one-line errors, the style for the terminal it is
 * on, and JSON documents.
 */
#ifndef ML_CTL_PRINT_H
#define ML_CTL_PRINT_H

#include <stdio.h>

#include "ctl.h"
#include "report.h"

/* "memalotctl: ..." on stderr; returns `code`. */
int ml_print_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same from an error; its code decides the exit code. */
int ml_print_error(const struct ml_error *err);
int ml_print_exit_code(int ml_code);
/* A warning that changes no exit code. */
void ml_print_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* How to print to `to`, after --color, NO_COLOR, the terminal and the locale. */
struct ml_text_style ml_print_style(FILE *to, const char *color);

/* How many findings --limit asks for; 0: all. */
int ml_print_findings(const struct ml_ctl_args *args);

/* One document and a newline on stdout. Takes over `value`. ML_EXIT_FAILED when it
 * cannot be written. */
int ml_print_json(json_t *value);

/* Ends a command that wrote to stdout: a full disk or closed pipe is a failure. */
int ml_print_end(int code);

#endif
