/* SPDX-License-Identifier: MIT
 *
 * The door by which an agent comes into a process that runs already: `memalotctl attach`
 * has this library loaded and calls ml_attach_begin, from whatever thread in whatever
 * state. What becomes of it is written to ml_attach_outcome (control/attach/outcome.h),
 * which is read from outside.
 *
 * These two are the only symbols beside PyInit__agent that leave the library.
 */
#ifndef ML_AGENT_ATTACH_DOOR_H
#define ML_AGENT_ATTACH_DOOR_H

#include "attach/outcome.h"

#define ML_ATTACH_EXPORT __attribute__((visibility("default")))

extern ML_ATTACH_EXPORT struct ml_attach_outcome ml_attach_outcome;

/* Starts a thread that asks for the GIL and starts the agent. `order` is lines
 * "key=value" (id, config, writer) and is copied. 0, else a negative enum ml_err with
 * the reason in ml_attach_outcome.text, but for ML_ESTATE: another order is being
 * carried out, whose outcome is left alone.
 * Thread: any. GIL: not needed. Runs no Python, waits for nobody. */
ML_ATTACH_EXPORT int ml_attach_begin(const char *order);

#endif
