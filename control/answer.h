/* SPDX-License-Identifier: MIT
 *
 * From a line to its answer: the request is parsed, its method found, its parameters
 * checked, the method run, and the answer (or the error) put into the client's unsent
 * bytes. An answer that fails half-way is taken back and an error sent in its place;
 * there is never half a line in the buffer.
 */
#ifndef ML_CONTROL_ANSWER_H
#define ML_CONTROL_ANSWER_H

#include "ops.h"
#include "peer.h"

struct ml_answerer {
    const struct ml_ops *ops;
    const struct ml_alloc *a;
    uint64_t last_token;
};

/* Answers one line, at once or (a sweep) later. Lines of white space mean nothing. */
void ml_answer_line(struct ml_answerer *an, struct ml_peer *p, const char *line,
                    size_t len);
/* A line over the limit. */
void ml_answer_too_long(struct ml_peer *p, size_t limit);

/* The answers of sweeps. The pending place is freed. */
void ml_answer_result(struct ml_peer *p, struct ml_pending *pending, const char *json,
                      size_t len);
void ml_answer_error(struct ml_peer *p, struct ml_pending *pending,
                     const struct ml_error *err);
void ml_answer_progress(struct ml_peer *p, const struct ml_pending *pending,
                        const char *step, double done);

#endif
