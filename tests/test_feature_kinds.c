/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each kind of feature in the list of kinds must have a row for its name, a row for ONNX, a section in
 * docs/features.md, and a case here. The case is fitted, stored and loaded, and encodes files and memory in the same
 * way.
 */
#include "base/file.h"
#include "check.h"
#include "config/config.h"
#include "data/encoder_def.h"
#include "data_support.h"
#include "store/onnx_network.h"

typedef struct kind_case {
    const char *kind;
    const char *options;   /* of feature x, as YAML; column z is for kinds that read several */
    const char *cells[5];  /* of the rows for the fit */
    const char *others[3]; /* of other rows */
    int n_ids, n_lists, n_numbers;
} kind_case;

static const kind_case cases[] = {
    {"sparse", "min_count: 1", {"a", "b", "a", "", "2.0"}, {"b", "2", "unseen"}, 1, 0, 0},
    {"buckets", "quantiles: 3", {"1", "2", "3", "", "5"}, {"0", "2.5", "99"}, 1, 0, 0},
    {"datetime",
     "missing: mean, scaling: standard",
     {"2024-02-29", "2023-12-31 23:59:59", "", "2024-03-01T06:00:00+02:00", "1969-12-31T23:00:00Z"},
     {"1900-02-28 12:30", "", "2030-01-01"},
     3,
     0,
     1},
    {"list", "separator: ' ', max_length: 2", {"a b", "c", "", "a", "b c a"}, {"c b", "unseen", ""}, 0, 1, 0},
    {"dense",
     "scaling: standard, missing: mean, missing_indicator: true",
     {"1", "2.5", "", "-4", "5"},
     {"0", "", "1e3"},
     0,
     0,
     2},
};

static plx_status parse(const kind_case *c, plx_spec *spec, plx_error *err)
{
    char text[1024];
    snprintf(text, sizeof text,
             "data: {train: [train.csv]}\nfeatures: [{name: x, kind: %s, %s}]\ntasks: [{name: y}]\n"
             "model: {name: single_task}\n",
             c->kind, c->options);
    const plx_spec_source source = {.text = text, .length = strlen(text), .name = "case.yaml"};
    return plx_spec_parse(spec, &plx_allocator_default, &source, err);
}

static void write_rows(const char *const *cells, int n, char *out, size_t capacity)
{
    size_t used = (size_t)snprintf(out, capacity, "x,z,y\n");
    for (int i = 0; i < n; i++)
        used += (size_t)snprintf(out + used, capacity - used, "%s,k,%d\n", cells[i], i % 2);
}

static void check_outputs(const kind_case *c, const plx_encoder *feature)
{
    int n[] = {[PLX_MAKES_ID] = 0, [PLX_MAKES_LIST] = 0, [PLX_MAKES_NUMBERS] = 0};
    for (int i = 0; i < feature->n_outputs; i++)
        n[feature->outputs[i].kind] += feature->outputs[i].kind == PLX_MAKES_NUMBERS ? feature->outputs[i].n : 1;
    CHECK(feature->n_outputs > 0 && feature->n_outputs <= PLX_FEATURE_OUTPUTS);
    CHECK(n[PLX_MAKES_ID] == c->n_ids && n[PLX_MAKES_LIST] == c->n_lists && n[PLX_MAKES_NUMBERS] == c->n_numbers);
}

/* The same rows as columns in memory. */
static void check_cells(const kind_case *c, const plx_encoders *e, const plx_rows *rows)
{
    const size_t n = rows->n, bytes = rows->layout->record_bytes;
    static const char *const constant[] = {"k", "k", "k"};
    const plx_column cells[] = {{.name = "x", .texts = c->others}, {.name = "z", .texts = constant}};
    plx_error err = {.message = ""};
    plx_rows made;
    REQUIRE(plx_rows_init(&made, &plx_allocator_default, rows->layout, n, &err) == PLX_OK);
    CHECK_STATUS(encode_cells(e, cells, 2, n, false, made.records, &err), PLX_OK);
    CHECK_TEXT("", err.message);
    CHECK(memcmp(made.records, rows->records, n * bytes) == 0);
    plx_rows_release(&made, &plx_allocator_default);
}

/* Encoders from the stored state encode other rows as the fitted encoders do. */
static void check_round_trip(const kind_case *c, const plx_table_spec *spec, const plx_encoders *fitted)
{
    char text[512];
    plx_arena arena;
    plx_encoders *again = NULL;
    plx_rows before = {0}, after = {0};
    plx_error err = {.message = ""};
    plx_arena_init(&arena, &plx_allocator_default);
    const tensor_list list = copy_tensors(fitted, &arena);
    write_rows(c->others, COUNT(c->others), text, sizeof text);
    CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, spec, find_tensor, &list, &again, &err), PLX_OK);
    REQUIRE(again);
    CHECK_STATUS(read_file(fitted, text, false, &before, &err), PLX_OK);
    CHECK_STATUS(read_file(again, text, false, &after, &err), PLX_OK);
    CHECK(before.n == (size_t)COUNT(c->others) && same_records(&before, &after));
    check_cells(c, again, &before);
    for (int i = 0; i < list.n; i++) { /* the stored state is needed */
        tensor_list less = {plx_arena_copy(&arena, list.tensors, (size_t)list.n * sizeof *list.tensors), list.n - 1};
        plx_encoders *none = NULL;
        less.tensors[i] = list.tensors[list.n - 1];
        const bool is_optional = strstr(list.tensors[i].name, "/known") != NULL;
        CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, spec, find_tensor, &less, &none, &err),
                     is_optional ? PLX_OK : PLX_ERR_FORMAT);
        plx_encoders_release(none);
    }
    plx_rows_release(&before, &plx_allocator_default);
    plx_rows_release(&after, &plx_allocator_default);
    plx_encoders_release(again);
    plx_arena_release(&arena);
}

static void check_case(const kind_case *c)
{
    char text[512];
    plx_spec spec;
    loaded l;
    plx_error err = {.message = ""};
    folder f = folder_make();
    CHECK_STATUS(parse(c, &spec, &err), PLX_OK);
    CHECK_TEXT("", err.message);
    write_rows(c->cells, COUNT(c->cells), text, sizeof text);
    write_text(&f, "train.csv", text);
    const plx_status status = load_spec(&l, &f, &spec.table);
    CHECK_TEXT("", l.error.message);
    if (status == PLX_OK) {
        check_outputs(c, &l.encoders->features[0]);
        check_round_trip(c, &spec.table, l.encoders);
        loaded_release(&l);
    }
    plx_spec_release(&spec);
    folder_remove(&f);
}

static void report(const char *kind, const char *what)
{
    char text[200];
    snprintf(text, sizeof text, "feature kind '%s': %s", kind, what);
    check_report(__FILE__, __LINE__, text);
}

static void test_each_kind_has_all_that_it_needs(void)
{
    plx_string page;
    char heading[64];
    plx_string_init(&page, &plx_allocator_default);
    CHECK_STATUS(plx_file_read("docs/features.md", 1 << 20, &page, NULL), PLX_OK);
    for (int kind = 0; plx_feature_kinds[kind]; kind++) {
        const char *name = plx_feature_kinds[kind];
        bool has_case = false;
        for (int i = 0; i < COUNT(cases); i++)
            has_case |= strcmp(cases[i].kind, name) == 0;
        snprintf(heading, sizeof heading, "\n## %s\n", name);
        if (strcmp(plx_feature_defs[kind]->name, name) != 0) report(name, "its row has another name");
        if (!has_case) report(name, "tests/test_feature_kinds.c has no case");
        if (!plx_onnx_knows_kind(kind)) report(name, "src/store/onnx_encode.c has no row of writers");
        if (page.text && !strstr(page.text, heading)) report(name, "docs/features.md has no section");
    }
    CHECK(!plx_onnx_knows_kind(-1) && !plx_onnx_knows_kind(1000));
    plx_string_release(&page);
}

static void test_round_trips(void)
{
    for (int i = 0; i < COUNT(cases); i++)
        check_case(&cases[i]);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_each_kind_has_all_that_it_needs), CHECK_TEST(test_round_trips)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
