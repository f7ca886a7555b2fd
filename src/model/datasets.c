/* SPDX-License-Identifier: Apache-2.0 */
/* Training data, and rows to score. */
#include "model/datasets.h"

#include <string.h>

#include "files/column_stream.h"
#include "files/find.h"
#include "files/partition.h"
#include "model/configuration.h"
#include "model/model.h"
#include "model/row_cache.h"

/* -- Data to train on ------------------------------------------------------------------------------------------ */

typedef struct sources {
    const plx_source *of[PLX_PARTS]; /* NULL: none */
    plx_column_stream columns[PLX_PARTS];
    struct ArrowArrayStream *streams[PLX_PARTS];
} sources;

static plx_status keep_folders(plx_data *data, const plx_data_options *options, plx_error *err)
{
    const size_t n = (size_t)options->n_folders;
    data->folders = plx_arena_take(&data->arena, n, sizeof *data->folders);
    for (size_t i = 0; i < n && data->folders; i++)
        data->folders[i] = plx_arena_text(&data->arena, options->folders[i], strlen(options->folders[i]));
    data->n_folders = options->n_folders;
    return plx_arena_failed(&data->arena) ? plx_error_memory(err) : PLX_OK;
}

static plx_status fail_mixed(plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "some parts are files and others are not: give files, or tables");
}

/* Puts these files in section `data`. */
static plx_status name_files(plx_config *config, const sources *from, plx_error *err)
{
    static const char *const keys[PLX_PARTS] = {"data.train", "data.validation", "data.test"};
    for (int part = PLX_PARTS - 1; part >= 0; part--) {
        plx_string assignment;
        if (from->of[part] && !from->of[part]->paths) return fail_mixed(err);
        plx_string_init(&assignment, &config->context->allocator);
        plx_string_format(&assignment, "%s=[", keys[part]);
        for (int i = 0; from->of[part] && i < from->of[part]->n_paths; i++) {
            if (i) plx_string_add(&assignment, ",", 1);
            plx_string_json(&assignment, plx_slice_of(from->of[part]->paths[i]));
        }
        plx_string_add(&assignment, "]", 1);
        plx_status status = assignment.failed ? plx_error_memory(err) : PLX_OK;
        if (!status) status = plx_config_assign(config, assignment.text, err);
        plx_string_release(&assignment);
        if (status) return status;
    }
    return PLX_OK;
}

static plx_status open_streams(sources *from, const plx_allocator *allocator, plx_error *err)
{
    for (int part = 0; part < PLX_PARTS; part++) {
        const plx_source *source = from->of[part];
        if (!source) continue;
        from->streams[part] = source->stream ? source->stream : &from->columns[part].stream;
        if (source->paths) return fail_mixed(err);
        if (!source->stream)
            PLX_TRY(plx_column_stream_init(&from->columns[part], allocator, source->columns, source->n_columns,
                                           source->rows, err));
    }
    return PLX_OK;
}

static void close_streams(sources *from)
{
    for (int part = 0; part < PLX_PARTS; part++)
        if (from->columns[part].stream.private_data) plx_column_stream_release(&from->columns[part]);
}

static plx_status load(const plx_config *config, const plx_data_options *options, plx_data *data, plx_error *err)
{
    sources from = {.of = {options->train, options->validation, options->test}};
    plx_config *named = NULL;
    plx_load_options how = {.folders = data->folders,
                            .n_folders = data->n_folders,
                            .threads = config->context->threads,
                            .reading = &config->context->reading,
                            .wrong = &data->report,
                            .fitted = options->model ? options->model->encoders : NULL,
                            .listener = plx_context_listener(config->context)};
    plx_status status = PLX_OK;
    if (options->train && options->train->paths) {
        status = plx_config_clone(config, &named, err);
        if (!status) status = name_files(named, &from, err);
    } else if (options->train) {
        status = open_streams(&from, &config->context->allocator, err);
        how.streams = from.streams;
    }
    if (!status) status = plx_row_cache_load(named ? named : config, &how, data, err);
    close_streams(&from);
    plx_config_destroy(named);
    return status;
}

plx_status plx_data_open(const plx_config *config, const plx_data_options *options, plx_data **out, plx_error *err)
{
    const plx_allocator *allocator = &config->context->allocator;
    plx_data *data = plx_alloc_zero(allocator, 1, sizeof *data);
    if (!data) return plx_error_memory(err);
    data->context = config->context;
    plx_arena_init(&data->arena, allocator);
    plx_string_init(&data->encoding, allocator);
    plx_spec_write_encoding(&config->spec, &data->encoding);
    plx_status status = data->encoding.failed ? plx_error_memory(err) : PLX_OK;
    if (!status) status = keep_folders(data, options, err);
    if (!status) status = load(config, options, data, err);
    if (status) {
        plx_data_destroy(data);
        return status;
    }
    data->report.size = sizeof data->report;
    for (int part = 0; part < PLX_PARTS; part++)
        data->report.rows += (int64_t)data->parts[part].n;
    *out = data;
    return PLX_OK;
}

void plx_data_destroy(plx_data *data)
{
    if (!data) return;
    const plx_allocator *allocator = &data->context->allocator;
    for (int part = 0; part < PLX_PARTS; part++)
        plx_rows_release(&data->parts[part], allocator);
    plx_encoders_release(data->encoders);
    plx_string_release(&data->encoding);
    plx_arena_release(&data->arena);
    plx_free(allocator, data);
}

/* -- Rows to score --------------------------------------------------------------------------------------------- */

/* Reads files or a stream with the model's encoders; counts unknown cells and warns of them. */
static plx_status read_rows(const plx_model *model, const plx_source *source, bool with_labels, plx_dataset *dataset,
                            plx_error *err)
{
    plx_load_options options = {.threads = model->context->threads,
                                .reading = &model->context->reading,
                                .wrong = source->stream ? NULL : &dataset->report,
                                .streams = source->stream ? &source->stream : NULL,
                                .listener = plx_context_listener(model->context)};
    PLX_TRY(plx_model_count_unknown(model, &options.unknown, err));
    plx_status status = plx_encoders_read(model->encoders, &model->context->allocator, source->paths, source->n_paths,
                                          &options, with_labels, &dataset->rows, err);
    plx_model_warn_unknown(model, options.unknown);
    return status;
}

static plx_status encode_columns(const plx_model *model, const plx_source *source, bool with_labels,
                                 plx_dataset *dataset, plx_error *err)
{
    const plx_allocator *allocator = &dataset->context->allocator;
    const plx_listener listener = plx_context_listener(dataset->context);
    const size_t rows = (size_t)source->rows;
    plx_unknown *unknown = NULL;
    PLX_TRY(plx_rows_init(&dataset->rows, allocator, plx_encoders_layout(dataset->encoders), rows, err));
    PLX_TRY(plx_model_count_unknown(model, &unknown, err));
    plx_status status = plx_encoders_columns(dataset->encoders, source->columns, source->n_columns, rows, with_labels,
                                             &listener, unknown, dataset->rows.records, err);
    plx_model_warn_unknown(model, unknown);
    return status;
}

plx_status plx_dataset_open(const plx_model *model, const plx_source *source, bool with_labels, plx_dataset **out,
                            plx_error *err)
{
    plx_dataset *dataset = plx_alloc_zero(&model->context->allocator, 1, sizeof *dataset);
    if (!dataset) return plx_error_memory(err);
    dataset->context = model->context;
    dataset->encoders = plx_encoders_retain(model->encoders);
    const bool is_read = source->paths || source->stream;
    plx_status status = (is_read ? read_rows : encode_columns)(model, source, with_labels, dataset, err);
    if (status) {
        plx_dataset_destroy(dataset);
        return status;
    }
    dataset->report.size = sizeof dataset->report;
    dataset->report.rows = (int64_t)dataset->rows.n;
    *out = dataset;
    return PLX_OK;
}

void plx_dataset_destroy(plx_dataset *dataset)
{
    if (!dataset) return;
    plx_rows_release(&dataset->rows, &dataset->context->allocator);
    plx_encoders_release(dataset->encoders);
    plx_free(&dataset->context->allocator, dataset);
}

/* The path, and the columns that its folders give. */
static void add_path(plx_string *all, plx_arena *arena, const char *path)
{
    plx_slice column, value;
    plx_string_add(all, path, strlen(path) + 1);
    while (plx_partition_next(arena, &path, &column, &value)) {
        plx_string_add(all, column.text, column.length);
        plx_string_add(all, "", 1);
        plx_string_add(all, value.text, value.length);
        plx_string_add(all, "", 1);
    }
    plx_string_add(all, "", 1);
}

plx_status plx_find_paths(const plx_context *context, const char *name, const char *const *folders, int n_folders,
                          char **out, int *n, plx_error *err)
{
    plx_arena arena;
    const char *const *paths = NULL;
    plx_string all;
    plx_arena_init(&arena, &context->allocator);
    plx_string_init(&all, &context->allocator);
    plx_status status = plx_find_files(&arena, name, folders, n_folders, &paths, n, err);
    for (int i = 0; !status && i < *n; i++)
        add_path(&all, &arena, paths[i]);
    if (!status && (all.failed || plx_arena_failed(&arena))) status = plx_error_memory(err);
    plx_arena_release(&arena);
    if (status) {
        plx_string_release(&all);
        return status;
    }
    *out = all.text;
    return PLX_OK;
}
