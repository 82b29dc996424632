/* examples/atlas.c - a map of embeddings: rows in; shells, layout, measures, a page to explore and cone queries out.

     cc -O2 -o atlas examples/atlas.c && ./atlas                        the 10,000 words that come with it
     ./atlas vectors.npy --words names.txt --query apple                your rows
     ./atlas --help

   What it does, one function of the headers per step:
     1. fill      the norm of a row decides its shell (exact quotas)                    sphere_fill
     2. graph     the 15 nearest rows of every row by cosine, exactly                   sphere_graph
     3. start     three principal directions, projected onto the sphere                 sphere_fill_start
     4. gradient  neighbours attract, random others repel                               sphere_fill_layout
     5. equalise  the sphere gets evenly covered, so that a cone has a known share      sphere_fill_equalize
     6. place     rows that were held out go where their neighbours are                 sphere_fill_place
     7. measure   what the map keeps of the embedding, how even it is                   sphere_measure_fidelity, _evenness
   It writes atlas.npy (r, theta, phi), atlas.html (one page, no network) and atlas.svg (one view of it), each whole or not at
   all. Everything but the line of seconds is the same for every machine, compiler and number of threads. */
#define _POSIX_C_SOURCE 200809L
#define SPHERE_IMPLEMENTATION
#define SPHERE_FILL_IMPLEMENTATION
#include "common.h"
#include "../sphere.h"
#include "../sphere_fill.h"

enum {
    GRAPH_NEIGHBOURS = 15,             /* what the layout works with                                                 */
    SHOWN_NEIGHBOURS = 10,             /* what is measured, listed and written into the page                         */
    MOST_LISTED_ROWS = 65536,          /* above this the page has no neighbour lists: it would grow beyond 3 MB      */
    MOST_LABELS = 4000,
    SAMPLES = 2000                     /* points that are measured; all of them where there are fewer                */
};

typedef struct atlas {
    /* what was asked for */
    const char *input, *words_path, *directory, *tensor;
    uint64_t    shells, seed, epochs, holdout, threads;
    int         spacing;
    double      exponent, min_radius, max_radius;
    ex_list     queries;
    /* what was read */
    ex_matrix   rows;
    ex_lines    words;                 /* count 0: there are none, rows go by their number                           */
    /* what was made */
    size_t      placed;                /* rows 0..placed-1 are laid out, the others are held out                     */
    double     *radii;                 /* (shells)                                                                   */
    uint64_t   *quota;                 /* (shells)                                                                   */
    float      *scores;                /* (n) norms                                                                  */
    uint32_t   *shell;                 /* (n)                                                                        */
    float      *r, *x, *y, *z;         /* (n)                                                                        */
    float      *xyz;                   /* (n, 3) the same directions as rows, for searches on the sphere             */
    size_t      k;                     /* neighbours per row in `near`                                               */
    uint32_t   *near;                  /* (n, k) nearest by cosine among all rows                                    */
    float      *near_cosine;           /* (n, k)                                                                     */
    uint32_t   *labels;                /* rows in the order in which they deserve a label                            */
    size_t      label_count;
    /* what was measured */
    double          deviation;
    sphere_fidelity start, kept;       /* of the principal directions alone, of the atlas                            */
    sphere_evenness start_even, even;
    float           population, population_spread, held_cone5;
    sphere_exec     exec;
} atlas;

static const char *const spacing_names = "sqrt|linear|quadratic|log|geometric|golden|prime";

/* >>stages ---------------------------------------------------------------------------------------------------------- */

/* Seconds per stage, in the order of the work. */
static struct { const char *name; double seconds; } stages[16];
static size_t stage_count;
static double stage_start;

static void begin_stage(const char *name)
{
    stages[stage_count].name = name;
    stage_start = ex_seconds();
    ex_progress((void *)(uintptr_t)name, 0, 0);
}
static void end_stage(void) { stages[stage_count++].seconds = ex_seconds() - stage_start; }

static sphere_rows rows_of(const float *data, size_t n, size_t dim)
{
    sphere_rows rows = { NULL, 0, 0, 0 };
    rows.data = data;
    rows.n = n;
    rows.dim = dim;
    return rows;
}

/* Which shell each row belongs to, by its norm. */
static void fill_shells(atlas *a)
{
    size_t n = a->rows.n, i, bytes, shells = (size_t)a->shells;
    sphere_fill_desc desc;
    sphere_fill_report report;
    sphere_status status;
    void *memory;
    memset(&desc, 0, sizeof desc);
    desc.spacing = (sphere_fill_spacing)a->spacing;
    desc.exponent = a->exponent > 0 ? a->exponent : SPHERE_FILL_EQUAL;
    desc.min_radius = a->min_radius;
    desc.max_radius = a->max_radius;
    desc.exec = a->exec;
    status = sphere_fill_radii(n, shells, &desc, a->radii);
    if (status == SPHERE_E_RANGE)
        ex_fail(EX_BAD_INPUT, "no shells fit between these radii: --min-radius must not exceed --max-radius, which is %llu unless given.",
                (unsigned long long)(2 * a->shells));
    ex_check(status, "spacing the shells");
    ex_check(sphere_fill_quota(n, shells, a->radii, &desc, a->quota), "sharing out the shells");
    ex_check(sphere_fill_scores(a->rows.data, n, a->rows.dim, 0, SPHERE_FILL_NORM, a->scores, &a->exec), "taking norms");
    for (i = 0; i < n; i++)
        if (a->scores[i] - a->scores[i] != 0)
            ex_fail(EX_BAD_INPUT, "'%s': the norm of row %llu (counted from 0) does not fit in a float; scale the rows down.", a->input, (unsigned long long)i);
    bytes = sphere_fill_size(n, shells, &desc);
    memory = ex_alloc(bytes, "filling the shells");
    ex_check(sphere_fill(a->scores, n, a->quota, shells, &desc, a->shell, NULL, memory, bytes), "filling the shells");
    free(memory);
    /* how far the counts are from the real-valued shares, counted anew */
    bytes = sphere_fill_measure_size(shells);
    memory = ex_alloc(bytes, "counting the shells");
    ex_check(sphere_fill_measure(a->shell, n, a->radii, shells, &desc, &report, memory, bytes), "counting the shells");
    free(memory);
    a->deviation = report.largest_deviation;
    for (i = 0; i < n; i++) a->r[i] = (float)a->radii[a->shell[i]];
}

/* The k nearest of every row among the first n rows. */
static void build_graph(atlas *a, size_t n, size_t k, uint32_t **index, float **similarity)
{
    sphere_rows rows = rows_of(a->rows.data, n, a->rows.dim);
    size_t bytes = sphere_graph_size(&rows, k);
    void *memory;
    *index = (uint32_t *)ex_alloc_array(n, k * sizeof **index, "the neighbour graph");
    *similarity = (float *)ex_alloc_array(n, k * sizeof **similarity, "the neighbour graph");
    memory = ex_alloc(bytes, "the neighbour graph");
    ex_check(sphere_graph(&rows, k, *index, *similarity, &a->exec, memory, bytes), "the neighbour graph");
    free(memory);
}

/* Measures of MATH 5: what the directions keep of the embedding, and how evenly they lie. */
static void measure(atlas *a, sphere_fidelity *kept, sphere_evenness *even)
{
    size_t n = a->rows.n, bytes;
    sphere_rows rows = rows_of(a->rows.data, n, a->rows.dim);
    sphere_fidelity_desc fidelity;
    sphere_evenness_desc evenness;
    void *memory;
    memset(&fidelity, 0, sizeof fidelity);
    memset(&evenness, 0, sizeof evenness);
    if (n > 1) {
        fidelity.k = n > SHOWN_NEIGHBOURS ? SHOWN_NEIGHBOURS : n - 1;
        fidelity.samples = n > SAMPLES ? SAMPLES : 0;
        fidelity.seed = a->seed;
        fidelity.cones[0] = 0.01f;
        fidelity.cones[1] = 0.05f;
        fidelity.cones[2] = 0.10f;
        fidelity.exec = a->exec;
        bytes = sphere_fidelity_size(&rows, &fidelity);
        memory = ex_alloc(bytes, "measuring");
        ex_check(sphere_measure_fidelity(&rows, a->x, a->y, a->z, &fidelity, kept, memory, bytes), "measuring");
        free(memory);
    }
    evenness.seed = a->seed;
    evenness.exec = a->exec;
    bytes = sphere_evenness_size(n, &evenness);
    memory = ex_alloc(bytes, "measuring");
    ex_check(sphere_measure_evenness(a->x, a->y, a->z, n, &evenness, even, memory, bytes), "measuring");
    free(memory);
}

/* Steps 2 to 6. */
static void lay_out(atlas *a)
{
    size_t n = a->rows.n, m = a->placed, k = m > GRAPH_NEIGHBOURS ? GRAPH_NEIGHBOURS : m - 1, i, bytes;
    uint32_t *graph = NULL;
    float *similarity = NULL;
    void *memory;
    sphere_fill_layout_desc layout;
    sphere_fill_equalize_desc equalize;

    begin_stage("graph");
    build_graph(a, m, k, &graph, &similarity);
    end_stage();

    begin_stage("start");
    bytes = sphere_fill_start_size(m, a->rows.dim);
    memory = ex_alloc(bytes, "the principal directions");
    ex_check(sphere_fill_start(a->rows.data, m, a->rows.dim, 0, a->x, a->y, a->z, &a->exec, memory, bytes), "the principal directions");
    free(memory);
    end_stage();
    if (m == n) {                                  /* with rows held out there is nothing to compare with */
        begin_stage("measure start");
        measure(a, &a->start, &a->start_even);
        end_stage();
    }

    begin_stage("gradient");
    memset(&layout, 0, sizeof layout);
    layout.epochs = a->epochs == UINT64_MAX ? 0 : a->epochs == 0 ? SPHERE_FILL_NO_EPOCHS : (unsigned)a->epochs;
    layout.seed = a->seed;
    layout.progress = ex_progress;
    layout.user = (void *)(uintptr_t)"gradient";
    layout.exec = a->exec;
    if (k) {
        bytes = sphere_fill_layout_size(m, k);
        memory = ex_alloc(bytes, "the gradient");
        ex_check(sphere_fill_layout(graph, similarity, m, k, &layout, a->x, a->y, a->z, memory, bytes), "the gradient");
        free(memory);
    }
    end_stage();

    begin_stage("equalise");
    memset(&equalize, 0, sizeof equalize);
    equalize.seed = a->seed;
    equalize.progress = ex_progress;
    equalize.user = (void *)(uintptr_t)"equalise";
    equalize.exec = a->exec;
    bytes = sphere_fill_equalize_size(m);
    memory = ex_alloc(bytes, "the equalisation");
    ex_check(sphere_fill_equalize(a->x, a->y, a->z, m, &equalize, memory, bytes), "the equalisation");
    free(memory);
    end_stage();

    if (m < n) {
        sphere_rows rows = rows_of(a->rows.data, m, a->rows.dim), held = rows_of(a->rows.data + m * a->rows.dim, n - m, a->rows.dim);
        size_t nearest = m < SHOWN_NEIGHBOURS ? m : SHOWN_NEIGHBOURS;
        sphere_search_desc search;
        uint32_t *index;
        begin_stage("place");
        memset(&search, 0, sizeof search);
        search.metric = SPHERE_COSINE;
        search.exec = a->exec;
        index = (uint32_t *)ex_alloc_array(n - m, nearest * sizeof *index, "placing");
        bytes = sphere_search_size(&rows, &held, nearest, &search);
        memory = ex_alloc(bytes, "placing");
        ex_check(sphere_search_topk(&rows, &held, nearest, &search, index, NULL, NULL, memory, bytes), "placing");
        ex_check(sphere_fill_place(a->x, a->y, a->z, m, index, n - m, nearest, a->x + m, a->y + m, a->z + m, &a->exec), "placing");
        free(memory);
        free(index);
        end_stage();
        /* lists and measures speak of all rows, so they need a graph of all rows */
        free(graph);
        free(similarity);
        begin_stage("graph of all");
        k = n > SHOWN_NEIGHBOURS ? SHOWN_NEIGHBOURS : n - 1;
        build_graph(a, n, k, &graph, &similarity);
        end_stage();
    }
    /* keep the nearest ten */
    a->k = k < SHOWN_NEIGHBOURS ? k : SHOWN_NEIGHBOURS;
    for (i = 0; i < n; i++) {
        memmove(graph + i * a->k, graph + i * k, a->k * sizeof *graph);
        memmove(similarity + i * a->k, similarity + i * k, a->k * sizeof *similarity);
    }
    a->near = graph;
    a->near_cosine = similarity;
    a->xyz = (float *)ex_alloc_array(n, 3 * sizeof(float), "the directions");
    for (i = 0; i < n; i++) {
        a->xyz[3 * i] = a->x[i];
        a->xyz[3 * i + 1] = a->y[i];
        a->xyz[3 * i + 2] = a->z[i];
    }
}

/* How much the number of points in a cone of fixed aperture varies: cones of cos(alpha) = 1 - 2 * 0.05 around up to SAMPLES
   points, which should hold a twentieth of all. */
static void measure_population(atlas *a)
{
    size_t n = a->rows.n, m = n < SAMPLES ? n : SAMPLES, i, bytes;
    sphere_rows rows = rows_of(a->xyz, n, 3), queries;
    sphere_search_desc search;
    float *centres = (float *)ex_alloc_array(m, 3 * sizeof *centres, "measuring"), *share = (float *)ex_alloc_array(m, sizeof *share, "measuring");
    uint32_t *index = (uint32_t *)ex_alloc_array(m, sizeof *index, "measuring");
    size_t *count = (size_t *)ex_alloc_array(m, sizeof *count, "measuring");
    void *memory;
    double mean;
    uint64_t sum = 0;
    for (i = 0; i < m; i++) memcpy(centres + 3 * i, a->xyz + 3 * ((uint64_t)i * n / m), 3 * sizeof *centres);
    queries = rows_of(centres, m, 3);
    memset(&search, 0, sizeof search);
    search.exec = a->exec;
    bytes = sphere_search_size(&rows, &queries, 1, &search);
    memory = ex_alloc(bytes, "measuring");
    ex_check(sphere_search_cone(&rows, &queries, 0.9f, 1, &search, index, NULL, count, NULL, memory, bytes), "measuring");
    for (i = 0; i < m; i++) sum += count[i];
    mean = (double)sum / (double)m;
    a->population = (float)(mean / (double)n);
    /* standard deviation / mean, as a ratio of two norms: that needs no square root of ours */
    for (i = 0; i < m; i++) share[i] = (float)((double)count[i] - mean);
    a->population_spread = sphere_norm(share, m);
    for (i = 0; i < m; i++) share[i] = (float)mean;
    a->population_spread /= sphere_norm(share, m);
    free(memory);
    free(count);
    free(index);
    free(share);
    free(centres);
}

/* cone5 of the rows that were held out: how many of their true nearest among all rows lie in the cone around them that holds
   a twentieth of all points (the point itself counted, ties inside, as for all other rows). */
static void measure_held_out(atlas *a)
{
    size_t n = a->rows.n, m = n - a->placed, size = (n + 10) / 20, i, j, bytes;
    uint64_t inside = 0;
    sphere_rows rows = rows_of(a->xyz, n, 3), queries = rows_of(a->xyz + 3 * a->placed, m, 3);
    sphere_search_desc search;
    uint32_t *index;
    float *score;
    void *memory;
    if (size < 1) size = 1;
    memset(&search, 0, sizeof search);
    search.exec = a->exec;
    index = (uint32_t *)ex_alloc_array(m, size * sizeof *index, "measuring");
    score = (float *)ex_alloc_array(m, size * sizeof *score, "measuring");
    bytes = sphere_search_size(&rows, &queries, size, &search);
    memory = ex_alloc(bytes, "measuring");
    ex_check(sphere_search_topk(&rows, &queries, size, &search, index, score, NULL, memory, bytes), "measuring");
    for (i = 0; i < m; i++)
        for (j = 0; j < a->k; j++) {
            const float *p = a->xyz + 3 * (a->placed + i), *q = a->xyz + 3 * (size_t)a->near[(a->placed + i) * a->k + j];
            inside += sphere_dot(p, q, 3) >= score[i * size + size - 1];
        }
    a->held_cone5 = a->k ? (float)((double)inside / (double)((uint64_t)m * a->k)) : 0;
    free(memory);
    free(score);
    free(index);
}

/* >>labels ---------------------------------------------------------------------------------------------------------- */

/* A word that reads well on a map: it has letters, three or more characters and is not long. */
static int is_good_label(const atlas *a, size_t i)
{
    const char *p = a->words.text + a->words.start[i], *end = p + a->words.length[i];
    int characters = 0, letters = 0;
    while (p < end) {
        uint32_t code = ex_next_char(&p, end);
        if (code < 32 || code == 0xFFFD || ++characters > 24) return 0;
        letters += code >= 0x80 || (code | 32) - 'a' < 26;
    }
    return letters >= 3;
}

/* Order rows by how much they deserve a label. Prominent is who is among the nearest ten of many others: such a word stands
   for its surroundings. The order is built in rounds of falling distance, so that every beginning of it is spread over the
   sphere: the reader of the list takes as many as fit. */
static void order_labels(atlas *a)
{
    static const float spread[5] = { 0.891f, 0.956f, 0.985f, 0.995f, 2.0f };        /* cosines: 27, 17, 10, 6 degrees, any */
    size_t n = a->rows.n, most = n < MOST_LABELS ? n : MOST_LABELS, i, j, round, candidates = 0, good = 0, largest = 0;
    uint32_t *popularity = (uint32_t *)ex_alloc_array(n, sizeof *popularity, "the labels");
    uint32_t *order = (uint32_t *)ex_alloc_array(n, sizeof *order, "the labels");
    size_t *place;
    unsigned char *taken = (unsigned char *)ex_alloc(n, "the labels");
    memset(popularity, 0, n * sizeof *popularity);
    memset(taken, 0, n);
    for (i = 0; i < n * a->k; i++) popularity[a->near[i]]++;
    for (i = 0; i < n; i++) if (a->words.count && is_good_label(a, i)) good++;
    for (i = 0; i < n; i++) {
        if (good && !is_good_label(a, i)) popularity[i] = 0;            /* still in the list, at its end */
        if (popularity[i] > largest) largest = popularity[i];
    }
    /* counting sort: popularity falling, ties by index */
    place = (size_t *)ex_alloc_array(largest + 2, sizeof *place, "the labels");
    memset(place, 0, (largest + 2) * sizeof *place);
    for (i = 0; i < n; i++) place[largest - popularity[i] + 1]++;
    for (i = 0; i <= largest; i++) place[i + 1] += place[i];
    for (i = 0; i < n; i++) order[place[largest - popularity[i]]++] = (uint32_t)i;
    candidates = most;
    a->labels = (uint32_t *)ex_alloc_array(most, sizeof *a->labels, "the labels");
    for (round = 0; round < 5; round++)
        for (i = 0; i < candidates && a->label_count < most; i++) {
            const float *p = a->xyz + 3 * (size_t)order[i];
            if (taken[order[i]]) continue;
            for (j = 0; j < a->label_count && round < 4; j++) {
                const float *q = a->xyz + 3 * (size_t)a->labels[j];
                if (p[0] * q[0] + p[1] * q[1] + p[2] * q[2] > spread[round]) break;
            }
            if (round < 4 && j < a->label_count) continue;
            taken[order[i]] = 1;
            a->labels[a->label_count++] = order[i];
        }
    free(place);
    free(taken);
    free(order);
    free(popularity);
}

/* The first view: rows of a rotation that turns the side of the outer shells to the reader, z upwards. There the points with
   large norms are, which for words are those that mean something. */
static void choose_view(const atlas *a, float turn[3][3])
{
    static const float fallback[3][3] = { { 0, 1, 0 }, { 0, 0, 1 }, { 1, 0, 0 } };
    double sum[3] = { 0, 0, 0 };
    float length, up[3];
    size_t i, j;
    memcpy(turn, fallback, sizeof fallback);
    for (i = 0; i < a->rows.n; i++) for (j = 0; j < 3; j++) sum[j] += (double)a->r[i] * (double)a->xyz[3 * i + j];
    for (j = 0; j < 3; j++) up[j] = (float)sum[j];
    length = sphere_norm(up, 3);
    if (!(length > 0)) return;
    for (j = 0; j < 3; j++) up[j] /= length;
    if (up[2] > 0.95f || up[2] < -0.95f) return;                        /* no upwards on a pole */
    memcpy(turn[2], up, sizeof up);
    for (j = 0; j < 3; j++) turn[1][j] = (j == 2 ? 1.0f : 0.0f) - up[2] * up[j];
    sphere_unit(&turn[1][0], &turn[1][1], &turn[1][2], 1, NULL);
    for (j = 0; j < 3; j++) {
        size_t k = (j + 1) % 3, l = (j + 2) % 3;
        turn[0][j] = turn[1][k] * turn[2][l] - turn[1][l] * turn[2][k];
    }
}

/* >>page ------------------------------------------------------------------------------------------------------------ */

/* The page, one line per string; the line that is only @DATA@ is where the data goes. It uses single quotes and no
   backslashes, so that what stands here is what the browser reads. */
static const char *const page[] = {
    "<!doctype html>",
    "<html lang='en'>",
    "<head>",
    "<meta charset='utf-8'>",
    "<meta name='viewport' content='width=device-width, initial-scale=1'>",
    "<meta name='color-scheme' content='light dark'>",
    "<title>Atlas</title>",
    "<link rel='icon' href='data:,'>",
    "<style>",
    ":root {",
    "  color-scheme: light; --paper: #faf8f3; --panel: #fffefb; --ink: #1d1b18; --soft: #645f56; --line: #ded8cb;",
    "      --accent: #1f6f63; --chosen: #c2410c;",
    "  --hit: #e6f0ec; --serif: 'Iowan Old Style', 'Palatino Linotype', Palatino, 'Book Antiqua', 'URW Palladio L', Georgia, serif;",
    "  --sans: system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;",
    "}",
    ":root[data-dark] {",
    "  color-scheme: dark; --paper: #12141a; --panel: #191c23; --ink: #f1eee7; --soft: #a8a298; --line: #30343e; --accent: #6fcdb9;",
    "      --chosen: #ff9a62; --hit: #1f302e;",
    "}",
    "* { box-sizing: border-box; }",
    "html, body { height: 100%; margin: 0; }",
    "body { background: var(--paper); color: var(--ink); font: 14px/1.45 var(--sans); display: grid;",
    "    grid-template-columns: minmax(0, 1fr) 376px; overflow: hidden; }",
    "#view { position: relative; overflow: hidden; }",
    "#stage { position: absolute; inset: 0; overflow: hidden; touch-action: none; cursor: grab; outline: none; user-select: none;",
    "    -webkit-user-select: none; }",
    "#stage.drag { cursor: grabbing; }",
    "#stage.over { cursor: pointer; }",
    "#stage canvas { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }",
    "#stage:focus-visible::after { content: ''; position: absolute; inset: 3px; border: 2px solid var(--accent);",
    "    border-radius: 6px; pointer-events: none; }",
    "#head { position: absolute; left: 24px; top: 18px; right: 24px; pointer-events: none; }",
    "#head > * { width: fit-content; max-width: 100%; }",
    "h1 { font: 600 26px/1.15 var(--serif); letter-spacing: -.01em; margin: 0; }",
    "#count { color: var(--soft); margin: 2px 0 0; }",
    "#legend { position: absolute; left: 24px; bottom: 20px; max-width: min(46%, 300px); font-size: 12px; color: var(--soft);",
    "    pointer-events: none; }",
    "#legend ul { list-style: none; margin: 0; padding: 0; }",
    "#head > *, #legend { background: color-mix(in srgb, var(--paper) 80%, transparent); border-radius: 6px;",
    "    box-shadow: 0 0 0 4px color-mix(in srgb, var(--paper) 80%, transparent); }",
    "#legend button { all: unset; pointer-events: auto; cursor: pointer; display: flex; gap: 8px; align-items: baseline;",
    "    padding: 1.5px 4px; border-radius: 4px; color: var(--soft); }",
    "#legend button span { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }",
    "#legend button:hover { color: var(--ink); }",
    "#legend i { flex: none; width: 9px; height: 9px; border-radius: 50%; }",
    "#ramp { width: 220px; max-width: 100%; height: 8px; border-radius: 4px; margin: 4px 0 2px; }",
    ".ends { display: flex; justify-content: space-between; width: 220px; max-width: 100%; font-variant-numeric: tabular-nums; }",
    "#tools { position: absolute; right: 18px; bottom: 18px; display: flex; gap: 6px; }",
    "#tools button, #theme { width: 34px; height: 34px; border: 1px solid var(--line); border-radius: 8px;",
    "    background: var(--panel); color: var(--ink); font: 17px/1 var(--sans); cursor: pointer; padding: 0; }",
    "#tools button:hover, #theme:hover { border-color: var(--soft); }",
    "aside { background: var(--panel); border-left: 1px solid var(--line); padding: 18px 22px 16px; overflow-y: auto;",
    "    display: flex; flex-direction: column; gap: 16px; }",
    ":focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }",
    ".row { display: flex; gap: 8px; align-items: center; }",
    "#find { position: relative; flex: 1; }",
    "#q { width: 100%; height: 38px; border: 1px solid var(--line); border-radius: 9px; background: var(--paper);",
    "    color: var(--ink); font: 16px var(--sans); padding: 0 34px 0 12px; }",
    "#q::-webkit-search-cancel-button { display: none; }",
    "#find kbd { position: absolute; right: 9px; top: 9px; pointer-events: none; }",
    "kbd { font: 11px/18px var(--sans); color: var(--soft); border: 1px solid var(--line); border-radius: 4px; padding: 0 5px;",
    "    display: inline-block; min-width: 20px; text-align: center; }",
    "#hints { position: absolute; z-index: 2; left: 0; right: 0; top: 42px; margin: 0; padding: 4px; list-style: none;",
    "    background: var(--panel); border: 1px solid var(--line); border-radius: 9px; box-shadow: 0 8px 24px rgb(0 0 0 / .16); }",
    "#hints li { padding: 5px 9px; border-radius: 6px; cursor: pointer; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }",
    "#hints li[aria-selected=true], #hints li:hover { background: var(--hit); }",
    "#hints[hidden], [hidden] { display: none !important; }",
    "#none { color: var(--soft); margin: 0; font-size: 13px; }",
    "#name { font: 600 30px/1.1 var(--serif); margin: 0; overflow-wrap: anywhere; }",
    "#where { color: var(--soft); margin: 3px 0 0; font-variant-numeric: tabular-nums; }",
    "#verdict { margin: 0; }",
    "label b, #verdict b { font-weight: 600; font-variant-numeric: tabular-nums; }",
    "#aperture { width: 100%; accent-color: var(--chosen); margin: 4px 0 6px; }",
    ".lists { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 18px; }",
    "h3 { font: 600 14px/1.3 var(--sans); margin: 0 0 4px; }",
    ".lists h4 { font: 400 12.5px/1.3 var(--sans); color: var(--soft); margin: 0 0 5px; padding-bottom: 5px;",
    "    border-bottom: 1px solid var(--line); }",
    ".lists ol { list-style: none; margin: 0 -6px; padding: 0; }",
    ".lists button { all: unset; display: flex; align-items: baseline; justify-content: space-between; gap: 8px; width: 100%;",
    "    box-sizing: border-box; cursor: pointer; padding: 2.5px 6px; border-radius: 5px; }",
    ".lists button:hover { background: var(--hit); }",
    ".lists button:focus-visible, #legend button:focus-visible { outline: 2px solid var(--accent); outline-offset: 0; }",
    ".lists button span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }",
    ".lists em { font-style: normal; color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; flex: none; }",
    ".lists .out span { color: var(--soft); text-decoration: underline dotted; text-underline-offset: 3px; }",
    ".lists .both span { font-weight: 600; color: var(--accent); }",
    ".key { color: var(--soft); font-size: 12px; margin: 8px 0 0; }",
    ".key b { color: var(--accent); }",
    ".key u { text-decoration: underline dotted; text-underline-offset: 3px; }",
    "fieldset { border: 0; margin: 0; padding: 0; display: flex; align-items: center; gap: 10px; }",
    "legend { float: left; width: 58px; color: var(--soft); padding: 0; font-size: 13px; }",
    "#peeling { display: flex; align-items: center; gap: 10px; font-size: 13px; color: var(--soft); }",
    "#peeling label { width: 58px; }",
    "#peeling input { flex: 1; min-width: 0; margin: 4px 0; accent-color: var(--accent); }",
    "#peeling output { min-width: 84px; text-align: right; font-variant-numeric: tabular-nums; }",
    ".pair { display: flex; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }",
    ".pair label { position: relative; cursor: pointer; }",
    ".pair input { position: absolute; opacity: 0; inset: 0; margin: 0; cursor: pointer; }",
    ".pair span { display: block; padding: 4px 13px; font-size: 13px; color: var(--soft); }",
    ".pair input:checked + span { background: var(--ink); color: var(--panel); }",
    ".pair input:focus-visible + span { outline: 2px solid var(--accent); outline-offset: -3px; }",
    "table { border-collapse: collapse; table-layout: fixed; width: 100%; font-size: 12.5px; font-variant-numeric: tabular-nums; }",
    "caption, th { text-align: left; font-weight: 400; color: var(--soft); }",
    "caption { padding-bottom: 3px; }",
    "td, thead th + th { text-align: right; padding: 2.5px 0 2.5px 12px; }",
    "tbody tr { border-top: 1px solid var(--line); }",
    "tbody th { color: var(--ink); padding: 2.5px 0; }",
    "#keys { color: var(--soft); font-size: 12px; margin: auto 0 0; padding-top: 4px; line-height: 1.75; }",
    ".sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }",
    "@media (max-width: 820px) {",
    "  body { display: block; overflow: auto; height: auto; }",
    "  :root { --tall: max(330px, min(62vh, 100vw)); }",
    "  #stage { position: relative; inset: auto; height: var(--tall); }",
    "  aside { border-left: 0; border-top: 1px solid var(--line); padding: 14px 16px 20px; overflow: visible; }",
    "  #head { left: 16px; top: 12px; right: 16px; }",
    "  h1 { font-size: 20px; }",
    "  #legend { position: static; max-width: none; padding: 10px 12px 12px; }",
    "  #legend ul { columns: 2; column-gap: 12px; }",
    "  #legend button { padding: 5px 4px; max-width: 100%; }",
    "  #tools { right: 12px; bottom: auto; top: calc(var(--tall) - 46px); }",
    "  #keys { display: none; }",
    "}",
    "</style>",
    "</head>",
    "<body>",
    "<main id='view'>",
    "<div id='stage' tabindex='0' role='application'",
    "     aria-label='Sphere of points. Arrow keys turn it, plus and minus zoom, slash searches, Escape clears.'>",
    "<canvas id='dots' aria-hidden='true'></canvas>",
    "<canvas id='ink' aria-hidden='true'></canvas>",
    "</div>",
    "<div id='head'><h1 id='title'>Atlas</h1><p id='count'></p></div>",
    "<div id='tools'>",
    "<button id='in' type='button' aria-label='Zoom in' title='Zoom in (+)'>+</button>",
    "<button id='out' type='button' aria-label='Zoom out' title='Zoom out (-)'>&minus;</button>",
    "<button id='home' type='button' aria-label='Reset the view' title='Reset the view (0)'>&#8634;</button>",
    "</div>",
    "<div id='legend'></div>",
    "</main>",
    "<aside aria-label='Search and details'>",
    "<div class='row'>",
    "<div id='find'>",
    "<input id='q' type='search' role='combobox' aria-expanded='false' aria-controls='hints' aria-autocomplete='list'",
    "       aria-label='Find a point' autocomplete='off' autocapitalize='off' spellcheck='false'>",
    "<kbd aria-hidden='true'>/</kbd>",
    "<ul id='hints' role='listbox' aria-label='Matches' hidden></ul>",
    "</div>",
    "<button id='theme' type='button'></button>",
    "</div>",
    "<p id='none'></p>",
    "<section id='detail' hidden aria-label='Selection'>",
    "<h2 id='name'></h2>",
    "<p id='where'></p>",
    "<p style='margin: 14px 0 0'><label for='aperture'>Cone of <b id='degrees'></b> around it</label>",
    "<input id='aperture' type='range' min='1' max='90' step='0.1'></p>",
    "<p id='verdict' style='margin-bottom: 14px'></p>",
    "<h3>The nearest</h3>",
    "<div class='lists'>",
    "<div id='left'><h4>in the embedding</h4><ol id='true'></ol></div>",
    "<div><h4>on the sphere</h4><ol id='map'></ol></div>",
    "</div>",
    "<p class='key' id='key'><b>Bold</b>: in both lists. <u>Dotted</u>: outside the cone.</p>",
    "</section>",
    "<div style='display: grid; gap: 8px'>",
    "<fieldset><legend>Colour</legend><div class='pair'>",
    "<label><input type='radio' name='colour' value='region' checked><span>Region</span></label>",
    "<label><input type='radio' name='colour' value='shell'><span>Shell</span></label></div></fieldset>",
    "<fieldset><legend>Depth</legend><div class='pair'>",
    "<label><input type='radio' name='depth' value='ball' checked><span>Shells</span></label>",
    "<label><input type='radio' name='depth' value='globe'><span>Globe</span></label></div></fieldset>",
    "<div id='peeling'><label for='peel'>Peel</label><input id='peel' type='range' min='1' step='1'><output id='peeled' for='peel'></output></div>",
    "</div>",
    "<table><caption>What the map keeps</caption>",
    "<thead><tr><th scope='col'><span class='sr'>Measure</span></th><th scope='col'>atlas</th>",
    "<th scope='col' title='Three principal directions alone'>PCA start</th></tr></thead><tbody id='figures'></tbody></table>",
    "<p id='keys'><kbd>drag</kbd> or <kbd>arrows</kbd> turn, <kbd>wheel</kbd> or <kbd>+</kbd> <kbd>&minus;</kbd> zoom,",
    "<kbd>/</kbd> search, <kbd>Esc</kbd> clear, <kbd>0</kbd> reset</p>",
    "</aside>",
    "<div class='sr' id='say' aria-live='polite'></div>",
    "<script type='application/json' id='data'>",
    "@DATA@",
    "</script>",
    "<script>",
    "'use strict';",
    "(() => {",
    "const $ = id => document.getElementById(id);",
    "const A = JSON.parse($('data').textContent), N = A.n, K = A.k;",
    "A.shells = A.radii.length;",
    "",
    "/* ---- data: base64 of little-endian arrays ---- */",
    "const bytes = text => { const s = atob(text), b = new Uint8Array(s.length); for (let i = 0; i < s.length;",
    "    i++) b[i] = s.charCodeAt(i); return b; };",
    "const xyz = new Int16Array(bytes(A.xyz).buffer), shell = new Uint16Array(bytes(A.shell).buffer),",
    "    labels = new Uint32Array(bytes(A.labels).buffer);",
    "const near = new Uint16Array(bytes(A.near).buffer), cosine = bytes(A.cos), listed = near.length > 0;",
    "const P = new Float32Array(3 * N), rad = new Float32Array(N), outer = A.radii[A.radii.length - 1] || 1;",
    "for (let i = 0; i < N; i++) {",
    "  const x = xyz[3 * i], y = xyz[3 * i + 1], z = xyz[3 * i + 2], l = Math.hypot(x, y, z) || 1;",
    "  P[3 * i] = x / l; P[3 * i + 1] = y / l; P[3 * i + 2] = z / l;",
    "  rad[i] = A.radii[shell[i]] / outer;",
    "}",
    "const word = i => A.words && A.words[i] ? A.words[i] : 'row ' + i;",
    "const thing = A.words ? (N === 1 ? 'word' : 'words') : (N === 1 ? 'point' : 'points');",
    "const number = v => v.toLocaleString('en');",
    "const dotOf = (i, j) => P[3 * i] * P[3 * j] + P[3 * i + 1] * P[3 * j + 1] + P[3 * i + 2] * P[3 * j + 2];",
    "",
    "/* ---- regions: the twelve best spread prominent points; every point belongs to the nearest of them ---- */",
    "const seeds = [];",
    "for (const limit of [0.35, 0.5, 0.65, 0.8, 1.1]) for (let j = 0; j < labels.length && seeds.length < Math.min(12, N); j++)",
    "  if (!seeds.includes(labels[j]) && seeds.every(s => dotOf(s, labels[j]) < limit)) seeds.push(labels[j]);",
    "/* neighbouring hues for neighbouring regions would blur their border: order the seeds along the axis and take hues in large steps */",
    "seeds.sort((a, b) => P[3 * b + 2] - P[3 * a + 2]);",
    "const region = new Uint8Array(N), regionWords = seeds.map(() => []);",
    "for (let i = 0; i < N; i++) { let best = -2; for (let s = 0; s < seeds.length; s++) { const d = dotOf(i, seeds[s]);",
    "    if (d > best) { best = d; region[i] = s; } } }",
    "for (let j = 0; j < labels.length; j++) if (regionWords[region[labels[j]]].length < 3) regionWords[region[labels[j]]].push(labels[j]);",
    "",
    "/* ---- state ---- */",
    "const still = matchMedia('(prefers-reduced-motion: reduce)'), night = matchMedia('(prefers-color-scheme: dark)');",
    "const HOME = A.view;",
    "const EYE = 3.2;",
    "let R = HOME.slice(), zoom = 1, globe = false, byShell = false, chosen = -1, hover = -1, half = 25.84, most = A.shells, theme = 'auto', dark = false;",
    "let W = 1, H = 1, DPR = 1, pending = false, ramp = [], hues = [], frame = { last: 0, worst: 0, count: 0, sum: 0 };",
    "const state = new Uint8Array(N), colour = new Uint8Array(4 * N);",
    "",
    "/* ---- colour: OKLCH to sRGB, so that equal steps look equal ---- */",
    "const oklch = (l, c, h) => {",
    "  const a = c * Math.cos(h), b = c * Math.sin(h), p = (l + .3963377774 * a + .2158037573 * b) ** 3,",
    "      q = (l - .1055613458 * a - .0638541728 * b) ** 3, r = (l - .0894841775 * a - 1.291485548 * b) ** 3;",
    "  const f = v => Math.round(255 * Math.min(1, Math.max(0, v <= .0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - .055)));",
    "  return [f(4.0767416621 * p - 3.3077115913 * q + .2309699292 * r), f(-1.2684380046 * p + 2.6097574011 * q - .3413193965 * r),",
    "      f(-.0041960863 * p - .7034186147 * q + 1.707614701 * r)];",
    "};",
    "const css = c => 'rgb(' + c.join(',') + ')';",
    "const token = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();",
    "let paper = '', ink = '', soft = '', chosenColour = '', accent = '';",
    "function paint() {",
    "  dark = theme === 'auto' ? night.matches : theme === 'dark';",
    "  document.documentElement.toggleAttribute('data-dark', dark);",
    "  paper = token('--paper'); ink = token('--ink'); soft = token('--soft'); chosenColour = token('--chosen'); accent = token('--accent');",
    "  ramp = [];",
    "  for (let i = 0; i < 64; i++) { const t = i / 63; ramp.push(dark ? oklch(.84 - .14 * t,",
    "      .14 - .02 * t, 1.2 - 2.75 * t) : oklch(.68 - .28 * t, .15, 1.15 - 2.6 * t)); }",
    "  const m = Math.max(1, seeds.length);",
    "  hues = seeds.map((s, i) => { const h = 6.2832 * ((i * 5) % 12) / 12 + .45; return dark ? oklch(i % 2 ? .82 : .72,",
    "      .125, h) : oklch(i % 2 ? .50 : .62, .135, h); });",
    "  for (let i = 0; i < N; i++) {",
    "    const c = byShell ? ramp[A.shells > 1 ? Math.round(63 * shell[i] / (A.shells - 1)) : 63] : hues[region[i] % m];",
    "    colour[4 * i] = c[0]; colour[4 * i + 1] = c[1]; colour[4 * i + 2] = c[2]; colour[4 * i + 3] = 255;",
    "  }",
    "  const names = { auto: 'follows the system', light: 'light', dark: 'dark' };",
    "  $('theme').textContent = String.fromCharCode(theme === 'auto' ? 9680 : theme === 'dark' ? 9790 : 9728);",
    "  $('theme').setAttribute('aria-label', 'Theme: ' + names[theme]);",
    "  $('theme').title = 'Theme: ' + names[theme];",
    "  legend();",
    "  measureCovered();",
    "  upload();",
    "  need();",
    "}",
    "function legend() {",
    "  const box = $('legend');",
    "  box.textContent = '';",
    "  if (byShell) {",
    "    const add = (tag, name, text) => { const e = document.createElement(tag); if (name) e.className = name;",
    "        if (text) e.textContent = text; return e; };",
    "    const bar = add('div'); bar.id = 'ramp';",
    "    bar.style.background = 'linear-gradient(90deg,' + ramp.filter((c, i) => i % 9 === 0).map(css).join(',') + ')';",
    "    const ends = add('div', 'ends');",
    "    ends.append(add('span', '', String(+A.radii[0].toPrecision(4))), add('span', '', String(+outer.toPrecision(4))));",
    "    box.append(add('div', '', 'Radius of the shell: small norm to large'), bar, ends);",
    "    return;",
    "  }",
    "  const list = document.createElement('ul');",
    "  list.setAttribute('aria-label', 'Regions; press one to turn to it');",
    "  seeds.forEach((s, i) => {",
    "    const li = document.createElement('li'), b = document.createElement('button'),",
    "        dot = document.createElement('i'), text = document.createElement('span');",
    "    b.type = 'button';",
    "    dot.style.background = css(hues[i]);",
    "    text.textContent = regionWords[i].slice(0, innerWidth > 820 && W < 720 ? 1 : 3).map(word).join(', ');",
    "    b.append(dot, text);",
    "    b.onclick = () => turnTo(s);",
    "    li.append(b);",
    "    list.append(li);",
    "  });",
    "  box.append(list);",
    "}",
    "",
    "/* ---- points: WebGL, or a plain canvas where there is none ---- */",
    "const stage = $('stage'), dots = $('dots'), pen = $('ink').getContext('2d');",
    "let gl = null, plain = null, program, place = {}, buffers = {};",
    "const VERTEX = `attribute vec3 p; attribute float r, s; attribute vec4 c; uniform mat3 R; uniform vec4 V; uniform vec4 M;",
    "    uniform vec2 Z; varying vec4 col; varying float soft;",
    "void main() {",
    "  vec3 q = R * (p * mix(r, 1.0, M.x));",
    "  float d = q.z * 0.5 + 0.5, w = V.z - q.z;",
    "  gl_Position = q.z < Z.x || q.z >= Z.y || r > M.z ? vec4(2.0, 2.0, 2.0, 1.0) : vec4(q.xy * V.xy / w, 0.0, 1.0);",
    "  float a = M.x > 0.5 ? smoothstep(-0.15, 0.35, q.z) * 0.92 + 0.035 : 0.16 + 0.78 * d * d;",
    "  float size = V.w * V.z / w * (0.62 + 0.5 * d);",
    "  if (M.y > 0.5 && s < 0.5) { a *= 0.3; }",
    "  if (s > 0.5) { a = max(a, 0.85); size *= 1.25; }",
    "  if (s > 1.5) { a = 1.0; size *= 1.35; }",
    "  gl_PointSize = size;",
    "  soft = 2.0 / max(size, 2.0);",
    "  col = vec4(c.rgb * a, a);",
    "}`;",
    "const FRAGMENT = `precision mediump float; varying vec4 col; varying float soft;",
    "void main() { float d = length(gl_PointCoord * 2.0 - 1.0), a = 1.0 - smoothstep(1.0 - soft, 1.0, d); if (a <= 0.0) discard;",
    "    gl_FragColor = col * a; }`;",
    "function setup() {",
    "  gl = dots.getContext('webgl', { antialias: false, alpha: true, premultipliedAlpha: true, depth: false });",
    "  if (!gl) { plain = dots.getContext('2d'); return; }",
    "  const make = (kind, text) => { const s = gl.createShader(kind); gl.shaderSource(s, text); gl.compileShader(s); return s; };",
    "  program = gl.createProgram();",
    "  gl.attachShader(program, make(gl.VERTEX_SHADER, VERTEX));",
    "  gl.attachShader(program, make(gl.FRAGMENT_SHADER, FRAGMENT));",
    "  gl.linkProgram(program);",
    "  gl.useProgram(program);",
    "  for (const u of ['R', 'V', 'M', 'Z']) place[u] = gl.getUniformLocation(program, u);",
    "  const bind = (name, data, size, kind, normal) => {",
    "    const at = gl.getAttribLocation(program, name);",
    "    buffers[name] = gl.createBuffer();",
    "    gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);",
    "    gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);",
    "    gl.enableVertexAttribArray(at);",
    "    gl.vertexAttribPointer(at, size, kind, normal, 0, 0);",
    "  };",
    "  bind('p', P, 3, gl.FLOAT, false);",
    "  bind('r', rad, 1, gl.FLOAT, false);",
    "  bind('s', state, 1, gl.UNSIGNED_BYTE, false);",
    "  bind('c', colour, 4, gl.UNSIGNED_BYTE, true);",
    "  gl.enable(gl.BLEND);",
    "  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);",
    "}",
    "function upload() {",
    "  if (!gl) return;",
    "  for (const [name, data] of [['c', colour], ['s', state]]) { gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);",
    "      gl.bufferSubData(gl.ARRAY_BUFFER, 0, data); }",
    "}",
    "dots.addEventListener('webglcontextlost', e => e.preventDefault());",
    "dots.addEventListener('webglcontextrestored', () => { setup(); paint(); });",
    "",
    "/* ---- view ---- */",
    "const scale = () => zoom * 0.43 * Math.min(W, H) * Math.sqrt(EYE * EYE - 1);",
    "const spot = [0, 0, 0];",
    "function project(i, out) {",
    "  const k = globe ? 1 : rad[i], x = P[3 * i] * k, y = P[3 * i + 1] * k, z = P[3 * i + 2] * k;",
    "  const qz = R[6] * x + R[7] * y + R[8] * z, f = scale() / (EYE - qz);",
    "  out[0] = W / 2 + (R[0] * x + R[1] * y + R[2] * z) * f;",
    "  out[1] = H / 2 - (R[3] * x + R[4] * y + R[5] * z) * f;",
    "  out[2] = qz;",
    "}",
    "const dotSize = () => Math.max(2.1, Math.min(11, Math.sqrt(Math.min(W, H) ** 2 / N) * 0.47)) * Math.min(2.2, Math.sqrt(zoom));",
    "function need() { if (!pending) { pending = true; requestAnimationFrame(draw); } }",
    "function resize() {",
    "  const box = $('stage').getBoundingClientRect();",
    "  W = Math.max(1, box.width); H = Math.max(1, box.height); DPR = Math.min(2, devicePixelRatio || 1);",
    "  for (const c of [dots, $('ink')]) { c.width = Math.round(W * DPR); c.height = Math.round(H * DPR); }",
    "  if (ramp.length) legend();",
    "  measureCovered();",
    "  need();",
    "}",
    "/* What lies over the picture and must not be written under: asking for it in every frame would force a layout. */",
    "let covered = [];",
    "function measureCovered() {",
    "  const o = stage.getBoundingClientRect();",
    "  covered = ['title', 'count', 'tools', 'legend'].map($).map(e => e.getBoundingClientRect()).map(b => [b.left - o.left - 4,",
    "      b.top - o.top - 4, b.right - o.left + 6, b.bottom - o.top + 4]);",
    "}",
    "function drawDots() {",
    "  const s = scale(), size = dotSize() * DPR, some = chosen >= 0 ? 1 : 0;",
    "  if (gl) {",
    "    gl.viewport(0, 0, dots.width, dots.height);",
    "    gl.clearColor(0, 0, 0, 0);",
    "    gl.clear(gl.COLOR_BUFFER_BIT);",
    "    gl.uniformMatrix3fv(place.R, false, [R[0], R[3], R[6], R[1], R[4], R[7], R[2], R[5], R[8]]);",
    "    gl.uniform4f(place.V, 2 * s / W, 2 * s / H, EYE, size);",
    "    gl.uniform4f(place.M, globe ? 1 : 0, some, A.radii[most - 1] / outer * 1.000001, 0);",
    "    /* far, middle, near: three unsorted passes look sorted and cost no sort */",
    "    for (const [a, b] of [[-2, -0.3], [-0.3, 0.3], [0.3, 2]]) { gl.uniform2f(place.Z, a, b); gl.drawArrays(gl.POINTS, 0, N); }",
    "    return;",
    "  }",
    "  plain.setTransform(DPR, 0, 0, DPR, 0, 0);",
    "  plain.clearRect(0, 0, W, H);",
    "  for (const [a, b] of [[-2, -0.3], [-0.3, 0.3], [0.3, 2]]) for (let i = 0; i < N; i++) {",
    "    project(i, spot);",
    "    if (spot[2] < a || spot[2] >= b || shell[i] >= most) continue;",
    "    const d = spot[2] / 2 + .5, t = size / DPR * (.6 + .5 * d) * (state[i] ? 1.4 : 1);",
    "    plain.globalAlpha = (globe ? (spot[2] > 0 ? .9 : .04) : .16 + .78 * d * d) * (some && !state[i] ? .3 : 1);",
    "    plain.fillStyle = css([colour[4 * i], colour[4 * i + 1], colour[4 * i + 2]]);",
    "    plain.fillRect(spot[0] - t / 2, spot[1] - t / 2, t, t);",
    "  }",
    "  plain.globalAlpha = 1;",
    "}",
    "/* A circle of the sphere: all directions at angle `open` from `axis`, at distance `far` from the centre; the near half strong. */",
    "function circle(axis, open, far, strong, weak, colourOf) {",
    "  const [ax, ay, az] = axis, s = scale(), k = Math.abs(az) < .9 ? [0, 0, 1] : [1, 0, 0];",
    "  let ux = ay * k[2] - az * k[1], uy = az * k[0] - ax * k[2], uz = ax * k[1] - ay * k[0];",
    "  const l = Math.hypot(ux, uy, uz); ux /= l; uy /= l; uz /= l;",
    "  const vx = ay * uz - az * uy, vy = az * ux - ax * uz, vz = ax * uy - ay * ux, c = Math.cos(open) * far, r = Math.sin(open) * far;",
    "  pen.strokeStyle = colourOf;",
    "  let before = null;",
    "  for (let t = 0; t <= 96; t++) {",
    "    const a = t / 96 * 6.283185307, x = c * ax + r * (Math.cos(a) * ux + Math.sin(a) * vx),",
    "        y = c * ay + r * (Math.cos(a) * uy + Math.sin(a) * vy), z = c * az + r * (Math.cos(a) * uz + Math.sin(a) * vz);",
    "    const qz = R[6] * x + R[7] * y + R[8] * z, f = s / (EYE - qz), px = W / 2 + (R[0] * x + R[1] * y + R[2] * z) * f,",
    "        py = H / 2 - (R[3] * x + R[4] * y + R[5] * z) * f;",
    "    if (before) { pen.globalAlpha = qz > 0 ? strong : weak; pen.beginPath(); pen.moveTo(before[0], before[1]);",
    "        pen.lineTo(px, py); pen.stroke(); }",
    "    before = [px, py];",
    "  }",
    "  pen.globalAlpha = 1;",
    "}",
    "const SERIF = getComputedStyle(document.documentElement).getPropertyValue('--serif');",
    "const short = t => { const c = Array.from(t.slice(0, 80));",
    "    return c.length > 32 ? c.slice(0, 31).join('') + String.fromCharCode(8230) : t; };",
    "const widths = new Map();",
    "function widthOf(text, font) {",
    "  const key = font + text;",
    "  let w = widths.get(key);",
    "  if (w === undefined) { pen.font = font; w = pen.measureText(text).width; if (widths.size > 20000) widths.clear(); widths.set(key, w); }",
    "  return w;",
    "}",
    "let kept = new Set(), boxes = [];",
    "const free = (x0, y0, x1, y1) => { for (const b of boxes) if (x0 < b[2] && b[0] < x1 && y0 < b[3] && b[1] < y1) return false;",
    "    return true; };",
    "function write(i, font, height, alpha, fill, force) {",
    "  const text = short(word(i));",
    "  project(i, spot);",
    "  const x = spot[0], gap = dotSize() / 2 + 4, w = widthOf(text, font) / 2;",
    "  const y = spot[1] - gap;",
    "  if (x < -20 || y < -10 || x > W + 20 || y > H + 20) return false;",
    "  const cx = force ? Math.min(W - w - 6, Math.max(w + 6, x)) : x;",
    "  if (!force && (cx - w < 4 || cx + w > W - 4 || y - height < 4 || y > H - 6)) return false;",
    "  if (!free(cx - w - 5, y - height, cx + w + 5, y + 4)) { if (!force) return false; }",
    "  boxes.push([cx - w - 5, y - height, cx + w + 5, y + 4]);",
    "  pen.font = font;",
    "  pen.globalAlpha = alpha;",
    "  pen.lineWidth = 4;",
    "  pen.strokeStyle = paper;",
    "  pen.strokeText(text, cx, y);",
    "  pen.fillStyle = fill;",
    "  pen.fillText(text, cx, y);",
    "  pen.globalAlpha = 1;",
    "  return true;",
    "}",
    "function drawInk() {",
    "  const s = scale();",
    "  pen.setTransform(DPR, 0, 0, DPR, 0, 0);",
    "  pen.clearRect(0, 0, W, H);",
    "  pen.lineWidth = 1;",
    "  pen.lineJoin = 'round';",
    "  pen.textAlign = 'center';",
    "  /* the outline of the outermost shell and of three inner ones, and a graticule for the sense of turning */",
    "  pen.strokeStyle = ink;",
    "  for (const f of globe ? [1] : [1, .75, .5, .25]) {",
    "    pen.globalAlpha = f === 1 ? .3 : .12;",
    "    pen.beginPath();",
    "    pen.arc(W / 2, H / 2, s * f / Math.sqrt(EYE * EYE - f * f), 0, 6.2832);",
    "    pen.stroke();",
    "  }",
    "  for (let t = 30; t < 180; t += 30) circle([0, 0, 1], t * Math.PI / 180, 1, .1, .03, ink);",
    "  for (let t = 0; t < 180; t += 30) circle([Math.cos(t * Math.PI / 180), Math.sin(t * Math.PI / 180), 0], Math.PI / 2, 1, .1, .03, ink);",
    "  boxes = [];",
    "  boxes.push(...covered);",
    "  const normal = '600 ' + (W < 600 ? 13 : 15) + 'px ' + SERIF;",
    "  if (chosen >= 0) {",
    "    const axis = [P[3 * chosen], P[3 * chosen + 1], P[3 * chosen + 2]];",
    "    pen.lineWidth = 1.6;",
    "    circle(axis, half * Math.PI / 180, 1, .95, .35, chosenColour);",
    "    /* four edges of the cone, from the centre */",
    "    const [ax, ay, az] = axis, k = Math.abs(az) < .9 ? [0, 0, 1] : [1, 0, 0];",
    "    let u = [ay * k[2] - az * k[1], az * k[0] - ax * k[2], ax * k[1] - ay * k[0]];",
    "    const l = Math.hypot(u[0], u[1], u[2]); u = u.map(v => v / l);",
    "    const v = [ay * u[2] - az * u[1], az * u[0] - ax * u[2], ax * u[1] - ay * u[0]], c = Math.cos(half * Math.PI / 180),",
    "        r = Math.sin(half * Math.PI / 180);",
    "    pen.strokeStyle = chosenColour;",
    "    pen.globalAlpha = .4;",
    "    pen.lineWidth = 1;",
    "    for (let e = 0; e < 8 && !globe; e++) {",
    "      const a = e * Math.PI / 4, p = [0, 1, 2].map(d => c * axis[d] + r * (Math.cos(a) * u[d] + Math.sin(a) * v[d]));",
    "      const qz = R[6] * p[0] + R[7] * p[1] + R[8] * p[2], f = s / (EYE - qz);",
    "      pen.beginPath(); pen.moveTo(W / 2, H / 2); pen.lineTo(W / 2 + (R[0] * p[0] + R[1] * p[1] + R[2] * p[2]) * f,",
    "          H / 2 - (R[3] * p[0] + R[4] * p[1] + R[5] * p[2]) * f); pen.stroke();",
    "    }",
    "    pen.globalAlpha = 1;",
    "    project(chosen, spot);",
    "    pen.fillStyle = chosenColour;",
    "    pen.beginPath(); pen.arc(spot[0], spot[1], dotSize() / 2 + 3, 0, 6.2832); pen.fill();",
    "    pen.strokeStyle = paper; pen.lineWidth = 1.5; pen.stroke();",
    "    write(chosen, '700 20px ' + SERIF, 20, 1, chosenColour, true);",
    "    if (listed) for (let j = 0; j < K; j++) { project(near[chosen * K + j], spot);",
    "        if (!globe || spot[2] > -.1) write(near[chosen * K + j], normal, 15, 1, ink, false); }",
    "  }",
    "  if (hover >= 0 && hover !== chosen) {",
    "    project(hover, spot);",
    "    pen.strokeStyle = ink; pen.lineWidth = 1.5;",
    "    pen.beginPath(); pen.arc(spot[0], spot[1], dotSize() / 2 + 3.5, 0, 6.2832); pen.stroke();",
    "    write(hover, '700 17px ' + SERIF, 18, 1, ink, true);",
    "  }",
    "  /* names of prominent points: those shown in the last frame come first, so that labels stay while the sphere turns */",
    "  let left = Math.round(Math.min(60, W * H / 14000) * (chosen >= 0 ? .5 : 1));",
    "  const now = new Set(), least = globe ? .15 : .12;",
    "  const attempt = i => {",
    "    if (left <= 0 || now.has(i) || i === chosen || i === hover || shell[i] >= most) return;",
    "    project(i, spot);",
    "    if (spot[2] < least / Math.sqrt(zoom) && N > 12) return;",
    "    if (chosen >= 0 && !state[i]) return;",
    "    const d = Math.min(1, .55 + .6 * Math.max(0, spot[2]));",
    "    if (write(i, normal, 15, d, ink, false)) { now.add(i); left--; }",
    "  };",
    "  for (const i of kept) attempt(i);",
    "  for (let j = 0; j < labels.length && left > 0; j++) attempt(labels[j]);",
    "  kept = now;",
    "}",
    "function draw(time) {",
    "  const start = performance.now();",
    "  pending = false;",
    "  if (flight) flight(time);",
    "  if (hoverAt) { const i = pick(hoverAt[0], hoverAt[1], 14); if (i !== hover) { hover = i; $('stage').classList.toggle('over',",
    "      i >= 0); } hoverAt = null; }",
    "  drawDots();",
    "  drawInk();",
    "  const cost = performance.now() - start;",
    "  frame.last = cost; frame.count++; frame.sum += cost; frame.worst = Math.max(frame.worst, cost);",
    "}",
    "",
    "/* ---- turning ---- */",
    "function turn(dx, dy) {",
    "  const cx = Math.cos(dx), sx = Math.sin(dx), cy = Math.cos(dy), sy = Math.sin(dy), Q = new Array(9);",
    "  for (let c = 0; c < 3; c++) {",
    "    const x = cx * R[c] + sx * R[6 + c], z = cx * R[6 + c] - sx * R[c], y = R[3 + c];",
    "    Q[c] = x; Q[3 + c] = cy * y - sy * z; Q[6 + c] = sy * y + cy * z;",
    "  }",
    "  /* keep it a rotation: rounding adds up over thousands of moves */",
    "  let l = Math.hypot(Q[6], Q[7], Q[8]); for (let i = 6; i < 9; i++) Q[i] /= l;",
    "  const d = Q[0] * Q[6] + Q[1] * Q[7] + Q[2] * Q[8]; for (let i = 0; i < 3; i++) Q[i] -= d * Q[6 + i];",
    "  l = Math.hypot(Q[0], Q[1], Q[2]); for (let i = 0; i < 3; i++) Q[i] /= l;",
    "  Q[3] = Q[7] * Q[2] - Q[8] * Q[1]; Q[4] = Q[8] * Q[0] - Q[6] * Q[2]; Q[5] = Q[6] * Q[1] - Q[7] * Q[0];",
    "  R = Q;",
    "  need();",
    "}",
    "let flight = null;",
    "/* Turn until point i faces the reader, along the shortest way. */",
    "function turnTo(i) {",
    "  const target = [P[3 * i], P[3 * i + 1], P[3 * i + 2]], begin = performance.now(), span = still.matches ? 0 : 550;",
    "  let done = 0;",
    "  const step = share => {",
    "    const x = R[0] * target[0] + R[1] * target[1] + R[2] * target[2],",
    "        y = R[3] * target[0] + R[4] * target[1] + R[5] * target[2], z = R[6] * target[0] + R[7] * target[1] + R[8] * target[2];",
    "    const side = Math.hypot(x, y), angle = Math.atan2(side, z) * share;",
    "    if (side < 1e-6 && z > 0) return;",
    "    const ux = side < 1e-6 ? 1 : x / side, uy = side < 1e-6 ? 0 : y / side, c = Math.cos(angle), s = Math.sin(angle);",
    "    const Q = R.slice();",
    "    for (let k = 0; k < 3; k++) {",
    "      const a = ux * R[k] + uy * R[3 + k], b = R[6 + k], na = c * a - s * b, nb = s * a + c * b;",
    "      Q[k] += ux * (na - a); Q[3 + k] += uy * (na - a); Q[6 + k] = nb;",
    "    }",
    "    R = Q;",
    "  };",
    "  flight = () => {",
    "    const t = span ? Math.min(1, (performance.now() - begin) / span) : 1, e = t < .5 ? 2 * t * t : 1 - 2 * (1 - t) * (1 - t);",
    "    step(done < 1 ? (e - done) / (1 - done) : 1);",
    "    done = e;",
    "    if (t >= 1) flight = null; else need();",
    "  };",
    "  need();",
    "}",
    "function zoomBy(f) { zoom = Math.min(14, Math.max(.6, zoom * f)); need(); }",
    "function home() { peel(A.shells); flight = null; R = HOME.slice(); zoom = 1; need(); }",
    "",
    "/* ---- picking: the nearest projected point; near ones win over far ones ---- */",
    "let hoverAt = null;",
    "function pick(mx, my, reach) {",
    "  let best = reach * reach, found = -1;",
    "  const s = scale();",
    "  for (let i = 0; i < N; i++) {",
    "    const k = globe ? 1 : rad[i], x = P[3 * i] * k, y = P[3 * i + 1] * k, z = P[3 * i + 2] * k, qz = R[6] * x + R[7] * y + R[8] * z;",
    "    if (qz < (globe ? 0 : -.15) || shell[i] >= most) continue;",
    "    const f = s / (EYE - qz), dx = W / 2 + (R[0] * x + R[1] * y + R[2] * z) * f - mx,",
    "        dy = H / 2 - (R[3] * x + R[4] * y + R[5] * z) * f - my;",
    "    const d = dx * dx + dy * dy + (1 - qz) * 18;",
    "    if (d < best) { best = d; found = i; }",
    "  }",
    "  return found;",
    "}",
    "",
    "/* ---- pointers: one turns, two zoom; a tap selects ---- */",
    "const fingers = new Map();",
    "let moved = 0, spread = 0;",
    "const at = e => { const b = stage.getBoundingClientRect(); return [e.clientX - b.left, e.clientY - b.top]; };",
    "stage.addEventListener('pointerdown', e => {",
    "  fingers.set(e.pointerId, at(e));",
    "  stage.setPointerCapture(e.pointerId);",
    "  moved = fingers.size > 1 ? 99 : 0;",
    "  flight = null;",
    "  if (fingers.size === 2) { const [a, b] = [...fingers.values()]; spread = Math.hypot(a[0] - b[0], a[1] - b[1]); }",
    "});",
    "stage.addEventListener('pointermove', e => {",
    "  const p = at(e), last = fingers.get(e.pointerId);",
    "  if (!last) { if (e.pointerType !== 'touch') { hoverAt = p; need(); } return; }",
    "  fingers.set(e.pointerId, p);",
    "  if (fingers.size === 2) {",
    "    const [a, b] = [...fingers.values()], now = Math.hypot(a[0] - b[0], a[1] - b[1]);",
    "    if (spread > 0) zoomBy(now / spread);",
    "    spread = now;",
    "    return;",
    "  }",
    "  const dx = p[0] - last[0], dy = p[1] - last[1];",
    "  moved += Math.abs(dx) + Math.abs(dy);",
    "  if (moved > 4) { hover = -1; stage.classList.add('drag'); stage.classList.remove('over');",
    "      const k = 1.25 / (Math.min(W, H) * .43 * zoom); turn(dx * k, dy * k); }",
    "});",
    "const release = e => {",
    "  if (!fingers.delete(e.pointerId)) return;",
    "  stage.classList.remove('drag');",
    "  if (e.type !== 'pointerup' || moved > 4) return;",
    "  const p = at(e), i = pick(p[0], p[1], e.pointerType === 'touch' ? 26 : 15);",
    "  if (i >= 0) select(i, false); else if (chosen >= 0) clear();",
    "};",
    "stage.addEventListener('pointerup', release);",
    "stage.addEventListener('pointercancel', release);",
    "stage.addEventListener('pointerleave', () => { if (hover >= 0) { hover = -1; stage.classList.remove('over'); need(); } });",
    "stage.addEventListener('wheel', e => { e.preventDefault(); zoomBy(Math.exp(-e.deltaY * (e.deltaMode ? .05 : .0016)));",
    "    }, { passive: false });",
    "$('in').onclick = () => zoomBy(1.3);",
    "$('out').onclick = () => zoomBy(1 / 1.3);",
    "$('home').onclick = home;",
    "",
    "/* ---- selection ---- */",
    "function inCone() {",
    "  const c = Math.cos(half * Math.PI / 180);",
    "  let count = 0;",
    "  for (let i = 0; i < N; i++) { const inside = chosen >= 0 && dotOf(i, chosen) >= c - 1e-7; state[i] = inside ? 1 : 0; count += inside; }",
    "  if (chosen >= 0) { if (listed) for (let j = 0; j < K; j++) state[near[chosen * K + j]] = 2; state[chosen] = 2; }",
    "  upload();",
    "  return count;",
    "}",
    "function nearestOnSphere(i, most) {",
    "  const found = [];",
    "  for (let j = 0; j < N; j++) {",
    "    if (j === i) continue;",
    "    const d = dotOf(i, j);",
    "    if (found.length < most || d > found[found.length - 1][0]) {",
    "      let at = found.length;",
    "      while (at > 0 && found[at - 1][0] < d) at--;",
    "      found.splice(at, 0, [d, j]);",
    "      if (found.length > most) found.pop();",
    "    }",
    "  }",
    "  return found;",
    "}",
    "function item(i, note, both, out, say) {",
    "  const li = document.createElement('li'), b = document.createElement('button'), s = document.createElement('span'),",
    "      e = document.createElement('em');",
    "  b.type = 'button';",
    "  s.textContent = word(i);",
    "  e.textContent = note;",
    "  b.className = (both ? 'both ' : '') + (out ? 'out' : '');",
    "  b.title = word(i);",
    "  b.setAttribute('aria-label', word(i) + ', ' + note + (both ? ', in both lists' : '') + (out ? ', outside the cone' : '') + (say || ''));",
    "  b.append(s, e);",
    "  b.onclick = () => select(i, true);",
    "  b.onmouseenter = b.onfocus = () => { hover = i; need(); };",
    "  b.onmouseleave = b.onblur = () => { hover = -1; need(); };",
    "  li.append(b);",
    "  return li;",
    "}",
    "const degreesOf = d => Math.acos(Math.min(1, Math.max(-1, d))) * 180 / Math.PI;",
    "let sphereList = [];",
    "function details(say) {",
    "  const count = inCone(), c = half * Math.PI / 180, share = (1 - Math.cos(c)) / 2, sign = String.fromCharCode(176);",
    "  let hits = 0;",
    "  const trueList = [];",
    "  if (listed) for (let j = 0; j < K; j++) {",
    "    const i = near[chosen * K + j], d = degreesOf(dotOf(chosen, i));",
    "    if (d <= half + 1e-4) hits++;",
    "    trueList.push([i, A.cosLow + cosine[chosen * K + j] / 255 * (A.cosHigh - A.cosLow), d]);",
    "  }",
    "  $('degrees').textContent = half.toFixed(1) + sign;",
    "  $('aperture').value = half;",
    "  $('aperture').setAttribute('aria-valuetext', half.toFixed(1) + ' degrees, ' + count + ' ' + thing);",
    "  const verdict = $('verdict'), bold = t => { const b = document.createElement('b'); b.textContent = t; return b; };",
    "  verdict.textContent = '';",
    "  verdict.append('It covers ' + (100 * share).toFixed(1) + ' % of the sphere and holds ',",
    "      bold(number(count)), ' ' + thing + (listed && K ? ', among them ' : '.'));",
    "  if (listed && K) verdict.append(bold(hits + ' of the ' + K), ' nearest.');",
    "  const trueOnes = new Set(trueList.map(t => t[0])), mapOnes = new Set(sphereList.map(t => t[1]));",
    "  $('true').replaceChildren(...trueList.map(t => item(t[0], t[1].toFixed(2), mapOnes.has(t[0]), t[2] > half + 1e-4, ' cosine')));",
    "  $('map').replaceChildren(...sphereList.map(t => item(t[1], degreesOf(t[0]).toFixed(1) + sign, trueOnes.has(t[1]),",
    "      degreesOf(t[0]) > half + 1e-4)));",
    "  if (say) $('say').textContent = word(chosen) + ' selected. ' + verdict.textContent;",
    "  need();",
    "}",
    "function select(i, fly) {",
    "  chosen = i;",
    "  hover = -1;",
    "  sphereList = nearestOnSphere(i, Math.max(10, K));",
    "  $('name').textContent = word(i);",
    "  if (shell[i] >= most) peel(A.shells);",
    "  $('where').textContent = 'Shell ' + (shell[i] + 1) + ' of ' + number(A.shells) + ', radius ' + +A.radii[shell[i]].toPrecision(4) +",
    "    (A.words && A.words[i] ? ', row ' + number(i) : '');",
    "  $('detail').hidden = false;",
    "  $('none').hidden = true;",
    "  $('q').value = word(i);",
    "  hide();",
    "  details(true);",
    "  remember();",
    "  if (fly) turnTo(i);",
    "}",
    "function clear() {",
    "  chosen = -1;",
    "  inCone();",
    "  $('detail').hidden = true;",
    "  $('none').hidden = false;",
    "  $('q').value = '';",
    "  hide();",
    "  remember();",
    "  need();",
    "}",
    "$('aperture').addEventListener('input', () => { half = +$('aperture').value; details(false); });",
    "$('aperture').addEventListener('change', () => { remember(); details(true); });",
    "",
    "/* Peeling hides the outer shells, so that the inner ones can be seen. */",
    "$('peel').max = A.shells;",
    "$('peeling').hidden = A.shells < 2;",
    "function peel(to) {",
    "  most = Math.min(A.shells, Math.max(1, to));",
    "  $('peel').value = most;",
    "  $('peeled').textContent = most === A.shells ? 'all shells' : 'shells 1 to ' + most;",
    "  need();",
    "}",
    "$('peel').addEventListener('input', () => peel(+$('peel').value));",
    "peel(A.shells);",
    "",
    "/* ---- search ---- */",
    "let lower = null, matches = [], marked = -1;",
    "function search(text) {",
    "  const t = text.trim().toLowerCase(), found = [];",
    "  if (!t) return found;",
    "  if (!A.words) {",
    "    const digits = t.replace(/[^0-9]/g, '');",
    "    if (digits && +digits < N) found.push(+digits);",
    "    return found;",
    "  }",
    "  if (!lower) lower = A.words.map(w => w.toLowerCase());",
    "  const exact = lower.indexOf(t);",
    "  if (exact >= 0) found.push(exact);",
    "  for (let i = 0; i < N && found.length < 8; i++) if (i !== exact && lower[i].startsWith(t)) found.push(i);",
    "  for (let i = 0; i < N && found.length < 8; i++) if (lower[i].indexOf(t) > 0) found.push(i);",
    "  return found;",
    "}",
    "function hide() { matches = []; marked = -1; $('hints').hidden = true; $('q').setAttribute('aria-expanded', 'false');",
    "    $('q').removeAttribute('aria-activedescendant'); }",
    "function show() {",
    "  const list = $('hints');",
    "  list.textContent = '';",
    "  matches.forEach((m, j) => {",
    "    const li = document.createElement('li');",
    "    li.id = 'hint' + j;",
    "    li.setAttribute('role', 'option');",
    "    li.setAttribute('aria-selected', j === marked);",
    "    li.textContent = word(m);",
    "    li.onpointerdown = e => { e.preventDefault(); select(m, true); };",
    "    list.append(li);",
    "  });",
    "  if (!matches.length) { const li = document.createElement('li'); li.textContent = 'Nothing found';",
    "      li.setAttribute('role', 'option'); li.setAttribute('aria-disabled', 'true'); list.append(li); }",
    "  list.hidden = !$('q').value.trim();",
    "  $('q').setAttribute('aria-expanded', String(!list.hidden));",
    "  if (marked >= 0) $('q').setAttribute('aria-activedescendant', 'hint' + marked); else $('q').removeAttribute('aria-activedescendant');",
    "}",
    "$('q').addEventListener('input', () => { matches = search($('q').value); marked = matches.length ? 0 : -1; show(); });",
    "$('q').addEventListener('focus', () => $('q').select());",
    "$('q').addEventListener('blur', hide);",
    "$('q').addEventListener('keydown', e => {",
    "  if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {",
    "    if (matches.length) { marked = (marked + (e.key === 'ArrowDown' ? 1 : matches.length - 1)) % matches.length; show(); }",
    "    e.preventDefault();",
    "  }",
    "  else if (e.key === 'Enter') {",
    "    if (!matches.length) matches = search($('q').value);",
    "    const m = matches[Math.max(0, marked)];",
    "    if (m !== undefined) select(m, true); else { show(); $('say').textContent = 'Nothing found'; }",
    "    e.preventDefault();",
    "  }",
    "  else if (e.key === 'Escape') { if (!$('hints').hidden) hide(); else { clear(); stage.focus(); } e.stopPropagation(); }",
    "});",
    "",
    "/* ---- keys ---- */",
    "document.addEventListener('keydown', e => {",
    "  if (e.ctrlKey || e.metaKey || e.altKey || e.target === $('q')) return;",
    "  const free = e.target === stage || e.target === document.body;",
    "  if (e.key === '/') { $('q').focus(); e.preventDefault(); }",
    "  else if (e.key === 'Escape') clear();",
    "  else if (e.key === '+' || e.key === '=') zoomBy(1.2);",
    "  else if (e.key === '-' || e.key === '_') zoomBy(1 / 1.2);",
    "  else if (e.key === '0' && free) home();",
    "  else if (free && e.key.startsWith('Arrow')) {",
    "    const a = (e.shiftKey ? .25 : .09) / Math.sqrt(zoom);",
    "    flight = null;",
    "    turn(e.key === 'ArrowLeft' ? -a : e.key === 'ArrowRight' ? a : 0, e.key === 'ArrowUp' ? -a : e.key === 'ArrowDown' ? a : 0);",
    "    e.preventDefault();",
    "  }",
    "});",
    "",
    "/* ---- choices, kept in the address so that a view can be sent to somebody ---- */",
    "for (const name of ['colour', 'depth']) for (const input of document.getElementsByName(name)) input.onchange = () => {",
    "  if (name === 'colour') { byShell = input.value === 'shell'; paint(); } else { globe = input.value === 'globe'; need(); }",
    "  remember();",
    "};",
    "$('theme').onclick = () => {",
    "  const system = night.matches ? 'dark' : 'light', other = night.matches ? 'light' : 'dark';",
    "  theme = theme === 'auto' ? other : theme === other ? system : 'auto';",
    "  paint();",
    "  remember();",
    "};",
    "night.addEventListener('change', paint);",
    "function remember() {",
    "  const h = [];",
    "  if (chosen >= 0) { h.push('q=' + encodeURIComponent(word(chosen))); h.push('a=' + half.toFixed(1)); }",
    "  if (byShell) h.push('colour=shell');",
    "  if (globe) h.push('depth=globe');",
    "  if (theme !== 'auto') h.push('theme=' + theme);",
    "  try { history.replaceState(null, '', h.length ? '#' + h.join('&') : location.pathname + location.search);",
    "      } catch (e) { /* some viewers forbid it */ }",
    "}",
    "function recall() {",
    "  const h = {};",
    "  for (const part of location.hash.slice(1).split('&')) { const [k, v] = part.split('=');",
    "      try { h[k] = decodeURIComponent(v || ''); } catch (e) { h[k] = ''; } }",
    "  byShell = h.colour === 'shell';",
    "  globe = h.depth === 'globe';",
    "  theme = h.theme === 'dark' || h.theme === 'light' ? h.theme : 'auto';",
    "  if (+h.a >= 1 && +h.a <= 90) half = +h.a;",
    "  document.getElementsByName('colour')[byShell ? 1 : 0].checked = true;",
    "  document.getElementsByName('depth')[globe ? 1 : 0].checked = true;",
    "  paint();",
    "  if (h.q) { const m = A.words && A.words.includes(h.q) ? A.words.indexOf(h.q) : search(h.q)[0];",
    "      if (m !== undefined) { select(m, false); turnTo(m); } else $('q').value = h.q; }",
    "}",
    "",
    "/* ---- begin ---- */",
    "const name = A.name.replace(/[.](npy|fvecs|bvecs|safetensors)$/, '');",
    "document.title = name + ' - atlas';",
    "$('title').textContent = name;",
    "const many = (n, one) => number(n) + ' ' + one + (n === 1 ? '' : 's');",
    "$('count').textContent = number(N) + ' ' + thing + ' on ' + many(A.shells, 'shell') + ', ' + many(A.dim, 'dimension');",
    "$('q').placeholder = A.words ? 'Find a word' : 'Find a row by number';",
    "$('none').textContent = 'Point at a dot to read it, choose one to see its cone and its neighbours.';",
    "if (!listed) {",
    "  $('left').hidden = true;",
    "  if (N > 1) $('key').textContent = 'The neighbours in the embedding are left out of a page with this many points; ' +",
    "    'ask the program with --query.';",
    "  else $('key').hidden = true;",
    "}",
    "for (const [label, now, before, tip] of A.quality) {",
    "  const tr = document.createElement('tr'), th = document.createElement('th');",
    "  th.scope = 'row';",
    "  th.textContent = label;",
    "  tr.title = tip;",
    "  tr.append(th);",
    "  for (const v of [now, before]) { const td = document.createElement('td'); td.textContent = v.replace(/^0[.]/, '.'); tr.append(td); }",
    "  $('figures').append(tr);",
    "}",
    "setup();",
    "new ResizeObserver(resize).observe(stage);",
    "resize();",
    "recall();",
    "addEventListener('hashchange', recall);",
    "window.atlas = { frame, view: () => ({ zoom, R: R.slice(), chosen, hover, dark, globe, labels: kept.size, webgl: !!gl }) };",
    "})();",
    "</script>",
    "</body>",
    "</html>"
};

static int round_to_int(float value) { return (int)(value < 0 ? value - 0.5f : value + 0.5f); }

static void put_u16(unsigned char *to, uint32_t value) { to[0] = (unsigned char)value; to[1] = (unsigned char)(value >> 8); }
static void put_u32(unsigned char *to, uint32_t value) { put_u16(to, value); put_u16(to + 2, value >> 16); }

static void write_array(ex_file *f, const char *name, const unsigned char *data, size_t bytes)
{
    ex_printf(f, ",\n\"%s\":\"", name);
    ex_write_base64(f, data, bytes);
    ex_puts(f, "\"");
}

/* A measure that so few points do not have is shown as "-". */
static const char *figure(char out[32], int known, double value, const char *format)
{
    if (known && value == value) snprintf(out, 32, format, value);
    else strcpy(out, "-");
    return out;
}

/* The data of the page as JSON: directions as 16-bit integers, neighbours as indices, cosines as bytes between the lowest and
   the highest. */
static void write_data(const atlas *a, ex_file *f)
{
    size_t n = a->rows.n, i, j, listed = n <= MOST_LISTED_ROWS ? n * a->k : 0;
    unsigned char *bytes = (unsigned char *)ex_alloc_array(n, 2 * SHOWN_NEIGHBOURS, "the page");
    float low = 1, high = -1;
    int full = a->placed == n && n > 1;
    char t[8][32];
    float turn[3][3];
    ex_puts(f, "{\"name\":");
    ex_write_json(f, ex_base_name(a->input), strlen(ex_base_name(a->input)));
    ex_printf(f, ",\"n\":%llu,\"dim\":%llu,\"k\":%llu,\"held\":%llu", (unsigned long long)n, (unsigned long long)a->rows.dim,
              (unsigned long long)a->k, (unsigned long long)(n - a->placed));
    ex_printf(f, ",\n\"quality\":[[\"recall10\",\"%s\",\"%s\",\"Share of the ten nearest in the embedding that are also the ten nearest on the sphere\"],"
              "[\"cone 5 %%\",\"%s\",\"%s\",\"Share of the ten nearest found in the cone that holds 5 %% of all points\"],"
              "[\"cone 10 %%\",\"%s\",\"%s\",\"The same for 10 %%\"],",
              figure(t[0], n > 1, (double)a->kept.recall, "%.3f"), figure(t[1], full, (double)a->start.recall, "%.3f"),
              figure(t[2], n > 1, (double)a->kept.cone[1], "%.3f"), figure(t[3], full, (double)a->start.cone[1], "%.3f"),
              figure(t[4], n > 1, (double)a->kept.cone[2], "%.3f"), figure(t[5], full, (double)a->start.cone[2], "%.3f"));
    ex_printf(f, "[\"evenness\",\"%s\",\"%s\",\"Variation of the number of points in equal cells: 0 is perfectly even\"]]",
              figure(t[6], 1, (double)a->even.cell_cv, "%.3f"), figure(t[7], full, (double)a->start_even.cell_cv, "%.3f"));
    choose_view(a, turn);
    ex_puts(f, ",\n\"view\":[");
    for (i = 0; i < 9; i++) ex_printf(f, i ? ",%.6g" : "%.6g", (double)turn[i / 3][i % 3]);
    ex_puts(f, "],\n\"radii\":[");
    for (i = 0; i < a->shells; i++) ex_printf(f, i ? ",%.6g" : "%.6g", a->radii[i]);
    ex_puts(f, "],\n\"words\":");
    if (a->words.count) {
        ex_puts(f, "[");
        for (i = 0; i < n; i++) {
            if (i) ex_puts(f, i % 16 ? "," : ",\n");
            ex_write_json(f, a->words.text + a->words.start[i], a->words.length[i]);
        }
        ex_puts(f, "]");
    } else ex_puts(f, "null");

    for (i = 0; i < n; i++) for (j = 0; j < 3; j++) put_u16(bytes + 6 * i + 2 * j, (uint32_t)round_to_int(a->xyz[3 * i + j] * 32767.0f) & 0xFFFFu);
    write_array(f, "xyz", bytes, 6 * n);
    for (i = 0; i < n; i++) put_u16(bytes + 2 * i, a->shell[i]);
    write_array(f, "shell", bytes, 2 * n);
    for (i = 0; i < a->label_count; i++) put_u32(bytes + 4 * i, a->labels[i]);
    write_array(f, "labels", bytes, 4 * a->label_count);
    for (i = 0; i < listed; i++) put_u16(bytes + 2 * i, a->near[i]);
    write_array(f, "near", bytes, 2 * listed);
    for (i = 0; i < listed; i++) {
        if (a->near_cosine[i] < low) low = a->near_cosine[i];
        if (a->near_cosine[i] > high) high = a->near_cosine[i];
    }
    if (!(high > low)) high = low + 1;
    for (i = 0; i < listed; i++) bytes[i] = (unsigned char)round_to_int((a->near_cosine[i] - low) / (high - low) * 255.0f);
    write_array(f, "cos", bytes, listed);
    ex_printf(f, ",\"cosLow\":%.6g,\"cosHigh\":%.6g}\n", (double)low, (double)high);
    free(bytes);
}

static void write_page(const atlas *a)
{
    ex_file *f = ex_create_file(a->directory, "atlas.html");
    size_t i;
    for (i = 0; i < sizeof page / sizeof page[0]; i++) {
        if (!strcmp(page[i], "@DATA@")) { write_data(a, f); continue; }
        ex_puts(f, page[i]);
        ex_puts(f, "\n");
    }
}

/* >>picture --------------------------------------------------------------------------------------------------------- */

/* The name of a row for people: its word, or its number. */
static void row_name(const atlas *a, size_t i, char number[32], const char **text, size_t *length)
{
    if (a->words.count && a->words.length[i]) {
        *text = a->words.text + a->words.start[i];
        *length = a->words.length[i];
    } else {
        snprintf(number, 32, "row %llu", (unsigned long long)i);
        *text = number;
        *length = strlen(number);
    }
}

/* A still view: parallel projection of the ball, points grouped by depth and shell into few paths, the most prominent words
   of the near side. All arithmetic is on single floats and integers, so the bytes agree between machines. */
static void write_picture(const atlas *a)
{
    enum { WIDTH = 1200, HEIGHT = 880, CENTRE_X = 600, CENTRE_Y = 440, RADIUS = 404, COLOURS = 8, LAYERS = 3, LABELS = 40, MOST_DOTS = 16000 };
    static const char *const light[COLOURS] = { "#d9801a", "#d8623a", "#cb4a5c", "#b13f7c", "#8f4096", "#6b45a4", "#4747a3", "#273f95" };
    static const char *const dark[COLOURS] = { "#ffc061", "#ff9f68", "#fb827d", "#ea7399", "#d071b3", "#b07ac8", "#9189da", "#7d9be8" };
    float turn[3][3];
    ex_file *f = ex_create_file(a->directory, "atlas.svg");
    size_t n = a->rows.n, i, j, layer, colour, step = (n + MOST_DOTS - 1) / MOST_DOTS, shown = 0;
    short (*spot)[2] = (short (*)[2])ex_alloc_array(n, sizeof *spot, "the picture");
    unsigned char *group = (unsigned char *)ex_alloc(n, "the picture");
    float *depth = (float *)ex_alloc_array(n, sizeof *depth, "the picture");
    int box[LABELS][4];
    float largest = (float)a->radii[a->shells - 1];
    choose_view(a, turn);
    for (i = 0; i < n; i++) {
        const float *p = a->xyz + 3 * i, share = largest > 0 ? a->r[i] / largest : 0;
        float v[3];
        for (j = 0; j < 3; j++) v[j] = (turn[j][0] * p[0] + turn[j][1] * p[1] + turn[j][2] * p[2]) * share;
        spot[i][0] = (short)round_to_int(v[0] * (RADIUS * 10.0f));      /* tenths of a pixel */
        spot[i][1] = (short)round_to_int(v[1] * (RADIUS * -10.0f));
        depth[i] = v[2];
        layer = v[2] < -0.25f ? 0 : v[2] < 0.25f ? 1 : 2;
        colour = a->shells > 1 ? (size_t)a->shell[i] * COLOURS / (size_t)a->shells : COLOURS - 1;
        group[i] = (unsigned char)(layer * COLOURS + colour);
    }
    ex_printf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    ex_printf(f, "Map of %llu points on %llu shells of a sphere\">\n<style>\n", (unsigned long long)n, (unsigned long long)a->shells);
    ex_puts(f, ".b{fill:#faf8f3}.g{fill:none;stroke:#1d1b18;stroke-opacity:.14}.l{font:600 15px Palatino,'Palatino Linotype','Book Antiqua',Georgia,serif;"
               "fill:#1d1b18;stroke:#faf8f3;stroke-width:4px;paint-order:stroke;stroke-linejoin:round;text-anchor:middle}\n"
               ".n{font:12px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#6b665d}"
               "path{fill:none;stroke-linecap:round}.d0{opacity:.22;stroke-width:20px}.d1{opacity:.45;stroke-width:27px}.d2{opacity:.85;stroke-width:34px}\n");
    for (i = 0; i < COLOURS; i++) ex_printf(f, ".c%d{stroke:%s}.f%d{fill:%s}", (int)i, light[i], (int)i, light[i]);
    ex_puts(f, "\n@media(prefers-color-scheme:dark){.b{fill:#12141a}.g{stroke:#e9e6df}.l{fill:#f1eee7;stroke:#12141a}.n{fill:#a29d93}\n");
    for (i = 0; i < COLOURS; i++) ex_printf(f, ".c%d{stroke:%s}.f%d{fill:%s}", (int)i, dark[i], (int)i, dark[i]);
    ex_printf(f, "}\n</style>\n<rect class=\"b\" width=\"%d\" height=\"%d\" rx=\"10\"/>\n", WIDTH, HEIGHT);
    for (i = 1; i <= 4; i++) ex_printf(f, "<circle class=\"g\" cx=\"%d\" cy=\"%d\" r=\"%d\"/>\n", CENTRE_X, CENTRE_Y, (int)(RADIUS * i / 4));
    ex_printf(f, "<g transform=\"translate(%d %d) scale(.1)\">\n", CENTRE_X, CENTRE_Y);
    for (layer = 0; layer < LAYERS; layer++) for (colour = 0; colour < COLOURS; colour++) {
        int open = 0;
        for (i = 0; i < n; i += step) {
            if (group[i] != layer * COLOURS + colour) continue;
            if (!open) ex_printf(f, "<path class=\"c%d d%d\" d=\"", (int)colour, (int)layer);
            open = 1;
            ex_printf(f, "M%d %dh0", spot[i][0], spot[i][1]);
        }
        if (open) ex_puts(f, "\"/>\n");
    }
    ex_puts(f, "</g>\n");
    for (i = 0; i < a->label_count && shown < LABELS; i++) {
        size_t row = a->labels[i], length;
        char number[32];
        const char *text, *p;
        int wide = 0, b[4];
        if (n > LABELS && depth[row] < 0.2f) continue;
        row_name(a, row, number, &text, &length);
        for (p = text; p < text + length && wide < 25; wide++) ex_next_char(&p, text + length);
        b[0] = CENTRE_X + spot[row][0] / 10 - wide * 4 - 8;             /* about 8 pixels a character at this size */
        b[1] = CENTRE_Y + spot[row][1] / 10 - 24;
        b[2] = b[0] + wide * 8 + 16;
        b[3] = b[1] + 26;
        for (j = 0; j < shown; j++) if (b[0] < box[j][2] && box[j][0] < b[2] && b[1] < box[j][3] && box[j][1] < b[3]) break;
        if (j < shown || b[0] < 0 || b[1] < 0 || b[2] > WIDTH) continue;
        memcpy(box[shown++], b, sizeof b);
        ex_printf(f, "<text class=\"l\" x=\"%d\" y=\"%d\">", CENTRE_X + spot[row][0] / 10, CENTRE_Y + spot[row][1] / 10 - 6);
        ex_write_xml(f, text, length, 24);
        ex_puts(f, "</text>\n");
    }
    for (i = 0; i < COLOURS; i++) ex_printf(f, "<rect class=\"f%d\" x=\"%d\" y=\"836\" width=\"22\" height=\"6\"/>\n", (int)i, (int)(28 + 22 * i));
    ex_printf(f, "<text class=\"n\" x=\"28\" y=\"826\">shell radius</text><text class=\"n\" x=\"28\" y=\"858\">%.4g</text>"
              "<text class=\"n\" x=\"%d\" y=\"858\" text-anchor=\"end\">%.4g</text>\n", a->radii[0], 28 + 22 * COLOURS, a->radii[a->shells - 1]);
    ex_printf(f, "<text class=\"n\" x=\"%d\" y=\"858\" text-anchor=\"end\">%llu points, %llu shells</text>\n</svg>\n", WIDTH - 28,
              (unsigned long long)n, (unsigned long long)a->shells);
    free(depth);
    free(group);
    free(spot);
}

/* atlas.npy: row i is input row i. */
static void write_table(const atlas *a)
{
    size_t n = a->rows.n;
    float *theta = (float *)ex_alloc_array(n, sizeof *theta, "the table"), *phi = (float *)ex_alloc_array(n, sizeof *phi, "the table");
    const float *columns[3];
    ex_check(sphere_to_spherical(a->x, a->y, a->z, NULL, theta, phi, n, &a->exec), "the table");
    columns[0] = a->r;
    columns[1] = theta;
    columns[2] = phi;
    ex_write_npy(ex_create_file(a->directory, "atlas.npy"), columns, 3, n);
    free(theta);
    free(phi);
}

/* >>report ---------------------------------------------------------------------------------------------------------- */

static void print_name(const atlas *a, size_t i)
{
    char number[32];
    const char *text;
    size_t length;
    row_name(a, i, number, &text, &length);
    ex_print_text(stdout, text, length);
}

/* One query: nearest by embedding, nearest on the sphere, and how the cone of a twentieth does. */
static void print_query(const atlas *a, size_t row)
{
    size_t n = a->rows.n, most = n < SHOWN_NEIGHBOURS + 1 ? n : SHOWN_NEIGHBOURS + 1, count = 0, i, inside = 0, bytes;
    const float *p = a->xyz + 3 * row;
    sphere_rows rows = rows_of(a->xyz, n, 3), query = rows_of(p, 1, 3);
    sphere_search_desc search;
    uint32_t index[SHOWN_NEIGHBOURS + 1];
    void *memory;
    memset(&search, 0, sizeof search);
    search.exec = a->exec;
    bytes = sphere_search_size(&rows, &query, most, &search);
    memory = ex_alloc(bytes, "a query");
    ex_check(sphere_search_cone(&rows, &query, 0.9f, most, &search, index, NULL, &count, NULL, memory, bytes), "a query");
    free(memory);
    for (i = 0; i < a->k; i++) inside += sphere_dot(p, a->xyz + 3 * (size_t)a->near[row * a->k + i], 3) >= 0.9f;
    printf("query      ");
    print_name(a, row);
    printf(" (row %llu, shell %lu)\n  embedding ", (unsigned long long)row, (unsigned long)a->shell[row]);
    for (i = 0; i < a->k; i++) { printf(" "); print_name(a, a->near[row * a->k + i]); }
    printf("\n  sphere    ");
    for (i = 0; i < most && i < count; i++) if (index[i] != row) { printf(" "); print_name(a, index[i]); }
    printf("\n  cone       of 25.8 degrees (5 %% of the sphere): %llu points, %llu of the %llu nearest\n", (unsigned long long)count,
           (unsigned long long)inside, (unsigned long long)a->k);
}

/* Row of a --query: a word, or a row number where there are no words. */
static size_t find_query(const atlas *a, const char *text)
{
    size_t i, length = strlen(text);
    uint64_t number = 0;
    for (i = 0; i < a->words.count; i++)
        if (a->words.length[i] == length && !memcmp(a->words.text + a->words.start[i], text, length)) return i;
    if (a->words.count) ex_fail(EX_BAD_INPUT, "--query: '%s' is not one of the words.", text);
    if (!ex_parse_count(text, UINT32_MAX, &number) || number >= a->rows.n)
        ex_fail(EX_BAD_INPUT, "--query: there are no words (--words FILE gives them), and '%s' is not a row number from 0 to %llu.", text,
                (unsigned long long)(a->rows.n - 1));
    return (size_t)number;
}

static void print_report(const atlas *a, const size_t *queries, size_t query_count)
{
    size_t n = a->rows.n, i, filled = 0;
    uint64_t least = UINT64_MAX, most = 0;
    double total = 0;
    int many = n > 1, full = many && a->placed == n;
    char t[2][32];
    const char *spacing = spacing_names;
    for (i = 0; i < (size_t)a->spacing; i++) spacing = strchr(spacing, '|') + 1;
    for (i = 0; i < a->shells; i++) {
        if (a->quota[i] < least) least = a->quota[i];
        if (a->quota[i] > most) most = a->quota[i];
        filled += a->quota[i] > 0;
    }
    printf("input      ");
    ex_print_text(stdout, a->input, strlen(a->input));
    printf(": %llu rows x %llu, %s%s\n", (unsigned long long)n, (unsigned long long)a->rows.dim, a->rows.type, a->words.count ? ", with words" : "");
    printf("shells     %llu, %.*s spacing, radius %.6g to %.6g, capacity ~ radius^%g\n", (unsigned long long)a->shells,
           (int)strcspn(spacing, "|"), spacing, a->radii[0], a->radii[a->shells - 1], a->exponent);
    printf("           %llu to %llu points a shell, %llu shells in use, every shell holds its quota, deviation %.4f\n", (unsigned long long)least,
           (unsigned long long)most, (unsigned long long)filled, a->deviation);
    if (a->placed < n)
        printf("held out   the last %llu rows, placed afterwards by their %d nearest: cone5 %s\n", (unsigned long long)(n - a->placed),
               SHOWN_NEIGHBOURS, figure(t[0], a->k > 0, (double)a->held_cone5, "%.4f"));
    printf("\nquality%26s%10s   (%llu points measured)\n", "atlas", full ? "start" : "", (unsigned long long)(many ? a->kept.samples : n));
#define ROW(name, known, value, start_known, start) \
    printf("  %-21s%10s%10s\n", name, figure(t[0], known, (double)(value), "%.4f"), start_known ? figure(t[1], 1, (double)(start), "%.4f") : "")
    ROW("recall10", many, a->kept.recall, full, a->start.recall);
    ROW("trust", many, a->kept.trust, full, a->start.trust);
    ROW("cone1", many, a->kept.cone[0], full, a->start.cone[0]);
    ROW("cone5", many, a->kept.cone[1], full, a->start.cone[1]);
    ROW("cone10", many, a->kept.cone[2], full, a->start.cone[2]);
    ROW("cell max/mean", 1, a->even.cell_max, full, a->start_even.cell_max);
    ROW("cell cv", 1, a->even.cell_cv, full, a->start_even.cell_cv);
    ROW("cap discrepancy", 1, a->even.cap_discrepancy, full, a->start_even.cap_discrepancy);
    ROW("5 % cone, share", 1, a->population, 0, 0);
    ROW("5 % cone, variation", 1, a->population_spread, 0, 0);
#undef ROW
    printf("  start = the three principal directions alone\n\n");
    for (i = 0; i < query_count; i++) print_query(a, queries[i]);
    printf("\nseconds   ");
    for (i = 0; i < stage_count; i++) { printf(" %s %.2f,", stages[i].name, stages[i].seconds); total += stages[i].seconds; }
    printf(" total %.2f (%llu thread%s)\n", total, (unsigned long long)a->threads, a->threads == 1 ? "" : "s");
    printf("written    ");
    ex_print_text(stdout, a->directory, strlen(a->directory));
    printf("/atlas.npy, atlas.html%s, atlas.svg\n", n > MOST_LISTED_ROWS ? " (so many points: without the lists of neighbours)" : "");
    printf("atlas: %llu points, %llu shells, deviation %.4f, recall10 %s, cone5 %s, cellcv %.4f\n", (unsigned long long)n,
           (unsigned long long)a->shells, a->deviation, figure(t[0], many, (double)a->kept.recall, "%.4f"),
           figure(t[1], many, (double)a->kept.cone[1], "%.4f"), (double)a->even.cell_cv);
}

int main(int argc, char **argv)
{
    static atlas a;
    static ex_pool pool;
    const ex_option options[] = {
        { "words", "FILE", EX_TEXT, &a.words_path, 0, 0, NULL, "names of the rows, one a line" },
        { "shells", "N", EX_COUNT, &a.shells, 1, 65536, NULL, "number of shells (512, or the number of rows when that is less)" },
        { "spacing", "NAME", EX_CHOICE, &a.spacing, 0, 0, spacing_names, "sqrt, linear, quadratic, log, geometric, golden or prime (sqrt)" },
        { "exponent", "P", EX_NUMBER, &a.exponent, 0, 16, NULL, "capacity of a shell ~ radius^P; 0 = equal shells (1.5)" },
        { "min-radius", "R", EX_NUMBER, &a.min_radius, 0, 1e9, NULL, "radius of the innermost shell (0 = by the number of rows)" },
        { "max-radius", "R", EX_NUMBER, &a.max_radius, 0, 1e9, NULL, "radius of the outermost shell (0 = twice the number of shells)" },
        { "seed", "N", EX_COUNT, &a.seed, 0, 1.8446744073709552e19, NULL, "of all random choices (0)" },
        { "epochs", "N", EX_COUNT, &a.epochs, 0, 100000, NULL, "of the gradient; 0 leaves it out (400)" },
        { "holdout", "N", EX_COUNT, &a.holdout, 0, 4294967294.0, NULL, "lay out without the last N rows and place them afterwards (0)" },
        { "threads", "N", EX_COUNT, &a.threads, 1, 256, NULL, "the result does not depend on it (one per processor)" },
        { "out", "DIR", EX_TEXT, &a.directory, 0, 0, NULL, "where the files go (atlas-out)" },
        { "tensor", "NAME", EX_TEXT, &a.tensor, 0, 0, NULL, "which tensor of a .safetensors file (the first of two dimensions)" },
        { "query", "WORD", EX_LIST, &a.queries, 0, 0, NULL, "list what is near this word, or row number; may repeat" }
    };
    static const char *const shipped_queries[3] = { "music", "river", "doctor" };
    const char *input = NULL;
    char *found;
    size_t n, i, query_count = 0, *queries;

    ex_begin("atlas");
    a.epochs = UINT64_MAX;                         /* not given */
    a.exponent = 1.5;
    a.directory = "atlas-out";
    a.threads = ex_cpu_count() < 256 ? ex_cpu_count() : 256;
    ex_parse_options(argc, argv, "atlas [FILE] [options]",
                     "Lays the rows of FILE (.npy, .fvecs, .bvecs or .safetensors; 10,000 word vectors unless given) out on\n"
                     "the shells of a sphere and writes DIR/atlas.npy, DIR/atlas.html and DIR/atlas.svg.",
                     options, sizeof options / sizeof options[0], &input);
    if (!*a.directory) ex_fail(EX_BAD_INPUT, "--out needs the name of a directory.");
    if (a.max_radius > 0 && a.min_radius > a.max_radius) ex_fail(EX_BAD_INPUT, "--min-radius %g exceeds --max-radius %g.", a.min_radius, a.max_radius);

    begin_stage("read");
    if (input) {
        a.input = input;
        ex_read_table(input, a.tensor, &a.rows);
    } else {
        found = ex_find_data(argv[0], "words-10k.npy");
        if (!found) ex_fail(EX_BAD_INPUT, "the shipped words-10k.npy is not in examples/data here or beside the program; name a .npy file.");
        ex_read_npy(found, &a.rows);
        a.input = "words-10k.npy";
        free(found);
        if (!a.words_path) {
            found = ex_find_data(argv[0], "words-10k.txt");
            if (!found) ex_fail(EX_BAD_INPUT, "the shipped words-10k.txt is not in examples/data here or beside the program.");
            ex_read_lines(found, &a.words);
            free(found);
        }
    }
    if (a.words_path) ex_read_lines(a.words_path, &a.words);
    n = a.rows.n;
    if ((a.words_path || !input) && a.words.count != n)
        ex_fail(EX_BAD_INPUT, "'%s' has %llu lines for %llu rows.", a.words_path ? a.words_path : "words-10k.txt", (unsigned long long)a.words.count, (unsigned long long)n);
    if (a.holdout >= n) ex_fail(EX_BAD_INPUT, "--holdout %llu leaves none of the %llu rows.", (unsigned long long)a.holdout, (unsigned long long)n);
    a.placed = n - (size_t)a.holdout;
    if (!a.shells) a.shells = n < 512 ? n : 512;

    /* what to ask: the given words, or three that everybody knows, or three rows */
    queries = (size_t *)ex_alloc_array(a.queries.count + 3, sizeof *queries, "the queries");
    for (i = 0; i < a.queries.count; i++) queries[query_count++] = find_query(&a, a.queries.items[i]);
    if (!query_count)
        for (i = 0; i < 3 && i < n; i++) queries[query_count++] = !input && !a.words_path ? find_query(&a, shipped_queries[i]) : i * n / 3;

    a.radii = (double *)ex_alloc_array((size_t)a.shells, sizeof *a.radii, "the shells");
    a.quota = (uint64_t *)ex_alloc_array((size_t)a.shells, sizeof *a.quota, "the shells");
    a.scores = (float *)ex_alloc_array(n, sizeof *a.scores, "the points");
    a.shell = (uint32_t *)ex_alloc_array(n, sizeof *a.shell, "the points");
    a.r = (float *)ex_alloc_array(n, sizeof *a.r, "the points");
    a.x = (float *)ex_alloc_array(n, sizeof *a.x, "the points");
    a.y = (float *)ex_alloc_array(n, sizeof *a.y, "the points");
    a.z = (float *)ex_alloc_array(n, sizeof *a.z, "the points");
    end_stage();

    ex_pool_open(&pool, (size_t)a.threads);
    a.exec.parallel = ex_pool_hook(&pool);
    begin_stage("fill");
    fill_shells(&a);
    end_stage();
    ex_make_directory(a.directory);
    lay_out(&a);
    begin_stage("measure");
    measure(&a, &a.kept, &a.even);
    measure_population(&a);
    if (a.placed < n) measure_held_out(&a);
    end_stage();
    begin_stage("write");
    order_labels(&a);
    write_table(&a);
    write_page(&a);
    write_picture(&a);
    ex_commit_files();
    end_stage();
    ex_progress_end();
    print_report(&a, queries, query_count);
    ex_pool_close(&pool);
    if (fflush(stdout) || ferror(stdout)) ex_fail(EX_FAULT, "cannot write the report: %s.", strerror(errno));
    free(queries);
    free(a.near_cosine);
    free(a.near);
    free(a.labels);
    free(a.xyz);
    free(a.z);
    free(a.y);
    free(a.x);
    free(a.r);
    free(a.shell);
    free(a.scores);
    free(a.quota);
    free(a.radii);
    free(a.words.text);
    free(a.words.start);
    free(a.words.length);
    free(a.rows.data);
    free(a.queries.items);
    return 0;
}
