/* SPDX-License-Identifier: MIT
 *
 * See birth.h. What is here is the order of things; the parts are
 *
 *   birth_table   the stamps           birth_hook    who writes them
 *   birth_epochs  what they mean       birth_young   who corrects them
 *
 * A turn settles first (what was recycled belongs to the epoch that ends), then changes
 * the present epoch, then buries: what waits in free lists belongs to the new one.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "birth.h"

#include <pthread.h>
#include <time.h>

#include "birth_epochs.h"
#include "birth_hook.h"
#include "birth_table.h"
#include "birth_young.h"
#include "compat/compat.h"
#include "clock.h"

static bool running;   /* GIL */
static bool deaf;      /* GIL; calls no longer arrive at the hook */
static bool stays;     /* GIL; the hook could not leave the chain */
static pthread_mutex_t merge_lock = PTHREAD_MUTEX_INITIALIZER; /* the table is mapped */

static void
set_present(uint8_t epoch)
{
    atomic_store(&ml_birth_present, epoch);
}

/* -- start and stop ---------------------------------------------------------------- */

static int
prepare_table(struct ml_error *err)
{
    void *block = PyObject_Malloc(32);
    int rc = block != NULL ? ml_birth_table_prepare((uintptr_t)block, err)
                           : ml_error_nomem(err);
    PyObject_Free(block);
    return rc;
}

/* The table may go only when nobody can be writing to it: interpreters with a GIL of
 * their own may be inside the hook even after it has left the chain. */
static void
take_back(void)
{
    stays = !ml_birth_hook_remove();
    pthread_mutex_lock(&merge_lock);
    ml_birth_table_clear(!stays && !compat_interp_others());
    pthread_mutex_unlock(&merge_lock);
}

static int
start(struct ml_error *err)
{
    int rc = compat_layout_check(err);
    rc = rc < 0 ? rc : prepare_table(err);
    rc = rc < 0 ? rc : ml_birth_hook_install(err);
    if (rc < 0) {
        take_back();
        return rc;
    }
    pthread_mutex_lock(&merge_lock); /* one that began before we were stopped */
    ml_birth_epochs_reset(ml_clock_seconds());
    pthread_mutex_unlock(&merge_lock);
    set_present(ML_EPOCH_OUTSIDE);
    rc = ml_birth_young_start(err);
    running = true;
    deaf = false;
    if (rc < 0) {
        ml_birth_stop();
    }
    return rc;
}

/* The objects that are made meanwhile must not begin a collection: the monitors start us
 * with their lock held, and a finalizer of the program may enter a monitor. */
int
ml_birth_start(struct ml_error *err)
{
    if (running) {
        return ml_error_set(err, ML_ESTATE, "births are being recorded already");
    }
    int collecting = PyGC_Disable();
    int rc = start(err);
    if (collecting) {
        PyGC_Enable();
    }
    return rc;
}

void
ml_birth_stop(void)
{
    if (running) {
        running = false;
        set_present(0);
        ml_birth_young_stop();
        take_back();
    }
}

bool
ml_birth_running(void)
{
    return running;
}

void
ml_birth_after_fork_in_child(void)
{
    pthread_mutex_init(&merge_lock, NULL);
    ml_birth_epochs_after_fork();
    ml_birth_stop();
}

/* -- epochs ------------------------------------------------------------------------ */

static void
settle(void)
{
    deaf = !ml_birth_hook_keep();
    ml_birth_young_settle();
}

static void
turn_to(uint8_t epoch)
{
    set_present(epoch);
    ml_birth_young_bury();
}

uint8_t
ml_birth_turn(uint32_t owner, double now)
{
    uint8_t epoch;
    if (!running) {
        return ML_EPOCH_OUTSIDE;
    }
    settle();
    ml_birth_epochs_release();
    epoch = ml_birth_epochs_open(owner, now);
    if (epoch != ML_EPOCH_OUTSIDE) {
        ml_birth_epochs_close(ml_birth_now(), now);
        turn_to(epoch);
    }
    return epoch;
}

void
ml_birth_turn_outside(double now)
{
    if (running) {
        settle();
        ml_birth_epochs_close(ml_birth_now(), now);
        ml_birth_epochs_reopen_outside(now);
        turn_to(ML_EPOCH_OUTSIDE);
    }
}

void
ml_birth_settle(void)
{
    if (running) {
        settle();
    }
}

unsigned
ml_birth_left(void)
{
    return ml_birth_epochs_left();
}

unsigned
ml_birth_merge(unsigned wanted, unsigned keep)
{
    pthread_mutex_lock(&merge_lock);
    unsigned left = ml_birth_epochs_merge(wanted, keep, ml_birth_now());
    pthread_mutex_unlock(&merge_lock);
    return left;
}

const struct ml_epoch *
ml_birth_epoch(uint8_t epoch)
{
    return ml_birth_epochs_get(epoch);
}

uint8_t
ml_birth_stamp(uintptr_t block)
{
    return ml_birth_table_get(block);
}

bool
ml_birth_collecting_here(void)
{
    return running && ml_birth_young_collecting();
}

uint8_t
ml_birth_now(void)
{
    return atomic_load(&ml_birth_present);
}

/* -- for `status` ------------------------------------------------------------------ */

uint64_t
ml_birth_memory(void)
{
    return ml_birth_table_memory();
}

const char *
ml_birth_words(void)
{
    if (!running) {
        return stays ? "births: off; the silent hook stays under another tool's"
                     : "births: off";
    }
    if (deaf) {
        return "births: another tool has taken the allocator hook out of the chain";
    }
    if (ml_birth_table_lost()) {
        return "births: no address space for part of the table; those objects look old";
    }
    if (!ml_birth_young_called()) {
        return "births: allocator hook; the callback has been taken out of gc.callbacks";
    }
    return ml_birth_hook_covered()
               ? "births: allocator hook under another tool's, collector callback"
               : "births: allocator hook, collector callback";
}
