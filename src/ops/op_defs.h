/* SPDX-License-Identifier: Apache-2.0 */
/* The ops' structs, for their files and the list. */
#ifndef PLX_OP_DEFS_H
#define PLX_OP_DEFS_H

#include "graph/run.h"
#include "ops/ops.h"

/** Every op: X(name) for plx_op_name; the ops of losses are plx_op_NAME_loss for PLX_LOSS_LIST. A test names each op
 * without a gradient case. */
/* clang-format off */
#define PLX_OP_LIST(X)                                                                                                 \
    X(embedding) X(dense) X(concat) X(bag) X(columns) X(attention) X(linear) PLX_ACTIVATION_OPS(X) X(multiply) X(exp)  \
    X(dropout) X(moments) X(normalise) X(softmax) X(mixture) X(pair_loss)
/* clang-format on */
#define PLX_OP(name)           extern const plx_op plx_op_##name;
#define PLX_LOSS_OP(name, doc) PLX_OP(name##_loss)
PLX_OP_LIST(PLX_OP)
PLX_LOSS_LIST(PLX_LOSS_OP)
#undef PLX_LOSS_OP
#undef PLX_OP

/** Attributes of embedding nodes and parameters of linear ones, for op_joined.c. */
typedef struct plx_embedding_attrs {
    int feature, vocabulary, dim;
    plx_init init;
    double init_scale;
} plx_embedding_attrs;

/** In the order of their nodes' parameters. */
enum { PLX_LINEAR_KERNEL, PLX_LINEAR_BIAS };
enum { PLX_MOMENTS_MEAN, PLX_MOMENTS_VARIANCE };
enum { PLX_NORMALISE_SCALE, PLX_NORMALISE_SHIFT };

/** Attributes for exporters of networks. */
int plx_bag_n_fields(const plx_node *node);
/** `*column`: the field's first column in the node's value. */
plx_bag_field plx_bag_field_at(const plx_node *node, int index, int *column);
int plx_columns_first(const plx_node *node);
/** The list that attention pools. */
int plx_attention_list(const plx_node *node);
double plx_norm_epsilon(const plx_node *node);

/** op_joined_fuse.c: fuses linear nodes that read one value into one product. */
plx_fusion plx_joined_fuse(const plx_fuse_request *request);
/** op_linear.c: fuses a bank on a bank with the affine map after it. */
plx_fusion plx_folded_fuse(const plx_fuse_request *request);

/** Numbers of a value in one row. */
static inline int plx_shape_numbers(plx_shape shape)
{
    return shape.groups * shape.width;
}

/** Without its first `column` columns. */
static inline plx_view plx_columns_from(plx_view view, int column)
{
    return (plx_view){view.at + column, view.stride};
}

#endif
