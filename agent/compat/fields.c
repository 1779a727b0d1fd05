/* SPDX-License-Identifier: MIT
 *
 * Looking a type's record up and reading its rows. The records themselves are in the
 * files fields_*.c beside this one.
 */
#include "fields.h"

#include <string.h>

/* A class made by Python code is called what its `__name__` was, dots and all; of one
 * made in C that is what stands behind the last dot. */
bool
compat_type_made_in_python(PyTypeObject *type)
{
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        return false;
    }
    PyObject *name = ((PyHeapTypeObject *)type)->ht_name;
    size_t len = strlen(type->tp_name);
    return !PyUnicode_IS_COMPACT_ASCII(name) ||
           ((size_t)PyUnicode_GET_LENGTH(name) == len &&
            memcmp(PyUnicode_1BYTE_DATA(name), type->tp_name, len) == 0);
}

static bool
is_called(const char *name, const char *pattern)
{
    size_t len = strlen(pattern);
    return len > 0 && pattern[len - 1] == '*' ? strncmp(name, pattern, len - 1) == 0
                                              : strcmp(name, pattern) == 0;
}

static const struct compat_fields *
find(const struct compat_fields *table, const char *name)
{
    for (; table->type != NULL; table++) {
        if (is_called(name, table->type)) {
            return table;
        }
    }
    return NULL;
}

const struct compat_fields *
compat_fields_of(PyTypeObject *type)
{
    static const struct compat_fields *const tables[] = {
        compat_fields_builtin, compat_fields_iterators, compat_fields_containers,
        compat_fields_foreign, compat_fields_frames,    compat_fields_tasks,
        compat_fields_files};
    /* A class that inherits has the fields of its C base. */
    const struct compat_fields *found = NULL;
    for (; type != NULL && found == NULL; type = type->tp_base) {
        size_t count = compat_type_made_in_python(type) ? 0 : Py_ARRAY_LENGTH(tables);
        for (size_t i = 0; i < count && found == NULL; i++) {
            found = find(tables[i], type->tp_name);
        }
    }
    return found;
}

void
compat_fields_each(const struct compat_fields *f, PyObject *op,
                   const struct compat_field_visitor *v)
{
    for (const struct compat_field_row *row = f->rows; row->name != NULL; row++) {
        PyObject *value = *(PyObject **)((char *)op + row->offset);
        if (value != NULL) {
            struct compat_field field = {row->name, NULL, -1, row->form, row->hidden};
            v->field(v->ctx, &field, value);
        }
    }
    if (f->each != NULL) {
        f->each(op, v);
    }
}

struct shown {
    PyObject *part;
    bool found;
};

static int
compare(PyObject *op, void *arg)
{
    struct shown *s = arg;
    s->found = s->found || op == s->part;
    return s->found;
}

bool
compat_field_hidden(PyObject *op, PyObject *part)
{
    struct shown s = {part, false};
    if (PyObject_IS_GC(op) && Py_TYPE(op)->tp_traverse != NULL) {
        Py_TYPE(op)->tp_traverse(op, compare, &s);
    }
    return !s.found;
}

void
compat_field_tell(const struct compat_field_visitor *v, PyObject *op, const char *name,
                  enum compat_field_form form)
{
    if (op != NULL) {
        struct compat_field field = {name, NULL, -1, form, false};
        v->field(v->ctx, &field, op);
    }
}
