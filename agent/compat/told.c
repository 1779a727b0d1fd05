/* SPDX-License-Identifier: MIT
 *
 * What the running interpreter says of its own layout, from 3.13 on
 * (_PyRuntime.debug_offsets): where its collector and its GIL are, and whether what a sweep
 * cannot do without is as it was compiled. See places.h.
 */
#include "places.h"

#include <string.h>

#include "internal/pycore_runtime.h"

#if PY_VERSION_HEX >= 0x030D0000

static const struct _Py_DebugOffsets *
told(void)
{
    const struct _Py_DebugOffsets *t = &_PyRuntime.debug_offsets;
    bool sane = memcmp(t->cookie, "xdebugpy", 8) == 0 && t->version == Py_Version
                && t->interpreter_state.gc < t->interpreter_state.size
                && t->interpreter_state.size < (size_t)16 << 20;
    return sane ? t : NULL;
}

#define TOLD(member, otherwise) (told() != NULL ? (size_t)told()->member : (otherwise))

struct agreement {
    const char *what;
    uint64_t told;
    size_t compiled;
};

#define THREAD_MORE 64

#define SAME(what, member, is) {what, t->member, is}

const char *
compat_places_disagree(void)
{
    const struct _Py_DebugOffsets *t = told();
    if (t == NULL) {
        return "its own state";
    }
    const struct agreement all[] = {
        SAME("the list of threads", interpreter_state.threads_head,
             offsetof(PyInterpreterState, threads.head)),
        SAME("the list of interpreters", interpreter_state.next,
             offsetof(PyInterpreterState, next)),
        SAME("threads", thread_state.next, offsetof(PyThreadState, next)),
        SAME("threads", thread_state.interp, offsetof(PyThreadState, interp)),
        SAME("threads", thread_state.thread_id, offsetof(PyThreadState, thread_id)),
        SAME("threads", thread_state.current_frame,
             offsetof(PyThreadState, current_frame)),
        SAME("frames", interpreter_frame.previous,
             offsetof(_PyInterpreterFrame, previous)),
        SAME("frames", interpreter_frame.executable,
             offsetof(_PyInterpreterFrame, f_executable)),
        SAME("frames", interpreter_frame.instr_ptr,
             offsetof(_PyInterpreterFrame, instr_ptr)),
        SAME("frames", interpreter_frame.owner, offsetof(_PyInterpreterFrame, owner)),
        SAME("frames", interpreter_frame.localsplus,
             offsetof(_PyInterpreterFrame, localsplus)),
#if PY_VERSION_HEX >= 0x030E0000
        SAME("frames", interpreter_frame.stackpointer,
             offsetof(_PyInterpreterFrame, stackpointer)),
        SAME("generators", gen_object.gi_iframe, offsetof(PyGenObject, gi_iframe)),
        SAME("generators", gen_object.gi_frame_state,
             offsetof(PyGenObject, gi_frame_state)),
        SAME("sets", set_object.size, sizeof(PySetObject)),
        SAME("sets", set_object.table, offsetof(PySetObject, table)),
#endif
        SAME("code objects", code_object.size, sizeof(PyCodeObject)),
        SAME("code objects", code_object.localsplusnames,
             offsetof(PyCodeObject, co_localsplusnames)),
        SAME("code objects", code_object.co_code_adaptive,
             offsetof(PyCodeObject, co_code_adaptive)),
        SAME("types", type_object.size, sizeof(PyTypeObject)),
        SAME("types", type_object.tp_flags, offsetof(PyTypeObject, tp_flags)),
        SAME("tuples", tuple_object.ob_item, offsetof(PyTupleObject, ob_item)),
        SAME("lists", list_object.size, sizeof(PyListObject)),
        SAME("lists", list_object.ob_item, offsetof(PyListObject, ob_item)),
        SAME("dicts", dict_object.size, sizeof(PyDictObject)),
        SAME("dicts", dict_object.ma_keys, offsetof(PyDictObject, ma_keys)),
        SAME("dicts", dict_object.ma_values, offsetof(PyDictObject, ma_values)),
        SAME("ints", long_object.ob_digit, offsetof(PyLongObject, long_value.ob_digit)),
        SAME("strings", unicode_object.size, sizeof(PyUnicodeObject)),
        SAME("strings", unicode_object.asciiobject_size, sizeof(PyASCIIObject)),
        SAME("the collector's state", gc.collecting,
             offsetof(struct _gc_runtime_state, collecting)),
    };
    /* Patch releases add fields at its end (3.13.18 has one more than 3.13.0). */
    if (t->thread_state.size + THREAD_MORE < sizeof(PyThreadState)
        || t->thread_state.size > sizeof(PyThreadState) + THREAD_MORE) {
        return "threads";
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(all); i++) {
        if (all[i].told != all[i].compiled) {
            return all[i].what;
        }
    }
    return NULL;
}

#else

#define TOLD(member, otherwise) (otherwise)

const char *
compat_places_disagree(void)
{
    return NULL;
}

#endif

size_t
compat_place_gc_offset(void)
{
    return TOLD(interpreter_state.gc, offsetof(PyInterpreterState, gc));
}

struct _gc_runtime_state *
compat_place_gc(PyInterpreterState *interp)
{
    return (struct _gc_runtime_state *)((char *)interp + compat_place_gc_offset());
}

bool
compat_place_runtime_known(void)
{
    return TOLD(runtime_state.size, sizeof(_PyRuntimeState)) == sizeof(_PyRuntimeState);
}

size_t
compat_place_interp_size(void)
{
    return TOLD(interpreter_state.size, sizeof(PyInterpreterState));
}

void *
compat_place_gil(PyInterpreterState *interp)
{
#if PY_VERSION_HEX >= 0x030C0000
    size_t offset = TOLD(interpreter_state.ceval_gil,
                         offsetof(PyInterpreterState, ceval.gil));
    return *(void **)((char *)interp + offset);
#else
    (void)interp;
    return NULL; /* one for all */
#endif
}

/* Up to 3.13 the collector has a pointer to them, which stays where it was when a patch
 * release of 3.13 moved them by four bytes (their alignment became less). The incremental
 * collector of 3.14.0 to 3.14.4 names them otherwise: young, and two old ones. They stand
 * in the same place. */
struct gc_generation *
compat_place_generations(struct _gc_runtime_state *gc)
{
#if PY_VERSION_HEX < 0x030E0000
    return (struct gc_generation *)gc->generation0;
#elif PY_VERSION_HEX < 0x030E0500
    return &gc->young;
#else
    return gc->generations;
#endif
}
