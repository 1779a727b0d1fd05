/* SPDX-License-Identifier: MIT
 *
 * C that waits as C is often written: whatever the system call says is believed, EINTR
 * too. Each function lets go of the GIL, waits and returns (result, errno's name, seconds);
 * `hold` keeps the GIL and never looks up, `storm` is malloc and free all the time.
 */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long
by_nanosleep(int ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    return nanosleep(&t, NULL);
}

static long
by_poll(int ms)
{
    return poll(NULL, 0, ms);
}

static long
by_select(int ms)
{
    struct timeval t = {ms / 1000, ms % 1000 * 1000L};
    return select(0, NULL, NULL, NULL, &t);
}

static long
by_epoll(int ms)
{
    struct epoll_event event;
    int fd = epoll_create1(0);
    long rc = epoll_wait(fd, &event, 1, ms);
    int saved = errno;
    close(fd);
    errno = saved;
    return rc;
}

static long
by_semaphore(int ms)
{
    sem_t never;
    struct timespec t;
    sem_init(&never, 0, 0);
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    t.tv_sec += t.tv_nsec / 1000000000L;
    t.tv_nsec %= 1000000000L;
    return sem_timedwait(&never, &t);
}

static long
by_read(int fd)
{
    char one;
    return read(fd, &one, 1);
}

static const struct {
    const char *name;
    long (*wait)(int argument);
} all[] = {
    {"nanosleep", by_nanosleep}, {"poll", by_poll},           {"select", by_select},
    {"epoll", by_epoll},         {"semaphore", by_semaphore}, {"read", by_read},
};

/* wait(name, milliseconds or descriptor) */
static PyObject *
wait_for(PyObject *self, PyObject *args)
{
    const char *name;
    int argument;
    if (!PyArg_ParseTuple(args, "si", &name, &argument)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(name, all[i].name) == 0) {
            long result;
            int error;
            double begun = now();
            Py_BEGIN_ALLOW_THREADS
            errno = 0;
            result = all[i].wait(argument);
            error = errno;
            Py_END_ALLOW_THREADS
            return Py_BuildValue("lsd", result, error != 0 ? strerrorname_np(error) : "",
                                 now() - begun);
        }
    }
    PyErr_SetString(PyExc_LookupError, name);
    return NULL;
}

/* hold(seconds): the GIL, in a loop that calls nothing. */
static PyObject *
hold(PyObject *self, PyObject *seconds)
{
    double end = now() + PyFloat_AsDouble(seconds);
    unsigned long turns = 0;
    while (now() < end) {
        turns++;
    }
    return PyBool_FromLong(turns > 0);
}

/* storm(seconds): malloc and free without the GIL; true while every block kept what was
 * written to it. */
static PyObject *
storm(PyObject *self, PyObject *seconds)
{
    enum { KEPT = 512 };
    unsigned char *block[KEPT] = {NULL};
    size_t size[KEPT] = {0};
    unsigned seed = 1;
    int good = 1;
    double end = now() + PyFloat_AsDouble(seconds);
    Py_BEGIN_ALLOW_THREADS
    while (now() < end) {
        for (int i = 0; i < 1000; i++) {
            unsigned at = (seed = seed * 1103515245 + 12345) / 65536 % KEPT;
            for (size_t k = 0; block[at] != NULL && k < size[at]; k += 16) {
                good = good && block[at][k] == (unsigned char)at;
            }
            free(block[at]);
            size[at] = seed % 5000 + 1;
            block[at] = malloc(size[at]);
            memset(block[at], (int)at, size[at]);
        }
    }
    for (int i = 0; i < KEPT; i++) {
        free(block[i]);
    }
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(good);
}

static PyMethodDef methods[] = {
    {"wait", wait_for, METH_VARARGS, NULL},
    {"hold", hold, METH_O, NULL},
    {"storm", storm, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "waits", .m_methods = methods};

PyMODINIT_FUNC
PyInit_waits(void)
{
    return PyModule_Create(&definition);
}
