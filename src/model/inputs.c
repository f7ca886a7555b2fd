/* SPDX-License-Identifier: Apache-2.0 */
/* What a network must know of the features: sizes of vocabularies, tables and lists, in input order. */
#include <string.h>

#include "data/encoder_def.h"
#include "model/model.h"

/* 6 * floor(v^0.25) for v categories without the unknown row. */
static int automatic_dim(uint32_t categories)
{
    uint64_t root = 1;
    while ((root + 1) * (root + 1) * (root + 1) * (root + 1) <= categories)
        root++;
    return 6 * (int)root;
}

/* The first input of the feature named `name`; the configuration was checked for it. */
static int find_input(const plx_input_spec *inputs, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(inputs[i].name, name) == 0) return i;
    return 0;
}

static void embed(plx_input_spec *input, const plx_feature_spec *feature, uint32_t vocabulary)
{
    input->vocabulary = (int)vocabulary;
    input->embedding_dim = feature->embedding_dim ? (int)feature->embedding_dim : automatic_dim(vocabulary - 1);
    input->initializer = (plx_init)feature->initializer;
    input->initializer_scale = feature->initializer_scale > 0 ? feature->initializer_scale : 0;
    input->is_frozen = feature->frozen;
}

/* Fills input `n` from one output of a feature. */
static void fill_input(const plx_layout *layout, const plx_feature_spec *feature, const plx_feature_output *output,
                       plx_input_spec *inputs, int n)
{
    plx_input_spec *input = &inputs[n];
    if (output->kind == PLX_MAKES_NUMBERS) {
        input->numbers = output->n;
    } else if (output->kind == PLX_MAKES_ID) {
        embed(input, feature, layout->sparse[output->place].vocabulary);
    } else {
        const plx_list_field *list = &layout->lists[output->place];
        embed(input, feature, list->vocabulary);
        input->length = (int)list->length;
        input->combiner = (plx_bag_kind)feature->combiner;
        if (feature->combiner == PLX_BAG_ITEMS) input->attention_on = find_input(inputs, n, feature->attention_on);
    }
}

/* Adds the outputs of kind `kind` of all features, from input `n` on; returns the new number of inputs. */
static int add_inputs(plx_model *model, int kind, plx_input_spec *inputs, int n)
{
    const plx_encoders *e = model->encoders;
    for (int i = 0; i < e->n_features; i++) {
        const plx_feature_spec *spec = &model->config->spec.table.features[i];
        for (int k = 0; k < e->features[i].n_outputs; k++) {
            const plx_feature_output *output = &e->features[i].outputs[k];
            if ((int)output->kind != kind) continue;
            inputs[n] = (plx_input_spec){.name = spec->name, .table = plx_table_of(spec)};
            if (output->name) {
                inputs[n].name = plx_arena_format(&model->arena, "%s/%s", spec->name, output->name);
                inputs[n].table = plx_arena_format(&model->arena, "%s/%s", plx_table_of(spec), output->name);
            }
            if (plx_arena_failed(&model->arena)) return n;
            fill_input(plx_encoders_layout(e), spec, output, inputs, n);
            n++;
        }
    }
    return n;
}

plx_input_spec *plx_model_inputs(plx_model *model, int *n)
{
    const size_t capacity = PLX_FEATURE_OUTPUTS * (size_t)model->encoders->n_features;
    plx_input_spec *inputs = plx_arena_take(&model->arena, capacity, sizeof *inputs);
    *n = 0;
    if (!inputs) return NULL;
    *n = add_inputs(model, PLX_MAKES_ID, inputs, *n);
    *n = add_inputs(model, PLX_MAKES_LIST, inputs, *n);
    *n = add_inputs(model, PLX_MAKES_NUMBERS, inputs, *n);
    return inputs;
}
