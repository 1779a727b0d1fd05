/* SPDX-License-Identifier: MIT
 *
 * Fields of built-in types whose structs stand in no header. Offsets count from the
 * object's start, the object head being 16 bytes. Iterators have a file of their own.
 */
#include "fields.h"

#define ATTR COMPAT_FIELD_ATTR
#define INTERNAL COMPAT_FIELD_INTERNAL
#define PART COMPAT_FIELD_PART

const struct compat_fields compat_fields_builtin[] = {
    {"dict_keys", {{"mapping", 16, ATTR, false}}, NULL},
    {"dict_values", {{"mapping", 16, ATTR, false}}, NULL},
    {"dict_items", {{"mapping", 16, ATTR, false}}, NULL},
    {"odict_keys", {{"mapping", 16, ATTR, false}}, NULL},
    {"odict_values", {{"mapping", 16, ATTR, false}}, NULL},
    {"odict_items", {{"mapping", 16, ATTR, false}}, NULL},
    {"mappingproxy", {{"mapping", 16, INTERNAL, false}}, NULL},
    {"memoryview", {{".mbuf", 24, PART, false}}, NULL},
    {"managedbuffer", {{"obj", 40, ATTR, false}}, NULL},
    {NULL, {{NULL, 0, 0, false}}, NULL}};
