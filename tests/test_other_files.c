/* SPDX-License-Identifier: Apache-2.0 */
/* Other files in place of CSV, incomplete CSV, and folders' contents: they are read, or the message names a remedy. */
#include "check.h"

#include <sys/stat.h>

#include "data/encoders.h"
#include "data_support.h"

static const char sales[] = "color,size,sold\nred,1,0\nblue,3,1\nred,5,0\ngreen,2,1\n";

static plx_status load_bytes(loaded *l, const char *bytes, size_t n, const plx_table_spec *spec)
{
    folder f = folder_make();
    write_bytes(&f, "train.csv", bytes, n);
    plx_status status = load_spec(l, &f, spec);
    folder_remove(&f);
    return status;
}

static void check_bytes(const char *bytes, size_t n, const plx_table_spec *spec, const char *message)
{
    loaded l;
    plx_status status = load_bytes(&l, bytes, n, spec);
    CHECK(status == PLX_ERR_FORMAT || status == PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "train.csv:");
    CHECK_TEXT(l.error.message, message);
    loaded_release(&l);
}

static void check_text(const char *text, const plx_table_spec *spec, const char *message)
{
    check_bytes(text, strlen(text), spec, message);
}

/* -- Files that are not CSV ---------------------------------------------------------------------------------------- */

static void test_signatures(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *message;
    } files[] = {{"ARROW1\0\0rest of it", 19, "Arrow file (Feather)"},
                 {"FEA1rest", 8, "Arrow file (Feather)"},
                 {"\xff\xff\xff\xff\x10\0\0\0", 8, "Arrow stream"},
                 {"\x80\4\x95rest", 7, "pickle of Python"},
                 {"\x80\2crest", 7, "pickle of Python"},
                 {"7z\xbc\xaf\x27\x1crest", 10, "7z archive"},
                 {"\xd0\xcf\x11\xe0rest", 8, "Excel workbook (.xls)"},
                 {"SQLite format 3\0", 16, "SQLite"},
                 {"\x89HDF\r\n", 6, "HDF5"},
                 {"ORCrest", 7, "ORC"},
                 {"Obj\1rest", 8, "Avro"},
                 {"\x93NUMPY\1\0", 8, "NumPy"},
                 {"%PDF-1.4\n", 9, "PDF"},
                 {"<!DOCTYPE html><html>\n", 22, "is a web page"},
                 {"<HTML>\n", 7, "is a web page"},
                 {"<?xml version=\"1.0\"?>\n", 22, "is XML"},
                 {"version https://git-lfs.github.com/spec/v1\noid sha256:abc\n", 57, "Git LFS pointer"}};
    small_spec s;
    small_spec_init(&s);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        check_bytes(files[i].bytes, files[i].n, &s.spec, files[i].message);
    s.spec.data.format = PLX_FORMAT_CSV;
    check_bytes("PAR1rest", 8, &s.spec, "set data.format to auto or parquet");
}

/* A tar in gzip, and gzip in gzip. */
static void test_packed(void)
{
    char tar[512] = "rows.csv", packed[2048], twice[2048];
    small_spec s;
    loaded l;
    folder f = folder_make();
    memset(tar + 8, 'x', 249);
    memcpy(tar + 257, "ustar", 5);
    memset(tar + 262, 'x', 240);
    tar[502] = '\0';
    write_compressed(&f, "train.csv", ARCHIVE_FILTER_GZIP, tar);
    CHECK_STATUS(load_spec(&l, &f, small_spec_init(&s)), PLX_ERR_FORMAT);
    CHECK_TEXT(l.error.message, "tar archive; unpack it");
    loaded_release(&l);
    memset(packed, 0, sizeof packed);
    compress_text(ARCHIVE_FILTER_BZIP2, sales, packed, sizeof packed);
    if (memchr(packed, 0, 12)) SKIP("libarchive without bzip2");
    packed[12] = '\0'; /* a text to compress a second time; its beginning is enough */
    const size_t n = compress_text(ARCHIVE_FILTER_GZIP, packed, twice, sizeof twice);
    write_bytes(&f, "train.csv", twice, n);
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_FORMAT);
    CHECK_TEXT(l.error.message, "compressed twice");
    loaded_release(&l);
    folder_remove(&f);
}

/* A zip of files with the same text; returns the number of bytes. */
static size_t make_zip(const char *const *names, int n, const char *packing, const char *text, char *out,
                       size_t capacity)
{
    size_t used = 0;
    struct archive *a = archive_write_new();
    if (archive_write_set_format_zip(a) != ARCHIVE_OK || archive_write_set_options(a, packing) != ARCHIVE_OK ||
        archive_write_open_memory(a, out, capacity, &used) != ARCHIVE_OK)
        abort();
    for (int i = 0; i < n; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, names[i]);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_size(entry, (la_int64_t)strlen(text));
        if (archive_write_header(a, entry) != ARCHIVE_OK || archive_write_data(a, text, strlen(text)) < 0) abort();
        archive_entry_free(entry);
    }
    archive_write_close(a);
    archive_write_free(a);
    return used;
}

static void test_zip(void)
{
    static const char *const names[] = {"in/sales.csv", "__MACOSX/._sales.csv", ".notes", "more.csv"};
    static const char *const packings[] = {"zip:compression=store", "zip:compression=deflate"};
    static const float sizes[] = {1, 3, 5, 2};
    char bytes[8192], wrong[8192];
    small_spec s;
    loaded l;
    small_spec_init(&s);
    for (int i = 0; i < 2; i++) {
        const size_t n = make_zip(names, 3, packings[i], sales, bytes, sizeof bytes);
        REQUIRE(load_bytes(&l, bytes, n, &s.spec) == PLX_OK);
        CHECK(l.parts[0].n == 4 && dense_at(&l.parts[0], 3, 0) == 2);
        loaded_release(&l);
        for (size_t length = 4; length < n; length += 5)
            check_bytes(bytes, length, &s.spec, "get the file again");
        /* A flipped bit in the read data never gives other rows. */
        for (size_t bit = 0; bit < 8 * n; bit += 3) {
            memcpy(wrong, bytes, n);
            wrong[bit / 8] = (char)(wrong[bit / 8] ^ 1 << bit % 8);
            if (memcmp(wrong, "PK", 2) != 0) continue;
            if (load_bytes(&l, wrong, n, &s.spec) == PLX_OK) {
                CHECK(l.parts[0].n == 4);
                for (size_t row = 0; row < 4 && l.parts[0].n == 4; row++)
                    CHECK(dense_at(&l.parts[0], row, 0) == sizes[row]);
            }
            loaded_release(&l);
        }
    }
    check_bytes(bytes, make_zip(names, 4, packings[1], sales, bytes, sizeof bytes), &s.spec,
                "is a zip archive with 2 files (in/sales.csv, more.csv), and only one is read; unpack it");
    check_bytes(bytes, make_zip(names + 1, 2, packings[1], sales, bytes, sizeof bytes), &s.spec, "without a file");
    static const char *const book[] = {"xl/workbook.xml", "a", "b", "c", "d", "[Content_Types].xml"};
    check_bytes(bytes, make_zip(book, 6, packings[1], "<x/>", bytes, sizeof bytes), &s.spec, "Excel workbook (.xlsx)");
}

/* `text` in units of `width` bytes; the letter is byte `place` of each. */
static size_t widen(const char *text, size_t width, size_t place, char *out)
{
    size_t n = 0;
    for (; *text; text++)
        for (size_t i = 0; i < width; i++)
            out[n++] = i == place ? *text : '\0';
    return n;
}

static void test_wide_texts(void)
{
    static const struct {
        size_t width, place;
        const char *message;
    } kinds[] = {{2, 0, "UTF-16"}, {2, 1, "UTF-16"}, {4, 0, "UTF-32"}, {4, 3, "UTF-32"}};
    char bytes[8 * sizeof sales];
    small_spec s;
    small_spec_init(&s);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        check_bytes(bytes, widen(sales, kinds[i].width, kinds[i].place, bytes), &s.spec, kinds[i].message);
    /* Binary files also have many bytes of 0. */
    static const char *const magics[][2] = {{"\xd0\xcf\x11\xe0", ".xls"},
                                            {"SQLite format 3", "SQLite"},
                                            {"ORC", "ORC"},
                                            {"\x89HDF", "HDF5"},
                                            {"\x7f"
                                             "ELF",
                                             "no column"}};
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        memset(bytes, 0, 256);
        memcpy(bytes, magics[i][0], strlen(magics[i][0]));
        check_bytes(bytes, 256, &s.spec, magics[i][1]);
    }
    memcpy(bytes, "\xff\xfe\0\0", 4);
    check_bytes(bytes, 4 + widen(sales, 4, 0, bytes + 4), &s.spec, "UTF-32");
    memcpy(bytes, "\xff\xfe", 2);
    check_bytes(bytes, 2 + widen(sales, 2, 0, bytes + 2), &s.spec, "UTF-16");
}

/* -- Headers ----------------------------------------------------------------------------------------------------- */

static void test_header_is_shown(void)
{
    small_spec s;
    small_spec_init(&s);
    check_text("color;size;sold\nred;1;0\n", &s.spec,
               "it reads 'color;size;sold'; it is one cell: is data.delimiter ';'?");
    check_text("color\tsize\tsold\n", &s.spec,
               "it reads 'color\\tsize\\tsold'; it is one cell: is data.delimiter tab?");
    check_text("color\1size\1sold\n", &s.spec, "is data.delimiter \"\\x01\"?");
    check_text("color::size::sold\n", &s.spec, "is data.delimiter '::'?");
    check_text("color||size||sold\n", &s.spec, "is data.delimiter '||'?");
    check_text("colour,size,sold\n", &s.spec, "no column 'color'; did you mean 'colour'?; it reads 'colour,size,sold'");
    check_text("{\"color\": \"red\", \"size\": 1}\n", &s.spec, "is JSON: write its rows as CSV");
    check_text("[{\"color\": \"red\", \"size\": 1},\n{}]\n", &s.spec, "is JSON: write its rows as CSV");
    check_text("{\n  \"color\": [\"red\"]\n}\n", &s.spec, "is the file JSON?");
    check_text("a,b\rc,d\ncolor,size,sold\n", &s.spec, "some lines end with CR and others with LF");
    s.spec.data.delimiter = ";";
    check_text(sales, &s.spec, "it is one cell: is data.delimiter ','?");
}

/* -- Cells ------------------------------------------------------------------------------------------------------- */

static void test_missing_is_advised(void)
{
    static const char *const texts[] = {"NA", "N/A", "None", "null", "NULL", "\\N", "-", "?", "#N/A", "<NA>"};
    small_spec s;
    small_spec_init(&s);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[100], message[100];
        loaded l;
        snprintf(text, sizeof text, "color,size,sold\nred,%s,0\nblue,2,1\n", texts[i]);
        snprintf(message, sizeof message, "set data.missing: ['%s']", texts[i]);
        check_text(text, &s.spec, message);
        char *missing[] = {(char *)(uintptr_t)texts[i]};
        small_spec filled = s;
        small_spec_init(&filled)->data.missing = (plx_text_list){missing, 1};
        filled.features[1].missing = 7;
        REQUIRE(load_bytes(&l, text, strlen(text), &filled.spec) == PLX_OK);
        CHECK(dense_at(&l.parts[0], 0, 0) == 7);
        loaded_release(&l);
    }
    check_text("color,size,sold\nred,abc,0\n", &s.spec, "train.csv:2:5: 'abc' is not a number; column 'size'");
}

static void test_bytes_of_0(void)
{
    static const char number[] = "color,size,sold\nred,5\0,0\n", label[] = "color,size,sold\nred,5,a\0b\nred,5,c\n";
    small_spec s;
    small_spec_init(&s);
    check_bytes(number, sizeof number - 1, &s.spec, "train.csv:2:5: '5\\x00' is not a number");
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    check_bytes(label, sizeof label - 1, &s.spec, "train.csv:2:7: a text in column 'sold' has the character NUL");
}

static void test_open_quotes(void)
{
    small_spec s;
    small_spec_init(&s);
    check_text("color,size,sold\n\"red,1,0\nblue,3,1\n", &s.spec, "train.csv:2:1: the quote that starts this cell");
    check_text("color,size,sold\n\"red,1,0\nblue,3,1\n", &s.spec, "set data.quote: ''");
    check_text("color,size,sold\na,1,0\n\"red,1,0\nbl\"ue,3,1\n", &s.spec,
               "train.csv:3:1: the quote that starts this cell ends on a later line");
    check_text("color,size,sold\n\"red,1,0\nblue,3,1\n\",1,0,1,0\n", &s.spec, "is its quote unclosed?");
    s.spec.data.quote = "";
    loaded l;
    REQUIRE(load_bytes(&l, "color,size,sold\n\"red,1,0\nblue,3,1\n", 33, &s.spec) == PLX_OK);
    CHECK(l.parts[0].n == 2);
    loaded_release(&l);
}

/* -- Files without rows ------------------------------------------------------------------------------------------ */

static void test_empty_parts(void)
{
    small_spec s;
    loaded l;
    folder f = folder_make();
    small_spec_init(&s)->data.train = (plx_text_list){(char *[]){"*.csv"}, 1};
    write_text(&f, "a.csv", sales);
    write_text(&f, "b.csv", "color,size,sold\n");
    write_text(&f, "c.csv", "");
    write_text(&f, "d.csv", "color,size,sold\nred,1,0\n");
    REQUIRE(load_spec(&l, &f, &s.spec) == PLX_OK);
    CHECK(l.parts[0].n == 5);
    loaded_release(&l);
    s.spec.data.train = (plx_text_list){(char *[]){"[bc].csv"}, 1};
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_FORMAT);
    CHECK_TEXT(l.error.message, "[bc].csv: none of its 2 files has a row");
    loaded_release(&l);
    folder_remove(&f);
    check_text("color,size,sold\n", small_spec_init(&s), "a header without rows");
    plx_rows rows = {0};
    REQUIRE(load_bytes(&l, sales, sizeof sales - 1, small_spec_init(&s)) == PLX_OK);
    CHECK_STATUS(read_file(l.encoders, "color,size\n", false, &rows, &l.error), PLX_OK);
    CHECK(rows.n == 0);
    plx_rows_release(&rows, &plx_allocator_default);
    CHECK_STATUS(read_file(l.encoders, "size\n", false, &rows, &l.error), PLX_ERR_SCHEMA);
    CHECK_STATUS(read_file(l.encoders, "", false, &rows, &l.error), PLX_ERR_FORMAT);
    CHECK_TEXT(l.error.message, "rows.csv: the file is empty");
    loaded_release(&l);
}

/* -- Files from spreadsheets --------------------------------------------------------------------------------------- */

static void test_spreadsheets(void)
{
    static const char text[] =
        "\xef\xbb\xbfsep=;\r\ncolor;size;sold\r\nred;1,5;0\r\nblue;-3;1\r\n;;\r\nred;1e1;0\r\n;;\r\n;;\r\n";
    static const float sizes[] = {1.5f, -3, 10};
    small_spec s;
    loaded l;
    plx_rows rows = {0};
    small_spec_init(&s)->data.delimiter = ";";
    s.spec.data.decimal = ",";
    REQUIRE(load_bytes(&l, text, sizeof text - 1, &s.spec) == PLX_OK);
    REQUIRE(l.parts[0].n == 3);
    for (size_t i = 0; i < 3; i++)
        CHECK(dense_at(&l.parts[0], i, 0) == sizes[i]);
    CHECK(vocabulary_of(l.encoders, 0) == 3);
    /* Each row to score gets its score, or its place is reported. */
    CHECK_STATUS(read_file(l.encoders, "color;size\nred;1\n;\n", false, &rows, &l.error), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "rows.csv:3:2: a missing number");
    loaded_release(&l);
    check_text("color;size;sold\nred;1.5;0\n", &s.spec, "train.csv:2:5: '1.5' is not a number");
    check_text("color;size;sold\nred;1.000,5;0\n", &s.spec, "train.csv:2:5: '1.000,5' is not a number");
    s.features[1].size = 2;
    s.features[1].separator = "::";
    REQUIRE(load_bytes(&l, "color;size;sold\nred;1,5::2,25;0\n", 32, &s.spec) == PLX_OK);
    CHECK(dense_at(&l.parts[0], 0, 0) == 1.5f && dense_at(&l.parts[0], 0, 1) == 2.25f);
    loaded_release(&l);
    s.features[1].separator = ",";
    CHECK_STATUS(load_bytes(&l, text, sizeof text - 1, &s.spec), PLX_ERR_ARGUMENT);
    CHECK_TEXT(l.error.message, "'separator' is data.decimal");
    loaded_release(&l);
}

/* -- Folders ----------------------------------------------------------------------------------------------------- */

static void make_folder(folder *f, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s", folder_file(f, name));
    if (mkdir(path, 0700) != 0) abort();
}

static void test_contents_of_folders(void)
{
    const char *const others[] = {"in/README.md", "in/rows.yaml", "in/readme", "in/LICENSE.txt",
                                  "in/plot.PNG",  "in/_SUCCESS",  "in/.a.crc", "in/m.plexus"};
    small_spec s;
    loaded l;
    folder f = folder_make();
    make_folder(&f, "in");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        write_text(&f, others[i], "no rows\n");
    small_spec_init(&s)->data.train = (plx_text_list){(char *[]){"in"}, 1};
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_IO);
    CHECK_TEXT(l.error.message, "the folder has no file with rows; ");
    loaded_release(&l);
    write_text(&f, "in/a.csv", sales);
    write_text(&f, "in/readme.csv", "color,size,sold\nred,1,0\n");
    REQUIRE(load_spec(&l, &f, &s.spec) == PLX_OK);
    CHECK(l.parts[0].n == 5);
    loaded_release(&l);
    write_text(&f, "in/notes", "no rows\n");
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "in/notes: the header has no column 'color'");
    loaded_release(&l);
    folder_remove(&f);
}

static void test_partitions(void)
{
    small_spec s;
    loaded l;
    folder f = folder_make();
    make_folder(&f, "in");
    make_folder(&f, "in/color=__HIVE_DEFAULT_PARTITION__");
    make_folder(&f, "in/color=dark%20red%2F1");
    make_folder(&f, "in/color=dark%20red%2F1/sold=1");
    make_folder(&f, "in/color=x");
    write_text(&f, "in/color=__HIVE_DEFAULT_PARTITION__/a.csv", "size,sold\n1,0\n");
    write_text(&f, "in/color=dark%20red%2F1/sold=1/a.csv", "size\n2\n3\n");
    write_text(&f, "in/color=x/a.csv", "size,sold,color\n4,0,y\n"); /* its own column has precedence */
    small_spec_init(&s)->data.train = (plx_text_list){(char *[]){"in"}, 1};
    REQUIRE(load_spec(&l, &f, &s.spec) == PLX_OK);
    static const char *const texts[] = {"", "dark red/1", "y"};
    static const uint32_t ids[] = {1, 2, 2, 3};
    const plx_rows *rows = &l.parts[0];
    REQUIRE(rows->n == 4);
    for (size_t i = 0; i < 4; i++) {
        CHECK(dense_at(rows, i, 0) == (float)(i + 1) && id_at(rows, i, 0) == ids[i]);
        CHECK(label_at(rows, i, 0) == (i == 1 || i == 2));
    }
    REQUIRE(vocabulary_of(l.encoders, 0) == 4);
    for (uint32_t i = 0; i < 3; i++)
        CHECK(plx_slice_equal(plx_dictionary_text(&l.encoders->vocabularies[0].texts, i), plx_slice_of(texts[i])));
    loaded_release(&l);
    s.spec.data.train = (plx_text_list){(char *[]){"in/color=dark%20red%2F1/sold=1/a.csv"}, 1};
    REQUIRE(load_spec(&l, &f, &s.spec) == PLX_OK);
    CHECK(l.parts[0].n == 2);
    loaded_release(&l);
    make_folder(&f, "in/plain");
    s.spec.data.train = (plx_text_list){(char *[]){"in"}, 1};
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_IO);
    CHECK_TEXT(l.error.message, "in/plain: is a folder in a folder of files");
    loaded_release(&l);
    write_text(&f, "in/color=x/a.csv", "size,sold\nz,0\n");
    s.spec.data.train = (plx_text_list){(char *[]){"in/color=x"}, 1};
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "in/color=x/a.csv:2:1: 'z' is not a number");
    loaded_release(&l);
    folder_remove(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_signatures),
                                       CHECK_TEST(test_packed),
                                       CHECK_TEST(test_zip),
                                       CHECK_TEST(test_wide_texts),
                                       CHECK_TEST(test_header_is_shown),
                                       CHECK_TEST(test_missing_is_advised),
                                       CHECK_TEST(test_bytes_of_0),
                                       CHECK_TEST(test_open_quotes),
                                       CHECK_TEST(test_empty_parts),
                                       CHECK_TEST(test_spreadsheets),
                                       CHECK_TEST(test_contents_of_folders),
                                       CHECK_TEST(test_partitions)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
