/* SPDX-License-Identifier: MIT
 *
 * A suspended greenlet (gevent's and eventlet's, too) holds the frames it was switched
 * away from, and its traverse shows none of them: what a waiting request has in its
 * variables would seem to be held by native code.
 *
 * Its state is a C++ object (greenlet 3, TGreenlet.hpp), whose members stand in the order
 * of their declaration; it points back to the greenlet, which proves the layout (that of
 * greenlet 2 is another one: nothing is shown). The C stack is partly copied away while
 * another greenlet uses the place.
 */
#include "compat_core.h"

#include "fields_greenlet.h"

struct greenlet {
    PyObject head;
    PyObject *weak_references, *dict;
    struct greenlet_state *state;
};

struct greenlet_state {
    void *methods;
    PyObject *self;
    _PyErr_StackItem *exc_info;
    _PyErr_StackItem exc_state;
    PyObject *args, *kwargs;
    char *stack_start, *stack_stop, *stack_copy;
    intptr_t stack_saved;
    struct greenlet_state *stack_previous;
    PyObject *context;
    PyObject *top_frame; /* NULL while it runs, and before and after */
};

struct walk {
    const struct compat_field_visitor *v;
    bool shown; /* the frame at hand is a generator's, which shows it */
    size_t depth; /* of frames entered */
};

static bool
enter_frame(void *ctx, const struct compat_frame *frame)
{
    struct walk *w = ctx;
    w->shown = frame->shown;
    w->depth++;
    return true;
}

/* Frames further out go by the name of the last one here. */
static const char *
locals_at(size_t depth)
{
#define BACK ".f_back"
    static const char *const names[] = {
        "gr_frame.f_locals",
        "gr_frame" BACK ".f_locals",
        "gr_frame" BACK BACK ".f_locals",
        "gr_frame" BACK BACK BACK ".f_locals",
        "gr_frame" BACK BACK BACK BACK ".f_locals",
        "gr_frame" BACK BACK BACK BACK BACK ".f_locals",
    };
#undef BACK
    return names[depth < Py_ARRAY_LENGTH(names) ? depth : Py_ARRAY_LENGTH(names) - 1];
}

/* What is borrowed or may be stale is nobody's reference. */
static void
show_local(void *ctx, enum compat_local_kind kind, PyObject *name, PyObject *op)
{
    static const char *const parts[] = {[COMPAT_CODE] = "code",
                                        [COMPAT_FUNCTION] = "function",
                                        [COMPAT_FRAME] = "frame",
                                        [COMPAT_STACK] = "stack"};
    const struct walk *w = ctx;
    struct compat_field field = {locals_at(w->depth - 1), name, -1, COMPAT_FIELD_LOCAL,
                                 true};
    if (w->shown || (kind & COMPAT_BORROWED) || kind == COMPAT_MAYBE ||
        kind == COMPAT_NAMESPACE) {
        return;
    }
    if (name == NULL) {
        field.form = COMPAT_FIELD_INTERNAL;
        field.name = parts[kind] != NULL ? parts[kind] : "gr_frame";
    }
    w->v->field(w->v->ctx, &field, op);
}

void
compat_greenlet_each(PyObject *op, const struct compat_field_visitor *v)
{
    const struct greenlet_state *state = ((struct greenlet *)op)->state;
    if (state == NULL || state->self != op || state->top_frame == NULL ||
        !Py_IS_TYPE(state->top_frame, &PyFrame_Type)) {
        return;
    }
    if (ML_PY_310) { /* later it is the frames' own reference */
        struct compat_field field = {"gr_frame", NULL, -1, COMPAT_FIELD_ATTR, true};
        v->field(v->ctx, &field, state->top_frame);
    }
    struct compat_stack stack = {state->stack_start, state->stack_copy, state->stack_saved};
    struct walk walk = {v, false, 0};
    struct compat_frame_visitor frames = {&walk, enter_frame, show_local};
    compat_frames_suspended(state->top_frame, &stack, &frames);
}
