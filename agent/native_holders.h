/* SPDX-License-Identifier: MIT
 *
 * Who in native code holds what the heap does not explain: the search of native.h, asked
 * for nodes, and its answers in words and JSON.
 *
 * Searched only when somebody asks, and then for everything that only native code keeps
 * alive, so that a report costs one pass over memory. Lives as long as the view.
 *
 *   native_holders   questions and answers, several objects summed up
 *   native_judge     what a word in dynamic memory is
 *   native_words     "_speedups.so cache+0x40", JSON
 *
 * Thread: the sweep process's only one (in place: the agent's). GIL: held at the clone.
 */
#ifndef ML_AGENT_NATIVE_HOLDERS_H
#define ML_AGENT_NATIVE_HOLDERS_H

#include "json_write.h"
#include "native.h"
#include "sweep_view.h"

struct native_holders;

/* First thing of a sweep, while v->a, an arena, has hardly anything in it: what is mapped
 * now is the program's. NULL without memory or list of mappings: nothing will be found. */
struct native_holders *native_holders_new(const struct sweep_view *v);
void native_holders_free(struct native_holders *h);

/* Of one object. */
struct native_found {
    uint32_t references, explained;
    const struct ml_native_holder *holder; /* strongest first */
    uint32_t count;
};

/* False when the node has no reference too many, or nothing can be searched. Valid until
 * the view ends. */
bool native_holders_of(const struct sweep_view *v, uint32_t node,
                       struct native_found *out);

/* The same for many at once: later questions about them are answered from one search. */
void native_holders_want(const struct sweep_view *v, const uint32_t *nodes, size_t count);

/* Of several objects together: holders that say the same are one line. */
#define NATIVE_LINES 8

struct native_sum {
    uint64_t objects;    /* with references too many */
    uint64_t references, explained;
    struct {
        struct ml_native_holder holder; /* the first of them */
        uint64_t references, objects;
    } line[NATIVE_LINES]; /* most references first among the strongest */
    uint32_t lines;
    uint64_t other;      /* references explained by holders beyond these lines */
};

void native_sum_add(const struct sweep_view *v, uint32_t node, struct native_sum *sum);

/* -- native_judge.c ---------------------------------------------------------------- */

/* The node that the word at `at` lies in, ML_NO_NODE: in none. */
uint32_t native_node_at(const struct sweep_view *v, uint64_t at);

/* References to `node` that stand neither in what refers to it nor in its own table:
 * that many words in dynamic memory are shown by the heap. UINT32_MAX: too many refer
 * to it to say anything. */
uint32_t native_shown_elsewhere(const struct sweep_view *v, uint32_t node);

/* What a word is that lies in a node and is the address of `target`. */
enum ml_native_word native_word_in(const struct sweep_view *v, uint32_t owner,
                                   uint32_t target);

/* -- native_words.c ---------------------------------------------------------------- */

/* "_speedups.so cache+0x40", "stack of thread 4711", "malloc memory", "Job object at
 * 0x…"; abstract: the same in every process ("_speedups.so cache"), "" where it is not. */
void native_holder_words(const struct sweep_view *v, const struct ml_native_holder *h,
                         bool abstract, struct ml_buf *out);

/* "held by nativeleak.so kept", "by nobody we can see: 3 references too many; …" */
void native_sum_words(const struct sweep_view *v, const struct native_sum *sum,
                      struct ml_buf *out);

/* {references, explained, objects, text, holders: […]} */
void native_sum_write(const struct sweep_view *v, const struct native_sum *sum,
                      struct ml_json *j);

#endif
