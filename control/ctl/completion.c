/* SPDX-License-Identifier: MIT
 *
 * See completion.h: what the usage of a command says of its words.
 */
#include "completion.h"

#include <ctype.h>
#include <string.h>

static bool
mentions(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= len; i++) {
        if (strncmp(text + i, word, n) == 0) {
            return true;
        }
    }
    return false;
}

static enum ml_complete
kind_of(const char *text, size_t len)
{
    static const struct {
        const char *word;
        enum ml_complete kind;
    } kinds[] = {
        {"TARGET", ML_COMPLETE_TARGETS}, {"REPORT_ID", ML_COMPLETE_REPORTS},
        {"PROGRAM", ML_COMPLETE_PROGRAM}, {"DIR", ML_COMPLETE_DIRECTORIES},
        {"FILE", ML_COMPLETE_FILES},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (mentions(text, len, kinds[i].word)) {
            return kinds[i].kind;
        }
    }
    return ML_COMPLETE_NOTHING;
}

/* One alternative of a usage: "start [TARGET]" is a small word, "[TARGET]" is none. */
static void
take_alternative(struct ml_complete_words *out, const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && islower((unsigned char)text[n])) {
        n++;
    }
    bool small = n > 0 && (n == len || text[n] == ' ');
    if (!small) {
        out->first = kind_of(text, len);
    }
    else if (out->subs < ML_COMPLETE_SUBS_MAX && n < sizeof(out->sub[0].name)) {
        memcpy(out->sub[out->subs].name, text, n);
        out->sub[out->subs].name[n] = '\0';
        out->sub[out->subs++].after = kind_of(text + n, len - n);
    }
}

/* Alternatives are parted by " | "; inside brackets it parts what follows one word. */
void
ml_complete_words_of(const struct ml_command *c, struct ml_complete_words *out)
{
    const char *start = c->words_help;
    int depth = 0;
    memset(out, 0, sizeof(*out));
    for (const char *p = start;; p++) {
        depth += (*p == '[') - (*p == ']');
        if (*p == '\0' || (depth == 0 && strncmp(p, " | ", 3) == 0)) {
            take_alternative(out, start, (size_t)(p - start));
            start = p + 3;
        }
        if (*p == '\0') {
            return;
        }
    }
}

enum ml_complete
ml_complete_value_of(const struct ml_opt *o)
{
    return o->type == ML_OPT_TEXT ? kind_of(o->value, strlen(o->value))
                                  : ML_COMPLETE_NOTHING;
}

void
ml_complete_put_words(FILE *to, const char *words)
{
    for (; *words != '\0'; words++) {
        fputc(*words == '|' ? ' ' : *words, to);
    }
}
