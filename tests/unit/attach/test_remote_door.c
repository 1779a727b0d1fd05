/* SPDX-License-Identifier: MIT
 *
 * remote_door on an interpreter made of a few words in this very process: found where
 * it should be, believed only when it makes sense, asked without touching what is
 * beside.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "remote_door.h"

/* What CPython has behind its table, as far as it is looked at. */
struct thread {
    uint64_t interpreter;
    uint64_t breaker;
    int32_t pending;
    char path[512];
    char behind[12];
};

struct interpreter {
    uint64_t id;
    uint64_t next;
    uint64_t main_thread;
    int32_t enabled;
};

static struct {
    uint64_t table[112];
    uint64_t finalizing;
    uint64_t interpreters;
} runtime;

static struct interpreter older, younger;
static struct thread thread;
static struct ml_attach_target target;
static struct ml_remote_door door;
static struct ml_error err;

static void
fill_support(uint64_t *word)
{
    word[0] = offsetof(struct thread, breaker);
    word[1] = offsetof(struct thread, pending);
    word[2] = offsetof(struct interpreter, enabled);
    word[3] = 0;
    word[4] = sizeof(int32_t);
    word[5] = sizeof(thread.path);
}

static void
make_version(int minor)
{
    uint64_t *word = runtime.table;
    memset(&runtime, 0, sizeof(runtime));
    memcpy(word, "xdebugpy", 8);
    word[1] = 0x030000F0 | (uint64_t)minor << 16 | 2 << 8;
    word[3] = sizeof(runtime);
    word[4] = sizeof(runtime.table);
    word[5] = sizeof(runtime.table) + 8;
    word[6] = sizeof(struct interpreter);
    word[7] = offsetof(struct interpreter, id);
    word[8] = offsetof(struct interpreter, next);
    word[10] = offsetof(struct interpreter, main_thread);
    word[22] = sizeof(struct thread);
    word[25] = offsetof(struct thread, interpreter);
    fill_support(word + (minor == 14 ? 89 : 105));
    runtime.interpreters = (uintptr_t)&younger;
    target = (struct ml_attach_target){
        .pid = getpid(), .major = 3, .minor = minor, .runtime = (uintptr_t)&runtime};
}

static void
start(void)
{
    younger = (struct interpreter){.id = 1, .next = (uintptr_t)&older};
    older = (struct interpreter){.main_thread = (uintptr_t)&thread, .enabled = 1};
    thread = (struct thread){.interpreter = (uintptr_t)&older, .behind = "untouched"};
    make_version(14);
}

TestSuite(remote_door, .init = start);

static void
expect_no_door(const char *why)
{
    err = (struct ml_error){0};
    cr_expect_eq(ml_remote_door_find(&target, &door, &err), ML_EUNSUPPORTED, "%s", why);
    cr_expect_not_null(strstr(err.message, why), "no '%s' in: %s", why, err.message);
}

Test(remote_door, the_main_interpreter_is_found_behind_younger_ones)
{
    for (int minor = 14; minor <= 15; minor++) {
        make_version(minor);
        cr_assert_eq(ml_remote_door_find(&target, &door, &err), 0, "%s", err.message);
        cr_expect_eq(door.pending, (uintptr_t)&thread.pending);
        cr_expect_eq(door.path, (uintptr_t)thread.path);
        cr_expect_eq(door.breaker, (uintptr_t)&thread.breaker);
        cr_expect_eq(door.path_size, sizeof(thread.path));
    }
}

Test(remote_door, a_request_changes_one_bit_of_the_breaker_and_nothing_beside)
{
    cr_assert_eq(ml_remote_door_find(&target, &door, &err), 0, "%s", err.message);
    thread.breaker = 0x1234567800000003;
    cr_assert_eq(ml_remote_door_ask(&door, "/tmp/x/script.py", &err), 0);
    cr_expect_eq(thread.breaker, 0x1234567800000023);
    cr_expect_eq(thread.pending, 1);
    cr_expect_str_eq(thread.path, "/tmp/x/script.py");
    cr_expect_str_eq(thread.behind, "untouched");
    ml_remote_door_take_back(&door, "/tmp/x/script.py");
    cr_expect_eq(thread.pending, 0);
    cr_expect_str_eq(thread.path, "");
    cr_expect_eq(thread.breaker, 0x1234567800000023);
}

Test(remote_door, what_is_no_longer_the_request_is_not_taken_back)
{
    cr_assert_eq(ml_remote_door_find(&target, &door, &err), 0, "%s", err.message);
    cr_assert_eq(ml_remote_door_ask(&door, "/tmp/x/script.py", &err), 0);
    strcpy(thread.path, "/tmp/another.py"); /* a debugger's, or the memory is another's */
    ml_remote_door_take_back(&door, "/tmp/x/script.py");
    cr_expect_eq(thread.pending, 1);
    cr_expect_str_eq(thread.path, "/tmp/another.py");
    strcpy(thread.path, "/tmp/x/script.py");
    thread.pending = 77;
    ml_remote_door_take_back(&door, "/tmp/x/script.py");
    cr_expect_eq(thread.pending, 77);
}

Test(remote_door, a_path_that_is_too_long_is_not_written)
{
    char path[513];
    memset(path, 'x', sizeof(path) - 1);
    path[512] = '\0';
    cr_assert_eq(ml_remote_door_find(&target, &door, &err), 0, "%s", err.message);
    cr_expect_eq(ml_remote_door_ask(&door, path, &err), ML_EUNSUPPORTED);
    cr_expect_eq(thread.pending, 0);
    cr_expect_str_eq(thread.path, "");
}

Test(remote_door, a_door_that_is_shut_or_in_use_is_let_be)
{
    older.enabled = 0;
    expect_no_door("PYTHON_DISABLE_REMOTE_DEBUG");
    older.enabled = 1;
    thread.pending = 1;
    expect_no_door("another debugger");
    thread.pending = 0;
    runtime.finalizing = 1;
    expect_no_door("shutting down");
}

Test(remote_door, versions_without_one_and_unknown_ones_are_let_be)
{
    target.minor = 13;
    expect_no_door("from 3.14 on");
    target.minor = 16;
    expect_no_door("from 3.14 on");
}

Test(remote_door, a_table_is_not_believed_that_makes_no_sense)
{
    static const struct {
        int word;
        uint64_t value;
    } lies[] = {{1, 0x030E00A1}, {1, 0x030F00F0}, {2, 1},           {22, 1 << 20},
                {22, 100},       {89, 1 << 16},   {90, UINT64_MAX}, {91, 4096},
                {92, 8},         {93, 0},         {93, 600},        {94, 4096},
                {10, 1 << 16},   {5, 1 << 16}};
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        make_version(14);
        runtime.table[lies[i].word] = lies[i].value;
        cr_expect_eq(ml_remote_door_find(&target, &door, &err), ML_EUNSUPPORTED,
                     "word %d", lies[i].word);
    }
    make_version(14);
    runtime.table[0] = 0;
    expect_no_door("not there");
    target.runtime = 8;
    expect_no_door("not there");
}

Test(remote_door, a_main_thread_that_has_gone_is_missed)
{
    older.main_thread = 0;
    expect_no_door("main thread");
    older.main_thread = (uintptr_t)&thread;
    thread.interpreter = (uintptr_t)&younger;
    expect_no_door("main thread");
    runtime.interpreters = 0;
    expect_no_door("main thread");
}
