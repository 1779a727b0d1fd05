/* SPDX-License-Identifier: MIT
 *
 * From 3.12 on the dict and the subclasses of a static builtin type live in the
 * interpreter state; tp_subclasses then holds a 1-based index, not a pointer.
 */
#include "compat_core.h"

#define STATIC_BUILTIN (1UL << 1) /* _Py_TPFLAGS_STATIC_BUILTIN */

#if ML_PY_312
static static_builtin_state *
static_state(PyTypeObject *type)
{
    if (!(type->tp_flags & STATIC_BUILTIN) || type->tp_subclasses == NULL) {
        return NULL;
    }
    size_t index = (size_t)type->tp_subclasses - 1;
    PyInterpreterState *interp = PyInterpreterState_Main();
    return index < _Py_MAX_STATIC_BUILTIN_TYPES ? &interp->types.builtins[index] : NULL;
}
#elif PY_VERSION_HEX >= 0x030D0000
static managed_static_type_state *
static_state(PyTypeObject *type)
{
    if (!(type->tp_flags & STATIC_BUILTIN) || type->tp_subclasses == NULL) {
        return NULL;
    }
    size_t index = (size_t)type->tp_subclasses - 1;
    PyInterpreterState *interp = PyInterpreterState_Main();
    /* Both tables count from 1; which one it is in shows by the type that is there. */
    if (index < _Py_MAX_MANAGED_STATIC_BUILTIN_TYPES &&
        interp->types.builtins.initialized[index].type == type) {
        return &interp->types.builtins.initialized[index];
    }
    return index < _Py_MAX_MANAGED_STATIC_EXT_TYPES
               ? &interp->types.for_extensions.initialized[index]
               : NULL;
}
#endif

PyObject *
compat_type_dict(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (type->tp_flags & STATIC_BUILTIN) {
        return static_state(type) != NULL ? static_state(type)->tp_dict : NULL;
    }
#endif
    return type->tp_dict;
}

PyObject *
compat_type_subclasses(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (type->tp_flags & STATIC_BUILTIN) {
        return static_state(type) != NULL ? static_state(type)->tp_subclasses : NULL;
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
