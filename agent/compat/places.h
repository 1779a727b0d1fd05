/* SPDX-License-Identifier: MIT
 *
 * Where the fields of PyInterpreterState are in the RUNNING interpreter. The headers
 * say where they were in the one compiled with; from 3.14 on they move from one patch
 * release to the next. For the files of this folder only.
 *
 * A place is known when it was found and verified, or unknown: then nobody reads it, and
 * what depends on it does with what public functions say.
 */
#ifndef ML_AGENT_COMPAT_PLACES_H
#define ML_AGENT_COMPAT_PLACES_H

#include "compat_core.h"

enum compat_place {
    PLACE_GC_GARBAGE,
    PLACE_GC_CALLBACKS,
    PLACE_SYS_DICT,
    PLACE_BUILTINS,
    PLACE_MODULES,
    PLACE_MODULES_BY_INDEX,
    PLACE_IMPORTLIB,
    PLACE_IMPORT_FUNC,
    PLACE_CODEC_PATH,
    PLACE_CODEC_CACHE,
    PLACE_CODEC_ERRORS,
    PLACE_DICT,
    PLACE_SYS_DICT_COPY,
    PLACE_BUILTINS_COPY,
    PLACE_FORK_BEFORE,
    PLACE_FORK_PARENT,
    PLACE_FORK_CHILD,
    PLACE_WARNINGS_FILTERS,
    PLACE_WARNINGS_ONCE,
    PLACE_WARNINGS_ACTION,
    PLACE_ATEXIT,        /* 3.14 on an object; before, struct atexit_state */
    PLACE_AUDIT_HOOKS,
    PLACE_OBJECT_STATE,  /* a structure: free lists, 3.13 on */
    PLACE_STATIC_TYPES,  /* a structure: interp->types, 3.12 on */
    PLACE_COMMON_CONSTS, /* an array of objects, 3.14 on */
    PLACE_MONITORING,    /* an array of objects, 3.12 on */
    PLACE_INTERNED,
    PLACE_COUNT
};

/* Finds them, once. GIL: held, in the program, not in the copy. */
void compat_places_find(void);

/* The field in this interpreter, NULL when its place is not known. */
void *compat_place(PyInterpreterState *interp, enum compat_place place);

/* Whatever was found is where it was compiled, and the state is as large: then its other
 * fields may be read where the headers say. */
bool compat_places_unmoved(void);

/* The object in such a field; NULL also when there is none. */
PyObject *compat_place_object(PyInterpreterState *interp, enum compat_place place);

/* -- told.c ------------------------------------------------------------------------- */

/* Its collector's state, and the GIL it uses. */
size_t compat_place_gc_offset(void);
struct _gc_runtime_state *compat_place_gc(PyInterpreterState *interp);
void *compat_place_gil(PyInterpreterState *interp);

/* Its three generations, youngest first. */
struct gc_generation *compat_place_generations(struct _gc_runtime_state *gc);

/* The bytes of a PyInterpreterState. */
size_t compat_place_interp_size(void);

/* What the running interpreter says of its own layout agrees with what was compiled in;
 * else the name of what does not. 3.13 on; NULL before, where layouts stand still. */
const char *compat_places_disagree(void);

/* _PyRuntime is as it was compiled. */
bool compat_place_runtime_known(void);

/* -- places.c ----------------------------------------------------------------------- */

/* The private fields of a thread state (_PyThreadStateImpl, 3.13 on) are where they were. */
bool compat_place_thread_known(void);

/* An object is there, as far as can be seen without following what is not. */
bool compat_place_holds_object(const void *p);

/* Reads memory that may not be there. */
bool compat_peek(const void *from, void *to, size_t size);

#endif
