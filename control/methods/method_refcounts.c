/* SPDX-License-Identifier: MIT
 *
 * `refcounts`: how much of the reference counts the heap explains, and what it does not.
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
    return ml_methods_sweep(call, ML_SWEEP_REFCOUNTS, err);
}

const struct ml_method ml_method_refcounts = {"refcounts", params, run};
