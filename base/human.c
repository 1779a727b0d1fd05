/* SPDX-License-Identifier: MIT
 *
 * See human.h.
 */
#include "human.h"

void
ml_human_count(struct ml_buf *out, uint64_t n)
{
    uint64_t scale = 1;
    while (n / scale >= 1000) {
        scale *= 1000;
    }
    ml_buf_printf(out, "%llu", (unsigned long long)(n / scale));
    for (scale /= 1000; scale > 0; scale /= 1000) {
        ml_buf_printf(out, " %03llu", (unsigned long long)(n / scale % 1000));
    }
}

void
ml_human_bytes(struct ml_buf *out, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    int unit = 0;
    uint64_t whole = bytes, rest = 0; /* rest: 1024ths of the unit */
    while (whole * 1024 + rest >= 1023 * 1024 + 973 && unit < 6) { /* 1023.95 and up */
        rest = whole % 1024;
        whole /= 1024;
        unit++;
    }
    if (unit == 0) {
        ml_buf_printf(out, "%llu B", (unsigned long long)bytes);
        return;
    }
    uint64_t tenths = (rest * 10 + 512) / 1024;
    whole += tenths / 10;
    ml_buf_printf(out, "%llu.%llu %s", (unsigned long long)whole,
                  (unsigned long long)(tenths % 10), units[unit]);
}

void
ml_human_seconds(struct ml_buf *out, double seconds)
{
    static const struct {
        uint64_t below, unit; /* milliseconds */
        const char *name;
    } scale[] = {{1000, 1, "ms"},
                 {120 * 1000, 1000, "s"},
                 {120 * 60000, 60000, "min"},
                 {UINT64_C(48) * 3600000, 3600000, "h"},
                 {UINT64_MAX, 86400000, "d"}};
    uint64_t ms = seconds > 0 && seconds < 1e12 ? (uint64_t)(seconds * 1000) : 0;
    size_t i = 0;
    while (ms >= scale[i].below) {
        i++;
    }
    uint64_t unit = scale[i].unit, whole = ms / unit;
    ml_buf_printf(out, "%llu", (unsigned long long)whole);
    if (i > 0 && whole < 10) {
        ml_buf_printf(out, ".%llu", (unsigned long long)(ms % unit * 10 / unit));
    }
    ml_buf_printf(out, " %s", scale[i].name);
}
