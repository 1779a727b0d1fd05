/* SPDX-License-Identifier: MIT
 *
 * The mappings of this process, from /proc/self/maps: what may be read, what belongs to
 * which file, what are stacks. In the sweep process this is the program's memory at the
 * moment of the clone, and our own arena besides.
 *
 * Thread: any. GIL: not needed. No libc malloc, no stdio streams.
 */
#ifndef ML_AGENT_MAPS_H
#define ML_AGENT_MAPS_H

#include <stdbool.h>

#include "alloc.h"
#include "error.h"
#include "vec.h"

struct ml_mapping {
    uint64_t from, to;
    uint64_t inode; /* 0: anonymous */
    uint64_t offset; /* in the file */
    uint32_t name;   /* of the file or "[heap]", see ml_maps_name; 0: none */
    bool read, write, shared;
    bool stack; /* a thread's: behind a guard, as the C library makes them */
};

ML_VEC(ml_mapping_vec, struct ml_mapping)
ML_VEC(ml_name_vec, char)

struct ml_maps {
    struct ml_mapping_vec list; /* by address */
    struct ml_name_vec names;   /* each once, one behind the other, with their ends */
    const struct ml_alloc *a;
};

int ml_maps_read(struct ml_maps *m, const struct ml_alloc *a, struct ml_error *err);
/* The same of another file in that form. */
int ml_maps_read_file(struct ml_maps *m, const char *path, const struct ml_alloc *a,
                      struct ml_error *err);
void ml_maps_fini(struct ml_maps *m);

/* What stands behind the mapping in the list: a path, "[heap]", "". */
const char *ml_maps_name(const struct ml_maps *m, const struct ml_mapping *mapping);

/* The mapping that holds the address, or NULL. */
const struct ml_mapping *ml_maps_at(const struct ml_maps *m, uint64_t address);

/* All of it lies in readable mappings. */
bool ml_maps_readable(const struct ml_maps *m, uint64_t from, uint64_t len);

/* Writable private memory around the address without a gap: a library's data with the
 * zeroed part behind it. Empty when the address is in no such mapping. */
void ml_maps_data_around(const struct ml_maps *m, uint64_t address, uint64_t *from,
                         uint64_t *to);

/* Resident bytes of all stacks. */
uint64_t ml_maps_stacks(const struct ml_maps *m);

#endif
