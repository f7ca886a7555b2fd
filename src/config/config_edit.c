/* SPDX-License-Identifier: Apache-2.0 */
/* Creates nodes in a document. A failure is stored in the document; index 0 means that a node could not be created. */
#include "config/config_document.h"

/** Records a failed addition (index 0); gives a new node its position. */
static int added(plx_document *document, int index, yaml_mark_t mark)
{
    if (index == 0) document->out_of_memory = true;
    yaml_node_t *node = plx_document_node(document, index);
    if (node) node->start_mark = mark;
    return index;
}

int plx_document_add_scalar(plx_document *document, plx_slice text, yaml_mark_t mark)
{
    int index = yaml_document_add_scalar(&document->yaml, NULL, (const yaml_char_t *)text.text, (int)text.length,
                                         YAML_ANY_SCALAR_STYLE);
    return added(document, index, mark);
}

int plx_document_add_mapping(plx_document *document, yaml_mark_t mark)
{
    return added(document, yaml_document_add_mapping(&document->yaml, NULL, YAML_ANY_MAPPING_STYLE), mark);
}

int plx_document_add_sequence(plx_document *document, yaml_mark_t mark)
{
    return added(document, yaml_document_add_sequence(&document->yaml, NULL, YAML_ANY_SEQUENCE_STYLE), mark);
}

void plx_document_append_item(plx_document *document, int sequence, int item)
{
    if (sequence == 0 || item == 0 || !yaml_document_append_sequence_item(&document->yaml, sequence, item)) {
        document->out_of_memory = true;
    }
}

void plx_document_append_pair(plx_document *document, int mapping, int key, int value)
{
    if (mapping == 0 || key == 0 || value == 0 ||
        !yaml_document_append_mapping_pair(&document->yaml, mapping, key, value)) {
        document->out_of_memory = true;
    }
}
