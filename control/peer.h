/* SPDX-License-Identifier: MIT
 *
 * One client of the control socket: what it has sent so far, what it has not yet
 * taken, and which of its requests wait for a sweep. Reads and writes never block and
 * are bounded per call, so that one client's flood does not keep the others waiting;
 * what a line means is the business of answer.c.
 *
 * While more than ML_PEER_HIGH_WATER bytes wait for a client, nothing more is read
 * from it: its own slowness comes back to it and to nobody else.
 */
#ifndef ML_CONTROL_PEER_H
#define ML_CONTROL_PEER_H

#include "buf.h"
#include "line_buf.h"
#include "own_fd.h"
#include "rpc.h"

#define ML_PEER_MAX_UNSENT ((size_t)64 * 1024 * 1024)
#define ML_PEER_HIGH_WATER ((size_t)1024 * 1024)
#define ML_PEER_MAX_PENDING 16 /* unanswered sweeps of one client */

struct ml_pending {
    uint64_t token; /* 0: free */
    bool progress;
    char id[ML_RPC_ID_MAX + 1];
};

struct ml_peer {
    struct ml_own_fd fd;
    struct ml_line_buf in;
    struct ml_buf out;
    size_t sent;      /* bytes of `out` that the kernel has */
    bool read_closed; /* it sends nothing more, but may still want answers */
    bool gone;        /* nothing can reach it: free it */
    bool more;        /* whole lines wait in `in` */
    bool busy;        /* in the middle of a round: who finds it so only appends */
    struct ml_pending pending[ML_PEER_MAX_PENDING];
};

/* Takes over `fd`. NULL when memory is short: `fd` is closed then. */
struct ml_peer *ml_peer_new(int fd, const struct ml_alloc *a, size_t max_line);
/* Closes the descriptor when it is still ours. NULL is fine. */
void ml_peer_free(struct ml_peer *p, const struct ml_alloc *a);

/* Reads one piece. Sets read_closed or gone. */
void ml_peer_read(struct ml_peer *p);
/* Hands what it can to the kernel. Sets gone when the other side is closed. */
void ml_peer_flush(struct ml_peer *p);

size_t ml_peer_unsent(const struct ml_peer *p);
bool ml_peer_wants_input(const struct ml_peer *p);
/* Nothing comes, nothing is owed: the connection has done its work. */
bool ml_peer_done(const struct ml_peer *p);

/* A free place for a request that is answered later, or NULL. */
struct ml_pending *ml_peer_pending_add(struct ml_peer *p, uint64_t token);
struct ml_pending *ml_peer_pending_find(struct ml_peer *p, uint64_t token);

#endif
