/* sphere_fill.h: behaviour, accuracy and bad input of every public function, against long double, a stable sort or the geometry
   itself. Each answer is checked at the portable and at the best level, and with job systems that run the tasks in other orders. */
#define SPHERE_FILL_IMPLEMENTATION
#include "../sphere_fill.h"
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define FAILS(want, call) do { const sphere_status got_ = (call); cr_assert(got_ == (want), "%s\n  gave %d, not %d", #call, (int)got_, (int)(want)); } while (0)
#define OK(call) FAILS(SPHERE_OK, call)

/* -- tools */
static uint64_t random_state = 88172645463325252u;
static uint32_t random_bits(void)
{
    random_state ^= random_state << 13; random_state ^= random_state >> 7; random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32);
}
static float uniform(void) { return (float)(random_bits() >> 8) / 8388608.0f - 1.0f; }                 /* -1 .. 1 */
static float normal(void)
{
    float sum = 0;
    int k;
    for (k = 0; k < 12; k++) sum += .5f * uniform();
    return sum;
}
/* Every block is as large as asked and no larger, so that the address sanitizer sees each step beyond it. */
static void *get(size_t bytes) { void *p = malloc(bytes ? bytes : 1); cr_assert(p != NULL); return p; }
static float *floats(size_t n) { return (float *)get(n * sizeof(float)); }
static void fill_with(float *v, size_t n, float value) { size_t i; for (i = 0; i < n; i++) v[i] = value; }
static int all_are(const float *v, size_t n, float value) { size_t i; for (i = 0; i < n; i++) if (v[i] != value) return 0; return 1; }
/* Work memory of exactly the size asked for, at an odd address; free(base). */
typedef struct work { unsigned char *base, *at; size_t bytes; } work;
static work work_of(size_t bytes)
{
    work w;
    cr_assert(bytes > 0);
    w.base = (unsigned char *)get(bytes + 1);
    w.at = w.base + 1;
    w.bytes = bytes;
    memset(w.base, 0xcd, bytes + 1);
    return w;
}
/* Job systems: backwards, and threads that take every third task. */
static void run_backwards(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context)
{
    (void)user;
    while (tasks-- > 0) task(context, tasks);
}
typedef struct strand { size_t first, tasks; void (*task)(void *context, size_t index); void *context; } strand;
static void *run_strand(void *argument)
{
    const strand *s = (const strand *)argument;
    size_t i;
    for (i = s->first; i < s->tasks; i += 3) s->task(s->context, i);
    return NULL;
}
static void run_threads(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context)
{
    pthread_t thread[3];
    strand s[3];
    size_t i;
    (void)user;
    for (i = 0; i < 3; i++) {
        s[i].first = i; s[i].tasks = tasks; s[i].task = task; s[i].context = context;
        cr_assert(pthread_create(&thread[i], NULL, run_strand, &s[i]) == 0);
    }
    for (i = 0; i < 3; i++) pthread_join(thread[i], NULL);
}
enum { WAYS = 4 };
static sphere_exec way(int number)
{
    sphere_exec exec;
    memset(&exec, 0, sizeof(exec));
    if (number == 1) exec.simd = SPHERE_SIMD_PORTABLE;
    if (number == 2) exec.parallel.run = run_backwards;
    if (number == 3) exec.parallel.run = run_threads;
    return exec;
}
static sphere_exec no_level(void)
{
    sphere_exec exec = way(0);
    exec.simd = sphere_simd_best_() == SPHERE_SIMD_NEON ? SPHERE_SIMD_AVX2 : SPHERE_SIMD_NEON;
    return exec;
}
static int stop_at_once(void *user, size_t done, size_t total) { (void)done; (void)total; ++*(int *)user; return 1; }
static int count_calls(void *user, size_t done, size_t total) { cr_assert(done <= total); ++*(int *)user; return 0; }
static void unit_point(float *x, float *y, float *z)
{
    double a, b, c, s;
    do { a = (double)uniform(); b = (double)uniform(); c = (double)uniform(); s = a * a + b * b + c * c; } while (s > 1 || s < 1e-4);
    s = sqrt(s);
    *x = (float)(a / s); *y = (float)(b / s); *z = (float)(c / s);
}
static double length_error(float x, float y, float z)
{
    return fabs(sqrt((double)x * (double)x + (double)y * (double)y + (double)z * (double)z) - 1);
}

/* -- double functions */
static double ulps(double got, long double exact)
{
    int e;
    frexp((double)exact, &e);
    return (double)(fabsl((long double)got - exact) / ldexpl(1, e - 53));
}
Test(fill, double_functions)
{
    double worst_log = 0, worst_exp = 0, worst_root = 0, worst_power = 0;
    int i;
    for (i = 0; i < 200000; i++) {
        const double mantissa = 1 + (double)random_bits() / 4294967296.0 + (double)random_bits() / 18446744073709551616.0;
        const double x = ldexp(mantissa, (int)(random_bits() % 2000) - 1000), near = ldexp(mantissa, (int)(random_bits() % 3) - 1);
        const double t = ((double)random_bits() / 2147483648.0 - 1) * (i % 2 ? 700 : 2), radius = ldexp(mantissa, (int)(random_bits() % 30) - 10);
        const double power = 4 * (double)random_bits() / 4294967296.0;
        worst_log = fmax(worst_log, fmax(ulps(sphere_fill_log_(x), logl((long double)x)), ulps(sphere_fill_log_(near), logl((long double)near))));
        worst_exp = fmax(worst_exp, ulps(sphere_fill_exp_(t), expl((long double)t)));
        worst_root = fmax(worst_root, ulps(sphere_fill_pow_(radius, 1.5), powl((long double)radius, 1.5L)));
        worst_power = fmax(worst_power, fabs((double)((long double)sphere_fill_pow_(radius, power) / powl((long double)radius, (long double)power) - 1)));
    }
    printf("log %.2f, exp %.2f, x^1.5 %.2f units in the last place; x^y relative %.1e\n", worst_log, worst_exp, worst_root, worst_power);
    cr_assert(worst_log <= 2.5 && worst_exp <= 2 && worst_root <= 2 && worst_power <= 2e-14);
    cr_assert(sphere_fill_log_(1) == 0 && sphere_fill_exp_(0) == 1);
    cr_assert(fabs(sphere_fill_log_(4.9406564584124654e-324) - log(4.9406564584124654e-324)) < 1e-12);
    cr_assert(sphere_fill_pow_(0, 0) == 1 && sphere_fill_pow_(0, 2) == 0 && sphere_fill_pow_(7, 1) == 7 && sphere_fill_pow_(1, 1e9) == 1);
}

/* -- shells */
static long double radius_by_definition(sphere_fill_spacing spacing, size_t s, size_t shells, long double a, long double b)
{
    const long double i = (long double)s, last = (long double)shells - 1, t = i / last;
    switch (spacing) {
    case SPHERE_FILL_SQRT: return a + (b - a) * sqrtl(t);
    case SPHERE_FILL_LINEAR: return a + (b - a) * t;
    case SPHERE_FILL_QUADRATIC: return a + (b - a) * t * t;
    case SPHERE_FILL_LOG: return a + (b - a) * logl(1 + i) / logl(last + 1);
    case SPHERE_FILL_GEOMETRIC: return a * powl(b / a, t);
    case SPHERE_FILL_GOLDEN: return a * powl(b / a, i / (last + 1));
    case SPHERE_FILL_PRIME: default: return a + (b - a) * i * (1 + logl(1 + i)) / (last * (1 + logl(1 + last)));
    }
}
Test(fill, radii_follow_their_definitions)
{
    static const size_t shells[] = { 2, 3, 64, 512, 1000 };
    double radii[1000], worst = 0;
    size_t k, s;
    int spacing;
    for (spacing = 0; spacing <= (int)SPHERE_FILL_PRIME; spacing++) for (k = 0; k < 5; k++) {
        sphere_fill_desc desc;
        memset(&desc, 0, sizeof(desc));
        desc.spacing = (sphere_fill_spacing)spacing;
        desc.min_radius = 128;
        desc.max_radius = 1024;
        OK(sphere_fill_radii(1000, shells[k], &desc, radii));
        for (s = 0; s < shells[k]; s++) {
            worst = fmax(worst, fabs((double)((long double)radii[s] / radius_by_definition(desc.spacing, s, shells[k], 128, 1024) - 1)));
            cr_assert(s == 0 || radii[s] > radii[s - 1]);
        }
        cr_assert(radii[0] == 128 && (spacing == SPHERE_FILL_GOLDEN ? radii[shells[k] - 1] < 1024 : radii[shells[k] - 1] == 1024));
        desc.max_radius = 128;                                                          /* minimum = maximum */
        OK(sphere_fill_radii(1000, shells[k], &desc, radii));
        for (s = 0; s < shells[k]; s++) cr_assert(radii[s] == 128);
        OK(sphere_fill_radii(1000, 1, &desc, radii));
        cr_assert(radii[0] == 128);
    }
    printf("radii: relative error %.1e\n", worst);
    cr_assert(worst < 4e-15);
}
Test(fill, radii_by_scale)
{
    double radii[4096];
    OK(sphere_fill_radii(1000, 512, NULL, radii));
    cr_assert(radii[0] == 16 && radii[511] == 1024);
    OK(sphere_fill_radii(99999, 4096, NULL, radii));
    cr_assert(radii[0] == 16 && radii[4095] == 8192);
    OK(sphere_fill_radii(100000, 512, NULL, radii));
    cr_assert(radii[0] == 32);
    OK(sphere_fill_radii(10000000, 4096, NULL, radii));
    cr_assert(fabs(radii[0] - 409.6) < 1e-12);
    OK(sphere_fill_radii(1000000000, 512, NULL, radii));
    cr_assert(radii[0] == 128);
    OK(sphere_fill_radii(1000, 4, NULL, radii));                                        /* never more than half of the maximum */
    cr_assert(radii[0] == 4 && radii[3] == 8);
    OK(sphere_fill_radii(1000, 1, NULL, radii));
    cr_assert(radii[0] == 1);
}
Test(fill, radii_reject)
{
    sphere_fill_desc desc;
    double radii[4] = { -7, -7, -7, -7 };
    memset(&desc, 0, sizeof(desc));
    FAILS(SPHERE_E_RANGE, sphere_fill_radii(10, 0, NULL, radii));
    FAILS(SPHERE_E_RANGE, sphere_fill_radii(10, 0x80000000u, NULL, radii));
    FAILS(SPHERE_E_NULL, sphere_fill_radii(10, 4, NULL, NULL));
    desc.min_radius = 10; desc.max_radius = 9;
    FAILS(SPHERE_E_RANGE, sphere_fill_radii(10, 4, &desc, radii));
    desc.max_radius = HUGE_VAL;
    FAILS(SPHERE_E_RANGE, sphere_fill_radii(10, 4, &desc, radii));
    desc.max_radius = (double)NAN;
    FAILS(SPHERE_E_NAN, sphere_fill_radii(10, 4, &desc, radii));
    desc.max_radius = 20; desc.min_radius = -1;
    FAILS(SPHERE_E_RANGE, sphere_fill_radii(10, 4, &desc, radii));
    desc.min_radius = 1; desc.spacing = (sphere_fill_spacing)7;
    FAILS(SPHERE_E_RANGE, sphere_fill_radii(10, 4, &desc, radii));
    desc.spacing = (sphere_fill_spacing)-1;
    FAILS(SPHERE_E_RANGE, sphere_fill_radii(10, 4, &desc, radii));
    desc.spacing = SPHERE_FILL_SQRT; desc.nan_last = 2;
    FAILS(SPHERE_E_RANGE, sphere_fill_radii(10, 4, &desc, radii));
    desc.nan_last = 0; desc.exponent = -2;
    FAILS(SPHERE_E_RANGE, sphere_fill_radii(10, 4, &desc, radii));
    cr_assert(radii[0] == -7 && radii[3] == -7);
}

/* -- quotas */
static void check_quota(size_t n, const double *radii, size_t shells, double exponent)
{
    sphere_fill_desc desc;
    uint64_t *quota = (uint64_t *)get(shells * sizeof(uint64_t)), sum = 0;
    long double total = 0, w, largest = 0;
    size_t s;
    memset(&desc, 0, sizeof(desc));
    desc.exponent = exponent;
    OK(sphere_fill_quota(n, shells, radii, &desc, quota));
    for (s = 0; s < shells; s++) largest = fmaxl(largest, (long double)radii[s]);
    for (s = 0; s < shells; s++) total += exponent < 0 ? 1 : powl((long double)radii[s] / largest, exponent == 0 ? 1.5L : (long double)exponent);
    for (s = 0; s < shells; s++) {
        w = exponent < 0 ? 1 : powl((long double)radii[s] / largest, exponent == 0 ? 1.5L : (long double)exponent);
        /* The slack is the rounding of the weights to 53 bits and of long double itself. */
        cr_assert(fabsl((long double)quota[s] - (long double)n * w / total) < 1 + (long double)n * 1e-14L, "n %lu, shell %lu of %lu", (unsigned long)n, (unsigned long)s, (unsigned long)shells);
        sum += quota[s];
    }
    cr_assert(sum == n);
    free(quota);
}
Test(fill, quotas_are_within_one)
{
    static const size_t shells[] = { 1, 2, 7, 64, 512, 3000 };
    static const size_t n[] = { 0, 1, 5, 1000, 9973, 1000000, 4000000007u };
    static const double exponent[] = { 0, .5, 1, 2, 3.7, SPHERE_FILL_EQUAL };
    double *radii = (double *)get(3000 * sizeof(double));
    size_t a, b, c;
    for (a = 0; a < 6; a++) for (b = 0; b < 7; b++) for (c = 0; c < 6; c++) {
        OK(sphere_fill_radii(n[b], shells[a], NULL, radii));
        check_quota(n[b], radii, shells[a], exponent[c]);
    }
    free(radii);
}
Test(fill, quotas_by_hand)
{
    static const double three[3] = { 1, 1, 1 }, zeros[4] = { 0, 0, 0, 0 }, one_two[2] = { 1, 2 };
    sphere_fill_desc desc;
    uint64_t quota[4];
    memset(&desc, 0, sizeof(desc));
    OK(sphere_fill_quota(10, 3, three, &desc, quota));                                  /* equal remainders: the lower shell wins */
    cr_assert(quota[0] == 4 && quota[1] == 3 && quota[2] == 3);
    OK(sphere_fill_quota(11, 3, three, &desc, quota));
    cr_assert(quota[0] == 4 && quota[1] == 4 && quota[2] == 3);
    OK(sphere_fill_quota(2, 4, zeros, &desc, quota));                                   /* no weight at all: equal shares */
    cr_assert(quota[0] == 1 && quota[1] == 1 && quota[2] == 0 && quota[3] == 0);
    desc.exponent = 1;
    OK(sphere_fill_quota(3, 2, one_two, &desc, quota));
    cr_assert(quota[0] == 1 && quota[1] == 2);
    OK(sphere_fill_quota(4, 2, one_two, &desc, quota));                                 /* 1.33 and 2.67 */
    cr_assert(quota[0] == 1 && quota[1] == 3);
    OK(sphere_fill_quota((size_t)-1, 2, three, &desc, quota));                          /* all of size_t: 2^64 - 1 here */
    cr_assert(quota[0] == (uint64_t)(size_t)-1 / 2 + 1 && quota[1] == (uint64_t)(size_t)-1 / 2);
}
Test(fill, quota_rejects)
{
    double radii[3] = { 1, 2, 3 };
    uint64_t quota[3] = { 77, 77, 77 };
    sphere_fill_desc desc;
    memset(&desc, 0, sizeof(desc));
    FAILS(SPHERE_E_NULL, sphere_fill_quota(9, 3, NULL, &desc, quota));
    FAILS(SPHERE_E_NULL, sphere_fill_quota(9, 3, radii, &desc, NULL));
    FAILS(SPHERE_E_RANGE, sphere_fill_quota(9, 0, radii, &desc, quota));
    FAILS(SPHERE_E_RANGE, sphere_fill_quota(9, 0x80000000u, radii, &desc, quota));
    FAILS(SPHERE_E_OVERLAP, sphere_fill_quota(9, 3, radii, &desc, (uint64_t *)(void *)radii));
    radii[1] = -1;
    FAILS(SPHERE_E_RANGE, sphere_fill_quota(9, 3, radii, &desc, quota));
    radii[1] = HUGE_VAL;
    FAILS(SPHERE_E_RANGE, sphere_fill_quota(9, 3, radii, &desc, quota));
    radii[1] = (double)NAN;
    FAILS(SPHERE_E_NAN, sphere_fill_quota(9, 3, radii, &desc, quota));
    radii[1] = 2;
    desc.exponent = (double)NAN;
    FAILS(SPHERE_E_NAN, sphere_fill_quota(9, 3, radii, &desc, quota));
    desc.exponent = HUGE_VAL;
    FAILS(SPHERE_E_RANGE, sphere_fill_quota(9, 3, radii, &desc, quota));
    cr_assert(quota[0] == 77 && quota[1] == 77 && quota[2] == 77);
}

/* -- exact fill */
static float score_of(int kind, size_t i)
{
    const uint32_t u = random_bits();
    float v;
    switch (kind) {
    case 0: return uniform();
    case 1: return normal();
    case 2: return 3.5f;
    case 3: return (float)(u % 5);
    case 4: return sphere_from_bits_(u & 0x807fffffu);                                  /* subnormals of both signs */
    case 5: return u & 1u ? 0.0f : -0.0f;
    case 6: v = sphere_from_bits_(u); return v == v ? v : 1.0f;                         /* everything that is a number */
    case 7: return u % 50u == 0 ? (u & 64u ? sphere_inf_() : -sphere_inf_()) : uniform();
    case 8: return (float)i;
    case 9: return -(float)i;
    case 10: return u % 3u ? 1.0f : sphere_from_bits_(0x3f800000u + u % 7u);            /* neighbours of 1 */
    case 11: return sphere_sqrt_(20 + normal());                                        /* like norms of rows */
    default: return i % 1000 ? 1 + 1e-3f * uniform() : (float)i * 1e30f;                /* a few far away */
    }
}
typedef struct ranked { uint32_t key, index; } ranked;
static int by_key(const void *a, const void *b)
{
    const ranked *p = (const ranked *)a, *q = (const ranked *)b;
    return p->key != q->key ? (p->key < q->key ? -1 : 1) : p->index < q->index ? -1 : p->index > q->index;
}
static void sorted_fill(const float *scores, size_t n, const uint64_t *quota, uint32_t *shell)
{
    ranked *r = (ranked *)get(n * sizeof(ranked));
    uint64_t left = quota[0];
    uint32_t s = 0;
    size_t i;
    for (i = 0; i < n; i++) {
        const float v = scores[i] == 0 ? 0 : scores[i];
        const uint32_t u = sphere_bits_(v);
        r[i].key = v != v ? 0xffffffffu : u >> 31 ? ~u : u | 0x80000000u;
        r[i].index = (uint32_t)i;
    }
    qsort(r, n, sizeof(ranked), by_key);
    for (i = 0; i < n; i++) {
        while (left == 0) left = quota[++s];
        left--;
        shell[r[i].index] = s;
    }
    free(r);
}
static void check_fill(const float *scores, size_t n, const uint64_t *quota, size_t shells, int nan_last, const char *what, int kind)
{
    uint32_t *want = (uint32_t *)get(n * 4), *shell = (uint32_t *)get(n * 4);
    int w, memory;
    sorted_fill(scores, n, quota, want);
    for (w = 0; w < WAYS; w++) for (memory = 0; memory < 3; memory++) {
        sphere_fill_desc desc;
        sphere_fill_report report;
        work m;
        size_t least, most;
        memset(&desc, 0, sizeof(desc));
        desc.nan_last = nan_last;
        desc.exec = way(w);
        least = sphere_fill_size_min(n, shells, &desc);
        most = sphere_fill_size(n, shells, &desc);
        cr_assert(least <= most);
        m = work_of(memory == 0 ? most : memory == 1 ? least : least + (most - least) / 3);
        memset(shell, 0xee, n * 4);
        OK(sphere_fill(scores, n, quota, shells, &desc, shell, &report, m.at, m.bytes));
        cr_assert(!memcmp(shell, want, n * 4), "%s %d: n %lu, shells %lu, way %d, memory %d", what, kind, (unsigned long)n, (unsigned long)shells, w, memory);
        cr_assert(report.largest_deviation == 0 && report.rel_mad == 0 && report.passes >= 1);
        free(m.base);
    }
    free(want);
    free(shell);
}
Test(fill, equals_a_stable_sort, .timeout = 120)
{
    static const size_t sizes[] = { 1, 2, 3, 17, 1000, 20000 }, shells[] = { 1, 2, 7, 64, 512, 3000 };
    double *radii = (double *)get(3000 * sizeof(double));
    uint64_t *quota = (uint64_t *)get(3000 * sizeof(uint64_t));
    float *scores = floats(20000);
    size_t a, b, i;
    int kind;
    for (a = 0; a < 6; a++) for (b = 0; b < 6; b++) for (kind = 0; kind < 13; kind++) {
        for (i = 0; i < sizes[a]; i++) scores[i] = score_of(kind, i);
        OK(sphere_fill_radii(sizes[a], shells[b], NULL, radii));
        OK(sphere_fill_quota(sizes[a], shells[b], radii, NULL, quota));
        if (kind % 3 == 0 && shells[b] > 6) {                                           /* empty shells at the ends and in the middle */
            const uint64_t moved = quota[0] + quota[shells[b] / 2] + quota[shells[b] - 1];
            quota[0] = quota[shells[b] / 2] = quota[shells[b] - 1] = 0;
            quota[shells[b] / 3] += moved;
        }
        check_fill(scores, sizes[a], quota, shells[b], 0, "kind", kind);
    }
    free(radii); free(quota); free(scores);
}
Test(fill, sharded_and_large, .timeout = 120)
{
    const size_t n = 300001, shells = 512;
    double *radii = (double *)get(shells * sizeof(double));
    uint64_t *quota = (uint64_t *)get(shells * sizeof(uint64_t));
    float *scores = floats(n);
    size_t i;
    int kind;
    for (kind = 1; kind < 13; kind += 2) {
        for (i = 0; i < n; i++) scores[i] = score_of(kind, i);
        OK(sphere_fill_radii(n, shells, NULL, radii));
        OK(sphere_fill_quota(n, shells, radii, NULL, quota));
        check_fill(scores, n, quota, shells, 0, "large", kind);
    }
    free(radii); free(quota); free(scores);
}
Test(fill, nan_last)
{
    const size_t n = 5000;
    uint64_t quota[3] = { 1000, 3500, 500 };
    float *scores = floats(n);
    uint32_t *shell = (uint32_t *)get(n * 4);
    sphere_fill_desc desc;
    sphere_fill_report report;
    work m = work_of(sphere_fill_size(n, 3, NULL));
    size_t i, turn;
    memset(&desc, 0, sizeof(desc));
    for (turn = 0; turn < 3; turn++) {                                                  /* some, with infinities; all; one */
        for (i = 0; i < n; i++) scores[i] = turn == 1 || (turn == 0 && i % 7 == 0) ? sphere_from_bits_(0x7fc00001u + (uint32_t)i % 9u) : i % 11 ? uniform() : sphere_inf_();
        if (turn == 2) scores[42] = sphere_from_bits_(0xffc00000u);
        memset(shell, 0xee, n * 4);
        report.passes = 99;
        FAILS(SPHERE_E_NAN, sphere_fill(scores, n, quota, 3, &desc, shell, &report, m.at, m.bytes));
        for (i = 0; i < n; i++) cr_assert(shell[i] == 0xeeeeeeeeu);
        cr_assert(report.passes == 99);
        check_fill(scores, n, quota, 3, 1, "nan", (int)turn);
        desc.nan_last = 1;
        OK(sphere_fill(scores, n, quota, 3, &desc, shell, &report, m.at, m.bytes));
        cr_assert(report.nan_scores == (turn == 0 ? 715u : turn == 1 ? 5000u : 1u));
        desc.nan_last = 0;
    }
    free(scores); free(shell); free(m.base);
}
Test(fill, invariant_to_increasing_maps)
{
    const size_t n = 4000, shells = 64;
    double radii[64];
    uint64_t quota[64];
    float *a = floats(n), *b = floats(n);
    uint32_t *sa = (uint32_t *)get(n * 4), *sb = (uint32_t *)get(n * 4);
    work m = work_of(sphere_fill_size(n, shells, NULL));
    size_t i, j;
    OK(sphere_fill_radii(n, shells, NULL, radii));
    OK(sphere_fill_quota(n, shells, radii, NULL, quota));
    for (i = 0; i < n; i++) { a[i] = (float)(random_bits() % 4096u); b[i] = a[i] * a[i] * 1e20f - 5; }       /* exact order, ties kept */
    OK(sphere_fill(a, n, quota, shells, NULL, sa, NULL, m.at, m.bytes));
    OK(sphere_fill(b, n, quota, shells, NULL, sb, NULL, m.at, m.bytes));
    cr_assert(!memcmp(sa, sb, n * 4));
    for (i = 0; i < 500; i++) for (j = 0; j < 500; j++) cr_assert(!(a[i] < a[j]) || sa[i] <= sa[j]);         /* monotone */
    free(a); free(b); free(sa); free(sb); free(m.base);
}
Test(fill, measure)
{
    const size_t n = 100000, shells = 512;
    double *radii = (double *)get(shells * sizeof(double));
    uint64_t *quota = (uint64_t *)get(shells * sizeof(uint64_t));
    float *scores = floats(n);
    uint32_t *shell = (uint32_t *)get(n * 4);
    sphere_fill_report report;
    work m = work_of(sphere_fill_size(n, shells, NULL)), c = work_of(sphere_fill_measure_size(shells));
    size_t i;
    OK(sphere_fill_radii(n, shells, NULL, radii));
    OK(sphere_fill_quota(n, shells, radii, NULL, quota));
    for (i = 0; i < n; i++) scores[i] = normal();
    OK(sphere_fill(scores, n, quota, shells, NULL, shell, NULL, m.at, m.bytes));
    OK(sphere_fill_measure(shell, n, radii, shells, NULL, &report, c.at, c.bytes));
    printf("100000 points on 512 shells: deviation %.4f, relMAD %.5f\n", report.largest_deviation, report.rel_mad);
    cr_assert(report.largest_deviation < 1 && report.largest_deviation > 0 && report.rel_mad < .0026);
    memset(shell, 0, n * 4);                                                            /* everything in one shell: relMAD near 2 */
    OK(sphere_fill_measure(shell, n, radii, shells, NULL, &report, c.at, c.bytes));
    cr_assert(report.rel_mad > 1.99 && report.rel_mad <= 2);
    OK(sphere_fill_measure(NULL, 0, radii, shells, NULL, &report, c.at, c.bytes));
    cr_assert(report.largest_deviation == 0 && report.rel_mad == 0);
    report.passes = 99;
    shell[n - 1] = 512;
    FAILS(SPHERE_E_RANGE, sphere_fill_measure(shell, n, radii, shells, NULL, &report, c.at, c.bytes));
    FAILS(SPHERE_E_NULL, sphere_fill_measure(NULL, n, radii, shells, NULL, &report, c.at, c.bytes));
    FAILS(SPHERE_E_NULL, sphere_fill_measure(shell, n, NULL, shells, NULL, &report, c.at, c.bytes));
    FAILS(SPHERE_E_NULL, sphere_fill_measure(shell, n, radii, shells, NULL, NULL, c.at, c.bytes));
    FAILS(SPHERE_E_RANGE, sphere_fill_measure(shell, n, radii, 0, NULL, &report, c.at, c.bytes));
    FAILS(SPHERE_E_MEMORY, sphere_fill_measure(shell, n, radii, shells, NULL, &report, c.at, c.bytes - 1));
    FAILS(SPHERE_E_MEMORY, sphere_fill_measure(shell, n, radii, shells, NULL, &report, NULL, c.bytes));
    radii[3] = (double)NAN;
    FAILS(SPHERE_E_NAN, sphere_fill_measure(shell, n, radii, shells, NULL, &report, c.at, c.bytes));
    cr_assert(report.passes == 99);
    free(radii); free(quota); free(scores); free(shell); free(m.base); free(c.base);
}
Test(fill, fill_rejects)
{
    float scores[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    uint64_t quota[3] = { 2, 3, 3 };
    uint32_t shell[8];
    sphere_fill_desc desc;
    sphere_fill_report report;
    work m = work_of(sphere_fill_size(8, 3, NULL));
    const size_t least = sphere_fill_size_min(8, 3, NULL);
    size_t i;
    memset(&desc, 0, sizeof(desc));
    memset(shell, 0xee, sizeof(shell));
    memset(&report, 0xee, sizeof(report));
    FAILS(SPHERE_E_NULL, sphere_fill(NULL, 8, quota, 3, &desc, shell, &report, m.at, m.bytes));
    FAILS(SPHERE_E_NULL, sphere_fill(scores, 8, NULL, 3, &desc, shell, &report, m.at, m.bytes));
    FAILS(SPHERE_E_NULL, sphere_fill(scores, 8, quota, 3, &desc, NULL, &report, m.at, m.bytes));
    FAILS(SPHERE_E_MEMORY, sphere_fill(scores, 8, quota, 3, &desc, shell, &report, NULL, m.bytes));
    FAILS(SPHERE_E_MEMORY, sphere_fill(scores, 8, quota, 3, &desc, shell, &report, m.at, least - 1));
    FAILS(SPHERE_E_RANGE, sphere_fill(scores, 8, quota, 0, &desc, shell, &report, m.at, m.bytes));
    FAILS(SPHERE_E_RANGE, sphere_fill(scores, 8, quota, 0x80000000u, &desc, shell, &report, m.at, m.bytes));
    FAILS(SPHERE_E_RANGE, sphere_fill(scores, 7, quota, 3, &desc, shell, &report, m.at, m.bytes));
    FAILS(SPHERE_E_RANGE, sphere_fill(scores, 8, quota, 2, &desc, shell, &report, m.at, m.bytes));
    quota[1] = 0xfffffffffffffffdu;                                                     /* the sum wraps around to 2 */
    FAILS(SPHERE_E_RANGE, sphere_fill(scores, 8, quota, 3, &desc, shell, &report, m.at, m.bytes));
    quota[1] = 3;
    FAILS(SPHERE_E_OVERLAP, sphere_fill(scores, 8, quota, 3, &desc, (uint32_t *)(void *)(scores + 4), &report, m.at, m.bytes));
    if (SIZE_MAX > 0xffffffffu) FAILS(SPHERE_E_SIZE, sphere_fill(scores, (size_t)0xffffffffu + 1, quota, 3, &desc, shell, &report, m.at, m.bytes));
    desc.exec = no_level();
    FAILS(SPHERE_E_LEVEL, sphere_fill(scores, 8, quota, 3, &desc, shell, &report, m.at, m.bytes));
    desc.exec.simd = (sphere_simd)77;
    FAILS(SPHERE_E_LEVEL, sphere_fill(scores, 8, quota, 3, &desc, shell, &report, m.at, m.bytes));
    desc.exec = way(0);
    desc.nan_last = -1;
    FAILS(SPHERE_E_RANGE, sphere_fill(scores, 8, quota, 3, &desc, shell, &report, m.at, m.bytes));
    for (i = 0; i < 8; i++) cr_assert(shell[i] == 0xeeeeeeeeu);
    cr_assert(report.passes == 0xeeeeeeeeu);
    quota[0] = quota[1] = quota[2] = 0;
    OK(sphere_fill(NULL, 0, quota, 3, NULL, NULL, &report, NULL, 0));
    cr_assert(report.passes == 0 && report.nan_scores == 0);
    cr_assert(sphere_fill_size(8, 0x80000000u, NULL) == 0 && sphere_fill_size_min(8, (size_t)-1, NULL) == 0);
    free(m.base);
}

/* -- scores */
Test(fill, scores)
{
    static const size_t dims[] = { 1, 2, 7, 8, 15, 16, 17, 31, 33, 100, 257 };
    const size_t n = 37;
    size_t a, i, j;
    int w, kind;
    for (a = 0; a < 11; a++) {
        const size_t dim = dims[a], stride = dim + 3;
        float *rows = floats((n - 1) * stride + dim), *first = floats(n), *out = floats(n);
        for (i = 0; i < (n - 1) * stride + dim; i++) rows[i] = i / stride == 5 ? 0 : i / stride == 6 ? 1e30f * uniform() : i / stride == 7 ? 1e-30f * uniform() : uniform();
        for (kind = 0; kind < 2; kind++) for (w = 0; w < WAYS; w++) {
            const sphere_exec exec = way(w);
            OK(sphere_fill_scores(rows, n, dim, stride, (sphere_fill_prominence)kind, w ? out : first, &exec));
            if (w) { cr_assert(!memcmp(first, out, n * 4)); continue; }
            for (i = 0; i < n; i++) {
                double sum = 0, mean = 0, spread = 0, want;
                for (j = 0; j < dim; j++) { sum += (double)rows[i * stride + j] * (double)rows[i * stride + j]; mean += (double)rows[i * stride + j]; }
                mean /= (double)dim;
                for (j = 0; j < dim; j++) spread += ((double)rows[i * stride + j] - mean) * ((double)rows[i * stride + j] - mean);
                want = sqrt(sum) * (kind ? 1 + spread / (double)dim : 1);
                if (want > (double)FLT_MAX) { cr_assert(first[i] > FLT_MAX); continue; }
                cr_assert(fabs((double)first[i] - want) <= 1e-6 * want, "dim %lu, row %lu: %g, not %g", (unsigned long)dim, (unsigned long)i, (double)first[i], want);
            }
        }
        free(rows); free(first); free(out);
    }
}
Test(fill, scores_special)
{
    float rows[12] = { 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, out[4] = { -7, -7, -7, -7 };
    const sphere_exec bad = no_level();
    rows[4] = sphere_from_bits_(0xffc12345u);
    rows[7] = -sphere_inf_();
    OK(sphere_fill_scores(rows, 4, 3, 0, SPHERE_FILL_NORM, out, NULL));
    cr_assert(out[0] == 5 && sphere_bits_(out[1]) == 0x7fc00000u && out[2] == sphere_inf_() && out[3] == 0);
    OK(sphere_fill_scores(rows, 4, 0, 3, SPHERE_FILL_NORM_VARIANCE, out, NULL));        /* no columns: nothing to measure */
    cr_assert(all_are(out, 4, 0));
    fill_with(out, 4, -7);
    FAILS(SPHERE_E_NULL, sphere_fill_scores(NULL, 4, 3, 0, SPHERE_FILL_NORM, out, NULL));
    FAILS(SPHERE_E_NULL, sphere_fill_scores(rows, 4, 3, 0, SPHERE_FILL_NORM, NULL, NULL));
    FAILS(SPHERE_E_RANGE, sphere_fill_scores(rows, 4, 3, 2, SPHERE_FILL_NORM, out, NULL));
    FAILS(SPHERE_E_RANGE, sphere_fill_scores(rows, 4, 3, 0, (sphere_fill_prominence)2, out, NULL));
    FAILS(SPHERE_E_RANGE, sphere_fill_scores(rows, 4, 3, 0, (sphere_fill_prominence)-1, out, NULL));
    FAILS(SPHERE_E_SIZE, sphere_fill_scores(rows, (size_t)-1 / 8, 3, 0, SPHERE_FILL_NORM, out, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_fill_scores(rows, 4, 3, 0, SPHERE_FILL_NORM, rows + 2, NULL));
    FAILS(SPHERE_E_LEVEL, sphere_fill_scores(rows, 4, 3, 0, SPHERE_FILL_NORM, out, &bad));
    cr_assert(all_are(out, 4, -7));
    OK(sphere_fill_scores(NULL, 0, 3, 0, SPHERE_FILL_NORM, NULL, NULL));
}

/* -- start */
static void start(const float *rows, size_t n, size_t dim, size_t stride, float *x, float *y, float *z, int number)
{
    const sphere_exec exec = way(number);
    work m = work_of(sphere_fill_start_size(n, dim));
    OK(sphere_fill_start(rows, n, dim, stride, x, y, z, &exec, m.at, m.bytes));
    free(m.base);
}
Test(fill, start_finds_the_principal_directions)
{
    const size_t n = 20000, dim = 24, stride = 25;                                      /* two shards */
    float *rows = floats(n * stride), *x = floats(n), *y = floats(n), *z = floats(n), *u = floats(n), *v = floats(n), *w = floats(n);
    double worst = 0;
    size_t i, j;
    int k;
    /* Deviations 9, 7, 5 along columns 3, 10, 17 on top of 1 elsewhere, and an offset that centring must take out. */
    for (i = 0; i < n; i++) for (j = 0; j < dim; j++) rows[i * stride + j] = 50 + normal() * (j == 3 ? 9 : j == 10 ? 7 : j == 17 ? 5 : 1);
    start(rows, n, dim, stride, x, y, z, 0);
    for (i = 0; i < n; i++) {
        const double a = (double)rows[i * stride + 3] - 50, b = (double)rows[i * stride + 10] - 50, c = (double)rows[i * stride + 17] - 50;
        const double length = sqrt(a * a + b * b + c * c);
        cr_assert(length_error(x[i], y[i], z[i]) < 3e-7);
        if (length > 3) worst = fmax(worst, fmax(fabs((double)x[i] - a / length), fmax(fabs((double)y[i] - b / length), fabs((double)z[i] - c / length))));
    }
    printf("start: largest difference from the true directions %.3f\n", worst);
    cr_assert(worst < .25);                                                             /* sampling turns the directions by about .01 */
    for (k = 1; k < WAYS; k++) {
        start(rows, n, dim, stride, u, v, w, k);
        cr_assert(!memcmp(x, u, n * 4) && !memcmp(y, v, n * 4) && !memcmp(z, w, n * 4), "way %d", k);
    }
    /* The scale of the rows does not matter, however extreme. */
    for (i = 0; i < n * stride; i++) rows[i] *= 1.329227995784916e+36f;                 /* 2^120 */
    start(rows, n, dim, stride, u, v, w, 0);
    cr_assert(!memcmp(x, u, n * 4) && !memcmp(z, w, n * 4));
    free(rows); free(x); free(y); free(z); free(u); free(v); free(w);
}
Test(fill, start_of_degenerate_rows)
{
    const size_t n = 300;
    size_t i, j, dim;
    int kind;
    for (dim = 1; dim <= 12; dim++) for (kind = 0; kind < 4; kind++) {
        float *rows = floats(n * dim), *x = floats(n), *y = floats(n), *z = floats(n);
        size_t distinct = 0;
        for (i = 0; i < n; i++) {
            const float t = uniform();
            for (j = 0; j < dim; j++) rows[i * dim + j] = kind == 0 ? 0 : kind == 1 ? 1e-3f * (float)(j + 1) : kind == 2 ? t * (float)(j + 1) : uniform();
        }
        start(rows, n, dim, 0, x, y, z, 0);
        for (i = 0; i < n; i++) {
            cr_assert(length_error(x[i], y[i], z[i]) < 3e-7);
            distinct += i > 0 && (x[i] != x[i - 1] || y[i] != y[i - 1] || z[i] != z[i - 1]);
            if (kind == 2) cr_assert(fabsf(x[i]) > .9f || fabs((double)rows[i * dim]) < .1);
        }
        cr_assert(distinct > n - 5, "dim %lu, kind %d: points coincide", (unsigned long)dim, kind);
        free(rows); free(x); free(y); free(z);
    }
}
Test(fill, start_rejects)
{
    float rows[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13 }, x[4], y[4], z[4];
    const sphere_exec bad = no_level();
    work m = work_of(sphere_fill_start_size(4, 3));
    fill_with(x, 4, -7); fill_with(y, 4, -7); fill_with(z, 4, -7);
    FAILS(SPHERE_E_NULL, sphere_fill_start(NULL, 4, 3, 0, x, y, z, NULL, m.at, m.bytes));
    FAILS(SPHERE_E_NULL, sphere_fill_start(rows, 4, 3, 0, x, NULL, z, NULL, m.at, m.bytes));
    FAILS(SPHERE_E_RANGE, sphere_fill_start(rows, 4, 0, 0, x, y, z, NULL, m.at, m.bytes));
    FAILS(SPHERE_E_RANGE, sphere_fill_start(rows, 4, 3, 2, x, y, z, NULL, m.at, m.bytes));
    FAILS(SPHERE_E_SIZE, sphere_fill_start(rows, (size_t)-1 / 8, 3, 0, x, y, z, NULL, m.at, m.bytes));
    FAILS(SPHERE_E_OVERLAP, sphere_fill_start(rows, 4, 3, 0, x, y, x + 1, NULL, m.at, m.bytes));
    FAILS(SPHERE_E_OVERLAP, sphere_fill_start(rows, 4, 3, 0, rows + 2, y, z, NULL, m.at, m.bytes));
    FAILS(SPHERE_E_MEMORY, sphere_fill_start(rows, 4, 3, 0, x, y, z, NULL, m.at, m.bytes - 1));
    FAILS(SPHERE_E_MEMORY, sphere_fill_start(rows, 4, 3, 0, x, y, z, NULL, NULL, m.bytes));
    FAILS(SPHERE_E_LEVEL, sphere_fill_start(rows, 4, 3, 0, x, y, z, &bad, m.at, m.bytes));
    rows[7] = sphere_nan_();
    FAILS(SPHERE_E_NAN, sphere_fill_start(rows, 4, 3, 0, x, y, z, NULL, m.at, m.bytes));
    rows[7] = sphere_inf_();
    FAILS(SPHERE_E_NAN, sphere_fill_start(rows, 4, 3, 0, x, y, z, NULL, m.at, m.bytes));
    cr_assert(all_are(x, 4, -7) && all_are(y, 4, -7) && all_are(z, 4, -7));
    OK(sphere_fill_start(NULL, 0, 3, 0, NULL, NULL, NULL, NULL, NULL, 0));
    cr_assert(sphere_fill_start_size(4, (size_t)-1 / 4) == 0);
    free(m.base);
}

/* -- layout */
/* Neighbour lists of a torus of side x side cells: the four next cells. */
static void torus(size_t side, uint32_t *index, float *similarity)
{
    size_t i;
    for (i = 0; i < side * side; i++) {
        const size_t r = i / side, c = i % side;
        index[4 * i] = (uint32_t)(r * side + (c + 1) % side);
        index[4 * i + 1] = (uint32_t)(r * side + (c + side - 1) % side);
        index[4 * i + 2] = (uint32_t)((r + 1) % side * side + c);
        index[4 * i + 3] = (uint32_t)((r + side - 1) % side * side + c);
        similarity[4 * i] = similarity[4 * i + 1] = similarity[4 * i + 2] = .9f;
        similarity[4 * i + 3] = .8f;
    }
}
static void random_points(float *x, float *y, float *z, size_t n) { size_t i; for (i = 0; i < n; i++) unit_point(x + i, y + i, z + i); }
static double mean_edge_cosine(const uint32_t *index, size_t n, size_t k, const float *x, const float *y, const float *z)
{
    double sum = 0;
    size_t i, e;
    for (i = 0; i < n; i++) for (e = 0; e < k; e++) {
        const uint32_t j = index[i * k + e];
        sum += (double)x[i] * (double)x[j] + (double)y[i] * (double)y[j] + (double)z[i] * (double)z[j];
    }
    return sum / (double)(n * k);
}
Test(fill, layout_brings_neighbours_together)
{
    const size_t side = 40, n = side * side, k = 4;
    uint32_t *index = (uint32_t *)get(n * k * 4);
    float *similarity = floats(n * k), *p[3], *first[3], *q[3];
    double before, after, centre[3] = { 0, 0, 0 };
    size_t i;
    int c, w, calls = 0;
    work m = work_of(sphere_fill_layout_size(n, k));
    sphere_fill_layout_desc desc;
    memset(&desc, 0, sizeof(desc));
    torus(side, index, similarity);
    for (c = 0; c < 3; c++) { p[c] = floats(n); q[c] = floats(n); first[c] = floats(n); }
    random_points(p[0], p[1], p[2], n);
    before = mean_edge_cosine(index, n, k, p[0], p[1], p[2]);
    desc.seed = 5;
    desc.epochs = 100;
    for (w = 0; w < WAYS; w++) {
        desc.exec = way(w);
        desc.progress = count_calls;
        desc.user = &calls;
        for (c = 0; c < 3; c++) memcpy(q[c], p[c], n * 4);
        memset(m.at, w, m.bytes);                                                       /* what the memory held does not matter */
        OK(sphere_fill_layout(index, similarity, n, k, &desc, q[0], q[1], q[2], m.at, m.bytes));
        for (c = 0; c < 3; c++) {
            if (w == 0) memcpy(first[c], q[c], n * 4);
            cr_assert(!memcmp(first[c], q[c], n * 4), "way %d", w);
        }
    }
    cr_assert(calls == 100 * WAYS);
    after = mean_edge_cosine(index, n, k, q[0], q[1], q[2]);
    for (i = 0; i < n; i++) {
        cr_assert(length_error(q[0][i], q[1][i], q[2][i]) < 3e-7);
        for (c = 0; c < 3; c++) centre[c] += (double)q[c][i] / (double)n;
    }
    printf("layout of a torus: mean cosine along edges %.3f to %.3f, centre %.3f %.3f %.3f\n", before, after, centre[0], centre[1], centre[2]);
    cr_assert(fabs(before) < .05 && after > .9);
    cr_assert(sqrt(centre[0] * centre[0] + centre[1] * centre[1] + centre[2] * centre[2]) < .4);      /* it did not collapse */
    for (c = 0; c < 3; c++) { free(p[c]); free(q[c]); free(first[c]); }
    free(index); free(similarity); free(m.base);
}
Test(fill, layout_of_awkward_graphs)
{
    size_t n, k, i, e;
    int kind;
    for (n = 1; n <= 70; n += 3) for (k = 0; k < 6 && k < n; k++) for (kind = 0; kind < 5; kind++) {
        uint32_t *index = (uint32_t *)get(n * k * 4);
        float *similarity = floats(n * k), *x = floats(n), *y = floats(n), *z = floats(n);
        work m = work_of(sphere_fill_layout_size(n, k));
        sphere_fill_layout_desc desc;
        memset(&desc, 0, sizeof(desc));
        desc.epochs = 5;
        for (i = 0; i < n; i++) for (e = 0; e < k; e++) {
            /* all point at the first; at themselves and nowhere; the same neighbour over and over; similarities beyond 1 */
            index[i * k + e] = kind == 0 ? 0 : kind == 1 ? (e % 2 ? (uint32_t)i : 0xffffffffu) : kind == 2 ? (uint32_t)((i + 1) % n) : (uint32_t)((i + e + 1) % n);
            similarity[i * k + e] = kind == 3 ? 1 : kind == 4 ? 3 - 1e30f * (float)e : uniform();
        }
        for (i = 0; i < n; i++) { x[i] = kind == 2 ? 0 : 1e-30f * uniform(); y[i] = kind == 2 ? 0 : 1e-30f; z[i] = 0; }
        OK(sphere_fill_layout(index, similarity, n, k, &desc, x, y, z, m.at, m.bytes));
        for (i = 0; i < n; i++) cr_assert(length_error(x[i], y[i], z[i]) < 3e-7, "n %lu, k %lu, kind %d", (unsigned long)n, (unsigned long)k, kind);
        free(index); free(similarity); free(x); free(y); free(z); free(m.base);
    }
}
Test(fill, layout_keeps_the_start)
{
    float x[3] = { 0, 2, 0 }, y[3] = { 0, 0, -1e30f }, z[3] = { 7, 0, 0 };
    uint32_t index[3] = { 1, 2, 0 };
    float similarity[3] = { 1, 1, 1 };
    work m = work_of(sphere_fill_layout_size(3, 1));
    sphere_fill_layout_desc desc;
    memset(&desc, 0, sizeof(desc));
    desc.epochs = SPHERE_FILL_NO_EPOCHS;
    OK(sphere_fill_layout(index, similarity, 3, 1, &desc, x, y, z, m.at, m.bytes));
    cr_assert(z[0] == 1 && x[1] == 1 && y[2] == -1 && x[0] == 0 && y[0] == 0);
    free(m.base);
}
Test(fill, layout_rejects)
{
    uint32_t index[8] = { 1, 2, 0, 2, 0, 1, 0, 1 };
    float similarity[8] = { 1, 1, 1, 1, 1, 1, 1, 1 }, x[4] = { 1, 0, 0, 1 }, y[4] = { 0, 1, 0, 1 }, z[4] = { 0, 0, 1, 1 }, kept[12];
    sphere_fill_layout_desc desc;
    work m = work_of(sphere_fill_layout_size(4, 2));
    int calls = 0;
    memset(&desc, 0, sizeof(desc));
    desc.epochs = 2;
    memcpy(kept, x, 16); memcpy(kept + 4, y, 16); memcpy(kept + 8, z, 16);
    FAILS(SPHERE_E_NULL, sphere_fill_layout(NULL, similarity, 4, 2, &desc, x, y, z, m.at, m.bytes));
    FAILS(SPHERE_E_NULL, sphere_fill_layout(index, NULL, 4, 2, &desc, x, y, z, m.at, m.bytes));
    FAILS(SPHERE_E_NULL, sphere_fill_layout(index, similarity, 4, 2, &desc, x, y, NULL, m.at, m.bytes));
    FAILS(SPHERE_E_RANGE, sphere_fill_layout(index, similarity, 4, 4, &desc, x, y, z, m.at, m.bytes));
    FAILS(SPHERE_E_OVERLAP, sphere_fill_layout(index, similarity, 4, 2, &desc, x, x, z, m.at, m.bytes));
    FAILS(SPHERE_E_MEMORY, sphere_fill_layout(index, similarity, 4, 2, &desc, x, y, z, m.at, m.bytes - 1));
    FAILS(SPHERE_E_MEMORY, sphere_fill_layout(index, similarity, 4, 2, &desc, x, y, z, NULL, m.bytes));
    if (SIZE_MAX > 0xffffffffu) FAILS(SPHERE_E_SIZE, sphere_fill_layout(index, similarity, 0xffffffffu, 2, &desc, x, y, z, m.at, m.bytes));
    index[5] = 4;
    FAILS(SPHERE_E_RANGE, sphere_fill_layout(index, similarity, 4, 2, &desc, x, y, z, m.at, m.bytes));
    index[5] = 1;
    similarity[7] = sphere_nan_();
    FAILS(SPHERE_E_NAN, sphere_fill_layout(index, similarity, 4, 2, &desc, x, y, z, m.at, m.bytes));
    similarity[7] = sphere_inf_();
    FAILS(SPHERE_E_NAN, sphere_fill_layout(index, similarity, 4, 2, &desc, x, y, z, m.at, m.bytes));
    similarity[7] = 1;
    y[3] = sphere_nan_();
    FAILS(SPHERE_E_NAN, sphere_fill_layout(index, similarity, 4, 2, &desc, x, y, z, m.at, m.bytes));
    y[3] = 1;
    desc.spread = -1;
    FAILS(SPHERE_E_RANGE, sphere_fill_layout(index, similarity, 4, 2, &desc, x, y, z, m.at, m.bytes));
    desc.spread = sphere_nan_();
    FAILS(SPHERE_E_NAN, sphere_fill_layout(index, similarity, 4, 2, &desc, x, y, z, m.at, m.bytes));
    desc.spread = 0;
    desc.exec = no_level();
    FAILS(SPHERE_E_LEVEL, sphere_fill_layout(index, similarity, 4, 2, &desc, x, y, z, m.at, m.bytes));
    desc.exec = way(0);
    desc.progress = stop_at_once;
    desc.user = &calls;
    FAILS(SPHERE_E_CANCEL, sphere_fill_layout(index, similarity, 4, 2, &desc, x, y, z, m.at, m.bytes));
    cr_assert(calls == 1);
    cr_assert(!memcmp(kept, x, 16) && !memcmp(kept + 4, y, 16) && !memcmp(kept + 8, z, 16));
    OK(sphere_fill_layout(NULL, NULL, 0, 2, &desc, NULL, NULL, NULL, NULL, 0));
    cr_assert(sphere_fill_layout_size((size_t)-1 / 2, 15) == 0);
    free(m.base);
}

/* -- equalisation */
/* Largest difference between the distribution of the heights along an axis and the uniform one. */
static int by_float(const void *a, const void *b) { const float p = *(const float *)a, q = *(const float *)b; return p < q ? -1 : p > q; }
static double discrepancy(const float *x, const float *y, const float *z, size_t n, size_t axes)
{
    float *h = floats(n), a, b, c;
    double worst = 0;
    size_t i, axis;
    for (axis = 0; axis < axes; axis++) {
        unit_point(&a, &b, &c);
        for (i = 0; i < n; i++) h[i] = x[i] * a + y[i] * b + z[i] * c;
        qsort(h, n, sizeof(float), by_float);
        for (i = 0; i < n; i++) worst = fmax(worst, fabs(((double)i + .5) / (double)n - ((double)h[i] + 1) / 2));
    }
    free(h);
    return worst;
}
Test(fill, equalize_spreads_evenly)
{
    const size_t n = 5000;
    float *p[3], *q[3], *first[3];
    double before, after;
    size_t i;
    int c, w, calls = 0;
    work m = work_of(sphere_fill_equalize_size(n));
    sphere_fill_equalize_desc desc;
    memset(&desc, 0, sizeof(desc));
    for (c = 0; c < 3; c++) { p[c] = floats(n); q[c] = floats(n); first[c] = floats(n); }
    random_points(p[0], p[1], p[2], n);
    for (i = 0; i < n; i++) { p[2][i] += i % 2 ? 1.0f : .2f; p[0][i] *= .5f; if (i % 5 == 0) p[0][i] = p[1][i] = p[2][i] = 1; }   /* clustered, with equal points */
    before = discrepancy(p[0], p[1], p[2], n, 50);
    for (w = 0; w < WAYS; w++) {
        desc.exec = way(w);
        desc.progress = count_calls;
        desc.user = &calls;
        for (c = 0; c < 3; c++) memcpy(q[c], p[c], n * 4);
        memset(m.at, w, m.bytes);
        OK(sphere_fill_equalize(q[0], q[1], q[2], n, &desc, m.at, m.bytes));
        for (c = 0; c < 3; c++) {
            if (w == 0) memcpy(first[c], q[c], n * 4);
            cr_assert(!memcmp(first[c], q[c], n * 4), "way %d", w);
        }
    }
    cr_assert(calls == 300 * WAYS);
    after = discrepancy(q[0], q[1], q[2], n, 50);
    for (i = 0; i < n; i++) cr_assert(length_error(q[0][i], q[1][i], q[2][i]) < 1e-6);
    printf("equalisation: discrepancy %.4f to %.4f\n", before, after);
    cr_assert(before > .2 && after < .008);
    for (c = 0; c < 3; c++) { free(p[c]); free(q[c]); free(first[c]); }
    free(m.base);
}
Test(fill, equalize_one_axis_in_full)
{
    const size_t n = 1000;
    float *x = floats(n), *y = floats(n), *z = floats(n), *h = floats(n), axis[3];
    sphere_fill_equalize_desc desc;
    work m = work_of(sphere_fill_equalize_size(n));
    size_t i;
    memset(&desc, 0, sizeof(desc));
    desc.axes = 1;
    desc.step = 1;
    desc.seed = 99;
    random_points(x, y, z, n);
    for (i = 0; i < n; i += 2) { x[i] = 0; y[i] = 0; z[i] = 0; }                        /* every other one is drawn at random */
    OK(sphere_fill_equalize(x, y, z, n, &desc, m.at, m.bytes));
    sphere_fill_direction_(99, SPHERE_FILL_STREAM_AXIS_, 0, axis);
    for (i = 0; i < n; i++) h[i] = x[i] * axis[0] + y[i] * axis[1] + z[i] * axis[2];
    qsort(h, n, sizeof(float), by_float);
    for (i = 0; i < n; i++) cr_assert(fabs((double)h[i] - (-1 + 2 * ((double)i + .5) / (double)n)) < 2e-6);
    free(x); free(y); free(z); free(h); free(m.base);
}
Test(fill, equalize_rejects)
{
    float x[4] = { 1, 0, 0, 1 }, y[4] = { 0, 1, 0, 1 }, z[4] = { 0, 0, 1, 1 }, kept[12];
    sphere_fill_equalize_desc desc;
    work m = work_of(sphere_fill_equalize_size(4));
    int calls = 0;
    memset(&desc, 0, sizeof(desc));
    memcpy(kept, x, 16); memcpy(kept + 4, y, 16); memcpy(kept + 8, z, 16);
    FAILS(SPHERE_E_NULL, sphere_fill_equalize(x, NULL, z, 4, &desc, m.at, m.bytes));
    FAILS(SPHERE_E_OVERLAP, sphere_fill_equalize(x, y, y, 4, &desc, m.at, m.bytes));
    FAILS(SPHERE_E_MEMORY, sphere_fill_equalize(x, y, z, 4, &desc, m.at, m.bytes - 1));
    FAILS(SPHERE_E_MEMORY, sphere_fill_equalize(x, y, z, 4, &desc, NULL, m.bytes));
    if (SIZE_MAX > 0xffffffffu) FAILS(SPHERE_E_SIZE, sphere_fill_equalize(x, y, z, (size_t)0xffffffffu + 1, &desc, m.at, m.bytes));
    desc.step = 1.5f;
    FAILS(SPHERE_E_RANGE, sphere_fill_equalize(x, y, z, 4, &desc, m.at, m.bytes));
    desc.step = -.1f;
    FAILS(SPHERE_E_RANGE, sphere_fill_equalize(x, y, z, 4, &desc, m.at, m.bytes));
    desc.step = sphere_nan_();
    FAILS(SPHERE_E_NAN, sphere_fill_equalize(x, y, z, 4, &desc, m.at, m.bytes));
    desc.step = 0;
    z[2] = sphere_inf_();
    FAILS(SPHERE_E_NAN, sphere_fill_equalize(x, y, z, 4, &desc, m.at, m.bytes));
    z[2] = 1;
    desc.exec = no_level();
    FAILS(SPHERE_E_LEVEL, sphere_fill_equalize(x, y, z, 4, &desc, m.at, m.bytes));
    desc.exec = way(0);
    desc.progress = stop_at_once;
    desc.user = &calls;
    FAILS(SPHERE_E_CANCEL, sphere_fill_equalize(x, y, z, 4, &desc, m.at, m.bytes));
    cr_assert(calls == 1 && !memcmp(kept, x, 16) && !memcmp(kept + 4, y, 16) && !memcmp(kept + 8, z, 16));
    OK(sphere_fill_equalize(NULL, NULL, NULL, 0, &desc, NULL, 0));
    OK(sphere_fill_equalize(x, y, z, 1, NULL, m.at, m.bytes));
    cr_assert(length_error(x[0], y[0], z[0]) < 1e-6 && x[1] == 0);
    cr_assert(sphere_fill_equalize_size((size_t)-1 / 8) == 0);
    free(m.base);
}

/* -- placing */
/* Sum of the angles from a point to the listed ones: what the median makes least. */
static double cost(const double p[3], const float *x, const float *y, const float *z, const uint32_t *list, size_t k)
{
    double sum = 0;
    size_t e;
    for (e = 0; e < k; e++) if (list[e] != 0xffffffffu) {
        const double q[3] = { (double)x[list[e]], (double)y[list[e]], (double)z[list[e]] };
        const double dot = p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
        const double a = p[1] * q[2] - p[2] * q[1], b = p[2] * q[0] - p[0] * q[2], c = p[0] * q[1] - p[1] * q[0];
        sum += atan2(sqrt(a * a + b * b + c * c), dot);
    }
    return sum;
}
Test(fill, place_minimises_the_angles)
{
    const size_t n = 200, m = 300, k = 10;
    float *px = floats(n), *py = floats(n), *pz = floats(n), *x = floats(m), *y = floats(m), *z = floats(m), *u = floats(m), *v = floats(m), *w = floats(m);
    uint32_t *index = (uint32_t *)get(m * k * 4);
    size_t i, e;
    int turn;
    for (i = 0; i < n; i++) {                                                           /* a cap */
        unit_point(px + i, py + i, pz + i);
        pz[i] += 2.0f;
        { const float s = sqrtf(px[i] * px[i] + py[i] * py[i] + pz[i] * pz[i]); px[i] /= s; py[i] /= s; pz[i] /= s; }
    }
    for (i = 0; i < m; i++) for (e = 0; e < k; e++) index[i * k + e] = e > 2 && random_bits() % 4 == 0 ? 0xffffffffu : random_bits() % (uint32_t)n;
    OK(sphere_fill_place(px, py, pz, n, index, m, k, x, y, z, NULL));
    for (i = 0; i < m; i++) {
        const double p[3] = { (double)x[i], (double)y[i], (double)z[i] }, here = cost(p, px, py, pz, index + i * k, k);
        cr_assert(length_error(x[i], y[i], z[i]) < 3e-7);
        for (turn = 0; turn < 30; turn++) {                                             /* no place nearby is better by more than rounding */
            double q[3], s;
            q[0] = p[0] + .05 * (double)uniform(); q[1] = p[1] + .05 * (double)uniform(); q[2] = p[2] + .05 * (double)uniform();
            s = sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2]);
            q[0] /= s; q[1] /= s; q[2] /= s;
            cr_assert(cost(q, px, py, pz, index + i * k, k) > here - 2e-3, "point %lu: %g against %g", (unsigned long)i, cost(q, px, py, pz, index + i * k, k), here);
        }
    }
    for (turn = 1; turn < WAYS; turn++) {
        const sphere_exec exec = way(turn);
        OK(sphere_fill_place(px, py, pz, n, index, m, k, u, v, w, &exec));
        cr_assert(!memcmp(x, u, m * 4) && !memcmp(y, v, m * 4) && !memcmp(z, w, m * 4));
    }
    free(px); free(py); free(pz); free(x); free(y); free(z); free(u); free(v); free(w); free(index);
}
Test(fill, place_by_hand)
{
    static const float px[5] = { 1, 0, 0, -1, 1 }, py[5] = { 0, 1, 0, 0, 0 }, pz[5] = { 0, 0, 1, 0, 0 };
    static const uint32_t none = 0xffffffffu;
    uint32_t list[15];
    float x[5], y[5], z[5], third;
    size_t i;
    for (i = 0; i < 15; i++) list[i] = none;
    list[0] = 1;                                                                        /* one neighbour: there */
    list[3] = 0; list[4] = 3;                                                           /* opposite: every point is as good, the first is taken */
    list[6] = 0; list[7] = 1; list[8] = 2;                                              /* a symmetric triangle: its middle */
    list[9] = 0; list[10] = 4; list[11] = 1;                                            /* two of three coincide: they win */
    list[12] = 0; list[13] = 4; list[14] = 3;                                           /* and against the opposite point */
    OK(sphere_fill_place(px, py, pz, 5, list, 5, 3, x, y, z, NULL));
    cr_assert(x[0] == 0 && y[0] == 1 && z[0] == 0);
    cr_assert(x[1] == 1 && y[1] == 0 && z[1] == 0);
    third = 0.577350269f;
    cr_assert(fabsf(x[2] - third) < 1e-5f && fabsf(y[2] - third) < 1e-5f && fabsf(z[2] - third) < 1e-5f);
    cr_assert(fabsf(x[3] - 1) < 1e-2f, "%g %g %g", (double)x[3], (double)y[3], (double)z[3]);
    cr_assert(fabsf(x[4] - 1) < 1e-5f);
    for (i = 0; i < 5; i++) cr_assert(length_error(x[i], y[i], z[i]) < 3e-7);
}
Test(fill, place_rejects)
{
    float px[2] = { 1, 0 }, py[2] = { 0, 1 }, pz[2] = { 0, 0 }, x[2] = { -7, -7 }, y[2] = { -7, -7 }, z[2] = { -7, -7 };
    uint32_t list[4] = { 0, 1, 1, 0xffffffffu };
    const sphere_exec bad = no_level();
    FAILS(SPHERE_E_NULL, sphere_fill_place(NULL, py, pz, 2, list, 2, 2, x, y, z, NULL));
    FAILS(SPHERE_E_NULL, sphere_fill_place(px, py, pz, 2, NULL, 2, 2, x, y, z, NULL));
    FAILS(SPHERE_E_NULL, sphere_fill_place(px, py, pz, 2, list, 2, 2, x, y, NULL, NULL));
    FAILS(SPHERE_E_RANGE, sphere_fill_place(px, py, pz, 1, list, 2, 2, x, y, z, NULL));
    FAILS(SPHERE_E_RANGE, sphere_fill_place(px, py, pz, 2, list, 2, 0, x, y, z, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_fill_place(px, py, pz, 2, list, 2, 2, x, y, py, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_fill_place(px, py, pz, 2, list, 2, 2, x, x + 1, z, NULL));
    FAILS(SPHERE_E_LEVEL, sphere_fill_place(px, py, pz, 2, list, 2, 2, x, y, z, &bad));
    FAILS(SPHERE_E_SIZE, sphere_fill_place(px, py, pz, 2, list, (size_t)-1 / 2, 3, x, y, z, NULL));
    list[2] = 0xffffffffu;                                                              /* the second point has nobody left */
    FAILS(SPHERE_E_RANGE, sphere_fill_place(px, py, pz, 2, list, 2, 2, x, y, z, NULL));
    list[2] = 1;
    py[1] = sphere_nan_();
    FAILS(SPHERE_E_NAN, sphere_fill_place(px, py, pz, 2, list, 2, 2, x, y, z, NULL));
    cr_assert(all_are(x, 2, -7) && all_are(y, 2, -7) && all_are(z, 2, -7));
    OK(sphere_fill_place(NULL, NULL, NULL, 0, NULL, 0, 0, NULL, NULL, NULL, NULL));
}
