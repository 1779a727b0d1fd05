/* SPDX-License-Identifier: MIT
 *
 * What one object refers to, gathered as addresses; for take_heap.c.
 */
#ifndef ML_AGENT_TAKE_REFS_H
#define ML_AGENT_TAKE_REFS_H

#include "take.h"

#define TAKE_BATCH 128 /* nodes walked together */

/* The references of one batch, as addresses. */
struct take_batch {
    struct take *t;
    struct ml_u64vec to;
    uint32_t end[TAKE_BATCH]; /* in `to`, for each node of the batch */
    size_t object;       /* where the references of the object at work begin in `to` */
    uint32_t *ids;       /* resolved, as many as to.cap */
    size_t ids_cap;
};

/* Appends everything `op` refers to. Runs other people's tp_traverse: call it guarded. */
void take_refs(struct take_batch *b, PyObject *op, const struct take_kind *kind);

/* Size and flags of a node whose references are known: `edges` of them. May call a C
 * __sizeof__: guarded too. */
void take_finish_node(struct take *t, uint32_t node, size_t edges);

#endif
