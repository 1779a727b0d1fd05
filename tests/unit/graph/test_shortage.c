/* SPDX-License-Identifier: MIT
 *
 * shortage: which objects have fewer references than are seen, on drawn graphs.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "graph_dsl.h"
#include "shortage.h"

struct question {
    uint32_t borrowing_kind; /* shows what it does not count */
    uint32_t root_taken_off;
};

static bool
counts(void *ctx, uint32_t kind)
{
    const struct question *q = ctx;
    return kind != q->borrowing_kind;
}

static bool
was_taken_off(void *ctx, uint32_t root)
{
    const struct question *q = ctx;
    return root == q->root_taken_off;
}

/* "b 1, c 2": what is short, and how many references are missing. */
static void
expect_short(const char *text, struct question q, uint32_t max, const char *expected)
{
    struct dsl d;
    struct analysed s;
    struct ml_short_vec found = {0};
    struct ml_shortage_options o = {max, counts, was_taken_off, &q};
    char names[200] = "";
    dsl_read(&d, text);
    cr_assert_eq(analysed_build(&s, &d.g, d.refs, &ml_alloc_libc, NULL, NULL), 0);
    cr_assert_eq(ml_shortage_find(&d.g, &s.reverse, &s.reach, &o, &ml_alloc_libc, &found,
                                  NULL), 0);
    for (size_t i = 0; i < found.len; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof(names) - used, "%s%s %u", i > 0 ? ", " : "",
                 dsl_name(&d, found.data[i].node), found.data[i].missing);
    }
    cr_expect_str_eq(names, expected, "%s: %s", text, names);
    ml_short_vec_free(&found, &ml_alloc_libc);
    analysed_fini(&s, &ml_alloc_libc);
    dsl_fini(&d);
}

static const struct question nothing = {99, 99};

Test(shortage, an_exact_account_has_none)
{
    expect_short("root a; a: b c b; c: b", nothing, 10, "");
    expect_short("root a; a: b; b refs=5", nothing, 10, "");
}

Test(shortage, what_is_seen_more_often_than_counted_is_short)
{
    expect_short("root a; a: b b c c; b refs=1; c refs=0", nothing, 10, "b 1, c 2");
}

Test(shortage, a_holder_that_borrows_makes_none)
{
    struct question q = {7, 99};
    expect_short("root a; a: b x; x: b; b refs=1; x kind=7", q, 10, "");
    expect_short("root a; a: b b x; x: c; b refs=1; x kind=7", q, 10, "b 1");
}

Test(shortage, what_a_root_took_off_is_given_back)
{
    struct question q = {99, 1};
    expect_short("root a; root b; a: b b; b refs=1", q, 10, "");
    expect_short("root a; root b; a: b b; b refs=0", q, 10, "b 1");
}

Test(shortage, counts_that_say_nothing_and_our_own_are_left_out)
{
    expect_short("root a; a: b b c c; b refs=1 flags=32; c refs=1 flags=2", nothing, 10, "");
}

Test(shortage, too_many_are_an_account_that_is_wrong)
{
    expect_short("root a; a: b c d; b refs=0; c refs=0; d refs=0", nothing, 2, "");
    expect_short("root a; a: b c d; b refs=0; c refs=0; d refs=0", nothing, 3,
                 "b 1, c 1, d 1");
}
