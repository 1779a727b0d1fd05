/* SPDX-License-Identifier: MIT
 *
 * `report.get`: one saved report with its iterations, passed on from the disk unread
 * but checked: what is not JSON never gets into an answer.
 */
#include "methods.h"
#include "report_files.h"

static const struct ml_param params[] = {
    {"report_id", ML_PARAM_TEXT, ML_ARG(report_id), 0, 64, true},
    {"iterations", ML_PARAM_INT, ML_ARG(iterations), 1, 100000, false},
    ML_PARAM_END,
};

static int
run(const struct ml_method_call *call, struct ml_json *out, struct ml_error *err)
{
    const char *directory = call->ops->report_directory(call->ops->ctx);
    return ml_report_files_get(directory, call->args->report_id, call->args->iterations,
                               call->a, out, err);
}

const struct ml_method ml_method_report_get = {"report.get", params, run};
