/* SPDX-License-Identifier: Apache-2.0 */
/* What a network must know of the features: sizes of vocabularies, tables, lists, in the order in which it reads them.
 */
#include <string.h>

#include "data/features.h"
#include "model/handles.h"

_Static_assert((int)PLX_LIST_MEAN == (int)PLX_COMBINE_MEAN && (int)PLX_LIST_SUM == (int)PLX_COMBINE_SUM &&
                   (int)PLX_LIST_MAX == (int)PLX_COMBINE_MAX && (int)PLX_LIST_ATTENTION == (int)PLX_COMBINE_ATTENTION,
               "data and models number the combiners alike");

/* 6 * floor(v^0.25) for v categories, the unknown row not counted. */
static int automatic_dim(uint32_t categories)
{
    uint64_t root = 1;
    while ((root + 1) * (root + 1) * (root + 1) * (root + 1) <= categories)
        root++;
    return 6 * (int)root;
}

static plx_input_spec embedded_input(const plx_feature_spec *feature, uint32_t vocabulary)
{
    return (plx_input_spec){.name = feature->name,
                            .table = plx_table_of(feature),
                            .vocabulary = (int)vocabulary,
                            .embedding_dim =
                                feature->embedding_dim ? (int)feature->embedding_dim : automatic_dim(vocabulary - 1),
                            .initializer = feature->initializer,
                            .initializer_scale = feature->initializer_scale > 0 ? feature->initializer_scale : 0,
                            .is_frozen = feature->frozen};
}

/* The place of the feature named `name`, which the configuration was checked for. */
static int find_feature(const plx_table_spec *table, const char *name)
{
    for (int i = 0; i < table->n_features; i++)
        if (strcmp(table->features[i].name, name) == 0) return i;
    return 0;
}

plx_input_spec *plx_model_inputs(plx_model *model)
{
    const plx_table_spec *table = &model->config->spec.table;
    const plx_layout *layout = plx_encoders_layout(model->encoders);
    plx_input_spec *inputs = plx_arena_take(&model->arena, (size_t)table->n_features, sizeof *inputs);
    int n_sparse = 0, n_lists = 0;
    for (int i = 0; inputs && i < table->n_features; i++) {
        const plx_feature_spec *feature = &table->features[i];
        if (feature->kind == PLX_FEATURE_SPARSE || feature->kind == PLX_FEATURE_BUCKETS) {
            inputs[i] = embedded_input(feature, layout->sparse[n_sparse++].vocabulary);
        } else if (feature->kind == PLX_FEATURE_LIST) {
            const plx_list_field *list = &layout->lists[n_lists++];
            inputs[i] = embedded_input(feature, list->vocabulary);
            inputs[i].length = (int)list->length;
            inputs[i].combiner = feature->combiner;
            if (feature->combiner == PLX_LIST_ATTENTION)
                inputs[i].attention_on = find_feature(table, feature->attention_on);
        } else {
            inputs[i] = (plx_input_spec){.name = feature->name, .numbers = plx_feature_numbers(feature)};
        }
    }
    return inputs;
}
