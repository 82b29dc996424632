/* The shared core: random numbers against the published vectors, functions against libm with a bound in units of the last
   place, status texts, SIMD levels, the parallel hook, sizes. */
#define SPHERE_IMPLEMENTATION
#include "../sphere.h"
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

/* Sampling every 4099th float (a prime) meets each exponent about 2000 times for each sign. */
#define STRIDE 4099u

/* |got - exact| in units of the last place of the float nearest to exact; subnormals count in steps of 2^-149. */
static double ulps(float got, double exact)
{
    int e;
    double unit;
    if (isinf(got)) return fabs(exact) >= 3.4028235677973366e+38 ? 0 : HUGE_VAL;   /* what rounds to infinity */
    if (exact == 0) return got == 0 ? 0 : HUGE_VAL;
    frexp(exact, &e);
    unit = ldexp(1.0, e - 24 < -149 ? -149 : e - 24);
    return fabs((double)got - exact) / unit;
}
static int same(float a, float b) { return sphere_bits_(a) == sphere_bits_(b); }
static int is_the_nan(float a) { return sphere_bits_(a) == 0x7fc00000u; }

/* Source of the vectors: Random123 1.14, tests/kat_vectors, philox4x32 10. */
Test(core, philox_known_answers)
{
    static const struct { uint64_t seed, stream, index; uint32_t out[4]; } known[] = {
        { 0, 0, 0, { 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u } },
        { UINT64_MAX, UINT64_MAX, UINT64_MAX, { 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu } },
        { 0x299f31d0a4093822u, 0x0370734413198a2eu, 0x85a308d3243f6a88u, { 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u } },
    };
    size_t i, k;
    for (i = 0; i < 3; i++) {
        uint32_t out[4];
        sphere_random_(known[i].seed, known[i].stream, known[i].index, out);
        for (k = 0; k < 4; k++) cr_assert(out[k] == known[i].out[k], "vector %u, word %u: %08x", (unsigned)i, (unsigned)k, (unsigned)out[k]);
    }
}
Test(core, uniform_is_below_one)
{
    cr_assert(sphere_uniform_(0) == 0);
    cr_assert(sphere_uniform_(0xffffffffu) == 1.0f - FLT_EPSILON / 2);
    cr_assert(sphere_uniform_(0x80000000u) == .5f);
}

Test(core, sqrt_float_is_correctly_rounded)
{
    uint64_t u;
    for (u = 0; u <= 0x7f800000u; u += STRIDE) {
        const float x = sphere_from_bits_((uint32_t)u), want = sqrtf(x);
        cr_assert(same(sphere_sqrt_(x), want), "sqrt of %a", (double)x);
        cr_assert(same((float)sphere_sqrt_integer_((double)x), want), "integer sqrt of %a", (double)x);
    }
    /* squares, and their neighbours on both sides, where the rounding is decided */
    for (u = 1; u < 4096; u++) {
        const float x = (float)(u * u), near[3] = { x, nextafterf(x, 0), nextafterf(x, HUGE_VALF) };
        int k;
        for (k = 0; k < 3; k++) {
            cr_assert(same(sphere_sqrt_(near[k]), sqrtf(near[k])));
            cr_assert(same((float)sphere_sqrt_integer_((double)near[k]), sqrtf(near[k])));
        }
    }
}
Test(core, sqrt_double_is_correctly_rounded)
{
    static const double edges[] = { 0, 4.9406564584124654e-324, 9.8813129168249309e-324, 2.2250738585072009e-308, DBL_MIN, 1, 2, 4, DBL_MAX, 3, .25, .5,
                                    1 - DBL_EPSILON / 2, 1 + DBL_EPSILON, 4 - 2 * DBL_EPSILON, 9007199254740993.0 };
    size_t i;
    for (i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        cr_assert(sphere_sqrt_integer_(edges[i]) == sqrt(edges[i]), "integer sqrt of %a", edges[i]);
        cr_assert(sphere_sqrt_double_(edges[i]) == sqrt(edges[i]));
    }
    for (i = 0; i < 1000000; i++) {
        uint32_t word[4];
        uint64_t u;
        double x;
        int k;
        sphere_random_(1, 2, i, word);
        u = (uint64_t)(word[0] & 0x7fefffffu) << 32 | word[1];
        memcpy(&x, &u, 8);
        if (i & 1u) { x = (double)(word[2] >> (word[3] & 31u)); x = x * x; }          /* exact squares and what lies beside them */
        for (k = 0; k < 3; k++) {
            const double near = k == 0 ? x : nextafter(x, k == 1 ? 0 : DBL_MAX);
            cr_assert(sphere_sqrt_integer_(near) == sqrt(near), "integer sqrt of %a", near);
            cr_assert(sphere_sqrt_double_(near) == sqrt(near), "sqrt of %a", near);
        }
    }
    cr_assert(isinf(sphere_sqrt_integer_(HUGE_VAL)));
    cr_assert(isnan(sphere_sqrt_integer_((double)NAN)));
    cr_assert(signbit(sphere_sqrt_integer_(-0.0)) && sphere_sqrt_integer_(-0.0) == 0);
    cr_assert(same(sphere_sqrt_(-0.0f), -0.0f));
    cr_assert(isinf(sphere_sqrt_(HUGE_VALF)) && isnan(sphere_sqrt_(NAN)));
}

Test(core, exp_within_1_ulp)
{
    double worst = 0;
    float at = 0;
    uint64_t u;
    for (u = 0; u < 0x100000000u; u += STRIDE) {
        const float x = sphere_from_bits_((uint32_t)u), got = sphere_exp_(x);
        double error;
        if (isnan(x)) { cr_assert(is_the_nan(got)); continue; }
        error = ulps(got, exp((double)x));
        if (error > worst) { worst = error; at = x; }
    }
    for (u = 0; u < 200000; u++) {                                                    /* densely where results are finite, subnormal too */
        const float x = -105.0f + (float)u * 0.00097f;
        const double error = ulps(sphere_exp_(x), exp((double)x));
        if (error > worst) { worst = error; at = x; }
    }
    printf("exp: %.3f ulp at %a\n", worst, (double)at);
    cr_assert(worst <= 1.0, "%.3f ulp at %a", worst, (double)at);
}
Test(core, exp_special_cases)
{
    cr_assert(same(sphere_exp_(0.0f), 1.0f) && same(sphere_exp_(-0.0f), 1.0f));
    cr_assert(same(sphere_exp_(HUGE_VALF), HUGE_VALF) && same(sphere_exp_(-HUGE_VALF), 0.0f));
    cr_assert(is_the_nan(sphere_exp_(NAN)) && is_the_nan(sphere_exp_(-NAN)) && is_the_nan(sphere_exp_(sphere_from_bits_(0x7fa00001u))));
    cr_assert(same(sphere_exp_(1e-45f), 1.0f) && same(sphere_exp_(-1e-45f), 1.0f));
    cr_assert(sphere_exp_(88.72283f) < HUGE_VALF && isinf(sphere_exp_(88.7229f)));
    cr_assert(sphere_exp_(-103.9f) > 0 && sphere_exp_(-104.1f) == 0);
}
Test(core, log_within_1_ulp)
{
    double worst = 0;
    float at = 0;
    uint64_t u;
    for (u = 1; u < 0x7f800000u; u += STRIDE) {
        const float x = sphere_from_bits_((uint32_t)u);
        const double error = ulps(sphere_log_(x), log((double)x));
        if (error > worst) { worst = error; at = x; }
    }
    for (u = 0x3f000000u; u < 0x40000000u; u += 61) {                                 /* densely around 1, where the result is small */
        const float x = sphere_from_bits_((uint32_t)u);
        const double error = ulps(sphere_log_(x), log((double)x));
        if (error > worst) { worst = error; at = x; }
    }
    printf("log: %.3f ulp at %a\n", worst, (double)at);
    cr_assert(worst <= 1.0, "%.3f ulp at %a", worst, (double)at);
}
Test(core, log_special_cases)
{
    cr_assert(same(sphere_log_(0.0f), -HUGE_VALF) && same(sphere_log_(-0.0f), -HUGE_VALF));
    cr_assert(same(sphere_log_(1.0f), 0.0f));
    cr_assert(same(sphere_log_(HUGE_VALF), HUGE_VALF));
    cr_assert(is_the_nan(sphere_log_(-1.0f)) && is_the_nan(sphere_log_(-HUGE_VALF)) && is_the_nan(sphere_log_(-1e-45f)));
    cr_assert(is_the_nan(sphere_log_(NAN)) && is_the_nan(sphere_log_(-NAN)) && is_the_nan(sphere_log_(sphere_from_bits_(0xff812345u))));
    cr_assert(ulps(sphere_log_(1e-45f), log((double)1e-45f)) <= 1 && ulps(sphere_log_(FLT_MAX), log((double)FLT_MAX)) <= 1);
}
Test(core, sincos_within_1_6_ulp)
{
    double worst = 0;
    float at = 0;
    uint64_t u;
    int pass;
    for (pass = 0; pass < 3; pass++) {
        /* all floats; then densely between 1/8 and 16 and around the change of method at 12000 */
        const uint64_t first = pass == 0 ? 0 : pass == 1 ? 0x3e000000u : 0x463b0000u, last = pass == 0 ? 0x100000000u : pass == 1 ? 0x41800000u : 0x463c0000u;
        const uint64_t step = pass == 0 ? STRIDE : pass == 1 ? 101u : 1u;
        for (u = first; u < last; u += step) {
            const float x = sphere_from_bits_((uint32_t)u);
            float s, c;
            double error;
            sphere_sincos_(x, &s, &c);
            if (isnan(x) || isinf(x)) { cr_assert(is_the_nan(s) && is_the_nan(c)); continue; }
            error = fmax(ulps(s, sin((double)x)), ulps(c, cos((double)x)));
            if (error > worst) { worst = error; at = x; }
            cr_assert(fabsf(s) <= 1 && fabsf(c) <= 1, "outside -1..1 at %a", (double)x);
        }
    }
    printf("sincos: %.3f ulp at %a\n", worst, (double)at);
    cr_assert(worst <= 1.6, "%.3f ulp at %a", worst, (double)at);
}
/* Floats that lie very close to a multiple of pi/2: most digits of the reduced angle cancel. */
Test(core, sincos_near_multiples_of_a_right_angle)
{
    double worst = 0;
    float s, c;
    int k, side;
    for (k = 1; k < 100000; k++) for (side = -1; side <= 1; side++) {
        const float nearest = (float)(k * 1.5707963267948966);
        const float x = side ? nextafterf(nearest, side > 0 ? HUGE_VALF : 0) : nearest;
        sphere_sincos_(x, &s, &c);
        worst = fmax(worst, fmax(ulps(s, sin((double)x)), ulps(c, cos((double)x))));
    }
    /* the float nearest to a multiple of pi/2 of all: 16367173 * 2^72 */
    sphere_sincos_(sphere_from_bits_(0x6f79be45u), &s, &c);
    worst = fmax(worst, fmax(ulps(s, sin((double)sphere_from_bits_(0x6f79be45u))), ulps(c, cos((double)sphere_from_bits_(0x6f79be45u)))));
    cr_assert(worst <= 1.6, "%.3f ulp", worst);
}
Test(core, sincos_special_cases)
{
    float s, c;
    sphere_sincos_(0.0f, &s, &c);
    cr_assert(same(s, 0.0f) && same(c, 1.0f));
    sphere_sincos_(-0.0f, &s, &c);
    cr_assert(same(s, -0.0f) && same(c, 1.0f));
    sphere_sincos_(1e-45f, &s, &c);
    cr_assert(same(s, 1e-45f) && same(c, 1.0f));
    sphere_sincos_(-1e-40f, &s, &c);
    cr_assert(same(s, -1e-40f) && same(c, 1.0f));
}
Test(core, atan2_within_2_ulp)
{
    double worst = 0;
    float at_y = 0, at_x = 0;
    size_t i;
    for (i = 0; i < 2000000; i++) {
        uint32_t word[4];
        float y, x;
        double error;
        sphere_random_(3, 4, i, word);
        y = sphere_from_bits_(word[0]);
        x = i % 3 == 0 ? sphere_from_bits_(word[1]) : sphere_from_bits_(word[0] ^ (word[1] & 0x81ffffffu));   /* of similar size */
        if (i % 5 == 0) { y = sphere_uniform_(word[0]) - .5f; x = sphere_uniform_(word[1]) - .5f; }
        if (isnan(x) || isnan(y)) { cr_assert(is_the_nan(sphere_atan2_(y, x))); continue; }
        error = ulps(sphere_atan2_(y, x), atan2((double)y, (double)x));
        if (error > worst) { worst = error; at_y = y; at_x = x; }
    }
    printf("atan2: %.3f ulp at %a, %a\n", worst, (double)at_y, (double)at_x);
    cr_assert(worst <= 2.0, "%.3f ulp at %a, %a", worst, (double)at_y, (double)at_x);
}
/* IEEE 754-2008, 9.2.1: every combination of zeros, ordinary numbers, infinities and their signs. */
Test(core, atan2_special_cases)
{
    const float values[] = { 0.0f, -0.0f, 1.0f, -1.0f, 1e-45f, -1e-45f, FLT_MAX, -FLT_MAX, HUGE_VALF, -HUGE_VALF, NAN };
    size_t i, j;
    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) for (j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
        const float y = values[i], x = values[j], got = sphere_atan2_(y, x);
        const double want = atan2((double)y, (double)x);
        if (isnan(x) || isnan(y)) { cr_assert(is_the_nan(got)); continue; }
        cr_assert(ulps(got, want) <= 2 && (signbit(got) != 0) == (signbit(want) != 0), "atan2(%a, %a) = %a", (double)y, (double)x, (double)got);
    }
}

Test(core, every_status_has_its_own_text)
{
    static const sphere_status codes[] = { SPHERE_OK, SPHERE_E_NULL, SPHERE_E_RANGE, SPHERE_E_SIZE, SPHERE_E_MEMORY, SPHERE_E_NAN, SPHERE_E_OVERLAP,
                                           SPHERE_E_LEVEL, SPHERE_E_CANCEL };
    static const int garbage[] = { 1, 2, 99, -1000, 2147483647, -2147483647 };
    const size_t n = sizeof(codes) / sizeof(codes[0]);
    size_t i, j, listed = 0;
#define COUNT_(name, value, text) listed++;
    SPHERE_STATUS_LIST_(COUNT_)
    cr_assert(listed == n, "the list above names %u statuses, the header %u", (unsigned)n, (unsigned)listed);
    for (i = 0; i < n; i++) {
        const char *text = sphere_status_text(codes[i]);
        cr_assert(text && text[0] && strcmp(text, "not a sphere_status"));
        cr_assert(i == 0 ? codes[i] == 0 : codes[i] < 0);
        for (j = 0; j < i; j++) cr_assert(codes[i] != codes[j] && strcmp(text, sphere_status_text(codes[j])));
    }
    for (i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++)
        cr_assert(strcmp(sphere_status_text((sphere_status)garbage[i]), "not a sphere_status") == 0);
}

Test(core, simd_level)
{
    const sphere_simd best = sphere_simd_best();
    static const int levels[] = { SPHERE_SIMD_AVX2, SPHERE_SIMD_NEON, SPHERE_SIMD_AVX512, 5, 77, -1 };
    sphere_exec exec;
    size_t i;
    memset(&exec, 0, sizeof(exec));
    cr_assert(best >= SPHERE_SIMD_PORTABLE && best <= SPHERE_SIMD_AVX512);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vbmi")) cr_assert(best == SPHERE_SIMD_AVX512);
    else cr_assert(best == (__builtin_cpu_supports("avx2") ? SPHERE_SIMD_AVX2 : SPHERE_SIMD_PORTABLE));
#elif defined(__aarch64__)
    cr_assert(best == SPHERE_SIMD_NEON);
#endif
    cr_assert(sphere_simd_pick_(NULL) == best && sphere_simd_pick_(&exec) == best);
    exec.simd = SPHERE_SIMD_PORTABLE;
    cr_assert(sphere_simd_pick_(&exec) == SPHERE_SIMD_PORTABLE);
    for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        float x[2] = { 1, 2 }, y[2] = { 3, 4 }, z[2] = { 5, 6 };
        const int here = levels[i] == (int)best || (levels[i] == SPHERE_SIMD_AVX2 && best == SPHERE_SIMD_AVX512);
        sphere_status status;
        exec.simd = (sphere_simd)levels[i];
        cr_assert(sphere_simd_pick_(&exec) == (here ? exec.simd : SPHERE_SIMD_BEST));
        status = sphere_unit(x, y, z, 2, &exec);
        cr_assert(status == (here ? SPHERE_OK : SPHERE_E_LEVEL));
        if (status) cr_assert(x[0] == 1 && x[1] == 2 && y[0] == 3 && y[1] == 4 && z[0] == 5 && z[1] == 6);
    }
}

/* The hook: each index once; a serial loop without it, or with fewer than two tasks. */
enum { TASKS = 1000 };
static void count_task(void *context, size_t index) { ((int *)context)[index]++; }
static void run_forwards(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context)
{
    size_t i;
    ++*(int *)user;
    for (i = 0; i < tasks; i++) task(context, i);
}
static void run_backwards(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context)
{
    ++*(int *)user;
    while (tasks--) task(context, tasks);
}
static void run_from_the_middle(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context)
{
    size_t i;
    ++*(int *)user;
    for (i = 0; i < tasks; i++) task(context, (i + tasks / 2) % tasks);
}
Test(core, parallel_hook_runs_each_task_once)
{
    void (*const runs[])(void *, size_t, void (*)(void *, size_t), void *) = { NULL, run_forwards, run_backwards, run_from_the_middle };
    static const size_t sizes[] = { 0, 1, 2, 3, TASKS };
    size_t r, s, i;
    for (r = 0; r < 4; r++) for (s = 0; s < 5; s++) {
        int count[TASKS] = { 0 }, calls = 0;
        sphere_exec exec;
        memset(&exec, 0, sizeof(exec));
        exec.parallel.run = runs[r];
        exec.parallel.user = &calls;
        sphere_parallel_(&exec, sizes[s], count_task, count);
        for (i = 0; i < TASKS; i++) cr_assert(count[i] == (i < sizes[s]));
        cr_assert(calls == (r && sizes[s] > 1));
    }
    {
        int count[3] = { 0 };
        sphere_parallel_(NULL, 3, count_task, count);
        cr_assert(count[0] == 1 && count[1] == 1 && count[2] == 1);
    }
}
Test(core, results_do_not_depend_on_the_order_of_tasks)
{
    enum { N = 200000, DIM = 5 };
    static float x[N], y[N], z[N], theta[2][N], phi[2][N], r[2][N], dot[2][N];
    void (*const runs[])(void *, size_t, void (*)(void *, size_t), void *) = { run_forwards, run_backwards, run_from_the_middle };
    sphere_rows rows;
    size_t i, k;
    int calls = 0;
    for (i = 0; i < N; i++) {
        uint32_t word[4];
        sphere_random_(5, 6, i, word);
        x[i] = sphere_uniform_(word[0]) - .5f;
        y[i] = sphere_uniform_(word[1]) - .5f;
        z[i] = sphere_uniform_(word[2]) - .5f;
    }
    rows.data = x; rows.n = N / DIM; rows.dim = DIM; rows.stride = 0;
    cr_assert(!sphere_to_spherical(x, y, z, r[0], theta[0], phi[0], N, NULL));
    cr_assert(!sphere_row_dot(&rows, y, dot[0], NULL));
    for (k = 0; k < 3; k++) {
        sphere_exec exec;
        memset(&exec, 0, sizeof(exec));
        exec.parallel.run = runs[k];
        exec.parallel.user = &calls;
        cr_assert(!sphere_to_spherical(x, y, z, r[1], theta[1], phi[1], N, &exec));
        cr_assert(!sphere_row_dot(&rows, y, dot[1], &exec));
        cr_assert(!memcmp(r[0], r[1], sizeof(r[0])) && !memcmp(theta[0], theta[1], sizeof(r[0])) && !memcmp(phi[0], phi[1], sizeof(r[0])));
        cr_assert(!memcmp(dot[0], dot[1], sizeof(float) * rows.n));
    }
    cr_assert(calls >= 3, "work of this size must be split");
}

Test(core, sizes_that_overflow_stay_at_the_largest)
{
    const size_t half = (size_t)1 << (sizeof(size_t) * 4);
    cr_assert(sphere_size_(3, 4, 5) == 17 && sphere_size_(0, 4, 5) == 5 && sphere_size_(4, 0, 5) == 5 && sphere_size_(0, 0, 0) == 0);
    cr_assert(sphere_size_(half, half - 1, 0) == half * (half - 1));
    cr_assert(sphere_size_(half, half - 1, half - 1) == SIZE_MAX);                    /* exactly the largest */
    cr_assert(sphere_size_(half, half - 1, half) == SIZE_MAX && sphere_size_(half, half, 0) == SIZE_MAX);
    cr_assert(sphere_size_(SIZE_MAX - 1, 1, 1) == SIZE_MAX && sphere_size_(SIZE_MAX - 1, 1, 2) == SIZE_MAX);
    cr_assert(sphere_size_(SIZE_MAX, 0, 0) == SIZE_MAX && sphere_size_(0, SIZE_MAX, 0) == SIZE_MAX && sphere_size_(0, 0, SIZE_MAX) == SIZE_MAX);
    cr_assert(sphere_size_(sphere_size_(half, half, 0), 1, 0) == SIZE_MAX);
}
Test(core, alignment_and_overlap)
{
    static char memory[256];
    size_t i;
    for (i = 0; i < 128; i++) {
        const char *p = (const char *)sphere_align_(memory + i);
        cr_assert(((uintptr_t)p & 63u) == 0 && p >= memory + i && p < memory + i + 64);
    }
    cr_assert(sphere_overlap_(memory, 10, memory + 9, 1) && sphere_overlap_(memory + 9, 1, memory, 10) && sphere_overlap_(memory, 1, memory, 1));
    cr_assert(!sphere_overlap_(memory, 10, memory + 10, 10) && !sphere_overlap_(memory + 10, 10, memory, 10));
    cr_assert(!sphere_overlap_(memory, 0, memory, 10) && !sphere_overlap_(NULL, 10, memory, 10));
}
Test(core, one_nan)
{
    cr_assert(is_the_nan(sphere_nan_()) && is_the_nan(sphere_canonical_(sphere_from_bits_(0xff812345u))));
    cr_assert(same(sphere_canonical_(-0.0f), -0.0f) && same(sphere_canonical_(HUGE_VALF), HUGE_VALF));
    cr_assert(same(sphere_abs_(-0.0f), 0.0f) && same(sphere_abs_(-1e-45f), 1e-45f));
}
