/* SPDX-License-Identifier: MIT
 *
 * `monitor.start`: time-based discovery in a live process. What is not given is as
 * configured; what is given holds for this monitor only. Answered at once with what
 * `status` then says under `monitoring`; reports come with time.
 */
#include "methods.h"

static const struct ml_param params[] = {
    {"max_object_lifetime", ML_PARAM_DURATION, ML_ARG(monitor.lifetime), 1, 365, false},
    {"warmup", ML_PARAM_DURATION, ML_ARG(monitor.warmup), 0, 365, false},
    {"include", ML_PARAM_LIST, ML_ARG(monitor.include), 0, 0, false},
    {"exclude", ML_PARAM_LIST, ML_ARG(monitor.exclude), 0, 0, false},
    {"max_object_details", ML_PARAM_INT, ML_ARG(monitor.max_object_details), 0, 10000,
     false},
    {"save", ML_PARAM_BOOL, ML_ARG(monitor.save), 0, 0, false},
    ML_PARAM_END,
};

static int
run(const struct ml_method_call *call, struct ml_json *out, struct ml_error *err)
{
    struct ml_monitor_request request = call->args->monitor;
    if (request.lifetime >= 0 && request.warmup < 0) {
        request.warmup = request.lifetime; /* as in YAML and in Python */
    }
    return call->ops->monitor_start(call->ops->ctx, &request, out, err);
}

const struct ml_method ml_method_monitor_start = {"monitor.start", params, run};
