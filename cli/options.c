/* SPDX-License-Identifier: Apache-2.0 */
/* Options from one table per verb: parsing, checks, the help, and "did you mean". */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Options of every verb, after its own. */
static const cli_option common_options[] = {
    {"help", NULL, "show this help", CLI_FLAG, offsetof(cli_options, help), 0, 0, 0},
};
enum { N_COMMON = sizeof common_options / sizeof *common_options, N_HELP_COLUMN = 26, MAX_NAME = 64 };

static void write_usage(const cli_verb *verb, FILE *out)
{
    fprintf(out, "usage: plexus %s [OPTION]...%s%s\n", verb->name, verb->arguments[0] ? " " : "", verb->arguments);
}

static int usage_hint(const cli_verb *verb)
{
    fprintf(stderr, "Try 'plexus %s --help'.\n", verb->name);
    return CLI_USAGE;
}

size_t cli_verb_n_options(const cli_verb *verb)
{
    return verb->n_options + N_COMMON;
}

const cli_option *cli_verb_option(const cli_verb *verb, size_t i)
{
    return i < verb->n_options ? &verb->options[i] : &common_options[i - verb->n_options];
}

static const cli_option *find_option(const cli_verb *verb, const char *name, size_t length)
{
    for (size_t i = 0; i < cli_verb_n_options(verb); i++) {
        const cli_option *option = cli_verb_option(verb, i);
        if (strlen(option->name) == length && memcmp(option->name, name, length) == 0) return option;
    }
    return NULL;
}

static int unknown_option(const cli_verb *verb, const char *word)
{
    const char *names[MAX_NAME];
    size_t n = 0;
    char name[MAX_NAME];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (size_t i = 0; i < cli_verb_n_options(verb) && n < MAX_NAME; i++)
        names[n++] = cli_verb_option(verb, i)->name;
    const char *nearest = plx_nearest_name(name, names, n);
    fprintf(stderr, "plexus %s: no option '%s'", verb->name, word);
    if (nearest) fprintf(stderr, "; did you mean '--%s'?", nearest);
    fputc('\n', stderr);
    return usage_hint(verb);
}

static int bad_value(const cli_verb *verb, const cli_option *option, const char *value)
{
    fprintf(stderr, "plexus %s: --%s takes a%s number from %.16g to %.16g, not '%s'\n", verb->name, option->name,
            option->type == CLI_INT ? " whole" : "", option->min, option->max, value);
    return usage_hint(verb);
}

static int set_number(const cli_verb *verb, const cli_option *option, void *field, const char *value)
{
    char *end = NULL;
    errno = 0;
    if (option->type == CLI_INT) {
        long long number = strtoll(value, &end, 10);
        if (end == value || *end || errno || number < (long long)option->min || number > (long long)option->max)
            return bad_value(verb, option, value);
        *(int64_t *)field = number;
    } else {
        double number = strtod(value, &end);
        if (end == value || *end || !(number >= option->min && number <= option->max))
            return bad_value(verb, option, value);
        *(double *)field = number;
    }
    return CLI_DONE;
}

static int set_option(const cli_verb *verb, const cli_option *option, const char *value, cli_options *out)
{
    void *field = (char *)out + option->offset;
    if (option->type != CLI_FLAG && !value[0]) { /* usually an unset shell variable */
        fprintf(stderr, "plexus %s: --%s requires %s, which must not be empty\n", verb->name, option->name,
                option->argument);
        return usage_hint(verb);
    }
    switch (option->type) {
    case CLI_FLAG:
        *(bool *)field = true;
        return CLI_DONE;
    case CLI_TEXT:
        *(const char **)field = value;
        return CLI_DONE;
    case CLI_TEXTS: {
        cli_texts *texts = field;
        if (texts->n == CLI_MAX_ARGUMENTS) {
            fprintf(stderr, "plexus %s: --%s more than %d times\n", verb->name, option->name, CLI_MAX_ARGUMENTS);
            return usage_hint(verb);
        }
        texts->items[texts->n++] = value;
        return CLI_DONE;
    }
    case CLI_INT:
    case CLI_REAL:
        return set_number(verb, option, field, value);
    }
    return CLI_USAGE;
}

/** The option at argv[*i], "--name value" or "--name=value"; advances *i past it. */
static int parse_option(const cli_verb *verb, int argc, char **argv, int *i, cli_options *out)
{
    const char *word = argv[(*i)++];
    if (strcmp(word, "-h") == 0) word = "--help";
    size_t length = strncmp(word, "--", 2) == 0 ? strcspn(word + 2, "=") : 0;
    const cli_option *option = length ? find_option(verb, word + 2, length) : NULL;
    if (!option && length) return unknown_option(verb, word);
    if (!option) {
        fprintf(stderr, "plexus %s: no option '%s': options are full words after two dashes\n", verb->name, word);
        return usage_hint(verb);
    }
    const char *value = word[2 + length] == '=' ? word + 3 + length : NULL;
    if (option->type == CLI_FLAG && value) {
        fprintf(stderr, "plexus %s: --%s takes no value\n", verb->name, option->name);
        return usage_hint(verb);
    }
    if (option->type != CLI_FLAG && !value) {
        if (*i >= argc) {
            fprintf(stderr, "plexus %s: --%s requires %s\n", verb->name, option->name, option->argument);
            return usage_hint(verb);
        }
        value = argv[(*i)++];
    }
    return set_option(verb, option, value, out);
}

static int check_arguments(const cli_verb *verb, const cli_options *options)
{
    if (options->n_arguments < verb->min_arguments) {
        fprintf(stderr, "plexus %s: too few arguments; ", verb->name);
        write_usage(verb, stderr);
        return usage_hint(verb);
    }
    if (options->n_arguments > verb->max_arguments) {
        fprintf(stderr, "plexus %s: unexpected argument '%s'; ", verb->name, options->arguments[verb->max_arguments]);
        write_usage(verb, stderr);
        return usage_hint(verb);
    }
    return CLI_DONE;
}

static void set_fallbacks(const cli_verb *verb, cli_options *out)
{
    *out = (cli_options){0};
    for (size_t i = 0; i < verb->n_options; i++) {
        const cli_option *option = &verb->options[i];
        void *field = (char *)out + option->offset;
        if (option->type == CLI_INT) *(int64_t *)field = (int64_t)option->fallback;
        if (option->type == CLI_REAL) *(double *)field = option->fallback;
    }
}

int cli_options_parse(const cli_verb *verb, int argc, char **argv, cli_options *out)
{
    set_fallbacks(verb, out);
    bool only_arguments = false;
    for (int i = 0; i < argc;) {
        if (!only_arguments && strcmp(argv[i], "--") == 0) {
            only_arguments = true;
            i++;
        } else if (!only_arguments && argv[i][0] == '-' && argv[i][1]) {
            int code = parse_option(verb, argc, argv, &i, out);
            if (code != CLI_DONE) return code;
        } else if (!argv[i][0]) {
            fprintf(stderr, "plexus %s: argument %d is empty\n", verb->name, out->n_arguments + 1);
            return usage_hint(verb);
        } else if (out->n_arguments == CLI_MAX_ARGUMENTS) {
            fprintf(stderr, "plexus %s: more than %d arguments\n", verb->name, CLI_MAX_ARGUMENTS);
            return usage_hint(verb);
        } else {
            out->arguments[out->n_arguments++] = argv[i++];
        }
    }
    return out->help ? CLI_DONE : check_arguments(verb, out);
}

const char *cli_option_doc(const cli_option *option, char buffer[CLI_MAX_DOC])
{
    const bool is_number = option->type == CLI_INT || option->type == CLI_REAL;
    if (!is_number || option->fallback < option->min) return option->doc;
    snprintf(buffer, CLI_MAX_DOC, "%s (%.10g)", option->doc, option->fallback);
    return buffer;
}

void cli_verb_help(const cli_verb *verb, FILE *out)
{
    write_usage(verb, out);
    fprintf(out, "\n%s.\n\n", verb->summary);
    for (size_t i = 0; i < cli_verb_n_options(verb); i++) {
        const cli_option *option = cli_verb_option(verb, i);
        char left[MAX_NAME], doc[CLI_MAX_DOC];
        snprintf(left, sizeof left, "--%s%s%s", option->name, option->argument ? " " : "",
                 option->argument ? option->argument : "");
        fprintf(out, "  %-*s %s\n", N_HELP_COLUMN, left, cli_option_doc(option, doc));
    }
    if (verb->details) fprintf(out, "\n%s", verb->details);
    if (verb->examples) fputs("\nExamples:\n", out);
    for (const char *line = verb->examples; line && *line; line += strcspn(line, "\n") + 1)
        fprintf(out, "  %.*s\n", (int)strcspn(line, "\n"), line);
}
