/* SPDX-License-Identifier: MIT
 *
 * Containers of the standard library that are written in C and keep what they hold in
 * arrays and lists of their own; what ctypes hands to C code.
 */
#include "fields.h"

/* A bound for lists that are followed link by link. */
#define MOST_LINKS 10000000

static void
item(const struct compat_field_visitor *v, const char *name, Py_ssize_t i, PyObject *op)
{
    struct compat_field field = {name, NULL, i, COMPAT_FIELD_ITEM, false};
    if (op != NULL) {
        v->field(v->ctx, &field, op);
    }
}

/* -- collections.deque ---------------------------------------------------------------- */

#define BLOCK 64

struct block {
    struct block *left;
    PyObject *data[BLOCK];
    struct block *right;
};

static void
each_in_deque(PyObject *op, const struct compat_field_visitor *v)
{
    const struct {
        PyVarObject head;
        struct block *left, *right;
        Py_ssize_t left_index, right_index;
    } *deque = (void *)op;
    const struct block *block = deque->left;
    Py_ssize_t at = deque->left_index;
    for (Py_ssize_t i = 0; i < Py_SIZE(op) && block != NULL; i++, at++) {
        if (at == BLOCK) {
            block = block->right;
            at = 0;
        }
        item(v, "", i, block->data[at]);
    }
}

/* -- functools.lru_cache --------------------------------------------------------------
 *
 * The wrapper begins with a link, which closes a ring of them, oldest first. Caches
 * without a bound have no links but the dict alone. */

struct link {
    PyObject head;
    struct link *previous, *next;
    Py_hash_t hash;
    PyObject *key, *result;
};

static void
each_cached(PyObject *op, const struct compat_field_visitor *v)
{
    const struct link *root = (const struct link *)op, *link = root->next;
    for (Py_ssize_t i = 0; link != root && link != NULL && i < MOST_LINKS; i++) {
        item(v, "cache.keys()", i, link->key);
        item(v, "cache", i, link->result);
        link = link->next;
    }
}

const struct compat_fields compat_fields_containers[] = {
    {"collections.deque", {{NULL, 0, 0, false}}, each_in_deque},
    {"functools._lru_cache_wrapper",
     {{"cache", 72, COMPAT_FIELD_INTERNAL, false},
      {"func", 88, COMPAT_FIELD_INTERNAL, false}},
     each_cached},
    {"_ctypes.CFuncPtr",
     {{"thunk", 96, COMPAT_FIELD_INTERNAL, false},
      {"callable", 104, COMPAT_FIELD_INTERNAL, false}},
     NULL},
    {"_ctypes.CThunkObject",
     {{"converters", 80, COMPAT_FIELD_INTERNAL, false},
      {"callable", 88, COMPAT_FIELD_INTERNAL, false},
      {"restype", 96, COMPAT_FIELD_INTERNAL, false}},
     NULL},
    {NULL, {{NULL, 0, 0, false}}, NULL}};
