/* SPDX-License-Identifier: MIT
 *
 * See module_monitor.h.
 */
#define PY_SSIZE_T_CLEAN
#include "module_monitor.h"

#include <math.h>

#include "agent.h"
#include "find.h"
#include "monitor.h"
#include "python_error.h"
#include "clock.h"

static const char *
kind_word(enum ml_told_kind kind)
{
    return kind == ML_TOLD_REPORT ? "report" : kind == ML_TOLD_ERROR ? "error" : "closed";
}

/* A report as (kind, text, report_id, iteration); None for nothing. Frees `told`. */
static PyObject *
as_tuple(struct ml_told *told)
{
    PyObject *result;
    if (told->kind == ML_TOLD_NOTHING) {
        Py_RETURN_NONE;
    }
    const char *text = told->text != NULL ? told->text : "";
    const char *id = told->report_id[0] != '\0' ? told->report_id : NULL;
    PyObject *str = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
    result = str == NULL ? NULL
                         : Py_BuildValue("(sNzI)", kind_word(told->kind), str, id,
                                         told->iteration);
    ml_told_fini(told);
    return result;
}

static int
check_number(const char *name, double value, bool zero)
{
    if (isfinite(value) && (value > 0 || (zero && value == 0))) {
        return 0;
    }
    PyErr_Format(PyExc_ValueError, "%s must be a %s number of seconds", name,
                 zero ? "finite, not negative" : "finite, positive");
    return -1;
}

/* What monitors and snapshots are both given, as PyArg_Parse leaves it. */
struct given {
    Py_ssize_t overrides_len;
    int save, color, boxes;
    PyObject *str_func;
};

#define GIVEN_INIT {.save = 1, .str_func = Py_None}
#define OPTIONS_INIT {.calls = 1, .told = true, .width = 80}

static void
take_given(struct ml_monitor_options *o, const struct given *g)
{
    o->overrides_len = (size_t)g->overrides_len;
    o->save = g->save;
    o->color = g->color;
    o->boxes = g->boxes;
    o->str_func = g->str_func != Py_None ? g->str_func : NULL;
}

PyObject *
module_monitor_open(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"settings", "lifetime", "warmup", "calls", "subject", "save",
                            "width",    "color",    "boxes",  "str_func", NULL};
    struct ml_monitor_options o = OPTIONS_INIT;
    struct given given = GIVEN_INIT;
    struct ml_error err = {0};
    PyObject *lifetime = Py_None;
    int handle = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "s#|$OdIzpippO:monitor_open", names,
                                     &o.overrides, &given.overrides_len, &lifetime,
                                     &o.warmup, &o.calls, &o.subject, &given.save, &o.width,
                                     &given.color, &given.boxes, &given.str_func)) {
        return NULL;
    }
    take_given(&o, &given);
    if (lifetime != Py_None) {
        o.lifetime = PyFloat_AsDouble(lifetime);
        if ((o.lifetime == -1.0 && PyErr_Occurred()) ||
            check_number("lifetime", o.lifetime, false) < 0) {
            return NULL;
        }
    }
    if (check_number("warmup", o.warmup, true) < 0) {
        return NULL;
    }
    if (ml_monitor_open(&o, &handle, &err) < 0) {
        return ml_python_raise(&err);
    }
    return PyLong_FromLong(handle);
}

static int
as_handle(PyObject *op)
{
    long handle = PyLong_AsLong(op);
    if (handle == -1 && PyErr_Occurred()) {
        return -1;
    }
    if (handle < 0 || handle > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "no handle of a monitor");
        return -1;
    }
    return (int)handle;
}

PyObject *
module_monitor_enter(PyObject *self, PyObject *arg)
{
    struct ml_error err = {0};
    bool counts;
    int handle = as_handle(arg);
    if (handle < 0) {
        return NULL;
    }
    if (ml_monitor_enter(handle, &counts, &err) < 0) {
        return ml_python_raise(&err);
    }
    return PyBool_FromLong(counts);
}

PyObject *
module_monitor_leave(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    struct ml_told told;
    int handle = count > 0 ? as_handle(args[0]) : -1;
    if (handle < 0) {
        return PyErr_Occurred()
                   ? NULL
                   : PyErr_Format(PyExc_TypeError, "monitor_leave needs a handle");
    }
    int rc = ml_monitor_leave(handle, (void *const *)(args + 1), (size_t)count - 1, &told);
    return rc != 0 ? NULL : as_tuple(&told);
}

PyObject *
module_monitor_wait(PyObject *self, PyObject *args)
{
    struct ml_told told;
    PyObject *timeout = Py_None, *which;
    double seconds = -1;
    if (!PyArg_ParseTuple(args, "O|O:monitor_wait", &which, &timeout)) {
        return NULL;
    }
    int handle = as_handle(which);
    if (handle >= 0 && timeout != Py_None) {
        seconds = PyFloat_AsDouble(timeout);
        seconds = seconds < 0 ? 0 : seconds;
    }
    if (PyErr_Occurred()) {
        return NULL;
    }
    ml_monitor_wait(handle, seconds, &told);
    return as_tuple(&told);
}

PyObject *
module_monitor_close(PyObject *self, PyObject *arg)
{
    int handle = as_handle(arg);
    if (handle < 0) {
        return NULL;
    }
    ml_monitor_close(handle);
    Py_RETURN_NONE;
}

PyObject *
module_find(PyObject *self, PyObject *arg)
{
    unsigned long long address = PyLong_AsUnsignedLongLong(arg);
    if (PyErr_Occurred()) {
        return NULL;
    }
    PyObject *op = ml_find_object((uintptr_t)address);
    if (op == NULL) {
        Py_RETURN_NONE;
    }
    double age = ml_find_age(op, ml_clock_seconds());
    return age < 0 ? Py_BuildValue("(NO)", op, Py_None) : Py_BuildValue("(Nd)", op, age);
}

PyObject *
module_snapshot(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"settings", "save", "width", "color", "boxes", "str_func", NULL};
    struct ml_monitor_options o = OPTIONS_INIT;
    struct given given = GIVEN_INIT;
    struct ml_error err = {0};
    struct ml_told told;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "s#|pippO:snapshot", names, &o.overrides,
                                     &given.overrides_len, &given.save, &o.width,
                                     &given.color, &given.boxes, &given.str_func)) {
        return NULL;
    }
    take_given(&o, &given);
    int rc = ml_monitor_snapshot(&o, &told, &err);
    return rc < 0 ? ml_python_raise(&err) : rc > 0 ? NULL : as_tuple(&told);
}
