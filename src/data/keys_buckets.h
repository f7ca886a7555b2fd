/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of features of kind buckets, of which each has one. */
#ifndef PLX_KEYS_BUCKETS_H
#define PLX_KEYS_BUCKETS_H

#define PLX_BUCKETS_MAX 65536

#define PLX_MEMBERS_OF_buckets                                                                                         \
    plx_real_list borders; /* ascending: bucket i has numbers from border i - 1 on, below border i */                  \
    int64_t quantiles;     /* number of buckets with equal numbers of rows; 0: none */                                 \
    int64_t exact;         /* numbers in at least this many rows get their own buckets; 0: none */

/* clang-format off */
#define PLX_ROWS_OF_buckets                                                                                            \
    {FIELD(borders), .type = PLX_FIELD_REAL_LIST, .kinds = KIND(BUCKETS), .fallback = "",                              \
     .doc = "increasing numbers, at each of which a new bucket starts; a missing number is a category of its own"},    \
    {FIELD(quantiles), .type = PLX_FIELD_INT, .kinds = KIND(BUCKETS), .max = PLX_BUCKETS_MAX, .fallback = "0",         \
     .doc = ", instead of borders: maximum number of buckets, with equal numbers of rows; a number that fills a "      \
            "bucket gets one of its own, the most frequent numbers first if there are too few buckets for all"},       \
    {FIELD(exact), .type = PLX_FIELD_INT, .kinds = KIND(BUCKETS), .max = PLX_EXACT_INTEGERS, .fallback = "0",          \
     .doc = ", instead of borders: each number in at least this many rows is a bucket, and so is each range between "  \
            "two of them"},
/* clang-format on */

#endif
