/* SPDX-License-Identifier: MIT
 *
 * Why a process gets no agent: from facts to the one line that says what is wrong and
 * what to do. Decisions only, nothing is looked up here, so that each can be tested on
 * a machine that is set up otherwise. ML_EPERM: not allowed to; all else: cannot.
 */
#ifndef ML_ATTACH_REFUSAL_H
#define ML_ATTACH_REFUSAL_H

#include "interpreter.h"
#include "process.h"

/* It is no process that could run Python: a thread, the kernel's, ended. */
int ml_refusal_of_kind(const struct ml_process *p, struct ml_error *err);

/* We may not: another user's, not dumpable, Yama, a container's filter. */
int ml_refusal_of_access(const struct ml_process *p, const struct ml_powers *own,
                         struct ml_error *err);

/* Its Python is none that an agent is made for. `can_trace`: whether ptrace is there;
 * from 3.14 on it can be done without. */
int ml_refusal_of_python(const struct ml_process *p,
                         const struct ml_interpreter *python,
                         const struct ml_powers *own, struct ml_error *err);

/* Not now: stopped, or somebody else has it. `tracer` is that one's name. */
int ml_refusal_of_state(const struct ml_process *p, const char *tracer,
                        struct ml_error *err);

#endif
