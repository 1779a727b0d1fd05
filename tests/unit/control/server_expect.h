/* SPDX-License-Identifier: MIT
 *
 * What the tests of the server share: one server for each test, requests, and what is
 * expected to come back.
 */
#ifndef ML_TESTS_SERVER_EXPECT_H
#define ML_TESTS_SERVER_EXPECT_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "server_driver.h"

#define REQUEST(id, method)                                                            \
    "{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"method\":\"" method "\"}\n"
#define STATUS REQUEST(1, "status")
#define STATUS_ANSWER                                                                  \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"state\":\"idle\",\"padding\":\"\"}}"  \
    "\n"

static struct driver d;

__attribute__((unused)) static void
start(void)
{
    driver_start(&d);
}

__attribute__((unused)) static void
stop(void)
{
    driver_stop(&d);
}

__attribute__((unused)) static void
expect_answer(int fd, const char *line, const char *expected)
{
    char *answer = driver_ask(&d, fd, line);
    cr_expect_str_eq(answer, expected, "%s -> %s", line, answer);
    free(answer);
}

__attribute__((unused)) static void
expect_part(int fd, const char *line, const char *part)
{
    char *answer = driver_ask(&d, fd, line);
    cr_expect_not_null(strstr(answer, part), "%s -> %s", line, answer);
    free(answer);
}

__attribute__((unused)) static int
count(const char *text, const char *part)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, part)) != NULL; p += strlen(part)) {
        n++;
    }
    return n;
}

#endif
