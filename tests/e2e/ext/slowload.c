/* SPDX-License-Identifier: MIT
 *
 * An extension module whose library takes a second to begin: its constructor sleeps,
 * inside dlopen, with the loader's lock held.
 */
#include <Python.h>

#include <unistd.h>

__attribute__((constructor)) static void
take_long(void)
{
    usleep(1000000);
}

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "slowload"};

PyMODINIT_FUNC
PyInit_slowload(void)
{
    return PyModule_Create(&definition);
}
