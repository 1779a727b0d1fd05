/* SPDX-License-Identifier: MIT
 *
 * `growth`: types and places that hold more than at the last `growth` or `snapshot`.
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
    return ml_methods_sweep(call, ML_SWEEP_GROWTH, err);
}

const struct ml_method ml_method_growth = {"growth", params, run};
