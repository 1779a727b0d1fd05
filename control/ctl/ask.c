/* SPDX-License-Identifier: MIT
 *
 * See ask.h.
 */
#include "ask.h"

#include "discover.h"

const char *
ml_ask_target(const struct ml_ctl_args *args)
{
    return args->words > 0 ? args->word[0] : NULL;
}

int
ml_ask(const char *target, const char *method, json_t *params, const char *what,
       json_t **result)
{
    struct ml_client *client = NULL;
    struct ml_error err;
    int code = ml_discover_target(target, &client);
    if (code != ML_EXIT_DONE) {
        json_decref(params);
        return code;
    }
    int rc = ml_client_call(client, method, params, what, -1, result, &err);
    ml_client_free(client);
    return rc < 0 ? ml_print_error(&err) : ML_EXIT_DONE;
}

int
ml_ask_and_print(const struct ml_ctl_args *args, const char *method, json_t *params,
                 const char *what, ml_ask_render *render)
{
    json_t *answer = NULL;
    int code = ml_ask(ml_ask_target(args), method, params, what, &answer);
    if (code != ML_EXIT_DONE) {
        return code;
    }
    if (args->json) {
        return ml_print_json(answer);
    }
    struct ml_text_style style = ml_print_style(stdout, args->color);
    render(stdout, answer, &style);
    json_decref(answer);
    return ml_print_end(ML_EXIT_DONE);
}

json_t *
ml_ask_limit(const struct ml_ctl_args *args)
{
    json_t *params = json_object();
    if (args->limit != ML_CTL_UNSET) {
        json_object_set_new(params, "limit", json_integer(args->limit));
    }
    return params;
}
