/* SPDX-License-Identifier: MIT
 *
 * `monitor.stop`: ends what `monitor.start` (or the configuration) began.
 */
#include "methods.h"

static const struct ml_param params[] = {ML_PARAM_END};

static int
run(const struct ml_method_call *call, struct ml_json *out, struct ml_error *err)
{
    return call->ops->monitor_stop(call->ops->ctx, out, err);
}

const struct ml_method ml_method_monitor_stop = {"monitor.stop", params, run};
