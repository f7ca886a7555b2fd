/* SPDX-License-Identifier: Apache-2.0 */
/* Training data, and rows to score. */
#include "files/parquet.h"
#include "model/datasets.h"
#include "plexus.h"

static const char *wrong_row(const plx_wrong_rows *wrong, int index)
{
    return index >= 0 && index < wrong->n && index < PLX_WRONG_ROWS_TOLD ? wrong->told[index] : NULL;
}

plx_status plx_data_load(const plx_config *config, const char *const *folders, int n_folders, plx_data **out,
                         plx_error *err)
{
    if (!config || !out || n_folders < 0 || (n_folders > 0 && !folders)) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "config, out or folders is NULL");
    }
    *out = NULL;
    plx_load_options options = {.folders = folders, .n_folders = n_folders};
    return plx_data_open(config, &options, out, err);
}

plx_status plx_data_load_for(const plx_config *config, const plx_model *model, const char *const *folders,
                             int n_folders, plx_data **out, plx_error *err)
{
    if (!config || !model || !out || n_folders < 0 || (n_folders > 0 && !folders)) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "config, model, out or folders is NULL");
    }
    *out = NULL;
    plx_load_options options = {.folders = folders, .n_folders = n_folders, .fitted = model->encoders};
    return plx_data_open(config, &options, out, err);
}

bool plx_reads_parquet(void)
{
    return plx_parquet_is_readable();
}

plx_status plx_data_from_arrow(const plx_config *config, const plx_model *model, struct ArrowArrayStream *train,
                               struct ArrowArrayStream *validation, struct ArrowArrayStream *test, plx_data **out,
                               plx_error *err)
{
    struct ArrowArrayStream *const streams[PLX_PARTS] = {train, validation, test};
    if (!config || !train || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "config, train or out is NULL");
    *out = NULL;
    plx_load_options options = {.streams = streams, .fitted = model ? model->encoders : NULL};
    return plx_data_open(config, &options, out, err);
}

void plx_data_free(plx_data *data)
{
    plx_data_destroy(data);
}

int64_t plx_data_rows(const plx_data *data, plx_part part)
{
    return part >= PLX_PART_TRAIN && part <= PLX_PART_TEST ? (int64_t)data->parts[part].n : 0;
}

int64_t plx_data_wrong_rows(const plx_data *data)
{
    return data->wrong.n;
}

const char *plx_data_wrong_row(const plx_data *data, int index)
{
    return wrong_row(&data->wrong, index);
}

plx_status plx_dataset_read(const plx_model *model, const char *const *paths, int n_paths, bool with_labels,
                            plx_dataset **out, plx_error *err)
{
    if (!model || !paths || n_paths < 1 || !out) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "model, paths or out is NULL, or there is no path");
    }
    *out = NULL;
    return plx_dataset_from_files(model, paths, n_paths, with_labels, out, err);
}

plx_status plx_dataset_from_arrow(const plx_model *model, struct ArrowArrayStream *stream, bool with_labels,
                                  plx_dataset **out, plx_error *err)
{
    if (!model || !stream || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model, stream or out is NULL");
    *out = NULL;
    return plx_dataset_from_stream(model, stream, with_labels, out, err);
}

plx_status plx_dataset_from_columns(const plx_model *model, const plx_column *columns, int n_columns, int64_t rows,
                                    bool with_labels, plx_dataset **out, plx_error *err)
{
    if (!model || !out || n_columns < 0 || (n_columns > 0 && !columns)) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "model, columns or out is NULL");
    }
    *out = NULL;
    if (rows < 0 || rows > UINT32_MAX) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "rows is %lld; take 0 to 4294967295", (long long)rows);
    }
    return plx_dataset_of_columns(model, columns, n_columns, (size_t)rows, with_labels, out, err);
}

void plx_dataset_free(plx_dataset *dataset)
{
    plx_dataset_destroy(dataset);
}

int64_t plx_dataset_rows(const plx_dataset *dataset)
{
    return (int64_t)dataset->rows.n;
}

int64_t plx_dataset_wrong_rows(const plx_dataset *dataset)
{
    return dataset->wrong.n;
}

const char *plx_dataset_wrong_row(const plx_dataset *dataset, int index)
{
    return wrong_row(&dataset->wrong, index);
}
