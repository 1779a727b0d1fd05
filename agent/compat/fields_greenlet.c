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

/* Whether greenlet's traverse leaves something out: on 3.15 it shows variables and stacks. */
enum shows { UNDECIDED, SHOWS, HIDES };

struct walk {
    const struct compat_field_visitor *v;
    PyObject *greenlet;
    enum shows values, parts; /* of its frames */
    void (*borrowed)(void *ctx, PyObject *op); /* or NULL */
    void *ctx;
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

/* Lent to stacks, as far as there is room: whether that counts is known at the end. */
struct borrowed {
    PyObject *room[64];
    size_t count;
};

static void
remember(void *ctx, PyObject *op)
{
    struct borrowed *b = ctx;
    if (b->count < Py_ARRAY_LENGTH(b->room)) {
        b->room[b->count++] = op;
    }
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

/* The first one that is counted decides for all of its kind. */
static bool
is_hidden(struct walk *w, enum compat_local_kind kind, PyObject *op)
{
    bool value = kind == COMPAT_LOCAL || kind == COMPAT_FREE || kind == COMPAT_STACK;
    enum shows *shows = value ? &w->values : &w->parts;
    int64_t count;
    if (*shows == UNDECIDED && compat_refcount(op, &count)) {
        *shows = compat_field_hidden(w->greenlet, op) ? HIDES : SHOWS;
    }
    return *shows == HIDES;
}

/* What is borrowed or may be stale is nobody's reference; but the former is shown. */
static void
show_local(void *ctx, enum compat_local_kind kind, PyObject *name, PyObject *op)
{
    static const char *const parts[] = {[COMPAT_CODE] = "code",
                                        [COMPAT_FUNCTION] = "function",
                                        [COMPAT_FRAME] = "frame",
                                        [COMPAT_STACK] = "stack"};
    struct walk *w = ctx;
    struct compat_field field = {locals_at(w->depth - 1), name, -1, COMPAT_FIELD_LOCAL,
                                 false};
    if ((kind & COMPAT_BORROWED) && !w->shown && w->borrowed != NULL) {
        w->borrowed(w->ctx, op);
    }
    if (w->shown || (kind & COMPAT_BORROWED) || kind == COMPAT_MAYBE ||
        kind == COMPAT_NAMESPACE) {
        return;
    }
    if (name == NULL) {
        field.form = COMPAT_FIELD_INTERNAL;
        field.name = parts[kind] != NULL ? parts[kind] : "gr_frame";
    }
    field.hidden = is_hidden(w, kind, op);
    w->v->field(w->v->ctx, &field, op);
}

static void
walk_frames(PyObject *op, struct walk *walk)
{
    const struct greenlet_state *state = ((struct greenlet *)op)->state;
    if (state == NULL || state->self != op || state->top_frame == NULL ||
        !Py_IS_TYPE(state->top_frame, &PyFrame_Type)) {
        return;
    }
    if (ML_PY_310) { /* later it is the frames' own reference */
        struct compat_field field = {"gr_frame", NULL, -1, COMPAT_FIELD_ATTR, true};
        walk->v->field(walk->v->ctx, &field, state->top_frame);
    }
    struct compat_stack stack = {state->stack_start, state->stack_copy, state->stack_saved};
    struct compat_frame_visitor frames = {walk, enter_frame, show_local};
    compat_frames_suspended(state->top_frame, &stack, &frames);
}

void
compat_greenlet_each(PyObject *op, const struct compat_field_visitor *v)
{
    struct walk walk = {.v = v, .greenlet = op};
    walk_frames(op, &walk);
}

static void
ignore(void *ctx, const struct compat_field *field, PyObject *op)
{
    (void)ctx, (void)field, (void)op;
}

void
compat_fields_each_borrowed(const struct compat_fields *f, PyObject *op,
                            void (*each)(void *ctx, PyObject *op), void *ctx)
{
    static const struct compat_field_visitor nobody = {NULL, ignore};
    struct borrowed all = {.room = {NULL}};
    if (f->each != compat_greenlet_each) {
        return;
    }
    struct walk walk = {.v = &nobody, .greenlet = op, .borrowed = remember, .ctx = &all};
    walk_frames(op, &walk);
    for (size_t i = 0; walk.values == SHOWS && i < all.count; i++) {
        each(ctx, all.room[i]);
    }
}
