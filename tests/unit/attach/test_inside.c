/* SPDX-License-Identifier: MIT
 *
 * inside: what is put where a process sees it is private, and links of the process's
 * lead nowhere but into its own file system.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inside.h"

static struct ml_attach_target target;
static struct ml_inside_dir dir;
static struct ml_error err;
static char root[32];

static void
start(void)
{
    char path[64];
    strcpy(root, "/tmp/ml-root-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
    snprintf(path, sizeof(path), "%s/jail", root);
    cr_assert_eq(mkdir(path, 0755), 0);
    target = (struct ml_attach_target){.pid = getpid(), .uid = geteuid()};
    strcpy(target.root, path);
}

static void
stop(void)
{
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", root);
    cr_assert_eq(system(command), 0);
}

TestSuite(inside, .init = start, .fini = stop);

static bool
there(const char *path)
{
    char whole[PATH_MAX + 128];
    struct stat st;
    snprintf(whole, sizeof(whole), "%s%s", target.root, path);
    return lstat(whole, &st) == 0;
}

static void
make(const char *path, const char *link)
{
    char whole[128];
    snprintf(whole, sizeof(whole), "%s/jail%s", root, path);
    cr_assert_eq(link != NULL ? symlink(link, whole) : mkdir(whole, 0755), 0, "%s",
                 whole);
}

Test(inside, files_are_private_and_gone_with_their_directory)
{
    struct stat st;
    make("/tmp", NULL);
    cr_assert_eq(ml_inside_temp(&target, &dir, &err), 0, "%s", err.message);
    cr_expect_eq(strncmp(dir.path, "/tmp/memalot-attach-", 20), 0, "%s", dir.path);
    cr_expect(there(dir.path));
    cr_assert_eq(fstat(dir.fd, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0700);
    cr_assert_eq(ml_inside_write(&target, &dir, "a", 0600, "text", 4, &err), 0);
    cr_assert_eq(fstatat(dir.fd, "a", &st, 0), 0);
    cr_expect_eq(st.st_mode & 07777, 0600);
    cr_expect_eq(st.st_size, 4);
    cr_expect_eq(ml_inside_write(&target, &dir, "a", 0600, "", 0, &err), ML_EIO);
    ml_inside_remove(&dir);
    cr_expect_not(there(dir.path));
    ml_inside_remove(&dir);
}

Test(inside, an_absolute_link_leads_to_the_process_s_own_directory)
{
    make("/elsewhere", NULL);
    make("/tmp", "/elsewhere");
    cr_assert_eq(ml_inside_temp(&target, &dir, &err), 0, "%s", err.message);
    cr_expect(there("/elsewhere") && access(dir.path, F_OK) < 0);
    const char *name = strrchr(dir.path, '/');
    char real[PATH_MAX + 16];
    snprintf(real, sizeof(real), "/elsewhere%s", name);
    cr_expect(there(real), "%s", real);
    ml_inside_remove(&dir);
    cr_expect_not(there(real));
}

Test(inside, a_link_out_of_its_root_does_not_lead_out)
{
    make("/tmp", "../../../../../../../../etc");
    make("/dev", NULL);
    make("/dev/shm", NULL);
    cr_assert_eq(ml_inside_temp(&target, &dir, &err), 0, "%s", err.message);
    cr_expect_eq(strncmp(dir.path, "/dev/shm/", 9), 0, "%s", dir.path);
    ml_inside_remove(&dir);
}

Test(inside, without_any_place_it_is_said)
{
    cr_expect_eq(ml_inside_temp(&target, &dir, &err), ML_EUNSUPPORTED);
    cr_expect_not_null(strstr(err.message, "/dev/shm"), "%s", err.message);
    cr_expect_eq(dir.fd, -1);
}

Test(inside, a_directory_is_its_users_from_the_beginning)
{
    struct stat st;
    make("/tmp", NULL);
    if (geteuid() != 0) {
        cr_skip("needs root");
    }
    target.uid = 65534;
    /* Where that user may write, and where only we may. */
    for (mode_t mode = 01777; mode != 0; mode = mode == 01777 ? 0755 : 0) {
        char tmp[128];
        snprintf(tmp, sizeof(tmp), "%s/tmp", target.root);
        cr_assert_eq(chmod(tmp, mode), 0);
        cr_assert_eq(ml_inside_temp(&target, &dir, &err), 0, "%s", err.message);
        cr_assert_eq(fstat(dir.fd, &st), 0);
        cr_expect_eq(st.st_uid, 65534);
        cr_expect_eq(st.st_mode & 07777, 0700);
        ml_inside_remove(&dir);
    }
}

Test(inside, nothing_is_given_away_where_a_third_user_may_move_it)
{
    char tmp[128];
    make("/tmp", NULL);
    if (geteuid() != 0) {
        cr_skip("needs root");
    }
    snprintf(tmp, sizeof(tmp), "%s/tmp", target.root);
    cr_assert_eq(chown(tmp, 65533, (gid_t)-1), 0);
    target.uid = 65534;
    cr_expect_eq(ml_inside_temp(&target, &dir, &err), ML_EUNSUPPORTED);
}

Test(inside, what_is_another_users_is_not_taken_for_its)
{
    make("/tmp", NULL);
    make("/tmp/a", NULL);
    int tmp = ml_inside_open(&target, "/tmp", O_RDONLY | O_DIRECTORY);
    int own = ml_inside_open_dir(&target, tmp, "a");
    cr_expect_geq(own, 0);
    target.uid = geteuid() + 1;
    cr_expect_eq(ml_inside_open_dir(&target, tmp, "a"), -1);
    cr_expect_eq(errno, EPERM);
    close(own);
    close(tmp);
}

Test(inside, what_is_no_file_is_not_opened_as_one, .timeout = 20)
{
    char pipe[128];
    make("/tmp", NULL);
    make("/null", "/tmp/pipe");
    snprintf(pipe, sizeof(pipe), "%s/tmp/pipe", target.root);
    cr_assert_eq(mkfifo(pipe, 0600), 0);
    cr_expect_eq(ml_inside_open_file(&target, "/tmp/pipe"), -1);
    cr_expect_eq(ml_inside_open_file(&target, "/null"), -1);
    cr_expect_eq(ml_inside_open_file(&target, "/tmp"), -1);
    make("/passwd", "/etc/passwd"); /* which it has not */
    cr_expect_eq(ml_inside_open_file(&target, "/passwd"), -1);
    cr_expect_eq(errno, ENOENT);
}
