/* SPDX-License-Identifier: MIT
 *
 * A thread is borrowed from a child of ours, which computes with all kinds of registers
 * and knows what must come out. Then the borrower is killed at one point after another:
 * the child must compute on as if nothing had been.
 */
#define _GNU_SOURCE
#include "borrow.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define ROUNDS 60000000u

/* The two bits of code that inject finds in libc, and one that ends at a system call. */
extern const char test_syscall_ret[], test_sigreturn[], test_enter[], test_end[];
__asm__(".pushsection .text\n"
        "test_syscall_ret: syscall\n"
        "    ret\n"
        "test_sigreturn: mov $15, %rax\n"
        "    syscall\n"
        "test_enter: movl $77, (%rbx)\n"
        "    pxor %xmm0, %xmm0\n"
        "    pxor %xmm1, %xmm1\n"
        "    pxor %xmm8, %xmm8\n"
        "    xor %r12, %r12\n"
        "    mov $270, %eax\n" /* pselect6, with the timespec behind the note */
        "    xor %edi, %edi\n"
        "    xor %esi, %esi\n"
        "    xor %edx, %edx\n"
        "    xor %r10d, %r10d\n"
        "    lea 8(%rbx), %r8\n"
        "    xor %r9d, %r9d\n"
        "    syscall\n"
        "    mov %rbp, %rsp\n"
        "    mov $15, %eax\n"
        "    syscall\n"
        "test_end:\n"
        ".popsection\n");

/* -- the program ------------------------------------------------------------------- */

struct shared {
    volatile unsigned done;
    int unused;
    volatile int note;      /* of test_enter */
    struct timespec limit;
    volatile double sum;
    volatile unsigned hash;
    char stack[16384];
};

static struct shared *shared;

static void
compute(unsigned rounds)
{
    double a = 1, b = 0, c = 0.5;
    unsigned hash = 5381;
    for (unsigned i = 0; i < rounds; i++) {
        a = a * 0.999999 + 0.25;
        b = b * 0.5 + a;
        c = (c + b) * 0.125;
        hash = hash * 33 + i;
        shared->done = i;
    }
    shared->sum = a + b + c;
    shared->hash = hash;
}

static pid_t
start_program(void)
{
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                  -1, 0);
    cr_assert_neq(shared, MAP_FAILED);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
        compute(ROUNDS);
        sigset_t mask;
        sigprocmask(SIG_SETMASK, NULL, &mask);
        _exit(sigismember(&mask, SIGUSR1) ? 1 : 7);
    }
    while (shared->done < 1000) {
    }
    return pid;
}

static void
expect_that_it_ends_well(pid_t pid)
{
    int status;
    double sum = shared->sum;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status), "signal %d", WTERMSIG(status));
    cr_assert_eq(WEXITSTATUS(status), 7);
    sum = shared->sum;
    unsigned hash = shared->hash;
    compute(ROUNDS);
    cr_assert_eq(shared->sum, sum);
    cr_assert_eq(shared->hash, hash);
}

/* -- the borrower ------------------------------------------------------------------ */

enum point { STOPPED, FRAME_LAID, CALLED, CALLED_TWICE, RUN, LET_GO, LATE, GIVEN_BACK };

static const struct ml_borrow_code *
code_of(struct ml_borrow_code *code, enum point point)
{
    shared->note = ML_BORROW_NOT_DONE;
    shared->limit = (struct timespec){.tv_nsec = point == LATE ? 1000 : 500000000};
    *code = (struct ml_borrow_code){
        .start = (uintptr_t)test_enter,
        .size = (uint64_t)(test_end - test_enter),
        .entry = (uintptr_t)test_enter,
        .rbx = (uintptr_t)&shared->note,
        .stack = (uintptr_t)shared->stack + sizeof(shared->stack),
        .done = (uintptr_t)&shared->note,
    };
    return code;
}

static int
call_getppid(struct ml_borrow *b, uint64_t *result)
{
    const uint64_t none[6] = {0};
    return ml_borrow_syscall_at(b, (uintptr_t)test_syscall_ret, SYS_getppid, none, result,
                                NULL);
}

/* Goes as far as `point`. Returns whether all went as it should. */
static bool
borrow(pid_t pid, enum point point)
{
    static struct ml_borrow b;
    struct ml_borrow_code code;
    uint64_t parent = 0;
    double deadline = ml_clock_seconds() + 20;
    bool good = ml_borrow_stop(&b, pid, pid, deadline, NULL) == ML_OK;
    if (good && point >= FRAME_LAID) {
        good = ml_borrow_lay_frame(&b, (uintptr_t)test_sigreturn, NULL) == ML_OK;
    }
    if (good && point >= CALLED) {
        good = call_getppid(&b, &parent) == ML_OK && parent != 0;
    }
    if (good && point >= CALLED_TWICE) {
        good = call_getppid(&b, &parent) == ML_OK && parent != 0;
    }
    code_of(&code, point);
    if (good && point == LET_GO) { /* it is never done with what it does not do */
        shared->unused = ML_BORROW_NOT_DONE;
        code.done = (uintptr_t)&shared->unused;
        b.deadline = ml_clock_seconds() + 0.05;
        return ml_borrow_run(&b, &code, NULL) == ML_ECANCELLED && shared->note == 77;
    }
    if (good && point >= RUN) {
        good = ml_borrow_run(&b, &code, NULL) == ML_OK && shared->note == 77;
    }
    if (good && point >= LATE) {
        ml_borrow_give_back(&b);
    }
    return good;
}

static void
expect_survival(enum point point)
{
    int status;
    pid_t program = start_program(), borrower = fork();
    if (borrower == 0) {
        if (!borrow(program, point)) {
            _exit(1);
        }
        raise(SIGKILL);
    }
    cr_assert_eq(waitpid(borrower, &status, 0), borrower);
    cr_assert(WIFSIGNALED(status), "the borrower failed at point %d", point);
    expect_that_it_ends_well(program);
}

Test(borrow, a_program_whose_thread_was_stopped_goes_on)
{
    expect_survival(STOPPED);
}

Test(borrow, a_frame_on_the_stack_harms_nobody)
{
    expect_survival(FRAME_LAID);
}

Test(borrow, a_thread_comes_back_by_itself_after_a_system_call)
{
    expect_survival(CALLED);
    expect_survival(CALLED_TWICE);
}

Test(borrow, a_thread_comes_back_by_itself_after_it_ran_our_code)
{
    expect_survival(RUN);
}

Test(borrow, a_thread_that_takes_too_long_is_let_go_and_comes_back)
{
    expect_survival(LET_GO);
}

Test(borrow, a_thread_that_went_back_before_it_was_fetched_goes_on)
{
    expect_survival(LATE);
}

Test(borrow, a_thread_that_was_given_back_goes_on)
{
    expect_survival(GIVEN_BACK);
}

/* -- signals meanwhile --------------------------------------------------------------- */

static void
note_signal(int signal)
{
    shared->note++;
}

static pid_t
start_program_with_a_handler(int signal)
{
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                  -1, 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
        sigaction(signal, &(struct sigaction){.sa_handler = note_signal}, NULL);
        while (shared->hash == 0) {
            shared->done++;
        }
        _exit(7);
    }
    while (shared->done < 1000) {
    }
    return pid;
}

/* Borrows the thread, sends a signal as soon as that is so, and has it make calls. */
static void
borrow_while_sending(pid_t pid, int signal)
{
    static struct ml_borrow b;
    uint64_t parent = 0;
    cr_assert_eq(ml_borrow_stop(&b, pid, pid, ml_clock_seconds() + 20, NULL), ML_OK);
    cr_assert_eq(ml_borrow_lay_frame(&b, (uintptr_t)test_sigreturn, NULL), ML_OK);
    cr_assert_eq(call_getppid(&b, &parent), ML_OK);
    cr_assert_eq(kill(pid, signal), 0);
    cr_expect_eq(call_getppid(&b, &parent), ML_OK);
    cr_expect_eq(parent, (uint64_t)getpid());
    ml_borrow_give_back(&b);
}

Test(borrow, a_signal_that_is_sent_meanwhile_arrives)
{
    int status;
    pid_t pid = start_program_with_a_handler(SIGTRAP); /* not blocked meanwhile */
    borrow_while_sending(pid, SIGTRAP);
    cr_expect_eq(shared->note, 1);
    shared->hash = 1;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

Test(borrow, a_program_that_is_told_to_stop_meanwhile_stops, .timeout = 20)
{
    int status;
    pid_t pid = start_program_with_a_handler(SIGUSR1);
    borrow_while_sending(pid, SIGSTOP);
    do {
        cr_assert_eq(waitpid(pid, &status, WUNTRACED), pid);
    } while (!WIFSTOPPED(status));
    cr_expect_eq(WSTOPSIG(status), SIGSTOP);
    shared->hash = 1;
    kill(pid, SIGCONT);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

/* -- restartable sequences --------------------------------------------------------- */

#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>

extern const char test_rseq_start[], test_rseq_end[], test_rseq_abort[];
extern struct rseq_cs test_rseq;

/* Counts in a sequence for ever; the kernel has it begin anew each time it looks. */
__attribute__((noinline)) static void
count_in_a_sequence(volatile unsigned *count, volatile uint64_t *section)
{
    __asm__ volatile(".pushsection .data\n"
                     ".balign 32\n"
                     "test_rseq: .long 0, 0\n"
                     ".quad test_rseq_start, test_rseq_end - test_rseq_start\n"
                     ".quad test_rseq_abort\n"
                     ".popsection\n"
                     "    jmp 3f\n"
                     "    .long 0x53053053\n" /* what glibc registers */
                     "test_rseq_abort:\n"
                     "3:  lea test_rseq(%%rip), %%rax\n"
                     "    mov %%rax, (%1)\n"
                     "test_rseq_start:\n"
                     "1:  incl (%0)\n"
                     "    jmp 1b\n"
                     "test_rseq_end:\n" ::"r"(count), "r"(section)
                     : "rax", "memory");
}

Test(borrow, a_thread_in_a_restartable_sequence_is_not_borrowed)
{
    static struct ml_borrow b;
    int refused = 0;
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                  -1, 0);
    if (__rseq_size == 0) {
        cr_skip("no rseq here");
    }
    pid_t pid = fork();
    if (pid == 0) {
        char *rseq = (char *)__builtin_thread_pointer() + __rseq_offset;
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        count_in_a_sequence(&shared->done, (uint64_t *)(rseq + 8));
    }
    while (shared->done < 1000) {
    }
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(ml_borrow_stop(&b, pid, pid, ml_clock_seconds() + 20, NULL), ML_OK);
        bool inside = b.regs.rip >= (uintptr_t)test_rseq_start
                      && b.regs.rip < (uintptr_t)test_rseq_end;
        int rc = ml_borrow_lay_frame(&b, (uintptr_t)test_sigreturn, NULL);
        cr_expect_eq(rc, inside ? ML_ESTATE : ML_OK);
        refused += rc == ML_ESTATE;
        ml_borrow_give_back(&b);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    cr_expect_gt(refused, 0);
    kill(pid, SIGKILL);
}
#endif

Test(borrow, a_thread_that_the_kernel_would_kill_for_a_call_is_not_borrowed)
{
    static struct ml_borrow b;
    int status;
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                  -1, 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
        while (shared->hash == 0) {
            shared->done++;
        }
        syscall(SYS_exit, 7);
    }
    while (shared->done < 1000) {
    }
    cr_assert_eq(ml_borrow_stop(&b, pid, pid, ml_clock_seconds() + 20, NULL), ML_OK);
    cr_expect_eq(ml_borrow_lay_frame(&b, (uintptr_t)test_sigreturn, NULL), ML_ESTATE);
    ml_borrow_give_back(&b);
    shared->hash = 1;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

/* -- what it waits in -------------------------------------------------------------- */

static void
sleep_for_a_second(void)
{
    struct timespec second = {1, 0};
    int rc = nanosleep(&second, NULL); /* relative: the kernel alone knows what is left */
    shared->note = rc == 0 ? 1 : -errno;
}

Test(borrow, a_sleep_is_neither_cut_short_nor_begun_anew)
{
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                  -1, 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
        double begun = ml_clock_seconds();
        shared->done = 1;
        sleep_for_a_second();
        shared->sum = ml_clock_seconds() - begun;
        _exit(shared->note == 1 ? 7 : 1);
    }
    while (shared->done == 0) {
    }
    for (int i = 0; i < 20; i++) {
        int status;
        nanosleep(&(struct timespec){.tv_nsec = 40000000}, NULL);
        shared->note = 0;
        cr_assert(borrow(pid, GIVEN_BACK));
        cr_assert_eq(waitpid(pid, &status, WNOHANG), 0);
    }
    int status;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    cr_assert_geq(shared->sum, 1.0);
    cr_assert_lt(shared->sum, 1.7); /* begun anew it would take 1.8 */
}

Test(borrow, a_thread_that_is_not_there_is_an_error)
{
    static struct ml_borrow b;
    struct ml_error err = {0};
    cr_assert_eq(ml_borrow_stop(&b, getpid(), 0x3fffff, ml_clock_seconds() + 1, &err),
                 ML_ESTATE);
    ml_borrow_give_back(&b);
}
