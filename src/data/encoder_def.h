/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kind of features is one constant of type plx_encoder_def, in a file of its own, feature_KIND.c, and a line of
 * PLX_FEATURE_KINDS in data/spec.h. The stages (make, fit, encode, store, load) are loops over features that call the
 * hooks of their rows; a hook that is NULL has nothing to do. What a task reads, and data.group, have rows of the same
 * shape (target_labels.c, target_group.c), which come after those of features. "How to add a feature kind" is in
 * CONTRIBUTING.md.
 */
#ifndef PLX_ENCODER_DEF_H
#define PLX_ENCODER_DEF_H

#include "data/encoders.h"
#include "data/features.h"
#include "data/request.h"
#include "data/tally.h"

/** Rows of raw columns on their way into records, at most PLX_ENCODED_ROWS of them. */
typedef struct plx_encoded_rows {
    const plx_encoders *encoders;
    const plx_columns *columns;
    const uint32_t *order; /* [n]: rows of the columns */
    size_t n;
    uint8_t *records; /* of them; those of the first+n rows so far begin at `all` */
    uint8_t *all;
    size_t first;
    bool *has_all_labels; /* becomes false where one is missing */
} plx_encoded_rows;

/** Loops over rows keep `records` and this in variables of their own: a store into a record could change them, as far
 * as the compiler can see. */
static inline size_t plx_encoded_stride(const plx_encoded_rows *rows)
{
    return rows->encoders->layout.record_bytes;
}

static inline uint8_t *plx_encoded_record(const plx_encoded_rows *rows, size_t i)
{
    return rows->records + i * rows->encoders->layout.record_bytes;
}

/** Fitted state as tensors: where to find them, and an arena for their names. */
typedef struct plx_loader {
    plx_arena arena;
    plx_tensor_find *find;
    const void *user;
} plx_loader;

enum { PLX_FEATURE_TENSORS = 4 }; /* that a feature stores at most, beside its vocabulary */

typedef struct plx_encoder_def {
    const char *name;        /* in a configuration */
    const char *shown;       /* in the line that describes a model: "3 sparse", "2 lists"; categories follow */
    bool is_always_shown;    /* even where there is none */
    bool is_named;           /* a view is of this kind if it says so, or has an option that no other kind has */
    bool shares_table;       /* features of equal embedding_name share a table */
    plx_feature_reads reads; /* what a cell is to callers */
    /** Fills kinds, names and sizes of what the feature makes, at most PLX_FEATURE_OUTPUTS; returns how many. */
    int (*outputs)(const plx_feature_spec *spec, plx_feature_output *outputs);
    /** Reports what no single field shows to be wrong. */
    void (*check)(plx_feature_checker *checker, const plx_feature_spec *spec);

    /** Makes `own`, and says what it reads of its input and of others. The outputs have their places. */
    plx_status (*link)(plx_encoders *e, plx_encoder *feature, plx_error *err);
    /** Takes what is fitted from rows order[0..n-1]. */
    plx_status (*fit)(plx_encoders *e, plx_encoder *feature, const plx_columns *columns, const uint32_t *order,
                      size_t n, plx_error *err);
    /** Adds the categories of a cell, which `count` rows have, to those of its table: of a kind that takes
     * vocabularies.
     */
    plx_status (*count)(const plx_encoder *feature, plx_tally *tally, plx_slice cell, uint64_t count, plx_error *err);
    /** Whether the table has the category of a cell, or of one of its items; `*is_empty`: it holds none. */
    bool (*is_known)(const plx_encoder *feature, plx_slice cell, bool *is_empty);
    /** Fills vocabulary and common, or vocabulary, length and has_weights, of the fields of output `output`. */
    void (*seal_id)(const plx_encoder *feature, int output, plx_id_field *field);
    void (*seal_list)(const plx_encoder *feature, int output, plx_list_field *field);

    /** What a number of the input is to it, for plx_fail_number, where it cannot take one of this kind; NULL: it can.
     */
    const char *(*number_reader)(const plx_feature_spec *spec, plx_number kind);
    /** Checks a text that the input did not have before, where the input is_checked. PLX_ERR_SCHEMA. */
    plx_status (*check_text)(const plx_encoders *e, const plx_encoder *feature, plx_slice cell, plx_error *err);
    /** Checks row columns->n, all of whose cells are there, where encoders check rows; `*input`: that to blame. */
    plx_status (*check_row)(const plx_encoders *e, const plx_encoder *feature, const plx_columns *columns, int *input,
                            plx_error *err);

    /** What encode_rows needs beside, in the arena, for `n` rows that will lie in one plx_rows; 0: they will not. Of
     * targets it is not called without labels: encode_rows gets NULL then. */
    bool remembers; /* encode_rows writes to what prepare made: each thread has its own */
    plx_status (*prepare)(const plx_encoders *e, const plx_encoder *feature, const plx_columns *columns, size_t n,
                          plx_arena *arena, void **out, plx_error *err);
    plx_status (*encode_rows)(const plx_encoder *feature, const plx_encoded_rows *rows, void *prepared, plx_error *err);
    /** `n` features of the kind, which follow each other: one call, since a request has a row mostly. */
    plx_status (*encode_cells)(const plx_encoder *features, int n, plx_request *request, plx_error *err);

    /** Adds tensors at `next`, names in the arena; returns what follows them. */
    plx_tensor *(*store)(const plx_encoder *feature, plx_arena *arena, plx_tensor *next);
    /** Takes them back, and trusts nothing. PLX_ERR_FORMAT: one is missing or does not fit. */
    plx_status (*load)(plx_encoders *e, plx_encoder *feature, plx_loader *loader, plx_error *err);
} plx_encoder_def;

#define PLX_FEATURE_DECLARED(number, name) extern const plx_encoder_def plx_feature_##name;
PLX_FEATURE_KINDS(PLX_FEATURE_DECLARED)
extern const plx_encoder_def plx_target_labels, plx_target_group;
/** The rows, by plx_feature_kind. */
extern const plx_encoder_def *const plx_feature_defs[];

/** The first output of some kind, which the feature has. */
static inline const plx_id_field *plx_encoder_id(const plx_encoders *e, const plx_encoder *feature, int output)
{
    return &e->layout.sparse[feature->outputs[output].place];
}

/** The vocabulary of the table that the feature reads, made where there is none. */
plx_status plx_encoder_take_vocabulary(plx_encoders *e, plx_encoder *feature, plx_error *err);
/** Takes the categories of a table from rows order[0..n-1] of all columns that features of it read. */
plx_status plx_vocabulary_fit(plx_encoders *e, plx_vocabulary *vocabulary, const plx_columns *columns,
                              const uint32_t *order, size_t n, plx_error *err);
/** Finds the feature's known_share, where it has one. */
plx_status plx_known_share_fit(const plx_encoders *e, plx_encoder *feature, const plx_columns *columns,
                               const uint32_t *order, size_t n, plx_error *err);

/** Adds a tensor of one dimension, or of two where there is more than one row; returns what follows it. */
plx_tensor *plx_tensor_add(plx_tensor *next, const char *name, plx_dtype dtype, int64_t n, const void *data);
plx_tensor *plx_tensor_add_numbers(plx_tensor *next, const char *name, int64_t rows, int64_t columns,
                                   const double *numbers);
/** The texts of a dictionary as two tensors, `kind`/`name`/bytes and .../ends, names in the arena; and back to one that
 * is empty. PLX_ERR_FORMAT. */
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
