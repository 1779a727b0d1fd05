/* SPDX-License-Identifier: MIT
 *
 * elf_file: what this very program says about itself is what it sees when it runs.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf_file.h"
#include "proc_maps.h"

extern const char told_to_everybody[16];
__attribute__((visibility("default"))) const char told_to_everybody[16] =
    "fifteen letters";

static struct ml_elf *self;
static struct ml_error err;

static void
open_self(void)
{
    cr_assert_eq(ml_elf_open("/proc/self/exe", &self, &err), 0, "%s", err.message);
}

static void
close_self(void)
{
    ml_elf_close(self);
}

TestSuite(elf_file, .init = open_self, .fini = close_self);

static bool
is_self(const struct ml_proc_map *map, void *ctx)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[n > 0 ? n : 0] = '\0';
    *(struct ml_proc_map *)ctx = *map;
    return strcmp(map->path, exe) == 0;
}

static bool
is_the_c_library(const struct ml_proc_map *map, void *ctx)
{
    *(struct ml_proc_map *)ctx = *map;
    return strstr(map->path, "/libc.so.6") != NULL;
}

Test(elf_file, a_symbol_and_the_bias_make_the_address_in_memory)
{
    static struct ml_proc_map map;
    struct ml_elf_range at;
    uint64_t bias;
    cr_assert_eq(ml_proc_maps_find(getpid(), is_self, &map, &err), 1, "%s",
                 err.message);
    cr_assert(ml_elf_symbol(self, "told_to_everybody", &at));
    cr_assert(ml_elf_bias(self, map.start, map.offset, &bias));
    cr_expect_eq(bias + at.address, (uintptr_t)told_to_everybody);
    cr_expect_eq(at.size, sizeof(told_to_everybody));
}

Test(elf_file, what_the_file_has_for_an_address_is_read)
{
    struct ml_elf_range at;
    cr_assert(ml_elf_symbol(self, "told_to_everybody", &at));
    cr_expect_str_eq(ml_elf_at(self, at.address, at.size), told_to_everybody);
    cr_expect_null(ml_elf_at(self, at.address, UINT64_MAX));
    cr_expect_null(ml_elf_at(self, UINT64_MAX - 8, 4));
}

Test(elf_file, a_symbol_that_is_only_used_is_not_defined)
{
    struct ml_elf_range at;
    cr_expect_not(ml_elf_symbol(self, "readlink", &at));
    cr_expect_not(ml_elf_symbol(self, "no_such_symbol_anywhere", &at));
    cr_expect_not(ml_elf_exports(self, "no_such_symbol_anywhere"));
}

Test(elf_file, sections_loader_and_machine_are_told)
{
    char loader[256];
    struct ml_elf_range text, nothing;
    cr_expect(ml_elf_section(self, ".text", &text));
    cr_expect_gt(text.size, 0);
    cr_expect_not(ml_elf_section(self, ".no_such_section", &nothing));
    cr_expect(ml_elf_loader(self, loader, sizeof(loader)));
    cr_expect_eq(access(loader, X_OK), 0, "%s", loader);
    cr_expect_eq(ml_elf_bits(self), (int)sizeof(void *) * 8);
    cr_expect_eq(ml_elf_machine(self), ml_elf_own_machine());
}

static bool
is_libc(const char *library, void *ctx)
{
    return strcmp(library, "libc.so.6") == 0;
}

static bool
is_nothing(const char *library, void *ctx)
{
    return false;
}

Test(elf_file, libraries_that_are_needed_are_told)
{
    cr_expect(ml_elf_needs(self, is_libc, NULL));
    cr_expect_not(ml_elf_needs(self, is_nothing, NULL));
}

/* This program defines no versions at all: as a C library it is as old as can be. */
Test(elf_file, a_c_library_that_is_too_old_is_told_by_the_version_it_lacks)
{
    static struct ml_proc_map map;
    struct ml_elf *libc;
    cr_assert_eq(ml_proc_maps_find(getpid(), is_the_c_library, &map, &err), 1);
    cr_assert_eq(ml_elf_open(map.path, &libc, &err), 0, "%s", err.message);
    cr_expect_null(ml_elf_lacks(self, "libc.so.6", libc));
    const char *missing = ml_elf_lacks(self, "libc.so.6", self);
    cr_assert_not_null(missing);
    cr_expect_eq(strncmp(missing, "GLIBC_2.", 8), 0, "%s", missing);
    cr_expect_null(ml_elf_lacks(self, "libnever.so.1", self));
    ml_elf_close(libc);
}

Test(elf_file, a_text_is_no_elf_file)
{
    struct ml_elf *elf;
    cr_expect_eq(ml_elf_open("/proc/self/status", &elf, &err), ML_EFORMAT);
    cr_expect_eq(ml_elf_open("/no/such/file", &elf, &err), ML_EIO);
    cr_expect_eq(ml_elf_open("/", &elf, &err), ML_EFORMAT);
}

/* A file that is still being copied, or was. */
Test(elf_file, a_file_that_is_cut_short_gives_nothing_and_breaks_nothing)
{
    static char half[4096];
    char name[] = "/tmp/ml-elf-XXXXXX";
    struct ml_elf_range at;
    struct ml_elf *elf;
    int fd = mkstemp(name), from = open("/proc/self/exe", O_RDONLY);
    ssize_t n = read(from, half, sizeof(half));
    cr_assert_eq(write(fd, half, (size_t)n), n);
    for (off_t len = n; len >= 0; len -= 32) {
        cr_assert_eq(ftruncate(fd, len), 0);
        if (ml_elf_open(name, &elf, NULL) == ML_OK) {
            cr_expect_not(ml_elf_symbol(elf, "told_to_everybody", &at));
            cr_expect_null(ml_elf_at(elf, 1 << 20, 8));
            ml_elf_loader(elf, half, sizeof(half));
            ml_elf_close(elf);
        }
    }
    close(fd);
    close(from);
    unlink(name);
}

/* A list whose second entry leads back to the first. */
static void
make_versions_go_in_circles(const char *from, const char *to)
{
    char *bytes = malloc(16 << 20);
    struct ml_elf *elf;
    struct ml_elf_range at;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    cr_assert(bytes != NULL && in != NULL && out != NULL);
    size_t size = fread(bytes, 1, 16 << 20, in);
    cr_assert_eq(ml_elf_open(from, &elf, &err), 0);
    cr_assert(ml_elf_section(elf, ".gnu.version_d", &at)); /* its place in the file, too */
    Elf64_Verdef *first = (Elf64_Verdef *)(bytes + at.address);
    Elf64_Verdef *second = (Elf64_Verdef *)((char *)first + first->vd_next);
    cr_assert(first->vd_version == 1 && second->vd_version == 1);
    second->vd_next = -first->vd_next;
    cr_assert_eq(fwrite(bytes, 1, size, out), size);
    ml_elf_close(elf);
    fclose(in);
    fclose(out);
    free(bytes);
}

Test(elf_file, a_list_of_versions_has_an_end_whatever_it_says, .timeout = 20)
{
    static struct ml_proc_map map;
    struct ml_elf *libc;
    char path[] = "/tmp/ml-elf-XXXXXX";
    close(mkstemp(path));
    cr_assert_eq(ml_proc_maps_find(getpid(), is_the_c_library, &map, &err), 1);
    make_versions_go_in_circles(map.path, path);
    cr_assert_eq(ml_elf_open(path, &libc, &err), 0);
    cr_expect_not_null(ml_elf_lacks(self, "libc.so.6", libc));
    ml_elf_close(libc);
    unlink(path);
}
