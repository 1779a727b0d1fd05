/* SPDX-License-Identifier: MIT
 *
 * Taking the heap: what the sweep process collects before anything is analysed, and
 * what later steps need to name and describe what was found.
 *
 *   take_heap     objects and references           -> graph, map, refs
 *   take_roots    modules, interpreters            -> roots
 *   take_threads  threads and their running frames -> roots
 *   take_tasks    asyncio's tasks                  -> roots that hold nothing
 *   take_kinds    one record per type
 *   take_sizes    shallow sizes
 *   take_names    how a reference is called         (only for what is shown)
 *   take_text     how an object reads               (only for what is shown)
 *
 * Runs in the sweep process (or in place, under the GIL): C alone, memory from the
 * arena, no reference counts touched, no Python code.
 */
#ifndef ML_AGENT_TAKE_H
#define ML_AGENT_TAKE_H

#include <Python.h>

#include "addr_map.h"
#include "buf.h"
#include "cancel.h"
#include "compat/fields.h"
#include "compat/hidden.h"
#include "heap_graph.h"
#include "settings.h"
#include "sweep_guard.h"

/* What an object is made of, as far as we read it ourselves. */
enum take_shape {
    SHAPE_OTHER,
    SHAPE_NONE, /* None, Ellipsis, NotImplemented */
    SHAPE_BOOL,
    SHAPE_INT,
    SHAPE_FLOAT,
    SHAPE_STR,
    SHAPE_BYTES,
    SHAPE_LIST,
    SHAPE_TUPLE,
    SHAPE_DICT,
    SHAPE_SET,
    SHAPE_DEQUE,
    SHAPE_CODE,
    SHAPE_TYPE,
    SHAPE_FUNCTION,
    SHAPE_METHOD,
    SHAPE_CELL,
    SHAPE_MODULE,
    SHAPE_GENERATOR,
    SHAPE_INSTANCE, /* of a class made by Python code */
};

enum take_sizing {
    SIZING_OBJECT, /* basic size and items */
    SIZING_DICT,
    SIZING_LIST,
    SIZING_SET,
    SIZING_STR,
    SIZING_INT,
    SIZING_BYTEARRAY,
    SIZING_METHOD, /* by calling a C __sizeof__ */
};

struct take_kind {
    PyTypeObject *type;
    traverseproc traverse; /* NULL: none */
    PyCFunction size_of;   /* with SIZING_METHOD */
    const struct compat_fields *fields; /* that only C code sees; NULL: none known */
    const struct compat_hidden *hidden; /* references it does not show; NULL: none */
    uint8_t shape;         /* enum take_shape */
    uint8_t sizing;        /* enum take_sizing */
    uint8_t flags;         /* enum ml_node_flags that all nodes of this kind have */
    bool exact;            /* the builtin type itself, no subclass */
    bool heap_type;
    bool no_count;
    uint8_t task;          /* enum take_task_kind */
    bool bad;              /* its traverse crashed, did not return or showed no object */
};

enum take_task_kind { TASK_NONE, TASK_IN_C, TASK_IN_PYTHON };

ML_VEC(take_kind_vec, struct take_kind)

enum take_root_kind {
    ROOT_MODULE_VAR,  /* name in module `owner` */
    ROOT_MODULE,      /* the module object (or its dict) itself */
    ROOT_LOCAL,       /* variable `name` of code in thread `owner` */
    ROOT_STACK,       /* a temporary value of code in thread `owner` */
    ROOT_FRAME_PART,  /* code, function, frame object of a running frame */
    ROOT_THREAD_REF,  /* a field of the thread state, `text` */
    ROOT_INTERP,      /* a field of interpreter number `owner`, `text` */
    ROOT_STATIC_TYPE,
    ROOT_LOOP,        /* the event loop that runs in thread `owner` */
    ROOT_CONTEXT_VAR, /* value of context variable `name`, of a thread or a task */
    ROOT_SIGNAL,      /* what Python calls on signal number `line` */
};

#define TAKE_NO_OWNER UINT32_MAX

struct take_root {
    uint8_t kind;     /* enum take_root_kind */
    uint32_t owner;   /* index into modules or threads; TAKE_NO_OWNER: of a task alone */
    const char *text; /* constant text, or NULL */
    PyObject *name;   /* str, or NULL */
    PyCodeObject *code;
    int line;
    bool own;      /* of a stack slot: ML_ROOT_OWN */
    bool strong;   /* taken off the count of its object */
    uint32_t task; /* 1 + index into tasks; 0: of none */
};

ML_VEC(take_root_vec, struct take_root)

struct take_module {
    PyObject *name; /* str */
    PyObject *dict;
    uint8_t origin;  /* enum take_origin */
    uint32_t interp; /* number of its interpreter; 0 is the main one */
};

enum take_origin { ORIGIN_USER, ORIGIN_LIBRARY, ORIGIN_STDLIB, ORIGIN_OWN };

ML_VEC(take_module_vec, struct take_module)

struct take_thread {
    unsigned long ident, native_id;
    PyObject *name;  /* str, or NULL: Python knows none */
    uint32_t interp; /* number of its interpreter */
    bool is_main;
    bool namesake;   /* another one has the same name */
};

ML_VEC(take_thread_vec, struct take_thread)

struct take_task {
    PyObject *task;
    PyObject *coro; /* coroutine or generator that the task runs */
    PyObject *name; /* str, or the int of "Task-12"; NULL: not known */
};

ML_VEC(take_task_vec, struct take_task)

struct ml_watch;

struct take {
    const struct ml_alloc *a;
    const struct ml_cancel *cancel;
    struct ml_guard *guard; /* NULL in place */
    struct ml_heap_graph graph;
    struct ml_addr_map *map;
    struct ml_addr_map *shared_keys; /* of dicts, those that were met; 3.10 */
    struct take_kind_vec kinds;
    uint32_t *kind_slots; /* open addressing over kinds, kind_mask + 1 entries */
    uint32_t kind_mask;
    int32_t *refs;        /* [node_count], see ml_reach_compute */
    size_t refs_cap;
    struct take_root_vec roots; /* ml_root.name is an index into this */
    struct take_module_vec modules;
    struct take_thread_vec threads;
    struct take_task_vec tasks;
    struct ml_u64vec maybe; /* addresses in stack slots that may be stale */
    struct take_root_vec maybe_roots;
    struct ml_u32vec own;   /* nodes of the tool's own objects */
    struct ml_buf warnings; /* sentences, each ended by a newline */
    int redact;             /* settings.report.redact */
    struct ml_u64vec cached; /* addresses that the interpreter's caches hold */
    uint64_t cached_references; /* taken off, as the interpreter's caches hold them */
    PyObject *interned;     /* the dict of interned strings, or NULL */
    struct ml_u64vec interned_too; /* addresses of those of other interpreters */
    uint32_t tracked;
    uint64_t most_refs;     /* one object cannot hold more: the program's memory in words */
    const struct ml_watch *watch; /* what is on its way through our hands; NULL: nothing */
    bool failed;            /* an allocation failed somewhere inside a callback */
};

static inline PyObject *
take_object(const struct take *t, uint32_t node)
{
    return (PyObject *)(uintptr_t)t->graph.address[node];
}

static inline const struct take_kind *
take_kind_of(const struct take *t, uint32_t node)
{
    return &t->kinds.data[t->graph.kind[node]];
}

/* `arena` memory must outlive the take. ML_ENOMEM when it is short. */
int take_init(struct take *t, const struct ml_alloc *a, const struct ml_cancel *cancel,
              struct ml_guard *guard, struct ml_error *err);
void take_fini(struct take *t);

/* Everything: objects, roots, references; the graph comes out frozen. */
int take_all(struct take *t, struct ml_error *err);

/* -- take_heap.c, for take_roots --------------------------------------------------- */

/* The node of `op`, entered when new; ML_NO_NODE (and t->failed) without memory. */
uint32_t take_node(struct take *t, PyObject *op);

/* -- take_kinds.c ------------------------------------------------------------------ */

uint32_t take_kind(struct take *t, PyTypeObject *type);
/* "module.qualname" of a type, "builtins.list"; into `out`. */
void take_type_name(PyTypeObject *type, struct ml_buf *out);
/* Without the module. */
void take_type_short_name(PyTypeObject *type, struct ml_buf *out);

/* -- take_roots.c ------------------------------------------------------------------ */

int take_roots(struct take *t, struct ml_error *err);
struct ml_reach;

/* Classes that C variables alone hold, as static ones are, become roots too; returns how
 * many. When there are any, what is alive has to be found once more. */
uint32_t take_c_types(struct take *t, const struct ml_reach *reach);
/* After the walk: static types, and stack slots that turned out to be objects. */
int take_late_roots(struct take *t, struct ml_error *err);

/* -- take_tasks.c ------------------------------------------------------------------ */

struct ml_reach;
struct ml_path_tree;

/* Lists asyncio's tasks among the tracked objects; before the roots. */
void take_tasks_find(struct take *t);
/* 1 + the task that runs this coroutine; 0: none does. */
uint32_t take_task_of(const struct take *t, PyObject *coro);
/* After it is known what is alive: variables of the coroutines of living tasks as roots
 * for paths. They hold nothing, so they are no roots for anything else. */
int take_task_roots(struct take *t, const struct ml_reach *reach, struct ml_error *err);
/* Many tasks run the same function: in the path tree their roots (those of the graph from
 * `first` on) become one, so that what they hold is one finding. */
int take_task_join(const struct take *t, size_t first, struct ml_path_tree *paths,
                   struct ml_error *err);
/* Back again: the root like `root` whose first object is `node`. */
uint32_t take_task_root(const struct take *t, size_t first, uint32_t root, uint32_t node);
bool take_task_root_alike(const struct take *t, size_t i, size_t k);
/* How asyncio would call it, "fetch-7"; a number in front of nothing else is "Task-7". */
void take_task_name(const struct take_task *task, char *out, size_t cap);
enum take_task_kind take_task_kind(PyTypeObject *type);

/* -- take_furniture.c -------------------------------------------------------------- */

/* Flags what is furniture by its place; after the walk. */
void take_furniture(struct take *t);

/* -- take_in_flight.c --------------------------------------------------------------- */

/* Remembers `op` (NULL is fine) as ours: no path leads through it. */
void take_own(struct take *t, PyObject *op);
/* Whether `globals` are those of a module of our own. */
bool take_own_globals(const struct take *t, PyObject *globals);
/* Whether `op`, held by a temporary of that thread, is only on its way through us. */
bool take_in_flight(const struct take *t, unsigned long thread, PyObject *op);

/* -- take_sizes.c ------------------------------------------------------------------ */

uint8_t take_sizing(PyTypeObject *type, PyCFunction *size_of);
uint64_t take_size(const struct take_kind *kind, PyObject *op);

/* -- take_text.c ------------------------------------------------------------------- */

/* Appends the text of a str as UTF-8, at most `max` characters, "…" when cut. */
void take_str_text(PyObject *str, size_t max, struct ml_buf *out);
/* The same between quotes, with escapes: what Python reads as this str again. */
void take_str_repr(PyObject *str, size_t max, struct ml_buf *out);
/* What an object reads like, made in C: 'abc', 42, [1, 2, …], <app.Session at 0x7f…>. */
void take_object_text(const struct take *t, PyObject *op, size_t max, struct ml_buf *out);
bool take_str_is(PyObject *str, const char *ascii);
bool take_str_starts(PyObject *str, const char *ascii);
/* The value of a str key in a dict, without hashing; NULL when absent. */
PyObject *take_dict_get(PyObject *dict, const char *ascii);

/* -- take_names.c ------------------------------------------------------------------ */

enum take_edge_kind {
    EDGE_ATTR,
    EDGE_KEY,
    EDGE_INDEX,
    EDGE_LOCAL,
    EDGE_CLOSURE,
    EDGE_GLOBAL,
    EDGE_MEMBER,
    EDGE_INTERNAL,
};

/* How `to` hangs at `from`. `before` is the node in front of `from` on the path, or
 * ML_NO_NODE: a cell is called by the function whose closure it is in. */
struct take_name {
    enum take_edge_kind kind;
    bool spread;         /* an index, key or member: [*] in an abstract path */
    char expr[160];      /* piece of the expression: "['k']", ".cart", "" */
    const char *last;    /* NULL, or the piece where the path ends here: ".__dict__" */
    char words[200];     /* the report format's node name: "dict key=k" */
};
void take_name_edge(const struct take *t, uint32_t before, uint32_t from, uint32_t to,
                    struct take_name *out);

/* A root's expression ("shop.SESSIONS", "handle() request") and its words
 * ("shop.SESSIONS (global)"). `kind` is "module", "thread", "task", "interpreter",
 * "type", "native"; `owner` the module's, thread's or task's name. */
struct take_root_name {
    const char *kind;
    char owner[128];
    char expr[256];
    char words[256];
    char function[128]; /* of a local: where it runs; "" otherwise */
    char file[256];
    int line;
    unsigned long thread, native_id; /* of a thread's; 0: not known, or no thread's */
    uint32_t interp;                 /* whose it is; 0: the main interpreter's */
    bool alike; /* of a task, and other tasks have the same: set by who compared them */
};
void take_name_root(const struct take *t, uint32_t root_index, struct take_root_name *out);

#endif
