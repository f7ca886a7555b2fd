/* SPDX-License-Identifier: Apache-2.0 */
/* Layers are displayed under their task's name: "click/tower/dense0/linear" for "task0/tower/dense0/linear". */
#include <string.h>

#include "data/dictionary.h"
#include "networks/network.h"

/* "task0" and so on. */
static bool is_task(plx_slice part)
{
    const size_t word = strlen("task");
    if (part.length <= word || memcmp(part.text, "task", word) != 0) return false;
    for (size_t i = word; i < part.length; i++)
        if (part.text[i] < '0' || part.text[i] > '9') return false;
    return true;
}

/* Adds new parts between slashes; false when out of memory. */
static bool add_parts(plx_dictionary *parts, const char *name)
{
    while (*name) {
        const plx_slice part = {name, strcspn(name, "/")};
        const uint64_t hash = plx_dictionary_hash(parts, part);
        const bool is_new = !is_task(part) && plx_dictionary_find(parts, part, hash) == PLX_NOT_FOUND;
        if (is_new && !plx_dictionary_add(parts, part, hash)) return false;
        name += part.length + (name[part.length] == '/');
    }
    return true;
}

/* Whether no other part has this name. */
static bool is_plain(const plx_dictionary *parts, const char *name)
{
    const plx_slice text = plx_slice_of(name);
    return *name && !strchr(name, '/') && !is_task(text) &&
           plx_dictionary_find(parts, text, plx_dictionary_hash(parts, text)) == PLX_NOT_FOUND;
}

void plx_network_show_tasks(plx_graph *graph, const char *const *names)
{
    plx_dictionary parts;
    const char **shown = plx_arena_take(graph->arena, (size_t)graph->n_tasks, sizeof *shown);
    bool has_parts = shown != NULL;
    plx_dictionary_init(&parts, graph->arena->allocator, plx_hash_seed_draw());
    for (int i = 0; has_parts && i < graph->n_nodes; i++)
        has_parts = add_parts(&parts, graph->nodes[i]->name);
    for (int task = 0; has_parts && task < graph->n_tasks; task++)
        shown[task] = is_plain(&parts, names[task]) ? names[task] : NULL;
    if (has_parts)
        plx_graph_show_tasks(graph, shown);
    else if (graph->failure.code == PLX_OK)
        plx_error_memory(&graph->failure);
    plx_dictionary_release(&parts);
}
