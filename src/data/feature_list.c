/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists in cells: each item is a category. Items go from the cell straight into the record, without allocation. Cells
 * of raw columns that repeat, such as a film's genres, are parsed once and copied from the first record that had them;
 * if most cells differ, this cache would not pay.
 */
#include "data/feature_list.h"

#include <stdio.h>

#include "data/encoder_def.h"
#include "data/unknown.h"

/* The most bytes of a record for lists: a larger number is a mistake in max_length. */
enum { MAX_LIST_BYTES = 1 << 24 };

/* -- Options ------------------------------------------------------------------------------------------------------ */

static int columns(const plx_feature_spec *spec, plx_input_column *out)
{
    const char *separator = plx_separator_of(spec->separator).text;
    const bool has_weights = plx_is_given(spec->weight_column);
    plx_feature_one_column(spec, PLX_READS_LIST, out);
    if (has_weights)
        out[1] = (plx_input_column){
            .column = spec->weight_column, .reading = PLX_READS_LIST_WEIGHTS, .may_be_missing = true};
    for (int i = 0; i < 1 + has_weights; i++) {
        out[i].size = (int)spec->max_length;
        out[i].separator = separator;
    }
    return 1 + has_weights;
}

static int outputs(const plx_feature_spec *spec, plx_feature_output *out)
{
    out[0] = (plx_feature_output){.kind = PLX_MAKES_LIST, .n = (int)spec->max_length};
    return 1;
}

static void check_separators(const plx_feature_checker *c, const plx_feature_spec *f)
{
    const char *separator = f->separator ? f->separator : "", *weights = f->weight_separator;
    plx_feature_check_separator(c, f);
    if (plx_is_given(weights) && !plx_feature_is_separator(weights))
        plx_feature_problem_of(c, "weight_separator",
                               "'weight_separator' is at most %d bytes or the word tab, or empty for none, not '%.60s'",
                               PLX_SEPARATOR_MAX, weights);
    if (plx_is_given(weights) && strcmp(separator, weights) == 0)
        plx_feature_problem_of(c, "weight_separator", "'weight_separator' and 'separator' are the same");
}

static void check_weights(const plx_feature_checker *c, const plx_feature_spec *f)
{
    bool in_cell = plx_is_given(f->weight_separator), beside = plx_is_given(f->weight_column);
    if (in_cell && beside)
        plx_feature_problem_of(c, "weight_column",
                               "weights come from 'weight_separator' or 'weight_column': give one or the other");
    if (f->normalize_weights && !in_cell && !beside)
        plx_feature_problem_of(c, "normalize_weights",
                               "'normalize_weights' needs weights, from 'weight_separator' or 'weight_column'");
    if (f->combiner != PLX_BAG_MEAN && f->combiner != PLX_BAG_SUM && (in_cell || beside))
        plx_feature_problem_of(c, in_cell ? "weight_separator" : "weight_column",
                               "weights belong to the combiners mean and sum");
}

static void check_attention(const plx_feature_checker *c, const plx_feature_spec *f)
{
    if (f->combiner != PLX_BAG_ITEMS) {
        if (plx_is_given(f->attention_on))
            plx_feature_problem_of(c, "attention_on", "'attention_on' belongs to combiner attention");
        return;
    }
    if (!plx_is_given(f->attention_on)) {
        plx_feature_problem_of(
            c, "combiner", "combiner attention needs 'attention_on': the sparse feature that items are compared with");
        return;
    }
    const plx_feature_spec *other = plx_feature_named(c, f->attention_on);
    if (!other || other->kind != PLX_FEATURE_SPARSE)
        plx_feature_problem_of(c, "attention_on", "'attention_on' names no sparse feature: '%.100s'", f->attention_on);
    else if (other->embedding_dim != f->embedding_dim)
        plx_feature_problem_of(c, "attention_on",
                               "'attention_on' needs a feature of the same 'embedding_dim', which '%.100s' has not",
                               f->attention_on);
}

static void check(plx_feature_checker *c, const plx_feature_spec *f)
{
    plx_feature_check_vocabulary(c, f);
    check_separators(c, f);
    check_weights(c, f);
    check_attention(c, f);
    const bool was_too_much = c->list_bytes > MAX_LIST_BYTES;
    c->list_bytes += (size_t)f->max_length * 8; /* an id and a weight */
    if (f->max_length < 1) plx_feature_problem_of(c, "max_length", "'max_length' must be at least 1");
    if (c->list_bytes > MAX_LIST_BYTES && !was_too_much)
        plx_feature_problem_of(c, "max_length", "the lists' 'max_length' exceed %d in total", MAX_LIST_BYTES / 8);
}

static plx_status link_columns(plx_encoders *e, plx_encoder *feature, plx_error *err)
{
    const plx_feature_spec *spec = feature->spec;
    plx_list_encoder *list = plx_arena_take(&e->arena, 1, sizeof *list);
    if (!list) return plx_error_memory(err);
    plx_encoders_link_size(e, feature->input, 1, NULL);
    PLX_TRY(plx_encoder_take_vocabulary(e, feature, err));
    *list = (plx_list_encoder){.spec = spec,
                               .input = feature->input,
                               .weight_input = -1,
                               .vocabulary = feature->vocabulary,
                               .separator = plx_separator_of(spec->separator),
                               .decimal = e->spec.data.decimal,
                               .weight_separator = plx_separator_of(spec->weight_separator),
                               .trim = e->csv.trim};
    feature->own = list;
    if (*spec->weight_column) {
        e->checks_rows = true;
        list->weight_input = feature->more[0];
        e->inputs[list->weight_input].n_weights++;
    }
    const int read[] = {list->input, list->weight_input};
    for (int i = 0; i < 2 && read[i] >= 0; i++) {
        plx_input *input = &e->inputs[read[i]];
        input->texts = true;
        if (!input->item_separator.length) input->item_separator = list->separator;
    }
    e->inputs[list->input].is_checked |= list->weight_separator.length > 0;
    return PLX_OK;
}

/* -- Items -------------------------------------------------------------------------------------------------------- */

/* Iterates over the items of a cell that are kept. */
typedef struct list_reader {
    const char *at, *end;
    size_t left; /* the most items still to come */
    plx_slice separator;
    bool trim;
} list_reader;

static plx_slice trimmed(plx_slice text, bool trim)
{
    return trim ? plx_slice_trim(text) : text;
}

/* The next item of the cell, kept or not; skips empty ones. */
static bool next_item(list_reader *reader, plx_slice *item)
{
    while (reader->at < reader->end) {
        const size_t rest = (size_t)(reader->end - reader->at);
        const char *found = plx_separator_find(reader->separator, reader->at, rest);
        const size_t length = found ? (size_t)(found - reader->at) : rest;
        *item = trimmed((plx_slice){reader->at, length}, reader->trim);
        reader->at += length + (found ? reader->separator.length : 0);
        if (item->length) return true;
    }
    return false;
}

static size_t count_items(list_reader reader)
{
    size_t n = 0;
    plx_slice item;
    while (next_item(&reader, &item))
        n++;
    return n;
}

/* Iterates over the cell as the feature reads it. */
static list_reader list_items(const plx_list_encoder *list, plx_slice cell)
{
    cell = plx_vocabulary_cell(list->vocabulary, list->spec, cell);
    const size_t most = (size_t)list->spec->max_length;
    list_reader reader = {.at = cell.text,
                          .end = cell.text + cell.length,
                          .left = most,
                          .separator = list->separator,
                          .trim = list->trim};
    if (list->spec->keep == PLX_KEEP_FIRST) return reader;
    plx_slice dropped;
    for (size_t n = count_items(reader); n > most; n--)
        next_item(&reader, &dropped);
    return reader;
}

/* The next item, with its weight if the cell has one. */
static bool next_used(list_reader *reader, plx_slice *item)
{
    if (reader->left == 0) return false;
    reader->left--;
    return next_item(reader, item);
}

/* The position of the weight's separator: the last one, since texts may contain it. */
static const char *find_weight(const plx_list_encoder *list, plx_slice item)
{
    const plx_slice separator = list->weight_separator;
    const char *last = NULL, *end = item.text + item.length;
    if (separator.length <= 1) return separator.length ? memrchr(item.text, separator.text[0], item.length) : NULL;
    for (const char *at = item.text; at < end; at = last + 1) {
        const char *found = plx_separator_find(separator, at, (size_t)(end - at));
        if (!found) break;
        last = found;
    }
    return last;
}

/* The text of the item, without its weight. */
static plx_slice text_of(const plx_list_encoder *list, plx_slice item)
{
    const char *found = find_weight(list, item);
    return found ? trimmed((plx_slice){item.text, (size_t)(found - item.text)}, list->trim) : item;
}

static plx_status parse_weight(const plx_list_encoder *list, plx_slice text, float *out, plx_error *err)
{
    const plx_data_spec by = {.decimal = list->decimal};
    double number;
    char reader[200];
    plx_number kind = plx_cell_number_by(&by, text, &number);
    *out = (float)number;
    if (kind == PLX_NUMBER_GIVEN) return PLX_OK;
    const plx_feature_spec *spec = list->spec;
    snprintf(reader, sizeof reader, "holds the weights of list '%.100s'", spec->name);
    return plx_fail_number(
        kind, text, *spec->weight_column ? spec->weight_column : plx_column_of(spec->column, spec->name), reader, err);
}

/* The weight of an item; `beside` iterates over the column of weights. */
static plx_status read_weight(const plx_list_encoder *list, plx_slice item, list_reader *beside, float *out,
                              plx_error *err)
{
    plx_slice text = {"", 0};
    if (list->weight_input >= 0) {
        next_used(beside, &text);
        return parse_weight(list, text, out, err);
    }
    const char *found = find_weight(list, item);
    if (!found)
        PLX_FAIL(err, PLX_ERR_SCHEMA, "'%.*s' has no weight after a '%s'; the items of list '%s' need one",
                 (int)(item.length < 60 ? item.length : 60), item.text, list->weight_separator.text, list->spec->name);
    found += list->weight_separator.length;
    text = trimmed((plx_slice){found, (size_t)(item.text + item.length - found)}, list->trim);
    return parse_weight(list, text, out, err);
}

static plx_status check_counts(const plx_list_encoder *list, plx_slice cell, plx_slice weights, plx_error *err)
{
    list_reader items = {.at = cell.text, .end = cell.text + cell.length, .separator = list->separator};
    list_reader beside = {.at = weights.text, .end = weights.text + weights.length, .separator = list->separator};
    items.trim = beside.trim = list->trim;
    const size_t n = count_items(items), n_weights = count_items(beside);
    if (n == n_weights) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_SCHEMA, "list '%s' has %zu items, and %zu weights in column '%s'", list->spec->name, n,
             n_weights, list->spec->weight_column);
}

/* Divides the `n` weights by the sum of their magnitudes; weights that are all 0 stay. */
static void divide_by_sum(float *weights, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += fabs((double)weights[i]);
    for (uint32_t i = 0; i < n && sum > 0; i++)
        weights[i] = (float)((double)weights[i] / sum);
}

/* The softmax of the weights, divided by `divisor`. */
static void softmax(float *weights, uint32_t n, double divisor)
{
    double greatest = -INFINITY, sum = 0;
    for (uint32_t i = 0; i < n; i++)
        greatest = fmax(greatest, (double)weights[i]);
    for (uint32_t i = 0; i < n; i++)
        sum += exp((double)weights[i] - greatest);
    for (uint32_t i = 0; i < n; i++)
        weights[i] = (float)(exp((double)weights[i] - greatest) / sum / divisor);
}

static void normalize(const plx_feature_spec *spec, float *weights, uint32_t n)
{
    if (spec->normalize_weights == PLX_WEIGHTS_BY_SUM) divide_by_sum(weights, n);
    if (spec->normalize_weights == PLX_WEIGHTS_SOFTMAX) softmax(weights, n, 1);
    if (spec->normalize_weights == PLX_WEIGHTS_SOFTMAX_MEAN) softmax(weights, n, n);
}

/* Encodes the cell, and the cell of the column of weights if the list has one, into a record; if `record` is NULL only
 * checks them. PLX_ERR_SCHEMA: a weight is missing or no number. */
static plx_status encode(const plx_list_encoder *list, const plx_list_field *field, plx_slice cell, plx_slice weights,
                         uint8_t *record, plx_error *err)
{
    const bool has_weights = list->weight_separator.length || list->weight_input >= 0;
    list_reader reader = list_items(list, cell), beside = {0};
    plx_slice item;
    uint32_t n = 0;
    if (list->weight_input >= 0) {
        PLX_TRY(check_counts(list, cell, weights, err));
        beside = list_items(list, weights);
    }
    float *numbers = record && has_weights ? (float *)(void *)(record + field->weights_offset) : NULL;
    if (record) plx_record_clear_list(record, field);
    for (; next_used(&reader, &item); n++) {
        float weight = 1;
        if (has_weights) PLX_TRY(read_weight(list, item, &beside, &weight, err));
        if (numbers) numbers[n] = weight;
        if (record) plx_record_put_item(record, field, n, plx_vocabulary_id(list->vocabulary, text_of(list, item)));
    }
    if (numbers) normalize(list->spec, numbers, n);
    return PLX_OK;
}

/* -- Fitting ------------------------------------------------------------------------------------------------------ */

static plx_status fit(plx_encoders *e, plx_encoder *feature, const plx_columns *columns, const uint32_t *order,
                      size_t n, plx_error *err)
{
    if (!plx_vocabulary_is_own(feature->vocabulary)) return PLX_OK;
    return plx_vocabulary_fit(e, feature->vocabulary, columns, order, n, err);
}

static plx_status count(const plx_encoder *feature, plx_tally *tally, plx_slice cell, uint64_t count, plx_error *err)
{
    const plx_list_encoder *list = feature->own;
    plx_slice item;
    list_reader reader = list_items(list, cell);
    while (next_used(&reader, &item))
        PLX_TRY(plx_tally_add(tally, text_of(list, item), count, err));
    return PLX_OK;
}

static bool is_known(const plx_encoder *feature, plx_slice cell, bool *is_empty)
{
    const plx_list_encoder *list = feature->own;
    bool is_found = false;
    plx_slice item;
    list_reader reader = list_items(list, cell);
    for (*is_empty = true; next_used(&reader, &item); *is_empty = false)
        is_found |= plx_vocabulary_id(list->vocabulary, text_of(list, item)) > 0;
    return is_found;
}

static void seal_list(const plx_encoder *feature, int output, plx_list_field *field)
{
    const plx_list_encoder *list = feature->own;
    (void)output;
    *field = (plx_list_field){.vocabulary = plx_vocabulary_rows(list->vocabulary),
                              .length = (uint32_t)list->spec->max_length,
                              .has_weights = list->weight_separator.length || list->weight_input >= 0};
}

/* -- Checks ------------------------------------------------------------------------------------------------------- */

static const plx_list_field *field_of(const plx_encoders *e, const plx_encoder *feature)
{
    return &e->list_fields[feature->outputs[0].place];
}

static const plx_dictionary *texts_of(const plx_columns *columns, int input)
{
    return &columns->items[input].dictionary;
}

static plx_slice text_at(const plx_columns *columns, int input, uint32_t row)
{
    uint32_t code;
    plx_column_codes(&columns->items[input], &row, 1, &code);
    return plx_dictionary_text(texts_of(columns, input), code);
}

static plx_slice weights_at(const plx_list_encoder *list, const plx_columns *columns, uint32_t row)
{
    return list->weight_input < 0 ? (plx_slice){"", 0} : text_at(columns, list->weight_input, row);
}

static plx_status check_text(const plx_encoders *e, const plx_encoder *feature, plx_slice cell, plx_error *err)
{
    const plx_list_encoder *list = feature->own;
    if (!list->weight_separator.length) return PLX_OK;
    return encode(list, field_of(e, feature), cell, (plx_slice){"", 0}, NULL, err);
}

/* Checks what needs both cells of a row. */
static plx_status check_row(const plx_encoders *e, const plx_encoder *feature, const plx_columns *columns, int *input,
                            plx_error *err)
{
    const plx_list_encoder *list = feature->own;
    const uint32_t row = (uint32_t)columns->n;
    if (list->weight_input < 0) return PLX_OK;
    *input = list->weight_input;
    return encode(list, field_of(e, feature), text_at(columns, list->input, row), weights_at(list, columns, row), NULL,
                  err);
}

/* -- Encoding ----------------------------------------------------------------------------------------------------- */

/* For each code, one more than the number of the first record with its cell; 0: none yet. NULL: no cache. */
static plx_status prepare(const plx_encoders *e, const plx_encoder *feature, const plx_columns *columns, size_t n,
                          plx_arena *arena, void **out, plx_error *err)
{
    const plx_list_encoder *list = feature->own;
    const size_t n_texts = texts_of(columns, list->input)->n;
    uint32_t *known = NULL;
    (void)e;
    if (list->weight_input < 0 && n_texts < n / 2) {
        known = plx_arena_take(arena, n_texts, sizeof *known);
        if (!known) return plx_error_memory(err);
    }
    *out = known;
    return PLX_OK;
}

static void copy_list(const plx_list_field *field, const uint8_t *from, uint8_t *to)
{
    memcpy(to + field->offset, from + field->offset, (size_t)field->length * field->id_bytes);
    if (field->has_weights)
        memcpy(to + field->weights_offset, from + field->weights_offset, field->length * sizeof(float));
}

static plx_status encode_rows(const plx_encoder *feature, const plx_encoded_rows *rows, void *prepared, plx_error *err)
{
    const plx_list_encoder *list = feature->own;
    const plx_list_field *field = field_of(rows->encoders, feature);
    const plx_dictionary *texts = texts_of(rows->columns, list->input);
    const size_t stride = rows->encoders->layout.record_bytes;
    uint32_t codes[PLX_ENCODED_ROWS], *known = prepared;
    plx_column_codes(&rows->columns->items[list->input], rows->order, rows->n, codes);
    for (size_t i = 0; i < rows->n; i++) {
        uint8_t *record = plx_encoded_record(rows, i);
        if (known && known[codes[i]]) {
            copy_list(field, rows->all + (known[codes[i]] - 1) * stride, record);
            continue;
        }
        PLX_TRY(encode(list, field, plx_dictionary_text(texts, codes[i]),
                       weights_at(list, rows->columns, rows->order[i]), record, err));
        if (known) known[codes[i]] = (uint32_t)(rows->first + i + 1);
    }
    return PLX_OK;
}

static plx_status encode_column(const plx_encoder *feature, plx_request *r, plx_error *err)
{
    const plx_encoders *e = r->encoders;
    const plx_list_encoder *list = feature->own;
    const plx_list_field *field = field_of(e, feature);
    const plx_column *cells = NULL, *beside = NULL;
    char buffer[PLX_VALUE_SIZE], weights_buffer[PLX_VALUE_SIZE];
    PLX_TRY(plx_request_column(r, list->input, &cells, err));
    if (list->weight_input >= 0) PLX_TRY(plx_request_column(r, list->weight_input, &beside, err));
    plx_request_warn_of_floats(r, cells);
    for (size_t row = 0; row < r->n; row++) {
        const plx_slice text = plx_request_text(r, cells, row, buffer);
        const plx_slice weights = beside ? plx_request_text(r, beside, row, weights_buffer) : (plx_slice){"", 0};
        uint8_t *record = plx_request_record(r, row);
        if (encode(list, field, text, weights, record, err)) return plx_request_fail_row(row, err);
        r->n_unknown += plx_unknown_list(field, record);
        if (r->unknown) plx_unknown_cell(e, feature, text, record, &r->unknown[feature->number]);
    }
    return PLX_OK;
}

static plx_status encode_cells(const plx_encoder *features, int n, plx_request *r, plx_error *err)
{
    return plx_request_each(features, n, r, encode_column, err);
}

const plx_encoder_def plx_feature_list = {.name = "list",
                                          .shown = "lists",
                                          .shares_table = true,
                                          .columns = columns,
                                          .outputs = outputs,
                                          .check = check,
                                          .link = link_columns,
                                          .fit = fit,
                                          .count = count,
                                          .is_known = is_known,
                                          .seal_list = seal_list,
                                          .check_text = check_text,
                                          .check_row = check_row,
                                          .remembers = true,
                                          .prepare = prepare,
                                          .encode_rows = encode_rows,
                                          .encode_cells = encode_cells};
