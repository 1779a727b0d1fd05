/* SPDX-License-Identifier: MIT
 *
 * The agent's door seen from both sides. Inside, ml_attach_begin (agent/attach_door.c)
 * takes an order and writes down here what becomes of it; outside, memalotctl finds the
 * struct in the process's memory by its symbol, reads it, and may call the attach off.
 * Neither side waits for a lock of the other's:
 *
 *     idle ─► waiting (for the GIL) ─► starting ─┬─► runs
 *                                                ├─► failed
 *                                                └─► given up
 *
 * The door sets "starting" and then looks at given_up; memalotctl sets given_up and then
 * looks at the state. So either the door sees that nobody wants it any more, or memalotctl
 * sees that it came too late to give up and waits for the end, which is near.
 */
#ifndef ML_CONTROL_ATTACH_OUTCOME_H
#define ML_CONTROL_ATTACH_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ml_attach_state {
    ML_ATTACH_IDLE,
    ML_ATTACH_WAITING,  /* for the GIL, or for an import that is going on */
    ML_ATTACH_STARTING, /* it has the GIL */
    ML_ATTACH_RUNS,     /* text: the path of its socket */
    ML_ATTACH_FAILED,   /* text: why */
    ML_ATTACH_GIVEN_UP,
};

struct ml_attach_outcome {
    int32_t state;    /* enum ml_attach_state; written inside */
    int32_t given_up; /* written outside */
    uint32_t id;      /* of the order that this is about */
    int32_t code;     /* enum ml_err with ML_ATTACH_FAILED */
    char text[480];
};

#define ML_ATTACH_BEGIN_SYMBOL "ml_attach_begin"
#define ML_ATTACH_OUTCOME_SYMBOL "ml_attach_outcome"
#define ML_ATTACH_ORDER_MAX 16384 /* bytes of an order as text, with its NUL */

struct ml_attach_target;
struct ml_attach_order;
struct ml_error;

/* The order as ml_attach_begin takes it. ML_EINVAL: a path with a newline. */
int ml_attach_order_text(const struct ml_attach_order *order,
                         char out[ML_ATTACH_ORDER_MAX], struct ml_error *err);

/* Waits until the agent has said that it runs, or why not. `deadline` is by
 * ml_clock_seconds; when it has come the attach is called off, and ML_ECANCELLED says
 * what the process was waited for. */
int ml_attach_wait(const struct ml_attach_target *target,
                   const struct ml_attach_order *order, double deadline,
                   struct ml_error *err);

/* Afterwards: where the agent listens, as the process sees it ("": nowhere). */
bool ml_attach_socket(const struct ml_attach_target *target,
                      const struct ml_attach_order *order, char *out, size_t cap);

#endif
