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
    plx_arrow_values cells;  /* values of rows, or items of lists */
    bool is_dictionary;      /* `cells` are indices into `values` */
    plx_arrow_values values; /* without a dictionary: same as `cells` */
} plx_arrow_column;

/** PLX_ERR_SCHEMA: no feature can read a column of this type; the message gives the remedy but not the column.
 * `is_rule_0`: texts of numbers follow rule 0 (base/value_text.h). */
plx_status plx_arrow_column_init(plx_arrow_column *column, const struct ArrowSchema *schema,
                                 const struct ArrowArray *array, bool is_rule_0, plx_error *err);

/** The value in `row`, 0..n-1, of a column without lists; writes the text of a number to `buffer` [PLX_ARROW_SIZE],
 * NULL: not needed. PLX_ERR_FORMAT: the array is not valid. */
plx_status plx_arrow_value_at(const plx_arrow_column *column, int64_t row, char *buffer, plx_arrow_value *out,
                              plx_error *err);

/** The items of the list in `row`: `*n` items from index `*first` on; a null has none. */
void plx_arrow_list_at(const plx_arrow_column *column, int64_t row, int64_t *first, int64_t *n);
/** Item `at` among the items of all lists; `buffer` and errors as above. */
plx_status plx_arrow_item_at(const plx_arrow_column *column, int64_t at, char *buffer, plx_arrow_value *out,
                             plx_error *err);

#endif
