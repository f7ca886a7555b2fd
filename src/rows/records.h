/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoded rows. A row is one record of fixed size, so that a shuffled batch touches one or two cache lines per row:
 *
 *   float dense[n_dense] | float label[n_tasks] | float weight[n_tasks] where rows have weights | float weights of
 * lists uint32_t group[2] where rows have a group | uint32_t ids... | uint16_t ids... | uint8_t ids...
 *
 * A sparse feature's id has 4, 2 or 1 bytes, depending on its vocabulary; the record is padded to 4 bytes. Id 0 stands
 * for values not seen in fitting; known values start at 1. Every record reserves the maximum length of each list; the
 * id of all ones ends a shorter one.
 */
#ifndef PLX_DATASET_H
#define PLX_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"

typedef struct plx_id_field {
    uint32_t offset;     /* of the id in the record, bytes */
    uint32_t id_bytes;   /* 1, 2 or 4 */
    uint32_t vocabulary; /* ids are below it; includes id 0 */
    uint32_t common;     /* the most frequent id in fitting; a hint for speed */
} plx_id_field;

typedef struct plx_list_field {
    uint32_t offset;     /* of the first id in the record, bytes */
    uint32_t id_bytes;   /* 1, 2 or 4, of each */
    uint32_t vocabulary; /* ids are below it; includes id 0 */
    uint32_t length;     /* maximum length */
    bool has_weights;
    uint32_t weights_offset; /* of float[length], if has_weights; 0 after the last item */
} plx_list_field;

/** The layout of a record. Features of one kind keep their order. */
typedef struct plx_layout {
    int n_sparse, n_lists, n_dense, n_tasks; /* n_dense counts numbers */
    const plx_id_field *sparse;              /* [n_sparse] */
    const plx_list_field *lists;             /* [n_lists] */
    const uint32_t *classes;                 /* [n_tasks]: labels are integers below it; 0: any number. NULL: all 0 */
    bool has_weights, has_group;
    uint32_t label_offset;  /* bytes; dense numbers begin at 0 */
    uint32_t weight_offset; /* if has_weights: a row's weights in the tasks' losses */
    uint32_t group_offset;  /* if has_group: low and high half of its hash */
    uint32_t record_bytes;
} plx_layout;

/** The contents of a record, from which its layout follows. */
typedef struct plx_layout_parts {
    plx_id_field *sparse; /* [n_sparse] with vocabularies */
    int n_sparse;
    plx_list_field *lists; /* [n_lists] with vocabularies, lengths and has_weights */
    int n_lists;
    int n_dense, n_tasks;
    const uint32_t *classes; /* [n_tasks] or NULL, as in the layout */
    bool has_weights, has_group;
} plx_layout_parts;

/** Sets offsets and widths of the fields, and fills the layout, which borrows them. */
void plx_layout_init(plx_layout *layout, const plx_layout_parts *parts);

enum { PLX_BLOCK_ROWS = 4096 };

/** Rows; `layout` is borrowed from the encoders that made them. A missing label is NaN. */
typedef struct plx_rows {
    const plx_layout *layout;
    uint8_t *records; /* [n][record_bytes] */
    size_t n;
    bool has_all_labels; /* no label is NaN, so rows need not be counted; false if unknown */
    /* Records may be in a mapped file (rows/row_file.h): then they are read-only and are loaded on access. */
    void *mapping; /* NULL: records are in memory */
    size_t mapping_bytes;
    int descriptor;     /* of that file */
    size_t window_rows; /* rows that training shuffles at a time, whole blocks of PLX_BLOCK_ROWS; 0: all */
} plx_rows;

/** Allocates `n` records, all zero. */
plx_status plx_rows_init(plx_rows *rows, const plx_allocator *allocator, const plx_layout *layout, size_t n,
                         plx_error *err);
void plx_rows_release(plx_rows *rows, const plx_allocator *allocator);
/** Releases the memory of rows first..first+n-1 of a mapped file, which will not be read for a while. */
void plx_rows_drop_pages(const plx_rows *rows, size_t first, size_t n);

/** Copies records order[0..n-1] (NULL: first..first+n-1) to `out` [n][record_bytes]. */
void plx_rows_gather(const plx_rows *rows, const uint32_t *order, size_t first, size_t n, uint8_t *out);

/** Counts, for each task, the records (as in plx_rows_gather) with a label: `counts` [n_tasks]. */
void plx_rows_count_labels(const plx_rows *rows, const uint32_t *order, size_t first, size_t n, int64_t *counts);

/** The id in one record. */
static inline uint32_t plx_record_id(const uint8_t *record, const plx_id_field *field)
{
    if (field->id_bytes == 1) return record[field->offset];
    if (field->id_bytes == 2) return *(const uint16_t *)(const void *)(record + field->offset);
    return *(const uint32_t *)(const void *)(record + field->offset);
}

/** Ids of sparse feature `feature` of n records. */
void plx_records_ids(const plx_layout *layout, const uint8_t *records, size_t n, int feature, uint32_t *out);
/** Labels of task `task` of n records, as floats; NaN if missing. */
void plx_records_labels(const plx_layout *layout, const uint8_t *records, size_t n, int task, float *out);
/** Labels of all rows; of rows in a file, only one block at a time is in memory. */
void plx_rows_labels(const plx_rows *rows, int task, float *out);
/** Weights of n records in the loss of task `task`; 1 if rows have no weights. */
void plx_records_weights(const plx_layout *layout, const uint8_t *records, size_t n, int task, float *out);
/** The hash of one record's group; 0: no group. */
static inline uint64_t plx_record_group(const plx_layout *layout, const uint8_t *record)
{
    if (!layout->has_group) return 0;
    const uint32_t *halves = (const uint32_t *)(const void *)(record + layout->group_offset);
    return (uint64_t)halves[1] << 32 | halves[0];
}
static inline void plx_record_put_group(const plx_layout *layout, uint8_t *record, uint64_t hash)
{
    uint32_t *halves = (uint32_t *)(void *)(record + layout->group_offset);
    halves[0] = (uint32_t)hash;
    halves[1] = (uint32_t)(hash >> 32);
}
/** Copies the ids of one record's list to `ids` [field->length]; returns their number. */
int plx_record_list(const uint8_t *record, const plx_list_field *field, uint32_t *ids);
/** The number of items. */
int plx_record_list_length(const uint8_t *record, const plx_list_field *field);
/** Clears the list; items are then added in order, at most field->length. */
void plx_record_clear_list(uint8_t *record, const plx_list_field *field);
void plx_record_put_item(uint8_t *record, const plx_list_field *field, uint32_t item, uint32_t id);
static inline const float *plx_record_dense(const uint8_t *record)
{
    return (const float *)(const void *)record;
}

#endif
