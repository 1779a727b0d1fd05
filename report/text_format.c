/* SPDX-License-Identifier: MIT
 *
 * See text_format.h. Numbers from a report may be anything a JSON file can hold:
 * negative, enormous, not integers.
 */
#include "text_format.h"

#include <math.h>

#include "report.h"

const char *
ml_text_bytes(double bytes, char out[32])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t unit = 0;
    double value = isfinite(bytes) ? bytes : 0;
    while (fabs(value) >= 1023.95 && unit < 5) {
        value /= 1024;
        unit++;
    }
    if (fabs(value) > 1e9) {
        value = copysign(1e9, value);
    }
    snprintf(out, 32, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return out;
}

const char *
ml_text_bytes_diff(double bytes, char out[32])
{
    char plain[32];
    snprintf(out, 32, "%s%s", bytes < 0 ? "" : "+", ml_text_bytes(bytes, plain));
    return out;
}

const char *
ml_text_count(long long n, char out[32])
{
    char digits[32];
    int len = snprintf(digits, sizeof(digits), "%lld", n);
    int first = digits[0] == '-', at = 0;
    for (int i = 0; i < len && at < 30; i++) {
        if (i > first && (len - i) % 3 == 0) {
            out[at++] = ' ';
        }
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

const char *
ml_text_count_diff(long long n, char out[32])
{
    char plain[32];
    snprintf(out, 32, "%s%.30s", n < 0 ? "" : "+", ml_text_count(n, plain));
    return out;
}

const char *
ml_text_duration(double seconds, char out[32])
{
    if (!isfinite(seconds) || seconds < 0) {
        seconds = 0;
    }
    long long s = seconds > 1e12 ? (long long)1e12 : (long long)(seconds + 0.5);
    if (seconds < 0.0995) {
        snprintf(out, 32, "%.1f ms", seconds * 1000);
    }
    else if (seconds < 0.9995) {
        snprintf(out, 32, "%.0f ms", seconds * 1000);
    }
    else if (seconds < 59.95) {
        snprintf(out, 32, "%.1f s", seconds);
    }
    else if (s < 3600) {
        snprintf(out, 32, "%lld min %lld s", s / 60, s % 60);
    }
    else if (s < 86400) {
        snprintf(out, 32, "%lld h %lld min", s / 3600, s % 3600 / 60);
    }
    else {
        snprintf(out, 32, "%lld d %lld h", s / 86400, s % 86400 / 3600);
    }
    return out;
}

const char *
ml_json_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

bool
ml_json_has_number(const json_t *object, const char *key)
{
    return json_is_number(json_object_get(object, key));
}

double
ml_json_number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

long long
ml_json_integer(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value)) {
        return json_integer_value(value);
    }
    double number = json_number_value(value);
    return number > -9e18 && number < 9e18 ? (long long)number : 0;
}

long long
ml_json_diff(const json_t *object, const char *key, const char *before)
{
    long long diff;
    bool beyond = __builtin_sub_overflow(ml_json_integer(object, key),
                                         ml_json_integer(object, before), &diff);
    return beyond ? 0 : diff;
}
