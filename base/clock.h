/* SPDX-License-Identifier: MIT
 *
 * The monotonic clock, which nobody sets: for deadlines and durations. Async-signal-safe
 * and without locks, so also for the sweep process.
 */
#ifndef ML_BASE_CLOCK_H
#define ML_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline double
ml_clock_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline int64_t
ml_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif
