/* SPDX-License-Identifier: MIT
 *
 * What objects keep in C structs that no header shows: zip's iterators, a task's
 * coroutine, an array's items. Two readers ask: who counts references (hidden ones are
 * one more), and who names them.
 *
 * A type is recognised by its tp_name and by being made in C. A row believes in an
 * offset of one version; what it names is compared with an object already known, so a
 * row that is wrong names nothing. A hidden field is followed: its row must be certain,
 * or checked by what it points to.
 *
 * As everywhere in compat.h: nothing allocates, takes a lock or runs Python code.
 * GIL: held, or the process is a frozen copy in which it was held.
 */
#ifndef ML_AGENT_COMPAT_FIELDS_H
#define ML_AGENT_COMPAT_FIELDS_H

#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

enum compat_field_form {
    COMPAT_FIELD_ATTR,     /* Python code reads it as `.name` */
    COMPAT_FIELD_INTERNAL, /* a field of the struct, which Python code does not see */
    COMPAT_FIELD_LOCAL,    /* variable `label` of the suspended function */
    COMPAT_FIELD_ITEM,     /* item `index` of `name` ("": of the object itself) */
    COMPAT_FIELD_PART,     /* belongs to the object: `name`, with its dot, is shown only
                              where a path ends there */
    COMPAT_FIELD_VARIABLE, /* value of the context variable called `label` */
    COMPAT_FIELD_KEY,      /* a key itself */
};

struct compat_field {
    const char *name;  /* constant text */
    PyObject *label;   /* str, or NULL */
    Py_ssize_t index;  /* of an item */
    uint8_t form;      /* enum compat_field_form */
    bool hidden;       /* tp_traverse does not show it: one reference more */
};

struct compat_field_visitor {
    void *ctx;
    void (*field)(void *ctx, const struct compat_field *field, PyObject *op);
};

/* One pointer at one place. */
struct compat_field_row {
    const char *name;
    uint16_t offset;
    uint8_t form;
    bool hidden;
};

#define COMPAT_FIELD_ROWS 12

/* What one type keeps: pointers, and what takes more to find. */
struct compat_fields {
    const char *type; /* tp_name, or what it begins with and a * */
    struct compat_field_row rows[COMPAT_FIELD_ROWS]; /* ends with a NULL name */
    void (*each)(PyObject *op, const struct compat_field_visitor *v); /* or NULL */
};

/* The record of a type made in C, borrowed for ever; NULL: there is none. */
const struct compat_fields *compat_fields_of(PyTypeObject *type);

/* Calls `v->field` for each field of `op` that is not NULL. */
void compat_fields_each(const struct compat_fields *f, PyObject *op,
                        const struct compat_field_visitor *v);

/* Made by a class statement or the like: its tp_name is anybody's choice. */
bool compat_type_made_in_python(PyTypeObject *type);

/* Calls `each` for what the traverse of `op` shows although it is only lent to a stack in
 * it and no reference of its own (greenlets on 3.15). */
void compat_fields_each_borrowed(const struct compat_fields *f, PyObject *op,
                                 void (*each)(void *ctx, PyObject *op), void *ctx);

/* Whether the collector does not learn from `op` that it refers to `part`, which differs
 * between patch releases. Runs its tp_traverse. */
bool compat_field_hidden(PyObject *op, PyObject *part);

/* Tells `v` of one field, unless it is NULL. */
void compat_field_tell(const struct compat_field_visitor *v, PyObject *op, const char *name,
                       enum compat_field_form form);

/* The records, by what they are about; each table ends with a NULL type. */
extern const struct compat_fields compat_fields_builtin[]; /* fields_builtin.c */
extern const struct compat_fields compat_fields_iterators[];
extern const struct compat_fields compat_fields_containers[];
extern const struct compat_fields compat_fields_foreign[]; /* fields_foreign.c: PyPI */
extern const struct compat_fields compat_fields_frames[]; /* fields_frames.c: functions */
extern const struct compat_fields compat_fields_tasks[]; /* fields_tasks.c: asyncio, … */
extern const struct compat_fields compat_fields_files[]; /* fields_files.c: io, xml, … */

#endif
