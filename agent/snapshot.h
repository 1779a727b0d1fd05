/* SPDX-License-Identifier: MIT
 *
 * What the parts of a snapshot's answer share; see answer_snapshot.c. A snapshot with a
 * watch (watch.h) tells of suspects instead of everything: snapshot_suspects.c.
 */
#ifndef ML_AGENT_SNAPSHOT_H
#define ML_AGENT_SNAPSHOT_H

#include "answers.h"
#include "native_holders.h"
#include "suspects.h"
#include "watch.h"

#define SNAPSHOT_FINDINGS 20  /* shown */
#define SNAPSHOT_EXAMPLES 3

/* Of the objects of a finding; seconds that are certain. */
struct snapshot_ages {
    double oldest_s, median_s, youngest_s;
    uint64_t oldest_calls; /* 0 where no calls are counted */
};

/* A finding that is shown: which of the graph's, and objects to show it by. */
struct shown {
    const struct ml_finding *finding;
    uint32_t example[SNAPSHOT_EXAMPLES];
    uint32_t example_count;
    bool compared; /* there was an earlier look, and there: */
    uint64_t count_before, retained_before;
    const struct ml_suspect_finding *suspect; /* NULL in a plain snapshot */
    struct snapshot_ages ages;                /* of suspects */
};

/* Suspects of one type that are told. */
struct suspect_kind {
    uint64_t count, bytes;
    uint8_t oldest; /* epoch */
};

/* What is known of suspects; all of it empty in a plain snapshot. */
struct snapshot_suspects {
    struct ml_bitset set;       /* by node; words NULL: a plain snapshot or a warm-up */
    struct ml_suspects found;
    uint8_t *shown_as;          /* [found.all] id of the finding, HIDDEN, 0: not shown */
    struct suspect_kind *kind;  /* by kind; bytes are their own */
    uint32_t *by_count;         /* kinds with suspects, most first */
    uint32_t kinds;
    uint64_t count, count_before, fresh; /* of all; more of a type than before */
    bool compared;              /* there was an iteration before */
};

struct snapshot {
    const struct sweep_view *v;
    const struct ml_sweep_request *r;
    struct ml_json *j;
    struct ml_places places;
    struct ml_findings findings;
    struct snapshot_suspects suspects;
    struct shown shown[SNAPSHOT_FINDINGS];
    uint32_t count;           /* of shown */
    uint32_t *detail;         /* objects of object_details_list */
    uint32_t detail_count, detail_room;
    struct ml_bitset rooted;  /* nodes that are roots themselves, for referrers */
    struct object_path *path; /* one, used again and again */
    struct ml_buf text, holder;
};

/* -- snapshot_pick.c: which findings are shown ------------------------------------- */

int snapshot_pick(struct snapshot *s, struct ml_error *err);
/* Places of the whole heap into s->places. */
int snapshot_find_places(struct snapshot *s, struct ml_error *err);
/* Accepted by the user (filter.ignore). */
bool snapshot_is_ignored(struct snapshot *s, const struct shown *f);
/* Whether a suspect finding is the interpreter's or a library's own bookkeeping: small,
 * and nothing of the user's in it. */
bool snapshot_is_bookkeeping(const struct snapshot *s, const struct shown *f);

/* -- snapshot_native.c -------------------------------------------------------------- */

/* What is known of a finding's native holders; empty when it has a root of Python's. */
void snapshot_sum_native(const struct snapshot *s, const struct shown *f,
                         struct native_sum *out);
/* References that nothing but malloc's memory, or nothing at all, was found to hold. */
uint64_t snapshot_unproven(const struct native_sum *sum);

/* -- snapshot_suspects.c, snapshot_ages.c ------------------------------------------- */

/* snapshot_pick for a watch; fills s->suspects too. */
int snapshot_pick_suspects(struct snapshot *s, struct ml_error *err);
void snapshot_suspects_fini(struct snapshot *s);
/* Whether the report speaks of this node as one of the suspects. */
bool snapshot_is_told(const struct snapshot *s, uint32_t node);
/* The number of the finding it is of or a part of, 0: none that is shown. */
uint32_t snapshot_finding_of(const struct snapshot *s, uint32_t node);

uint8_t snapshot_epoch(const struct sweep_view *v, uint32_t node);
double snapshot_age_s(const struct ml_watch *w, uint8_t epoch);
/* 0 where no calls are counted. */
uint64_t snapshot_age_calls(const struct ml_watch *w, uint8_t epoch);
/* Fills the ages of all findings that are shown. */
int snapshot_find_ages(struct snapshot *s, struct ml_error *err);

/* -- snapshot_words.c: what is said of one ----------------------------------------- */

/* Fills path (of its first example), text (abstract expression) and holder. */
void snapshot_look_at(struct snapshot *s, const struct shown *f);
/* After snapshot_look_at: 16 hex digits. Type, holder's type and abstract path: no
 * address, no key, no count, so the same leak has the same one everywhere. */
void snapshot_fingerprint(struct snapshot *s, const struct shown *f, char out[24]);
/* After snapshot_look_at: the sentence that is enough to fix the bug. */
void snapshot_title(struct snapshot *s, const struct shown *f, struct ml_buf *out);
/* What they are: "Session objects", "Page.on_change bound methods"; of `one`: singular. */
void snapshot_noun(const struct snapshot *s, const struct shown *f, bool one,
                   struct ml_buf *out);
/* Entries of the container, by its own length. */
uint64_t snapshot_entries(const struct snapshot *s, const struct ml_finding *f);

/* -- snapshot_findings.c, snapshot_summary.c, snapshot_details.c: the report's lists - */

int snapshot_write_findings(struct snapshot *s);
void snapshot_write_summary(struct snapshot *s);
/* Fills s->detail; before anything is written. */
int snapshot_choose_details(struct snapshot *s, struct ml_error *err);
void snapshot_write_details(struct snapshot *s);
/* {target_ids, root_ids, graph_nodes} of one object (snapshot_referrers.c). */
void snapshot_write_referrers(struct snapshot *s, uint32_t node);

/* -- snapshot_watch.c: what a monitor's iteration carries besides ------------------ */

void snapshot_write_monitor(struct snapshot *s);
void snapshot_write_memory_diffs(struct snapshot *s);
/* Figures and tallies for the next time into s->v->after. */
int snapshot_remember(struct snapshot *s, struct ml_error *err);

/* -- snapshot_texts.c -------------------------------------------------------------- */

/* The objects whose texts are shown, most wanted first; returns how many. */
size_t snapshot_shown_nodes(const struct snapshot *s, uint32_t *nodes, size_t room);
/* Has them asked for their own texts (call_text.h). */
int snapshot_call_texts(const struct snapshot *s, struct ml_error *err);

#endif
