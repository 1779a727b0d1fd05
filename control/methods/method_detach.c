/* SPDX-License-Identifier: MIT
 *
 * `detach`: the agent goes. It does so after this answer has been handed to the kernel
 * (ml_server_flushed), so the caller learns that it worked.
 */
#include "methods.h"

static const struct ml_param params[] = {ML_PARAM_END};

static int
run(const struct ml_method_call *call, struct ml_json *out, struct ml_error *err)
{
    int rc = call->ops->detach(call->ops->ctx, err);
    if (rc < 0) {
        return rc;
    }
    ml_json_begin_object(out);
    ml_json_kv_bool(out, "detached", true);
    ml_json_end_object(out);
    return ML_OK;
}

const struct ml_method ml_method_detach = {"detach", params, run};
