/* SPDX-License-Identifier: MIT
 *
 * Amounts of memory as people write them: `50MiB`, `2GiB`, `80%`, `50MiB/min`; a plain
 * number is bytes. `KiB`, `Ki` and `K` are 1024 bytes (as in docker and kubernetes),
 * `kB` is 1000. Rates may be given per second, minute or hour.
 * `off`, and which kind of amount is allowed where, are the table's business.
 */
#ifndef ML_CONFIG_AMOUNT_H
#define ML_CONFIG_AMOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "settings.h"

#define ML_AMOUNT_TEXT 40

/* False when `text` is no amount (unit unknown, negative, beyond 2^53 bytes). */
bool ml_amount_read(const char *text, size_t len, struct ml_amount *out);

/* In the largest unit that leaves no remainder; reading it back gives the same amount.
 * `off` for ML_AMOUNT_OFF. Returns `out`. */
const char *ml_amount_write(struct ml_amount amount, char out[ML_AMOUNT_TEXT]);

#endif
