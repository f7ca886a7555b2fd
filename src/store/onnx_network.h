/* SPDX-License-Identifier: Apache-2.0 */
/* The two halves of an ONNX model: the encoding of raw cells to ids and numbers, and the network. */
#ifndef PLX_ONNX_NETWORK_H
#define PLX_ONNX_NETWORK_H

#include "data/load.h"
#include "store/onnx_graph.h"

/** A list: values [rows, items]; `taken` is 1 for an item that is used, else 0. */
typedef struct plx_onnx_list {
    const char *ids;     /* int64; any valid id where there is no item */
    const char *taken;   /* float */
    const char *weights; /* float; 0 where there is no item; `taken` for a list without weights */
} plx_onnx_list;

/** The content of a record, as values. */
typedef struct plx_onnx_record {
    const char **sparse;  /* [layout.n_sparse]: ids, int64 [rows] */
    plx_onnx_list *lists; /* [layout.n_lists] */
    const char *dense;    /* float [rows, layout.n_dense]; NULL: none */
} plx_onnx_record;

/** Callback with a line about work that is left to the caller of the ONNX model. */
typedef void plx_onnx_notice(void *user, const char *line);

/** Adds inputs for the raw columns, and the operators that encode them. PLX_ERR_UNSUPPORTED: names a feature without an
 * ONNX form. */
plx_status plx_onnx_encode(plx_onnx *onnx, const plx_encoders *encoders, plx_onnx_record *out, plx_onnx_notice *notice,
                           void *user, plx_error *err);

/** Whether the kind of features has an ONNX form. */
bool plx_onnx_knows_kind(int kind);

/** The values of the predictions, `predictions` [graph->n_tasks], each [rows, its width]. */
plx_status plx_onnx_network(plx_onnx *onnx, const plx_graph *graph, const plx_onnx_record *record,
                            const char **predictions, plx_error *err);

/** Whether the op can be exported, or need not be, since it only occurs in training. */
bool plx_onnx_knows(const plx_op *op);

#endif
