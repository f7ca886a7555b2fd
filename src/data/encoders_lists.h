/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of raw columns: their checks while rows are read, and their way into records. */
#ifndef PLX_ENCODERS_LISTS_H
#define PLX_ENCODERS_LISTS_H

#include "data/encoders.h"

/** Of each list: behind the record that holds a cell first, by the cell's code; 0: none yet. NULL: not remembered. */
typedef struct plx_list_memory {
    uint32_t **first; /* [n_lists][codes] */
} plx_list_memory;

/** For `n` rows. */
plx_status plx_list_memory_init(plx_list_memory *memory, plx_arena *arena, const plx_encoders *encoders,
                                const plx_columns *columns, size_t n, plx_error *err);
/** Puts the lists of rows order[0..n-1] into records first.. of `out`. */
plx_status plx_encode_lists(const plx_encoders *encoders, const plx_columns *columns, const plx_list_memory *memory,
                            const uint32_t *order, size_t n, plx_rows *out, size_t first, plx_error *err);

/** Whether a cell of input `input` is what all lists that read it take. */
plx_status plx_check_list_cell(const plx_encoders *encoders, int input, plx_slice cell, plx_error *err);
/** Whether items and weights of row columns->n, all of whose cells are there, belong together; `*input`: the weights'
 * that do not. */
plx_status plx_check_list_rows(const plx_encoders *encoders, const plx_columns *columns, int *input, plx_error *err);

#endif
