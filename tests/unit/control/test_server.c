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
#include "server_driver.h"

#define REQUEST(id, method) "{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"method\":\"" method "\"}\n"
#define STATUS REQUEST(1, "status")
#define STATUS_ANSWER                                                                  \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"state\":\"idle\",\"padding\":\"\"}}\n"

static struct driver d;

static void
start(void)
{
    driver_start(&d);
}

static void
stop(void)
{
    driver_stop(&d);
}

TestSuite(server, .init = start, .fini = stop);

static void
expect_answer(int fd, const char *line, const char *expected)
{
    char *answer = driver_ask(&d, fd, line);
    cr_expect_str_eq(answer, expected, "%s -> %s", line, answer);
    free(answer);
}

static void
expect_part(int fd, const char *line, const char *part)
{
    char *answer = driver_ask(&d, fd, line);
    cr_expect_not_null(strstr(answer, part), "%s -> %s", line, answer);
    free(answer);
}

static int
count(const char *text, const char *part)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, part)) != NULL; p += strlen(part)) {
        n++;
    }
    return n;
}

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
    expect_part(fd, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"types\",\"params\":"
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
    expect_answer(fd, STATUS,
                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32009,\"message\":"
                  "\"the fake was told to fail\",\"data\":{\"code\":\"ML_ESTATE\"}}}\n");
    d.fake.fail = ML_EFORMAT;
    expect_part(fd, REQUEST(1, "config.reload"),
                "\"data\":{\"code\":\"ML_EFORMAT\",\"line\":3,\"column\":7}");
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
    driver_say(&d, fd, STATUS REQUEST(2, "types") "{\"jsonrpc\":\"2.0\",\"id\":1,"
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
    cr_expect_str_eq(answer, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"types\":[]}}\n");
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
    expect_answer(one, "",
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
    expect_answer(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"types\",\"progress\":true}\n"
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
    expect_answer(fd, REQUEST(2, "detach"),
                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32008,\"message\":"
                  "\"the agent goes\",\"data\":{\"code\":\"ML_ECANCELLED\"}}}\n"
                  "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"detached\":true}}\n");
    cr_expect(ml_server_flushed(d.server));
    close(fd);
}

/* -- crowds ------------------------------------------------------------------------------ */

Test(server, sixty_four_clients_are_served_and_the_next_is_told)
{
    int fd[ML_SERVER_MAX_CLIENTS];
    bool closed;
    for (int i = 0; i < ML_SERVER_MAX_CLIENTS; i++) {
        fd[i] = driver_connect(&d);
    }
    int extra = driver_connect(&d);
    char *answer = driver_receive(&d, extra, &closed);
    cr_expect_not_null(strstr(answer, "ML_ELIMIT"), "%s", answer);
    cr_expect(closed);
    free(answer);
    close(extra);
    for (int i = 0; i < ML_SERVER_MAX_CLIENTS; i++) {
        expect_answer(fd[i], STATUS, STATUS_ANSWER);
    }
    close(fd[7]);
    driver_pump(&d);
    fd[7] = driver_connect(&d);
    expect_answer(fd[7], STATUS, STATUS_ANSWER);
    for (int i = 0; i < ML_SERVER_MAX_CLIENTS; i++) {
        close(fd[i]);
    }
    driver_pump(&d);
    cr_expect_eq(ml_server_clients(d.server), 0);
}

Test(server, who_reads_nothing_is_not_read_from_and_holds_nobody_up)
{
    int slow = driver_connect(&d), quick = driver_connect(&d);
    char flood[64 * sizeof(STATUS)] = "";
    size_t taken = 0;
    d.fake.status_padding = 8192;
    for (int i = 0; i < 64; i++) {
        strcat(flood, STATUS);
    }
    for (int i = 0; i < 4096; i++) {
        ssize_t n = send(slow, flood, strlen(flood), MSG_NOSIGNAL);
        taken += n > 0 ? (size_t)n : 0;
        driver_pump(&d);
        if (n < 0) {
            break;
        }
    }
    cr_expect_lt(taken, 4u << 20, "its own requests wait in its own socket: %zu", taken);
    cr_expect_not(ml_server_flushed(d.server));
    d.fake.status_padding = 0;
    expect_answer(quick, STATUS, STATUS_ANSWER);
    cr_expect_eq(ml_server_clients(d.server), 2, "slow is no reason to be dropped");
    d.fake.status_padding = 8192;
    char *all = driver_receive(&d, slow, NULL);
    cr_expect_eq((size_t)count(all, "\n"), taken / strlen(STATUS),
                 "and every one of them is answered once it reads");
    free(all);
    close(slow);
    close(quick);
}

Test(server, a_client_that_lets_sixty_four_megabytes_lie_is_dropped)
{
    size_t size = 12u << 20;
    char *json = malloc(size);
    memset(json, '1', size);
    json[0] = json[size - 1] = '"';
    int fd = driver_connect(&d);
    for (int i = 0; i < 8; i++) {
        expect_answer(fd, REQUEST(1, "types"), "");
    }
    for (int i = 0; i < 8; i++) {
        ml_server_reply_result(d.server, d.fake.token[i], json, size);
    }
    driver_pump(&d);
    free(json);
    int other = driver_connect(&d);
    expect_answer(other, STATUS, STATUS_ANSWER);
    cr_expect_eq(ml_server_clients(d.server), 1);
    close(fd);
    close(other);
}

Test(server, an_answer_over_the_limit_is_an_error_for_a_client_that_reads)
{
    int fd = driver_connect(&d);
    d.fake.status_padding = ML_PEER_MAX_UNSENT;
    expect_part(fd, STATUS, "\"error\":{\"code\":-32007");
    d.fake.status_padding = 0;
    expect_answer(fd, STATUS, STATUS_ANSWER);
    close(fd);
}

Test(server, a_large_answer_arrives_whole)
{
    int fd = driver_connect(&d);
    d.fake.status_padding = 20u << 20;
    char *answer = driver_ask(&d, fd, STATUS);
    cr_expect_eq(strlen(answer), strlen(STATUS_ANSWER) + d.fake.status_padding);
    cr_expect_str_eq(answer + strlen(answer) - 12, "padding \"}}\n");
    free(answer);
    close(fd);
}

/* -- strangers --------------------------------------------------------------------------- */

Test(server, a_descriptor_that_became_somebody_elses_is_left_alone)
{
    struct pollfd fds[ML_SERVER_MAX_CLIENTS + 1];
    int pair[2];
    int fd = driver_connect(&d);
    size_t n = ml_server_pollfds(d.server, fds, ML_SERVER_MAX_CLIENTS + 1);
    cr_assert_eq(n, 2);
    cr_assert_eq(pipe(pair), 0);
    /* the program closes our client and our listening socket; its pipe takes both
     * numbers */
    cr_assert_eq(dup2(pair[0], fds[0].fd), fds[0].fd);
    cr_assert_eq(dup2(pair[0], fds[1].fd), fds[1].fd);
    cr_assert_eq(write(pair[1], "mine\n", 5), 5);
    driver_pump(&d);
    cr_expect_eq(ml_server_clients(d.server), 0);
    cr_expect_not(ml_server_listening(d.server));
    char text[6] = "";
    cr_expect_eq(read(fds[1].fd, text, 5), 5, "still open");
    cr_expect_str_eq(text, "mine\n", "and nothing was read from it");
    struct ml_error err;
    cr_expect_eq(ml_server_listen(d.server, d.path, &err), 0, "%s", err.message);
    cr_expect_neq(fcntl(fds[0].fd, F_GETFD), -1, "still open");
    int again = driver_connect(&d);
    expect_answer(again, STATUS, STATUS_ANSWER);
    close(again);
    close(fd);
}

Test(server, closed_descriptors_are_noticed)
{
    struct pollfd fds[ML_SERVER_MAX_CLIENTS + 1];
    int fd = driver_connect(&d);
    size_t n = ml_server_pollfds(d.server, fds, ML_SERVER_MAX_CLIENTS + 1);
    for (size_t i = 0; i < n; i++) {
        close(fds[i].fd);
    }
    cr_expect_lt(driver_pump(&d), 10);
    cr_expect_eq(ml_server_clients(d.server), 0);
    cr_expect_not(ml_server_listening(d.server));
    close(fd);
}

Test(server, another_users_process_is_turned_away)
{
    if (geteuid() != 0) {
        cr_skip("only root can become another user");
    }
    chmod(d.directory, 0755);
    chmod(d.path, 0666);
    pid_t child = fork();
    if (child == 0) {
        if (setuid(65534) < 0) {
            _exit(9);
        }
        struct driver mine = d;
        mine.server = NULL;
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        struct sockaddr_storage address = {.ss_family = AF_UNIX};
        strcpy((char *)&address + 2, mine.path);
        char text[512] = "";
        bool told = connect(fd, (struct sockaddr *)&address, 110) == 0 &&
                    recv(fd, text, sizeof(text) - 1, 0) > 0 &&
                    strstr(text, "ML_EPERM") != NULL;
        _exit(told ? 0 : 1);
    }
    int status = -1;
    while (waitpid(child, &status, WNOHANG) == 0) {
        struct pollfd fds[2];
        size_t n = ml_server_pollfds(d.server, fds, 2);
        poll(fds, n, 50);
        ml_server_dispatch(d.server, fds, n);
    }
    cr_expect_eq(status, 0);
    cr_expect_eq(ml_server_clients(d.server), 0);
}

Test(server, running_out_of_descriptors_makes_no_busy_loop)
{
    int held[4096], n = 0;
    struct sockaddr_storage address = {.ss_family = AF_UNIX};
    strcpy((char *)&address + 2, d.path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&address, 110), 0);
    while (n < 4096 && (held[n] = dup(fd)) >= 0) {
        n++;
    }
    if (n == 4096) {
        cr_skip("the limit of descriptors is too high to be reached");
    }
    cr_expect_leq(driver_pump(&d), 1, "the waiting connection is left for a while");
    cr_expect_gt(ml_server_timeout_ms(d.server), 0);
    while (n > 0) {
        close(held[--n]);
    }
    poll(NULL, 0, ml_server_timeout_ms(d.server) + 1);
    driver_pump(&d);
    cr_expect_eq(ml_server_clients(d.server), 1);
    cr_expect_eq(ml_server_timeout_ms(d.server), -1);
    close(fd);
}

Test(server, a_forked_child_forgets_without_removing_the_file)
{
    int fd = driver_connect(&d);
    pid_t child = fork();
    if (child == 0) {
        ml_server_forget(d.server);
        bool good = ml_server_clients(d.server) == 0 && !ml_server_listening(d.server);
        ml_server_free(d.server);
        _exit(good ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    cr_expect_eq(status, 0);
    cr_expect(ml_server_listening(d.server));
    expect_answer(fd, STATUS, STATUS_ANSWER);
    close(fd);
}

/* -- short memory ------------------------------------------------------------------------ */

static long left; /* allocations that still work */

static void *
failing_alloc(void *ctx, size_t size)
{
    return left-- > 0 ? ml_alloc_libc.alloc(ctx, size) : NULL;
}

static void *
failing_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    return left-- > 0 ? ml_alloc_libc.resize(ctx, ptr, old_size, new_size) : NULL;
}

Test(server, every_allocation_may_fail)
{
    static struct ml_alloc a; /* outlives the test: the server is freed after it */
    a = ml_alloc_libc;
    a.alloc = failing_alloc;
    a.resize = failing_resize;
    bool answered = false;
    for (long allowed = 1; allowed < 40; allowed++) {
        left = 1;
        ml_server_free(d.server);
        d.server = ml_server_new(&d.fake.ops, &a);
        cr_assert_not_null(d.server);
        cr_assert_eq(ml_server_listen(d.server, d.path, NULL), 0);
        left = allowed;
        int fd = driver_connect(&d);
        send(fd, STATUS, strlen(STATUS), MSG_NOSIGNAL);
        driver_pump(&d);
        char *answer = driver_receive(&d, fd, NULL);
        size_t len = strlen(answer);
        cr_expect(len == 0 || answer[len - 1] == '\n', "never half a line: %s", answer);
        answered = strcmp(answer, STATUS_ANSWER) == 0;
        free(answer);
        close(fd);
        driver_pump(&d);
        cr_expect_eq(ml_server_clients(d.server), 0);
    }
    cr_expect(answered, "with enough memory it works");
}

Test(server, no_memory_for_a_server_is_said)
{
    struct ml_alloc a = ml_alloc_libc;
    a.alloc = failing_alloc;
    left = 0;
    cr_expect_null(ml_server_new(&d.fake.ops, &a));
}
