/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays a corpus without a fuzzing engine: passes each file named on the command line, or in a folder named there, to
 * the target. Inputs that once failed stay in the corpus, so that they cannot fail again unnoticed.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return -1;
    }
    int status = -1;
    long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    /* Of exactly this size, so that a sanitizer reports each read beyond it. */
    uint8_t *bytes = length < 0 ? NULL : malloc(length > 0 ? (size_t)length : 1);
    rewind(file);
    if (bytes && fread(bytes, 1, (size_t)length, file) == (size_t)length) {
        LLVMFuzzerTestOneInput(bytes, (size_t)length);
        status = 0;
    }
    free(bytes);
    fclose(file);
    return status;
}

/** Number of files replayed; -1 if one could not be read. */
static int replay_folder(const char *path)
{
    struct dirent **entries = NULL;
    int n = scandir(path, &entries, NULL, alphasort), replayed = 0;
    if (n < 0) perror(path);
    for (int i = 0; i < n; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && replayed >= 0) replayed = replay_file(file) == 0 ? replayed + 1 : -1;
        free(entries[i]);
    }
    free(entries);
    return n < 0 ? -1 : replayed;
}

int main(int argc, char **argv)
{
    int failed = argc < 2;
    for (int i = 1; i < argc; i++) {
        struct stat about;
        int is_folder = stat(argv[i], &about) == 0 && S_ISDIR(about.st_mode);
        int n = is_folder ? replay_folder(argv[i]) : replay_file(argv[i]) == 0 ? 1 : -1;
        const char *slash = strrchr(argv[i], '/');
        const char *name = slash ? slash + 1 : argv[i];
        if (n > 0) printf("ok replay_%s (%d inputs)\n", name, n);
        if (n <= 0) printf("FAILED replay_%s: no input could be read\n", name);
        failed = failed || n <= 0;
    }
    return failed;
}
