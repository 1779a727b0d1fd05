/* SPDX-License-Identifier: MIT
 *
 * A filter of system calls for a process that may look but not touch: from then on it
 * makes, replaces and signals no process but itself, opens no file for writing, changes
 * no directory, opens no socket and reaches no System V object: EPERM.
 *
 * It stays until the process ends. Threads of its own, reading, waiting and memory of
 * its own are left to it.
 */
#ifndef ML_AGENT_CALL_FILTER_H
#define ML_AGENT_CALL_FILTER_H

#include "error.h"

/* For the calling process, which has one thread. ML_EUNSUPPORTED when the kernel has no
 * such filters or this processor's calls are not known. */
int call_filter_install(struct ml_error *err);

#endif
