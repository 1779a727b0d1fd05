/* SPDX-License-Identifier: MIT
 *
 * A configuration file as memalotctl meets it: checked before anything is started.
 */
#ifndef ML_CTL_CONFIG_FILE_H
#define ML_CTL_CONFIG_FILE_H

#include "config.h"

/* Loads it; all mistakes go to stderr as "file:line:column: what". 0 or negative. */
int ml_config_file_check(const char *path, struct ml_mistakes *mistakes);

/* The mistakes as they are printed. */
void ml_config_file_print(const char *path, const struct ml_mistakes *mistakes);

#endif
