/* SPDX-License-Identifier: Apache-2.0 */
/* CSV text in memory, read and encoded by one thread: the reference for other ways of reading the same rows. */
#ifndef READ_SOURCE_H
#define READ_SOURCE_H

#include <string.h>

#include "check.h"
#include "data/encoders.h"
#include "data/table_file.h"

typedef struct memory_source {
    const char *text;
    size_t left;
} memory_source;

static inline plx_status read_memory(void *user, char *out, size_t capacity, size_t *got, plx_error *err)
{
    memory_source *m = user;
    (void)err;
    *got = capacity < m->left ? capacity : m->left;
    memcpy(out, m->text, *got);
    m->text += *got;
    m->left -= *got;
    return PLX_OK;
}

static inline plx_status read_text(const plx_filling *to, const char *text, size_t length, plx_error *err)
{
    memory_source memory = {text, length};
    plx_table_file *file = NULL;
    bool more;
    const plx_parallel parallel = {.threads = 1};
    PLX_TRY(plx_table_file_open(to, (plx_byte_source){read_memory, &memory}, "x.csv", &parallel, &file, err));
    const plx_status status = plx_table_file_rows(file, SIZE_MAX - to->columns->n, &more, err);
    plx_table_file_close(file);
    return status;
}

/* Fits to all rows of the columns, at most 64, and encodes them. */
static inline plx_status encode_all(plx_encoders *e, plx_columns *columns, plx_rows *rows, plx_error *err)
{
    uint32_t order[64];
    if (columns->n > sizeof order / sizeof *order) return PLX_ERR_ARGUMENT;
    for (uint32_t i = 0; i < columns->n; i++)
        order[i] = i;
    PLX_TRY(plx_encoders_fit(e, columns, order, columns->n, NULL, err));
    return plx_encoders_encode(e, &plx_allocator_default, columns, order, columns->n, true, NULL, rows, err);
}

/* Compares the records of the `n` rows read in two ways. Releases its arguments. */
static inline void check_same_records(plx_encoders *one, plx_columns *by_one, plx_encoders *other,
                                      plx_columns *by_other, size_t n)
{
    plx_rows expected = {0}, got = {0};
    REQUIRE(encode_all(one, by_one, &expected, NULL) == PLX_OK && encode_all(other, by_other, &got, NULL) == PLX_OK);
    CHECK(expected.n == n && got.n == n);
    CHECK(memcmp(expected.records, got.records, n * (size_t)expected.layout->record_bytes) == 0);
    plx_rows_release(&expected, &plx_allocator_default);
    plx_rows_release(&got, &plx_allocator_default);
    plx_columns_release(by_one);
    plx_columns_release(by_other);
    plx_encoders_release(one);
    plx_encoders_release(other);
}

#endif
