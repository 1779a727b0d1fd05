/* SPDX-License-Identifier: MIT
 *
 * Completion for shells, written from the table of commands: a script knows every
 * command, option and word there is, and asks memalotctl for agents and reports.
 *
 * What a command's words are is read off its usage: TARGET, REPORT_ID, FILE, PROGRAM,
 * and small words before them, as in "start [TARGET] | stop [TARGET]".
 */
#ifndef ML_CTL_COMPLETION_H
#define ML_CTL_COMPLETION_H

#include <stdio.h>

#include "ctl.h"

enum ml_complete {
    ML_COMPLETE_NOTHING,
    ML_COMPLETE_TARGETS,
    ML_COMPLETE_REPORTS,
    ML_COMPLETE_FILES,
    ML_COMPLETE_DIRECTORIES,
    ML_COMPLETE_PROGRAM, /* and its arguments */
};

#define ML_COMPLETE_SUBS_MAX 8

/* The words of a command: small ones, each with what comes after it, or none. */
struct ml_complete_words {
    enum ml_complete first;
    int subs;
    struct {
        char name[24];
        enum ml_complete after;
    } sub[ML_COMPLETE_SUBS_MAX];
};

void ml_complete_words_of(const struct ml_command *c, struct ml_complete_words *out);
/* The value of an option that is no ML_OPT_WORD. */
enum ml_complete ml_complete_value_of(const struct ml_opt *o);
/* Writes `words` as "auto always never". */
void ml_complete_put_words(FILE *to, const char *words);

/* The scripts; `commands` ends with NULL, hidden ones are left out. */
void ml_completion_bash(FILE *to, const struct ml_command *const *commands);
void ml_completion_zsh(FILE *to, const struct ml_command *const *commands);
void ml_completion_fish(FILE *to, const struct ml_command *const *commands);

#endif
