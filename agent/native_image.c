/* SPDX-License-Identifier: MIT
 *
 * Which ELF files are mapped, where, and which of their memory is variables. The program
 * headers in the first page of each say it exactly; the list of mappings alone does not:
 * the zeroed part behind a library's data has no name there, and may have become one
 * mapping with whatever was mapped behind it.
 */
#include "native_parts.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#define PAGE 4096

/* The head of an ELF file of ours at the begin of the mapping, or NULL. Its program
 * headers lie in the mapping. */
static const ElfW(Ehdr) *
elf_head(const struct ml_maps *maps, const struct ml_mapping *p)
{
    uint64_t size = p->to - p->from;
    if (!p->read || p->shared || p->offset != 0 || p->inode == 0 || size < PAGE ||
        ml_maps_name(maps, p)[0] != '/') {
        return NULL;
    }
    const ElfW(Ehdr) *head = (const ElfW(Ehdr) *)(uintptr_t)p->from;
    bool right = memcmp(head->e_ident, ELFMAG, SELFMAG) == 0 &&
                 (head->e_type == ET_DYN || head->e_type == ET_EXEC) &&
                 head->e_phentsize == sizeof(ElfW(Phdr)) && head->e_phoff < size &&
                 head->e_phnum * sizeof(ElfW(Phdr)) <= size - head->e_phoff;
    return right ? head : NULL;
}

/* The part of from..to that is writable and this file's, or nobody's. */
static int
add_data(const struct ml_maps *maps, const struct ml_mapping *file, uint64_t from,
         uint64_t to, uint32_t image, const struct ml_alloc *a,
         struct native_segment_vec *segments)
{
    for (size_t i = 0; i < maps->list.len; i++) {
        const struct ml_mapping *p = &maps->list.data[i];
        bool ours = p->inode == file->inode || p->inode == 0;
        if (p->to <= from || p->from >= to || !ours || !p->read || !p->write || p->shared) {
            continue;
        }
        struct native_segment s = {p->from > from ? p->from : from,
                                   p->to < to ? p->to : to, ML_NATIVE_DATA, image};
        if (native_segment_vec_push(segments, a, s) < 0) {
            return ML_ENOMEM;
        }
    }
    return ML_OK;
}

/* A file that is read rather than loaded has its data nowhere: the page in which the
 * first writable segment begins must be this file's. */
static bool
is_loaded(const struct ml_maps *maps, const struct ml_mapping *file, uint64_t bias,
          const ElfW(Phdr) *segment)
{
    const struct ml_mapping *p = ml_maps_at(maps, bias + segment->p_vaddr);
    return p != NULL && (p->inode == file->inode ||
                         (p->inode == 0 && segment->p_filesz == 0));
}

static int
add_image(const struct ml_maps *maps, const struct ml_mapping *file,
          const ElfW(Ehdr) *head, const struct ml_alloc *a,
          struct native_image_vec *images, struct native_segment_vec *segments)
{
    const ElfW(Phdr) *first = (const ElfW(Phdr) *)(uintptr_t)(file->from + head->e_phoff);
    struct native_image image = {ml_maps_name(maps, file), file->inode, 0};
    uint32_t index = (uint32_t)images->len;
    bool based = false;
    int rc = ML_OK;
    for (unsigned i = 0; i < head->e_phnum && rc == ML_OK; i++) {
        const ElfW(Phdr) *p = &first[i];
        if (p->p_type != PT_LOAD) {
            continue;
        }
        if (!based) {
            image.bias = file->from - (p->p_vaddr & ~(uint64_t)(PAGE - 1));
            based = true;
        }
        if ((p->p_flags & PF_W) && is_loaded(maps, file, image.bias, p)) {
            uint64_t from = image.bias + p->p_vaddr;
            rc = add_data(maps, file, from, from + p->p_memsz, index, a, segments);
        }
    }
    return rc == ML_OK ? native_image_vec_push(images, a, image) : rc;
}

int
native_images_find(const struct ml_maps *maps, const struct ml_alloc *a,
                   struct native_image_vec *images, struct native_segment_vec *segments)
{
    int rc = ML_OK;
    for (size_t i = 0; i < maps->list.len && rc == ML_OK; i++) {
        const ElfW(Ehdr) *head = elf_head(maps, &maps->list.data[i]);
        if (head != NULL) {
            rc = add_image(maps, &maps->list.data[i], head, a, images, segments);
        }
    }
    return rc;
}
