/* SPDX-License-Identifier: MIT
 *
 * Which agents there are, and which one TARGET means.
 *
 * An agent's socket lies in $XDG_RUNTIME_DIR/memalot, /run/user/UID/memalot or
 * /tmp/memalot-UID; root looks into everybody's. A directory that does not belong to
 * the user it is named after is passed over: it may be a trap. A socket configured
 * elsewhere is found by its path only. Processes in containers have their sockets in
 * the same places of their own file systems (discover_inside).
 */
#ifndef ML_CTL_DISCOVER_H
#define ML_CTL_DISCOVER_H

#include <limits.h>
#include <stdbool.h>

#include "client.h"

struct ml_agent_found {
    char path[108];
    long pid; /* from the kernel, else from the file's name; 0: unknown */
    bool here; /* pid counts in our own pid namespace: the kernel says so */
    long ppid; /* 0: unknown; this and `parent` are ml_family_find's */
    struct ml_agent_found *parent; /* the nearest ancestor that has an agent, or NULL */
    struct ml_client *client; /* NULL: it accepts nobody; ml_client_send says so */
    json_t *status;    /* NULL until ml_discover_status */
    char trouble[160]; /* why there is no status */
};

struct ml_discovery {
    struct ml_agent_found *agent; /* ascending by pid */
    size_t count;
    char refused[160]; /* a socket that we may not use, "" */
    bool tidy;         /* remove dead sockets on the way, from our own directories */
};

/* Everybody who listens. Never fails; short memory finds less. */
void ml_discover(struct ml_discovery *d);
/* The same, and removes the sockets that processes left behind. */
void ml_discover_and_tidy(struct ml_discovery *d);
void ml_discovery_fini(struct ml_discovery *d);

/* Asks for `status` (once); NULL when it does not answer within two seconds. */
const json_t *ml_discover_status(struct ml_agent_found *a);

/* Connects to the one that TARGET means (NULL: the only one). One that is not there is
 * looked for again during 300 ms: it may just be starting, or binding its socket anew.
 * On an error what there is to choose from is printed too; returns 0 or an enum
 * ml_exit other than done, with everything said on stderr. */
int ml_discover_target(const char *target, struct ml_client **out);

/* "4711  shop-worker", for lists. */
const char *ml_discover_label(struct ml_agent_found *a, char *out, size_t cap);

#endif
