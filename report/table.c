/* SPDX-License-Identifier: MIT
 *
 * See table.h. Cells are kept until the end, because libsmartcols cannot take a column
 * away again and an empty one is only known to be empty then.
 */
#include "table.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "clean_text.h"
#include "text_format.h"

#define GAP 2        /* columns between columns */
#define NARROWEST 8  /* what a shrinking column keeps */
#define CELL_COLUMNS 300 /* wider ones help nobody, even without a terminal */
#define STEP 2           /* columns of one level of a tree, as libsmartcols draws it */
#define NO_PARENT ((size_t)-1)

struct ml_table {
    struct ml_paint *paint;
    const char *const *headings;
    const enum ml_column *kinds;
    int columns;
    bool filled[ML_TABLE_COLUMNS];
    char **cells;    /* rows * columns */
    size_t *parents; /* of each row; always an earlier one */
    size_t rows, cap;
    bool failed;
};

struct ml_table *
ml_table_new(struct ml_paint *p, const char *const *headings,
             const enum ml_column *kinds)
{
    struct ml_table *t = calloc(1, sizeof(*t));
    if (t != NULL) {
        t->paint = p;
        t->headings = headings;
        t->kinds = kinds;
        while (t->columns < ML_TABLE_COLUMNS && headings[t->columns] != NULL) {
            t->columns++;
        }
    }
    return t;
}

static bool
grow(struct ml_table *t)
{
    size_t cap = t->cap == 0 ? 64 : t->cap * 2;
    size_t each = (size_t)t->columns * sizeof(char *);
    char **cells = realloc(t->cells, cap * each);
    if (cells == NULL) {
        return false;
    }
    memset((char *)cells + t->cap * each, 0, (cap - t->cap) * each);
    t->cells = cells;
    size_t *parents = realloc(t->parents, cap * sizeof(*parents));
    if (parents == NULL) {
        return false;
    }
    t->parents = parents;
    t->cap = cap;
    return true;
}

void
ml_table_row(struct ml_table *t)
{
    if (t == NULL || t->failed) {
        return;
    }
    if (t->rows == t->cap && !grow(t)) {
        t->failed = true;
        return;
    }
    t->parents[t->rows++] = NO_PARENT;
}

void
ml_table_under(struct ml_table *t, size_t parent)
{
    if (t != NULL && !t->failed && t->rows > 0 && parent < t->rows - 1) {
        t->parents[t->rows - 1] = parent;
    }
}

static void
set_cell(struct ml_table *t, int column, const char *text, size_t len)
{
    struct ml_buf clean;
    if (t == NULL || t->failed || t->rows == 0 || len == 0) {
        return;
    }
    ml_buf_init(&clean, &ml_alloc_libc);
    ml_clean_append(&clean, text, len, CELL_COLUMNS,
                    t->paint->style.unicode ? 0 : ML_CLEAN_ASCII);
    char **cell = &t->cells[(t->rows - 1) * (size_t)t->columns + (size_t)column];
    free(*cell);
    *cell = strdup(ml_buf_str(&clean));
    t->filled[column] = true;
    t->failed |= clean.failed || *cell == NULL;
    ml_buf_fini(&clean);
}

void
ml_table_text(struct ml_table *t, int column, const json_t *text)
{
    set_cell(t, column, json_string_value(text), json_string_length(text));
}

void
ml_table_word(struct ml_table *t, int column, const char *word)
{
    set_cell(t, column, word, strlen(word));
}

void
ml_table_count(struct ml_table *t, int column, const json_t *row, const char *key)
{
    char text[32];
    if (ml_json_has_number(row, key)) {
        ml_table_word(t, column, ml_text_count(ml_json_integer(row, key), text));
    }
}

void
ml_table_bytes(struct ml_table *t, int column, const json_t *row, const char *key)
{
    char text[32];
    if (ml_json_has_number(row, key)) {
        ml_table_word(t, column, ml_text_bytes(ml_json_number(row, key), text));
    }
}

static char **
cell_at(const struct ml_table *t, size_t row, int column)
{
    return &t->cells[row * (size_t)t->columns + (size_t)column];
}

/* Columns that the lines of the tree take in front of a cell. */
static int
tree_width(const struct ml_table *t, size_t row, int column)
{
    int width = 0;
    while (t->kinds[column] == ML_COLUMN_TREE && t->parents[row] != NO_PARENT) {
        width += STEP;
        row = t->parents[row];
    }
    return width;
}

/* Columns that each column of the table wants; returns the sum with the gaps. */
static int
measure(const struct ml_table *t, int widths[ML_TABLE_COLUMNS])
{
    int total = -GAP;
    for (int c = 0; c < t->columns; c++) {
        widths[c] = t->filled[c] ? (int)strlen(t->headings[c]) : -GAP;
        for (size_t r = 0; r < t->rows && t->filled[c]; r++) {
            const char *cell = *cell_at(t, r, c);
            int width = cell != NULL ? ml_clean_columns(cell, strlen(cell)) : 0;
            width += tree_width(t, r, c);
            widths[c] = width > widths[c] ? width : widths[c];
        }
        total += widths[c] + GAP;
    }
    return total;
}

static int
widest_of(const struct ml_table *t, const int widths[ML_TABLE_COLUMNS],
          enum ml_column last_kind)
{
    int widest = -1;
    for (int c = 0; c < t->columns; c++) {
        int least = (int)strlen(t->headings[c]); /* headings are never cut */
        least = least > NARROWEST ? least : NARROWEST;
        if (t->kinds[c] <= last_kind && widths[c] > least &&
            (widest < 0 || widths[c] > widths[widest])) {
            widest = c;
        }
    }
    return widest;
}

/* Takes columns away from the widest shrinking one until the table fits; from others
 * only when all those are as narrow as they get. */
static void
shrink(const struct ml_table *t, int widths[ML_TABLE_COLUMNS], int total)
{
    for (; total > t->paint->style.width; total--) {
        int widest = widest_of(t, widths, ML_COLUMN_TYPE);
        widest = widest < 0 ? widest_of(t, widths, ML_COLUMN_FIXED) : widest;
        if (widest < 0) {
            return;
        }
        widths[widest]--;
    }
}

/* libsmartcols would cut as well, but without an ellipsis and never on the left. */
static void
fit(struct ml_table *t)
{
    int widths[ML_TABLE_COLUMNS];
    if (t->paint->style.width <= 0) {
        return;
    }
    shrink(t, widths, measure(t, widths));
    for (size_t i = 0; i < t->rows * (size_t)t->columns; i++) {
        int c = (int)(i % (size_t)t->columns);
        struct ml_buf cut;
        if (t->cells[i] == NULL || t->kinds[c] > ML_COLUMN_FIXED) {
            continue;
        }
        ml_buf_init(&cut, &ml_alloc_libc);
        int room = widths[c] - tree_width(t, i / (size_t)t->columns, c);
        ml_clean_append(&cut, t->cells[i], strlen(t->cells[i]), room > 1 ? room : 1,
                        (t->paint->style.unicode ? 0 : ML_CLEAN_ASCII) |
                            (t->kinds[c] == ML_COLUMN_TYPE ? ML_CLEAN_CUT_LEFT : 0));
        char *text = strdup(ml_buf_str(&cut));
        ml_buf_fini(&cut);
        if (text != NULL) {
            free(t->cells[i]);
            t->cells[i] = text;
        }
    }
}

static bool
is_tree(const struct ml_table *t)
{
    for (size_t r = 0; r < t->rows; r++) {
        if (t->parents[r] != NO_PARENT) {
            return true;
        }
    }
    return false;
}

static void
add_columns(const struct ml_table *t, struct libscols_table *out)
{
    bool tree = is_tree(t);
    for (int c = 0; c < t->columns; c++) {
        int flags = t->kinds[c] == ML_COLUMN_RIGHT          ? SCOLS_FL_RIGHT
                    : t->kinds[c] == ML_COLUMN_TREE && tree ? SCOLS_FL_TREE
                                                            : 0;
        if (t->filled[c]) {
            struct libscols_column *column =
                scols_table_new_column(out, t->headings[c], 0, flags);
            if (column != NULL) {
                scols_cell_set_color(scols_column_get_header(column), "\033[2m");
            }
        }
    }
}

/* libsmartcols would choose by the locale, which is not the style's. */
static void
set_symbols(const struct ml_table *t, struct libscols_table *out)
{
    bool unicode = t->paint->style.unicode;
    struct libscols_symbols *symbols = scols_new_symbols();
    if (symbols != NULL) {
        scols_symbols_set_branch(symbols, unicode ? "├─" : "|-");
        scols_symbols_set_right(symbols, unicode ? "└─" : "`-");
        scols_symbols_set_vertical(symbols, unicode ? "│ " : "| ");
        scols_table_set_symbols(out, symbols);
        scols_unref_symbols(symbols);
    }
}

static void
add_lines(const struct ml_table *t, struct libscols_table *out,
          struct libscols_line **lines)
{
    for (size_t r = 0; r < t->rows; r++) {
        size_t parent = t->parents[r];
        struct libscols_line *line =
            scols_table_new_line(out, parent != NO_PARENT ? lines[parent] : NULL);
        lines[r] = line;
        size_t at = 0;
        for (int c = 0; c < t->columns && line != NULL; c++) {
            const char *cell = *cell_at(t, r, c);
            if (t->filled[c]) {
                scols_line_set_data(line, at++, cell != NULL ? cell : "");
            }
        }
    }
}

/* libsmartcols fills short rows up with blanks; nobody wants those in a file. */
static void
put_lines(const struct ml_table *t, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n"), shown = len;
        while (shown > 0 && text[shown - 1] == ' ') {
            shown--;
        }
        fwrite(text, 1, shown, t->paint->to);
        fputc('\n', t->paint->to);
        text += len + (text[len] == '\n');
    }
}

static void
print(const struct ml_table *t)
{
    struct libscols_table *out = scols_new_table();
    struct libscols_line **lines = calloc(t->rows, sizeof(struct libscols_line *));
    char *text = NULL;
    if (out == NULL || lines == NULL) {
        goto out;
    }
    scols_table_enable_colors(out, t->paint->style.color);
    scols_table_enable_noencoding(out, 1); /* the cells are clean */
    scols_table_set_termforce(out, SCOLS_TERMFORCE_NEVER);
    scols_table_set_column_separator(out, "  ");
    set_symbols(t, out);
    add_columns(t, out);
    add_lines(t, out, lines);
    if (scols_print_table_to_string(out, &text) == 0 && text != NULL) {
        put_lines(t, text);
    }
out:
    free(text);
    free(lines);
    scols_unref_table(out);
}

void
ml_table_print(struct ml_table *t)
{
    if (t == NULL) {
        return;
    }
    if (!t->failed && t->rows > 0) {
        locale_t old = ml_clean_enter_utf8();
        fit(t);
        print(t);
        ml_clean_leave_utf8(old);
    }
    for (size_t i = 0; i < t->rows * (size_t)t->columns; i++) {
        free(t->cells[i]);
    }
    free(t->cells);
    free(t->parents);
    free(t);
}
