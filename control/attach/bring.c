/* SPDX-License-Identifier: MIT
 *
 * See bring.h.
 */
#define _GNU_SOURCE
#include "bring.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle.h"
#include "depot.h"
#include "elf_file.h"
#include "proc_maps.h"
#include "process.h"

/* -- what it can reach ------------------------------------------------------------- */

/* Opened with the rights that its user has on files. */
static int
open_as_its_user(const struct ml_attach_target *target, const char *path)
{
    struct ml_process p;
    bool other = geteuid() == 0 && target->uid != 0 &&
                 ml_process_read(target->pid, &p, NULL) == ML_OK;
    if (other) {
        setfsgid(p.gid[1]);
        setfsuid(target->uid);
    }
    int fd = ml_inside_open(target, path, O_RDONLY);
    if (other) {
        setfsuid(geteuid());
        setfsgid(getegid());
    }
    return fd;
}

/* It sees the same file under that name, and may read it. */
static bool
is_reachable(const struct ml_attach_target *target, const char *path)
{
    struct stat ours, its;
    if (path[0] == '\0') {
        return true;
    }
    int fd = open_as_its_user(target, path);
    bool same = fd >= 0 && fstat(fd, &its) == 0 && stat(path, &ours) == 0 &&
                ours.st_dev == its.st_dev && ours.st_ino == its.st_ino;
    if (fd >= 0) {
        close(fd);
    }
    return same;
}

/* -- its C library ----------------------------------------------------------------- */

static bool
is_libc(const struct ml_proc_map *map, void *ctx)
{
    *(struct ml_proc_map *)ctx = *map;
    return strcmp(strrchr(map->path, '/'), "/libc.so.6") == 0 ||
           strncmp(strrchr(map->path, '/'), "/libc-2.", 8) == 0;
}

static int
open_libc(const struct ml_attach_target *target, struct ml_elf **out, int *fd)
{
    static struct ml_proc_map map;
    *fd = ml_proc_maps_find(target->pid, is_libc, &map, NULL) == 1
              ? ml_proc_maps_open(target->pid, &map)
              : -1;
    return *fd >= 0 ? ml_elf_open_fd(*fd, map.path, out, NULL) : ML_ENOTFOUND;
}

/* Where it cannot be told, the process's own dynamic linker will. */
static int
check_libc(const struct ml_attach_target *target, const char *library,
           struct ml_error *err)
{
    int fd = -1, rc = ML_OK;
    struct ml_elf *libc = NULL, *agent = NULL;
    if (open_libc(target, &libc, &fd) == ML_OK &&
        ml_elf_open(library, &agent, NULL) == ML_OK) {
        const char *missing = ml_elf_lacks(agent, "libc.so.6", libc);
        if (missing != NULL) {
            rc = ml_error_set(err, ML_EUNSUPPORTED,
                              "the C library of process %ld is too old for this agent: "
                              "it has no %s; build memalot on a system as old as that "
                              "one",
                              (long)target->pid, missing);
        }
    }
    ml_elf_close(agent);
    ml_elf_close(libc);
    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

/* -- the agent's library ----------------------------------------------------------- */

struct wanted {
    const struct ml_depot *depot;
    struct ml_elf *agent;
    const char *name; /* being looked for */
};

static bool
is_the_one(const char *library, void *ctx)
{
    return strcmp(library, ((const struct wanted *)ctx)->name) == 0;
}

/* libc and its parts are the process's own. */
static bool
is_of_libc(const char *name)
{
    static const char *const parts[] = {"libc.so.",  "libm.so.",  "libpthread.so.",
                                        "libdl.so.", "librt.so.", "ld-linux"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strncmp(name, parts[i], strlen(parts[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* What the agent needs this program needs too (libyaml), so it has it loaded. */
static int
put_if_needed(const char *name, const char *path, void *ctx, struct ml_error *err)
{
    struct wanted *w = ctx;
    w->name = name;
    if (is_of_libc(name) || !ml_elf_needs(w->agent, is_the_one, w)) {
        return ML_OK;
    }
    return ml_depot_put_file(w->depot, name, path, 0500, err);
}

static int
put_agent(const struct ml_depot *depot, char path[PATH_MAX], struct ml_error *err)
{
    struct wanted w = {.depot = depot};
    const char *name = strrchr(path, '/') + 1;
    int rc = ml_elf_open(path, &w.agent, err);
    if (rc == ML_OK) {
        rc = ml_bundle_libraries(put_if_needed, &w, err);
    }
    if (rc == ML_OK) {
        rc = ml_depot_put_file(depot, name, path, 0500, err);
    }
    ml_elf_close(w.agent);
    if (rc == ML_OK) {
        char inner[PATH_MAX];
        snprintf(inner, sizeof(inner), "%.3800s/%.200s", depot->dir.path, name);
        strcpy(path, inner);
    }
    return rc;
}

/* -- all of it --------------------------------------------------------------------- */

static int
put_config(const struct ml_depot *depot, char path[PATH_MAX], struct ml_error *err)
{
    char name[64];
    snprintf(name, sizeof(name), "config-%ld.yaml", (long)depot->target->inner_pid);
    int rc = ml_depot_put_file(depot, name, path, 0600, err);
    if (rc == ML_OK) {
        snprintf(path, PATH_MAX, "%.3800s/%s", depot->dir.path, name);
    }
    return rc;
}

static int
put_writer(const struct ml_depot *depot, char path[PATH_MAX], struct ml_error *err)
{
    struct ml_depot bundle;
    int rc = ml_depot_open_in(depot, "memalotctl", &bundle, err);
    if (rc == ML_OK) {
        rc = ml_bundle_put(&bundle, path, err);
    }
    if (rc == ML_OK) {
        snprintf(path, PATH_MAX, "%.3800s/", bundle.dir.path);
    }
    ml_depot_close(&bundle);
    return rc;
}

int
ml_attach_bring(const struct ml_attach_target *target, struct ml_attach_order *order,
                struct ml_error *err)
{
    struct ml_depot depot;
    bool library = is_reachable(target, order->library);
    bool config = is_reachable(target, order->config);
    bool writer = is_reachable(target, order->writer);
    int rc = target->root[0] != '\0' ? check_libc(target, order->library, err) : ML_OK;
    if (rc < 0 || (library && config && writer)) {
        return rc;
    }
    rc = ml_depot_open(target, &depot, err);
    if (rc == ML_OK && !library) {
        rc = put_agent(&depot, order->library, err);
    }
    if (rc == ML_OK && !config) {
        rc = put_config(&depot, order->config, err);
    }
    if (rc == ML_OK && !writer) {
        rc = put_writer(&depot, order->writer, err);
    }
    ml_depot_close(&depot);
    return rc;
}
