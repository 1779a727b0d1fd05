/* SPDX-License-Identifier: MIT
 *
 * The extension module memalot._agent: names, docstrings, arguments; nothing else. Its
 * state is the process's one agent (agent.h), so several copies of the module object,
 * as sitecustomize and a later import make them, all speak of the same one.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "agent.h"
#include "attach_door.h"
#include "birth_probe.h"
#include "compat/life.h"
#include "module_monitor.h"
#include "python_error.h"

PyDoc_STRVAR(start_doc,
             "start(config_file=None, ctl=None)\n"
             "--\n\n"
             "Start the agent; False when there is one already, which stays as it is.\n\n"
             "config_file is a YAML file, ctl the memalotctl that writes reports. Raises\n"
             "ValueError for a mistake in the file, OSError when the file or the socket\n"
             "refuses, RuntimeError when this interpreter cannot have an agent.");

static PyObject *
agent_start(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"config_file", "ctl", NULL};
    PyObject *config_file = NULL, *ctl = NULL, *result = NULL;
    struct ml_error err = {0};
    bool started;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OO:start", names, &config_file,
                                     &ctl)) {
        return NULL;
    }
    config_file = config_file == Py_None ? NULL : config_file;
    ctl = ctl == Py_None ? NULL : ctl;
    PyObject *config_bytes = NULL, *ctl_bytes = NULL;
    if ((config_file != NULL && !PyUnicode_FSConverter(config_file, &config_bytes))
        || (ctl != NULL && !PyUnicode_FSConverter(ctl, &ctl_bytes))) {
        goto out;
    }
    const struct ml_agent_options options = {
        .config_file = config_bytes != NULL ? PyBytes_AS_STRING(config_bytes) : NULL,
        .writer = ctl_bytes != NULL ? PyBytes_AS_STRING(ctl_bytes) : NULL,
    };
    if (ml_agent_start(&options, &started, &err) < 0) {
        ml_python_raise(&err);
        goto out;
    }
    result = PyBool_FromLong(started);
out:
    Py_XDECREF(config_bytes);
    Py_XDECREF(ctl_bytes);
    return result;
}

PyDoc_STRVAR(stop_doc,
             "stop()\n"
             "--\n\n"
             "Take the agent out of the process again: thread, socket, signal handler and\n"
             "hooks. False when there was none.");

static PyObject *
agent_stop(PyObject *self, PyObject *unused)
{
    return PyBool_FromLong(ml_agent_stop());
}

PyDoc_STRVAR(running_doc,
             "running()\n"
             "--\n\n"
             "True while this process has an agent.");

static PyObject *
agent_running(PyObject *self, PyObject *unused)
{
    return PyBool_FromLong(ml_agent_running());
}

PyDoc_STRVAR(follows_execs_doc,
             "follows_execs()\n"
             "--\n\n"
             "True when Pythons that this process starts are to get an agent too\n"
             "(control.follow_execs); for the boot file.");

static PyObject *
agent_follows_execs(PyObject *self, PyObject *unused)
{
    return PyBool_FromLong(ml_agent_follows_execs());
}

PyDoc_STRVAR(attach_doc,
             "attach(order)\n"
             "--\n\n"
             "Carry out an order of `memalotctl attach` on a thread of our own; returns at\n"
             "once, False when another order is being carried out.");

static PyObject *
agent_attach(PyObject *self, PyObject *text)
{
    const char *order = PyUnicode_AsUTF8(text);
    if (order == NULL) {
        return NULL;
    }
    return PyBool_FromLong(ml_attach_begin(order) != ML_ESTATE);
}

PyDoc_STRVAR(monitor_doc, "Part of the package memalot; see memalot/_agent.pyi.");

static PyMethodDef methods[] = {
    {"start", (PyCFunction)(void (*)(void))agent_start, METH_VARARGS | METH_KEYWORDS,
     start_doc},
    {"stop", agent_stop, METH_NOARGS, stop_doc},
    {"running", agent_running, METH_NOARGS, running_doc},
    {"follows_execs", agent_follows_execs, METH_NOARGS, follows_execs_doc},
    {"attach", agent_attach, METH_O, attach_doc},
    {"monitor_open", (PyCFunction)(void (*)(void))module_monitor_open,
     METH_VARARGS | METH_KEYWORDS, monitor_doc},
    {"monitor_enter", module_monitor_enter, METH_O, monitor_doc},
    {"monitor_leave", (PyCFunction)(void (*)(void))module_monitor_leave, METH_FASTCALL,
     monitor_doc},
    {"monitor_wait", module_monitor_wait, METH_VARARGS, monitor_doc},
    {"monitor_close", module_monitor_close, METH_O, monitor_doc},
    {"find", module_find, METH_O, monitor_doc},
    {"snapshot", (PyCFunction)(void (*)(void))module_snapshot, METH_VARARGS | METH_KEYWORDS,
     monitor_doc},
    {"_birth", ml_birth_probe, METH_VARARGS, ml_birth_probe_doc},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "memalot._agent",
    .m_doc = "The agent of memalot inside this process; use the package memalot.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__agent(void);

__attribute__((visibility("default"))) PyMODINIT_FUNC
PyInit__agent(void)
{
    const char *refusal = compat_life_refusal();
    if (refusal != NULL) {
        PyErr_SetString(PyExc_ImportError, refusal);
        return NULL;
    }
    return PyModuleDef_Init(&definition);
}
