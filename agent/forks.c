/* SPDX-License-Identifier: MIT
 *
 * See forks.h. The three functions are plain PyCFunctions without a module behind
 * them, so that they work whatever becomes of sys.modules.
 */
#include "forks.h"

#include "agent.h"
#include "compat/life.h"
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
PyObject *
ml_forks_registrar(struct ml_error *err)
{
    PyObject *posix = PyImport_ImportModuleLevel("posix", NULL, NULL, NULL, 0);
    PyObject *registrar = NULL;
    if (posix != NULL) {
        registrar = PyObject_GetAttrString(posix, "register_at_fork");
        Py_DECREF(posix);
    }
    if (registrar == NULL) {
        ml_python_error(err);
    }
    return registrar;
}

static bool
make_hooks(PyObject *keywords)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(hooks); i++) {
        Py_XSETREF(hooks[i].function, PyCFunction_New(&hooks[i].def, NULL));
        if (hooks[i].function == NULL
            || PyDict_SetItemString(keywords, hooks[i].when, hooks[i].function) < 0) {
            return false;
        }
    }
    return true;
}

int
ml_forks_hook(PyObject *registrar, struct ml_error *err)
{
    PyObject *arguments = PyTuple_New(0), *keywords = PyDict_New(), *none = NULL;
    if (arguments != NULL && keywords != NULL && make_hooks(keywords)) {
        none = PyObject_Call(registrar, arguments, keywords);
    }
    int rc = none != NULL ? ML_OK : ml_python_error(err);
    Py_XDECREF(none);
    Py_XDECREF(keywords);
    Py_XDECREF(arguments);
    return rc;
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
}
