/* SPDX-License-Identifier: MIT
 *
 * thread_stacks: threads of this process that wait, and one that does not.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "thread_stacks.h"

static int pipe_ends[2];
static volatile long waiting_id, running_id;
static volatile uint64_t waiting_frame;
static volatile int stop;

static void *
wait_in_kernel(void *ctx)
{
    char byte;
    waiting_frame = (uint64_t)(uintptr_t)&byte;
    waiting_id = syscall(SYS_gettid);
    while (read(pipe_ends[0], &byte, 1) > 0) {
    }
    return ctx;
}

static void *
run_on(void *ctx)
{
    running_id = syscall(SYS_gettid);
    while (!stop) {
    }
    return ctx;
}

static const struct ml_thread_stack *
find(const struct ml_thread_stack *stacks, size_t count, long id)
{
    for (size_t i = 0; i < count; i++) {
        if (stacks[i].native_id == (uint64_t)id) {
            return &stacks[i];
        }
    }
    return NULL;
}

Test(thread_stacks, of_a_thread_that_waits_the_pointer_lies_below_its_frame)
{
    struct ml_thread_stack stacks[ML_THREAD_STACKS];
    const struct ml_thread_stack *s = NULL;
    pthread_t waiting, running;
    size_t count = 0;
    cr_assert_eq(pipe(pipe_ends), 0);
    pthread_create(&waiting, NULL, wait_in_kernel, NULL);
    pthread_create(&running, NULL, run_on, NULL);
    for (int i = 0; i < 5000 && s == NULL; i++) {
        usleep(1000);
        count = ml_thread_stacks_read(stacks);
        s = waiting_id != 0 && running_id != 0 ? find(stacks, count, waiting_id) : NULL;
    }
    if (access("/proc/self/syscall", R_OK) != 0) {
        cr_skip_test("this kernel does not tell");
    }
    cr_assert_not_null(s);
    cr_expect_lt(s->pointer, waiting_frame);
    cr_expect_gt(s->pointer, waiting_frame - 65536);
    stop = 1;
    close(pipe_ends[1]);
    pthread_join(waiting, NULL);
    pthread_join(running, NULL);
}

static void *
sleep_on(void *ctx)
{
    pause();
    return ctx;
}

Test(thread_stacks, no_more_than_there_is_room_for)
{
    struct ml_thread_stack stacks[ML_THREAD_STACKS];
    pthread_t thread;
    for (int i = 0; i < 2 * ML_THREAD_STACKS; i++) {
        pthread_create(&thread, NULL, sleep_on, NULL);
        pthread_detach(thread);
    }
    cr_expect_leq(ml_thread_stacks_read(stacks), (size_t)ML_THREAD_STACKS);
}
