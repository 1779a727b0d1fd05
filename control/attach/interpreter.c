/* SPDX-License-Identifier: MIT
 *
 * Finding CPython: the program itself where it defines CPython's functions, else the
 * mapped file that does and has "python" in its name (libpython3.11.so.1.0).
 *
 * Its version: Py_Version says it from 3.11 on. 3.10 is told from what came before by a
 * function that came with it; the patch number stands in the text that Py_GetVersion
 * makes, which the linker may have made the end of another text. Names say nothing
 * sure: "python3" is anything, and a file is called as its owner likes.
 */
#define _GNU_SOURCE
#include "interpreter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc_maps.h"
#include "process.h"

struct search {
    pid_t pid;
    char last[PATH_MAX]; /* the mapping before belonged to this file */
    struct ml_interpreter *out;
};

/* -- version ----------------------------------------------------------------------- */

static bool
from_symbol(struct ml_elf *elf, struct ml_interpreter *out)
{
    struct ml_elf_range at;
    unsigned long version;
    if (!ml_elf_symbol(elf, "Py_Version", &at)) {
        return false;
    }
    const char *raw = ml_elf_at(elf, at.address, sizeof(version));
    if (raw == NULL) {
        return false;
    }
    memcpy(&version, raw, sizeof(version));
    out->major = (int)(version >> 24 & 0xFF);
    out->minor = (int)(version >> 16 & 0xFF);
    out->micro = (int)(version >> 8 & 0xFF);
    return true;
}

/* The patch number of 3.10: the text "3.10.N", wherever one ends so. */
static int
find_micro(struct ml_elf *elf)
{
    static const char start[] = "3.10.";
    struct ml_elf_range texts;
    const char *text = ml_elf_section(elf, ".rodata", &texts)
                           ? ml_elf_at(elf, texts.address, texts.size)
                           : NULL;
    const char *end = text != NULL ? text + texts.size : NULL;
    while (text != NULL && (text = memmem(text, (size_t)(end - text), start,
                                          sizeof(start) - 1)) != NULL) {
        int micro = 0;
        const char *digit = text += sizeof(start) - 1;
        while (digit < end && *digit >= '0' && *digit <= '9' && digit - text < 3) {
            micro = micro * 10 + *digit++ - '0';
        }
        if (digit > text && digit < end && (*digit == '\0' || *digit == '+')) {
            return micro;
        }
    }
    return 0;
}

static void
find_version(struct ml_elf *elf, struct ml_interpreter *out)
{
    struct ml_elf_range at;
    if (from_symbol(elf, out)) {
        return;
    }
    bool is_3_10 = ml_elf_symbol(elf, "PyModule_AddObjectRef", &at);
    out->major = 3;
    out->minor = is_3_10 ? 10 : -1;
    out->micro = is_3_10 ? find_micro(elf) : 0;
}

/* -- the file ---------------------------------------------------------------------- */

static bool
holds_python(struct ml_elf *elf)
{
    struct ml_elf_range at;
    return ml_elf_symbol(elf, "Py_GetVersion", &at) ||
           ml_elf_section(elf, ".PyRuntime", &at);
}

static void
take_python(struct ml_elf *elf, const struct ml_proc_map *map,
            struct ml_interpreter *out)
{
    struct ml_elf_range at;
    if (!ml_elf_bias(elf, map->start, map->offset, &out->bias)) {
        return;
    }
    strcpy(out->path, map->path);
    find_version(elf, out);
    /* What is exported is found by its name; the section is there without names too. */
    if (ml_elf_symbol(elf, "_PyRuntime", &at) ||
        ml_elf_section(elf, ".PyRuntime", &at)) {
        out->runtime = out->bias + at.address;
    }
    out->exports = ml_elf_exports(elf, "PyGILState_Ensure");
    out->free_threaded = ml_elf_symbol(elf, "_Py_MergeZeroLocalRefcount", &at);
}

static struct ml_elf *
open_file(const struct search *s, const struct ml_proc_map *map, int *fd)
{
    struct ml_elf *elf = NULL;
    *fd = ml_proc_maps_open(s->pid, map);
    if (*fd >= 0 && ml_elf_open_fd(*fd, map->path, &elf, NULL) < 0) {
        close(*fd);
        *fd = -1;
    }
    return elf;
}

static void
look_into(struct search *s, const struct ml_proc_map *map)
{
    int fd;
    struct ml_elf *elf = open_file(s, map, &fd);
    if (elf == NULL) {
        snprintf(s->out->replaced, PATH_MAX, "%s", map->path);
        return;
    }
    if (holds_python(elf)) {
        take_python(elf, map, s->out);
    }
    ml_elf_close(elf);
    close(fd);
}

static bool
is_agent(const char *name)
{
    return strncmp(name, "_agent.cpython-", 15) == 0;
}

/* Libraries, by their first mapping. Goes on when one holds it already: is an agent
 * there too? */
static bool
see(const struct ml_proc_map *map, void *ctx)
{
    struct search *s = ctx;
    const char *name = strrchr(map->path, '/') + 1;
    if (strcmp(map->path, s->last) == 0) {
        return false;
    }
    strcpy(s->last, map->path);
    s->out->agent = s->out->agent || is_agent(name);
    s->out->pypy = s->out->pypy || strncmp(name, "libpypy", 7) == 0 ||
                   strncmp(name, "pypy", 4) == 0;
    bool program = strcmp(map->path, s->out->program) == 0;
    if (s->out->path[0] == '\0' && (program || strstr(name, "python") != NULL) &&
        strncmp(name, "libpython3.so", 13) != 0) {
        look_into(s, map);
    }
    return false;
}

static int
take_program(pid_t pid, struct ml_interpreter *out, struct ml_error *err)
{
    char path[64];
    struct ml_elf *elf;
    ml_process_program(pid, out->program);
    snprintf(path, sizeof(path), "/proc/%ld/exe", (long)pid);
    int rc = ml_elf_open(path, &elf, err);
    if (rc < 0) {
        return rc;
    }
    out->bits = ml_elf_bits(elf);
    out->machine = ml_elf_machine(elf);
    ml_elf_loader(elf, out->loader, sizeof(out->loader));
    ml_elf_close(elf);
    return ML_OK;
}

int
ml_interpreter_find(pid_t pid, struct ml_interpreter *out, struct ml_error *err)
{
    memset(out, 0, sizeof(*out));
    struct search *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return ml_error_nomem(err);
    }
    *s = (struct search){.pid = pid, .out = out};
    int rc = take_program(pid, out, err);
    if (rc == ML_OK) {
        rc = ml_proc_maps_find(pid, see, s, err);
    }
    free(s);
    return rc < 0 ? rc : ML_OK;
}
