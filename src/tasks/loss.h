/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loss: its value and slopes, its prediction, and the labels that it accepts. One constant per file; the list is in
 * loss_list.h. The op (ops/op_loss.c) handles missing labels and weights.
 */
#ifndef PLX_LOSS_H
#define PLX_LOSS_H

#include "kernels/kernels.h"
#include "tasks/loss_list.h"

/** The parameters of losses. */
#define PLX_LOSS_PARAMETER(key, KIND, loss, most, open, fallback, doc) PLX_LOSS_##key,
typedef enum plx_loss_parameter {
    PLX_LOSS_PLAIN, /* none */
    PLX_LOSS_PARAMETER_LIST(PLX_LOSS_PARAMETER) PLX_LOSS_PARAMETERS
} plx_loss_parameter;
#undef PLX_LOSS_PARAMETER

/** The prediction, from the network's output z. */
typedef enum plx_link {
    PLX_LINK_NONE,    /* z */
    PLX_LINK_SIGMOID, /* 1 / (1 + e^-z) */
    PLX_LINK_EXP,     /* e^z */
    PLX_LINK_SOFTMAX, /* softmax over the classes */
    PLX_LINKS
} plx_link;

/** Rows of a batch. */
typedef struct plx_loss_rows {
    const plx_kernels *kernels;
    int n;                  /* rows */
    int width;              /* network outputs per row: 1, or one per class */
    plx_view values;        /* [n, width]: these outputs; contiguous if width is 1 */
    const plx_real *labels; /* [n]; 0 if missing */
    plx_real parameter;
    plx_real *losses; /* [n] */
    plx_real *slopes; /* [n, width]: derivatives of the losses with respect to the values */
} plx_loss_rows;

typedef struct plx_loss {
    const char *name;
    plx_link link;
    plx_loss_parameter parameter;
    bool labels_from_0, labels_to_1; /* labels below 0, above 1 are errors */
    const char *reader;              /* describes a column of such labels, for these errors; NULL: the kind's words */
    void (*each)(const plx_loss_rows *rows);
} plx_loss;

#define PLX_LOSS(name, doc) extern const plx_loss plx_loss_##name;
PLX_LOSS_LIST(PLX_LOSS)
#undef PLX_LOSS

/** All, ended by NULL. */
extern const plx_loss *const plx_loss_list[];

#endif
