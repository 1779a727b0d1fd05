/* SPDX-License-Identifier: MIT
 *
 * Putting a process out of reach of everything outside it, before it runs code of the
 * program: it can compute and read, no more.
 *
 *   descriptors      all closed but one; 0, 1, 2 are /dev/null
 *   shared memory    read only (else a lock in it, taken here, would be taken there)
 *   system calls     those that change something outside are refused: call_filter.h
 *   signals          as a new process has them; no core file
 *
 * Thread: the only one of a helper of the sweep process. GIL: whatever.
 */
#ifndef ML_AGENT_CALL_SEAL_H
#define ML_AGENT_CALL_SEAL_H

#include "error.h"

/* `keep` is the descriptor that stays. ML_EUNSUPPORTED when the kernel refuses to: then
 * nothing of the program may be run. */
int call_seal(int keep, struct ml_error *err);

#endif
