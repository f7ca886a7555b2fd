/* SPDX-License-Identifier: Apache-2.0 */
/* Training data, and rows to score. */
#include "api/structs.h"
#include "model/datasets.h"
#include "plexus.h"

static plx_status check_folders(const plx_data_options *options, plx_error *err)
{
    if (options->n_folders < 0 || (options->n_folders > 0 && !options->folders))
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "folders is NULL, or n_folders is below 0");
    return PLX_OK;
}

/* Replaces a source by a copy with all members. */
static plx_status read_source(const plx_source **given, plx_source *own, const char *name, plx_error *err)
{
    if (!*given) return PLX_OK;
    PLX_TRY(plx_source_read(own, *given, name, err));
    *given = own;
    return PLX_OK;
}

plx_status plx_data_load(const plx_config *config, const plx_data_options *options, plx_data **out, plx_error *err)
{
    plx_data_options given;
    plx_source parts[PLX_PARTS];
    if (!config || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "config and out must not be NULL");
    *out = NULL;
    PLX_TRY(plx_struct_read(&given, sizeof given, options, "plx_data_options", err));
    PLX_TRY(check_folders(&given, err));
    PLX_TRY(read_source(&given.train, &parts[0], "train", err));
    PLX_TRY(read_source(&given.validation, &parts[1], "validation", err));
    PLX_TRY(read_source(&given.test, &parts[2], "test", err));
    if (!given.train && (given.validation || given.test))
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "train is NULL, but validation or test is not: give all parts");
    return plx_data_open(config, &given, out, err);
}

void plx_data_free(plx_data *data)
{
    plx_data_destroy(data);
}

int64_t plx_data_rows(const plx_data *data, plx_part part)
{
    return data && part >= PLX_PART_TRAIN && part <= PLX_PART_TEST ? (int64_t)data->parts[part].n : 0;
}

const plx_read_report *plx_data_report(const plx_data *data)
{
    return data ? &data->report : NULL;
}

plx_status plx_files_find(plx_context *context, const char *name, const char *const *folders, int n_folders, char **out,
                          int *n, plx_error *err)
{
    if (!context || !name || !out || !n || n_folders < 0 || (n_folders > 0 && !folders))
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "context, name, out, n or folders is NULL, or n_folders is below 0");
    *out = NULL;
    *n = 0;
    return plx_find_paths(context, name, folders, n_folders, out, n, err);
}

plx_status plx_dataset_read(const plx_model *model, const plx_source *source, bool with_labels, plx_dataset **out,
                            plx_error *err)
{
    plx_source given;
    if (!model || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model and out must not be NULL");
    *out = NULL;
    PLX_TRY(plx_source_read(&given, source, "source", err));
    return plx_dataset_open(model, &given, with_labels, out, err);
}

void plx_dataset_free(plx_dataset *dataset)
{
    plx_dataset_destroy(dataset);
}

const plx_read_report *plx_dataset_report(const plx_dataset *dataset)
{
    return dataset ? &dataset->report : NULL;
}
