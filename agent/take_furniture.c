/* SPDX-License-Identifier: MIT
 *
 * Tables that the interpreter keeps with every class: the dict of its subclasses, whose
 * keys are addresses as ints. They grow with the number of classes, hang within reach
 * of any user's class (by its base), and are nobody's leak: furniture. Which kinds of
 * objects are furniture by themselves stands in take_kinds.c.
 */
#include "compat/compat.h"
#include "take.h"

static void
mark(struct take *t, PyObject *op)
{
    uint32_t node = op != NULL
                        ? ml_addr_map_get(t->map, (uint64_t)(uintptr_t)op)
                        : ML_NO_NODE;
    if (node != ML_NO_NODE) {
        t->graph.flags[node] |= ML_NODE_FURNITURE;
    }
}

void
take_furniture(struct take *t)
{
    PyObject *key, *value;
    for (uint32_t n = 0; n < t->graph.node_count; n++) {
        if (take_kind_of(t, n)->shape != SHAPE_TYPE) {
            continue;
        }
        PyObject *subclasses = compat_type_subclasses((PyTypeObject *)take_object(t, n));
        Py_ssize_t at = 0;
        mark(t, subclasses);
        while (subclasses != NULL && PyDict_Next(subclasses, &at, &key, &value)) {
            if (PyLong_CheckExact(key)) {
                mark(t, key);
            }
            mark(t, value);
        }
    }
}
