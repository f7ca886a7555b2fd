/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw columns in memory, as small as they go: a text column holds the number of each row's text in a dictionary, in 1
 * byte a row until it has more than 256 texts, then 2, then 4; a number column holds doubles, NaN where a cell is
 * missing, or vectors of them. One column may hold both.
 */
#ifndef PLX_COLUMNS_H
#define PLX_COLUMNS_H

#include "base/error.h"
#include "base/spill.h"
#include "data/dictionary.h"

enum { PLX_RECENT_TEXTS = 64 };

/** A text that came not long ago: its first and last 8 bytes, which hold all of a text of up to 16. */
typedef struct plx_recent_text {
    uint64_t first, last;
    uint32_t length, code; /* in the dictionary; PLX_NOT_FOUND: none */
} plx_recent_text;

typedef struct plx_raw_column {
    bool has_texts, has_numbers;
    uint32_t code_bytes;
    plx_dictionary dictionary;
    uint8_t *codes;                           /* [capacity][code_bytes] */
    double *numbers;                          /* [capacity][width] */
    int width;                                /* numbers in a cell */
    plx_spill codes_file, numbers_file;       /* in which they lie once the columns are spilled */
    plx_recent_text recent[PLX_RECENT_TEXTS]; /* each in the place that its hash says */
    /* Rows often repeat the number before them. */
    uint32_t last_length; /* 0: none */
    char last_number[16];
    /* The row that brought the newest text, and how many texts there were before it. */
    size_t newest_row;
    uint32_t texts_before;
} plx_raw_column;

/** Most rows of columns that are taken or encoded at once. */
enum { PLX_ENCODED_ROWS = 256 };

typedef struct plx_columns {
    const plx_allocator *allocator; /* borrowed */
    plx_raw_column *items;          /* [n_items] */
    int n_items;
    size_t n, capacity; /* rows */
    /* Codes and numbers go to files once they would take more memory than this; no folder: never. Borrowed. */
    const char *spill_folder;
    size_t spill_bytes;
    bool is_spilled;
    plx_spill_files files;
} plx_columns;

plx_status plx_columns_init(plx_columns *columns, const plx_allocator *allocator, int n_items, plx_hash_seed seed,
                            plx_error *err);
void plx_columns_release(plx_columns *columns);

/** Gives back the memory of columns that are spilled; what is read or written next comes back from the files. */
void plx_columns_forget(const plx_columns *columns);
/** The same of one column. */
void plx_column_forget(const plx_columns *columns, int item);

/** Room for `rows` rows more in every column. */
plx_status plx_columns_reserve(plx_columns *columns, size_t rows, plx_error *err);

/** Forgets all rows and texts, and keeps the memory; for columns that are not spilled. */
void plx_columns_clear(plx_columns *columns);
/** Adds the rows of `from`, columns of the same kinds and of equal seed, as if they had come cell by cell. */
plx_status plx_columns_append(plx_columns *columns, const plx_columns *from, plx_error *err);

/**
 * Puts `text` into row columns->n. `*is_new`: the column did not have it before. Up to 7 bytes behind the text may be
 * read, whatever they hold, as the tokenizer's cells allow.
 */
plx_status plx_column_add_text(plx_columns *columns, plx_raw_column *column, plx_slice text, bool *is_new,
                               plx_error *err);

/** Takes back what was put into row columns->n so far: the texts that it brought, and what was remembered of it. */
void plx_columns_drop_row(plx_columns *columns);

/** The codes of rows order[0..n-1]. */
void plx_column_codes(const plx_raw_column *column, const uint32_t *order, size_t n, uint32_t *out);

#endif
