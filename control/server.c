/* SPDX-License-Identifier: MIT
 *
 * See server.h. The shape of one round:
 *
 *   poll says ready -> read one piece -> answer up to LINES_PER_ROUND whole lines
 *                   -> send what the kernel takes -> free who has gone
 *
 * Bounds per client and round keep the others served; who has lines left over asks for
 * POLLOUT, which is true at once and brings the next round.
 */
#define _GNU_SOURCE
#include "server.h"

#include <errno.h>
#include <stdio.h> /* snprintf only */
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "answer.h"
#include "listener.h"
#include "clock.h"

#define LINES_PER_ROUND 32
#define ACCEPTS_PER_ROUND 16
#define ACCEPT_PAUSE_MS 200 /* after running out of descriptors */

struct ml_server {
    struct ml_answerer answerer;
    const struct ml_alloc *a;
    struct ml_listener listener;
    struct ml_peer *peer[ML_SERVER_MAX_CLIENTS];
    int64_t accept_again; /* ms on the monotonic clock, 0: now */
};

struct ml_server *
ml_server_new(const struct ml_ops *ops, const struct ml_alloc *a)
{
    struct ml_server *s = ml_alloc_array(a, 1, sizeof(*s));
    if (s != NULL) {
        s->a = a;
        s->answerer = (struct ml_answerer){.ops = ops, .a = a};
        s->listener.fd = ML_OWN_FD_NONE;
    }
    return s;
}

static void
close_all(struct ml_server *s, bool remove_file)
{
    for (int i = 0; i < ML_SERVER_MAX_CLIENTS; i++) {
        ml_peer_free(s->peer[i], s->a);
        s->peer[i] = NULL;
    }
    ml_listener_close(&s->listener, remove_file);
}

void
ml_server_free(struct ml_server *s)
{
    if (s != NULL) {
        close_all(s, true);
        ml_alloc_free_array(s->a, s, 1, sizeof(*s));
    }
}

void
ml_server_forget(struct ml_server *s)
{
    close_all(s, false);
}

int
ml_server_listen(struct ml_server *s, const char *path, struct ml_error *err)
{
    ml_listener_close(&s->listener, true);
    s->accept_again = 0;
    return ml_listener_open(&s->listener, path, err);
}

bool
ml_server_listening(const struct ml_server *s)
{
    return ml_listener_alive(&s->listener);
}

/* -- new clients ------------------------------------------------------------------- */

/* One line and good-bye, to somebody who does not become a client. */
static void
turn_away(struct ml_server *s, int fd, int code, const char *message)
{
    struct ml_rpc_error e;
    struct ml_buf line;
    ml_buf_init(&line, s->a);
    ml_rpc_error_set(&e, ML_RPC_SERVER + code, "%s", message);
    e.name = ml_rpc_code_name(code);
    ml_rpc_write_error(&line, "null", &e);
    if (!line.failed &&
        send(fd, line.data, line.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        /* it has gone already: nobody to tell */
    }
    ml_buf_fini(&line);
    close(fd);
}

/* Root may ask everybody; others only themselves. Their uid is the kernel's word. */
static bool
may_ask(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           size == sizeof(peer) && (peer.uid == geteuid() || peer.uid == 0);
}

static void
admit(struct ml_server *s, int fd)
{
    if (!may_ask(fd)) {
        turn_away(s, fd, ML_EPERM, "only the process's own user and root may ask");
        return;
    }
    for (int i = 0; i < ML_SERVER_MAX_CLIENTS; i++) {
        if (s->peer[i] == NULL) {
            s->peer[i] = ml_peer_new(fd, s->a, ML_SERVER_MAX_REQUEST);
            return;
        }
    }
    turn_away(s, fd, ML_ELIMIT, "64 clients are connected already: try again later");
}

static void
accept_clients(struct ml_server *s)
{
    for (int i = 0; i < ACCEPTS_PER_ROUND; i++) {
        int fd = accept4(s->listener.fd.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            admit(s, ml_own_fd_move_up(fd));
        }
        else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
                 errno == ENOBUFS) {
            /* The queue stays readable: without a pause poll would spin on it. */
            s->accept_again = ml_clock_ms() + ACCEPT_PAUSE_MS;
            return;
        }
        else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

/* -- one client -------------------------------------------------------------------- */

static void
answer_lines(struct ml_server *s, struct ml_peer *p)
{
    const char *line;
    size_t len;
    enum ml_line_state state = ML_LINE_READY;
    for (int i = 0; i < LINES_PER_ROUND && !p->gone && state != ML_LINE_NONE &&
                    ml_peer_unsent(p) < ML_PEER_HIGH_WATER;
         i++) {
        state = ml_line_buf_next(&p->in, &line, &len);
        if (state == ML_LINE_READY) {
            ml_answer_line(&s->answerer, p, line, len);
        }
        else if (state == ML_LINE_TOO_LONG) {
            ml_answer_too_long(p, ML_SERVER_MAX_REQUEST);
        }
    }
    p->more = ml_line_buf_waiting(&p->in);
    /* The last line of a client that sends nothing more needs no newline. */
    if (p->read_closed && !p->more && !p->gone &&
        ml_line_buf_rest(&p->in, &line, &len) == ML_LINE_READY) {
        ml_answer_line(&s->answerer, p, line, len);
    }
}

/* POLLHUP (both directions closed) stays set and cannot be masked: after its last
 * lines have been answered into the void, such a client is not waited for. */
static void
serve(struct ml_server *s, struct ml_peer *p, short revents)
{
    if (p->gone || !ml_own_fd_ours(&p->fd)) {
        p->gone = true;
        return;
    }
    p->busy = true;
    if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0 && ml_peer_wants_input(p)) {
        ml_peer_read(p);
    }
    ml_peer_flush(p);
    answer_lines(s, p);
    if (!p->gone) {
        ml_peer_flush(p);
    }
    p->busy = false;
    bool hung_up = (revents & POLLHUP) != 0 && p->read_closed && !p->more;
    p->gone = p->gone || hung_up || ml_peer_done(p);
}

/* -- the poll loop's side ---------------------------------------------------------- */

static short
events_of(const struct ml_peer *p)
{
    short events = ml_peer_wants_input(p) ? POLLIN : 0;
    return ml_peer_unsent(p) > 0 || p->more ? events | POLLOUT : events;
}

size_t
ml_server_pollfds(const struct ml_server *s, struct pollfd *fds, size_t cap)
{
    size_t n = 0;
    bool paused = s->accept_again != 0 && ml_clock_ms() < s->accept_again;
    if (s->listener.fd.fd >= 0 && !paused && n < cap) {
        fds[n++] = (struct pollfd){.fd = s->listener.fd.fd, .events = POLLIN};
    }
    for (int i = 0; i < ML_SERVER_MAX_CLIENTS && n < cap; i++) {
        if (s->peer[i] != NULL && !s->peer[i]->gone) {
            fds[n++] = (struct pollfd){.fd = s->peer[i]->fd.fd,
                                       .events = events_of(s->peer[i])};
        }
    }
    return n;
}

int
ml_server_timeout_ms(const struct ml_server *s)
{
    if (s->accept_again == 0 || s->listener.fd.fd < 0) {
        return -1;
    }
    int64_t left = s->accept_again - ml_clock_ms();
    return left > 0 ? (int)left : -1;
}

static void
free_gone(struct ml_server *s)
{
    for (int i = 0; i < ML_SERVER_MAX_CLIENTS; i++) {
        if (s->peer[i] != NULL && s->peer[i]->gone) {
            ml_peer_free(s->peer[i], s->a);
            s->peer[i] = NULL;
        }
    }
}

/* A listening socket that is not ours any more is forgotten: polling a stranger would
 * wake us for its sake. ml_server_listening then says that it is lost. */
static void
dispatch_listener(struct ml_server *s)
{
    if (!ml_own_fd_ours(&s->listener.fd)) {
        s->listener.fd = ML_OWN_FD_NONE;
        return;
    }
    accept_clients(s);
}

void
ml_server_dispatch(struct ml_server *s, const struct pollfd *fds, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        if (fds[k].revents == 0) {
            continue;
        }
        if (fds[k].fd == s->listener.fd.fd) {
            dispatch_listener(s);
            continue;
        }
        for (int i = 0; i < ML_SERVER_MAX_CLIENTS; i++) {
            if (s->peer[i] != NULL && s->peer[i]->fd.fd == fds[k].fd) {
                serve(s, s->peer[i], fds[k].revents);
                break;
            }
        }
    }
    free_gone(s);
}

bool
ml_server_flushed(const struct ml_server *s)
{
    for (int i = 0; i < ML_SERVER_MAX_CLIENTS; i++) {
        const struct ml_peer *p = s->peer[i];
        if (p != NULL && !p->gone && ml_peer_unsent(p) > 0) {
            return false;
        }
    }
    return true;
}

size_t
ml_server_clients(const struct ml_server *s)
{
    size_t n = 0;
    for (int i = 0; i < ML_SERVER_MAX_CLIENTS; i++) {
        n += s->peer[i] != NULL;
    }
    return n;
}

/* -- answers of sweeps ------------------------------------------------------------- */

static struct ml_pending *
find_pending(struct ml_server *s, uint64_t token, struct ml_peer **peer)
{
    for (int i = 0; i < ML_SERVER_MAX_CLIENTS && token != 0; i++) {
        struct ml_pending *found =
            s->peer[i] != NULL ? ml_peer_pending_find(s->peer[i], token) : NULL;
        if (found != NULL) {
            *peer = s->peer[i];
            return found;
        }
    }
    return NULL;
}

/* Sends at once what fits. Nobody is freed here, callers may be in the middle of a
 * dispatch; but a client that waited only for this answer before it ends (socat) must
 * see the end now, and the hang-up brings the round that frees it. */
static void
flush_now(struct ml_peer *p)
{
    if (p->busy || p->gone) {
        return;
    }
    if (!ml_own_fd_ours(&p->fd)) {
        p->gone = true;
        return;
    }
    ml_peer_flush(p);
    if (ml_peer_done(p)) {
        shutdown(p->fd.fd, SHUT_RDWR);
    }
}

void
ml_server_reply_result(struct ml_server *s, uint64_t token, const char *json,
                       size_t len)
{
    struct ml_peer *p;
    struct ml_pending *pending = find_pending(s, token, &p);
    if (pending != NULL) {
        ml_answer_result(p, pending, json, len);
        flush_now(p);
    }
}

void
ml_server_reply_error(struct ml_server *s, uint64_t token, const struct ml_error *err)
{
    struct ml_peer *p;
    struct ml_pending *pending = find_pending(s, token, &p);
    if (pending != NULL) {
        ml_answer_error(p, pending, err);
        flush_now(p);
    }
}

void
ml_server_progress(struct ml_server *s, uint64_t token, const char *step, double done)
{
    struct ml_peer *p;
    struct ml_pending *pending = find_pending(s, token, &p);
    if (pending != NULL) {
        ml_answer_progress(p, pending, step, done);
        flush_now(p);
    }
}
