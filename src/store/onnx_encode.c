/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodes raw cells as operators, like the encoders of src/data row by row. LabelEncoder looks up texts; numbers are
 * doubles until they are scaled. ONNX has no hash, so hashed features take ids. Blanks around a list's items are
 * removed; those around a cell are not, since that takes many operators: the caller of the model has to.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/feature_buckets.h"
#include "data/feature_datetime.h"
#include "data/feature_dense.h"
#include "data/feature_list.h"
#include "store/onnx_dates.h"
#include "store/onnx_lists.h"
#include "store/onnx_network.h"
#include "store/onnx_numbers.h"
#include "store/onnx_texts.h"

typedef struct encode {
    plx_onnx *onnx;
    const plx_encoders *encoders;
    const char **texts;   /* [n_inputs]: string [rows, 1]; NULL: not created yet */
    const char **numbers; /* [n_inputs]: double [rows, size] */
    bool *reads_text;     /* [n_inputs] */
    /* Dense features that are encoded as one matrix: the pending features, and their inputs. */
    const plx_encoder **waiting;     /* [n_waiting] */
    const plx_dense_encoder **dense; /* [n_waiting] */
    const char **raw;                /* [n_waiting] */
    int n_waiting;
    const char **encoded; /* [n_encoded]: parts of the record so far */
    int n_encoded;
    plx_onnx_record *out;
    plx_onnx_notice *notice;
    void *user;
} encode;

/* -- Raw columns -------------------------------------------------------------------------------------------------- */

static plx_status new_input(encode *e, const char *name, plx_onnx_type type, int width, const char *doc,
                            const char **out, plx_error *err)
{
    if (plx_onnx_is_taken(e->onnx, name))
        PLX_FAIL(err, PLX_ERR_UNSUPPORTED,
                 "an input of the ONNX model would be called '%s', which is taken, empty, or starts with '/': give the "
                 "column another name",
                 name);
    *out = plx_onnx_input(e->onnx, name, type, width, doc);
    return PLX_OK;
}

static plx_status text_of(encode *e, int input, const char **out, plx_error *err)
{
    const char *blanks = e->encoders->csv.trim ? ", without blanks around it" : "";
    if (!e->texts[input]) {
        const char *doc = plx_arena_format(e->onnx->arena,
                                           "the cell as texts are in the training rows%s; numbers by their shortest "
                                           "decimal; empty where it is missing",
                                           blanks);
        PLX_TRY(new_input(e, e->encoders->inputs[input].column, PLX_ONNX_STRING, 1, doc, &e->texts[input], err));
    }
    *out = e->texts[input];
    return PLX_OK;
}

static bool has_comma(const encode *e)
{
    const char *decimal = e->encoders->spec.data.decimal;
    return decimal && decimal[0] == ',';
}

/* Parses a text: NaN if it is empty or means a missing value. */
static const char *parsed(encode *e, const char *text)
{
    plx_onnx *onnx = e->onnx;
    const plx_text_list *missing = &e->encoders->spec.data.missing;
    const char *number = plx_onnx_number_texts(onnx, text, has_comma(e));
    const char *is_missing = plx_onnx_two(onnx, "Equal", text, plx_onnx_text_of(onnx, ""));
    for (int i = 0; i < missing->n; i++) {
        const char *is_this = plx_onnx_two(onnx, "Equal", text, plx_onnx_text_of(onnx, missing->items[i]));
        is_missing = plx_onnx_two(onnx, "Or", is_missing, is_this);
    }
    number = plx_onnx_three(onnx, "Where", is_missing, plx_onnx_text_of(onnx, "nan"), number);
    return plx_onnx_cast(onnx, number, PLX_ONNX_DOUBLE);
}

static plx_status number_of(encode *e, int input, const char **out, plx_error *err)
{
    const plx_input *column = &e->encoders->inputs[input];
    if (!e->numbers[input] && e->reads_text[input]) {
        const char *text;
        PLX_TRY(text_of(e, input, &text, err));
        e->numbers[input] = parsed(e, text);
    } else if (!e->numbers[input]) {
        const char *doc = column->never_missing ? "a number; none may be missing" : "a number; NaN where it is missing";
        PLX_TRY(new_input(e, column->column, PLX_ONNX_DOUBLE, column->size > 1 ? column->size : 1, doc,
                          &e->numbers[input], err));
    }
    *out = e->numbers[input];
    return PLX_OK;
}

/* The ids of a hashed feature are a separate input. */
static plx_status hashed_ids(encode *e, const plx_feature_spec *spec, const char *column, int width, const char *doc,
                             const char **out, plx_error *err)
{
    char line[512];
    const char *name = plx_arena_format(e->onnx->arena, "%s:ids", spec->name);
    if (!name) return plx_error_memory(err);
    snprintf(line, sizeof line,
             "ONNX has no hash: feature '%.100s' takes ids, input '%.120s': 1 + xxh64(text of '%.100s') mod %lld "
             "(docs/onnx.md)",
             spec->name, name, column, (long long)spec->hash_buckets);
    e->notice(e->user, line);
    return new_input(e, name, PLX_ONNX_INT64, width, doc, out, err);
}

/* -- Categories --------------------------------------------------------------------------------------------------- */

static plx_slice category(const void *dictionary, int64_t i)
{
    return plx_dictionary_text(dictionary, (uint32_t)i);
}

static int64_t category_id(const void *dictionary, int64_t i)
{
    (void)dictionary;
    return i + 1;
}

/* The ids of texts, with the same shape. */
static const char *ids_of(plx_onnx *onnx, const plx_vocabulary *vocabulary, const char *texts)
{
    const plx_dictionary *known = &vocabulary->texts;
    if (known->n == 0) { /* LabelEncoder needs a text */
        const char *zero = plx_onnx_int(onnx, 0);
        return plx_onnx_three(onnx, "Where", plx_onnx_two(onnx, "Equal", texts, plx_onnx_text_of(onnx, "")), zero,
                              zero);
    }
    const plx_onnx_attribute attributes[] = {
        {.name = "keys_strings", .kind = PLX_ONNX_TEXTS, .number = known->n, .text_at = category, .list = known},
        {.name = "values_int64s", .kind = PLX_ONNX_INTS, .number = known->n, .int_at = category_id},
        {.name = "default_int64", .kind = PLX_ONNX_INT, .number = 0},
    };
    return plx_onnx_call_of(onnx, &(plx_onnx_call){.op = "LabelEncoder",
                                                   .domain = "ai.onnx.ml",
                                                   .inputs = &texts,
                                                   .n_inputs = 1,
                                                   .attributes = attributes,
                                                   .n_attributes = sizeof attributes / sizeof *attributes});
}

static void put_id(encode *e, const plx_encoder *feature, int output, const char *ids)
{
    e->out->sparse[feature->outputs[output].place] = plx_onnx_axis(e->onnx, "Squeeze", ids, 1);
}

static plx_status encode_sparse(encode *e, const plx_encoder *sparse, plx_error *err)
{
    const char *ids, *text;
    if (sparse->vocabulary->hash_buckets) {
        const char *doc = plx_arena_format(e->onnx->arena, "the category's id: 1 + xxh64(text) mod %lu",
                                           (unsigned long)sparse->vocabulary->hash_buckets);
        PLX_TRY(hashed_ids(e, sparse->spec, e->encoders->inputs[sparse->input].column, 1, doc, &ids, err));
    } else {
        PLX_TRY(text_of(e, sparse->input, &text, err));
        ids = ids_of(e->onnx, sparse->vocabulary, text);
    }
    put_id(e, sparse, 0, ids);
    return PLX_OK;
}

static plx_status encode_buckets(encode *e, const plx_encoder *feature, plx_error *err)
{
    const plx_bucket_encoder *buckets = feature->own;
    const char *x;
    PLX_TRY(number_of(e, feature->input, &x, err));
    const char *bucket =
        plx_onnx_two(e->onnx, "Add", plx_onnx_count_below(e->onnx, buckets->borders, buckets->n_borders, x),
                     plx_onnx_int(e->onnx, 1));
    put_id(e, feature, 0,
           plx_onnx_three(e->onnx, "Where", plx_onnx_one(e->onnx, "IsNaN", x), plx_onnx_int(e->onnx, 0), bucket));
    return PLX_OK;
}

/* -- Lists -------------------------------------------------------------------------------------------------------- */

/* The parts of a list's cell; weights are numbers or texts. */
typedef struct pieces {
    const char *ids, *is_item, *weights, *weight_texts;
} pieces;

static void finish_list(encode *e, const plx_list_encoder *list, const pieces *p, plx_onnx_list *out)
{
    plx_onnx *onnx = e->onnx;
    const char *is_kept = plx_onnx_kept(onnx, list->spec, p->is_item), *weights = p->weights;
    *out = (plx_onnx_list){.ids = p->ids, .taken = plx_onnx_cast(onnx, is_kept, PLX_ONNX_FLOAT)};
    out->weights = out->taken;
    if (p->weight_texts) {
        const char *texts = plx_onnx_number_texts(onnx, p->weight_texts, has_comma(e));
        texts = plx_onnx_three(onnx, "Where", is_kept, texts, plx_onnx_text_of(onnx, "0"));
        weights = plx_onnx_cast(onnx, texts, PLX_ONNX_FLOAT);
    } else if (weights) {
        weights = plx_onnx_three(onnx, "Where", is_kept, weights, plx_onnx_float(onnx, 0));
    }
    if (weights) out->weights = plx_onnx_weights(onnx, list->spec, weights, is_kept);
}

static plx_status encode_hashed_list(encode *e, const plx_list_encoder *list, plx_onnx_list *out, plx_error *err)
{
    plx_onnx *onnx = e->onnx;
    const char *given;
    pieces p = {0};
    const char *doc = plx_arena_format(onnx->arena, "the items' ids: 1 + xxh64(text) mod %lu; -1 where there is none",
                                       (unsigned long)list->vocabulary->hash_buckets);
    PLX_TRY(hashed_ids(e, list->spec, e->encoders->inputs[list->input].column, 0, doc, &given, err));
    if (list->weight_separator.length || list->weight_input >= 0) {
        const char *name = plx_arena_format(onnx->arena, "%s:weights", list->spec->name);
        if (!name) return plx_error_memory(err);
        PLX_TRY(new_input(e, name, PLX_ONNX_FLOAT, 0, "the items' weights", &p.weights, err));
    }
    p.is_item = plx_onnx_two(onnx, "GreaterOrEqual", given, plx_onnx_int(onnx, 0));
    p.ids = plx_onnx_two(onnx, "Max", given, plx_onnx_int(onnx, 0));
    finish_list(e, list, &p, out);
    return PLX_OK;
}

static bool holds(const plx_dictionary *texts, plx_slice separator)
{
    for (uint32_t i = 0; i < texts->n; i++) {
        const plx_slice text = plx_dictionary_text(texts, i);
        if (text.length && plx_separator_find(separator, text.text, text.length)) return true;
    }
    return false;
}

/* Texts [rows, places] without blanks around them if the list is read so; `known` as in plx_onnx_trimmed. */
static const char *trimmed(const encode *e, const plx_list_encoder *list, const char *texts,
                           const plx_dictionary *known)
{
    if (!list->trim || !plx_onnx_can_trim(known)) return texts;
    return plx_onnx_trimmed(e->onnx, texts, known);
}

/* No item can be trimmed if a category has too many blanks, or if the end of a trimmed item is not known. */
static void warn_of_blanks(const encode *e, const plx_list_encoder *list)
{
    char line[512];
    const char *weights = list->weight_separator.text;
    const bool cuts_at_blanks = list->weight_separator.length && strspn(weights, " \t") == strlen(weights);
    if (!list->trim || (plx_onnx_can_trim(&list->vocabulary->texts) && !cuts_at_blanks)) return;
    snprintf(line, sizeof line,
             "list '%.100s': %s, so that the ONNX model does not remove blanks around items; pass the items without "
             "(docs/onnx.md)",
             list->spec->name, cuts_at_blanks ? "its weight_separator is a blank" : "a category has 64 blanks or more");
    e->notice(e->user, line);
}

/* Items "text:weight". An item with several separators has an unknown text, as long as no known one contains the
 * separator. */
static plx_status cut_weights(encode *e, const plx_list_encoder *list, const char *items, pieces *p, plx_error *err)
{
    plx_onnx *onnx = e->onnx;
    const plx_dictionary *known = &list->vocabulary->texts;
    const char *counts, *one = plx_onnx_int(onnx, 1);
    if (holds(known, list->weight_separator))
        PLX_FAIL(err, PLX_ERR_UNSUPPORTED,
                 "list '%s': a category holds its weight_separator '%s', and ONNX cannot know where to split; use "
                 "another separator, or a weight_column",
                 list->spec->name, list->weight_separator.text);
    const char *parts = plx_onnx_split(onnx, items, list->weight_separator.text, &counts);
    const char *text = trimmed(e, list, plx_onnx_part(onnx, parts, 1), known);
    const char *is_cut = plx_onnx_two(onnx, "Greater", counts, plx_onnx_int(onnx, 2));
    const char *is_cut_once = plx_onnx_two(onnx, "Equal", counts, plx_onnx_int(onnx, 3));
    const char *last = plx_onnx_axis(onnx, "Unsqueeze", plx_onnx_two(onnx, "Sub", counts, one), 2);
    last = plx_onnx_along(onnx, "GatherElements", (const char *[]){parts, last}, 2, "axis", 2);
    p->is_item = plx_onnx_two(onnx, "Or", is_cut, plx_onnx_is_given(onnx, text));
    p->ids = plx_onnx_three(onnx, "Where", is_cut_once, ids_of(onnx, list->vocabulary, text), plx_onnx_int(onnx, 0));
    p->weight_texts =
        plx_onnx_three(onnx, "Where", is_cut, plx_onnx_axis(onnx, "Squeeze", last, 2), plx_onnx_text_of(onnx, ""));
    return PLX_OK;
}

/* The items of a column of lists [rows, places]. */
static plx_status items_of(encode *e, const plx_list_encoder *list, int input, const char **items, plx_error *err)
{
    const char *cell;
    PLX_TRY(text_of(e, input, &cell, err));
    *items = plx_onnx_axis(e->onnx, "Squeeze", plx_onnx_split(e->onnx, cell, list->separator.text, NULL), 1);
    return PLX_OK;
}

static plx_status encode_list(encode *e, const plx_encoder *feature, plx_error *err)
{
    plx_onnx *onnx = e->onnx;
    const plx_list_encoder *list = feature->own;
    plx_onnx_list *out = &e->out->lists[feature->outputs[0].place];
    const char *items, *weights;
    pieces p = {0};
    if (list->vocabulary->hash_buckets) return encode_hashed_list(e, list, out, err);
    warn_of_blanks(e, list);
    PLX_TRY(items_of(e, list, list->input, &items, err));
    if (list->weight_separator.length) {
        PLX_TRY(cut_weights(e, list, items, &p, err));
    } else {
        items = trimmed(e, list, items, &list->vocabulary->texts);
        if (list->weight_input >= 0) {
            PLX_TRY(items_of(e, list, list->weight_input, &weights, err));
            p.weight_texts = plx_onnx_gathered(onnx, trimmed(e, list, weights, NULL), items);
            items = plx_onnx_gathered(onnx, items, NULL);
        }
        p.is_item = plx_onnx_is_given(onnx, items);
        p.ids = ids_of(onnx, list->vocabulary, items);
    }
    finish_list(e, list, &p, out);
    return PLX_OK;
}

/* -- Dense numbers ------------------------------------------------------------------------------------------------ */

/* Older files compare numbers by their logarithms, and the runtime rounds logarithms in another way. */
static void warn_of_logarithms(const encode *e, const plx_dense_encoder *dense)
{
    char line[512];
    if (!dense->knots || dense->spec->transform != PLX_TRANSFORM_LOG1P || dense->by_number) return;
    snprintf(line, sizeof line,
             "feature '%.100s' was fitted by an older plexus: a number that many rows share may be scaled differently "
             "in ONNX; fit the model again (docs/onnx.md)",
             dense->spec->name);
    e->notice(e->user, line);
}

/* Encodes the pending dense features. */
static plx_status encode_waiting(encode *e, plx_error *err)
{
    plx_onnx *onnx = e->onnx;
    const int n = e->n_waiting;
    e->n_waiting = 0;
    if (n == 0) return PLX_OK;
    onnx->scope = n > 1 ? "dense" : e->waiting[0]->spec->name;
    for (int i = 0; i < n; i++) {
        e->dense[i] = e->waiting[i]->own;
        warn_of_logarithms(e, e->dense[i]);
        PLX_TRY(number_of(e, e->waiting[i]->input, &e->raw[i], err));
    }
    const char *together = n > 1 ? plx_onnx_along(onnx, "Concat", e->raw, n, "axis", 1) : e->raw[0];
    return plx_onnx_numbers(onnx, e->dense, n, together, &e->encoded[e->n_encoded++], err);
}

/* Whether only numbers per column distinguish it from adjacent features. */
static bool is_plain(const plx_dense_encoder *dense)
{
    return !dense->spec->transform && !dense->knots && !dense->spec->missing_indicator;
}

static plx_status encode_dense(encode *e, const plx_encoder *feature, plx_error *err)
{
    if (!is_plain(feature->own)) PLX_TRY(encode_waiting(e, err));
    e->waiting[e->n_waiting++] = feature;
    return is_plain(feature->own) ? PLX_OK : encode_waiting(e, err);
}

/* -- Dates -------------------------------------------------------------------------------------------------------- */

static plx_status encode_age(encode *e, const plx_datetime_encoder *own, const char *seconds, const char *is_missing,
                             plx_error *err)
{
    plx_onnx *onnx = e->onnx;
    const plx_dense_encoder *dense = &own->age;
    const char *before = plx_onnx_two(onnx, "Sub", plx_onnx_int(onnx, own->reference), seconds);
    const char *age =
        plx_onnx_two(onnx, "Div", plx_onnx_cast(onnx, before, PLX_ONNX_DOUBLE), plx_onnx_double(onnx, 86400));
    age = plx_onnx_three(onnx, "Where", is_missing, plx_onnx_double(onnx, NAN), age);
    return plx_onnx_numbers(onnx, &dense, 1, age, &e->encoded[e->n_encoded++], err);
}

/* No operator parses dates: the seconds are a separate input, like the ids of hashed features. */
static plx_status encode_datetime(encode *e, const plx_encoder *feature, plx_error *err)
{
    plx_onnx *onnx = e->onnx;
    char line[512];
    const char *given, *name = plx_arena_format(onnx->arena, "%s:seconds", feature->spec->name);
    if (!name) return plx_error_memory(err);
    snprintf(line, sizeof line,
             "ONNX reads no dates: feature '%.100s' takes whole seconds since 1970-01-01 UTC, input '%.120s', and the "
             "smallest 64-bit integer where the date is missing (docs/onnx.md)",
             feature->spec->name, name);
    e->notice(e->user, line);
    PLX_TRY(encode_waiting(e, err));
    onnx->scope = feature->spec->name;
    PLX_TRY(new_input(e, name, PLX_ONNX_INT64, 1,
                      "whole seconds since 1970-01-01 UTC; the smallest 64-bit integer where the date is missing",
                      &given, err));
    const char *zero = plx_onnx_int(onnx, 0),
               *is_missing = plx_onnx_two(onnx, "Equal", given, plx_onnx_int(onnx, INT64_MIN));
    const char *seconds = plx_onnx_three(onnx, "Where", is_missing, zero, given);
    for (int i = 0; i < feature->n_outputs; i++) {
        if (feature->outputs[i].kind == PLX_MAKES_NUMBERS) {
            PLX_TRY(encode_age(e, feature->own, seconds, is_missing, err));
            continue;
        }
        const char *id = plx_onnx_date_part(onnx, feature->spec->parts.items[i], seconds);
        put_id(e, feature, i, plx_onnx_three(onnx, "Where", is_missing, zero, id));
    }
    return PLX_OK;
}

/* -- The record --------------------------------------------------------------------------------------------------- */

typedef plx_status encode_feature(encode *e, const plx_encoder *feature, plx_error *err);
/* [plx_feature_kind] */
static encode_feature *const writers[] = {[PLX_FEATURE_SPARSE] = encode_sparse,
                                          [PLX_FEATURE_BUCKETS] = encode_buckets,
                                          [PLX_FEATURE_DATETIME] = encode_datetime,
                                          [PLX_FEATURE_LIST] = encode_list,
                                          [PLX_FEATURE_DENSE] = encode_dense};

bool plx_onnx_knows_kind(int kind)
{
    return kind >= 0 && (size_t)kind < sizeof writers / sizeof *writers && writers[kind];
}

/* Columns that are looked up as texts: if one is also a number, the number is parsed from its text. */
static void find_texts(const encode *e)
{
    for (int i = 0; i < e->encoders->n_features; i++) {
        const plx_encoder *feature = &e->encoders->features[i];
        if (!feature->vocabulary || feature->vocabulary->hash_buckets) continue;
        e->reads_text[feature->input] = true;
        if (feature->def != &plx_feature_list) continue;
        const plx_list_encoder *list = feature->own;
        if (list->weight_input >= 0) e->reads_text[list->weight_input] = true;
    }
}

static plx_status encode_features(encode *e, plx_error *err)
{
    plx_onnx *onnx = e->onnx;
    for (int i = 0; i < e->encoders->n_features; i++) {
        const plx_encoder *feature = &e->encoders->features[i];
        if (!plx_onnx_knows_kind(feature->spec->kind))
            PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "feature '%s' is of kind %s, which has no form in ONNX",
                     feature->spec->name, feature->def->name);
        onnx->scope = feature->spec->name;
        PLX_TRY(writers[feature->spec->kind](e, feature, err));
    }
    PLX_TRY(encode_waiting(e, err));
    if (e->n_encoded)
        e->out->dense =
            e->n_encoded > 1 ? plx_onnx_along(onnx, "Concat", e->encoded, e->n_encoded, "axis", 1) : e->encoded[0];
    return PLX_OK;
}

plx_status plx_onnx_encode(plx_onnx *onnx, const plx_encoders *encoders, plx_onnx_record *out, plx_onnx_notice *notice,
                           void *user, plx_error *err)
{
    const plx_layout *layout = &encoders->layout;
    const size_t n = (size_t)encoders->n_inputs, n_features = (size_t)encoders->n_features;
    encode e = {.onnx = onnx, .encoders = encoders, .out = out, .notice = notice, .user = user};
    e.texts = plx_arena_take(onnx->arena, n, sizeof *e.texts);
    e.numbers = plx_arena_take(onnx->arena, n, sizeof *e.numbers);
    e.reads_text = plx_arena_take(onnx->arena, n, sizeof *e.reads_text);
    e.waiting = plx_arena_take(onnx->arena, n_features, sizeof *e.waiting);
    e.dense = plx_arena_take(onnx->arena, n_features, sizeof *e.dense);
    e.raw = plx_arena_take(onnx->arena, n_features, sizeof *e.raw);
    e.encoded = plx_arena_take(onnx->arena, n_features, sizeof *e.encoded);
    out->sparse = plx_arena_take(onnx->arena, (size_t)layout->n_sparse, sizeof *out->sparse);
    out->lists = plx_arena_take(onnx->arena, (size_t)layout->n_lists, sizeof *out->lists);
    out->dense = NULL;
    if (plx_arena_failed(onnx->arena)) return plx_error_memory(err);
    find_texts(&e);
    return encode_features(&e, err);
}
