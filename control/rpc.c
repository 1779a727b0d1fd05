/* SPDX-License-Identifier: MIT
 *
 * See rpc.h.
 */
#include "rpc.h"

#include <stdarg.h>
#include <stdio.h> /* vsnprintf only */
#include <string.h>

#include "json_write.h"
#include "suggest.h"

const char *
ml_rpc_code_name(int ml_code)
{
    static const char *const names[] = {
        "ML_OK",         "ML_ENOMEM",    "ML_EINVAL",       "ML_EFORMAT",
        "ML_EIO",        "ML_ENOTFOUND", "ML_EPERM",        "ML_ELIMIT",
        "ML_ECANCELLED", "ML_ESTATE",    "ML_EUNSUPPORTED", "ML_EAMBIGUOUS"};
    int i = -ml_code;
    int count = (int)(sizeof(names) / sizeof(names[0]));
    return i >= 0 && i < count ? names[i] : NULL;
}

void
ml_rpc_error_set(struct ml_rpc_error *e, int code, const char *fmt, ...)
{
    va_list ap;
    memset(e, 0, sizeof(*e));
    e->code = code;
    va_start(ap, fmt);
    vsnprintf(e->message, sizeof(e->message), fmt, ap);
    va_end(ap);
}

void
ml_rpc_error_unknown(struct ml_rpc_error *e, int code, const char *what,
                     const char *name, const char *nearest)
{
    char quoted[ML_SUGGEST_QUOTE];
    ml_suggest_quote(name, strlen(name), quoted);
    if (nearest != NULL) {
        ml_rpc_error_set(e, code, "%s %s, did you mean '%s'?", what, quoted, nearest);
    }
    else {
        ml_rpc_error_set(e, code, "%s %s", what, quoted);
    }
    snprintf(e->member, sizeof(e->member), "%s", name);
    e->nearest = nearest;
}

void
ml_rpc_error_from(struct ml_rpc_error *e, const struct ml_error *err)
{
    const char *name = ml_rpc_code_name(err->code);
    if (name == NULL || err->code == ML_OK) {
        ml_rpc_error_set(e, ML_RPC_INTERNAL, "internal error %d", err->code);
        return;
    }
    int code = err->code == ML_EINVAL ? ML_RPC_PARAMS : ML_RPC_SERVER + err->code;
    ml_rpc_error_set(e, code, "%s",
                     err->message[0] != '\0' ? err->message : ml_error_name(err->code));
    e->name = name;
    e->line = err->line;
    e->column = err->column;
}

/* -- requests ---------------------------------------------------------------------- */

/* Refused members are told with their place in the standard. */
static int
refuse(struct ml_rpc_error *e, const char *what)
{
    ml_rpc_error_set(e, ML_RPC_REQUEST, "invalid request: %s", what);
    return ML_EFORMAT;
}

static int
take_id(struct ml_rpc_request *r, uint32_t token, struct ml_rpc_error *e)
{
    const struct ml_json_tok *t = &r->doc.tok[token];
    uint32_t quotes = t->type == ML_JSON_STRING;
    size_t len = t->end - t->start + 2 * quotes;
    if (t->type != ML_JSON_STRING && t->type != ML_JSON_NUMBER &&
        t->type != ML_JSON_NULL) {
        return refuse(e, "id must be a string, a number or null");
    }
    if (len > ML_RPC_ID_MAX) {
        return refuse(e, "id is longer than 128 bytes");
    }
    memcpy(r->id, r->doc.text + t->start - quotes, len);
    r->id[len] = '\0';
    return ML_OK;
}

static int
take_method(struct ml_rpc_request *r, uint32_t token, struct ml_rpc_error *e)
{
    if (r->doc.tok[token].type != ML_JSON_STRING) {
        return refuse(e, "method must be a string");
    }
    int rc = ml_json_copy_string(&r->doc, token, r->method, sizeof(r->method));
    return rc < 0 ? refuse(e, "method is too long or holds a NUL") : ML_OK;
}

static int
take_params(struct ml_rpc_request *r, uint32_t token, struct ml_rpc_error *e)
{
    const struct ml_json_tok *t = &r->doc.tok[token];
    if (t->type == ML_JSON_OBJECT) {
        r->params = token;
        return ML_OK;
    }
    if (t->type == ML_JSON_ARRAY && t->size == 0) {
        return ML_OK;
    }
    ml_rpc_error_set(e, ML_RPC_PARAMS,
                     "params must be an object: parameters go by name");
    return ML_EFORMAT;
}

static int
take_progress(struct ml_rpc_request *r, uint32_t token, struct ml_rpc_error *e)
{
    uint32_t type = r->doc.tok[token].type;
    if (type != ML_JSON_TRUE && type != ML_JSON_FALSE) {
        return refuse(e, "progress must be true or false");
    }
    r->progress = type == ML_JSON_TRUE;
    return ML_OK;
}

static int
take_version(struct ml_rpc_request *r, uint32_t token, struct ml_rpc_error *e)
{
    return ml_json_is(&r->doc, token, "2.0") ? ML_OK
                                             : refuse(e, "jsonrpc must be \"2.0\"");
}

static const struct {
    const char *name;
    int (*take)(struct ml_rpc_request *r, uint32_t token, struct ml_rpc_error *e);
    bool required;
} members[] = {
    /* id first: every later refusal is answered under it */
    {"id", take_id, false},
    {"jsonrpc", take_version, true},
    {"method", take_method, true},
    {"params", take_params, false},
    {"progress", take_progress, false},
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

static int
unknown_member(struct ml_rpc_request *r, uint32_t token, struct ml_rpc_error *e)
{
    char name[ML_RPC_METHOD_MAX];
    if (ml_json_copy_string(&r->doc, token, name, sizeof(name)) < 0) {
        return refuse(e, "a member with an unknown, very long name");
    }
    struct ml_suggest near;
    ml_suggest_init(&near, name, strlen(name));
    for (size_t i = 0; i < MEMBERS; i++) {
        ml_suggest_offer(&near, members[i].name);
    }
    ml_rpc_error_unknown(e, ML_RPC_REQUEST, "invalid request: unknown member", name,
                         ml_suggest_best(&near));
    return ML_EFORMAT;
}

static int
check_members(struct ml_rpc_request *r, struct ml_rpc_error *e)
{
    uint32_t at = 1;
    unsigned seen = 0;
    for (uint32_t i = 0; i < r->doc.tok[0].size; i++, at = r->doc.tok[at + 1].next) {
        size_t m = 0;
        while (m < MEMBERS && !ml_json_is(&r->doc, at, members[m].name)) {
            m++;
        }
        if (m == MEMBERS) {
            return unknown_member(r, at, e);
        }
        if (seen & 1U << m) {
            ml_rpc_error_set(e, ML_RPC_REQUEST, "invalid request: '%s' is given twice",
                             members[m].name);
            return ML_EFORMAT;
        }
        seen |= 1U << m;
    }
    return ML_OK;
}

static int
take_member(struct ml_rpc_request *r, size_t m, struct ml_rpc_error *e)
{
    uint32_t token = ml_json_member(&r->doc, 0, members[m].name);
    if (token != 0) {
        return members[m].take(r, token, e);
    }
    if (members[m].required) {
        char what[64];
        snprintf(what, sizeof(what), "%s is missing", members[m].name);
        return refuse(e, what);
    }
    return ML_OK;
}

/* Names are checked before values: a mistyped "method" is told as such and not as a
 * missing one. */
static int
take_request(struct ml_rpc_request *r, struct ml_rpc_error *e)
{
    uint32_t type = r->doc.tok[0].type;
    if (type == ML_JSON_ARRAY) {
        return refuse(e, "batches are not taken, send one request per line");
    }
    if (type != ML_JSON_OBJECT) {
        return refuse(e, "not an object");
    }
    int rc = take_member(r, 0, e);
    if (rc == ML_OK) {
        rc = check_members(r, e);
    }
    for (size_t m = 1; m < MEMBERS && rc == ML_OK; m++) {
        rc = take_member(r, m, e);
    }
    return rc;
}

int
ml_rpc_parse(struct ml_rpc_request *r, const char *line, size_t len,
             const struct ml_alloc *a, struct ml_rpc_error *e)
{
    struct ml_error err;
    memset(r, 0, sizeof(*r));
    strcpy(r->id, "null");
    int rc = ml_json_read(&r->doc, line, len, a, &err);
    if (rc < 0) {
        ml_rpc_error_set(e, rc == ML_ENOMEM ? ML_RPC_INTERNAL : ML_RPC_PARSE, "%s",
                         err.message);
        return rc;
    }
    rc = take_request(r, e);
    if (rc < 0) {
        ml_rpc_request_fini(r);
        return rc;
    }
    r->notification = ml_json_member(&r->doc, 0, "id") == 0;
    return ML_OK;
}

void
ml_rpc_request_fini(struct ml_rpc_request *r)
{
    ml_json_doc_fini(&r->doc);
}

/* -- answers ----------------------------------------------------------------------- */

static void
begin_message(struct ml_buf *out, const char *id)
{
    ml_buf_puts(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    ml_buf_puts(out, id);
}

void
ml_rpc_begin_result(struct ml_buf *out, const char *id)
{
    begin_message(out, id);
    ml_buf_puts(out, ",\"result\":");
}

void
ml_rpc_end_result(struct ml_buf *out)
{
    ml_buf_puts(out, "}\n");
}

static void
write_data(struct ml_json *j, const struct ml_rpc_error *e)
{
    if (e->name == NULL && e->member[0] == '\0') {
        return;
    }
    ml_json_key(j, "data");
    ml_json_begin_object(j);
    if (e->name != NULL) {
        ml_json_kv_str(j, "code", e->name);
    }
    if (e->member[0] != '\0') {
        ml_json_kv_str(j, "parameter", e->member);
        ml_json_kv_str(j, "nearest", e->nearest);
    }
    if (e->line > 0) {
        ml_json_kv_int(j, "line", e->line);
        ml_json_kv_int(j, "column", e->column);
    }
    ml_json_end_object(j);
}

void
ml_rpc_write_error(struct ml_buf *out, const char *id, const struct ml_rpc_error *e)
{
    struct ml_json j;
    begin_message(out, id);
    ml_buf_puts(out, ",\"error\":");
    ml_json_init(&j, out);
    ml_json_begin_object(&j);
    ml_json_kv_int(&j, "code", e->code);
    ml_json_kv_str(&j, "message", e->message);
    write_data(&j, e);
    ml_json_end_object(&j);
    ml_buf_puts(out, "}\n");
}

void
ml_rpc_write_progress(struct ml_buf *out, const char *id, const char *step, double done)
{
    struct ml_json j;
    ml_buf_puts(out,
                "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":");
    ml_buf_puts(out, id);
    ml_buf_puts(out, ",\"step\":");
    ml_json_init(&j, out);
    ml_json_str(&j, step);
    ml_buf_puts(out, ",\"done\":");
    ml_json_init(&j, out);
    ml_json_double(&j, done, 3);
    ml_buf_puts(out, "}}\n");
}
