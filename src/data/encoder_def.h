/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kind of features is one constant of type plx_encoder_def, in a file of its own, feature_KIND.c, and a line of
 * data/feature_kinds.h. The stages (make, fit, encode, store, load) are loops over features that call these
 * hooks; a NULL hook does nothing. Tasks' columns and data.group have constants of the same type (target_labels.c,
 * target_group.c), which come after the features. "How to add a feature kind": CONTRIBUTING.md.
 */
#ifndef PLX_ENCODER_DEF_H
#define PLX_ENCODER_DEF_H

#include "data/encoders.h"
#include "data/features.h"
#include "data/request.h"
#include "data/tally.h"

/** Rows of raw columns being encoded into records, at most PLX_ENCODED_ROWS. */
typedef struct plx_encoded_rows {
    const plx_encoders *encoders;
    const plx_columns *columns;
    const uint32_t *order; /* [n]: rows of the columns */
    size_t n;
    uint8_t *records; /* their records; the records of all first+n rows so far start at `all` */
    uint8_t *all;
    size_t first;
    bool *has_all_labels; /* set to false if one is missing */
} plx_encoded_rows;

/** Loops over rows copy `records` and this to local variables: otherwise the compiler must assume that a store into a
 * record changes them. */
static inline size_t plx_encoded_stride(const plx_encoded_rows *rows)
{
    return rows->encoders->layout.record_bytes;
}

static inline uint8_t *plx_encoded_record(const plx_encoded_rows *rows, size_t i)
{
    return rows->records + i * rows->encoders->layout.record_bytes;
}

/** Fitted state as tensors: a lookup, and an arena for names. */
typedef struct plx_loader {
    plx_arena arena;
    plx_tensor_find *find;
    const void *user;
} plx_loader;

enum { PLX_FEATURE_TENSORS = 4 }; /* most tensors per feature, without its vocabulary */

typedef struct plx_encoder_def {
    const char *name;     /* name in a configuration */
    const char *shown;    /* for the description of a model: "3 sparse", "2 lists"; categories follow */
    bool is_always_shown; /* even for a count of 0 */
    bool is_named;        /* a view is of this kind if it says so, or has an option that only this kind has */
    bool shares_table;    /* features with equal embedding_name share a table */
    /** Lists the columns that the feature reads, at most PLX_FEATURE_COLUMNS, for callers; returns their number. They
     * are its inputs, in this order. */
    int (*columns)(const plx_feature_spec *spec, plx_input_column *columns);
    /** Fills kinds, names and sizes of the outputs, at most PLX_FEATURE_OUTPUTS; returns their number. */
    int (*outputs)(const plx_feature_spec *spec, plx_feature_output *outputs);
    /** Reports mistakes that involve several fields. */
    void (*check)(plx_feature_checker *checker, const plx_feature_spec *spec);

    /** Creates `own`, and declares what it reads from its input and from others. The outputs have their offsets. */
    plx_status (*link)(plx_encoders *e, plx_encoder *feature, plx_error *err);
    /** Fits on rows order[0..n-1]. */
    plx_status (*fit)(plx_encoders *e, plx_encoder *feature, const plx_columns *columns, const uint32_t *order,
                      size_t n, plx_error *err);
    /** Adds the categories of a cell, which occurs in `count` rows, to its table: for kinds with vocabularies. */
    plx_status (*count)(const plx_encoder *feature, plx_tally *tally, plx_slice cell, uint64_t count, plx_error *err);
    /** The same for categories that are not those of one column's cells: adds those of rows order[0..n-1]. */
    plx_status (*count_rows)(const plx_encoder *feature, plx_tally *tally, const plx_columns *columns,
                             const uint32_t *order, size_t n, plx_error *err);
    /** Whether the table knows the category of a cell, or of one of its items; `*is_empty`: the cell has none. NULL:
     * unknown cells are not counted. */
    bool (*is_known)(const plx_encoder *feature, plx_slice cell, bool *is_empty);
    /** Fills the fields of output `output`: vocabulary and common, or vocabulary, length and has_weights. */
    void (*seal_id)(const plx_encoder *feature, int output, plx_id_field *field);
    void (*seal_list)(const plx_encoder *feature, int output, plx_list_field *field);

    /** NULL if the feature accepts this number; else describes the reader, for plx_fail_number. */
    const char *(*number_reader)(const plx_feature_spec *spec, plx_number kind);
    /** Checks a new text of an input with is_checked. PLX_ERR_SCHEMA. */
    plx_status (*check_text)(const plx_encoders *e, const plx_encoder *feature, plx_slice cell, plx_error *err);
    /** Checks the complete row columns->n, if the encoders check rows; `*input`: the faulty one. */
    plx_status (*check_row)(const plx_encoders *e, const plx_encoder *feature, const plx_columns *columns, int *input,
                            plx_error *err);

    /** Returns extra data for encode_rows, in the arena, for `n` rows in one plx_rows; 0: not in one. For targets not
     * called without labels: encode_rows then gets NULL. */
    bool remembers; /* encode_rows writes to the result of prepare: each thread needs its own */
    plx_status (*prepare)(const plx_encoders *e, const plx_encoder *feature, const plx_columns *columns, size_t n,
                          plx_arena *arena, void **out, plx_error *err);
    plx_status (*encode_rows)(const plx_encoder *feature, const plx_encoded_rows *rows, void *prepared, plx_error *err);
    /** `n` consecutive features of the kind in one call, since most requests have one row. */
    plx_status (*encode_cells)(const plx_encoder *features, int n, plx_request *request, plx_error *err);

    /** Writes tensors at `next`, names in the arena; returns the new end. */
    plx_tensor *(*store)(const plx_encoder *feature, plx_arena *arena, plx_tensor *next);
    /** Reads them, from untrusted input. PLX_ERR_FORMAT: one is missing or invalid. */
    plx_status (*load)(plx_encoders *e, plx_encoder *feature, plx_loader *loader, plx_error *err);
} plx_encoder_def;

/** The columns of a kind that reads one, named by `column`. */
static inline int plx_feature_one_column(const plx_feature_spec *spec, plx_reading reading, plx_input_column *columns)
{
    columns[0] = (plx_input_column){
        .column = plx_column_of(spec->column, spec->name), .reading = reading, .size = 1, .may_be_missing = true};
    return 1;
}

/** The loop of encode_cells; `encode`, for one feature, is inlined: a call for each costs 7 % of a row's latency. */
typedef plx_status plx_cells_encoder(const plx_encoder *feature, plx_request *request, plx_error *err);
static inline __attribute__((always_inline)) plx_status plx_request_each(const plx_encoder *features, int n,
                                                                         plx_request *request,
                                                                         plx_cells_encoder *encode, plx_error *err)
{
    for (int i = 0; i < n; i++)
        PLX_TRY(encode(&features[i], request, err));
    return PLX_OK;
}

#define PLX_FEATURE_DECLARED(number, name, keys, doc) extern const plx_encoder_def plx_feature_##name;
PLX_FEATURE_KINDS(PLX_FEATURE_DECLARED)
extern const plx_encoder_def plx_target_labels, plx_target_group;
/** The rows, by plx_feature_kind. */
extern const plx_encoder_def *const plx_feature_defs[];

/** The first output of a kind; it must exist. */
static inline const plx_id_field *plx_encoder_id(const plx_encoders *e, const plx_encoder *feature, int output)
{
    return &e->layout.sparse[feature->outputs[output].place];
}

/** The vocabulary of the feature's table, created if needed. */
plx_status plx_encoder_take_vocabulary(plx_encoders *e, plx_encoder *feature, plx_error *err);
/** Fits the categories of a table on rows order[0..n-1] of all columns of its features. */
plx_status plx_vocabulary_fit(plx_encoders *e, plx_vocabulary *vocabulary, const plx_columns *columns,
                              const uint32_t *order, size_t n, plx_error *err);
/** Computes the feature's known_share, if it has one. */
plx_status plx_known_share_fit(const plx_encoders *e, plx_encoder *feature, const plx_columns *columns,
                               const uint32_t *order, size_t n, plx_error *err);

/** Writes a tensor of one dimension, or of two if it has more than one row; returns the new end. */
plx_tensor *plx_tensor_add(plx_tensor *next, const char *name, plx_dtype dtype, int64_t n, const void *data);
plx_tensor *plx_tensor_add_numbers(plx_tensor *next, const char *name, int64_t rows, int64_t columns,
                                   const double *numbers);
/** Writes the texts of a dictionary as two tensors, `kind`/`name`/bytes and .../ends, names in the arena; reads them
 * into an empty one. PLX_ERR_FORMAT. */
plx_tensor *plx_tensor_add_texts(plx_tensor *next, plx_arena *arena, const char *kind, const char *name,
                                 const plx_dictionary *texts);
plx_status plx_loader_texts(plx_loader *loader, const char *kind, const char *name, plx_dictionary *texts,
                            plx_error *err);
/** Finds such a tensor; `n`, `columns` below 0: any. Numbers are finite. PLX_ERR_FORMAT. */
plx_status plx_loader_find(plx_loader *loader, const char *name, plx_dtype dtype, int64_t n, const plx_tensor **out,
                           plx_error *err);
plx_status plx_loader_numbers(plx_loader *loader, const char *name, int64_t rows, int64_t columns,
                              const plx_tensor **out, plx_error *err);

#endif
