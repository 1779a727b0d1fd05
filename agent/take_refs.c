/* SPDX-License-Identifier: MIT
 *
 * What an object refers to. Its type's tp_traverse shows most of it. What that hides
 * (str keys, code objects' fields, static types, a class that C code forgets to visit)
 * is added here, so that reference counts can be compared with what is seen. Then what
 * grouping wants to know: is it a collection or a record, which parts are its own.
 */
#include "take_refs.h"

#include "compat/compat.h"

#define SPREAD_DICT 16 /* a dict with more entries is a collection, not a record */
#define SPREAD_TUPLE 8
#define SPREAD_OTHER 32

/* The guard must not jump out of a half-done growth. A traverse that visits without end
 * is ended here, before it has all memory. */
static bool
grow(struct take_batch *b)
{
    struct ml_guard *guard = b->t->guard;
    int armed = guard != NULL ? guard->armed : 0;
    if (armed && b->to.len - b->object > b->t->most_refs) {
        ml_guard_leave(guard, ML_GUARD_ENDLESS);
    }
    if (guard != NULL) {
        guard->armed = 0;
    }
    int rc = ml_u64vec_reserve(&b->to, b->t->a, b->to.len + 1);
    if (guard != NULL) {
        guard->armed = armed;
    }
    b->t->failed = b->t->failed || rc < 0;
    return rc == ML_OK;
}

static inline void
refer(struct take_batch *b, PyObject *op)
{
    if (op != NULL && (b->to.len < b->to.cap || grow(b))) {
        b->to.data[b->to.len++] = (uint64_t)(uintptr_t)op;
    }
}

static int
visit(PyObject *op, void *arg)
{
    struct take_batch *b = arg;
    refer(b, op);
    return b->t->failed;
}

/* The object at work was seen to refer to `op`. */
static bool
is_shown(const struct take_batch *b, PyObject *op)
{
    uint64_t address = (uint64_t)(uintptr_t)op;
    for (size_t i = b->object; i < b->to.len; i++) {
        if (b->to.data[i] == address) {
            return true;
        }
    }
    return false;
}

static void
refer_named(void *ctx, const char *name, PyObject *op)
{
    (void)name;
    refer(ctx, op);
}

static void
refer_hidden(void *ctx, const struct compat_field *field, PyObject *op)
{
    if (field->hidden) {
        refer(ctx, op);
    }
}

/* The table of interned strings does not count its references; a string that nobody
 * else holds goes. Immortal ones stay, and are the table's. */
static void
refer_interned(struct take_batch *b, PyObject *dict)
{
    Py_ssize_t pos = 0;
    PyObject *key, *value;
    int64_t count;
    while (PyDict_Next(dict, &pos, &key, &value)) {
        if (!compat_refcount(key, &count)) {
            refer(b, key);
        }
    }
}

static void
refer_counted(void *ctx, PyObject *op)
{
    refer(ctx, op);
}

static void
refer_shared_keys(struct take_batch *b, PyObject *op)
{
    uintptr_t keys = compat_shared_keys(op);
    uint32_t seen;
    if (keys == 0 || ml_addr_map_get_or_put(b->t->shared_keys, keys, 1, &seen) <= 0) {
        return;
    }
    Py_ssize_t pos = 0;
    PyObject *key;
    while (compat_shared_keys_next(keys, &pos, &key)) {
        refer(b, key);
    }
}

static bool
is_interned_too(const struct take *t, PyObject *dict)
{
    for (size_t i = 0; i < t->interned_too.len; i++) {
        if (t->interned_too.data[i] == (uint64_t)(uintptr_t)dict) {
            return true;
        }
    }
    return false;
}

static void
refer_fields(struct take_batch *b, PyObject *op, const struct take_kind *kind)
{
    if (kind->fields != NULL) {
        struct compat_field_visitor v = {b, refer_hidden};
        compat_fields_each(kind->fields, op, &v);
    }
}

static void
refer_dict(struct take_batch *b, PyObject *dict, const struct take_kind *kind)
{
    if (dict == b->t->interned || is_interned_too(b->t, dict)) {
        refer_interned(b, dict);
        return;
    }
    if (kind->exact && ((PyDictObject *)dict)->ma_values == NULL) {
        Py_ssize_t pos = 0;
        PyObject *key, *value;
        while (PyDict_Next(dict, &pos, &key, &value)) {
            refer(b, value);
            refer(b, key);
        }
        return;
    }
    kind->traverse(dict, visit, b);
    if (compat_dict_hides_keys(dict)) {
        Py_ssize_t pos = 0;
        PyObject *key, *value;
        while (PyDict_Next(dict, &pos, &key, &value)) {
            refer(b, key);
        }
    }
}

/* type_traverse aborts on static types, which are no collector's objects. */
static void
refer_type(struct take_batch *b, PyTypeObject *type, const struct take_kind *kind)
{
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        PyHeapTypeObject *heap = (PyHeapTypeObject *)type;
        kind->traverse((PyObject *)type, visit, b);
        refer(b, heap->ht_name);
        refer(b, heap->ht_qualname);
        refer(b, heap->ht_slots);
    }
    else {
        refer(b, compat_type_dict(type));
        refer(b, type->tp_bases);
        refer(b, type->tp_mro);
    }
    refer(b, compat_type_subclasses(type));
    refer_fields(b, (PyObject *)type, kind);
    Py_ssize_t pos = 0;
    PyObject *key;
    while (compat_type_shared_key_next(type, &pos, &key)) {
        refer(b, key);
    }
}

/* An instance's own dict is part of the instance. */
static void
fold_own_dict(struct take *t, PyObject *op)
{
    PyObject *dict = compat_instance_dict(op);
    if (dict == NULL) {
        return;
    }
    uint32_t node = take_node(t, dict);
    if (node != ML_NO_NODE) {
        t->graph.flags[node] |= ML_NODE_FOLD;
        t->graph.flags[node] &= (uint8_t)~ML_NODE_SPREAD;
    }
}

/* numpy's functions have attributes and show none of them. */
static void
refer_forgotten_dict(struct take_batch *b, PyObject *op)
{
    PyObject *dict = compat_instance_dict(op);
    if (dict != NULL && !is_shown(b, dict)) {
        refer(b, dict);
    }
}

static void
refer_object(struct take_batch *b, PyObject *op, const struct take_kind *kind)
{
    if (kind->traverse != NULL && PyObject_IS_GC(op)) {
        kind->traverse(op, visit, b);
    }
    if (kind->shape == SHAPE_CODE) {
        compat_code_each((PyCodeObject *)op, refer_named, b);
    }
    PyObject *dict = compat_instance_hides_dict(op) ? compat_instance_dict(op) : NULL;
    if (dict != NULL && !is_shown(b, dict)) { /* patch releases differ */
        refer(b, dict);
    }
    else if (kind->type->tp_dictoffset > 0 && (!kind->heap_type || !PyObject_IS_GC(op))) {
        refer_forgotten_dict(b, op);
    }
    refer_fields(b, op, kind);
}

void
take_refs(struct take_batch *b, PyObject *op, const struct take_kind *kind)
{
    if (kind->bad) {
        return;
    }
    b->object = b->to.len;
    switch ((enum take_shape)kind->shape) {
    case SHAPE_NONE:
    case SHAPE_BOOL:
    case SHAPE_INT:
    case SHAPE_FLOAT:
    case SHAPE_STR:
    case SHAPE_BYTES:
        if (kind->heap_type) {
            refer_object(b, op, kind);
        }
        break;
    case SHAPE_DICT:
        refer_dict(b, op, kind);
        refer_shared_keys(b, op);
        break;
    case SHAPE_TYPE:
        refer_type(b, (PyTypeObject *)op, kind);
        refer_shared_keys(b, op);
        break;
    default:
        refer_object(b, op, kind);
        break;
    }
    if (kind->hidden != NULL) {
        compat_hidden_each(kind->hidden, op, refer_counted, b);
    }
    if (kind->heap_type && (kind->hidden == NULL || !kind->hidden->shows_class)) {
        /* its class, unless the traverse has shown it */
        if (!is_shown(b, (PyObject *)kind->type)) {
            refer(b, (PyObject *)kind->type);
        }
    }
}

/* -- flags and sizes that need the object ------------------------------------------ */

static uint8_t
flags_of(const struct take_kind *kind, PyObject *op, size_t edges)
{
    switch ((enum take_shape)kind->shape) {
    case SHAPE_DICT:
        return compat_dict_len(op) > SPREAD_DICT ? ML_NODE_SPREAD : 0;
    case SHAPE_TUPLE:
        return Py_SIZE(op) > SPREAD_TUPLE ? ML_NODE_SPREAD : 0;
    case SHAPE_OTHER:
        return edges > SPREAD_OTHER ? ML_NODE_SPREAD : 0;
    default:
        return 0;
    }
}

static void
fold_parts(struct take *t, PyObject *op, const struct take_kind *kind)
{
    PyObject *part = NULL;
    if (kind->shape == SHAPE_FUNCTION) {
        part = ((PyFunctionObject *)op)->func_closure;
    }
    else if (kind->shape == SHAPE_MODULE && !kind->heap_type) {
        part = PyModule_GetDict(op);
    }
    else if (kind->shape == SHAPE_TYPE) {
        part = compat_type_dict((PyTypeObject *)op);
    }
    else if (kind->shape == SHAPE_INSTANCE || kind->heap_type) {
        fold_own_dict(t, op);
    }
    uint32_t node = part != NULL ? take_node(t, part) : ML_NO_NODE;
    if (node != ML_NO_NODE) {
        t->graph.flags[node] |= ML_NODE_FOLD;
        t->graph.flags[node] &= (uint8_t)~ML_NODE_SPREAD;
    }
}

void
take_finish_node(struct take *t, uint32_t node, size_t edges)
{
    PyObject *op = take_object(t, node);
    const struct take_kind *kind = take_kind_of(t, node);
    if (ml_heap_graph_set_size(&t->graph, node, take_size(kind, op)) < 0) {
        t->failed = true;
    }
    if (!(t->graph.flags[node] & ML_NODE_FOLD)) {
        t->graph.flags[node] |= flags_of(kind, op, edges);
    }
    fold_parts(t, op, kind);
}
