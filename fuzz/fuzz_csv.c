/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the path from text to encoded rows. The first three bytes choose how the text is read; the rest is the text.
 * Read whole and in small pieces it must give the same rows, or the same error.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/encoders.h"
#include "data/table_file.h"
#include "same_rows.h"

/* The second column as dates, a number, one of several steps, a vector, or buckets. */
static void choose_numbers(size_t how, plx_table_spec *spec)
{
    static double limits[] = {-2, 50};
    static int parts[] = {PLX_DATE_HOUR, PLX_DATE_WEEKDAY, PLX_DATE_MONTH, PLX_DATE_AGE};
    plx_feature_spec *f = &spec->features[1];
    if (how % 11 == 7) {
        f->kind = PLX_FEATURE_DATETIME;
        f->parts = (plx_int_list){parts, (int)(how / 11 % 4) + 1};
        f->reference = how / 11 % 3 ? "" : "2024-01-31";
        return;
    }
    if (how % 5 == 1) {
        f->transform = PLX_TRANSFORM_LOG1P;
        f->scaling = PLX_SCALE_QUANTILE;
        f->clip = (plx_real_list){limits, 2};
        f->missing = isnan(f->missing) ? NAN : INFINITY;
        f->missing_indicator = true;
    }
    if (how % 5 == 2 && spec->n_features == 2) { /* all features of a column must read vectors */
        f->size = 2;
        f->separator = "|";
        f->transform = PLX_TRANSFORM_IS_ZERO;
    }
    if (how % 5 < 3) return;
    f->kind = PLX_FEATURE_BUCKETS;
    *(how % 5 == 3 ? &f->exact : &f->quantiles) = 3;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

typedef struct feed {
    const uint8_t *bytes;
    size_t length, step;
} feed;

static plx_status read_feed(void *user, char *out, size_t capacity, size_t *got, plx_error *err)
{
    feed *f = user;
    (void)err;
    size_t n = f->length < capacity ? f->length : capacity;
    n = n < f->step ? n : f->step;
    memcpy(out, f->bytes, n);
    f->bytes += n;
    f->length -= n;
    *got = n;
    return PLX_OK;
}

static plx_status read_rows(const plx_filling *to, feed *f, plx_error *err)
{
    plx_table_file *file = NULL;
    bool more;
    const plx_parallel parallel = {.threads = 1};
    plx_status status = plx_table_file_open(to, (plx_byte_source){read_feed, f}, "fuzz", &parallel, &file, err);
    if (!status) status = plx_table_file_rows(file, SIZE_MAX - to->columns->n, &more, err);
    plx_table_file_close(file);
    return status;
}

/* Reads, fits and encodes; `out` has no records if that fails. */
static plx_status encode(plx_encoders *e, feed f, bool with_labels, plx_rows *out, plx_error *err)
{
    plx_columns columns = {0};
    plx_read_report wrong = {0};
    const plx_filling to = {.encoders = e, .columns = &columns, .with_labels = with_labels, .wrong = &wrong};
    uint32_t *order = NULL;
    *out = (plx_rows){0};
    plx_status status = plx_encoders_raw(e, with_labels, &columns, err);
    if (!status) status = read_rows(&to, &f, err);
    if (!status) {
        order = malloc(columns.n * sizeof *order);
        for (size_t i = 0; i < columns.n; i++)
            order[i] = (uint32_t)i;
        status = plx_encoders_fit(e, &columns, order, columns.n, NULL, err);
    }
    if (!status)
        status =
            plx_encoders_encode(e, &plx_allocator_default, &columns, order, columns.n, with_labels, NULL, out, err);
    free(order);
    plx_columns_release(&columns);
    return status;
}

static void choose(unsigned how, plx_table_spec *spec)
{
    static char *const delimiters[] = {",", ";", "tab", " "}, *const quotes[] = {"\"", "", "'", "\""};
    static char *columns[] = {"color", "size", "sold"}, *marks[] = {"?", "-1"};
    spec->data = (plx_data_spec){.delimiter = delimiters[how & 3],
                                 .quote = quotes[how >> 2 & 3],
                                 .header = how >> 4 & 1,
                                 .trim = how >> 5 & 1,
                                 .comment = how >> 6 & 1 ? "#" : "",
                                 .columns = {columns, how >> 7 & 1 || !(how >> 4 & 1) ? 3 : 0},
                                 .missing = {marks, how >> 8 & 1 ? 2 : 0}};
    spec->features[0].vocabulary = how >> 9 & 1;
    spec->features[1].missing = how >> 10 & 1 ? NAN : 3;
    spec->features[1].scaling = (how >> 11 & 3) % 3;
    spec->tasks[0].kind = how >> 13 & 1;
    spec->tasks[0].positive.n = how >> 14 & 1 && !spec->tasks[0].kind;
}

/* The characters that csv_special.c reads, control bytes and commas. */
static void choose_forms(unsigned how, plx_table_spec *spec)
{
    plx_data_spec *data = &spec->data;
    static char *const delimiters[] = {NULL, "::", " | ", "\x01"};
    if (delimiters[how & 3]) data->delimiter = delimiters[how & 3];
    data->escape = how >> 2 & 1 ? "\\" : "";
    data->decimal = how >> 3 & 1 ? "," : ".";
    if (how >> 4 & 1) spec->features[2].separator = "::";
}

/* Two lists: of the first column's cells, sometimes with a shared table, and of the second's with weights. */
static void choose_lists(size_t how, plx_table_spec *spec)
{
    plx_feature_spec *list = &spec->features[2], *weighted = &spec->features[3];
    const int64_t min_count = how & 1 ? 2 : 1, max_size = how >> 1 & 1 ? 3 : 0;
    list->embedding_name = how >> 2 & 1 ? "color" : "";
    list->vocabulary = spec->features[0].vocabulary;
    list->min_count = spec->features[0].min_count = min_count;
    list->max_size = spec->features[0].max_size = max_size;
    list->weight_column = how >> 3 & 1 ? "size" : "";
    list->normalize_weights = how >> 3 & 1;
    weighted->keep = list->keep = how >> 4 & 1;
    weighted->weight_separator = how >> 5 & 1 ? ":" : "";
    weighted->hash_buckets = how >> 6 & 1 ? 9 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const plx_allocator *allocator = &plx_allocator_default;
    char *positive[] = {"yes"};
    plx_feature_spec features[] = {
        {.name = "color", .kind = PLX_FEATURE_SPARSE},
        {.name = "size", .kind = PLX_FEATURE_DENSE},
        {.name = "colors", .column = "color", .kind = PLX_FEATURE_LIST, .separator = "|", .max_length = 3},
        {.name = "sizes", .column = "size", .kind = PLX_FEATURE_LIST, .separator = " ", .max_length = 2}};
    plx_task_spec tasks[] = {{.name = "sold", .positive = {positive, 0}}};
    plx_table_spec spec = {.features = features, .n_features = 2 + (length >> 1 & 2), .tasks = tasks, .n_tasks = 1};
    if (length < 3) return 0;
    unsigned how = bytes[0] | (unsigned)bytes[1] << 8;
    bool with_labels = !(how >> 15 & 1);
    choose(how, &spec);
    choose_forms(bytes[2], &spec);
    choose_lists(length >> 3, &spec);
    choose_numbers(length, &spec);
    spec.data.on_error = (int)(length & 1);
    spec.data.max_errors = 5;
    reading whole, pieces;
    reading_init(&whole, allocator, &spec);
    reading_init(&pieces, allocator, &spec);
    whole.status =
        encode(whole.encoders, (feed){bytes + 3, length - 3, SIZE_MAX}, with_labels, &whole.rows, &whole.error);
    pieces.status = encode(pieces.encoders, (feed){bytes + 3, length - 3, 1 + length % 7}, with_labels, &pieces.rows,
                           &pieces.error);
    end_same_rows(&whole, &pieces, allocator);
    return 0;
}
