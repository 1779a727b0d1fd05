/* SPDX-License-Identifier: MIT
 *
 * From 3.12 on the dict and the subclasses of a static builtin type live in the
 * interpreter state; tp_subclasses then holds a 1-based index, not a pointer.
 */
#include "compat_core.h"

#include "places.h"

#define STATIC_BUILTIN (1UL << 1) /* _Py_TPFLAGS_STATIC_BUILTIN */

#if PY_VERSION_HEX >= 0x030C0000

#if ML_PY_312
typedef static_builtin_state static_state;
#else
typedef managed_static_type_state static_state;
#endif

/* Both tables of 3.13 count from 1; which one it is in shows by the type that is there.
 * NULL when the tables' place is not known. */
static static_state *
state_of(PyTypeObject *type)
{
    struct types_state *types = compat_place(PyInterpreterState_Main(), PLACE_STATIC_TYPES);
    size_t i = (size_t)type->tp_subclasses - 1;
    if (types == NULL || type->tp_subclasses == NULL) {
        return NULL;
    }
#if ML_PY_312
    return i < _Py_MAX_STATIC_BUILTIN_TYPES && types->builtins[i].type == type
               ? &types->builtins[i]
               : NULL;
#else
    if (i < _Py_MAX_MANAGED_STATIC_BUILTIN_TYPES
        && types->builtins.initialized[i].type == type) {
        return &types->builtins.initialized[i];
    }
    return i < _Py_MAX_MANAGED_STATIC_EXT_TYPES
                   && types->for_extensions.initialized[i].type == type
               ? &types->for_extensions.initialized[i]
               : NULL;
#endif
}

/* What public functions say; it writes a reference count and takes it back. */
static PyObject *
dict_by_getter(PyTypeObject *type)
{
    PyObject *dict = PyType_GetDict(type);
    Py_XDECREF(dict);
    return dict;
}

#endif

PyObject *
compat_type_dict(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (type->tp_flags & STATIC_BUILTIN) {
        return state_of(type) != NULL ? state_of(type)->tp_dict : dict_by_getter(type);
    }
#endif
    return type->tp_dict;
}

PyObject *
compat_type_subclasses(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (type->tp_flags & STATIC_BUILTIN) {
        return state_of(type) != NULL ? state_of(type)->tp_subclasses : NULL;
    }
#endif
    return (PyObject *)type->tp_subclasses;
}

bool
compat_type_shared_key_next(PyTypeObject *type, Py_ssize_t *pos, PyObject **key)
{
#if ML_PY_310
    (void)type, (void)pos, (void)key;
    return false; /* shared keys belong to the dicts there, which show them */
#else
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        return false;
    }
    PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
    if (keys == NULL || keys->dk_kind == DICT_KEYS_GENERAL) {
        return false;
    }
    while (*pos < keys->dk_nentries) {
        *key = DK_UNICODE_ENTRIES(keys)[(*pos)++].me_key;
        if (*key != NULL) {
            return true;
        }
    }
    return false;
#endif
}
