/* SPDX-License-Identifier: MIT
 *
 * See signal_frame.h; arch/x86/kernel/signal.c and fpu/signal.c of Linux read it.
 */
#define _GNU_SOURCE
#include "signal_frame.h"

#include <asm/sigcontext.h>
#include <cpuid.h>
#include <errno.h>
#include <string.h>

#define UC_FP_XSTATE 1
#define UC_SIGCONTEXT_SS 2
#define UC_STRICT_RESTORE_SS 4
#define NO_SUCH_MODE 0x7e /* of sigaltstack: refused, which leaves the program's */

/* Known to the kernel only. */
#define ERESTARTSYS 512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516

#define SW_BYTES 464 /* in the legacy part: ours to use; ptrace puts XCR0 there */
#define AMX ((uint64_t)3 << 17)

size_t
ml_signal_frame_size(size_t xstate_size)
{
    return offsetof(struct ml_signal_frame, xstate) + xstate_size + sizeof(uint32_t);
}

static void
set_registers(greg_t *g, const struct user_regs_struct *r)
{
    const struct {
        int index;
        unsigned long long value;
    } all[] = {
        {REG_R8, r->r8},   {REG_R9, r->r9},   {REG_R10, r->r10}, {REG_R11, r->r11},
        {REG_R12, r->r12}, {REG_R13, r->r13}, {REG_R14, r->r14}, {REG_R15, r->r15},
        {REG_RDI, r->rdi}, {REG_RSI, r->rsi}, {REG_RBP, r->rbp}, {REG_RBX, r->rbx},
        {REG_RDX, r->rdx}, {REG_RAX, r->rax}, {REG_RCX, r->rcx}, {REG_RSP, r->rsp},
        {REG_RIP, r->rip}, {REG_EFL, r->eflags},
        {REG_CSGSFS, r->cs | r->gs << 16 | r->fs << 32 | r->ss << 48},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        g[all[i].index] = (greg_t)all[i].value;
    }
}

static void
restart(greg_t *g, const struct user_regs_struct *regs)
{
    if ((long long)regs->orig_rax < 0) {
        return;
    }
    switch (-(long long)regs->rax) {
    case ERESTARTSYS:
    case ERESTARTNOINTR:
    case ERESTARTNOHAND:
        g[REG_RAX] = (greg_t)regs->orig_rax;
        g[REG_RIP] -= 2; /* the length of the instruction `syscall` */
        break;
    case ERESTART_RESTARTBLOCK: /* its time is known to the kernel only: */
        g[REG_RAX] = -EINTR;
        break;
    }
}

/* What the kernel itself would lay on the stack: without AMX, whose room a thread has to
 * ask for first. */
static size_t
size_on_stack(uint64_t features, size_t size)
{
    size_t end = 512 + 64;
    for (unsigned i = 2; i < 63; i++) {
        unsigned length, offset, c, d;
        if (!(features & ~AMX & ((uint64_t)1 << i))
            || !__get_cpuid_count(0xd, i, &length, &offset, &c, &d)) {
            continue;
        }
        end = offset + length > end ? offset + length : end;
    }
    return end < size ? end : size;
}

static void
set_xstate(unsigned char *out, const unsigned char *xstate, size_t size)
{
    struct _fpx_sw_bytes about = {.magic1 = FP_XSTATE_MAGIC1};
    const uint32_t end_magic = FP_XSTATE_MAGIC2;
    uint64_t features;
    memcpy(out, xstate, size);
    memcpy(&features, xstate + SW_BYTES, sizeof(features));
    size_t used = size_on_stack(features, size);
    about.xfeatures = features & ~AMX;
    about.xstate_size = (uint32_t)used;
    about.extended_size = (uint32_t)(used + sizeof(end_magic));
    memcpy(out + SW_BYTES, &about, sizeof(about));
    memcpy(out + used, &end_magic, sizeof(end_magic));
}

void
ml_signal_frame_make(struct ml_signal_frame *frame, uint64_t address,
                     const struct user_regs_struct *regs, uint64_t mask,
                     const unsigned char *xstate, size_t xstate_size)
{
    ucontext_t *context = &frame->context;
    memset(frame, 0, offsetof(struct ml_signal_frame, xstate));
    context->uc_flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
    context->uc_stack.ss_flags = NO_SUCH_MODE;
    set_registers(context->uc_mcontext.gregs, regs);
    restart(context->uc_mcontext.gregs, regs);
    uint64_t fp = address + offsetof(struct ml_signal_frame, xstate);
    memcpy(&context->uc_mcontext.fpregs, &fp, sizeof(fp));
    memcpy(&context->uc_sigmask, &mask, sizeof(mask));
    set_xstate(frame->xstate, xstate, xstate_size);
}
