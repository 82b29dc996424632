/* How fast the parts of sphere_anneal.h are on this machine, at every SIMD level, beside the same loops in plain C with libm.

   From the root of the project:
     cc -O2 -o b bench/bench_anneal.c -lm && ./b [--quick]

   Times are processor time of one thread, the best of several repetitions; the levels take turns. A price iteration is what
   a call with two takes longer than a call with one; a Newton step, taken where iterations do not halve the error, is what a call with
   three takes longer than one with two, less an iteration. */
#if defined(__unix__) || defined(__APPLE__)
#define _DEFAULT_SOURCE                      /* madvise, and clock_gettime under -std=c99 */
#define _POSIX_C_SOURCE 200809L
#include <sys/mman.h>
#endif
#define SPHERE_ANNEAL_IMPLEMENTATION
#include "../sphere_anneal.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
#if defined(CLOCK_THREAD_CPUTIME_ID)
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
#else
    return (double)clock() / CLOCKS_PER_SEC;
#endif
}
static void *get(size_t bytes)
{
    void *p = NULL;
#if defined(MADV_HUGEPAGE)
    bytes = (bytes / 2097152 + 1) * 2097152;
    if (posix_memalign(&p, 2097152, bytes)) p = NULL;
    if (p) (void)madvise(p, bytes, MADV_HUGEPAGE);                      /* a refusal only makes it slower */
#else
    p = malloc(bytes);
#endif
    if (!p) { fprintf(stderr, "bench: no memory for %.0f MB\n", (double)bytes * 1e-6); exit(1); }
    memset(p, 0, bytes);
    return p;
}
static void need(sphere_status status, const char *what)
{
    if (status == SPHERE_OK) return;
    fprintf(stderr, "bench: %s: %s\n", what, sphere_status_text(status));
    exit(1);
}
static sphere_simd levels[2] = { SPHERE_SIMD_PORTABLE, SPHERE_SIMD_BEST };
static const char *level_name(int which)
{
    static const char *const names[] = { "best", "portable", "avx2", "neon", "avx512" };
    return names[which ? sphere_simd_best_() : SPHERE_SIMD_PORTABLE];
}
static void row(const char *what, const char *level, double seconds, double units, const char *unit, double portable)
{
    printf("%-34s %-9s %9.3f ms %8.3f ns per %s", what, level, seconds * 1e3, seconds * 1e9 / units, unit);
    if (portable > 0) printf("   %.1f x portable", portable / seconds);
    puts("");
}
/* Targets, printed beside the figures at the end. 0: none. */
static struct { char what[64]; double is, limit; } aims[16];
static size_t aim_count;
static void aim(const char *what, double is, double limit)
{
    if (aim_count == sizeof(aims) / sizeof(aims[0])) return;
    sprintf(aims[aim_count].what, "%.60s", what);
    aims[aim_count].is = is;
    aims[aim_count++].limit = limit;
}
/* One pass of prices in plain C: load[k] += softmax over the carriers, as anyone would write it who knows that arithmetic on numbers
   below 2^-126 may be slow: without the cut at 2^-100 it takes twice as long on some machines. */
static double plain_pass(const float *x, size_t n, const float *carriers, size_t k, const double *prices, float sharpness)
{
    double load[64] = { 0 }, sum = 0;
    size_t i, j;
    for (i = 0; i < n; i++) {
        float w[64], most = -INFINITY, total = 0;
        for (j = 0; j < k; j++) {
            const float d = x[i] - carriers[j];
            w[j] = sharpness * ((float)prices[j] - 0.5f * d * d);
            most = w[j] > most ? w[j] : most;
        }
        for (j = 0; j < k; j++) { w[j] = w[j] - most > -69.3f ? expf(w[j] - most) : 0; total += w[j]; }
        for (j = 0; j < k; j++) load[j] += (double)(w[j] / total);
    }
    for (j = 0; j < k; j++) sum += load[j];
    return sum;
}

int main(int argc, char **argv)
{
    enum { K = 16 };
    const int quick = argc > 1 && !strcmp(argv[1], "--quick");
    const size_t n = quick ? 100000 : 1000000;
    const int repeats = quick ? 3 : 9;
    float *x = (float *)get(n * sizeof(float)), *out = (float *)get(n * sizeof(float)), carriers[K];
    double prices[K], best[2], call[2][3], plain = 1e9, checksum = 0, before = 0;
    size_t bytes, i;
    void *memory;
    int r, which;
    if (argc > 1 && !quick) { fprintf(stderr, "usage: bench_anneal [--quick]\n"); return 2; }
    for (i = 0; i < K; i++) carriers[i] = 100.0f + 25.0f * (float)i;
    need(sphere_anneal_noise(x, n, 1, 150.0, 1, 0, 0, NULL), "noise");
    for (i = 0; i < n; i++) x[i] += 290.0f;

    {   /* prices: as many iterations as asked, because the tolerance is out of reach */
        sphere_anneal_model model;
        memset(&model, 0, sizeof(model));
        bytes = sphere_anneal_size(n, K, 1, &model);
        memory = get(bytes);
        for (i = 0; i < 3; i++) call[0][i] = call[1][i] = 1e9;
        for (r = 0; r < repeats; r++) {
            for (which = 0; which < 2; which++) for (i = 0; i < 3; i++) {
                sphere_anneal_report report;
                double t;
                model.exec.simd = levels[which];
                model.tolerance = 1e-300;
                model.iterations = (unsigned)i + 1;
                memset(prices, 0, sizeof(prices));
                t = now();
                need(sphere_anneal_prices(x, n, carriers, K, 1, &model, 0.01, prices, &report, memory, bytes), "prices");
                t = now() - t;
                if (t < call[which][i]) call[which][i] = t;
            }
            {
                const double t = now();
                checksum += plain_pass(x, n, carriers, K, prices, 0.01f);
                if (now() - t < plain) plain = now() - t;
            }
        }
        printf("%u oscillators, %d carriers; plain C summed to %.0f\n", (unsigned)n, (int)K, checksum / repeats);
        row("price iteration", "plain C", plain, (double)n, "oscillator", 0);
        for (which = 0; which < 2; which++) row("price iteration", level_name(which), call[which][1] - call[which][0], (double)n, "oscillator", call[0][1] - call[0][0]);
        printf("%-34s %.1f times faster than plain C with expf\n", "", plain / (call[1][1] - call[1][0]));
        aim("price iteration, 1e6 oscillators x 16 carriers, ms", (call[1][1] - call[1][0]) * 1e9 / (double)n, 10);
        for (which = 0; which < 2; which++)
            row("Newton step", level_name(which), call[which][2] - 2 * call[which][1] + call[which][0], (double)n, "oscillator", call[0][2] - 2 * call[0][1] + call[0][0]);
        aim("Newton step, in price iterations", (call[1][2] - 2 * call[1][1] + call[1][0]) / (call[1][1] - call[1][0]), 4);
        free(memory);
    }
    {   /* a step on the sphere, three components: weights, targets, great circles; and the same in flat space */
        const size_t rows = n / 3;
        sphere_anneal_model model;
        sphere_anneal_instant at;
        float on[3 * K];
        int space;
        memset(&model, 0, sizeof(model));
        memset(&at, 0, sizeof(at));
        model.method = SPHERE_ANNEAL_FREE;
        at.sharpness = 20; at.pull = 5; at.noise = 0.1; at.dt = 0.05;
        need(sphere_anneal_noise(on, K, 3, 1.0, 5, 0, 0, NULL), "noise");
        for (space = 1; space >= 0; space--) {
            model.space = space ? SPHERE_ANNEAL_SPHERE : SPHERE_ANNEAL_FLAT;
            bytes = sphere_anneal_size(rows, K, 3, &model);
            memory = get(bytes);
            best[0] = best[1] = 1e9;
            for (r = 0; r < repeats; r++) for (which = 0; which < 2; which++) {
                double t;
                need(sphere_anneal_noise(out, rows, 3, 1.0, 4, 0, 0, NULL), "noise");
                model.exec.simd = levels[which];
                t = now();
                need(sphere_anneal_step(out, rows, on, K, 3, &model, &at, NULL, NULL, memory, bytes), "step");
                t = now() - t;
                if (t < best[which]) best[which] = t;
            }
            for (which = 0; which < 2; which++) row(space ? "step on the sphere, dim 3" : "step in flat space, dim 3", level_name(which), best[which], (double)rows, "oscillator", best[0]);
            free(memory);
        }
    }
    {   /* normal deviates */
        best[0] = best[1] = 1e9;
        for (r = 0; r < repeats; r++) for (which = 0; which < 2; which++) {
            sphere_exec exec;
            double t = now();
            memset(&exec, 0, sizeof(exec));
            exec.simd = levels[which];
            need(sphere_anneal_noise(out, n, 1, 1.0, 7, 0, (uint32_t)r, &exec), "noise");
            t = now() - t;
            if (t < best[which]) best[which] = t;
        }
        for (which = 0; which < 2; which++) row("normal deviates", level_name(which), best[which], (double)n, "number", best[0]);
    }
    for (i = 2; i <= 32; i *= 4) {   /* the exact denoiser: 64 samples against as many rows as the numbers make */
        const size_t rows = n / 32, samples = 64;
        sphere_anneal_data data;
        char name[64];
        memset(&data, 0, sizeof(data));
        need(sphere_anneal_noise(x, n, 1, 1.0, 3, 0, 0, NULL), "noise");
        data.rows = x; data.n = rows; data.dim = i;
        data.bytes = sphere_anneal_denoise_size(samples, i, 0);
        data.memory = get(data.bytes);
        best[0] = best[1] = 1e9;
        for (r = 0; r < repeats; r++) for (which = 0; which < 2; which++) {
            double t;
            data.exec.simd = levels[which];
            t = now();
            need(sphere_anneal_denoise(&data, x + rows / 2 * i, samples, 0.5, out), "denoise");
            t = now() - t;
            if (t < best[which]) best[which] = t;
        }
        sprintf(name, "exact denoiser, dim %u", (unsigned)i);
        for (which = 0; which < 2; which++) row(name, level_name(which), best[which], (double)rows * (double)samples, "row and sample", best[0]);
        if (i == 32) aim("exact denoiser, dim 32, ns per row and sample, by dim 8 x 4", best[1] / ((double)rows * (double)samples) / (4 * before), 1.1);
        before = best[1] / ((double)rows * (double)samples);
        free(data.memory);
    }
    printf("\n%-62s %10s %10s\n", "targets", "is", "at most");
    for (i = 0; i < aim_count; i++) printf("%-62s %10.2f %10.2f %s\n", aims[i].what, aims[i].is, aims[i].limit, aims[i].is <= aims[i].limit ? "" : "missed");
    free(x);
    free(out);
    return 0;
}
