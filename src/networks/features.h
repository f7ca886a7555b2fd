/* SPDX-License-Identifier: Apache-2.0 */
/* What every network reads: a row's features as one vector. */
#ifndef PLX_NETWORK_FEATURES_H
#define PLX_NETWORK_FEATURES_H

#include "networks/network.h"

/**
 * The features of a row side by side [1, width]: an embedding of each sparse feature, then of each list, pooled, then
 * the dense numbers. Parameters: embedding/NAME/table, NAME the table's or that of the only feature that reads it.
 */
plx_ref plx_features(plx_graph *graph, const plx_build *build);

#endif
