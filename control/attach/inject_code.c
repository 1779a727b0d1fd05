/* SPDX-License-Identifier: MIT
 *
 * See inject_code.h. The C functions are put into a section of their own and may use
 * nothing but their argument: no global, no string, no function of libc, and nothing
 * that a sanitizer or a stack protector would have them call.
 */
#include "inject_code.h"

#include <dlfcn.h>

#include <sys/syscall.h>

#define STACK_SIZE (1024 * 1024) /* as the agent thread's: libc keeps and reuses stacks */
#define PATIENCE_MS 60000        /* until memalotctl is taken for dead */
#define STEP_MS 5

#define ALONE                                                                          \
    __attribute__((section("ml_inject_code"), noinline, used, no_stack_protector,     \
                   no_sanitize_address, no_sanitize_undefined, no_sanitize_thread,     \
                   no_instrument_function))

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

void ml_inject_create(struct ml_inject_data *data);
void ml_inject_load(struct ml_inject_data *data);

ALONE void
ml_inject_create(struct ml_inject_data *data)
{
    data->attr_init(&data->attr);
    data->attr_setstacksize(&data->attr, STACK_SIZE);
    data->attr_setdetachstate(&data->attr, PTHREAD_CREATE_DETACHED);
    int rc = data->thread_create(&data->id, &data->attr, data->thread, data);
    __atomic_store_n(&data->created, rc, __ATOMIC_SEQ_CST);
}

static inline __attribute__((always_inline)) int
look(const int32_t *flag)
{
    return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static inline __attribute__((always_inline)) int
load(struct ml_inject_data *data)
{
    union {
        void *address;
        int (*call)(const char *order);
    } begin = {NULL};
    void *library = data->open(data->library, RTLD_NOW | RTLD_LOCAL);
    if (library != NULL) {
        begin.address = data->symbol(library, data->begin);
    }
    if (begin.address == NULL) {
        const char *why = data->error();
        volatile char *to = data->text; /* volatile: no call of memcpy */
        for (size_t i = 0; why != NULL && i < sizeof(data->text) - 1 && why[i] != 0; i++) {
            to[i] = why[i];
        }
        return ML_INJECT_FAILED;
    }
    if (look(&data->given_up)) {
        return ML_INJECT_LEFT;
    }
    data->code = begin.call(data->order);
    return ML_INJECT_LOADED;
}

ALONE void
ml_inject_load(struct ml_inject_data *data)
{
    __atomic_store_n(&data->state, load(data), __ATOMIC_SEQ_CST);
    for (int ms = 0; ms < PATIENCE_MS && !look(&data->read); ms += STEP_MS) {
        data->poll(NULL, 0, STEP_MS);
    }
}

_Static_assert(offsetof(struct ml_inject_data, mapping) == 0, "as below");
_Static_assert(offsetof(struct ml_inject_data, size) == 8, "as below");
_Static_assert(offsetof(struct ml_inject_data, unmap) == 16, "as below");
_Static_assert(offsetof(struct ml_inject_data, limit) == 24, "as below");

/* pselect, because it is the wait that leaves no trace in the kernel: poll and nanosleep
 * would overwrite what is left of the sleep that the thread was taken from. */
__asm__(".pushsection ml_inject_code, \"ax\", @progbits\n"
        ".globl ml_inject_enter, ml_inject_thread\n"
        ".hidden ml_inject_enter, ml_inject_thread\n"
        ".type ml_inject_thread, @function\n"
        "ml_inject_enter:\n"
        "    cld\n"
        "    mov %rbx, %rdi\n"
        "    call ml_inject_create\n"
        "    mov $" TEXT(SYS_pselect6) ", %eax\n"
        "    xor %edi, %edi\n"
        "    xor %esi, %esi\n"
        "    xor %edx, %edx\n"
        "    xor %r10d, %r10d\n"
        "    lea 24(%rbx), %r8\n"
        "    xor %r9d, %r9d\n"
        "    syscall\n"
        "    mov %rbp, %rsp\n"
        "    mov $" TEXT(SYS_rt_sigreturn) ", %eax\n"
        "    syscall\n"
        "    hlt\n"
        /* Ends in munmap, whose return address is that of this function: the program's
         * own start of threads, which gets munmap's 0 as the thread's result. */
        "ml_inject_thread:\n"
        "    push %rbx\n"
        "    mov %rdi, %rbx\n"
        "    call ml_inject_load\n"
        "    mov %rbx, %rax\n"
        "    pop %rbx\n"
        "    mov 0(%rax), %rdi\n"
        "    mov 8(%rax), %rsi\n"
        "    jmp *16(%rax)\n"
        ".popsection\n");
