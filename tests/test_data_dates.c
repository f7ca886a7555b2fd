/* SPDX-License-Identifier: Apache-2.0 */
/* Datetime features: each text's hours, weekdays, months and days; what is fitted; errors and their places. */
#include "check.h"
#include "data/encoder_def.h"
#include "data_support.h"

enum { SECONDS_A_DAY = 86400 };

static int all_parts[] = {PLX_DATE_HOUR, PLX_DATE_WEEKDAY, PLX_DATE_MONTH, PLX_DATE_AGE};
static int age_alone[] = {PLX_DATE_AGE};
static int ids_alone[] = {PLX_DATE_MONTH, PLX_DATE_HOUR};

/* One datetime feature of column x, and the task. */
static plx_table_spec *date_spec(small_spec *s, const plx_feature_spec *feature)
{
    plx_table_spec *spec = small_spec_init(s);
    s->features[0] = *feature;
    s->features[0].name = "when";
    s->features[0].column = "x";
    s->features[0].kind = PLX_FEATURE_DATETIME;
    if (!feature->parts.n) s->features[0].parts = (plx_int_list){all_parts, COUNT(all_parts)};
    spec->n_features = 1;
    return spec;
}

/* Made by Python's datetime: seconds since 1970-01-01 UTC, 1 + hour, 1 for Monday, month. */
static const struct dated {
    const char *text;
    int64_t seconds;
    uint32_t hour, weekday, month;
} dates[] = {
    {"1970-01-01", 0, 1, 4, 1},
    {"1969-12-31", -86400, 1, 3, 12},
    {"1969-12-31 23:59:59", -1, 24, 3, 12},
    {"1969-12-31T23:59:59.999999999Z", -1, 24, 3, 12},
    {"1970-01-01T00:00:00.5", 0, 1, 4, 1},
    {"2000-02-28 23:00", 951778800, 24, 1, 2},
    {"2000-02-29", 951782400, 1, 2, 2},
    {"2000-03-01", 951868800, 1, 3, 3},
    {"1900-02-28", -2203977600, 1, 3, 2},
    {"1900-03-01", -2203891200, 1, 4, 3},
    {"2100-02-28T23:59:59", 4107542399, 24, 7, 2},
    {"2100-03-01", 4107542400, 1, 1, 3},
    {"2024-02-29T12:34:56", 1709210096, 13, 4, 2},
    {"2023-02-28 06:07", 1677564420, 7, 2, 2},
    {"2024-12-31 23:30:00-01:00", 1735691400, 1, 3, 1},
    {"2025-01-01T00:30:00+02:00", 1735684200, 23, 2, 12},
    {"2024-03-10T00:15:00+05:30", 1710009900, 19, 6, 3},
    {"2024-06-15 10:00:00 UTC", 1718445600, 11, 6, 6},
    {"2024-06-15 10:00:00Z", 1718445600, 11, 6, 6},
    {"2024-06-15 10:00:00+0200", 1718438400, 9, 6, 6},
    {"2024-06-15 10:00:00+02", 1718438400, 9, 6, 6},
    {"2024-06-15T10:00:00.000", 1718445600, 11, 6, 6},
    {"1582-10-15", -12219292800, 1, 5, 10},
    {"0001-01-01", -62135596800, 1, 1, 1},
    {"9999-12-31 23:59:59", 253402300799, 24, 5, 12},
    {"1600-02-29", -11670998400, 1, 2, 2},
    {"0004-02-29", -62035891200, 1, 7, 2},
    {"2024-01-01 00:00:00", 1704067200, 1, 1, 1},
};

static void check_record(const plx_rows *rows, size_t row, const struct dated *d, double reference)
{
    const double age = (reference - (double)d->seconds) / SECONDS_A_DAY;
    const bool is_so = id_at(rows, row, 0) == d->hour && id_at(rows, row, 1) == d->weekday &&
                       id_at(rows, row, 2) == d->month && dense_at(rows, row, 0) == (float)age;
    if (!is_so) check_report(__FILE__, __LINE__, d->text);
}

static void test_texts(void)
{
    small_spec s;
    loaded l;
    char text[4096];
    const char *cells[COUNT(dates)];
    size_t used = (size_t)snprintf(text, sizeof text, "x,sold\n");
    plx_rows made;
    const plx_feature_spec feature = {.missing = NAN, .reference = "2000-01-01"};
    for (int i = 0; i < COUNT(dates); i++) {
        cells[i] = dates[i].text;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s,%d\n", dates[i].text, i % 2);
    }
    REQUIRE(load_text(&l, text, date_spec(&s, &feature)) == PLX_OK);
    REQUIRE(l.parts[0].n == COUNT(dates));
    const plx_layout *layout = plx_encoders_layout(l.encoders);
    CHECK(layout->n_sparse == 3 && layout->n_lists == 0 && layout->n_dense == 1);
    CHECK(layout->sparse[0].vocabulary == 25 && layout->sparse[1].vocabulary == 8 &&
          layout->sparse[2].vocabulary == 13);
    for (int i = 0; i < COUNT(dates); i++)
        check_record(&l.parts[0], (size_t)i, &dates[i], 946684800.0);
    REQUIRE(plx_rows_init(&made, &plx_allocator_default, layout, COUNT(dates), &l.error) == PLX_OK);
    const plx_column columns[] = {{.name = "x", .texts = cells}};
    CHECK_STATUS(encode_cells(l.encoders, columns, 1, COUNT(dates), false, made.records, &l.error), PLX_OK);
    for (int i = 0; i < COUNT(dates); i++)
        check_record(&made, (size_t)i, &dates[i], 946684800.0);
    plx_rows_release(&made, &plx_allocator_default);
    loaded_release(&l);
}

/* Each day of 400 years and some more, by counting. */
static void test_every_day_of_a_calendar(void)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = -135140; /* 1600-01-01 */
    for (int year = 1600; year <= 2010; year++) {
        const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= lengths[month - 1] + (month == 2 && is_leap); day++, days++) {
                const plx_day found = plx_day_of(days);
                if (found.year != year || found.month != month || found.day != day) {
                    CHECK(found.year == year && found.month == month && found.day == day);
                    return;
                }
            }
    }
    CHECK(days == 14975); /* 2011-01-01 */
}

static void test_reference_is_the_latest_of_the_fit(void)
{
    small_spec s;
    loaded l;
    plx_rows rows;
    const plx_feature_spec feature = {.missing = NAN, .parts = {age_alone, 1}, .scaling = PLX_SCALE_MINMAX};
    plx_table_spec *spec = date_spec(&s, &feature);
    spec->data.test_part = 1;
    REQUIRE(load_text(&l, "x,sold\n2024-01-01,1\n2024-01-11,0\n2024-01-06,1\n2030-01-01,1\n", spec) == PLX_OK);
    CHECK_CLOSE(dense_at(&l.parts[0], 0, 0), 1, 0);
    CHECK_CLOSE(dense_at(&l.parts[0], 1, 0), 0, 0);
    CHECK_CLOSE(dense_at(&l.parts[0], 2, 0), 0.5, 0);
    CHECK(dense_at(&l.parts[2], 0, 0) < -200); /* 2182 days later; the range is 10 */
    REQUIRE(read_file(l.encoders, "x\n2024-01-01 12:00\n", false, &rows, &l.error) == PLX_OK);
    CHECK_CLOSE(dense_at(&rows, 0, 0), 0.95, 1e-7);
    plx_rows_release(&rows, &plx_allocator_default);
    loaded_release(&l);
    spec->data.fit_on = PLX_FIT_ON_ALL;
    REQUIRE(load_text(&l, "x,sold\n2024-01-01,1\n2024-01-11,0\n2024-01-06,1\n2030-01-01,1\n", spec) == PLX_OK);
    CHECK_CLOSE(dense_at(&l.parts[2], 0, 0), 0, 0);
    loaded_release(&l);
}

/* A separate category in each part; an age only if `missing` gives one. */
static void test_missing_dates(void)
{
    small_spec s;
    loaded l;
    plx_rows rows;
    const char *const text = "x,sold\n2024-02-01 01:00,1\n,0\nNA,1\n2024-02-03 01:00,1\n";
    plx_feature_spec feature = {.missing = NAN, .parts = {ids_alone, 2}};
    plx_table_spec *spec = date_spec(&s, &feature);
    spec->data.missing = (plx_text_list)LIST("NA");
    REQUIRE(load_text(&l, text, spec) == PLX_OK);
    CHECK(id_at(&l.parts[0], 0, 0) == 2 && id_at(&l.parts[0], 0, 1) == 2);
    for (size_t row = 1; row < 3; row++)
        CHECK(id_at(&l.parts[0], row, 0) == 0 && id_at(&l.parts[0], row, 1) == 0);
    CHECK(plx_encoders_layout(l.encoders)->sparse[0].common == 0); /* a tie of two: the smaller id */
    loaded_release(&l);

    feature = (plx_feature_spec){.missing = NAN};
    spec = date_spec(&s, &feature);
    CHECK_STATUS(load_text(&l, text, spec), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "train.csv:3:1: a missing date in column 'x', which is read as an age");
    s.features[0].missing = INFINITY;
    s.features[0].missing_indicator = true;
    spec->data.missing = (plx_text_list)LIST("NA");
    REQUIRE(load_text(&l, text, spec) == PLX_OK);
    CHECK_CLOSE(dense_at(&l.parts[0], 0, 0), 2, 0);
    CHECK_CLOSE(dense_at(&l.parts[0], 1, 0), 1, 0); /* the mean of 2 and 0 days */
    CHECK_CLOSE(dense_at(&l.parts[0], 1, 1), 1, 0);
    CHECK_CLOSE(dense_at(&l.parts[0], 3, 1), 0, 0);
    const double nan = NAN;
    const plx_column none = {.name = "x", .numbers = &nan};
    REQUIRE(plx_rows_init(&rows, &plx_allocator_default, l.parts[0].layout, 1, &l.error) == PLX_OK);
    CHECK_STATUS(encode_cells(l.encoders, &none, 1, 1, false, rows.records, &l.error), PLX_OK);
    CHECK(id_at(&rows, 0, 0) == 0 && dense_at(&rows, 0, 1) == 1);
    plx_rows_release(&rows, &plx_allocator_default);
    loaded_release(&l);
}

static void check_unreadable(const char *cell, const char *message)
{
    small_spec s;
    loaded l;
    char text[256];
    const plx_feature_spec feature = {.missing = 0};
    plx_table_spec *spec = date_spec(&s, &feature);
    snprintf(text, sizeof text, "x,sold\n2024-01-01,0\n%s,1\n", cell);
    CHECK_STATUS(load_text(&l, text, spec), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "train.csv:3:1: ");
    CHECK_TEXT(l.error.message, message);
    spec->data.on_error = PLX_ON_ERROR_SKIP;
    spec->data.max_errors = 5;
    REQUIRE(load_text(&l, text, spec) == PLX_OK);
    CHECK(l.parts[0].n == 1 && l.wrong.wrong_rows == 1);
    CHECK_TEXT(l.wrong.wrong_row[0].message, message);
    const char *const cells[] = {"2024-01-01", cell};
    uint8_t records[64];
    REQUIRE(2 * l.parts[0].layout->record_bytes <= sizeof records);
    const plx_column column = {.name = "x", .texts = cells};
    CHECK_STATUS(encode_cells(l.encoders, &column, 1, 2, false, records, &l.error), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "row 2: ");
    CHECK_TEXT(l.error.message, message);
    loaded_release(&l);
}

static void test_invalid_dates(void)
{
    static const char *const texts[] = {
        "tomorrow",   "2024-02-30",       "2023-02-29", "1900-02-29",           "2024-13-01",  "2024-1-1",
        "01/02/2024", "2024-01-01 24:00", "12:00:00",   "2024-01-01T12:00:00X", "20240101T00", "2024-01-01 12:60"};
    for (int i = 0; i < COUNT(texts); i++)
        check_unreadable(texts[i], "is not a date; column 'x' is declared datetime: write YYYY-MM-DD");
    check_unreadable("1700000000", "'1700000000' is a number and not a date; column 'x'");
    check_unreadable("20240101", "is a number and not a date");
    check_unreadable("null", "set data.missing: ['null']");
    check_unreadable("nan", "'nan' is not a date");
    check_unreadable("1e400", "is a number and not a date");
}

static void test_numbers_in_memory_are_no_dates(void)
{
    small_spec s;
    loaded l;
    uint8_t record[64];
    const double number = 19723;
    const int64_t integer = 1704067200;
    const plx_feature_spec feature = {.missing = 0};
    REQUIRE(load_text(&l, "x,sold\n2024-01-01,0\n", date_spec(&s, &feature)) == PLX_OK);
    const plx_column cells[] = {{.name = "x", .numbers = &number}, {.name = "x", .integers = &integer}};
    for (int i = 0; i < COUNT(cells); i++) {
        CHECK_STATUS(encode_cells(l.encoders, &cells[i], 1, 1, false, record, &l.error), PLX_ERR_SCHEMA);
        CHECK_TEXT(l.error.message, "is a number and not a date");
    }
    loaded_release(&l);
}

static void check_refused(plx_feature_spec feature, const char *message)
{
    small_spec s;
    loaded l;
    plx_table_spec *spec = date_spec(&s, &feature);
    s.features[0].parts = feature.parts;
    CHECK_STATUS(load_text(&l, "x,sold\n2024-01-01,0\n", spec), PLX_ERR_ARGUMENT);
    CHECK_TEXT(l.error.message, message);
}

static void test_options_that_do_not_fit(void)
{
    int twice[] = {PLX_DATE_HOUR, PLX_DATE_HOUR};
    double falling[] = {2, 1};
    const plx_int_list all = {all_parts, COUNT(all_parts)};
    check_refused((plx_feature_spec){.missing = 0}, "'parts' must list at least one");
    check_refused((plx_feature_spec){.missing = 0, .parts = {twice, 2}}, "'parts' lists hour twice");
    check_refused((plx_feature_spec){.parts = all, .reference = "today"}, "'reference' is a date such as 2024-01-31");
    check_refused((plx_feature_spec){.parts = all, .clip = {falling, 2}}, "'clip' takes two numbers");

    small_spec s;
    loaded l;
    const plx_feature_spec feature = {.missing = 0};
    plx_table_spec *spec = date_spec(&s, &feature);
    s.features[1].column = "x";
    spec->n_features = 2;
    CHECK_STATUS(load_text(&l, "x,sold\n2024-01-01,0\n", spec), PLX_ERR_ARGUMENT);
    CHECK_TEXT(l.error.message, "'size' reads numbers from the same column");
    spec = date_spec(&s, &feature);
    spec->data.row_weight = "x";
    CHECK_STATUS(load_text(&l, "x,sold\n2024-01-01,0\n", spec), PLX_ERR_ARGUMENT);
    CHECK_TEXT(l.error.message, "column 'x' is read as dates by a datetime feature, and as numbers");
    spec = date_spec(&s, &feature); /* the table of another feature has the name of a part's table */
    s.features[1] = s.features[0];
    s.features[0] = (plx_feature_spec){.name = "when/hour", .column = "x", .kind = PLX_FEATURE_SPARSE};
    spec->n_features = 2;
    CHECK_STATUS(load_text(&l, "x,sold\n2024-01-01,0\n", spec), PLX_ERR_ARGUMENT);
    CHECK_TEXT(l.error.message, "the table 'when/hour' is that of datetime, which no other feature shares");
}

static void test_no_date_to_count_from(void)
{
    small_spec s;
    loaded l;
    const plx_feature_spec feature = {.missing = 3};
    plx_table_spec *spec = date_spec(&s, &feature);
    CHECK_STATUS(load_text(&l, "x,sold\n,0\n,1\n", spec), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "no row of the fit has a date in column 'x'");
    s.features[0].reference = "2024-01-01";
    REQUIRE(load_text(&l, "x,sold\n,0\n,1\n", spec) == PLX_OK);
    CHECK_CLOSE(dense_at(&l.parts[0], 0, 0), 3, 0);
    loaded_release(&l);
}

/* The same column also as a category. */
static void test_dates_are_categories_too(void)
{
    small_spec s;
    loaded l;
    const plx_feature_spec feature = {.missing = 0};
    plx_table_spec *spec = date_spec(&s, &feature);
    s.features[1] = s.features[0];
    s.features[0] = (plx_feature_spec){.name = "text", .column = "x", .kind = PLX_FEATURE_SPARSE};
    spec->n_features = 2;
    REQUIRE(load_text(&l, "x,sold\n2024-01-01 00:00:00,0\n2024-01-01,1\n2024-05-01,1\n", spec) == PLX_OK);
    CHECK(id_at(&l.parts[0], 0, 0) == 1 && id_at(&l.parts[0], 1, 0) == 1 && id_at(&l.parts[0], 2, 0) == 2);
    CHECK(id_at(&l.parts[0], 2, 3) == 5 && id_at(&l.parts[0], 0, 3) == 1);
    loaded_release(&l);
}

static void check_damaged(const plx_table_spec *spec, const tensor_list *list, const char *message)
{
    plx_encoders *e = NULL;
    plx_error err;
    CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, spec, find_tensor, list, &e, &err), PLX_ERR_FORMAT);
    CHECK_TEXT(err.message, message);
}

static void test_stored_state_is_not_trusted(void)
{
    small_spec s;
    loaded l;
    plx_arena arena;
    static const int64_t bad_common[] = {25, 0, 0, 0}, bad_age[] = {0, 0, 0, 1}, far[] = {INT64_MAX}, other[] = {1};
    const plx_feature_spec feature = {.missing = 0, .reference = "2024-01-01"};
    plx_table_spec *spec = date_spec(&s, &feature);
    REQUIRE(load_text(&l, "x,sold\n2024-01-01,0\n", spec) == PLX_OK);
    plx_arena_init(&arena, &plx_allocator_default);
    const tensor_list list = copy_tensors(l.encoders, &arena);
    plx_tensor *common = change_tensor(&list, "datetime/when/common"), kept = *common;
    common->data = bad_common;
    check_damaged(spec, &list, "the most frequent part of the dates of 'when' is not one of its parts");
    common->data = bad_age;
    check_damaged(spec, &list, "the most frequent part of the dates of 'when' is not one of its parts");
    *common = kept;
    common->dims[0] = 3;
    check_damaged(spec, &list, "has the wrong type or shape");
    *common = kept;
    plx_tensor *reference = change_tensor(&list, "datetime/when/reference");
    reference->data = far;
    check_damaged(spec, &list, "the reference of 'when' is not a date");
    reference->data = other;
    check_damaged(spec, &list, "the reference of 'when' is not that of the configuration");
    plx_arena_release(&arena);
    loaded_release(&l);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_texts),
        CHECK_TEST(test_every_day_of_a_calendar),
        CHECK_TEST(test_reference_is_the_latest_of_the_fit),
        CHECK_TEST(test_missing_dates),
        CHECK_TEST(test_invalid_dates),
        CHECK_TEST(test_numbers_in_memory_are_no_dates),
        CHECK_TEST(test_options_that_do_not_fit),
        CHECK_TEST(test_no_date_to_count_from),
        CHECK_TEST(test_dates_are_categories_too),
        CHECK_TEST(test_stored_state_is_not_trusted),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
