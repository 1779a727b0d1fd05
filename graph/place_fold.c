/* SPDX-License-Identifier: MIT
 *
 * Draws the trie of places together where a chain repeats itself. While the trie
 * grows, a chain has to show the same sort of node five times before it is believed;
 * here the first ones join the topmost, so that a linked list or a tree is one place:
 *
 *   HEAD ─ Node ─.next─ Node ─.next─ Node ...        HEAD ─ Node ×1000000 ⟲
 *
 * and what hangs below the links (their lists, their payload) falls together as well.
 * One pass in the trie's own order, parents first: a place goes where its top went, or
 * to the same key below where its parent went. Cost: the places, and one look at
 * each node.
 */
#include "place_trie.h"

/* Adds what the old place counted to the one it went to. */
static void
join(struct ml_place *to, const struct ml_place *from)
{
    to->count += from->count;
    to->first = from->first < to->first ? from->first : to->first;
    to->folded_back |= from->folded_back;
    if (from->entries > to->entries) {
        to->entries = from->entries;
        to->holder = from->holder;
    }
}

static int
rebuild(const struct ml_place_trie *old, struct ml_place_trie *new, uint32_t *went)
{
    for (uint32_t i = 0; i < old->count; i++) {
        const struct ml_place *p = &old->place[i];
        uint32_t top = old->growth[i].top;
        if (top != i && old->growth[top].recursive) {
            went[i] = went[top];
            new->place[went[i]].folded_back = true;
        } else {
            struct ml_place_key key = {.parent = p->parent,
                                       .root = p->root,
                                       .kind = p->kind,
                                       .slot = p->slot,
                                       .flags = p->flags};
            key.parent = p->parent != ML_NO_NODE ? went[p->parent] : ML_NO_NODE;
            if (ml_place_trie_get(new, &key, &went[i]) < 0) {
                return ML_ENOMEM;
            }
        }
        join(&new->place[went[i]], p);
    }
    return ML_OK;
}

int
ml_place_fold(struct ml_place_trie *trie, uint32_t *of_node, uint32_t node_count)
{
    struct ml_place_trie folded;
    if (ml_place_trie_init(&folded, trie->a, false) < 0) {
        return ML_ENOMEM;
    }
    uint32_t *went = ml_alloc_array(trie->a, trie->count, sizeof(uint32_t));
    int rc = went != NULL ? rebuild(trie, &folded, went) : ML_ENOMEM;
    if (rc < 0) {
        ml_place_trie_fini(&folded);
        goto out;
    }
    for (uint32_t n = 0; n < node_count; n++) {
        if (of_node[n] != ML_NO_NODE) {
            of_node[n] = went[of_node[n]];
        }
    }
out:
    ml_alloc_free_array(trie->a, went, trie->count, sizeof(uint32_t));
    if (rc == ML_OK) {
        ml_place_trie_fini(trie);
        *trie = folded;
    }
    return rc;
}
