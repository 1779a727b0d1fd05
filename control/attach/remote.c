/* SPDX-License-Identifier: MIT
 *
 * Through the interpreter's own door (PEP 768): its main thread is asked to run a
 * script when it is next between two instructions. Nothing is stopped.
 *
 * A directory that the process can see holds three files:
 *
 *     script.py   what it runs
 *     claim       whoever removes it has the say: the script, before it does anything,
 *                 or we, when nobody has come by and we try another way
 *     said        what the script has to say when it is done: nothing, or what failed
 *
 * So a request that is taken back at the very moment it is taken is carried out either
 * wholly or not at all. What the agent then does is read from its door (outcome.h).
 */
#define _GNU_SOURCE
#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "inside.h"
#include "outcome.h"
#include "process.h"
#include "remote_door.h"

#define PATIENCE 2.0   /* seconds for the main thread to come by */
#define LAST_LOOK 0.05 /* for one that has just taken what we take back */

/* Nothing is imported: whoever holds an import lock may have been interrupted by this.
 * `sys` is always there already. The module is not entered in sys.modules, as with
 * `memalotctl run` (agent/boot/sitecustomize.py). */
static const char script_text[] =
    "import sys\n"
    "def attach(directory, library, order):\n"
    "    posix = sys.modules['posix']\n"
    "    try:\n"
    "        posix.unlink(directory + b'/claim')\n"
    "    except OSError:\n"
    "        return\n"
    "    said = b''\n"
    "    try:\n"
    "        path = library.decode(sys.getfilesystemencoding(), 'surrogateescape')\n"
    "        name, imp = 'memalot._agent', sys.modules['_imp']\n"
    "        loader = sys.modules['_frozen_importlib_external'].ExtensionFileLoader\n"
    "        spec = sys.modules['_frozen_importlib'].ModuleSpec\n"
    "        spec = spec(name, loader(name, path), origin=path)\n"
    "        module = imp.create_dynamic(spec)\n"
    "        imp.exec_dynamic(module)\n"
    "        if not module.attach(order.decode()):\n"
    "            said = b'another attach to it is under way'\n"
    "    except BaseException as error:\n"
    "        said = ('%s: %s' % (type(error).__name__, error)).encode('utf-8', "
    "'replace')\n"
    "    flags = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL\n"
    "    try:\n"
    "        fd = posix.open(directory + b'/saying', flags, 0o600)\n"
    "        posix.write(fd, said[:400])\n"
    "        posix.close(fd)\n"
    "        posix.rename(directory + b'/saying', directory + b'/said')\n"
    "    except OSError:\n" /* nobody waits for it any more */
    "        pass\n";

/* -- the files --------------------------------------------------------------------- */

/* A literal of any bytes. */
static void
print_bytes(FILE *f, const char *bytes)
{
    fputs("b'", f);
    for (; *bytes != '\0'; bytes++) {
        fprintf(f, "\\x%02x", (unsigned char)*bytes);
    }
    fputs("'", f);
}

static char *
make_script(const struct ml_inside_dir *dir, const struct ml_attach_order *order,
            const char *order_text, size_t *len)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, len);
    if (f == NULL) {
        return NULL;
    }
    fprintf(f, "%sattach(", script_text);
    print_bytes(f, dir->path);
    fputs(", ", f);
    print_bytes(f, order->library);
    fputs(", ", f);
    print_bytes(f, order_text);
    fputs(")\n", f);
    if (fclose(f) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static int
lay_out(const struct ml_attach_target *target, const struct ml_attach_order *order,
        const struct ml_inside_dir *dir, struct ml_error *err)
{
    static char order_text[ML_ATTACH_ORDER_MAX];
    size_t len = 0;
    int rc = ml_attach_order_text(order, order_text, err);
    if (rc < 0) {
        return rc;
    }
    char *script = make_script(dir, order, order_text, &len);
    if (script == NULL) {
        return ml_error_nomem(err);
    }
    rc = ml_inside_write(target, dir, "claim", 0600, "", 0, err);
    if (rc == ML_OK) {
        rc = ml_inside_write(target, dir, "script.py", 0600, script, len, err);
    }
    free(script);
    return rc;
}

static bool
is_there(const struct ml_inside_dir *dir, const char *name)
{
    return faccessat(dir->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
doze(double seconds)
{
    nanosleep(&(struct timespec){.tv_nsec = (long)(seconds * 1e9)}, NULL);
}

/* -- the request ------------------------------------------------------------------- */

/* Whether the script has begun. When not, it never will do anything any more. */
static bool
wait_for_claim(const struct ml_remote_door *door, const char *script,
               const struct ml_inside_dir *dir, double deadline)
{
    for (double pause = 0.0005; ml_clock_seconds() < deadline;
         pause = pause < 0.01 ? pause * 2 : pause) {
        if (!is_there(dir, "claim")) {
            return true;
        }
        doze(pause);
    }
    ml_remote_door_take_back(door, script);
    if (unlinkat(dir->fd, "claim", 0) < 0) {
        return true;
    }
    doze(LAST_LOOK); /* it may be opening the script just now: let it find one */
    return false;
}

static int
read_said(const struct ml_attach_target *target, const struct ml_inside_dir *dir,
          struct ml_error *err)
{
    char text[401] = "";
    int fd = openat(dir->fd, "said", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    if (n == 0) {
        return ML_OK;
    }
    text[n > 0 ? n : 0] = '\0';
    for (char *p = text; *p != '\0'; p++) {
        *p = (unsigned char)*p < 0x20 ? ' ' : *p;
    }
    return ml_error_set(err, ML_EIO,
                        "the agent could not be loaded into process %ld: %s",
                        (long)target->pid, text);
}

static int
wait_for_said(const struct ml_attach_target *target, const struct ml_inside_dir *dir,
              double deadline, struct ml_error *err)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/maps", (long)target->pid);
    while (!is_there(dir, "said")) {
        if (access(path, F_OK) < 0) {
            return ml_error_set(err, ML_ENOTFOUND, "process %ld has ended",
                                (long)target->pid);
        }
        if (ml_clock_seconds() >= deadline) {
            return ml_error_set(err, ML_ECANCELLED,
                                "process %ld began to load the agent, but has not "
                                "finished in time",
                                (long)target->pid);
        }
        doze(0.002);
    }
    return read_said(target, dir, err);
}

static int
request(const struct ml_attach_target *target, const struct ml_remote_door *door,
        const struct ml_inside_dir *dir, double deadline, struct ml_error *err)
{
    char script[PATH_MAX + 16];
    double patience = ml_clock_seconds() + PATIENCE;
    snprintf(script, sizeof(script), "%s/script.py", dir->path);
    if (ml_process_started(target->pid) != target->started) {
        return ml_error_set(err, ML_ENOTFOUND, "process %ld has ended",
                            (long)target->pid);
    }
    int rc = ml_remote_door_ask(door, script, err);
    if (rc < 0) {
        ml_remote_door_take_back(door, script);
        return rc;
    }
    if (!wait_for_claim(door, script, dir, patience < deadline ? patience : deadline)) {
        return ml_error_set(
            err, ML_EUNSUPPORTED,
            "the main thread of process %ld did not come by: it sleeps, "
            "or is in a long call",
            (long)target->pid);
    }
    return wait_for_said(target, dir, deadline, err);
}

int
ml_attach_remote(const struct ml_attach_target *target,
                 const struct ml_attach_order *order, struct ml_error *err)
{
    struct ml_remote_door door;
    struct ml_inside_dir dir;
    double deadline = ml_clock_seconds() + order->timeout;
    int rc = ml_remote_door_find(target, &door, err);
    if (rc == ML_OK) {
        rc = ml_inside_temp(target, &dir, err);
    }
    if (rc < 0) {
        return rc;
    }
    rc = lay_out(target, order, &dir, err);
    if (rc == ML_OK) {
        rc = request(target, &door, &dir, deadline, err);
    }
    if (rc == ML_OK) {
        rc = ml_attach_wait(target, order, deadline, err);
    }
    ml_inside_remove(&dir);
    return rc;
}
