/* SPDX-License-Identifier: MIT
 *
 * Running Python code in a copy of the process in which the other threads do not exist.
 * A thread that waits for the GIL leaves a request to drop it; in the copy nobody takes
 * what is dropped, and the evaluation loop would wait for ever for a switch that cannot
 * come. So requests are cleared, and the GIL's own locks are made anew, for a thread
 * that does not exist may hold them.
 *
 * Left as they are: import locks and every lock of Python code. Who needs one that a
 * thread held when the copy was made waits, which is what the caller's time limit is for.
 */
#include "compat_core.h"

#include <pthread.h>
#include <time.h>

#if PY_VERSION_HEX >= 0x030E0000
#include "internal/pycore_pythonrun.h" /* _PyOS_STACK_MARGIN_SHIFT */
#endif
#include "internal/pycore_runtime.h" /* _PyRuntime.ceval */

#include "places.h"

#define DEEPEST 10000 /* calls; a program may have set a limit that no stack has room for */

/* As the interpreter's own: it waits by the monotonic clock. */
static void
renew_gil(struct _gil_runtime_state *gil)
{
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&gil->mutex, NULL);
    pthread_cond_init(&gil->cond, &clock);
#ifdef FORCE_SWITCHING
    pthread_mutex_init(&gil->switch_mutex, NULL);
    pthread_cond_init(&gil->switch_cond, &clock);
#endif
    pthread_condattr_destroy(&clock);
}

#if PY_VERSION_HEX >= 0x030D0000

/* Requests are bits of the thread's own word, above them the version of the program's
 * instrumentation. */
static void
clear_requests(PyThreadState *tstate)
{
    tstate->eval_breaker &= ~(uintptr_t)0xff;
    tstate->interp->ceval.pending.npending = 0;
}

#else

static void
clear(_Py_atomic_int *flag)
{
    __atomic_store_n(&flag->_value, 0, __ATOMIC_RELAXED);
}

/* The breaker is worked out anew from the others each time one of them changes. */
static void
clear_requests(PyThreadState *tstate)
{
    struct _ceval_state *ceval = &tstate->interp->ceval;
    clear(&ceval->gil_drop_request);
    clear(&ceval->pending.calls_to_do);
    ceval->pending.async_exc = 0;
    clear(&_PyRuntime.ceval.signals_pending);
#if ML_PY_312
    clear(&ceval->gc_scheduled);
#endif
    clear(&ceval->eval_breaker);
}

#endif

static void
forget_tracing(PyThreadState *tstate)
{
    tstate->c_tracefunc = NULL;
    tstate->c_profilefunc = NULL;
#if ML_PY_310 || ML_PY_311
    tstate->cframe->use_tracing = 0;
#else
    tstate->tracing = 1; /* sys.monitoring's tools are not called either */
#endif
}

static void
limit_recursion(PyThreadState *tstate)
{
    int limit = Py_GetRecursionLimit();
    limit = limit < DEEPEST ? limit : DEEPEST;
#if ML_PY_310
    tstate->interp->ceval.recursion_limit = limit;
    tstate->recursion_depth = 0;
#elif ML_PY_311
    tstate->recursion_limit = tstate->recursion_remaining = limit;
#else
    tstate->py_recursion_limit = tstate->py_recursion_remaining = limit;
#endif
}

#if PY_VERSION_HEX >= 0x030E0000

#define MARGIN ((uintptr_t)1 << _PyOS_STACK_MARGIN_SHIFT)

/* From 3.14 on calls of C code are not counted: the address of the stack is looked at.
 * Ours is not the one that this thread had in the program. Left alone when the limits
 * do not stand to each other as we know them: then a crash ends what goes too deep. */
static void
limit_stack(PyThreadState *tstate, size_t size)
{
    _PyThreadStateImpl *own = (_PyThreadStateImpl *)tstate;
    if (own->c_stack_soft_limit - own->c_stack_hard_limit != MARGIN ||
        own->c_stack_top < own->c_stack_soft_limit) {
        return;
    }
    own->c_stack_top = (uintptr_t)__builtin_frame_address(0);
    own->c_stack_hard_limit = own->c_stack_top - size + MARGIN;
    own->c_stack_soft_limit = own->c_stack_hard_limit + MARGIN;
}

#else

/* Calls are counted, and no stack is known. */
static void
limit_stack(PyThreadState *tstate, size_t size)
{
    (void)tstate, (void)size;
}

#endif

/* That of this thread, without asking whether there is one. */
static PyThreadState *
own_thread_state(void)
{
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_GetUnchecked();
#else
    return _PyThreadState_UncheckedGet();
#endif
}

bool
compat_run_alone(size_t stack)
{
    PyThreadState *tstate = own_thread_state();
    if (tstate == NULL) {
        return false;
    }
#if ML_PY_310 || ML_PY_311
    renew_gil(&_PyRuntime.ceval.gil);
#else
    renew_gil(compat_place_gil(tstate->interp));
#endif
    clear_requests(tstate);
    tstate->async_exc = NULL;
    forget_tracing(tstate);
    limit_recursion(tstate);
    limit_stack(tstate, stack);
    PyGC_Disable();
    return true;
}
