/* SPDX-License-Identifier: Apache-2.0 */
/* In a folder shared by several runs, finds the cache that a run would use if another version had not written its
 * key. */
#include "model/row_cache_rule.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/value_text.h"

enum { MAX_PATH = 4096 };

/* -- What the cache depends on ---------------------------------------------------------------------------------- */

/* Takes the part up to the next `end` off `*rest`; false after the last part. */
static bool next_part(plx_slice *rest, char end, plx_slice *part)
{
    if (!rest->text) return false;
    const char *at = memchr(rest->text, end, rest->length);
    *part = (plx_slice){rest->text, at ? (size_t)(at - rest->text) : rest->length};
    *rest = at ? (plx_slice){at + 1, rest->length - part->length - 1} : (plx_slice){NULL, 0};
    return true;
}

/* Whether `line` has all comma-separated parts of `other` in the same order, with the same first one: the older of two
 * versions has fewer keys. */
static bool has_parts(plx_slice line, plx_slice other)
{
    plx_slice part, wanted;
    next_part(&line, ',', &part);
    next_part(&other, ',', &wanted);
    if (!plx_slice_equal(part, wanted)) return false;
    while (next_part(&other, ',', &wanted)) {
        do {
            if (!next_part(&line, ',', &part)) return false;
        } while (!plx_slice_equal(part, wanted));
    }
    return true;
}

/* `key: value`, a line of section data. */
static bool is_of_section(plx_slice line)
{
    const size_t name = strspn(line.text, "abcdefghijklmnopqrstuvwxyz_");
    return name > 0 && name < line.length && line.text[name] == ':';
}

/* Whether the longer text equals the shorter one except for the version in the first line and keys that the other
 * version does not have. */
static bool says_the_same(const char *longer, const char *shorter)
{
    plx_slice lines = plx_slice_of(longer), wanted_lines = plx_slice_of(shorter), line, wanted;
    next_part(&lines, '\n', &line);
    next_part(&wanted_lines, '\n', &wanted);
    while (next_part(&wanted_lines, '\n', &wanted)) {
        bool is_there = false;
        while (!is_there) {
            if (!next_part(&lines, '\n', &line)) return false;
            is_there = has_parts(line, wanted);
            if (!is_there && !is_of_section(line)) return false;
        }
    }
    return !next_part(&lines, '\n', &line);
}

/* -- Rules ------------------------------------------------------------------------------------------------------- */

/* 0 for an index without a number, as for model files. */
static int64_t rule_of(const plx_model_file *index)
{
    int64_t rule = 0;
    const char *text = plx_model_file_meta(index, "value_rule");
    return text && plx_parse_int64(plx_slice_of(text), &rule) ? rule : 0;
}

bool plx_row_cache_has_own_rule(const plx_model_file *index)
{
    return rule_of(index) == PLX_VALUE_RULE;
}

static plx_status check_index(plx_context *context, const plx_row_cache_key *key, const plx_model_file *index,
                              const char *folder, bool is_asked_for, plx_error *err)
{
    const int64_t rule = rule_of(index);
    const char *answers_to = plx_model_file_meta(index, "answers_to"), *own = key->text.text;
    if (!answers_to || rule == PLX_VALUE_RULE) return PLX_OK;
    const bool is_same = says_the_same(own, answers_to) || says_the_same(answers_to, own);
    if (is_same && is_asked_for)
        PLX_FAIL(
            err, PLX_ERR_UNSUPPORTED,
            "%s: the rows of this cache were encoded by rule %lld for the meaning of texts, the current rule is %d "
            "(docs/data.md): remove this folder, and the rows are cached again, or name another folder in data.cache",
            folder, (long long)rule, PLX_VALUE_RULE);
    if (rule < PLX_VALUE_RULE)
        plx_context_warn(context,
                         "%s: the rows of this cache were encoded by rule %lld for the meaning of texts, the current "
                         "rule is %d (docs/data.md), and they are not used: remove this folder",
                         folder, (long long)rule, PLX_VALUE_RULE);
    return PLX_OK;
}

plx_status plx_row_cache_check_rules(plx_context *context, const plx_row_cache_key *key, const char *base,
                                     bool is_asked_for, plx_error *err)
{
    plx_status status = PLX_OK;
    DIR *entries = opendir(base);
    for (struct dirent *entry; !status && entries && (entry = readdir(entries));) {
        char folder[MAX_PATH], path[MAX_PATH + 8];
        plx_model_file index;
        if (*entry->d_name == '.' || snprintf(folder, MAX_PATH, "%s/%s", base, entry->d_name) >= MAX_PATH) continue;
        snprintf(path, sizeof path, "%s/index", folder);
        if (!plx_file_exists(path) || plx_model_file_read(&index, path, &context->allocator, NULL)) continue;
        status = check_index(context, key, &index, folder, is_asked_for, err);
        plx_model_file_release(&index);
    }
    if (entries) closedir(entries);
    return status;
}
