/* SPDX-License-Identifier: MIT
 *
 * Containers of the standard library that are written in C and keep what they hold in
 * arrays and lists of their own.
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

/* -- queue.SimpleQueue --------------------------------------------------------------- */

#if PY_VERSION_HEX >= 0x030D0000
/* A ring from 3.13 on; before, a list that is given out from its front. */
static void
each_queued(PyObject *op, const struct compat_field_visitor *v)
{
    const struct {
        Py_ssize_t put, get;
        PyObject **items;
        Py_ssize_t cap, count;
    } *ring = (void *)((char *)op + 24);
    for (Py_ssize_t i = 0; i < ring->count && ring->count <= ring->cap; i++) {
        item(v, "", i, ring->items[(ring->get + i) % ring->cap]);
    }
}
#define QUEUE_ROWS {{NULL, 0, 0, false}}
#define QUEUE_EACH each_queued
#else
#define QUEUE_ROWS {{".lst", 32, COMPAT_FIELD_PART, false}}
#define QUEUE_EACH NULL
#endif

/* -- functools.lru_cache --------------------------------------------------------------

   The wrapper's own first link, at +16, closes a ring of links, oldest first:

       head (16 bytes), previous, next, hash, key, result                            */

struct link {
    PyObject head;
    struct link *previous, *next;
    Py_hash_t hash;
    PyObject *key, *result;
};

static void
each_cached(PyObject *op, const struct compat_field_visitor *v)
{
    const struct link *root = (struct link *)((char *)op + 16), *link = root->next;
    for (Py_ssize_t i = 0; link != root && link != NULL && i < MOST_LINKS; i++) {
        item(v, "cache.keys()", i, link->key);
        item(v, "cache", i, link->result);
        link = link->next;
    }
}

const struct compat_fields compat_fields_containers[] = {
    {"_queue.SimpleQueue", QUEUE_ROWS, QUEUE_EACH},
    {"functools._lru_cache_wrapper",
     {{"cache", 72, COMPAT_FIELD_INTERNAL, false}},
     each_cached},
    {NULL, {{NULL, 0, 0, false}}, NULL}};
