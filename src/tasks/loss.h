/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loss: what it makes of the network's numbers and the labels, what the prediction is, which labels it takes. One
 * constant a file; loss_list.h has the list. Labels that are missing and weights are the op's (ops/op_loss.c).
 */
#ifndef PLX_LOSS_H
#define PLX_LOSS_H

#include "kernels/kernels.h"
#include "tasks/loss_list.h"

/** The numbers that losses read of a task. */
#define PLX_LOSS_PARAMETER(key, loss, most, open, fallback, doc) PLX_LOSS_##key,
typedef enum plx_loss_parameter {
    PLX_LOSS_PLAIN, /* none */
    PLX_LOSS_PARAMETER_LIST(PLX_LOSS_PARAMETER) PLX_LOSS_PARAMETERS
} plx_loss_parameter;
#undef PLX_LOSS_PARAMETER

/** The prediction, of the number z that the network gives. */
typedef enum plx_link {
    PLX_LINK_NONE,    /* z */
    PLX_LINK_SIGMOID, /* 1 / (1 + e^-z) */
    PLX_LINK_EXP,     /* e^z */
    PLX_LINK_SOFTMAX, /* of a number a class */
    PLX_LINKS
} plx_link;

/** Rows of a batch. */
typedef struct plx_loss_rows {
    const plx_kernels *kernels;
    int n;                  /* rows */
    int width;              /* numbers that the network gives of a row: 1, or one a class */
    plx_view values;        /* [n, width]: those numbers; of width 1 without gaps */
    const plx_real *labels; /* [n]; 0 where a row has none */
    plx_real parameter;
    plx_real *losses; /* [n] */
    plx_real *slopes; /* [n, width]: derivatives of the losses by the values */
} plx_loss_rows;

typedef struct plx_loss {
    const char *name;
    plx_link link;
    plx_loss_parameter parameter;
    bool labels_from_0, labels_to_1; /* labels below 0, above 1 are errors */
    const char *reader;              /* what a column of such labels does, for these errors; NULL: the kind's words */
    void (*each)(const plx_loss_rows *rows);
} plx_loss;

#define PLX_LOSS(name, doc) extern const plx_loss plx_loss_##name;
PLX_LOSS_LIST(PLX_LOSS)
#undef PLX_LOSS

/** All, ended by NULL. */
extern const plx_loss *const plx_loss_list[];

#endif
