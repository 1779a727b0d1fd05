/* SPDX-License-Identifier: MIT
 *
 * Which event loop runs in a thread. asyncio enters it
 *
 *   to 3.12  in the thread state's dict, to 3.11 behind a holder that notes the process
 *   3.13 on  in a field of the thread state that only the core's headers know
 *
 * The tasks of a loop are found elsewhere (take_tasks.c): by their type, not by asyncio's
 * registries, which are weak and differ more.
 */
#include "compat_core.h"

#include <string.h>

#if PY_VERSION_HEX >= 0x030D0000

#include "internal/pycore_tstate.h" /* _PyThreadStateImpl */
#include "places.h"

uintptr_t
compat_thread_loop(PyThreadState *tstate, bool *counted)
{
    *counted = false; /* the module _asyncio shows it, or it is borrowed */
    PyObject *loop = ((_PyThreadStateImpl *)tstate)->asyncio_running_loop;
    return compat_place_thread_known() ? (uintptr_t)loop : 0;
}

#else

struct holder {
    PyObject_HEAD
    PyObject *loop;
};

static bool
is_key(PyObject *key)
{
    static const char text[] = "__asyncio_running_event_loop__";
    return PyUnicode_Check(key) && PyUnicode_IS_COMPACT_ASCII(key) &&
           PyUnicode_GET_LENGTH(key) == (Py_ssize_t)sizeof(text) - 1 &&
           memcmp(PyUnicode_1BYTE_DATA(key), text, sizeof(text) - 1) == 0;
}

uintptr_t
compat_thread_loop(PyThreadState *tstate, bool *counted)
{
    Py_ssize_t pos = 0;
    PyObject *key, *value;
    *counted = false;
    while (tstate->dict != NULL && PyDict_Check(tstate->dict) &&
           PyDict_Next(tstate->dict, &pos, &key, &value)) {
        if (is_key(key)) {
            const char *dot = strrchr(Py_TYPE(value)->tp_name, '.');
            const char *name = dot != NULL ? dot + 1 : Py_TYPE(value)->tp_name;
            bool held = strcmp(name, "_RunningLoopHolder") == 0;
            return (uintptr_t)(held ? ((struct holder *)value)->loop : value);
        }
    }
    return 0;
}

#endif
