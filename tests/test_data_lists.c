/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in cells: which items are kept, their weights, shared vocabularies, wrong cells, files compared with memory. */
#include "check.h"

#include <limits.h>

#include "data_support.h"
#include "failing_allocator.h"

enum { MOST = 4 };

/* `h` is a list and `item` a sparse feature, both with the table `item`. */
static void list_spec(small_spec *s)
{
    small_spec_init(s);
    s->features[0] = (plx_feature_spec){.name = "item", .kind = PLX_FEATURE_SPARSE};
    s->features[1] = (plx_feature_spec){
        .name = "h", .kind = PLX_FEATURE_LIST, .separator = "|", .max_length = MOST, .embedding_name = "item"};
    s->spec.n_features = 2;
}

static void check_list(const plx_rows *rows, size_t row, int list, int n, const uint32_t *expected)
{
    const plx_list_field *field = &rows->layout->lists[list];
    uint32_t ids[64];
    REQUIRE(field->length <= 64);
    CHECK(plx_record_list(rows->records + row * rows->layout->record_bytes, field, ids) == n);
    for (int i = 0; i < n; i++)
        CHECK(ids[i] == expected[i]);
}

static void check_weights(const plx_rows *rows, size_t row, int list, int n, const float *expected)
{
    const plx_list_field *field = &rows->layout->lists[list];
    const uint8_t *record = rows->records + row * rows->layout->record_bytes;
    REQUIRE(field->has_weights);
    for (uint32_t i = 0; i < field->length; i++) {
        float weight;
        memcpy(&weight, record + field->weights_offset + i * sizeof weight, sizeof weight);
        CHECK(weight == ((int)i < n ? expected[i] : 0)); /* after the last item they are 0 */
    }
}

#define IDS(...)                                                                                                       \
    (int)(sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)), (uint32_t[])                                          \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#define WEIGHTS(...)                                                                                                   \
    (int)(sizeof((float[]){__VA_ARGS__}) / sizeof(float)), (float[])                                                   \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

/* -- Items ------------------------------------------------------------------------------------------------------- */

static const char visits[] = "item,h,sold\nb,a|b,0\nc,,1\na, d | a ||b|,0\nb,a|b,0\nb,a|b|c|d|e|f,1\nb,|,0\n";

static void test_items(void)
{
    small_spec s;
    loaded l;
    list_spec(&s);
    REQUIRE(load_text(&l, visits, &s.spec) == PLX_OK);
    const plx_rows *rows = &l.parts[0];
    REQUIRE(rows->n == 6 && rows->layout->n_sparse == 1 && rows->layout->n_lists == 1);
    /* a to d are items and values; e and f were truncated before the count. */
    CHECK(rows->layout->lists[0].vocabulary == 5 && rows->layout->sparse[0].vocabulary == 5);
    CHECK(id_at(rows, 0, 0) == 2 && id_at(rows, 1, 0) == 3);
    check_list(rows, 0, 0, IDS(1, 2));
    check_list(rows, 1, 0, 0, NULL);
    check_list(rows, 2, 0, IDS(4, 1, 2));
    check_list(rows, 3, 0, IDS(1, 2));
    check_list(rows, 4, 0, IDS(1, 2, 3, 4));
    check_list(rows, 5, 0, 0, NULL);
    loaded_release(&l);
    s.features[1].keep = PLX_KEEP_LAST;
    REQUIRE(load_text(&l, visits, &s.spec) == PLX_OK);
    check_list(&l.parts[0], 2, 0, IDS(4, 1, 2));
    check_list(&l.parts[0], 4, 0, IDS(3, 4, 5, 6));
    loaded_release(&l);
    s.spec.data.trim = false; /* without trimming a blank is part of an item */
    s.features[1].keep = PLX_KEEP_FIRST;
    REQUIRE(load_text(&l, visits, &s.spec) == PLX_OK);
    CHECK(l.parts[0].layout->lists[0].vocabulary == 7); /* " a " and " d " come first */
    check_list(&l.parts[0], 2, 0, IDS(2, 1, 4));
    loaded_release(&l);
}

/* Counts are over both columns: a 4 + 1, b 4 + 4, c 1 + 1, d 2. */
static void test_shared_counts(void)
{
    small_spec s;
    loaded l;
    list_spec(&s);
    s.features[0].max_size = s.features[1].max_size = 2;
    s.features[0].vocabulary = s.features[1].vocabulary = PLX_ORDER_FIRST_SEEN;
    REQUIRE(load_text(&l, visits, &s.spec) == PLX_OK);
    check_list(&l.parts[0], 0, 0, IDS(2, 1)); /* b is seen first, since sparse features come first */
    check_list(&l.parts[0], 4, 0, IDS(2, 1, 0, 0));
    CHECK(id_at(&l.parts[0], 1, 0) == 0);
    loaded_release(&l);
    list_spec(&s);
    s.features[0].min_count = s.features[1].min_count = 3;
    REQUIRE(load_text(&l, visits, &s.spec) == PLX_OK);
    check_list(&l.parts[0], 2, 0, IDS(0, 1, 2));
    loaded_release(&l);
}

/* A list may have its own vocabulary, hashed or in any order. */
static void test_separators(void)
{
    static const struct {
        char *separator;
        const char *text;
    } forms[] = {{"::", "item;h;sold\nx;n::m:: n ::;0\ny;a:b;1\n"},
                 {"\x01", "item;h;sold\nx;n\x01m\x01n;0\ny;a:b;1\n"},
                 {" | ", "item;h;sold\nx;n | m | n;0\ny;a:b;1\n"},
                 {"\xc2\xa7", "item;h;sold\nx;n\xc2\xa7m\xc2\xa7n;0\ny;a:b;1\n"}};
    small_spec s;
    loaded l;
    list_spec(&s);
    s.features[1].embedding_name = NULL;
    s.spec.data.delimiter = ";";
    for (int i = 0; i < COUNT(forms); i++) {
        s.features[1].separator = forms[i].separator;
        REQUIRE(load_text(&l, forms[i].text, &s.spec) == PLX_OK);
        check_list(&l.parts[0], 0, 0, IDS(3, 2, 3));
        check_list(&l.parts[0], 1, 0, IDS(1));
        loaded_release(&l);
    }
    s.features[1].separator = "::";
    s.features[1].weight_separator = ":";
    s.features[1].combiner = PLX_BAG_SUM;
    s.spec.data.decimal = ",";
    REQUIRE(load_text(&l, "item;h;sold\nx;n:0,5::m:2;0\n", &s.spec) == PLX_OK);
    check_list(&l.parts[0], 0, 0, IDS(2, 1));
    loaded_release(&l);
}

static void test_own_vocabulary(void)
{
    small_spec s;
    loaded l;
    list_spec(&s);
    s.features[1].embedding_name = NULL;
    s.features[1].vocabulary = PLX_ORDER_FIRST_SEEN;
    s.features[1].separator = "tab";
    s.features[0].separator = "tab"; /* has no meaning for it */
    s.spec.data.delimiter = ";";
    REQUIRE(load_text(&l, "item;h;sold\nx;n\tm\tn;0\ny;m;1\n", &s.spec) == PLX_OK);
    CHECK(l.parts[0].layout->sparse[0].vocabulary == 3);
    check_list(&l.parts[0], 0, 0, IDS(1, 2, 1));
    loaded_release(&l);
    s.features[1].hash_buckets = 1000;
    REQUIRE(load_text(&l, "item;h;sold\nx;abc\t\tabc;0\ny;m;1\n", &s.spec) == PLX_OK);
    CHECK(l.parts[0].layout->lists[0].vocabulary == 1001);
    const uint32_t abc = 1 + (uint32_t)(UINT64_C(0x44bc2cf5ad770999) % 1000);
    check_list(&l.parts[0], 0, 0, IDS(abc, abc));
    loaded_release(&l);
}

/* Ids of one, two and four bytes, and enough rows for repeated cells to be copied. */
static void test_widths(void)
{
    static const int sizes[] = {200, 300, 70000};
    for (int k = 0; k < COUNT(sizes); k++) {
        const int n = sizes[k], rows = 2 * n + 100;
        small_spec s;
        loaded l;
        list_spec(&s);
        s.features[1].embedding_name = NULL;
        s.features[1].weight_separator = ":";
        char *text = malloc((size_t)rows * 64 + 64), *at = text + sprintf(text, "item,h,sold\n");
        for (int i = 0; i < rows; i++)
            at += sprintf(at, "x,%06d:%d|%06d:2,0\n", i % n, i % n, (i + 7) % n);
        REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
        for (int i = 0; i < rows; i += n / 3 - 1) {
            check_list(&l.parts[0], (size_t)i, 0, IDS((uint32_t)(i % n) + 1, (uint32_t)((i + 7) % n) + 1));
            check_weights(&l.parts[0], (size_t)i, 0, WEIGHTS((float)(i % n), 2));
        }
        free(text);
        loaded_release(&l);
    }
}

/* -- Weights ----------------------------------------------------------------------------------------------------- */

/* The last separator in an item is that of its weight, however long the item is. */
static void test_weight_separators(void)
{
    static const struct {
        const char *separator, *text;
    } forms[] = {{":", "x;n:0.5|a:b:2|n:3;0\n"},
                 {"::", "x;n::0.5|a:b::2|n ::3;0\n"},
                 {"::", "x;n::0.5|a:b:: 2 |n::3;0\n"},
                 {"tab", "x;n\t0.5|a:b\t2|n\t3;0\n"},
                 {"\001\001", "x;n\001\0010.5|a:b\001\0012|n\001\0013;0\n"},
                 {"=>", "x;n=>0.5|a:b=>2|n=>3;0\n"}};
    for (int i = 0; i < COUNT(forms); i++) {
        small_spec s;
        loaded l;
        char text[128];
        list_spec(&s);
        s.features[1].embedding_name = NULL;
        s.features[1].weight_separator = (char *)forms[i].separator;
        s.spec.data.delimiter = ";";
        snprintf(text, sizeof text, "item;h;sold\n%s", forms[i].text);
        REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
        check_list(&l.parts[0], 0, 0, IDS(2, 1, 2));
        check_weights(&l.parts[0], 0, 0, WEIGHTS(0.5f, 2, 3));
        loaded_release(&l);
        if (strlen(forms[i].separator) == 2) {
            snprintf(text, sizeof text, "item;h;sold\nx;a%s%sb%s2;0\n", forms[i].separator, forms[i].separator,
                     forms[i].separator);
            REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
            check_weights(&l.parts[0], 0, 0, WEIGHTS(2));
            loaded_release(&l);
            CHECK_STATUS(load_text(&l, "item;h;sold\nx;a:1;0\n", &s.spec), PLX_ERR_SCHEMA);
            CHECK_TEXT(l.error.message, "'a:1' has no weight after a");
        }
    }
}

static void test_weights_in_cells(void)
{
    small_spec s;
    loaded l;
    list_spec(&s);
    s.features[1].weight_separator = ":";
    const char *text = "item,h,sold\na,a:0.5| b : 2 |a:b:-1,0\na,,1\na,b:1|b:2|b:3|b:4|b:5,0\na,a:0|b:0,0\n";
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    check_list(&l.parts[0], 0, 0, IDS(1, 3, 2)); /* a, b, a:b */
    check_weights(&l.parts[0], 0, 0, WEIGHTS(0.5f, 2, -1));
    check_weights(&l.parts[0], 1, 0, 0, NULL);
    check_weights(&l.parts[0], 2, 0, WEIGHTS(1, 2, 3, 4));
    loaded_release(&l);
    s.features[1].normalize_weights = PLX_WEIGHTS_BY_SUM;
    s.features[1].keep = PLX_KEEP_LAST;
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    check_weights(&l.parts[0], 0, 0, WEIGHTS((float)(0.5 / 3.5), (float)(2 / 3.5), (float)(-1 / 3.5)));
    check_weights(&l.parts[0], 2, 0,
                  WEIGHTS((float)(2 / 14.0), (float)(3 / 14.0), (float)(4 / 14.0), (float)(5 / 14.0)));
    check_weights(&l.parts[0], 3, 0, WEIGHTS(0, 0)); /* nothing to divide by */
    loaded_release(&l);
}

static void test_softmax_of_weights(void)
{
    small_spec s;
    loaded l;
    list_spec(&s);
    s.features[1].weight_separator = ":";
    s.features[1].normalize_weights = PLX_WEIGHTS_SOFTMAX;
    const char *text = "item,h,sold\na,a:2|b:1|c:1,0\na,,1\na,a:-7,0\na,a:3e38|b:-3e38,0\na,a:4|b:2|c:2,1\n";
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    const double e = exp(1), sum = e + 2, other = exp(2) + 2;
    check_weights(&l.parts[0], 0, 0, WEIGHTS((float)(e / sum), (float)(1 / sum), (float)(1 / sum)));
    check_weights(&l.parts[0], 1, 0, 0, NULL);
    check_weights(&l.parts[0], 2, 0, WEIGHTS(1));
    check_weights(&l.parts[0], 3, 0, WEIGHTS(1, 0));
    check_weights(&l.parts[0], 4, 0, WEIGHTS((float)(exp(2) / other), (float)(1 / other), (float)(1 / other)));
    loaded_release(&l);
    s.features[1].normalize_weights = PLX_WEIGHTS_SOFTMAX_MEAN;
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    check_weights(&l.parts[0], 2, 0, WEIGHTS(1));
    check_weights(&l.parts[0], 3, 0, WEIGHTS(0.5f, 0));
    loaded_release(&l);
}

static void test_weights_in_a_second_column(void)
{
    small_spec s;
    loaded l;
    list_spec(&s);
    s.features[1].weight_column = "w";
    const char *text = "item,w,h,sold\na,1|2.5,a|b,0\na,,,1\na,1|2|3|4|5|6,a|b|c|d|e|f,0\na,7||8,a|b|,0\n";
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    check_weights(&l.parts[0], 0, 0, WEIGHTS(1, 2.5f));
    check_weights(&l.parts[0], 1, 0, 0, NULL);
    check_weights(&l.parts[0], 2, 0, WEIGHTS(1, 2, 3, 4));
    check_weights(&l.parts[0], 3, 0, WEIGHTS(7, 8));
    loaded_release(&l);
    s.features[1].keep = PLX_KEEP_LAST;
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    check_weights(&l.parts[0], 2, 0, WEIGHTS(3, 4, 5, 6));
    check_list(&l.parts[0], 2, 0, IDS(3, 4, 5, 6));
    loaded_release(&l);
}

/* -- Wrong input ------------------------------------------------------------------------------------------------- */

static void check_wrong(const small_spec *s, const char *text, const char *message)
{
    loaded l;
    CHECK_STATUS(load_text(&l, text, &s->spec), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, message);
}

static void test_wrong_cells(void)
{
    small_spec s;
    list_spec(&s);
    s.features[1].weight_separator = ":";
    check_wrong(&s, "item,h,sold\na,a:1,0\na,a:1|b,0\n",
                "train.csv:3:3: 'b' has no weight after a ':'; the items of list 'h' need one");
    check_wrong(&s, "item,h,sold\na,a:x,0\n",
                "train.csv:2:3: 'x' is not a number; column 'h' holds the weights of list");
    check_wrong(&s, "item,h,sold\na,a:1e99,0\n", "train.csv:2:3: '1e99' is too large for a 32-bit number");
    check_wrong(&s, "item,h,sold\na,a:,0\n", "train.csv:2:3: a missing number in column 'h'");
    list_spec(&s);
    s.features[1].weight_column = "w";
    check_wrong(&s, "item,h,w,sold\na,a,1,0\na,a|b,1,0\n",
                "train.csv:3:7: list 'h' has 2 items, and 1 weights in column 'w'");
    check_wrong(&s, "item,w,h,sold\na,1|b,a|b,0\n",
                "train.csv:2:3: 'b' is not a number; column 'w' holds the weights of list 'h'");
    check_wrong(&s, "item,h,sold\na,a,0\n", "the header has no column 'w'");
}

/* The same wrong cell is wrong a second time. */
static void test_skipped_rows(void)
{
    small_spec s;
    loaded l;
    list_spec(&s);
    plx_read_report wrong = {.rows = 0};
    s.features[1].weight_column = "w";
    s.spec.data.on_error = PLX_ON_ERROR_SKIP;
    s.spec.data.max_errors = 10;
    folder f = folder_make();
    write_text(&f, "train.csv", "item,h,w,sold\na,a,1,0\na,b|c,1,0\nb,b,2,1\na,b|c,1,0\nx,q,z,0\nb,b,3,1\n");
    const char *const folders[] = {f.path};
    const plx_load_options options = {.folders = folders, .n_folders = 1, .threads = 1, .wrong = &wrong};
    l = (loaded){.encoders = NULL};
    REQUIRE(plx_table_load(&plx_allocator_default, &s.spec, &options, &l.encoders, l.parts, &l.error) == PLX_OK);
    CHECK(wrong.wrong_rows == 3 && l.parts[0].n == 3);
    CHECK(l.parts[0].layout->lists[0].vocabulary == 3); /* neither c, q nor x */
    check_weights(&l.parts[0], 2, 0, WEIGHTS(3));
    loaded_release(&l);
    folder_remove(&f);
}

static void check_refused(const small_spec *s, const char *message)
{
    loaded l;
    CHECK_STATUS(load_text(&l, visits, &s->spec), PLX_ERR_ARGUMENT);
    CHECK_TEXT(l.error.message, message);
}

#define REFUSED(message, ...)                                                                                          \
    do {                                                                                                               \
        small_spec s;                                                                                                  \
        list_spec(&s);                                                                                                 \
        plx_feature_spec *h = &s.features[1];                                                                          \
        __VA_ARGS__;                                                                                                   \
        check_refused(&s, message);                                                                                    \
    } while (0)

static void test_wrong_options(void)
{
    REFUSED("features.h.separator: 'separator' is 1 to 8 bytes or the word tab, not ':::::::::'",
            h->separator = ":::::::::");
    REFUSED("features.h.separator: 'separator' is 1 to 8 bytes or the word tab, not ''", h->separator = NULL);
    REFUSED(
        "features.h.weight_separator: 'weight_separator' is at most 8 bytes or the word tab, or empty for none, not "
        "':::::::::'",
        h->weight_separator = ":::::::::");
    REFUSED("features.h.weight_separator: 'weight_separator' and 'separator' are the same", h->weight_separator = "|");
    REFUSED("features.h.weight_column: weights come from 'weight_separator' or 'weight_column': give one or the other",
            h->weight_separator = ":", h->weight_column = "w");
    REFUSED(
        "features.h.normalize_weights: 'normalize_weights' needs weights, from 'weight_separator' or 'weight_column'",
        h->normalize_weights = PLX_WEIGHTS_BY_SUM);
    REFUSED("features.h.weight_separator: weights belong to the combiners mean and sum", h->weight_separator = ":",
            h->combiner = PLX_BAG_MAX);
    REFUSED(
        "features.h.combiner: combiner attention needs 'attention_on': the sparse feature that items are compared with",
        h->combiner = PLX_BAG_ITEMS);
    REFUSED("features.h.attention_on: 'attention_on' belongs to combiner attention", h->attention_on = "item");
    REFUSED("features.h.attention_on: 'attention_on' names no sparse feature: 'h'", h->combiner = PLX_BAG_ITEMS,
            h->attention_on = "h");
    REFUSED("features.h.attention_on: 'attention_on' names no sparse feature: 'x'", h->combiner = PLX_BAG_ITEMS,
            h->attention_on = "x");
    REFUSED("features.h.attention_on: 'attention_on' needs a feature of the same 'embedding_dim', which 'item' has not",
            h->combiner = PLX_BAG_ITEMS, h->attention_on = "item", h->embedding_name = "own", h->embedding_dim = 7);
    REFUSED("features.h.max_length: 'max_length' must be at least 1", h->max_length = 0);
    REFUSED("features.h.max_length: the lists' 'max_length' exceed 2097152 in total", h->max_length = 1 << 22);
}

/* -- Model files and memory -------------------------------------------------------------------------------------- */

/* All kinds of lists over two columns, and their encoding of some rows. */
typedef struct wide_case {
    plx_feature_spec features[7];
    small_spec s;
} wide_case;

static const char wide_text[] = "item,h,k,w,age,sold\n"
                                "a,a|b|c,x:1;y:-0.5,1|2|3,3,0\n"
                                "b,,,,4,1\n"
                                "zz, b | a ,  y : 3 ,\"0.25 | 4\",5,0\n"
                                "\"q, r\",\"q, r|b|b|b|b|b|c\",x:2;x:2;y:1e3,1|2|3|4|5|6|7,0.125,1\n"
                                "12,12|13,12:1,9|9,1e3,0\n"
                                "a,a|b|c,x:1;y:-0.5,3|2|1,3,0\n";
enum { WIDE_ROWS = 6 };

static void wide_init(wide_case *c)
{
    list_spec(&c->s);
    const plx_feature_spec features[] = {
        {.name = "item", .kind = PLX_FEATURE_SPARSE, .embedding_dim = 3},
        {.name = "code", .column = "item", .kind = PLX_FEATURE_SPARSE, .hash_buckets = 50},
        {.name = "h",
         .kind = PLX_FEATURE_LIST,
         .separator = "|",
         .max_length = 4,
         .embedding_name = "item",
         .embedding_dim = 3,
         .combiner = PLX_BAG_ITEMS,
         .attention_on = "item"},
        {.name = "last",
         .column = "h",
         .kind = PLX_FEATURE_LIST,
         .separator = "|",
         .max_length = 2,
         .keep = PLX_KEEP_LAST,
         .weight_column = "w",
         .min_count = 2},
        {.name = "k",
         .kind = PLX_FEATURE_LIST,
         .separator = ";",
         .max_length = 5,
         .weight_separator = ":",
         .normalize_weights = PLX_WEIGHTS_BY_SUM},
        {.name = "hashed",
         .column = "h",
         .kind = PLX_FEATURE_LIST,
         .separator = "|",
         .max_length = 3,
         .hash_buckets = 300},
        {.name = "age", .kind = PLX_FEATURE_DENSE, .scaling = PLX_SCALE_STANDARD, .missing = NAN}};
    memcpy(c->features, features, sizeof features);
    c->s.spec.features = c->features;
    c->s.spec.n_features = COUNT(features);
}

static void check_columns(const plx_encoders *encoders, const plx_rows *expected, plx_error *err)
{
    static const char *const hs[] = {"a|b|c", "", " b | a ", "q, r|b|b|b|b|b|c", "12|13", "a|b|c "};
    static const char *const ks[] = {"x:1;y:-0.5", NULL, "y : 3", "x:2;x:2;y:1e3", "12:1", " x:1 ; y:-0.5"};
    static const char *const ws[] = {"1|2|3", NULL, "0.25 | 4", "1|2|3|4|5|6|7", "9|9", "3|2|1"};
    static const char *const codes[] = {"a", "b", "zz", "q, r", "12", " a"};
    static const double ages[] = {3, 4, 5, 0.125, 1000, 3}, labels[] = {0, 1, 0, 1, 0, 0};
    const plx_column cells[] = {{.name = "h", .texts = hs},       {.name = "item", .texts = codes},
                                {.name = "k", .texts = ks},       {.name = "w", .texts = ws},
                                {.name = "age", .numbers = ages}, {.name = "sold", .numbers = labels}};
    const size_t bytes = expected->layout->record_bytes;
    uint8_t *out = malloc(WIDE_ROWS * bytes), *single = malloc(bytes);
    REQUIRE(out && single && expected->n == WIDE_ROWS);
    CHECK_STATUS(encode_cells(encoders, cells, COUNT(cells), WIDE_ROWS, true, out, err), PLX_OK);
    CHECK(memcmp(out, expected->records, WIDE_ROWS * bytes) == 0);
    for (size_t row = 0; row < WIDE_ROWS; row++) {
        const plx_column alone[] = {{.name = "h", .texts = hs + row},       {.name = "item", .texts = codes + row},
                                    {.name = "k", .texts = ks + row},       {.name = "w", .texts = ws + row},
                                    {.name = "age", .numbers = ages + row}, {.name = "sold", .numbers = labels + row}};
        CHECK_STATUS(encode_cells(encoders, alone, COUNT(alone), 1, true, single, err), PLX_OK);
        CHECK(memcmp(single, expected->records + row * bytes, bytes) == 0);
    }
    free(single);
    free(out);
}

static void test_round_trip(void)
{
    wide_case c;
    loaded l;
    plx_arena arena;
    plx_encoders *again = NULL;
    plx_rows rows = {0};
    wide_init(&c);
    CHECK_STATUS(load_text(&l, wide_text, &c.s.spec), PLX_OK);
    if (!l.encoders) puts(l.error.message);
    REQUIRE(l.encoders);
    plx_arena_init(&arena, &plx_allocator_default);
    tensor_list list = copy_tensors(l.encoders, &arena);
    CHECK(find_tensor(&list, "vocabulary/item/ends") && !find_tensor(&list, "vocabulary/h/ends"));
    CHECK(find_tensor(&list, "vocabulary/last/ends") && !find_tensor(&list, "vocabulary/last/common"));
    CHECK(!find_tensor(&list, "vocabulary/hashed/ends") && find_tensor(&list, "vocabulary/code/common"));
    CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, &c.s.spec, find_tensor, &list, &again, &l.error),
                 PLX_OK);
    REQUIRE(again);
    CHECK_STATUS(read_file(again, wide_text, true, &rows, &l.error), PLX_OK);
    CHECK(same_records(&rows, &l.parts[0]));
    check_columns(again, &rows, &l.error);
    plx_rows_release(&rows, &plx_allocator_default);
    plx_encoders_release(again);
    plx_arena_release(&arena);
    loaded_release(&l);
}

/* A number in memory is a list of one item, and a missing one an empty list. */
static void test_numbers_in_memory(void)
{
    small_spec s;
    loaded l;
    list_spec(&s);
    s.features[1].weight_column = "w";
    REQUIRE(load_text(&l, "item,h,w,sold\n3,3|4.5,1|2,0\n", &s.spec) == PLX_OK);
    const double items[] = {3, 4.5, NAN}, weights[] = {0.5, 7, NAN};
    const plx_column cells[] = {
        {.name = "h", .numbers = items}, {.name = "w", .numbers = weights}, {.name = "item", .numbers = items}};
    plx_rows rows;
    REQUIRE(plx_rows_init(&rows, &plx_allocator_default, l.parts[0].layout, 3, NULL) == PLX_OK);
    CHECK_STATUS(encode_cells(l.encoders, cells, 3, 3, false, rows.records, &l.error), PLX_OK);
    check_list(&rows, 0, 0, IDS(1));
    check_list(&rows, 1, 0, IDS(2));
    check_list(&rows, 2, 0, 0, NULL);
    check_weights(&rows, 1, 0, WEIGHTS(7));
    plx_rows_release(&rows, &plx_allocator_default);
    loaded_release(&l);
}

static void test_wrong_columns(void)
{
    small_spec s;
    loaded l;
    list_spec(&s);
    s.features[1].weight_column = "w";
    REQUIRE(load_text(&l, "item,h,w,sold\na,a|b,1|2,0\n", &s.spec) == PLX_OK);
    const char *const items[] = {"a", "a"}, *const hs[] = {"a", "a|b"}, *const few[] = {"1", "2"},
                      *const wrong[] = {"1", "2|x"};
    uint8_t out[2][128];
    plx_column cells[] = {{.name = "h", .texts = hs}, {.name = "item", .texts = items}, {.name = "w", .texts = few}};
    CHECK_STATUS(encode_cells(l.encoders, cells, 3, 2, false, out[0], &l.error), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "row 2: list 'h' has 2 items, and 1 weights in column 'w'");
    cells[2].texts = wrong;
    CHECK_STATUS(encode_cells(l.encoders, cells, 3, 2, false, out[0], &l.error), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "row 2: 'x' is not a number; column 'w' holds the weights of list 'h'");
    CHECK_STATUS(encode_cells(l.encoders, cells, 2, 2, false, out[0], &l.error), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "no column 'w' was given");
    loaded_release(&l);
}

static void test_memory_ends(void)
{
    wide_case c;
    folder f = folder_make();
    plx_status status = PLX_ERR_MEMORY;
    write_text(&f, "train.csv", wide_text);
    wide_init(&c);
    const char *const folders[] = {f.path};
    for (long n = 1; status == PLX_ERR_MEMORY && n < 10000; n++) {
        failing_allocator memory;
        failing_allocator_init(&memory, n);
        memory.from_then_on = true;
        const plx_load_options options = {.folders = folders, .n_folders = 1, .threads = 1};
        plx_encoders *again = NULL;
        loaded l = {.encoders = NULL};
        plx_arena arena;
        tensor_list list = {NULL, 0};
        plx_arena_init(&arena, &memory.allocator);
        status = plx_table_load(&memory.allocator, &c.s.spec, &options, &l.encoders, l.parts, &l.error);
        if (!status)
            status = plx_encoders_tensors(l.encoders, &arena, (const plx_tensor **)&list.tensors, &list.n, &l.error);
        if (!status)
            status = plx_encoders_from_tensors(&memory.allocator, &c.s.spec, find_tensor, &list, &again, &l.error);
        if (!status) {
            const long requests = memory.calls;
            check_columns(again, &l.parts[0], &l.error);
            CHECK(memory.calls == requests); /* scoring needs none */
        }
        if (status) CHECK_STATUS(status, PLX_ERR_MEMORY);
        plx_arena_release(&arena);
        plx_encoders_release(again);
        for (int i = 0; i < PLX_PARTS; i++)
            plx_rows_release(&l.parts[i], &memory.allocator);
        plx_encoders_release(l.encoders);
        CHECK(memory.live == 0);
    }
    CHECK_STATUS(status, PLX_OK);
    folder_remove(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_items),
                                       CHECK_TEST(test_shared_counts),
                                       CHECK_TEST(test_separators),
                                       CHECK_TEST(test_own_vocabulary),
                                       CHECK_TEST(test_widths),
                                       CHECK_TEST(test_weight_separators),
                                       CHECK_TEST(test_weights_in_cells),
                                       CHECK_TEST(test_softmax_of_weights),
                                       CHECK_TEST(test_weights_in_a_second_column),
                                       CHECK_TEST(test_wrong_cells),
                                       CHECK_TEST(test_skipped_rows),
                                       CHECK_TEST(test_wrong_options),
                                       CHECK_TEST(test_round_trip),
                                       CHECK_TEST(test_numbers_in_memory),
                                       CHECK_TEST(test_wrong_columns),
                                       CHECK_TEST(test_memory_ends)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
