/* SPDX-License-Identifier: MIT
 *
 * Hooks into the program's own os.fork(): C functions for os.register_at_fork that
 * call ml_agent_before_fork and its sisters (agent.h).
 *
 * Thread: any Python thread. GIL: held.
 */
#ifndef ML_AGENT_FORKS_H
#define ML_AGENT_FORKS_H

#include <Python.h>

#include "error.h"

/* The function that registers, a new reference. May run Python code (an import). */
PyObject *ml_forks_registrar(struct ml_error *err);

/* Makes and registers the hooks; runs no Python code. */
int ml_forks_hook(PyObject *registrar, struct ml_error *err);

/* Takes them back; nothing happens when there are none. Hooks that could not be taken
 * out stay in the interpreter's lists and find nothing to do. Runs no Python code. */
void ml_forks_unhook(void);

#endif
