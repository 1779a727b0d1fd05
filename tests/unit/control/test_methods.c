/* SPDX-License-Identifier: MIT
 *
 * methods: the table, and that parameters are checked before a method sees them.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#include "methods.h"

/* Takes the arguments of a call; 0 or the JSON-RPC error's code. */
static int
take(const char *method, const char *params, struct ml_method_args *args,
     struct ml_rpc_error *e)
{
    char line[4096];
    struct ml_rpc_request r;
    snprintf(line, sizeof(line),
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method,
             params);
    cr_assert_eq(ml_rpc_parse(&r, line, strlen(line), &ml_alloc_libc, e), 0, "%s",
                 line);
    const struct ml_method *m = ml_methods_find(r.method, e);
    int rc = m == NULL ? ML_ENOTFOUND : ml_methods_take_args(m, &r, args, e);
    ml_rpc_request_fini(&r);
    return rc < 0 ? e->code : 0;
}

struct params_case {
    char method[24];
    char params[100];
    int code;
    char says[64];
};

ParameterizedTestParameters(methods, params)
{
    static struct params_case cases[] = {
        {"status", "{}", 0, ""},
        {"status", "{\"x\":1}", ML_RPC_PARAMS, "has no parameter 'x'"},
        {"types", "{\"limit\":1}", 0, ""},
        {"types", "{\"limit\":100000}", 0, ""},
        {"types", "{\"limit\":20.0}", 0, ""},
        {"types", "{\"limit\":0}", ML_RPC_PARAMS, "from 1 to 100000"},
        {"types", "{\"limit\":100001}", ML_RPC_PARAMS, "from 1 to 100000"},
        {"types", "{\"limit\":99999999999999999999}", ML_RPC_PARAMS, "whole number"},
        {"types", "{\"limit\":\"5\"}", ML_RPC_PARAMS, "whole number"},
        {"types", "{\"limit\":null}", ML_RPC_PARAMS, "whole number"},
        {"types", "{\"limt\":5}", ML_RPC_PARAMS, "did you mean 'limit'?"},
        {"types", "{\"limit\":5,\"limit\":6}", ML_RPC_PARAMS, "once"},
        {"types", "{\"progress\":1}", ML_RPC_PARAMS, "true or false"},
        {"snapshot", "{\"include\":\"x\",\"exclude\":[\"y\",\"z\"]}", 0, ""},
        {"snapshot", "{\"include\":[]}", 0, ""},
        {"snapshot", "{\"include\":[\"\"]}", ML_RPC_PARAMS, "1 to 127 bytes"},
        {"snapshot", "{\"include\":[1]}", ML_RPC_PARAMS, "string"},
        {"snapshot", "{\"include\":[[\"a\"]]}", ML_RPC_PARAMS, "string"},
        {"snapshot", "{\"include\":\"a\\u0000b\"}", ML_RPC_PARAMS, "NUL"},
        {"snapshot", "{\"type\":\"x\"}", ML_RPC_PARAMS, "has no parameter"},
        {"snapshot", "{\"limit\":1}", ML_RPC_PARAMS, "has no parameter"},
        {"snapshot", "{\"max_object_details\":-1}", ML_RPC_PARAMS, "from 0"},
        {"refs", "{\"address\":\"0x7f12ab34cd50\"}", 0, ""},
        {"refs", "{\"address\":139717411335504}", 0, ""},
        {"refs", "{\"address\":\"0xFFFFFFFFFFFFFFFF\"}", 0, ""},
        {"refs", "{\"address\":\"0x1FFFFFFFFFFFFFFFF\"}", ML_RPC_PARAMS, "address"},
        {"refs", "{\"address\":\"7f12\"}", ML_RPC_PARAMS, "address"},
        {"refs", "{\"address\":\"0x\"}", ML_RPC_PARAMS, "address"},
        {"refs", "{\"address\":\"0x-1\"}", ML_RPC_PARAMS, "address"},
        {"refs", "{\"address\":0}", ML_RPC_PARAMS, "address"},
        {"refs", "{\"address\":-5}", ML_RPC_PARAMS, "address"},
        {"refs", "{}", ML_RPC_PARAMS, "needs the parameter 'address'"},
        {"report.get", "{\"report_id\":\"ab12-cd34\",\"iterations\":1}", 0, ""},
        {"report.get", "{}", ML_RPC_PARAMS, "report_id"},
        {"snapshto", "{}", ML_RPC_METHOD, "did you mean 'snapshot'?"},
        {"monitor.strat", "{}", ML_RPC_METHOD, "did you mean 'monitor.start'?"},
        {"monitor.start", "{}", 0, ""},
        {"monitor.start", "{\"max_object_lifetime\":0.001}", 0, ""},
        {"monitor.start", "{\"max_object_lifetime\":\"365d\",\"warmup\":0}", 0, ""},
        {"monitor.start", "{\"max_object_lifetime\":0}", ML_RPC_PARAMS, "1ms to 365 d"},
        {"monitor.start", "{\"max_object_lifetime\":\"366d\"}", ML_RPC_PARAMS, "365 d"},
        {"monitor.start", "{\"warmup\":-1}", ML_RPC_PARAMS, "'warmup' must be a time"},
        {"monitor.start", "{\"warmup\":\"5 eons\"}", ML_RPC_PARAMS, "such as \"5m\""},
        {"monitor.start", "{\"warmup\":1e3}", ML_RPC_PARAMS, "seconds as a number"},
        {"monitor.start", "{\"warmup\":null}", ML_RPC_PARAMS, "a time"},
        {"monitor.start", "{\"warmup\":[60]}", ML_RPC_PARAMS, "a time"},
        {"monitor.start", "{\"lifetime\":60}", ML_RPC_PARAMS, "has no parameter"},
        {"monitor.start", "{\"limit\":1}", ML_RPC_PARAMS, "has no parameter"},
        {"monitor.stop", "{}", 0, ""},
        {"memory", "{\"progress\":true}", 0, ""},
        {"memory", "{\"limit\":3}", ML_RPC_PARAMS, "has no parameter"},
        {"monitor.stop", "{\"save\":true}", ML_RPC_PARAMS, "has no parameter"},
    };
    return cr_make_param_array(struct params_case, cases,
                               sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct params_case *c, methods, params)
{
    struct ml_method_args args;
    struct ml_rpc_error e = {0};
    int code = take(c->method, c->params, &args, &e);
    cr_expect_eq(code, c->code, "%s %s: %d %s", c->method, c->params, code, e.message);
    if (c->code != 0) {
        cr_expect_not_null(strstr(e.message, c->says), "%s %s: %s", c->method,
                           c->params, e.message);
    }
}

Test(methods, what_is_not_given_stays_unset)
{
    struct ml_method_args args;
    struct ml_rpc_error e;
    cr_assert_eq(take("snapshot", "{}", &args, &e), 0);
    cr_expect_eq(args.sweep.limit, ML_REQUEST_UNSET);
    cr_expect_eq(args.sweep.referrers, ML_REQUEST_UNSET);
    cr_expect_eq(args.sweep.max_object_details, ML_REQUEST_UNSET);
    cr_expect(args.sweep.save);
    cr_expect_not(args.sweep.progress);
    cr_expect_eq(args.sweep.include[0][0], '\0');
}

Test(methods, what_is_given_arrives)
{
    struct ml_method_args args;
    struct ml_rpc_error e;
    cr_assert_eq(
        take("snapshot",
             "{\"include\":[\"a.b\",\"c\"],\"exclude\":\"d\",\"referrers\":false,"
             "\"save\":false,\"max_object_details\":0,\"progress\":true}",
             &args, &e),
        0);
    cr_expect_str_eq(args.sweep.include[0], "a.b");
    cr_expect_str_eq(args.sweep.include[1], "c");
    cr_expect_str_eq(args.sweep.include[2], "");
    cr_expect_str_eq(args.sweep.exclude[0], "d");
    cr_expect_eq(args.sweep.referrers, 0);
    cr_expect_eq(args.sweep.max_object_details, 0);
    cr_expect_not(args.sweep.save);
    cr_expect(args.sweep.progress);
    cr_assert_eq(take("refs", "{\"address\":\"0xFFFFFFFFFFFFFFFF\"}", &args, &e), 0);
    cr_expect_eq(args.sweep.address, UINT64_MAX);
}

Test(methods, a_monitor_is_as_configured_where_nothing_is_said)
{
    struct ml_method_args args;
    struct ml_rpc_error e;
    cr_assert_eq(take("monitor.start", "{}", &args, &e), 0);
    cr_expect_lt(args.monitor.lifetime, 0);
    cr_expect_lt(args.monitor.warmup, 0);
    cr_expect_eq(args.monitor.max_object_details, ML_REQUEST_UNSET);
    cr_expect(args.monitor.save);
    cr_expect_eq(args.monitor.include[0][0], '\0');
}

Test(methods, times_come_as_numbers_and_as_texts)
{
    struct ml_method_args args;
    struct ml_rpc_error e;
    cr_assert_eq(take("monitor.start",
                      "{\"max_object_lifetime\":\"1.5m\",\"warmup\":0.25,\"include\":"
                      "[\"a\",\"b\"],\"save\":false}",
                      &args, &e),
                 0);
    cr_expect_eq(args.monitor.lifetime, 90.0);
    cr_expect_eq(args.monitor.warmup, 0.25);
    cr_expect_str_eq(args.monitor.include[1], "b");
    cr_expect_not(args.monitor.save);
    cr_assert_eq(take("monitor.start", "{\"warmup\":\"2\\u0020min\"}", &args, &e), 0);
    cr_expect_eq(args.monitor.warmup, 120.0, "escapes are resolved first");
}

Test(methods, lists_hold_sixteen)
{
    struct ml_method_args args;
    struct ml_rpc_error e;
    char params[400] = "{\"include\":[\"a\"";
    for (int i = 1; i < ML_REQUEST_FILTERS; i++) {
        strcat(params, ",\"a\"");
    }
    char more[400];
    snprintf(more, sizeof(more), "%s,\"a\"]}", params);
    strcat(params, "]}");
    cr_expect_eq(take("snapshot", params, &args, &e), 0);
    cr_expect_str_eq(args.sweep.include[ML_REQUEST_FILTERS - 1], "a");
    cr_expect_eq(take("snapshot", more, &args, &e), ML_RPC_PARAMS);
}

Test(methods, the_table_holds_what_the_protocol_lists)
{
    static const char *const names[] = {"status",      "snapshot",   "types",
                                        "retained",    "paths",      "refs",
                                        "garbage",     "config.get", "config.reload",
                                        "report.list", "report.get", "detach",
                                        "monitor.start", "monitor.stop",
                                        "memory",      "refcounts"};
    struct ml_rpc_error e;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        cr_expect_not_null(ml_methods_find(names[i], &e), "%s", names[i]);
    }
}
