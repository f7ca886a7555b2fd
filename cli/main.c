/* SPDX-License-Identifier: Apache-2.0 */
/* The command `plexus`: the table of verbs, and what stands before a verb. */
#include <signal.h>
#include <string.h>

#include "cli.h"

#ifndef CLI_BUILD_TYPE
#define CLI_BUILD_TYPE "unknown"
#endif
#ifndef CLI_FETCH
#define CLI_FETCH 0
#endif

/* To add a verb: its file cli/NAME.c with one `const cli_verb`, a line in cli.h, a row here. */
static const cli_verb *const verbs[] = {&cli_fit,    &cli_evaluate, &cli_predict, &cli_describe,
                                        &cli_export, &cli_fetch,    &cli_synth};
enum { N_VERBS = sizeof verbs / sizeof *verbs };

static void print_help(FILE *out)
{
    fputs("usage: plexus VERB [OPTION]... [ARGUMENT]...\n\n"
          "Trains and serves multi-task ranking models on tabular data.\n\n",
          out);
    for (int i = 0; i < N_VERBS; i++)
        fprintf(out, "  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
    fputs("\n  plexus VERB --help   tells more of a verb\n"
          "  plexus --version     version and build\n\n"
          "Results go to stdout, progress and messages to stderr.\n"
          "Exit codes: 0 done, 1 failed, 2 wrong usage.\n",
          out);
}

/** Version and the facts that a report of a fault needs. */
static int print_version(void)
{
    plx_error error;
    plx_context *context = NULL;
    if (plx_context_create(NULL, &context, &error) != PLX_OK) return cli_fail_error(&error);
    printf("plexus %s\n", PLX_VERSION);
    printf("library    %s\n", plx_version());
    printf("compiler   %s, %s\n", __VERSION__, CLI_BUILD_TYPE);
    int threads = plx_context_threads(context);
    printf("processor  %s kernels, %d thread%s\n", plx_context_cpu_level(context), threads, cli_plural(threads));
    printf("parquet    %s\n", CLI_PARQUET ? "yes" : "no (built without carquet)");
    printf("fetch      %s\n", CLI_FETCH    ? "yes"
                              : CLI_PYTHON ? "yes (by Python)"
                                           : "no (built without libcurl or OpenSSL)");
    plx_context_free(context);
    return CLI_DONE;
}

static const cli_verb *find_verb(const char *name)
{
    for (int i = 0; i < N_VERBS; i++)
        if (strcmp(verbs[i]->name, name) == 0) return verbs[i];
    return NULL;
}

static int unknown_verb(const char *name)
{
    const char *names[N_VERBS];
    for (int i = 0; i < N_VERBS; i++)
        names[i] = verbs[i]->name;
    const char *nearest = cli_nearest(name, names, N_VERBS);
    if (name[0] == '-') {
        fprintf(stderr, "plexus: no option '%s': before a verb there are --help and --version\n", name);
        return CLI_USAGE;
    }
    fprintf(stderr, "plexus: '%s' is not a verb", name);
    if (nearest) fprintf(stderr, "; did you mean '%s'?", nearest);
    fputs("\nTry 'plexus --help'.\n", stderr);
    return CLI_USAGE;
}

static int help_on(int argc, char **argv)
{
    if (argc < 3) {
        print_help(stdout);
        return CLI_DONE;
    }
    const cli_verb *verb = find_verb(argv[2]);
    if (!verb) return unknown_verb(argv[2]);
    cli_verb_help(verb, stdout);
    return CLI_DONE;
}

static int run_verb(const cli_verb *verb, int argc, char **argv)
{
    static cli_options options; /* too large for some stacks */
    int code = cli_options_parse(verb, argc, argv, &options);
    if (code != CLI_DONE) return code;
    if (options.help) {
        cli_verb_help(verb, stdout);
        return CLI_DONE;
    }
    return verb->run(&options);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) return print_version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return help_on(argc, argv);
    const cli_verb *verb = find_verb(argv[1]);
    return verb ? run_verb(verb, argc - 2, argv + 2) : unknown_verb(argv[1]);
}

int main(int argc, char **argv)
{
    /* A reader that went away is then a failed write, told like a full disk. */
    signal(SIGPIPE, SIG_IGN);
    int code = run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (code == CLI_DONE)
            code = cli_fail("cannot write the results to stdout: is the disk full or the pipe closed?");
    }
    return code;
}
