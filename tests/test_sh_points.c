/* sphere_sh.h, harmonics at points: 50-digit values (golden/sh_*.csv), gradients, identities, sums, solid harmonics, norms, layouts and bad
   input, in float and in double. tests/levels_sh.c compares the levels; here each answer is checked at the portable and at the best
   level. */
#define SPHERE_SH_IMPLEMENTATION
#include "../sphere_sh.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FAILS(want, call) do { const sphere_status got_ = (call); cr_assert(got_ == (want), "%s\n  gave %d, not %d", #call, (int)got_, (int)(want)); } while (0)
#define OK(call) FAILS(SPHERE_OK, call)
#define PI 3.14159265358979323846
#if defined(__SANITIZE_ADDRESS__)
#define SLOW 1                               /* fewer directions at high degrees */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOW 1
#else
#define SLOW 0
#endif
#else
#define SLOW 0
#endif

/* -- tools */
static uint64_t random_state = 88172645463325252u;
static uint32_t random_bits(void)
{
    random_state ^= random_state << 13; random_state ^= random_state >> 7; random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32);
}
static double uniform(void) { return (double)random_bits() / 2147483648.0 - 1.0; }                  /* -1 .. 1 */
/* Exactly as large as asked, so that the address sanitizer sees each step beyond. */
static void *get(size_t bytes) { void *p = malloc(bytes ? bytes : 1); cr_assert(p != NULL); memset(p, 0xa5, bytes ? bytes : 1); return p; }
static int untouched(const void *p, size_t bytes)
{
    const unsigned char *c = (const unsigned char *)p;
    size_t i;
    for (i = 0; i < bytes; i++) if (c[i] != 0xa5) return 0;
    return 1;
}
static FILE *golden(const char *name)
{
    static const char *const folders[] = { "tests/golden/", "../tests/golden/", "golden/", "../../tests/golden/" };
    char path[512];
    size_t i;
    FILE *f;
    for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", folders[i], name);
        if ((f = fopen(path, "r")) != NULL) return f;
    }
    snprintf(path, sizeof(path), "%.400s", __FILE__);
    if (strrchr(path, '/')) snprintf(strrchr(path, '/') + 1, 100, "golden/%s", name);
    f = fopen(path, "r");
    cr_assert(f != NULL, "%s is not here", name);
    return f;
}
typedef struct job { double x[3]; size_t first, count; } job;
typedef struct sample { int l, m; double v[3]; } sample;
/* The samples, gathered by direction. */
static size_t read_samples(const char *name, sample *s, job *jobs, size_t most)
{
    char line[1024];
    size_t count = 0, n = 0;
    FILE *f = golden(name);
    while (fgets(line, sizeof(line), f)) {
        double x, y, z;
        if (line[0] == '#') continue;
        cr_assert(n < most);
        cr_assert_eq(sscanf(line, "%d,%d,%lf,%lf,%lf,%lf,%lf,%lf", &s[n].l, &s[n].m, &x, &y, &z, &s[n].v[0], &s[n].v[1], &s[n].v[2]), 8);
        /* a change of direction, or of the degrees asked for, starts another job */
        if (!count || jobs[count - 1].x[0] != x || jobs[count - 1].x[1] != y || jobs[count - 1].x[2] != z || (s[n].l > 100) != (s[n - 1].l > 100) || (s[n].l > 1000) != (s[n - 1].l > 1000)) {
            jobs[count].x[0] = x; jobs[count].x[1] = y; jobs[count].x[2] = z; jobs[count].first = n; jobs[count++].count = 0;
        }
        jobs[count - 1].count++; n++;
    }
    fclose(f);
    return count;
}

/* Bounds, absolute, for orthonormal harmonics, as the header states them; gradients are larger by (l + 1) and a tenth. */
static double bound_float(int l) { return l <= 19 ? 5e-7 : l <= 100 ? 2e-6 : 1.1e-5; }
static double bound_double(int l)
{
    const double any = 4e-15 * (1 + sqrt((double)l)), stated = l <= 64 ? 9e-15 : l <= 1000 ? 4.5e-14 : 2.6e-13;
    return any < stated ? any : stated;
}

#define POINTS_TESTS(T, P, NAN_T) \
typedef struct plan_##T { P##_points plan; void *memory; size_t all; } plan_##T; \
static plan_##T make_##T(int degree, const sphere_sh_desc *desc, sphere_simd simd) \
{ \
    plan_##T p; \
    sphere_exec exec; \
    const size_t bytes = P##_points_size(degree); \
    memset(&exec, 0, sizeof(exec)); \
    exec.simd = simd; \
    cr_assert(bytes > 0); \
    p.memory = get(bytes); p.all = (size_t)(degree + 1) * (size_t)(degree + 1); \
    OK(P##_points_init(&p.plan, degree, desc, &exec, p.memory, bytes)); \
    return p; \
} \
/* Every Y_lm to degree 64 in the golden directions, one at a time and all at once. */ \
static void all64_##T(void) \
{ \
    enum { N = 10, ALL = 65 * 65 }; \
    double *want = (double *)get(N * ALL * sizeof(double)), worst = 0; \
    T x[N], y[N], z[N], *out = (T *)get(N * ALL * sizeof(T)), *one = (T *)get(ALL * sizeof(T)); \
    char *line = (char *)get(1 << 16); \
    FILE *f = golden("sh_all64.csv"); \
    int n = 0, l = 65, i, simd; \
    while (fgets(line, 1 << 16, f)) { \
        char *at = line; \
        if (line[0] == '#') continue; \
        if (line[0] == 'd') { \
            double a, b, c; \
            cr_assert(l == 65 && n < N); \
            cr_assert_eq(sscanf(line, "direction,%lf,%lf,%lf", &a, &b, &c), 3); \
            { const double r = sizeof(T) == 4 ? 1 : sqrt(a * a + b * b + c * c); x[n] = (T)(a / r); y[n] = (T)(b / r); z[n] = (T)(c / r); }   /* they are unit vectors in float only */ \
            n++; l = 0; \
            continue; \
        } \
        for (i = 0; i < 2 * l + 1; i++, at++) want[(n - 1) * ALL + l * l + i] = strtod(at, &at); \
        l++; \
    } \
    fclose(f); \
    cr_assert(n == N && l == 65); \
    for (simd = 0; simd < 2; simd++) { \
        int degree; \
        for (degree = 64; degree > 0; degree = degree > 8 ? degree / 2 : degree - 1) { \
            plan_##T p = make_##T(degree, NULL, simd ? SPHERE_SIMD_PORTABLE : SPHERE_SIMD_BEST); \
            OK(P##_values(&p.plan, x, y, z, N, out)); \
            for (i = 0; i < N; i++) { \
                size_t k; \
                for (k = 0, l = 0; k < p.all; k++) { \
                    const double e = fabs((double)out[(size_t)i * p.all + k] - want[(size_t)i * ALL + k]), limit = sizeof(T) == 4 ? bound_float((int)sqrt((double)k)) : bound_double((int)sqrt((double)k)); \
                    cr_assert(e <= limit, "degree %d, direction %d, index %d: error %g", degree, i, (int)k, e); \
                    if (e > worst) worst = e; \
                } \
                OK(P##_values(&p.plan, x + i, y + i, z + i, 1, one)); \
                cr_assert(!memcmp(one, out + (size_t)i * p.all, p.all * sizeof(T)), "one direction or many must not matter"); \
            } \
            free(p.memory); \
        } \
    } \
    if (getenv("SH_ERRORS")) printf("all64 " #T " %.3g\n", worst); \
    free(want); free(out); free(one); free(line); \
} \
/* Samples to degree 1000 (and 4000 in double): values and both parts of the gradient, stored; above 1000 by sums. */ \
static void samples_##T(const char *name, int most_degree) \
{ \
    enum { MOST = 1600 }; \
    sample *s = (sample *)get(MOST * sizeof(sample)); \
    job *jobs = (job *)get(MOST * sizeof(job)); \
    const size_t count = read_samples(name, s, jobs, MOST); \
    static const int degrees[4] = { 19, 100, 1000, 4000 }; \
    double worst[4][2]; \
    size_t i, k, seen = 0; \
    int d, j; \
    cr_assert(count >= 30); \
    memset(worst, 0, sizeof(worst)); \
    for (d = 0; d < 4; d++) { \
        plan_##T p; \
        T *out[3], *c = NULL; \
        size_t used = 0; \
        if (degrees[d] > most_degree) break; \
        p = make_##T(degrees[d], NULL, SPHERE_SIMD_BEST); \
        for (j = 0; j < 3; j++) out[j] = (T *)get((degrees[d] > 1000 ? 1 : p.all) * sizeof(T)); \
        if (degrees[d] > 1000) { c = (T *)get(p.all * sizeof(T)); memset(c, 0, p.all * sizeof(T)); } \
        for (i = 0; i < count; i++) { \
            const T x = (T)jobs[i].x[0], y = (T)jobs[i].x[1], z = (T)jobs[i].x[2]; \
            int top = 0; \
            for (k = 0; k < jobs[i].count; k++) if (s[jobs[i].first + k].l > top) top = s[jobs[i].first + k].l; \
            if (top > degrees[d] || (d && top <= degrees[d - 1])) continue; \
            if (degrees[d] > 100 && used++ % (degrees[d] > 1000 ? SLOW ? 30u : 5u : SLOW ? 6u : 1u)) continue; \
            if (degrees[d] > 1000) { \
                double sum = 0; \
                for (k = 0; k < jobs[i].count; k++) { const sample *a = s + jobs[i].first + k; c[(size_t)a->l * (size_t)a->l + (size_t)(a->l + a->m)] += 1; sum += a->v[0]; } \
                OK(P##_sum(&p.plan, c, 1, 0, &x, &y, &z, 1, out[0], NULL, NULL, NULL)); \
                sum = fabs(sum - (double)*out[0]); \
                cr_assert(sum <= bound_double(top) * sqrt((double)jobs[i].count), "degree %d: error %g", top, sum); \
                if (sum > worst[d][0]) worst[d][0] = sum; \
                for (k = 0; k < jobs[i].count; k++) { const sample *a = s + jobs[i].first + k; c[(size_t)a->l * (size_t)a->l + (size_t)(a->l + a->m)] = 0; } \
                seen += jobs[i].count; \
                continue; \
            } \
            OK(P##_gradients_tangent(&p.plan, &x, &y, &z, 1, out[0], out[1], out[2])); \
            for (k = 0; k < jobs[i].count; k++) { \
                const sample *a = s + jobs[i].first + k; \
                const size_t at = (size_t)a->l * (size_t)a->l + (size_t)(a->l + a->m); \
                const double limit = sizeof(T) == 4 ? bound_float(a->l) : bound_double(a->l); \
                for (j = 0; j < 3; j++) { \
                    const double e = fabs((double)out[j][at] - a->v[j]) / (j ? a->l + 1.0 : 1.0); \
                    cr_assert(e <= limit * (j ? 1.1 : 1), "l = %d, m = %d, direction %.17g %.17g %.17g, part %d: error %g, value %.17g", a->l, a->m, jobs[i].x[0], jobs[i].x[1], jobs[i].x[2], j, e, a->v[j]); \
                    if (e > worst[d][j > 0]) worst[d][j > 0] = e; \
                } \
                seen++; \
            } \
        } \
        for (j = 0; j < 3; j++) free(out[j]); \
        free(c); free(p.memory); \
    } \
    cr_assert(seen > 300); \
    if (getenv("SH_ERRORS")) for (d = 0; d < 4; d++) printf("samples " #T " to degree %d: values %.3g, gradients / (l + 1) %.3g\n", degrees[d], worst[d][0], worst[d][1]); \
    free(s); free(jobs); \
} \
/* The addition theorem, sum over m of Y_lm^2 = (2 l + 1) / 4 pi, and its gradient, sum of |grad Y_lm|^2 = l (l + 1)(2 l + 1) / 4 pi, which is \
   the Laplacian's eigenvalue; the gradient is tangential, and both of its forms agree. */ \
static void identities_##T(int degree, double tolerance) \
{ \
    enum { N = 23 }; \
    plan_##T p = make_##T(degree, NULL, SPHERE_SIMD_BEST); \
    T x[N], y[N], z[N], *o[6]; \
    int i, k, l; \
    for (k = 0; k < 6; k++) o[k] = (T *)get(N * p.all * sizeof(T)); \
    for (i = 0; i < N; i++) { \
        const double t = i == 0 ? 0 : i == 1 ? PI : i < 6 ? pow(10, -i) : i < 9 ? PI / 2 : PI * (uniform() + 1) / 2, f = i == 7 ? PI / 2 : i == 8 ? PI : 3 * uniform(); \
        x[i] = (T)(sin(t) * cos(f)); y[i] = (T)(sin(t) * sin(f)); z[i] = (T)cos(t); \
        if (i < 2) x[i] = y[i] = 0; \
    } \
    OK(P##_gradients(&p.plan, x, y, z, N, o[0], o[1], o[2], o[3])); \
    OK(P##_gradients_tangent(&p.plan, x, y, z, N, NULL, o[4], o[5])); \
    for (i = 0; i < N; i++) for (l = 0; l <= degree; l++) { \
        double s = 0, g = 0, a = 0; \
        int m; \
        for (m = -l; m <= l; m++) { \
            const size_t at = (size_t)i * p.all + (size_t)(l * l + l + m); \
            const double v = (double)o[0][at], gx = (double)o[1][at], gy = (double)o[2][at], gz = (double)o[3][at], u = (double)o[4][at], w = (double)o[5][at]; \
            s += v * v; g += gx * gx + gy * gy + gz * gz; a += u * u + w * w; \
            cr_assert(fabs(gx * (double)x[i] + gy * (double)y[i] + gz * (double)z[i]) <= tolerance * (l + 1), "not tangential: l %d, m %d, direction %d", l, m, i); \
        } \
        cr_assert(fabs(s * 4 * PI / (2 * l + 1) - 1) <= tolerance, "addition theorem, l = %d, direction %d: %g", l, i, s * 4 * PI / (2 * l + 1) - 1); \
        if (l) cr_assert(fabs(g * 4 * PI / ((2.0 * l + 1) * l * (l + 1)) - 1) <= tolerance, "cartesian gradient, l = %d, direction %d: %g", l, i, g * 4 * PI / ((2.0 * l + 1) * l * (l + 1)) - 1); \
        if (l) cr_assert(fabs(a * 4 * PI / ((2.0 * l + 1) * l * (l + 1)) - 1) <= tolerance, "gradient by angles, l = %d, direction %d", l, i); \
    } \
    for (k = 0; k < 6; k++) free(o[k]); \
    free(p.memory); \
} \
/* Norms, sign, layouts and angles against the orthonormal rows. */ \
static void norms_##T(int degree, double tolerance) \
{ \
    enum { N = 37 }; \
    plan_##T base = make_##T(degree, NULL, SPHERE_SIMD_BEST); \
    const size_t all = base.all; \
    T *x = (T *)get(5 * N * sizeof(T)), *y = x + N, *z = y + N, *theta = z + N, *phi = theta + N, *a = (T *)get(N * all * sizeof(T)), *b = (T *)get((N + 3) * (all + 5) * sizeof(T)); \
    int i, l, m, norm, sign, layout; \
    for (i = 0; i < N; i++) { \
        theta[i] = (T)(PI * (uniform() + 1) / 2); phi[i] = (T)(7 * uniform()); \
        x[i] = (T)(sin((double)theta[i]) * cos((double)phi[i])); y[i] = (T)(sin((double)theta[i]) * sin((double)phi[i])); z[i] = (T)cos((double)theta[i]); \
    } \
    OK(P##_values(&base.plan, x, y, z, N, a)); \
    for (norm = 0; norm < 4; norm++) for (sign = 0; sign < 2; sign++) for (layout = 0; layout < 4; layout++) { \
        sphere_sh_desc desc = { SPHERE_SH_ORTHONORMAL, 0, SPHERE_SH_BASIS_ROWS, 0 }; \
        size_t stride; \
        plan_##T p; \
        if (norm == 3 && degree > 12) continue; \
        desc.norm = (sphere_sh_norm)norm; desc.condon_shortley = sign; desc.layout = layout & 1 ? SPHERE_SH_BASIS_PLANES : SPHERE_SH_BASIS_ROWS; \
        desc.stride = layout & 2 ? (layout & 1 ? N + 3u : all + 5) : 0; \
        stride = desc.stride ? desc.stride : layout & 1 ? N : all; \
        p = make_##T(degree, &desc, SPHERE_SIMD_BEST); \
        if (sign) OK(P##_values_angles(&p.plan, theta, phi, N, b)); else OK(P##_values(&p.plan, x, y, z, N, b)); \
        for (i = 0; i < N; i++) for (l = 0; l <= degree; l++) for (m = -l; m <= l; m++) { \
            const size_t k = (size_t)(l * l + l + m); \
            const int o = m < 0 ? -m : m; \
            double f = norm == 1 ? sqrt(4 * PI) : norm == 2 ? sqrt(4 * PI / (2 * l + 1)) : 1, got = (double)b[layout & 1 ? k * stride + (size_t)i : (size_t)i * stride + k]; \
            int j; \
            if (norm == 3) { f = 4 * PI / (2 * l + 1) / (o ? 2 : 1); for (j = l - o + 1; j <= l + o; j++) f *= j; f = sqrt(f); } \
            if (sign && (o & 1)) f = -f; \
            cr_assert(fabs(got - f * (double)a[(size_t)i * all + k]) <= tolerance * fabs(f) * (l + 1), "norm %d, sign %d, layout %d, l %d, m %d: %g, not %g", norm, sign, layout, l, m, got, f * (double)a[(size_t)i * all + k]); \
        } \
        free(p.memory); \
    } \
    free(base.memory); free(x); free(a); free(b); \
} \
/* Sums are what the stored harmonics give; so are sums of solid harmonics. Euler: x . grad = l times a regular one, -(l + 1) times an irregular one; factors below 2^-88 are 0, which the orders above and below need not be. */ \
static void sums_##T(int degree, double tolerance) \
{ \
    enum { N = 41, FIELDS = 3 }; \
    plan_##T p = make_##T(degree, NULL, SPHERE_SIMD_BEST); \
    const size_t all = p.all; \
    T *x = (T *)get(5 * N * sizeof(T)), *y = x + N, *z = y + N, *theta = z + N, *phi = theta + N, *c = (T *)get(FIELDS * (all + 2) * sizeof(T)), *o[4], *s[4]; \
    int way, i, k, l, m; \
    size_t f, j; \
    for (j = 0; j < FIELDS * (all + 2); j++) c[j] = (T)uniform(); \
    for (k = 0; k < 4; k++) { o[k] = (T *)get(N * all * sizeof(T)); s[k] = (T *)get(FIELDS * N * sizeof(T)); } \
    for (way = 0; way < 5; way++) { \
        const T radius = (T)1.5; \
        const int outs = way == 1 ? 3 : 4; \
        for (i = 0; i < N; i++) { \
            const double t = i == 0 ? 0 : i == 1 ? PI : i == 2 ? 1e-5 : PI * (uniform() + 1) / 2, ph = 4 * uniform(), r = way < 2 ? 1 : way == 4 ? 1.5 + (uniform() + 1) : 0.75 * (uniform() + 1) + 1e-3; \
            theta[i] = (T)t; phi[i] = (T)ph; \
            x[i] = (T)(r * sin(t) * cos(ph)); y[i] = (T)(r * sin(t) * sin(ph)); z[i] = (T)(r * cos(t)); \
            if (i < 2) x[i] = y[i] = 0; \
            if (i == 3 && way == 3) x[i] = y[i] = z[i] = 0; \
        } \
        switch (way) { \
        case 0: OK(P##_gradients(&p.plan, x, y, z, N, o[0], o[1], o[2], o[3])); OK(P##_sum(&p.plan, c, FIELDS, all + 2, x, y, z, N, s[0], s[1], s[2], s[3])); break; \
        case 1: OK(P##_gradients_angles(&p.plan, theta, phi, N, o[0], o[1], o[2])); OK(P##_sum_angles(&p.plan, c, FIELDS, all + 2, theta, phi, N, s[0], s[1], s[2])); break; \
        case 2: continue; \
        default: \
            OK(P##_solid(&p.plan, way == 3 ? SPHERE_SH_REGULAR : SPHERE_SH_IRREGULAR, radius, x, y, z, N, o[0], o[1], o[2], o[3])); \
            OK(P##_solid_sum(&p.plan, way == 3 ? SPHERE_SH_REGULAR : SPHERE_SH_IRREGULAR, radius, c, FIELDS, all + 2, x, y, z, N, s[0], s[1], s[2], s[3])); break; \
        } \
        for (i = 0; i < N; i++) { \
            for (k = 0; k < outs; k++) for (f = 0; f < FIELDS; f++) { \
                double want = 0, size = 0; \
                for (j = 0; j < all; j++) { const double v = (double)c[f * (all + 2) + j] * (double)o[k][(size_t)i * all + j]; want += v; size += v * v; } \
                cr_assert(fabs(want - (double)s[k][f * N + (size_t)i]) <= tolerance * (k ? degree + 1 : 1) * (1 + sqrt(size)), "way %d, direction %d, part %d: %.17g, not %.17g", way, i, k, (double)s[k][f * N + (size_t)i], want); \
            } \
            if (way >= 3) for (l = 0; l <= degree; l++) for (m = -l; m <= l; m++) { \
                const size_t at = (size_t)i * all + (size_t)(l * l + l + m); \
                const double n = way == 3 ? l : -(l + 1), left = (double)x[i] * (double)o[1][at] + (double)y[i] * (double)o[2][at] + (double)z[i] * (double)o[3][at]; \
                const double size = fabs((double)o[1][at]) + fabs((double)o[2][at]) + fabs((double)o[3][at]) + fabs((double)o[0][at]); \
                cr_assert(fabs(left - n * (double)o[0][at]) <= tolerance * (l + 1) * (l + 1) * (size + 1e-20), "Euler, l %d, m %d, direction %d: %g, not %g", l, m, i, left, n * (double)o[0][at]); \
            } \
        } \
    } \
    for (k = 0; k < 4; k++) { free(o[k]); free(s[k]); } \
    free(p.memory); free(x); free(c); \
} \
/* Regular solid harmonics of degree 1 and 2 at any distance, and (1/r): what the definition gives. */ \
static void solids_##T(double tolerance) \
{ \
    static const double scales[] = { 1e-30, 1e-12, 1, 3e5, 1e15, 1e22, 1e200 }; \
    plan_##T p = make_##T(1, NULL, SPHERE_SIMD_BEST); \
    size_t i; \
    int kind, degree; \
    for (i = 0; i < (sizeof(T) == 4 ? 6u : 7u); i++) { \
        const double a = 0.3 * scales[i], b = -0.4 * scales[i], c = 1.2 * scales[i], k = sqrt(3 / (4 * PI)), r = 1.3 * scales[i]; \
        const T x = (T)a, y = (T)b, z = (T)c; \
        T v[4], gx[4], gy[4], gz[4]; \
        OK(P##_solid(&p.plan, SPHERE_SH_REGULAR, 1, &x, &y, &z, 1, v, gx, gy, gz)); \
        cr_assert(fabs((double)v[1] - k * b) <= tolerance * r && fabs((double)v[2] - k * c) <= tolerance * r && fabs((double)v[3] - k * a) <= tolerance * r); \
        cr_assert(fabs((double)gy[1] - k) <= tolerance && fabs((double)gz[2] - k) <= tolerance && fabs((double)gx[3] - k) <= tolerance && fabs((double)gx[1]) <= tolerance && (double)gx[0] == 0); \
        OK(P##_solid(&p.plan, SPHERE_SH_IRREGULAR, 1, &x, &y, &z, 1, v, NULL, NULL, NULL)); \
        cr_assert(fabs((double)v[0] * r * sqrt(4 * PI) - 1) <= tolerance && (!i || i > 4 || fabs((double)v[2] * r * r - k * c / r) <= tolerance), "scale %g", scales[i]); \
    } \
    { \
        const T zero = 0, one = 1; \
        T v[4], g[3][4], s, sx, sy, sz; \
        const T c[4] = { 0, 1, 2, 3 }; \
        OK(P##_solid(&p.plan, SPHERE_SH_REGULAR, 2, &zero, &zero, &zero, 1, v, g[0], g[1], g[2])); \
        cr_assert((double)v[0] > 0.28 && v[1] == 0 && v[2] == 0 && v[3] == 0 && fabs((double)g[2][2] - sqrt(3 / (4 * PI)) / 2) < 1e-6); \
        OK(P##_solid_sum(&p.plan, SPHERE_SH_REGULAR, 1, c, 1, 0, &zero, &zero, &zero, 1, &s, &sx, &sy, &sz)); \
        cr_assert(s == 0 && fabs((double)sy - sqrt(3 / (4 * PI))) < 1e-6 && fabs((double)sz - 2 * sqrt(3 / (4 * PI))) < 1e-6 && fabs((double)sx - 3 * sqrt(3 / (4 * PI))) < 1e-6); \
        OK(P##_solid(&p.plan, SPHERE_SH_IRREGULAR, 1, &zero, &zero, &zero, 1, v, NULL, NULL, NULL)); \
        cr_assert(v[0] != v[0] && v[3] != v[3]); \
        OK(P##_solid_sum(&p.plan, SPHERE_SH_IRREGULAR, 1, c, 1, 0, &zero, &one, &zero, 1, &s, NULL, NULL, NULL)); \
        cr_assert(fabs((double)s - sqrt(3 / (4 * PI))) < 1e-6); \
    } \
    free(p.memory); \
    /* Of higher degree: (r / a)^l Y and (a / r)^(l + 1) Y, and their gradients, from the harmonics and gradients on the unit sphere. */ \
    for (kind = 0; kind < 2; kind++) for (degree = 3; degree <= 66; degree = degree == 3 ? 12 : degree == 12 ? 20 : degree == 20 ? 66 : 67) for (i = 0; i < 5; i++) { \
        static const double distances[] = { 0.8, 1.5, 1.6, 1.35, 2 }; \
        const double a = 1.5, t = i == 4 ? 0 : PI * (uniform() + 1) / 2, ph = 4 * uniform(), r = distances[i]; \
        const T x = (T)(i == 4 ? 0 : r * sin(t) * cos(ph)), y = (T)(i == 4 ? 0 : r * sin(t) * sin(ph)), z = (T)(r * cos(t)); \
        const double length = sqrt((double)x * (double)x + (double)y * (double)y + (double)z * (double)z); \
        const T nx = (T)((double)x / length), ny = (T)((double)y / length), nz = (T)((double)z / length); \
        T *v[4], *w[4]; \
        int l, m, k; \
        p = make_##T(degree, NULL, i & 1 ? SPHERE_SIMD_PORTABLE : SPHERE_SIMD_BEST); \
        for (k = 0; k < 4; k++) { v[k] = (T *)get(p.all * sizeof(T)); w[k] = (T *)get(p.all * sizeof(T)); } \
        OK(P##_solid(&p.plan, kind ? SPHERE_SH_IRREGULAR : SPHERE_SH_REGULAR, (T)a, &x, &y, &z, 1, v[0], v[1], v[2], v[3])); \
        OK(P##_gradients(&p.plan, &nx, &ny, &nz, 1, w[0], w[1], w[2], w[3])); \
        for (l = 0; l <= degree; l++) for (m = -l; m <= l; m++) { \
            const size_t at = (size_t)(l * l + l + m); \
            const double f = kind ? pow(a / length, l + 1) : pow(length / a, l), s = kind ? -(l + 1) : l, n[3] = { (double)nx, (double)ny, (double)nz }; \
            cr_assert(fabs((double)v[0][at] - f * (double)w[0][at]) <= tolerance * f * (l + 1), "kind %d, l %d, m %d, r %g: %g, not %g", kind, l, m, length, (double)v[0][at], f * (double)w[0][at]); \
            for (k = 0; k < 3; k++) { \
                const double want = f / length * (s * n[k] * (double)w[0][at] + (double)w[k + 1][at]); \
                cr_assert(fabs((double)v[k + 1][at] - want) <= tolerance * f / length * (l + 1) * (l + 1), "kind %d, l %d, m %d, r %g, part %d: %g, not %g", kind, l, m, length, k, (double)v[k + 1][at], want); \
            } \
        } \
        for (k = 0; k < 4; k++) { free(v[k]); free(w[k]); } \
        free(p.memory); \
    } \
    /* Far from the sphere powers are right as long as there are any, then 0, at every level, with their gradients. */ \
    for (kind = 0; kind < 2; kind++) for (i = 0; i < 2; i++) { \
        const double ratio = sizeof(T) == 4 ? 0.1 : 1e-8, least = sizeof(T) == 4 ? ldexp(1, -120) : ldexp(1, -1010); \
        const T u[3] = { (T)0.48, (T)0.6, (T)0.64 }, x = kind ? u[0] : (T)(ratio * (double)u[0]), y = kind ? u[1] : (T)(ratio * (double)u[1]), z = kind ? u[2] : (T)(ratio * (double)u[2]); \
        T *v[4], *w; \
        int l, m, k, some = 0, none = 0; \
        p = make_##T(45, NULL, i & 1 ? SPHERE_SIMD_PORTABLE : SPHERE_SIMD_BEST); \
        for (k = 0; k < 4; k++) v[k] = (T *)get(p.all * sizeof(T)); \
        w = (T *)get(p.all * sizeof(T)); \
        OK(P##_values(&p.plan, u, u + 1, u + 2, 1, w)); \
        OK(P##_solid(&p.plan, kind ? SPHERE_SH_IRREGULAR : SPHERE_SH_REGULAR, (T)(kind ? ratio : 1), &x, &y, &z, 1, v[0], v[1], v[2], v[3])); \
        for (l = 0; l <= 45; l++) for (m = -l; m <= l; m++) { \
            const size_t at = (size_t)(l * l + l + m); \
            const double f = pow(ratio, l + kind); \
            if (f > 1.01 * least) { some++; cr_assert(fabs((double)v[0][at] - f * (double)w[at]) <= 4 * tolerance * f * (l + 1), "kind %d, l %d: %g, not %g", kind, l, (double)v[0][at], f * (double)w[at]); } \
            if (f * (kind ? 1 : 1 / ratio) < 0.99 * least) { none++; for (k = 0; k < 4; k++) cr_assert(v[k][at] == 0, "kind %d, l %d, part %d: %g", kind, l, k, (double)v[k][at]); } \
        } \
        cr_assert(some > 30 * 30 && none > 200); \
        for (l = 5; l <= 45; l += 5) {                                       /* a sum of one harmonic is the harmonic */ \
            const size_t at = (size_t)(l * l + l + l / 2); \
            const double f = pow(ratio, l + kind); \
            T s[4]; \
            memset(w, 0, p.all * sizeof(T)); \
            w[at] = 1; \
            OK(P##_solid_sum(&p.plan, kind ? SPHERE_SH_IRREGULAR : SPHERE_SH_REGULAR, (T)(kind ? ratio : 1), w, 1, 0, &x, &y, &z, 1, &s[0], &s[1], &s[2], &s[3])); \
            for (k = 0; k < 4; k++) if (f > 1.01 * least || f < 0.99 * least) cr_assert(f < least ? s[k] == 0 && (k || v[k][at] == 0) : fabs((double)s[k] - (double)v[k][at]) <= 40 * tolerance * f * (l + 1) * (k && !kind ? 1 / ratio : 1), \
                "sum, kind %d, l %d, part %d: %g, not %g", kind, l, k, (double)s[k], (double)v[k][at]); \
        } \
        for (k = 0; k < 4; k++) free(v[k]); \
        free(w); free(p.memory); \
    } \
} \
/* What is no direction gives the one NaN at its place, and nowhere else; structural faults leave the outputs alone. */ \
static void bad_##T(void) \
{ \
    static const double lengths[] = { 0, 0.9, 1.1, 1e-30, 1e30 }; \
    enum { N = 29 }; \
    sphere_sh_desc desc = { SPHERE_SH_ORTHONORMAL, 0, SPHERE_SH_BASIS_ROWS, 0 }; \
    const T nan_value = (T)NAN, inf_value = (T)INFINITY; \
    T x[N], y[N], z[N], *out[4], *clean[4], c[100]; \
    unsigned char nan_bits[sizeof(T)]; \
    int degree, kind, k, i; \
    { const T v = NAN_T(); memcpy(nan_bits, &v, sizeof(T)); } \
    for (degree = 2; degree <= 70; degree = degree == 2 ? 9 : degree == 9 ? 70 : 71) { \
        plan_##T p = make_##T(degree, &desc, SPHERE_SIMD_BEST); \
        for (k = 0; k < 4; k++) { out[k] = (T *)get(N * p.all * sizeof(T)); clean[k] = (T *)get(N * p.all * sizeof(T)); } \
        for (kind = 0; kind < 8; kind++) { \
            const int bad = kind * 3; \
            for (i = 0; i < N; i++) { x[i] = (T)0.6; y[i] = (T)(i & 1 ? 0.8 : -0.8); z[i] = 0; } \
            OK(P##_gradients(&p.plan, x, y, z, N, clean[0], clean[1], clean[2], clean[3])); \
            if (kind < 5) { x[bad] = (T)(lengths[kind] * 0.6); y[bad] = (T)(lengths[kind] * 0.8); } \
            else if (kind == 5) z[bad] = nan_value; else if (kind == 6) x[bad] = inf_value; else y[bad] = -inf_value; \
            OK(P##_gradients(&p.plan, x, y, z, N, out[0], out[1], out[2], out[3])); \
            for (k = 0; k < 4; k++) for (i = 0; i < N; i++) { \
                size_t j; \
                if (i != bad) cr_assert(!memcmp(out[k] + (size_t)i * p.all, clean[k] + (size_t)i * p.all, p.all * sizeof(T))); \
                else for (j = 0; j < p.all; j++) cr_assert(!memcmp(out[k] + (size_t)i * p.all + j, nan_bits, sizeof(T)), "degree %d, kind %d: not the one NaN", degree, kind); \
            } \
            OK(P##_values(&p.plan, x, y, z, N, out[0])); \
            cr_assert(!memcmp(out[0] + (size_t)bad * p.all, nan_bits, sizeof(T)) && !memcmp(out[0] + (size_t)(bad + 1) * p.all - 1, nan_bits, sizeof(T))); \
        } \
        for (k = 0; k < 4; k++) { free(out[k]); free(clean[k]); } \
        free(p.memory); \
    } \
    { \
        const size_t bytes = P##_points_size(4); \
        void *memory = get(bytes); \
        P##_points plan; \
        T a[2] = { (T)0.6, (T)0.6 }, b[2] = { (T)0.8, (T)0.8 }, d[2] = { 0, 0 }, o[4][60]; \
        sphere_exec exec; \
        memset(&exec, 0, sizeof(exec)); memset(o, 0xa5, sizeof(o)); memset(c, 0, sizeof(c)); memset(&plan, 0, sizeof(plan)); \
        cr_assert(P##_points_size(-1) == 0 && P##_points_size(SPHERE_SH_MAX_DEGREE + 1) == 0 && P##_points_size(SPHERE_SH_MAX_DEGREE) > 0); \
        FAILS(SPHERE_E_NULL, P##_values(&plan, a, b, d, 2, o[0])); \
        FAILS(SPHERE_E_NULL, P##_points_init(NULL, 4, NULL, NULL, memory, bytes)); \
        FAILS(SPHERE_E_RANGE, P##_points_init(&plan, -1, NULL, NULL, memory, bytes)); \
        FAILS(SPHERE_E_RANGE, P##_points_init(&plan, SPHERE_SH_MAX_DEGREE + 1, NULL, NULL, memory, bytes)); \
        FAILS(SPHERE_E_MEMORY, P##_points_init(&plan, 4, NULL, NULL, memory, bytes - 1)); \
        FAILS(SPHERE_E_MEMORY, P##_points_init(&plan, 4, NULL, NULL, NULL, bytes)); \
        desc.norm = (sphere_sh_norm)4; FAILS(SPHERE_E_RANGE, P##_points_init(&plan, 4, &desc, NULL, memory, bytes)); \
        desc.norm = SPHERE_SH_UNNORMALISED; FAILS(SPHERE_E_RANGE, P##_points_init(&plan, 13, &desc, NULL, memory, bytes)); \
        desc.norm = SPHERE_SH_ORTHONORMAL; desc.condon_shortley = 2; FAILS(SPHERE_E_RANGE, P##_points_init(&plan, 4, &desc, NULL, memory, bytes)); \
        desc.condon_shortley = 0; desc.stride = 24; FAILS(SPHERE_E_RANGE, P##_points_init(&plan, 4, &desc, NULL, memory, bytes)); \
        desc.stride = 0; desc.layout = (sphere_sh_basis_layout)7; FAILS(SPHERE_E_RANGE, P##_points_init(&plan, 4, &desc, NULL, memory, bytes)); \
        desc.layout = SPHERE_SH_BASIS_PLANES; desc.stride = 1; exec.simd = (sphere_simd)77; \
        FAILS(SPHERE_E_LEVEL, P##_points_init(&plan, 4, &desc, &exec, memory, bytes)); \
        cr_assert(untouched(memory, bytes)); \
        OK(P##_points_init(&plan, 4, &desc, NULL, memory, bytes)); \
        FAILS(SPHERE_E_RANGE, P##_values(&plan, a, b, d, 2, o[0]));                    /* planes of one, two directions */ \
        desc.stride = 0; OK(P##_points_init(&plan, 4, &desc, NULL, memory, bytes)); \
        FAILS(SPHERE_E_NULL, P##_values(NULL, a, b, d, 2, o[0])); \
        FAILS(SPHERE_E_NULL, P##_values(&plan, NULL, b, d, 2, o[0])); \
        FAILS(SPHERE_E_NULL, P##_values(&plan, a, b, d, 2, NULL)); \
        FAILS(SPHERE_E_NULL, P##_gradients(&plan, a, b, d, 2, NULL, o[0], NULL, o[1])); \
        FAILS(SPHERE_E_NULL, P##_sum(&plan, NULL, 1, 0, a, b, d, 2, o[0], NULL, NULL, NULL)); \
        FAILS(SPHERE_E_NULL, P##_sum(&plan, c, 1, 0, a, b, d, 2, NULL, NULL, NULL, NULL)); \
        FAILS(SPHERE_E_RANGE, P##_sum(&plan, c, 1, 24, a, b, d, 2, o[0], NULL, NULL, NULL)); \
        FAILS(SPHERE_E_RANGE, P##_solid(&plan, (sphere_sh_kind)2, 1, a, b, d, 2, o[0], NULL, NULL, NULL)); \
        FAILS(SPHERE_E_RANGE, P##_solid(&plan, SPHERE_SH_REGULAR, 0, a, b, d, 2, o[0], NULL, NULL, NULL)); \
        FAILS(SPHERE_E_RANGE, P##_solid(&plan, SPHERE_SH_REGULAR, inf_value, a, b, d, 2, o[0], NULL, NULL, NULL)); \
        FAILS(SPHERE_E_NAN, P##_solid_sum(&plan, SPHERE_SH_REGULAR, nan_value, c, 1, 0, a, b, d, 2, o[0], NULL, NULL, NULL)); \
        FAILS(SPHERE_E_SIZE, P##_values(&plan, a, b, d, SIZE_MAX / 2, o[0])); \
        FAILS(SPHERE_E_SIZE, P##_sum(&plan, c, SIZE_MAX / 8, 0, a, b, d, 2, o[0], NULL, NULL, NULL)); \
        FAILS(SPHERE_E_OVERLAP, P##_values(&plan, o[0], b, d, 2, o[0])); \
        FAILS(SPHERE_E_OVERLAP, P##_gradients(&plan, a, b, d, 2, o[0], o[1], o[1] + 49, o[3])); \
        FAILS(SPHERE_E_OVERLAP, P##_sum(&plan, c, 1, 0, a, b, d, 2, c + 24, NULL, NULL, NULL)); \
        FAILS(SPHERE_E_OVERLAP, P##_values(&plan, a, b, d, 2, (T *)memory)); \
        cr_assert(untouched(o, sizeof(o))); \
        OK(P##_values(&plan, NULL, NULL, NULL, 0, NULL)); \
        OK(P##_sum(&plan, NULL, 0, 0, a, b, d, 2, NULL, NULL, NULL, NULL)); \
        c[7] = nan_value; OK(P##_sum(&plan, c, 2, 0, a, b, d, 2, o[0], NULL, NULL, NULL)); \
        cr_assert(!memcmp(&o[0][0], nan_bits, sizeof(T)) && o[0][2] == 0); \
        free(memory); \
    } \
}
POINTS_TESTS(float, sphere_sh, sphere_nan_)
POINTS_TESTS(double, sphere_shd, sphere_sh_nan_double_)

Test(sh_points, all_to_degree_64_float) { all64_float(); }
Test(sh_points, all_to_degree_64_double) { all64_double(); }
Test(sh_points, samples_float) { samples_float("sh_samples_f32.csv", 1000); }
Test(sh_points, samples_double) { samples_double("sh_samples_f64.csv", 4000); }
Test(sh_points, identities)
{
    identities_float(4, 1e-5); identities_float(12, 1e-5); identities_float(40, 3e-5); identities_float(90, 1e-4);
    identities_double(4, 1e-14); identities_double(12, 3e-14); identities_double(40, 1e-13); identities_double(90, 3e-13);
}
Test(sh_points, norms_signs_layouts_angles)
{
    norms_float(3, 5e-7); norms_float(12, 5e-7); norms_float(25, 1e-6); norms_float(66, 1e-6);
    norms_double(3, 1e-15); norms_double(12, 1e-15); norms_double(25, 2e-15); norms_double(66, 2e-15);
}
Test(sh_points, sums_and_euler)
{
    sums_float(0, 1e-6); sums_float(5, 2e-6); sums_float(12, 3e-6); sums_float(31, 1e-5); sums_float(66, 3e-5);
    sums_double(5, 4e-15); sums_double(12, 6e-15); sums_double(31, 2e-14); sums_double(66, 6e-14);
}
Test(sh_points, solids) { solids_float(2e-6); solids_double(4e-15); }
Test(sh_points, bad_input) { bad_float(); bad_double(); }

/* Y_mm on a circle of latitude is a constant times sin(theta)^m cos(m phi): at degree 3000 an error of one unit in sin(theta) or phi would be
   3000 units here, so both are carried as sums of two numbers. Checked by the addition theorem restricted to m = +-l, in which phi drops out. */
Test(sh_points, sectoral)
{
    enum { DEGREE = 3000 };
    const size_t bytes = sphere_shd_points_size(DEGREE), all = (size_t)(DEGREE + 1) * (DEGREE + 1);
    void *memory = get(bytes);
    double *c = (double *)get(2 * all * sizeof(double)), norm = 1;
    sphere_shd_points plan;
    int i, m;
    for (m = 1; m <= DEGREE; m++) norm *= sqrt((2.0 * m + 1) / (2.0 * m));
    norm *= sqrt(1 / (2 * PI));
    memset(c, 0, 2 * all * sizeof(double));
    c[all - 1] = 1; c[2 * all - 1 - 2 * DEGREE] = 1;
    OK(sphere_shd_points_init(&plan, DEGREE, NULL, NULL, memory, bytes));
    for (i = 0; i < (SLOW ? 2 : 6); i++) {
        const double phi = 3 * uniform(), z = 0.01 * uniform(), s = sqrt(1 - z * z), x = s * cos(phi), y = s * sin(phi);
        const long double length = (long double)x * x + (long double)y * y, ratio = (long double)z * z / length;     /* sin^2 = 1 / (1 + ratio) */
        const double want = norm * exp(-0.5 * DEGREE * (double)log1pl(ratio));
        double out[2];
        OK(sphere_shd_sum(&plan, c, 2, 0, &x, &y, &z, 1, out, NULL, NULL, NULL));
        cr_assert(fabs(sqrt(out[0] * out[0] + out[1] * out[1]) - want) < 1e-13, "%.17g, not %.17g", sqrt(out[0] * out[0] + out[1] * out[1]), want);
    }
    free(memory); free(c);
}

/* Threads: tasks in the opposite order, and one call for each direction, give the same bits. */
static void backwards(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context) { ++*(size_t *)user; while (tasks--) task(context, tasks); }
Test(sh_points, threads)
{
    enum { N = 1000, DEGREE = 9, ALL = 100 };
    static float x[N], y[N], z[N], a[4][N * ALL], b[4][N * ALL];
    size_t i, bytes = sphere_sh_points_size(DEGREE), calls = 0;
    void *memory[2] = { get(bytes), get(bytes) };
    sphere_sh_points serial, parallel;
    sphere_exec exec;
    memset(&exec, 0, sizeof(exec));
    exec.parallel.run = backwards; exec.parallel.user = &calls;
    OK(sphere_sh_points_init(&serial, DEGREE, NULL, NULL, memory[0], bytes));
    OK(sphere_sh_points_init(&parallel, DEGREE, NULL, &exec, memory[1], bytes));
    for (i = 0; i < N; i++) {
        const double t = acos(uniform()), p = 3 * uniform();
        x[i] = (float)(sin(t) * cos(p)); y[i] = (float)(sin(t) * sin(p)); z[i] = (float)cos(t);
    }
    OK(sphere_sh_gradients(&serial, x, y, z, N, a[0], a[1], a[2], a[3]));
    OK(sphere_sh_gradients(&parallel, x, y, z, N, b[0], b[1], b[2], b[3]));
    cr_assert(calls == 1 && !memcmp(a, b, sizeof(a)));
    OK(sphere_sh_sum(&serial, a[0], 2, 0, x, y, z, N, b[0], b[1], b[2], b[3]));
    OK(sphere_sh_sum(&parallel, a[0], 2, 0, x, y, z, N, a[1], a[2], a[3], a[3] + 2 * N));
    cr_assert(!memcmp(b[0], a[1], 2 * N * sizeof(float)) && !memcmp(b[3], a[3] + 2 * N, 2 * N * sizeof(float)));
    for (i = 0; i < N; i += 7) {
        float one[4];
        OK(sphere_sh_sum(&serial, a[0], 1, 0, x + i, y + i, z + i, 1, one, one + 1, one + 2, one + 3));
        cr_assert(one[0] == b[0][i] && one[3] == b[3][i]);
    }
    free(memory[0]); free(memory[1]);
}
