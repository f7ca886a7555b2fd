/* SPDX-License-Identifier: Apache-2.0 */
/* Cells that hold lists: their items, and the ids and weights that a record has for them. */
#ifndef PLX_LISTS_H
#define PLX_LISTS_H

#include "data/encoders.h"

/** A way through the items of a cell that are kept. */
typedef struct plx_list_walk {
    const char *at, *end;
    size_t left; /* items still to come at most */
    plx_slice separator;
    bool trim;
} plx_list_walk;

plx_list_walk plx_list_items(const plx_list_encoder *list, plx_slice cell);
/** The next item, with its weight in the cell where there is one. */
bool plx_list_next(plx_list_walk *walk, plx_slice *item);
/** The item's text: what is before its weight. */
plx_slice plx_list_text(const plx_list_encoder *list, plx_slice item);

/**
 * Encodes the cell, and the cell of weights where the list has such a column, into a record; with `record` NULL only
 * checks them. PLX_ERR_SCHEMA: a weight is no number or lacks.
 */
plx_status plx_list_encode(const plx_list_encoder *list, const plx_list_field *field, plx_slice cell, plx_slice weights,
                           uint8_t *record, plx_error *err);

#endif
