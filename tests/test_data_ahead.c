/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ahead: the same bytes and the same error as without it; it can be closed at any moment. */
#include "files/ahead.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "failing_allocator.h"

/* So many bytes of numbers, in pieces of changing size; then the end, or an error. */
typedef struct numbers {
    size_t length, at;
    bool fails;
    atomic_int calls;
} numbers;

static char byte_at(size_t at)
{
    return (char)(at * 2654435761u >> 13);
}

static plx_status read_numbers(void *user, char *out, size_t capacity, size_t *got, plx_error *err)
{
    numbers *n = user;
    const size_t piece = 1 + (size_t)atomic_fetch_add(&n->calls, 1) * 7919 % 100000;
    const size_t left = n->length - n->at;
    if (left == 0 && n->fails) PLX_FAIL(err, PLX_ERR_FORMAT, "cut off at byte %zu", n->at);
    *got = left < capacity ? left : capacity;
    if (*got > piece) *got = piece;
    for (size_t i = 0; i < *got; i++)
        out[i] = byte_at(n->at++);
    return PLX_OK;
}

/* Reads all in pieces of at most `capacity`; returns the number of right bytes and the last status. */
static size_t read_all(plx_byte_source source, size_t capacity, plx_status *status, plx_error *err)
{
    static char bytes[1 << 20];
    size_t total = 0, got;
    do {
        *status = source.read(source.user, bytes, capacity, &got, err);
        for (size_t i = 0; i < got; i++)
            CHECK(bytes[i] == byte_at(total + i));
        total += got;
    } while (*status == PLX_OK && got > 0);
    return total;
}

static void check_length(size_t length, size_t capacity, bool fails)
{
    numbers n = {.length = length, .fails = fails};
    plx_ahead *ahead = NULL;
    plx_error err = {0};
    plx_status status;
    size_t got;
    char more[8];
    REQUIRE(plx_ahead_create(&plx_allocator_default, (plx_byte_source){read_numbers, &n}, 4, &ahead, &err) == PLX_OK);
    plx_byte_source source = plx_ahead_source(ahead);
    CHECK(read_all(source, capacity, &status, &err) == length);
    CHECK_STATUS(status, fails ? PLX_ERR_FORMAT : PLX_OK);
    if (fails) CHECK_TEXT(err.message, "cut off at byte");
    /* After the end every call returns the end. */
    CHECK_STATUS(source.read(source.user, more, sizeof more, &got, NULL), status);
    CHECK(got == 0);
    plx_ahead_free(ahead);
}

static void test_same_bytes(void)
{
    static const size_t lengths[] = {0, 1, 1000, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, 3000000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        check_length(lengths[i], 1 << 20, false);
        check_length(lengths[i], 1 << 20, true);
        check_length(lengths[i], 4097, false);
    }
    check_length(1000, 1, true);
}

/* Closed before, while and after the thread waits for a free slot. */
static void test_ends_at_any_moment(void)
{
    for (size_t taken = 0; taken < 40; taken++) {
        numbers n = {.length = SIZE_MAX};
        plx_ahead *ahead = NULL;
        REQUIRE(plx_ahead_create(&plx_allocator_default, (plx_byte_source){read_numbers, &n}, 4, &ahead, NULL) ==
                PLX_OK);
        plx_byte_source source = plx_ahead_source(ahead);
        static char bytes[100000];
        for (size_t i = 0; i < taken; i++) {
            size_t got;
            CHECK_STATUS(source.read(source.user, bytes, sizeof bytes, &got, NULL), PLX_OK);
            CHECK(got > 0);
        }
        plx_ahead_free(ahead);
        /* It reads no further ahead than the ring allows. */
        CHECK(n.at <= taken * sizeof bytes + (5u << 18));
    }
    plx_ahead_free(NULL);
}

static void test_memory_ends(void)
{
    failing_allocator memory;
    for (long nth = 1; nth == 1 || memory.failed; nth++) {
        failing_allocator_init(&memory, nth);
        numbers n = {.length = 10};
        plx_ahead *ahead = NULL;
        plx_byte_source source = {read_numbers, &n};
        CHECK_STATUS(plx_ahead_create(&memory.allocator, source, 4, &ahead, NULL),
                     memory.failed ? PLX_ERR_MEMORY : PLX_OK);
        CHECK(!ahead == memory.failed);
        plx_ahead_free(ahead);
        CHECK(memory.live == 0);
    }
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_same_bytes), CHECK_TEST(test_ends_at_any_moment),
                                       CHECK_TEST(test_memory_ends)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
