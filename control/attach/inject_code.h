/* SPDX-License-Identifier: MIT
 *
 * The code that inject puts into the program, in a mapping of its own: two small pieces
 * that are complete by themselves, so that they end well whatever becomes of memalotctl.
 *
 *   ml_inject_enter   on the borrowed thread: starts a thread by pthread_create, notes
 *                     that it is done, and waits to be fetched; when nobody comes it
 *                     gives the thread back by rt_sigreturn
 *   ml_inject_thread  on that new thread: dlopen, dlsym, ml_attach_begin; waits until its
 *                     answer has been read, then takes the mapping away, itself included
 *
 * The mapping: ML_INJECT_CODE bytes of code, then struct ml_inject_data, then a stack for
 * ml_inject_enter, which uses nothing of the borrowed thread's own.
 *
 * x86-64 only. Compiled into memalotctl and copied from there: it must not refer to
 * anything outside its section.
 */
#ifndef ML_ATTACH_INJECT_CODE_H
#define ML_ATTACH_INJECT_CODE_H

#include <limits.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "outcome.h"

#define ML_INJECT_CODE 4096
#define ML_INJECT_SIZE (128 * 1024) /* of the mapping */
#define ML_INJECT_NAMES 24

enum ml_inject_state {
    ML_INJECT_BEGUN,    /* the thread is not there yet, or just loads the library */
    ML_INJECT_LOADED,   /* ml_attach_begin returned `code` */
    ML_INJECT_FAILED,   /* dlopen or dlsym did; `text` is dlerror's */
    ML_INJECT_LEFT,     /* it was given up before ml_attach_begin */
};

/* Functions are addresses in the program. */
struct ml_inject_data {
    /* at places that the assembler knows: 0, 8, 16, 24 */
    void *mapping;
    size_t size;
    int (*unmap)(void *start, size_t size);
    struct timespec limit; /* for being fetched */
    /* what ml_inject_enter calls */
    int (*attr_init)(void *attr);
    int (*attr_setstacksize)(void *attr, size_t size);
    int (*attr_setdetachstate)(void *attr, int state);
    int (*thread_create)(void *thread, void *attr, void *(*run)(void *), void *arg);
    void *(*thread)(void *data); /* ml_inject_thread, where it is in the program */
    /* what ml_inject_thread calls */
    void *(*open)(const char *path, int mode);
    void *(*symbol)(void *handle, const char *name);
    char *(*error)(void);
    int (*poll)(void *fds, unsigned long count, int timeout);
    /* what it answers */
    int32_t created; /* pthread_create's result, -1 before */
    int32_t state;   /* enum ml_inject_state */
    int32_t code;    /* of ml_attach_begin */
    int32_t given_up; /* written by memalotctl: load what is being loaded, no more */
    int32_t read;     /* written by memalotctl: the answer is, the mapping may go */
    char begin[ML_INJECT_NAMES];
    char library[PATH_MAX];
    char order[ML_ATTACH_ORDER_MAX];
    char text[480];
    pthread_t id;
    pthread_attr_t attr;
};

#define ML_INJECT_HIDDEN __attribute__((visibility("hidden")))

/* Bounds of all of it (the linker's, from the section's name), and places in it. */
extern const char __start_ml_inject_code[] ML_INJECT_HIDDEN;
extern const char __stop_ml_inject_code[] ML_INJECT_HIDDEN;
/* rbx: data, rbp: signal frame, rsp: its stack */
extern const char ml_inject_enter[] ML_INJECT_HIDDEN;
void *ml_inject_thread(void *data);

#endif
