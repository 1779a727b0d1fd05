/* SPDX-License-Identifier: MIT
 *
 * Which of the processes that have agents come from which: a prefork server and its
 * workers, a program and what it spawned. A process without an agent in between is
 * skipped over: the parent is the nearest ancestor that has one.
 *
 * /proc tells, of processes in our own pid namespace. What an agent could say of itself
 * is no good here: it counts in a namespace of its own, and does not see what is
 * between it and an ancestor.
 */
#ifndef ML_CTL_FAMILY_H
#define ML_CTL_FAMILY_H

#include "discover.h"

/* Fills in `ppid` and `parent` of all, and puts them into the order of the tree:
 * children behind their parent, ascending by pid. */
void ml_family_find(struct ml_discovery *d);

/* Whether it is this process, or one below it. */
bool ml_family_is_below(const struct ml_agent_found *a, long pid);

/* Whether the process is stopped (SIGSTOP, a shell's ^Z): it will not answer. */
bool ml_family_is_stopped(const struct ml_agent_found *a);

#endif
