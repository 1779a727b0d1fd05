/* SPDX-License-Identifier: MIT
 *
 * Fields of C types of the standard library: functools, itertools, asyncio and others.
 */
#include "fields.h"

const struct compat_fields compat_fields_library[] = {
    {NULL, {{NULL, 0, 0, false}}, NULL}};
