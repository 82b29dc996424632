/* The same bits at every SIMD level: every function of sphere_sh.h that evaluates harmonics at points, in float and double, against
   the portable version.

   Each function runs at the best level for n = 0..130 (a selection of them at high degrees), at every misalignment, in rows and
   planes with a stride, with directions, poles, lengths that are none, infinities and NaN, between guard bytes. One call of the
   portable version on all points is the reference for every n: a result may not depend on how the points are split into calls.
   Planes a power of two apart take another way to memory: once more for those, with more points than a task has.
   The program also prints one digest of the portable results for each function and degree: they are the same on every machine.

   Plain C, because it also runs where no test library exists. The last line is "N passed, M failed". */
#define SPHERE_SH_IMPLEMENTATION
#include "../sphere_sh.h"
#include <stdio.h>
#include <stdlib.h>

/* A pointer at an odd address is normal input for the headers, but by the letter of C it is undefined: sanitizers stop there. */
#if defined(__SANITIZE_ADDRESS__)
#define ODD 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ODD 0
#else
#define ODD 1
#endif
#else
#define ODD 1
#endif

static int passed, failed;
static void check(int good, const char *what, int degree, int n)
{
    if (good) { passed++; return; }
    failed++;
    printf("not ok - %s, degree %d, n = %d\n", what, degree, n);
}
/* SplitMix64: the inputs are the same on every machine, because only integers make them. Source: Steele, Lea, Flood 2014. */
static uint64_t random_state;
static uint32_t random_word(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}
/* The product may not be fused into a sum: the inputs are to be the same whatever the compiler's options. */
static double square(double v) { volatile double p = v * v; return p; }
static double ordinary(void) { return ((double)(random_word() >> 8) - 8388608.0) / 8388608.0; }

enum { MOST = 130, STRIDE = 137, GUARD = 64 };
enum { VALUES, VALUES_ANGLES, GRADIENTS, GRADIENTS_TANGENT, GRADIENTS_ANGLES, SUM, SUM_ANGLES, SOLID, SOLID_IRREGULAR, SOLID_SUM, SOLID_SUM_IRREGULAR, FUNCTIONS };
static const char *const names[FUNCTIONS] = { "values", "values_angles", "gradients", "gradients_tangent", "gradients_angles", "sum", "sum_angles", "solid",
    "solid_irregular", "solid_sum", "solid_sum_irregular" };
enum { PLAIN, POLAR, STRANGE, KINDS };       /* what the points are like */

/* One precision: T its type, P the prefix of its functions, M(name) its constants and types. */
#define LEVELS(T, P, SIZE_BITS) \
static void fill_##T(int kind, int solid, int angles, T *x, T *y, T *z) \
{ \
    static const double strange[10] = { 0.0, -0.0, 1e-30, 1e30, 2.0, -0.5, 1.0, -1.0, 3.0e-39, 0.999 }; \
    int i; \
    for (i = 0; i < MOST; i++) { \
        double a = ordinary(), b = ordinary(), c = ordinary(), r; \
        if (angles) { \
            x[i] = (T)(a * (kind == PLAIN ? 3.2 : kind == POLAR ? 1e-4 : 1e4)); y[i] = (T)(b * 7); z[i] = 0; \
            if (kind == STRANGE && i % 5 == 0) x[i] = (T)strange[i % 10]; \
            if (kind == STRANGE && i % 11 == 3) y[i] = (T)(1e308 * 10); \
            continue; \
        } \
        if (kind == POLAR) { const double near[4] = { 1e-2, 1e-4, 1e-9, 1e-22 }; a *= near[i & 3]; b *= near[i & 3]; c = c < 0 ? -1 : 1; } \
        r = sphere_sqrt_double_(square(a) + square(b) + square(c)); \
        if (!(r > 0)) r = c = 1; \
        r = solid ? (kind == PLAIN ? 1 : r) : r; \
        x[i] = (T)(a / r); y[i] = (T)(b / r); z[i] = (T)(c / r); \
        if (kind == STRANGE) { \
            static const double far[4] = { 0.05, 20, 1e-5, 1e5 };           /* powers fade away on the way */ \
            if (solid && i % 7 == 4) { x[i] = (T)(a / r * far[i & 3]); y[i] = (T)(b / r * far[i & 3]); z[i] = (T)(c / r * far[i & 3]); } \
            if (i % 3 == 0) x[i] = y[i] = 0; \
            if (i % 3 == 0) z[i] = (T)strange[(i / 3) % 10]; \
            if (i % 13 == 5) { x[i] = (T)strange[i % 10]; } \
            if (i % 17 == 6) { y[i] = (T)(1e308 * 10); } \
            if (i % 19 == 7) { z[i] = (T)(1e308 * 10) - (T)(1e308 * 10); } \
        } \
    } \
} \
static sphere_status call_##T(const P##_points *plan, int f, const T *x, const T *y, const T *z, size_t n, const T *c, size_t fields, T **o) \
{ \
    switch (f) { \
    case VALUES: return P##_values(plan, x, y, z, n, o[0]); \
    case VALUES_ANGLES: return P##_values_angles(plan, x, y, n, o[0]); \
    case GRADIENTS: return P##_gradients(plan, x, y, z, n, o[0], o[1], o[2], o[3]); \
    case GRADIENTS_TANGENT: return P##_gradients_tangent(plan, x, y, z, n, o[0], o[1], o[2]); \
    case GRADIENTS_ANGLES: return P##_gradients_angles(plan, x, y, n, o[0], o[1], o[2]); \
    case SUM: return P##_sum(plan, c, fields, 0, x, y, z, n, o[0], o[1], o[2], o[3]); \
    case SUM_ANGLES: return P##_sum_angles(plan, c, fields, 0, x, y, n, o[0], o[1], o[2]); \
    case SOLID: return P##_solid(plan, SPHERE_SH_REGULAR, (T)1.25, x, y, z, n, o[0], o[1], o[2], o[3]); \
    case SOLID_IRREGULAR: return P##_solid(plan, SPHERE_SH_IRREGULAR, (T)1.25, x, y, z, n, o[0], o[1], o[2], o[3]); \
    case SOLID_SUM: return P##_solid_sum(plan, SPHERE_SH_REGULAR, (T)1.25, c, fields, 0, x, y, z, n, o[0], o[1], o[2], o[3]); \
    default: return P##_solid_sum(plan, SPHERE_SH_IRREGULAR, (T)1.25, c, fields, 0, x, y, z, n, o[0], o[1], o[2], o[3]); \
    } \
} \
static uint64_t digest_##T(uint64_t sum, const T *p, size_t n) \
{ \
    for (; n; n--, p++) { \
        uint##SIZE_BITS##_t u; \
        int j; \
        memcpy(&u, p, sizeof(u)); \
        for (j = 0; j < SIZE_BITS; j += 8) sum = (sum ^ (uint64_t)((u >> j) & 255u)) * 0x100000001b3u; \
    } \
    return sum; \
} \
static void levels_##T(int degree, sphere_simd best) \
{ \
    const size_t all = (size_t)(degree + 1) * (size_t)(degree + 1), fields = 3, plan_bytes = P##_points_size(degree), room = (all + 3) * STRIDE * sizeof(T); \
    T *x = (T *)malloc(3 * MOST * sizeof(T)), *y = x + MOST, *z = y + MOST, *c = (T *)malloc(fields * all * sizeof(T)), *want[4]; \
    unsigned char *moved = (unsigned char *)malloc(3 * MOST * sizeof(T) + 64), *out[4], *memory = (unsigned char *)malloc(2 * plan_bytes + 1); \
    size_t i; \
    int layout, f, kind, k; \
    for (k = 0; k < 4; k++) { want[k] = (T *)malloc(room); out[k] = (unsigned char *)malloc(room + 3 * GUARD); } \
    for (i = 0; i < fields * all; i++) c[i] = (T)ordinary(); \
    for (i = 0; i < all / 4; i++) c[all + i] = 0;                          /* one that shows what high degrees give where low ones drown them */ \
    for (layout = 0; layout < 2; layout++) { \
        sphere_sh_desc desc = { SPHERE_SH_ORTHONORMAL, 0, SPHERE_SH_BASIS_ROWS, 0 }; \
        sphere_exec exec = { SPHERE_SIMD_PORTABLE, { NULL, NULL } }; \
        P##_points portable, other; \
        desc.layout = layout ? SPHERE_SH_BASIS_PLANES : SPHERE_SH_BASIS_ROWS; \
        desc.stride = layout ? STRIDE : degree & 1 ? all : all + 3; \
        desc.condon_shortley = degree & 1; \
        if (degree > 33 && !layout) desc.norm = SPHERE_SH_SCHMIDT; \
        check(P##_points_init(&portable, degree, &desc, &exec, memory + ODD, plan_bytes) == SPHERE_OK, "init", degree, 0); \
        exec.simd = best; \
        check(P##_points_init(&other, degree, &desc, &exec, memory + ODD + plan_bytes, plan_bytes) == SPHERE_OK, "init", degree, 1); \
        for (f = 0; f < FUNCTIONS; f++) { \
            const int sums = f == SUM || f == SUM_ANGLES || f == SOLID_SUM || f == SOLID_SUM_IRREGULAR; \
            const int outs = f <= VALUES_ANGLES ? 1 : f == GRADIENTS_TANGENT || f == GRADIENTS_ANGLES || f == SUM_ANGLES ? 3 : 4; \
            uint64_t sum = 0xcbf29ce484222325u; \
            if (sums && layout) continue; \
            for (kind = 0; kind < KINDS; kind++) { \
                int n, shift = 0, good = 1, untouched = 1; \
                const size_t span = sums ? fields * MOST : layout ? (all - 1) * STRIDE + MOST : (MOST - 1) * desc.stride + all; \
                random_state = 1000u * (unsigned)f + 10u * (unsigned)kind + (unsigned)degree; \
                fill_##T(kind, f >= SOLID, f == VALUES_ANGLES || f == GRADIENTS_ANGLES || f == SUM_ANGLES, x, y, z); \
                for (k = 0; k < outs; k++) for (i = 0; i < span; i++) want[k][i] = 0; \
                if (room < span * sizeof(T)) { check(0, "room", degree, kind); continue; } \
                check(call_##T(&portable, f, x, y, z, MOST, c, fields, want) == SPHERE_OK, names[f], degree, -1); \
                for (k = 0; k < outs; k++) sum = digest_##T(sum, want[k], span); \
                for (n = 0; n <= MOST; n++) { \
                    T *in[3], *to[4]; \
                    size_t used; \
                    int bare; \
                    if (degree >= 10 && n > 9 && n % 16 > 1 && n % 16 < 15 && n != MOST) continue; \
                    if (degree >= 33 && n > 3 && n != 8 && n != 33 && n != 65 && n != MOST) continue; \
                    if (sums && n == 0) continue; \
                    used = sums ? fields * (size_t)n : n == 0 ? 0 : layout ? (all - 1) * STRIDE + (size_t)n : ((size_t)n - 1) * desc.stride + all; \
                    shift = (shift + 4 * (1 - ODD) + 4 * ODD + ODD) % 32; \
                    if (!ODD) shift -= shift % (int)sizeof(T); \
                    for (k = 0; k < 3; k++) { in[k] = (T *)(void *)(moved + 8 + (size_t)shift + (size_t)k * MOST * sizeof(T)); memcpy(in[k], k == 0 ? x : k == 1 ? y : z, (size_t)n * sizeof(T)); } \
                    for (k = 0; k < 4; k++) { \
                        to[k] = (T *)(void *)(out[k] + GUARD + shift); \
                        memset(out[k], 0xa5, used * sizeof(T) + 3 * GUARD); \
                    } \
                    bare = f >= GRADIENTS && f <= GRADIENTS_ANGLES && n % 3 == 2;          /* without values */ \
                    if (bare) to[0] = NULL; \
                    if (call_##T(&other, f, in[0], in[1], in[2], (size_t)n, c, fields, to) != SPHERE_OK) good = 0; \
                    if (bare) for (i = 0; i < used * sizeof(T); i++) if (out[0][GUARD + i] != 0xa5) untouched = 0; \
                    for (k = bare; k < outs; k++) { \
                        const unsigned char *from = out[k] + GUARD + shift; \
                        size_t g; \
                        for (g = 0; g < GUARD; g++) if (from[-1 - (ptrdiff_t)g] != 0xa5 || from[used * sizeof(T) + g] != 0xa5) { untouched = 0; break; } \
                        if (sums) { for (i = 0; i < fields; i++) if (memcmp(from + i * (size_t)n * sizeof(T), want[k] + i * MOST, (size_t)n * sizeof(T))) good = 0; } \
                        else if (layout) { for (i = 0; i < all && n; i++) { \
                            if (memcmp(from + i * STRIDE * sizeof(T), want[k] + i * STRIDE, (size_t)n * sizeof(T))) good = 0; \
                            if (i + 1 < all && from[(i * STRIDE + (size_t)n) * sizeof(T)] != 0xa5) untouched = 0; } } \
                        else for (i = 0; i < (size_t)n; i++) { \
                            if (memcmp(from + i * desc.stride * sizeof(T), want[k] + i * desc.stride, all * sizeof(T))) good = 0; \
                            if (desc.stride > all && i + 1 < (size_t)n && from[(i * desc.stride + all) * sizeof(T)] != 0xa5) untouched = 0; } \
                    } \
                    if (!good || !untouched) break; \
                } \
                check(good, names[f], degree, n); \
                check(untouched, "bytes around the output", degree, n); \
            } \
            printf("digest %s %s %d %s %016llx\n", #T, names[f], degree, layout ? "planes" : "rows", (unsigned long long)sum); \
        } \
    } \
    for (k = 0; k < 4; k++) { free(want[k]); free(out[k]); } \
    free(x); free(c); free(moved); free(memory); \
} \
/* Planes a power of two apart: what is stored there is what is stored elsewhere, and nothing between the planes. */ \
static void crowded_##T(int degree, sphere_simd best) \
{ \
    enum { APART = 1024, MANY = 600 };                                 /* more than two tasks */ \
    const size_t all = (size_t)(degree + 1) * (size_t)(degree + 1), bytes = P##_points_size(degree); \
    T x[MANY], y[MANY], z[MANY], *want[4], *to[4]; \
    unsigned char *memory = (unsigned char *)malloc(2 * bytes); \
    sphere_sh_desc desc = { SPHERE_SH_ORTHONORMAL, 0, SPHERE_SH_BASIS_PLANES, 0 }; \
    sphere_exec exec = { SPHERE_SIMD_PORTABLE, { NULL, NULL } }; \
    P##_points portable, other; \
    size_t n, i; \
    int f, kind, k; \
    for (k = 0; k < 4; k++) { want[k] = (T *)malloc(all * MANY * sizeof(T)); to[k] = (T *)malloc(all * APART * sizeof(T)); } \
    desc.stride = MANY; \
    check(P##_points_init(&portable, degree, &desc, &exec, memory, bytes) == SPHERE_OK, "init", degree, 2); \
    desc.stride = APART; exec.simd = best; \
    check(P##_points_init(&other, degree, &desc, &exec, memory + bytes, bytes) == SPHERE_OK, "init", degree, 3); \
    for (kind = 0; kind < KINDS; kind++) for (f = 0; f < 7; f++) { \
        static const int calls[7] = { VALUES, GRADIENTS, GRADIENTS, VALUES_ANGLES, GRADIENTS_TANGENT, GRADIENTS_TANGENT, GRADIENTS_ANGLES }; \
        const int call = calls[f], from = f == 2 || f == 5, outs = f == 0 || f == 3 ? 1 : f < 3 ? 4 : 3; \
        fill_##T(kind, 0, call == VALUES_ANGLES || call == GRADIENTS_ANGLES, x, y, z); \
        for (i = MOST; i < MANY; i++) { x[i] = x[i % (MOST - 1)]; y[i] = y[i % (MOST - 1)]; z[i] = z[i % (MOST - 1)]; } \
        check(call_##T(&portable, call, x, y, z, MANY, NULL, 0, want) == SPHERE_OK, names[call], degree, -1); \
        for (n = 0; n <= MANY; n += n < 35 ? 1 : n == 35 ? 220 : n < 258 ? 1 : 114) { \
            T *out[4]; \
            int good; \
            for (k = 0; k < 4; k++) { out[k] = k < from ? NULL : to[k]; memset(to[k], 0xa5, all * APART * sizeof(T)); } \
            good = call_##T(&other, call, x, y, z, n, NULL, 0, out) == SPHERE_OK; \
            for (k = 0; k < 4; k++) for (i = 0; i < all; i++) { \
                const unsigned char *p = (const unsigned char *)(to[k] + i * APART), *end = p + APART * sizeof(T); \
                if (k >= from && k < outs) { if (memcmp(p, want[k] + i * MANY, n * sizeof(T))) good = 0; p += n * sizeof(T); } \
                for (; p < end; p++) if (*p != 0xa5) good = 0; \
            } \
            check(good, from ? "gradients alone, crowded planes" : names[call], degree, (int)n); \
        } \
    } \
    for (k = 0; k < 4; k++) { free(want[k]); free(to[k]); } \
    free(memory); \
}
LEVELS(float, sphere_sh, 32)
LEVELS(double, sphere_shd, 64)

int main(void)
{
    static const int degrees[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 33, 64, 67 };
    const sphere_simd best = sphere_simd_best_();
    size_t i;
    printf("best level: %s\n", best == SPHERE_SIMD_AVX512 ? "avx512" : best == SPHERE_SIMD_AVX2 ? "avx2" : best == SPHERE_SIMD_NEON ? "neon" : "portable");
    for (i = 0; i < sizeof(degrees) / sizeof(degrees[0]); i++) { levels_float(degrees[i], best); levels_double(degrees[i], best); }
    for (i = 2; i <= 7; i++) { crowded_float((int)i, best); crowded_double((int)i, best); }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
