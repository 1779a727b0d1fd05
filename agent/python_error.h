/* SPDX-License-Identifier: MIT
 *
 * Between Python's exceptions and struct ml_error.
 *
 * Thread: any Python thread. GIL: held.
 */
#ifndef ML_AGENT_PYTHON_ERROR_H
#define ML_AGENT_PYTHON_ERROR_H

#include <Python.h>
#include <stdbool.h>

#include "error.h"

/* Turns the exception that is set into `err` and clears it; returns the code. */
static inline int
ml_python_error(struct ml_error *err)
{
    bool memory = PyErr_ExceptionMatches(PyExc_MemoryError);
    PyErr_Clear();
    return memory ? ml_error_nomem(err)
                  : ml_error_set(err, ML_EUNSUPPORTED,
                                 "this interpreter lacks what the agent needs "
                                 "(os.register_at_fork, atexit)");
}

/* Raises what `err` says: ValueError, OSError, PermissionError, MemoryError or
 * RuntimeError. Returns NULL. */
static inline PyObject *
ml_python_raise(const struct ml_error *err)
{
    PyObject *type = PyExc_RuntimeError;
    switch (err->code) {
    case ML_ENOMEM:
        type = PyExc_MemoryError;
        break;
    case ML_EINVAL:
    case ML_EFORMAT:
    case ML_ELIMIT:
        type = PyExc_ValueError;
        break;
    case ML_EIO:
    case ML_ENOTFOUND:
        type = PyExc_OSError;
        break;
    case ML_EPERM:
        type = PyExc_PermissionError;
        break;
    }
    PyErr_SetString(type, err->message);
    return NULL;
}

#endif
