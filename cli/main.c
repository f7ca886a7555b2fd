/* SPDX-License-Identifier: Apache-2.0 */
/* The command `plexus`: the table of verbs, and options before a verb. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#ifndef CLI_BUILD_TYPE
#define CLI_BUILD_TYPE "unknown"
#endif
#if defined(__clang__)
#define CLI_COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define CLI_COMPILER "gcc " __VERSION__
#else
#define CLI_COMPILER "unknown"
#endif
#ifndef CLI_FETCH
#define CLI_FETCH 0
#endif

/* To add a verb: its file cli/NAME.c with one `const cli_verb`, a line in cli.h, a row here. */
const cli_verb *const cli_verbs[] = {&cli_fit,   &cli_evaluate, &cli_predict,    &cli_describe, &cli_export,
                                     &cli_fetch, &cli_synth,    &cli_completion, &cli_man};
enum { N_VERBS = sizeof cli_verbs / sizeof cli_verbs[0] };
const int cli_n_verbs = N_VERBS;

const char cli_exit_codes[] =
    "Exit codes: 0 success, 1 failure, 2 invalid usage; 130 after Ctrl-C and 143 after SIGTERM;\n"
    "'plexus fit' saves its best epoch first.\n";

static void print_help(FILE *out)
{
    fputs("usage: plexus VERB [OPTION]... [ARGUMENT]...\n\n"
          "Trains and serves multi-task ranking models on tabular data.\n\n",
          out);
    for (int i = 0; i < N_VERBS; i++)
        fprintf(out, "  %-10s  %s\n", cli_verbs[i]->name, cli_verbs[i]->summary);
    fputs("\n  plexus VERB --help   help for a verb\n"
          "  plexus --version     version and build; also -V and plexus version\n\n"
          "Results go to stdout, progress and messages to stderr.\n",
          out);
    fputs(cli_exit_codes, out);
}

/** The version, and facts for bug reports. */
static int print_version(void)
{
    plx_error error;
    plx_context *context = NULL;
    if (plx_context_create(NULL, &context, &error) != PLX_OK) return cli_fail_error(&error);
    printf("plexus %s\n", PLX_VERSION);
    printf("library    %s\n", plx_version());
    printf("compiler   %s, %s\n", CLI_COMPILER, CLI_BUILD_TYPE);
    const plx_context_info *info = plx_context_inspect(context);
    printf("processor  %s kernels, %d thread%s\n", info->cpu_level, info->threads, cli_plural(info->threads));
    printf("parquet    %s\n", info->reads_parquet ? "yes" : "no (built without carquet)");
    printf("fetch      %s\n", CLI_FETCH    ? "yes"
                              : CLI_PYTHON ? "yes (by Python)"
                                           : "no (built without libcurl or OpenSSL)");
    plx_context_free(context);
    return CLI_DONE;
}

void cli_print_verbs(FILE *out)
{
    for (int i = 0; i < N_VERBS; i++)
        fprintf(out, "%s%s", i ? " " : "", cli_verbs[i]->name);
}

static void fail_unknown_verb(const char *name)
{
    const char *names[N_VERBS];
    for (int i = 0; i < N_VERBS; i++)
        names[i] = cli_verbs[i]->name;
    const char *nearest = plx_nearest_name(name, names, N_VERBS);
    if (name[0] == '-') {
        fprintf(stderr, "plexus: no option '%s': before a verb there are --help (-h) and --version (-V)\n", name);
        return;
    }
    fprintf(stderr, "plexus: '%s' is not a verb", name);
    if (nearest) fprintf(stderr, "; did you mean '%s'?", nearest);
    fputs("\nTry 'plexus --help'.\n", stderr);
}

const cli_verb *cli_find_verb(const char *name)
{
    for (int i = 0; i < N_VERBS; i++)
        if (strcmp(cli_verbs[i]->name, name) == 0) return cli_verbs[i];
    fail_unknown_verb(name);
    return NULL;
}

static int help_on(int argc, char **argv)
{
    if (argc < 3) {
        print_help(stdout);
        return CLI_DONE;
    }
    const cli_verb *verb = cli_find_verb(argv[2]);
    if (verb) cli_verb_help(verb, stdout);
    return verb ? CLI_DONE : CLI_USAGE;
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
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "version") == 0)
        return print_version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return help_on(argc, argv);
    const cli_verb *verb = cli_find_verb(argv[1]);
    return verb ? run_verb(verb, argc - 2, argv + 2) : CLI_USAGE;
}

/**
 * A standard descriptor that the caller closed would be reused for the next opened file, which would then receive
 * messages. Results for a closed stdout still fail: it is opened for reading.
 */
static bool open_standard_streams(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
        if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
        if (open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY) != descriptor) return false;
    }
    return true;
}

/** Whether a pipe or socket has lost its reader. */
static bool has_no_reader(int descriptor)
{
    struct pollfd pipe_end = {.fd = descriptor, .events = POLLOUT};
    return poll(&pipe_end, 1, 0) == 1 && (pipe_end.revents & POLLERR);
}

/** Ends silently by SIGPIPE, as usual for programs whose reader has closed the pipe. */
static void end_by_pipe(void)
{
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

int main(int argc, char **argv)
{
    if (!open_standard_streams()) return CLI_FAILED;
    /* So that work in progress is ended cleanly, and a fit continues when its messages are no longer read. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file above the size limit is then a failed write */
    int code = run(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    if (has_no_reader(STDOUT_FILENO)) end_by_pipe();
    return code != CLI_DONE ? code : cli_fail("cannot write the results to stdout: is the disk full?");
}
