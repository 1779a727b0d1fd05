/* SPDX-License-Identifier: MIT
 *
 * Roots of threads: variables and values of their running functions, what the thread
 * states hold, the event loop that runs in a thread, values of context variables. Locals
 * and fields of the thread state are references nobody else shows and are taken off the
 * counts; loops' and context variables' roots are only better names, with one exception
 * (a loop is a counted field of the thread state from 3.14 on).
 *
 * A coroutine that runs just now stands on its thread's stack; its variables are then
 * called by its task (take_tasks.c), as those of suspended ones.
 */
#include <string.h>

#include "compat/compat.h"
#include "take_ranks.h"

struct frame_walk {
    struct take *t;
    PyThreadState *tstate;
    struct compat_frame frame;
    uint32_t thread;
    unsigned long ident; /* of that thread */
    bool own;            /* the frame is ours */
    bool of_loop;        /* the frame is asyncio's */
    uint32_t task;       /* 1 + the frame's task; 0: of none */
};

/* What only we hold begins no path. */
static uint32_t
rank_of_temporary(const struct frame_walk *w, uint32_t rank, PyObject *op)
{
    return w->own || take_in_flight(w->t, w->ident, op) ? ML_ROOT_OWN : rank;
}

PyObject *
take_attribute(PyObject *op, const char *name)
{
    Py_ssize_t pos = 0;
    PyObject *key, *value;
    while (compat_instance_next(op, &pos, &key, &value)) {
        if (take_str_is(key, name)) {
            return value;
        }
    }
    PyObject *dict = compat_instance_dict(op);
    return dict != NULL && PyDict_Check(dict) ? take_dict_get(dict, name) : NULL;
}

/* The threading.Thread with this identity, from threading._active. One that Python has
 * not made and never asked about has none. */
static PyObject *
find_thread_object(PyInterpreterState *interp, unsigned long ident)
{
    PyObject *modules = compat_interp_modules(interp);
    PyObject *dict = modules != NULL ? take_module_dict(take_dict_get(modules, "threading"))
                                     : NULL;
    PyObject *active = dict != NULL ? take_dict_get(dict, "_active") : NULL;
    Py_ssize_t pos = 0;
    PyObject *key, *thread;
    while (active != NULL && PyDict_Check(active) &&
           PyDict_Next(active, &pos, &key, &thread)) {
        if (PyLong_Check(key) && PyLong_AsUnsignedLongMask(key) == ident) {
            return thread;
        }
    }
    return NULL;
}

/* Frames come innermost first, so a coroutine on whose behalf another runs comes behind
 * it: the task is looked for from here outwards. */
struct task_search {
    struct take *t;
    PyObject *from; /* generator of the frame asked about */
    bool begun;
    uint32_t task;
};

static bool
look_for_task(void *ctx, const struct compat_frame *frame)
{
    struct task_search *s = ctx;
    s->begun = s->begun || frame->generator == s->from;
    if (s->begun && frame->generator != NULL) {
        s->task = take_task_of(s->t, frame->generator);
    }
    return s->task == 0 && (!s->begun || frame->generator != NULL);
}

static void
ignore_local(void *ctx, enum compat_local_kind kind, PyObject *name, PyObject *op)
{
    (void)ctx;
    (void)kind;
    (void)name;
    (void)op;
}

static uint32_t
find_task(const struct frame_walk *w, PyObject *generator)
{
    struct task_search s = {w->t, generator, false, 0};
    struct compat_frame_visitor v = {&s, look_for_task, ignore_local};
    if (w->t->tasks.len > 0) {
        compat_frames_each(w->tstate, &v);
    }
    return s.task;
}

static bool
is_of_asyncio(PyObject *globals)
{
    PyObject *name = globals != NULL && PyDict_Check(globals)
                         ? take_dict_get(globals, "__name__")
                         : NULL;
    return name != NULL && PyUnicode_Check(name) && take_str_starts(name, "asyncio.");
}

static uint32_t
rank_of_local(const struct frame_walk *w)
{
    return w->own ? ML_ROOT_OWN : w->of_loop ? RANK_LOOP_FRAME : RANK_LOCAL;
}

static bool
enter_frame(void *ctx, const struct compat_frame *frame)
{
    struct frame_walk *w = ctx;
    w->frame = *frame;
    w->own = take_own_globals(w->t, frame->globals);
    w->of_loop = is_of_asyncio(frame->globals);
    w->task = frame->generator != NULL ? find_task(w, frame->generator) : 0;
    if (w->own) {
        take_own(w->t, frame->object);
        take_own(w->t, frame->generator);
    }
    return !w->t->failed;
}

static bool
is_of_module(const struct take *t, PyObject *dict)
{
    for (size_t i = 0; i < t->modules.len; i++) {
        if (t->modules.data[i].dict == dict) {
            return true;
        }
    }
    return false;
}

static void
add_local(void *ctx, enum compat_local_kind kind, PyObject *name, PyObject *op)
{
    struct frame_walk *w = ctx;
    struct take_root root = {.kind = ROOT_LOCAL,
                             .owner = w->thread,
                             .name = name,
                             .code = w->frame.code,
                             .line = w->frame.line,
                             .task = w->task};
    bool borrowed = kind & COMPAT_BORROWED, counted = !w->frame.shown && !borrowed;
    kind &= ~COMPAT_BORROWED;
    switch (kind) {
    case COMPAT_LOCAL:
    case COMPAT_FREE:
        take_add_root(w->t, op, rank_of_local(w), &root, counted);
        break;
    case COMPAT_STACK:
        root.kind = ROOT_STACK;
        take_add_root(w->t, op, rank_of_temporary(w, RANK_STACK, op), &root, counted);
        break;
    case COMPAT_MAYBE:
        root.kind = ROOT_STACK;
        root.own = rank_of_temporary(w, RANK_MAYBE, op) == ML_ROOT_OWN;
        if (ml_u64vec_push(&w->t->maybe, w->t->a, (uint64_t)(uintptr_t)op) < 0 ||
            take_root_vec_push(&w->t->maybe_roots, w->t->a, root) < 0) {
            w->t->failed = true;
        }
        break;
    default: {
        static const char *const parts[] = {[COMPAT_CODE] = "code",
                                            [COMPAT_FUNCTION] = "function",
                                            [COMPAT_FRAME] = "frame",
                                            [COMPAT_NAMESPACE] = "namespace"};
        /* The names of a class body, or of code run by exec, are its variables. */
        bool variables = kind == COMPAT_NAMESPACE && !is_of_module(w->t, op);
        uint32_t rank = variables ? RANK_LOCAL : RANK_FRAME_PART;
        root.kind = ROOT_FRAME_PART;
        root.text = parts[kind];
        take_add_root(w->t, op, w->own ? ML_ROOT_OWN : rank, &root,
                      kind == COMPAT_NAMESPACE ? counted : !borrowed);
        break;
    }
    }
}

static void
add_thread_ref(void *ctx, const char *name, PyObject *op)
{
    struct frame_walk *w = ctx;
    struct take_root root = {
        .kind = ROOT_THREAD_REF, .owner = w->thread, .text = name};
    take_add_root(w->t, op, rank_of_temporary(w, RANK_THREAD, op), &root, true);
}

static void
add_context_var(void *ctx, PyObject *name, PyObject *value)
{
    struct frame_walk *w = ctx;
    struct take_root root = {
        .kind = ROOT_CONTEXT_VAR, .owner = w->thread, .name = name};
    take_add_root(w->t, value, rank_of_temporary(w, RANK_CONTEXT, value), &root, false);
}

/* The word is an object only when the collector knows it. */
static void
add_loop(struct frame_walk *w)
{
    bool counted;
    uintptr_t loop = compat_thread_loop(w->tstate, &counted);
    struct take_root root = {.kind = ROOT_LOOP, .owner = w->thread};
    if (loop != 0 && ml_addr_map_get(w->t->map, loop) != ML_NO_NODE) {
        take_add_root(w->t, (PyObject *)loop, RANK_LOOP, &root, counted);
    }
}

/* 3.10 keeps the kernel's number with the Thread alone. */
static unsigned long
native_id(PyThreadState *tstate, PyObject *thread)
{
    unsigned long id = compat_thread_native_id(tstate);
    PyObject *known = id == 0 && thread != NULL ? take_attribute(thread, "_native_id") : NULL;
    return known != NULL && PyLong_Check(known) ? PyLong_AsUnsignedLongMask(known) : id;
}

static void
add_thread(struct take *t, PyThreadState *tstate)
{
    unsigned long ident = compat_thread_ident(tstate);
    PyObject *object = find_thread_object(tstate->interp, ident);
    PyObject *name = object != NULL ? take_attribute(object, "_name") : NULL;
    struct take_thread thread = {
        .ident = ident,
        .native_id = native_id(tstate, object),
        .name = name != NULL && PyUnicode_Check(name) ? name : NULL,
        .interp = compat_interp_number(tstate->interp),
        .is_main = ident == compat_main_thread_ident(),
    };
    struct frame_walk w = {
        .t = t, .tstate = tstate, .thread = (uint32_t)t->threads.len, .ident = ident};
    if (take_thread_vec_push(&t->threads, t->a, thread) < 0) {
        t->failed = true;
        return;
    }
    struct compat_frame_visitor v = {&w, enter_frame, add_local};
    compat_frames_each(tstate, &v);
    w.own = false;
    add_loop(&w);
    compat_context_each(tstate->context, add_context_var, &w);
    compat_thread_each_ref(tstate, add_thread_ref, &w);
}

/* Names are the user's: nothing keeps two threads from having the same. */
static void
find_namesakes(struct take *t)
{
    for (size_t i = 0; i < t->threads.len; i++) {
        struct take_thread *a = &t->threads.data[i];
        for (size_t k = 0; a->name != NULL && k < i; k++) {
            struct take_thread *b = &t->threads.data[k];
            if (b->name != NULL && a->interp == b->interp && take_same_str(a->name, b->name)) {
                a->namesake = b->namesake = true;
            }
        }
    }
}

/* The list can be mid-insert (a thread state is made without the GIL), so each entry is
 * checked to belong here. */
void
take_threads(struct take *t, PyInterpreterState *interp)
{
    int bound = 100000;
    for (PyThreadState *ts = PyInterpreterState_ThreadHead(interp);
         ts != NULL && bound-- > 0; ts = PyThreadState_Next(ts)) {
        if (ts->interp == interp && ts != PyThreadState_Get()) {
            add_thread(t, ts);
        }
    }
    find_namesakes(t);
}
