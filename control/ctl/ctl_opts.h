/* SPDX-License-Identifier: MIT
 *
 * The command line against a command's table, and the table as usage text.
 * `--name value`, `--name=value`, `-n value`, `-nvalue`; options and words in any
 * order; `--` ends the options. A mistyped option is answered with the nearest one.
 */
#ifndef ML_CTL_CTL_OPTS_H
#define ML_CTL_CTL_OPTS_H

#include <stdio.h>

#include "ctl.h"

/* Reads argv[0..argc) (without the program's and the command's name) into `out`, whose
 * `program` and `self` are set already; `out->word` points into argv, which is put in
 * order. ML_EINVAL with one sentence. */
int ml_ctl_opts_read(const struct ml_command *c, int argc, char **argv,
                     struct ml_ctl_args *out, struct ml_error *err);

void ml_ctl_opts_usage(FILE *to, const char *program, const struct ml_command *c);

#endif
