/* SPDX-License-Identifier: MIT
 *
 * An agent as a program of its own: the real server over a real socket, answers from
 * files. For tests of memalotctl that are about what it does with an answer, not about
 * how a sweep comes to one.
 *
 *     fake-agent SOCKET DIRECTORY
 *
 * A method's answer is DIRECTORY/<method>.json; without the file it fails. Prints
 * "ready" when it listens; ends with its stdin, or when it was detached.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

#define MAX_QUEUE 64

struct fake {
    const char *directory;
    struct ml_server *server;
    struct {
        const char *method;
        uint64_t token;
    } queue[MAX_QUEUE];
    int queued;
    bool detached;
};

static int
read_answer(struct fake *f, const char *method, struct ml_buf *to, struct ml_error *err)
{
    char path[4096], piece[65536];
    size_t n;
    snprintf(path, sizeof(path), "%s/%s.json", f->directory, method);
    FILE *from = fopen(path, "r");
    if (from == NULL) {
        return ml_error_set(err, ML_ENOTFOUND, "the fake has no answer to %s", method);
    }
    while ((n = fread(piece, 1, sizeof(piece), from)) > 0) {
        ml_buf_append(to, piece, n);
    }
    fclose(from);
    return ML_OK;
}

static int
answer_now(struct fake *f, const char *method, struct ml_json *out,
           struct ml_error *err)
{
    struct ml_buf text;
    ml_buf_init(&text, &ml_alloc_libc);
    int rc = read_answer(f, method, &text, err);
    if (rc == ML_OK) {
        ml_json_raw(out, text.data, text.len);
    }
    ml_buf_fini(&text);
    return rc;
}

static int
status(void *ctx, struct ml_json *out, struct ml_error *err)
{
    return answer_now(ctx, "status", out, err);
}

static int
config_get(void *ctx, struct ml_json *out, struct ml_error *err)
{
    return answer_now(ctx, "config.get", out, err);
}

static int
config_reload(void *ctx, struct ml_json *out, struct ml_error *err)
{
    return answer_now(ctx, "config.reload", out, err);
}

static int
sweep(void *ctx, const struct ml_sweep_request *request, uint64_t token,
      struct ml_error *err)
{
    static const char *const methods[] = {
        [ML_SWEEP_SNAPSHOT] = "snapshot", [ML_SWEEP_TYPES] = "types",
        [ML_SWEEP_RETAINED] = "retained", [ML_SWEEP_PATHS] = "paths",
        [ML_SWEEP_REFS] = "refs",         [ML_SWEEP_GARBAGE] = "garbage",
        [ML_SWEEP_MEMORY] = "memory",
        [ML_SWEEP_REFCOUNTS] = "refcounts",
    };
    struct fake *f = ctx;
    if (f->queued == MAX_QUEUE) {
        return ml_error_set(err, ML_ELIMIT, "the fake's queue is full");
    }
    f->queue[f->queued].method = methods[request->kind];
    f->queue[f->queued++].token = token;
    return ML_OK;
}

static int
monitor_start(void *ctx, const struct ml_monitor_request *request, struct ml_json *out,
              struct ml_error *err)
{
    return answer_now(ctx, "monitor.start", out, err);
}

static int
monitor_stop(void *ctx, struct ml_json *out, struct ml_error *err)
{
    return answer_now(ctx, "monitor.stop", out, err);
}

static const char *
report_directory(void *ctx)
{
    return ((struct fake *)ctx)->directory;
}

static int
detach(void *ctx, struct ml_error *err)
{
    ((struct fake *)ctx)->detached = true;
    return ML_OK;
}

static void
answer_queue(struct fake *f)
{
    for (int i = 0; i < f->queued; i++) {
        struct ml_error err;
        struct ml_buf text;
        ml_buf_init(&text, &ml_alloc_libc);
        if (read_answer(f, f->queue[i].method, &text, &err) < 0) {
            ml_server_reply_error(f->server, f->queue[i].token, &err);
        }
        else {
            ml_server_progress(f->server, f->queue[i].token, "reading a file", 0.5);
            ml_server_reply_result(f->server, f->queue[i].token, text.data, text.len);
        }
        ml_buf_fini(&text);
    }
    f->queued = 0;
}

static void
serve(struct fake *f)
{
    struct pollfd fds[ML_SERVER_MAX_CLIENTS + 2] = {{.events = POLLIN}};
    while (!f->detached || !ml_server_flushed(f->server)) {
        size_t n = ml_server_pollfds(f->server, fds + 1, ML_SERVER_MAX_CLIENTS + 1);
        if (poll(fds, n + 1, -1) < 0 || fds[0].revents != 0) {
            return;
        }
        ml_server_dispatch(f->server, fds + 1, n);
        answer_queue(f);
    }
}

int
main(int argc, char **argv)
{
    struct ml_error err;
    struct fake f = {.directory = argc > 2 ? argv[2] : "."};
    const struct ml_ops ops = {.ctx = &f,
                               .status = status,
                               .sweep = sweep,
                               .config_get = config_get,
                               .config_reload = config_reload,
                               .report_directory = report_directory,
                               .monitor_start = monitor_start,
                               .monitor_stop = monitor_stop,
                               .detach = detach};
    f.server = ml_server_new(&ops, &ml_alloc_libc);
    if (argc < 3 || f.server == NULL || ml_server_listen(f.server, argv[1], &err) < 0) {
        fprintf(stderr, "%s\n", argc < 3 ? "SOCKET DIRECTORY" : err.message);
        return 1;
    }
    puts("ready");
    fflush(stdout);
    serve(&f);
    ml_server_free(f.server);
    return 0;
}
