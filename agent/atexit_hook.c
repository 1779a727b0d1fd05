/* SPDX-License-Identifier: MIT
 *
 * See atexit_hook.h. The atexit module may not have been imported by the program; then
 * it is taken out of sys.modules again. Its state lives in the interpreter, so the
 * program's own import later finds the same list.
 */
#include <Python.h>

#include "agent.h"
#include "atexit_hook.h"
#include "compat/life.h"
#include "python_error.h"

static PyObject *
at_exit(PyObject *self, PyObject *unused)
{
    ml_agent_at_exit();
    Py_RETURN_NONE;
}

static PyMethodDef at_exit_def = {"memalot_at_exit", at_exit, METH_NOARGS, NULL};
static PyObject *callback, *register_function; /* GIL */

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

int
ml_atexit_prepare(struct ml_error *err)
{
    if (callback != NULL) {
        return ML_OK; /* registered already: the object must stay the same */
    }
    PyObject *module = import_quietly("atexit");
    if (module == NULL) {
        return ml_python_error(err);
    }
    Py_XSETREF(register_function, PyObject_GetAttrString(module, "register"));
    Py_DECREF(module);
    callback = PyCFunction_New(&at_exit_def, NULL);
    if (register_function == NULL || callback == NULL) {
        return ml_python_error(err);
    }
    return ML_OK;
}

int
ml_atexit_hook(struct ml_error *err)
{
    PyObject *same = PyObject_CallFunctionObjArgs(register_function, callback, NULL);
    if (same == NULL) {
        return ml_python_error(err);
    }
    Py_DECREF(same);
    return ML_OK;
}

void
ml_atexit_unhook(void)
{
    if (callback != NULL) {
        compat_life_remove_atexit(callback);
        Py_CLEAR(callback);
    }
    Py_CLEAR(register_function);
}
