/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a configuration file. Beyond not crashing: mistakes have a sentence and
 * a position inside the text, a refused file changes nothing, and what was accepted is
 * the same settings again after writing and reading.
 *
 * With clang: -fsanitize=fuzzer,address and this file alone. Without: together with
 * standalone_driver.c, which replays and mutates a corpus.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what)                                                                  \
    do {                                                                               \
        if (!(what)) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                 \
            abort();                                                                   \
        }                                                                              \
    } while (0)

static struct ml_settings settings, again;
static struct ml_mistakes mistakes, none;

static void
refuse_difference(void *ctx, const char *key, bool live)
{
    fprintf(stderr, "%s is not what it was after writing and reading\n", key);
    abort();
}

static void
check_mistakes(size_t size)
{
    int last_line = 0;
    REQUIRE(mistakes.count > 0);
    for (int i = 0; i < mistakes.count; i++) {
        const struct ml_error *e = &mistakes.mistake[i];
        REQUIRE(e->code < 0 && e->message[0] != '\0');
        REQUIRE(strchr(e->message, '\n') == NULL);
        REQUIRE(e->line >= 0 && (size_t)e->line <= size + 2);
        REQUIRE(e->code != ML_EFORMAT || (e->line > 0 && e->column > 0));
        REQUIRE(e->line >= last_line || i + 1 == mistakes.count);
        last_line = e->line;
    }
    REQUIRE(mistakes.more == 0 || mistakes.count == ML_CONFIG_MAX_MISTAKES);
}

static void
check_round_trip(void)
{
    struct ml_buf out;
    struct ml_json j;
    ml_buf_init(&out, &ml_alloc_libc);
    ml_config_write_yaml(&settings, &out);
    REQUIRE(!out.failed);
    REQUIRE(ml_config_parse(out.data, out.len, &again, &none) == ML_OK);
    ml_config_diff(&settings, &again, refuse_difference, NULL);
    out.len = 0;
    ml_json_init(&j, &out);
    ml_config_write_json(&settings, &j);
    REQUIRE(!out.failed && j.depth == 0);
    ml_buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memset(&settings, 0x5A, sizeof(settings));
    int failed = ml_config_parse((const char *)data, size, &settings, &mistakes);
    if (failed == ML_OK) {
        REQUIRE(mistakes.count == 0);
        check_round_trip();
        return 0;
    }
    check_mistakes(size);
    for (size_t i = 0; i < sizeof(settings); i++) {
        REQUIRE(((unsigned char *)&settings)[i] == 0x5A);
    }
    return 0;
}
