/* sphere_anneal.h: golden values (golden/anneal.json, cases B and C), behaviour and bad input of every public function. What depends on
   kernels or threads is checked at the portable and at the best level, and with job systems that run the tasks in other orders. */
#define SPHERE_ANNEAL_IMPLEMENTATION
#include "../sphere_anneal.h"
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define FAILS(want, call) do { const sphere_status got_ = (call); cr_assert(got_ == (want), "%s\n  gave %d, not %d", #call, (int)got_, (int)(want)); } while (0)
#define OK(call) FAILS(SPHERE_OK, call)
/* Golden values are double; ours are float inside: 2e-5 of the size of the numbers that go into them. */
#define NEAR(value, want, size) do { const double value_ = (double)(value), want_ = (double)(want); \
    cr_assert(fabs(value_ - want_) <= 2e-5 * (size), "%s = %.9g, not %.9g", #value, value_, want_); } while (0)

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
/* The generator of the golden inputs. */
static uint64_t lcg_state;
static double lcg(void) { lcg_state = lcg_state * 6364136223846793005u + 1442695040888963407u; return (double)(lcg_state >> 11) * 0x1p-53; }
static double lcg_gauss(void) { const double a = lcg(), b = lcg(); return sqrt(-2 * log(1 - a)) * cos(2 * 3.14159265358979323846 * b); }
static void *get(size_t bytes) { void *p = malloc(bytes ? bytes : 1); cr_assert(p != NULL); return p; }
static float *floats(size_t n) { return (float *)get(n * sizeof(float)); }
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
static sphere_anneal_model model_of(sphere_anneal_method method)
{
    sphere_anneal_model model;
    memset(&model, 0, sizeof(model));
    model.method = method;
    return model;
}
static sphere_anneal_desc desc_of(sphere_anneal_method method)
{
    sphere_anneal_desc desc;
    memset(&desc, 0, sizeof(desc));
    desc.model.method = method;
    return desc;
}
static sphere_anneal_sample_desc sample_desc_of(sphere_anneal_solver solver, sphere_anneal_noising noising, unsigned steps)
{
    sphere_anneal_sample_desc desc;
    memset(&desc, 0, sizeof(desc));
    desc.solver = solver;
    desc.noising = noising;
    desc.steps = steps;
    desc.prediction = SPHERE_ANNEAL_CLEAN;
    return desc;
}
static const float chord[3] = { 261.63f, 329.63f, 392.0f };
static const float ten[10] = { 80, 200, 255, 290, 300, 345, 410, 640, 1200, 1900 };
static const float five[5] = { 120, 280, 295.7f, 350, 900 };
static const float cross4[8] = { 1, 0, 0, 1, -1, 0, 0, -1 };
/* One oscillator at 0 and carriers at the distances. */
static unsigned char shared_memory[1 << 20];

/* -- golden cases B */
Test(anneal, b1_softmax_of_distances)
{
    const float x = 0, at[3] = { 100, 50, 10 };
    const double sharp[3] = { .05, .5, 20 };
    const double want[9] = { .00968995766669441, .11804785075397693, .8722621915793286, 2.862518574649303e-20, 2.0611536181902033e-09, .9999999979388463, 0, 0, 1 };
    sphere_anneal_model model = model_of(SPHERE_ANNEAL_REFERENCE_SOFT);
    float w[3];
    int i, j;
    for (i = 0; i < 3; i++) {
        OK(sphere_anneal_weights(&x, 1, at, 3, 1, &model, sharp[i], NULL, w, NULL, shared_memory, sizeof(shared_memory)));
        for (j = 0; j < 3; j++) cr_assert(fabs((double)w[j] - want[3 * i + j]) <= 2e-5 * want[3 * i + j] + 1e-30, "%d %d %g", i, j, (double)w[j]);
    }
}
static sphere_anneal_instant instant_of(double sharpness, double pull, double noise, double dt, const float *xi)
{
    sphere_anneal_instant at;
    memset(&at, 0, sizeof(at));
    at.sharpness = sharpness; at.pull = pull; at.noise = noise; at.dt = dt; at.xi = xi;
    return at;
}
Test(anneal, b2_one_step)
{
    static const float xi[5] = { .5f, -1.2f, .3f, 2, -.7f };
    static const double source[5] = { 155.67648398608492, 275.5249274849742, 295.91564108767636, 347.4968707218934, 772.6194942645658 };
    static const double langevin[5] = { 156.5445179748348, 273.4416459119745, 296.4364614809263, 350.969006676893, 771.404246680316 };
    static const double exact[5] = { 152.3203460286245, 277.45984612792324, 296.47982921421243, 353.79903479516895, 786.2422734874119 };
    sphere_anneal_model reference = model_of(SPHERE_ANNEAL_REFERENCE_SOFT), free_model = model_of(SPHERE_ANNEAL_FREE);
    sphere_anneal_instant at = instant_of(.1, 5, 10, .05, xi);
    float f[5];
    int i;
    memcpy(f, five, sizeof(f));
    OK(sphere_anneal_step(f, 5, chord, 3, 1, &reference, &at, NULL, NULL, shared_memory, sizeof(shared_memory)));
    for (i = 0; i < 5; i++) NEAR(f[i], source[i], source[i]);
    memcpy(f, five, sizeof(f));
    at.noise = 10 / sqrt(.05);                                          /* the Langevin form scales the noise with the root of dt */
    OK(sphere_anneal_step(f, 5, chord, 3, 1, &reference, &at, NULL, NULL, shared_memory, sizeof(shared_memory)));
    for (i = 0; i < 5; i++) NEAR(f[i], langevin[i], langevin[i]);
    memcpy(f, five, sizeof(f));
    at = instant_of(.001, 5, 10, .05, xi);
    OK(sphere_anneal_step(f, 5, chord, 3, 1, &free_model, &at, NULL, NULL, shared_memory, sizeof(shared_memory)));
    for (i = 0; i < 5; i++) NEAR(f[i], exact[i], exact[i]);
}
Test(anneal, b3_published_schedule)
{
    static const double want[10] = { 261.63, 261.63, 261.63, 261.63, 329.63, 329.63, 392, 392, 392, 392 };
    sphere_anneal_desc desc = desc_of(SPHERE_ANNEAL_REFERENCE_ANNEALED);
    float f[10];
    int i;
    memcpy(f, ten, sizeof(f));
    desc.noise = SPHERE_ANNEAL_NONE;
    OK(sphere_anneal_run(f, 10, chord, 3, 1, &desc, NULL, shared_memory, sizeof(shared_memory)));
    for (i = 0; i < 10; i++) NEAR(f[i], want[i], want[i]);
}
Test(anneal, b4_soft_fixed_points)
{
    static const double want[3] = { 264.88061118829233, 330.2441675689013, 387.80212321195836 };
    sphere_anneal_model model = model_of(SPHERE_ANNEAL_REFERENCE_SOFT);
    sphere_anneal_instant at = instant_of(.05, 5, 0, .05, NULL);
    float f[3];
    int i;
    memcpy(f, chord, sizeof(f));
    for (i = 0; i < 600; i++) OK(sphere_anneal_step(f, 3, chord, 3, 1, &model, &at, NULL, NULL, shared_memory, sizeof(shared_memory)));
    for (i = 0; i < 3; i++) NEAR(f[i], want[i], want[i]);
}
Test(anneal, b5_prices)
{
    static const double want[3] = { 3423.1645246363555, 3412.7889744552867, -6835.953499091643 };
    static const uint64_t capacity[3] = { 4, 3, 3 };
    sphere_anneal_model model = model_of(SPHERE_ANNEAL_BALANCED);
    sphere_anneal_report report;
    double prices[3] = { 0, 0, 0 }, cost = 0, entropy = 0;
    float w[30];
    int i, j;
    model.capacity = capacity;
    model.tolerance = 1e-6;
    OK(sphere_anneal_prices(ten, 10, chord, 3, 1, &model, .001, prices, &report, shared_memory, sizeof(shared_memory)));
    cr_assert(report.column_error <= 1e-6 && report.iterations < 40, "%g", report.column_error);
    for (j = 0; j < 3; j++) NEAR(prices[j], want[j], 3423.0);
    OK(sphere_anneal_weights(ten, 10, chord, 3, 1, &model, .001, prices, w, NULL, shared_memory, sizeof(shared_memory)));
    NEAR(w[0], .999999575865822, 1);
    cr_assert(fabs((double)w[1] / 4.241341779635575e-07 - 1) < 1e-3);   /* conditioned by the logits, about 15: 1e-6 of 15, and the prices */
    NEAR(w[12], .4287910732698213, 1);
    NEAR(w[13], .5712084711868771, 1);
    cr_assert(fabs((double)w[14] / 4.555433014972371e-07 - 1) < 1e-3);
    for (i = 0; i < 10; i++) for (j = 0; j < 3; j++) {
        const double d = ((double)ten[i] - (double)chord[j]) * ((double)ten[i] - (double)chord[j]) / 2, v = (double)w[3 * i + j];
        cost += v * d;
        if (v > 0) entropy += v * log(v);
    }
    NEAR(cost, 1517403.3500293088, 1517403.35);
    NEAR(report.energy, cost + entropy / .001, 1517403.35);             /* by duality */
}
Test(anneal, b6_balanced_run)
{
    static const uint32_t want[10] = { 0, 0, 0, 0, 1, 1, 1, 2, 2, 2 };
    static const uint64_t capacity[3] = { 4, 3, 3 };
    sphere_anneal_desc desc = desc_of(SPHERE_ANNEAL_BALANCED);
    sphere_anneal_report report;
    uint32_t label[10];
    uint64_t count[3];
    double travel;
    float f[10];
    int i;
    memcpy(f, ten, sizeof(f));
    desc.noise = SPHERE_ANNEAL_NONE;
    desc.model.tolerance = 1e-6;
    OK(sphere_anneal_run(f, 10, chord, 3, 1, &desc, &report, shared_memory, sizeof(shared_memory)));
    NEAR(report.travel, 2967.63, 2967.63);
    cr_assert(report.lock < 1e-4 && report.misplaced == 0 && report.imbalance == 4.0 / 3, "%g", report.lock);
    OK(sphere_anneal_measure(f, NULL, 10, chord, 3, 1, NULL, label, count, NULL, shared_memory, sizeof(shared_memory)));
    for (i = 0; i < 10; i++) cr_assert(label[i] == want[i]);
    for (i = 0; i < 3; i++) cr_assert(count[i] == capacity[i]);
    memset(label, 0xff, sizeof(label));
    OK(sphere_anneal_sort(ten, 10, chord, 3, capacity, label, &travel, shared_memory, sizeof(shared_memory)));
    for (i = 0; i < 10; i++) cr_assert(label[i] == want[i]);
    NEAR(travel, 2967.63, 2967.63);
    /* Without capacities they are the largest remainders: the same. */
    memcpy(f, ten, sizeof(f));
    desc.model.method = SPHERE_ANNEAL_SORTED;
    OK(sphere_anneal_run(f, 10, chord, 3, 1, &desc, &report, shared_memory, sizeof(shared_memory)));
    NEAR(report.travel, 2967.63, 2967.63);
    cr_assert(report.misplaced == 0 && report.lock < 1e-4);
}
Test(anneal, b7_em)
{
    static const float x[8] = { -2.1f, -1.9f, -1.2f, -.8f, .9f, 1.1f, 1.7f, 2.4f };
    float c[2] = { -.1f, .2f }, found[2], share[2];
    sphere_anneal_analysis report;
    double energy, before = 1e300;
    int i;
    for (i = 0; i < 21; i++) {
        OK(sphere_anneal_em(x, 8, c, NULL, 2, 1, 1, &energy, NULL, shared_memory, sizeof(shared_memory)));
        cr_assert(energy <= before + 1e-6);
        before = energy;
        if (i == 0) { NEAR(energy, 10.249448693429915, 10); NEAR(c[0], -.36423042194333577, 1); NEAR(c[1], .3934130501731252, 1); }
        if (i == 1) NEAR(energy, 9.58377858579259, 10);
        if (i == 19) { NEAR(c[0], -1.4410676251912038, 1); NEAR(c[1], 1.464816475848471, 1); }
        if (i == 20) NEAR(energy, 6.544880887992052, 6.5);
    }
    OK(sphere_anneal_analyse(x, 8, found, share, 2, 1, NULL, &report, shared_memory, sizeof(shared_memory)));
    NEAR(report.first_split, .3851941017153175, .385);
    cr_assert(report.carriers == 2);
    cr_assert(fabsf(share[0] - .5f) < .01f && fabsf(share[1] - .5f) < .01f);
    cr_assert(fabsf(fminf(found[0], found[1]) + 1.5f) < .02f && fabsf(fmaxf(found[0], found[1]) - 1.525f) < .02f, "%g %g", (double)found[0], (double)found[1]);
}
Test(anneal, b8_concepts)
{
    static const float v[9] = { 1, 0, .5f, 0, 1, -.5f, .3f, .3f, .9f }, e[3] = { 1, .5f, .2f }, q[3] = { .8f, .1f, .2f };
    static const float token[12] = { 1, 0, 0, 0, 1, 0, 0, 0, 1, .5f, .5f, .5f };
    static const double phi[3] = { 1.06, .56, .43 }, p[4] = { .3870077942238296, .142372211068055, .10977631911838383, .3608436755897317 };
    static const double energy[3] = { .6361855139199953, .1051607581536539, .2586537279263507 }, memory[3] = { .7137816322979006, .18275687653155911, .4983007330168864 };
    float field[3], probability[4], own[3];
    int i;
    OK(sphere_anneal_field(v, 3, 3, e, field));
    for (i = 0; i < 3; i++) NEAR(field[i], phi[i], 1);
    OK(sphere_anneal_tokens(token, 4, 3, field, .5, probability));
    for (i = 0; i < 4; i++) NEAR(probability[i], p[i], .1);
    OK(sphere_anneal_energies(v, 3, 3, q, 2, own));
    for (i = 0; i < 3; i++) NEAR(own[i], energy[i], .1);
    OK(sphere_anneal_field(v, 3, 3, own, field));
    for (i = 0; i < 3; i++) NEAR(field[i], memory[i], 1);
}
Test(anneal, b9_speed_and_focus)
{
    static const float focus[3] = { 1, 2.5f, 5 };
    static const double first[3] = { .9988099974982201, .001190002371215248, 1.305646253043873e-10 }, fourth[3] = { .148682907417011, .7860391748591191, .0652779177238699 };
    sphere_anneal_model model = model_of(SPHERE_ANNEAL_REFERENCE_SOFT);
    sphere_anneal_report report;
    float w[15];
    int j;
    OK(sphere_anneal_weights(five, 5, chord, 3, 1, &model, .02, NULL, w, &report, shared_memory, sizeof(shared_memory)));
    NEAR(report.variance, 891.304018315567, 891.3);
    NEAR(.1 / sqrt(report.variance), .003349554648444777, .00335);
    model.focus = focus;
    OK(sphere_anneal_weights(five, 5, chord, 3, 1, &model, .02, NULL, w, NULL, shared_memory, sizeof(shared_memory)));
    for (j = 0; j < 3; j++) { NEAR(w[j], first[j], first[j]); NEAR(w[9 + j], fourth[j], fourth[j]); }
}

/* -- golden cases C */
static sphere_anneal_data data_of(const float *rows, size_t n, size_t dim, work memory)
{
    sphere_anneal_data data;
    memset(&data, 0, sizeof(data));
    data.rows = rows; data.n = n; data.dim = dim; data.memory = memory.at; data.bytes = memory.bytes;
    return data;
}
Test(anneal, c1_exact_denoiser)
{
    static const float x[2] = { .3f, -.2f };
    static const double sigma[3] = { .2, .5, 1.5 };
    static const double want[6] = { .9241380933394725, -.07585445338195919, .47948473809033454, -.28210941786543037, .06643733774520647, -.04421877277953154 };
    const work memory = work_of(sphere_anneal_denoise_size(1, 2, 0));
    sphere_anneal_data data = data_of(cross4, 4, 2, memory);
    float out[2];
    int i;
    for (i = 0; i < 3; i++) {
        OK(sphere_anneal_denoise(&data, x, 1, sigma[i], out));
        NEAR(out[0], want[2 * i], 1);
        NEAR(out[1], want[2 * i + 1], 1);
        if (i == 1) NEAR((out[0] - x[0]) / .25f, .7179389523613382, 4);
    }
    data.bandwidth = .3;
    OK(sphere_anneal_denoise(&data, x, 1, .5, out));
    NEAR(out[0], .36334608776432226, 1);
    NEAR(out[1], -.22951682169764878, 1);
    free(memory.base);
}
/* Sampling with the exact denoiser of a data set of dim 2. */
static void sample_with(sphere_anneal_data *data, float *x, size_t n, const sphere_anneal_sample_desc *desc, sphere_anneal_sample_report *report)
{
    const work memory = work_of(sphere_anneal_denoise_size(n, 2, data->labels ? data->label_dim : 0)), room = work_of(sphere_anneal_sample_size(n, 2));
    data->memory = memory.at;
    data->bytes = memory.bytes;
    OK(sphere_anneal_sample(x, n, 2, desc, sphere_anneal_denoise_exact, data, report, room.at, room.bytes));
    free(memory.base);
    free(room.base);
}
static const work nothing;
static int end_at(void *user, const sphere_anneal_sample_report *report) { return report->steps == *(const unsigned *)user ? SPHERE_ANNEAL_ENOUGH : 0; }
Test(anneal, c2_edm)
{
    /* The golden run has no clean level at its end: eight levels are seven steps; ours is stopped before the last. */
    static const double heun[2] = { .3874268899433956, -.2429192153105081 }, euler[2] = { .30002542810030075, -.19779584897121957 };
    sphere_anneal_sample_desc desc = sample_desc_of(SPHERE_ANNEAL_HEUN, SPHERE_ANNEAL_KARRAS, 8);
    sphere_anneal_data data = data_of(cross4, 4, 2, nothing);
    sphere_anneal_sample_report report;
    sphere_anneal_level level[9];
    unsigned seven = 7;
    float x[2] = { 1.5f, -1 };
    desc.sigma_max = 5;
    desc.sigma_min = .5;
    desc.progress = end_at;
    desc.user = &seven;
    cr_assert(sphere_anneal_steps(&desc) == 8);
    OK(sphere_anneal_levels(&desc, level));
    cr_assert(fabs(level[1].sigma - 3.7560073536216443) < 1e-12 && fabs(level[4].sigma - 1.4732446998468984) < 1e-12 && level[7].sigma == .5 && level[8].sigma == 0);
    sample_with(&data, x, 1, &desc, &report);
    cr_assert(report.steps == 7 && report.calls == 14 && report.level.sigma == .5);
    NEAR(x[0], heun[0], 1);
    NEAR(x[1], heun[1], 1);
    x[0] = 1.5f; x[1] = -1;
    desc.solver = SPHERE_ANNEAL_EULER;
    sample_with(&data, x, 1, &desc, &report);
    cr_assert(report.steps == 7 && report.calls == 7);
    NEAR(x[0], euler[0], 1);
    NEAR(x[1], euler[1], 1);
}
Test(anneal, c3_ddim_and_ddpm)
{
    static const double want[3][2] = { { .3822404053753815, 1.0513286666244783 }, { .021412911925244603, .9821046052980293 }, { 0, 1 } };
    static const unsigned after[3] = { 5, 9, 0 };
    sphere_anneal_sample_desc desc = sample_desc_of(SPHERE_ANNEAL_DDIM, SPHERE_ANNEAL_LINEAR_BETA, 10);
    sphere_anneal_data data = data_of(cross4, 4, 2, nothing);
    static sphere_anneal_level level[1001];
    int i;
    desc.spacing = SPHERE_ANNEAL_LINSPACE;
    for (i = 0; i < 3; i++) {
        unsigned end = after[i];
        float x[2] = { .4f, 1.1f };
        desc.progress = end_at;
        desc.user = &end;
        sample_with(&data, x, 1, &desc, NULL);
        NEAR(x[0], want[i][0], 1);
        NEAR(x[1], want[i][1], 1);
    }
    desc.steps = 1000;
    OK(sphere_anneal_levels(&desc, level));
    cr_assert(level[0].t == 999 && level[999].t == 0 && level[1000].t == -1);
    cr_assert(fabs(level[999].alpha_bar - .9999) < 1e-15 && fabs(level[500].alpha_bar / .07858724288177824 - 1) < 1e-12 && fabs(level[0].alpha_bar / 4.035829765375676e-05 - 1) < 1e-12);
    desc.noising = SPHERE_ANNEAL_COSINE;
    OK(sphere_anneal_levels(&desc, level));
    cr_assert(fabs(level[500].alpha_bar - .49384359044063775) < 1e-12 && level[500].t == 499, "%.17g", level[500].alpha_bar);
}
/* A denoiser that returns the same clean row for everybody: the posterior of DDPM can then be read off. */
static sphere_status always(void *user, const float *x, size_t n, size_t dim, const sphere_anneal_level *level, float *out)
{
    size_t i;
    (void)x; (void)level;
    for (i = 0; i < n * dim; i++) out[i] = ((const float *)user)[i % dim];
    return SPHERE_OK;
}
Test(anneal, c3_ddpm_posterior)
{
    /* From t = 500 to t = 499 of 1000: mean and variance of the posterior, over many samples of one step. */
    enum { MANY = 40000 };
    sphere_anneal_sample_desc desc = sample_desc_of(SPHERE_ANNEAL_DDPM, SPHERE_ANNEAL_LINEAR_BETA, 1000);
    static sphere_anneal_level level[1001];
    static float x[2 * MANY];
    const double beta = 1e-4 + (.02 - 1e-4) * 500 / 999.0;
    const work memory = work_of(sphere_anneal_sample_size(MANY, 1));
    double mean = 0, square = 0, want, variance, abar, before;
    float clean = .3f;
    unsigned one = 1;
    size_t i;
    desc.train_steps = 501;                                             /* begins at t = 500 when the betas are those of 1000 steps */
    desc.steps = 501;
    desc.beta_last = beta;
    desc.progress = end_at;
    desc.user = &one;
    OK(sphere_anneal_levels(&desc, level));
    abar = level[0].alpha_bar;
    before = level[1].alpha_bar;
    variance = beta * (1 - before) / (1 - abar);
    cr_assert(fabs(variance - .010051335778909593) < 1e-12, "%.17g", variance);
    want = sqrt(before) * beta / (1 - abar) * .3 + sqrt(1 - beta) * (1 - before) / (1 - abar) * .7;
    for (i = 0; i < MANY; i++) x[i] = .7f;
    OK(sphere_anneal_sample(x, MANY, 1, &desc, always, &clean, NULL, memory.at, memory.bytes));
    for (i = 0; i < MANY; i++) { mean += (double)x[i] / MANY; square += ((double)x[i] - want) * ((double)x[i] - want) / MANY; }
    cr_assert(fabs(mean - want) < 4 * sqrt(variance / MANY), "%g %g", mean, want);
    cr_assert(fabs(square / variance - 1) < 4 * sqrt(2.0 / MANY), "%g %g", square, variance);
    free(memory.base);
}
Test(anneal, c4_samples_are_data)
{
    static const int counts[4] = { 21, 17, 15, 11 };
    sphere_anneal_sample_desc desc = sample_desc_of(SPHERE_ANNEAL_HEUN, SPHERE_ANNEAL_KARRAS, 18);
    sphere_anneal_data data = data_of(cross4, 4, 2, nothing);
    sphere_anneal_level level[19];
    int i, j, count[4] = { 0, 0, 0, 0 };
    float x[128];
    lcg_state = 5;
    for (i = 0; i < 128; i++) x[i] = (float)(80 * lcg_gauss());
    OK(sphere_anneal_levels(&desc, level));
    cr_assert(level[0].sigma == 80 && fabs(level[9].sigma - 1.923339837040052) < 1e-12 && fabs(level[17].sigma - .002) < 1e-15);
    sample_with(&data, x, 64, &desc, NULL);
    for (i = 0; i < 64; i++) {
        int best = 0;
        double nearest = 9;
        for (j = 0; j < 4; j++) {
            const double d = hypot((double)x[2 * i] - (double)cross4[2 * j], (double)x[2 * i + 1] - (double)cross4[2 * j + 1]);
            if (d < nearest) { nearest = d; best = j; }
        }
        cr_assert(nearest < 1e-6, "%g", nearest);
        count[best]++;
    }
    for (j = 0; j < 4; j++) cr_assert(count[j] == counts[j], "mode %d: %d, not %d", j, count[j], counts[j]);
}
Test(anneal, c5_conditions_and_guidance)
{
    static const float label[4] = { 0, 0, 1, 1 }, wanted[3] = { .2f, .2f, .2f }, x[6] = { .3f, -.2f, .3f, -.2f, .3f, -.2f };
    static const double u[2] = { .2249326756958767, -.14696623432050837 }, c[2] = { .4810990034687456, .10920009345236054 }, g[2] = { .7372653312416146, .36536642122522944 };
    const work memory = work_of(sphere_anneal_denoise_size(3, 2, 1));
    sphere_anneal_data data = data_of(cross4, 4, 2, memory);
    float out[6];
    int i;
    OK(sphere_anneal_denoise(&data, x, 3, .8, out));
    for (i = 0; i < 6; i++) NEAR(out[i], u[i % 2], 1);
    data.labels = label;
    data.label_dim = 1;
    data.wanted = wanted;
    data.wanted_n = 1;
    data.label_width = .5;
    OK(sphere_anneal_denoise(&data, x, 3, .8, out));
    for (i = 0; i < 6; i++) NEAR(out[i], c[i % 2], 1);
    data.wanted_n = 3;
    data.guidance = 2;
    OK(sphere_anneal_denoise(&data, x, 3, .8, out));
    for (i = 0; i < 6; i++) NEAR(out[i], g[i % 2], 1);
    /* At a large sigma the conditional mean is the regression answer. */
    data.guidance = 0;
    OK(sphere_anneal_denoise(&data, x, 3, 1e4, out));
    for (i = 0; i < 6; i++) NEAR(out[i], .26852478349901765, 1);
    free(memory.base);
}

/* -- oscillators: the sound method keeps its promises */
static void start_of(int kind, unsigned seed, float *f, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        uint32_t w[4];
        sphere_random_(seed, (uint64_t)kind, i, w);
        f[i] = kind == 0 ? 50 + 2000 * sphere_uniform_(w[0]) : chord[w[1] % 3] + 400 * sphere_uniform_(w[0]) - 200;       /* wide; +-200 Hz */
        if (f[i] < 1) f[i] = 1;
    }
}
Test(anneal, fifty_over_three)
{
    static const uint64_t capacity[3] = { 17, 17, 16 };
    double worst = 0, lock = 0;
    int kind;
    unsigned seed;
    for (kind = 0; kind < 2; kind++) for (seed = 0; seed < 1000; seed++) {
        sphere_anneal_desc desc = desc_of(SPHERE_ANNEAL_BALANCED);
        sphere_anneal_report report;
        uint32_t label[50];
        float f[50], start[50];
        double travel;
        desc.model.seed = seed;
        start_of(kind, seed, f, 50);
        memcpy(start, f, sizeof(f));
        OK(sphere_anneal_run(f, 50, chord, 3, 1, &desc, &report, shared_memory, sizeof(shared_memory)));
        cr_assert(report.imbalance == 1.0625 && report.misplaced == 0 && report.steps == 100, "start %d seed %u: %g", kind, seed, report.imbalance);
        OK(sphere_anneal_sort(start, 50, chord, 3, capacity, label, &travel, shared_memory, sizeof(shared_memory)));
        cr_assert(report.travel >= travel * (1 - 1e-5), "less than the least: %g %g", report.travel, travel);
        worst = fmax(worst, report.travel / travel);
        lock = fmax(lock, report.lock);
    }
    cr_assert(lock <= 1e-3, "%g Hz", lock);
    cr_assert(worst <= 1.13, "%g", worst);
}
Test(anneal, other_spaces)
{
    const work memory = work_of(sphere_anneal_size(1000, 16, 3, NULL));
    float *x = floats(3000), c[48], share[16];
    uint64_t capacity[16], count[16];
    unsigned seed;
    int j, space;
    for (seed = 0; seed < 40; seed++) for (space = 0; space < 2; space++) {       /* 7 over 5 in eight dimensions */
        static const uint64_t want[5] = { 3, 1, 0, 2, 1 };
        sphere_anneal_desc desc = desc_of(SPHERE_ANNEAL_BALANCED);
        sphere_anneal_report report;
        desc.model.space = (sphere_anneal_space)space;
        desc.model.capacity = want;
        desc.model.seed = seed;
        desc.unit = .03;
        OK(sphere_anneal_noise(x, 7, 8, 1, seed, 1, 0, NULL));
        OK(sphere_anneal_noise(c, 5, 8, 1, seed, 2, 0, NULL));
        OK(sphere_anneal_run(x, 7, c, 5, 8, &desc, &report, memory.at, memory.bytes));
        cr_assert(report.misplaced == 0 && report.lock < 1e-3, "seed %u: %d misplaced, lock %g", seed, (int)report.misplaced, report.lock);
        OK(sphere_anneal_measure(x, NULL, 7, c, 5, 8, &desc.model, NULL, count, NULL, memory.at, memory.bytes));
        for (j = 0; j < 5; j++) cr_assert(count[j] == want[j]);
    }
    for (j = 0; j < 16; j++) share[j] = 1 + (float)(j % 5) * .7f;
    OK(sphere_anneal_capacity(1000, 16, share, capacity));
    for (seed = 0; seed < 3; seed++) {                                            /* 1000 over 16 on S^2, unequal */
        sphere_anneal_desc desc = desc_of(SPHERE_ANNEAL_BALANCED);
        sphere_anneal_report report;
        int i;
        desc.model.space = SPHERE_ANNEAL_SPHERE;
        desc.model.share = share;
        desc.model.seed = seed;
        OK(sphere_anneal_noise(x, 1000, 3, 1, seed, 1, 0, NULL));
        OK(sphere_anneal_noise(c, 16, 3, 1, seed, 2, 0, NULL));
        OK(sphere_anneal_run(x, 1000, c, 16, 3, &desc, &report, memory.at, memory.bytes));
        cr_assert(report.misplaced == 0 && report.lock < 1e-3, "seed %u: %d misplaced, lock %g", seed, (int)report.misplaced, report.lock);
        OK(sphere_anneal_measure(x, NULL, 1000, c, 16, 3, &desc.model, NULL, count, NULL, memory.at, memory.bytes));
        for (j = 0; j < 16; j++) cr_assert(count[j] == capacity[j]);
        for (i = 0; i < 1000; i++) cr_assert(fabs(sqrt((double)x[3 * i] * (double)x[3 * i] + (double)x[3 * i + 1] * (double)x[3 * i + 1] + (double)x[3 * i + 2] * (double)x[3 * i + 2]) - 1) < 1e-6);
    }
    free(x);
    free(memory.base);
}
static int compare_doubles(const void *a, const void *b) { return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b); }
Test(anneal, reference_is_no_better_than_its_start)
{
    double wide[201], narrow[201];
    unsigned seed;
    for (seed = 0; seed < 201; seed++) {
        sphere_anneal_desc desc = desc_of(SPHERE_ANNEAL_REFERENCE_ANNEALED);
        sphere_anneal_report report;
        float f[50];
        desc.model.seed = seed;
        start_of(0, seed, f, 50);
        OK(sphere_anneal_run(f, 50, chord, 3, 1, &desc, &report, shared_memory, sizeof(shared_memory)));
        wide[seed] = report.imbalance;
        start_of(1, seed, f, 50);
        OK(sphere_anneal_run(f, 50, chord, 3, 1, &desc, &report, shared_memory, sizeof(shared_memory)));
        narrow[seed] = report.imbalance;
    }
    qsort(wide, 201, sizeof(double), compare_doubles);
    qsort(narrow, 201, sizeof(double), compare_doubles);
    cr_assert(wide[100] > 14 && narrow[100] < 5 && narrow[100] > 1.5, "%g %g", wide[100], narrow[100]);
}
Test(anneal, every_way_the_same)
{
    /* 5000 oscillators are three shards; odd sizes, all methods, both spaces. */
    static const size_t sizes[3] = { 5000, 4099, 77 };
    int method, number, turn;
    for (turn = 0; turn < 3; turn++) for (method = 0; method < 6; method++) {
        const size_t n = sizes[turn], dim = method == SPHERE_ANNEAL_SORTED ? 1 : (size_t)turn + 1;
        float *first = floats(n * dim), *x = floats(n * dim), c[15];
        sphere_anneal_report reports[WAYS];
        for (number = 0; number < WAYS; number++) {
            sphere_anneal_desc desc = desc_of((sphere_anneal_method)method);
            work memory;
            desc.steps = 6;
            desc.unit = .02;
            desc.path = turn == 1 ? SPHERE_ANNEAL_ADAPTIVE : SPHERE_ANNEAL_GEOMETRIC;
            desc.model.exec = way(number);
            if (turn == 1 && method < SPHERE_ANNEAL_SORTED) desc.model.space = SPHERE_ANNEAL_SPHERE;
            OK(sphere_anneal_noise(x, n, dim, 1, 3, 1, 0, &desc.model.exec));
            OK(sphere_anneal_noise(c, 5, dim, 1, 3, 2, 0, &desc.model.exec));
            memory = work_of(sphere_anneal_size(n, 5, dim, &desc.model));
            memset(&reports[number], 0, sizeof(reports[number]));
            OK(sphere_anneal_run(x, n, c, 5, dim, &desc, &reports[number], memory.at, memory.bytes));
            if (number == 0) memcpy(first, x, n * dim * 4);
            cr_assert(memcmp(first, x, n * dim * 4) == 0, "method %d, way %d", method, number);
            cr_assert(reports[number].energy == reports[0].energy && reports[number].travel == reports[0].travel && reports[number].variance == reports[0].variance &&
                      reports[number].iterations == reports[0].iterations, "method %d, way %d: report", method, number);
            free(memory.base);
        }
        free(first);
        free(x);
    }
}
static int cool_and_end(void *user, const sphere_anneal_report *report)
{
    double *last = (double *)user;
    cr_assert(report->planes != NULL && report->at.sharpness >= *last && report->at.sharpness <= 2.0001 * *last);
    *last = report->at.sharpness;
    return 0;
}
Test(anneal, adaptive_path)
{
    sphere_anneal_desc desc = desc_of(SPHERE_ANNEAL_BALANCED);
    sphere_anneal_report report;
    double last = 1e-4;
    float f[50];
    desc.path = SPHERE_ANNEAL_ADAPTIVE;
    desc.progress = cool_and_end;
    desc.user = &last;
    start_of(0, 4, f, 50);
    OK(sphere_anneal_run(f, 50, chord, 3, 1, &desc, &report, shared_memory, sizeof(shared_memory)));
    cr_assert(last == 1 && report.steps < 400 && report.imbalance == 1.0625 && report.lock < 1e-3, "%g %u %g %g", last, report.steps, report.imbalance, report.lock);
    cr_assert(report.order > .999 && report.planes == NULL);
}
Test(anneal, temperature)
{
    /* Noise sqrt(2 k T) with s = 1/T: the stationary law is the mixture sum q N(c, T), its mean and variance are known. */
    enum { MANY = 20000 };
    static const float c[2] = { -3, 3 }, q[2] = { 3, 1 };
    sphere_anneal_model model = model_of(SPHERE_ANNEAL_FREE);
    const work memory = work_of(sphere_anneal_size(MANY, 2, 1, &model));
    float *x = floats(MANY);
    double mean = 0, square = 0;
    int i;
    model.share = q;
    OK(sphere_anneal_noise(x, MANY, 1, 1, 1, 7, 0, NULL));
    for (i = 0; i < MANY; i++) x[i] = x[i] + (i % 4 == 0 ? 3 : -3);               /* a draw of that law: it must stay one */
    for (i = 0; i < 400; i++) {
        sphere_anneal_instant at = instant_of(1, 1, sqrt(2.0), .02, NULL);
        at.index = (uint32_t)i;
        OK(sphere_anneal_step(x, MANY, c, 2, 1, &model, &at, NULL, NULL, memory.at, memory.bytes));
    }
    for (i = 0; i < MANY; i++) { mean += (double)x[i] / MANY; square += (double)x[i] * (double)x[i] / MANY; }
    cr_assert(fabs(mean + 1.5) < .08 && fabs(square - 10) < .15, "%g %g", mean, square);
    free(x);
    free(memory.base);
}
Test(anneal, schedule_values)
{
    sphere_anneal_desc desc = desc_of(SPHERE_ANNEAL_BALANCED);
    sphere_anneal_instant at;
    OK(sphere_anneal_schedule(NULL, 0, &at));
    cr_assert(at.sharpness == 1e-4 && at.pull == 1 && at.noise == 10 && at.dt == .05);
    OK(sphere_anneal_schedule(NULL, 99, &at));
    cr_assert(at.sharpness == 1 && at.pull == 11 && at.noise == 0 && at.index == 99);
    desc.path = SPHERE_ANNEAL_LINEAR;
    desc.steps = 3;
    OK(sphere_anneal_schedule(&desc, 1, &at));
    cr_assert(fabs(at.sharpness - .50005) < 1e-12 && at.noise == 2.5 && at.pull == 6);
    desc = desc_of(SPHERE_ANNEAL_REFERENCE_ANNEALED);
    OK(sphere_anneal_schedule(&desc, 99, &at));                                   /* the published p = i/steps leaves 0.5 */
    cr_assert(fabs(at.noise - .5) < 1e-12 && fabs(at.sharpness - (.05 * .01 + 20 * .99)) < 1e-12);
    desc.model.method = SPHERE_ANNEAL_REFERENCE_HARD;
    OK(sphere_anneal_schedule(&desc, 0, &at));
    cr_assert(at.sharpness == 20 && at.noise == 50);
    FAILS(SPHERE_E_RANGE, sphere_anneal_schedule(NULL, 100, &at));
    FAILS(SPHERE_E_NULL, sphere_anneal_schedule(NULL, 0, NULL));
    desc.dt = (double)NAN;
    FAILS(SPHERE_E_NAN, sphere_anneal_schedule(&desc, 0, &at));
}
Test(anneal, capacities)
{
    static const float share[4] = { 1, 0, 2, 1 };
    uint64_t capacity[7];
    size_t n, k, j;
    OK(sphere_anneal_capacity(50, 3, NULL, capacity));
    cr_assert(capacity[0] == 17 && capacity[1] == 17 && capacity[2] == 16);
    OK(sphere_anneal_capacity(10, 4, share, capacity));
    cr_assert(capacity[0] == 3 && capacity[1] == 0 && capacity[2] == 5 && capacity[3] == 2, "%d %d %d %d", (int)capacity[0], (int)capacity[1], (int)capacity[2], (int)capacity[3]);
    for (k = 1; k < 8; k++) for (n = 0; n < 200; n += 7) {
        float q[7];
        double total = 0;
        uint64_t sum = 0;
        for (j = 0; j < k; j++) { q[j] = fabsf(uniform()) + .01f; total += (double)q[j]; }
        OK(sphere_anneal_capacity(n, k, q, capacity));
        for (j = 0; j < k; j++) { sum += capacity[j]; cr_assert(fabs((double)capacity[j] - (double)n * (double)q[j] / total) < 1); }
        cr_assert(sum == n);
    }
    FAILS(SPHERE_E_RANGE, sphere_anneal_capacity(3, 0, NULL, capacity));
    FAILS(SPHERE_E_NULL, sphere_anneal_capacity(3, 2, NULL, NULL));
}

/* -- analysis */
Test(anneal, finds_five_notes)
{
    /* Five notes with jitter: annealing finds them more often than EM from five random data points at the final sharpness. */
    static const float note[5] = { 220, 261.63f, 293.66f, 329.63f, 392 };
    int annealed = 0, cold = 0, seed, i, j;
    for (seed = 0; seed < 60; seed++) {
        float x[100], c[5], share[5];
        sphere_anneal_analysis report;
        int way_number, found;
        OK(sphere_anneal_noise(x, 100, 1, 3, (uint64_t)seed, 1, 0, NULL));
        for (i = 0; i < 100; i++) x[i] += note[i % 5];
        for (way_number = 0; way_number < 2; way_number++) {
            if (way_number == 0) {
                OK(sphere_anneal_analyse(x, 100, c, share, 5, 1, NULL, &report, shared_memory, sizeof(shared_memory)));
                cr_assert(report.carriers <= 5 && report.temperatures > 10);
            } else {
                for (j = 0; j < 5; j++) c[j] = x[random_bits() % 100];
                for (i = 0; i < 100; i++) OK(sphere_anneal_em(x, 100, c, NULL, 5, 1, .1, NULL, NULL, shared_memory, sizeof(shared_memory)));
            }
            for (found = 0, i = 0; i < 5; i++) for (j = 0; j < 5; j++) if (fabsf(c[j] - note[i]) < 4) { found++; break; }
            if (way_number == 0) annealed += found == 5; else cold += found == 5;
        }
    }
    cr_assert(annealed >= 45 && annealed > cold, "%d against %d", annealed, cold);
}
Test(anneal, energy_never_rises)
{
    float x[240], c[12], share[4] = { 1, 1, 1, 1 };
    double before = 1e300, energy;
    int i;
    for (i = 0; i < 240; i++) x[i] = normal() + (float)(i % 4) * 2;
    memcpy(c, x, sizeof(c));
    for (i = 0; i < 40; i++) {
        OK(sphere_anneal_em(x, 80, c, share, 4, 3, 1.5, &energy, NULL, shared_memory, sizeof(shared_memory)));
        cr_assert(energy <= before + 1e-5 * fabs(energy), "step %d: %g after %g", i, energy, before);
        before = energy;
    }
    cr_assert(fabsf(share[0] + share[1] + share[2] + share[3] - 1) < 1e-5f);
}
Test(anneal, analysis_of_one_point)
{
    float x[30], c[6], share[3];
    sphere_anneal_analysis report;
    int i;
    for (i = 0; i < 30; i++) x[i] = i % 2 ? 7 : -2;
    OK(sphere_anneal_analyse(x, 15, c, share, 3, 2, NULL, &report, shared_memory, sizeof(shared_memory)));
    cr_assert(report.carriers == 1 && c[0] == -2 && c[1] == 7 && share[0] == 1 && share[1] == 0 && report.first_split == (double)INFINITY);
}

/* -- concepts to sound */
Test(anneal, bridge_to_sound)
{
    static const float concepts[9] = { 1, 0, 0, 0, 1, 0, .6f, .8f, 0 }, query[3] = { 1, .2f, 0 }, axis[3] = { 0, 1, 0 };
    sphere_anneal_desc desc = desc_of(SPHERE_ANNEAL_BALANCED);
    float energy[3], pitch[3], f[60], frequency[3], amplitude[3];
    int i;
    OK(sphere_anneal_energies(concepts, 3, 3, query, 3, energy));
    OK(sphere_anneal_pitches(concepts, 3, 3, axis, 110, 880, pitch));
    NEAR(pitch[0], 110 * sqrt(8.0), 300);
    NEAR(pitch[1], 880, 880);
    NEAR(pitch[2], 110 * pow(8, .9), 880);
    start_of(0, 9, f, 60);
    desc.model.share = energy;
    OK(sphere_anneal_run(f, 60, pitch, 3, 1, &desc, NULL, shared_memory, sizeof(shared_memory)));
    OK(sphere_anneal_sound(f, 60, pitch, 3, frequency, amplitude));
    for (i = 0; i < 3; i++) {
        NEAR(frequency[i], pitch[i], 900);
        cr_assert(fabsf(amplitude[i] - energy[i]) <= 1.0f / 60, "%g %g", (double)amplitude[i], (double)energy[i]);
    }
    OK(sphere_anneal_sound(f, 0, pitch, 3, frequency, amplitude));
    cr_assert(amplitude[0] == 0 && frequency[1] == pitch[1]);
}

/* -- samplers */
/* The table of tests/README.md has every float there is; here a sample, and every number near a change of the exponent. */
Test(anneal, exp2_within_2_5_ulp)
{
    double worst = 0;
    uint32_t u;
    for (u = 0x80000000u; u < 0xc2c80000u; u += u > 0xbf000000u && (u & 0xffffu) < 64 ? 1 : 97) {
        double want, e;
        int exponent;
        float t;
        memcpy(&t, &u, 4);
        want = exp2((double)t);
        frexp(want, &exponent);
        e = fabs((double)sphere_anneal_exp2_(t, SPHERE_ANNEAL_LEAST_) - want) / ldexp(1, exponent - 24);
        if (e > worst) worst = e;
    }
    cr_assert(worst <= 2.5, "%g ULP", worst);
    cr_assert(sphere_anneal_exp2_(0, -100.0f) == 1 && sphere_anneal_exp2_(-1, -100.0f) == .5f && sphere_anneal_exp2_(-99.5f, -100.0f) > 0);
    cr_assert(sphere_anneal_exp2_(-100, -100.0f) == 0 && sphere_anneal_exp2_(-56.5f, -56.0f) == 0 && sphere_anneal_exp2_(-INFINITY, -100.0f) == 0 && sphere_anneal_exp2_(NAN, -100.0f) == 0);
}
Test(anneal, spacing_tables)
{
    /* First and last steps that Lin et al. 2023 (table 2, T = 1000) and the usual implementations give. */
    static const struct { sphere_anneal_spacing spacing; unsigned steps; int first, second, last; } want[] = {
        { SPHERE_ANNEAL_LEADING, 5, 800, 600, 0 }, { SPHERE_ANNEAL_LINSPACE, 5, 999, 749, 0 }, { SPHERE_ANNEAL_TRAILING, 5, 999, 799, 199 },
        { SPHERE_ANNEAL_LEADING, 10, 900, 800, 0 }, { SPHERE_ANNEAL_LINSPACE, 10, 999, 888, 0 }, { SPHERE_ANNEAL_TRAILING, 10, 999, 899, 99 },
        { SPHERE_ANNEAL_LEADING, 50, 980, 960, 0 }, { SPHERE_ANNEAL_LINSPACE, 50, 999, 979, 0 }, { SPHERE_ANNEAL_TRAILING, 50, 999, 979, 19 },
        { SPHERE_ANNEAL_LEADING, 1000, 999, 998, 0 }, { SPHERE_ANNEAL_LINSPACE, 1000, 999, 998, 0 }, { SPHERE_ANNEAL_TRAILING, 1000, 999, 998, 0 },
        { SPHERE_ANNEAL_LEADING, 30, 957, 924, 0 }, { SPHERE_ANNEAL_LINSPACE, 30, 999, 965, 0 }, { SPHERE_ANNEAL_TRAILING, 30, 999, 966, 32 },
        { SPHERE_ANNEAL_LEADING, 7, 852, 710, 0 }, { SPHERE_ANNEAL_LINSPACE, 7, 999, 832, 0 }, { SPHERE_ANNEAL_TRAILING, 7, 999, 856, 142 },
        { SPHERE_ANNEAL_LINSPACE, 3, 999, 500, 0 }, { SPHERE_ANNEAL_LINSPACE, 1, 999, -1, 999 }, { SPHERE_ANNEAL_TRAILING, 1, 999, -1, 999 }, { SPHERE_ANNEAL_LEADING, 1, 0, -1, 0 },
    };
    static sphere_anneal_level level[1001];
    size_t i, j;
    for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        sphere_anneal_sample_desc desc = sample_desc_of(SPHERE_ANNEAL_DDIM, SPHERE_ANNEAL_LINEAR_BETA, want[i].steps);
        desc.spacing = want[i].spacing;
        OK(sphere_anneal_levels(&desc, level));
        cr_assert(level[0].t == want[i].first && level[1].t == want[i].second && level[want[i].steps - 1].t == want[i].last && level[want[i].steps].t == -1,
                  "row %d: %g %g %g", (int)i, level[0].t, level[1].t, level[want[i].steps - 1].t);
        for (j = 0; j < want[i].steps; j++) cr_assert(level[j].t > level[j + 1].t && level[j].sigma > level[j + 1].sigma && level[j].alpha_bar < level[j + 1].alpha_bar);
        /* Every level's sigma from the product of the betas of its step; T and the betas are DDPM's. */
        for (j = 0; j < want[i].steps; j++) {
            long double abar = 1, sigma;
            int t;
            for (t = 0; t <= (int)level[j].t; t++) abar *= 1 - (1e-4L + (.02L - 1e-4L) * (long double)t / 999);
            sigma = sqrtl((1 - abar) / abar);
            cr_assert(fabsl((long double)level[j].sigma / sigma - 1) < 1e-12L && fabsl((long double)level[j].alpha_bar / abar - 1) < 1e-12L, "row %d, t %g: %.17g, not %.17g", (int)i, level[j].t, level[j].sigma, (double)sigma);
        }
        /* Published sigmas of the linear schedule: 157.4 at step 999, 0.0100005 at step 0. */
        if (want[i].first == 999) cr_assert(fabs(level[0].sigma - 157.4072) < 1e-3, "%.9g", level[0].sigma);
        if (want[i].last == 0) cr_assert(fabs(level[want[i].steps - 1].sigma - .010000500037503) < 1e-12, "%.15g", level[want[i].steps - 1].sigma);
    }
}
/* A normal distribution N(0, 1) in each component: D(x) = x/(1 + sigma^2), and the exact flow is x(0) = x(sigma)/sqrt(1 + sigma^2). */
static sphere_status normal_denoiser(void *user, const float *x, size_t n, size_t dim, const sphere_anneal_level *level, float *out)
{
    const int kind = *(const int *)user;
    const double sa = sqrt(level->alpha_bar), sb = sa * level->sigma;
    size_t i;
    for (i = 0; i < n * dim; i++) {
        const double clean = (double)x[i] / level->scale * level->alpha_bar, noise = ((double)x[i] / level->scale - clean) / level->sigma;
        out[i] = (float)(kind == SPHERE_ANNEAL_CLEAN ? clean : kind == SPHERE_ANNEAL_NOISE ? noise : sa * noise - sb * clean);
    }
    return SPHERE_OK;
}
/* The error at the smallest sigma, relative to the true value; the clean level is left out, since a step into it is exact. */
static double flow_error(sphere_anneal_solver solver, int prediction, unsigned steps)
{
    sphere_anneal_sample_desc desc = sample_desc_of(solver, SPHERE_ANNEAL_KARRAS, steps);
    const work memory = work_of(sphere_anneal_sample_size(1, 1));
    unsigned end = steps - 1;
    float x = 8;
    double want = (double)x * sqrt((1 + .1 * .1) / (1 + 8.0 * 8));
    desc.sigma_max = 8;
    desc.sigma_min = .1;
    desc.rho = 3;
    desc.prediction = (sphere_anneal_prediction)prediction;
    desc.progress = end_at;
    desc.user = &end;
    OK(sphere_anneal_sample(&x, 1, 1, &desc, normal_denoiser, &prediction, NULL, memory.at, memory.bytes));
    free(memory.base);
    return fabs((double)x / want - 1);
}
Test(anneal, orders)
{
    int p;
    for (p = 0; p < 3; p++) {
        /* Float rounds at 1e-6 here: the second order is seen from 17 to 65 steps, the first from 65 to 257. */
        const double second = log(flow_error(SPHERE_ANNEAL_HEUN, p, 17) / flow_error(SPHERE_ANNEAL_HEUN, p, 65)) / log(64.0 / 16);
        const double first = log(flow_error(SPHERE_ANNEAL_EULER, p, 65) / flow_error(SPHERE_ANNEAL_EULER, p, 257)) / log(256.0 / 64);
        cr_assert(fabs(second - 2) < .1, "Heun, prediction %d: order %g", p, second);
        cr_assert(fabs(first - 1) < .1, "Euler, prediction %d: order %g", p, first);
    }
}
Test(anneal, ddim_is_euler)
{
    /* Euler's step of dx/dsigma = (x - D)/sigma on x/scale, written out in double, over the levels of DDIM. */
    static const sphere_anneal_noising noisings[3] = { SPHERE_ANNEAL_LINEAR_BETA, SPHERE_ANNEAL_COSINE, SPHERE_ANNEAL_KARRAS };
    int kind, p;
    for (kind = 0; kind < 3; kind++) for (p = 0; p < 3; p++) {
        sphere_anneal_sample_desc desc = sample_desc_of(SPHERE_ANNEAL_DDIM, noisings[kind], 20);
        sphere_anneal_level level[21];
        const work memory = work_of(sphere_anneal_sample_size(2, 1));
        float x[2] = { .8f, -1.3f };
        double y[2];
        int i, s;
        desc.prediction = (sphere_anneal_prediction)p;
        OK(sphere_anneal_levels(&desc, level));
        for (i = 0; i < 2; i++) y[i] = (double)x[i] / level[0].scale;
        for (s = 0; s < 20; s++) for (i = 0; i < 2; i++) y[i] += (level[s + 1].sigma - level[s].sigma) * (y[i] - y[i] * level[s].alpha_bar) / level[s].sigma;
        OK(sphere_anneal_sample(x, 2, 1, &desc, normal_denoiser, &p, NULL, memory.at, memory.bytes));
        /* At the first level of the cosine schedule sigma is 20000: a noise predicted in float leaves 1e-4 of the rest. */
        for (i = 0; i < 2; i++) cr_assert(fabs((double)x[i] - y[i]) < (kind == 1 && p == SPHERE_ANNEAL_NOISE ? 5e-4 : 1e-5), "noising %d prediction %d: %g %g", kind, p, (double)x[i], y[i]);
        free(memory.base);
    }
}
Test(anneal, four_modes)
{
    enum { MANY = 20000 };
    static const sphere_anneal_solver solvers[4] = { SPHERE_ANNEAL_HEUN, SPHERE_ANNEAL_DDPM, SPHERE_ANNEAL_DDIM, SPHERE_ANNEAL_HEUN };
    float *x = floats(2 * MANY);
    int run;
    for (run = 0; run < 4; run++) {
        sphere_anneal_sample_desc desc = sample_desc_of(solvers[run], run == 0 || run == 3 ? SPHERE_ANNEAL_KARRAS : SPHERE_ANNEAL_LINEAR_BETA, run == 1 || run == 2 ? 100 : 18);
        sphere_anneal_data data = data_of(cross4, 4, 2, nothing);
        sphere_anneal_level level[101];
        double count[4] = { 0, 0, 0, 0 };
        size_t i;
        int j;
        desc.seed = 11;
        if (run == 2) { desc.eta = .5; desc.spacing = SPHERE_ANNEAL_LINSPACE; }
        if (run == 3) { desc.churn = 40; desc.churn_min = .05; desc.churn_max = 50; desc.churn_noise = 1.003; }
        data.exec = way(run);
        desc.exec = way(run);
        OK(sphere_anneal_levels(&desc, level));
        OK(sphere_anneal_noise(x, MANY, 2, level[0].scale * sqrt(1 + level[0].sigma * level[0].sigma), 11, 0, 0, NULL));
        sample_with(&data, x, MANY, &desc, NULL);
        for (i = 0; i < MANY; i++) {
            double nearest = 9;
            int best = 0;
            for (j = 0; j < 4; j++) {
                const double d = hypot((double)x[2 * i] - (double)cross4[2 * j], (double)x[2 * i + 1] - (double)cross4[2 * j + 1]);
                if (d < nearest) { nearest = d; best = j; }
            }
            cr_assert(nearest < 1e-6, "run %d: %g from a mode", run, nearest);
            count[best] += 1.0 / MANY;
        }
        for (j = 0; j < 4; j++) cr_assert(fabs(count[j] - .25) < 3 * sqrt(.25 * .75 / MANY), "run %d: mode %d has %g", run, j, count[j]);
    }
    free(x);
}
Test(anneal, denoiser_streams)
{
    /* 3000 rows in 5 dimensions against double, and every way the same; a data set in a plane wider than it. */
    enum { ROWS = 3000, SAMPLES = 700, DIM = 5 };
    float *rows = floats(ROWS * 7), *x = floats(SAMPLES * DIM), *first = floats(SAMPLES * DIM), *out = floats(SAMPLES * DIM);
    const work memory = work_of(sphere_anneal_denoise_size(SAMPLES, DIM, 0));
    sphere_anneal_data data = data_of(rows, ROWS, DIM, memory);
    size_t i, j, a;
    int number;
    for (i = 0; i < ROWS * 7; i++) rows[i] = normal();
    for (i = 0; i < SAMPLES * DIM; i++) x[i] = normal();
    data.stride = 7;
    for (number = 0; number < WAYS; number++) {
        data.exec = way(number);
        OK(sphere_anneal_denoise(&data, x, SAMPLES, .3, out));
        if (number == 0) memcpy(first, out, SAMPLES * DIM * sizeof(float));
        cr_assert(memcmp(first, out, SAMPLES * DIM * sizeof(float)) == 0, "way %d", number);
    }
    for (i = 0; i < SAMPLES; i += 23) {
        double sum = 0, mean[DIM] = { 0, 0, 0, 0, 0 }, least = 1e300;
        for (j = 0; j < 2 * ROWS; j++) {
            double d = 0;
            for (a = 0; a < DIM; a++) d += ((double)x[i * DIM + a] - (double)rows[j % ROWS * 7 + a]) * ((double)x[i * DIM + a] - (double)rows[j % ROWS * 7 + a]);
            if (j < ROWS) { if (d < least) least = d; continue; }
            d = exp(-(d - least) / (2 * .09));
            sum += d;
            for (a = 0; a < DIM; a++) mean[a] += d * (double)rows[j % ROWS * 7 + a];
        }
        for (a = 0; a < DIM; a++) NEAR(out[i * DIM + a], mean[a] / sum, 3);
    }
    free(rows); free(x); free(first); free(out);
    free(memory.base);
}
static sphere_status refuses(void *user, const float *x, size_t n, size_t dim, const sphere_anneal_level *level, float *out)
{
    (void)x; (void)n; (void)dim; (void)level; (void)out;
    return ++*(int *)user > 3 ? SPHERE_E_NAN : SPHERE_OK;
}
Test(anneal, guidance_and_ends)
{
    static const float good[2] = { 1, 2 }, plain[2] = { .5f, 0 };
    sphere_anneal_sample_desc desc = sample_desc_of(SPHERE_ANNEAL_HEUN, SPHERE_ANNEAL_KARRAS, 6);
    sphere_anneal_sample_report report;
    const work memory = work_of(sphere_anneal_sample_size(3, 2));
    float x[6] = { 1, 2, 3, 4, 5, 6 };
    int calls = 0;
    union { const float *from; void *to; } conditioned, unconditioned;
    conditioned.from = good;
    unconditioned.from = plain;
    desc.unguided = always;
    desc.unguided_user = unconditioned.to;
    desc.guidance = 3;
    OK(sphere_anneal_sample(x, 3, 2, &desc, always, conditioned.to, &report, memory.at, memory.bytes));
    cr_assert(report.calls == 22 && report.steps == 6 && report.level.sigma == 0);
    for (calls = 0; calls < 6; calls++) NEAR(x[calls], plain[calls % 2] + 3 * (good[calls % 2] - plain[calls % 2]), 6);
    desc.unguided = NULL;
    calls = 0;
    x[0] = 44;
    FAILS(SPHERE_E_NAN, sphere_anneal_sample(x, 3, 2, &desc, refuses, &calls, &report, memory.at, memory.bytes));
    cr_assert(calls == 4 && x[0] == 44);
    free(memory.base);
}

/* -- bad input: a clear status, and nothing written */
static int stop_now(void *user, const sphere_anneal_report *report) { (void)report; ++*(int *)user; return 1; }
static int stop_sampling(void *user, const sphere_anneal_sample_report *report) { (void)user; (void)report; return 1; }
static int stop_analysis(void *user, const sphere_anneal_analysis *report) { (void)user; (void)report; return 1; }
Test(anneal, bad_oscillators)
{
    float f[50], kept[50], nan_share[3] = { 1, NAN, 1 }, low_share[3] = { 1, -1, 1 }, none[3] = { 0, 0, 0 }, zero_focus[3] = { 1, 0, 1 };
    uint64_t short_capacity[3] = { 17, 17, 15 }, long_capacity[3] = { 17, 17, UINT64_MAX - 33 };
    sphere_anneal_desc desc = desc_of(SPHERE_ANNEAL_BALANCED);
    sphere_anneal_report report;
    double prices[3] = { 0, 0, 0 };
    int calls = 0, i;
    start_of(0, 1, f, 50);
    memcpy(kept, f, sizeof(f));
    memset(&report, 0x5a, sizeof(report));
#define RUN_FAILS(want) FAILS(want, sphere_anneal_run(f, 50, chord, 3, 1, &desc, &report, shared_memory, sizeof(shared_memory))); desc = desc_of(SPHERE_ANNEAL_BALANCED)
    desc.model.exec = no_level();            RUN_FAILS(SPHERE_E_LEVEL);
    desc.model.capacity = short_capacity;    RUN_FAILS(SPHERE_E_RANGE);
    desc.model.capacity = long_capacity;     RUN_FAILS(SPHERE_E_RANGE);
    desc.model.share = nan_share;            RUN_FAILS(SPHERE_E_NAN);
    desc.model.share = low_share;            RUN_FAILS(SPHERE_E_RANGE);
    desc.model.share = none;                 RUN_FAILS(SPHERE_E_RANGE);
    desc.model.focus = nan_share;            RUN_FAILS(SPHERE_E_NAN);
    desc.model.focus = zero_focus;           RUN_FAILS(SPHERE_E_RANGE);
    desc.model.method = (sphere_anneal_method)6; RUN_FAILS(SPHERE_E_RANGE);
    desc.model.space = (sphere_anneal_space)2; RUN_FAILS(SPHERE_E_RANGE);
    desc.model.space = SPHERE_ANNEAL_SPHERE; RUN_FAILS(SPHERE_E_RANGE);           /* dim 1 is no sphere */
    desc.model.tolerance = -1;               RUN_FAILS(SPHERE_E_RANGE);
    desc.model.tolerance = (double)NAN;      RUN_FAILS(SPHERE_E_NAN);
    desc.path = (sphere_anneal_path)3;       RUN_FAILS(SPHERE_E_RANGE);
    desc.noise = -3;                         RUN_FAILS(SPHERE_E_RANGE);
    desc.dt = (double)INFINITY;              RUN_FAILS(SPHERE_E_RANGE);
    desc.sharp_first = (double)NAN;          RUN_FAILS(SPHERE_E_NAN);
    desc.progress = stop_now; desc.user = &calls; RUN_FAILS(SPHERE_E_CANCEL);
    cr_assert(calls == 1);
    FAILS(SPHERE_E_NULL, sphere_anneal_run(NULL, 50, chord, 3, 1, NULL, NULL, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_NULL, sphere_anneal_run(f, 50, NULL, 3, 1, NULL, NULL, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_RANGE, sphere_anneal_run(f, 50, chord, 0, 1, NULL, NULL, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_RANGE, sphere_anneal_run(f, 50, chord, 3, 0, NULL, NULL, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_RANGE, sphere_anneal_run(f, 50, chord, 3, 65, NULL, NULL, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_MEMORY, sphere_anneal_run(f, 50, chord, 3, 1, NULL, NULL, NULL, sizeof(shared_memory)));
    FAILS(SPHERE_E_MEMORY, sphere_anneal_run(f, 50, chord, 3, 1, NULL, NULL, shared_memory, sphere_anneal_size(50, 3, 1, NULL) - 1));
    FAILS(SPHERE_E_OVERLAP, sphere_anneal_run(f, 50, f + 49, 1, 1, NULL, NULL, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_SIZE, sphere_anneal_run(f, SIZE_MAX / 2, chord, 3, 1, NULL, NULL, shared_memory, sizeof(shared_memory)));
    OK(sphere_anneal_run(NULL, 0, NULL, 3, 1, NULL, NULL, NULL, 0));
    cr_assert(memcmp(f, kept, sizeof(f)) == 0);
    for (i = 0; i < (int)sizeof(report); i++) cr_assert(((unsigned char *)&report)[i] == 0x5a);
    f[7] = NAN;
    FAILS(SPHERE_E_NAN, sphere_anneal_run(f, 50, chord, 3, 1, NULL, NULL, shared_memory, sizeof(shared_memory)));
    f[7] = INFINITY;
    FAILS(SPHERE_E_NAN, sphere_anneal_run(f, 50, chord, 3, 1, NULL, NULL, shared_memory, sizeof(shared_memory)));
    f[7] = 2e18f;
    FAILS(SPHERE_E_RANGE, sphere_anneal_run(f, 50, chord, 3, 1, NULL, NULL, shared_memory, sizeof(shared_memory)));
    f[7] = 1e18f;
    OK(sphere_anneal_run(f, 50, chord, 3, 1, NULL, NULL, shared_memory, sizeof(shared_memory)));
    prices[1] = (double)NAN;
    FAILS(SPHERE_E_NAN, sphere_anneal_prices(f, 50, chord, 3, 1, NULL, 1, prices, NULL, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_NULL, sphere_anneal_prices(f, 50, chord, 3, 1, NULL, 1, NULL, NULL, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_RANGE, sphere_anneal_weights(f, 50, chord, 3, 1, NULL, 0, NULL, NULL, NULL, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_OVERLAP, sphere_anneal_weights(f, 10, chord, 3, 1, NULL, 1, NULL, f + 5, NULL, shared_memory, sizeof(shared_memory)));
    {
        float pair[4] = { 1, 0, 0, 0 }, one[2] = { 1, 0 };
        sphere_anneal_model model = model_of(SPHERE_ANNEAL_BALANCED);
        sphere_anneal_instant at = instant_of(1, 1, 0, 1, NULL);
        model.space = SPHERE_ANNEAL_SPHERE;
        FAILS(SPHERE_E_RANGE, sphere_anneal_step(pair, 2, one, 1, 2, &model, &at, NULL, NULL, shared_memory, sizeof(shared_memory)));     /* no direction */
        FAILS(SPHERE_E_NULL, sphere_anneal_step(pair, 2, one, 1, 2, &model, NULL, NULL, NULL, shared_memory, sizeof(shared_memory)));
        at.dt = 0;
        FAILS(SPHERE_E_RANGE, sphere_anneal_step(pair, 2, one, 1, 2, &model, &at, NULL, NULL, shared_memory, sizeof(shared_memory)));
        at.dt = 1; at.xi = kept; kept[1] = NAN; model.space = SPHERE_ANNEAL_FLAT;
        FAILS(SPHERE_E_NAN, sphere_anneal_step(pair, 2, one, 1, 2, &model, &at, NULL, NULL, shared_memory, sizeof(shared_memory)));
        cr_assert(pair[0] == 1 && pair[3] == 0);
    }
}
Test(anneal, bad_sorts_and_measures)
{
    float f[4] = { 4, 3, 2, 1 }, c[2] = { 0, 5 };
    uint64_t capacity[2] = { 2, 2 };
    uint32_t label[4] = { 9, 9, 9, 9 };
    double travel = 7;
    FAILS(SPHERE_E_NULL, sphere_anneal_sort(f, 4, c, 2, NULL, label, &travel, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_MEMORY, sphere_anneal_sort(f, 4, c, 2, capacity, label, &travel, shared_memory, sphere_anneal_sort_size(4, 2) - 1));
    FAILS(SPHERE_E_RANGE, sphere_anneal_sort(f, 3, c, 2, capacity, label, &travel, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_OVERLAP, sphere_anneal_sort((const float *)(const void *)label, 4, c, 2, capacity, label, &travel, shared_memory, sizeof(shared_memory)));
    f[2] = NAN;
    FAILS(SPHERE_E_NAN, sphere_anneal_sort(f, 4, c, 2, capacity, label, &travel, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_NAN, sphere_anneal_measure(f, NULL, 4, c, 2, 1, NULL, label, NULL, NULL, shared_memory, sizeof(shared_memory)));
    cr_assert(label[0] == 9 && travel == 7);
    f[2] = 1;                                                                     /* a tie goes to the lower index */
    OK(sphere_anneal_sort(f, 4, c, 2, capacity, label, &travel, shared_memory, sizeof(shared_memory)));
    cr_assert(label[0] == 1 && label[1] == 1 && label[2] == 0 && label[3] == 0 && travel == 5);
}
Test(anneal, bad_analysis)
{
    float x[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, c[2] = { 2, 6 }, share[2] = { .5f, .5f };
    sphere_anneal_analyse_desc desc;
    memset(&desc, 0, sizeof(desc));
    FAILS(SPHERE_E_NULL, sphere_anneal_em(x, 8, NULL, share, 2, 1, 1, NULL, NULL, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_RANGE, sphere_anneal_em(x, 8, c, share, 2, 1, -1, NULL, NULL, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_NAN, sphere_anneal_em(x, 8, c, share, 2, 1, (double)NAN, NULL, NULL, shared_memory, sizeof(shared_memory)));
    FAILS(SPHERE_E_MEMORY, sphere_anneal_em(x, 8, c, share, 2, 1, 1, NULL, NULL, shared_memory, sphere_anneal_analyse_size(8, 2, 1) - 1));
    FAILS(SPHERE_E_OVERLAP, sphere_anneal_em(x, 8, x + 7, NULL, 1, 1, 1, NULL, NULL, shared_memory, sizeof(shared_memory)));
    desc.progress = stop_analysis;
    FAILS(SPHERE_E_CANCEL, sphere_anneal_analyse(x, 8, c, share, 2, 1, &desc, NULL, shared_memory, sizeof(shared_memory)));
    desc.progress = NULL; desc.growth = .5;
    FAILS(SPHERE_E_RANGE, sphere_anneal_analyse(x, 8, c, share, 2, 1, &desc, NULL, shared_memory, sizeof(shared_memory)));
    x[3] = NAN;
    FAILS(SPHERE_E_NAN, sphere_anneal_analyse(x, 8, c, share, 2, 1, NULL, NULL, shared_memory, sizeof(shared_memory)));
    cr_assert(c[0] == 2 && c[1] == 6 && share[0] == .5f);
}
Test(anneal, bad_samples)
{
    float x[4] = { 1, 2, 3, 4 }, out[4] = { 9, 9, 9, 9 }, label[4] = { 0, 0, 1, 1 }, wanted[2] = { 0, 0 };
    const work memory = work_of(sphere_anneal_denoise_size(2, 2, 1)), room = work_of(sphere_anneal_sample_size(2, 2));
    sphere_anneal_data data = data_of(cross4, 4, 2, memory);
    sphere_anneal_sample_desc desc;
    sphere_anneal_level level[70];
    memset(&desc, 0, sizeof(desc));
#define SAMPLE_FAILS(want) FAILS(want, sphere_anneal_sample(x, 2, 2, &desc, sphere_anneal_denoise_exact, &data, NULL, room.at, room.bytes)); \
    memset(&desc, 0, sizeof(desc)); desc.prediction = SPHERE_ANNEAL_CLEAN
    desc.exec = no_level();                             SAMPLE_FAILS(SPHERE_E_LEVEL);
    desc.steps = 1001;                                  SAMPLE_FAILS(SPHERE_E_RANGE);
    desc.eta = 1.5;                                     SAMPLE_FAILS(SPHERE_E_RANGE);
    desc.eta = (double)NAN;                             SAMPLE_FAILS(SPHERE_E_NAN);
    desc.churn = 1;                                     SAMPLE_FAILS(SPHERE_E_RANGE);      /* without Karras levels */
    desc.solver = (sphere_anneal_solver)4;              SAMPLE_FAILS(SPHERE_E_RANGE);
    desc.sigma_min = 90;                                SAMPLE_FAILS(SPHERE_E_RANGE);
    desc.train_steps = 100000;                          SAMPLE_FAILS(SPHERE_E_RANGE);      /* no signal is left at the end */
    desc.progress = stop_sampling;                      SAMPLE_FAILS(SPHERE_E_CANCEL);
    FAILS(SPHERE_E_NULL, sphere_anneal_sample(x, 2, 2, &desc, NULL, NULL, NULL, room.at, room.bytes));
    FAILS(SPHERE_E_MEMORY, sphere_anneal_sample(x, 2, 2, &desc, sphere_anneal_denoise_exact, &data, NULL, room.at, room.bytes - 1));
    FAILS(SPHERE_E_RANGE, sphere_anneal_sample(x, 2, 0, &desc, sphere_anneal_denoise_exact, &data, NULL, room.at, room.bytes));
    cr_assert(x[0] == 1 && x[3] == 4);
    desc.noising = SPHERE_ANNEAL_KARRAS; desc.rho = (double)NAN;
    FAILS(SPHERE_E_NAN, sphere_anneal_levels(&desc, level));
    cr_assert(sphere_anneal_steps(&desc) == 0);
    FAILS(SPHERE_E_RANGE, sphere_anneal_denoise(&data, x, 2, 0, out));
    FAILS(SPHERE_E_NAN, sphere_anneal_denoise(&data, x, 2, (double)NAN, out));
    FAILS(SPHERE_E_OVERLAP, sphere_anneal_denoise(&data, x, 2, 1, x + 1));
    data.stride = 1;
    FAILS(SPHERE_E_RANGE, sphere_anneal_denoise(&data, x, 2, 1, out));
    data.stride = 0; data.labels = label; data.label_dim = 1; data.label_width = 1;
    FAILS(SPHERE_E_RANGE, sphere_anneal_denoise(&data, x, 2, 1, out));                     /* wanted for nobody */
    data.wanted_n = 2;
    FAILS(SPHERE_E_NULL, sphere_anneal_denoise(&data, x, 2, 1, out));
    data.wanted = wanted; wanted[1] = NAN;
    FAILS(SPHERE_E_NAN, sphere_anneal_denoise(&data, x, 2, 1, out));
    wanted[1] = 0; data.bytes--;
    FAILS(SPHERE_E_MEMORY, sphere_anneal_denoise(&data, x, 2, 1, out));
    data.bytes++;
    x[1] = NAN;
    FAILS(SPHERE_E_NAN, sphere_anneal_denoise(&data, x, 2, 1, out));
    FAILS(SPHERE_E_NAN, sphere_anneal_sample(x, 2, 2, NULL, sphere_anneal_denoise_exact, &data, NULL, room.at, room.bytes));
    cr_assert(out[0] == 9 && out[3] == 9);
    FAILS(SPHERE_E_RANGE, sphere_anneal_noise(x, 2, 2, -1, 0, 0, 0, NULL));
    FAILS(SPHERE_E_NULL, sphere_anneal_noise(NULL, 2, 2, 1, 0, 0, 0, NULL));
    free(memory.base);
    free(room.base);
}
Test(anneal, bad_concepts)
{
    float v[6] = { 1, 0, 0, 1, 1, 1 }, q[3] = { 1, 1, NAN }, out[4] = { 9, 9, 9, 9 };
    FAILS(SPHERE_E_NAN, sphere_anneal_energies(v, 2, 3, q, 1, out));
    FAILS(SPHERE_E_RANGE, sphere_anneal_energies(v, 2, 0, q, 1, out));
    FAILS(SPHERE_E_RANGE, sphere_anneal_energies(v, 3, 2, q, (double)INFINITY, out));
    FAILS(SPHERE_E_NULL, sphere_anneal_energies(NULL, 3, 2, q, 1, out));
    FAILS(SPHERE_E_OVERLAP, sphere_anneal_energies(v, 3, 2, q, 1, v + 4));
    FAILS(SPHERE_E_RANGE, sphere_anneal_tokens(v, 3, 2, q, 0, out));
    FAILS(SPHERE_E_RANGE, sphere_anneal_pitches(v, 3, 2, q, 0, 5, out));
    FAILS(SPHERE_E_RANGE, sphere_anneal_pitches(v, 3, 2, q, 6, 5, out));
    FAILS(SPHERE_E_NAN, sphere_anneal_sound(q, 3, v, 2, out, out + 2));
    FAILS(SPHERE_E_OVERLAP, sphere_anneal_sound(v, 3, v, 2, out, out + 1));
    cr_assert(out[0] == 9 && out[1] == 9 && out[2] == 9);
    OK(sphere_anneal_energies(NULL, 0, 2, q, 1, NULL));
}
Test(anneal, normal_deviates)
{
    enum { MANY = 200000 };
    float *x = floats(MANY);
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0, cross = 0;
    int i;
    OK(sphere_anneal_noise(x, MANY, 1, 1, 42, 0, 0, NULL));
    for (i = 0; i < MANY; i++) {
        const double v = (double)x[i];
        m1 += v / MANY; m2 += v * v / MANY; m3 += v * v * v / MANY; m4 += v * v * v * v / MANY;
        if (i) cross += v * (double)x[i - 1] / MANY;
    }
    cr_assert(fabs(m1) < .01 && fabs(m2 - 1) < .015 && fabs(m3) < .03 && fabs(m4 - 3) < .1 && fabs(cross) < .01, "%g %g %g %g %g", m1, m2, m3, m4, cross);
    free(x);
}
