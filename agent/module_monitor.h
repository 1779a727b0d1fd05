/* SPDX-License-Identifier: MIT
 *
 * The functions of memalot._agent that monitor; module.c lists them. What they mean
 * stands in python/memalot/_agent.pyi and monitor.h; here arguments are read and
 * reports made into tuples.
 */
#ifndef ML_AGENT_MODULE_MONITOR_H
#define ML_AGENT_MODULE_MONITOR_H

#include <Python.h>

PyObject *module_monitor_open(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *module_monitor_enter(PyObject *self, PyObject *handle);
PyObject *module_monitor_leave(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *module_monitor_wait(PyObject *self, PyObject *args);
PyObject *module_monitor_close(PyObject *self, PyObject *handle);
PyObject *module_find(PyObject *self, PyObject *address);
PyObject *module_snapshot(PyObject *self, PyObject *args, PyObject *kwargs);

#endif
