/* SPDX-License-Identifier: Apache-2.0 */
/* The formats of a configuration: JSON by its own rules, UTF-8 byte order marks, Windows line ends, nesting. */
#include "check.h"
#include "config/config.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
#define JSON_HEAD    "{\"data\": {\"train\": [\"a\"]}, \"features\": ["
#define JSON_TAIL    "],\n \"tasks\": [{\"name\": \"a\"}, {\"name\": \"b\"}], \"model\": {\"name\": \"shared_bottom\"}}"
#define YAML                                                                                                           \
    "data: {train: [a]}\nfeatures: [{kind: dense, name: x}]\ntasks: [{name: a}, {name: b}]\nmodel: {name: ple}\n"

static plx_status parse(const char *text, size_t length, const char *assignment, plx_spec *spec, plx_error *err)
{
    const char *const assignments[] = {assignment};
    const plx_spec_source source = {
        .text = text, .length = length, .name = "c", .assignments = assignments, .n_assignments = assignment ? 1 : 0};
    return plx_spec_parse(spec, &plx_allocator_default, &source, err);
}

/* The name of the first feature is `name`. */
static void check_name(const char *text, const char *assignment, const char *name)
{
    plx_spec spec;
    plx_error err = {.message = ""};
    const plx_status status = parse(text, strlen(text), assignment, &spec, &err);
    CHECK_TEXT("", err.message);
    if (status) return;
    CHECK(strcmp(spec.table.features[0].name, name) == 0);
    plx_spec_release(&spec);
}

static void check_refused(const char *text, const char *assignment, const char *message)
{
    plx_spec spec;
    plx_error err = {.message = ""};
    CHECK_STATUS(parse(text, strlen(text), assignment, &spec, &err), PLX_ERR_FORMAT);
    CHECK_TEXT(err.message, message);
}

/* JSON that libyaml does not read: surrogate pairs, long keys, blanks before a colon. */
static void test_json(void)
{
    static const char *const names[][2] = {
        {"\\ud83d\\udc4d", "\xF0\x9F\x91\x8D"},
        {"\\uD83D\\uDC4D!", "\xF0\x9F\x91\x8D!"},
        {"caf\\u00e9", "caf\xC3\xA9"},
        {"\\u65e5\\u672c", "\xE6\x97\xA5\xE6\x9C\xAC"},
        {"a\\/b", "a/b"},
        {"say \\\"hi\\\" \\\\", "say \"hi\" \\"},
        {"\xF0\x9F\x91\x8D", "\xF0\x9F\x91\x8D"},
        {"12", "12"},
    };
    char text[1024];
    for (int i = 0; i < COUNT(names); i++) {
        snprintf(text, sizeof text, JSON_HEAD "{\"kind\"\n:\t\"dense\" ,\"name\":\"%s\"}" JSON_TAIL, names[i][0]);
        check_name(text, NULL, names[i][1]);
        snprintf(text, sizeof text, "\xEF\xBB\xBF \r\n" JSON_HEAD "{\"kind\":\"dense\",\"name\":\"%s\"}" JSON_TAIL,
                 names[i][0]);
        check_name(text, NULL, names[i][1]);
    }
    check_name(JSON_HEAD "{\"kind\": \"dense\", \"name\": \"x\"}" JSON_TAIL, "features.x.name=\"\\ud83d\\udc4d\"",
               "\xF0\x9F\x91\x8D");
}

/*
 * Invalid JSON, reported as JSON and not as YAML: because of the file's name, or of contents that YAML does not have.
 */
static void test_wrong_json(void)
{
    static const char comma[] = "{\"data\": {\"train\": [\"a\"]},\n \"features\": [{\"name\": \"%s\"},],\n";
    static const struct {
        const char *name, *file, *message;
    } cases[] = {{"\\ud83d\\udc4d", "c.yaml", "c.yaml:2:40: is not JSON: unexpected token near ']'"},
                 {"\\uDBFF\\udfff", "c.json", "c.json:2:40: is not JSON: unexpected token near ']'"},
                 {"x", "c.json", "c.json:2:29: is not JSON: unexpected token near ']'"},
                 {"x", "c.yaml", "c.yaml:3:1: did not find expected node content"}};
    for (int i = 0; i < COUNT(cases); i++) {
        char text[512];
        plx_spec spec;
        plx_error err = {0};
        const int length = snprintf(text, sizeof text, comma, cases[i].name);
        const plx_spec_source source = {.text = text, .length = (size_t)length, .name = cases[i].file};
        CHECK_STATUS(plx_spec_parse(&spec, &plx_allocator_default, &source, &err), PLX_ERR_FORMAT);
        CHECK_TEXT(err.message, cases[i].message);
    }
}

/* The places of its mistakes are those of the text, where an emoji is 12 columns as an escape and 1 as a character. */
static void test_places_in_json(void)
{
    check_refused(JSON_HEAD "\n {\"kind\": \"dense\", \"name\": \"\\ud83d\\udc4d\", \"nam\": 1}" JSON_TAIL, NULL,
                  "c:2:44: unknown key 'nam'");
    check_refused(JSON_HEAD "\n {\"kind\": \"dense\", \"name\": \"\xF0\x9F\x91\x8D\", \"nam\": 1}" JSON_TAIL, NULL,
                  "c:2:33: unknown key 'nam'");
    check_refused(JSON_HEAD "{\"kind\": \"dense\", \"name\": \"x\", \"name\": \"y\"}" JSON_TAIL, NULL, "c:1:");
    check_refused(JSON_HEAD "{\"kind\": \"dense\", \"name\": \"\\ud83d\"}" JSON_TAIL, NULL, "c:1:70:");
    check_refused(JSON_HEAD "{\"kind\": \"dense\", \"name\": \"\\u0001\"}" JSON_TAIL, NULL, "control character");
    check_refused("[1, 2]", NULL, "c:1:1: is not a mapping");
    check_refused("\"abc\"", NULL, "c:1:1: is not a mapping");
    check_refused("{}", NULL, "c:1:1:");
    /* A mapping of YAML that is not JSON is read as YAML, as before. */
    check_name("{data: {train: [a]}, features: [{kind: dense, name: \"\\U0001F44D\"}], tasks: [{name: a}, {name: b}],"
               " model: {name: ple}}",
               NULL, "\xF0\x9F\x91\x8D");
}

static void test_mark_and_line_ends(void)
{
    check_name("\xEF\xBB\xBF" YAML, NULL, "x");
    check_name("data: {train: [a]}\r\nfeatures:\r\n  - {kind: dense, name: x}\r\ntasks: [{name: a}, {name: b}]\r\n"
               "model: {name: ple}\r\n",
               NULL, "x");
    check_refused("\xEF\xBB\xBF"
                  "dat: 1\n" YAML,
                  NULL, "c:1:1: unknown key 'dat'");
    check_refused("\xEF\xBB\xBF", NULL, "c:1:1: the configuration is empty");
}

/* Sizes for which libyaml would need hours. */
static void test_nesting(void)
{
    enum { DEEP = 1000000 };
    static char text[4 * DEEP + 400];
    static const char *const parts[] = {"[", "{a: ", "- ", "? ", "{\"a\":"};
    for (int i = 0; i < COUNT(parts); i++) {
        const size_t n = strlen(parts[i]);
        char *at = text + sprintf(text, i == 4 ? "{\"data\":" : i < 2 ? "data: " : "data:\n ");
        for (int k = 0; k < DEEP / 2; k++, at += n)
            memcpy(at, parts[i], n);
        *at = '\0';
        check_refused(text, NULL, "nested more than 100 levels deep");
    }
    char *at = text + sprintf(text, "data.train=");
    memset(at, '[', 150);
    at[150] = '\0';
    check_refused(YAML, text, "the value is not YAML: lists and mappings are nested more than 100 levels deep");
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_json),           CHECK_TEST(test_wrong_json),
        CHECK_TEST(test_places_in_json), CHECK_TEST(test_mark_and_line_ends),
        CHECK_TEST(test_nesting),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
