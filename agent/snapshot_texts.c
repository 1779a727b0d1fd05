/* SPDX-License-Identifier: MIT
 *
 * Which objects of a snapshot are shown with a text: those of its details and the examples
 * of its findings, the first of each, then the second of each.
 */
#include "snapshot.h"

#include "call_text.h"

static bool
is_among(const uint32_t *nodes, size_t count, uint32_t node)
{
    for (size_t i = 0; i < count; i++) {
        if (nodes[i] == node) {
            return true;
        }
    }
    return false;
}

size_t
snapshot_shown_nodes(const struct snapshot *s, uint32_t *nodes, size_t room)
{
    size_t count = 0;
    for (uint32_t round = 0; round < SNAPSHOT_EXAMPLES; round++) {
        for (uint32_t i = 0; i < s->count && count < room; i++) {
            if (round < s->shown[i].example_count) {
                nodes[count++] = s->shown[i].example[round];
            }
        }
    }
    size_t examples = count;
    for (uint32_t i = 0; i < s->detail_count && count < room; i++) {
        if (!is_among(nodes, examples, s->detail[i])) {
            nodes[count++] = s->detail[i];
        }
    }
    return count;
}

int
snapshot_call_texts(const struct snapshot *s, struct ml_error *err)
{
    size_t room = SNAPSHOT_FINDINGS * SNAPSHOT_EXAMPLES + s->detail_count;
    uint32_t *nodes = ml_alloc_array(s->v->a, room, sizeof(*nodes));
    struct call_texts *texts = s->v->texts;
    if (nodes == NULL) {
        return ml_error_nomem(err);
    }
    size_t count = snapshot_shown_nodes(s, nodes, room);
    int rc = call_text_all(s->v, nodes, count, texts->str_func, texts, err);
    ml_alloc_free_array(s->v->a, nodes, room, sizeof(*nodes));
    return rc;
}
