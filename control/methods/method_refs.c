/* SPDX-License-Identifier: MIT
 *
 * `refs`: what one object refers to.
 */
#include "methods.h"

static const struct ml_param params[] = {
    {"address", ML_PARAM_ADDRESS, ML_ARG(sweep.address), 0, 0, true},
    ML_PARAM_LIMIT,
    ML_PARAM_PROGRESS,
    ML_PARAM_END,
};

static int
run(const struct ml_method_call *call, struct ml_json *out, struct ml_error *err)
{
    return ml_methods_sweep(call, ML_SWEEP_REFS, err);
}

const struct ml_method ml_method_refs = {"refs", params, run};
