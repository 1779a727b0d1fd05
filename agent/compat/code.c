/* SPDX-License-Identifier: MIT
 *
 * Code objects are unknown to the collector (but for free-threaded builds), so what
 * they hold is listed here. co_consts carries whole trees: nested code, tuples.
 */
#include "compat_core.h"

void
compat_code_each(PyCodeObject *code,
                 void (*each)(void *ctx, const char *name, PyObject *op), void *ctx)
{
    each(ctx, "co_consts", code->co_consts);
    each(ctx, "co_names", code->co_names);
    each(ctx, "co_filename", code->co_filename);
    each(ctx, "co_name", code->co_name);
#if ML_PY_310
    each(ctx, "co_code", code->co_code);
    each(ctx, "co_varnames", code->co_varnames);
    each(ctx, "co_freevars", code->co_freevars);
    each(ctx, "co_cellvars", code->co_cellvars);
    each(ctx, "co_linetable", code->co_linetable);
#else
    each(ctx, "co_qualname", code->co_qualname);
    each(ctx, "co_localsplusnames", code->co_localsplusnames);
    each(ctx, "co_localspluskinds", code->co_localspluskinds);
    each(ctx, "co_linetable", code->co_linetable);
    each(ctx, "co_exceptiontable", code->co_exceptiontable);
#if ML_PY_311
    each(ctx, "co_code", code->_co_code);
#else
    if (code->_co_cached != NULL) {
        each(ctx, "co_code", code->_co_cached->_co_code);
        each(ctx, "co_varnames", code->_co_cached->_co_varnames);
        each(ctx, "co_cellvars", code->_co_cached->_co_cellvars);
        each(ctx, "co_freevars", code->_co_cached->_co_freevars);
    }
#endif
#endif
}

PyObject *
compat_code_name(PyCodeObject *code)
{
#if ML_PY_310
    return code->co_name;
#else
    return code->co_qualname != NULL ? code->co_qualname : code->co_name;
#endif
}

PyObject *
compat_code_free_name(PyCodeObject *code, Py_ssize_t i)
{
#if ML_PY_310
    PyObject *names = code->co_freevars;
#else
    PyObject *names = code->co_localsplusnames;
    i += code->co_nlocalsplus - code->co_nfreevars; /* free variables come last */
#endif
    return i >= 0 && i < PyTuple_GET_SIZE(names) ? PyTuple_GET_ITEM(names, i) : NULL;
}
