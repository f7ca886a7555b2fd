/* SPDX-License-Identifier: Apache-2.0 */
/* The data layer's checks of features, told with their places in the document. */
#include "data/features.h"

#include "config/config_document.h"

typedef struct telling {
    plx_document *document;
    const plx_spec_places *places;
} telling;

/* At the value of the key where the feature has an entry with it, else where the feature is named. */
static void tell(void *user, int feature, const char *key, const char *message)
{
    telling *t = user;
    const yaml_node_t *place = t->places->feature[feature], *value = plx_document_value(t->document, place, key);
    plx_document_problem(t->document, value ? value : place, "feature %s", message);
}

void plx_check_features(plx_document *document, const plx_table_spec *table, const plx_spec_places *places)
{
    plx_error failure;
    telling t = {document, places};
    if (plx_features_check(table, document->scratch.allocator, tell, &t, &failure) != PLX_OK)
        document->out_of_memory = true;
}
