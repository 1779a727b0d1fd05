/* SPDX-License-Identifier: MIT
 *
 * `status`: the agent's state, written by the agent itself.
 */
#include "methods.h"

static const struct ml_param params[] = {ML_PARAM_END};

static int
run(const struct ml_method_call *call, struct ml_json *out, struct ml_error *err)
{
    return call->ops->status(call->ops->ctx, out, err);
}

const struct ml_method ml_method_status = {"status", params, run};
