/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ops as functions for models: values in, value out. Each is one constant struct plx_op in the file of its code. To
 * add one: CONTRIBUTING.md. Shapes are [groups, width], without the rows of the batch.
 */
#ifndef PLX_OPS_H
#define PLX_OPS_H

#include "graph/graph.h"
#include "kernels/activation_list.h"
#include "tasks/loss.h"

/** All ops, ended by NULL, for tests. */
extern const plx_op *const plx_op_list[];

/** A table of embeddings. */
typedef struct plx_embedding_table {
    int vocabulary, dim;
    plx_init init;
    double init_scale;
    bool is_frozen, is_lazy; /* see plx_param_spec */
} plx_embedding_table;

/* -- op_input.c ------------------------------------------------------------------------------------------------- */

/** Rows of a table [vocabulary, dim] by the ids of sparse feature `feature` (its index among them): [1, dim]. Only for
 * a table that is not shared, frozen or lazy: use plx_bag for those. */
plx_ref plx_embedding(plx_graph *graph, int feature, const plx_embedding_table *table);
/** All dense numbers of the record: [1, n_dense]. */
plx_ref plx_dense_input(plx_graph *graph, int n_dense);
/** Concatenates [1, w1], [1, w2], ...: [1, w1 + w2 + ...]. */
plx_ref plx_concat(plx_graph *graph, const plx_ref *values, int n);

/* -- op_bag.c --------------------------------------------------------------------------------------------------- */

typedef struct plx_bag_field {
    plx_bag_kind kind;
    int feature; /* its index among the record's sparse features, or its lists */
    int length;  /* of a list: maximum length */
} plx_bag_field;

/**
 * Combined rows of one table for several fields, concatenated in order: [1, sum of widths]. An empty list gives zeros.
 * Parameter: table [vocabulary, dim].
 */
plx_ref plx_bag(plx_graph *graph, const plx_embedding_table *table, const plx_bag_field *fields, int n_fields);

/* -- op_attention.c --------------------------------------------------------------------------------------------- */

/** Columns [first, first + width) of x [1, any]. */
plx_ref plx_slice_columns(plx_graph *graph, plx_ref x, int first, int width);
/**
 * Target attention: sum_i a_i k_i, a = softmax over the items of list `feature` of q . k_i / sqrt(d): [1, d]. q [1, d],
 * items k [1, length * d] as from PLX_BAG_ITEMS. An empty list gives zeros. Attention of a candidate over past items is
 * from Zhou et al., Deep Interest Network (KDD 2018, arXiv 1706.06978), which uses a small network without softmax; the
 * weight here is the scaled dot product of Vaswani et al. (arXiv 1706.03762).
 */
plx_ref plx_attention(plx_graph *graph, plx_ref q, plx_ref items, int feature, int length);

/* -- op_linear.c ------------------------------------------------------------------------------------------------ */

typedef struct plx_linear_spec {
    int groups, width; /* of the result */
    bool has_bias;     /* starts at 0 */
    plx_init init;     /* of the kernel */
    plx_regulariser regulariser;
} plx_linear_spec;

/**
 * y_g = x_g W_g + b_g. With one group in and several out, all read the same x (the first layer of an expert bank).
 * Parameters: kernel [groups, width in, width], bias [groups, 1, width].
 */
plx_ref plx_linear(plx_graph *graph, plx_ref x, const plx_linear_spec *spec);

/* -- op_activations.c ------------------------------------------------------------------------------------------- */

/* plx_relu, plx_sigmoid, ...: elementwise; formulae in activation_list.h. */
#define PLX_ACTIVATION(name, by) plx_ref plx_##name(plx_graph *graph, plx_ref x);
PLX_POINTWISE_LIST(PLX_ACTIVATION)
#undef PLX_ACTIVATION
/** x, or alpha x where x < 0 (He et al., arXiv 1502.01852). Parameter: alpha [groups, 1, width], initially 0. */
plx_ref plx_prelu(plx_graph *graph, plx_ref x);
/**
 * x (p + (1 - p) alpha), p = sigmoid of x standardised (Zhou et al., arXiv 1706.06978). Parameters: dice/alpha [groups,
 * 1, width], initially 0; states: dice/mean, dice/variance.
 */
plx_ref plx_dice(plx_graph *graph, plx_ref x);

/* -- op_pointwise.c --------------------------------------------------------------------------------------------- */

/** e^x: the rate, from a network's output of its logarithm. */
plx_ref plx_exp(plx_graph *graph, plx_ref x);
/** x y, elementwise, of equal shapes. */
plx_ref plx_multiply(plx_graph *graph, plx_ref x, plx_ref y);
/** In training, zeroes each number with probability `rate` and divides the others by 1 - rate; else x. 0 <= rate <
 * 1. */
plx_ref plx_dropout(plx_graph *graph, plx_ref x, double rate);

/* -- op_norm.c -------------------------------------------------------------------------------------------------- */

/**
 * Batch normalisation over the rows (Ioffe and Szegedy, arXiv 1502.03167), separately for each number of [groups,
 * width]: in training by the whole batch's mean and biased variance, else by their moving averages. epsilon 1e-3,
 * momentum 0.99. Parameters: scale, shift [groups, 1, width]; states: mean, variance.
 */
plx_ref plx_batch_norm(plx_graph *graph, plx_ref x);
/** The same without scale and shift, and with another epsilon. */
plx_ref plx_standardise(plx_graph *graph, plx_ref x, double epsilon);

/* -- op_softmax.c ----------------------------------------------------------------------------------------------- */

/** softmax over the width of each group. */
plx_ref plx_softmax(plx_graph *graph, plx_ref x);

/* -- op_mixture.c ----------------------------------------------------------------------------------------------- */

/** sum_e gate_e expert_e over the groups of all banks [experts_i, width]; gate [1, sum of experts]: [1, width]. */
plx_ref plx_mixture(plx_graph *graph, plx_ref gate, const plx_ref *banks, int n_banks);
bool plx_is_mixture(const plx_node *node);
/** Adds a mixture's gate, summed over the rows of the last batch of a run that counts_gates, to `sums`
 * [node->tile_numbers, the experts]. */
void plx_mixture_add_gate(const plx_run *run, const plx_node *node, double *sums);

/* -- op_loss.c -------------------------------------------------------------------------------------------------- */

/* Losses of the rows with a label of `task`, times the rows' weights, if any. */

/** The loss of a network's output (tasks/loss_list.h); `value` [1, 1], or [1, classes] for a task with classes. */
plx_ref plx_loss_node(plx_graph *graph, int task, plx_ref value, const plx_loss *loss, double parameter);
/** Cross-entropy of sigmoid(a) sigmoid(b), in log space (ESMM). */
plx_ref plx_pair_loss(plx_graph *graph, int task, plx_ref a, plx_ref b);

#endif
