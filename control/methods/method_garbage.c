/* SPDX-License-Identifier: MIT
 *
 * `garbage`: cycles that wait for the collector, grouped by their types.
 */
#include "methods.h"

static const struct ml_param params[] = {
    ML_PARAM_LIMIT,
    ML_PARAM_PROGRESS,
    ML_PARAM_END,
};

static int
run(const struct ml_method_call *call, struct ml_json *out, struct ml_error *err)
{
    return ml_methods_sweep(call, ML_SWEEP_GARBAGE, err);
}

const struct ml_method ml_method_garbage = {"garbage", params, run};
