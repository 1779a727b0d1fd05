/* SPDX-License-Identifier: MIT
 *
 * See signals.h. What the handler needs stands in three atomics that are written in
 * an order that never shows it a half-made state: bell, then owner, then signal.
 */
#define _GNU_SOURCE
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct ml_wakeup *_Atomic bell; /* rung by the handler, NULL: nobody listens */
static atomic_int owner;               /* process that the bell belongs to */
static atomic_int wanted;              /* signal number, 0: none */

static void
ring(int signo, siginfo_t *info, void *context)
{
    int saved = errno;
    struct ml_wakeup *w = atomic_load(&bell);
    /* A child made by fork() in C has our handler, but its bell is its parent's. */
    if (w != NULL && getpid() == atomic_load(&owner)) {
        ml_wakeup_order(w, ML_ORDER_SNAPSHOT);
    }
    errno = saved;
}

static bool
handler_is_ours(int signo)
{
    struct sigaction now;
    return sigaction(signo, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO)
           && now.sa_sigaction == ring;
}

static bool
is_default(const struct sigaction *action)
{
    return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_DFL;
}

/* Takes the signal if nobody handles it. The program may just now be taking it as well,
 * in another thread: what it has put there between our two looks is put back. Returns 0
 * or -1 with errno. */
static int
take_from_default(int signo)
{
    struct sigaction now;
    if (sigaction(signo, NULL, &now) < 0) {
        return -1;
    }
    if (!is_default(&now)) {
        return 0;
    }
    /* SA_RESTART: calls of the program that the signal interrupts go on as if nothing
     * had been. SA_ONSTACK: Go and other runtimes insist on it. */
    struct sigaction ours = {.sa_sigaction = ring,
                             .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    sigemptyset(&ours.sa_mask);
    if (sigaction(signo, &ours, &now) < 0) {
        return -1;
    }
    return is_default(&now) ? 0 : sigaction(signo, &now, NULL);
}

int
ml_signals_install(int signo, struct ml_wakeup *wakeup, struct ml_error *err)
{
    atomic_store(&bell, wakeup);
    atomic_store(&owner, getpid());
    atomic_store(&wanted, signo);
    if (signo != 0 && take_from_default(signo) < 0) {
        return ml_error_set(err, ML_EINVAL, "signal %d cannot be handled: %s", signo,
                            strerror(errno));
    }
    return ML_OK;
}

void
ml_signals_look(void)
{
    int signo = atomic_load(&wanted);
    if (signo != 0) {
        (void)take_from_default(signo);
    }
}

void
ml_signals_adopt_child(void)
{
    atomic_store(&owner, getpid());
}

void
ml_signals_restore(void)
{
    int signo = atomic_exchange(&wanted, 0);
    if (signo != 0 && handler_is_ours(signo)) {
        struct sigaction normal = {.sa_handler = SIG_DFL};
        sigemptyset(&normal.sa_mask);
        sigaction(signo, &normal, NULL);
    }
    atomic_store(&bell, NULL);
}

void
ml_signals_silence(void)
{
    atomic_store(&bell, NULL);
    atomic_store(&wanted, 0);
}

enum ml_signals_state
ml_signals_state(void)
{
    int signo = atomic_load(&wanted);
    if (signo == 0) {
        return ML_SIGNALS_OFF;
    }
    return handler_is_ours(signo) ? ML_SIGNALS_INSTALLED : ML_SIGNALS_PROGRAMS;
}

const char *
ml_signals_state_name(enum ml_signals_state state)
{
    static const char *const names[] = {"off", "installed", "program's"};
    return names[state];
}
