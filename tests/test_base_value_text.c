/* SPDX-License-Identifier: Apache-2.0 */
/* One value, one text: the text of every kind of value as a category (src/base/value_text.h). */
#include <limits.h>
#include <locale.h>
#include <stdint.h>

#include "base/random.h"
#include "base/value_text.h"
#include "check.h"

static void check_slice(const char *what, plx_slice got, const char *want)
{
    char text[256];
    if (got.length == strlen(want) && memcmp(got.text, want, got.length) == 0) return;
    snprintf(text, sizeof text, "%s is '%.*s', not '%s'", what, (int)got.length, got.text, want);
    check_report(__FILE__, __LINE__, text);
}

static void check_text(const char *cell, const char *want)
{
    char buffer[PLX_VALUE_SIZE], again_buffer[PLX_VALUE_SIZE];
    plx_slice text = plx_value_of_text(plx_slice_of(cell), buffer);
    check_slice(cell, text, want);
    check_slice("its own text", plx_value_of_text(text, again_buffer), want);
}

typedef struct pair {
    const char *cell, *text;
} pair;

static void check_pairs(const pair *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_text(pairs[i].cell, pairs[i].text ? pairs[i].text : pairs[i].cell);
}

static void test_numbers_in_cells(void)
{
    static const pair pairs[] = {
        {"12.0", "12"},
        {"-3.00", "-3"},
        {"0012.0", "0012"},
        {"+5.0", "+5"},
        {"0.0", "0"},
        {"-0.0", "0"},
        {"-0.000", "0"},
        {"-00.0", "00"},
        {"+0.0", "+0"},
        {"9007199254740993.0", "9007199254740993"},
        {"18446744073709551616.0", "18446744073709551616"},
        {"123456789012345678901234567890123456789012345678901234567890.000",
         "123456789012345678901234567890123456789012345678901234567890"},
        /* Texts that stay unchanged, byte for byte. */
        {"", NULL},
        {"0", NULL},
        {"-0", NULL},
        {"+5", NULL},
        {"0012", NULL},
        {"12.", NULL},
        {".0", NULL},
        {"-.0", NULL},
        {"+.0", NULL},
        {"-", NULL},
        {"--1.0", NULL},
        {"+-1.0", NULL},
        {"1.50", NULL},
        {"1.05", NULL},
        {"1.0.0", NULL},
        {"1.00.0", NULL},
        {"1e3", NULL},
        {"1.0e3", NULL},
        {"1.0e0", NULL},
        {"1e+22", NULL},
        {"v1.0", NULL},
        {"1.0v", NULL},
        {"1,0", NULL},
        {"1.0 ", NULL},
        {" 1.0", NULL},
        {"10.0.0.0", NULL},
        {"192.168.0.10", NULL},
        {"0x10.0", NULL},
        {"1_000.0", NULL},
        {"nan", NULL},
        {"inf", NULL},
        {"1.0E-7", NULL},
    };
    check_pairs(pairs, sizeof pairs / sizeof *pairs);
}

static void test_truths_in_cells(void)
{
    static const pair pairs[] = {
        {"True", "true"},    {"TRUE", "true"}, {"true", NULL}, {"False", "false"}, {"FALSE", "false"}, {"false", NULL},
        {"tRUE", NULL},      {"TrUE", NULL},   {"t", NULL},    {"T", NULL},        {"f", NULL},        {"F", NULL},
        {"yes", NULL},       {"no", NULL},     {"Yes", NULL},  {"truest", NULL},   {"Trues", NULL},    {"tru", NULL},
        {"falsehood", NULL}, {"FALSE ", NULL}, {"on", NULL},   {"1", NULL},
    };
    check_pairs(pairs, sizeof pairs / sizeof *pairs);
}

static void test_times_in_cells(void)
{
    static const pair pairs[] = {
        {"12:00:00.000", "12:00:00"},
        {"00:00:00.000500", "00:00:00.0005"},
        {"23:59:59.123456780", "23:59:59.12345678"},
        {"2024-01-31 12:00:00.000", "2024-01-31T12:00:00"},
        {"2024-01-31T12:00:00.000", "2024-01-31T12:00:00"},
        {"2024-01-31 12:00", "2024-01-31T12:00:00"},
        {"2024-01-31T12:00Z", "2024-01-31T12:00:00Z"},
        {"2024-01-31 12:00:00.5", "2024-01-31T12:00:00.5"},
        {"2024-01-31 12:00:00.120000", "2024-01-31T12:00:00.12"},
        {"2024-01-31 12:00:00.000000001", "2024-01-31T12:00:00.000000001"},
        {"2024-01-31 12:00:00.123456789000", "2024-01-31T12:00:00.123456789"},
        {"2024-01-31 00:00:00", "2024-01-31"},
        {"2024-01-31T00:00", "2024-01-31"},
        {"2024-01-31 00:00:00.000000000", "2024-01-31"},
        {"2024-01-31 00:00:00.000001", "2024-01-31T00:00:00.000001"},
        {"2024-01-31 00:00:00Z", "2024-01-31T00:00:00Z"},
        {"2024-01-31 00:00:00+00:00", "2024-01-31T00:00:00Z"},
        {"2024-01-31 12:00:00+0000", "2024-01-31T12:00:00Z"},
        {"2024-01-31 12:00:00+00", "2024-01-31T12:00:00Z"},
        {"2024-01-31 12:00:00 UTC", "2024-01-31T12:00:00Z"},
        {"2024-01-31 12:00:00UTC", "2024-01-31T12:00:00Z"},
        {"2024-01-31 12:00:00-00:00", "2024-01-31T12:00:00Z"},
        {"2024-01-31 12:00:00 +0000", "2024-01-31T12:00:00Z"},
        {"2024-01-31 12:00:00+02:00", "2024-01-31T10:00:00Z"},
        {"2024-01-31 12:00:00.250+0200", "2024-01-31T10:00:00.25Z"},
        {"2024-01-31 12:00:00+05:45", "2024-01-31T06:15:00Z"},
        {"2024-03-01 01:00:00+02:00", "2024-02-29T23:00:00Z"},
        {"2023-12-31 23:30:00-01:00", "2024-01-01T00:30:00Z"},
        {"2024-01-31 02:00:00+02:00", "2024-01-31T00:00:00Z"},
        {"1969-12-31 23:59:59.5", "1969-12-31T23:59:59.5"},
        {"0000-01-01 00:00:00", "0000-01-01"},
        {"0001-01-01 00:00:01", "0001-01-01T00:00:01"},
        {"9999-12-31 23:59:59.999999999", "9999-12-31T23:59:59.999999999"},
        {"2000-02-29 00:00:00", "2000-02-29"},
        {"2024-02-29 00:00:00", "2024-02-29"},
    };
    check_pairs(pairs, sizeof pairs / sizeof *pairs);
}

static void test_invalid_times_stay_texts(void)
{
    static const char *const cells[] = {
        "2024-01-31",
        "12:00:00",
        "12:30",
        "00:00",
        "24:00:00.0",
        "12:00:60.00",
        "12:00:00.",
        "12:00:00.0 ",
        "12:00.0",
        "12:0:00.0",
        "2023-02-29 00:00:00",
        "1900-02-29 00:00:00",
        "2024-02-30 00:00:00",
        "2024-04-31 00:00:00",
        "2024-13-01 00:00:00",
        "2024-00-01 00:00:00",
        "2024-01-00 00:00:00",
        "2024-01-31 24:00:00",
        "2024-01-31 12:60:00",
        "2024-01-31 12:00:60",
        "2024-01-31 12",
        "2024-01-31 12:0:00.0",
        "2024-01-31  12:00:00",
        "2024-01-31t12:00:00",
        "2024-01-31 12:00:00z",
        "2024-01-31 12:00:00.",
        "2024-01-31 12:00:00,5",
        "2024-01-31 12:00:00.1234567891",
        "2024-01-31 12:00:00+2:00",
        "2024-01-31 12:00:00+24:00",
        "2024-01-31 12:00:00+02:60",
        "2024-01-31 12:00:00+02:",
        "2024-01-31 12:00:00+020",
        "2024-01-31 12:00:00+02000",
        "2024-01-31 12:00:00 CET",
        "2024-01-31 12:00:00 ",
        "2024-01-31 12:00:00Z ",
        "2024-01-31 12:00:00ZZ",
        "2024/01/31 12:00:00",
        "31-01-2024 12:00:00",
        "20240131 12:00:00.0",
        "+2024-01-31 00:00:00",
        "-024-01-31 00:00:00",
        "0000-01-01 00:00:00+02:00",
        "9999-12-31 23:00:00-02:00",
        "12:00:00",
        "2024-0a-31 12:00:00",
    };
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        check_text(cells[i], cells[i]);
}

static void test_texts_of_integers(void)
{
    char buffer[PLX_VALUE_SIZE];
    check_slice("0", plx_value_of_int64(0, buffer), "0");
    check_slice("-1", plx_value_of_int64(-1, buffer), "-1");
    check_slice("2^53 + 1", plx_value_of_int64((INT64_C(1) << 53) + 1, buffer), "9007199254740993");
    check_slice("the greatest", plx_value_of_int64(INT64_MAX, buffer), "9223372036854775807");
    check_slice("the least", plx_value_of_int64(INT64_MIN, buffer), "-9223372036854775808");
    check_slice("10", plx_value_of_uint64(10, buffer), "10");
    check_slice("the greatest unsigned", plx_value_of_uint64(UINT64_MAX, buffer), "18446744073709551615");
    check_slice("true", plx_value_of_bool(true), "true");
    check_slice("false", plx_value_of_bool(false), "false");
}

static void test_texts_of_doubles(void)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-0.0, "0"},
        {12, "12"},
        {-12, "-12"},
        {0.1, "0.1"},
        {-2.25, "-2.25"},
        {1.5, "1.5"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {12345.675, "12345.675"},
        {1e-3, "0.001"},
        {1e-4, "0.0001"},
        {1e-5, "1e-05"},
        {1.5e-5, "1.5e-05"},
        {-1.25e-7, "-1.25e-07"},
        {1e15, "1000000000000000"},
        {1e16, "10000000000000000"},
        {9007199254740992.0, "9007199254740992"},
        {9007199254740994.0, "9007199254740994"},
        {9223372036854774784.0, "9223372036854774784"}, /* the last double below 2^63 */
        {-9223372036854774784.0, "-9223372036854774784"},
        {9223372036854775808.0, "9.223372036854776e+18"},
        {-9223372036854775808.0, "-9.223372036854776e+18"},
        {1e22, "1e+22"},
        {1e100, "1e+100"},
        {1.2345e-300, "1.2345e-300"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {0x1p-44, "5.684341886080802e-14"}, /* the nearest decimal of 16 digits reads back as another double */
        {1125899906842623.9, "1125899906842623.9"},
        {(double)INFINITY, "inf"},
        {-(double)INFINITY, "-inf"},
        {(double)NAN, ""},
        {-(double)NAN, ""},
    };
    char buffer[PLX_VALUE_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_slice(rows[i].text, plx_value_of_double(rows[i].value, buffer), rows[i].text);
}

static void test_texts_of_narrow_floats(void)
{
    char buffer[PLX_VALUE_SIZE];
    check_slice("0.1f", plx_value_of_float(0.1f, buffer), "0.1");
    check_slice("16777216.0f", plx_value_of_float(16777216.0f, buffer), "16777216");
    check_slice("1/3", plx_value_of_float(1.0f / 3, buffer), "0.33333334");
    check_slice("1e-5f", plx_value_of_float(1e-5f, buffer), "1e-05");
    check_slice("3.4e38f", plx_value_of_float(3.4028235e38f, buffer), "3.4028235e+38");
    check_slice("1e-45f", plx_value_of_float(1e-45f, buffer), "1e-45");
    check_slice("-0.0f", plx_value_of_float(-0.0f, buffer), "0");
    check_slice("NaN", plx_value_of_float(NAN, buffer), "");
    check_slice("inf", plx_value_of_float(INFINITY, buffer), "inf");
    check_slice("half 0.1", plx_value_of_half(0x2E66, buffer), "0.1");
    check_slice("half 1/3", plx_value_of_half(0x3555, buffer), "0.3333");
    check_slice("half 1.5", plx_value_of_half(0x3E00, buffer), "1.5");
    check_slice("half -12", plx_value_of_half(0xCA00, buffer), "-12");
    check_slice("half 65504", plx_value_of_half(0x7BFF, buffer), "65504");
    check_slice("half 6e-8", plx_value_of_half(0x0001, buffer), "6e-08");
    check_slice("half 6.1e-5", plx_value_of_half(0x0400, buffer), "6.104e-05");
    check_slice("half -0", plx_value_of_half(0x8000, buffer), "0");
    check_slice("half inf", plx_value_of_half(0xFC00, buffer), "-inf");
    check_slice("half NaN", plx_value_of_half(0x7E00, buffer), "");
}

static void test_texts_of_dates(void)
{
    char buffer[PLX_VALUE_SIZE];
    check_slice("day 0", plx_value_of_date(0, buffer), "1970-01-01");
    check_slice("day -1", plx_value_of_date(-1, buffer), "1969-12-31");
    check_slice("a leap day", plx_value_of_date(19782, buffer), "2024-02-29");
    check_slice("the day after", plx_value_of_date(19783, buffer), "2024-03-01");
    check_slice("2000-02-29", plx_value_of_date(11016, buffer), "2000-02-29");
    check_slice("1900-03-01", plx_value_of_date(-25508, buffer), "1900-03-01");
    check_slice("1900-02-28", plx_value_of_date(-25509, buffer), "1900-02-28");
    check_slice("0001-01-01", plx_value_of_date(-719162, buffer), "0001-01-01");
    check_slice("0000-12-31", plx_value_of_date(-719163, buffer), "0000-12-31");
    check_slice("the year before", plx_value_of_date(-719529, buffer), "-0001-12-31");
    check_slice("9999-12-31", plx_value_of_date(2932896, buffer), "9999-12-31");
    check_slice("10000-01-01", plx_value_of_date(2932897, buffer), "10000-01-01");
    CHECK(plx_value_of_date(INT64_MAX, buffer).length < PLX_VALUE_SIZE);
    CHECK(plx_value_of_date(INT64_MIN, buffer).length < PLX_VALUE_SIZE);
}

static void test_texts_of_timestamps(void)
{
    char buffer[PLX_VALUE_SIZE];
    check_slice("0 s", plx_value_of_timestamp(0, 0, false, buffer), "1970-01-01");
    check_slice("0 s UTC", plx_value_of_timestamp(0, 0, true, buffer), "1970-01-01T00:00:00Z");
    check_slice("-1 s", plx_value_of_timestamp(-1, 0, false, buffer), "1969-12-31T23:59:59");
    check_slice("-1 ns", plx_value_of_timestamp(-1, 9, false, buffer), "1969-12-31T23:59:59.999999999");
    check_slice("ms", plx_value_of_timestamp(INT64_C(1706702400000), 3, false, buffer), "2024-01-31T12:00:00");
    check_slice("us", plx_value_of_timestamp(INT64_C(1706702400120000), 6, true, buffer), "2024-01-31T12:00:00.12Z");
    check_slice("ns", plx_value_of_timestamp(INT64_C(1706702400000000001), 9, false, buffer),
                "2024-01-31T12:00:00.000000001");
    check_slice("midnight", plx_value_of_timestamp(INT64_C(1706659200000000), 6, false, buffer), "2024-01-31");
    static const int units[] = {0, 3, 6, 9};
    for (int i = 0; i < 4; i++) {
        CHECK(plx_value_of_timestamp(INT64_MAX, units[i], true, buffer).length < PLX_VALUE_SIZE);
        CHECK(plx_value_of_timestamp(INT64_MIN, units[i], true, buffer).length < PLX_VALUE_SIZE);
    }
    check_slice("noon", plx_value_of_time(43200, 0, buffer), "12:00:00");
    check_slice("half a second", plx_value_of_time(43200500, 3, buffer), "12:00:00.5");
    check_slice("midnight", plx_value_of_time(0, 9, buffer), "00:00:00");
    check_slice("the last ns", plx_value_of_time(INT64_C(86399999999999), 9, buffer), "23:59:59.999999999");
}

/* The decimal number `digits` * 10^-scale in 4, 8, 16 and 32 bytes. */
static void check_decimal(int64_t digits, int scale, const char *want)
{
    static const int widths[] = {4, 8, 16, 32};
    for (int i = 0; i < 4; i++) {
        uint8_t number[32];
        char buffer[PLX_DECIMAL_SIZE];
        if (widths[i] == 4 && (digits > INT32_MAX || digits < INT32_MIN)) continue;
        for (int k = 0; k < 32; k++)
            number[k] = (uint8_t)(k < 8 ? (uint64_t)digits >> (8 * k) & 0xff : digits < 0 ? 0xff : 0);
        check_slice(want, plx_value_of_decimal(number, widths[i], scale, buffer), want);
    }
}

static void test_texts_of_decimals(void)
{
    check_decimal(150, 2, "1.50");
    check_decimal(1200, 2, "12");
    check_decimal(-1200, 2, "-12");
    check_decimal(12, 0, "12");
    check_decimal(5, 1, "0.5");
    check_decimal(-5, 3, "-0.005");
    check_decimal(0, 2, "0");
    check_decimal(0, 0, "0");
    check_decimal(0, 9, "0");
    check_decimal(0, -2, "0");
    check_decimal(1, 6, "0.000001");
    check_decimal(1, 7, "1E-7");
    check_decimal(-15, 10, "-1.5E-9");
    check_decimal(12, -2, "1.2E+3");
    check_decimal(1, -3, "1E+3");
    check_decimal(INT32_MIN, 0, "-2147483648");
    check_decimal(INT64_MIN, 4, "-922337203685477.5808");
    check_decimal(INT64_MAX, 18, "9.223372036854775807");
    uint8_t number[32];
    char buffer[PLX_DECIMAL_SIZE];
    memset(number, 0xff, sizeof number);
    number[31] = 0x7f;
    check_slice("2^255 - 1", plx_value_of_decimal(number, 32, 0, buffer),
                "57896044618658097711785492504343953926634992332820282019728792003956564819967");
    memset(number, 0, sizeof number);
    number[31] = 0x80;
    check_slice("-2^255", plx_value_of_decimal(number, 32, 38, buffer),
                "-578960446186580977117854925043439539266.34992332820282019728792003956564819968");
    CHECK(plx_value_of_decimal(number, 32, INT_MAX - 100, buffer).length < PLX_DECIMAL_SIZE);
    CHECK(plx_value_of_decimal(number, 32, -(INT_MAX - 100), buffer).length < PLX_DECIMAL_SIZE);
    memset(number + 16, 0, 16);
    number[15] = 0x80;
    check_slice("-2^127", plx_value_of_decimal(number, 16, 0, buffer), "-170141183460469231731687303715884105728");
}

static uint64_t random_word(const plx_random *random, uint64_t i)
{
    return (uint64_t)plx_random_bits(random, 2 * i, 0) << 32 | plx_random_bits(random, 2 * i + 1, 0);
}

/* Texts that are close to those that the rule changes: the text of a text is its own text. */
static void test_the_text_of_a_text_is_its_own(void)
{
    static const char *const seeds[] = {"2024-01-31 12:00:00.500+02:00", "-0012.000", "True", "2024-02-29T00:00",
                                        "1970-01-01 00:00:00 UTC"};
    static const char bytes[] = "0123456789-+.: TZUCeEtrufalsn";
    const plx_random random = {.seed = 7};
    for (uint64_t i = 0; i < 300000; i++) {
        char cell[48], first_buffer[PLX_VALUE_SIZE], buffer[PLX_VALUE_SIZE];
        snprintf(cell, sizeof cell, "%s", seeds[i % 5]);
        const uint64_t bits = random_word(&random, i);
        for (unsigned k = 0; k < (bits & 3); k++)
            cell[(bits >> (8 + 6 * k)) % strlen(cell)] = bytes[(bits >> (32 + 6 * k)) % (sizeof bytes - 1)];
        const plx_slice text = plx_value_of_text(plx_slice_of(cell), first_buffer);
        const plx_slice again = plx_value_of_text(text, buffer);
        if (!plx_slice_equal(text, again)) check_report(__FILE__, __LINE__, cell);
    }
}

/* The text of a number in memory equals that of a cell, and reads back as the number. */
static void test_texts_of_numbers_read_back(void)
{
    const plx_random random = {.seed = 11};
    for (uint64_t i = 0; i < 50000; i++) {
        char buffer[PLX_VALUE_SIZE], other_buffer[PLX_VALUE_SIZE];
        uint64_t bits = random_word(&random, i);
        double value, back = 0;
        if (i % 3 == 0) bits &= UINT64_C(0xfff0000000000000); /* powers of two */
        memcpy(&value, &bits, sizeof value);
        plx_slice text = plx_value_of_double(value, buffer);
        CHECK(plx_slice_equal(text, plx_value_of_text(text, other_buffer)));
        if (isnan(value)) continue;
        CHECK(plx_parse_double(text, &back) && back == value);
        const float narrow = (float)value;
        text = plx_value_of_float(narrow, buffer);
        CHECK(plx_parse_double(text, &back) && (float)back == narrow);
    }
    for (uint32_t bits = 0; bits < 65536; bits++) {
        char buffer[PLX_VALUE_SIZE];
        double back;
        plx_slice text = plx_value_of_half((uint16_t)bits, buffer);
        CHECK(text.length == 0 || plx_parse_double(text, &back));
        CHECK(text.length <= 11);
    }
}

static void test_a_decimal_comma_changes_no_text(void)
{
    char buffer[PLX_VALUE_SIZE];
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8")) SKIP("no locale with a decimal comma is installed");
    check_slice("0.1", plx_value_of_double(0.1, buffer), "0.1");
    check_slice("1.5e-07f", plx_value_of_float(1.5e-7f, buffer), "1.5e-07");
    setlocale(LC_NUMERIC, "C");
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_numbers_in_cells),
        CHECK_TEST(test_truths_in_cells),
        CHECK_TEST(test_times_in_cells),
        CHECK_TEST(test_invalid_times_stay_texts),
        CHECK_TEST(test_texts_of_integers),
        CHECK_TEST(test_texts_of_doubles),
        CHECK_TEST(test_texts_of_narrow_floats),
        CHECK_TEST(test_texts_of_dates),
        CHECK_TEST(test_texts_of_timestamps),
        CHECK_TEST(test_texts_of_decimals),
        CHECK_TEST(test_the_text_of_a_text_is_its_own),
        CHECK_TEST(test_texts_of_numbers_read_back),
        CHECK_TEST(test_a_decimal_comma_changes_no_text),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
