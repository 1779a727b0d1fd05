/* SPDX-License-Identifier: MIT
 *
 * Texts that come from other people's objects, made fit to be shown.
 *
 * Whatever bytes come in, valid UTF-8 without control characters goes out: escape
 * sequences, line ends, direction overrides, characters that XML forbids and bytes
 * that are no UTF-8 are written out in Python's notation (\n, \x1b, \u202e). Widths
 * are terminal columns; wide and combining characters are counted as what they take.
 */
#ifndef ML_REPORT_CLEAN_TEXT_H
#define ML_REPORT_CLEAN_TEXT_H

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

enum ml_clean_flags {
    ML_CLEAN_ASCII = 1,    /* everything beyond ASCII is written out as well */
    ML_CLEAN_CUT_LEFT = 2, /* when too long keep the end: for dotted type names */
};

/* Appends `text`, at most `columns` wide (0: no limit); a cut is marked by an
 * ellipsis that counts. Returns the columns that were written. */
int ml_clean_append(struct ml_buf *out, const char *text, size_t len, int columns,
                    int flags);

/* Columns of a text that is clean already. */
int ml_clean_columns(const char *text, size_t len);

/* Takes one character off the front of the text: its length in bytes; *cp gets the
 * code point, or UINT32_MAX when the first byte is no UTF-8 (length 1 then). */
size_t ml_clean_decode(const char *text, size_t len, uint32_t *cp);

/* Character functions and libsmartcols ask the thread's locale; between these two it
 * is a UTF-8 one, whatever the program's is. */
locale_t ml_clean_enter_utf8(void);
void ml_clean_leave_utf8(locale_t old);

#endif
