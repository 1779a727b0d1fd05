/* SPDX-License-Identifier: MIT
 *
 * How numpy's objects are read, for the records in fields_foreign.c.
 */
#ifndef ML_AGENT_COMPAT_FIELDS_NUMPY_H
#define ML_AGENT_COMPAT_FIELDS_NUMPY_H

#include "fields.h"

void compat_numpy_array_each(PyObject *op, const struct compat_field_visitor *v);
void compat_numpy_void_each(PyObject *op, const struct compat_field_visitor *v);
void compat_numpy_dtype_each(PyObject *op, const struct compat_field_visitor *v);
void compat_numpy_dtype_class_each(PyObject *op, const struct compat_field_visitor *v);
void compat_numpy_ufunc_each(PyObject *op, const struct compat_field_visitor *v);

#endif
