/* SPDX-License-Identifier: MIT
 *
 * Dicts. PyDict_Next reads every layout without allocating; what remains is whether a
 * traverse shows the keys.
 */
#include "compat_core.h"

bool
compat_dict_hides_keys(PyObject *op)
{
    PyDictObject *dict = (PyDictObject *)op;
    if (dict->ma_values != NULL) {
        return false;
    }
#if ML_PY_310
    /* 3.10 tells by the look-up function, which is private. A traverse that shows
     * keys does so when any is not an exact str; ask the keys themselves. */
    Py_ssize_t pos = 0;
    PyObject *key, *value;
    while (PyDict_Next(op, &pos, &key, &value)) {
        if (!PyUnicode_CheckExact(key)) {
            return false;
        }
    }
    return true;
#else
    return DK_IS_UNICODE(dict->ma_keys);
#endif
}

Py_ssize_t
compat_dict_len(PyObject *dict)
{
    return ((PyDictObject *)dict)->ma_used;
}
