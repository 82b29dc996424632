/* The spherical harmonic transform of sphere_sh.h on this machine, one core: time per transform on a Gauss grid, longitudes contiguous.

   From the root of the project:
     cc -O2 -o b bench/bench_sht.c -lm && ./b
   Beside libsharp, where it is installed (apt-get install libsharp-dev), in double, in the same run and on the same coefficients:
     cc -O2 -DBENCH_LIBSHARP bench/bench_sht.c -o b -lsharp -lgomp -lm && ./b
   Beside a build of SHTns (3.x), in double, in both of its layouts, alone or together with libsharp:
     cc -O2 -DBENCH_SHTNS -I$SHTNS/include bench/bench_sht.c -o b -L$SHTNS/lib -lshtns -lfftw3 -lm && ./b
   Arrays of 4 MB and more lie on huge pages where the system has them, libsharp's input and output too. The last line of a degree is about plans.
   Options: --quick (few repetitions, to degree 255), --degree N (only this one), --portable, --avx2 (the kernels of a level), --field (only the
   interference field; -DBENCH_BLAS -lopenblas puts the dense-basis method by sgemv beside it, 554 MB at degree 64), --rings (only the
   HEALPix rings, whose counts have all kinds of prime factors), --columns (ours with latitudes contiguous).

   What the columns mean
     us         best of several repetitions, microseconds; the peers take turns, one repetition each
     % peak     1.5 (degree + 1)(degree + 2) latitudes operations (the Legendre part of the method; the FFT is not counted, nor what a
                polar cut saves) per second, in percent of the rate that separate multiplications and additions reach on this core
     x sharp    time / time of libsharp in double, the same direction. Speed never makes this program fail.
     x SHTns    time / time of SHTns in double and its faster layout for that direction; behind it the larger error of its two round trips. It wants an
                even number of latitudes, so that it has one more than ours at even degrees. */
#if defined(__unix__) || defined(__APPLE__)
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#define SPHERE_SH_IMPLEMENTATION
#include "../sphere_sh.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__unix__)
#include <sys/mman.h>
#endif
#if defined(BENCH_LIBSHARP)
#include <libsharp/sharp.h>
#include <libsharp/sharp_almhelpers.h>
#include <libsharp/sharp_geomhelpers.h>
void omp_set_num_threads(int threads);
#endif
#if defined(BENCH_SHTNS)
#include <shtns.h>
#endif
#if defined(BENCH_BLAS)
void cblas_sgemv(int order, int trans, int m, int n, float alpha, const float *a, int lda, const float *x, int incx, float beta, float *y, int incy);
void openblas_set_num_threads(int threads);
#endif

static double now(void)
{
#if defined(CLOCK_MONOTONIC)
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
#else
    return (double)clock() / CLOCKS_PER_SEC;
#endif
}
static void *get(size_t bytes)
{
    const size_t page = bytes >= (size_t)4 << 20 ? (size_t)2 << 20 : 64;
    void *p;
    bytes = (bytes + page) / page * page;
#if defined(__unix__)
    if (posix_memalign(&p, page, bytes)) p = NULL;
#else
    p = malloc(bytes);
#endif
    if (!p) { fprintf(stderr, "out of memory\n"); exit(1); }
#if defined(MADV_HUGEPAGE)
    if (page > 64) (void)madvise(p, bytes, MADV_HUGEPAGE);               /* a refusal only makes it slower */
#endif
    memset(p, 0, bytes);
    return p;
}
static uint64_t random_state = 1;
static double random_value(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u; z = (z ^ z >> 27) * 0x94d049bb133111ebu; z ^= z >> 31;
    return (double)(z >> 11) / 4503599627370496.0 - 1;
}

static int quick, field_only, rings_only;
static sphere_sh_plan_desc layout;
static sphere_exec exec;
/* The rate of separate multiplications and additions, 1e9 operations per second, in float; double is half of it. As wide as the kernels are. */
#if defined(__SSE2__) && defined(__GNUC__)
#define PEAK_STEP(add, mul, k) a##k = add(a##k, s); p##k = mul(p##k, m); __asm__ volatile("" : "+v"(a##k), "+v"(p##k));
#define PEAK_LOOP(name, level, vector, set, add, mul, store, lanes) \
__attribute__((target(level), noinline)) static float name(size_t n) \
{ \
    const vector m = set(0.999999f), s = set(1e-6f); \
    vector a0 = m, a1 = m, a2 = m, a3 = m, a4 = m, a5 = m, a6 = m, p0 = m, p1 = m, p2 = m, p3 = m, p4 = m, p5 = m, p6 = m; \
    float out[lanes]; \
    for (; n; n--) { PEAK_STEP(add, mul, 0) PEAK_STEP(add, mul, 1) PEAK_STEP(add, mul, 2) PEAK_STEP(add, mul, 3) PEAK_STEP(add, mul, 4) PEAK_STEP(add, mul, 5) PEAK_STEP(add, mul, 6) } \
    a0 = add(add(add(a0, a1), add(a2, a3)), add(add(a4, a5), a6)); \
    p0 = add(add(add(p0, p1), add(p2, p3)), add(add(p4, p5), p6)); \
    store(out, add(a0, p0)); \
    return out[0]; \
}
PEAK_LOOP(peak_avx2, "avx2", __m256, _mm256_set1_ps, _mm256_add_ps, _mm256_mul_ps, _mm256_storeu_ps, 8)
#if defined(__x86_64__)
PEAK_LOOP(peak_avx512, "avx512f", __m512, _mm512_set1_ps, _mm512_add_ps, _mm512_mul_ps, _mm512_storeu_ps, 16)
#define PEAK_OF(wide) ((wide) ? peak_avx512(100000) : peak_avx2(100000))
#else
#define PEAK_OF(wide) ((void)(wide), peak_avx2(100000))
#endif
static double peak_rate(const char **name)
{
    static volatile float sink;
    const int wide = exec.simd == SPHERE_SIMD_BEST && sphere_simd_best_() == SPHERE_SIMD_AVX512;
    double best = 1e9;
    int r;
    *name = wide ? "AVX-512" : "AVX2";
    if (!__builtin_cpu_supports("avx2")) return 0;
    for (r = 0; r < 40; r++) { const double t = now(); double d; sink = PEAK_OF(wide); d = now() - t; if (d < best) best = d; }
    (void)sink;
    return 100000.0 * 14 * (wide ? 16 : 8) / best * 1e-9;
}
#else
static double peak_rate(const char **name) { *name = "not measured"; return 0; }
#endif

typedef struct row { double synthesis, analysis; } row;
static void shorter(double *best, double t) { if (t < *best) *best = t; }
/* Repeat until both took 20 ms in this turn at least; the best of one call or of a batch of calls for short ones. */
#define DEFINE_OURS(name, sh, real) \
typedef struct name { sphere_##sh##_plan plan; void *memory, *work; size_t work_bytes, plan_bytes; double plan_time; real *in, *field, *out; } name; \
static void name##_make(name *o, size_t degree, const sphere_sh_plan_desc *desc) \
{ \
    size_t bytes = sphere_##sh##_plan_size(degree, desc), i; \
    o->memory = get(bytes); o->plan_bytes = bytes; o->plan_time = now(); \
    if (sphere_##sh##_plan_init(&o->plan, degree, desc, o->memory, bytes)) exit(1); \
    o->plan_time = now() - o->plan_time; \
    o->work_bytes = sphere_##sh##_transform_size(&o->plan); o->work = get(o->work_bytes); \
    o->in = (real *)get(o->plan.coefficients * sizeof(real)); o->out = (real *)get(o->plan.coefficients * sizeof(real)); o->field = (real *)get(o->plan.values * sizeof(real)); \
    random_state = 1; \
    for (i = 0; i < o->plan.coefficients; i++) o->in[i] = (real)random_value(); \
} \
static void name##_turn(name *o, int calls, row *best) \
{ \
    double t = now(), u; \
    int i; \
    for (i = 0; i < calls; i++) if (sphere_##sh##_synthesis(&o->plan, o->in, 0, o->field, 0, 1, o->work, o->work_bytes, &exec)) exit(1); \
    u = now(); shorter(&best->synthesis, (u - t) / calls); \
    for (i = 0; i < calls; i++) if (sphere_##sh##_analysis(&o->plan, o->field, 0, o->out, 0, 1, o->work, o->work_bytes, &exec)) exit(1); \
    t = now(); shorter(&best->analysis, (t - u) / calls); \
} \
static double name##_error(const name *o) \
{ \
    double worst = 0; \
    size_t i; \
    for (i = 0; i < o->plan.coefficients; i++) { double d = (double)o->in[i] - (double)o->out[i]; d = d < 0 ? -d : d; if (!(d <= worst)) worst = d; } \
    return worst; \
} \
static void name##_free(name *o) { free(o->memory); free(o->work); free(o->in); free(o->out); free(o->field); }
DEFINE_OURS(single, sh, float)
DEFINE_OURS(twice, shd, double)

#if defined(BENCH_LIBSHARP)
typedef struct sharp { sharp_geom_info *geometry; sharp_alm_info *order; double *in, *out, *field; } sharp;
static void sharp_make(sharp *s, size_t degree, const twice *o)
{
    const int l = (int)degree;
    size_t i, count = (degree + 1) * (degree + 2);
    sharp_make_gauss_geom_info(l + 1, (int)o->plan.ring[0].count, 0, 1, (int)o->plan.ring[0].count, &s->geometry);
    sharp_make_triangular_alm_info(l, l, 1, &s->order);
    s->in = (double *)get(count * sizeof(double)); s->out = (double *)get(count * sizeof(double)); s->field = (double *)get(o->plan.values * sizeof(double));
    for (i = 0; i < count; i++) s->in[i] = i < 2 * (degree + 1) && i % 2 ? 0 : random_value();
}
static void sharp_turn(sharp *s, int calls, row *best)
{
    void *alm = s->in, *map = s->field, *back = s->out;
    double t = now(), u;
    int i;
    for (i = 0; i < calls; i++) sharp_execute(SHARP_ALM2MAP, 0, &alm, &map, s->geometry, s->order, SHARP_DP, NULL, NULL);
    u = now(); shorter(&best->synthesis, (u - t) / calls);
    for (i = 0; i < calls; i++) sharp_execute(SHARP_MAP2ALM, 0, &back, &map, s->geometry, s->order, SHARP_DP, NULL, NULL);
    t = now(); shorter(&best->analysis, (t - u) / calls);
}
static void sharp_free(sharp *s) { sharp_destroy_geom_info(s->geometry); sharp_destroy_alm_info(s->order); free(s->in); free(s->out); free(s->field); }
#endif

#if defined(BENCH_SHTNS)
typedef struct tns { shtns_cfg plan; double *in, *out, *field; size_t count; } tns;
static void tns_make(tns *t, size_t degree, size_t longitudes, int contiguous)
{
    size_t i;
    t->plan = shtns_create((int)degree, (int)degree, 1, sht_orthonormal);
    if (!t->plan) { fprintf(stderr, "SHTns refuses degree %lu\n", (unsigned long)degree); exit(1); }
    shtns_set_grid(t->plan, (enum shtns_type)(sht_gauss | SHT_SCALAR_ONLY | contiguous), 1e-10, (int)(degree + 2) / 2 * 2, (int)longitudes);
    t->count = 2 * (size_t)t->plan->nlm;                                 /* complex, order by order; order 0 is real */
    t->in = (double *)get(t->count * sizeof(double)); t->out = (double *)get(t->count * sizeof(double)); t->field = (double *)get((size_t)NSPAT_ALLOC(t->plan) * sizeof(double));
    for (i = 0; i < t->count; i++) t->in[i] = i < 2 * (degree + 1) && i % 2 ? 0 : random_value();
}
static void tns_turn(tns *t, int calls, row *best)
{
    double a = now(), b;
    int i;
    for (i = 0; i < calls; i++) SH_to_spat(t->plan, (void *)t->in, t->field);
    b = now(); shorter(&best->synthesis, (b - a) / calls);
    for (i = 0; i < calls; i++) spat_to_SH(t->plan, t->field, (void *)t->out);
    a = now(); shorter(&best->analysis, (a - b) / calls);
}
static double tns_error(tns *t)
{
    double worst = 0;
    size_t i;
    SH_to_spat(t->plan, (void *)t->in, t->field);                        /* again: an analysis may use its field up */
    spat_to_SH(t->plan, t->field, (void *)t->out);
    for (i = 0; i < t->count; i++) { const double d = fabs(t->in[i] - t->out[i]); if (!(d <= worst)) worst = d; }
    return worst;
}
static void tns_free(tns *t) { shtns_destroy(t->plan); free(t->in); free(t->out); free(t->field); }
#endif

static void bench_degree(size_t degree, double peak)
{
    const double work = 1.5 * (double)(degree + 1) * (double)(degree + 2) * (double)(degree + 1);
    const double guess = 2e-6 + work / 1e10;
    const int calls = guess > 5e-4 ? 1 : (int)(5e-4 / guess) + 1;
    int turns = (int)((quick ? 0.05 : 0.6) / (guess * calls)), i;
    row f = { 1e9, 1e9 }, d = { 1e9, 1e9 }, s = { 1e9, 1e9 };
    single a;
    twice b;
#if defined(BENCH_LIBSHARP)
    sharp c;
#endif
#if defined(BENCH_SHTNS)
    tns latitudes, longitudes;
    row theta = { 1e9, 1e9 }, phi = { 1e9, 1e9 };
#endif
    if (turns < 4) turns = 4;
    single_make(&a, degree, &layout); twice_make(&b, degree, &layout);
#if defined(BENCH_LIBSHARP)
    sharp_make(&c, degree, &b);
#endif
#if defined(BENCH_SHTNS)
    tns_make(&latitudes, degree, b.plan.ring[0].count, SHT_THETA_CONTIGUOUS); tns_make(&longitudes, degree, b.plan.ring[0].count, SHT_PHI_CONTIGUOUS);
#endif
    for (i = 0; i < turns; i++) {
        single_turn(&a, calls, &f); twice_turn(&b, calls, &d);
#if defined(BENCH_LIBSHARP)
        sharp_turn(&c, calls, &s);
#endif
#if defined(BENCH_SHTNS)
        tns_turn(&latitudes, calls, &theta); tns_turn(&longitudes, calls, &phi);
#endif
    }
    printf("%6lu  float  %10.3f %10.3f   %5.1f %5.1f   %6.2f %6.2f   %.1e\n", (unsigned long)degree, f.synthesis * 1e6, f.analysis * 1e6,
           peak > 0 ? work / f.synthesis / peak * 1e-7 : 0, peak > 0 ? work / f.analysis / peak * 1e-7 : 0, f.synthesis / s.synthesis, f.analysis / s.analysis, single_error(&a));
    printf("%6lu  double %10.3f %10.3f   %5.1f %5.1f   %6.2f %6.2f   %.1e\n", (unsigned long)degree, d.synthesis * 1e6, d.analysis * 1e6,
           peak > 0 ? 2 * work / d.synthesis / peak * 1e-7 : 0, peak > 0 ? 2 * work / d.analysis / peak * 1e-7 : 0, d.synthesis / s.synthesis, d.analysis / s.analysis, twice_error(&b));
#if defined(BENCH_LIBSHARP)
    printf("%6lu  sharp  %10.3f %10.3f\n", (unsigned long)degree, s.synthesis * 1e6, s.analysis * 1e6);
    sharp_free(&c);
#endif
#if defined(BENCH_SHTNS)
    {
        const double synthesis = fmin(theta.synthesis, phi.synthesis), analysis = fmin(theta.analysis, phi.analysis), one = tns_error(&latitudes), other = tns_error(&longitudes);
        printf("%6lu  SHTns  %10.3f %10.3f   latitudes contiguous\n", (unsigned long)degree, theta.synthesis * 1e6, theta.analysis * 1e6);
        printf("%6lu  SHTns  %10.3f %10.3f   longitudes contiguous; x SHTns: float %.2f %.2f, double %.2f %.2f; round trip %.1e\n", (unsigned long)degree, phi.synthesis * 1e6, phi.analysis * 1e6,
               f.synthesis / synthesis, f.analysis / analysis, d.synthesis / synthesis, d.analysis / analysis, one > other || one != one ? one : other);
        tns_free(&latitudes); tns_free(&longitudes);
    }
#endif
    printf("%6lu  plan   float %.2f MB, %.1f ms; double %.2f MB, %.1f ms\n", (unsigned long)degree, (double)a.plan_bytes * 1e-6, a.plan_time * 1e3, (double)b.plan_bytes * 1e-6, b.plan_time * 1e3);
    fflush(stdout);
    single_free(&a); twice_free(&b);
}

/* The interference field of one probe on the reference's 2 L x 4 L grid: ours beside the dense-basis method, which keeps every harmonic at every
   sample: coefficients = basis^T (weights field), field = basis coefficients. */
static void bench_field(size_t degree)
{
    sphere_sh_plan_desc desc;
    sphere_sh_plan plan;
    sphere_sh_peak peak;
    size_t bytes, work_bytes, i, j, best_index = 0;
    void *memory, *work;
    float *amplitude, *density;
    double ours = 1e9, dense = 1e9, t;
    int k;
    memset(&desc, 0, sizeof(desc)); memset(&peak, 0, sizeof(peak));
    desc.grid = SPHERE_SH_MIDPOINT;
    bytes = sphere_sh_plan_size(degree, &desc); memory = get(bytes);
    if (sphere_sh_plan_init(&plan, degree, &desc, memory, bytes)) exit(1);
    work_bytes = sphere_sh_interference_size(&plan); work = get(work_bytes);
    amplitude = (float *)get(plan.values * sizeof(float)); density = (float *)get(plan.values * sizeof(float));
    random_state = 5;
    for (i = 0; i < 60; i++) { const size_t at = (size_t)((random_value() + 1) / 2 * (double)plan.values); amplitude[at % plan.values] += (float)(random_value() + 1.2); }
    for (k = 0; k < (quick ? 5 : 50); k++) {
        t = now();
        for (i = 0; i < 10; i++) if (sphere_sh_interference(&plan, amplitude, density, &peak, work, work_bytes, &exec)) exit(1);
        shorter(&ours, (now() - t) / 10);
    }
#if defined(BENCH_BLAS)
    {
        const size_t n = plan.coefficients, v = plan.values;
        float *basis = (float *)get(n * v * sizeof(float)), *unit = (float *)get(n * sizeof(float)), *c = (float *)get(n * sizeof(float)), *weighted = (float *)get(v * sizeof(float)), *field = (float *)get(v * sizeof(float));
        openblas_set_num_threads(1);
        for (i = 0; i < n; i++) {
            unit[i] = 1;
            if (sphere_sh_synthesis(&plan, unit, 0, basis + i * v, 0, 1, work, work_bytes, &exec)) exit(1);
            unit[i] = 0;
        }
        for (k = 0; k < 5; k++) {
            double total = 0;
            t = now();
            for (j = 0; j < v; j++) weighted[j] = amplitude[j] * (float)(plan.ring[j / plan.ring[0].count].weight / (double)plan.ring[0].count);
            cblas_sgemv(101, 111, (int)n, (int)v, 1, basis, (int)v, weighted, 1, 0, c, 1);
            cblas_sgemv(101, 112, (int)n, (int)v, 1, basis, (int)v, c, 1, 0, field, 1);
            for (j = 0; j < v; j++) { field[j] *= field[j]; total += (double)field[j]; }
            for (j = 0; j < v; j++) field[j] = (float)((double)field[j] / total);
            shorter(&dense, now() - t);
        }
        for (j = 0; j < v; j++) if (field[j] > field[best_index]) best_index = j;
        free(basis); free(unit); free(c); free(weighted); free(field);
        printf("interference %3lu: ours %8.1f us, dense basis (%lu MB) %10.1f us, ratio %6.0f, the same peak: %s\n", (unsigned long)degree, ours * 1e6, (unsigned long)(n * v * sizeof(float) >> 20), dense * 1e6,
               dense / ours, best_index == peak.index ? "yes" : "NO");
    }
#else
    (void)j; (void)best_index; (void)dense;
    printf("interference %3lu: ours %8.1f us, peak at %.4f %.4f\n", (unsigned long)degree, ours * 1e6, peak.theta, peak.phi);
#endif
    fflush(stdout);
    free(memory); free(work); free(amplitude); free(density);
}

/* The rings of HEALPix (Gorski et al. 2005), 4 nside - 1 of them: 4 i samples near the poles, 4 nside between. To degree 2 nside. */
static void bench_rings(size_t nside)
{
    const size_t rings = 4 * nside - 1, degree = 2 * nside;
    sphere_sh_ring *const ring = (sphere_sh_ring *)get(rings * sizeof(*ring));
    sphere_sh_plan_desc desc;
    row f = { 1e9, 1e9 }, d = { 1e9, 1e9 }, s = { 1e9, 1e9 };
    single a;
    twice b;
    size_t i;
    int k;
#if defined(BENCH_LIBSHARP)
    sharp c;
    const size_t count = (degree + 1) * (degree + 2);
#endif
    memset(&desc, 0, sizeof(desc));
    desc.grid = SPHERE_SH_RINGS; desc.rings = ring; desc.latitudes = rings;
    for (i = 1; i <= rings; i++) {
        const size_t north = i <= 2 * nside ? i : 4 * nside - i, many = north < nside ? north : nside;
        const double n = (double)nside, z = north < nside ? 1 - (double)(north * north) / (3 * n * n) : (4 - 2 * (double)north / n) / 3;
        ring[i - 1].theta = acos(i <= 2 * nside ? z : 0 - z); ring[i - 1].count = 4 * many;
        ring[i - 1].phi = 3.141592653589793 / (4 * (double)many) * (north < nside ? 1 : (double)((north - nside + 1) % 2));
        ring[i - 1].weight = 4 * 3.141592653589793 * (double)(4 * many) / (12 * n * n);
    }
    single_make(&a, degree, &desc);
    twice_make(&b, degree, &desc);
#if defined(BENCH_LIBSHARP)
    sharp_make_healpix_geom_info((int)nside, 1, &c.geometry);
    sharp_make_triangular_alm_info((int)degree, (int)degree, 1, &c.order);
    c.in = (double *)get(count * sizeof(double)); c.out = (double *)get(count * sizeof(double)); c.field = (double *)get(b.plan.values * sizeof(double));
    for (i = 0; i < count; i++) c.in[i] = i < 2 * (degree + 1) && i % 2 ? 0 : random_value();
#endif
    for (k = 0; k < (quick ? 3 : 15); k++) {
        single_turn(&a, 1, &f); twice_turn(&b, 1, &d);
#if defined(BENCH_LIBSHARP)
        sharp_turn(&c, 1, &s);
#endif
    }
    printf("HEALPix %4lu, degree %4lu: float %10.1f %10.1f us (%.2f %.2f x sharp), double %10.1f %10.1f us (%.2f %.2f), plan %.1f ms\n", (unsigned long)nside, (unsigned long)degree,
           f.synthesis * 1e6, f.analysis * 1e6, f.synthesis / s.synthesis, f.analysis / s.analysis, d.synthesis * 1e6, d.analysis * 1e6, d.synthesis / s.synthesis, d.analysis / s.analysis, a.plan_time * 1e3);
    fflush(stdout);
#if defined(BENCH_LIBSHARP)
    sharp_free(&c);
#endif
    single_free(&a); twice_free(&b); free(ring);
}

int main(int argc, char **argv)
{
    static const size_t degrees[] = { 2, 8, 15, 31, 63, 127, 255, 511, 1023 };
    size_t only = 0, i;
    double peak;
    const char *name;
    int k;
    for (k = 1; k < argc; k++) {
        if (!strcmp(argv[k], "--quick")) quick = 1;
        else if (!strcmp(argv[k], "--portable")) exec.simd = SPHERE_SIMD_PORTABLE;
        else if (!strcmp(argv[k], "--avx2")) exec.simd = SPHERE_SIMD_AVX2;
        else if (!strcmp(argv[k], "--field")) field_only = 1;
        else if (!strcmp(argv[k], "--rings")) rings_only = 1;
        else if (!strcmp(argv[k], "--columns")) layout.layout = SPHERE_SH_COLUMNS;
        else if (!strcmp(argv[k], "--degree") && k + 1 < argc) only = (size_t)atol(argv[++k]);
        else { fprintf(stderr, "usage: %s [--quick] [--portable] [--avx2] [--field] [--rings] [--columns] [--degree N]\n", argv[0]); return 2; }
    }
    if (field_only) { bench_field(16); bench_field(32); bench_field(64); return 0; }
#if defined(BENCH_LIBSHARP)
    omp_set_num_threads(1);
#endif
#if defined(BENCH_SHTNS)
    shtns_use_threads(1);
#endif
    if (rings_only) { bench_rings(64); bench_rings(256); return 0; }
    peak = peak_rate(&name);
    printf("separate multiplications and additions, %s: %.0f G/s float, %.0f G/s double\n", name, peak, peak / 2);
    printf("degree  type    synthesis   analysis   %% of peak       x sharp        round trip\n");
    for (i = 0; i < sizeof(degrees) / sizeof(degrees[0]); i++) {
        if (only ? degrees[i] != only && !(i == 0) : (quick && degrees[i] > 255)) continue;
        if (only) { bench_degree(only, peak); break; }
        bench_degree(degrees[i], peak);
    }
    if (!only) { bench_rings(64); if (!quick) bench_rings(256); bench_field(16); bench_field(32); bench_field(64); }
    return 0;
}
