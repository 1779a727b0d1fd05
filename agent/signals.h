/* SPDX-License-Identifier: MIT
 *
 * The signal that asks for a snapshot (`kill -USR2 PID`).
 *
 * It belongs to the program first: we install a handler only where the default action
 * would have killed the process, chain nothing, and when the program later takes the
 * signal for itself, theirs stays. The handler does nothing but ring the agent's bell,
 * and in a forked child that has no agent of its own nothing at all.
 *
 * One signal at a time; state is process-wide, as dispositions are. GIL: not needed.
 */
#ifndef ML_AGENT_SIGNALS_H
#define ML_AGENT_SIGNALS_H

#include "error.h"
#include "wakeup.h"

enum ml_signals_state { ML_SIGNALS_OFF, ML_SIGNALS_INSTALLED, ML_SIGNALS_PROGRAMS };

/* Lets `signo` (0: none) ring `wakeup` in this process, which must stay alive until
 * ml_signals_restore. A signal that the program handles or ignores is left to it: that
 * is no error, see ml_signals_state. Thread: whoever owns the agent. */
int ml_signals_install(int signo, struct ml_wakeup *wakeup, struct ml_error *err);

/* Takes the signal again when the program has put the default action back meanwhile, as
 * gunicorn's workers do with all signals when they begin: it would end the process. */
void ml_signals_look(void);

/* After a fork, in the child: the inherited handler counts for this process again. */
void ml_signals_adopt_child(void);

/* Back to the default action where the handler is still ours. */
void ml_signals_restore(void);

/* Nobody listens any more, but the signal still does no harm: for the last moments of a
 * process. */
void ml_signals_silence(void);

/* Looks at the disposition in force. */
enum ml_signals_state ml_signals_state(void);

/* "installed", "off", "program's" */
const char *ml_signals_state_name(enum ml_signals_state state);

#endif
