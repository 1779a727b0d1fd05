/* SPDX-License-Identifier: MIT
 *
 * See client.h.
 */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "line_buf.h"
#include "clock.h"

#define TICK_MS 100 /* how often the progress line is looked at */
#define CONNECT_MS 300
#define SEND_MS 5000

struct ml_client {
    int fd;
    pid_t pid;
    int last_id;
    struct ml_line_buf in;
};

static int
connect_error(const char *path, int number, struct ml_error *err)
{
    if (number == ENOENT || number == ECONNREFUSED) {
        return ml_error_set(err, ML_ENOTFOUND, "no agent listens on %s", path);
    }
    if (number == EACCES || number == EPERM) {
        return ml_error_set(err, ML_EPERM,
                            "%s belongs to another user: run this as that user or root",
                            path);
    }
    if (number == EAGAIN) {
        return ml_error_set(err, ML_ESTATE,
                            "%s does not answer: is the process stopped?", path);
    }
    return ml_error_set(err, ML_EIO, "cannot connect to %s: %s", path,
                        strerror(number));
}

/* Somebody else may have put a socket where an agent of ours would be looked for. */
static int
check_owner(struct ml_client *c, const char *path, struct ml_error *err)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
        return ml_error_set(err, ML_EIO, "%s: %s", path, strerror(errno));
    }
    c->pid = peer.pid;
    if (geteuid() != 0 && peer.uid != geteuid() && peer.uid != 0) {
        return ml_error_set(err, ML_EPERM, "%s is served by user %ld, not by you", path,
                            (long)peer.uid);
    }
    return ML_OK;
}

/* A stopped process accepts and reads nothing: neither connect nor send may hang. */
static void
set_send_timeout(int fd, int ms)
{
    struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    }
}

int
ml_client_connect(const char *path, struct ml_client **out, struct ml_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        return ml_error_set(err, ML_ELIMIT, "socket path longer than %zu bytes",
                            sizeof(address.sun_path) - 1);
    }
    struct ml_client *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return ml_error_nomem(err);
    }
    strcpy(address.sun_path, path);
    ml_line_buf_init(&c->in, &ml_alloc_libc, ML_CLIENT_MAX_ANSWER);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    set_send_timeout(c->fd, CONNECT_MS);
    int rc = ML_OK;
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        rc = connect_error(path, errno, err);
    }
    else {
        rc = check_owner(c, path, err);
    }
    if (rc < 0) {
        ml_client_free(c);
        return rc;
    }
    set_send_timeout(c->fd, SEND_MS);
    *out = c;
    return ML_OK;
}

void
ml_client_free(struct ml_client *c)
{
    if (c != NULL) {
        if (c->fd >= 0) {
            close(c->fd);
        }
        ml_line_buf_fini(&c->in);
        free(c);
    }
}

pid_t
ml_client_pid(const struct ml_client *c)
{
    return c->pid;
}

/* -- sending ----------------------------------------------------------------------- */

static int
send_all(struct ml_client *c, const char *text, size_t len, struct ml_error *err)
{
    while (len > 0) {
        ssize_t n = send(c->fd, text, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EPIPE) {
            return ML_OK; /* it may have said why before it hung up: read that */
        }
        if (n < 0 && errno != EINTR) {
            return ml_error_set(err, ML_EIO, "cannot ask the agent: %s",
                                strerror(errno));
        }
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return ML_OK;
}

int
ml_client_send(struct ml_client *c, const char *method, json_t *params, bool progress,
               struct ml_error *err)
{
    if (c == NULL) {
        json_decref(params);
        return ml_error_set(err, ML_ESTATE, "the agent does not answer");
    }
    json_t *request = json_pack("{s:s, s:i, s:s, s:o*}", "jsonrpc", "2.0", "id",
                                ++c->last_id, "method", method, "params", params);
    if (request != NULL && progress) {
        json_object_set_new(request, "progress", json_true());
    }
    char *text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    if (text == NULL) {
        return ml_error_set(err, ML_EINVAL, "a parameter is not UTF-8");
    }
    int rc = send_all(c, text, strlen(text), err);
    rc = rc == ML_OK ? send_all(c, "\n", 1, err) : rc;
    free(text);
    return rc;
}

/* -- receiving --------------------------------------------------------------------- */

/* Waits until there is something to read, drawing the progress line meanwhile. */
static int
wait_readable(struct ml_client *c, struct ml_progress_line *line, int timeout_ms,
              struct ml_error *err)
{
    int64_t start = ml_clock_ms();
    for (;;) {
        struct pollfd p = {.fd = c->fd, .events = POLLIN};
        int64_t left = timeout_ms < 0 ? TICK_MS : start + timeout_ms - ml_clock_ms();
        int n = poll(&p, 1, left < 0 ? 0 : (int)(left < TICK_MS ? left : TICK_MS));
        if (n > 0) {
            return ML_OK;
        }
        if (n < 0 && errno != EINTR) {
            return ml_error_set(err, ML_EIO, "poll: %s", strerror(errno));
        }
        if (left <= 0) {
            return ml_error_set(err, ML_ECANCELLED, "the agent does not answer");
        }
        ml_progress_line_tick(line);
    }
}

static int
fill(struct ml_client *c, struct ml_error *err)
{
    size_t room;
    char *to = ml_line_buf_room(&c->in, &room);
    if (to == NULL) {
        return ml_error_nomem(err);
    }
    ssize_t n = recv(c->fd, to, room, 0);
    if (n == 0 || (n < 0 && errno == ECONNRESET)) {
        return ml_error_set(
            err, ML_EIO,
            "the agent hung up before it answered: the process ended, or "
            "the agent was detached");
    }
    if (n < 0 && errno != EINTR) {
        return ml_error_set(err, ML_EIO, "cannot read the answer: %s", strerror(errno));
    }
    ml_line_buf_filled(&c->in, n > 0 ? (size_t)n : 0);
    return ML_OK;
}

/* -32001 and down are the agent's own codes; -32602 is what the user typed. */
static int
take_error(const json_t *error, struct ml_error *err)
{
    json_int_t code = json_integer_value(json_object_get(error, "code"));
    const char *message = json_string_value(json_object_get(error, "message"));
    int ml_code = code <= -32001 && code >= -32099 ? (int)(code + 32000)
                  : code == -32602                 ? ML_EINVAL
                                                   : ML_EFORMAT;
    return ml_error_set(err, ml_code, "%s",
                        message != NULL ? message : "the agent refused without a word");
}

static void
take_progress(const json_t *message, struct ml_progress_line *line)
{
    const json_t *params = json_object_get(message, "params");
    if (line == NULL) {
        return;
    }
    ml_progress_line_step(line, json_string_value(json_object_get(params, "step")),
                          json_number_value(json_object_get(params, "done")));
}

/* Answers with no id come when we are turned away before we asked. */
static bool
is_answer(const struct ml_client *c, const json_t *message)
{
    const json_t *id = json_object_get(message, "id");
    return json_integer_value(id) == c->last_id ||
           (json_is_null(id) && json_object_get(message, "error") != NULL);
}

static int
take_answer(const json_t *message, json_t **result, struct ml_error *err)
{
    const json_t *error = json_object_get(message, "error");
    json_t *value = json_object_get(message, "result");
    if (error != NULL) {
        return take_error(error, err);
    }
    if (value == NULL) {
        return ml_error_set(err, ML_EFORMAT, "the agent's answer has no result");
    }
    *result = json_incref(value);
    return ML_OK;
}

/* Goes through the lines that have come; `*result` is NULL when the answer is not among
 * them. */
static int
look(struct ml_client *c, struct ml_progress_line *line, json_t **result,
     struct ml_error *err)
{
    const char *text;
    size_t len;
    enum ml_line_state state;
    *result = NULL;
    while ((state = ml_line_buf_next(&c->in, &text, &len)) == ML_LINE_READY) {
        json_error_t why;
        json_t *message = json_loadb(text, len, 0, &why);
        if (message == NULL) {
            return ml_error_set(err, ML_EFORMAT, "the agent's answer is not JSON: %s",
                                why.text);
        }
        if (is_answer(c, message)) {
            int rc = take_answer(message, result, err);
            json_decref(message);
            return rc;
        }
        take_progress(message, line);
        json_decref(message);
    }
    return state == ML_LINE_TOO_LONG
               ? ml_error_set(err, ML_ELIMIT, "the agent's answer is too large")
               : ML_OK;
}

int
ml_client_fd(const struct ml_client *c)
{
    return c->fd;
}

int
ml_client_take(struct ml_client *c, struct ml_progress_line *line, json_t **result,
               struct ml_error *err)
{
    int rc = fill(c, err);
    return rc < 0 ? rc : look(c, line, result, err);
}

int
ml_client_call(struct ml_client *c, const char *method, json_t *params,
               const char *what, int timeout_ms, json_t **result, struct ml_error *err)
{
    struct ml_progress_line line;
    json_t *answer = NULL;
    ml_progress_line_begin(&line, what);
    int rc = ml_client_send(c, method, params, what != NULL, err);
    while (rc == ML_OK && answer == NULL) {
        rc = wait_readable(c, &line, timeout_ms, err);
        rc = rc == ML_OK ? ml_client_take(c, &line, &answer, err) : rc;
    }
    ml_progress_line_end(&line);
    *result = rc == ML_OK ? answer : *result;
    return rc;
}
