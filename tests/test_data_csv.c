/* SPDX-License-Identifier: Apache-2.0 */
/* The tokenizer, its scanner and the stream below it. Every text is also read byte by byte, with the same result. */
#include "check.h"

#include <fcntl.h>

#include "data_support.h"
#include "files/csv.h"
#include "files/scan.h"
#include "files/stream.h"

/* A source that returns at most `step` bytes a call. */
typedef struct feed {
    const char *text;
    size_t length, at, step;
} feed;

static plx_status read_feed(void *user, char *out, size_t capacity, size_t *got, plx_error *err)
{
    feed *f = user;
    (void)err;
    size_t n = f->length - f->at;
    n = n < capacity ? n : capacity;
    n = n < f->step ? n : f->step;
    memcpy(out, f->text + f->at, n);
    f->at += n;
    *got = n;
    return PLX_OK;
}

static const plx_csv_options plain = {.delimiter = ',', .quote = '"', .has_quote = true, .trim = true, .comment = ""};

/* All cells as "[cell][cell]\n", or the message. */
static void tokenize(const char *text, size_t length, size_t step, const plx_csv_options *options, plx_string *out)
{
    feed f = {text, length, 0, step};
    plx_csv csv;
    plx_error err;
    bool more = true;
    plx_string_init(out, &plx_allocator_default);
    plx_status status =
        plx_csv_init(&csv, &plx_allocator_default, options, (plx_byte_source){read_feed, &f}, "f", &err);
    while (!status && more) {
        status = plx_csv_next(&csv, &more, &err);
        for (size_t i = 0; !status && more && i < csv.n_cells; i++) {
            plx_string_add(out, "[", 1);
            plx_string_add(out, csv.cells[i].text, csv.cells[i].length);
            plx_string_add(out, "]", 1);
        }
        if (!status && more) plx_string_add(out, "\n", 1);
    }
    if (status) plx_string_add(out, err.message, strlen(err.message));
    plx_csv_release(&csv);
}

static void check_cells(const char *text, size_t length, const plx_csv_options *options, const char *expected)
{
    static const size_t steps[] = {SIZE_MAX, 1, 3};
    for (int i = 0; i < COUNT(steps); i++) {
        plx_string got;
        tokenize(text, length, steps[i], options, &got);
        const char *have = got.text ? got.text : "";
        if (strcmp(have, expected) != 0) printf("  got:\n%s  instead of:\n%s", have, expected);
        CHECK(strcmp(have, expected) == 0);
        plx_string_release(&got);
    }
}

static void check_plain(const char *text, const char *expected)
{
    check_cells(text, strlen(text), &plain, expected);
}

static void test_rows(void)
{
    check_plain("a,b,c\nd,e,f\n", "[a][b][c]\n[d][e][f]\n");
    check_plain("a,b\nc,d", "[a][b]\n[c][d]\n");
    check_plain("a,b\r\nc,d\r\n", "[a][b]\n[c][d]\n");
    check_plain("a,b\r\nc,d\r", "[a][b]\n[c][d]\n");
    check_plain("a,\n,b\n,\n", "[a][]\n[][b]\n[][]\n");
    check_plain("a,", "[a][]\n");
    check_plain("a\rb,c\n", "[a\rb][c]\n");
    check_plain("", "");
    check_plain("\n\n", "");
    check_plain("a", "[a]\n");
}

static void test_empty_lines(void)
{
    check_plain("\n\na,b\n\n  \t \n\r\nc,d\n\n", "[a][b]\n[c][d]\n");
    plx_csv_options untrimmed = plain;
    untrimmed.trim = false;
    check_cells("a\n \nb\n\n", 7, &untrimmed, "[a]\n[ ]\n[b]\n");
}

static void test_blanks(void)
{
    check_plain("  a , b\t,c d  \n , \t,\n", "[a][b][c d]\n[][][]\n");
    check_plain("  \"a \" , b\n", "[a ][b]\n");
    plx_csv_options untrimmed = plain;
    untrimmed.trim = false;
    check_cells(" a , b\n", 7, &untrimmed, "[ a ][ b]\n");
    check_cells(" \"a\",b\n", 7, &untrimmed, "[ \"a\"][b]\n"); /* only a cell's first byte may open quotes */
    plx_csv_options tab = plain;
    tab.delimiter = '\t';
    check_cells("a\t b \t\tc\n", 9, &tab, "[a][b][][c]\n");
    plx_csv_options blank = plain;
    blank.delimiter = ' ';
    check_cells("a  b\t c\n", 8, &blank, "[a][][b][c]\n");
}

static void test_quotes(void)
{
    check_plain("\"a\",\"b,c\",\"d\ne\"\nf,g,h\n", "[a][b,c][d\ne]\n[f][g][h]\n");
    check_plain("\"say \"\"yes\"\"\",\"\"\"\",\"\"\n", "[say \"yes\"][\"][]\n");
    check_plain("\"a\"\r\n\"b\"", "[a]\n[b]\n");
    check_plain("5\" pipe,a\"b\n", "[5\" pipe][a\"b]\n");
    check_plain("\"a\r\nb\",c\n", "[a\r\nb][c]\n");
    check_plain("\"\"\"a\"\"\",\"\"\"b\"\"\"\n\"\"\"c\"\"\",d", "[\"a\"][\"b\"]\n[\"c\"][d]\n");
    plx_csv_options none = plain;
    none.has_quote = false;
    check_cells("\"a,b\"\n", 6, &none, "[\"a][b\"]\n");
    plx_csv_options single = plain;
    single.quote = '\'';
    check_cells("'a,b','it''s'\n", 14, &single, "[a,b][it's]\n");
}

static void check_with(const plx_csv_options *options, const char *text, const char *expected)
{
    check_cells(text, strlen(text), options, expected);
}

/* Lines that end in CR alone; LF is text there if it is quoted, and so is CR where lines end in LF. */
static void test_carriage_returns(void)
{
    check_plain("a,b\rc,d\r", "[a][b]\n[c][d]\n");
    check_plain("a,b\r\r \rc,d", "[a][b]\n[c][d]\n");
    check_plain("a\r", "[a]\n");
    check_plain("\"a\nb\",c\r\"d\re\", f \rg,h", "[a\nb][c]\n[d\re][f]\n[g][h]\n");
    check_plain("\"a\rb\",c\n\"d\",e\n", "[a\rb][c]\n[d][e]\n");
    check_plain("a,b\n\"c\r\",d\n", "[a][b]\n[c\r][d]\n");
    check_plain("a,b\r\nc,d\n", "[a][b]\n[c][d]\n");
    check_plain("a,b\rc,\"d\r", "[a][b]\nf:2:3: the quote that starts this cell is never closed; " PLX_PLAIN_QUOTES);
    plx_csv_options comment = plain;
    comment.comment = "#";
    check_with(&comment, "#x\ra,b\r#y\rc,d\r", "[a][b]\n[c][d]\n");
}

static void test_separator_line(void)
{
    plx_csv_options semicolon = plain;
    semicolon.delimiter = ';';
    check_with(&semicolon, "sep=;\r\na;b\r\n", "[a][b]\n");
    check_with(&semicolon, "\xef\xbb\xbfsep=;\na;b\n", "[a][b]\n");
    check_with(&semicolon, "\"sep=;\"\na;b\n", "[a][b]\n");
    check_with(&semicolon, "SEP=;", "");
    check_plain("sep=\t\na\tb\n", "f:1: the line says that the delimiter is tab; set data.delimiter to it");
    check_plain("sep=;\na;b\n", "f:1: the line says that the delimiter is ';'; set data.delimiter to it");
    check_plain("sep=;x,b\n", "[sep=;x][b]\n");
    semicolon.comment = "sep=";
    check_with(&semicolon, "sep=,\na;b\n", "[a][b]\n");
}

static void test_long_delimiters(void)
{
    plx_csv_options colons = plain;
    colons.delimiter = ':';
    colons.long_delimiter = "::";
    check_with(&colons, "a::b:c::\r\n::d\n", "[a][b:c][]\n[][d]\n");
    check_with(&colons, " a :: \"b::c\" ::d:", "[a][b::c][d:]\n");
    check_with(&colons, "1::\"say \"\"x\"\"\"::2\n", "[1][say \"x\"][2]\n");
    check_with(&colons, "a:::b\n", "[a][:b]\n");
    check_with(&colons, "a::b\rc::d\r", "[a][b]\n[c][d]\n");
    check_with(&colons, "a\nb::\"c\nd",
               "[a]\nf:2:4: the quote that starts this cell is never closed; " PLX_PLAIN_QUOTES);
    colons.long_delimiter = "||";
    check_with(&colons, "1||2||||3\n", "[1][2][][3]\n");
    colons.long_delimiter = " | ";
    check_with(&colons, "a | b\n | c\n", "[a][b]\n[][c]\n");
    plx_csv_options control = plain;
    control.delimiter = '\x01';
    check_with(&control, "a,b\x01 c\x01\n", "[a,b][c][]\n");
}

static void test_escapes(void)
{
    plx_csv_options escape = plain;
    escape.escape = '\\';
    check_with(&escape, "a\\,b,c\\\\\n", "[a,b][c\\]\n");
    check_with(&escape, "\"say \\\"x\\\"\",2\n", "[say \"x\"][2]\n");
    check_with(&escape, "\"a\"\"b\",c\n", "[a\"b][c]\n");
    check_with(&escape, "a\\\nb,c\nd,e\n", "[a\nb][c]\n[d][e]\n");
    check_with(&escape, "a\\\r\nb,c\r\n", "[a\r\nb][c]\n");
    check_with(&escape, "\\N,\"\\N\",\\Nx,x\\N\n", "[\\N][N][Nx][xN]\n");
    check_with(&escape, "a\\ ,\\ b\n", "[a ][ b]\n");
    check_with(&escape, "a,b\\", "[a][b\\]\n");
    check_with(&escape, "\"a\\\"", "f:1:1: the quote that starts this cell is never closed; " PLX_PLAIN_QUOTES);
    escape.has_quote = false;
    check_with(&escape, "\"a\\,b\",c\n", "[\"a,b\"][c]\n");
}

/* Rows that cross the buffer's end, at each of their bytes. */
static void test_special_refill(void)
{
    enum { ROWS = 40000 };
    plx_csv_options options = plain;
    options.escape = '\\';
    plx_string text, expected;
    plx_string_init(&text, &plx_allocator_default);
    plx_string_init(&expected, &plx_allocator_default);
    for (int i = 0; i < ROWS; i++) {
        plx_string_format(&text, "%d::\"a\\\"::\"\"%d\n\"::\\:%d::\\N%s\n", i, i, i, i % 3 ? "\r" : "");
        plx_string_format(&expected, "[%d][a\"::\"%d\n][:%d][\\N]\n", i, i, i);
    }
    options.delimiter = ':';
    options.long_delimiter = "::";
    check_cells(text.text, text.length, &options, expected.text);
    plx_string_release(&text);
    plx_string_release(&expected);
}

static void test_quote_mistakes(void)
{
    check_plain("a,b\nc,\"d\ne\n", "[a][b]\nf:2:3: the quote that starts this cell is never closed; " PLX_PLAIN_QUOTES);
    check_plain("\"x\ny\",\"a\"b\n",
                "f:2:7: text after the closing quote; a quote inside a quoted cell must be doubled");
    check_plain("\"a", "f:1:1: the quote that starts this cell is never closed; " PLX_PLAIN_QUOTES);
    check_plain("\"", "f:1:1: the quote that starts this cell is never closed; " PLX_PLAIN_QUOTES);
}

static void test_comments(void)
{
    plx_csv_options comments = plain;
    comments.comment = "#!";
    check_cells("#! x,\"y\na,b\n#!\n#c,d\n\n#!", 24, &comments, "[a][b]\n[#c][d]\n");
    comments.comment = "|";
    check_cells("|1x3 Cross\n1,|2\n", 16, &comments, "[1][|2]\n");
}

static void test_marks(void)
{
    check_plain("\xef\xbb\xbf"
                "a,b\n",
                "[a][b]\n");
    check_plain("\xef\xbb\xbf"
                "\"a\",b\n",
                "[a][b]\n");
    check_plain("\xef\xbb\xbf", "");
    check_cells("\xff\xfe"
                "a\0,\0",
                6, &plain, "f: the text is UTF-16; convert it to UTF-8");
}

static void test_nul(void)
{
    feed f = {"a\0b,c\n", 6, 0, SIZE_MAX};
    plx_csv csv;
    bool more;
    CHECK_STATUS(plx_csv_init(&csv, &plx_allocator_default, &plain, (plx_byte_source){read_feed, &f}, "f", NULL),
                 PLX_OK);
    CHECK_STATUS(plx_csv_next(&csv, &more, NULL), PLX_OK);
    REQUIRE(more && csv.n_cells == 2);
    CHECK(csv.cells[0].length == 3 && memcmp(csv.cells[0].text, "a\0b", 3) == 0);
    plx_csv_release(&csv);
}

/* `n` bytes `c` between `before` and `after`, in a row of its own; the message or "ok". */
static void check_large(const char *before, char c, size_t n, const char *after, const char *expected)
{
    char *text = malloc(n + 64);
    REQUIRE(text);
    size_t length = strlen(before);
    memcpy(text, before, length);
    memset(text + length, c, n);
    length += n;
    memcpy(text + length, after, strlen(after));
    length += strlen(after);
    plx_string got;
    tokenize(text, length, SIZE_MAX, &plain, &got);
    if (got.length > 200) /* all cells included */
        CHECK(strcmp(expected, "ok") == 0);
    else
        CHECK_TEXT(got.text, expected);
    plx_string_release(&got);
    free(text);
}

static void test_limits(void)
{
    check_large("a,", 'x', PLX_CSV_MAX_CELL, ",b\n", "ok");
    check_large("a,", 'x', PLX_CSV_MAX_CELL + 1, ",b\n", "f:1:3: a cell of more than 1 MiB");
    check_large("a\n\"", 'x', PLX_CSV_MAX_CELL + 1, "\",b\n", "f:2:1: a cell of more than 1 MiB");
    check_large("a\n\"", 'x', PLX_CSV_MAX_ROW, "\n", "f:2:1: a row of more than 16 MiB; is a quote left open?");
    check_large("", ',', PLX_CSV_MAX_CELLS - 1, "\n", "ok");
    check_large("", ',', PLX_CSV_MAX_CELLS, "\n", "a row of more than 65536 cells");
}

/* Rows that cross the buffer's end, at every distance from it. */
static void test_refill(void)
{
    enum { ROWS = 60000 };
    plx_string text, got, expected;
    plx_string_init(&text, &plx_allocator_default);
    plx_string_init(&expected, &plx_allocator_default);
    for (int i = 0; i < ROWS; i++) {
        plx_string_format(&text, "%d,\"q\"\"%d\", x\r\n", i, i * 7);
        plx_string_format(&expected, "[%d][q\"%d][x]\n", i, i * 7);
    }
    tokenize(text.text, text.length, SIZE_MAX, &plain, &got);
    CHECK(text.length > 3 << 18);
    CHECK(got.length == expected.length && memcmp(got.text, expected.text, got.length) == 0);
    plx_string_release(&got);
    plx_string_release(&text);
    plx_string_release(&expected);
}

static void test_places(void)
{
    const char *text = "x,y\n\"a\nb\",\"c\"\"d\n\n e\", f , \"g\"\n";
    feed f = {text, strlen(text), 0, 1};
    plx_csv csv;
    bool more;
    static const char *const places[] = {"f:2:1", "f:3:4", "f:5:6", "f:5:10"};
    CHECK_STATUS(plx_csv_init(&csv, &plx_allocator_default, &plain, (plx_byte_source){read_feed, &f}, "f", NULL),
                 PLX_OK);
    CHECK_STATUS(plx_csv_next(&csv, &more, NULL), PLX_OK);
    CHECK(csv.line == 1);
    CHECK_STATUS(plx_csv_next(&csv, &more, NULL), PLX_OK);
    REQUIRE(more && csv.n_cells == 4);
    CHECK(csv.line == 2);
    for (size_t i = 0; i < csv.n_cells; i++) {
        plx_error err;
        char expected[32];
        plx_error_set(&err, PLX_ERR_SCHEMA, "m");
        plx_csv_place(&csv, i, &err);
        snprintf(expected, sizeof expected, "%s: m", places[i]);
        CHECK_TEXT(err.message, expected);
    }
    plx_csv_release(&csv);
}

static void test_scan_masks(void)
{
    char block[PLX_SCAN_BLOCK];
    unsigned state = 1;
    for (int round = 0; round < 2000; round++) {
        const char delimiter = (char)(round * 37), end = round % 2 ? '\n' : '\r';
        uint64_t expected = 0;
        for (int i = 0; i < PLX_SCAN_BLOCK; i++) {
            state = state * 1664525u + 1013904223u;
            unsigned pick = state >> 28;
            block[i] = pick < 3 ? delimiter : pick < 5 ? end : pick < 8 ? (char)(delimiter ^ 1) : (char)(state >> 20);
            expected |= (uint64_t)(block[i] == delimiter || block[i] == end) << i;
        }
        CHECK(plx_scan_mask(block, delimiter, end) == expected);
        CHECK(plx_scan_mask_words(block, delimiter, end) == expected);
    }
}

/* -- Streams ------------------------------------------------------------------------------------------------------ */

/* All bytes of a file, or the message. */
static plx_status read_all(const char *path, plx_string *out, plx_error *err)
{
    plx_stream stream;
    char bytes[1000];
    size_t got = 1;
    plx_string_init(out, &plx_allocator_default);
    plx_status status = plx_stream_init(&stream, &plx_allocator_default, path, err);
    plx_byte_source source = plx_stream_source(&stream);
    while (!status && got) {
        status = source.read(source.user, bytes, sizeof bytes, &got, err);
        if (!status) plx_string_add(out, bytes, got);
    }
    plx_stream_release(&stream);
    return status;
}

static void check_stream(const char *path, const char *expected)
{
    plx_string got;
    plx_error err = {.message = ""};
    CHECK_STATUS(read_all(path, &got, &err), PLX_OK);
    if (err.message[0]) printf("  %s\n", err.message);
    CHECK(got.text ? strcmp(got.text, expected) == 0 : !*expected);
    plx_string_release(&got);
}

static void check_stream_fails(const char *path, plx_status status, const char *message)
{
    plx_string got;
    plx_error err = {.message = ""};
    CHECK_STATUS(read_all(path, &got, &err), status);
    CHECK_TEXT(err.message, message);
    plx_string_release(&got);
}

static void test_compressed(void)
{
    static const struct {
        int filter;
        const char *name;
    } kinds[] = {{ARCHIVE_FILTER_GZIP, "a.gz"},
                 {ARCHIVE_FILTER_ZSTD, "a.zst"},
                 {ARCHIVE_FILTER_XZ, "a.xz"},
                 {ARCHIVE_FILTER_BZIP2, "a.bz2"},
                 {ARCHIVE_FILTER_LZ4, "a.lz4"}};
    folder f = folder_make();
    write_text(&f, "plain", "a,b\n");
    check_stream(folder_file(&f, "plain"), "a,b\n");
    for (int i = 0; i < COUNT(kinds); i++) {
        if (!write_compressed(&f, kinds[i].name, kinds[i].filter, "some text, some text\n")) continue;
        check_stream(folder_file(&f, kinds[i].name), "some text, some text\n");
    }
    folder_remove(&f);
}

static void test_members(void)
{
    char bytes[4096];
    folder f = folder_make();
    size_t n = compress_text(ARCHIVE_FILTER_GZIP, "one\n", bytes, sizeof bytes);
    n += compress_text(ARCHIVE_FILTER_GZIP, "two\n", bytes + n, sizeof bytes - n);
    write_bytes(&f, "two.gz", bytes, n);
    check_stream(folder_file(&f, "two.gz"), "one\ntwo\n");
    folder_remove(&f);
}

static void test_truncated(void)
{
    char bytes[4096];
    folder f = folder_make();
    size_t n = compress_text(ARCHIVE_FILTER_GZIP, "0,1,2,3,4,5,6,7,8,9\n", bytes, sizeof bytes);
    REQUIRE(n > 20);
    for (size_t length = 1; length < n; length++) {
        write_bytes(&f, "cut.gz", bytes, length);
        check_stream_fails(folder_file(&f, "cut.gz"), PLX_ERR_FORMAT, "cut.gz: ");
    }
    n = compress_text(ARCHIVE_FILTER_ZSTD, "0,1,2,3,4,5,6,7,8,9\n", bytes, sizeof bytes);
    for (size_t length = 1; length < n; length++) {
        write_bytes(&f, "cut.zst", bytes, length);
        check_stream_fails(folder_file(&f, "cut.zst"), PLX_ERR_FORMAT, "cut.zst: ");
    }
    write_text(&f, "page.gz", "<html>not found</html>\n");
    check_stream_fails(folder_file(&f, "page.gz"), PLX_ERR_FORMAT, "is not compressed");
    folder_remove(&f);
}

/* Any flipped bit of a gzip file: the same text, or none. */
static void test_gzip_checks(void)
{
    char bytes[4096], wrong[4096];
    const char *text = "a,b,c\n0,1,2\n3,4,5\n6,7,8\nsome text that repeats, some text that repeats\n";
    folder f = folder_make();
    const size_t n = compress_text(ARCHIVE_FILTER_GZIP, text, bytes, sizeof bytes);
    REQUIRE(n > 20);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        plx_string got;
        plx_error err = {.message = ""};
        memcpy(wrong, bytes, n);
        wrong[bit / 8] = (char)(wrong[bit / 8] ^ 1 << bit % 8);
        write_bytes(&f, "flip.gz", wrong, n);
        const plx_status status = read_all(folder_file(&f, "flip.gz"), &got, &err);
        if (status == PLX_OK) /* time and system in the header, and padding bits of a byte */
            CHECK(strcmp(got.text, text) == 0);
        else
            CHECK_TEXT(err.message, "flip.gz: ");
        plx_string_release(&got);
    }
    folder_remove(&f);
}

static void test_gzip_ends(void)
{
    char bytes[4096] = "";
    folder f = folder_make();
    const size_t n = compress_text(ARCHIVE_FILTER_GZIP, "one\n", bytes, sizeof bytes);
    bytes[n - 5] ^= 1; /* the last byte of the checksum */
    write_bytes(&f, "sum.gz", bytes, n);
    check_stream_fails(folder_file(&f, "sum.gz"), PLX_ERR_FORMAT, "sum.gz: the compressed data is damaged");
    bytes[n - 5] ^= 1;
    bytes[n - 4] ^= 1; /* the first byte of the length */
    write_bytes(&f, "length.gz", bytes, n);
    check_stream_fails(folder_file(&f, "length.gz"), PLX_ERR_FORMAT, "length.gz: the compressed data is damaged");
    bytes[n - 4] ^= 1;
    write_bytes(&f, "padded.gz", bytes, n + 600); /* zeros, as on a tape */
    check_stream(folder_file(&f, "padded.gz"), "one\n");
    memcpy(bytes + n, "more", 4);
    write_bytes(&f, "more.gz", bytes, n + 4);
    check_stream_fails(folder_file(&f, "more.gz"), PLX_ERR_FORMAT,
                       "more.gz: there are other bytes after the compressed data");
    bytes[n] = 0x1f; /* the start of a member, but none follows */
    write_bytes(&f, "half.gz", bytes, n + 1);
    check_stream_fails(folder_file(&f, "half.gz"), PLX_ERR_FORMAT, "half.gz: ");
    folder_remove(&f);
}

/* A frame of zstd that needs a window of 1 GiB: `zstd --long=30`. */
static void test_wide_window(void)
{
    static const char frame[] = "\x28\xb5\x2f\xfd\x00\xa0\x21\0\0a,b\n";
    char bytes[100];
    folder f = folder_make();
    if (!compress_text(ARCHIVE_FILTER_ZSTD, "a", bytes, sizeof bytes)) SKIP("libarchive without zstd");
    write_bytes(&f, "long.zst", frame, sizeof frame - 1);
    check_stream_fails(folder_file(&f, "long.zst"), PLX_ERR_FORMAT,
                       "a window of more than 128 MiB, which is not supported");
    folder_remove(&f);
}

static void test_unreadable(void)
{
    folder f = folder_make();
    check_stream_fails(folder_file(&f, "none"), PLX_ERR_IO, "none: cannot be opened: No such file");
    check_stream_fails(f.path, PLX_ERR_IO, "is a folder");
    write_text(&f, "empty", "");
    check_stream(folder_file(&f, "empty"), "");
    folder_remove(&f);
}

static void append(const char *path, const char *text)
{
    FILE *file = fopen(path, "ab");
    if (!file || fputs(text, file) < 0 || fclose(file)) abort();
}

static void test_changed(void)
{
    folder f = folder_make();
    char path[600], byte;
    plx_stream stream;
    plx_error err;
    size_t got;
    write_text(&f, "grows", "a,b\n");
    snprintf(path, sizeof path, "%s", folder_file(&f, "grows"));
    CHECK_STATUS(plx_stream_init(&stream, &plx_allocator_default, path, &err), PLX_OK);
    plx_byte_source source = plx_stream_source(&stream);
    CHECK_STATUS(source.read(source.user, &byte, 1, &got, &err), PLX_OK);
    append(path, "c,d\n");
    plx_status status = PLX_OK;
    for (got = 1; !status && got;)
        status = source.read(source.user, &byte, 1, &got, &err);
    CHECK_STATUS(status, PLX_ERR_IO);
    CHECK_TEXT(err.message, "was changed while it was read (4 bytes at first, 8 now)");
    plx_stream_release(&stream);
    folder_remove(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_rows),
                                       CHECK_TEST(test_empty_lines),
                                       CHECK_TEST(test_blanks),
                                       CHECK_TEST(test_quotes),
                                       CHECK_TEST(test_quote_mistakes),
                                       CHECK_TEST(test_carriage_returns),
                                       CHECK_TEST(test_separator_line),
                                       CHECK_TEST(test_long_delimiters),
                                       CHECK_TEST(test_escapes),
                                       CHECK_TEST(test_special_refill),
                                       CHECK_TEST(test_comments),
                                       CHECK_TEST(test_marks),
                                       CHECK_TEST(test_nul),
                                       CHECK_TEST(test_limits),
                                       CHECK_TEST(test_refill),
                                       CHECK_TEST(test_places),
                                       CHECK_TEST(test_scan_masks),
                                       CHECK_TEST(test_compressed),
                                       CHECK_TEST(test_members),
                                       CHECK_TEST(test_truncated),
                                       CHECK_TEST(test_unreadable),
                                       CHECK_TEST(test_gzip_checks),
                                       CHECK_TEST(test_gzip_ends),
                                       CHECK_TEST(test_wide_window),
                                       CHECK_TEST(test_changed)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
