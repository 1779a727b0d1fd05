/* SPDX-License-Identifier: MIT
 *
 * refusal: every decision, on facts that no one machine has together.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <elf.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "refusal.h"

#define TRACE ((uint64_t)1 << CAP_SYS_PTRACE)

static struct ml_error err;

/* A process of user 1000 that nothing is wrong with, and user 1000 who may trace it. */
static struct ml_process
good_process(void)
{
    return (struct ml_process){.pid = 42,
                               .group = 42,
                               .inner_pid = 42,
                               .uid = {1000, 1000, 1000},
                               .gid = {1000, 1000, 1000},
                               .state = 'S',
                               .name = "worker",
                               .dumpable = true};
}

static struct ml_powers
good_powers(void)
{
    return (struct ml_powers){.uid = 1000, .yama = 0};
}

static struct ml_interpreter
good_python(void)
{
    return (struct ml_interpreter){.program = "/usr/bin/python3.11",
                                   .path = "/usr/bin/python3.11",
                                   .loader = "/lib64/ld-linux-x86-64.so.2",
                                   .bits = (int)sizeof(void *) * 8,
                                   .machine = ml_elf_own_machine(),
                                   .runtime = 0x1000,
                                   .exports = true,
                                   .major = 3,
                                   .minor = 11,
                                   .micro = 2};
}

#define EXPECT_REFUSED(call, expected, ...)                                            \
    do {                                                                               \
        const char *parts[] = {__VA_ARGS__};                                           \
        err = (struct ml_error){0};                                                    \
        cr_expect_eq((call), (expected), "%s", err.message);                           \
        for (size_t i_ = 0; i_ < sizeof(parts) / sizeof(parts[0]); i_++) {             \
            cr_expect_not_null(strstr(err.message, parts[i_]), "no '%s' in: %s",       \
                               parts[i_], err.message);                                \
        }                                                                              \
    } while (0)

/* -- kind -------------------------------------------------------------------------- */

Test(refusal, a_process_that_nothing_is_wrong_with_is_not_refused)
{
    struct ml_process p = good_process();
    struct ml_powers own = good_powers();
    struct ml_interpreter python = good_python();
    cr_expect_eq(ml_refusal_of_kind(&p, &err), 0, "%s", err.message);
    cr_expect_eq(ml_refusal_of_access(&p, &own, &err), 0, "%s", err.message);
    cr_expect_eq(ml_refusal_of_python(&p, &python, &own, &err), 0, "%s", err.message);
    cr_expect_eq(ml_refusal_of_state(&p, "?", &err), 0, "%s", err.message);
}

Test(refusal, what_is_no_program_of_a_user_is_told)
{
    struct ml_process thread = good_process(), zombie = thread, kernel = thread;
    thread.group = 40;
    zombie.state = 'Z';
    kernel.kernel = true;
    EXPECT_REFUSED(ml_refusal_of_kind(&thread, &err), ML_EINVAL,
                   "thread of process 40");
    EXPECT_REFUSED(ml_refusal_of_kind(&zombie, &err), ML_EUNSUPPORTED, "zombie");
    EXPECT_REFUSED(ml_refusal_of_kind(&kernel, &err), ML_EUNSUPPORTED, "kernel");
}

/* -- access ------------------------------------------------------------------------ */

Test(refusal, another_user_is_told_from_what_the_kernel_forbids)
{
    struct ml_process p = good_process();
    struct ml_powers own = good_powers();
    own.uid = 1001;
    own.memory = EPERM;
    EXPECT_REFUSED(ml_refusal_of_access(&p, &own, &err), ML_EPERM, "belongs to",
                   "root");
    p.hidden = true;
    EXPECT_REFUSED(ml_refusal_of_access(&p, &own, &err), ML_EPERM, "another user");
}

/* A program that runs as we do, but could be its other self again. */
Test(refusal, a_setuid_program_is_not_ours)
{
    struct ml_process p = good_process();
    struct ml_powers own = good_powers();
    p.uid[2] = 0;
    own.memory = EPERM;
    EXPECT_REFUSED(ml_refusal_of_access(&p, &own, &err), ML_EPERM, "belongs to");
}

Test(refusal, yama_is_named_with_its_sysctl_at_each_level)
{
    struct ml_process p = good_process();
    struct ml_powers own = good_powers();
    own.memory = EPERM;
    own.yama = 1;
    EXPECT_REFUSED(ml_refusal_of_access(&p, &own, &err), ML_EPERM,
                   "kernel.yama.ptrace_scope=0", "CAP_SYS_PTRACE");
    own.yama = 2;
    EXPECT_REFUSED(ml_refusal_of_access(&p, &own, &err), ML_EPERM,
                   "kernel.yama.ptrace_scope is 2", "CAP_SYS_PTRACE");
    own.yama = 3;
    EXPECT_REFUSED(ml_refusal_of_access(&p, &own, &err), ML_EPERM,
                   "kernel.yama.ptrace_scope is 3");
    own.capabilities = TRACE;
    EXPECT_REFUSED(ml_refusal_of_access(&p, &own, &err), ML_EPERM,
                   "kernel.yama.ptrace_scope is 3");
}

Test(refusal, yama_is_not_blamed_where_the_process_is_not_dumpable)
{
    struct ml_process p = good_process();
    struct ml_powers own = good_powers();
    p.dumpable = false;
    own.memory = EPERM;
    own.yama = 1;
    EXPECT_REFUSED(ml_refusal_of_access(&p, &own, &err), ML_EPERM, "PR_SET_DUMPABLE");
}

Test(refusal, what_the_kernel_allows_is_allowed_whatever_the_facts_look_like)
{
    struct ml_process p = good_process();
    struct ml_powers own = good_powers();
    p.dumpable = false;
    own.yama = 1; /* and the process has called PR_SET_PTRACER */
    own.uid = 1001;
    cr_expect_eq(ml_refusal_of_access(&p, &own, &err), 0, "%s", err.message);
}

Test(refusal, a_process_with_more_capabilities_is_told)
{
    struct ml_process p = good_process();
    struct ml_powers own = good_powers();
    p.capabilities = 1 << CAP_NET_BIND_SERVICE;
    own.memory = EPERM;
    EXPECT_REFUSED(ml_refusal_of_access(&p, &own, &err), ML_EPERM, "capabilities");
}

Test(refusal, a_container_without_ptrace_is_told_how_to_get_it)
{
    struct ml_process p = good_process();
    struct ml_powers own = good_powers();
    own.memory = EPERM;
    own.seccomp = true;
    EXPECT_REFUSED(ml_refusal_of_access(&p, &own, &err), ML_EPERM, "seccomp",
                   "--cap-add=SYS_PTRACE");
    own.seccomp = false;
    EXPECT_REFUSED(ml_refusal_of_access(&p, &own, &err), ML_EPERM, "SELinux");
}

/* -- its Python -------------------------------------------------------------------- */

static struct ml_interpreter python;
static struct ml_powers own;
static struct ml_process process;

static int
refused(void)
{
    return ml_refusal_of_python(&process, &python, &own, &err);
}

static void
start(void)
{
    process = good_process();
    own = good_powers();
    python = good_python();
}

TestSuite(refusal_of_python, .init = start);

Test(refusal_of_python, another_program_is_named)
{
    python.path[0] = '\0';
    strcpy(python.program, "/usr/bin/sleep");
    EXPECT_REFUSED(refused(), ML_EUNSUPPORTED, "not a Python", "/usr/bin/sleep");
    strcpy(python.program, "/opt/python3");
    EXPECT_REFUSED(refused(), ML_EUNSUPPORTED, "stripped", "/opt/python3");
    strcpy(python.replaced, "/usr/lib/libpython3.11.so.1.0");
    EXPECT_REFUSED(refused(), ML_EUNSUPPORTED, "replaced", "libpython3.11");
}

Test(refusal_of_python, versions_outside_the_range_are_told)
{
    python.minor = -1;
    EXPECT_REFUSED(refused(), ML_EUNSUPPORTED, "older than 3.10", "3.10 to 3.15");
    python.minor = 16;
    EXPECT_REFUSED(refused(), ML_EUNSUPPORTED, "CPython 3.16", "3.10 to 3.15");
    for (python.minor = 10; python.minor <= 15; python.minor++) {
        cr_expect_eq(refused(), 0, "3.%d: %s", python.minor, err.message);
    }
}

Test(refusal_of_python, other_builds_are_told)
{
    python.free_threaded = true;
    EXPECT_REFUSED(refused(), ML_EUNSUPPORTED, "free-threaded");
    python = good_python();
    python.pypy = true;
    EXPECT_REFUSED(refused(), ML_EUNSUPPORTED, "PyPy");
    python = good_python();
    strcpy(python.loader, "/lib/ld-musl-x86_64.so.1");
    EXPECT_REFUSED(refused(), ML_EUNSUPPORTED, "musl");
    python = good_python();
    python.loader[0] = '\0';
    EXPECT_REFUSED(refused(), ML_EUNSUPPORTED, "statically");
    python = good_python();
    python.exports = false;
    EXPECT_REFUSED(refused(), ML_EUNSUPPORTED, "export");
    python = good_python();
    python.bits = 32;
    EXPECT_REFUSED(refused(), ML_EUNSUPPORTED, "32-bit");
    python = good_python();
    python.machine = EM_RISCV;
    EXPECT_REFUSED(refused(), ML_EUNSUPPORTED, "processor");
}

Test(refusal_of_python, ptrace_is_missed_only_where_there_is_no_other_way)
{
    own.trace = EPERM;
    own.seccomp = true;
    EXPECT_REFUSED(refused(), ML_EPERM, "seccomp");
    python.minor = 14;
    cr_expect_eq(refused(), 0, "%s", err.message);
}

/* -- now --------------------------------------------------------------------------- */

Test(refusal, who_traces_it_is_named_and_how_a_stopped_one_goes_on)
{
    struct ml_process p = good_process();
    p.state = 'T';
    EXPECT_REFUSED(ml_refusal_of_state(&p, "?", &err), ML_ESTATE, "SIGSTOP",
                   "kill -CONT 42");
    p.tracer = 77;
    EXPECT_REFUSED(ml_refusal_of_state(&p, "gdb", &err), ML_ESTATE, "77", "gdb");
}

Test(refusal, who_has_the_memory_of_its_parent_is_let_be)
{
    struct ml_process p = good_process();
    p.in_vfork = true;
    p.parent = 41;
    EXPECT_REFUSED(ml_refusal_of_state(&p, "?", &err), ML_ESTATE, "vfork", "41");
}
