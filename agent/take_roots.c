/* SPDX-License-Identifier: MIT
 *
 * Where life begins: variables of modules, variables of running functions, and what the
 * interpreter holds itself. Each root has a rank, the distance at which paths from it
 * start, so that a user's variable beats the interpreter's own tables.
 *
 * A module's variables are roots of their own (the dict shows them too, so they are not
 * one more reference); so a variable retains what hangs on it even when its module is
 * imported everywhere. Locals and fields of the interpreter are references nobody else
 * shows and are taken off the counts (`strong`).
 */
#include "take.h"

#include <string.h>

#include "analysis.h"
#include "compat/compat.h"

enum rank {
    RANK_USER = 0,
    RANK_LOCAL = 1,
    RANK_LIBRARY = 1,
    RANK_STDLIB = 2,
    RANK_BUILTINS = 8,
    RANK_MODULE = 3,
    RANK_THREAD = 6,
    RANK_FRAME_PART = 10,
    RANK_STACK = 5,
    RANK_INTERP = 12,
    RANK_STATIC_TYPE = 16,
    RANK_MAYBE = 40,
};

static void
add_root(struct take *t, PyObject *op, uint32_t rank, const struct take_root *root,
         bool strong)
{
    if (op == NULL) {
        return;
    }
    uint32_t node = take_node(t, op);
    if (node == ML_NO_NODE) {
        return;
    }
    struct take_root entry = *root;
    entry.strong = strong && t->refs[node] > 0;
    t->refs[node] -= entry.strong;
    if (ml_heap_graph_add_root(&t->graph, node, rank, t->roots.len) < 0 ||
        take_root_vec_push(&t->roots, t->a, entry) < 0) {
        t->failed = true;
    }
}

/* -- modules ----------------------------------------------------------------------- */

static bool
set_has(PyObject *names, PyObject *str, size_t len)
{
    if (names == NULL || !PyAnySet_Check(names)) {
        return false;
    }
    PySetObject *set = (PySetObject *)names;
    for (Py_ssize_t i = 0; i <= set->mask; i++) {
        PyObject *key = set->table[i].key;
        bool removed = set->table[i].hash == -1; /* a dummy, which has no type */
        if (key != NULL && !removed && PyUnicode_Check(key) &&
            PyUnicode_IS_COMPACT_ASCII(key) &&
            (size_t)PyUnicode_GET_LENGTH(key) == len &&
            memcmp(PyUnicode_1BYTE_DATA(key), PyUnicode_1BYTE_DATA(str), len) == 0) {
            return true;
        }
    }
    return false;
}

/* The top-level package decides; __main__ is the user's. */
static uint8_t
origin_of(PyObject *name, PyObject *dict, PyObject *stdlib_names)
{
    if (take_str_is(name, "memalot") || take_str_starts(name, "memalot.")) {
        return ORIGIN_OWN;
    }
    if (take_str_is(name, "__main__") || take_str_is(name, "__mp_main__") ||
        !PyUnicode_IS_COMPACT_ASCII(name)) {
        return ORIGIN_USER;
    }
    const char *text = (const char *)PyUnicode_1BYTE_DATA(name);
    const char *dot = memchr(text, '.', (size_t)PyUnicode_GET_LENGTH(name));
    size_t top = dot != NULL ? (size_t)(dot - text) : (size_t)PyUnicode_GET_LENGTH(name);
    if (set_has(stdlib_names, name, top)) {
        return ORIGIN_STDLIB;
    }
    PyObject *file = take_dict_get(dict, "__file__");
    if (file != NULL && PyUnicode_Check(file) && PyUnicode_IS_COMPACT_ASCII(file) &&
        (strstr((const char *)PyUnicode_1BYTE_DATA(file), "-packages/") != NULL)) {
        return ORIGIN_LIBRARY;
    }
    return ORIGIN_USER;
}

static PyObject *
module_dict(PyObject *module)
{
    return module != NULL && PyModule_Check(module) ? PyModule_GetDict(module) : NULL;
}

static void
list_modules(struct take *t, PyObject *modules)
{
    PyObject *sys = module_dict(take_dict_get(modules, "sys"));
    PyObject *stdlib = sys != NULL ? take_dict_get(sys, "stdlib_module_names") : NULL;
    Py_ssize_t pos = 0;
    PyObject *name, *module;
    while (PyDict_Next(modules, &pos, &name, &module)) {
        PyObject *dict = module_dict(module);
        if (dict == NULL || !PyUnicode_Check(name)) {
            continue;
        }
        struct take_module m = {name, dict, origin_of(name, dict, stdlib)};
        if (take_module_vec_push(&t->modules, t->a, m) < 0) {
            t->failed = true;
            return;
        }
        if (m.origin == ORIGIN_OWN) {
            take_own(t, module);
            take_own(t, dict);
        }
    }
}

/* PyUnicode_Compare would make a legacy str ready, which allocates. Names that are not
 * ASCII are the same only as the same object. */
static bool
same_name(PyObject *a, PyObject *b)
{
    if (a == b) {
        return true;
    }
    return PyUnicode_IS_COMPACT_ASCII(a) && PyUnicode_IS_COMPACT_ASCII(b) &&
           PyUnicode_GET_LENGTH(a) == PyUnicode_GET_LENGTH(b) &&
           memcmp(PyUnicode_1BYTE_DATA(a), PyUnicode_1BYTE_DATA(b),
                  (size_t)PyUnicode_GET_LENGTH(a)) == 0;
}

/* The class's module of a value, or of the first thing in a container: a hint at the
 * module that made a variable, where others have imported it. */
static bool
made_in(PyObject *value, PyObject *module_name)
{
    Py_ssize_t pos = 0;
    PyObject *key, *first = value;
    if (PyDict_Check(value)) {
        PyDict_Next(value, &pos, &key, &first);
    }
    else if (PyList_Check(value) && PyList_GET_SIZE(value) > 0) {
        first = PyList_GET_ITEM(value, 0);
    }
    PyTypeObject *type = first != NULL ? Py_TYPE(first) : NULL;
    PyObject *dict = type != NULL && (type->tp_flags & Py_TPFLAGS_HEAPTYPE)
                         ? compat_type_dict(type)
                         : NULL;
    PyObject *made = dict != NULL ? take_dict_get(dict, "__module__") : NULL;
    return made != NULL && PyUnicode_Check(made) && same_name(made, module_name);
}

static void
add_variables(struct take *t, uint32_t index, bool only_made_here)
{
    static const uint32_t ranks[] = {RANK_USER, RANK_LIBRARY, RANK_STDLIB, RANK_STDLIB};
    const struct take_module *m = &t->modules.data[index];
    uint32_t rank = take_str_is(m->name, "builtins") ? RANK_BUILTINS : ranks[m->origin];
    Py_ssize_t pos = 0;
    PyObject *name, *value;
    while (PyDict_Next(m->dict, &pos, &name, &value)) {
        if (PyModule_Check(value) || !PyUnicode_Check(name) ||
            take_str_is(name, "__builtins__") || /* in every module, and builtins' own */
            made_in(value, m->name) != only_made_here) {
            continue;
        }
        struct take_root root = {ROOT_MODULE_VAR, index, NULL, name, NULL, 0, false, false};
        add_root(t, value, rank, &root, false);
    }
}

/* Modules imported last come first: one that imports a name from another was entered in
 * sys.modules before the other was. */
static void
add_modules(struct take *t)
{
    PyObject *modules = PyImport_GetModuleDict();
    if (modules == NULL || !PyDict_Check(modules)) {
        return;
    }
    list_modules(t, modules);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = t->modules.len; i-- > 0 && !t->failed;) {
            if (t->modules.data[i].origin != ORIGIN_OWN) {
                add_variables(t, (uint32_t)i, pass == 0);
            }
        }
    }
    for (size_t i = t->modules.len; i-- > 0 && !t->failed;) {
        if (t->modules.data[i].origin != ORIGIN_OWN) {
            struct take_root root = {ROOT_MODULE, (uint32_t)i, NULL, NULL, NULL, 0, false, false};
            add_root(t, t->modules.data[i].dict, RANK_MODULE, &root, false);
        }
    }
}

/* -- threads ----------------------------------------------------------------------- */

struct frame_walk {
    struct take *t;
    struct compat_frame frame;
    uint32_t thread;
    unsigned long ident; /* of that thread */
    bool own;            /* the frame is ours */
};

/* What only we hold begins no path. */
static uint32_t
rank_of_temporary(const struct frame_walk *w, uint32_t rank, PyObject *op)
{
    return w->own || take_in_flight(w->t, w->ident, op) ? ML_ROOT_OWN : rank;
}

static PyObject *
attribute(PyObject *op, const char *name)
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

/* The name of the threading.Thread with this identity, from threading._active. */
static PyObject *
thread_name(unsigned long ident)
{
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *dict = module_dict(take_dict_get(modules, "threading"));
    PyObject *active = dict != NULL ? take_dict_get(dict, "_active") : NULL;
    Py_ssize_t pos = 0;
    PyObject *key, *thread;
    while (active != NULL && PyDict_Check(active) &&
           PyDict_Next(active, &pos, &key, &thread)) {
        if (PyLong_Check(key) && PyLong_AsUnsignedLongMask(key) == ident) {
            PyObject *name = attribute(thread, "_name");
            return name != NULL && PyUnicode_Check(name) ? name : NULL;
        }
    }
    return NULL;
}

static bool
enter_frame(void *ctx, const struct compat_frame *frame)
{
    struct frame_walk *w = ctx;
    w->frame = *frame;
    w->own = take_own_globals(w->t, frame->globals);
    if (w->own) {
        take_own(w->t, frame->object);
        take_own(w->t, frame->generator);
    }
    return !w->t->failed;
}

static void
add_local(void *ctx, enum compat_local_kind kind, PyObject *name, PyObject *op)
{
    struct frame_walk *w = ctx;
    struct take_root root = {ROOT_LOCAL, w->thread, NULL, name, w->frame.code,
                             w->frame.line, false, false};
    bool borrowed = kind & COMPAT_BORROWED, counted = !w->frame.shown && !borrowed;
    kind &= ~COMPAT_BORROWED;
    switch (kind) {
    case COMPAT_LOCAL:
    case COMPAT_FREE:
        add_root(w->t, op, w->own ? ML_ROOT_OWN : RANK_LOCAL, &root, counted);
        break;
    case COMPAT_STACK:
        root.kind = ROOT_STACK;
        add_root(w->t, op, rank_of_temporary(w, RANK_STACK, op), &root, counted);
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
        root.kind = ROOT_FRAME_PART;
        root.text = parts[kind];
        add_root(w->t, op, w->own ? ML_ROOT_OWN : RANK_FRAME_PART, &root,
                 kind != COMPAT_NAMESPACE && !borrowed);
        break;
    }
    }
}

static void
add_thread_ref(void *ctx, const char *name, PyObject *op)
{
    struct frame_walk *w = ctx;
    struct take_root root = {ROOT_THREAD_REF, w->thread, name, NULL, NULL, 0, false, false};
    add_root(w->t, op, rank_of_temporary(w, RANK_THREAD, op), &root, true);
}

static void
add_thread(struct take *t, PyThreadState *tstate)
{
    unsigned long ident = compat_thread_ident(tstate);
    struct take_thread thread = {ident, compat_thread_native_id(tstate),
                                 thread_name(ident),
                                 ident == compat_main_thread_ident()};
    struct frame_walk w = {.t = t, .thread = (uint32_t)t->threads.len, .ident = ident};
    if (take_thread_vec_push(&t->threads, t->a, thread) < 0) {
        t->failed = true;
        return;
    }
    struct compat_frame_visitor v = {&w, enter_frame, add_local};
    compat_frames_each(tstate, &v);
    w.own = false;
    compat_thread_each_ref(tstate, add_thread_ref, &w);
}

/* The list can be mid-insert (a thread state is made without the GIL), so each entry is
 * checked to belong here. */
static void
add_threads(struct take *t, PyInterpreterState *interp)
{
    int bound = 100000;
    for (PyThreadState *ts = PyInterpreterState_ThreadHead(interp);
         ts != NULL && bound-- > 0; ts = PyThreadState_Next(ts)) {
        if (ts->interp == interp && ts != PyThreadState_Get()) {
            add_thread(t, ts);
        }
    }
}

/* -- interpreter ------------------------------------------------------------------- */

static void
add_interp_ref(void *ctx, const char *name, PyObject *op)
{
    struct take *t = ctx;
    struct take_root root = {ROOT_INTERP, 0, name, NULL, NULL, 0, false, false};
    add_root(t, op, RANK_INTERP, &root, true);
    if (op != NULL && strcmp(name, "interned strings") == 0) {
        uint32_t node = take_node(t, op);
        t->graph.flags[node] |= ML_NODE_FURNITURE;
    }
}

int
take_roots(struct take *t, struct ml_error *err)
{
    add_modules(t);
    PyInterpreterState *interp = NULL;
    while ((interp = compat_interp_next(interp)) != NULL && !t->failed) {
        add_threads(t, interp);
        compat_interp_each_ref(interp, add_interp_ref, t);
    }
    for (size_t i = 0; i < t->own.len && !t->failed; i++) {
        t->graph.flags[t->own.data[i]] |= ML_NODE_OWN;
    }
    return t->failed ? ml_error_nomem(err) : ML_OK;
}

/* -- after the walk ---------------------------------------------------------------- */

static void
add_static_types(struct take *t)
{
    struct take_root root = {ROOT_STATIC_TYPE, 0, NULL, NULL, NULL, 0, false, false};
    for (uint32_t node = 0; node < t->graph.node_count && !t->failed; node++) {
        const struct take_kind *kind = take_kind_of(t, node);
        if (kind->shape == SHAPE_TYPE) {
            PyTypeObject *type = (PyTypeObject *)take_object(t, node);
            if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
                add_root(t, (PyObject *)type, RANK_STATIC_TYPE, &root, false);
            }
        }
    }
}

/* mypyc and the binding generators make classes on the heap and keep them in variables
 * of C: the environment of each generator function, say. */
uint32_t
take_c_types(struct take *t, const struct ml_reach *reach)
{
    const struct take_root root = {.kind = ROOT_STATIC_TYPE};
    uint32_t count = 0;
    for (uint32_t node = 0; node < t->graph.node_count && !t->failed; node++) {
        if (ml_bitset_has(&reach->outside, node) && !ml_bitset_has(&reach->named, node) &&
            take_kind_of(t, node)->shape == SHAPE_TYPE) {
            add_root(t, take_object(t, node), RANK_STATIC_TYPE, &root, false);
            count++;
        }
    }
    return count;
}

/* A stack slot that may be stale holds its object only if the object has more references
 * than are seen elsewhere. Seen ones are counted for these few nodes in one pass. */
static int
add_maybe_roots(struct take *t)
{
    struct ml_u32vec nodes = {0};
    for (size_t i = 0; i < t->maybe.len; i++) {
        uint32_t node = ml_addr_map_get(t->map, t->maybe.data[i]);
        if (ml_u32vec_push(&nodes, t->a, node) < 0) {
            return ML_ENOMEM;
        }
    }
    uint32_t *seen = ml_alloc_array(t->a, t->graph.node_count + 1, sizeof(*seen));
    if (seen == NULL) {
        return ML_ENOMEM;
    }
    for (uint32_t e = 0; nodes.len > 0 && e < t->graph.edge_count; e++) {
        seen[t->graph.edge[e]]++;
    }
    for (size_t i = 0; i < nodes.len; i++) {
        uint32_t node = nodes.data[i];
        if (node != ML_NO_NODE && t->refs[node] > 0 &&
            (uint32_t)t->refs[node] > seen[node]) {
            const struct take_root *root = &t->maybe_roots.data[i];
            add_root(t, take_object(t, node), root->own ? ML_ROOT_OWN : RANK_MAYBE, root,
                     true);
        }
    }
    ml_alloc_free_array(t->a, seen, t->graph.node_count + 1, sizeof(*seen));
    ml_u32vec_free(&nodes, t->a);
    return ML_OK;
}

int
take_late_roots(struct take *t, struct ml_error *err)
{
    add_static_types(t);
    if (t->failed || add_maybe_roots(t) < 0) {
        return ml_error_nomem(err);
    }
    return ML_OK;
}
