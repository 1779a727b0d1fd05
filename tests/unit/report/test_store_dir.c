/* SPDX-License-Identifier: MIT
 *
 * store_dir: directories that refuse, that are links, that belong to somebody else.
 * Whatever is wrong is said in one line that names the place.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "golden.h"
#include "report.h"
#include "store_dir.h"
#include "temp_dir.h"

static const char *base;

static void
setup(void)
{
    base = temp_dir_make();
}

TestSuite(store_dir, .init = setup, .fini = temp_dir_remove);

static int
write_to(const char *directory, struct ml_error *err)
{
    struct ml_store_options options = {directory, 5, NULL, 150};
    char id[ML_REPORT_ID_SIZE];
    json_t *iteration = json_object(), *summary = json_object();
    int rc = ml_store_write(&options, iteration, summary, id, err);
    json_decref(iteration);
    json_decref(summary);
    return rc;
}

Test(store_dir, a_file_in_the_way_is_named)
{
    char path[PATH_MAX];
    struct ml_error err = {0};
    snprintf(path, sizeof(path), "%s/file", base);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    cr_assert_eq(write_to(path, &err), ML_EIO);
    cr_assert_not_null(strstr(err.message, path));
    snprintf(path, sizeof(path), "%s/file/below", base);
    cr_assert_eq(write_to(path, &err), ML_EIO);
    cr_assert_not_null(strstr(err.message, "Not a directory"), "%s", err.message);
}

Test(store_dir, a_link_that_leads_nowhere_is_named)
{
    char path[PATH_MAX];
    struct ml_error err = {0};
    snprintf(path, sizeof(path), "%s/link", base);
    cr_assert_eq(symlink("/nonexistent/place", path), 0);
    cr_assert_eq(write_to(path, &err), ML_EIO);
    cr_assert_not_null(strstr(err.message, "symbolic link"), "%s", err.message);
}

Test(store_dir, our_own_link_is_followed)
{
    char path[PATH_MAX], target[PATH_MAX];
    struct ml_error err = {0};
    snprintf(path, sizeof(path), "%s/link", base);
    snprintf(target, sizeof(target), "%s/target", base);
    cr_assert_eq(mkdir(target, 0700) | symlink(target, path), 0);
    cr_assert_eq(write_to(path, &err), 0, "%s", err.message);
}

Test(store_dir, somebody_elses_link_is_not_followed)
{
    char path[PATH_MAX], target[PATH_MAX];
    struct ml_error err = {0};
    snprintf(path, sizeof(path), "%s/link", base);
    snprintf(target, sizeof(target), "%s/target", base);
    cr_assert_eq(mkdir(target, 0700) | symlink(target, path), 0);
    if (geteuid() != 0 || lchown(path, 65534, 65534) != 0) {
        cr_skip_test("only root can give a link away");
    }
    cr_assert_eq(write_to(path, &err), ML_EPERM);
    cr_assert_not_null(strstr(err.message, "another user"), "%s", err.message);
}

/* Root may write everywhere: the refusal is tried as somebody else. */
Test(store_dir, a_directory_that_may_not_be_written_is_named)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/locked", base);
    cr_assert_eq(mkdir(path, 0555), 0);
    cr_assert_eq(chmod(base, 0755), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct ml_error err = {0};
        if (geteuid() == 0 && setuid(65534) != 0) {
            _exit(77);
        }
        int rc = write_to(path, &err);
        _exit(rc == ML_EPERM && strstr(err.message, path) != NULL &&
                      strstr(err.message, "Permission denied") != NULL
                  ? 0
                  : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), 0);
}

/* A limit on the size of files refuses writes as a full disk does. */
Test(store_dir, a_full_disk_leaves_one_clear_line_and_nothing_behind)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct ml_store_options options = {base, 5, NULL, 150};
        struct ml_error err = {0};
        char id[ML_REPORT_ID_SIZE];
        json_t *iteration =
            json_load_file(golden_path("report/iteration.json"), 0, NULL);
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){1000, 1000});
        int rc = ml_store_write(&options, iteration, json_object(), id, &err);
        _exit(rc == ML_EIO && strstr(err.message, "cannot write the report to") ? 0
                                                                                : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert_eq(rmdir(base), 0, "something is left in the directory");
    cr_assert_eq(mkdir(base, 0700), 0);
}

Test(store_dir, the_home_directory_is_expanded)
{
    char out[PATH_MAX], here[PATH_MAX], expected[PATH_MAX + 8];
    setenv("HOME", base, 1);
    cr_assert_eq(ml_store_expand("~/.memalot/reports/", out, sizeof(out), NULL), 0);
    snprintf(expected, sizeof(expected), "%s/.memalot/reports", base);
    cr_assert_str_eq(out, expected);
    cr_assert_eq(ml_store_expand("~", out, sizeof(out), NULL), 0);
    cr_assert_str_eq(out, base);
    cr_assert_eq(ml_store_expand("rel", out, sizeof(out), NULL), 0);
    cr_assert_not_null(getcwd(here, sizeof(here)));
    snprintf(expected, sizeof(expected), "%s/rel", here);
    cr_assert_str_eq(out, expected);
    cr_assert_eq(ml_store_expand("/x/~", out, sizeof(out), NULL), 0);
    cr_assert_str_eq(out, "/x/~");
    cr_assert_eq(ml_store_expand("/", out, sizeof(out), NULL), 0);
    cr_assert_str_eq(out, "/");
    cr_assert_eq(ml_store_expand("", out, sizeof(out), NULL), ML_EINVAL);
    cr_assert_eq(ml_store_expand("/long", out, 3, NULL), ML_ELIMIT);
}

Test(store_dir, a_home_that_belongs_to_somebody_else_is_not_used)
{
    char out[PATH_MAX];
    if (geteuid() != 0 || chown(base, 65534, 65534) != 0) {
        cr_skip_test("only root can give a directory away");
    }
    setenv("HOME", base, 1);
    cr_assert_eq(ml_store_expand("~/x", out, sizeof(out), NULL), 0);
    cr_assert_neq(strncmp(out, base, strlen(base)), 0, "%s", out);
}
