/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of section `data`. Defaults are written as in a configuration file. */
#include "data/spec.h"

static const char *const split_names[] = {"end", "random", NULL};
static const char *const on_error_names[] = {"stop", "skip", NULL};
static const char *const format_names[] = {"auto", "csv", "parquet", NULL};
static const char *const fit_on_names[] = {"train", "all", NULL};

#define MAX_PART_ROWS 4294967294.0 /* row numbers have 32 bits */

#define FIELD(member) .name = #member, .offset = offsetof(plx_data_spec, member)

const plx_field plx_data_fields[] = {
    {FIELD(train), .type = PLX_FIELD_TEXT_LIST, .fallback = NULL,
     .doc = "training files, read in this order: Parquet or CSV, plain or compressed (.gz, .zst, .xz, .bz2, "
            ".lz4, .zip); a folder means its files in the order of their names, and *, ? and [...] are "
            "wildcards"},
    {FIELD(validation), .type = PLX_FIELD_TEXT_LIST, .fallback = "",
     .doc = "validation files; empty: see validation_part"},
    {FIELD(test), .type = PLX_FIELD_TEXT_LIST, .fallback = "", .doc = "test files; empty: see test_part"},
    {FIELD(format), .type = PLX_FIELD_CHOICE, .fallback = "auto", .choices = format_names,
     .doc = "file format; auto: detected from the first bytes of each file. The keys from delimiter to columns "
            "apply to csv"},
    {FIELD(delimiter), .type = PLX_FIELD_TEXT, .fallback = ",",
     .doc = "separator between cells: one byte, which may be a control byte (\"\\x01\"), up to 8 bytes "
            "(\"::\"), or the word tab"},
    {FIELD(quote), .type = PLX_FIELD_TEXT, .fallback = "\"",
     .doc = "one byte that encloses cells with delimiters or line ends in them; doubled inside such a cell; "
            "empty: no quoting"},
    {FIELD(escape), .type = PLX_FIELD_TEXT, .fallback = "",
     .doc = "one byte, usually \\: the byte after it is taken literally, even a quote, a delimiter or a line "
            "end; the cell \\N is left as it is; empty: no escaping"},
    {FIELD(decimal), .type = PLX_FIELD_TEXT, .fallback = ".",
     .doc = "decimal separator of numbers in cells and texts: . or ,"},
    {FIELD(header), .type = PLX_FIELD_BOOL, .fallback = "true",
     .doc = "whether the first row of each file has the column names"},
    {FIELD(comment), .type = PLX_FIELD_TEXT, .fallback = "",
     .doc = "lines that start with this text are skipped; empty: none"},
    {FIELD(trim), .type = PLX_FIELD_BOOL, .fallback = "true",
     .doc = "whether blanks and tabs around a cell are removed, quoted or not, in files and in memory"},
    {FIELD(columns), .type = PLX_FIELD_TEXT_LIST, .fallback = "",
     .doc = "column names in file order; required without a header, otherwise the header must match"},
    {FIELD(missing), .type = PLX_FIELD_TEXT_LIST, .fallback = "",
     .doc = "cells that mean a missing number or label, in addition to the empty cell and, for numbers and "
            "labels of regressions, the text nan; categories treat them as ordinary texts"},
    {FIELD(validation_part), .type = PLX_FIELD_REAL, .max = MAX_PART_ROWS, .fallback = "0",
     .doc = "part of the training rows that is used for validation: below 1 a fraction, otherwise a number of "
            "rows"},
    {FIELD(test_part), .type = PLX_FIELD_REAL, .max = MAX_PART_ROWS, .fallback = "0",
     .doc = "part of the training rows that is used for testing: below 1 a fraction, otherwise a number of rows"},
    {FIELD(split), .type = PLX_FIELD_CHOICE, .fallback = "end", .choices = split_names,
     .doc = "how the parts are chosen: end: test rows are the last ones, and validation rows come before them; "
            "random: at random"},
    {FIELD(split_seed), .type = PLX_FIELD_INT, .max = PLX_EXACT_INTEGERS, .fallback = "0",
     .doc = "seed of the random split"},
    {FIELD(fit_on), .type = PLX_FIELD_CHOICE, .fallback = "train", .choices = fit_on_names,
     .doc = "rows from which vocabularies, scalings and classes are computed: the training part or all rows"},
    {FIELD(memory), .type = PLX_FIELD_SIZE, .fallback = "0",
     .doc = "memory limit for rows, such as 2GiB; rows that exceed it are streamed through the cache. 0: no "
            "limit, all rows are kept in memory"},
    {FIELD(cache), .type = PLX_FIELD_TEXT, .fallback = "",
     .doc = "folder for encoded rows, which are reused while the files are unchanged; empty: plexus-cache, used "
            "only if memory is too small"},
    {FIELD(group), .type = PLX_FIELD_TEXT, .is_column = true, .fallback = "",
     .doc = "column with the group of a row, such as its user, for `group_auc`; an empty cell: no group"},
    {FIELD(on_error), .type = PLX_FIELD_CHOICE, .fallback = "stop", .choices = on_error_names,
     .doc = "what to do with an invalid row (too many cells, not a number, not a label): stop and report its "
            "place, or skip and count it"},
    {FIELD(max_errors), .type = PLX_FIELD_INT, .max = PLX_EXACT_INTEGERS, .fallback = "1000",
     .doc = "on_error skip: more invalid rows than this in one read are an error"},
    {FIELD(row_weight), .type = PLX_FIELD_TEXT, .is_column = true, .fallback = "",
     .doc = "column with the weight of each row in the losses of all tasks, from 0; empty: 1"},
};
const size_t plx_data_n_fields = sizeof plx_data_fields / sizeof *plx_data_fields;
