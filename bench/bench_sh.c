/* How fast harmonics at points and operations on coefficients are on this machine: one row for every function, degree, layout and precision, at
   every SIMD level.

   From the root of the project:
     cc -O2 -o b bench/bench_sh.c && ./b
   Options: --quick (fewer repetitions), --filter NAME (rows whose name contains NAME), --csv.

   What the columns mean
     ns, median   best and middle time per direction, or per expansion, of several repetitions
     GB/s         bytes of output per second; of operations on coefficients, of output and input
     x store      time / time of a plain store of the same bytes into the same buffer, measured in turn; 1.00 is the memory's own speed
     % peak       share of the floating-point rate that separate multiplications and additions reach on this core (8 operations for a pair
                  of harmonics of order m and -m and its recurrence, 27 with the gradient, 10 in a sum and 17 in a sum with the gradient)
   Times are processor time of the thread. The limits and the levels take turns, one repetition each, and ratios are between the best of
   each. Speed never makes this program fail. */
#if defined(__unix__) || defined(__APPLE__)
#define _DEFAULT_SOURCE                      /* madvise, and clock_gettime under -std=c99 */
#define _POSIX_C_SOURCE 200809L
#define BENCH_UNIX 1
#else
#define BENCH_UNIX 0
#endif
#define SPHERE_SH_IMPLEMENTATION
#include "../sphere_sh.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if BENCH_UNIX
#include <sys/mman.h>
#endif

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
static int quick, csv;
static const char *filter;

/* Seconds of this thread on the processor: what other programs take away is not counted. */
static double now(void)
{
#if BENCH_UNIX && defined(CLOCK_THREAD_CPUTIME_ID)
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
#if BENCH_UNIX
    const size_t page = bytes < ((size_t)1 << 21) ? 4096 : (size_t)1 << 21;
    bytes = (bytes / page + 1) * page;
    if (posix_memalign(&p, page, bytes)) p = NULL;
#if defined(MADV_HUGEPAGE)
    if (p && page > 4096) (void)madvise(p, bytes, MADV_HUGEPAGE);       /* a refusal only makes it slower */
#endif
#else
    p = malloc(bytes + 1);
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
/* SplitMix64. Source: Steele, Lea, Flood 2014. */
static uint64_t random_state;
static double random_number(void)            /* [-1, 1) */
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)(z >> 11) / 4503599627370496.0 - 1.0;
}

/* -- the limits of the machine */
static volatile float sink;
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static void store_avx2(float *p, size_t n)
{
    const __m256 v_f32x8 = _mm256_set1_ps(1.5f);
    size_t i;
    for (i = 0; i + 32 <= n; i += 32) {
        _mm256_storeu_ps(p + i, v_f32x8); _mm256_storeu_ps(p + i + 8, v_f32x8);
        _mm256_storeu_ps(p + i + 16, v_f32x8); _mm256_storeu_ps(p + i + 24, v_f32x8);
    }
}
/* Multiply and add in registers, separately, with as many sums as hide the latency; returns the operations done. The empty asm
   makes the factor new to the compiler, so that no product is taken out of the loop. */
SPHERE_TARGET_AVX2_ static double peak_avx2(size_t rounds)
{
    __m256 a_f32x8[12], x_f32x8 = _mm256_set1_ps(1.5f), y_f32x8 = _mm256_set1_ps(0.5f);
    size_t r;
    int k;
    for (k = 0; k < 12; k++) a_f32x8[k] = _mm256_setzero_ps();
    for (r = 0; r < rounds; r++) {
        __asm__ volatile("" : "+x"(x_f32x8), "+x"(y_f32x8));
#define PEAK_STEP(j) a_f32x8[j] = SPHERE_MADD_F32X8_(x_f32x8, y_f32x8, a_f32x8[j]); __asm__ volatile("" : "+x"(x_f32x8));
        PEAK_STEP(0) PEAK_STEP(1) PEAK_STEP(2) PEAK_STEP(3) PEAK_STEP(4) PEAK_STEP(5)
        PEAK_STEP(6) PEAK_STEP(7) PEAK_STEP(8) PEAK_STEP(9) PEAK_STEP(10) PEAK_STEP(11)
#undef PEAK_STEP
    }
    for (k = 1; k < 12; k++) a_f32x8[0] = _mm256_add_ps(a_f32x8[0], a_f32x8[k]);
    sink = _mm256_cvtss_f32(a_f32x8[0]);
    return (double)rounds * 12 * 8 * 2;
}
#endif
static double peak_run(void)
{
    volatile float factor = 0.5f;
    float a[8] = { 0 }, f;
    size_t r, k;
#if SPHERE_AVX2_
    if (__builtin_cpu_supports("avx2")) return peak_avx2(20000);
#elif SPHERE_NEON_
    float32x4_t a_f32x4[16], x_f32x4 = vdupq_n_f32(1.5f), y_f32x4 = vdupq_n_f32(0.5f);
    for (k = 0; k < 16; k++) a_f32x4[k] = vdupq_n_f32(0);
    for (r = 0; r < 20000; r++) for (k = 0; k < 16; k++) { __asm__ volatile("" : "+w"(x_f32x4)); a_f32x4[k] = SPHERE_MADD_F32X4_(x_f32x4, y_f32x4, a_f32x4[k]); }
    for (k = 1; k < 16; k++) a_f32x4[0] = vaddq_f32(a_f32x4[0], a_f32x4[k]);
    sink = vgetq_lane_f32(a_f32x4[0], 0);
    return 20000.0 * 16 * 4 * 2;
#endif
    for (r = 0; r < 20000; r++) { f = factor; for (k = 0; k < 8; k++) a[k] = SPHERE_MADD_(f, f, a[k]); }
    for (k = 1; k < 8; k++) a[0] += a[k];
    sink = a[0];
    return 20000.0 * 8 * 2;
}

/* -- the work. x, y, z and coefficients in both precisions; the output buffers are as large as the largest job. */
enum { VALUES, GRADIENTS, TANGENT, SUM, SUM_GRADIENT, SOLID, SOLID_SUM_GRADIENT, VALUES_ANGLES, GRADIENTS_ANGLES, SUM_ANGLES, SOLID_FAR, JOBS };
static const char *const job_name[JOBS] = { "values", "gradients", "gradients_tangent", "sum", "sum_gradient", "solid", "solid_sum_gradient",
    "values_angles", "gradients_angles", "sum_angles", "solid_sum_far" };
/* solid_sum_far is solid_sum_gradient at ten radii. How many outputs a job has, whether they are sums, and its operations for a pair of harmonics. */
static const struct { int outs, sums; double flops; } job_shape[JOBS] = { { 1, 0, 8 }, { 4, 0, 27 }, { 3, 0, 15 }, { 1, 1, 10 }, { 4, 1, 17 }, { 1, 0, 9 }, { 4, 1, 22 },
    { 1, 0, 8 }, { 3, 0, 15 }, { 1, 1, 10 }, { 4, 1, 22 } };
static struct scene {
    int degree, job, fields, wide;           /* wide: in double */
    sphere_sh_basis_layout layout;
    size_t n;
    float *x, *y, *z, *c, *theta, *phi;
    double *dx, *dy, *dz, *dc, *dtheta, *dphi;
    void *out[4];
    size_t out_bytes;                        /* of all outputs together */
    sphere_sh_points plan[2];                /* best level and portable */
    sphere_shd_points wide_plan[2];
    double peak_flops;
} g;
enum { ROUNDS = 40, TASKS = 4 };
typedef struct task { void (*run)(int which); int which; double best, median, time[ROUNDS]; size_t inner; int count; } task;
static void run_peak(int which) { (void)which; g.peak_flops = peak_run(); }
static void run_store(int which)
{
    size_t outs, k;
    (void)which;
    outs = (size_t)job_shape[g.job].outs;
    for (k = 0; k < outs; k++) {
#if SPHERE_AVX2_
        if (__builtin_cpu_supports("avx2")) { store_avx2((float *)g.out[k], g.out_bytes / outs / sizeof(float)); continue; }
#endif
        memset(g.out[k], 1, g.out_bytes / outs);
    }
}
static void run_job(int which)
{
    const sphere_sh_points *p = &g.plan[which];
    const sphere_shd_points *w = &g.wide_plan[which];
    float *o[4];
    double *d[4];
    const size_t fields = (size_t)g.fields;
    int k;
    for (k = 0; k < 4; k++) { o[k] = (float *)g.out[k]; d[k] = (double *)g.out[k]; }
    if (!g.wide) switch (g.job) {
    case VALUES: need(sphere_sh_values(p, g.x, g.y, g.z, g.n, o[0]), "values"); break;
    case GRADIENTS: need(sphere_sh_gradients(p, g.x, g.y, g.z, g.n, o[0], o[1], o[2], o[3]), "gradients"); break;
    case TANGENT: need(sphere_sh_gradients_tangent(p, g.x, g.y, g.z, g.n, o[0], o[1], o[2]), "gradients_tangent"); break;
    case SUM: need(sphere_sh_sum(p, g.c, fields, 0, g.x, g.y, g.z, g.n, o[0], NULL, NULL, NULL), "sum"); break;
    case SUM_GRADIENT: need(sphere_sh_sum(p, g.c, fields, 0, g.x, g.y, g.z, g.n, o[0], o[1], o[2], o[3]), "sum"); break;
    case SOLID: need(sphere_sh_solid(p, SPHERE_SH_REGULAR, 1, g.x, g.y, g.z, g.n, o[0], NULL, NULL, NULL), "solid"); break;
    case VALUES_ANGLES: need(sphere_sh_values_angles(p, g.theta, g.phi, g.n, o[0]), "values_angles"); break;
    case GRADIENTS_ANGLES: need(sphere_sh_gradients_angles(p, g.theta, g.phi, g.n, o[0], o[1], o[2]), "gradients_angles"); break;
    case SUM_ANGLES: need(sphere_sh_sum_angles(p, g.c, fields, 0, g.theta, g.phi, g.n, o[0], NULL, NULL), "sum_angles"); break;
    default: need(sphere_sh_solid_sum(p, SPHERE_SH_IRREGULAR, g.job == SOLID_FAR ? 0.1f : 1, g.c, fields, 0, g.x, g.y, g.z, g.n, o[0], o[1], o[2], o[3]), "solid_sum"); break;
    } else switch (g.job) {
    case VALUES: need(sphere_shd_values(w, g.dx, g.dy, g.dz, g.n, d[0]), "values"); break;
    case GRADIENTS: need(sphere_shd_gradients(w, g.dx, g.dy, g.dz, g.n, d[0], d[1], d[2], d[3]), "gradients"); break;
    case TANGENT: need(sphere_shd_gradients_tangent(w, g.dx, g.dy, g.dz, g.n, d[0], d[1], d[2]), "gradients_tangent"); break;
    case SUM: need(sphere_shd_sum(w, g.dc, fields, 0, g.dx, g.dy, g.dz, g.n, d[0], NULL, NULL, NULL), "sum"); break;
    case SUM_GRADIENT: need(sphere_shd_sum(w, g.dc, fields, 0, g.dx, g.dy, g.dz, g.n, d[0], d[1], d[2], d[3]), "sum"); break;
    case SOLID: need(sphere_shd_solid(w, SPHERE_SH_REGULAR, 1, g.dx, g.dy, g.dz, g.n, d[0], NULL, NULL, NULL), "solid"); break;
    case VALUES_ANGLES: need(sphere_shd_values_angles(w, g.dtheta, g.dphi, g.n, d[0]), "values_angles"); break;
    case GRADIENTS_ANGLES: need(sphere_shd_gradients_angles(w, g.dtheta, g.dphi, g.n, d[0], d[1], d[2]), "gradients_angles"); break;
    case SUM_ANGLES: need(sphere_shd_sum_angles(w, g.dc, fields, 0, g.dtheta, g.dphi, g.n, d[0], NULL, NULL), "sum_angles"); break;
    default: need(sphere_shd_solid_sum(w, SPHERE_SH_IRREGULAR, g.job == SOLID_FAR ? 0.1 : 1, g.dc, fields, 0, g.dx, g.dy, g.dz, g.n, d[0], d[1], d[2], d[3]), "solid_sum"); break;
    }
}

/* -- timing: tasks that take turns */
static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}
static double once(const task *t)
{
    const double start = now();
    size_t i;
    for (i = 0; i < t->inner; i++) t->run(t->which);
    return (now() - start) / (double)t->inner;
}
static void take_turns(task *tasks, int n)
{
    const double budget = quick ? 0.06 : 0.4, shortest = 2e-4;
    double all = 0;
    int k, round, rounds;
    for (k = 0; k < n; k++) {
        task *t = tasks + k;
        double first = 0;
        int warm;
        t->inner = 1;
        for (warm = 0; warm < 3; warm++) {   /* the very first run meets cold caches: correct the guess */
            first = once(t);
            t->inner = first < shortest ? (size_t)(shortest / (first > 1e-9 ? first : 1e-9)) + 1 : 1;
        }
        all += first * (double)t->inner;
    }
    rounds = (int)(budget / (all > 1e-9 ? all : 1e-9));
    rounds = rounds < 5 ? 5 : rounds > ROUNDS ? ROUNDS : rounds;
    for (round = 0; round < rounds; round++) for (k = 0; k < n; k++) tasks[k].time[tasks[k].count++] = once(&tasks[k]);
    for (k = 0; k < n; k++) {
        qsort(tasks[k].time, (size_t)tasks[k].count, sizeof(double), by_value);
        tasks[k].best = tasks[k].time[0];
        tasks[k].median = tasks[k].time[tasks[k].count / 2];
    }
}
static const char *level_name(sphere_simd level)
{
    return level == SPHERE_SIMD_AVX512 ? "avx512" : level == SPHERE_SIMD_AVX2 ? "avx2" : level == SPHERE_SIMD_NEON ? "neon" : "portable";
}
static void print_number(double v, int width, int digits)
{
    if (csv) { if (v >= 0) printf(",%.*f", digits + 2, v); else printf(","); }
    else if (v >= 0) printf(" %*.*f", width, digits, v);
    else printf(" %*s", width, "-");
}

/* units: directions or expansions of one run. A figure below 0 does not apply. */
static void print_row(const char *name, const char *data, const char *level, const task *t, double units, double bytes, double times_store, double share)
{
    if (csv) printf("%s,%s,%s", name, data, level);
    else printf("%-22s %-18s %-8s", name, data, level);
    print_number(t->best * 1e9 / units, 10, 2);
    print_number(t->median * 1e9 / units, 10, 2);
    print_number(bytes / t->best * 1e-9, 7, 1);
    print_number(times_store, 7, 2);
    print_number(share, 7, 1);
    printf("\n");
    fflush(stdout);
}

/* What the best level must reach, in float. */
static struct { char what[64]; double is, limit; } aims[64];
static int aim_count;
static void aim(const char *what, int degree, double is, double limit)
{
    if (aim_count == (int)COUNT(aims)) return;
    sprintf(aims[aim_count].what, "%.40s, degree %d", what, degree);
    aims[aim_count].is = is; aims[aim_count++].limit = limit;
}
/* Prints one row for each level; returns ns per direction of the best. */
static double measure(int job, int degree, sphere_sh_basis_layout layout, int wide, size_t n, int fields)
{
    const sphere_simd levels[2] = { sphere_simd_best_(), SPHERE_SIMD_PORTABLE };
    const int count = levels[0] == levels[1] ? 1 : 2, sums = job_shape[job].sums;
    const size_t all = (size_t)(degree + 1) * (size_t)(degree + 1), outs = (size_t)job_shape[job].outs;
    const double pairs = (double)(degree + 1) * (degree + 2) / 2;
    void *memory[2] = { NULL, NULL };
    double best = 0;
    task tasks[TASKS];
    char name[64], data[64];
    size_t k, bytes = (sums ? (size_t)fields : all) * n * (wide ? sizeof(double) : sizeof(float));
    int t;
    sprintf(name, "%s%s", wide ? "d_" : "", job_name[job]);
    if (filter && !strstr(name, filter)) return -1;
    if (sums) sprintf(data, "%d %lu x%d", degree, (unsigned long)n, fields);
    else sprintf(data, "%d %lu %s", degree, (unsigned long)n, layout == SPHERE_SH_BASIS_PLANES ? "planes" : "rows");
    g.degree = degree; g.job = job; g.layout = layout; g.wide = wide; g.n = n; g.fields = fields; g.out_bytes = bytes * outs;
    for (k = 0; k < outs; k++) g.out[k] = get(bytes);
    for (t = 0; t < count; t++) {
        sphere_sh_desc desc = { SPHERE_SH_ORTHONORMAL, 0, SPHERE_SH_BASIS_ROWS, 0 };
        sphere_exec exec = { SPHERE_SIMD_BEST, { NULL, NULL } };
        const size_t size = wide ? sphere_shd_points_size(degree) : sphere_sh_points_size(degree);
        desc.layout = layout;
        exec.simd = levels[t];
        memory[t] = get(size);
        need(wide ? sphere_shd_points_init(&g.wide_plan[t], degree, &desc, &exec, memory[t], size) : sphere_sh_points_init(&g.plan[t], degree, &desc, &exec, memory[t], size), "points_init");
    }
    memset(tasks, 0, sizeof(tasks));
    for (t = 0; t < count; t++) { tasks[t].run = run_job; tasks[t].which = t; }
    tasks[count].run = run_store;
    tasks[count + 1].run = run_peak;
    take_turns(tasks, count + 2);
    for (t = 0; t < count; t++) {
        const double ns = tasks[t].best * 1e9 / (double)n, flops = pairs * job_shape[job].flops * (double)n * (sums ? fields : 1);
        const double peak = g.peak_flops / tasks[count + 1].best / (wide ? 2 : 1);
        print_row(name, data, level_name(levels[t]), &tasks[t], (double)n, (double)g.out_bytes, sums ? -1 : tasks[t].best / tasks[count].best, flops / tasks[t].best / peak * 100);
        if (t == 0) best = ns;
    }
    for (k = 0; k < outs; k++) free(g.out[k]);
    free(memory[0]); free(memory[1]);
    return best;
}

/* -- operations on coefficients: COUNT_OF expansions a run, in cache. A rotation of one expansion that is used once costs prepare + rotate. */
enum { CONVERT, COMBINE, DOT, SPECTRUM, FILTER, CONVOLVE, WINDOW, DERING, ROTATE_Z, PREPARE, ROTATE, MULTIPLY, OPERATIONS };
enum { COUNT_OF = 64, WORST = 64 };
/* leveled: has kernels; the other ones are the same code at every level. numbers: read and written, in expansions. */
static const struct { const char *name; int leveled, numbers, most; } operation[OPERATIONS] = { { "convert", 0, 2, WORST }, { "combine", 0, 3, WORST }, { "dot", 1, 2, WORST },
    { "spectrum", 1, 1, WORST }, { "filter", 0, 2, WORST }, { "convolve", 0, 2, WORST }, { "window", 0, 0, WORST }, { "dering", 0, 2, 8 }, { "rotate_z", 0, 2, WORST },
    { "rotation_quaternion", 1, 0, WORST }, { "rotate", 1, 2, WORST }, { "multiply", 1, 3, WORST } };
static struct { int operation, degree; void *memory[2], *work; size_t bytes, work_bytes; sphere_exec exec[2]; } c;
#define DEFINE_OPERATIONS(sh, real, in, number) \
static sphere_##sh##_rotation sh##_turn[2]; \
static sphere_##sh##_product sh##_product[2]; \
static void sh##_prepare(int which) \
{ \
    static const real quaternion[4] = { number(0.1), number(0.3), number(0.7), number(0.64) }; \
    if (c.operation == MULTIPLY) need(sphere_##sh##_product_init(&sh##_product[which], c.degree, c.degree, c.degree, &c.exec[which], c.memory[which], c.bytes), "product_init"); \
    else need(sphere_##sh##_rotation_quaternion(&sh##_turn[which], c.degree, quaternion, &c.exec[which], c.memory[which], c.bytes), "rotation_quaternion"); \
} \
static void sh##_make(int which) \
{ \
    c.bytes = c.operation == MULTIPLY ? sphere_##sh##_product_size(c.degree, c.degree, c.degree) : sphere_##sh##_rotation_size(c.degree); \
    c.memory[which] = get(c.bytes); \
    sh##_prepare(which); \
    c.work_bytes = c.operation == MULTIPLY ? sphere_##sh##_multiply_size(&sh##_product[which]) : sphere_##sh##_rotate_size(c.degree); \
} \
static void sh##_run(int which) \
{ \
    const size_t all = (size_t)(c.degree + 1) * (size_t)(c.degree + 1); \
    const sphere_sh_convention schmidt = sphere_sh_convention_of(SPHERE_SH_AMBIX); \
    real *const out = (real *)g.out[0], factor[WORST + 1]; \
    size_t i; \
    int l; \
    for (l = 0; l <= c.degree; l++) factor[l] = number(0.5); \
    switch (c.operation) { \
    case CONVERT: need(sphere_##sh##_convert(c.degree, NULL, in, &schmidt, out, COUNT_OF), "convert"); return; \
    case ROTATE_Z: need(sphere_##sh##_rotate_z(c.degree, number(0.5), in, out, COUNT_OF), "rotate_z"); return; \
    case ROTATE: need(sphere_##sh##_rotate(&sh##_turn[which], in, out, COUNT_OF, c.work, c.work_bytes), "rotate"); return; \
    case MULTIPLY: need(sphere_##sh##_multiply(&sh##_product[which], in, in + COUNT_OF * all, out, COUNT_OF, c.work, c.work_bytes), "multiply"); return; \
    default: break; \
    } \
    for (i = 0; i < COUNT_OF; i++) { \
        const real *const a = in + i * all, *const b = in + (COUNT_OF + i) * all; \
        real *const o = out + i * all; \
        switch (c.operation) { \
        case COMBINE: need(sphere_##sh##_combine(c.degree, number(0.5), a, number(2.0), b, o), "combine"); break; \
        case DOT: need(sphere_##sh##_dot(c.degree, a, b, o, &c.exec[which]), "dot"); break; \
        case SPECTRUM: need(sphere_##sh##_spectrum(c.degree, a, NULL, o, &c.exec[which]), "spectrum"); break; \
        case FILTER: need(sphere_##sh##_filter(c.degree, a, factor, o), "filter"); break; \
        case CONVOLVE: need(sphere_##sh##_convolve(c.degree, a, factor, o), "convolve"); break; \
        case WINDOW: need(sphere_##sh##_window(c.degree, SPHERE_SH_WINDOW_HANN, number(0.0), o), "window"); break; \
        case DERING: need(sphere_##sh##_dering(c.degree, a, number(0.0), o, NULL), "dering"); break; \
        default: sh##_prepare(which); break; \
        } \
    } \
}
#define SINGLE(x) ((float)(x))
#define TWICE(x) (x)
DEFINE_OPERATIONS(sh, float, g.c, SINGLE)
DEFINE_OPERATIONS(shd, double, g.dc, TWICE)
/* Prints a row for each level; returns ns per expansion of the best. */
static double measure_operation(int which, int degree, int wide)
{
    const sphere_simd levels[2] = { sphere_simd_best_(), SPHERE_SIMD_PORTABLE };
    const int count = operation[which].leveled && levels[0] != levels[1] ? 2 : 1, prepared = which == PREPARE || which == ROTATE || which == MULTIPLY;
    const size_t all = (size_t)(degree + 1) * (size_t)(degree + 1), real = wide ? sizeof(double) : sizeof(float);
    const double side = 2.0 * degree, flops = which == ROTATE && degree <= SPHERE_SH_ROTATION_DENSE ? 2 * (side + 1) * (side + 2) * (side + 3) / 6 : -1;
    double best = 0;
    task tasks[TASKS];
    char name[64], data[64];
    int t;
    sprintf(name, "%s%s", wide ? "d_" : "", operation[which].name);
    if (degree > operation[which].most || (filter && !strstr(name, filter))) return -1;
    sprintf(data, "%d x%d", degree, (int)COUNT_OF);
    memset(&c, 0, sizeof(c)); memset(tasks, 0, sizeof(tasks));
    c.operation = which; c.degree = degree;
    g.out[0] = get(COUNT_OF * all * real);
    for (t = 0; t < count; t++) {
        c.exec[t].simd = levels[t];
        if (prepared) { if (wide) shd_make(t); else sh_make(t); }
        tasks[t].run = wide ? shd_run : sh_run; tasks[t].which = t;
    }
    c.work = get(c.work_bytes);
    tasks[count].run = run_peak;
    take_turns(tasks, count + 1);
    for (t = 0; t < count; t++) {
        const double peak = g.peak_flops / tasks[count].best / (wide ? 2 : 1);
        print_row(name, data, operation[which].leveled ? level_name(levels[t]) : "every", &tasks[t], COUNT_OF, operation[which].numbers ? (double)(COUNT_OF * all * real) * operation[which].numbers : -1,
                  -1, flops < 0 ? -1 : flops * COUNT_OF / tasks[t].best / peak * 100);
        if (t == 0) best = tasks[t].best * 1e9 / COUNT_OF;
    }
    free(g.out[0]); free(c.work); free(c.memory[0]); free(c.memory[1]);
    return best;
}
int main(int argc, char **argv)
{
    static const struct { int degree; double planes, rows, gradients; } target[] = {
        { 2, 0.7, 1.9, 5 }, { 3, 1.6, 3, 0 }, { 4, 0, 0, 0 }, { 6, 5, 9, 14.5 }, { 10, 12, 24, 56 }, { 16, 32, 55, 145 }, { 32, 0, 0, 0 }, { 64, 1200, 1600, 0 } };
    const size_t n = 1000, most = (size_t)1025 * 1025;
    size_t i, d;
    int k;
    for (k = 1; k < argc; k++) {
        if (!strcmp(argv[k], "--quick")) quick = 1;
        else if (!strcmp(argv[k], "--csv")) csv = 1;
        else if (!strcmp(argv[k], "--filter") && k + 1 < argc) filter = argv[++k];
        else {
            printf("usage: bench_sh [--quick] [--filter NAME] [--csv]\n");
            return strcmp(argv[k], "--help") ? 2 : 0;
        }
    }
    g.x = (float *)get(n * sizeof(float)); g.y = (float *)get(n * sizeof(float)); g.z = (float *)get(n * sizeof(float));
    g.dx = (double *)get(n * sizeof(double)); g.dy = (double *)get(n * sizeof(double)); g.dz = (double *)get(n * sizeof(double));
    g.theta = (float *)get(n * sizeof(float)); g.phi = (float *)get(n * sizeof(float)); g.dtheta = (double *)get(n * sizeof(double)); g.dphi = (double *)get(n * sizeof(double));
    g.c = (float *)get(4 * most * sizeof(float)); g.dc = (double *)get(4 * most * sizeof(double));
    for (i = 0; i < n; i++) {
        double x, y, z, r;
        do { x = random_number(); y = random_number(); z = random_number(); r = x * x + y * y + z * z; } while (r > 1 || r < 0.01);
        r = sphere_sqrt_double_(r);
        g.dx[i] = x / r; g.dy[i] = y / r; g.dz[i] = z / r;
        g.x[i] = (float)g.dx[i]; g.y[i] = (float)g.dy[i]; g.z[i] = (float)g.dz[i];
        g.dtheta[i] = 1.6 + 1.5 * random_number(); g.dphi[i] = 3 * random_number();
        g.theta[i] = (float)g.dtheta[i]; g.phi[i] = (float)g.dphi[i];
    }
    for (i = 0; i < 4 * most; i++) { g.dc[i] = random_number(); g.c[i] = (float)g.dc[i]; }
    if (csv) puts("name,data,level,ns,ns_median,gb_per_s,times_store,percent_of_peak");
    else printf("%-22s %-18s %-8s %10s %10s %7s %7s %7s\n", "name", "data", "level", "ns", "median", "GB/s", "x store", "% peak");
    for (d = 0; d < COUNT(target); d++) {
        const int degree = target[d].degree;
        const double planes = measure(VALUES, degree, SPHERE_SH_BASIS_PLANES, 0, n, 1), rows = measure(VALUES, degree, SPHERE_SH_BASIS_ROWS, 0, n, 1);
        const double wide_planes = measure(VALUES, degree, SPHERE_SH_BASIS_PLANES, 1, n, 1), wide_rows = measure(VALUES, degree, SPHERE_SH_BASIS_ROWS, 1, n, 1);
        const double gradients = measure(GRADIENTS, degree, SPHERE_SH_BASIS_PLANES, 0, n, 1), gradient_rows = measure(GRADIENTS, degree, SPHERE_SH_BASIS_ROWS, 0, n, 1);
        if (planes >= 0 && target[d].planes > 0) { aim("values, planes, ns", degree, planes, target[d].planes); aim("values, rows, ns", degree, rows, target[d].rows); }
        if (planes >= 0 && wide_planes >= 0) { aim("values, planes, double / float", degree, wide_planes / planes, 2.2); aim("values, rows, double / float", degree, wide_rows / rows, 2.2); }
        if (gradients >= 0 && target[d].gradients > 0) { aim("gradients, planes, ns", degree, gradients, target[d].gradients); aim("gradients, rows, ns", degree, gradient_rows, target[d].gradients); }
    }
    for (d = 0; d < 2; d++) {
        static const int degrees[2] = { 12, 64 };
        int job;
        for (job = TANGENT; job < JOBS; job++) {
            measure(job, degrees[d], SPHERE_SH_BASIS_PLANES, 0, n, 1);
            measure(job, degrees[d], SPHERE_SH_BASIS_PLANES, 1, n, 1);
        }
        measure(SUM, degrees[d], SPHERE_SH_BASIS_PLANES, 0, n, 4);
    }
    measure(SUM, 12, SPHERE_SH_BASIS_PLANES, 0, 1, 1);
    measure(VALUES, 12, SPHERE_SH_BASIS_ROWS, 0, 1, 1);
    measure(VALUES, 1000, SPHERE_SH_BASIS_PLANES, 0, 16, 1);
    measure(VALUES, 1000, SPHERE_SH_BASIS_ROWS, 0, 16, 1);
    if (!quick) { measure(SUM, 1000, SPHERE_SH_BASIS_PLANES, 0, 64, 1); measure(SUM, 1000, SPHERE_SH_BASIS_PLANES, 1, 64, 1); }
    {
        static const struct { int degree; double rotate, product; } low[] = { { 2, 12.6, 16 }, { 3, 22, 50 }, { 4, 34, 156 }, { 5, 50, 358 }, { 12, 0, 0 }, { 32, 0, 0 } };
        for (d = 0; d < COUNT(low); d++) for (k = 0; k < OPERATIONS; k++) {
            const double ns = measure_operation(k, low[d].degree, 0);
            if (ns >= 0 && k == ROTATE && low[d].rotate > 0) aim("rotate, ns", low[d].degree, ns, low[d].rotate);
            if (ns >= 0 && k == MULTIPLY && low[d].product > 0) aim("multiply, ns", low[d].degree, ns, low[d].product);
            (void)measure_operation(k, low[d].degree, 1);
        }
    }
    if (aim_count) printf("\n%s%-44s %10s %10s\n", csv ? "# " : "", "targets (of another machine: see the ratios too)", "is", "at most");
    for (k = 0; k < aim_count; k++) printf("%s%-48s %10.2f %10.2f %s\n", csv ? "# " : "", aims[k].what, aims[k].is, aims[k].limit, aims[k].is <= aims[k].limit ? "" : "missed");
    free(g.x); free(g.y); free(g.z); free(g.dx); free(g.dy); free(g.dz); free(g.theta); free(g.phi); free(g.dtheta); free(g.dphi); free(g.c); free(g.dc);
    return 0;
}
