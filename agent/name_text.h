/* SPDX-License-Identifier: MIT
 *
 * Short names in arrays of fixed size, for take_names and take_root_names: what does not
 * fit is cut, nothing is allocated.
 */
#ifndef ML_AGENT_NAME_TEXT_H
#define ML_AGENT_NAME_TEXT_H

#include "take.h"

/* A text buffer over a fixed array, through the same functions as everywhere. */
struct name_text {
    struct ml_alloc alloc;
    struct ml_buf buf;
    bool taken;
    char room[512];
};

/* Empties it; the buffer belongs to `f`. */
struct ml_buf *name_text_start(struct name_text *f);
/* What was written, terminated, cut to `cap`. */
void name_text_copy(struct name_text *f, char *out, size_t cap);

/* A str as UTF-8, at most `max` characters; "" for anything else. */
void name_of_str(PyObject *str, size_t max, char *out, size_t cap);
/* A type's name without its module. */
void name_of_type(PyTypeObject *type, char *out, size_t cap);

#endif
