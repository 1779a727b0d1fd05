/* SPDX-License-Identifier: MIT
 *
 * inspect on processes that every machine has: this one, a child, a zombie, nobody.
 * Pythons of every kind are tests/e2e/test_attach_refusals.py's.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach.h"
#include "process.h"

static struct ml_attach_target target;
static struct ml_error err;

TestSuite(inspect);

Test(inspect, a_process_that_is_not_there_is_not_found)
{
    cr_expect_eq(ml_attach_inspect(0x7FFFFFF, &target, &err), ML_ENOTFOUND);
    cr_expect_str_eq(err.message, "there is no process 134217727");
    cr_expect_eq(ml_attach_inspect(0, &target, &err), ML_ENOTFOUND);
    cr_expect_eq(ml_attach_inspect(-1, &target, &err), ML_ENOTFOUND);
}

Test(inspect, a_program_in_c_is_named)
{
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    cr_expect_eq(ml_attach_inspect(child, &target, &err), ML_EUNSUPPORTED);
    cr_expect_not_null(strstr(err.message, "not a Python: it runs /"), "%s",
                       err.message);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

Test(inspect, a_zombie_is_told)
{
    siginfo_t info;
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    cr_assert_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    cr_expect_eq(ml_attach_inspect(child, &target, &err), ML_EUNSUPPORTED);
    cr_expect_not_null(strstr(err.message, "zombie"), "%s", err.message);
    waitpid(child, NULL, 0);
}

Test(inspect, own_facts_are_read)
{
    struct ml_process p;
    cr_assert_eq(ml_process_read(getpid(), &p, &err), 0, "%s", err.message);
    cr_expect_eq(p.group, getpid());
    cr_expect_eq(p.inner_pid, getpid());
    cr_expect_eq(p.uid[1], geteuid());
    cr_expect_eq(p.tracer, 0);
    cr_expect_eq(p.state, 'R');
    cr_expect_not(p.kernel);
    cr_expect(p.dumpable);
}

Test(inspect, paths_in_a_chroot_are_told_as_the_process_sees_them)
{
    char path[] = "/srv/jail/usr/bin/python3", other[] = "/srv/jailbird/python3";
    ml_process_inside("/srv/jail", path);
    ml_process_inside("/srv/jail", other);
    cr_expect_str_eq(path, "/usr/bin/python3");
    cr_expect_str_eq(other, "/srv/jailbird/python3");
    ml_process_inside("/", path);
    cr_expect_str_eq(path, "/usr/bin/python3");
}
