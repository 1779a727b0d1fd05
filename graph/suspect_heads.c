/* SPDX-License-Identifier: MIT
 *
 * What is part of what among suspects. Every object counts here, so the question is
 * never whether something is a finding, only of which one it is a part. Three passes
 * over the places, parents first:
 *
 *   heads        a suspect below another one is part of it, unless there are many of it
 *                for that one: 3 strings of each session, but 1000 in one new list
 *   containers   one that was made only to hold the many is part of their finding
 *   companions   members of a container of several kinds are one finding
 *
 * The thoughts behind the rules stand in docs/internals/findings.md.
 */
#include "suspect_places.h"

enum {
    PAIR = 2,     /* members of a new variable: the container is not what is leaked */
    MANY = 100,   /* held by one object somewhere below: more than it is made of */
    ENOUGH = 10,  /* of a kind, to speak for the others in its container */
    CLEARLY = 2,  /* as in finding_judge.c */
};

static const uint8_t dull = ML_NODE_FOLD | ML_NODE_FURNITURE;

/* A list of closures' cells or of classes is a leak, a new function's cell is a part of
 * the function. */
bool
ml_place_is_shown(const struct ml_places *p, uint32_t place)
{
    const struct ml_place *q = &p->place[place];
    if ((q->flags & (dull | ML_NODE_OWN)) == 0) {
        return true;
    }
    return (q->flags & ML_NODE_OWN) == 0 && q->slot == ML_SLOT_SPREAD &&
           q->parent != ML_NO_NODE && (p->place[q->parent].flags & dull) == 0;
}

bool
ml_suspect_candidate(const struct ml_suspect_places *s, uint32_t place)
{
    return s->p.place[place].count > 0 && ml_place_is_shown(&s->p, place);
}

/* Whether one of the finding `head` holds so many of `place` that they are the leak. */
static bool
splits(const struct ml_suspect_places *s, uint32_t place, uint32_t head)
{
    const struct ml_place *q = &s->p.place[place];
    const struct ml_place *h = &s->p.place[head];
    if (h->count == 1 && !s->mark[head].noise) {
        /* SESSIONS = [...] is a variable that holds; a list in a list is an item. */
        bool variable = h->slot != ML_SLOT_SPREAD;
        bool direct = q->parent == head && q->slot == ML_SLOT_SPREAD;
        return q->count >= (variable && direct ? PAIR : MANY);
    }
    bool one_has_half = q->entries > q->count - q->entries;
    return one_has_half && q->entries >= MANY && q->entries / CLEARLY > h->count;
}

static void
find_head(struct ml_suspect_places *s, uint32_t place)
{
    const struct ml_place *q = &s->p.place[place];
    struct ml_suspect_place *m = &s->mark[place];
    m->head = q->parent != ML_NO_NODE ? s->mark[q->parent].head : ML_NO_NODE;
    if (q->count == 0) {
        return;
    }
    if (ml_suspect_candidate(s, place)) {
        bool alone = m->head == ML_NO_NODE || splits(s, place, m->head);
        m->head = alone ? place : m->head;
    } else if ((q->flags & ML_NODE_FURNITURE) != 0 && m->head == ML_NO_NODE) {
        /* A class or function that was made late: no leak, nor its docstrings. */
        m->head = place;
        m->noise = true;
    }
}

/* The head of which `place`, a head itself, would be a part. */
static uint32_t
head_above(const struct ml_suspect_places *s, uint32_t place)
{
    uint32_t up = s->p.place[place].parent;
    return up != ML_NO_NODE ? s->mark[up].head : ML_NO_NODE;
}

static void
cover(struct ml_suspect_places *s, uint32_t place)
{
    uint32_t above = head_above(s, place);
    if (above == ML_NO_NODE || s->mark[above].noise || s->p.place[above].count != 1) {
        return;
    }
    struct ml_suspect_place *m = &s->mark[above];
    m->covered += s->p.place[place].retained;
    if (m->best == ML_NO_NODE ||
        s->p.place[place].retained > s->p.place[m->best].retained) {
        m->best = place;
    }
}

/* Own bytes of what leads from one place to another above it, both ends left out but
 * for the upper one: the table of a dict is what it takes to hold its members. */
static uint64_t
bytes_between(const struct ml_suspect_places *s, uint32_t from, uint32_t above)
{
    uint64_t bytes = 0;
    for (uint32_t i = from; i != above; ) {
        i = s->p.place[i].parent;
        bytes += s->p.place[i].shallow;
    }
    return bytes;
}

/* A head of one gives way to the many in it, unless it is heavy by what they do not
 * explain. */
static void
give_way(struct ml_suspect_places *s, uint32_t place)
{
    struct ml_suspect_place *m = &s->mark[place];
    if (m->head != place || m->best == ML_NO_NODE) {
        return;
    }
    uint64_t explained = m->covered + bytes_between(s, m->best, place);
    uint64_t all = s->p.place[place].retained;
    if (all <= explained || all - explained <= m->covered) {
        m->into = m->best;
    }
}

static bool
in_container(const struct ml_suspect_places *s, uint32_t place)
{
    const struct ml_place *q = &s->p.place[place];
    const struct ml_suspect_place *m = &s->mark[place];
    return m->head == place && m->into == ML_NO_NODE && !m->noise &&
           q->slot == ML_SLOT_SPREAD && q->parent != ML_NO_NODE;
}

/* The kind that retains most speaks for all, but one that is many before one that is
 * not, as in finding_judge.c. */
static void
choose_leader(struct ml_suspect_places *s, uint32_t place)
{
    if (!in_container(s, place)) {
        return;
    }
    const struct ml_place *q = &s->p.place[place];
    uint32_t *leader = &s->mark[q->parent].leader;
    if (*leader == ML_NO_NODE) {
        *leader = place;
        return;
    }
    const struct ml_place *best = &s->p.place[*leader];
    bool enough = q->count >= ENOUGH, best_enough = best->count >= ENOUGH;
    if (enough != best_enough ? enough : q->retained > best->retained) {
        *leader = place;
    }
}

/* What is heavier than the many is a leak of its own. */
static void
join_leader(struct ml_suspect_places *s, uint32_t place)
{
    if (!in_container(s, place)) {
        return;
    }
    uint32_t leader = s->mark[s->p.place[place].parent].leader;
    if (leader != place && s->p.place[place].retained <= s->p.place[leader].retained) {
        s->mark[place].into = leader;
        s->mark[place].companion = true;
    }
}

void
ml_suspect_heads(struct ml_suspect_places *s)
{
    uint32_t count = s->p.count;
    for (uint32_t i = 0; i < count; i++) {
        find_head(s, i);
        if (s->mark[i].head == i) {
            cover(s, i);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        give_way(s, i);
    }
    for (uint32_t i = 0; i < count; i++) {
        choose_leader(s, i);
    }
    for (uint32_t i = 0; i < count; i++) {
        join_leader(s, i);
    }
}

/* Two steps at most: what gives way does so to many, and leaders stay. */
uint32_t
ml_suspect_head(const struct ml_suspect_places *s, uint32_t place)
{
    uint32_t head = s->p.place[place].count > 0 ? s->mark[place].head : ML_NO_NODE;
    while (head != ML_NO_NODE && s->mark[head].into != ML_NO_NODE) {
        head = s->mark[head].into;
    }
    return head != ML_NO_NODE && s->mark[head].noise ? ML_NO_NODE : head;
}
