/* SPDX-License-Identifier: MIT
 *
 * Iterators of the language and of itertools: what they take from, and what they keep
 * for the next round. Offsets are the same from 3.10 to 3.15 but where it says so.
 */
#include "fields.h"

#define INTERNAL(name, offset) {name, offset, COMPAT_FIELD_INTERNAL, false}
#define ONE(type, name, offset) {type, {INTERNAL(name, offset)}, NULL}

/* Of itertools.tee: 57 values at +40, shared by the iterators that have not had them. */
#define TEE_VALUES 57

static void
each_tee_value(PyObject *op, const struct compat_field_visitor *v)
{
    PyObject **values = (PyObject **)((char *)op + 40);
    int count = *(int *)((char *)op + 24);
    for (int i = 0; i < count && i < TEE_VALUES; i++) {
        if (values[i] != NULL) {
            struct compat_field field = {"values", NULL, i, COMPAT_FIELD_ITEM, false};
            v->field(v->ctx, &field, values[i]);
        }
    }
}

const struct compat_fields compat_fields_iterators[] = {
    {"zip", {INTERNAL("iterators", 24), INTERNAL("result", 32)}, NULL},
    {"map", {INTERNAL("iterators", 16), INTERNAL("function", 24)}, NULL},
    {"filter", {INTERNAL("function", 16), INTERNAL("iterator", 24)}, NULL},
    {"enumerate",
     {INTERNAL("iterator", 24), INTERNAL("result", 32), INTERNAL("index", 40)},
     NULL},
    {"callable_iterator", {INTERNAL("callable", 16), INTERNAL("sentinel", 24)}, NULL},
    ONE("iterator", "sequence", 24),
    ONE("reversed", "sequence", 24),
    ONE("list_iterator", "sequence", 24),
    ONE("list_reverseiterator", "sequence", 24),
    ONE("tuple_iterator", "sequence", 24),
    ONE("str_iterator", "sequence", 24),
    ONE("str_ascii_iterator", "sequence", 24),
    ONE("bytes_iterator", "sequence", 24),
    ONE("bytearray_iterator", "sequence", 24),
    ONE("memory_iterator", "sequence", 24),
    ONE("set_iterator", "set", 16),
    ONE("_collections._deque_iterator", "deque", 32), /* to 3.11 */
    ONE("_collections._deque_reverse_iterator", "deque", 32),
    ONE("collections._deque_iterator", "deque", 32),
    ONE("collections._deque_reverse_iterator", "deque", 32),
    ONE("dict_keyiterator", "dict", 16),
    ONE("dict_valueiterator", "dict", 16),
    {"dict_itemiterator", {INTERNAL("dict", 16), INTERNAL("result", 40)}, NULL},
    ONE("dict_reversekeyiterator", "dict", 16),
    ONE("dict_reversevalueiterator", "dict", 16),
    {"dict_reverseitemiterator", {INTERNAL("dict", 16), INTERNAL("result", 40)}, NULL},
    {"odict_iterator",
     {INTERNAL("odict", 24), INTERNAL("next_key", 48), INTERNAL("result", 56)},
     NULL},

    {"itertools.accumulate",
     {INTERNAL("total", 16), INTERNAL("iterator", 24), INTERNAL("function", 32),
      INTERNAL("initial", 40)},
     NULL},
    ONE("itertools.batched", "iterator", 16),
    {"itertools.chain", {INTERNAL("source", 16), INTERNAL("active", 24)}, NULL},
    {"itertools.combinations", {INTERNAL("pool", 16), INTERNAL("result", 32)}, NULL},
    {"itertools.combinations_with_replacement",
     {INTERNAL("pool", 16), INTERNAL("result", 32)},
     NULL},
    {"itertools.compress", {INTERNAL("data", 16), INTERNAL("selectors", 24)}, NULL},
    {"itertools.count", {INTERNAL("count", 24), INTERNAL("step", 32)}, NULL},
    {"itertools.cycle", {INTERNAL("iterator", 16), INTERNAL("saved", 24)}, NULL},
    {"itertools.dropwhile", {INTERNAL("function", 16), INTERNAL("iterator", 24)}, NULL},
    {"itertools.filterfalse", {INTERNAL("function", 16), INTERNAL("iterator", 24)}, NULL},
    {"itertools.groupby",
     {INTERNAL("iterator", 16), INTERNAL("keyfunc", 24), INTERNAL("target_key", 32),
      INTERNAL("current_key", 40), INTERNAL("current_value", 48)},
     NULL},
    {"itertools._grouper", {INTERNAL("parent", 16), INTERNAL("target_key", 24)}, NULL},
    ONE("itertools.islice", "iterator", 16),
#if PY_VERSION_HEX >= 0x030D0000
    {"itertools.pairwise",
     {INTERNAL("iterator", 16), INTERNAL("old", 24), INTERNAL("result", 32)},
     NULL},
#else
    {"itertools.pairwise", {INTERNAL("iterator", 16), INTERNAL("old", 24)}, NULL},
#endif
    {"itertools.permutations", {INTERNAL("pool", 16), INTERNAL("result", 40)}, NULL},
    {"itertools.product", {INTERNAL("pools", 16), INTERNAL("result", 32)}, NULL},
    ONE("itertools.repeat", "element", 16),
    {"itertools.starmap", {INTERNAL("function", 16), INTERNAL("iterator", 24)}, NULL},
    {"itertools.takewhile", {INTERNAL("function", 16), INTERNAL("iterator", 24)}, NULL},
    ONE("itertools._tee", "data", 16),
    {"itertools._tee_dataobject",
     {INTERNAL("iterator", 16), INTERNAL("next", 32)},
     each_tee_value},
    {"itertools.zip_longest",
     {INTERNAL("iterators", 32), INTERNAL("result", 40), INTERNAL("fillvalue", 48)},
     NULL},
    {NULL, {{NULL, 0, 0, false}}, NULL}};
