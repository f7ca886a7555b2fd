/* SPDX-License-Identifier: Apache-2.0 */
/* Makes encoders from a spec: copies it, checks what involves several fields and finds the input columns. */
#include <string.h>

#include "data/encoder_def.h"
#include "data/labels.h"
#include "data/table_check.h"
#include "data/task_check.h"

static char *copy_text(plx_arena *arena, const char *text)
{
    return plx_arena_text(arena, text ? text : "", text ? strlen(text) : 0);
}

/* Replaces texts by the texts of their values. */
static void own_values(plx_encoders *e, const plx_text_list *list)
{
    char buffer[PLX_VALUE_SIZE];
    for (int i = 0; list->items && i < list->n; i++) {
        const plx_slice text = plx_slice_of(list->items[i] ? list->items[i] : "");
        const plx_slice value = plx_encoders_value(e, text, buffer);
        if (!plx_slice_equal(text, value)) list->items[i] = plx_arena_text(&e->arena, value.text, value.length);
    }
}

/* Replaces the texts and lists of `object`, the copy of a struct, by copies in the arena. */
static void own_fields(plx_arena *arena, const plx_field *fields, size_t n, void *object)
{
    for (size_t i = 0; i < n; i++) {
        void *field = (char *)object + fields[i].offset;
        if (fields[i].type == PLX_FIELD_TEXT) {
            char **text = field;
            *text = copy_text(arena, *text);
        } else if (fields[i].type == PLX_FIELD_TEXT_LIST) {
            plx_text_list *list = field;
            char **items = plx_arena_take(arena, (size_t)list->n + 1, sizeof *items);
            for (int k = 0; items && k < list->n; k++)
                items[k] = copy_text(arena, list->items[k]);
            list->items = items;
        } else if (fields[i].type == PLX_FIELD_WEIGHT_LIST) {
            plx_weight_list *list = field;
            char **names = list->names ? plx_arena_take(arena, (size_t)list->n + 1, sizeof *names) : NULL;
            for (int k = 0; names && k < list->n; k++)
                names[k] = copy_text(arena, list->names[k]);
            list->items = plx_arena_copy(arena, list->items, (size_t)list->n * sizeof *list->items);
            list->names = names;
        } else if (fields[i].type == PLX_FIELD_CHOICE_LIST) {
            plx_int_list *list = field;
            list->items = plx_arena_copy(arena, list->items, (size_t)list->n * sizeof *list->items);
        } else if (fields[i].type == PLX_FIELD_REAL_LIST) {
            plx_real_list *list = field;
            list->items = plx_arena_copy(arena, list->items, (size_t)list->n * sizeof *list->items);
        }
    }
}

static void own_task(plx_encoders *e, plx_task_spec *task)
{
    own_fields(&e->arena, plx_task_fields, plx_task_n_fields, task);
    if (!e->spec.is_rule_0) plx_task_take_values(task, &e->arena);
}

static void own_spec(plx_encoders *e, const plx_table_spec *spec)
{
    plx_arena *arena = &e->arena;
    size_t n_features = (size_t)spec->n_features, n_tasks = (size_t)spec->n_tasks;
    e->spec = *spec;
    own_fields(arena, plx_data_fields, plx_data_n_fields, &e->spec.data);
    e->spec.features = plx_arena_copy(arena, spec->features, n_features * sizeof *spec->features);
    e->spec.tasks = plx_arena_copy(arena, spec->tasks, n_tasks * sizeof *spec->tasks);
    for (size_t i = 0; e->spec.features && i < n_features; i++) {
        plx_feature_spec *feature = &e->spec.features[i];
        own_fields(arena, plx_feature_fields, plx_feature_n_fields, feature);
        if (feature->text != PLX_TEXT_EXACT) own_values(e, &feature->missing_texts);
    }
    for (size_t i = 0; e->spec.tasks && i < n_tasks; i++)
        own_task(e, &e->spec.tasks[i]);
    e->inputs = plx_arena_take(arena, PLX_FEATURE_COLUMNS * n_features + 3 * n_tasks + 2, sizeof *e->inputs);
    e->vocabularies = plx_arena_take(arena, n_features, sizeof *e->vocabularies);
    e->all = plx_arena_take(arena, n_features + n_tasks + 1, sizeof *e->all);
    e->features = e->all;
    e->tasks = plx_arena_take(arena, n_tasks, sizeof *e->tasks);
    e->id_fields = plx_arena_take(arena, PLX_FEATURE_OUTPUTS * n_features, sizeof *e->id_fields);
    e->list_fields = plx_arena_take(arena, PLX_FEATURE_OUTPUTS * n_features, sizeof *e->list_fields);
    e->label_classes = plx_arena_take(arena, (size_t)e->spec.n_tasks, sizeof *e->label_classes);
}

static void set_format(plx_encoders *e)
{
    const plx_data_spec *data = &e->spec.data;
    const char *delimiter = strcmp(data->delimiter, "tab") == 0 ? "\t" : data->delimiter;
    e->csv = (plx_csv_options){.delimiter = delimiter[0],
                               .long_delimiter = delimiter[1] ? delimiter : NULL,
                               .quote = data->quote[0],
                               .has_quote = data->quote[0] != '\0',
                               .escape = data->escape[0],
                               .trim = data->trim,
                               .trims_quoted = data->trim && !e->spec.is_rule_0,
                               .comment = data->comment};
}

int plx_encoders_input(plx_encoders *e, const char *column)
{
    plx_slice text = plx_slice_of(column);
    uint64_t hash = plx_dictionary_hash(&e->input_names, text);
    uint32_t input = plx_dictionary_find(&e->input_names, text, hash);
    if (input == PLX_NOT_FOUND) {
        if (!plx_dictionary_add(&e->input_names, text, hash)) return -1;
        input = (uint32_t)e->n_inputs++;
        e->inputs[input].column = column;
    }
    e->inputs[input].n_readers++;
    return (int)input;
}

void plx_encoders_link_size(plx_encoders *e, int input, int64_t size, const char *separator)
{
    const bool is_vector = size > 1;
    e->inputs[input].size = is_vector ? (int)size : 1;
    e->inputs[input].separator = plx_separator_of(is_vector ? separator : NULL);
}

plx_status plx_encoder_take_vocabulary(plx_encoders *e, plx_encoder *feature, plx_error *err)
{
    const plx_feature_spec *spec = feature->spec;
    const char *name = plx_table_of(spec);
    plx_slice text = plx_slice_of(name);
    uint64_t hash = plx_dictionary_hash(&e->vocabulary_names, text);
    uint32_t known = plx_dictionary_find(&e->vocabulary_names, text, hash);
    if (known == PLX_NOT_FOUND) {
        if (!plx_dictionary_add(&e->vocabulary_names, text, hash)) return plx_error_memory(err);
        known = (uint32_t)e->n_vocabularies++;
        plx_vocabulary_init(&e->vocabularies[known], name, spec, e->spec.is_rule_0 || spec->text == PLX_TEXT_EXACT,
                            &e->allocator, e->seed);
    }
    feature->vocabulary = &e->vocabularies[known];
    feature->vocabulary->n_features++;
    return PLX_OK;
}

/* Places the outputs of a feature. */
static void place_outputs(plx_encoders *e, plx_encoder *feature)
{
    feature->n_outputs = feature->def->outputs(feature->spec, feature->outputs);
    for (int i = 0; i < feature->n_outputs; i++) {
        plx_feature_output *output = &feature->outputs[i];
        int *n = output->kind == PLX_MAKES_ID     ? &e->n_ids
                 : output->kind == PLX_MAKES_LIST ? &e->layout.n_lists
                                                  : &e->layout.n_dense;
        output->place = *n;
        *n += output->kind == PLX_MAKES_NUMBERS ? output->n : 1;
    }
}

static plx_status link_columns(plx_encoders *e, plx_encoder *feature, plx_error *err)
{
    plx_input_column columns[PLX_FEATURE_COLUMNS];
    const int n = feature->def->columns(feature->spec, columns);
    for (int i = 0; i < n; i++) {
        const int input = plx_encoders_input(e, columns[i].column);
        if (input < 0) return plx_error_memory(err);
        *(i ? &feature->more[i - 1] : &feature->input) = input;
    }
    return PLX_OK;
}

static plx_status link_features(plx_encoders *e, plx_error *err)
{
    for (int i = 0; i < e->spec.n_features; i++) {
        const plx_feature_spec *spec = &e->spec.features[i];
        plx_encoder *feature = &e->all[e->n_all++];
        e->n_features++;
        *feature = (plx_encoder){.def = plx_feature_defs[spec->kind], .spec = spec, .number = i};
        PLX_TRY(link_columns(e, feature, err));
        place_outputs(e, feature);
        PLX_TRY(feature->def->link(e, feature, err));
    }
    return PLX_OK;
}

static plx_status link_target(plx_encoders *e, const plx_encoder_def *def, int number, plx_error *err)
{
    plx_encoder *target = &e->all[e->n_all++];
    *target = (plx_encoder){.def = def, .number = number};
    return def->link(e, target, err);
}

static plx_status link_targets(plx_encoders *e, plx_error *err)
{
    for (int i = 0; i < e->spec.n_tasks; i++)
        PLX_TRY(link_target(e, &plx_target_labels, i, err));
    PLX_TRY(plx_weights_link(e, e->spec.data.row_weight, &e->row_weight, err));
    return *e->spec.data.group ? link_target(e, &plx_target_group, 0, err) : PLX_OK;
}

static void list_readers(plx_encoders *e)
{
    for (int i = e->n_features - 1; i >= 0; i--) {
        plx_encoder *feature = &e->features[i];
        feature->next = e->inputs[feature->input].first_feature;
        e->inputs[feature->input].first_feature = feature;
        if (!feature->vocabulary) continue;
        feature->next_of_table = feature->vocabulary->first;
        feature->vocabulary->first = feature;
    }
    for (int i = e->layout.n_tasks - 1; i >= 0; i--) {
        plx_label_encoder *task = &e->tasks[i];
        task->next = e->inputs[task->input].first_task;
        e->inputs[task->input].first_task = task;
    }
}

static void count_alike(plx_encoders *e)
{
    for (int i = e->n_all - 1; i >= 0; i--) {
        plx_encoder *one = &e->all[i];
        const bool has_next = i + 1 < e->n_all && one[1].def == one->def;
        one->n_alike = has_next ? one[1].n_alike + 1 : 1;
    }
}

/* A cell is read either as a date or as a number. */
static plx_status check_inputs(const plx_encoders *e, plx_error *err)
{
    for (int i = 0; i < e->n_inputs; i++) {
        const plx_input *input = &e->inputs[i];
        if (input->dates && (input->numbers || input->label_numbers))
            PLX_FAIL(err, PLX_ERR_ARGUMENT, "column '%s' is read as dates by a datetime feature, and as numbers",
                     input->column);
    }
    return PLX_OK;
}

static plx_status set_up(plx_encoders *e, const plx_table_spec *spec, plx_error *err)
{
    PLX_TRY(plx_table_check_first(spec, &e->allocator, err));
    own_spec(e, spec);
    if (plx_arena_failed(&e->arena)) return plx_error_memory(err);
    set_format(e);
    PLX_TRY(link_features(e, err));
    PLX_TRY(link_targets(e, err));
    list_readers(e);
    count_alike(e);
    return check_inputs(e, err);
}

plx_status plx_encoders_create(const plx_allocator *allocator, const plx_table_spec *spec, plx_encoders **out,
                               plx_error *err)
{
    plx_encoders *e = plx_alloc_zero(allocator, 1, sizeof *e);
    if (!e) return plx_error_memory(err);
    atomic_init(&e->holders, 1);
    e->allocator = *allocator;
    e->seed = plx_hash_seed_draw();
    plx_arena_init(&e->arena, &e->allocator);
    pthread_mutex_init(&e->mutex, NULL);
    plx_dictionary_init(&e->input_names, &e->allocator, e->seed);
    plx_dictionary_init(&e->vocabulary_names, &e->allocator, e->seed);
    plx_status status = set_up(e, spec, err);
    if (status) {
        plx_encoders_release(e);
        return status;
    }
    *out = e;
    return PLX_OK;
}

plx_encoders *plx_encoders_retain(const plx_encoders *encoders)
{
    plx_encoders *e = (plx_encoders *)(uintptr_t)encoders; /* only the count changes */
    atomic_fetch_add_explicit(&e->holders, 1, memory_order_relaxed);
    return e;
}

void plx_encoders_release(plx_encoders *e)
{
    if (!e || atomic_fetch_sub_explicit(&e->holders, 1, memory_order_acq_rel) != 1) return;
    plx_allocator allocator = e->allocator;
    for (int i = 0; i < e->n_vocabularies; i++)
        plx_vocabulary_release(&e->vocabularies[i]);
    plx_dictionary_release(&e->vocabulary_names);
    plx_labels_release(e);
    plx_dictionary_release(&e->input_names);
    plx_arena_release(&e->arena);
    pthread_mutex_destroy(&e->mutex);
    plx_free(&allocator, e);
}

void *plx_encoders_take(plx_encoders *e, size_t count, size_t size)
{
    pthread_mutex_lock(&e->mutex);
    void *memory = plx_arena_take(&e->arena, count, size);
    pthread_mutex_unlock(&e->mutex);
    return memory;
}

void plx_encoders_seal(plx_encoders *e)
{
    for (int i = 0; i < e->n_features; i++) {
        const plx_encoder *feature = &e->features[i];
        for (int k = 0; k < feature->n_outputs; k++) {
            const plx_feature_output *output = &feature->outputs[k];
            if (output->kind == PLX_MAKES_ID) feature->def->seal_id(feature, k, &e->id_fields[output->place]);
            if (output->kind == PLX_MAKES_LIST) feature->def->seal_list(feature, k, &e->list_fields[output->place]);
        }
    }
    for (int i = 0; i < e->layout.n_tasks; i++)
        e->label_classes[i] = e->tasks[i].classes.n;
    plx_layout_init(&e->layout, &(plx_layout_parts){.sparse = e->id_fields,
                                                    .n_sparse = e->n_ids,
                                                    .lists = e->list_fields,
                                                    .n_lists = e->layout.n_lists,
                                                    .n_dense = e->layout.n_dense,
                                                    .n_tasks = e->layout.n_tasks,
                                                    .classes = e->label_classes,
                                                    .has_weights = e->layout.has_weights,
                                                    .has_group = e->layout.has_group});
}

const plx_layout *plx_encoders_layout(const plx_encoders *encoders)
{
    return &encoders->layout;
}

int plx_encoders_n_classes(const plx_encoders *encoders, int task)
{
    return (int)encoders->tasks[task].classes.n;
}

plx_slice plx_encoders_class(const plx_encoders *encoders, int task, int number)
{
    return plx_dictionary_text(&encoders->tasks[task].classes, (uint32_t)number);
}
