/* SPDX-License-Identifier: Apache-2.0 */
/* Items are consumed in the order in which they were fetched, whichever thread works on them. */
#include "check.h"

#include <stdatomic.h>

#include "base/ordered.h"
#include "failing_allocator.h"

enum { MOST_SLOTS = 16, MOST_THREADS = 8 };

typedef struct items {
    int length, fetched; /* one thread at a time fetches; a race would show */
    int threads;
    int numbers[MOST_SLOTS], squares[MOST_SLOTS];
    atomic_bool is_busy[MOST_THREADS], is_fetching;
    atomic_int wrong;
} items;

static bool fetch(void *user, int slot)
{
    items *it = user;
    atomic_fetch_add(&it->wrong, atomic_exchange(&it->is_fetching, true));
    const bool is_item = it->fetched < it->length;
    it->numbers[slot] = it->fetched;
    it->fetched += is_item;
    atomic_store(&it->is_fetching, false);
    return is_item;
}

static void work(void *user, int slot, int thread)
{
    items *it = user;
    volatile int sum = 0;
    if (thread < 0 || thread >= it->threads || atomic_exchange(&it->is_busy[thread], true))
        atomic_fetch_add(&it->wrong, 1);
    for (int i = 0; i < it->numbers[slot] % 7 * 1000; i++) /* some items take longer */
        sum = sum + 1;
    it->squares[slot] = it->numbers[slot] * it->numbers[slot];
    if (thread >= 0 && thread < it->threads) atomic_store(&it->is_busy[thread], false);
}

static plx_ordered *make(items *it, int threads, int slots)
{
    const plx_ordered_hooks hooks = {.fetch = fetch, .work = work, .user = it};
    plx_ordered *ordered = NULL;
    it->threads = threads;
    if (plx_ordered_create(&plx_allocator_default, threads, slots, &hooks, &ordered, NULL)) abort();
    return ordered;
}

static void check_order(int threads, int slots, int length)
{
    items it = {.length = length};
    plx_ordered *ordered = make(&it, threads, slots);
    for (int i = 0; i < length; i++) {
        const int slot = plx_ordered_next(ordered);
        REQUIRE(slot >= 0 && slot < slots);
        CHECK(it.numbers[slot] == i && it.squares[slot] == i * i);
    }
    CHECK(plx_ordered_next(ordered) == -1);
    CHECK(plx_ordered_next(ordered) == -1);
    plx_ordered_free(ordered);
    CHECK(it.wrong == 0);
}

static void test_order(void)
{
    static const int slots[] = {1, 2, 5, MOST_SLOTS};
    for (int threads = 1; threads <= MOST_THREADS; threads++)
        for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
            check_order(threads, slots[i], 0);
            check_order(threads, slots[i], 1);
            check_order(threads, slots[i], 300);
        }
}

/* No more items are fetched than there are slots. */
static void test_ends_at_any_moment(void)
{
    for (int taken = 0; taken < 40; taken++) {
        items it = {.length = 1000};
        plx_ordered *ordered = make(&it, 3, 6);
        for (int i = 0; i < taken; i++)
            CHECK(plx_ordered_next(ordered) >= 0);
        plx_ordered_free(ordered);
        CHECK(it.fetched <= taken + 6 && it.wrong == 0);
    }
    plx_ordered_free(NULL);
}

static void test_memory_ends(void)
{
    const plx_ordered_hooks hooks = {.fetch = fetch, .work = work};
    failing_allocator memory;
    for (long nth = 1; nth == 1 || memory.failed; nth++) {
        items it = {.length = 3, .threads = 2};
        plx_ordered_hooks own = hooks;
        plx_ordered *ordered = NULL;
        own.user = &it;
        failing_allocator_init(&memory, nth);
        CHECK_STATUS(plx_ordered_create(&memory.allocator, 2, 4, &own, &ordered, NULL),
                     memory.failed ? PLX_ERR_MEMORY : PLX_OK);
        CHECK(!ordered == memory.failed);
        plx_ordered_free(ordered);
        CHECK(memory.live == 0);
    }
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_order), CHECK_TEST(test_ends_at_any_moment),
                                       CHECK_TEST(test_memory_ends)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
