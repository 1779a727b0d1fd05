/* SPDX-License-Identifier: MIT
 *
 * The books of the reference counts: of every object, what its count says and who was
 * seen holding it. docs/internals/refcounts.md says what the words mean.
 *
 *   exact     its holders are objects, roots and the interpreter's caches, all seen
 *   named     it has references more, and each was found: in a variable of C code, in the
 *             state of a module, in an object that does not show it, on a C stack
 *   more      some were not found
 *   fewer     it was seen to be held more often than it counts: a mistake of ours
 */
#ifndef ML_AGENT_ACCOUNT_H
#define ML_AGENT_ACCOUNT_H

#include "native_holders.h"
#include "sweep_view.h"
#include "take_counts.h"

enum account_holder {
    ACCOUNT_OBJECTS, /* shown by tp_traverse, or known to be hidden from it */
    ACCOUNT_ROOTS,
    ACCOUNT_CACHES,
    ACCOUNT_STATE,   /* fields of the interpreter or of a module, found by searching */
    ACCOUNT_DATA,    /* variables of C code */
    ACCOUNT_OPAQUE,  /* objects that do not show what they hold */
    ACCOUNT_STACK,   /* calls into C code that are running */
    ACCOUNT_UNKNOWN,
    ACCOUNT_HOLDERS
};

/* Memory that belongs to somebody. */
struct account_state {
    uintptr_t from, to;
    PyObject *module; /* NULL: an interpreter */
};

ML_VEC(account_state_vec, struct account_state)

/* Of the objects of one kind. */
struct account_row {
    uint32_t kind;
    uint32_t named, more, fewer; /* objects */
    uint64_t more_references, fewer_references;
};

struct account {
    uint64_t objects, own, exact, named, more, fewer;
    uint64_t more_references, fewer_references; /* that nobody was found for; too often */
    uint64_t uncounted[TAKE_UNCOUNTED_REASONS]; /* objects */
    uint64_t references[ACCOUNT_HOLDERS];       /* of countable objects */
    struct account_state_vec states;
    struct account_row *row;                    /* [kind_count] */
    uint32_t kind_count;
};

/* "objects", "roots", "caches", "state", … */
const char *account_holder_name(enum account_holder holder);

/* Whose memory the word lies in that holds a reference, NULL: nobody's we know. */
const struct account_state *account_state_at(const struct account *a, uint64_t at);

/* How many references of a node with too many have no holder that was found. */
uint32_t account_unknown(const struct sweep_view *v, const struct account *a, uint32_t node);

/* Searches the program's memory once. ML_ENOMEM, or 0. */
int account_build(const struct sweep_view *v, struct account *out, struct ml_error *err);
void account_fini(struct account *a, const struct sweep_view *v);

#endif
