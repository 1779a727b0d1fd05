/* SPDX-License-Identifier: MIT
 *
 * Free lists: dead objects that wait to be used again, so that the allocator's hook
 * does not see the next one born in that place. The types that have one are of two
 * kinds here:
 *
 *   tracked from birth   list, slice, iterators and so on enter the collector's lists
 *                        with their first moment: what is new there is new (young.c)
 *   others               float and int are never tracked, dict (to 3.13) at any time,
 *                        tuple (from 3.14 on) only if it holds containers: their deaths
 *                        are seen (deaths.c), and what waits in their lists can be
 *                        asked for here
 *
 * From 3.14 on there may wait 40 000 tuples, too many to be visited at every turn of an
 * epoch. Of each length a few stay; the rest is given back to the allocator, whose hook
 * sees it come again. So a turn costs at most what died since the one before.
 *
 * To switch the lists off would make all this unnecessary, and is possible (a chain
 * that looks full and empty at once, a negative count from 3.13 on); float-heavy loops
 * then take 1.45 times as long, dict-heavy ones 1.35.
 */
#include "compat_core.h"

#include "places.h"

typedef void (*dead_fn)(void *ctx, uintptr_t block);

#if PY_VERSION_HEX >= 0x030E0000

#define TUPLES_KEPT 16 /* of each length */

static PyObject *
make_float(void)
{
    return PyFloat_FromDouble(0.5);
}

static PyObject *
make_int(void)
{
    return PyLong_FromLong(1L << 20);
}

static PyObject *
make_range(void)
{
    return PyObject_CallFunction((PyObject *)&PyRange_Type, "i", 3);
}

static PyObject *
make_range_iterator(void)
{
    PyObject *range = make_range();
    PyObject *iterator = range != NULL ? PyObject_GetIter(range) : NULL;
    Py_XDECREF(range);
    return iterator;
}

static PyObject *
make_short_tuple(void)
{
    return PyTuple_Pack(1, Py_None);
}

static PyObject *
make_long_tuple(void)
{
    PyObject *tuple = PyTuple_New(PyTuple_MAXSAVESIZE);
    for (Py_ssize_t i = 0; tuple != NULL && i < PyTuple_MAXSAVESIZE; i++) {
        PyTuple_SET_ITEM(tuple, i, Py_None); /* immortal */
    }
    return tuple;
}

#if PY_VERSION_HEX >= 0x030F0000
static PyObject *
make_complex(void)
{
    return PyComplex_FromDoubles(0.5, 0.5);
}
#endif

#define LIST(name) offsetof(struct _Py_freelists, name)

/* The tuples' two are the first and the last of all their lists. */
static const struct list {
    size_t offset;
    size_t header;
    PyObject *(*make)(void);
} lists[] = {
    {LIST(tuples[0]), sizeof(PyGC_Head), make_short_tuple},
    {LIST(tuples[PyTuple_MAXSAVESIZE - 1]), sizeof(PyGC_Head), make_long_tuple},
    {LIST(floats), 0, make_float},
    {LIST(ints), 0, make_int},
    {LIST(ranges), 0, make_range},
    {LIST(range_iters), 0, make_range_iterator},
#if PY_VERSION_HEX >= 0x030F0000
    {LIST(complexes), 0, make_complex},
#endif
};

enum { TUPLES = 2, LISTS = sizeof(lists) / sizeof(lists[0]) };

static bool tried, known[LISTS]; /* GIL */

#define IN_STATE                                                                         \
    (offsetof(PyInterpreterState, object_state.freelists)                                \
     - offsetof(PyInterpreterState, object_state))

static struct _Py_freelist *
list_at(PyInterpreterState *interp, size_t offset)
{
    char *state = compat_place(interp, PLACE_OBJECT_STATE);
    return state == NULL ? NULL : (struct _Py_freelist *)(state + IN_STATE + offset);
}

/* Releases have added lists between others. What has just died stands first in the list
 * of its type, or this is not that list, and nobody looks at it again: what comes out of
 * it later looks older than it is. */
static void
try_lists(void)
{
    PyInterpreterState *interp = PyInterpreterState_Get();
    tried = true;
    compat_places_find();
    for (int i = 0; i < LISTS; i++) {
        struct _Py_freelist *list = list_at(interp, lists[i].offset);
        PyObject *op = list != NULL ? lists[i].make() : NULL;
        uintptr_t died = (uintptr_t)op;
        Py_XDECREF(op);
        known[i] = op != NULL && (uintptr_t)list->freelist == died;
    }
    PyErr_Clear();
    known[0] = known[0] && known[TUPLES - 1];
}

/* A list's entries are chained through their first word. */
static void
each_of(const struct _Py_freelist *list, size_t header, dead_fn dead, void *ctx)
{
    for (void *op = list->freelist; op != NULL; op = *(void **)op) {
        dead(ctx, (uintptr_t)op - header);
    }
}

static void
cut_short(struct _Py_freelist *list)
{
    while (list->size > TUPLES_KEPT) {
        void *op = list->freelist;
        list->freelist = *(void **)op;
        list->size--;
        PyTuple_Type.tp_free(op);
    }
}

/* tp_free is for lists of the interpreter that runs; another one's keep what they have. */
static void
each_tuple(PyInterpreterState *interp, dead_fn dead, void *ctx)
{
    for (int i = 0; i < PyTuple_MAXSAVESIZE; i++) {
        struct _Py_freelist *list = list_at(interp, LIST(tuples[i]));
        if (interp == PyInterpreterState_Get()) {
            cut_short(list);
        }
        each_of(list, sizeof(PyGC_Head), dead, ctx);
    }
}

void
compat_free_lists_each(PyInterpreterState *interp, dead_fn dead, void *ctx)
{
    if (!tried) {
        try_lists();
    }
    if (known[0]) {
        each_tuple(interp, dead, ctx);
    }
    for (int i = TUPLES; i < LISTS; i++) {
        if (known[i]) {
            each_of(list_at(interp, lists[i].offset), lists[i].header, dead, ctx);
        }
    }
}

#else

#if PY_VERSION_HEX >= 0x030D0000
#define FIRST_FLOAT(interp) ((interp)->object_state.freelists.floats.items)
#define DICTS(interp) ((interp)->object_state.freelists.dicts.items)
#define DICT_COUNT(interp) ((interp)->object_state.freelists.dicts.numfree)
#else
#define FIRST_FLOAT(interp) ((interp)->float_state.free_list)
#define DICTS(interp) ((interp)->dict_state.free_list)
#define DICT_COUNT(interp) ((interp)->dict_state.numfree)
#endif

/* Floats are chained through ob_type; dicts stand in an array. */
void
compat_free_lists_each(PyInterpreterState *interp, dead_fn dead, void *ctx)
{
    for (PyFloatObject *op = FIRST_FLOAT(interp); op != NULL;
         op = (PyFloatObject *)Py_TYPE(op)) {
        dead(ctx, (uintptr_t)op);
    }
    for (int i = 0; i < DICT_COUNT(interp); i++) {
        dead(ctx, (uintptr_t)DICTS(interp)[i] - sizeof(PyGC_Head));
    }
}

#endif
