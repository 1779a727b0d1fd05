/* SPDX-License-Identifier: MIT
 *
 * See inject_image.h. Modules are libdwfl's; for each one we keep what kind it is, found
 * from its name and the symbols it exports.
 */
#define _GNU_SOURCE
#include "inject_image.h"

#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "proc_maps.h"

#define FRAMES_MAX 100000
#define RANGES_MAX 128

struct range {
    uint64_t start, end;
};

struct ranges {
    size_t count;
    struct range item[RANGES_MAX];
};

struct ml_image {
    struct ml_attach_target target;
    Dwfl *dwfl;
    struct ml_image_calls calls;
    struct ranges system; /* whole modules */
    struct ranges waits;  /* functions in them that may_wait */
    struct ranges exits;
    struct ranges python;
    bool own_malloc; /* the executable or libpython itself offers malloc */
};

/* -- where things lie -------------------------------------------------------------- */

static void
add(struct ranges *ranges, uint64_t start, uint64_t size)
{
    if (ranges->count < RANGES_MAX && size > 0) {
        ranges->item[ranges->count++] = (struct range){start, start + size};
    }
}

static bool
within(const struct ranges *ranges, uint64_t address)
{
    for (size_t i = 0; i < ranges->count; i++) {
        if (address >= ranges->item[i].start && address < ranges->item[i].end) {
            return true;
        }
    }
    return false;
}

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool
starts(const char *text, const char *const *with)
{
    for (; *with != NULL; with++) {
        if (strncmp(text, *with, strlen(*with)) == 0) {
            return true;
        }
    }
    return false;
}

static bool
among(const char *text, const char *const *words)
{
    for (; *words != NULL && strcmp(text, *words) != 0; words++) {
    }
    return *words != NULL;
}

/* libc as it is cut into files since glibc 2.34 and before. */
static bool
is_libc(const char *name)
{
    static const char *const libc[] = {"libc.so",   "libc-2",   "libpthread.so", "libpthread-2",
                                       "libdl.so",  "libdl-2",  "librt.so",      "librt-2",
                                       "ld-linux-", "ld-2",     NULL};
    return starts(name, libc);
}

/* -- symbols ----------------------------------------------------------------------- */

/* Functions of libc's that hold nothing while the kernel has the thread waiting, so that
 * another function of libc's may be called meanwhile. Not here: write and send, which
 * would return early with a part written. */
static const char *const waits[] = {
    "accept", "accept4", "clock_nanosleep", "epoll_pwait", "epoll_pwait2", "epoll_wait",
    "fcntl", "fcntl64", "flock", "nanosleep", "pause", "poll", "ppoll", "pread", "pread64",
    "__poll_chk", "__ppoll_chk", "__read_chk", "__recv_chk", "__recvfrom_chk",
    "pselect", "pthread_clockjoin_np", "pthread_cond_clockwait", "pthread_cond_timedwait",
    "pthread_cond_wait", "pthread_join", "pthread_mutex_lock", "pthread_mutex_timedlock",
    "pthread_rwlock_rdlock", "pthread_rwlock_wrlock", "pthread_timedjoin_np", "read",
    "readv", "recv", "recvfrom", "recvmsg", "select", "sem_clockwait", "sem_timedwait",
    "sem_wait", "sigsuspend", "sleep", "syscall", "usleep", "wait", "wait3", "wait4",
    "waitid", "waitpid", NULL,
};
static const char *const exits[] = {"exit", "quick_exit", NULL};

static void
take_call(struct ml_image_calls *calls, const char *name, uint64_t address)
{
    const struct {
        const char *name;
        uint64_t *to;
    } wanted[] = {
        {"pthread_attr_init", &calls->attr_init},
        {"pthread_attr_setstacksize", &calls->attr_setstacksize},
        {"pthread_attr_setdetachstate", &calls->attr_setdetachstate},
        {"pthread_create", &calls->thread_create},
        {"dlopen", &calls->open},
        {"dlsym", &calls->symbol},
        {"dlerror", &calls->error},
        {"poll", &calls->poll},
        {"munmap", &calls->unmap},
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (strcmp(name, wanted[i].name) == 0) {
            *wanted[i].to = address;
        }
    }
}

static bool
is_exported(const GElf_Sym *symbol, GElf_Word section)
{
    int bind = GELF_ST_BIND(symbol->st_info), type = GELF_ST_TYPE(symbol->st_info);
    int visibility = GELF_ST_VISIBILITY(symbol->st_other);
    return section != SHN_UNDEF && (bind == STB_GLOBAL || bind == STB_WEAK)
           && (type == STT_FUNC || type == STT_GNU_IFUNC)
           && (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

static void
take_libc_symbol(struct ml_image *image, const char *name, uint64_t address,
                 uint64_t size)
{
    take_call(&image->calls, name, address);
    if (among(name, waits)) {
        add(&image->waits, address, size);
    }
    else if (among(name, exits)) {
        add(&image->exits, address, size);
    }
}

/* Reads the symbols of a module. True when it offers malloc. */
static bool
take_symbols(struct ml_image *image, Dwfl_Module *module, bool libc)
{
    bool has_malloc = false;
    int count = dwfl_module_getsymtab(module);
    for (int i = 1; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        GElf_Word section;
        const char *name = dwfl_module_getsym_info(module, i, &symbol, &address, &section,
                                                   NULL, NULL);
        if (name == NULL || !is_exported(&symbol, section)) {
            continue;
        }
        has_malloc = has_malloc || strcmp(name, "malloc") == 0;
        if (libc) {
            take_libc_symbol(image, name, address, symbol.st_size);
        }
    }
    return has_malloc;
}

/* -- code -------------------------------------------------------------------------- */

static const unsigned char SYSCALL_RET[] = {0x0f, 0x05, 0xc3};
static const unsigned char SIGRETURN[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00,
                                          0x00, 0x00, 0x0f, 0x05};

static void
find_code(const unsigned char *code, size_t len, uint64_t at, const void *what,
          size_t size, uint64_t *out)
{
    const unsigned char *found = *out == 0 ? memmem(code, len, what, size) : NULL;
    if (found != NULL) {
        *out = at + (uint64_t)(found - code);
    }
}

static void
find_code_in(struct ml_image *image, uint64_t start, uint64_t len)
{
    unsigned char *code = malloc(len);
    if (code != NULL && ml_memory_read(image->target.pid, start, code, len)) {
        find_code(code, len, start, SYSCALL_RET, sizeof(SYSCALL_RET),
                  &image->calls.syscall_ret);
        find_code(code, len, start, SIGRETURN, sizeof(SIGRETURN), &image->calls.sigreturn);
    }
    free(code);
}

/* The executable segments of a module. */
static void
read_code(struct ml_image *image, Dwfl_Module *module)
{
    GElf_Addr bias;
    GElf_Phdr segment;
    size_t count = 0;
    Elf *elf = dwfl_module_getelf(module, &bias);
    if (elf == NULL || elf_getphdrnum(elf, &count) != 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (gelf_getphdr(elf, (int)i, &segment) != NULL && segment.p_type == PT_LOAD
            && (segment.p_flags & PF_X)) {
            find_code_in(image, segment.p_vaddr + bias, segment.p_filesz);
        }
    }
}

/* -- modules ----------------------------------------------------------------------- */

static int
no_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
             const char *file, const char *link, GElf_Word crc, char **found)
{
    return -1;
}

struct lookup {
    pid_t pid;
    uint64_t start;
    int fd;
};

static bool
open_mapped(const struct ml_proc_map *map, void *context)
{
    struct lookup *lookup = context;
    if (map->start != lookup->start) {
        return false;
    }
    lookup->fd = ml_proc_maps_open(lookup->pid, map);
    return true;
}

/* The file as it was mapped; where that is out of reach, what is left of it in the
 * program's memory. */
static int
find_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr start,
         char **file, Elf **elf)
{
    const struct ml_image *image = *data; /* take_module's */
    struct lookup lookup = {image != NULL ? image->target.pid : 0, start, -1};
    if (image != NULL && name[0] == '/') {
        ml_proc_maps_find(lookup.pid, open_mapped, &lookup, NULL);
    }
    if (lookup.fd < 0) {
        return dwfl_linux_proc_find_elf(module, data, name, start, file, elf);
    }
    *file = strdup(name);
    return lookup.fd;
}

static int
take_module(Dwfl_Module *module, void **data, const char *path, Dwarf_Addr start,
            void *context)
{
    struct ml_image *image = context;
    Dwarf_Addr end;
    const char *name = base_name(path);
    *data = image;
    dwfl_module_info(module, NULL, NULL, &end, NULL, NULL, NULL, NULL);
    bool libc = is_libc(name);
    if (path[0] != '/') {
        return DWARF_CB_OK; /* [vdso] */
    }
    bool python = strcmp(path, image->target.python) == 0;
    bool has_malloc = take_symbols(image, module, libc);
    if (has_malloc || libc) {
        add(&image->system, start, end - start);
    }
    image->own_malloc = image->own_malloc || (python && has_malloc);
    if (libc) {
        read_code(image, module);
    }
    if (python || strncmp(name, "select.", 7) == 0) {
        add(&image->python, start, end - start);
    }
    return DWARF_CB_OK;
}

static int
take_modules(struct ml_image *image, struct ml_error *err)
{
    int rc = dwfl_linux_proc_report(image->dwfl, image->target.pid);
    if (rc == 0) {
        rc = dwfl_report_end(image->dwfl, NULL, NULL);
    }
    if (rc != 0) {
        return ml_error_set(err, ML_ENOTFOUND, "cannot read what process %d has loaded "
                            "(has it ended?): %s", (int)image->target.pid,
                            rc > 0 ? strerror(rc) : dwfl_errmsg(-1));
    }
    memset(&image->calls, 0, sizeof(image->calls));
    image->system.count = image->waits.count = 0;
    image->exits.count = image->python.count = 0;
    dwfl_getmodules(image->dwfl, take_module, image, 0);
    return ML_OK;
}

static int
check_calls(const struct ml_image *image, struct ml_error *err)
{
    const struct ml_image_calls *c = &image->calls;
    if (image->own_malloc) {
        return ml_error_set(err, ML_EUNSUPPORTED,
                            "the Python of process %d has a malloc of its own inside: its "
                            "threads are never seen outside of it",
                            (int)image->target.pid);
    }
    if (c->thread_create != 0 && c->attr_init != 0 && c->attr_setstacksize != 0
        && c->attr_setdetachstate != 0 && c->open != 0 && c->symbol != 0 && c->error != 0
        && c->poll != 0 && c->unmap != 0 && c->syscall_ret != 0 && c->sigreturn != 0) {
        return ML_OK;
    }
    return ml_error_set(err, ML_EUNSUPPORTED,
                        "process %d has no glibc that could load a library "
                        "(statically linked, or another libc)",
                        (int)image->target.pid);
}

int
ml_image_open(const struct ml_attach_target *target, struct ml_image **out,
              struct ml_error *err)
{
    static const Dwfl_Callbacks callbacks = {
        .find_elf = find_elf,
        .find_debuginfo = no_debuginfo,
    };
    struct ml_image *image = calloc(1, sizeof(*image));
    *out = NULL;
    if (image == NULL || (image->dwfl = dwfl_begin(&callbacks)) == NULL) {
        free(image);
        return ml_error_nomem(err);
    }
    image->target = *target;
    int rc = take_modules(image, err);
    rc = rc == ML_OK ? check_calls(image, err) : rc;
    if (rc == ML_OK && dwfl_linux_proc_attach(image->dwfl, target->pid, true) != 0) {
        rc = ml_error_set(err, ML_EIO, "cannot read the stacks of process %d: %s",
                          (int)target->pid, dwfl_errmsg(-1));
    }
    if (rc < 0) {
        ml_image_close(image);
        return rc;
    }
    *out = image;
    return ML_OK;
}

int
ml_image_refresh(struct ml_image *image, struct ml_error *err)
{
    dwfl_report_begin(image->dwfl);
    int rc = take_modules(image, err);
    return rc == ML_OK ? check_calls(image, err) : rc;
}

void
ml_image_close(struct ml_image *image)
{
    if (image != NULL) {
        dwfl_end(image->dwfl);
        free(image);
    }
}

const struct ml_image_calls *
ml_image_calls(const struct ml_image *image)
{
    return &image->calls;
}

/* -- stacks ------------------------------------------------------------------------ */

struct walk {
    struct ml_image *image;
    bool (*see)(const struct ml_image_frame *frame, void *ctx);
    void *ctx;
    size_t frames;
};

static int
take_frame(Dwfl_Frame *state, void *context)
{
    struct walk *walk = context;
    struct ml_image *image = walk->image;
    Dwarf_Addr pc;
    bool activation = false;
    if (!dwfl_frame_pc(state, &pc, &activation) || walk->frames > FRAMES_MAX) {
        return DWARF_CB_ABORT;
    }
    /* A return address may be the first of the next function. */
    Dwarf_Addr at = activation ? pc : pc - 1;
    struct ml_image_frame frame = {
        .kind = dwfl_addrmodule(image->dwfl, at) == NULL ? ML_IMAGE_UNKNOWN
                : within(&image->system, at)             ? ML_IMAGE_SYSTEM
                                                         : ML_IMAGE_PROGRAM,
        .may_wait = within(&image->waits, at),
        .exiting = within(&image->exits, at),
        .is_python = within(&image->python, at),
        .interrupted = activation && walk->frames > 0,
    };
    walk->frames++;
    return walk->see(&frame, walk->ctx) ? DWARF_CB_OK : DWARF_CB_ABORT;
}

bool
ml_image_walk(struct ml_image *image, pid_t tid,
              bool (*see)(const struct ml_image_frame *frame, void *ctx), void *ctx)
{
    struct walk walk = {.image = image, .see = see, .ctx = ctx};
    return dwfl_getthread_frames(image->dwfl, tid, take_frame, &walk) == 0;
}
