/* SPDX-License-Identifier: MIT
 *
 * What an object's address in dynamic memory means. Most such words are references that
 * the heap shows: items of a list, values of a dict, attributes. They are told apart by
 * where they lie:
 *
 *   in an object that refers to it          shown
 *   in an object that does not              that object holds it, and does not say so
 *   in no object                            shown, as often as there are references that
 *                                           stand in none of the objects that have them
 *                                           (tables of dicts, of lists); else anybody's
 */
#include "native_holders.h"

#include <frameobject.h>

#include "compat/compat.h"

#define FAR_BACK 4096       /* an object's first words, from the word that lies in it */
#define MOST_REFERRERS 256
#define MOST_WORDS 65536
#define HEAD_MOST 64        /* bytes in front of an object that belong to it */

/* Bytes that certainly belong to the object, tables apart not counted. */
static uint64_t
inline_size(const struct sweep_view *v, uint32_t node)
{
    const struct take_kind *kind = take_kind_of(&v->take, node);
    PyObject *op = take_object(&v->take, node);
    size_t size = (size_t)kind->type->tp_basicsize;
    if (kind->type->tp_itemsize > 0 && kind->shape != SHAPE_INT &&
        kind->shape != SHAPE_TYPE) {
        Py_ssize_t items = Py_SIZE(op);
        size += (size_t)(items < 0 ? -items : items) * (size_t)kind->type->tp_itemsize;
    }
    return size;
}

uint32_t
native_node_at(const struct sweep_view *v, uint64_t at)
{
    uint64_t slot = at & ~(uint64_t)15;
    for (uint64_t ahead = slot + 16; ahead <= slot + HEAD_MOST; ahead += 16) {
        uint32_t node = ml_addr_map_get(v->take.map, ahead);
        if (node != ML_NO_NODE) {
            size_t head = compat_preheader_size(take_object(&v->take, node));
            if (at >= ahead - head) {
                return node;
            }
            break;
        }
    }
    for (uint64_t back = 0; back <= FAR_BACK && back <= slot; back += 16) {
        uint32_t node = ml_addr_map_get(v->take.map, slot - back);
        if (node != ML_NO_NODE) {
            return at < slot - back + inline_size(v, node) ? node : ML_NO_NODE;
        }
    }
    return ML_NO_NODE;
}

/* -- references that are shown ------------------------------------------------------ */

/* An object's own words and its table, where that is a plain array of references. */
__attribute__((no_sanitize_address)) static uint32_t
count_words(const void *from, size_t count, uint64_t address)
{
    const uint64_t *word = from;
    uint32_t found = 0;
    for (size_t i = 0; i < count && i < MOST_WORDS; i++) {
        found += word[i] == address;
    }
    return found;
}

static uint32_t
words_in(const struct sweep_view *v, uint32_t node, uint64_t address)
{
    PyObject *op = take_object(&v->take, node);
    size_t head = compat_preheader_size(op);
    return count_words((const char *)op - head, (inline_size(v, node) + head) / 8, address);
}

uint32_t
native_shown_elsewhere(const struct sweep_view *v, uint32_t node)
{
    const struct ml_reverse *r = &v->reverse;
    uint32_t first = r->first[node], end = r->first[node + 1], elsewhere = 0;
    if (end - first > MOST_REFERRERS) {
        return UINT32_MAX;
    }
    for (uint32_t e = first; e < end;) {
        uint32_t from = r->from[e], times = 0;
        for (; e < end && r->from[e] == from; e++) {
            times++;
        }
        uint32_t inside = words_in(v, from, v->take.graph.address[node]);
        elsewhere += times > inside ? times - inside : 0;
    }
    return elsewhere;
}

/* -- objects that hold without showing ------------------------------------------------ */

static bool
refers(const struct sweep_view *v, uint32_t from, uint32_t to)
{
    const struct ml_reverse *r = &v->reverse;
    for (uint32_t e = r->first[to]; e < r->first[to + 1]; e++) {
        if (r->from[e] == from) {
            return true;
        }
    }
    return false;
}

/* Objects in which addresses stand that are borrowed or left behind: weak references,
 * evaluation stacks, caches in code and in types; and texts, in which anything may. */
static bool
borrows(const struct take_kind *kind, PyObject *op)
{
    switch ((enum take_shape)kind->shape) {
    case SHAPE_INT:
    case SHAPE_FLOAT:
    case SHAPE_STR:
    case SHAPE_BYTES:
    case SHAPE_CODE:
    case SHAPE_TYPE:
    case SHAPE_MODULE:
    case SHAPE_FUNCTION:
    case SHAPE_GENERATOR:
        return true;
    default:
        return PyWeakref_Check(op) || PyFrame_Check(op) || PyCFunction_Check(op) ||
               PyContextVar_CheckExact(op);
    }
}

enum ml_native_word
native_word_in(const struct sweep_view *v, uint32_t owner, uint32_t target)
{
    if (owner == target || refers(v, owner, target)) {
        return ML_NATIVE_WORD_SHOWN;
    }
    if (!ml_bitset_has(&v->reach.alive, owner) ||
        (v->take.graph.flags[owner] & ML_NODE_OWN) ||
        borrows(take_kind_of(&v->take, owner), take_object(&v->take, owner))) {
        return ML_NATIVE_WORD_FREE;
    }
    return ML_NATIVE_WORD_OBJECT;
}
