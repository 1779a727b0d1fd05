/* SPDX-License-Identifier: MIT
 *
 * Which file of a process holds CPython, and which CPython that is: from the list of
 * its mappings and the files on disk.
 */
#ifndef ML_ATTACH_INTERPRETER_H
#define ML_ATTACH_INTERPRETER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "elf_file.h"

#define ML_OLDEST_MINOR 10
#define ML_NEWEST_MINOR 15

struct ml_interpreter {
    char program[PATH_MAX];  /* that the process runs */
    char path[PATH_MAX];     /* the file that holds CPython; "" when none does */
    char loader[PATH_MAX];   /* the program's dynamic linker; "": it has none */
    char replaced[PATH_MAX]; /* a file that looks like Python's, gone from the disk, and
                                that could not be read therefore; "" */
    int bits, machine;       /* of the program */
    uint64_t bias;           /* of the file at `path` */
    uint64_t runtime;        /* address of _PyRuntime; 0 when it is not to be found */
    bool exports; /* its functions can be found by a library that is loaded */
    int major, minor, micro; /* minor -1: older than 3.10, or not to be told */
    bool free_threaded;
    bool pypy;
    bool agent; /* the library of an agent is in it */
};

/* An empty `path` is no error. Paths are as the process sees them. */
int ml_interpreter_find(pid_t pid, struct ml_interpreter *out, struct ml_error *err);

#endif
