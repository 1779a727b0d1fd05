/* SPDX-License-Identifier: MIT
 *
 * What native code has of each finding that nothing else holds: of all its objects, where
 * they are held themselves; of the one at the root, where they hang below it.
 */
#include "snapshot.h"

#include <string.h>

static uint32_t
top_of(const struct sweep_view *v, uint32_t node)
{
    while (v->paths.parent[node] != ML_NO_NODE) {
        node = v->paths.parent[node];
    }
    return node;
}

static bool
is_native(const struct snapshot *s, const struct shown *f)
{
    return s->v->paths.root[f->example[0]] == ML_PATH_OUTSIDE;
}

static bool
is_member(const struct snapshot *s, const struct shown *f, uint32_t node)
{
    return s->places.of_node[node] == f->finding->place &&
           (f->suspect == NULL || ml_bitset_has(&s->suspects.set, node));
}

void
snapshot_sum_native(const struct snapshot *s, const struct shown *f, struct native_sum *out)
{
    const struct sweep_view *v = s->v;
    memset(out, 0, sizeof(*out));
    if (!is_native(s, f)) {
        return;
    }
    if (s->places.place[f->finding->place].parent != ML_NO_NODE) {
        native_sum_add(v, top_of(v, f->example[0]), out);
        return;
    }
    for (uint32_t i = 0; i < v->paths.reached; i++) {
        if (is_member(s, f, v->paths.order[i])) {
            native_sum_add(v, v->paths.order[i], out);
        }
    }
}

uint64_t
snapshot_unproven(const struct native_sum *sum)
{
    uint64_t proven = 0;
    for (uint32_t i = 0; i < sum->lines; i++) {
        proven += sum->line[i].holder.kind != ML_NATIVE_HEAP ? sum->line[i].references : 0;
    }
    return sum->references > proven ? sum->references - proven : 0;
}
