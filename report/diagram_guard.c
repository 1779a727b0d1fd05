/* SPDX-License-Identifier: MIT
 *
 * See diagram_guard.h. The child sends its error message through a pipe; silence and
 * exit status 0 mean that the picture is there.
 */
#define _GNU_SOURCE
#include "diagram_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void
draw_in_child(const json_t *graph, const char *title, const char *format, int max_nodes,
              const char *path, int seconds, int answer)
{
    struct ml_error err = {0};
    struct rlimit no_core = {0, 0};
    sigset_t alarm_only;
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGALRM, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
    alarm((unsigned)seconds);
    int rc = ml_diagram_write(graph, title, format, max_nodes, path, &err);
    if (rc != ML_OK) {
        ssize_t n = write(answer, err.message, strlen(err.message));
        _exit(n < 0 ? 2 : 1);
    }
    _exit(0);
}

static size_t
read_answer(int fd, char *text, size_t cap)
{
    size_t have = 0;
    ssize_t n = 1;
    while (have < cap - 1 && n != 0) {
        n = read(fd, text + have, cap - 1 - have);
        if (n < 0 && errno != EINTR) {
            break;
        }
        have += n > 0 ? (size_t)n : 0;
    }
    text[have] = '\0';
    return have;
}

static int
judge(pid_t pid, const char *message, int seconds, struct ml_error *err)
{
    int status = 0;
    pid_t ended;
    while ((ended = waitpid(pid, &status, 0)) < 0 && errno == EINTR) {
    }
    if (message[0] != '\0') {
        return ml_error_set(err, ML_EIO, "%s", message);
    }
    if (ended == pid && WIFSIGNALED(status)) {
        int sig = WTERMSIG(status);
        return sig == SIGALRM
                   ? ml_error_set(err, ML_ECANCELLED, "it took over %d s", seconds)
                   : ml_error_set(err, ML_EIO, "graphviz crashed (signal %d)", sig);
    }
    if (ended == pid && WEXITSTATUS(status) != 0) {
        return ml_error_set(err, ML_EIO, "graphviz gave up (status %d)",
                            WEXITSTATUS(status));
    }
    return ML_OK; /* also where somebody ignores SIGCHLD and no status is to be had */
}

int
ml_diagram_write_guarded(const json_t *graph, const char *title, const char *format,
                         int max_nodes, const char *path, int seconds,
                         struct ml_error *err)
{
    char message[sizeof(err->message)];
    int answer[2];
    if (pipe2(answer, O_CLOEXEC) != 0) {
        return ml_error_set(err, ML_EIO, "no pipe: %s", strerror(errno));
    }
    pid_t pid = fork();
    if (pid < 0) {
        int failed = errno;
        close(answer[0]);
        close(answer[1]);
        return ml_error_set(err, ML_EIO, "no process for it: %s", strerror(failed));
    }
    if (pid == 0) {
        close(answer[0]);
        draw_in_child(graph, title, format, max_nodes, path, seconds, answer[1]);
    }
    close(answer[1]);
    read_answer(answer[0], message, sizeof(message));
    close(answer[0]);
    return judge(pid, message, seconds, err);
}
