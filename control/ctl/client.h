/* SPDX-License-Identifier: MIT
 *
 * memalotctl's end of the control socket: connect, ask, wait, show progress meanwhile.
 * One request at a time; what an agent answers is checked like any foreign text. Who
 * asks several agents at once (ask_many.h) goes in steps: send, poll, take.
 */
#ifndef ML_CTL_CLIENT_H
#define ML_CTL_CLIENT_H

#include <jansson.h>
#include <sys/types.h>

#include "error.h"
#include "progress_line.h"

#define ML_CLIENT_MAX_ANSWER ((size_t)256 * 1024 * 1024)

struct ml_client;

/* ML_ENOTFOUND: nobody listens there; ML_EPERM: not ours to ask, also when the process
 * behind the socket is another user's than the file says; ML_ESTATE: it was stopped so
 * long ago that it accepts nobody any more. */
int ml_client_connect(const char *path, struct ml_client **out, struct ml_error *err);
void ml_client_free(struct ml_client *c);

/* Process behind the socket, in the kernel's word; 0: in another namespace. */
pid_t ml_client_pid(const struct ml_client *c);

/* Asks and waits. Takes over `params` (NULL: none). `what` names the work on the
 * progress line, NULL: none is shown. `timeout_ms` bounds the silence, -1: wait for as
 * long as it takes. An error answer keeps the agent's words and code. */
int ml_client_call(struct ml_client *c, const char *method, json_t *params,
                   const char *what, int timeout_ms, json_t **result,
                   struct ml_error *err);

/* Sends only. Takes over `params`. */
int ml_client_send(struct ml_client *c, const char *method, json_t *params,
                   bool progress, struct ml_error *err);

/* To be polled for reading. */
int ml_client_fd(const struct ml_client *c);

/* Reads once, waiting for it when nothing is there. `*result` stays NULL until the
 * answer is whole; `line` (NULL: none) hears of progress. */
int ml_client_take(struct ml_client *c, struct ml_progress_line *line, json_t **result,
                   struct ml_error *err);

#endif
