/* SPDX-License-Identifier: MIT
 *
 * Another process's memory, read and written from outside while it runs.
 */
#ifndef ML_ATTACH_MEMORY_H
#define ML_ATTACH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* All of it or false. */
bool ml_memory_read(pid_t pid, uint64_t address, void *out, size_t len);
bool ml_memory_write(pid_t pid, uint64_t address, const void *data, size_t len);

#endif
