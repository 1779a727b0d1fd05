/* SPDX-License-Identifier: MIT
 *
 * Objects that the interpreter state and the thread states hold themselves: the roots
 * that are no Python variable. Names are the fields' own. Interpreters that have a GIL of
 * their own are freeze.c's, further fields interp_more.c's.
 */
#include "compat_core.h"

#include "internal/pycore_runtime.h" /* _PyRuntime.main_thread */
#include "places.h"

PyInterpreterState *
compat_interp_next(PyInterpreterState *interp)
{
#if PY_VERSION_HEX >= 0x030C0000
    for (PyInterpreterState *next = interp == NULL ? PyInterpreterState_Head()
                                                   : PyInterpreterState_Next(interp);
         next != NULL; next = PyInterpreterState_Next(next)) {
        if (compat_place_gil(next) == compat_place_gil(PyInterpreterState_Main()) ||
            compat_freeze_has(next)) {
            return next;
        }
    }
    return NULL;
#else
    return interp == NULL ? PyInterpreterState_Head() : PyInterpreterState_Next(interp);
#endif
}

bool
compat_interp_others(void)
{
    size_t all = 0, ours = 0;
    for (PyInterpreterState *i = PyInterpreterState_Head(); i != NULL;
         i = PyInterpreterState_Next(i)) {
        all++;
    }
    for (PyInterpreterState *i = compat_interp_next(NULL); i != NULL;
         i = compat_interp_next(i)) {
        ours++;
    }
    return all > ours;
}

/* New thread states come first in the list, so the last is the main thread's as a rule. */
static unsigned long
oldest_thread_ident(void)
{
    PyThreadState *oldest = PyInterpreterState_ThreadHead(PyInterpreterState_Main());
    for (PyThreadState *next = oldest; next != NULL; next = PyThreadState_Next(next)) {
        oldest = next;
    }
    return oldest != NULL ? oldest->thread_id : 0;
}

unsigned long
compat_main_thread_ident(void)
{
    return compat_place_runtime_known() ? _PyRuntime.main_thread : oldest_thread_ident();
}

unsigned long
compat_thread_ident(PyThreadState *tstate)
{
    return tstate->thread_id;
}

unsigned long
compat_thread_native_id(PyThreadState *tstate)
{
#if ML_PY_310
    (void)tstate;
    return 0;
#else
    return tstate->native_thread_id;
#endif
}

/* exc_info is a stack: one entry per handler that is running. Generators' entries are
 * part of the generators and visited by them. */
static void
exceptions_being_handled(PyThreadState *tstate, compat_ref_fn each, void *ctx)
{
    _PyErr_StackItem *own = &tstate->exc_state;
#if ML_PY_310
    each(ctx, "exception being handled", own->exc_type);
    each(ctx, "exception being handled", own->exc_traceback);
#endif
    each(ctx, "exception being handled", own->exc_value);
}

#if PY_VERSION_HEX >= 0x030E0000

/* The running loop is another need (loops.c). */
static void
each_private_ref(PyThreadState *tstate, compat_ref_fn each, void *ctx)
{
    _PyThreadStateImpl *thread = (_PyThreadStateImpl *)tstate;
    if (!compat_place_thread_known()) {
        return;
    }
    each(ctx, "asyncio's running task", thread->asyncio_running_task);
#if PY_VERSION_HEX >= 0x030F0000
    PyObject *lazy = thread->lazy_imports; /* far behind what has been verified */
    each(ctx, "lazy imports", compat_place_holds_object(lazy) ? lazy : NULL);
#endif
}

#endif

void
compat_thread_each_ref(PyThreadState *tstate, compat_ref_fn each, void *ctx)
{
    each(ctx, "thread state dict", tstate->dict);
    each(ctx, "context", tstate->context);
    each(ctx, "asynchronous exception", tstate->async_exc);
    each(ctx, "async generator hook", tstate->async_gen_firstiter);
    each(ctx, "async generator hook", tstate->async_gen_finalizer);
    each(ctx, "profile function", tstate->c_profileobj);
    each(ctx, "trace function", tstate->c_traceobj);
#if PY_VERSION_HEX >= 0x030C0000
    each(ctx, "exception being raised", tstate->current_exception);
#else
    each(ctx, "exception being raised", tstate->curexc_type);
    each(ctx, "exception being raised", tstate->curexc_value);
    each(ctx, "exception being raised", tstate->curexc_traceback);
#endif
#if PY_VERSION_HEX >= 0x030D0000
    each(ctx, "threading.local key", tstate->threading_local_key);
    each(ctx, "threading.local sentinel", tstate->threading_local_sentinel);
#endif
#if PY_VERSION_HEX >= 0x030E0000
    each_private_ref(tstate, each, ctx);
#endif
    exceptions_being_handled(tstate, each, ctx);
}

#if PY_VERSION_HEX < 0x030E0000

static void
each_atexit(PyInterpreterState *interp, compat_ref_fn each, void *ctx)
{
    struct atexit_state *state = compat_place(interp, PLACE_ATEXIT);
    for (int i = 0; state != NULL && i < state->ncallbacks; i++) {
#if ML_PY_310 || ML_PY_311
        atexit_callback *cb = state->callbacks[i];
#else
        atexit_py_callback *cb = state->callbacks[i];
#endif
        if (cb != NULL) {
            each(ctx, "atexit callback", cb->func);
            each(ctx, "atexit callback's arguments", cb->args);
            each(ctx, "atexit callback's arguments", cb->kwargs);
        }
    }
}

#endif

#if PY_VERSION_HEX >= 0x030C0000

static void
each_in_array(PyInterpreterState *interp, enum compat_place place, size_t count,
              const char *name, compat_ref_fn each, void *ctx)
{
    PyObject **array = compat_place(interp, place);
    for (size_t i = 0; array != NULL && i < count; i++) {
        bool borrowed = place == PLACE_COMMON_CONSTS && array[i] != NULL &&
                        PyCFunction_Check(array[i]); /* all, any: builtins' own */
        if (!borrowed) {
            each(ctx, name, array[i]);
        }
    }
}

#define ITEMS(member) \
    (sizeof(((PyInterpreterState *)NULL)->member) / sizeof(PyObject *))

#endif

static void
each_array(PyInterpreterState *interp, compat_ref_fn each, void *ctx)
{
#if PY_VERSION_HEX >= 0x030C0000
    each_in_array(interp, PLACE_MONITORING, ITEMS(monitoring_callables),
                  "monitoring callback", each, ctx);
#endif
#if PY_VERSION_HEX >= 0x030E0000
    each_in_array(interp, PLACE_COMMON_CONSTS, ITEMS(common_consts), "common constant",
                  each, ctx);
#else
    each_atexit(interp, each, ctx);
#endif
}

void
compat_interp_each_ref(PyInterpreterState *interp, compat_ref_fn each, void *ctx)
{
    static const struct {
        enum compat_place place;
        const char *name;
    } refs[] = {
        {PLACE_SYS_DICT, "sys dict"},
        {PLACE_BUILTINS, "builtins dict"},
        {PLACE_DICT, "interpreter dict"},
        {PLACE_BUILTINS_COPY, "builtins copy"},
        {PLACE_SYS_DICT_COPY, "sys dict copy"},
        {PLACE_INTERNED, "interned strings"},
        {PLACE_FORK_BEFORE, "fork hooks"},
        {PLACE_FORK_PARENT, "fork hooks"},
        {PLACE_FORK_CHILD, "fork hooks"},
        {PLACE_WARNINGS_FILTERS, "warnings filters"},
        {PLACE_WARNINGS_ONCE, "warnings once registry"},
        {PLACE_WARNINGS_ACTION, "warnings default action"},
        {PLACE_AUDIT_HOOKS, "audit hooks"},
        {PLACE_GC_CALLBACKS, "gc callbacks"},
        {PLACE_GC_GARBAGE, "gc.garbage"},
        {PLACE_MODULES, "sys.modules"},
        {PLACE_MODULES_BY_INDEX, "modules by index"},
        {PLACE_IMPORTLIB, "importlib"},
        {PLACE_IMPORT_FUNC, "import function"},
        {PLACE_CODEC_PATH, "codecs search path"},
        {PLACE_CODEC_CACHE, "codecs cache"},
        {PLACE_CODEC_ERRORS, "codecs error handlers"},
#if PY_VERSION_HEX >= 0x030E0000
        {PLACE_ATEXIT, "atexit callbacks"}, /* a list of tuples */
#endif
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(refs); i++) {
        each(ctx, refs[i].name, compat_place_object(interp, refs[i].place));
    }
    each_array(interp, each, ctx);
}
