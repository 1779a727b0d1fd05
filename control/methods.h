/* SPDX-License-Identifier: MIT
 *
 * The table of methods. A method is one file methods/method_<name>.c, one row in
 * methods.c and one test; its parameters are a table too, so that checking, ranges and
 * "did you mean" are the same everywhere and a method's own code sees only good values.
 */
#ifndef ML_CONTROL_METHODS_H
#define ML_CONTROL_METHODS_H

#include <stddef.h>

#include "ops.h"
#include "rpc.h"

#define ML_METHOD_LATER 1 /* begun; the answer comes with the token */

/* Values of all parameters there are; unset ones keep what args_init gave them. */
struct ml_method_args {
    struct ml_sweep_request sweep;
    struct ml_monitor_request monitor;
    char report_id[64];
    int limit;      /* report.list, ML_REQUEST_UNSET: all */
    int iterations; /* report.get: newest ones, ML_REQUEST_UNSET: all */
};

enum ml_param_type {
    ML_PARAM_BOOL,    /* bool */
    ML_PARAM_FLAG,    /* int 0 or 1: there is a third state, "as configured" */
    ML_PARAM_INT,     /* int, from .least to .most */
    ML_PARAM_TEXT,    /* char[.most], not empty */
    ML_PARAM_LIST,    /* a string or an array of them: char[][ML_REQUEST_TEXT] */
    ML_PARAM_ADDRESS, /* uint64_t, "0x7f..." or a whole number, not 0 */
    ML_PARAM_DURATION, /* double: seconds as a number, or text as in YAML ("5m"); from
                        * .least milliseconds to .most days */
};

struct ml_param {
    const char *name; /* NULL ends the table */
    enum ml_param_type type;
    size_t offset; /* into struct ml_method_args */
    int least, most;
    bool required;
};

struct ml_method_call {
    const struct ml_ops *ops;
    const struct ml_alloc *a;
    const struct ml_method_args *args;
    uint64_t token; /* for what is answered later */
};

struct ml_method {
    const char *name;
    const struct ml_param *params;
    /* 0: the result was written to `out`; ML_METHOD_LATER; negative: an error, and
     * whatever was written is thrown away. */
    int (*run)(const struct ml_method_call *call, struct ml_json *out,
               struct ml_error *err);
};

/* NULL-terminated by name. */
extern const struct ml_method *const ml_methods[];

/* The method, or NULL with `e` filled (-32601, with the nearest name). */
const struct ml_method *ml_methods_find(const char *name, struct ml_rpc_error *e);

/* Fills `args` from the request's params by the method's table. On a mistake `e` is
 * -32602, names the parameter, says what is allowed; returns negative. */
int ml_methods_take_args(const struct ml_method *m, const struct ml_rpc_request *r,
                         struct ml_method_args *args, struct ml_rpc_error *e);

/* What most methods are: begin a sweep of this kind. */
int ml_methods_sweep(const struct ml_method_call *call, enum ml_sweep_kind kind,
                     struct ml_error *err);

#define ML_ARG(field) offsetof(struct ml_method_args, field)

/* Parameters that every sweep has. */
#define ML_PARAM_LIMIT {"limit", ML_PARAM_INT, ML_ARG(sweep.limit), 1, 100000, false}
#define ML_PARAM_PROGRESS                                                              \
    {"progress", ML_PARAM_BOOL, ML_ARG(sweep.progress), 0, 0, false}
#define ML_PARAM_END {NULL, ML_PARAM_BOOL, 0, 0, 0, false}

extern const struct ml_method ml_method_status, ml_method_snapshot, ml_method_types,
    ml_method_retained, ml_method_paths, ml_method_refs, ml_method_garbage, ml_method_growth,
    ml_method_config_get, ml_method_config_reload, ml_method_report_list,
    ml_method_report_get, ml_method_detach, ml_method_monitor_start,
    ml_method_monitor_stop, ml_method_memory, ml_method_refcounts;

#endif
