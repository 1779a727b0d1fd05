/* SPDX-License-Identifier: MIT
 *
 * See place_trie.h. A hash table over an array of places. A chain that repeats itself
 * is noticed when a place is entered, never per node: its sort (kind, furniture or
 * not) is looked for among the places above, and the fifth of a sort in one chain
 * folds onto the nearest. Earlier would be wrong: tuples in tuples or JSON's dicts in
 * dicts would be counted as one heap of tuples; later would multiply the places of a
 * tree with many branches. The first four are drawn together afterwards (place_fold).
 */
#include "place_trie.h"

#include <string.h>

enum { FIRST_SLOTS = 1024, FIRST_PLACES = 512, LOOK_UP = 24 };

int
ml_place_trie_init(struct ml_place_trie *trie, const struct ml_alloc *a, bool watch)
{
    memset(trie, 0, sizeof(*trie));
    trie->a = a;
    trie->slots = ml_alloc_array(a, FIRST_SLOTS, sizeof(uint32_t));
    trie->place = ml_alloc_array(a, FIRST_PLACES, sizeof(*trie->place));
    if (watch) {
        trie->growth = ml_alloc_array(a, FIRST_PLACES, sizeof(*trie->growth));
    }
    trie->slot_count = FIRST_SLOTS;
    trie->cap = FIRST_PLACES;
    trie->growth_cap = FIRST_PLACES;
    if (trie->slots == NULL || trie->place == NULL || (watch && trie->growth == NULL)) {
        ml_place_trie_fini(trie);
        return ML_ENOMEM;
    }
    return ML_OK;
}

void
ml_place_trie_fini(struct ml_place_trie *trie)
{
    ml_alloc_free_array(trie->a, trie->growth, trie->growth_cap, sizeof(*trie->growth));
    ml_alloc_free_array(trie->a, trie->place, trie->cap, sizeof(*trie->place));
    ml_alloc_free_array(trie->a, trie->slots, trie->slot_count, sizeof(uint32_t));
    trie->growth = NULL;
    trie->place = NULL;
    trie->slots = NULL;
}

/* Only roots' first places have no parent; theirs is the root instead. */
static uint32_t
hash(uint32_t parent, uint32_t root, uint32_t kind, uint32_t slot, uint32_t flags)
{
    uint64_t above = parent != ML_NO_NODE ? parent : ~(uint64_t)root;
    uint64_t h = above * 0x9E3779B97F4A7C15u;
    h ^= ((uint64_t)kind << 32 | slot) * 0xC2B2AE3D27D4EB4Fu;
    h ^= h >> 29;
    h = (h + flags) * 0xBF58476D1CE4E5B9u;
    return (uint32_t)(h >> 32);
}

static bool
is_at(const struct ml_place *p, const struct ml_place_key *key)
{
    return p->parent == key->parent && p->kind == key->kind && p->slot == key->slot &&
           p->root == key->root &&
           ((p->flags ^ key->flags) & ML_PLACE_KEY_FLAGS) == 0;
}

static int
grow_slots(struct ml_place_trie *trie)
{
    uint32_t to = trie->slot_count * 2;
    uint32_t *slots = ml_alloc_array(trie->a, to, sizeof(uint32_t));
    if (slots == NULL) {
        return ML_ENOMEM;
    }
    for (uint32_t i = 0; i < trie->count; i++) {
        const struct ml_place *p = &trie->place[i];
        uint32_t at = hash(p->parent, p->root, p->kind, p->slot,
                           p->flags & ML_PLACE_KEY_FLAGS);
        for (at &= to - 1; slots[at] != 0; at = (at + 1) & (to - 1)) {
        }
        slots[at] = i + 1;
    }
    ml_alloc_free_array(trie->a, trie->slots, trie->slot_count, sizeof(uint32_t));
    trie->slots = slots;
    trie->slot_count = to;
    return ML_OK;
}

/* Room for one more place and what is known of it. */
static int
reserve(struct ml_place_trie *trie)
{
    if (trie->count == trie->cap) {
        uint32_t to = trie->cap * 2;
        void *place = ml_alloc_resize_array(trie->a, trie->place, trie->cap, to,
                                            sizeof(*trie->place));
        if (place == NULL) {
            return ML_ENOMEM;
        }
        trie->place = place;
        trie->cap = to;
    }
    if (trie->growth != NULL && trie->count == trie->growth_cap) {
        uint32_t to = trie->growth_cap * 2;
        void *growth = ml_alloc_resize_array(trie->a, trie->growth, trie->growth_cap, to,
                                             sizeof(*trie->growth));
        if (growth == NULL) {
            return ML_ENOMEM;
        }
        trie->growth = growth;
        trie->growth_cap = to;
    }
    return ML_OK;
}

/* The nearest place at or above `from` of the key's sort, ML_NO_NODE when there is
 * none within reach. Folded nodes are part of their holders and never repeat. */
static uint32_t
same_sort_above(const struct ml_place_trie *trie, const struct ml_place_key *key)
{
    uint32_t at = key->parent;
    for (int i = 0; i < LOOK_UP && at != ML_NO_NODE; i++) {
        const struct ml_place *p = &trie->place[at];
        if (p->kind == key->kind &&
            ((p->flags ^ key->flags) & ML_PLACE_KEY_FLAGS) == 0) {
            return at;
        }
        at = p->parent;
    }
    return ML_NO_NODE;
}

/* Whether the new place is one link too many of a chain; then `*onto` is the link
 * onto which it folds. Otherwise notes how deep in the chain it stands. */
static bool
repeats(struct ml_place_trie *trie, const struct ml_place_key *key,
        struct ml_place_growth *grown, uint32_t *onto)
{
    *grown = (struct ml_place_growth){.top = trie->count, .scan = ML_NO_NODE};
    if ((key->flags & ML_NODE_FOLD) != 0) {
        return false;
    }
    uint32_t above = same_sort_above(trie, key);
    if (above == ML_NO_NODE) {
        return false;
    }
    const struct ml_place_growth *link = &trie->growth[above];
    if (link->nest + 1 >= ML_PLACE_NEST_MAX) {
        trie->place[above].folded_back = true;
        trie->growth[link->top].recursive = true;
        trie->any_recursive = true;
        *onto = above;
        return true;
    }
    grown->top = link->top;
    grown->nest = (uint8_t)(link->nest + 1);
    return false;
}

/* Where the trie is full, deeper nodes join their holder's place. Roots always have
 * one of their own: there are only so many, and nothing above that they could join. */
static bool
is_full(const struct ml_place_trie *trie, const struct ml_place_key *key)
{
    return trie->count >= ML_PLACES_MAX && key->parent != ML_NO_NODE;
}

static int
enter(struct ml_place_trie *trie, const struct ml_place_key *key,
      const struct ml_place_growth *grown)
{
    if (reserve(trie) < 0) {
        return ML_ENOMEM;
    }
    struct ml_place *p = &trie->place[trie->count];
    *p = (struct ml_place){.parent = key->parent,
                           .root = key->root,
                           .kind = key->kind,
                           .slot = key->slot,
                           .flags = key->flags,
                           .first = ML_NO_NODE,
                           .holder = ML_NO_NODE};
    if (key->parent != ML_NO_NODE) {
        p->depth = trie->place[key->parent].depth + 1;
    }
    if (trie->growth != NULL) {
        trie->growth[trie->count] = *grown;
    }
    trie->count++;
    return ML_OK;
}

int
ml_place_trie_get(struct ml_place_trie *trie, const struct ml_place_key *key,
                  uint32_t *out)
{
    if (trie->count >= trie->slot_count / 2 && grow_slots(trie) < 0) {
        return ML_ENOMEM;
    }
    uint32_t mask = trie->slot_count - 1;
    uint32_t at = hash(key->parent, key->root, key->kind, key->slot,
                       key->flags & ML_PLACE_KEY_FLAGS) & mask;
    for (; trie->slots[at] != 0; at = (at + 1) & mask) {
        if (is_at(&trie->place[trie->slots[at] - 1], key)) {
            *out = trie->slots[at] - 1;
            return ML_OK;
        }
    }
    struct ml_place_growth grown = {0};
    if (trie->growth != NULL && repeats(trie, key, &grown, out)) {
        return ML_OK;
    }
    if (is_full(trie, key)) {
        trie->place[key->parent].folded_back = true;
        *out = key->parent;
        return ML_OK;
    }
    if (enter(trie, key, &grown) < 0) {
        return ML_ENOMEM;
    }
    *out = trie->count - 1;
    trie->slots[at] = trie->count;
    return ML_OK;
}
