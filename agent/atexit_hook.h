/* SPDX-License-Identifier: MIT
 *
 * Our entry in the interpreter's atexit list: it stops the agent while the interpreter
 * is still whole. Nothing of ours asks for the GIL after that.
 *
 * Thread: any Python thread. GIL: held.
 */
#ifndef ML_AGENT_ATEXIT_HOOK_H
#define ML_AGENT_ATEXIT_HOOK_H

#include <Python.h>

#include "error.h"

/* As in forks.h. */
PyObject *ml_atexit_registrar(struct ml_error *err);
int ml_atexit_hook(PyObject *registrar, struct ml_error *err);
void ml_atexit_unhook(void);

#endif
