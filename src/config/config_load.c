/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads YAML by libyaml, which takes time quadratic in the nesting depth: a first pass, which builds no document, fails
 * if the nesting is too deep.
 */
#include <string.h>

#include "base/text.h"
#include "config/config_document.h"

static bool parser_init(yaml_parser_t *parser, plx_slice text)
{
    if (!yaml_parser_initialize(parser)) return false;
    yaml_parser_set_input_string(parser, (const unsigned char *)text.text, text.length);
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    return true;
}

static plx_status fail_at(const char *name, yaml_mark_t mark, const char *problem, const char *context, plx_error *err)
{
    const char *blank = *context ? " " : "";
    if (!name) PLX_FAIL(err, PLX_ERR_FORMAT, "%s%s%s", problem, blank, context);
    PLX_FAIL(err, PLX_ERR_FORMAT, "%s:%zu:%zu: %s%s%s", name, mark.line + 1, mark.column + 1, problem, blank, context);
}

static plx_status parser_failure(const yaml_parser_t *parser, const char *name, plx_error *err)
{
    const char *problem = parser->problem ? parser->problem : "is not YAML";
    if (parser->error == YAML_MEMORY_ERROR) return plx_error_memory(err);
    if (parser->error == YAML_READER_ERROR) {
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s%sbyte %zu: %s; the file must be UTF-8 text", name ? name : "",
                 name ? ": " : "", (size_t)parser->problem_offset, problem);
    }
    return fail_at(name, parser->problem_mark, problem, parser->context ? parser->context : "", err);
}

/** The nesting depth after an event. */
static int depth_after(yaml_event_type_t event, int depth)
{
    if (event == YAML_SEQUENCE_START_EVENT || event == YAML_MAPPING_START_EVENT) return depth + 1;
    return event == YAML_SEQUENCE_END_EVENT || event == YAML_MAPPING_END_EVENT ? depth - 1 : depth;
}

/** Other mistakes are reported when the document is built. */
static plx_status check_depth(plx_slice text, const char *name, plx_error *err)
{
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_ended = false;
    plx_status status = PLX_OK;
    if (!parser_init(&parser, text)) return plx_error_memory(err);
    for (int depth = 0; !status && !has_ended && yaml_parser_parse(&parser, &event); yaml_event_delete(&event)) {
        has_ended = event.type == YAML_STREAM_END_EVENT;
        depth = depth_after(event.type, depth);
        if (depth > PLX_DOCUMENT_DEPTH)
            status =
                fail_at(name, event.start_mark, "lists and mappings are nested more than 100 levels deep", "", err);
    }
    yaml_parser_delete(&parser);
    return status;
}
_Static_assert(PLX_DOCUMENT_DEPTH == 100, "the message says so");

/** Refuses anything after the document. */
static plx_status check_end(yaml_parser_t *parser, const char *name, plx_error *err)
{
    yaml_document_t next;
    if (!yaml_parser_load(parser, &next)) return parser_failure(parser, name, err);
    const yaml_node_t *root = yaml_document_get_root_node(&next);
    plx_status status =
        root ? fail_at(name, root->start_mark, "a second document starts here; only one is allowed", "", err) : PLX_OK;
    yaml_document_delete(&next);
    return status;
}

static plx_status load(yaml_document_t *out, plx_slice text, const char *name, plx_error *err)
{
    yaml_parser_t parser;
    PLX_TRY(check_depth(text, name, err));
    if (!parser_init(&parser, text)) return plx_error_memory(err);
    plx_status status = PLX_OK;
    if (!yaml_parser_load(&parser, out)) {
        status = parser_failure(&parser, name, err);
    } else {
        status = check_end(&parser, name, err);
        if (status) yaml_document_delete(out);
    }
    yaml_parser_delete(&parser);
    return status;
}

/* Whether half a surrogate pair is escaped here: \uD8.. to \uDB.. first, \uDC.. to \uDF.. second. */
static bool is_half(const char *at, const char *digits)
{
    return at[0] == '\\' && at[1] == 'u' && (at[2] | 0x20) == 'd' && at[3] && strchr(digits, at[3]);
}

/* Whether the text must be JSON: by its name, or by a surrogate pair, which YAML does not have. */
static bool is_meant_as_json(plx_slice text, const char *name)
{
    static const char ending[] = ".json";
    const size_t escape = strlen("\\u0000"), n = sizeof ending - 1, length = name ? strlen(name) : 0;
    if (length >= n && strcmp(name + length - n, ending) == 0) return true;
    for (size_t i = 0; i + escape + escape <= text.length; i++)
        if (is_half(text.text + i, "89abAB") && is_half(text.text + i + escape, "cdefCDEF")) return true;
    return false;
}

plx_status plx_yaml_load(yaml_document_t *out, const plx_allocator *allocator, plx_slice text, const char *name,
                         plx_error *err)
{
    static const char mark[] = "\xEF\xBB\xBF";
    const size_t n = sizeof mark - 1;
    if (text.length > PLX_CONFIG_MAX) {
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: has %zu bytes; a configuration has at most %d", name ? name : "a value",
                 text.length, (int)PLX_CONFIG_MAX);
    }
    if (text.length >= n && memcmp(text.text, mark, n) == 0) text = (plx_slice){text.text + n, text.length - n};
    bool is_made;
    PLX_TRY(plx_json_load(out, allocator, text, &is_made, err));
    if (is_made) return PLX_OK;
    const plx_status status = load(out, text, name, err);
    if (status == PLX_ERR_FORMAT && is_meant_as_json(text, name)) PLX_TRY(plx_json_refuse(text, name, err));
    return status;
}
