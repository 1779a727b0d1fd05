/* SPDX-License-Identifier: MIT
 *
 * line_buf: the same lines come out however the bytes come in.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "line_buf.h"

#define LIMIT 8

/* Feeds `text` in pieces that end at `cut` and are at most `step` long; what comes out
 * is written down as "line;" or "!;". */
static void
run(const char *text, size_t cut, size_t step, bool rest, char out[256])
{
    struct ml_line_buf b;
    size_t len = strlen(text), at = 0;
    out[0] = '\0';
    ml_line_buf_init(&b, &ml_alloc_libc, LIMIT);
    while (at < len) {
        size_t room, n = len - at;
        char *to = ml_line_buf_room(&b, &room);
        cr_assert_not_null(to);
        n = n < room ? n : room;
        n = n < step ? n : step;
        n = at < cut && at + n > cut ? cut - at : n;
        memcpy(to, text + at, n);
        ml_line_buf_filled(&b, n);
        at += n;
        const char *line;
        size_t line_len;
        enum ml_line_state s;
        while ((s = ml_line_buf_next(&b, &line, &line_len)) != ML_LINE_NONE) {
            strncat(out, s == ML_LINE_READY ? line : "!",
                    s == ML_LINE_READY ? line_len : 1);
            strcat(out, ";");
        }
    }
    const char *line;
    size_t line_len;
    if (rest && ml_line_buf_rest(&b, &line, &line_len) == ML_LINE_READY) {
        strncat(out, line, line_len);
        strcat(out, "$");
    }
    ml_line_buf_fini(&b);
}

static const char text[] = "a\n\nbc\n12345678\n123456789\nd\n01234567890123456789012345"
                           "67890123456789\ne\nrest";
static const char expected[] = "a;;bc;12345678;!;d;!;e;rest$";

Test(line_buf, every_cut_gives_the_same_lines)
{
    char out[256];
    for (size_t cut = 0; cut <= strlen(text); cut++) {
        run(text, cut, SIZE_MAX, true, out);
        cr_expect_str_eq(out, expected, "cut at %zu: %s", cut, out);
    }
}

Test(line_buf, every_piece_size_gives_the_same_lines)
{
    char out[256];
    for (size_t step = 1; step <= strlen(text); step++) {
        run(text, SIZE_MAX, step, true, out);
        cr_expect_str_eq(out, expected, "pieces of %zu: %s", step, out);
    }
}

Test(line_buf, a_line_that_was_too_long_has_no_rest)
{
    char out[256];
    run("123456789", SIZE_MAX, 3, true, out);
    cr_expect_str_eq(out, "!;");
}

Test(line_buf, waiting_says_whether_a_line_is_there)
{
    struct ml_line_buf b;
    size_t room, len;
    const char *line;
    ml_line_buf_init(&b, &ml_alloc_libc, LIMIT);
    cr_expect_not(ml_line_buf_waiting(&b));
    memcpy(ml_line_buf_room(&b, &room), "a\nb", 3);
    ml_line_buf_filled(&b, 3);
    cr_expect(ml_line_buf_waiting(&b));
    cr_expect_eq(ml_line_buf_next(&b, &line, &len), ML_LINE_READY);
    cr_expect_not(ml_line_buf_waiting(&b));
    ml_line_buf_fini(&b);
}

Test(line_buf, gives_back_a_large_buffer)
{
    struct ml_line_buf b;
    size_t room, len, size = 200000;
    const char *line;
    ml_line_buf_init(&b, &ml_alloc_libc, 1 << 20);
    for (size_t at = 0; at < size;) {
        char *to = ml_line_buf_room(&b, &room);
        room = room < size - at ? room : size - at;
        memset(to, 'x', room);
        at += room;
        if (at == size) {
            to[room - 1] = '\n';
        }
        ml_line_buf_filled(&b, room);
        cr_expect_eq(ml_line_buf_next(&b, &line, &len),
                     at == size ? ML_LINE_READY : ML_LINE_NONE);
    }
    cr_expect_eq(len, size - 1);
    ml_line_buf_room(&b, &room);
    cr_expect_leq(b.cap, 65536, "an idle client keeps %zu bytes", b.cap);
    ml_line_buf_fini(&b);
}
