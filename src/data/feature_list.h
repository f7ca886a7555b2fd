/* SPDX-License-Identifier: Apache-2.0 */
/* How a list in a cell is read. */
#ifndef PLX_FEATURE_LIST_H
#define PLX_FEATURE_LIST_H

#include "data/vocabulary.h"

typedef struct plx_list_encoder {
    const plx_feature_spec *spec;
    int input, weight_input; /* weight_input -1: no column of weights */
    plx_vocabulary *vocabulary;
    plx_slice separator;
    plx_slice weight_separator; /* empty: none */
    char *decimal;              /* as data.decimal */
    bool trim;                  /* trim items and weights */
} plx_list_encoder;

#endif
