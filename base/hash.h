/* SPDX-License-Identifier: MIT
 *
 * FNV-1a (Fowler, Noll, Vo), 64 bits: stable over processes, runs and releases, which is
 * what fingerprints in saved reports need. Not for tables that strangers can fill.
 */
#ifndef ML_BASE_HASH_H
#define ML_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define ML_HASH_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t
ml_hash_bytes(uint64_t h, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        h = (h ^ (unsigned char)data[i]) * UINT64_C(0x100000001b3);
    }
    return h;
}

#endif
