/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoded rows. A row is one record of fixed size, so that a shuffled batch touches one or two cache lines a row:
 *
 *   float dense[n_dense] | float label[n_tasks] | float weight[n_tasks] where rows have weights | float weights of
 * lists uint32_t group[2] where rows have a group | uint32_t ids... | uint16_t ids... | uint8_t ids...
 *
 * Each sparse feature's id takes 4, 2 or 1 bytes, whichever its vocabulary needs; the record is padded to 4 bytes.
 * Id 0 is the row for values never seen in fitting; known values count from 1. A list has room for its greatest length;
 * the id of all ones ends it.
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
    uint32_t vocabulary; /* ids are below it, the unknown row counted */
    uint32_t common;     /* the id of most rows in fitting: a first guess that saves work where it is right */
} plx_id_field;

typedef struct plx_list_field {
    uint32_t offset;     /* of the first id in the record, bytes */
    uint32_t id_bytes;   /* 1, 2 or 4, of each */
    uint32_t vocabulary; /* ids are below it, the unknown row counted */
    uint32_t length;     /* most items */
    bool has_weights;
    uint32_t weights_offset; /* of float[length], where it has weights; behind the last item they are 0 */
} plx_list_field;

/** Where things are in a record. Features of one kind keep their order among themselves. */
typedef struct plx_layout {
    int n_sparse, n_lists, n_dense, n_tasks; /* n_dense counts numbers */
    const plx_id_field *sparse;              /* [n_sparse] */
    const plx_list_field *lists;             /* [n_lists] */
    const uint32_t *classes; /* [n_tasks]: labels are below it, whole numbers; 0: any number. NULL: all are */
    bool has_weights, has_group;
    uint32_t label_offset;  /* bytes; dense numbers begin at 0 */
    uint32_t weight_offset; /* where it has weights: what a row counts in each task's loss */
    uint32_t group_offset;  /* where it has a group: the low and the high half of its hash */
    uint32_t record_bytes;
} plx_layout;

/** What a record is to hold. */
typedef struct plx_layout_parts {
    plx_id_field *sparse; /* [n_sparse] with vocabularies */
    int n_sparse;
    plx_list_field *lists; /* [n_lists] with vocabularies, lengths and has_weights */
    int n_lists;
    int n_dense, n_tasks;
    const uint32_t *classes; /* [n_tasks] or NULL, as in the layout */
    bool has_weights, has_group;
} plx_layout_parts;

/** Fills offsets and widths of the fields, and the layout, which borrows them. */
void plx_layout_init(plx_layout *layout, const plx_layout_parts *parts);

enum { PLX_BLOCK_ROWS = 4096 };

/** Rows; `layout` is borrowed from the encoders that made them. Labels are NaN where there are none. */
typedef struct plx_rows {
    const plx_layout *layout;
    uint8_t *records; /* [n][record_bytes] */
    size_t n;
    bool has_all_labels; /* no label is NaN, so that nobody need count; false is safe where that is not known */
    /* Records may lie in a mapped file (rows/row_file.h): they are read-only then, and the system brings them when they
       are touched. */
    void *mapping; /* NULL: they lie in memory */
    size_t mapping_bytes;
    int descriptor;     /* of that file */
    size_t window_rows; /* as many as training mixes at a time, whole blocks of PLX_BLOCK_ROWS; 0: all */
} plx_rows;

/** `n` cleared records. */
plx_status plx_rows_init(plx_rows *rows, const plx_allocator *allocator, const plx_layout *layout, size_t n,
                         plx_error *err);
void plx_rows_release(plx_rows *rows, const plx_allocator *allocator);
/** Rows first..first+n-1 will not be read for a while: those of a mapped file give their memory back. */
void plx_rows_forget(const plx_rows *rows, size_t first, size_t n);

/** Copies records order[0..n-1] (NULL: first..first+n-1) to `out` [n][record_bytes]. */
void plx_rows_gather(const plx_rows *rows, const uint32_t *order, size_t first, size_t n, uint8_t *out);

/** How many of the same records have a label, for each task, to `counts` [n_tasks]. */
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
/** Labels of task `task` of n records, as floats; NaN where there is none. */
void plx_records_labels(const plx_layout *layout, const uint8_t *records, size_t n, int task, float *out);
/** The same of all rows, of which no more than a block takes memory where they lie in a file. */
void plx_rows_labels(const plx_rows *rows, int task, float *out);
/** What n records count in the loss of task `task`; 1 where rows have no weights. */
void plx_records_weights(const plx_layout *layout, const uint8_t *records, size_t n, int task, float *out);
/** The hash of one record's group; 0: it belongs to none, or rows have no groups. */
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
/** Ids of one record's list to `ids` [field->length]; returns how many there are. */
int plx_record_list(const uint8_t *record, const plx_list_field *field, uint32_t *ids);
/** How many there are. */
int plx_record_list_length(const uint8_t *record, const plx_list_field *field);
/** Makes the list empty; items are then put one after another, at most field->length. */
void plx_record_clear_list(uint8_t *record, const plx_list_field *field);
void plx_record_put_item(uint8_t *record, const plx_list_field *field, uint32_t item, uint32_t id);
static inline const float *plx_record_dense(const uint8_t *record)
{
    return (const float *)(const void *)record;
}

#endif
