/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "heap_sort.h"

struct item {
    unsigned key, number;
    char rest[40];
};

static bool
is_after(const void *ctx, const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    bool falling = *(const bool *)ctx;
    if (x->key != y->key) {
        return falling ? x->key < y->key : x->key > y->key;
    }
    return x->number > y->number;
}

static void
check(size_t count, unsigned keys, bool falling)
{
    struct item items[300];
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct item){(unsigned)rand() % keys, (unsigned)i, ""};
        memset(items[i].rest, (int)items[i].number % 128, sizeof(items[i].rest));
    }
    ml_heap_sort(items, count, sizeof(items[0]), is_after, &falling);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(items[i].rest[39], (char)(items[i].number % 128));
        cr_assert(i == 0 || is_after(&falling, &items[i], &items[i - 1]),
                  "%zu items of %u keys: %zu is not in order", count, keys, i);
    }
}

Test(heap_sort, any_number_of_items_comes_out_in_order)
{
    srand(17);
    for (size_t count = 0; count < 40; count++) {
        check(count, 1000, false);
        check(count, 3, true);
    }
    check(300, 100000, true);
    check(300, 7, false);
}
