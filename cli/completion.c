/* SPDX-License-Identifier: Apache-2.0 */
/* plexus completion: shell completion of verbs, options and their values, from the tables of the help. */
#include <string.h>

#include "cli.h"

/** The kind of an option's value or of an argument. */
typedef enum value { NO_FILE, A_FILE, A_FOLDER, A_LEVEL } value;
static const char LEVELS[] = "plain simd128 avx2 avx512";

static value value_of(const cli_option *option)
{
    if (strcmp(option->argument, "FILE") == 0) return A_FILE;
    if (strcmp(option->argument, "DIR") == 0) return A_FOLDER;
    return strcmp(option->argument, "LEVEL") == 0 ? A_LEVEL : NO_FILE;
}

static void put_words(const cli_verb *verb)
{
    if (verb->print_words) verb->print_words(stdout);
}

/* -- bash -------------------------------------------------------------------------------------------------------- */

static void put_bash_values(const cli_verb *verb)
{
    static const char *const actions[] = {":", "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\"))",
                                          "compopt -o filenames; COMPREPLY=($(compgen -d -- \"$word\"))"};
    for (size_t i = 0; i < cli_verb_n_options(verb); i++) {
        const cli_option *option = cli_verb_option(verb, i);
        if (!option->argument) continue;
        const value kind = value_of(option);
        printf("    '%s --%s') ", verb->name, option->name);
        if (kind == A_LEVEL)
            printf("COMPREPLY=($(compgen -W '%s' -- \"$word\"))", LEVELS);
        else
            fputs(actions[kind], stdout);
        fputs("; return ;;\n", stdout);
    }
}

static void put_bash(void)
{
    fputs("# bash completion for plexus; from 'plexus completion bash'.\n"
          "_plexus() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= options= words= i\n"
          "    COMPREPLY=()\n"
          "    ((COMP_CWORD > 1)) && verb=${COMP_WORDS[1]}\n"
          "    if [[ -z $verb ]]; then\n"
          "        COMPREPLY=($(compgen -W '",
          stdout);
    cli_print_verbs(stdout);
    fputs(" help version --help --version' -- \"$word\"))\n        return\n    fi\n    case \"$verb $before\" in\n",
          stdout);
    for (int i = 0; i < cli_n_verbs; i++)
        put_bash_values(cli_verbs[i]);
    fputs("    esac\n    case $verb in\n", stdout);
    for (int i = 0; i < cli_n_verbs; i++) {
        printf("    %s)\n        options='", cli_verbs[i]->name);
        for (size_t k = 0; k < cli_verb_n_options(cli_verbs[i]); k++)
            printf("%s--%s", k ? " " : "", cli_verb_option(cli_verbs[i], k)->name);
        fputs("'\n        words='", stdout);
        put_words(cli_verbs[i]);
        fputs("' ;;\n", stdout);
    }
    fputs("    help) words='", stdout);
    cli_print_verbs(stdout);
    fputs("' ;;\n    esac\n"
          "    if [[ $word == -* ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
          "    elif [[ -n $words ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
          "    else\n"
          "        compopt -o filenames\n"
          "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
          "    fi\n"
          "}\n"
          "complete -F _plexus plexus\n",
          stdout);
}

/* -- zsh and fish ------------------------------------------------------------------------------------------------ */

/** Prints text for use in single quotes; `special`: characters that need a backslash there. */
static void put_quoted(const char *text, const char *special)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr(special, *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void put_zsh_verb(const cli_verb *verb)
{
    static const char *const actions[] = {" ", "_files", "_files -/", "("};
    printf("    %s)\n        _arguments -S", verb->name);
    for (size_t i = 0; i < cli_verb_n_options(verb); i++) {
        char doc[CLI_MAX_DOC];
        const cli_option *option = cli_verb_option(verb, i);
        printf(" \\\n            '%s--%s[", option->type == CLI_TEXTS ? "*" : "", option->name);
        put_quoted(cli_option_doc(option, doc), "[]\\");
        putchar(']');
        if (option->argument) printf(":%s:%s", option->argument, actions[value_of(option)]);
        if (option->argument && value_of(option) == A_LEVEL) printf("%s)", LEVELS);
        putchar('\'');
    }
    if (verb->max_arguments > 0) {
        fputs(" \\\n            '*:argument:", stdout);
        fputs(verb->print_words ? "(" : "_files", stdout);
        put_words(verb);
        fputs(verb->print_words ? ")'" : "'", stdout);
    }
    fputs(" ;;\n", stdout);
}

static void put_zsh(void)
{
    fputs("#compdef plexus\n"
          "# zsh completion for plexus; from 'plexus completion zsh'.\n"
          "_plexus() {\n"
          "    local -a verbs\n"
          "    verbs=(\n",
          stdout);
    for (int i = 0; i < cli_n_verbs; i++) {
        printf("        '%s:", cli_verbs[i]->name);
        put_quoted(cli_verbs[i]->summary, ":\\");
        fputs("'\n", stdout);
    }
    fputs("    )\n"
          "    if (( CURRENT == 2 )); then\n"
          "        _describe -t verbs verb verbs\n"
          "        return\n"
          "    fi\n"
          "    shift words\n"
          "    (( CURRENT-- ))\n"
          "    case $words[1] in\n",
          stdout);
    for (int i = 0; i < cli_n_verbs; i++)
        put_zsh_verb(cli_verbs[i]);
    fputs("    esac\n"
          "}\n"
          "if [[ $funcstack[1] == _plexus ]]; then\n"
          "    _plexus \"$@\"\n"
          "else\n"
          "    compdef _plexus plexus\n"
          "fi\n",
          stdout);
}

static void put_fish_verb(const cli_verb *verb)
{
    static const char *const actions[] = {"-x", "-r -F", "-x -a '(__fish_complete_directories)'"};
    printf("complete -c plexus -n __fish_use_subcommand -a %s -d '", verb->name);
    put_quoted(verb->summary, "\\");
    fputs("'\n", stdout);
    for (size_t i = 0; i < cli_verb_n_options(verb); i++) {
        char doc[CLI_MAX_DOC];
        const cli_option *option = cli_verb_option(verb, i);
        printf("complete -c plexus -n '__fish_seen_subcommand_from %s' -l %s ", verb->name, option->name);
        const value kind = option->argument ? value_of(option) : NO_FILE;
        if (kind == A_LEVEL)
            printf("-x -a '%s' ", LEVELS);
        else if (option->argument)
            printf("%s ", actions[kind]);
        fputs("-d '", stdout);
        put_quoted(cli_option_doc(option, doc), "\\");
        fputs("'\n", stdout);
    }
    if (verb->max_arguments == 0) return;
    printf("complete -c plexus -n '__fish_seen_subcommand_from %s' ", verb->name);
    fputs(verb->print_words ? "-a '" : "-F", stdout);
    put_words(verb);
    fputs(verb->print_words ? "'\n" : "\n", stdout);
}

static void put_fish(void)
{
    fputs("# fish completion for plexus; from 'plexus completion fish'.\ncomplete -c plexus -f\n", stdout);
    for (int i = 0; i < cli_n_verbs; i++)
        put_fish_verb(cli_verbs[i]);
}

/* -- The verb ---------------------------------------------------------------------------------------------------- */

static const struct shell {
    const char *name;
    void (*put)(void);
} shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};
enum { N_SHELLS = sizeof shells / sizeof *shells };

static void print_shells(FILE *out)
{
    for (int i = 0; i < N_SHELLS; i++)
        fprintf(out, "%s%s", i ? " " : "", shells[i].name);
}

static int completion(const cli_options *given)
{
    for (int i = 0; i < N_SHELLS; i++) {
        if (strcmp(shells[i].name, given->arguments[0]) != 0) continue;
        shells[i].put();
        return CLI_DONE;
    }
    fprintf(stderr, "plexus completion: '%s' is no shell that it knows; there are ", given->arguments[0]);
    print_shells(stderr);
    fputc('\n', stderr);
    return CLI_USAGE;
}

const cli_verb cli_completion = {
    .name = "completion",
    .arguments = "SHELL",
    .summary = "print a completion script for bash, zsh or fish",
    .details = "An installed command has them where the shells look. For one that is not:\n",
    .examples = "source <(plexus completion bash)\n"
                "source <(plexus completion zsh)\n"
                "plexus completion fish | source\n",
    .print_words = print_shells,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = completion,
};
