/* SPDX-License-Identifier: MIT
 *
 * Which objects' reference counts say something. The others are left out of what is
 * accounted for, each for a reason that `refcounts` tells.
 */
#include "take_counts.h"

#include "compat/compat.h"

const char *
take_uncounted_name(enum take_uncounted why)
{
    static const char *const names[] = {
        [TAKE_COUNTED] = "counted",
        [TAKE_UNCOUNTED_IMMORTAL] = "immortal",
        [TAKE_UNCOUNTED_CONSTANT] = "constant",
        [TAKE_UNCOUNTED_INT] = "int",
        [TAKE_UNCOUNTED_INTERNED] = "interned str",
        [TAKE_UNCOUNTED_SHARED] = "shared str, bytes or tuple",
    };
    return names[why];
}

enum take_uncounted
take_uncounted(const struct take_kind *kind, PyObject *op, int64_t *count)
{
    if (!compat_refcount(op, count)) {
        return TAKE_UNCOUNTED_IMMORTAL;
    }
    if (kind->no_count) {
        return kind->shape == SHAPE_INT ? TAKE_UNCOUNTED_INT : TAKE_UNCOUNTED_CONSTANT;
    }
    if (kind->shape == SHAPE_STR) {
        return compat_str_interned(op) ? TAKE_UNCOUNTED_INTERNED
               : ((PyASCIIObject *)op)->length <= 1 ? TAKE_UNCOUNTED_SHARED
                                                    : TAKE_COUNTED;
    }
    bool shared = kind->exact && ((kind->shape == SHAPE_BYTES && Py_SIZE(op) <= 1) ||
                                  (kind->shape == SHAPE_TUPLE && Py_SIZE(op) == 0));
    return shared ? TAKE_UNCOUNTED_SHARED : TAKE_COUNTED;
}
