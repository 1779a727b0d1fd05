/* SPDX-License-Identifier: MIT
 *
 * The package beside our executable: its directory, its agents, its Python modules.
 */
#define _GNU_SOURCE
#include "installed.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "print.h"

#define WORDS_MAX 64

static bool
is_package(const char *path)
{
    char boot[PATH_MAX];
    struct stat st;
    return snprintf(boot, sizeof(boot), "%s/boot", path) < (int)sizeof(boot) &&
           stat(boot, &st) == 0 && S_ISDIR(st.st_mode);
}

int
ml_installed_package(const char *self, char out[PATH_MAX])
{
    static const char *const places[] = {"../lib/memalot", "..", NULL};
    const char *slash = strrchr(self, '/');
    int dir = slash != NULL ? (int)(slash - self) : 0;
    for (int i = 0; places[i] != NULL; i++) {
        char path[PATH_MAX];
        int n = snprintf(path, sizeof(path), "%.*s/%s", dir, self, places[i]);
        if (n < (int)sizeof(path) && realpath(path, out) != NULL && is_package(out)) {
            return ML_EXIT_DONE;
        }
    }
    return ml_print_fail(ML_EXIT_FAILED,
                         "the agent is not installed: there is no %.*s/%s", dir, self,
                         places[0]);
}

bool
ml_installed_agent(const char *package, int major, int minor, char out[PATH_MAX])
{
    char pattern[PATH_MAX];
    glob_t found;
    int n = snprintf(pattern, sizeof(pattern), "%s/_agent.cpython-%d%d-*.so", package,
                     major, minor);
    if (n >= (int)sizeof(pattern) || glob(pattern, 0, NULL, &found) != 0) {
        return false;
    }
    n = snprintf(out, PATH_MAX, "%s", found.gl_pathv[0]);
    globfree(&found);
    return n < PATH_MAX;
}

void
ml_installed_versions(const char *package, char *out, size_t cap)
{
    char pattern[PATH_MAX];
    glob_t found = {0};
    size_t used = 0;
    snprintf(out, cap, "none");
    int n = snprintf(pattern, sizeof(pattern), "%s/_agent.cpython-3*.so", package);
    if (n < (int)sizeof(pattern) && glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc && used < cap; i++) {
            const char *minor = strrchr(found.gl_pathv[i], '/') +
                                sizeof("/_agent.cpython-3") - 1;
            used += (size_t)snprintf(out + used, cap - used, "%s3.%d", i > 0 ? ", " : "",
                                     atoi(minor));
        }
    }
    globfree(&found);
}

static int
make_importable(const char *package)
{
    char *value = NULL;
    const char *slash = strrchr(package, '/');
    const char *old = getenv("PYTHONPATH");
    bool some = old != NULL && old[0] != '\0';
    if (asprintf(&value, "%.*s%s%s", (int)(slash - package), package, some ? ":" : "",
                 some ? old : "") < 0) {
        return -1;
    }
    int rc = setenv("PYTHONPATH", value, 1);
    free(value);
    return rc;
}

int
ml_installed_become(const char *self, const char *module, char *const *words)
{
    char package[PATH_MAX];
    char *line[WORDS_MAX + 4];
    int n = 0;
    int code = ml_installed_package(self, package);
    if (code != ML_EXIT_DONE) {
        return code;
    }
    const char *python = getenv("MEMALOT_PYTHON");
    python = python != NULL && python[0] != '\0' ? python : "python3";
    line[n++] = (char *)python;
    line[n++] = (char *)"-m";
    line[n++] = (char *)module;
    for (int i = 0; words != NULL && words[i] != NULL; i++) {
        if (n > WORDS_MAX) {
            return ml_print_fail(ML_EXIT_USAGE, "too many words on the command line");
        }
        line[n++] = words[i];
    }
    line[n] = NULL;
    /* -m puts the present directory before everything else: what is called json.py
     * there is not json. Python 3.11 is the first to obey. And who looks for leaks needs
     * no agent, whatever MEMALOT says to programs. */
    if (make_importable(package) < 0 || setenv("MEMALOT_CTL", self, 1) < 0 ||
        setenv("PYTHONSAFEPATH", "1", 1) < 0 || setenv("MEMALOT", "0", 1) < 0) {
        return ml_print_fail(ML_EXIT_FAILED, "out of memory");
    }
    execvp(python, line);
    return ml_print_fail(ML_EXIT_FAILED, "cannot start %s: %s", python, strerror(errno));
}
