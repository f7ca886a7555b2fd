/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in files: they are read as written, damage is reported, and training uses each row once an epoch. */
#include "check.h"

#include <dirent.h>

#include "base/random.h"
#include "data/row_store.h"
#include "data_support.h"
#include "failing_allocator.h"
#include "rows/row_file.h"
#include "train/row_order.h"

enum { ROWS = 3 * PLX_BLOCK_ROWS + 77, ID = 1234567 };

/* A layout of one number, two labels, one id and one list; each row's number is its index. The second label is one of
 * three classes. */
typedef struct sample {
    plx_id_field sparse;
    plx_list_field list;
    uint32_t classes[2];
    plx_layout layout;
    plx_rows rows;
    folder f;
    char path[600];
} sample;

static bool sample_init(sample *s)
{
    *s = (sample){.sparse = {.vocabulary = 300}, .list = {.vocabulary = 50, .length = 3}, .classes = {0, 3}};
    const plx_layout_parts parts = {.sparse = &s->sparse,
                                    .n_sparse = 1,
                                    .lists = &s->list,
                                    .n_lists = 1,
                                    .n_dense = 1,
                                    .n_tasks = 2,
                                    .classes = s->classes};
    plx_layout_init(&s->layout, &parts);
    if (plx_rows_init(&s->rows, &plx_allocator_default, &s->layout, ROWS, NULL)) return false;
    for (size_t i = 0; i < ROWS; i++) {
        uint8_t *record = s->rows.records + i * s->layout.record_bytes;
        const uint32_t ids[] = {(uint32_t)i % 50, (uint32_t)i % 7};
        ((float *)(void *)record)[0] = (float)i;
        plx_put_float(record, s->layout.label_offset, -1e6F);
        plx_put_float(record, s->layout.label_offset + 4, i % 4 == 3 ? (float)NAN : (float)(i % 4));
        plx_put_id(record, &s->sparse, (uint32_t)i % 300);
        plx_record_clear_list(record, &s->list);
        for (uint32_t k = 0; k < i % 3; k++)
            plx_record_put_item(record, &s->list, k, ids[k]);
    }
    s->f = folder_make();
    strcpy(s->path, folder_file(&s->f, "train.rows"));
    return true;
}

static void sample_release(sample *s)
{
    plx_rows_release(&s->rows, &plx_allocator_default);
    folder_remove(&s->f);
}

static plx_status write_sample(const sample *s, const plx_allocator *allocator)
{
    plx_row_writer writer;
    plx_status status = plx_row_writer_init(&writer, allocator, s->path, &s->layout, ID, ROWS, NULL);
    if (!status) {
        const size_t first = 2 * PLX_BLOCK_ROWS;
        plx_row_writer_add(&writer, s->rows.records, first);
        plx_row_writer_add(&writer, s->rows.records + first * s->layout.record_bytes, ROWS - first);
        status = plx_row_writer_commit(&writer, NULL);
    }
    plx_row_writer_release(&writer);
    return status;
}

static plx_status open_sample(const sample *s, bool in_memory, plx_rows *out)
{
    return plx_row_file_open(s->path, &plx_allocator_default, &s->layout, ID, in_memory, false, out, NULL);
}

static void test_round_trip(void)
{
    sample s;
    plx_rows rows;
    REQUIRE(sample_init(&s));
    REQUIRE(write_sample(&s, &plx_allocator_default) == PLX_OK);
    for (int in_memory = 0; in_memory < 2; in_memory++) {
        REQUIRE(open_sample(&s, in_memory, &rows) == PLX_OK);
        CHECK(rows.n == ROWS && !rows.mapping == (in_memory == 1));
        CHECK(memcmp(rows.records, s.rows.records, ROWS * s.layout.record_bytes) == 0);
        plx_rows_drop_pages(&rows, 100, 5000);
        CHECK(memcmp(rows.records, s.rows.records, ROWS * s.layout.record_bytes) == 0);
        plx_rows_release(&rows, &plx_allocator_default);
    }
    sample_release(&s);
}

/* A file with any byte changed, or with another length, is an error. */
static void test_damage(void)
{
    sample s;
    plx_rows rows;
    REQUIRE(sample_init(&s));
    REQUIRE(write_sample(&s, &plx_allocator_default) == PLX_OK);
    FILE *file = fopen(s.path, "rb");
    REQUIRE(file);
    fseek(file, 0, SEEK_END);
    const size_t length = (size_t)ftell(file);
    uint8_t *bytes = malloc(length + 8);
    rewind(file);
    REQUIRE(bytes && fread(bytes, 1, length, file) == length);
    fclose(file);
    const size_t places[] = {0, 8, 12, 16, 24, 32, 4096, 4096 + 50000, length - 1, length - 8};
    for (int i = 0; i < COUNT(places); i++) {
        bytes[places[i]] ^= 0x10;
        write_bytes(&s.f, "train.rows", bytes, length);
        CHECK_STATUS(open_sample(&s, i % 2, &rows), PLX_ERR_FORMAT);
        bytes[places[i]] ^= 0x10;
    }
    const size_t lengths[] = {0, 10, 4095, 4096, 4097, length - 1, length + 1};
    memset(bytes + length, 0, 8);
    for (int i = 0; i < COUNT(lengths); i++) {
        write_bytes(&s.f, "train.rows", bytes, lengths[i]);
        CHECK_STATUS(open_sample(&s, i % 2, &rows), PLX_ERR_FORMAT);
    }
    write_bytes(&s.f, "train.rows", bytes, length);
    CHECK_STATUS(plx_row_file_open(s.path, &plx_allocator_default, &s.layout, ID + 1, false, false, &rows, NULL),
                 PLX_ERR_FORMAT);
    s.sparse.vocabulary = 299; /* as if the file held an id outside the table */
    CHECK_STATUS(open_sample(&s, false, &rows), PLX_ERR_FORMAT);
    s.sparse.vocabulary = 300;
    s.list.vocabulary = 49;
    CHECK_STATUS(open_sample(&s, true, &rows), PLX_ERR_FORMAT);
    s.list.vocabulary = 50;
    CHECK_STATUS(open_sample(&s, false, &rows), PLX_OK);
    plx_rows_release(&rows, &plx_allocator_default);
    free(bytes);
    CHECK_STATUS(plx_row_file_open(s.f.path, &plx_allocator_default, &s.layout, ID, false, false, &rows, NULL),
                 PLX_ERR_FORMAT);
    sample_release(&s);
}

/* A forged file with all checksums right: a class that does not exist is no valid label. */
static void test_labels_outside(void)
{
    static const float wrong[] = {3, -1, 1.5F, 1e30F, (float)INFINITY, -(float)INFINITY};
    sample s;
    plx_rows rows;
    REQUIRE(sample_init(&s));
    uint8_t *record = s.rows.records + (ROWS - 1) * s.layout.record_bytes;
    for (int i = 0; i < COUNT(wrong); i++) {
        plx_put_float(record, s.layout.label_offset + 4, wrong[i]);
        REQUIRE(write_sample(&s, &plx_allocator_default) == PLX_OK);
        CHECK_STATUS(open_sample(&s, i % 2, &rows), PLX_ERR_FORMAT);
    }
    sample_release(&s);
}

/* -- Pieces in files ------------------------------------------------------------------------------------------- */

static size_t open_descriptors(void)
{
    size_t n = 0;
    DIR *descriptors = opendir("/proc/self/fd");
    while (descriptors && readdir(descriptors))
        n++;
    if (descriptors) closedir(descriptors);
    return n;
}

/* Many growing columns share few files, each with its own numbers. */
static void test_many_pieces(void)
{
    enum { PIECES = 1500, STEPS = 3, NUMBERS = 1000 };
    static plx_spill pieces[PIECES];
    plx_spill_files files;
    folder f = folder_make();
    const size_t before = open_descriptors();
    plx_spill_files_init(&files, &plx_allocator_default, f.path);
    for (size_t step = 1; step <= STEPS; step++)
        for (int i = 0; i < PIECES; i++) {
            const uint64_t most = i % 500 == 7 ? UINT64_C(1) << 45 : UINT64_C(1) << 35;
            REQUIRE(plx_spill_resize(&pieces[i], &files, step * NUMBERS * sizeof(int), most, NULL) == PLX_OK);
            ((int *)pieces[i].at)[step * NUMBERS - 1] = i;
        }
    CHECK(open_descriptors() - before < 40);
    for (int i = 0; i < PIECES; i++) {
        plx_spill_drop_pages(&pieces[i]);
        for (size_t step = 1; step <= STEPS; step++)
            CHECK(((int *)pieces[i].at)[step * NUMBERS - 1] == i);
        CHECK(((int *)pieces[i].at)[0] == 0);
        plx_spill_release(&pieces[i]);
    }
    plx_spill_files_release(&files);
    CHECK(open_descriptors() == before);
    folder_remove(&f);
}

/* -- The order of training ------------------------------------------------------------------------------------- */

/* Rows of an epoch, `batch` together from row `first` on, to `out` [ROWS]. */
static void take_epoch(const plx_rows *rows, bool shuffles, uint32_t epoch, size_t first, size_t batch, float *out)
{
    plx_row_order order;
    plx_status status = plx_row_order_init(&order, &plx_allocator_default, rows, 7, shuffles, batch, NULL);
    if (!status) status = plx_row_order_begin(&order, epoch, first, NULL);
    for (size_t at = first; !status && at < rows->n;) {
        const size_t n = rows->n - at < batch ? rows->n - at : batch;
        plx_batch taken;
        status = plx_row_order_take(&order, n, &taken, NULL);
        if (status) break;
        CHECK(taken.n == (int)n);
        for (size_t i = 0; i < n; i++) {
            const size_t row = taken.order ? taken.order[taken.first + i] : taken.first + i;
            out[at++] = dense_at(taken.rows, row, 0);
        }
    }
    CHECK_STATUS(status, PLX_OK);
    plx_row_order_release(&order);
}

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void check_is_all(const float *taken)
{
    static float sorted[ROWS];
    memcpy(sorted, taken, sizeof sorted);
    qsort(sorted, ROWS, sizeof *sorted, compare_floats);
    for (size_t i = 0; i < ROWS; i++)
        if (sorted[i] != (float)i) {
            check_report(__FILE__, __LINE__, "a row is taken twice, or never");
            return;
        }
}

static void test_windows(void)
{
    static float a[ROWS], b[ROWS], c[ROWS];
    sample s;
    plx_rows rows;
    REQUIRE(sample_init(&s));
    REQUIRE(write_sample(&s, &plx_allocator_default) == PLX_OK);
    REQUIRE(open_sample(&s, false, &rows) == PLX_OK);
    for (size_t blocks = 1; blocks <= 5; blocks++) {
        rows.window_rows = blocks * PLX_BLOCK_ROWS;
        take_epoch(&rows, true, 1, 0, 1000, a);
        check_is_all(a);
        take_epoch(&rows, true, 1, 0, 4999, b); /* the order does not depend on the batch */
        CHECK(memcmp(a, b, sizeof a) == 0);
        take_epoch(&rows, true, 2, 0, 1000, b);
        check_is_all(b);
        CHECK(memcmp(a, b, sizeof a) != 0);
        memcpy(c, a, sizeof c);
        take_epoch(&rows, true, 1, 5000, 1000, c); /* in the middle of an epoch */
        CHECK(memcmp(a, c, sizeof a) == 0);
        take_epoch(&rows, false, 1, 0, 1000, b);
        for (size_t i = 0; i < ROWS; i++)
            CHECK(b[i] == (float)i);
    }
    plx_rows_release(&rows, &plx_allocator_default);
    sample_release(&s);
}

/* Without a window the order is that of rows in memory, wherever the rows are stored. */
static void test_no_window(void)
{
    static float a[ROWS], b[ROWS];
    uint32_t *order = malloc(ROWS * sizeof *order);
    sample s;
    REQUIRE(order && sample_init(&s));
    take_epoch(&s.rows, true, 3, 0, 1000, a);
    take_epoch(&s.rows, true, 3, 2000, 1000, b);
    CHECK(memcmp(a + 2000, b + 2000, (ROWS - 2000) * sizeof *a) == 0);
    for (uint32_t i = 0; i < ROWS; i++)
        order[i] = i;
    plx_random_shuffle(&(plx_random){7, PLX_STREAM_SHUFFLE}, 3, order, ROWS);
    for (size_t i = 0; i < ROWS; i++)
        CHECK(a[i] == (float)order[i]);
    free(order);
    sample_release(&s);
}

/* -- Loading through a store ----------------------------------------------------------------------------------- */

static void write_sales(folder *f, int n)
{
    plx_string text;
    plx_string_init(&text, &plx_allocator_default);
    plx_string_format(&text, "color,size,sold\n");
    for (int i = 0; i < n; i++)
        plx_string_format(&text, "c%d,%d,%d\n", (int)((unsigned)i * 7919U % 1777U), i % 4001, i % 3 == 0);
    write_text(f, "train.csv", text.text);
    plx_string_release(&text);
}

static plx_status load_stored(loaded *l, const plx_allocator *allocator, const folder *f, const plx_table_spec *spec,
                              plx_row_store *store)
{
    const char *const folders[] = {f->path};
    const plx_load_options options = {.folders = folders, .n_folders = 1, .threads = 2, .store = store};
    *l = (loaded){.encoders = NULL};
    return plx_table_load(allocator, spec, &options, &l->encoders, l->parts, &l->error);
}

static void check_same_parts(const loaded *a, const loaded *b)
{
    for (int part = 0; part < PLX_PARTS; part++) {
        const plx_rows *x = &a->parts[part], *y = &b->parts[part];
        CHECK(x->n == y->n && x->layout->record_bytes == y->layout->record_bytes);
        CHECK(memcmp(x->records, y->records, x->n * x->layout->record_bytes) == 0);
    }
}

/* The same records, with raw columns and parts in memory or in files. */
static void test_store(void)
{
    small_spec s;
    folder f = folder_make();
    loaded plain, stored;
    write_sales(&f, 30000);
    small_spec_init(&s);
    s.spec.data.split = PLX_SPLIT_RANDOM;
    s.spec.data.validation_part = 0.2;
    s.spec.data.test_part = 5000;
    s.features[1].scaling = PLX_SCALE_STANDARD;
    REQUIRE(load_spec(&plain, &f, &s.spec) == PLX_OK);
    for (int part = 0; part < PLX_PARTS; part++)
        folder_file(&f, plx_row_store_file(part));
    const size_t bytes = plain.parts[0].layout->record_bytes * 30000;
    const size_t memories[] = {0, 1, 100000, 2 * bytes - 1, 2 * bytes};
    for (int i = 0; i < COUNT(memories); i++) {
        plx_row_store store = {.folder = f.path, .memory = memories[i], .keeps = i == 0, .id = 5};
        CHECK_STATUS(load_stored(&stored, &plx_allocator_default, &f, &s.spec, &store), PLX_OK);
        REQUIRE(stored.encoders);
        const bool is_mapped = memories[i] && memories[i] < 2 * bytes;
        CHECK(store.is_written == (is_mapped || i == 0));
        CHECK((stored.parts[0].mapping != NULL) == is_mapped && (stored.parts[0].window_rows > 0) == is_mapped);
        check_same_parts(&plain, &stored);
        loaded_release(&stored);
    }
    loaded_release(&plain);
    folder_remove(&f);
}

static void test_no_folder(void)
{
    small_spec s;
    folder f = folder_make();
    loaded l;
    plx_row_store store = {.folder = "no/such/folder", .memory = 1000};
    write_sales(&f, 3000);
    CHECK_STATUS(load_stored(&l, &plx_allocator_default, &f, small_spec_init(&s), &store), PLX_ERR_IO);
    CHECK_TEXT(l.error.message, "no/such/folder: ");
    folder_remove(&f);
}

static void test_memory_ends(void)
{
    small_spec s;
    folder f = folder_make();
    plx_status status = PLX_ERR_MEMORY;
    long n = 0;
    write_sales(&f, 5000);
    small_spec_init(&s);
    s.spec.data.validation_part = 1000;
    for (int part = 0; part < PLX_PARTS; part++)
        folder_file(&f, plx_row_store_file(part));
    for (; status == PLX_ERR_MEMORY && n < 5000; n++) {
        failing_allocator memory;
        failing_allocator_init(&memory, n + 1);
        memory.from_then_on = true;
        plx_row_store store = {.folder = f.path, .memory = 20000};
        plx_row_order order = {0};
        loaded l;
        status = load_stored(&l, &memory.allocator, &f, &s.spec, &store);
        if (!status) status = plx_row_order_init(&order, &memory.allocator, &l.parts[0], 0, true, 100, NULL);
        plx_row_order_release(&order);
        for (int part = 0; part < PLX_PARTS; part++)
            plx_rows_release(&l.parts[part], &memory.allocator);
        plx_encoders_release(l.encoders);
        CHECK(memory.live == 0);
    }
    CHECK_STATUS(status, PLX_OK);
    CHECK(n > 50);
    folder_remove(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_round_trip),  CHECK_TEST(test_damage),    CHECK_TEST(test_labels_outside),
        CHECK_TEST(test_many_pieces), CHECK_TEST(test_windows),   CHECK_TEST(test_no_window),
        CHECK_TEST(test_store),       CHECK_TEST(test_no_folder), CHECK_TEST(test_memory_ends),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
