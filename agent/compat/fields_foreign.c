/* SPDX-License-Identifier: MIT
 *
 * Fields of C types of well-known packages that hide them from the collector.
 */
#include "fields.h"

const struct compat_fields compat_fields_foreign[] = {
    {NULL, {{NULL, 0, 0, false}}, NULL}};
