/* SPDX-License-Identifier: MIT
 *
 * inspect on processes that every machine has: this one, a child, a zombie, nobody.
 * Pythons of every kind are tests/e2e/test_attach_refusals.py's.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
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

Test(inspect, a_child_that_has_its_parents_memory_is_told, .timeout = 20)
{
    struct ml_process p;
    volatile pid_t *inner =
        mmap(NULL, sizeof(pid_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    if (child == 0) {
        if (vfork() == 0) {
            *inner = getpid();
            pause();
            _exit(0);
        }
        _exit(0);
    }
    while (*inner == 0) {
    }
    cr_assert_eq(ml_process_read(*inner, &p, &err), 0, "%s", err.message);
    cr_expect(p.in_vfork);
    cr_expect_eq(p.parent, child);
    cr_assert_eq(ml_process_read(child, &p, &err), 0, "%s", err.message);
    cr_expect_not(p.in_vfork);
    kill(*inner, SIGKILL);
    waitpid(child, NULL, 0);
}

Test(inspect, when_a_process_was_started_tells_it_from_another)
{
    uint64_t own = ml_process_started(getpid());
    cr_expect_gt(own, 0);
    cr_expect_eq(ml_process_started(getpid()), own);
    cr_expect_eq(ml_process_started(0x7FFFFFF), 0);
}
