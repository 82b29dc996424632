/* sphere.h, the cones and the laws of the system: behaviour, accuracy and bad input, against double precision written in the simplest
   way and, for von Mises-Fisher, against 50-digit values (golden/vmf.csv). tests/levels.c compares the levels; here each answer is
   checked at the portable and at the best level, serial and with the tasks in the opposite order. */
#define SPHERE_IMPLEMENTATION
#include "../sphere.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FAILS(want, call) do { const sphere_status got_ = (call); cr_assert(got_ == (want), "%s\n  gave %d, not %d", #call, (int)got_, (int)(want)); } while (0)
#define OK(call) FAILS(SPHERE_OK, call)
#define PI 3.14159265358979323846

/* -- tools */
static uint64_t random_state = 88172645463325252u;
static uint32_t random_bits(void)
{
    random_state ^= random_state << 13; random_state ^= random_state >> 7; random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32);
}
static size_t below(size_t n) { return random_bits() % n; }
static double unit_interval(void) { return ((double)random_bits() + 0.5) / 4294967296.0; }
static float uniform(void) { return (float)(random_bits() >> 8) / 8388608.0f - 1.0f; }                 /* -1 .. 1 */
static double normal(void) { return sqrt(-2 * log(unit_interval())) * cos(2 * PI * unit_interval()); }
/* Exactly as large as asked, so that the address sanitizer sees each step beyond. */
static void *get(size_t bytes) { void *p = malloc(bytes ? bytes : 1); cr_assert(p != NULL); memset(p, 0xa5, bytes ? bytes : 1); return p; }
static float *floats(size_t n) { return (float *)get(n * sizeof(float)); }
static int untouched(const void *p, size_t bytes)
{
    const unsigned char *c = (const unsigned char *)p;
    size_t i;
    for (i = 0; i < bytes; i++) if (c[i] != 0xa5) return 0;
    return 1;
}
static void backwards(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context) { (void)user; while (tasks--) task(context, tasks); }
/* The four ways to run everything: portable and best, serial and backwards. */
static sphere_exec exec_of(int way)
{
    sphere_exec exec;
    memset(&exec, 0, sizeof(exec));
    exec.simd = way & 1 ? SPHERE_SIMD_PORTABLE : SPHERE_SIMD_BEST;
    if (way & 2) exec.parallel.run = backwards;
    return exec;
}
typedef struct points { float *x, *y, *z, *r; size_t n; } points;
static points make_points(size_t n)
{
    points p;
    size_t i;
    p.n = n;
    p.x = floats(n); p.y = floats(n); p.z = floats(n); p.r = floats(n);
    for (i = 0; i < n; i++) { p.x[i] = uniform(); p.y[i] = uniform(); p.z[i] = uniform(); p.r[i] = 1 + (float)below(8); }
    OK(sphere_unit(p.x, p.y, p.z, n, NULL));
    return p;
}
static void free_points(points *p) { free(p->x); free(p->y); free(p->z); free(p->r); }
static const float nan_float = NAN, inf_float = INFINITY;

/* -- cones */
Test(cones, three_forms_give_the_set_of_the_definition)
{
    static const size_t sizes[] = { 0, 1, 7, 8, 31, 32, 33, 100, 1023, 1024, 1025, 5000, 70001, 200003 };
    size_t s, i;
    int way, radial, turn;
    for (s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        const size_t n = sizes[s];
        points p = make_points(n);
        uint8_t *want = (uint8_t *)get(n);
        for (turn = 0; turn < 3; turn++) for (radial = 0; radial < 2; radial++) {
            sphere_cone cone;
            size_t hits = 0;
            float a = uniform(), b = uniform(), c = uniform();
            OK(sphere_unit(&a, &b, &c, 1, NULL));
            memset(&cone, 0, sizeof(cone));
            cone.axis[0] = a; cone.axis[1] = b; cone.axis[2] = c;
            cone.cosine = turn == 0 ? 0.99f : turn == 1 ? 0.5f : -1.5f;
            if (radial) { cone.r = p.r; cone.r0 = 3; cone.r1 = 5; }
            if (n > 50) { p.x[n / 2] = nan_float; p.z[n / 3] = inf_float; p.r[5] = nan_float; }
            for (i = 0; i < n; i++) {
                const volatile float u = p.x[i] * a, v = p.y[i] * b, w = p.z[i] * c, uv = u + v;
                want[i] = uv + w >= cone.cosine && (!radial || (p.r[i] >= 3 && p.r[i] <= 5));
                hits += want[i];
            }
            for (way = 0; way < 4; way++) {
                const sphere_exec exec = exec_of(way);
                uint8_t *mask = (uint8_t *)get(n);
                uint32_t *bits = (uint32_t *)get((n + 31) / 32 * 4), *index = (uint32_t *)get(n * 4);
                size_t count = 99, k = 0, capacity;
                OK(sphere_cone_bytes(p.x, p.y, p.z, n, &cone, mask, &exec));
                cr_assert(memcmp(mask, want, n) == 0);
                OK(sphere_cone_bits(p.x, p.y, p.z, n, &cone, bits, &exec));
                for (i = 0; i < (n + 31) / 32 * 32; i++) cr_assert((bits[i / 32] >> i % 32 & 1u) == (i < n ? want[i] : 0u));
                OK(sphere_cone_index(p.x, p.y, p.z, n, &cone, n, index, &count, &exec));
                cr_assert(count == hits);
                for (i = 0; i < n; i++) if (want[i]) { cr_assert(index[k] == i); k++; }
                cr_assert(untouched(index + hits, (n - hits) * 4), "written behind the last hit");
                /* too small a list: the count is still the whole, the rest of the array untouched */
                for (capacity = 0; capacity <= hits; capacity = 2 * capacity + 3) {
                    memset(index, 0xa5, n * 4);
                    count = 99;
                    OK(sphere_cone_index(p.x, p.y, p.z, n, &cone, capacity, capacity ? index : NULL, &count, &exec));
                    cr_assert(count == hits && untouched(index + capacity, (n - capacity) * 4));
                    for (i = k = 0; i < n && k < capacity; i++) if (want[i]) { cr_assert(index[k] == i); k++; }
                }
                free(mask); free(bits); free(index);
            }
        }
        free(want);
        free_points(&p);
    }
}
Test(cones, bad_input_is_refused_and_touches_nothing)
{
    points p = make_points(100);
    uint8_t mask[100];
    uint32_t bits[4], index[100];
    size_t count, i;
    float *fields[6];
    sphere_cone cone;
    sphere_exec exec = exec_of(0);
    memset(mask, 0xa5, sizeof(mask)); memset(bits, 0xa5, sizeof(bits)); memset(index, 0xa5, sizeof(index)); memset(&count, 0xa5, sizeof(count));
    memset(&cone, 0, sizeof(cone));
    cone.axis[2] = 1;
    cone.r = p.r; cone.r1 = 9;
    fields[0] = cone.axis; fields[1] = cone.axis + 1; fields[2] = cone.axis + 2; fields[3] = &cone.cosine; fields[4] = &cone.r0; fields[5] = &cone.r1;
    for (i = 0; i < 6; i++) {
        const float kept = *fields[i];
        *fields[i] = nan_float;
        FAILS(SPHERE_E_NAN, sphere_cone_bytes(p.x, p.y, p.z, 100, &cone, mask, NULL));
        FAILS(SPHERE_E_NAN, sphere_cone_bits(p.x, p.y, p.z, 100, &cone, bits, NULL));
        FAILS(SPHERE_E_NAN, sphere_cone_index(p.x, p.y, p.z, 100, &cone, 100, index, &count, NULL));
        *fields[i] = kept;
    }
    FAILS(SPHERE_E_NULL, sphere_cone_bytes(NULL, p.y, p.z, 100, &cone, mask, NULL));
    FAILS(SPHERE_E_NULL, sphere_cone_bits(p.x, NULL, p.z, 100, &cone, bits, NULL));
    FAILS(SPHERE_E_NULL, sphere_cone_index(p.x, p.y, NULL, 100, &cone, 100, index, &count, NULL));
    FAILS(SPHERE_E_NULL, sphere_cone_bytes(p.x, p.y, p.z, 100, NULL, mask, NULL));
    FAILS(SPHERE_E_NULL, sphere_cone_bytes(p.x, p.y, p.z, 100, &cone, NULL, NULL));
    FAILS(SPHERE_E_NULL, sphere_cone_bits(p.x, p.y, p.z, 100, &cone, NULL, NULL));
    FAILS(SPHERE_E_NULL, sphere_cone_index(p.x, p.y, p.z, 100, &cone, 100, NULL, &count, NULL));
    FAILS(SPHERE_E_NULL, sphere_cone_index(p.x, p.y, p.z, 100, &cone, 100, index, NULL, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_cone_bytes(p.x, p.y, p.z, 100, &cone, (uint8_t *)p.y + 399, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_cone_bits(p.x, p.y, p.z, 100, &cone, (uint32_t *)(void *)p.r, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_cone_index(p.x, p.y, p.z, 100, &cone, 100, (uint32_t *)(void *)p.z, &count, NULL));
    FAILS(SPHERE_E_SIZE, sphere_cone_bytes(p.x, p.y, p.z, SIZE_MAX / 2, &cone, mask, NULL));
    FAILS(SPHERE_E_SIZE, sphere_cone_bits(p.x, p.y, p.z, SIZE_MAX, &cone, bits, NULL));
    exec.simd = (sphere_simd)77;
    FAILS(SPHERE_E_LEVEL, sphere_cone_bytes(p.x, p.y, p.z, 100, &cone, mask, &exec));
    FAILS(SPHERE_E_LEVEL, sphere_cone_index(p.x, p.y, p.z, 100, &cone, 100, index, &count, &exec));
    cr_assert(untouched(mask, sizeof(mask)) && untouched(bits, sizeof(bits)) && untouched(index, sizeof(index)) && untouched(&count, sizeof(count)));
    OK(sphere_cone_bytes(NULL, NULL, NULL, 0, &cone, NULL, NULL));
    OK(sphere_cone_bits(NULL, NULL, NULL, 0, &cone, NULL, NULL));
    OK(sphere_cone_index(NULL, NULL, NULL, 0, &cone, 0, NULL, &count, NULL));
    cr_assert(count == 0);
    free_points(&p);
}

/* -- the width law */
Test(width, follows_the_law_and_its_clamps)
{
    enum { N = 70000 };
    float *r = floats(N), *rho = floats(N), *q = floats(N), *width = floats(N);
    sphere_width_law law;
    size_t i;
    int way;
    law.a0 = 0.785398163f; law.radius = 64; law.beta = 5; law.low = 0.001f; law.high = 0.7f;
    for (i = 0; i < N; i++) { r[i] = 80 * uniform(); rho[i] = 3 * uniform(); q[i] = 2 * uniform(); }
    r[0] = nan_float; rho[1] = nan_float; q[2] = nan_float; rho[3] = inf_float; r[4] = inf_float; q[4] = rho[4] = 0; q[5] = -inf_float;
    for (way = 0; way < 4; way++) {
        const sphere_exec exec = exec_of(way);
        OK(sphere_cone_width(r, rho, q, N, &law, width, &exec));
        for (i = 0; i < 3; i++) cr_assert(sphere_bits_(width[i]) == 0x7fc00000u);
        cr_assert(width[3] == law.low && width[4] == law.high);
        for (i = 5; i < N; i++) {
            const double s = fmin(fmax((double)r[i] / 64, 0), 1), d = fmax((double)rho[i], 0), c = fmin(fmax((double)q[i], 0), 1);
            const double want = fmin(fmax((double)law.a0 * sqrt(s) * exp(-5 * d) * (1 - c), (double)law.low), (double)law.high);
            cr_assert(fabs((double)width[i] - want) <= 4e-7 * (1 + 5 * d) * want, "r %g rho %g q %g: %g, not %g", (double)r[i], (double)rho[i], (double)q[i], (double)width[i], want);
        }
        OK(sphere_cone_width(r + 5, NULL, NULL, 1, &law, width, &exec));
        cr_assert(fabs((double)width[0] - fmin(fmax(0.785398163 * sqrt(fmax((double)r[5] / 64, 0)), 0.001), 0.7)) < 4e-7);
    }
    memset(width, 0xa5, N * 4);
#define LAW(field, value, status) do { sphere_width_law bad = law; bad.field = (value); FAILS(status, sphere_cone_width(r, rho, q, N, &bad, width, NULL)); } while (0)
    LAW(a0, -1, SPHERE_E_RANGE); LAW(radius, 0, SPHERE_E_RANGE); LAW(beta, inf_float, SPHERE_E_RANGE); LAW(low, 0.8f, SPHERE_E_RANGE); LAW(high, nan_float, SPHERE_E_NAN);
    FAILS(SPHERE_E_NULL, sphere_cone_width(NULL, rho, q, N, &law, width, NULL));
    FAILS(SPHERE_E_NULL, sphere_cone_width(r, rho, q, N, NULL, width, NULL));
    FAILS(SPHERE_E_NULL, sphere_cone_width(r, rho, q, N, &law, NULL, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_cone_width(r, rho, q, N - 1, &law, rho + 1, NULL));
    cr_assert(untouched(width, N * 4));
    OK(sphere_cone_width(NULL, NULL, NULL, 0, &law, NULL, NULL));
    memcpy(width, rho, N * 4);
    OK(sphere_cone_width(r, rho, q, N, &law, rho, NULL));                                               /* in place */
    OK(sphere_cone_width(r, width, q, N, &law, width, NULL));
    cr_assert(memcmp(width, rho, N * 4) == 0);
    free(r); free(rho); free(q); free(width);
}

/* -- density */
static double kernel_of(const points *p, int radial, size_t i, size_t j, double bandwidth)
{
    const double dx = (double)p->x[i] - (double)p->x[j], dy = (double)p->y[i] - (double)p->y[j], dz = (double)p->z[i] - (double)p->z[j];
    const double sx = (double)p->x[i] + (double)p->x[j], sy = (double)p->y[i] + (double)p->y[j], sz = (double)p->z[i] + (double)p->z[j];
    const double angle = 2 * atan2(sqrt(dx * dx + dy * dy + dz * dz), sqrt(sx * sx + sy * sy + sz * sz));
    const double ri = radial ? (double)p->r[i] : 1, rj = radial ? (double)p->r[j] : 1;
    return exp(-((rj - ri) * (rj - ri) + angle * ri * angle * ri) / (2 * bandwidth * bandwidth));
}
Test(density, is_the_kernel_sum)
{
    static const size_t sizes[] = { 1, 2, 15, 63, 64, 65, 255, 256, 257, 700 };
    static const float bands[] = { 0.05f, 0.7f, 4.0f };
    size_t s, b, i, j, k;
    int way, radial, valued;
    for (s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        const size_t n = sizes[s];
        points p = make_points(n);
        float *value = floats(n), *density = floats(n), *by_graph = floats(n);
        uint32_t *index = (uint32_t *)get(n * n * 4);
        for (i = 0; i < n; i++) value[i] = 5 * uniform();
        if (n > 2) { p.x[1] = -p.x[0]; p.y[1] = -p.y[0]; p.z[1] = -p.z[0]; }                           /* opposite points */
        if (n > 3) { p.x[3] = p.x[2]; p.y[3] = p.y[2]; p.z[3] = p.z[2]; p.r[3] = p.r[2]; }              /* the same point */
        for (i = 0; i < n; i++) for (j = k = 0; j < n; j++) if (j != i) index[i * (n - 1) + k++] = (uint32_t)j;
        for (b = 0; b < 3; b++) for (radial = 0; radial < 2; radial++) for (valued = 0; valued < 2; valued++) for (way = 0; way < 4; way++) {
            const sphere_exec exec = exec_of(way);
            OK(sphere_density(p.x, p.y, p.z, radial ? p.r : NULL, valued ? value : NULL, n, bands[b], density, &exec));
            OK(sphere_density_graph(p.x, p.y, p.z, radial ? p.r : NULL, valued ? value : NULL, n, index, n - 1, bands[b], by_graph, &exec));
            if (way == 0 || n < 70) for (i = 0; i < n; i++) {
                double weight = 0, total = 0, want, error = 0;
                for (j = 0; j < n; j++) {
                    const double K = kernel_of(&p, radial, i, j, (double)bands[b]);
                    weight += K;
                    total += K * (double)value[j];
                    error += 1e-6 * K * (1 - log(K > 1e-40 ? K : 1e-40)) * (valued ? 5 : 1);
                }
                want = valued ? total / weight : weight / (double)n;
                error = (valued ? 2 * error / weight : error / (double)n) + 2e-7 * fabs(want);
                cr_assert(fabs((double)density[i] - want) <= error, "n %zu point %zu: %.9g, not %.9g", n, i, (double)density[i], want);
                cr_assert(fabs((double)by_graph[i] - want) <= error, "graph, n %zu point %zu: %.9g, not %.9g", n, i, (double)by_graph[i], want);
            }
        }
        free(value); free(density); free(by_graph); free(index);
        free_points(&p);
    }
}
Test(density, neighbour_lists_and_bad_input)
{
    points p = make_points(50);
    float density[50], value[50], kept;
    uint32_t index[100], i;
    for (i = 0; i < 100; i++) index[i] = SPHERE_NO_INDEX;
    for (i = 0; i < 50; i++) value[i] = (float)i;
    OK(sphere_density_graph(p.x, p.y, p.z, p.r, value, 50, index, 2, 1, density, NULL));               /* nobody near: itself */
    for (i = 0; i < 50; i++) cr_assert(density[i] == (float)i);
    OK(sphere_density_graph(p.x, p.y, p.z, p.r, NULL, 50, NULL, 0, 1, density, NULL));
    for (i = 0; i < 50; i++) cr_assert(density[i] == 1);
    memset(density, 0xa5, sizeof(density));
    index[99] = 50;
    FAILS(SPHERE_E_RANGE, sphere_density_graph(p.x, p.y, p.z, p.r, NULL, 50, index, 2, 1, density, NULL));
    index[99] = 3;
    FAILS(SPHERE_E_NULL, sphere_density_graph(p.x, p.y, p.z, p.r, NULL, 50, NULL, 2, 1, density, NULL));
    FAILS(SPHERE_E_RANGE, sphere_density(p.x, p.y, p.z, p.r, NULL, 50, 0, density, NULL));
    FAILS(SPHERE_E_RANGE, sphere_density(p.x, p.y, p.z, p.r, NULL, 50, inf_float, density, NULL));
    FAILS(SPHERE_E_NAN, sphere_density(p.x, p.y, p.z, p.r, NULL, 50, nan_float, density, NULL));
    FAILS(SPHERE_E_NULL, sphere_density(NULL, p.y, p.z, p.r, NULL, 50, 1, density, NULL));
    FAILS(SPHERE_E_NULL, sphere_density(p.x, p.y, p.z, p.r, NULL, 50, 1, NULL, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_density(p.x, p.y, p.z, p.r, NULL, 50, 1, p.r, NULL));
    FAILS(SPHERE_E_SIZE, sphere_density_graph(p.x, p.y, p.z, p.r, NULL, 50, index, SIZE_MAX / 8, 1, density, NULL));
    kept = p.y[49]; p.y[49] = nan_float;
    FAILS(SPHERE_E_NAN, sphere_density(p.x, p.y, p.z, p.r, NULL, 50, 1, density, NULL));
    p.y[49] = 3;
    FAILS(SPHERE_E_RANGE, sphere_density(p.x, p.y, p.z, p.r, NULL, 50, 1, density, NULL));
    p.y[49] = kept; value[0] = 2e30f;
    FAILS(SPHERE_E_RANGE, sphere_density(p.x, p.y, p.z, p.r, value, 50, 1, density, NULL));
    cr_assert(untouched(density, sizeof(density)));
    value[0] = 0;
    for (i = 0; i < 50; i++) p.r[i] = i & 1 ? 1e30f : -1e30f;                                           /* the ends of the ranges stay finite */
    OK(sphere_density(p.x, p.y, p.z, p.r, value, 50, 1e-18f, density, NULL));
    for (i = 0; i < 50; i++) cr_assert(density[i] == (float)i);
    OK(sphere_density(p.x, p.y, p.z, NULL, NULL, 50, 1e18f, density, NULL));
    for (i = 0; i < 50; i++) cr_assert(density[i] == 1);
    OK(sphere_density(NULL, NULL, NULL, NULL, NULL, 0, 1, NULL, NULL));
    free_points(&p);
}
Test(density, weights)
{
    enum { N = 1000 };
    float density[N], weight[N];
    double mean = 0, clipped = 0, sum = 0;
    size_t i;
    for (i = 0; i < N; i++) { density[i] = (float)exp(3 * (double)uniform()); mean += (double)density[i] / N; }
    density[7] = 0;
    for (i = 0, mean = 0; i < N; i++) mean += (double)density[i] / N;
    for (i = 0; i < N; i++) clipped += fmin(fmax(mean / (double)density[i], .1), 10) / N;
    OK(sphere_density_weights(density, N, .1f, 10, weight));
    for (i = 0; i < N; i++) {
        const double want = fmin(fmax(mean / (double)density[i], .1), 10) / clipped;
        cr_assert(fabs((double)weight[i] - want) <= 3e-7 * want);
        sum += (double)weight[i];
    }
    cr_assert(fabs(sum / N - 1) < 1e-6);
    memcpy(weight, density, sizeof(weight));
    OK(sphere_density_weights(weight, N, .1f, 10, weight));                                             /* in place */
    OK(sphere_density_weights(density, N, .1f, 10, density));
    cr_assert(memcmp(weight, density, sizeof(weight)) == 0);
    memset(density, 0, sizeof(density));
    OK(sphere_density_weights(density, N, .1f, 10, weight));
    for (i = 0; i < N; i++) cr_assert(weight[i] == 1);
    memset(weight, 0xa5, sizeof(weight));
    density[3] = -1; FAILS(SPHERE_E_RANGE, sphere_density_weights(density, N, .1f, 10, weight));
    density[3] = nan_float; FAILS(SPHERE_E_NAN, sphere_density_weights(density, N, .1f, 10, weight));
    density[3] = 0;
    FAILS(SPHERE_E_RANGE, sphere_density_weights(density, N, 0, 10, weight));
    FAILS(SPHERE_E_RANGE, sphere_density_weights(density, N, 2, 1, weight));
    FAILS(SPHERE_E_RANGE, sphere_density_weights(density, N, 2, inf_float, weight));
    FAILS(SPHERE_E_NAN, sphere_density_weights(density, N, nan_float, 1, weight));
    FAILS(SPHERE_E_NULL, sphere_density_weights(NULL, N, .1f, 1, weight));
    FAILS(SPHERE_E_OVERLAP, sphere_density_weights(density, N - 1, .1f, 1, density + 1));
    cr_assert(untouched(weight, sizeof(weight)));
    OK(sphere_density_weights(NULL, 0, .1f, 10, NULL));
}

/* -- prominence */
Test(prominence, two_signals)
{
    enum { N = 5000, SHELLS = 40 };                                     /* shell 38 has one member, shell 39 none */
    float *score = floats(N), *relative = floats(N), *sigma = floats(N), *again = floats(N);
    uint32_t *shell = (uint32_t *)get(N * 4);
    const size_t bytes = sphere_prominence_size(SHELLS);
    char *memory = (char *)get(bytes + 1);
    size_t i, j, s;
    for (i = 0; i < N; i++) { score[i] = 1000 + 900 * uniform(); shell[i] = (uint32_t)below(37); }
    for (i = 0; i < N; i++) if (shell[i] == 5) score[i] = 0.1f;         /* all equal */
    shell[11] = 38; shell[12] = shell[13] = SPHERE_NO_INDEX; score[14] = 1e6f; shell[15] = shell[16] = 37;
    OK(sphere_prominence(score, shell, N, SHELLS, 1.93f, relative, sigma, memory + 1, bytes));
    for (i = 0; i < N; i++) {
        double sum = 0, square = 0, members = 0, want = 0, deviations = 0, mean, deviation;
        for (j = 0; j < N; j++) if (shell[j] == shell[i]) { sum += (double)score[j]; members++; }
        mean = sum / members;
        for (j = 0; j < N; j++) if (shell[j] == shell[i]) square += ((double)score[j] - mean) * ((double)score[j] - mean);
        deviation = sqrt(square / members);
        if (members > 1 && shell[i] != SPHERE_NO_INDEX) {
            want = fmax(0, (double)score[i] - (double)1.93f * (sum - (double)score[i]) / (members - 1));
            deviations = shell[i] == 5 ? 0 : ((double)score[i] - mean) / deviation;
        }
        cr_assert(fabs((double)relative[i] - want) <= 1e-6 * fabs(want) + 1e-9 && fabs((double)sigma[i] - deviations) <= 1e-6 * fabs(deviations) + 1e-9, "point %zu", i);
    }
    cr_assert(relative[11] == 0 && sigma[11] == 0 && relative[12] == 0 && sigma[12] == 0 && relative[14] > 9e5f);
    memcpy(again, score, N * 4);
    OK(sphere_prominence(again, shell, N, SHELLS, 1.93f, NULL, again, memory, bytes));                  /* in place, one signal */
    cr_assert(memcmp(again, sigma, N * 4) == 0);
    memset(relative, 0xa5, N * 4); memset(sigma, 0xa5, N * 4);
    for (s = 0; s < 3; s++) {
        const float kept = score[4];
        score[4] = s == 0 ? nan_float : s == 1 ? inf_float : kept;
        if (s == 2) shell[4] = SHELLS;
        FAILS(s == 2 ? SPHERE_E_RANGE : SPHERE_E_NAN, sphere_prominence(score, shell, N, SHELLS, 1, relative, sigma, memory, bytes));
        score[4] = kept;
    }
    shell[4] = 0;
    FAILS(SPHERE_E_NAN, sphere_prominence(score, shell, N, SHELLS, nan_float, relative, sigma, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_prominence(NULL, shell, N, SHELLS, 1, relative, sigma, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_prominence(score, NULL, N, SHELLS, 1, relative, sigma, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_prominence(score, shell, N, SHELLS, 1, NULL, NULL, memory, bytes));
    FAILS(SPHERE_E_MEMORY, sphere_prominence(score, shell, N, SHELLS, 1, relative, sigma, memory, bytes - 1));
    FAILS(SPHERE_E_MEMORY, sphere_prominence(score, shell, N, SHELLS, 1, relative, sigma, NULL, bytes));
    FAILS(SPHERE_E_OVERLAP, sphere_prominence(score, shell, N, SHELLS, 1, relative, relative, memory, bytes));
    FAILS(SPHERE_E_OVERLAP, sphere_prominence(score, shell, N - 1, SHELLS, 1, relative, score + 1, memory, bytes));
    FAILS(SPHERE_E_SIZE, sphere_prominence(score, shell, N, SIZE_MAX / 8, 1, relative, sigma, memory, bytes));
    cr_assert(untouched(relative, N * 4) && untouched(sigma, N * 4));
    OK(sphere_prominence(NULL, NULL, 0, 0, 1, NULL, NULL, NULL, 0));
    free(score); free(relative); free(sigma); free(again); free(shell); free(memory);
}

/* -- von Mises-Fisher */
static double relative_error(double got, double want) { return want == 0 ? fabs(got) : fabs(got - want) / fabs(want); }
Test(vmf, double_functions)
{
    int i;
    for (i = 0; i < 200000; i++) {
        const double x = exp(1400 * (unit_interval() - 0.5)), y = 1400 * (unit_interval() - 0.5), t = PI * unit_interval();
        double s, c;
        cr_assert(fabs(sphere_log_double_(x) - log(x)) <= 4.5e-16 * fabs(log(x)) && fabs(sphere_log_double_(1 + y * 1e-6) - log(1 + y * 1e-6)) <= 4.5e-16 * fabs(log(1 + y * 1e-6)));
        cr_assert(relative_error(sphere_vmf_exp_(y), exp(y)) <= 4.5e-16);
        sphere_vmf_half_(t, &s, &c);
        cr_assert(relative_error(s, sin(t / 2)) <= 4.5e-16 && relative_error(c, cos(t / 2)) <= 4.5e-16);
    }
    cr_assert(sphere_log_double_(4.9406564584124654e-324) == log(4.9406564584124654e-324));
}
static FILE *golden(void)
{
    static const char *const places[] = { "tests/golden/vmf.csv", "../tests/golden/vmf.csv", "../../tests/golden/vmf.csv", "golden/vmf.csv", "vmf.csv" };
    char path[4096];
    const char *slash = strrchr(__FILE__, '/');
    FILE *f = NULL;
    size_t i;
    if (slash && (size_t)(slash - __FILE__) < 4000) {
        memcpy(path, __FILE__, (size_t)(slash - __FILE__));
        strcpy(path + (slash - __FILE__), "/golden/vmf.csv");
        f = fopen(path, "r");
    }
    for (i = 0; !f && i < sizeof(places) / sizeof(places[0]); i++) f = fopen(places[i], "r");
    return f;
}
Test(vmf, agrees_with_fifty_digits)
{
    char line[1024];
    int rows = 0, k;
    FILE *f = golden();
    cr_assert(f != NULL, "tests/golden/vmf.csv is missing");
    while (fgets(line, sizeof(line), f)) {
        double v[11], norm, resultant, gap, kappa, share, angle;
        char *at = line;
        size_t dim;
        if (line[0] < '0' || line[0] > '9') continue;
        for (k = 0; k < 11; k++) { v[k] = strtod(at, &at); at++; }
        dim = (size_t)v[0];
        OK(sphere_vmf_log_norm(dim, v[1], &norm));
        OK(sphere_vmf_resultant(dim, v[1], &resultant, &gap));
        OK(sphere_vmf_concentration(dim, v[4], &kappa));
        cr_assert(fabs(norm - v[2]) <= 1e-12 * (1 + fabs(v[2])), "dim %zu kappa %g: log C %.17g, not %.17g", dim, v[1], norm, v[2]);
        cr_assert(relative_error(resultant, v[3]) <= 1e-14, "dim %zu kappa %g: A %.17g, not %.17g", dim, v[1], resultant, v[3]);
        cr_assert(relative_error(gap, v[4]) <= 1e-11, "dim %zu kappa %g: 1 - A %.17g, not %.17g", dim, v[1], gap, v[4]);
        /* for a small kappa 1 - A is near 1 and the double that holds it says little about kappa */
        cr_assert(fabs(kappa - v[1]) <= 1e-10 * v[1] + 2e-16 * v[0], "dim %zu: kappa %.17g, not %.17g", dim, kappa, v[1]);
        for (k = 5; k < 11; k += 2) {
            OK(sphere_vmf_share(dim, v[1], v[k], &share));
            cr_assert(relative_error(share, v[k + 1]) <= 1e-11, "dim %zu kappa %g angle %g: share %.17g, not %.17g", dim, v[1], v[k], share, v[k + 1]);
            OK(sphere_vmf_angle(dim, v[1], v[k + 1], &angle));
            cr_assert(relative_error(angle, v[k]) <= 1e-11, "dim %zu kappa %g share %g: angle %.17g, not %.17g", dim, v[1], v[k + 1], angle, v[k]);
        }
        rows++;
    }
    fclose(f);
    cr_assert(rows == 144, "%d rows", rows);
}
Test(vmf, closed_forms_and_inverses)
{
    static const size_t dims[] = { 2, 3, 4, 7, 50, 768, 4096, 65536 };
    static const double shares[] = { 1e-200, 1e-12, .001, .2, .5, .9, .999, 1 - 1e-12 };
    size_t d, s;
    int i;
    for (i = -60; i <= 60; i++) {                                       /* dim 3: A = coth k - 1/k, C = k / (4 pi sinh k) */
        const double kappa = pow(10, i / 10.0);
        double norm, gap, share, R;
        OK(sphere_vmf_log_norm(3, kappa, &norm));
        OK(sphere_vmf_resultant(3, kappa, &R, &gap));
        cr_assert(fabs(norm - (log(kappa / (2 * PI)) - kappa - log(-expm1(-2 * kappa)))) <= 1e-12 * (1 + kappa));
        if (kappa > 1) cr_assert(relative_error(gap, 1 / kappa - 2 * exp(-2 * kappa) / -expm1(-2 * kappa)) <= 1e-11);
        OK(sphere_vmf_share(3, kappa, 0.3, &share));
        cr_assert(relative_error(share, expm1(-2 * kappa * sin(.15) * sin(.15)) / expm1(-2 * kappa)) <= 1e-11);
    }
    for (d = 0; d < sizeof(dims) / sizeof(dims[0]); d++) for (i = 0; i < 14; i++) {
        const double kappa = i == 0 ? 0 : pow(10, i - 2);               /* to 1e11 */
        double last = 0, gap, back, before = 2;
        OK(sphere_vmf_resultant(dims[d], kappa, NULL, &gap));
        OK(sphere_vmf_concentration(dims[d], gap, &back));
        cr_assert(fabs(back - kappa) <= 1e-9 * kappa + 2e-16 * (double)dims[d], "dim %zu kappa %g: %.17g", dims[d], kappa, back);
        cr_assert(gap < before);
        for (s = 0; s < sizeof(shares) / sizeof(shares[0]); s++) {
            double angle, share;
            OK(sphere_vmf_angle(dims[d], kappa, shares[s], &angle));
            cr_assert(angle > last && angle < PI);
            last = angle;
            OK(sphere_vmf_share(dims[d], kappa, angle, &share));
            /* the angle is one double: what its last place means for the share, and for a share near 1 the share's own */
            cr_assert(relative_error(share, shares[s]) <= 1e-11 * (1 + sqrt((double)dims[d])), "dim %zu kappa %g share %g: angle %.17g gives %.17g", dims[d], kappa, shares[s], angle, share);
        }
    }
}
/* A sample by Wood's method (1994). */
static void sample(float *rows, size_t n, size_t dim, double kappa, const double *mu)
{
    const double d = (double)dim - 1, b = d / (2 * kappa + sqrt(4 * kappa * kappa + d * d)), x0 = (1 - b) / (1 + b), c = kappa * x0 + d * log(1 - x0 * x0);
    double *v = (double *)get(dim * sizeof(double));
    size_t i, j;
    for (i = 0; i < n; i++) {
        double w, beta, along = 0, square = 0, u;
        do {
            double chi = 0, chi2 = 0;                                   /* Beta(d/2, d/2) from two chi squares */
            for (j = 0; j < dim - 1; j++) { const double g = normal(), h = normal(); chi += g * g; chi2 += h * h; }
            beta = chi / (chi + chi2);
            w = (1 - (1 + b) * beta) / (1 - (1 - b) * beta);
            u = unit_interval();
        } while (kappa * w + d * log(1 - x0 * w) - c < log(u));
        for (j = 0; j < dim; j++) { v[j] = normal(); along += v[j] * mu[j]; }
        for (j = 0; j < dim; j++) { v[j] -= along * mu[j]; square += v[j] * v[j]; }
        for (j = 0; j < dim; j++) rows[i * dim + j] = (float)(w * mu[j] + sqrt((1 - w) * (1 + w) / square) * v[j]);
    }
    free(v);
}
Test(vmf, fit_recovers_a_sample)
{
    static const size_t dims[] = { 2, 3, 10, 100, 768 };
    static const double kappas[] = { .5, 10, 1000, 1e6 };
    size_t d, k, i, j;
    int way;
    for (d = 0; d < 5; d++) for (k = 0; k < 4; k++) {
        const size_t dim = dims[d], n = dim > 50 ? 1500 : 5000;
        float *data = floats(n * (dim + 2)), *rows = floats(n * dim), *mean = floats(dim), *first = floats(dim);
        double *mu = (double *)get(dim * sizeof(double)), length = 0, R = 0, gap = 0, slope, expected;
        sphere_rows view;
        sphere_vmf fit, fit0;
        size_t bytes;
        char *memory;
        for (j = 0; j < dim; j++) { mu[j] = normal(); length += mu[j] * mu[j]; }
        for (j = 0; j < dim; j++) mu[j] /= sqrt(length);
        sample(rows, n, dim, kappas[k], mu);
        for (i = 0; i < n; i++) for (j = 0; j < dim + 2; j++) data[i * (dim + 2) + j] = j < dim ? rows[i * dim + j] * 4 : nan_float;   /* only directions count */
        view.data = data; view.n = n; view.dim = dim; view.stride = dim + 2;
        bytes = sphere_vmf_size(&view);
        memory = (char *)get(bytes + 1);
        for (way = 0; way < 4; way++) {
            const sphere_exec exec = exec_of(way);
            memset(&fit, 0, sizeof(fit));
            OK(sphere_vmf_fit(&view, mean, &fit, &exec, memory + 1, bytes));
            if (way == 0) { memset(&fit0, 0, sizeof(fit0)); fit0 = fit; memcpy(first, mean, dim * 4); }
            cr_assert(memcmp(first, mean, dim * 4) == 0 && fit.kappa == fit0.kappa && fit.gap == fit0.gap && fit.resultant == fit0.resultant && fit.log_norm == fit0.log_norm);
        }
        view.data = rows; view.stride = 0;
        OK(sphere_vmf_fit(&view, mean, &fit, NULL, memory, bytes));
        cr_assert(memcmp(first, mean, dim * 4) == 0 && fit.kappa == fit0.kappa, "scaled by 4");
        /* 1 - R in long double */
        {
            long double *m = (long double *)get(dim * sizeof(*m)), all = 0, rest = 0;
            for (j = 0; j < dim; j++) m[j] = 0;
            for (i = 0; i < n; i++) {
                long double s = 0;
                for (j = 0; j < dim; j++) s += (long double)rows[i * dim + j] * (long double)rows[i * dim + j];
                for (j = 0; j < dim; j++) m[j] += (long double)rows[i * dim + j] / sqrtl(s);
            }
            for (j = 0; j < dim; j++) all += m[j] * m[j];
            R = (double)(sqrtl(all) / (long double)n);
            for (i = 0; i < n; i++) {
                long double s = 0, e = 0;
                for (j = 0; j < dim; j++) s += (long double)rows[i * dim + j] * (long double)rows[i * dim + j];
                for (j = 0; j < dim; j++) { const long double x = (long double)rows[i * dim + j] / sqrtl(s) - m[j] / sqrtl(all); e += x * x; }
                rest += e / 2;
            }
            gap = (double)(rest / (long double)n);
            free(m);
        }
        cr_assert(relative_error(fit.resultant, R) < 1e-12 && relative_error(fit.gap, gap) < 1e-12, "dim %zu kappa %g: 1 - R %.17g, not %.17g", dim, kappas[k], fit.gap, gap);
        /* Five standard errors of the estimate; and the bias of a maximum likelihood where R is lost in the noise of the mean. */
        OK(sphere_vmf_resultant(dim, kappas[k], &R, &gap));
        slope = gap * (1 + R) - ((double)dim - 1) / kappas[k] * R;
        expected = 5 / sqrt((double)n * (slope > 0 ? slope : 1e-30)) + (double)(dim) * (double)dim / ((double)n * kappas[k]) + 2 * kappas[k] / (double)n;
        cr_assert(fabs(fit.kappa - kappas[k]) < expected, "dim %zu: kappa %g, not %g +- %g", dim, fit.kappa, kappas[k], expected);
        free(data); free(rows); free(mean); free(first); free(mu); free(memory);
    }
}
Test(vmf, special_and_bad_rows)
{
    float data[12] = { 1, 2, 3, 2, 4, 6, .5f, 1, 1.5f, 1, 2, 3 }, mu[3];
    sphere_rows rows = { NULL, 4, 3, 0 };
    sphere_vmf fit;
    double value;
    size_t bytes, i;
    char memory[4096];
    sphere_exec exec = exec_of(0);
    rows.data = data;
    bytes = sphere_vmf_size(&rows);
    cr_assert(bytes > 0 && bytes <= sizeof(memory));
    OK(sphere_vmf_fit(&rows, mu, &fit, NULL, memory, bytes));                                           /* one direction */
    cr_assert(fit.gap < 1e-30 && fit.kappa == SPHERE_VMF_KAPPA && fit.resultant == 1 && fabsf(mu[1] - 0.534522484f) < 1e-7f);
    rows.n = 2;
    data[3] = -1; data[4] = -2; data[5] = -3;
    OK(sphere_vmf_fit(&rows, mu, &fit, NULL, memory, bytes));                                           /* two that cancel */
    cr_assert(fit.kappa == 0 && fit.gap == 1 && fit.resultant == 0 && mu[0] == 1 && mu[1] == 0 && mu[2] == 0);
    cr_assert(fabs(fit.log_norm + log(4 * PI)) < 1e-13);
    for (i = 0; i < 6; i++) data[i] = i < 3 ? 3e38f : 1e-45f;                                           /* any finite scale */
    OK(sphere_vmf_fit(&rows, mu, &fit, NULL, memory, bytes));
    cr_assert(fit.gap < 1e-30);
    memset(mu, 0xa5, sizeof(mu)); memset(&fit, 0xa5, sizeof(fit));
    data[0] = data[1] = data[2] = 0;
    FAILS(SPHERE_E_RANGE, sphere_vmf_fit(&rows, mu, &fit, NULL, memory, bytes));
    data[1] = nan_float;
    FAILS(SPHERE_E_NAN, sphere_vmf_fit(&rows, mu, &fit, NULL, memory, bytes));
    data[1] = -inf_float;
    FAILS(SPHERE_E_NAN, sphere_vmf_fit(&rows, mu, &fit, NULL, memory, bytes));
    data[1] = 1;
    FAILS(SPHERE_E_MEMORY, sphere_vmf_fit(&rows, mu, &fit, NULL, memory, bytes - 1));
    FAILS(SPHERE_E_MEMORY, sphere_vmf_fit(&rows, mu, &fit, NULL, NULL, bytes));
    FAILS(SPHERE_E_NULL, sphere_vmf_fit(NULL, mu, &fit, NULL, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_vmf_fit(&rows, NULL, &fit, NULL, memory, bytes));
    FAILS(SPHERE_E_NULL, sphere_vmf_fit(&rows, mu, NULL, NULL, memory, bytes));
    FAILS(SPHERE_E_OVERLAP, sphere_vmf_fit(&rows, data + 3, &fit, NULL, memory, bytes));
    exec.simd = (sphere_simd)9;
    FAILS(SPHERE_E_LEVEL, sphere_vmf_fit(&rows, mu, &fit, &exec, memory, bytes));
    rows.n = 0;
    FAILS(SPHERE_E_RANGE, sphere_vmf_fit(&rows, mu, &fit, NULL, memory, sizeof(memory)));
    rows.n = 2; rows.dim = 1;
    FAILS(SPHERE_E_RANGE, sphere_vmf_fit(&rows, mu, &fit, NULL, memory, sizeof(memory)));
    rows.dim = 3; rows.stride = 2;
    FAILS(SPHERE_E_RANGE, sphere_vmf_fit(&rows, mu, &fit, NULL, memory, sizeof(memory)));
    cr_assert(untouched(mu, sizeof(mu)) && untouched(&fit, sizeof(fit)));
    memset(&value, 0xa5, sizeof(value));
    FAILS(SPHERE_E_RANGE, sphere_vmf_log_norm(1, 1, &value));
    FAILS(SPHERE_E_RANGE, sphere_vmf_log_norm(SPHERE_VMF_DIM + 1, 1, &value));
    FAILS(SPHERE_E_RANGE, sphere_vmf_log_norm(3, -1, &value));
    FAILS(SPHERE_E_RANGE, sphere_vmf_resultant(3, INFINITY, &value, NULL));
    FAILS(SPHERE_E_NAN, sphere_vmf_resultant(3, NAN, &value, NULL));
    FAILS(SPHERE_E_NULL, sphere_vmf_resultant(3, 1, NULL, NULL));
    FAILS(SPHERE_E_NULL, sphere_vmf_log_norm(3, 1, NULL));
    FAILS(SPHERE_E_RANGE, sphere_vmf_concentration(3, 1.5, &value));
    FAILS(SPHERE_E_NAN, sphere_vmf_concentration(3, NAN, &value));
    FAILS(SPHERE_E_RANGE, sphere_vmf_share(3, 1, -1, &value));
    FAILS(SPHERE_E_RANGE, sphere_vmf_share(3, 1, 4, &value));
    FAILS(SPHERE_E_NAN, sphere_vmf_share(3, 1, NAN, &value));
    FAILS(SPHERE_E_RANGE, sphere_vmf_angle(3, 1, 1.1, &value));
    FAILS(SPHERE_E_NAN, sphere_vmf_angle(3, NAN, .5, &value));
    FAILS(SPHERE_E_NULL, sphere_vmf_angle(3, 1, .5, NULL));
    cr_assert(untouched(&value, sizeof(value)));
    OK(sphere_vmf_share(3, 1, 0, &value)); cr_assert(value == 0);
    OK(sphere_vmf_share(3, 1, PI, &value)); cr_assert(value == 1);
    OK(sphere_vmf_share(3, 1, (double)3.14159274f, &value)); cr_assert(value == 1);
    OK(sphere_vmf_angle(3, 1, 0, &value)); cr_assert(value == 0);
    OK(sphere_vmf_angle(3, 1, 1, &value)); cr_assert(value == 3.1415926535897931);
    OK(sphere_vmf_concentration(3, 0, &value)); cr_assert(value == SPHERE_VMF_KAPPA);
    OK(sphere_vmf_concentration(3, 1, &value)); cr_assert(value == 0);
}
