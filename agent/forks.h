/* SPDX-License-Identifier: MIT
 *
 * Hooks into the program's own os.fork(): C functions for os.register_at_fork that
 * call ml_agent_before_fork and its sisters (agent.h).
 *
 * Thread: any Python thread. GIL: held.
 */
#ifndef ML_AGENT_FORKS_H
#define ML_AGENT_FORKS_H

#include "error.h"

/* Makes the objects, so that the next step runs nothing that could run Python code. */
int ml_forks_prepare(struct ml_error *err);
int ml_forks_hook(struct ml_error *err);

/* Takes them back; NULL-safe, works after either step. Hooks that could not be taken
 * out stay in the interpreter's lists and find nothing to do. */
void ml_forks_unhook(void);

#endif
