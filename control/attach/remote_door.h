/* SPDX-License-Identifier: MIT
 *
 * The interpreter's own door for debuggers (PEP 768, CPython 3.14 and later), seen from
 * outside: where in the process's memory a request is left for its main thread. The
 * places stand in a table at the start of _PyRuntime, which is checked before it is
 * believed.
 */
#ifndef ML_ATTACH_REMOTE_DOOR_H
#define ML_ATTACH_REMOTE_DOOR_H

#include <stdbool.h>

#include "attach.h"

struct ml_remote_door {
    pid_t pid;
    uint64_t pending; /* int32: 1 asks for the script to be run */
    uint64_t path;    /* of the script */
    uint64_t path_size;
    uint64_t breaker; /* has the thread look at `pending` */
};

/* ML_EUNSUPPORTED: there is none, it is shut (PYTHON_DISABLE_REMOTE_DEBUG), in use, or
 * not where this version should have it. Only reads. */
int ml_remote_door_find(const struct ml_attach_target *target,
                        struct ml_remote_door *out, struct ml_error *err);

/* Asks the main thread to run the script as soon as it is between two instructions. */
int ml_remote_door_ask(const struct ml_remote_door *door, const char *script,
                       struct ml_error *err);

/* Takes that back, if it is still there. Whether it came too late is not known here: the
 * thread may have taken it just now. */
void ml_remote_door_take_back(const struct ml_remote_door *door, const char *script);

#endif
