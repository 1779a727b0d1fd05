/* SPDX-License-Identifier: MIT
 *
 * table: rows that hang below others.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "clean_text.h"
#include "table.h"

static const char *const headings[] = {"PID", "NAME", "COMMAND", NULL};
static const enum ml_column kinds[] = {ML_COLUMN_RIGHT, ML_COLUMN_TREE, ML_COLUMN_LEFT};

/* Parents come before their children; -1: none. */
struct row {
    const char *pid, *name;
    int parent;
};

static char *
draw(const struct row *rows, size_t n, const struct ml_text_style *style)
{
    struct ml_paint p;
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    ml_paint_init(&p, to, style);
    struct ml_table *t = ml_table_new(&p, headings, kinds);
    for (size_t i = 0; i < n; i++) {
        ml_table_row(t);
        if (rows[i].parent >= 0) {
            ml_table_under(t, (size_t)rows[i].parent);
        }
        ml_table_word(t, 0, rows[i].pid);
        ml_table_word(t, 1, rows[i].name);
        ml_table_word(t, 2, "python -m gunicorn shop:app --workers 8");
    }
    ml_table_print(t);
    fclose(to);
    return text;
}

static const struct row rows[] = {
    {"90", "web", -1},    {"91", "worker", 0},     {"93", "helper", 1},
    {"101", "worker", 0}, {"102", "grandchild", 3}, {"7", "mail", -1},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

Test(table, families_are_drawn_as_trees)
{
    const struct ml_text_style style = {.unicode = true, .width = 100};
    char *text = draw(rows, ROWS, &style);
    cr_assert_str_eq(text, "PID  NAME            COMMAND\n"
                           " 90  web             python -m gunicorn shop:app --workers 8\n"
                           " 91  ├─worker        python -m gunicorn shop:app --workers 8\n"
                           " 93  │ └─helper      python -m gunicorn shop:app --workers 8\n"
                           "101  └─worker        python -m gunicorn shop:app --workers 8\n"
                           "102    └─grandchild  python -m gunicorn shop:app --workers 8\n"
                           "  7  mail            python -m gunicorn shop:app --workers 8\n");
    free(text);
}

Test(table, without_unicode_a_tree_is_of_ascii)
{
    const struct ml_text_style style = {.width = 100};
    char *text = draw(rows, 4, &style);
    cr_assert_not_null(strstr(text, " 91  |-worker    python"), "%s", text);
    cr_assert_not_null(strstr(text, " 93  | `-helper  python"), "%s", text);
    cr_assert_not_null(strstr(text, "101  `-worker    python"), "%s", text);
    free(text);
}

Test(table, a_tree_stays_within_the_terminal)
{
    for (int width = 30; width < 80; width++) {
        const struct ml_text_style style = {.unicode = true, .width = width};
        char *text = draw(rows, ROWS, &style);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
            cr_assert_leq(ml_clean_columns(line, strlen(line)), width, "%s", line);
        }
        free(text);
    }
}

Test(table, a_parent_that_does_not_come_before_is_none)
{
    const struct row wrong[] = {{"1", "a", 0}, {"2", "b", 5}};
    const struct ml_text_style style = {.unicode = true, .width = 100};
    char *text = draw(wrong, 2, &style);
    cr_assert_null(strstr(text, "└─"));
    cr_assert_not_null(strstr(text, "  2  b     python"), "%s", text);
    free(text);
}
