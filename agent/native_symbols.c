/* SPDX-License-Identifier: MIT
 *
 * Address -> variable, by reading a file's ELF symbol table (.symtab, else .dynsym). Only
 * a variable whose size covers the address names it: the nearest one before it would
 * often be somebody else's. A stripped file has its sections left: ".bss+0x1c40".
 *
 * Read with pread in pieces: a mapping of a file that somebody truncates meanwhile would
 * end the process. Nothing that is read is trusted.
 */
#define _GNU_SOURCE
#include "native_parts.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE 512            /* symbols or sections read at once */
#define MOST_SECTIONS 65536
#define MOST_SYMBOLS (1u << 24)

struct reader {
    int fd;
    const struct native_image *image;
    struct native_symbol *symbols; /* ascending by address */
    size_t count;
    uint64_t size[PIECE];          /* of the variable that names a symbol, 0: none yet */
    ElfW(Ehdr) head;
};

static bool
read_at(int fd, void *out, size_t len, uint64_t at)
{
    return pread(fd, out, len, (off_t)at) == (ssize_t)len;
}

static void
read_name(const struct reader *r, const ElfW(Shdr) *strings, uint64_t at, char *out)
{
    size_t room = NATIVE_SYMBOL - 1;
    uint64_t left = at < strings->sh_size ? strings->sh_size - at : 0;
    ssize_t n = pread(r->fd, out, left < room ? left : room,
                      (off_t)(strings->sh_offset + at));
    out[n > 0 ? n : 0] = '\0';
}

static bool
read_section(const struct reader *r, uint32_t index, ElfW(Shdr) *out)
{
    return index < r->head.e_shnum &&
           read_at(r->fd, out, sizeof(*out),
                   r->head.e_shoff + (uint64_t)index * sizeof(*out));
}

/* -- variables --------------------------------------------------------------------- */

/* The first of the symbols at or behind `address`. */
static size_t
lower_bound(const struct reader *r, uint64_t address)
{
    size_t low = 0, high = r->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->symbols[middle].address < address) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

/* The smallest variable around an address names it. */
static void
offer(struct reader *r, const ElfW(Shdr) *strings, const ElfW(Sym) *sym)
{
    uint64_t from = sym->st_value + r->image->bias;
    bool variable = ELF64_ST_TYPE(sym->st_info) == STT_OBJECT && sym->st_size > 0 &&
                    sym->st_shndx != SHN_UNDEF;
    if (!variable) {
        return;
    }
    for (size_t i = lower_bound(r, from);
         i < r->count && r->symbols[i].address - from < sym->st_size; i++) {
        if (r->size[i] == 0 || sym->st_size < r->size[i]) {
            r->size[i] = sym->st_size;
            r->symbols[i].offset = r->symbols[i].address - from;
            read_name(r, strings, sym->st_name, r->symbols[i].name);
        }
    }
}

static void
read_table(struct reader *r, const ElfW(Shdr) *table)
{
    ElfW(Sym) piece[PIECE];
    ElfW(Shdr) strings;
    uint64_t count = table->sh_size / sizeof(ElfW(Sym));
    if (table->sh_entsize != sizeof(ElfW(Sym)) || count > MOST_SYMBOLS ||
        !read_section(r, table->sh_link, &strings)) {
        return;
    }
    for (uint64_t at = 0; at < count; at += PIECE) {
        size_t n = count - at < PIECE ? (size_t)(count - at) : PIECE;
        if (!read_at(r->fd, piece, n * sizeof(*piece),
                     table->sh_offset + at * sizeof(*piece))) {
            return;
        }
        for (size_t i = 0; i < n; i++) {
            offer(r, &strings, &piece[i]);
        }
    }
}

/* -- sections ---------------------------------------------------------------------- */

static void
name_by_section(struct reader *r, const ElfW(Shdr) *section, const ElfW(Shdr) *names)
{
    uint64_t from = section->sh_addr + r->image->bias;
    if (!(section->sh_flags & SHF_ALLOC) || !(section->sh_flags & SHF_WRITE) ||
        (section->sh_flags & SHF_TLS)) {
        return;
    }
    for (size_t i = lower_bound(r, from);
         i < r->count && r->symbols[i].address - from < section->sh_size; i++) {
        if (r->size[i] == 0) {
            r->symbols[i].offset = r->symbols[i].address - from;
            read_name(r, names, section->sh_name, r->symbols[i].name);
        }
    }
}

static void
read_file(struct reader *r)
{
    ElfW(Shdr) section, names, table = {0};
    bool named = read_section(r, r->head.e_shstrndx, &names);
    for (uint32_t i = 0; i < r->head.e_shnum && i < MOST_SECTIONS; i++) {
        if (!read_section(r, i, &section)) {
            break;
        }
        if (section.sh_type == SHT_SYMTAB ||
            (section.sh_type == SHT_DYNSYM && table.sh_type != SHT_SYMTAB)) {
            table = section;
        }
        if (named) {
            name_by_section(r, &section, &names);
        }
    }
    if (table.sh_type != 0) {
        read_table(r, &table);
    }
}

/* -- the whole --------------------------------------------------------------------- */

static bool
is_same_file(struct reader *r)
{
    struct stat st;
    return fstat(r->fd, &st) == 0 && (uint64_t)st.st_ino == r->image->inode &&
           read_at(r->fd, &r->head, sizeof(r->head), 0) &&
           memcmp(r->head.e_ident, ELFMAG, SELFMAG) == 0 &&
           r->head.e_shentsize == sizeof(ElfW(Shdr));
}

/* At most PIECE at a time: the sizes have their room here. */
static void
name_some(const struct native_image *image, struct native_symbol *symbols, size_t count)
{
    struct reader r = {.image = image, .symbols = symbols, .count = count};
    for (size_t i = 0; i < count; i++) {
        symbols[i].name[0] = '\0';
        symbols[i].offset = symbols[i].address - image->bias;
    }
    r.fd = open(image->path, O_RDONLY | O_CLOEXEC);
    if (r.fd < 0) {
        return;
    }
    if (is_same_file(&r)) {
        read_file(&r);
    }
    close(r.fd);
}

void
native_symbols_name(const struct native_image *image, struct native_symbol *symbols,
                    size_t count)
{
    for (size_t at = 0; at < count; at += PIECE) {
        name_some(image, symbols + at, count - at < PIECE ? count - at : PIECE);
    }
}
