/* SPDX-License-Identifier: MIT
 *
 * Fields of C types of well-known packages that hide them from the collector.
 */
#include "fields.h"

#include "fields_greenlet.h"
#include "fields_numpy.h"

#define ATTR(name, offset) {name, offset, COMPAT_FIELD_ATTR, true}
#define INTERNAL(name, offset) {name, offset, COMPAT_FIELD_INTERNAL, true}

const struct compat_fields compat_fields_foreign[] = {
    {"numpy.ndarray", {{NULL, 0, 0, false}}, compat_numpy_array_each},
    {"numpy.void", {{NULL, 0, 0, false}}, compat_numpy_void_each},
    {"numpy.dtype*", {{NULL, 0, 0, false}}, compat_numpy_dtype_each},
    {"numpy._DTypeMeta", {{NULL, 0, 0, false}}, compat_numpy_dtype_class_each},
    {"numpy.ufunc", {{NULL, 0, 0, false}}, compat_numpy_ufunc_each},
    {"numpy.flatiter", {ATTR("base", 1320)}, NULL},
    {"numpy._ArrayFunctionDispatcher",
     {INTERNAL("relevant_args", 32), INTERNAL("implementation", 40)},
     NULL},
    {"greenlet.greenlet", {{NULL, 0, 0, false}}, compat_greenlet_each},
    {NULL, {{NULL, 0, 0, false}}, NULL}};
