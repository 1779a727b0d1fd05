/* SPDX-License-Identifier: MIT
 *
 * See methods.h: the table, and the finding of a row in it.
 */
#include "methods.h"

#include <string.h>

#include "suggest.h"

const struct ml_method *const ml_methods[] = {
    &ml_method_config_get,
    &ml_method_config_reload,
    &ml_method_detach,
    &ml_method_garbage,
    &ml_method_memory,
    &ml_method_growth,
    &ml_method_monitor_start,
    &ml_method_monitor_stop,
    &ml_method_paths,
    &ml_method_refcounts,
    &ml_method_refs,
    &ml_method_report_get,
    &ml_method_report_list,
    &ml_method_retained,
    &ml_method_snapshot,
    &ml_method_status,
    &ml_method_types,
    NULL,
};

const struct ml_method *
ml_methods_find(const char *name, struct ml_rpc_error *e)
{
    struct ml_suggest near;
    ml_suggest_init(&near, name, strlen(name));
    for (size_t i = 0; ml_methods[i] != NULL; i++) {
        if (strcmp(name, ml_methods[i]->name) == 0) {
            return ml_methods[i];
        }
        ml_suggest_offer(&near, ml_methods[i]->name);
    }
    ml_rpc_error_unknown(e, ML_RPC_METHOD, "unknown method", name,
                         ml_suggest_best(&near));
    return NULL;
}

int
ml_methods_sweep(const struct ml_method_call *call, enum ml_sweep_kind kind,
                 struct ml_error *err)
{
    struct ml_sweep_request request = call->args->sweep;
    request.kind = kind;
    int rc = call->ops->sweep(call->ops->ctx, &request, call->token, err);
    return rc < 0 ? rc : ML_METHOD_LATER;
}
