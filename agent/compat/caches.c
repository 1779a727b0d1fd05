/* SPDX-License-Identifier: MIT
 *
 * References that are counted and that no object and no root shows: those of the
 * interpreter's own caches, and the one that a static object has from its birth on. See
 * hidden.h. Free lists hold dead objects and are none of it.
 */
#include "compat_core.h"

#include "hidden.h"
#include "places.h"

/* The attribute cache holds the names that were looked up; the values are borrowed. */
static void
each_looked_up(PyInterpreterState *interp, void (*refer)(void *ctx, PyObject *op),
               void *ctx)
{
#if ML_PY_310 || ML_PY_311
    struct type_cache *cache = &interp->type_cache;
#else
    struct types_state *types = compat_place(interp, PLACE_STATIC_TYPES);
    struct type_cache *cache = types != NULL ? &types->type_cache : NULL;
#endif
    for (size_t i = 0; cache != NULL && i < Py_ARRAY_LENGTH(cache->hashtable); i++) {
        refer(ctx, cache->hashtable[i].name);
    }
}

/* Names that C code has spelled out (_Py_IDENTIFIER). */
static void
each_identifier(PyInterpreterState *interp, void (*refer)(void *ctx, PyObject *op),
                void *ctx)
{
    struct _Py_unicode_ids *ids = &interp->unicode.ids;
    for (Py_ssize_t i = 0; i < ids->size && ids->array != NULL; i++) {
        refer(ctx, ids->array[i]);
    }
}

/* What there is one of for all: letters, small numbers. Static or immortal since. */
static void
each_shared(PyInterpreterState *interp, void (*refer)(void *ctx, PyObject *op), void *ctx)
{
#if ML_PY_310
    for (size_t i = 0; i < 256; i++) {
        refer(ctx, interp->unicode.latin1[i]);
        refer(ctx, (PyObject *)interp->bytes.characters[i]);
    }
    refer(ctx, interp->unicode.empty_string);
    refer(ctx, (PyObject *)interp->bytes.empty_string);
    for (size_t i = 0; i < Py_ARRAY_LENGTH(interp->small_ints); i++) {
        refer(ctx, (PyObject *)interp->small_ints[i]);
    }
#else
    (void)interp, (void)refer, (void)ctx;
#endif
}

void
compat_caches_each(PyInterpreterState *interp, void (*refer)(void *ctx, PyObject *op),
                   void *ctx)
{
    each_looked_up(interp, refer, ctx);
    each_shared(interp, refer, ctx);
    if (compat_places_unmoved()) {
        each_identifier(interp, refer, ctx);
    }
}

/* A static type is made with a count of 1, a module's definition gets it. */
int
compat_static_references(PyObject *op)
{
    return (PyType_Check(op) && !(((PyTypeObject *)op)->tp_flags & Py_TPFLAGS_HEAPTYPE)) ||
           Py_IS_TYPE(op, &PyModuleDef_Type);
}

PyObject *
compat_interned_strings(void)
{
    PyInterpreterState *interp = PyInterpreterState_Main();
    return compat_place_object(interp, PLACE_INTERNED);
}

void
compat_interp_state(PyInterpreterState *interp, uintptr_t *from, uintptr_t *to)
{
    *from = (uintptr_t)interp;
    *to = *from + compat_place_interp_size();
}
