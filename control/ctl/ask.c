/* SPDX-License-Identifier: MIT
 *
 * See ask.h.
 */
#include "ask.h"

#include <string.h>

#include "ask_many.h"
#include "merge.h"

#define ROWS 20        /* of a table, unless --limit says otherwise: as agents have it */
#define ROWS_OF_MANY 1000 /* what is small in each process may be large in all */

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

/* -- several ----------------------------------------------------------------------- */

static int
print_merged(const struct ml_ctl_args *args, const struct ml_many *m,
             const char *method, ml_ask_render *render)
{
    struct ml_error err;
    bool with_pss = strcmp(method, "memory") == 0; /* the kernel has to count pages */
    json_t *members = ml_many_members(m, with_pss), *merged = NULL;
    int limit = args->limit != ML_CTL_UNSET ? args->limit : ROWS;
    int rc = ml_merge(method, members, limit, &merged, &err);
    json_decref(members);
    if (rc < 0) {
        return ml_print_error(&err);
    }
    if (args->json) {
        return ml_print_json(merged);
    }
    if (m->answered > 0) {
        struct ml_text_style style = ml_print_style(stdout, args->color);
        render(stdout, merged, &style);
    }
    json_decref(merged);
    return ml_print_end(ML_EXIT_DONE);
}

static int
print_each(const struct ml_ctl_args *args, const struct ml_many *m,
           ml_ask_render *render)
{
    struct ml_text_style style = ml_print_style(stdout, args->color);
    if (args->json) {
        return ml_print_json(json_pack("{s:o}", "processes", ml_many_members(m, false)));
    }
    for (size_t i = 0; i < m->count; i++) {
        char label[300];
        if (m->asked[i].answer != NULL) {
            printf("%s: ", ml_many_label(&m->asked[i], label, sizeof(label)));
            render(stdout, m->asked[i].answer, &style);
        }
    }
    return ml_print_end(ML_EXIT_DONE);
}

static int
ask_several(const struct ml_ctl_args *args, const char *method, json_t *params,
            const char *what, ml_ask_render *render)
{
    struct ml_many m;
    int code = ml_many_ask(args, method, params, what, &m), printed = ML_EXIT_DONE;
    if (m.count > 0) {
        printed = ml_merge_knows(method) ? print_merged(args, &m, method, render)
                                         : print_each(args, &m, render);
    }
    ml_many_fini(&m);
    return printed != ML_EXIT_DONE ? printed : code;
}

/* ---------------------------------------------------------------------------------- */

int
ml_ask_and_print(const struct ml_ctl_args *args, const char *method, json_t *params,
                 const char *what, ml_ask_render *render)
{
    json_t *answer = NULL;
    if (ml_many_wanted(args)) {
        return ask_several(args, method, params, what, render);
    }
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
    int limit = args->limit;
    if (ml_many_wanted(args) && limit < ROWS_OF_MANY) {
        limit = ROWS_OF_MANY;
    }
    if (limit != ML_CTL_UNSET) {
        json_object_set_new(params, "limit", json_integer(limit));
    }
    return params;
}
