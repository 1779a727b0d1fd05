/* SPDX-License-Identifier: MIT
 *
 * Prints docs/config.md. A build tool, never installed:
 *
 *     build/config/gen-config-docs > docs/config.md
 */
#include <stdio.h>

#include "config.h"

int
main(void)
{
    struct ml_buf page;
    ml_buf_init(&page, &ml_alloc_libc);
    ml_config_write_docs(&page);
    int failed = page.failed || fwrite(page.data, 1, page.len, stdout) != page.len ||
                 fflush(stdout) != 0;
    ml_buf_fini(&page);
    return failed;
}
