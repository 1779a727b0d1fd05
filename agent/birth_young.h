/* SPDX-License-Identifier: MIT
 *
 * Settling: giving their stamp to objects that came out of a free list and not from the
 * allocator. Between two times lies exactly one epoch, so what is new since the last
 * time was born in the present one.
 *
 *   start and end of each collection (a C function in gc.callbacks)  ┐
 *   each turn of an epoch, each sweep                                ┴─► settle
 *
 * Thread: any, with the GIL.
 */
#ifndef ML_AGENT_BIRTH_YOUNG_H
#define ML_AGENT_BIRTH_YOUNG_H

#include <stdbool.h>

#include "error.h"

int ml_birth_young_start(struct ml_error *err);
void ml_birth_young_stop(void);

/* What came into being since the last time gets the present epoch. */
void ml_birth_young_settle(void);

/* What waits in free lists can only come back in the present epoch or later: gets it.
 * After a turn, that is the new one. */
void ml_birth_young_bury(void);

/* The callback is still in gc.callbacks. */
bool ml_birth_young_called(void);

/* The calling thread is inside a collection. GIL: held. */
bool ml_birth_young_collecting(void);

#endif
