/* SPDX-License-Identifier: MIT
 *
 * Is the running interpreter the one this file was compiled for? Its version is compared,
 * from 3.13 on what it says of its own layout, and what a sweep cannot do without is
 * tried on objects made for it, once, before the first sweep. The rest trusts it, but for
 * the fields of the interpreter's state, which move and are looked for (places.c).
 */
#include "compat_core.h"

#include <string.h>

#include "places.h"

const char *
compat_version(void)
{
    static char text[16]; /* guarded by the GIL on first use; read-only afterwards */
    if (text[0] == '\0') {
        size_t n = strcspn(Py_GetVersion(), " +");
        n = n < sizeof(text) ? n : sizeof(text) - 1;
        memcpy(text, Py_GetVersion(), n);
    }
    return text;
}

static int
is_probe(PyObject *op, void *ctx)
{
    return op == ctx;
}

static bool
collector_shows_new_list(PyInterpreterState *interp)
{
    PyObject *probe = PyList_New(0);
    bool seen = probe != NULL && compat_gc_lists_close(interp)
                && compat_gc_each(interp, is_probe, probe) != 0;
    Py_XDECREF(probe);
    return seen;
}

static bool
dict_sizes_agree(void)
{
    PyObject *dict = PyDict_New(), *name = PyUnicode_FromString("memalot");
    bool agree = false;
    if (dict != NULL && name != NULL && PyDict_SetItem(dict, name, name) == 0) {
        PyObject *size = PyObject_CallMethod(dict, "__sizeof__", NULL);
        agree = size != NULL && PyLong_AsSize_t(size) == compat_dict_size(dict);
        Py_XDECREF(size);
    }
    Py_XDECREF(dict);
    Py_XDECREF(name);
    PyErr_Clear();
    return agree;
}

static bool
frame_is_code(void *ctx, const struct compat_frame *frame)
{
    *(bool *)ctx = PyCode_Check(frame->code) && frame->line >= 0;
    return false;
}

static void
ignore_local(void *ctx, enum compat_local_kind kind, PyObject *name, PyObject *op)
{
    (void)ctx, (void)kind, (void)name, (void)op;
}

static bool
innermost_frame_makes_sense(void)
{
    bool sense = true; /* also when no frame runs */
    struct compat_frame_visitor v = {&sense, frame_is_code, ignore_local};
    compat_frames_each(PyThreadState_Get(), &v);
    return sense;
}

int
compat_layout_check(struct ml_error *err)
{
    int major = 0, minor = 0;
    if (sscanf(Py_GetVersion(), "%d.%d", &major, &minor) != 2 ||
        major != PY_MAJOR_VERSION || minor != PY_MINOR_VERSION) {
        return ml_error_set(err, ML_EUNSUPPORTED,
                            "this agent is for CPython %d.%d, the program runs on %s",
                            PY_MAJOR_VERSION, PY_MINOR_VERSION, compat_version());
    }
    PyInterpreterState *interp = PyInterpreterState_Get();
    const char *unknown = compat_places_disagree();
    unknown = unknown != NULL                       ? unknown
              : !collector_shows_new_list(interp) ? "the collector's lists"
              : !dict_sizes_agree()               ? "dicts"
              : !innermost_frame_makes_sense()    ? "frames"
                                                  : NULL;
    if (unknown != NULL) {
        return ml_error_set(err, ML_EUNSUPPORTED,
                            "CPython %s lays out %s in a way this agent does not know",
                            compat_version(), unknown);
    }
    compat_places_find();
    return ML_OK;
}
