/* SPDX-License-Identifier: MIT
 *
 * `config.reload`: reads the file again. A file with mistakes leaves the old settings
 * in force; the error says where the mistake is.
 */
#include "methods.h"

static const struct ml_param params[] = {ML_PARAM_END};

static int
run(const struct ml_method_call *call, struct ml_json *out, struct ml_error *err)
{
    return call->ops->config_reload(call->ops->ctx, out, err);
}

const struct ml_method ml_method_config_reload = {"config.reload", params, run};
