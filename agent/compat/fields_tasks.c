/* SPDX-License-Identifier: MIT
 *
 * What waiting work keeps: asyncio's futures and tasks, data of each thread. The
 * structs are those of Modules/_asynciomodule.c and _threadmodule.c; a future's first callback stands beside the list of the others.
 */
#include "compat_core.h"

#include <string.h>

#include "fields.h"

#define ATTR COMPAT_FIELD_ATTR
#define INTERNAL COMPAT_FIELD_INTERNAL
#define PART COMPAT_FIELD_PART

/* Where a task's own fields begin, behind those that it has as a future. */
#if ML_PY_310
#define TASK 152
#elif PY_VERSION_HEX < 0x030D0000
#define TASK 128
#elif PY_VERSION_HEX < 0x030E0000
#define TASK 112
#else
#define TASK 120
#endif

#define FUTURE                                                                           \
    {"_loop", 16, ATTR, false}, {"_callbacks[0][0]", 24, ATTR, false},                   \
        {"_callbacks[0][1]", 32, ATTR, false}, {"fut_callbacks", 40, INTERNAL, false},   \
        {"_exception", 48, ATTR, false}, {"_result", 64, ATTR, false}

#define TASK_FIELDS                                                                      \
    {"_fut_waiter", TASK, ATTR, false}, {"_coro", TASK + 8, ATTR, false},                \
        {"task_name", TASK + 16, INTERNAL, false},                                       \
        {"task_context", TASK + 24, INTERNAL, false}

#if PY_VERSION_HEX >= 0x030D0000

#define LOCAL                                                                            \
    {"<args>", 16, INTERNAL, false}, {"<kwargs>", 24, INTERNAL, false},                  \
        {".<dicts>", 40, PART, false}

#else

#define LOCAL                                                                            \
    {"<args>", 24, INTERNAL, false}, {"<kwargs>", 32, INTERNAL, false},                  \
        {".<dicts>", 48, PART, false}

#endif

const struct compat_fields compat_fields_tasks[] = {
    {"_asyncio.Future", {FUTURE}, NULL},
    {"_asyncio.Task", {FUTURE, TASK_FIELDS}, NULL},
    {"_asyncio.FutureIter", {{"future", 16, INTERNAL, false}}, NULL},
    {"TaskStepMethWrapper",
     {{"__self__", 16, ATTR, false}, {"sw_arg", 24, INTERNAL, false}},
     NULL},
    {"_asyncio.TaskStepMethWrapper",
     {{"__self__", 16, ATTR, false}, {"sw_arg", 24, INTERNAL, false}},
     NULL},
    {"_thread._local", {LOCAL}, NULL},
    {NULL, {{NULL, 0, 0, false}}, NULL}};
