/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables that start with rows of a file (embedding_file). Row r is for category r, in the order of the vocabulary: that
 * of vocabulary_file, of hash buckets, sorted or first seen. The file may start with a row for unknown values.
 */
#include <string.h>

#include "data/features.h"
#include "files/find.h"
#include "model/model.h"
#include "store/matrix_file.h"

/** Finds the file: searches the data's folders for `name` without its tensor. */
static plx_status find(plx_arena *arena, const plx_data *data, const char *name, const char **path, plx_error *err)
{
    static const char ending[] = ".safetensors";
    const char *mark = strstr(name, ".safetensors#");
    if (!mark) return plx_find_file(arena, name, data->folders, data->n_folders, path, err);
    const size_t length = (size_t)(mark - name) + sizeof ending - 1;
    const char *plain = plx_arena_text(arena, name, length), *found = NULL;
    if (!plain) return plx_error_memory(err);
    PLX_TRY(plx_find_file(arena, plain, data->folders, data->n_folders, &found, err));
    *path = plx_arena_format(arena, "%s%s", found, name + length);
    return *path ? PLX_OK : plx_error_memory(err);
}

/** Whether a parameter is the table of that name, of any task. */
static bool is_table(const plx_param *param, const char *table)
{
    static const char before[] = "embedding/", after[] = "/table";
    const size_t length = strlen(param->spec.name), middle = strlen(table);
    const size_t all = sizeof before - 1 + middle + sizeof after - 1;
    if (length < all) return false;
    const char *at = param->spec.name + length - all;
    if (at > param->spec.name && at[-1] != '/') return false;
    return memcmp(at, before, sizeof before - 1) == 0 && memcmp(at + sizeof before - 1, table, middle) == 0 &&
           memcmp(at + sizeof before - 1 + middle, after, sizeof after - 1) == 0;
}

static plx_status fill(const plx_model *model, const plx_feature_spec *feature, const plx_matrix_file *file,
                       plx_error *err)
{
    for (int p = 0; p < model->graph.n_params; p++) {
        const plx_param *param = &model->graph.params[p];
        if (!is_table(param, plx_table_of(feature))) continue;
        const int64_t rows = param->spec.rows, cols = param->spec.cols, skipped = rows - file->rows;
        if (file->cols != cols || skipped < 0 || skipped > 1) {
            PLX_FAIL(err, PLX_ERR_SCHEMA,
                     "%s: holds [%lld, %lld] numbers, but the table '%s' has [%lld, %lld], the row of unknown values "
                     "first, which may be left out; check 'embedding_dim' and the vocabulary",
                     file->path, (long long)file->rows, (long long)file->cols, plx_table_of(feature), (long long)rows,
                     (long long)cols);
        }
        PLX_TRY(
            plx_matrix_file_read(file, 0, file->rows, model->values + param->offset + (size_t)(skipped * cols), err));
    }
    return PLX_OK;
}

static plx_status fill_from(const plx_model *model, const plx_data *data, const plx_feature_spec *feature,
                            plx_arena *arena, plx_error *err)
{
    plx_matrix_file file;
    const char *path = NULL;
    PLX_TRY(find(arena, data, feature->embedding_file, &path, err));
    PLX_TRY(plx_matrix_file_open(&file, path, &model->context->allocator, err));
    const plx_status status = fill(model, feature, &file, err);
    plx_matrix_file_close(&file);
    return status;
}

plx_status plx_model_fill_tables(const plx_model *model, const plx_data *data, plx_error *err)
{
    const plx_table_spec *table = &model->config->spec.table;
    plx_status status = PLX_OK;
    plx_arena arena;
    plx_arena_init(&arena, &model->context->allocator);
    for (int i = 0; i < table->n_features && status == PLX_OK; i++) {
        const plx_feature_spec *feature = &table->features[i];
        if (!feature->embedding_file || !*feature->embedding_file) continue;
        status = fill_from(model, data, feature, &arena, err);
        if (status != PLX_OK && status != PLX_ERR_MEMORY)
            plx_error_prefix(err, "feature '%s': embedding_file", feature->name);
    }
    plx_arena_release(&arena);
    return status;
}
