/* SPDX-License-Identifier: Apache-2.0 */
/* Each Arrow type's values as a category and as a number; invalid arrays are reported. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "data/arrow_read.h"
#include "files/arrow_column.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static void set(struct ArrowSchema *schema, struct ArrowArray *array, const char *format, const void **buffers,
                int n_buffers, int64_t n)
{
    *schema = (struct ArrowSchema){.format = format, .name = "x"};
    *array = (struct ArrowArray){.length = n, .n_buffers = n_buffers, .buffers = buffers};
}

static void check_value(const struct ArrowSchema *schema, const struct ArrowArray *array, bool is_rule_0, int64_t row,
                        const char *text, double number)
{
    plx_arrow_column column;
    plx_error err = {.message = ""};
    char buffer[PLX_ARROW_SIZE], got[PLX_ARROW_SIZE] = "";
    plx_arrow_value value;
    plx_status status = plx_arrow_column_init(&column, schema, array, is_rule_0, &err);
    if (!status) status = plx_arrow_value_at(&column, row, buffer, &value, &err);
    CHECK_TEXT("", err.message);
    if (status) return;
    memcpy(got, value.text.text, value.text.length);
    if (strcmp(got, text) != 0 || (!isnan(number) && value.number != number))
        printf("  %s: '%s' %.17g, not '%s' %.17g\n", schema->format, got, value.number, text, number);
    CHECK(strcmp(got, text) == 0);
    CHECK(value.is_missing == (text[0] == '\0'));
    CHECK(isnan(number) || (value.is_number && value.number == number));
    if (isnan(number) || status) return;
    CHECK(plx_arrow_value_at(&column, row, NULL, &value, NULL) == PLX_OK && value.number == number);
}

static void check_one(const char *format, const void *item, const char *text, double number)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    const void *buffers[] = {NULL, item};
    set(&schema, &array, format, buffers, 2, 1);
    check_value(&schema, &array, false, 0, text, number);
}

#define ONE(format, type, value, text, number) check_one(format, (type[]){value}, text, number)

static void test_numbers(void)
{
    ONE("b", uint8_t, 1, "true", 1);
    ONE("b", uint8_t, 0, "false", 0);
    ONE("c", int8_t, -128, "-128", -128);
    ONE("C", uint8_t, 255, "255", 255);
    ONE("l", int64_t, INT64_MIN, "-9223372036854775808", -0x1p63);
    ONE("L", uint64_t, UINT64_MAX, "18446744073709551615", 0x1p64);
    ONE("l", int64_t, 1234567890123456789, "1234567890123456789", 1234567890123456768.0);
    ONE("g", double, 12, "12", 12);
    ONE("g", double, -0.0, "0", 0);
    ONE("g", double, 0.1, "0.1", 0.1);
    ONE("g", double, 1e15, "1000000000000000", 1e15);
    ONE("g", double, 1e22, "1e+22", 1e22);
    ONE("g", double, 1e-5, "1e-05", 1e-5);
    ONE("f", float, 0.1F, "0.1", (double)0.1F);
    ONE("f", float, 16777217.0F, "16777216", 16777216);
    ONE("e", uint16_t, 0x2e66, "0.1", 0.0999755859375);
    ONE("e", uint16_t, 0x7c00, "inf", (double)INFINITY);
    ONE("g", double, (double)NAN, "", (double)NAN);
}

static void test_times(void)
{
    ONE("tdD", int32_t, 19753, "2024-01-31", 19753);
    ONE("tdD", int32_t, -1, "1969-12-31", -1);
    ONE("tdm", int64_t, 19753 * INT64_C(86400000), "2024-01-31", 19753);
    ONE("tss:", int64_t, 1706659200, "2024-01-31", 1706659200);
    ONE("tss:UTC", int64_t, 1706659200, "2024-01-31T00:00:00Z", 1706659200);
    ONE("tsm:", int64_t, 1706702400500, "2024-01-31T12:00:00.5", 1706702400.5);
    ONE("tsu:Europe/Berlin", int64_t, 1706702400500000, "2024-01-31T12:00:00.5Z", 1706702400.5);
    ONE("tsn:+02:00", int64_t, 1706702400123456789, "2024-01-31T12:00:00.123456789Z", 1706702400.123456789);
    ONE("tsn:", int64_t, 1706702400500000000, "2024-01-31T12:00:00.5", 1706702400.5);
    ONE("tsm:", int64_t, -1500, "1969-12-31T23:59:58.5", -1.5);
    ONE("tts", int32_t, 43200, "12:00:00", 43200);
    ONE("ttm", int32_t, 43200250, "12:00:00.25", 43200.25);
    ONE("ttu", int64_t, 1, "00:00:00.000001", 1e-6);
    ONE("ttn", int64_t, 1000, "00:00:00.000001", 1e-6);
    int64_t noon = INT64_C(43200) * 1000000000;
    int32_t day = 2440588 + 19753;
    uint8_t moment[12];
    memcpy(moment, &noon, 8);
    memcpy(moment + 8, &day, 4);
    check_one("plx:int96", moment, "2024-01-31T12:00:00", 1706702400);
}

static void test_decimals(void)
{
    ONE("d:5,2,32", int32_t, 150, "1.50", 1.5);
    ONE("d:5,2,64", int64_t, -1200, "-12", -12);
    ONE("d:9,0,32", int32_t, 7, "7", 7);
    ONE("d:9,-2,32", int32_t, 7, "7E+2", 700);
    const int64_t parts[2] = {150, 0}, minus[2] = {-150, -1}, large[2] = {0, 1}, wide[4] = {-150, -1, -1, -1};
    check_one("d:38,2", parts, "1.50", 1.5);
    check_one("d:38,2,128", minus, "-1.50", -1.5);
    check_one("d:38,0", large, "18446744073709551616", 0x1p64);
    check_one("d:76,2,256", wide, "-1.50", -1.5);
    const uint8_t high[] = {0, 150}, low[] = {0xff, 0x6a};
    check_one("plx:decimal:2,2", high, "1.50", 1.5);
    check_one("plx:decimal:2,2", low, "-1.50", -1.5);
}

static void test_texts(void)
{
    const uint8_t id[16] = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 1, 2, 3, 4, 5, 6, 7, 8};
    check_one("plx:uuid", id, "12345678-9abc-def0-0102-030405060708", (double)NAN);
    static const char metadata[] = "\1\0\0\0\24\0\0\0ARROW:extension:name\12\0\0\0arrow.uuid";
    struct ArrowSchema schema;
    struct ArrowArray array;
    const void *buffers[] = {NULL, id};
    set(&schema, &array, "w:16", buffers, 2, 1);
    schema.metadata = metadata;
    check_value(&schema, &array, false, 0, "12345678-9abc-def0-0102-030405060708", (double)NAN);
    check_one("w:3", "abc", "abc", (double)NAN);
}

/* Models made today keep the texts that they were made with. */
static void test_rule_0(void)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    const double doubles[] = {12, 1e15, 0.1, 1e22}, *at = doubles;
    const uint8_t bits[] = {1};
    const uint16_t half[] = {0x2e66};
    const char *const texts[] = {"12", "1e+15", "0.1", "1e+22"};
    const void *buffers[] = {NULL, at};
    set(&schema, &array, "g", buffers, 2, 4);
    for (int i = 0; i < 4; i++)
        check_value(&schema, &array, true, i, texts[i], doubles[i]);
    buffers[1] = bits;
    set(&schema, &array, "b", buffers, 2, 1);
    check_value(&schema, &array, true, 0, "1", 1);
    buffers[1] = half;
    set(&schema, &array, "e", buffers, 2, 1);
    check_value(&schema, &array, true, 0, "0.099975586", 0.0999755859375);
}

/* -- Invalid arrays ---------------------------------------------------------------------------------------------- */

static void check_fails(const struct ArrowSchema *schema, const struct ArrowArray *array, plx_status expected,
                        const char *text)
{
    plx_arrow_column column;
    plx_error err = {.message = ""};
    char buffer[PLX_ARROW_SIZE];
    plx_arrow_value value;
    plx_status status = plx_arrow_column_init(&column, schema, array, false, &err);
    for (int64_t row = 0; !status && row < array->length; row++)
        status = plx_arrow_value_at(&column, row, buffer, &value, &err);
    CHECK_STATUS(status, expected);
    CHECK_TEXT(err.message, text);
}

static void test_offsets(void)
{
    static const int32_t wrong[][4] = {{-5, 0, 1, 2}, {0, 3, 1, 4}, {0, 1, 9, 4}, {0, 1, 2, -1}};
    struct ArrowSchema schema;
    struct ArrowArray array;
    for (int i = 0; i < COUNT(wrong); i++) {
        const void *buffers[] = {NULL, wrong[i], "abcd"};
        set(&schema, &array, "u", buffers, 3, 3);
        check_fails(&schema, &array, PLX_ERR_FORMAT, "lies outside its bytes");
        int64_t large[4];
        for (int k = 0; k < 4; k++)
            large[k] = wrong[i][k];
        buffers[1] = large;
        set(&schema, &array, "U", buffers, 3, 3);
        check_fails(&schema, &array, PLX_ERR_FORMAT, "lies outside its bytes");
    }
}

static void test_views(void)
{
    static const char block[] = "a text of more than twelve bytes";
    static const int64_t length = sizeof block - 1;
    const int32_t wrong[][4] = {{20, 0, 1, 0},  {20, 0, -1, 0}, {20, 0, 0, 13},
                                {20, 0, 0, -1}, {-1, 0, 0, 0},  {2000000000, 0, 0, 2000000000}};
    const int32_t right[4] = {20, 0, 0, 12};
    struct ArrowSchema schema;
    struct ArrowArray array;
    const void *buffers[] = {NULL, right, block, &length};
    set(&schema, &array, "vu", buffers, 4, 1);
    check_value(&schema, &array, false, 0, "more than twelve bytes" + 2, (double)NAN);
    for (int i = 0; i < COUNT(wrong); i++) {
        buffers[1] = wrong[i];
        check_fails(&schema, &array, PLX_ERR_FORMAT, "lies outside its bytes");
    }
    buffers[1] = right;
    buffers[3] = NULL;
    check_fails(&schema, &array, PLX_ERR_FORMAT, "does not say how long");
}

static void test_columns_that_no_feature_reads(void)
{
    static const char *const formats[][2] = {
        {"tDs", "durations"}, {"tin", "intervals"}, {"+s", "structs"},  {"+m", "maps"},          {"+r", "run-end"},
        {"+vl", "views"},     {"+ud:0", "unions"},  {"d:5", "decimal"}, {"d:5,2,24", "decimal"}, {"tsx:", "type"},
        {"q", "type"},        {"", "type"},         {"ts", "type"},     {"plx:x", "type"},       {"w:-1", "type"},
    };
    struct ArrowSchema schema;
    struct ArrowArray array;
    const void *buffers[] = {NULL, "0123456789abcdef"};
    for (int i = 0; i < COUNT(formats); i++) {
        set(&schema, &array, formats[i][0], buffers, 2, 1);
        check_fails(&schema, &array, PLX_ERR_SCHEMA, formats[i][1]);
    }
    set(&schema, &array, "w:4", (const void *[]){NULL, "\0\1ab"}, 2, 1);
    check_fails(&schema, &array, PLX_ERR_SCHEMA, "4 bytes that are not text");
}

/* Lists of dictionaries have the items' texts. */
static void test_list_of_dictionaries(void)
{
    static const int32_t ends[] = {0, 2, 3}, offsets[] = {0, 3, 7};
    static const int8_t places[] = {1, 0, 1};
    struct ArrowSchema schema, item, words, *items = &item;
    struct ArrowArray array, item_array, word_array, *item_arrays = &item_array;
    const void *list_buffers[] = {NULL, ends}, *item_buffers[] = {NULL, places};
    const void *word_buffers[] = {NULL, offsets, "redblue"};
    set(&schema, &array, "+l", list_buffers, 2, 2);
    set(&item, &item_array, "c", item_buffers, 2, 3);
    set(&words, &word_array, "u", word_buffers, 3, 2);
    schema.n_children = array.n_children = 1;
    schema.children = &items;
    array.children = &item_arrays;
    item.dictionary = &words;
    item_array.dictionary = &word_array;
    plx_arrow_column column;
    REQUIRE(plx_arrow_column_init(&column, &schema, &array, false, NULL) == PLX_OK && column.is_list);
    static const char *const texts[] = {"blue", "red", "blue"};
    for (int i = 0; i < 3; i++) {
        plx_arrow_value value;
        char buffer[PLX_ARROW_SIZE];
        REQUIRE(plx_arrow_item_at(&column, i, buffer, &value, NULL) == PLX_OK);
        CHECK(plx_slice_equal(value.text, plx_slice_of(texts[i])));
    }
}

/* The double of a float's decimal, compared with the text written and read. */
static void test_floats_as_decimals(void)
{
    uint32_t state = 12345;
    for (int i = 0; i < 200000; i++) {
        state = state * 1664525 + 1013904223;
        uint32_t bits = i % 2 ? state : (state & 0x8fffffff) | 0x38000000;
        float value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        char buffer[PLX_VALUE_SIZE];
        double expected = 0;
        const plx_slice text = plx_value_of_float(value, buffer);
        REQUIRE(plx_parse_double(text, &expected));
        const double got = plx_arrow_decimal_of(value, false);
        if (got == expected) continue;
        printf("  %a is %.17g, not %.17g\n", (double)value, got, expected);
        REQUIRE(got == expected);
    }
    CHECK(plx_arrow_decimal_of(0.1F, false) == 0.1);
    CHECK(plx_arrow_decimal_of(16777.217F, true) == 16777.217);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_numbers),
        CHECK_TEST(test_times),
        CHECK_TEST(test_decimals),
        CHECK_TEST(test_texts),
        CHECK_TEST(test_rule_0),
        CHECK_TEST(test_offsets),
        CHECK_TEST(test_views),
        CHECK_TEST(test_columns_that_no_feature_reads),
        CHECK_TEST(test_list_of_dictionaries),
        CHECK_TEST(test_floats_as_decimals),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
