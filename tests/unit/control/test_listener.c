/* SPDX-License-Identifier: MIT
 *
 * listener: who else might have put something where the socket goes.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "listener.h"

static char top[64], directory[80], path[120];
static struct ml_listener l;
static struct ml_error err;

static void
start(void)
{
    strcpy(top, "/tmp/ml-test-XXXXXX");
    cr_assert_not_null(mkdtemp(top));
    snprintf(directory, sizeof(directory), "%s/memalot", top);
    snprintf(path, sizeof(path), "%s/7.sock", directory);
    memset(&err, 0, sizeof(err));
}

static void
stop(void)
{
    char command[128];
    ml_listener_close(&l, true);
    snprintf(command, sizeof(command), "rm -rf %s", top);
    cr_assert_eq(system(command), 0);
}

TestSuite(listener, .init = start, .fini = stop);

static mode_t
mode_of(const char *file)
{
    struct stat st;
    return lstat(file, &st) == 0 ? st.st_mode & 07777 : 0;
}

static void
expect_refused(int code, const char *says)
{
    cr_expect_eq(ml_listener_open(&l, path, &err), code, "%s", err.message);
    cr_expect_not_null(strstr(err.message, says), "%s", err.message);
    cr_expect_not(ml_listener_alive(&l));
    cr_expect_eq(l.fd.fd, -1);
}

static int
connect_to(const char *file)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, file);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int failed =
        connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
    close(fd);
    return failed;
}

Test(listener, makes_a_private_directory_and_socket_whatever_the_umask)
{
    static const mode_t masks[] = {0, 022, 077, 0277, 0777};
    for (size_t i = 0; i < 5; i++) {
        mode_t old = umask(masks[i]);
        int rc = ml_listener_open(&l, path, &err);
        cr_expect_eq(umask(old), masks[i], "the umask is the program's");
        cr_expect_eq(rc, 0, "umask %o: %s", masks[i], err.message);
        cr_expect_eq(mode_of(directory), 0700);
        cr_expect_eq(mode_of(path), 0600);
        cr_expect(ml_listener_alive(&l));
        cr_expect(fcntl(l.fd.fd, F_GETFD) & FD_CLOEXEC);
        ml_listener_close(&l, true);
        cr_expect_eq(access(path, F_OK), -1, "removed");
        rmdir(directory);
    }
}

Test(listener, the_socket_is_never_wider_than_it_ends)
{
    /* What bind makes of the mode, before anybody corrects it. */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    mode_t old = umask(0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    mkdir(directory, 0700);
    strcpy(address.sun_path, path);
    cr_assert_eq(fchmod(fd, 0600), 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    umask(old);
    cr_expect_eq(mode_of(path), 0600);
    close(fd);
}

Test(listener, a_directory_others_may_write_to_is_refused)
{
    mkdir(directory, 0700);
    chmod(directory, 0770);
    expect_refused(ML_EPERM, "others may write");
    chmod(directory, 0702);
    expect_refused(ML_EPERM, "others may write");
    chmod(directory, 0755);
    cr_expect_eq(ml_listener_open(&l, path, &err), 0, "reading is no harm: %s",
                 err.message);
}

Test(listener, somebody_elses_directory_is_refused)
{
    if (geteuid() != 0) {
        cr_skip("only root can give a directory away");
    }
    mkdir(directory, 0700);
    cr_assert_eq(chown(directory, 65534, 65534), 0);
    expect_refused(ML_EPERM, "belongs to user 65534");
}

Test(listener, a_link_in_place_of_the_directory_is_refused)
{
    char real[100];
    snprintf(real, sizeof(real), "%s/real", top);
    mkdir(real, 0700);
    cr_assert_eq(symlink(real, directory), 0);
    expect_refused(ML_EPERM, "socket directory");
}

Test(listener, a_file_in_place_of_the_directory_is_refused)
{
    close(open(directory, O_CREAT | O_WRONLY, 0600));
    expect_refused(ML_EPERM, "socket directory");
}

Test(listener, a_missing_parent_is_said)
{
    snprintf(path, sizeof(path), "%s/no/such/7.sock", top);
    expect_refused(ML_EIO, "cannot make the socket directory");
}

Test(listener, what_is_no_socket_is_left_where_it_is)
{
    mkdir(directory, 0700);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    expect_refused(ML_ESTATE, "no socket");
    cr_expect_eq(access(path, F_OK), 0);
    unlink(path);
    cr_assert_eq(symlink("/tmp/elsewhere", path), 0);
    expect_refused(ML_ESTATE, "no socket");
}

Test(listener, a_live_socket_is_not_taken_over)
{
    struct ml_listener first;
    cr_assert_eq(ml_listener_open(&first, path, &err), 0);
    expect_refused(ML_ESTATE, "another agent listens");
    cr_expect(ml_listener_alive(&first));
    ml_listener_close(&first, true);
}

Test(listener, a_dead_socket_is_replaced)
{
    struct ml_listener first;
    cr_assert_eq(ml_listener_open(&first, path, &err), 0);
    ml_listener_close(&first, false);
    cr_expect_eq(access(path, F_OK), 0, "left behind, as by kill -9");
    cr_expect_eq(ml_listener_open(&l, path, &err), 0, "%s", err.message);
}

Test(listener, a_successors_socket_is_not_removed)
{
    struct ml_listener first;
    cr_assert_eq(ml_listener_open(&first, path, &err), 0);
    unlink(path);
    cr_expect_not(ml_listener_alive(&first));
    cr_assert_eq(ml_listener_open(&l, path, &err), 0);
    ml_listener_close(&first, true);
    cr_expect(ml_listener_alive(&l));
}

Test(listener, the_longest_path_there_is_can_be_bound)
{
    struct stat st;
    snprintf(path, sizeof(path), "%s/", directory);
    size_t len = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
    memset(path + strlen(path), 'x', len - strlen(path));
    path[len] = '\0'; /* a temporary name beside it would be one too long */
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(ml_listener_open(&l, path, &err), 0, "%s", err.message);
        cr_expect_eq(mode_of(path), 0600);
        cr_expect_eq(connect_to(path), 0);
        cr_expect(lstat(path, &st) == 0 && st.st_nlink == 1);
        ml_listener_close(&l, i == 1);
    }
    cr_expect_eq(access(path, F_OK), -1);
}

Test(listener, a_temporary_name_left_behind_is_no_obstacle)
{
    char temporary[110];
    struct ml_listener first;
    snprintf(temporary, sizeof(temporary), "%s/.7.sock", directory);
    cr_assert_eq(ml_listener_open(&first, temporary, &err), 0, "%s", err.message);
    expect_refused(ML_ESTATE, "another agent listens");
    cr_expect(ml_listener_alive(&first), "somebody is at it");
    ml_listener_close(&first, false);
    cr_expect_eq(ml_listener_open(&l, path, &err), 0, "%s", err.message);
    cr_expect_eq(access(temporary, F_OK), -1);
}

Test(listener, relative_and_long_paths_are_refused)
{
    cr_expect_eq(ml_listener_open(&l, "7.sock", &err), ML_EINVAL);
    cr_expect_eq(ml_listener_open(&l, "/tmp/", &err), ML_EINVAL);
    cr_expect_eq(ml_listener_open(&l, "", &err), ML_EINVAL);
    char longer[200];
    snprintf(longer, sizeof(longer), "/tmp/%0*d", 103, 7);
    cr_expect_eq(ml_listener_open(&l, longer, &err), ML_ELIMIT);
}

Test(listener, of_many_that_start_at_once_one_gets_the_path)
{
    enum { PROCESSES = 8 };
    int started[2], winners = 0;
    struct ml_listener dead;
    cr_assert_eq(ml_listener_open(&dead, path, &err), 0);
    ml_listener_close(&dead, false);
    cr_assert_eq(pipe(started), 0);
    pid_t child[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        child[i] = fork();
        if (child[i] == 0) {
            char c;
            close(started[1]);
            (void)!read(started[0], &c, 1); /* all at the same moment */
            bool won = ml_listener_open(&l, path, NULL) == 0;
            _exit(won ? (pause(), 0) : 1);
        }
    }
    close(started[1]);
    for (int i = 0; i < PROCESSES - 1; i++) {
        int status;
        cr_expect_gt(waitpid(-1, &status, 0), 0); /* all but one give up */
        winners += status == 0;
    }
    cr_expect_eq(winners, 0);
    for (int i = 0; i < PROCESSES; i++) {
        winners += kill(child[i], 0) == 0 && waitpid(child[i], NULL, WNOHANG) == 0;
        kill(child[i], SIGKILL);
    }
    cr_expect_eq(winners, 1);
    while (waitpid(-1, NULL, 0) > 0) {
    }
}

/* -- what a client sees of a rebind --------------------------------------------------- */

/* One turn for each byte from `go`: waits for the file, connects at once, says how it
 * went. */
static void
poll_and_connect(int go, int done)
{
    char c;
    while (read(go, &c, 1) == 1) {
        while (access(path, F_OK) < 0) {
        }
        int failed = connect_to(path);
        (void)!write(done, &failed, sizeof(failed));
    }
    _exit(0);
}

Test(listener, whoever_sees_the_file_is_let_in)
{
    int go[2], done[2], failed;
    cr_assert(pipe(go) == 0 && pipe(done) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(go[1]);
        poll_and_connect(go[0], done[1]);
    }
    close(go[0]);
    for (int i = 0; i < 200; i++) {
        (void)!write(go[1], "g", 1);
        cr_assert_eq(ml_listener_open(&l, path, &err), 0, "%s", err.message);
        cr_assert_eq(read(done[0], &failed, sizeof(failed)), (ssize_t)sizeof(failed));
        cr_assert_eq(failed, 0, "rebind %d: %s", i, strerror(failed));
        ml_listener_close(&l, true);
    }
    close(go[1]);
    waitpid(child, NULL, 0);
}
