/* SPDX-License-Identifier: MIT
 *
 * Questions that wait for the next sweep. Everything that arrives while one runs is
 * answered by the next one together: a sweep costs the program the same whether it
 * answers one question or fifty.
 *
 * Thread: whoever owns the agent (agent_state.h). GIL: not needed.
 */
#ifndef ML_AGENT_QUESTIONS_H
#define ML_AGENT_QUESTIONS_H

#include "sweep.h"
#include "vec.h"

/* The token of the agent's own questions (signal, schedule); the server never uses it. */
#define ML_TOKEN_OWN 0

#define ML_QUESTIONS_MAX 256

ML_VEC(ml_question_vec, struct ml_sweep_question)

struct ml_questions {
    const struct ml_alloc *a;
    struct ml_question_vec waiting;
};

void ml_questions_init(struct ml_questions *q, const struct ml_alloc *a);
void ml_questions_fini(struct ml_questions *q);

/* Copies `request`. ML_ELIMIT when too many wait already. */
int ml_questions_add(struct ml_questions *q, const struct ml_sweep_request *request,
                     uint64_t token, struct ml_error *err);

/* The same for a monitor's report, which needs a sweep of its own. `watch` stays the
 * caller's until the answer has come. */
struct ml_watch;
int ml_questions_add_watched(struct ml_questions *q, const struct ml_sweep_request *request,
                             uint64_t token, const struct ml_watch *watch,
                             struct ml_error *err);

/* How many the next sweep answers together: up to `max` plain ones, or one watched. */
size_t ml_questions_batch(const struct ml_questions *q, size_t max);

/* The agent's own wish for a saved snapshot. One that waits already is enough. */
int ml_questions_add_own(struct ml_questions *q, struct ml_error *err);

/* Drops the first `count`, or all: they have been handed over. */
void ml_questions_drop(struct ml_questions *q, size_t count);
void ml_questions_clear(struct ml_questions *q);

/* A snapshot with everything as configured, to be saved. */
void ml_questions_snapshot(struct ml_sweep_request *out);

#endif
