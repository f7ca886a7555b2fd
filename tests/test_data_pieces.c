/* SPDX-License-Identifier: Apache-2.0 */
/* Several threads read text in pieces with the same result as one thread: rows, texts in order of first occurrence,
 * kept cells, wrong rows, messages. Pieces are as small as possible, so that cuts fall everywhere. */
#include "check.h"

#include "data/encoders.h"
#include "data/table_file.h"
#include "data_support.h"
#include "same_columns.h"

/* A source that returns at most `step` bytes a call and, if it fails, fails after `length`. */
typedef struct feed {
    const char *text;
    size_t length, at, step;
    bool fails;
} feed;

static plx_status read_feed(void *user, char *out, size_t capacity, size_t *got, plx_error *err)
{
    feed *f = user;
    size_t n = f->length - f->at;
    n = n < capacity ? n : capacity;
    n = n < f->step ? n : f->step;
    memcpy(out, f->text + f->at, n);
    f->at += n;
    *got = n;
    return n == 0 && f->fails ? plx_error_set(err, PLX_ERR_IO, "f: torn off") : PLX_OK;
}

enum { MOST_FEATURES = 6 };

/* A text and how it is read. */
typedef struct manner {
    const char *text;
    size_t length;
    size_t step; /* of the source; 0: all together */
    bool fails;  /* the source fails at the end */
    const char *delimiter, *quote, *comment, *escape;
    bool trims, without_header, without_labels, keeps;
    int64_t max_errors; /* of skipped rows; 0: the first wrong row ends reading */
} manner;

typedef struct result {
    plx_status status;
    plx_error error;
    plx_columns columns;
    plx_read_report wrong;
    plx_kept_cells kept;
    plx_encoders *encoders;
} result;

static void make_spec(small_spec *s, const manner *m)
{
    static char *columns[] = {"color", "size", "tags", "weights", "sold"};
    static plx_feature_spec features[] = {
        {.name = "color", .kind = PLX_FEATURE_SPARSE, .embedding_dim = 4},
        {.name = "hue", .kind = PLX_FEATURE_SPARSE, .column = "color", .embedding_name = "tags", .embedding_dim = 4},
        {.name = "band", .kind = PLX_FEATURE_BUCKETS, .column = "size", .quantiles = 5, .embedding_dim = 4},
        {.name = "tags",
         .kind = PLX_FEATURE_LIST,
         .embedding_dim = 4,
         .separator = "|",
         .max_length = 3,
         .weight_column = "weights"},
        {.name = "labels",
         .kind = PLX_FEATURE_LIST,
         .column = "tags",
         .embedding_name = "tags",
         .embedding_dim = 4,
         .separator = "|",
         .max_length = 2},
        {.name = "size", .kind = PLX_FEATURE_DENSE, .scaling = PLX_SCALE_STANDARD, .missing = 3}};
    small_spec_init(s);
    plx_data_spec *data = &s->spec.data;
    s->spec.features = features;
    s->spec.n_features = COUNT(features);
    data->delimiter = m->delimiter ? (char *)m->delimiter : ",";
    data->quote = m->quote ? (char *)m->quote : "\"";
    data->comment = m->comment ? (char *)m->comment : "";
    data->escape = m->escape ? (char *)m->escape : "";
    data->trim = m->trims;
    data->header = !m->without_header;
    if (m->without_header) data->columns = (plx_text_list){columns, COUNT(columns)};
    data->on_error = m->max_errors ? PLX_ON_ERROR_SKIP : PLX_ON_ERROR_STOP;
    data->max_errors = m->max_errors;
}

static plx_status read_text(const manner *m, const plx_filling *to, const plx_parallel *parallel, plx_error *err)
{
    feed f = {.text = m->text, .length = m->length, .step = m->step ? m->step : SIZE_MAX, .fails = m->fails};
    plx_table_file *file = NULL;
    bool more = true;
    plx_status status = plx_table_file_open(to, (plx_byte_source){read_feed, &f}, "f", parallel, &file, err);
    while (!status && more)
        status = plx_table_file_rows(file, 5, &more, err);
    plx_table_file_close(file);
    return status;
}

static void read_by(result *r, const manner *m, int threads, size_t piece_bytes)
{
    static const char *const kept[] = {"tags", "color"};
    small_spec s;
    make_spec(&s, m);
    *r = (result){.status = PLX_OK};
    plx_kept_cells_init(&r->kept, &plx_allocator_default, kept, COUNT(kept));
    if (plx_encoders_create(&plx_allocator_default, &s.spec, &r->encoders, &r->error) ||
        plx_encoders_raw(r->encoders, !m->without_labels, &r->columns, &r->error))
        abort();
    const plx_filling to = {.encoders = r->encoders,
                            .columns = &r->columns,
                            .with_labels = !m->without_labels,
                            .needs_rows = true,
                            .wrong = m->max_errors ? &r->wrong : NULL,
                            .kept = m->keeps ? &r->kept : NULL};
    const plx_parallel parallel = {.threads = threads, .piece_bytes = piece_bytes};
    r->status = read_text(m, &to, &parallel, &r->error);
}

static void result_release(result *r)
{
    plx_columns_release(&r->columns);
    plx_kept_cells_release(&r->kept);
    plx_encoders_release(r->encoders);
}

static bool same_result(const result *a, const result *b)
{
    if (a->status != b->status || !same_wrong(&a->wrong, &b->wrong)) return false;
    if (a->status) return strcmp(a->error.message, b->error.message) == 0;
    bool is_same = a->columns.n == b->columns.n;
    for (int i = 0; is_same && a->columns.n && i < a->columns.n_items; i++)
        is_same = same_column(&a->columns.items[i], &b->columns.items[i], a->columns.n);
    return is_same;
}

static void show(const char *who, const result *r)
{
    printf("  %s: %zu rows, %lld wrong (%s), status %d: %s\n", who, r->columns.n, (long long)r->wrong.wrong_rows,
           r->wrong.wrong_row[0].message, (int)r->status, r->status ? r->error.message : "");
}

static void check_pieces(const manner *m, const size_t *sizes, size_t n_sizes)
{
    static const int threads[] = {2, 3, 8};
    result one;
    read_by(&one, m, 1, 0);
    for (size_t i = 0; i < n_sizes * COUNT(threads); i++) {
        result many;
        const size_t bytes = sizes[i / COUNT(threads)];
        read_by(&many, m, threads[i % COUNT(threads)], bytes);
        const bool is_same = same_result(&one, &many);
        if (!is_same) {
            printf("  %d threads, pieces of %zu bytes of: %.300s\n", threads[i % COUNT(threads)], bytes, m->text);
            show("one", &one);
            show("many", &many);
        }
        CHECK(is_same);
        result_release(&many);
    }
    result_release(&one);
}

/* Pieces of every size, if the text is short enough. */
static void check_everywhere(manner m)
{
    enum { MOST = 600 };
    static size_t sizes[MOST];
    const size_t n = strlen(m.text) + 2;
    REQUIRE(n <= MOST);
    for (size_t i = 0; i < n; i++)
        sizes[i] = i + 1;
    m.length = strlen(m.text);
    check_pieces(&m, sizes, n);
}

#define HEAD "color,size,tags,weights,sold\n"

static void test_plain(void)
{
    check_everywhere((manner){.text = HEAD "red,1,a|b,1|2,0\nblue,2,,,1\nred,1,c,1,1\n"
                                           "green,-4.5,a|b,2|1,0\nblue,1,c,3,1"});
    check_everywhere((manner){.text = HEAD "red,1,,,0\n\n\nblue,2,,,1\n\nred,1,,,1\n\n", .trims = true});
    check_everywhere((manner){.text = HEAD "red,1,,,0\n  \n,,,,\nblue,2,,,1\n,,,,\n", .trims = true});
    check_everywhere((manner){.text = HEAD});
    check_everywhere((manner){.text = HEAD "red,1,,,0"});
    check_everywhere((manner){.text = ""});
    check_everywhere((manner){.text = "red,1,,,0\nblue,2,,,1\nred,1,,,1\n", .without_header = true});
    check_everywhere((manner){.text = "red,1,,\nblue,2,,\nred,1,,\n", .without_header = true, .without_labels = true});
}

static void test_line_ends(void)
{
    check_everywhere((manner){.text = "\xef\xbb\xbf" HEAD "red,1,,,0\r\nblue,2,,,1\r\n\r\nred,1,,,1\r\n"});
    check_everywhere((manner){.text = "color,size,tags,weights,sold\rred,1,,,0\rblue,2,,,1\r\rred,1,,,1\r"});
    check_everywhere((manner){.text = "sep=,\n" HEAD "red,1,,,0\n\"b\r\n\nlue\",2,,,1\nred,x,,,1\n"});
}

static void test_quotes(void)
{
    check_everywhere((manner){.text = HEAD "\"re\nd\",1,,,0\n\"b\"\"lu\n\ne\",2,,,1\n"
                                           "\"red\",1,,,1\n\"\",2,\"a|b\",\"1|2\",0\n"});
    check_everywhere((manner){.text = HEAD "\"a\nvery\nlong\ncell\nof\nmany\nlines\nand,\"\"\n"
                                           "\"\",more\n\",1,,,0\nred,1,,,1\n"});
    check_everywhere((manner){.text = HEAD "5\" disk,1,,,0\nred,1,,,1\n3\" disk,2,,,0\n\"4\n\"\" disk\",1,,,1\n"});
    check_everywhere((manner){.text = HEAD "5' disk,1,,,0\n'red',1,,,1\n'3\n',2,,,0\n", .quote = "'"});
    check_everywhere((manner){.text = HEAD "5\" disk,1,,,0\n\"red,1,,,1\nb\",1,,,0\n", .quote = ""});
    check_everywhere((manner){.text = HEAD " \"red\" , 1 ,,, 0 \n \" blue\n\" , 2,,,1\n", .trims = true});
}

static void test_comments(void)
{
    check_everywhere(
        (manner){.text = HEAD "# it's \"one\nred,1,,,0\n#\n#\"\nblue,2,,,1\n\"#\n\",1,,,0\n", .comment = "#"});
    check_everywhere(
        (manner){.text = HEAD "//!\"one\nred,1,,,0\n//!\nb\n\nblue,2,,,1\nx\n", .comment = "//!", .max_errors = 9});
}

static void test_escapes(void)
{
    check_everywhere((manner){.text = HEAD "r\\\ned,1,,,0\n\"a\\\"\n\\\\\",2,,,1\nx\\,\\\"y,1,,,0\n"
                                           "\\N,1,,,1\n",
                              .escape = "\\"});
    check_everywhere(
        (manner){.text = HEAD "\"it\\\"s\nred\",1,,,0\nblue,2,,,1\nred,1,,,0\n", .escape = "\\", .trims = true});
    check_everywhere((manner){.text = "color||size||tags||weights||sold\nr|d||1||||||0\n\"a||\n\"||2||||||1\n"
                                      "red||1||||||0\n",
                              .delimiter = "||"});
}

static void test_wrong_rows(void)
{
    static const char *const texts[] = {
        HEAD "red,1,,,0\nblue,x,,,1\nred,1,,,1\nred,1\n\"new\",2,,,7\nblue,2,,,1\n",
        HEAD "red,1,,,0\n\"a\" b,1,,,1\nblue,2,,,1\n\"c\nd\" e,3,,,0\nred,1,,,0\n",
        HEAD "red,1,,,0\nblue,1,a|b,1,1\nred,1,a,1|2,1\nblue,1,a,x,0\nred,1,a,4,0\n",
        HEAD "red,1,,,0\n\"never\nclosed,1,,,1\nblue,2,,,1\n",
        HEAD "red,1,,,0\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nblue,2,,,1\nx\nx\n",
        HEAD "x\nx\n",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        check_everywhere((manner){.text = texts[i]});
        check_everywhere((manner){.text = texts[i], .max_errors = 1});
        check_everywhere((manner){.text = texts[i], .max_errors = 3});
        check_everywhere((manner){.text = texts[i], .max_errors = 11});
        check_everywhere((manner){.text = texts[i], .max_errors = 99, .trims = true});
    }
}

/* -- Text that is longer than one read ---------------------------------------------------------------------------- */

typedef struct long_text {
    char *text;
    size_t length;
} long_text;

/* Rows of many kinds; no two sequences of them are equal. Every `wrong`th row is wrong; 0: none is. */
static long_text make_long(size_t bytes, unsigned wrong)
{
    long_text l = {.text = malloc(bytes + 4096)};
    if (!l.text) abort();
    l.length = (size_t)sprintf(l.text, HEAD);
    for (unsigned i = 0, r = 1; l.length < bytes; i++) {
        r = r * 1664525u + 1013904223u;
        char *at = l.text + l.length;
        const unsigned kind = r >> 28, color = (r >> 8) % (i / 4 + 3);
        const char *end = kind < 8 ? "\n" : "\r\n";
        if (wrong && i % wrong == wrong - 1)
            l.length += (size_t)sprintf(at, "%u,none,,,1%s", color, end);
        else if (kind == 0)
            l.length += (size_t)sprintf(at, "\"%u\n\"\"quoted\"\"\r\n,\n\",%u,a|b,1|%u,1%s", color, r % 90, r % 7, end);
        else if (kind == 1)
            l.length += (size_t)sprintf(at, "%u\" inch,%u.25,,,0%s%s", color, r % 90, end, end);
        else
            l.length += (size_t)sprintf(at, "color %u,%u,%u|%u,1|.5,%u%s", color, r % 90, r % 11, r % 13, r >> 31, end);
    }
    return l;
}

static void test_long(void)
{
    static const size_t sizes[] = {700, 5000, 70000, 0};
    for (unsigned i = 0; i < 4; i++) {
        const long_text l = make_long(900000, i % 2 ? 97 : 0);
        const manner m = {
            .text = l.text, .length = l.length, .step = i < 2 ? 0 : 4099, .fails = i >= 2, .max_errors = 100000};
        check_pieces(&m, sizes, COUNT(sizes));
        free(l.text);
    }
}

/* Cells and rows that are longer than pieces; cells and rows that are too long. */
static void test_long_cells(void)
{
    static const size_t sizes[] = {3000, 100000, 0};
    static const size_t lengths[] = {200000, 900000, (1 << 20) + 1, (1 << 24) + 1};
    for (size_t i = 0; i < COUNT(lengths) * 2; i++) {
        const size_t n = lengths[i / 2];
        const bool is_quoted = i % 2;
        char *text = malloc(n + 3000000);
        REQUIRE(text);
        size_t length = (size_t)sprintf(text, HEAD "red,1,,,0\n%s", is_quoted ? "\"" : "");
        for (size_t k = 0; k < n; k++)
            text[length++] = is_quoted && k % 50 == 49 ? '\n' : 'x';
        length += (size_t)sprintf(text + length, "%s,2,,,1\n", is_quoted ? "\"" : "");
        for (int k = 0; k < 100000; k++)
            length += (size_t)sprintf(text + length, "%d,1,,,0\n", k % 1000);
        const manner m = {.text = text, .length = length, .max_errors = i % 4 < 2 ? 0 : 5};
        check_pieces(&m, sizes, COUNT(sizes));
        free(text);
    }
}

/* -- From text to records ----------------------------------------------------------------------------------------- */

static plx_status load_by(loaded *l, const folder *f, const plx_table_spec *spec, int threads, size_t piece_bytes)
{
    const char *const folders[] = {f->path};
    const plx_load_options options = {
        .folders = folders, .n_folders = 1, .threads = threads, .piece_bytes = piece_bytes, .wrong = &l->wrong};
    *l = (loaded){.encoders = NULL};
    return plx_table_load(&plx_allocator_default, spec, &options, &l->encoders, l->parts, &l->error);
}

static size_t tensor_bytes(const plx_tensor *tensor)
{
    static const size_t bytes[] = {[PLX_DTYPE_F32] = 4, [PLX_DTYPE_F64] = 8, [PLX_DTYPE_U8] = 1, [PLX_DTYPE_I64] = 8};
    size_t n = bytes[tensor->dtype];
    for (int i = 0; i < tensor->n_dims; i++)
        n *= (size_t)tensor->dims[i];
    return n;
}

static bool same_state(const plx_encoders *a, const plx_encoders *b)
{
    plx_arena arena;
    const plx_tensor *x, *y;
    int n, m;
    plx_arena_init(&arena, &plx_allocator_default);
    bool is_same = plx_encoders_tensors(a, &arena, &x, &n, NULL) == PLX_OK &&
                   plx_encoders_tensors(b, &arena, &y, &m, NULL) == PLX_OK && n == m;
    for (int i = 0; is_same && i < n; i++) {
        const size_t bytes = tensor_bytes(&x[i]);
        is_same = strcmp(x[i].name, y[i].name) == 0 && bytes == tensor_bytes(&y[i]) &&
                  memcmp(x[i].data, y[i].data, bytes) == 0;
    }
    plx_arena_release(&arena);
    return is_same;
}

/* Vocabularies, scalings and records of a fit on several files. */
static void test_load(void)
{
    static const size_t sizes[] = {900, 30000, 0};
    static char *files[] = {"a.csv", "b.csv", "c.csv"};
    folder f = folder_make();
    small_spec s;
    const manner m = {.max_errors = 100000};
    make_spec(&s, &m);
    s.spec.data.train = (plx_text_list){files, COUNT(files)};
    s.spec.data.validation_part = 0.2;
    for (int i = 0; i < COUNT(files); i++) {
        const long_text l = make_long(300000 + 200000 * (size_t)i, i == 1 ? 211 : 0);
        write_bytes(&f, files[i], l.text, l.length);
        free(l.text);
    }
    loaded one;
    CHECK_STATUS(load_by(&one, &f, &s.spec, 1, 0), PLX_OK);
    CHECK(one.wrong.wrong_rows > 10 && one.parts[0].n > 10000);
    for (int i = 0; i < COUNT(sizes) * 3; i++) {
        loaded many;
        REQUIRE(load_by(&many, &f, &s.spec, 2 + i % 3, sizes[i / 3]) == PLX_OK);
        CHECK(same_wrong(&one.wrong, &many.wrong));
        CHECK(same_state(one.encoders, many.encoders));
        for (int part = 0; part < PLX_PARTS; part++)
            CHECK(same_records(&one.parts[part], &many.parts[part]));
        loaded_release(&many);
    }
    loaded_release(&one);
    folder_remove(&f);
}

/* A pattern of compressed files: the next ones are decompressed ahead of their turn. Then one file is damaged. */
static void test_compressed(void)
{
    static char *pattern[] = {"part-*.csv.gz", "part-2.csv.gz"};
    folder f = folder_make();
    small_spec s;
    const manner m = {.max_errors = 100000};
    make_spec(&s, &m);
    s.spec.data.train = (plx_text_list){pattern, 1};
    for (int i = 0; i < 7; i++) {
        char name[32];
        const long_text l = make_long(50000 + 100000 * (size_t)(i % 4), i % 2 ? 97 : 0);
        snprintf(name, sizeof name, "part-%d.csv.gz", i);
        l.text[l.length] = '\0';
        write_compressed(&f, name, ARCHIVE_FILTER_GZIP, l.text);
        free(l.text);
    }
    for (int round = 0; round < 3; round++) {
        loaded one;
        CHECK_STATUS(load_by(&one, &f, &s.spec, 1, 0), round == 2 ? PLX_ERR_FORMAT : PLX_OK);
        for (int threads = 2; threads < 10; threads += 3) {
            loaded many;
            CHECK_STATUS(load_by(&many, &f, &s.spec, threads, 0), round == 2 ? PLX_ERR_FORMAT : PLX_OK);
            CHECK(same_wrong(&one.wrong, &many.wrong));
            CHECK(round == 2 ? strcmp(one.error.message, many.error.message) == 0
                             : same_state(one.encoders, many.encoders) && same_records(&one.parts[0], &many.parts[0]));
            loaded_release(&many);
        }
        loaded_release(&one);
        /* A plain file among them, then a file that is not what its name says. */
        if (round == 0) write_text(&f, "part-3.csv.gz.csv", HEAD "red,1,,,0\n");
        if (round == 1) write_text(&f, "part-4.csv.gz", HEAD "red,1,,,0\n");
        pattern[0] = "part-*";
        s.spec.data.train = (plx_text_list){pattern, round == 0 ? 2 : 1};
    }
    folder_remove(&f);
}

/* The chunks' contents, one after the other. */
typedef struct taken {
    plx_string records, kept;
    size_t made[32]; /* rows in each slot */
} taken;

static plx_status make_rows(void *user, int slot, int thread, const plx_rows *rows, plx_error *err)
{
    taken *t = user;
    (void)thread;
    (void)err;
    t->made[slot] = rows->n;
    return PLX_OK;
}

static plx_status take_rows(void *user, int slot, const plx_rows *rows, const plx_kept_cells *kept, plx_error *err)
{
    taken *t = user;
    (void)err;
    CHECK(t->made[slot] == rows->n);
    plx_string_add(&t->records, (const char *)rows->records, rows->n * rows->layout->record_bytes);
    plx_string_add(&t->kept, kept->bytes.text, kept->bytes.length);
    for (size_t i = 0; i < kept->n_rows; i++)
        plx_string_add(&t->kept, kept->skipped[i] ? "-" : "+", 1);
    return PLX_OK;
}

static plx_status take_by(taken *t, const loaded *l, folder *f, int threads, size_t piece_bytes, plx_read_report *wrong,
                          plx_unknown *unknown)
{
    static const char *const names[] = {"size", "color"};
    const char *const paths[] = {folder_file(f, "b.csv")};
    const plx_chunk_hooks hooks = {.make = make_rows, .take = take_rows, .user = t};
    plx_kept_cells kept;
    *wrong = (plx_read_report){.rows = 0};
    memset(unknown, 0, MOST_FEATURES * sizeof *unknown);
    plx_string_init(&t->records, &plx_allocator_default);
    plx_string_init(&t->kept, &plx_allocator_default);
    plx_kept_cells_init(&kept, &plx_allocator_default, names, COUNT(names));
    const plx_load_options options = {
        .threads = threads, .piece_bytes = piece_bytes, .wrong = wrong, .kept = &kept, .unknown = unknown};
    const plx_status status =
        plx_encoders_read_chunks(l->encoders, &plx_allocator_default, paths, 1, &options, true, &hooks, NULL);
    plx_kept_cells_release(&kept);
    return status;
}

static void taken_release(taken *t)
{
    plx_string_release(&t->records);
    plx_string_release(&t->kept);
}

static bool same_string(const plx_string *a, const plx_string *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* Rows of files that are read in chunks, with their counts and kept cells. */
static void test_chunks(void)
{
    static const size_t sizes[] = {900, 30000, 0};
    folder f = folder_make();
    small_spec s;
    loaded l;
    const manner m = {.max_errors = 100000};
    make_spec(&s, &m);
    write_text(&f, "train.csv", HEAD "color 1,1,1|2,1|1,0\ncolor 2,2,3,1,1\n");
    const long_text text = make_long(900000, 211);
    write_bytes(&f, "b.csv", text.text, text.length);
    free(text.text);
    REQUIRE(load_by(&l, &f, &s.spec, 1, 0) == PLX_OK);
    taken one, many;
    plx_read_report wrong, same;
    plx_unknown unknown[MOST_FEATURES], counted[MOST_FEATURES];
    CHECK_STATUS(take_by(&one, &l, &f, 1, 0, &wrong, unknown), PLX_OK);
    CHECK(wrong.wrong_rows > 10 && unknown[0].known > 0 && unknown[0].known < unknown[0].cells);
    for (int i = 0; i < COUNT(sizes) * 3; i++) {
        CHECK_STATUS(take_by(&many, &l, &f, 2 + i % 3, sizes[i / 3], &same, counted), PLX_OK);
        CHECK(same_wrong(&wrong, &same));
        CHECK(same_string(&one.records, &many.records));
        CHECK(memcmp(unknown, counted, sizeof unknown) == 0);
        taken_release(&many);
    }
    taken_release(&one);
    loaded_release(&l);
    folder_remove(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_plain),   CHECK_TEST(test_line_ends),  CHECK_TEST(test_quotes), CHECK_TEST(test_comments),
        CHECK_TEST(test_escapes), CHECK_TEST(test_wrong_rows), CHECK_TEST(test_long),   CHECK_TEST(test_long_cells),
        CHECK_TEST(test_load),    CHECK_TEST(test_compressed), CHECK_TEST(test_chunks)};
    return check_main(argc, argv, tests, COUNT(tests));
}
