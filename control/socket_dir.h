/* SPDX-License-Identifier: MIT
 *
 * The directory that control sockets lie in: made, checked, locked, and rid of what
 * processes left behind that ended without a word (kill -9, os._exit as in the
 * children of multiprocessing).
 *
 * Whether a socket is dead is asked of the kernel and of nobody else: a pid says
 * nothing across namespaces, and one is soon used again.
 */
#ifndef ML_CONTROL_SOCKET_DIR_H
#define ML_CONTROL_SOCKET_DIR_H

#include <stdbool.h>
#include <sys/un.h>

#include "error.h"

#define ML_SOCKET_DIR_EXAMINED 256 /* sockets that one cleaning looks at */
#define ML_SOCKET_DIR_USUAL "1.sock" /* what `like` is for PID.sock */

/* Makes it (0700) when it is missing, refuses it when it is a link, belongs to somebody
 * else or others may write to it. `*out` is a descriptor to close. */
int ml_socket_dir_open(const char *path, int *out, struct ml_error *err);

/* False when somebody has held the lock for 100 ms. Unlock it, do not only close it:
 * a child that was forked meanwhile would keep it locked. */
bool ml_socket_dir_lock(int dir);
void ml_socket_dir_unlock(int dir);

/* The address of `name` in the directory `path` that `dir` is open on. One that is too
 * long for a sockaddr_un goes by way of the descriptor. */
void ml_socket_dir_address(int dir, const char *path, const char *name,
                           struct sockaddr_un *out);

/* Whether no process has the socket any more. A stream socket that is bound refuses
 * datagrams with another error than a dead one, listening or not, and its owner is not
 * woken. Where the kernel does not make that difference (gVisor), a connection that is
 * let in says that it lives. In doubt it lives. */
bool ml_socket_dir_dead(const struct sockaddr_un *address);

/* Removes the dead sockets whose name is `like` but for its digits, and their temporary
 * names; returns how many. Call it with the lock. */
int ml_socket_dir_clean(int dir, const char *path, const char *like);

#endif
