/* Geometry on the sphere of any dimension and point sets: golden cases, references in long double, invariants over 10,000 random
   cases each in dimensions 2 to 64, the documented special cases, errors that leave outputs untouched, and the same bits with
   tasks run backwards. Each measured figure is printed with GEOMETRY_VERBOSE set in the environment. */
#define SPHERE_IMPLEMENTATION
#include "../sphere.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CASES 10000
#define MOST 64
typedef long double wide;
static const wide PI_W = 3.14159265358979323846264338327950288L;

static void note(const char *what, double value) { if (getenv("GEOMETRY_VERBOSE")) printf("%-52s %.3g\n", what, value); }
/* Random numbers: word i of stream s. */
static uint64_t drawn;
static double uniform(void)
{
    uint32_t u[4];
    sphere_random_(2026, 7, drawn++, u);
    return ((double)u[0] + 0.5) / 4294967296.0;
}
static double normal(void)
{
    const double r = sqrt(-2 * log(uniform()));                         /* one after the other: the order of the draws is fixed */
    return r * cos(6.283185307179586 * uniform());
}
static size_t some_dim(void) { return 2 + (size_t)(uniform() * 63); }
static void direction(float *x, size_t dim)
{
    double v[MOST], s = 0;
    size_t i;
    for (i = 0; i < dim; i++) { v[i] = normal(); s += v[i] * v[i]; }
    for (i = 0; i < dim; i++) x[i] = (float)(v[i] / sqrt(s));
}
static wide dotw(const float *a, const float *b, size_t n) { wide s = 0; size_t i; for (i = 0; i < n; i++) s += (wide)a[i] * b[i]; return s; }
static wide normw(const float *a, size_t n) { return sqrtl(dotw(a, a, n)); }
static void unitw(wide *out, const float *a, size_t n) { const wide s = normw(a, n); size_t i; for (i = 0; i < n; i++) out[i] = a[i] / s; }
static wide anglew(const float *a, const float *b, size_t n)
{
    wide u[MOST], v[MOST], d = 0, s = 0;
    size_t i;
    unitw(u, a, n); unitw(v, b, n);
    for (i = 0; i < n; i++) { d += (u[i] - v[i]) * (u[i] - v[i]); s += (u[i] + v[i]) * (u[i] + v[i]); }
    return 2 * atan2l(sqrtl(d), sqrtl(s));
}
static sphere_rows rows_of(const float *data, size_t n, size_t dim) { sphere_rows r; r.data = data; r.n = n; r.dim = dim; r.stride = 0; return r; }
static double worse(double *most, wide error) { const double e = fabs((double)error); if (!(e <= *most)) *most = e; return *most; }
static double ulps(float got, wide exact)
{
    int e;
    frexp((double)exact, &e);
    return (double)(fabsl(got - exact) / ldexpl(1, e - 24));
}
static int is_nan_bits(float x) { return sphere_bits_(x) == 0x7fc00000u; }
/* A parallel hook that runs the tasks backwards. */
static void backwards(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context)
{
    (void)user;
    while (tasks--) task(context, tasks);
}
static const sphere_exec reversed = { SPHERE_SIMD_BEST, { backwards, NULL } };

/* -- the double functions */
Test(geometry, double_functions)
{
    double sine = 0, turn = 0, arc = 0, logarithm = 0, huge = 0, azimuth = 0;
    size_t i;
    for (i = 0; i < 200000; i++) {
        const double x = (uniform() - 0.5) * exp(uniform() * 36), y = exp((uniform() - 0.5) * 40), z = exp((uniform() - 0.5) * 40);
        double s, c;
        uint64_t t;
        sphere_sincos_double_(x, &s, &c);
        if (fabs(x) < 5e7) { worse(&sine, s - sinl(x)); worse(&sine, c - cosl(x)); }
        else { worse(&huge, s - sinl(x)); worse(&huge, c - cosl(x)); }
        worse(&arc, sphere_atan2_quadrant_(y, z) / atan2l(y, z) - 1);
        worse(&logarithm, (sphere_log_double_(y) - logl(y)) / fmaxl(1, fabsl(logl(y))));
        t = (uint64_t)(uniform() * 1.8446744073709552e19) + i;
        sphere_sincos_turn_(t, &s, &c);
        worse(&turn, s - sinl(2 * PI_W * (t / 18446744073709551616.0L)));
        worse(&turn, c - cosl(2 * PI_W * (t / 18446744073709551616.0L)));
        {
            const double px = normal(), py = normal();
            wide want = atan2l(py, px) / (2 * PI_W);
            if (want < 0) want += 1;
            worse(&azimuth, sphere_azimuth_(py, px) - want);
        }
    }
    note("sincos double, |x| < 5e7, absolute", sine);
    note("sincos double beyond", huge);
    note("sincos of a turn, absolute", turn);
    note("atan2 double, relative", arc);
    note("log double", logarithm);
    note("azimuth, turns", azimuth);
    cr_assert(sine < 3e-16 && turn < 3e-16 && arc < 4.5e-16 && logarithm < 4.5e-16 && huge < 3e-7 && azimuth < 3e-16);
    cr_assert(sphere_atan2_quadrant_(0, 0) == 0 && sphere_atan2_quadrant_(1, 0) == 1.5707963267948966 && sphere_atan2_quadrant_(1, 1) == 0.7853981633974483);
}

/* -- golden/anneal.json, cases D1, D6, D7 */
Test(geometry, golden_d1)
{
    static const float x[4] = { 0.4137436509002833f, 0.3644430464883476f, 0.665445611185836f, 0.5031695497141156f };
    static const float y[4] = { -0.6725257348953615f, 0.3653131424728076f, 0.5740995789656591f, -0.29097270880883125f };
    static const float v[4] = { 0.1482391862876058f, 0.5551635339978886f, -0.6757083010307214f, 0.3696340760243835f };
    static const float w[4] = { 0.6955362310642254f, 0.841195375867642f, -0.6391004102087763f, -0.33598007284543263f };
    static const double want_exp[4] = { 0.3634296862174946, 0.6823203232276158, -0.1952771155921854, 0.6035103046447603 };
    static const double want_log[4] = { -1.0552073260276977, 0.49392909476836305, 0.7637516204044947, -0.5001472296891069 };
    static const double want_moved[4] = { 0.5935872049899682, 1.128687970361418, -0.15077284533230584, -0.2523836316530846 };
    const sphere_rows rx = rows_of(x, 1, 4), ry = rows_of(y, 1, 4), rv = rows_of(v, 1, 4), rw = rows_of(w, 1, 4);
    float out[4], angle;
    size_t i;
    cr_assert(sphere_row_exp(&rx, &rv, out, 0, NULL) == SPHERE_OK);
    for (i = 0; i < 4; i++) cr_assert(fabs(out[i] - want_exp[i]) < 1.5e-7);
    cr_assert(sphere_row_log(&rx, &ry, out, 0, NULL) == SPHERE_OK);
    for (i = 0; i < 4; i++) cr_assert(fabs(out[i] - want_log[i]) < 1.5e-7);
    cr_assert(sphere_row_transport(&rx, &ry, &rw, out, 0, NULL) == SPHERE_OK);
    for (i = 0; i < 4; i++) cr_assert(fabs(out[i] - want_moved[i]) < 1.5e-7);
    cr_assert(sphere_row_distance(&rx, &ry, &angle, NULL) == SPHERE_OK);
    cr_assert(fabs(angle - 1.4801662881573132) < 1.5e-7);
}
Test(geometry, golden_d6)
{
    static const float w[9] = { 0, .1f, .2f, -.3f, 0, .4f, .5f, -.6f, 0 }, z[3] = { .6f, 0, .8f };
    static const double want[9] = { 0.7777777777777778, -0.08888888888888882, 0.6222222222222222, 0.6222222222222222, -0.03111111111111116, -0.7822222222222222,
                                    0.08888888888888899, 0.9955555555555556, 0.031111111111111086 };
    static const double want_turned[3] = { 0.5377777777777779, 0.7431111111111113, 0.3982222222222222 };
    const sphere_rows rz = rows_of(z, 1, 3);
    double memory[64];
    float r[9], out[3];
    size_t i;
    cr_assert(sphere_cayley_size(3) <= sizeof(memory));
    cr_assert(sphere_cayley(w, 3, r, memory, sizeof(memory)) == SPHERE_OK);
    for (i = 0; i < 9; i++) cr_assert(fabs(r[i] - want[i]) < 1.2e-7);
    cr_assert(sphere_row_multiply(&rz, r, out, 0, NULL) == SPHERE_OK);
    for (i = 0; i < 3; i++) cr_assert(fabs(out[i] - want_turned[i]) < 1.5e-7);
    cr_assert(fabs(acos((r[0] + r[4] + r[8] - 1) / 2) - 1.6821373411358607) < 3e-7);
}
Test(geometry, golden_d7)
{
    static const float a[15] = { -0.2975275780225937f, -0.46185539209773996f, -0.7066348371180045f, -0.7740816407398772f, 0.7057661715246459f, 0.6940818559028873f,
        0.0512982091850828f, -0.5526859770386742f, -0.30974291792075104f, -0.1408584874444089f, 0.4493867821037775f, -0.1836943083769323f, -0.6097749994349021f,
        0.3719581873523289f, 0.21569738173474332f };
    static const float b[15] = { -0.4971838475933461f, -0.7113757572119173f, 0.18785074778248667f, 0.011208856263481781f, 0.789634457108636f, -0.9899281650731164f,
        -0.3304621880884753f, -0.35679268329459846f, 0.3571087303249969f, 0.1240020900435117f, -0.12667527349491347f, -0.3777541003755991f, -0.2658203142469775f,
        0.2717744106128753f, -0.6960901772837647f };
    static const double want[9] = { 0.7440620105330467, -0.06936894900286804, 0.6644995661366202, 0.6672922771428041, 0.027949878083138494, -0.7442713357242157,
                                    0.03305663847233236, 0.9971994550887875, 0.06708580642382048 };
    const sphere_rows ra = rows_of(a, 5, 3), rb = rows_of(b, 5, 3);
    sphere_procrustes_desc desc = { 0, 0, { SPHERE_SIMD_BEST, { 0, 0 } } };
    sphere_procrustes_report report;
    double memory[128];
    float r[9], s[3];
    size_t i;
    cr_assert(sphere_procrustes_size(&ra, &rb) <= sizeof(memory));
    cr_assert(sphere_procrustes(&ra, &rb, NULL, r, s, &report, memory, sizeof(memory)) == SPHERE_OK);
    for (i = 0; i < 9; i++) cr_assert(fabs(r[i] - want[i]) < 2e-7, "R[%u] %.9g", (unsigned)i, (double)r[i]);
    cr_assert(fabs(report.rmse - 0.05213227078712065) < 1e-8 && report.determinant == 1 && !report.flipped && report.rank == 3);
    cr_assert(s[0] >= s[1] && s[1] >= s[2]);
    desc.rotation_only = 1;
    cr_assert(sphere_procrustes(&ra, &rb, &desc, r, NULL, &report, memory, sizeof(memory)) == SPHERE_OK);
    cr_assert(fabs(report.rmse - 0.05213227078712065) < 1e-8);
    desc.centre = 1;
    cr_assert(sphere_procrustes(&ra, &rb, &desc, r, NULL, &report, memory, sizeof(memory)) == SPHERE_OK);
    cr_assert(fabs(report.rmse - 0.05148731074522235) < 1e-8);
}

/* -- rows against references in long double: the error in units of the last place of a row of length 1 (2^-24) */
Test(geometry, rows_against_long_double)
{
    static float x[MOST], y[MOST], v[MOST], out[MOST];
    double angle_ulps = 0, slerp = 0, exponential = 0, logarithm = 0, tangent = 0, moved = 0;
    size_t c, i;
    for (c = 0; c < CASES; c++) {
        const size_t dim = some_dim();
        const sphere_rows rx = rows_of(x, 1, dim), ry = rows_of(y, 1, dim), rv = rows_of(v, 1, dim);
        const double near = c % 4 == 1 ? pow(10, -1 - 6 * uniform()) : 0;
        wide ux[MOST], uy[MOST], t[MOST], dot = 0, theta, length = 0, along = 0;
        float angle, share = (float)(3 * uniform() - 1);
        direction(x, dim);
        direction(y, dim);
        if (c % 4 == 1) for (i = 0; i < dim; i++) y[i] = (float)((c % 8 == 1 ? 1 : -1) * x[i] + near * y[i]);   /* close to x or to -x */
        for (i = 0; i < dim; i++) v[i] = (float)(normal() * (c % 3 ? 1 : 1e-3));
        unitw(ux, x, dim); unitw(uy, y, dim);
        theta = anglew(x, y, dim);
        for (i = 0; i < dim; i++) dot += ux[i] * uy[i];
        cr_assert(sphere_row_distance(&rx, &ry, &angle, NULL) == SPHERE_OK);
        worse(&angle_ulps, ulps(angle, theta));
        if (sinl(theta) > 1e-12L) {
            cr_assert(sphere_row_slerp(&rx, &ry, &share, 1, out, 0, NULL) == SPHERE_OK);
            for (i = 0; i < dim; i++) worse(&slerp, out[i] - (sinl((1 - (wide)share) * theta) * ux[i] + sinl(share * theta) * uy[i]) / sinl(theta));
            cr_assert(sphere_row_log(&rx, &ry, out, 0, NULL) == SPHERE_OK);
            for (i = 0; i < dim; i++) worse(&logarithm, (out[i] - theta / sinl(theta) * (uy[i] - dot * ux[i])) / fmaxl(1, theta));
        }
        for (i = 0; i < dim; i++) along += v[i] * ux[i];
        for (i = 0; i < dim; i++) { t[i] = v[i] - along * ux[i]; length += t[i] * t[i]; }
        length = sqrtl(length);
        cr_assert(sphere_row_exp(&rx, &rv, out, 0, NULL) == SPHERE_OK);
        for (i = 0; i < dim; i++) worse(&exponential, out[i] - (cosl(length) * ux[i] + sinl(length) / length * t[i]));
        cr_assert(sphere_row_tangent(&rx, &rv, out, 0, NULL) == SPHERE_OK);
        for (i = 0; i < dim; i++) worse(&tangent, (out[i] - t[i]) / fmaxl(1, length));
        cr_assert(sphere_row_transport(&rx, &ry, &rv, out, 0, NULL) == SPHERE_OK);
        if (dot > -0.9999) {
            wide ty = 0;
            for (i = 0; i < dim; i++) ty += t[i] * uy[i];
            for (i = 0; i < dim; i++) worse(&moved, (out[i] - (t[i] - ty / (1 + dot) * (ux[i] + uy[i]))) / fmaxl(1, length));
        }
    }
    note("distance, ulp", angle_ulps);
    note("slerp, units of 2^-24", ldexp(slerp, 24));
    note("exp, units of 2^-24", ldexp(exponential, 24));
    note("log, units of 2^-24 of max(1, length)", ldexp(logarithm, 24));
    note("tangent, units of 2^-24 of max(1, length)", ldexp(tangent, 24));
    note("transport, units of 2^-24 of max(1, length)", ldexp(moved, 24));
    cr_assert(angle_ulps < 0.51);
    cr_assert(slerp < 6.5e-8 && exponential < 3.1e-8 && logarithm < 6.5e-8 && tangent < 6.5e-8 && moved < 6.5e-8);
}
Test(geometry, invariants)
{
    static float x[MOST], y[MOST], v[MOST], w[MOST], e[MOST], out[MOST], moved[MOST];
    double unit = 0, back = 0, tangent = 0, length = 0, inner = 0, ends = 0, circle = 0, there = 0, turned = 0, kept = 0;
    size_t c, i;
    for (c = 0; c < CASES; c++) {
        const size_t dim = some_dim();
        const sphere_rows rx = rows_of(x, 1, dim), ry = rows_of(y, 1, dim), rv = rows_of(v, 1, dim), rw = rows_of(w, 1, dim), re = rows_of(e, 1, dim);
        const float zero = 0, one = 1, far_on = (float)(200 * uniform() - 100);
        float most;
        wide size;
        direction(x, dim); direction(y, dim); direction(v, dim); direction(w, dim);
        sphere_row_tangent(&rx, &rv, v, 0, NULL);                       /* in place */
        sphere_row_tangent(&rx, &rw, w, 0, NULL);
        if (normw(v, dim) < 1e-3L || normw(w, dim) < 1e-3L) continue;
        most = (float)(3.1 * uniform());
        sphere_row_shell(&rv, &most, 1, v, 0, NULL);                    /* below pi, where log inverts exp */
        size = normw(v, dim);
        worse(&length, (size - most) / most);
        sphere_row_exp(&rx, &rv, e, 0, NULL);
        worse(&unit, normw(e, dim) - 1);
        sphere_row_log(&rx, &re, out, 0, NULL);
        worse(&tangent, dotw(out, x, dim));
        for (i = 0; i < dim; i++) worse(&back, (out[i] - v[i]) * sinl(size < 1.5L ? 1.5L : size));   /* conditioning near -x */
        sphere_row_transport(&rx, &ry, &rv, out, 0, NULL);
        sphere_row_transport(&rx, &ry, &rw, moved, 0, NULL);
        worse(&length, (normw(out, dim) - size) / fmaxl(1, size));
        worse(&tangent, dotw(out, y, dim) / fmaxl(1, size));
        worse(&inner, (dotw(out, moved, dim) - dotw(v, w, dim)) / fmaxl(1, size));
        sphere_row_slerp(&rx, &ry, &zero, 1, out, 0, NULL);
        for (i = 0; i < dim; i++) worse(&ends, out[i] - x[i] / normw(x, dim));
        sphere_row_slerp(&rx, &ry, &one, 1, out, 0, NULL);
        for (i = 0; i < dim; i++) worse(&ends, out[i] - y[i] / normw(y, dim));
        sphere_row_slerp(&rx, &ry, &far_on, 1, out, 0, NULL);
        worse(&circle, normw(out, dim) - 1);
        sphere_row_turn(x, y, &rx, out, 0, NULL);                       /* the least rotation takes x to y and keeps lengths */
        for (i = 0; i < dim; i++) worse(&there, out[i] - y[i] * normw(x, dim) / normw(y, dim));
        sphere_row_turn(x, y, &rv, out, 0, NULL);
        worse(&kept, (normw(out, dim) - size) / fmaxl(1, size));
        {                                                               /* what is perpendicular to both stays */
            wide p[MOST], a = 0, b = 0, ux[MOST], uy[MOST], cosine = 0;
            float f[MOST];
            const sphere_rows rf = rows_of(f, 1, dim);
            unitw(ux, x, dim); unitw(uy, y, dim);
            for (i = 0; i < dim; i++) cosine += ux[i] * uy[i];
            if (cosine * cosine < 0.99L && dim > 2) {
                for (i = 0; i < dim; i++) { a += w[i] * ux[i]; b += w[i] * (uy[i] - cosine * ux[i]); }
                for (i = 0; i < dim; i++) { p[i] = w[i] - a * ux[i] - b / (1 - cosine * cosine) * (uy[i] - cosine * ux[i]); f[i] = (float)p[i]; }
                sphere_row_turn(x, y, &rf, out, 0, NULL);
                for (i = 0; i < dim; i++) worse(&turned, out[i] - f[i]);
            }
        }
    }
    note("|exp| - 1", unit);
    note("log(exp v) - v, scaled by the condition", back);
    note("tangency", tangent);
    note("lengths kept by transport and shell, relative", length);
    note("inner products kept by transport", inner);
    note("slerp at 0 and 1", ends);
    note("|slerp| - 1 at |t| <= 100", circle);
    note("least rotation: from -> to", there);
    note("least rotation: lengths", kept);
    note("least rotation: the perpendicular part", turned);
    cr_assert(unit < 1e-7 && back < 6e-7 && tangent < 3e-7 && length < 1.3e-7 && inner < 3e-7 && ends < 6.1e-8 && circle < 1e-7);
    cr_assert(there < 1e-7 && kept < 1.3e-7 && turned < 3e-7);
}
Test(geometry, opposite_directions_take_the_documented_way)
{
    float x[MOST], y[MOST], out[MOST], want[MOST], angle;
    size_t c, i, k;
    for (c = 0; c < 2000; c++) {
        const size_t dim = some_dim();
        const sphere_rows rx = rows_of(x, 1, dim), ry = rows_of(y, 1, dim), rw = rows_of(want, 1, dim);
        const float half = .5f;
        wide ux[MOST], s = 0;
        direction(x, dim);
        for (i = 0; i < dim; i++) y[i] = -x[i] * (c & 1 ? 1.0f : 4.0f);
        for (k = 0, i = 1; i < dim; i++) if (fabsf(x[i]) < fabsf(x[k])) k = i;
        unitw(ux, x, dim);
        for (i = 0; i < dim; i++) s += ((i == k) - ux[k] * ux[i]) * ((i == k) - ux[k] * ux[i]);
        for (i = 0; i < dim; i++) want[i] = (float)(((i == k) - ux[k] * ux[i]) / sqrtl(s));
        cr_assert(sphere_row_distance(&rx, &ry, &angle, NULL) == SPHERE_OK && angle == 3.14159274f);
        sphere_row_slerp(&rx, &ry, &half, 1, out, 0, NULL);
        for (i = 0; i < dim; i++) cr_assert(fabsf(out[i] - want[i]) < 1e-7f);
        sphere_row_log(&rx, &ry, out, 0, NULL);
        for (i = 0; i < dim; i++) cr_assert(fabsf(out[i] - 3.14159274f * want[i]) < 4e-7f);
        sphere_row_transport(&rx, &ry, &rw, out, 0, NULL);              /* along that way its own direction turns over */
        for (i = 0; i < dim; i++) cr_assert(fabsf(out[i] + want[i]) < 1.5e-7f);
        sphere_row_turn(x, y, &rx, out, 0, NULL);
        for (i = 0; i < dim; i++) cr_assert(fabsf(out[i] + x[i]) < 1.5e-7f);
    }
    {   /* dimension 1 has no such way */
        const float a = 1, b = -1, t = .5f, one = 1;
        const sphere_rows ra = rows_of(&a, 1, 1), rb = rows_of(&b, 1, 1);
        cr_assert(sphere_row_distance(&ra, &rb, &angle, NULL) == SPHERE_OK && angle == 3.14159274f);
        cr_assert(sphere_row_slerp(&ra, &rb, &t, 1, out, 0, NULL) == SPHERE_OK && out[0] == 0);
        cr_assert(sphere_row_slerp(&ra, &rb, &one, 1, out, 0, NULL) == SPHERE_OK && out[0] == -1);
    }
}
Test(geometry, special_rows)
{
    float a[6] = { 1, 0, 0, 0, 0, 0 }, b[6] = { 1, 0, 0, 0, NAN, 0 }, out[6], angle[2], t[2] = { 7, INFINITY };
    const sphere_rows ra = rows_of(a, 2, 3), rb = rows_of(b, 2, 3), one = rows_of(a, 1, 3);
    size_t i;
    cr_assert(sphere_row_distance(&ra, &rb, angle, NULL) == SPHERE_OK && angle[0] == 0 && is_nan_bits(angle[1]));
    cr_assert(sphere_row_slerp(&ra, &rb, t, 1, out, 0, NULL) == SPHERE_OK);
    for (i = 0; i < 3; i++) cr_assert(out[i] == a[i] && is_nan_bits(out[3 + i]));
    cr_assert(sphere_row_slerp(&one, &one, t + 1, 1, out, 0, NULL) == SPHERE_OK && is_nan_bits(out[0]) && is_nan_bits(out[1]));
    cr_assert(sphere_row_log(&one, &one, out, 0, NULL) == SPHERE_OK && out[0] == 0 && out[1] == 0);
    cr_assert(sphere_row_exp(&one, &rb, out, 0, NULL) == SPHERE_OK);
    for (i = 0; i < 3; i++) cr_assert(out[i] == a[i] && is_nan_bits(out[3 + i]));     /* (1,0,0) is along x: nothing is left of it */
    cr_assert(sphere_row_shell(&ra, t, 1, out, 0, NULL) == SPHERE_OK && out[0] == 7 && out[1] == 0 && out[3] == 0);
    cr_assert(sphere_row_transport(&one, &ra, &one, out, 0, NULL) == SPHERE_OK && out[0] == 0 && is_nan_bits(out[3]));
    a[0] = 3e38f; a[1] = 3e38f; b[0] = 1e-44f; b[1] = 0;
    cr_assert(sphere_row_distance(&ra, &rb, angle, NULL) == SPHERE_OK && fabsf(angle[0] - 0.785398163f) < 1e-7f);   /* no scale is special */
}
Test(geometry, rows_same_bits_and_in_place)
{
    enum { N = 1000, D = 19 };
    static float x[N * D], y[N * D], v[N * D], t[N], one[N * D], two[N * (D + 3)];
    const sphere_rows rx = rows_of(x, N, D), ry = rows_of(y, N, D), rv = rows_of(v, N, D), first = rows_of(x, 1, D);
    sphere_rows wide_rows = rows_of(two, N, D);
    size_t i;
    for (i = 0; i < N; i++) { direction(x + i * D, D); direction(y + i * D, D); direction(v + i * D, D); t[i] = (float)uniform(); }
    wide_rows.stride = D + 3;
    sphere_row_slerp(&rx, &ry, t, N, one, 0, NULL);
    sphere_row_slerp(&rx, &ry, t, N, two, D + 3, &reversed);
    for (i = 0; i < N; i++) cr_assert(memcmp(one + i * D, two + i * (D + 3), D * 4) == 0);
    for (i = 0; i < N; i++) memcpy(two + i * (D + 3), v + i * D, D * 4);
    sphere_row_transport(&first, &ry, &rv, one, 0, NULL);
    sphere_row_transport(&first, &ry, &wide_rows, two, D + 3, &reversed);
    for (i = 0; i < N; i++) cr_assert(memcmp(one + i * D, two + i * (D + 3), D * 4) == 0);
    sphere_row_distance(&rx, &first, one, NULL);
    sphere_row_distance(&first, &rx, two, &reversed);                   /* symmetric to the bit */
    cr_assert(memcmp(one, two, N * 4) == 0);
    memcpy(two, y, sizeof(y));
    wide_rows.stride = 0;
    sphere_row_log(&rx, &ry, one, 0, NULL);
    sphere_row_log(&rx, &wide_rows, two, 0, NULL);
    cr_assert(memcmp(one, two, sizeof(one)) == 0);
}
Test(geometry, row_errors_leave_outputs)
{
    float a[8] = { 1, 0, 0, 1, 0, 0, 1, 0 }, out[8] = { 5, 5, 5, 5, 5, 5, 5, 5 }, t = .5f;
    const sphere_rows two = rows_of(a, 2, 4), three = rows_of(a, 3, 2), pair = rows_of(a, 2, 2), none = rows_of(NULL, 0, 4), null_rows = rows_of(NULL, 2, 4);
    const sphere_exec wrong = { (sphere_simd)9, { 0, 0 } };
    size_t i;
    cr_assert(sphere_row_distance(NULL, &two, out, NULL) == SPHERE_E_NULL);
    cr_assert(sphere_row_distance(&two, &two, NULL, NULL) == SPHERE_E_NULL);
    cr_assert(sphere_row_distance(&two, &null_rows, out, NULL) == SPHERE_E_NULL);
    cr_assert(sphere_row_distance(&two, &three, out, NULL) == SPHERE_E_RANGE);
    cr_assert(sphere_row_distance(&pair, &three, out, NULL) == SPHERE_E_RANGE);
    cr_assert(sphere_row_distance(&two, &two, out, &wrong) == SPHERE_E_LEVEL);
    cr_assert(sphere_row_distance(&two, &two, a, NULL) == SPHERE_E_OVERLAP);
    cr_assert(sphere_row_slerp(&two, &two, &t, 1, a + 1, 0, NULL) == SPHERE_E_OVERLAP);
    cr_assert(sphere_row_slerp(&two, &two, &t, 3, out, 0, NULL) == SPHERE_E_RANGE);
    cr_assert(sphere_row_slerp(&two, &two, &t, 1, out, 3, NULL) == SPHERE_E_RANGE);
    cr_assert(sphere_row_slerp(&two, &two, NULL, 1, out, 0, NULL) == SPHERE_E_NULL);
    cr_assert(sphere_row_distance(&none, &none, NULL, NULL) == SPHERE_OK);
    cr_assert(sphere_row_exp(&two, &none, NULL, 0, NULL) == SPHERE_OK);
    cr_assert(sphere_row_multiply(&two, a, a, 0, NULL) == SPHERE_E_OVERLAP);
    cr_assert(sphere_row_turn(a, NULL, &two, out, 0, NULL) == SPHERE_E_NULL);
    cr_assert(sphere_row_turn(a + 1, a + 1, &pair, out, 0, NULL) == SPHERE_E_RANGE);
    for (i = 0; i < 8; i++) cr_assert(out[i] == 5);
}

/* -- Karcher mean */
Test(geometry, karcher, .timeout = 300)
{
    enum { N = 700 };
    static float x[N * MOST], w[N], mean[MOST], again[MOST];
    static double memory[20 * MOST + 64];
    double residual = 0, claimed = 0;
    size_t c, i, j, steps = 0;
    for (c = 0; c < CASES; c++) {
        const size_t dim = some_dim(), n = c % 100 ? 1 + (size_t)(uniform() * 30) : N;
        const sphere_rows rows = rows_of(x, n, dim);
        const double spread = pow(10, -4 * uniform());
        sphere_karcher_desc desc = { w, 0, 0, { SPHERE_SIMD_BEST, { 0, 0 } } };
        sphere_karcher_report report;
        wide m[MOST], sum[MOST] = { 0 }, total = 0, size = 0, largest = 0;
        float axis[MOST];
        direction(axis, dim);
        for (i = 0; i < n; i++) {                                       /* within about 60 degrees of an axis */
            direction(x + i * dim, dim);
            for (j = 0; j < dim; j++) x[i * dim + j] = (float)(axis[j] + 0.85 * spread * x[i * dim + j]);
            w[i] = (float)uniform();
        }
        cr_assert(sphere_karcher_size(&rows) <= sizeof(memory));
        cr_assert(sphere_row_karcher(&rows, &desc, mean, &report, memory, sizeof(memory)) == SPHERE_OK);
        unitw(m, mean, dim);
        for (i = 0; i < n; i++) {
            wide u[MOST], d = 0, theta = anglew(x + i * dim, mean, dim);
            unitw(u, x + i * dim, dim);
            for (j = 0; j < dim; j++) d += u[j] * m[j];
            if (theta > 0) for (j = 0; j < dim; j++) sum[j] += w[i] * theta / sinl(theta) * (u[j] - d * m[j]);
            total += w[i];
            largest = fmaxl(largest, theta);
        }
        for (j = 0; j < dim; j++) size += sum[j] * sum[j];
        worse(&residual, sqrtl(size) / total);
        worse(&claimed, report.residual);
        cr_assert(fabsl(report.spread - largest) < 3e-7L && !report.no_start && report.opposite == 0);
        if (report.iterations > steps) steps = report.iterations;
        desc.exec = reversed;
        cr_assert(sphere_row_karcher(&rows, &desc, again, &report, memory, sizeof(memory)) == SPHERE_OK);
        cr_assert(memcmp(mean, again, dim * 4) == 0);
    }
    note("Karcher: true residual of the float mean", residual);
    note("Karcher: reported residual", claimed);
    note("Karcher: most steps", (double)steps);
    cr_assert(residual < 2.5e-7 && claimed <= 1e-7);
}
Test(geometry, karcher_special)
{
    const float pair[4] = { 1, 0, -1, 0 }, weights[2] = { 0, 1 }, bad[2] = { 1, -1 }, nan_row[4] = { 1, 0, NAN, 0 }, zero_row[4] = { 1, 0, 0, 0 };
    const sphere_rows rows = rows_of(pair, 2, 2), none = rows_of(pair, 0, 2), nans = rows_of(nan_row, 2, 2), zeros = rows_of(zero_row, 2, 2);
    sphere_karcher_desc desc = { NULL, 0, 0, { SPHERE_SIMD_BEST, { 0, 0 } } };
    sphere_karcher_report report;
    double memory[64];
    float mean[2] = { 9, 9 };
    cr_assert(sphere_row_karcher(&nans, NULL, mean, NULL, memory, sizeof(memory)) == SPHERE_E_NAN);
    cr_assert(sphere_row_karcher(&zeros, NULL, mean, NULL, memory, sizeof(memory)) == SPHERE_E_RANGE);
    cr_assert(sphere_row_karcher(&rows, NULL, mean, NULL, memory, 8) == SPHERE_E_MEMORY);
    cr_assert(sphere_row_karcher(&rows, NULL, NULL, NULL, memory, sizeof(memory)) == SPHERE_E_NULL);
    desc.weights = bad;
    cr_assert(sphere_row_karcher(&rows, &desc, mean, NULL, memory, sizeof(memory)) == SPHERE_E_RANGE);
    cr_assert(mean[0] == 9 && mean[1] == 9);
    desc.weights = weights;
    cr_assert(sphere_row_karcher(&rows, &desc, mean, &report, memory, sizeof(memory)) == SPHERE_OK && mean[0] == -1 && report.spread == 0);
    cr_assert(sphere_row_karcher(&rows, NULL, mean, &report, memory, sizeof(memory)) == SPHERE_OK);
    cr_assert(report.no_start == 1 && report.opposite == 1 && mean[0] == 1);
    cr_assert(sphere_row_karcher(&none, NULL, mean, NULL, NULL, 0) == SPHERE_OK && mean[0] == 0);
}

/* -- rotations in three dimensions */
Test(geometry, quaternions)
{
    double matrix_error = 0, between = 0, round_trip = 0, rotated = 0, product = 0, axis_error = 0;
    size_t c, i, j;
    for (c = 0; c < CASES; c++) {
        float a[3], b[3], q[4], p[4], m[9], m2[9], x, y, z, out[3], angle = (float)((uniform() - 0.5) * 12), mp[9];
        wide s, co, u[3];
        direction(a, 3); direction(b, 3);
        if (c % 5 == 1) for (i = 0; i < 3; i++) b[i] = (float)(-a[i] + pow(10, -7 * uniform()) * b[i]);
        cr_assert(sphere_quaternion_between(a, b, q) == SPHERE_OK && q[0] >= 0);
        x = a[0]; y = a[1]; z = a[2];
        cr_assert(sphere_rotate_quaternion(q, &x, &y, &z, &x, &y, &z, 1, NULL) == SPHERE_OK);
        worse(&between, x - b[0] * normw(a, 3) / normw(b, 3)); worse(&between, y - b[1] * normw(a, 3) / normw(b, 3)); worse(&between, z - b[2] * normw(a, 3) / normw(b, 3));
        cr_assert(sphere_quaternion_from_axis(a, angle, q) == SPHERE_OK);
        s = sinl(angle); co = cosl(angle);
        unitw(u, a, 3);
        worse(&axis_error, q[0] - cosl(angle / 2.0L));
        for (i = 0; i < 3; i++) worse(&axis_error, q[i + 1] - sinl(angle / 2.0L) * u[i]);
        cr_assert(sphere_quaternion_to_matrix(q, m) == SPHERE_OK);
        for (i = 0; i < 3; i++) for (j = 0; j < 3; j++) {               /* Rodrigues */
            wide cross = i == j ? 0 : ((j + 1) % 3 == i ? 1 : -1) * u[3 - i - j];
            worse(&matrix_error, m[3 * i + j] - ((i == j) * co + (1 - co) * u[i] * u[j] + s * cross));
        }
        cr_assert(sphere_quaternion_from_matrix(m, p) == SPHERE_OK && p[0] >= 0);
        for (i = 0; i < 4; i++) worse(&round_trip, fabsf(p[i]) - fabsf(q[i]));
        for (s = 0, i = 0; i < 4; i++) s += p[i] * q[i];
        worse(&round_trip, fabsl(s) - 1);
        x = b[0]; y = b[1]; z = b[2];
        cr_assert(sphere_rotate(m, &x, &y, &z, out, out + 1, out + 2, 1, NULL) == SPHERE_OK);
        cr_assert(sphere_rotate_quaternion(q, &x, &y, &z, &x, &y, &z, 1, NULL) == SPHERE_OK);
        worse(&rotated, x - out[0]); worse(&rotated, y - out[1]); worse(&rotated, z - out[2]);
        cr_assert(sphere_quaternion_from_axis(b, 1.25f, p) == SPHERE_OK);
        cr_assert(sphere_quaternion_to_matrix(p, m2) == SPHERE_OK);
        cr_assert(sphere_quaternion_multiply(p, q, p) == SPHERE_OK);    /* q first, then p */
        cr_assert(sphere_quaternion_to_matrix(p, mp) == SPHERE_OK);
        for (i = 0; i < 3; i++) for (j = 0; j < 3; j++)
            worse(&product, mp[3 * i + j] - ((wide)m2[3 * i] * m[j] + (wide)m2[3 * i + 1] * m[3 + j] + (wide)m2[3 * i + 2] * m[6 + j]));
    }
    note("quaternion between: a -> b", between);
    note("quaternion from axis", axis_error);
    note("quaternion to matrix (Rodrigues)", matrix_error);
    note("quaternion from matrix", round_trip);
    note("rotate: matrix against quaternion", rotated);
    note("product against matrices", product);
    cr_assert(between < 2e-7 && axis_error < 3.1e-8 && matrix_error < 2.5e-7 && round_trip < 2e-7 && rotated < 2.5e-7 && product < 4e-7);
    {
        const float x[3] = { 1, 0, 0 }, y[3] = { 0, 1, 0 }, minus[3] = { -1, 0, 0 }, zero[4] = { 0, 0, 0, 0 };
        float q[4] = { 4, 4, 4, 4 }, px = 1, py = 0, pz = 0;
        cr_assert(sphere_quaternion_between(x, y, q) == SPHERE_OK && q[3] > 0 && q[1] == 0 && q[2] == 0);     /* right-handed about z */
        cr_assert(sphere_quaternion_between(x, minus, q) == SPHERE_OK && q[0] == 0 && q[3] == 1);             /* through y, the first of the smallest */
        cr_assert(sphere_rotate_quaternion(q, &px, &py, &pz, &px, &py, &pz, 1, NULL) == SPHERE_OK && px == -1);
        cr_assert(sphere_quaternion_between(x, zero, q) == SPHERE_E_RANGE && sphere_rotate_quaternion(zero, &px, &py, &pz, &px, &py, &pz, 1, NULL) == SPHERE_E_RANGE);
        cr_assert(sphere_quaternion_from_axis(x, NAN, q) == SPHERE_E_NAN && sphere_quaternion_from_axis(zero, 1, q) == SPHERE_E_RANGE && q[3] == 1);
        py = NAN;
        cr_assert(sphere_rotate_quaternion(q, &px, &py, &pz, &px, &py, &pz, 1, NULL) == SPHERE_OK && is_nan_bits(px) && is_nan_bits(py) && is_nan_bits(pz));
    }
}

/* -- matrices */
static double away_from_orthogonal(const float *r, size_t d)
{
    double most = 0;
    size_t i, j;
    for (i = 0; i < d; i++) for (j = 0; j <= i; j++) worse(&most, dotw(r + i * d, r + j * d, d) - (i == j));
    return most;
}
static double determinant(const float *r, size_t d)
{
    static double m[MOST * MOST];
    double det = 1;
    size_t i, j, k;
    for (i = 0; i < d * d; i++) m[i] = r[i];
    for (k = 0; k < d; k++) {
        size_t best = k;
        for (i = k; i < d; i++) if (fabs(m[i * d + k]) > fabs(m[best * d + k])) best = i;
        for (j = 0; j < d && best != k; j++) { const double t = m[k * d + j]; m[k * d + j] = m[best * d + j]; m[best * d + j] = t; }
        det *= best == k ? m[k * d + k] : -m[k * d + k];
        for (i = k + 1; i < d; i++) for (j = d; j-- > k;) m[i * d + j] -= m[i * d + k] / m[k * d + k] * m[k * d + j];
    }
    return det;
}
Test(geometry, cayley, .timeout = 300)
{
    static float w[128 * 128], r[128 * 128];
    static double memory[2 * 128 * 128 + 16];
    double off = 0, det = 0, formula = 0;
    size_t c, i, j, k;
    for (c = 0; c < CASES; c++) {
        const size_t d = 2 + (size_t)(62.99 * pow(uniform(), 2));       /* the small ones more often: the check costs d^3 */
        const double scale = pow(10, 6 * uniform() - 3);
        for (i = 0; i < d * d; i++) w[i] = (float)(normal() * scale);
        cr_assert(sphere_cayley(w, d, r, memory, sizeof(memory)) == SPHERE_OK);
        worse(&off, away_from_orthogonal(r, d));
        if (c % 16 == 0) {
            worse(&det, determinant(r, d) - 1);
            for (i = 0; i < d; i++) for (j = 0; j < d; j++) {           /* R (I + A) = I - A */
                wide s = 0, size = 1;
                for (k = 0; k < d; k++) { const wide a = (wide)w[k * d + j] - w[j * d + k]; s += r[i * d + k] * ((k == j) + a); size += fabsl(a); }
                worse(&formula, (s - ((i == j) - ((wide)w[i * d + j] - w[j * d + i]))) / size);
            }
        }
    }
    for (i = 0; i < 128 * 128; i++) w[i] = (float)normal();
    cr_assert(sphere_cayley(w, 128, w, memory, sizeof(memory)) == SPHERE_OK);   /* in place, a larger one */
    worse(&off, away_from_orthogonal(w, 128));
    note("Cayley: |R R^T - I|", off);
    note("Cayley: determinant - 1", det);
    note("Cayley: R (I + A) - (I - A), relative", formula);
    cr_assert(off < 2.5e-7 && det < 1e-6 && formula < 1e-7);
    w[5] = NAN; r[0] = 77;
    cr_assert(sphere_cayley(w, 3, r, memory, sizeof(memory)) == SPHERE_E_NAN && sphere_cayley(w, 3, r, memory, 3) == SPHERE_E_MEMORY && r[0] == 77);
    cr_assert(sphere_cayley(NULL, 3, r, memory, sizeof(memory)) == SPHERE_E_NULL && sphere_cayley(w, 0, NULL, NULL, 0) == SPHERE_OK);
}
Test(geometry, procrustes, .timeout = 300)
{
    static float w[MOST * MOST], want[MOST * MOST], r[MOST * MOST], a[80 * MOST], b[80 * MOST], s[MOST];
    static double memory[6 * MOST * MOST];
    double off = 0, recovered = 0, rmse = 0, det = 0, stays = 0;
    size_t c, i, j, deficient = 0;
    for (c = 0; c < CASES; c++) {
        const size_t d = 2 + (size_t)(62.99 * pow(uniform(), 4)), kind = c % 4, n = kind == 3 ? d / 2 : d + 1 + (size_t)(uniform() * 15);
        const sphere_rows ra = rows_of(a, n, d), rb = rows_of(b, n, d);
        sphere_procrustes_desc desc = { 0, 0, { SPHERE_SIMD_BEST, { 0, 0 } } };
        sphere_procrustes_report report;
        double mean_a = 0, fit = 0;
        for (i = 0; i < d * d; i++) w[i] = (float)normal();
        sphere_cayley(w, d, want, memory, sizeof(memory));
        if (kind == 1) for (j = 0; j < d; j++) want[j] = -want[j];      /* a reflection */
        for (i = 0; i < n * d; i++) a[i] = (float)normal();
        cr_assert(sphere_row_multiply(&ra, want, b, 0, NULL) == SPHERE_OK);
        if (kind == 2) { desc.centre = 1; for (i = 0; i < n * d; i++) b[i] += (float)(i % d) * 0.125f; }
        desc.rotation_only = c % 8 >= 4;
        cr_assert(sphere_procrustes_size(&ra, &rb) <= sizeof(memory));
        cr_assert(sphere_procrustes(&ra, &rb, &desc, r, s, &report, memory, sizeof(memory)) == SPHERE_OK);
        worse(&off, away_from_orthogonal(r, d));
        if (c % 32 < 8) worse(&det, determinant(r, d) - report.determinant);
        cr_assert(!desc.rotation_only || report.determinant == 1);
        if (kind == 3) { deficient += report.rank < d; worse(&rmse, report.rmse); }
        else if (kind == 1 && desc.rotation_only) {                     /* cannot fit; the error is what the returned R leaves */
            cr_assert(report.flipped);
            for (i = 0; i < n; i++) for (j = 0; j < d; j++) {
                double sum = 0;
                size_t k;
                for (k = 0; k < d; k++) sum += (double)a[i * d + k] * r[k * d + j];
                fit += (sum - b[i * d + j]) * (sum - b[i * d + j]);
            }
            worse(&stays, (sqrt(fit / (double)(n * d)) - report.rmse) / report.rmse);
        } else {
            double worst = 0;
            for (i = 0; i < d * d; i++) worse(&worst, r[i] - want[i]);
            for (i = 0; i < d; i++) mean_a += s[i];
            if (s[d - 1] > 1e-2 * s[0]) worse(&recovered, worst);       /* well conditioned: the rounding of b is not blown up */
            worse(&rmse, report.rmse);
            cr_assert(mean_a > 0 && !report.flipped && report.determinant == (kind == 1 ? -1 : 1) && report.rank == d);
        }
    }
    note("Procrustes: |R R^T - I|", off);
    note("Procrustes: known rotation recovered within", recovered);
    note("Procrustes: rmse of exact pairs (float rounding of b)", rmse);
    note("Procrustes: determinant", det);
    note("Procrustes: rmse against its own R, relative", stays);
    note("Procrustes: rank-deficient cases", (double)deficient);
    cr_assert(off < 2.5e-7 && recovered < 3e-6 && rmse < 5e-7 && det < 1e-6 && stays < 1e-5 && deficient == CASES / 4);
}
Test(geometry, procrustes_special)
{
    float a[6] = { 1, 2, 3, 4, 5, 6 }, b[6] = { 1, 2, 3, 4, 5, 6 }, r[9] = { 8, 8, 8, 8, 8, 8, 8, 8, 8 }, s[3];
    const sphere_rows ra = rows_of(a, 2, 3), rb = rows_of(b, 2, 3), none = rows_of(a, 0, 3), flat = rows_of(a, 3, 2);
    sphere_procrustes_desc desc = { 1, 1, { SPHERE_SIMD_BEST, { 0, 0 } } };
    sphere_procrustes_report report;
    double memory[256];
    float r2[9];
    size_t i;
    cr_assert(sphere_procrustes(&ra, &flat, NULL, r, NULL, NULL, memory, sizeof(memory)) == SPHERE_E_RANGE);
    cr_assert(sphere_procrustes(&ra, &rb, NULL, r, NULL, NULL, memory, 16) == SPHERE_E_MEMORY);
    cr_assert(sphere_procrustes(&ra, &rb, NULL, NULL, NULL, NULL, memory, sizeof(memory)) == SPHERE_E_NULL);
    cr_assert(sphere_procrustes(&ra, &rb, NULL, a, NULL, NULL, memory, sizeof(memory)) == SPHERE_E_OVERLAP);
    b[4] = INFINITY;
    cr_assert(sphere_procrustes(&ra, &rb, NULL, r, NULL, NULL, memory, sizeof(memory)) == SPHERE_E_NAN && r[0] == 8);
    b[4] = 5;
    cr_assert(sphere_procrustes(&none, &none, NULL, r, s, &report, memory, sizeof(memory)) == SPHERE_OK);
    for (i = 0; i < 9; i++) cr_assert(r[i] == (i % 4 == 0));
    cr_assert(report.rank == 0 && report.determinant == 1 && s[0] == 0);
    cr_assert(sphere_procrustes(&ra, &rb, &desc, r, s, &report, memory, sizeof(memory)) == SPHERE_OK && report.rank == 1 && report.rmse < 1e-12);
    desc.exec = reversed;
    cr_assert(sphere_procrustes(&ra, &rb, &desc, r2, s, &report, memory, sizeof(memory)) == SPHERE_OK && memcmp(r, r2, sizeof(r)) == 0);
}
Test(geometry, gram_loss)
{
    enum { N = 40 };
    static float a[N * MOST], b[N * MOST], w[MOST * MOST], r[MOST * MOST];
    static double memory[9 * MOST * MOST + 4096];
    double error = 0, floor_ = 0;
    size_t c, i, j;
    for (c = 0; c < 1000; c++) {
        const size_t da = 1 + (size_t)(uniform() * 16), db = c % 3 == 0 ? 1 + (size_t)(uniform() * 16) : da, n = 1 + (size_t)(uniform() * N);
        const sphere_rows ra = rows_of(a, n, da), rb = rows_of(b, n, db);
        const double off = c % 3 == 1 ? pow(10, -6 * uniform()) : 0;
        wide want = 0, size = 0;
        double loss, mean;
        for (i = 0; i < n * da; i++) a[i] = (float)normal();
        if (c % 3 == 0) for (i = 0; i < n * db; i++) b[i] = (float)normal();
        else {                                                          /* a turned, and moved a little or not at all */
            for (i = 0; i < da * da; i++) w[i] = (float)normal();
            sphere_cayley(w, da, r, memory, sizeof(memory));
            sphere_row_multiply(&ra, r, b, 0, NULL);
            for (i = 0; i < n * db; i++) b[i] += (float)(off * normal());
        }
        cr_assert(sphere_gram_loss_size(&ra, &rb) <= sizeof(memory));
        cr_assert(sphere_gram_loss(&ra, &rb, 0, &loss, NULL, memory, sizeof(memory)) == SPHERE_OK);
        cr_assert(sphere_gram_loss(&ra, &rb, 1, &mean, &reversed, memory, sizeof(memory)) == SPHERE_OK);
        cr_assert(mean == loss / ((double)n * (double)n));
        for (i = 0; i < n; i++) for (j = 0; j < n; j++) {
            const wide aa = dotw(a + i * da, a + j * da, da), d = aa - dotw(b + i * db, b + j * db, db);
            want += d * d;
            size += aa * aa;
        }
        if (want > 1e-26L * size) worse(&error, (loss - want) / want);
        else worse(&floor_, (loss - want) / size);
    }
    note("Gram loss, relative", error);
    note("Gram loss of equal sets, relative to |A|^4", floor_);
    cr_assert(error < 1e-6 && floor_ < 1e-26);
    {
        const sphere_rows zero = rows_of(NULL, 0, 3), one = rows_of(a, 1, 3);
        double loss = 3;
        cr_assert(sphere_gram_loss(&zero, &zero, 1, &loss, NULL, NULL, 0) == SPHERE_OK && loss == 0);
        loss = 3;
        cr_assert(sphere_gram_loss(&zero, &one, 0, &loss, NULL, memory, sizeof(memory)) == SPHERE_E_RANGE);
        cr_assert(sphere_gram_loss(&one, &one, 0, &loss, NULL, memory, 9) == SPHERE_E_MEMORY && loss == 3);
    }
}

/* -- point sets */
Test(points, fibonacci)
{
    static float x[3000], y[3000], z[3000], px[1000], py[1000], pz[1000];
    const uint64_t sizes[5] = { 1, 10, 2999, 1000000007u, (uint64_t)1 << 50 };
    double error = 0;
    size_t k, i;
    for (k = 0; k < 5; k++) {
        const uint64_t n = sizes[k], first = n > 3000 ? n / 7 * 3 : 0;
        const size_t count = n < 3000 ? (size_t)n : 3000;
        cr_assert(sphere_points_fibonacci(n, first, count, x, y, z, NULL) == SPHERE_OK);
        for (i = 0; i < count; i++) {
            const uint64_t p = first + i, turn = p * 0x9E3779B97F4A7C15u;
            const wide c = 1 - (2 * (wide)p + 1) / n, s = sqrtl((2 * (wide)p + 1) * (2 * (wide)(n - p) - 1)) / n, phi = 2 * PI_W * (turn / 18446744073709551616.0L);
            worse(&error, z[i] - c); worse(&error, x[i] - s * cosl(phi)); worse(&error, y[i] - s * sinl(phi));
            if (n < 3000) {                                             /* the fraction is the golden ratio's */
                const wide turns = p * 0.61803398874989484820458683436563811772L;
                cr_assert(fabsl(turns - floorl(turns) - turn / 18446744073709551616.0L) < 1e-15L);
            }
        }
        if (count == 3000) {
            cr_assert(sphere_points_fibonacci(n, first + 1500, 1000, px, py, pz, &reversed) == SPHERE_OK);
            cr_assert(memcmp(px, x + 1500, 4000) == 0 && memcmp(py, y + 1500, 4000) == 0 && memcmp(pz, z + 1500, 4000) == 0);
        }
    }
    note("Fibonacci lattice", error);
    cr_assert(error < 3.1e-8);
    cr_assert(sphere_points_fibonacci(10, 8, 3, x, y, z, NULL) == SPHERE_E_RANGE && sphere_points_fibonacci(10, 11, 0, x, y, z, NULL) == SPHERE_E_RANGE);
    cr_assert(sphere_points_fibonacci(10, 0, 3, x, x, z, NULL) == SPHERE_E_OVERLAP && sphere_points_fibonacci(10, 0, 3, x, NULL, z, NULL) == SPHERE_E_NULL);
    cr_assert(sphere_points_fibonacci(0, 0, 0, NULL, NULL, NULL, NULL) == SPHERE_OK);
}
Test(points, random_is_uniform)
{
    enum { N = 200000 };
    static float x[N], y[N], z[N];
    double sum[9] = { 0 }, off = 0;
    size_t i;
    cr_assert(sphere_points_random(5, 6, 0, N, x, y, z, &reversed) == SPHERE_OK);
    for (i = 0; i < N; i++) {
        worse(&off, (wide)x[i] * x[i] + (wide)y[i] * y[i] + (wide)z[i] * z[i] - 1);
        sum[0] += x[i]; sum[1] += y[i]; sum[2] += z[i]; sum[3] += x[i] * x[i]; sum[4] += y[i] * y[i]; sum[5] += z[i] * z[i];
        sum[6] += x[i] * y[i]; sum[7] += y[i] * z[i]; sum[8] += x[i] * z[i];
    }
    for (i = 0; i < 9; i++) cr_assert(fabs(sum[i] / N - (i >= 3 && i < 6 ? 1.0 / 3 : 0)) < 5 * 0.6 / sqrt(N), "moment %u: %g", (unsigned)i, sum[i] / N);
    cr_assert(off < 2e-7);
    {
        float a, b, c;
        cr_assert(sphere_points_random(5, 6, 777, 1, &a, &b, &c, NULL) == SPHERE_OK && a == x[777] && b == y[777] && c == z[777]);
        cr_assert(sphere_points_random(5, 7, 777, 1, &a, &b, &c, NULL) == SPHERE_OK && a != x[777]);
    }
}
static sphere_partition built(size_t n, void *memory, size_t bytes)
{
    sphere_partition p;
    cr_assert(sphere_partition_size(n) <= bytes && sphere_partition_init(&p, n, memory, bytes) == SPHERE_OK);
    return p;
}
Test(points, partition_shape, .timeout = 300)
{
    static uint32_t memory[70000];
    double coefficient = 0;
    size_t n, k, c;
    for (n = 1; n < 4294967294u; n = n < 3000 ? n + 1 : n + n / 3 + 1) {
        const sphere_partition p = built(n, memory, sizeof(memory));
        cr_assert(p.first[0] == 0 && p.first[p.zones] == n && p.n == n);
        for (k = 0; k < p.zones; k++) cr_assert(p.first[k + 1] > p.first[k], "n %u zone %u", (unsigned)n, (unsigned)k);
        for (k = 0; k < p.zones / 2; k++) {                             /* nearly the same from both poles */
            const double north = p.first[k + 1] - p.first[k], south = p.first[p.zones - k] - p.first[p.zones - k - 1];
            cr_assert(fabs(north - south) <= 2);
        }
        if (n > 1) worse(&coefficient, p.diameter * sqrt((double)n));
        for (k = 0; k < 50; k++) {
            sphere_cell cell;
            uint32_t back, id = n < 50 ? (uint32_t)(k % n) : (uint32_t)(uniform() * (double)n);
            float x[3];
            cr_assert(sphere_partition_cell(&p, id, &cell) == SPHERE_OK);
            cr_assert(fabs((cell.z_high - cell.z_low) * (cell.phi_high - cell.phi_low) * (double)n / (4 * 3.14159265358979) - 1) < (n < 1000000 ? 1e-9 : 1e-5));
            cr_assert(sphere_partition_cells(&p, cell.center, cell.center + 1, cell.center + 2, 1, &back, NULL) == SPHERE_OK);
            if (n < 50000000) cr_assert(back == id, "n %u: center of %u is in %u", (unsigned)n, (unsigned)id, (unsigned)back);
            for (c = 0; c < 2; c++) {                                   /* points within the bounds are in the cell, and within the diameter */
                const double z = cell.z_low + (cell.z_high - cell.z_low) * (0.001 + 0.998 * uniform()), phi = cell.phi_low + (cell.phi_high - cell.phi_low) * (0.001 + 0.998 * uniform());
                x[0] = (float)(sqrt(1 - z * z) * cos(phi)); x[1] = (float)(sqrt(1 - z * z) * sin(phi)); x[2] = (float)z;
                cr_assert(sphere_partition_cells(&p, x, x + 1, x + 2, 1, &back, NULL) == SPHERE_OK);
                if (n < 100000) cr_assert(back == id || anglew(x, cell.center, 3) < 1e-4L);
                cr_assert(anglew(x, cell.center, 3) <= cell.diameter + 2e-7);
            }
        }
    }
    note("partition: largest diameter * sqrt(n)", coefficient);
    cr_assert(coefficient < 6.5);
    {
        sphere_partition p;
        uint32_t cell[3] = { 1, 1, 1 };
        const float x[3] = { 0, NAN, 3 }, y[3] = { 0, 0, 0 }, z[3] = { 0, 1, 4 };
        cr_assert(sphere_partition_init(&p, 0, memory, sizeof(memory)) == SPHERE_E_RANGE && sphere_partition_init(&p, 100, memory, 8) == SPHERE_E_MEMORY);
        p = built(100, memory, sizeof(memory));
        cr_assert(sphere_partition_cells(&p, x, y, z, 3, cell, NULL) == SPHERE_OK && cell[0] == SPHERE_NO_INDEX && cell[1] == SPHERE_NO_INDEX && cell[2] < 100);
    }
}
/* Do two cells touch? In azimuth by whole numbers of a common turn, independent of the code under test. */
static int touch(const sphere_partition *p, uint32_t a, uint32_t b)
{
    size_t ka = 0, kb = 0;
    uint64_t ma, mb, sa, sb;
    int shift;
    while (p->first[ka + 1] <= a) ka++;
    while (p->first[kb + 1] <= b) kb++;
    if (ka > kb + 1 || kb > ka + 1) return 0;
    ma = p->first[ka + 1] - p->first[ka]; mb = p->first[kb + 1] - p->first[kb];
    sa = a - p->first[ka]; sb = b - p->first[kb];
    for (shift = -1; shift <= 1; shift++) {                             /* [sa, sa+1] * mb against [sb, sb+1] * ma, with whole turns */
        const int64_t turn = (int64_t)(ma * mb) * shift, alow = (int64_t)(sa * mb) + turn, ahigh = (int64_t)((sa + 1) * mb) + turn;
        if (alow <= (int64_t)((sb + 1) * ma) && ahigh >= (int64_t)(sb * ma)) return 1;
    }
    return 0;
}
Test(points, partition_neighbors, .timeout = 300)
{
    static uint32_t memory[4000];
    size_t n, most = 0;
    for (n = 1; n < 300; n++) {
        const sphere_partition p = built(n, memory, sizeof(memory));
        uint32_t a, b;
        for (a = 0; a < n; a++) {
            uint32_t list[32];
            size_t count = 99, at = 0;
            cr_assert(sphere_partition_neighbors(&p, a, list, 32, &count) == SPHERE_OK && count <= 32);
            if (count > most) most = count;
            for (b = 0; b < n; b++) if (b != a && touch(&p, a, b)) {
                cr_assert(at < count && list[at] == b, "n %u: cell %u, neighbour %u", (unsigned)n, (unsigned)a, (unsigned)b);
                at++;
            }
            cr_assert(at == count);
        }
    }
    for (n = 300; n < 3000000; n += n / 5) {
        const sphere_partition p = built(n, memory, sizeof(memory));
        size_t k;
        for (k = 0; k < 3000; k++) {
            const uint32_t a = k < 40 ? (uint32_t)k : (uint32_t)(uniform() * (double)n);
            uint32_t list[32];
            size_t count;
            cr_assert(sphere_partition_neighbors(&p, a, list, 32, &count) == SPHERE_OK);
            if (count > most) most = count;
        }
    }
    note("partition: most neighbours", (double)most);
    cr_assert(most <= 8);
    {
        const sphere_partition p = built(100, memory, sizeof(memory));
        uint32_t one = 7;
        size_t count = 5;
        cr_assert(sphere_partition_neighbors(&p, 100, &one, 1, &count) == SPHERE_E_RANGE && count == 5);
        cr_assert(sphere_partition_neighbors(&p, 50, NULL, 0, &count) == SPHERE_OK && count >= 4);
    }
}
Test(points, partition_cone, .timeout = 300)
{
    static uint32_t memory[4000], list[100000];
    static uint8_t inside[100000];
    static signed char state[100000];
    static float x[20000], y[20000], z[20000];
    static uint32_t cell[20000];
    size_t c, i, missed = 0, wrong = 0, loose = 0, listed = 0, seen_both = 0;
    for (c = 0; c < 3000; c++) {
        const size_t n = 1 + (size_t)exp(uniform() * (c % 10 ? 7 : 11)), points = 2000;
        const sphere_partition p = built(n, memory, sizeof(memory));
        const float half = (float)(c % 7 == 0 ? 3.3 * uniform() : c % 7 == 1 ? 0 : exp(-6 * uniform()));
        float axis[3];
        size_t count, at;
        sphere_cell box;
        direction(axis, 3);
        if (c % 11 == 0) { axis[0] = axis[1] = 0; axis[2] = c % 2 ? 1.0f : -1.0f; }
        if (c % 11 == 1) { axis[0] *= 1e-4f; axis[1] *= 1e-4f; }
        cr_assert(sphere_partition_cone(&p, axis, half, list, inside, 100000, &count) == SPHERE_OK && count <= n);
        memset(state, -1, n);
        for (i = 0; i < count; i++) { cr_assert(list[i] < n && (i == 0 || list[i] > list[i - 1])); state[list[i]] = (signed char)inside[i]; }
        for (i = 0; i < points; i++) {                                  /* random directions about the axis, the cone's size and more */
            float d[3];
            const float t = (float)(half * 2 * uniform() + (i % 2 ? 0 : 0.3 * uniform()));
            const sphere_rows ra = rows_of(axis, 1, 3), rd = rows_of(d, 1, 3);
            direction(d, 3);
            sphere_row_tangent(&ra, &rd, d, 0, NULL);
            sphere_row_shell(&rd, &t, 1, d, 0, NULL);
            sphere_row_exp(&ra, &rd, d, 0, NULL);
            x[i] = d[0]; y[i] = d[1]; z[i] = d[2];
        }
        cr_assert(sphere_partition_cells(&p, x, y, z, points, cell, NULL) == SPHERE_OK);
        for (i = 0; i < points; i++) {
            float d[3];
            wide t;
            d[0] = x[i]; d[1] = y[i]; d[2] = z[i];
            t = anglew(axis, d, 3);
            if (t <= half + 1e-6L && state[cell[i]] < 0) missed++;
            if (t > half - 1e-6L && state[cell[i]] == 1 && half < 3.1415f) wrong++;
        }
        listed += count;
        /* Tight: walk the boundary of some listed cells finely; the nearest point must be within the cone and a bit. */
        for (at = 0; at < count && at < 400; at += 1 + count / 40) {
            double nearest = 10, farthest = 0;
            size_t u, v;
            sphere_partition_cell(&p, list[at], &box);
            for (u = 0; u <= 24; u++) for (v = 0; v <= 24; v++) {
                const double zz = box.z_low + (box.z_high - box.z_low) * (double)u / 24, phi = box.phi_low + (box.phi_high - box.phi_low) * (double)v / 24;
                const float d[3] = { (float)(sqrt(fmax(0, 1 - zz * zz)) * cos(phi)), (float)(sqrt(fmax(0, 1 - zz * zz)) * sin(phi)), (float)zz };
                const double t = (double)anglew(axis, d, 3);
                nearest = fmin(nearest, t);
                farthest = fmax(farthest, t);
            }
            if (nearest > half + 0.5 * box.diameter / 24 + 0.15 * box.diameter) loose++;
            if (!inside[at] && farthest < half - 0.2 * box.diameter && half < 3.1415f) loose++;
            if (inside[at]) seen_both |= 1; else seen_both |= 2;
        }
    }
    /* Sharply: cones that just reach the nearest point of a cell must list it, cones that just fall short must not; cones that just
       hold the farthest point make it an inside cell, those that just do not, not. The rim of the cell is walked in 400 steps. */
    for (c = 0; c < 3000; c++) {
        const size_t n = 3 + (size_t)exp(uniform() * 9);
        const sphere_partition p = built(n, memory, sizeof(memory));
        const uint32_t id = c % 6 ? (uint32_t)(uniform() * (double)n) : c % 12 ? 0 : (uint32_t)(n - 1);
        double nearest = 10, farthest = 0, blur;
        float axis[3];
        sphere_cell box;
        size_t count, u;
        int round;
        direction(axis, 3);
        if (c % 10 == 1) { axis[0] *= 1e-3f; axis[1] *= 1e-3f; }
        sphere_partition_cell(&p, id, &box);
        for (u = 0; u < 400; u++) {
            const double f = (double)(u % 100) / 99, zz = u < 100 ? box.z_low : u < 200 ? box.z_high : 0, phi = u < 200 ? box.phi_low + (box.phi_high - box.phi_low) * f : u < 300 ? box.phi_low : box.phi_high;
            const double low = acos(box.z_high), theta = u < 200 ? acos(zz) : low + (acos(box.z_low) - low) * f;
            const float d[3] = { (float)(sin(theta) * cos(phi)), (float)(sin(theta) * sin(phi)), (float)cos(theta) };
            const double t = (double)anglew(axis, d, 3);
            nearest = fmin(nearest, t);
            farthest = fmax(farthest, t);
        }
        sphere_partition_cells(&p, axis, axis + 1, axis + 2, 1, cell, NULL);
        if (cell[0] == id) continue;                                    /* the nearest point is not on the rim */
        x[0] = -axis[0]; y[0] = -axis[1]; z[0] = -axis[2];
        sphere_partition_cells(&p, x, y, z, 1, cell, NULL);
        if (cell[0] == id) continue;
        blur = (box.phi_high - box.phi_low) / 99;                       /* half a step along the rim may be missed */
        blur = 2.5e-6 + 0.25 * box.diameter * blur * blur + box.diameter * box.diameter * (blur * blur + 1 / 99.0 / 99) / fmin(sin(nearest), sin(farthest));
        for (round = 0; round < 4; round++) {
            const double half = round == 0 ? nearest + 2e-7 : round == 1 ? nearest - blur : round == 2 ? farthest - 2e-7 : farthest + blur;
            int found = 0, within = 0;
            if (half < 0 || half > 3.14) continue;
            cr_assert(sphere_partition_cone(&p, axis, (float)half, list, inside, 100000, &count) == SPHERE_OK);
            for (i = 0; i < count; i++) if (list[i] == id) { found = 1; within = inside[i]; }
            if (round == 0 && !found) missed++;
            if (round == 1 && found) loose++;
            if (round == 2 && within) wrong++;
            if (round == 3 && !within) loose++;
        }
    }
    note("cone: points inside but not listed", (double)missed);
    note("cone: points outside in a cell said to be inside", (double)wrong);
    note("cone: cells that need not be listed, or could be inside", (double)loose);
    cr_assert(missed == 0 && wrong == 0 && loose == 0 && seen_both == 3 && listed > 0);
    {
        const sphere_partition p = built(500, memory, sizeof(memory));
        const float up[3] = { 0, 0, 2 }, zero[3] = { 0, 0, 0 };
        size_t count = 3;
        cr_assert(sphere_partition_cone(&p, up, 4, list, inside, 500, &count) == SPHERE_OK && count == 500);
        for (i = 0; i < 500; i++) cr_assert(inside[i] == 1);
        cr_assert(sphere_partition_cone(&p, zero, 1, list, NULL, 500, &count) == SPHERE_E_RANGE && sphere_partition_cone(&p, up, NAN, list, NULL, 500, &count) == SPHERE_E_NAN);
        cr_assert(sphere_partition_cone(&p, up, -1, list, NULL, 500, &count) == SPHERE_E_RANGE && count == 500);
        list[1] = 12345;
        cr_assert(sphere_partition_cone(&p, up, .5f, list, NULL, 1, &count) == SPHERE_OK && count > 1 && list[0] == 0 && list[1] == 12345);
    }
}
Test(points, separation, .timeout = 300)
{
    enum { N = 3000, MANY = 1000000 };
    static float x[MANY], y[MANY], z[MANY];
    static double memory[3 * MANY + 8];
    float angle;
    uint32_t pair[2];
    size_t c, i, j;
    for (c = 0; c < 60; c++) {
        const size_t n = 2 + (size_t)(uniform() * uniform() * N);
        const double crowd = c % 4 == 1 ? 1e-5 : c % 4 == 2 ? 1e-2 : 1;
        double best = 1e9;
        uint32_t want[2] = { 0, 0 };
        for (i = 0; i < n; i++) {
            float d[3], e[3] = { 0.6f, 0, 0.8f };
            direction(d, 3);
            for (j = 0; j < 3; j++) d[j] = (float)(e[j] * (1 - crowd) + crowd * d[j]);
            if (c % 4 == 3 && i > 5) { d[0] = x[i / 3]; d[1] = y[i / 3]; d[2] = z[i / 3]; }  /* many equal points */
            x[i] = d[0]; y[i] = d[1]; z[i] = d[2];
        }
        if (crowd == 1) sphere_unit(x, y, z, n, NULL);
        for (i = 0; i < n; i++) for (j = i + 1; j < n; j++) {
            const double d = ((double)x[i] - x[j]) * ((double)x[i] - x[j]) + ((double)y[i] - y[j]) * ((double)y[i] - y[j]) + ((double)z[i] - z[j]) * ((double)z[i] - z[j]);
            if (d < best) { best = d; want[0] = (uint32_t)i; want[1] = (uint32_t)j; }
        }
        cr_assert(sphere_measure_separation(x, y, z, n, &angle, pair, memory, sizeof(memory)) == SPHERE_OK);
        cr_assert(pair[0] == want[0] && pair[1] == want[1], "case %u, n %u: %u %u, not %u %u", (unsigned)c, (unsigned)n, (unsigned)pair[0], (unsigned)pair[1], (unsigned)want[0], (unsigned)want[1]);
    }
    sphere_points_fibonacci(MANY, 0, MANY, x, y, z, NULL);
    cr_assert(sphere_separation_size(MANY) <= sizeof(memory));
    cr_assert(sphere_measure_separation(x, y, z, MANY, &angle, pair, memory, sizeof(memory)) == SPHERE_OK);
    note("separation of 1e6 Fibonacci points * sqrt(n)", angle * 1000);
    cr_assert(angle * 1000 > 3.0 && angle * 1000 < 3.2);                /* 3.09206862 in the limit, at the poles */
    cr_assert(sphere_measure_separation(x, y, z, 1, &angle, pair, NULL, 0) == SPHERE_OK && angle == INFINITY && pair[0] == SPHERE_NO_INDEX);
    x[7] = NAN; angle = 3;
    cr_assert(sphere_measure_separation(x, y, z, 10, &angle, pair, memory, sizeof(memory)) == SPHERE_E_NAN && angle == 3);
    cr_assert(sphere_measure_separation(x, y, z, 5, &angle, pair, memory, 16) == SPHERE_E_MEMORY);
}

/* -- Thomson's problem: the known minima (Wales, Ulker 2006), reached by relaxing Caspar-Klug lattices of 10 (h^2 + hk + k^2) + 2
   points on the icosahedron */
static double relaxed(double *p, size_t n)
{
    static double force[3 * 272], trial[3 * 272];
    double step = 0.3 / ((double)n * sqrt((double)n)), energy = 1e300;
    size_t round, i, j, k;
    memcpy(trial, p, 3 * n * sizeof(double));
    for (round = 0; round < 20000; round++) {
        double e = 0, norm = 0, most = 0;
        for (i = 0; i < n; i++) for (j = i + 1; j < n; j++) {
            double d = 0;
            for (k = 0; k < 3; k++) d += (trial[3 * i + k] - trial[3 * j + k]) * (trial[3 * i + k] - trial[3 * j + k]);
            e += 1 / sqrt(d);
        }
        if (e <= energy) { memcpy(p, trial, 3 * n * sizeof(double)); step *= energy - e < 1e-13 * e ? 0.9 : 1.1; energy = e; } else step *= 0.5;
        memset(force, 0, sizeof(force));
        for (i = 0; i < n; i++) for (j = 0; j < n; j++) if (j != i) {
            double d = 0;
            for (k = 0; k < 3; k++) d += (p[3 * i + k] - p[3 * j + k]) * (p[3 * i + k] - p[3 * j + k]);
            d = 1 / (d * sqrt(d));
            for (k = 0; k < 3; k++) force[3 * i + k] += (p[3 * i + k] - p[3 * j + k]) * d;
        }
        for (i = 0; i < n; i++) {
            double along = 0, s = 0;
            for (k = 0; k < 3; k++) along += force[3 * i + k] * p[3 * i + k];
            for (k = 0; k < 3; k++) { force[3 * i + k] -= along * p[3 * i + k]; norm += force[3 * i + k] * force[3 * i + k]; trial[3 * i + k] = p[3 * i + k] + step * force[3 * i + k]; }
            for (k = 0; k < 3; k++) s += trial[3 * i + k] * trial[3 * i + k];
            for (k = 0; k < 3; k++) { trial[3 * i + k] /= sqrt(s); worse(&most, trial[3 * i + k] - p[3 * i + k]); }
        }
        if (norm < 1e-18 || step < 1e-14) break;
    }
    return energy;
}
/* The lattice points with steps (h, k) from corner to corner, over all 20 faces, without repetition. */
static size_t caspar_klug(int h, int k, double *p)
{
    static const double g = 1.6180339887498949;
    double corner[12][3];
    size_t n = 0, a, b, c, i, j;
    const int t = h * h + h * k + k * k;
    int u, v;
    for (i = 0; i < 12; i++) {
        const double s = i & 1 ? 1 : -1, r = i & 2 ? g : -g;
        corner[i][(i / 4) % 3] = 0; corner[i][(i / 4 + 1) % 3] = s; corner[i][(i / 4 + 2) % 3] = r;
    }
    for (a = 0; a < 12; a++) for (b = 0; b < 12; b++) for (c = 0; c < 12; c++) {
        const double *pa = corner[a], *pb = corner[b], *pc = corner[c];
        double ab = 0, bc = 0, ca = 0, det;
        for (i = 0; i < 3; i++) { ab += (pa[i] - pb[i]) * (pa[i] - pb[i]); bc += (pb[i] - pc[i]) * (pb[i] - pc[i]); ca += (pc[i] - pa[i]) * (pc[i] - pa[i]); }
        det = pa[0] * (pb[1] * pc[2] - pb[2] * pc[1]) - pa[1] * (pb[0] * pc[2] - pb[2] * pc[0]) + pa[2] * (pb[0] * pc[1] - pb[1] * pc[0]);
        if (fabs(ab - 4) > 1e-9 || fabs(bc - 4) > 1e-9 || fabs(ca - 4) > 1e-9 || det < 0) continue;
        /* Unit steps e1, e2 (60 degrees apart): b - a = h e1 + k e2, c - a = -k e1 + (h + k) e2. */
        for (u = -t; u <= t; u++) for (v = -t; v <= t; v++) {
            const double beta = ((h + k) * u + k * v) / (double)t, gamma = (h * v - k * u) / (double)t;
            double q[3], s = 0;
            if (beta < -1e-9 || gamma < -1e-9 || beta + gamma > 1 + 1e-9) continue;
            for (i = 0; i < 3; i++) { q[i] = pa[i] + beta * (pb[i] - pa[i]) + gamma * (pc[i] - pa[i]); s += q[i] * q[i]; }
            for (i = 0; i < 3; i++) q[i] /= sqrt(s);
            for (j = 0; j < n; j++) if (fabs(p[3 * j] - q[0]) + fabs(p[3 * j + 1] - q[1]) + fabs(p[3 * j + 2] - q[2]) < 1e-6) break;
            if (j == n) { cr_assert(n < 272); memcpy(p + 3 * n++, q, sizeof(q)); }
        }
    }
    return n;
}
Test(points, thomson_energies, .timeout = 300)
{
    static const struct { size_t n; int h, k; double energy; } known[7] = { { 4, 0, 0, 3.674234614 }, { 6, 0, 0, 9.985281374 }, { 12, 1, 0, 49.165253058 },
        { 32, 1, 1, 412.261274651 }, { 72, 2, 1, 2255.001190975 }, { 122, 2, 2, 6698.374499261 }, { 272, 3, 3, 34515.193292681 } };
    static const double four[12] = { 1, 1, 1, 1, -1, -1, -1, 1, -1, -1, -1, 1 }, six[18] = { 1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1 };
    static double p[3 * 272], memory[3 * 272 + 64];
    static float x[272], y[272], z[272];
    size_t c, i, j;
    for (c = 0; c < 7; c++) {
        const size_t n = known[c].n;
        double energy, again, logs;
        wide want = 0;
        if (n == 4) memcpy(p, four, sizeof(four));
        else if (n == 6) memcpy(p, six, sizeof(six));
        else cr_assert(caspar_klug(known[c].h, known[c].k, p) == n);
        if (n > 32) relaxed(p, n);
        for (i = 0; i < n; i++) { x[i] = (float)p[3 * i]; y[i] = (float)p[3 * i + 1]; z[i] = (float)p[3 * i + 2]; }
        cr_assert(sphere_energy_size(n) <= sizeof(memory));
        cr_assert(sphere_measure_energy(x, y, z, n, 1, &energy, NULL, memory, sizeof(memory)) == SPHERE_OK);
        cr_assert(sphere_measure_energy(x, y, z, n, 1, &again, &reversed, memory, sizeof(memory)) == SPHERE_OK && again == energy);
        cr_assert(sphere_measure_energy(x, y, z, n, 0, &logs, NULL, memory, sizeof(memory)) == SPHERE_OK);
        for (i = 0; i < n; i++) for (j = i + 1; j < n; j++) {
            const float a[3] = { x[i], y[i], z[i] }, b[3] = { x[j], y[j], z[j] };
            want -= logl(2 * sinl(anglew(a, b, 3) / 2));
        }
        if (getenv("GEOMETRY_VERBOSE")) printf("energy of %3u points: %.9f, known %.9f; log energy %.9f\n", (unsigned)n, energy, known[c].energy, logs);
        cr_assert(fabs(energy - known[c].energy) < 1e-9 * (1 + known[c].energy), "%u points: %.10f", (unsigned)n, energy);
        cr_assert(fabsl(logs - want) < 1e-12L * (1 + fabsl(want)) * (wide)n, "%u points: %.15f, %.15Lf", (unsigned)n, logs, want);
    }
    {
        const float a[3] = { 1, 1, 0 }, b[3] = { 0, 0, 0 }, c0[3] = { 0, 0, 0 };
        double energy = 5;
        cr_assert(sphere_measure_energy(a, b, c0, 3, 1, &energy, NULL, memory, sizeof(memory)) == SPHERE_E_RANGE && energy == 5);
        cr_assert(sphere_measure_energy(a, b, c0, 2, 2, &energy, NULL, memory, sizeof(memory)) == SPHERE_E_RANGE);
        cr_assert(sphere_measure_energy(a, b, c0, 2, 1, &energy, NULL, memory, 3) == SPHERE_E_MEMORY && energy == 5);
        cr_assert(sphere_measure_energy(a, b, c0, 2, 1, &energy, NULL, memory, sizeof(memory)) == SPHERE_OK && energy == INFINITY);
        cr_assert(sphere_measure_energy(a, b, c0, 2, 0, &energy, NULL, memory, sizeof(memory)) == SPHERE_OK && energy == INFINITY);
        cr_assert(sphere_measure_energy(a, b, c0, 1, 0, &energy, NULL, memory, sizeof(memory)) == SPHERE_OK && energy == 0);
    }
}
