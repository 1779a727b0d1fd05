/* SPDX-License-Identifier: MIT
 *
 * What differs between CPython versions, one function per need. Whoever calls these
 * needs no version check; whoever adds a version changes this folder alone.
 *
 * All of it may be called in the sweep process: nothing here allocates, takes a lock,
 * changes a reference count, materialises a dict or a frame, or runs Python code.
 * Every PyObject* that comes out is borrowed.
 *
 * Thread: the agent thread (or its copy in the sweep process).
 * GIL: held, or the process is a frozen copy in which it was held.
 */
#ifndef ML_AGENT_COMPAT_H
#define ML_AGENT_COMPAT_H

#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* -- layout.c: is the running interpreter one whose layout we know? ---------------- */

/* Compares the running version with the one compiled for and checks what drifts with
 * objects made for the purpose. GIL: held, in the program, not in the copy. */
int compat_layout_check(struct ml_error *err);

/* The running interpreter's version, "3.11.7". */
const char *compat_version(void);

/* -- gc_objects.c: the collector's lists ------------------------------------------- */

/* A collection is going on (its candidates are in no list just now). */
bool compat_gc_collecting(PyInterpreterState *interp);

/* They are lists, as far as can be seen without following what is not one. */
bool compat_gc_lists_close(PyInterpreterState *interp);

/* Calls `each` for every tracked object, frozen ones included; stops when it returns
 * non-zero and returns that. */
int compat_gc_each(PyInterpreterState *interp, int (*each)(PyObject *op, void *ctx),
                   void *ctx);

/* -- young.c: what the collector has not seen yet ----------------------------------- */

/* Two objects of ours in the collector's lists: `mark` closes what has been seen, `fence`
 * stands before what is older, so that gc.freeze(), which strings all lists together,
 * leaves what is new between the two. */
struct compat_young {
    PyObject *mark;
    PyObject *fence;
    int64_t collections; /* made until the marks were set; -1: not set yet */
    bool incremental;    /* the collector is that of 3.14.0 to 3.14.4 */
};

enum compat_young_when {
    COMPAT_YOUNG_START, /* called by the collector before it begins */
    COMPAT_YOUNG_STOP,  /* and after it has ended */
    COMPAT_YOUNG_OTHER
};

/* Calls `each` with the block of every object that became tracked since the marks were
 * set and may come from a free list, and sets the marks anew. Types that can be tracked
 * later than they are born are left out. GIL: held, in the program, not in the copy. */
void compat_young_each(PyInterpreterState *interp, struct compat_young *young,
                       enum compat_young_when when,
                       void (*each)(void *ctx, uintptr_t block), void *ctx);

/* The list that is gc.callbacks, borrowed; NULL before the module gc is there. */
PyObject *compat_gc_callbacks(PyInterpreterState *interp);

/* -- free_lists.c: memory that is used again without the allocator ------------------- */

/* Calls `dead` for the block of each object that waits in a list for its type to be
 * born again, for types that are not always tracked. GIL: held. */
void compat_free_lists_each(PyInterpreterState *interp,
                            void (*dead)(void *ctx, uintptr_t block), void *ctx);

/* -- deaths.c: the moment in which objects of those other types die ------------------ */

/* Until compat_deaths_unwatch, whatever of them dies is stamped with ml_birth_present
 * (birth_hook.h). GIL: held. */
void compat_deaths_watch(void);
void compat_deaths_unwatch(void);

/* -- objects.c: counts and sizes --------------------------------------------------- */

/* The reference count; false when it says nothing (immortal, deep-frozen). */
bool compat_refcount(PyObject *op, int64_t *count);

/* Bytes in front of an instance that sys.getsizeof counts. */
size_t compat_preheader_size(PyObject *op);

/* An int's size without the header in front. */
size_t compat_long_size(PyObject *op);

/* A str's, dict's, bytearray's size likewise, with the buffers that belong to it. */
size_t compat_str_size(PyObject *op);
size_t compat_dict_size(PyObject *op);
size_t compat_bytearray_size(PyObject *op);

/* Interned strings are held by the interpreter's table without being counted. */
bool compat_str_interned(PyObject *op);

/* Lets every Python allocation of this process copy come from `alloc`, and frees do
 * nothing: for calling C code that must not meet a lock of libc's malloc. Only in
 * the sweep process. */
void compat_redirect_allocators(void *ctx, void *(*alloc)(void *ctx, size_t size));

/* -- dicts.c ----------------------------------------------------------------------- */

/* The dict's values are shown by its traverse, its keys are not (all are str). False
 * for dicts that share keys with others: their keys belong to the class. */
bool compat_dict_hides_keys(PyObject *dict);

/* Entries the dict has room for beyond this many are never needed: its length. */
Py_ssize_t compat_dict_len(PyObject *dict);

/* -- instances.c: attributes without making a __dict__ ----------------------------- */

/* The instance's materialised dict, or NULL. */
PyObject *compat_instance_dict(PyObject *op);

/* Walks attributes kept as inline values: *pos starts at 0; false at the end. */
bool compat_instance_next(PyObject *op, Py_ssize_t *pos, PyObject **name,
                          PyObject **value);

/* Bytes of a separate array of inline values, beyond the object itself. */
size_t compat_instance_values_size(PyObject *op);

/* The traverse leaves out the object's own materialised dict (3.13.0 to 3.13.12, 3.14.0
 * to 3.14.3, but distributions backport: it is seen, not known). */
bool compat_instance_hides_dict(PyObject *op);

/* -- types.c ----------------------------------------------------------------------- */

PyObject *compat_type_dict(PyTypeObject *type);
PyObject *compat_type_subclasses(PyTypeObject *type);
/* Keys that instances of a heap type share; *pos starts at 0. */
bool compat_type_shared_key_next(PyTypeObject *type, Py_ssize_t *pos, PyObject **key);

/* -- code.c ------------------------------------------------------------------------ */

/* Objects a code object holds: `name` is the attribute they are known by. */
void compat_code_each(PyCodeObject *code,
                      void (*each)(void *ctx, const char *name, PyObject *op), void *ctx);

/* The qualified name where there is one (3.11 on), else the name. */
PyObject *compat_code_name(PyCodeObject *code);

/* The i-th free variable's name, for naming a closure's cells; may be NULL. */
PyObject *compat_code_free_name(PyCodeObject *code, Py_ssize_t i);

/* -- frames.c ---------------------------------------------------------------------- */

enum compat_local_kind {
    COMPAT_LOCAL,    /* a variable of the function; cells come as the cell object */
    COMPAT_FREE,     /* a variable of an enclosing function (cell) */
    COMPAT_STACK,    /* a value on the evaluation stack; name is NULL */
    COMPAT_MAYBE,    /* a stack slot that may be stale; name is NULL */
    COMPAT_CODE,     /* the code object; name is NULL */
    COMPAT_FUNCTION, /* the function object */
    COMPAT_FRAME,    /* the frame object */
    COMPAT_NAMESPACE, /* f_locals of a class body, module or exec */
    COMPAT_BORROWED = 64 /* added to any of these: reachable from the frame, but not one
                            more reference (3.14 on) */
};

struct compat_frame {
    PyCodeObject *code;
    PyObject *globals;
    int line;          /* 0: unknown */
    bool shown;        /* an object's traverse shows the locals too: they are not one
                          more reference (3.10's frame objects, running generators) */
    PyObject *object;    /* the frame object, where there is one; else NULL */
    PyObject *generator; /* whose frame it is; NULL: of a plain call */
};

struct compat_frame_visitor {
    void *ctx;
    /* Innermost frame first; false ends the walk of this thread. */
    bool (*frame)(void *ctx, const struct compat_frame *frame);
    void (*local)(void *ctx, enum compat_local_kind kind, PyObject *name, PyObject *op);
};

void compat_frames_each(PyThreadState *tstate, const struct compat_frame_visitor *v);

/* The C stack of code that was switched away: its lowest part may have been copied. */
struct compat_stack {
    const char *start; /* where the copied part was */
    const char *copy;
    Py_ssize_t size;
};

/* The frames of code that was switched away: `frame` is the innermost one's object. From
 * 3.12 on some of them lie on the C stack. On 3.10 nothing: frame objects show it all. */
void compat_frames_suspended(PyObject *frame, const struct compat_stack *stack,
                             const struct compat_frame_visitor *v);

/* The frame of a suspended generator, coroutine or async generator, as the frames of a
 * thread; its last COMPAT_STACK is what it waits for. False when it runs or has ended. */
bool compat_generator_frame(PyObject *gen, const struct compat_frame_visitor *v);

/* Its function, code and frame object, waiting or not; `v->frame` is not called. */
void compat_generator_parts(PyObject *gen, const struct compat_frame_visitor *v);

/* Waits for what is last on its evaluation stack; generators.c. */
bool compat_generator_waits(PyObject *gen);

/* What a frame object is of; NULL for other objects, and where there is none. */
PyCodeObject *compat_frame_code(PyObject *op);

/* What a frame object keeps after its call has ended; `v->frame` is not called. */
void compat_frame_object(PyObject *frame, const struct compat_frame_visitor *v);

/* The variable of a suspended generator, coroutine or async generator that holds
 * `value`, or NULL. */
PyObject *compat_generator_local(PyObject *gen, PyObject *value);

/* Its qualified name, a str. */
PyObject *compat_generator_name(PyObject *gen);

/* What the traverse of a generator, coroutine or async generator shows although it has
 * no reference of its own (3.14 on: `use(local, (yield))` lends the local to the stack). */
void compat_generator_each_borrowed(PyObject *gen, void (*each)(void *ctx, PyObject *op),
                                    void *ctx);

/* -- contexts.c -------------------------------------------------------------------- */

/* Each variable's name (str) and value in a contextvars.Context; nothing for others. */
void compat_context_each(PyObject *context,
                         void (*each)(void *ctx, PyObject *name, PyObject *value),
                         void *ctx);
/* A node of the trie in which a Context keeps its variables. */
bool compat_context_is_part(PyObject *op);

/* -- loops.c ----------------------------------------------------------------------- */

/* The event loop that runs in that thread, as a word that the caller looks up before it
 * takes it for an object; 0: none. `counted`: the thread state itself holds it. */
uintptr_t compat_thread_loop(PyThreadState *tstate, bool *counted);

/* -- freeze.c: interpreters with a GIL of their own -------------------------------- */

struct compat_freeze {
    uint32_t frozen; /* stand still until compat_freeze_end */
    uint32_t busy;   /* run Python code just now: their heap is not to be looked at */
};

/* Holds the other interpreters in which nobody runs where they are; they then count for
 * compat_interp_next. Never waits. Between the two calls only the clone. GIL: the main
 * interpreter's, in the program. */
struct compat_freeze compat_freeze_begin(void);
void compat_freeze_end(void);
/* In the copy, instead of the end: it keeps what is frozen. */
void compat_freeze_copied(void);
bool compat_freeze_has(PyInterpreterState *interp);
/* Numbers of those that were not frozen, after the end of all others; returns how many
 * there are, writes at most `max`. */
uint32_t compat_freeze_left_out(uint32_t *numbers, uint32_t max);

/* -- interp_more.c ----------------------------------------------------------------- */

/* Its number; the main one has 0. */
uint32_t compat_interp_number(PyInterpreterState *interp);
/* Its sys.modules, or NULL. */
PyObject *compat_interp_modules(PyInterpreterState *interp);

/* -- interp.c ---------------------------------------------------------------------- */

/* The interpreters that stand still while this thread has its GIL: NULL begins, NULL
 * ends. Others (3.12 on, with a GIL of their own) are safe to look at only while they
 * are frozen (freeze.c), and in a copy that was made then. */
PyInterpreterState *compat_interp_next(PyInterpreterState *interp);

/* There are such others. */
bool compat_interp_others(void);

unsigned long compat_main_thread_ident(void);
unsigned long compat_thread_ident(PyThreadState *tstate);
unsigned long compat_thread_native_id(PyThreadState *tstate);

/* Objects that the thread state or the interpreter state holds itself. */
typedef void (*compat_ref_fn)(void *ctx, const char *name, PyObject *op);
void compat_thread_each_ref(PyThreadState *tstate, compat_ref_fn each, void *ctx);
void compat_interp_each_ref(PyInterpreterState *interp, compat_ref_fn each, void *ctx);
/* The others of them; interp_more.c. */
void compat_interp_each_more(PyInterpreterState *interp, compat_ref_fn each, void *ctx);

/* -- arenas.c: Python's own allocator ---------------------------------------------- */

/* What of the process's memory may be looked at. */
struct compat_memory {
    void *ctx;
    bool (*readable)(void *ctx, uintptr_t from, size_t len);
    /* The writable data of the library or program that `address` is in. */
    void (*data_around)(void *ctx, uintptr_t address, uintptr_t *from, uintptr_t *to);
};

/* Bytes. Pools that were never carved off an arena, and blocks never handed out, are in
 * `size` alone: as a rule nothing is resident of them. */
struct compat_arenas {
    uint64_t arenas; /* number */
    uint64_t size, used, free, overhead;
};

/* The pool that `block` lies in, 0 when it is in none. */
uintptr_t compat_arenas_pool(const struct compat_memory *m, const void *block);

/* Counts everything, given some pools (a few dozen, of many arenas). False when the
 * allocator is not used, or not one that we know. What a mapping shows as readable may
 * fault all the same (guard pages of thread stacks are no mappings from glibc 2.42 on):
 * called again after a fault with the same `*at`, 0 at first, the search goes on behind
 * the word that led there. */
bool compat_arenas_count(const struct compat_memory *m, const uintptr_t *pools,
                         size_t count, volatile uintptr_t *at,
                         struct compat_arenas *out);

/* -- stale.c: where an address says nothing ------------------------------------------ */

typedef void (*compat_range_fn)(void *ctx, uintptr_t from, uintptr_t to);

/* Calls `each` with memory of the interpreter that holds addresses of objects which it
 * borrows, has left behind, or which its roots show already. */
void compat_stale_each(PyInterpreterState *interp, compat_range_fn each, void *ctx);

/* -- run.c: Python code in a copy of the process ----------------------------------- */

/* Makes this thread's thread state fit to run Python code where no other thread exists:
 * no request to give the GIL away, no pending call, no tracing, no collections. `stack`:
 * bytes of stack that there are below the caller. False when it has none. Only in a
 * helper of the sweep process; there, and nowhere else, may Python code run. GIL: held
 * at the moment of the clone. */
bool compat_run_alone(size_t stack);

#endif
