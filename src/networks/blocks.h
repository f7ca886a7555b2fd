/* SPDX-License-Identifier: Apache-2.0 */
/* The blocks that models consist of, and the rows that their tables of hyper-parameters share. */
#ifndef PLX_BLOCKS_H
#define PLX_BLOCKS_H

#include "networks/network.h"
#include "ops/ops.h"

/**
 * For each of `units`: linear, batch normalisation (if on), activation, dropout; `groups` parallel networks. `own`: the
 * block's own choices. No units: x itself, which must then have `groups` groups. Parameters: dense0/kernel,
 * dense0/bias, ...
 */
plx_ref plx_dnn(plx_graph *graph, const plx_build *build, plx_ref x, int groups, const plx_int_list *units,
                const plx_layer_choices *own);

/** A bank of `n` experts that read x: [n, width]; PLX_ABSENT if n is 0. Parameters: experts/dense0/kernel [n, in, out],
 * ...
 */
plx_ref plx_experts(plx_graph *graph, const plx_build *build, plx_ref x, int n);

/** The experts of all banks that are not PLX_ABSENT, mixed by a gate that reads x. Parameters: gate/dense0/kernel, ...,
 * gate/kernel. */
plx_ref plx_gated(plx_graph *graph, const plx_build *build, plx_ref x, const plx_ref *banks, int n_banks);

/** The task's tower on x. Parameters: tower/dense0/kernel, ... */
plx_ref plx_tower(plx_graph *graph, const plx_build *build, int task, plx_ref x);

/** x W + b, `width` numbers. Parameters: logit/kernel, logit/bias. */
plx_ref plx_logit(plx_graph *graph, plx_ref x, int width);

/** The task's prediction and loss by its kind, from logit(x): one number, or one per class. */
plx_task_output plx_head(plx_graph *graph, const plx_build *build, int task, plx_ref x);

#define PLX_MODEL_OFFSET(field) offsetof(plx_model_spec, field)

extern const char *const plx_activation_names[];
extern const char *const plx_gate_input_names[];

/* Rows of the models' tables: data, not code. */
#define PLX_MODEL_FIELD_UNITS(field, fallback_, doc_)                                                                  \
    {                                                                                                                  \
        .name = #field, .type = PLX_FIELD_INT_LIST, .offset = PLX_MODEL_OFFSET(field), .min = 1, .max = 65536,         \
        .fallback = fallback_, .doc = doc_                                                                             \
    }
#define PLX_MODEL_FIELD_COUNT(field, min_, fallback_, doc_)                                                            \
    {                                                                                                                  \
        .name = #field, .type = PLX_FIELD_INT, .offset = PLX_MODEL_OFFSET(field), .min = min_, .max = 4096,            \
        .fallback = fallback_, .doc = doc_                                                                             \
    }
#define PLX_MODEL_FIELD_GATE_UNITS                                                                                     \
    PLX_MODEL_FIELD_UNITS(gate_dnn_units, "[]", "sizes of the hidden layers of each gate; empty: a linear gate")
#define PLX_MODEL_FIELD_EXPERT_UNITS                                                                                   \
    PLX_MODEL_FIELD_UNITS(expert_dnn_units, "[64]", "sizes of the layers of each expert, at least one")
/* Per-layer choices of the block `member`, or model-wide ones. */
#define PLX_MODEL_FIELDS_LAYERS(prefix, member, activation_, dropout_, use_bn_, whose, empty)                          \
    {.name = prefix "dnn_activation",                                                                                  \
     .type = PLX_FIELD_CHOICE_LIST,                                                                                    \
     .offset = PLX_MODEL_OFFSET(member.activation),                                                                    \
     .fallback = activation_,                                                                                          \
     .choices = plx_activation_names,                                                                                  \
     .or_one = true,                                                                                                   \
     .doc = "activation of the " whose ", in their order; the last one is also that of all further layers" empty},     \
        {.name = prefix "dnn_dropout",                                                                                 \
         .type = PLX_FIELD_REAL_LIST,                                                                                  \
         .offset = PLX_MODEL_OFFSET(member.dropout),                                                                   \
         .min = 0,                                                                                                     \
         .max = 0.99,                                                                                                  \
         .fallback = dropout_,                                                                                         \
         .or_one = true,                                                                                               \
         .doc = "dropout rate of the " whose empty},                                                                   \
    {                                                                                                                  \
        .name = prefix "dnn_use_bn", .type = PLX_FIELD_BOOL_LIST, .offset = PLX_MODEL_OFFSET(member.use_bn),           \
        .fallback = use_bn_, .or_one = true,                                                                           \
        .doc = "whether the " whose " have batch normalisation before the activation" empty                            \
    }
#define PLX_MODEL_FIELDS_EXPERT                                                                                        \
    PLX_MODEL_FIELDS_LAYERS("expert_", expert, "[]", "[]", "[]", "layers of the experts", "; empty: as in all blocks")
#define PLX_MODEL_FIELDS_GATE                                                                                          \
    PLX_MODEL_FIELDS_LAYERS("gate_", gate, "[]", "[]", "[]", "hidden layers of the gates", "; empty: as in all blocks")
#define PLX_MODEL_FIELDS_BOTTOM                                                                                        \
    PLX_MODEL_FIELDS_LAYERS("bottom_", bottom, "[]", "[]", "[]", "layers of the shared network",                       \
                            "; empty: as in all blocks")
#define PLX_MODEL_FIELDS_COMMON                                                                                        \
    {.name = "tower_dnn_units_lists",                                                                                  \
     .type = PLX_FIELD_INT_LISTS,                                                                                      \
     .offset = PLX_MODEL_OFFSET(tower_dnn_units_lists),                                                                \
     .min = 1,                                                                                                         \
     .max = 65536,                                                                                                     \
     .fallback = "[]",                                                                                                 \
     .each = "[64]",                                                                                                   \
     .doc = "sizes of the layers of each task's tower, one list per task; empty: one layer of 64 for every task"},     \
        PLX_MODEL_FIELDS_LAYERS("", dnn, "relu", "0", "false", "hidden layers", ""),                                   \
        PLX_MODEL_FIELDS_LAYERS("tower_", tower, "[]", "[]", "[]", "layers of the towers",                             \
                                "; empty: as in all blocks"),                                                          \
        {.name = "l2_reg_embedding",                                                                                   \
         .type = PLX_FIELD_REAL,                                                                                       \
         .offset = PLX_MODEL_OFFSET(l2_reg_embedding),                                                                 \
         .min = 0,                                                                                                     \
         .max = 1e6,                                                                                                   \
         .fallback = "0.00001",                                                                                        \
         .doc = "L2 regularisation: factor of the sum of squares of all embedding tables except frozen ones in the "   \
                "loss"},                                                                                               \
    {                                                                                                                  \
        .name = "l2_reg_dnn", .type = PLX_FIELD_REAL, .offset = PLX_MODEL_OFFSET(l2_reg_dnn), .min = 0, .max = 1e6,    \
        .fallback = "0",                                                                                               \
        .doc = "L2 regularisation: factor of the sum of squares of all hidden layers' kernels in the loss"             \
    }

#endif
