/* SPDX-License-Identifier: MIT
 *
 * References that an object counts and its tp_traverse does not show: a descriptor's
 * name, the links of an lru_cache. Only who counts asks here; how such a reference is
 * called is fields.h's business.
 *
 * As everywhere in compat.h: nothing allocates, takes a lock or runs Python code.
 * GIL: held, or the process is a frozen copy in which it was held.
 */
#ifndef ML_AGENT_COMPAT_HIDDEN_H
#define ML_AGENT_COMPAT_HIDDEN_H

#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

#define COMPAT_HIDDEN_OFFSETS 5

struct compat_hidden {
    const char *type;                      /* tp_name */
    uint16_t offset[COMPAT_HIDDEN_OFFSETS]; /* of pointers; ends with 0 */
    /* What takes more to find, or NULL. */
    void (*each)(PyObject *op, void (*refer)(void *ctx, PyObject *op), void *ctx);
    bool shows_class; /* somebody else's traverse shows this object's class */
};

/* The record of a type made in C or of a class that inherits from one; NULL: there is
 * nothing hidden that we know of. Borrowed for ever. */
const struct compat_hidden *compat_hidden_of(PyTypeObject *type);

/* Calls `refer` for each hidden reference of `op`, NULL among them. */
void compat_hidden_each(const struct compat_hidden *h, PyObject *op,
                        void (*refer)(void *ctx, PyObject *op), void *ctx);

/* References that the interpreter's caches hold. They count; but a cache is no reason
 * for an object to live that anybody wants to hear of, so they are no roots. */
void compat_caches_each(PyInterpreterState *interp,
                        void (*refer)(void *ctx, PyObject *op), void *ctx);

/* References that a static object has from its birth on and that nobody holds. */
int compat_static_references(PyObject *op);

/* The dict of interned strings, whose own references are not counted; NULL where the
 * walk does not get to see it (3.10, 3.11). */
PyObject *compat_interned_strings(void);

/* 3.10: the keys that a dict or a class shares with others, as a number that is the same
 * for all that share them; 0: none. And each of them; *pos starts at 0. */
uintptr_t compat_shared_keys(PyObject *op);
bool compat_shared_keys_next(uintptr_t keys, Py_ssize_t *pos, PyObject **key);

/* Memory that belongs to a module or to the interpreter itself, and that no traverse
 * shows completely. False: there is none. */
bool compat_module_state(PyObject *module, uintptr_t *from, uintptr_t *to);
void compat_interp_state(PyInterpreterState *interp, uintptr_t *from, uintptr_t *to);

#endif
