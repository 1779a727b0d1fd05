/* SPDX-License-Identifier: MIT
 *
 * The signal belongs to the program first. Each test runs in a process of its own, as
 * Criterion does it, so that dispositions do not leak from one to the next.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signals.h"

static struct ml_wakeup bell = ML_WAKEUP_INIT;
static volatile sig_atomic_t theirs;

static void
their_handler(int signo)
{
    theirs++;
}

static void (*disposition(int signo))(int)
{
    struct sigaction now;
    sigaction(signo, NULL, &now);
    return now.sa_handler;
}

static void
install(int signo)
{
    cr_assert_eq(ml_wakeup_open(&bell, NULL), ML_OK);
    cr_assert_eq(ml_signals_install(signo, &bell, NULL), ML_OK);
}

Test(signals, the_signal_rings_the_bell)
{
    install(SIGUSR2);
    cr_assert_eq(ml_signals_state(), ML_SIGNALS_INSTALLED);
    errno = ERANGE;
    raise(SIGUSR2);
    cr_assert_eq(errno, ERANGE);
    cr_assert_eq(ml_wakeup_take(&bell), ML_ORDER_SNAPSHOT);
}

Test(signals, restoring_brings_the_default_action_back)
{
    install(SIGUSR2);
    ml_signals_restore();
    cr_assert_eq(disposition(SIGUSR2), SIG_DFL);
    cr_assert_eq(ml_signals_state(), ML_SIGNALS_OFF);
}

Test(signals, a_handled_signal_is_left_to_the_program)
{
    signal(SIGUSR2, their_handler);
    install(SIGUSR2);
    cr_assert_eq(ml_signals_state(), ML_SIGNALS_PROGRAMS);
    raise(SIGUSR2);
    cr_assert_eq(theirs, 1);
    cr_assert_eq(ml_wakeup_take(&bell), 0);
    ml_signals_restore();
    cr_assert_eq(disposition(SIGUSR2), their_handler);
}

Test(signals, an_ignored_signal_stays_ignored)
{
    signal(SIGUSR2, SIG_IGN);
    install(SIGUSR2);
    cr_assert_eq(ml_signals_state(), ML_SIGNALS_PROGRAMS);
    cr_assert_eq(disposition(SIGUSR2), SIG_IGN);
}

Test(signals, a_handler_that_comes_later_stays)
{
    install(SIGUSR2);
    signal(SIGUSR2, their_handler);
    cr_assert_eq(ml_signals_state(), ML_SIGNALS_PROGRAMS);
    ml_signals_restore();
    cr_assert_eq(disposition(SIGUSR2), their_handler);
}

Test(signals, a_default_action_that_comes_back_is_taken_again)
{
    install(SIGUSR2);
    signal(SIGUSR2, their_handler);
    ml_signals_look();
    cr_assert_eq(ml_signals_state(), ML_SIGNALS_PROGRAMS);
    signal(SIGUSR2, SIG_DFL);
    ml_signals_look();
    cr_assert_eq(ml_signals_state(), ML_SIGNALS_INSTALLED);
    raise(SIGUSR2);
    cr_assert_eq(ml_wakeup_take(&bell), ML_ORDER_SNAPSHOT);
}

Test(signals, nothing_is_taken_once_it_has_been_given_back)
{
    install(SIGUSR2);
    ml_signals_restore();
    ml_signals_look();
    cr_assert_eq(disposition(SIGUSR2), SIG_DFL);
}

Test(signals, in_a_forked_child_the_handler_does_nothing)
{
    install(SIGUSR2);
    pid_t child = fork();
    if (child == 0) {
        raise(SIGUSR2);
        _exit(atomic_load(&bell.orders) == 0 ? 0 : 1);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert_eq(ml_wakeup_take(&bell), 0, "the parent's bell did not ring");
}

Test(signals, a_child_that_has_an_agent_is_heard)
{
    install(SIGUSR2);
    pid_t child = fork();
    if (child == 0) {
        ml_signals_adopt_child();
        raise(SIGUSR2);
        _exit(atomic_load(&bell.orders) == ML_ORDER_SNAPSHOT ? 0 : 1);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

Test(signals, a_silenced_signal_does_no_harm)
{
    install(SIGUSR2);
    ml_signals_silence();
    raise(SIGUSR2);
    cr_assert_eq(ml_wakeup_take(&bell), 0);
}

Test(signals, none_can_be_asked_for)
{
    install(0);
    cr_assert_eq(ml_signals_state(), ML_SIGNALS_OFF);
    cr_assert_eq(disposition(SIGUSR2), SIG_DFL);
    ml_signals_restore();
}

Test(signals, what_cannot_be_caught_is_an_error)
{
    struct ml_error err;
    cr_assert_eq(ml_wakeup_open(&bell, NULL), ML_OK);
    cr_assert_eq(ml_signals_install(SIGKILL, &bell, &err), ML_EINVAL);
}
