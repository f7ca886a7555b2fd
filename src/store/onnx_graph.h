/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ONNX model being built: operator nodes over named values, and constant tensors (ONNX's IR.md and Operators.md).
 * When out of memory, names are NULL, calls with them do nothing, and plx_onnx_write reports the error.
 */
#ifndef PLX_ONNX_GRAPH_H
#define PLX_ONNX_GRAPH_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "data/dictionary.h"
#include "graph/graph.h"

/** TensorProto.DataType of onnx.proto. */
typedef enum plx_onnx_type {
    PLX_ONNX_FLOAT = 1,
    PLX_ONNX_INT32 = 6,
    PLX_ONNX_INT64 = 7,
    PLX_ONNX_STRING = 8,
    PLX_ONNX_DOUBLE = 11
} plx_onnx_type;

typedef struct plx_onnx {
    const plx_allocator *allocator; /* borrowed, like the next three */
    plx_arena *arena;
    const char *version;
    const plx_real *values;                      /* of the network's parameters */
    plx_string nodes, inputs, outputs, metadata; /* fields of GraphProto and ModelProto */
    struct plx_onnx_tensor *tensors;             /* [n_tensors] */
    size_t n_tensors, tensors_capacity;
    const char *scope;     /* prefix of the names of new values */
    plx_dictionary public; /* names of inputs and outputs */
    int n_names, n_inputs, n_outputs;
    bool failed;
} plx_onnx;

/** `version`: of the program, for information. All is borrowed. */
void plx_onnx_init(plx_onnx *onnx, plx_arena *arena, const plx_allocator *allocator, const plx_real *values,
                   const char *version);
void plx_onnx_release(plx_onnx *onnx);

/* -- Inputs and outputs ------------------------------------------------------------------------------------------- */

/** Whether an input or output has that name, or a value could get it. */
bool plx_onnx_is_taken(const plx_onnx *onnx, const char *name);
/** Adds an input [rows, width], or [rows, any] for width 0, named `name`; `doc` describes it to users. */
const char *plx_onnx_input(plx_onnx *onnx, const char *name, plx_onnx_type type, int width, const char *doc);
/** Adds `value` [rows, width] as output `name`. */
void plx_onnx_output(plx_onnx *onnx, const char *name, const char *value, int width, const char *doc);
void plx_onnx_metadata(plx_onnx *onnx, const char *key, const char *text);

/* -- Operators ---------------------------------------------------------------------------------------------------- */

/** An attribute: `kind` selects the member that holds its value. */
typedef struct plx_onnx_attribute {
    const char *name;
    enum { PLX_ONNX_INT, PLX_ONNX_REAL, PLX_ONNX_TEXT, PLX_ONNX_GRAPH, PLX_ONNX_INTS, PLX_ONNX_TEXTS } kind;
    int64_t number; /* PLX_ONNX_INT; the number of items of the last two */
    float real;
    const char *text;
    const plx_string *graph; /* an encoded GraphProto */
    /** Item i of a list, called in ascending order. */
    plx_slice (*text_at)(const void *list, int64_t i);
    int64_t (*int_at)(const void *list, int64_t i);
    const void *list;
} plx_onnx_attribute;

typedef struct plx_onnx_call {
    const char *op, *domain; /* domain NULL: the default */
    const char *const *inputs;
    int n_inputs;
    const plx_onnx_attribute *attributes;
    int n_attributes;
    int n_outputs;        /* 0 means 1 */
    const char **outputs; /* [n_outputs]: receives their names; NULL: not needed */
} plx_onnx_call;

/** The name of the call's first output. */
const char *plx_onnx_call_of(plx_onnx *onnx, const plx_onnx_call *call);
/** Calls without attributes. */
const char *plx_onnx_one(plx_onnx *onnx, const char *op, const char *x);
const char *plx_onnx_two(plx_onnx *onnx, const char *op, const char *x, const char *y);
const char *plx_onnx_three(plx_onnx *onnx, const char *op, const char *x, const char *y, const char *z);
/** With one attribute that is an integer. */
const char *plx_onnx_along(plx_onnx *onnx, const char *op, const char *const *inputs, int n, const char *attribute,
                           int64_t number);
/** With the axis as a second input: Squeeze, Unsqueeze, ReduceSum (which keeps it), CumSum. */
const char *plx_onnx_axis(plx_onnx *onnx, const char *op, const char *x, int64_t axis);
/** The result of `make`, whose operators run only where `condition` [any shape with one element] is true, or `x`. */
const char *plx_onnx_if(plx_onnx *onnx, const char *condition, const char *x,
                        const char *(*make)(plx_onnx *onnx, const char *x, const void *by), const void *by);
const char *plx_onnx_cast(plx_onnx *onnx, const char *x, plx_onnx_type type);
/** `x` with the shape `dims` [n]; 0 keeps a dimension. */
const char *plx_onnx_reshape(plx_onnx *onnx, const char *x, const int64_t *dims, int n);

/* -- Tensors ------------------------------------------------------------------------------------------------------ */

/** One dimension; numbers and texts are copied. */
const char *plx_onnx_floats(plx_onnx *onnx, const float *numbers, int64_t n);
const char *plx_onnx_doubles(plx_onnx *onnx, const double *numbers, int64_t n);
const char *plx_onnx_ints(plx_onnx *onnx, const int64_t *numbers, int64_t n);
const char *plx_onnx_text_of(plx_onnx *onnx, const char *text);
const char *plx_onnx_float(plx_onnx *onnx, float number);
const char *plx_onnx_double(plx_onnx *onnx, double number);
const char *plx_onnx_int(plx_onnx *onnx, int64_t number);

/** Layout of a parameter [groups, rows, cols] in a tensor. */
typedef enum plx_onnx_order {
    PLX_ONNX_GROUPS_FIRST, /* unchanged */
    PLX_ONNX_ROWS_FIRST    /* [rows, groups, cols] */
} plx_onnx_order;

/** The parameter's numbers, which are read when the file is written, with the shape `dims` [n, at most 3]. */
const char *plx_onnx_param(plx_onnx *onnx, const plx_param *param, plx_onnx_order order, const int64_t *dims, int n);

/* -- The file ----------------------------------------------------------------------------------------------------- */

/**
 * Writes the model atomically. `external`: parameters go to a second file, PATH.data, which is required above 2 GB.
 * PLX_ERR_UNSUPPORTED: more than that without `external`.
 */
plx_status plx_onnx_write(plx_onnx *onnx, const char *path, bool external, plx_error *err);

#endif
