/* sphere.h: behaviour, accuracy and bad input of every public function, against double precision or brute force written in the
   simplest way. That all levels give the same bits is the business of tests/levels.c; here each answer is checked at the portable and
   at the best level, and with job systems that run the tasks in other orders. */
#define SPHERE_IMPLEMENTATION
#include "../sphere.h"
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define PI 3.14159265358979323846264338327950288L
#define UNIT 5.9604644775390625e-08     /* half the distance from 1 to the next float: the rounding error of one operation */
#define FAILS(want, call) do { const sphere_status got_ = (call); cr_assert(got_ == (want), "%s\n  gave %d, not %d", #call, (int)got_, (int)(want)); } while (0)
#define OK(call) FAILS(SPHERE_OK, call)

/* -- tools */
/* Random numbers of the test's own; each Test runs in its own process, so each starts here. */
static uint64_t random_state = 88172645463325252u;
static uint32_t random_bits(void)
{
    random_state ^= random_state << 13; random_state ^= random_state >> 7; random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32);
}
static size_t below(size_t n) { return random_bits() % n; }
static float uniform(void) { return (float)(random_bits() >> 8) / 8388608.0f - 1.0f; }                 /* -1 .. 1 */
static float any_size(int low, int high) { return ldexpf(uniform(), low + (int)below((size_t)(high - low + 1))); }
static void unit_point(float *x, float *y, float *z)
{
    double a, b, c, s;
    do { a = (double)uniform(); b = (double)uniform(); c = (double)uniform(); s = a * a + b * b + c * c; } while (s > 1 || s < 1e-4);
    s = sqrt(s);
    *x = (float)(a / s); *y = (float)(b / s); *z = (float)(c / s);
}
/* Every block is as large as asked and no larger, so that the address sanitizer sees each step beyond it. */
static void *get(size_t bytes) { void *p = malloc(bytes ? bytes : 1); cr_assert(p != NULL); return p; }
static float *floats(size_t n) { return (float *)get(n * sizeof(float)); }
static float *random_floats(size_t n)
{
    float *p = floats(n);
    size_t i;
    for (i = 0; i < n; i++) p[i] = uniform();
    return p;
}
static void fill(void *p, size_t bytes) { memset(p, 0xa5, bytes); }
static int untouched(const void *p, size_t bytes)
{
    const unsigned char *c = (const unsigned char *)p;
    size_t i;
    for (i = 0; i < bytes; i++) if (c[i] != 0xa5) return 0;
    return 1;
}
static int same(float a, float b) { return sphere_bits_(a) == sphere_bits_(b); }
static int same_array(const float *a, const float *b, size_t n) { return memcmp(a, b, n * sizeof(float)) == 0; }
static int is_the_nan(float a) { return sphere_bits_(a) == 0x7fc00000u; }
/* |got - exact| in units of the last place of the float nearest to exact; subnormals count in steps of 2^-149. */
static double ulps(float got, long double exact)
{
    int e;
    long double unit;
    if (isinf(got)) return fabsl(exact) >= 3.4028235677973366e+38L && (exact > 0) == (got > 0) ? 0 : HUGE_VAL;
    if (!(got == got)) return HUGE_VAL;
    if (exact == 0) return got == 0 ? 0 : HUGE_VAL;
    frexpl(exact, &e);
    unit = ldexpl(1.0L, e - 24 < -149 ? -149 : e - 24);
    return (double)(fabsl((long double)got - exact) / unit);
}
static void keep_max(double *worst, double value) { if (!(value <= *worst)) *worst = value; }

/* Job systems that take their rights: any order, any thread. user counts the calls. */
static void run_reversed(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context)
{
    if (user) ++*(size_t *)user;
    while (tasks-- > 0) task(context, tasks);
}
static void run_shuffled(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context)
{
    size_t step = tasks / 2 + 1, i, a, b;
    for (;; step++) {                                                   /* a step without a common factor visits each task once */
        for (a = step, b = tasks; b; ) { const size_t t = a % b; a = b; b = t; }
        if (a == 1) break;
    }
    if (user) ++*(size_t *)user;
    for (i = 0; i < tasks; i++) task(context, (i * step + 1) % tasks);
}
typedef struct worker { size_t first, tasks; void (*task)(void *context, size_t index); void *context; } worker;
static void *work(void *argument)
{
    const worker *w = (const worker *)argument;
    size_t i;
    for (i = w->first; i < w->tasks; i += 3) w->task(w->context, i);
    return NULL;
}
static void run_threads(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context)
{
    pthread_t thread[3];
    worker w[3];
    size_t i;
    if (user) ++*(size_t *)user;
    for (i = 0; i < 3; i++) {
        w[i].first = i; w[i].tasks = tasks; w[i].task = task; w[i].context = context;
        cr_assert(pthread_create(&thread[i], NULL, work, &w[i]) == 0);
    }
    for (i = 0; i < 3; i++) pthread_join(thread[i], NULL);
}
/* The ways to run: portable, best, and best under each job system. */
#define WAYS 5
static sphere_exec way(size_t i, size_t *calls)
{
    sphere_exec exec;
    memset(&exec, 0, sizeof(exec));
    exec.simd = i == 0 ? SPHERE_SIMD_PORTABLE : SPHERE_SIMD_BEST;
    exec.parallel.run = i == 2 ? run_reversed : i == 3 ? run_shuffled : i == 4 ? run_threads : NULL;
    exec.parallel.user = calls;
    return exec;
}
/* Levels that are not here. */
static size_t absent_levels(sphere_exec *exec)
{
    static const int all[5] = { SPHERE_SIMD_AVX2, SPHERE_SIMD_NEON, SPHERE_SIMD_AVX512, 5, 77 };
    const int best = (int)sphere_simd_best();
    size_t i, n = 0;
    memset(exec, 0, 5 * sizeof(*exec));
    for (i = 0; i < 5; i++) if (all[i] != best && !(all[i] == SPHERE_SIMD_AVX2 && best == SPHERE_SIMD_AVX512)) exec[n++].simd = (sphere_simd)all[i];
    return n;
}
static sphere_rows make_rows(const float *data, size_t n, size_t dim, size_t stride)
{
    sphere_rows rows;
    rows.data = data; rows.n = n; rows.dim = dim; rows.stride = stride;
    return rows;
}

/* -- coordinates */
static const float pole_steps[] = { 1e-45f, 1e-38f, 1e-30f, 1e-20f, 1e-10f, 1e-7f, 1e-5f, 1e-3f, .1f };

/* Spherical coordinates of n points within 2 units of the last place and within their ranges. */
static void check_spherical(const float *x, const float *y, const float *z, size_t n, const sphere_exec *exec)
{
    float *r = floats(n), *theta = floats(n), *phi = floats(n);
    double worst[3] = { 0, 0, 0 };
    size_t i;
    OK(sphere_to_spherical(x, y, z, r, theta, phi, n, exec));
    for (i = 0; i < n; i++) {
        const long double a = (long double)x[i], b = (long double)y[i], c = (long double)z[i], rho = sqrtl(a * a + b * b);
        long double turn = atan2l(b, a);
        if (turn < 0) turn += 2 * PI;
        if (rho == 0) turn = 0;
        keep_max(&worst[0], ulps(r[i], sqrtl(a * a + b * b + c * c)));
        keep_max(&worst[1], ulps(theta[i], rho == 0 && c == 0 ? 0 : atan2l(rho, c)));
        keep_max(&worst[2], ulps(phi[i], turn));
        cr_assert(theta[i] >= 0 && theta[i] <= 3.14159274f && phi[i] >= 0 && phi[i] <= 6.28318548f, "%a %a %a", (double)x[i], (double)y[i], (double)z[i]);
        cr_assert(worst[0] <= 2 && worst[1] <= 2 && worst[2] <= 2, "(%a, %a, %a): %g %g %g units", (double)x[i], (double)y[i], (double)z[i], worst[0], worst[1], worst[2]);
    }
    fprintf(stderr, "to_spherical: r %.3f, theta %.3f, phi %.3f units in the last place\n", worst[0], worst[1], worst[2]);
    free(r); free(theta); free(phi);
}
Test(sphere, to_spherical_is_within_2_units)
{
    const size_t n = 100000;
    float *x = floats(n), *y = floats(n), *z = floats(n);
    size_t i, k, level;
    for (i = 0; i < n; i++) {                                           /* one size, three sizes, and small numbers beside each other */
        if (i % 3 == 0) { unit_point(&x[i], &y[i], &z[i]); }
        else if (i % 3 == 1) { x[i] = any_size(-149, 127); y[i] = any_size(-149, 127); z[i] = any_size(-149, 127); }
        else { x[i] = any_size(-12, 0); y[i] = any_size(-12, 0); z[i] = any_size(-12, 0); }
        if (x[i] == 0 && y[i] == 0) x[i] = 1;
    }
    for (i = 0, k = 0; i < sizeof(pole_steps) / sizeof(pole_steps[0]); i++) for (level = 0; level < 64; level++, k++) {
        const float step = pole_steps[i];
        x[k] = (level & 1 ? step : -step) * (level & 8 ? 1 : .3f);      /* near both poles ... */
        y[k] = (level & 2 ? step : -step) * (level & 16 ? 1 : 0);
        z[k] = level & 4 ? 1.0f : -1.0f;
        if (level & 32) { const float t = z[k]; z[k] = x[k]; x[k] = t; }                /* ... and near the equator and the seam */
    }
    for (level = 0; level < 2; level++) { const sphere_exec exec = way(level, NULL); check_spherical(x, y, z, n, &exec); }
    free(x); free(y); free(z);
}
Test(sphere, to_spherical_special_points)
{
    const float inf = HUGE_VALF, nan = NAN, h = 1.57079637f, p = 3.14159274f, t = 4.71238899f;
    const float in[][3] = {
        { 0, 0, 0 }, { -0.0f, 0, 0 }, { 0, -0.0f, -0.0f }, { -0.0f, -0.0f, -0.0f },
        { 0, 0, 2 }, { -0.0f, -0.0f, 2 }, { 0, 0, -2 }, { -0.0f, 0, -2 }, { 0, 0, 1e-45f }, { 0, 0, -1e-45f }, { 0, 0, FLT_MAX },
        { 1, 0, 0 }, { 1, -0.0f, -0.0f }, { -1, 0, 0 }, { -1, -0.0f, 0 }, { 0, 3, 0 }, { -0.0f, 3, 0 }, { 0, -3, 0 }, { 1e-45f, 0, 0 }, { 0, -1e-45f, 0 },
        { inf, 0, 0 }, { inf, 5, -7 }, { -inf, 5, 7 }, { 1, inf, 2 }, { 1, -inf, 2 }, { 3, 4, inf }, { 0, 0, -inf }, { FLT_MAX, FLT_MAX, 0 } };
    const float want[][3] = {
        { 0, 0, 0 }, { 0, 0, 0 }, { 0, 0, 0 }, { 0, 0, 0 },
        { 2, 0, 0 }, { 2, 0, 0 }, { 2, p, 0 }, { 2, p, 0 }, { 1e-45f, 0, 0 }, { 1e-45f, p, 0 }, { FLT_MAX, 0, 0 },
        { 1, h, 0 }, { 1, h, 0 }, { 1, h, p }, { 1, h, p }, { 3, h, h }, { 3, h, h }, { 3, h, t }, { 1e-45f, h, 0 }, { 1e-45f, h, t },
        { inf, h, 0 }, { inf, h, 0 }, { inf, h, p }, { inf, h, h }, { inf, h, t }, { inf, 0, -1 }, { inf, p, 0 }, { inf, h, .785398185f } };
    const float bad[][3] = { { nan, 0, 0 }, { 0, nan, 0 }, { 0, 0, nan }, { nan, nan, nan }, { inf, nan, 0 }, { inf, inf, 0 }, { inf, 0, inf },
                             { 0, -inf, inf }, { -inf, 1, -inf }, { inf, inf, inf }, { nan, 1, inf }, { 1, -nan, 2 } };
    size_t i, k, level;
    for (level = 0; level < 2; level++) {
        const sphere_exec exec = way(level, NULL);
        for (i = 0; i < sizeof(in) / sizeof(in[0]) + sizeof(bad) / sizeof(bad[0]); i++) {
            const size_t good = sizeof(in) / sizeof(in[0]);
            const float *point = i < good ? in[i] : bad[i - good];
            float v[6][9];                                              /* the vector part and its rest */
            for (k = 0; k < 9; k++) { v[0][k] = point[0]; v[1][k] = point[1]; v[2][k] = point[2]; }
            OK(sphere_to_spherical(v[0], v[1], v[2], v[3], v[4], v[5], 9, &exec));
            for (k = 0; k < 9; k++) {
                if (i >= good) { cr_assert(is_the_nan(v[3][k]) && is_the_nan(v[4][k]) && is_the_nan(v[5][k]), "bad point %u", (unsigned)(i - good)); continue; }
                cr_assert(same(v[3][k], want[i][0]) && ulps(v[4][k], (long double)want[i][1]) <= 2, "point %u: r %g theta %g phi %g", (unsigned)i, (double)v[3][k], (double)v[4][k], (double)v[5][k]);
                if (want[i][2] >= 0) cr_assert(ulps(v[5][k], (long double)want[i][2]) <= 2, "point %u: phi %.9g, not %.9g", (unsigned)i, (double)v[5][k], (double)want[i][2]);
                else cr_assert(ulps(v[5][k], atan2l((long double)point[1], (long double)point[0])) <= 2);
            }
        }
    }
}
/* One angle in turns of many sizes: its sine and cosine by the long double library, which reduces every float correctly. */
Test(sphere, to_cartesian_is_within_its_bound)
{
    const size_t n = 100000;
    float *r = floats(n), *theta = floats(n), *phi = floats(n), *x = floats(n), *y = floats(n), *z = floats(n);
    size_t i, level, with_r;
    for (i = 0; i < n; i++) {
        r[i] = any_size(-40, 100);
        theta[i] = fabsf(uniform()) * 3.14159274f;
        phi[i] = fabsf(uniform()) * 6.28318548f;
        if (i % 4 == 1) { theta[i] = any_size(-149, 128); phi[i] = any_size(-149, 128); }
        if (i % 4 == 2) theta[i] = any_size(-100, 1);
        if (i % 4 == 3) {                                               /* as close to the zeros of sine and cosine as a float can be */
            phi[i] = (float)((double)below(i & 4 ? 5000000 : 7600) * (double)(PI / 2));
            if (i % 16 == 3) phi[i] = ldexpf(16367173, 72);             /* the closest of all floats */
        }
        if (i % 64 < 24 && i % 8 < 5) { theta[i] = any_size(13, 128); phi[i] = any_size(13, 128); }
    }
    for (level = 0; level < 2; level++) for (with_r = 0; with_r < 2; with_r++) {
        const sphere_exec exec = way(level, NULL);
        double worst[6] = { 0, 0, 0, 0, 0, 0 };
        OK(sphere_to_cartesian(with_r ? r : NULL, theta, phi, x, y, z, n, &exec));
        for (i = 0; i < n; i++) {
            const double bound = fabsf(theta[i]) <= 12000 && fabsf(phi[i]) <= 12000 ? 2 : 3;
            const long double radius = with_r ? (long double)r[i] : 1.0L, st = sinl((long double)theta[i]), ct = cosl((long double)theta[i]);
            const double off[3] = { ulps(x[i], radius * st * cosl((long double)phi[i])), ulps(y[i], radius * st * sinl((long double)phi[i])), ulps(z[i], radius * ct) };
            size_t k;
            for (k = 0; k < 3; k++) {
                keep_max(&worst[k + (bound > 2 ? 3 : 0)], off[k]);
                cr_assert(off[k] <= bound, "r %a theta %a phi %a: %g units", (double)(with_r ? r[i] : 1.0f), (double)theta[i], (double)phi[i], off[k]);
            }
        }
        fprintf(stderr, "to_cartesian: x %.3f, y %.3f, z %.3f units in the last place; angles beyond 12000: %.3f, %.3f, %.3f\n", worst[0], worst[1], worst[2], worst[3], worst[4], worst[5]);
    }
    free(r); free(theta); free(phi); free(x); free(y); free(z);
}
Test(sphere, to_cartesian_special_points)
{
    const float bad[4] = { NAN, HUGE_VALF, -HUGE_VALF, -NAN }, size[5] = { 0, 1, 1e-45f, FLT_MAX, -3 };
    size_t i, k, level;
    for (level = 0; level < 2; level++) {
        const sphere_exec exec = way(level, NULL);
        float r[9], theta[9], phi[9], x[9], y[9], z[9];
        for (i = 0; i < 5; i++) {                                       /* at the pole phi does not matter */
            for (k = 0; k < 9; k++) { r[k] = size[i]; theta[k] = k & 1 ? -0.0f : 0.0f; phi[k] = (float)k * 1e3f; }
            OK(sphere_to_cartesian(r, theta, phi, x, y, z, 9, &exec));
            for (k = 0; k < 9; k++) cr_assert(x[k] == 0 && y[k] == 0 && z[k] == size[i]);
        }
        for (i = 0; i < 4; i++) {
            for (k = 0; k < 9; k++) { r[k] = 2; theta[k] = bad[i]; phi[k] = 1; }
            OK(sphere_to_cartesian(r, theta, phi, x, y, z, 9, &exec));
            for (k = 0; k < 9; k++) cr_assert(is_the_nan(x[k]) && is_the_nan(y[k]) && is_the_nan(z[k]), "theta %g", (double)bad[i]);
            for (k = 0; k < 9; k++) { theta[k] = 1; phi[k] = bad[i]; }
            OK(sphere_to_cartesian(NULL, theta, phi, x, y, z, 9, &exec));
            for (k = 0; k < 9; k++) cr_assert(is_the_nan(x[k]) && is_the_nan(y[k]) && ulps(z[k], cosl(1.0L)) <= 2, "phi %g", (double)bad[i]);
        }
        for (k = 0; k < 9; k++) { r[k] = k == 4 ? NAN : 2; theta[k] = 1; phi[k] = 1; }
        OK(sphere_to_cartesian(r, theta, phi, x, y, z, 9, &exec));
        for (k = 0; k < 9; k++) cr_assert((k == 4) == (is_the_nan(x[k]) && is_the_nan(y[k]) && is_the_nan(z[k])));     /* that point and no other */
    }
}
Test(sphere, angles_are_accurate_for_tiny_and_opposite_directions)
{
    const size_t n = 60000;
    float *v[6], *angle = floats(n);
    size_t i, k, level;
    for (k = 0; k < 6; k++) v[k] = floats(n);
    for (i = 0; i < n; i++) {
        unit_point(&v[0][i], &v[1][i], &v[2][i]);
        unit_point(&v[3][i], &v[4][i], &v[5][i]);
        if (i % 3) {                                                    /* b near a, or near -a */
            const double step = ldexp(1.0, -(int)below(26)), side = i % 3 == 1 ? 1 : -1;
            double b[3], s = 0;
            for (k = 0; k < 3; k++) { b[k] = side * (double)v[k][i] + step * (double)v[k + 3][i]; s += b[k] * b[k]; }
            for (k = 0; k < 3; k++) v[k + 3][i] = (float)(b[k] / sqrt(s));
        }
        if (i % 1000 == 0) for (k = 0; k < 3; k++) v[k + 3][i] = v[k][i];
        if (i % 1000 == 1) for (k = 0; k < 3; k++) v[k + 3][i] = -v[k][i];
        if (i % 1000 == 2) {                                            /* far smaller than the spacing of floats near 1 */
            v[0][i] = v[3][i] = 0; v[1][i] = v[4][i] = i & 8 ? 1 : -1; v[2][i] = 0; v[5][i] = ldexpf(1.0f + fabsf(uniform()), -13 - (int)below(47));
        }
    }
    for (level = 0; level < 2; level++) {
        const sphere_exec exec = way(level, NULL);
        double worst = 0, off = 0;
        OK(sphere_angles(v[0], v[1], v[2], v[3], v[4], v[5], angle, n, &exec));
        for (i = 0; i < n; i++) {
            double minus = 0, plus = 0, cross = 0, dot = 0, want, c;
            for (k = 0; k < 3; k++) {
                const double a = (double)v[k][i], b = (double)v[k + 3][i];
                minus += (a - b) * (a - b); plus += (a + b) * (a + b); dot += a * b;
                c = (double)v[(k + 1) % 3][i] * (double)v[(k + 2) % 3 + 3][i] - (double)v[(k + 2) % 3][i] * (double)v[(k + 1) % 3 + 3][i];
                cross += c * c;
            }
            want = 2 * atan2(sqrt(minus), sqrt(plus));
            keep_max(&worst, ulps(angle[i], (long double)want));
            keep_max(&off, fabs((double)angle[i] - atan2(sqrt(cross), dot)));
            cr_assert(angle[i] >= 0 && angle[i] <= 3.14159274f);
            /* the differences are rounded (1), three squares and two sums under a root (1.5), the quotient and atan2 */
            cr_assert(worst <= 6, "%a %a %a  %a %a %a: %g units", (double)v[0][i], (double)v[1][i], (double)v[2][i], (double)v[3][i], (double)v[4][i], (double)v[5][i], worst);
            cr_assert(off <= 4e-7, "off by %g", off);                   /* the vectors' own lengths are off by 6e-8 */
            if (i % 1000 == 0) cr_assert(same(angle[i], 0));
            if (i % 1000 == 1) cr_assert(same(angle[i], 3.14159274f));
        }
        fprintf(stderr, "angles: %.3f units in the last place, %.3g rad from the true angle\n", worst, off);
    }
    for (level = 0; level < 2; level++) {                               /* NaN stays where it is */
        const sphere_exec exec = way(level, NULL);
        v[4][5] = NAN; v[0][17] = HUGE_VALF; v[3][17] = HUGE_VALF;
        OK(sphere_angles(v[0], v[1], v[2], v[3], v[4], v[5], angle, 19, &exec));
        for (i = 0; i < 19; i++) cr_assert((i == 5 || i == 17) == is_the_nan(angle[i]));
    }
    for (k = 0; k < 6; k++) free(v[k]);
    free(angle);
}
Test(sphere, unit_is_within_2_units)
{
    const size_t n = 100003;
    float *in[3], *out[3];
    size_t i, k, level;
    for (k = 0; k < 3; k++) { in[k] = floats(n); out[k] = floats(n); }
    for (i = 0; i < n; i++) {
        const int spread = i & 1 ? 0 : 60, centre = (int)below(200) - 110;
        for (k = 0; k < 3; k++) in[k][i] = any_size(centre - spread / 2, centre + spread / 2);
        if (i % 100 == 0) in[i / 100 % 3][i] = 0;
        if (i % 1000 == 7) { in[0][i] = 0; in[1][i] = i & 1024 ? -0.0f : 0.0f; in[2][i] = 0; }
        if (i % 1000 == 8) { in[0][i] = FLT_MAX; in[1][i] = -FLT_MAX; in[2][i] = FLT_MAX; }
        if (i % 1000 == 9) { in[0][i] = 1e-45f; in[1][i] = -1e-45f; in[2][i] = 1e-45f; }
        if (i % 1000 == 10) in[i / 1000 % 3][i] = i & 1 ? NAN : HUGE_VALF;
        if (i % 1000 == 11) in[i / 1000 % 3][i] = -HUGE_VALF;
    }
    for (level = 0; level < 2; level++) {
        const sphere_exec exec = way(level, NULL);
        double worst = 0;
        for (k = 0; k < 3; k++) memcpy(out[k], in[k], n * sizeof(float));
        OK(sphere_unit(out[0], out[1], out[2], n, &exec));
        for (i = 0; i < n; i++) {
            long double s = 0;
            for (k = 0; k < 3; k++) s += (long double)in[k][i] * (long double)in[k][i];
            for (k = 0; k < 3; k++) {
                if (i % 1000 == 10 || i % 1000 == 11) cr_assert(is_the_nan(out[k][i]), "point %u", (unsigned)i);
                else if (s == 0) cr_assert(same(out[k][i], in[k][i]));
                else keep_max(&worst, ulps(out[k][i], (long double)in[k][i] / sqrtl(s)));
            }
        }
        cr_assert(worst <= 2, "%g", worst);
        fprintf(stderr, "unit: %.3f units in the last place\n", worst);
    }
    for (k = 0; k < 3; k++) { free(in[k]); free(out[k]); }
}
/* More points than one task takes: every way gives the bits of one thread, and the job system was used. In place as well. */
Test(sphere, points_in_every_way_and_in_place)
{
    const size_t n = 2 * 65536 + 77;
    float *in[6], *out[3], *want[3];
    size_t i, j, k, calls = 0;
    for (k = 0; k < 6; k++) in[k] = random_floats(n);
    for (k = 0; k < 3; k++) { out[k] = floats(n); want[k] = floats(n); }
    for (k = 0; k < 4; k++) {
        for (i = 0; i < WAYS + 2; i++) {
            const sphere_exec exec = way(i < WAYS ? i : i - WAYS, &calls);
            float **to = i ? out : want;
            const float *from[3];
            if (k == 3 || i >= WAYS) for (j = 0; j < 3; j++) memcpy(to[j], in[j], n * sizeof(float));
            for (j = 0; j < 3; j++) from[j] = i >= WAYS ? to[(j + i) % 3] : in[(j + i) % 3];        /* in place in another order, too */
            if (i < WAYS) for (j = 0; j < 3; j++) from[j] = in[j];
            if (k == 0) OK(sphere_to_spherical(from[0], from[1], from[2], to[0], to[1], to[2], n, &exec));
            if (k == 1) OK(sphere_to_cartesian(from[0], from[1], from[2], to[0], to[1], to[2], n, &exec));
            if (k == 2) OK(sphere_angles(from[0], from[1], from[2], in[3], in[4], in[5], to[0], n, &exec));
            if (k == 3) OK(sphere_unit(to[0], to[1], to[2], n, &exec));
            if (i >= WAYS && (k == 0 || k == 1)) {                      /* what the rotated inputs give without sharing */
                float *apart[3];
                for (j = 0; j < 3; j++) apart[j] = floats(n);
                if (k == 0) OK(sphere_to_spherical(in[i % 3], in[(1 + i) % 3], in[(2 + i) % 3], apart[0], apart[1], apart[2], n, &exec));
                else OK(sphere_to_cartesian(in[i % 3], in[(1 + i) % 3], in[(2 + i) % 3], apart[0], apart[1], apart[2], n, &exec));
                for (j = 0; j < 3; j++) { cr_assert(same_array(to[j], apart[j], n), "in place, work %u", (unsigned)k); free(apart[j]); }
            } else if (i >= WAYS && k == 2) {
                float *apart = floats(n);
                OK(sphere_angles(in[i % 3], in[(1 + i) % 3], in[(2 + i) % 3], in[3], in[4], in[5], apart, n, &exec));
                cr_assert(same_array(to[0], apart, n));
                free(apart);
            } else if (i) for (j = 0; j < (k == 2 ? 1u : 3u); j++) cr_assert(same_array(out[j], want[j], n), "way %u, work %u", (unsigned)i, (unsigned)k);
        }
    }
    cr_assert(calls == 12, "the job system ran %u times", (unsigned)calls);
    OK(sphere_to_spherical(in[0], in[1], in[2], want[0], want[1], want[2], n, NULL));
    OK(sphere_to_spherical(in[0], in[1], in[2], NULL, out[1], out[2], n, NULL));
    cr_assert(same_array(out[1], want[1], n) && same_array(out[2], want[2], n));
    for (k = 0; k < 6; k++) free(in[k]);
    for (k = 0; k < 3; k++) { free(out[k]); free(want[k]); }
}
Test(sphere, points_refuse_bad_arguments)
{
    float in[6][20], out[3][20], *o0 = out[0], *o1 = out[1], *o2 = out[2];
    const float *a = in[0], *b = in[1], *c = in[2], *d = in[3], *e = in[4], *f = in[5];
    sphere_exec exec[5];
    size_t i, levels = absent_levels(exec);
    memset(in, 0, sizeof(in));
    fill(out, sizeof(out));
    FAILS(SPHERE_E_NULL, sphere_to_spherical(NULL, b, c, o0, o1, o2, 9, NULL));
    FAILS(SPHERE_E_NULL, sphere_to_spherical(a, NULL, c, o0, o1, o2, 9, NULL));
    FAILS(SPHERE_E_NULL, sphere_to_spherical(a, b, NULL, o0, o1, o2, 9, NULL));
    FAILS(SPHERE_E_NULL, sphere_to_spherical(a, b, c, o0, NULL, o2, 9, NULL));
    FAILS(SPHERE_E_NULL, sphere_to_spherical(a, b, c, o0, o1, NULL, 9, NULL));
    FAILS(SPHERE_E_NULL, sphere_to_cartesian(a, NULL, c, o0, o1, o2, 9, NULL));
    FAILS(SPHERE_E_NULL, sphere_to_cartesian(a, b, NULL, o0, o1, o2, 9, NULL));
    FAILS(SPHERE_E_NULL, sphere_to_cartesian(a, b, c, NULL, o1, o2, 9, NULL));
    FAILS(SPHERE_E_NULL, sphere_to_cartesian(a, b, c, o0, NULL, o2, 9, NULL));
    FAILS(SPHERE_E_NULL, sphere_to_cartesian(a, b, c, o0, o1, NULL, 9, NULL));
    for (i = 0; i < 7; i++)
        FAILS(SPHERE_E_NULL, sphere_angles(i == 0 ? NULL : a, i == 1 ? NULL : b, i == 2 ? NULL : c, i == 3 ? NULL : d, i == 4 ? NULL : e, i == 5 ? NULL : f, i == 6 ? NULL : o0, 9, NULL));
    for (i = 0; i < 3; i++) FAILS(SPHERE_E_NULL, sphere_unit(i == 0 ? NULL : o0, i == 1 ? NULL : o1, i == 2 ? NULL : o2, 9, NULL));
    /* partly over an input, or two outputs over each other */
    FAILS(SPHERE_E_OVERLAP, sphere_to_spherical(o0 + 1, b, c, o0, o1, o2, 9, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_to_spherical(a, b, o2 + 8, o0, o1, o2, 9, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_to_spherical(a, b, c, o0, o0, o2, 9, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_to_spherical(a, b, c, o0, o1, o1 + 8, 9, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_to_cartesian(a, o1 + 4, c, o0, o1, o2, 9, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_to_cartesian(NULL, b, c, o0, o1, o0 + 3, 9, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_angles(a, b, c, d, e, o0 + 1, o0, 9, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_unit(o0, o0, o2, 9, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_unit(o0, o0 + 8, o2, 9, NULL));
    for (i = 0; i < levels; i++) {
        FAILS(SPHERE_E_LEVEL, sphere_to_spherical(a, b, c, o0, o1, o2, 9, &exec[i]));
        FAILS(SPHERE_E_LEVEL, sphere_to_cartesian(a, b, c, o0, o1, o2, 9, &exec[i]));
        FAILS(SPHERE_E_LEVEL, sphere_angles(a, b, c, d, e, f, o0, 9, &exec[i]));
        FAILS(SPHERE_E_LEVEL, sphere_unit(o0, o1, o2, 9, &exec[i]));
    }
    FAILS(SPHERE_E_SIZE, sphere_to_spherical(a, b, c, o0, o1, o2, SIZE_MAX / 2, NULL));
    FAILS(SPHERE_E_SIZE, sphere_unit(o0, o1, o2, SIZE_MAX, NULL));
    OK(sphere_to_spherical(NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL));
    OK(sphere_to_cartesian(NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL));
    OK(sphere_angles(NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL));
    OK(sphere_unit(NULL, NULL, NULL, 0, NULL));
    cr_assert(untouched(out, sizeof(out)));
    OK(sphere_to_spherical(a, b, c, o0, o0 + 9, o1, 9, NULL));         /* side by side is not over each other */
}

/* -- rows */
static const size_t dims[] = { 0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 24, 25, 31, 33, 100, 257, 768 };
#define DIMS (sizeof(dims) / sizeof(dims[0]))

/* The definition of the sum, word for word; volatile keeps the compiler from joining product and sum. */
static float lanes_dot(const float *a, const float *b, size_t n)
{
    float lane[16] = { 0 };
    size_t i, half, k;
    for (i = 0; i < n; i++) { volatile float product = a[i] * b[i]; lane[i % 16] += product; }
    for (half = 8; half; half /= 2) for (k = 0; k < half; k++) lane[k] += lane[k + half];
    return lane[0] == lane[0] ? lane[0] : NAN;
}
/* Roundings that one product meets on its way into the result. */
static double depth(size_t dim) { return (double)((dim + 15) / 16 + 6); }

/* One matrix, every row function, against double precision with the bound that the order of the sum gives. */
static void check_rows(const float *data, size_t n, size_t dim, size_t stride, const float *query, const sphere_exec *exec, int with_variance)
{
    const sphere_rows rows = make_rows(data, n, dim, stride);
    float *dot = floats(n), *cosine = floats(n), *norm = floats(n), *variance = floats(n), *unit = floats(n * dim);
    const double d = depth(dim);
    size_t i, j;
    if (!stride) stride = dim;
    OK(sphere_row_dot(&rows, query, dot, exec));
    OK(sphere_row_cosine(&rows, query, cosine, exec));
    OK(sphere_row_norm(&rows, norm, exec));
    OK(sphere_row_variance(&rows, variance, exec));
    OK(sphere_row_normalize(&rows, unit, 0, exec));
    for (i = 0; i < n; i++) {
        const float *row = data + i * stride;
        double ab = 0, sum = 0, aa = 0, bb = 0, mean = 0, size = 0, var = 0, shift;
        for (j = 0; j < dim; j++) {
            const double a = (double)row[j], b = (double)query[j];
            ab += a * b; sum += fabs(a * b); aa += a * a; bb += b * b; mean += a / (double)dim; size += fabs(a) / (double)dim;
        }
        for (j = 0; j < dim; j++) var += ((double)row[j] - mean) * ((double)row[j] - mean) / (double)dim;
        aa = sqrt(aa); bb = sqrt(bb);
        if (sum < (double)FLT_MAX) cr_assert(fabs((double)dot[i] - ab) <= d * UNIT * sum + (double)dim * 1.5e-45, "dot %g, not %g", (double)dot[i], ab);
        cr_assert(fabs((double)norm[i] - aa) <= (d / 2 + 2) * UNIT * aa + 1.5e-45 || (isinf(norm[i]) && aa > 3.4e38), "norm %g, not %g", (double)norm[i], aa);
        cr_assert(same(norm[i], sphere_norm(row, dim)) && same(dot[i], sphere_dot(row, query, dim)) && same(dot[i], lanes_dot(row, query, dim)));
        if (aa > 1e-30 && bb > 1e-30 && aa < 3.4e38 && bb < 3.4e38)
            cr_assert(fabs((double)cosine[i] - ab / (aa * bb)) <= UNIT * (d * sum / (aa * bb) + (d + 6) * fabs(ab) / (aa * bb) + 1), "cosine %.9g, not %.9g", (double)cosine[i], ab / (aa * bb));
        if (aa == 0 || bb == 0) cr_assert(same(cosine[i], 0));
        shift = d * UNIT * size;
        if (with_variance) cr_assert(fabs((double)variance[i] - var) <= (d + 4) * UNIT * (var + shift * shift) + shift * shift + 1e-44, "variance %g, not %g, dim %u", (double)variance[i], var, (unsigned)dim);
        for (j = 0; j < dim && aa < 3.4e38; j++) {
            const double want = aa == 0 ? 0 : (double)row[j] / aa;
            if (aa == 0 || aa > 1e-37) cr_assert(fabs((double)unit[i * dim + j] - want) <= (d / 2 + 3) * UNIT * fabs(want) + 1.5e-45, "normalised %g, not %g", (double)unit[i * dim + j], want);
        }
    }
    free(dot); free(cosine); free(norm); free(variance); free(unit);
}
Test(sphere, rows_against_double)
{
    static const size_t counts[] = { 1, 2, 3, 4, 5, 66 };
    size_t c, k, level, extra, i;
    for (level = 0; level < 2; level++) for (k = 0; k < DIMS; k++) for (c = 0; c < 6; c++) for (extra = 0; extra < 3; extra++) {
        const sphere_exec exec = way(level, NULL);
        const size_t dim = dims[k], n = counts[c], stride = dim + extra * 3, shift = extra;
        float *block = floats(shift + (n - 1) * stride + dim), *data = block + shift, *query = random_floats(dim);
        for (i = 0; i < shift + (n - 1) * stride + dim; i++) block[i] = NAN;        /* what lies between the rows must not matter */
        for (i = 0; i < n * dim; i++) data[i / dim * stride + i % dim] = uniform() + (c == 5 ? 3 : 0);
        check_rows(data, n, dim, extra || !dim ? stride : 0, query, &exec, 1);
        free(block); free(query);
    }
}
/* Sizes where a plain sum of squares is infinite or zero: the norm and the cosine keep all their digits. */
Test(sphere, rows_huge_and_tiny)
{
    size_t k, level;
    for (level = 0; level < 2; level++) for (k = 1; k < DIMS; k++) {
        const sphere_exec exec = way(level, NULL);
        const size_t dim = dims[k], n = 70;
        float *data = floats(n * dim), *query = floats(dim);
        int size, i;
        for (size = -96; size <= 118; size += 107) {                    /* the query */
            for (i = 0; i < (int)dim; i++) query[i] = ldexpf(uniform(), size);
            for (i = 0; i < (int)(n * dim); i++) data[i] = ldexpf(uniform(), -96 + (i / (int)dim) * 214 / 69);
            check_rows(data, n, dim, 0, query, &exec, 0);
            for (i = 0; i < (int)(n * dim); i++) data[i] = any_size(-149, 118);     /* all sizes in one row */
            check_rows(data, n, dim, 0, query, &exec, 0);
        }
        free(data); free(query);
    }
}
/* Rows whose norm is beyond float, or below its normal range: finite rows have right cosines. */
Test(sphere, rows_beyond_the_range_of_the_norm)
{
    const float huge[4] = { 3e38f, 3e38f, 3e38f, 3e38f }, tiny[4] = { 1e-45f, 1e-45f, 1e-45f, 0 }, query[4] = { 1, 1, 1, 0 }, tiny_query[4] = { 1e-45f, 1e-45f, 0, 0 };
    size_t level, j;
    for (level = 0; level < 2; level++) {
        const sphere_exec exec = way(level, NULL);
        sphere_rows rows = make_rows(huge, 1, 4, 0);
        sphere_search_desc desc;
        sphere_search_report report;
        float out[4], score;
        uint32_t index;
        void *memory;
        size_t bytes;
        OK(sphere_row_cosine(&rows, query, out, &exec));
        cr_assert(fabs((double)out[0] - .8660254) < 1e-6, "cosine of a huge row: %g", (double)out[0]);
        OK(sphere_row_normalize(&rows, out, 0, &exec));
        for (j = 0; j < 4; j++) cr_assert(fabs((double)out[j] - .5) < 1e-6, "a huge row normalised: %g", (double)out[j]);
        memset(&desc, 0, sizeof(desc));
        desc.metric = SPHERE_COSINE;
        desc.exec = exec;
        {
            const sphere_rows queries = make_rows(query, 1, 4, 0);
            bytes = sphere_search_size(&rows, &queries, 1, &desc);
            memory = get(bytes);
            OK(sphere_search_topk(&rows, &queries, 1, &desc, &index, &score, &report, memory, bytes));
            cr_assert(index == 0 && report.nan_scores == 0 && fabs((double)score - .8660254) < 1e-6, "search score of a huge row: %g", (double)score);
            free(memory);
        }
        for (j = 0; j < 40; j++) {                                      /* rows of ordinary and great length, the query at the end of the range */
            const float large[4] = { ldexpf(1, (int)j * 6 - 119), 0, 0, 0 }, ends[4][4] = { { 1e-45f, 1e-45f, 0, 0 }, { 3e-42f, -3e-42f, 0, 0 }, { 3e38f, 0, 3e38f, 0 }, { 2e-38f, 0, 0, 2e-38f } };
            size_t e;
            rows = make_rows(large, 1, 4, 0);
            for (e = 0; e < 4; e++) {
                OK(sphere_row_cosine(&rows, ends[e], out, &exec));
                cr_assert(fabs((double)out[0] - .70710678) < 1e-6, "cosine of 2^%d and query %u: %g", (int)j * 6 - 119, (unsigned)e, (double)out[0]);
                {
                    const sphere_rows queries = make_rows(large, 1, 4, 0), row = make_rows(ends[e], 1, 4, 0);
                    OK(sphere_row_cosine(&row, large, out, &exec));
                    cr_assert(fabs((double)out[0] - .70710678) < 1e-6, "cosine of row %u and query 2^%d: %g", (unsigned)e, (int)j * 6 - 119, (double)out[0]);
                    memset(&desc, 0, sizeof(desc));
                    desc.metric = SPHERE_COSINE;
                    desc.exec = exec;
                    bytes = sphere_search_size(&row, &queries, 1, &desc);
                    memory = get(bytes);
                    OK(sphere_search_topk(&row, &queries, 1, &desc, &index, &score, &report, memory, bytes));
                    cr_assert(fabs((double)score - .70710678) < 1e-6 && index == 0, "score of row %u and query 2^%d: %g", (unsigned)e, (int)j * 6 - 119, (double)score);
                    OK(sphere_search_topk(&queries, &row, 1, &desc, &index, &score, &report, memory, bytes));
                    cr_assert(fabs((double)score - .70710678) < 1e-6 && index == 0, "score of row 2^%d and query %u: %g", (int)j * 6 - 119, (unsigned)e, (double)score);
                    free(memory);
                }
            }
        }
        rows = make_rows(tiny, 1, 4, 0);
        OK(sphere_row_cosine(&rows, query, out, &exec));
        cr_assert(fabs((double)out[0] - 1) < 1e-6, "cosine of a subnormal row: %g", (double)out[0]);
        OK(sphere_row_cosine(&rows, tiny_query, out, &exec));
        cr_assert(fabs((double)out[0] - .81649658) < 1e-6, "cosine of a subnormal row and query: %g", (double)out[0]);
        OK(sphere_row_normalize(&rows, out, 0, &exec));
        for (j = 0; j < 3; j++) cr_assert(fabs((double)out[j] - .57735027) < 1e-6, "a subnormal row normalised: %g", (double)out[j]);
    }
}
Test(sphere, rows_zero_nan_and_infinite)
{
    size_t k, level, j, at;
    for (level = 0; level < 2; level++) for (k = 1; k < DIMS; k++) for (at = 0; at < 4; at++) {
        const sphere_exec exec = way(level, NULL);
        const size_t dim = dims[k], place = at * (dim - 1) / 3;
        float *data = random_floats(5 * dim), *query = random_floats(dim), *out = floats(5 * dim), mean;
        const sphere_rows rows = make_rows(data, 5, dim, 0);
        query[place] = 1;
        data[dim + place] = NAN;
        for (j = 0; j < dim; j++) data[2 * dim + j] = j & 1 ? -0.0f : 0.0f;
        data[3 * dim + place] = -HUGE_VALF;
        OK(sphere_row_dot(&rows, query, out, &exec));
        cr_assert(out[0] == out[0] && is_the_nan(out[1]) && same(out[2], 0) && same(out[3], -HUGE_VALF) && out[4] == out[4]);
        OK(sphere_row_norm(&rows, out, &exec));
        cr_assert(out[0] > 0 && is_the_nan(out[1]) && same(out[2], 0) && same(out[3], HUGE_VALF) && out[4] > 0);
        OK(sphere_row_cosine(&rows, query, out, &exec));
        cr_assert(out[0] == out[0] && is_the_nan(out[1]) && same(out[2], 0) && is_the_nan(out[3]) && out[4] == out[4]);
        OK(sphere_row_variance(&rows, out, &exec));
        cr_assert(out[0] >= 0 && is_the_nan(out[1]) && same(out[2], 0) && is_the_nan(out[3]) && out[4] >= 0);
        OK(sphere_row_normalize(&rows, out, 0, &exec));
        for (j = 0; j < dim; j++) {
            cr_assert(is_the_nan(out[dim + j]) && out[2 * dim + j] == 0 && out[j] == out[j] && out[4 * dim + j] == out[4 * dim + j]);
            cr_assert(is_the_nan(out[3 * dim + j]));
        }
        OK(sphere_row_mean(&rows, out, &exec));
        for (j = 0; j < dim; j++) cr_assert(is_the_nan(out[j]) == (j == place));
        query[place] = NAN;                                             /* all but the zero row */
        OK(sphere_row_dot(&rows, query, out, &exec));
        for (j = 0; j < 5; j++) cr_assert(is_the_nan(out[j]));
        OK(sphere_row_cosine(&rows, query, out, &exec));
        for (j = 0; j < 5; j++) cr_assert(is_the_nan(out[j]) || (j == 2 && out[j] == 0));
        memset(query, 0, dim * sizeof(float));                          /* a zero query */
        data[dim + place] = 1; data[3 * dim + place] = 1;
        OK(sphere_row_cosine(&rows, query, out, &exec));
        for (j = 0; j < 5; j++) cr_assert(same(out[j], 0));
        mean = sphere_norm(query, dim);
        cr_assert(same(mean, 0));
        free(data); free(query); free(out);
    }
    cr_assert(same(sphere_dot(NULL, NULL, 0), 0) && same(sphere_norm(NULL, 0), 0));
    cr_assert(is_the_nan(sphere_dot(NULL, NULL, 3)) && is_the_nan(sphere_norm(NULL, 1)));
    {
        const float one = 2;
        cr_assert(is_the_nan(sphere_dot(&one, NULL, 1)) && is_the_nan(sphere_dot(NULL, &one, 1)) && sphere_dot(&one, &one, 1) == 4 && sphere_norm(&one, 1) == 2);
    }
}
/* More rows than one task takes. */
Test(sphere, rows_in_every_way)
{
    const size_t n = 3 * 4096 + 11, dim = 19, stride = 21;
    float *data = random_floats(n * stride), *query = random_floats(dim), *out = floats(n * dim), *want = floats(n * dim), *place = floats(n * stride);
    const sphere_rows rows = make_rows(data, n, dim, stride);
    size_t i, calls = 0, j;
    for (i = 0; i < WAYS; i++) {
        const sphere_exec exec = way(i, &calls);
        sphere_rows inside = make_rows(place, n, dim, stride);
        OK(sphere_row_dot(&rows, query, want, NULL)); OK(sphere_row_dot(&rows, query, out, &exec)); cr_assert(same_array(out, want, n));
        OK(sphere_row_norm(&rows, want, NULL)); OK(sphere_row_norm(&rows, out, &exec)); cr_assert(same_array(out, want, n));
        OK(sphere_row_cosine(&rows, query, want, NULL)); OK(sphere_row_cosine(&rows, query, out, &exec)); cr_assert(same_array(out, want, n));
        OK(sphere_row_variance(&rows, want, NULL)); OK(sphere_row_variance(&rows, out, &exec)); cr_assert(same_array(out, want, n));
        OK(sphere_row_mean(&rows, want, NULL)); OK(sphere_row_mean(&rows, out, &exec)); cr_assert(same_array(out, want, dim));
        OK(sphere_row_normalize(&rows, want, 0, NULL)); OK(sphere_row_normalize(&rows, out, dim, &exec)); cr_assert(same_array(out, want, n * dim));
        memcpy(place, data, n * stride * sizeof(float));
        OK(sphere_row_normalize(&inside, place, stride, &exec));        /* in place: the rows change, what lies between them does not */
        for (j = 0; j < n; j++) cr_assert(same_array(place + j * stride, want + j * dim, dim) && same_array(place + j * stride + dim, data + j * stride + dim, stride - dim));
    }
    cr_assert(calls == 3 * 6, "the job system ran %u times; the mean is serial", (unsigned)calls);
    free(data); free(query); free(out); free(want); free(place);
}
Test(sphere, row_mean_against_double)
{
    static const size_t counts[] = { 0, 1, 2, 255, 256, 257, 1000 }, widths[] = { 1, 3, 8, 100, 255, 256, 257, 600 };
    size_t c, w, level, i, j;
    for (level = 0; level < 2; level++) for (c = 0; c < 7; c++) for (w = 0; w < 8; w++) {
        const sphere_exec exec = way(level, NULL);
        const size_t n = counts[c], dim = widths[w], stride = dim + (w & 1);
        float *data = random_floats(n * stride), *mean = floats(dim);
        const sphere_rows rows = make_rows(n ? data : NULL, n, dim, stride);
        OK(sphere_row_mean(&rows, mean, &exec));
        for (j = 0; j < dim; j++) {
            double sum = 0, size = 0;
            float blocks = 0;
            for (i = 0; i < n; i++) { sum += (double)data[i * stride + j]; size += fabs((double)data[i * stride + j]); }
            cr_assert(fabs((double)mean[j] - (n ? sum / (double)n : 0)) <= 262 * UNIT * (n ? size / (double)n : 0));
            for (i = 0; i < n; i += 256) {                              /* the documented order, to the bit */
                float block = 0;
                size_t k;
                for (k = i; k < n && k < i + 256; k++) block += data[k * stride + j];
                blocks += block;
            }
            cr_assert(same(mean[j], n ? blocks / (float)n : 0));
        }
        free(data); free(mean);
    }
}
Test(sphere, rows_refuse_bad_arguments)
{
    float data[64], query[8], out[64], *huge = (float *)(void *)16;     /* not read: the shape is refused first */
    const sphere_rows good = make_rows(data, 8, 8, 0);
    sphere_exec exec[5];
    size_t i, levels = absent_levels(exec);
    memset(data, 0, sizeof(data)); memset(query, 0, sizeof(query)); fill(out, sizeof(out));
#define EACH_ROW_FUNCTION(want, rows, q, o, e) do { \
        FAILS(want, sphere_row_dot(rows, q, o, e)); FAILS(want, sphere_row_cosine(rows, q, o, e)); FAILS(want, sphere_row_norm(rows, o, e)); \
        FAILS(want, sphere_row_variance(rows, o, e)); FAILS(want, sphere_row_normalize(rows, o, 0, e)); FAILS(want, sphere_row_mean(rows, o, e)); } while (0)
    { EACH_ROW_FUNCTION(SPHERE_E_NULL, NULL, query, out, NULL); }
    { EACH_ROW_FUNCTION(SPHERE_E_NULL, &good, query, NULL, NULL); }
    { const sphere_rows bad = make_rows(NULL, 8, 8, 0); EACH_ROW_FUNCTION(SPHERE_E_NULL, &bad, query, out, NULL); }
    { const sphere_rows bad = make_rows(data, 8, 8, 7); EACH_ROW_FUNCTION(SPHERE_E_RANGE, &bad, query, out, NULL); }
    { const sphere_rows bad = make_rows(huge, SIZE_MAX / 16, 8, 0); EACH_ROW_FUNCTION(SPHERE_E_SIZE, &bad, query, out, NULL); }
    { const sphere_rows bad = make_rows(huge, SIZE_MAX / 2, 1, SIZE_MAX / 2); EACH_ROW_FUNCTION(SPHERE_E_SIZE, &bad, query, out, NULL); }
    { const sphere_rows bad = make_rows(huge, 3, 8, SIZE_MAX / 8); EACH_ROW_FUNCTION(SPHERE_E_SIZE, &bad, query, out, NULL); }
    { const sphere_rows bad = make_rows(huge, 2, SIZE_MAX, 0); EACH_ROW_FUNCTION(SPHERE_E_SIZE, &bad, query, out, NULL); }
    { const sphere_rows bad = make_rows(out, 8, 8, 0); FAILS(SPHERE_E_OVERLAP, sphere_row_dot(&bad, query, out + 63, NULL)); FAILS(SPHERE_E_OVERLAP, sphere_row_norm(&bad, out, NULL));
      FAILS(SPHERE_E_OVERLAP, sphere_row_variance(&bad, out, NULL)); FAILS(SPHERE_E_OVERLAP, sphere_row_cosine(&bad, query, out, NULL)); FAILS(SPHERE_E_OVERLAP, sphere_row_mean(&bad, out, NULL)); }
    FAILS(SPHERE_E_NULL, sphere_row_dot(&good, NULL, out, NULL));
    FAILS(SPHERE_E_NULL, sphere_row_cosine(&good, NULL, out, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_row_dot(&good, out + 4, out, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_row_cosine(&good, out, out, NULL));
    { const sphere_rows in = make_rows(out, 4, 8, 0);                   /* in place with another stride, or shifted by one */
      FAILS(SPHERE_E_OVERLAP, sphere_row_normalize(&in, out, 9, NULL)); FAILS(SPHERE_E_OVERLAP, sphere_row_normalize(&in, out + 1, 8, NULL)); FAILS(SPHERE_E_OVERLAP, sphere_row_normalize(&in, out + 31, 8, NULL)); }
    FAILS(SPHERE_E_RANGE, sphere_row_normalize(&good, out, 7, NULL));
    FAILS(SPHERE_E_SIZE, sphere_row_normalize(&good, out, SIZE_MAX / 4, NULL));
    for (i = 0; i < levels; i++) EACH_ROW_FUNCTION(SPHERE_E_LEVEL, &good, query, out, &exec[i]);
    { const sphere_rows none = make_rows(NULL, 0, 8, 0);                /* nothing to do is done */
      OK(sphere_row_dot(&none, NULL, NULL, NULL)); OK(sphere_row_cosine(&none, NULL, NULL, NULL)); OK(sphere_row_norm(&none, NULL, NULL));
      OK(sphere_row_variance(&none, NULL, NULL)); OK(sphere_row_normalize(&none, NULL, 0, NULL)); }
    cr_assert(untouched(out, sizeof(out)));
    { const sphere_rows flat = make_rows(NULL, 3, 0, 0);                /* rows without elements: zeros */
      OK(sphere_row_dot(&flat, NULL, out, NULL)); for (i = 0; i < 3; i++) { cr_assert(same(out[i], 0)); } fill(out, 12);
      OK(sphere_row_cosine(&flat, NULL, out, NULL)); for (i = 0; i < 3; i++) { cr_assert(same(out[i], 0)); } fill(out, 12);
      OK(sphere_row_norm(&flat, out, NULL)); for (i = 0; i < 3; i++) { cr_assert(same(out[i], 0)); } fill(out, 12);
      OK(sphere_row_variance(&flat, out, NULL)); for (i = 0; i < 3; i++) { cr_assert(same(out[i], 0)); } fill(out, 12);
      OK(sphere_row_normalize(&flat, out, 0, NULL)); OK(sphere_row_mean(&flat, out, NULL)); }
    cr_assert(untouched(out, sizeof(out)));
    { const sphere_rows side = make_rows(out, 4, 8, 0); memset(out, 0, sizeof(out)); OK(sphere_row_normalize(&side, out + 32, 0, NULL)); }
}
Test(sphere, half_to_float_all_patterns)
{
    uint16_t *half = (uint16_t *)get((65536 + 16) * sizeof(uint16_t));
    float *out = floats(65536 + 16 + 4);
    size_t i, level, shift, calls = 0;
    for (level = 0; level < WAYS; level++) for (shift = 0; shift < 17; shift += 4) {
        const sphere_exec exec = way(level, &calls);
        for (i = 0; i < 65536 + 16; i++) half[i] = (uint16_t)i;
        OK(sphere_half_to_float(half + shift % 8, out + shift % 5, 65536 + 16 - shift % 8, &exec));
        for (i = 0; i < 65536 + 16 - shift % 8; i++) {
            const unsigned h = (unsigned)(i + shift % 8) & 0xffffu, e = h >> 10 & 31u, m = h & 1023u;
            const float value = out[i + shift % 5], sign = h >> 15 ? -1.0f : 1.0f;
            const float want = e == 31 ? HUGE_VALF : e ? ldexpf((float)(1024 + m), (int)e - 25) : ldexpf((float)m, -24);
            if (e == 31 && m) cr_assert(is_the_nan(value), "%04x", h);
            else cr_assert(same(value, sign * want), "%04x: %g", h, (double)value);
        }
    }
    cr_assert(calls > 0);
    free(half); free(out);
    {
        float o[8];
        uint16_t h[4] = { 0, 0, 0, 0 };
        sphere_exec exec[5];
        size_t levels = absent_levels(exec);
        fill(o, sizeof(o));
        FAILS(SPHERE_E_NULL, sphere_half_to_float(NULL, o, 4, NULL));
        FAILS(SPHERE_E_NULL, sphere_half_to_float(h, NULL, 4, NULL));
        FAILS(SPHERE_E_OVERLAP, sphere_half_to_float((const uint16_t *)(const void *)(o + 1), o, 4, NULL));
        FAILS(SPHERE_E_OVERLAP, sphere_half_to_float((const uint16_t *)(const void *)o, o, 4, NULL));
        FAILS(SPHERE_E_SIZE, sphere_half_to_float(h, o, SIZE_MAX / 2, NULL));
        for (i = 0; i < levels; i++) FAILS(SPHERE_E_LEVEL, sphere_half_to_float(h, o, 4, &exec[i]));
        OK(sphere_half_to_float(NULL, NULL, 0, NULL));
        cr_assert(untouched(o, sizeof(o)));
    }
}

/* -- search */
/* The same scan in the simplest way: insert every row that is inside into a sorted list. */
static void scan(const float *value, size_t n, size_t self, float threshold, size_t k, uint32_t *index, float *score, size_t *inside, uint64_t *nans)
{
    size_t i, j, held = 0;
    *inside = 0;
    for (i = 0; i < n; i++) {
        const float v = value[i];
        if (!(v == v)) { ++*nans; continue; }
        if (i == self || v < threshold) continue;
        ++*inside;
        for (j = held; j > 0 && score[j - 1] < v; j--) if (j < k) { score[j] = score[j - 1]; index[j] = index[j - 1]; }
        if (j < k) { score[j] = v; index[j] = (uint32_t)i; }
        if (held < k) held++;
    }
    for (; held < k; held++) { score[held] = -HUGE_VALF; index[held] = 0xffffffffu; }
}
static void score_rows(const sphere_rows *rows, const float *query, sphere_metric metric, float *value)
{
    const sphere_exec portable = way(0, NULL);
    float *q = floats(rows->dim), *norm = floats(rows->n), length = sphere_norm(query, rows->dim);
    size_t i;
    for (i = 0; i < rows->dim; i++) q[i] = metric == SPHERE_DOT ? query[i] : length == 0 ? 0 : query[i] / length;
    OK(sphere_row_dot(rows, q, value, &portable));
    if (metric == SPHERE_COSINE) {
        OK(sphere_row_norm(rows, norm, &portable));
        for (i = 0; i < rows->n; i++) value[i] = norm[i] == 0 ? 0 : value[i] / norm[i];
    }
    free(q); free(norm);
}
/* Both searches against the scan; cone: threshold counts, else it is -infinity. With and without score and norms, at each way. */
static void check_search(const sphere_rows *rows, const sphere_rows *queries, size_t k, int cone, float threshold, sphere_metric metric, size_t ways, size_t forms)
{
    const size_t m = queries->n, stride = queries->stride ? queries->stride : queries->dim;
    uint32_t *want_index = (uint32_t *)get(m * k * 4), *index = (uint32_t *)get(m * k * 4);
    float *want = floats(m * k), *score = floats(m * k), *value = floats(rows->n), *norms = floats(rows->n);
    size_t *want_count = (size_t *)get(m * sizeof(size_t)), *count = (size_t *)get(m * sizeof(size_t)), i, w, form;
    uint64_t nans = 0;
    for (i = 0; i < m; i++) {
        score_rows(rows, queries->data + i * stride, metric, value);
        scan(value, rows->n, SIZE_MAX, threshold, k, want_index + i * k, want + i * k, &want_count[i], &nans);
    }
    OK(sphere_row_norm(rows, norms, NULL));
    for (w = 0; w < ways; w++) for (form = 0; form < forms; form++) {
        sphere_search_desc desc;
        sphere_search_report report;
        size_t bytes;
        void *memory;
        float *to = form & 1 ? NULL : score;
        memset(&desc, 0, sizeof(desc));
        desc.metric = metric;
        desc.exec = way(w, NULL);
        if (form & 2) desc.norms = norms;
        bytes = sphere_search_size(rows, queries, k, &desc);
        memory = get(bytes);
        fill(index, m * k * 4); fill(score, m * k * 4); fill(count, m * sizeof(size_t)); fill(&report, sizeof(report));
        if (cone) OK(sphere_search_cone(rows, queries, threshold, k, &desc, index, to, count, &report, memory, bytes));
        else OK(sphere_search_topk(rows, queries, k, &desc, index, to, &report, memory, bytes));
        for (i = 0; i < m * k; i++) cr_assert(index[i] == want_index[i] && (!to || same(score[i], want[i])), "n %u m %u k %u way %u form %u: query %u place %u: row %u, not %u; score %g, not %g",
            (unsigned)rows->n, (unsigned)m, (unsigned)k, (unsigned)w, (unsigned)form, (unsigned)(i / k), (unsigned)(i % k), (unsigned)index[i], (unsigned)want_index[i], to ? (double)score[i] : 0, (double)want[i]);
        for (i = 0; cone && i < m; i++) cr_assert(count[i] == want_count[i], "count %u, not %u", (unsigned)count[i], (unsigned)want_count[i]);
        if (!to) cr_assert(untouched(score, m * k * 4));
        cr_assert(report.scores == (uint64_t)rows->n * m && report.nan_scores == nans, "%u NaN, not %u", (unsigned)report.nan_scores, (unsigned)nans);
        free(memory);
    }
    free(want_index); free(index); free(want); free(score); free(value); free(norms); free(want_count); free(count);
}
/* Rows with ties: few values, and every seventh row is a copy of an earlier one. kind 1: NaN, infinities and zero rows as well. */
static float *tied_rows(size_t n, size_t dim, size_t stride, int kind)
{
    float *data = floats(n * stride);
    size_t i, j;
    for (i = 0; i < n; i++) {
        const size_t copy = i % 7 == 6 ? below(i) : i;
        for (j = 0; j < stride; j++) data[i * stride + j] = j >= dim ? NAN : copy != i ? data[copy * stride + j] : i % 3 ? (float)(int)below(5) - 2.0f : uniform();
        if (kind && dim && copy == i) {
            if (i % 11 == 1) data[i * stride + below(dim)] = NAN;
            if (i % 11 == 4) data[i * stride + below(dim)] = HUGE_VALF;
            if (i % 11 == 5) data[i * stride + below(dim)] = -HUGE_VALF;
            if (i % 11 == 8) memset(data + i * stride, 0, dim * sizeof(float));
        }
    }
    return data;
}
Test(sphere, topk_against_a_scan)
{
    static const size_t ms[] = { 1, 2, 3, 4, 5, 15, 16, 17, 33, 63, 64, 65, 70 }, ns[] = { 1, 2, 5, 64, 65, 150 }, ds[] = { 0, 1, 3, 16, 21, 100 };
    size_t a, b, c, kind;
    for (a = 0; a < 13; a++) for (b = 0; b < 6; b++) for (c = 0; c < 6; c++) for (kind = 0; kind < 2; kind++) {
        const size_t m = ms[a], n = ns[b], dim = ds[c], stride = dim + (a & 1), ks[4] = { 0, 1, n < 10 ? n : 10, n };
        float *data = tied_rows(n, dim, stride, (int)kind), *query = tied_rows(m, dim, dim, 0);
        const sphere_rows rows = make_rows(data, n, dim, stride), queries = make_rows(query, m, dim, 0);
        size_t i = (a + b + c + kind) % 4;                              /* each shape with one k, each k with many shapes */
        check_search(&rows, &queries, ks[i], 0, -HUGE_VALF, (a + b) & 1 ? SPHERE_COSINE : SPHERE_DOT, 2, 4);
        if (m == 3 || m == 65) for (i = 0; i < 4; i++) check_search(&rows, &queries, ks[i], 0, -HUGE_VALF, i & 1 ? SPHERE_COSINE : SPHERE_DOT, WAYS, 1);
        free(data); free(query);
    }
}
Test(sphere, cone_against_a_scan)
{
    static const size_t ms[] = { 1, 3, 4, 16, 17, 65 }, capacities[] = { 0, 1, 7, 150, 400 };
    static const float thresholds[] = { -HUGE_VALF, -1, -.25f, 0, .3f, .5f, 1, 3, HUGE_VALF };
    size_t a, b, c, kind;
    for (a = 0; a < 6; a++) for (b = 0; b < 9; b++) for (c = 0; c < 5; c++) for (kind = 0; kind < 2; kind++) {
        const size_t m = ms[a], n = 150, dim = kind ? 3 : 20;
        float *data = tied_rows(n, dim, dim, (int)kind), *query = tied_rows(m, dim, dim + 2, 0);
        const sphere_rows rows = make_rows(data, n, dim, 0), queries = make_rows(query, m, dim, dim + 2);
        check_search(&rows, &queries, capacities[c], 1, thresholds[b], (a + b + c) & 1 ? SPHERE_COSINE : SPHERE_DOT, 2, 4);
        free(data); free(query);
    }
}
/* One query answered alone, in a small and in a large group: the two code paths give the same bits. */
Test(sphere, search_does_not_depend_on_the_other_queries)
{
    const size_t n = 300, dim = 37, m = 70, k = 12;
    float *data = tied_rows(n, dim, dim, 1), *query = tied_rows(m, dim, dim, 0), *all = floats(m * k), *one = floats(3 * k);
    uint32_t *all_index = (uint32_t *)get(m * k * 4), one_index[36];
    const sphere_rows rows = make_rows(data, n, dim, 0), queries = make_rows(query, m, dim, 0);
    sphere_search_desc desc;
    size_t i, bytes = 0;
    void *memory;
    memset(&desc, 0, sizeof(desc));
    for (i = 0; i < 2; i++) {
        size_t q;
        desc.metric = i ? SPHERE_COSINE : SPHERE_DOT;
        bytes = sphere_search_size(&rows, &queries, k, &desc);
        memory = get(bytes);
        OK(sphere_search_topk(&rows, &queries, k, &desc, all_index, all, NULL, memory, bytes));
        for (q = 0; q + 3 <= m; q++) {
            const sphere_rows some = make_rows(query + q * dim, 1 + q % 3, dim, 0);
            OK(sphere_search_topk(&rows, &some, k, &desc, one_index, one, NULL, memory, bytes));
            cr_assert(memcmp(one_index, all_index + q * k, some.n * k * 4) == 0 && same_array(one, all + q * k, some.n * k), "query %u", (unsigned)q);
        }
        free(memory);
    }
    free(data); free(query); free(all); free(one); free(all_index);
}
/* So many rows that a search with a job system works in chunks: every order gives the answer of the scan, ties across chunks too. */
Test(sphere, search_in_chunks)
{
    const size_t n = 2 * 65536 + 4321, dim = 3;
    static const size_t ms[] = { 1, 2, 5, 68 }, ks[] = { 3, 40, 1, 9 };
    float *data = tied_rows(n, dim, dim, 1), *query = tied_rows(68, dim, dim, 0);
    const sphere_rows rows = make_rows(data, n, dim, 0);
    size_t a, i, calls = 0;
    for (i = 0; i < n * dim; i++) if (data[i] == data[i] && fabsf(data[i]) < 1) data[i] = data[i] < 0 ? -1.0f : 1.0f;      /* all scores tied */
    for (a = 0; a < 4; a++) {
        const sphere_rows queries = make_rows(query, ms[a], dim, 0), some = make_rows(data, a == 3 ? 65536 + 100 : n, dim, 0);
        check_search(&some, &queries, ks[a], (int)(a & 1), a & 1 ? .7f : -HUGE_VALF, a & 2 ? SPHERE_COSINE : SPHERE_DOT, WAYS, a == 0 ? 4 : 1);
    }
    {                                                                   /* few hits in some chunks, none in others, capacity beyond them */
        const sphere_rows queries = make_rows(query, 2, dim, 0);
        query[0] = query[1] = query[2] = 1; query[3] = -1; query[4] = query[5] = 0;
        for (i = 0; i < n * dim; i++) data[i] = i < 70000 * dim ? 0 : .5f;
        for (i = 0; i < 5; i++) data[(i * i * 31000 + 7) % n * dim] = 9.0f;
        check_search(&rows, &queries, 50, 1, 8.0f, SPHERE_DOT, WAYS, 1);
        check_search(&rows, &queries, 50, 1, 100.0f, SPHERE_DOT, WAYS, 1);
        check_search(&rows, &queries, 0, 1, 1.5f, SPHERE_DOT, WAYS, 1);
    }
    {                                                                   /* the hook is really used */
        const sphere_rows queries = make_rows(query, 1, dim, 0);
        uint32_t index[5];
        sphere_search_desc desc;
        void *memory;
        size_t bytes;
        memset(&desc, 0, sizeof(desc));
        desc.exec = way(2, &calls);
        bytes = sphere_search_size(&rows, &queries, 5, &desc);
        memory = get(bytes);
        OK(sphere_search_topk(&rows, &queries, 5, &desc, index, NULL, NULL, memory, bytes));
        cr_assert(calls == 1);
        free(memory);
    }
    free(data); free(query);
}
/* Everything that is refused, with all outputs as they were; and what is not an error. */
Test(sphere, search_refuses_bad_arguments)
{
    enum { n = 40, m = 5, dim = 6, k = 4 };
    float data[n * dim], query[m * dim], score[m * k];
    uint32_t index[m * k];
    size_t count[m], bytes, i, levels, form;
    sphere_search_report report;
    const sphere_rows rows = make_rows(data, n, dim, 0), queries = make_rows(query, m, dim, 0);
    sphere_search_desc desc;
    sphere_exec exec[5];
    void *memory;
    memset(&desc, 0, sizeof(desc));
    for (i = 0; i < n * dim; i++) data[i] = uniform();
    for (i = 0; i < m * dim; i++) query[i] = uniform();
    bytes = sphere_search_size(&rows, &queries, k, NULL);
    cr_assert(bytes > 0);
    memory = get(bytes);
    fill(score, sizeof(score)); fill(index, sizeof(index)); fill(count, sizeof(count)); fill(&report, sizeof(report));
#define TOPK(want, r, q, places, mem, size) FAILS(want, sphere_search_topk(r, q, places, &desc, index, score, &report, mem, size))
#define CONE(want, r, q, t, mem, size) FAILS(want, sphere_search_cone(r, q, t, k, &desc, index, score, count, &report, mem, size))
#define BOTH(want, r, q, mem, size) do { TOPK(want, r, q, k, mem, size); CONE(want, r, q, .1f, mem, size); } while (0)
    BOTH(SPHERE_E_NULL, NULL, &queries, memory, bytes);
    BOTH(SPHERE_E_NULL, &rows, NULL, memory, bytes);
    { const sphere_rows bad = make_rows(NULL, n, dim, 0); BOTH(SPHERE_E_NULL, &bad, &queries, memory, bytes); BOTH(SPHERE_E_NULL, &rows, &bad, memory, bytes); }
    FAILS(SPHERE_E_NULL, sphere_search_topk(&rows, &queries, k, NULL, NULL, score, &report, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_search_cone(&rows, &queries, 0, k, NULL, NULL, score, count, &report, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_search_cone(&rows, &queries, 0, k, NULL, index, score, NULL, &report, memory, bytes));
    { const sphere_rows bad = make_rows(data, n, dim, dim - 1); BOTH(SPHERE_E_RANGE, &bad, &queries, memory, bytes); BOTH(SPHERE_E_RANGE, &rows, &bad, memory, bytes); }
    { const sphere_rows bad = make_rows(query, m, dim - 1, 0); BOTH(SPHERE_E_RANGE, &rows, &bad, memory, bytes); BOTH(SPHERE_E_RANGE, &bad, &queries, memory, bytes); }
    { const sphere_rows few = make_rows(data, k - 1, dim, 0); TOPK(SPHERE_E_RANGE, &few, &queries, k, memory, bytes); }
    TOPK(SPHERE_E_RANGE, &rows, &queries, n + 1, memory, bytes);
    TOPK(SPHERE_E_RANGE, &rows, &queries, SIZE_MAX, memory, bytes);
    FAILS(SPHERE_E_SIZE, sphere_search_cone(&rows, &queries, 0, SIZE_MAX / 8, NULL, index, score, count, &report, memory, bytes));
    desc.metric = (sphere_metric)2;
    BOTH(SPHERE_E_RANGE, &rows, &queries, memory, bytes);
    desc.metric = (sphere_metric)-1;
    BOTH(SPHERE_E_RANGE, &rows, &queries, memory, bytes);
    desc.metric = SPHERE_COSINE;
    if (sizeof(size_t) > 4) {                                           /* 2^32 rows: never read, the shape is refused first */
        const sphere_rows many = make_rows(data, (size_t)0xffffffffu + 1, dim, 0), bare = make_rows(data, (size_t)0xffffffffu, 0, 0);
        BOTH(SPHERE_E_SIZE, &many, &queries, memory, bytes);
        BOTH(SPHERE_E_SIZE, &rows, &many, memory, bytes);
        BOTH(SPHERE_E_SIZE, &bare, &queries, memory, bytes);
    }
    { const sphere_rows huge = make_rows(data, SIZE_MAX / 8, dim, 0), wide = make_rows(data, 2, dim, SIZE_MAX / 8);
      BOTH(SPHERE_E_SIZE, &huge, &queries, memory, bytes); BOTH(SPHERE_E_SIZE, &wide, &queries, memory, bytes); BOTH(SPHERE_E_SIZE, &rows, &huge, memory, bytes);
      cr_assert(sphere_search_size(&huge, &huge, k, NULL) == 0 && sphere_search_size(&rows, &huge, k, NULL) == 0 && sphere_search_size(&rows, &queries, SIZE_MAX / 4, NULL) == 0); }
    cr_assert(sphere_search_size(NULL, &queries, k, NULL) == 0 && sphere_search_size(&rows, NULL, k, NULL) == 0);
    for (i = 0; i < m * dim; i += 7) {
        const float keep = query[i];
        query[i] = i & 1 ? NAN : -NAN;
        BOTH(SPHERE_E_NAN, &rows, &queries, memory, bytes);
        query[i] = keep;
    }
    CONE(SPHERE_E_NAN, &rows, &queries, NAN, memory, bytes);
    BOTH(SPHERE_E_MEMORY, &rows, &queries, NULL, bytes);
    BOTH(SPHERE_E_MEMORY, &rows, &queries, memory, bytes - 1);
    BOTH(SPHERE_E_MEMORY, &rows, &queries, memory, 0);
    levels = absent_levels(exec);
    for (i = 0; i < levels; i++) { desc.exec = exec[i]; BOTH(SPHERE_E_LEVEL, &rows, &queries, memory, bytes); }
    memset(&desc, 0, sizeof(desc));
    desc.metric = SPHERE_COSINE;
    /* an output over an input, over another output or over the memory */
    FAILS(SPHERE_E_OVERLAP, sphere_search_topk(&rows, &queries, k, &desc, index, score, (sphere_search_report *)(void *)((char *)memory + 64), memory, bytes));
    FAILS(SPHERE_E_OVERLAP, sphere_search_topk(&rows, &queries, k, &desc, index, score, (sphere_search_report *)(void *)index, memory, bytes));
    { float area[1024];
      const sphere_rows in = make_rows(area, n, dim, 0), ask = make_rows(area, m, dim, 0);
      float *last = area + m * dim - 1;
      const size_t most = sizeof(area);
      for (i = 0; i < 1024; i++) area[i] = 0;
      FAILS(SPHERE_E_OVERLAP, sphere_search_topk(&in, &queries, k, &desc, (uint32_t *)(void *)(area + n * dim - 1), score, &report, memory, bytes));
      FAILS(SPHERE_E_OVERLAP, sphere_search_topk(&in, &queries, k, &desc, index, area + 3, &report, memory, bytes));
      FAILS(SPHERE_E_OVERLAP, sphere_search_topk(&in, &queries, k, &desc, index, score, &report, area, most));
      FAILS(SPHERE_E_OVERLAP, sphere_search_topk(&rows, &ask, k, &desc, (uint32_t *)(void *)last, score, &report, memory, bytes));
      FAILS(SPHERE_E_OVERLAP, sphere_search_cone(&rows, &ask, 0, k, &desc, index, score, (size_t *)(void *)area, &report, memory, bytes));
      FAILS(SPHERE_E_OVERLAP, sphere_search_topk(&rows, &queries, k, &desc, index, (float *)(void *)(index + 1), &report, memory, bytes));
      FAILS(SPHERE_E_OVERLAP, sphere_search_cone(&rows, &queries, 0, k, &desc, (uint32_t *)(void *)count, score, count, &report, memory, bytes));
      FAILS(SPHERE_E_OVERLAP, sphere_search_topk(&rows, &queries, k, &desc, (uint32_t *)(void *)(area + 40), score, &report, area, most));
      desc.norms = area;
      FAILS(SPHERE_E_OVERLAP, sphere_search_topk(&rows, &queries, k, &desc, (uint32_t *)(void *)(area + n - 1), score, &report, memory, bytes));
      desc.norms = NULL;
      for (i = 0; i < 1024; i++) cr_assert(area[i] == 0); }
    cr_assert(untouched(score, sizeof(score)) && untouched(index, sizeof(index)) && untouched(count, sizeof(count)) && untouched(&report, sizeof(report)));
    /* not errors */
    OK(sphere_search_topk(&rows, &queries, 0, &desc, NULL, NULL, NULL, memory, bytes));
    OK(sphere_search_cone(&rows, &queries, .5f, 0, &desc, NULL, NULL, count, NULL, memory, bytes));
    { const sphere_rows none = make_rows(NULL, 0, dim, 0);
      OK(sphere_search_topk(&rows, &none, k, NULL, NULL, NULL, &report, NULL, 0));
      cr_assert(report.scores == 0 && report.nan_scores == 0);
      OK(sphere_search_cone(&none, &queries, 0, k, NULL, index, score, count, &report, memory, bytes));
      for (i = 0; i < m * k; i++) cr_assert(index[i] == SPHERE_NO_INDEX && score[i] == -HUGE_VALF);
      for (i = 0; i < m; i++) cr_assert(count[i] == 0); }
    free(memory);
    /* memory at any address, and not a byte beyond it; few and many queries */
    for (form = 0; form < 40; form++) {
        const sphere_rows ask = make_rows(query, 1 + form % m, dim, 0);
        const size_t need = sphere_search_size(&rows, &ask, k, &desc), shift = form * 7 % 65;
        char *block = (char *)get(need + shift + 64);
        uint32_t other[m * k];
        fill(block, need + shift + 64);
        OK(sphere_search_topk(&rows, &ask, k, &desc, index, score, NULL, block + shift, need));
        cr_assert(untouched(block, shift) && untouched(block + shift + need, 64));
        free(block);
        if (form % m == m - 1) continue;
        block = (char *)get(bytes);
        OK(sphere_search_topk(&rows, &queries, k, &desc, other, NULL, NULL, block, bytes));
        cr_assert(memcmp(other, index, ask.n * k * 4) == 0);
        free(block);
    }
}
/* No rows at all, described by a dim that is not the queries': either refused, or an empty answer; never a write beyond the memory. */
Test(sphere, search_of_no_rows)
{
    const size_t m = 6, dim = 768;
    float *query = random_floats(m * dim), score[12];
    uint32_t index[12];
    size_t count[6], i, bytes, few;
    for (few = 1; few <= m; few += 5) {
        const sphere_rows none = make_rows(NULL, 0, 0, 0), queries = make_rows(query, few, dim, 0);
        sphere_status status;
        char *memory;
        bytes = sphere_search_size(&none, &queries, 2, NULL);
        memory = (char *)get(bytes + 65536);
        fill(memory, bytes + 65536);
        status = sphere_search_cone(&none, &queries, 0, 2, NULL, index, score, count, NULL, memory, bytes);
        cr_assert(status == SPHERE_E_RANGE || status == SPHERE_OK);
        cr_assert(untouched(memory + bytes, 65536), "written beyond the working memory");
        for (i = 0; i < few && status == SPHERE_OK; i++) cr_assert(count[i] == 0 && index[2 * i] == SPHERE_NO_INDEX && index[2 * i + 1] == SPHERE_NO_INDEX);
        free(memory);
    }
    free(query);
}

/* -- neighbour graph */
Test(sphere, graph_against_brute_force)
{
    static const size_t ns[] = { 1, 2, 3, 64, 65, 200 }, ds[] = { 0, 1, 3, 100 };
    size_t a, b, c, w, i, j;
    for (a = 0; a < 6; a++) for (b = 0; b < 4; b++) for (c = 0; c < 4; c++) {
        const size_t n = ns[a], dim = ds[b], stride = dim + (c & 1), k = c == 0 ? 0 : c == 1 ? n - 1 : c == 2 ? (n > 1) : (n > 10 ? 10 : n / 2);
        float *data = tied_rows(n, dim, stride, 0), *unit = floats(n * dim), *want = floats(n * k), *similarity = floats(n * k), *value = floats(n);
        uint32_t *want_index = (uint32_t *)get(n * k * 4), *index = (uint32_t *)get(n * k * 4);
        const sphere_rows rows = make_rows(data, n, dim, stride), units = make_rows(unit, n, dim, 0);
        const size_t bytes = sphere_graph_size(&rows, k);
        uint64_t nans = 0;
        if (n > 20 && dim) { memset(data + 5 * stride, 0, dim * sizeof(float)); memset(data + 19 * stride, 0, dim * sizeof(float)); }
        OK(sphere_row_normalize(&rows, unit, 0, NULL));
        for (i = 0; i < n; i++) {
            size_t inside;
            for (j = 0; j < n; j++) value[j] = lanes_dot(unit + i * dim, unit + j * dim, dim);
            scan(value, n, i, -HUGE_VALF, k, want_index + i * k, want + i * k, &inside, &nans);
            cr_assert(inside == n - 1);
        }
        for (w = 0; w < WAYS; w++) {
            const sphere_exec exec = way(w, NULL);
            char *memory = (char *)get(bytes + w);
            fill(index, n * k * 4); fill(similarity, n * k * 4);
            OK(sphere_graph(&rows, k, index, similarity, w ? &exec : NULL, memory + w, bytes));
            for (i = 0; i < n * k; i++) cr_assert(index[i] == want_index[i] && same(similarity[i], want[i]), "n %u dim %u k %u: row %u, place %u: %u, not %u; %.9g, not %.9g", (unsigned)n, (unsigned)dim,
                (unsigned)k, (unsigned)(i / k), (unsigned)(i % k), (unsigned)index[i], (unsigned)want_index[i], (double)similarity[i], (double)want[i]);
            free(memory);
        }
        for (i = 0; i < n * k; i++) {                                   /* the same in both directions */
            const size_t other = index[i];
            for (j = 0; j < k; j++) if (index[other * k + j] == i / k) cr_assert(same(similarity[other * k + j], similarity[i]));
        }
        (void)units;
        free(data); free(unit); free(want); free(similarity); free(value); free(want_index); free(index);
    }
}
Test(sphere, graph_refuses_bad_arguments)
{
    enum { n = 70, dim = 5, k = 3 };
    float data[n * dim], similarity[n * k];
    uint32_t index[n * k];
    const sphere_rows rows = make_rows(data, n, dim, 0);
    const size_t bytes = sphere_graph_size(&rows, k);
    void *memory = get(bytes);
    sphere_exec exec[5];
    size_t i, levels = absent_levels(exec);
    const float bad[] = { NAN, -NAN, HUGE_VALF, -HUGE_VALF };
    for (i = 0; i < n * dim; i++) data[i] = uniform();
    fill(index, sizeof(index)); fill(similarity, sizeof(similarity));
    cr_assert(bytes > 0 && sphere_graph_size(NULL, k) == 0);
    FAILS(SPHERE_E_NULL, sphere_graph(NULL, k, index, similarity, NULL, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_graph(&rows, k, NULL, similarity, NULL, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_graph(&rows, k, index, NULL, NULL, memory, bytes));
    { const sphere_rows r = make_rows(NULL, n, dim, 0); FAILS(SPHERE_E_NULL, sphere_graph(&r, k, index, similarity, NULL, memory, bytes)); }
    { const sphere_rows r = make_rows(data, n, dim, 4); FAILS(SPHERE_E_RANGE, sphere_graph(&r, k, index, similarity, NULL, memory, bytes)); }
    FAILS(SPHERE_E_RANGE, sphere_graph(&rows, n, index, similarity, NULL, memory, bytes));
    FAILS(SPHERE_E_RANGE, sphere_graph(&rows, SIZE_MAX, index, similarity, NULL, memory, bytes));
    { const sphere_rows r = make_rows(data, SIZE_MAX / 8, dim, 0), wide = make_rows(data, n, SIZE_MAX / 16, 0);
      FAILS(SPHERE_E_SIZE, sphere_graph(&r, k, index, similarity, NULL, memory, bytes)); FAILS(SPHERE_E_SIZE, sphere_graph(&wide, k, index, similarity, NULL, memory, bytes));
      cr_assert(sphere_graph_size(&r, k) == 0 && sphere_graph_size(&wide, k) == 0); }
    if (sizeof(size_t) > 4) { const sphere_rows r = make_rows(data, 0xffffffffu, 0, 0); FAILS(SPHERE_E_SIZE, sphere_graph(&r, k, index, similarity, NULL, memory, bytes)); }
    FAILS(SPHERE_E_MEMORY, sphere_graph(&rows, k, index, similarity, NULL, NULL, bytes));
    FAILS(SPHERE_E_MEMORY, sphere_graph(&rows, k, index, similarity, NULL, memory, bytes - 1));
    for (i = 0; i < levels; i++) FAILS(SPHERE_E_LEVEL, sphere_graph(&rows, k, index, similarity, &exec[i], memory, bytes));
    for (i = 0; i < 8; i++) {                                           /* anywhere in the last row */
        data[n * dim - 1 - i % 5] = bad[i % 4];
        FAILS(SPHERE_E_NAN, sphere_graph(&rows, k, index, similarity, NULL, memory, bytes));
        data[n * dim - 1 - i % 5] = 1;
    }
    FAILS(SPHERE_E_OVERLAP, sphere_graph(&rows, k, index, (float *)(void *)(index + n * k - 1), NULL, memory, bytes));
    FAILS(SPHERE_E_OVERLAP, sphere_graph(&rows, k, index, similarity, NULL, similarity, bytes));
    FAILS(SPHERE_E_OVERLAP, sphere_graph(&rows, k, index, similarity, NULL, index, bytes));
    cr_assert(untouched(index, sizeof(index)) && untouched(similarity, sizeof(similarity)));
    { const sphere_rows r = make_rows(similarity, n, 2, 0);
      FAILS(SPHERE_E_OVERLAP, sphere_graph(&r, k, index, similarity, NULL, memory, bytes)); FAILS(SPHERE_E_OVERLAP, sphere_graph(&r, k, index, similarity, NULL, similarity, bytes)); }
    { const sphere_rows none = make_rows(NULL, 0, dim, 0); OK(sphere_graph(&none, k, NULL, NULL, NULL, NULL, 0)); }
    OK(sphere_graph(&rows, 0, NULL, NULL, NULL, memory, bytes));
    cr_assert(untouched(index, sizeof(index)) && untouched(similarity, sizeof(similarity)));
    OK(sphere_graph(&rows, k, index, similarity, NULL, memory, bytes));
    free(memory);
}

/* -- quality */
Test(sphere, cells_poles_seam_and_share)
{
    enum { n = 40000 };
    static const float at[][3] = { { 0, 0, -1 }, { -0.0f, -0.0f, -1 }, { 0, 0, 1 }, { -0.0f, 0, 1 }, { 1, 0, 0 }, { 1, -0.0f, 0 }, { 1, -1e-30f, 0 }, { 1, 1e-30f, 0 }, { -1, 0, 0 },
        { -1, -1e-6f, 0 }, { 0, 1, 0 }, { 0, -1, 0 }, { 1, 0, -1e-20f }, { 0, 0, 1.0000002f }, { 0, 0, -1.0000002f }, { 0, 0, 0 }, { 1, 0, HUGE_VALF }, { 1, 0, -HUGE_VALF } };
    static const uint32_t want[] = { 0, 0, 180, 180, 100, 100, 119, 100, 110, 110, 105, 115, 100, 180, 0, 100, 180, 0 };
    static const size_t cuts[][2] = { { 10, 20 }, { 1, 1 }, { 1, 7 }, { 13, 1 }, { 3, 1000 }, { 100000, 40000 } };
    float *x = floats(n), *y = floats(n), *z = floats(n);
    uint32_t *cell = (uint32_t *)get(n * 4), *other = (uint32_t *)get(n * 4);
    size_t i, level, c, count[200];
    for (level = 0; level < 2; level++) {
        const sphere_exec exec = way(level, NULL);
        for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
            OK(sphere_cells(&at[i][0], &at[i][1], &at[i][2], 1, 10, 20, cell, &exec));
            cr_assert(cell[0] == want[i], "point %u: cell %u, not %u", (unsigned)i, (unsigned)cell[0], (unsigned)want[i]);
        }
        /* a lattice of equal area: every cell gets the same share, exactly */
        for (i = 0; i < n; i++) {
            const double height = ((double)(i / 200) + .5) / 100 - 1, turn = ((double)(i % 200) + .5) / 100 * (double)PI, flat = sqrt(1 - height * height);
            x[i] = (float)(flat * cos(turn)); y[i] = (float)(flat * sin(turn)); z[i] = (float)height;
        }
        OK(sphere_cells(x, y, z, n, 10, 20, cell, &exec));
        memset(count, 0, sizeof(count));
        for (i = 0; i < n; i++) { cr_assert(cell[i] < 200); count[cell[i]]++; }
        for (i = 0; i < 200; i++) cr_assert(count[i] == n / 200, "cell %u: %u", (unsigned)i, (unsigned)count[i]);
        for (c = 0; c < 6; c++) {                                       /* random points by the formula; the borders are rounded */
            const size_t bands = cuts[c][0], sectors = cuts[c][1];
            for (i = 0; i < n; i++) unit_point(&x[i], &y[i], &z[i]);
            OK(sphere_cells(x, y, z, n, bands, sectors, cell, &exec));
            for (i = 0; i < n; i++) {
                double turn = atan2((double)y[i], (double)x[i]) / (2 * (double)PI), height = ((double)z[i] + 1) / 2 * (double)bands;
                if (turn < 0) turn += 1;
                turn *= (double)sectors;
                if (fabs(turn - floor(turn + .5)) < 3e-7 * (double)sectors || fabs(height - floor(height + .5)) < 1e-9) { cr_assert(cell[i] < bands * sectors); continue; }
                cr_assert(cell[i] == (uint32_t)height * (uint32_t)sectors + (uint32_t)turn, "cell %u of %u x %u", (unsigned)cell[i], (unsigned)bands, (unsigned)sectors);
            }
        }
        x[3] = NAN; y[300] = -NAN; z[n - 1] = NAN; x[7] = y[7] = HUGE_VALF;
        OK(sphere_cells(x, y, z, n, 10, 20, other, &exec));
        for (i = 0; i < n; i++) cr_assert((other[i] == SPHERE_NO_INDEX) == (i == 3 || i == 300 || i == n - 1 || i == 7));
    }
    free(x); free(y); free(z); free(cell); free(other);
}
Test(sphere, cells_refuse_bad_arguments)
{
    float x[9] = { 0 }, y[9] = { 0 }, z[9] = { 0 };
    uint32_t cell[9];
    sphere_exec exec[5];
    size_t i, levels = absent_levels(exec);
    fill(cell, sizeof(cell));
    FAILS(SPHERE_E_NULL, sphere_cells(NULL, y, z, 9, 10, 20, cell, NULL));
    FAILS(SPHERE_E_NULL, sphere_cells(x, NULL, z, 9, 10, 20, cell, NULL));
    FAILS(SPHERE_E_NULL, sphere_cells(x, y, NULL, 9, 10, 20, cell, NULL));
    FAILS(SPHERE_E_NULL, sphere_cells(x, y, z, 9, 10, 20, NULL, NULL));
    FAILS(SPHERE_E_RANGE, sphere_cells(x, y, z, 9, 0, 20, cell, NULL));
    FAILS(SPHERE_E_RANGE, sphere_cells(x, y, z, 9, 10, 0, cell, NULL));
    FAILS(SPHERE_E_SIZE, sphere_cells(x, y, z, 9, 65536, 65536, cell, NULL));
    FAILS(SPHERE_E_SIZE, sphere_cells(x, y, z, 9, SIZE_MAX, SIZE_MAX, cell, NULL));
    FAILS(SPHERE_E_SIZE, sphere_cells(x, y, z, 9, 2, SIZE_MAX / 2 + 1, cell, NULL));
    FAILS(SPHERE_E_SIZE, sphere_cells(x, y, z, SIZE_MAX, 2, 2, cell, NULL));
    for (i = 0; i < levels; i++) FAILS(SPHERE_E_LEVEL, sphere_cells(x, y, z, 9, 10, 20, cell, &exec[i]));
    OK(sphere_cells(NULL, NULL, NULL, 0, 10, 20, NULL, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_cells(x, (const float *)(const void *)cell, z, 9, 10, 20, cell, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_cells(x, y, (const float *)(const void *)(cell + 8), 9, 10, 20, cell, NULL));
    cr_assert(untouched(cell, sizeof(cell)));
}
static int ascending(const void *a, const void *b) { const double x = *(const double *)a, y = *(const double *)b; return (x > y) - (x < y); }
/* The three numbers again in double, with the library's qsort. Only the directions of the axes come from the header. */
static void check_evenness(const float *x, const float *y, const float *z, size_t n, const sphere_evenness_desc *desc, size_t bands, size_t sectors, size_t axes, uint64_t seed)
{
    size_t *count = (size_t *)get(bands * sectors * sizeof(size_t)), i, a, w;
    double *along = (double *)get(n * sizeof(double)), square = 0, most = 0, worst = 0, mean = (double)n / (double)(bands * sectors);
    uint32_t *cell = (uint32_t *)get(n * 4);
    OK(sphere_cells(x, y, z, n, bands, sectors, cell, NULL));
    for (i = 0; i < bands * sectors; i++) count[i] = 0;
    for (i = 0; i < n; i++) count[cell[i]]++;
    for (i = 0; i < bands * sectors; i++) { square += ((double)count[i] - mean) * ((double)count[i] - mean); if ((double)count[i] > most) most = (double)count[i]; }
    for (a = 0; a < axes; a++) {
        float axis[3];
        sphere_random_axis_(seed, 0x65766e65u, a, axis);
        cr_assert(fabs((double)axis[0] * (double)axis[0] + (double)axis[1] * (double)axis[1] + (double)axis[2] * (double)axis[2] - 1) < 1e-6);
        for (i = 0; i < n; i++) along[i] = (double)x[i] * (double)axis[0] + (double)y[i] * (double)axis[1] + (double)z[i] * (double)axis[2];
        qsort(along, n, sizeof(double), ascending);
        for (i = 0; i < n; i++) {
            const double even = (along[i] + 1) / 2;
            if (even - (double)i / (double)n > worst) worst = even - (double)i / (double)n;
            if ((double)(i + 1) / (double)n - even > worst) worst = (double)(i + 1) / (double)n - even;
        }
    }
    for (w = 0; w < 2; w++) {
        sphere_evenness_desc d;
        sphere_evenness out;
        const size_t bytes = sphere_evenness_size(n, desc);
        char *memory = (char *)get(bytes + w);
        memset(&d, 0, sizeof(d));
        if (desc) d = *desc;
        d.exec = way(w, NULL);
        OK(sphere_measure_evenness(x, y, z, n, !desc && w ? NULL : &d, &out, memory + w, bytes));
        cr_assert(fabs((double)out.cell_max - most / mean) <= 1e-6 * most / mean, "cell_max %g, not %g", (double)out.cell_max, most / mean);
        cr_assert(fabs((double)out.cell_cv - sqrt(square / (double)(bands * sectors)) / mean) <= 1e-6 * (double)out.cell_cv + 1e-9, "cell_cv %g", (double)out.cell_cv);
        cr_assert(fabs((double)out.cap_discrepancy - worst) <= 3e-7, "cap_discrepancy %.9g, not %.9g", (double)out.cap_discrepancy, worst);
        free(memory);
    }
    free(count); free(along); free(cell);
}
Test(sphere, evenness_against_double)
{
    static const size_t ns[] = { 1, 2, 10, 777, 3000 };
    const size_t most = 3000;
    float *x = floats(most), *y = floats(most), *z = floats(most);
    sphere_evenness_desc desc;
    size_t kind, c, i;
    for (kind = 0; kind < 4; kind++) {
        for (i = 0; i < most; i++) {
            unit_point(&x[i], &y[i], &z[i]);
            if (kind == 1) { x[i] = y[i] = 0; z[i] = i & 1 ? 1 : -1; }  /* all ties, on both poles */
            if (kind == 2) { x[i] = 0; y[i] = 1; z[i] = 0; }
            if (kind == 3) {                                            /* a Fibonacci lattice */
                const double h = 1 - (2 * (double)i + 1) / (double)most, turn = 2.399963229728653 * (double)i;
                x[i] = (float)(sqrt(1 - h * h) * cos(turn)); y[i] = (float)(sqrt(1 - h * h) * sin(turn)); z[i] = (float)h;
            }
        }
        for (c = 0; c < 5; c++) {
            memset(&desc, 0, sizeof(desc));
            desc.bands = 1 + c * 3; desc.sectors = 7 - c; desc.axes = 10 + c; desc.seed = 12345 * c;
            check_evenness(x, y, z, ns[c], &desc, desc.bands, desc.sectors, desc.axes, desc.seed);
        }
        check_evenness(x, y, z, 777, NULL, 10, 20, 500, 0);
        if (kind == 3) {                                                /* and the numbers mean what they say */
            sphere_evenness out;
            const size_t bytes = sphere_evenness_size(most, NULL);
            void *memory = get(bytes);
            OK(sphere_measure_evenness(x, y, z, most, NULL, &out, memory, bytes));
            cr_assert(out.cell_max < 1.5f && out.cell_cv < .2f && out.cap_discrepancy < .01f, "lattice: %g %g %g", (double)out.cell_max, (double)out.cell_cv, (double)out.cap_discrepancy);
            for (i = 0; i < most; i++) { x[i] = y[i] = 0; z[i] = 1; }
            OK(sphere_measure_evenness(x, y, z, most, NULL, &out, memory, bytes));
            cr_assert(out.cell_max == 200 && out.cap_discrepancy > .99f && out.cap_discrepancy <= 1);
            free(memory);
        }
    }
    free(x); free(y); free(z);
}
Test(sphere, evenness_refuses_bad_arguments)
{
    enum { n = 50 };
    float x[n], y[n], z[n], *xyz[3];
    sphere_evenness out;
    sphere_evenness_desc desc;
    const size_t bytes = sphere_evenness_size(n, NULL);
    void *memory = get(bytes);
    sphere_exec exec[5];
    size_t i, k, levels = absent_levels(exec);
    xyz[0] = x; xyz[1] = y; xyz[2] = z;
    for (i = 0; i < n; i++) unit_point(&x[i], &y[i], &z[i]);
    memset(&desc, 0, sizeof(desc));
    fill(&out, sizeof(out));
    FAILS(SPHERE_E_NULL, sphere_measure_evenness(NULL, y, z, n, NULL, &out, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_measure_evenness(x, NULL, z, n, NULL, &out, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_measure_evenness(x, y, NULL, n, NULL, &out, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_measure_evenness(x, y, z, n, NULL, NULL, memory, bytes));
    FAILS(SPHERE_E_RANGE, sphere_measure_evenness(x, y, z, 0, NULL, &out, memory, bytes));
    FAILS(SPHERE_E_MEMORY, sphere_measure_evenness(x, y, z, n, NULL, &out, NULL, bytes));
    FAILS(SPHERE_E_MEMORY, sphere_measure_evenness(x, y, z, n, NULL, &out, memory, bytes - 1));
    FAILS(SPHERE_E_SIZE, sphere_measure_evenness(x, y, z, SIZE_MAX / 4, NULL, &out, memory, bytes));
    desc.bands = SIZE_MAX; desc.sectors = 2;
    FAILS(SPHERE_E_SIZE, sphere_measure_evenness(x, y, z, n, &desc, &out, memory, bytes));
    cr_assert(sphere_evenness_size(n, &desc) == 0 && sphere_evenness_size(SIZE_MAX / 4, NULL) == 0 && sphere_evenness_size(SIZE_MAX, NULL) == 0);
    memset(&desc, 0, sizeof(desc));
    for (i = 0; i < levels; i++) { desc.exec = exec[i]; FAILS(SPHERE_E_LEVEL, sphere_measure_evenness(x, y, z, n, &desc, &out, memory, bytes)); }
    for (k = 0; k < 3; k++) for (i = 0; i < n; i += n - 1) {
        const float keep = xyz[k][i];
        xyz[k][i] = NAN;
        FAILS(SPHERE_E_NAN, sphere_measure_evenness(x, y, z, n, NULL, &out, memory, bytes));
        xyz[k][i] = keep;
    }
    for (k = 0; k < 3; k++) for (i = 0; i < 3; i++) {                   /* far from any unit vector */
        const float keep = xyz[k][7], far[3] = { HUGE_VALF, -HUGE_VALF, -2.5f };
        xyz[k][7] = far[i];
        FAILS(SPHERE_E_RANGE, sphere_measure_evenness(x, y, z, n, NULL, &out, memory, bytes));
        xyz[k][7] = keep;
    }
    FAILS(SPHERE_E_OVERLAP, sphere_measure_evenness(x, y, z, n, NULL, &out, x, bytes));
    FAILS(SPHERE_E_OVERLAP, sphere_measure_evenness(x, y, z, n, NULL, &out, z + n - 1, bytes));
    FAILS(SPHERE_E_OVERLAP, sphere_measure_evenness(x, y, z, n, NULL, &out, &out, bytes));
    cr_assert(untouched(&out, sizeof(out)));
    OK(sphere_measure_evenness(x, y, z, n, NULL, &out, memory, bytes));
    free(memory);
}
/* The definition by a double loop. rank(i, j): how many others come before j as seen from i, by (similarity, index). */
static void check_fidelity(const float *data, size_t n, size_t dim, size_t stride, const float *x, const float *y, const float *z, const sphere_fidelity_desc *desc)
{
    static const float usual[4] = { .01f, .05f, .1f, 0 };
    const size_t k = desc && desc->k ? desc->k : 10;
    const float *share = desc && (desc->cones[0] > 0 || desc->cones[1] > 0 || desc->cones[2] > 0 || desc->cones[3] > 0) ? desc->cones : usual;
    const sphere_rows rows = make_rows(data, n, dim, stride);
    float *unit = floats(n * dim), *near = floats(n), *map = floats(n);
    double recall = 0, penalty = 0, cone[4] = { 0, 0, 0, 0 }, trust;
    size_t i, j, o, c, w;
    OK(sphere_row_normalize(&rows, unit, 0, NULL));
    for (i = 0; i < n; i++) {
        for (j = 0; j < n; j++) {
            const float a[3] = { x[i], y[i], z[i] }, b[3] = { x[j], y[j], z[j] };
            near[j] = lanes_dot(unit + i * dim, unit + j * dim, dim);
            map[j] = lanes_dot(a, b, 3);
        }
        for (j = 0; j < n; j++) if (j != i) {
            size_t near_rank = 1, map_rank = 1, nearer_on_map = 0;
            for (o = 0; o < n; o++) if (o != i && o != j) {
                near_rank += near[o] > near[j] || (near[o] == near[j] && o < j);
                map_rank += map[o] > map[j] || (map[o] == map[j] && o < j);
                nearer_on_map += map[o] > map[j];
            }
            if (near_rank <= k) {
                recall += map_rank <= k;
                for (c = 0; c < 4; c++) cone[c] += (double)(nearer_on_map + 2) <= floor((double)share[c] * (double)n + .5);     /* the centre and j itself */
            } else if (map_rank <= k) penalty += (double)(near_rank - k);
        }
    }
    recall /= (double)(n * k);
    /* the largest possible penalty: k invented neighbours from the far end, or all n - k - 1 far ones where that is fewer */
    if (2 * k < n) trust = 1 - 2 * penalty / ((double)(n * k) * (2 * (double)n - 3 * (double)k - 1));
    else trust = k == n - 1 ? 1 : 1 - 2 * penalty / ((double)(n * (n - k)) * (double)(n - k - 1));
    for (w = 0; w < WAYS; w++) {
        sphere_fidelity_desc d;
        sphere_fidelity out;
        const size_t bytes = sphere_fidelity_size(&rows, desc);
        char *memory = (char *)get(bytes + w);
        memset(&d, 0, sizeof(d));
        if (desc) d = *desc;
        d.exec = way(w, NULL);
        OK(sphere_measure_fidelity(&rows, x, y, z, !desc && w == 1 ? NULL : &d, &out, memory + w, bytes));
        cr_assert(out.samples == n);
        cr_assert(same(out.recall, (float)recall), "recall %g, not %g", (double)out.recall, recall);
        for (c = 0; c < 4; c++) cr_assert(same(out.cone[c], (float)(cone[c] / (double)(n * k))), "cone %u: %g, not %g", (unsigned)c, (double)out.cone[c], cone[c] / (double)(n * k));
        cr_assert(fabs((double)out.trust - trust) < 1e-7 && out.trust >= 0 && out.trust <= 1, "trust %g, not %g", (double)out.trust, trust);
        free(memory);
    }
    free(unit); free(near); free(map);
}
Test(sphere, fidelity_against_a_double_loop)
{
    enum { n = 210, dim = 12 };
    static const size_t ks[] = { 1, 5, 10, 64 }, ns[] = { 2, 3, 11, 65, 100, n };
    float *data = tied_rows(n, dim, dim, 0), *x = floats(n), *y = floats(n), *z = floats(n);
    sphere_fidelity_desc desc;
    size_t kind, i, c;
    for (kind = 0; kind < 4; kind++) {
        for (i = 0; i < n; i++) {                                       /* random, the first three columns, many duplicates, one point */
            unit_point(&x[i], &y[i], &z[i]);
            if (kind == 1) { x[i] = data[i * dim]; y[i] = data[i * dim + 1]; z[i] = data[i * dim + 2]; }
            if (kind == 2 && i % 4) { x[i] = x[i - 1]; y[i] = y[i - 1]; z[i] = z[i - 1]; }
            if (kind == 3) { x[i] = .6f; y[i] = 0; z[i] = .8f; }
        }
        if (kind == 1) OK(sphere_unit(x, y, z, n, NULL));
        check_fidelity(data, n, dim, 0, x, y, z, NULL);
        for (c = 0; c < 6; c++) {
            memset(&desc, 0, sizeof(desc));
            desc.k = ks[(c + kind) % 4];
            if (desc.k >= ns[c]) desc.k = ns[c] - 1;
            if (c & 1) { desc.cones[0] = 1; desc.cones[1] = .5f; desc.cones[2] = 2.0f / (float)ns[c]; desc.cones[3] = (float)kind * .1f; }
            check_fidelity(data, ns[c], dim - c, dim, x, y, z, &desc);
        }
    }
    free(data); free(x); free(y); free(z);
}
/* A map that is the embedding keeps everything; so does one where every point is a neighbour. */
Test(sphere, fidelity_of_a_perfect_map)
{
    enum { n = 200 };
    float *x = floats(n), *y = floats(n), *z = floats(n), *data = floats(3 * n);
    const sphere_rows rows = make_rows(data, n, 3, 0), few = make_rows(data, 6, 3, 0);
    sphere_fidelity_desc desc;
    sphere_fidelity out;
    size_t i, bytes;
    void *memory;
    memset(&desc, 0, sizeof(desc));
    for (i = 0; i < n; i++) { unit_point(&x[i], &y[i], &z[i]); data[3 * i] = x[i]; data[3 * i + 1] = y[i]; data[3 * i + 2] = z[i]; }
    desc.cones[0] = 11.0f / n; desc.cones[1] = 6.0f / n; desc.cones[2] = 1.0f / n; desc.cones[3] = 1;
    bytes = sphere_fidelity_size(&rows, &desc);
    memory = get(bytes);
    OK(sphere_measure_fidelity(&rows, x, y, z, &desc, &out, memory, bytes));
    /* a swap of two neighbours with almost equal angles is possible: the rows are normalised once more */
    cr_assert(out.recall > .995f && out.trust > .9999f && out.cone[0] > .995f && fabsf(out.cone[1] - .5f) < .01f && out.cone[2] == 0 && out.cone[3] == 1 && out.samples == n);
    memset(&desc, 0, sizeof(desc));
    for (desc.k = 3; desc.k < 6; desc.k++) {                            /* more than half of the points are neighbours */
        const sphere_status status = sphere_measure_fidelity(&few, x, y, z, &desc, &out, memory, bytes);
        cr_assert(status == SPHERE_E_RANGE || (status == SPHERE_OK && out.recall > .9f && out.trust > .9f && out.trust <= 1), "k %u of 6: status %d, recall %g, trust %g", (unsigned)desc.k,
                  (int)status, (double)out.recall, (double)out.trust);
    }
    free(memory); free(x); free(y); free(z); free(data);
}
Test(sphere, fidelity_samples)
{
    enum { n = 150, dim = 6 };
    float *data = random_floats(n * dim), *x = floats(n), *y = floats(n), *z = floats(n);
    const sphere_rows rows = make_rows(data, n, dim, 0);
    sphere_fidelity_desc desc;
    sphere_fidelity full, out, again;
    double recall = 0, trust = 0;
    size_t i, different = 0, bytes = sphere_fidelity_size(&rows, NULL);
    void *memory = get(bytes);
    for (i = 0; i < n; i++) { x[i] = data[i * dim]; y[i] = data[i * dim + 1]; z[i] = data[i * dim + 2]; }
    OK(sphere_unit(x, y, z, n, NULL));
    OK(sphere_measure_fidelity(&rows, x, y, z, NULL, &full, memory, bytes));
    cr_assert(full.samples == n);
    for (i = 0; i < 60; i++) {                                          /* 20 draws of each size */
        memset(&desc, 0, sizeof(desc));
        desc.samples = i % 3 == 0 ? 40 : i % 3 == 1 ? 1 : n - 1;
        desc.seed = i;
        desc.exec = way(i % WAYS, NULL);
        cr_assert(sphere_fidelity_size(&rows, &desc) <= bytes);
        OK(sphere_measure_fidelity(&rows, x, y, z, &desc, &out, memory, sphere_fidelity_size(&rows, &desc)));
        cr_assert(out.samples == desc.samples);
        desc.exec = way(0, NULL);
        OK(sphere_measure_fidelity(&rows, x, y, z, &desc, &again, memory, bytes));
        cr_assert(memcmp(&out, &again, sizeof(out)) == 0);
        if (i % 3 == 0) { recall += (double)out.recall / 20; trust += (double)out.trust / 20; different += !same(out.recall, full.recall); }
        if (i % 3 == 1) cr_assert(fabs((double)out.recall * 10 - floor((double)out.recall * 10 + .5)) < 1e-5);     /* one point: tenths */
        if (i % 3 == 2) cr_assert(fabsf(out.recall - full.recall) < .01f);             /* all points but one */
    }
    cr_assert(different > 10 && fabs(recall - (double)full.recall) < .03 && fabs(trust - (double)full.trust) < .03, "%g %g", recall, trust);
    for (desc.samples = n; desc.samples <= n + 1; desc.samples++) {     /* all of them, or more than there are */
        desc.seed = 99;
        OK(sphere_measure_fidelity(&rows, x, y, z, &desc, &out, memory, bytes));
        cr_assert(memcmp(&out, &full, sizeof(out)) == 0);
    }
    free(data); free(x); free(y); free(z); free(memory);
}
Test(sphere, fidelity_refuses_bad_arguments)
{
    enum { n = 70, dim = 4 };
    float data[n * dim], x[n], y[n], z[n], *xyz[3];
    const sphere_rows rows = make_rows(data, n, dim, 0);
    const size_t bytes = sphere_fidelity_size(&rows, NULL);
    void *memory = get(bytes);
    sphere_fidelity out;
    sphere_fidelity_desc desc;
    sphere_exec exec[5];
    size_t i, k, levels = absent_levels(exec);
    xyz[0] = x; xyz[1] = y; xyz[2] = z;
    for (i = 0; i < n * dim; i++) data[i] = uniform();
    for (i = 0; i < n; i++) unit_point(&x[i], &y[i], &z[i]);
    fill(&out, sizeof(out));
    memset(&desc, 0, sizeof(desc));
    cr_assert(bytes > 0 && sphere_fidelity_size(NULL, NULL) == 0);
    FAILS(SPHERE_E_NULL, sphere_measure_fidelity(NULL, x, y, z, NULL, &out, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_measure_fidelity(&rows, NULL, y, z, NULL, &out, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_measure_fidelity(&rows, x, NULL, z, NULL, &out, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_measure_fidelity(&rows, x, y, NULL, NULL, &out, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_measure_fidelity(&rows, x, y, z, NULL, NULL, memory, bytes));
    { const sphere_rows r = make_rows(NULL, n, dim, 0); FAILS(SPHERE_E_NULL, sphere_measure_fidelity(&r, x, y, z, NULL, &out, memory, bytes)); }
    { const sphere_rows r = make_rows(data, n, dim, 3); FAILS(SPHERE_E_RANGE, sphere_measure_fidelity(&r, x, y, z, NULL, &out, memory, bytes)); }
    { const sphere_rows r = make_rows(data, 10, dim, 0), none = make_rows(data, 0, dim, 0);             /* the usual k is 10 */
      FAILS(SPHERE_E_RANGE, sphere_measure_fidelity(&r, x, y, z, NULL, &out, memory, bytes)); FAILS(SPHERE_E_RANGE, sphere_measure_fidelity(&none, x, y, z, NULL, &out, memory, bytes)); }
    desc.k = 65; FAILS(SPHERE_E_RANGE, sphere_measure_fidelity(&rows, x, y, z, &desc, &out, memory, bytes));
    desc.k = SIZE_MAX; FAILS(SPHERE_E_RANGE, sphere_measure_fidelity(&rows, x, y, z, &desc, &out, memory, bytes));
    desc.k = 0;
    for (i = 0; i < 4; i++) {
        desc.cones[i] = 1.5f; FAILS(SPHERE_E_RANGE, sphere_measure_fidelity(&rows, x, y, z, &desc, &out, memory, bytes));
        desc.cones[i] = -.1f; FAILS(SPHERE_E_RANGE, sphere_measure_fidelity(&rows, x, y, z, &desc, &out, memory, bytes));
        desc.cones[i] = NAN;
        { const sphere_status status = sphere_measure_fidelity(&rows, x, y, z, &desc, &out, memory, bytes); cr_assert(status == SPHERE_E_RANGE || status == SPHERE_E_NAN); }
        desc.cones[i] = 0;
    }
    { const sphere_rows r = make_rows(data, SIZE_MAX / 8, dim, 0), wide = make_rows(data, n, SIZE_MAX / 16, 0), many = make_rows(data, 0x80000000u, 1, 0);
      FAILS(SPHERE_E_SIZE, sphere_measure_fidelity(&r, x, y, z, NULL, &out, memory, bytes)); FAILS(SPHERE_E_SIZE, sphere_measure_fidelity(&wide, x, y, z, NULL, &out, memory, bytes));
      FAILS(SPHERE_E_SIZE, sphere_measure_fidelity(&many, x, y, z, NULL, &out, memory, bytes));
      cr_assert(sphere_fidelity_size(&r, NULL) == 0 && sphere_fidelity_size(&wide, NULL) == 0); }
    FAILS(SPHERE_E_MEMORY, sphere_measure_fidelity(&rows, x, y, z, NULL, &out, NULL, bytes));
    FAILS(SPHERE_E_MEMORY, sphere_measure_fidelity(&rows, x, y, z, NULL, &out, memory, bytes - 1));
    for (i = 0; i < levels; i++) { desc.exec = exec[i]; FAILS(SPHERE_E_LEVEL, sphere_measure_fidelity(&rows, x, y, z, &desc, &out, memory, bytes)); }
    for (k = 0; k < 3; k++) for (i = 0; i < n; i += n - 1) {
        const float keep = xyz[k][i];
        xyz[k][i] = NAN;
        FAILS(SPHERE_E_NAN, sphere_measure_fidelity(&rows, x, y, z, NULL, &out, memory, bytes));
        xyz[k][i] = keep;
    }
    for (i = 0; i < 3; i++) {
        const float bad[3] = { NAN, HUGE_VALF, -HUGE_VALF };
        data[n * dim - 1 - i] = bad[i];
        FAILS(SPHERE_E_NAN, sphere_measure_fidelity(&rows, x, y, z, NULL, &out, memory, bytes));
        data[n * dim - 1 - i] = 1;
    }
    /* the memory over what is read or written: found before anything is written */
    { float area[64 * 64], keep[64 * 64];
      const sphere_rows in = make_rows(area, n, dim, 0);
      cr_assert(sizeof(area) >= bytes);
      for (i = 0; i < 64 * 64; i++) area[i] = keep[i] = i < n * dim ? data[i] : .5f;
      FAILS(SPHERE_E_OVERLAP, sphere_measure_fidelity(&in, x, y, z, NULL, &out, area, sizeof(area)));
      FAILS(SPHERE_E_OVERLAP, sphere_measure_fidelity(&rows, area + 9, y, z, NULL, &out, area, sizeof(area)));
      FAILS(SPHERE_E_OVERLAP, sphere_measure_fidelity(&rows, x, y, area + 300, NULL, &out, area, sizeof(area)));
      FAILS(SPHERE_E_OVERLAP, sphere_measure_fidelity(&rows, x, y, z, NULL, (sphere_fidelity *)(void *)(area + 64), area, sizeof(area)));
      cr_assert(same_array(area, keep, 64 * 64)); }
    cr_assert(untouched(&out, sizeof(out)));
    OK(sphere_measure_fidelity(&rows, x, y, z, NULL, &out, memory, bytes));
    free(memory);
}
/* Positions for which every score on the map is NaN: refused, and never an index of no row used. */
Test(sphere, fidelity_of_positions_that_are_no_directions)
{
    enum { n = 20 };
    const float far[3][3] = { { HUGE_VALF, 0, 0 }, { FLT_MAX, FLT_MAX, 0 }, { -HUGE_VALF, HUGE_VALF, 1 } }, rest[3][3] = { { 0, 1, 0 }, { FLT_MAX, -FLT_MAX, 0 }, { 1, 1, 0 } };
    float data[n * 2], x[n], y[n], z[n];
    const sphere_rows rows = make_rows(data, n, 2, 0);
    const size_t bytes = sphere_fidelity_size(&rows, NULL);
    void *memory = get(bytes);
    size_t i, k;
    for (i = 0; i < n * 2; i++) data[i] = uniform();
    for (k = 0; k < 3; k++) {
        sphere_fidelity out;
        sphere_status status;
        for (i = 0; i < n; i++) { x[i] = rest[k][0]; y[i] = rest[k][1]; z[i] = rest[k][2]; }
        x[3] = far[k][0]; y[3] = far[k][1]; z[3] = far[k][2];
        fill(&out, sizeof(out));
        status = sphere_measure_fidelity(&rows, x, y, z, NULL, &out, memory, bytes);
        cr_assert(status == SPHERE_E_RANGE, "status %d", (int)status);
        cr_assert(untouched(&out, sizeof(out)));
    }
    free(memory);
}
Test(sphere, best_level_is_one_that_runs)
{
    sphere_exec exec;
    float a[3] = { 1, 0, 0 };
    memset(&exec, 0, sizeof(exec));
    exec.simd = sphere_simd_best();
    cr_assert(exec.simd >= SPHERE_SIMD_PORTABLE && exec.simd <= SPHERE_SIMD_AVX512);
    OK(sphere_unit(a, a + 1, a + 2, 1, &exec));
    exec.simd = SPHERE_SIMD_PORTABLE;
    OK(sphere_unit(a, a + 1, a + 2, 1, &exec));
}
