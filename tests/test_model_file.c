/* SPDX-License-Identifier: Apache-2.0 */
/* The model file: it is read as written; altered, truncated or malformed files are errors. */
#include "store/model_file.h"

#include <inttypes.h>
#include <stdint.h>
#include <unistd.h>

#include "base/file.h"
#include "check.h"
#include "failing_allocator.h"
#include "store/checksum.h"

static const plx_allocator *const memory = &plx_allocator_default;

static const float kernel[6] = {1, 2, 3, 4, 5, 6};
static const double scaling[2] = {0.5, 0.25};
static const unsigned char letters[5] = {'a', 'b', 'c', 'd', 'e'};
static const int64_t ends[2] = {3, 5};
static const plx_tensor tensors[] = {
    {.name = "vocabulary/x/bytes", .dtype = PLX_DTYPE_U8, .n_dims = 1, .dims = {5}, .data = letters},
    {.name = "kernel", .dtype = PLX_DTYPE_F32, .n_dims = 2, .dims = {2, 3}, .data = kernel},
    {.name = "vocabulary/x/ends", .dtype = PLX_DTYPE_I64, .n_dims = 1, .dims = {2}, .data = ends},
    {.name = "empty", .dtype = PLX_DTYPE_F32, .n_dims = 1, .dims = {0}},
    {.name = "scaling/\"y\"", .dtype = PLX_DTYPE_F64, .n_dims = 1, .dims = {2}, .data = scaling},
};
enum { N_TENSORS = sizeof tensors / sizeof *tensors };
static const plx_meta meta[] = {{"config", "a: 1\n\"data_checksum\":\"0\"\n"}, {"plexus_version", "0.1.0"}};

static void path_of(char path[64])
{
    snprintf(path, 64, "/tmp/plexus-model-file-%ld", (long)getpid());
}

/** A small file in memory. */
static bool make_file(plx_string *bytes)
{
    char path[64];
    path_of(path);
    plx_string_init(bytes, memory);
    bool made = plx_model_file_write(path, memory, tensors, N_TENSORS, meta, 2, NULL) == PLX_OK &&
                plx_file_read(path, 1 << 20, bytes, NULL) == PLX_OK;
    unlink(path);
    return made;
}

static plx_status parse(const void *bytes, size_t length, plx_error *err)
{
    plx_model_file file;
    plx_status status = plx_model_file_parse(&file, bytes, length, "m.plexus", memory, err);
    if (status == PLX_OK) plx_model_file_release(&file);
    return status;
}

static void test_round_trip(void)
{
    plx_model_file file;
    plx_string bytes;
    REQUIRE(make_file(&bytes));
    CHECK_STATUS(plx_model_file_parse(&file, bytes.text, bytes.length, "m", memory, NULL), PLX_OK);
    CHECK(file.n_tensors == N_TENSORS && file.n_meta == 5);
    const plx_tensor *found = plx_model_file_tensor(&file, "kernel");
    REQUIRE(found);
    CHECK(found->dtype == PLX_DTYPE_F32 && found->n_dims == 2 && found->dims[0] == 2 && found->dims[1] == 3);
    CHECK(memcmp(found->data, kernel, sizeof kernel) == 0);
    found = plx_model_file_tensor(&file, "vocabulary/x/bytes");
    CHECK(found && found->dtype == PLX_DTYPE_U8 && memcmp(found->data, letters, 5) == 0);
    found = plx_model_file_tensor(&file, "scaling/\"y\"");
    CHECK(found && (uintptr_t)found->data % 8 == 0 && memcmp(found->data, scaling, sizeof scaling) == 0);
    found = plx_model_file_tensor(&file, "empty");
    CHECK(found && found->n_dims == 1 && found->dims[0] == 0);
    CHECK(!plx_model_file_tensor(&file, "kernels") && !plx_model_file_meta(&file, "x"));
    CHECK(strcmp(plx_model_file_meta(&file, "config"), meta[0].value) == 0);
    CHECK(strcmp(plx_model_file_meta(&file, "format"), "plexus") == 0);
    plx_model_file_release(&file);
    plx_string_release(&bytes);
}

static void test_data_begins_aligned(void)
{
    plx_string bytes;
    REQUIRE(make_file(&bytes));
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | (unsigned char)bytes.text[i];
    CHECK((length + 8) % 64 == 0);
    CHECK(bytes.length == 8 + length + sizeof kernel + sizeof scaling + sizeof letters + sizeof ends);
    plx_string_release(&bytes);
}

static void test_borrowed_bytes_may_be_unaligned(void)
{
    plx_string bytes;
    REQUIRE(make_file(&bytes));
    char *buffer = malloc(bytes.length + 1);
    REQUIRE(buffer);
    memcpy(buffer + 1, bytes.text, bytes.length);
    CHECK_STATUS(parse(buffer + 1, bytes.length, NULL), PLX_OK);
    free(buffer);
    plx_string_release(&bytes);
}

static void test_every_flipped_byte_is_refused(void)
{
    plx_string bytes;
    int accepted = 0, without_place = 0;
    REQUIRE(make_file(&bytes));
    for (size_t at = 0; at < bytes.length; at++) {
        for (int bit = 0; bit < 9; bit++) {
            plx_error failure = {.code = PLX_OK};
            unsigned char mask = (unsigned char)(bit < 8 ? 1 << bit : 0xff);
            bytes.text[at] = (char)((unsigned char)bytes.text[at] ^ mask);
            plx_status status = parse(bytes.text, bytes.length, &failure);
            accepted += status != PLX_ERR_FORMAT && status != PLX_ERR_UNSUPPORTED;
            without_place += strncmp(failure.message, "m.plexus: ", 10) != 0;
            bytes.text[at] = (char)((unsigned char)bytes.text[at] ^ mask);
        }
    }
    CHECK(accepted == 0);
    CHECK(without_place == 0);
    CHECK_STATUS(parse(bytes.text, bytes.length, NULL), PLX_OK);
    plx_string_release(&bytes);
}

static void test_every_truncation_is_refused(void)
{
    plx_string bytes;
    int accepted = 0;
    plx_error failure;
    REQUIRE(make_file(&bytes));
    for (size_t length = 0; length < bytes.length; length++) {
        accepted += parse(bytes.text, length, &failure) != PLX_ERR_FORMAT;
    }
    CHECK(accepted == 0);
    CHECK_TEXT(failure.message, "truncated");
    plx_string_add(&bytes, "x", 1);
    CHECK_STATUS(parse(bytes.text, bytes.length, &failure), PLX_ERR_FORMAT);
    CHECK_TEXT(failure.message, "continues after its end");
    plx_string_release(&bytes);
}

/** A file with this header and so many bytes of data, with the right length and checksum. */
static void make_by_hand(plx_string *bytes, const char *header, size_t n_data)
{
    static const char key[] = "\"data_checksum\":\"";
    plx_string_init(bytes, memory);
    plx_string_add(bytes, "\0\0\0\0\0\0\0\0", 8);
    plx_string_add(bytes, header, strlen(header));
    while (bytes->length % 64 != 0)
        plx_string_add(bytes, " ", 1);
    size_t length = bytes->length - 8;
    for (int i = 0; i < 8; i++)
        bytes->text[i] = (char)(length >> (8 * i));
    for (size_t i = 0; i < n_data; i++)
        plx_string_add(bytes, "", 1);
    char *place = memmem(bytes->text, bytes->length, key, sizeof key - 1), digits[17];
    if (!place) return;
    plx_checksum sum;
    plx_checksum_init(&sum);
    plx_checksum_add(&sum, bytes->text, bytes->length);
    snprintf(digits, sizeof digits, "%016" PRIx64, plx_checksum_value(&sum));
    memcpy(place + sizeof key - 1, digits, 16);
}

#define META "\"__metadata__\":{\"data_checksum\":\"0000000000000000\",\"format\":\"plexus\",\"format_version\":\"1\"}"

static void test_wrong_layouts_are_refused(void)
{
    static const struct {
        const char *header;
        size_t n_data;
        plx_status status;
        const char *message;
    } cases[] = {
        {"{" META "}", 0, PLX_OK, ""},
        {"{" META ",\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, PLX_OK, ""},
        {"{" META ",\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, PLX_OK, ""},
        {"{" META ",\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, PLX_ERR_FORMAT, "'a'"},
        {"{" META ",\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, PLX_ERR_FORMAT, "'a'"},
        {"{" META ",\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, PLX_ERR_FORMAT, "'a'"},
        {"{" META ",\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4, PLX_ERR_FORMAT, "'a'"},
        {"{" META ",\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, PLX_ERR_FORMAT, "begins at"},
        {"{" META ",\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
         "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
         3, PLX_ERR_FORMAT, "'b' begins at"},
        {"{" META ",\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}",
         5, PLX_ERR_FORMAT, "aligned"},
        {"{" META ",\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 8, PLX_ERR_FORMAT, "continues"},
        {"{" META ",\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4, PLX_ERR_FORMAT, "truncated"},
        {"{" META ",\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, PLX_ERR_FORMAT, "F16"},
        {"{" META ",\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,1]}}", 1, PLX_ERR_FORMAT, "'a'"},
        {"{" META ",\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,2,2],\"data_offsets\":[0,0]}}", 0,
         PLX_ERR_FORMAT, "'a'"},
        {"{" META ",\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
         "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
         1, PLX_ERR_FORMAT, "duplicate"},
        {"{" META ",\"a\":[]}", 0, PLX_ERR_FORMAT, "'a' has no dtype"},
        {"{" META ",\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}", 1, PLX_ERR_FORMAT, "'a'"},
        {"{}", 0, PLX_ERR_FORMAT, "__metadata__"},
        {"[]", 0, PLX_ERR_FORMAT, "'{'"},
        {" {" META "}", 0, PLX_ERR_FORMAT, "'{'"},
        {"{" META "} x", 0, PLX_ERR_FORMAT, "header"},
        {"{\"__metadata__\":{\"format\":1}}", 0, PLX_ERR_FORMAT, "not a text"},
        {"{\"__metadata__\":{\"format\":\"pt\"}}", 0, PLX_ERR_FORMAT, "not a plexus model"},
        {"{\"__metadata__\":{\"format\":\"plexus\",\"format_version\":\"1\"}}", 0, PLX_ERR_FORMAT, "checksum"},
        {"{\"__metadata__\":{\"format\":\"plexus\",\"format_version\":\"one\"}}", 0, PLX_ERR_FORMAT, "format_version"},
        {"{\"__metadata__\":{\"format\":\"plexus\",\"format_version\":\"2\"}}", 0, PLX_ERR_UNSUPPORTED,
         "update plexus"},
        {"{\"__metadata__\":{\"data_checksum\": \"0000000000000000\",\"format\":\"plexus\",\"format_version\":\"1\"}}",
         0, PLX_ERR_FORMAT, "checksum"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        plx_string bytes;
        plx_error failure = {.code = PLX_OK};
        make_by_hand(&bytes, cases[i].header, cases[i].n_data);
        plx_status status = parse(bytes.text, bytes.length, &failure);
        if (status != cases[i].status) printf("  case %zu: %s\n", i, failure.message);
        CHECK_STATUS(status, cases[i].status);
        CHECK_TEXT(failure.message, cases[i].message);
        plx_string_release(&bytes);
    }
}

static void test_other_files_are_refused(void)
{
    plx_error failure;
    static const char csv[] = "age,income\n39,<=50K\n50,<=50K\n38,>50K\n";
    CHECK_STATUS(parse(csv, sizeof csv - 1, &failure), PLX_ERR_FORMAT);
    CHECK_TEXT(failure.message, "not a model file");
    CHECK_STATUS(parse("", 0, &failure), PLX_ERR_FORMAT);
    CHECK_TEXT(failure.message, "empty");
    plx_model_file file;
    CHECK_STATUS(plx_model_file_read(&file, "/tmp/plexus-no-such-file", memory, &failure), PLX_ERR_IO);
    CHECK_TEXT(failure.message, "plexus-no-such-file");
    CHECK(!file.memory);
}

static void test_writer_refuses_double_names(void)
{
    const plx_tensor twice[] = {tensors[1], tensors[1]};
    const plx_meta own[] = {{"format", "x"}}, double_meta[] = {{"a", "x"}, {"a", "y"}};
    CHECK_STATUS(plx_model_file_write("/tmp/plexus-none", memory, twice, 2, NULL, 0, NULL), PLX_ERR_ARGUMENT);
    CHECK_STATUS(plx_model_file_write("/tmp/plexus-none", memory, NULL, 0, own, 1, NULL), PLX_ERR_ARGUMENT);
    CHECK_STATUS(plx_model_file_write("/tmp/plexus-none", memory, NULL, 0, double_meta, 2, NULL), PLX_ERR_ARGUMENT);
    CHECK(access("/tmp/plexus-none", F_OK) != 0);
}

static void test_checksum(void)
{
    static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    plx_checksum whole, parts;
    plx_checksum_init(&whole);
    CHECK(plx_checksum_value(&whole) == UINT64_C(0xcbf29ce484222325));
    plx_checksum_add(&whole, text, 36);
    for (size_t cut = 0; cut <= 36; cut++) {
        plx_checksum_init(&parts);
        plx_checksum_add(&parts, text, cut);
        plx_checksum_add(&parts, text + cut, 36 - cut);
        CHECK(plx_checksum_value(&parts) == plx_checksum_value(&whole));
    }
    /* One word by hand: h = basis ^ word, times the prime, then its high half xored into its low half. */
    uint64_t h = (UINT64_C(0xcbf29ce484222325) ^ UINT64_C(0x3736353433323130)) * UINT64_C(0x100000001b3);
    plx_checksum_init(&parts);
    plx_checksum_add(&parts, text, 8);
    CHECK(plx_checksum_value(&parts) == (h ^ (h >> 32)));
}

static void test_allocations_may_fail(void)
{
    char path[64];
    path_of(path);
    failing_allocator failing;
    plx_status status = PLX_ERR_MEMORY;
    for (long n = 1; status == PLX_ERR_MEMORY && n < 1000; n++) {
        failing_allocator_init(&failing, n);
        status = plx_model_file_write(path, &failing.allocator, tensors, N_TENSORS, meta, 2, NULL);
        CHECK(failing.live == 0);
        CHECK((status == PLX_OK) != failing.failed && (status == PLX_OK || access(path, F_OK) != 0));
    }
    CHECK_STATUS(status, PLX_OK);
    status = PLX_ERR_MEMORY;
    for (long n = 1; status == PLX_ERR_MEMORY && n < 1000; n++) {
        plx_model_file file;
        failing_allocator_init(&failing, n);
        status = plx_model_file_read(&file, path, &failing.allocator, NULL);
        if (status == PLX_OK) plx_model_file_release(&file);
        CHECK(failing.live == 0 && (status == PLX_OK) != failing.failed);
    }
    CHECK_STATUS(status, PLX_OK);
    unlink(path);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_round_trip),
        CHECK_TEST(test_data_begins_aligned),
        CHECK_TEST(test_borrowed_bytes_may_be_unaligned),
        CHECK_TEST(test_every_flipped_byte_is_refused),
        CHECK_TEST(test_every_truncation_is_refused),
        CHECK_TEST(test_wrong_layouts_are_refused),
        CHECK_TEST(test_other_files_are_refused),
        CHECK_TEST(test_writer_refuses_double_names),
        CHECK_TEST(test_checksum),
        CHECK_TEST(test_allocations_may_fail),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
