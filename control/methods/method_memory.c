/* SPDX-License-Identifier: MIT
 *
 * `memory`: where the process's memory is, Python's and other.
 */
#include "methods.h"

static const struct ml_param params[] = {
    ML_PARAM_PROGRESS,
    ML_PARAM_END,
};

static int
run(const struct ml_method_call *call, struct ml_json *out, struct ml_error *err)
{
    return ml_methods_sweep(call, ML_SWEEP_MEMORY, err);
}

const struct ml_method ml_method_memory = {"memory", params, run};
