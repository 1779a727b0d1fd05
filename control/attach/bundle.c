/* SPDX-License-Identifier: MIT
 *
 * See bundle.h. What is loaded says the dynamic linker itself, by the names it was
 * asked for: that is what it will be asked for there. Graphviz loads its plugins only
 * when it draws, by a list in its configuration file: of these the two that SVG needs
 * go along, and the rest (pango with its thirty libraries, fonts) stays; texts are
 * estimated then.
 */
#define _GNU_SOURCE
#include "bundle.h"

#include <errno.h>
#include <glob.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf_file.h"

#define PROGRAM_MODE 0500
#define LIBRARY_MODE 0500 /* ld.so is started, and so that all are alike */
#define TEXT_MODE 0400

struct visit {
    int (*see)(const char *name, const char *path, void *ctx, struct ml_error *err);
    void *ctx;
    struct ml_error *err;
    int rc;
};

/* The program itself has no name, the kernel's vdso no path. */
static int
see_one(struct dl_phdr_info *info, size_t size, void *ctx)
{
    struct visit *v = ctx;
    const char *slash = strrchr(info->dlpi_name, '/');
    if (slash != NULL) {
        v->rc = v->see(slash + 1, info->dlpi_name, v->ctx, v->err);
    }
    return v->rc < 0;
}

int
ml_bundle_libraries(int (*see)(const char *name, const char *path, void *ctx,
                               struct ml_error *err),
                    void *ctx, struct ml_error *err)
{
    struct visit v = {see, ctx, err, ML_OK};
    dl_iterate_phdr(see_one, &v);
    return v.rc;
}

/* -- libraries --------------------------------------------------------------------- */

struct putting {
    const struct ml_depot *depot;
    char loader[PATH_MAX];  /* our PT_INTERP, which is loaded under that name */
    char plugins[PATH_MAX]; /* the directory of Graphviz's, "" */
};

static void
note_plugins(struct putting *p, const char *path)
{
    char real[PATH_MAX];
    if (realpath(path, real) != NULL) {
        int dir = (int)(strrchr(real, '/') - real);
        int n = snprintf(p->plugins, sizeof(p->plugins), "%.*s/graphviz", dir, real);
        if (n >= (int)sizeof(p->plugins)) {
            p->plugins[0] = '\0';
        }
    }
}

static int
put_library(const char *name, const char *path, void *ctx, struct ml_error *err)
{
    struct putting *p = ctx;
    if (strncmp(name, "libgvc.so", 9) == 0) {
        note_plugins(p, path);
    }
    return ml_depot_put_file(p->depot, strcmp(path, p->loader) == 0 ? "ld.so" : name,
                             path, LIBRARY_MODE, err);
}

/* -- Graphviz's plugins ------------------------------------------------------------ */

static bool
is_wanted(const char *line)
{
    return strncmp(line, "libgvplugin_core.so", 19) == 0 ||
           strncmp(line, "libgvplugin_dot_layout.so", 25) == 0;
}

static int
put_plugin(const struct putting *p, const char *line, struct ml_error *err)
{
    char name[128], path[PATH_MAX];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, " "), line);
    int n = snprintf(path, sizeof(path), "%s/%s", p->plugins, name);
    return n < (int)sizeof(path)
               ? ml_depot_put_file(p->depot, name, path, LIBRARY_MODE, err)
               : ml_error_set(err, ML_ELIMIT, "path too long");
}

/* Of the list, in blocks "library package {" to "}", the wanted ones. */
static int
choose(const struct putting *p, FILE *from, FILE *to, struct ml_error *err)
{
    char *line = NULL;
    size_t cap = 0;
    bool wanted = false;
    int rc = ML_OK;
    while (rc == ML_OK && getline(&line, &cap, from) > 0) {
        bool begins = strncmp(line, "libgvplugin_", 12) == 0;
        if (begins && (wanted = is_wanted(line))) {
            rc = put_plugin(p, line, err);
        }
        if (wanted) {
            fputs(line, to);
        }
        wanted = wanted && line[0] != '}';
    }
    free(line);
    return rc;
}

static int
put_list(const struct putting *p, const char *path, struct ml_error *err)
{
    char *text = NULL;
    size_t len = 0;
    FILE *from = fopen(path, "re"), *to = open_memstream(&text, &len);
    int rc =
        from != NULL && to != NULL
            ? choose(p, from, to, err)
            : ml_error_set(err, ML_EIO, "cannot read %s: %s", path, strerror(errno));
    if (from != NULL) {
        fclose(from);
    }
    if (to != NULL && fclose(to) != 0 && rc == ML_OK) {
        rc = ml_error_nomem(err);
    }
    if (rc == ML_OK) {
        rc = ml_depot_put(p->depot, strrchr(path, '/') + 1, TEXT_MODE, text, len, err);
    }
    free(text);
    return rc;
}

/* Where there are none they are linked in, or nothing is drawn here either. */
static int
put_plugins(const struct putting *p, struct ml_error *err)
{
    char pattern[PATH_MAX + 16];
    glob_t found;
    int rc = ML_OK;
    snprintf(pattern, sizeof(pattern), "%s/config[0-9]*", p->plugins);
    if (p->plugins[0] == '\0' || glob(pattern, 0, NULL, &found) != 0) {
        return ML_OK;
    }
    for (size_t i = 0; i < found.gl_pathc && rc == ML_OK; i++) {
        rc = put_list(p, found.gl_pathv[i], err);
    }
    globfree(&found);
    return rc;
}

/* -- all of it --------------------------------------------------------------------- */

int
ml_bundle_put(const struct ml_depot *depot, const char *program, struct ml_error *err)
{
    struct putting *p = calloc(1, sizeof(*p));
    struct ml_elf *self = NULL;
    if (p == NULL) {
        return ml_error_nomem(err);
    }
    p->depot = depot;
    int rc = ml_elf_open(program, &self, err);
    if (rc == ML_OK && !ml_elf_loader(self, p->loader, sizeof(p->loader))) {
        rc = ml_error_set(err, ML_EUNSUPPORTED, "%s has no dynamic linker", program);
    }
    ml_elf_close(self);
    if (rc == ML_OK) {
        rc = ml_bundle_libraries(put_library, p, err);
    }
    if (rc == ML_OK) {
        rc = put_plugins(p, err);
    }
    if (rc == ML_OK) {
        rc = ml_depot_put_file(depot, "memalotctl", program, PROGRAM_MODE, err);
    }
    free(p);
    return rc;
}
