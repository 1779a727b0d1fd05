/* SPDX-License-Identifier: MIT
 *
 * What the parts of a snapshot's answer share; see answer_snapshot.c.
 */
#ifndef ML_AGENT_SNAPSHOT_H
#define ML_AGENT_SNAPSHOT_H

#include "answers.h"

#define SNAPSHOT_FINDINGS 20  /* shown */
#define SNAPSHOT_EXAMPLES 3

/* A finding that is shown: which of the graph's, and objects to show it by. */
struct shown {
    const struct ml_finding *finding;
    uint32_t example[SNAPSHOT_EXAMPLES];
    uint32_t example_count;
};

struct snapshot {
    const struct sweep_view *v;
    const struct ml_sweep_request *r;
    struct ml_json *j;
    struct ml_places places;
    struct ml_findings findings;
    struct shown shown[SNAPSHOT_FINDINGS];
    uint32_t count;           /* of shown */
    struct object_path *path; /* one, used again and again */
    struct ml_buf text, holder;
};

/* -- snapshot_pick.c: which findings are shown ------------------------------------- */

int snapshot_pick(struct snapshot *s, struct ml_error *err);

/* -- snapshot_words.c: what is said of one ----------------------------------------- */

/* Fills path (of its first example), text (abstract expression) and holder. */
void snapshot_look_at(struct snapshot *s, const struct shown *f);
/* After snapshot_look_at: 16 hex digits. Type, holder's type and abstract path: no
 * address, no key, no count, so the same leak has the same one everywhere. */
void snapshot_fingerprint(struct snapshot *s, const struct shown *f, char out[24]);
/* After snapshot_look_at: the sentence that is enough to fix the bug. */
void snapshot_title(struct snapshot *s, const struct shown *f, struct ml_buf *out);
/* Entries of the container, by its own length. */
uint64_t snapshot_entries(const struct snapshot *s, const struct ml_finding *f);

/* -- snapshot_findings.c, snapshot_details.c: the report's lists ------------------- */

int snapshot_write_findings(struct snapshot *s);
void snapshot_write_details(struct snapshot *s);

/* -- snapshot_texts.c -------------------------------------------------------------- */

/* The objects whose texts are shown, most wanted first; returns how many. */
size_t snapshot_shown_nodes(const struct snapshot *s, uint32_t *nodes, size_t room);
/* Has them asked for their own texts (call_text.h). */
int snapshot_call_texts(const struct snapshot *s, struct ml_error *err);

#endif
