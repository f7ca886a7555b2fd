/* SPDX-License-Identifier: Apache-2.0 */
/* Checks file formats, names and columns; features.c and task_check.c check the options of features and tasks. */
#include "data/table_check.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "data/cells.h"
#include "data/dictionary.h"
#include "data/features.h"
#include "data/task_check.h"
#include "files/csv.h"

enum { NAME_MAX_BYTES = 128 };

typedef struct checker {
    const plx_table_spec *table;
    const plx_allocator *allocator;
    plx_problems *problems;
    plx_hash_seed seed;
} checker;

static const char *text_of(const char *text)
{
    return text ? text : "";
}

/* -- Section data ---------------------------------------------------------------------------------------------- */

#define PROBLEM(c, key, ...) plx_problem_add((c)->problems, "data", -1, (key), __VA_ARGS__)

/* A visible byte, or empty. */
static bool is_visible_byte(const char *text)
{
    return !*text || (strlen(text) == 1 && !strchr("\r\n \t", *text));
}

static void check_bytes(const checker *c, const plx_data_spec *data)
{
    const char *quote = text_of(data->quote), *escape = text_of(data->escape);
    const char *delimiter = strcmp(text_of(data->delimiter), "tab") == 0 ? "\t" : text_of(data->delimiter);
    const size_t length = strlen(delimiter);
    if (length < 1 || length > PLX_CSV_MAX_DELIMITER || strpbrk(delimiter, "\r\n"))
        PROBLEM(c, "delimiter", "'delimiter' must be 1 to %d bytes without a line end, or the word tab, not %s",
                PLX_CSV_MAX_DELIMITER, plx_cell_show(plx_slice_of(delimiter)).text);
    else if (length > 1 && strspn(delimiter, " \t") == length)
        PROBLEM(c, "delimiter", "'delimiter' consists of several blanks; choose one of them");
    if (!is_visible_byte(quote))
        PROBLEM(c, "quote", "'quote' must be one visible byte, or empty for none, not %s",
                plx_cell_show(plx_slice_of(quote)).text);
    else if (*quote && *quote == *delimiter)
        PROBLEM(c, *quote == '"' ? "delimiter" : "quote", "'quote' and 'delimiter' are the same byte: choose another");
    if (!is_visible_byte(escape))
        PROBLEM(c, "escape", "'escape' must be one visible byte, or empty for none, not %s",
                plx_cell_show(plx_slice_of(escape)).text);
    else if (*escape && (*escape == *delimiter || *escape == *quote))
        PROBLEM(c, "escape",
                "'escape' is also the delimiter or the quote; remove it: a quote inside a quoted cell can be doubled");
}

static void check_format(const checker *c, const plx_data_spec *data)
{
    const char *decimal = text_of(data->decimal);
    check_bytes(c, data);
    if (*decimal && strcmp(decimal, ".") != 0 && strcmp(decimal, ",") != 0)
        PROBLEM(c, "decimal", "'decimal' must be a point or a comma, not %s",
                plx_cell_show(plx_slice_of(decimal)).text);
    if (strpbrk(text_of(data->comment), "\r\n"))
        PROBLEM(c, "comment", "'comment' is the start of a line and cannot contain a line end");
    if (!data->header && data->columns.n == 0)
        PROBLEM(c, "header", "files without a header need 'columns': the columns' names in file order");
    if (data->columns.n > PLX_CSV_MAX_CELLS)
        PROBLEM(c, "columns", "'columns' has %d names; the maximum is %d", data->columns.n, PLX_CSV_MAX_CELLS);
}

static void check_part(const checker *c, const char *key, double part, const char *files_key, int n_files)
{
    if (!(part >= 0) || (part >= 1 && part != floor(part)))
        PROBLEM(c, key, "'%s' must be a fraction below 1 or a whole number of rows, not %g", key, part);
    else if (part > 0 && n_files > 0)
        PROBLEM(c, key, "'%s' takes rows from the training files, but '%s' names files: give one or the other", key,
                files_key);
}

static void check_standard_input(const checker *c, const plx_data_spec *data)
{
    static const char *const keys[] = {"train", "validation", "test"};
    const plx_text_list *const lists[] = {&data->train, &data->validation, &data->test};
    bool is_taken = false;
    for (int list = 0; list < 3; list++) {
        for (int i = 0; i < lists[list]->n; i++) {
            if (strcmp(lists[list]->items[i], "-") != 0) continue;
            if (is_taken) PROBLEM(c, keys[list], "standard input, '-', can be read only once");
            is_taken = true;
        }
    }
}

static void check_data(const checker *c)
{
    const plx_data_spec *data = &c->table->data;
    check_format(c, data);
    check_standard_input(c, data);
    check_part(c, "validation_part", data->validation_part, "validation", data->validation.n);
    check_part(c, "test_part", data->test_part, "test", data->test.n);
}

/* -- Names ----------------------------------------------------------------------------------------------------- */

/* The name of a feature or task is used in parameter names and messages. */
static plx_status check_name(const checker *c, const char *section, int entry, const char *name)
{
    bool has_control = false;
    plx_string shown;
    for (const char *at = name; *at; at++)
        has_control |= *at > 0 && *at < 0x20;
    if (*name && strlen(name) <= NAME_MAX_BYTES && !has_control) return PLX_OK;
    plx_string_init(&shown, c->allocator);
    plx_string_json(&shown, (plx_slice){name, strnlen(name, 2 * (size_t)NAME_MAX_BYTES)});
    if (!shown.failed)
        plx_problem_add(
            c->problems, section, entry, "name",
            "a name must have 1 to %d characters on one line, without tabs and other control characters, not %s",
            (int)NAME_MAX_BYTES, shown.text);
    const plx_status status = shown.failed ? PLX_ERR_MEMORY : PLX_OK;
    plx_string_release(&shown);
    return status;
}

/* Adds a name that must be unique. */
static plx_status add_name(const checker *c, plx_dictionary *names, const char *name, const char *section, int entry,
                           const char *key)
{
    const plx_slice text = plx_slice_of(name);
    const uint64_t hash = plx_dictionary_hash(names, text);
    if (plx_dictionary_find(names, text, hash) != PLX_NOT_FOUND) {
        plx_problem_add(c->problems, section, entry, key, "%s '%.128s' appears twice: names must be unique",
                        entry < 0 ? "column" : "the name", name);
        return PLX_OK;
    }
    return plx_dictionary_add(names, text, hash) ? PLX_OK : PLX_ERR_MEMORY;
}

static plx_status check_entry_names(const checker *c, const char *section, int n)
{
    plx_dictionary names;
    plx_status status = PLX_OK;
    if (n == 0)
        plx_problem_add(c->problems, section, -1, NULL, "section '%s' is empty; a model needs at least one %s", section,
                        strcmp(section, "features") == 0 ? "feature" : "task");
    plx_dictionary_init(&names, c->allocator, c->seed);
    for (int i = 0; i < n && !status && !plx_problems_are_many(c->problems); i++) {
        const char *name = plx_table_entry(c->table, section, i);
        if (!name) continue;
        status = check_name(c, section, i, name);
        if (!status && *name) status = add_name(c, &names, name, section, i, "name");
    }
    plx_dictionary_release(&names);
    return status;
}

const char *plx_table_entry(const plx_table_spec *table, const char *section, int entry)
{
    if (entry < 0) return NULL;
    return strcmp(section, "features") == 0 ? table->features[entry].name : table->tasks[entry].name;
}

/* -- Columns --------------------------------------------------------------------------------------------------- */

/* A column that an entry reads; entry -1: section data. */
typedef struct column_use {
    const char *section;
    int entry;
    const plx_field *field; /* the field that names the column */
    const char *column;
} column_use;

/* Calls `visit` for every named column, until it returns an error. */
typedef plx_status column_visit(void *user, const column_use *use);

static plx_status visit_column(const char *column, column_use *use, column_visit *visit, void *user)
{
    if (!column || !*column) return PLX_OK;
    use->column = column;
    return visit(user, use);
}

/* `kind`: of the object; below 0: it has none. */
static plx_status visit_fields(const plx_field *fields, size_t n, const void *object, int kind, const char *name,
                               column_use *use, column_visit *visit, void *user)
{
    for (size_t i = 0; i < n; i++) {
        const void *at = (const unsigned char *)object + fields[i].offset;
        if (!fields[i].is_column || (kind >= 0 && !plx_field_is_for(&fields[i], kind))) continue;
        use->field = &fields[i];
        if (fields[i].type == PLX_FIELD_TEXT_LIST) {
            const plx_text_list *list = at;
            for (int k = 0; k < list->n; k++)
                PLX_TRY(visit_column(list->items[k], use, visit, user));
        } else {
            const char *column = *(char *const *)at;
            const bool is_own = (!column || !*column) && strcmp(fields[i].name, "column") == 0;
            PLX_TRY(visit_column(is_own ? name : column, use, visit, user));
        }
    }
    return PLX_OK;
}

static plx_status visit_features(const plx_table_spec *table, column_visit *visit, void *user)
{
    column_use use = {.section = "features"};
    for (use.entry = 0; use.entry < table->n_features; use.entry++) {
        const plx_feature_spec *f = &table->features[use.entry];
        PLX_TRY(visit_fields(plx_feature_fields, plx_feature_n_fields, f, f->kind, f->name, &use, visit, user));
    }
    return PLX_OK;
}

static plx_status visit_tasks(const plx_table_spec *table, column_visit *visit, void *user)
{
    column_use use = {.section = "tasks"};
    for (use.entry = 0; use.entry < table->n_tasks; use.entry++) {
        const plx_task_spec *t = &table->tasks[use.entry];
        PLX_TRY(visit_fields(plx_task_fields, plx_task_n_fields, t, t->kind, t->name, &use, visit, user));
    }
    return PLX_OK;
}

static plx_status visit_data(const plx_table_spec *table, column_visit *visit, void *user)
{
    column_use use = {.section = "data", .entry = -1};
    return visit_fields(plx_data_fields, plx_data_n_fields, &table->data, -1, "", &use, visit, user);
}

/* Numbers in a cell, and their separator; a size of 1 has none. */
typedef struct cell_shape {
    int64_t size;
    plx_slice separator;
} cell_shape;

/* Names, with a property of each. */
typedef struct column_list {
    const checker *c;
    plx_dictionary names;
    int *tasks;         /* [names.n]: the task with these labels */
    cell_shape *shapes; /* [names.n] */
    size_t shapes_capacity;
} column_list;

static plx_status check_is_listed(void *user, const column_use *use)
{
    column_list *list = user;
    const plx_text_list *columns = &list->c->table->data.columns;
    const plx_slice name = plx_slice_of(use->column);
    if (plx_problems_are_many(list->c->problems)) return PLX_OK;
    if (plx_dictionary_find(&list->names, name, plx_dictionary_hash(&list->names, name)) != PLX_NOT_FOUND)
        return PLX_OK;
    const char *nearest = plx_nearest(name, (const char *const *)columns->items, (size_t)columns->n);
    plx_problem_add(list->c->problems, use->section, use->entry, use->field->name,
                    "column '%.128s' is not in data.columns%s%.128s%s", use->column, nearest ? "; did you mean '" : "",
                    nearest ? nearest : "", nearest ? "'?" : "");
    return PLX_OK;
}

/* Every column that is read must be in data.columns, and their names must be unique. */
static plx_status check_listed(const checker *c)
{
    const plx_text_list *columns = &c->table->data.columns;
    column_list list = {.c = c};
    plx_status status = PLX_OK;
    if (columns->n == 0) return PLX_OK;
    plx_dictionary_init(&list.names, c->allocator, c->seed);
    for (int i = 0; i < columns->n && !status; i++) {
        if (!*columns->items[i])
            PROBLEM(c, "columns", "the name of column %d is empty", i + 1);
        else
            status = add_name(c, &list.names, columns->items[i], "data", -1, "columns");
    }
    if (!status) status = visit_features(c->table, check_is_listed, &list);
    if (!status) status = visit_tasks(c->table, check_is_listed, &list);
    if (!status) status = visit_data(c->table, check_is_listed, &list);
    plx_dictionary_release(&list.names);
    return status;
}

static plx_status check_is_no_label(void *user, const column_use *use)
{
    column_list *list = user;
    const plx_table_spec *table = list->c->table;
    const plx_slice name = plx_slice_of(use->column);
    const uint32_t at = plx_dictionary_find(&list->names, name, plx_dictionary_hash(&list->names, name));
    if (at == PLX_NOT_FOUND) return PLX_OK;
    plx_problem_add(list->c->problems, use->section, use->entry, use->field->name,
                    "column '%.128s' contains the labels of task '%.128s' and cannot be a feature: "
                    "remove feature '%.128s'",
                    use->column, text_of(table->tasks[list->tasks[at]].name),
                    text_of(table->features[use->entry].name));
    return PLX_OK;
}

/* No feature may read a column of labels. */
static plx_status check_labels(const checker *c)
{
    const plx_table_spec *table = c->table;
    column_list list = {.c = c, .tasks = plx_alloc(c->allocator, (size_t)table->n_tasks + 1, sizeof *list.tasks)};
    plx_status status = list.tasks ? PLX_OK : PLX_ERR_MEMORY;
    plx_dictionary_init(&list.names, c->allocator, c->seed);
    for (int i = 0; i < table->n_tasks && !status; i++) {
        const plx_slice name = plx_slice_of(text_of(plx_column_of(table->tasks[i].column, table->tasks[i].name)));
        const uint64_t hash = plx_dictionary_hash(&list.names, name);
        if (!name.length || plx_dictionary_find(&list.names, name, hash) != PLX_NOT_FOUND) continue;
        list.tasks[list.names.n] = i;
        if (!plx_dictionary_add(&list.names, name, hash)) status = PLX_ERR_MEMORY;
    }
    if (!status) status = visit_features(table, check_is_no_label, &list);
    plx_dictionary_release(&list.names);
    plx_free(c->allocator, list.tasks);
    return status;
}

static plx_status check_shape(void *user, const column_use *use)
{
    column_list *list = user;
    const plx_table_spec *table = list->c->table;
    const bool is_feature = strcmp(use->section, "features") == 0;
    const bool is_data = use->entry < 0, is_weights = strcmp(use->field->name, "weight_column") == 0;
    cell_shape shape = {.size = 1};
    if ((is_feature && is_weights) || (is_data && strcmp(use->field->name, "group") == 0)) return PLX_OK;
    if (is_feature && table->features[use->entry].size > 1)
        shape = (cell_shape){table->features[use->entry].size, plx_separator_of(table->features[use->entry].separator)};
    const plx_slice name = plx_slice_of(use->column);
    const uint64_t hash = plx_dictionary_hash(&list->names, name);
    const uint32_t at = plx_dictionary_find(&list->names, name, hash);
    if (at == PLX_NOT_FOUND) {
        if (plx_grow(list->c->allocator, &list->shapes, &list->shapes_capacity, (size_t)list->names.n + 1,
                     sizeof *list->shapes) ||
            !plx_dictionary_add(&list->names, name, hash))
            return PLX_ERR_MEMORY;
        list->shapes[list->names.n - 1] = shape;
    } else if (shape.size != list->shapes[at].size || !plx_slice_equal(shape.separator, list->shapes[at].separator)) {
        plx_problem_add(list->c->problems, use->section, use->entry, use->field->name,
                        "column '%.128s' is also read with a different 'size' or 'separator': all readers must agree",
                        use->column);
    }
    return PLX_OK;
}

/* All readers of a column must expect the same number of values in a cell. */
static plx_status check_shapes(const checker *c)
{
    column_list list = {.c = c};
    plx_dictionary_init(&list.names, c->allocator, c->seed);
    plx_status status = visit_features(c->table, check_shape, &list);
    if (!status) status = visit_tasks(c->table, check_shape, &list);
    if (!status) status = visit_data(c->table, check_shape, &list);
    plx_dictionary_release(&list.names);
    plx_free(c->allocator, list.shapes);
    return status;
}

/* -- All ------------------------------------------------------------------------------------------------------- */

plx_status plx_table_check(const plx_table_spec *table, const plx_allocator *allocator, plx_problems *problems)
{
    const checker c = {.table = table, .allocator = allocator, .problems = problems, .seed = plx_hash_seed_draw()};
    check_data(&c);
    PLX_TRY(check_entry_names(&c, "features", table->n_features));
    PLX_TRY(check_entry_names(&c, "tasks", table->n_tasks));
    PLX_TRY(plx_features_check(table, allocator, problems));
    PLX_TRY(plx_tasks_check(table, allocator, problems));
    PLX_TRY(check_shapes(&c));
    return check_listed(&c);
}

plx_status plx_table_check_leaks(const plx_table_spec *table, const plx_allocator *allocator, plx_problems *problems)
{
    const checker c = {.table = table, .allocator = allocator, .problems = problems, .seed = plx_hash_seed_draw()};
    return check_labels(&c);
}

typedef struct first_problem {
    const plx_table_spec *table;
    plx_error error;
} first_problem;

static void keep_first(void *user, const char *section, int entry, const char *key, const char *message)
{
    first_problem *first = user;
    plx_problem_set_first(&first->error, section, plx_table_entry(first->table, section, entry), key, message);
}

plx_status plx_table_check_first(const plx_table_spec *table, const plx_allocator *allocator, plx_error *err)
{
    first_problem first = {.table = table, .error = {.code = PLX_OK}};
    plx_problems problems = {.report = keep_first, .user = &first};
    if (plx_table_check(table, allocator, &problems)) return plx_error_memory(err);
    return plx_problem_status(&first.error, err);
}
