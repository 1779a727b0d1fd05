/* SPDX-License-Identifier: MIT
 *
 * Where life begins: variables of modules, and what the interpreters hold themselves.
 * Threads and their functions' variables are take_threads.c's. Each root has a rank, the
 * distance at which paths from it start (take_ranks.h), so that a user's variable beats
 * the interpreter's own tables.
 *
 * A module's variables are roots of their own (the dict shows them too, so they are not
 * one more reference); so a variable retains what hangs on it even when its module is
 * imported everywhere. Locals and fields of the interpreter are references nobody else
 * shows and are taken off the counts (`strong`).
 */
#include "take_ranks.h"

#include <signal.h>
#include <string.h>

#include "analysis.h"
#include "compat/compat.h"

void
take_add_root(struct take *t, PyObject *op, uint32_t rank, const struct take_root *root,
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

PyObject *
take_module_dict(PyObject *module)
{
    return module != NULL && PyModule_Check(module) ? PyModule_GetDict(module) : NULL;
}

/* multiprocessing enters the main module under a second name. */
static bool
is_alias(PyObject *modules, PyObject *name, PyObject *module)
{
    return take_str_is(name, "__mp_main__") &&
           take_dict_get(modules, "__main__") == module;
}

static void
list_modules(struct take *t, PyObject *modules, uint32_t interp)
{
    PyObject *sys = take_module_dict(take_dict_get(modules, "sys"));
    PyObject *stdlib = sys != NULL ? take_dict_get(sys, "stdlib_module_names") : NULL;
    Py_ssize_t pos = 0;
    PyObject *name, *module;
    while (PyDict_Next(modules, &pos, &name, &module)) {
        PyObject *dict = take_module_dict(module);
        if (dict == NULL || !PyUnicode_Check(name) || is_alias(modules, name, module)) {
            continue;
        }
        struct take_module m = {name, dict, origin_of(name, dict, stdlib), interp};
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
bool
take_same_str(PyObject *a, PyObject *b)
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
    return made != NULL && PyUnicode_Check(made) && take_same_str(made, module_name);
}

static void
add_variables(struct take *t, uint32_t index, bool only_made_here)
{
    static const uint32_t ranks[] = {RANK_USER, RANK_LIBRARY, RANK_STDLIB, RANK_STDLIB};
    const struct take_module *m = &t->modules.data[index];
    bool builtins = take_str_is(m->name, "builtins");
    Py_ssize_t pos = 0;
    PyObject *name, *value;
    while (PyDict_Next(m->dict, &pos, &name, &value)) {
        if (PyModule_Check(value) || !PyUnicode_Check(name) ||
            take_str_is(name, "__builtins__") || /* in every module, and builtins' own */
            made_in(value, m->name) != only_made_here) {
            continue;
        }
        /* Builtin types know every class; another name there is somebody's variable. */
        uint32_t rank = builtins ? PyType_Check(value) ? RANK_BUILTINS : RANK_LIBRARY
                                 : ranks[m->origin];
        struct take_root root = {.kind = ROOT_MODULE_VAR, .owner = index, .name = name};
        take_add_root(t, value, rank, &root, false);
    }
}

/* Modules imported last come first: one that imports a name from another was entered in
 * sys.modules before the other was. */
static void
add_modules(struct take *t, PyInterpreterState *interp)
{
    PyObject *modules = compat_interp_modules(interp);
    size_t first = t->modules.len;
    if (modules == NULL) {
        return;
    }
    list_modules(t, modules, compat_interp_number(interp));
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = t->modules.len; i-- > first && !t->failed;) {
            if (t->modules.data[i].origin != ORIGIN_OWN) {
                add_variables(t, (uint32_t)i, pass == 0);
            }
        }
    }
    for (size_t i = t->modules.len; i-- > first && !t->failed;) {
        if (t->modules.data[i].origin != ORIGIN_OWN) {
            struct take_root root = {.kind = ROOT_MODULE, .owner = (uint32_t)i};
            take_add_root(t, t->modules.data[i].dict, RANK_MODULE, &root, false);
        }
    }
}

/* -- interpreter ------------------------------------------------------------------- */

struct interp_walk {
    struct take *t;
    uint32_t number;
};

/* Grows with the number of classes and names, and is nobody's leak. */
static bool
is_furniture(const char *name)
{
    return strcmp(name, "interned strings") == 0 || strncmp(name, "builtin types'", 14) == 0;
}

static void
add_interp_ref(void *ctx, const char *name, PyObject *op)
{
    struct interp_walk *w = ctx;
    struct take_root root = {.kind = ROOT_INTERP, .owner = w->number, .text = name};
    take_add_root(w->t, op, RANK_INTERP, &root, true);
    if (op != NULL && w->number != 0 && strcmp(name, "interned strings") == 0 &&
        ml_u64vec_push(&w->t->interned_too, w->t->a, (uint64_t)(uintptr_t)op) < 0) {
        w->t->failed = true;
    }
    uint32_t node = op != NULL && is_furniture(name) ? take_node(w->t, op) : ML_NO_NODE;
    if (node != ML_NO_NODE) {
        w->t->graph.flags[node] |= ML_NODE_FURNITURE;
    }
}

/* What signal.signal() was given is kept in a table that no header shows, so the module
 * is asked: its function in C reads the table and makes nothing (numbers as small as
 * these exist). */
static void
add_signal_handlers(struct take *t, PyInterpreterState *interp)
{
    PyObject *modules = compat_interp_modules(interp);
    PyObject *dict = modules != NULL ? take_module_dict(take_dict_get(modules, "_signal"))
                                     : NULL;
    PyObject *get = dict != NULL ? take_dict_get(dict, "getsignal") : NULL;
    if (get == NULL || !PyCFunction_CheckExact(get) ||
        PyCFunction_GET_FLAGS(get) != METH_O) {
        return;
    }
    PyCFunction function = PyCFunction_GET_FUNCTION(get);
    for (int n = 1; n < NSIG; n++) {
        PyObject *number = PyLong_FromLong(n);
        PyObject *handler = function(PyCFunction_GET_SELF(get), number);
        Py_DECREF(number);
        if (handler == NULL) {
            PyErr_Clear();
            continue;
        }
        Py_DECREF(handler);
        struct take_root root = {.kind = ROOT_SIGNAL, .line = n};
        if (!PyLong_Check(handler) && handler != Py_None) {
            take_add_root(t, handler, RANK_INTERP, &root, true);
        }
    }
}

int
take_roots(struct take *t, struct ml_error *err)
{
    PyInterpreterState *interp = NULL;
    take_tasks_find(t);
    while ((interp = compat_interp_next(interp)) != NULL && !t->failed) {
        struct interp_walk w = {t, compat_interp_number(interp)};
        add_modules(t, interp);
        take_threads(t, interp);
        compat_interp_each_ref(interp, add_interp_ref, &w);
        compat_interp_each_more(interp, add_interp_ref, &w);
        if (w.number == 0) {
            add_signal_handlers(t, interp);
        }
    }
    for (size_t i = 0; i < t->own.len && !t->failed; i++) {
        t->graph.flags[t->own.data[i]] |= ML_NODE_OWN;
    }
    return t->failed ? ml_error_nomem(err) : ML_OK;
}

/* -- after the walk ---------------------------------------------------------------- */

static void
add_static_type(struct take *t, PyTypeObject *type)
{
    struct take_root root = {.kind = ROOT_STATIC_TYPE};
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        take_add_root(t, (PyObject *)type, RANK_STATIC_TYPE, &root, false);
    }
}

/* Its edge will be taken off the count, where it never was. */
static void
count_borrowed(void *ctx, PyObject *op)
{
    struct take *t = ctx;
    uint32_t node = take_node(t, op);
    if (node != ML_NO_NODE && t->refs[node] >= 0 && t->refs[node] < INT32_MAX) {
        t->refs[node]++;
    }
}

static void
look_at_nodes(struct take *t)
{
    for (uint32_t node = 0; node < t->graph.node_count && !t->failed; node++) {
        const struct take_kind *kind = take_kind_of(t, node);
        PyObject *op = take_object(t, node);
        if (kind->shape == SHAPE_TYPE) {
            add_static_type(t, (PyTypeObject *)op);
        }
        else if (kind->shape == SHAPE_GENERATOR) {
            compat_generator_each_borrowed(op, count_borrowed, t);
        }
        else if (kind->fields != NULL) {
            compat_fields_each_borrowed(kind->fields, op, count_borrowed, t);
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
            take_add_root(t, take_object(t, node), RANK_STATIC_TYPE, &root, false);
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
            take_add_root(t, take_object(t, node), root->own ? ML_ROOT_OWN : RANK_MAYBE,
                          root, true);
        }
    }
    ml_alloc_free_array(t->a, seen, t->graph.node_count + 1, sizeof(*seen));
    ml_u32vec_free(&nodes, t->a);
    return ML_OK;
}

int
take_late_roots(struct take *t, struct ml_error *err)
{
    look_at_nodes(t);
    if (t->failed || add_maybe_roots(t) < 0) {
        return ml_error_nomem(err);
    }
    return ML_OK;
}
