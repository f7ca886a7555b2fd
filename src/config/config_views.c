/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several views of one column: an entry of features with `views: [number, log1p, {quantiles: 32}]` becomes one entry
 * per view before the document is checked, so that all mistakes are reported like those of any other entry. Nodes are
 * kept by index: adding a node may move all of them.
 */
#include <string.h>

#include "config/config_document.h"
#include "data/encoder_def.h"

enum { OPTIONS_MAX = 2, VIEWS_MAX = 64 };

/** A view given by a word alone. */
typedef struct view_word {
    const char *name;
    int kind;
    const char *options[OPTIONS_MAX][2];
} view_word;

static const view_word words[] = {
    {"number", PLX_FEATURE_DENSE, {{"transform", "none"}}},
    {"log1p", PLX_FEATURE_DENSE, {{"transform", "log1p"}}},
    {"is_zero", PLX_FEATURE_DENSE, {{"transform", "is_zero"}, {"scaling", "none"}}},
    {"category", PLX_FEATURE_SPARSE, {{NULL}}},
};
enum { N_WORDS = sizeof words / sizeof *words };

typedef struct view {
    const view_word *word; /* NULL: a mapping of options */
    int node;
    int kind;
    plx_slice name; /* after the feature's name and a slash */
} view;

/** An entry with views. */
typedef struct viewed {
    plx_document *document;
    int entry;
    view views[VIEWS_MAX];
    int n_views;
    uint32_t kinds; /* bit k: a view is of kind k */
    int n_made;     /* entries created so far */
} viewed;

static const plx_field *field_of(plx_slice name)
{
    return plx_field_find(plx_feature_fields, plx_feature_n_fields, name);
}

static bool is_one_of(plx_slice text, const char *const *names)
{
    for (; *names; names++)
        if (plx_slice_equal(text, plx_slice_of(*names))) return true;
    return false;
}

/** The number of the kind named `text`, or -1. */
static int kind_named(plx_slice text)
{
    for (int kind = 0; plx_feature_kinds[kind]; kind++)
        if (plx_slice_equal(text, plx_slice_of(plx_feature_kinds[kind]))) return kind;
    return -1;
}

static bool read_word(plx_document *document, const yaml_node_t *node, view *out)
{
    const plx_slice text = plx_node_text(node);
    for (int i = 0; i < N_WORDS; i++) {
        if (!plx_slice_equal(text, plx_slice_of(words[i].name))) continue;
        out->word = &words[i];
        out->kind = words[i].kind;
        out->name = text;
        return true;
    }
    plx_document_problem(document, node,
                         "'%.*s' is not a view: valid views are number, log1p, is_zero, category and options such as "
                         "{quantiles: 32}",
                         (int)(text.length < 60 ? text.length : 60), text.text);
    return false;
}

/** Reads options: the first one that belongs only to some kinds determines the view's kind, unless `kind` does. */
static bool read_options(plx_document *document, const yaml_node_t *node, view *out)
{
    static const char *const not_here[] = {"column", "names", "views", NULL};
    out->kind = kind_named(plx_node_text(plx_document_value(document, node, "kind")));
    out->name = plx_node_text(plx_document_value(document, node, "name"));
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = plx_document_node(document, pair->key);
        const plx_slice text = plx_node_text(key);
        const plx_field *field = field_of(text);
        if (is_one_of(text, not_here)) {
            plx_document_problem(document, key, "'%.*s' belongs to the entry, not to one of its views",
                                 (int)text.length, text.text);
            return false;
        }
        if (!field || !field->kinds) continue;
        for (int kind = 0; out->kind < 0 && plx_feature_kinds[kind]; kind++)
            if (plx_field_is_for(field, kind) && (!plx_feature_defs[kind]->is_named || field->kinds == 1u << kind))
                out->kind = kind;
        if (out->name.length == 0) out->name = text;
    }
    if (out->kind >= 0 && out->name.length == 0) out->name = plx_slice_of(plx_feature_kinds[out->kind]);
    if (out->kind < 0)
        plx_document_problem(document, node, "the kind of this view does not follow from its options: add 'kind'");
    return out->kind >= 0;
}

static bool read_views(viewed *v, const yaml_node_t *list)
{
    plx_document *document = v->document;
    const long n =
        list->type == YAML_SEQUENCE_NODE ? list->data.sequence.items.top - list->data.sequence.items.start : 0;
    if (n < 1 || n > VIEWS_MAX) {
        plx_document_problem(document, list, "'views' must be a list of 1 to %d views", (int)VIEWS_MAX);
        return false;
    }
    for (long i = 0; i < n; i++) {
        view *one = &v->views[v->n_views++];
        *one = (view){.node = list->data.sequence.items.start[i]};
        const yaml_node_t *node = plx_document_node(document, one->node);
        if (!(node->type == YAML_MAPPING_NODE ? read_options : read_word)(document, node, one)) return false;
        v->kinds |= 1u << one->kind;
    }
    return true;
}

static void add_text(viewed *v, int mapping, const char *key, plx_slice value, yaml_mark_t mark)
{
    const int key_node = plx_document_add_scalar(v->document, plx_slice_of(key), mark);
    plx_document_append_pair(v->document, mapping, key_node, plx_document_add_scalar(v->document, value, mark));
}

/** Whether the view itself has an option. */
static bool has_option(viewed *v, const view *one, plx_slice key)
{
    for (int i = 0; one->word && i < OPTIONS_MAX && one->word->options[i][0]; i++)
        if (plx_slice_equal(key, plx_slice_of(one->word->options[i][0]))) return true;
    if (one->word) return false;
    const yaml_node_t *node = plx_document_node(v->document, one->node);
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++)
        if (plx_slice_equal(key, plx_node_text(plx_document_node(v->document, pair->key)))) return true;
    return false;
}

/** Options of the entry go to each view that takes them; an option that no view takes goes to the first, which reports
 * it. */
static bool takes_option(viewed *v, const view *one, plx_slice key)
{
    static const char *const replaced[] = {"name", "names", "column", "kind", "views", NULL};
    const plx_field *field = field_of(key);
    if (is_one_of(key, replaced) || has_option(v, one, key)) return false;
    if (!field || (field->kinds && !(field->kinds & v->kinds))) return v->n_made == 0;
    return plx_field_is_for(field, one->kind);
}

static int make_entry(viewed *v, const view *one, plx_slice name, plx_slice column)
{
    plx_document *document = v->document;
    const yaml_mark_t mark = plx_document_node(document, one->node)->start_mark;
    const int made = plx_document_add_mapping(document, mark);
    char *full = plx_arena_format(&document->scratch, "%.*s/%.*s", (int)name.length, name.text, (int)one->name.length,
                                  one->name.text);
    if (!full) {
        document->out_of_memory = true;
        return 0;
    }
    add_text(v, made, "name", plx_slice_of(full), mark);
    add_text(v, made, "column", column, mark);
    add_text(v, made, "kind", plx_slice_of(plx_feature_kinds[one->kind]), mark);
    for (int i = 0; one->word && i < OPTIONS_MAX && one->word->options[i][0]; i++)
        add_text(v, made, one->word->options[i][0], plx_slice_of(one->word->options[i][1]), mark);
    for (int from = 0; from < 2; from++) {
        const yaml_node_t *node = plx_document_node(document, from ? v->entry : one->node);
        if (node->type != YAML_MAPPING_NODE) continue;
        for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
             pair++) {
            const plx_slice key = plx_node_text(plx_document_node(document, pair->key));
            const bool is_taken =
                from ? takes_option(v, one, key)
                     : !plx_slice_equal(key, plx_slice_of("name")) && !plx_slice_equal(key, plx_slice_of("kind"));
            if (is_taken) plx_document_append_pair(document, made, pair->key, pair->value);
        }
    }
    return made;
}

/** Adds the views of one column. */
static void expand_name(viewed *v, int sequence, const yaml_node_t *name, const yaml_node_t *column)
{
    const plx_slice text = plx_node_text(name), from = column ? plx_node_text(column) : text;
    if (text.length == 0) {
        plx_document_problem(v->document, name, "a name must be a text");
        return;
    }
    for (int i = 0; i < v->n_views; i++) {
        if (!plx_document_spend(v->document, NULL, (long)plx_feature_n_fields)) return;
        plx_document_append_item(v->document, sequence, make_entry(v, &v->views[i], text, from));
        v->n_made++;
    }
}

static void expand_entry(plx_document *document, int sequence, int index, int list)
{
    viewed v = {.document = document, .entry = index};
    const yaml_node_t *entry = plx_document_node(document, index);
    const yaml_node_t *names = plx_document_value(document, entry, "names");
    const yaml_node_t *name = plx_document_value(document, entry, "name");
    const yaml_node_t *column = plx_document_value(document, entry, "column");
    const yaml_node_t *kind = plx_document_key(document, entry, "kind");
    if (kind) plx_document_problem(document, kind, "'views' determines the kinds; remove 'kind'");
    if ((names != NULL) + (name != NULL) != 1 || (names && (column || names->type != YAML_SEQUENCE_NODE))) {
        plx_document_problem(document, entry, "'views' needs a 'name', with or without 'column', or a list of 'names'");
        return;
    }
    if (kind || !read_views(&v, plx_document_node(document, list))) return;
    if (name) expand_name(&v, sequence, name, column);
    const long n = names ? names->data.sequence.items.top - names->data.sequence.items.start : 0;
    const int names_index = names ? (int)(names - document->yaml.nodes.start) + 1 : 0;
    for (long i = 0; i < n; i++) {
        const yaml_node_t *all = plx_document_node(document, names_index);
        expand_name(&v, sequence, plx_document_node(document, all->data.sequence.items.start[i]), NULL);
    }
}

void plx_document_expand_views(plx_document *document)
{
    const yaml_node_t *features = plx_document_value(document, plx_document_node(document, 1), "features");
    bool has_views = false;
    if (!features || features->type != YAML_SEQUENCE_NODE) return;
    const long n = features->data.sequence.items.top - features->data.sequence.items.start;
    const int index = (int)(features - document->yaml.nodes.start) + 1;
    for (long i = 0; i < n && !has_views; i++)
        has_views = plx_document_key(document, plx_document_node(document, features->data.sequence.items.start[i]),
                                     "views") != NULL;
    if (!has_views) return;
    const int made = plx_document_add_sequence(document, features->start_mark);
    for (long i = 0; i < n && !document->out_of_memory && !plx_document_is_full(document); i++) {
        const int entry = plx_document_node(document, index)->data.sequence.items.start[i];
        const yaml_node_t *views = plx_document_value(document, plx_document_node(document, entry), "views");
        if (views)
            expand_entry(document, made, entry, (int)(views - document->yaml.nodes.start) + 1);
        else
            plx_document_append_item(document, made, entry);
    }
    const yaml_node_t *root = plx_document_node(document, 1);
    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; pair++)
        if (pair->value == index && made) pair->value = made;
}
