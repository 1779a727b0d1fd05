/* SPDX-License-Identifier: MIT
 *
 * What a sealed process can still do, and what it cannot. Each test runs in a process of
 * its own, which seals itself.
 */
#include "call_seal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call_filter.h"

#define KEEP 700

/* Runs `body` sealed in a child; its exit code: 0 when all of it was as it should be. */
static int
sealed(int (*body)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, KEEP);
        _exit(call_seal(KEEP, NULL) < 0 ? 99 : body());
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static bool
refused(long result)
{
    return result < 0 && errno == EPERM;
}

static int
write_files(void)
{
    char path[] = "/tmp/ml-seal-XXXXXX";
    return !refused(open("/tmp/ml-seal", O_WRONLY | O_CREAT, 0600)) ? 1
           : !refused(open("/dev/null", O_RDWR))                    ? 2
           : !refused(mkstemp(path))                                ? 3
           : !refused(unlink("/tmp/ml-seal"))                       ? 4
           : !refused(rename("/tmp/ml-seal", "/tmp/ml-seal2"))      ? 5
           : !refused(mkdir("/tmp/ml-seal", 0700))                  ? 6
           : !refused(chmod("/tmp", 0700))                          ? 7
           : !refused(truncate("/tmp/ml-seal", 0))                  ? 8
                                                                    : 0;
}

Test(call_seal, no_file_is_changed)
{
    cr_expect_eq(sealed(write_files), 0);
}

static int
reach_processes(void)
{
    char *const argv[] = {"/bin/true", NULL};
    return !refused(fork())                            ? 1
           : !refused(vfork())                         ? 2
           : !refused(execv("/bin/true", argv))        ? 3
           : !refused(kill(getppid(), 0))              ? 4
           : !refused(kill(-1, 0))                     ? 5
           : !refused(kill(0, 0))                      ? 6
           : kill(getpid(), 0) != 0                    ? 7
           : !refused(socket(AF_INET, SOCK_STREAM, 0)) ? 8
           : !refused(socket(AF_UNIX, SOCK_STREAM, 0)) ? 9
                                                       : 0;
}

Test(call_seal, no_process_is_reached)
{
    cr_expect_eq(sealed(reach_processes), 0);
}

static int
abort_oneself(void)
{
    abort();
}

Test(call_seal, it_may_end_itself)
{
    cr_expect_eq(sealed(abort_oneself), 1000 + SIGABRT);
}

static void *
give_back(void *arg)
{
    return arg;
}

static int
do_ordinary_things(void)
{
    char line[64];
    pthread_t thread;
    void *result = NULL;
    int fd = open("/proc/self/status", O_RDONLY);
    if (fd < 0 || read(fd, line, sizeof(line)) <= 0) {
        return 1;
    }
    if (pthread_create(&thread, NULL, give_back, line) != 0 ||
        pthread_join(thread, &result) != 0 || result != line) {
        return 2;
    }
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                        0);
    return memory == MAP_FAILED ? 3 : 0;
}

Test(call_seal, reading_threads_and_memory_are_left_to_it)
{
    cr_expect_eq(sealed(do_ordinary_things), 0);
}

static int
look_at_descriptors(void)
{
    struct stat of, null;
    stat("/dev/null", &null);
    for (int fd = 0; fd < 3; fd++) {
        if (fstat(fd, &of) < 0 || of.st_rdev != null.st_rdev) {
            return 1;
        }
    }
    for (int fd = 3; fd < 1024; fd++) {
        if (fd != KEEP && fcntl(fd, F_GETFD) >= 0) {
            return 2;
        }
    }
    return fcntl(KEEP, F_GETFD) >= 0 ? 0 : 3;
}

Test(call_seal, only_the_one_descriptor_stays)
{
    int pipe_ends[2];
    cr_assert_eq(pipe(pipe_ends), 0);
    cr_assert_neq(fcntl(0, F_DUPFD, 900), -1);
    cr_expect_eq(sealed(look_at_descriptors), 0);
}

static int *shared[40];

static int
write_shared(void)
{
    *shared[20] = 1;
    return 0;
}

static int
read_shared(void)
{
    for (int i = 0; i < 40; i++) {
        if (*shared[i] != i) {
            return 1;
        }
    }
    return 0;
}

static void
map_shared(void)
{
    for (int i = 0; i < 40; i++) {
        shared[i] = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                         0);
        cr_assert_neq(shared[i], MAP_FAILED);
        *shared[i] = i;
    }
}

Test(call_seal, shared_memory_can_only_be_read)
{
    map_shared();
    cr_expect_eq(sealed(read_shared), 0);
    cr_expect_eq(sealed(write_shared), 1000 + SIGSEGV);
    cr_expect_eq(*shared[20], 20);
}
