/* SPDX-License-Identifier: MIT
 *
 * See call_filter.h. The filter is a classic BPF program, one short piece for each row
 * of the table below; what it does not name is allowed. It needs no privilege, since the
 * process gives up gaining any (no_new_privs).
 */
#define _GNU_SOURCE
#include "call_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC)

enum rule_kind {
    NEVER,
    UNKNOWN,   /* ENOSYS, so that libc goes the older way */
    SELF_ONLY, /* the argument is our own process id */
    WITHOUT,   /* none of these bits in the argument */
    WITH,      /* all calls without these bits are refused */
};

struct rule {
    int number;
    uint8_t kind;     /* enum rule_kind */
    uint8_t argument;
    uint32_t bits;
};

static const struct rule rules[] = {
    /* processes */
    {SYS_clone, WITH, 0, CLONE_THREAD},
    {SYS_execve, NEVER, 0, 0},
    {SYS_execveat, NEVER, 0, 0},
    {SYS_kill, SELF_ONLY, 0, 0},
    {SYS_tgkill, SELF_ONLY, 0, 0},
    {SYS_tkill, NEVER, 0, 0},
    {SYS_rt_sigqueueinfo, NEVER, 0, 0},
    {SYS_rt_tgsigqueueinfo, NEVER, 0, 0},
    {SYS_ptrace, NEVER, 0, 0},
    {SYS_process_vm_writev, NEVER, 0, 0},
    {SYS_setpriority, NEVER, 0, 0},
    /* files */
    {SYS_openat, WITHOUT, 2, WRITING},
    {SYS_unlinkat, NEVER, 0, 0},
    {SYS_mkdirat, NEVER, 0, 0},
    {SYS_mknodat, NEVER, 0, 0},
    {SYS_linkat, NEVER, 0, 0},
    {SYS_symlinkat, NEVER, 0, 0},
    {SYS_fchmodat, NEVER, 0, 0},
    {SYS_fchownat, NEVER, 0, 0},
    {SYS_utimensat, NEVER, 0, 0},
    {SYS_truncate, NEVER, 0, 0},
    {SYS_fchmod, NEVER, 0, 0}, /* a descriptor for reading is enough for these */
    {SYS_fchown, NEVER, 0, 0},
    {SYS_fsetxattr, NEVER, 0, 0},
    {SYS_fremovexattr, NEVER, 0, 0},
    {SYS_flock, NEVER, 0, 0},
    {SYS_setxattr, NEVER, 0, 0},
    {SYS_lsetxattr, NEVER, 0, 0},
    {SYS_removexattr, NEVER, 0, 0},
    {SYS_lremovexattr, NEVER, 0, 0},
    {SYS_mount, NEVER, 0, 0},
    {SYS_umount2, NEVER, 0, 0},
    {SYS_io_uring_setup, NEVER, 0, 0},
    {SYS_renameat2, NEVER, 0, 0},
#ifdef SYS_renameat
    {SYS_renameat, NEVER, 0, 0},
#endif
#ifdef SYS_open /* x86-64 has the older ones too */
    {SYS_open, WITHOUT, 1, WRITING},
    {SYS_creat, NEVER, 0, 0},
    {SYS_unlink, NEVER, 0, 0},
    {SYS_rename, NEVER, 0, 0},
    {SYS_mkdir, NEVER, 0, 0},
    {SYS_rmdir, NEVER, 0, 0},
    {SYS_mknod, NEVER, 0, 0},
    {SYS_link, NEVER, 0, 0},
    {SYS_symlink, NEVER, 0, 0},
    {SYS_chmod, NEVER, 0, 0},
    {SYS_chown, NEVER, 0, 0},
    {SYS_lchown, NEVER, 0, 0},
    {SYS_utime, NEVER, 0, 0},
    {SYS_utimes, NEVER, 0, 0},
    {SYS_futimesat, NEVER, 0, 0},
    {SYS_fork, NEVER, 0, 0},
    {SYS_vfork, NEVER, 0, 0},
#endif
    /* what reaches other processes */
    {SYS_socket, NEVER, 0, 0},
    {SYS_shmat, NEVER, 0, 0},
    {SYS_shmctl, NEVER, 0, 0},
    {SYS_semop, NEVER, 0, 0},
    {SYS_semtimedop, NEVER, 0, 0},
    {SYS_semctl, NEVER, 0, 0},
    {SYS_msgsnd, NEVER, 0, 0},
    {SYS_msgrcv, NEVER, 0, 0},
    {SYS_msgctl, NEVER, 0, 0},
    {SYS_mq_open, NEVER, 0, 0},
    {SYS_mq_unlink, NEVER, 0, 0},
#ifdef SYS_pidfd_send_signal
    {SYS_pidfd_send_signal, NEVER, 0, 0},
#endif
#ifdef SYS_pidfd_getfd
    {SYS_pidfd_getfd, NEVER, 0, 0},
#endif
#ifdef SYS_clone3 /* flags behind pointers, which a filter cannot read */
    {SYS_clone3, UNKNOWN, 0, 0},
#endif
#ifdef SYS_openat2
    {SYS_openat2, UNKNOWN, 0, 0},
#endif
#ifdef SYS_fchmodat2
    {SYS_fchmodat2, UNKNOWN, 0, 0},
#endif
};

#define RULES (sizeof(rules) / sizeof(rules[0]))
#define STEPS_A_RULE 5
#define STEP_JUMP(test, value, yes, no) \
    (struct sock_filter) BPF_JUMP(BPF_JMP | (test) | BPF_K, value, yes, no)
#define STEP_LOAD(offset) \
    (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))
#define STEP_RETURN(what) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, what)
#define REFUSE(error) (SECCOMP_RET_ERRNO | (uint32_t)(error))

struct filter {
    struct sock_filter step[RULES * STEPS_A_RULE + 8];
    unsigned short len;
};

static void
add(struct filter *f, struct sock_filter step)
{
    f->step[f->len++] = step;
}

/* The number is loaded; a rule that looks at an argument always decides. Arguments are
 * int or flags: their lower halves, little-endian. */
static void
add_rule(struct filter *f, const struct rule *r)
{
    bool looks = r->kind == SELF_ONLY || r->kind == WITHOUT || r->kind == WITH;
    add(f, STEP_JUMP(BPF_JEQ, (uint32_t)r->number, 0, looks ? 4 : 1));
    if (looks) {
        add(f, STEP_LOAD(offsetof(struct seccomp_data, args) + 8u * r->argument));
        if (r->kind == SELF_ONLY) {
            add(f, STEP_JUMP(BPF_JEQ, (uint32_t)getpid(), 0, 1));
        }
        else {
            bool with = r->kind == WITH;
            add(f, STEP_JUMP(BPF_JSET, r->bits, with ? 0 : 1, with ? 1 : 0));
        }
        add(f, STEP_RETURN(SECCOMP_RET_ALLOW));
    }
    add(f, STEP_RETURN(REFUSE(r->kind == UNKNOWN ? ENOSYS : EPERM)));
}

int
call_filter_install(struct ml_error *err)
{
#ifndef OUR_ARCH
    return ml_error_set(err, ML_EUNSUPPORTED, "no filter is known for this processor");
#else
    struct filter f;
    f.len = 0;
    add(&f, STEP_LOAD(offsetof(struct seccomp_data, arch)));
    add(&f, STEP_JUMP(BPF_JEQ, OUR_ARCH, 1, 0));
    add(&f, STEP_RETURN(REFUSE(ENOSYS)));
    add(&f, STEP_LOAD(offsetof(struct seccomp_data, nr)));
#ifdef __x86_64__ /* the calls of x32 have numbers of their own */
    add(&f, STEP_JUMP(BPF_JGE, 0x40000000u, 0, 1));
    add(&f, STEP_RETURN(REFUSE(ENOSYS)));
#endif
    for (size_t i = 0; i < RULES; i++) {
        add_rule(&f, &rules[i]);
    }
    add(&f, STEP_RETURN(SECCOMP_RET_ALLOW));
    struct sock_fprog program = {f.len, f.step};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
        return ml_error_set(err, ML_EUNSUPPORTED, "the kernel takes no filter of system "
                                                  "calls: %s", strerror(errno));
    }
    return ML_OK;
#endif
}
