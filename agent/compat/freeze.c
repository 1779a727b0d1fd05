/* SPDX-License-Identifier: MIT
 *
 * Interpreters that share no GIL with us (3.12 on) and must stand still while the process
 * is copied, or their heap is torn.
 *
 * To take such a GIL the ordinary way a thread state is needed in that interpreter; while
 * one exists that its owner did not make, Py_EndInterpreter ends the process, and there
 * is no time limit on waiting. So the GIL is not taken. Its mutex is: whoever wants to
 * take or give the GIL back needs it, so with the mutex held and `locked` 0 nobody runs
 * there and nobody can begin to. The mutex is tried, never waited for: no order of locks,
 * no deadlock. An interpreter whose GIL is held is busy and is left alone.
 *
 *   GIL of ours ── interpreters' list lock (tried) ── each gil->mutex (tried) ── clone
 *
 * The list's lock keeps an interpreter and its GIL from being freed meanwhile. The last
 * steps of an interpreter's end happen with its GIL held or `locked` -1.
 */
#include "compat_core.h"

#include "internal/pycore_runtime.h" /* _PyRuntime.interpreters */
#include "places.h"

#if PY_VERSION_HEX >= 0x030C0000

#include "internal/pycore_gil.h" /* struct _gil_runtime_state */

#define MOST 64 /* interpreters that are held at once; others count as busy */

/* Guarded by the main GIL; in the copy there is nobody else. */
static struct {
    PyInterpreterState *held[MOST];
    uint32_t count;
    uint32_t left_out[MOST];
    uint32_t left_out_count;
    bool listed; /* we have the lock of the interpreters' list */
} state;

static bool
lock_list(void)
{
#if PY_VERSION_HEX >= 0x030D0000
    uint8_t free_bits = 0;
    return __atomic_compare_exchange_n(&_PyRuntime.interpreters.mutex._bits, &free_bits, 1,
                                       false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
#else
    return PyThread_acquire_lock(_PyRuntime.interpreters.mutex, NOWAIT_LOCK) == 1;
#endif
}

static void
unlock_list(void)
{
#if PY_VERSION_HEX >= 0x030D0000
    PyMutex_Unlock(&_PyRuntime.interpreters.mutex);
#else
    PyThread_release_lock(_PyRuntime.interpreters.mutex);
#endif
}

static int
gil_locked(struct _gil_runtime_state *gil)
{
#if ML_PY_312
    return _Py_atomic_load_relaxed(&gil->locked);
#else
    return __atomic_load_n(&gil->locked, __ATOMIC_RELAXED);
#endif
}

static bool
is_ending(PyInterpreterState *interp)
{
#if PY_VERSION_HEX >= 0x030D0000
    return __atomic_load_n(&interp->_finalizing, __ATOMIC_ACQUIRE) != NULL;
#else
    return _Py_atomic_load_relaxed(&interp->_finalizing) != 0;
#endif
}

/* One that is being made or ended: it has no modules to name anything by, and what it has
 * goes with it. */
static bool
is_whole(PyInterpreterState *interp)
{
    return compat_interp_modules(interp) != NULL &&
           compat_place_object(interp, PLACE_SYS_DICT) != NULL && !is_ending(interp);
}

/* False: it is busy. */
static bool
hold(PyInterpreterState *interp)
{
    struct _gil_runtime_state *gil = compat_place_gil(interp);
    if (is_ending(interp)) {
        return true;
    }
    if (gil == NULL || state.count == MOST || gil_locked(gil) != 0 ||
        pthread_mutex_trylock(&gil->mutex) != 0) {
        return false;
    }
    if (gil_locked(gil) != 0) {
        pthread_mutex_unlock(&gil->mutex);
        return false;
    }
    if (!is_whole(interp)) {
        pthread_mutex_unlock(&gil->mutex);
        return true; /* neither held nor missed */
    }
    state.held[state.count++] = interp;
    return true;
}

static void
leave_out(PyInterpreterState *interp)
{
    if (state.left_out_count < MOST) {
        state.left_out[state.left_out_count] = compat_interp_number(interp);
    }
    state.left_out_count++;
}

struct compat_freeze
compat_freeze_begin(void)
{
    struct compat_freeze result = {0, 0};
    PyInterpreterState *main = PyInterpreterState_Main();
    state.count = state.left_out_count = 0;
    state.listed = false;
    if (PyInterpreterState_Head() == main && PyInterpreterState_Next(main) == NULL) {
        return result; /* the usual case costs nothing */
    }
    if (!lock_list()) {
        result.busy = 1; /* one is being made or ended just now */
        return result;
    }
    state.listed = true;
    for (PyInterpreterState *i = PyInterpreterState_Head(); i != NULL;
         i = PyInterpreterState_Next(i)) {
        if (compat_place_gil(i) != compat_place_gil(main) && !hold(i)) {
            leave_out(i);
        }
    }
    result.frozen = state.count;
    result.busy = state.left_out_count;
    return result;
}

void
compat_freeze_end(void)
{
    for (uint32_t i = 0; i < state.count; i++) {
        struct _gil_runtime_state *gil = compat_place_gil(state.held[i]);
        pthread_mutex_unlock(&gil->mutex);
        leave_out(state.held[i]);
    }
    state.count = 0;
    if (state.listed) {
        unlock_list();
        state.listed = false;
    }
}

/* Nobody will ever ask for the mutexes here; the list's lock is asked for by Python code
 * that runs in a copy. Whoever waited for it does not exist any more. */
void
compat_freeze_copied(void)
{
    if (state.listed) {
#if PY_VERSION_HEX >= 0x030D0000
        _PyRuntime.interpreters.mutex._bits = 0;
#else
        unlock_list();
#endif
        state.listed = false;
    }
}

bool
compat_freeze_has(PyInterpreterState *interp)
{
    for (uint32_t i = 0; i < state.count; i++) {
        if (state.held[i] == interp) {
            return true;
        }
    }
    return false;
}

uint32_t
compat_freeze_left_out(uint32_t *numbers, uint32_t max)
{
    uint32_t known = state.left_out_count < MOST ? state.left_out_count : MOST;
    for (uint32_t i = 0; i < known && i < max; i++) {
        numbers[i] = state.left_out[i];
    }
    return state.left_out_count;
}

#else

/* All interpreters share one GIL. */

struct compat_freeze
compat_freeze_begin(void)
{
    return (struct compat_freeze){0, 0};
}

void
compat_freeze_end(void)
{
}

void
compat_freeze_copied(void)
{
}

bool
compat_freeze_has(PyInterpreterState *interp)
{
    (void)interp;
    return false;
}

uint32_t
compat_freeze_left_out(uint32_t *numbers, uint32_t max)
{
    (void)numbers;
    (void)max;
    return 0;
}

#endif
