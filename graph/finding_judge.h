/* SPDX-License-Identifier: MIT
 *
 * Which places are findings: the verdicts, before they are ranked and told to anybody
 * (findings.c does that). Private to the two files; the thoughts behind the rules
 * stand in docs/internals/findings.md.
 */
#ifndef ML_GRAPH_FINDING_JUDGE_H
#define ML_GRAPH_FINDING_JUDGE_H

#include "finding.h"

enum ml_verdict {
    ML_VERDICT_NONE,
    ML_VERDICT_MANY,      /* paths jump here: a finding with all that hangs below */
    ML_VERDICT_HEAVY,     /* few, but each is heavy by what no finding below explains */
    ML_VERDICT_COMPANION, /* shares its container with a larger finding */
};

struct ml_judged {
    uint32_t holder;    /* nearest place above that is not folded */
    uint32_t jump_at;   /* place whose fan-out counts for this one: itself, or one above
                           that is left out by the filter */
    uint32_t jump;      /* that fan-out */
    uint32_t members;   /* as container: candidates that share it */
    uint32_t leader;    /* as container: the candidate that speaks for them */
    uint32_t under;     /* nearest finding above by number, ML_NO_NODE */
    uint8_t verdict;    /* enum ml_verdict */
    bool candidate;     /* not folded, not furniture */
    bool wanted;        /* candidate that passes the filter */
    bool container;     /* a finding by number hangs from it directly */
    bool enough;        /* as container: the leader alone has the number it takes */
    uint64_t covered;   /* retained by the findings at and below it */
    uint64_t top;       /* retained by the greatest of them */
    uint32_t top_jump;  /* and its fan-out */
};

/* One verdict for each place; `judged` is zeroed room for p->count of them. */
void ml_finding_judge(const struct ml_places *p,
                      const struct ml_finding_options *options,
                      struct ml_judged *judged);

/* Whether the finding is shown: not part of a larger one. */
bool ml_finding_is_shown(const struct ml_places *p, const struct ml_judged *judged,
                         uint32_t place);

#endif
