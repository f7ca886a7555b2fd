/* SPDX-License-Identifier: Apache-2.0 */
/* The ops' structs, for their files and the list. */
#ifndef PLX_OP_DEFS_H
#define PLX_OP_DEFS_H

#include "graph/run.h"
#include "ops/ops.h"

extern const plx_op plx_op_embedding, plx_op_dense, plx_op_concat;
extern const plx_op plx_op_bag, plx_op_columns, plx_op_attention;
extern const plx_op plx_op_linear;
extern const plx_op plx_op_relu, plx_op_sigmoid, plx_op_tanh, plx_op_leaky_relu, plx_op_elu, plx_op_selu,
    plx_op_softplus, plx_op_swish, plx_op_gelu, plx_op_prelu, plx_op_dice;
extern const plx_op plx_op_exp, plx_op_multiply, plx_op_dropout;
extern const plx_op plx_op_moments, plx_op_normalise;
extern const plx_op plx_op_softmax, plx_op_mixture;
extern const plx_op plx_op_binary_loss, plx_op_pair_loss, plx_op_class_loss;
extern const plx_op plx_op_squared_loss, plx_op_absolute_loss, plx_op_huber_loss, plx_op_poisson_loss;

/** Attributes of embedding nodes, and the parameters of linear ones: what op_joined.c has to know of them. */
typedef struct plx_embedding_attrs {
    int feature, vocabulary, dim;
    plx_init init;
    double init_scale;
} plx_embedding_attrs;

/** In the order of their nodes' parameters. */
enum { PLX_LINEAR_KERNEL, PLX_LINEAR_BIAS };
enum { PLX_MOMENTS_MEAN, PLX_MOMENTS_VARIANCE };
enum { PLX_NORMALISE_SCALE, PLX_NORMALISE_SHIFT };

/** Attributes that who writes a network in another form has to know. */
int plx_bag_n_fields(const plx_node *node);
/** `*column`: where the field's numbers begin in the node's value. */
plx_bag_field plx_bag_field_at(const plx_node *node, int index, int *column);
int plx_columns_first(const plx_node *node);
/** The list whose items attention weighs. */
int plx_attention_list(const plx_node *node);
double plx_norm_epsilon(const plx_node *node);

/** op_joined_fuse.c: linear nodes that read one value, as one product. */
plx_fusion plx_joined_fuse(const plx_fuse_request *request);
/** op_linear.c: one bank on a bank, with the affine map that follows it. */
plx_fusion plx_folded_fuse(const plx_fuse_request *request);

/** Numbers of a value in one row. */
static inline int plx_shape_numbers(plx_shape shape)
{
    return shape.groups * shape.width;
}

#endif
