/* SPDX-License-Identifier: MIT
 *
 * See addr_map.h: the slow ways in and the making of leaves.
 *
 * A leaf is larger than what an arena cuts from its chunks, so it is a mapping of its
 * own and zero pages that nobody looks at are never made. Tables double when half full.
 */
#include "addr_map.h"

#include <string.h>

#define FIRST_LEAF_BITS 6
#define FIRST_ODD_BITS 6

struct ml_addr_map *
ml_addr_map_new(const struct ml_alloc *a)
{
    struct ml_addr_map *m = ml_alloc_array(a, 1, sizeof(*m));
    if (m == NULL) {
        return NULL;
    }
    m->a = a;
    m->leaf_bits = FIRST_LEAF_BITS;
    m->leaf = ml_alloc_array(a, (size_t)1 << m->leaf_bits, sizeof(*m->leaf));
    if (m->leaf == NULL) {
        ml_alloc_free_array(a, m, 1, sizeof(*m));
        return NULL;
    }
    return m;
}

void
ml_addr_map_free(struct ml_addr_map *m)
{
    if (m == NULL) {
        return;
    }
    for (size_t i = 0; i < (size_t)1 << m->leaf_bits; i++) {
        ml_alloc_free_array(m->a, m->leaf[i].slots, ML_ADDR_LEAF_SLOTS,
                            sizeof(uint32_t));
    }
    ml_alloc_free_array(m->a, m->leaf, (size_t)1 << m->leaf_bits, sizeof(*m->leaf));
    ml_alloc_free_array(m->a, m->odd, (size_t)1 << m->odd_bits, sizeof(*m->odd));
    ml_alloc_free_array(m->a, m, 1, sizeof(*m));
}

/* -- leaves --------------------------------------------------------------------- */

static struct ml_addr_leaf *
free_leaf(struct ml_addr_leaf *table, unsigned bits, uint64_t chunk)
{
    size_t mask = ((size_t)1 << bits) - 1;
    size_t i = ml_addr_hash(chunk, bits);
    while (table[i].slots != NULL) {
        i = (i + 1) & mask;
    }
    return &table[i];
}

static int
grow_leaves(struct ml_addr_map *m)
{
    unsigned bits = m->leaf_bits + 1;
    struct ml_addr_leaf *to = ml_alloc_array(m->a, (size_t)1 << bits, sizeof(*to));
    if (to == NULL) {
        return ML_ENOMEM;
    }
    for (size_t i = 0; i < (size_t)1 << m->leaf_bits; i++) {
        if (m->leaf[i].slots != NULL) {
            *free_leaf(to, bits, m->leaf[i].chunk) = m->leaf[i];
        }
    }
    ml_alloc_free_array(m->a, m->leaf, (size_t)1 << m->leaf_bits, sizeof(*to));
    m->leaf = to;
    m->leaf_bits = bits;
    return ML_OK;
}

static int
add_leaf(struct ml_addr_map *m, uint64_t chunk)
{
    if (2 * (m->leaf_count + 1) > (size_t)1 << m->leaf_bits && grow_leaves(m) < 0) {
        return ML_ENOMEM;
    }
    uint32_t *slots = ml_alloc_array(m->a, ML_ADDR_LEAF_SLOTS, sizeof(*slots));
    if (slots == NULL) {
        return ML_ENOMEM;
    }
    *free_leaf(m->leaf, m->leaf_bits, chunk) = (struct ml_addr_leaf){chunk, slots};
    m->leaf_count++;
    return ML_OK;
}

/* -- odd multiples of 8 ---------------------------------------------------------- */

/* Where `address` stands or belongs. */
static struct ml_addr_odd *
odd_place(struct ml_addr_odd *table, unsigned bits, uint64_t address)
{
    size_t mask = ((size_t)1 << bits) - 1;
    size_t i = ml_addr_hash(address >> 3, bits);
    while (table[i].address != 0 && table[i].address != address) {
        i = (i + 1) & mask;
    }
    return &table[i];
}

static int
grow_odd(struct ml_addr_map *m)
{
    unsigned bits = m->odd == NULL ? FIRST_ODD_BITS : m->odd_bits + 1;
    struct ml_addr_odd *to = ml_alloc_array(m->a, (size_t)1 << bits, sizeof(*to));
    if (to == NULL) {
        return ML_ENOMEM;
    }
    for (size_t i = 0; m->odd != NULL && i < (size_t)1 << m->odd_bits; i++) {
        if (m->odd[i].address != 0) {
            *odd_place(to, bits, m->odd[i].address) = m->odd[i];
        }
    }
    ml_alloc_free_array(m->a, m->odd, (size_t)1 << m->odd_bits, sizeof(*to));
    m->odd = to;
    m->odd_bits = bits;
    return ML_OK;
}

static int
put_odd(struct ml_addr_map *m, uint64_t address, uint32_t node, uint32_t *found)
{
    if ((m->odd == NULL || 2 * (m->odd_count + 1) > (size_t)1 << m->odd_bits) &&
        grow_odd(m) < 0) {
        return ML_ENOMEM;
    }
    struct ml_addr_odd *at = odd_place(m->odd, m->odd_bits, address);
    if (at->address == address) {
        *found = at->node;
        return 0;
    }
    *at = (struct ml_addr_odd){address, node};
    m->odd_count++;
    *found = node;
    return 1;
}

uint32_t
ml_addr_map_get_odd(const struct ml_addr_map *m, uint64_t address)
{
    if (m->odd == NULL) {
        return ML_NO_NODE;
    }
    const struct ml_addr_odd *at = odd_place(m->odd, m->odd_bits, address);
    return at->address == address ? at->node : ML_NO_NODE;
}

int
ml_addr_map_put_slow(struct ml_addr_map *m, uint64_t address, uint32_t node,
                     uint32_t *found)
{
    if (address == 0 || (address & 7) != 0) {
        return ML_EINVAL;
    }
    if ((address & 15) != 0) {
        return put_odd(m, address, node, found);
    }
    if (add_leaf(m, address >> ML_ADDR_LEAF_BITS) < 0) {
        return ML_ENOMEM;
    }
    *ml_addr_map_slot(m, address) = node + 1;
    *found = node;
    return 1;
}
