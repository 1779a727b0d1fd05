/* SPDX-License-Identifier: MIT
 *
 * depot: kept where it was put, replaced without touching what somebody may have open,
 * and never put where others could reach it.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "depot.h"

static struct ml_attach_target target;
static struct ml_depot depot;
static struct ml_error err;

static void
in_root(const char *path, char out[128])
{
    snprintf(out, 128, "%s%s", target.root, path);
}

static void
make(const char *path, mode_t mode)
{
    char whole[128];
    in_root(path, whole);
    cr_assert_eq(mkdir(whole, 0700), 0, "%s", whole);
    cr_assert_eq(chmod(whole, mode), 0);
}

static void
start(void)
{
    target = (struct ml_attach_target){.pid = getpid(), .uid = geteuid()};
    strcpy(target.root, "/tmp/ml-root-XXXXXX");
    cr_assert_not_null(mkdtemp(target.root));
    make("/tmp", 01777);
}

static void
stop(void)
{
    char command[128];
    ml_depot_close(&depot);
    snprintf(command, sizeof(command), "rm -rf %s", target.root);
    cr_assert_eq(system(command), 0);
}

TestSuite(depot, .init = start, .fini = stop);

static ino_t
number_of(const char *name)
{
    struct stat st;
    cr_assert_eq(fstatat(depot.dir.fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
    return st.st_ino;
}

static void
put(const char *name, const char *text)
{
    int rc = ml_depot_put(&depot, name, 0500, text, strlen(text), &err);
    cr_assert_eq(rc, 0, "%s", err.message);
}

Test(depot, it_is_called_after_user_and_version)
{
    char expected[64];
    struct stat st;
    cr_assert_eq(ml_depot_open(&target, &depot, &err), 0, "%s", err.message);
    snprintf(expected, sizeof(expected), "/tmp/memalot-%ld/agent-" ML_VERSION,
             (long)geteuid());
    cr_expect_str_eq(depot.dir.path, expected);
    cr_assert_eq(fstat(depot.dir.fd, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0700);
}

Test(depot, an_equal_file_is_let_be_and_another_replaced)
{
    char text[8] = "";
    cr_assert_eq(ml_depot_open(&target, &depot, &err), 0, "%s", err.message);
    put("a", "text");
    ino_t before = number_of("a");
    int open_by_somebody = openat(depot.dir.fd, "a", O_RDONLY);
    put("a", "text");
    cr_expect_eq(number_of("a"), before);
    put("a", "texts");
    cr_expect_neq(number_of("a"), before);
    put("a", "tex");
    cr_expect_eq(read(open_by_somebody, text, 7), 4);
    cr_expect_str_eq(text, "text");
    close(open_by_somebody);
}

Test(depot, what_stands_in_the_place_of_a_file_is_not_followed)
{
    char outside[128];
    struct stat st;
    cr_assert_eq(ml_depot_open(&target, &depot, &err), 0, "%s", err.message);
    in_root("/precious", outside);
    close(open(outside, O_CREAT | O_WRONLY, 0600));
    cr_assert_eq(symlinkat(outside, depot.dir.fd, "a"), 0);
    put("a", "text");
    cr_expect_eq(stat(outside, &st), 0);
    cr_expect_eq(st.st_size, 0);
    cr_assert_eq(fstatat(depot.dir.fd, "a", &st, AT_SYMLINK_NOFOLLOW), 0);
    cr_expect(S_ISREG(st.st_mode));
}

Test(depot, a_directory_that_others_may_write_to_is_passed_over)
{
    char name[64];
    snprintf(name, sizeof(name), "/tmp/memalot-%ld", (long)geteuid());
    make(name, 0777);
    cr_expect_eq(ml_depot_open(&target, &depot, &err), ML_EUNSUPPORTED);
    cr_expect_not_null(strstr(err.message, "without a way in"), "%s", err.message);
    make("/var", 0755);
    make("/var/tmp", 01777);
    cr_expect_eq(ml_depot_open(&target, &depot, &err), 0, "%s", err.message);
    cr_expect_eq(strncmp(depot.dir.path, "/var/tmp/", 9), 0, "%s", depot.dir.path);
}

Test(depot, a_link_in_its_place_is_passed_over)
{
    char name[128], in_tmp[64];
    make("/elsewhere", 0700);
    snprintf(in_tmp, sizeof(in_tmp), "/tmp/memalot-%ld", (long)geteuid());
    in_root(in_tmp, name);
    cr_assert_eq(symlink("../elsewhere", name), 0);
    cr_expect_eq(ml_depot_open(&target, &depot, &err), ML_EUNSUPPORTED);
}

Test(depot, one_in_another_is_made_likewise)
{
    struct ml_depot inner;
    cr_assert_eq(ml_depot_open(&target, &depot, &err), 0, "%s", err.message);
    cr_assert_eq(ml_depot_open_in(&depot, "memalotctl", &inner, &err), 0);
    cr_expect_not_null(strstr(inner.dir.path, "/agent-" ML_VERSION "/memalotctl"));
    ml_depot_close(&inner);
}
