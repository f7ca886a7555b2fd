/* SPDX-License-Identifier: Apache-2.0 */
/* Parses the YAML document into the specs, by their tables. Each mistake is recorded and parsing continues. */
#include <string.h>

#include "config/config_document.h"

enum { NAMES_MAX = 64 };

/** A mapping and its allowed keys. */
typedef struct section {
    const char *title; /* "section 'data'" */
    const plx_field *fields;
    size_t n_fields;
    const char *extra;        /* a key besides the table's, read by the caller; NULL: none */
    const char *waived;       /* a field without default that may still be missing; NULL: none */
    const char *const *kinds; /* of the key `kind`, which selects between fields of one name; NULL: none */
} section;

typedef struct parser {
    plx_document document;
    plx_spec *spec;
    plx_spec_places places;
    plx_error *err;
    bool has_early_problems; /* from assignments and views */
} parser;

static const char *const section_names[] = {"data", "features", "tasks", "model", "train"};
enum { N_SECTIONS = sizeof section_names / sizeof *section_names };

static void unknown_key(parser *p, const yaml_node_t *key, const char *title, const char *const *names, size_t n)
{
    plx_slice text = plx_node_text(key);
    const char *nearest = plx_nearest(text, names, n);
    if (key->type != YAML_SCALAR_NODE) {
        plx_document_problem(&p->document, key, "a key of %s must be a name, not a list or mapping", title);
    } else if (nearest) {
        plx_document_problem(&p->document, key, "unknown key '%.*s' in %s; did you mean '%s'?", (int)text.length,
                             text.text, title, nearest);
    } else {
        char all[360] = "";
        size_t used = 0;
        for (size_t i = 0; i < n && used + strlen(names[i]) + 3 < sizeof all; i++) {
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", names[i]);
        }
        plx_document_problem(&p->document, key, "unknown key '%.*s' in %s; valid keys: %s",
                             (int)(text.length < 60 ? text.length : 60), text.text, title, all);
    }
}

static size_t list_keys(const section *s, const char *names[NAMES_MAX])
{
    size_t n = 0;
    if (s->extra) names[n++] = s->extra;
    for (size_t i = 0; i < s->n_fields && n < NAMES_MAX; i++)
        names[n++] = s->fields[i].name;
    return n;
}

/** Reports a duplicate key; its value is ignored. */
static bool is_duplicate(parser *p, const yaml_node_t *mapping, const yaml_node_pair_t *pair)
{
    const yaml_node_t *key = plx_document_node(&p->document, pair->key);
    plx_slice text = plx_node_text(key);
    for (const yaml_node_pair_t *earlier = mapping->data.mapping.pairs.start; earlier < pair; earlier++) {
        const yaml_node_t *other = plx_document_node(&p->document, earlier->key);
        if (other->type != YAML_SCALAR_NODE || !plx_slice_equal(plx_node_text(other), text)) continue;
        plx_document_problem(&p->document, key, "key '%.*s' appears twice, first in line %zu", (int)text.length,
                             text.text, other->start_mark.line + 1);
        return true;
    }
    return false;
}

/** The number of an entry's kind; negative if it has none. */
static int kind_of(parser *p, const yaml_node_t *entry, const section *s)
{
    const plx_slice text = plx_node_text(plx_document_value(&p->document, entry, "kind"));
    for (int kind = 0; s->kinds && s->kinds[kind]; kind++)
        if (plx_slice_equal(text, plx_slice_of(s->kinds[kind]))) return kind;
    return -1;
}

static void set_field(parser *p, const plx_field *field, void *object, const yaml_node_t *value)
{
    plx_error failure;
    plx_raw raw;
    if (!plx_document_raw(&p->document, value, &raw)) return;
    plx_status status = plx_field_set(field, object, &raw, &p->spec->arena, &failure);
    if (status == PLX_ERR_MEMORY) {
        p->document.out_of_memory = true;
    } else if (status != PLX_OK) {
        plx_document_problem(&p->document, value, "%s", failure.message);
    }
}

static bool is_mapping(parser *p, const yaml_node_t *node, const char *title)
{
    if (node && node->type == YAML_MAPPING_NODE) return true;
    plx_document_problem(&p->document, node, "%s must be a mapping: lines of KEY: VALUE", title);
    return false;
}

/** Defaults, then every pair of the mapping, then a check for missing keys. Without a mapping: only defaults. */
static void fill(parser *p, const yaml_node_t *mapping, const section *s, void *object)
{
    const char *names[NAMES_MAX];
    size_t n_names = list_keys(s, names);
    if (plx_fields_default(s->fields, s->n_fields, object, &p->spec->arena, p->err) != PLX_OK) {
        p->document.out_of_memory = true;
    }
    if (!mapping || !is_mapping(p, mapping, s->title)) return;
    const int kind = kind_of(p, mapping, s);
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
         pair++) {
        const yaml_node_t *key = plx_document_node(&p->document, pair->key);
        plx_slice text = plx_node_text(key);
        const plx_field *field = plx_field_find_for(s->fields, s->n_fields, text, kind);
        bool is_extra = s->extra && plx_slice_equal(text, plx_slice_of(s->extra));
        if (plx_document_is_full(&p->document)) return;
        if (key->type != YAML_SCALAR_NODE || (!field && !is_extra)) {
            unknown_key(p, key, s->title, names, n_names);
        } else if (!is_duplicate(p, mapping, pair) && field) {
            set_field(p, field, object, plx_document_node(&p->document, pair->value));
        }
    }
    for (size_t i = 0; i < s->n_fields; i++) {
        const plx_field *field = &s->fields[i];
        if (field->fallback || plx_document_key(&p->document, mapping, field->name)) continue;
        if (s->waived && strcmp(s->waived, field->name) == 0) continue;
        plx_document_problem(&p->document, mapping, "%s: '%s' is missing: %s", s->title, field->name, field->doc);
    }
}

/** Reports keys that have no meaning for the entry's kind, one of `kinds`; messages call such entries `what`. The keys
 * get their defaults here, so that their values cause no further messages. */
static void check_keys(parser *p, const yaml_node_t *entry, const section *s, void *object, const char *const *kinds,
                       int kind, const char *what)
{
    for (size_t i = 0; i < s->n_fields; i++) {
        const plx_field *field = &s->fields[i];
        const yaml_node_t *key = plx_document_key(&p->document, entry, field->name);
        const plx_slice name = plx_slice_of(field->name);
        char text[PLX_FIELD_KINDS_TEXT];
        if (!key || plx_field_is_for(plx_field_find_for(s->fields, s->n_fields, name, kind), kind)) continue;
        plx_document_problem(&p->document, key, "%s", plx_field_show_kinds(field, kinds, kind, what, text));
        if (plx_fields_default(field, 1, object, &p->spec->arena, p->err)) p->document.out_of_memory = true;
    }
}

static void add_feature(parser *p, const plx_feature_spec *feature, const yaml_node_t *place)
{
    plx_table_spec *table = &p->spec->table;
    table->features[table->n_features] = *feature;
    p->places.feature[table->n_features] = place;
    table->n_features++;
}

/** One feature for each of `names`, with the entry's other options. */
static void add_named_features(parser *p, const yaml_node_t *entry, const yaml_node_t *names, plx_feature_spec feature)
{
    if (plx_document_key(&p->document, entry, "name") || plx_document_key(&p->document, entry, "column")) {
        plx_document_problem(&p->document, names, "'names' replaces 'name' and 'column'; give one or the other");
        return;
    }
    if (names->type != YAML_SEQUENCE_NODE || names->data.sequence.items.start == names->data.sequence.items.top) {
        plx_document_problem(&p->document, names, "'names' must be a list of names");
        return;
    }
    for (const yaml_node_item_t *item = names->data.sequence.items.start; item < names->data.sequence.items.top;
         item++) {
        const yaml_node_t *node = plx_document_node(&p->document, *item);
        const plx_field *field = plx_field_find(plx_feature_fields, plx_feature_n_fields, plx_slice_of("name"));
        if (plx_document_is_full(&p->document)) return;
        feature.name = NULL;
        set_field(p, field, &feature, node);
        if (!feature.name) continue;
        feature.column = feature.name;
        add_feature(p, &feature, node);
    }
}

static void parse_feature(parser *p, const yaml_node_t *entry)
{
    const yaml_node_t *names = plx_document_value(&p->document, entry, "names");
    section s = {.title = "an entry of features",
                 .fields = plx_feature_fields,
                 .n_fields = plx_feature_n_fields,
                 .extra = "names",
                 .kinds = plx_feature_kinds,
                 .waived = names ? "name" : NULL};
    plx_feature_spec feature = {0};
    if (!is_mapping(p, entry, s.title)) return;
    fill(p, entry, &s, &feature);
    if (plx_document_key(&p->document, entry, "kind"))
        check_keys(p, entry, &s, &feature, plx_feature_kinds, feature.kind, "features");
    if (names) {
        add_named_features(p, entry, names, feature);
    } else if (feature.name) {
        if (!feature.column || feature.column[0] == '\0') feature.column = feature.name;
        add_feature(p, &feature, entry);
    }
}

/** The length of a section that is a list; reports a problem if it is not one. */
static long list_length(parser *p, const yaml_node_t *node, const char *title)
{
    if (!node) return 0;
    if (node->type == YAML_SEQUENCE_NODE) return node->data.sequence.items.top - node->data.sequence.items.start;
    plx_document_problem(&p->document, node, "section '%s' must be a list: lines of - name: NAME", title);
    return 0;
}

/** The number of features in the section, including aliases. */
static long count_features(parser *p, const yaml_node_t *node, long n_entries)
{
    long n = 0;
    for (long i = 0; i < n_entries; i++) {
        const yaml_node_t *entry = plx_document_node(&p->document, node->data.sequence.items.start[i]);
        const yaml_node_t *names = plx_document_value(&p->document, entry, "names");
        bool is_list = names && names->type == YAML_SEQUENCE_NODE;
        long here = is_list ? names->data.sequence.items.top - names->data.sequence.items.start : 1;
        if (!plx_document_spend(&p->document, entry, here)) return -1;
        n += here;
    }
    return n;
}

/** Sorts by kind in the order of the list of kinds (sparse features first, dense ones last), and keeps the order within
 * a kind: the model reads features in this order. */
static void sort_features(parser *p)
{
    plx_table_spec *table = &p->spec->table;
    size_t n = (size_t)table->n_features, at = 0;
    plx_feature_spec *features = plx_arena_take(&p->spec->arena, n + 1, sizeof *features);
    const yaml_node_t **places = plx_arena_take(&p->document.scratch, n + 1, sizeof *places);
    if (!features || !places) {
        p->document.out_of_memory = true;
        return;
    }
    for (int kind = 0; plx_feature_kinds[kind]; kind++) {
        for (size_t i = 0; i < n; i++) {
            if (table->features[i].kind != kind) continue;
            features[at] = table->features[i];
            places[at++] = p->places.feature[i];
        }
    }
    table->features = features;
    p->places.feature = places;
}

static void parse_features(parser *p, const yaml_node_t *node)
{
    const int n_problems = p->document.n_problems;
    long n_entries = list_length(p, node, "features"), n = count_features(p, node, n_entries);
    if (!node || n < 0) return;
    p->spec->table.features = plx_arena_take(&p->spec->arena, (size_t)n + 1, sizeof *p->spec->table.features);
    p->places.feature = plx_arena_take(&p->document.scratch, (size_t)n + 1, sizeof *p->places.feature);
    if (!p->spec->table.features || !p->places.feature) {
        p->document.out_of_memory = true;
        return;
    }
    for (long i = 0; i < n_entries && !plx_document_is_full(&p->document); i++) {
        parse_feature(p, plx_document_node(&p->document, node->data.sequence.items.start[i]));
    }
    const bool is_read =
        node->type == YAML_SEQUENCE_NODE && p->document.n_problems == n_problems && !p->has_early_problems;
    if (p->spec->table.n_features > 0 || is_read) p->places.features = node;
    sort_features(p);
}

static void parse_tasks(parser *p, const yaml_node_t *node)
{
    const section s = {.title = "an entry of tasks", .fields = plx_task_fields, .n_fields = plx_task_n_fields};
    long n = list_length(p, node, "tasks");
    if (!node) return;
    plx_table_spec *table = &p->spec->table;
    table->tasks = plx_arena_take(&p->spec->arena, (size_t)n + 1, sizeof *table->tasks);
    p->places.task = plx_arena_take(&p->document.scratch, (size_t)n + 1, sizeof *p->places.task);
    if (!table->tasks || !p->places.task) {
        p->document.out_of_memory = true;
        return;
    }
    for (long i = 0; i < n && !plx_document_is_full(&p->document); i++) {
        const yaml_node_t *entry = plx_document_node(&p->document, node->data.sequence.items.start[i]);
        plx_task_spec *task = &table->tasks[table->n_tasks];
        if (!is_mapping(p, entry, s.title)) continue;
        fill(p, entry, &s, task);
        check_keys(p, entry, &s, task, plx_task_kinds, task->kind, "tasks");
        if (!task->column || task->column[0] == '\0') task->column = task->name;
        p->places.task[table->n_tasks++] = entry;
    }
    if (node->type == YAML_SEQUENCE_NODE && n == table->n_tasks) p->places.tasks = node;
}

static void unknown_model(parser *p, const yaml_node_t *node)
{
    const char *names[NAMES_MAX];
    size_t n = 0;
    while (n < NAMES_MAX && plx_model_list[n]) {
        names[n] = plx_model_list[n]->name;
        n++;
    }
    char all[200] = "";
    size_t used = 0;
    for (size_t i = 0; i < n && used + strlen(names[i]) + 3 < sizeof all; i++) {
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    plx_slice text = plx_node_text(node);
    const char *nearest = plx_nearest(text, names, n);
    plx_document_problem(&p->document, node, "unknown model '%.*s'; %s%s%svalid models: %s",
                         (int)(text.length < 60 ? text.length : 60), text.text, nearest ? "did you mean '" : "",
                         nearest ? nearest : "", nearest ? "'? " : "", all);
}

static void parse_model(parser *p, const yaml_node_t *node)
{
    if (!node || !is_mapping(p, node, "section 'model'")) return;
    const yaml_node_t *name = plx_document_value(&p->document, node, "name");
    p->places.model = node;
    if (!name) {
        plx_document_problem(&p->document, node,
                             "section 'model': 'name' is missing: the model to train, such as mmoe");
        return;
    }
    p->spec->def = plx_model_find(plx_node_text(name));
    if (!p->spec->def) {
        unknown_model(p, name);
        return;
    }
    char title[80];
    snprintf(title, sizeof title, "section 'model' of %s", p->spec->def->name);
    section s = {.title = title, .fields = p->spec->def->fields, .n_fields = *p->spec->def->n_fields, .extra = "name"};
    fill(p, node, &s, &p->spec->model);
}

/** Reports unknown, repeated and missing sections. */
static void check_sections(parser *p, const yaml_node_t *root)
{
    for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = plx_document_node(&p->document, pair->key);
        bool is_known = false;
        if (plx_document_is_full(&p->document)) return;
        for (int i = 0; i < N_SECTIONS; i++) {
            is_known = is_known || plx_slice_equal(plx_node_text(key), plx_slice_of(section_names[i]));
        }
        if (is_known) {
            is_duplicate(p, root, pair);
        } else {
            unknown_key(p, key, "the configuration", section_names, N_SECTIONS);
        }
    }
    for (int i = 0; i < N_SECTIONS; i++) {
        if (strcmp(section_names[i], "train") == 0 || plx_document_key(&p->document, root, section_names[i])) continue;
        plx_document_problem(&p->document, root, "section '%s' is missing", section_names[i]);
    }
}

static void parse_root(parser *p)
{
    const section data = {.title = "section 'data'", .fields = plx_data_fields, .n_fields = plx_data_n_fields};
    const section train = {.title = "section 'train'", .fields = plx_train_fields, .n_fields = plx_train_n_fields};
    const yaml_node_t *root = plx_document_node(&p->document, 1);
    check_sections(p, root);
    p->places.data = plx_document_value(&p->document, root, "data");
    fill(p, p->places.data, &data, &p->spec->table.data);
    parse_features(p, plx_document_value(&p->document, root, "features"));
    parse_tasks(p, plx_document_value(&p->document, root, "tasks"));
    parse_model(p, plx_document_value(&p->document, root, "model"));
    const yaml_node_t *node = plx_document_value(&p->document, root, "train");
    p->places.train = node;
    fill(p, node, &train, &p->spec->train);
    plx_spec_check(&p->document, p->spec, &p->places);
}

plx_status plx_spec_parse(plx_spec *out, const plx_allocator *allocator, const plx_spec_source *source, plx_error *err)
{
    parser p = {.spec = out, .err = err};
    *out = (plx_spec){.table.is_rule_0 = source->is_rule_0};
    plx_arena_init(&out->arena, allocator);
    plx_status status = plx_document_init(&p.document, allocator, source, err);
    if (status != PLX_OK) return status;
    plx_document_assign(&p.document);
    if (!plx_document_is_full(&p.document)) plx_document_expand_views(&p.document);
    p.has_early_problems = p.document.n_problems > 0;
    if (!plx_document_is_full(&p.document)) parse_root(&p);
    status = plx_document_status(&p.document, err);
    if (status == PLX_OK && plx_arena_failed(&out->arena)) status = plx_error_memory(err);
    plx_document_release(&p.document);
    if (status != PLX_OK) plx_spec_release(out);
    return status;
}

void plx_spec_release(plx_spec *spec)
{
    plx_arena_release(&spec->arena);
    *spec = (plx_spec){0};
}
