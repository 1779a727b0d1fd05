/* SPDX-License-Identifier: MIT
 *
 * The listening socket and its file: made so that nobody else can come between.
 *
 * The directory must be ours and closed to writers (it is made 0700 when missing) and
 * no symbolic link; then nobody but ourselves and root can put or swap anything in
 * it. The file gets its 0600 before it has a name. The process's umask, which belongs
 * to the program and all its threads, is never touched.
 */
#ifndef ML_CONTROL_LISTENER_H
#define ML_CONTROL_LISTENER_H

#include <sys/un.h>

#include "error.h"
#include "own_fd.h"

struct ml_listener {
    struct ml_own_fd fd;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    dev_t file_dev; /* of the socket's file */
    ino_t file_ino;
};

/* See ml_server_listen. On an error `l` is left closed. */
int ml_listener_open(struct ml_listener *l, const char *path, struct ml_error *err);

/* Descriptor ours and file in place. */
bool ml_listener_alive(const struct ml_listener *l);

/* Closes; removes the file when `remove_file` and it is still ours. */
void ml_listener_close(struct ml_listener *l, bool remove_file);

#endif
