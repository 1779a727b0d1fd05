/* SPDX-License-Identifier: MIT
 *
 * Golden files: what a test made is compared with a file under tests/golden/. With
 * ML_GOLDEN_UPDATE=1 in the environment the file is rewritten instead; the difference
 * is then looked at in git. ML_GOLDEN_DIR says where the files are; meson sets it.
 */
#ifndef ML_TESTS_GOLDEN_H
#define ML_TESTS_GOLDEN_H

#include <stddef.h>

/* The path of a file below tests/golden/, valid until the eighth next call. */
const char *golden_path(const char *name);

/* Ends the test with the first line that differs. */
void golden_check(const char *name, const char *made, size_t len);

#endif
