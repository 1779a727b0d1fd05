/* SPDX-License-Identifier: MIT
 *
 * See error.h. Formatting is done by vsnprintf into the caller's memory.
 */
#include "error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h> /* vsnprintf only */

static void
fill(struct ml_error *err, int code, int line, int column, const char *fmt, va_list ap)
{
    if (err == NULL) {
        return;
    }
    err->code = code;
    err->line = line;
    err->column = column;
    vsnprintf(err->message, sizeof(err->message), fmt, ap);
    for (char *p = err->message; *p != '\0'; p++) {
        if (*p == '\n' || *p == '\r') {
            *p = ' ';
        }
    }
}

int
ml_error_set(struct ml_error *err, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fill(err, code, 0, 0, fmt, ap);
    va_end(ap);
    return code;
}

int
ml_error_set_at(struct ml_error *err, int code, int line, int column, const char *fmt,
                ...)
{
    va_list ap;
    va_start(ap, fmt);
    fill(err, code, line, column, fmt, ap);
    va_end(ap);
    return code;
}

int
ml_error_nomem(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

const char *
ml_error_name(int code)
{
    switch (code) {
    case ML_OK:
        return "no error";
    case ML_ENOMEM:
        return "out of memory";
    case ML_EINVAL:
        return "invalid value";
    case ML_EFORMAT:
        return "malformed input";
    case ML_EIO:
        return "input/output error";
    case ML_ENOTFOUND:
        return "not found";
    case ML_EPERM:
        return "not permitted";
    case ML_ELIMIT:
        return "limit exceeded";
    case ML_ECANCELLED:
        return "cancelled";
    case ML_ESTATE:
        return "not possible now";
    case ML_EUNSUPPORTED:
        return "not supported";
    case ML_EAMBIGUOUS:
        return "ambiguous";
    }
    return "unknown error";
}
