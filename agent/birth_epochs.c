/* SPDX-License-Identifier: MIT
 *
 * See birth_epochs.h. The plan of a merge: pairs of neighbours of one owner, the oldest
 * pair of all first; when every pair has been used and more is wanted, a further round
 * pairs the pairs. So resolution is lost where it is needed least, and a thousand turns
 * leave epochs whose lengths double towards the past.
 */
#include "birth_epochs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "birth_table.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* the table below */
static struct ml_epoch epochs[ML_EPOCHS];
static _Atomic uint8_t forward[ML_EPOCHS]; /* itself, unless merged away */
static uint64_t turns;                     /* counted from 1; GIL */

void
ml_birth_epochs_reset(double now)
{
    pthread_mutex_lock(&lock);
    memset(epochs, 0, sizeof(epochs));
    for (unsigned i = 0; i < ML_EPOCHS; i++) {
        atomic_store(&forward[i], (uint8_t)i);
    }
    turns = 1;
    epochs[ML_EPOCH_BASELINE].closed = now;
    epochs[ML_EPOCH_OUTSIDE] = (struct ml_epoch){.opened = now, .first = 1, .last = 1};
    pthread_mutex_unlock(&lock);
}

static bool
is_free(unsigned epoch)
{
    return epochs[epoch].first == 0
           && atomic_load_explicit(&forward[epoch], memory_order_relaxed) == epoch;
}

uint8_t
ml_birth_epochs_open(uint32_t owner, double now)
{
    uint8_t found = ML_EPOCH_OUTSIDE;
    pthread_mutex_lock(&lock);
    for (unsigned i = ML_EPOCH_FIRST; i < ML_EPOCHS && found == ML_EPOCH_OUTSIDE; i++) {
        if (is_free(i)) {
            found = (uint8_t)i;
            turns++;
            epochs[i] = (struct ml_epoch){
                .opened = now, .first = turns, .last = turns, .owner = owner};
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

void
ml_birth_epochs_close(uint8_t epoch, double now)
{
    pthread_mutex_lock(&lock);
    epochs[epoch].closed = now;
    pthread_mutex_unlock(&lock);
}

void
ml_birth_epochs_reopen_outside(double now)
{
    (void)now; /* it has been open before: its beginning stays the earliest */
    pthread_mutex_lock(&lock);
    epochs[ML_EPOCH_OUTSIDE].closed = 0;
    epochs[ML_EPOCH_OUTSIDE].last = ++turns;
    pthread_mutex_unlock(&lock);
}

void
ml_birth_epochs_release(void)
{
    pthread_mutex_lock(&lock);
    for (unsigned i = ML_EPOCH_FIRST; i < ML_EPOCHS; i++) {
        if (epochs[i].first == 0) {
            atomic_store(&forward[i], (uint8_t)i);
        }
    }
    pthread_mutex_unlock(&lock);
}

uint8_t
ml_birth_epochs_forward(uint8_t epoch)
{
    return atomic_load(&forward[epoch]);
}

static unsigned
count_free(void)
{
    unsigned count = 0;
    for (unsigned i = ML_EPOCH_FIRST; i < ML_EPOCHS; i++) {
        count += epochs[i].first == 0;
    }
    return count;
}

unsigned
ml_birth_epochs_left(void)
{
    pthread_mutex_lock(&lock);
    unsigned count = count_free();
    pthread_mutex_unlock(&lock);
    return count;
}

const struct ml_epoch *
ml_birth_epochs_get(uint8_t epoch)
{
    return &epochs[epoch];
}

void
ml_birth_epochs_after_fork(void)
{
    pthread_mutex_init(&lock, NULL);
}

/* -- merging ----------------------------------------------------------------------- */

struct plan {
    uint8_t to[ML_EPOCHS];
    uint8_t order[ML_EPOCHS]; /* what may be merged, by owner, oldest first */
    unsigned count;
    unsigned freed;
};

static int
by_owner_then_age(const void *a, const void *b)
{
    const struct ml_epoch *x = &epochs[*(const uint8_t *)a];
    const struct ml_epoch *y = &epochs[*(const uint8_t *)b];
    if (x->owner != y->owner) {
        return x->owner < y->owner ? -1 : 1;
    }
    return x->first < y->first ? -1 : x->first > y->first;
}

static bool
same_owner(const struct plan *p, unsigned i, unsigned k)
{
    return k < p->count && epochs[p->order[i]].owner == epochs[p->order[k]].owner;
}

/* What is in use and over, without the youngest `keep` of each owner. */
static void
plan_candidates(struct plan *p, unsigned keep, uint8_t present)
{
    unsigned kept = 0;
    for (unsigned i = ML_EPOCH_FIRST; i < ML_EPOCHS; i++) {
        if (epochs[i].first != 0 && i != present && epochs[i].closed > 0) {
            p->order[p->count++] = (uint8_t)i;
        }
    }
    qsort(p->order, p->count, sizeof(p->order[0]), by_owner_then_age);
    for (unsigned i = 0; i < p->count; i++) {
        if (same_owner(p, i, i + keep)) {
            p->order[i - kept] = p->order[i];
        }
        else {
            kept++;
        }
    }
    p->count -= kept;
}

/* The oldest pair of neighbours from `order` that this round has not used yet: its
 * index, or `count`. `used` marks places of `order`. */
static unsigned
plan_pair(const struct plan *p, const bool *used)
{
    unsigned best = p->count;
    for (unsigned i = 0; i + 1 < p->count; i++) {
        if (!used[i] && !used[i + 1] && same_owner(p, i, i + 1)
            && (best == p->count
                || epochs[p->order[i]].first < epochs[p->order[best]].first)) {
            best = i;
        }
    }
    return best;
}

static void
plan_join(struct plan *p, unsigned i)
{
    uint8_t into = p->order[i], gone = p->order[i + 1];
    epochs[into].last = epochs[gone].last;
    epochs[into].closed = epochs[gone].closed;
    for (unsigned k = 0; k < ML_EPOCHS; k++) {
        p->to[k] = p->to[k] == gone ? into : p->to[k];
    }
    p->freed++;
}

/* Leaves out of `order` what has gone. */
static void
plan_compact(struct plan *p)
{
    unsigned count = 0;
    for (unsigned i = 0; i < p->count; i++) {
        if (p->to[p->order[i]] == p->order[i]) {
            p->order[count++] = p->order[i];
        }
    }
    p->count = count;
}

static bool
plan_round(struct plan *p, unsigned goal)
{
    bool used[ML_EPOCHS + 1] = {false};
    unsigned before = p->freed;
    for (;;) {
        unsigned i = p->freed < goal ? plan_pair(p, used) : p->count;
        if (i == p->count) {
            break;
        }
        used[i] = used[i + 1] = true;
        plan_join(p, i);
    }
    plan_compact(p);
    return p->freed > before;
}

unsigned
ml_birth_epochs_merge(unsigned wanted, unsigned keep, uint8_t present)
{
    struct plan p = {.count = 0};
    for (unsigned i = 0; i < ML_EPOCHS; i++) {
        p.to[i] = (uint8_t)i;
    }
    pthread_mutex_lock(&lock);
    unsigned left = count_free();
    if (left < wanted) {
        plan_candidates(&p, keep, present);
        while (p.freed < wanted - left && plan_round(&p, wanted - left)) {
        }
        for (unsigned i = 0; i < ML_EPOCHS; i++) {
            if (p.to[i] != i) {
                atomic_store(&forward[i], p.to[i]);
            }
        }
    }
    pthread_mutex_unlock(&lock);
    if (p.freed > 0) {
        ml_birth_table_remap(p.to);
        pthread_mutex_lock(&lock);
        for (unsigned i = 0; i < ML_EPOCHS; i++) {
            if (p.to[i] != i) {
                epochs[i] = (struct ml_epoch){.opened = 0};
            }
        }
        pthread_mutex_unlock(&lock);
    }
    return left + p.freed;
}
