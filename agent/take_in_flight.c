/* SPDX-License-Identifier: MIT
 *
 * What is in our own hands just now and in nobody else's: the result or the exception of
 * a monitored call is looked at while our frames, and the temporaries of the caller, hold
 * it. Such references count, but they keep nothing alive (ML_ROOT_OWN).
 */
#include "take.h"

#include "watch.h"

void
take_own(struct take *t, PyObject *op)
{
    uint32_t node = op != NULL ? take_node(t, op) : ML_NO_NODE;
    if (node != ML_NO_NODE && ml_u32vec_push(&t->own, t->a, node) < 0) {
        t->failed = true;
    }
}

bool
take_own_globals(const struct take *t, PyObject *globals)
{
    for (size_t i = 0; i < t->modules.len; i++) {
        if (t->modules.data[i].origin == ORIGIN_OWN && t->modules.data[i].dict == globals) {
            return true;
        }
    }
    return false;
}

/* A traceback travels with its exception, on 3.10 and 3.11 beside it. */
bool
take_in_flight(const struct take *t, unsigned long thread, PyObject *op)
{
    if (t->watch == NULL || t->watch->thread != thread) {
        return false;
    }
    for (size_t i = 0; i < sizeof(t->watch->in_flight) / sizeof(void *); i++) {
        PyObject *x = t->watch->in_flight[i];
        if (x != NULL && (x == op || (PyExceptionInstance_Check(x) &&
                                      ((PyBaseExceptionObject *)x)->traceback == op))) {
            return true;
        }
    }
    return false;
}
