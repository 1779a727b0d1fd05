/* SPDX-License-Identifier: MIT
 *
 * `memory`: where the process's memory is (anatomy.h).
 */
#include "anatomy.h"
#include "answers.h"

int
answer_memory(const struct sweep_view *v, const struct ml_sweep_request *r,
              struct ml_json *j, struct ml_error *err)
{
    struct anatomy anatomy;
    anatomy_take(v, &anatomy);
    ml_json_begin_object(j);
    ml_json_key(j, "memory");
    anatomy_write(v, &anatomy, j);
    describe_totals(v, j);
    describe_sweep(v, j);
    ml_json_end_object(j);
    return ML_OK;
}
