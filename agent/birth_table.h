/* SPDX-License-Identifier: MIT
 *
 * The shadow table: one byte for every 16 bytes of address space, in which a block's
 * first byte says when it was born. Reserved in leaves of 64 MiB, each for 1 GiB of
 * addresses, when the first block of that GiB is seen; what is not touched costs
 * nothing but address space.
 *
 *   directory[block >> 30] ──► leaf[(block >> 4) & mask] = stamp        (47-bit addresses)
 *
 * Private memory, so that a clone has the stamps of its moment; not in core dumps. It
 * knows bytes only: what they mean stands in birth_epochs.h. Without Python.
 *
 * Thread: stamping and reading from any, with no lock: interpreters with a GIL of their
 * own allocate at the same time. The rest says so.
 */
#ifndef ML_AGENT_BIRTH_TABLE_H
#define ML_AGENT_BIRTH_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define ML_BIRTH_LEAF_SHIFT 30
#define ML_BIRTH_LEAF_BYTES ((size_t)1 << (ML_BIRTH_LEAF_SHIFT - 4))
#define ML_BIRTH_LEAVES ((size_t)1 << (47 - ML_BIRTH_LEAF_SHIFT))
#define ML_BIRTH_LOST ((uint8_t *)1) /* in the directory: no memory for this leaf */

/* Hidden, so that the hook reaches it without a detour. */
extern _Atomic(uint8_t *) ml_birth_directory[ML_BIRTH_LEAVES]
    __attribute__((visibility("hidden")));

/* Makes the leaf of `block`; ML_BIRTH_LOST when the system gives no memory for it (that
 * GiB then keeps stamp 0) or there is no such address. */
uint8_t *ml_birth_table_grow(uintptr_t block);

static inline _Atomic(uint8_t *) *
ml_birth_table_entry(uintptr_t block)
{
    return &ml_birth_directory[(block >> ML_BIRTH_LEAF_SHIFT) & (ML_BIRTH_LEAVES - 1)];
}

static inline _Atomic uint8_t *
ml_birth_table_cell(uint8_t *leaf, uintptr_t block)
{
    return (_Atomic uint8_t *)leaf + ((block >> 4) & (ML_BIRTH_LEAF_BYTES - 1));
}

/* The same for a leaf that is not there (yet). Returns `block`, so that whoever has to
 * return it can leave all to this call and needs no place to keep it. */
uintptr_t ml_birth_table_put_first(uintptr_t block, uint8_t stamp);

/* The hot path: two loads and a store. 0, a failed allocation, is fine. Returns block. */
static inline uintptr_t
ml_birth_table_put(uintptr_t block, uint8_t stamp)
{
    uint8_t *leaf = atomic_load_explicit(ml_birth_table_entry(block),
                                         memory_order_acquire);
    if (__builtin_expect(leaf <= ML_BIRTH_LOST, 0)) {
        return ml_birth_table_put_first(block, stamp);
    }
    atomic_store_explicit(ml_birth_table_cell(leaf, block), stamp, memory_order_relaxed);
    return block;
}

static inline uint8_t
ml_birth_table_get(uintptr_t block)
{
    uint8_t *leaf = atomic_load_explicit(ml_birth_table_entry(block),
                                         memory_order_acquire);
    if (leaf <= ML_BIRTH_LOST) {
        return 0;
    }
    return atomic_load_explicit(ml_birth_table_cell(leaf, block), memory_order_relaxed);
}

/* The leaf of `block` now, while there is somebody to tell. ML_ENOMEM. */
int ml_birth_table_prepare(uintptr_t block, struct ml_error *err);

/* Replaces every stamp s by to[s] where they differ. A block that is stamped anew
 * meanwhile keeps its new stamp. Cost: the touched part of the table is read once.
 * Thread: one at a time, not together with ml_birth_table_clear. */
void ml_birth_table_remap(const uint8_t to[256]);

/* Forgets all stamps and gives the memory back; the address space too if `unmap`, which
 * nobody may be stamping by then. */
void ml_birth_table_clear(bool unmap);

/* Bytes that have been touched, and whether some leaf could not be had. */
uint64_t ml_birth_table_memory(void);
bool ml_birth_table_lost(void);

#endif
