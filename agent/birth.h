/* SPDX-License-Identifier: MIT
 *
 * When was this object born? While something monitors, every block of Python's object
 * allocator gets a stamp: the number of the present epoch, one byte in a shadow table.
 *
 *   allocator hook ──► stamp[block >> 4] = epoch         (malloc, calloc; realloc keeps)
 *   start of a collection, turn of an epoch, sweep ──► settle: what came out of free
 *                                  lists since the last time gets the present epoch
 *   death of a float and its like ──► stamp = epoch, for whoever is born in its place
 *
 * Stamps say nothing about life or death: that is the sweep's to find out; it reads the
 * table in its copy of the process. Nothing is kept alive, no object is touched.
 *
 * Epoch 0 is the baseline: born before the hook, or not by Python's object allocator.
 * Epoch 1 is "outside": born since, but outside anything that is watched. The others,
 * 2 to 255, are handed out by ml_birth_turn. When they run short, ml_birth_merge makes
 * neighbours one: ages then lose resolution, never order.
 *
 * What the stamps cannot know is listed in docs/internals/births.md.
 *
 * Thread: any, with the GIL, unless said otherwise. All state is the process's own.
 */
#ifndef ML_AGENT_BIRTH_H
#define ML_AGENT_BIRTH_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

#define ML_EPOCHS 256
#define ML_EPOCH_BASELINE 0
#define ML_EPOCH_OUTSIDE 1
#define ML_EPOCH_FIRST 2

struct ml_epoch {
    double opened;  /* monotonic seconds; of the earliest one when merged */
    double closed;  /* of the latest one; 0 while it is the present one */
    uint64_t first; /* number, ever increasing, of the earliest turn merged into it, */
    uint64_t last;  /* and of the latest; 0: the epoch is not in use */
    uint32_t owner; /* as given to ml_birth_turn; only epochs of one owner are merged */
};

/* Puts the hooks in; the present epoch is "outside". Doing it twice is ML_ESTATE.
 * ML_ENOMEM, ML_EUNSUPPORTED: nothing has changed. */
int ml_birth_start(struct ml_error *err);

/* Takes the hooks out (where another allocator has been put on top of ours, it stays in
 * the chain and does nothing), and gives the table back. Fine when not started. */
void ml_birth_stop(void);

bool ml_birth_running(void);

/* Settles, ends the present epoch and begins a new one for `owner` (not 0). Returns its
 * number; ML_EPOCH_OUTSIDE, and no new epoch, when all are in use: merge first. */
uint8_t ml_birth_turn(uint32_t owner, double now);

/* Settles, ends the present epoch and goes on with "outside". */
void ml_birth_turn_outside(double now);

/* Gives what was recycled since the last time its stamp: before a sweep is cloned. */
void ml_birth_settle(void);

/* Epochs that ml_birth_turn can still hand out. */
unsigned ml_birth_left(void);

/* Makes neighbouring epochs of one owner one, oldest first, leaving the youngest `keep`
 * of each owner alone, until at least `wanted` are free or no more can be merged.
 * GIL: not needed, and not held for the pass over the table (may take milliseconds for
 * each GiB of heap); one caller at a time. Returns how many are free. */
unsigned ml_birth_merge(unsigned wanted, unsigned keep);

/* The table of epochs and the stamp of the block that begins at `block` (an object's
 * address less compat_preheader_size). GIL held, or in the sweep's frozen copy. */
const struct ml_epoch *ml_birth_epoch(uint8_t epoch);
uint8_t ml_birth_stamp(uintptr_t block);

/* The calling thread is inside a collection: a finalizer runs. Not known before start. */
bool ml_birth_collecting_here(void);

/* The present epoch. */
uint8_t ml_birth_now(void);

/* Bytes of table that have been touched, for `status`. */
uint64_t ml_birth_memory(void);

/* Sentence for `status`: what is hooked, or why it fell silent. */
const char *ml_birth_words(void);

/* In a child made by os.fork(): nobody monitors there, so the hooks leave. */
void ml_birth_after_fork_in_child(void);

#endif
