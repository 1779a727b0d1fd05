/* SPDX-License-Identifier: MIT
 *
 * Fields of built-in types whose structs stand in no header. Offsets count from the
 * object's start, the object head being 16 bytes. Iterators have a file of their own.
 */
#include "fields.h"

#include <stddef.h>

#define ATTR COMPAT_FIELD_ATTR
#define PART COMPAT_FIELD_PART

/* take_names.c knows the fields that functions have on every version. */
#if PY_VERSION_HEX >= 0x030E0000
#define FUNCTION_ROWS                                                                      \
    {{"__type_params__", offsetof(PyFunctionObject, func_typeparams), ATTR, false},        \
     {"__annotate__", offsetof(PyFunctionObject, func_annotate), ATTR, false}}
#elif PY_VERSION_HEX >= 0x030C0000
#define FUNCTION_ROWS                                                                      \
    {{"__type_params__", offsetof(PyFunctionObject, func_typeparams), ATTR, false}}
#else
#define FUNCTION_ROWS {{NULL, 0, 0, false}}
#endif

/* The qualified name of an alias is new in 3.15, and stands before the value. */
#define ALIAS_VALUE (PY_VERSION_HEX >= 0x030F0000 ? 48 : 40)

const struct compat_fields compat_fields_builtin[] = {
    {"dict_keys", {{"mapping", 16, ATTR, false}}, NULL},
    {"dict_values", {{"mapping", 16, ATTR, false}}, NULL},
    {"dict_items", {{"mapping", 16, ATTR, false}}, NULL},
    {"odict_keys", {{"mapping", 16, ATTR, false}}, NULL},
    {"odict_values", {{"mapping", 16, ATTR, false}}, NULL},
    {"odict_items", {{"mapping", 16, ATTR, false}}, NULL},
    {"builtin_method", {{"__self__", 24, ATTR, false}}, NULL},
    {"function", FUNCTION_ROWS, NULL},
#if PY_VERSION_HEX >= 0x030C0000
    {"typing.TypeVar",
     {{"__bound__", 24, ATTR, false},
      {"evaluate_bound", 32, ATTR, false},
      {"__constraints__", 40, ATTR, false},
      {"evaluate_constraints", 48, ATTR, false},
#if PY_VERSION_HEX >= 0x030D0000
      {"__default__", 56, ATTR, false},
      {"evaluate_default", 64, ATTR, false}
#endif
     },
     NULL},
    {"typing.ParamSpec", {{"__bound__", 24, ATTR, false}}, NULL},
    {"typing.TypeAliasType",
     {{"__type_params__", ALIAS_VALUE - 16, ATTR, false},
      {"evaluate_value", ALIAS_VALUE - 8, ATTR, false},
      {"__value__", ALIAS_VALUE, ATTR, false}},
     NULL},
#endif
    {NULL, {{NULL, 0, 0, false}}, NULL}};
