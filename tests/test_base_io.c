/* SPDX-License-Identifier: Apache-2.0 */
/* Files and fields of src/base. Each test of files works in its own folder, which it removes. */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fields.h"
#include "base/file.h"
#include "check.h"
#include "failing_allocator.h"
#include "write_file.h"

static char folder[64];

static bool folder_enter(void)
{
    strcpy(folder, "/tmp/plexus-test-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0;
}

/* The number of entries in the folder. */
static int folder_entries(void)
{
    int n = 0;
    DIR *entries = opendir(".");
    if (!entries) return -1;
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries))
        n += entry->d_name[0] != '.';
    closedir(entries);
    return n;
}

/* Removes the test's files; a folder in it must be empty by then. */
static void folder_leave(void)
{
    DIR *entries = opendir(".");
    if (entries) {
        for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries))
            if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && unlink(entry->d_name) != 0)
                rmdir(entry->d_name);
        closedir(entries);
    }
    CHECK(chdir("/") == 0 && rmdir(folder) == 0);
}

static plx_status put(const char *path, const char *text)
{
    return write_file(path, &plx_allocator_default, text, strlen(text), NULL);
}

static bool holds(const char *path, const char *text)
{
    plx_string s;
    plx_string_init(&s, &plx_allocator_default);
    bool same = plx_file_read(path, 1 << 20, &s, NULL) == PLX_OK && strcmp(s.text, text) == 0;
    plx_string_release(&s);
    return same;
}

static void test_files_are_written_and_read(void)
{
    REQUIRE(folder_enter());
    CHECK(!plx_file_exists("a.txt"));
    CHECK_STATUS(put("a.txt", "first"), PLX_OK);
    CHECK(plx_file_exists("a.txt") && holds("a.txt", "first"));
    CHECK(chmod("a.txt", 0640) == 0 && symlink("a.txt", "link") == 0);
    CHECK_STATUS(put("link", "second"), PLX_OK);
    struct stat info;
    CHECK(holds("a.txt", "second"));
    CHECK(lstat("link", &info) == 0 && S_ISLNK(info.st_mode)); /* the link stays a link */
    CHECK(stat("a.txt", &info) == 0 && (info.st_mode & 0777) == 0640);
    /* A link to a missing file also stays one, even into another folder. */
    CHECK(mkdir("d", 0755) == 0 && symlink("../new.txt", "d/to_new") == 0 && symlink("d/to_new", "chain") == 0);
    CHECK_STATUS(put("chain", "third"), PLX_OK);
    CHECK(holds("new.txt", "third") && lstat("chain", &info) == 0 && S_ISLNK(info.st_mode));
    CHECK(lstat("d/to_new", &info) == 0 && S_ISLNK(info.st_mode));
    /* A pipe's link in /proc names no file. */
    int ends[2];
    char pipe_path[64], got[8] = {0};
    REQUIRE(pipe(ends) == 0);
    snprintf(pipe_path, sizeof pipe_path, "/proc/self/fd/%d", ends[1]);
    CHECK_STATUS(put(pipe_path, "piped"), PLX_OK);
    CHECK(read(ends[0], got, sizeof got) == 5 && strcmp(got, "piped") == 0);
    close(ends[0]);
    close(ends[1]);
    CHECK(symlink("no/where", "dangling") == 0 && symlink("loop", "loop") == 0);
    CHECK_STATUS(put("dangling", "lost"), PLX_ERR_IO);
    CHECK_STATUS(put("loop", "lost"), PLX_ERR_IO);
    CHECK(lstat("loop", &info) == 0 && S_ISLNK(info.st_mode));
    CHECK_STATUS(put("empty", ""), PLX_OK);
    CHECK(holds("empty", ""));
    CHECK_STATUS(put("/dev/null", "to a device"), PLX_OK);
    CHECK(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode));
    CHECK(folder_entries() == 8 && unlink("d/to_new") == 0);
    folder_leave();
}

/* Pieces of all sizes around that of the writer's buffer come out in order. */
static void test_writer_keeps_order(void)
{
    static const size_t sizes[] = {1, 65535, 65536, 0, 65537, 3, 131072, 70000, 65533, 2, 1, 1, 40000, 40000};
    enum { N = sizeof sizes / sizeof *sizes };
    REQUIRE(folder_enter());
    plx_writer w;
    plx_string expected, got;
    plx_string_init(&expected, &plx_allocator_default);
    plx_string_init(&got, &plx_allocator_default);
    CHECK_STATUS(plx_writer_init(&w, &plx_allocator_default, "out.bin", NULL), PLX_OK);
    char *piece = malloc(131072);
    for (size_t i = 0; piece && i < N; i++) {
        for (size_t k = 0; k < sizes[i]; k++)
            piece[k] = (char)(k * 7 + i);
        plx_writer_add(&w, piece, sizes[i]);
        plx_string_add(&expected, piece, sizes[i]);
    }
    free(piece);
    CHECK(!plx_file_exists("out.bin"));
    CHECK_STATUS(plx_writer_commit(&w, NULL), PLX_OK);
    plx_writer_release(&w);
    CHECK_STATUS(plx_file_read("out.bin", expected.length, &got, NULL), PLX_OK);
    CHECK(got.length == expected.length && memcmp(got.text, expected.text, got.length) == 0);
    plx_string_release(&expected);
    plx_string_release(&got);
    CHECK(folder_entries() == 1);
    folder_leave();
}

static void test_writer_without_commit_leaves_nothing(void)
{
    REQUIRE(folder_enter());
    plx_writer one, two;
    CHECK_STATUS(put("a.txt", "old"), PLX_OK);
    CHECK_STATUS(plx_writer_init(&one, &plx_allocator_default, "a.txt", NULL), PLX_OK);
    CHECK_STATUS(plx_writer_init(&two, &plx_allocator_default, "a.txt", NULL), PLX_OK); /* both open together */
    plx_writer_add(&one, "new", 3);
    plx_writer_add(&two, "newer", 5);
    CHECK(folder_entries() == 3);
    plx_writer_release(&one);
    CHECK(holds("a.txt", "old"));
    CHECK_STATUS(plx_writer_commit(&two, NULL), PLX_OK);
    plx_writer_release(&two);
    CHECK(holds("a.txt", "newer") && folder_entries() == 1);

    plx_error err = {0}; /* a folder has taken the name */
    CHECK_STATUS(plx_writer_init(&one, &plx_allocator_default, "b.txt", NULL), PLX_OK);
    CHECK(mkdir("b.txt", 0777) == 0);
    CHECK_STATUS(plx_writer_commit(&one, &err), PLX_ERR_IO);
    CHECK_TEXT(err.message, "b.txt: cannot replace: Is a directory");
    plx_writer_release(&one);
    CHECK(folder_entries() == 2);
    folder_leave();
}

/* The child of the next test; its exit code names the failed check. */
static int write_beyond_limit(void)
{
    enum { LIMIT = 100000 };
    static char bytes[2 * LIMIT];
    plx_error err = {0};
    plx_writer w;
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){LIMIT, LIMIT}) != 0) return 1;
    if (plx_writer_init(&w, &plx_allocator_default, "model", &err) != PLX_OK) return 2;
    for (int i = 0; i < 100; i++)
        plx_writer_add(&w, bytes, 20000);
    if (plx_writer_commit(&w, &err) != PLX_ERR_IO) return 3;
    plx_writer_release(&w);
    if (!strstr(err.message, "model: cannot write: ") || !strstr(err.message, "ulimit -f")) return 4;
    if (write_file("other", &plx_allocator_default, bytes, sizeof bytes, &err) != PLX_ERR_IO) return 5;
    return plx_file_exists("other") ? 6 : 0;
}

/* A limit on the size of files simulates a full disk: the code path is the same. */
static void test_full_disk_leaves_the_old_file(void)
{
    REQUIRE(folder_enter());
    CHECK_STATUS(put("model", "the old one"), PLX_OK);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(write_beyond_limit());
    int result = -1;
    CHECK(child > 0 && waitpid(child, &result, 0) == child);
    CHECK(WIFEXITED(result));
    CHECK_STATUS(WEXITSTATUS(result), 0);
    CHECK(holds("model", "the old one") && folder_entries() == 1);
    if (access("/dev/full", W_OK) == 0) {
        plx_error err = {0};
        CHECK_STATUS(write_file("/dev/full", &plx_allocator_default, "x", 1, &err), PLX_ERR_IO);
        CHECK_TEXT(err.message, "free some space");
    }
    folder_leave();
}

static void test_files_are_refused_with_reasons(void)
{
    REQUIRE(folder_enter());
    plx_string s;
    plx_error err = {0};
    plx_string_init(&s, &plx_allocator_default);
    CHECK_STATUS(plx_file_read("absent.csv", 10, &s, &err), PLX_ERR_IO);
    CHECK_TEXT(err.message, "absent.csv: cannot open: No such file or directory; check the path");
    CHECK_STATUS(plx_file_read(".", 10, &s, &err), PLX_ERR_IO);
    CHECK_TEXT(err.message, "is a folder");
    CHECK_STATUS(put("eleven", "01234567890"), PLX_OK);
    CHECK_STATUS(plx_file_read("eleven", 10, &s, &err), PLX_ERR_IO);
    CHECK_TEXT(err.message, "larger than 10 bytes");
    plx_string_release(&s);

    CHECK_STATUS(write_file("no/such/file", &plx_allocator_default, "x", 1, &err), PLX_ERR_IO);
    CHECK_TEXT(err.message, "no/such/file: cannot write: No such file or directory");
    CHECK_STATUS(write_file(".", &plx_allocator_default, "x", 1, &err), PLX_ERR_IO);
    char long_path[PATH_MAX + 10];
    memset(long_path, 'x', sizeof long_path);
    long_path[sizeof long_path - 1] = '\0';
    CHECK_STATUS(write_file(long_path, &plx_allocator_default, "x", 1, &err), PLX_ERR_IO);
    CHECK(folder_entries() == 1);
    folder_leave();
}

static void test_file_memory_failures(void)
{
    REQUIRE(folder_enter());
    CHECK_STATUS(put("a.txt", "some text"), PLX_OK);
    failing_allocator memory;
    plx_string s;
    for (long n = 1; n == 1 || memory.failed; n++) {
        failing_allocator_init(&memory, n);
        plx_string_init(&s, &memory.allocator);
        CHECK_STATUS(plx_file_read("a.txt", 100, &s, NULL), memory.failed ? PLX_ERR_MEMORY : PLX_OK);
        plx_string_release(&s);
        CHECK(memory.live == 0);
    }
    for (long n = 1; n == 1 || memory.failed; n++) {
        failing_allocator_init(&memory, n);
        plx_status status = write_file("a.txt", &memory.allocator, "new", 3, NULL);
        CHECK_STATUS(status, memory.failed ? PLX_ERR_MEMORY : PLX_OK);
        CHECK(memory.live == 0 && folder_entries() == 1 && holds("a.txt", memory.failed ? "some text" : "new"));
    }
    folder_leave();
}

typedef struct settings {
    bool shuffle;
    int64_t epochs, seed, memory;
    double rate, dropout, share, fill;
    char *name;
    int kind;
    plx_int_list units;
    plx_int_lists towers;
    plx_real_list borders;
    plx_text_list files;
    plx_int_list layer_kinds, layer_norms;
    plx_real_list layer_dropout;
} settings;

static const char *const kinds[] = {"mmoe", "ple", "shared_bottom", NULL};
static const char *const fills[] = {"error", "mean", NULL};

#define ROW(field, kind_, ...)                                                                                         \
    {                                                                                                                  \
        .name = #field, .type = (kind_), .offset = offsetof(settings, field), __VA_ARGS__                              \
    }

static const plx_field rows[] = {
    ROW(shuffle, PLX_FIELD_BOOL, .fallback = "true"),
    ROW(epochs, PLX_FIELD_INT, .min = 1, .max = 1000000, .fallback = "10"),
    ROW(seed, PLX_FIELD_INT, .fallback = "-3"),
    ROW(memory, PLX_FIELD_SIZE, .fallback = "1.5GiB"),
    ROW(rate, PLX_FIELD_REAL, .min = 0, .max = 10, .above_min = true, .fallback = "0.001"),
    ROW(dropout, PLX_FIELD_REAL, .min = 0, .max = 0.99, .fallback = "0"),
    ROW(share, PLX_FIELD_REAL, .max = 1, .above_min = true, .below_max = true, .fallback = "0.5"),
    ROW(fill, PLX_FIELD_REAL, .choices = fills, .fallback = "error"),
    ROW(name, PLX_FIELD_TEXT, .fallback = ""),
    ROW(kind, PLX_FIELD_CHOICE, .choices = kinds, .fallback = "ple"),
    ROW(units, PLX_FIELD_INT_LIST, .min = 1, .max = 65536, .fallback = "[64, 32]"),
    ROW(towers, PLX_FIELD_INT_LISTS, .min = 1, .max = 65536, .fallback = "[[16,8] , [], [ 4 ]]", .each = "[3, 5]"),
    ROW(borders, PLX_FIELD_REAL_LIST, .min = -1, .max = 1000, .fallback = "[-0.5, 1e3]"),
    ROW(files, PLX_FIELD_TEXT_LIST, .fallback = "[a.csv, b c]"),
    ROW(layer_kinds, PLX_FIELD_CHOICE_LIST, .choices = kinds, .or_one = true, .fallback = "ple"),
    ROW(layer_dropout, PLX_FIELD_REAL_LIST, .min = 0, .max = 0.99, .or_one = true, .fallback = "0"),
    ROW(layer_norms, PLX_FIELD_BOOL_LIST, .or_one = true, .fallback = "[]"),
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static plx_raw scalar(const char *text)
{
    return (plx_raw){.scalar = plx_slice_of(text)};
}

/* Sets field `name` of a new object, which goes to `object` if that is not NULL; returns the status. */
static plx_status set(const char *name, plx_raw value, plx_error *err)
{
    settings object = {0};
    plx_arena arena;
    plx_arena_init(&arena, &plx_allocator_default);
    const plx_field *field = plx_field_find(rows, N_ROWS, plx_slice_of(name));
    plx_status status = field ? plx_field_set(field, &object, &value, &arena, err) : PLX_ERR_UNSUPPORTED;
    plx_arena_release(&arena);
    return status;
}

static void check_refusal(const char *name, plx_raw value, const char *message)
{
    plx_error err = {0};
    CHECK_STATUS(set(name, value, &err), PLX_ERR_ARGUMENT);
    if (strcmp(err.message, message) != 0) check_report(__FILE__, __LINE__, err.message);
}

static void test_fields_refuse_with_reasons(void)
{
    check_refusal("epochs", scalar("abc"), "'epochs' takes a whole number from 1 to 1000000, not 'abc'");
    check_refusal("epochs", scalar("0"), "'epochs' takes a whole number from 1 to 1000000, not '0'");
    check_refusal("epochs", scalar("1000001"), "'epochs' takes a whole number from 1 to 1000000, not '1000001'");
    check_refusal("epochs", scalar("1.5"), "'epochs' takes a whole number from 1 to 1000000, not '1.5'");
    check_refusal("epochs", (plx_raw){.is_list = true},
                  "'epochs' takes a whole number from 1 to 1000000, not an empty list");
    check_refusal("memory", scalar("-1"), "'memory' takes a size, such as 512MiB or 2GiB, or 0, not '-1'");
    check_refusal("memory", scalar("2 gib"), "'memory' takes a size, such as 512MiB or 2GiB, or 0, not '2 gib'");
    check_refusal("memory", scalar("GiB"), "'memory' takes a size, such as 512MiB or 2GiB, or 0, not 'GiB'");
    check_refusal("memory", scalar("9e9TB"), "'memory' takes a size, such as 512MiB or 2GiB, or 0, not '9e9TB'");
    check_refusal("seed", scalar(""), "'seed' takes a whole number, not ''");
    check_refusal("rate", scalar("0"), "'rate' takes a number above 0 and at most 10, not '0'");
    check_refusal("share", scalar("0"), "'share' takes a number above 0 and below 1, not '0'");
    check_refusal("share", scalar("1"), "'share' takes a number above 0 and below 1, not '1'");
    check_refusal("rate", scalar("nan"), "'rate' takes a number above 0 and at most 10, not 'nan'");
    check_refusal("rate", scalar("inf"), "'rate' takes a number above 0 and at most 10, not 'inf'");
    check_refusal("dropout", scalar("1"), "'dropout' takes a number from 0 to 0.99, not '1'");
    check_refusal("shuffle", scalar("2"), "'shuffle' takes true or false, not '2'");
    check_refusal("kind", scalar("mmo"),
                  "'kind' takes one of mmoe, ple, shared_bottom, not 'mmo'; did you mean 'mmoe'?");
    check_refusal("kind", scalar("xyzzy"), "'kind' takes one of mmoe, ple, shared_bottom, not 'xyzzy'");
    plx_raw item = scalar("a"), list = {.is_list = true, .items = &item, .n_items = 1};
    check_refusal("kind", list, "'kind' takes one of mmoe, ple, shared_bottom, not a list");
    check_refusal("name", list, "'name' takes a text, not a list");
    check_refusal("units", list,
                  "'units' takes a list of whole numbers from 1 to 65536, such as [64, 32], not a list with 'a'");
    check_refusal("units", scalar("64"),
                  "'units' takes a list of whole numbers from 1 to 65536, such as [64, 32], not '64'");
    check_refusal("fill", scalar("means"), "'fill' takes a number or error or mean, not 'means'");
    check_refusal("fill", scalar("inf"), "'fill' takes a number or error or mean, not 'inf'");
    check_refusal("borders", list,
                  "'borders' takes a list of numbers from -1 to 1000, such as [0.5, 2], not a list with 'a'");
    plx_raw large = scalar("65537"), nan = scalar("nan"), inner[] = {{.is_list = true, .items = &item, .n_items = 1}};
    check_refusal("units", (plx_raw){.is_list = true, .items = &large, .n_items = 1},
                  "'units' takes a list of whole numbers from 1 to 65536, such as [64, 32], not a list with '65537'");
    check_refusal("borders", (plx_raw){.is_list = true, .items = &nan, .n_items = 1},
                  "'borders' takes a list of numbers from -1 to 1000, such as [0.5, 2], not a list with 'nan'");
    check_refusal("borders", (plx_raw){.is_list = true, .items = inner, .n_items = 1},
                  "'borders' takes a list of numbers from -1 to 1000, such as [0.5, 2], not a list with a list");
    check_refusal("borders", scalar("1"),
                  "'borders' takes a list of numbers from -1 to 1000, such as [0.5, 2], not '1'");
    check_refusal("files", scalar("a.csv"), "'files' takes a list of texts, such as [a, b], not 'a.csv'");
    plx_error err = {0};
    CHECK_STATUS(set("towers", list, &err), PLX_ERR_ARGUMENT); /* a list of scalars */
    CHECK_TEXT(err.message, "such as [[16, 8], [8]]");
    CHECK_STATUS(set("name", (plx_raw){.scalar = {"a\0b", 3}}, &err), PLX_ERR_ARGUMENT);
    CHECK_STATUS(set("Epochs", scalar("1"), &err), PLX_ERR_UNSUPPORTED); /* no such field */
    char long_text[201];
    memset(long_text, 'z', 200);
    memcpy(long_text + 58, "\xE2\x82\xAC\n", 4); /* truncation would split the character */
    long_text[200] = '\0';
    check_refusal("seed", scalar(long_text),
                  "'seed' takes a whole number, not 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz...'");
    check_refusal("seed", scalar("1\n2"), "'seed' takes a whole number, not '1?2'");
}

static void check_written(const char *name, const settings *object, const char *expected)
{
    plx_string s;
    plx_string_init(&s, &plx_allocator_default);
    plx_field_write(plx_field_find(rows, N_ROWS, plx_slice_of(name)), object, &s);
    if (strcmp(s.text, expected) != 0) check_report(__FILE__, __LINE__, s.text);
    plx_string_release(&s);
}

static void test_fields_have_defaults(void)
{
    settings object;
    plx_arena arena;
    memset(&object, 0xAA, sizeof object);
    plx_arena_init(&arena, &plx_allocator_default);
    CHECK_STATUS(plx_fields_default(rows, N_ROWS, &object, &arena, NULL), PLX_OK);
    CHECK(object.shuffle && object.epochs == 10 && object.seed == -3 && object.kind == 1);
    CHECK(object.rate == 0.001 && object.dropout == 0 && strcmp(object.name, "") == 0);
    REQUIRE(object.units.n == 2 && object.towers.n == 3 && object.files.n == 2);
    CHECK(object.units.items[0] == 64 && object.units.items[1] == 32);
    CHECK(object.towers.items[0].n == 2 && object.towers.items[1].n == 0 && object.towers.items[2].items[0] == 4);
    CHECK(strcmp(object.files.items[1], "b c") == 0);

    check_written("shuffle", &object, "true");
    check_written("seed", &object, "-3");
    check_written("rate", &object, "0.001");
    check_written("name", &object, "\"\"");
    check_written("kind", &object, "ple");
    check_written("units", &object, "[64, 32]");
    check_written("towers", &object, "[[16, 8], [], [4]]");
    CHECK(plx_int_lists_item(&object.towers, 2)->n == 1);
    object.towers.n = 0; /* its field's row defines the items */
    CHECK(plx_int_lists_item(&object.towers, 2)->n == 2 && plx_int_lists_item(&object.towers, 2)->items[1] == 5);
    check_written("towers", &object, "[]");
    check_written("files", &object, "[a.csv, \"b c\"]");
    CHECK(isnan(object.fill) && object.borders.n == 2 && object.borders.items[0] == -0.5);
    check_written("fill", &object, "error");
    check_written("borders", &object, "[-0.5, 1000]");
    plx_arena_release(&arena);

    static const struct {
        const char *given, *written;
        int64_t bytes;
    } sizes[] = {{"2GiB", "2GiB", (int64_t)2 << 30},
                 {"0", "0", 0},
                 {"1000", "1000", 1000},
                 {"2048 B", "2KiB", 2048},
                 {"1.5 kB", "1500", 1500},
                 {"3 TB", "2929687500KiB", 3000000000000}};
    CHECK(object.memory == (int64_t)1536 << 20);
    check_written("memory", &object, "1536MiB");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const plx_raw size = scalar(sizes[i].given);
        CHECK_STATUS(plx_field_set(plx_field_find(rows, N_ROWS, plx_slice_of("memory")), &object, &size, &arena, NULL),
                     PLX_OK);
        CHECK(object.memory == sizes[i].bytes);
        check_written("memory", &object, sizes[i].written);
    }

    const plx_field *fill = plx_field_find(rows, N_ROWS, plx_slice_of("fill"));
    const plx_raw mean = scalar("mean"), number = scalar("0.25"), none = scalar("nan");
    CHECK_STATUS(plx_field_set(fill, &object, &mean, &arena, NULL), PLX_OK);
    CHECK(isinf(object.fill));
    check_written("fill", &object, "mean");
    CHECK_STATUS(plx_field_set(fill, &object, &number, &arena, NULL), PLX_OK);
    check_written("fill", &object, "0.25");
    CHECK_STATUS(plx_field_set(fill, &object, &none, &arena, NULL), PLX_OK);
    CHECK(isnan(object.fill));

    const plx_field unset = ROW(rate, PLX_FIELD_REAL, .min = 1, .max = 2, .fallback = "nan"); /* not given */
    CHECK_STATUS(plx_fields_default(&unset, 1, &object, &arena, NULL), PLX_OK);
    CHECK(isnan(object.rate));
    const plx_field given = ROW(epochs, PLX_FIELD_INT, .fallback = NULL);
    const plx_field empty = ROW(units, PLX_FIELD_INT_LIST, .fallback = "");
    object.epochs = 77;
    CHECK_STATUS(plx_fields_default(&given, 1, &object, &arena, NULL), PLX_OK);
    CHECK_STATUS(plx_fields_default(&empty, 1, &object, &arena, NULL), PLX_OK);
    CHECK(object.epochs == 77 && object.units.n == 0);
    plx_arena_release(&arena);
}

/** One value in place of a list: read as a list of one, written as the value. */
static void test_lists_or_one(void)
{
    settings object = {0};
    plx_arena arena;
    const plx_raw kind_items[] = {scalar("mmoe"), scalar("ple")}, wrong_items[] = {scalar("mmoe"), scalar("pla")};
    const plx_raw real_items[] = {scalar("0.5"), scalar("0")}, norm_items[] = {scalar("true"), scalar("false")};
    const struct {
        const char *field;
        plx_raw value;
        const char *written;
    } cases[] = {{"layer_kinds", scalar("shared_bottom"), "shared_bottom"},
                 {"layer_kinds", {.is_list = true, .items = kind_items, .n_items = 2}, "[mmoe, ple]"},
                 {"layer_kinds", {.is_list = true, .items = kind_items, .n_items = 1}, "mmoe"},
                 {"layer_dropout", scalar("0.25"), "0.25"},
                 {"layer_dropout", {.is_list = true, .items = real_items, .n_items = 2}, "[0.5, 0]"},
                 {"layer_norms", scalar("true"), "true"},
                 {"layer_norms", {.is_list = true, .items = norm_items, .n_items = 2}, "[true, false]"},
                 {"layer_norms", {.is_list = true}, "[]"}};
    plx_arena_init(&arena, &plx_allocator_default);
    CHECK_STATUS(plx_fields_default(rows, N_ROWS, &object, &arena, NULL), PLX_OK);
    check_written("layer_kinds", &object, "ple");
    check_written("layer_dropout", &object, "0");
    check_written("layer_norms", &object, "[]");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const plx_field *field = plx_field_find(rows, N_ROWS, plx_slice_of(cases[i].field));
        CHECK_STATUS(plx_field_set(field, &object, &cases[i].value, &arena, NULL), PLX_OK);
        check_written(cases[i].field, &object, cases[i].written);
    }
    plx_arena_release(&arena);
    check_refusal("layer_kinds", scalar("mmo"),
                  "'layer_kinds' takes one of mmoe, ple, shared_bottom, or a list of them, not 'mmo'; did you mean "
                  "'mmoe'?");
    check_refusal("layer_kinds", (plx_raw){.is_list = true, .items = wrong_items, .n_items = 2},
                  "'layer_kinds' takes one of mmoe, ple, shared_bottom, or a list of them, not 'pla'; did you mean "
                  "'ple'?");
    check_refusal("layer_dropout", scalar("1"),
                  "'layer_dropout' takes a number from 0 to 0.99, or a list of them, not '1'");
    check_refusal("layer_norms", scalar("2"), "'layer_norms' takes true, false, or a list of them, not '2'");
}

static void test_texts_are_quoted_where_needed(void)
{
    static const char *const cases[][2] = {
        {"age", "age"},
        {"a_b-c.d/e1", "a_b-c.d/e1"},
        {"true", "\"true\""},
        {"No", "\"No\""},
        {"null", "\"null\""},
        {"NaN", "\"NaN\""},
        {"1", "\"1\""},
        {" 50000+.", "\" 50000+.\""},
        {"a: b", "\"a: b\""},
        {"#x", "\"#x\""},
        {"-", "\"-\""},
        {"~", "\"~\""},
        {"n", "\"n\""},
        {"\"", "\"\\\"\""},
        {"a\nb", "\"a\\u000ab\""},
        {",", "\",\""},
        {"/tmp/x", "\"/tmp/x\""},
    };
    settings object = {0};
    check_written("name", &object, "\"\"");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        strcpy(text, cases[i][0]);
        object.name = text;
        check_written("name", &object, cases[i][1]);
    }
}

static plx_status set_defaults(const plx_allocator *allocator)
{
    settings object = {0};
    plx_arena arena;
    plx_arena_init(&arena, allocator);
    plx_raw wrong = scalar("wrong");
    plx_status status = plx_fields_default(rows, N_ROWS, &object, &arena, NULL);
    if (status == PLX_OK && plx_field_set(&rows[1], &object, &wrong, &arena, NULL) == PLX_ERR_MEMORY)
        status = PLX_ERR_MEMORY;
    plx_arena_release(&arena);
    return status;
}

static void test_field_memory_failures(void)
{
    failing_allocator memory;
    long n = 0;
    do {
        failing_allocator_init(&memory, ++n);
        CHECK_STATUS(set_defaults(&memory.allocator), memory.failed ? PLX_ERR_MEMORY : PLX_OK);
        CHECK(memory.live == 0);
    } while (memory.failed);
    CHECK(n > 2);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_files_are_written_and_read),
        CHECK_TEST(test_writer_keeps_order),
        CHECK_TEST(test_writer_without_commit_leaves_nothing),
        CHECK_TEST(test_full_disk_leaves_the_old_file),
        CHECK_TEST(test_files_are_refused_with_reasons),
        CHECK_TEST(test_file_memory_failures),
        CHECK_TEST(test_fields_refuse_with_reasons),
        CHECK_TEST(test_fields_have_defaults),
        CHECK_TEST(test_lists_or_one),
        CHECK_TEST(test_texts_are_quoted_where_needed),
        CHECK_TEST(test_field_memory_failures),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
