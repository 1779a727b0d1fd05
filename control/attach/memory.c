/* SPDX-License-Identifier: MIT
 *
 * See memory.h.
 */
#define _GNU_SOURCE
#include "memory.h"

#include <sys/uio.h>

bool
ml_memory_read(pid_t pid, uint64_t address, void *out, size_t len)
{
    struct iovec ours = {out, len}, theirs = {(void *)(uintptr_t)address, len};
    return process_vm_readv(pid, &ours, 1, &theirs, 1, 0) == (ssize_t)len;
}

bool
ml_memory_write(pid_t pid, uint64_t address, const void *data, size_t len)
{
    struct iovec ours = {(void *)(uintptr_t)data, len};
    struct iovec theirs = {(void *)(uintptr_t)address, len};
    return process_vm_writev(pid, &ours, 1, &theirs, 1, 0) == (ssize_t)len;
}
