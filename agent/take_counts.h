/* SPDX-License-Identifier: MIT
 *
 * Whether an object's reference count can be compared with what is seen of its holders.
 * docs/internals/refcounts.md has the reasons why it cannot, and what they cost.
 */
#ifndef ML_AGENT_TAKE_COUNTS_H
#define ML_AGENT_TAKE_COUNTS_H

#include "take.h"

enum take_uncounted {
    TAKE_COUNTED,
    TAKE_UNCOUNTED_IMMORTAL, /* the count is no count */
    TAKE_UNCOUNTED_CONSTANT, /* None, True, Ellipsis: everybody holds them */
    TAKE_UNCOUNTED_DEAD,     /* on a free list that its module shows */
    TAKE_UNCOUNTED_REASONS
};

/* "immortal", "constant", ... */
const char *take_uncounted_name(enum take_uncounted why);

/* TAKE_COUNTED, and the count; or why not. */
enum take_uncounted take_uncounted(const struct take_kind *kind, PyObject *op,
                                   int64_t *count);

/* Takes off the counts what the interpreter's caches hold; after the walk. */
void take_counts_finish(struct take *t);

#endif
