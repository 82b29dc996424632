/* examples/chord.c - noise becomes a chord: oscillators anneal onto the notes, and one hears and sees them do it.

     cc -O2 -o chord examples/chord.c && ./chord                        C major, 50 oscillators, a table over 1000 seeds
     ./chord --chord 220,277.18,329.63 --oscillators 90 --seed 7
     ./chord --words "river storm bird smile"                           the notes are what the words mean
     ./chord --help

   What it does, one function of the headers per step:
     1. start     frequencies at random                                 sphere_points_random: the height of a random point is uniform
     2. anneal    they find their notes; prices give each its share     sphere_anneal_run
        beside it the published step, which counts nobody               the same with SPHERE_ANNEAL_REFERENCE_*
     3. measure   imbalance, lock, travel against the exact optimum     sphere_anneal_measure, sphere_anneal_sort
     4. words     energies, pitches, what the field points at           sphere_anneal_energies, _pitches, _field, _tokens
     5. sound     every oscillator is a sine wave along its trajectory  sphere_anneal_sound for the table
   It writes chord.wav (16 bits, stereo) and chord.svg, each whole or not at all. Everything is the same to the bit for every machine,
   compiler and number of threads: sines come from a rotation, and no mathematical library is linked. */
#define _POSIX_C_SOURCE 200809L
#define SPHERE_IMPLEMENTATION
#define SPHERE_ANNEAL_IMPLEMENTATION
#include "common.h"
#include "../sphere.h"
#include "../sphere_anneal.h"

enum {
    MOST_NOTES = 16, MOST_OSCILLATORS = 1000,
    STEPS = 100,                       /* of an anneal, a twentieth of a second each                                 */
    RATE = 44100, STEP_SAMPLES = RATE / 20,
    HOLD_STEPS = 80,                   /* the chord is held for four seconds after it has locked                     */
    FADE_IN = RATE / 20, FADE_OUT = RATE,
    METHODS = 4, STARTS = 2,
    MOST_LINES = 60                    /* trajectories drawn in a panel                                              */
};
static const char *const method_names[METHODS] = { "hard", "soft", "annealed", "balanced" };
static const sphere_anneal_method methods[METHODS] = { SPHERE_ANNEAL_REFERENCE_HARD, SPHERE_ANNEAL_REFERENCE_SOFT, SPHERE_ANNEAL_REFERENCE_ANNEALED,
                                                       SPHERE_ANNEAL_BALANCED };
enum { ANNEALED = 2, BALANCED = 3 };

/* What one run gave. */
typedef struct outcome {
    double imbalance, lock, travel;    /* travel as a multiple of the least that any balanced assignment needs       */
    double misplaced;
} outcome;

typedef struct chord {
    /* what was asked for */
    const char *chord_text, *words_text, *directory;
    uint64_t    seed, oscillators, seeds, threads;
    /* the notes */
    size_t      k, n;
    float       note[MOST_NOTES], share[MOST_NOTES];
    char        name[MOST_NOTES][40];  /* "C4", or the word                                                          */
    char        points_at[256];        /* other words that the field of the words means                              */
    uint64_t    capacity[MOST_NOTES];
    double      optimum;               /* the least imbalance that whole oscillators allow                           */
    double      low[STARTS], high[STARTS];
    double      sharp, tolerance;      /* at the end of the anneal; of the prices                                    */
    /* the run that is shown: (STEPS + 1, n) frequencies, by the published step and balanced */
    float      *path[2];
    uint64_t    count[2][MOST_NOTES];
    uint32_t   *label[2];
    sphere_anneal_report report[2];
    /* all the others */
    outcome    *outcomes;              /* (seeds, STARTS, METHODS)                                                   */
    double      peak, gain;
    sphere_exec exec;
} chord;

/* >>numbers --------------------------------------------------------------------------------------------------------- */

/* Octaves above 1 Hz: log2 of x >= 1e-9. x = 2^e m with m near 1, log m by the series of artanh. */
static double octaves(double x)
{
    double e = 0, t, z;
    while (x >= 1.4142135623730951) { x *= .5; e += 1; }
    while (x < .70710678118654752) { x *= 2; e -= 1; }
    t = (x - 1) / (x + 1);
    z = t * t;
    return e + 2.8853900817779268 * t * (1 + z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11 + z * (1.0 / 13)))))));
}

/* >>notes ----------------------------------------------------------------------------------------------------------- */

/* The nearest of the twelve notes, A4 = 440 Hz, by name. */
static void name_note(double hertz, char out[40])
{
    static const char *const names[12] = { "C", "C\xE2\x99\xAF", "D", "E\xE2\x99\xAD", "E", "F", "F\xE2\x99\xAF", "G", "A\xE2\x99\xAD", "A", "B\xE2\x99\xAD", "B" };
    const double half = 12 * (octaves(hertz) - octaves(16.351597831287414)) + .5;     /* semitones above C0, rounded below */
    int semitone = (int)(half + 1200) - 1200;
    int octave = (semitone + 1200) / 12 - 100;
    snprintf(out, 40, "%s%d", names[semitone - 12 * octave], octave);
}

static void read_chord(chord *a)
{
    const char *p = a->chord_text;
    size_t i;
    for (;;) {
        char text[32], *end = NULL;
        const size_t length = strcspn(p, ",");
        double hertz = 0;
        int plain = length > 0 && length < sizeof text;
        if (plain) {
            memcpy(text, p, length);
            text[length] = 0;
            plain = strspn(text, "0123456789.") == length;
            if (plain) hertz = strtod(text, &end);
        }
        if (!plain || *end || !(hertz >= 20) || !(hertz <= 8000))
            ex_fail(EX_BAD_INPUT, "--chord needs frequencies from 20 to 8000 Hz with commas between, not '%.*s'.", (int)(length < 40 ? length : 40), p);
        if (a->k == MOST_NOTES) ex_fail(EX_BAD_INPUT, "--chord can have %d notes at most.", (int)MOST_NOTES);
        a->note[a->k] = (float)hertz;
        for (i = 0; i < a->k; i++)
            if (a->note[i] == a->note[a->k]) ex_fail(EX_BAD_INPUT, "--chord has the note %g Hz twice.", hertz);
        name_note(hertz, a->name[a->k]);
        a->share[a->k++] = 1;
        if (!p[length]) break;
        p += length + 1;
    }
}

/* Concept mode: the words are the concepts. How much each is excited by their common meaning gives its share of the oscillators; where it
   lies between heavy and light gives its pitch. Then the field of the concepts says which other words it points at. */
static void read_words(chord *a, const char *program)
{
    enum { SHOWN = 6 };
    const double sharpness = 4;        /* of the memory: energies of a few words then differ by a factor of two or so */
    char *vectors = ex_find_data(program, "words-10k.npy"), *names = ex_find_data(program, "words-10k.txt");
    const char *const ends[2] = { "heavy", "light" }, *p = a->words_text;
    size_t chosen[MOST_NOTES + 2], i, j, dim, shown, used = 0;
    ex_matrix table;
    ex_lines words;
    sphere_rows rows;
    float *unit, *concepts, *query, *axis, *field, *probability;
    if (!vectors || !names) ex_fail(EX_BAD_INPUT, "the shipped words-10k.npy and words-10k.txt are not in examples/data here or beside the program.");
    ex_read_npy(vectors, &table);
    ex_read_lines(names, &words);
    if (words.count != table.n) ex_fail(EX_BAD_INPUT, "'%s' has %llu lines for %llu rows.", names, (unsigned long long)words.count, (unsigned long long)table.n);
    free(vectors);
    free(names);
    dim = table.dim;
    while (*(p += strspn(p, " \t")) || a->k == 0) {
        const size_t length = strcspn(p, " \t");
        if (!length) ex_fail(EX_BAD_INPUT, "--words needs words with blanks between.");
        if (a->k == MOST_NOTES) ex_fail(EX_BAD_INPUT, "--words can have %d words at most.", (int)MOST_NOTES);
        for (i = 0; i < words.count; i++) if (words.length[i] == length && !memcmp(words.text + words.start[i], p, length)) break;
        if (i == words.count) ex_fail(EX_BAD_INPUT, "--words: '%.*s' is not one of the %llu words.", (int)(length < 40 ? length : 40), p, (unsigned long long)words.count);
        for (j = 0; j < a->k; j++) if (chosen[j] == i) ex_fail(EX_BAD_INPUT, "--words has '%.*s' twice.", (int)length, p);
        snprintf(a->name[a->k], sizeof a->name[0], "%.*s", (int)length, p);
        chosen[a->k++] = i;
        p += length;
    }
    for (j = 0; j < 2; j++) {
        for (i = 0; i < words.count; i++) if (words.length[i] == strlen(ends[j]) && !memcmp(words.text + words.start[i], ends[j], words.length[i])) break;
        if (i == words.count) ex_fail(EX_BAD_INPUT, "the word '%s', which the pitches need, is not in words-10k.txt.", ends[j]);
        chosen[a->k + j] = i;
    }
    unit = (float *)ex_alloc_array(table.n * dim, sizeof *unit, "the words");
    concepts = (float *)ex_alloc_array(a->k * dim, sizeof *concepts, "the words");
    query = (float *)ex_alloc_array(3 * dim, sizeof *query, "the words");
    axis = query + dim;
    field = axis + dim;
    probability = (float *)ex_alloc_array(table.n, sizeof *probability, "the words");
    memset(&rows, 0, sizeof rows);
    rows.data = table.data;
    rows.n = table.n;
    rows.dim = dim;
    ex_check(sphere_row_normalize(&rows, unit, 0, &a->exec), "the words");
    for (i = 0; i < a->k; i++) memcpy(concepts + i * dim, unit + chosen[i] * dim, dim * sizeof *concepts);
    rows.data = concepts;
    rows.n = a->k;
    ex_check(sphere_row_mean(&rows, query, &a->exec), "the common meaning");
    for (j = 0; j < dim; j++) axis[j] = unit[chosen[a->k + 1] * dim + j] - unit[chosen[a->k] * dim + j];
    ex_check(sphere_anneal_energies(concepts, a->k, dim, query, sharpness / (double)sphere_norm(query, dim), a->share), "the energies");
    /* six octaves, since the meanings of most words lie within a third of the way from the middle */
    ex_check(sphere_anneal_pitches(concepts, a->k, dim, axis, 45, 2880, a->note), "the pitches");
    ex_check(sphere_anneal_field(concepts, a->k, dim, a->share, field), "the field");
    ex_check(sphere_anneal_tokens(unit, table.n, dim, field, .05, probability), "the next word");
    for (i = 0; i < a->k; i++) for (j = 0; j < i; j++)
        if (a->note[i] == a->note[j]) ex_fail(EX_BAD_INPUT, "--words: '%s' and '%s' have the same pitch.", a->name[j], a->name[i]);
    for (i = 0; i < a->k; i++) probability[chosen[i]] = -1;             /* they are known already                     */
    for (shown = 0; shown < SHOWN; shown++) {
        size_t best = 0;
        for (i = 1; i < table.n; i++) if (probability[i] > probability[best]) best = i;
        used += (size_t)snprintf(a->points_at + used, sizeof a->points_at - used, "%s%.*s", shown ? ", " : "", (int)(words.length[best] < 32 ? words.length[best] : 32),
                                 words.text + words.start[best]);
        probability[best] = -1;
    }
    free(probability);
    free(query);
    free(concepts);
    free(unit);
    free(words.text);
    free(words.start);
    free(words.length);
    free(table.data);
}

/* >>anneal ---------------------------------------------------------------------------------------------------------- */

/* Frequencies between low and high, evenly at random. */
static void draw_start(const chord *a, uint64_t seed, int start, float *f, float *scratch)
{
    size_t i;
    ex_check(sphere_points_random(seed, (uint64_t)start, 0, a->n, scratch, scratch + a->n, f, NULL), "the start");
    for (i = 0; i < a->n; i++) f[i] = (float)(.5 * (a->low[start] + a->high[start]) + .5 * (a->high[start] - a->low[start]) * (double)f[i]);
}

static sphere_anneal_desc describe(const chord *a, int method, uint64_t seed)
{
    sphere_anneal_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.model.method = methods[method];
    desc.model.share = a->share;
    desc.model.seed = seed;
    desc.steps = STEPS;
    desc.dt = .05;
    desc.sharp_last = a->sharp;
    desc.model.tolerance = a->tolerance;
    return desc;
}

/* Keep the positions after each step; `user` is where the next ones go. */
typedef struct recorder { float *next; size_t n; } recorder;
static int record(void *user, const sphere_anneal_report *report)
{
    recorder *r = (recorder *)user;
    memcpy(r->next, report->planes, r->n * sizeof(float));
    r->next += r->n;
    return 0;
}

/* One run from one start. With `path` it is recorded. Everything that is needed is in `memory`, bytes_of_run. */
static size_t bytes_of_run(const chord *a)
{
    const size_t run = sphere_anneal_size(a->n, a->k, 1, NULL), sort = sphere_anneal_sort_size(a->n, a->k);
    return (run > sort ? run : sort) + 64 + 4 * a->n * sizeof(float) + a->n * sizeof(uint32_t);
}
static void run_once(const chord *a, uint64_t seed, int start, int method, float *path, uint32_t *label, uint64_t *count, sphere_anneal_report *report,
                     outcome *out, void *memory)
{
    const size_t n = a->n;
    float *f = (float *)memory, *begin = f + n, *scratch = begin + n;   /* and n more for the heights                 */
    uint32_t *best = (uint32_t *)(void *)(scratch + 2 * n);
    void *work = best + n;
    const size_t bytes = bytes_of_run(a) - 4 * n * sizeof(float) - n * sizeof(uint32_t);
    sphere_anneal_desc desc = describe(a, method, seed);
    sphere_anneal_report measured;
    recorder r;
    double least = 0;
    draw_start(a, seed, start, begin, scratch);
    memcpy(f, begin, n * sizeof *f);
    if (path) {
        memcpy(path, begin, n * sizeof *f);
        r.next = path + n;
        r.n = n;
        desc.progress = record;
        desc.user = &r;
    }
    ex_check(sphere_anneal_sort(begin, n, a->note, a->k, a->capacity, best, &least, work, bytes), "the optimum");
    ex_check(sphere_anneal_run(f, n, a->note, a->k, 1, &desc, report, work, bytes), "the anneal");
    /* the published step has no shares of its own: all methods are measured against the same ones */
    desc.model.method = SPHERE_ANNEAL_BALANCED;
    ex_check(sphere_anneal_measure(f, begin, n, a->note, a->k, 1, &desc.model, label, count, &measured, work, bytes), "measuring");
    out->imbalance = measured.imbalance;
    out->misplaced = (double)measured.misplaced;
    out->lock = measured.lock;
    out->travel = least > 0 ? measured.travel / least : 1;
}

typedef struct survey { const chord *a; char *memory; size_t bytes; } survey;
static void survey_seed(void *context, size_t index)
{
    const survey *s = (const survey *)context;
    int start, method;
    for (start = 0; start < STARTS; start++) for (method = 0; method < METHODS; method++)
        run_once(s->a, s->a->seed + index, start, method, NULL, NULL, NULL, NULL, s->a->outcomes + (index * STARTS + (size_t)start) * METHODS + method,
                 s->memory + index % 64 * s->bytes);
}
/* All seeds, 64 at a time, each with working memory of its own. */
static void survey_seeds(chord *a)
{
    survey s;
    ex_pool pool;
    size_t done;
    ex_pool_open(&pool, (size_t)a->threads);
    a->exec.parallel = ex_pool_hook(&pool);
    s.bytes = (bytes_of_run(a) + 63) / 64 * 64;
    s.memory = (char *)ex_alloc_array(64, s.bytes, "the seeds");
    for (done = 0; done < a->seeds; done += 64) {
        const size_t count = a->seeds - done < 64 ? (size_t)a->seeds - done : 64;
        chord part = *a;
        part.seed = a->seed + done;
        part.outcomes = a->outcomes + done * STARTS * METHODS;
        s.a = &part;
        if (a->exec.parallel.run) a->exec.parallel.run(a->exec.parallel.user, count, survey_seed, &s);
        else { size_t i; for (i = 0; i < count; i++) survey_seed(&s, i); }
        ex_progress((void *)(uintptr_t)"seeds", done + count, (size_t)a->seeds);
    }
    ex_progress_end();
    free(s.memory);
    memset(&a->exec, 0, sizeof a->exec);
    ex_pool_close(&pool);
}

/* >>sound ----------------------------------------------------------------------------------------------------------- */

/* Smoothly from 0 to 1 while x goes from 0 to 1. */
static double smooth(double x) { return x <= 0 ? 0 : x >= 1 ? 1 : x * x * (3 - 2 * x); }

/* Every oscillator sounds at its frequency, which goes in a straight line from step to step, so its phase is a parabola: z turns by r, and
   r by a constant. Each step begins at its exact phase: nothing jumps and nothing drifts. The phases at the start are chosen so that all
   oscillators meet in phase when they have locked; before that they are strangers, and the chord grows out of the noise by itself.
   Oscillators stand side by side from left to right. */
static void write_sound(chord *a)
{
    enum { FRAMES = (STEPS + HOLD_STEPS) * STEP_SAMPLES };
    const float *path = a->path[1];
    double *mix = (double *)ex_alloc_array(2 * (size_t)FRAMES, sizeof *mix, "the sound"), peak = 0;
    int16_t *samples = (int16_t *)ex_alloc_array(2 * (size_t)FRAMES, sizeof *samples, "the sound");
    size_t i, j, m;
    memset(mix, 0, 2 * (size_t)FRAMES * sizeof *mix);
    for (i = 0; i < a->n; i++) {
        const double place = a->n > 1 ? .35 * (2 * (double)i / (double)(a->n - 1) - 1) : 0, left = .5 - place, right = .5 + place;
        double phase = 0;
        for (j = 0; j < STEPS; j++) phase -= ((double)path[j * a->n + i] + (double)path[(j + 1) * a->n + i]) * (.5 * STEP_SAMPLES / RATE);
        for (j = 0; j < STEPS + HOLD_STEPS; j++) {
            const double f = (double)path[(j < STEPS ? j : STEPS) * a->n + i] / RATE, g = (double)path[(j < STEPS ? j + 1 : STEPS) * a->n + i] / RATE;
            const double bend = (g - f) / STEP_SAMPLES;                 /* turns per sample, and what each sample adds to it */
            double zs, zc, rs, rc, bs, bc, *out = mix + 2 * j * STEP_SAMPLES;
            phase -= (double)(int64_t)phase;
            ex_turn(phase, &zs, &zc);
            ex_turn(f + .5 * bend, &rs, &rc);
            ex_turn(bend, &bs, &bc);
            for (m = 0; m < STEP_SAMPLES; m++) {
                const double z = zc * rc - zs * rs, r = rc * bc - rs * bs;
                out[2 * m] += left * zs;
                out[2 * m + 1] += right * zs;
                zs = zs * rc + zc * rs;
                zc = z;
                rs = rs * bc + rc * bs;
                rc = r;
            }
            phase += .5 * (f + g) * STEP_SAMPLES;
        }
        ex_progress((void *)(uintptr_t)"sound", i, a->n);
    }
    for (m = 0; m < FRAMES; m++) {
        const double fade = smooth((double)m / FADE_IN) * smooth((double)(FRAMES - 1 - m) / FADE_OUT);
        for (j = 0; j < 2; j++) {
            double x = mix[2 * m + j] *= fade;
            if (x < 0) x = -x;
            if (x > peak) peak = x;
        }
    }
    a->gain = peak > 0 ? .891 / peak : 0;                               /* the loudest sample is 1 dB below full scale */
    for (m = 0; m < 2 * (size_t)FRAMES; m++) {
        const double x = mix[m] * a->gain * 32767;
        samples[m] = (int16_t)(x < 0 ? -(int)(.5 - x) : (int)(x + .5));
        if (samples[m] > a->peak * 32767) a->peak = samples[m] / 32767.0;
        if (-samples[m] > a->peak * 32767) a->peak = -samples[m] / 32767.0;
    }
    ex_write_wav(ex_create_file(a->directory, "chord.wav"), samples, FRAMES, 2, RATE);
    free(samples);
    free(mix);
}

/* >>picture --------------------------------------------------------------------------------------------------------- */

enum { WIDTH = 1200, HEIGHT = 560, TOP = 96, BOTTOM = 500, COLOURS = 6 };
static const int panel_left[2] = { 62, 638 };

/* Two panels side by side, the same start in both: the published step, and the balanced one. */
static void write_picture(const chord *a)
{
    static const char *const light[COLOURS] = { "#d9801a", "#cb4a5c", "#6b45a4", "#23804f", "#2b62b5", "#8a6d1d" };
    static const char *const dark[COLOURS] = { "#ffc061", "#fb827d", "#b79af0", "#6fd39a", "#7db3ff", "#d9c06a" };
    static const int ticks[9] = { 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000 };
    ex_file *f = ex_create_file(a->directory, "chord.svg");
    const int plot = a->words_text ? 330 : 396;    /* words need more room beside it                                 */
    size_t i, j, p, lines = a->n < MOST_LINES ? a->n : MOST_LINES;
    double low = 1e9, high = 0, place[MOST_NOTES], scale;
    size_t order[MOST_NOTES];
    for (p = 0; p < 2; p++) for (i = 0; i < (STEPS + 1) * a->n; i++) {
        const double x = (double)a->path[p][i] > 20 ? (double)a->path[p][i] : 20;      /* below 20 Hz nothing is heard or drawn */
        if (x < low) low = x;
        if (x > high) high = x;
    }
    for (i = 0; i < a->k; i++) {
        if ((double)a->note[i] < low) low = (double)a->note[i];
        if ((double)a->note[i] > high) high = (double)a->note[i];
    }
    low = octaves(low) - .08;
    high = octaves(high) + .08;
    scale = (BOTTOM - TOP) / (high - low);
#define HEIGHT_OF(hertz) (BOTTOM - (octaves((double)(hertz) > 20 ? (double)(hertz) : 20) - low) * scale)
    /* labels from the lowest note up, pushed apart where notes are close, and back down where they would leave the panel */
    for (i = 0; i < a->k; i++) {
        for (j = i; j > 0 && a->note[order[j - 1]] > a->note[i]; j--) order[j] = order[j - 1];
        order[j] = i;
    }
    for (i = 0; i < a->k; i++) {
        place[i] = HEIGHT_OF(a->note[order[i]]);
        if (i && place[i] > place[i - 1] - 19) place[i] = place[i - 1] - 19;
    }
    for (i = a->k; i-- > 0; ) {
        const double roof = i + 1 == a->k ? TOP + 4 : place[i + 1] + 19;
        if (place[i] < roof) place[i] = roof;
    }

    ex_printf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%llu oscillators anneal to %llu notes\">\n<style>\n",
              (int)WIDTH, (int)HEIGHT, (unsigned long long)a->n, (unsigned long long)a->k);
    ex_puts(f, ".b{fill:#faf8f3}.g{stroke:#1d1b18;stroke-opacity:.13}.h{font:600 21px Palatino,'Palatino Linotype','Book Antiqua',Georgia,serif;fill:#1d1b18}\n"
               ".n{font:13px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#6b665d}\n"
               ".m{font-weight:600;font-variant-numeric:tabular-nums}.e{text-anchor:end}.c{text-anchor:middle}\n"
               "path{fill:none;stroke-width:13px;stroke-opacity:.62;stroke-linejoin:round}\n");
    for (i = 0; i < COLOURS; i++) ex_printf(f, ".s%d{stroke:%s}.f%d{fill:%s}", (int)i, light[i], (int)i, light[i]);
    ex_puts(f, "\n@media(prefers-color-scheme:dark){.b{fill:#12141a}.g{stroke:#e9e6df}.h{fill:#f1eee7}.n{fill:#a29d93}\n");
    for (i = 0; i < COLOURS; i++) ex_printf(f, ".s%d{stroke:%s}.f%d{fill:%s}", (int)i, dark[i], (int)i, dark[i]);
    ex_printf(f, "}\n</style>\n<rect class=\"b\" width=\"%d\" height=\"%d\" rx=\"10\"/>\n", (int)WIDTH, (int)HEIGHT);
    for (p = 0; p < 2; p++) {
        const int x0 = panel_left[p], bars = x0 + plot + 12;
        ex_printf(f, "<text class=\"h\" x=\"%d\" y=\"46\">%s</text>\n<text class=\"n\" x=\"%d\" y=\"70\">%s</text>\n", x0,
                  p ? "Balanced: every note has its price" : "As published: everyone to the nearest", x0,
                  p ? "prices rise where too many oscillators gather, until the shares are right" : "sharpness is annealed too, but nobody counts how many come");
        for (i = 0; i < 9; i++) {
            const double y = HEIGHT_OF(ticks[i]);
            if (y > BOTTOM || y < TOP || octaves(ticks[i]) < low) continue;
            ex_printf(f, "<line class=\"g\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", x0, x0 + plot, y, y);
            ex_printf(f, "<text class=\"n e\" x=\"%d\" y=\"%.1f\">%d</text>\n", x0 - 8, y + 4.5, ticks[i]);
        }
        for (i = 0; i <= 5; i++)
            ex_printf(f, "<text class=\"n c\" x=\"%d\" y=\"%d\">%d%s</text>\n", x0 + plot * (int)i / 5, BOTTOM + 24, (int)i, i == 5 ? " s" : "");
        if (!p) ex_printf(f, "<text class=\"n e\" x=\"%d\" y=\"%d\">Hz</text>\n", x0 - 8, TOP - 8);
        /* tenths of a pixel, relative: short text */
        for (j = 0; j < a->k; j++) {
            int open = 0;
            for (i = 0; i < lines; i++) {
                const size_t o = a->n <= lines ? i : i * a->n / lines;
                int x = 10 * x0, y = (int)(10 * HEIGHT_OF(a->path[p][o]) + .5);
                size_t t;
                if (a->label[p][o] != j) continue;
                if (!open) ex_printf(f, "<path class=\"s%d\" transform=\"scale(.1)\" d=\"", (int)(j % COLOURS));
                open = 1;
                ex_printf(f, "M%d %dl", x, y);
                for (t = 1; t <= STEPS; t++) {
                    const int nx = 10 * x0 + 10 * plot * (int)t / STEPS, ny = (int)(10 * HEIGHT_OF(a->path[p][t * a->n + o]) + .5);
                    ex_printf(f, "%s%d%s%d", t > 1 ? " " : "", nx - x, ny < y ? "" : " ", ny - y);
                    x = nx;
                    y = ny;
                }
            }
            if (open) ex_puts(f, "\"/>\n");
        }
        /* how many came: a bar for each note, as wide as its number */
        for (j = 0; j < a->k; j++) {
            const size_t note = order[j];
            const double bar = 70.0 * (double)a->count[p][note] / (double)a->n;
            if (bar > 0) ex_printf(f, "<rect class=\"f%d\" x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"13\" rx=\"%d\"/>", (int)(note % COLOURS), bars,
                                   place[j] - 6.5, bar, bar > 4 ? 2 : 0);
            ex_printf(f, "<text class=\"n\" x=\"%.1f\" y=\"%.1f\"><tspan class=\"m f%d\">%llu</tspan> ", bars + bar + 6, place[j] + 4.5, (int)(note % COLOURS),
                      (unsigned long long)a->count[p][note]);
            ex_write_xml(f, a->name[note], strlen(a->name[note]), 11);
            ex_puts(f, "</text>\n");
        }
    }
    ex_printf(f, "<text class=\"n\" x=\"%d\" y=\"%d\">"
              "The same %llu oscillators in both panels; colour is where one ends; bars count the oscillators at each note.</text>\n</svg>\n",
              panel_left[0], HEIGHT - 14, (unsigned long long)a->n);
#undef HEIGHT_OF
}

/* >>report ---------------------------------------------------------------------------------------------------------- */

static int by_value(const void *p, const void *q)
{
    const double a = *(const double *)p, b = *(const double *)q;
    return (a > b) - (a < b);
}
/* The values of one figure (by its offset in outcome) over all seeds, in order. */
static void collect(const chord *a, int start, int method, size_t offset, double *sorted)
{
    size_t i;
    for (i = 0; i < a->seeds; i++)
        memcpy(&sorted[i], (const char *)(a->outcomes + (i * STARTS + (size_t)start) * METHODS + method) + offset, sizeof(double));
    qsort(sorted, (size_t)a->seeds, sizeof *sorted, by_value);
}
/* A figure, or a dash where a note stands empty and the ratio has no number. */
static const char *figure(char text[32], double value, const char *format)
{
    if (value - value == 0) snprintf(text, 32, format, value);
    else snprintf(text, 32, "empty");
    return text;
}

static void print_table(const chord *a)
{
    double *sorted = (double *)ex_alloc_array((size_t)a->seeds, sizeof *sorted, "the table");
    int start, method;
    size_t middle = (size_t)a->seeds / 2, last = (size_t)a->seeds - 1, i, best;
    char t[3][32];
    printf("\nseeds %llu to %llu    imbalance               misplaced  lock, Hz              travel\n", (unsigned long long)a->seed,
           (unsigned long long)(a->seed + a->seeds - 1));
    printf("start      method        median     worst   best   median    median     worst   over optimum\n");
    for (start = 0; start < STARTS; start++) for (method = 0; method < METHODS; method++) {
        double misplaced, lock[2];
        char range[40] = "";
        if (!method) snprintf(range, sizeof range, "%.0f-%.0f", a->low[start], a->high[start]);
        collect(a, start, method, offsetof(outcome, misplaced), sorted);
        misplaced = sorted[middle];
        collect(a, start, method, offsetof(outcome, lock), sorted);
        lock[0] = sorted[middle];
        lock[1] = sorted[last];
        collect(a, start, method, offsetof(outcome, imbalance), sorted);
        for (i = 0, best = 0; i < a->seeds; i++) best += sorted[i] <= a->optimum;
        printf("%-10s %-10s %9s %9s %6llu %8.0f", range, method_names[method], figure(t[0], sorted[middle], "%.4f"), figure(t[1], sorted[last], "%.4f"),
               (unsigned long long)best, misplaced);
        collect(a, start, method, offsetof(outcome, travel), sorted);
        printf(" %9.5f %9.5f %9.4f\n", lock[0], lock[1], sorted[middle]);
    }
    printf("  start: frequencies evenly at random, Hz; best: seeds with the least imbalance that whole oscillators allow, %.4f;\n"
           "  misplaced: oscillators that would have to move; optimum: sorting, the least travel that gives every note its share;\n"
           "  empty: a note has no oscillators, and the ratio no number\n", a->optimum);
    free(sorted);
}

static void print_report(const chord *a)
{
    float sounds[MOST_NOTES], amplitude[MOST_NOTES];
    size_t i;
    if (a->words_text) {
        printf("words     ");
        for (i = 0; i < a->k; i++) { printf(" "); ex_print_text(stdout, a->name[i], strlen(a->name[i])); }
        printf(": heavy is low, light is high, and most oscillators go where the common meaning is\n           their field points at ");
        ex_print_text(stdout, a->points_at, strlen(a->points_at));
        printf("\n\n");
    }
    ex_check(sphere_anneal_sound(a->path[1] + STEPS * a->n, a->n, a->note, a->k, sounds, amplitude), "the sound");
    printf("note         carrier, Hz   share   balanced  published   sounds at, Hz  amplitude\n");
    for (i = 0; i < a->k; i++)
        printf("%-12s %11.2f %7llu %10llu %10llu %15.4f %10.4f\n", a->name[i], (double)a->note[i], (unsigned long long)a->capacity[i], (unsigned long long)a->count[1][i],
               (unsigned long long)a->count[0][i], (double)sounds[i], (double)amplitude[i]);
}

/* The worst over all seeds and both starts; NULL where there is no table, then the run that is shown. */
static void print_last(const chord *a, const outcome shown[2])
{
    double low = shown[1].imbalance, high = low, lock = shown[1].lock, travel = shown[1].travel, published = shown[0].imbalance;
    size_t i;
    int start;
    char t[3][32];
    if (a->seeds) {
        double *sorted = (double *)ex_alloc_array((size_t)a->seeds, sizeof *sorted, "the table");
        for (start = 0; start < STARTS; start++) for (i = 0; i < a->seeds; i++) {
            const outcome *o = a->outcomes + (i * STARTS + (size_t)start) * METHODS + BALANCED;
            if (o->imbalance < low) low = o->imbalance;
            if (o->imbalance > high) high = o->imbalance;
            if (o->lock > lock) lock = o->lock;
            if (o->travel > travel) travel = o->travel;
        }
        collect(a, 0, ANNEALED, offsetof(outcome, imbalance), sorted);
        published = sorted[a->seeds / 2];
        free(sorted);
    }
    printf("chord: %llu oscillators, %llu notes, %llu seeds, imbalance %s to %s, lock %.6f Hz, travel %.4f, published imbalance %s, peak %.4f\n",
           (unsigned long long)a->n, (unsigned long long)a->k, (unsigned long long)a->seeds, figure(t[0], low, "%.4f"), figure(t[1], high, "%.4f"), lock, travel,
           figure(t[2], published, "%.4f"), a->peak);
}

int main(int argc, char **argv)
{
    static chord a;
    const ex_option options[] = {
        { "chord", "F,F,F", EX_TEXT, &a.chord_text, 0, 0, NULL, "the notes in Hz, 1 to 16 of them (261.63,329.63,392)" },
        { "words", "TEXT", EX_TEXT, &a.words_text, 0, 0, NULL, "words instead of notes: their meaning gives pitch and share" },
        { "oscillators", "N", EX_COUNT, &a.oscillators, 1, MOST_OSCILLATORS, NULL, "how many there are (50)" },
        { "seed", "N", EX_COUNT, &a.seed, 0, 1.8446744073709552e19, NULL, "of the run that sounds, and the first of the table (0)" },
        { "seeds", "N", EX_COUNT, &a.seeds, 0, 1000000, NULL, "how many the table goes over; 0 leaves it out (1000)" },
        { "threads", "N", EX_COUNT, &a.threads, 1, 256, NULL, "the result does not depend on it (one per processor)" },
        { "out", "DIR", EX_TEXT, &a.directory, 0, 0, NULL, "where the files go (chord-out)" }
    };
    const char *argument = NULL;
    double least = 1e9, lowest = 1e9, highest = 0, most_load = 0, least_load = 1e18, begun = ex_seconds(), seconds;
    outcome shown[2];
    void *memory;
    size_t i, j;
    int p;

    ex_begin("chord");
    a.oscillators = 50;
    a.seeds = 1000;
    a.directory = "chord-out";
    a.threads = ex_cpu_count() < 256 ? ex_cpu_count() : 256;
    ex_parse_options(argc, argv, "chord [options]", "Lets oscillators anneal from noise onto the notes of a chord, and writes DIR/chord.wav and DIR/chord.svg.", options,
                     sizeof options / sizeof options[0], &argument);
    if (argument) ex_fail(EX_BAD_INPUT, "there is no input file, and '%s' is not an option; --help lists them.", argument);
    if (!*a.directory) ex_fail(EX_BAD_INPUT, "--out needs the name of a directory.");
    if (a.chord_text && a.words_text) ex_fail(EX_BAD_INPUT, "--chord and --words both give the notes: only one of them can be used.");
    if (a.seed > UINT64_MAX - a.seeds) ex_fail(EX_BAD_INPUT, "--seed %llu and %llu more pass the largest seed.", (unsigned long long)a.seed, (unsigned long long)a.seeds);
    if (a.words_text) read_words(&a, argv[0]);
    else {
        if (!a.chord_text) a.chord_text = "261.63,329.63,392";
        read_chord(&a);
    }
    a.n = (size_t)a.oscillators;
    if (a.n < a.k) ex_fail(EX_BAD_INPUT, "%llu oscillators cannot hold %llu notes: --oscillators must be at least that.", (unsigned long long)a.n, (unsigned long long)a.k);

    /* Where the oscillators begin: the published range, made wider where the notes need it, and 200 Hz beyond the chord. */
    for (i = 0; i < a.k; i++) {
        if ((double)a.note[i] < lowest) lowest = (double)a.note[i];
        if ((double)a.note[i] > highest) highest = (double)a.note[i];
        for (j = 0; j < i; j++) {
            const double gap = (double)a.note[i] > (double)a.note[j] ? (double)a.note[i] - (double)a.note[j] : (double)a.note[j] - (double)a.note[i];
            if (gap < least) least = gap;
        }
    }
    a.low[0] = lowest < 100 ? .5 * lowest : 50;
    a.high[0] = highest > 1025 ? 2 * highest : 2050;
    a.low[1] = lowest - 200 < 20 ? 20 : lowest - 200;
    a.high[1] = highest + 200;
    a.sharp = least < 20 ? 400 / (least * least) : 1;                   /* notes that are close are told apart by more sharpness */
    ex_check(sphere_anneal_capacity(a.n, a.k, a.share, a.capacity), "sharing out the oscillators");
    for (i = 0; i < a.k; i++) {
        if ((double)a.capacity[i] > most_load) most_load = (double)a.capacity[i];
        if (a.capacity[i] && (double)a.capacity[i] < least_load) least_load = (double)a.capacity[i];     /* a small share may be none */
    }
    a.optimum = most_load / least_load;
    a.tolerance = most_load > 25 ? .25 / most_load : .01;               /* half an oscillator too many must show              */

    ex_make_directory(a.directory);
    memory = ex_alloc(bytes_of_run(&a), "the anneal");
    for (p = 0; p < 2; p++) {
        a.path[p] = (float *)ex_alloc_array((STEPS + 1) * a.n, sizeof *a.path[p], "the trajectories");
        a.label[p] = (uint32_t *)ex_alloc_array(a.n, sizeof *a.label[p], "the trajectories");
        run_once(&a, a.seed, 0, p ? BALANCED : ANNEALED, a.path[p], a.label[p], a.count[p], &a.report[p], &shown[p], memory);
    }
    free(memory);
    if (a.seeds) {
        a.outcomes = (outcome *)ex_alloc_array((size_t)a.seeds * STARTS * METHODS, sizeof *a.outcomes, "the table");
        survey_seeds(&a);
    }
    write_sound(&a);
    write_picture(&a);
    ex_commit_files();
    ex_progress_end();
    seconds = ex_seconds() - begun;

    print_report(&a);
    if (a.seeds) print_table(&a);
    printf("\nlocked     from %.2f s on, within %.6f Hz, %u price iterations in %u steps\n", STEPS * .05, shown[1].lock, a.report[1].iterations, a.report[1].steps);
    printf("seconds    %.2f (%llu thread%s)\nwritten    ", seconds, (unsigned long long)a.threads, a.threads == 1 ? "" : "s");
    ex_print_text(stdout, a.directory, strlen(a.directory));
    printf("/chord.wav (%.2f s), chord.svg\n", (STEPS + HOLD_STEPS) * .05);
    print_last(&a, shown);
    if (fflush(stdout) || ferror(stdout)) ex_fail(EX_FAULT, "cannot write the report: %s.", strerror(errno));
    for (p = 0; p < 2; p++) { free(a.path[p]); free(a.label[p]); }
    free(a.outcomes);
    return 0;
}
