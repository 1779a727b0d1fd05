/* SPDX-License-Identifier: MIT
 *
 * `paths`: who keeps an object alive. Asked by address or by a part of the type's name;
 * one of the two, since both together would leave open which of them counts.
 */
#include "methods.h"

static const struct ml_param params[] = {
    {"address", ML_PARAM_ADDRESS, ML_ARG(sweep.address), 0, 0, false},
    {"type", ML_PARAM_TEXT, ML_ARG(sweep.type), 0, ML_REQUEST_TEXT, false},
    ML_PARAM_LIMIT,
    ML_PARAM_PROGRESS,
    ML_PARAM_END,
};

static int
run(const struct ml_method_call *call, struct ml_json *out, struct ml_error *err)
{
    const struct ml_sweep_request *r = &call->args->sweep;
    if ((r->address != 0) == (r->type[0] != '\0')) {
        return ml_error_set(err, ML_EINVAL,
                            "paths needs either 'address' or 'type', one of them");
    }
    return ml_methods_sweep(call, ML_SWEEP_PATHS, err);
}

const struct ml_method ml_method_paths = {"paths", params, run};
