/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of files that are often mistaken for CSV: spreadsheets, archives, other tables, pages that report a failed
 * download. */
#include "files/guess.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ARROW   "is an Arrow file (Feather): write it as Parquet or CSV, or pass the table in Python"
#define PACKED  "contains data that was compressed twice: decompress it once"
#define ARCHIVE "; unpack it, and name the files or their folder"
#define PAGE    "is a web page without columns, perhaps a failed download: get the file again"

typedef struct signature {
    size_t offset, length;
    const char *bytes, *what;
} signature;

static const signature signatures[] = {
    {0, 4, "PAR1", "is a Parquet file: set data.format to auto or parquet"},
    {0, 6, "ARROW1", ARROW},
    {0, 4, "FEA1", ARROW},
    {0, 4, "\xff\xff\xff\xff", "is an Arrow stream: write it as Parquet or CSV, or pass the table in Python"},
    {0, 4, "PK\3\4", "is a zip archive" ARCHIVE},
    {0, 4, "PK\5\6", "is a zip archive without a file"},
    {0, 6, "7z\xbc\xaf\x27\x1c", "is a 7z archive" ARCHIVE},
    {0, 4, "Rar!", "is a rar archive" ARCHIVE},
    {257, 5, "ustar", "is a tar archive" ARCHIVE},
    {0, 4, "\xd0\xcf\x11\xe0", "is an Excel workbook (.xls): save the sheet as CSV"},
    {0, 2, "\x1f\x8b", PACKED},
    {0, 4, "\x28\xb5\x2f\xfd", PACKED},
    {0, 6, "\xfd\x37zXZ\0", PACKED},
    {0, 4, "\x04\x22\x4d\x18", PACKED},
    {0, 10, "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59", PACKED},
    {0, 15, "SQLite format 3", "is an SQLite database: write its rows as CSV"},
    {0, 4, "\x89HDF", "is an HDF5 file: write its rows as CSV or Parquet"},
    {0, 3, "ORC", "is an ORC file: write its rows as Parquet or CSV"},
    {0, 4, "Obj\1", "is an Avro file: write its rows as Parquet or CSV"},
    {0, 6, "\x93NUMPY", "is a NumPy array: write its rows as CSV, or pass it in Python"},
    {0, 5, "%PDF-", "is a PDF: get the rows as CSV"},
    {0, 4, "\x89PNG", "is a picture"},
    {0, 34, "version https://git-lfs.github.com",
     "is a Git LFS pointer without columns: get the file itself with `git lfs pull`"},
};

#define UTF_16 "the text is UTF-16; convert it to UTF-8"
#define UTF_32 "the text is UTF-32; convert it to UTF-8"

/* UTF-16 or UTF-32: by the byte order mark, or by the zero bytes of Latin letters. */
static const char *guess_wide(const char *bytes, size_t n)
{
    enum { LOOKED_AT = 256 };
    size_t zeros[4] = {0}, looked = n < LOOKED_AT ? n / 4 * 4 : LOOKED_AT;
    if (n >= 4 && (memcmp(bytes, "\xff\xfe\0\0", 4) == 0 || memcmp(bytes, "\0\0\xfe\xff", 4) == 0)) return UTF_32;
    if (n >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)) return UTF_16;
    if (n < 8) return NULL;
    for (size_t i = 0; i < looked; i++)
        zeros[i % 4] += bytes[i] == 0;
    const size_t most = looked / 4 - looked / 16; /* three quarters of the characters */
    const bool first = zeros[0] >= most, second = zeros[1] >= most, third = zeros[2] >= most, fourth = zeros[3] >= most;
    const bool is_wide_little = second && third && fourth && !zeros[0];
    const bool is_wide_big = first && second && third && !zeros[3];
    if (is_wide_little || is_wide_big) return UTF_32;
    const bool is_little = second && fourth && !zeros[0] && !zeros[2];
    const bool is_big = first && third && !zeros[1] && !zeros[3];
    return is_little || is_big ? UTF_16 : NULL;
}

static bool contains(const char *bytes, size_t n, const char *text)
{
    return memmem(bytes, n, text, strlen(text)) != NULL;
}

static bool begins(const char *bytes, size_t n, const char *word)
{
    return n >= strlen(word) && strncasecmp(bytes, word, strlen(word)) == 0;
}

/* One object per line, or a list of objects; a cell may be JSON, too, but then more cells follow. */
static bool is_json(const char *bytes, size_t n)
{
    const char *end = memchr(bytes, '\n', n);
    const plx_slice line = plx_slice_trim((plx_slice){bytes, end ? (size_t)(end - bytes) : n});
    const int last = line.length ? line.text[line.length - 1] : '\0';
    const bool is_closed = last == '}' || (last == '\r' && line.length > 1 && line.text[line.length - 2] == '}');
    return (begins(line.text, line.length, "{\"") && is_closed) || begins(line.text, line.length, "[{\"");
}

const char *plx_guess_other(const char *bytes, size_t n)
{
    if (n > 1000 && contains(bytes, 1000, "[Content_Types].xml") && memcmp(bytes, "PK\3\4", 4) == 0)
        return "is an Excel workbook (.xlsx): save the sheet as CSV";
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const signature *s = &signatures[i];
        if (n >= s->offset + s->length && memcmp(bytes + s->offset, s->bytes, s->length) == 0) return s->what;
    }
    const char *wide = guess_wide(bytes, n);
    if (wide) return wide;
    if (n > 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5)
        return "is binary, a pickle of Python: write its rows as CSV or Parquet";
    if (is_json(bytes, n)) return "is JSON: write its rows as CSV, with one column per key";
    if (begins(bytes, n, "<!doctype") || begins(bytes, n, "<html")) return PAGE;
    return begins(bytes, n, "<?xml") ? "is XML and has no columns: write its rows as CSV" : NULL;
}

/* The most probable delimiter: one of the usual ones that the header contains. */
static const char *usual_delimiter(plx_slice header, const char *delimiter)
{
    static const struct {
        const char *text, *name;
    } usual[] = {{"::", "'::'"}, {"||", "'||'"}, {";", "';'"},          {"\t", "tab"},
                 {",", "','"},   {"|", "'|'"},   {"\x01", "\"\\x01\""}, {"\x1f", "\"\\x1f\""}};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (strcmp(usual[i].text, delimiter) != 0 && contains(header.text, header.length, usual[i].text))
            return usual[i].name;
    return NULL;
}

void plx_guess_header(plx_slice header, size_t n_cells, const char *delimiter, char *out, size_t capacity)
{
    const plx_slice text = plx_slice_trim(header);
    const char *other = n_cells == 1 ? usual_delimiter(header, delimiter) : NULL;
    *out = '\0';
    if (text.length == 1 && (*text.text == '{' || *text.text == '['))
        snprintf(out, capacity, "; is the file JSON? Write its rows as CSV");
    else if (text.length > 1 && memchr(text.text, '\r', text.length - 1))
        snprintf(out, capacity, "; some lines end with CR and others with LF: write all of them in the same way");
    else if (other)
        snprintf(out, capacity, "; it is one cell: is data.delimiter %s?", other);
}
