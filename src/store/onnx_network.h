/* SPDX-License-Identifier: Apache-2.0 */
/* The two halves of an ONNX model: what makes ids and numbers of raw cells, and the network behind it. */
#ifndef PLX_ONNX_NETWORK_H
#define PLX_ONNX_NETWORK_H

#include "data/load.h"
#include "store/onnx_graph.h"

/** A list: values [rows, items], of which `taken` says 1 where there is an item that counts, else 0. */
typedef struct plx_onnx_list {
    const char *ids;     /* int64; any known id where there is no item */
    const char *taken;   /* float */
    const char *weights; /* float; 0 where there is no item; `taken` where the list has no weights */
} plx_onnx_list;

/** What a record holds, as values. */
typedef struct plx_onnx_record {
    const char **sparse;  /* [layout.n_sparse]: ids, int64 [rows] */
    plx_onnx_list *lists; /* [layout.n_lists] */
    const char *dense;    /* float [rows, layout.n_dense]; NULL: none */
} plx_onnx_record;

/** Told in a line what of a feature is left to who calls the ONNX model. */
typedef void plx_onnx_notice(void *user, const char *line);

/** Inputs for the raw columns, and the operators that encode them. PLX_ERR_UNSUPPORTED: which feature has no ONNX. */
plx_status plx_onnx_encode(plx_onnx *onnx, const plx_encoders *encoders, plx_onnx_record *out, plx_onnx_notice *tell,
                           void *user, plx_error *err);

/** Whether there is a row for the kind of features. */
bool plx_onnx_knows_kind(int kind);

/** What of the weights [rows, items] of a list the network takes, 0 where `is_kept` is false. */
const char *plx_onnx_weights(plx_onnx *onnx, const plx_feature_spec *spec, const char *weights, const char *is_kept);

/** The values of the predictions, `predictions` [graph->n_tasks], each [rows, its width]. */
plx_status plx_onnx_network(plx_onnx *onnx, const plx_graph *graph, const plx_onnx_record *record,
                            const char **predictions, plx_error *err);

/** Whether there is a way to write the op, or no need, since it belongs to training alone. */
bool plx_onnx_knows(const plx_op *op);

#endif
