/* SPDX-License-Identifier: MIT
 *
 * The life of the agent in one process:
 *
 *     off ── start ──► idle ◄──────► busy (a sweep runs)
 *      ▲                │ ▲
 *      │   stop, detach │ │ after a fork (in the parent, and anew in the child)
 *      │   interpreter's│ ▼
 *      └──── shutdown ──┴ parked (no thread, everything kept: a fork is going on)
 *
 * There is one agent in a process; it serves the main interpreter. How it does it is
 * told in docs/internals/agent-life.md.
 *
 * Thread: any Python thread. GIL: held; released while something is waited for.
 */
#ifndef ML_AGENT_AGENT_H
#define ML_AGENT_AGENT_H

#include <stdbool.h>

#include "error.h"

struct ml_agent_options {
    const char *config_file; /* NULL: defaults */
    const char *writer;      /* path of memalotctl, NULL or "": reports are not saved */
};

/* Starts the agent. `*started` is false when there was one already; it stays as it is.
 * On an error nothing is left behind. */
int ml_agent_start(const struct ml_agent_options *options, bool *started,
                   struct ml_error *err);

/* Takes everything back: thread, descriptors, socket, signal, hooks. False when there
 * was no agent. */
bool ml_agent_stop(void);

bool ml_agent_running(void);

/* Where it listens, "" when nowhere. Good until the agent is stopped. GIL: held. */
const char *ml_agent_socket_path(void);

/* Wakes the agent thread for what a monitor has posted. Thread: any. */
void ml_agent_ring_for_monitors(void);

/* control.follow_execs as it was when the agent started; it takes effect only then.
 * Thread: any. GIL: held. */
bool ml_agent_follows_execs(void);

/* What forks.c and atexit_hook.c call. */
void ml_agent_before_fork(void);
void ml_agent_after_fork_in_parent(void);
void ml_agent_after_fork_in_child(void);
void ml_agent_at_exit(void);

#endif
