/* SPDX-License-Identifier: MIT
 *
 * server: real clients over a real socket, well-behaved and otherwise.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"
#include "server_expect.h"

TestSuite(server, .init = start, .fini = stop);

Test(server, answers_a_request_cut_at_every_byte)
{
    int fd = driver_connect(&d);
    for (size_t cut = 1; cut < strlen(STATUS); cut++) {
        driver_send(&d, fd, STATUS, cut);
        driver_pump(&d);
        expect_answer(fd, STATUS + cut, STATUS_ANSWER);
    }
    close(fd);
}

Test(server, answers_two_requests_in_one_piece_and_a_byte_at_a_time)
{
    int fd = driver_connect(&d);
    expect_answer(fd, STATUS STATUS, STATUS_ANSWER STATUS_ANSWER);
    for (const char *p = STATUS; p[1] != '\0'; p++) {
        driver_send(&d, fd, p, 1);
        driver_pump(&d);
    }
    expect_answer(fd, "\n", STATUS_ANSWER);
    close(fd);
}

Test(server, blank_lines_and_carriage_returns_mean_nothing)
{
    int fd = driver_connect(&d);
    expect_answer(fd, "\n \t\r\n\r\n", "");
    expect_part(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\r\n", "idle");
    close(fd);
}

Test(server, broken_lines_get_the_standard_errors_and_the_connection_goes_on)
{
    int fd = driver_connect(&d);
    expect_part(fd, "hello\n", "\"code\":-32700");
    expect_part(fd, "[]\n", "\"code\":-32600");
    expect_part(fd, REQUEST(2, "nothing"), "\"id\":2,\"error\":{\"code\":-32601");
    expect_part(fd,
                "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"types\",\"params\":"
                "{\"limt\":1}}\n",
                "\"data\":{\"code\":\"ML_EINVAL\",\"parameter\":\"limt\",\"nearest\":"
                "\"limit\"}");
    expect_answer(fd, STATUS, STATUS_ANSWER);
    close(fd);
}

Test(server, notifications_are_done_and_not_answered)
{
    int fd = driver_connect(&d);
    expect_answer(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"types\"}\n", "");
    cr_expect_eq(d.fake.sweeps, 1);
    ml_server_reply_result(d.server, d.fake.token[0], "{}", 2);
    expect_answer(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"nothing\"}\n", "");
    expect_answer(fd, STATUS, STATUS_ANSWER);
    close(fd);
}

Test(server, a_failed_method_leaves_no_half_answer)
{
    int fd = driver_connect(&d);
    d.fake.fail = ML_ESTATE;
    expect_answer(
        fd, STATUS,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32009,\"message\":"
        "\"the fake was told to fail\",\"data\":{\"code\":\"ML_ESTATE\"}}}\n");
    d.fake.fail = ML_EFORMAT;
    expect_part(fd, REQUEST(1, "config.reload"),
                "\"data\":{\"code\":\"ML_EFORMAT\",\"line\":3,\"column\":7}");
    close(fd);
}

#define START(params)                                                                  \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"monitor.start\",\"params\":" params       \
    "}\n"

Test(server, a_monitor_starts_once_and_stops_once)
{
    int fd = driver_connect(&d);
    expect_part(fd, REQUEST(1, "monitor.stop"), "\"ML_ESTATE\"");
    expect_part(fd, START("{\"max_object_lifetime\":\"2m\"}"), "lifetime_s\":120.000");
    cr_expect_eq(d.fake.monitor.warmup, 120.0, "it follows the lifetime");
    expect_part(fd, START("{}"), "monitoring runs since");
    expect_part(fd, REQUEST(1, "monitor.stop"), "\"stopped\":true,\"iterations\":3");
    expect_part(fd, START("{\"max_object_lifetime\":2,\"warmup\":0}"), "lifetime_s");
    cr_expect_eq(d.fake.monitor.warmup, 0.0);
    expect_part(fd, REQUEST(1, "monitor.stop"), "stopped");
    expect_part(fd, START("{}"), "lifetime_s");
    cr_expect_lt(d.fake.monitor.warmup, 0, "as configured");
    close(fd);
}

Test(server, a_line_over_the_limit_is_skipped_and_the_next_one_answered)
{
    int fd = driver_connect(&d);
    size_t size = 3 * ML_SERVER_MAX_REQUEST;
    char *line = malloc(size);
    memset(line, 'x', size);
    driver_send(&d, fd, line, size);
    driver_pump(&d);
    char *answer = driver_receive(&d, fd, NULL);
    cr_expect_eq(count(answer, "\n"), 1, "one error, at once: %s", answer);
    cr_expect_not_null(strstr(answer, "-32600"));
    cr_expect_not_null(strstr(answer, "ML_ELIMIT"));
    free(answer);
    expect_answer(fd, "more of it\n" STATUS, STATUS_ANSWER);
    free(line);
    close(fd);
}

Test(server, a_line_of_just_the_limit_is_read)
{
    int fd = driver_connect(&d);
    char *line = malloc(ML_SERVER_MAX_REQUEST + 1);
    memset(line, ' ', ML_SERVER_MAX_REQUEST);
    memcpy(line, STATUS, strlen(STATUS) - 1);
    line[ML_SERVER_MAX_REQUEST] = '\n';
    driver_send(&d, fd, line, ML_SERVER_MAX_REQUEST + 1);
    expect_answer(fd, "", STATUS_ANSWER);
    free(line);
    close(fd);
}

Test(server, a_half_closed_client_gets_its_answers_and_then_the_end)
{
    bool closed;
    int fd = driver_connect(&d);
    driver_say(&d, fd,
               STATUS REQUEST(2, "types") "{\"jsonrpc\":\"2.0\",\"id\":1,"
                                          "\"method\":\"status\"}");
    shutdown(fd, SHUT_WR);
    driver_pump(&d);
    char *answer = driver_receive(&d, fd, &closed);
    cr_expect_str_eq(answer, STATUS_ANSWER STATUS_ANSWER, "also without a newline");
    cr_expect_not(closed, "an answer is owed");
    free(answer);
    cr_expect_eq(driver_pump(&d), 0, "and nobody spins meanwhile");
    ml_server_reply_result(d.server, d.fake.token[0], "{\"types\":[]}", 12);
    answer = driver_receive(&d, fd, &closed);
    cr_expect_str_eq(answer,
                     "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"types\":[]}}\n");
    cr_expect(closed);
    free(answer);
    close(fd);
    driver_pump(&d);
    cr_expect_eq(ml_server_clients(d.server), 0);
}

Test(server, a_client_that_asks_and_goes_is_heard)
{
    int fd = driver_connect(&d);
    driver_say(&d, fd, REQUEST(1, "detach"));
    close(fd);
    driver_pump(&d);
    cr_expect_eq(d.fake.detached, 1);
    cr_expect_eq(ml_server_clients(d.server), 0);
    cr_expect(ml_server_flushed(d.server));
}

Test(server, sweeps_are_answered_under_their_token_in_any_order)
{
    int one = driver_connect(&d), two = driver_connect(&d);
    expect_answer(one, REQUEST("a", "types") REQUEST("b", "garbage"), "");
    expect_answer(two, REQUEST("c", "retained"), "");
    cr_assert_eq(d.fake.sweeps, 3);
    struct ml_error err;
    ml_error_set(&err, ML_ECANCELLED, "took too long");
    ml_server_reply_error(d.server, d.fake.token[1], &err);
    ml_server_reply_result(d.server, d.fake.token[2], "[2]", 3);
    ml_server_reply_result(d.server, d.fake.token[0], "[0]", 3);
    ml_server_reply_result(d.server, d.fake.token[0], "[9]", 3);
    ml_server_reply_result(d.server, 987654, "[9]", 3);
    expect_answer(
        one, "",
        "{\"jsonrpc\":\"2.0\",\"id\":\"b\",\"error\":{\"code\":-32008,\"message\":"
        "\"took too long\",\"data\":{\"code\":\"ML_ECANCELLED\"}}}\n"
        "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":[0]}\n");
    expect_answer(two, "", "{\"jsonrpc\":\"2.0\",\"id\":\"c\",\"result\":[2]}\n");
    close(one);
    close(two);
}

Test(server, an_answer_to_a_client_that_has_gone_is_dropped)
{
    int fd = driver_connect(&d);
    expect_answer(fd, REQUEST(1, "types"), "");
    close(fd);
    driver_pump(&d);
    cr_expect_eq(ml_server_clients(d.server), 0);
    ml_server_reply_result(d.server, d.fake.token[0], "{}", 2);
    fd = driver_connect(&d);
    expect_answer(fd, STATUS, STATUS_ANSWER);
    close(fd);
}

Test(server, a_sweeps_broken_answer_becomes_an_error)
{
    int fd = driver_connect(&d);
    expect_answer(fd, REQUEST(1, "types") REQUEST(2, "types"), "");
    ml_server_reply_result(d.server, d.fake.token[0], "{\"types\":[", 10);
    expect_part(fd, "", "\"id\":1,\"error\":{\"code\":-32603");
    ml_server_reply_result(d.server, d.fake.token[1], "{\n\"a b\": 1\n}\n", 13);
    expect_answer(fd, "", "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"a b\":1}}\n");
    close(fd);
}

Test(server, progress_goes_to_those_who_asked)
{
    int fd = driver_connect(&d);
    expect_answer(
        fd,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"types\",\"progress\":true}\n"
        "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"types\",\"params\":"
        "{\"progress\":true}}\n" REQUEST(3, "types"),
        "");
    for (int i = 0; i < 3; i++) {
        ml_server_progress(d.server, d.fake.token[i], "walking", 0.5);
    }
    char *answer = driver_receive(&d, fd, NULL);
    cr_expect_eq(count(answer, "\"method\":\"progress\""), 2, "%s", answer);
    cr_expect_eq(count(answer, "\"id\":3"), 0);
    free(answer);
    close(fd);
}

Test(server, one_client_has_sixteen_unanswered_sweeps_at_most)
{
    int fd = driver_connect(&d);
    for (int i = 0; i < ML_PEER_MAX_PENDING; i++) {
        expect_answer(fd, REQUEST(1, "types"), "");
    }
    expect_part(fd, REQUEST(2, "types"), "ML_ELIMIT");
    cr_expect_eq(d.fake.sweeps, ML_PEER_MAX_PENDING);
    ml_server_reply_result(d.server, d.fake.token[0], "{}", 2);
    expect_part(fd, REQUEST(3, "types"), "\"id\":1,\"result\"");
    cr_expect_eq(d.fake.sweeps, ML_PEER_MAX_PENDING + 1);
    close(fd);
}

static void
cancel_the_sweep(void *ctx)
{
    struct ml_error err;
    ml_error_set(&err, ML_ECANCELLED, "the agent goes");
    ml_server_reply_error(d.server, d.fake.token[0], &err);
}

Test(server, detach_may_end_a_sweep_of_the_same_client)
{
    int fd = driver_connect(&d);
    expect_answer(fd, REQUEST(1, "types"), "");
    d.fake.on_detach = cancel_the_sweep;
    expect_answer(
        fd, REQUEST(2, "detach"),
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32008,\"message\":"
        "\"the agent goes\",\"data\":{\"code\":\"ML_ECANCELLED\"}}}\n"
        "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"detached\":true}}\n");
    cr_expect(ml_server_flushed(d.server));
    close(fd);
}
