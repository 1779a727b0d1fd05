/* SPDX-License-Identifier: MIT
 *
 * The helper's memory: blocks are aligned, disjoint, used again; strangers are left.
 */
#include "call_heap.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SIZE ((size_t)64 << 20)

static struct call_heap heap;

static void
open_heap(void)
{
    cr_assert_eq(call_heap_init(&heap, SIZE, NULL), ML_OK);
}

static void
close_heap(void)
{
    call_heap_fini(&heap);
}

TestSuite(call_heap, .init = open_heap, .fini = close_heap);

Test(call_heap, blocks_are_aligned_and_disjoint)
{
    char *block[200];
    for (size_t i = 0; i < 200; i++) {
        block[i] = call_heap_alloc(&heap, i * 7);
        cr_assert_not_null(block[i]);
        cr_assert_eq((uintptr_t)block[i] % 16, 0);
        memset(block[i], (int)i, i * 7);
    }
    for (size_t i = 0; i < 200; i++) {
        for (size_t k = 0; k < i * 7; k++) {
            cr_assert_eq((unsigned char)block[i][k], i);
        }
    }
}

Test(call_heap, a_freed_block_is_used_again)
{
    for (int i = 0; i < 100000; i++) {
        void *small = call_heap_alloc(&heap, 1000), *large = call_heap_alloc(&heap, 1 << 20);
        cr_assert(small != NULL && large != NULL, "used up in round %d", i);
        call_heap_free(&heap, small);
        call_heap_free(&heap, large);
    }
}

Test(call_heap, zeroed_blocks_are_zero_the_second_time_too)
{
    for (int round = 0; round < 2; round++) {
        unsigned char *p = call_heap_zeroed(&heap, 1000, 100);
        cr_assert_not_null(p);
        for (size_t i = 0; i < 100000; i++) {
            cr_assert_eq(p[i], 0);
        }
        memset(p, 0xff, 100000);
        call_heap_free(&heap, p);
    }
}

Test(call_heap, growing_keeps_what_was_written)
{
    char *p = call_heap_alloc(&heap, 1);
    for (size_t size = 1; size < 100000; size += 97) {
        p = call_heap_resize(&heap, p, size);
        cr_assert_not_null(p);
        p[size - 1] = 'x';
        cr_assert_eq(p[0], 'x');
    }
    for (size_t size = 1; size < 100000; size += 97) {
        cr_assert_eq(p[size - 1], 'x');
    }
}

Test(call_heap, resizing_nothing_allocates)
{
    cr_expect_not_null(call_heap_resize(&heap, NULL, 10));
}

Test(call_heap, what_it_has_no_room_for_is_null)
{
    cr_expect_null(call_heap_alloc(&heap, SIZE_MAX));
    cr_expect_null(call_heap_alloc(&heap, SIZE));
    cr_expect_null(call_heap_zeroed(&heap, SIZE_MAX / 2, 3));
    void *p = call_heap_alloc(&heap, 10);
    cr_expect_null(call_heap_resize(&heap, p, SIZE_MAX - 8));
    int blocks = 0;
    while (call_heap_alloc(&heap, 1 << 20) != NULL) {
        blocks++;
    }
    cr_expect(blocks >= 30 && blocks < 64, "%d blocks", blocks);
    cr_expect_not_null(call_heap_alloc(&heap, 10), "small ones are still there");
}

Test(call_heap, a_block_from_elsewhere_is_copied_and_left)
{
    char *stranger = malloc(100);
    memset(stranger, 's', 100);
    char *p = call_heap_resize(&heap, stranger, 200);
    cr_assert_not_null(p);
    cr_expect_neq(p, stranger);
    cr_expect_eq(memcmp(p, stranger, 100), 0);
    call_heap_free(&heap, stranger);
    cr_expect_eq(stranger[99], 's');
    free(stranger);
}

Test(call_heap, a_block_at_the_end_of_what_is_mapped_is_copied_as_far_as_it_goes)
{
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                       0);
    cr_assert_eq(mprotect(pages + 4096, 4096, PROT_NONE), 0);
    memset(pages, 'p', 4096);
    char *p = call_heap_resize(&heap, pages + 4000, 5000);
    cr_assert_not_null(p);
    cr_expect_eq(memcmp(p, pages + 4000, 96), 0);
    munmap(pages, 8192);
}

static void *
churn(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20000; i++) {
        size_t size = (size_t)(i % 500) + 1;
        unsigned char *p = call_heap_alloc(&heap, size);
        memset(p, i & 0xff, size);
        for (size_t k = 0; k < size; k++) {
            if (p[k] != (i & 0xff)) {
                return "somebody else's";
            }
        }
        call_heap_free(&heap, p);
    }
    return NULL;
}

Test(call_heap, threads_get_blocks_of_their_own)
{
    pthread_t thread[3];
    for (int i = 0; i < 3; i++) {
        pthread_create(&thread[i], NULL, churn, NULL);
    }
    for (int i = 0; i < 3; i++) {
        void *problem;
        pthread_join(thread[i], &problem);
        cr_expect_null(problem);
    }
}
