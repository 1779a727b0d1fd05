/* SPDX-License-Identifier: MIT
 *
 * See temp_dir.h.
 */
#define _GNU_SOURCE
#include "temp_dir.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static char name[64];

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

const char *
temp_dir_make(void)
{
    snprintf(name, sizeof(name), "/tmp/ml-test-XXXXXX");
    cr_assert_not_null(mkdtemp(name));
    return name;
}

void
temp_dir_remove(void)
{
    nftw(name, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
