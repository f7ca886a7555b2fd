/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From raw rows to encoded ones. Encoders contain everything that turns a raw row into numbers: file format, columns,
 * vocabularies, scalings. They are fitted once, stored in the model file, and never change.
 */
#ifndef PLX_LOAD_H
#define PLX_LOAD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/tensor.h"
#include "data/spec.h"
#include "rows/records.h"

typedef struct plx_encoders plx_encoders;

enum { PLX_PARTS = 3 }; /* train, validation, test, in this order */

/** Statistics of rows to score, for the column of one feature with a vocabulary. */
typedef struct plx_unknown {
    uint64_t cells, known; /* cells that are not empty; cells with a known category (for lists, at least one) */
    char example[64];      /* an unknown cell, truncated if long */
} plx_unknown;
/** Adds the statistics of later rows. */
void plx_unknown_add(plx_unknown *unknown, const plx_unknown *more);

struct ArrowArrayStream;
typedef struct plx_row_store plx_row_store;
typedef struct plx_kept_cells plx_kept_cells;

/** Callback for the progress of reading files: see plx_context_options.reading. */
typedef struct plx_reading_hook {
    void (*report)(void *user, const char *path, int64_t rows, double share); /* NULL: no callback */
    void *user;
} plx_reading_hook;

/** How files are read, or what is read instead. */
typedef struct plx_load_options {
    const char *const *folders; /* [n_folders], searched for relative paths; without any: paths as they are */
    int n_folders;
    int threads;                     /* threads that read; above 1, one more reads compressed files ahead */
    size_t piece_bytes;              /* bytes of text that a thread parses at a time; 0: the default */
    const plx_reading_hook *reading; /* NULL: no callback */
    plx_read_report *wrong;          /* collects its wrong rows; NULL: one is an error for any data.on_error */
    /* [PLX_PARTS] streams of record batches instead of files, read to their end and not released; a NULL part has no
       rows. NULL: files are read. */
    struct ArrowArrayStream *const *streams;
    plx_kept_cells *kept; /* data/kept_cells.h: receives an entry for each row that is read; NULL: not needed */
    const plx_encoders
        *fitted;          /* encode the rows, which are split as `spec` says; NULL: encoders are created and fitted */
    plx_row_store *store; /* storage for rows that exceed the memory limit; NULL: no limit */
    plx_listener listener;
    plx_unknown *unknown; /* [plx_encoders_n_features] for rows to score, accumulates; NULL: not counted */
} plx_load_options;

/**
 * Reads the files of `spec`, splits the rows into parts, fits encoders on the training rows (or on all, see `fit_on`)
 * and encodes. Release `parts` with plx_rows_release, `*out` with plx_encoders_release.
 */
plx_status plx_table_load(const plx_allocator *allocator, const plx_table_spec *spec, const plx_load_options *options,
                          plx_encoders **out, plx_rows parts[PLX_PARTS], plx_error *err);

/**
 * Encoders that are not fitted, for a network before there are any rows: a table has the categories of its
 * vocabulary_file or hash_buckets, else as many as `max_size` declares; nothing is scaled. PLX_ERR_ARGUMENT: a feature
 * declares none; PLX_ERR_SCHEMA: a task's classes are not listed.
 */
plx_status plx_encoders_declare(const plx_allocator *allocator, const plx_table_spec *spec,
                                const plx_load_options *options, plx_encoders **out, plx_error *err);

/** Encoders are reference-counted. Threads may share them: they do not change after fitting. */
plx_encoders *plx_encoders_retain(const plx_encoders *encoders);
void plx_encoders_release(plx_encoders *encoders);

const plx_layout *plx_encoders_layout(const plx_encoders *encoders);

/** Number of classes of a multiclass task, 0 for others; the text of a class, in the order of the task's outputs. */
int plx_encoders_n_classes(const plx_encoders *encoders, int task);
plx_slice plx_encoders_class(const plx_encoders *encoders, int task, int number);

/** Reads files, or the first stream of `options` instead, in the same way as the training files, with the same
 * encoders. Without `with_labels`, labels are NaN, and columns that only tasks read may be missing. */
plx_status plx_encoders_read(const plx_encoders *encoders, const plx_allocator *allocator, const char *const *paths,
                             int n_paths, const plx_load_options *options, bool with_labels, plx_rows *out,
                             plx_error *err);

/** Rows per chunk when read in order: fewer where raw columns and records would take more than the bytes. */
enum { PLX_CHUNK_ROWS = 1 << 16, PLX_CHUNK_BYTES = 1 << 26 };
/** Chunks in flight with `threads` reading threads. */
static inline int plx_chunk_slots(int threads)
{
    return 2 * threads + 1;
}

/** Processes rows in chunks. Any status but PLX_OK ends reading. */
typedef struct plx_chunk_hooks {
    /** Processes rows (possibly none) for slot 0..plx_chunk_slots-1; several slots concurrently, each with its own
     * `thread`, 0..threads. Rows of a failed piece are passed again. */
    plx_status (*make)(void *user, int slot, int thread, const plx_rows *rows, plx_error *err);
    /** Takes a slot's result, in the order of the rows, in the calling thread, with the kept cells of all rows since
     * the last call; NULL: none. */
    plx_status (*take)(void *user, int slot, const plx_rows *rows, const plx_kept_cells *kept, plx_error *err);
    void *user;
} plx_chunk_hooks;
/** The same in chunks, for files of any size, or for the first stream of `options` instead. */
plx_status plx_encoders_read_chunks(const plx_encoders *encoders, const plx_allocator *allocator,
                                    const char *const *paths, int n_paths, const plx_load_options *options,
                                    bool with_labels, const plx_chunk_hooks *hooks, plx_error *err);

/**
 * Encodes `n` rows of columns into `out` [n][record_bytes]. Allocates nothing on success. A text has the meaning of an
 * unquoted cell in a file, so `trim` applies; a NULL text and a NaN are the empty cell. Counts cells of unknown
 * category in `unknown` [plx_encoders_n_features]. `listener` and `unknown` may be NULL.
 */
plx_status plx_encoders_columns(const plx_encoders *encoders, const plx_column *cells, int n_cells, size_t n,
                                bool with_labels, const plx_listener *listener, plx_unknown *unknown, uint8_t *out,
                                plx_error *err);
/** The same without labels, for a caller with the same order of columns in every call: `places`
 * [plx_encoders_n_columns], initially 0, caches their positions. `*n_unknown`: cells that are not empty and have no
 * known category. */
plx_status plx_encoders_columns_again(const plx_encoders *encoders, int *places, const plx_column *cells, int n_cells,
                                      size_t n, uint8_t *out, int64_t *n_unknown, plx_error *err);

int plx_encoders_n_features(const plx_encoders *encoders);
/** Whether too many cells of feature `feature` were unknown, and a line that reports it: none of at least 100 was
 * known, or fewer than 1 in 100 although 99 in 100 of the training rows' cells were. */
bool plx_encoders_report_unknown(const plx_encoders *encoders, int feature, const plx_unknown *unknown, char *line,
                                 size_t capacity);
/** Warns, one line per task, of texts that the fit treated as "no label" although no list of the task contains them. */
void plx_encoders_report_labels(const plx_encoders *encoders, const plx_listener *listener);
/** The version of the rule for texts of values: PLX_VALUE_RULE, or 0 (base/value_text.h). */
int plx_encoders_value_rule(const plx_encoders *encoders);
/** The number of distinct columns that features and tasks read. */
int plx_encoders_n_columns(const plx_encoders *encoders);

/**
 * The fitted state as tensors, borrowed from the encoders, names in the arena. With NAME of a table, feature or task:
 * - table without hashed ids: `vocabulary/NAME/bytes` U8 [all texts joined], `vocabulary/NAME/ends` I64 [values], in
 *   ascending order of ids from 1;
 * - sparse: `vocabulary/NAME/common` I64 [1], the most frequent id;
 * - sparse or list with unknown cells in the fit: `vocabulary/NAME/known` F64 [1], the share of known cells, above 0;
 * - buckets: `buckets/NAME/borders` F64 [borders], `buckets/NAME/common` I64 [1];
 * - dense: `scaling/NAME` F64 [2]: encoded = (number - first) * second, or for scaling by quantiles `quantiles/NAME`
 *   F64 [knots]; if the mean replaces missing numbers, `missing/NAME` F64 [1]; for size above 1, each with an
 *   additional first dimension of that size;
 * - multiclass task without listed classes: `classes/NAME/bytes` and `classes/NAME/ends`, as for tables;
 * - task with balanced class_weights: `class_weights/NAME` F64 [classes];
 * - binary task for which -1 means no label: `minus_one_missing/NAME` U8 [1], 1.
 */
plx_status plx_encoders_tensors(const plx_encoders *encoders, plx_arena *arena, const plx_tensor **tensors, int *n,
                                plx_error *err);
/** Creates encoders for `spec` (copied) from such tensors. PLX_ERR_FORMAT: one is missing or invalid. */
plx_status plx_encoders_from_tensors(const plx_allocator *allocator, const plx_table_spec *spec, plx_tensor_find *find,
                                     const void *user, plx_encoders **out, plx_error *err);

#endif
