/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of tasks that involve more than one field. Texts are compared as values, like labels. */
#include "data/task_check.h"

#include <math.h>
#include <string.h>

#include "base/value_text.h"
#include "data/cells.h"
#include "data/classes.h"

typedef struct checker {
    const plx_table_spec *table;
    const plx_allocator *allocator;
    plx_problems *problems;
    plx_arena *arena;
    int task; /* the one to check */
    plx_hash_seed seed;
} checker;

#define PROBLEM(c, key, ...) plx_problem_add((c)->problems, "tasks", (c)->task, (key), __VA_ARGS__)

/* -- Values ---------------------------------------------------------------------------------------------------- */

static void take_values(plx_text_list *list, plx_arena *arena)
{
    char buffer[PLX_VALUE_SIZE];
    char **items = plx_arena_take(arena, (size_t)list->n + 1, sizeof *items);
    for (int i = 0; items && i < list->n; i++) {
        const plx_slice text = plx_slice_of(list->items[i] ? list->items[i] : "");
        const plx_slice value = plx_value_of_text(text, buffer);
        items[i] = value.text == text.text && value.length == text.length
                       ? list->items[i]
                       : plx_arena_text(arena, value.text, value.length);
    }
    list->items = items;
}

void plx_task_take_values(plx_task_spec *task, plx_arena *arena)
{
    plx_text_list *const lists[] = {&task->positive, &task->negative, &task->classes, &task->where_values,
                                    &task->missing};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        take_values(lists[i], arena);
    plx_text_list names = {task->class_weights.names, task->class_weights.n};
    if (!names.items) return;
    take_values(&names, arena);
    task->class_weights.names = names.items;
}

/* -- One task -------------------------------------------------------------------------------------------------- */

/* Labels, with the lists that contain them: bit k for list k. */
typedef struct listed_labels {
    plx_dictionary labels;
    uint32_t *lists; /* [labels.n] */
} listed_labels;

/* Adds list `number`; reports each pair of lists that share a label once. */
static bool add_list(const checker *c, listed_labels *all, int number, const plx_text_list *list,
                     const char *const *keys)
{
    uint32_t reported = 0;
    for (int i = 0; i < list->n; i++) {
        const plx_slice text = plx_slice_of(list->items[i]);
        const uint64_t hash = plx_dictionary_hash(&all->labels, text);
        uint32_t at = plx_dictionary_find(&all->labels, text, hash);
        if (at == PLX_NOT_FOUND) {
            at = all->labels.n;
            if (!plx_dictionary_add(&all->labels, text, hash)) return false;
            all->lists[at] = 0;
        }
        const uint32_t others = all->lists[at] & ~(reported | 1u << number);
        for (int other = 0; other < number; other++)
            if (others >> other & 1)
                PROBLEM(c, keys[number], "label '%.100s' is in both '%s' and '%s'", text.text, keys[other],
                        keys[number]);
        reported |= others;
        all->lists[at] |= 1u << number;
    }
    return true;
}

static plx_status check_lists(const checker *c, const plx_task_spec *t)
{
    static const char *const keys[] = {"positive", "negative", "classes", "missing"};
    const plx_text_list *const lists[] = {&t->positive, &t->negative, &t->classes, &t->missing};
    listed_labels all = {.lists = NULL};
    size_t n = 0;
    for (int i = 0; i < 4; i++)
        n += (size_t)lists[i]->n;
    all.lists = plx_arena_take(c->arena, n, sizeof *all.lists);
    bool is_right = all.lists != NULL;
    plx_dictionary_init(&all.labels, c->allocator, c->seed);
    for (int i = 0; is_right && i < 4; i++)
        is_right = add_list(c, &all, i, lists[i], keys);
    plx_dictionary_release(&all.labels);
    return is_right ? PLX_OK : PLX_ERR_MEMORY;
}

/* Lists and weights of labels have no meaning for probabilities. */
static void check_soft(const checker *c, const plx_task_spec *t)
{
    static const char says[] = "'%s' lists labels, but with 'labels: soft' they are numbers: remove it";
    if (t->positive.n > 0) PROBLEM(c, "positive", says, "positive");
    if (t->negative.n > 0) PROBLEM(c, "negative", says, "negative");
    if (plx_classes_have_weights(t))
        PROBLEM(c, "class_weights",
                "'class_weights' belongs to 'labels: hard': soft labels have no class; weight rows by "
                "'weight_column'");
}

/* Weights of known labels; weights of classes that are not listed are checked after the fit. */
static plx_status check_weights(const checker *c, const plx_task_spec *t, const plx_dictionary *classes)
{
    const plx_weight_list *weights = &t->class_weights;
    const int n = plx_task_has_classes(t) ? (int)classes->n : 2;
    if (weights->n == 0 || weights->is_word || n < 2) return PLX_OK;
    plx_error failure;
    double *scratch = plx_arena_take(c->arena, (size_t)n, sizeof *scratch);
    if (scratch && plx_classes_weights(t, classes, n, scratch, &failure))
        PROBLEM(c, "class_weights", "%s", failure.message);
    return PLX_OK;
}

static plx_status check_classes(const checker *c, const plx_task_spec *t, plx_dictionary *classes)
{
    const plx_text_list *listed = &t->classes;
    bool is_twice = false;
    if (listed->n == 1) PROBLEM(c, "classes", "'classes' lists one class; list at least two");
    if (listed->n > PLX_CLASSES_MAX)
        PROBLEM(c, "classes", "'classes' lists %d classes; the maximum is %d", listed->n, PLX_CLASSES_MAX);
    for (int i = 0; i < listed->n && !is_twice; i++) {
        const plx_slice text = plx_slice_of(listed->items[i]);
        const uint64_t hash = plx_dictionary_hash(classes, text);
        is_twice = plx_dictionary_find(classes, text, hash) != PLX_NOT_FOUND;
        if (is_twice)
            PROBLEM(c, "classes", "class '%.100s' is listed twice", text.text);
        else if (!plx_dictionary_add(classes, text, hash))
            return PLX_ERR_MEMORY;
    }
    return is_twice ? PLX_OK : check_weights(c, t, classes);
}

/* Whether a list or a choice differs from its default. */
static bool is_chosen(const plx_field *field, const plx_task_spec *t)
{
    const void *at = (const unsigned char *)t + field->offset;
    if (field->type == PLX_FIELD_CHOICE) return *(const int *)at != 0;
    if (field->type == PLX_FIELD_TEXT_LIST) return ((const plx_text_list *)at)->n > 0;
    return field->type == PLX_FIELD_WEIGHT_LIST && plx_classes_have_weights(t);
}

/* Keys for tasks of other kinds. */
static bool has_strange_keys(const checker *c, const plx_task_spec *t)
{
    bool is_strange = false;
    for (size_t i = 0; i < plx_task_n_fields; i++) {
        const plx_field *field = &plx_task_fields[i];
        char text[PLX_FIELD_KINDS_TEXT];
        if (plx_field_is_for(field, t->kind) || !is_chosen(field, t)) continue;
        PROBLEM(c, field->name, "%s", plx_field_show_kinds(field, plx_task_kinds, t->kind, "tasks", text));
        is_strange = true;
    }
    return is_strange;
}

/* Whether the loss is available for this kind of task. */
static bool takes_loss(const plx_task_spec *t, const char *loss)
{
    const plx_loss *const *losses = plx_task_list[t->kind]->losses;
    while (*losses && strcmp((*losses)->name, loss) != 0)
        losses++;
    return *losses;
}

/* Numbers for another loss of this kind that are neither 0, which means not given, nor the default. */
static void check_loss_parameters(const checker *c, const plx_task_spec *t)
{
#define PARAMETER(key, KIND, loss, most, open, fallback, doc) [PLX_LOSS_##key] = {#key, #loss, fallback},
    static const struct {
        const char *key, *loss, *fallback;
    } parameters[PLX_LOSS_PARAMETERS] = {PLX_LOSS_PARAMETER_LIST(PARAMETER)};
    for (int i = PLX_LOSS_PLAIN + 1; i < PLX_LOSS_PARAMETERS; i++) {
        const double given = t->loss_parameters[i];
        double fallback;
        if ((int)plx_task_loss(t)->parameter == i || !takes_loss(t, parameters[i].loss) || !(given > 0) ||
            !plx_parse_double(plx_slice_of(parameters[i].fallback), &fallback))
            continue;
        if (given < fallback || given > fallback)
            PROBLEM(c, parameters[i].key, "'%s' belongs to 'loss: %s'", parameters[i].key, parameters[i].loss);
    }
}

static plx_status check_task(const checker *c, const plx_task_spec *given)
{
    plx_task_spec values = *given;
    const plx_task_spec *t = &values;
    const bool has_where = t->where && *t->where;
    plx_dictionary classes;
    if (!c->table->is_rule_0) plx_task_take_values(&values, c->arena);
    if (plx_arena_failed(c->arena)) return PLX_ERR_MEMORY;
    if (has_where && t->where_values.n == 0)
        PROBLEM(c, "where", "'where' requires 'where_values': the cells of that column with which a row counts");
    if (!has_where && t->where_values.n > 0)
        PROBLEM(c, "where_values", "'where_values' requires 'where': the column to look in");
    if (has_strange_keys(c, t)) return PLX_OK;
    if (t->labels == PLX_LABELS_SOFT) {
        check_soft(c, t);
        return PLX_OK;
    }
    check_loss_parameters(c, t);
    if (t->negative.n > 0 && t->positive.n == 0) PROBLEM(c, "negative", "'negative' requires 'positive'");
    PLX_TRY(check_lists(c, t));
    plx_dictionary_init(&classes, c->allocator, c->seed);
    const plx_status status = check_classes(c, t, &classes);
    plx_dictionary_release(&classes);
    return status;
}

/* -- Several tasks --------------------------------------------------------------------------------------------- */

static bool is_same_list(const plx_text_list *a, const plx_text_list *b)
{
    if (a->n != b->n) return false;
    for (int i = 0; i < b->n; i++)
        if (!plx_cell_is_listed(a, plx_slice_of(b->items[i]))) return false;
    return true;
}

/* The texts of a missing number, by the column of the tasks. */
typedef struct number_columns {
    plx_dictionary names;
    plx_text_list *missing; /* [names.n] */
} number_columns;

/* Tasks that read labels from one column must agree; a weight must never be missing. */
static bool add_numbers(const checker *c, number_columns *columns, const char *column, plx_text_list missing,
                        bool is_weight)
{
    if (!column || !*column) return true;
    const plx_slice name = plx_slice_of(column);
    const uint64_t hash = plx_dictionary_hash(&columns->names, name);
    const uint32_t known = plx_dictionary_find(&columns->names, name, hash);
    if (!c->table->is_rule_0) take_values(&missing, c->arena);
    if (plx_arena_failed(c->arena)) return false;
    if (known == PLX_NOT_FOUND) {
        if (!plx_dictionary_add(&columns->names, name, hash)) return false;
        columns->missing[columns->names.n - 1] = missing;
    } else if (!is_weight && !is_same_list(&columns->missing[known], &missing)) {
        PROBLEM(c, "missing",
                "other tasks read numbers from column '%.100s' with a different 'missing': they must agree", column);
    }
    return true;
}

static plx_status check_numbers(checker *c)
{
    const plx_table_spec *table = c->table;
    number_columns columns = {.missing = plx_arena_take(c->arena, 2 * (size_t)table->n_tasks, sizeof *columns.missing)};
    bool is_right = columns.missing != NULL;
    plx_dictionary_init(&columns.names, c->allocator, c->seed);
    for (c->task = 0; is_right && c->task < table->n_tasks; c->task++) {
        const plx_task_spec *t = &table->tasks[c->task];
        if (!plx_task_has_texts(t))
            is_right = add_numbers(c, &columns, plx_column_of(t->column, t->name), t->missing, false);
        is_right = is_right && add_numbers(c, &columns, t->weight_column, (plx_text_list){NULL, 0}, true);
    }
    plx_dictionary_release(&columns.names);
    return is_right ? PLX_OK : PLX_ERR_MEMORY;
}

plx_status plx_tasks_check(const plx_table_spec *table, const plx_allocator *allocator, plx_problems *problems)
{
    plx_arena arena;
    checker c = {
        .table = table, .allocator = allocator, .problems = problems, .arena = &arena, .seed = plx_hash_seed_draw()};
    plx_status status = PLX_OK;
    plx_arena_init(&arena, allocator);
    for (c.task = 0; c.task < table->n_tasks && !status && !plx_problems_are_many(problems); c.task++)
        status = check_task(&c, &table->tasks[c.task]);
    if (!status) status = check_numbers(&c);
    if (plx_arena_failed(&arena)) status = PLX_ERR_MEMORY;
    plx_arena_release(&arena);
    return status;
}
