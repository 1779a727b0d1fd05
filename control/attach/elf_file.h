/* SPDX-License-Identifier: MIT
 *
 * An ELF file on disk: what it is, its symbols and sections, its load bias in a
 * process. libelf does the reading; it copes with what is cut short or made up.
 * Addresses are the file's own until a bias is added.
 */
#ifndef ML_ATTACH_ELF_FILE_H
#define ML_ATTACH_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct ml_elf;

/* A run of addresses. */
struct ml_elf_range {
    uint64_t address;
    uint64_t size;
};

/* ML_EIO: not to be read; ML_EFORMAT: no ELF file. */
int ml_elf_open(const char *path, struct ml_elf **out, struct ml_error *err);
/* The same from a descriptor, which stays the caller's and must stay open. `name` is
 * for messages. */
int ml_elf_open_fd(int fd, const char *name, struct ml_elf **out, struct ml_error *err);
void ml_elf_close(struct ml_elf *elf);

/* Its word size in bits (32, 64) and EM_ number. */
int ml_elf_bits(const struct ml_elf *elf);
int ml_elf_machine(const struct ml_elf *elf);
/* The same of the program that asks. */
int ml_elf_own_machine(void);

/* The program that loads it, PT_INTERP ("/lib64/ld-linux-x86-64.so.2"); false: none. */
bool ml_elf_loader(struct ml_elf *elf, char *out, size_t cap);

/* A symbol that is defined in it: exported ones first, then all. */
bool ml_elf_symbol(struct ml_elf *elf, const char *name, struct ml_elf_range *out);
/* One that other files of the process can use. */
bool ml_elf_exports(struct ml_elf *elf, const char *name);
bool ml_elf_section(struct ml_elf *elf, const char *name, struct ml_elf_range *out);

/* What the file has at an address, `len` bytes or NULL; lives as long as `elf`. */
const char *ml_elf_at(struct ml_elf *elf, uint64_t address, uint64_t len);

/* Calls `see` with the name of every library that it needs, until one returns true. */
bool ml_elf_needs(struct ml_elf *elf, bool (*see)(const char *library, void *ctx),
                  void *ctx);

/* The first version of `library`'s symbols that `elf` needs and `have`, which is that
 * library, does not have: "GLIBC_2.34". NULL: it has them all. Lives as long as `elf`.
 */
const char *ml_elf_lacks(struct ml_elf *elf, const char *library, struct ml_elf *have);

/* What to add to its addresses in a process that has `offset` of the file at `start`
 * (a line of /proc/PID/maps). False when no segment was loaded like that. */
bool ml_elf_bias(struct ml_elf *elf, uint64_t start, uint64_t offset, uint64_t *out);

#endif
