/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodes columns of cells in memory: the path of a server, often with one row a call. A column is looked for where it
 * was found in the call before, else from where the last one was found.
 */
#include <string.h>

#include "data/encoder_def.h"
#include "data/group_column.h"
#include "data/labels.h"

static void report_missing(const plx_request *r, const char *name, plx_error *err)
{
    const plx_allocator *allocator = &r->encoders->allocator;
    const char *nearest = NULL, **names = plx_alloc(allocator, (size_t)r->n_cells, sizeof *names);
    for (int i = 0; names && i < r->n_cells; i++)
        names[i] = r->cells[i].name;
    if (names) nearest = plx_nearest(plx_slice_of(name), names, (size_t)r->n_cells);
    plx_free(allocator, names);
    if (nearest)
        plx_error_set(err, PLX_ERR_SCHEMA, "no column '%s' was given; did you mean it by '%s'?", name, nearest);
    else
        plx_error_set(err, PLX_ERR_SCHEMA, "no column '%s' was given; the model reads it", name);
}

/* Numbers in a row, or texts with so many in them. */
static plx_status check_width(const plx_request *r, int input, const plx_cells *cells, plx_error *err)
{
    const plx_input *column = &r->encoders->inputs[input];
    const int wanted = column->size > 1 ? column->size : 1, given = cells->width > 1 ? cells->width : 1;
    if (!cells->texts && !cells->numbers && !cells->integers && r->n)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "column '%s' has neither texts nor numbers", column->column);
    if (!cells->texts && given != wanted)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "column '%s' has %d number%s in a row; the model reads %d", column->column,
                 given, given > 1 ? "s" : "", wanted);
    return PLX_OK;
}

plx_status plx_request_column(plx_request *r, int input, const plx_cells **out, plx_error *err)
{
    const char *name = r->encoders->inputs[input].column;
    const int known = r->places ? r->places[input] : 0;
    for (int i = 0, at = known ? known - 1 : r->next; i < r->n_cells; i++, at++) {
        if (at >= r->n_cells) at = 0;
        const char *given = r->cells[at].name;
        if (given != name && strcmp(given, name) != 0) continue;
        r->next = at + 1;
        if (r->places) r->places[input] = r->next;
        *out = &r->cells[at];
        return check_width(r, input, *out, err);
    }
    report_missing(r, name, err);
    return PLX_ERR_SCHEMA;
}

plx_slice plx_request_text(const plx_request *r, const plx_cells *cells, size_t row, char room[PLX_VALUE_ROOM])
{
    if (cells->texts) {
        const char *text = cells->texts[row];
        plx_slice slice = plx_slice_of(text ? text : "");
        return r->encoders->csv.trim ? plx_slice_trim(slice) : slice;
    }
    if (!cells->numbers) return plx_value_of_int64(cells->integers[row], room);
    double number = cells->numbers[row];
    if (!r->encoders->spec.is_rule_0) return plx_value_of_double(number, room);
    return (plx_slice){room, isnan(number) ? 0 : plx_format_double(number, room)};
}

plx_number plx_request_number(const plx_request *r, const plx_cells *cells, size_t row, char room[PLX_VALUE_ROOM],
                              double *out)
{
    if (cells->texts) return plx_cell_number_by(&r->encoders->spec.data, plx_request_text(r, cells, row, room), out);
    *out = plx_request_number_at(cells, row);
    return plx_check_number(*out);
}

void plx_request_warn_of_floats(const plx_request *r, const plx_cells *cells)
{
    if (!r->listener || cells->texts || !cells->numbers) return;
    for (size_t row = 0; row < r->n; row++)
        if (plx_warn_of_float(r->listener, cells->name, cells->numbers[row])) return;
}

plx_status plx_request_read_number(const plx_request *r, int input, const plx_cells *cells, size_t row, bool is_needed,
                                   const char *(*reader)(plx_number kind), double *out, plx_error *err)
{
    char room[PLX_VALUE_ROOM];
    const plx_number kind = plx_request_number(r, cells, row, room, out);
    if (kind == PLX_NUMBER_GIVEN || (kind == PLX_NUMBER_MISSING && !is_needed)) return PLX_OK;
    return plx_fail_number(kind, plx_request_text(r, cells, row, room), r->encoders->inputs[input].column, reader(kind),
                           err);
}

plx_status plx_request_fail_row(size_t row, plx_error *err)
{
    plx_error_prefix(err, "row %zu", row + 1);
    return PLX_ERR_SCHEMA;
}

/* The columns of a task; NULL where it has none of the kind. */
typedef struct task_cells {
    const plx_cells *labels, *where, *weight, *row_weight;
} task_cells;

static plx_status find_task_cells(plx_request *r, const plx_label_encoder *task, task_cells *out, plx_error *err)
{
    const int row_weight = r->encoders->row_weight;
    PLX_TRY(plx_request_column(r, task->input, &out->labels, err));
    if (task->where >= 0) PLX_TRY(plx_request_column(r, task->where, &out->where, err));
    if (task->weight >= 0) PLX_TRY(plx_request_column(r, task->weight, &out->weight, err));
    return row_weight >= 0 ? plx_request_column(r, row_weight, &out->row_weight, err) : PLX_OK;
}

static plx_status read_weight(const plx_request *r, int input, const plx_cells *cells, size_t row, double *out,
                              plx_error *err)
{
    char room[PLX_VALUE_ROOM];
    *out = 1;
    if (!cells) return PLX_OK;
    plx_number kind = plx_request_number(r, cells, row, room, out);
    if (kind == PLX_NUMBER_NONE || kind == PLX_NUMBER_TOO_LARGE)
        return plx_fail_number(kind, plx_request_text(r, cells, row, room), cells->name, "holds weights of rows", err);
    return plx_labels_check_number(r->encoders, input, *out, plx_request_text(r, cells, row, room), err);
}

static plx_status encode_label(const plx_request *r, int task, const task_cells *cells, size_t row, plx_error *err)
{
    const plx_encoders *e = r->encoders;
    const plx_label_encoder *encoder = &e->tasks[task];
    uint8_t *record = r->out + row * e->layout.record_bytes + (size_t)task * sizeof(float);
    double row_weight, weight;
    char room[PLX_VALUE_ROOM];
    float label;
    PLX_TRY(plx_label_of(e, task, plx_request_text(r, cells->labels, row, room), cells->labels->texts != NULL, &label,
                         err));
    if (cells->where && !plx_label_counts(e, task, plx_request_text(r, cells->where, row, room))) label = NAN;
    plx_put_float(record, e->layout.label_offset, label);
    if (!e->layout.has_weights) return PLX_OK;
    PLX_TRY(read_weight(r, e->row_weight, cells->row_weight, row, &row_weight, err));
    PLX_TRY(read_weight(r, encoder->weight, cells->weight, row, &weight, err));
    plx_put_float(record, e->layout.weight_offset, plx_label_weight(encoder, label, row_weight, weight));
    return PLX_OK;
}

static plx_status encode_labels(plx_request *r, int task, bool with_labels, plx_error *err)
{
    const plx_layout *layout = &r->encoders->layout;
    task_cells cells = {0};
    if (with_labels) PLX_TRY(find_task_cells(r, &r->encoders->tasks[task], &cells, err));
    for (size_t row = 0; row < r->n; row++) {
        uint8_t *record = r->out + row * layout->record_bytes + (size_t)task * sizeof(float);
        if (!with_labels) {
            plx_put_float(record, layout->label_offset, NAN);
            if (layout->has_weights) plx_put_float(record, layout->weight_offset, 1);
        } else if (encode_label(r, task, &cells, row, err) != PLX_OK) {
            return plx_request_fail_row(row, err);
        }
    }
    return PLX_OK;
}

static plx_status encode_group(plx_request *r, plx_error *err)
{
    const plx_encoders *e = r->encoders;
    const plx_cells *cells = NULL;
    char room[PLX_VALUE_ROOM], value_room[PLX_VALUE_ROOM];
    PLX_TRY(plx_request_column(r, e->group, &cells, err));
    for (size_t row = 0; row < r->n; row++) {
        const plx_slice text = plx_encoders_value(e, plx_request_text(r, cells, row, room), value_room);
        plx_record_put_group(&e->layout, r->out + row * e->layout.record_bytes, plx_group_hash(text));
    }
    return PLX_OK;
}

static plx_status encode(plx_request *r, bool with_labels, plx_error *err)
{
    const plx_layout *layout = &r->encoders->layout;
    memset(r->out, 0, r->n * layout->record_bytes); /* the padding, too: equal rows have equal records */
    const plx_encoder *feature = r->encoders->features, *end = feature + r->encoders->n_features;
    for (; feature < end; feature += feature->n_alike)
        PLX_TRY(feature->def->encode_cells(feature, feature->n_alike, r, err));
    for (int i = 0; i < layout->n_tasks; i++)
        PLX_TRY(encode_labels(r, i, with_labels, err));
    return with_labels && r->encoders->group >= 0 ? encode_group(r, err) : PLX_OK;
}

plx_status plx_encoders_columns(const plx_encoders *encoders, const plx_cells *cells, int n_cells, size_t n,
                                bool with_labels, const plx_listener *listener, plx_unknown *unknown, uint8_t *out,
                                plx_error *err)
{
    plx_request r = {.encoders = encoders,
                     .cells = cells,
                     .n_cells = n_cells,
                     .n = n,
                     .out = out,
                     .listener = listener,
                     .unknown = unknown};
    return encode(&r, with_labels, err);
}

plx_status plx_encoders_columns_again(const plx_encoders *encoders, int *places, const plx_cells *cells, int n_cells,
                                      size_t n, uint8_t *out, int64_t *n_unknown, plx_error *err)
{
    plx_request r = {.encoders = encoders, .cells = cells, .n_cells = n_cells, .places = places, .n = n, .out = out};
    const plx_status status = encode(&r, false, err);
    *n_unknown = r.n_unknown;
    return status;
}

int plx_encoders_n_columns(const plx_encoders *encoders)
{
    return encoders->n_inputs;
}

int plx_encoders_value_rule(const plx_encoders *encoders)
{
    return encoders->spec.is_rule_0 ? 0 : PLX_VALUE_RULE;
}
