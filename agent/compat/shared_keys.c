/* SPDX-License-Identifier: MIT
 *
 * Keys that several dicts share. From 3.11 on they belong to the class, which keeps them
 * for good (types.c). On 3.10 a class may turn to new ones while dicts still use the old:
 * they are held once, by whoever is met first.
 */
#include "compat_core.h"

#include "hidden.h"

#if ML_PY_310

struct keys { /* dictobject.c of 3.10, private there */
    Py_ssize_t refcnt, size;
    void *look_up;
    Py_ssize_t usable, count;
    char indices[];
};

struct entry {
    Py_hash_t hash;
    PyObject *key, *value;
};

uintptr_t
compat_shared_keys(PyObject *op)
{
    if (PyDict_Check(op)) {
        PyDictObject *dict = (PyDictObject *)op;
        return dict->ma_values != NULL ? (uintptr_t)dict->ma_keys : 0;
    }
    bool is_class = PyType_Check(op) &&
                    (((PyTypeObject *)op)->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0;
    return is_class ? (uintptr_t)((PyHeapTypeObject *)op)->ht_cached_keys : 0;
}

bool
compat_shared_keys_next(uintptr_t address, Py_ssize_t *pos, PyObject **key)
{
    const struct keys *keys = (const struct keys *)address;
    size_t slots = (size_t)keys->size;
    size_t bytes = slots <= 0xff ? 1 : slots <= 0xffff ? 2 : slots <= 0xffffffff ? 4 : 8;
    const struct entry *entry = (const void *)(keys->indices + slots * bytes);
    while (*pos < keys->count) {
        *key = entry[(*pos)++].key;
        if (*key != NULL) {
            return true;
        }
    }
    return false;
}

#else

uintptr_t
compat_shared_keys(PyObject *op)
{
    (void)op;
    return 0;
}

bool
compat_shared_keys_next(uintptr_t keys, Py_ssize_t *pos, PyObject **key)
{
    (void)keys, (void)pos, (void)key;
    return false;
}

#endif
