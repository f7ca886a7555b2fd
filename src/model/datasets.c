/* SPDX-License-Identifier: Apache-2.0 */
/* Training data, and rows to score. */
#include <string.h>

#include "model/datasets.h"
#include "model/model.h"
#include "model/row_cache.h"

static plx_status keep_folders(plx_data *data, const plx_load_options *options, plx_error *err)
{
    const size_t n = (size_t)options->n_folders;
    data->folders = plx_arena_take(&data->arena, n, sizeof *data->folders);
    for (size_t i = 0; i < n && data->folders; i++)
        data->folders[i] = plx_arena_text(&data->arena, options->folders[i], strlen(options->folders[i]));
    data->n_folders = options->n_folders;
    return plx_arena_failed(&data->arena) ? plx_error_memory(err) : PLX_OK;
}

plx_status plx_data_open(const plx_config *config, plx_load_options *options, plx_data **out, plx_error *err)
{
    const plx_allocator *allocator = &config->context->allocator;
    plx_data *data = plx_alloc_zero(allocator, 1, sizeof *data);
    if (!data) return plx_error_memory(err);
    data->context = config->context;
    plx_arena_init(&data->arena, allocator);
    plx_string_init(&data->encoding, allocator);
    plx_spec_write_encoding(&config->spec, &data->encoding);
    options->threads = config->context->threads;
    options->reading = &config->context->reading;
    options->wrong = &data->wrong;
    options->listener = plx_context_listener(config->context);
    plx_status status = data->encoding.failed ? plx_error_memory(err) : PLX_OK;
    if (!status) status = keep_folders(data, options, err);
    if (!status) {
        status = plx_row_cache_load(config, options, data, err);
    }
    if (status == PLX_OK) {
        *out = data;
    } else {
        plx_string_release(&data->encoding);
        plx_arena_release(&data->arena);
        plx_free(allocator, data);
    }
    return status;
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

static plx_status create_dataset(const plx_model *model, plx_dataset **out, plx_error *err)
{
    plx_dataset *dataset = plx_alloc_zero(&model->context->allocator, 1, sizeof *dataset);
    if (!dataset) return plx_error_memory(err);
    dataset->context = model->context;
    dataset->encoders = plx_encoders_retain(model->encoders);
    *out = dataset;
    return PLX_OK;
}

static plx_status finish_dataset(plx_dataset *dataset, plx_status status, plx_dataset **out)
{
    if (status == PLX_OK) {
        *out = dataset;
    } else {
        plx_dataset_destroy(dataset);
    }
    return status;
}

/* Files or a stream by the model's encoders; what it does not know is told. */
static plx_status read_rows(const plx_model *model, plx_dataset *dataset, const char *const *paths, int n_paths,
                            plx_load_options options, bool with_labels, plx_error *err)
{
    options.listener = plx_context_listener(model->context);
    PLX_TRY(plx_model_count_unknown(model, &options.unknown, err));
    plx_status status = plx_encoders_read(model->encoders, &model->context->allocator, paths, n_paths, &options,
                                          with_labels, &dataset->rows, err);
    plx_model_tell_unknown(model, options.unknown);
    return status;
}

plx_status plx_dataset_from_files(const plx_model *model, const char *const *paths, int n_paths, bool with_labels,
                                  plx_dataset **out, plx_error *err)
{
    plx_dataset *dataset = NULL;
    PLX_TRY(create_dataset(model, &dataset, err));
    const plx_load_options options = {
        .threads = model->context->threads, .reading = &model->context->reading, .wrong = &dataset->wrong};
    return finish_dataset(dataset, read_rows(model, dataset, paths, n_paths, options, with_labels, err), out);
}

plx_status plx_dataset_from_stream(const plx_model *model, struct ArrowArrayStream *stream, bool with_labels,
                                   plx_dataset **out, plx_error *err)
{
    plx_dataset *dataset = NULL;
    PLX_TRY(create_dataset(model, &dataset, err));
    const plx_load_options options = {.streams = &stream};
    return finish_dataset(dataset, read_rows(model, dataset, NULL, 0, options, with_labels, err), out);
}

static plx_status encode_columns(const plx_model *model, plx_dataset *dataset, const plx_column *columns, int n_columns,
                                 size_t rows, bool with_labels, plx_error *err)
{
    const plx_allocator *allocator = &dataset->context->allocator;
    const plx_listener listener = plx_context_listener(dataset->context);
    plx_unknown *unknown = NULL;
    PLX_TRY(plx_rows_init(&dataset->rows, allocator, plx_encoders_layout(dataset->encoders), rows, err));
    plx_cells *cells = plx_alloc(allocator, (size_t)n_columns, sizeof *cells);
    if (!cells) return plx_error_memory(err);
    for (int i = 0; i < n_columns; i++) {
        cells[i] =
            (plx_cells){columns[i].name, columns[i].texts, columns[i].numbers, columns[i].width, columns[i].integers};
    }
    plx_status status = plx_model_count_unknown(model, &unknown, err);
    if (status == PLX_OK) {
        status = plx_encoders_columns(dataset->encoders, cells, n_columns, rows, with_labels, &listener, unknown,
                                      dataset->rows.records, err);
    }
    plx_model_tell_unknown(model, unknown);
    plx_free(allocator, cells);
    return status;
}

plx_status plx_dataset_of_columns(const plx_model *model, const plx_column *columns, int n_columns, size_t rows,
                                  bool with_labels, plx_dataset **out, plx_error *err)
{
    plx_dataset *dataset = NULL;
    PLX_TRY(create_dataset(model, &dataset, err));
    return finish_dataset(dataset, encode_columns(model, dataset, columns, n_columns, rows, with_labels, err), out);
}

void plx_dataset_destroy(plx_dataset *dataset)
{
    if (!dataset) return;
    plx_rows_release(&dataset->rows, &dataset->context->allocator);
    plx_encoders_release(dataset->encoders);
    plx_free(&dataset->context->allocator, dataset);
}
