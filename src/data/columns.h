/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact raw columns in memory. A text column holds, per row, the code of its text in a dictionary: 1 byte up to 256
 * texts, then 2, then 4. A number column holds doubles, NaN for missing cells, or vectors of them. One column may hold
 * both.
 */
#ifndef PLX_COLUMNS_H
#define PLX_COLUMNS_H

#include "base/error.h"
#include "base/spill.h"
#include "data/dictionary.h"

/** With more columns of texts, their recent texts would be in no cache of the processor: a look-up costs less. */
enum { PLX_RECENT_TEXTS = 64, PLX_RECENT_COLUMNS = 1024 };

/** A recent text: its first and last 8 bytes, which cover any text of up to 16. */
typedef struct plx_recent_text {
    uint64_t first, last;
    uint32_t length, code; /* in the dictionary; PLX_NOT_FOUND: none */
} plx_recent_text;

typedef struct plx_raw_column {
    bool has_texts, has_numbers;
    uint32_t code_bytes;
    plx_dictionary dictionary;
    uint8_t *codes;                     /* [capacity][code_bytes] */
    double *numbers;                    /* [capacity][width] */
    int width;                          /* numbers per cell */
    plx_spill codes_file, numbers_file; /* files that hold them once the columns are spilled */
    plx_recent_text *recent;            /* [PLX_RECENT_TEXTS]: a cache of recent texts, indexed by hash; NULL: none */
    /* Consecutive rows often have equal numbers. */
    uint32_t last_length; /* 0: none */
    char last_number[16];
    /* The row that added the newest text, and the number of texts before it. */
    size_t newest_row;
    uint32_t texts_before;
} plx_raw_column;

/** Most rows that are encoded at a time. */
enum { PLX_ENCODED_ROWS = 256 };

typedef struct plx_columns {
    const plx_allocator *allocator; /* borrowed */
    plx_raw_column *items;          /* [n_items] */
    int n_items;
    size_t n, capacity;      /* rows */
    plx_recent_text *recent; /* of all columns */
    /* Codes and numbers are spilled to files when they would need more memory than this; without a folder never.
       Borrowed. */
    const char *spill_folder;
    size_t spill_bytes;
    bool is_spilled;
    plx_spill_files files;
} plx_columns;

plx_status plx_columns_init(plx_columns *columns, const plx_allocator *allocator, int n_items, plx_hash_seed seed,
                            plx_error *err);
/** Once, before the first row, when what each column holds has been set. */
plx_status plx_columns_begin(plx_columns *columns, plx_error *err);
void plx_columns_release(plx_columns *columns);

/** Releases the memory of spilled columns; later accesses read the files. */
void plx_columns_drop_pages(const plx_columns *columns);
/** The same for one column. */
void plx_column_drop_pages(const plx_columns *columns, int item);

/** Reserves `rows` more rows in every column. */
plx_status plx_columns_reserve(plx_columns *columns, size_t rows, plx_error *err);

/** Clears all rows and texts, and keeps the memory; for columns that are not spilled. */
void plx_columns_clear(plx_columns *columns);
/** Appends the rows of `from`, columns of the same kinds and of equal seed, as if added cell by cell. */
plx_status plx_columns_append(plx_columns *columns, const plx_columns *from, plx_error *err);

/**
 * Stores `text` in row columns->n. `*is_new`: it is new in the column. Up to 7 bytes after the text may be read (their
 * value does not matter), as the tokenizer's cells allow.
 */
plx_status plx_column_add_text(plx_columns *columns, plx_raw_column *column, plx_slice text, bool *is_new,
                               plx_error *err);

/** Loads what plx_column_add_text will read for the text into the cache, in a table of so many columns that it is not
 * there. */
static inline void plx_column_prefetch(const plx_raw_column *column, plx_slice text)
{
    if (!column->has_texts || column->recent) return;
    plx_dictionary_prefetch(&column->dictionary, plx_dictionary_hash(&column->dictionary, text));
}

/** Undoes everything stored in row columns->n so far, texts and cached state included. */
void plx_columns_drop_row(plx_columns *columns);

/** The codes of rows order[0..n-1]. */
void plx_column_codes(const plx_raw_column *column, const uint32_t *order, size_t n, uint32_t *out);

#endif
