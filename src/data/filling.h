/* SPDX-License-Identifier: Apache-2.0 */
/* Writes cells to raw columns, by the same rules for all sources of rows. */
#ifndef PLX_FILLING_H
#define PLX_FILLING_H

#include "data/encoders.h"
#include "data/kept_cells.h"

/** The destination of a reader's cells; all borrowed. */
typedef struct plx_filling {
    const plx_encoders *encoders;
    plx_columns *columns; /* from plx_encoders_raw */
    bool with_labels;
    const plx_slice *constants; /* [n_inputs]: constant cell of a column that is missing in the file; NULL text: none.
                                   NULL: none at all */
    bool needs_rows;            /* a header without rows is an error */
    bool is_part;               /* one of several files of a pattern or folder: it may be empty */
    plx_read_report *wrong;     /* counts wrong rows if data.on_error is skip; NULL: the first one ends reading */
    plx_kept_cells *kept;       /* readers add a row's cells before they fill it; NULL: not needed */
    plx_listener listener;
} plx_filling;

/** Which cell makes a row invalid. */
typedef struct plx_blame {
    int64_t row;        /* from 1; 0: unknown */
    const char *column; /* NULL: no single one */
} plx_blame;

/** The value, from the file's folders, of a column that is missing in the file; its text is NULL: none. */
static inline plx_slice plx_filling_constant(const plx_filling *to, int index)
{
    return to->constants ? to->constants[index] : (plx_slice){0};
}

/** Whether the column's cells are read as texts, or as numbers. */
bool plx_input_reads_texts(const plx_input *input, bool with_labels);
bool plx_input_reads_numbers(const plx_input *input, bool with_labels);
static inline bool plx_input_is_read(const plx_input *input, bool with_labels)
{
    return plx_input_reads_texts(input, with_labels) || plx_input_reads_numbers(input, with_labels);
}

/** Number of positions in a table: one for each input, then one for each of to->kept's names. */
enum { PLX_NO_PLACE = -1 }; /* not in the table, or not read */
static inline int plx_filling_n_places(const plx_filling *to)
{
    return to->encoders->n_inputs + (to->kept ? to->kept->n_names : 0);
}
/** The column name of position `i`. */
const char *plx_filling_column(const plx_filling *to, int i);
/** Records in `places` [plx_filling_n_places] that column `name` of `table` is at `place`. PLX_ERR_SCHEMA: duplicate
 * name. */
plx_status plx_filling_place(const plx_filling *to, const char *table, plx_slice name, int place, int *places,
                             plx_error *err);
/** The first required column without a position, or NULL. */
const char *plx_filling_missing(const plx_filling *to, const int *places);

/** The part of plx_filling_text for a text that is new in its column, and for a number to parse. `is_text`: the cell is
 * not a number or boolean in memory. */
plx_status plx_filling_check_text(const plx_filling *to, int index, plx_slice cell, bool is_text, plx_error *err);
plx_status plx_filling_read_number(const plx_filling *to, int index, plx_slice cell, plx_error *err);

/**
 * Stores a cell in row columns->n of the column of input `index`. Up to 7 bytes after the text may be read (their value
 * does not matter). PLX_ERR_SCHEMA: the column's readers do not accept the cell; the caller adds the place to the
 * message.
 */
static inline plx_status plx_filling_text(const plx_filling *to, int index, plx_slice cell, plx_error *err)
{
    plx_raw_column *column = &to->columns->items[index];
    if (column->has_texts) {
        bool is_new;
        PLX_TRY(plx_column_add_text(to->columns, column, cell, &is_new, err));
        if (is_new) PLX_TRY(plx_filling_check_text(to, index, cell, true, err));
    }
    if (!column->has_numbers) return PLX_OK;
    /* Consecutive rows often have equal numbers. */
    if (cell.length && cell.length == column->last_length &&
        plx_text_same(cell.text, column->last_number, cell.length)) {
        column->numbers[to->columns->n] = column->numbers[to->columns->n - 1];
        return PLX_OK;
    }
    return plx_filling_read_number(to, index, cell, err);
}

/** The same for a numeric cell; `text` is its text for readers of categories and labels. */
plx_status plx_filling_number(const plx_filling *to, int index, double number, plx_slice text, plx_error *err);
/** Storage for row columns->n of a column of vectors: as many numbers as the input's size. */
static inline double *plx_filling_vector_at(const plx_filling *to, int index)
{
    return to->columns->items[index].numbers + to->columns->n * (size_t)to->encoders->inputs[index].size;
}
/** Finishes a vector of `n` numbers, NaN if missing. `n` 0 is a missing vector; any other size than the input's is
 * PLX_ERR_SCHEMA. */
plx_status plx_filling_vector(const plx_filling *to, int index, int64_t n, plx_error *err);
/**
 * Ends the complete row columns->n. PLX_ERR_SCHEMA: its cells are inconsistent, and input `*index` is faulty; the row
 * is not added.
 */
plx_status plx_filling_row(const plx_filling *to, int *index, plx_error *err);

/**
 * Handles a wrong row with the reason in `err`: it is removed from the columns and counted. Returns `status`, which
 * ends reading, if rows are not skipped, if the row is not at fault, or if there are too many wrong rows.
 */
plx_status plx_filling_wrong_row(const plx_filling *to, plx_blame blame, plx_status status, plx_error *err);
/** Adds the wrong rows of a piece that begins after `before` rows. */
void plx_wrong_rows_join(plx_read_report *wrong, const plx_read_report *piece, uint64_t before);
/** Counts a row skipped for the reason in `err`; returns `status` if there are too many. */
plx_status plx_wrong_rows_add(plx_read_report *wrong, const plx_data_spec *data, plx_blame blame, plx_status status,
                              plx_error *err);

#endif
