/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From raw rows to encoded ones. Encoders hold all that turns a raw row into numbers: how a file is read, which column
 * is what, vocabularies, scalings. They are fitted once, travel in the model file and encode the same way ever after.
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

/** What rows to score held in the column of one feature with a vocabulary. */
typedef struct plx_unknown {
    uint64_t cells, known; /* that are not empty; of these, with a known category, of lists with one at least */
    char example[64];      /* one that was unknown, cut where it is long */
} plx_unknown;
/** Adds what rows behind those of `unknown` held. */
void plx_unknown_add(plx_unknown *unknown, const plx_unknown *more);

struct ArrowArrayStream;
typedef struct plx_row_store plx_row_store;
typedef struct plx_kept_cells plx_kept_cells;

/** Who is told how far reading files has come: as plx_context_options.reading. */
typedef struct plx_reading_hook {
    void (*tell)(void *user, const char *path, int64_t rows, double share); /* NULL: nobody */
    void *user;
} plx_reading_hook;

/** How files are read, or what is read in their place. */
typedef struct plx_load_options {
    const char *const *folders; /* [n_folders], in which relative paths are looked for; with none: as they are */
    int n_folders;
    int threads;                     /* that read; above 1, compressed files are read ahead in one more */
    size_t piece_bytes;              /* of text that a thread parses at a time; 0: as many as are fast */
    const plx_reading_hook *reading; /* NULL: nobody is told */
    plx_read_report *wrong; /* its wrong rows are added to; NULL: one is an error, whatever data.on_error says */
    /* [PLX_PARTS] record batches that stand for the files, read to their end and not released; a part that is NULL has
       no rows. NULL: files are read. */
    struct ArrowArrayStream *const *streams;
    plx_kept_cells *kept;       /* data/kept_cells.h: gets an entry for each row that is read; NULL: none are kept */
    const plx_encoders *fitted; /* encode the rows, which are cut as `spec` says; NULL: encoders are made and fitted */
    plx_row_store *store;       /* where rows go that are more than the memory allows; NULL: they are never too many */
    plx_listener listener;
    plx_unknown *unknown; /* [plx_encoders_n_features] of rows to score, added to; NULL: not counted */
} plx_load_options;

/**
 * Reads the files of `spec`, cuts the parts, fits encoders on the training rows (or on all, `fit_on`) and encodes.
 * `parts` must be released by plx_rows_release, `*out` by plx_encoders_release.
 */
plx_status plx_table_load(const plx_allocator *allocator, const plx_table_spec *spec, const plx_load_options *options,
                          plx_encoders **out, plx_rows parts[PLX_PARTS], plx_error *err);

/** Encoders are counted: each holder retains and releases. Threads may share them: nothing changes after fitting. */
plx_encoders *plx_encoders_retain(const plx_encoders *encoders);
void plx_encoders_release(plx_encoders *encoders);

const plx_layout *plx_encoders_layout(const plx_encoders *encoders);

/** Classes of a multiclass task, 0 of others; the text of one, in the order of the task's outputs. */
int plx_encoders_n_classes(const plx_encoders *encoders, int task);
plx_slice plx_encoders_class(const plx_encoders *encoders, int task, int number);

/** Reads files, or the first stream of `options` instead, as the training files were read, by the same encoders.
 * Without `with_labels`, labels are NaN, and columns that only tasks read may be missing. */
plx_status plx_encoders_read(const plx_encoders *encoders, const plx_allocator *allocator, const char *const *paths,
                             int n_paths, const plx_load_options *options, bool with_labels, plx_rows *out,
                             plx_error *err);

enum { PLX_CHUNK_ROWS = 1 << 16 }; /* that are read in their order at a time */
/** Chunks under way at a time where `threads` read. */
static inline int plx_chunk_slots(int threads)
{
    return 2 * threads + 1;
}

/** What becomes of rows that are read some at a time. Another status than PLX_OK ends reading. */
typedef struct plx_chunk_hooks {
    /** Makes something of rows, none at times, for slot 0..plx_chunk_slots-1; several slots at once, each by another
     * `thread`, 0..threads. A piece whose rows make it fail comes again. */
    plx_status (*make)(void *user, int slot, int thread, const plx_rows *rows, plx_error *err);
    /** Takes it, in the order of the rows, by the calling thread, and the kept cells of all rows since the last call;
     * NULL: none are kept. */
    plx_status (*take)(void *user, int slot, const plx_rows *rows, const plx_kept_cells *kept, plx_error *err);
    void *user;
} plx_chunk_hooks;
/** The same for files of any size, or for the first stream of `options` instead, some rows at a time. */
plx_status plx_encoders_read_chunks(const plx_encoders *encoders, const plx_allocator *allocator,
                                    const char *const *paths, int n_paths, const plx_load_options *options,
                                    bool with_labels, const plx_chunk_hooks *hooks, plx_error *err);

/**
 * Encodes `n` rows given as columns into `out` [n][record_bytes]. Allocates nothing where all is found. A text means
 * what it would mean in a file without quotes round it, so that blanks round it are dropped where `trim` says so; no
 * text (NULL) and a missing number (NaN) mean the empty cell. Cells whose category is not known are added to `unknown`
 * [plx_encoders_n_features]. `listener` and `unknown` may be NULL.
 */
plx_status plx_encoders_columns(const plx_encoders *encoders, const plx_column *cells, int n_cells, size_t n,
                                bool with_labels, const plx_listener *listener, plx_unknown *unknown, uint8_t *out,
                                plx_error *err);
/** The same without labels for a caller who gives columns in the same order time after time: `places`
 * [plx_encoders_n_columns], 0 at first, keeps where each was found. `*n_unknown`: of the cells that are not empty,
 * those without a known category. */
plx_status plx_encoders_columns_again(const plx_encoders *encoders, int *places, const plx_column *cells, int n_cells,
                                      size_t n, uint8_t *out, int64_t *n_unknown, plx_error *err);

int plx_encoders_n_features(const plx_encoders *encoders);
/** Whether so many cells of feature `feature` were unknown that something must be wrong, and the line that tells it:
 * none of at least 100 was known, or less than 1 in 100 where 99 in 100 of the training rows' cells were. */
bool plx_encoders_tell_unknown(const plx_encoders *encoders, int feature, const plx_unknown *unknown, char *line,
                               size_t room);
/** Tells the listener, one line a task, of what the fit took for no label although no list of the task says so. */
void plx_encoders_tell_labels(const plx_encoders *encoders, const plx_listener *listener);
/** The rule by which texts stand for values: PLX_VALUE_RULE, or 0 (base/value_text.h). */
int plx_encoders_value_rule(const plx_encoders *encoders);
/** How many different columns features and tasks read. */
int plx_encoders_n_columns(const plx_encoders *encoders);

/**
 * The fitted state as tensors, borrowed from the encoders, names in the arena: for each table NAME whose ids are not
 * hashed `vocabulary/NAME/bytes` U8 [all texts joined] and `vocabulary/NAME/ends` I64 [values], ids rising from 1; for
 * sparse feature NAME `vocabulary/NAME/common` I64 [1], the id of most rows; for sparse features and lists NAME of
 * which some cells of the fit are not known `vocabulary/NAME/known` F64 [1], the share of those that are, above 0; for
 * buckets NAME `buckets/NAME/borders` F64 [borders] and `buckets/NAME/common` I64 [1]; for dense feature NAME
 * `scaling/NAME` F64 [2]: encoded = (number - first) * second, or for scaling by quantiles `quantiles/NAME` F64
 * [knots], and where the mean stands for missing numbers `missing/NAME` F64 [1]; for a multiclass task NAME whose
 * classes are not listed `classes/NAME/bytes` and `classes/NAME/ends`, likewise; for a task NAME with balanced
 * class_weights `class_weights/NAME` F64 [classes]; for a binary task NAME of which -1 means that there is no label
 * `minus_one_missing/NAME` U8 [1], 1. Of features of size above 1, these have one more dimension in front, of that
 * size.
 */
plx_status plx_encoders_tensors(const plx_encoders *encoders, plx_arena *arena, const plx_tensor **tensors, int *n,
                                plx_error *err);
/** Encoders for `spec` (copied) from such tensors. PLX_ERR_FORMAT where one lacks or does not fit. */
plx_status plx_encoders_from_tensors(const plx_allocator *allocator, const plx_table_spec *spec, plx_tensor_find *find,
                                     const void *user, plx_encoders **out, plx_error *err);

#endif
