/* SPDX-License-Identifier: MIT
 *
 * Where the program's memory is: Python objects, what the interpreter and extensions
 * have allocated otherwise, what is free inside the allocators and not given back,
 * files, stacks, the rest. The parts add up to RSS; what is allocated and not resident
 * (never touched, or swapped out) is told beside them.
 *
 * How sure is it? Objects, arenas and files are counted. malloc's figures are its own
 * (mallinfo2). Stacks are told by their guard pages (maps.h). "Native" and "other" are
 * what is left over, of what is allocated and of RSS. What could not be found out is
 * null and is then in "other".
 */
#ifndef ML_AGENT_ANATOMY_H
#define ML_AGENT_ANATOMY_H

#include "compat/compat.h"
#include "sweep_view.h"

struct anatomy {
    uint64_t rss, swap, peak_rss, files, shared, stacks;
    uint64_t python_live, python_garbage;
    bool arenas_known, malloc_known;
    struct compat_arenas arenas;
    uint64_t malloc_used, malloc_free;
    uint64_t native;       /* allocated, and no Python object */
    uint64_t other;        /* of RSS, explained by nothing above */
    uint64_t not_resident; /* explained beyond RSS */
    uint64_t limit, limit_used; /* of the cgroup, else of the host; 0: unknown */
    uint64_t mappings;
};

/* Thread: the sweep's. GIL: as for the sweep. Guarded where there is a guard: malloc's
 * locks may have been held at the moment of the clone. */
void anatomy_take(const struct sweep_view *v, struct anatomy *out);

/* The object `memory` of result-format.md; one sentence of verdict in it. */
void anatomy_write(const struct sweep_view *v, const struct anatomy *m,
                   struct ml_json *j);

#endif
