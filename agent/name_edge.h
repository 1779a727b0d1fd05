/* SPDX-License-Identifier: MIT
 *
 * Building the name of one reference; for take_names.c, which decides what it is,
 * name_tuple.c, and name_fields.c, which knows fields that only C code sees.
 */
#ifndef ML_AGENT_NAME_EDGE_H
#define ML_AGENT_NAME_EDGE_H

#include "name_text.h"

void name_set(struct take_name *out, enum take_edge_kind kind, bool spread);

/* `.attr` of something called `owner`; `what` it is, in words. */
void name_attr(struct take_name *out, const char *owner, const char *attr,
               const char *what);

/* `.attr` that is a matter of the interpreter or of C code. */
void name_internal(struct take_name *out, PyObject *from, const char *attr);

/* o.x, not o.__dict__.x; but a path to the dict itself says so. */
void name_namespace(struct take_name *out, PyObject *from);

/* A key of something that maps. */
void name_key(struct take_name *out);

void name_index(struct take_name *out, const char *container, Py_ssize_t i, bool spread);

/* Slots of classes and fields that C types declare, base classes included. */
bool name_in_members(PyObject *from, PyObject *to, struct take_name *out);

/* -- name_tuple.c -------------------------------------------------------------------- */

/* By the place in a tuple; by its name, in a record, a closure, in annotations. */
bool name_in_tuple(const struct take *t, uint32_t before, PyObject *tuple, PyObject *to,
                   bool spread, struct take_name *out);

/* -- name_fields.c ------------------------------------------------------------------- */

/* By the record of the type's fields (compat/fields.h); false: it is none of them. */
bool name_in_fields(const struct compat_fields *fields, PyObject *from, PyObject *to,
                    struct take_name *out);

/* Opaque: by its place in the object's struct, "zip.<+24>", else by its place among what
 * the traverse shows, "zip.ref#2". */
void name_by_place(PyObject *from, PyObject *to, struct take_name *out);

/* Place among what the traverse shows, the type itself not counted; -1: not shown. */
Py_ssize_t name_ordinal(PyObject *from, PyObject *to);

#endif
