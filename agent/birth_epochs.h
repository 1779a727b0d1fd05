/* SPDX-License-Identifier: MIT
 *
 * The table of epochs: which numbers are in use, by whom, for which time, and which of
 * them become one when they run short. Merging is the one thing here that takes time:
 *
 *   plan (lock) ──► widen the survivors ──► pass over the stamps, without any lock
 *        ──► the others are "merged away" ──► ml_birth_epochs_release: free again
 *
 * The last step waits for the GIL: realloc carries a stamp from one block to another,
 * and one that began before the pass may set an old number behind it. Whoever holds the
 * GIL knows that none is under way; until then ml_birth_epochs_forward answers.
 *
 * Without Python, and without the table's addresses. Thread: see each.
 */
#ifndef ML_AGENT_BIRTH_EPOCHS_H
#define ML_AGENT_BIRTH_EPOCHS_H

#include <stdint.h>

#include "birth.h"

/* Nothing in use but the baseline and "outside", which begins at `now`. GIL: held. */
void ml_birth_epochs_reset(double now);

/* A new epoch of `owner`, or ML_EPOCH_OUTSIDE when there is none left. GIL: held. */
uint8_t ml_birth_epochs_open(uint32_t owner, double now);

/* `epoch` ends; "outside" begins again. GIL: held. */
void ml_birth_epochs_close(uint8_t epoch, double now);
void ml_birth_epochs_reopen_outside(double now);

/* Lets merged-away numbers be handed out again. GIL: held. */
void ml_birth_epochs_release(void);

/* The number that took over from `epoch`; itself, as a rule. Thread: any. */
uint8_t ml_birth_epochs_forward(uint8_t epoch);

/* Free numbers, merged-away ones included. Thread: any. */
unsigned ml_birth_epochs_left(void);

/* See ml_birth_merge. `present` is never touched. Thread: one at a time. */
unsigned ml_birth_epochs_merge(unsigned wanted, unsigned keep, uint8_t present);

const struct ml_epoch *ml_birth_epochs_get(uint8_t epoch);

/* After a fork: a lock that another thread held is open again. */
void ml_birth_epochs_after_fork(void);

#endif
