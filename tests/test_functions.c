/* acos, asin, expm1, log1p, tanh: accuracy on a sample (all floats: bench/ulp.c), special cases, order. */
#define SPHERE_IMPLEMENTATION
#include "../sphere.h"
#include <criterion/criterion.h>
#include <math.h>

/* |result - exact| in units in the last place of float; huge when one is a number and the other is not, or a zero has the wrong sign. */
static double ulps(float result, double exact)
{
    const float nearest = (float)exact;
    int e;
    if (nearest != nearest) return result != result ? 0 : 1e9;
    if (nearest - nearest != 0 || result - result != 0) return result == nearest ? 0 : 1e9;
    if (exact == 0) return result == 0 && !signbit(result) == !signbit(exact) ? 0 : 1e9;
    e = ilogb(exact);
    if (e < -126) e = -126;
    return fabs((double)result - exact) / ldexp(1.0, e - 23);
}
/* Every 1021st float of all, then every float near the places where the formulas change. */
static double worst(float (*f)(float), double (*exact)(double), const float *seams, size_t count)
{
    double largest = 0, error;
    uint64_t u;
    size_t j;
    for (u = 0; u < (uint64_t)1 << 32; u += 1021) {
        const float x = sphere_from_bits_((uint32_t)u);
        error = ulps(f(x), exact((double)x));
        if (error > largest) largest = error;
    }
    for (j = 0; j < count; j++) for (u = 0; u < 2 * 20000; u++) {
        const float x = sphere_from_bits_(sphere_bits_(seams[j]) - 20000u + (uint32_t)u);
        error = ulps(f(x), exact((double)x));
        if (error > largest) largest = error;
        error = ulps(f(-x), exact(-(double)x));
        if (error > largest) largest = error;
    }
    return largest;
}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
static int same(float a, float b) { return sphere_bits_(a) == sphere_bits_(b); }

Test(functions, acos_within_1_ulp)
{
    static const float seams[] = { 0.5f, 1.0f, 0.70710678f, 1e-4f, 0.99999f };
    const double w = worst(sphere_acos_, acos, seams, COUNT(seams));
    cr_assert(w <= 1.0, "%g ULP", w);
}
Test(functions, asin_within_1_ulp)
{
    static const float seams[] = { 0.5f, 1.0f, 2.44140625e-04f, 0.70710678f, 0.99999f };
    const double w = worst(sphere_asin_, asin, seams, COUNT(seams));
    cr_assert(w <= 1.0, "%g ULP", w);
}
Test(functions, expm1_within_1_ulp)
{
    static const float seams[] = { 0.34657359f, 1.0397208f, 5.96046448e-08f, 16.6f, 16.98f, 17.33f, 17.5f, 88.37f, 88.72f };
    const double w = worst(sphere_expm1_, expm1, seams, COUNT(seams));
    cr_assert(w <= 1.0, "%g ULP", w);
}
Test(functions, log1p_within_1_ulp)
{
    static const float seams[] = { 0.41421356f, 0.29289322f, 1.0f, 5.96046448e-08f, 16777216.0f, 0.99999f, 1.8284271f };
    const double w = worst(sphere_log1p_, log1p, seams, COUNT(seams));
    cr_assert(w <= 1.0, "%g ULP", w);
}
Test(functions, tanh_within_1_5_ulp)
{
    static const float seams[] = { 0.75f, 2.44140625e-04f, 9.02f, 8.31f };
    const double w = worst(sphere_tanh_, tanh, seams, COUNT(seams));
    cr_assert(w <= 1.5, "%g ULP", w);
}
Test(functions, special_cases)
{
    const float inf = sphere_inf_();
    cr_assert(same(sphere_acos_(1.0f), 0.0f));
    cr_assert(same(sphere_acos_(-1.0f), 3.14159274f));
    cr_assert(same(sphere_acos_(0.0f), 1.57079637f) && same(sphere_acos_(-0.0f), 1.57079637f));
    cr_assert(same(sphere_asin_(1.0f), 1.57079637f) && same(sphere_asin_(-1.0f), -1.57079637f));
    cr_assert(same(sphere_asin_(0.0f), 0.0f) && same(sphere_asin_(-0.0f), -0.0f));
    cr_assert(same(sphere_expm1_(0.0f), 0.0f) && same(sphere_expm1_(-0.0f), -0.0f));
    cr_assert(same(sphere_expm1_(inf), inf) && same(sphere_expm1_(-inf), -1.0f) && same(sphere_expm1_(89.0f), inf));
    cr_assert(same(sphere_log1p_(0.0f), 0.0f) && same(sphere_log1p_(-0.0f), -0.0f));
    cr_assert(same(sphere_log1p_(inf), inf) && same(sphere_log1p_(-1.0f), -inf));
    cr_assert(same(sphere_tanh_(0.0f), 0.0f) && same(sphere_tanh_(-0.0f), -0.0f));
    cr_assert(same(sphere_tanh_(inf), 1.0f) && same(sphere_tanh_(-inf), -1.0f));
}
/* Outside the domain, and for every kind of NaN, comes the one NaN. */
Test(functions, one_nan)
{
    static const uint32_t nans[] = { 0x7fc00000u, 0xffc00000u, 0x7fa00001u, 0xff812345u };
    static float (*const all[])(float) = { sphere_acos_, sphere_asin_, sphere_expm1_, sphere_log1p_, sphere_tanh_ };
    size_t f, j;
    for (f = 0; f < COUNT(all); f++) for (j = 0; j < COUNT(nans); j++)
        cr_assert(same(all[f](sphere_from_bits_(nans[j])), sphere_nan_()), "function %u, NaN %u", (unsigned)f, (unsigned)j);
    cr_assert(same(sphere_acos_(1.00000012f), sphere_nan_()) && same(sphere_acos_(-sphere_inf_()), sphere_nan_()));
    cr_assert(same(sphere_asin_(-1.00000012f), sphere_nan_()) && same(sphere_asin_(sphere_inf_()), sphere_nan_()));
    cr_assert(same(sphere_log1p_(-1.00000012f), sphere_nan_()) && same(sphere_log1p_(-sphere_inf_()), sphere_nan_()));
}
/* Where a formula changes, the order of neighbouring floats must not turn around by more than the errors allow: one unit. */
Test(functions, rising_across_the_seams)
{
    static float (*const all[])(float) = { sphere_asin_, sphere_expm1_, sphere_log1p_, sphere_tanh_ };
    static const float seams[] = { 0.5f, 0.34657359f, 1.0397208f, 0.41421356f, 0.75f, 2.44140625e-04f, 5.96046448e-08f, 0.29289322f };
    size_t f, j;
    uint32_t u;
    for (f = 0; f < COUNT(all); f++) for (j = 0; j < COUNT(seams); j++) for (u = 0; u < 200; u++) {
        const uint32_t bits = sphere_bits_(seams[j]) - 100u + u;
        const float a = all[f](sphere_from_bits_(bits)), b = all[f](sphere_from_bits_(bits + 1));
        cr_assert(sphere_bits_(b) + 1u >= sphere_bits_(a), "function %u at %.9g", (unsigned)f, (double)sphere_from_bits_(bits));
    }
}
