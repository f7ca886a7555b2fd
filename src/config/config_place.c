/* SPDX-License-Identifier: Apache-2.0 */
/* The path of a node as plx_config_get writes it: "train.epochs", "features.age.scaling", "features[2].kind". */
#include "config/config_document.h"

enum { DEPTH = 6, STEPS_LIMIT = 100000 }; /* with aliases a document may have any size */

typedef struct search {
    plx_document *document;
    const yaml_node_t *wanted;
    long steps; /* left */
} search;

static bool holds(search *s, int index, int depth)
{
    const yaml_node_t *node = plx_document_node(s->document, index);
    if (node == s->wanted) return true;
    if (!node || depth == 0 || s->steps-- <= 0) return false;
    bool is_found = false;
    if (node->type == YAML_SEQUENCE_NODE)
        for (const yaml_node_item_t *i = node->data.sequence.items.start;
             !is_found && i < node->data.sequence.items.top; i++)
            is_found = holds(s, *i, depth - 1);
    if (node->type == YAML_MAPPING_NODE)
        for (const yaml_node_pair_t *i = node->data.mapping.pairs.start; !is_found && i < node->data.mapping.pairs.top;
             i++)
            is_found = holds(s, i->key, 0) || holds(s, i->value, depth - 1);
    return is_found;
}

static void add_text(const yaml_node_t *node, plx_string *out)
{
    const plx_slice text = plx_node_text(node);
    plx_string_add(out, text.text, text.length);
}

/* Adds a point and the key of the mapping's pair that contains the node. */
static void add_key(search *s, const yaml_node_t *mapping, plx_string *out)
{
    if (!mapping || mapping->type != YAML_MAPPING_NODE) return;
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
         pair++) {
        if (!holds(s, pair->key, 0) && !holds(s, pair->value, DEPTH)) continue;
        plx_string_add(out, ".", 1);
        add_text(plx_document_node(s->document, pair->key), out);
        return;
    }
}

/* Adds the list entry that contains the node, by its name or its number from 0, and the key. */
static void add_entry(search *s, const yaml_node_t *list, plx_string *out)
{
    const yaml_node_item_t *start = list->data.sequence.items.start;
    for (const yaml_node_item_t *item = start; item < list->data.sequence.items.top; item++) {
        const yaml_node_t *entry = plx_document_node(s->document, *item);
        if (!holds(s, *item, DEPTH)) continue;
        const yaml_node_t *name = plx_document_value(s->document, entry, "name");
        if (plx_node_text(name).length > 0) {
            plx_string_add(out, ".", 1);
            add_text(name, out);
        } else {
            plx_string_format(out, "[%td]", item - start);
        }
        add_key(s, entry, out);
        return;
    }
}

void plx_document_path(plx_document *document, const yaml_node_t *node, plx_string *out)
{
    search s = {.document = document, .wanted = node, .steps = STEPS_LIMIT};
    const yaml_node_t *root = plx_document_node(document, 1);
    if (!node) return;
    for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *section = plx_document_node(document, pair->value);
        if (!holds(&s, pair->key, 0) && !holds(&s, pair->value, DEPTH)) continue;
        add_text(plx_document_node(document, pair->key), out);
        if (section != node && section->type == YAML_SEQUENCE_NODE) add_entry(&s, section, out);
        if (section != node) add_key(&s, section, out);
        return;
    }
}
