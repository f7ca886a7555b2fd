/* SPDX-License-Identifier: Apache-2.0 */
/* Matrices in .npy and safetensors files: valid ones are read; truncated, altered and other files are errors. */
#include "store/matrix_file.h"

#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "failing_allocator.h"

enum { ROWS = 5, COLS = 3, NUMBERS = ROWS * COLS, CAPACITY = 4096 };

static const plx_allocator *const memory = &plx_allocator_default;
static char path[64];

typedef struct bytes {
    unsigned char at[CAPACITY];
    size_t n;
} bytes;

static void add(bytes *b, const void *what, size_t n)
{
    if (b->n + n > CAPACITY) abort();
    memcpy(b->at + b->n, what, n);
    b->n += n;
}

static void add_numbers(bytes *b, bool are_doubles)
{
    for (int i = 0; i < NUMBERS; i++) {
        const double number = i * 0.25 - 1;
        const float narrow = (float)number;
        add(b, are_doubles ? (const void *)&number : (const void *)&narrow, are_doubles ? 8 : 4);
    }
}

/* As in numpy.save: blanks fill the header to a multiple of 64, and it ends with a newline. */
static bytes npy(int version, const char *type, const char *order, const char *shape)
{
    bytes b = {.n = 0};
    char header[192];
    const int before = version == 1 ? 10 : 12;
    int n = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", type, order, shape);
    while ((before + n + 1) % 64 != 0)
        header[n++] = ' ';
    header[n++] = '\n';
    const unsigned char start[] = {0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)version, 0, (unsigned char)n, 0, 0, 0};
    add(&b, start, (size_t)before);
    add(&b, header, (size_t)n);
    add_numbers(&b, strcmp(type, "<f8") == 0);
    return b;
}

static bytes safetensors(const char *header, bool are_doubles)
{
    bytes b = {.n = 0};
    const uint64_t n = strlen(header);
    add(&b, &n, sizeof n);
    add(&b, header, (size_t)n);
    add_numbers(&b, are_doubles);
    return b;
}

static void write_file(const bytes *b, size_t n)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(b->at, 1, n, file) != n || fclose(file) != 0) abort();
}

/* Opens the written file; `tensor` is appended to the path. */
static plx_status open_file(plx_matrix_file *file, const char *tensor, plx_error *err)
{
    static char name[128];
    snprintf(name, sizeof name, "%s%s", path, tensor);
    return plx_matrix_file_open(file, name, memory, err);
}

static void check_numbers(const bytes *b, const char *tensor)
{
    plx_matrix_file file;
    plx_error err = {0};
    float numbers[NUMBERS] = {0};
    write_file(b, b->n);
    CHECK_STATUS(open_file(&file, tensor, &err), PLX_OK);
    CHECK(file.rows == ROWS && file.cols == COLS);
    CHECK_STATUS(plx_matrix_file_read(&file, 0, 2, numbers, &err), PLX_OK);
    CHECK_STATUS(plx_matrix_file_read(&file, 2, 3, numbers + 2 * COLS, &err), PLX_OK);
    for (int i = 0; i < NUMBERS; i++)
        CHECK_CLOSE((double)numbers[i], i * 0.25 - 1, 0);
    plx_matrix_file_close(&file);
}

static const char one[] = "{\"__metadata__\":{\"a\":\"b\"},\"word\":{\"dtype\":\"F32\",\"shape\":[5,3],"
                          "\"data_offsets\":[0,60]}}";
static const char wide[] = "{\"word\":{\"dtype\":\"F64\",\"shape\":[5,3],\"data_offsets\":[0,120]}}";
/* Two matrices of the same numbers, and a vector. */
static const char two[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[5,3],\"data_offsets\":[0,60]},"
                          "\"b\":{\"dtype\":\"F32\",\"shape\":[3,5],\"data_offsets\":[0,60]},"
                          "\"c\":{\"dtype\":\"F32\",\"shape\":[15],\"data_offsets\":[0,60]}}";

static void test_numbers_are_read(void)
{
    for (int version = 1; version <= 3; version++) {
        bytes narrow = npy(version, "<f4", "False", "(5, 3)"), doubles = npy(version, "<f8", "False", "(5, 3)");
        check_numbers(&narrow, "");
        check_numbers(&doubles, "");
    }
    bytes single = safetensors(one, false), doubles = safetensors(wide, true), several = safetensors(two, false);
    check_numbers(&single, "");
    check_numbers(&single, "#word");
    check_numbers(&doubles, "");
    check_numbers(&several, "#a");
}

static void check_refused(const bytes *b, const char *tensor, const char *message)
{
    plx_matrix_file file;
    plx_error err = {0};
    write_file(b, b->n);
    CHECK_STATUS(open_file(&file, tensor, &err), PLX_ERR_FORMAT);
    CHECK_TEXT(err.message, message);
    CHECK_TEXT(err.message, path);
    plx_matrix_file_close(&file);
}

static void test_refused_inputs(void)
{
    static const char *const kinds[][3] = {{"<i4", "False", "(5, 3)"},        {">f4", "False", "(5, 3)"},
                                           {"<f4", "True", "(5, 3)"},         {"<f4", "False", "(15,)"},
                                           {"<f4", "False", "(5, 3, 1)"},     {"<f4", "False", "(5, -3)"},
                                           {"<f4", "False", "(5, 3), 'x': 1"}};
    static const char *const shapes[] = {"(5, 4)", "(4, 3)", "(0, 3)", "(4611686018427387904, 4)"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const bytes b = npy(1, kinds[i][0], kinds[i][1], kinds[i][2]);
        check_refused(&b, "", "must hold a matrix of float32 or float64");
    }
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const bytes b = npy(1, "<f4", "False", shapes[i]);
        check_refused(&b, "", "numbers do not take the 60 bytes");
    }
    const bytes version = npy(4, "<f4", "False", "(5, 3)"), plain = npy(1, "<f4", "False", "(5, 3)");
    check_refused(&version, "", "version 1, 2 or 3");
    check_refused(&plain, "#word", "without a name");
    static const char *const headers[][2] = {
        {two, "has 2 matrices"},
        {"{\"c\":{\"dtype\":\"F32\",\"shape\":[15],\"data_offsets\":[0,60]}}", "has 0 matrices"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[5,3],\"data_offsets\":[0,64]}}", "not within the file"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[5,3],\"data_offsets\":[8,4]}}", "not within the file"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[5,3],\"data_offsets\":[0,56]}}", "do not take"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-5,-3],\"data_offsets\":[0,60]}}", "do not take"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[5,3]}}", "not within the file"},
        {"[1]", "safetensors header"},
        {"{\"a\":", "safetensors header"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        const bytes b = safetensors(headers[i][0], false);
        check_refused(&b, "", headers[i][1]);
    }
    const bytes several = safetensors(two, false);
    check_refused(&several, "#d", "no such tensor");
    check_refused(&several, "#c", "not a matrix");
}

/* Truncated anywhere, or with any byte of the header altered: an error, or reads within the file's bounds. */
static void test_damage(void)
{
    const bytes files[] = {npy(1, "<f4", "False", "(5, 3)"), npy(2, "<f8", "False", "(5, 3)"), safetensors(one, false)};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        plx_matrix_file file;
        for (size_t n = 0; n < files[f].n; n++) {
            write_file(&files[f], n);
            CHECK_STATUS(open_file(&file, "", NULL), PLX_ERR_FORMAT);
        }
        for (size_t i = 0; i < files[f].n && i < 140; i++) {
            for (int bit = 0; bit < 8; bit += 3) {
                bytes altered = files[f];
                float numbers[NUMBERS];
                altered.at[i] ^= (unsigned char)(1 << bit);
                write_file(&altered, altered.n);
                if (open_file(&file, "", NULL) != PLX_OK) continue;
                CHECK(file.rows * file.cols <= NUMBERS * 2);
                if (file.rows * file.cols <= NUMBERS) plx_matrix_file_read(&file, 0, file.rows, numbers, NULL);
                plx_matrix_file_close(&file);
            }
        }
    }
}

static void test_not_finite(void)
{
    static const double numbers[] = {NAN, INFINITY, 1e300};
    for (int i = 0; i < 3; i++) {
        plx_matrix_file file;
        plx_error err = {0};
        float out[NUMBERS];
        bytes b = npy(1, "<f8", "False", "(5, 3)");
        memcpy(b.at + b.n - 8, &numbers[i], 8);
        write_file(&b, b.n);
        CHECK_STATUS(open_file(&file, "", NULL), PLX_OK);
        CHECK_STATUS(plx_matrix_file_read(&file, 0, ROWS, out, &err), PLX_ERR_FORMAT);
        CHECK_TEXT(err.message, "row 4, column 2");
        plx_matrix_file_close(&file);
    }
}

static void test_no_file(void)
{
    plx_matrix_file file;
    plx_error err = {0};
    CHECK_STATUS(plx_matrix_file_open(&file, "/nowhere/at-all.npy", memory, &err), PLX_ERR_IO);
    CHECK_TEXT(err.message, "/nowhere/at-all.npy");
    CHECK_STATUS(plx_matrix_file_open(&file, "/tmp", memory, &err), PLX_ERR_IO);
    plx_matrix_file_close(&file);
    unlink(path);
    CHECK(mkfifo(path, 0600) == 0); /* it has no writer */
    CHECK_STATUS(plx_matrix_file_open(&file, path, memory, &err), PLX_ERR_IO);
    CHECK_TEXT(err.message, "is not a regular file");
    plx_matrix_file_close(&file);
    unlink(path);
}

static void test_out_of_memory(void)
{
    const bytes b = safetensors(one, false);
    plx_matrix_file file;
    write_file(&b, b.n);
    failing_allocator failing;
    failing_allocator_init(&failing, 1);
    CHECK_STATUS(plx_matrix_file_open(&file, path, &failing.allocator, NULL), PLX_ERR_MEMORY);
    CHECK(failing.live == 0);
    plx_matrix_file_close(&file);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_numbers_are_read), CHECK_TEST(test_refused_inputs), CHECK_TEST(test_damage),
        CHECK_TEST(test_not_finite),       CHECK_TEST(test_no_file),        CHECK_TEST(test_out_of_memory),
    };
    snprintf(path, sizeof path, "/tmp/plexus-matrix-%ld.safetensors", (long)getpid());
    const int status = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    unlink(path);
    return status;
}
