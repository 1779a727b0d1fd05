/* SPDX-License-Identifier: MIT
 *
 * `memalotctl run`: becomes the program, with the agent's boot directory first on
 * PYTHONPATH. Python imports the sitecustomize that lies there and loads the agent;
 * every Python that the program starts itself inherits it. Everything that can be
 * wrong is said here, before there is a program.
 */
#define _GNU_SOURCE
#include "print.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_file.h"
#include "installed.h"

/* The directory whose sitecustomize loads the agent. */
static int
boot_directory(const char *self, char out[PATH_MAX])
{
    char package[PATH_MAX];
    int code = ml_installed_package(self, package);
    if (code == ML_EXIT_DONE && snprintf(out, PATH_MAX, "%s/boot", package) >= PATH_MAX) {
        return ml_print_fail(ML_EXIT_FAILED, "the path is too long: %s", package);
    }
    return code;
}

static int
set_config(const char *path)
{
    char absolute[PATH_MAX];
    struct ml_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    if (mistakes == NULL) {
        return ml_print_fail(ML_EXIT_FAILED, "out of memory");
    }
    int rc = ml_config_file_check(path, mistakes);
    if (rc < 0) {
        ml_config_file_print(path, mistakes);
    }
    free(mistakes);
    if (rc < 0) {
        return ml_print_fail(ML_EXIT_FAILED, "nothing was started");
    }
    if (realpath(path, absolute) == NULL || setenv("MEMALOT_CONFIG", absolute, 1) < 0) {
        return ml_print_fail(ML_EXIT_FAILED, "%s: %s", path, strerror(errno));
    }
    return ML_EXIT_DONE;
}

static int
set_python_path(const char *boot)
{
    char *value = NULL;
    const char *old = getenv("PYTHONPATH");
    bool some = old != NULL && old[0] != '\0';
    if (strchr(boot, ':') != NULL) {
        return ml_print_fail(ML_EXIT_FAILED,
                             "memalot is installed in a path with ':': %s", boot);
    }
    if (asprintf(&value, "%s%s%s", boot, some ? ":" : "", some ? old : "") < 0 ||
        setenv("PYTHONPATH", value, 1) < 0) {
        return ml_print_fail(ML_EXIT_FAILED, "out of memory");
    }
    free(value);
    return ML_EXIT_DONE;
}

static int
start(char **words)
{
    execvp(words[0], words);
    if (errno == ENOENT) {
        return ml_print_fail(ML_EXIT_FAILED, "cannot start '%s': no such program%s",
                             words[0], strchr(words[0], '/') == NULL ? " on PATH" : "");
    }
    return ml_print_fail(errno == EACCES ? ML_EXIT_REFUSED : ML_EXIT_FAILED,
                         "cannot start '%s': %s", words[0], strerror(errno));
}

static int
run(const struct ml_ctl_args *args)
{
    char boot[PATH_MAX];
    int code = boot_directory(args->self, boot);
    if (code == ML_EXIT_DONE && args->config != NULL) {
        code = set_config(args->config);
    }
    if (code == ML_EXIT_DONE) {
        code = set_python_path(boot);
    }
    if (code != ML_EXIT_DONE) {
        return code;
    }
    if (setenv("MEMALOT", "1", 1) < 0 || unsetenv("MEMALOT_FOLLOWED") < 0 ||
        setenv("MEMALOT_CTL", args->self, 1) < 0) {
        return ml_print_fail(ML_EXIT_FAILED, "out of memory");
    }
    unsetenv("MEMALOT_PYTHON"); /* was for us, from the command that pip installs */
    args->word[args->words] = NULL;
    return start(args->word);
}

static const struct ml_opt opts[] = {
    {"config", 'c', ML_OPT_TEXT, ML_CTL_OPT(config), "FILE", 0, 0,
     "YAML; checked first, nothing is started when it has a mistake"},
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_run = {
    .name = "run",
    .words_help = "[--] PROGRAM [ARGUMENT...]",
    .summary = "Start a program with the agent inside",
    .details =
        "PROGRAM is a Python or anything that starts one: python app.py, python -m "
        "pkg,\n"
        "gunicorn, celery, uv run, a script. So that all processes of it have agents,\n"
        "the variables stay in its environment; control.follow_execs: false takes them\n"
        "out (forked children get an agent by control.follow_forks):\n"
        "  MEMALOT=1             load the agent\n"
        "  MEMALOT_CONFIG=FILE   with -c\n"
        "  MEMALOT_CTL=...       this program, which writes the reports\n"
        "  MEMALOT_FOLLOWED=1    set by the first Python: those below it are silent\n"
        "  PYTHONPATH=...        with the agent's directory first\n"
        "A Python that ignores the environment (python -I, -E) gets no agent.",
    .opts = opts,
    .min_words = 1,
    .max_words = -1,
    .run = run,
};
