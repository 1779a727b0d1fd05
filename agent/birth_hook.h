/* SPDX-License-Identifier: MIT
 *
 * The allocator hook: stands in front of Python's object allocator, lets it do the work
 * and writes the present epoch beside each block that comes out. What is freed goes past
 * it: the hook hands on the free function and the context of what is below.
 *
 *   PyObject_Malloc ──► ours(ctx) ──► below.malloc(ctx) ──► stamp the result
 *   PyObject_Free   ──► below.free(ctx)
 *
 * Others do the same (tracemalloc, memray, debug hooks), before us and after us. So the
 * hook may no longer be on top when it is to leave, or may have been dropped without a
 * word by somebody below who restored what he had found. How that is met: birth_hook.c.
 *
 * Thread: any, with the GIL; the hook itself also runs under other interpreters' GILs.
 */
#ifndef ML_AGENT_BIRTH_HOOK_H
#define ML_AGENT_BIRTH_HOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* What new blocks are stamped with; 0: nothing is stamped, the hook is silent. */
extern _Atomic uint8_t ml_birth_present __attribute__((visibility("hidden")));

/* Makes calls arrive at the hook, silent as it may be: switches one on that is still in
 * the chain, else installs one. ML_EUNSUPPORTED when that has been done too often. */
int ml_birth_hook_install(struct ml_error *err);

/* Installs anew if calls do not arrive any more. Cheap. False: they do not, and no more
 * can be done. */
bool ml_birth_hook_keep(void);

/* Leaves the chain; false when somebody stands on top, so that it stays, silent. */
bool ml_birth_hook_remove(void);

/* Somebody has put an allocator on top of ours. */
bool ml_birth_hook_covered(void);

#endif
