/* SPDX-License-Identifier: MIT
 *
 * Heaps of web applications, and what is found in them: what the tests of the verdicts
 * and of the findings share. One heap at a time.
 *
 *     TestSuite(findings, .init = web_heap_init, .fini = web_heap_fini);
 *     ... draw into `heap` ...
 *     web_heap_find();
 *     expect_finding(0, SESSION, 50000, sessions, 50000);
 */
#ifndef ML_TESTS_WEB_HEAP_H
#define ML_TESTS_WEB_HEAP_H

#include "heap_sketch.h"

extern struct sketch heap;
extern struct ml_finding_options options; /* sketch_options(), unless changed */
extern struct ml_findings found;

void web_heap_init(void);
void web_heap_fini(void);
/* Analyses `heap` and fills `found`. */
void web_heap_find(void);

/* The finding number `i` is so many of that kind, accumulated by that node. */
void expect_finding(uint32_t i, uint32_t kind, uint32_t count, uint32_t by,
                    uint32_t entries);

/* A session with its dict, name, cart, the cart's list, and in it `items`, in the
 * order of their numbers. */
uint32_t draw_session(uint32_t holder, uint32_t items);
/* A global dict of such sessions; returns the dict. */
uint32_t draw_sessions(uint32_t count, uint32_t items);
enum { SESSION_SIZE = 48 + 104 + 60 + 56 + 88, ITEM_SIZE = 64 };

/* bus.handlers['order'] with `leaked` closures, and ['user'] with three; returns the
 * former list. A closure is function ─ cell ─ object. */
uint32_t draw_handlers(uint32_t leaked);

#endif
