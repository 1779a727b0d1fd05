/* SPDX-License-Identifier: MIT
 *
 * What a contextvars.Context holds: a hash array mapped trie, whose nodes are the same in
 * 3.10 to 3.15 and have no header. Which of the three kinds a node is, its type's name
 * says (the types themselves are not exported).
 *
 *   bitmap     pairs (variable, value); without a variable the value is a node
 *   array      32 nodes or NULL
 *   collision  pairs (variable, value) whose hashes are the same
 */
#include "compat_core.h"

#include <string.h>

#include "internal/pycore_context.h" /* struct _pycontextobject */
#include "internal/pycore_hamt.h"    /* PyHamtObject */

#define MAX_DEPTH 10 /* the trie's own limit is 8 */

struct bitmap_node {
    PyObject_VAR_HEAD
    uint32_t bitmap;
    PyObject *entry[];
};

struct collision_node {
    PyObject_VAR_HEAD
    int32_t hash;
    PyObject *entry[];
};

struct array_node {
    PyObject_HEAD
    PyObject *child[32];
};

struct walk {
    void (*each)(void *ctx, PyObject *name, PyObject *value);
    void *ctx;
};

static void walk_node(const struct walk *w, PyObject *node, int depth);

static void
walk_pairs(const struct walk *w, PyObject *const *entry, Py_ssize_t n, int depth)
{
    for (Py_ssize_t i = 0; i + 1 < n; i += 2) {
        if (entry[i] == NULL) {
            walk_node(w, entry[i + 1], depth + 1);
        }
        else if (PyContextVar_CheckExact(entry[i]) && entry[i + 1] != NULL) {
            w->each(w->ctx, ((PyContextVar *)entry[i])->var_name, entry[i + 1]);
        }
    }
}

/* "hamt_bitmap_node", in some versions with a module in front */
static bool
is_called(PyObject *op, const char *end)
{
    const char *name = Py_TYPE(op)->tp_name;
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static void
walk_node(const struct walk *w, PyObject *node, int depth)
{
    if (node == NULL || depth > MAX_DEPTH) {
        return;
    }
    if (is_called(node, "hamt_bitmap_node")) {
        walk_pairs(w, ((struct bitmap_node *)node)->entry, Py_SIZE(node), depth);
    }
    else if (is_called(node, "hamt_collision_node")) {
        walk_pairs(w, ((struct collision_node *)node)->entry, Py_SIZE(node), depth);
    }
    else if (is_called(node, "hamt_array_node")) {
        for (int i = 0; i < 32; i++) {
            walk_node(w, ((struct array_node *)node)->child[i], depth + 1);
        }
    }
}

void
compat_context_each(PyObject *context,
                    void (*each)(void *ctx, PyObject *name, PyObject *value), void *ctx)
{
    struct walk w = {each, ctx};
    if (context == NULL || !PyContext_CheckExact(context)) {
        return;
    }
    PyHamtObject *vars = ((PyContext *)context)->ctx_vars;
    if (vars != NULL) {
        walk_node(&w, (PyObject *)vars->h_root, 0);
    }
}
