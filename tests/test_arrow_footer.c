/* SPDX-License-Identifier: Apache-2.0 */
/* The Arrow schema in a Parquet file's footer: its contents; and wrong bytes never lead to a read outside of it. */
#include "base/alloc.h"
#include "check.h"
#include "files/arrow_footer.h"

/* Of tests/parquet/durations.parquet, as pyarrow wrote it. */
static const char schema[] =
    "/////8ABAAAQAAAAAAAKAAwABgAFAAgACgAAAAABBAAMAAAACAAIAAAABAAIAAAABAAAAAcAAABkAQAAKAEAAPwAAADQAAAAdAAA"
    "ADgAAAAEAAAAyP7//wAAAQIQAAAAGAAAAAQAAAAAAAAABQAAAGNsaWNrAAAA0P///wAAAAFAAAAA+P7//wAAAQIQAAAAIAAAAAQA"
    "AAAAAAAABgAAAG51bWJlcgAACAAMAAgABwAIAAAAAAAAAUAAAAAw////AAABDBQAAAAcAAAABAAAAAEAAAAUAAAABAAAAGxpc3QA"
    "AAAAYP///1z///8AAAESEAAAABgAAAAEAAAAAAAAAAQAAABpdGVtAAAAAFL///8AAAAAiP///wAAARIQAAAAFAAAAAQAAAAAAAAA"
    "AgAAAG5zAAB6////AAADALD///8AAAESEAAAABQAAAAEAAAAAAAAAAIAAAB1cwAAov///wAAAgDY////AAABEhAAAAAYAAAABAAA"
    "AAAAAAACAAAAbXMAAAQABAAEAAAAEAAUAAgABgAHAAwAAAAQABAAAAAAAAESEAAAABgAAAAEAAAAAAAAAAEAAABzAAYACAAGAAYA"
    "AAAAAAAA";

static const struct {
    const char *name;
    char unit; /* in a duration */
} columns[] = {{"s", 's'}, {"ms", 'm'}, {"us", 'u'}, {"ns", 'n'}, {"list", 0}, {"number", 0}, {"click", 0}};
enum { N_COLUMNS = sizeof columns / sizeof *columns, LIST = 4 };

static void test_durations(void)
{
    plx_arrow_footer f;
    CHECK(plx_arrow_footer_init(&f, &plx_allocator_default, schema));
    for (int i = 0; i < N_COLUMNS; i++) {
        const size_t field = plx_arrow_footer_column(&f, i, columns[i].name);
        CHECK(field > 0);
        CHECK(plx_arrow_footer_duration(&f, field) == columns[i].unit);
        CHECK(plx_arrow_footer_column(&f, i, "other") == 0);
        const size_t item = plx_arrow_footer_child(&f, field, 0);
        CHECK((item > 0) == (i == LIST));
        CHECK(plx_arrow_footer_duration(&f, item) == (i == LIST ? 's' : 0));
        CHECK(plx_arrow_footer_child(&f, field, 1) == 0);
    }
    CHECK(plx_arrow_footer_column(&f, N_COLUMNS, "s") == 0);
    CHECK(plx_arrow_footer_column(&f, -1, "s") == 0);
    plx_arrow_footer_release(&f, &plx_allocator_default);
}

static void test_nothing(void)
{
    static const char *const texts[] = {NULL, "", "=", "AAAA", "/////wAAAAA=", "not base64!"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        plx_arrow_footer f;
        CHECK(plx_arrow_footer_init(&f, &plx_allocator_default, texts[i]));
        CHECK(plx_arrow_footer_column(&f, 0, "s") == 0);
        CHECK(plx_arrow_footer_duration(&f, 0) == 0);
        plx_arrow_footer_release(&f, &plx_allocator_default);
    }
}

/* Reads everything; a sanitizer reports reads outside. */
static void visit(const plx_arrow_footer *f)
{
    for (int i = 0; i < N_COLUMNS; i++) {
        const size_t field = plx_arrow_footer_column(f, i, columns[i].name);
        const size_t item = plx_arrow_footer_child(f, field, 0);
        CHECK(field < f->n + 1 && item < f->n + 1);
        const char units[] = {plx_arrow_footer_duration(f, field), plx_arrow_footer_duration(f, item)};
        for (int k = 0; k < 2; k++)
            CHECK(units[k] == 0 || strchr("smun", units[k]));
    }
}

static void test_wrong_bytes(void)
{
    static const uint8_t wrong[] = {0, 1, 0x7f, 0x80, 0xfc, 0xff};
    plx_arrow_footer f, part;
    CHECK(plx_arrow_footer_init(&f, &plx_allocator_default, schema));
    for (size_t at = 0; at < f.n; at++) {
        const uint8_t was = f.bytes[at];
        for (size_t i = 0; i < sizeof wrong; i++) {
            f.bytes[at] = wrong[i];
            visit(&f);
        }
        f.bytes[at] = was;
    }
    plx_arrow_footer_release(&f, &plx_allocator_default);
    for (size_t length = 0; length < sizeof schema; length++) {
        char text[sizeof schema];
        snprintf(text, sizeof text, "%.*s", (int)length, schema);
        CHECK(plx_arrow_footer_init(&part, &plx_allocator_default, text));
        visit(&part);
        plx_arrow_footer_release(&part, &plx_allocator_default);
    }
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_durations), CHECK_TEST(test_nothing),
                                       CHECK_TEST(test_wrong_bytes)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
