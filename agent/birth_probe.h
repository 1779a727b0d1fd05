/* SPDX-License-Identifier: MIT
 *
 * birth.h seen from Python, for the tests: they ask for stamps of objects they have made
 * themselves. No part of the product's interface.
 *
 * Thread: any Python thread. GIL: held.
 */
#ifndef ML_AGENT_BIRTH_PROBE_H
#define ML_AGENT_BIRTH_PROBE_H

#include <Python.h>

extern const char ml_birth_probe_doc[];

PyObject *ml_birth_probe(PyObject *self, PyObject *args);

#endif
