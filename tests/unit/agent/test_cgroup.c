/* SPDX-License-Identifier: MIT
 *
 * cgroup: limits of both versions, from files laid out as the kernel does.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "temp_dir.h"

static const char *top;
static char proc[300], mount[300];

/* Writes `text` to a file below the mount, making its directories. */
static void
put(const char *path, const char *text)
{
    char full[600];
    snprintf(full, sizeof(full), "%s/%s", top, path);
    for (char *p = full + strlen(top) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        mkdir(full, 0700);
        *p = '/';
    }
    FILE *to = fopen(full, "w");
    cr_assert_not_null(to, "%s", full);
    fputs(text, to);
    fclose(to);
}

static void
begin(void)
{
    top = temp_dir_make();
    snprintf(proc, sizeof(proc), "%s/proc", top);
    snprintf(mount, sizeof(mount), "%s/sys", top);
}

static void
end(void)
{
    temp_dir_remove();
}

static void
expect(uint64_t limit, uint64_t used)
{
    struct ml_cgroup_memory m;
    ml_cgroup_memory_at(proc, mount, &m);
    cr_expect_eq(m.limit, limit, "limit %llu", (unsigned long long)m.limit);
    cr_expect_eq(m.used, used, "used %llu", (unsigned long long)m.used);
}

TestSuite(cgroup, .init = begin, .fini = end);

Test(cgroup, of_version_2_counts_without_the_inactive_page_cache)
{
    put("proc", "0::/app\n");
    put("sys/app/memory.max", "1000000\n");
    put("sys/app/memory.current", "900000\n");
    put("sys/app/memory.stat", "anon 1\nfile 2\nactive_file 5\ninactive_file 300000\n");
    expect(1000000, 600000);
}

Test(cgroup, of_version_1_is_found_among_other_controllers)
{
    put("proc", "9:name=systemd:/\n5:cpu,memory,pids:/a/b\n4:memory_not:/x\n0::/\n");
    put("sys/memory/a/b/memory.limit_in_bytes", "5000\n");
    put("sys/memory/a/b/memory.usage_in_bytes", "4000\n");
    put("sys/memory/a/b/memory.stat", "inactive_file 1\ntotal_inactive_file 500\n");
    expect(5000, 3500);
}

Test(cgroup, nearest_to_its_limit_counts_also_when_it_is_further_up)
{
    put("proc", "0::/up/down\n");
    put("sys/up/memory.max", "2000\n");
    put("sys/up/memory.current", "1900\n");
    put("sys/up/down/memory.max", "1000\n");
    put("sys/up/down/memory.current", "100\n");
    expect(2000, 1900);
}

Test(cgroup, without_a_limit_has_none)
{
    expect(0, 0);
    put("proc", "4:memory:/a\n0::/a\n");
    put("sys/a/memory.max", "max\n");
    put("sys/a/memory.current", "100\n");
    put("sys/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
    put("sys/memory/a/memory.usage_in_bytes", "100\n");
    expect(0, 0);
}

Test(cgroup, of_the_host_named_in_a_container_is_the_mounts_root)
{
    put("proc", "0::/system.slice/docker-1234.scope\n");
    put("sys/memory.max", "777\n");
    put("sys/memory.current", "7\n");
    expect(777, 7);
}

Test(cgroup, survives_lines_that_are_none)
{
    char line[4300];
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\0';
    memcpy(line, "0::/", 4);
    put("proc", line);
    expect(0, 0);
    put("proc", "\n\n:\n::\n0:\nmemory\n4:memory\n");
    put("sys/memory.max", "9\n");
    put("sys/memory.current", "10\n");
    put("sys/memory.stat", "x\ninactive_file 11\n");
    expect(9, 0);
}

Test(cgroup, of_this_process_is_read_without_trouble)
{
    struct ml_cgroup_memory m;
    ml_cgroup_memory(&m);
    cr_expect(m.limit == 0 || m.limit > 1024 * 1024);
}
