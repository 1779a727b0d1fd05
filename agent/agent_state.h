/* SPDX-License-Identifier: MIT
 *
 * The agent as one struct, for the files that make it up (agent*.c). Who may touch
 * what is decided by one rule:
 *
 *     while the agent thread exists, it owns everything below the line; while it does
 *     not (before the start, parked, after the end), whoever holds `life` does.
 *
 * So nothing below needs a lock. Lock order: `life` before the GIL; nobody waits for
 * `life` with the GIL held, and the agent thread never takes `life` at all.
 */
#ifndef ML_AGENT_AGENT_STATE_H
#define ML_AGENT_AGENT_STATE_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "agent.h"
#include "config.h"
#include "ops.h"
#include "questions.h"
#include "server.h"
#include "sweep.h"
#include "trigger.h"
#include "wakeup.h"

enum ml_phase {
    ML_PHASE_OFF,
    ML_PHASE_ON,       /* with a thread, or parked */
    ML_PHASE_STOPPING, /* the agent thread is taking itself back after a `detach` */
};

/* Who reclaims the ended thread: decided once, by whoever comes first. */
enum ml_fate { ML_FATE_OPEN, ML_FATE_JOINED, ML_FATE_DETACHED };

#define ML_AGENT_MESSAGES 8
#define ML_AGENT_MESSAGE_SIZE 240

struct ml_agent {
    pthread_mutex_t life; /* see above */
    atomic_int phase;     /* enum ml_phase; changed by the owner */
    atomic_int fate;      /* enum ml_fate of `thread` */
    atomic_int tid;       /* kernel's id of the agent thread, 0: none */
    struct ml_wakeup wakeup; /* its orders from anywhere */

    pthread_t thread;    /* life */
    bool thread_exists;  /* life */
    bool shut_down;      /* life; the interpreter's atexit has run */
    bool resume_is_due;  /* life; a pending call will start the thread */
    int forks;           /* life; between before and after hooks just now */

    /* ------------------------------- the owner's -------------------------------- */

    pid_t pid; /* process that all this belongs to; another one sees a stranger's */
    struct ml_ops ops;
    struct ml_settings settings;
    struct ml_settings reloaded;         /* room for config.reload: too large to stack */
    struct ml_mistakes mistakes;         /* likewise */
    char config_file[PATH_MAX];          /* absolute, "": defaults */
    char writer[PATH_MAX];               /* absolute, "": none */
    char runtime_dir[PATH_MAX];          /* $XDG_RUNTIME_DIR at the start, or: */
    bool runtime_dir_chosen;             /* $MEMALOT_RUNTIME_DIR */
    char home[PATH_MAX];                 /* $HOME at the start */
    char report_directory[PATH_MAX + ML_PATH_TEXT_MAX];
    char python_version[32];
    char name[ML_TEXT_MAX];

    struct ml_server *server;
    char socket_path[PATH_MAX]; /* "": off */
    char made_directory[PATH_MAX]; /* socket directory that we made, "" */
    uid_t bound_uid;
    double bind_at;    /* monotonic; try (again) then, 0: at the next wake if lost */
    double bind_pause; /* before the next try */

    struct ml_sweep *sweep;
    struct ml_questions questions;
    double next_sweep_at; /* monotonic, 0: no schedule */
    struct ml_trigger trigger; /* sweep.when */
    struct ml_sweep_stats last_sweep;
    bool has_last_sweep;
    struct ml_sweep_sums sweeps; /* since the start */
    char last_report[16];
    struct ml_growth_before growth; /* what `growth` compares with */

    bool detach_wanted;
    double detach_at; /* monotonic; then at the latest */

    char messages[ML_AGENT_MESSAGES][ML_AGENT_MESSAGE_SIZE];
    unsigned message_count; /* ever; the ring's position */
};

/* Memory of the agent itself, counted (for `status`). Any thread. */
extern const struct ml_alloc ml_agent_alloc;
uint64_t ml_agent_own_memory(const struct ml_agent *a);

/* -- agent.c (GIL: not needed) ----------------------------------------------------- */

/* Frees and closes everything below the line and restores the signal. */
void ml_agent_release(struct ml_agent *a);
/* Takes our hooks out of the interpreter. GIL: held. */
void ml_agent_unhook(void);

/* -- agent_socket.c ---------------------------------------------------------------- */

/* Binds the socket that the settings mean for this process and its present user. */
int ml_agent_bind(struct ml_agent *a, struct ml_error *err);
/* At every wake: pipe, socket and user as they should be? Makes good what is not. */
void ml_agent_look_after(struct ml_agent *a, double now);
/* Removes the socket's directory if we made it and nobody uses it. */
void ml_agent_remove_directory(struct ml_agent *a);

/* -- agent_ops.c ------------------------------------------------------------------- */

void ml_agent_fill_ops(struct ml_agent *a);
void ml_agent_fill_callbacks(struct ml_agent *a, struct ml_sweep_callbacks *out);
/* The agent's own wish for a snapshot (signal, schedule). */
void ml_agent_ask_snapshot(struct ml_agent *a, const char *why);
/* Starts a sweep if none runs and somebody asked. May take the GIL. */
void ml_agent_begin_sweep(struct ml_agent *a);

/* -- agent_config.c ---------------------------------------------------------------- */

/* Reads `config_file`; the first mistake becomes the error. */
int ml_agent_load_settings(struct ml_agent *a, struct ml_settings *out,
                           struct ml_error *err);
/* Derives name, report directory and schedule from the settings. */
void ml_agent_apply_settings(struct ml_agent *a, bool schedule_changed);
int ml_agent_config_get(struct ml_agent *a, struct ml_json *out, struct ml_error *err);
int ml_agent_config_reload(struct ml_agent *a, struct ml_json *out,
                           struct ml_error *err);

/* -- agent_status.c ---------------------------------------------------------------- */

/* Keeps a sentence for `status`; one that was just said is not said again. */
void ml_agent_note(struct ml_agent *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

int ml_agent_write_status(struct ml_agent *a, struct ml_json *out, struct ml_error *err);

#endif
