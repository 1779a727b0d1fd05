/* SPDX-License-Identifier: MIT
 *
 * Starting the writer (memalotctl _write) and talking to it: one line in, one line out.
 * A writer whose path ends with a slash is a bundle (control/attach/bundle.h): memalotctl
 * in a directory with its libraries and their dynamic linker, which is what is started.
 *
 * It is started with clone(CLONE_VM | CLONE_VFORK) and no exit signal, so that also in
 * place, in the user's process, no SIGCHLD is seen, no fork handler runs and no wait()
 * of the program finds it. libc's fork, vfork and posix_spawn would send the signal.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json_write.h"
#include "sweep_job.h"

#define STACK_SIZE (64 * 1024)
#define ANSWER_LIMIT (64 * 1024 * 1024) /* a text for the console may be long */

#define WORDS_MAX 16
#define VARIABLES_MAX 12
#define BUNDLE_ROOM 1040

struct writer {
    char *argv[WORDS_MAX];
    char *envp[VARIABLES_MAX];
    int in, out; /* the writer's standard input and output */
    char loader[BUNDLE_ROOM], program[BUNDLE_ROOM], plugins[BUNDLE_ROOM]; /* a bundle's */
};

/* Without a /dev/null, as in a bare chroot, the pipes themselves may be 0 to 2. A
 * standard error that is missing becomes one that refuses writing: the first file that
 * the writer opens must not. */
static bool
place_pipes(const struct writer *w)
{
    int in = fcntl(w->in, F_DUPFD, 3), out = fcntl(w->out, F_DUPFD, 3);
    bool no_stderr = w->in == 2 || w->out == 2 || fcntl(2, F_GETFD) < 0;
    return dup2(in, 0) == 0 && dup2(out, 1) == 1 && (!no_stderr || dup2(in, 2) == 2);
}

/* Runs on a stack of its own in our memory until exec: system calls only. */
static int
become_writer(void *arg)
{
    struct writer *w = arg;
    sigset_t none;
    sigemptyset(&none);
    if (!place_pipes(w)) {
        _exit(126);
    }
    syscall(SYS_close_range, 3u, ~0u, 0u);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int s = 1; s < 32; s++) {
        signal(s, SIG_DFL);
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(w->argv[0], w->argv, w->envp);
    _exit(127);
}

static pid_t
start(struct writer *w)
{
    char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) {
        return -1;
    }
    sigset_t all, before; /* a handler of the program must not run in the borrowed memory */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = clone(become_writer, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK, w);
    int saved = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    munmap(stack, STACK_SIZE);
    errno = saved;
    return pid;
}

bool
sweep_write_all(int fd, const void *bytes, size_t len)
{
    const char *data = bytes;
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static void
read_answer(int fd, struct ml_buf *answer)
{
    char chunk[4096];
    answer->limit = ANSWER_LIMIT;
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        ml_buf_append(answer, chunk, (size_t)n);
    }
    while (answer->len > 0 && answer->data[answer->len - 1] == '\n') {
        answer->len--;
    }
}

static bool
is_bundle(const char *writer)
{
    size_t len = strlen(writer);
    return len > 0 && writer[len - 1] == '/';
}

/* `words` go to memalotctl, which is the first of them. */
static void
command_line(struct writer *w, const char *writer, char *const words[])
{
    int n = 0;
    if (is_bundle(writer)) {
        snprintf(w->loader, BUNDLE_ROOM, "%sld.so", writer);
        snprintf(w->program, BUNDLE_ROOM, "%smemalotctl", writer);
        w->argv[n++] = w->loader;
        w->argv[n++] = (char *)"--library-path";
        w->argv[n++] = (char *)writer;
        w->argv[n++] = w->program;
        words++;
    }
    while (*words != NULL && n < WORDS_MAX - 1) {
        w->argv[n++] = *words++;
    }
    w->argv[n] = NULL;
}

static void
environment(struct writer *w, const char *writer, char room[VARIABLES_MAX][512])
{
    static const char *const names[] = {"HOME",   "PATH",     "LANG",   "LC_ALL",
                                        "TMPDIR", "NO_COLOR", "COLUMNS", "LD_LIBRARY_PATH",
                                        "TERM",   "LC_CTYPE"};
    int n = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL &&
            snprintf(room[n], 512, "%s=%s", names[i], value) < 512) {
            w->envp[n] = room[n];
            n++;
        }
    }
    if (is_bundle(writer)) {
        snprintf(w->plugins, BUNDLE_ROOM, "GVBINDIR=%s", writer);
        w->envp[n++] = w->plugins;
    }
    w->envp[n] = NULL;
}

static void
join_formats(const struct ml_settings *s, char *out, size_t cap)
{
    out[0] = '\0';
    for (int i = 0; i < s->graph.formats.count; i++) {
        size_t used = strlen(out);
        snprintf(out + used, cap - used, "%s%s", i > 0 ? "," : "", s->graph.formats.item[i]);
    }
}

/* The sentence in {"error": "..."}, or one of our own. */
static int
answer_error(struct ml_buf *answer, int status, struct ml_error *err)
{
    static const char key[] = "{\"error\":";
    const char *text = ml_buf_str(answer);
    const char *colon = strchr(text, ':');
    if (colon != NULL && strncmp(text, key, sizeof(key) - 1) == 0) {
        const char *from = strchr(colon, '"');
        const char *to = strrchr(text, '"');
        if (from != NULL && to > from) {
            return ml_error_set(err, ML_EIO, "%.*s", (int)(to - from - 1), from + 1);
        }
    }
    if (WIFSIGNALED(status)) {
        return ml_error_set(err, ML_EIO, "the writer was ended by signal %d",
                            WTERMSIG(status));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        return ml_error_set(err, ML_EIO, "the writer could not be started");
    }
    return ml_error_set(err, ML_EIO, "the writer ended without an answer");
}

static int
converse(struct writer *w, int to, int from, const char *line, size_t len,
         struct ml_buf *answer, struct ml_error *err)
{
    pid_t pid = start(w);
    close(w->in);
    close(w->out);
    if (pid < 0) {
        close(to);
        return ml_error_set(err, ML_EIO, "the writer could not be started: %s",
                            strerror(errno));
    }
    sweep_write_all(to, line, len); /* a writer that went away says why, or its status does */
    sweep_write_all(to, "\n", 1);
    close(to);
    read_answer(from, answer);
    int status = 0;
    while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR) {
    }
    bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0 && answer->len > 1 &&
                !answer->failed && answer->data[0] == '{';
    return good ? ML_OK : answer_error(answer, status, err);
}

int
sweep_writer_store(const struct sweep_job *job, const char *line, size_t len,
                   struct ml_buf *answer, struct ml_error *err)
{
    const struct ml_settings *s = &job->settings;
    char keep[16], nodes[16], formats[256], env[VARIABLES_MAX][512];
    char directory[ML_PATH_TEXT_MAX];
    int in[2], out[2];
    if (job->writer[0] == '\0') {
        return ml_error_set(err, ML_EIO, "reports need memalotctl, whose place is not known "
                                         "here; set MEMALOT_CTL");
    }
    if (pipe2(in, O_CLOEXEC) < 0) {
        return ml_error_set(err, ML_EIO, "no pipe: %s", strerror(errno));
    }
    if (pipe2(out, O_CLOEXEC) < 0) {
        close(in[0]);
        close(in[1]);
        return ml_error_set(err, ML_EIO, "no pipe: %s", strerror(errno));
    }
    snprintf(keep, sizeof(keep), "%d", s->report.keep);
    snprintf(nodes, sizeof(nodes), "%d", s->graph.max_nodes);
    snprintf(directory, sizeof(directory), "%s", s->report.directory);
    join_formats(s, formats, sizeof(formats));
    char *words[] = {(char *)job->writer, "_write", "--directory", directory, "--keep", keep,
                     "--formats", formats, "--max-nodes", nodes,
                     s->report.console ? "--console" : NULL, NULL};
    struct writer w = {.in = in[0], .out = out[1]};
    command_line(&w, job->writer, words);
    environment(&w, job->writer, env);
    int rc = converse(&w, in[1], out[0], line, len, answer, err);
    close(out[0]);
    return rc;
}

static bool
has_text(const struct ml_buf *reply)
{
    static const char key[] = "\"text\":\"";
    return reply->len > 1 && reply->data[0] == '{' &&
           memmem(reply->data, reply->len, key, sizeof(key) - 1) != NULL;
}

void
sweep_stored_answer(const struct ml_buf *reply, const struct ml_error *err,
                    const char *iteration, size_t len, struct ml_buf *out)
{
    /* A writer that could not store may have made the text for the console all the same;
     * its answer has the key `error` then. */
    if (err->code == ML_OK || has_text(reply)) {
        ml_buf_append(out, reply->data, reply->len - 1); /* without the brace */
    }
    else {
        struct ml_json j;
        ml_json_init(&j, out);
        ml_json_begin_object(&j);
        ml_json_kv_null(&j, "report_id");
        ml_json_kv_str(&j, "store_error", err->message);
    }
    if (len > 0) {
        ml_buf_puts(out, ",\"iteration\":");
        ml_buf_append(out, iteration, len);
    }
    ml_buf_putc(out, '}');
}
