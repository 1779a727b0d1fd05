/* SPDX-License-Identifier: MIT
 *
 * A name out of a command line, the home directory, and what /proc says of ourselves.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"

struct line {
    char words[64]; /* | stands for the end of a word */
    char name[32];
};

ParameterizedTestParameters(program, is_called_by_what_it_runs)
{
    static struct line lines[] = {
        {"python|app.py|", "app.py"},
        {"/usr/bin/python3.11|-u|/srv/shop/app.py|--port|80|", "app.py"},
        {"python|-m|shop.server|-m|other|", "shop.server"},
        {"python|-mshop|", "shop"},
        {"python|-X|dev|-W|error|run.py|", "run.py"},
        {"python|-Werror|run.py|", "run.py"},
        {"python3|-c|print(1)|", "python3"},
        {"python3|", "python3"},
        {"python3|-|", "python3"},
        {"python3|-m|", "python3"},
        {"python3|-X|", "python3"},
        {"/usr/bin/gunicorn|-w|4|", "gunicorn"},
        {"/usr/bin/|", "/usr/bin/"},
        {"", ""},
    };
    return cr_make_param_array(struct line, lines, sizeof(lines) / sizeof(lines[0]));
}

ParameterizedTest(struct line *line, program, is_called_by_what_it_runs)
{
    char words[64], name[32];
    size_t len = strlen(line->words);
    memcpy(words, line->words, sizeof(words));
    for (size_t i = 0; i < len; i++) {
        words[i] = words[i] == '|' ? '\0' : words[i];
    }
    ml_program_name_of(words, len, name, sizeof(name));
    cr_assert_str_eq(name, line->name, "%s: %s", line->words, name);
}

Test(program, has_memory_and_an_age)
{
    uint64_t rss = ml_program_rss();
    double age = ml_program_uptime();
    cr_assert_gt(rss, 100 * 1024);
    cr_assert_lt(rss, (uint64_t)1 << 40);
    cr_assert(age >= 0 && age < 3600);
}

Test(program, writes_its_command_line_as_words)
{
    struct ml_buf buf;
    struct ml_json json;
    char name[64];
    ml_buf_init(&buf, &ml_alloc_libc);
    ml_json_init(&json, &buf);
    ml_program_write_command(&json);
    ml_program_name(name, sizeof(name));
    cr_assert_eq(ml_buf_str(&buf)[0], '[');
    cr_assert_not_null(strstr(ml_buf_str(&buf), name));
    ml_buf_fini(&buf);
}

Test(program, expands_only_the_users_own_home)
{
    char out[128], ours[] = "/tmp/memalot-home-XXXXXX";
    cr_assert_not_null(mkdtemp(ours));
    ml_program_expand_home("~/x", ours, out, sizeof(out));
    cr_assert_str_eq(out + strlen(ours), "/x");
    cr_assert_eq(strncmp(out, ours, strlen(ours)), 0);
    ml_program_expand_home("/var/~/x", ours, out, sizeof(out));
    cr_assert_str_eq(out, "/var/~/x");
    ml_program_expand_home("~other/x", ours, out, sizeof(out));
    cr_assert_str_eq(out, "~other/x");
    ml_program_expand_home("~", ours, out, sizeof(out));
    cr_assert_str_eq(out, ours);
    rmdir(ours);
    /* One that is not there: the password file's instead. */
    ml_program_expand_home("~/x", ours, out, sizeof(out));
    cr_assert_neq(strncmp(out, ours, strlen(ours)), 0);
    cr_assert_eq(out[0], '/');
}
