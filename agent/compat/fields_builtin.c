/* SPDX-License-Identifier: MIT
 *
 * Fields of built-in types whose structs stand in no header. Offsets count from the
 * object's start, the object head being 16 bytes.
 */
#include "fields.h"

#define ATTR COMPAT_FIELD_ATTR
#define INTERNAL COMPAT_FIELD_INTERNAL

const struct compat_fields compat_fields_builtin[] = {
    {"zip", {{"iterators", 24, INTERNAL, false}, {"result", 32, INTERNAL, false}}, NULL},
    {"map", {{"iterators", 16, INTERNAL, false}, {"function", 24, INTERNAL, false}}, NULL},
    {"filter", {{"function", 16, INTERNAL, false}, {"iterator", 24, INTERNAL, false}}, NULL},
    {"enumerate", {{"iterator", 24, INTERNAL, false}}, NULL},
    {"list_iterator", {{"sequence", 24, INTERNAL, false}}, NULL},
    {NULL, {{NULL, 0, 0, false}}, NULL}};
