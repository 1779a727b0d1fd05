/* SPDX-License-Identifier: MIT
 *
 * See peer.h.
 */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define SEND_PER_FLUSH ((size_t)4 * 1024 * 1024)
#define KEEP_SIZE ((size_t)64 * 1024)

struct ml_peer *
ml_peer_new(int fd, const struct ml_alloc *a, size_t max_line)
{
    struct ml_peer *p = ml_alloc_array(a, 1, sizeof(*p));
    if (p == NULL) {
        close(fd);
        return NULL;
    }
    p->fd = ml_own_fd_note(fd);
    ml_line_buf_init(&p->in, a, max_line);
    ml_buf_init(&p->out, a);
    p->out.limit = ML_PEER_MAX_UNSENT;
    return p;
}

void
ml_peer_free(struct ml_peer *p, const struct ml_alloc *a)
{
    if (p == NULL) {
        return;
    }
    ml_own_fd_close(&p->fd);
    ml_line_buf_fini(&p->in);
    ml_buf_fini(&p->out);
    ml_alloc_free_array(a, p, 1, sizeof(*p));
}

void
ml_peer_read(struct ml_peer *p)
{
    size_t room;
    char *to = ml_line_buf_room(&p->in, &room);
    if (to == NULL) { /* memory is short; a whole line never waits here (see `more`) */
        p->gone = true;
        return;
    }
    ssize_t n = recv(p->fd.fd, to, room, MSG_DONTWAIT);
    if (n > 0) {
        ml_line_buf_filled(&p->in, (size_t)n);
    }
    else if (n == 0) {
        p->read_closed = true;
    }
    else if (errno != EAGAIN && errno != EINTR) {
        p->gone = true;
    }
}

/* Moves the rest to the front only when at least as much has been sent: each byte is
 * moved about once, however slowly a large answer is taken. */
static void
drop_sent(struct ml_peer *p)
{
    if (p->sent == p->out.len) {
        p->out.len = p->sent = 0;
        if (p->out.cap > KEEP_SIZE) {
            const struct ml_alloc *a = p->out.a;
            ml_buf_fini(&p->out);
            ml_buf_init(&p->out, a);
            p->out.limit = ML_PEER_MAX_UNSENT;
        }
    }
    else if (p->sent >= p->out.len - p->sent) {
        ml_buf_consume(&p->out, p->sent);
        p->sent = 0;
    }
}

void
ml_peer_flush(struct ml_peer *p)
{
    size_t budget = SEND_PER_FLUSH;
    while (p->sent < p->out.len && budget > 0) {
        size_t want = p->out.len - p->sent;
        want = want < budget ? want : budget;
        ssize_t n =
            send(p->fd.fd, p->out.data + p->sent, want, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            p->gone = errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM;
            break;
        }
        p->sent += (size_t)n;
        budget -= (size_t)n;
    }
    drop_sent(p);
}

size_t
ml_peer_unsent(const struct ml_peer *p)
{
    return p->out.len - p->sent;
}

bool
ml_peer_wants_input(const struct ml_peer *p)
{
    return !p->read_closed && !p->more && ml_peer_unsent(p) < ML_PEER_HIGH_WATER;
}

bool
ml_peer_done(const struct ml_peer *p)
{
    if (!p->read_closed || p->more || ml_peer_unsent(p) > 0) {
        return false;
    }
    for (int i = 0; i < ML_PEER_MAX_PENDING; i++) {
        if (p->pending[i].token != 0) {
            return false;
        }
    }
    return true;
}

struct ml_pending *
ml_peer_pending_find(struct ml_peer *p, uint64_t token)
{
    for (int i = 0; i < ML_PEER_MAX_PENDING; i++) {
        if (p->pending[i].token == token) {
            return &p->pending[i];
        }
    }
    return NULL;
}

struct ml_pending *
ml_peer_pending_add(struct ml_peer *p, uint64_t token)
{
    struct ml_pending *pending = ml_peer_pending_find(p, 0);
    if (pending != NULL) {
        memset(pending, 0, sizeof(*pending));
        pending->token = token;
    }
    return pending;
}
