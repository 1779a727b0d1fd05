/* SPDX-License-Identifier: MIT
 *
 * See saved.h.
 */
#include "saved.h"

#include <string.h>

#include "print.h"

const char *
ml_saved_directory(const struct ml_ctl_args *args)
{
    return args->directory != NULL ? args->directory : "~/.memalot/reports";
}

int
ml_saved_read_some(const struct ml_ctl_args *args, const char *id,
                   const struct ml_store_pick *pick, json_t **out)
{
    struct ml_error err;
    int rc = ml_store_read_some(ml_saved_directory(args), id, pick, out, &err);
    if (rc == ML_ENOTFOUND) {
        return ml_print_fail(ML_EXIT_FAILED,
                             "no report %s in %s ('%s list' shows them)", id,
                             ml_saved_directory(args), args->program);
    }
    return rc < 0 ? ml_print_error(&err) : ML_EXIT_DONE;
}

int
ml_saved_read(const struct ml_ctl_args *args, json_t **out)
{
    const struct ml_store_pick all = {0};
    return ml_saved_read_some(args, args->word[0], &all, out);
}
