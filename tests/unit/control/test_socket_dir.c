/* SPDX-License-Identifier: MIT
 *
 * socket_dir: what is taken away when it is dead, and what is never touched.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "listener.h"
#include "socket_dir.h"

static char directory[64];
static struct ml_error err;
static int dir = -1;

static void
start(void)
{
    strcpy(directory, "/tmp/ml-test-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    cr_assert_eq(ml_socket_dir_open(directory, &dir, &err), 0, "%s", err.message);
}

static void
stop(void)
{
    char command[128];
    close(dir);
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    cr_assert_eq(system(command), 0);
}

TestSuite(socket_dir, .init = start, .fini = stop);

static int
bound(const char *name, int type)
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
    ml_socket_dir_address(dir, directory, name, &address);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0, "%s", name);
    return fd;
}

static void
leave_dead(const char *name)
{
    close(bound(name, SOCK_STREAM));
}

static bool
there(const char *name)
{
    return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

Test(socket_dir, dead_sockets_and_temporary_names_are_removed)
{
    leave_dead("1.sock");
    leave_dead("4711.sock");
    leave_dead(".12.sock");
    cr_expect_eq(ml_socket_dir_clean(dir, directory, ML_SOCKET_DIR_USUAL), 3);
    cr_expect_not(there("1.sock") || there("4711.sock") || there(".12.sock"));
}

Test(socket_dir, what_lives_stays_listening_or_not)
{
    int fd[] = {bound("1.sock", SOCK_STREAM), bound("2.sock", SOCK_STREAM),
                bound("3.sock", SOCK_DGRAM), bound("4.sock", SOCK_SEQPACKET)};
    cr_assert_eq(listen(fd[0], 1), 0);
    cr_expect_eq(ml_socket_dir_clean(dir, directory, ML_SOCKET_DIR_USUAL), 0);
    cr_expect(there("1.sock") && there("2.sock") && there("3.sock") && there("4.sock"));
    cr_expect_eq(accept(fd[0], NULL, NULL), -1, "not even asked");
    for (int i = 0; i < 4; i++) {
        close(fd[i]);
    }
}

Test(socket_dir, a_full_backlog_is_alive)
{
    struct sockaddr_un address;
    int fd = bound("1.sock", SOCK_STREAM);
    ml_socket_dir_address(dir, directory, "1.sock", &address);
    cr_assert_eq(listen(fd, 0), 0);
    for (int i = 0; i < 3; i++) {
        int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(client, (struct sockaddr *)&address, sizeof(address));
    }
    cr_expect_not(ml_socket_dir_dead(&address));
    close(fd);
}

Test(socket_dir, only_names_like_ours_are_looked_at)
{
    static const char *const others[] = {
        "gunicorn.sock", "7.socket", "7.sock.bak", "x7.sock", "7x.sock",
        "..7.sock",      ".sock",    "-7.sock",    "web-7.sock"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        leave_dead(others[i]);
    }
    close(openat(dir, "8.sock", O_CREAT | O_WRONLY, 0600));
    cr_assert_eq(symlinkat("web-7.sock", dir, "9.sock"), 0);
    cr_assert_eq(mkdirat(dir, "10.sock", 0700), 0);
    cr_expect_eq(ml_socket_dir_clean(dir, directory, ML_SOCKET_DIR_USUAL), 0);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        cr_expect(there(others[i]), "%s", others[i]);
    }
    cr_expect(there("8.sock") && there("9.sock") && there("10.sock"));
    cr_expect_eq(ml_socket_dir_clean(dir, directory, "web-123.sock"), 1);
    cr_expect_not(there("web-7.sock"));
    cr_expect(there("gunicorn.sock"));
}

Test(socket_dir, another_users_socket_is_left_alone)
{
    if (geteuid() != 0) {
        cr_skip("only root can give a file away");
    }
    leave_dead("1.sock");
    cr_assert_eq(fchownat(dir, "1.sock", 65534, 65534, 0), 0);
    cr_expect_eq(ml_socket_dir_clean(dir, directory, ML_SOCKET_DIR_USUAL), 0);
    cr_expect(there("1.sock"));
}

Test(socket_dir, one_cleaning_looks_at_so_many_and_the_next_goes_on)
{
    char name[32];
    for (int i = 0; i < ML_SOCKET_DIR_EXAMINED + 40; i++) {
        snprintf(name, sizeof(name), "%d.sock", i);
        leave_dead(name);
    }
    cr_expect_eq(ml_socket_dir_clean(dir, directory, ML_SOCKET_DIR_USUAL),
                 ML_SOCKET_DIR_EXAMINED);
    cr_expect_eq(ml_socket_dir_clean(dir, directory, ML_SOCKET_DIR_USUAL), 40);
}

Test(socket_dir, the_lock_is_waited_for_but_not_for_ever)
{
    int other = openat(dir, ".", O_RDONLY | O_DIRECTORY);
    cr_assert(ml_socket_dir_lock(other));
    cr_expect_not(ml_socket_dir_lock(dir));
    ml_socket_dir_unlock(other);
    cr_expect(ml_socket_dir_lock(dir));
    close(other);
}

Test(socket_dir, an_agent_that_binds_tidies_up_after_killed_ones)
{
    struct ml_listener l;
    char path[100];
    int ready[2];
    cr_assert_eq(pipe(ready), 0);
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0) {
            snprintf(path, sizeof(path), "%s/%d.sock", directory, getpid());
            (void)!write(ready[1], "r", ml_listener_open(&l, path, NULL) == 0);
            pause();
        }
        char c;
        cr_assert_eq(read(ready[0], &c, 1), 1);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        snprintf(path, sizeof(path), "%d.sock", child);
        cr_expect(there(path), "nobody was there to remove it");
    }
    snprintf(path, sizeof(path), "%s/7.sock", directory);
    cr_assert_eq(ml_listener_open(&l, path, &err), 0, "%s", err.message);
    cr_expect_eq(ml_socket_dir_clean(dir, directory, ML_SOCKET_DIR_USUAL), 0);
    cr_expect(there("7.sock"));
    ml_listener_close(&l, true);
}
