/* SPDX-License-Identifier: MIT
 *
 * One JSON-RPC 2.0 message per line: requests taken apart, answers written.
 *
 * Standard errors keep their standard numbers (-32700, -32600 .. -32603). What the
 * agent itself refuses or cannot do is -32000 + enum ml_err, so -32001 downwards, and
 * carries the name of that code in `data.code`. Batches are answered with one error:
 * several lines say the same and can be answered one by one. Knows no method.
 */
#ifndef ML_CONTROL_RPC_H
#define ML_CONTROL_RPC_H

#include "buf.h"
#include "json_read.h"

#define ML_RPC_ID_MAX 128    /* bytes of an id as it stands in the request */
#define ML_RPC_METHOD_MAX 64 /* bytes of a method's name */

enum ml_rpc_code {
    ML_RPC_PARSE = -32700,
    ML_RPC_REQUEST = -32600,
    ML_RPC_METHOD = -32601,
    ML_RPC_PARAMS = -32602,
    ML_RPC_INTERNAL = -32603,
    ML_RPC_SERVER = -32000, /* plus an enum ml_err */
};

struct ml_rpc_error {
    int code;         /* enum ml_rpc_code */
    const char *name; /* of the enum ml_err, "ML_ELIMIT"; NULL: no data.code */
    char message[480];
    char member[ML_RPC_METHOD_MAX]; /* the parameter or member at fault, or "" */
    const char *nearest;            /* what was probably meant, or NULL */
    int line, column;               /* in a file of the user's, 0: none */
};

struct ml_rpc_request {
    struct ml_json_doc doc;
    char id[ML_RPC_ID_MAX + 1]; /* JSON text, "null" when unknown */
    bool notification;          /* no id: nothing is ever answered */
    bool progress;
    char method[ML_RPC_METHOD_MAX];
    uint32_t params; /* token of the object, 0: none given */
};

/* Takes a line apart. On an error `e` is what to answer under r->id (unless
 * r->notification), and `r` needs no fini; returns negative then. */
int ml_rpc_parse(struct ml_rpc_request *r, const char *line, size_t len,
                 const struct ml_alloc *a, struct ml_rpc_error *e);
void ml_rpc_request_fini(struct ml_rpc_request *r);

/* "ML_ENOTFOUND" for ML_ENOTFOUND. */
const char *ml_rpc_code_name(int ml_code);

void ml_rpc_error_set(struct ml_rpc_error *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* "<what> '<name>', did you mean '<nearest>'?"; `nearest` may be NULL. */
void ml_rpc_error_unknown(struct ml_rpc_error *e, int code, const char *what,
                          const char *name, const char *nearest);
/* From an error of the agent; ML_EINVAL is the caller's and becomes -32602. */
void ml_rpc_error_from(struct ml_rpc_error *e, const struct ml_error *err);

/* Appends a whole line. */
void ml_rpc_write_error(struct ml_buf *out, const char *id,
                        const struct ml_rpc_error *e);
void ml_rpc_write_progress(struct ml_buf *out, const char *id, const char *step,
                           double done);
/* Around a result that is written in between. */
void ml_rpc_begin_result(struct ml_buf *out, const char *id);
void ml_rpc_end_result(struct ml_buf *out);

#endif
