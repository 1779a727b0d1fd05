/* SPDX-License-Identifier: MIT
 *
 * A helper process that answers, hangs, crashes, leaves, or talks nonsense.
 */
#include "call_helper.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define A_WHILE 30.0 /* seconds; nothing that works takes so long */

static double
in_a_while(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + A_WHILE;
}

static struct ml_buf text;
static struct call_answer answer;

static void
open_text(void)
{
    ml_buf_init(&text, &ml_alloc_libc);
}

static void
close_text(void)
{
    ml_buf_fini(&text);
}

TestSuite(call_helper, .init = open_text, .fini = close_text);

static void
start(struct call_helper *h, void (*work)(void *, int), void *ctx)
{
    struct ml_error err = {0};
    cr_assert_eq(call_helper_start(h, work, ctx, &err), ML_OK, "%s", err.message);
}

static enum call_outcome
receive(struct call_helper *h, double seconds)
{
    return call_helper_read(h, seconds, in_a_while(), &answer, &text);
}

static void
answer_twice(void *ctx, int out)
{
    call_helper_send(out, 7, 1, ctx, strlen(ctx));
    *(char *)ctx = 'X'; /* in its own copy */
    call_helper_send(out, 8, 0, NULL, 0);
}

Test(call_helper, its_answers_come_in_order)
{
    struct call_helper h;
    char word[] = "seven";
    start(&h, answer_twice, word);
    cr_assert_eq(receive(&h, A_WHILE), CALL_ANSWERED);
    cr_expect(answer.index == 7 && answer.status == 1);
    cr_expect_str_eq(ml_buf_str(&text), "seven");
    cr_assert_eq(receive(&h, A_WHILE), CALL_ANSWERED);
    cr_expect(answer.index == 8 && answer.status == 0 && text.len == 0);
    cr_expect_eq(receive(&h, A_WHILE), CALL_ENDED);
    cr_expect_eq(call_helper_stop(&h, true), 0);
    cr_expect_str_eq(word, "seven");
}

static void
answer_at_length(void *ctx, int out)
{
    size_t length = *(size_t *)ctx;
    char *long_text = malloc(length);
    memset(long_text, 'l', length);
    call_helper_send(out, 0, 0, long_text, length);
}

Test(call_helper, a_text_may_be_longer_than_the_pipe)
{
    struct call_helper h;
    size_t length = 500000;
    start(&h, answer_at_length, &length);
    cr_assert_eq(receive(&h, A_WHILE), CALL_ANSWERED);
    cr_expect_eq(text.len, length);
    cr_expect_eq(text.data[length - 1], 'l');
    call_helper_stop(&h, false);
}

Test(call_helper, a_text_without_measure_is_refused)
{
    struct call_helper h;
    size_t length = (size_t)2 << 20;
    start(&h, answer_at_length, &length);
    cr_expect_eq(receive(&h, A_WHILE), CALL_GARBLED);
    cr_expect_eq(call_helper_stop(&h, false), CALL_STILL_RAN);
}

static void
crash(void *ctx, int out)
{
    (void)ctx, (void)out;
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

Test(call_helper, a_crash_is_told_by_its_signal)
{
    struct call_helper h;
    start(&h, crash, NULL);
    cr_expect_eq(receive(&h, A_WHILE), CALL_ENDED);
    int status = call_helper_stop(&h, true);
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void
leave(void *ctx, int out)
{
    (void)ctx, (void)out;
    syscall(SYS_exit_group, 7); /* _exit would have sanitizers look for its stack */
}

Test(call_helper, leaving_is_told_by_its_status)
{
    struct call_helper h;
    start(&h, leave, NULL);
    cr_expect_eq(receive(&h, A_WHILE), CALL_ENDED);
    int status = call_helper_stop(&h, true);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void
hang(void *ctx, int out)
{
    (void)ctx;
    call_helper_send(out, 0, 0, "one", 3);
    for (;;) {
        pause();
    }
}

Test(call_helper, one_that_hangs_is_late_and_killed)
{
    struct call_helper h;
    start(&h, hang, NULL);
    cr_expect_eq(receive(&h, A_WHILE), CALL_ANSWERED);
    cr_expect_eq(receive(&h, 0.05), CALL_LATE);
    pid_t pid = h.pid;
    cr_expect_eq(call_helper_stop(&h, false), CALL_STILL_RAN);
    cr_expect(kill(pid, 0) < 0 && errno == ESRCH);
}

static void
spin(void *ctx, int out)
{
    (void)ctx, (void)out;
    for (volatile int i = 0;; i++) {
    }
}

Test(call_helper, one_that_computes_for_ever_is_late)
{
    struct call_helper h;
    start(&h, spin, NULL);
    cr_expect_eq(receive(&h, 0.05), CALL_LATE);
    call_helper_stop(&h, false);
}

Test(call_helper, the_deadline_for_all_counts_too)
{
    struct call_helper h;
    start(&h, spin, NULL);
    cr_expect_eq(call_helper_read(&h, A_WHILE, 1.0, &answer, &text), CALL_LATE);
    call_helper_stop(&h, false);
}

static void
close_and_stay(void *ctx, int out)
{
    (void)ctx;
    close(out);
    for (;;) {
        pause();
    }
}

Test(call_helper, one_that_closes_the_pipe_is_killed)
{
    struct call_helper h;
    start(&h, close_and_stay, NULL);
    cr_expect_eq(receive(&h, A_WHILE), CALL_ENDED);
    cr_expect_eq(call_helper_stop(&h, true), CALL_STILL_RAN);
}

static void
talk_nonsense(void *ctx, int out)
{
    (void)ctx;
    char nonsense[64];
    memset(nonsense, 'n', sizeof(nonsense));
    cr_assert_eq(write(out, nonsense, sizeof(nonsense)), (ssize_t)sizeof(nonsense));
}

Test(call_helper, nonsense_in_the_pipe_is_noticed)
{
    struct call_helper h;
    start(&h, talk_nonsense, NULL);
    cr_expect_eq(receive(&h, A_WHILE), CALL_GARBLED);
    call_helper_stop(&h, false);
}

static void
tell_descriptor(void *ctx, int out)
{
    (void)ctx;
    call_helper_send(out, (uint32_t)out, 0, NULL, 0);
}

Test(call_helper, its_pipe_is_not_where_files_are)
{
    struct call_helper h;
    start(&h, tell_descriptor, NULL);
    cr_assert_eq(receive(&h, A_WHILE), CALL_ANSWERED);
    cr_expect_gt(answer.index, 100u);
    call_helper_stop(&h, true);
}

Test(call_helper, no_wait_finds_it)
{
    struct call_helper h;
    start(&h, hang, NULL);
    cr_expect(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
    call_helper_stop(&h, false);
}

Test(call_helper, where_there_are_no_descriptors_it_is_an_error)
{
    struct rlimit before, none;
    struct call_helper h;
    struct ml_error err = {0};
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
    cr_expect_eq(call_helper_start(&h, hang, NULL, &err), ML_EIO);
    cr_expect_neq(err.message[0], '\0');
    setrlimit(RLIMIT_NOFILE, &before);
}
