/* SPDX-License-Identifier: MIT
 *
 * See server_driver.h.
 */
#define _GNU_SOURCE
#include "server_driver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_ROUNDS 100000

static void
must(bool good, const char *what)
{
    if (!good) {
        perror(what);
        abort();
    }
}

void
driver_start(struct driver *d)
{
    struct ml_error err = {0};
    strcpy(d->directory, "/tmp/ml-test-XXXXXX");
    must(mkdtemp(d->directory) != NULL, "mkdtemp");
    snprintf(d->path, sizeof(d->path), "%s/agent.sock", d->directory);
    fake_ops_init(&d->fake);
    d->server = ml_server_new(&d->fake.ops, &ml_alloc_libc);
    must(d->server != NULL, "ml_server_new");
    must(ml_server_listen(d->server, d->path, &err) == 0, err.message);
}

void
driver_stop(struct driver *d)
{
    ml_server_free(d->server);
    rmdir(d->directory);
}

int
driver_pump(struct driver *d)
{
    struct pollfd fds[ML_SERVER_MAX_CLIENTS + 1];
    int rounds = 0;
    for (;;) {
        size_t n = ml_server_pollfds(d->server, fds, ML_SERVER_MAX_CLIENTS + 1);
        if (poll(fds, n, 0) <= 0 || rounds == MAX_ROUNDS) {
            return rounds;
        }
        ml_server_dispatch(d->server, fds, n);
        rounds++;
    }
}

int
driver_connect(struct driver *d)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    strcpy(address.sun_path, d->path);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        return -1;
    }
    driver_pump(d);
    return fd;
}

void
driver_send(struct driver *d, int fd, const void *bytes, size_t len)
{
    const char *p = bytes;
    for (int tries = 0; len > 0 && tries < MAX_ROUNDS; tries++) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n < 0) {
            must(errno == EAGAIN, "send");
            driver_pump(d);
            continue;
        }
        p += n;
        len -= (size_t)n;
    }
    must(len == 0, "send: the server takes nothing");
}

void
driver_say(struct driver *d, int fd, const char *text)
{
    driver_send(d, fd, text, strlen(text));
}

char *
driver_receive(struct driver *d, int fd, bool *closed)
{
    size_t cap = 1 << 16, len = 0;
    char *text = malloc(cap);
    bool end = false;
    must(text != NULL, "malloc");
    for (;;) {
        if (cap - len < 4096) {
            text = realloc(text, cap *= 2);
            must(text != NULL, "realloc");
        }
        ssize_t n = recv(fd, text + len, cap - len - 1, 0);
        if (n > 0) {
            len += (size_t)n;
            continue;
        }
        end = n == 0 || (errno != EAGAIN && errno != EINTR);
        if (end || driver_pump(d) == 0) {
            break;
        }
    }
    text[len] = '\0';
    if (closed != NULL) {
        *closed = end;
    }
    return text;
}

char *
driver_ask(struct driver *d, int fd, const char *line)
{
    driver_say(d, fd, line);
    driver_pump(d);
    return driver_receive(d, fd, NULL);
}
