/* SPDX-License-Identifier: MIT
 *
 * What went wrong: a negative code that is returned, and beside it, if the
 * caller gave room, one sentence for a person and a position in the input.
 *
 * Setting an error never allocates, so that "out of memory" can be said too.
 * No thread-local "last error": a guest in a process with many threads carries
 * its errors in its hands.
 */
#ifndef ML_BASE_ERROR_H
#define ML_BASE_ERROR_H

enum ml_err {
    ML_OK = 0,
    ML_ENOMEM = -1,     /* an allocation failed, or a memory limit was reached */
    ML_EINVAL = -2,     /* a value that cannot be: bad argument, bad option */
    ML_EFORMAT = -3,    /* input that is not what it should be: JSON, YAML, a report */
    ML_EIO = -4,        /* the system refused a file, a socket, a process */
    ML_ENOTFOUND = -5,  /* no such object, report, process, key */
    ML_EPERM = -6,      /* not allowed to */
    ML_ELIMIT = -7,     /* larger or longer than a limit allows */
    ML_ECANCELLED = -8, /* somebody asked to stop, or the time was up */
    ML_ESTATE = -9,     /* not possible now */
    ML_EUNSUPPORTED = -10, /* not possible with this interpreter or system */
    ML_EAMBIGUOUS = -11,   /* more than one candidate; the message lists them */
};

struct ml_error {
    int code;    /* enum ml_err; 0 while nothing happened */
    int line;    /* 1-based position in an input file, 0 when there is none */
    int column;  /* 1-based, 0 when there is none */
    char message[480]; /* one sentence, no newline, always terminated */
};

/* Fills `err` (NULL is allowed) and returns `code`, so that a function can end
 * with `return ml_error_set(err, ML_EIO, "...")`. Long messages are cut. Safe in
 * the sweep process: neither allocates nor takes a lock. */
int ml_error_set(struct ml_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with a position in the input. */
int ml_error_set_at(struct ml_error *err, int code, int line, int column,
                    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* "out of memory" in the words used everywhere; returns ML_ENOMEM. */
int ml_error_nomem(struct ml_error *err);

/* A short constant name for a code ("out of memory", "not found"). */
const char *ml_error_name(int code);

#endif
