/* SPDX-License-Identifier: MIT
 *
 * The program as inject needs to know it: where the functions that it calls lie, which
 * addresses belong to libc and its kin, and the stack of a thread that is stopped. By
 * libdwfl of elfutils, from the files that the program has mapped; nothing is looked for
 * in debug directories or on the network.
 */
#ifndef ML_ATTACH_INJECT_IMAGE_H
#define ML_ATTACH_INJECT_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "attach.h"

struct ml_image;

/* What of the program's is called, and the two places in libc's code that system calls
 * are made from. */
struct ml_image_calls {
    uint64_t attr_init, attr_setstacksize, attr_setdetachstate, thread_create;
    uint64_t open, symbol, error, poll, unmap;
    uint64_t syscall_ret; /* "syscall; ret" */
    uint64_t sigreturn;   /* "mov $15,%rax; syscall" */
};

enum ml_image_kind {
    ML_IMAGE_UNKNOWN,  /* no file: code made at run time */
    ML_IMAGE_PROGRAM,  /* the executable and its libraries */
    ML_IMAGE_SYSTEM,   /* libc, the dynamic loader, whoever offers malloc */
};

struct ml_image_frame {
    enum ml_image_kind kind;
    bool may_wait;  /* SYSTEM: in a function that does nothing but wait */
    bool exiting;   /* SYSTEM: in exit() */
    bool is_python; /* PROGRAM: CPython itself, or its module `select` */
    bool interrupted; /* not by a call, but by a signal */
};

int ml_image_open(const struct ml_attach_target *target, struct ml_image **out,
                  struct ml_error *err);
void ml_image_close(struct ml_image *image);

const struct ml_image_calls *ml_image_calls(const struct ml_image *image);

/* Calls `see` for each frame of a thread that we have stopped by ptrace, innermost
 * first, until it returns false. True: the stack was walked to its end, and `see` always
 * said true. */
bool ml_image_walk(struct ml_image *image, pid_t tid,
                   bool (*see)(const struct ml_image_frame *frame, void *ctx), void *ctx);

/* The program has loaded or unloaded libraries since: looks again. */
int ml_image_refresh(struct ml_image *image, struct ml_error *err);

#endif
