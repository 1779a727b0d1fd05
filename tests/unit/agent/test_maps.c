/* SPDX-License-Identifier: MIT
 *
 * maps: files in the kernel's form, and this process's own mappings.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "maps.h"
#include "temp_dir.h"

static struct ml_maps m;

static void
take(const char *text)
{
    char path[300];
    struct ml_error err;
    snprintf(path, sizeof(path), "%s/maps", temp_dir_make());
    FILE *to = fopen(path, "w");
    fputs(text, to);
    fclose(to);
    cr_assert_eq(ml_maps_read_file(&m, path, &ml_alloc_libc, &err), 0, "%s",
                 err.message);
    temp_dir_remove();
}

static void
take_own(void)
{
    struct ml_error err;
    cr_assert_eq(ml_maps_read(&m, &ml_alloc_libc, &err), 0, "%s", err.message);
}

static void
end(void)
{
    ml_maps_fini(&m);
}

TestSuite(maps, .fini = end);

Test(maps, lines_are_read_as_the_kernel_writes_them)
{
    take("00400000-00452000 r-xp 00000000 08:02 173521      /usr/bin/a (deleted)\n"
         "7f0000000000-7f0000001000 rw-s 00001000 00:05 42   /dev/shm/x y\n"
         "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]\n");
    cr_assert_eq(m.list.len, 3);
    const struct ml_mapping *p = m.list.data;
    cr_expect(p[0].from == 0x400000 && p[0].to == 0x452000 && p[0].inode == 173521);
    cr_expect(p[0].read && !p[0].write && !p[0].shared && !p[0].stack);
    cr_expect(p[1].read && p[1].write && p[1].shared && p[1].inode == 42);
    cr_expect(!p[2].read && p[2].to == 0xffffffffff601000);
}

Test(maps, lines_that_are_none_are_passed_over)
{
    char text[20000];
    memset(text, 'a', sizeof(text));
    strcpy(text + sizeof(text) - 80,
           "\nx\n\n1-\n2-1 rw-p\n1000-2000 rw\n"
           "1000-2000 rw-p 0 0:0 7\n3000-4000");
    take(text);
    cr_assert_eq(m.list.len, 1);
    cr_expect_eq(m.list.data[0].inode, 7);
}

Test(maps, thousands_of_lines_come_whole)
{
    char *text = malloc(20000 * 60), *at = text;
    for (unsigned i = 1; i <= 20000; i++) {
        at += sprintf(at, "%x-%x rw-p 0 0:0 %u /some/file/%u\n", i * 0x2000,
                      i * 0x2000 + 0x1000, i, i * i);
    }
    take(text);
    free(text);
    cr_assert_eq(m.list.len, 20000);
    for (unsigned i = 1; i <= 20000; i++) {
        const struct ml_mapping *p = ml_maps_at(&m, i * 0x2000 + 0xfff);
        cr_assert(p != NULL && p->inode == i);
        cr_assert_null(ml_maps_at(&m, i * 0x2000 + 0x1000));
    }
}

Test(maps, readable_is_what_is_readable_without_a_gap)
{
    take("1000-2000 r--p 0 0:0 1\n2000-3000 rw-p 0 0:0 0\n4000-5000 rw-p 0 0:0 0\n"
         "5000-6000 ---p 0 0:0 0\n");
    cr_expect(ml_maps_readable(&m, 0x1000, 0x2000));
    cr_expect(ml_maps_readable(&m, 0x1fff, 2));
    cr_expect_not(ml_maps_readable(&m, 0x0fff, 2));
    cr_expect_not(ml_maps_readable(&m, 0x2fff, 2), "a gap");
    cr_expect_not(ml_maps_readable(&m, 0x4fff, 2), "not readable");
    cr_expect_not(ml_maps_readable(&m, 0x5000, 1));
    cr_expect_not(ml_maps_readable(&m, 0x1000, UINT64_MAX));
}

Test(maps, data_goes_from_the_first_writable_page_to_the_zeroed_ones)
{
    uint64_t from, to;
    take("1000-2000 r--p 0 0:0 9\n2000-3000 rw-p 0 0:0 9\n3000-5000 rw-p 0 0:0 0\n"
         "5000-6000 rw-p 0 0:0 8\n");
    ml_maps_data_around(&m, 0x2800, &from, &to);
    cr_expect(from == 0x2000 && to == 0x5000, "%llx-%llx", (unsigned long long)from,
              (unsigned long long)to);
    ml_maps_data_around(&m, 0x4000, &from, &to);
    cr_expect(from == 0x2000 && to == 0x5000);
    ml_maps_data_around(&m, 0x1800, &from, &to);
    cr_expect_eq(to, 0);
    ml_maps_data_around(&m, 0x9000, &from, &to);
    cr_expect_eq(to, 0);
}

Test(maps, stacks_lie_behind_their_guards)
{
    take("10000-11000 ---p 0 0:0 0\n11000-21000 rw-p 0 0:0 0\n"   /* a thread's */
         "30000-40000 rw-p 0 0:0 0\n40000-50000 ---p 0 0:0 0\n"   /* malloc's arena */
         "60000-160001 ---p 0 0:0 0\n160001-170000 rw-p 0 0:0 0\n" /* too large a guard */
         "180000-181000 ---p 0 0:0 0\n181000-190000 rw-s 0 0:0 0\n"
         "7f0000-7f8000 rw-p 0 0:0 0      [stack]\n");
    for (size_t i = 0; i < m.list.len; i++) {
        const struct ml_mapping *p = &m.list.data[i];
        cr_expect_eq(p->stack, p->from == 0x11000 || p->from == 0x7f0000, "%llx",
                     (unsigned long long)p->from);
    }
}

static void *
note_stack(void *ctx)
{
    char here = 0;
    *(uint64_t *)ctx = (uint64_t)(uintptr_t)&here;
    take_own();
    return NULL;
}

Test(maps, of_this_process_has_its_data_and_stacks)
{
    static char data[1 << 20] = {1};
    pthread_t thread;
    uint64_t stack, from, to;
    pthread_create(&thread, NULL, note_stack, &stack);
    pthread_join(thread, NULL);
    cr_expect(ml_maps_at(&m, stack)->stack);
    ml_maps_data_around(&m, (uint64_t)(uintptr_t)data, &from, &to);
    cr_expect_leq(from, (uint64_t)(uintptr_t)data);
    cr_expect_geq(to, (uint64_t)(uintptr_t)data + sizeof(data));
    cr_expect(ml_maps_readable(&m, (uint64_t)(uintptr_t)data, sizeof(data)));
    char here = 0;
    cr_expect(ml_maps_at(&m, (uint64_t)(uintptr_t)&here)->stack);
}

Test(maps, stacks_count_what_is_resident)
{
    size_t page = 4096, size = 64 * page;
    char *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(p + page, size - 2 * page, PROT_READ | PROT_WRITE);
    take_own();
    ml_maps_stacks(&m); /* our own stack is as deep afterwards as it will be */
    uint64_t before = ml_maps_stacks(&m);
    for (int i = 1; i <= 10; i++) {
        p[(size_t)i * page] = 1;
    }
    cr_expect_eq(ml_maps_stacks(&m), before + 10 * page);
}

Test(maps, a_file_that_is_not_there_is_an_error)
{
    struct ml_error err;
    cr_expect_eq(ml_maps_read_file(&m, "/nonexistent", &ml_alloc_libc, &err), ML_EIO);
}
