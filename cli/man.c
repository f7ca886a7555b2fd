/* SPDX-License-Identifier: Apache-2.0 */
/* plexus man: the manual pages in roff, from the tables of the help. */
#include <ctype.h>
#include <string.h>

#include "cli.h"

/* Manual viewers warn if the date is missing, and the build date would make builds differ. */
static const char DATE[] = "2026-12-01";

/** Prints text, escaped for roff. */
static void put(const char *text)
{
    for (bool begins = true; *text; begins = *text++ == '\n') {
        if (begins && *text == '\n') fputs(".PP", stdout); /* an empty line */
        if (begins && (*text == '.' || *text == '\'')) fputs("\\&", stdout);
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '\'')
            fputs("\\(aq", stdout);
        else
            putchar(*text);
    }
}

static void put_macro(const char *macro, const char *text)
{
    printf("%s ", macro);
    put(text);
    putchar('\n');
}

static void put_title(const char *name, const char *summary)
{
    fputs(".TH ", stdout);
    for (const char *letter = name; *letter; letter++)
        putchar(toupper((unsigned char)*letter));
    printf(" 1 %s \"plexus %s\" \"Plexus\"\n.SH NAME\n", DATE, PLX_VERSION);
    put(name);
    fputs(" \\- ", stdout);
    put(summary);
    putchar('\n');
}

static void put_option(const cli_option *option)
{
    fputs(".TP\n\\fB\\-\\-", stdout);
    put(option->name);
    fputs("\\fR", stdout);
    if (option->argument) {
        fputs(" \\fI", stdout);
        put(option->argument);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    char doc[CLI_MAX_DOC];
    put(cli_option_doc(option, doc));
    putchar('\n');
}

static void put_examples(const char *examples)
{
    if (!examples) return;
    fputs(".SH EXAMPLES\n.nf\n", stdout);
    put(examples);
    fputs(".fi\n", stdout);
}

static void put_exit_codes(void)
{
    fputs(".SH EXIT STATUS\n", stdout);
    put(cli_exit_codes);
}

static void put_verb(const cli_verb *verb)
{
    char name[64];
    snprintf(name, sizeof name, "plexus-%s", verb->name);
    put_title(name, verb->summary);
    fputs(".SH SYNOPSIS\n\\fBplexus ", stdout);
    put(verb->name);
    fputs("\\fR [\\fIOPTION\\fR]...", stdout);
    if (verb->arguments[0]) putchar(' ');
    put(verb->arguments);
    fputs("\n", stdout);
    if (verb->details) fputs(".SH DESCRIPTION\n", stdout);
    if (verb->details) put(verb->details);
    fputs(".SH OPTIONS\n", stdout);
    for (size_t i = 0; i < cli_verb_n_options(verb); i++)
        put_option(cli_verb_option(verb, i));
    put_examples(verb->examples);
    put_exit_codes();
    fputs(".SH SEE ALSO\n.BR plexus (1)\n", stdout);
}

static void put_overview(void)
{
    put_title("plexus", "multi-task ranking models on tabular data");
    fputs(".SH SYNOPSIS\n\\fBplexus\\fR \\fIVERB\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n.SH DESCRIPTION\n"
          "Trains and serves multi\\-task ranking models on tabular data. Results go to stdout, progress and messages\n"
          "to stderr.\n.SH VERBS\n",
          stdout);
    for (int i = 0; i < cli_n_verbs; i++) {
        printf(".TP\n.B ");
        put(cli_verbs[i]->name);
        putchar('\n');
        put(cli_verbs[i]->summary);
        putchar('\n');
    }
    fputs(".SH OPTIONS\n.TP\n.B \\-\\-help\nlist the verbs; after a verb, show its options\n"
          ".TP\n.B \\-\\-version\nversion and build\n",
          stdout);
    put_exit_codes();
    fputs(".SH SEE ALSO\n", stdout);
    for (int i = 0; i < cli_n_verbs; i++) {
        char name[64];
        snprintf(name, sizeof name, "plexus-%s (1)%s", cli_verbs[i]->name, i + 1 < cli_n_verbs ? "," : "");
        put_macro(".BR", name);
    }
}

static int man(const cli_options *given)
{
    if (given->n_arguments == 0) {
        put_overview();
        return CLI_DONE;
    }
    const cli_verb *verb = cli_find_verb(given->arguments[0]);
    if (verb) put_verb(verb);
    return verb ? CLI_DONE : CLI_USAGE;
}

const cli_verb cli_man = {
    .name = "man",
    .arguments = "[VERB]",
    .summary = "print a manual page for man(1)",
    .details = "Without VERB: the page of the command. plexus.1 and one page per verb are installed with it.\n",
    .examples = "plexus man fit | man -l -\n",
    .print_words = cli_print_verbs,
    .min_arguments = 0,
    .max_arguments = 1,
    .run = man,
};
