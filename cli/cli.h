/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verbs of the command share. Results go to stdout, everything else to stderr; a verb returns one of the
 * exit codes below and has printed the reason when it is not CLI_DONE.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "plexus.h"

/* The command of a Python wheel, beside the package. */
#ifndef CLI_PYTHON
#define CLI_PYTHON 0
#endif

/* CLI_SIGNALLED + N: ended by signal N, after what could be saved was. */
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_SIGNALLED = 128 };

enum { CLI_TOLD_ROWS = 16 };
enum { CLI_MAX_ARGUMENTS = 256, CLI_MAX_PATH = 4096, CLI_MAX_FOLDERS = 8, CLI_MAX_WARNINGS = 64 };

/** What an option that may be given several times was given. */
typedef struct cli_texts {
    const char *items[CLI_MAX_ARGUMENTS];
    int n;
} cli_texts;

/** The values of all options of all verbs; a verb reads those of its table. */
typedef struct cli_options {
    const char *out, *data, *dir, *from, *cpu, *config, *tensorboard, *onnx;
    cli_texts set, keep;
    int64_t seed; /* negative: not given */
    int64_t threads, rows, dim, sines;
    double correlation, scale, noise;
    bool json, quiet, dot, plan, help, resume, force, external_data, list, weighted;
    const char *arguments[CLI_MAX_ARGUMENTS];
    int n_arguments;
} cli_options;

typedef enum cli_option_type { CLI_FLAG, CLI_TEXT, CLI_TEXTS, CLI_INT, CLI_REAL } cli_option_type;

/** One row of a verb's table, from which parsing, checks and --help come. */
typedef struct cli_option {
    const char *name;     /* without the dashes */
    const char *argument; /* what the help calls it; NULL for a flag */
    const char *doc;
    cli_option_type type;
    size_t offset;   /* in cli_options */
    double min, max; /* of numbers */
    double fallback; /* the number without the option; below `min`: that means "not given" */
} cli_option;

/** A verb: a row of the table in main.c. */
typedef struct cli_verb {
    const char *name;
    const char *arguments; /* as the help writes them */
    const char *summary;
    const char *details;  /* below the options in --help; ends in a line feed */
    const char *examples; /* likewise, a command a line; NULL: none */
    const cli_option *options;
    size_t n_options;
    int min_arguments, max_arguments;
    void (*print_words)(FILE *out); /* what its arguments may be, a blank between; NULL: files */
    int (*run)(const cli_options *options);
} cli_verb;

extern const cli_verb cli_fit, cli_evaluate, cli_predict, cli_describe, cli_export, cli_fetch, cli_synth,
    cli_completion, cli_man;

/* -- main.c ------------------------------------------------------------------------------------------------------ */

extern const cli_verb *const cli_verbs[]; /* [cli_n_verbs] */
extern const int cli_n_verbs;
/** The lines that explain exit codes. */
extern const char cli_exit_codes[];
/** NULL: there is none of that name, which has been reported. */
const cli_verb *cli_find_verb(const char *name);
/** Their names with a blank between. */
void cli_print_verbs(FILE *out);

/* -- options.c --------------------------------------------------------------------------------------------------- */

/** Fills `out` from the arguments after the verb. CLI_USAGE: a mistake, which has been reported. */
int cli_options_parse(const cli_verb *verb, int argc, char **argv, cli_options *out);
void cli_verb_help(const cli_verb *verb, FILE *out);
/** Its own options, followed by those that every verb takes. */
size_t cli_verb_n_options(const cli_verb *verb);
const cli_option *cli_verb_option(const cli_verb *verb, size_t i);
enum { CLI_MAX_DOC = 256 };
/** What the option does, with the number that it has without being given. */
const char *cli_option_doc(const cli_option *option, char room[CLI_MAX_DOC]);
/** The name nearest to `text`, if any is near enough to be what was meant, or NULL. */
const char *cli_nearest(const char *text, const char *const *names, size_t n);

/* -- messages.c -------------------------------------------------------------------------------------------------- */

/** Writes "plexus: ..." to stderr and returns CLI_FAILED. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** The same for an error of the library. */
int cli_fail_error(const plx_error *error);
/** A monotone clock. */
double cli_seconds(void);
/** The ending of a noun that `n` counts. */
const char *cli_plural(int64_t n);
/** Whether a stream is a terminal that obeys more than line feeds. */
bool cli_can_redraw(FILE *stream);
/** Whether a stream is a terminal with colours, and the user wants them. */
bool cli_has_colour(FILE *stream);

/* -- session.c --------------------------------------------------------------------------------------------------- */

/** Where relative paths of a configuration are looked for. */
typedef struct cli_folders {
    char paths[CLI_MAX_FOLDERS][CLI_MAX_PATH];
    const char *list[CLI_MAX_FOLDERS]; /* the same */
    bool is_recorded[CLI_MAX_FOLDERS]; /* the run's config.yaml names it */
    int n;
} cli_folders;

/** The line that shows the progress of reading. */
typedef struct cli_reading {
    bool shows;   /* on a terminal that can redraw it */
    bool is_open; /* it stands there */
    double start; /* cli_seconds() at the first */
    double last_draw;
} cli_reading;

/** What a verb holds of the library; all zero at first, released as a whole. */
typedef struct cli_session {
    plx_context *context;
    plx_config *config;
    plx_data *data;
    plx_model *model;
    double start;                    /* cli_seconds() at the opening */
    double load_seconds;             /* that reading data or a model took */
    plx_read_report report;          /* of files that were scored */
    int64_t n_wrong;                 /* rows that were skipped */
    const char *told[CLI_TOLD_ROWS]; /* what was wrong with the first n_told of them */
    int n_told;
    cli_reading reading;
    cli_folders folders;              /* of cli_session_load_data */
    char *warnings[CLI_MAX_WARNINGS]; /* that were printed */
    int n_warnings;
} cli_session;

int cli_session_open(cli_session *session, const cli_options *options);
void cli_session_close(cli_session *session);
/** What `work` returns of a session that is opened for it and closed afterwards. */
int cli_session_run(int (*work)(cli_session *session, const cli_options *options), const cli_options *options);
/** The configuration `path` with the assignments of --set and --seed. */
int cli_session_configure(cli_session *session, const char *path, const cli_options *options);
/** Its data, looked for where cli_folders says. */
int cli_session_load_data(cli_session *session, const char *config_path, const cli_options *options);
int cli_session_load_model(cli_session *session, const char *path);
/** Takes the skipped rows from session->report; reading is over. */
void cli_session_take_report(cli_session *session);
/** Lists skipped rows on stderr; nothing where there are none. */
void cli_session_tell_wrong_rows(const cli_session *session);
/** {"rows": how many, "first": [what was wrong with them]}; NULL when out of memory. */
json_t *cli_session_wrong_json(const cli_session *session);

/* -- folders.c --------------------------------------------------------------------------------------------------- */

/** --data, the folder of `config_path`, those that it names where it is a run's config.yaml, and the cache. */
int cli_folders_find(cli_folders *folders, const char *config_path, const cli_options *options);
/** The configuration with the folders in comments before it, for free(); NULL when out of memory. */
char *cli_folders_record(const cli_folders *folders, const char *config_text);

/* -- paths.c ----------------------------------------------------------------------------------------------------- */

/** `path` [CLI_MAX_PATH] = folder/name. False where that is too long. */
bool cli_path_join(char *path, const char *folder, const char *name);
/** The folder in which `path` lies, "." for a bare name. */
bool cli_path_folder(char *folder, const char *path);
/** The last part of `path`, its suffix cut off. */
bool cli_path_stem(char *stem, const char *path);
/** Where `fetch` keeps data sets: $XDG_CACHE_HOME/plexus, else ~/.cache/plexus. Tells the reason when it fails. */
int cli_cache_folder(char *folder);
bool cli_is_folder(const char *path);
/** Makes a folder and those above it; `*n_kept`: bytes of its path that name what was there before. */
int cli_make_folder(const char *folder, size_t *n_kept);
/** Removes partial files that killed processes have left; no other process may be writing there. */
void cli_drop_leftovers(const char *folder);
/** Removes what cli_make_folder made, as far as it is empty. */
void cli_drop_folder(const char *folder, size_t n_kept);

/* -- output.c ---------------------------------------------------------------------------------------------------- */

/** Results: stdout, or a file that takes its place only when all of it is on disk. */
typedef struct cli_output {
    plx_output *file; /* NULL: stdout */
    bool has_failed;  /* something could not be written */
} cli_output;

/** `path` NULL: stdout. A file that is under way is removed where a signal ends the program. */
int cli_output_open(cli_output *output, plx_context *context, const char *path);
void cli_write(cli_output *output, const void *bytes, size_t length);
void cli_print(cli_output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** With `keep`, checks that everything was written and gives the file its place; else removes it. */
int cli_output_close(cli_output *output, bool keep);
/** Writes a whole file. */
int cli_write_text(plx_context *context, const char *path, const char *text);
int cli_copy_file(plx_context *context, const char *from, const char *to);
/** Renames; what is no plain file at `to`, or a link, is written through instead. */
int cli_move_file(plx_context *context, const char *from, const char *to);

/* -- signals.c --------------------------------------------------------------------------------------------------- */

/** What is removed where SIGINT, SIGTERM or SIGHUP ends the program; NULL: nothing. */
void cli_signals_file(const char *path);
/** Of folders: as cli_drop_folder. */
void cli_signals_folder(const char *path, size_t n_kept);
/** From now on the first SIGINT or SIGTERM is only remembered; a second one ends the program. */
void cli_signals_catch(void);
/** The signal that came; 0: none. */
int cli_signals_caught(void);

/* -- run_folder.c ------------------------------------------------------------------------------------------------ */

/** The folder in which a run of fit leaves its files. */
typedef struct cli_run_folder {
    char path[CLI_MAX_PATH], model[CLI_MAX_PATH], config[CLI_MAX_PATH], log[CLI_MAX_PATH], partial_log[CLI_MAX_PATH],
        checkpoint[CLI_MAX_PATH], previous[CLI_MAX_PATH], keeping[CLI_MAX_PATH];
    size_t n_kept_bytes; /* of its path, that were there before */
    double model_bytes;  /* that its model takes at most */
    int lock;            /* a descriptor; -1: none */
    bool is_made, is_locked, is_saved;
    bool has_taken_log; /* from its last name back to the one that it has while it runs */
} cli_run_folder;

/** `out` NULL: plexus-out/NAME, NAME the configuration's. */
int cli_run_folder_name(cli_run_folder *folder, const char *out, const char *config_path);
/** Makes it, locks it against other runs, looks whether it can be written, says on stderr what is there already. */
int cli_run_folder_open(cli_run_folder *folder, plx_context *context, const cli_options *given);
/** Whether the disk has room: an error where it has none for the session's model, a warning where checkpoints may not
 * fit beside it. */
int cli_run_folder_check_room(cli_run_folder *folder, const cli_session *session, bool is_quiet);
/** Removes the checkpoint where the model has room only without it. */
void cli_run_folder_make_room(const cli_run_folder *folder);
/** Model, configuration and log take their places; a finished run that was there moves to DIR/previous, or with
 * `is_forced` goes. A failure puts it back. `is_complete`: nothing will resume from the checkpoint. */
int cli_run_folder_save(cli_run_folder *folder, const cli_session *session, const char *config_text, bool is_complete,
                        bool is_forced);
/** Unlocks it. Where nothing was saved it is left as it was, but for a checkpoint; `is_complete`: that goes, too. */
void cli_run_folder_close(cli_run_folder *folder, bool is_complete);

/* -- results.c --------------------------------------------------------------------------------------------------- */

/** A table of each task's metrics; `title` is the heading of the task names: "test", or "task" for rows of no part. */
void cli_print_metrics(FILE *out, const char *title, const plx_metrics *metrics, int n_tasks);
/** {task: {metric: number or null}}; NULL when out of memory. */
json_t *cli_metrics_json(const plx_metrics *metrics, int n_tasks);
/** A number, or null where it is not finite. */
json_t *cli_number_json(double value);
/** Prints `object` on stdout and releases it; NULL: a failure of memory. */
int cli_print_json(json_t *object);

/* -- progress.c -------------------------------------------------------------------------------------------------- */

/** The terminal or the log of stderr. */
typedef struct cli_progress {
    bool is_quiet;
    bool redraws;       /* a terminal that can go back to the start of a line */
    bool has_colour;    /* and show colours */
    bool line_is_open;  /* a line that will be redrawn stands there */
    bool has_head;      /* the epochs' table was begun */
    double last_draw;   /* cli_seconds() */
    double epoch_start; /* likewise */
    int n_tasks;
    const char *const *task_names;
} cli_progress;

/** Columns of the terminal of a stream; 80 if it is not one. */
int cli_width(FILE *stream);
/** Letters of UTF-8 text. */
int cli_letters(const char *text);
/** How many bytes of `text` fill at most `columns` columns; never cuts a UTF-8 letter. */
int cli_bytes_in_columns(const char *text, int columns);
void cli_progress_open(cli_progress *progress, bool quiet, const char *const *task_names, int n_tasks);
void cli_progress_show(cli_progress *progress, const plx_progress *state);
/** Removes the line that would have been redrawn. */
void cli_progress_close(cli_progress *progress);

/** The line of reading, on a terminal; `is_wanted`: stderr is to show it. */
void cli_reading_open(cli_reading *reading, bool is_wanted);
void cli_reading_show(cli_reading *reading, const char *path, int64_t rows, double share);
void cli_reading_close(cli_reading *reading);

/* -- epoch_table.c ----------------------------------------------------------------------------------------------- */

/** The line of an epoch that ended, below a heading where it is the first: as wide as `width` allows. */
void cli_epoch_line(FILE *out, cli_progress *progress, const plx_progress *state, int width);

#endif
