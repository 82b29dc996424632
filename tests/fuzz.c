/* tests/fuzz.c - the file readers of examples/common.h and geomag.c under libFuzzer: whatever the bytes, a reader ends with a table that an
   independent reading confirms, or with a sentence; never with a crash, a leak in success, or a result that depends on whether
   the bytes come from a file or a pipe. MIT licence.

   One program per reader, by -DFUZZ_NPY, _WORDS, _FVECS, _BVECS, _SAFETENSORS, _COF or _PLACES; tests/fuzz.sh builds and runs them. By hand:
     clang -g -O1 -DFUZZ_NPY -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o fuzz tests/fuzz.c
     ./fuzz -close_fd_mask=2 build/corpus tests/fuzz/npy */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE 1
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE 1                              /* memfd_create */
#include <errno.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The readers end the program on a fault, and the system then takes back memory and files. Here they return to fuzz_read
   instead, so the four calls that matter are replaced: exit becomes a jump, and what was opened or allocated is on a list that
   is emptied after the jump. What a reader that succeeds leaves behind is still its own fault, and is counted. */
#define FUZZ_MAX_HELD 64
#define FUZZ_MAX_BYTES ((size_t)1 << 20)           /* of one allocation: a refusal is a case that readers must handle, too */
static struct {
    jmp_buf back;
    int     code;                                  /* of the exit, 0 = none                                         */
    int     refused;                               /* an allocation was                                             */
    void   *memory[FUZZ_MAX_HELD];
    FILE   *stream;
    int     descriptor;                            /* what fopen will open, as often as it is asked                 */
} fuzz = { .descriptor = -1 };

static void fuzz_require(int holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "fuzz: %s\n", what);
    abort();
}
__attribute__((noreturn)) static void fuzz_exit(int code)
{
    fuzz.code = code;
    longjmp(fuzz.back, 1);
}
static int fuzz_posix_memalign(void **out, size_t alignment, size_t bytes)
{
    int i;
    if (bytes > FUZZ_MAX_BYTES) { fuzz.refused = 1; return ENOMEM; }
    for (i = 0; i < FUZZ_MAX_HELD && fuzz.memory[i]; i++) { }
    fuzz_require(i < FUZZ_MAX_HELD, "too many allocations");
    fuzz_require(posix_memalign(&fuzz.memory[i], alignment, bytes) == 0, "no memory");
    /* what was never written must not look like zeros */
    memset(fuzz.memory[i], 0xA5, bytes);
    *out = fuzz.memory[i];
    return 0;
}
static void fuzz_free(void *memory)
{
    int i;
    if (!memory) return;
    for (i = 0; i < FUZZ_MAX_HELD && fuzz.memory[i] != memory; i++) { }
    fuzz_require(i < FUZZ_MAX_HELD, "free of something that was not allocated");
    fuzz.memory[i] = NULL;
    free(memory);
}
static FILE *fuzz_fopen(const char *path, const char *mode)
{
    (void)path;
    fuzz_require(fuzz.stream == NULL, "two files are open");
    fuzz.stream = fdopen(dup(fuzz.descriptor), mode);
    fuzz_require(fuzz.stream != NULL, "fdopen");
    return fuzz.stream;
}
static int fuzz_fclose(FILE *stream)
{
    fuzz_require(stream == fuzz.stream, "a stranger's file is closed");
    fuzz.stream = NULL;
    return fclose(stream);
}
static int fuzz_held(void)
{
    int i, count = 0;
    for (i = 0; i < FUZZ_MAX_HELD; i++) count += fuzz.memory[i] != NULL;
    return count;
}
static void fuzz_release(void)
{
    int i;
    for (i = 0; i < FUZZ_MAX_HELD; i++) { free(fuzz.memory[i]); fuzz.memory[i] = NULL; }
    if (fuzz.stream) fclose(fuzz.stream);
    fuzz.stream = NULL;
    if (fuzz.descriptor >= 0) close(fuzz.descriptor);
    fuzz.descriptor = -1;
}

#define exit fuzz_exit
#define posix_memalign fuzz_posix_memalign
#define free fuzz_free
#define fopen fuzz_fopen
#define fclose fuzz_fclose
#define EX_NO_THREADS
#if defined(FUZZ_COF) || defined(FUZZ_PLACES)
#pragma clang diagnostic ignored "-Wunused-function"
#define FUZZ_BAD EX_FAULT                          /* the exit code of that program for a bad file */
#define main geomag_main
#include "../examples/geomag.c"
#undef main
#else
#define FUZZ_BAD EX_BAD_INPUT
#define SPHERE_IMPLEMENTATION
#include "../examples/common.h"
#endif
#undef exit
#undef posix_memalign
#undef free
#undef fopen
#undef fclose

/* Give the bytes to a reader as a file or as a pipe. Returns 1 when it succeeded; `held` is how many allocations make up its
   result. The caller releases. */
static int fuzz_read(void (*reader)(const char *path, void *out), void *out, const uint8_t *data, size_t size, int as_pipe,
                     int held)
{
    int ends[2];
    if (fuzz.descriptor >= 0) close(fuzz.descriptor);
    fuzz.code = 0;
    fuzz.refused = 0;
    if (as_pipe) {
        fuzz_require(pipe(ends) == 0 && write(ends[1], data, size) == (ssize_t)size && close(ends[1]) == 0, "pipe");
        fuzz.descriptor = ends[0];
    } else {
        fuzz.descriptor = memfd_create("fuzz", 0);
        fuzz_require(fuzz.descriptor >= 0 && write(fuzz.descriptor, data, size) == (ssize_t)size &&
                     lseek(fuzz.descriptor, 0, SEEK_SET) == 0, "file");
    }
    if (setjmp(fuzz.back)) {
        fuzz_require(fuzz.code == FUZZ_BAD || (fuzz.code == EX_FAULT && fuzz.refused), "a bad file has another exit code");
        return 0;
    }
    reader("file", out);
    fuzz_require(fuzz.stream == NULL, "a file was left open");
    fuzz_require(fuzz_held() == held, "memory was left over, or too much of it freed");
    return 1;
}

#if defined(FUZZ_NPY) || defined(FUZZ_SAFETENSORS)
/* What an IEEE half is worth, from its fields; the reader goes through sphere_half_to_float. */
static double fuzz_half(unsigned bits)
{
    int exponent = (int)(bits >> 10 & 31);
    double value = (double)(bits & 1023) + (exponent ? 1024.0 : 0.0);
    for (exponent = (exponent ? exponent : 1) - 25; exponent > 0; exponent--) value *= 2;
    for (; exponent < 0; exponent++) value /= 2;
    return bits & 0x8000 ? -value : value;
}
#endif

#ifdef FUZZ_NPY
static void fuzz_npy(const char *path, void *out) { ex_read_npy(path, (ex_matrix *)out); }

/* Every number of an accepted table against the last bytes of the file, which is all that C order can mean. */
static void fuzz_compare(const ex_matrix *table, const uint8_t *data, size_t size)
{
    size_t width, i, count = table->n * table->dim;
    const uint8_t *body;
    fuzz_require(table->n > 0 && table->dim > 0, "an empty table was accepted");
    width = !strcmp(table->type, "uint8") ? 1 : !strcmp(table->type, "float16") ? 2 : !strcmp(table->type, "float32") ? 4 : 8;
    fuzz_require(count * width < size, "the table is larger than the file");
    body = data + size - count * width;
    fuzz_require(body[-1] && strchr("} \t\r\n", body[-1]), "the rows do not follow the header");
    for (i = 0; i < count; i++) {
        float wanted;
        if (width == 1) wanted = (float)body[i];
        else if (width == 4) memcpy(&wanted, body + 4 * i, 4);
        else if (width == 8) { double wide; memcpy(&wide, body + 8 * i, 8); wanted = (float)wide; }
        else wanted = (float)fuzz_half((unsigned)(body[2 * i] | body[2 * i + 1] << 8));
        fuzz_require(wanted - wanted == 0, "a number that is not finite was accepted");
        fuzz_require(memcmp(&wanted, &table->data[i], 4) == 0, "a number was misread");
    }
}

/* Returns 1 when the reader accepts the bytes. */
static int fuzz_one(const uint8_t *data, size_t size)
{
    ex_matrix table = { NULL, 0, 0, NULL };
    int as_pipe, accepted[2];
    for (as_pipe = 0; as_pipe < 2; as_pipe++) {
        accepted[as_pipe] = fuzz_read(fuzz_npy, &table, data, size, as_pipe, 1);
        if (accepted[as_pipe]) fuzz_compare(&table, data, size);
        fuzz_release();
    }
    fuzz_require(accepted[0] == accepted[1], "a file and a pipe give different answers");
    return accepted[0];
}
#endif

#ifdef FUZZ_WORDS
static void fuzz_words(const char *path, void *out) { ex_read_lines(path, (ex_lines *)out); }

/* The lines, put together again, are the file; each can be walked, and written as XML and JSON. */
static void fuzz_lines(const uint8_t *data, size_t size, int as_pipe)
{
    ex_lines lines = { NULL, NULL, NULL, 0 };
    ex_file file = { NULL, NULL, NULL, 0 };
    size_t line, at = 0, i, bytes = 0;
    char *buffer = NULL;
    fuzz_require(fuzz_read(fuzz_words, &lines, data, size, as_pipe, 3), "a text file was refused");
    file.stream = open_memstream(&buffer, &bytes);
    fuzz_require(file.stream != NULL, "open_memstream");
    for (line = 0; line < lines.count; line++) {
        const char *p = lines.text + lines.start[line], *end = p + lines.length[line];
        const uint8_t *newline = at < size ? (const uint8_t *)memchr(data + at, '\n', size - at) : NULL;
        size_t stop = newline ? (size_t)(newline - data) : size, before_line = bytes;
        fuzz_require(lines.start[line] == at && at <= size, "a line begins at the wrong place");
        fuzz_require(lines.length[line] == stop - at - (size_t)(stop > at && data[stop - 1] == '\r'),
                     "a line ends at the wrong place");
        fuzz_require(memcmp(p, data + at, lines.length[line]) == 0, "a line is not the file's");
        at = newline ? stop + 1 : stop;
        while (p < end) {
            const char *before = p;
            uint32_t code = ex_next_char(&p, end);
            char again[4];
            fuzz_require(p > before && p <= end && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF),
                         "a code point is not valid");
            /* strict UTF-8 has one form for each code point: what was decoded, encodes to what was read */
            if (code != 0xFFFD)
                fuzz_require(ex_encode_char(code, again) == (size_t)(p - before) &&
                             !memcmp(again, before, (size_t)(p - before)), "a code point has changed");
        }
        ex_write_json(&file, lines.text + lines.start[line], lines.length[line]);
        ex_write_xml(&file, lines.text + lines.start[line], lines.length[line], line % 4);
        fflush(file.stream);                   /* which also sets buffer and bytes */
        for (i = before_line; i < bytes; i++)
            fuzz_require(buffer[i] != '<' && buffer[i] != '>', "text could end its element or script");
        ex_print_text(file.stream, lines.text + lines.start[line], lines.length[line]);
        fflush(file.stream);
    }
    fuzz_require(at == size && lines.start[lines.count] == size, "the lines are not all of the file");
    fclose(file.stream);
    for (i = 0; i < bytes; i++)
        fuzz_require((unsigned char)buffer[i] >= 32 && buffer[i] != 127, "a control character was written");
    free(buffer);
    fuzz_release();
}

static int fuzz_one(const uint8_t *data, size_t size)
{
    static uint8_t many[131072];
    size_t filled;
    fuzz_lines(data, size, 0);
    fuzz_lines(data, size, 1);
    /* for the seeds alone, since it is slow: a file that is larger than the reader's first buffer of 64 KB */
    if (size && getenv("FUZZ_SAY")) {
        for (filled = 0; filled <= 65536; filled += size) memcpy(many + filled, data, size);
        fuzz_lines(many, filled, 0);
    }
    return 1;
}
#endif

/* The two formats whose rows begin with their length differ in the width of a number. */
#ifdef FUZZ_FVECS
#define FUZZ_WIDTH 4
#endif
#ifdef FUZZ_BVECS
#define FUZZ_WIDTH 1
#endif
#if defined(FUZZ_WIDTH)
static void fuzz_vecs(const char *path, void *out) { ex_read_vecs(path, FUZZ_WIDTH, (ex_matrix *)out); }
static uint32_t fuzz_word(const uint8_t *p) { return (uint32_t)p[0] + 256u * p[1] + 65536u * p[2] + 16777216u * p[3]; }

/* The rows of a file that is right to its last byte, 0 for every other: found in one pass over the bytes, row by row. */
static size_t fuzz_rows(const uint8_t *data, size_t size)
{
    const size_t dim = size < 4 ? 0 : fuzz_word(data);
    size_t at = 0, rows = 0, i;
    if (!dim || dim > 1048576) return 0;
    while (at < size) {
        if (size - at < 4 || fuzz_word(data + at) != dim || (size - at - 4) / FUZZ_WIDTH < dim) return 0;
        at += 4;
        for (i = 0; i < dim; i++, at += FUZZ_WIDTH) if (FUZZ_WIDTH == 4 && (fuzz_word(data + at) & 0x7f800000u) == 0x7f800000u) return 0;
        rows++;
    }
    return rows;
}
static int fuzz_one(const uint8_t *data, size_t size)
{
    ex_matrix table = { NULL, 0, 0, NULL };
    const size_t rows = fuzz_rows(data, size);
    const int accepted = fuzz_read(fuzz_vecs, &table, data, size, 0, 1);
    size_t i, k;
    fuzz_require(accepted == (rows > 0), accepted ? "a file with a fault was accepted" : "a good file was refused");
    if (accepted) {
        fuzz_require(table.n == rows && table.dim == fuzz_word(data), "the shape is not the file's");
        for (i = 0; i < rows; i++) for (k = 0; k < table.dim; k++) {
            const uint8_t *from = data + i * (4 + table.dim * FUZZ_WIDTH) + 4 + k * FUZZ_WIDTH;
            const float wanted = (float)*from;
            fuzz_require(!memcmp(&table.data[i * table.dim + k], FUZZ_WIDTH == 4 ? (const void *)from : (const void *)&wanted, 4), "a number was misread");
        }
    }
    fuzz_release();
    fuzz_require(!fuzz_read(fuzz_vecs, &table, data, size, 1, 0), "a pipe was accepted");
    fuzz_release();
    return accepted;
}
#endif

#ifdef FUZZ_SAFETENSORS
static const char *fuzz_name;                      /* of the tensor to read, NULL = the first table */
static void fuzz_safetensors(const char *path, void *out) { ex_read_safetensors(path, fuzz_name, (ex_matrix *)out); }

/* Where the rows lie is the header's business; whatever it says, they are a stretch of the bytes behind it. */
static void fuzz_find(const ex_matrix *table, const uint8_t *data, size_t size)
{
    const size_t width = !strcmp(table->type, "float32") ? 4 : 2, count = table->n * table->dim;
    size_t at = 8 + (size_t)data[0] + 256 * (size_t)data[1], i;
    int found = 0;
    fuzz_require(table->n > 0 && table->dim > 0 && at <= size && count <= (size - at) / width, "the table is larger than the file");
    for (; !found && at + count * width <= size; at++) {
        for (i = 0, found = 1; i < count && found; i++) {
            float wanted;
            if (width == 4) memcpy(&wanted, data + at + 4 * i, 4);
            else if (!strcmp(table->type, "float16")) wanted = (float)fuzz_half((unsigned)(data[at + 2 * i] | data[at + 2 * i + 1] << 8));
            else { const uint32_t bits = (uint32_t)(data[at + 2 * i] | data[at + 2 * i + 1] << 8) << 16; memcpy(&wanted, &bits, 4); }
            found = !memcmp(&wanted, &table->data[i], 4) && wanted - wanted == 0;
        }
    }
    fuzz_require(found, "the numbers are not in the file");
}
static int fuzz_one(const uint8_t *data, size_t size)
{
    ex_matrix table = { NULL, 0, 0, NULL };
    int accepted;
    for (fuzz_name = "rows"; ; fuzz_name = NULL) {
        accepted = fuzz_read(fuzz_safetensors, &table, data, size, 0, 1);
        if (accepted) fuzz_find(&table, data, size);
        fuzz_release();
        if (!fuzz_name) break;
    }
    fuzz_require(!fuzz_read(fuzz_safetensors, &table, data, size, 1, 0), "a pipe was accepted");
    fuzz_release();
    return accepted;
}
#endif

#ifdef FUZZ_COF
static void fuzz_model(const char *path, void *out) { read_model(path, (geomag_model *)out); }

/* A model that was accepted, written down again, is read as the same model; a pipe gives what a file does. */
static int fuzz_one(const uint8_t *data, size_t size)
{
    static geomag_model model, again;
    static char text[131072];
    int accepted = fuzz_read(fuzz_model, &model, data, size, 0, 0), n, m, at;
    fuzz_release();
    fuzz_require(fuzz_read(fuzz_model, &again, data, size, 1, 0) == accepted, "a pipe is read otherwise than a file");
    fuzz_release();
    if (!accepted) return 0;
    fuzz_require(!memcmp(&model, &again, sizeof model), "a pipe gives another model");
    fuzz_require(model.degree >= 1 && model.degree <= GEOMAG_DEGREE && model.year >= 1500 && model.year <= 3000 && memchr(model.name, 0, sizeof model.name), "not a model");
    at = snprintf(text, sizeof text, "%.17g x\n", model.year);    /* a name may have any bytes in it, 0 too */
    for (n = 1; n <= model.degree; n++) for (m = 0; m <= n; m++) {
        const int g = n * n + n + m, h = n * n + n - m;
        at += snprintf(text + at, sizeof text - (size_t)at, "%d %d %.17g %.17g %.17g %.17g\n", n, m, model.epoch[g], m ? model.epoch[h] : 0, model.drift[g], m ? model.drift[h] : 0);
    }
    at += snprintf(text + at, sizeof text - (size_t)at, "9999\n");
    fuzz_require(fuzz_read(fuzz_model, &again, (const uint8_t *)text, (size_t)at, 0, 0), "the same model, written down again, is refused");
    memcpy(again.name, model.name, sizeof model.name);
    fuzz_require(!memcmp(&model, &again, sizeof model), "the same model, written down again, is another");
    fuzz_release();
    return 1;
}
#endif

#ifdef FUZZ_PLACES
static struct { ex_lines lines; place *places; size_t count; } fuzz_table;
static void fuzz_places(const char *path, void *out)
{
    static const geomag_model model = { .name = "fuzz", .year = 2025, .degree = 1 };
    (void)out;
    fuzz_table.places = read_places(path, &model, &fuzz_table.lines, &fuzz_table.count);
}
/* Every place is where the model holds, and its four numbers stand in the text. */
static int fuzz_one(const uint8_t *data, size_t size)
{
    const int accepted = fuzz_read(fuzz_places, NULL, data, size, 0, 4);
    size_t i, count = 0;
    int k;
    if (accepted) {
        count = fuzz_table.count;
        fuzz_require(count <= fuzz_table.lines.count, "more places than lines");
        for (i = 0; i < count; i++) {
            const place *q = &fuzz_table.places[i];
            const double number[4] = { q->year, q->height, q->latitude, q->longitude };
            fuzz_require(q->year >= 2025 && q->year <= 2030 && q->height >= -1 && q->height <= 850 && q->latitude >= -90 && q->latitude <= 90 && q->longitude >= -180 && q->longitude <= 360, "a place outside the model");
            for (k = 0; k < 4; k++) {
                char copy[64] = "";
                const size_t from = (size_t)(q->text[k].p - fuzz_table.lines.text);
                fuzz_require(q->text[k].length < sizeof copy && from <= size && q->text[k].length <= size - from && !memcmp(data + from, q->text[k].p, q->text[k].length), "a number is not in the file");
                memcpy(copy, q->text[k].p, q->text[k].length);
                fuzz_require(strtod(copy, NULL) == number[k], "a number has changed");
            }
        }
    }
    fuzz_release();
    fuzz_require(fuzz_read(fuzz_places, NULL, data, size, 1, accepted ? 4 : 0) == accepted, "a pipe is read otherwise than a file");
    fuzz_require(!accepted || fuzz_table.count == count, "a pipe gives another number of places");
    fuzz_release();
    return accepted;
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int accepted;
    if (size > 32768) return 0;                    /* a pipe takes 64 KB before somebody must read */
    accepted = fuzz_one(data, size);
    if (getenv("FUZZ_SAY")) printf("fuzz: %s\n", accepted ? "accepted" : "refused");
    return 0;
}
