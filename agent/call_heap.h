/* SPDX-License-Identifier: MIT
 *
 * Python's memory in the helper process that runs objects' own __str__: blocks cut from
 * one reserved stretch of addresses, in classes of powers of two, each with its class in
 * front, and used again once freed.
 *
 *   base ├─ head, block ─┼─ head, block ─┼ … ┤ used          … untouched …        ├ size
 *
 * libc's malloc will not do: a thread that does not exist in the helper may hold its
 * lock. Blocks that come from before (pymalloc's, libc's) are told by their address:
 * freeing one does nothing, resizing one copies what can be read of it. Guarded by a
 * spin lock, for the helper's Python code may make threads.
 */
#ifndef ML_AGENT_CALL_HEAP_H
#define ML_AGENT_CALL_HEAP_H

#include <stdatomic.h>
#include <stddef.h>

#include "error.h"

#define CALL_HEAP_CLASSES 48

struct call_heap {
    char *base;
    size_t size, used;
    void *free[CALL_HEAP_CLASSES]; /* lists through the blocks' first word */
    atomic_flag busy;
};

/* Reserves `size` bytes of addresses, or what the system grants of them, at least 8 MiB;
 * ML_ENOMEM below. */
int call_heap_init(struct call_heap *h, size_t size, struct ml_error *err);
void call_heap_fini(struct call_heap *h);

/* As malloc, calloc, realloc and free; NULL when the stretch is used up. Size 0 gives a
 * block of its own. Aligned to 16. */
void *call_heap_alloc(struct call_heap *h, size_t size);
void *call_heap_zeroed(struct call_heap *h, size_t count, size_t size);
void *call_heap_resize(struct call_heap *h, void *ptr, size_t size);
void call_heap_free(struct call_heap *h, void *ptr);

#endif
