/* SPDX-License-Identifier: MIT
 *
 * rpc: requests taken apart by JSON-RPC 2.0's rules, and answers written.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#include "rpc.h"

struct request_case {
    char line[160];
    int code; /* 0: good */
    char id[24];
    char says[40]; /* part of the message */
};

ParameterizedTestParameters(rpc, requests)
{
    static struct request_case cases[] = {
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}", 0, "1", ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":\"a\\u0041\",\"method\":\"m\"}", 0,
         "\"a\\u0041\"", ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\"}", 0, "null", ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":-1.5,\"method\":\"m\",\"params\":{}}", 0, "-1.5",
         ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":[]}", 0, "1", ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"progress\":true}", 0, "1",
         ""},
        {"{", ML_RPC_PARSE, "null", "byte"},
        {"\xFF", ML_RPC_PARSE, "null", ""},
        {"[]", ML_RPC_REQUEST, "null", "batch"},
        {"1", ML_RPC_REQUEST, "null", "object"},
        {"{}", ML_RPC_REQUEST, "null", "jsonrpc is missing"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1}", ML_RPC_REQUEST, "1", "method is missing"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"methd\":\"m\"}", ML_RPC_REQUEST, "1",
         "did you mean 'method'"},
        {"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"m\"}", ML_RPC_REQUEST, "1", "2.0"},
        {"{\"jsonrpc\":2.0,\"id\":1,\"method\":\"m\"}", ML_RPC_REQUEST, "1", "2.0"},
        {"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"m\"}", ML_RPC_REQUEST, "null",
         "id"},
        {"{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"m\"}", ML_RPC_REQUEST, "null",
         "id"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":1}", ML_RPC_REQUEST, "1", "string"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":[1]}",
         ML_RPC_PARAMS, "1", "by name"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":1}", ML_RPC_PARAMS,
         "1", "object"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"progress\":1}",
         ML_RPC_REQUEST, "1", "true or false"},
        {"{\"id\":1,\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"m\"}", ML_RPC_REQUEST,
         "1", "twice"},
    };
    return cr_make_param_array(struct request_case, cases,
                               sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct request_case *c, rpc, requests)
{
    struct ml_rpc_request r;
    struct ml_rpc_error e = {0};
    int rc = ml_rpc_parse(&r, c->line, strlen(c->line), &ml_alloc_libc, &e);
    cr_expect_eq(rc == 0 ? 0 : e.code, c->code, "%s: %d %s", c->line, e.code,
                 e.message);
    cr_expect_str_eq(r.id, c->id, "%s", c->line);
    if (rc == 0) {
        cr_expect_not(r.notification);
        cr_expect_str_eq(r.method, "m");
        ml_rpc_request_fini(&r);
    }
    else {
        cr_expect_not_null(strstr(e.message, c->says), "%s: %s", c->line, e.message);
    }
}

Test(rpc, without_an_id_it_is_a_notification)
{
    const char *line = "{\"jsonrpc\":\"2.0\",\"method\":\"m\"}";
    struct ml_rpc_request r;
    struct ml_rpc_error e;
    cr_assert_eq(ml_rpc_parse(&r, line, strlen(line), &ml_alloc_libc, &e), 0);
    cr_expect(r.notification);
    ml_rpc_request_fini(&r);
}

Test(rpc, an_id_has_a_greatest_length)
{
    for (int digits = ML_RPC_ID_MAX; digits <= ML_RPC_ID_MAX + 1; digits++) {
        char line[300];
        struct ml_rpc_request r;
        struct ml_rpc_error e;
        snprintf(line, sizeof(line),
                 "{\"jsonrpc\":\"2.0\",\"id\":1%0*d,\"method\":\"m\"}", digits - 1, 0);
        int rc = ml_rpc_parse(&r, line, strlen(line), &ml_alloc_libc, &e);
        cr_expect_eq(rc == 0, digits <= ML_RPC_ID_MAX);
        if (rc == 0) {
            ml_rpc_request_fini(&r);
        }
    }
}

static void
expect_error_line(const struct ml_rpc_error *e, const char *line)
{
    struct ml_buf out;
    ml_buf_init(&out, &ml_alloc_libc);
    ml_rpc_write_error(&out, "7", e);
    cr_expect_str_eq(ml_buf_str(&out), line);
    ml_buf_fini(&out);
}

Test(rpc, the_agents_errors_carry_the_name_of_their_code)
{
    struct ml_rpc_error e;
    struct ml_error err;
    ml_error_set(&err, ML_ESTATE, "a \"sweep\" runs");
    ml_rpc_error_from(&e, &err);
    expect_error_line(&e, "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32009,"
                          "\"message\":\"a \\\"sweep\\\" runs\",\"data\":{\"code\":"
                          "\"ML_ESTATE\"}}}\n");
    ml_error_set_at(&err, ML_EFORMAT, 3, 7, "x");
    ml_rpc_error_from(&e, &err);
    expect_error_line(&e,
                      "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32003,"
                      "\"message\":\"x\",\"data\":{\"code\":\"ML_EFORMAT\",\"line\":3,"
                      "\"column\":7}}}\n");
    ml_error_set(&err, ML_EINVAL, "x");
    ml_rpc_error_from(&e, &err);
    cr_expect_eq(e.code, ML_RPC_PARAMS);
    ml_error_set(&err, -99, "x");
    ml_rpc_error_from(&e, &err);
    cr_expect_eq(e.code, ML_RPC_INTERNAL);
}

Test(rpc, every_error_code_has_a_name)
{
    for (int code = ML_ENOMEM; code >= ML_EAMBIGUOUS; code--) {
        cr_expect_not_null(ml_rpc_code_name(code), "%d", code);
    }
    cr_expect_str_eq(ml_rpc_code_name(ML_EAMBIGUOUS), "ML_EAMBIGUOUS");
    cr_expect_str_eq(ml_rpc_code_name(ML_EPERM), "ML_EPERM");
    cr_expect_null(ml_rpc_code_name(ML_EAMBIGUOUS - 1));
    cr_expect_null(ml_rpc_code_name(1));
}

Test(rpc, progress_is_a_notification)
{
    struct ml_buf out;
    ml_buf_init(&out, &ml_alloc_libc);
    ml_rpc_write_progress(&out, "\"x\"", "walking the heap", 0.42);
    cr_expect_str_eq(
        ml_buf_str(&out),
        "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":\"x\","
        "\"step\":\"walking the heap\",\"done\":0.420}}\n");
    ml_buf_fini(&out);
}
