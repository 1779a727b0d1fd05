/* SPDX-License-Identifier: MIT
 *
 * See suspect_heap.h.
 */
#include "suspect_heap.h"

#include <criterion/criterion.h>

struct ml_u32vec young;
struct ml_bitset suspect;
struct ml_suspects got;
struct ml_suspects_options how;

static uint64_t
same_number(void *ctx, uint32_t number)
{
    (void)ctx;
    return number;
}

void
suspect_heap_init(void)
{
    web_heap_init();
    young.len = 0;
    how = (struct ml_suspects_options){.max_findings = 100,
                                       .kind_key = same_number,
                                       .root_key = same_number};
}

void
suspect_heap_fini(void)
{
    ml_suspects_fini(&got);
    ml_bitset_fini(&suspect, &ml_alloc_libc);
    ml_u32vec_free(&young, &ml_alloc_libc);
    web_heap_fini();
}

uint32_t
leak(uint32_t node)
{
    cr_assert_eq(ml_u32vec_push(&young, &ml_alloc_libc, node), ML_OK);
    return node;
}

uint32_t
leaked(uint32_t of, uint32_t kind, uint64_t size, uint8_t flags)
{
    return leak(sketch_child(&heap, of, kind, size, flags));
}

void
leak_many(uint32_t of, uint32_t kind, uint64_t size, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        leaked(of, kind, size, 0);
    }
}

static void
pick(void)
{
    struct ml_error err = {0};
    cr_assert_eq(ml_suspects_pick(&heap.g, &heap.tree, &heap.dom, &heap.ret, &heap.places,
                                  &suspect, &how, &ml_alloc_libc, NULL, &got, &err),
                 ML_OK, "%s", err.message);
}

void
suspect_heap_mark(void)
{
    cr_assert(ml_bitset_init(&suspect, &ml_alloc_libc, heap.g.node_count));
    for (size_t i = 0; i < young.len; i++) {
        ml_bitset_add(&suspect, young.data[i]);
    }
}

void
suspect_heap_find(void)
{
    sketch_analyse(&heap);
    suspect_heap_mark();
    pick();
}

uint32_t
finding_of(uint32_t node)
{
    uint32_t place = heap.places.of_node[node];
    return place != ML_NO_NODE ? got.of_place[place] : ML_NO_NODE;
}

void
expect_suspects(uint32_t i, uint32_t kind, uint32_t count, uint32_t by, uint64_t parts)
{
    cr_assert_lt(i, got.count, "only %u findings", got.count);
    const struct ml_suspect_finding *f = &got.finding[i];
    uint32_t is = heap.places.place[f->finding.place].kind;
    cr_expect_eq(is, kind, "kind %u rather than %u", is, kind);
    cr_expect_eq(f->finding.count, count, "%u rather than %u", f->finding.count, count);
    cr_expect_eq(f->finding.accumulation, by, "at %u rather than %u",
                 f->finding.accumulation, by);
    cr_expect_eq(f->parts, parts, "%lu parts rather than %lu", f->parts, parts);
}
