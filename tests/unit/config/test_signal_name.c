/* SPDX-License-Identifier: MIT
 *
 * signal_name: which signals a person may choose, and what is said of the others.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "signal_name.h"

static int
read(const char *text, struct ml_error *err)
{
    int number = -7;
    return ml_signal_read(text, strlen(text), &number, err) < 0 ? -1 : number;
}

Test(signal_name, is_known_with_and_without_sig_in_any_case)
{
    struct ml_error err;
    cr_assert_eq(read("SIGUSR2", &err), SIGUSR2);
    cr_assert_eq(read("USR2", &err), SIGUSR2);
    cr_assert_eq(read("usr1", &err), SIGUSR1);
    cr_assert_eq(read("SigHup", &err), SIGHUP);
}

Test(signal_name, realtime_signals_count_from_either_end)
{
    struct ml_error err;
    cr_assert_eq(read("SIGRTMIN", &err), SIGRTMIN);
    cr_assert_eq(read("RTMIN+3", &err), SIGRTMIN + 3);
    cr_assert_eq(read("SIGRTMAX-1", &err), SIGRTMAX - 1);
    cr_assert_eq(read("SIGRTMIN+40", &err), -1);
    cr_assert_eq(read("SIGRTMAX+1", &err), -1);
    cr_assert_eq(read("SIGRTMIN-1", &err), -1);
    cr_assert_eq(read("SIGRTMIN+1x", &err), -1);
    cr_assert_eq(read("SIGRTMIN+99999999999999999999", &err), -1);
}

Test(signal_name, each_refusal_gives_its_reason_and_the_choice)
{
    static const struct {
        const char *name, *reason;
    } refused[] = {
        {"SIGKILL", "cannot be caught"},
        {"STOP", "cannot be caught"},
        {"SEGV", "crashed"},
        {"SIGABRT", "crashed"},
        {"BUS", "crashed"},
        {"FPE", "crashed"},
        {"ILL", "crashed"},
        {"INT", "to end"},
        {"TERM", "to end"},
        {"CHLD", "by the system"},
        {"PIPE", "by the system"},
        {"SIGWINCH", "by the system"},
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct ml_error err;
        cr_assert_eq(read(refused[i].name, &err), -1, "%s", refused[i].name);
        cr_assert_eq(err.code, ML_EINVAL);
        cr_expect_not_null(strstr(err.message, refused[i].reason), "%s", err.message);
        cr_expect_not_null(strstr(err.message, "SIGUSR1, SIGUSR2"), "%s", err.message);
    }
}

Test(signal_name, a_slip_gets_the_nearest_name)
{
    struct ml_error err;
    cr_assert_eq(read("SIGUSER2", &err), -1);
    cr_assert_str_eq(err.message, "'SIGUSER2' is no signal; did you mean 'SIGUSR2'?");
}

Test(signal_name, numbers_and_nonsense_are_refused)
{
    static const char *const bad[] = {"12", "", "SIG", "elephant", "USR2 ", "0"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct ml_error err;
        cr_expect_eq(read(bad[i], &err), -1, "'%s'", bad[i]);
        cr_expect_eq(err.code, ML_EINVAL, "'%s'", bad[i]);
    }
}

Test(signal_name, every_accepted_number_has_a_name_that_gives_it_back)
{
    for (int number = 1; number < NSIG; number++) {
        char name[ML_SIGNAL_TEXT];
        int back = 0;
        ml_signal_write(number, name);
        if (strcmp(name, "off") != 0 &&
            ml_signal_read(name, strlen(name), &back, NULL) == 0) {
            cr_expect_eq(back, number, "%s", name);
        }
    }
    char name[ML_SIGNAL_TEXT];
    cr_assert_str_eq(ml_signal_write(SIGUSR2, name), "SIGUSR2");
    cr_assert_str_eq(ml_signal_write(SIGRTMIN + 2, name), "SIGRTMIN+2");
    cr_assert_str_eq(ml_signal_write(0, name), "off");
}
