/* SPDX-License-Identifier: MIT
 *
 * See atexit_hook.h. The atexit module may not have been imported by the program; then
 * it is taken out of sys.modules again. Its state lives in the interpreter, so the
 * program's own import later finds the same list.
 */
#include "atexit_hook.h"

#include "agent.h"
#include "compat/life.h"
#include "python_error.h"

static PyObject *
at_exit(PyObject *self, PyObject *unused)
{
    ml_agent_at_exit();
    Py_RETURN_NONE;
}

static PyMethodDef at_exit_def = {"memalot_at_exit", at_exit, METH_NOARGS, NULL};
static PyObject *callback; /* GIL */

static PyObject *
import_quietly(const char *name)
{
    PyObject *modules = PyImport_GetModuleDict();
    bool was_there = PyDict_GetItemString(modules, name) != NULL;
    PyObject *module = PyImport_ImportModuleLevel(name, NULL, NULL, NULL, 0);
    if (module != NULL && !was_there && PyDict_DelItemString(modules, name) < 0) {
        PyErr_Clear();
    }
    return module;
}

PyObject *
ml_atexit_registrar(struct ml_error *err)
{
    PyObject *module = import_quietly("atexit"), *registrar = NULL;
    if (module != NULL) {
        registrar = PyObject_GetAttrString(module, "register");
        Py_DECREF(module);
    }
    if (registrar == NULL) {
        ml_python_error(err);
    }
    return registrar;
}

int
ml_atexit_hook(PyObject *registrar, struct ml_error *err)
{
    PyObject *same = NULL;
    Py_XSETREF(callback, PyCFunction_New(&at_exit_def, NULL));
    if (callback != NULL) {
        same = PyObject_CallFunctionObjArgs(registrar, callback, NULL);
    }
    int rc = same != NULL ? ML_OK : ml_python_error(err);
    Py_XDECREF(same);
    return rc;
}

void
ml_atexit_unhook(void)
{
    if (callback != NULL) {
        compat_life_remove_atexit(callback);
        Py_CLEAR(callback);
    }
}
