/* SPDX-License-Identifier: MIT
 *
 * The code that is put into programs, tried out here: a copy of it in a mapping of its
 * own, with nothing around it that it was linked with, loads a real library.
 */
#define _GNU_SOURCE
#include "inject_code.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static struct ml_inject_data *
make_copy(void *(**run)(void *))
{
    size_t len = (size_t)(__stop_ml_inject_code - __start_ml_inject_code);
    char *at = mmap(NULL, ML_INJECT_SIZE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(at, MAP_FAILED);
    cr_assert_leq(len, ML_INJECT_CODE);
    memcpy(at, __start_ml_inject_code, len);
    cr_assert_eq(mprotect(at, ML_INJECT_CODE, PROT_READ | PROT_EXEC), 0);
    struct ml_inject_data *data = (struct ml_inject_data *)(at + ML_INJECT_CODE);
    *data = (struct ml_inject_data){
        .mapping = at,
        .size = ML_INJECT_SIZE,
        .unmap = munmap,
        .open = dlopen,
        .symbol = dlsym,
        .error = dlerror,
        .poll = (int (*)(void *, unsigned long, int))(void (*)(void))poll,
    };
    snprintf(data->begin, sizeof(data->begin), "atoi"); /* has the type of the door */
    snprintf(data->library, sizeof(data->library), "libc.so.6");
    snprintf(data->order, sizeof(data->order), "4711");
    const char *thread = (const char *)(uintptr_t)ml_inject_thread;
    void *copy = at + (thread - __start_ml_inject_code);
    memcpy(run, &copy, sizeof(copy));
    return data;
}

static bool
is_mapped(const void *at)
{
    unsigned char page;
    return mincore((void *)(uintptr_t)at, ML_INJECT_CODE, &page) == 0;
}

/* Runs it; returns a copy of what it answered, taken before it may go. */
static struct ml_inject_data
run(struct ml_inject_data *data, void *(*thread)(void *))
{
    pthread_t id;
    struct ml_inject_data answer;
    void *mapping = data->mapping, *result = data;
    cr_assert_eq(pthread_create(&id, NULL, thread, data), 0);
    while (__atomic_load_n(&data->state, __ATOMIC_SEQ_CST) == ML_INJECT_BEGUN) {
    }
    answer = *data;
    __atomic_store_n(&data->read, 1, __ATOMIC_SEQ_CST);
    pthread_join(id, &result);
    cr_assert_null(result);
    cr_assert_not(is_mapped(mapping), "it has not taken itself away");
    return answer;
}

Test(inject_code, it_calls_the_door_and_takes_itself_away)
{
    void *(*thread)(void *);
    struct ml_inject_data *data = make_copy(&thread);
    struct ml_inject_data answer = run(data, thread);
    cr_assert_eq(answer.state, ML_INJECT_LOADED);
    cr_assert_eq(answer.code, 4711);
}

Test(inject_code, it_says_why_a_library_cannot_be_loaded)
{
    void *(*thread)(void *);
    struct ml_inject_data *data = make_copy(&thread);
    snprintf(data->library, sizeof(data->library), "/nowhere/_agent.so");
    struct ml_inject_data answer = run(data, thread);
    cr_assert_eq(answer.state, ML_INJECT_FAILED);
    cr_assert_not_null(strstr(answer.text, "/nowhere/_agent.so"));
}

Test(inject_code, it_says_why_a_library_is_none_of_ours)
{
    void *(*thread)(void *);
    struct ml_inject_data *data = make_copy(&thread);
    snprintf(data->begin, sizeof(data->begin), "no_such_door");
    struct ml_inject_data answer = run(data, thread);
    cr_assert_eq(answer.state, ML_INJECT_FAILED);
    cr_assert_not_null(strstr(answer.text, "no_such_door"));
}

Test(inject_code, it_knocks_at_no_door_when_it_was_given_up)
{
    void *(*thread)(void *);
    struct ml_inject_data *data = make_copy(&thread);
    data->given_up = 1;
    struct ml_inject_data answer = run(data, thread);
    cr_assert_eq(answer.state, ML_INJECT_LEFT);
    cr_assert_eq(answer.code, 0);
}
