/* examples/sludge.c - why a model that must answer with one picture answers with grey sludge, and diffusion does not.

     cc -O2 -o sludge examples/sludge.c && ./sludge
     ./sludge --seed 5 --sounds 40 --pictures 30
     ./sludge --help

   A sound is to be turned into a picture. Many pictures are right for it: three kinds of visualiser (pulse, spectrum, waveform), any
   colour, light on dark or dark on light. The program draws such pictures, learns from them, and answers for new recordings of the sounds:
     1. draw      sounds, their features, pictures for them             sphere_points_random
     2. latent    principal components of the pictures                  sphere_row_dot, sphere_dot
     3. regress   least squares from features to latents, and the best any regression can do: the mean of all pictures that are right,
                  which is the exact denoiser at infinite noise         sphere_anneal_denoise
     4. sample    diffusion: the exact denoiser with the features as condition, by Heun's method on Karras's levels
                                                                        sphere_anneal_noise, _levels, _sample
     5. measure   distance to the nearest picture that is right, contrast, diversity
   It writes sludge.png. Everything but the line of seconds is the same for every machine, compiler and number of threads. */
#define _POSIX_C_SOURCE 200809L
#define SPHERE_IMPLEMENTATION
#define SPHERE_ANNEAL_IMPLEMENTATION
#include "common.h"
#include "../sphere.h"
#include "../sphere_anneal.h"

enum {
    SIDE = 64, VALUES = 3 * SIDE * SIDE,           /* a picture: rows from the top, red green blue, 0..1             */
    SAMPLES = 1024, LOWEST = 2, HIGHEST = 96,      /* a recording, and the whole cycles in it that are heard         */
    BANDS = 12, FEATURES = BANDS,
    PARTIALS = 6,
    KINDS = 3, POLARITIES = 2, HUES = 64,          /* of the pictures that are tried as nearest right one            */
    RIGHT = KINDS * POLARITIES * HUES,
    SHOWN = 8,                                     /* columns of the picture; all measured sounds are shown          */
    SWEEPS = 12,                                   /* of the subspace iteration                                      */
    BLOCK = 512                                    /* values that one task mixes                                     */
};

typedef struct sound {
    double cycles[PARTIALS], level[PARTIALS], phase[PARTIALS];
    float  wave[SAMPLES];                          /* clean, at most 1 in size                                       */
    float  bands[FEATURES];                        /* amplitude in each band, 0..1                                   */
} sound;

typedef struct measures { double contrast, distance, diversity; double kinds[KINDS]; double light; } measures;

typedef struct sludge {
    uint64_t    seed, sound_count, picture_count, components, draws, threads;
    double      novelty;
    const char *directory;
    size_t      n, d, shown;
    sound      *sounds;
    float      *pictures;                          /* (n, VALUES): picture i belongs to sound i / picture_count; the mean is taken off */
    float      *mean;                              /* (VALUES)                                                       */
    float      *features;                          /* (n, FEATURES) each picture came with a recording of its own    */
    float      *basis;                             /* (d, VALUES) orthonormal                                        */
    float      *latents;                           /* (n, d), about 1 in size                                        */
    double      scale;                             /* a latent times this is a length in pictures                    */
    double      kept;                              /* share of the variance                                          */
    double      gap;                               /* least distance between the features of two sounds              */
    sphere_exec exec;
} sludge;

/* >>sounds ---------------------------------------------------------------------------------------------------------- */

/* Evenly at random in 0..1: the height of a random point of the sphere is uniform. */
static void uniform(uint64_t seed, uint64_t stream, float *out, size_t n)
{
    float *x = (float *)ex_alloc_array(n, 2 * sizeof *x, "random numbers");
    size_t i;
    ex_check(sphere_points_random(seed, stream, 0, n, x, x + n, out, NULL), "random numbers");
    for (i = 0; i < n; i++) out[i] = .5f + .5f * out[i];
    free(x);
}

/* What an ear makes of a recording: the amplitude in bands that get wider upwards. */
static void hear(const float *wave, float *bands)
{
    static const int ends[BANDS + 1] = { LOWEST, 4, 6, 8, 10, 13, 17, 22, 29, 39, 53, 71, HIGHEST + 1 };     /* in cycles */
    float parts[2 * HIGHEST];
    int c, t, band;
    for (band = 0; band < BANDS; band++) {
        size_t count = 0;
        for (c = ends[band]; c < ends[band + 1]; c++) {
            double zs = 0, zc = 1, rs, rc, re = 0, im = 0;
            ex_turn((double)c / SAMPLES, &rs, &rc);
            for (t = 0; t < SAMPLES; t++) {
                const double next = zc * rc - zs * rs;
                re += zc * (double)wave[t];
                im += zs * (double)wave[t];
                zs = zs * rc + zc * rs;
                zc = next;
            }
            parts[count++] = (float)(re * (2.0 / SAMPLES));
            parts[count++] = (float)(im * (2.0 / SAMPLES));
        }
        bands[band] = sphere_norm(parts, count);
    }
}

static void make_sounds(sludge *a)
{
    size_t s, t;
    int p;
    a->sounds = (sound *)ex_alloc_array((size_t)a->sound_count, sizeof *a->sounds, "the sounds");
    for (s = 0; s < a->sound_count; s++) {
        sound *now = &a->sounds[s];
        float u[2 * PARTIALS + 2], most = 0;
        uniform(a->seed, 2 * s, u, 2 * PARTIALS + 2);
        for (p = 0; p < PARTIALS; p++) {
            now->cycles[p] = (3 + (int)(9 * u[0])) * (p + 1);
            now->level[p] = (double)(u[2 + p] * u[2 + p]) / (1 + .35 * p);
            now->phase[p] = (double)u[2 + PARTIALS + p];
        }
        for (t = 0; t < SAMPLES; t++) {
            double sum = 0, sine, cosine;
            for (p = 0; p < PARTIALS; p++) {
                ex_turn(now->cycles[p] * (double)t / SAMPLES + now->phase[p], &sine, &cosine);
                sum += now->level[p] * sine;
            }
            now->wave[t] = (float)sum;
            if (now->wave[t] > most) most = now->wave[t];
            if (-now->wave[t] > most) most = -now->wave[t];
        }
        for (t = 0; t < SAMPLES; t++) now->wave[t] *= (.35f + .65f * u[1]) / most;
        hear(now->wave, now->bands);
    }
}

/* The features of a new recording of a sound: the same with some noise. */
static void listen(const sludge *a, size_t s, size_t take, float *features)
{
    float wave[SAMPLES];
    int i;
    ex_check(sphere_anneal_noise(wave, SAMPLES, 1, .03, a->seed, (uint32_t)s, (uint32_t)take, NULL), "a recording");
    for (i = 0; i < SAMPLES; i++) wave[i] += a->sounds[s].wave[i];
    hear(wave, features);
}

/* >>pictures -------------------------------------------------------------------------------------------------------- */

static float clamp01(float x) { return x > 0 ? x < 1 ? x : 1 : 0; }

/* Red, green, blue of a hue 0..1, as strong as `strong`, with the brightest channel at `bright`. */
static void colour_of(float hue, float strong, float bright, float rgb[3])
{
    int c;
    for (c = 0; c < 3; c++) {
        float at = 6 * hue + (float)(c == 0 ? 0 : c == 1 ? 4 : 2), away;
        while (at >= 6) at -= 6;
        away = at < 3 ? at : 6 - at;                                    /* 0 at the channel's own hue, 3 opposite    */
        rgb[c] = bright * (1 - strong * clamp01(away - 1));
    }
}

/* Pulse, spectrum or waveform of a sound as a mask: how much of the light there is at each point. */
static void draw_mask(const sound *s, int kind, float *mask)
{
    float level = 0, low = 0, high = 0;
    int x, y, b;
    for (b = 0; b < BANDS; b++) {
        level += s->bands[b];
        if (b < BANDS / 3) low += s->bands[b]; else high += s->bands[b];
    }
    for (y = 0; y < SIDE; y++) for (x = 0; x < SIDE; x++) {
        float m = 0, v[2];
        v[0] = (float)x - 31.5f;
        v[1] = (float)y - 31.5f;
        if (kind == 0) {                                                /* a disc as large as the sound is loud, and a ring for its high parts */
            const float d = sphere_norm(v, 2), disc = 5 + 9 * clamp01(level), ring = disc + 4 + 11 * clamp01(high), width = 1 + 2.5f * clamp01(low);
            const float off = d > ring ? d - ring : ring - d;
            m = clamp01(disc - d + .5f) + clamp01(width - off + .5f) + .35f * clamp01(1 - (d > disc ? d - disc : 0) / 9);
        } else if (kind == 1) {                                         /* a bar for each band, from the middle up and down */
            const int bar = (x - 2) / 5;
            if (x >= 2 && bar < BANDS && (x - 2) % 5 < 4) {
                const float height = 1.5f + 29 * clamp01(1.6f * s->bands[bar]), off = v[1] > 0 ? v[1] : -v[1];
                m = clamp01(height - off + .5f) + .3f * clamp01(1 - (off - height) / 6) * (off > height ? 1.0f : 0.0f);
            }
        } else {                                                        /* an eighth of the wave as a line            */
            const float at = -22 * s->wave[2 * x], next = -22 * s->wave[2 * x + 2], before = -22 * s->wave[x ? 2 * x - 2 : 0];
            float edge[2], off = v[1] > at ? v[1] - at : at - v[1];
            edge[0] = 1;
            edge[1] = .5f * (next - before);                            /* a steep line is as thick as a flat one    */
            off /= sphere_norm(edge, 2);
            m = clamp01(1.6f - off + .5f) + .35f * clamp01(1 - off / 7);
        }
        mask[y * SIDE + x] = clamp01(m);
    }
}

/* Colour a mask: light on a dark ground of the opposite hue, or dark on a light ground. */
static void paint(const float *mask, float hue, int polarity, float *picture)
{
    float ground[3], light[3];
    size_t i;
    int c;
    const float opposite = hue < .5f ? hue + .5f : hue - .5f;
    colour_of(hue, polarity ? .9f : .75f, polarity ? .22f : 1, light);
    colour_of(opposite, polarity ? .5f : .75f, polarity ? 1 : .2f, ground);
    for (i = 0; i < SIDE * SIDE; i++) for (c = 0; c < 3; c++) picture[3 * i + (size_t)c] = ground[c] + mask[i] * (light[c] - ground[c]);
}

static void make_pictures(sludge *a)
{
    const size_t each = (size_t)a->picture_count;
    float *masks = (float *)ex_alloc_array(KINDS * SIDE * SIDE, sizeof *masks, "the pictures"), *u = (float *)ex_alloc_array(3 * each, sizeof *u, "the pictures");
    sphere_rows rows;
    size_t s, i, k;
    a->pictures = (float *)ex_alloc_array(a->n, VALUES * sizeof *a->pictures, "the pictures");
    a->features = (float *)ex_alloc_array(a->n, FEATURES * sizeof *a->features, "the recordings");
    a->mean = (float *)ex_alloc_array(VALUES, sizeof *a->mean, "the pictures");
    for (s = 0; s < a->sound_count; s++) {
        uniform(a->seed, 2 * s + 1, u, 3 * each);
        for (k = 0; k < KINDS; k++) draw_mask(&a->sounds[s], (int)k, masks + k * SIDE * SIDE);
        for (i = 0; i < each; i++) {
            const int kind = u[3 * i] < 1.0f / 3 ? 0 : u[3 * i] < 2.0f / 3 ? 1 : 2;
            paint(masks + kind * SIDE * SIDE, u[3 * i + 1], u[3 * i + 2] < .5f, a->pictures + (s * each + i) * VALUES);
            listen(a, s, i + 1, a->features + (s * each + i) * FEATURES);
        }
    }
    memset(&rows, 0, sizeof rows);
    rows.data = a->pictures;
    rows.n = a->n;
    rows.dim = VALUES;
    ex_check(sphere_row_mean(&rows, a->mean, &a->exec), "the mean picture");
    for (i = 0; i < a->n; i++) for (k = 0; k < VALUES; k++) a->pictures[i * VALUES + k] -= a->mean[k];
    free(u);
    free(masks);
}

/* >>latent ---------------------------------------------------------------------------------------------------------- */

static sphere_rows rows_of(const float *data, size_t n, size_t dim)
{
    sphere_rows rows = { NULL, 0, 0, 0 };
    rows.data = data;
    rows.n = n;
    rows.dim = dim;
    return rows;
}

/* Make the rows orthonormal, in order; twice, because once is not enough in float. A row that vanishes is left at zero. */
static void orthonormalise(float *rows, size_t n, size_t dim)
{
    size_t i, j, k;
    int turn;
    for (i = 0; i < n; i++) {
        float *row = rows + i * dim, norm;
        for (turn = 0; turn < 2; turn++) for (j = 0; j < i; j++) {
            const float dot = sphere_dot(row, rows + j * dim, dim);
            for (k = 0; k < dim; k++) row[k] -= dot * rows[j * dim + k];
        }
        norm = sphere_norm(row, dim);
        for (k = 0; k < dim; k++) row[k] = norm > 1e-6f ? row[k] / norm : 0;
    }
}

/* A block of points of all components: sums of pictures with weights. The block stays in the cache while the pictures pass. */
typedef struct mixture { const sludge *a; const float *weights; } mixture;
static void mix_block(void *context, size_t block)
{
    const mixture *m = (const mixture *)context;
    const sludge *a = m->a;
    size_t i, j, k;
    for (j = 0; j < a->d; j++) {
        float sum[BLOCK] = { 0 };
        for (i = 0; i < a->n; i++) {
            const float *from = a->pictures + i * VALUES + block * BLOCK, w = m->weights[j * a->n + i];
            for (k = 0; k < BLOCK; k++) sum[k] += w * from[k];
        }
        memcpy(a->basis + j * VALUES + block * BLOCK, sum, sizeof sum);
    }
}

/* The span of the d first principal components, by subspace iteration on the products of all pictures with each other, which are far fewer
   numbers than the pictures. Only the span matters: turning a latent space changes no distance in it. */
static void find_latents(sludge *a)
{
    const size_t n = a->n, d = a->d;
    float *gram = (float *)ex_alloc_array(n, n * sizeof *gram, "the components"), *now = (float *)ex_alloc_array(d, n * sizeof *now, "the components");
    float *next = (float *)ex_alloc_array(d, n * sizeof *next, "the components");
    sphere_rows pictures = rows_of(a->pictures, n, VALUES), products = rows_of(gram, n, n);
    double all = 0, kept = 0;
    size_t i, j;
    int sweep;
    for (i = 0; i < n; i++) {
        ex_check(sphere_row_dot(&pictures, a->pictures + i * VALUES, gram + i * n, &a->exec), "the components");
        all += (double)gram[i * n + i];
        ex_progress((void *)(uintptr_t)"components", i, n);
    }
    ex_check(sphere_anneal_noise(now, d, n, 1, a->seed, 0xffffffffu, 0, &a->exec), "the components");
    for (sweep = 0; sweep < SWEEPS; sweep++) {
        orthonormalise(now, d, n);
        for (i = 0; i < d; i++) ex_check(sphere_row_dot(&products, now + i * n, next + i * n, &a->exec), "the components");
        memcpy(now, next, d * n * sizeof *now);
        ex_progress((void *)(uintptr_t)"components", (size_t)sweep, SWEEPS);
    }
    orthonormalise(now, d, n);
    a->basis = (float *)ex_alloc_array(d, VALUES * sizeof *a->basis, "the components");
    {
        mixture m;
        m.a = a;
        m.weights = now;
        if (a->exec.parallel.run) a->exec.parallel.run(a->exec.parallel.user, VALUES / BLOCK, mix_block, &m);
        else for (i = 0; i < VALUES / BLOCK; i++) mix_block(&m, i);
    }
    orthonormalise(a->basis, d, VALUES);
    a->latents = (float *)ex_alloc_array(n, d * sizeof *a->latents, "the latents");
    pictures = rows_of(a->basis, d, VALUES);
    for (i = 0; i < n; i++) {
        ex_check(sphere_row_dot(&pictures, a->pictures + i * VALUES, a->latents + i * d, &a->exec), "the latents");
        for (j = 0; j < d; j++) kept += (double)a->latents[i * d + j] * (double)a->latents[i * d + j];
    }
    a->kept = all > 0 ? kept / all : 1;
    {   /* root mean square 1; as a ratio of norms, which needs no square root of ours */
        float *sizes = (float *)ex_alloc_array(n, sizeof *sizes, "the latents"), one = 1, total;
        pictures = rows_of(a->latents, n, d);
        ex_check(sphere_row_norm(&pictures, sizes, &a->exec), "the latents");
        total = sphere_norm(sizes, n);
        for (i = 0; i < n; i++) sizes[i] = one;
        a->scale = (double)total / (double)sphere_norm(sizes, n);
        for (j = 0; j < d; j++) next[j] = one;
        a->scale /= (double)sphere_norm(next, d);
        free(sizes);
    }
    for (i = 0; i < n * d; i++) a->latents[i] = (float)((double)a->latents[i] / a->scale);
    free(next);
    free(now);
    free(gram);
}

/* Back from a latent to a picture. */
static void decode(const sludge *a, const float *latent, float *picture)
{
    size_t j, k;
    memcpy(picture, a->mean, VALUES * sizeof *picture);
    for (j = 0; j < a->d; j++) {
        const float w = (float)((double)latent[j] * a->scale);
        for (k = 0; k < VALUES; k++) picture[k] += w * a->basis[j * VALUES + k];
    }
    for (k = 0; k < VALUES; k++) picture[k] = clamp01(picture[k]);
}

/* >>answers --------------------------------------------------------------------------------------------------------- */

/* Least squares from features and a constant to latents: the normal equations, by Cholesky's method. */
static void regress(const sludge *a, const float *wanted, size_t count, float *out)
{
    enum { M = FEATURES + 1 };
    double gram[M][M], *right = (double *)ex_alloc_array(M * a->d, sizeof *right, "the regression"), row[M];
    size_t i, j, p, q;
    memset(gram, 0, sizeof gram);
    memset(right, 0, M * a->d * sizeof *right);
    for (i = 0; i < a->n; i++) {
        for (p = 0; p < M; p++) row[p] = p < FEATURES ? (double)a->features[i * FEATURES + p] : 1;
        for (p = 0; p < M; p++) {
            for (q = 0; q < M; q++) gram[p][q] += row[p] * row[q];
            for (j = 0; j < a->d; j++) right[p * a->d + j] += row[p] * (double)a->latents[i * a->d + j];
        }
    }
    /* G = L D L^T without square roots; a little on the diagonal keeps a feature that never varies harmless */
    for (p = 0; p < M; p++) gram[p][p] += 1e-9 * (double)a->n;
    for (p = 0; p < M; p++) for (q = p + 1; q < M; q++) {
        const double factor = gram[q][p] / gram[p][p];
        for (i = p; i < M; i++) gram[q][i] -= factor * gram[p][i];
        for (j = 0; j < a->d; j++) right[q * a->d + j] -= factor * right[p * a->d + j];
    }
    for (p = M; p-- > 0; ) for (j = 0; j < a->d; j++) {
        for (q = p + 1; q < M; q++) right[p * a->d + j] -= gram[p][q] * right[q * a->d + j];
        right[p * a->d + j] /= gram[p][p];
    }
    for (i = 0; i < count; i++) for (j = 0; j < a->d; j++) {
        double sum = right[FEATURES * a->d + j];
        for (p = 0; p < FEATURES; p++) sum += (double)wanted[i * FEATURES + p] * right[p * a->d + j];
        out[i * a->d + j] = (float)sum;
    }
    free(right);
}

static sphere_anneal_data data_of(const sludge *a, const float *wanted, size_t count)
{
    sphere_anneal_data data;
    memset(&data, 0, sizeof data);
    data.rows = a->latents;
    data.n = a->n;
    data.dim = a->d;
    data.bandwidth = a->novelty;
    data.labels = a->features;
    data.label_dim = FEATURES;
    data.wanted = wanted;
    data.wanted_n = count;
    data.label_width = .2 * a->gap;
    data.exec = a->exec;
    data.bytes = sphere_anneal_denoise_size(count, a->d, FEATURES);
    data.memory = ex_alloc(data.bytes, "the denoiser");
    return data;
}

/* The mean of all pictures that are right: what every regression, however good, aims at. */
static void conditional_mean(const sludge *a, const float *wanted, size_t count, float *out)
{
    sphere_anneal_data data = data_of(a, wanted, count);
    float *x = (float *)ex_alloc_array(count, a->d * sizeof *x, "the mean");
    memset(x, 0, count * a->d * sizeof *x);
    data.bandwidth = 0;
    ex_check(sphere_anneal_denoise(&data, x, count, 1e6, out), "the mean");
    free(x);
    free(data.memory);
}

static int show_progress(void *user, const sphere_anneal_sample_report *report)
{
    return ex_progress((void *)(uintptr_t)"sampling", report->steps, *(const unsigned *)user);
}
/* Samples: from noise, with the recordings as condition. */
static void diffuse(const sludge *a, const float *wanted, size_t count, float *out)
{
    sphere_anneal_data data = data_of(a, wanted, count);
    sphere_anneal_sample_desc desc;
    sphere_anneal_level *levels;
    size_t bytes = sphere_anneal_sample_size(count, a->d);
    void *memory = ex_alloc(bytes, "the samples");
    unsigned steps = 18;
    memset(&desc, 0, sizeof desc);
    desc.solver = SPHERE_ANNEAL_HEUN;
    desc.noising = SPHERE_ANNEAL_KARRAS;
    desc.prediction = SPHERE_ANNEAL_CLEAN;
    desc.steps = steps;
    desc.seed = a->seed;
    desc.progress = show_progress;
    desc.user = &steps;
    desc.exec = a->exec;
    levels = (sphere_anneal_level *)ex_alloc_array(steps + 1, sizeof *levels, "the samples");
    ex_check(sphere_anneal_levels(&desc, levels), "the noise levels");
    ex_check(sphere_anneal_noise(out, count, a->d, levels[0].scale * levels[0].sigma, a->seed, 1, 0, &a->exec), "the noise");
    ex_check(sphere_anneal_sample(out, count, a->d, &desc, sphere_anneal_denoise_exact, &data, NULL, memory, bytes), "sampling");
    free(levels);
    free(memory);
    free(data.memory);
}

/* >>measures -------------------------------------------------------------------------------------------------------- */

/* All pictures that are right for a sound, over kinds, polarities and a circle of hues: (RIGHT, VALUES). */
static void draw_right(const sound *s, float *right)
{
    float *mask = (float *)ex_alloc_array(SIDE * SIDE, sizeof *mask, "the right pictures");
    int kind, polarity, hue;
    for (kind = 0; kind < KINDS; kind++) {
        draw_mask(s, kind, mask);
        for (polarity = 0; polarity < POLARITIES; polarity++) for (hue = 0; hue < HUES; hue++, right += VALUES) paint(mask, (float)hue / HUES, polarity, right);
    }
    free(mask);
}

#define ROOT 110.85125168440814                    /* of VALUES: a norm over it is a root mean square                */

/* Root mean square difference of two pictures. */
static double difference(const float *p, const float *q, float *scratch)
{
    size_t k;
    for (k = 0; k < VALUES; k++) scratch[k] = p[k] - q[k];
    return (double)sphere_norm(scratch, VALUES) / ROOT;
}

/* How much a picture varies around its mean colour. */
static double contrast_of(const float *picture, float *scratch)
{
    double mean[3] = { 0, 0, 0 };
    size_t k;
    for (k = 0; k < VALUES; k++) mean[k % 3] += (double)picture[k] / (SIDE * SIDE);
    for (k = 0; k < VALUES; k++) scratch[k] = (float)((double)picture[k] - mean[k % 3]);
    return (double)sphere_norm(scratch, VALUES) / ROOT;
}

/* The nearest right picture. The products of a picture with all right ones find it; ties go to the first. */
static size_t nearest_right(const sludge *a, const float *right, const float *squares, const float *picture, float *products)
{
    sphere_rows rows = rows_of(right, RIGHT, VALUES);
    size_t i, best = 0;
    ex_check(sphere_row_dot(&rows, picture, products, &a->exec), "the nearest picture");
    for (i = 0; i < RIGHT; i++) {
        products[i] = squares[i] - 2 * products[i];
        if (products[i] < products[best]) best = i;
    }
    return best;
}

/* Add what `count` answers to one sound contribute to the sums. */
static void add_measures(const sludge *a, const float *right, const float *squares, const float *answers, size_t count, measures *sums, uint32_t *nearest)
{
    float *scratch = (float *)ex_alloc_array(VALUES, sizeof *scratch, "measuring");
    size_t i, j, pairs = 0;
    double apart = 0;
    for (i = 0; i < count; i++) {
        const float *picture = answers + i * VALUES;
        const size_t best = nearest_right(a, right, squares, picture, scratch);
        sums->contrast += contrast_of(picture, scratch) / (double)count;
        sums->distance += difference(picture, right + best * VALUES, scratch) / (double)count;
        sums->kinds[best / (HUES * POLARITIES)] += 1.0 / (double)count;
        sums->light += (double)(best / HUES % POLARITIES == 0) / (double)count;
        if (nearest) nearest[i] = (uint32_t)best;
        for (j = 0; j < i && i < 16; j++, pairs++) apart += difference(picture, answers + j * VALUES, scratch);
    }
    if (pairs) sums->diversity += apart / (double)pairs;
    free(scratch);
}

/* >>picture --------------------------------------------------------------------------------------------------------- */

enum { ZOOM = 2, CELL = SIDE * ZOOM, GAP = 8, LEFT = 150, HEAD = 60, LINES = 5, EDGE = 22 };

typedef struct canvas { unsigned char *pixels; size_t width, height; } canvas;
static const unsigned char paper[3] = { 250, 248, 243 }, ink[3] = { 29, 27, 24 }, soft[3] = { 107, 102, 93 };

static void put(canvas *c, size_t x, size_t y, const unsigned char rgb[3])
{
    if (x < c->width && y < c->height) memcpy(c->pixels + 3 * (y * c->width + x), rgb, 3);
}

/* Capitals, digits and a point, 5 x 7, a byte for each column with the top bit lowest. */
static void write_text(canvas *c, size_t x, size_t y, const char *text, const unsigned char rgb[3])
{
    static const char *const known = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.";
    static const unsigned char shapes[37][5] = {
        { 126, 17, 17, 17, 126 }, { 127, 73, 73, 73, 54 }, { 62, 65, 65, 65, 34 }, { 127, 65, 65, 34, 28 }, { 127, 73, 73, 73, 65 }, { 127, 9, 9, 9, 1 },
        { 62, 65, 73, 73, 122 }, { 127, 8, 8, 8, 127 }, { 0, 65, 127, 65, 0 }, { 32, 64, 65, 63, 1 }, { 127, 8, 20, 34, 65 }, { 127, 64, 64, 64, 64 },
        { 127, 2, 12, 2, 127 }, { 127, 4, 8, 16, 127 }, { 62, 65, 65, 65, 62 }, { 127, 9, 9, 9, 6 }, { 62, 65, 81, 33, 94 }, { 127, 9, 25, 41, 70 },
        { 70, 73, 73, 73, 49 }, { 1, 1, 127, 1, 1 }, { 63, 64, 64, 64, 63 }, { 31, 32, 64, 32, 31 }, { 63, 64, 56, 64, 63 }, { 99, 20, 8, 20, 99 },
        { 7, 8, 112, 8, 7 }, { 97, 81, 73, 69, 67 }, { 62, 81, 73, 69, 62 }, { 0, 66, 127, 64, 0 }, { 66, 97, 81, 73, 70 }, { 33, 65, 69, 75, 49 },
        { 24, 20, 18, 127, 16 }, { 39, 69, 69, 69, 57 }, { 60, 74, 73, 73, 48 }, { 1, 113, 9, 5, 3 }, { 54, 73, 73, 73, 54 }, { 6, 73, 73, 41, 30 }, { 0, 96, 96, 0, 0 } };
    for (; *text; text++, x += 6 * 2) {
        const char *place = strchr(known, *text);
        size_t i, j;
        if (place) for (i = 0; i < 5 * 2; i++) for (j = 0; j < 7 * 2; j++) if (shapes[place - known][i / 2] >> j / 2 & 1) put(c, x + i, y + j, rgb);
    }
}

/* Values to bytes, 52 of them: the eye misses nothing, and the file is half as large. */
static void put_picture(canvas *c, size_t x, size_t y, const float *picture)
{
    size_t i, j, k;
    for (j = 0; j < CELL; j++) for (i = 0; i < CELL; i++) {
        unsigned char rgb[3];
        for (k = 0; k < 3; k++) rgb[k] = (unsigned char)((int)(clamp01(picture[3 * (j / ZOOM * SIDE + i / ZOOM) + k]) * 51 + .5f) * 5);
        put(c, x + i, y + j, rgb);
    }
}

/* What is shown of one sound. */
typedef struct column { float *regression, *regression_right, *sample[2], *sample_right; size_t sound; } column;

static void write_picture(const sludge *a, const column *columns)
{
    static const char *const names[LINES][2] = { { "LEAST", "SQUARES" }, { "NEAREST", "RIGHT ONE" }, { "DIFFUSION", "" }, { "NEAREST", "RIGHT ONE" },
                                                     { "DIFFUSION", "AGAIN" } };
    canvas c;
    size_t i, x, y, line;
    c.width = LEFT + a->shown * (CELL + GAP) - GAP + EDGE;
    c.height = EDGE + HEAD + LINES * (CELL + GAP) - GAP + EDGE;
    c.pixels = (unsigned char *)ex_alloc_array(c.width, 3 * c.height, "the picture");
    for (i = 0; i < c.width * c.height; i++) memcpy(c.pixels + 3 * i, paper, 3);
    write_text(&c, EDGE, EDGE + 15, "SOUND", soft);
    for (i = 0; i < a->shown; i++) {
        const float *wave = a->sounds[columns[i].sound].wave;
        const size_t x0 = LEFT + i * (CELL + GAP);
        const float *lines[LINES];
        size_t from = EDGE + 22;
        lines[0] = columns[i].regression;
        lines[1] = columns[i].regression_right;
        lines[2] = columns[i].sample[0];
        lines[3] = columns[i].sample_right;
        lines[4] = columns[i].sample[1];
        for (x = 0; x < CELL; x++) {                                    /* the wave, each column joined to the one before */
            const size_t to = (size_t)(EDGE + 22 - 20 * wave[x] + .5f);
            for (y = x && from < to ? from : to; y <= (x && from > to ? from : to); y++) { put(&c, x0 + x, y, ink); put(&c, x0 + x, y + 1, ink); }
            from = to;
        }
        for (line = 0; line < LINES; line++) put_picture(&c, x0, EDGE + HEAD + line * (CELL + GAP), lines[line]);
    }
    for (line = 0; line < LINES; line++) {
        const int plain = line == 1 || line == 3;
        y = EDGE + HEAD + line * (CELL + GAP) + CELL / 2 - (names[line][1][0] ? 17 : 7);
        write_text(&c, EDGE, y, names[line][0], plain ? soft : ink);
        write_text(&c, EDGE, y + 20, names[line][1], plain ? soft : ink);
    }
    ex_write_png(ex_create_file(a->directory, "sludge.png"), c.pixels, c.width, c.height, 3);
    free(c.pixels);
}

/* >>report ---------------------------------------------------------------------------------------------------------- */

static void print_row(const char *name, const measures *m, size_t sounds)
{
    const double one = 1.0 / (double)sounds;
    printf("%-24s%9.4f %9.4f %10.4f    %5.1f %5.1f %5.1f   %5.1f\n", name, m->distance * one, m->contrast * one, m->diversity * one, 100 * m->kinds[0] * one,
           100 * m->kinds[1] * one, 100 * m->kinds[2] * one, 100 * m->light * one);
}

int main(int argc, char **argv)
{
    static sludge a;
    static ex_pool pool;
    const ex_option options[] = {
        { "sounds", "N", EX_COUNT, &a.sound_count, 2, 256, NULL, "how many sounds there are to learn (24)" },
        { "pictures", "N", EX_COUNT, &a.picture_count, 2, 256, NULL, "pictures for each sound (30)" },
        { "components", "N", EX_COUNT, &a.components, 1, 512, NULL, "of the latent space (192, or one less than the pictures)" },
        { "draws", "N", EX_COUNT, &a.draws, 2, 1024, NULL, "samples for each sound that is measured (32)" },
        { "novelty", "H", EX_NUMBER, &a.novelty, 0, 10, NULL, "how far samples may leave the pictures they were learnt from (0.02)" },
        { "seed", "N", EX_COUNT, &a.seed, 0, 1.8446744073709552e19, NULL, "of all random choices (0)" },
        { "threads", "N", EX_COUNT, &a.threads, 1, 256, NULL, "the result does not depend on it (one per processor)" },
        { "out", "DIR", EX_TEXT, &a.directory, 0, 0, NULL, "where the picture goes (sludge-out)" }
    };
    const char *argument = NULL;
    column columns[SHOWN];
    measures least, best, sampled, right_ones;
    double begun = ex_seconds(), seconds, near = 0, ratio[3];
    float *wanted, *repeated, *answers[3], *right, *squares, *decoded;
    sphere_rows rows;
    size_t i, j, k, draws;

    ex_begin("sludge");
    a.sound_count = 24;
    a.picture_count = 30;
    a.draws = 32;
    a.novelty = .02;
    a.directory = "sludge-out";
    a.threads = ex_cpu_count() < 256 ? ex_cpu_count() : 256;
    ex_parse_options(argc, argv, "sludge [options]", "Learns pictures for sounds, answers by regression and by diffusion, and writes DIR/sludge.png.", options,
                     sizeof options / sizeof options[0], &argument);
    if (argument) ex_fail(EX_BAD_INPUT, "there is no input file, and '%s' is not an option; --help lists them.", argument);
    if (!*a.directory) ex_fail(EX_BAD_INPUT, "--out needs the name of a directory.");
    a.n = (size_t)(a.sound_count * a.picture_count);
    if (!a.components) a.components = a.n <= 192 ? a.n - 1 : 192;
    if (a.components >= a.n)
        ex_fail(EX_BAD_INPUT, "--components %llu: there are only %llu pictures, and fewer components than that.", (unsigned long long)a.components, (unsigned long long)a.n);
    a.d = (size_t)a.components;
    a.shown = a.sound_count < SHOWN ? (size_t)a.sound_count : SHOWN;
    draws = (size_t)a.draws;
    ex_make_directory(a.directory);
    ex_pool_open(&pool, (size_t)a.threads);
    a.exec.parallel = ex_pool_hook(&pool);

    ex_progress((void *)(uintptr_t)"pictures", 0, 0);
    make_sounds(&a);
    make_pictures(&a);
    find_latents(&a);
    a.gap = 1e9;
    for (i = 0; i < a.sound_count; i++) for (j = 0; j < i; j++) {
        float away[FEATURES];
        for (k = 0; k < FEATURES; k++) away[k] = a.sounds[i].bands[k] - a.sounds[j].bands[k];
        if ((double)sphere_norm(away, FEATURES) < a.gap) a.gap = (double)sphere_norm(away, FEATURES);
    }
    if (!(a.gap > 1e-3)) ex_fail(EX_BAD_INPUT, "two of the %llu sounds are the same to the ear; take another --seed or fewer --sounds.", (unsigned long long)a.sound_count);

    /* the questions: a new recording of each of the sounds that are shown, evenly from all */
    wanted = (float *)ex_alloc_array(a.shown, FEATURES * sizeof *wanted, "the questions");
    repeated = (float *)ex_alloc_array(a.shown * draws, FEATURES * sizeof *repeated, "the questions");
    for (i = 0; i < a.shown; i++) {
        columns[i].sound = i * (size_t)a.sound_count / a.shown;
        listen(&a, columns[i].sound, 0, wanted + i * FEATURES);
        for (j = 0; j < draws; j++) memcpy(repeated + (i * draws + j) * FEATURES, wanted + i * FEATURES, FEATURES * sizeof *wanted);
    }
    for (i = 0; i < 3; i++) answers[i] = (float *)ex_alloc_array(a.shown * (i == 2 ? draws : 1), a.d * sizeof *answers[i], "the answers");
    regress(&a, wanted, a.shown, answers[0]);
    conditional_mean(&a, wanted, a.shown, answers[1]);
    diffuse(&a, repeated, a.shown * draws, answers[2]);

    /* how far samples are from all that was learnt: they should be new pictures */
    for (i = 0; i < a.shown * draws; i++) {
        double closest = 1e300;
        float away[512];
        size_t which = 0;
        for (j = 0; j < a.n; j++) {
            double sum = 0;
            for (k = 0; k < a.d && sum < closest; k++) {
                const double one = (double)answers[2][i * a.d + k] - (double)a.latents[j * a.d + k];
                sum += one * one;
            }
            if (sum < closest) { closest = sum; which = j; }
        }
        for (k = 0; k < a.d; k++) away[k] = answers[2][i * a.d + k] - a.latents[which * a.d + k];
        near += a.scale * (double)sphere_norm(away, a.d) / ROOT / (double)(a.shown * draws);
    }

    memset(&least, 0, sizeof least);
    memset(&best, 0, sizeof best);
    memset(&sampled, 0, sizeof sampled);
    memset(&right_ones, 0, sizeof right_ones);
    right = (float *)ex_alloc_array(RIGHT, VALUES * sizeof *right, "the right pictures");
    squares = (float *)ex_alloc_array(RIGHT, sizeof *squares, "the right pictures");
    decoded = (float *)ex_alloc_array(draws, VALUES * sizeof *decoded, "the answers");
    for (i = 0; i < a.shown; i++) {
        uint32_t which[1024];
        float *own = (float *)ex_alloc_array(5, VALUES * sizeof *own, "the picture");
        draw_right(&a.sounds[columns[i].sound], right);
        rows = rows_of(right, RIGHT, VALUES);
        ex_check(sphere_row_norm(&rows, squares, &a.exec), "the right pictures");
        for (j = 0; j < RIGHT; j++) squares[j] *= squares[j];
        columns[i].regression = own;
        columns[i].regression_right = own + VALUES;
        columns[i].sample[0] = own + 2 * VALUES;
        columns[i].sample_right = own + 3 * VALUES;
        columns[i].sample[1] = own + 4 * VALUES;

        decode(&a, answers[0] + i * a.d, decoded);
        add_measures(&a, right, squares, decoded, 1, &least, which);
        memcpy(columns[i].regression, decoded, VALUES * sizeof *own);
        memcpy(columns[i].regression_right, right + which[0] * VALUES, VALUES * sizeof *own);
        decode(&a, answers[1] + i * a.d, decoded);
        add_measures(&a, right, squares, decoded, 1, &best, NULL);
        for (j = 0; j < draws; j++) decode(&a, answers[2] + (i * draws + j) * a.d, decoded + j * VALUES);
        add_measures(&a, right, squares, decoded, draws, &sampled, which);
        memcpy(columns[i].sample[0], decoded, VALUES * sizeof *own);
        memcpy(columns[i].sample_right, right + which[0] * VALUES, VALUES * sizeof *own);
        memcpy(columns[i].sample[1], decoded + VALUES, VALUES * sizeof *own);
        /* for comparison, what was learnt for this sound */
        for (j = 0; j < a.picture_count && j < draws; j++) for (k = 0; k < VALUES; k++)
            decoded[j * VALUES + k] = a.mean[k] + a.pictures[(columns[i].sound * (size_t)a.picture_count + j) * VALUES + k];
        add_measures(&a, right, squares, decoded, j, &right_ones, NULL);
        ex_progress((void *)(uintptr_t)"measuring", i, a.shown);
    }
    write_picture(&a, columns);
    ex_commit_files();
    ex_progress_end();
    seconds = ex_seconds() - begun;

    printf("learnt     %llu pictures of 64 x 64 points for %llu sounds, %llu components keep %.2f %% of the variance\n", (unsigned long long)a.n,
           (unsigned long long)a.sound_count, (unsigned long long)a.d, 100 * a.kept);
    printf("asked      %llu new recordings, %llu samples for each\n\n", (unsigned long long)a.shown, (unsigned long long)draws);
    printf("                        distance  contrast  diversity    pulse  spec. wave, %%  light on dark, %%\n");
    print_row("least squares", &least, a.shown);
    print_row("best of all regressions", &best, a.shown);
    print_row("diffusion", &sampled, a.shown);
    print_row("pictures learnt from", &right_ones, a.shown);
    printf("  the last line: contrast and distance of diffusion over those of least squares, its diversity over that of the pictures learnt from\n"
           "  distance: to the nearest picture that is right for the sound; contrast: of a picture around its mean colour; diversity: between two\n"
           "  answers to one sound; all root mean square, of values 0 to 1. The best regression is the mean of all right pictures.\n");
    printf("\nseconds    %.2f (%llu thread%s)\nwritten    ", seconds, (unsigned long long)a.threads, a.threads == 1 ? "" : "s");
    ex_print_text(stdout, a.directory, strlen(a.directory));
    printf("/sludge.png\n");
    ratio[0] = sampled.contrast / least.contrast;
    ratio[1] = sampled.distance / least.distance;
    ratio[2] = sampled.diversity / right_ones.diversity;
    printf("sludge: %llu sounds, contrast %.4f, distance %.4f, diversity %.4f, %.4f from what was learnt\n", (unsigned long long)a.shown, ratio[0],
           ratio[1], ratio[2], near);
    if (fflush(stdout) || ferror(stdout)) ex_fail(EX_FAULT, "cannot write the report: %s.", strerror(errno));
    ex_pool_close(&pool);
    for (i = 0; i < a.shown; i++) free(columns[i].regression);
    for (i = 0; i < 3; i++) free(answers[i]);
    free(decoded);
    free(squares);
    free(right);
    free(repeated);
    free(wanted);
    free(a.latents);
    free(a.basis);
    free(a.mean);
    free(a.features);
    free(a.pictures);
    free(a.sounds);
    return 0;
}
