/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plexus synth: the synthetic regression pair of the MMoE paper (Ma et al., KDD 2018, section 3.2). With u1, u2 two
 * orthonormal vectors and p the wanted correlation,
 *
 *     w1 = c u1,  w2 = c (p u1 + sqrt(1 - p^2) u2),  x ~ N(0, I),
 *     y_t = w_t.x + sum_i sin(alpha_i w_t.x + beta_i) + noise,
 *
 * alpha and beta are drawn from N(0, 1) and shared by the tasks. The cosine of w1 and w2 is exactly p; the correlation
 * of the labels rises with p.
 *
 * The paper does not define c, m and the meaning of the noise (0.01 is taken as its variance). The random numbers come
 * from xoshiro256** seeded by splitmix64, independent of the library's.
 */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const cli_option options[] = {
    {"rows", "N", "number of rows", CLI_INT, offsetof(cli_options, rows), 1, 1e12, 10000},
    {"dim", "D", "number of columns of x", CLI_INT, offsetof(cli_options, dim), 2, 100000, 100},
    {"correlation", "P", "cosine of the two tasks' weights", CLI_REAL, offsetof(cli_options, correlation), 0, 1, 0.5},
    {"sines", "M", "number of sines in each label", CLI_INT, offsetof(cli_options, sines), 0, 1000, 5},
    {"scale", "C", "length of the weight vectors", CLI_REAL, offsetof(cli_options, scale), 0, 1e6, 1},
    {"noise", "S", "standard deviation of the noise", CLI_REAL, offsetof(cli_options, noise), 0, 1e6, 0.1},
    {"seed", "N", "seed of all random numbers", CLI_INT, offsetof(cli_options, seed), 0, 9007199254740992.0, 0},
    {"out", "FILE", "write to FILE instead of stdout (-)", CLI_TEXT, offsetof(cli_options, out), 0, 0, 0},
    {"config", "FILE", "also write a configuration that trains MMoE on --out", CLI_TEXT, offsetof(cli_options, config),
     0, 0, 0},
};

typedef struct generator {
    uint64_t state[4];
    double spare; /* the Box-Muller transform gives normal numbers in pairs */
    bool has_spare;
} generator;

static void generator_seed(generator *g, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9E3779B97F4A7C15u;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        g->state[i] = z ^ (z >> 31);
    }
    g->has_spare = false;
}

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t next(generator *g)
{
    uint64_t *s = g->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9, shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

/** In (0, 1). */
static double uniform(generator *g)
{
    return ((double)(next(g) >> 11) + 0.5) * 0x1p-53;
}

static double normal(generator *g)
{
    if (g->has_spare) {
        g->has_spare = false;
        return g->spare;
    }
    double radius = sqrt(-2 * log(uniform(g))), angle = 2 * M_PI * uniform(g);
    g->spare = radius * sin(angle);
    g->has_spare = true;
    return radius * cos(angle);
}

/** The state shared by all rows. */
typedef struct problem {
    size_t dim, sines;
    double *weights[2];   /* [dim] */
    double *alpha, *beta; /* [sines] */
    double *x;            /* [dim], of the current row */
} problem;

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void normalise(double *a, size_t n)
{
    double length = sqrt(dot(a, a, n));
    for (size_t i = 0; i < n; i++)
        a[i] /= length;
}

static bool problem_init(problem *p, generator *g, const cli_options *given)
{
    p->dim = (size_t)given->dim;
    p->sines = (size_t)given->sines;
    double *memory = calloc(3 * p->dim + 2 * p->sines, sizeof *memory);
    if (!memory) return false;
    double *u1 = p->weights[0] = memory, *u2 = p->weights[1] = memory + p->dim;
    p->x = memory + 2 * p->dim;
    p->alpha = memory + 3 * p->dim;
    p->beta = p->alpha + p->sines;

    for (size_t i = 0; i < p->dim; i++)
        u1[i] = normal(g);
    normalise(u1, p->dim);
    for (size_t i = 0; i < p->dim; i++)
        u2[i] = normal(g);
    double along = dot(u1, u2, p->dim);
    for (size_t i = 0; i < p->dim; i++)
        u2[i] -= along * u1[i];
    normalise(u2, p->dim);
    double cosine = given->correlation, sine = sqrt(1 - cosine * cosine);
    for (size_t i = 0; i < p->dim; i++) {
        u2[i] = given->scale * (cosine * u1[i] + sine * u2[i]);
        u1[i] *= given->scale;
    }
    for (size_t i = 0; i < p->sines; i++) {
        p->alpha[i] = normal(g);
        p->beta[i] = normal(g);
    }
    return true;
}

static double label(const problem *p, int task)
{
    double z = dot(p->weights[task], p->x, p->dim), sum = z;
    for (size_t i = 0; i < p->sines; i++)
        sum += sin(p->alpha[i] * z + p->beta[i]);
    return sum;
}

static void write_rows(cli_output *out, const problem *p, generator *g, const cli_options *given)
{
    for (size_t i = 1; i <= p->dim; i++)
        cli_print(out, "x%zu,", i);
    cli_print(out, "y1,y2\n");
    for (int64_t row = 0; row < given->rows && !out->has_failed; row++) {
        for (size_t i = 0; i < p->dim; i++) {
            p->x[i] = normal(g);
            cli_print(out, "%.7g,", p->x[i]);
        }
        double y1 = label(p, 0) + given->noise * normal(g), y2 = label(p, 1) + given->noise * normal(g);
        cli_print(out, "%.7g,%.7g\n", y1, y2);
    }
}

/** The path of the data in the configuration: the file name if both are in one folder. */
static bool data_path(char *path, const cli_options *given)
{
    char data_folder[CLI_MAX_PATH], config_folder[CLI_MAX_PATH], working[CLI_MAX_PATH];
    if (!cli_path_folder(data_folder, given->out) || !cli_path_folder(config_folder, given->config)) return false;
    const char *slash = strrchr(given->out, '/');
    if (strcmp(data_folder, config_folder) == 0)
        return snprintf(path, CLI_MAX_PATH, "%s", slash ? slash + 1 : given->out) < CLI_MAX_PATH;
    if (given->out[0] == '/') return snprintf(path, CLI_MAX_PATH, "%s", given->out) < CLI_MAX_PATH;
    return realpath(".", working) && cli_path_join(path, working, given->out);
}

static int write_config(plx_context *context, const cli_options *given)
{
    char path[CLI_MAX_PATH];
    if (!data_path(path, given)) return cli_fail("the path %s is too long", given->out);
    cli_output output;
    int code = cli_output_open(&output, context, given->config);
    if (code != CLI_DONE) return code;
    cli_output *out = &output;
    cli_print(
        out,
        "# MMoE on synthetic data: two regressions whose weights have the cosine %g.\n"
        "data:\n  train: ['%s']\n  header: true\n  validation_part: 0.1\n  test_part: 0.2\nfeatures:\n  - names: [",
        given->correlation, path);
    for (int64_t i = 1; i <= given->dim; i++)
        cli_print(out, "%s%sx%lld", i > 1 ? "," : "", i % 16 == 1 ? "\n      " : " ", (long long)i);
    static const char rest[] = "]\n    kind: dense\n    scaling: none\n"
                               "tasks:\n"
                               "  - {name: y1, kind: regression}\n"
                               "  - {name: y2, kind: regression}\n"
                               "model:\n"
                               "  name: mmoe\n"
                               "  num_experts: 8\n"
                               "  expert_dnn_units: [16]\n"
                               "  gate_dnn_units: []\n"
                               "  tower_dnn_units_lists: [[8], [8]]\n"
                               "train:\n"
                               "  epochs: 30\n"
                               "  batch_size: 128\n"
                               "  learning_rate: 0.01\n"
                               "  patience: 5\n";
    cli_write(out, rest, strlen(rest));
    return cli_output_close(&output, true);
}

static int make(cli_session *session, const cli_options *given)
{
    generator g;
    problem p = {.dim = 0};
    cli_output output;
    generator_seed(&g, (uint64_t)given->seed);
    if (!problem_init(&p, &g, given)) return cli_fail("out of memory for %lld columns", (long long)given->dim);
    int code = cli_output_open(&output, session->context, given->out);
    if (code == CLI_DONE) {
        write_rows(&output, &p, &g, given);
        code = cli_output_close(&output, true);
    }
    if (code == CLI_DONE && given->config) code = write_config(session->context, given);
    free(p.weights[0]);
    return code;
}

static int synth(const cli_options *given)
{
    if (given->config && !given->out) {
        fputs("plexus synth: --config requires --out, since a configuration names its data file\n", stderr);
        return CLI_USAGE;
    }
    return cli_session_run(make, given);
}

const cli_verb cli_synth = {
    .name = "synth",
    .arguments = "",
    .summary = "generate the synthetic data of the MMoE paper: two related regressions",
    .details =
        "y_t = w_t.x + sum of sines of w_t.x + noise; the two w have the cosine P, so that P = 1 makes the tasks\n"
        "the same but for the noise and P = 0 makes them as different as they can be.\n",
    .examples = "plexus synth --correlation 0.9 --out pair.csv --config pair.yaml\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 0,
    .max_arguments = 0,
    .run = synth,
};
