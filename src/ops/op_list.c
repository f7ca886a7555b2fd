/* SPDX-License-Identifier: Apache-2.0 */
/* The list of ops; a test fails by name for an op without a gradient case. */
#include <stddef.h>

#include "ops/op_defs.h"

const plx_op *const plx_op_list[] = {
    &plx_op_embedding,    &plx_op_dense,         &plx_op_concat,
    &plx_op_bag,          &plx_op_columns,       &plx_op_attention,
    &plx_op_linear,       &plx_op_relu,          &plx_op_sigmoid,
    &plx_op_tanh,         &plx_op_leaky_relu,    &plx_op_elu,
    &plx_op_selu,         &plx_op_softplus,      &plx_op_swish,
    &plx_op_gelu,         &plx_op_prelu,         &plx_op_dice,
    &plx_op_multiply,     &plx_op_exp,           &plx_op_dropout,
    &plx_op_moments,      &plx_op_normalise,     &plx_op_softmax,
    &plx_op_mixture,      &plx_op_binary_loss,   &plx_op_pair_loss,
    &plx_op_squared_loss, &plx_op_absolute_loss, &plx_op_huber_loss,
    &plx_op_poisson_loss, &plx_op_class_loss,    NULL,
};
