/* SPDX-License-Identifier: Apache-2.0 */
/* Both kinds of files have a text header: a Python literal or JSON. */
#include "store/matrix_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "store/dtype.h"

enum { HEADER_LIMIT = 100000000, NPY_HEADER_LIMIT = 1 << 16, PATH_LIMIT = 4096, PIECE = 2048 };

static const char MAGIC[] = "\x93NUMPY";

static plx_status read_bytes(const plx_matrix_file *file, uint64_t offset, void *out, size_t n, plx_error *err)
{
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(file->descriptor, (char *)out + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) PLX_FAIL(err, PLX_ERR_IO, "%s: %s", file->path, strerror(errno));
        if (got == 0) PLX_FAIL(err, PLX_ERR_FORMAT, "%s: ends at byte %zu: it is truncated", file->path, done);
        done += (size_t)got;
    }
    return PLX_OK;
}

/** Sets the shape if the numbers fill the bytes from `begin` to `end`. */
static plx_status set_shape(plx_matrix_file *file, int64_t rows, int64_t cols, uint64_t begin, uint64_t end,
                            plx_error *err)
{
    const uint64_t number = plx_dtype_bytes(file->dtype), bytes = end - begin;
    if (rows < 1 || cols < 1 || (uint64_t)rows > bytes / number / (uint64_t)cols ||
        (uint64_t)rows * (uint64_t)cols * number != bytes) {
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: [%" PRId64 ", %" PRId64 "] numbers do not take the %" PRIu64 " bytes it has",
                 file->path, rows, cols, bytes);
    }
    file->rows = rows;
    file->cols = cols;
    file->offset = begin;
    return PLX_OK;
}

/* -- .npy -------------------------------------------------------------------------------------------------------- */

static void skip_blanks(plx_slice *text)
{
    while (text->length > 0 && strchr(" \t\n", text->text[0]))
        text->text++, text->length--;
}

/** Skips `word` if it comes next, and returns whether it did. */
static bool take_word(plx_slice *text, const char *word)
{
    const size_t n = strlen(word);
    skip_blanks(text);
    if (text->length < n || memcmp(text->text, word, n) != 0) return false;
    text->text += n, text->length -= n;
    return true;
}

static bool take_number(plx_slice *text, int64_t *out)
{
    size_t n = 0;
    skip_blanks(text);
    while (n < text->length && text->text[n] >= '0' && text->text[n] <= '9')
        n++;
    const bool is_number = plx_parse_int64((plx_slice){text->text, n}, out);
    text->text += n, text->length -= n;
    return is_number;
}

/** The three entries in any order; false for anything else. */
static bool parse_npy(plx_slice text, plx_matrix_file *file, int64_t shape[2])
{
    bool has_type = false, has_order = false, has_shape = false;
    if (!take_word(&text, "{")) return false;
    while (!take_word(&text, "}")) {
        if (take_word(&text, "'descr'") && take_word(&text, ":")) {
            has_type = true;
            if (take_word(&text, "'<f4'")) {
                file->dtype = PLX_DTYPE_F32;
            } else if (take_word(&text, "'<f8'")) {
                file->dtype = PLX_DTYPE_F64;
            } else {
                return false;
            }
        } else if (take_word(&text, "'fortran_order'") && take_word(&text, ":")) {
            has_order = take_word(&text, "False");
        } else if (take_word(&text, "'shape'") && take_word(&text, ":")) {
            has_shape = take_word(&text, "(") && take_number(&text, &shape[0]) && take_word(&text, ",") &&
                        take_number(&text, &shape[1]);
            take_word(&text, ",");
            has_shape = has_shape && take_word(&text, ")");
        } else {
            return false;
        }
        if (!take_word(&text, ",") && !(text.length > 0 && text.text[0] == '}')) return false;
    }
    return has_type && has_order && has_shape;
}

static plx_status open_npy(plx_matrix_file *file, uint64_t length, plx_error *err)
{
    unsigned char start[12] = {0};
    char text[NPY_HEADER_LIMIT];
    PLX_TRY(read_bytes(file, 0, start, length < sizeof start ? (size_t)length : sizeof start, err));
    const bool is_first = start[6] == 1;
    const uint32_t before = is_first ? 10 : 12;
    uint32_t n = start[8] | (uint32_t)start[9] << 8;
    if (length < before) PLX_FAIL(err, PLX_ERR_FORMAT, "%s: ends within its header: it is truncated", file->path);
    if (!is_first) n |= (uint32_t)start[10] << 16 | (uint32_t)start[11] << 24;
    if (start[6] < 1 || start[6] > 3 || n >= NPY_HEADER_LIMIT || n > length - before) {
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: is not a .npy file of version 1, 2 or 3, or is truncated", file->path);
    }
    PLX_TRY(read_bytes(file, before, text, n, err));
    int64_t shape[2] = {0, 0};
    if (!parse_npy((plx_slice){text, n}, file, shape)) {
        PLX_FAIL(err, PLX_ERR_FORMAT,
                 "%s: must hold a matrix of float32 or float64 in C order and little-endian; its header is %.*s",
                 file->path, (int)(n < 120 ? n : 120), text);
    }
    return set_shape(file, shape[0], shape[1], before + (uint64_t)n, length, err);
}

/* -- safetensors ------------------------------------------------------------------------------------------------- */

static bool is_matrix(const json_t *value, plx_dtype *dtype)
{
    const char *name = json_string_value(json_object_get(value, "dtype"));
    if (!name || json_array_size(json_object_get(value, "shape")) != 2) return false;
    return plx_dtype_named(name, dtype) && (*dtype == PLX_DTYPE_F32 || *dtype == PLX_DTYPE_F64);
}

/** The tensor of that name, or the only matrix if there is no name; else NULL, with the number of candidates in `n`. */
static const json_t *find_matrix(json_t *root, const char *name, int *n)
{
    const json_t *found = NULL;
    const char *key;
    json_t *value;
    plx_dtype dtype;
    *n = 0;
    json_object_foreach(root, key, value)
    {
        if (name ? strcmp(key, name) != 0 : !is_matrix(value, &dtype)) continue;
        found = value;
        ++*n;
    }
    return *n == 1 ? found : NULL;
}

static plx_status use_tensor(plx_matrix_file *file, json_t *root, const char *name, uint64_t data, uint64_t length,
                             plx_error *err)
{
    int n = 0;
    const json_t *tensor = find_matrix(root, name, &n);
    if (!tensor && name) PLX_FAIL(err, PLX_ERR_FORMAT, "%s: there is no such tensor in the file", file->path);
    if (!tensor) {
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: has %d matrices of F32 or F64; say which: NAME.safetensors#TENSOR",
                 file->path, n);
    }
    if (!is_matrix(tensor, &file->dtype))
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: the tensor is not a matrix of F32 or F64", file->path);
    const json_t *shape = json_object_get(tensor, "shape"), *offsets = json_object_get(tensor, "data_offsets");
    const json_int_t begin = json_integer_value(json_array_get(offsets, 0)),
                     end = json_integer_value(json_array_get(offsets, 1));
    if (json_array_size(offsets) != 2 || begin < 0 || end < begin || (uint64_t)end > length - data)
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: the tensor's data_offsets are not within the file", file->path);
    return set_shape(file, json_integer_value(json_array_get(shape, 0)), json_integer_value(json_array_get(shape, 1)),
                     data + (uint64_t)begin, data + (uint64_t)end, err);
}

static plx_status open_safetensors(plx_matrix_file *file, const char *tensor, uint64_t length,
                                   const plx_allocator *allocator, plx_error *err)
{
    unsigned char start[8];
    json_error_t where;
    uint64_t n = 0;
    PLX_TRY(read_bytes(file, 0, start, sizeof start, err));
    for (int i = 7; i >= 0; i--)
        n = n << 8 | start[i];
    if (n < 2 || n > HEADER_LIMIT || n > length - sizeof start)
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: is neither a .npy nor a safetensors file, or is truncated", file->path);
    char *text = plx_alloc(allocator, (size_t)n, 1);
    if (!text) return plx_error_memory(err);
    json_t *root = NULL;
    plx_status status = read_bytes(file, sizeof start, text, (size_t)n, err);
    if (status != PLX_OK) goto done;
    root = json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(root)) {
        status = plx_error_set(err, PLX_ERR_FORMAT, "%s: is not a .npy file and has no safetensors header", file->path);
        goto done;
    }
    status = use_tensor(file, root, tensor, sizeof start + n, length, err);
done:
    json_decref(root);
    plx_free(allocator, text);
    return status;
}

/* -- Both -------------------------------------------------------------------------------------------------------- */

static plx_status open_kind(plx_matrix_file *file, const char *tensor, const plx_allocator *allocator, plx_error *err)
{
    struct stat info;
    char start[6];
    if (fstat(file->descriptor, &info) != 0) PLX_FAIL(err, PLX_ERR_IO, "%s: %s", file->path, strerror(errno));
    if (!S_ISREG(info.st_mode)) PLX_FAIL(err, PLX_ERR_IO, "%s: is not a regular file", file->path);
    if (info.st_size < 8) PLX_FAIL(err, PLX_ERR_FORMAT, "%s: is empty or truncated", file->path);
    PLX_TRY(read_bytes(file, 0, start, sizeof start, err));
    const uint64_t length = (uint64_t)info.st_size;
    if (memcmp(start, MAGIC, sizeof start) != 0) return open_safetensors(file, tensor, length, allocator, err);
    if (tensor) PLX_FAIL(err, PLX_ERR_FORMAT, "%s: a .npy file holds one matrix without a name", file->path);
    return open_npy(file, length, err);
}

plx_status plx_matrix_file_open(plx_matrix_file *file, const char *path, const plx_allocator *allocator, plx_error *err)
{
    static const char ending[] = ".safetensors";
    char plain[PATH_LIMIT];
    *file = (plx_matrix_file){.path = path};
    const char *mark = strstr(path, ".safetensors#");
    const size_t n = mark ? (size_t)(mark - path) + sizeof ending - 1 : strlen(path);
    if (n >= sizeof plain) PLX_FAIL(err, PLX_ERR_ARGUMENT, "%s: the path is too long", path);
    memcpy(plain, path, n);
    plain[n] = '\0';
    file->descriptor = open(plain, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* opening a pipe would block */
    if (file->descriptor < 0) PLX_FAIL(err, PLX_ERR_IO, "%s: %s", plain, strerror(errno));
    file->is_open = true;
    const plx_status status = open_kind(file, mark ? path + n + 1 : NULL, allocator, err);
    if (status != PLX_OK) plx_matrix_file_close(file);
    return status;
}

void plx_matrix_file_close(plx_matrix_file *file)
{
    if (file->is_open) close(file->descriptor);
    *file = (plx_matrix_file){0};
}

static plx_status check_finite(const plx_matrix_file *file, int64_t first, const float *numbers, size_t n,
                               plx_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (isfinite(numbers[i])) continue;
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: row %" PRId64 ", column %" PRId64 ": the number is not finite as a float",
                 file->path, (first + (int64_t)i) / file->cols, (first + (int64_t)i) % file->cols);
    }
    return PLX_OK;
}

plx_status plx_matrix_file_read(const plx_matrix_file *file, int64_t first_row, int64_t n, float *out, plx_error *err)
{
    const size_t bytes = plx_dtype_bytes(file->dtype);
    int64_t first = first_row * file->cols, left = n * file->cols;
    double doubles[PIECE] = {0};
    while (left > 0) {
        const size_t taken = left < PIECE ? (size_t)left : PIECE;
        const uint64_t at = file->offset + (uint64_t)first * bytes;
        PLX_TRY(read_bytes(file, at, bytes == sizeof *doubles ? (void *)doubles : (void *)out, taken * bytes, err));
        for (size_t i = 0; i < taken && bytes == sizeof *doubles; i++)
            out[i] = (float)doubles[i];
        PLX_TRY(check_finite(file, first, out, taken, err));
        out += taken;
        first += (int64_t)taken;
        left -= (int64_t)taken;
    }
    return PLX_OK;
}
