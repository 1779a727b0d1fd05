/* SPDX-License-Identifier: MIT
 *
 * Ranks of roots: the distance at which their paths start; the lower wins. For the table
 * with reasons see docs/internals/roots.md.
 */
#ifndef ML_AGENT_TAKE_RANKS_H
#define ML_AGENT_TAKE_RANKS_H

#include "take.h"

enum take_rank {
    RANK_USER = 0,
    RANK_LOCAL = 1,
    RANK_LIBRARY = 1,
    RANK_STDLIB = 2,
    RANK_MODULE = 3,
    RANK_LOOP = 4,
    RANK_STACK = 5,
    RANK_CONTEXT = 4,
    RANK_TASK = 5,        /* behind a variable that keeps tasks, before the ways through
                             the loop, a lock, a queue (handle, wrapper, future, task) */
    RANK_THREAD = 6,
    RANK_TASK_STACK = 7,
    RANK_BUILTINS = 8,
    RANK_FRAME_PART = 10,
    RANK_LOOP_FRAME = 10, /* of asyncio's own functions: `self` is the loop */
    RANK_INTERP = 12,
    RANK_STATIC_TYPE = 16,
    RANK_MAYBE = 40,
};

/* Enters `op` (NULL is fine) and makes it a root; `strong`: the root is one of its
 * counted references, which nothing else shows. */
void take_add_root(struct take *t, PyObject *op, uint32_t rank,
                   const struct take_root *root, bool strong);

/* A module's dict, NULL for what is no module. */
PyObject *take_module_dict(PyObject *module);

/* Whether two strs are equal; not ASCII, only whether they are the same object. */
bool take_same_str(PyObject *a, PyObject *b);

/* An instance's own attribute, wherever it is kept; NULL when it has none. */
PyObject *take_attribute(PyObject *op, const char *name);

/* take_threads.c: threads of one interpreter, their frames, loops and contexts. */
void take_threads(struct take *t, PyInterpreterState *interp);

#endif
