/* SPDX-License-Identifier: MIT
 *
 * `memalotctl attach`: an agent for a process that runs already. Everything that can be
 * wrong is found first (control/attach/inspect), then the agent's library is brought in
 * by one of the two ways of control/attach, and the command ends when its socket answers.
 */
#define _GNU_SOURCE
#include "print.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "attach/attach.h"
#include "attach/bring.h"
#include "attach/outcome.h"
#include "client.h"
#include "clock.h"
#include "config_file.h"
#include "discover.h"
#include "duration.h"
#include "installed.h"

#define TIMEOUT 10.0 /* seconds */

/* Tests force one of the ways: "inject". */
#define WAY_VARIABLE "MEMALOT_ATTACH_WAY"

static int
read_pid(const char *text, pid_t *out)
{
    char *end;
    long pid = strtol(text, &end, 10);
    if (*end != '\0' || end == text || pid <= 0 || pid > INT_MAX) {
        return ml_print_fail(ML_EXIT_USAGE, "'%s' is no process id", text);
    }
    *out = (pid_t)pid;
    return ML_EXIT_DONE;
}

/* -- the order --------------------------------------------------------------------- */

static int
set_config(const char *path, char out[PATH_MAX])
{
    struct ml_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    if (mistakes == NULL) {
        return ml_print_fail(ML_EXIT_FAILED, "out of memory");
    }
    int rc = ml_config_file_check(path, mistakes);
    if (rc < 0) {
        ml_config_file_print(path, mistakes);
    }
    free(mistakes);
    if (rc < 0 || realpath(path, out) == NULL) {
        return ml_print_fail(ML_EXIT_FAILED, "nothing was attached");
    }
    return ML_EXIT_DONE;
}

static int
no_library(const char *package, const struct ml_attach_target *target)
{
    char versions[128];
    ml_installed_versions(package, versions, sizeof(versions));
    return ml_print_fail(ML_EXIT_FAILED,
                         "process %d runs CPython %d.%d, for which no agent is installed "
                         "(there are: %s): install memalotctl for that Python too, or "
                         "'make PYTHON=python%d.%d'", (int)target->pid, target->major,
                         target->minor, versions, target->major, target->minor);
}

static int
set_library(const char *self, const struct ml_attach_target *target, char out[PATH_MAX])
{
    char package[PATH_MAX], found[PATH_MAX];
    int code = ml_installed_package(self, package);
    if (code == ML_EXIT_DONE
        && (!ml_installed_agent(package, target->major, target->minor, found)
            || realpath(found, out) == NULL)) {
        return no_library(package, target);
    }
    return code;
}

static int
make_order(const struct ml_ctl_args *args, const struct ml_attach_target *target,
           struct ml_attach_order *order)
{
    order->timeout = TIMEOUT;
    if (args->timeout != NULL) {
        ml_duration_read(args->timeout, strlen(args->timeout), &order->timeout);
    }
    order->id = (uint32_t)ml_clock_ms() | 1;
    snprintf(order->writer, sizeof(order->writer), "%s", args->self);
    int code = args->config != NULL ? set_config(args->config, order->config)
                                    : ML_EXIT_DONE;
    return code == ML_EXIT_DONE ? set_library(args->self, target, order->library) : code;
}

/* -- all of it --------------------------------------------------------------------- */

static int
bring_in(const struct ml_attach_target *target, const struct ml_attach_order *order,
         struct ml_error *err)
{
    const char *way = getenv(WAY_VARIABLE);
    int rc = ML_EUNSUPPORTED;
    if (way == NULL || strcmp(way, "inject") != 0) {
        rc = ml_attach_remote(target, order, err);
    }
    return rc == ML_EUNSUPPORTED ? ml_attach_inject(target, order, err) : rc;
}

/* What to call it from now on: its pid where a TARGET of that name is found, else the
 * path of its socket. */
static const char *
name_of(const struct ml_attach_target *target, const char *path, char *out, size_t cap)
{
    struct ml_discovery found;
    ml_discover(&found);
    snprintf(out, cap, "%s", path);
    for (size_t i = 0; i < found.count; i++) {
        if (found.agent[i].pid == target->pid) {
            snprintf(out, cap, "%d", (int)target->pid);
        }
    }
    ml_discovery_fini(&found);
    return out;
}

static int
greet(const struct ml_attach_target *target, const struct ml_attach_order *order)
{
    char inside[PATH_MAX] = "", path[PATH_MAX + sizeof(target->root)], name[sizeof(path)];
    struct ml_client *client = NULL;
    struct ml_error err = {0};
    if (!ml_attach_socket(target, order, inside, sizeof(inside)) || inside[0] == '\0') {
        printf("%d has an agent without a socket\n", (int)target->pid);
        return ml_print_end(ML_EXIT_DONE);
    }
    snprintf(path, sizeof(path), "%s%s", target->root, inside);
    if (ml_client_connect(path, &client, &err) < 0) {
        return ml_print_error(&err);
    }
    ml_client_free(client);
    printf("%d has an agent: memalotctl snapshot %s\n", (int)target->pid,
           name_of(target, path, name, sizeof(name)));
    return ml_print_end(ML_EXIT_DONE);
}

static int
run(const struct ml_ctl_args *args)
{
    pid_t pid = 0;
    struct ml_error err = {0};
    struct ml_attach_target target = {0};
    struct ml_attach_order order = {0};
    int code = read_pid(args->word[0], &pid);
    if (code == ML_EXIT_DONE && ml_attach_inspect(pid, &target, &err) < 0) {
        return ml_print_error(&err);
    }
    if (code == ML_EXIT_DONE) {
        code = make_order(args, &target, &order);
    }
    if (code != ML_EXIT_DONE) {
        return code;
    }
    if (ml_attach_bring(&target, &order, &err) < 0 ||
        bring_in(&target, &order, &err) < 0) {
        return ml_print_error(&err);
    }
    return greet(&target, &order);
}

static const struct ml_opt opts[] = {
    {"config", 'c', ML_OPT_TEXT, ML_CTL_OPT(config), "FILE", 0, 0,
     "YAML; checked first, nothing is touched when it has a mistake"},
    {"timeout", 0, ML_OPT_TIME, ML_CTL_OPT(timeout), "S", 0, 0,
     "how long to wait for the process to let it in (default: 10s)"},
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_attach = {
    .name = "attach",
    .words_help = "PID",
    .summary = "Bring the agent into a process that runs already",
    .details =
        "The process need not have been prepared. No Python runs where it was\n"
        "interrupted: the agent starts a thread, which asks for the GIL like any other.\n"
        "CPython 3.14 and later let it in by themselves when they come by; else one\n"
        "thread is borrowed for about a millisecond by ptrace, at a moment when it\n"
        "holds nothing of libc's. `memalotctl detach` takes the agent out again.",
    .opts = opts,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
