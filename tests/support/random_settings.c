/* SPDX-License-Identifier: MIT
 *
 * See random_settings.h. Walks the table for types and ranges, but makes the values
 * itself rather than through the code under test.
 */
#include "random_settings.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

/* splitmix64 */
static uint64_t
draw(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint64_t
below(uint64_t *state, uint64_t n)
{
    return draw(state) % n;
}

static void
random_text(uint64_t *state, char *out, size_t cap)
{
    static const char *const pieces[] = {
        "a",
        "Z",
        "0",
        "7",
        ".",
        "_",
        "-",
        " ",
        ":",
        "#",
        "'",
        "\"",
        "\\",
        "[",
        "]",
        ",",
        "{",
        "}",
        "&",
        "*",
        "!",
        "|",
        ">",
        "%",
        "@",
        "`",
        "~",
        "?",
        "null",
        "true",
        "off",
        "\xC3\xA4",
        "\xE2\x82\xAC",
        "\xE2\x80\xA8",
        "\xEF\xBB\xBF",
        "\xC2\xA0",
        "\xF0\x9F\x90\x8D",
        "1e3",
        "0x1f",
        "=",
        "<<",
        "yes",
        ": ",
        " #",
        "- ",
    };
    size_t len = 0,
           want = below(state, 4) == 0 ? below(state, cap) : 1 + below(state, 8);
    memset(out, 0, cap);
    while (len < want) {
        const char *piece = pieces[below(state, sizeof(pieces) / sizeof(pieces[0]))];
        if (len + strlen(piece) >= cap) {
            break;
        }
        memcpy(out + len, piece, strlen(piece));
        len += strlen(piece);
    }
}

/* Millionths when short, so that fractions come up; never above the range. */
static double
random_number(uint64_t *state, double least, double most, double step)
{
    double n = below(state, 2) != 0 ? (double)below(state, 1000)
                                    : (double)below(state, (uint64_t)1 << 40);
    double value = n * (below(state, 2) != 0 ? step : step * 1048576);
    return value < least ? least : value > most ? most : value;
}

static void
random_amount(uint64_t *state, const struct ml_option *o, struct ml_amount *out)
{
    if (below(state, 4) == 0) {
        *out = (struct ml_amount){ML_AMOUNT_OFF, 0};
    }
    else if ((o->flags & ML_OPTION_PERCENT) && below(state, 2) != 0) {
        *out = (struct ml_amount){ML_AMOUNT_PERCENT,
                                  (double)(1000000 + below(state, 99000001)) / 1e6};
    }
    else {
        out->unit =
            o->flags & ML_OPTION_RATE ? ML_AMOUNT_BYTES_PER_MIN : ML_AMOUNT_BYTES;
        out->value = random_number(state, o->least, o->most, 1);
    }
}

static void
random_list(uint64_t *state, const struct ml_option *o, struct ml_text_list *out)
{
    static const char *const formats[] = {"dot", "svg", "png"};
    size_t count = below(state, o->type == ML_OPTION_CHOICES ? 4 : ML_LIST_MAX + 1);
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < count; i++) {
        char *item = out->item[i];
        if (o->type == ML_OPTION_CHOICES) {
            snprintf(item, ML_TEXT_MAX, "%s", formats[i]);
        }
        else if (o->type == ML_OPTION_PRINTS) {
            snprintf(item, ML_TEXT_MAX, "%016llx", (unsigned long long)draw(state));
        }
        else { /* the number makes it the only one of its kind */
            random_text(state, item, ML_TEXT_MAX - 4);
            snprintf(item + strlen(item), 4, "%zu", i);
        }
    }
    out->count = (int)count;
    if ((o->flags & ML_OPTION_NULL) && below(state, 3) == 0) {
        memset(out, 0, sizeof(*out));
        out->count = -1;
    }
}

static void
random_socket(uint64_t *state, char *out, size_t cap)
{
    static const char *const sockets[] = {"auto", "off", "/run/a b/%p.sock", "/tmp/x:y",
                                          "/%p/%p#1"};
    memset(out, 0, cap);
    strcpy(out, sockets[below(state, 5)]);
}

static void
random_value(uint64_t *state, const struct ml_option *o, void *field)
{
    const int signals[] = {0, SIGUSR1, SIGUSR2, SIGHUP, SIGIO, SIGRTMIN, SIGRTMAX - 1};
    bool nothing =
        (o->flags & (ML_OPTION_OFF | ML_OPTION_NULL)) && below(state, 3) == 0;
    switch (o->type) {
    case ML_OPTION_BOOL:
        *(bool *)field = below(state, 2) != 0;
        break;
    case ML_OPTION_INT:
        *(int *)field =
            nothing ? ML_OFF : (int)random_number(state, o->least, o->most, 1);
        break;
    case ML_OPTION_DURATION: {
        double us = random_number(state, o->least * 1e6, o->most * 1e6, 1);
        *(double *)field = nothing ? ML_OFF : (double)(uint64_t)us / 1e6;
        break;
    }
    case ML_OPTION_AMOUNT:
        random_amount(state, o, field);
        break;
    case ML_OPTION_TEXT:
        random_text(state, field, nothing ? 1 : o->size);
        break;
    case ML_OPTION_PATH:
        memset(field, 0, o->size);
        memcpy(field, "~/", 2);
        random_text(state, (char *)field + 2, o->size - 2);
        break;
    case ML_OPTION_SOCKET:
        random_socket(state, field, o->size);
        break;
    case ML_OPTION_SIGNAL:
        *(int *)field = signals[below(state, 7)];
        break;
    case ML_OPTION_CHOICE: {
        int choice = (int)below(state, 3);
        memcpy(field, &choice, sizeof(choice));
        break;
    }
    case ML_OPTION_TEXTS:
    case ML_OPTION_CHOICES:
    case ML_OPTION_PRINTS:
        random_list(state, o, field);
        break;
    }
}

void
random_settings(uint64_t seed, struct ml_settings *out)
{
    memset(out, 0, sizeof(*out));
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        random_value(&seed, &ml_options[i], ml_option_field(&ml_options[i], out));
    }
}
