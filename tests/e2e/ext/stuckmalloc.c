/* SPDX-License-Identifier: MIT
 *
 * To be preloaded: a malloc whose figures are never told, as when another thread held
 * one of its locks at the moment of the clone.
 */
#include <stddef.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);

struct figures {
    size_t field[10];
};

void *
malloc(size_t size)
{
    return __libc_malloc(size);
}

struct figures
mallinfo2(void)
{
    for (;;) {
        pause();
    }
}
