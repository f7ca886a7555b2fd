/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, memory, text, numbers, random numbers and the thread pool of src/base; files and fields: test_base_io.c. */
#include <float.h>
#include <locale.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/text.h"
#include "check.h"
#include "failing_allocator.h"

static void test_status_texts(void)
{
#define CHECK_SENTENCE(name, number, sentence)                                                                         \
    CHECK((int)PLX_##name == (number));                                                                                \
    CHECK(strcmp(plx_status_text(PLX_##name), sentence) == 0);
    PLX_STATUS_LIST(CHECK_SENTENCE)
    CHECK(plx_status_text((plx_status)77) != NULL);
}

static plx_status fail_with(plx_error *err, int number)
{
    PLX_FAIL(err, PLX_ERR_SHAPE, "number %d", number);
}

static plx_status pass_on(plx_error *err, int number, bool *reached_end)
{
    if (number) PLX_TRY(fail_with(err, number));
    *reached_end = true;
    return PLX_OK;
}

static void test_errors_are_passed_on(void)
{
    plx_error err = {0};
    bool reached_end = false;
    CHECK_STATUS(pass_on(&err, 7, &reached_end), PLX_ERR_SHAPE);
    CHECK(!reached_end);
    CHECK(err.code == PLX_ERR_SHAPE && strcmp(err.message, "number 7") == 0);
    CHECK_STATUS(pass_on(NULL, 7, &reached_end), PLX_ERR_SHAPE);
    CHECK_STATUS(pass_on(&err, 0, &reached_end), PLX_OK);
    CHECK(reached_end);

    plx_error_prefix(&err, "%s:%d", "a.csv", 3);
    CHECK(strcmp(err.message, "a.csv:3: number 7") == 0 && err.code == PLX_ERR_SHAPE);
    plx_error_set(&err, PLX_ERR_IO, "%s, again", err.message);
    CHECK(strcmp(err.message, "a.csv:3: number 7, again") == 0);
    plx_error_prefix(NULL, "no error");
    CHECK_STATUS(plx_error_memory(&err), PLX_ERR_MEMORY);
    CHECK_TEXT(err.message, "out of memory");
}

static void test_long_messages_end_at_a_character(void)
{
    plx_error err;
    char text[3000];
    for (size_t before = 0; before < 4; before++) { /* truncated at each byte of a four-byte character */
        memset(text, 'x', sizeof text);
        text[sizeof err.message - 1 - before] = '\xF0';
        memcpy(text + sizeof err.message - before, "\x9F\x8C\xB1", 3);
        text[sizeof text - 1] = '\0';
        plx_error_set(&err, PLX_ERR_IO, "%s", text);
        CHECK(strlen(err.message) == sizeof err.message - 1 - before);
        CHECK(strspn(err.message, "x") == strlen(err.message));
    }
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    plx_error_set(&err, PLX_ERR_IO, "%s", text);
    plx_error_prefix(&err, "%s", text);
    CHECK(strlen(err.message) == sizeof err.message - 1);
    memcpy(text + sizeof err.message - 5, "\xF0\x9F\x8C\xB1", 4); /* one that just fits is not truncated */
    plx_error_set(&err, PLX_ERR_IO, "%s", text);
    CHECK(strlen(err.message) == sizeof err.message - 1);
}

static void test_allocation(void)
{
    failing_allocator memory;
    failing_allocator_init(&memory, 0);
    const plx_allocator *a = &memory.allocator;
    void *nothing = plx_alloc(a, 0, 8);
    CHECK(nothing != NULL);
    plx_free(a, nothing);
    plx_free(a, NULL);
    plx_free_aligned(a, NULL);

    CHECK(plx_alloc(a, SIZE_MAX / 2, 4) == NULL);
    CHECK(plx_alloc_zero(a, SIZE_MAX, SIZE_MAX) == NULL);
    CHECK(plx_alloc_aligned(a, PTRDIFF_MAX, 1) == NULL);
    CHECK(memory.calls == 1); /* an impossible size makes no request */

    int *numbers = plx_alloc_zero(a, 100, sizeof *numbers);
    REQUIRE(numbers);
    for (int i = 0; i < 100; i++)
        CHECK(numbers[i] == 0);
    numbers[99] = 5;
    CHECK(plx_realloc(a, numbers, SIZE_MAX / 2, 8) == NULL && numbers[99] == 5);
    int *more = plx_realloc(a, numbers, 1000, sizeof *more);
    REQUIRE(more);
    CHECK(more[99] == 5);
    plx_free(a, more);

    for (size_t bytes = 0; bytes < 300; bytes++) {
        unsigned char *aligned = plx_alloc_aligned(a, bytes, 1);
        REQUIRE(aligned);
        CHECK((uintptr_t)aligned % 64 == 0);
        for (size_t i = 0; i < bytes; i++)
            CHECK(aligned[i] == 0);
        memset(aligned, 0xFF, bytes);
        plx_free_aligned(a, aligned);
    }
    CHECK(memory.live == 0);

    void *plain = plx_alloc(&plx_allocator_default, 10, 10);
    CHECK(plain != NULL);
    plx_free(&plx_allocator_default, plain);
}

static void test_growing(void)
{
    failing_allocator memory;
    failing_allocator_init(&memory, 3);
    int *items = NULL;
    size_t capacity = 0;
    CHECK(plx_grow(&memory.allocator, &items, &capacity, 1, sizeof *items) == 0);
    REQUIRE(items && capacity == 16);
    items[0] = 11;
    CHECK(plx_grow(&memory.allocator, &items, &capacity, 16, sizeof *items) == 0 && memory.calls == 1);
    CHECK(plx_grow(&memory.allocator, &items, &capacity, 17, sizeof *items) == 0 && capacity == 32);
    int *before = items;
    CHECK(plx_grow(&memory.allocator, &items, &capacity, 33, sizeof *items) == -1);
    CHECK(items == before && capacity == 32 && items[0] == 11);
    CHECK(plx_grow(&memory.allocator, &items, &capacity, SIZE_MAX, sizeof *items) == -1);
    CHECK(items == before && capacity == 32);
    CHECK(plx_grow(&memory.allocator, &items, &capacity, 1000, sizeof *items) == 0 && capacity == 1024);
    plx_free(&memory.allocator, items);
    CHECK(memory.live == 0);
}

static void fill_arena(plx_arena *arena)
{
    char *texts[200];
    for (int i = 0; i < 200; i++) {
        texts[i] = plx_arena_format(arena, "text %d of %0*d", i, i % 50, 7);
        double *numbers = plx_arena_take(arena, (size_t)i, sizeof *numbers);
        if (!numbers) continue;
        CHECK((uintptr_t)numbers % _Alignof(max_align_t) == 0);
        for (int k = 0; k < i; k++)
            CHECK(numbers[k] == 0);
        memset(numbers, 0xFF, (size_t)i * sizeof *numbers);
    }
    char *large = plx_arena_take(arena, 1000000, 1);
    if (large) memset(large, 1, 1000000);
    char *cut = plx_arena_text(arena, "abcdef", 3);
    int *copy = plx_arena_copy(arena, (int[]){1, 2, 3}, 3 * sizeof(int));
    if (plx_arena_failed(arena)) return;
    for (int i = 0; i < 200; i++) {
        int number = -1, seven = 0;
        CHECK(sscanf(texts[i], "text %d of %d", &number, &seven) == 2 && number == i && seven == 7);
    }
    CHECK(strcmp(cut, "abc") == 0);
    CHECK(copy[0] == 1 && copy[2] == 3);
}

static void test_arena(void)
{
    failing_allocator memory;
    long n = 0;
    do {
        failing_allocator_init(&memory, ++n);
        plx_arena arena;
        plx_arena_init(&arena, &memory.allocator);
        fill_arena(&arena);
        CHECK(plx_arena_failed(&arena) == memory.failed);
        if (memory.failed) CHECK(plx_arena_take(&arena, 1, 1) == NULL && plx_arena_text(&arena, "", 0) == NULL);
        plx_arena_release(&arena);
        CHECK(memory.live == 0);
        CHECK(!plx_arena_failed(&arena)); /* after release it is as new */
    } while (memory.failed);
    CHECK(n > 5 && n < 30); /* blocks, not single items, come from the allocator */

    plx_arena arena;
    plx_arena_init(&arena, &memory.allocator);
    CHECK(plx_arena_take(&arena, SIZE_MAX / 2, 3) == NULL && plx_arena_failed(&arena));
    plx_arena_release(&arena);
}

static void test_slices(void)
{
    plx_slice a = plx_slice_of("abc"), b = {"abcd", 3}, empty = {NULL, 0};
    CHECK(plx_slice_equal(a, b) && !plx_slice_equal(a, empty) && plx_slice_equal(empty, plx_slice_of("")));
    CHECK(plx_slice_compare(a, b) == 0 && plx_slice_compare(empty, a) < 0 && plx_slice_compare(a, empty) > 0);
    CHECK(plx_slice_compare(plx_slice_of("ab"), a) < 0 && plx_slice_compare(plx_slice_of("b"), a) > 0);
    CHECK(plx_slice_compare(plx_slice_of("\xFF"), a) > 0); /* by bytes, not by signed characters */
    CHECK(plx_slice_equal(plx_slice_trim(plx_slice_of(" \t a b\t ")), plx_slice_of("a b")));
    CHECK(plx_slice_trim(plx_slice_of(" \t ")).length == 0 && plx_slice_trim(empty).length == 0);
}

static bool reads_as(const char *text, double expected)
{
    double value = -77;
    if (!plx_parse_double(plx_slice_of(text), &value)) return false;
    return memcmp(&value, &expected, sizeof value) == 0;
}

static void test_doubles_are_read(void)
{
    CHECK(reads_as("0", 0.0) && reads_as("-0", -0.0) && reads_as("+7", 7) && reads_as("0007", 7));
    CHECK(reads_as("1.5", 1.5) && reads_as("5.", 5) && reads_as(".5", 0.5) && reads_as("-.5e1", -5));
    CHECK(reads_as("1e22", 1e22) && reads_as("1E+2", 100) && reads_as("25e-1", 2.5) && reads_as("0.1", 0.1));
    CHECK(reads_as("123456789.123456789", 123456789.123456789) && reads_as("1e23", 1e23));
    CHECK(reads_as("9007199254740993", 9007199254740993.0) && reads_as("9007199254740992", 9007199254740992.0));
    CHECK(reads_as("18446744073709551616", 18446744073709551616.0) && reads_as("99999999999999999999999", 1e23));
    CHECK(reads_as("1.7976931348623157e308", 1.7976931348623157e308) && reads_as("4.9e-324", 4.9e-324));
    CHECK(reads_as("2.2250738585072011e-308", 2.2250738585072011e-308));
    CHECK(reads_as("1e999999999999999999999", (double)INFINITY) && reads_as("-1e400", -(double)INFINITY));
    CHECK(reads_as("1e-999999999999999999999", 0.0) && reads_as("0e99999999999999", 0.0));
    CHECK(reads_as("inf", (double)INFINITY) && reads_as("-Infinity", -(double)INFINITY) &&
          reads_as("INF", (double)INFINITY));
    double value = 0;
    CHECK(plx_parse_double(plx_slice_of("NaN"), &value) && isnan(value));
    CHECK(plx_parse_double((plx_slice){"123", 2}, &value) && value == 12); /* reads no byte after the slice */
    static const char *const wrong[] = {"",     " ",       "+",   "-",   ".",    "e5",    "1e",  "1e+",   "1 ",
                                        " 1",   "1,5",     "0x1", "--1", "1.2.", "1.2.3", "abc", "1e5.0", "in",
                                        "nano", "infinit", "1_0", "1d5", "1e5x", "-.",    ".e1", "+inf ", "infinityy"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        value = 42;
        if (plx_parse_double(plx_slice_of(wrong[i]), &value) || value != 42) check_report(__FILE__, __LINE__, wrong[i]);
    }
    CHECK(!plx_parse_double((plx_slice){NULL, 0}, &value));
    CHECK(!plx_parse_double((plx_slice){"1\0", 2}, &value));
}

/* Long texts: just above and just below the middle between 1 and the next double; they differ 900 digits later. */
static void test_long_decimals_are_rounded_once(void)
{
    static const char middle[] = "1.00000000000000011102230246251565404236316680908203125";
    char text[1200];
    double above = 1 + 0x1p-52;
    CHECK(reads_as(middle, 1.0)); /* ties to even */
    memset(text, '0', sizeof text);
    memcpy(text, middle, sizeof middle - 1);
    text[1000] = '1';
    text[1001] = '\0';
    CHECK(reads_as(text, above));
    text[1000] = '0';
    CHECK(reads_as(text, 1.0));
    memset(text, '0', sizeof text); /* many leading zeros and an exponent that cancels them */
    text[0] = '7';
    strcpy(text + 1001, "e-1000");
    CHECK(reads_as(text, 7.0));
    memset(text, '0', sizeof text);
    text[1] = '.';
    strcpy(text + 1002, "7e1001");
    CHECK(reads_as(text, 7.0));
}

/* The fast path compared with the C library on decimals of every length and exponent. */
static void test_doubles_agree_with_strtod(void)
{
    plx_random random = {.seed = 1, .stream = 1};
    char text[64];
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t r[4];
        plx_random_block(&random, i, 0, r);
        unsigned long long mantissa = ((unsigned long long)r[0] << 32 | r[1]) >> (r[2] % 64);
        int form = (int)(r[3] % 3), exponent = (int)(r[3] / 3 % 60) - 30;
        if (form == 0) snprintf(text, sizeof text, "%llue%d", mantissa, exponent);
        if (form == 1) snprintf(text, sizeof text, "%llu.%03ue%d", mantissa, r[2] % 1000, exponent);
        if (form == 2) snprintf(text, sizeof text, "-%llu.%u", mantissa % 100000, r[0] % 100000);
        if (!reads_as(text, strtod(text, NULL))) check_report(__FILE__, __LINE__, text);
    }
}

static void check_double(double value, const char *expected)
{
    char text[32];
    double back = 0;
    size_t length = plx_format_double(value, text);
    if (length != strlen(text) || (expected && strcmp(text, expected) != 0)) check_report(__FILE__, __LINE__, text);
    if (!plx_parse_double(plx_slice_of(text), &back) || memcmp(&back, &value, sizeof back) != 0)
        check_report(__FILE__, __LINE__, text);
}

static void test_numbers_are_written_shortest(void)
{
    check_double(0, "0");
    check_double(-0.0, "-0");
    check_double(0.1, "0.1");
    check_double(1000000, "1000000");
    check_double(0.30000000000000004, "0.30000000000000004");
    check_double(5e-324, NULL);
    check_double(1.7976931348623157e308, "1.7976931348623157e+308");
    check_double((double)INFINITY, "inf");
    check_double(-(double)INFINITY, "-inf");
    char text[32];
    CHECK(plx_format_double((double)NAN, text) == 3 && strcmp(text, "nan") == 0);
    plx_random random = {.seed = 2, .stream = 1};
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t bits[4];
        double wide;
        plx_random_block(&random, i, 0, bits);
        memcpy(&wide, bits, sizeof wide);
        if (isfinite(wide)) check_double(wide, NULL);
    }
}

/* A decimal comma in the program's locale changes nothing. Without such a locale this checks nothing. */
static void check_float(float value)
{
    char text[64];
    double back = 0;
    const size_t length = plx_format_float(value, text);
    const double size = fabs((double)value);
    const bool has_text = size < 1e22 && (size >= 1e-12 || (size == 0 && !signbit(value)));
    text[length] = '\0';
    if ((length > 0) != has_text || length > 31) check_report(__FILE__, __LINE__, text);
    if (length > 0 && (!plx_parse_double(plx_slice_of(text), &back) || (float)back != value))
        check_report(__FILE__, __LINE__, text);
}

/* Every 1,021st float, and the floats near powers of ten and of two. */
static void test_floats_are_written_fast(void)
{
    for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += 1021) {
        const uint32_t pattern = (uint32_t)bits;
        float value;
        memcpy(&value, &pattern, sizeof value);
        check_float(value);
    }
    for (double power = 1e-13; power < 1e23; power *= 10) {
        float below = (float)power, above = (float)power;
        for (int i = 0; i < 50; i++, below = nextafterf(below, 0), above = nextafterf(above, INFINITY)) {
            check_float(below);
            check_float(-above);
        }
    }
    for (int power = -42; power < 76; power++) {
        check_float(ldexpf(1, power));
        check_float(nextafterf(ldexpf(1, power), 0));
    }
    check_float(16777216);
    check_float(1e9F);
}

static void test_numbers_ignore_the_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8", "ps_AF.UTF-8"};
    const char *set = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !set; i++)
        set = setlocale(LC_NUMERIC, names[i]);
    if (!set) SKIP("no locale with a decimal comma is installed");
    check_double(1.5, "1.5");
    check_double(1.5e-30, "1.5e-30");
    CHECK(reads_as("1.25", 1.25) && reads_as("1.23456789012345678901", 1.23456789012345678901));
    setlocale(LC_NUMERIC, "C");
}

static void test_integers_and_truths_are_read(void)
{
    int64_t value = 5;
    CHECK(plx_parse_int64(plx_slice_of("9223372036854775807"), &value) && value == INT64_MAX);
    CHECK(plx_parse_int64(plx_slice_of("-9223372036854775808"), &value) && value == INT64_MIN);
    CHECK(plx_parse_int64(plx_slice_of("+042"), &value) && value == 42);
    static const char *const wrong[] = {"9223372036854775808",
                                        "-9223372036854775809",
                                        "99999999999999999999",
                                        "",
                                        "-",
                                        "1.0",
                                        "1e3",
                                        " 1",
                                        "1 ",
                                        "0x10",
                                        "one"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(!plx_parse_int64(plx_slice_of(wrong[i]), &value));
    CHECK(value == 42);
    bool truth = false;
    CHECK(plx_parse_bool(plx_slice_of("True"), &truth) && truth);
    CHECK(plx_parse_bool(plx_slice_of("off"), &truth) && !truth);
    CHECK(plx_parse_bool(plx_slice_of("YES"), &truth) && truth);
    CHECK(!plx_parse_bool(plx_slice_of("1"), &truth) && !plx_parse_bool(plx_slice_of("tru"), &truth));
    CHECK(!plx_parse_bool(plx_slice_of("trues"), &truth) && !plx_parse_bool(plx_slice_of(""), &truth));
}

static void test_strings(void)
{
    failing_allocator memory;
    long n = 0;
    do {
        plx_string s;
        failing_allocator_init(&memory, ++n);
        plx_string_init(&s, &memory.allocator);
        for (int i = 0; i < 100; i++) {
            plx_string_add(&s, "ab", 2);
            plx_string_format(&s, "%d,", i);
        }
        plx_string_format(&s, "%500d", 7);
        CHECK(s.failed == memory.failed);
        if (!s.failed) {
            CHECK(s.length == 200 + 10 * 2 + 90 * 3 + 500 && strlen(s.text) == s.length);
            CHECK(strncmp(s.text, "ab0,ab1,", 8) == 0 && s.text[s.length - 1] == '7');
        }
        plx_string_release(&s);
        CHECK(s.text == NULL && s.length == 0 && !s.failed && memory.live == 0);
    } while (memory.failed);
    CHECK(n > 3);
}

static void check_json(plx_slice value, const char *expected)
{
    plx_string s;
    plx_string_init(&s, &plx_allocator_default);
    plx_string_json(&s, value);
    if (strcmp(s.text, expected) != 0) check_report(__FILE__, __LINE__, s.text);
    plx_string_release(&s);
}

static void test_json_strings(void)
{
    check_json(plx_slice_of(""), "\"\"");
    check_json(plx_slice_of("plain text"), "\"plain text\"");
    check_json(plx_slice_of("a\"b\\c/"), "\"a\\\"b\\\\c/\"");
    check_json((plx_slice){"\0\n\t\x1F\x7F", 5}, "\"\\u0000\\u000a\\u0009\\u001f\\u007f\"");
    check_json(plx_slice_of("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8C\xB1"), "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8C\xB1\"");
    check_json(plx_slice_of("\xC2\x85\xE2\x80\xA8\xEF\xBB\xBF"), "\"\\u0085\\u2028\\ufeff\"");
    check_json(plx_slice_of("\xE2\x80"), "\"\xE2\x80\""); /* a truncated character is not escaped */
}

static void test_nearest_name(void)
{
    static const char *const names[] = {"epochs", "batch_size", "learning_rate", "mmoe", "ple"};
    const char *none = plx_nearest(plx_slice_of("xyz"), names, 5);
    CHECK(none == NULL);
    CHECK(plx_nearest(plx_slice_of("epoch"), names, 5) == names[0]);
    CHECK(plx_nearest(plx_slice_of("epcohs"), names, 5) == names[0]);
    CHECK(plx_nearest(plx_slice_of("MMoE"), names, 5) == names[3]);
    CHECK(plx_nearest(plx_slice_of("batchsize"), names, 5) == names[1]);
    CHECK(plx_nearest(plx_slice_of("lerning_rat"), names, 5) == names[2]);
    CHECK(plx_nearest(plx_slice_of("pel"), names, 5) == names[4]);
    CHECK(plx_nearest(plx_slice_of(""), names, 5) == NULL && plx_nearest(plx_slice_of("ple"), names, 0) == NULL);
    char longest[300];
    memset(longest, 'e', sizeof longest);
    CHECK(plx_nearest((plx_slice){longest, sizeof longest}, names, 5) == NULL);
}

/* The test vectors of Philox' authors for 4x32-10. */
static void test_philox_known_answers(void)
{
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const uint32_t *counter = known[i].counter, *key = known[i].key;
        plx_random random = {.seed = (uint64_t)key[1] << 32 | key[0], .stream = counter[3]};
        uint64_t index = (uint64_t)counter[1] << 32 | counter[0];
        uint32_t block[4];
        plx_random_block(&random, index, counter[2], block);
        CHECK(memcmp(block, known[i].answer, sizeof block) == 0);
    }
}

static void test_random_numbers(void)
{
    enum { N = 40000 };
    plx_random random = {.seed = 20, .stream = plx_random_stream("expert.weight")};
    double sum = 0, squares = 0, uniform = 0;
    int counts[5] = {0};
    for (uint64_t i = 0; i < N; i++) {
        uint32_t block[4];
        plx_random_block(&random, i / 4, 3, block);
        CHECK(plx_random_bits(&random, i, 3) == block[i % 4]);
        float u = plx_random_uniform(&random, i, 3);
        CHECK(u >= 0 && u < 1 && u * 0x1p24f == floorf(u * 0x1p24f));
        uint32_t below = plx_random_below(&random, i, 3, 5);
        REQUIRE(below < 5);
        counts[below]++;
        double normal = plx_random_normal(&random, i, 3);
        CHECK(isfinite(normal));
        uniform += (double)u;
        sum += normal;
        squares += normal * normal;
    }
    CHECK_CLOSE(uniform / N, 0.5, 5 * sqrt(1.0 / 12 / N));
    CHECK_CLOSE(sum / N, 0, 5 / sqrt(N));
    CHECK_CLOSE(squares / N, 1, 5 * sqrt(2.0 / N));
    for (int i = 0; i < 5; i++)
        CHECK_CLOSE(counts[i], N / 5, 5 * sqrt(N * 0.16));
    CHECK(plx_random_below(&random, 0, 0, 1) == 0);

    plx_random high = {.seed = random.seed | UINT64_C(1) << 63, .stream = random.stream};
    plx_random other = {.seed = random.seed, .stream = PLX_STREAM_SHUFFLE};
    uint32_t bits = plx_random_bits(&random, 0, 0);
    CHECK(bits != plx_random_bits(&high, 0, 0) && bits != plx_random_bits(&other, 0, 0));
    CHECK(bits != plx_random_bits(&random, UINT64_C(1) << 40, 0) && bits != plx_random_bits(&random, 0, 1));
    CHECK(plx_random_stream("a") != plx_random_stream("b") && (plx_random_stream("") & PLX_STREAM_NAMED));
    CHECK(plx_random_stream("a") == 0xE40C292C); /* the published FNV-1a of "a", whose bit 30 is set anyway */
}

static void test_shuffle(void)
{
    enum { N = 1001 };
    plx_random random = {.seed = 9, .stream = PLX_STREAM_SHUFFLE};
    uint32_t items[N], again[N], other[N];
    bool seen[N] = {false};
    for (uint32_t i = 0; i < N; i++)
        items[i] = again[i] = other[i] = i;
    plx_random_shuffle(&random, 4, items, N);
    plx_random_shuffle(&random, 4, again, N);
    plx_random_shuffle(&random, 5, other, N);
    CHECK(memcmp(items, again, sizeof items) == 0 && memcmp(items, other, sizeof items) != 0);
    int fixed = 0;
    for (uint32_t i = 0; i < N; i++) {
        CHECK(!seen[items[i]]);
        seen[items[i]] = true;
        fixed += items[i] == i;
    }
    CHECK(fixed < 10);  /* one on average */
    int first[4] = {0}; /* how often item 0 of four comes first, over many steps */
    for (uint32_t step = 0; step < 4000; step++) {
        uint32_t four[4] = {0, 1, 2, 3};
        plx_random_shuffle(&random, step, four, 4);
        for (int i = 0; i < 4; i++)
            first[i] += four[i] == 0;
    }
    for (int i = 0; i < 4; i++)
        CHECK_CLOSE(first[i], 1000, 5 * sqrt(4000 * 0.1875));
    for (uint32_t i = 0; i < N; i++)
        again[i] = i; /* as random.h defines it */
    for (size_t i = N - 1; i > 0; i--) {
        uint32_t j = plx_random_below(&random, i, 4, (uint32_t)i + 1), kept = again[i];
        again[i] = again[j];
        again[j] = kept;
    }
    CHECK(memcmp(items, again, sizeof items) == 0);
    plx_random_shuffle(&random, 0, NULL, 0);
    plx_random_shuffle(&random, 0, items, 1);
}

typedef struct pool_probe {
    int *done; /* [jobs] how often each ran */
    int threads;
    int by_thread[16];
    atomic_bool wrong_thread;
    int pause_every; /* every n-th job sleeps; 0: none */
} pool_probe;

static void probe_job(void *user, int job, int thread)
{
    pool_probe *probe = user;
    probe->done[job]++;
    if (thread < 0 || thread >= probe->threads)
        probe->wrong_thread = true;
    else
        probe->by_thread[thread]++;
    if (probe->pause_every && job % probe->pause_every == 0) usleep(200);
}

static void note_order(void *user, int job, int thread)
{
    int *next = user;
    CHECK(job == *next && thread == 0);
    (*next)++;
}

static void test_no_pool_is_the_caller(void)
{
    int next = 0;
    CHECK(plx_pool_threads(NULL) == 1);
    plx_pool_run(NULL, 5, note_order, &next);
    CHECK(next == 5);
    plx_pool_run(NULL, 0, note_order, &next);
    CHECK(next == 5);
}

static void check_pool(int threads, int rounds, int pause_every)
{
    enum { MOST_JOBS = 97 };
    plx_pool *pool = NULL;
    plx_error err;
    CHECK_STATUS(plx_pool_create(&plx_allocator_default, threads, &pool, &err), PLX_OK);
    REQUIRE(pool);
    CHECK(plx_pool_threads(pool) == threads);
    int done[MOST_JOBS] = {0}, expected[MOST_JOBS] = {0}, total = 0;
    pool_probe probe = {.done = done, .threads = threads, .pause_every = pause_every};
    for (int round = 0; round < rounds; round++) {
        int n_jobs = round % (MOST_JOBS + 1);
        plx_pool_run(pool, n_jobs, probe_job, &probe);
        for (int i = 0; i < n_jobs; i++)
            expected[i]++;
        total += n_jobs;
        if (memcmp(done, expected, sizeof done) != 0) { /* after the round its jobs ran once, no other did */
            check_report(__FILE__, __LINE__, "a job ran too often or not at all");
            break;
        }
    }
    int counted = 0;
    for (int i = 0; i < threads; i++)
        counted += probe.by_thread[i];
    CHECK(counted == total && !probe.wrong_thread);
    plx_pool_free(pool);
}

static void test_pool_runs_each_job_once(void)
{
    static const int threads[] = {1, 2, 3, 8};
    for (size_t i = 0; i < 4; i++)
        check_pool(threads[i], 5000, 0);
}

/* Rounds so long that threads and caller sleep in between. */
static void test_pool_sleeps_and_wakes(void)
{
    static const int threads[] = {2, 3, 8};
    for (size_t i = 0; i < 3; i++) {
        check_pool(threads[i], 120, 7);
        plx_pool *pool = NULL;
        CHECK_STATUS(plx_pool_create(&plx_allocator_default, threads[i], &pool, NULL), PLX_OK);
        REQUIRE(pool);
        for (int round = 0; round < 20; round++) {
            int done[4] = {0};
            pool_probe probe = {.done = done, .threads = threads[i]};
            usleep(300);
            plx_pool_run(pool, 4, probe_job, &probe);
            CHECK(done[0] == 1 && done[1] == 1 && done[2] == 1 && done[3] == 1);
        }
        usleep(2000); /* all threads sleep at the end */
        plx_pool_free(pool);
    }
}

/* Half of the smallest normal number, computed in job `job`. */
static void halve_smallest(void *user, int job, int thread)
{
    volatile float smallest = FLT_MIN;
    float *halves = user;
    (void)thread;
    usleep(100); /* so that other threads take jobs, too */
    halves[job] = smallest * 0.5f;
}

static void test_denormals_are_flushed_where_asked(void)
{
    enum { N_JOBS = 24 };
    volatile float smallest = FLT_MIN;
    for (int threads = 1; threads <= 4; threads++) {
        plx_pool *pool = NULL;
        float halves[N_JOBS];
        if (threads > 1) CHECK_STATUS(plx_pool_create(&plx_allocator_default, threads, &pool, NULL), PLX_OK);
        for (int round = 0; round < 6; round++) {
            const int n_jobs = round < 2 ? 1 : N_JOBS;
            const bool flushes = round % 2 == 0;
            (flushes ? plx_pool_compute : plx_pool_run)(pool, n_jobs, halve_smallest, halves);
            for (int i = 0; i < n_jobs; i++)
                CHECK((halves[i] == 0) == flushes);
            CHECK(smallest * 0.5f > 0); /* the caller's arithmetic is as before */
        }
        plx_pool_free(pool);
    }
}

static void test_pool_refusals(void)
{
    plx_pool *pool = NULL;
    plx_error err;
    CHECK_STATUS(plx_pool_create(&plx_allocator_default, 0, &pool, &err), PLX_ERR_ARGUMENT);
    CHECK_TEXT(err.message, "from 1 to");
    CHECK_STATUS(plx_pool_create(&plx_allocator_default, 1000000, &pool, &err), PLX_ERR_ARGUMENT);
    CHECK(pool == NULL);
    plx_pool_free(NULL);
    CHECK(plx_cpu_count() >= 1);
    failing_allocator memory;
    long n = 0;
    do {
        failing_allocator_init(&memory, ++n);
        pool = NULL;
        CHECK_STATUS(plx_pool_create(&memory.allocator, 3, &pool, &err), memory.failed ? PLX_ERR_MEMORY : PLX_OK);
        plx_pool_free(pool);
        CHECK(memory.live == 0);
    } while (memory.failed);
    CHECK(n > 1);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#ifndef HAS_SANITIZER
#define HAS_SANITIZER 0
#endif

/* In a child with memory for a few dozen stacks; its exit code names the failed check. */
enum { NO_LIMIT = 77 };

static int start_too_many_threads(void)
{
    enum { LIMIT = 200 << 20 };
    plx_pool *pool = NULL;
    plx_error err = {0};
    struct rlimit limit = {LIMIT, LIMIT};
    if (setrlimit(RLIMIT_AS, &limit) != 0 || getrlimit(RLIMIT_AS, &limit) != 0) return 1;
    if (limit.rlim_cur != LIMIT) return NO_LIMIT;
    if (plx_pool_create(&plx_allocator_default, 500, &pool, &err) != PLX_ERR_MEMORY) return 2;
    if (!strstr(err.message, "of 500 threads; use fewer") || pool) return 3;
    if (plx_pool_create(&plx_allocator_default, 3, &pool, &err) != PLX_OK) return 4; /* the stacks were freed */
    plx_pool_free(pool);
    return 0;
}

static void test_pool_without_memory_for_threads(void)
{
    if (HAS_SANITIZER) SKIP("a sanitizer needs the addresses that this test takes away");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(start_too_many_threads());
    int result = -1;
    CHECK(child > 0 && waitpid(child, &result, 0) == child);
    CHECK(WIFEXITED(result));
    if (WEXITSTATUS(result) == NO_LIMIT) SKIP("addresses cannot be limited here: an emulator");
    CHECK_STATUS(WEXITSTATUS(result), 0);
}

/* Fails in every job from `first` on, with the job's number. */
static plx_status fail_from(void *user, int job, int thread, plx_error *err)
{
    const int *first = user;
    (void)thread;
    return job < *first ? PLX_OK : plx_error_set(err, PLX_ERR_FORMAT, "job %d", job);
}

static void test_pool_try(void)
{
    for (int threads = 1; threads < 5; threads++) {
        plx_pool *pool = NULL;
        plx_error err = {.code = PLX_OK};
        int first = 100;
        REQUIRE(plx_pool_create(&plx_allocator_default, threads, &pool, NULL) == PLX_OK);
        CHECK_STATUS(plx_pool_try(pool, 100, fail_from, &first, &err), PLX_OK);
        for (first = 99; first >= 0; first -= 7) {
            char expected[16];
            snprintf(expected, sizeof expected, "job %d", first);
            CHECK_STATUS(plx_pool_try(pool, 100, fail_from, &first, &err), PLX_ERR_FORMAT);
            CHECK(strcmp(err.message, expected) == 0);
        }
        CHECK_STATUS(plx_pool_try(pool, 3, fail_from, &first, NULL), PLX_ERR_FORMAT);
        plx_pool_free(pool);
    }
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_status_texts),
        CHECK_TEST(test_errors_are_passed_on),
        CHECK_TEST(test_long_messages_end_at_a_character),
        CHECK_TEST(test_allocation),
        CHECK_TEST(test_growing),
        CHECK_TEST(test_arena),
        CHECK_TEST(test_slices),
        CHECK_TEST(test_doubles_are_read),
        CHECK_TEST(test_long_decimals_are_rounded_once),
        CHECK_TEST(test_doubles_agree_with_strtod),
        CHECK_TEST(test_numbers_are_written_shortest),
        CHECK_TEST(test_floats_are_written_fast),
        CHECK_TEST(test_numbers_ignore_the_locale),
        CHECK_TEST(test_integers_and_truths_are_read),
        CHECK_TEST(test_strings),
        CHECK_TEST(test_json_strings),
        CHECK_TEST(test_nearest_name),
        CHECK_TEST(test_philox_known_answers),
        CHECK_TEST(test_random_numbers),
        CHECK_TEST(test_shuffle),
        CHECK_TEST(test_pool_runs_each_job_once),
        CHECK_TEST(test_no_pool_is_the_caller),
        CHECK_TEST(test_pool_sleeps_and_wakes),
        CHECK_TEST(test_denormals_are_flushed_where_asked),
        CHECK_TEST(test_pool_refusals),
        CHECK_TEST(test_pool_try),
        CHECK_TEST(test_pool_without_memory_for_threads),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
