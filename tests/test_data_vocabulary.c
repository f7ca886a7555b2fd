/* SPDX-License-Identifier: Apache-2.0 */
/* The texts that become categories: rare and frequent ones, those of a file, hashed ones, shared tables. */
#include "check.h"

#include <limits.h>

#include "base/hash.h"
#include "data_support.h"
#include "failing_allocator.h"

/* a five times, b and c three times, d twice, e once; c comes before b. */
static const char letters[] = "color,size,sold\ne,1,0\nc,1,0\na,1,0\na,1,1\nd,1,0\nb,1,0\nc,1,0\nb,1,0\na,1,1\nd,1,0\n"
                              "c,1,0\na,1,0\nb,1,1\na,1,0\n";
enum { ROW_E = 0, ROW_C = 1, ROW_A = 2, ROW_D = 4, ROW_B = 5 };

/* The ids of a, b, c, d and e. */
static void check_ids(const small_spec *s, const uint32_t expected[5])
{
    static const size_t rows[] = {ROW_A, ROW_B, ROW_C, ROW_D, ROW_E};
    loaded l;
    REQUIRE(load_text(&l, letters, &s->spec) == PLX_OK);
    uint32_t known = 0;
    for (int i = 0; i < 5; i++) {
        CHECK(id_at(&l.parts[0], rows[i], 0) == expected[i]);
        known += expected[i] > 0;
    }
    CHECK(vocabulary_of(l.encoders, 0) == (int)known + 1);
    CHECK(plx_encoders_layout(l.encoders)->sparse[0].common == id_at(&l.parts[0], ROW_A, 0));
    loaded_release(&l);
}

static void test_rare_texts(void)
{
    small_spec s;
    small_spec_init(&s);
    check_ids(&s, (const uint32_t[]){1, 2, 3, 4, 5});
    s.features[0].min_count = 2;
    check_ids(&s, (const uint32_t[]){1, 2, 3, 4, 0});
    s.features[0].min_count = 3;
    check_ids(&s, (const uint32_t[]){1, 2, 3, 0, 0});
    s.features[0].vocabulary = PLX_ORDER_FIRST_SEEN;
    check_ids(&s, (const uint32_t[]){2, 3, 1, 0, 0});
    s.features[0].min_count = 6; /* no category is left, and most rows have none */
    check_ids(&s, (const uint32_t[]){0, 0, 0, 0, 0});
}

static void test_frequent_texts(void)
{
    small_spec s;
    small_spec_init(&s);
    for (int64_t size = 5; size < 8; size++) {
        s.features[0].max_size = size;
        check_ids(&s, (const uint32_t[]){1, 2, 3, 4, 5});
    }
    s.features[0].max_size = 3;
    check_ids(&s, (const uint32_t[]){1, 2, 3, 0, 0});
    s.features[0].max_size = 2; /* b and c are equally frequent: the order decides */
    check_ids(&s, (const uint32_t[]){1, 2, 0, 0, 0});
    s.features[0].vocabulary = PLX_ORDER_FIRST_SEEN;
    check_ids(&s, (const uint32_t[]){2, 0, 1, 0, 0});
    s.features[0].max_size = 1;
    check_ids(&s, (const uint32_t[]){1, 0, 0, 0, 0});
    s.features[0].max_size = 4;
    s.features[0].min_count = 3;
    check_ids(&s, (const uint32_t[]){2, 3, 1, 0, 0});
}

/* -- Files ------------------------------------------------------------------------------------------------------- */

static plx_status load_with_file(loaded *l, const char *lines, const char *name, bool is_packed)
{
    small_spec s;
    folder f = folder_make();
    small_spec_init(&s);
    s.features[0].vocabulary_file = "colors.txt";
    write_text(&f, "train.csv", letters);
    if (is_packed)
        write_compressed(&f, name, ARCHIVE_FILTER_GZIP, lines);
    else if (lines)
        write_text(&f, name, lines);
    plx_status status = load_spec(l, &f, &s.spec);
    folder_remove(&f);
    return status;
}

static void test_vocabulary_file(void)
{
    loaded l;
    for (int packed = 0; packed < 2; packed++) {
        const char *name = packed ? "colors.txt.gz" : "colors.txt";
        REQUIRE(load_with_file(&l, "x, \"y\"\r\n  c\n\nb\nA\na", name, packed) == PLX_OK);
        CHECK(vocabulary_of(l.encoders, 0) == 6);
        CHECK(id_at(&l.parts[0], ROW_C, 0) == 2 && id_at(&l.parts[0], ROW_B, 0) == 3);
        CHECK(id_at(&l.parts[0], ROW_A, 0) == 5 && id_at(&l.parts[0], ROW_D, 0) == 0);
        CHECK(plx_encoders_layout(l.encoders)->sparse[0].common == 5);
        uint8_t record[64];
        const char *const texts[] = {"x, \"y\""};
        const double sizes[] = {0};
        const plx_column cells[] = {{.name = "color", .texts = texts}, {.name = "size", .numbers = sizes}};
        CHECK_STATUS(encode_cells(l.encoders, cells, 2, 1, false, record, NULL), PLX_OK);
        CHECK(plx_record_id(record, &plx_encoders_layout(l.encoders)->sparse[0]) == 1);
        loaded_release(&l);
    }
}

static void test_wrong_vocabulary_file(void)
{
    static const struct {
        const char *lines, *message;
        plx_status status;
    } cases[] = {{NULL, "colors.txt: no such file", PLX_ERR_IO},
                 {"", "colors.txt: the vocabulary has no category", PLX_ERR_FORMAT},
                 {"\n\n", "colors.txt: the vocabulary has no category", PLX_ERR_FORMAT},
                 {"a\nb\n\n a\n", "colors.txt:4: this category appears twice", PLX_ERR_FORMAT}};
    loaded l;
    for (int i = 0; i < COUNT(cases); i++) {
        CHECK_STATUS(load_with_file(&l, cases[i].lines, "colors.txt", false), cases[i].status);
        CHECK_TEXT(l.error.message, cases[i].message);
    }
}

/* -- Hashes ------------------------------------------------------------------------------------------------------ */

/* From the reference implementation of xxh64, for texts that use each of its paths. */
static void test_hash(void)
{
    static const struct {
        const char *text;
        uint64_t hash;
    } cases[] = {{"", UINT64_C(0xef46db3751d8e999)},
                 {"a", UINT64_C(0xd24ec4f1a98c6e5b)},
                 {"abc", UINT64_C(0x44bc2cf5ad770999)},
                 {"message digest", UINT64_C(0x066ed728fceeb3be)},
                 {"abcdefghijklmnopqrstuvwxyz", UINT64_C(0xcfe1f278fa89835c)},
                 {"Nobody inspects the spammish repetition", UINT64_C(0xfbcea83c8a378bf1)}};
    for (int i = 0; i < COUNT(cases); i++)
        CHECK(plx_hash(cases[i].text, strlen(cases[i].text)) == cases[i].hash);
}

static void test_hashed_ids(void)
{
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.features[0].hash_buckets = 1000;
    s.features[1] = (plx_feature_spec){.name = "n", .column = "size", .kind = PLX_FEATURE_SPARSE, .hash_buckets = 7};
    REQUIRE(load_text(&l, "color,size,sold\nabc,12,0\n,0.5,1\nabc,,0\n", &s.spec) == PLX_OK);
    const plx_rows *rows = &l.parts[0];
    const plx_layout *layout = rows->layout;
    CHECK(vocabulary_of(l.encoders, 0) == 1001 && vocabulary_of(l.encoders, 1) == 8);
    const uint32_t abc = 1 + (uint32_t)(UINT64_C(0x44bc2cf5ad770999) % 1000);
    CHECK(id_at(rows, 0, 0) == abc && id_at(rows, 2, 0) == abc && layout->sparse[0].common == abc);
    CHECK(id_at(rows, 1, 0) == 1 + (uint32_t)(UINT64_C(0xef46db3751d8e999) % 1000));
    CHECK(id_at(rows, 0, 1) == 1 + (uint32_t)(plx_hash("12", 2) % 7));
    /* Texts and numbers in memory, also integers, have the hashes of their texts. */
    const char *const colors[] = {" abc", NULL, "abc "};
    const double sizes[] = {12, 0.5, NAN};
    const char *const sizes_as_texts[] = {"12", "0.5", ""};
    const plx_column cells[][2] = {{{.name = "color", .texts = colors}, {.name = "size", .numbers = sizes}},
                                   {{.name = "color", .texts = colors}, {.name = "size", .texts = sizes_as_texts}}};
    uint8_t records[3][64];
    REQUIRE(layout->record_bytes <= sizeof *records);
    for (int i = 0; i < 2; i++) {
        uint8_t *out = &records[0][0];
        CHECK_STATUS(encode_cells(l.encoders, cells[i], 2, 3, false, out, NULL), PLX_OK);
        for (size_t row = 0; row < 3; row++)
            for (int k = 0; k < 2; k++)
                CHECK(plx_record_id(out + row * layout->record_bytes, &layout->sparse[k]) == id_at(rows, row, k));
    }
    loaded_release(&l);
}

/* -- Shared tables ----------------------------------------------------------------------------------------------- */

/* `from` and `to` share a table; in first-seen order `to` comes second, and both count. */
static void shared_spec(small_spec *s)
{
    small_spec_init(s);
    s->features[0] = (plx_feature_spec){.name = "from", .kind = PLX_FEATURE_SPARSE, .embedding_name = "place"};
    s->features[1] = (plx_feature_spec){.name = "to", .kind = PLX_FEATURE_SPARSE, .embedding_name = "place"};
}

static const char trips[] = "from,to,sold\nRome,Bonn,0\nOslo,Rome,1\nRome,Bonn,0\nRome,Linz,1\n";

static void check_trips(const small_spec *s, const uint32_t from[4], const uint32_t to[4], int rows)
{
    loaded l;
    REQUIRE(load_text(&l, trips, &s->spec) == PLX_OK);
    for (size_t i = 0; i < 4; i++)
        CHECK(id_at(&l.parts[0], i, 0) == from[i] && id_at(&l.parts[0], i, 1) == to[i]);
    CHECK(vocabulary_of(l.encoders, 0) == rows && vocabulary_of(l.encoders, 1) == rows);
    const plx_layout *layout = plx_encoders_layout(l.encoders);
    CHECK(layout->sparse[0].common == from[0] && layout->sparse[1].common == to[0]);
    loaded_release(&l);
}

static void test_shared(void)
{
    small_spec s;
    shared_spec(&s);
    check_trips(&s, (const uint32_t[]){4, 3, 4, 4}, (const uint32_t[]){1, 4, 1, 2}, 5);
    s.features[0].min_count = s.features[1].min_count = 2; /* Bonn twice, Rome four times */
    check_trips(&s, (const uint32_t[]){2, 0, 2, 2}, (const uint32_t[]){1, 2, 1, 0}, 3);
    s.features[0].vocabulary = s.features[1].vocabulary = PLX_ORDER_FIRST_SEEN;
    check_trips(&s, (const uint32_t[]){1, 0, 1, 1}, (const uint32_t[]){2, 1, 2, 0}, 3);
    s.features[0].min_count = s.features[1].min_count = 0;
    check_trips(&s, (const uint32_t[]){1, 2, 1, 1}, (const uint32_t[]){3, 1, 3, 4}, 5);
    s.features[0].embedding_name = NULL; /* a feature's name also names its table */
    s.features[1].embedding_name = "from";
    check_trips(&s, (const uint32_t[]){1, 2, 1, 1}, (const uint32_t[]){3, 1, 3, 4}, 5);
}

/* -- Model files ------------------------------------------------------------------------------------------------- */

/* The encoding of `text` by `s`, and by encoders restored from its tensors. */
static void check_round_trip(const small_spec *s, const char *text, int n_tensors)
{
    loaded l;
    plx_arena arena;
    plx_encoders *again = NULL;
    plx_rows rows = {0};
    REQUIRE(load_text(&l, text, &s->spec) == PLX_OK);
    plx_arena_init(&arena, &plx_allocator_default);
    tensor_list list = copy_tensors(l.encoders, &arena);
    CHECK(list.n == n_tensors);
    CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, &s->spec, find_tensor, &list, &again, &l.error),
                 PLX_OK);
    REQUIRE(again);
    CHECK_STATUS(read_file(again, text, true, &rows, &l.error), PLX_OK);
    CHECK(same_records(&rows, &l.parts[0]));
    CHECK(plx_encoders_layout(again)->sparse[0].common == plx_encoders_layout(l.encoders)->sparse[0].common);
    plx_rows_release(&rows, &plx_allocator_default);
    plx_encoders_release(again);
    plx_arena_release(&arena);
    loaded_release(&l);
}

static void test_round_trips(void)
{
    small_spec s;
    small_spec_init(&s);
    s.features[0].max_size = 2;
    check_round_trip(&s, letters, 5); /* texts, their ends, the most frequent, the known share, the scaling */
    s.features[0].max_size = 0;
    s.features[0].hash_buckets = 3;
    check_round_trip(&s, letters, 2); /* the most frequent id and the scaling */
    shared_spec(&s);
    check_round_trip(&s, trips, 4);
}

static void test_wrong_shares(void)
{
    static const double wrong[] = {0, -0.5, 1.5, NAN};
    small_spec s;
    loaded l;
    plx_arena arena;
    plx_encoders *again = NULL;
    small_spec_init(&s);
    s.features[0].max_size = 2;
    REQUIRE(load_text(&l, letters, &s.spec) == PLX_OK);
    plx_arena_init(&arena, &plx_allocator_default);
    tensor_list list = copy_tensors(l.encoders, &arena);
    for (int i = 0; i < 4; i++) {
        change_tensor(&list, "vocabulary/color/known")->data = &wrong[i];
        CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, &s.spec, find_tensor, &list, &again, &l.error),
                     PLX_ERR_FORMAT);
        CHECK_TEXT(l.error.message, "tensor 'vocabulary/color/known' is not a fraction above 0");
    }
    plx_arena_release(&arena);
    loaded_release(&l);
}

static void test_wrong_tensors(void)
{
    small_spec s;
    loaded l;
    plx_arena arena;
    plx_encoders *again = NULL;
    int64_t large = 4;
    small_spec_init(&s);
    s.features[0].hash_buckets = 3;
    REQUIRE(load_text(&l, letters, &s.spec) == PLX_OK);
    plx_arena_init(&arena, &plx_allocator_default);
    tensor_list list = copy_tensors(l.encoders, &arena);
    change_tensor(&list, "vocabulary/color/common")->data = &large;
    CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, &s.spec, find_tensor, &list, &again, &l.error),
                 PLX_ERR_FORMAT);
    CHECK_TEXT(l.error.message, "the most frequent value of 'color' is not in its vocabulary");
    plx_arena_release(&arena);
    loaded_release(&l);
}

/* -- Options that do not fit ------------------------------------------------------------------------------------- */

static void check_refused(const small_spec *s, const char *message)
{
    loaded l;
    CHECK_STATUS(load_text(&l, trips, &s->spec), PLX_ERR_ARGUMENT);
    CHECK_TEXT(l.error.message, message);
}

static void test_wrong_options(void)
{
    small_spec s;
    small_spec_init(&s);
    s.features[0].hash_buckets = 10;
    s.features[0].min_count = 2;
    check_refused(&s, "features.color.min_count: 'min_count' chooses among fitted categories: not with 'hash_buckets'");
    s.features[0].min_count = 1;
    s.features[0].vocabulary_file = "colors.txt";
    check_refused(&s, "features.color.hash_buckets: 'hash_buckets' needs no 'vocabulary_file': give one or the other");
    s.features[0].hash_buckets = 0;
    s.features[0].max_size = 5;
    check_refused(&s,
                  "features.color.max_size: 'max_size' chooses among fitted categories: not with 'vocabulary_file'");
    shared_spec(&s);
    s.features[1].min_count = 3;
    check_refused(&s,
                  "features.to.min_count: 'min_count' differs from that of 'from', which has the same table 'place'");
    shared_spec(&s);
    s.features[1].embedding_dim = 3;
    check_refused(
        &s, "features.to.embedding_dim: 'embedding_dim' differs from that of 'from', which has the same table 'place'");
    shared_spec(&s);
    s.features[0].embedding_name = s.features[1].embedding_name = "a\nb";
    check_refused(&s, "features.from.embedding_name: 'embedding_name' has at most 128 characters on one line");
}

/* -- Failing allocations ------------------------------------------------------------------------------------------ */

static void check_memory(const small_spec *s, folder *f)
{
    const char *const folders[] = {f->path};
    plx_status status = PLX_ERR_MEMORY;
    for (long n = 1; status == PLX_ERR_MEMORY && n < 10000; n++) {
        failing_allocator memory;
        failing_allocator_init(&memory, n);
        memory.from_then_on = true;
        const plx_load_options options = {.folders = folders, .n_folders = 1, .threads = 1};
        loaded l = {.encoders = NULL};
        status = plx_table_load(&memory.allocator, &s->spec, &options, &l.encoders, l.parts, &l.error);
        if (status) CHECK_STATUS(status, PLX_ERR_MEMORY);
        for (int i = 0; i < PLX_PARTS; i++)
            plx_rows_release(&l.parts[i], &memory.allocator);
        plx_encoders_release(l.encoders);
        CHECK(memory.live == 0);
    }
    CHECK_STATUS(status, PLX_OK);
}

static void test_memory_ends(void)
{
    small_spec s;
    folder f = folder_make();
    write_text(&f, "train.csv", trips);
    write_text(&f, "places.txt", "Bonn\nRome\n");
    shared_spec(&s);
    s.features[0].max_size = s.features[1].max_size = 2;
    check_memory(&s, &f);
    shared_spec(&s);
    s.features[0].vocabulary_file = s.features[1].vocabulary_file = "places.txt";
    check_memory(&s, &f);
    folder_remove(&f);
}

/* Texts that mean the empty cell: in files, in memory and in lists, hashed or not. */
static void test_missing_texts(void)
{
    static const char text[] = "color,size,sold\n\\N,1,0\nred,1,0\n,1,1\nNA,1,0\n0.0,1,1\n0,1,1\nblue,1,0\n";
    static const char *const cells_of[] = {"", "\\N", "NA", "0", "nan"};
    static const double sizes[] = {1, 1, 1, 1, 1};
    small_spec s;
    loaded l;
    uint8_t records[256];
    for (int64_t buckets = 0; buckets < 2000; buckets += 1000) {
        small_spec_init(&s);
        s.features[0].hash_buckets = buckets;
        s.features[0].missing_texts = (plx_text_list)LIST("\\N", "NA", "0.0");
        REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
        const uint32_t empty = id_at(&l.parts[0], 2, 0);
        static const bool is_missing[] = {true, false, true, true, true, true, false};
        for (size_t row = 0; row < 7; row++)
            CHECK((id_at(&l.parts[0], row, 0) == empty) == is_missing[row]);
        CHECK(buckets || (vocabulary_of(l.encoders, 0) == 4 && empty == 1));
        const plx_column cells[] = {{.name = "color", .texts = cells_of}, {.name = "size", .numbers = sizes}};
        CHECK_STATUS(encode_cells(l.encoders, cells, 2, 5, false, records, &l.error), PLX_OK);
        const plx_layout *layout = plx_encoders_layout(l.encoders);
        for (size_t row = 0; row < 5; row++)
            CHECK((plx_record_id(records + row * layout->record_bytes, &layout->sparse[0]) == empty) == (row < 4));
        loaded_release(&l);
    }
    small_spec_init(&s);
    s.features[0] = (plx_feature_spec){.name = "color",
                                       .kind = PLX_FEATURE_LIST,
                                       .embedding_dim = 4,
                                       .max_length = 3,
                                       .separator = "|",
                                       .weight_separator = "",
                                       .weight_column = "",
                                       .missing_texts = LIST("NULL")};
    REQUIRE(load_text(&l, "color,size,sold\na|b,1,0\nNULL,1,1\n,1,0\nb|NULL,1,0\n", &s.spec) == PLX_OK);
    CHECK(l.encoders && plx_encoders_layout(l.encoders)->lists[0].vocabulary == 4); /* an item is a text */
    const plx_layout *layout = plx_encoders_layout(l.encoders);
    CHECK(memcmp(l.parts[0].records + layout->record_bytes + layout->lists[0].offset,
                 l.parts[0].records + 2 * layout->record_bytes + layout->lists[0].offset, 3) == 0);
    loaded_release(&l);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_rare_texts),
                                       CHECK_TEST(test_frequent_texts),
                                       CHECK_TEST(test_vocabulary_file),
                                       CHECK_TEST(test_wrong_vocabulary_file),
                                       CHECK_TEST(test_hash),
                                       CHECK_TEST(test_missing_texts),
                                       CHECK_TEST(test_hashed_ids),
                                       CHECK_TEST(test_shared),
                                       CHECK_TEST(test_round_trips),
                                       CHECK_TEST(test_wrong_shares),
                                       CHECK_TEST(test_wrong_tensors),
                                       CHECK_TEST(test_wrong_options),
                                       CHECK_TEST(test_memory_ends)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
