/* SPDX-License-Identifier: MIT
 *
 * json_read: what RFC 8259 allows, what it does not, and the limits.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "json_read.h"

struct text_case {
    char text[64];
    int code;
};

static int
read_and_check(const char *text, size_t len)
{
    struct ml_json_doc doc;
    struct ml_error err = {0};
    int rc = ml_json_read(&doc, text, len, &ml_alloc_libc, &err);
    cr_expect_eq(rc, ml_json_check(text, len, NULL), "both ways agree on %s", text);
    if (rc == ML_OK) {
        ml_json_doc_fini(&doc);
    }
    else {
        cr_expect(err.message[0] != '\0');
    }
    return rc;
}

ParameterizedTestParameters(json_read, strict)
{
    static struct text_case cases[] = {
        {"{}", 0},
        {" [ ] ", 0},
        {"null", 0},
        {"-0", 0},
        {"0.5e+10", 0},
        {"1E-2", 0},
        {"\"\"", 0},
        {"\"\\u00e9\\n\\/\"", 0},
        {"\"\\ud83d\\ude00\"", 0},
        {"\"\xC3\xA9\xF0\x9F\x98\x80\"", 0},
        {"\"\x7F\"", 0},
        {"{\"a\":[1,2,{\"b\":null}],\"c\":true}", 0},
        {"\t\r\n1\n", 0},
        {"", ML_EFORMAT},
        {"   ", ML_EFORMAT},
        {"nul", ML_EFORMAT},
        {"nullx", ML_EFORMAT},
        {"True", ML_EFORMAT},
        {"01", ML_EFORMAT},
        {"-", ML_EFORMAT},
        {"+1", ML_EFORMAT},
        {".5", ML_EFORMAT},
        {"1.", ML_EFORMAT},
        {"1e", ML_EFORMAT},
        {"0x10", ML_EFORMAT},
        {"NaN", ML_EFORMAT},
        {"[1,]", ML_EFORMAT},
        {"[,1]", ML_EFORMAT},
        {"[1 2]", ML_EFORMAT},
        {"[", ML_EFORMAT},
        {"]", ML_EFORMAT},
        {"[}", ML_EFORMAT},
        {"{\"a\"}", ML_EFORMAT},
        {"{\"a\":}", ML_EFORMAT},
        {"{\"a\":1,}", ML_EFORMAT},
        {"{a:1}", ML_EFORMAT},
        {"{1:1}", ML_EFORMAT},
        {"{} {}", ML_EFORMAT},
        {"1 // no", ML_EFORMAT},
        {"'a'", ML_EFORMAT},
        {"\"a", ML_EFORMAT},
        {"\"a\nb\"", ML_EFORMAT},
        {"\"\\x41\"", ML_EFORMAT},
        {"\"\\u12G4\"", ML_EFORMAT},
        {"\"\\u12", ML_EFORMAT},
        {"\"\\", ML_EFORMAT},
        {"\"\\ud83d\"", ML_EFORMAT},
        {"\"\\ud83d\\u0041\"", ML_EFORMAT},
        {"\"\\ude00\"", ML_EFORMAT},
        {"\"\xFF\"", ML_EFORMAT},
        {"\"\xC0\x80\"", ML_EFORMAT},
        {"\"\xED\xA0\x80\"", ML_EFORMAT},
        {"\"\xF4\x90\x80\x80\"", ML_EFORMAT},
        {"\"\xE2\x82\"", ML_EFORMAT},
        {"\xEF\xBB\xBF{}", ML_EFORMAT},
    };
    return cr_make_param_array(struct text_case, cases,
                               sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct text_case *c, json_read, strict)
{
    cr_expect_eq(read_and_check(c->text, strlen(c->text)), c->code, "%s", c->text);
}

Test(json_read, a_nul_byte_is_no_end)
{
    cr_expect_eq(read_and_check("1\0", 2), ML_EFORMAT);
    cr_expect_eq(read_and_check("\"a\0b\"", 5), ML_EFORMAT);
}

Test(json_read, depth_ends_at_the_limit)
{
    char text[2 * (ML_JSON_MAX_DEPTH + 1) + 1];
    for (int depth = ML_JSON_MAX_DEPTH; depth <= ML_JSON_MAX_DEPTH + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        cr_expect_eq(read_and_check(text, 2 * (size_t)depth),
                     depth > ML_JSON_MAX_DEPTH ? ML_ELIMIT : ML_OK);
    }
}

Test(json_read, every_cut_of_a_good_text_is_an_error)
{
    const char *text = "{\"k\\u00e9\":[-1.5e3,\"\\ud83d\\ude00\xC3\xA9\",true,{}]}";
    for (size_t n = 0; n < strlen(text); n++) {
        char *cut = malloc(n + 1); /* of that size, so that reading on is seen */
        memcpy(cut, text, n);
        cr_expect_eq(read_and_check(cut, n), ML_EFORMAT, "cut at %zu", n);
        free(cut);
    }
    cr_expect_eq(read_and_check(text, strlen(text)), ML_OK);
}

Test(json_read, members_are_found_past_nested_values)
{
    const char *text = "{\"a\":{\"b\":[1,{\"c\":2}]},\"\\u0062\":[3],\"c\":\"x\"}";
    struct ml_json_doc doc;
    int64_t n = 0;
    cr_assert_eq(ml_json_read(&doc, text, strlen(text), &ml_alloc_libc, NULL), 0);
    uint32_t b = ml_json_member(&doc, 0, "b");
    cr_assert_neq(b, 0);
    cr_expect_eq(doc.tok[b].type, ML_JSON_ARRAY);
    cr_expect_eq(ml_json_copy_int(&doc, b + 1, &n), 0);
    cr_expect_eq(n, 3);
    cr_expect(ml_json_is(&doc, ml_json_member(&doc, 0, "c"), "x"));
    cr_expect_eq(ml_json_member(&doc, 0, "d"), 0);
    cr_expect_eq(ml_json_member(&doc, b, "d"), 0, "an array has no members");
    ml_json_doc_fini(&doc);
}

Test(json_read, strings_are_decoded_with_a_limit)
{
    const char *text = "[\"\\u00e9\\ud83d\\ude00\\t\",\"a\\u0000b\",\"1234\",7]";
    struct ml_json_doc doc;
    char out[16];
    cr_assert_eq(ml_json_read(&doc, text, strlen(text), &ml_alloc_libc, NULL), 0);
    cr_expect_eq(ml_json_copy_string(&doc, 1, out, sizeof(out)), 0);
    cr_expect_str_eq(out, "\xC3\xA9\xF0\x9F\x98\x80\t");
    cr_expect_eq(ml_json_copy_string(&doc, 2, out, sizeof(out)), ML_EFORMAT);
    cr_expect_eq(ml_json_copy_string(&doc, 3, out, 5), 0);
    cr_expect_eq(ml_json_copy_string(&doc, 3, out, 4), ML_ELIMIT);
    cr_expect_eq(ml_json_copy_string(&doc, 4, out, sizeof(out)), ML_EFORMAT);
    cr_expect_not(ml_json_is(&doc, 3, "123"));
    cr_expect_not(ml_json_is(&doc, 3, "12345"));
    ml_json_doc_fini(&doc);
}

Test(json_read, whole_numbers_only)
{
    const char *text =
        "[20,20.0,-3,2e1,20.5,999999999999999999,1000000000000000000,\"1\"]";
    static const int codes[] = {0,          0, 0,          ML_EFORMAT,
                                ML_EFORMAT, 0, ML_EFORMAT, ML_EFORMAT};
    struct ml_json_doc doc;
    cr_assert_eq(ml_json_read(&doc, text, strlen(text), &ml_alloc_libc, NULL), 0);
    for (uint32_t i = 0; i < 8; i++) {
        int64_t n;
        cr_expect_eq(ml_json_copy_int(&doc, i + 1, &n), codes[i], "number %u", i);
    }
    ml_json_doc_fini(&doc);
}

Test(json_read, minify_keeps_strings_and_drops_the_rest)
{
    char text[] = "{ \"a b\" :\n [ 1 ,\t\"\\\" \\\\\" , \"\\\\\" ] }\r\n";
    size_t n = ml_json_minify(text, strlen(text));
    cr_expect_eq(n, strlen("{\"a b\":[1,\"\\\" \\\\\",\"\\\\\"]}"));
    cr_expect_eq(strncmp(text, "{\"a b\":[1,\"\\\" \\\\\",\"\\\\\"]}", n), 0);
}

static void *
no_memory(void *ctx, size_t size)
{
    return NULL;
}

Test(json_read, short_memory_is_an_ordinary_error)
{
    struct ml_alloc a = ml_alloc_libc;
    struct ml_json_doc doc;
    a.alloc = no_memory;
    cr_expect_eq(ml_json_read(&doc, "[1]", 3, &a, NULL), ML_ENOMEM);
}
