/* SPDX-License-Identifier: MIT
 *
 * What a client may send, against the whole server over a real socket: however it is
 * cut, whatever it says, every answer is a line of good JSON, an error or a result, and
 * the next client is answered. The first byte of an input says into which pieces the
 * rest is cut.
 *
 * With libFuzzer (-DML_LIBFUZZER, -fsanitize=fuzzer) this is a target; without, a
 * program that replays the files named on its command line, and each of them cut at
 * every byte and with single bytes changed.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "json_read.h"
#include "server_driver.h"

static struct driver d; /* one server for all inputs: what one leaves shows in the next */

static void
must(bool good, const char *what, const char *text)
{
    if (!good) {
        fprintf(stderr, "fuzz_rpc: %s: %.300s\n", what, text);
        abort();
    }
}

static void
check_line(const char *line, size_t len)
{
    struct ml_json_doc doc;
    must(ml_json_read(&doc, line, len, &ml_alloc_libc, NULL) == 0, "no JSON", line);
    bool result = ml_json_member(&doc, 0, "result") != 0;
    bool error = ml_json_member(&doc, 0, "error") != 0;
    bool progress = ml_json_member(&doc, 0, "method") != 0;
    must(result + error + progress == 1, "neither result nor error", line);
    must(progress || ml_json_member(&doc, 0, "id") != 0, "no id", line);
    ml_json_doc_fini(&doc);
}

static void
check_answers(const char *text)
{
    while (*text != '\0') {
        const char *end = strchr(text, '\n');
        must(end != NULL, "half a line", text);
        check_line(text, (size_t)(end - text));
        text = end + 1;
    }
}

static void
answer_sweeps(void)
{
    for (int i = 0; i < d.fake.sweeps && i < FAKE_OPS_SWEEPS; i++) {
        ml_server_progress(d.server, d.fake.token[i], "half", 0.5);
        ml_server_reply_result(d.server, d.fake.token[i], "{\"n\":1}", 7);
    }
    d.fake.sweeps = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (d.server == NULL) {
        driver_start(&d);
    }
    if (size == 0) {
        return 0;
    }
    size_t step = data[0] == 0 ? size : data[0];
    int fd = driver_connect(&d);
    must(fd >= 0, "not accepted", "");
    for (size_t at = 1; at < size; at += step) {
        driver_send(&d, fd, data + at, size - at < step ? size - at : step);
        driver_pump(&d);
    }
    shutdown(fd, SHUT_WR);
    driver_pump(&d);
    answer_sweeps();
    char *answers = driver_receive(&d, fd, NULL);
    check_answers(answers);
    free(answers);
    close(fd);
    driver_pump(&d);
    must(ml_server_clients(d.server) == 0, "a client is left", "");
    return 0;
}

#ifndef ML_LIBFUZZER
#define MAX_FILE 8192

/* The file itself, its beginnings, and with one byte after another changed. */
static void
replay(const char *path)
{
    static const uint8_t changes[] = {0, '"', '\\', '{', '\n', 0xFF};
    uint8_t data[MAX_FILE];
    FILE *f = fopen(path, "rb");
    must(f != NULL, "cannot open", path);
    size_t size = fread(data, 1, sizeof(data), f);
    fclose(f);
    LLVMFuzzerTestOneInput(data, size);
    for (size_t n = 0; n < size; n++) {
        LLVMFuzzerTestOneInput(data, n);
        uint8_t kept = data[n];
        data[n] = changes[n % sizeof(changes)];
        LLVMFuzzerTestOneInput(data, size);
        data[n] = kept;
    }
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        replay(argv[i]);
    }
    must(argc > 1, "no corpus files given", "");
    driver_stop(&d);
    return 0;
}
#endif
