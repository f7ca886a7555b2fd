/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests' harness. A test is a function `static void test_x(void)`; main lists them:
 *
 *     int main(int argc, char **argv)
 *     {
 *         static const check_test tests[] = {CHECK_TEST(test_x), CHECK_TEST(test_y)};
 *         return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
 *     }
 *
 * A failed check prints its place, and the test continues; the program returns 1. `PROGRAM NAME` runs the tests whose
 * name contains NAME. Each test prints "ok NAME" or "FAILED NAME"; `./dev test` counts these lines.
 */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct check_test {
    const char *name;
    void (*run)(void);
} check_test;

#define CHECK_TEST(function)                                                                                           \
    {                                                                                                                  \
#function, function                                                                                            \
    }

static int check_failures;
static bool check_skipped;

static inline void check_report(const char *file, int line, const char *what)
{
    if (check_failures < 20) printf("  %s:%d: %s\n", file, line, what);
    check_failures++;
}

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) check_report(__FILE__, __LINE__, "not so: " #condition);                                     \
    } while (0)

/** Stops the test if it makes no sense to continue. */
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            check_report(__FILE__, __LINE__, "not so: " #condition);                                                   \
            return;                                                                                                    \
        }                                                                                                              \
    } while (0)

#define CHECK_STATUS(expression, expected)                                                                             \
    do {                                                                                                               \
        int check_got = (int)(expression), check_want = (int)(expected);                                               \
        if (check_got != check_want) {                                                                                 \
            char check_text[256];                                                                                      \
            snprintf(check_text, sizeof check_text, "status %d, not %d: %s", check_got, check_want, #expression);      \
            check_report(__FILE__, __LINE__, check_text);                                                              \
        }                                                                                                              \
    } while (0)

/** |a - b| <= bound; NaN fails. */
#define CHECK_CLOSE(a, b, bound)                                                                                       \
    do {                                                                                                               \
        double check_a = (double)(a), check_b = (double)(b), check_bound = (double)(bound);                            \
        if (!(fabs(check_a - check_b) <= check_bound)) {                                                               \
            char check_text[256];                                                                                      \
            snprintf(check_text, sizeof check_text, "%.9g is not within %.3g of %.9g: " #a, check_a, check_bound,      \
                     check_b);                                                                                         \
            check_report(__FILE__, __LINE__, check_text);                                                              \
        }                                                                                                              \
    } while (0)

#define CHECK_TEXT(text, part)                                                                                         \
    do {                                                                                                               \
        const char *check_t = (text), *check_p = (part);                                                               \
        if (!strstr(check_t, check_p)) {                                                                               \
            char check_text[3000];                                                                                     \
            snprintf(check_text, sizeof check_text, "\"%s\" does not contain \"%s\"", check_t, check_p);               \
            check_report(__FILE__, __LINE__, check_text);                                                              \
        }                                                                                                              \
    } while (0)

/** Marks the test as skipped, with the reason. */
#define SKIP(reason)                                                                                                   \
    do {                                                                                                               \
        printf("  skipped: %s\n", reason);                                                                             \
        check_skipped = true;                                                                                          \
        return;                                                                                                        \
    } while (0)

static inline int check_main(int argc, char **argv, const check_test *tests, size_t n)
{
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        if (argc > 1 && !strstr(tests[i].name, argv[1])) continue;
        check_failures = 0;
        check_skipped = false;
        tests[i].run();
        if (check_failures) {
            printf("FAILED %s (%d checks)\n", tests[i].name, check_failures);
            failed++;
        } else {
            printf("%s %s\n", check_skipped ? "skipped" : "ok", tests[i].name);
        }
        fflush(stdout);
    }
    return failed ? 1 : 0;
}

#endif
