/* SPDX-License-Identifier: MIT
 *
 * Further objects of the interpreter state: tables of builtin types (each interpreter but
 * the main one keeps its own), what the interpreter has made once for itself. The rest is
 * in interp.c.
 *
 * Fields move within 3.14's patch releases. places.c knows where the important ones are;
 * the others are read only when none of those has moved.
 *
 * Left out: type caches (they hold names, which are interned), free lists and small ints
 * (counts of those say nothing).
 */
#include "compat_core.h"

#include "internal/pycore_ast_state.h" /* struct ast_state */
#include "places.h"

uint32_t
compat_interp_number(PyInterpreterState *interp)
{
    return (uint32_t)PyInterpreterState_GetID(interp);
}

PyObject *
compat_interp_modules(PyInterpreterState *interp)
{
    PyObject *modules = compat_place_object(interp, PLACE_MODULES);
    return modules != NULL && PyDict_Check(modules) ? modules : NULL;
}

/* Everything from AST_type on is an object. */
static void
each_ast(PyInterpreterState *interp, compat_ref_fn each, void *ctx)
{
    PyObject **field = &interp->ast.AST_type;
    size_t bytes = sizeof(interp->ast) - offsetof(struct ast_state, AST_type);
    for (size_t i = 0; i < bytes / sizeof(*field); i++) {
        each(ctx, "syntax tree classes", field[i]);
    }
}

#if PY_VERSION_HEX >= 0x030C0000

static void
each_tool_name(PyInterpreterState *interp, compat_ref_fn each, void *ctx)
{
    for (int tool = 0; tool < PY_MONITORING_TOOL_IDS; tool++) {
        each(ctx, "monitoring tool name", interp->monitoring_tool_names[tool]);
    }
}

static void
each_cached(PyInterpreterState *interp, compat_ref_fn each, void *ctx)
{
    struct _Py_interp_cached_objects *cached = &interp->cached_objects;
    PyTypeObject *types[] = {cached->generic_type, cached->typevar_type,
                             cached->typevartuple_type, cached->paramspec_type,
                             cached->paramspecargs_type, cached->paramspeckwargs_type};
    /* objreduce is borrowed from object's dict */
    for (size_t i = 0; i < Py_ARRAY_LENGTH(types); i++) {
        each(ctx, "typing's classes", (PyObject *)types[i]);
    }
}

/* The main interpreter's are shown by the types (compat_type_dict). */
static void
each_type_state(PyInterpreterState *interp, compat_ref_fn each, void *ctx)
{
    struct types_state *types = compat_place(interp, PLACE_STATIC_TYPES);
    if (interp == PyInterpreterState_Main() || types == NULL) {
        return;
    }
#if ML_PY_312
    size_t count = types->num_builtins_initialized;
    static_builtin_state *type = types->builtins;
#else
    size_t count = types->builtins.num_initialized;
    managed_static_type_state *type = types->builtins.initialized;
#endif
    for (size_t i = 0; i < count; i++) {
        each(ctx, "builtin types' attributes", type[i].tp_dict);
        each(ctx, "builtin types' subclasses", type[i].tp_subclasses);
    }
}

#endif

void
compat_interp_each_more(PyInterpreterState *interp, compat_ref_fn each, void *ctx)
{
#if PY_VERSION_HEX >= 0x030C0000
    each_type_state(interp, each, ctx);
#endif
    if (!compat_places_unmoved()) {
        return;
    }
    each_ast(interp, each, ctx);
    each(ctx, "error numbers", interp->exc_state.errnomap);
#if PY_VERSION_HEX >= 0x030C0000
    each_tool_name(interp, each, ctx);
    each_cached(interp, each, ctx);
#endif
}
