/* SPDX-License-Identifier: MIT
 *
 * See mistakes.h.
 */
#include "mistakes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct ml_error *
ml_mistakes_next(struct ml_mistakes *m)
{
    if (m == NULL) {
        return NULL;
    }
    if (m->count == ML_CONFIG_MAX_MISTAKES) {
        m->more++;
        return NULL;
    }
    struct ml_error *err = &m->mistake[m->count++];
    memset(err, 0, sizeof(*err));
    return err;
}

void
ml_mistakes_add(struct ml_mistakes *m, int code, int line, int column, const char *fmt,
                ...)
{
    char message[sizeof(((struct ml_error *)0)->message)];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    ml_error_set_at(ml_mistakes_next(m), code, line, column, "%s", message);
}
