/* The errors of the private float functions in units in the last place (ULP), over all floats, and of the coordinates.
     cc -O2 bench/ulp.c -o ulp -lm -pthread
     ulp [--every N] [--threads N] [FUNCTION...]
   --every 1 takes every one of the 2^32 floats (some minutes per function and core); the default is every 251st. atan2 takes that many
   pairs (y, x) from the counter-based generator, so the same ones in every run: half of them uniform in the square -1..1, half any two
   floats by their bits. The coordinates take 2^25 points in the same way. The reference is the C library in double, whose own error is below 2^-28 ULP of float.

   The error of a result r is |r - exact| / ULP(exact), where ULP(exact) is the distance of the floats around the exact value (2^-149
   among the subnormals): a correctly rounded function has at most 0.5. Wrong counts results that are no matter of rounding: a NaN,
   an infinity or a signed zero in the wrong place. Prints a Markdown table. */
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif
#define SPHERE_IMPLEMENTATION
#include "../sphere.h"
#define SPHERE_ANNEAL_IMPLEMENTATION
#include "../sphere_anneal.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tally { double largest, sum; uint64_t inputs, wrong; float at, at_x, at_z, wrong_at, wrong_at_x; } tally;

static float from_bits(uint32_t u) { float f; memcpy(&f, &u, 4); return f; }
/* 1 / ULP of float around a double that is not 0. */
static double per_ulp(double exact)
{
    uint64_t u;
    int e;
    double scale;
    memcpy(&u, &exact, 8);
    e = (int)(u >> 52 & 2047u) - 1023;
    if (e < -126) e = -126;
    u = (uint64_t)(23 - e + 1023) << 52;
    memcpy(&scale, &u, 8);
    return scale;
}
static void judge(tally *t, float y, float x, float result, double exact)
{
    const float nearest = (float)exact;
    double error;
    int good;
    t->inputs++;
    if (nearest != nearest) good = result != result;
    else if (nearest - nearest != 0 || result - result != 0) good = result == nearest;            /* one is infinite, or the result NaN */
    else if (exact == 0) good = result == 0 && !signbit(result) == !signbit(exact);
    else {
        error = fabs((double)result - exact) * per_ulp(exact);
        t->sum += error;
        if (error > t->largest) { t->largest = error; t->at = y; t->at_x = x; }
        return;
    }
    if (!good && !t->wrong++) { t->wrong_at = y; t->wrong_at_x = x; }
}

/* One function for each row: a range of floats by their bits, or of numbered pairs. */
#define ONE(name, call, reference) static void run_##name(tally *t, uint64_t from, uint64_t to, uint64_t step) \
    { uint64_t i; for (i = from; i < to; i += step) { const float x = from_bits((uint32_t)i); const double d = (double)x; judge(t, x, x, call, reference); } }
static float only_sine(float x) { float s, c; sphere_sincos_(x, &s, &c); return s; }
static float only_cosine(float x) { float s, c; sphere_sincos_(x, &s, &c); return c; }
ONE(sqrt, sphere_sqrt_(x), sqrt(d))
ONE(exp, sphere_exp_(x), exp(d))
ONE(log, sphere_log_(x), log(d))
ONE(sin, only_sine(x), sin(d))
ONE(cos, only_cosine(x), cos(d))
ONE(atan01, sphere_atan01_(x), atan(d))
/* Half of the pairs are points of the square -1..1, the others any two floats. */
static void run_atan2(tally *t, uint64_t from, uint64_t to, uint64_t step)
{
    uint64_t i;
    for (i = from; i < to; i += step) {
        uint32_t u[4];
        float y, x;
        sphere_random_(1, 2, i, u);
        if (u[2] & 1u) { y = 2 * sphere_uniform_(u[0]) - 1; x = 2 * sphere_uniform_(u[1]) - 1; }
        else { y = from_bits(u[0]); x = from_bits(u[1]); }
        judge(t, y, x, sphere_atan2_(y, x), atan2((double)y, (double)x));
    }
}
ONE(acos, sphere_acos_(x), acos(d))
ONE(asin, sphere_asin_(x), asin(d))
ONE(expm1, sphere_expm1_(x), expm1(d))
ONE(log1p, sphere_log1p_(x), log1p(d))
ONE(tanh, sphere_tanh_(x), tanh(d))
/* From -0 down to -126, which is all it is for. */
static void run_anneal_exp2(tally *t, uint64_t from, uint64_t to, uint64_t step)
{
    uint64_t i;
    for (i = from; i < to; i += step) { const float x = from_bits(0x80000000u + (uint32_t)i); judge(t, x, x, sphere_anneal_exp2_(x, SPHERE_ANNEAL_LEAST_), exp2((double)x)); }
}

/* Point i for the coordinates. Of eight kinds three are uniform in the cube -1..1, the others close to the axis, the plane or a
   meridian; angles are up to a turn and now and then up to 200, or the floats around a multiple of pi/2. */
static void triple(uint64_t i, float *v, int angles)
{
    uint32_t u[4], k;
    sphere_random_(1, 3, i, u);
    for (k = 0; k < 3; k++) v[k] = 2 * sphere_uniform_(u[k]) - 1;
    if (!angles) {
        if (u[3] % 8 < 2) { v[0] *= 1e-3f; v[1] *= 1e-3f; }
        if (u[3] % 8 == 2) { v[0] *= 1e-8f; v[1] *= 1e-9f; }
        if (u[3] % 8 == 3) v[2] *= 1e-3f;
        if (u[3] % 8 == 4) v[1] *= 1e-2f;
        return;
    }
    v[0] = 1.5f + 0.5f * v[0];
    for (k = 1; k < 3; k++) {
        const uint32_t kind = u[3] >> 8 * k & 15u;
        v[k] *= kind < 10 ? 6.2831855f : kind < 13 ? 200.0f : 1e-3f;
        if (kind == 15) v[k] = from_bits(sphere_bits_((float)((double)(u[k] % 127u) * 1.5707963267948966)) + u[3] % 5u);
    }
}
enum { GROUP = 8 };                          /* points at once, so that the vector code runs */
#define POINT(name, angles, which, convert, reference) static void run_##name(tally *t, uint64_t from, uint64_t to, uint64_t step) \
    { \
        float v[3][GROUP], out[3][GROUP]; \
        size_t k, m; \
        uint64_t i = from; \
        while (i < to) { \
            for (m = 0; m < GROUP && i < to; m++, i += step) { float one[3]; triple(i, one, angles); for (k = 0; k < 3; k++) v[k][m] = one[k]; } \
            if (convert(v[0], v[1], v[2], out[0], out[1], out[2], m, NULL) != SPHERE_OK) t->wrong++; \
            for (k = 0; k < m; k++) { \
                const double a = (double)v[0][k], b = (double)v[1][k], c = (double)v[2][k], largest = t->largest; \
                (void)c; \
                judge(t, v[0][k], v[1][k], out[which][k] + 0.0f, (reference) + 0.0);      /* either zero will do */ \
                if (t->largest > largest) t->at_z = v[2][k]; \
            } \
        } \
    }
static double azimuth(double y, double x) { const double a = atan2(y, x); return a < 0 ? a + 6.283185307179586 : a; }
POINT(to_spherical_r, 0, 0, sphere_to_spherical, sqrt(a * a + b * b + c * c))
POINT(to_spherical_theta, 0, 1, sphere_to_spherical, atan2(sqrt(a * a + b * b), c))
POINT(to_spherical_phi, 0, 2, sphere_to_spherical, azimuth(b, a))
POINT(to_cartesian_x, 1, 0, sphere_to_cartesian, a * sin(b) * cos(c))
POINT(to_cartesian_y, 1, 1, sphere_to_cartesian, a * sin(b) * sin(c))
POINT(to_cartesian_z, 1, 2, sphere_to_cartesian, a * cos(b))

static const struct row { const char *name; void (*run)(tally *t, uint64_t from, uint64_t to, uint64_t step); uint64_t inputs; int more; } rows[] = {
    { "sqrt", run_sqrt, (uint64_t)1 << 32, 0 }, { "exp", run_exp, (uint64_t)1 << 32, 0 }, { "log", run_log, (uint64_t)1 << 32, 0 },
    { "sin", run_sin, (uint64_t)1 << 32, 0 }, { "cos", run_cos, (uint64_t)1 << 32, 0 },
    { "atan01", run_atan01, 0x3f800001u, 0 },                           /* 0..1 only */
    { "atan2", run_atan2, (uint64_t)1 << 32, 1 },
    { "acos", run_acos, (uint64_t)1 << 32, 0 }, { "asin", run_asin, (uint64_t)1 << 32, 0 }, { "expm1", run_expm1, (uint64_t)1 << 32, 0 },
    { "log1p", run_log1p, (uint64_t)1 << 32, 0 }, { "tanh", run_tanh, (uint64_t)1 << 32, 0 },
    { "anneal_exp2", run_anneal_exp2, 0x42c80000u, 0 },                 /* -100..-0 only */
    { "to_spherical_r", run_to_spherical_r, (uint64_t)1 << 25, 2 }, { "to_spherical_theta", run_to_spherical_theta, (uint64_t)1 << 25, 2 },
    { "to_spherical_phi", run_to_spherical_phi, (uint64_t)1 << 25, 2 },
    { "to_cartesian_x", run_to_cartesian_x, (uint64_t)1 << 25, 2 }, { "to_cartesian_y", run_to_cartesian_y, (uint64_t)1 << 25, 2 },
    { "to_cartesian_z", run_to_cartesian_z, (uint64_t)1 << 25, 2 },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]), PARTS = 1024 };

/* The range of a function is cut into parts, so that the sums do not depend on the number of threads. */
typedef struct job { const struct row *row; uint64_t step; tally part[PARTS]; unsigned next; pthread_mutex_t lock; } job;
static void *work(void *user)
{
    job *j = (job *)user;
    for (;;) {
        unsigned mine;
        uint64_t from, to;
        pthread_mutex_lock(&j->lock);
        mine = j->next++;
        pthread_mutex_unlock(&j->lock);
        if (mine >= PARTS) return NULL;
        from = j->row->inputs * mine / PARTS;
        to = j->row->inputs * (mine + 1) / PARTS;
        from = (from + j->step - 1) / j->step * j->step;
        j->row->run(&j->part[mine], from, to, j->step);
    }
}

int main(int argc, char **argv)
{
    static job j;
    uint64_t step = 251;
    unsigned threads = 2, r, k;
    int a, named = 0;
    for (a = 1; a < argc; a++) {
        if (!strcmp(argv[a], "--every") && a + 1 < argc) step = strtoull(argv[++a], NULL, 10);
        else if (!strcmp(argv[a], "--threads") && a + 1 < argc) threads = (unsigned)strtoul(argv[++a], NULL, 10);
        else if (argv[a][0] == '-') step = 0;
        else named = 1;
    }
    if (step == 0 || threads == 0 || threads > 64) { fprintf(stderr, "usage: ulp [--every N] [--threads N] [FUNCTION...]\n"); return 2; }
    printf("| function | inputs | largest error (ULP) | at | mean error (ULP) | wrong |\n|---|---:|---:|---|---:|---:|\n");
    for (r = 0; r < ROWS; r++) {
        pthread_t thread[64];
        tally total;
        int wanted = !named;
        for (a = 1; a < argc; a++) if (!strcmp(argv[a], rows[r].name)) wanted = 1;
        if (!wanted) continue;
        memset(&j, 0, sizeof(j));
        memset(&total, 0, sizeof(total));
        j.row = &rows[r];
        j.step = step;
        pthread_mutex_init(&j.lock, NULL);
        for (k = 0; k < threads; k++) if (pthread_create(&thread[k], NULL, work, &j)) { fprintf(stderr, "no thread\n"); return 1; }
        for (k = 0; k < threads; k++) pthread_join(thread[k], NULL);
        pthread_mutex_destroy(&j.lock);
        for (k = 0; k < PARTS; k++) {
            const tally *p = &j.part[k];
            if (p->largest > total.largest) { total.largest = p->largest; total.at = p->at; total.at_x = p->at_x; total.at_z = p->at_z; }
            if (p->wrong && !total.wrong) { total.wrong_at = p->wrong_at; total.wrong_at_x = p->wrong_at_x; }
            total.sum += p->sum; total.inputs += p->inputs; total.wrong += p->wrong;
        }
        printf("| %s | %.0f | %.3f | %.9g", rows[r].name, (double)total.inputs, total.largest, (double)total.at);
        if (rows[r].more) printf(", %.9g", (double)total.at_x);
        if (rows[r].more > 1) printf(", %.9g", (double)total.at_z);
        printf(" | %.4f | %.0f", total.sum / (double)(total.inputs ? total.inputs : 1), (double)total.wrong);
        if (total.wrong) printf(", first at %.9g", (double)total.wrong_at);
        if (total.wrong && rows[r].more) printf(", %.9g", (double)total.wrong_at_x);
        printf(" |\n");
        fflush(stdout);
    }
    return 0;
}
