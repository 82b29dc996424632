/* sphere_sh.h, the transform: nodes, grids, round trips, values and gradients against sums done directly in long double, rings of the caller's own,
   energy, batches, bad input, the interference field. Levels and threads: tests/levels_sh_transform.c. */
#define SPHERE_SH_IMPLEMENTATION
#include "../sphere_sh.h"
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#define FAILS(want, call) do { const sphere_status got_ = (call); cr_assert(got_ == (want), "%s\n  gave %d, not %d", #call, (int)got_, (int)(want)); } while (0)
#define OK(call) FAILS(SPHERE_OK, call)
static const double pi = 3.14159265358979323846;

static uint64_t random_state = 88172645463325252u;
static double uniform(void)
{
    random_state ^= random_state << 13; random_state ^= random_state >> 7; random_state ^= random_state << 17;
    return (double)(random_state >> 11) / 4503599627370496.0 - 1.0;
}
static void *get(size_t bytes) { void *p = malloc(bytes ? bytes : 1); cr_assert(p != NULL); return p; }

/* A plan with exactly the memory it asks for, so that the address sanitizer sees every step beyond. */
#define DEFINE_SET(set, sh, real) \
typedef struct set { sphere_##sh##_plan plan; void *memory, *work; size_t bytes; real *in, *out, *field; } set; \
static set set##_make(size_t degree, const sphere_sh_plan_desc *desc) \
{ \
    set s; \
    size_t bytes = sphere_##sh##_plan_size(degree, desc), l, m; \
    cr_assert(bytes > 0); \
    s.memory = get(bytes); \
    OK(sphere_##sh##_plan_init(&s.plan, degree, desc, s.memory, bytes)); \
    s.bytes = sphere_##sh##_transform_size(&s.plan); s.work = get(s.bytes); \
    s.in = (real *)get(s.plan.coefficients * sizeof(real)); s.out = (real *)get(s.plan.coefficients * sizeof(real)); s.field = (real *)get(s.plan.values * sizeof(real)); \
    for (l = 0; l <= degree; l++) for (m = 0; m <= l; m++) { \
        s.in[l * l + l + m] = m < s.plan.orders ? (real)uniform() : 0; \
        if (m) s.in[l * l + l - m] = m < s.plan.orders ? (real)uniform() : 0; \
    } \
    return s; \
} \
static void set##_free(set *s) { free(s->memory); free(s->work); free(s->in); free(s->out); free(s->field); } \
static double set##_round_trip(set *s) \
{ \
    double worst = 0, largest = 0; \
    size_t i; \
    OK(sphere_##sh##_synthesis(&s->plan, s->in, 0, s->field, 0, 1, s->work, s->bytes, NULL)); \
    OK(sphere_##sh##_analysis(&s->plan, s->field, 0, s->out, 0, 1, s->work, s->bytes, NULL)); \
    for (i = 0; i < s->plan.coefficients; i++) { \
        const double d = fabs((double)s->in[i] - (double)s->out[i]), a = fabs((double)s->in[i]); \
        if (!(d <= worst)) worst = d; \
        if (a > largest) largest = a; \
    } \
    return worst / largest; \
}
DEFINE_SET(single, sh, float)
DEFINE_SET(twice, shd, double)

/* The sum itself, in long double, by the three-term recurrence in the degree; value and gradient. */
typedef struct direct { double value, theta, phi; } direct;
static direct sum_at(const double *c, size_t degree, size_t orders, double theta, double phi)
{
    const long double x = cosl((long double)theta), s = sinl((long double)theta);
    long double value = 0, dt = 0, dp = 0, sector = sqrtl(1.0L / (4.0L * acosl(-1.0L)));
    direct d;
    size_t l, m;
    for (m = 0; m < orders; m++) {
        const long double norm = m ? sqrtl(2.0L) : 1.0L, cm = norm * cosl((long double)m * (long double)phi), sm = norm * sinl((long double)m * (long double)phi);
        long double before = 0, now = sector;                            /* without the factor s^m */
        const long double power = powl(s, (long double)m), lower = m ? powl(s, (long double)m - 1) : 0;
        for (l = m; l <= degree; l++) {
            const long double ll = (long double)l, mm = (long double)m;
            const long double el = l ? sqrtl((ll * ll - mm * mm) / (4 * ll * ll - 1)) : 0, en = sqrtl(((ll + 1) * (ll + 1) - mm * mm) / (4 * (ll + 1) * (ll + 1) - 1));
            const long double next = (x * now - el * before) / en;
            const long double a = (long double)c[l * l + l + m], b = m ? (long double)c[l * l + l - m] : 0, f = a * cm + b * sm;
            value += power * now * f;
            /* dP/dtheta = (l e_(l+1) P_(l+1) - (l+1) e_l P_(l-1)) / s: no division where m > 0; for m = 0 the tests stay off the poles */
            if (m) dt += lower * (ll * en * next - (ll + 1) * el * before) * f;
            else dt += (ll * en * next - (ll + 1) * el * before) / s * f;
            if (m) dp += lower * now * mm * (b * cm - a * sm);
            before = now; now = next;
        }
        sector *= sqrtl((2.0L * (long double)m + 3.0L) / (2.0L * (long double)m + 2.0L));
    }
    d.value = (double)value; d.theta = (double)dt; d.phi = (double)dp;
    return d;
}
static size_t place(size_t r, size_t j, size_t rings, const size_t *first, sphere_sh_layout layout) { return layout == SPHERE_SH_ROWS ? first[r] + j : j * rings + r; }

/* -- nodes */
/* P_n(1 - v) and P_(n-1), in differences: a node next to the pole keeps its digits. In quadruple precision where there is one: in long
   double the recurrence itself loses units of double with thousands of degrees. */
#if defined(__SIZEOF_FLOAT128__)
__extension__ typedef __float128 quad;
#define WEIGHT_UNITS(n) 2
#else
typedef long double quad;
#define WEIGHT_UNITS(n) ((n) > 1024 ? 3 : 2)
#endif
static quad legendre(size_t n, quad v, quad *before)
{
    quad p = 1, e = 0;
    size_t k;
    for (k = 0; k < n; k++) { *before = p; e -= (quad)(2 * k + 1) * v * p; p += e / (quad)(k + 1); }
    return p;
}
static double units(double got, long double want) { int e; frexp((double)want, &e); return (double)(fabsl((long double)got - want) / ldexpl(1.0L, e - 53)); }
Test(sh_transform, gauss_nodes_and_weights_to_two_units)
{
    static const size_t orders[] = { 2, 3, 4, 5, 8, 17, 33, 63, 64, 65, 66, 100, 127, 128, 257, 512, 1024, 2047, 8192 };
    size_t k, r, i;
    for (k = 0; k < sizeof(orders) / sizeof(orders[0]); k++) {
        const size_t n = orders[k], step = n > 256 ? n / 40 : 1;
        double *x = (double *)get(n * sizeof(double)), *s = (double *)get(n * sizeof(double)), *w = (double *)get(n * sizeof(double)), sum = 0;
        OK(sphere_sh_gauss(n, x, s, w));
        for (r = 0; r < n; r++) { sum += w[r]; cr_assert(x[r] == -x[n - 1 - r] && w[r] == w[n - 1 - r] && s[r] == s[n - 1 - r]); cr_assert(!r || x[r] < x[r - 1]); }
        cr_assert(fabs(sum - 2) < 1e-14, "n %zu: weights sum to 2 + %g", n, sum - 2);
        for (r = 0; r < n / 2; r += r < 12 ? 1 : step) {
            quad v = 1 - (quad)x[r], p, q, slope = 1;
            long double want;
            for (i = 0; i < 4; i++) { p = legendre(n, v, &q); slope = (quad)n * (q - (1 - v) * p) / (v * (2 - v)); v += i < 3 ? p / slope : 0; }
            cr_assert(units(x[r], (long double)(1 - v)) < 2 && units(s[r], sqrtl((long double)(v * (2 - v)))) < 2, "n %zu node %zu: %g %g units", n, r, units(x[r], (long double)(1 - v)), units(s[r], sqrtl((long double)(v * (2 - v)))));
            want = (long double)(2 / (v * (2 - v) * slope * slope));
            cr_assert(units(w[r], want) < WEIGHT_UNITS(n), "n %zu node %zu: weight %g units", n, r, units(w[r], want));
        }
        free(x); free(s); free(w);
    }
    {
        double a[3], b[3];
        OK(sphere_sh_gauss(1, a, a + 1, a + 2));
        cr_assert(a[0] == 0 && a[1] == 1 && a[2] == 2);
        FAILS(SPHERE_E_RANGE, sphere_sh_gauss(0, a, b, NULL));
        FAILS(SPHERE_E_OVERLAP, sphere_sh_gauss(2, a, a + 1, NULL));
        OK(sphere_sh_gauss(3, NULL, NULL, b));
        cr_assert(fabs(b[1] - 8.0 / 9) < 3e-16);
    }
}
Test(sh_transform, good_counts)
{
    size_t n, want, rest;
    for (n = 1; n < 3000; n++) {
        for (want = n; ; want++) {
            for (rest = want; rest % 2 == 0; ) rest /= 2;
            while (rest % 3 == 0) rest /= 3;
            while (rest % 5 == 0) rest /= 5;
            if (rest == 1) break;
        }
        cr_assert(sphere_sh_good_count(n) == want, "%zu: %zu, not %zu", n, sphere_sh_good_count(n), want);
    }
    cr_assert(sphere_sh_good_count((size_t)1 << 31) == 0);
}

/* -- round trips. The bounds that the header promises: double 2e-15 (L + 1), float 2e-5 to 511 and 3e-5 at 1023 */
Test(sh_transform, round_trip_on_gauss_grids)
{
    static const size_t degrees[] = { 0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 100, 127, 255, 256, 511, 1023 };
    size_t k;
    for (k = 0; k < sizeof(degrees) / sizeof(degrees[0]); k++) {
        single a = single_make(degrees[k], NULL);
        twice b = twice_make(degrees[k], NULL);
        const double ea = single_round_trip(&a), eb = twice_round_trip(&b), l1 = (double)degrees[k] + 1;
        cr_assert(ea <= (l1 < 10 ? 4e-7 * l1 : l1 > 512 ? 3e-5 : 2e-5), "float, degree %zu: %g", degrees[k], ea);
        cr_assert(eb <= 2e-15 * l1, "double, degree %zu: %g", degrees[k], eb);
        single_free(&a); twice_free(&b);
    }
}
Test(sh_transform, every_grid_is_exact_where_it_says)
{
    static const size_t least[] = { 1, 2, 2, 2, 0 };                     /* rings at least this times degree (+ 1 or + 2) */
    size_t degree, orders;
    int grid, layout;
    for (degree = 1; degree <= 45; degree += 11) for (grid = 0; grid <= SPHERE_SH_MIDPOINT; grid++) for (layout = 0; layout < 2; layout++) for (orders = 0; orders <= degree; orders += degree / 2 + 1) {
        sphere_sh_plan_desc desc = { 0 };
        twice s;
        double e, claim;
        desc.grid = (sphere_sh_grid)grid; desc.layout = (sphere_sh_layout)layout; desc.orders = orders;
        s = twice_make(degree, &desc);
        cr_assert(s.plan.rings >= least[grid] * degree);
        e = twice_round_trip(&s);
        OK(sphere_shd_plan_error(&s.plan, &claim));
        if (grid == SPHERE_SH_MIDPOINT) cr_assert(claim > 1e-6 && e > 1e-6, "degree %zu: midpoint is not exact, but error %g, claim %g", degree, e, claim);
        else cr_assert(e < 2e-15 * (double)(degree + 1) && claim < 1e-14, "degree %zu grid %d: %g, claim %g", degree, grid, e, claim);
        twice_free(&s);
    }
    /* the least that the enum's comments state, and one ring less */
    for (grid = 0; grid <= SPHERE_SH_DRISCOLL_HEALY; grid++) {
        static const size_t rings[] = { 13, 25, 25, 26 };
        sphere_sh_plan_desc desc = { 0 };
        twice s;
        desc.grid = (sphere_sh_grid)grid; desc.latitudes = rings[grid];
        s = twice_make(12, &desc);
        cr_assert(twice_round_trip(&s) < 3e-14, "grid %d", grid);
        twice_free(&s);
        desc.latitudes -= grid == SPHERE_SH_DRISCOLL_HEALY ? 2 : 1;
        s = twice_make(12, &desc);
        cr_assert(twice_round_trip(&s) > 1e-6, "grid %d", grid);
        twice_free(&s);
    }
}

/* -- against direct sums, a thousand random samples in all */
Test(sh_transform, values_and_gradients_against_direct_sums)
{
    static const size_t degrees[] = { 1, 5, 16, 40, 90, 200 };
    size_t k, i;
    for (k = 0; k < 6; k++) {
        sphere_sh_plan_desc desc = { 0 };
        twice s;
        single f;
        double *wide, *t, *p, worst = 0, slope = 0, single_worst = 0, size = 0;
        float *ft, *fp;
        desc.grid = k % 2 ? SPHERE_SH_FEJER : SPHERE_SH_GAUSS; desc.layout = k % 3 ? SPHERE_SH_ROWS : SPHERE_SH_COLUMNS; desc.orders = k == 3 ? 17 : 0;
        s = twice_make(degrees[k], &desc); f = single_make(degrees[k], &desc);
        t = (double *)get(s.plan.values * sizeof(double)); p = (double *)get(s.plan.values * sizeof(double)); wide = (double *)get(s.plan.coefficients * sizeof(double));
        ft = (float *)get(s.plan.values * sizeof(float)); fp = (float *)get(s.plan.values * sizeof(float));
        for (i = 0; i < s.plan.coefficients; i++) { f.in[i] = (float)s.in[i]; wide[i] = (double)f.in[i]; s.in[i] = wide[i]; }
        OK(sphere_shd_synthesis(&s.plan, s.in, 0, s.field, 0, 1, s.work, s.bytes, NULL));
        OK(sphere_shd_gradient_synthesis(&s.plan, s.in, 0, t, p, 0, 1, s.work, s.bytes, NULL));
        OK(sphere_sh_synthesis(&f.plan, f.in, 0, f.field, 0, 1, f.work, f.bytes, NULL));
        OK(sphere_sh_gradient_synthesis(&f.plan, f.in, 0, ft, fp, 0, 1, f.work, f.bytes, NULL));
        for (i = 0; i < 170; i++) {
            const size_t r = i < 3 ? i % s.plan.rings : (size_t)(fabs(uniform()) * (double)s.plan.rings) % s.plan.rings, j = (size_t)(fabs(uniform()) * (double)s.plan.ring[r].count) % s.plan.ring[r].count;
            const size_t at = place(r, j, s.plan.rings, s.plan.first, desc.layout);
            const direct d = sum_at(wide, degrees[k], s.plan.orders, s.plan.ring[r].theta, s.plan.ring[r].phi + 2 * pi * (double)j / (double)s.plan.ring[r].count);
            worst = fmax(worst, fabs(s.field[at] - d.value)); size = fmax(size, fabs(d.value));
            slope = fmax(slope, fmax(fabs(t[at] - d.theta), fabs(p[at] - d.phi)));
            single_worst = fmax(single_worst, fmax(fabs((double)f.field[at] - d.value), fmax(fabs((double)ft[at] - d.theta), fabs((double)fp[at] - d.phi)) / ((double)degrees[k] + 1)));
        }
        /* relative to the size of the field; the angle of a node rounded to 2^-53 alone moves the field by degree * 1e-16 */
        cr_assert(worst < 3e-15 * ((double)degrees[k] + 1) * size, "degree %zu: values %g of %g", degrees[k], worst, size);
        cr_assert(slope < 6e-15 * ((double)degrees[k] + 1) * ((double)degrees[k] + 1) * size, "degree %zu: gradients %g of %g", degrees[k], slope, size);
        cr_assert(single_worst < 2e-6 * size * (1 + (double)degrees[k] / 60), "degree %zu: float %g of %g", degrees[k], single_worst, size);
        free(t); free(p); free(wide); free(ft); free(fp); twice_free(&s); single_free(&f);
    }
}
/* The two halves of the header against each other: the transform's values and gradients at samples against sums of expansions there, a thousand
   places for each number type. */
#define AGAINST_POINTS(set, sh, real, tolerance) do { \
    static const size_t degrees[] = { 3, 16, 63, 150, 400 }; \
    size_t k, i; \
    for (k = 0; k < 5; k++) { \
        sphere_sh_plan_desc desc = { 0 }; \
        set s; \
        sphere_##sh##_points points; \
        const size_t bytes = sphere_##sh##_points_size((int)degrees[k]); \
        void *memory = get(bytes); \
        real *t, *p; \
        double size = 0, worst = 0, slope = 0; \
        desc.grid = k % 2 ? SPHERE_SH_DRISCOLL_HEALY : SPHERE_SH_GAUSS; \
        s = set##_make(degrees[k], &desc); \
        t = (real *)get(s.plan.values * sizeof(real)); p = (real *)get(s.plan.values * sizeof(real)); \
        OK(sphere_##sh##_points_init(&points, (int)degrees[k], NULL, NULL, memory, bytes)); \
        OK(sphere_##sh##_synthesis(&s.plan, s.in, 0, s.field, 0, 1, s.work, s.bytes, NULL)); \
        OK(sphere_##sh##_gradient_synthesis(&s.plan, s.in, 0, t, p, 0, 1, s.work, s.bytes, NULL)); \
        for (i = 0; i < s.plan.values; i++) size = fmax(size, fabs((double)s.field[i])); \
        for (i = 0; i < 200; i++) { \
            const size_t r = i < 3 ? i : (size_t)(fabs(uniform()) * (double)s.plan.rings) % s.plan.rings, j = (size_t)(fabs(uniform()) * (double)s.plan.ring[r].count) % s.plan.ring[r].count, at = s.plan.first[r] + j; \
            const real theta = (real)s.plan.ring[r].theta, phi = (real)(s.plan.ring[r].phi + 2 * pi * (double)j / (double)s.plan.ring[r].count); \
            /* the angle rounded to the number type moves the field by at most the gradient times that */ \
            const double off = fabs(s.plan.ring[r].theta - (double)theta) + fabs(s.plan.ring[r].phi + 2 * pi * (double)j / (double)s.plan.ring[r].count - (double)phi); \
            real value, along_theta, along_phi; \
            OK(sphere_##sh##_sum_angles(&points, s.in, 1, 0, &theta, &phi, 1, &value, &along_theta, &along_phi)); \
            worst = fmax(worst, fabs((double)s.field[at] - (double)value) - off * (double)degrees[k] * size); \
            slope = fmax(slope, fmax(fabs((double)t[at] - (double)along_theta), fabs((double)p[at] - (double)along_phi)) - off * (double)(degrees[k] * degrees[k]) * size); \
        } \
        cr_assert(worst < (tolerance) * size && slope < (tolerance) * (double)(degrees[k] + 1) * size, "degree %zu: %g and %g of %g", degrees[k], worst, slope, size); \
        free(t); free(p); free(memory); set##_free(&s); \
    } \
} while (0)
Test(sh_transform, fields_are_sums_of_expansions_at_points)
{
    AGAINST_POINTS(twice, shd, double, 3e-15 * (double)(degrees[k] + 1));
    AGAINST_POINTS(single, sh, float, 2e-6 * (1 + (double)degrees[k] / 60));
}
Test(sh_transform, gradients_at_the_poles_are_limits)
{
    sphere_sh_plan_desc desc = { 0 };
    twice s;
    double *t, *p;
    size_t j;
    desc.grid = SPHERE_SH_CLENSHAW_CURTIS;
    s = twice_make(6, &desc);
    t = (double *)get(s.plan.values * sizeof(double)); p = (double *)get(s.plan.values * sizeof(double));
    memset(s.in, 0, s.plan.coefficients * sizeof(double));
    s.in[3] = 1;                                                         /* sqrt(3/4pi) x: its gradient at the pole is the vector x */
    OK(sphere_shd_gradient_synthesis(&s.plan, s.in, 0, t, p, 0, 1, s.work, s.bytes, NULL));
    for (j = 0; j < s.plan.ring[0].count; j++) {
        const double phi = 2 * pi * (double)j / (double)s.plan.ring[0].count, c = sqrt(3 / (4 * pi));
        cr_assert(fabs(t[j] - c * cos(phi)) < 1e-15 && fabs(p[j] + c * sin(phi)) < 1e-15, "%zu: %g %g", j, t[j], p[j]);
    }
    free(t); free(p); twice_free(&s);
}
Test(sh_transform, parseval)
{
    single a = single_make(90, NULL);
    twice b = twice_make(90, NULL);
    double energy = 0, integral = 0;
    size_t i, r, j;
    OK(sphere_shd_synthesis(&b.plan, b.in, 0, b.field, 0, 1, b.work, b.bytes, NULL));
    for (i = 0; i < b.plan.coefficients; i++) energy += b.in[i] * b.in[i];
    for (r = 0; r < b.plan.rings; r++) for (j = 0; j < b.plan.ring[r].count; j++)
        integral += b.field[b.plan.first[r] + j] * b.field[b.plan.first[r] + j] * b.plan.ring[r].weight / (double)b.plan.ring[r].count;
    cr_assert(fabs(energy - integral) < 1e-13 * energy, "%g %g", energy, integral);
    OK(sphere_sh_synthesis(&a.plan, a.in, 0, a.field, 0, 1, a.work, a.bytes, NULL));
    energy = integral = 0;
    for (i = 0; i < a.plan.coefficients; i++) energy += (double)a.in[i] * (double)a.in[i];
    for (r = 0; r < a.plan.rings; r++) for (j = 0; j < a.plan.ring[r].count; j++)
        integral += (double)a.field[a.plan.first[r] + j] * (double)a.field[a.plan.first[r] + j] * a.plan.ring[r].weight / (double)a.plan.ring[r].count;
    cr_assert(fabs(energy - integral) < 1e-6 * energy, "%g %g", energy, integral);
    single_free(&a); twice_free(&b);
}

/* -- rings of the caller's own: unequal counts (primes among them), phases, aliases, mirrored and not, in any order */
Test(sh_transform, rings_against_the_same_sums_done_directly)
{
    sphere_sh_ring ring[23];
    sphere_sh_plan_desc desc = { 0 };
    twice s;
    size_t i, j, l, m;
    double worst = 0;
    const size_t degree = 19;
    double *want;
    for (i = 0; i < 23; i++) {
        ring[i].theta = 0.13 * (double)((i * 7) % 23) + 0.05; ring[i].phi = i % 3 ? 0.3 * (double)i : 0; ring[i].weight = 0.1 + 0.01 * (double)i;
        ring[i].count = i % 5 == 0 ? 40 : i % 5 == 1 ? 53 : i % 5 == 2 ? 7 : i % 5 == 3 ? 1 + i : 48;
    }
    ring[22] = ring[21]; ring[22].theta = pi - ring[21].theta;          /* one mirrored pair */
    desc.grid = SPHERE_SH_RINGS; desc.rings = ring; desc.latitudes = 23;
    s = twice_make(degree, &desc);
    OK(sphere_shd_synthesis(&s.plan, s.in, 0, s.field, 0, 1, s.work, s.bytes, NULL));
    for (i = 0; i < 23; i++) for (j = 0; j < ring[i].count; j++) {
        const direct d = sum_at(s.in, degree, degree + 1, ring[i].theta, ring[i].phi + 2 * pi * (double)j / (double)ring[i].count);
        worst = fmax(worst, fabs(s.field[s.plan.first[i] + j] - d.value));
    }
    cr_assert(worst < 3e-13, "synthesis: %g", worst);
    for (i = 0; i < s.plan.values; i++) s.field[i] = uniform();
    OK(sphere_shd_analysis(&s.plan, s.field, 0, s.out, 0, 1, s.work, s.bytes, NULL));
    want = (double *)get(s.plan.coefficients * sizeof(double));
    for (l = 0; l < s.plan.coefficients; l++) {
        want[l] = 0;
        memset(s.in, 0, s.plan.coefficients * sizeof(double));
        s.in[l] = 1;
        m = 0;
        if (l % 13) continue;                                            /* every 13th harmonic is enough */
        for (i = 0; i < 23; i++) for (j = 0; j < ring[i].count; j++)
            want[l] += ring[i].weight / (double)ring[i].count * s.field[s.plan.first[i] + j]
                     * sum_at(s.in, degree, degree + 1, ring[i].theta, ring[i].phi + 2 * pi * (double)j / (double)ring[i].count).value;
        cr_assert(fabs(want[l] - s.out[l]) < 1e-13, "analysis, coefficient %zu: %g, not %g", l + m, s.out[l], want[l]);
    }
    free(want); twice_free(&s);
}
/* HEALPix, 12 N^2 pixels of equal area on 4 N - 1 rings (Gorski et al. 2005, equations 4 to 9): values at every pixel, and what its equal weights
   give back, which is near but not exact, and is said to be so. */
Test(sh_transform, healpix_rings)
{
    enum { N = 8, RINGS = 4 * N - 1, DEGREE = 2 * N };
    sphere_sh_ring ring[RINGS];
    sphere_sh_plan_desc desc = { 0 };
    twice s;
    size_t i, j;
    double worst = 0, error, most = 0;
    for (i = 1; i <= RINGS; i++) {
        const size_t k = i <= 2 * N ? i : 4 * N - i;                     /* counted from the nearer pole */
        const double z = k < N ? 1 - (double)(k * k) / (3.0 * N * N) : 4.0 / 3 - 2.0 * (double)k / (3.0 * N);
        ring[i - 1].theta = i <= 2 * N ? acos(z) : pi - acos(z);
        ring[i - 1].count = 4 * (k < N ? k : N);
        ring[i - 1].phi = k < N ? pi / (4.0 * (double)k) : (k - N + 1) % 2 ? pi / (4.0 * N) : 0;
        ring[i - 1].weight = 4 * pi * (double)ring[i - 1].count / (12.0 * N * N);
    }
    desc.grid = SPHERE_SH_RINGS; desc.rings = ring; desc.latitudes = RINGS;
    s = twice_make(DEGREE, &desc);
    cr_assert(s.plan.values == 12 * N * N);
    OK(sphere_shd_synthesis(&s.plan, s.in, 0, s.field, 0, 1, s.work, s.bytes, NULL));
    for (i = 0; i < RINGS; i++) for (j = 0; j < ring[i].count; j++)
        worst = fmax(worst, fabs(s.field[s.plan.first[i] + j] - sum_at(s.in, DEGREE, DEGREE + 1, ring[i].theta, ring[i].phi + 2 * pi * (double)j / (double)ring[i].count).value));
    cr_assert(worst < 3e-13, "%g", worst);
    OK(sphere_shd_analysis(&s.plan, s.field, 0, s.out, 0, 1, s.work, s.bytes, NULL));
    for (i = 0; i < 25; i++) most = fmax(most, fabs(s.in[i] - s.out[i]));    /* the low degrees */
    OK(sphere_shd_plan_error(&s.plan, &error));
    cr_assert(most < 0.03 && error > 1e-6 && error < 0.03, "%g, claim %g", most, error);
    memset(s.in, 0, s.plan.coefficients * sizeof(double)); s.in[0] = 1;
    most = twice_round_trip(&s);                                         /* a constant: only what leaks into other degrees, m = 0 and high */
    cr_assert(most < 1e-2, "%g", most);
    twice_free(&s);
}
Test(sh_transform, one_ring_and_degree_zero)
{
    const sphere_sh_ring ring = { 1.0, 0.25, 12.566370614359172, 3 };
    sphere_sh_plan_desc desc = { 0 };
    single s;
    desc.grid = SPHERE_SH_RINGS; desc.rings = &ring; desc.latitudes = 1;
    s = single_make(0, &desc);
    s.in[0] = 2;
    cr_assert(single_round_trip(&s) < 1e-6);
    cr_assert(s.plan.values == 3 && fabs((double)s.field[2] - 2 * 0.28209479177387814) < 1e-7);
    single_free(&s);
}
Test(sh_transform, high_degrees_in_float_and_double)
{
    /* few orders of a high degree: the ends of the range of exponents; the polar cut; the kept columns are not used here */
    sphere_sh_plan_desc desc = { 0 };
    single a;
    twice b;
    desc.longitudes = 2048;
    a = single_make(700, NULL);
    cr_assert(single_round_trip(&a) < 3e-5);
    single_free(&a);
    desc.orders = 3; desc.longitudes = 5;
    b = twice_make(4095, &desc);
    cr_assert(twice_round_trip(&b) < 2e-15 * 4096);
    twice_free(&b);
}

/* -- batches, strides, inputs kept, NaN */
Test(sh_transform, batches_equal_single_calls)
{
    enum { FIELDS = 5 };
    single s = single_make(23, NULL);
    const size_t cs = s.plan.coefficients + 3, vs = s.plan.values + 5;
    float *in = (float *)get(FIELDS * cs * sizeof(float)), *keep = (float *)get(FIELDS * cs * sizeof(float)), *field = (float *)get(FIELDS * vs * sizeof(float)), *back = (float *)get(FIELDS * cs * sizeof(float));
    size_t i, k;
    for (i = 0; i < FIELDS * cs; i++) keep[i] = in[i] = (float)uniform();
    memset(field, 0x7f, FIELDS * vs * sizeof(float)); memset(back, 0x7f, FIELDS * cs * sizeof(float));
    OK(sphere_sh_synthesis(&s.plan, in, cs, field, vs, FIELDS, s.work, s.bytes, NULL));
    cr_assert(memcmp(in, keep, FIELDS * cs * sizeof(float)) == 0);
    OK(sphere_sh_analysis(&s.plan, field, vs, back, cs, FIELDS, s.work, s.bytes, NULL));
    for (k = 0; k < FIELDS; k++) {
        OK(sphere_sh_synthesis(&s.plan, in + k * cs, 0, s.field, 0, 1, s.work, s.bytes, NULL));
        cr_assert(memcmp(s.field, field + k * vs, s.plan.values * sizeof(float)) == 0);
        OK(sphere_sh_analysis(&s.plan, field + k * vs, 0, s.out, 0, 1, s.work, s.bytes, NULL));
        cr_assert(memcmp(s.out, back + k * cs, s.plan.coefficients * sizeof(float)) == 0);
        for (i = 0; i < 3; i++) { unsigned u; memcpy(&u, back + k * cs + s.plan.coefficients + i, 4); cr_assert(u == 0x7f7f7f7fu); }
        for (i = 0; i < 5; i++) { unsigned u; memcpy(&u, field + k * vs + s.plan.values + i, 4); cr_assert(u == 0x7f7f7f7fu); }
    }
    free(in); free(keep); free(field); free(back); single_free(&s);
}
Test(sh_transform, a_nan_spoils_its_own_field_only)
{
    single s = single_make(12, NULL);
    float *in = (float *)get(2 * s.plan.coefficients * sizeof(float)), *field = (float *)get(2 * s.plan.values * sizeof(float));
    size_t i;
    for (i = 0; i < 2 * s.plan.coefficients; i++) in[i] = (float)uniform();
    in[5] = -NAN;
    OK(sphere_sh_synthesis(&s.plan, in, 0, field, 0, 2, s.work, s.bytes, NULL));
    for (i = 0; i < s.plan.values; i++) { unsigned u; memcpy(&u, field + i, 4); cr_assert(u == 0x7fc00000u); }
    OK(sphere_sh_synthesis(&s.plan, in + s.plan.coefficients, 0, s.field, 0, 1, s.work, s.bytes, NULL));
    cr_assert(memcmp(s.field, field + s.plan.values, s.plan.values * sizeof(float)) == 0);
    in[5] = 0;
    for (i = 0; i < 2 * s.plan.values; i++) field[i] = (float)uniform();
    field[s.plan.values + 7] = -NAN;
    OK(sphere_sh_analysis(&s.plan, field, 0, in, 0, 2, s.work, s.bytes, NULL));
    OK(sphere_sh_analysis(&s.plan, field, 0, s.out, 0, 1, s.work, s.bytes, NULL));
    cr_assert(memcmp(s.out, in, s.plan.coefficients * sizeof(float)) == 0);
    for (i = 0; i < s.plan.coefficients; i++) { unsigned u; memcpy(&u, in + s.plan.coefficients + i, 4); cr_assert(u == 0x7fc00000u, "coefficient %zu: %08x", i, u); }
    free(in); free(field); single_free(&s);
}

/* -- bad input */
Test(sh_transform, faults_leave_everything_untouched)
{
    single s = single_make(9, NULL);
    sphere_sh_plan plan;
    sphere_sh_plan_desc desc = { 0 };
    sphere_sh_ring ring[2] = { { 1, 0, 1, 4 }, { 2, 0, 1, 5 } };
    sphere_exec exec = { SPHERE_SIMD_BEST, { 0, 0 } };
    size_t bytes = sphere_sh_plan_size(9, NULL), i;
    double error;
    memset(&plan, 0x55, sizeof(plan));
    FAILS(SPHERE_E_NULL, sphere_sh_plan_init(NULL, 9, NULL, s.memory, bytes));
    FAILS(SPHERE_E_MEMORY, sphere_sh_plan_init(&plan, 9, NULL, s.work, bytes - 1));
    FAILS(SPHERE_E_MEMORY, sphere_sh_plan_init(&plan, 9, NULL, NULL, bytes));
    FAILS(SPHERE_E_OVERLAP, sphere_sh_plan_init((sphere_sh_plan *)s.work, 9, NULL, s.work, bytes));
    FAILS(SPHERE_E_RANGE, sphere_sh_plan_init(&plan, SPHERE_SH_MAX_TRANSFORM_DEGREE + 1, NULL, s.work, s.bytes));
    desc.orders = 11;
    FAILS(SPHERE_E_RANGE, sphere_sh_plan_init(&plan, 9, &desc, s.work, s.bytes)); cr_assert(sphere_sh_plan_size(9, &desc) == 0);
    desc.orders = 0; desc.grid = (sphere_sh_grid)7;
    FAILS(SPHERE_E_RANGE, sphere_sh_plan_init(&plan, 9, &desc, s.work, s.bytes));
    desc.grid = SPHERE_SH_DRISCOLL_HEALY; desc.latitudes = 21;
    FAILS(SPHERE_E_RANGE, sphere_sh_plan_init(&plan, 9, &desc, s.work, s.bytes));
    desc.grid = SPHERE_SH_CLENSHAW_CURTIS; desc.latitudes = 1;
    FAILS(SPHERE_E_RANGE, sphere_sh_plan_init(&plan, 9, &desc, s.work, s.bytes));
    desc.grid = SPHERE_SH_RINGS; desc.latitudes = 2;
    FAILS(SPHERE_E_NULL, sphere_sh_plan_init(&plan, 9, &desc, s.work, s.bytes));
    desc.rings = ring; desc.layout = SPHERE_SH_COLUMNS;
    FAILS(SPHERE_E_RANGE, sphere_sh_plan_init(&plan, 9, &desc, s.work, s.bytes));
    desc.layout = SPHERE_SH_ROWS; ring[1].theta = 3.2;
    FAILS(SPHERE_E_RANGE, sphere_sh_plan_init(&plan, 9, &desc, s.work, s.bytes));
    ring[1].theta = NAN;
    FAILS(SPHERE_E_NAN, sphere_sh_plan_init(&plan, 9, &desc, s.work, s.bytes));
    ring[1].theta = 2; ring[1].count = 0;
    FAILS(SPHERE_E_RANGE, sphere_sh_plan_init(&plan, 9, &desc, s.work, s.bytes));
    ring[1].count = 5; ring[0].weight = INFINITY;
    FAILS(SPHERE_E_RANGE, sphere_sh_plan_init(&plan, 9, &desc, s.work, s.bytes));
    desc.grid = SPHERE_SH_GAUSS; desc.latitudes = 65537;
    FAILS(SPHERE_E_SIZE, sphere_sh_plan_init(&plan, 9, &desc, s.work, s.bytes));
    for (i = 0; i < sizeof(plan); i++) cr_assert(((unsigned char *)&plan)[i] == 0x55);

    memset(s.field, 0x55, s.plan.values * sizeof(float)); memset(s.out, 0x55, s.plan.coefficients * sizeof(float));
    FAILS(SPHERE_E_NULL, sphere_sh_synthesis(NULL, s.in, 0, s.field, 0, 1, s.work, s.bytes, NULL));
    FAILS(SPHERE_E_NULL, sphere_sh_synthesis(&s.plan, NULL, 0, s.field, 0, 1, s.work, s.bytes, NULL));
    FAILS(SPHERE_E_NULL, sphere_sh_gradient_synthesis(&s.plan, s.in, 0, NULL, NULL, 0, 1, s.work, s.bytes, NULL));
    FAILS(SPHERE_E_MEMORY, sphere_sh_synthesis(&s.plan, s.in, 0, s.field, 0, 1, s.work, s.bytes - 1, NULL));
    FAILS(SPHERE_E_MEMORY, sphere_sh_analysis(&s.plan, s.field, 0, s.out, 0, 1, NULL, s.bytes, NULL));
    FAILS(SPHERE_E_RANGE, sphere_sh_synthesis(&s.plan, s.in, 99, s.field, 0, 1, s.work, s.bytes, NULL));
    FAILS(SPHERE_E_RANGE, sphere_sh_analysis(&s.plan, s.field, 5, s.out, 0, 1, s.work, s.bytes, NULL));
    FAILS(SPHERE_E_SIZE, sphere_sh_synthesis(&s.plan, s.in, 0, s.field, 0, SIZE_MAX / 8, s.work, s.bytes, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_sh_synthesis(&s.plan, s.in, 0, s.in, 0, 1, s.work, s.bytes, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_sh_synthesis(&s.plan, s.in, 0, (float *)s.work, 0, 1, s.work, s.bytes, NULL));
    exec.simd = (sphere_simd)9;
    FAILS(SPHERE_E_LEVEL, sphere_sh_synthesis(&s.plan, s.in, 0, s.field, 0, 1, s.work, s.bytes, &exec));
    FAILS(SPHERE_E_NULL, sphere_sh_plan_error(&s.plan, NULL));
    FAILS(SPHERE_E_NULL, sphere_sh_plan_error(NULL, &error));
    cr_assert(sphere_sh_transform_size(NULL) == 0 && sphere_sh_interference_size(NULL) == 0);
    for (i = 0; i < s.plan.values; i++) { unsigned u; memcpy(&u, s.field + i, 4); cr_assert(u == 0x55555555u); }
    for (i = 0; i < s.plan.coefficients; i++) { unsigned u; memcpy(&u, s.out + i, 4); cr_assert(u == 0x55555555u); }
    OK(sphere_sh_synthesis(&s.plan, NULL, 0, NULL, 0, 0, NULL, 0, NULL));                                /* no field is a success */
    single_free(&s);
}

/* -- the interference field */
Test(sh_transform, interference_finds_a_source_between_the_samples)
{
    int grid;
    for (grid = 0; grid <= SPHERE_SH_MIDPOINT; grid++) {
        sphere_sh_plan_desc desc = { 0 };
        twice s;
        double theta = 1.1, phi = 4.0, *density, *amplitude, sum = 0, x, y, z, a = 3;
        sphere_sh_peak peak;
        size_t bytes, r, j, skipped;
        void *memory;
        desc.grid = (sphere_sh_grid)grid; desc.layout = grid % 2 ? SPHERE_SH_COLUMNS : SPHERE_SH_ROWS;
        s = twice_make(24, &desc);
        bytes = sphere_shd_interference_size(&s.plan); memory = get(bytes);
        density = (double *)get(s.plan.values * sizeof(double)); amplitude = (double *)get(s.plan.values * sizeof(double));
        memset(amplitude, 0, s.plan.values * sizeof(double));
        x = 2 * sin(theta) * cos(phi); y = 2 * sin(theta) * sin(phi); z = 2 * cos(theta);
        OK(sphere_shd_deposit(&s.plan, &x, &y, &z, &a, 1, amplitude, &skipped));
        cr_assert(skipped == 0);
        for (r = 0; r < s.plan.rings; r++) for (j = 0; j < s.plan.ring[r].count; j++) sum += amplitude[place(r, j, s.plan.rings, s.plan.first, desc.layout)] * s.plan.ring[r].weight / (double)s.plan.ring[r].count;
        cr_assert(fabs(sum - 3) < 1e-12);
        OK(sphere_shd_interference(&s.plan, amplitude, density, &peak, memory, bytes, NULL));
        for (sum = 0, r = 0; r < s.plan.rings; r++) for (j = 0; j < s.plan.ring[r].count; j++) sum += density[place(r, j, s.plan.rings, s.plan.first, desc.layout)] * s.plan.ring[r].weight / (double)s.plan.ring[r].count;
        cr_assert(fabs(sum - 1) < 1e-12);
        cr_assert(fabs(peak.theta - theta) < 0.1 && fabs(peak.phi - phi) < 0.1, "grid %d: %g %g", grid, peak.theta, peak.phi);
        cr_assert(amplitude[peak.index] > 0 && peak.density >= density[peak.index] && peak.density < 1.3 * density[peak.index]);

        /* a smooth bump centred between samples: the parabola finds it to a fraction of the spacing */
        for (r = 0; r < s.plan.rings; r++) for (j = 0; j < s.plan.ring[r].count; j++) {
            const double t = s.plan.ring[r].theta, p = 2 * pi * (double)j / (double)s.plan.ring[r].count;
            amplitude[place(r, j, s.plan.rings, s.plan.first, desc.layout)] = exp(12 * (sin(t) * sin(theta) * cos(p - phi) + cos(t) * cos(theta) - 1));
        }
        OK(sphere_shd_interference(&s.plan, amplitude, density, &peak, memory, bytes, NULL));
        cr_assert(fabs(peak.theta - theta) < 0.01 && fabs(peak.phi - phi) < 0.01, "grid %d: %g %g", grid, peak.theta, peak.phi);
        /* it is what an analysis and a synthesis give, whose coefficients it does not store; noise has much beyond the degree */
        for (r = 0; r < s.plan.values; r++) amplitude[r] = uniform();
        OK(sphere_shd_interference(&s.plan, amplitude, density, &peak, memory, bytes, NULL));
        {
            double *coefficients = (double *)get(s.plan.coefficients * sizeof(double)), *field = (double *)get(s.plan.values * sizeof(double));
            OK(sphere_shd_analysis(&s.plan, amplitude, 0, coefficients, 0, 1, memory, bytes, NULL));
            OK(sphere_shd_synthesis(&s.plan, coefficients, 0, field, 0, 1, memory, bytes, NULL));
            for (r = 0; r < s.plan.values; r++) cr_assert(fabs(density[r] * peak.total - field[r] * field[r]) <= 1e-14 * (1 + field[r] * field[r]), "grid %d, value %zu: %g, not %g", grid, r, density[r] * peak.total, field[r] * field[r]);
            free(coefficients); free(field);
        }

        memset(amplitude, 0, s.plan.values * sizeof(double));
        OK(sphere_shd_interference(&s.plan, amplitude, density, &peak, memory, bytes, NULL));
        for (r = 0; r < s.plan.values; r++) cr_assert(density[r] == 0);
        cr_assert(peak.index == 0 && peak.total == 0);
        amplitude[3] = INFINITY; peak.index = 77;
        FAILS(SPHERE_E_NAN, sphere_shd_interference(&s.plan, amplitude, density, &peak, memory, bytes, NULL));
        cr_assert(peak.index == 77);
        FAILS(SPHERE_E_MEMORY, sphere_shd_interference(&s.plan, amplitude, density, &peak, memory, bytes - 1, NULL));
        FAILS(SPHERE_E_OVERLAP, sphere_shd_interference(&s.plan, amplitude, amplitude, &peak, memory, bytes, NULL));
        x = 0; y = 0; z = 0;
        OK(sphere_shd_deposit(&s.plan, &x, &y, &z, &a, 1, amplitude, &skipped)); cr_assert(skipped == 1);
        z = 1;                                                           /* a pole has a sample, if not always one with a weight */
        OK(sphere_shd_deposit(&s.plan, &x, &y, &z, &a, 1, amplitude, &skipped)); cr_assert(skipped == 0);
        z = NAN;
        OK(sphere_shd_deposit(&s.plan, &x, &y, &z, &a, 1, amplitude, &skipped)); cr_assert(skipped == 1);
        free(memory); free(density); free(amplitude); twice_free(&s);
    }
}
