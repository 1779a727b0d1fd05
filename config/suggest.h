/* SPDX-License-Identifier: MIT
 *
 * "did you mean …?": of several words the one nearest to what was typed, and what was
 * typed made fit to be quoted in a message. Nearness is the number of letters inserted,
 * removed, changed or swapped with their neighbour. Nothing is allocated.
 */
#ifndef ML_CONFIG_SUGGEST_H
#define ML_CONFIG_SUGGEST_H

#include <stddef.h>

#define ML_SUGGEST_MAX 48 /* longer words are neither proposed nor helped */
#define ML_SUGGEST_QUOTE 72

struct ml_suggest {
    const char *typed;
    size_t len;
    const char *best; /* borrowed from the caller of _offer */
    int distance;     /* of best */
};

void ml_suggest_init(struct ml_suggest *s, const char *typed, size_t len);
/* One candidate; on a tie the earlier one stays. */
void ml_suggest_offer(struct ml_suggest *s, const char *word);
/* The nearest, or NULL when nothing offered is near enough to be what was meant. */
const char *ml_suggest_best(const struct ml_suggest *s);

/* Steps from one word to the other; ASCII letters' case counts for nothing. Words of
 * more than ML_SUGGEST_MAX bytes are ML_SUGGEST_MAX + 1 away from everything. */
int ml_suggest_distance(const char *a, size_t a_len, const char *b, size_t b_len);

/* 'text' in quotes, cut with "..." where it is long, control characters as '?'.
 * Returns `out`. */
const char *ml_suggest_quote(const char *text, size_t len, char out[ML_SUGGEST_QUOTE]);

#endif
