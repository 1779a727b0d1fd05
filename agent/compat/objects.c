/* SPDX-License-Identifier: MIT
 *
 * Reference counts and sizes. The sizes repeat the formulas of the C `__sizeof__`
 * methods, because those allocate an int and some are not exported.
 */
#include "compat_core.h"

/* 3.11's deep-frozen objects carry a count of about 999 999 999; nobody holds half a
 * thousand million references otherwise. */
#define NEVER_REAL 500000000

bool
compat_refcount(PyObject *op, int64_t *count)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (_Py_IsImmortal(op)) {
        return false;
    }
#endif
    *count = (int64_t)Py_REFCNT(op);
    return *count < NEVER_REAL;
}

size_t
compat_preheader_size(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
#if ML_PY_311 || ML_PY_312 /* where static types count as having one */
    size_t size = PyType_IS_GC(type) ? sizeof(PyGC_Head) : 0;
#else
    size_t size = PyObject_IS_GC(op) ? sizeof(PyGC_Head) : 0;
#endif
#if ML_PY_311
    size += (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) ? 2 * sizeof(PyObject *) : 0;
#elif PY_VERSION_HEX >= 0x030C0000
    size += (type->tp_flags & Py_TPFLAGS_PREHEADER) ? 2 * sizeof(PyObject *) : 0;
#else
    (void)type;
#endif
    return size;
}

size_t
compat_long_size(PyObject *op)
{
#if PY_VERSION_HEX >= 0x030C0000
    size_t digits = ((PyLongObject *)op)->long_value.lv_tag >> 3;
    digits = digits == 0 ? 1 : digits;
    return offsetof(PyLongObject, long_value.ob_digit) + digits * sizeof(digit);
#else
    Py_ssize_t digits = Py_SIZE(op) < 0 ? -Py_SIZE(op) : Py_SIZE(op);
    digits += ML_PY_311 && digits == 0; /* its 0 has a digit */
    return offsetof(PyLongObject, ob_digit) + (size_t)digits * sizeof(digit);
#endif
}

size_t
compat_str_size(PyObject *op)
{
    PyASCIIObject *ascii = (PyASCIIObject *)op;
    size_t size, length = (size_t)ascii->length, kind = ascii->state.kind;
    if (ascii->state.compact && ascii->state.ascii) {
        size = sizeof(PyASCIIObject) + length + 1;
    }
    else if (ascii->state.compact) {
        size = sizeof(PyCompactUnicodeObject) + (length + 1) * kind;
    }
    else {
        size = sizeof(PyUnicodeObject);
        if (((PyUnicodeObject *)op)->data.any != NULL) {
            size += (length + 1) * kind;
        }
    }
    if (!(ascii->state.compact && ascii->state.ascii)) {
        PyCompactUnicodeObject *compact = (PyCompactUnicodeObject *)op;
        void *data = ascii->state.compact ? (void *)(compact + 1)
                                          : ((PyUnicodeObject *)op)->data.any;
        if (compact->utf8 != NULL && (void *)compact->utf8 != data) {
            size += (size_t)compact->utf8_length + 1;
        }
    }
    return size;
}

size_t
compat_bytearray_size(PyObject *op)
{
    size_t room = (size_t)((PyByteArrayObject *)op)->ob_alloc;
#if PY_VERSION_HEX >= 0x030F0000 /* they stand in a bytes object of its own */
    room += room > 0 ? (size_t)PyBytes_Type.tp_basicsize : 0;
#endif
    return (size_t)Py_TYPE(op)->tp_basicsize + room;
}

bool
compat_str_interned(PyObject *op)
{
    return ((PyASCIIObject *)op)->state.interned != 0;
}

#if ML_PY_310
size_t
compat_dict_size(PyObject *op)
{
    PyDictObject *dict = (PyDictObject *)op;
    struct keys_head { /* dictobject.c of 3.10, private there */
        Py_ssize_t dk_refcnt, dk_size;
        void *dk_lookup;
        Py_ssize_t dk_usable, dk_nentries;
    } *keys = (void *)dict->ma_keys;
    size_t slots = (size_t)keys->dk_size, usable = (slots << 1) / 3;
    size_t index = slots <= 0xff ? 1 : slots <= 0xffff ? 2 : slots <= 0xffffffff ? 4 : 8;
    size_t size = (size_t)Py_TYPE(op)->tp_basicsize;
    size += dict->ma_values != NULL ? usable * sizeof(PyObject *) : 0;
    if (keys->dk_refcnt == 1) {
        size += sizeof(struct keys_head) + slots * index + usable * 3 * sizeof(void *);
    }
    return size;
}
#else
/* An instance's dict may read the values inside the instance, which are counted there. */
static bool
values_are_inline(PyDictObject *dict)
{
#if PY_VERSION_HEX >= 0x030D0000
    return dict->ma_values->embedded;
#else
    (void)dict;
    return false;
#endif
}

size_t
compat_dict_size(PyObject *op)
{
    PyDictObject *dict = (PyDictObject *)op;
    PyDictKeysObject *keys = dict->ma_keys;
    size_t usable = ((size_t)DK_SIZE(keys) << 1) / 3;
    size_t size = (size_t)Py_TYPE(op)->tp_basicsize;
    if (dict->ma_values != NULL && !values_are_inline(dict)) {
        size += (size_t)(keys->dk_nentries + keys->dk_usable) * sizeof(PyObject *);
    }
    if (keys->dk_refcnt == 1) {
        size_t entry = DK_IS_UNICODE(keys) ? sizeof(PyDictUnicodeEntry)
                                           : sizeof(PyDictKeyEntry);
        size += sizeof(PyDictKeysObject) + ((size_t)1 << keys->dk_log2_index_bytes) +
                usable * entry;
    }
    return size;
}
#endif

/* -- allocators -------------------------------------------------------------------- */

static void *(*redirect_alloc)(void *ctx, size_t size);

static void *
redirected_malloc(void *ctx, size_t size)
{
    return redirect_alloc(ctx, size > 0 ? size : 1);
}

static void *
redirected_calloc(void *ctx, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return NULL;
    }
    return redirect_alloc(ctx, bytes > 0 ? bytes : 1); /* zeroed by the arena */
}

/* The old size is not known; the old block is only ever read up to the new size, in a
 * process whose memory nobody else uses. Sizes grow rarely in what is called here. */
static void *
redirected_realloc(void *ctx, void *ptr, size_t size)
{
    char *to = redirect_alloc(ctx, size > 0 ? size : 1);
    if (to != NULL && ptr != NULL) {
        memcpy(to, ptr, size);
    }
    return to;
}

static void
redirected_free(void *ctx, void *ptr)
{
    (void)ctx;
    (void)ptr;
}

void
compat_redirect_allocators(void *ctx, void *(*alloc)(void *ctx, size_t size))
{
    redirect_alloc = alloc;
    PyMemAllocatorEx to = {ctx, redirected_malloc, redirected_calloc, redirected_realloc,
                           redirected_free};
    PyMem_SetAllocator(PYMEM_DOMAIN_RAW, &to);
    PyMem_SetAllocator(PYMEM_DOMAIN_MEM, &to);
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &to);
}
