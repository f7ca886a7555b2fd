/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that cannot be read: they end reading at their place, and a skipped row leaves no trace. */
#include "check.h"

#include "data/dictionary.h"
#include "data_support.h"

static plx_table_spec *skipping(small_spec *s, int64_t max_errors)
{
    small_spec_init(s);
    s->features[0].vocabulary = PLX_ORDER_FIRST_SEEN;
    s->spec.data.on_error = PLX_ON_ERROR_SKIP;
    s->spec.data.max_errors = max_errors;
    return &s->spec;
}

/* Loads `text` and its right rows: both must give the same records and vocabulary. */
static void check_same(const char *text, const char *right, int64_t n_wrong, const char *message)
{
    small_spec s;
    loaded a, b;
    skipping(&s, 100);
    REQUIRE(load_text(&b, right, &s.spec) == PLX_OK);
    CHECK_STATUS(load_text(&a, text, &s.spec), PLX_OK);
    REQUIRE(a.encoders);
    CHECK(a.wrong.wrong_rows == n_wrong && b.wrong.wrong_rows == 0);
    CHECK_TEXT(a.wrong.wrong_row[n_wrong - 1].message, message);
    CHECK(vocabulary_of(a.encoders, 0) == vocabulary_of(b.encoders, 0));
    CHECK(a.parts[0].n == b.parts[0].n);
    CHECK(memcmp(a.parts[0].records, b.parts[0].records, b.parts[0].n * b.parts[0].layout->record_bytes) == 0);
    loaded_release(&a);
    loaded_release(&b);
}

static void test_no_trace(void)
{
    const char *right = "color,size,sold\nred,1,0\nblue,2,1\nred,2,1\n";
    check_same("color,size,sold\nred,1,0\npink,x,1\nblue,2,1\nred,2,1\n", right, 1,
               "train.csv:3:6: 'x' is not a number");
    check_same("color,size,sold\nred,1,0\npink,2,3\nblue,2,1\npink,2,3\nred,2,1\n", right, 2, "train.csv:5:8: ");
    check_same("color,size,sold\nred,1,0\npink,2\nblue,2,1\npink,2,1,1\nred,2,1\n", right, 2,
               "train.csv:5: the row has 4 cells, expected 3");
    check_same("color,size,sold\nred,1,0\nblue,2,1\n\"pink\"er,2,1\nred,2,1\n", right, 1,
               "train.csv:4:7: text after the closing quote");
    check_same("color,size,sold\nred,1,0\nblue,2,1\n\"pink,2,1\nred,2,1\n", right, 1,
               "train.csv:4:1: the quote that starts this cell is never closed");
    check_same("color,size,sold\nred,1,0\nblue,2,1\nred,2,1\npink,,0", right, 1, "train.csv:5:6: ");
}

/*
 * Rows of other parts with a label that is missing in the training rows are also skipped, with their places reported.
 */
static void test_unknown_classes(void)
{
    static const char train[] = "color,size,sold\na,1,red\na,x,blue\na,1,blue\n",
                      valid[] = "color,size,sold\na,1,red\na,oops,red\na,1,violet\na,2,blue\na,1,green\n";
    static const char *const messages[] = {"train.csv:3:3: 'x' is not a number",
                                           "valid.csv:3:3: 'oops' is not a number",
                                           "valid.csv:4:5: 'violet' is not a label of task 'sold'",
                                           "valid.csv:6:5: 'green' is not a label of task 'sold'"};
    small_spec s;
    loaded l;
    folder f = folder_make();
    skipping(&s, 4);
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    s.spec.data.validation = (plx_text_list)LIST("valid.csv");
    write_text(&f, "train.csv", train);
    write_text(&f, "valid.csv", valid);
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_OK);
    CHECK(l.wrong.wrong_rows == 4 && l.parts[0].n == 2 && l.parts[1].n == 2);
    for (int i = 0; i < COUNT(messages); i++)
        CHECK_TEXT(l.wrong.wrong_row[i].message, messages[i]);
    CHECK(label_at(&l.parts[1], 0, 0) == 1 && label_at(&l.parts[1], 1, 0) == 0);
    loaded_release(&l);
    s.spec.data.max_errors = 3;
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "more than data.max_errors = 3 wrong rows, the last of them: ");
    CHECK_TEXT(l.error.message, "valid.csv:6:5: 'green' is not a label");
    loaded_release(&l);
    /* Parts split off the training file: the split counts all rows. */
    s.spec.data.max_errors = 9;
    s.spec.data.validation.n = 0;
    s.spec.data.validation_part = 3;
    write_text(&f, "train.csv", "color,size,sold\na,1,red\na,1,blue\na,1,red\na,1,pink\na,1,blue\n");
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_OK);
    CHECK(l.wrong.wrong_rows == 1 && l.parts[0].n == 2 && l.parts[1].n == 2);
    CHECK_TEXT(l.wrong.wrong_row[0].message, "train.csv:5:5: 'pink' is not a label");
    loaded_release(&l);
    s.spec.data.on_error = PLX_ON_ERROR_STOP;
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "train.csv:5:5: 'pink' is not a label");
    loaded_release(&l);
    folder_remove(&f);
}

/* A number that is equal to one in a skipped row is read right. */
static void test_remembered_number(void)
{
    check_same("color,size,sold\nred,1,0\npink,7,5\nred,7,1\nred,7,1\n", "color,size,sold\nred,1,0\nred,7,1\nred,7,1\n",
               1, "train.csv:3:8: ");
}

/* Many new texts, every second one in a skipped row: the tables of texts grow in between. */
static void test_many(void)
{
    plx_string text, right;
    plx_string_init(&text, &plx_allocator_default);
    plx_string_init(&right, &plx_allocator_default);
    plx_string_format(&text, "color,size,sold\n");
    plx_string_format(&right, "color,size,sold\n");
    for (int i = 0; i < 3000; i++) {
        bool is_wrong = i % 40 == 3;
        plx_string_format(&text, "c%d,%d,%s\n", i * 7 % 2003, i, is_wrong ? "no" : "1");
        if (!is_wrong) plx_string_format(&right, "c%d,%d,1\n", i * 7 % 2003, i);
    }
    small_spec s;
    loaded a, b;
    skipping(&s, 1000);
    REQUIRE(load_text(&b, right.text, &s.spec) == PLX_OK);
    REQUIRE(load_text(&a, text.text, &s.spec) == PLX_OK);
    CHECK(a.wrong.wrong_rows == 75);
    CHECK_TEXT(a.wrong.wrong_row[9].message, "train.csv:365:");
    CHECK(a.parts[0].n == b.parts[0].n);
    CHECK(memcmp(a.parts[0].records, b.parts[0].records, b.parts[0].n * b.parts[0].layout->record_bytes) == 0);
    loaded_release(&a);
    loaded_release(&b);
    plx_string_release(&text);
    plx_string_release(&right);
}

static void test_limit(void)
{
    const char *text = "color,size,sold\nred,1,0\nred,x,0\nred,y,0\nred,z,0\n";
    small_spec s;
    loaded l;
    CHECK_STATUS(load_text(&l, text, skipping(&s, 3)), PLX_OK);
    CHECK(l.wrong.wrong_rows == 3 && l.parts[0].n == 1);
    loaded_release(&l);
    CHECK_STATUS(load_text(&l, text, skipping(&s, 2)), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "more than data.max_errors = 2 wrong rows, the last of them");
    CHECK_TEXT(l.error.message, "train.csv:5:5: ");
    s.spec.data.on_error = PLX_ON_ERROR_STOP;
    CHECK_STATUS(load_text(&l, text, &s.spec), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "train.csv:3:5: ");
    CHECK(l.wrong.wrong_rows == 0);
}

/* A mistake of the file as a whole is an error in any case. */
static void test_whole_file(void)
{
    small_spec s;
    loaded l;
    CHECK_STATUS(load_text(&l, "", skipping(&s, 100)), PLX_ERR_FORMAT);
    CHECK_STATUS(load_text(&l, "color,size\nred,1\n", &s.spec), PLX_ERR_SCHEMA);
    CHECK_STATUS(load_text(&l, "color,size,sold\nred,x,1\n", &s.spec), PLX_ERR_SCHEMA);
    CHECK(l.wrong.wrong_rows == 1);
}

/* Messages are UTF-8, whatever the cells hold and wherever they are truncated. */
static void test_error_texts(void)
{
    small_spec s;
    loaded l;
    plx_string text;
    REQUIRE(load_text(&l, "color,size,sold\nred,1,0\nred,\xff\xc3(\xc3\xa9,0\n", skipping(&s, 100)) == PLX_OK);
    CHECK_TEXT(l.wrong.wrong_row[0].message, "'?\?(\xc3\xa9'");
    loaded_release(&l);
    plx_string_init(&text, &plx_allocator_default);
    plx_string_format(&text, "color,size,sold\nred,1,0\n");
    for (int i = 0; i < 9; i++) {
        plx_string_format(&text, "red,%.*s", i, "abcdefghi");
        for (int k = 0; k < 300; k++)
            plx_string_format(&text, "\xe2\x82\xac");
        plx_string_format(&text, ",0\n");
    }
    REQUIRE(load_text(&l, text.text, &s.spec) == PLX_OK);
    for (int i = 0; i < 9; i++)
        for (const char *at = l.wrong.wrong_row[i].message; *at; at++)
            CHECK((*at & 0x80) == 0 || (memcmp(at, "\xe2\x82\xac", 3) == 0 && (at += 2)));
    loaded_release(&l);
    plx_string_release(&text);
}

static void test_dictionary_drop(void)
{
    plx_dictionary d;
    plx_dictionary_init(&d, &plx_allocator_default, plx_hash_seed_draw());
    char text[32];
    for (int round = 0; round < 300; round++) {
        for (int i = 0; i < 5; i++) {
            int length = snprintf(text, sizeof text, "t%u", d.n);
            const plx_slice slice = {text, (size_t)length};
            REQUIRE(plx_dictionary_add(&d, slice, plx_dictionary_hash(&d, slice)));
        }
        plx_dictionary_drop(&d);
        plx_dictionary_drop(&d);
    }
    CHECK(d.n == 900);
    for (uint32_t i = 0; i < 902; i++) {
        int length = snprintf(text, sizeof text, "t%u", i);
        const plx_slice slice = {text, (size_t)length};
        const uint32_t found = plx_dictionary_find(&d, slice, plx_dictionary_hash(&d, slice));
        CHECK(found == (i < 900 ? i : PLX_NOT_FOUND));
    }
    plx_dictionary_release(&d);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_unknown_classes),
                                       CHECK_TEST(test_no_trace),
                                       CHECK_TEST(test_remembered_number),
                                       CHECK_TEST(test_many),
                                       CHECK_TEST(test_limit),
                                       CHECK_TEST(test_whole_file),
                                       CHECK_TEST(test_error_texts),
                                       CHECK_TEST(test_dictionary_drop)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
