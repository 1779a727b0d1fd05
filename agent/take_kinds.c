/* SPDX-License-Identifier: MIT
 *
 * One record per type: how its objects are walked, sized, grouped. Found through an
 * open-addressing table by the type's address; a heap has a few thousand types, so
 * nearly every look-up is one probe.
 */
#include "take.h"

#include <string.h>

#include "compat/compat.h"

static uint32_t
slot_of(const struct take *t, PyTypeObject *type)
{
    uint64_t h = ((uint64_t)(uintptr_t)type >> 4) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(h >> 32) & t->kind_mask;
}

/* Names of types that are never leaks: the interpreter's furniture. */
static bool
is_furniture(const char *name)
{
    static const char *const names[] = {
        "module", "code", "type", "builtin_function_or_method", "method_descriptor",
        "wrapper_descriptor", "getset_descriptor", "member_descriptor",
        "classmethod_descriptor", "method-wrapper", "_frozen_importlib.ModuleSpec",
        "_frozen_importlib_external.SourceFileLoader",
        "_frozen_importlib_external.ExtensionFileLoader",
        "_frozen_importlib_external.FileFinder", "ModuleSpec", "SourceFileLoader",
        "ExtensionFileLoader", "FileFinder", "SourcelessFileLoader", "NamespaceLoader",
        "_abc._abc_data", "_abc_data", "property", "staticmethod", "classmethod",
        "PyCapsule", "ABCMeta", "weakref", "weakref.ReferenceType"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static uint8_t
shape_of(PyTypeObject *type)
{
    unsigned long flags = type->tp_flags;
    if (flags & Py_TPFLAGS_LONG_SUBCLASS) {
        return type == &PyBool_Type ? SHAPE_BOOL : SHAPE_INT;
    }
    if (flags & Py_TPFLAGS_LIST_SUBCLASS) {
        return SHAPE_LIST;
    }
    if (flags & Py_TPFLAGS_TUPLE_SUBCLASS) {
        return SHAPE_TUPLE;
    }
    if (flags & Py_TPFLAGS_BYTES_SUBCLASS) {
        return SHAPE_BYTES;
    }
    if (flags & Py_TPFLAGS_UNICODE_SUBCLASS) {
        return SHAPE_STR;
    }
    if (flags & Py_TPFLAGS_DICT_SUBCLASS) {
        return SHAPE_DICT;
    }
    if (flags & Py_TPFLAGS_TYPE_SUBCLASS) {
        return SHAPE_TYPE;
    }
    static const struct {
        PyTypeObject *type;
        uint8_t shape;
    } exact[] = {
        {&PyFloat_Type, SHAPE_FLOAT},      {&PySet_Type, SHAPE_SET},
        {&PyFrozenSet_Type, SHAPE_SET},    {&PyCode_Type, SHAPE_CODE},
        {&PyFunction_Type, SHAPE_FUNCTION}, {&PyMethod_Type, SHAPE_METHOD},
        {&PyCell_Type, SHAPE_CELL},        {&PyModule_Type, SHAPE_MODULE},
        {&PyGen_Type, SHAPE_GENERATOR},    {&PyCoro_Type, SHAPE_GENERATOR},
        {&PyAsyncGen_Type, SHAPE_GENERATOR}};
    for (PyTypeObject *base = type; base != NULL; base = base->tp_base) {
        for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++) {
            if (base == exact[i].type) {
                return exact[i].shape;
            }
        }
        if (strcmp(base->tp_name, "collections.deque") == 0) {
            return SHAPE_DEQUE;
        }
    }
    if (type == Py_TYPE(Py_None) || type == Py_TYPE(Py_Ellipsis) ||
        type == Py_TYPE(Py_NotImplemented)) {
        return SHAPE_NONE;
    }
    return (flags & Py_TPFLAGS_HEAPTYPE) ? SHAPE_INSTANCE : SHAPE_OTHER;
}

/* A C type may build upon a builtin one as well (OrderedDict, defaultdict) and hold
 * more; so may a class. */
static bool
is_exact(PyTypeObject *type)
{
    static PyTypeObject *const types[] = {&PyDict_Type,  &PyTuple_Type, &PyBytes_Type,
                                          &PyLong_Type,  &PyFloat_Type, &PyUnicode_Type,
                                          &PyList_Type,  &PySet_Type,   &PyFrozenSet_Type};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (type == types[i]) {
            return true;
        }
    }
    return false;
}

static void
describe(struct take_kind *kind, PyTypeObject *type)
{
    memset(kind, 0, sizeof(*kind));
    kind->type = type;
    kind->heap_type = (type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0;
    kind->traverse = (type->tp_flags & Py_TPFLAGS_HAVE_GC) ? type->tp_traverse : NULL;
    kind->shape = shape_of(type);
    kind->sizing = take_sizing(type, &kind->size_of);
    kind->exact = is_exact(type);
    kind->fields = compat_fields_of(type);
    kind->task = (uint8_t)take_task_kind(type);
    kind->hidden = compat_hidden_of(type);
    bool furniture = kind->shape == SHAPE_TYPE || kind->shape == SHAPE_MODULE ||
                     is_furniture(type->tp_name);
    kind->flags = furniture ? ML_NODE_FURNITURE : 0;
    if (kind->shape == SHAPE_LIST || kind->shape == SHAPE_SET ||
        kind->shape == SHAPE_DEQUE) {
        kind->flags |= ML_NODE_SPREAD;
    }
    if (kind->shape == SHAPE_CELL) {
        kind->flags |= ML_NODE_FOLD;
    }
    /* Immortal since 3.12; before, all C code holds None and the like, and shows it not. */
    kind->no_count = kind->shape == SHAPE_NONE || kind->shape == SHAPE_BOOL;
}

static bool
grow_slots(struct take *t)
{
    uint32_t count = t->kind_mask == 0 ? 4096 : (t->kind_mask + 1) * 2;
    uint32_t *slots = ml_alloc_array(t->a, count, sizeof(*slots));
    if (slots == NULL) {
        return false;
    }
    if (t->kind_slots != NULL) {
        ml_alloc_free_array(t->a, t->kind_slots, t->kind_mask + 1, sizeof(*slots));
    }
    t->kind_slots = slots;
    t->kind_mask = count - 1;
    for (uint32_t k = 0; k < t->kinds.len; k++) {
        uint32_t s = slot_of(t, t->kinds.data[k].type);
        while (slots[s] != 0) {
            s = (s + 1) & t->kind_mask;
        }
        slots[s] = k + 1;
    }
    return true;
}

uint32_t
take_kind(struct take *t, PyTypeObject *type)
{
    if (t->kinds.len * 2 >= t->kind_mask && !grow_slots(t)) {
        t->failed = true;
        return 0;
    }
    uint32_t s = slot_of(t, type);
    while (t->kind_slots[s] != 0) {
        if (t->kinds.data[t->kind_slots[s] - 1].type == type) {
            return t->kind_slots[s] - 1;
        }
        s = (s + 1) & t->kind_mask;
    }
    struct take_kind kind;
    describe(&kind, type);
    if (take_kind_vec_push(&t->kinds, t->a, kind) < 0) {
        t->failed = true;
        return 0;
    }
    t->kind_slots[s] = (uint32_t)t->kinds.len;
    return (uint32_t)t->kinds.len - 1;
}

void
take_type_short_name(PyTypeObject *type, struct ml_buf *out)
{
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        PyObject *qualname = ((PyHeapTypeObject *)type)->ht_qualname;
        if (qualname != NULL && PyUnicode_Check(qualname)) {
            take_str_text(qualname, 200, out);
            return;
        }
    }
    const char *dot = strrchr(type->tp_name, '.');
    ml_buf_puts(out, dot != NULL ? dot + 1 : type->tp_name);
}

void
take_type_name(PyTypeObject *type, struct ml_buf *out)
{
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        PyObject *dict = compat_type_dict(type);
        PyObject *module = dict != NULL ? take_dict_get(dict, "__module__") : NULL;
        if (module != NULL && PyUnicode_Check(module)) {
            take_str_text(module, 200, out);
            ml_buf_putc(out, '.');
            take_type_short_name(type, out);
            return;
        }
    }
    if (strchr(type->tp_name, '.') == NULL) {
        ml_buf_puts(out, "builtins.");
    }
    ml_buf_puts(out, type->tp_name);
}
