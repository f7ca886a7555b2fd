/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML document with the places of its nodes, and the list of mistakes found in it. Nodes are libyaml's; an alias is
 * the same node again, so traversals are limited by a budget: a few lines of aliases can mean billions of values.
 */
#ifndef PLX_CONFIG_DOCUMENT_H
#define PLX_CONFIG_DOCUMENT_H

#include <yaml.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fields.h"
#include "config/config.h"

typedef struct plx_document {
    const plx_spec_source *source;
    yaml_document_t yaml;
    plx_arena scratch; /* with the lifetime of the document */
    plx_string problems;
    int n_problems;
    bool has_more; /* more mistakes than are shown */
    long budget;   /* values that may still be created */
    bool out_of_memory;
} plx_document;

enum { PLX_DOCUMENT_DEPTH = 100 }; /* nesting of lists and mappings */

/** Makes a document from a text that contains one: JSON by its own rules, otherwise YAML. A byte order mark is skipped.
 * `name`: the file name in messages; NULL: they have no places. The caller deletes the document. */
plx_status plx_yaml_load(yaml_document_t *out, const plx_allocator *allocator, plx_slice text, const char *name,
                         plx_error *err);
/** The same for JSON alone; `*is_made` is false, without a document, if the text is not JSON or nested too
 * deeply. PLX_ERR_MEMORY. */
plx_status plx_json_load(yaml_document_t *out, const plx_allocator *allocator, plx_slice text, bool *is_made,
                         plx_error *err);
/** Why a text that begins like JSON is not valid: PLX_ERR_FORMAT with the place; PLX_OK: it does not begin so. */
plx_status plx_json_refuse(plx_slice text, const char *name, plx_error *err);

/** Loads the document of the source. PLX_ERR_FORMAT: not YAML, empty, not a mapping, more than one document. */
plx_status plx_document_init(plx_document *document, const plx_allocator *allocator, const plx_spec_source *source,
                             plx_error *err);
void plx_document_release(plx_document *document);

/** Records a mistake at `node`; NULL: the document as a whole. */
void plx_document_problem(plx_document *document, const yaml_node_t *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** The same with the place in words, "features.age.clip", for a document without a source name. */
void plx_document_report(plx_document *document, const yaml_node_t *node, const char *words, const char *message);
/** The place of a node in words; empty if the document does not contain it. */
void plx_document_path(plx_document *document, const yaml_node_t *node, plx_string *out);
/** Whether further mistakes would not be shown. */
bool plx_document_is_full(const plx_document *document);
/** PLX_OK, or all mistakes recorded so far. */
plx_status plx_document_status(const plx_document *document, plx_error *err);
/** Takes `n` values from the budget; false, with a problem recorded once, if it is used up. */
bool plx_document_spend(plx_document *document, const yaml_node_t *node, long n);

yaml_node_t *plx_document_node(plx_document *document, int index);
/** The text of a scalar; empty for anything else. */
plx_slice plx_node_text(const yaml_node_t *node);
/** The node of the key, or of the value, of the first pair with this key in a mapping; NULL: no such pair. */
yaml_node_t *plx_document_key(plx_document *document, const yaml_node_t *mapping, const char *key);
yaml_node_t *plx_document_value(plx_document *document, const yaml_node_t *mapping, const char *key);

/** A scalar, a list of lists of scalars, or a mapping of scalars, in the scratch arena. Anything else is false and
 * recorded as a problem. */
bool plx_document_raw(plx_document *document, const yaml_node_t *node, plx_raw *out);

/** New nodes, by index, with the mark of the replaced node; pointers to other nodes are invalid afterwards. */
int plx_document_add_scalar(plx_document *document, plx_slice text, yaml_mark_t mark);
int plx_document_add_mapping(plx_document *document, yaml_mark_t mark);
int plx_document_add_sequence(plx_document *document, yaml_mark_t mark);
/** Does nothing if a node is 0. */
void plx_document_append_item(plx_document *document, int sequence, int item);
void plx_document_append_pair(plx_document *document, int mapping, int key, int value);

/** Applies the source's assignments; mistakes are recorded as problems. */
void plx_document_assign(plx_document *document);
/** Replaces each entry of features with `views` by one entry per view; mistakes are recorded. */
void plx_document_expand_views(plx_document *document);

/** Nodes made by assignment number `i` have this mark, so that messages name the assignment as their place. */
yaml_mark_t plx_assignment_mark(int i);
bool plx_document_is_assigned(const yaml_node_t *node);

/** The places of sections, features and tasks. */
typedef struct plx_spec_places {
    const yaml_node_t *data, *model, *train;
    const yaml_node_t *features, *tasks; /* also NULL if an entry could not be read */
    const yaml_node_t **feature;         /* [n_features] */
    const yaml_node_t **task;            /* [n_tasks] */
} plx_spec_places;

/** Runs the checks of all layers; records each mistake at its place. */
void plx_spec_check(plx_document *document, const plx_spec *spec, const plx_spec_places *places);

#endif
