/* SPDX-License-Identifier: MIT
 *
 * yaml_file: files that are there, that are not, and that are something else.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "yaml_load.h"

static struct ml_settings settings;
static struct ml_mistakes mistakes;
static char directory[64], path[96];

static void
make_directory(void)
{
    strcpy(directory, "/tmp/ml-test-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/config.yaml", directory);
}

static void
remove_directory(void)
{
    unlink(path);
    rmdir(directory);
}

TestSuite(yaml_file, .init = make_directory, .fini = remove_directory);

static void
write_file(const char *text, size_t len)
{
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    cr_assert_eq(fwrite(text, 1, len, f), len);
    cr_assert_eq(fclose(f), 0);
}

static int
load(const char *name)
{
    return ml_yaml_load_file(&ml_alloc_libc, name, &settings, &mistakes);
}

Test(yaml_file, is_read_like_its_text)
{
    write_file("report:\n  keep: 7\n", 18);
    cr_assert_eq(load(path), ML_OK);
    cr_assert_eq(settings.report.keep, 7);
    write_file("report:\n  keep: x\n", 18);
    cr_assert_eq(load(path), ML_EFORMAT);
    cr_assert_eq(mistakes.count, 1);
    cr_assert_eq(mistakes.mistake[0].line, 2);
    cr_assert_eq(settings.report.keep, 7);
}

static void
expect_unreadable(const char *name, const char *why)
{
    cr_assert_eq(load(name), ML_EIO, "%s", name);
    cr_assert_eq(mistakes.count, 1);
    cr_expect_eq(mistakes.mistake[0].code, ML_EIO);
    cr_expect_eq(mistakes.mistake[0].line, 0);
    cr_expect_str_eq(mistakes.mistake[0].message, why, "%s",
                     mistakes.mistake[0].message);
}

Test(yaml_file, what_cannot_be_read_is_said)
{
    char longer[5000];
    expect_unreadable(path, "there is no such file");
    expect_unreadable("/dev/null/x", "there is no such file");
    expect_unreadable("", "there is no such file");
    expect_unreadable(directory, "is a directory");
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    expect_unreadable(longer, "cannot be read (errno 36)");
}

Test(yaml_file, a_pipe_is_refused_instead_of_waited_for)
{
    cr_assert_eq(mkfifo(path, 0600), 0);
    expect_unreadable(path, "is not a regular file");
}

Test(yaml_file, the_null_device_is_an_empty_file)
{
    cr_assert_eq(load("/dev/null"), ML_OK);
    cr_assert_eq(settings.report.keep, 100);
}

Test(yaml_file, an_endless_file_is_too_large)
{
    cr_assert_eq(load("/dev/zero"), ML_ELIMIT);
    cr_assert_eq(mistakes.count, 1);
}

Test(yaml_file, no_descriptor_stays_open)
{
    int before = open("/dev/null", O_RDONLY);
    close(before);
    load(path);
    load(directory);
    load("/dev/null");
    load("/dev/zero");
    int after = open("/dev/null", O_RDONLY);
    close(after);
    cr_assert_eq(after, before);
}

/* Lets `left` allocations pass and fails all later ones. */
static void *
count_down(void *ctx, size_t size)
{
    int *left = ctx;
    return (*left)-- > 0 ? calloc(1, size) : NULL;
}

static void
give_back(void *ctx, void *ptr, size_t size)
{
    free(ptr);
}

Test(yaml_file, every_allocation_may_fail)
{
    write_file("name: x\n", 8);
    int failures = 0;
    for (int n = 0;; n++) {
        int left = n;
        struct ml_alloc a = {count_down, NULL, give_back, &left};
        int failed = ml_yaml_load_file(&a, path, &settings, &mistakes);
        if (failed == ML_OK) {
            break;
        }
        cr_assert_eq(failed, ML_ENOMEM);
        cr_assert_eq(mistakes.count, 1);
        cr_assert_eq(mistakes.mistake[0].code, ML_ENOMEM);
        failures++;
    }
    cr_assert_eq(failures, 2, "the text and the settings under construction");
}
