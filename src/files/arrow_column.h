/* SPDX-License-Identifier: Apache-2.0 */
/* A column of a batch from the Arrow C data interface, read in place. */
#ifndef PLX_ARROW_COLUMN_H
#define PLX_ARROW_COLUMN_H

#include <stdint.h>

#include "files/arrow_value.h"
#include "plexus_arrow.h"

typedef struct plx_arrow_column {
    plx_arrow_values own;
    bool is_list;            /* `own` are ranges of `cells` */
    plx_arrow_values cells;  /* what rows hold, or items of lists */
    bool is_dictionary;      /* `cells` are places in `values` */
    plx_arrow_values values; /* else the same as `cells` */
} plx_arrow_column;

/** PLX_ERR_SCHEMA if no feature can read such a column: the message says what to do, not which column. `is_rule_0`:
 * texts of numbers are as model files without a rule have them. */
plx_status plx_arrow_column_init(plx_arrow_column *column, const struct ArrowSchema *schema,
                                 const struct ArrowArray *array, bool is_rule_0, plx_error *err);

/** The value in `row` of 0..n-1 of a column without lists; the text of a number goes to `room` [PLX_ARROW_ROOM], NULL:
 * it is not needed. PLX_ERR_FORMAT: the array is not valid. */
plx_status plx_arrow_value_at(const plx_arrow_column *column, int64_t row, char *room, plx_arrow_value *out,
                              plx_error *err);

/** The items of a list in `row`: `*n` of them from number `*first` on; a null has none. */
void plx_arrow_list_at(const plx_arrow_column *column, int64_t row, int64_t *first, int64_t *n);
/** Item number `at` of all lists' items; `room` and errors as above. */
plx_status plx_arrow_item_at(const plx_arrow_column *column, int64_t at, char *room, plx_arrow_value *out,
                             plx_error *err);

#endif
