/* SPDX-License-Identifier: MIT
 *
 * See config_file.h.
 */
#include "config_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "print.h"

int
ml_config_file_check(const char *path, struct ml_mistakes *mistakes)
{
    struct ml_settings *settings = calloc(1, sizeof(*settings));
    if (settings == NULL) {
        mistakes->count = 1;
        mistakes->more = 0;
        return ml_error_nomem(&mistakes->mistake[0]);
    }
    int rc = ml_config_load(path, settings, mistakes);
    free(settings);
    return rc;
}

void
ml_config_file_print(const char *path, const struct ml_mistakes *mistakes)
{
    fflush(stdout);
    for (int i = 0; i < mistakes->count; i++) {
        const struct ml_error *m = &mistakes->mistake[i];
        if (m->line > 0) {
            fprintf(stderr, "%s:%d:%d: %s\n", path, m->line, m->column, m->message);
        }
        else {
            fprintf(stderr, "%s: %s\n", path, m->message);
        }
    }
    if (mistakes->more > 0) {
        fprintf(stderr, "%s: and %d more\n", path, mistakes->more);
    }
}
