/* SPDX-License-Identifier: MIT
 *
 * Instance attributes live in a dict, or (3.11 on) in an array of values whose names
 * are the class's shared keys:
 *
 *   3.10   dict at tp_dictoffset
 *   3.11   word -4: values, word -3: dict        one of them is NULL
 *   3.12   word -3: values + tag 1, or dict
 *   3.13   word -3: dict; values behind the object while `valid`
 *
 * _PyObject_GetDictPtr would make a dict out of the values; it is never called.
 */
#include "compat_core.h"

#include "fields.h"

static PyObject *
dict_at_offset(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    Py_ssize_t offset = type->tp_dictoffset;
    if (offset == 0) {
        return NULL;
    }
    if (offset < 0) {
        Py_ssize_t items = Py_SIZE(op) < 0 ? -Py_SIZE(op) : Py_SIZE(op);
        offset += (Py_ssize_t)_PyObject_VAR_SIZE(type, items);
    }
    return offset > 0 ? *(PyObject **)((char *)op + offset) : NULL;
}

#if ML_PY_310

static PyObject **
values_of(PyObject *op, Py_ssize_t *count)
{
    (void)op;
    *count = 0;
    return NULL;
}

PyObject *
compat_instance_dict(PyObject *op)
{
    return dict_at_offset(op);
}

#else

static Py_ssize_t
shared_key_count(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    PyDictKeysObject *keys = (type->tp_flags & Py_TPFLAGS_HEAPTYPE)
                                 ? ((PyHeapTypeObject *)type)->ht_cached_keys
                                 : NULL;
    return keys == NULL ? 0 : keys->dk_nentries;
}

static PyObject **
values_of(PyObject *op, Py_ssize_t *count)
{
    *count = 0;
    if (!(Py_TYPE(op)->tp_flags & Py_TPFLAGS_MANAGED_DICT)) {
        return NULL;
    }
    struct _dictvalues *values = NULL;
#if ML_PY_311
    values = ((struct _dictvalues **)op)[-4];
#elif ML_PY_312
    uintptr_t word = ((uintptr_t *)op)[-3];
    values = (word & 1) ? (struct _dictvalues *)(word + 1) : NULL;
#else
    if (Py_TYPE(op)->tp_flags & Py_TPFLAGS_INLINE_VALUES) { /* a dict may share them */
        values = (struct _dictvalues *)((char *)op + Py_TYPE(op)->tp_basicsize);
        values = values->valid ? values : NULL;
    }
#endif
    if (values == NULL) {
        return NULL;
    }
    *count = shared_key_count(op);
#if PY_VERSION_HEX >= 0x030D0000
    *count = *count < values->capacity ? *count : values->capacity;
#endif
    return values->values;
}

PyObject *
compat_instance_dict(PyObject *op)
{
    if (!(Py_TYPE(op)->tp_flags & Py_TPFLAGS_MANAGED_DICT)) {
        return dict_at_offset(op);
    }
#if ML_PY_312
    uintptr_t word = ((uintptr_t *)op)[-3];
    return (word & 1) ? NULL : (PyObject *)word;
#else
    return ((PyObject **)op)[-3];
#endif
}

#endif

bool
compat_instance_next(PyObject *op, Py_ssize_t *pos, PyObject **name, PyObject **value)
{
#if ML_PY_310
    (void)op, (void)pos, (void)name, (void)value, (void)values_of;
    return false;
#else
    Py_ssize_t count;
    PyObject **values = values_of(op, &count);
    if (values == NULL) {
        return false;
    }
    PyDictKeysObject *keys = ((PyHeapTypeObject *)Py_TYPE(op))->ht_cached_keys;
    while (*pos < count) {
        Py_ssize_t i = (*pos)++;
        if (values[i] != NULL) {
            *name = DK_UNICODE_ENTRIES(keys)[i].me_key;
            *value = values[i];
            return true;
        }
    }
    return false;
#endif
}

size_t
compat_instance_values_size(PyObject *op)
{
#if ML_PY_311 || ML_PY_312
    Py_ssize_t count;
    PyObject **values = values_of(op, &count);
    if (values == NULL) {
        return 0;
    }
    /* [-1] is the size of the prefix that holds the insertion order */
    size_t prefix = ((uint8_t *)values)[-1];
    PyDictKeysObject *keys = ((PyHeapTypeObject *)Py_TYPE(op))->ht_cached_keys;
    return prefix + (size_t)(keys->dk_nentries + keys->dk_usable) * sizeof(PyObject *);
#elif PY_VERSION_HEX >= 0x030D0000
    if (!(Py_TYPE(op)->tp_flags & Py_TPFLAGS_INLINE_VALUES)) {
        return 0;
    }
    struct _dictvalues *values =
        (struct _dictvalues *)((char *)op + Py_TYPE(op)->tp_basicsize);
    size_t capacity = values->capacity;
    return (capacity + 7) / 8 * 8 + (capacity + 1) * sizeof(PyObject *);
#else
    (void)op;
    return 0;
#endif
}

#if PY_VERSION_HEX >= 0x030D0000

static bool
has_value(PyObject *op, PyObject *wanted)
{
    Py_ssize_t pos = 0;
    PyObject *name, *value;
    while (compat_instance_next(op, &pos, &name, &value)) {
        if (value == wanted) {
            return true;
        }
    }
    return false;
}

/* Asked of the first object that has both values and a dict, and is not its own value;
 * the answer is the interpreter's, not the object's. */
static bool
traverse_hides_dict(PyObject *op, PyObject *dict)
{
    static enum { UNDECIDED, HIDES, SHOWS } answer; /* one thread walks the heap */
    if (answer == UNDECIDED && Py_TYPE(op)->tp_traverse != NULL && !has_value(op, dict)) {
        answer = compat_field_hidden(op, dict) ? HIDES : SHOWS;
    }
    return answer == HIDES;
}

#endif

bool
compat_instance_hides_dict(PyObject *op)
{
#if PY_VERSION_HEX >= 0x030D0000
    if (!(Py_TYPE(op)->tp_flags & Py_TPFLAGS_INLINE_VALUES)) {
        return false;
    }
    struct _dictvalues *values =
        (struct _dictvalues *)((char *)op + Py_TYPE(op)->tp_basicsize);
    PyObject *dict = ((PyObject **)op)[-3];
    return values->valid && dict != NULL && traverse_hides_dict(op, dict);
#else
    (void)op;
    return false;
#endif
}
