/* SPDX-License-Identifier: MIT
 *
 * See web_heap.h.
 */
#include "web_heap.h"

#include <criterion/criterion.h>

struct sketch heap;
struct ml_finding_options options;
struct ml_findings found;

void
web_heap_init(void)
{
    sketch_init(&heap);
    options = sketch_options();
}

void
web_heap_fini(void)
{
    ml_findings_fini(&found);
    sketch_fini(&heap);
}

void
web_heap_find(void)
{
    sketch_analyse(&heap);
    found = sketch_pick(&heap, &options);
}

static uint32_t
kind_of(uint32_t finding)
{
    return heap.places.place[found.finding[finding].place].kind;
}

void
expect_finding(uint32_t i, uint32_t kind, uint32_t count, uint32_t by, uint32_t entries)
{
    cr_assert_lt(i, found.count, "only %u findings", found.count);
    const struct ml_finding *f = &found.finding[i];
    cr_expect_eq(kind_of(i), kind, "kind %u rather than %u", kind_of(i), kind);
    cr_expect_eq(f->count, count, "count %u rather than %u", f->count, count);
    cr_expect_eq(f->accumulation, by, "at %u rather than %u", f->accumulation, by);
    cr_expect_eq(f->entries, entries, "entries %u rather than %u", f->entries, entries);
}

uint32_t
draw_session(uint32_t holder, uint32_t items)
{
    uint32_t session = sketch_child(&heap, holder, SESSION, 48, 0);
    uint32_t dict = sketch_child(&heap, session, DICT, 104, ML_NODE_FOLD);
    sketch_child(&heap, dict, STR, 60, 0);
    uint32_t cart = sketch_child(&heap, dict, CART, 56, 0);
    uint32_t list = sketch_child(&heap, cart, LIST, 88, ML_NODE_SPREAD);
    for (uint32_t i = 0; i < items; i++) {
        sketch_child(&heap, list, ITEM, 64, 0);
    }
    return session;
}

uint32_t
draw_sessions(uint32_t count, uint32_t items)
{
    uint32_t dict = sketch_root(&heap, DICT, 64, ML_NODE_SPREAD);
    for (uint32_t i = 0; i < count; i++) {
        sketch_child(&heap, dict, STR, 70, 0);
        draw_session(dict, items);
    }
    return dict;
}

uint32_t
draw_handlers(uint32_t leaked)
{
    uint32_t bus = sketch_root(&heap, BUS, 48, 0);
    uint32_t dict = sketch_child(&heap, bus, DICT, 104, ML_NODE_FOLD);
    uint32_t handlers = sketch_child(&heap, dict, DICT, 232, 0);
    uint32_t order = ML_NO_NODE;
    for (int topic = 0; topic < 2; topic++) {
        sketch_child(&heap, handlers, STR, 54, ML_NODE_NO_COUNT);
        uint32_t list = sketch_child(&heap, handlers, LIST, 88, ML_NODE_SPREAD);
        order = topic == 0 ? list : order;
        for (uint32_t i = 0; i < (topic == 0 ? leaked : 3); i++) {
            uint32_t function = sketch_child(&heap, list, FUNCTION, 144, 0);
            uint32_t closure = sketch_child(&heap, function, TUPLE, 48, ML_NODE_FOLD);
            uint32_t cell = sketch_child(&heap, closure, CELL, 40, ML_NODE_FOLD);
            sketch_child(&heap, cell, ORDER, 48, 0);
        }
    }
    return order;
}
