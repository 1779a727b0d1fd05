/* SPDX-License-Identifier: MIT
 *
 * Does a suspended generator wait for another (yield from, await), or has it yielded? The
 * interpreter tells by the instruction it will go on with, from 3.13 on by its state.
 */
#include "compat_core.h"

#include <opcode.h>

#if ML_PY_310

bool
compat_generator_waits(PyObject *op)
{
    PyFrameObject *f = ((PyGenObject *)op)->gi_frame;
    if (f == NULL || f->f_lasti < 0) {
        return false;
    }
    PyObject *code = f->f_code->co_code;
    Py_ssize_t next = ((Py_ssize_t)f->f_lasti + 1) * (Py_ssize_t)sizeof(_Py_CODEUNIT);
    return next < PyBytes_GET_SIZE(code) &&
           (unsigned char)PyBytes_AS_STRING(code)[next] == YIELD_FROM;
}

#elif PY_VERSION_HEX < 0x030D0000

#if ML_PY_311
#define OTHER_RESUME RESUME_QUICK
#else
#define OTHER_RESUME INSTRUMENTED_RESUME
#endif

bool
compat_generator_waits(PyObject *op)
{
    PyGenObject *gen = (PyGenObject *)op;
    if (gen->gi_frame_state != FRAME_SUSPENDED) {
        return false;
    }
    _PyInterpreterFrame *f = (_PyInterpreterFrame *)&gen->gi_iframe;
    const unsigned char *next = (const unsigned char *)(f->prev_instr + 1);
    /* Its argument: 1 after a yield, 2 within yield from, 3 within await. */
    return (next[0] == RESUME || next[0] == OTHER_RESUME) && next[1] >= 2;
}

#else

bool
compat_generator_waits(PyObject *op)
{
    return ((PyGenObject *)op)->gi_frame_state == FRAME_SUSPENDED_YIELD_FROM;
}

#endif
