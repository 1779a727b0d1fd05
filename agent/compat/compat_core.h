/* SPDX-License-Identifier: MIT
 *
 * The interpreter's internal headers, for the files of this folder only. Each line
 * says which name is wanted from it.
 */
#ifndef ML_AGENT_COMPAT_CORE_H
#define ML_AGENT_COMPAT_CORE_H

#ifndef Py_BUILD_CORE_MODULE
#define Py_BUILD_CORE_MODULE 1
#endif
#include <Python.h>
#include <structmember.h>

#if PY_VERSION_HEX < 0x030A0000
#error "CPython 3.10 or later is needed"
#endif

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#include "internal/pycore_gc.h"     /* PyGC_Head, struct _gc_runtime_state */
#include "internal/pycore_interp.h" /* struct _is */
#if PY_VERSION_HEX >= 0x030B0000
#include "internal/pycore_code.h"  /* _PyCode_CODE */
#include "internal/pycore_dict.h"  /* DK_IS_UNICODE, struct _dictvalues */
#include "internal/pycore_frame.h" /* _PyInterpreterFrame */
#else
#include <frameobject.h> /* struct _frame */
#endif
#if PY_VERSION_HEX >= 0x030C0000
#include "internal/pycore_typeobject.h" /* static types' state */
#endif
#if PY_VERSION_HEX >= 0x030D0000
#include "internal/pycore_tstate.h" /* _PyThreadStateImpl */
#endif
#if PY_VERSION_HEX >= 0x030E0000
#include "internal/pycore_interpframe_structs.h" /* _PyInterpreterFrame, PyGenObject */
#endif
#pragma GCC diagnostic pop

#include "compat.h"

#define ML_PY_310 (PY_VERSION_HEX < 0x030B0000)
#define ML_PY_311 (PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030C0000)
#define ML_PY_312 (PY_VERSION_HEX >= 0x030C0000 && PY_VERSION_HEX < 0x030D0000)
#define ML_PY_313 (PY_VERSION_HEX >= 0x030D0000 && PY_VERSION_HEX < 0x030E0000)
#define ML_PY_314 (PY_VERSION_HEX >= 0x030E0000 && PY_VERSION_HEX < 0x030F0000)

#endif
