/* SPDX-License-Identifier: MIT
 *
 * Another tool's allocator hook, as a memory profiler has one: counts calls. install()
 * and remove() do as they should; drop() puts the allocator of this module's import
 * back, over the heads of all, and put_back() its own again.
 */
#include <Python.h>

static PyMemAllocatorEx first, below;
static long count;

static void *
count_malloc(void *ctx, size_t size)
{
    count++;
    return below.malloc(below.ctx, size);
}

static void *
count_calloc(void *ctx, size_t number, size_t size)
{
    count++;
    return below.calloc(below.ctx, number, size);
}

static void *
count_realloc(void *ctx, void *block, size_t size)
{
    return below.realloc(below.ctx, block, size);
}

static void
count_free(void *ctx, void *block)
{
    below.free(below.ctx, block);
}

static PyMemAllocatorEx ours = {&count, count_malloc, count_calloc, count_realloc,
                                count_free};

static PyObject *
install(PyObject *self, PyObject *unused)
{
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &below);
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &ours);
    Py_RETURN_NONE;
}

static PyObject *
take_out(PyObject *self, PyObject *unused)
{
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &below);
    Py_RETURN_NONE;
}

static PyObject *
drop(PyObject *self, PyObject *unused)
{
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &first);
    Py_RETURN_NONE;
}

static PyObject *
put_back(PyObject *self, PyObject *unused)
{
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &ours);
    Py_RETURN_NONE;
}

static PyObject *
calls(PyObject *self, PyObject *unused)
{
    return PyLong_FromLong(count);
}

static PyMethodDef methods[] = {
    {"install", install, METH_NOARGS, NULL}, {"remove", take_out, METH_NOARGS, NULL},
    {"drop", drop, METH_NOARGS, NULL},       {"put_back", put_back, METH_NOARGS, NULL},
    {"calls", calls, METH_NOARGS, NULL},     {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "otherhook", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC
PyInit_otherhook(void)
{
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &first);
    return PyModule_Create(&definition);
}
