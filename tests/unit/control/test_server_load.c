/* SPDX-License-Identifier: MIT
 *
 * server under load and under attack: crowds, slow readers, strangers' descriptors,
 * forks, short memory.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"
#include "server_expect.h"

TestSuite(server_load, .init = start, .fini = stop);

/* -- crowds ------------------------------------------------------------------------ */

Test(server_load, sixty_four_clients_are_served_and_the_next_is_told)
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

Test(server_load, who_reads_nothing_is_not_read_from_and_holds_nobody_up)
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
    cr_expect_lt(taken, 4u << 20, "its own requests wait in its own socket: %zu",
                 taken);
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

Test(server_load, a_client_that_lets_sixty_four_megabytes_lie_is_dropped)
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

Test(server_load, an_answer_over_the_limit_is_an_error_for_a_client_that_reads)
{
    int fd = driver_connect(&d);
    d.fake.status_padding = ML_PEER_MAX_UNSENT;
    expect_part(fd, STATUS, "\"error\":{\"code\":-32007");
    d.fake.status_padding = 0;
    expect_answer(fd, STATUS, STATUS_ANSWER);
    close(fd);
}

Test(server_load, a_large_answer_arrives_whole)
{
    int fd = driver_connect(&d);
    d.fake.status_padding = 20u << 20;
    char *answer = driver_ask(&d, fd, STATUS);
    cr_expect_eq(strlen(answer), strlen(STATUS_ANSWER) + d.fake.status_padding);
    cr_expect_str_eq(answer + strlen(answer) - 12, "padding \"}}\n");
    free(answer);
    close(fd);
}

/* -- strangers --------------------------------------------------------------------- */

Test(server_load, a_descriptor_that_became_somebody_elses_is_left_alone)
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

Test(server_load, closed_descriptors_are_noticed)
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

Test(server_load, another_users_process_is_turned_away)
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

Test(server_load, running_out_of_descriptors_makes_no_busy_loop)
{
    enum { LIMIT = 100 };
    const struct rlimit limit = {LIMIT, LIMIT};
    int held[LIMIT], n = 0;
    struct sockaddr_storage address = {.ss_family = AF_UNIX};
    strcpy((char *)&address + 2, d.path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&address, 110), 0);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    while (n < LIMIT && (held[n] = dup(fd)) >= 0) {
        n++;
    }
    cr_assert_lt(n, LIMIT);
    cr_expect_eq(driver_pump(&d), 1, "the waiting connection is left for a while");
    cr_expect_eq(ml_server_clients(d.server), 0);
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

Test(server_load, a_forked_child_forgets_without_removing_the_file)
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

/* -- short memory ------------------------------------------------------------------ */

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

Test(server_load, every_allocation_may_fail)
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

Test(server_load, no_memory_for_a_server_is_said)
{
    struct ml_alloc a = ml_alloc_libc;
    a.alloc = failing_alloc;
    left = 0;
    cr_expect_null(ml_server_new(&d.fake.ops, &a));
}
