/* How fast the headers are on this machine: one row for every kernel and public function, at every SIMD level.

   From the root of the project:
     cc -O2 -o b bench/bench.c && ./b                   the headers beside the limits of this machine
   With what plain C makes of the same work (columns "plain" and "fast"):
     cc -O3 -mavx2 -DPLAIN=plain_strict           -c bench/plain.c -o plain_strict.o
     cc -O3 -mavx2 -DPLAIN=plain_fast -ffast-math -c bench/plain.c -o plain_fast.o
     cc -O2 -DBENCH_PLAIN bench/bench.c plain_strict.o plain_fast.o -o b -lm
   Options: --quick (smaller data, fewer repetitions), --filter NAME (rows whose name contains NAME), --csv.
   -DBENCH_WITHOUT_FILL leaves sphere_fill.h out.

   What the columns mean
     ns, median   best and middle time per item of several repetitions; an item is a row, a point, a score (see "data")
     GB/s         bytes of input per second, each byte counted once
     x read       time / time of a plain read of the same buffers; 1.00 is the memory's own speed
     % peak       share of the floating-point rate that separate multiplications and additions reach on this core
     plain, fast  ns of plain C at -O3 -mavx2, and with -ffast-math too
   Times are processor time of the thread. On a busy machine a rate means little, a ratio something: the limits, the levels and
   plain C take turns, one repetition each, and ratios are between the best of each. Speed never makes this program fail. */
#if defined(__unix__) || defined(__APPLE__)
#define _DEFAULT_SOURCE                      /* madvise, and clock_gettime under -std=c99 */
#define _POSIX_C_SOURCE 200809L
#define BENCH_UNIX 1
#else
#define BENCH_UNIX 0
#endif
#define SPHERE_IMPLEMENTATION
#include "../sphere.h"
#if !defined(BENCH_WITHOUT_FILL)
#define SPHERE_FILL_IMPLEMENTATION
#include "../sphere_fill.h"
#endif
#include "plain.h"
#include <stdio.h>
#include <stdlib.h>
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
/* Memory on huge pages where the system has them: 4 KB pages alone cost a scan 20 to 35 %. */
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
    if (!p) { fprintf(stderr, "bench: no memory for %.0f MB; --quick needs less\n", (double)bytes * 1e-6); exit(1); }
    memset(p, 0, bytes);
    return p;
}
static void need(sphere_status status, const char *what)
{
    if (status == SPHERE_OK) return;
    fprintf(stderr, "bench: %s: %s\n", what, sphere_status_text(status));
    exit(1);
}
/* SplitMix64 by index: any part of a buffer can be filled without the part before it. Source: Steele, Lea, Flood 2014. */
static uint32_t random_word(uint64_t index)
{
    uint64_t z = (index + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    return (uint32_t)((z ^ z >> 27) * 0x94d049bb133111ebu >> 32);
}
static float random_float(uint64_t index) { return ((float)(random_word(index) >> 8) - 8388608.0f) / 8388608.0f; }   /* [-1, 1) */
static void fill_random(float *to, size_t n, uint64_t stream)
{
    size_t i;
    for (i = 0; i < n; i++) to[i] = random_float(stream << 40 | i);
}

/* -- the limits of the machine */
static volatile float sink;
/* Read a buffer as fast as plain loads can, with nothing done to it but an or. */
#if SPHERE_AVX2_
SPHERE_TARGET_AVX2_ static float read_avx2(const float *p, size_t n)
{
    __m256 a_f32x8 = _mm256_setzero_ps(), b_f32x8 = a_f32x8, c_f32x8 = a_f32x8, d_f32x8 = a_f32x8;
    size_t i;
    for (i = 0; i + 32 <= n; i += 32) {
        a_f32x8 = _mm256_or_ps(a_f32x8, _mm256_loadu_ps(p + i));
        b_f32x8 = _mm256_or_ps(b_f32x8, _mm256_loadu_ps(p + i + 8));
        c_f32x8 = _mm256_or_ps(c_f32x8, _mm256_loadu_ps(p + i + 16));
        d_f32x8 = _mm256_or_ps(d_f32x8, _mm256_loadu_ps(p + i + 24));
    }
    return _mm256_cvtss_f32(_mm256_or_ps(_mm256_or_ps(a_f32x8, b_f32x8), _mm256_or_ps(c_f32x8, d_f32x8)));
}
#endif
static void plain_read(const void *buffer, size_t bytes)
{
    const size_t n = bytes / sizeof(float);
    uint64_t all[4] = { 0 };
    size_t i;
#if SPHERE_AVX2_
    if (__builtin_cpu_supports("avx2")) { sink = read_avx2((const float *)buffer, n); return; }
#endif
    for (i = 0; i + 8 <= n; i += 8) {
        uint64_t w[4];
        memcpy(w, (const float *)buffer + i, sizeof(w));
        all[0] |= w[0]; all[1] |= w[1]; all[2] |= w[2]; all[3] |= w[3];
    }
    sink = (float)(all[0] | all[1] | all[2] | all[3]);
}
/* Multiply and add in registers, separately, with as many sums as hide the latency; returns the operations done. The empty asm
   makes the factor new to the compiler, so that no product is taken out of the loop. */
#if SPHERE_AVX2_
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
#elif SPHERE_NEON_
static double peak_neon(size_t rounds)
{
    float32x4_t a_f32x4[16], x_f32x4 = vdupq_n_f32(1.5f), y_f32x4 = vdupq_n_f32(0.5f);
    size_t r;
    int k;
    for (k = 0; k < 16; k++) a_f32x4[k] = vdupq_n_f32(0);
    for (r = 0; r < rounds; r++) {
        __asm__ volatile("" : "+w"(x_f32x4), "+w"(y_f32x4));
#define PEAK_STEP(j) a_f32x4[j] = SPHERE_MADD_F32X4_(x_f32x4, y_f32x4, a_f32x4[j]); __asm__ volatile("" : "+w"(x_f32x4));
        PEAK_STEP(0) PEAK_STEP(1) PEAK_STEP(2) PEAK_STEP(3) PEAK_STEP(4) PEAK_STEP(5) PEAK_STEP(6) PEAK_STEP(7)
        PEAK_STEP(8) PEAK_STEP(9) PEAK_STEP(10) PEAK_STEP(11) PEAK_STEP(12) PEAK_STEP(13) PEAK_STEP(14) PEAK_STEP(15)
#undef PEAK_STEP
    }
    for (k = 1; k < 16; k++) a_f32x4[0] = vaddq_f32(a_f32x4[0], a_f32x4[k]);
    sink = vgetq_lane_f32(a_f32x4[0], 0);
    return (double)rounds * 16 * 4 * 2;
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
    return peak_neon(20000);
#endif
    for (r = 0; r < 20000; r++) { f = factor; for (k = 0; k < 8; k++) a[k] = SPHERE_MADD_(f, f, a[k]); }
    for (k = 1; k < 8; k++) a[0] += a[k];
    sink = a[0];
    return 20000.0 * 8 * 2;
}

/* -- timing: tasks that take turns */
enum { ROUNDS = 40, TASKS = 8 };
typedef struct task {
    void (*run)(const struct task *t);
    sphere_simd level;                       /* what the row of the table says; only for tasks of the headers                */
    const void *kernels;                     /* the table of the level, or a plain_kernels                                   */
    double best, median;                     /* seconds                                                                      */
    double time[ROUNDS];
    size_t inner;                            /* runs per sample                                                              */
    int count;
} task;
static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}
static double once(const task *t)
{
    const double start = now();
    size_t i;
    for (i = 0; i < t->inner; i++) t->run(t);
    return (now() - start) / (double)t->inner;
}
/* A first run warms up and says how long a task takes. What takes very long is not repeated. */
static void take_turns(task *tasks, int n)
{
    const double budget = quick ? 0.15 : 0.8, shortest = 2e-4;
    double all = 0, slow = quick ? 0.3 : 1.0;
    int k, round, rounds;
    for (k = 0; k < n; k++) {
        task *t = tasks + k;
        double first;
        t->inner = 1;
        first = once(t);
        if (first < shortest) {
            t->inner = (size_t)(shortest / (first > 1e-8 ? first : 1e-8)) + 1;
            first = once(t);                 /* the very first run met cold caches: correct the guess */
            t->inner = (size_t)(shortest / (first > 1e-9 ? first : 1e-9)) + 1;
            first = once(t);
        }
        t->time[0] = first;
        t->count = first > slow ? 1 : 0;     /* 1: this sample is all there will be */
        if (t->count == 0) all += first * (double)t->inner;
    }
    rounds = (int)(budget / (all > 1e-9 ? all : 1e-9));
    rounds = rounds < 5 ? 5 : rounds > ROUNDS ? ROUNDS : rounds;
    for (round = 0; round < rounds; round++) for (k = 0; k < n; k++) {
        task *t = tasks + k;
        if (t->count == 1 && t->time[0] > slow) continue;
        t->time[t->count++] = once(t);
    }
    for (k = 0; k < n; k++) {
        qsort(tasks[k].time, (size_t)tasks[k].count, sizeof(double), by_value);
        tasks[k].best = tasks[k].time[0];
        tasks[k].median = tasks[k].time[tasks[k].count / 2];
    }
}

/* -- the work on the table: one row of results for each level. Everything that the tasks touch is here. */
static struct scene {
    sphere_rows rows, queries;
    const float *query, *norms;
    float *out, *score, *points[6];
    uint16_t *halves;
    uint32_t *index;
    size_t *counts;
    void *memory;
    size_t bytes, n, k, dim;
    float threshold;
    sphere_metric metric;
    const float *metric_norms;
    const void *read[6];                     /* what the plain read reads                                                    */
    size_t read_bytes[6];
    double peak_flops;
    const struct kernel_row *kernel;
    void *o[4];
    const void *i[6];
} g;
static void run_read(const task *t)
{
    size_t k;
    (void)t;
    for (k = 0; k < COUNT(g.read); k++) if (g.read_bytes[k]) plain_read(g.read[k], g.read_bytes[k]);
}
static void run_peak(const task *t) { (void)t; g.peak_flops = peak_run(); }
static void read_nothing(void) { memset(g.read_bytes, 0, sizeof(g.read_bytes)); }
static void read_this(size_t slot, const void *p, size_t bytes) { g.read[slot] = p; g.read_bytes[slot] = bytes; }

static const char *level_name(sphere_simd level)
{
    return level == SPHERE_SIMD_AVX512 ? "avx512" : level == SPHERE_SIMD_AVX2 ? "avx2" : level == SPHERE_SIMD_NEON ? "neon" : "portable";
}
static int wanted(const char *name) { return !filter || strstr(name, filter) != NULL; }
static void print_head(void)
{
    if (csv) puts("name,data,level,ns,ns_median,gb_per_s,times_read,percent_of_peak,ns_plain,ns_fast");
    else printf("%-22s %-16s %-8s %10s %10s %7s %7s %7s %10s %10s\n", "name", "data", "level", "ns", "median", "GB/s", "x read", "% peak", "plain", "fast");
}
static void print_number(double v, int width, int digits)
{
    if (csv) { if (v >= 0) printf(",%.*f", digits + 2, v); else printf(","); }
    else if (v >= 0) printf(" %*.*f", width, digits, v);
    else printf(" %*s", width, "-");
}
typedef struct outcome { double ns, times_read, share_of_peak, times_fast; } outcome;   /* of the best level; times_fast: plain C with -ffast-math */

/* Measure one thing at every level and print a row for each. items: what the ns are per; bytes and flops of one run (0: none).
   plain: what plain C does with a plain_kernels table, or NULL. */
static outcome measure(const char *name, const char *data, void (*run)(const task *t), void (*plain)(const task *t), double items, double bytes, double flops)
{
    const sphere_simd levels[2] = { sphere_simd_best(), SPHERE_SIMD_PORTABLE };
    const int count = levels[0] == levels[1] ? 1 : 2;
    task tasks[TASKS];
    outcome first = { -1, -1, -1, -1 };
    int n = 0, k, plain_at = -1, level_at, read_at = -1, peak_at = -1;
    memset(tasks, 0, sizeof(tasks));
    if (bytes > 0) { read_at = n; tasks[n++].run = run_read; }
    level_at = n;
    for (k = 0; k < count; k++) { tasks[n].run = run; tasks[n].level = levels[k]; tasks[n++].kernels = sphere_kernels_for_(levels[k]); }
    if (flops > 0) { peak_at = n; tasks[n++].run = run_peak; }
#if defined(BENCH_PLAIN)
    if (plain) {
        plain_at = n;
        tasks[n].run = plain; tasks[n++].kernels = &plain_strict;
        tasks[n].run = plain; tasks[n++].kernels = &plain_fast;
    }
#else
    (void)plain;
#endif
    take_turns(tasks, n);
    for (k = 0; k < count; k++) {
        const task *t = tasks + level_at + k;
        outcome r;
        r.ns = t->best * 1e9 / items;
        r.times_read = read_at >= 0 ? t->best / tasks[read_at].best : -1;
        r.share_of_peak = peak_at >= 0 ? flops / t->best / (g.peak_flops / tasks[peak_at].best) : -1;
        r.times_fast = plain_at >= 0 ? t->best / tasks[plain_at + 1].best : -1;
        if (csv) printf("%s,%s,%s", name, data, level_name(t->level));
        else printf("%-22s %-16s %-8s", name, data, level_name(t->level));
        print_number(r.ns, 10, 3);
        print_number(t->median * 1e9 / items, 10, 3);
        print_number(bytes > 0 ? bytes / t->best * 1e-9 : -1, 7, 1);
        print_number(r.times_read, 7, 2);
        print_number(r.share_of_peak >= 0 ? r.share_of_peak * 100 : -1, 7, 1);
        print_number(plain_at >= 0 ? tasks[plain_at].best * 1e9 / items : -1, 10, 3);
        print_number(plain_at >= 0 ? tasks[plain_at + 1].best * 1e9 / items : -1, 10, 3);
        printf("\n");
        fflush(stdout);
        if (k == 0) first = r;
    }
    return first;
}

/* -- targets: collected on the way, printed at the end */
typedef struct target { const char *name, *unit; double value, limit; int more; } target;
static target targets[40];
static size_t target_count;
static void aim(const char *name, double value, const char *unit, double limit, int more)
{
    if (target_count == COUNT(targets) || value < 0) return;
    targets[target_count].name = name;
    targets[target_count].unit = unit;
    targets[target_count].value = value;
    targets[target_count].limit = limit;
    targets[target_count++].more = more;
}
static void print_targets(void)
{
    size_t i;
    const char *hash = csv ? "# " : "";
    if (target_count) printf("%s%starget%52s\n", csv ? "" : "\n", hash, "value    limit");
    for (i = 0; i < target_count; i++) {
        const target *t = targets + i;
        const int met = t->more ? t->value >= t->limit : t->value <= t->limit;
        printf("%s%-40s %8.2f %s %6.2f  %-16s %s\n", hash, t->name, t->value, t->more ? ">=" : "<=", t->limit, t->unit, met ? "met" : "missed");
    }
    if (target_count && quick) printf("%s--quick: the data may fit a cache that the real sizes do not\n", hash);
}

/* -- every kernel of tests/kernels.inc */
typedef struct kernel_row {
    const char *name, *outputs, *inputs;
    double      bytes, flops;                /* per element                                                                  */
    size_t      offset;                      /* of the member in its table                                                   */
    size_t    (*run)(const void *table, void *const *o, const void *const *i, size_t n, size_t dim, size_t stride, float x);
    int         header;
} kernel_row;
#define RUN_(table_type, prefix, name, call) \
    static size_t run_##prefix##name(const void *table, void *const *o, const void *const *i, size_t n, size_t dim, size_t stride, float x) \
    { \
        const table_type *k = (const table_type *)table; \
        size_t result = 0; \
        (void)o; (void)i; (void)n; (void)dim; (void)stride; (void)x; \
        call; \
        return result; \
    }
#define KERNEL(name, outputs, inputs, bytes, flops, call) RUN_(sphere_kernels_, kernel_, name, call)
#define VARIANT(name, variant, outputs, inputs, call)
#if !defined(BENCH_WITHOUT_FILL)
#define FILL_KERNEL(name, outputs, inputs, bytes, flops, call) RUN_(sphere_fill_kernels_, fill_, name, call)
#define FILL_VARIANT(name, variant, outputs, inputs, call)
#endif
#include "../tests/kernels.inc"
#undef KERNEL
#define KERNEL(name, outputs, inputs, bytes, flops, call) { #name, outputs, inputs, bytes, flops, offsetof(sphere_kernels_, name), run_kernel_##name, 0 },
#if !defined(BENCH_WITHOUT_FILL)
#undef FILL_KERNEL
#define FILL_KERNEL(name, outputs, inputs, bytes, flops, call) { "fill_" #name, outputs, inputs, bytes, flops, offsetof(sphere_fill_kernels_, name), run_fill_##name, 1 },
#endif
static const kernel_row kernel_rows[] = {
#include "../tests/kernels.inc"
    { NULL, NULL, NULL, 0, 0, 0, NULL, 0 }
};
#undef KERNEL
#undef VARIANT
#undef FILL_KERNEL
#undef FILL_VARIANT

static void run_kernel(const task *t)
{
    const void *table = t->kernels;
#if !defined(BENCH_WITHOUT_FILL)
    if (g.kernel->header == 1) table = sphere_fill_kernels_for_(t->level);
#endif
    sink = (float)g.kernel->run(table, g.o, g.i, g.n, g.dim, g.dim, 1.5f);
}
#if defined(BENCH_PLAIN)
/* Plain loops in the table type of sphere.h, so that the calls of kernels.inc fit them; what plain.c does not have stays NULL. */
static sphere_kernels_ plain_table(const plain_kernels *p)
{
    sphere_kernels_ k;
    memset(&k, 0, sizeof(k));
    k.row_dot = p->row_dot; k.row_square = p->row_square; k.row_dot_square = p->row_dot_square; k.row_variance = p->row_variance;
    k.root = p->root; k.divide = p->divide; k.ratio = p->ratio; k.add = p->add; k.half = p->half; k.panel = p->panel; k.hits = p->hits;
    k.axis = p->axis; k.to_spherical = p->to_spherical; k.to_cartesian = p->to_cartesian; k.angles = p->angles; k.unit = p->unit;
    return k;
}
static void run_kernel_plain(const task *t)
{
    const sphere_kernels_ k = plain_table((const plain_kernels *)t->kernels);
    sink = (float)g.kernel->run(&k, g.o, g.i, g.n, g.dim, g.dim, 1.5f);
}
#endif
static void (*plain_runner(const kernel_row *row))(const task *t)
{
#if defined(BENCH_PLAIN)
    const sphere_kernels_ k = plain_table(&plain_strict);
    void (*member)(void), (*none)(void) = NULL;
    if (row->header) return NULL;
    memcpy(&member, (const char *)&k + row->offset, sizeof(member));
    return memcmp(&member, &none, sizeof(member)) ? run_kernel_plain : NULL;
#else
    (void)row;
    return NULL;
#endif
}
/* How many elements an operand has and how wide one is; the letters are explained in kernels.inc. 0: a letter that is new here. */
static size_t operand_count(char letter, size_t n, size_t dim)
{
    switch (letter) {
    case 'n': case 'N': case 's': case 'h': case 'u': case 'v': case 'w': case 'j': case 'b': case 'y': return n;
    case 'r': case 'R': return n * dim;
    case 'd': return dim;
    case 't': return 16 * n;
    case 'i': case 'O': return 8 * n;
    case 'p': case 'l': case 'k': case 'C': return 16 * dim;
    case 'D': case 'S': return 8 * dim;
    case 'f': case 'F': return 16;
    case '2': return 2;
    case '6': return 6;
    case 'e': return (n + 31) / 32;
    case '3': case 'm': return 3;
    case '4': return 4;
    case 'q': return 256;
    case 'T': case 'B': return 1024;
    default: return 0;
    }
}
static size_t operand_width(char letter) { return letter == 'b' || letter == 'y' ? 1 : letter == 'h' || letter == 'u' ? 2 : 4; }
static void fill_operand(char letter, void *to, size_t count, uint64_t stream)
{
    size_t j;
    float *f = (float *)to;
    if (letter == 'h') for (j = 0; j < count; j++) ((uint16_t *)to)[j] = (uint16_t)(0x2000u + (random_word(stream << 40 | j) & 0x9fffu));   /* finite */
    else if (strchr("kCBi", letter)) for (j = 0; j < count; j++) ((uint32_t *)to)[j] = random_word(stream << 40 | j) & 63u;
    else if (letter == 'T') for (j = 0; j < count; j++) ((uint32_t *)to)[j] = random_word(stream << 40 | j) & 0x80ffffffu;
    else if (letter == 'j') for (j = 0; j < count; j++) ((uint32_t *)to)[j] = random_word(stream << 40 | j) & 0x3ffffu;
    else if (letter == 'y' || letter == 'b') for (j = 0; j < count; j++) ((unsigned char *)to)[j] = (unsigned char)random_word(stream << 40 | j);
    else fill_random(f, count, stream);
    if (letter == '6') { f[0] = 0.6f; f[1] = 0; f[2] = 0.8f; f[3] = 0.70710678f; f[4] = 0; f[5] = 1; }     /* a cone of 45 degrees */
    if (letter == 's') for (j = 0; j < count; j++) f[j] = sphere_abs_(f[j]);
    if (letter == 'f') for (j = 0; j < count; j++) f[j] = 0.99f;        /* one value in 200 passes, as in a search with full heaps */
}
/* Measure one kernel on n (rows of dim). rows: their data when there already are some. */
static outcome bench_kernel(const kernel_row *row, size_t n, size_t dim, const float *rows, const char *data)
{
    const size_t outs = strlen(row->outputs), ins = strlen(row->inputs);
    void *owned[12];
    size_t k, used = 0, slot = 0;
    double elements = (double)n;
    outcome r = { -1, -1, -1, -1 };
    if (outs > COUNT(g.o) || ins > COUNT(g.i)) return r;
    for (k = 0; k < outs + ins; k++) {
        const char letter = k < outs ? row->outputs[k] : row->inputs[k - outs];
        if (operand_count(letter, n, dim) == 0) { if (!csv) printf("%-22s %-16s not measured: operand %c is new to bench.c\n", row->name, data, letter); return r; }
    }
    read_nothing();
    for (k = 0; k < outs + ins; k++) {
        const char letter = k < outs ? row->outputs[k] : row->inputs[k - outs];
        const size_t count = operand_count(letter, n, dim), bytes = count * operand_width(letter);
        const void *p = rows;
        if (letter == 'r' || letter == 'R') elements = (double)n * (double)dim;
        if (!((letter == 'r' || letter == 'R') && rows)) {
            void *fresh = get(bytes);
            fill_operand(letter, fresh, count, 16 + k);
            p = owned[used++] = fresh;
        }
        if (k < outs) g.o[k] = owned[used - 1];
        else g.i[k - outs] = p;
        if ((k >= outs || strchr("NSCB", letter)) && slot < COUNT(g.read)) read_this(slot++, p, bytes);
    }
    g.kernel = row;
    g.n = n;
    g.dim = dim;
    r = measure(row->name, data, run_kernel, plain_runner(row), (double)n, row->bytes * elements, row->flops * elements);
    for (k = 0; k < used; k++) free(owned[k]);
    return r;
}
static int has(const char *letters, const char *any) { return strpbrk(letters, any) != NULL; }
static const kernel_row *kernel_named(const char *name)
{
    const kernel_row *row;
    for (row = kernel_rows; row->name; row++) if (!strcmp(row->name, name)) return row;
    return NULL;
}

/* -- rows */
static const sphere_exec *exec_of(const task *t)
{
    static sphere_exec exec;
    exec.simd = t->level;
    return &exec;
}
static void run_dot(const task *t) { need(sphere_row_dot(&g.rows, g.query, g.out, exec_of(t)), "row_dot"); }
static void run_norm(const task *t) { need(sphere_row_norm(&g.rows, g.out, exec_of(t)), "row_norm"); }
static void run_cosine(const task *t) { need(sphere_row_cosine(&g.rows, g.query, g.out, exec_of(t)), "row_cosine"); }
static void run_variance(const task *t) { need(sphere_row_variance(&g.rows, g.out, exec_of(t)), "row_variance"); }
static void run_mean(const task *t) { need(sphere_row_mean(&g.rows, g.out, exec_of(t)), "row_mean"); }
#define PLAIN_OF(t) ((const plain_kernels *)(t)->kernels)
static void plain_dot(const task *t) { PLAIN_OF(t)->row_dot(g.out, g.rows.data, g.rows.dim, g.rows.n, g.rows.dim, g.query); }
static void plain_norm(const task *t) { PLAIN_OF(t)->row_norm(g.out, g.rows.data, g.rows.n, g.rows.dim); }
static void plain_cosine(const task *t) { PLAIN_OF(t)->row_cosine(g.out, g.rows.data, g.rows.n, g.rows.dim, g.query); }
static void plain_variance(const task *t) { PLAIN_OF(t)->row_variance(g.out, g.rows.data, g.rows.dim, g.rows.n, g.rows.dim); }

static void bench_rows(void)
{
    static const struct { size_t n, dim, quick; int cached; } sets[] = { { 1000000, 100, 200000, 0 }, { 200000, 768, 25000, 0 }, { 2000, 100, 2000, 1 } };
    static const struct {
        const char *name;
        void (*run)(const task *t), (*plain)(const task *t);
        double flops;
        const char *aim[3];
    } work[] = {
        { "sphere_row_dot", run_dot, plain_dot, 2, { "row_dot, 100, memory", "row_dot, 768, memory", "row_dot, 100, cached" } },
        { "sphere_row_norm", run_norm, plain_norm, 2, { "row_norm, 100, memory", "row_norm, 768, memory", "row_norm, 100, cached" } },
        { "sphere_row_cosine", run_cosine, plain_cosine, 4, { "row_cosine, 100, memory", "row_cosine, 768, memory", "row_cosine, 100, cached" } },
        { "sphere_row_variance", run_variance, plain_variance, 4, { "row_variance, 100, memory", "row_variance, 768, memory", "row_variance, 100, cached" } },
        { "sphere_row_mean", run_mean, NULL, 1, { NULL, NULL, NULL } }
    };
    size_t s, w, any = 0;
    const kernel_row *row;
    for (w = 0; w < COUNT(work); w++) any |= (size_t)wanted(work[w].name);
    for (row = kernel_rows; row->name; row++) any |= (size_t)(has(row->inputs, "rR") && wanted(row->name));
    if (!any) return;
    for (s = 0; s < COUNT(sets); s++) {
        const size_t n = quick ? sets[s].quick : sets[s].n, dim = sets[s].dim;
        float *rows = (float *)get(n * dim * sizeof(float)), *out = (float *)get((n > dim ? n : dim) * sizeof(float)), *query = (float *)get(dim * sizeof(float));
        char data[48];
        fill_random(rows, n * dim, 1 + s);
        fill_random(query, dim, 8);
        g.rows.data = rows; g.rows.n = n; g.rows.dim = dim; g.rows.stride = 0;
        g.query = query;
        g.out = out;
        sprintf(data, "%lux%lu", (unsigned long)n, (unsigned long)dim);
        for (row = kernel_rows; row->name; row++) if (has(row->inputs, "rR") && !has(row->inputs, "p") && wanted(row->name)) (void)bench_kernel(row, n, dim, rows, data);
        for (w = 0; w < COUNT(work); w++) if (wanted(work[w].name)) {
            const double elements = (double)n * (double)dim;
            outcome r;
            read_nothing();
            read_this(0, rows, n * dim * sizeof(float));
            r = measure(work[w].name, data, work[w].run, work[w].plain, (double)n, 4 * elements, work[w].flops * elements);
            if (work[w].aim[s] && !sets[s].cached) aim(work[w].aim[s], r.times_read, "x plain read", 1.10, 0);
        }
        free(query);
        free(out);
        free(rows);
    }
}
/* The product of rows and 16 packed queries: as the search uses it, rows in cache. */
static void bench_panel(void)
{
    static const size_t dims[] = { 100, 768 }, counts[] = { 2000, 256 };
    const kernel_row *row = kernel_named("panel");
    size_t s;
    if (!row || !wanted("panel")) return;
    for (s = 0; s < 2; s++) {
        char data[48];
        outcome r;
        sprintf(data, "%lux%lu x16", (unsigned long)counts[s], (unsigned long)dims[s]);
        r = bench_kernel(row, counts[s], dims[s], NULL, data);
        aim(s ? "panel, 768" : "panel, 100", r.share_of_peak * 100, "% of peak", 70, 1);
    }
}
/* Kernels on plain arrays: from memory, and in the first-level cache. */
static void bench_elements(void)
{
    const kernel_row *row;
    for (row = kernel_rows; row->name; row++) {
        char data[48];
        size_t n = quick ? 2000000 : 10000000, dim = 1;
        if (has(row->inputs, "rRp") || !wanted(row->name)) continue;
        if (has(row->outputs, "u")) n = 1024;                           /* one tile of a search */
        if (has(row->inputs, "lk")) { n = 64; dim = 10; }
        if (has(row->inputs, "i")) n = 100000;                          /* 64 bytes an element: one part of a layout */
        sprintf(data, "%lu%s", (unsigned long)n, dim > 1 ? "x16 160 limits" : "");
        (void)bench_kernel(row, n, dim, NULL, data);
        if (n >= 100000) (void)bench_kernel(row, 1000, 1, NULL, "1000");
    }
}

/* -- search. The rows are the 10,000 words that come with the examples, each many times with noise: a cone finds something. */
static float *words;
static size_t word_count;
static void load_words(void)
{
    static const char *const paths[] = { "examples/data/words-10k.npy", "../examples/data/words-10k.npy", "../../examples/data/words-10k.npy" };
    unsigned char head[10];
    size_t p;
    FILE *f = NULL;
    for (p = 0; p < COUNT(paths) && !f; p++) f = fopen(paths[p], "rb");
    word_count = 10000;
    words = (float *)get(word_count * 100 * sizeof(float));
    if (f && fread(head, 1, 10, f) == 10 && !memcmp(head, "\x93NUMPY\x01", 7) && !fseek(f, 10 + head[8] + 256 * head[9], SEEK_SET)) {
        uint16_t *half = (uint16_t *)get(word_count * 100 * sizeof(uint16_t));
        const size_t got = fread(half, sizeof(uint16_t), word_count * 100, f);
        need(sphere_half_to_float(half, words, word_count * 100, NULL), "half_to_float");
        free(half);
        if (got == word_count * 100) { fclose(f); return; }
    }
    if (f) fclose(f);
    fprintf(stderr, "bench: examples/data/words-10k.npy is not here; random rows stand in for it\n");
    fill_random(words, word_count * 100, 30);
}
static const sphere_search_desc *search_desc(const task *t)
{
    static sphere_search_desc desc;
    memset(&desc, 0, sizeof(desc));
    desc.metric = g.metric;
    desc.norms = g.metric_norms;
    desc.exec.simd = t->level;
    return &desc;
}
static void run_topk(const task *t)
{
    need(sphere_search_topk(&g.rows, &g.queries, g.k, search_desc(t), g.index, g.score, NULL, g.memory, g.bytes), "search_topk");
}
static void run_cone(const task *t)
{
    need(sphere_search_cone(&g.rows, &g.queries, g.threshold, g.k, search_desc(t), g.index, g.score, g.counts, NULL, g.memory, g.bytes), "search_cone");
}
static void plain_topk(const task *t)
{
    size_t q;
    for (q = 0; q < g.queries.n; q++)
        PLAIN_OF(t)->topk(g.index, g.score, g.k, g.rows.data, g.metric == SPHERE_COSINE ? g.norms : NULL, g.rows.n, g.rows.dim, g.queries.data + q * g.rows.dim);
}
static void plain_cone(const task *t)
{
    size_t q;
    for (q = 0; q < g.queries.n; q++)
        sink = (float)PLAIN_OF(t)->cone((uint32_t *)g.memory, g.rows.data, g.norms, g.rows.n, g.rows.dim, g.queries.data + q * g.rows.dim, g.threshold);
}
static void bench_search(void)
{
    static const struct { const char *name; size_t queries; int cone, cosine, norms; const char *aim; double limit; } work[] = {
        { "topk_dot", 1, 0, 0, 0, "top-10 dot, 1 query", 1.15 },
        { "topk_cosine_norms", 1, 0, 1, 1, "top-10 cosine with norms, 1 query", 1.15 },
        { "topk_cosine", 1, 0, 1, 0, "top-10 cosine, 1 query", 1.15 },
        { "cone45_norms", 1, 1, 1, 1, "cone 45 degrees with norms, 1 query", 1.15 },
        { "cone45", 1, 1, 1, 0, "cone 45 degrees, 1 query", 1.15 },
        { "topk_dot_100", 100, 0, 0, 0, "top-10 dot, 100 queries", 0 },
        { "topk_cosine_norms_100", 100, 0, 1, 1, NULL, 0 },
        { "cone45_norms_100", 100, 1, 1, 1, NULL, 0 }
    };
    const size_t n = quick ? 100000 : 341479, dim = 100, most = 100;
    float *rows, *queries, *norms, *noise;
    size_t w, i, any = 0, least;
    char data[48];
    for (w = 0; w < COUNT(work); w++) any |= (size_t)wanted(work[w].name);
    if (!any) return;
    rows = (float *)get(n * dim * sizeof(float));
    queries = (float *)get(most * dim * sizeof(float));
    norms = (float *)get(n * sizeof(float));
    noise = (float *)get(dim * sizeof(float));
    for (i = 0; i < n; i++) {
        const float *word = words + i % word_count * dim;
        const float size = sphere_norm(word, dim) * 0.1f;               /* noise of half the length of the word, or so */
        size_t k;
        fill_random(noise, dim, 1000 + i);
        for (k = 0; k < dim; k++) rows[i * dim + k] = word[k] + (i < word_count ? 0 : noise[k] * size);
    }
    g.rows.data = rows; g.rows.n = n; g.rows.dim = dim; g.rows.stride = 0;
    g.queries = g.rows;
    g.queries.n = most;
    need(sphere_row_normalize(&g.queries, queries, 0, NULL), "row_normalize");          /* the first 100 words, as they are */
    need(sphere_row_norm(&g.rows, norms, NULL), "row_norm");
    g.norms = norms;
    g.queries.data = queries;
    g.threshold = 0.70710678f;
    g.k = 10;
    g.index = (uint32_t *)get(most * g.k * sizeof(uint32_t));
    g.score = (float *)get(most * g.k * sizeof(float));
    g.counts = (size_t *)get(most * sizeof(size_t));
    g.bytes = sphere_search_size(&g.rows, &g.queries, g.k, NULL);
    least = n * sizeof(uint32_t);                                       /* plain C puts the hits of a cone here */
    g.memory = get(g.bytes > least ? g.bytes : least);
    sprintf(data, "%lux%lu", (unsigned long)n, (unsigned long)dim);
    for (w = 0; w < COUNT(work); w++) if (wanted(work[w].name)) {
        const double pairs = (double)n * (double)work[w].queries;
        outcome r;
        g.queries.n = work[w].queries;
        g.metric = work[w].cosine ? SPHERE_COSINE : SPHERE_DOT;
        g.metric_norms = work[w].norms ? norms : NULL;
        read_nothing();
        read_this(0, rows, n * dim * sizeof(float));
        if (work[w].norms) read_this(1, norms, n * sizeof(float));
        r = measure(work[w].name, data, work[w].cone ? run_cone : run_topk, work[w].cone ? plain_cone : plain_topk, pairs,
                    (double)(n * dim + (work[w].norms ? n : 0)) * 4, pairs * (double)dim * 2);
        if (work[w].limit > 0) aim(work[w].aim, r.times_read, "x plain read", work[w].limit, 0);
        else if (work[w].aim) aim(work[w].aim, r.share_of_peak * 100, "% of peak", 50, 1);
        if (work[w].cone && !csv) printf("%-22s %.1f hits a query\n", "", (double)g.counts[0]);
    }
    free(rows); free(queries); free(norms); free(noise);
    free(g.index); free(g.score); free(g.counts); free(g.memory);
}
static void run_graph(const task *t) { need(sphere_graph(&g.rows, g.k, g.index, g.score, exec_of(t), g.memory, g.bytes), "graph"); }
static void bench_graph(void)
{
    double pairs;
    outcome r;
    if (!wanted("sphere_graph")) return;
    g.rows.data = words; g.rows.n = quick ? 4000 : word_count; g.rows.dim = 100; g.rows.stride = 0;
    g.k = 15;
    g.index = (uint32_t *)get(g.rows.n * g.k * sizeof(uint32_t));
    g.score = (float *)get(g.rows.n * g.k * sizeof(float));
    g.bytes = sphere_graph_size(&g.rows, g.k);
    g.memory = get(g.bytes);
    pairs = (double)g.rows.n * (double)g.rows.n;
    r = measure("sphere_graph", quick ? "4000x100 k=15" : "10000x100 k=15", run_graph, NULL, (double)g.rows.n, 0, pairs * 200);
    if (!quick) aim("graph 10,000 x 100, 15 neighbours", r.ns * 1e-9 * (double)g.rows.n, "s", 0.6, 0);
    aim("graph, as n^2 dot products", r.share_of_peak * 100, "% of peak", 50, 1);
    free(g.index); free(g.score); free(g.memory);
}

/* -- coordinates, halves, quality */
static void run_to_spherical(const task *t)
{
    need(sphere_to_spherical(g.points[0], g.points[1], g.points[2], g.points[3], g.points[4], g.points[5], g.n, exec_of(t)), "to_spherical");
}
static void run_to_cartesian(const task *t)
{
    need(sphere_to_cartesian(g.points[0], g.points[1], g.points[2], g.points[3], g.points[4], g.points[5], g.n, exec_of(t)), "to_cartesian");
}
static void run_half(const task *t) { need(sphere_half_to_float(g.halves, g.out, g.n, exec_of(t)), "half_to_float"); }
static void plain_to_spherical(const task *t)
{
    PLAIN_OF(t)->to_spherical(g.points[3], g.points[4], g.points[5], g.points[0], g.points[1], g.points[2], g.n, 0);
}
static void plain_to_cartesian(const task *t)
{
    PLAIN_OF(t)->to_cartesian(g.points[3], g.points[4], g.points[5], g.points[0], g.points[1], g.points[2], g.n);
}
static void plain_half(const task *t) { PLAIN_OF(t)->half(g.out, g.halves, g.n); }
static void bench_points(void)
{
    const size_t n = quick ? 1000000 : 10000000;
    const char *data = quick ? "1000000" : "10000000";
    size_t k;
    outcome r;
    if (!wanted("sphere_to_spherical") && !wanted("sphere_to_cartesian") && !wanted("sphere_half_to_float")) return;
    g.n = n;
    read_nothing();
    for (k = 0; k < 6; k++) g.points[k] = (float *)get(n * sizeof(float));
    for (k = 0; k < 3; k++) {
        fill_random(g.points[k], n, 40 + k);
        read_this(k, g.points[k], n * sizeof(float));
    }
    if (wanted("sphere_to_spherical")) {
        r = measure("sphere_to_spherical", data, run_to_spherical, plain_to_spherical, (double)n, (double)n * 12, (double)n * 70);
        aim("to_spherical, ns on another machine", r.ns, "ns a point", 1.8, 0);
        aim("to_spherical", r.times_fast, "x -ffast-math", 1.05, 0);
    }
    if (wanted("sphere_to_cartesian")) {
        for (k = 0; k < n; k++) {                                       /* radius, colatitude, azimuth */
            g.points[0][k] = sphere_abs_(g.points[0][k]);
            g.points[1][k] = (g.points[1][k] + 1) * 1.57f;
            g.points[2][k] = (g.points[2][k] + 1) * 3.14f;
        }
        r = measure("sphere_to_cartesian", data, run_to_cartesian, plain_to_cartesian, (double)n, (double)n * 12, (double)n * 60);
        aim("to_cartesian, ns on another machine", r.ns, "ns a point", 2.2, 0);
        aim("to_cartesian", r.times_fast, "x -ffast-math", 1.05, 0);
    }
    if (wanted("sphere_half_to_float")) {
        g.halves = (uint16_t *)(void *)g.points[0];
        g.out = g.points[1];
        fill_operand('h', g.halves, n, 50);
        read_nothing();
        read_this(0, g.halves, n * sizeof(uint16_t));
        (void)measure("sphere_half_to_float", data, run_half, plain_half, (double)n, (double)n * 2, 0);
    }
    for (k = 0; k < 6; k++) free(g.points[k]);
}
/* -- a cone of 45 degrees among points all over the sphere: a byte for each, or a list of those inside */
static const sphere_cone cone45 = { { 0.6f, 0, 0.8f }, 0.70710678f, NULL, 0, 0 };
static void run_cone_bytes(const task *t)
{
    need(sphere_cone_bytes(g.points[0], g.points[1], g.points[2], g.n, &cone45, (uint8_t *)(void *)g.points[3], exec_of(t)), "cone_bytes");
}
static void run_cone_index(const task *t)
{
    size_t count;
    need(sphere_cone_index(g.points[0], g.points[1], g.points[2], g.n, &cone45, g.n, (uint32_t *)(void *)g.points[3], &count, exec_of(t)), "cone_index");
}
static void bench_cones(void)
{
    static const struct { size_t n; const char *data, *name, *ratio; double limit; } sizes[3] = {
        { 100000, "100000", "cone list, 1e5 points, another machine", "cone list by byte mask, 1e5 points", 22 },
        { 1000000, "1000000", "cone list, 1e6 points, another machine", "cone list by byte mask, 1e6 points", 430 },
        { 10000000, "10000000", "cone list, 1e7 points", "cone list by byte mask, 1e7 points", 1.10 } };
    const size_t most = quick ? 2 : 3, n = sizes[most - 1].n;
    size_t k, w;
    if (!wanted("sphere_cone_bytes") && !wanted("sphere_cone_index")) return;
    for (k = 0; k < 4; k++) g.points[k] = (float *)get(n * sizeof(float));
    need(sphere_points_random(60, 0, 0, n, g.points[0], g.points[1], g.points[2], NULL), "points_random");
    for (w = 0; w < most; w++) {
        outcome bytes, list;
        g.n = sizes[w].n;
        read_nothing();
        for (k = 0; k < 3; k++) read_this(k, g.points[k], g.n * sizeof(float));
        bytes = measure("sphere_cone_bytes", sizes[w].data, run_cone_bytes, NULL, (double)g.n, (double)g.n * 12, (double)g.n * 5);
        list = measure("sphere_cone_index", sizes[w].data, run_cone_index, NULL, (double)g.n, (double)g.n * 12, (double)g.n * 5);
        if (w < 2) aim(sizes[w].name, list.ns * 1e-3 * (double)g.n, "us", sizes[w].limit, 0);
        else aim(sizes[w].name, list.times_read, "x plain read", sizes[w].limit, 0);
        aim(sizes[w].ratio, list.ns / bytes.ns, "x", 1.1, 0);
    }
    for (k = 0; k < 4; k++) free(g.points[k]);
}
static void run_evenness(const task *t)
{
    sphere_evenness_desc desc;
    sphere_evenness out;
    memset(&desc, 0, sizeof(desc));
    desc.exec.simd = t->level;
    need(sphere_measure_evenness(g.points[0], g.points[1], g.points[2], g.n, &desc, &out, g.memory, g.bytes), "measure_evenness");
}
static void run_fidelity(const task *t)
{
    sphere_fidelity_desc desc;
    sphere_fidelity out;
    memset(&desc, 0, sizeof(desc));
    desc.samples = g.k;
    desc.exec.simd = t->level;
    need(sphere_measure_fidelity(&g.rows, g.points[0], g.points[1], g.points[2], &desc, &out, g.memory, g.bytes), "measure_fidelity");
}
static void bench_quality(void)
{
    sphere_fidelity_desc desc;
    size_t k;
    if (!wanted("sphere_evenness") && !wanted("sphere_fidelity")) return;
    g.n = word_count;
    for (k = 0; k < 3; k++) { g.points[k] = (float *)get(g.n * sizeof(float)); fill_random(g.points[k], g.n, 60 + k); }
    need(sphere_unit(g.points[0], g.points[1], g.points[2], g.n, NULL), "unit");
    if (wanted("sphere_evenness")) {
        g.bytes = sphere_evenness_size(g.n, NULL);
        g.memory = get(g.bytes);
        (void)measure("sphere_evenness", "10000 x 500 axes", run_evenness, NULL, (double)g.n * 500, 0, 0);
        free(g.memory);
    }
    if (wanted("sphere_fidelity")) {
        memset(&desc, 0, sizeof(desc));
        desc.samples = g.k = quick ? 200 : 1000;
        g.rows.data = words; g.rows.n = word_count; g.rows.dim = 100; g.rows.stride = 0;
        g.bytes = sphere_fidelity_size(&g.rows, &desc);
        g.memory = get(g.bytes);
        (void)measure("sphere_fidelity", quick ? "200 of 10000x100" : "1000 of 10000x100", run_fidelity, NULL, (double)g.k, 0, 0);
        free(g.memory);
    }
    for (k = 0; k < 3; k++) free(g.points[k]);
}

/* -- fill and layout */
#if !defined(BENCH_WITHOUT_FILL)
static struct {
    const float *scores;
    const uint64_t *quota;
    uint32_t *shell;
    size_t shells;
} fill;
static const sphere_fill_desc *fill_desc(const task *t)
{
    static sphere_fill_desc desc;
    memset(&desc, 0, sizeof(desc));
    if (t) desc.exec.simd = t->level;
    return &desc;
}
static void run_fill(const task *t)
{
    sphere_fill_report report;
    need(sphere_fill(fill.scores, g.n, fill.quota, fill.shells, fill_desc(t), fill.shell, &report, g.memory, g.bytes), "fill");
}
static void run_fill_scores(const task *t)
{
    need(sphere_fill_scores(g.rows.data, g.rows.n, g.rows.dim, 0, SPHERE_FILL_NORM_VARIANCE, g.out, exec_of(t)), "fill_scores");
}
static void run_fill_norms(const task *t)
{
    need(sphere_fill_scores(g.rows.data, g.rows.n, g.rows.dim, 0, SPHERE_FILL_NORM, g.out, exec_of(t)), "fill_scores");
}
/* What most people would write: sort (score, index) with the C library and cut the order into shells. */
typedef struct pair { float score; uint32_t index; } pair;
static int by_score(const void *a, const void *b)
{
    const pair *x = (const pair *)a, *y = (const pair *)b;
    if (x->score < y->score || x->score > y->score) return x->score < y->score ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}
static void plain_fill(const task *t)
{
    pair *order = (pair *)malloc(g.n * sizeof(pair));
    size_t i, s = 0;
    uint64_t left;
    (void)t;
    if (!order) { fprintf(stderr, "bench: no memory to sort\n"); exit(1); }
    for (i = 0; i < g.n; i++) { order[i].score = fill.scores[i]; order[i].index = (uint32_t)i; }
    qsort(order, g.n, sizeof(pair), by_score);
    for (i = 0, left = fill.quota[0]; i < g.n; i++, left--) {
        while (left == 0) left = fill.quota[++s];
        fill.shell[order[i].index] = (uint32_t)s;
    }
    free(order);
}
static void make_shells(size_t n, size_t shells)
{
    double *radii = (double *)get(shells * sizeof(double));
    uint64_t *quota = (uint64_t *)get(shells * sizeof(uint64_t));
    need(sphere_fill_radii(n, shells, fill_desc(NULL), radii), "fill_radii");
    need(sphere_fill_quota(n, shells, radii, fill_desc(NULL), quota), "fill_quota");
    free(radii);
    fill.quota = quota;
    fill.shells = shells;
}
static void bench_fill(void)
{
    const size_t n = quick ? 1000000 : 10000000, rows = quick ? 200000 : 1000000;
    const char *data = quick ? "1000000 to 512" : "10000000 to 512";
    if (wanted("sphere_fill")) {
        float *scores = (float *)get(n * sizeof(float));
        size_t i;
        outcome r;
        for (i = 0; i < n; i++) {                                       /* like norms: a bell around 1 */
            const uint64_t at = (uint64_t)70 << 40 | 4 * i;
            scores[i] = 1.0f + 0.1f * (random_float(at) + random_float(at + 1) + random_float(at + 2) + random_float(at + 3));
        }
        make_shells(n, 512);
        fill.scores = scores;
        fill.shell = (uint32_t *)get(n * sizeof(uint32_t));
        g.n = n;
        g.bytes = sphere_fill_size(n, 512, fill_desc(NULL));
        g.memory = get(g.bytes);
        read_nothing();
        read_this(0, scores, n * sizeof(float));
        r = measure("sphere_fill", data, run_fill, plain_fill, (double)n, (double)n * 4, 0);
        aim("fill, 512 shells", 1e3 / r.ns, "million points/s", 20, 1);
        free(g.memory); free(fill.shell); free((void *)(uintptr_t)fill.quota); free(scores);
    }
    if (wanted("sphere_fill_scores")) {
        float *data_rows = (float *)get(rows * 100 * sizeof(float));
        outcome r;
        fill_random(data_rows, rows * 100, 71);
        g.rows.data = data_rows; g.rows.n = rows; g.rows.dim = 100; g.rows.stride = 0;
        g.out = (float *)get(rows * sizeof(float));
        read_nothing();
        read_this(0, data_rows, rows * 100 * sizeof(float));
        r = measure("sphere_fill_scores", quick ? "200000x100 norm" : "1000000x100 norm", run_fill_norms, NULL, (double)rows, (double)rows * 400, (double)rows * 200);
        aim("fill scores from rows, norm", r.times_read, "x plain read", 1.10, 0);
        r = measure("sphere_fill_scores", quick ? "200000x100 +var" : "1000000x100 +var", run_fill_scores, NULL, (double)rows, (double)rows * 400, (double)rows * 600);
        aim("fill scores from rows, norm (1 + var)", r.times_read, "x plain read", 1.10, 0);
        free(g.out);
        free(data_rows);
    }
}
/* The whole job of a map: graph, start, gradient, equalisation of the words. Every stage writes what the next reads. */
static void run_layout(const task *t)
{
    sphere_fill_layout_desc layout;
    sphere_fill_equalize_desc equalize;
    memset(&layout, 0, sizeof(layout));
    memset(&equalize, 0, sizeof(equalize));
    layout.exec.simd = equalize.exec.simd = t->level;
    need(sphere_graph(&g.rows, g.k, g.index, g.score, exec_of(t), g.memory, g.bytes), "graph");
    need(sphere_fill_start(g.rows.data, g.rows.n, g.rows.dim, 0, g.points[0], g.points[1], g.points[2], exec_of(t), g.memory, g.bytes), "fill_start");
    need(sphere_fill_layout(g.index, g.score, g.rows.n, g.k, &layout, g.points[0], g.points[1], g.points[2], g.memory, g.bytes), "fill_layout");
    need(sphere_fill_equalize(g.points[0], g.points[1], g.points[2], g.rows.n, &equalize, g.memory, g.bytes), "fill_equalize");
}
static void bench_layout(void)
{
    size_t k, sizes[4];
    outcome r;
    if (!wanted("sphere_fill_layout")) return;
    g.rows.data = words; g.rows.n = quick ? 2000 : word_count; g.rows.dim = 100; g.rows.stride = 0;
    g.k = 15;
    for (k = 0; k < 3; k++) g.points[k] = (float *)get(g.rows.n * sizeof(float));
    g.index = (uint32_t *)get(g.rows.n * g.k * sizeof(uint32_t));
    g.score = (float *)get(g.rows.n * g.k * sizeof(float));
    sizes[0] = sphere_graph_size(&g.rows, g.k);
    sizes[1] = sphere_fill_start_size(g.rows.n, g.rows.dim);
    sizes[2] = sphere_fill_layout_size(g.rows.n, g.k);
    sizes[3] = sphere_fill_equalize_size(g.rows.n);
    for (g.bytes = 0, k = 0; k < 4; k++) if (sizes[k] > g.bytes) g.bytes = sizes[k];
    g.memory = get(g.bytes);
    r = measure("sphere_fill_layout", quick ? "2000x100 all" : "10000x100 all", run_layout, NULL, (double)g.rows.n, 0, 0);
    if (!quick) aim("layout of 10,000 x 100 with its graph", r.ns * 1e-9 * (double)g.rows.n, "s", 6, 0);
    for (k = 0; k < 3; k++) free(g.points[k]);
    free(g.index); free(g.score); free(g.memory);
}
#endif

static void print_machine(void)
{
    const char *hash = csv ? "# " : "";
    char line[256], *name = NULL;
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && !name && fgets(line, sizeof(line), f)) if (!strncmp(line, "model name", 10) || !strncmp(line, "Model", 5)) name = strchr(line, ':');
    if (name) {
        name[strcspn(name, "\n")] = 0;
        printf("%smachine  %s, best level %s\n", hash, name + 2, level_name(sphere_simd_best()));
    } else printf("%smachine  unknown, best level %s\n", hash, level_name(sphere_simd_best()));
    if (f) fclose(f);
#if defined(__clang__)
    printf("%scompiler clang %s\n", hash, __clang_version__);
#elif defined(__GNUC__)
    printf("%scompiler gcc %s\n", hash, __VERSION__);
#endif
#if !defined(BENCH_PLAIN)
    printf("%splain C is not linked in: see the head of bench/bench.c\n", hash);
#endif
}
int main(int argc, char **argv)
{
    int k;
    for (k = 1; k < argc; k++) {
        if (!strcmp(argv[k], "--quick")) quick = 1;
        else if (!strcmp(argv[k], "--csv")) csv = 1;
        else if (!strcmp(argv[k], "--filter") && k + 1 < argc) filter = argv[++k];
        else {
            printf("usage: bench [--quick] [--filter NAME] [--csv]\n");
            return strcmp(argv[k], "--help") ? 2 : 0;
        }
    }
    print_machine();
    load_words();
    print_head();
    bench_rows();
    bench_panel();
    bench_elements();
    bench_search();
    bench_graph();
    bench_points();
    bench_cones();
    bench_quality();
#if !defined(BENCH_WITHOUT_FILL)
    bench_fill();
    bench_layout();
#endif
    print_targets();
    free(words);
    return 0;
}
