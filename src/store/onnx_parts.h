/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by building an ONNX model (onnx_graph.c) and writing its file (onnx_file.c): tensors, and onnx.proto's field
   numbers. */
#ifndef PLX_ONNX_PARTS_H
#define PLX_ONNX_PARTS_H

#include "store/onnx_graph.h"

enum {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER,
    MODEL_PRODUCER_VERSION,
    MODEL_GRAPH = 7,
    MODEL_OPSET,
    MODEL_METADATA = 14
};
enum { GRAPH_NODE = 1, GRAPH_NAME, GRAPH_TENSOR = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT };
enum { NODE_INPUT = 1, NODE_OUTPUT, NODE_NAME, NODE_OP, NODE_ATTRIBUTE, NODE_DOMAIN = 7 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_TEXT, ATTRIBUTE_GRAPH = 6 };
enum { ATTRIBUTE_INTS = 8, ATTRIBUTE_TEXTS, ATTRIBUTE_TYPE = 20 };
enum { TYPE_FLOAT = 1, TYPE_INT, TYPE_TEXT, TYPE_GRAPH = 5, TYPE_INTS = 7, TYPE_TEXTS };
enum { TENSOR_DIMS = 1, TENSOR_TYPE, TENSOR_TEXTS = 6, TENSOR_NAME = 8, TENSOR_RAW };
enum { TENSOR_EXTERNAL = 13, TENSOR_LOCATION, LOCATION_EXTERNAL = 1 };
enum { VALUE_NAME = 1, VALUE_TYPE, VALUE_DOC, TYPE_TENSOR = 1, TENSOR_ELEMENT = 1, TENSOR_SHAPE };
enum { SHAPE_DIM = 1, DIM_VALUE = 1, DIM_NAME, ENTRY_KEY = 1, ENTRY_VALUE, OPSET_DOMAIN = 1, OPSET_VERSION };

struct plx_onnx_tensor {
    const char *name;
    const plx_param *param; /* NULL: `bytes` */
    plx_onnx_order order;
    const void *bytes;
    uint64_t n_bytes;
    plx_onnx_type type; /* of a string: the bytes are one text */
    int64_t dims[3];
    int n_dims;
};

/** Appends `message` as field `field` of `out`, and frees it. */
void plx_onnx_add_message(plx_onnx *onnx, plx_string *out, int field, plx_string *message);
void plx_onnx_add_entry(plx_onnx *onnx, plx_string *out, int field, const char *key, const char *text);

#endif
