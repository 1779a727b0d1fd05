/* SPDX-License-Identifier: MIT
 *
 * numpy's objects are none of the collector's: items, bases and dtypes are invisible to
 * tp_traverse. The beginnings of its structs are part of its binary interface (numpy's
 * ndarraytypes.h), the same in 1.22 and every later 1.x and 2.x but for the dtype, which
 * has grown in 2.0 and tells so by its basic size.
 *
 * Items belong to the array that owns its memory: a view has a base. An owner's memory
 * has no holes, whatever its strides are.
 *
 * numpy's headers are not needed, and nothing of numpy is called.
 */
#include "fields_numpy.h"

#include <string.h>

enum {
    OWNS_DATA = 0x4,      /* of an array's flags */
    ITEM_REFCOUNT = 0x1,  /* of a dtype's */
    TYPE_OBJECT = 17,
    TYPE_VOID = 20,
    TYPE_NEW = 2056,      /* StringDType and what may follow it */
    MAX_DIMS = 64,
    MAX_DEPTH = 16,       /* records in records */
    DTYPE_SIZE_2 = 112,   /* a dtype is at least so large from numpy 2.0 on */
    UFUNC_LOOPS = 224,
    SLOT_WORDS = 24,      /* of a dtype class's slots, as far as they are looked at */
};

struct array {
    PyObject head;
    char *data;
    int nd;
    Py_ssize_t *dimensions, *strides;
    PyObject *base, *descr;
    int flags;
};

struct dtype {
    PyObject head;
    PyTypeObject *typeobj;
    char kind, type, byteorder, flags_1;
    int type_num;
};

struct dtype_1 {
    struct dtype dtype;
    int elsize, alignment;
    struct subarray *subarray;
    PyObject *fields, *names;
    void *functions;
    PyObject *metadata;
};

struct dtype_2 {
    struct dtype dtype;
    uint64_t flags;
    Py_ssize_t elsize, alignment;
    PyObject *metadata;
    Py_ssize_t hash;
    void *reserved[2];
    struct subarray *subarray;
    PyObject *fields, *names;
};

struct subarray {
    PyObject *base, *shape;
};

struct void_scalar {
    PyVarObject head;
    char *data;
    PyObject *descr;
    int flags;
    PyObject *base;
};

struct dtype_class {
    PyHeapTypeObject type;
    PyObject *singleton;
    int type_num;
    PyObject *scalar_type;
    uint64_t flags;
    PyObject **slots;
};

/* -- dtypes ------------------------------------------------------------------------ */

/* One dtype, whichever numpy made it. */
struct element {
    int type_num;
    bool has_objects;
    Py_ssize_t size;
    const struct subarray *subarray;
    PyObject *fields, *names, *metadata;
};

static struct element
element_of(PyObject *descr)
{
    const struct dtype *dtype = (struct dtype *)descr;
    struct element e = {.type_num = dtype->type_num};
    if (e.type_num < 0 || e.type_num >= TYPE_NEW) {
        return e; /* a struct of its own */
    }
    if (Py_TYPE(descr)->tp_basicsize >= DTYPE_SIZE_2) {
        const struct dtype_2 *d = (struct dtype_2 *)descr;
        e.has_objects = (d->flags & ITEM_REFCOUNT) != 0;
        e.size = d->elsize;
        e.subarray = d->subarray;
        e.fields = d->fields;
        e.names = d->names;
        e.metadata = d->metadata;
    }
    else if (Py_TYPE(descr)->tp_basicsize >= (Py_ssize_t)sizeof(struct dtype_1)) {
        const struct dtype_1 *d = (struct dtype_1 *)descr;
        e.has_objects = (dtype->flags_1 & ITEM_REFCOUNT) != 0;
        e.size = d->elsize;
        e.subarray = d->subarray;
        e.fields = d->fields;
        e.names = d->names;
        e.metadata = d->metadata;
    }
    return e;
}

static void
show(const struct compat_field_visitor *v, const char *name, uint8_t form,
     Py_ssize_t index, PyObject *op)
{
    if (op != NULL) {
        struct compat_field field = {name, NULL, index, form, true};
        v->field(v->ctx, &field, op);
    }
}

void
compat_numpy_dtype_each(PyObject *op, const struct compat_field_visitor *v)
{
    struct element e = element_of(op);
    show(v, "type", COMPAT_FIELD_ATTR, -1, (PyObject *)((struct dtype *)op)->typeobj);
    show(v, "metadata", COMPAT_FIELD_ATTR, -1, e.metadata);
    show(v, "names", COMPAT_FIELD_ATTR, -1, e.names);
    show(v, "fields", COMPAT_FIELD_ATTR, -1, e.fields);
    if (e.subarray != NULL) {
        show(v, "base", COMPAT_FIELD_ATTR, -1, e.subarray->base);
        show(v, "shape", COMPAT_FIELD_ATTR, -1, e.subarray->shape);
    }
}

/* In structs that hold pointers alone: each leads to something that is as large. */
static bool
is_pointer(const void *word)
{
    return (uintptr_t)word >= 4096 && (uintptr_t)word % sizeof(void *) == 0;
}

/* The casts of a dtype class are in a struct behind it that changes with numpy: there is
 * one dict in it, and in front of that the cast of the class to itself. */
static void
show_casts(PyObject **slots, const struct compat_field_visitor *v)
{
    for (int i = 1; slots != NULL && i < SLOT_WORDS; i++) {
        if (!is_pointer(slots[i]) || !PyDict_CheckExact(slots[i])) {
            continue;
        }
        Py_ssize_t pos = 0;
        PyObject *key, *value = NULL;
        show(v, "casts", COMPAT_FIELD_INTERNAL, -1, slots[i]);
        while (PyDict_Next(slots[i], &pos, &key, &value) && value == Py_None) {
        }
        if (value != NULL && is_pointer(slots[i - 1]) &&
            Py_TYPE(slots[i - 1]) == Py_TYPE(value)) {
            show(v, "cast", COMPAT_FIELD_INTERNAL, -1, slots[i - 1]);
        }
        return;
    }
}

void
compat_numpy_dtype_class_each(PyObject *op, const struct compat_field_visitor *v)
{
    const struct dtype_class *c = (struct dtype_class *)op;
    if (Py_TYPE(op)->tp_basicsize >= (Py_ssize_t)sizeof(*c)) {
        show(v, "singleton", COMPAT_FIELD_INTERNAL, -1, c->singleton);
        show(v, "type", COMPAT_FIELD_ATTR, -1, c->scalar_type);
        show_casts(c->slots, v);
    }
}

/* -- items ------------------------------------------------------------------------- */

static void show_item(const struct compat_field_visitor *v, const char *name,
                      Py_ssize_t index, PyObject *descr, const char *data, int depth);

static Py_ssize_t
product(PyObject *shape)
{
    Py_ssize_t count = 1;
    for (Py_ssize_t i = 0; PyTuple_Check(shape) && i < PyTuple_GET_SIZE(shape); i++) {
        PyObject *n = PyTuple_GET_ITEM(shape, i);
        count *= PyLong_Check(n) ? PyLong_AsSsize_t(n) : 0;
    }
    return count;
}

/* {name: (dtype, offset)}; a field with a title stands there twice. */
static void
show_record(const struct compat_field_visitor *v, const char *name, Py_ssize_t index,
            PyObject *fields, const char *data, int depth)
{
    Py_ssize_t pos = 0;
    PyObject *key, *entry;
    while (PyDict_Next(fields, &pos, &key, &entry)) {
        if (!PyTuple_Check(entry) || PyTuple_GET_SIZE(entry) < 2 ||
            (PyTuple_GET_SIZE(entry) == 3 && PyTuple_GET_ITEM(entry, 2) == key)) {
            continue;
        }
        PyObject *offset = PyTuple_GET_ITEM(entry, 1);
        if (PyLong_Check(offset)) {
            show_item(v, name, index, PyTuple_GET_ITEM(entry, 0),
                      data + PyLong_AsSsize_t(offset), depth);
        }
    }
}

static void
show_item(const struct compat_field_visitor *v, const char *name, Py_ssize_t index,
          PyObject *descr, const char *data, int depth)
{
    struct element e = element_of(descr);
    if (!e.has_objects || depth > MAX_DEPTH) {
        return;
    }
    if (e.type_num == TYPE_OBJECT) {
        PyObject *item;
        memcpy(&item, data, sizeof(item)); /* records may be packed */
        show(v, name, COMPAT_FIELD_ITEM, index, item);
    }
    else if (e.subarray != NULL) {
        Py_ssize_t count = product(e.subarray->shape);
        for (Py_ssize_t i = 0; i < count; i++) {
            show_item(v, name, index, e.subarray->base, data + i * (e.size / count),
                      depth + 1);
        }
    }
    else if (e.type_num == TYPE_VOID && e.fields != NULL && PyDict_Check(e.fields)) {
        show_record(v, name, index, e.fields, data, depth + 1);
    }
}

void
compat_numpy_array_each(PyObject *op, const struct compat_field_visitor *v)
{
    const struct array *a = (struct array *)op;
    show(v, "base", COMPAT_FIELD_ATTR, -1, a->base);
    show(v, "dtype", COMPAT_FIELD_ATTR, -1, a->descr);
    if (!(a->flags & OWNS_DATA) || a->descr == NULL || a->data == NULL || a->nd < 0 ||
        a->nd > MAX_DIMS) {
        return;
    }
    struct element e = element_of(a->descr);
    Py_ssize_t count = e.has_objects ? 1 : 0;
    for (int i = 0; i < a->nd; i++) {
        count *= a->dimensions[i];
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        show_item(v, a->nd == 1 ? "" : "flat", i, a->descr, a->data + i * e.size, 0);
    }
}

/* -- the rest ---------------------------------------------------------------------- */

/* One record, out of an array or on its own. */
void
compat_numpy_void_each(PyObject *op, const struct compat_field_visitor *v)
{
    const struct void_scalar *s = (struct void_scalar *)op;
    const struct dtype *descr = (struct dtype *)s->descr;
    if (Py_TYPE(op)->tp_basicsize < (Py_ssize_t)sizeof(*s) || descr == NULL) {
        return;
    }
    show(v, "base", COMPAT_FIELD_ATTR, -1, s->base);
    show(v, "dtype", COMPAT_FIELD_ATTR, -1, s->descr);
    if ((s->flags & OWNS_DATA) && s->data != NULL) {
        show_item(v, "", 0, s->descr, s->data, 0);
    }
}

/* What it knows to do for which dtypes: a list, from numpy 2.5 on a dict. Its traverse
 * shows `obj` alone. */
void
compat_numpy_ufunc_each(PyObject *op, const struct compat_field_visitor *v)
{
    PyObject *loops = NULL;
    if (Py_TYPE(op)->tp_basicsize >= UFUNC_LOOPS + (Py_ssize_t)sizeof(loops)) {
        memcpy(&loops, (char *)op + UFUNC_LOOPS, sizeof(loops));
    }
    if (is_pointer(loops) && (PyList_CheckExact(loops) || PyDict_CheckExact(loops))) {
        show(v, "loops", COMPAT_FIELD_INTERNAL, -1, loops);
    }
}
