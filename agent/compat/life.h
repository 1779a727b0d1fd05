/* SPDX-License-Identifier: MIT
 *
 * What a guest needs to know of the interpreter to come and go: attaching a foreign
 * thread, and taking back what os.register_at_fork and atexit.register offer no way
 * to take back.
 *
 * No Python.h here, so that the thread's loop can stay free of it; objects are void *.
 */
#ifndef ML_AGENT_COMPAT_LIFE_H
#define ML_AGENT_COMPAT_LIFE_H

#include <stdbool.h>

#include "error.h"

/* Why this interpreter cannot have an agent, whatever it was compiled for; NULL: it can.
 * Asks nothing that depends on the layout of objects. Thread: any. GIL: held. */
const char *compat_life_refusal(void);

/* The interpreter is shutting down; a thread that asked for the GIL now would be ended
 * inside the call (to 3.13) or hang for ever (from there on).
 * Thread: any. GIL: not needed. */
bool compat_life_finalizing(void);

/* Attaches the calling thread, which has no Python of its own, to the main interpreter.
 * ML_ESTATE when it is shutting down. The question and the taking are two steps: what
 * makes this safe is that our atexit entry joins the agent thread before shutdown goes
 * on. Leaves nothing that Python code could see (no frame, no threading.Thread).
 * Thread: the agent thread. GIL: taken; give it back with compat_life_gil_give. */
int compat_life_gil_take(int *state, struct ml_error *err);
void compat_life_gil_give(int state);

/* The calling thread runs the main interpreter. GIL: held. */
bool compat_life_main_interpreter(void);

/* os.fork() counts the process's threads after it has called the hooks, to warn about
 * forking with threads. GIL: not needed. */
bool compat_life_fork_counts_threads(void);

/* Take `hook` out of the three lists of os.register_at_fork, or the atexit entry whose
 * function is `callback`, comparing by identity: no __eq__ of the program runs, as it
 * would in atexit.unregister. False when nothing was found; then the entry stays and
 * its function must do nothing. GIL: held. */
bool compat_life_remove_fork_hook(void *hook);
bool compat_life_remove_atexit(void *callback);

#endif
