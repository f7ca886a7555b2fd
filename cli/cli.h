/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared declarations of the command's verbs. Results are written to stdout, everything else to stderr. A verb returns
 * one of the exit codes below; for any but CLI_DONE it has printed the reason.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "plexus.h"

/* 1 in a Python wheel, where the command is installed with the package. */
#ifndef CLI_PYTHON
#define CLI_PYTHON 0
#endif

/* CLI_SIGNALLED + N: ended by signal N, after saving as much as possible. */
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_SIGNALLED = 128 };

enum { CLI_MAX_ARGUMENTS = 256, CLI_MAX_PATH = 4096, CLI_MAX_FOLDERS = 8, CLI_MAX_WARNINGS = 64 };

/** The values of an option that may be given several times. */
typedef struct cli_texts {
    const char *items[CLI_MAX_ARGUMENTS];
    int n;
} cli_texts;

/** The values of all options of all verbs; a verb reads the options of its table. */
typedef struct cli_options {
    const char *out, *data, *dir, *from, *cpu, *config, *tensorboard, *onnx;
    cli_texts set, keep, metric;
    int64_t seed; /* negative: not given */
    int64_t threads, rows, dim, sines;
    double correlation, scale, noise;
    bool json, quiet, dot, plan, help, resume, force, external_data, list, weighted;
    const char *arguments[CLI_MAX_ARGUMENTS];
    int n_arguments;
} cli_options;

typedef enum cli_option_type { CLI_FLAG, CLI_TEXT, CLI_TEXTS, CLI_INT, CLI_REAL } cli_option_type;

/** One row of a verb's table, which drives parsing, checks and --help. */
typedef struct cli_option {
    const char *name;     /* without the dashes */
    const char *argument; /* its name in the help; NULL for a flag */
    const char *doc;
    cli_option_type type;
    size_t offset;   /* in cli_options */
    double min, max; /* of numbers */
    double fallback; /* the default number; below `min`: means "not given" */
} cli_option;

/** A verb: a row of the table in main.c. */
typedef struct cli_verb {
    const char *name;
    const char *arguments; /* as shown in the help */
    const char *summary;
    const char *details;  /* below the options in --help; ends in a line feed */
    const char *examples; /* likewise, one command per line; NULL: none */
    const cli_option *options;
    size_t n_options;
    int min_arguments, max_arguments;
    void (*print_words)(FILE *out); /* prints the possible arguments, separated by blanks; NULL: files */
    int (*run)(const cli_options *options);
} cli_verb;

extern const cli_verb cli_fit, cli_evaluate, cli_predict, cli_describe, cli_export, cli_fetch, cli_synth,
    cli_completion, cli_man;

/* -- main.c ------------------------------------------------------------------------------------------------------ */

extern const cli_verb *const cli_verbs[]; /* [cli_n_verbs] */
extern const int cli_n_verbs;
/** The explanation of exit codes. */
extern const char cli_exit_codes[];
/** NULL: no verb has that name, which has been reported. */
const cli_verb *cli_find_verb(const char *name);
/** Prints the verbs' names, separated by blanks. */
void cli_print_verbs(FILE *out);

/* -- options.c --------------------------------------------------------------------------------------------------- */

/** Fills `out` from the arguments after the verb. CLI_USAGE: a mistake, already reported. */
int cli_options_parse(const cli_verb *verb, int argc, char **argv, cli_options *out);
void cli_verb_help(const cli_verb *verb, FILE *out);
/** The verb's own options, followed by the common options. */
size_t cli_verb_n_options(const cli_verb *verb);
const cli_option *cli_verb_option(const cli_verb *verb, size_t i);
enum { CLI_MAX_DOC = 256 };
/** The option's description, with its default number. */
const char *cli_option_doc(const cli_option *option, char buffer[CLI_MAX_DOC]);

/* -- messages.c -------------------------------------------------------------------------------------------------- */

/** Writes "plexus: ..." to stderr and returns CLI_FAILED. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** The same for an error of the library. */
int cli_fail_error(const plx_error *error);
/** A monotonic clock. */
double cli_seconds(void);
/** The plural ending of a noun after the number `n`. */
const char *cli_plural(int64_t n);
/** Whether a stream is a terminal with cursor control. */
bool cli_can_redraw(FILE *stream);
/** Whether a stream is a terminal with colours that the user has not disabled. */
bool cli_has_colour(FILE *stream);

/* -- session.c --------------------------------------------------------------------------------------------------- */

/** Folders that are searched for relative paths of a configuration. */
typedef struct cli_folders {
    char paths[CLI_MAX_FOLDERS][CLI_MAX_PATH];
    const char *list[CLI_MAX_FOLDERS]; /* pointers to `paths` */
    bool is_recorded[CLI_MAX_FOLDERS]; /* recorded in the run's config.yaml */
    int n;
} cli_folders;

/** The line that shows the progress of reading. */
typedef struct cli_reading {
    bool shows;   /* stderr is a terminal that can redraw the line */
    bool is_open; /* the line is on the terminal */
    double start; /* cli_seconds() at the first call */
    double last_draw;
} cli_reading;

/** A verb's objects of the library; initially all zero, released together. */
typedef struct cli_session {
    plx_context *context;
    plx_config *config;
    plx_data *data;
    plx_model *model;
    double start;           /* cli_seconds() when opened */
    double load_seconds;    /* time to read data or a model */
    plx_read_report report; /* of the rows read last */
    cli_reading reading;
    cli_folders folders;              /* set by cli_session_load_data */
    char *warnings[CLI_MAX_WARNINGS]; /* already printed */
    int n_warnings;
} cli_session;

int cli_session_open(cli_session *session, const cli_options *options);
void cli_session_close(cli_session *session);
/** Opens a session, runs `work` on it, closes it, and returns the result of `work`. */
int cli_session_run(int (*work)(cli_session *session, const cli_options *options), const cli_options *options);
/** Loads the configuration `path` with the assignments of --set and --seed. */
int cli_session_configure(cli_session *session, const char *path, const cli_options *options);
/** Loads the configuration's data; cli_folders are searched. */
int cli_session_load_data(cli_session *session, const char *config_path, const cli_options *options);
int cli_session_load_model(cli_session *session, const char *path);
/** Lists skipped rows, if any, on stderr. */
void cli_session_print_wrong_rows(const cli_session *session);
/** {"rows": number of skipped rows, "first": [{"row", "column", "message"}, ...]}; NULL when out of memory. */
json_t *cli_session_wrong_json(const cli_session *session);

/* -- folders.c --------------------------------------------------------------------------------------------------- */

/** Finds the folders: --data, the folder of `config_path`, the folders recorded in a run's config.yaml, the cache. */
int cli_folders_find(cli_folders *folders, const char *config_path, const cli_options *options);
/** The configuration with the folders in comments before it, for free(); NULL when out of memory. */
char *cli_folders_record(const cli_folders *folders, const char *config_text);

/* -- paths.c ----------------------------------------------------------------------------------------------------- */

/** `path` [CLI_MAX_PATH] = folder/name. False if it is too long. */
bool cli_path_join(char *path, const char *folder, const char *name);
/** The folder of `path`, "." for a bare name. */
bool cli_path_folder(char *folder, const char *path);
/** The last component of `path`, without its suffix. */
bool cli_path_stem(char *stem, const char *path);
/** The folder for data sets of `fetch`: $XDG_CACHE_HOME/plexus, else ~/.cache/plexus. Reports a failure. */
int cli_cache_folder(char *folder);
bool cli_is_folder(const char *path);
/** Creates a folder and its parents; `*n_kept`: length of the prefix of its path that already existed. */
int cli_make_folder(const char *folder, size_t *n_kept);
/** Removes partial files left by killed processes; no other process may be writing there. */
void cli_drop_leftovers(const char *folder);
/** Removes the folders that cli_make_folder created, if empty. */
void cli_drop_folder(const char *folder, size_t n_kept);

/* -- output.c ---------------------------------------------------------------------------------------------------- */

/** The destination of results: stdout, or a file that is renamed into place once it is complete on disk. */
typedef struct cli_output {
    plx_output *file; /* NULL: stdout */
    bool has_failed;  /* a write has failed */
} cli_output;

/** `path` NULL: stdout. If a signal ends the program, an incomplete file is removed. */
int cli_output_open(cli_output *output, plx_context *context, const char *path);
void cli_write(cli_output *output, const void *bytes, size_t length);
void cli_print(cli_output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** With `keep`, checks that everything was written and renames the file into place; else removes it. */
int cli_output_close(cli_output *output, bool keep);
/** Writes a whole file. */
int cli_write_text(plx_context *context, const char *path, const char *text);
int cli_copy_file(plx_context *context, const char *from, const char *to);
/** Renames; if `to` is a link or not a regular file, writes to it instead. */
int cli_move_file(plx_context *context, const char *from, const char *to);

/* -- signals.c --------------------------------------------------------------------------------------------------- */

/** Sets the file to remove if SIGINT, SIGTERM or SIGHUP ends the program; NULL: none. */
void cli_signals_file(const char *path);
/** The same for folders, as by cli_drop_folder. */
void cli_signals_folder(const char *path, size_t n_kept);
/** From now on, the first SIGINT or SIGTERM is only recorded; a second one ends the program. */
void cli_signals_catch(void);
/** The recorded signal; 0: none. */
int cli_signals_caught(void);

/* -- run_folder.c ------------------------------------------------------------------------------------------------ */

/** The output folder of a run of fit. */
typedef struct cli_run_folder {
    char path[CLI_MAX_PATH], model[CLI_MAX_PATH], config[CLI_MAX_PATH], log[CLI_MAX_PATH], partial_log[CLI_MAX_PATH],
        checkpoint[CLI_MAX_PATH], previous[CLI_MAX_PATH], keeping[CLI_MAX_PATH];
    size_t n_kept_bytes; /* length of the prefix of its path that already existed */
    double model_bytes;  /* upper bound of the model file's size */
    int lock;            /* descriptor; -1: none */
    bool is_made, is_locked, is_saved;
    bool has_taken_log; /* a log was renamed from its final name to the partial one */
} cli_run_folder;

/** `out` NULL: plexus-out/NAME, with the configuration's NAME. */
int cli_run_folder_name(cli_run_folder *folder, const char *out, const char *config_path);
/** Creates it, locks it against other runs, checks that it is writable, reports earlier contents on stderr. */
int cli_run_folder_open(cli_run_folder *folder, plx_context *context, const cli_options *given);
/** Checks the free disk space: an error if the session's model does not fit, a warning if model and checkpoints may not
 * fit together. */
int cli_run_folder_check_space(cli_run_folder *folder, const cli_session *session, bool is_quiet);
/** Removes the checkpoint if the model fits only without it. */
void cli_run_folder_free_space(const cli_run_folder *folder);
/** Moves model, configuration and log into place; an earlier finished run moves to DIR/previous, or is removed with
 * `is_forced`. A failure restores it. `is_complete`: the checkpoint is no longer needed for resuming. */
int cli_run_folder_save(cli_run_folder *folder, const cli_session *session, const char *config_text, bool is_complete,
                        bool is_forced);
/** Unlocks it. If nothing was saved, its contents are unchanged except for a checkpoint, removed if `is_complete`. */
void cli_run_folder_close(cli_run_folder *folder, bool is_complete);

/* -- results.c --------------------------------------------------------------------------------------------------- */

/** Prints each task's metrics; `title` heads the task names: "test", or "task" for rows of no part. */
void cli_print_metrics(FILE *out, const char *title, const plx_metrics *metrics, int n_tasks, const cli_texts *chosen);
/** {task: {metric: number or null}}; NULL when out of memory. */
json_t *cli_metrics_json(const plx_metrics *metrics, int n_tasks, const cli_texts *chosen);
/** A number, or null if it is not finite. */
json_t *cli_number_json(double value);
/** Prints `object` on stdout and releases it; NULL: out of memory. */
int cli_print_json(json_t *object);

/* -- progress.c -------------------------------------------------------------------------------------------------- */

/** Progress output on stderr: a terminal or a log. */
typedef struct cli_progress {
    bool is_quiet;
    bool redraws;       /* a terminal that can return to the start of a line */
    bool has_colour;    /* a terminal with colours */
    bool line_is_open;  /* a line to redraw is on the terminal */
    bool has_head;      /* the heading of the epoch table was printed */
    double last_draw;   /* cli_seconds() */
    double epoch_start; /* likewise */
    int n_tasks;
    const char *const *task_names;
} cli_progress;

/** The width of a stream's terminal in columns; 80 if it is no terminal. */
int cli_width(FILE *stream);
/** The number of characters of UTF-8 text. */
int cli_letters(const char *text);
/** The number of bytes of `text` that fit into `columns` columns; never splits a UTF-8 character. */
int cli_bytes_in_columns(const char *text, int columns);
void cli_progress_open(cli_progress *progress, bool quiet, const char *const *task_names, int n_tasks);
void cli_progress_show(cli_progress *progress, const plx_progress *state);
/** Removes the line to redraw. */
void cli_progress_close(cli_progress *progress);

/** The progress line of reading, on a terminal; `is_wanted`: show it on stderr. */
void cli_reading_open(cli_reading *reading, bool is_wanted);
void cli_reading_show(cli_reading *reading, const char *path, int64_t rows, double share);
void cli_reading_close(cli_reading *reading);

/* -- epoch_table.c ----------------------------------------------------------------------------------------------- */

/** Prints the line of a finished epoch, at most `width` columns wide; for the first one, also a heading. */
void cli_epoch_line(FILE *out, cli_progress *progress, const plx_progress *state, int width);

#endif
