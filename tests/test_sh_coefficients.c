/* sphere_sh.h, conventions and coefficients: conversion, rotation, product, spectra, windows, in float and in double, against harmonics
   computed in the simplest way in long double (which are themselves held against golden/sh_all64.csv), closed forms and laws (a rotation
   keeps scalar products, a product is one at every point). Each answer is checked at the portable and at the best level.
   The second half of this file is compiled twice, as float and as double: it includes itself. */
#ifndef REAL
#define SPHERE_SH_IMPLEMENTATION
#include "../sphere_sh.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FAILS(want, call) do { const sphere_status got_ = (call); cr_assert(got_ == (want), "%s\n  gave %d, not %d", #call, (int)got_, (int)(want)); } while (0)
#define OK(call) FAILS(SPHERE_OK, call)
#define PI 3.14159265358979323846

/* -- tools */
static uint64_t random_state = 88172645463325252u;
static uint32_t random_bits(void)
{
    random_state ^= random_state << 13; random_state ^= random_state >> 7; random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32);
}
static double uniform(void) { return ((double)random_bits() - 2147483648.0) / 2147483648.0; }            /* -1 .. 1 */
static void *get(size_t bytes) { void *p = malloc(bytes ? bytes : 1); cr_assert(p != NULL); memset(p, 0xa5, bytes ? bytes : 1); return p; }
static int untouched(const void *p, size_t bytes)
{
    const unsigned char *c = (const unsigned char *)p;
    size_t i;
    for (i = 0; i < bytes; i++) if (c[i] != 0xa5) return 0;
    return 1;
}
static void backwards(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context) { (void)user; while (tasks--) task(context, tasks); }
static sphere_exec exec_of(int way)
{
    sphere_exec exec;
    memset(&exec, 0, sizeof(exec));
    exec.simd = way & 1 ? SPHERE_SIMD_PORTABLE : SPHERE_SIMD_BEST;
    if (way & 2) exec.parallel.run = backwards;
    return exec;
}
static void direction(double *n)
{
    double s;
    int i;
    do { for (i = 0; i < 3; i++) n[i] = uniform(); s = n[0] * n[0] + n[1] * n[1] + n[2] * n[2]; } while (s > 1 || s < 0.01);
    for (i = 0; i < 3; i++) n[i] /= sqrt(s);
}
/* Every harmonic to a degree at a direction (theta = atan2, so any length will do): recurrence in long double, whose exponents go far. */
static void harmonics(int degree, double x, double y, double z, long double *out)
{
    const long double r = sqrtl((long double)x * x + (long double)y * y + (long double)z * z), c = z / r, s = hypotl(x, y) / r, phi = x == 0 && y == 0 ? 0 : atan2l(y, x);
    long double start = sqrtl(1 / (4 * acosl(-1.0L)));
    int l, m;
    for (m = 0; m <= degree; m++) {
        long double p, before = 0;
        const long double cm = cosl(m * phi), sm = sinl(m * phi);
        if (m) start *= s * sqrtl((2 * m + 1.0L) / (2 * m));
        p = m ? start * sqrtl(2.0L) : start;
        for (l = m; l <= degree; l++) {
            const long double up = (l + 1.0L) * (l + 1) - (long double)m * m;
            const long double next = sqrtl((2 * l + 1.0L) * (2 * l + 3) / up) * c * p - (l > m ? sqrtl((2 * l + 3) * ((long double)l * l - (long double)m * m) / ((2 * l - 1) * up)) * before : 0);
            out[l * l + l + m] = p * cm;
            if (m) out[l * l + l - m] = p * sm;
            before = p; p = next;
        }
    }
}
static void matrix_of(const double *q, double *m)                       /* x, y, z, w, any length */
{
    const double n = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3], x = q[0], y = q[1], z = q[2], w = q[3];
    m[0] = 1 - 2 * (y * y + z * z) / n; m[1] = 2 * (x * y - w * z) / n; m[2] = 2 * (x * z + w * y) / n;
    m[3] = 2 * (x * y + w * z) / n; m[4] = 1 - 2 * (x * x + z * z) / n; m[5] = 2 * (y * z - w * x) / n;
    m[6] = 2 * (x * z - w * y) / n; m[7] = 2 * (y * z + w * x) / n; m[8] = 1 - 2 * (x * x + y * y) / n;
}
static void turn(const double *m, const double *n, double *out)
{
    int i;
    for (i = 0; i < 3; i++) out[i] = m[3 * i] * n[0] + m[3 * i + 1] * n[1] + m[3 * i + 2] * n[2];
}

Test(reference, harmonics_of_this_file_are_the_golden_ones)
{
    static const char *places[] = { "golden/sh_all64.csv", "tests/golden/sh_all64.csv", "../tests/golden/sh_all64.csv", "../../tests/golden/sh_all64.csv" };
    static char line[65536];
    static long double y[65 * 65];
    FILE *file = NULL;
    char path[1024];
    size_t i, slash = 0;
    int directions = 0, l;
    for (i = 0; __FILE__[i]; i++) if (__FILE__[i] == '/') slash = i + 1;
    snprintf(path, sizeof(path), "%.*sgolden/sh_all64.csv", (int)slash, __FILE__);
    file = fopen(path, "r");
    for (i = 0; !file && i < 4; i++) file = fopen(places[i], "r");
    cr_assert(file != NULL, "tests/golden/sh_all64.csv is not there: run the test from the root of the repository");
    while (fgets(line, sizeof(line), file)) {
        double x[3];
        if (sscanf(line, "direction,%lf,%lf,%lf", &x[0], &x[1], &x[2]) != 3) continue;
        harmonics(64, x[0], x[1], x[2], y);
        directions++;
        for (l = 0; l <= 64; l++) {
            char *p = line;
            cr_assert(fgets(line, sizeof(line), file) != NULL);
            for (i = (size_t)(l * l); i < (size_t)((l + 1) * (l + 1)); i++, p++) {
                const double want = strtod(p, &p);
                cr_assert(fabs(want - (double)y[i]) < 1e-14, "degree %d: %g is not %g", l, (double)y[i], want);
            }
        }
    }
    fclose(file);
    cr_assert(directions == 10);
}

/* Quarter turns of degrees whose first numbers are below every double: each column of d^l(pi/2) still has length 1. */
Test(reference, quarter_turns_far_up_are_orthogonal)
{
    static const int degrees[] = { 1, 2, 700, 2800 }, shares[] = { 0, 10, 500, 700, 715, 900 };
    size_t d, s;
    for (d = 0; d < 4; d++) {
        const int l = degrees[d];
        double *wedge = (double *)get(((size_t)l + 1) * ((size_t)l + 2) / 2 * sizeof(double));
        sphere_sh_wedge_(l, wedge);
        for (s = 0; s < 6; s++) {
            const size_t k = (size_t)(l * shares[s] / 1000);
            double sum = 0;
            size_t m;
            for (m = 0; m <= (size_t)l; m++) { const double v = wedge[m > k ? m * (m + 1) / 2 + k : k * (k + 1) / 2 + m]; sum += (m ? 2 : 1) * v * v; }
            cr_assert(fabs(sum - 1) < 2e-12, "degree %d, order %d: %.15g", l, (int)k, sum);
        }
        free(wedge);
    }
}

/* The places in other conventions, spelled out. */
Test(conventions, sizes_and_names)
{
    sphere_sh_convention c = sphere_sh_convention_of(SPHERE_SH_OURS);
    cr_assert(c.norm == 0 && !c.condon_shortley && c.storage == 0 && !c.projection && !c.interleaved);
    cr_assert(sphere_sh_convention_size(0, NULL) == 1 && sphere_sh_convention_size(16383, NULL) == (size_t)16384 * 16384);
    cr_assert(sphere_sh_convention_size(-1, NULL) == 0 && sphere_sh_convention_size(16384, NULL) == 0);
    c = sphere_sh_convention_of(SPHERE_SH_SCIPY);
    cr_assert(c.storage == SPHERE_SH_COMPLEX && c.condon_shortley == 1 && sphere_sh_convention_size(3, &c) == 32);
    c = sphere_sh_convention_of(SPHERE_SH_HEALPY);
    cr_assert(c.storage == SPHERE_SH_COMPLEX_HALF && sphere_sh_convention_size(3, &c) == 20);
    c = sphere_sh_convention_of(SPHERE_SH_UNITY_SHADER);
    cr_assert(sphere_sh_convention_size(2, &c) == 9 && sphere_sh_convention_size(1, &c) == 0 && sphere_sh_convention_size(3, &c) == 0);
    c = sphere_sh_convention_of(SPHERE_SH_UNITY);
    cr_assert(sphere_sh_convention_size(1, &c) == 4 && sphere_sh_convention_size(3, &c) == 0);
    c = sphere_sh_convention_of((sphere_sh_name)77);
    cr_assert(c.norm == 0 && c.storage == 0);
    c.norm = SPHERE_SH_UNNORMALISED;
    cr_assert(sphere_sh_convention_size(12, &c) == 169 && sphere_sh_convention_size(13, &c) == 0);
    c.norm = (sphere_sh_norm)5; cr_assert(sphere_sh_convention_size(2, &c) == 0);
    c.norm = SPHERE_SH_FOUR_PI; c.storage = (sphere_sh_storage)6; cr_assert(sphere_sh_convention_size(2, &c) == 0);
    c.storage = SPHERE_SH_BY_DEGREE; c.condon_shortley = 2; cr_assert(sphere_sh_convention_size(2, &c) == 0);
    c.condon_shortley = 0; c.projection = -1; cr_assert(sphere_sh_convention_size(2, &c) == 0);
}

#define REAL float
#define SH(name) sphere_sh_##name
#define TEST(suite, name) Test(suite##_float, name)
#define LOCAL(name) name##_float
#define EPSILON 6e-8
#define IS_FLOAT 1
#include "test_sh_coefficients.c"
#undef REAL
#undef SH
#undef TEST
#undef LOCAL
#undef EPSILON
#undef IS_FLOAT
#define REAL double
#define SH(name) sphere_shd_##name
#define TEST(suite, name) Test(suite##_double, name)
#define LOCAL(name) name##_double
#define EPSILON 1.2e-16
#define IS_FLOAT 0
#include "test_sh_coefficients.c"

#else
/* ---- from here on in float and in double */

static REAL *LOCAL(reals)(size_t n) { return (REAL *)get(n * sizeof(REAL)); }
static REAL *LOCAL(random_field)(size_t n)
{
    REAL *a = LOCAL(reals)(n);
    size_t i;
    for (i = 0; i < n; i++) a[i] = (REAL)uniform();
    return a;
}
static long double LOCAL(at)(int degree, const REAL *a, const double *n)
{
    long double *y = (long double *)get((size_t)((degree + 1) * (degree + 1)) * sizeof(long double)), sum = 0;
    int i;
    harmonics(degree, n[0], n[1], n[2], y);
    for (i = 0; i < (degree + 1) * (degree + 1); i++) sum += y[i] * (long double)a[i];
    free(y);
    return sum;
}

/* -- conventions */
TEST(conventions, there_and_back)
{
    static const int degrees[] = { 0, 1, 2, 3, 12, 40 };
    size_t d, count;
    int norm, sign, storage, projection, interleaved;
    for (d = 0; d < 6; d++) for (norm = 0; norm < 5; norm++) for (sign = 0; sign < 2; sign++) for (storage = 0; storage < 6; storage++)
        for (projection = 0; projection < 2; projection++) for (interleaved = 0; interleaved < 2; interleaved++) for (count = 1; count < 4; count += 2) {
            sphere_sh_convention c;
            const int degree = degrees[d];
            const size_t n = (size_t)((degree + 1) * (degree + 1));
            size_t size, i;
            REAL *a, *b, *e;
            c.norm = (sphere_sh_norm)norm; c.condon_shortley = sign; c.storage = (sphere_sh_storage)storage; c.projection = projection; c.interleaved = interleaved;
            size = sphere_sh_convention_size(degree, &c);
            if (!size) continue;
            a = LOCAL(random_field)(n * count); b = LOCAL(reals)(size * count); e = LOCAL(reals)(n * count);
            OK(SH(convert)(degree, NULL, a, &c, b, count));
            OK(SH(convert)(degree, &c, b, NULL, e, count));
            for (i = 0; i < n * count; i++) cr_assert(fabs((double)(a[i] - e[i])) <= 4 * EPSILON, "%d %d %d %d: %g", norm, sign, storage, projection, (double)(a[i] - e[i]));
            if (!norm && storage < 3) for (i = 0; i < n * count; i++) cr_assert(memcmp(a + i, e + i, sizeof(REAL)) == 0);       /* only moved and signed */
            free(a); free(b); free(e);
        }
}
/* A vector with a one at (l, m) in a foreign convention is a harmonic of it: closed forms of what the others publish. */
static double LOCAL(foreign)(sphere_sh_convention c, int degree, size_t place, const double *n)
{
    const size_t size = sphere_sh_convention_size(degree, &c);
    REAL *b = LOCAL(reals)(size), *a = LOCAL(reals)((size_t)((degree + 1) * (degree + 1)));
    double value;
    size_t i;
    for (i = 0; i < size; i++) b[i] = i == place;
    OK(SH(convert)(degree, &c, b, NULL, a, 1));
    value = (double)LOCAL(at)(degree, a, n);
    free(a); free(b);
    return value;
}
TEST(conventions, published_harmonics)
{
    int trial, i;
    for (trial = 0; trial < 20; trial++) {
        double n[3], x, y, z, polynomial[9];
        sphere_sh_convention c;
        direction(n); x = n[0]; y = n[1]; z = n[2];
#define IS(name, degree, place, want) do { const double value_ = LOCAL(foreign)(sphere_sh_convention_of(name), degree, place, n); \
        cr_assert(fabs(value_ - (want)) < 8 * EPSILON, "%s at %d: %.9g is not %.9g", #name, (int)(place), value_, (double)(want)); } while (0)
        /* DirectXMath and Unreal: what their sources say for degree 1 and 2, and 3 */
        IS(SPHERE_SH_DIRECTX, 3, 0, 0.28209479177387814); IS(SPHERE_SH_DIRECTX, 3, 1, -0.48860251190291992 * y); IS(SPHERE_SH_DIRECTX, 3, 2, 0.48860251190291992 * z);
        IS(SPHERE_SH_DIRECTX, 3, 3, -0.48860251190291992 * x); IS(SPHERE_SH_DIRECTX, 3, 4, 1.0925484305920792 * x * y); IS(SPHERE_SH_DIRECTX, 3, 5, -1.0925484305920792 * y * z);
        IS(SPHERE_SH_DIRECTX, 3, 6, 0.94617469575756008 * z * z - 0.31539156525252005); IS(SPHERE_SH_DIRECTX, 3, 7, -1.0925484305920792 * x * z);
        IS(SPHERE_SH_DIRECTX, 3, 8, 0.54627421529603959 * (x * x - y * y)); IS(SPHERE_SH_DIRECTX, 3, 9, -0.59004358992664352 * y * (3 * x * x - y * y));
        IS(SPHERE_SH_DIRECTX, 3, 14, 1.4453057213202771 * z * (x * x - y * y)); IS(SPHERE_SH_UNREAL, 2, 5, -1.0925484305920792 * y * z);
        /* Unity and Filament: the bare polynomials */
        polynomial[0] = 1; polynomial[1] = y; polynomial[2] = z; polynomial[3] = x; polynomial[4] = x * y; polynomial[5] = y * z; polynomial[6] = 3 * z * z - 1;
        polynomial[7] = x * z; polynomial[8] = x * x - y * y;
        for (i = 0; i < 9; i++) { IS(SPHERE_SH_UNITY, 2, (size_t)i, polynomial[i]); IS(SPHERE_SH_FILAMENT, 2, (size_t)i, polynomial[i]); }
        /* Unity's shaders: SHA . (n, 1) + SHB . (xy, yz, zz, zx) + SHC (xx - yy) */
        polynomial[0] = x; polynomial[1] = y; polynomial[2] = z; polynomial[3] = 1; polynomial[4] = x * y; polynomial[5] = y * z; polynomial[6] = z * z;
        polynomial[7] = z * x; polynomial[8] = x * x - y * y;
        for (i = 0; i < 9; i++) IS(SPHERE_SH_UNITY_SHADER, 2, (size_t)i, polynomial[i]);
        /* geomagnetism: g10, g11, h11, g20, g21, h21, g22, h22 with Schmidt's functions */
        IS(SPHERE_SH_GEOMAGNETIC, 2, 1, z); IS(SPHERE_SH_GEOMAGNETIC, 2, 2, x); IS(SPHERE_SH_GEOMAGNETIC, 2, 3, y); IS(SPHERE_SH_GEOMAGNETIC, 2, 4, 1.5 * z * z - 0.5);
        IS(SPHERE_SH_GEOMAGNETIC, 2, 5, sqrt(3.0) * x * z); IS(SPHERE_SH_GEOMAGNETIC, 2, 6, sqrt(3.0) * y * z); IS(SPHERE_SH_GEOMAGNETIC, 2, 7, sqrt(0.75) * (x * x - y * y));
        IS(SPHERE_SH_GEOMAGNETIC, 2, 8, sqrt(3.0) * x * y);
        IS(SPHERE_SH_GEODESY, 2, 1, sqrt(3.0) * z); IS(SPHERE_SH_GEODESY, 2, 8, sqrt(15.0) * x * y);
        /* the field of one complex coefficient, its real part: scipy's Y_1^1 = -sqrt(3/8 pi) (x + i y), Y_1^-1 = sqrt(3/8 pi) (x - i y), Y_2^-2 ... */
        IS(SPHERE_SH_SCIPY, 2, 2 * 3, -sqrt(3 / (8 * PI)) * x); IS(SPHERE_SH_SCIPY, 2, 2 * 3 + 1, sqrt(3 / (8 * PI)) * y);
        IS(SPHERE_SH_SCIPY, 2, 2 * 1, sqrt(3 / (8 * PI)) * x); IS(SPHERE_SH_SCIPY, 2, 2 * 1 + 1, sqrt(3 / (8 * PI)) * y);
        IS(SPHERE_SH_SCIPY, 2, 2 * 7, -sqrt(15 / (8 * PI)) * x * z); IS(SPHERE_SH_SCIPY, 2, 2 * 4 + 1, sqrt(15 / (32 * PI)) * 2 * x * y);
        IS(SPHERE_SH_SCIPY, 2, 2 * 8 + 1, -sqrt(15 / (32 * PI)) * 2 * x * y); IS(SPHERE_SH_SCIPY, 2, 1, 0.0);
        /* healpy: order after order, and minus m comes along: twice the real part */
        IS(SPHERE_SH_HEALPY, 2, 2 * 3, -2 * sqrt(3 / (8 * PI)) * x); IS(SPHERE_SH_HEALPY, 2, 2 * 4 + 1, 2 * sqrt(15 / (8 * PI)) * y * z);
        IS(SPHERE_SH_HEALPY, 2, 2 * 2, sqrt(5 / (16 * PI)) * (3 * z * z - 1)); IS(SPHERE_SH_HEALPY, 2, 2 * 5, 2 * sqrt(15 / (32 * PI)) * (x * x - y * y));
        /* unnormalised: P_2^2 = 3 sin^2, P_3^1 = 1.5 (5 z z - 1) sin */
        c = sphere_sh_convention_of(SPHERE_SH_OURS); c.norm = SPHERE_SH_UNNORMALISED;
        cr_assert(fabs(LOCAL(foreign)(c, 3, 8, n) - 3 * (x * x - y * y)) < 30 * EPSILON && fabs(LOCAL(foreign)(c, 3, 13, n) - 1.5 * (5 * z * z - 1) * x) < 60 * EPSILON);
        c.storage = SPHERE_SH_BY_ORDER;                                 /* 4 of m = 0, then c11 c21 c31 s11 s21 s31, ... */
        cr_assert(fabs(LOCAL(foreign)(c, 3, 6, n) - 1.5 * (5 * z * z - 1) * x) < 60 * EPSILON && fabs(LOCAL(foreign)(c, 3, 8, n) - 3 * y * z) < 60 * EPSILON
                  && fabs(LOCAL(foreign)(c, 3, 15, n) - 15 * y * (3 * x * x - y * y)) < 200 * EPSILON);
#undef IS
    }
}
/* A plane wave in ambiX has SN3D harmonics of its direction as channels; in N3D sqrt(2 l + 1) times them. */
TEST(conventions, ambisonic_signals)
{
    sphere_sh_convention sn3d = sphere_sh_convention_of(SPHERE_SH_AMBIX), n3d = sphere_sh_convention_of(SPHERE_SH_N3D);
    REAL wave[4] = { 1, (REAL)0.6, 0, (REAL)0.8 }, other[4], field[4], interleaved[8], two[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    const double n[3] = { 0.8, 0.6, 0 };
    int i;
    OK(SH(convert)(1, &sn3d, wave, &n3d, other, 1));
    cr_assert(fabs((double)other[0] - 1) < 4 * EPSILON && fabs((double)other[1] - 0.6 * sqrt(3.0)) < 4 * EPSILON && other[2] == 0);
    OK(SH(convert)(1, &sn3d, wave, NULL, field, 1));
    cr_assert(fabs((double)LOCAL(at)(1, field, n) - 1 / PI) < 4 * EPSILON);     /* a delta to degree 1 there: (1 + 3) / 4 pi */
    sn3d.interleaved = 1;
    n3d = sn3d; n3d.interleaved = 0;
    OK(SH(convert)(1, &n3d, two, &sn3d, interleaved, 2));
    for (i = 0; i < 4; i++) cr_assert(interleaved[2 * i] == (REAL)(i + 1) && interleaved[2 * i + 1] == (REAL)(i + 5));
}
TEST(conventions, bad_input_is_refused)
{
    sphere_sh_convention c = sphere_sh_convention_of(SPHERE_SH_UNITY);
    REAL in[16] = { 0 }, out[16];
    memset(out, 0xa5, sizeof(out));
    FAILS(SPHERE_E_RANGE, SH(convert)(-1, NULL, in, NULL, out, 1));
    FAILS(SPHERE_E_RANGE, SH(convert)(16384, NULL, in, NULL, out, 1));
    FAILS(SPHERE_E_RANGE, SH(convert)(3, NULL, in, &c, out, 1));
    FAILS(SPHERE_E_RANGE, SH(convert)(3, &c, in, NULL, out, 1));
    FAILS(SPHERE_E_NULL, SH(convert)(2, NULL, NULL, &c, out, 1));
    FAILS(SPHERE_E_NULL, SH(convert)(2, NULL, in, &c, NULL, 1));
    FAILS(SPHERE_E_OVERLAP, SH(convert)(1, NULL, out, &c, out, 1));
    FAILS(SPHERE_E_OVERLAP, SH(convert)(1, NULL, out, &c, out + 7, 2));
    FAILS(SPHERE_E_SIZE, SH(convert)(2, NULL, in, &c, out, SIZE_MAX / 8));
    OK(SH(convert)(2, NULL, NULL, &c, NULL, 0));
    cr_assert(untouched(out, sizeof(out)));
    in[1] = (REAL)NAN;
    OK(SH(convert)(2, NULL, in, &c, out, 1));
    cr_assert(out[1] != out[1] && out[0] == 0 && out[2] == 0 && out[3] == 0);
}

/* -- sums, spectra, filters, windows */
TEST(coefficients, combine_dot_spectrum)
{
    static const int degrees[] = { 0, 1, 2, 3, 7, 8, 30, 129 };
    size_t d, i;
    int way;
    for (d = 0; d < 8; d++) {
        const int degree = degrees[d];
        const size_t n = (size_t)((degree + 1) * (degree + 1));
        REAL *a = LOCAL(random_field)(n), *b = LOCAL(random_field)(n), *c = LOCAL(reals)(n), *s = LOCAL(reals)((size_t)degree + 1);
        long double sum = 0;
        OK(SH(combine)(degree, 2, a, -3, b, c));
        for (i = 0; i < n; i++) { cr_assert(fabs((double)c[i] - (2 * (double)a[i] - 3 * (double)b[i])) < 10 * EPSILON); sum += (long double)a[i] * (long double)b[i]; }
        OK(SH(combine)(degree, (REAL)0.5, a, 7, NULL, c));
        for (i = 0; i < n; i++) cr_assert(c[i] == a[i] / 2);
        memcpy(c, a, n * sizeof(REAL));
        OK(SH(combine)(degree, 1, c, 1, b, c));
        for (i = 0; i < n; i++) cr_assert(c[i] == a[i] + b[i]);
        for (way = 0; way < 2; way++) {
            const sphere_exec exec = exec_of(way);
            REAL dot = -1, parts = 0;
            OK(SH(dot)(degree, a, b, &dot, &exec));
            cr_assert(fabs((double)(dot - sum)) < 12 * EPSILON * sqrt((double)n), "%g %g", (double)dot, (double)sum);
            OK(SH(spectrum)(degree, a, b, s, &exec));
            for (i = 0; i <= (size_t)degree; i++) parts += s[i];
            cr_assert(fabs((double)(parts - dot)) < 20 * EPSILON * sqrt((double)n));
            OK(SH(spectrum)(degree, a, NULL, s, &exec));
            for (i = 0; i <= (size_t)degree; i++) {
                long double want = 0;
                size_t j;
                for (j = i * i; j < (i + 1) * (i + 1); j++) want += (long double)a[j] * (long double)a[j];
                cr_assert(fabs((double)(s[i] - want)) <= 16 * EPSILON * (double)want);
            }
        }
        free(a); free(b); free(c); free(s);
    }
}
/* Parseval: the mean square of the field over a grid that integrates it exactly is the sum of the spectrum. */
TEST(coefficients, spectrum_is_the_mean_square)
{
    enum { DEGREE = 5 };
    REAL *a = LOCAL(random_field)(36), s[DEGREE + 1];
    double sum = 0, want = 0;
    int i, j;
    OK(SH(spectrum)(DEGREE, a, NULL, s, NULL));
    for (i = 0; i <= DEGREE; i++) want += (double)s[i];
    for (i = 0; i < 2000; i++) for (j = 0; j < 12; j++) {               /* midpoints in z: error O(1/2000^2) */
        const double z = (i + 0.5) / 1000 - 1, r = sqrt(1 - z * z), n[3] = { r * cos(j * PI / 6), r * sin(j * PI / 6), z }, v = (double)LOCAL(at)(DEGREE, a, n);
        sum += v * v * 4 * PI / 24000;
    }
    cr_assert(fabs(sum - want) < 1e-4 * want, "%g %g", sum, want);
    free(a);
}
TEST(coefficients, convolution_with_a_cosine_lobe)
{
    /* max(0, cos) has 2 pi/3 of degree 1 and so on: irradiance. A constant radiance of 1 gives pi; of z it gives 2 pi/3 z. */
    const REAL lobe[3] = { (REAL)(sqrt(PI) / 2), (REAL)sqrt(PI / 3), (REAL)(sqrt(5 * PI) / 8) };
    REAL radiance[9] = { 0 }, out[9];
    radiance[0] = 3; radiance[2] = 5; radiance[8] = 7;
    OK(SH(convolve)(2, radiance, lobe, out));
    cr_assert(fabs((double)out[0] - 3 * PI) < 20 * EPSILON && fabs((double)out[2] - 5 * 2 * PI / 3) < 20 * EPSILON && fabs((double)out[8] - 7 * PI / 4) < 20 * EPSILON && out[1] == 0);
    OK(SH(filter)(2, radiance, lobe, radiance));
    cr_assert(radiance[0] == 3 * lobe[0] && radiance[8] == 7 * lobe[2]);
}
TEST(coefficients, windows_are_their_closed_forms)
{
    static const double widths[] = { 0, 0.3, 1, 2.5, 7, 100 };
    REAL w[65];
    int kind, l;
    size_t i;
    for (kind = 0; kind < 4; kind++) for (i = 0; i < 6; i++) {
        const double width = (double)(REAL)widths[i], used = width > 0 ? width : kind == 2 ? 1 / 65.0 : 65;
        OK(SH(window)(64, (sphere_sh_window_kind)kind, (REAL)widths[i], w));
        for (l = 0; l <= 64; l++) {
            double want = 1;
            if (kind == 0) want = l < used ? (1 + cos(PI * l / used)) / 2 : 0;
            if (kind == 1) want = l < used ? l ? sin(PI * l / used) / (PI * l / used) : 1 : 0;
            if (kind == 2) want = exp(-l * (l + 1.0) * used * used / 2);
            if (kind == 3) want = 1 / (1 + width * l * l * (l + 1.0) * (l + 1.0));
            cr_assert(fabs((double)w[l] - want) <= 4 * EPSILON && w[l] >= 0, "%d %g %d: %g %g", kind, width, l, (double)w[l], want);
        }
        cr_assert(w[0] == 1);
    }
    memset(w, 0xa5, sizeof(w));
    FAILS(SPHERE_E_RANGE, SH(window)(-1, SPHERE_SH_WINDOW_HANN, 1, w));
    FAILS(SPHERE_E_RANGE, SH(window)(4, (sphere_sh_window_kind)4, 1, w));
    FAILS(SPHERE_E_RANGE, SH(window)(4, SPHERE_SH_WINDOW_HANN, -1, w));
    FAILS(SPHERE_E_RANGE, SH(window)(4, SPHERE_SH_WINDOW_HANN, (REAL)INFINITY, w));
    FAILS(SPHERE_E_NAN, SH(window)(4, SPHERE_SH_WINDOW_HANN, (REAL)NAN, w));
    FAILS(SPHERE_E_NULL, SH(window)(4, SPHERE_SH_WINDOW_HANN, 1, NULL));
    cr_assert(untouched(w, sizeof(w)));
}
/* A lamp cut off at a degree rings below zero; afterwards it does not, and a mild one is left alone. */
TEST(coefficients, deringing_takes_the_negative_away)
{
    int degree, trial;
    for (degree = 1; degree <= 6; degree++) {
        const size_t count = (size_t)((degree + 1) * (degree + 1));
        long double y[49];
        REAL a[49], b[49], w = -1;
        double n[3], before = 1, after = 1;
        size_t i;
        direction(n);
        harmonics(degree, n[0], n[1], n[2], y);
        for (i = 0; i < count; i++) a[i] = (REAL)y[i];
        OK(SH(dering)(degree, a, 0, b, &w));
        cr_assert(w > 0 && fabs((double)(b[0] - a[0])) < EPSILON);
        for (trial = 0; trial < 4000; trial++) {
            double p[3];
            direction(p);
            harmonics(degree, p[0], p[1], p[2], y);
            { long double u = 0, v = 0; for (i = 0; i < count; i++) { u += y[i] * (long double)a[i]; v += y[i] * (long double)b[i]; } if ((double)u < before) before = (double)u; if ((double)v < after) after = (double)v; }
        }
        cr_assert(before < -0.01 && after > -1e-3 && after < 0.02, "degree %d: %g, then %g", degree, before, after);
        /* the window is the one it says */
        { REAL factor[7], want[49]; OK(SH(window)(degree, SPHERE_SH_WINDOW_LAPLACE, w, factor)); OK(SH(filter)(degree, a, factor, want)); for (i = 0; i < count; i++) cr_assert(fabs((double)(want[i] - b[i])) < 1e-6); }
        for (i = 1; i < count; i++) a[i] *= (REAL)0.01;
        OK(SH(dering)(degree, a, 0, a, &w));
        cr_assert(w == 0);
    }
}
TEST(coefficients, bad_input_is_refused)
{
    REAL a[64] = { 0 }, out[64], r;
    const sphere_exec wrong = { (sphere_simd)9, { NULL, NULL } };
    memset(out, 0xa5, sizeof(out)); memset(&r, 0xa5, sizeof(r));
    FAILS(SPHERE_E_RANGE, SH(combine)(-1, 1, a, 1, a, out)); FAILS(SPHERE_E_RANGE, SH(combine)(16384, 1, a, 1, a, out));
    FAILS(SPHERE_E_NULL, SH(combine)(2, 1, NULL, 1, a, out)); FAILS(SPHERE_E_NULL, SH(combine)(2, 1, a, 1, a, NULL));
    FAILS(SPHERE_E_NAN, SH(combine)(2, (REAL)NAN, a, 1, a, out)); FAILS(SPHERE_E_NAN, SH(combine)(2, 1, a, (REAL)NAN, a, out));
    FAILS(SPHERE_E_OVERLAP, SH(combine)(2, 1, out, 1, a, out + 1)); FAILS(SPHERE_E_OVERLAP, SH(combine)(2, 1, a, 1, out + 8, out));
    FAILS(SPHERE_E_RANGE, SH(dot)(-1, a, a, &r, NULL)); FAILS(SPHERE_E_NULL, SH(dot)(1, a, NULL, &r, NULL)); FAILS(SPHERE_E_LEVEL, SH(dot)(1, a, a, &r, &wrong));
    FAILS(SPHERE_E_RANGE, SH(spectrum)(-1, a, a, out, NULL)); FAILS(SPHERE_E_NULL, SH(spectrum)(1, NULL, a, out, NULL)); FAILS(SPHERE_E_LEVEL, SH(spectrum)(1, a, a, out, &wrong));
    FAILS(SPHERE_E_OVERLAP, SH(spectrum)(1, out, NULL, out + 3, NULL)); FAILS(SPHERE_E_OVERLAP, SH(spectrum)(1, a, out, out + 3, NULL));
    FAILS(SPHERE_E_RANGE, SH(filter)(-1, a, a, out)); FAILS(SPHERE_E_NULL, SH(filter)(1, a, NULL, out)); FAILS(SPHERE_E_OVERLAP, SH(filter)(2, a, out + 2, out));
    FAILS(SPHERE_E_OVERLAP, SH(convolve)(2, out + 1, a, out)); FAILS(SPHERE_E_NULL, SH(convolve)(2, a, a, NULL));
    FAILS(SPHERE_E_RANGE, SH(dering)(33, a, 0, out, NULL)); FAILS(SPHERE_E_RANGE, SH(dering)(2, a, 1, out, NULL)); FAILS(SPHERE_E_NAN, SH(dering)(2, a, (REAL)NAN, out, NULL));
    FAILS(SPHERE_E_OVERLAP, SH(dering)(2, a, 0, out, out + 3)); FAILS(SPHERE_E_NULL, SH(dering)(2, a, 0, NULL, NULL));
    FAILS(SPHERE_E_RANGE, SH(rotate_z)(-1, 0, a, out, 1)); FAILS(SPHERE_E_NAN, SH(rotate_z)(1, (REAL)NAN, a, out, 1)); FAILS(SPHERE_E_RANGE, SH(rotate_z)(1, (REAL)2e6, a, out, 1));
    FAILS(SPHERE_E_NULL, SH(rotate_z)(1, 0, a, NULL, 1)); FAILS(SPHERE_E_SIZE, SH(rotate_z)(1, 0, a, out, SIZE_MAX / 4)); FAILS(SPHERE_E_OVERLAP, SH(rotate_z)(1, 0, out, out + 3, 2));
    OK(SH(rotate_z)(1, 0, NULL, NULL, 0));
    a[5] = (REAL)NAN; FAILS(SPHERE_E_NAN, SH(dering)(2, a, 0, out, NULL));
    cr_assert(untouched(out, sizeof(out)) && untouched(&r, sizeof(r)));
}

/* Bit for bit: the best level and the portable one, with NaN, infinity and signed zero among the numbers. */
TEST(coefficients, levels_agree_to_the_bit)
{
    static const int shapes[][3] = { { 0, 0, 0 }, { 1, 1, 1 }, { 2, 2, 2 }, { 3, 3, 3 }, { 2, 3, 4 }, { 7, 4, 11 }, { 8, 16, 20 } };
    const sphere_exec best = exec_of(0), portable = exec_of(1);
    size_t s;
    int d, weather;
    for (weather = 0; weather < 3; weather++) {
        for (d = 0; d < 24; d++) {
            const size_t n = (size_t)((d + 1) * (d + 1));
            REAL *a = LOCAL(random_field)(n), *b = LOCAL(random_field)(n), x[2], y[24], z[24];
            if (weather == 1) { a[n - 1] = (REAL)-0.0; b[n / 2] = (REAL)1e-38; }
            if (weather == 2) { a[n / 3] = (REAL)NAN; b[n - 1] = (REAL)INFINITY; }
            OK(SH(dot)(d, a, b, &x[0], &best)); OK(SH(dot)(d, a, b, &x[1], &portable));
            cr_assert(memcmp(&x[0], &x[1], sizeof(REAL)) == 0);
            OK(SH(spectrum)(d, a, b, y, &best)); OK(SH(spectrum)(d, a, b, z, &portable));
            cr_assert(memcmp(y, z, (size_t)(d + 1) * sizeof(REAL)) == 0);
            free(a); free(b);
        }
        for (s = 0; s < 7; s++) {
            const int la = shapes[s][0], lb = shapes[s][1], lc = shapes[s][2];
            const size_t na = (size_t)((la + 1) * (la + 1)), nb = (size_t)((lb + 1) * (lb + 1)), nc = (size_t)((lc + 1) * (lc + 1)), bytes = SH(product_size)(la, lb, lc);
            REAL *a = LOCAL(random_field)(na), *b = LOCAL(random_field)(nb), *x = LOCAL(reals)(nc), *y = LOCAL(reals)(nc);
            void *memory = get(bytes), *work;
            SH(product) p;
            if (weather == 1) a[na - 1] = (REAL)-0.0;
            if (weather == 2) b[nb - 1] = (REAL)INFINITY;
            OK(SH(product_init)(&p, la, lb, lc, &best, memory, bytes));
            work = get(SH(multiply_size)(&p));
            OK(SH(multiply)(&p, a, b, x, 1, work, SH(multiply_size)(&p)));
            OK(SH(product_init)(&p, la, lb, lc, &portable, memory, bytes));
            OK(SH(multiply)(&p, a, b, y, 1, work, SH(multiply_size)(&p)));
            cr_assert(memcmp(x, y, nc * sizeof(REAL)) == 0, "%d %d %d", la, lb, lc);
            free(a); free(b); free(x); free(y); free(memory); free(work);
        }
    }
}

/* -- rotation */
typedef struct LOCAL(turned) { SH(rotation) r; void *memory, *work; size_t bytes; } LOCAL(turned);
static LOCAL(turned) LOCAL(prepare)(int degree, const double *quaternion, int way)
{
    LOCAL(turned) t;
    const sphere_exec exec = exec_of(way);
    REAL q[4];
    int i;
    for (i = 0; i < 4; i++) q[i] = (REAL)quaternion[i];
    t.memory = get(SH(rotation_size)(degree));
    t.bytes = SH(rotate_size)(degree);
    t.work = t.bytes ? get(t.bytes) : NULL;
    OK(SH(rotation_quaternion)(&t.r, degree, q, &exec, t.memory, SH(rotation_size)(degree)));
    return t;
}
static void LOCAL(finish)(LOCAL(turned) *t) { free(t->memory); free(t->work); }
/* Turn the field whose coefficients are the harmonics at n: it must become that of the harmonics at R n. Returns the largest error per
   degree + 1, over sqrt(4 pi / (2 l + 1)) so that each degree has length 1. */
static double LOCAL(error_of)(int degree, const double *quaternion, const double *n, int way)
{
    const size_t count = (size_t)((degree + 1) * (degree + 1));
    LOCAL(turned) t = LOCAL(prepare)(degree, quaternion, way);
    long double *y = (long double *)get(count * sizeof(long double));
    REAL *a = LOCAL(reals)(count), *b = LOCAL(reals)(count);
    double q[4], m[9], p[3], worst = 0;
    size_t i;
    int l;
    for (i = 0; i < 4; i++) q[i] = (double)(REAL)quaternion[i];
    matrix_of(q, m);
    turn(m, n, p);
    harmonics(degree, n[0], n[1], n[2], y);
    for (l = 0, i = 0; l <= degree; l++) for (; i < (size_t)((l + 1) * (l + 1)); i++) a[i] = (REAL)(y[i] * sqrtl(4 * (long double)PI / (2 * l + 1)));
    OK(SH(rotate)(&t.r, a, b, 1, t.work, t.bytes));
    harmonics(degree, p[0], p[1], p[2], y);
    for (l = 0, i = 0; l <= degree; l++) for (; i < (size_t)((l + 1) * (l + 1)); i++) {
        const double e = fabs((double)((long double)b[i] - y[i] * sqrtl(4 * (long double)PI / (2 * l + 1)))) / (l + 1);
        if (!(e <= worst)) worst = e;
    }
    LOCAL(finish)(&t);
    free(y); free(a); free(b);
    return worst;
}
static const double LOCAL(rotations)[][4] = {                           /* x, y, z, w */
    { 0, 0, 0, 1 }, { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 }, { 1, 0, 0, 1 }, { 0, 1, 0, 1 }, { 0, 0, 1, 1 }, { 0, -1, 0, 1 }, { 1, 1, 1, 1 },
    { 5e-7, 0, 0, 1 }, { 0, 5e-7, 0, 1 }, { 3e-7, -3e-7, 2e-7, 1 }, { 1e-4, 2e-4, 0, 1 }, { 1, 2e-7, 0, 0 }, { 3e-7, 0, 1, 0 }, { 1, -1, 3e-7, 3e-7 },
    { 0.3, -0.2, 0.9, 0.1 }, { 30, 70, -20, -40 }, { 1e-30, 0, 0, 1 }, { 0, 0, 1e-6, 1 }, { 1e-3, 1e-3, 1, 0.7 }, { -0.5, 0.5, -0.5, 0.5 }
};
TEST(rotation, takes_the_harmonics_of_a_direction_to_those_of_the_turned_one)
{
    size_t r;
    int way, trial;
    double worst = 0;
    for (r = 0; r < sizeof(LOCAL(rotations)) / sizeof(LOCAL(rotations)[0]); r++) for (way = 0; way < 2; way++) for (trial = 0; trial < 3; trial++) {
        static const int degrees[] = { 0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 31 };
        double n[3];
        size_t d;
        direction(n);
        for (d = 0; d < 12; d++) {
            const double e = LOCAL(error_of)(degrees[d], LOCAL(rotations)[r], n, way);
            if (e > worst) worst = e;
            /* to degree 6 within 1e-6 in float; beyond 3e-7 (l + 1) */
            cr_assert(e < (IS_FLOAT ? 1.4e-7 : 1e-15), "rotation %d, degree %d: %g", (int)r, degrees[d], e);
        }
    }
    cr_assert(worst > 0);                                               /* it was measured */
}
TEST(rotation, of_high_degree)
{
    static const int degrees[] = { 64, 256, IS_FLOAT ? 300 : 1000 };
    static const size_t which[] = { 11, 20, 16 };
    double n[3], e;
    size_t d;
    for (d = 0; d < 3; d++) {
        direction(n);
        e = LOCAL(error_of)(degrees[d], LOCAL(rotations)[which[d]], n, 0);
        cr_assert(e < (IS_FLOAT ? 6e-8 : 5e-16), "degree %d: %g", degrees[d], e);
    }
}
/* Errors of a tiny rotation against its angle: the change of the field is right, not only the field. */
TEST(rotation, tiny_angles_change_the_field_by_the_right_amount)
{
    static const double sizes[] = { 1e-6, 1e-5, 1e-3 };
    size_t s;
    int axis, l, way;
    for (s = 0; s < 3; s++) for (axis = 0; axis < 3; axis++) for (way = 0; way < 2; way++) {
        enum { DEGREE = 16, COUNT = (DEGREE + 1) * (DEGREE + 1) };
        double q[4] = { 0, 0, 0, 1 }, p[4], n[3] = { 0.36, 0.48, 0.8 }, m[9], turned[3];
        long double before[COUNT], after[COUNT];
        REAL a[COUNT], b[COUNT];
        LOCAL(turned) t;
        int i;
        q[axis] = sizes[s] / 2;
        for (i = 0; i < 4; i++) p[i] = (double)(REAL)q[i];
        matrix_of(p, m);
        t = LOCAL(prepare)(DEGREE, q, way);
        turn(m, n, turned);
        harmonics(DEGREE, n[0], n[1], n[2], before);
        harmonics(DEGREE, turned[0], turned[1], turned[2], after);
        for (i = 0; i < COUNT; i++) a[i] = (REAL)before[i];
        OK(SH(rotate)(&t.r, a, b, 1, t.work, t.bytes));
        for (l = 1, i = 1; l <= DEGREE; l++) for (; i < (l + 1) * (l + 1); i++) {
            const double want = (double)(after[i] - before[i]), change = (double)((long double)b[i] - (long double)a[i]);
            /* what the number type itself rounds away, and a share of the angle */
            cr_assert(fabs(change - want) < 12 * EPSILON + sizes[s] * l * (IS_FLOAT ? 2e-6 : 1e-9), "angle %g about %d, degree %d: %g is not %g", sizes[s], axis, l, change, want);
        }
        LOCAL(finish)(&t);
    }
}
static double LOCAL(difference)(const REAL *a, const REAL *b, size_t n)
{
    double worst = 0;
    size_t i;
    for (i = 0; i < n; i++) { const double e = fabs((double)a[i] - (double)b[i]); if (!(e <= worst)) worst = e; }
    return worst;
}
TEST(rotation, inverse_composition_and_scalar_products)
{
    static const int degrees[] = { 2, 5, 6, 12, 20, 64 };
    size_t d;
    int trial, i;
    for (d = 0; d < 6; d++) for (trial = 0; trial < 8; trial++) {
        const int degree = degrees[d];
        /* float: 1e-6 to degree 6, 3e-7 (degree + 1) beyond, of coefficients up to 1 */
        const double bound = IS_FLOAT ? degree <= 6 ? 1e-6 : 3e-7 * (degree + 1) : 2e-15 * (degree + 1);
        const size_t count = (size_t)((degree + 1) * (degree + 1));
        REAL *a = LOCAL(random_field)(count), *b = LOCAL(random_field)(count), *ra = LOCAL(reals)(count), *rb = LOCAL(reals)(count), *c = LOCAL(reals)(count), before, after;
        double p[4], q[4], pq[4];
        LOCAL(turned) tp, tq, tpq, back;
        for (i = 0; i < 4; i++) { p[i] = (double)(REAL)uniform(); q[i] = (double)(REAL)uniform(); }
        if (trial == 2) { q[0] = 3e-7; q[1] = -2e-7; q[2] = 0; q[3] = 1; }
        pq[0] = p[3] * q[0] + p[0] * q[3] + p[1] * q[2] - p[2] * q[1];
        pq[1] = p[3] * q[1] - p[0] * q[2] + p[1] * q[3] + p[2] * q[0];
        pq[2] = p[3] * q[2] + p[0] * q[1] - p[1] * q[0] + p[2] * q[3];
        pq[3] = p[3] * q[3] - p[0] * q[0] - p[1] * q[1] - p[2] * q[2];
        tp = LOCAL(prepare)(degree, p, trial & 1); tq = LOCAL(prepare)(degree, q, trial & 1); tpq = LOCAL(prepare)(degree, pq, trial & 1);
        OK(SH(rotate)(&tq.r, a, ra, 1, tq.work, tq.bytes));
        OK(SH(rotate)(&tp.r, ra, ra, 1, tp.work, tp.bytes));
        OK(SH(rotate)(&tpq.r, a, c, 1, tpq.work, tpq.bytes));
        cr_assert(LOCAL(difference)(ra, c, count) < bound, "composition, degree %d: %g", degree, LOCAL(difference)(ra, c, count));
        OK(SH(rotate)(&tpq.r, b, rb, 1, tpq.work, tpq.bytes));
        OK(SH(dot)(degree, a, b, &before, NULL));
        OK(SH(dot)(degree, c, rb, &after, NULL));
        cr_assert(fabs((double)(before - after)) < 10 * EPSILON * (degree + 1) * (degree + 1), "degree %d: %g", degree, (double)(before - after));
        for (i = 0; i < 3; i++) pq[i] = -pq[i];
        back = LOCAL(prepare)(degree, pq, trial & 1);
        OK(SH(rotate)(&back.r, c, c, 1, back.work, back.bytes));
        cr_assert(LOCAL(difference)(a, c, count) < bound, "inverse, degree %d: %g", degree, LOCAL(difference)(a, c, count));
        LOCAL(finish)(&tp); LOCAL(finish)(&tq); LOCAL(finish)(&tpq); LOCAL(finish)(&back);
        free(a); free(b); free(ra); free(rb); free(c);
    }
}
TEST(rotation, from_matrix_quaternion_angles_and_about_z_agree)
{
    enum { DEGREE = 15, COUNT = 256 };
    int trial, i;
    for (trial = 0; trial < 60; trial++) {
        const double alpha = (double)(REAL)(trial % 7 == 3 ? 0 : uniform() * 3), beta = (double)(REAL)(trial % 5 == 1 ? 0 : trial % 5 == 2 ? PI : fabs(uniform()) * 3), gamma = (double)(REAL)(uniform() * 3);
        double q[4], m[9];
        REAL fq[4], fm[9], *a = LOCAL(random_field)(COUNT), x[3][COUNT];
        SH(rotation) r;
        void *memory = get(SH(rotation_size)(DEGREE)), *work = get(SH(rotate_size)(DEGREE));
        const size_t bytes = SH(rotation_size)(DEGREE), work_bytes = SH(rotate_size)(DEGREE);
        q[0] = -sin(beta / 2) * sin((alpha - gamma) / 2); q[1] = sin(beta / 2) * cos((alpha - gamma) / 2); q[2] = cos(beta / 2) * sin((alpha + gamma) / 2); q[3] = cos(beta / 2) * cos((alpha + gamma) / 2);
        matrix_of(q, m);
        for (i = 0; i < 4; i++) fq[i] = (REAL)(q[i] * 3);
        for (i = 0; i < 9; i++) fm[i] = (REAL)m[i];
        OK(SH(rotation_quaternion)(&r, DEGREE, fq, NULL, memory, bytes)); OK(SH(rotate)(&r, a, x[0], 1, work, work_bytes));
        OK(SH(rotation_matrix)(&r, DEGREE, fm, NULL, memory, bytes)); OK(SH(rotate)(&r, a, x[1], 1, work, work_bytes));
        OK(SH(rotation_angles)(&r, DEGREE, (REAL)alpha, (REAL)beta, (REAL)gamma, NULL, memory, bytes)); OK(SH(rotate)(&r, a, x[2], 1, work, work_bytes));
        cr_assert(LOCAL(difference)(x[0], x[1], COUNT) < 100 * EPSILON, "matrix: %g", LOCAL(difference)(x[0], x[1], COUNT));
        cr_assert(LOCAL(difference)(x[0], x[2], COUNT) < 100 * EPSILON, "angles: %g", LOCAL(difference)(x[0], x[2], COUNT));
        OK(SH(rotation_angles)(&r, DEGREE, (REAL)alpha, 0, 0, NULL, memory, bytes)); OK(SH(rotate)(&r, a, x[0], 1, work, work_bytes));
        OK(SH(rotate_z)(DEGREE, (REAL)alpha, a, x[1], 1));
        cr_assert(LOCAL(difference)(x[0], x[1], COUNT) < 20 * EPSILON, "z: %g", LOCAL(difference)(x[0], x[1], COUNT));
        /* a mirror: the determinant is -1 */
        for (i = 0; i < 9; i++) fm[i] = -fm[i];
        OK(SH(rotation_matrix)(&r, DEGREE, fm, NULL, memory, bytes)); OK(SH(rotate)(&r, a, x[0], 1, work, work_bytes));
        for (i = 0; i < COUNT; i++) { const int l = (int)sqrt(i + 0.5); x[2][i] = l & 1 ? -x[2][i] : x[2][i]; }
        cr_assert(LOCAL(difference)(x[0], x[2], COUNT) < 100 * EPSILON);
        free(a); free(memory); free(work);
    }
}
TEST(rotation, swapping_axes)
{
    static const REAL swap[9] = { 1, 0, 0, 0, 0, 1, 0, 1, 0 }, cycle[9] = { 0, 0, 1, 1, 0, 0, 0, 1, 0 };
    REAL a[4] = { 1, 2, 3, 4 }, b[4];
    SH(rotation) r;
    void *memory = get(SH(rotation_size)(1));
    OK(SH(rotation_matrix)(&r, 1, swap, NULL, memory, SH(rotation_size)(1)));
    OK(SH(rotate)(&r, a, b, 1, NULL, 0));
    cr_assert(fabs((double)b[0] - 1) + fabs((double)b[1] - 3) + fabs((double)b[2] - 2) + fabs((double)b[3] - 4) < 40 * EPSILON);       /* y <-> z */
    OK(SH(rotation_matrix)(&r, 1, cycle, NULL, memory, SH(rotation_size)(1)));                                                        /* x -> y -> z -> x */
    OK(SH(rotate)(&r, a, b, 1, NULL, 0));
    cr_assert(fabs((double)b[1] - 4) + fabs((double)b[2] - 2) + fabs((double)b[3] - 3) < 40 * EPSILON, "%g %g %g", (double)b[1], (double)b[2], (double)b[3]);
    free(memory);
}
TEST(rotation, of_many_vectors_is_that_of_each_in_place_or_not)
{
    static const int degrees[] = { 0, 1, 3, 12, 17 };
    size_t d, v;
    int way;
    for (d = 0; d < 5; d++) for (way = 0; way < 4; way++) {
        const int degree = degrees[d];
        const size_t n = (size_t)((degree + 1) * (degree + 1)), count = 131;
        LOCAL(turned) t = LOCAL(prepare)(degree, LOCAL(rotations)[16], way), one = LOCAL(prepare)(degree, LOCAL(rotations)[16], 1);
        REAL *a = LOCAL(random_field)(n * count), *b = LOCAL(reals)(n * count), *c = LOCAL(reals)(n);
        a[n * 7] = (REAL)NAN;
        if (n > 4) a[n * 8 - 1] = (REAL)INFINITY;
        OK(SH(rotate)(&t.r, a, b, count, t.work, t.bytes));
        for (v = 0; v < count; v++) {
            OK(SH(rotate)(&one.r, a + v * n, c, 1, one.work, one.bytes));
            cr_assert(memcmp(b + v * n, c, n * sizeof(REAL)) == 0, "degree %d, vector %d", degree, (int)v);
        }
        OK(SH(rotate)(&t.r, a, a, count, t.work, t.bytes));
        cr_assert(memcmp(a, b, n * count * sizeof(REAL)) == 0);
        LOCAL(finish)(&t); LOCAL(finish)(&one);
        free(a); free(b); free(c);
    }
}
TEST(rotation, bad_input_is_refused)
{
    REAL q[4] = { 0, 0, 0, 1 }, m[9] = { 1, 0, 0, 0, 1, 0, 0, 0, 1 }, a[400] = { 0 }, out[400];
    const sphere_exec wrong = { (sphere_simd)9, { NULL, NULL } };
    SH(rotation) r, saved;
    const size_t bytes = SH(rotation_size)(13), work_bytes = SH(rotate_size)(13);
    void *memory = get(bytes), *work = get(work_bytes);
    memset(&r, 0, sizeof(r)); saved = r;
    memset(out, 0xa5, sizeof(out));
    cr_assert(SH(rotation_size)(-1) == 0 && SH(rotation_size)(16384) == 0 && SH(rotate_size)(-1) == 0 && SH(rotate_size)(16384) == 0 && SH(rotate_size)(12) == 0 && work_bytes > 0);
    FAILS(SPHERE_E_NULL, SH(rotation_quaternion)(NULL, 13, q, NULL, memory, bytes)); FAILS(SPHERE_E_NULL, SH(rotation_quaternion)(&r, 13, NULL, NULL, memory, bytes));
    FAILS(SPHERE_E_NULL, SH(rotation_matrix)(&r, 13, NULL, NULL, memory, bytes));
    FAILS(SPHERE_E_RANGE, SH(rotation_quaternion)(&r, -1, q, NULL, memory, bytes)); FAILS(SPHERE_E_RANGE, SH(rotation_quaternion)(&r, 16384, q, NULL, memory, bytes));
    FAILS(SPHERE_E_MEMORY, SH(rotation_quaternion)(&r, 13, q, NULL, NULL, bytes)); FAILS(SPHERE_E_MEMORY, SH(rotation_quaternion)(&r, 13, q, NULL, memory, bytes - 1));
    FAILS(SPHERE_E_LEVEL, SH(rotation_quaternion)(&r, 13, q, &wrong, memory, bytes));
    q[3] = 0; FAILS(SPHERE_E_RANGE, SH(rotation_quaternion)(&r, 13, q, NULL, memory, bytes));
    q[3] = (REAL)INFINITY; FAILS(SPHERE_E_RANGE, SH(rotation_quaternion)(&r, 13, q, NULL, memory, bytes));
    q[1] = (REAL)NAN; FAILS(SPHERE_E_NAN, SH(rotation_quaternion)(&r, 13, q, NULL, memory, bytes));
    m[1] = (REAL)2e-4; FAILS(SPHERE_E_RANGE, SH(rotation_matrix)(&r, 13, m, NULL, memory, bytes));
    m[1] = 0; m[8] = 0; FAILS(SPHERE_E_RANGE, SH(rotation_matrix)(&r, 13, m, NULL, memory, bytes));
    m[8] = (REAL)INFINITY; FAILS(SPHERE_E_RANGE, SH(rotation_matrix)(&r, 13, m, NULL, memory, bytes));
    m[8] = (REAL)NAN; FAILS(SPHERE_E_NAN, SH(rotation_matrix)(&r, 13, m, NULL, memory, bytes));
    FAILS(SPHERE_E_NAN, SH(rotation_angles)(&r, 13, 0, (REAL)NAN, 0, NULL, memory, bytes)); FAILS(SPHERE_E_RANGE, SH(rotation_angles)(&r, 13, 0, 0, (REAL)-2e6, NULL, memory, bytes));
    cr_assert(memcmp(&r, &saved, sizeof(r)) == 0 && untouched(memory, bytes));
    FAILS(SPHERE_E_NULL, SH(rotate)(&r, a, out, 1, work, work_bytes)); FAILS(SPHERE_E_NULL, SH(rotate)(NULL, a, out, 1, work, work_bytes));
    OK(SH(rotation_angles)(&r, 13, 1, 2, 3, NULL, memory, bytes));
    FAILS(SPHERE_E_NULL, SH(rotate)(&r, NULL, out, 1, work, work_bytes)); FAILS(SPHERE_E_NULL, SH(rotate)(&r, a, NULL, 1, work, work_bytes));
    FAILS(SPHERE_E_MEMORY, SH(rotate)(&r, a, out, 1, NULL, work_bytes)); FAILS(SPHERE_E_MEMORY, SH(rotate)(&r, a, out, 1, work, work_bytes - 1));
    FAILS(SPHERE_E_OVERLAP, SH(rotate)(&r, out, out + 100, 1, work, work_bytes)); FAILS(SPHERE_E_SIZE, SH(rotate)(&r, a, out, SIZE_MAX / 8, work, work_bytes));
    FAILS(SPHERE_E_OVERLAP, SH(rotate)(&r, (const REAL *)work, out, 1, work, work_bytes));
    FAILS(SPHERE_E_OVERLAP, SH(rotate)(&r, a, (REAL *)memory, 1, work, work_bytes));
    OK(SH(rotate)(&r, NULL, NULL, 0, NULL, 0));
    cr_assert(untouched(out, sizeof(out)));
    free(memory); free(work);
}

/* -- product */
TEST(product, is_one_at_every_point)
{
    static const int shapes[][3] = { { 0, 0, 0 }, { 1, 1, 2 }, { 2, 2, 4 }, { 2, 2, 6 }, { 3, 5, 8 }, { 5, 5, 10 }, { 12, 0, 12 }, { 0, 7, 9 }, { 9, 20, 29 }, { 40, 40, 80 } };
    size_t s;
    int way, trial;
    for (s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) for (way = 0; way < 2; way++) {
        const int la = shapes[s][0], lb = shapes[s][1], lc = shapes[s][2];
        const size_t na = (size_t)((la + 1) * (la + 1)), nb = (size_t)((lb + 1) * (lb + 1)), nc = (size_t)((lc + 1) * (lc + 1)), count = 3;
        const sphere_exec exec = exec_of(way);
        SH(product) p;
        const size_t bytes = SH(product_size)(la, lb, lc);
        void *memory = get(bytes), *work;
        REAL *a = LOCAL(random_field)(na * count), *b = LOCAL(random_field)(nb * count), *c = LOCAL(reals)(nc * count);
        size_t work_bytes, v;
        OK(SH(product_init)(&p, la, lb, lc, &exec, memory, bytes));
        work_bytes = SH(multiply_size)(&p);
        work = get(work_bytes);
        OK(SH(multiply)(&p, a, b, c, count, work, work_bytes));
        for (v = 0; v < count; v++) for (trial = 0; trial < 20; trial++) {
            double n[3], want, got;
            direction(n);
            want = (double)(LOCAL(at)(la, a + v * na, n) * LOCAL(at)(lb, b + v * nb, n));
            got = (double)LOCAL(at)(lc, c + v * nc, n);
            cr_assert(fabs(want - got) < 4 * EPSILON * (la + 1) * (lb + 1) * (lc + 2), "%d %d %d: %g is not %g", la, lb, lc, got, want);
        }
        /* cut off it is the same but shorter */
        if (lc > 1) {
            const int short_c = lc / 2;
            const size_t ns = (size_t)((short_c + 1) * (short_c + 1));
            REAL *part = LOCAL(reals)(ns);
            SH(product) q;
            void *other = get(SH(product_size)(la, lb, short_c)), *space;
            OK(SH(product_init)(&q, la, lb, short_c, &exec, other, SH(product_size)(la, lb, short_c)));
            space = get(SH(multiply_size)(&q));
            OK(SH(multiply)(&q, a, b, part, 1, space, SH(multiply_size)(&q)));
            cr_assert(LOCAL(difference)(part, c, ns) < 10 * EPSILON * (la + 1) * (lb + 1), "cut off: %g", LOCAL(difference)(part, c, ns));
            free(part); free(other); free(space);
        }
        free(memory); free(work); free(a); free(b); free(c);
    }
}
/* Gaunt coefficients in closed form: Y_10 Y_10 = Y_00 / sqrt(4 pi) + Y_20 / sqrt(5 pi); Y_11 Y_1-1 = sqrt(3 / 20 pi) Y_2-2. */
TEST(product, gaunt_coefficients)
{
    SH(product) p;
    REAL a[4] = { 0, 0, 1, 0 }, b[4] = { 0, 1, 0, 0 }, e[4] = { 0, 0, 0, 1 }, c[9];
    void *memory = get(SH(product_size)(1, 1, 2)), *work;
    int i;
    OK(SH(product_init)(&p, 1, 1, 2, NULL, memory, SH(product_size)(1, 1, 2)));
    work = get(SH(multiply_size)(&p));
    OK(SH(multiply)(&p, a, a, c, 1, work, SH(multiply_size)(&p)));
    for (i = 0; i < 9; i++) cr_assert(fabs((double)c[i] - (i == 0 ? 1 / sqrt(4 * PI) : i == 6 ? 1 / sqrt(5 * PI) : 0)) < 4 * EPSILON, "%d: %g", i, (double)c[i]);
    OK(SH(multiply)(&p, e, b, c, 1, work, SH(multiply_size)(&p)));
    for (i = 0; i < 9; i++) cr_assert(fabs((double)c[i] - (i == 4 ? sqrt(3 / (20 * PI)) : 0)) < 4 * EPSILON, "%d: %g", i, (double)c[i]);
    free(memory); free(work);
}
/* Near the poles harmonics of high order are subnormal, or their products are: a processor takes a hundred times longer for each. */
TEST(product, makes_no_subnormal_numbers)
{
    const int wide = sizeof(REAL) == sizeof(double), l = wide ? 200 : 64, top = wide ? 0 : 64;         /* in double only a high degree has any */
    const size_t n = (size_t)((l + 1) * (l + 1)), bytes = SH(product_size)(l, l, top);
    SH(product) p;
    void *memory = get(bytes), *work;
    REAL *a = LOCAL(random_field)(n), *b = LOCAL(random_field)(n), *c = LOCAL(reals)(n);
    size_t work_bytes, i;
    OK(SH(product_init)(&p, l, l, top, NULL, memory, bytes));
    for (i = 0; i < (bytes - 63) / sizeof(REAL); i++) cr_assert(fpclassify(p.values[i]) != FP_SUBNORMAL, "number %zu is %g", i, (double)p.values[i]);
    work_bytes = SH(multiply_size)(&p); work = get(work_bytes);
    memset(work, 0, work_bytes);
    OK(SH(multiply)(&p, a, b, c, 1, work, work_bytes));
    for (i = 0; i < (work_bytes - 63) / sizeof(REAL); i++) cr_assert(fpclassify(((const REAL *)sphere_align_(work))[i]) != FP_SUBNORMAL, "%zu", i);
    free(memory); free(work); free(a); free(b); free(c);
}
TEST(product, bad_input_is_refused)
{
    SH(product) p, saved;
    const size_t bytes = SH(product_size)(2, 3, 4);
    const sphere_exec wrong = { (sphere_simd)9, { NULL, NULL } };
    REAL a[9] = { 0 }, b[16] = { 0 }, out[50];
    void *memory = get(bytes), *work;
    size_t work_bytes;
    memset(&p, 0, sizeof(p)); saved = p;
    memset(out, 0xa5, sizeof(out));
    cr_assert(bytes > 0 && SH(product_size)(-1, 1, 1) == 0 && SH(product_size)(1, 256, 1) == 0 && SH(product_size)(1, 1, 256) == 0 && SH(multiply_size)(NULL) == 0 && SH(multiply_size)(&p) == 0);
    FAILS(SPHERE_E_NULL, SH(product_init)(NULL, 2, 3, 4, NULL, memory, bytes)); FAILS(SPHERE_E_RANGE, SH(product_init)(&p, -2, 3, 4, NULL, memory, bytes));
    FAILS(SPHERE_E_RANGE, SH(product_init)(&p, 2, 3, 256, NULL, memory, bytes)); FAILS(SPHERE_E_MEMORY, SH(product_init)(&p, 2, 3, 4, NULL, NULL, bytes));
    FAILS(SPHERE_E_MEMORY, SH(product_init)(&p, 2, 3, 4, NULL, memory, bytes - 1)); FAILS(SPHERE_E_LEVEL, SH(product_init)(&p, 2, 3, 4, &wrong, memory, bytes));
    FAILS(SPHERE_E_NULL, SH(multiply)(&p, a, b, out, 1, memory, bytes));
    cr_assert(memcmp(&p, &saved, sizeof(p)) == 0 && untouched(memory, bytes));
    OK(SH(product_init)(&p, 2, 3, 4, NULL, memory, bytes));
    work_bytes = SH(multiply_size)(&p);
    work = get(work_bytes);
    FAILS(SPHERE_E_NULL, SH(multiply)(&p, NULL, b, out, 1, work, work_bytes)); FAILS(SPHERE_E_NULL, SH(multiply)(&p, a, NULL, out, 1, work, work_bytes)); FAILS(SPHERE_E_NULL, SH(multiply)(&p, a, b, NULL, 1, work, work_bytes));
    FAILS(SPHERE_E_MEMORY, SH(multiply)(&p, a, b, out, 1, NULL, work_bytes)); FAILS(SPHERE_E_MEMORY, SH(multiply)(&p, a, b, out, 1, work, work_bytes - 1));
    FAILS(SPHERE_E_OVERLAP, SH(multiply)(&p, a, out + 24, out, 1, work, work_bytes)); FAILS(SPHERE_E_OVERLAP, SH(multiply)(&p, out, b, out, 1, work, work_bytes));
    FAILS(SPHERE_E_OVERLAP, SH(multiply)(&p, a, b, (REAL *)work, 1, work, work_bytes)); FAILS(SPHERE_E_SIZE, SH(multiply)(&p, a, b, out, SIZE_MAX / 16, work, work_bytes));
    OK(SH(multiply)(&p, NULL, NULL, NULL, 0, NULL, 0));
    cr_assert(untouched(out, sizeof(out)));
    a[3] = (REAL)NAN;
    OK(SH(multiply)(&p, a, b, out, 1, work, work_bytes));
    cr_assert(out[0] != out[0] && out[24] != out[24]);
    free(memory); free(work);
}
#endif
