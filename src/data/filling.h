/* SPDX-License-Identifier: Apache-2.0 */
/* Cells into raw columns, by the same rules whatever the rows come from. */
#ifndef PLX_FILLING_H
#define PLX_FILLING_H

#include "data/encoders.h"
#include "data/kept_cells.h"

/** Where the cells of a reader go; all borrowed. */
typedef struct plx_filling {
    const plx_encoders *encoders;
    plx_columns *columns; /* made by plx_encoders_raw */
    bool with_labels;
    const plx_slice *constants; /* [n_inputs]: what a column holds in all rows where the file lacks it; NULL text:
                                   nothing. NULL: of none */
    bool needs_rows;            /* a header alone is an error */
    bool is_part;               /* of several files that one name stands for: this one may be empty */
    plx_read_report *wrong;     /* counted here where data.on_error is skip; NULL: the first one ends reading */
    plx_kept_cells *kept;       /* readers add a row's cells before they fill it; NULL: none are kept */
    plx_listener listener;
} plx_filling;

/** Which cell makes a row invalid. */
typedef struct plx_blame {
    int64_t row;        /* from 1; 0: unknown */
    const char *column; /* NULL: no single one */
} plx_blame;

/** What the folders of the file say of a column that it lacks; its text is NULL: nothing. */
static inline plx_slice plx_filling_constant(const plx_filling *to, int index)
{
    return to->constants ? to->constants[index] : (plx_slice){0};
}

/** Whether anything reads the column's cells as texts, or as numbers. */
bool plx_input_reads_texts(const plx_input *input, bool with_labels);
bool plx_input_reads_numbers(const plx_input *input, bool with_labels);
static inline bool plx_input_is_read(const plx_input *input, bool with_labels)
{
    return plx_input_reads_texts(input, with_labels) || plx_input_reads_numbers(input, with_labels);
}

/** Where the columns of a table lie: a place of each input, then of each of to->kept's names. */
enum { PLX_NO_PLACE = -1 }; /* the table does not have it, or nothing reads it */
static inline int plx_filling_n_places(const plx_filling *to)
{
    return to->encoders->n_inputs + (to->kept ? to->kept->n_names : 0);
}
/** The name of the column of place `i`. */
const char *plx_filling_column(const plx_filling *to, int i);
/** Notes in `places` [plx_filling_n_places] that column `name` of `table` lies at `place`. PLX_ERR_SCHEMA: there is a
 * second one of that name. */
plx_status plx_filling_place(const plx_filling *to, const char *table, plx_slice name, int place, int *places,
                             plx_error *err);
/** The first column that must have a place and has none; NULL: there is none. */
const char *plx_filling_missing(const plx_filling *to, const int *places);

/** What plx_filling_text does with a text that its column did not have before, and with a number to be read. `is_text`:
 * the cell is no number or boolean in memory. */
plx_status plx_filling_check_text(const plx_filling *to, int index, plx_slice cell, bool is_text, plx_error *err);
plx_status plx_filling_read_number(const plx_filling *to, int index, plx_slice cell, plx_error *err);

/**
 * Puts a cell into row columns->n of the column of input `index`. Up to 7 bytes behind the text may be read, whatever
 * they hold. PLX_ERR_SCHEMA: the cell is not what the column's readers take; the message lacks the place.
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
    /* Rows often repeat the number before them. */
    if (cell.length && cell.length == column->last_length &&
        plx_text_same(cell.text, column->last_number, cell.length)) {
        column->numbers[to->columns->n] = column->numbers[to->columns->n - 1];
        return PLX_OK;
    }
    return plx_filling_read_number(to, index, cell, err);
}

/** The same for a cell that is a number, and for a text what `text` says: for readers of categories and labels. */
plx_status plx_filling_number(const plx_filling *to, int index, double number, plx_slice text, plx_error *err);
/** Where the numbers of row columns->n of a column of vectors belong: as many as the input's size. */
static inline double *plx_filling_vector_at(const plx_filling *to, int index)
{
    return to->columns->items[index].numbers + to->columns->n * (size_t)to->encoders->inputs[index].size;
}
/** The vector is there, of `n` numbers, NaN for missing ones; not if `n` is another than the input's size: 0 stands for
 * a missing vector, all others are PLX_ERR_SCHEMA. */
plx_status plx_filling_vector(const plx_filling *to, int index, int64_t n, plx_error *err);
/**
 * Ends row columns->n, all of whose cells are there. PLX_ERR_SCHEMA: they do not fit together, and that of input
 * `*index` is to blame; the row is not taken then.
 */
plx_status plx_filling_row(const plx_filling *to, int *index, plx_error *err);

/**
 * The row under way is wrong for the reason in `err`: it is left out, without a trace in the columns, and counted; or
 * `status` ends reading: where rows are not skipped, where it is no fault of the row, and at one wrong row too many.
 */
plx_status plx_filling_wrong_row(const plx_filling *to, plx_blame blame, plx_status status, plx_error *err);
/** Counts a row that is left out for the reason in `err`; `status` where it is one too many. */
plx_status plx_wrong_rows_add(plx_read_report *wrong, const plx_data_spec *data, plx_blame blame, plx_status status,
                              plx_error *err);

#endif
