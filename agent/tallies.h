/* SPDX-License-Identifier: MIT
 *
 * Names that stay the same from sweep to sweep of one process, so that two looks at the
 * heap can be compared: of a type its address, of a root what it is called. And the
 * tallies under these names of everything that lives.
 */
#ifndef ML_AGENT_TALLIES_H
#define ML_AGENT_TALLIES_H

#include "suspects.h"
#include "sweep_view.h"

/* Fills the two keys and their context; the rest is the caller's. */
void tallies_options(const struct sweep_view *v, struct ml_suspects_options *o);

uint64_t tallies_type_key(const struct sweep_view *v, uint32_t kind);

/* Adds a row per type: live objects and their own bytes. */
int tallies_of_types(const struct sweep_view *v, struct ml_tally *out,
                     struct ml_error *err);

/* Adds a row per place: its nodes and what they retain. */
int tallies_of_places(const struct sweep_view *v, const struct ml_places *places,
                      struct ml_tally *out, struct ml_error *err);

#endif
