/* SPDX-License-Identifier: MIT
 *
 * A fuzz target without libFuzzer, so that a corpus is replayed in every test run and
 * with any compiler:
 *
 *     fuzz_x FILE_OR_DIRECTORY...            each file once
 *     fuzz_x -runs=N -seed=S CORPUS...       and N mutations of them; same seed, same
 * run
 *
 * The mutations are simple (bytes changed, removed, repeated, pieces of two files
 * joined) and know nothing of coverage; for the long search use libFuzzer. An input
 * that ends the process is left in the file named by -artifact=FILE, if given.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_INPUTS 4096
#define MAX_SIZE ((size_t)4 * 1024 * 1024)
#define MAX_MUTATED 65536 /* larger inputs are replayed but not mutated */

struct input {
    uint8_t *data;
    size_t size;
};

static struct input inputs[MAX_INPUTS];
static size_t input_count;
static const char *artifact;
static uint64_t state = 1;

static uint64_t
draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return below == 0 ? 0 : state % below;
}

static void
fail(const char *what, const char *path)
{
    fprintf(stderr, "%s: %s\n", path, what);
    exit(1);
}

static void
read_input(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct input *in = &inputs[input_count];
    if (f == NULL || input_count == MAX_INPUTS) {
        fail("cannot be read, or too many files", path);
    }
    in->data = malloc(MAX_SIZE);
    in->size = in->data != NULL ? fread(in->data, 1, MAX_SIZE, f) : 0;
    uint8_t *shrunk = realloc(in->data, in->size + 1);
    in->data = shrunk != NULL ? shrunk : in->data;
    fclose(f);
    input_count++;
}

static int
visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void
read_path(const char *path)
{
    struct stat st;
    struct dirent **entries;
    if (stat(path, &st) != 0) {
        fail("is not there", path);
    }
    if (!S_ISDIR(st.st_mode)) {
        read_input(path);
        return;
    }
    int count = scandir(path, &entries, visible, alphasort);
    for (int i = 0; i < count; i++) {
        char name[4096];
        snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
        read_input(name);
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
}

/* From memory of exactly this size, so that a sanitizer sees the byte behind the end.
 */
static void
run_one(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        fail("out of memory", "driver");
    }
    memcpy(copy, data, size);
    if (artifact != NULL) {
        FILE *f = fopen(artifact, "wb");
        if (f != NULL) {
            fwrite(data, 1, size, f);
            fclose(f);
        }
    }
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static size_t
mutate_once(uint8_t *data, size_t size)
{
    static const char interesting[] = "{}[]:,-?#&*!|>'\"%@`~\t\n \\\0\x80\xC3\xFF"
                                      "0919eE+.";
    size_t at = (size_t)draw(size), len = (size_t)draw(size - at < 32 ? size - at : 32);
    switch (draw(6)) {
    case 0:
        data[at] = (uint8_t)draw(256);
        return size;
    case 1:
        data[at] = (uint8_t)interesting[draw(sizeof(interesting))];
        return size;
    case 2: /* remove */
        memmove(data + at, data + at + len, size - at - len);
        return size - len;
    case 3: /* repeat */
        memmove(data + at + len, data + at, size - at);
        return size + len;
    case 4: { /* a piece of another input over this one's end */
        const struct input *other = &inputs[draw(input_count)];
        size_t from = (size_t)draw(other->size), n = other->size - from;
        n = n > MAX_MUTATED ? MAX_MUTATED : n;
        memcpy(data + at, other->data + from, n);
        return at + n;
    }
    default: /* one more byte */
        memmove(data + at + 1, data + at, size - at);
        data[at] = (uint8_t)interesting[draw(sizeof(interesting))];
        return size + 1;
    }
}

static void
run_mutations(long runs)
{
    static uint8_t data[MAX_MUTATED * 4];
    for (long i = 0; i < runs && input_count > 0; i++) {
        const struct input *in = &inputs[draw(input_count)];
        size_t size = in->size > MAX_MUTATED ? 0 : in->size;
        memcpy(data, in->data, size);
        for (uint64_t n = 1 + draw(6); n > 0 && size > 0 && size <= MAX_MUTATED; n--) {
            size = mutate_once(data, size);
        }
        run_one(data, size);
    }
}

int
main(int argc, char **argv)
{
    long runs = 0;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "-runs=", 6) == 0) {
            runs = atol(argv[i] + 6);
        }
        else if (strncmp(argv[i], "-seed=", 6) == 0) {
            state = (uint64_t)atoll(argv[i] + 6) * 0x9E3779B97F4A7C15u | 1;
        }
        else if (strncmp(argv[i], "-artifact=", 10) == 0) {
            artifact = argv[i] + 10;
        }
        else {
            read_path(argv[i]);
        }
    }
    if (input_count == 0) {
        fail("no inputs", argv[0]);
    }
    for (size_t i = 0; i < input_count; i++) {
        run_one(inputs[i].data, inputs[i].size);
    }
    run_mutations(runs);
    printf("%zu inputs, %ld mutations\n", input_count, runs);
    for (size_t i = 0; i < input_count; i++) {
        free(inputs[i].data);
    }
    return 0;
}
