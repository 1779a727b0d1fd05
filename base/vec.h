/* SPDX-License-Identifier: MIT
 *
 * Growable arrays of plain values over an ml_alloc. One macro makes a type:
 *
 *     ML_VEC(ml_u32vec, uint32_t)
 *
 * gives `struct ml_u32vec {data, len, cap}` and ml_u32vec_push, _reserve, _free.
 * A failed push leaves the vector as it was. A zeroed struct is an empty vector.
 */
#ifndef ML_BASE_VEC_H
#define ML_BASE_VEC_H

#include "alloc.h"
#include "error.h"

#define ML_VEC(name, type)                                                             \
    struct name {                                                                      \
        type *data;                                                                    \
        size_t len;                                                                    \
        size_t cap;                                                                    \
    };                                                                                 \
    __attribute__((unused)) static inline int name##_reserve(                          \
        struct name *v, const struct ml_alloc *a, size_t cap)                          \
    {                                                                                  \
        if (cap <= v->cap) {                                                           \
            return ML_OK;                                                              \
        }                                                                              \
        size_t to = ml_grown(v->cap, cap < 16 ? 16 : cap);                             \
        type *data = ml_alloc_resize_array(a, v->data, v->cap, to, sizeof(type));      \
        if (data == NULL) {                                                            \
            return ML_ENOMEM;                                                          \
        }                                                                              \
        v->data = data;                                                                \
        v->cap = to;                                                                   \
        return ML_OK;                                                                  \
    }                                                                                  \
    __attribute__((unused)) static inline int name##_push(                             \
        struct name *v, const struct ml_alloc *a, type value)                          \
    {                                                                                  \
        if (v->len == v->cap && name##_reserve(v, a, v->len + 1) < 0) {                \
            return ML_ENOMEM;                                                          \
        }                                                                              \
        v->data[v->len++] = value;                                                     \
        return ML_OK;                                                                  \
    }                                                                                  \
    __attribute__((unused)) static inline void name##_free(struct name *v,             \
                                                           const struct ml_alloc *a)   \
    {                                                                                  \
        ml_alloc_free_array(a, v->data, v->cap, sizeof(type));                         \
        v->data = NULL;                                                                \
        v->len = v->cap = 0;                                                           \
    }

ML_VEC(ml_u32vec, uint32_t)
ML_VEC(ml_u64vec, uint64_t)

#endif
