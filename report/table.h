/* SPDX-License-Identifier: MIT
 *
 * Tables: a thin layer over libsmartcols that cleans every cell, drops columns nobody
 * filled and keeps colours and glyphs to what the style allows.
 */
#ifndef ML_REPORT_TABLE_H
#define ML_REPORT_TABLE_H

#include "paint.h"

#define ML_TABLE_COLUMNS 8

enum ml_column {
    ML_COLUMN_TREE,  /* as LEFT, with the lines of the tree in front; one at most */
    ML_COLUMN_LEFT,  /* shrinks and is cut when the terminal is narrow */
    ML_COLUMN_TYPE,  /* the same, but its end stays: dotted names */
    ML_COLUMN_FIXED, /* cut when nothing else is left: ids, addresses, times */
    ML_COLUMN_RIGHT, /* never cut: numbers */
};

struct ml_table;

/* Headings in capitals as in `ps`; NULL ends the list. NULL when memory is short: all
 * functions below then do nothing. */
struct ml_table *ml_table_new(struct ml_paint *p, const char *const *headings,
                              const enum ml_column *kinds);
void ml_table_row(struct ml_table *t);
/* The last row hangs below an earlier one, given by its number (0: the first). Rows are
 * shown in the order of the tree; children of one row as they came. */
void ml_table_under(struct ml_table *t, size_t parent);
/* Cells of the last row. */
void ml_table_text(struct ml_table *t, int column, const json_t *text);
void ml_table_word(struct ml_table *t, int column, const char *word);
void ml_table_count(struct ml_table *t, int column, const json_t *row, const char *key);
void ml_table_bytes(struct ml_table *t, int column, const json_t *row, const char *key);
/* Prints the table and frees it. */
void ml_table_print(struct ml_table *t);

#endif
