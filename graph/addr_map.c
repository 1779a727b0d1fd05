/* SPDX-License-Identifier: MIT
 *
 * See addr_map.h. Three levels, by bits of the address:
 *
 *   46..34  root   13 bits, and a 14th: whether bit 3 is set (objects at an odd
 *                  multiple of 8, static ones, get leaves of their own)
 *   33..20  mid    14 bits -> leaf
 *   19..4   leaf   16 bits -> node + 1, 0: none
 *
 * User-space addresses have 47 bits. Leaves and mids are mapped when first needed.
 */
#include "addr_map.h"

#define ROOT_BITS 14
#define MID_BITS 14
#define LEAF_BITS 16

struct leaf {
    uint32_t node[1 << LEAF_BITS];
};

struct mid {
    struct leaf *leaf[1 << MID_BITS];
};

struct ml_addr_map {
    const struct ml_alloc *a;
    struct mid *root[1 << ROOT_BITS];
};

static inline uint32_t
root_of(uint64_t address)
{
    return (uint32_t)((address >> 34) & 0x1FFF) | (uint32_t)((address >> 3) & 1) << 13;
}

static inline uint32_t
mid_of(uint64_t address)
{
    return (uint32_t)(address >> 20) & ((1u << MID_BITS) - 1);
}

static inline uint32_t
leaf_of(uint64_t address)
{
    return (uint32_t)(address >> 4) & ((1u << LEAF_BITS) - 1);
}

static inline bool
is_mappable(uint64_t address)
{
    return address >> 47 == 0 && (address & 7) == 0;
}

struct ml_addr_map *
ml_addr_map_new(const struct ml_alloc *a)
{
    struct ml_addr_map *m = a->alloc(a->ctx, sizeof(*m));
    if (m != NULL) {
        m->a = a;
    }
    return m;
}

void
ml_addr_map_free(struct ml_addr_map *m)
{
    if (m == NULL) {
        return;
    }
    const struct ml_alloc *a = m->a;
    for (uint32_t r = 0; r < 1u << ROOT_BITS; r++) {
        for (uint32_t k = 0; m->root[r] != NULL && k < 1u << MID_BITS; k++) {
            if (m->root[r]->leaf[k] != NULL) {
                a->release(a->ctx, m->root[r]->leaf[k], sizeof(struct leaf));
            }
        }
        if (m->root[r] != NULL) {
            a->release(a->ctx, m->root[r], sizeof(struct mid));
        }
    }
    a->release(a->ctx, m, sizeof(*m));
}

static inline struct leaf *
find_leaf(const struct ml_addr_map *m, uint64_t address)
{
    const struct mid *mid = m->root[root_of(address)];
    return mid != NULL ? mid->leaf[mid_of(address)] : NULL;
}

uint32_t
ml_addr_map_get(const struct ml_addr_map *m, uint64_t address)
{
    if (!is_mappable(address)) {
        return ML_NO_NODE;
    }
    const struct leaf *leaf = find_leaf(m, address);
    return leaf != NULL ? leaf->node[leaf_of(address)] - 1 : ML_NO_NODE;
}

static struct leaf *
make_leaf(struct ml_addr_map *m, uint64_t address)
{
    struct mid **mid = &m->root[root_of(address)];
    if (*mid == NULL) {
        *mid = m->a->alloc(m->a->ctx, sizeof(**mid));
    }
    if (*mid == NULL) {
        return NULL;
    }
    struct leaf *leaf = m->a->alloc(m->a->ctx, sizeof(*leaf));
    (*mid)->leaf[mid_of(address)] = leaf;
    return leaf;
}

int
ml_addr_map_get_or_put(struct ml_addr_map *m, uint64_t address, uint32_t node,
                       uint32_t *found)
{
    if (!is_mappable(address)) {
        return ML_EINVAL;
    }
    struct leaf *leaf = find_leaf(m, address);
    if (leaf == NULL && (leaf = make_leaf(m, address)) == NULL) {
        return ML_ENOMEM;
    }
    uint32_t *slot = &leaf->node[leaf_of(address)];
    if (*slot != 0) {
        *found = *slot - 1;
        return 0;
    }
    *slot = node + 1;
    *found = node;
    return 1;
}

void
ml_addr_map_prefetch(const struct ml_addr_map *m, uint64_t address)
{
    if (is_mappable(address)) {
        const struct leaf *leaf = find_leaf(m, address);
        if (leaf != NULL) {
            __builtin_prefetch(&leaf->node[leaf_of(address)]);
        }
    }
}
