/* SPDX-License-Identifier: MIT
 *
 * See hidden.h. Offsets count from the object's start, the object head being 16 bytes.
 * Each row was found by `memalotctl refcounts` and then read in CPython's source; a row
 * that is wrong shows there, too, as objects with too few references.
 */
#include "compat_core.h"

#include "fields.h"
#include "hidden.h"

#include "internal/pycore_moduleobject.h" /* PyModuleObject */

#include <string.h>

#define MOST_LINKS 100000000 /* a ring that does not close must not hang the sweep */

/* -- functools.lru_cache -------------------------------------------------------------
 *
 * The wrapper begins with a link of its own, which closes a ring of links. Each is held twice: by
 * the cache's dict, and by its neighbour in the ring. The wrapper's traverse shows the
 * links' keys, results and classes in their stead, but not the links. */

struct link {
    PyObject head;
    struct link *previous, *next;
};

static void
each_link(PyObject *op, void (*refer)(void *ctx, PyObject *op), void *ctx)
{
    const struct link *root = (struct link *)op, *link = root->next;
    for (int i = 0; link != root && link != NULL && i < MOST_LINKS; i++) {
        refer(ctx, (PyObject *)link);
        link = link->next;
    }
}

/* -- modules ------------------------------------------------------------------------- */

static void
each_of_module(PyObject *op, void (*refer)(void *ctx, PyObject *op), void *ctx)
{
    PyModuleObject *module = (PyModuleObject *)op;
    refer(ctx, module->md_name);
#if ML_PY_312 /* its definition is no object that anybody shows */
    bool old_kind = module->md_def != NULL && module->md_def->m_size == -1;
    refer(ctx, old_kind ? module->md_def->m_base.m_copy : NULL);
#endif
}

/* A module of the old kind is made anew from a copy of its dict. */
static void
each_of_definition(PyObject *op, void (*refer)(void *ctx, PyObject *op), void *ctx)
{
    refer(ctx, ((PyModuleDef *)op)->m_base.m_copy);
}

bool
compat_module_state(PyObject *op, uintptr_t *from, uintptr_t *to)
{
    PyModuleObject *module = (PyModuleObject *)op;
#if PY_VERSION_HEX >= 0x030F0000
    Py_ssize_t size = module->md_state_size;
#else
    Py_ssize_t size = module->md_def != NULL ? module->md_def->m_size : 0;
#endif
    *from = (uintptr_t)module->md_state;
    *to = *from + (size > 0 ? (size_t)size : 0);
    return module->md_state != NULL && size > 0;
}

/* -- descriptors --------------------------------------------------------------------- */

static void
each_of_descriptor(PyObject *op, void (*refer)(void *ctx, PyObject *op), void *ctx)
{
    refer(ctx, ((PyDescrObject *)op)->d_name);
    refer(ctx, ((PyDescrObject *)op)->d_qualname);
}

/* -- ctypes ------------------------------------------------------------------------- */

#if PY_VERSION_HEX < 0x030D0000
/* What a simple type stands for is a letter, and held; a pointer's target is not. */
static void
each_of_ctypes(PyObject *op, void (*refer)(void *ctx, PyObject *op), void *ctx)
{
    PyObject *proto = *(PyObject **)((char *)op + 96);
    if (proto != NULL && PyUnicode_Check(proto)) {
        refer(ctx, proto);
    }
}
#endif

/* -- the table ----------------------------------------------------------------------- */

static const struct compat_hidden table[] = {
    {"module", {0}, each_of_module, false},
    {"moduledef", {0}, each_of_definition, false},
    {"method_descriptor", {0}, each_of_descriptor, false},
    {"classmethod_descriptor", {0}, each_of_descriptor, false},
    {"member_descriptor", {0}, each_of_descriptor, false},
    {"getset_descriptor", {0}, each_of_descriptor, false},
    {"wrapper_descriptor", {0}, each_of_descriptor, false},
    {"functools._lru_cache_wrapper", {0}, each_link, false},
    {"functools._lru_list_elem", {0}, NULL, true},
#if PY_VERSION_HEX < 0x030D0000
    {"StgDict", {128, 136, 144, 152}, each_of_ctypes, false}, /* of ctypes' classes */
    {"decimal.Context", {64, 72}, NULL, false},
#endif
};

const struct compat_hidden *
compat_hidden_of(PyTypeObject *type)
{
    for (; type != NULL && type != &PyBaseObject_Type; type = type->tp_base) {
        bool own_name = compat_type_made_in_python(type);
        for (size_t i = 0; i < Py_ARRAY_LENGTH(table) && !own_name; i++) {
            if (strcmp(table[i].type, type->tp_name) == 0) {
                return &table[i];
            }
        }
    }
    return NULL;
}

void
compat_hidden_each(const struct compat_hidden *h, PyObject *op,
                   void (*refer)(void *ctx, PyObject *op), void *ctx)
{
    for (size_t i = 0; i < COMPAT_HIDDEN_OFFSETS && h->offset[i] != 0; i++) {
        refer(ctx, *(PyObject **)((char *)op + h->offset[i]));
    }
    if (h->each != NULL) {
        h->each(op, refer, ctx);
    }
}
