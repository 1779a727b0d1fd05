/* SPDX-License-Identifier: MIT
 *
 * A process that computes answers one after the other and may hang or crash at each:
 * a raw clone of the calling process, with a stack of its own and a pipe to us.
 *
 *     call_helper_start(&h, work, ctx, &err);
 *     while (call_helper_read(&h, deadline, &answer, &text) == CALL_ANSWERED) { ... }
 *     call_helper_stop(&h, outcome == CALL_ENDED);
 *
 * `work` runs in the helper and hands its answers to call_helper_send. Like every
 * process of a sweep it is no child that the program could see.
 *
 * Thread: the sweep process's only one. No libc malloc.
 */
#ifndef ML_AGENT_CALL_HELPER_H
#define ML_AGENT_CALL_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "error.h"

#define CALL_HELPER_STACK ((size_t)64 << 20) /* touched as far as it is used */

struct call_helper {
    pid_t pid; /* 0: none */
    int in;    /* read end of its pipe */
};

/* What comes before each answer's text. */
struct call_answer {
    uint32_t magic;
    uint32_t index;
    uint32_t status; /* the caller's own */
    uint32_t length; /* bytes of text */
};

enum call_outcome {
    CALL_ANSWERED,
    CALL_LATE,    /* nothing came in time; it still runs */
    CALL_ENDED,   /* it crashed or left */
    CALL_GARBLED, /* what came is no answer */
};

/* `work` must not return before all is sent; the helper then ends. */
int call_helper_start(struct call_helper *h, void (*work)(void *ctx, int out), void *ctx,
                      struct ml_error *err);

/* In the helper. Ends it when nobody reads any more. */
void call_helper_send(int out, uint32_t index, uint32_t status, const char *text,
                      size_t length);

/* Waits for an answer: `seconds`, or up to three times as long while the machine gives the
 * helper no time, but never beyond `deadline` (monotonic). `text` is overwritten. */
enum call_outcome call_helper_read(struct call_helper *h, double seconds, double deadline,
                                   struct call_answer *answer, struct ml_buf *text);

/* Reaps it; kills it first if it still runs. `ended`: it has, or is about to; then its
 * wait status is returned, else CALL_STILL_RAN. */
#define CALL_STILL_RAN (-1)
int call_helper_stop(struct call_helper *h, bool ended);

#endif
