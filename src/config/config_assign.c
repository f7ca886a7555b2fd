/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assignments ("train.epochs=3") edit the document before it is checked, so that their mistakes are reported like any
 * other. Mappings are copied before they change, since with aliases two places may share a node. Nodes are kept by
 * index: adding a node may move all of them.
 */
#include "config/config_document.h"

#include <stdint.h>
#include <string.h>

enum { GRAFT_DEPTH = 4 };

/** A parsed assignment: section [. name] . key = value. */
typedef struct assignment {
    int number;
    plx_slice section, name, key, value; /* name: empty if the section is a mapping */
} assignment;

/** A node with the position of the assignment that is not in the document. */
static yaml_node_t place_of(const assignment *a)
{
    return (yaml_node_t){.type = YAML_SCALAR_NODE, .start_mark = plx_assignment_mark(a->number)};
}

static void problem(plx_document *document, const assignment *a, const char *message)
{
    yaml_node_t place = place_of(a);
    plx_document_problem(document, &place, "%s", message);
}

static plx_slice cut(const char *from, const char *to)
{
    return plx_slice_trim((plx_slice){from, (size_t)(to - from)});
}

static bool split(plx_document *document, const char *text, assignment *a)
{
    const char *equals = strchr(text, '='), *first = strchr(text, '.');
    const char *last = equals ? memrchr(text, '.', (size_t)(equals - text)) : NULL;
    if (!equals || !last || first > equals) {
        problem(document, a, "is not of the form SECTION.KEY=VALUE, such as train.epochs=3");
        return false;
    }
    a->section = cut(text, first);
    a->name = last > first ? cut(first + 1, last) : (plx_slice){"", 0};
    a->key = cut(last + 1, equals);
    a->value = (plx_slice){equals + 1, strlen(equals + 1)};
    return true;
}

static int graft(plx_document *document, const assignment *a, yaml_document_t *from, int index, int depth);

static int graft_mapping(plx_document *document, const assignment *a, yaml_document_t *from, const yaml_node_t *node)
{
    const int mapping = plx_document_add_mapping(document, plx_assignment_mark(a->number));
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        const int key = graft(document, a, from, pair->key, 0), value = graft(document, a, from, pair->value, 0);
        if (key == 0 || value == 0) return 0;
        plx_document_append_pair(document, mapping, key, value);
    }
    return mapping;
}

/** Copies a node of the value's own document; 0 on failure. */
static int graft(plx_document *document, const assignment *a, yaml_document_t *from, int index, int depth)
{
    const yaml_node_t *node = yaml_document_get_node(from, index);
    yaml_mark_t mark = plx_assignment_mark(a->number);
    if (!plx_document_spend(document, NULL, 1)) return 0;
    if (node->type == YAML_SCALAR_NODE) return plx_document_add_scalar(document, plx_node_text(node), mark);
    if (node->type == YAML_MAPPING_NODE && depth > 0) return graft_mapping(document, a, from, node);
    if (node->type != YAML_SEQUENCE_NODE || depth == 0) {
        problem(document, a, "the value is neither a scalar nor a list");
        return 0;
    }
    int sequence = plx_document_add_sequence(document, mark);
    for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
        int copy = graft(document, a, from, *item, depth - 1);
        if (copy == 0) return 0;
        plx_document_append_item(document, sequence, copy);
    }
    return sequence;
}

static int parse_value(plx_document *document, const assignment *a)
{
    yaml_document_t value;
    plx_error why = {.code = PLX_OK};
    if (plx_yaml_load(&value, document->scratch.allocator, a->value, NULL, &why)) {
        yaml_node_t place = place_of(a);
        if (why.code == PLX_ERR_MEMORY)
            document->out_of_memory = true;
        else
            plx_document_problem(document, &place, "the value is not YAML: %s", why.message);
        return 0;
    }
    bool is_empty = !yaml_document_get_root_node(&value);
    int index = is_empty ? plx_document_add_scalar(document, (plx_slice){"", 0}, plx_assignment_mark(a->number))
                         : graft(document, a, &value, 1, GRAFT_DEPTH);
    yaml_document_delete(&value);
    return index;
}

/** A new mapping with the pairs of another, without those with key `left_out` (NULL: all). */
static int copy_mapping(plx_document *document, int index, const char *left_out)
{
    int copy = plx_document_add_mapping(document, plx_document_node(document, index)->start_mark);
    if (copy == 0) return 0;
    const yaml_node_t *mapping = plx_document_node(document, index);
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
         pair++) {
        plx_slice key = plx_node_text(plx_document_node(document, pair->key));
        if (left_out && plx_slice_equal(key, plx_slice_of(left_out))) continue;
        plx_document_append_pair(document, copy, pair->key, pair->value);
    }
    return copy;
}

/** Replaces the value of a key in a mapping, or adds the pair. */
static void put(plx_document *document, int mapping, plx_slice key, int value, yaml_mark_t mark)
{
    yaml_node_t *node = plx_document_node(document, mapping);
    if (!node || value == 0) return;
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        if (!plx_slice_equal(plx_node_text(plx_document_node(document, pair->key)), key)) continue;
        pair->value = value;
        return;
    }
    plx_document_append_pair(document, mapping, plx_document_add_scalar(document, key, mark), value);
}

/** Inserts `item` into the sequence before place `at`. */
static void insert(plx_document *document, int sequence, int at, int item)
{
    plx_document_append_item(document, sequence, item);
    if (document->out_of_memory) return;
    const yaml_node_t *node = plx_document_node(document, sequence);
    yaml_node_item_t *items = node->data.sequence.items.start;
    size_t after = (size_t)(node->data.sequence.items.top - items) - 1 - (size_t)at;
    memmove(items + at + 1, items + at, after * sizeof *items);
    items[at] = item;
}

/** A copy of `entry` with names[from..to) only; 0 if empty. */
static int part_of_names(plx_document *document, int entry, int names, long from, long to)
{
    if (from >= to) return 0;
    yaml_mark_t mark = plx_document_node(document, names)->start_mark;
    int copy = copy_mapping(document, entry, "names"), list = plx_document_add_sequence(document, mark);
    for (long i = from; i < to; i++) {
        plx_document_append_item(document, list, plx_document_node(document, names)->data.sequence.items.start[i]);
    }
    plx_document_append_pair(document, copy, plx_document_add_scalar(document, plx_slice_of("names"), mark), list);
    return copy;
}

/**
 * Entry `at` of a sequence has several names: splits it into the names before number `number`, that one alone, and
 * those after it. Returns the entry with that one.
 */
static int single_out(plx_document *document, int sequence, int at, int names, long number)
{
    int entry = plx_document_node(document, sequence)->data.sequence.items.start[at];
    const yaml_node_t *list = plx_document_node(document, names);
    long n = list->data.sequence.items.top - list->data.sequence.items.start;
    int name = list->data.sequence.items.start[number];
    int before = part_of_names(document, entry, names, 0, number);
    int after = part_of_names(document, entry, names, number + 1, n);
    int one = copy_mapping(document, entry, "names");
    yaml_mark_t mark = plx_document_node(document, name)->start_mark;
    plx_document_append_pair(document, one, plx_document_add_scalar(document, plx_slice_of("name"), mark), name);
    if (document->out_of_memory) return 0;
    plx_document_node(document, sequence)->data.sequence.items.start[at] = one;
    if (after != 0) insert(document, sequence, at + 1, after);
    if (before != 0) insert(document, sequence, at, before);
    return one;
}

/** Finds the entry called `name`: its place in the sequence, and its number in `names` or -1. */
static bool find_entry(plx_document *document, const yaml_node_t *sequence, plx_slice name, int *at, int *names,
                       long *number)
{
    const yaml_node_item_t *start = sequence->data.sequence.items.start;
    for (const yaml_node_item_t *item = start; item < sequence->data.sequence.items.top; item++) {
        const yaml_node_t *entry = plx_document_node(document, *item);
        *at = (int)(item - start);
        *number = -1;
        if (plx_slice_equal(plx_node_text(plx_document_value(document, entry, "name")), name)) return true;
        const yaml_node_t *list = plx_document_value(document, entry, "names");
        if (!list || list->type != YAML_SEQUENCE_NODE) continue;
        const yaml_node_item_t *first = list->data.sequence.items.start;
        for (const yaml_node_item_t *one = first; one < list->data.sequence.items.top; one++) {
            if (!plx_slice_equal(plx_node_text(plx_document_node(document, *one)), name)) continue;
            *names = (int)(list - document->yaml.nodes.start) + 1;
            *number = one - first;
            return true;
        }
    }
    return false;
}

static void assign_in_list(plx_document *document, const assignment *a, int section)
{
    int at = 0, names = 0;
    long number = -1;
    const yaml_node_t *sequence = plx_document_node(document, section);
    if (!find_entry(document, sequence, a->name, &at, &names, &number)) {
        problem(document, a, "the section has no such entry");
        return;
    }
    int value = parse_value(document, a), entry;
    if (value == 0) return;
    if (number >= 0) {
        entry = single_out(document, section, at, names, number);
    } else {
        entry = copy_mapping(document, plx_document_node(document, section)->data.sequence.items.start[at], NULL);
        if (entry != 0) plx_document_node(document, section)->data.sequence.items.start[at] = entry;
    }
    if (entry != 0) put(document, entry, a->key, value, plx_assignment_mark(a->number));
}

static void assign_in_mapping(plx_document *document, const assignment *a, int section)
{
    int value = parse_value(document, a);
    yaml_mark_t mark = plx_assignment_mark(a->number);
    int copy = section == 0 ? plx_document_add_mapping(document, mark) : copy_mapping(document, section, NULL);
    if (value == 0 || copy == 0) return;
    put(document, copy, a->key, value, mark);
    put(document, 1, a->section, copy, mark);
}

static void assign(plx_document *document, const assignment *a)
{
    const yaml_node_t *root = plx_document_node(document, 1);
    int section = 0;
    for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; pair++) {
        if (plx_slice_equal(plx_node_text(plx_document_node(document, pair->key)), a->section)) section = pair->value;
    }
    const yaml_node_t *node = plx_document_node(document, section);
    if (a->name.length > 0) {
        if (node && node->type == YAML_SEQUENCE_NODE) {
            assign_in_list(document, a, section);
        } else {
            problem(document, a, "only features and tasks have entries; write SECTION.KEY=VALUE");
        }
    } else if (!node || node->type == YAML_MAPPING_NODE) {
        assign_in_mapping(document, a, section);
    } else {
        problem(document, a, "the section is a list; write SECTION.NAME.KEY=VALUE");
    }
}

void plx_document_assign(plx_document *document)
{
    for (int i = 0; i < document->source->n_assignments; i++) {
        assignment a = {.number = i};
        if (split(document, document->source->assignments[i], &a)) assign(document, &a);
        if (plx_document_is_full(document)) return;
    }
}
