/* SPDX-License-Identifier: MIT
 *
 * The signals that a person may give the agent, by name.
 *
 * Refused, with the reason: what cannot be caught, what means a crash, what asks the
 * program to end, and what the system sends by itself in the ordinary run of things.
 * Whether the program handles a signal itself is seen only when it is installed.
 */
#ifndef ML_CONFIG_SIGNAL_NAME_H
#define ML_CONFIG_SIGNAL_NAME_H

#include <stddef.h>

#include "error.h"

#define ML_SIGNAL_TEXT 24

/* The names worth proposing, for messages and documentation. */
#define ML_SIGNAL_CHOICES                                                              \
    "SIGUSR1, SIGUSR2, SIGHUP, SIGQUIT, SIGURG, SIGIO, SIGPWR, SIGRTMIN+n, SIGRTMAX-n"

/* `SIGUSR2`, `USR2`, `usr2`, `SIGRTMIN+3`, `RTMAX-1`: the number in *out. ML_EINVAL
 * with a sentence that begins with the text for everything else. */
int ml_signal_read(const char *text, size_t len, int *out, struct ml_error *err);

/* The name of a number that ml_signal_read() gives, `off` for 0. Returns `out`. */
const char *ml_signal_write(int number, char out[ML_SIGNAL_TEXT]);

#endif
