/* SPDX-License-Identifier: MIT
 *
 * config: defaults, what a reload would change, where the socket is.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

static struct ml_settings a, b;

Test(config, defaults_are_those_of_the_specification)
{
    ml_settings_defaults(&a);
    cr_expect_str_eq(a.name, "");
    cr_expect_str_eq(a.control.socket, "auto");
    cr_expect_eq(a.control.signal, SIGUSR2);
    cr_expect_eq(a.control.follow_forks, true);
    cr_expect_eq(a.control.follow_execs, true);
    cr_expect_eq(a.monitor.enabled, false);
    cr_expect_eq(a.monitor.max_object_lifetime, 60);
    cr_expect_eq(a.monitor.warmup, 60);
    cr_expect_eq(a.sweep.every, ML_OFF);
    cr_expect_eq(a.sweep.when.memory_above.unit, ML_AMOUNT_OFF);
    cr_expect_eq(a.sweep.when.growth_above.unit, ML_AMOUNT_OFF);
    cr_expect_eq(a.sweep.when.cooldown, 600);
    cr_expect_eq(a.sweep.timeout, 120);
    cr_expect_eq(a.sweep.max_extra_memory.unit, ML_AMOUNT_PERCENT);
    cr_expect_eq(a.sweep.max_extra_memory.value, 50);
    cr_expect_eq(a.sweep.nice, 19);
    cr_expect_eq(
        a.filter.include.count + a.filter.exclude.count + a.filter.ignore.count, 0);
    cr_expect_str_eq(a.report.directory, "~/.memalot/reports");
    cr_expect_eq(a.report.keep, 100);
    cr_expect_eq(a.report.console, false);
    cr_expect_eq(a.report.max_object_details, 30);
    cr_expect_eq(a.report.max_types_in_leak_summary, 500);
    cr_expect_eq(a.report.compute_size_in_leak_summary, false);
    cr_expect_eq(a.report.str_max_length, 100);
    cr_expect_eq(a.report.call_str, true);
    cr_expect_eq((int)a.report.redact, ML_REDACT_NONE);
    cr_expect_eq(a.referrers.check, true);
    cr_expect_eq(a.referrers.max_depth, 50);
    cr_expect_eq(a.referrers.search_timeout, 300);
    cr_expect_eq(a.referrers.single_object_limit, 100);
    cr_expect_eq(a.referrers.module_prefixes.count, -1);
    cr_expect_eq(a.graph.formats.count, 2);
    cr_expect_str_eq(a.graph.formats.item[0], "dot");
    cr_expect_str_eq(a.graph.formats.item[1], "svg");
    cr_expect_eq(a.graph.max_nodes, 150);
}

static void
note(void *ctx, const char *key, bool live)
{
    char *seen = ctx;
    sprintf(seen + strlen(seen), "%s %s\n", key, live ? "live" : "restart");
}

Test(config, a_diff_names_what_differs_and_when_it_takes_effect)
{
    char seen[400] = "";
    ml_settings_defaults(&a);
    ml_settings_defaults(&b);
    ml_config_diff(&a, &b, note, seen);
    cr_assert_str_eq(seen, "");
    strcpy(b.control.socket, "off");
    b.sweep.every = 5;
    b.sweep.max_extra_memory.value = 60;
    b.filter.include.count = 1;
    strcpy(b.filter.include.item[0], "x");
    b.report.redact = ML_REDACT_TEXTS;
    b.referrers.module_prefixes.count = 0;
    ml_config_diff(&a, &b, note, seen);
    cr_assert_str_eq(seen, "control.socket restart\n"
                           "sweep.every live\n"
                           "sweep.max_extra_memory live\n"
                           "filter.include live\n"
                           "report.redact live\n"
                           "referrers.module_prefixes live\n");
}

Test(config, what_is_off_is_the_same_whatever_number_stands_beside_it)
{
    char seen[100] = "";
    ml_settings_defaults(&a);
    ml_settings_defaults(&b);
    b.sweep.when.memory_above.value = 7;
    ml_config_diff(&a, &b, note, seen);
    cr_assert_str_eq(seen, "");
}

static const char *
socket_path(const char *socket, const char *runtime_dir)
{
    static char out[200];
    struct ml_error err;
    ml_settings_defaults(&a);
    snprintf(a.control.socket, sizeof(a.control.socket), "%s", socket);
    int failed =
        ml_config_socket_path(&a, 4242, 1000, runtime_dir, out, sizeof(out), &err);
    cr_assert_eq(failed, err.code == ML_ELIMIT && failed < 0 ? ML_ELIMIT : ML_OK);
    return failed < 0 ? "too long" : out;
}

Test(config, the_socket_is_in_the_runtime_directory_or_in_tmp)
{
    cr_expect_str_eq(socket_path("auto", "/run/user/1000"),
                     "/run/user/1000/memalot/4242.sock");
    cr_expect_str_eq(socket_path("auto", NULL), "/tmp/memalot-1000/4242.sock");
    cr_expect_str_eq(socket_path("auto", ""), "/tmp/memalot-1000/4242.sock");
    cr_expect_str_eq(socket_path("auto", "relative"), "/tmp/memalot-1000/4242.sock");
    cr_expect_str_eq(socket_path("off", "/run"), "");
    cr_expect_str_eq(socket_path("/a/%p-%p.s", "/run"), "/a/4242-4242.s");
    cr_expect_str_eq(socket_path("/a/%q%", NULL), "/a/%q%");
}

Test(config, a_runtime_directory_too_long_for_a_socket_is_passed_over)
{
    char longer[120] = "/";
    memset(longer + 1, 'r', 100);
    cr_assert_str_eq(socket_path("auto", longer), "/tmp/memalot-1000/4242.sock");
}

Test(config, a_path_has_107_bytes_and_no_more)
{
    char path[120] = "/";
    memset(path + 1, 'x', 106);
    cr_assert_str_eq(socket_path(path, NULL), path);
    path[107] = 'x';
    cr_assert_str_eq(socket_path(path, NULL), "too long");
    strcpy(path + 104, "%p");
    cr_assert_str_eq(socket_path(path, NULL), "too long");
}

Test(config, a_short_buffer_is_an_error_and_stays_a_string)
{
    char out[8] = "xxxxxxx";
    ml_settings_defaults(&a);
    cr_assert_eq(ml_config_socket_path(&a, 1, 1, NULL, out, sizeof(out), NULL),
                 ML_ELIMIT);
    cr_assert_str_eq(out, "");
}
