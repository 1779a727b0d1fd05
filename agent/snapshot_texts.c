/* SPDX-License-Identifier: MIT
 *
 * Which objects of a snapshot are shown with a text: the examples of its findings, the
 * first of each, then the second of each. The details are a part of those.
 */
#include "snapshot.h"

#include "call_text.h"

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
    return count;
}

int
snapshot_call_texts(const struct snapshot *s, struct ml_error *err)
{
    uint32_t nodes[SNAPSHOT_FINDINGS * SNAPSHOT_EXAMPLES];
    size_t count = snapshot_shown_nodes(s, nodes, sizeof(nodes) / sizeof(nodes[0]));
    struct call_texts *texts = s->v->texts;
    return call_text_all(s->v, nodes, count, texts->str_func, texts, err);
}
