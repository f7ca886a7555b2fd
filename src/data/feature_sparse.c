/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sparse features: each text of a column is a category. Each distinct text is looked up once; after that a row costs
 * two array reads. A table with one sparse feature uses the texts of its column in place; a table with several features
 * counts the texts of all of them separately.
 */
#include "data/encoder_def.h"
#include "data/unknown.h"

typedef struct sparse {
    int64_t common; /* the most frequent id in the fit, the smaller one of a tie; 0 without rows */
} sparse;

static int columns(const plx_feature_spec *spec, plx_input_column *out)
{
    return plx_feature_one_column(spec, PLX_READS_CATEGORY, out);
}

static int outputs(const plx_feature_spec *spec, plx_feature_output *out)
{
    (void)spec;
    out[0] = (plx_feature_output){.kind = PLX_MAKES_ID};
    return 1;
}

static void check(plx_feature_checker *checker, const plx_feature_spec *spec)
{
    plx_feature_check_vocabulary(checker, spec);
}

static plx_status link_column(plx_encoders *e, plx_encoder *feature, plx_error *err)
{
    feature->own = plx_arena_take(&e->arena, 1, sizeof(sparse));
    if (!feature->own) return plx_error_memory(err);
    plx_encoders_link_size(e, feature->input, 1, NULL);
    e->inputs[feature->input].texts = true;
    return plx_encoder_take_vocabulary(e, feature, err);
}

/* -- Fitting ------------------------------------------------------------------------------------------------------ */

/* The most frequent id. */
static int64_t commonest(const plx_encoder *feature, const plx_dictionary *texts, const plx_found_texts *found)
{
    const plx_vocabulary *vocabulary = feature->vocabulary;
    int64_t best = 0;
    uint32_t most = 0;
    for (uint32_t code = 0; code < texts->n; code++) {
        const uint32_t count = found->counts[code];
        if (count == 0 || count < most) continue;
        const plx_slice text = plx_vocabulary_cell(vocabulary, feature->spec, plx_dictionary_text(texts, code));
        const int64_t id = plx_vocabulary_id(vocabulary, text);
        if (count > most || id < best) {
            most = count;
            best = id;
        }
    }
    return best;
}

static plx_status take_texts(plx_vocabulary *vocabulary, const plx_dictionary *texts, const plx_found_texts *found,
                             plx_error *err)
{
    const plx_allocator *allocator = vocabulary->texts.allocator;
    plx_counted *counted = plx_alloc(allocator, found->n, sizeof *counted);
    if (!counted) return plx_error_memory(err);
    for (size_t i = 0; i < found->n; i++)
        counted[i] =
            (plx_counted){.text = plx_dictionary_text(texts, found->codes[i]), .count = found->counts[found->codes[i]]};
    plx_status status = plx_vocabulary_take(vocabulary, counted, found->n, err);
    plx_free(allocator, counted);
    return status;
}

/* Whether some cells differ from the texts of their categories: two cells may then be one category. */
static bool changes_texts(const plx_encoder *feature, const plx_dictionary *texts)
{
    char buffer[PLX_VALUE_SIZE];
    const plx_vocabulary *vocabulary = feature->vocabulary;
    if (feature->spec->missing_texts.n) return true;
    for (uint32_t code = 0; !vocabulary->is_exact && code < texts->n; code++) {
        const plx_slice text = plx_dictionary_text(texts, code);
        if (!plx_slice_equal(text, plx_vocabulary_text(vocabulary, text, buffer))) return true;
    }
    return false;
}

/* Fits the vocabulary if only this feature uses it, then the most frequent id. */
static plx_status fit(plx_encoders *e, plx_encoder *feature, const plx_columns *columns, const uint32_t *order,
                      size_t n, plx_error *err)
{
    const plx_raw_column *column = &columns->items[feature->input];
    const plx_dictionary *texts = &column->dictionary;
    plx_vocabulary *vocabulary = feature->vocabulary;
    plx_found_texts found;
    plx_status status = plx_found_texts_init(&found, column, order, n, &e->allocator, err);
    if (!status && plx_vocabulary_is_own(vocabulary))
        status = changes_texts(feature, texts) ? plx_vocabulary_fit(e, vocabulary, columns, order, n, err)
                                               : take_texts(vocabulary, texts, &found, err);
    if (!status) ((sparse *)feature->own)->common = commonest(feature, texts, &found);
    plx_found_texts_release(&found, &e->allocator);
    plx_column_drop_pages(columns, feature->input);
    return status;
}

static plx_status count(const plx_encoder *feature, plx_tally *tally, plx_slice cell, uint64_t count, plx_error *err)
{
    return plx_tally_add(tally, plx_vocabulary_cell(feature->vocabulary, feature->spec, cell), count, err);
}

static bool is_known(const plx_encoder *feature, plx_slice cell, bool *is_empty)
{
    *is_empty = cell.length == 0;
    return plx_vocabulary_id(feature->vocabulary, plx_vocabulary_cell(feature->vocabulary, feature->spec, cell)) > 0;
}

static void seal_id(const plx_encoder *feature, int output, plx_id_field *field)
{
    (void)output;
    field->vocabulary = plx_vocabulary_rows(feature->vocabulary);
    field->common = (uint32_t)((const sparse *)feature->own)->common;
}

/* -- Encoding ----------------------------------------------------------------------------------------------------- */

/* The id of each code of the column. */
static plx_status prepare(const plx_encoders *e, const plx_encoder *feature, const plx_columns *columns, size_t n,
                          plx_arena *arena, void **out, plx_error *err)
{
    const plx_dictionary *texts = &columns->items[feature->input].dictionary;
    const plx_vocabulary *vocabulary = feature->vocabulary;
    uint32_t *ids = plx_arena_take(arena, texts->n, sizeof *ids);
    (void)e;
    (void)n;
    if (!ids) return plx_error_memory(err);
    for (uint32_t first = 0; first < texts->n; first += PLX_ENCODED_ROWS) {
        const uint32_t n_cells = texts->n - first < PLX_ENCODED_ROWS ? texts->n - first : PLX_ENCODED_ROWS;
        plx_slice cells[PLX_ENCODED_ROWS];
        for (uint32_t i = 0; i < n_cells; i++)
            cells[i] = plx_vocabulary_cell(vocabulary, feature->spec, plx_dictionary_text(texts, first + i));
        plx_vocabulary_ids(vocabulary, cells, n_cells, ids + first);
    }
    *out = ids;
    return PLX_OK;
}

static plx_status encode_rows(const plx_encoder *feature, const plx_encoded_rows *rows, void *prepared, plx_error *err)
{
    const plx_id_field field = *plx_encoder_id(rows->encoders, feature, 0);
    const uint32_t *ids = prepared;
    uint32_t codes[PLX_ENCODED_ROWS];
    const size_t n = rows->n, stride = plx_encoded_stride(rows);
    uint8_t *records = rows->records;
    (void)err;
    plx_column_codes(&rows->columns->items[feature->input], rows->order, n, codes);
    for (size_t i = 0; i < n; i++)
        plx_put_id(records + i * stride, &field, ids[codes[i]]);
    return PLX_OK;
}

static plx_status encode_column(const plx_encoder *feature, plx_request *r, plx_error *err)
{
    const plx_encoders *e = r->encoders;
    const plx_id_field *field = plx_encoder_id(e, feature, 0);
    const plx_column *cells = NULL;
    char buffer[PLX_VALUE_SIZE];
    PLX_TRY(plx_request_column(r, feature->input, &cells, err));
    plx_request_warn_of_floats(r, cells);
    for (size_t row = 0; row < r->n; row++) {
        const plx_slice text =
            plx_vocabulary_cell(feature->vocabulary, feature->spec, plx_request_text(r, cells, row, buffer));
        const uint32_t id = plx_vocabulary_id(feature->vocabulary, text);
        uint8_t *record = plx_request_record(r, row);
        plx_put_id(record, field, id);
        r->n_unknown += id == 0 && text.length > 0;
        if (r->unknown) plx_unknown_cell(e, feature, text, record, &r->unknown[feature->number]);
    }
    return PLX_OK;
}

static plx_status encode_cells(const plx_encoder *features, int n, plx_request *r, plx_error *err)
{
    return plx_request_each(features, n, r, encode_column, err);
}

/* -- Storing ------------------------------------------------------------------------------------------------------ */

static const char *common_name(const plx_encoder *feature, plx_arena *arena)
{
    return plx_arena_format(arena, "vocabulary/%s/common", feature->spec->name);
}

static plx_tensor *store(const plx_encoder *feature, plx_arena *arena, plx_tensor *next)
{
    const sparse *own = feature->own;
    return plx_tensor_add(next, common_name(feature, arena), PLX_DTYPE_I64, 1, &own->common);
}

static plx_status load(plx_encoders *e, plx_encoder *feature, plx_loader *loader, plx_error *err)
{
    sparse *own = feature->own;
    const plx_tensor *common = NULL;
    (void)e;
    PLX_TRY(plx_loader_find(loader, common_name(feature, &loader->arena), PLX_DTYPE_I64, 1, &common, err));
    own->common = *(const int64_t *)common->data;
    if (own->common < 0 || own->common >= plx_vocabulary_rows(feature->vocabulary))
        PLX_FAIL(err, PLX_ERR_FORMAT, "the most frequent value of '%s' is not in its vocabulary", feature->spec->name);
    return PLX_OK;
}

const plx_encoder_def plx_feature_sparse = {.name = "sparse",
                                            .shown = "sparse",
                                            .is_always_shown = true,
                                            .shares_table = true,
                                            .columns = columns,
                                            .outputs = outputs,
                                            .check = check,
                                            .link = link_column,
                                            .fit = fit,
                                            .count = count,
                                            .is_known = is_known,
                                            .seal_id = seal_id,
                                            .prepare = prepare,
                                            .encode_rows = encode_rows,
                                            .encode_cells = encode_cells,
                                            .store = store,
                                            .load = load};
