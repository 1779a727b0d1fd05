/* SPDX-License-Identifier: MIT
 *
 * The usual course of a command: find the agent, ask it one thing, print the answer
 * as JSON or as text. Where the command has ML_OPT_MANY, the same of several.
 */
#ifndef ML_CTL_ASK_H
#define ML_CTL_ASK_H

#include "client.h"
#include "ctl.h"
#include "print.h"

/* First word of the command line as TARGET, or NULL. */
const char *ml_ask_target(const struct ml_ctl_args *args);

/* Asks the agent that `target` means. Takes over `params`. Returns an enum ml_exit,
 * everything said on stderr; on ML_EXIT_DONE `*result` is the caller's. */
int ml_ask(const char *target, const char *method, json_t *params, const char *what,
           json_t **result);

/* The same, then prints: the document with --json, else by `render`. With --all or
 * --tree all of those are asked: answers that can be put together (report/merge.h) are
 * printed as one, others one after another, each behind its process. */
typedef void ml_ask_render(FILE *to, const json_t *answer,
                           const struct ml_text_style *style);
int ml_ask_and_print(const struct ml_ctl_args *args, const char *method, json_t *params,
                     const char *what, ml_ask_render *render);

/* {limit} when it was given, else an empty object; of several processes more rows are
 * wanted than are printed. NULL when memory is short. */
json_t *ml_ask_limit(const struct ml_ctl_args *args);

#endif
