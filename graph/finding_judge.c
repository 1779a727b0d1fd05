/* SPDX-License-Identifier: MIT
 *
 * See finding_judge.h. Three passes over the places, each linear: from the roots down
 * the fan-out of each place, from the leaves up the verdicts (what hangs below is
 * known by then), from the roots down what is part of what.
 *
 * A place is a finding by number ("many") where the paths jump most on the way from
 * the root, or by weight ("heavy") when one object retains much that no finding
 * explains.
 */
#include "finding_judge.h"

/* How much greater a jump has to be to be preferred to one nearer to the root: between
 * a list of 1000 rows and rows of 1001 values the list is what a user means. */
enum { CLEARLY = 2 };

/* What is below this part of another is not worth a finding beside it. */
enum { TRIFLE = 8 };

static uint32_t
ratio(uint32_t members, uint32_t holders)
{
    return holders > 0 ? members / holders : members;
}

/* How many paths come out of one that goes in. The mean, unless one holder has half of
 * all members: then it is the leak, and the mean over 50 000 innocent ones hides it. */
static uint32_t
fan_out(const struct ml_places *p, uint32_t place, uint32_t holder)
{
    const struct ml_place *q = &p->place[place];
    if (holder == ML_NO_NODE) {
        return q->count;
    }
    uint32_t mean = ratio(q->count, p->place[holder].count);
    bool one_has_half = q->entries >= q->count - q->entries;
    return one_has_half && q->entries > mean ? q->entries : mean;
}

/* Members of several kinds in one container are one leak. The kind that retains most
 * speaks for them, but one that is many by itself before one that is not: a single blob
 * among 10 000 orders is not what the list leaks. */
static void
join_container(const struct ml_places *p, const struct ml_finding_options *o,
               struct ml_judged *judged, uint32_t place)
{
    const struct ml_place *q = &p->place[place];
    if (!judged[place].wanted || q->slot != ML_SLOT_SPREAD || q->parent == ML_NO_NODE) {
        return;
    }
    struct ml_judged *container = &judged[q->parent];
    uint32_t sum = container->members + q->count;
    container->members = sum >= q->count ? sum : UINT32_MAX;
    bool enough = q->count >= o->min_count;
    if (container->leader == ML_NO_NODE || enough > container->enough ||
        (enough == container->enough &&
         q->retained > p->place[container->leader].retained)) {
        container->leader = place;
        container->enough = enough;
    }
}

static void
look(const struct ml_places *p, const struct ml_finding_options *o,
     struct ml_judged *judged, uint32_t place)
{
    const struct ml_place *q = &p->place[place];
    struct ml_judged *j = &judged[place];
    j->holder = ml_places_holder(p, place);
    j->leader = ML_NO_NODE;
    j->under = ML_NO_NODE;
    j->candidate =
        (q->flags & (ML_NODE_FOLD | ML_NODE_FURNITURE | ML_NODE_OWN)) == 0;
    j->wanted = j->candidate && (o->wanted == NULL || o->wanted(o->ctx, q->kind));
    j->jump = fan_out(p, place, j->holder);
    j->jump_at = place;
    if (j->holder == ML_NO_NODE) {
        return;
    }
    /* What the filter left out does not take its jump with it: the carts of 50 000
       unwanted sessions are a finding. Furniture does: 300 functions are not, and so
       their 300 docstrings are none. */
    const struct ml_judged *above = &judged[j->holder];
    if (above->candidate && !above->wanted && above->jump > j->jump) {
        j->jump = above->jump;
        j->jump_at = above->jump_at;
    }
}

static bool
is_many(const struct ml_places *p, const struct ml_finding_options *o,
        const struct ml_judged *judged, uint32_t place)
{
    const struct ml_place *q = &p->place[place];
    const struct ml_judged *j = &judged[place];
    uint32_t count = q->count;
    uint32_t jump = j->jump;
    if (q->parent == ML_NO_NODE && q->root == ML_PATH_OUTSIDE && o->min_outside > 0) {
        return j->wanted && count >= o->min_outside;
    }
    bool shares = q->slot == ML_SLOT_SPREAD && q->parent != ML_NO_NODE;
    if (shares && !judged[q->parent].enough) {
        /* few of each kind, but together they may be many */
        count = judged[q->parent].members;
        uint32_t together = ratio(count, p->place[j->holder].count);
        jump = together > jump ? together : jump;
    }
    return j->wanted && count >= o->min_count && jump >= CLEARLY;
}

/* Whether one of them retains enough by itself, apart from the findings below. A
 * container whose members are a finding is never one too: it is part of that leak. */
static bool
is_heavy(const struct ml_places *p, const struct ml_finding_options *o,
         const struct ml_judged *j, uint32_t place)
{
    const struct ml_place *q = &p->place[place];
    if (!j->wanted || j->container || j->covered > q->retained / 2) {
        return false;
    }
    return (q->retained - j->covered) / q->count >= o->min_single_size;
}

/* Whether paths jump at the greatest finding below rather than here. */
static bool
is_deeper(const struct ml_places *p, const struct ml_judged *j, uint32_t place)
{
    return j->covered >= p->place[place].retained / 2 &&
           j->top_jump / CLEARLY > j->jump;
}

/* Hands up what the findings at and below a place explain. */
static void
tell_parent(const struct ml_places *p, struct ml_judged *judged, uint32_t place)
{
    const struct ml_place *q = &p->place[place];
    const struct ml_judged *j = &judged[place];
    if (j->verdict == ML_VERDICT_MANY && q->slot == ML_SLOT_SPREAD &&
        j->holder != ML_NO_NODE) {
        judged[j->holder].container = true;
    }
    if (q->parent == ML_NO_NODE) {
        return;
    }
    struct ml_judged *up = &judged[q->parent];
    up->covered += j->covered;
    if (j->top > up->top) {
        up->top = j->top;
        up->top_jump = j->top_jump;
    }
}

static void
decide(const struct ml_places *p, const struct ml_finding_options *o,
       struct ml_judged *judged, uint32_t place)
{
    struct ml_judged *j = &judged[place];
    uint64_t retained = p->place[place].retained;
    if (is_many(p, o, judged, place)) {
        j->verdict = is_deeper(p, j, place) ? ML_VERDICT_NONE : ML_VERDICT_MANY;
    } else if (is_heavy(p, o, j, place)) {
        j->verdict = ML_VERDICT_HEAVY;
    }
    if (j->verdict != ML_VERDICT_NONE) {
        j->covered = retained;
        j->top = retained;
        j->top_jump = j->jump;
    } else if (j->container && j->covered < retained) {
        j->covered = retained;
    }
    tell_parent(p, judged, place);
}

/* What shares a container with its leader is part of the leader's finding, unless it is
 * heavier than that; also when the leader gave way to a finding deeper down, if it is a
 * trifle beside it (the names of the plugins, one of which leaks). */
static void
settle_companion(const struct ml_places *p, struct ml_judged *judged, uint32_t place)
{
    const struct ml_place *q = &p->place[place];
    struct ml_judged *j = &judged[place];
    if (q->slot != ML_SLOT_SPREAD || q->parent == ML_NO_NODE ||
        j->verdict == ML_VERDICT_NONE) {
        return;
    }
    uint32_t leader = judged[q->parent].leader;
    if (leader == place || leader == ML_NO_NODE) {
        return;
    }
    uint8_t led = judged[leader].verdict;
    bool trifle = judged[leader].covered > 0 &&
                  q->retained < p->place[leader].retained / TRIFLE;
    bool lighter = q->retained <= p->place[leader].retained;
    if (led == j->verdict || (led == ML_VERDICT_MANY && lighter) ||
        (led == ML_VERDICT_NONE && trifle)) {
        j->verdict = ML_VERDICT_COMPANION;
    }
}

static void
settle_under(const struct ml_places *p, struct ml_judged *judged, uint32_t place)
{
    uint32_t up = p->place[place].parent;
    if (up != ML_NO_NODE) {
        uint8_t verdict = judged[up].verdict;
        bool takes_all = verdict == ML_VERDICT_MANY || verdict == ML_VERDICT_COMPANION;
        judged[place].under = takes_all ? up : judged[up].under;
    }
}

void
ml_finding_judge(const struct ml_places *p, const struct ml_finding_options *options,
                 struct ml_judged *judged)
{
    for (uint32_t i = 0; i < p->count; i++) {
        look(p, options, judged, i);
        join_container(p, options, judged, i);
    }
    for (uint32_t i = p->count; i-- > 0;) {
        decide(p, options, judged, i);
    }
    for (uint32_t i = 0; i < p->count; i++) {
        settle_companion(p, judged, i);
        settle_under(p, judged, i);
    }
}

bool
ml_finding_is_shown(const struct ml_places *p, const struct ml_judged *judged,
                    uint32_t place)
{
    const struct ml_judged *j = &judged[place];
    if (j->verdict == ML_VERDICT_NONE || j->verdict == ML_VERDICT_COMPANION) {
        return false;
    }
    if (j->under == ML_NO_NODE) {
        return true;
    }
    /* One of 50 000 sessions that alone holds 200 MB is worth a word; the one blob of
       each session is not, it is what a session is made of. */
    const struct ml_place *q = &p->place[place];
    const struct ml_place *above = &p->place[j->under];
    return j->verdict == ML_VERDICT_HEAVY && q->retained > above->retained / 2 &&
           q->count <= above->count / TRIFLE;
}
