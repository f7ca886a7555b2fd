/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in cells. Nothing is allocated: items go from the cell into the record one after another. */
#include "data/lists.h"

#include <stdio.h>

#include "data/cells.h"

static plx_slice trimmed(plx_slice text, bool trim)
{
    return trim ? plx_slice_trim(text) : text;
}

/* The next item of the cell, whether kept or not; empty ones are passed over. */
static bool next_item(plx_list_walk *walk, plx_slice *item)
{
    while (walk->at < walk->end) {
        const size_t rest = (size_t)(walk->end - walk->at);
        const char *found = plx_separator_find(walk->separator, walk->at, rest);
        const size_t length = found ? (size_t)(found - walk->at) : rest;
        *item = trimmed((plx_slice){walk->at, length}, walk->trim);
        walk->at += length + (found ? walk->separator.length : 0);
        if (item->length) return true;
    }
    return false;
}

static size_t count_items(plx_list_walk walk)
{
    size_t n = 0;
    plx_slice item;
    while (next_item(&walk, &item))
        n++;
    return n;
}

plx_list_walk plx_list_items(const plx_list_encoder *list, plx_slice cell)
{
    cell = plx_vocabulary_cell(list->vocabulary, list->spec, cell);
    const size_t most = (size_t)list->spec->max_length;
    plx_list_walk walk = {.at = cell.text,
                          .end = cell.text + cell.length,
                          .left = most,
                          .separator = list->separator,
                          .trim = list->trim};
    if (list->spec->keep == PLX_KEEP_FIRST) return walk;
    plx_slice dropped;
    for (size_t n = count_items(walk); n > most; n--)
        next_item(&walk, &dropped);
    return walk;
}

bool plx_list_next(plx_list_walk *walk, plx_slice *item)
{
    if (walk->left == 0) return false;
    walk->left--;
    return next_item(walk, item);
}

/* Where the weight's separator stands: the last one, since texts may hold it. */
static const char *find_weight(const plx_list_encoder *list, plx_slice item)
{
    return list->weight_separator ? memrchr(item.text, list->weight_separator, item.length) : NULL;
}

plx_slice plx_list_text(const plx_list_encoder *list, plx_slice item)
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

/* The weight of an item; `beside` goes through the column of weights. */
static plx_status read_weight(const plx_list_encoder *list, plx_slice item, plx_list_walk *beside, float *out,
                              plx_error *err)
{
    plx_slice text = {"", 0};
    if (list->weight_input >= 0) {
        plx_list_next(beside, &text);
        return parse_weight(list, text, out, err);
    }
    const char *found = find_weight(list, item);
    if (!found)
        PLX_FAIL(err, PLX_ERR_SCHEMA, "'%.*s' has no weight behind a '%c'; the items of list '%s' need one",
                 (int)(item.length < 60 ? item.length : 60), item.text, list->weight_separator, list->spec->name);
    text = trimmed((plx_slice){found + 1, (size_t)(item.text + item.length - found - 1)}, list->trim);
    return parse_weight(list, text, out, err);
}

static plx_status check_counts(const plx_list_encoder *list, plx_slice cell, plx_slice weights, plx_error *err)
{
    plx_list_walk items = {.at = cell.text, .end = cell.text + cell.length, .separator = list->separator};
    plx_list_walk beside = {.at = weights.text, .end = weights.text + weights.length, .separator = list->separator};
    items.trim = beside.trim = list->trim;
    const size_t n = count_items(items), n_weights = count_items(beside);
    if (n == n_weights) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_SCHEMA, "list '%s' has %zu items, and %zu weights in column '%s'", list->spec->name, n,
             n_weights, list->spec->weight_column);
}

static void put_id(uint8_t *record, const plx_list_field *field, uint32_t item, uint32_t id)
{
    uint8_t *at = record + field->offset + (size_t)item * field->id_bytes;
    const uint16_t narrow = (uint16_t)id;
    if (field->id_bytes == 1)
        *at = (uint8_t)id;
    else if (field->id_bytes == 2)
        memcpy(at, &narrow, sizeof narrow);
    else
        memcpy(at, &id, sizeof id);
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

/* The weights' softmax, divided by `divisor`. */
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

plx_status plx_list_encode(const plx_list_encoder *list, const plx_list_field *field, plx_slice cell, plx_slice weights,
                           uint8_t *record, plx_error *err)
{
    const bool has_weights = list->weight_separator || list->weight_input >= 0;
    plx_list_walk walk = plx_list_items(list, cell), beside = {0};
    plx_slice item;
    uint32_t n = 0;
    if (list->weight_input >= 0) {
        PLX_TRY(check_counts(list, cell, weights, err));
        beside = plx_list_items(list, weights);
    }
    float *numbers = record && has_weights ? (float *)(void *)(record + field->weights_offset) : NULL;
    if (record) memset(record + field->offset, 0xff, (size_t)field->length * field->id_bytes);
    for (; plx_list_next(&walk, &item); n++) {
        float weight = 1;
        if (has_weights) PLX_TRY(read_weight(list, item, &beside, &weight, err));
        if (numbers) numbers[n] = weight;
        if (record) put_id(record, field, n, plx_vocabulary_id(list->vocabulary, plx_list_text(list, item)));
    }
    if (numbers) normalize(list->spec, numbers, n);
    return PLX_OK;
}
