/* SPDX-License-Identifier: Apache-2.0 */
/* A document, the places of its nodes, and the list of mistakes. */
#include "config/config_document.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/problem.h"

enum { VALUES_LIMIT = 1000000, LIST_DEPTH = 3 };

/** Reserves space in plx_error.message for the line about mistakes that are not shown. */
static const size_t TOLD_LIMIT = sizeof((plx_error *)0)->message - 64;

plx_status plx_document_init(plx_document *document, const plx_allocator *allocator, const plx_spec_source *source,
                             plx_error *err)
{
    *document = (plx_document){.source = source, .budget = VALUES_LIMIT};
    PLX_TRY(plx_yaml_load(&document->yaml, allocator, (plx_slice){source->text, source->length}, source->name, err));
    plx_arena_init(&document->scratch, allocator);
    plx_string_init(&document->problems, allocator);
    const yaml_node_t *root = yaml_document_get_root_node(&document->yaml);
    if (root && root->type == YAML_MAPPING_NODE) return PLX_OK;
    plx_document_release(document);
    PLX_FAIL(err, PLX_ERR_FORMAT, "%s%s%s; it needs the sections data, features, tasks and model",
             source->name ? source->name : "", source->name ? ":1:1: " : "the configuration ",
             root           ? "is not a mapping"
             : source->name ? "the configuration is empty"
                            : "is empty");
}

void plx_document_release(plx_document *document)
{
    yaml_document_delete(&document->yaml);
    plx_arena_release(&document->scratch);
    plx_string_release(&document->problems);
}

yaml_mark_t plx_assignment_mark(int i)
{
    return (yaml_mark_t){.index = SIZE_MAX, .line = (size_t)i};
}

bool plx_document_is_assigned(const yaml_node_t *node)
{
    return node && node->start_mark.index == SIZE_MAX;
}

static void add_place(plx_document *document, const yaml_node_t *node, const char *words)
{
    plx_string *out = &document->problems;
    const plx_spec_source *source = document->source;
    if (plx_document_is_assigned(node)) {
        plx_string_format(out, "'%s': ", source->assignments[node->start_mark.line]);
    } else if (!source->name) {
        const size_t before = out->length;
        if (words)
            plx_string_add(out, words, strlen(words));
        else
            plx_document_path(document, node, out);
        if (out->length > before) plx_string_add(out, ": ", 2);
    } else if (!node) {
        plx_string_format(out, "%s: ", source->name);
    } else {
        plx_string_format(out, "%s:%zu:%zu: ", source->name, node->start_mark.line + 1, node->start_mark.column + 1);
    }
}

void plx_document_report(plx_document *document, const yaml_node_t *node, const char *words, const char *message)
{
    plx_string *out = &document->problems;
    size_t before = out->length;
    if (plx_document_is_full(document)) return;
    if (document->n_problems > 0) plx_string_add(out, "\n", 1);
    add_place(document, node, words);
    plx_string_add(out, message, strlen(message));
    if (out->failed) return;
    if (document->n_problems > 0 && (document->n_problems == PLX_PROBLEMS_SHOWN || out->length > TOLD_LIMIT)) {
        out->length = before; /* whole lines only */
        out->text[before] = '\0';
        document->has_more = true;
        return;
    }
    document->n_problems++;
}

void plx_document_problem(plx_document *document, const yaml_node_t *node, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    plx_document_report(document, node, NULL, message);
}

bool plx_document_is_full(const plx_document *document)
{
    return document->has_more || document->problems.failed || document->out_of_memory;
}

plx_status plx_document_status(const plx_document *document, plx_error *err)
{
    if (document->out_of_memory || document->problems.failed || document->scratch.failed) return plx_error_memory(err);
    if (document->n_problems == 0) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_FORMAT, "%s%s", document->problems.text, document->has_more ? "\n... and more mistakes" : "");
}

bool plx_document_spend(plx_document *document, const yaml_node_t *node, long n)
{
    bool had = document->budget >= 0;
    if (had) document->budget -= n;
    if (document->budget >= 0) return true;
    if (had)
        plx_document_problem(document, node, "too many values (aliases included); the maximum is %d",
                             (int)VALUES_LIMIT);
    return false;
}

yaml_node_t *plx_document_node(plx_document *document, int index)
{
    return yaml_document_get_node(&document->yaml, index);
}

plx_slice plx_node_text(const yaml_node_t *node)
{
    if (!node || node->type != YAML_SCALAR_NODE) return (plx_slice){"", 0};
    return (plx_slice){(const char *)node->data.scalar.value, node->data.scalar.length};
}

static const yaml_node_pair_t *find_pair(plx_document *document, const yaml_node_t *mapping, const char *key)
{
    if (!mapping || mapping->type != YAML_MAPPING_NODE) return NULL;
    plx_slice wanted = plx_slice_of(key);
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
         pair++) {
        const yaml_node_t *node = plx_document_node(document, pair->key);
        if (node && node->type == YAML_SCALAR_NODE && plx_slice_equal(plx_node_text(node), wanted)) return pair;
    }
    return NULL;
}

yaml_node_t *plx_document_key(plx_document *document, const yaml_node_t *mapping, const char *key)
{
    const yaml_node_pair_t *pair = find_pair(document, mapping, key);
    return pair ? plx_document_node(document, pair->key) : NULL;
}

yaml_node_t *plx_document_value(plx_document *document, const yaml_node_t *mapping, const char *key)
{
    const yaml_node_pair_t *pair = find_pair(document, mapping, key);
    return pair ? plx_document_node(document, pair->value) : NULL;
}

/* Whether the text is a separator of control bytes only. */
static bool is_separator(plx_slice text)
{
    enum { LONGEST = 8 };
    size_t n = 0;
    while (n < text.length && text.text[n] > 0 && text.text[n] < 0x20 && text.text[n] != '\r')
        n++;
    return n == text.length && n <= LONGEST;
}

/**
 * Text that can be written and read back on one line: no control characters except tab and line feed, none of YAML's
 * other line ends, no byte order mark.
 */
static bool is_plain_text(plx_slice text)
{
    const unsigned char *at = (const unsigned char *)text.text;
    for (size_t i = 0; i < text.length; i++) {
        if (at[i] < 0x20 && at[i] != '\t' && at[i] != '\n') return false;
        if (at[i] == 0x7f) return false;
        if (at[i] == 0xc2 && i + 1 < text.length && at[i + 1] < 0xa0) return false;
        if (text.length - i < 3) continue;
        if (at[i] == 0xe2 && at[i + 1] == 0x80 && (at[i + 2] == 0xa8 || at[i + 2] == 0xa9)) return false;
        if (at[i] == 0xef && at[i + 1] == 0xbb && at[i + 2] == 0xbf) return false;
        if (at[i] == 0xef && at[i + 1] == 0xbf && at[i + 2] >= 0xbe) return false;
        if (at[i] == 0xed && at[i + 1] >= 0xa0) return false;
    }
    return true;
}

static bool raw_at_depth(plx_document *document, const yaml_node_t *node, int depth, plx_raw *out)
{
    if (!plx_document_spend(document, node, 1)) return false;
    if (node && node->type == YAML_SCALAR_NODE) {
        *out = (plx_raw){.scalar = plx_node_text(node)};
        if (is_plain_text(out->scalar) || is_separator(out->scalar)) return true;
        plx_document_problem(document, node, "the text contains a control character; use printable ones");
        return false;
    }
    if (!node || node->type != YAML_SEQUENCE_NODE || depth == 0) {
        plx_document_problem(document, node, "expected a value or a list of values");
        return false;
    }
    const yaml_node_item_t *start = node->data.sequence.items.start;
    int n = (int)(node->data.sequence.items.top - start);
    plx_raw *items = plx_arena_take(&document->scratch, (size_t)n + 1, sizeof *items);
    if (!items) return false;
    for (int i = 0; i < n; i++) {
        if (!raw_at_depth(document, plx_document_node(document, start[i]), depth - 1, &items[i])) return false;
    }
    *out = (plx_raw){.is_list = true, .items = items, .n_items = n};
    return true;
}

/* Alternating keys and values. */
static bool raw_mapping(plx_document *document, const yaml_node_t *node, plx_raw *out)
{
    const yaml_node_pair_t *start = node->data.mapping.pairs.start;
    int n = (int)(node->data.mapping.pairs.top - start);
    plx_raw *items = plx_arena_take(&document->scratch, 2 * (size_t)n + 1, sizeof *items);
    if (!items || !plx_document_spend(document, node, 1)) return false;
    for (int i = 0; i < n; i++) {
        if (!raw_at_depth(document, plx_document_node(document, start[i].key), 0, &items[2 * (size_t)i])) return false;
        if (!raw_at_depth(document, plx_document_node(document, start[i].value), 0, &items[2 * (size_t)i + 1]))
            return false;
    }
    *out = (plx_raw){.is_mapping = true, .items = items, .n_items = 2 * n};
    return true;
}

bool plx_document_raw(plx_document *document, const yaml_node_t *node, plx_raw *out)
{
    if (node && node->type == YAML_MAPPING_NODE) return raw_mapping(document, node, out);
    return raw_at_depth(document, node, LIST_DEPTH, out);
}
