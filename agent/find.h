/* SPDX-License-Identifier: MIT
 *
 * From an address in a report back to the living object.
 *
 * Thread: any Python thread. GIL: held, for a walk over every reference of the heap: only
 * for a person who asks for one object.
 */
#ifndef ML_AGENT_FIND_H
#define ML_AGENT_FIND_H

#include <Python.h>
#include <stdint.h>

/* New reference to the object that lives at `address` now, NULL when there is none that
 * the collector or an object it knows refers to. No exception is set. Objects are only
 * compared, never followed to an address that was not seen in a reference. */
PyObject *ml_find_object(uintptr_t address);

/* Seconds since `op` was born at least; negative when nothing is known. */
double ml_find_age(PyObject *op, double now);

#endif
