/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of section `data`. Defaults are written as in a configuration file. */
#include "data/spec.h"

static const char *const split_names[] = {"end", "random", NULL};
static const char *const on_error_names[] = {"stop", "skip", NULL};
static const char *const format_names[] = {"auto", "csv", "parquet", NULL};
static const char *const fit_on_names[] = {"train", "all", NULL};

#define MAX_PART_ROWS 4294967294.0 /* rows are numbered by 32 bits */

#define FIELD(member) .name = #member, .offset = offsetof(plx_data_spec, member)

const plx_field plx_data_fields[] = {
    {FIELD(train), .type = PLX_FIELD_TEXT_LIST, .fallback = NULL,
     .doc = "files of training rows, read in this order: Parquet, or CSV, plain, .gz, .zst, .xz, .bz2, .lz4 or .zip; a "
            "folder "
            "stands for its files in the order of their names, and so does a pattern with *, ? or [...]"},
    {FIELD(validation), .type = PLX_FIELD_TEXT_LIST, .fallback = "",
     .doc = "files of validation rows; none: see validation_part"},
    {FIELD(test), .type = PLX_FIELD_TEXT_LIST, .fallback = "", .doc = "files of test rows; none: see test_part"},
    {FIELD(format), .type = PLX_FIELD_CHOICE, .fallback = "auto", .choices = format_names,
     .doc = "what the files are; auto: as their first bytes say, each for itself. The keys from delimiter to columns "
            "are for csv"},
    {FIELD(delimiter), .type = PLX_FIELD_TEXT, .fallback = ",",
     .doc = "what stands between cells: a byte, a control byte too (\"\\x01\"), or up to 8 (\"::\"); or the word tab"},
    {FIELD(quote), .type = PLX_FIELD_TEXT, .fallback = "\"",
     .doc = "one byte that encloses cells with delimiters or line ends in them, doubled inside; empty: none"},
    {FIELD(escape), .type = PLX_FIELD_TEXT, .fallback = "",
     .doc = "one byte, \\ mostly: the byte behind it is text, be it a quote, a delimiter or a line end; a cell \\N "
            "stays as it is; empty: none"},
    {FIELD(decimal), .type = PLX_FIELD_TEXT, .fallback = ".",
     .doc = "the byte before a number's fraction, in cells and texts: . or ,"},
    {FIELD(header), .type = PLX_FIELD_BOOL, .fallback = "true",
     .doc = "whether each file's first row holds the columns' names"},
    {FIELD(comment), .type = PLX_FIELD_TEXT, .fallback = "",
     .doc = "lines that begin with this text are skipped; empty: none"},
    {FIELD(trim), .type = PLX_FIELD_BOOL, .fallback = "true",
     .doc = "whether blanks and tabs round a cell are dropped, in quotes or not, in files and in memory"},
    {FIELD(columns), .type = PLX_FIELD_TEXT_LIST, .fallback = "",
     .doc = "the columns' names in file order; needed without a header, else the header must say the same"},
    {FIELD(missing), .type = PLX_FIELD_TEXT_LIST, .fallback = "",
     .doc =
         "cells of columns of numbers, and of labels, that mean a missing one, beside the empty cell and, of numbers "
         "and of regressions' labels, the text nan; in categories they are texts like any other"},
    {FIELD(validation_part), .type = PLX_FIELD_REAL, .max = MAX_PART_ROWS, .fallback = "0",
     .doc = "cut off the training files' rows for validation: below 1 a share of them, else a number of rows"},
    {FIELD(test_part), .type = PLX_FIELD_REAL, .max = MAX_PART_ROWS, .fallback = "0",
     .doc = "cut off the training files' rows for testing: below 1 a share of them, else a number of rows"},
    {FIELD(split), .type = PLX_FIELD_CHOICE, .fallback = "end", .choices = split_names,
     .doc = "where the parts are cut: at the end (test rows last, validation rows before them) or at random"},
    {FIELD(split_seed), .type = PLX_FIELD_INT, .max = PLX_EXACT_INTEGERS, .fallback = "0",
     .doc = "seed of the random split"},
    {FIELD(fit_on), .type = PLX_FIELD_CHOICE, .fallback = "train", .choices = fit_on_names,
     .doc = "rows from which vocabularies, scalings and classes are taken: the training part, or all rows"},
    {FIELD(memory), .type = PLX_FIELD_SIZE, .fallback = "0",
     .doc = "memory that rows may take, such as 2GiB: more of them stream through the cache. 0: any number is held in "
            "memory"},
    {FIELD(cache), .type = PLX_FIELD_TEXT, .fallback = "",
     .doc = "folder in which encoded rows are kept and found again while the files are unchanged; empty: plexus-cache, "
            "and only where memory is too small"},
    {FIELD(group), .type = PLX_FIELD_TEXT, .is_column = true, .fallback = "",
     .doc = "column that says which rows belong together, a user say, for `group_auc`; an empty cell: to none"},
    {FIELD(on_error), .type = PLX_FIELD_CHOICE, .fallback = "stop", .choices = on_error_names,
     .doc =
         "a row that cannot be read (cells too many, no number, no label): end with its place, or skip and count it"},
    {FIELD(max_errors), .type = PLX_FIELD_INT, .max = PLX_EXACT_INTEGERS, .fallback = "1000",
     .doc = "on_error skip: more wrong rows than this in one reading end it all the same"},
    {FIELD(row_weight), .type = PLX_FIELD_TEXT, .is_column = true, .fallback = "",
     .doc = "a column with a number from 0: what each row counts in the losses of all tasks; empty: 1"},
};
const size_t plx_data_n_fields = sizeof plx_data_fields / sizeof *plx_data_fields;
