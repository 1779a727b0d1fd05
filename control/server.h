/* SPDX-License-Identifier: MIT
 *
 * The agent's side of the control socket: clients, their half-read lines and unsent
 * answers. It owns no thread and never blocks; the agent's poll loop drives it:
 *
 *     n = ml_server_pollfds(s, fds, cap);  poll(...);  ml_server_dispatch(s, fds, n);
 *
 * A program may close descriptors that it did not open (daemons do). Each descriptor
 * is therefore compared with the inode noted when it was made before it is used or
 * closed; a stranger is left alone. The listening socket then counts as lost, and
 * ml_server_listening() says so.
 *
 * Thread: the agent thread. GIL: never held.
 */
#ifndef ML_CONTROL_SERVER_H
#define ML_CONTROL_SERVER_H

#include <poll.h>

#include "ops.h"

#define ML_SERVER_MAX_CLIENTS 64
#define ML_SERVER_MAX_REQUEST (1024 * 1024) /* bytes of one request line */

struct ml_server;

/* `ops` must outlive the server. */
struct ml_server *ml_server_new(const struct ml_ops *ops, const struct ml_alloc *a);

/* Closes everything and, when the socket file is still ours (same inode), removes it.
 * NULL is fine. */
void ml_server_free(struct ml_server *s);

/* Makes the directory (0700, refused when it belongs to somebody else or others may
 * write to it), binds and listens (0600). A dead socket in the way is removed, a live
 * one is ML_ESTATE. Also used again after the socket was lost. */
int ml_server_listen(struct ml_server *s, const char *path, struct ml_error *err);

/* The socket is there: descriptor ours, file in place with our inode. */
bool ml_server_listening(const struct ml_server *s);

/* After a fork of the program, in the child: forgets clients and socket without
 * removing the parent's file; closes inherited descriptors that are still ours. */
void ml_server_forget(struct ml_server *s);

/* Fills fds (at most cap), returns how many. Slow clients ask for POLLOUT. */
size_t ml_server_pollfds(const struct ml_server *s, struct pollfd *fds, size_t cap);
void ml_server_dispatch(struct ml_server *s, const struct pollfd *fds, size_t count);

/* Milliseconds after which the loop should come round though nothing is ready (the
 * process had run out of descriptors and accepting pauses), -1: no need. */
int ml_server_timeout_ms(const struct ml_server *s);

/* True when every answer has been handed to the kernel. A client that reads nothing
 * keeps this false: who waits for it sets a time. */
bool ml_server_flushed(const struct ml_server *s);
size_t ml_server_clients(const struct ml_server *s);

/* Answers of begun sweeps. Unknown tokens (the client has gone) are ignored. */
void ml_server_reply_result(struct ml_server *s, uint64_t token, const char *json,
                            size_t len);
void ml_server_reply_error(struct ml_server *s, uint64_t token,
                           const struct ml_error *err);
void ml_server_progress(struct ml_server *s, uint64_t token, const char *step,
                        double done);

#endif
