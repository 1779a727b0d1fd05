/* SPDX-License-Identifier: MIT
 *
 * Valid settings by chance, the same for the same seed: every option gets a value that
 * a file could have given it, odd ones (off, null, empty lists, texts with quotes, line
 * separators and four-byte characters) more often than fair.
 */
#ifndef ML_TESTS_RANDOM_SETTINGS_H
#define ML_TESTS_RANDOM_SETTINGS_H

#include <stdint.h>

#include "settings.h"

void random_settings(uint64_t seed, struct ml_settings *out);

#endif
