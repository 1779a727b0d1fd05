/* SPDX-License-Identifier: MIT
 *
 * A server with fake_ops on a socket in a directory of its own, and clients of it, all
 * in one thread: the test sends, lets the server run until nothing is ready, and looks
 * at what came. Nothing waits by the clock.
 */
#ifndef ML_TESTS_SERVER_DRIVER_H
#define ML_TESTS_SERVER_DRIVER_H

#include "fake_ops.h"
#include "server.h"

struct driver {
    char directory[64];
    char path[96];
    struct fake_ops fake;
    struct ml_server *server;
};

void driver_start(struct driver *d);
void driver_stop(struct driver *d);

/* Rounds of poll and dispatch until nothing is ready; returns how many. */
int driver_pump(struct driver *d);

/* A connected, non-blocking client; -1 when refused. */
int driver_connect(struct driver *d);
/* Sends all of it, pumping while the server's buffers are full. */
void driver_send(struct driver *d, int fd, const void *bytes, size_t len);
void driver_say(struct driver *d, int fd, const char *text);
/* Everything that is there now, terminated; the caller frees. `closed`: end seen. */
char *driver_receive(struct driver *d, int fd, bool *closed);
/* say, pump, receive */
char *driver_ask(struct driver *d, int fd, const char *line);

#endif
