/* SPDX-License-Identifier: Apache-2.0 */
/* Checks a cell for each of its readers and stores it in its raw column. */
#include "data/filling.h"

#include <limits.h>
#include <string.h>

#include "data/encoder_def.h"
#include "data/labels.h"

bool plx_input_reads_texts(const plx_input *input, bool with_labels)
{
    return input->texts || (with_labels && input->label_texts);
}

bool plx_input_reads_numbers(const plx_input *input, bool with_labels)
{
    return input->numbers || input->dates || (with_labels && input->label_numbers);
}

plx_status plx_encoders_raw(const plx_encoders *encoders, bool with_labels, plx_columns *columns, plx_error *err)
{
    PLX_TRY(plx_columns_init(columns, &encoders->allocator, encoders->n_inputs, encoders->seed, err));
    for (int i = 0; i < encoders->n_inputs; i++) {
        columns->items[i].has_texts = plx_input_reads_texts(&encoders->inputs[i], with_labels);
        columns->items[i].width = encoders->inputs[i].size > 1 ? encoders->inputs[i].size : 1;
        columns->items[i].has_numbers = plx_input_reads_numbers(&encoders->inputs[i], with_labels);
    }
    return plx_columns_begin(columns, err);
}

const char *plx_filling_column(const plx_filling *to, int i)
{
    const int n_inputs = to->encoders->n_inputs;
    return i < n_inputs ? to->encoders->inputs[i].column : to->kept->names[i - n_inputs];
}

static plx_status put_place(const plx_filling *to, const char *table, int i, int place, int *places, plx_error *err)
{
    if (places[i] != PLX_NO_PLACE)
        PLX_FAIL(err, PLX_ERR_SCHEMA, "%s: column '%s' appears twice", table, plx_filling_column(to, i));
    places[i] = place;
    return PLX_OK;
}

plx_status plx_filling_place(const plx_filling *to, const char *table, plx_slice name, int place, int *places,
                             plx_error *err)
{
    const plx_encoders *e = to->encoders;
    const uint32_t input = plx_dictionary_find(&e->input_names, name, plx_dictionary_hash(&e->input_names, name));
    if (input != PLX_NOT_FOUND && plx_input_is_read(&e->inputs[input], to->with_labels))
        PLX_TRY(put_place(to, table, (int)input, place, places, err));
    for (int i = e->n_inputs; i < plx_filling_n_places(to); i++)
        if (plx_slice_equal(name, plx_slice_of(plx_filling_column(to, i))))
            PLX_TRY(put_place(to, table, i, place, places, err));
    return PLX_OK;
}

const char *plx_filling_missing(const plx_filling *to, const int *places)
{
    const plx_encoders *e = to->encoders;
    for (int i = 0; i < plx_filling_n_places(to); i++) {
        if (places[i] != PLX_NO_PLACE) continue;
        const bool is_kept = i >= e->n_inputs;
        if (is_kept || (plx_input_is_read(&e->inputs[i], to->with_labels) && !plx_filling_constant(to, i).text))
            return plx_filling_column(to, i);
    }
    return NULL;
}

/* Describes the reader of a column of numbers, for messages. */
static const char *number_reader(const plx_encoders *e, int input, plx_number kind)
{
    const char *last = NULL;
    for (const plx_encoder *feature = e->inputs[input].first_feature; feature; feature = feature->next) {
        const char *reader = feature->def->number_reader ? feature->def->number_reader(feature->spec, kind) : NULL;
        if (reader) last = reader;
    }
    return last ? last : plx_labels_reader(e, input);
}

/* Checks the number of row columns->n. */
static plx_status check_number(const plx_filling *to, int index, plx_number kind, plx_slice cell, plx_error *err)
{
    const plx_input *input = &to->encoders->inputs[index];
    if (kind != PLX_NUMBER_GIVEN && (kind != PLX_NUMBER_MISSING || input->never_missing))
        return plx_fail_number(kind, cell, input->column, number_reader(to->encoders, index, kind), err);
    if (!to->with_labels) return PLX_OK;
    return plx_labels_check_number(to->encoders, index, to->columns->items[index].numbers[to->columns->n], cell, err);
}

plx_status plx_filling_vector(const plx_filling *to, int index, int64_t n, plx_error *err)
{
    const plx_input *input = &to->encoders->inputs[index];
    double *numbers = plx_filling_vector_at(to, index);
    char buffer[PLX_VALUE_SIZE];
    if (n && n != input->size) {
        const plx_vector vector =
            plx_vector_of(&to->encoders->spec.data, (plx_slice){"", 0}, input->column, input->separator, input->size);
        return plx_vector_fail_size(&vector, n < INT_MAX ? (int)n : INT_MAX, err);
    }
    for (int i = 0; i < input->size; i++) {
        if (n == 0) numbers[i] = (double)NAN;
        const plx_number kind = plx_check_number(numbers[i]);
        if (kind == PLX_NUMBER_GIVEN || (kind == PLX_NUMBER_MISSING && !input->never_missing)) continue;
        return plx_fail_number(kind, plx_value_of_double(numbers[i], buffer), input->column, plx_dense_reader(kind),
                               err);
    }
    return PLX_OK;
}

static plx_status read_vector(const plx_filling *to, int index, plx_slice cell, plx_error *err)
{
    const plx_input *input = &to->encoders->inputs[index];
    double *out = plx_filling_vector_at(to, index);
    plx_vector vector = plx_vector_of(&to->encoders->spec.data, cell, input->column, input->separator, input->size);
    for (int i = 0; i < input->size; i++)
        PLX_TRY(plx_vector_next(&vector, input->never_missing, &out[i], err));
    return plx_vector_end(&vector, err);
}

/* Copies whole words, which may read 7 bytes beyond the cell. */
static void remember(plx_raw_column *column, plx_slice cell)
{
    const size_t half = sizeof column->last_number / 2;
    column->last_length = cell.length <= 2 * half ? (uint32_t)cell.length : 0;
    if (!column->last_length) return;
    memcpy(column->last_number, cell.text, half);
    if (cell.length > half) memcpy(column->last_number + cell.length - half, cell.text + cell.length - half, half);
}

static plx_status read_date(const plx_filling *to, int index, plx_slice cell, plx_error *err)
{
    plx_raw_column *column = &to->columns->items[index];
    const plx_input *input = &to->encoders->inputs[index];
    const plx_number kind = plx_cell_date(&to->encoders->spec.data.missing, cell, &column->numbers[to->columns->n]);
    if (kind != PLX_NUMBER_GIVEN && (kind != PLX_NUMBER_MISSING || input->never_missing))
        return plx_fail_date(kind, cell, input->column, err);
    remember(column, cell);
    return PLX_OK;
}

plx_status plx_filling_read_number(const plx_filling *to, int index, plx_slice cell, plx_error *err)
{
    plx_raw_column *column = &to->columns->items[index];
    if (column->width > 1) return read_vector(to, index, cell, err);
    if (to->encoders->inputs[index].dates) return read_date(to, index, cell, err);
    if (to->with_labels && plx_labels_is_missing(to->encoders, index, cell)) cell.length = 0;
    plx_number kind = plx_cell_number_by(&to->encoders->spec.data, cell, &column->numbers[to->columns->n]);
    const plx_input *input = &to->encoders->inputs[index];
    if (kind != PLX_NUMBER_GIVEN || input->is_weight || input->labels_from_0 || input->labels_to_1)
        PLX_TRY(check_number(to, index, kind, cell, err));
    remember(column, cell);
    return PLX_OK;
}

/* Checks a new text for each feature that reads it. */
static plx_status check_features(const plx_encoders *e, int input, plx_slice cell, plx_error *err)
{
    for (const plx_encoder *feature = e->inputs[input].first_feature; feature; feature = feature->next)
        if (feature->def->check_text) PLX_TRY(feature->def->check_text(e, feature, cell, err));
    return PLX_OK;
}

plx_status plx_filling_check_text(const plx_filling *to, int index, plx_slice cell, bool is_text, plx_error *err)
{
    const plx_input *input = &to->encoders->inputs[index];
    if (cell.length && memchr(cell.text, '\0', cell.length))
        PLX_FAIL(err, PLX_ERR_SCHEMA, "a text in column '%s' has the character NUL, which is not allowed: remove it",
                 input->column);
    if (input->is_checked) PLX_TRY(check_features(to->encoders, index, cell, err));
    if (!to->with_labels || !input->label_texts) return PLX_OK;
    return plx_labels_check_text(to->encoders, index, cell, is_text, err);
}

plx_status plx_filling_number(const plx_filling *to, int index, double number, plx_slice text, plx_error *err)
{
    plx_raw_column *column = &to->columns->items[index];
    if (column->has_texts) {
        bool is_new;
        PLX_TRY(plx_column_add_text(to->columns, column, text, &is_new, err));
        if (is_new) PLX_TRY(plx_filling_check_text(to, index, text, false, err));
    }
    if (!column->has_numbers) return PLX_OK;
    if (column->width > 1) {
        char alone[32];
        return read_vector(to, index, (plx_slice){alone, plx_format_double(number, alone)}, err);
    }
    char buffer[PLX_VALUE_SIZE];
    if (to->encoders->inputs[index].dates) {
        column->last_length = 0;
        return read_date(to, index, text.length ? text : plx_value_of_double(number, buffer), err);
    }
    if (to->with_labels && to->encoders->inputs[index].label_missing &&
        plx_labels_is_missing(to->encoders, index, text.length ? text : plx_value_of_double(number, buffer)))
        number = NAN;
    column->last_length = 0;
    column->numbers[to->columns->n] = number;
    plx_status status = check_number(to, index, plx_check_number(number), text, err);
    if (status == PLX_OK || text.length) return status;
    char decimal[32]; /* the text of the number was not needed before */
    return check_number(to, index, plx_check_number(number), (plx_slice){decimal, plx_format_double(number, decimal)},
                        err);
}

/* Bytes of the UTF-8 character at the start of `text`, or 0. */
static size_t character_bytes(const char *text)
{
    const unsigned char *b = (const unsigned char *)text;
    const size_t n = b[0] < 0x80 ? 1 : b[0] < 0xC2 ? 0 : b[0] < 0xE0 ? 2 : b[0] < 0xF0 ? 3 : b[0] < 0xF5 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((b[i] & 0xC0) != 0x80) return 0;
    const bool is_overlong = (b[0] == 0xE0 && b[1] < 0xA0) || (b[0] == 0xF0 && b[1] < 0x90);
    const bool is_none = (b[0] == 0xED && b[1] >= 0xA0) || (b[0] == 0xF4 && b[1] >= 0x90);
    return is_overlong || is_none ? 0 : n;
}

/* A message quotes cells, which may hold any bytes; reports go into JSON and must be UTF-8. */
static void copy_message(const char *message, char *out, size_t capacity)
{
    size_t used = 0;
    while (*message) {
        const size_t n = character_bytes(message), bytes = n ? n : 1;
        if (used + bytes >= capacity) break;
        memcpy(out + used, n ? message : "?", bytes);
        used += bytes;
        message += bytes;
    }
    out[used] = '\0';
}

plx_status plx_wrong_rows_add(plx_read_report *wrong, const plx_data_spec *data, plx_blame blame, plx_status status,
                              plx_error *err)
{
    if (wrong->wrong_rows < PLX_REPORTED_ROWS) {
        plx_wrong_row *out = &wrong->wrong_row[wrong->wrong_rows];
        out->row = blame.row;
        copy_message(blame.column ? blame.column : "", out->column, sizeof out->column);
        copy_message(err ? err->message : "", out->message, sizeof out->message);
    }
    wrong->wrong_rows++;
    if (wrong->wrong_rows <= data->max_errors) return PLX_OK;
    plx_error_prefix(err, "more than data.max_errors = %lld wrong rows, the last of them", (long long)data->max_errors);
    return status;
}

void plx_wrong_rows_join(plx_read_report *wrong, const plx_read_report *piece, uint64_t before)
{
    for (int64_t i = 0; i < piece->wrong_rows; i++, wrong->wrong_rows++) {
        if (wrong->wrong_rows >= PLX_REPORTED_ROWS) continue;
        plx_wrong_row *one = &wrong->wrong_row[wrong->wrong_rows];
        *one = piece->wrong_row[i];
        one->row += (int64_t)before;
    }
}

plx_status plx_filling_wrong_row(const plx_filling *to, plx_blame blame, plx_status status, plx_error *err)
{
    plx_read_report *wrong = to->wrong;
    const plx_data_spec *data = &to->encoders->spec.data;
    if (!wrong || data->on_error != PLX_ON_ERROR_SKIP || (status != PLX_ERR_SCHEMA && status != PLX_ERR_FORMAT))
        return status;
    plx_columns_drop_row(to->columns);
    if (to->kept && plx_kept_cells_end_row(to->kept, true, err)) return PLX_ERR_MEMORY;
    return plx_wrong_rows_add(wrong, data, blame, status, err);
}

plx_status plx_filling_row(const plx_filling *to, int *index, plx_error *err)
{
    const plx_encoders *e = to->encoders;
    for (int i = 0; e->checks_rows && i < e->n_features; i++)
        if (e->features[i].def->check_row)
            PLX_TRY(e->features[i].def->check_row(e, &e->features[i], to->columns, index, err));
    to->columns->n++;
    return to->kept ? plx_kept_cells_end_row(to->kept, false, err) : PLX_OK;
}
