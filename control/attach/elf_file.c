/* SPDX-License-Identifier: MIT
 *
 * See elf_file.h.
 */
#define _GNU_SOURCE
#include "elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ml_elf {
    Elf *elf;
    GElf_Ehdr head;
    int fd; /* ours to close, or -1 */
};

int
ml_elf_open_fd(int fd, const char *name, struct ml_elf **out, struct ml_error *err)
{
    struct ml_elf *e = calloc(1, sizeof(*e));
    if (e == NULL) {
        return ml_error_nomem(err);
    }
    e->fd = -1;
    elf_version(EV_CURRENT);
    e->elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    if (e->elf == NULL || elf_kind(e->elf) != ELF_K_ELF ||
        gelf_getehdr(e->elf, &e->head) == NULL) {
        ml_elf_close(e);
        return ml_error_set(err, ML_EFORMAT, "%s is not an ELF file", name);
    }
    *out = e;
    return ML_OK;
}

int
ml_elf_open(const char *path, struct ml_elf **out, struct ml_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return ml_error_set(err, ML_EIO, "cannot read %s: %s", path, strerror(errno));
    }
    int rc = ml_elf_open_fd(fd, path, out, err);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    (*out)->fd = fd;
    return ML_OK;
}

void
ml_elf_close(struct ml_elf *elf)
{
    if (elf != NULL) {
        elf_end(elf->elf);
        if (elf->fd >= 0) {
            close(elf->fd);
        }
        free(elf);
    }
}

int
ml_elf_bits(const struct ml_elf *elf)
{
    return elf->head.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
}

int
ml_elf_machine(const struct ml_elf *elf)
{
    return elf->head.e_machine;
}

int
ml_elf_own_machine(void)
{
    struct ml_elf *self;
    if (ml_elf_open("/proc/self/exe", &self, NULL) < 0) {
        return EM_NONE;
    }
    int machine = ml_elf_machine(self);
    ml_elf_close(self);
    return machine;
}

/* -- segments ---------------------------------------------------------------------- */

/* The next segment of a type from number `*i` on, which then stands behind it. */
static bool
next_segment(struct ml_elf *elf, unsigned type, size_t *i, GElf_Phdr *out)
{
    size_t count = 0;
    if (elf_getphdrnum(elf->elf, &count) < 0) {
        return false;
    }
    while (*i < count) {
        if (gelf_getphdr(elf->elf, (int)(*i)++, out) != NULL && out->p_type == type) {
            return true;
        }
    }
    return false;
}

/* `len` bytes at an offset in the file, or NULL. */
static const char *
in_file(struct ml_elf *elf, uint64_t offset, uint64_t len)
{
    size_t size = 0;
    const char *raw = elf_rawfile(elf->elf, &size);
    return raw != NULL && offset <= size && len <= size - offset ? raw + offset : NULL;
}

bool
ml_elf_loader(struct ml_elf *elf, char *out, size_t cap)
{
    GElf_Phdr segment;
    size_t i = 0;
    if (!next_segment(elf, PT_INTERP, &i, &segment)) {
        return false;
    }
    const char *name = in_file(elf, segment.p_offset, segment.p_filesz);
    if (name == NULL || segment.p_filesz == 0 || segment.p_filesz > cap) {
        return false;
    }
    memcpy(out, name, segment.p_filesz);
    out[segment.p_filesz - 1] = '\0';
    return true;
}

const char *
ml_elf_at(struct ml_elf *elf, uint64_t address, uint64_t len)
{
    GElf_Phdr segment;
    size_t i = 0;
    while (next_segment(elf, PT_LOAD, &i, &segment)) {
        uint64_t at = address - segment.p_vaddr;
        if (address >= segment.p_vaddr && at < segment.p_filesz) {
            return len <= segment.p_filesz - at
                       ? in_file(elf, segment.p_offset + at, len)
                       : NULL;
        }
    }
    return NULL;
}

/* The kernel and ld.so map whole pages: a segment's first page begins before it. */
bool
ml_elf_bias(struct ml_elf *elf, uint64_t start, uint64_t offset, uint64_t *out)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    GElf_Phdr segment;
    size_t i = 0;
    while (next_segment(elf, PT_LOAD, &i, &segment)) {
        if (segment.p_offset / page * page == offset && segment.p_filesz > 0) {
            *out = start - segment.p_vaddr / page * page;
            return true;
        }
    }
    return false;
}

/* -- sections and symbols ---------------------------------------------------------- */

bool
ml_elf_section(struct ml_elf *elf, const char *name, struct ml_elf_range *out)
{
    size_t names = 0;
    Elf_Scn *section = NULL;
    if (elf_getshdrstrndx(elf->elf, &names) < 0) {
        return false;
    }
    while ((section = elf_nextscn(elf->elf, section)) != NULL) {
        GElf_Shdr head;
        const char *own = gelf_getshdr(section, &head) != NULL
                              ? elf_strptr(elf->elf, names, head.sh_name)
                              : NULL;
        if (own != NULL && strcmp(own, name) == 0) {
            *out = (struct ml_elf_range){head.sh_addr, head.sh_size};
            return true;
        }
    }
    return false;
}

static bool
find_in_table(struct ml_elf *elf, Elf_Scn *section, const GElf_Shdr *head,
              const char *name, struct ml_elf_range *out)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count =
        data != NULL && head->sh_entsize > 0 ? head->sh_size / head->sh_entsize : 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Sym symbol;
        if (gelf_getsym(data, (int)i, &symbol) == NULL ||
            symbol.st_shndx == SHN_UNDEF) {
            continue;
        }
        const char *own = elf_strptr(elf->elf, head->sh_link, symbol.st_name);
        if (own != NULL && strcmp(own, name) == 0) {
            *out = (struct ml_elf_range){symbol.st_value, symbol.st_size};
            return true;
        }
    }
    return false;
}

static bool
find_in_tables(struct ml_elf *elf, unsigned type, const char *name,
               struct ml_elf_range *out)
{
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(elf->elf, section)) != NULL) {
        GElf_Shdr head;
        if (gelf_getshdr(section, &head) != NULL && head.sh_type == type &&
            find_in_table(elf, section, &head, name, out)) {
            return true;
        }
    }
    return false;
}

bool
ml_elf_symbol(struct ml_elf *elf, const char *name, struct ml_elf_range *out)
{
    return find_in_tables(elf, SHT_DYNSYM, name, out) ||
           find_in_tables(elf, SHT_SYMTAB, name, out);
}

bool
ml_elf_exports(struct ml_elf *elf, const char *name)
{
    struct ml_elf_range at;
    return find_in_tables(elf, SHT_DYNSYM, name, &at);
}

/* -- libraries --------------------------------------------------------------------- */

static Elf_Scn *
section_of_type(struct ml_elf *elf, unsigned type, GElf_Shdr *head)
{
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(elf->elf, section)) != NULL) {
        if (gelf_getshdr(section, head) != NULL && head->sh_type == type) {
            return section;
        }
    }
    return NULL;
}

bool
ml_elf_needs(struct ml_elf *elf, bool (*see)(const char *library, void *ctx), void *ctx)
{
    GElf_Shdr head;
    GElf_Dyn entry;
    Elf_Scn *section = section_of_type(elf, SHT_DYNAMIC, &head);
    Elf_Data *data = section != NULL ? elf_getdata(section, NULL) : NULL;
    for (int i = 0; data != NULL && gelf_getdyn(data, i, &entry) != NULL; i++) {
        const char *name = entry.d_tag == DT_NEEDED
                               ? elf_strptr(elf->elf, head.sh_link, entry.d_un.d_val)
                               : NULL;
        if (name != NULL && see(name, ctx)) {
            return true;
        }
    }
    return false;
}

/* To the next of a list that says itself how far that is: forwards only, so that it has
 * an end whatever the file says. */
static bool
step(int *at, uint32_t by)
{
    if (by == 0 || by > (uint32_t)(INT_MAX - *at)) {
        return false;
    }
    *at += (int)by;
    return true;
}

static bool
has_version(struct ml_elf *elf, const char *name)
{
    GElf_Shdr head;
    GElf_Verdef def;
    GElf_Verdaux text;
    Elf_Scn *section = section_of_type(elf, SHT_GNU_verdef, &head);
    Elf_Data *data = section != NULL ? elf_getdata(section, NULL) : NULL;
    int at = 0;
    while (data != NULL && gelf_getverdef(data, at, &def) != NULL) {
        int aux = at;
        const char *own =
            step(&aux, def.vd_aux) && gelf_getverdaux(data, aux, &text) != NULL
                ? elf_strptr(elf->elf, head.sh_link, text.vda_name)
                : NULL;
        if (own != NULL && strcmp(own, name) == 0) {
            return true;
        }
        if (!step(&at, def.vd_next)) {
            break;
        }
    }
    return false;
}

/* Among the versions wanted of one library, which begin at `at`. */
static const char *
lacks_of(struct ml_elf *elf, Elf_Data *data, size_t names, int at, int count,
         struct ml_elf *have)
{
    GElf_Vernaux wanted;
    for (int i = 0; i < count && gelf_getvernaux(data, at, &wanted) != NULL; i++) {
        const char *version = elf_strptr(elf->elf, names, wanted.vna_name);
        if (version != NULL && !has_version(have, version)) {
            return version;
        }
        if (!step(&at, wanted.vna_next)) {
            break;
        }
    }
    return NULL;
}

const char *
ml_elf_lacks(struct ml_elf *elf, const char *library, struct ml_elf *have)
{
    GElf_Shdr head;
    GElf_Verneed need;
    Elf_Scn *section = section_of_type(elf, SHT_GNU_verneed, &head);
    Elf_Data *data = section != NULL ? elf_getdata(section, NULL) : NULL;
    int at = 0;
    while (data != NULL && gelf_getverneed(data, at, &need) != NULL) {
        const char *file = elf_strptr(elf->elf, head.sh_link, need.vn_file);
        int aux = at;
        if (file != NULL && strcmp(file, library) == 0 && step(&aux, need.vn_aux)) {
            return lacks_of(elf, data, head.sh_link, aux, need.vn_cnt, have);
        }
        if (!step(&at, need.vn_next)) {
            break;
        }
    }
    return NULL;
}
