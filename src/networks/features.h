/* SPDX-License-Identifier: Apache-2.0 */
/* The input of every network: a row's features as one vector. */
#ifndef PLX_NETWORK_FEATURES_H
#define PLX_NETWORK_FEATURES_H

#include "networks/network.h"

/**
 * The concatenated features of a row [1, width]: an embedding of each sparse feature, then a pooled one of each list,
 * then the dense numbers. Parameters: embedding/NAME/table, where NAME is that of the table or of its only feature.
 */
plx_ref plx_features(plx_graph *graph, const plx_build *build);

#endif
