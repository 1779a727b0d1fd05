/* SPDX-License-Identifier: MIT
 *
 * Running frames of a thread, innermost first, without making frame objects.
 *
 *   3.10   real frame objects, linked by f_back
 *   3.11   _PyInterpreterFrame from tstate->cframe, linked by previous
 *   3.12   the same; shims on the C stack (owner 3) have no more than a code field
 *   3.13   from tstate->current_frame; f_executable may be None for shims
 *   3.14   slots are tagged words: bit 0 says that the slot has no reference of its own
 *          (a local that is borrowed while its variable lives, an immortal), both bits
 *          that it is an int and no object; NULL is the word 1
 *   3.15   the last frame is a sentinel inside the thread state (owner 3)
 *
 * To 3.13 a frame that is inside a C call does not know its stack depth (stacktop -1):
 * its locals are good, its stack slots may be stale and come as COMPAT_MAYBE.
 */
#include "compat_core.h"

/* No sane program nests deeper; a broken chain must not hang the sweep. */
#define MAX_FRAMES 1000000

static void
emit(const struct compat_frame_visitor *v, enum compat_local_kind kind, PyObject *name,
     PyObject *op)
{
    if (op != NULL) {
        v->local(v->ctx, kind, name, op);
    }
}

static PyObject *
tuple_item(PyObject *tuple, Py_ssize_t i)
{
    return tuple != NULL && PyTuple_Check(tuple) && i < PyTuple_GET_SIZE(tuple)
               ? PyTuple_GET_ITEM(tuple, i)
               : NULL;
}

#if ML_PY_310

static void
emit_locals(PyFrameObject *f, const struct compat_frame_visitor *v)
{
    PyCodeObject *code = f->f_code;
    Py_ssize_t cells = PyTuple_GET_SIZE(code->co_cellvars);
    Py_ssize_t frees = PyTuple_GET_SIZE(code->co_freevars);
    for (Py_ssize_t i = 0; i < code->co_nlocals; i++) {
        emit(v, COMPAT_LOCAL, tuple_item(code->co_varnames, i), f->f_localsplus[i]);
    }
    for (Py_ssize_t i = 0; i < cells; i++) {
        emit(v, COMPAT_LOCAL, tuple_item(code->co_cellvars, i),
             f->f_localsplus[code->co_nlocals + i]);
    }
    for (Py_ssize_t i = 0; i < frees; i++) {
        emit(v, COMPAT_FREE, tuple_item(code->co_freevars, i),
             f->f_localsplus[code->co_nlocals + cells + i]);
    }
    Py_ssize_t known = f->f_stackdepth;
    Py_ssize_t depth = known >= 0 ? known : code->co_stacksize;
    for (Py_ssize_t i = 0; i < depth; i++) {
        emit(v, known >= 0 ? COMPAT_STACK : COMPAT_MAYBE, NULL, f->f_valuestack[i]);
    }
}

void
compat_frames_each(PyThreadState *tstate, const struct compat_frame_visitor *v)
{
    PyFrameObject *f = tstate->frame;
    for (int n = 0; f != NULL && n < MAX_FRAMES; n++, f = f->f_back) {
        struct compat_frame frame = {f->f_code, f->f_globals,
                                     PyCode_Addr2Line(f->f_code, f->f_lasti * 2), true,
                                     (PyObject *)f, f->f_gen};
        if (!v->frame(v->ctx, &frame)) {
            return;
        }
        if (n == 0) { /* the others are held by the frames they called, as f_back */
            emit(v, COMPAT_FRAME, NULL, (PyObject *)f);
        }
        emit(v, COMPAT_NAMESPACE, NULL, f->f_locals);
        emit_locals(f, v); /* known to the frame object's traverse, but for the stack */
    }
}

void
compat_frames_suspended(PyObject *frame, const struct compat_stack *stack,
                        const struct compat_frame_visitor *v)
{
    (void)frame, (void)stack, (void)v;
}

bool
compat_generator_frame(PyObject *gen, const struct compat_frame_visitor *v)
{
    PyFrameObject *f = ((PyGenObject *)gen)->gi_frame;
    if (f == NULL || f->f_stackdepth < 0) {
        return false;
    }
    struct compat_frame frame = {f->f_code, f->f_globals,
                                 PyCode_Addr2Line(f->f_code, f->f_lasti * 2), true,
                                 (PyObject *)f, gen};
    if (v->frame(v->ctx, &frame)) {
        emit_locals(f, v);
    }
    return true;
}

PyCodeObject *
compat_frame_code(PyObject *op)
{
    return PyFrame_Check(op) ? ((PyFrameObject *)op)->f_code : NULL;
}

void
compat_frame_object(PyObject *op, const struct compat_frame_visitor *v)
{
    PyFrameObject *f = (PyFrameObject *)op;
    emit_locals(f, v);
    emit(v, COMPAT_CODE, NULL, (PyObject *)f->f_code);
    emit(v, COMPAT_NAMESPACE, NULL, f->f_locals);
}

void
compat_generator_parts(PyObject *gen, const struct compat_frame_visitor *v)
{
    emit(v, COMPAT_FRAME, NULL, (PyObject *)((PyGenObject *)gen)->gi_frame);
}

PyObject *
compat_generator_local(PyObject *gen, PyObject *value)
{
    PyFrameObject *f = ((PyGenObject *)gen)->gi_frame;
    for (Py_ssize_t i = 0; f != NULL && i < f->f_code->co_nlocals; i++) {
        if (f->f_localsplus[i] == value) {
            return tuple_item(f->f_code->co_varnames, i);
        }
    }
    return NULL;
}

#else

/* -- slots: a local, a value on the stack, the frame's function and code ----------- */

#if PY_VERSION_HEX >= 0x030E0000

typedef _PyStackRef slot;

#define TAG_BORROWED 1
#define TAGS 3

static PyObject *
slot_object(slot s)
{
    bool is_int = (s.bits & TAGS) == TAGS;
    return is_int ? NULL : (PyObject *)(s.bits & ~(uintptr_t)TAGS);
}

static enum compat_local_kind
slot_borrowed(slot s)
{
    return (s.bits & TAG_BORROWED) ? COMPAT_BORROWED : 0;
}

#else

typedef PyObject *slot;

static PyObject *
slot_object(slot s)
{
    return s;
}

static enum compat_local_kind
slot_borrowed(slot s)
{
    (void)s;
    return 0;
}

#endif

static void
emit_slot(const struct compat_frame_visitor *v, enum compat_local_kind kind,
          PyObject *name, slot s)
{
    emit(v, kind | slot_borrowed(s), name, slot_object(s));
}

/* -- frames ------------------------------------------------------------------------ */

static slot
frame_executable(_PyInterpreterFrame *f)
{
#if PY_VERSION_HEX >= 0x030D0000
    return f->f_executable;
#else
    return (PyObject *)f->f_code;
#endif
}

static PyCodeObject *
frame_code(_PyInterpreterFrame *f)
{
    PyObject *code = slot_object(frame_executable(f));
    return code != NULL && PyCode_Check(code) ? (PyCodeObject *)code : NULL;
}

static slot
frame_function(_PyInterpreterFrame *f)
{
#if ML_PY_311
    return (PyObject *)f->f_func;
#else
    return f->f_funcobj;
#endif
}

/* The number of slots in use, locals included; -1: not known. */
static Py_ssize_t
frame_depth(_PyInterpreterFrame *f)
{
#if PY_VERSION_HEX >= 0x030E0000
    return f->stackpointer != NULL ? f->stackpointer - f->localsplus : -1;
#else
    return f->stacktop;
#endif
}

static bool
is_shim(_PyInterpreterFrame *f)
{
    return f->owner > FRAME_OWNED_BY_FRAME_OBJECT || frame_code(f) == NULL;
}

static _Py_CODEUNIT *
frame_instruction(_PyInterpreterFrame *f)
{
#if PY_VERSION_HEX >= 0x030D0000
    return f->instr_ptr;
#else
    return f->prev_instr;
#endif
}

static int
frame_line(_PyInterpreterFrame *f, PyCodeObject *code)
{
    Py_ssize_t offset = (char *)frame_instruction(f) - (char *)_PyCode_CODE(code);
    return PyCode_Addr2Line(code, (int)offset);
}

static PyObject *
frame_generator(_PyInterpreterFrame *f)
{
    if (f->owner != FRAME_OWNED_BY_GENERATOR) {
        return NULL;
    }
    return (PyObject *)((char *)f - offsetof(PyGenObject, gi_iframe));
}

/* Before the first traceable instruction the locals may not have been set up. */
static bool
is_incomplete(_PyInterpreterFrame *f, PyCodeObject *code)
{
    return f->owner == FRAME_OWNED_BY_THREAD &&
           frame_instruction(f) < _PyCode_CODE(code) + code->_co_firsttraceable;
}

static void
emit_locals(_PyInterpreterFrame *f, PyCodeObject *code,
            const struct compat_frame_visitor *v)
{
    const char *kinds = PyBytes_AS_STRING(code->co_localspluskinds);
    int locals = code->co_nlocalsplus;
    for (int i = 0; i < locals; i++) {
        emit_slot(v, (kinds[i] & CO_FAST_FREE) ? COMPAT_FREE : COMPAT_LOCAL,
                  tuple_item(code->co_localsplusnames, i), f->localsplus[i]);
    }
    Py_ssize_t depth = frame_depth(f), full = locals + code->co_stacksize;
    Py_ssize_t top = depth >= 0 && depth < full ? depth : full;
    for (Py_ssize_t i = locals; i < top; i++) {
        emit_slot(v, depth >= 0 ? COMPAT_STACK : COMPAT_MAYBE, NULL, f->localsplus[i]);
    }
}

/* A running generator's own traverse shows its function, code and frame object; its
 * locals only when the stack depth is known. */
static void
emit_frame(_PyInterpreterFrame *f, PyCodeObject *code,
           const struct compat_frame_visitor *v)
{
    bool of_generator = f->owner == FRAME_OWNED_BY_GENERATOR;
    if (!of_generator) {
        emit_slot(v, COMPAT_CODE, NULL, frame_executable(f));
        emit_slot(v, COMPAT_FUNCTION, NULL, frame_function(f));
        emit(v, COMPAT_FRAME, NULL, (PyObject *)f->frame_obj);
        emit(v, COMPAT_NAMESPACE, NULL, f->f_locals);
    }
    if (!is_incomplete(f, code)) {
        emit_locals(f, code, v);
    }
}

/* False: no more frames are wanted. */
static bool
show_frame(_PyInterpreterFrame *f, const struct compat_frame_visitor *v)
{
    PyCodeObject *code = frame_code(f);
    struct compat_frame frame = {code, f->f_globals, frame_line(f, code),
                                 f->owner == FRAME_OWNED_BY_GENERATOR &&
                                     frame_depth(f) >= 0,
                                 (PyObject *)f->frame_obj, frame_generator(f)};
    if (!v->frame(v->ctx, &frame)) {
        return false;
    }
    emit_frame(f, code, v);
    return true;
}

void
compat_frames_each(PyThreadState *tstate, const struct compat_frame_visitor *v)
{
#if PY_VERSION_HEX >= 0x030D0000
    _PyInterpreterFrame *f = tstate->current_frame;
#else
    _PyInterpreterFrame *f = tstate->cframe != NULL ? tstate->cframe->current_frame : NULL;
#endif
    for (int n = 0; f != NULL && n < MAX_FRAMES; n++, f = f->previous) {
        if (!is_shim(f) && !show_frame(f, v)) {
            return;
        }
    }
}

/* Where what was at `p` is now. */
static const void *
moved(const struct compat_stack *s, const void *p)
{
    uintptr_t at = (uintptr_t)p - (uintptr_t)s->start;
    return s->copy != NULL && at < (uintptr_t)s->size ? s->copy + at : p;
}

/* Of frames on the C stack, which are shims, no more is read than the way on. */
void
compat_frames_suspended(PyObject *op, const struct compat_stack *stack,
                        const struct compat_frame_visitor *v)
{
    _PyInterpreterFrame *f = ((PyFrameObject *)op)->f_frame;
    for (int n = 0; f != NULL && n < MAX_FRAMES; n++) {
        if (moved(stack, f) == f && !is_shim(f) && !show_frame(f, v)) {
            return;
        }
        f = *(_PyInterpreterFrame *const *)moved(stack, &f->previous);
    }
}

bool
compat_generator_frame(PyObject *op, const struct compat_frame_visitor *v)
{
    PyGenObject *gen = (PyGenObject *)op;
    _PyInterpreterFrame *f = (_PyInterpreterFrame *)&gen->gi_iframe;
    if (gen->gi_frame_state >= FRAME_EXECUTING || is_shim(f) || frame_depth(f) < 0) {
        return false;
    }
    PyCodeObject *code = frame_code(f);
    struct compat_frame frame = {code, f->f_globals, frame_line(f, code), true,
                                 (PyObject *)f->frame_obj, op};
    if (v->frame(v->ctx, &frame)) {
        emit_locals(f, code, v);
    }
    return true;
}

PyCodeObject *
compat_frame_code(PyObject *op)
{
    _PyInterpreterFrame *f = PyFrame_Check(op) ? ((PyFrameObject *)op)->f_frame : NULL;
    return f != NULL && !is_shim(f) ? frame_code(f) : NULL;
}

/* While its function runs or waits, a frame object has nothing of its own. */
void
compat_frame_object(PyObject *op, const struct compat_frame_visitor *v)
{
    _PyInterpreterFrame *f = ((PyFrameObject *)op)->f_frame;
    PyCodeObject *code = f != NULL && f->owner == FRAME_OWNED_BY_FRAME_OBJECT
                             ? frame_code(f)
                             : NULL;
    if (code != NULL) {
        emit_locals(f, code, v);
        emit_slot(v, COMPAT_CODE, NULL, frame_executable(f));
        emit_slot(v, COMPAT_FUNCTION, NULL, frame_function(f));
        emit(v, COMPAT_NAMESPACE, NULL, f->f_locals);
    }
}

void
compat_generator_parts(PyObject *op, const struct compat_frame_visitor *v)
{
    PyGenObject *gen = (PyGenObject *)op;
    _PyInterpreterFrame *f = (_PyInterpreterFrame *)&gen->gi_iframe;
    if (gen->gi_frame_state < FRAME_CLEARED && !is_shim(f)) {
        emit_slot(v, COMPAT_CODE, NULL, frame_executable(f));
        emit_slot(v, COMPAT_FUNCTION, NULL, frame_function(f));
        emit(v, COMPAT_FRAME, NULL, (PyObject *)f->frame_obj);
    }
}

PyObject *
compat_generator_local(PyObject *op, PyObject *value)
{
    PyGenObject *gen = (PyGenObject *)op;
    if (gen->gi_frame_state >= FRAME_CLEARED) {
        return NULL;
    }
    _PyInterpreterFrame *f = (_PyInterpreterFrame *)&gen->gi_iframe;
    PyCodeObject *code = frame_code(f);
    for (int i = 0; code != NULL && i < code->co_nlocalsplus; i++) {
        if (slot_object(f->localsplus[i]) == value) {
            return tuple_item(code->co_localsplusnames, i);
        }
    }
    return NULL;
}

#endif

void
compat_generator_each_borrowed(PyObject *op, void (*each)(void *ctx, PyObject *op),
                               void *ctx)
{
#if PY_VERSION_HEX >= 0x030E0000
    PyGenObject *gen = (PyGenObject *)op;
    _PyInterpreterFrame *f = (_PyInterpreterFrame *)&gen->gi_iframe;
    PyCodeObject *code = gen->gi_frame_state < FRAME_CLEARED ? frame_code(f) : NULL;
    Py_ssize_t full = code != NULL ? code->co_nlocalsplus + code->co_stacksize : 0;
    for (Py_ssize_t i = 0; i < full && i < frame_depth(f); i++) {
        PyObject *held = slot_object(f->localsplus[i]);
        if (slot_borrowed(f->localsplus[i]) && held != NULL) {
            each(ctx, held);
        }
    }
#else
    (void)op, (void)each, (void)ctx;
#endif
}

PyObject *
compat_generator_name(PyObject *gen)
{
    return ((PyGenObject *)gen)->gi_qualname;
}
