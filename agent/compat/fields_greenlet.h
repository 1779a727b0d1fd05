/* SPDX-License-Identifier: MIT
 *
 * How greenlets are read, for the record in fields_foreign.c.
 */
#ifndef ML_AGENT_COMPAT_FIELDS_GREENLET_H
#define ML_AGENT_COMPAT_FIELDS_GREENLET_H

#include "fields.h"

void compat_greenlet_each(PyObject *op, const struct compat_field_visitor *v);

#endif
