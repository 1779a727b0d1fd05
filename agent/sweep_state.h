/* SPDX-License-Identifier: MIT
 *
 * The state of one sweep on the agent thread's side, shared by sweep.c (its life) and
 * sweep_frames.c (what the copy says). The agent thread's alone.
 */
#ifndef ML_AGENT_SWEEP_STATE_H
#define ML_AGENT_SWEEP_STATE_H

#include <sys/types.h>

#include "own_fd.h"
#include "sweep_job.h"

enum sweep_state { SWEEP_IDLE, SWEEP_WAITING, SWEEP_RUNNING };

struct ml_sweep {
    struct ml_sweep_callbacks to;
    enum sweep_state state;
    struct sweep_job *job; /* a mapping of its own, NULL while idle */
    pid_t child;
    struct ml_own_fd in;   /* read end of the pipe */
    int tries;             /* clones made for these questions */
    struct ml_buf input;
    bool answered[SWEEP_MAX_QUESTIONS];
    bool done;
    struct sweep_done_frame result;
    struct ml_error why;   /* of a failure, code 0: none */
    double pause;
    double ended_reading;  /* monotonic; 0 while the pipe is open */
    bool in_place;
};

/* Takes whole frames off the input and makes the callbacks; false when the stream makes
 * no sense. */
bool sweep_take_frames(struct ml_sweep *s);

/* sweep_memory.c: bytes the analysis may map by sweep.max_extra_memory, 0: no limit. */
uint64_t sweep_memory_limit(const struct ml_settings *settings);

#endif
