/* SPDX-License-Identifier: Apache-2.0 */
/* The values of an Arrow array: the meaning of each as a number and as a category. */
#ifndef PLX_ARROW_VALUE_H
#define PLX_ARROW_VALUE_H

#include "base/error.h"
#include "base/value_text.h"

/** Types of values; PLX_ARROW_BOOL to PLX_ARROW_BYTES_DECIMAL are numbers. */
typedef enum plx_arrow_kind {
    PLX_ARROW_NULL,
    PLX_ARROW_BOOL,
    PLX_ARROW_INT,
    PLX_ARROW_UINT,
    PLX_ARROW_HALF,
    PLX_ARROW_FLOAT,
    PLX_ARROW_DOUBLE,
    PLX_ARROW_DATE,          /* days */
    PLX_ARROW_DATE_TIME,     /* a date in milliseconds */
    PLX_ARROW_TIMESTAMP,     /* counts of 10^-digits seconds; for times, since midnight */
    PLX_ARROW_TIME,          /* 32 or 64 bits */
    PLX_ARROW_INT96,         /* Parquet's 12-byte timestamps */
    PLX_ARROW_DECIMAL,       /* little-endian */
    PLX_ARROW_FIXED_DECIMAL, /* Parquet's: big-endian */
    PLX_ARROW_BYTES_DECIMAL, /* the same, of any length */
    PLX_ARROW_TEXT,
    PLX_ARROW_LARGE_TEXT,
    PLX_ARROW_TEXT_VIEW,
    PLX_ARROW_FIXED_TEXT,
    PLX_ARROW_UUID,
    PLX_ARROW_LIST,
    PLX_ARROW_LARGE_LIST,
    PLX_ARROW_FIXED_LIST, /* item_bytes items each */
    PLX_ARROW_OTHER       /* structs, durations and so on, which no feature reads */
} plx_arrow_kind;

/** Values of one batch: borrowed and trusted; the length of most buffers cannot be checked. */
typedef struct plx_arrow_values {
    plx_arrow_kind kind;
    int64_t item_bytes; /* of numbers, offsets, views, fixed texts */
    int digits;         /* fractional digits of decimals and seconds */
    bool is_utc;        /* of timestamps: the column has a time zone */
    bool is_rule_0;     /* texts of numbers follow rule 0 (base/value_text.h) */
    int64_t first, n;   /* the values are items first..first+n-1 of the buffers */
    const uint8_t *valid;
    const void *items;
    const char *bytes;         /* of texts with offsets */
    const void *const *blocks; /* of views */
    const int64_t *lengths;    /* [n_blocks] */
    int64_t n_blocks;
} plx_arrow_values;

typedef struct plx_arrow_value {
    bool is_missing, is_number;
    double number;     /* dates: days; timestamps: seconds since 1970-01-01 UTC; times: since midnight */
    plx_slice text;    /* of a number: its text as a category, if requested */
    const char *limit; /* of texts: end of the readable bytes */
} plx_arrow_value;

/** Bytes of an item's text in `buffer`, without readable bytes after it. */
enum { PLX_ARROW_SIZE = PLX_DECIMAL_SIZE };

static inline bool plx_arrow_bit(const uint8_t *bits, int64_t at)
{
    return bits[at / 8] >> (at % 8) & 1;
}

static inline bool plx_arrow_is_null(const plx_arrow_values *values, int64_t at)
{
    return values->kind == PLX_ARROW_NULL || (values->valid && !plx_arrow_bit(values->valid, at));
}

/** A signed or unsigned integer. */
int64_t plx_arrow_integer(const plx_arrow_values *values, int64_t at);

/** Item `at` of `from`; writes a number's text to `buffer` [PLX_ARROW_SIZE], NULL: not needed. PLX_ERR_FORMAT: the
 * item is outside its buffer; PLX_ERR_SCHEMA: bytes that are not text. */
plx_status plx_arrow_item(const plx_arrow_values *from, int64_t at, char *buffer, plx_arrow_value *out, plx_error *err);

/** The double that the float's text reads back as, without making the text: the same as from a text file. */
double plx_arrow_decimal_of(float value, bool is_rule_0);

#endif
