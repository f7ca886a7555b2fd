/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads JSON into a document of libyaml, which does not parse all of JSON: no surrogate pairs, and only keys of at most
 * 1,024 characters. Jansson checks the text; this parser then finds the places, which Jansson does not give, and need
 * not check for mistakes.
 */
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "config/config_document.h"

typedef struct parser {
    const char *at;
    yaml_mark_t mark; /* position of `at`, in characters */
    yaml_document_t *document;
    plx_string *text; /* of the current string */
} parser;

static void step(parser *w)
{
    const char c = *w->at++;
    w->mark.index++;
    if (c == '\n') {
        w->mark.line++;
        w->mark.column = 0;
    } else if (((unsigned char)c & 0xC0) != 0x80) {
        w->mark.column++;
    }
}

static void skip_blanks(parser *w)
{
    while (strchr(" \t\r\n", *w->at))
        step(w);
}

/* The four digits of \uXXXX. */
static uint32_t take_digits(parser *w)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++, step(w)) {
        const char c = *w->at;
        value = 16 * value + (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static void add_character(plx_string *out, uint32_t c)
{
    const int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3; /* bytes after the first */
    static const unsigned char begins[] = {0, 0xC0, 0xE0, 0xF0};
    char bytes[4];
    bytes[0] = (char)(begins[more] | c >> (6 * more));
    for (int i = 1; i <= more; i++)
        bytes[i] = (char)(0x80 | (c >> (6 * (more - i)) & 0x3F));
    plx_string_add(out, bytes, (size_t)more + 1);
}

/* The character after a backslash. */
static void take_escape(parser *w)
{
    static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    const char c = *w->at;
    step(w);
    if (c != 'u') {
        const char *found = strchr(letters, c);
        plx_string_add(w->text, found ? &meant[found - letters] : &c, 1);
        return;
    }
    uint32_t value = take_digits(w);
    if (value >= 0xD800 && value < 0xDC00) {
        step(w), step(w);
        value = 0x10000 + ((value - 0xD800) << 10 | (take_digits(w) - 0xDC00));
    }
    add_character(w->text, value);
}

static plx_slice take_string(parser *w)
{
    w->text->length = 0;
    for (step(w); *w->at != '"';) {
        const char c = *w->at;
        step(w);
        if (c == '\\')
            take_escape(w);
        else
            plx_string_add(w->text, &c, 1);
    }
    step(w);
    return (plx_slice){w->text->text ? w->text->text : "", w->text->length};
}

/* A number, true, false or null. */
static plx_slice take_word(parser *w)
{
    const char *begin = w->at;
    while (*w->at && !strchr(" \t\r\n,]}", *w->at))
        step(w);
    return (plx_slice){begin, (size_t)(w->at - begin)};
}

static int add_scalar(parser *w)
{
    const yaml_mark_t mark = w->mark;
    const plx_slice text = *w->at == '"' ? take_string(w) : take_word(w);
    const int node = w->text->failed ? 0
                                     : yaml_document_add_scalar(w->document, NULL, (const yaml_char_t *)text.text,
                                                                (int)text.length, YAML_ANY_SCALAR_STYLE);
    if (node) yaml_document_get_node(w->document, node)->start_mark = mark;
    return node;
}

static int add_value(parser *w, int depth);

/* The next pair or item. */
static bool add_entry(parser *w, int node, bool is_mapping, int depth)
{
    int key = 0;
    if (is_mapping) {
        key = add_scalar(w);
        skip_blanks(w);
        step(w); /* the colon */
        skip_blanks(w);
    }
    const int value = add_value(w, depth);
    if (!value || (is_mapping && !key)) return false;
    return is_mapping ? yaml_document_append_mapping_pair(w->document, node, key, value)
                      : yaml_document_append_sequence_item(w->document, node, value);
}

/* The node of the next value; 0: out of memory, or nested too deeply. */
static int add_value(parser *w, int depth)
{
    const bool is_mapping = *w->at == '{';
    if (!is_mapping && *w->at != '[') return add_scalar(w);
    if (depth == 0) return 0;
    const int node = is_mapping ? yaml_document_add_mapping(w->document, NULL, YAML_ANY_MAPPING_STYLE)
                                : yaml_document_add_sequence(w->document, NULL, YAML_ANY_SEQUENCE_STYLE);
    if (!node) return 0;
    yaml_document_get_node(w->document, node)->start_mark = w->mark;
    for (step(w), skip_blanks(w); !strchr("]}", *w->at); skip_blanks(w)) {
        if (!add_entry(w, node, is_mapping, depth - 1)) return 0;
        skip_blanks(w);
        if (*w->at == ',') step(w);
    }
    step(w);
    return node;
}

/* JSON and YAML agree on everything that is not a list, mapping or string. */
static bool is_json(plx_slice text, json_error_t *where)
{
    size_t n = 0;
    while (n < text.length && strchr(" \t\r\n", text.text[n]) && text.text[n])
        n++;
    if (n == text.length || !text.text[n] || !strchr("[{\"", text.text[n])) return false;
    json_t *value = json_loadb(text.text, text.length, JSON_DECODE_ANY, where);
    json_decref(value);
    return value != NULL;
}

plx_status plx_json_load(yaml_document_t *out, const plx_allocator *allocator, plx_slice text, bool *is_made,
                         plx_error *err)
{
    plx_string buffer;
    json_error_t where;
    *is_made = false;
    if (!is_json(text, &where)) return PLX_OK;
    if (!yaml_document_initialize(out, NULL, NULL, NULL, 1, 1)) return plx_error_memory(err);
    plx_string_init(&buffer, allocator);
    parser w = {.at = text.text, .document = out, .text = &buffer};
    skip_blanks(&w);
    *is_made = add_value(&w, PLX_DOCUMENT_DEPTH) != 0;
    const bool has_failed = buffer.failed;
    if (!*is_made) yaml_document_delete(out);
    plx_string_release(&buffer);
    return has_failed ? plx_error_memory(err) : PLX_OK;
}

plx_status plx_json_refuse(plx_slice text, const char *name, plx_error *err)
{
    json_error_t where = {.line = -1};
    if (is_json(text, &where) || where.line < 0) return PLX_OK;
    if (!name) PLX_FAIL(err, PLX_ERR_FORMAT, "is not JSON: %s", where.text);
    PLX_FAIL(err, PLX_ERR_FORMAT, "%s:%d:%d: is not JSON: %s", name, where.line, where.column, where.text);
}
