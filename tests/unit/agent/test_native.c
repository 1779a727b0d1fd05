/* SPDX-License-Identifier: MIT
 *
 * native: this process's own variables, stacks and malloc memory, searched for addresses
 * that this test has put there.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fail_alloc.h"
#include "native.h"

/* Nobody's address: in a page that is mapped nowhere. */
#define NOBODYS UINT64_C(0x5eaf00d0000)

/* What is looked for is kept upside down wherever the test itself has it. */
static uint64_t hidden[8];
static volatile uint64_t held_static;
volatile uint64_t held_global[8];
static volatile uint64_t held_zeroed[4];
static volatile uint64_t filled = 1; /* so that there is a .data */

static struct ml_native_result result;
static struct ml_native_wanted wanted[8];
static struct ml_native_query query;
static struct ml_error err;

static void
want(size_t i, uint32_t references)
{
    hidden[i] = ~(NOBODYS + i * 0x100 + (uint64_t)filled - 1);
    wanted[i].references = references;
    query.count = i + 1;
}

static void
put(volatile uint64_t *at, size_t i)
{
    *at = ~hidden[i];
}

/* The question itself is in our own memory, which says nothing. */
static void
search(void)
{
    struct ml_native_range skip[] = {
        {(uint64_t)(uintptr_t)wanted, (uint64_t)(uintptr_t)(wanted + 8)}};
    query.wanted = wanted;
    query.skip = skip;
    query.skip_count = 1;
    for (size_t i = 0; i < query.count; i++) {
        wanted[i].address = ~hidden[i];
    }
    cr_assert_eq(ml_native_search(&query, &ml_alloc_libc, NULL, &result, &err), 0, "%s",
                 err.message);
    cr_assert_eq(result.count, query.count);
}

static const struct ml_native_holder *
holder(size_t i, uint32_t k)
{
    cr_assert_lt(k, result.answer[i].count);
    return &result.holder[result.answer[i].first + k];
}

static void
end(void)
{
    ml_native_result_fini(&result);
}

TestSuite(native, .fini = end);

Test(native, a_variable_is_named_with_its_file_and_offset)
{
    want(0, 1);
    want(1, 1);
    put(&held_static, 0);
    put(&held_global[3], 1);
    query.no_heap = true;
    search();
    const struct ml_native_holder *h = holder(0, 0);
    cr_expect_eq(h->kind, ML_NATIVE_DATA);
    cr_expect_str_eq(h->library, "test_native");
    cr_expect_str_eq(h->symbol, "held_static");
    cr_expect_eq(h->offset, 0);
    cr_expect_eq(h->at, (uint64_t)(uintptr_t)&held_static);
    h = holder(1, 0);
    cr_expect_str_eq(h->symbol, "held_global");
    cr_expect_eq(h->offset, 24);
    cr_expect_eq(h->path[0], '/');
}

Test(native, no_more_is_explained_than_was_asked)
{
    want(0, 2);
    want(1, 5);
    for (int i = 0; i < 4; i++) {
        put(&held_zeroed[i], 0);
    }
    put(&held_global[0], 1);
    query.no_heap = true;
    search();
    cr_expect_eq(result.answer[0].explained, 2);
    cr_expect_eq(result.answer[0].count, 2);
    cr_expect_eq(result.answer[1].references, 5);
    cr_expect_eq(result.answer[1].explained, 1);
}

Test(native, nobody_holds_what_stands_nowhere)
{
    want(0, 1);
    search();
    cr_expect_eq(result.answer[0].explained, 0);
    cr_expect_eq(result.answer[0].count, 0);
    cr_expect_gt(result.scanned, 4096);
}

Test(native, malloc_memory_is_weaker_than_a_variable)
{
    want(0, 3);
    uint64_t *block = malloc(400);
    put(&block[7], 0);
    put(&block[9], 0);
    put(&held_static, 0);
    search();
    cr_expect_eq(result.answer[0].explained, 3);
    cr_expect_eq(result.answer[0].count, 2);
    cr_expect_eq(holder(0, 0)->kind, ML_NATIVE_DATA);
    cr_expect_eq(holder(0, 1)->kind, ML_NATIVE_HEAP);
    cr_expect_eq(holder(0, 1)->references, 2);
    cr_expect_eq(holder(0, 1)->at, (uint64_t)(uintptr_t)&block[7]);
    cr_expect_null(holder(0, 1)->library);
    free(block);
}

struct blocked {
    pthread_t thread;
    uint64_t handle, id, stack, below;
    volatile int ready;
};

static void *
hold_on_stack(void *ctx)
{
    struct blocked *b = ctx;
    volatile uint64_t live[4] = {0};
    put(&live[2], 0);
    b->handle = (uint64_t)pthread_self();
    b->id = (uint64_t)syscall(SYS_gettid);
    b->stack = (uint64_t)(uintptr_t)live;
    put((volatile uint64_t *)(uintptr_t)(b->stack - 16384), 1); /* as a call leaves it */
    b->ready = 1;
    while (live[2] != 0) {
        pause();
    }
    return NULL;
}

Test(native, a_thread_is_named_and_what_it_left_below_its_stack_is_not)
{
    static struct blocked b;
    want(0, 1);
    want(1, 1);
    pthread_create(&b.thread, NULL, hold_on_stack, &b);
    while (!b.ready) {
        usleep(1000);
    }
    struct ml_native_thread thread = {b.handle, b.id, b.stack, false};
    query.threads = &thread;
    query.thread_count = 1;
    query.no_heap = true;
    search();
    cr_expect_eq(holder(0, 0)->kind, ML_NATIVE_STACK);
    cr_expect_eq(holder(0, 0)->thread, b.id);
    cr_expect_not(holder(0, 0)->main_thread);
    cr_expect_eq(result.answer[1].explained, 0);
}

static size_t asked;

static enum ml_native_word
judge(void *ctx, uint64_t at, size_t i, uint64_t *owner)
{
    const uint64_t *block = ctx;
    asked++;
    *owner = (uint64_t)(uintptr_t)block;
    switch ((at - (uint64_t)(uintptr_t)block) / 8) {
    case 1:
        return ML_NATIVE_WORD_FREE;
    case 2:
        return ML_NATIVE_WORD_SHOWN;
    case 3:
        return ML_NATIVE_WORD_OBJECT;
    default:
        cr_expect_eq(i, 0);
        return ML_NATIVE_WORD_UNKNOWN;
    }
}

Test(native, what_words_in_dynamic_memory_are_is_asked)
{
    want(0, 4);
    uint64_t *block = calloc(8, 8);
    for (size_t i = 1; i <= 4; i++) {
        put(&block[i], 0);
    }
    query.judge = judge;
    query.ctx = block;
    search();
    cr_expect_eq(asked, 4);
    cr_expect_eq(result.answer[0].explained, 2);
    cr_expect_eq(holder(0, 0)->kind, ML_NATIVE_OBJECT);
    cr_expect_eq(holder(0, 0)->owner, (uint64_t)(uintptr_t)block);
    cr_expect_eq(holder(0, 1)->kind, ML_NATIVE_HEAP);
    free(block);
}

Test(native, dynamic_memory_is_left_alone_when_all_is_explained)
{
    want(0, 1);
    uint64_t *block = calloc(8, 8);
    put(&block[1], 0);
    put(&held_static, 0);
    query.judge = judge;
    query.ctx = block;
    search();
    cr_expect_eq(asked, 0);
    free(block);
}

Test(native, a_table_that_was_never_touched_stays_so)
{
    size_t size = (size_t)1 << 30;
    char *table = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    want(0, 1);
    put((volatile uint64_t *)(table + size / 2 + 808), 0);
    search();
    cr_expect_eq(holder(0, 0)->at, (uint64_t)(uintptr_t)(table + size / 2 + 808));
    cr_expect_lt(result.scanned, size / 8);
    unsigned char page[2];
    mincore(table + size / 4, 8192, page);
    cr_expect_eq(page[0] & 1, 0);
    munmap(table, size);
}

Test(native, a_table_larger_than_the_limit_is_not_searched)
{
    size_t size = (size_t)1 << 30;
    char *table = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    want(0, 1);
    put((volatile uint64_t *)(table + 808), 0);
    query.largest = size - 1;
    search();
    cr_expect_eq(result.answer[0].explained, 0);
    munmap(table, size);
}

static bool
refuse(void *ctx, const char *step, double done)
{
    (void)ctx, (void)step, (void)done;
    return true;
}

Test(native, a_search_that_is_cancelled_leaves_nothing)
{
    struct ml_cancel cancel = {refuse, NULL};
    size_t size = (size_t)128 << 20;
    void *table = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    wanted[0] = (struct ml_native_wanted){NOBODYS, 99};
    query.wanted = wanted;
    query.count = 1;
    cr_expect_eq(ml_native_search(&query, &ml_alloc_libc, &cancel, &result, &err),
                 ML_ECANCELLED);
    cr_expect_null(result.answer);
    munmap(table, size);
}

Test(native, thousands_are_found_in_one_pass)
{
    enum { MANY = 5000 };
    struct ml_native_wanted *many = calloc(MANY, sizeof(*many));
    uint64_t *block = calloc(MANY, 8);
    for (size_t i = 0; i < MANY; i++) {
        many[i] = (struct ml_native_wanted){NOBODYS + i * 16, 1};
        block[i] = many[i].address;
    }
    struct ml_native_range skip = {(uint64_t)(uintptr_t)many,
                                   (uint64_t)(uintptr_t)(many + MANY)};
    query = (struct ml_native_query){
        .wanted = many, .count = MANY, .skip = &skip, .skip_count = 1};
    cr_assert_eq(ml_native_search(&query, &ml_alloc_libc, NULL, &result, &err), 0);
    for (size_t i = 0; i < MANY; i++) {
        cr_assert_eq(result.answer[i].explained, 1, "%zu", i);
        cr_assert_eq(holder(i, 0)->at, (uint64_t)(uintptr_t)&block[i], "%zu", i);
    }
    free(many);
    free(block);
}

Test(native, every_allocation_may_fail)
{
    want(0, 2);
    want(1, 1);
    put(&held_static, 0);
    put(&held_global[1], 1);
    for (size_t i = 0; i < query.count; i++) {
        wanted[i].address = ~hidden[i];
    }
    query.wanted = wanted;
    query.no_heap = true;
    for (size_t n = 0;; n++) {
        struct fail_alloc f;
        fail_alloc_init(&f, n);
        int rc = ml_native_search(&query, &f.alloc, NULL, &result, &err);
        cr_assert(rc == ML_OK || rc == ML_ENOMEM, "call %zu", n);
        ml_native_result_fini(&result);
        cr_assert_eq(f.live, 0, "call %zu", n);
        cr_assert_eq(f.wrong_sizes, 0, "call %zu", n);
        if (rc == ML_OK && f.calls <= n) {
            break;
        }
    }
}
