/* SPDX-License-Identifier: MIT
 *
 * `report.list`: the saved reports, newest first, each with its summary as it stands on
 * the disk. What cannot be read is listed too, with the reason.
 */
#include "methods.h"
#include "report_files.h"

static const struct ml_param params[] = {
    {"limit", ML_PARAM_INT, ML_ARG(limit), 1, 100000, false},
    ML_PARAM_END,
};

static int
run(const struct ml_method_call *call, struct ml_json *out, struct ml_error *err)
{
    const char *directory = call->ops->report_directory(call->ops->ctx);
    return ml_report_files_list(directory, call->args->limit, call->a, out, err);
}

const struct ml_method ml_method_report_list = {"report.list", params, run};
