/* SPDX-License-Identifier: MIT
 *
 * What the files of the search for native holders share; see native.h.
 */
#ifndef ML_AGENT_NATIVE_PARTS_H
#define ML_AGENT_NATIVE_PARTS_H

#include "native.h"
#include "vec.h"

/* -- native_image.c: files that are mapped, and their variables --------------------- */

struct native_image {
    const char *path; /* borrowed from the maps */
    uint64_t inode;
    uint64_t bias;    /* address = value in the file + bias */
};
ML_VEC(native_image_vec, struct native_image)

/* Memory to be searched, without a gap. */
struct native_segment {
    uint64_t from, to;
    uint8_t kind;    /* enum ml_native_kind: data, stack or heap */
    uint32_t owner;  /* image; or thread of the query, NATIVE_NOBODY */
};
ML_VEC(native_segment_vec, struct native_segment)

#define NATIVE_NOBODY UINT32_MAX

/* Appends every ELF file that is mapped as the loader does it, and its writable data with
 * the zeroed part behind. ML_ENOMEM on failure. */
int native_images_find(const struct ml_maps *maps, const struct ml_alloc *a,
                       struct native_image_vec *images,
                       struct native_segment_vec *segments);

/* -- native_segments.c: everything else that may be searched ------------------------- */

/* Appends stacks and dynamic memory to the data in `out`, and takes out of all of them
 * what the query wants skipped. */
int native_segments_find(const struct ml_native_query *q, const struct ml_maps *maps,
                         const struct ml_alloc *a, struct native_segment_vec *out);

/* -- native_symbols.c --------------------------------------------------------------- */

#define NATIVE_SYMBOL 256

struct native_symbol {
    uint64_t address;         /* in: what is looked for */
    char name[NATIVE_SYMBOL]; /* out: a variable, else a section, else "" */
    uint64_t offset;          /* out: in it; without a name, in the file's memory */
};

/* Names the variables that hold these addresses by reading the file's symbol table. A
 * file that is gone or was replaced names nothing. */
void native_symbols_name(const struct native_image *image, struct native_symbol *symbols,
                         size_t count);

/* -- native_scan.c ------------------------------------------------------------------ */

struct native_hit {
    uint64_t at;
    uint32_t wanted;
    uint32_t segment;
};
ML_VEC(native_hit_vec, struct native_hit)

struct native_scan {
    const struct ml_native_wanted *wanted;
    const struct ml_alloc *a;
    const struct ml_cancel *cancel;
    struct ml_guard *guard;
    uint64_t low, span;    /* all addresses lie in low..low+span */
    uint64_t *filter;      /* a bit for each hash */
    uint32_t *slot;        /* open addressing, index + 1 */
    unsigned filter_bits, slot_bits;
    uint32_t *hits_of;     /* [count] hits so far in this kind of memory */
    size_t count;
    uint64_t scanned;
    struct native_hit_vec hits;
};

/* More words than this that are one object's address are not written down. */
#define NATIVE_MOST_HITS 1024

int native_scan_init(struct native_scan *s, const struct ml_native_query *q,
                     const struct ml_alloc *a, const struct ml_cancel *cancel);
/* Appends the hits in all segments of that kind. ML_ENOMEM or ML_ECANCELLED. */
int native_scan_kind(struct native_scan *s, const struct native_segment_vec *segments,
                     enum ml_native_kind kind);
void native_scan_fini(struct native_scan *s);

#endif
