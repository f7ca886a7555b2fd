/* SPDX-License-Identifier: Apache-2.0 */
/* Internals of plx_encoders, for the files that create, fit, store and use it. */
#ifndef PLX_ENCODERS_H
#define PLX_ENCODERS_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/pool.h"
#include "data/columns.h"
#include "data/load.h"
#include "data/vocabulary.h"
#include "files/csv.h"

/** A column that features or tasks read. */
typedef struct plx_input {
    const char *column;
    bool texts, numbers;                /* what features read */
    bool dates;                         /* features read dates as numbers: seconds since 1970-01-01 UTC */
    bool is_checked;                    /* a feature that reads it has a check_text hook */
    bool label_texts, label_numbers;    /* read by tasks (labels, `where`, weights) or data.group */
    bool is_weight;                     /* with labels: numbers may not be missing or negative */
    bool labels_from_0, labels_to_1;    /* with labels: numbers must be in [0, 1] */
    const plx_text_list *label_missing; /* with labels: these texts mean no number, for a regression; NULL: none */
    bool never_missing;                 /* a dense feature without a value for missing numbers reads it */
    int size;                           /* numbers per cell: above 1, only features of vectors read it */
    plx_slice separator;                /* between them */
    plx_slice item_separator;           /* between items, of the first list that reads it; empty: none */
    int n_readers, n_weights;           /* number of readers, and of lists that read it as weights */

    /* Of its features, and of the tasks with labels in it; NULL: none. */
    const struct plx_encoder *first_feature;
    const struct plx_label_encoder *first_task;
} plx_input;

/** An output of a feature: the id of a category, a list of ids, or numbers. */
typedef struct plx_feature_output {
    enum { PLX_MAKES_ID, PLX_MAKES_LIST, PLX_MAKES_NUMBERS } kind;
    int place;        /* index in the layout, among ids, lists or numbers */
    int n;            /* numbers */
    const char *name; /* suffix after the feature's name and a slash; NULL: none */
} plx_feature_output;

enum { PLX_FEATURE_OUTPUTS = 4, PLX_FEATURE_COLUMNS = 4 }; /* most outputs and columns per feature */

/** A feature of the spec, a task's columns, or data.group, with the hooks of its kind. */
typedef struct plx_encoder {
    const struct plx_encoder_def *def;
    const plx_feature_spec *spec;      /* of a feature */
    plx_vocabulary *vocabulary;        /* of its texts; NULL: it reads no texts */
    void *own;                         /* state of its kind */
    int input, number;                 /* its column's; index of the feature or the task */
    int more[PLX_FEATURE_COLUMNS - 1]; /* inputs of its further columns */
    int n_alike;                       /* number of consecutive features of its kind, from this one on */
    int n_outputs;
    plx_feature_output outputs[PLX_FEATURE_OUTPUTS];
    double known_share; /* share of known cells among those of the fit that are not empty, if plx_vocabulary_knows_fit
                           is false; 0: not counted */
    /* The next features of the same column and of the same table; NULL: none. */
    const struct plx_encoder *next, *next_of_table;
} plx_encoder;

typedef struct plx_label_encoder {
    const plx_task_spec *spec;
    int input;
    int where, weight;      /* inputs; -1: none */
    plx_dictionary classes; /* multiclass: class c is text c; empty until fitted */
    double *class_weights;  /* [classes]: weights of rows by class; NULL: 1, or not fitted yet */
    /* -1 means "no label": binary, only `positive` is listed, and labels of the fit were 0 and -1. */
    uint8_t is_minus_one_missing;
    const struct plx_label_encoder *next; /* with labels in the same column; NULL: none */
} plx_label_encoder;

struct plx_encoders {
    atomic_int holders;
    plx_allocator allocator;
    plx_hash_seed seed;    /* of all dictionaries */
    plx_arena arena;       /* the spec's copy and the arrays below */
    pthread_mutex_t mutex; /* of the arena in plx_encoders_take */
    plx_table_spec spec;   /* ours */
    plx_csv_options csv;
    plx_input *inputs; /* [n_inputs] */
    int n_inputs;
    plx_dictionary input_names;   /* index of a name = index of its input */
    plx_vocabulary *vocabularies; /* [n_vocabularies] */
    int n_vocabularies;
    plx_dictionary vocabulary_names; /* index of a name = index of its vocabulary */
    plx_encoder *all;                /* [n_all]: features, tasks, the group if any */
    plx_encoder *features;           /* [n_features]: the first of them */
    int n_all;
    int n_features, n_ids;       /* n_ids: their outputs that are ids */
    bool checks_rows;            /* one of them has a check_row hook */
    plx_label_encoder *tasks;    /* [layout.n_tasks] */
    int row_weight;              /* input; -1: none */
    plx_id_field *id_fields;     /* [n_ids] */
    plx_list_field *list_fields; /* [layout.n_lists] */
    uint32_t *label_classes;     /* [layout.n_tasks] */
    plx_layout layout;           /* complete once fitted */
};

/** Creates encoders that are checked but not fitted: vocabularies are empty. PLX_ERR_ARGUMENT: the spec is
 * inconsistent. */
plx_status plx_encoders_create(const plx_allocator *allocator, const plx_table_spec *spec, plx_encoders **out,
                               plx_error *err);
/** Zeroed memory with the lifetime of the encoders; thread-safe. NULL: out of memory. */
void *plx_encoders_take(plx_encoders *encoders, size_t count, size_t size);
/** The index of the input for `column`, created if needed; -1 when out of memory. */
int plx_encoders_input(plx_encoders *encoders, const char *column);
/** Sets the numbers per cell of the input, on which all its readers agree, and their separator. */
void plx_encoders_link_size(plx_encoders *encoders, int input, int64_t size, const char *separator);
/** Sets the layout; vocabularies must be final. */
void plx_encoders_seal(plx_encoders *encoders);

/** Raw columns for the encoders' inputs, the label columns only `with_labels`. */
plx_status plx_encoders_raw(const plx_encoders *encoders, bool with_labels, plx_columns *columns, plx_error *err);

/** Fits vocabularies and scalings on rows order[0..n-1], and seals. Uses the threads of `pool`, which may be NULL,
 * unless the columns are spilled, since every feature needs memory meanwhile. */
plx_status plx_encoders_fit(plx_encoders *encoders, const plx_columns *columns, const uint32_t *order, size_t n,
                            plx_pool *pool, plx_error *err);
/** Reads the vocabulary files, which are searched in the options' folders. */
plx_status plx_vocabularies_read(plx_encoders *encoders, const plx_load_options *options, plx_error *err);
/** Encodes raw columns, some rows at a time; both are borrowed, and so is the pool, which may be NULL. `whole`: all `n`
 * rows go to one plx_rows. */
typedef struct plx_encoding plx_encoding;
plx_status plx_encoding_create(const plx_encoders *encoders, const plx_columns *columns, size_t n, bool whole,
                               bool with_labels, plx_pool *pool, plx_encoding **out, plx_error *err);
void plx_encoding_free(plx_encoding *encoding);
/** Encodes rows order[0..n-1] into records first.. of `out`, which must be zero; a missing label sets has_all_labels to
 * false. */
plx_status plx_encoding_rows(const plx_encoding *encoding, const uint32_t *order, size_t n, plx_rows *out, size_t first,
                             plx_error *err);

/** Encodes rows order[0..n-1] into `out`, from `allocator`; without labels, all are NaN. */
plx_status plx_encoders_encode(const plx_encoders *encoders, const plx_allocator *allocator, const plx_columns *columns,
                               const uint32_t *order, size_t n, bool with_labels, plx_pool *pool, plx_rows *out,
                               plx_error *err);
/** The same for rows to score: counts cells of unknown category in `unknown`, which may be NULL. */
plx_status plx_encoders_encode_counted(const plx_encoders *encoders, const plx_allocator *allocator,
                                       const plx_columns *columns, const uint32_t *order, size_t n, bool with_labels,
                                       plx_unknown *unknown, plx_pool *pool, plx_rows *out, plx_error *err);

/** The text of a cell for readers other than features; for features: plx_vocabulary_text. */
static inline plx_slice plx_encoders_value(const plx_encoders *encoders, plx_slice cell, char buffer[PLX_VALUE_SIZE])
{
    return encoders->spec.is_rule_0 ? cell : plx_value_of_text(cell, buffer);
}

/** Stores a number in a record at `bytes`. */
static inline void plx_put_float(uint8_t *record, size_t bytes, float value)
{
    memcpy(record + bytes, &value, sizeof value);
}

static inline void plx_put_id(uint8_t *record, const plx_id_field *field, uint32_t id)
{
    if (field->id_bytes == 1) {
        record[field->offset] = (uint8_t)id;
    } else if (field->id_bytes == 2) {
        uint16_t narrow = (uint16_t)id;
        memcpy(record + field->offset, &narrow, sizeof narrow);
    } else {
        memcpy(record + field->offset, &id, sizeof id);
    }
}

#endif
