/* SPDX-License-Identifier: MIT
 *
 * Objects that the interpreter state and the thread states hold themselves: the roots
 * that are no Python variable. Names are the fields' own.
 */
#include "compat_core.h"

#include "internal/pycore_runtime.h" /* _PyRuntime.main_thread */

PyInterpreterState *
compat_interp_next(PyInterpreterState *interp)
{
#if PY_VERSION_HEX >= 0x030C0000
    for (PyInterpreterState *next = interp == NULL ? PyInterpreterState_Head()
                                                   : PyInterpreterState_Next(interp);
         next != NULL; next = PyInterpreterState_Next(next)) {
        if (next->ceval.gil == PyInterpreterState_Main()->ceval.gil) {
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

unsigned long
compat_main_thread_ident(void)
{
    return _PyRuntime.main_thread;
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
    exceptions_being_handled(tstate, each, ctx);
}

static void
each_atexit(PyInterpreterState *interp, compat_ref_fn each, void *ctx)
{
#if PY_VERSION_HEX >= 0x030E0000
    each(ctx, "atexit", interp->atexit.callbacks); /* a list of tuples */
#else
    struct atexit_state *state = &interp->atexit;
    for (int i = 0; i < state->ncallbacks; i++) {
#if ML_PY_310 || ML_PY_311
        atexit_callback *cb = state->callbacks[i];
#else
        atexit_py_callback *cb = state->callbacks[i];
#endif
        if (cb != NULL) {
            each(ctx, "atexit", cb->func);
            each(ctx, "atexit", cb->args);
            each(ctx, "atexit", cb->kwargs);
        }
    }
#endif
}

static void
each_import(PyInterpreterState *interp, compat_ref_fn each, void *ctx)
{
#if PY_VERSION_HEX >= 0x030C0000
    struct _import_state *imports = &interp->imports;
    each(ctx, "sys.modules", imports->modules);
    each(ctx, "modules by index", imports->modules_by_index);
    each(ctx, "importlib", imports->importlib);
    each(ctx, "import function", imports->import_func);
#else
    each(ctx, "sys.modules", interp->modules);
    each(ctx, "modules by index", interp->modules_by_index);
    each(ctx, "importlib", interp->importlib);
    each(ctx, "import function", interp->import_func);
#endif
}

static void
each_codec(PyInterpreterState *interp, compat_ref_fn each, void *ctx)
{
#if PY_VERSION_HEX >= 0x030D0000
    each(ctx, "codecs search path", interp->codecs.search_path);
    each(ctx, "codecs cache", interp->codecs.search_cache);
    each(ctx, "codecs error handlers", interp->codecs.error_registry);
#else
    each(ctx, "codecs search path", interp->codec_search_path);
    each(ctx, "codecs cache", interp->codec_search_cache);
    each(ctx, "codecs error handlers", interp->codec_error_registry);
#endif
}

void
compat_interp_each_ref(PyInterpreterState *interp, compat_ref_fn each, void *ctx)
{
    each(ctx, "sys dict", interp->sysdict);
    each(ctx, "builtins dict", interp->builtins);
    each(ctx, "interpreter dict", interp->dict);
    each(ctx, "builtins copy", interp->builtins_copy);
#if PY_VERSION_HEX >= 0x030C0000
    each(ctx, "sys dict copy", interp->sysdict_copy);
    each(ctx, "interned strings", interp->cached_objects.interned_strings);
#endif
    each(ctx, "fork hooks", interp->before_forkers);
    each(ctx, "fork hooks", interp->after_forkers_parent);
    each(ctx, "fork hooks", interp->after_forkers_child);
    each(ctx, "warnings filters", interp->warnings.filters);
    each(ctx, "warnings once registry", interp->warnings.once_registry);
    each(ctx, "warnings default action", interp->warnings.default_action);
    each(ctx, "audit hooks", interp->audit_hooks);
    each(ctx, "gc callbacks", interp->gc.callbacks);
    each(ctx, "gc.garbage", interp->gc.garbage);
    each_import(interp, each, ctx);
    each_codec(interp, each, ctx);
    each_atexit(interp, each, ctx);
}
