/* SPDX-License-Identifier: MIT
 *
 * `config.get`: the settings in force and the defaults.
 */
#include "methods.h"

static const struct ml_param params[] = {ML_PARAM_END};

static int
run(const struct ml_method_call *call, struct ml_json *out, struct ml_error *err)
{
    return call->ops->config_get(call->ops->ctx, out, err);
}

const struct ml_method ml_method_config_get = {"config.get", params, run};
