/* SPDX-License-Identifier: MIT
 *
 * What the two sides of a sweep share: the job as it is handed over by the clone, and
 * the frames that come back through the pipe.
 *
 *   agent thread (sweep.c)  --clone-->  sweep process (sweep_child.c)
 *                           <--frames--
 *
 * A frame is a header and `length` bytes. PROGRESS carries a step's name after a float,
 * RESULT one line of JSON for question `index`, ERROR and FAULT a code and a sentence.
 * STORE asks the agent to have the writer store it: only in place, where the writer is
 * started after the GIL was given back; it is a sweep_store_frame, the iteration and the
 * writer's line. DONE is the last one; without it the sweep died.
 */
#ifndef ML_AGENT_SWEEP_JOB_H
#define ML_AGENT_SWEEP_JOB_H

#include "buf.h"
#include "sweep.h"
#include "thread_stacks.h"

enum sweep_frame_type {
    FRAME_PROGRESS = 0x4d4c5031, /* also a check that the stream is in step */
    FRAME_RESULT,
    FRAME_ERROR,
    FRAME_FAULT, /* the sweep process crashed outside guarded code */
    FRAME_STORE,
    FRAME_FIGURES, /* struct ml_sweep_figures of a watched question */
    FRAME_TALLY,   /* sweep_tally_frame, then its rows: struct ml_tally_row, ascending */
    FRAME_DONE,
};

struct sweep_frame {
    uint32_t type;
    uint32_t index;   /* of the question */
    uint64_t length;  /* of what follows */
};

struct sweep_error_frame {
    int32_t code;
    char message[480];
};

struct sweep_store_frame {
    uint64_t iteration; /* bytes of it, which follow first; then the line */
};

struct sweep_tally_frame {
    uint32_t places; /* 1: of places, 0: of types */
    uint32_t count;  /* rows that follow */
    double at;
};

/* Rows that are remembered for the next look, those with the most bytes; a fresh
 * interpreter has 35 000 places. What was too light to be among them counts as new. */
#define SWEEP_TALLY_ROWS 100000

struct sweep_done_frame {
    uint32_t objects;
    uint32_t stored; /* 1: a report was stored, report_id is set */
    char report_id[16];
    char message[480]; /* of what went wrong with storing, "" */
};

/* A page both sides see: the parent knows how long the GIL was held only after the
 * clone has returned. */
struct sweep_shared {
    volatile double pause_s; /* 0 until known */
};

#define SWEEP_MAX_QUESTIONS 64
#define SWEEP_LEFT_OUT 16

struct sweep_job {
    struct ml_settings settings;
    struct ml_sweep_question questions[SWEEP_MAX_QUESTIONS];
    size_t question_count;
    struct sweep_shared *shared;
    char writer[1024];
    char name[256];
    int pid;               /* of the program */
    int out;               /* write end of the pipe; -1 in place */
    struct ml_buf *in_place; /* frames go here instead; NULL in the sweep process */
    uint64_t memory_limit; /* bytes the analysis may map, 0: none */
    const struct ml_growth_before *before;
    double started;        /* monotonic seconds */
    int64_t started_at;    /* microseconds since the epoch */
    struct ml_thread_stack stacks[ML_THREAD_STACKS]; /* of threads that waited */
    size_t stack_count;
    bool during_collection; /* the collector did not come to rest */
    uint32_t left_out[SWEEP_LEFT_OUT]; /* numbers of interpreters that are missing */
    uint32_t left_out_count;
};

/* The sweep process's whole life, after the clone; never returns. */
void sweep_child_main(struct sweep_job *job) __attribute__((noreturn));

/* The same work in place, under the GIL, with frames into job->in_place. */
void sweep_child_in_place(struct sweep_job *job);

/* sweep_process.c: the steps by which the copy becomes a process of its own, in this
 * order; signals are let in again when the guard is there. */
#define SWEEP_OUT 3 /* the pipe's descriptor from then on */
void sweep_drop_descriptors(const struct sweep_job *job);
void sweep_reset_signals(void);
void sweep_become_humble(const struct sweep_job *job);
void sweep_unblock_signals(void);

/* Of these steps, what the helpers for texts do again (call_seal.c): closes descriptors
 * first..last, also where there is no such system call; no handlers, no SIGPIPE. */
void sweep_close_range(unsigned first, unsigned last);
void sweep_drop_handlers(void);

/* sweep_line.c: the writer's input without its newline. `watch` may be NULL. */
void sweep_writer_line(const struct sweep_job *job, const struct ml_watch *watch,
                       const struct ml_buf *iteration, struct ml_buf *line);

/* sweep_writer.c: hands one line of JSON to the writer and reads its answer line (no
 * newline) into `answer`. ML_EIO with the writer's own sentence when it failed. */
int sweep_writer_store(const struct sweep_job *job, const char *line, size_t len,
                       struct ml_buf *answer, struct ml_error *err);

/* Writes everything, over interruptions; false when nobody reads any more. */
bool sweep_write_all(int fd, const void *bytes, size_t len);

/* The answer of a saved snapshot: what the writer said (`err` instead when it failed)
 * and the iteration itself, unless `len` is 0. */
void sweep_stored_answer(const struct ml_buf *reply, const struct ml_error *err,
                         const char *iteration, size_t len, struct ml_buf *out);

#endif
