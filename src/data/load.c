/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the files of a spec as encoded parts. All rows share one set of raw columns; parts are lists of row numbers. */
#include "data/load.h"

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/random.h"
#include "data/arrow_read.h"
#include "data/encoders.h"
#include "data/labels.h"
#include "data/reader.h"
#include "data/row_store.h"
#include "data/table_check.h"
#include "files/find.h"

enum { TRAIN, VALIDATION, TEST };
enum { FEW_ROWS = 1000 };

static plx_status read_file(const plx_filling *to, const char *path, const plx_parallel *parallel,
                            const plx_load_options *options, plx_error *err)
{
    plx_reader *reader = NULL;
    bool more = true;
    plx_status status = plx_reader_open(to, path, parallel, &reader, err);
    while (!status && more) {
        status = plx_reader_rows(reader, PLX_CHUNK_ROWS, &more, err);
        if (more) plx_reader_report(reader, options->reading, to->columns->n);
        plx_columns_drop_pages(to->columns);
    }
    plx_reader_close(reader);
    return status;
}

/* Reads the files of name number `name`. */
static plx_status read_named(const plx_filling *to, const char *const *names, int name, const plx_parallel *parallel,
                             const plx_load_options *options, plx_error *err)
{
    int n;
    const char *const *paths = plx_texts_files(parallel->texts, name, &n);
    const size_t before = to->columns->n;
    const int64_t wrong = to->wrong ? to->wrong->wrong_rows : 0;
    plx_filling file = *to;
    file.is_part = n > 1;
    for (int i = 0; i < n; i++)
        PLX_TRY(read_file(&file, paths[i], parallel, options, err));
    if (to->needs_rows && to->columns->n == before && (!to->wrong || to->wrong->wrong_rows == wrong))
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: none of its %d files has a row", names[name], n);
    return PLX_OK;
}

static plx_status read_files(const plx_filling *to, const char *const *names, int n, const plx_load_options *options,
                             plx_error *err)
{
    plx_parallel parallel = {.threads = options->threads, .piece_bytes = options->piece_bytes};
    plx_status status = plx_texts_create(&to->encoders->allocator, names, n, options->folders, options->n_folders,
                                         options->threads, &parallel.texts, err);
    for (int i = 0; !status && i < n; i++)
        status = read_named(to, names, i, &parallel, options, err);
    plx_texts_free(parallel.texts);
    return status;
}

/* The number of rows of `part`, which is a share of `n` or a number. */
static plx_status part_rows(double part, size_t n, const char *name, size_t *out, plx_error *err)
{
    double rows = part < 1 ? floor(part * (double)n + 0.5) : part;
    if (rows > (double)n)
        PLX_FAIL(err, PLX_ERR_SCHEMA, "data.%s_part: %.0f rows are requested, the training files have %zu", name, rows,
                 n);
    *out = (size_t)rows;
    return PLX_OK;
}

/* Writes the part of each training row 0..n-1 to `part_of`. `order` is 0..n-1; a random split shuffles it. */
static void deal(const plx_data_spec *data, const size_t sizes[PLX_PARTS], uint32_t *order, size_t n, uint8_t *part_of)
{
    const plx_random random = {.seed = (uint64_t)data->split_seed, .stream = PLX_STREAM_SPLIT};
    if (data->split == PLX_SPLIT_RANDOM) plx_random_shuffle(&random, 0, order, n);
    for (size_t i = 0; i < n; i++)
        part_of[order[i]] = i < sizes[TRAIN] ? TRAIN : i < sizes[TRAIN] + sizes[VALIDATION] ? VALIDATION : TEST;
}

/*
 * Sorts `order`, which holds all rows in file order, by part; within a part rows stay in file order. `files` holds the
 * number of rows in each part's own files, one after another; the result is in `sizes`.
 */
static plx_status cut(const plx_encoders *e, const plx_data_spec *data, const size_t files[PLX_PARTS], uint32_t *order,
                      size_t sizes[PLX_PARTS], plx_error *err)
{
    size_t n = files[TRAIN], total = n + files[VALIDATION] + files[TEST];
    PLX_TRY(part_rows(data->validation_part, n, "validation", &sizes[VALIDATION], err));
    PLX_TRY(part_rows(data->test_part, n, "test", &sizes[TEST], err));
    if (sizes[VALIDATION] + sizes[TEST] >= n)
        PLX_FAIL(err, PLX_ERR_SCHEMA,
                 "data: %zu validation and %zu test rows of the %zu in the training files leave none to train on",
                 sizes[VALIDATION], sizes[TEST], n);
    sizes[TRAIN] = n - sizes[VALIDATION] - sizes[TEST];
    uint8_t *part_of = plx_alloc(&e->allocator, total, 1);
    if (!part_of) return plx_error_memory(err);
    deal(data, sizes, order, n, part_of);
    for (size_t row = n; row < total; row++)
        part_of[row] = row < n + files[VALIDATION] ? VALIDATION : TEST;
    sizes[VALIDATION] += files[VALIDATION];
    sizes[TEST] += files[TEST];
    size_t next[PLX_PARTS] = {0, sizes[TRAIN], sizes[TRAIN] + sizes[VALIDATION]};
    for (size_t row = 0; row < total; row++)
        order[next[part_of[row]]++] = (uint32_t)row;
    plx_free(&e->allocator, part_of);
    return PLX_OK;
}

static plx_status identity(const plx_encoders *e, size_t n, uint32_t **out, plx_error *err)
{
    uint32_t *order = plx_alloc(&e->allocator, n, sizeof *order);
    if (!order) return plx_error_memory(err);
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    *out = order;
    return PLX_OK;
}

/* Makes the threads that fit and encode; none if the rows take less time than starting threads. */
static plx_status pool_for(const plx_encoders *e, const plx_load_options *options, size_t n, plx_pool **out,
                           plx_error *err)
{
    return options->threads > 1 && n > FEW_ROWS ? plx_pool_create(&e->allocator, options->threads, out, err) : PLX_OK;
}

static plx_status encode_part(const plx_encoders *e, const plx_row_store *store, const plx_columns *columns, int part,
                              const uint32_t *order, size_t n, plx_pool *pool, plx_rows *out, plx_error *err)
{
    if (!plx_row_store_fits(store, &e->layout, columns->n) && n > 0) {
        PLX_TRY(plx_row_store_encode(store, e, columns, part, order, n, pool, err));
        return plx_row_store_open(store, &e->allocator, &e->layout, part, n, false, true, out, err);
    }
    PLX_TRY(plx_encoders_encode(e, &e->allocator, columns, order, n, true, pool, out, err));
    return store && store->keeps && n ? plx_row_store_write(store, &e->allocator, part, out, err) : PLX_OK;
}

/* The place for raw columns that exceed the memory. */
static void spill_to(plx_columns *columns, const plx_row_store *store)
{
    if (!store) return;
    columns->spill_folder = store->folder;
    columns->spill_bytes = plx_row_store_raw_bytes(store);
}

static const char *const part_names[PLX_PARTS] = {"training rows", "validation rows", "test rows"};

static plx_status read_part(const plx_filling *to, const plx_data_spec *data, int part, const plx_load_options *options,
                            plx_error *err)
{
    const plx_text_list *lists[PLX_PARTS] = {&data->train, &data->validation, &data->test};
    if (!options->streams) return read_files(to, (const char *const *)lists[part]->items, lists[part]->n, options, err);
    return options->streams[part] ? plx_arrow_read(to, options->streams[part], part_names[part], err) : PLX_OK;
}

/* -- Labels of no class ---------------------------------------------------------------------------------------- */

/*
 * A row outside the training part may have a label that is no class of the fit. Raw columns do not know the source of a
 * row, so files are read again for it, now with a check of the classes.
 */
static plx_status read_again(const plx_encoders *e, const plx_data_spec *data, const plx_load_options *options,
                             plx_read_report *wrong, plx_error *err)
{
    plx_columns columns = {0};
    const plx_filling to = {
        .encoders = e, .columns = &columns, .with_labels = true, .needs_rows = true, .wrong = wrong};
    plx_status status = plx_encoders_raw(e, true, &columns, err);
    spill_to(&columns, options->store);
    for (int part = 0; !status && part < PLX_PARTS; part++)
        status = read_part(&to, data, part, options, err);
    plx_columns_release(&columns);
    return status;
}

/* Whether all files can be read a second time: pipes cannot. */
static bool can_read_again(const plx_encoders *e, const plx_data_spec *data, const plx_load_options *options)
{
    const plx_text_list *const lists[PLX_PARTS] = {&data->train, &data->validation, &data->test};
    bool can = !options->streams;
    for (int part = 0; can && part < PLX_PARTS; part++) {
        for (int i = 0; can && i < lists[part]->n; i++) {
            plx_arena arena;
            struct stat info;
            const char *const *paths = NULL;
            int n = 0;
            plx_arena_init(&arena, &e->allocator);
            can =
                strcmp(lists[part]->items[i], "-") != 0 &&
                !plx_find_files(&arena, lists[part]->items[i], options->folders, options->n_folders, &paths, &n, NULL);
            for (int k = 0; can && k < n; k++)
                can = stat(paths[k], &info) == 0 && S_ISREG(info.st_mode);
            plx_arena_release(&arena);
        }
    }
    return can;
}

/* Adds the place to the error for a row with such a label; keeps the error if no place is found. */
static void place_class(const plx_encoders *e, const plx_data_spec *data, const plx_load_options *options,
                        plx_error *err)
{
    plx_error placed = {.code = PLX_OK};
    if (!can_read_again(e, data, options)) return;
    if (read_again(e, data, options, NULL, &placed) == PLX_ERR_SCHEMA && err) *err = placed;
}

/* Reports all skipped rows with their places: earlier ones and those of no class, in file order. */
static plx_status report_dropped(const plx_encoders *e, const plx_data_spec *data, const plx_load_options *options,
                                 const plx_read_report *before, const plx_read_report *dropped, plx_error *err)
{
    plx_read_report *wrong = options->wrong;
    if (can_read_again(e, data, options)) {
        *wrong = *before;
        return read_again(e, data, options, wrong, err);
    }
    for (int64_t i = 0; i < dropped->wrong_rows; i++) {
        const plx_wrong_row *one = &dropped->wrong_row[i < PLX_REPORTED_ROWS ? i : PLX_REPORTED_ROWS - 1];
        plx_error_set(err, PLX_ERR_SCHEMA, "%s", one->message);
        PLX_TRY(plx_wrong_rows_add(wrong, data, (plx_blame){.row = 0}, PLX_ERR_SCHEMA, err));
    }
    return PLX_OK;
}

/* Removes rows of no class from a part, if such rows are skipped. */
static plx_status drop_unknown(const plx_encoders *e, const plx_load_options *options, const plx_columns *columns,
                               int part, uint32_t *order, size_t *n, plx_read_report *dropped, plx_error *err)
{
    const size_t n_before = *n;
    if (options->fitted || !options->wrong || e->spec.data.on_error != PLX_ON_ERROR_SKIP || !plx_labels_are_fitted(e))
        return PLX_OK;
    PLX_TRY(plx_labels_part(e, columns, order, n, err));
    for (size_t i = *n; i < n_before; i++, dropped->wrong_rows++) {
        plx_error why = {.code = PLX_OK};
        if (dropped->wrong_rows >= PLX_REPORTED_ROWS) continue;
        plx_wrong_row *out = &dropped->wrong_row[dropped->wrong_rows];
        plx_labels_explain(e, columns, order[i], &why);
        snprintf(out->message, sizeof out->message, "%s: %.400s", part_names[part], why.message);
    }
    return PLX_OK;
}

/* -- Loading --------------------------------------------------------------------------------------------------- */

/* All rows are in `columns`, and their numbers in `order`. */
static plx_status fit_and_encode(plx_encoders *e, const plx_data_spec *data, const plx_load_options *options,
                                 const plx_columns *columns, const size_t files[PLX_PARTS], uint32_t *order,
                                 plx_pool *pool, plx_rows parts[PLX_PARTS], plx_read_report *dropped, plx_error *err)
{
    size_t sizes[PLX_PARTS] = {0};
    plx_row_store *store = options->store;
    bool is_fitted = options->fitted != NULL;
    bool fit_on_all = data->fit_on == PLX_FIT_ON_ALL;
    if (!is_fitted && fit_on_all) PLX_TRY(plx_encoders_fit(e, columns, order, columns->n, pool, err));
    PLX_TRY(cut(e, data, files, order, sizes, err));
    if (!is_fitted && !fit_on_all) PLX_TRY(plx_encoders_fit(e, columns, order, sizes[TRAIN], pool, err));
    if (!is_fitted) plx_encoders_report_labels(e, &options->listener);
    for (int part = 0; part < PLX_PARTS; part++) {
        size_t n = sizes[part];
        PLX_TRY(drop_unknown(e, options, columns, part, order, &n, dropped, err));
        PLX_TRY(encode_part(e, store, columns, part, order, n, pool, &parts[part], err));
        order += sizes[part];
    }
    if (store) store->is_written = store->keeps || !plx_row_store_fits(store, &e->layout, columns->n);
    return PLX_OK;
}

static plx_status load(plx_encoders *e, const plx_data_spec *data, const plx_load_options *options,
                       plx_rows parts[PLX_PARTS], plx_error *err)
{
    size_t files[PLX_PARTS];
    uint32_t *order = NULL;
    plx_pool *pool = NULL;
    plx_columns columns = {0};
    plx_read_report before = {.rows = 0}, dropped = {.rows = 0};
    const plx_filling to = {.encoders = e,
                            .columns = &columns,
                            .with_labels = true,
                            .needs_rows = true,
                            .wrong = options->wrong,
                            .listener = options->listener};
    plx_status status = PLX_OK;
    if (options->wrong) before = *options->wrong;
    if (!options->fitted) status = plx_vocabularies_read(e, options, err);
    if (!status) status = plx_encoders_raw(e, true, &columns, err);
    spill_to(&columns, options->store);
    for (int part = 0; !status && part < PLX_PARTS; part++) {
        size_t rows_before = columns.n;
        status = read_part(&to, data, part, options, err);
        files[part] = columns.n - rows_before;
    }
    if (!status) status = identity(e, columns.n, &order, err);
    if (!status) status = pool_for(e, options, columns.n, &pool, err);
    if (!status) status = fit_and_encode(e, data, options, &columns, files, order, pool, parts, &dropped, err);
    plx_pool_free(pool);
    bool is_unknown_class = status == PLX_ERR_SCHEMA && order && plx_labels_are_fitted(e);
    plx_free(&e->allocator, order);
    plx_columns_release(&columns);
    if (is_unknown_class) place_class(e, data, options, err);
    if (!status && dropped.wrong_rows) status = report_dropped(e, data, options, &before, &dropped, err);
    return status;
}

plx_status plx_table_load(const plx_allocator *allocator, const plx_table_spec *spec, const plx_load_options *options,
                          plx_encoders **out, plx_rows parts[PLX_PARTS], plx_error *err)
{
    plx_encoders *e = NULL;
    plx_rows made[PLX_PARTS] = {0};
    if (!options->streams && !spec->data.train.n) PLX_FAIL(err, PLX_ERR_ARGUMENT, "data.train: no file is listed");
    if (options->fitted) {
        PLX_TRY(plx_table_check_first(spec, allocator, err));
        e = plx_encoders_retain(options->fitted);
    } else {
        PLX_TRY(plx_encoders_create(allocator, spec, &e, err));
    }
    plx_status status = load(e, &spec->data, options, made, err);
    for (int part = 0; part < PLX_PARTS; part++) {
        if (status) plx_rows_release(&made[part], allocator);
        parts[part] = made[part];
    }
    if (status) {
        plx_encoders_release(e);
        return status;
    }
    *out = e;
    return PLX_OK;
}

plx_status plx_encoders_read(const plx_encoders *encoders, const plx_allocator *allocator, const char *const *paths,
                             int n_paths, const plx_load_options *options, bool with_labels, plx_rows *out,
                             plx_error *err)
{
    uint32_t *order = NULL;
    plx_pool *pool = NULL;
    plx_columns columns = {0};
    plx_rows rows = {0};
    const plx_filling to = {.encoders = encoders,
                            .columns = &columns,
                            .with_labels = with_labels,
                            .wrong = options->wrong,
                            .listener = options->listener};
    if (n_paths < 1 && !options->streams) PLX_FAIL(err, PLX_ERR_ARGUMENT, "no file is given");
    plx_status status = plx_encoders_raw(encoders, with_labels, &columns, err);
    if (!status && options->streams) status = plx_arrow_read(&to, options->streams[0], "rows", err);
    if (!status) status = read_files(&to, paths, n_paths, options, err);
    if (!status) status = identity(encoders, columns.n, &order, err);
    if (!status) status = pool_for(encoders, options, columns.n, &pool, err);
    if (!status)
        status = plx_encoders_encode_counted(encoders, allocator, &columns, order, columns.n, with_labels,
                                             options->unknown, pool, &rows, err);
    plx_pool_free(pool);
    plx_free(&encoders->allocator, order);
    plx_columns_release(&columns);
    if (!status) *out = rows;
    return status;
}
