/* SPDX-License-Identifier: MIT
 *
 * Small files of /proc and /sys. No malloc, no stdio: also for the sweep process.
 *
 * Thread: any. GIL: not needed.
 */
#ifndef ML_AGENT_SMALL_FILE_H
#define ML_AGENT_SMALL_FILE_H

#include <stddef.h>
#include <stdint.h>

/* Reads at most `cap` - 1 bytes and terminates them; returns how many there are, 0 when
 * the file cannot be read. */
size_t ml_small_file_read(const char *path, char *out, size_t cap);

/* The number behind `key` ("VmRSS:", in kB), in bytes; 0 when it is not there. */
uint64_t ml_small_file_kilobytes(const char *text, const char *key);

#endif
