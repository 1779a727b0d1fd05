/* SPDX-License-Identifier: MIT
 *
 * See text_width.h. Advance widths in thousandths of the font's size, from the fonts'
 * own tables.
 */
#include "text_width.h"

#include <stdint.h>
#include <string.h>

#include "clean_text.h"

#define FIRST 32
#define LAST 126
#define COLUMN 640 /* a letter beyond ASCII, for each terminal column it takes */
#define COLUMN_BOLD 710
#define SIGN 838 /* arrows, crosses, mathematics */
#define SHAPE 945 /* squares and circles */
#define ELLIPSIS 1000

/* clang-format off */
static const uint16_t regular[LAST - FIRST + 1] = {
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
    1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
    603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
    500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
};
static const uint16_t heavy[LAST - FIRST + 1] = {
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365,
    696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580,
    1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995, 837, 850,
    733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500,
    500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687,
    716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
};
/* clang-format on */

static int
width_of(uint32_t cp, const char *bytes, size_t len, bool bold)
{
    if (cp >= FIRST && cp <= LAST) {
        return (bold ? heavy : regular)[cp - FIRST];
    }
    if (cp == 0xa0 || cp == 0xb7) { /* no-break space, middle dot */
        return (bold ? heavy : regular)[0];
    }
    if (cp == 0x2026) {
        return ELLIPSIS;
    }
    if (cp == 0xd7 || (cp >= 0x2190 && cp <= 0x22ff)) {
        return SIGN;
    }
    if (cp >= 0x25a0 && cp <= 0x25ff) {
        return SHAPE;
    }
    return ml_clean_columns(bytes, len) * (bold ? COLUMN_BOLD : COLUMN);
}

double
ml_text_width(const char *text, double size, bool bold)
{
    long sum = 0;
    size_t left = strlen(text);
    while (left > 0) {
        uint32_t cp;
        size_t len = ml_clean_decode(text, left, &cp);
        sum += width_of(cp, text, len, bold);
        text += len;
        left -= len;
    }
    return (double)sum * size / 1000;
}
