/* SPDX-License-Identifier: Apache-2.0 */
/* Options of categories, shared tables and lists in a configuration: their values, and mistakes with their places. */
#include "check.h"

#include "base/alloc.h"
#include "config/config.h"

static const char good[] = "data: {train: [a.csv], columns: [item, past, w, click, buy]}\n"
                           "features:\n"
                           "  - {kind: list, name: past, embedding_name: item, combiner: attention,\n"
                           "     attention_on: item, max_length: 9, keep: last, embedding_dim: auto}\n"
                           "  - {kind: sparse, name: item, embedding_dim: auto}\n"
                           "  - name: rated\n"
                           "    column: past\n"
                           "    kind: list\n"
                           "    weight_column: w\n"
                           "    normalize_weights: true\n"
                           "  - {kind: sparse, name: code, column: item, hash_buckets: 100}\n"
                           "tasks: [{name: click}, {name: buy}]\n"
                           "model: {name: mmoe}\n";

static plx_status parse(const char *text, plx_spec *spec, plx_error *err)
{
    const plx_spec_source source = {.text = text, .length = strlen(text), .name = "c.yaml"};
    return plx_spec_parse(spec, &plx_allocator_default, &source, err);
}

static void check_values(const plx_table_spec *table)
{
    static const char *const names[] = {"item", "code", "past", "rated"};
    REQUIRE(table->n_features == 4);
    for (int i = 0; i < 4; i++)
        CHECK_TEXT(table->features[i].name, names[i]);
    const plx_feature_spec *past = &table->features[2], *rated = &table->features[3];
    CHECK(table->features[0].embedding_dim == 0 && table->features[1].embedding_dim == 4);
    CHECK(table->features[1].hash_buckets == 100 && table->features[1].min_count == 1);
    CHECK(past->max_length == 9 && past->keep == PLX_KEEP_LAST && past->combiner == PLX_BAG_ITEMS);
    CHECK(strcmp(past->attention_on, "item") == 0 && strcmp(past->embedding_name, "item") == 0);
    CHECK(rated->max_length == 50 && rated->keep == PLX_KEEP_FIRST && rated->combiner == PLX_BAG_MEAN);
    CHECK(rated->normalize_weights && strcmp(rated->weight_column, "w") == 0 && strcmp(rated->separator, "|") == 0);
}

static void test_values_arrive(void)
{
    plx_spec spec, again;
    plx_error failure = {.message = ""};
    plx_string written;
    CHECK_STATUS(parse(good, &spec, &failure), PLX_OK);
    CHECK_TEXT("", failure.message);
    check_values(&spec.table);
    plx_string_init(&written, &plx_allocator_default);
    plx_spec_write(&spec, &written);
    CHECK_TEXT(written.text, "embedding_dim: auto");
    CHECK_STATUS(parse(written.text, &again, &failure), PLX_OK);
    check_values(&again.table);
    plx_string_release(&written);
    plx_spec_release(&again);
    plx_spec_release(&spec);
}

static void test_mistakes_have_places(void)
{
    static const struct {
        const char *old, *new_text, *message;
    } cases[] = {
        {"max_length: 9", "max_length: 0", "c.yaml:4:38: 'max_length' takes a whole number from 1 to 65536, not '0'"},
        {"combiner: attention", "combiner: attentive",
         "c.yaml:3:62: 'combiner' takes one of mean, sum, max, attention, not 'attentive'; did you mean 'attention'"},
        {"attention_on: item", "attention_on: code",
         "c.yaml:4:20: feature 'past': 'attention_on' needs a feature of the same 'embedding_dim', which 'code' has "
         "not"},
        {"attention_on: item", "attention_on: rated",
         "c.yaml:4:20: feature 'past': 'attention_on' names no sparse feature: 'rated'"},
        {"attention_on: item, ", "", "c.yaml:3:62: feature 'past': combiner attention needs 'attention_on'"},
        {"name: item, embedding_dim: auto", "name: item, embedding_dim: 3", "differs from that of 'item'"},
        {"name: item, embedding_dim: auto", "name: item, embedding_dim: auto, min_count: 2",
         "c.yaml:3:5: feature 'past': 'min_count' differs from that of 'item', which has the same table 'item'"},
        {"hash_buckets: 100", "hash_buckets: -1", "c.yaml:11:60: "},
        {"hash_buckets: 100", "hash_buckets: 100, max_size: 3",
         "c.yaml:11:75: feature 'code': 'max_size' chooses among fitted categories: not with 'hash_buckets'"},
        {"hash_buckets: 100", "max_length: 3",
         "c.yaml:11:46: 'max_length' belongs to list features, this one is sparse"},
        {"weight_column: w", "weight_column: v", "c.yaml:9:20: feature 'rated': column 'v' is not in data.columns"},
        {"weight_column: w", "weight_column: buy",
         "c.yaml:9:20: feature 'rated': column 'buy' contains the labels of task 'buy'"},
        {"weight_column: w", "separator: ''",
         "c.yaml:9:16: feature 'rated': 'separator' is 1 to 8 bytes or the word tab"},
        {"weight_column: w", "weight_separator: '|'",
         "c.yaml:9:23: feature 'rated': 'weight_separator' and 'separator' are the same"},
        {"weight_column: w", "combiner: max",
         "c.yaml:10:24: feature 'rated': 'normalize_weights' needs weights, from 'weight_separator' or"},
        {"weight_column: w", "weight_column: w\n    combiner: max",
         "c.yaml:9:20: feature 'rated': weights belong to the combiners mean and sum"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static char text[4096];
        plx_spec spec;
        plx_error failure = {.message = ""};
        const char *place = strstr(good, cases[i].old);
        REQUIRE(place);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(place - good), good, cases[i].new_text,
                 place + strlen(cases[i].old));
        plx_status status = parse(text, &spec, &failure);
        CHECK_STATUS(status, PLX_ERR_FORMAT);
        CHECK_TEXT(failure.message, cases[i].message);
        if (status == PLX_OK) plx_spec_release(&spec);
    }
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_values_arrive), CHECK_TEST(test_mistakes_have_places)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
