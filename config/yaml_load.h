/* SPDX-License-Identifier: MIT
 *
 * YAML text -> settings, with a position for every mistake. The functions behind
 * ml_config_parse() and ml_config_load(), with the allocator as an argument.
 *
 * libyaml's events are followed directly; no tree is built, aliases are refused rather
 * than expanded, and depth and size have limits, so that no file costs more than one
 * pass over it.
 */
#ifndef ML_CONFIG_YAML_LOAD_H
#define ML_CONFIG_YAML_LOAD_H

#include "config.h"

#define ML_YAML_MAX_BYTES ((size_t)1024 * 1024)
#define ML_YAML_MAX_DEPTH 64

/* ML_EFORMAT on mistakes, ML_ELIMIT when the text is too large, ML_ENOMEM; `out` is
 * then as it was. `mistakes` is filled from the start; NULL is allowed. */
int ml_yaml_load(const struct ml_alloc *a, const char *text, size_t len,
                 struct ml_settings *out, struct ml_mistakes *mistakes);

/* The same; what the text does not speak of stays as in `base` (NULL: the defaults). */
int ml_yaml_load_over(const struct ml_alloc *a, const char *text, size_t len,
                      const struct ml_settings *base, struct ml_settings *out,
                      struct ml_mistakes *mistakes);

/* The same from a file; ML_EIO when it cannot be read or is a directory, pipe or
 * socket. Never blocks on one. */
int ml_yaml_load_file(const struct ml_alloc *a, const char *path,
                      struct ml_settings *out, struct ml_mistakes *mistakes);

#endif
