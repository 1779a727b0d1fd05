/* SPDX-License-Identifier: MIT
 *
 * `snapshot`: one sweep now, the whole iteration in the answer; saved unless asked not
 * to. The filters take the place of the configured ones for this one sweep.
 */
#include "methods.h"

static const struct ml_param params[] = {
    {"include", ML_PARAM_LIST, ML_ARG(sweep.include), 0, 0, false},
    {"exclude", ML_PARAM_LIST, ML_ARG(sweep.exclude), 0, 0, false},
    {"max_object_details", ML_PARAM_INT, ML_ARG(sweep.max_object_details), 0, 10000,
     false},
    {"referrers", ML_PARAM_FLAG, ML_ARG(sweep.referrers), 0, 0, false},
    {"save", ML_PARAM_BOOL, ML_ARG(sweep.save), 0, 0, false},
    ML_PARAM_PROGRESS,
    ML_PARAM_END,
};

static int
run(const struct ml_method_call *call, struct ml_json *out, struct ml_error *err)
{
    return ml_methods_sweep(call, ML_SWEEP_SNAPSHOT, err);
}

const struct ml_method ml_method_snapshot = {"snapshot", params, run};
