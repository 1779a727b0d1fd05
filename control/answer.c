/* SPDX-License-Identifier: MIT
 *
 * See answer.h.
 */
#include "answer.h"

#include <string.h>

#include "methods.h"

/* Throws away what was written since `mark`, and forgets that it failed. */
static void
take_back(struct ml_peer *p, size_t mark)
{
    p->out.len = mark;
    p->out.failed = false;
}

static void
send_error(struct ml_peer *p, const char *id, const struct ml_rpc_error *e)
{
    size_t mark = p->out.len;
    ml_rpc_write_error(&p->out, id, e);
    if (p->out.failed) {
        take_back(p, mark);
        p->gone = true; /* no room even for this: it reads nothing, or memory is gone */
    }
}

/* An answer did not fit. To a client that takes what it is sent this is one error
 * among others; one that lets megabytes lie is dropped. */
static void
send_no_room(struct ml_peer *p, const char *id)
{
    struct ml_rpc_error e;
    if (ml_peer_unsent(p) > ML_PEER_HIGH_WATER) {
        p->gone = true;
        return;
    }
    ml_rpc_error_set(&e, ML_RPC_SERVER + ML_ELIMIT,
                     "the answer is larger than %zu MiB, or memory is short",
                     ML_PEER_MAX_UNSENT >> 20);
    e.name = "ML_ELIMIT";
    send_error(p, id, &e);
}

static void
send_result(struct ml_peer *p, const char *id, const char *json, size_t len)
{
    size_t mark = p->out.len;
    ml_rpc_begin_result(&p->out, id);
    size_t start = p->out.len;
    ml_buf_append(&p->out, json, len);
    if (!p->out.failed && memchr(json, '\n', len) != NULL) {
        p->out.len = start + ml_json_minify(p->out.data + start, len);
    }
    ml_rpc_end_result(&p->out);
    if (p->out.failed) {
        take_back(p, mark);
        send_no_room(p, id);
    }
}

/* -- requests ---------------------------------------------------------------------- */

static void
answer_method(struct ml_peer *p, const char *id, int rc, const struct ml_buf *text,
              struct ml_error *err)
{
    struct ml_rpc_error e;
    if (rc < 0) {
        err->code = rc;
        ml_rpc_error_from(&e, err);
        send_error(p, id, &e);
    }
    else if (text->failed) {
        send_no_room(p, id);
    }
    else {
        send_result(p, id, text->data, text->len);
    }
}

/* The method writes into a buffer of its own: while it runs, other answers may be put
 * into p->out (`detach` ends a sweep that this same client waits for). What a
 * notification's method writes goes nowhere, but it runs. */
static void
run_method(struct ml_answerer *an, struct ml_peer *p, const struct ml_rpc_request *r,
           const struct ml_method *m, const struct ml_method_args *args)
{
    struct ml_method_call call = {an->ops, an->a, args, ++an->last_token};
    struct ml_error err = {0};
    struct ml_buf text;
    struct ml_json out;
    struct ml_pending *pending = NULL;
    if (!r->notification) {
        pending = ml_peer_pending_add(p, call.token);
        if (pending == NULL) {
            ml_error_set(&err, ML_ELIMIT, "more than %d unanswered requests",
                         ML_PEER_MAX_PENDING);
            answer_method(p, r->id, ML_ELIMIT, NULL, &err);
            return;
        }
        memcpy(pending->id, r->id, sizeof(r->id));
        pending->progress = args->sweep.progress;
    }
    ml_buf_init(&text, an->a);
    text.limit = ML_PEER_MAX_UNSENT;
    ml_json_init(&out, &text);
    int rc = m->run(&call, &out, &err);
    if (rc != ML_METHOD_LATER && pending != NULL) {
        pending->token = 0;
        answer_method(p, r->id, rc, &text, &err);
    }
    ml_buf_fini(&text);
}

static bool
is_blank(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
            return false;
        }
    }
    return true;
}

void
ml_answer_line(struct ml_answerer *an, struct ml_peer *p, const char *line, size_t len)
{
    struct ml_rpc_request r;
    struct ml_rpc_error e;
    struct ml_method_args args;
    if (is_blank(line, len)) {
        return;
    }
    if (ml_rpc_parse(&r, line, len, an->a, &e) < 0) {
        send_error(p, r.id, &e);
        return;
    }
    const struct ml_method *m = ml_methods_find(r.method, &e);
    int rc = m == NULL ? ML_ENOTFOUND : ml_methods_take_args(m, &r, &args, &e);
    if (rc == ML_OK) {
        run_method(an, p, &r, m, &args);
    }
    else if (!r.notification) {
        send_error(p, r.id, &e);
    }
    ml_rpc_request_fini(&r);
}

void
ml_answer_too_long(struct ml_peer *p, size_t limit)
{
    struct ml_rpc_error e;
    ml_rpc_error_set(&e, ML_RPC_REQUEST, "invalid request: longer than %zu bytes",
                     limit);
    e.name = "ML_ELIMIT";
    send_error(p, "null", &e);
}

/* -- answers of sweeps ------------------------------------------------------------- */

/* The sweep process walked foreign memory and may have died in the middle of a word:
 * what it wrote is checked before it becomes part of a line of ours. */
void
ml_answer_result(struct ml_peer *p, struct ml_pending *pending, const char *json,
                 size_t len)
{
    struct ml_rpc_error e;
    struct ml_error why;
    pending->token = 0;
    if (ml_json_check(json, len, &why) < 0) {
        ml_rpc_error_set(&e, ML_RPC_INTERNAL, "the sweep's answer is %s", why.message);
        send_error(p, pending->id, &e);
        return;
    }
    send_result(p, pending->id, json, len);
}

void
ml_answer_error(struct ml_peer *p, struct ml_pending *pending,
                const struct ml_error *err)
{
    struct ml_rpc_error e;
    ml_rpc_error_from(&e, err);
    pending->token = 0;
    send_error(p, pending->id, &e);
}

void
ml_answer_progress(struct ml_peer *p, const struct ml_pending *pending,
                   const char *step, double done)
{
    size_t mark = p->out.len;
    if (!pending->progress || ml_peer_unsent(p) > ML_PEER_HIGH_WATER) {
        return; /* nobody asked, or nobody looks */
    }
    ml_rpc_write_progress(&p->out, pending->id, step, done);
    if (p->out.failed) {
        take_back(p, mark);
    }
}
