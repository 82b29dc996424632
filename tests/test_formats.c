/* sphere.h, storage formats: every half and bfloat16 both ways, every rounding boundary, int8 rows against their definition, results from
   the storage against the float functions on the unpacked rows, and bad input. Everything runs at the portable and at the best
   level, serial and with the tasks in the opposite order. */
#define SPHERE_IMPLEMENTATION
#include "../sphere.h"
#include <criterion/criterion.h>
#include <math.h>
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
static sphere_exec exec_of(int way)
{
    sphere_exec exec;
    memset(&exec, 0, sizeof(exec));
    exec.simd = way & 1 ? SPHERE_SIMD_PORTABLE : SPHERE_SIMD_BEST;
    if (way & 2) exec.parallel.run = backwards;
    return exec;
}
static uint32_t bits_of(float x) { uint32_t u; memcpy(&u, &x, 4); return u; }
static float float_of(uint32_t u) { float x; memcpy(&x, &u, 4); return x; }
static const float nan_float = NAN, inf_float = INFINITY;

/* -- conversions. The values of a format with so many bits of exponent and mantissa, by ldexp; the reference rounds by search. */
static double value_of(uint32_t h, int mantissa, int bias)
{
    const uint32_t e = h >> mantissa, m = h & ((1u << mantissa) - 1);
    return e ? ldexp((double)(m + (1u << mantissa)), (int)e - bias - mantissa) : ldexp((double)m, 1 - bias - mantissa);
}
static uint16_t round_to(float x, int mantissa, int bias, uint32_t infinity, uint16_t nan16)
{
    const double a = fabs((double)x);
    uint32_t low = 0, high = infinity, sign = bits_of(x) >> 31 ? 0x8000u : 0;
    if (x != x) return nan16;
    while (low + 1 < high) {                                            /* the largest number that is not above a */
        const uint32_t middle = (low + high) / 2;
        if (value_of(middle, mantissa, bias) <= a) low = middle; else high = middle;
    }
    /* infinity counts as the number that would follow the largest one */
    {
        const double down = a - value_of(low, mantissa, bias), up = value_of(low + 1, mantissa, bias) - a;
        return (uint16_t)(sign | (down < up || (down == up && !(low & 1u)) ? low : low + 1));
    }
}
Test(formats, every_half_and_bfloat16)
{
    static uint16_t all[65536], back[65536];
    static float value[65536];
    uint32_t h;
    int way, type;
    for (h = 0; h < 65536; h++) all[h] = (uint16_t)h;
    for (type = 0; type < 2; type++) for (way = 0; way < 4; way++) {
        const int mantissa = type ? 7 : 10, bias = type ? 127 : 15;
        const uint32_t infinity = type ? 0x7f80u : 0x7c00u, nan16 = type ? 0x7fc0u : 0x7e00u;
        const sphere_exec exec = exec_of(way);
        OK(type ? sphere_bfloat16_to_float(all, value, 65536, &exec) : sphere_half_to_float(all, value, 65536, &exec));
        OK(type ? sphere_float_to_bfloat16(value, back, 65536, &exec) : sphere_float_to_half(value, back, 65536, &exec));
        for (h = 0; h < 65536; h++) {
            const uint32_t m = h & 0x7fffu;
            if (m > infinity) { cr_assert(bits_of(value[h]) == 0x7fc00000u && back[h] == nan16, "%x", h); continue; }
            cr_assert(back[h] == h, "%x %x", h, back[h]);
            cr_assert(m == infinity ? fabsf(value[h]) == inf_float : (double)fabsf(value[h]) == value_of(m, mantissa, bias), "%x", h);
            cr_assert(bits_of(value[h]) >> 31 == h >> 15);
        }
    }
}
/* Each number of the format, each midpoint between neighbours, and the floats on both sides of them; then any bits. */
Test(formats, rounding)
{
    enum { MOST = 65536 * 6 + 200000 };
    float *in = floats(MOST);
    uint16_t *out = (uint16_t *)get(MOST * 2), *want = (uint16_t *)get(MOST * 2);
    int type, way;
    for (type = 0; type < 2; type++) {
        const int mantissa = type ? 7 : 10, bias = type ? 127 : 15;
        const uint32_t infinity = type ? 0x7f80u : 0x7c00u;
        const uint16_t nan16 = type ? 0x7fc0u : 0x7e00u;
        size_t n = 0, i;
        uint32_t h;
        for (h = 0; h < infinity; h++) {
            const float a = (float)value_of(h, mantissa, bias);
            const double middle = (value_of(h, mantissa, bias) + value_of(h + 1, mantissa, bias)) / 2;
            const float m = (float)middle;
            const float some[6] = { a, nextafterf(a, inf_float), nextafterf(a, -inf_float), m, nextafterf(m, inf_float), nextafterf(m, -inf_float) };
            cr_assert((double)m == middle);
            for (i = 0; i < 6; i++) in[n++] = h & 1u ? -some[i] : some[i];
        }
        while (n < MOST) in[n++] = float_of(random_bits());
        in[n - 1] = nan_float; in[n - 2] = float_of(0xff800001u); in[n - 3] = inf_float; in[n - 4] = -inf_float; in[n - 5] = float_of(0x80000001u);
        in[n - 6] = 65519.996f; in[n - 7] = 65520.0f; in[n - 8] = -3.4028235e38f;
        for (i = 0; i < n; i++) want[i] = round_to(in[i], mantissa, bias, infinity, nan16);
        for (way = 0; way < 4; way++) {
            const sphere_exec exec = exec_of(way);
            OK(type ? sphere_float_to_bfloat16(in, out, n, &exec) : sphere_float_to_half(in, out, n, &exec));
            for (i = 0; i < n; i++) cr_assert(out[i] == want[i], "%08x gave %04x, not %04x", bits_of(in[i]), out[i], want[i]);
        }
    }
    free(in); free(out); free(want);
}
Test(formats, int8_rows)
{
    static const size_t dims[] = { 1, 2, 7, 8, 9, 31, 100, 257 };
    size_t d, i, j;
    int way, weather;
    for (d = 0; d < sizeof(dims) / sizeof(dims[0]); d++) for (weather = 0; weather < 4; weather++) for (way = 0; way < 4; way++) {
        enum { N = 70 };
        const size_t dim = dims[d], stride = dim + 3, gap = dim + 5;
        const sphere_exec exec = exec_of(way);
        float *in = floats(N * stride), scale[N], *out = floats(N * dim);
        int8_t *q = (int8_t *)get(N * gap);
        sphere_rows rows = { NULL, N, 0, 0 };
        sphere_packed packed = { NULL, N, 0, 0, SPHERE_INT8, NULL };
        for (i = 0; i < N * stride; i++) in[i] = weather == 0 ? uniform() : weather == 1 ? (float)((int)(random_bits() % 509) - 254) / 2 :
            weather == 2 ? float_of(random_bits() & 0x800003ffu) : uniform() * 3.4e38f;
        for (j = 0; j < dim; j++) in[3 * stride + j] = 0;
        rows.data = in; rows.dim = dim; rows.stride = stride;
        OK(sphere_pack_int8(&rows, q, gap, scale, &exec));
        packed.data = q; packed.dim = dim; packed.stride = gap; packed.scale = scale;
        OK(sphere_unpack(&packed, out, 0, &exec));
        for (i = 0; i < N; i++) {
            float most = 0, s;
            int largest = 0;
            for (j = 0; j < dim; j++) if (fabsf(in[i * stride + j]) > most) most = fabsf(in[i * stride + j]);
            s = most / 127.0f;
            if (s < 1.17549435e-38f && (double)s * 127 < (double)most) s = nextafterf(s, 1.0f);
            if (i == 3) cr_assert(scale[i] == 0 && largest == 0);
            cr_assert(weather == 2 || scale[i] == s);
            cr_assert(most == 0 || scale[i] > 0);
            for (j = 0; j < dim; j++) {
                const float x = in[i * stride + j];
                const int got = q[i * gap + j];
                cr_assert(got == (scale[i] > 0 ? (int)rintf(x / scale[i]) : 0), "%g / %g gave %d", (double)x, (double)scale[i], got);
                cr_assert(got >= -127 && got <= 127);
                cr_assert(fabs((double)x - (double)scale[i] * got) <= .5001 * (double)scale[i]);
                cr_assert(bits_of(out[i * dim + j]) == bits_of(scale[i] * (float)got));
                if (abs(got) > largest) largest = abs(got);
            }
            if (weather != 2 && most > 0) cr_assert(largest == 127);
            cr_assert(i == N - 1 || untouched(q + i * gap + dim, gap - dim));
        }
        free(in); free(out); free(q);
    }
}

/* -- rows straight from the storage */
typedef struct rows_case { void *data; float *scale, *plain; sphere_packed packed; sphere_rows rows; } rows_case;
/* Packed rows and what the definition compares them with: the unpacked rows, for int8 the integers as floats. */
static rows_case make_case(sphere_type type, size_t n, size_t dim, size_t stride, int weather)
{
    rows_case c;
    const size_t elements = n ? (n - 1) * stride + dim : 0;
    size_t i, j;
    c.data = get(elements * (type == SPHERE_INT8 ? 1 : 2));
    c.scale = type == SPHERE_INT8 ? floats(n) : NULL;
    c.plain = floats(n * dim);
    for (i = 0; i < elements; i++) {
        uint16_t h;
        float x = weather == 0 ? uniform() : (float)((int)(random_bits() % 5) - 2);                    /* 1: many ties */
        if (weather == 2) h = (uint16_t)random_bits();                                                  /* 2: anything  */
        else OK(type == SPHERE_BFLOAT16 ? sphere_float_to_bfloat16(&x, &h, 1, NULL) : sphere_float_to_half(&x, &h, 1, NULL));
        if (weather == 2 && random_bits() % (4 * dim + 1)) { if (type == SPHERE_HALF && (h & 0x7c00u) == 0x7c00u) h ^= 0x4000u; if (type == SPHERE_BFLOAT16 && (h & 0x7f80u) == 0x7f80u) h ^= 0x4000u; }
        if (type == SPHERE_INT8) ((int8_t *)c.data)[i] = (int8_t)(weather == 0 ? (int)random_bits() % 128 : weather == 1 ? (int)(random_bits() % 5) - 2 : (int)(random_bits() & 255u) - 128);
        else ((uint16_t *)c.data)[i] = h;
    }
    if (c.scale) for (i = 0; i < n; i++) {
        const float s[8] = { 1.0f, .5f, -1.0f, 0.0f, .01f, -.25f, 2e38f, 1e-40f };
        c.scale[i] = weather == 0 ? uniform() : s[random_bits() % (weather == 1 ? 6 : 8)];
        if (weather == 2 && random_bits() % 50 == 0) c.scale[i] = random_bits() & 1u ? nan_float : inf_float;
    }
    c.packed.data = c.data; c.packed.n = n; c.packed.dim = dim; c.packed.stride = stride; c.packed.type = type; c.packed.scale = c.scale;
    if (n > 5 && weather != 2) for (j = 0; j < dim; j++) {              /* a zero row */
        if (type == SPHERE_INT8) ((int8_t *)c.data)[5 * stride + j] = 0; else ((uint16_t *)c.data)[5 * stride + j] = 0;
    }
    c.rows.data = c.plain; c.rows.n = n; c.rows.dim = dim; c.rows.stride = 0;
    for (i = 0; i < n; i++) for (j = 0; j < dim; j++) {
        const size_t at = i * stride + j;
        if (type == SPHERE_INT8) c.plain[i * dim + j] = (float)((int8_t *)c.data)[at];
        else OK(type == SPHERE_HALF ? sphere_half_to_float((uint16_t *)c.data + at, c.plain + i * dim + j, 1, NULL)
                                    : sphere_bfloat16_to_float((uint16_t *)c.data + at, c.plain + i * dim + j, 1, NULL));
    }
    return c;
}
static void free_case(rows_case *c) { free(c->data); free(c->scale); free(c->plain); }
static float scaled(float v, const float *scale, size_t i, int work)     /* work: 0 dot, 1 norm, 2 cosine */
{
    if (!scale) return v;
    if (work == 2) v = scale[i] == 0 ? 0 : scale[i] > 0 ? v : scale[i] < 0 ? -v : nan_float;
    else v = v * (work == 1 ? fabsf(scale[i]) : scale[i]);
    return v == v ? v : float_of(0x7fc00000u);
}
Test(formats, one_number_per_row)
{
    static const size_t dims[] = { 0, 1, 3, 16, 33, 64, 65, 100, 768, 2049, 4096, 4097, 9000 };
    size_t d, i;
    int way, weather, type, odd, work;
    for (d = 0; d < sizeof(dims) / sizeof(dims[0]); d++) for (type = 1; type <= 3; type++) for (weather = 0; weather < 3; weather++) {
        const size_t dim = dims[d], n = dim > 1000 ? 11 : dim == 33 ? 9000 : 131;
        for (odd = 0; odd < 3; odd++) {
            rows_case c = make_case((sphere_type)type, n, dim, dim + (size_t)odd, weather);
            float *query = floats(dim), *got = floats(n), *want = floats(n), *unpacked = floats(n * (dim + 1));
            for (i = 0; i < dim; i++) query[i] = odd == 2 ? uniform() * 1e-36f : uniform();
            for (work = 0; work < 3; work++) {
                OK(work == 0 ? sphere_row_dot(&c.rows, query, want, NULL) : work == 1 ? sphere_row_norm(&c.rows, want, NULL) : sphere_row_cosine(&c.rows, query, want, NULL));
                for (way = 0; way < 4; way++) {
                    const sphere_exec exec = exec_of(way);
                    OK(work == 0 ? sphere_packed_dot(&c.packed, query, got, &exec) : work == 1 ? sphere_packed_norm(&c.packed, got, &exec)
                        : sphere_packed_cosine(&c.packed, query, got, &exec));
                    for (i = 0; i < n; i++) cr_assert(bits_of(got[i]) == bits_of(scaled(want[i], c.scale, i, work)),
                        "work %d type %d dim %zu weather %d odd %d row %zu: %.9g, not %.9g", work, type, dim, weather, odd, i, (double)got[i],
                        (double)scaled(want[i], c.scale, i, work));
                }
            }
            for (way = 0; way < 4; way++) {
                const sphere_exec exec = exec_of(way);
                OK(sphere_unpack(&c.packed, unpacked, dim + 1, &exec));
                for (i = 0; i < n * dim; i++) {
                    const float u = unpacked[i / dim * (dim + 1) + i % dim];
                    cr_assert(bits_of(u) == bits_of(scaled(c.plain[i], c.scale, i / dim, 0)));
                }
            }
            free(query); free(got); free(want); free(unpacked);
            free_case(&c);
        }
    }
}

/* -- search: half and bfloat16 against the float search; int8 against sorting by the definition */
static const float *sort_score;
static int by_score(const void *a, const void *b)
{
    const uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    return sort_score[i] > sort_score[j] ? -1 : sort_score[i] < sort_score[j] ? 1 : i < j ? -1 : 1;
}
static void compare_search(sphere_type type, size_t n, size_t dim, size_t m, size_t k, int weather, sphere_metric metric, int cone, int with_norms)
{
    rows_case c = make_case(type, n, dim, dim + n % 3, weather);
    float *query = floats(m * dim), *score = floats(m * k), *want_score = floats(m * k), *norms = NULL;
    uint32_t *index = (uint32_t *)get(m * k * 4), *want = (uint32_t *)get(m * k * 4);
    size_t *count = (size_t *)get(m * sizeof(size_t)), *want_count = (size_t *)get(m * sizeof(size_t)), i, q;
    const float threshold = metric == SPHERE_COSINE ? .05f : .5f;
    sphere_rows queries = { NULL, 0, 0, 0 };
    sphere_search_report report, want_report;
    int way;
    for (i = 0; i < m * dim; i++) query[i] = weather == 1 ? (float)((int)(random_bits() % 3) - 1) : uniform();
    queries.data = query; queries.n = m; queries.dim = dim;
    if (with_norms) { norms = floats(n); OK(sphere_packed_norm(&c.packed, norms, NULL)); }
    if (type != SPHERE_INT8) {
        sphere_search_desc desc;
        size_t bytes;
        void *memory;
        memset(&desc, 0, sizeof(desc));
        desc.metric = metric; desc.norms = norms;
        bytes = sphere_search_size(&c.rows, &queries, k, &desc);
        memory = get(bytes);
        if (cone) OK(sphere_search_cone(&c.rows, &queries, threshold, k, &desc, want, want_score, want_count, &want_report, memory, bytes));
        else OK(sphere_search_topk(&c.rows, &queries, k, &desc, want, want_score, &want_report, memory, bytes));
        free(memory);
    } else {
        float *all = floats(n), *norm = floats(n), *unit = floats(dim);
        uint32_t *order = (uint32_t *)get(n * 4);
        sphere_rows one = { NULL, 1, 0, 0 };
        one.dim = dim;
        memset(&want_report, 0, sizeof(want_report));
        want_report.scores = (uint64_t)n * m;
        OK(sphere_row_norm(&c.rows, norm, NULL));
        for (q = 0; q < m; q++) {
            size_t here = 0;
            one.data = query + q * dim;
            if (metric == SPHERE_COSINE) OK(sphere_row_normalize(&one, unit, 0, NULL)); else memcpy(unit, one.data, dim * sizeof(float));
            OK(sphere_row_dot(&c.rows, unit, all, NULL));
            for (i = 0; i < n; i++) {
                if (metric == SPHERE_COSINE) all[i] = norm[i] == 0 ? 0 : all[i] / norm[i];
                all[i] = scaled(all[i], c.scale, i, metric == SPHERE_COSINE ? 2 : 0);
                if (!(all[i] == all[i])) want_report.nan_scores++;
                else if (!cone || all[i] >= threshold) order[here++] = (uint32_t)i;
            }
            sort_score = all;
            qsort(order, here, 4, by_score);
            want_count[q] = here;
            for (i = 0; i < k; i++) { want[q * k + i] = i < here ? order[i] : SPHERE_NO_INDEX; want_score[q * k + i] = i < here ? all[order[i]] : -inf_float; }
        }
        free(all); free(norm); free(unit); free(order);
    }
    for (way = 0; way < 4; way++) {
        sphere_search_desc desc;
        size_t bytes;
        void *memory;
        memset(&desc, 0, sizeof(desc));
        desc.metric = metric; desc.norms = type == SPHERE_INT8 ? NULL : norms; desc.exec = exec_of(way);
        bytes = sphere_packed_search_size(&c.packed, &queries, k, &desc);
        cr_assert(bytes > 0);
        memory = get(bytes);
        if (cone) OK(sphere_packed_search_cone(&c.packed, &queries, threshold, k, &desc, index, score, count, &report, memory, bytes));
        else OK(sphere_packed_search_topk(&c.packed, &queries, k, &desc, index, score, &report, memory, bytes));
        for (i = 0; i < m * k; i++) cr_assert(index[i] == want[i] && score[i] == want_score[i], "type %d n %zu dim %zu m %zu k %zu weather %d metric %d cone %d way %d place %zu: "
            "%u %.9g, not %u %.9g", (int)type, n, dim, m, k, weather, (int)metric, cone, way, i, index[i], (double)score[i], want[i], (double)want_score[i]);
        if (cone) for (q = 0; q < m; q++) cr_assert(count[q] == want_count[q]);
        cr_assert(report.scores == want_report.scores && report.nan_scores == want_report.nan_scores);
        free(memory);
    }
    free(query); free(score); free(want_score); free(index); free(want); free(count); free(want_count); free(norms);
    free_case(&c);
}
Test(formats, search)
{
    static const size_t shapes[][4] = { { 1, 1, 1, 1 }, { 63, 5, 1, 10 }, { 64, 16, 3, 64 }, { 300, 100, 4, 7 }, { 500, 17, 65, 20 }, { 200, 0, 2, 5 }, { 250, 257, 5, 9 },
        { 90, 768, 2, 5 }, { 90, 1000, 6, 5 }, { 41, 4100, 1, 3 }, { 37, 4100, 5, 3 } };
    size_t s;
    int type, weather, metric, cone;
    for (s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) for (type = 1; type <= 3; type++) for (weather = 0; weather < 3; weather++)
        for (metric = 0; metric < 2; metric++) for (cone = 0; cone < 2; cone++)
            compare_search((sphere_type)type, shapes[s][0], shapes[s][1], shapes[s][2], shapes[s][3], weather, (sphere_metric)metric, cone, metric && type != 3 && s % 2);
}
/* More rows than one task takes: chunks in opposite order, with ties across them. */
Test(formats, search_in_chunks)
{
    int type;
    for (type = 1; type <= 3; type++) {
        compare_search((sphere_type)type, 150000, 3, 1, 50, 1, SPHERE_DOT, 0, 0);
        compare_search((sphere_type)type, 140001, 4, 5, 20, 0, SPHERE_COSINE, 0, 0);
        compare_search((sphere_type)type, 140001, 4, 5, 20, 1, SPHERE_COSINE, 1, 0);
    }
}

/* -- bad input: the right error, and nothing written */
Test(formats, bad_conversions)
{
    float x[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    uint16_t h[16];
    sphere_exec exec = exec_of(0);
    exec.simd = SPHERE_SIMD_NEON == sphere_simd_best() ? SPHERE_SIMD_AVX2 : SPHERE_SIMD_NEON;
    memset(h, 0xa5, sizeof(h));
    FAILS(SPHERE_E_NULL, sphere_float_to_half(NULL, h, 8, NULL)); FAILS(SPHERE_E_NULL, sphere_float_to_half(x, NULL, 8, NULL));
    FAILS(SPHERE_E_NULL, sphere_float_to_bfloat16(NULL, h, 8, NULL)); FAILS(SPHERE_E_NULL, sphere_float_to_bfloat16(x, NULL, 8, NULL));
    FAILS(SPHERE_E_NULL, sphere_bfloat16_to_float(NULL, x, 8, NULL)); FAILS(SPHERE_E_NULL, sphere_bfloat16_to_float(h, NULL, 8, NULL));
    FAILS(SPHERE_E_SIZE, sphere_float_to_half(x, h, SIZE_MAX / 2, NULL)); FAILS(SPHERE_E_SIZE, sphere_float_to_bfloat16(x, h, SIZE_MAX, NULL));
    FAILS(SPHERE_E_SIZE, sphere_bfloat16_to_float(h, x, SIZE_MAX, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_float_to_half(x, (uint16_t *)(void *)x, 8, NULL)); FAILS(SPHERE_E_OVERLAP, sphere_float_to_bfloat16(x, (uint16_t *)(void *)x, 8, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_bfloat16_to_float((const uint16_t *)(const void *)x, x, 8, NULL));
    FAILS(SPHERE_E_LEVEL, sphere_float_to_half(x, h, 8, &exec)); FAILS(SPHERE_E_LEVEL, sphere_float_to_bfloat16(x, h, 8, &exec));
    FAILS(SPHERE_E_LEVEL, sphere_bfloat16_to_float(h, x, 8, &exec));
    cr_assert(untouched(h, sizeof(h)));
    OK(sphere_float_to_half(NULL, NULL, 0, NULL)); OK(sphere_float_to_bfloat16(NULL, NULL, 0, NULL)); OK(sphere_bfloat16_to_float(NULL, NULL, 0, NULL));
}
Test(formats, bad_packing)
{
    float x[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }, scale[3];
    int8_t q[16];
    sphere_rows rows = { NULL, 3, 4, 0 };
    sphere_exec exec = exec_of(0);
    size_t i;
    rows.data = x;
    memset(q, 0xa5, sizeof(q)); memset(scale, 0xa5, sizeof(scale));
    FAILS(SPHERE_E_NULL, sphere_pack_int8(NULL, q, 0, scale, NULL)); FAILS(SPHERE_E_NULL, sphere_pack_int8(&rows, NULL, 0, scale, NULL));
    FAILS(SPHERE_E_NULL, sphere_pack_int8(&rows, q, 0, NULL, NULL));
    FAILS(SPHERE_E_RANGE, sphere_pack_int8(&rows, q, 3, scale, NULL));
    FAILS(SPHERE_E_SIZE, sphere_pack_int8(&rows, q, SIZE_MAX / 2, scale, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_pack_int8(&rows, (int8_t *)(void *)x, 0, scale, NULL)); FAILS(SPHERE_E_OVERLAP, sphere_pack_int8(&rows, q, 0, x + 2, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_pack_int8(&rows, (int8_t *)(void *)scale, 0, scale, NULL));
    exec.simd = SPHERE_SIMD_NEON == sphere_simd_best() ? SPHERE_SIMD_AVX2 : SPHERE_SIMD_NEON;
    FAILS(SPHERE_E_LEVEL, sphere_pack_int8(&rows, q, 0, scale, &exec));
    for (i = 0; i < 12; i++) {
        const float keep = x[i];
        x[i] = nan_float; FAILS(SPHERE_E_NAN, sphere_pack_int8(&rows, q, 0, scale, NULL));
        x[i] = -inf_float; FAILS(SPHERE_E_NAN, sphere_pack_int8(&rows, q, 0, scale, NULL));
        x[i] = keep;
    }
    rows.stride = 3;
    FAILS(SPHERE_E_RANGE, sphere_pack_int8(&rows, q, 0, scale, NULL));
    rows.stride = 0; rows.data = NULL;
    FAILS(SPHERE_E_NULL, sphere_pack_int8(&rows, q, 0, scale, NULL));
    cr_assert(untouched(q, sizeof(q)) && untouched(scale, sizeof(scale)));
    rows.n = 0;
    OK(sphere_pack_int8(&rows, NULL, 0, NULL, NULL));
}
Test(formats, bad_rows)
{
    uint16_t h[12] = { 0x3c00, 0x3c00, 0x3c00, 0x3c00, 0x3c00, 0x3c00, 0x3c00, 0x3c00, 0x3c00, 0x3c00, 0x3c00, 0x3c00 };
    float query[4] = { 1, 2, 3, 4 }, out[12], scale[3] = { 1, 1, 1 };
    uint32_t index[3];
    size_t count[1];
    union { float f[8192]; char bytes[1]; } memory;
    sphere_packed good = { NULL, 3, 4, 0, SPHERE_HALF, NULL }, p;
    sphere_rows q = { NULL, 1, 4, 0 }, q2;
    sphere_search_desc desc;
    sphere_exec exec = exec_of(0);
    size_t bytes;
    int i;
    good.data = h; q.data = query;
    memset(out, 0xa5, sizeof(out)); memset(index, 0xa5, sizeof(index)); memset(count, 0xa5, sizeof(count)); memset(&memory, 0xa5, sizeof(memory)); memset(&desc, 0, sizeof(desc));
    bytes = sphere_packed_search_size(&good, &q, 3, NULL);
    cr_assert(bytes > 0 && bytes <= sizeof(memory));
    exec.simd = SPHERE_SIMD_NEON == sphere_simd_best() ? SPHERE_SIMD_AVX2 : SPHERE_SIMD_NEON;
#define ALL(want, rows) \
    FAILS(want, sphere_packed_dot(rows, query, out, NULL)); FAILS(want, sphere_packed_cosine(rows, query, out, NULL)); FAILS(want, sphere_packed_norm(rows, out, NULL)); \
    FAILS(want, sphere_unpack(rows, out, 0, NULL)); FAILS(want, sphere_packed_search_topk(rows, &q, 3, &desc, index, NULL, NULL, &memory, sizeof(memory))); \
    FAILS(want, sphere_packed_search_cone(rows, &q, 0, 3, &desc, index, NULL, count, NULL, &memory, sizeof(memory)));
    ALL(SPHERE_E_NULL, NULL)
    p = good; p.data = NULL; ALL(SPHERE_E_NULL, &p)
    p = good; p.type = SPHERE_INT8; ALL(SPHERE_E_NULL, &p)
    p = good; p.stride = 3; ALL(SPHERE_E_RANGE, &p)
    for (i = 0; i < 3; i++) { static const int none[3] = { 0, 4, -1 }; p = good; memcpy(&p.type, &none[i], sizeof(p.type) < sizeof(int) ? sizeof(p.type) : sizeof(int)); ALL(SPHERE_E_RANGE, &p) cr_assert(sphere_packed_search_size(&p, &q, 3, NULL) == 0); }
    p = good; p.n = SIZE_MAX / 8; ALL(SPHERE_E_SIZE, &p)
    p = good; p.stride = SIZE_MAX / 4; ALL(SPHERE_E_SIZE, &p)
    FAILS(SPHERE_E_NULL, sphere_packed_dot(&good, NULL, out, NULL)); FAILS(SPHERE_E_NULL, sphere_packed_dot(&good, query, NULL, NULL));
    FAILS(SPHERE_E_NULL, sphere_packed_cosine(&good, NULL, out, NULL)); FAILS(SPHERE_E_NULL, sphere_packed_cosine(&good, query, NULL, NULL));
    FAILS(SPHERE_E_NULL, sphere_packed_norm(&good, NULL, NULL)); FAILS(SPHERE_E_NULL, sphere_unpack(&good, NULL, 0, NULL));
    FAILS(SPHERE_E_RANGE, sphere_unpack(&good, out, 3, NULL)); FAILS(SPHERE_E_SIZE, sphere_unpack(&good, out, SIZE_MAX / 4, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_packed_norm(&good, (float *)(void *)h, NULL)); FAILS(SPHERE_E_OVERLAP, sphere_packed_dot(&good, query, query, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_packed_cosine(&good, query, query + 1, NULL)); FAILS(SPHERE_E_OVERLAP, sphere_unpack(&good, (float *)(void *)h, 0, NULL));
    p = good; p.type = SPHERE_INT8; p.scale = scale;
    FAILS(SPHERE_E_OVERLAP, sphere_packed_norm(&p, scale, NULL)); FAILS(SPHERE_E_OVERLAP, sphere_unpack(&p, scale, 0, NULL));
    FAILS(SPHERE_E_OVERLAP, sphere_packed_search_topk(&p, &q, 3, NULL, (uint32_t *)(void *)scale, NULL, NULL, &memory, sizeof(memory)));
    FAILS(SPHERE_E_OVERLAP, sphere_packed_search_topk(&good, &q, 3, NULL, (uint32_t *)(void *)h, NULL, NULL, &memory, sizeof(memory)));
    FAILS(SPHERE_E_OVERLAP, sphere_packed_search_topk(&good, &q, 3, NULL, index, (float *)(void *)index, NULL, &memory, sizeof(memory)));
    desc.metric = SPHERE_COSINE; desc.norms = scale;
    FAILS(SPHERE_E_RANGE, sphere_packed_search_topk(&p, &q, 3, &desc, index, NULL, NULL, &memory, sizeof(memory)));
    memset(&desc, 0, sizeof(desc));
    FAILS(SPHERE_E_MEMORY, sphere_packed_search_topk(&good, &q, 3, NULL, index, NULL, NULL, &memory, bytes - 1));
    FAILS(SPHERE_E_MEMORY, sphere_packed_search_topk(&good, &q, 3, NULL, index, NULL, NULL, NULL, bytes));
    FAILS(SPHERE_E_RANGE, sphere_packed_search_topk(&good, &q, 4, NULL, index, NULL, NULL, &memory, sizeof(memory)));
    FAILS(SPHERE_E_NULL, sphere_packed_search_topk(&good, NULL, 3, NULL, index, NULL, NULL, &memory, sizeof(memory)));
    FAILS(SPHERE_E_NULL, sphere_packed_search_topk(&good, &q, 3, NULL, NULL, NULL, NULL, &memory, sizeof(memory)));
    FAILS(SPHERE_E_NULL, sphere_packed_search_cone(&good, &q, 0, 3, NULL, index, NULL, NULL, NULL, &memory, sizeof(memory)));
    FAILS(SPHERE_E_NAN, sphere_packed_search_cone(&good, &q, nan_float, 3, NULL, index, NULL, count, NULL, &memory, sizeof(memory)));
    q2 = q; q2.dim = 3;
    FAILS(SPHERE_E_RANGE, sphere_packed_search_topk(&good, &q2, 3, NULL, index, NULL, NULL, &memory, sizeof(memory)));
    query[1] = nan_float;
    FAILS(SPHERE_E_NAN, sphere_packed_search_topk(&good, &q, 3, NULL, index, NULL, NULL, &memory, sizeof(memory)));
    query[1] = 2;
    desc.exec = exec;
    FAILS(SPHERE_E_LEVEL, sphere_packed_search_topk(&good, &q, 3, &desc, index, NULL, NULL, &memory, sizeof(memory)));
    FAILS(SPHERE_E_LEVEL, sphere_packed_dot(&good, query, out, &exec)); FAILS(SPHERE_E_LEVEL, sphere_packed_cosine(&good, query, out, &exec));
    FAILS(SPHERE_E_LEVEL, sphere_packed_norm(&good, out, &exec)); FAILS(SPHERE_E_LEVEL, sphere_unpack(&good, out, 0, &exec));
    cr_assert(untouched(out, sizeof(out)) && untouched(index, sizeof(index)) && untouched(count, sizeof(count)) && untouched(&memory, sizeof(memory)));
    cr_assert(sphere_packed_search_size(NULL, &q, 3, NULL) == 0 && sphere_packed_search_size(&good, NULL, 3, NULL) == 0);
    p = good; p.n = 0; p.data = NULL;
    OK(sphere_packed_dot(&p, NULL, NULL, NULL)); OK(sphere_packed_cosine(&p, NULL, NULL, NULL)); OK(sphere_packed_norm(&p, NULL, NULL)); OK(sphere_unpack(&p, NULL, 0, NULL));
    OK(sphere_packed_search_topk(&p, &q, 0, NULL, NULL, NULL, NULL, &memory, sizeof(memory)));
    OK(sphere_packed_search_topk(&good, &q, 3, NULL, index, NULL, NULL, (char *)&memory + 1, bytes));          /* exactly enough, odd address */
    cr_assert(index[0] == 0 && index[1] == 1 && index[2] == 2);
}
