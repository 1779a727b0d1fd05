/* SPDX-License-Identifier: MIT
 *
 * A directory for one test, gone with it. Links inside are not followed.
 */
#ifndef ML_TESTS_TEMP_DIR_H
#define ML_TESTS_TEMP_DIR_H

/* Makes it and returns its name; one at a time. */
const char *temp_dir_make(void);
void temp_dir_remove(void);

#endif
