/* SPDX-License-Identifier: MIT
 *
 * Widths of texts against figures that pango gave for DejaVu Sans, which
 * rounds each letter to the pixel.
 */
#include "text_width.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <locale.h>

static void
use_utf8(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
}

TestSuite(text_width, .init = use_utf8);

static const struct {
    const char *text;
    double size;
    bool bold;
    double width;
} measured[] = {
    {"", 13, false, 0},
    {"__main__.Session", 11, false, 94},
    {"builtins.dict", 11, false, 64},
    {"72.1 KiB · retains 397.7 KiB", 12, false, 161},
    {"2 000 Session objects held by __main__.SESSIONS (dict, 2 000", 16, true, 550},
    {"×2 000", 14, true, 56},
    {"■", 13, false, 13},
};

Test(text_width, is_that_of_a_real_font_within_six_per_cent)
{
    for (size_t i = 0; i < sizeof(measured) / sizeof(measured[0]); i++) {
        double width =
            ml_text_width(measured[i].text, measured[i].size, measured[i].bold);
        cr_expect(epsilon_eq(dbl, width, measured[i].width, 0.06 * measured[i].width),
                  "%s: %g", measured[i].text, width);
    }
}

Test(text_width, wide_letters_take_two_columns)
{
    cr_expect(gt(dbl, ml_text_width("漢字", 10, false),
                 1.5 * ml_text_width("éé", 10, false)));
}

Test(text_width, bytes_that_are_no_utf8_are_measured_too)
{
    cr_expect(gt(dbl, ml_text_width("a\xff\xc3", 10, false),
                 ml_text_width("a", 10, false)));
}
