/* SPDX-License-Identifier: MIT
 *
 * See forks.h. The three functions are plain PyCFunctions without a module behind
 * them, so that they work whatever becomes of sys.modules.
 */
#include <Python.h>

#include "agent.h"
#include "compat/life.h"
#include "forks.h"
#include "python_error.h"

static PyObject *
before_fork(PyObject *self, PyObject *unused)
{
    ml_agent_before_fork();
    Py_RETURN_NONE;
}

static PyObject *
after_fork_in_parent(PyObject *self, PyObject *unused)
{
    ml_agent_after_fork_in_parent();
    Py_RETURN_NONE;
}

static PyObject *
after_fork_in_child(PyObject *self, PyObject *unused)
{
    ml_agent_after_fork_in_child();
    Py_RETURN_NONE;
}

static struct {
    const char *when;
    PyMethodDef def;
    PyObject *function; /* GIL */
} hooks[] = {
    {"before", {"memalot_before_fork", before_fork, METH_NOARGS, NULL}, NULL},
    {"after_in_parent",
     {"memalot_after_fork_in_parent", after_fork_in_parent, METH_NOARGS, NULL},
     NULL},
    {"after_in_child",
     {"memalot_after_fork_in_child", after_fork_in_child, METH_NOARGS, NULL},
     NULL},
};
static PyObject *arguments, *keywords; /* GIL */
static PyObject *register_at_fork;     /* GIL; NULL: nothing is prepared */

int
ml_forks_prepare(struct ml_error *err)
{
    if (register_at_fork != NULL) {
        return ML_OK; /* registered already: the objects must stay the same */
    }
    PyObject *posix = PyImport_ImportModuleLevel("posix", NULL, NULL, NULL, 0);
    if (posix == NULL) {
        return ml_python_error(err);
    }
    Py_XSETREF(arguments, PyTuple_New(0));
    Py_XSETREF(keywords, PyDict_New());
    register_at_fork = PyObject_GetAttrString(posix, "register_at_fork");
    Py_DECREF(posix);
    if (register_at_fork == NULL || arguments == NULL || keywords == NULL) {
        return ml_python_error(err);
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(hooks); i++) {
        Py_XSETREF(hooks[i].function, PyCFunction_New(&hooks[i].def, NULL));
        if (hooks[i].function == NULL
            || PyDict_SetItemString(keywords, hooks[i].when, hooks[i].function) < 0) {
            return ml_python_error(err);
        }
    }
    return ML_OK;
}

int
ml_forks_hook(struct ml_error *err)
{
    PyObject *none = PyObject_Call(register_at_fork, arguments, keywords);
    if (none == NULL) {
        return ml_python_error(err);
    }
    Py_DECREF(none);
    return ML_OK;
}

void
ml_forks_unhook(void)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(hooks); i++) {
        if (hooks[i].function != NULL) {
            compat_life_remove_fork_hook(hooks[i].function);
            Py_CLEAR(hooks[i].function);
        }
    }
    Py_CLEAR(register_at_fork);
    Py_CLEAR(arguments);
    Py_CLEAR(keywords);
}
