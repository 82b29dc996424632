/* examples/common.h - what the example programs share: options, .npy files, safe output, threads, progress. MIT licence, as
   the headers have it.

   Include it before any system header: it asks for POSIX 2008. It includes ../sphere.h for the types; the one file of a
   program (these programs are one file) defines SPHERE_IMPLEMENTATION first.

   Contents: grep for the tag
     >>fail       one sentence on stderr and an exit code, temporary files removed
     >>memory     large buffers on huge pages
     >>options    a table of options, checked, with --help from the same table
     >>npy        .npy reader (float32, float64, half) and writer
     >>words      a text file as lines
     >>output     files that appear whole or not at all; base64, JSON and XML text
     >>sine       sine and cosine that are the same everywhere
     >>picture    PNG writer: filters, deflate
     >>sound      WAV writer
     >>time       seconds, progress line
     >>pool       threads behind the hook of the headers (struct sphere_parallel); EX_NO_THREADS leaves them out
     >>formats    .fvecs, .bvecs and .safetensors readers, the reader by ending

   Faults of the input or of an option end the program with code 2, faults of the machine (memory, disk) with code 1. */
#ifndef EXAMPLES_COMMON_H
#define EXAMPLES_COMMON_H
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE 1              /* glibc: madvise, which POSIX does not have */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifndef EX_NO_THREADS
#include <pthread.h>
#endif
#include "../sphere.h"

/* The programs promise the same bytes on every machine, so their own few lines of arithmetic must not be fused either. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif
#if defined(__GNUC__) || defined(__clang__)
#define EX_NORETURN_PRINTF(text, first) __attribute__((noreturn, unused, format(printf, text, first)))
#define EX_PRINTF(text, first) __attribute__((unused, format(printf, text, first)))
#else
#define EX_NORETURN_PRINTF(text, first)
#define EX_PRINTF(text, first)
#endif

enum { EX_FAULT = 1, EX_BAD_INPUT = 2 };           /* exit codes: the machine's fault, the input's fault */

/* >>fail ------------------------------------------------------------------------------------------------------------ */

/* An output file on its way: written under a temporary name, see >>output. */
typedef struct ex_file {
    FILE *stream;
    char *path, *temporary;
    int   failed;                                  /* errno of the first failed write */
} ex_file;

#define EX_MAX_FILES 8
/* The one piece of state: what has to be cleaned up when the program ends early. */
static struct {
    const char *program;
    ex_file     files[EX_MAX_FILES];
    int         file_count;
    char       *made_directory;                    /* removed again when nothing could be written into it */
    int         progress_shown;
} ex_state = { "example", { { NULL, NULL, NULL, 0 } }, 0, NULL, 0 };

static inline void ex_discard_files(void)
{
    int i;
    for (i = 0; i < ex_state.file_count; i++) {
        if (ex_state.files[i].stream) fclose(ex_state.files[i].stream);
        if (ex_state.files[i].temporary) unlink(ex_state.files[i].temporary);
        ex_state.files[i].stream = NULL;
    }
    ex_state.file_count = 0;
    if (ex_state.made_directory) rmdir(ex_state.made_directory);       /* fails, as it should, when something is inside */
}

/* End the program with one sentence on stderr. Control characters of file names and words do not reach the terminal. */
EX_NORETURN_PRINTF(2, 3)
static void ex_fail(int code, const char *format, ...)
{
    char text[1024], *p;
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    for (p = text; *p; p++) if ((unsigned char)*p < 32 || *p == 127) *p = '?';
    ex_discard_files();
    if (ex_state.progress_shown) fputs("\r\033[K", stderr);
    fprintf(stderr, "%s: %s\n", ex_state.program, text);
    exit(code);
}

/* Checks the status of a call into the headers; `what` names the step. */
static inline void ex_check(sphere_status status, const char *what)
{
    if (status) ex_fail(EX_FAULT, "%s failed: %s.", what, sphere_status_text(status));
}

/* Call first. Without the signal a file that hits a size limit gives an error that can be reported. */
static inline void ex_begin(const char *program)
{
    ex_state.program = program;
#ifdef SIGXFSZ
    signal(SIGXFSZ, SIG_IGN);
#endif
}

/* >>memory ---------------------------------------------------------------------------------------------------------- */

/* Allocate, or end the program saying for what. Large buffers start on a huge page and ask for huge pages: a scan over rows
   becomes 20 to 35 % faster. Zero bytes and SIZE_MAX (how the headers report an overflow) are handled. Free with free(). */
static inline void *ex_alloc(size_t bytes, const char *what)
{
    void *memory = NULL;
    size_t alignment = bytes >= (size_t)4 << 20 ? (size_t)2 << 20 : 64;
    if (bytes == SIZE_MAX || posix_memalign(&memory, alignment, bytes ? bytes : 1))
        ex_fail(EX_FAULT, "out of memory: %.1f MB are needed for %s.", (double)bytes / 1048576.0, what);
#ifdef MADV_HUGEPAGE
    if (alignment > 64) madvise(memory, bytes, MADV_HUGEPAGE);          /* advice: a refusal changes nothing */
#endif
    return memory;
}

/* n elements of `size` bytes, checked for overflow. */
static inline void *ex_alloc_array(size_t n, size_t size, const char *what)
{
    return ex_alloc(size && n > SIZE_MAX / size ? SIZE_MAX : n * size, what);
}

static inline char *ex_join(const char *a, const char *b, const char *c)
{
    size_t la = strlen(a), lb = strlen(b), lc = strlen(c);
    char *text = (char *)ex_alloc(la + lb + lc + 1, "a file name");
    memcpy(text, a, la);
    memcpy(text + la, b, lb);
    memcpy(text + la + lb, c, lc + 1);
    return text;
}

/* The part of a path after its last slash. */
static inline const char *ex_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* Find a data file that comes with the examples: from the project root, beside the program, beside this source. Returns an
   allocated path, or NULL. `program` is argv[0]. */
static inline char *ex_find_data(const char *program, const char *name)
{
    static const char *const places[3] = { "examples/data/", "data/", "../examples/data/" };
    const char *starts[3];
    int i, j;
    starts[0] = "";
    starts[1] = program ? program : "";
    starts[2] = __FILE__;
    for (i = 0; i < 3; i++) for (j = 0; j < 3; j++) {
        const char *slash = strrchr(starts[i], '/');
        size_t length = slash ? (size_t)(slash - starts[i]) + 1 : 0;
        char *folder = ex_join(starts[i], "", ""), *path;
        folder[length] = 0;
        path = ex_join(folder, places[j], name);
        free(folder);
        if (access(path, R_OK) == 0) return path;
        free(path);
    }
    return NULL;
}

/* >>options --------------------------------------------------------------------------------------------------------- */

typedef enum ex_kind {
    EX_COUNT,                                      /* uint64_t, low..high                                            */
    EX_NUMBER,                                     /* double, low..high                                              */
    EX_TEXT,                                       /* const char *                                                   */
    EX_CHOICE,                                     /* int: which of `choices`, a list such as "sqrt|linear|log"      */
    EX_LIST                                        /* ex_list: the option may repeat                                 */
} ex_kind;

typedef struct ex_list { const char **items; size_t count; } ex_list;

/* One row per option. What is not given on the command line keeps the value that the target has. */
typedef struct ex_option {
    const char *name, *value;                      /* "shells", "N": shown as --shells N                             */
    ex_kind     kind;
    void       *target;
    double      low, high;
    const char *choices, *help;
} ex_option;

static inline void ex_print_help(const char *usage, const char *about, const ex_option *options, size_t count)
{
    size_t i;
    printf("usage: %s\n\n%s\n\noptions\n", usage, about);
    for (i = 0; i < count; i++) {
        char left[40];
        snprintf(left, sizeof left, "--%s %s", options[i].name, options[i].value);
        printf("  %-20s  %s\n", left, options[i].help);
    }
    printf("  %-20s  %s\n", "--help", "this text");
}

/* A whole number without sign, blanks or anything behind it, at most `high`. Returns 0 when it is not one. */
static inline int ex_parse_count(const char *text, uint64_t high, uint64_t *out)
{
    uint64_t value = 0;
    if (!*text) return 0;
    for (; *text; text++) {
        unsigned digit = (unsigned)(unsigned char)*text - '0';
        if (digit > 9 || value > (high - digit) / 10 || digit > high) return 0;
        value = value * 10 + digit;
    }
    *out = value;
    return 1;
}

static inline void ex_set_option(const ex_option *option, const char *text)
{
    if (option->kind == EX_COUNT) {
        uint64_t value = 0, high = option->high >= 18446744073709551615.0 ? UINT64_MAX : (uint64_t)option->high;
        if (!ex_parse_count(text, high, &value) || value < (uint64_t)option->low)
            ex_fail(EX_BAD_INPUT, "--%s needs a whole number from %.0f to %llu, not '%s'.", option->name, option->low,
                    (unsigned long long)high, text);
        *(uint64_t *)option->target = value;
    } else if (option->kind == EX_NUMBER) {
        char *end = NULL;
        double value = 0;
        /* strtod also takes blanks, "inf", "nan" and hexadecimal: a decimal number has none of these characters */
        int plain = *text && strspn(text, "0123456789.eE+-") == strlen(text);
        if (plain) value = strtod(text, &end);
        if (!plain || *end || end == text || !(value >= option->low) || !(value <= option->high))
            ex_fail(EX_BAD_INPUT, "--%s needs a number from %g to %g, not '%s'.", option->name, option->low, option->high, text);
        *(double *)option->target = value;
    } else if (option->kind == EX_CHOICE) {
        const char *p = option->choices;
        int which = 0;
        for (;;) {
            size_t length = strcspn(p, "|");
            if (strlen(text) == length && !strncmp(p, text, length)) break;
            if (!p[length]) ex_fail(EX_BAD_INPUT, "--%s must be one of %s, not '%s'.", option->name, option->choices, text);
            p += length + 1;
            which++;
        }
        *(int *)option->target = which;
    } else if (option->kind == EX_LIST) {
        ex_list *list = (ex_list *)option->target;
        const char **items = (const char **)ex_alloc_array(list->count + 1, sizeof *items, "the options");
        if (list->count) memcpy(items, list->items, list->count * sizeof *items);
        free(list->items);
        items[list->count++] = text;
        list->items = items;
    } else {
        *(const char **)option->target = text;
    }
}

/* Read the command line: --name value or --name=value; "--" ends the options. At most one plain argument goes to *argument.
   A value that begins with "--" must be written --name=--value, so that a forgotten value is noticed. */
static inline void ex_parse_options(int argc, char **argv, const char *usage, const char *about, const ex_option *options,
                                    size_t count, const char **argument)
{
    int i, only_arguments = 0;
    size_t k;
    for (i = 1; i < argc; i++) {
        const char *text = argv[i], *equals;
        size_t length;
        if (only_arguments || text[0] != '-' || !text[1]) {
            if (*argument) ex_fail(EX_BAD_INPUT, "only one input file can be given, and '%s' is a second one.", text);
            if (!*text) ex_fail(EX_BAD_INPUT, "the name of the input file is empty.");
            *argument = text;
            continue;
        }
        if (!strcmp(text, "--")) { only_arguments = 1; continue; }
        if (!strcmp(text, "--help") || !strcmp(text, "-h")) {
            ex_print_help(usage, about, options, count);
            exit(fflush(stdout) ? EX_FAULT : 0);
        }
        equals = strchr(text, '=');
        length = equals ? (size_t)(equals - text) : strlen(text);
        for (k = 0; k < count; k++)
            if (length == strlen(options[k].name) + 2 && !strncmp(text, "--", 2) && !strncmp(text + 2, options[k].name, length - 2)) break;
        if (k == count) ex_fail(EX_BAD_INPUT, "there is no option '%s'; --help lists them.", text);
        if (!equals && (i + 1 == argc || !strncmp(argv[i + 1], "--", 2))) ex_fail(EX_BAD_INPUT, "--%s needs a value.", options[k].name);
        ex_set_option(&options[k], equals ? equals + 1 : argv[++i]);
    }
}

/* >>npy ------------------------------------------------------------------------------------------------------------- */

typedef struct ex_matrix {
    float      *data;                              /* n rows of dim floats                                           */
    size_t      n, dim;
    const char *type;                              /* "float16", "float32", "float64" or "uint8": what the file held  */
} ex_matrix;

/* A cursor over the header's Python dictionary. Everything is checked against `end`: the text comes from a stranger. */
typedef struct ex_cursor { const char *p, *end; } ex_cursor;

static inline void ex_skip_blanks(ex_cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r')) c->p++;
}
static inline int ex_take(ex_cursor *c, char wanted)
{
    ex_skip_blanks(c);
    if (c->p == c->end || *c->p != wanted) return 0;
    c->p++;
    return 1;
}
static inline int ex_take_word(ex_cursor *c, const char *word)
{
    size_t length = strlen(word);
    ex_skip_blanks(c);
    if ((size_t)(c->end - c->p) < length || memcmp(c->p, word, length)) return 0;
    c->p += length;
    return 1;
}
/* A quoted string without escapes, as numpy writes keys and types. */
static inline int ex_take_string(ex_cursor *c, char *out, size_t capacity)
{
    size_t length = 0;
    char quote;
    ex_skip_blanks(c);
    if (c->p == c->end || (*c->p != '\'' && *c->p != '"')) return 0;
    quote = *c->p++;
    while (c->p < c->end && *c->p != quote) {
        if (*c->p == '\\' || length + 1 >= capacity) return 0;
        out[length++] = *c->p++;
    }
    out[length] = 0;
    return c->p++ < c->end;
}
/* A tuple of whole numbers: (), (5,), (5, 3), (5, 3,). Python 2 wrote 5L. Returns 0 when malformed, 2 when a number is too
   large for 64 bits. The count may exceed what `size` holds; the caller looks at it first. */
static inline int ex_take_shape(ex_cursor *c, uint64_t size[2], int *count)
{
    int comma = 1;
    *count = 0;
    if (!ex_take(c, '(')) return 0;
    for (;;) {
        uint64_t value = 0;
        if (ex_take(c, ')')) return *count != 1 || comma;
        if (!comma || c->p == c->end || *c->p < '0' || *c->p > '9') return 0;
        for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
            unsigned digit = (unsigned)(*c->p - '0');
            if (value > (UINT64_MAX - digit) / 10) return 2;
            value = value * 10 + digit;
        }
        if (c->p < c->end && *c->p == 'L') c->p++;
        if (*count < 2) size[*count] = value;
        if (++*count > 64) return 0;
        comma = ex_take(c, ',');
    }
}

/* Read a .npy file of two dimensions, little-endian float32, float64 or half, or bytes, C order, versions 1 to 3. Everything that is
   not exactly that ends the program with a sentence; so do NaN, infinities and float64 values beyond the range of float.
   Works on pipes as well: the size is checked beforehand only where the system knows it. */
static inline void ex_read_npy(const char *path, ex_matrix *out)
{
    unsigned char lead[12], *chunk;
    char *header, type[16] = "";
    uint64_t shape[2] = { 0, 0 }, header_bytes, elements, done = 0, body;
    int keys = 0, fortran = 0, dimensions = 0, version, shape_state = 1;
    size_t size, chunk_elements = 32768;
    uint16_t *halves;
    ex_cursor c;
    struct stat info;
    FILE *f = fopen(path, "rb");
    if (!f || fstat(fileno(f), &info)) ex_fail(EX_BAD_INPUT, "cannot open '%s': %s.", path, strerror(errno));
    if (S_ISDIR(info.st_mode)) ex_fail(EX_BAD_INPUT, "'%s' is a directory, not a .npy file.", path);
    if (fread(lead, 1, 8, f) != 8 || memcmp(lead, "\x93NUMPY", 6)) ex_fail(EX_BAD_INPUT, "'%s' is not a .npy file: it does not begin with the magic bytes.", path);
    version = lead[6];
    if (version < 1 || version > 3 || lead[7] != 0)
        ex_fail(EX_BAD_INPUT, "'%s' is a .npy file of version %d.%d; versions 1.0, 2.0 and 3.0 can be read.", path, version, lead[7]);
    size = version == 1 ? 2 : 4;
    if (fread(lead + 8, 1, size, f) != size) ex_fail(EX_BAD_INPUT, "'%s' is truncated: it ends inside its header.", path);
    header_bytes = lead[8] | (uint64_t)lead[9] << 8;
    if (size == 4) header_bytes |= (uint64_t)lead[10] << 16 | (uint64_t)lead[11] << 24;
    body = 8 + size + header_bytes;
    if (header_bytes > 1u << 20) ex_fail(EX_BAD_INPUT, "'%s' claims a header of %llu bytes; a table has less than 1 MB.", path, (unsigned long long)header_bytes);
    header = (char *)ex_alloc((size_t)header_bytes, "the file's header");
    if (fread(header, 1, (size_t)header_bytes, f) != header_bytes) ex_fail(EX_BAD_INPUT, "'%s' is truncated: it ends inside its header.", path);

    c.p = header;
    c.end = header + header_bytes;
    if (!ex_take(&c, '{')) ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: no dictionary.", path);
    while (!ex_take(&c, '}')) {
        char key[32];
        int bit = 0;
        if (!ex_take_string(&c, key, sizeof key) || !ex_take(&c, ':')) ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: a key is missing.", path);
        if (!strcmp(key, "descr")) {
            bit = 1;
            ex_skip_blanks(&c);
            if (c.p < c.end && *c.p == '[') ex_fail(EX_BAD_INPUT, "'%s' holds records; a plain table of numbers is needed.", path);
            if (!ex_take_string(&c, type, sizeof type)) bit = 0;
        } else if (!strcmp(key, "fortran_order")) {
            bit = 2;
            if (ex_take_word(&c, "True")) fortran = 1;
            else if (!ex_take_word(&c, "False")) bit = 0;
        } else if (!strcmp(key, "shape")) {
            bit = 4;
            shape_state = ex_take_shape(&c, shape, &dimensions);
            if (shape_state == 2) ex_fail(EX_BAD_INPUT, "'%s' has a dimension that does not fit in 64 bits.", path);
            if (!shape_state) bit = 0;
        } else ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: '%s' is not a key of this format.", path, key);
        if (!bit) ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: the value of '%s' cannot be read.", path, key);
        if (keys & bit) ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: '%s' is there twice.", path, key);
        keys |= bit;
        if (!ex_take(&c, ',')) {
            if (!ex_take(&c, '}')) ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: it does not end with a brace.", path);
            break;
        }
    }
    ex_skip_blanks(&c);
    if (c.p != c.end) ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: there is text after the dictionary.", path);
    free(header);
    if (keys != 7) ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: '%s' is missing.", path, !(keys & 1) ? "descr" : !(keys & 2) ? "fortran_order" : "shape");
    if (type[0] == '>') ex_fail(EX_BAD_INPUT, "'%s' is big-endian (%s); save it as little-endian.", path, type);
    out->type = !strcmp(type, "<f2") ? "float16" : !strcmp(type, "<f4") ? "float32" : !strcmp(type, "<f8") ? "float64" : !strcmp(type, "|u1") ? "uint8" : NULL;
    if (!out->type) ex_fail(EX_BAD_INPUT, "'%s' holds numbers of type '%s'; float32, float64, float16 and uint8 can be read.", path, type);
    size = (size_t)(type[2] - '0');
    if (dimensions != 2) ex_fail(EX_BAD_INPUT, "'%s' has %d dimension%s; a table of rows and columns has 2.", path, dimensions, dimensions == 1 ? "" : "s");
    if (fortran) ex_fail(EX_BAD_INPUT, "'%s' is in Fortran order; save it with numpy.ascontiguousarray.", path);
    if (!shape[0]) ex_fail(EX_BAD_INPUT, "'%s' has no rows.", path);
    if (!shape[1]) ex_fail(EX_BAD_INPUT, "'%s' has no columns.", path);
    if (shape[0] >= UINT32_MAX || shape[1] > (uint64_t)(SIZE_MAX / 16) / shape[0] || shape[1] > UINT64_MAX / 16 / shape[0])
        ex_fail(EX_BAD_INPUT, "'%s' says that it has %llu x %llu numbers: too many.", path, (unsigned long long)shape[0], (unsigned long long)shape[1]);
    elements = shape[0] * shape[1];
    if (S_ISREG(info.st_mode)) {
        uint64_t have = (uint64_t)info.st_size < body ? 0 : (uint64_t)info.st_size - body;
        if (have < elements * size) ex_fail(EX_BAD_INPUT, "'%s' is truncated: %llu bytes of rows are needed and %llu are there.", path,
                                            (unsigned long long)(elements * size), (unsigned long long)have);
        if (have > elements * size) ex_fail(EX_BAD_INPUT, "'%s' has %llu bytes after its last row.", path, (unsigned long long)(have - elements * size));
    }
    out->n = (size_t)shape[0];
    out->dim = (size_t)shape[1];
    out->data = (float *)ex_alloc_array((size_t)elements, sizeof(float), "the rows");

    /* Bytes become numbers by shifts, so that a big-endian machine reads the same file. */
    chunk = (unsigned char *)ex_alloc(chunk_elements * 8, "reading");
    halves = (uint16_t *)ex_alloc(chunk_elements * 2, "reading");
    while (done < elements) {
        size_t i, part = elements - done < chunk_elements ? (size_t)(elements - done) : chunk_elements;
        float *to = out->data + done;
        if (fread(chunk, size, part, f) != part) {
            if (ferror(f)) ex_fail(EX_BAD_INPUT, "cannot read '%s': %s.", path, strerror(errno));
            ex_fail(EX_BAD_INPUT, "'%s' is truncated: it ends inside its rows.", path);
        }
        for (i = 0; i < part; i++) {
            const unsigned char *b = chunk + i * size;
            if (size == 1) to[i] = (float)b[0];
            else if (size == 2) halves[i] = (uint16_t)(b[0] | b[1] << 8);
            else {
                uint64_t bits = b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24;
                if (size == 4) { uint32_t low = (uint32_t)bits; memcpy(&to[i], &low, 4); }
                else {
                    double wide;
                    bits |= (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
                    memcpy(&wide, &bits, 8);
                    /* half-way beyond the largest float: from here on rounding gives infinity */
                    if ((wide >= 3.4028235677973366e38 || wide <= -3.4028235677973366e38) && wide - wide == 0)
                        ex_fail(EX_BAD_INPUT, "'%s': row %llu (counted from 0) holds %g, which does not fit in a float.", path,
                                (unsigned long long)((done + i) / shape[1]), wide);
                    to[i] = (float)wide;
                }
            }
        }
        if (size == 2) ex_check(sphere_half_to_float(halves, to, part, NULL), "converting halves");
        for (i = 0; i < part; i++) if (to[i] - to[i] != 0)
            ex_fail(EX_BAD_INPUT, "'%s': row %llu (counted from 0) holds %s.", path, (unsigned long long)((done + i) / shape[1]),
                    to[i] == to[i] ? "an infinite number" : "a NaN");
        done += part;
    }
    if (!S_ISREG(info.st_mode) && fgetc(f) != EOF) ex_fail(EX_BAD_INPUT, "'%s' has more bytes after its last row.", path);
    free(chunk);
    free(halves);
    fclose(f);
}

/* >>words ----------------------------------------------------------------------------------------------------------- */

/* The lines of a text file, as bytes: nothing is assumed about their encoding. */
typedef struct ex_lines {
    char   *text;
    size_t *start;                                 /* count + 1 offsets; line i is text + start[i], length[i] bytes  */
    size_t *length;
    size_t  count;
} ex_lines;

/* Read all lines. A last line without newline counts; "\r\n" ends a line like "\n". */
static inline void ex_read_lines(const char *path, ex_lines *out)
{
    size_t capacity = 65536, used = 0, got, i, line = 0;
    struct stat info;
    FILE *f = fopen(path, "rb");
    if (!f || fstat(fileno(f), &info)) ex_fail(EX_BAD_INPUT, "cannot open '%s': %s.", path, strerror(errno));
    if (S_ISDIR(info.st_mode)) ex_fail(EX_BAD_INPUT, "'%s' is a directory, not a text file.", path);
    out->text = (char *)ex_alloc(capacity, "the words");
    while ((got = fread(out->text + used, 1, capacity - used, f)) > 0) {
        used += got;
        if (used == capacity) {
            char *larger = (char *)ex_alloc(capacity > SIZE_MAX / 2 ? SIZE_MAX : capacity * 2, "the words");
            memcpy(larger, out->text, used);
            free(out->text);
            out->text = larger;
            capacity *= 2;
        }
    }
    if (ferror(f)) ex_fail(EX_BAD_INPUT, "cannot read '%s': %s.", path, strerror(errno));
    fclose(f);
    out->count = used && out->text[used - 1] != '\n' ? 1 : 0;
    for (i = 0; i < used; i++) out->count += out->text[i] == '\n';
    out->start = (size_t *)ex_alloc_array(out->count + 1, sizeof *out->start, "the words");
    out->length = (size_t *)ex_alloc_array(out->count + 1, sizeof *out->length, "the words");
    for (i = 0; line < out->count; line++) {
        size_t end = i;
        while (end < used && out->text[end] != '\n') end++;
        out->start[line] = i;
        out->length[line] = end - i - (size_t)(end > i && out->text[end - 1] == '\r');
        i = end + 1;
    }
    out->start[out->count] = used;
}

/* Decode one code point of UTF-8 and advance. Anything that is not strictly valid (overlong, surrogate, cut off, beyond
   U+10FFFF) gives U+FFFD and advances by one byte. */
static inline uint32_t ex_next_char(const char **p, const char *end)
{
    const unsigned char *s = (const unsigned char *)*p;
    size_t left = (size_t)(end - *p), need, i;
    uint32_t code = s[0], least;
    (*p)++;
    if (code < 0x80) return code;
    if (code >= 0xC2 && code <= 0xDF) { need = 1; code &= 0x1F; least = 0x80; }
    else if (code >= 0xE0 && code <= 0xEF) { need = 2; code &= 0x0F; least = 0x800; }
    else if (code >= 0xF0 && code <= 0xF4) { need = 3; code &= 0x07; least = 0x10000; }
    else return 0xFFFD;
    if (left <= need) return 0xFFFD;
    for (i = 1; i <= need; i++) {
        if ((s[i] & 0xC0) != 0x80) return 0xFFFD;
        code = code << 6 | (s[i] & 0x3Fu);
    }
    if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return 0xFFFD;
    *p += need;
    return code;
}

/* Encode one code point; returns the number of bytes, 1 to 4. */
static inline size_t ex_encode_char(uint32_t code, char out[4])
{
    if (code < 0x80) { out[0] = (char)code; return 1; }
    if (code < 0x800) { out[0] = (char)(0xC0 | code >> 6); out[1] = (char)(0x80 | (code & 0x3F)); return 2; }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12); out[1] = (char)(0x80 | (code >> 6 & 0x3F)); out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18); out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F)); out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* Write text that may be anything to a terminal or a log: valid UTF-8 passes, control characters (C0, DEL, C1) do not. */
static inline void ex_print_text(FILE *f, const char *text, size_t length)
{
    const char *p = text, *end = text + length;
    while (p < end) {
        char out[4];
        uint32_t code = ex_next_char(&p, end);
        if (code < 32 || (code >= 127 && code < 160)) code = 0xFFFD;
        fwrite(out, 1, ex_encode_char(code, out), f);
    }
}

/* >>output ---------------------------------------------------------------------------------------------------------- */

/* Make the directory unless it is there, and see that it can be written into: better now than after the long work. */
static inline void ex_make_directory(const char *path)
{
    struct stat info;
    if (mkdir(path, 0777) == 0) ex_state.made_directory = ex_join(path, "", "");
    else if (errno != EEXIST) ex_fail(EX_FAULT, "cannot make the directory '%s': %s.", path, strerror(errno));
    if (stat(path, &info) || !S_ISDIR(info.st_mode)) ex_fail(EX_FAULT, "'%s' is not a directory.", path);
    if (access(path, W_OK | X_OK)) ex_fail(EX_FAULT, "cannot write into '%s': %s.", path, strerror(errno));
}

/* Begin a file that appears under its name only in ex_commit_files. */
static inline ex_file *ex_create_file(const char *directory, const char *name)
{
    ex_file *file = &ex_state.files[ex_state.file_count];
    char suffix[40], *folder = ex_join(directory, "/", "");
    int descriptor;
    if (ex_state.file_count == EX_MAX_FILES) ex_fail(EX_FAULT, "too many output files.");
    snprintf(suffix, sizeof suffix, ".%ld.tmp", (long)getpid());
    file->path = ex_join(folder, name, "");
    file->temporary = ex_join(file->path, suffix, "");
    file->stream = NULL;
    file->failed = 0;
    free(folder);
    descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (descriptor < 0 && errno == EEXIST && unlink(file->temporary) == 0)     /* left by a process of the same number */
        descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (descriptor < 0) ex_fail(EX_FAULT, "cannot write '%s': %s.", file->path, strerror(errno));
    ex_state.file_count++;                         /* from here on it is removed on failure */
    file->stream = fdopen(descriptor, "wb");
    if (!file->stream) ex_fail(EX_FAULT, "cannot write '%s': %s.", file->path, strerror(errno));
    return file;
}

/* Writing goes on after an error, which is kept: one check at the end covers all. */
static inline void ex_write(ex_file *file, const void *data, size_t bytes)
{
    if (bytes && fwrite(data, 1, bytes, file->stream) != bytes && !file->failed) file->failed = errno ? errno : EIO;
}
static inline void ex_puts(ex_file *file, const char *text) { ex_write(file, text, strlen(text)); }

EX_PRINTF(2, 3)
static inline void ex_printf(ex_file *file, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (vfprintf(file->stream, format, list) < 0 && !file->failed) file->failed = errno ? errno : EIO;
    va_end(list);
}

/* Close all files, check that every byte is on its way to the disk, and only then give them their names. */
static inline void ex_commit_files(void)
{
    int i;
    for (i = 0; i < ex_state.file_count; i++) {
        ex_file *file = &ex_state.files[i];
        int error = file->failed;
        if (fflush(file->stream) && !error) error = errno;
        if (ferror(file->stream) && !error) error = EIO;
        if (fclose(file->stream) && !error) error = errno;
        file->stream = NULL;
        if (error) ex_fail(EX_FAULT, "cannot write '%s': %s.", file->path, strerror(error));
    }
    for (i = 0; i < ex_state.file_count; i++)
        if (rename(ex_state.files[i].temporary, ex_state.files[i].path))
            ex_fail(EX_FAULT, "cannot write '%s': %s.", ex_state.files[i].path, strerror(errno));
    for (i = 0; i < ex_state.file_count; i++) {
        free(ex_state.files[i].temporary);
        free(ex_state.files[i].path);
    }
    ex_state.file_count = 0;
    free(ex_state.made_directory);
    ex_state.made_directory = NULL;
}

/* Write separate columns as a (n, count) table of little-endian float32. */
static inline void ex_write_npy(ex_file *file, const float *const *columns, size_t count, size_t n)
{
    char header[256];
    unsigned char row[64];
    size_t i, j, length, total;
    int text = snprintf(header + 10, 200, "{'descr': '<f4', 'fortran_order': False, 'shape': (%llu, %llu), }", (unsigned long long)n, (unsigned long long)count);
    length = 10 + (size_t)text;
    total = (length + 64) / 64 * 64;               /* rows begin at a multiple of 64, after a newline */
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)((total - 10) & 255);
    header[9] = (char)((total - 10) >> 8);
    memset(header + length, ' ', total - length);
    header[total - 1] = '\n';
    ex_write(file, header, total);
    for (i = 0; i < n; i++) for (j = 0; j < count; j++) {
        uint32_t bits;
        memcpy(&bits, &columns[j][i], 4);
        row[0] = (unsigned char)bits; row[1] = (unsigned char)(bits >> 8);
        row[2] = (unsigned char)(bits >> 16); row[3] = (unsigned char)(bits >> 24);
        ex_write(file, row, 4);
    }
}

static inline void ex_write_base64(ex_file *file, const unsigned char *data, size_t bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char out[4096];
    size_t i, used = 0;
    for (i = 0; i < bytes; i += 3) {
        unsigned a = data[i], b = i + 1 < bytes ? data[i + 1] : 0, c = i + 2 < bytes ? data[i + 2] : 0;
        out[used++] = digits[a >> 2];
        out[used++] = digits[(a & 3) << 4 | b >> 4];
        out[used++] = i + 1 < bytes ? digits[(b & 15) << 2 | c >> 6] : '=';
        out[used++] = i + 2 < bytes ? digits[c & 63] : '=';
        if (used == sizeof out) { ex_write(file, out, used); used = 0; }
    }
    ex_write(file, out, used);
}

/* A JSON string in quotes that is also safe inside <script>: no '<', '>', '&', no line separators; invalid UTF-8 becomes
   U+FFFD. */
static inline void ex_write_json(ex_file *file, const char *text, size_t length)
{
    const char *p = text, *end = text + length;
    ex_puts(file, "\"");
    while (p < end) {
        char out[4];
        uint32_t code = ex_next_char(&p, end);
        if (code < 32 || code == '"' || code == '\\' || code == '<' || code == '>' || code == '&' || code == '\'' ||
            (code >= 127 && code < 160) || code == 0x2028 || code == 0x2029) ex_printf(file, "\\u%04x", (unsigned)code);
        else ex_write(file, out, ex_encode_char(code, out));
    }
    ex_puts(file, "\"");
}

/* Text of an XML or HTML element or attribute. Characters that XML 1.0 forbids even escaped become U+FFFD. At most `most`
   characters are written, then an ellipsis; 0 = all. */
static inline void ex_write_xml(ex_file *file, const char *text, size_t length, size_t most)
{
    const char *p = text, *end = text + length;
    size_t count = 0;
    while (p < end) {
        char out[4];
        uint32_t code = ex_next_char(&p, end);
        if (most && count++ == most) { ex_puts(file, "\xE2\x80\xA6"); return; }
        if (code < 32 || (code >= 127 && code < 160) || code == 0xFFFE || code == 0xFFFF) code = 0xFFFD;
        if (code == '<') ex_puts(file, "&lt;");
        else if (code == '>') ex_puts(file, "&gt;");
        else if (code == '&') ex_puts(file, "&amp;");
        else if (code == '"') ex_puts(file, "&quot;");
        else if (code == '\'') ex_puts(file, "&#39;");
        else ex_write(file, out, ex_encode_char(code, out));
    }
}

/* >>sine ------------------------------------------------------------------------------------------------------------ */

/* Sine and cosine of a full turn times x, to the last digits of a double; x is reduced exactly, because a turn is 1. */
static inline void ex_turn(double x, double *sine, double *cosine)
{
    double whole = (double)(int64_t)(x * 4), r, z, s, c;                /* quarter turns; |x| stays far below 2^60   */
    int quarter;
    if (whole > x * 4) whole -= 1;
    quarter = (int)((int64_t)whole & 3);
    r = (x * 4 - whole - .5) * 1.5707963267948966;                      /* -pi/4..pi/4 around the middle of the quarter */
    z = r * r;
    s = r * (1 + z * (-1.0 / 6 + z * (1.0 / 120 + z * (-1.0 / 5040 + z * (1.0 / 362880 + z * (-1.0 / 39916800 + z * (1.0 / 6227020800.0)))))));
    c = 1 + z * (-1.0 / 2 + z * (1.0 / 24 + z * (-1.0 / 720 + z * (1.0 / 40320 + z * (-1.0 / 3628800 + z * (1.0 / 479001600.0 + z * (-1.0 / 87178291200.0)))))));
    x = .70710678118654752 * (s + c);                                   /* turn on by an eighth                      */
    z = .70710678118654752 * (c - s);
    *sine = quarter == 0 ? x : quarter == 1 ? z : quarter == 2 ? -x : -z;
    *cosine = quarter == 0 ? z : quarter == 1 ? -x : quarter == 2 ? -z : x;
}

/* >>picture --------------------------------------------------------------------------------------------------------- */

/* Bits on their way into a deflate stream, the lowest first. */
typedef struct ex_bits { unsigned char *out; size_t used; uint64_t hold; unsigned count; } ex_bits;
static inline void ex_put_bits(ex_bits *b, uint32_t value, unsigned count)
{
    b->hold |= (uint64_t)value << b->count;
    for (b->count += count; b->count >= 8; b->count -= 8, b->hold >>= 8) b->out[b->used++] = (unsigned char)(b->hold & 255);
}

typedef struct ex_huffman { uint32_t frequency[288], code[288]; unsigned char length[288]; } ex_huffman;

/* Huffman's code for `count` symbols, none longer than `most` bits: while one is, the frequencies are halved, which flattens the tree.
   At least two symbols get a code, because readers refuse a code of one. The first bit of a code is its lowest, as deflate sends it. */
static inline void ex_huffman_build(ex_huffman *h, unsigned count, unsigned most)
{
    uint32_t weight[576], code = 0;
    unsigned parent[576], alive[288], i, used = 0, nodes, longest, bit, k;
    for (i = 0; i < count; i++) used += h->frequency[i] > 0;
    for (i = 0; used < 2; i++) if (!h->frequency[i]) { h->frequency[i] = 1; used++; }
    do {
        for (i = 0, used = 0; i < count; i++) if (h->frequency[i]) { weight[i] = h->frequency[i]; alive[used++] = i; }
        for (nodes = count; used > 1; nodes++) {                        /* join the two lightest, until one is left */
            weight[nodes] = 0;
            for (k = 0; k < 2; k++) {
                unsigned lightest = 0;
                for (i = 1; i < used; i++) if (weight[alive[i]] < weight[alive[lightest]]) lightest = i;
                weight[nodes] += weight[alive[lightest]];
                parent[alive[lightest]] = nodes;
                alive[lightest] = alive[--used];
            }
            alive[used++] = nodes;
        }
        for (i = 0, longest = 0; i < count; i++) {
            unsigned at = i, depth = 0;
            if (h->frequency[i]) for (; at != nodes - 1; at = parent[at]) depth++;
            h->length[i] = (unsigned char)depth;
            if (depth > longest) longest = depth;
        }
        if (longest > most) for (i = 0; i < count; i++) h->frequency[i] = (h->frequency[i] + 1) / 2;
    } while (longest > most);
    for (bit = 1; bit <= most; bit++, code <<= 1) for (i = 0; i < count; i++) if (h->length[i] == bit) {
        for (k = 0, h->code[i] = 0; k < bit; k++) h->code[i] |= (code >> k & 1u) << (bit - 1 - k);
        code++;
    }
}

/* A length (3..258) or a distance (1..32768) as deflate's symbol and its extra bits: after the first `plain` values the symbols come in groups
   of `group`, each group with one extra bit more. */
static inline unsigned ex_deflate_symbol(unsigned value, unsigned plain, unsigned group, unsigned *extra_bits, unsigned *extra)
{
    unsigned symbol, bits = 0, base = value - plain;
    if (value < plain) { *extra_bits = *extra = 0; return value; }
    /* group values of 2^1, then of 2^2 and so on: find the group that holds the value */
    for (bits = 1; base >= group << bits; bits++) base -= group << bits;
    symbol = plain + group * (bits - 1) + (base >> bits);
    *extra_bits = bits;
    *extra = base & ((1u << bits) - 1);
    return symbol;
}

/* Compress into a zlib stream: repeats within the last 32 KB, codes by frequency, blocks of 65536 items. Small pictures are wanted, not
   speed records: about 20 MB/s. Returns an allocated buffer. */
static inline unsigned char *ex_deflate(const unsigned char *data, size_t n, size_t *bytes)
{
    enum { BLOCK = 65536, WINDOW = 32768, HEADS = 32768, TRIES = 64 };
    static const unsigned char order[19] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
    size_t i = 0, k, at, *head = (size_t *)ex_alloc_array(HEADS, sizeof *head, "compressing"), *before = (size_t *)ex_alloc_array(WINDOW, sizeof *before, "compressing");
    uint32_t *items = (uint32_t *)ex_alloc_array(BLOCK, sizeof *items, "compressing"), low = 1, high = 0;
    ex_huffman *letters = (ex_huffman *)ex_alloc(3 * sizeof *letters, "compressing"), *distances = letters + 1, *lengths = letters + 2;
    ex_bits b = { NULL, 0, 0, 0 };
    b.out = (unsigned char *)ex_alloc(n > SIZE_MAX / 4 ? SIZE_MAX : 2 * n + n / 64 + 1024, "compressing");    /* no item takes above 2 bytes a byte */
    b.out[b.used++] = 0x78;
    b.out[b.used++] = 0x9c;
    for (k = 0; k < HEADS; k++) head[k] = SIZE_MAX;
    do {
        size_t count = 0;
        unsigned extra_bits, extra;
        memset(letters, 0, 3 * sizeof *letters);
        for (; i < n && count < BLOCK; count++) {
            size_t best = 0, distance = 0, end = n - i < 258 ? n - i : 258, tries = TRIES;
            if (end >= 3) {
                const size_t spot = ((size_t)data[i] << 10 ^ (size_t)data[i + 1] << 5 ^ data[i + 2]) % HEADS;
                for (at = head[spot]; at != SIZE_MAX && i - at <= WINDOW && tries--; at = before[at % WINDOW]) {
                    for (k = 0; k < end && data[at + k] == data[i + k]; k++) { }
                    if (k > best) { best = k; distance = i - at; }
                    if (best == end || before[at % WINDOW] >= at) break;
                }
            }
            items[count] = data[i];
            if (best >= 3) {
                letters->frequency[257 + (best == 258 ? 28 : ex_deflate_symbol((unsigned)best - 3, 8, 4, &extra_bits, &extra))]++;
                distances->frequency[ex_deflate_symbol((unsigned)distance - 1, 4, 2, &extra_bits, &extra)]++;
                items[count] = 0x80000000u | (uint32_t)best << 16 | (uint32_t)(distance - 1);
            } else { letters->frequency[data[i]]++; best = 1; }
            for (; best; best--, i++) if (n - i >= 3) {
                const size_t spot = ((size_t)data[i] << 10 ^ (size_t)data[i + 1] << 5 ^ data[i + 2]) % HEADS;
                before[i % WINDOW] = head[spot];
                head[spot] = i;
            }
        }
        letters->frequency[256] = 1;
        ex_huffman_build(letters, 286, 15);
        ex_huffman_build(distances, 30, 15);
        for (k = 0; k < 286; k++) lengths->frequency[letters->length[k]]++;
        for (k = 0; k < 30; k++) lengths->frequency[distances->length[k]]++;
        ex_huffman_build(lengths, 19, 7);
        ex_put_bits(&b, (i == n) | 2 << 1, 3);                          /* last block or not, codes of its own */
        ex_put_bits(&b, 286 - 257, 5);
        ex_put_bits(&b, 30 - 1, 5);
        ex_put_bits(&b, 19 - 4, 4);
        for (k = 0; k < 19; k++) ex_put_bits(&b, lengths->length[order[k]], 3);
        for (k = 0; k < 286 + 30; k++) {
            const unsigned char length = k < 286 ? letters->length[k] : distances->length[k - 286];
            ex_put_bits(&b, lengths->code[length], lengths->length[length]);
        }
        for (k = 0; k < count; k++) {
            unsigned symbol = items[k], length = items[k] >> 16 & 511u;
            if (!(items[k] >> 31)) { ex_put_bits(&b, letters->code[symbol], letters->length[symbol]); continue; }
            extra_bits = extra = 0;
            symbol = 257 + (length == 258 ? 28 : ex_deflate_symbol(length - 3, 8, 4, &extra_bits, &extra));
            ex_put_bits(&b, letters->code[symbol], letters->length[symbol]);
            ex_put_bits(&b, extra, extra_bits);
            symbol = ex_deflate_symbol(items[k] & 0x7fffu, 4, 2, &extra_bits, &extra);
            ex_put_bits(&b, distances->code[symbol], distances->length[symbol]);
            ex_put_bits(&b, extra, extra_bits);
        }
        ex_put_bits(&b, letters->code[256], letters->length[256]);
    } while (i < n);
    ex_put_bits(&b, 0, 7);                                              /* to the next whole byte */
    for (k = 0; k < n; k++) { low = (low + data[k]) % 65521u; high = (high + low) % 65521u; }
    for (k = 0; k < 4; k++) b.out[b.used++] = (unsigned char)((high << 16 | low) >> (24 - 8 * k) & 255u);
    free(letters);
    free(items);
    free(before);
    free(head);
    *bytes = b.used;
    return b.out;
}

static inline void ex_write_chunk(ex_file *file, const char *type, const unsigned char *data, size_t bytes)
{
    unsigned char lead[8], tail[4];
    uint32_t crc = 0xffffffffu;
    size_t i;
    int k;
    for (k = 0; k < 4; k++) { lead[k] = (unsigned char)(bytes >> (24 - 8 * k) & 255u); lead[4 + k] = (unsigned char)type[k]; }
    for (i = 0; i < bytes + 4; i++) {                                   /* the checksum covers the type and the data */
        crc ^= i < 4 ? lead[4 + i] : data[i - 4];
        for (k = 0; k < 8; k++) crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
    }
    for (k = 0; k < 4; k++) tail[k] = (unsigned char)((crc ^ 0xffffffffu) >> (24 - 8 * k) & 255u);
    ex_write(file, lead, 8);
    if (bytes) ex_write(file, data, bytes);
    ex_write(file, tail, 4);
}

/* Write a PNG: rows from the top, 8 bits a channel; 1 channel is grey, 2 grey and alpha, 3 red green blue, 4 those and alpha. Every row takes the
   one of PNG's five predictions that leaves the least, or none does, whichever file is smaller. The same bytes everywhere. */
static inline void ex_write_png(ex_file *file, const unsigned char *pixels, size_t width, size_t height, int channels)
{
    static const unsigned char colour_type[5] = { 0, 0, 4, 2, 6 };
    const size_t c = (size_t)channels, row = width * c;
    unsigned char head[13], *lines, *packed, *plain;
    size_t i, y, bytes, plain_bytes, k;
    if (channels < 1 || channels > 4 || !width || !height || width > 65535 || height > 65535) ex_fail(EX_FAULT, "a picture of %llu x %llu points cannot be written.",
                                                                                             (unsigned long long)width, (unsigned long long)height);
    lines = (unsigned char *)ex_alloc_array(height + 5, row + 1, "the picture");          /* five more lines to try the predictions in */
    for (y = 0; y < height; y++) {
        const unsigned char *now = pixels + y * row, *above = y ? now - row : now;
        unsigned char *best = NULL;
        size_t least = SIZE_MAX;
        for (k = 0; k < 5; k++) {
            unsigned char *to = lines + (height + k) * (row + 1);
            size_t sum = 0;
            to[0] = (unsigned char)k;
            for (i = 0; i < row; i++) {
                const int left = i < c ? 0 : now[i - c], up = y ? above[i] : 0, corner = y && i >= c ? above[i - c] : 0;
                const int p = left + up - corner, pa = p < left ? left - p : p - left, pb = p < up ? up - p : p - up, pc = p < corner ? corner - p : p - corner;
                const int guess = k == 0 ? 0 : k == 1 ? left : k == 2 ? up : k == 3 ? (left + up) / 2 : pa <= pb && pa <= pc ? left : pb <= pc ? up : corner;
                to[1 + i] = (unsigned char)((now[i] - guess) & 255);
                sum += to[1 + i] < 128 ? to[1 + i] : 256u - to[1 + i];
            }
            if (sum < least) { least = sum; best = to; }
        }
        memcpy(lines + y * (row + 1), best, row + 1);
    }
    packed = ex_deflate(lines, height * (row + 1), &bytes);
    for (y = 0; y < height; y++) { lines[y * (row + 1)] = 0; memcpy(lines + y * (row + 1) + 1, pixels + y * row, row); }
    plain = ex_deflate(lines, height * (row + 1), &plain_bytes);        /* drawings are often smaller without predictions */
    if (plain_bytes < bytes) { unsigned char *swap = packed; packed = plain; plain = swap; bytes = plain_bytes; }
    free(plain);
    for (k = 0; k < 4; k++) { head[k] = (unsigned char)(width >> (24 - 8 * k) & 255u); head[4 + k] = (unsigned char)(height >> (24 - 8 * k) & 255u); }
    head[8] = 8;
    head[9] = colour_type[channels];
    head[10] = head[11] = head[12] = 0;
    ex_write(file, "\x89PNG\r\n\x1a\n", 8);
    ex_write_chunk(file, "IHDR", head, 13);
    ex_write_chunk(file, "IDAT", packed, bytes);
    ex_write_chunk(file, "IEND", NULL, 0);
    free(packed);
    free(lines);
}

/* >>sound ----------------------------------------------------------------------------------------------------------- */

/* Write a WAV file, 16 bits, little-endian: n frames of `channels` samples, interleaved. */
static inline void ex_write_wav(ex_file *file, const int16_t *samples, size_t n, unsigned channels, unsigned rate)
{
    unsigned char b[44];
    const uint64_t data = (uint64_t)n * channels * 2;
    const uint32_t words[11] = { 0x46464952u, 0, 0x45564157u, 0x20746d66u, 16, 1u | channels << 16, rate, rate * channels * 2, channels * 2 | 16u << 16,
                                 0x61746164u, 0 };                      /* "RIFF", size, "WAVE", "fmt ", ..., "data", size */
    size_t i;
    if (data > 0xffffffffu - 36) ex_fail(EX_FAULT, "a WAV file ends at 4 GB, and %llu frames are longer.", (unsigned long long)n);
    for (i = 0; i < 44; i++) {
        const uint32_t word = i / 4 == 1 ? (uint32_t)data + 36 : i / 4 == 10 ? (uint32_t)data : words[i / 4];
        b[i] = (unsigned char)(word >> 8 * (i % 4) & 255u);
    }
    ex_write(file, b, 44);
    for (i = 0; i < (size_t)data / 2; i++) {
        b[0] = (unsigned char)((uint16_t)samples[i] & 255u);
        b[1] = (unsigned char)((uint16_t)samples[i] >> 8);
        ex_write(file, b, 2);
    }
}

/* >>time ------------------------------------------------------------------------------------------------------------ */

static inline double ex_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Progress on one line of stderr, only where somebody watches, at most ten times a second. `user` is the name of the step.
   The shape is that of the headers' progress callback; it never asks to stop. */
static inline int ex_progress(void *user, size_t done, size_t total)
{
    static double last = 0;
    static int terminal = -1;
    double now;
    if (terminal < 0) terminal = isatty(STDERR_FILENO);
    if (!terminal) return 0;
    now = ex_seconds();
    if (now - last < 0.1) return 0;
    last = now;
    if (total) fprintf(stderr, "\r\033[K%s %3.0f %%", (const char *)user, 100.0 * (double)done / (double)total);
    else fprintf(stderr, "\r\033[K%s", (const char *)user);
    fflush(stderr);
    ex_state.progress_shown = 1;
    return 0;
}
static inline void ex_progress_end(void)
{
    if (ex_state.progress_shown) fputs("\r\033[K", stderr);
    ex_state.progress_shown = 0;
}

/* >>pool ------------------------------------------------------------------------------------------------------------ */

/* Threads that share the tasks of one call by a common counter: whoever is free takes the next. The caller works too. */
typedef struct ex_pool {
    size_t threads;                                /* the caller included                                            */
#ifndef EX_NO_THREADS
    pthread_t      *handles;
    pthread_mutex_t lock;
    pthread_cond_t  start, idle;
    void          (*task)(void *context, size_t index);                /* NULL when there is nothing to do           */
    void           *context;
    size_t          tasks, next, inside, started;
    unsigned        round;
    int             stop, busy;
#endif
} ex_pool;

static inline size_t ex_cpu_count(void)
{
#ifdef _SC_NPROCESSORS_ONLN
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (size_t)count;
#else
    return 1;
#endif
}

#ifdef EX_NO_THREADS
static inline void ex_pool_open(ex_pool *pool, size_t threads) { (void)threads; pool->threads = 1; }
static inline void ex_pool_close(ex_pool *pool) { (void)pool; }
static inline sphere_parallel ex_pool_hook(ex_pool *pool) { sphere_parallel hook = { NULL, NULL }; (void)pool; return hook; }
#else
static inline size_t ex_pool_next(ex_pool *pool)
{
#if defined(__GNUC__) || defined(__clang__)
    return __atomic_fetch_add(&pool->next, 1, __ATOMIC_RELAXED);
#else
    size_t next;
    pthread_mutex_lock(&pool->lock);
    next = pool->next++;
    pthread_mutex_unlock(&pool->lock);
    return next;
#endif
}
static inline void ex_pool_work(ex_pool *pool, void (*task)(void *context, size_t index), void *context, size_t tasks)
{
    size_t i;
    while ((i = ex_pool_next(pool)) < tasks) task(context, i);
}
static inline void *ex_pool_thread(void *user)
{
    ex_pool *pool = (ex_pool *)user;
    void (*task)(void *context, size_t index), *context;
    size_t tasks;
    unsigned seen = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        /* A thread that wakes when the work is already done finds no task and sleeps on: nobody waits for it. */
        while (!pool->stop && (pool->round == seen || !pool->task)) pthread_cond_wait(&pool->start, &pool->lock);
        if (pool->stop) break;
        seen = pool->round;
        pool->inside++;
        task = pool->task;                         /* copied under the lock: the caller clears it when the tasks run out */
        context = pool->context;
        tasks = pool->tasks;
        pthread_mutex_unlock(&pool->lock);
        ex_pool_work(pool, task, context, tasks);
        pthread_mutex_lock(&pool->lock);
        if (--pool->inside == 0) pthread_cond_signal(&pool->idle);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}
static inline void ex_pool_run(void *user, size_t tasks, void (*task)(void *context, size_t index), void *context)
{
    ex_pool *pool = (ex_pool *)user;
    size_t i;
    int nested;
    pthread_mutex_lock(&pool->lock);
    nested = pool->busy;
    if (!nested) {
        pool->busy = 1;
        pool->task = task;
        pool->context = context;
        pool->tasks = tasks;
        pool->next = 0;
        pool->round++;
        pthread_cond_broadcast(&pool->start);
    }
    pthread_mutex_unlock(&pool->lock);
    if (nested) { for (i = 0; i < tasks; i++) task(context, i); return; }      /* a task that runs tasks does them itself */
    ex_pool_work(pool, task, context, tasks);
    pthread_mutex_lock(&pool->lock);
    pool->task = NULL;
    while (pool->inside) pthread_cond_wait(&pool->idle, &pool->lock);
    pool->busy = 0;
    pthread_mutex_unlock(&pool->lock);
}

/* Start threads - 1 workers. Where the system gives fewer, the pool works with those. The pool must not move afterwards. */
static inline void ex_pool_open(ex_pool *pool, size_t threads)
{
    memset(pool, 0, sizeof *pool);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->start, NULL);
    pthread_cond_init(&pool->idle, NULL);
    pool->handles = (pthread_t *)ex_alloc_array(threads, sizeof *pool->handles, "the threads");
    while (pool->started + 1 < threads && !pthread_create(&pool->handles[pool->started], NULL, ex_pool_thread, pool)) pool->started++;
    pool->threads = pool->started + 1;
}
static inline void ex_pool_close(ex_pool *pool)
{
    size_t i;
    pthread_mutex_lock(&pool->lock);
    pool->stop = 1;
    pthread_cond_broadcast(&pool->start);
    pthread_mutex_unlock(&pool->lock);
    for (i = 0; i < pool->started; i++) pthread_join(pool->handles[i], NULL);
    free(pool->handles);
    pthread_cond_destroy(&pool->start);
    pthread_cond_destroy(&pool->idle);
    pthread_mutex_destroy(&pool->lock);
}
/* What goes into exec.parallel; one thread needs no hook. */
static inline sphere_parallel ex_pool_hook(ex_pool *pool)
{
    sphere_parallel hook = { NULL, NULL };
    if (pool->threads > 1) { hook.run = ex_pool_run; hook.user = pool; }
    return hook;
}
#endif

/* >>formats --------------------------------------------------------------------------------------------------------- */

/* Open a file whose size is known; the formats below say how long they are only all together. */
static inline FILE *ex_open_sized(const char *path, const char *kind, uint64_t *bytes)
{
    struct stat info;
    FILE *f = fopen(path, "rb");
    if (!f || fstat(fileno(f), &info)) ex_fail(EX_BAD_INPUT, "cannot open '%s': %s.", path, strerror(errno));
    if (S_ISDIR(info.st_mode)) ex_fail(EX_BAD_INPUT, "'%s' is a directory, not a %s file.", path, kind);
    if (!S_ISREG(info.st_mode)) ex_fail(EX_BAD_INPUT, "'%s' is not a regular file; a %s file cannot be read from a pipe.", path, kind);
    *bytes = (uint64_t)info.st_size;
    return f;
}
static inline void ex_read_exactly(FILE *f, const char *path, void *to, size_t bytes)
{
    if (fread(to, 1, bytes, f) == bytes) return;
    if (ferror(f)) ex_fail(EX_BAD_INPUT, "cannot read '%s': %s.", path, strerror(errno));
    ex_fail(EX_BAD_INPUT, "'%s' is truncated: it became shorter while it was read.", path);
}
static inline uint32_t ex_word(const unsigned char *b) { return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24; }

typedef enum ex_number { EX_FLOAT32, EX_FLOAT16, EX_BFLOAT16, EX_BYTE } ex_number;

/* Little-endian numbers to floats, by shifts; a number that is not finite ends the program. `first` is the place of the first one. */
static inline void ex_to_floats(const char *path, const unsigned char *from, ex_number type, float *to, size_t count, uint64_t first, size_t dim)
{
    size_t i;
    for (i = 0; i < count; i++) {
        uint32_t bits = 0;
        uint16_t half;
        if (type == EX_BYTE) { to[i] = (float)from[i]; continue; }
        if (type == EX_FLOAT32) bits = ex_word(from + 4 * i);
        else {
            half = (uint16_t)(from[2 * i] | from[2 * i + 1] << 8);
            if (type == EX_FLOAT16) ex_check(sphere_half_to_float(&half, &to[i], 1, NULL), "converting halves");
            else bits = (uint32_t)half << 16;                           /* a bfloat16 is the upper half of a float */
        }
        if (type != EX_FLOAT16) memcpy(&to[i], &bits, 4);
        if (to[i] - to[i] != 0)
            ex_fail(EX_BAD_INPUT, "'%s': row %llu (counted from 0) holds %s.", path, (unsigned long long)((first + i) / dim),
                    to[i] == to[i] ? "an infinite number" : "a NaN");
    }
}

/* Read .fvecs (float32) or .bvecs (bytes 0..255): each row begins with its length, a little-endian int32, the same everywhere. */
static inline void ex_read_vecs(const char *path, int bytes_of_one, ex_matrix *out)
{
    const char *kind = bytes_of_one == 4 ? ".fvecs" : ".bvecs";
    uint64_t bytes, row_bytes, rows;
    unsigned char lead[4], *row;
    uint32_t dim;
    size_t i;
    FILE *f = ex_open_sized(path, kind, &bytes);
    if (bytes < 4) ex_fail(EX_BAD_INPUT, "'%s' is %s.", path, bytes ? "truncated: it ends inside the length of its first row" : "empty");
    ex_read_exactly(f, path, lead, 4);
    dim = ex_word(lead);
    if (!dim || dim > 1u << 20) ex_fail(EX_BAD_INPUT, "'%s' is not a %s file: its first row says that it has %lld numbers; 1 to 1048576 can be read.", path, kind,
                                        dim >> 31 ? (long long)dim - 4294967296 : (long long)dim);
    row_bytes = 4 + (uint64_t)dim * (uint64_t)bytes_of_one;
    rows = bytes / row_bytes;
    if (bytes % row_bytes) ex_fail(EX_BAD_INPUT, "'%s' is truncated or no %s file: with rows of %lu numbers, %llu bytes are left over.", path, kind, (unsigned long)dim,
                                   (unsigned long long)(bytes % row_bytes));
    if (rows >= UINT32_MAX || rows > (uint64_t)(SIZE_MAX / 16) / dim) ex_fail(EX_BAD_INPUT, "'%s' has %llu rows: too many.", path, (unsigned long long)rows);
    out->n = (size_t)rows;
    out->dim = dim;
    out->type = bytes_of_one == 4 ? "float32" : "uint8";
    out->data = (float *)ex_alloc_array(out->n * out->dim, sizeof(float), "the rows");
    row = (unsigned char *)ex_alloc((size_t)row_bytes, "reading");
    for (i = 0; i < out->n; i++) {
        if (i) ex_read_exactly(f, path, lead, 4);
        if (ex_word(lead) != dim) ex_fail(EX_BAD_INPUT, "'%s' is damaged: row %llu (counted from 0) says that it has %lu numbers, row 0 has %lu.", path,
                                          (unsigned long long)i, (unsigned long)ex_word(lead), (unsigned long)dim);
        ex_read_exactly(f, path, row, (size_t)row_bytes - 4);
        ex_to_floats(path, row, bytes_of_one == 4 ? EX_FLOAT32 : EX_BYTE, out->data + i * out->dim, dim, (uint64_t)i * dim, dim);
    }
    free(row);
    fclose(f);
}

/* -- .safetensors: 8 bytes that give the length of a JSON header, the header, then the numbers of all tensors */
enum { EX_MOST_HEADER = 16 << 20, EX_MOST_NAME = 1024, EX_MOST_DIMENSIONS = 16 };

/* A JSON string, strictly: no control characters, only the escapes of the standard. What does not fit is cut off, and *whole says so. */
static inline int ex_take_json_string(ex_cursor *c, char *out, size_t capacity, int *whole)
{
    size_t length = 0;
    *whole = 1;
    if (!ex_take(c, '"')) return 0;
    while (c->p < c->end && *c->p != '"') {
        char text[4];
        size_t count = 1;
        text[0] = *c->p++;
        if ((unsigned char)text[0] < 32) return 0;
        if (text[0] == '\\') {
            static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
            const char *at;
            if (c->p == c->end) return 0;
            if (*c->p == 'u') {
                uint32_t code[2] = { 0, 0 };
                int k, digit, pairs = 1;
                for (k = 0; k < pairs; k++) {
                    if (c->end - c->p < 5 || (k && (c->p[0] != '\\' || c->p[1] != 'u'))) return 0;
                    c->p += 1 + k;
                    if (c->end - c->p < 4) return 0;
                    for (digit = 0; digit < 4; digit++, c->p++) {
                        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
                        const char *place = *c->p ? strchr(digits, *c->p) : NULL;
                        if (!place) return 0;
                        code[k] = code[k] << 4 | (uint32_t)((place - digits) & 15);
                    }
                    if (!code[0] || (!k && code[0] >= 0xdc00u && code[0] <= 0xdfffu)) return 0;        /* the second of a pair alone */
                    if (!k && code[0] >= 0xd800u && code[0] <= 0xdbffu) pairs = 2;
                }
                if (pairs == 2) {
                    if (code[1] < 0xdc00u || code[1] > 0xdfffu) return 0;
                    code[0] = 0x10000u + ((code[0] - 0xd800u) << 10) + (code[1] - 0xdc00u);
                }
                count = ex_encode_char(code[0], text);
            } else {
                if (!*c->p || (at = strchr(letters, *c->p)) == NULL) return 0;
                text[0] = meant[at - letters];
                c->p++;
            }
        }
        if (*whole && length + count < capacity) { memcpy(out + length, text, count); length += count; } else *whole = 0;
    }
    out[length] = 0;
    return c->p++ < c->end;
}
/* An array of whole numbers without signs, exponents or leading zeros; at most `most` of them. */
static inline int ex_take_json_numbers(ex_cursor *c, uint64_t *out, int most, int *count)
{
    *count = 0;
    if (!ex_take(c, '[')) return 0;
    if (ex_take(c, ']')) return 1;
    do {
        uint64_t value = 0;
        const char *begin;
        ex_skip_blanks(c);
        for (begin = c->p; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
            const unsigned digit = (unsigned)(*c->p - '0');
            if (value > (UINT64_MAX - digit) / 10) return 0;
            value = value * 10 + digit;
        }
        if (c->p == begin || (*begin == '0' && c->p - begin > 1) || *count == most) return 0;
        out[(*count)++] = value;
    } while (ex_take(c, ','));
    return ex_take(c, ']');
}
typedef struct ex_tensor {
    char     name[EX_MOST_NAME], type[16];
    uint64_t shape[EX_MOST_DIMENSIONS], offsets[2];
    int      dimensions;
} ex_tensor;
/* One tensor's object. The sentence that says what is wrong, or NULL. */
static inline const char *ex_take_tensor(ex_cursor *c, ex_tensor *t)
{
    int keys = 0, whole, count;
    if (!ex_take(c, '{')) return "the description of a tensor is no object";
    do {
        char key[16];
        int bit = 0;
        if (!ex_take_json_string(c, key, sizeof key, &whole) || !ex_take(c, ':')) return "a key of a tensor cannot be read";
        if (whole && !strcmp(key, "dtype")) { bit = 1; if (!ex_take_json_string(c, t->type, sizeof t->type, &whole) || !whole) return "a dtype cannot be read"; }
        else if (whole && !strcmp(key, "shape")) { bit = 2; if (!ex_take_json_numbers(c, t->shape, EX_MOST_DIMENSIONS, &t->dimensions)) return "a shape cannot be read"; }
        else if (whole && !strcmp(key, "data_offsets")) { bit = 4; if (!ex_take_json_numbers(c, t->offsets, 2, &count) || count != 2) return "data_offsets cannot be read"; }
        else return "a tensor has a key that this format does not have";
        if (keys & bit) return "a tensor has a key twice";
        keys |= bit;
    } while (ex_take(c, ','));
    if (!ex_take(c, '}')) return "the description of a tensor does not end with a brace";
    return keys == 7 ? NULL : "a tensor lacks dtype, shape or data_offsets";
}
/* The free text that may stand beside the tensors: strings by name. */
static inline int ex_take_metadata(ex_cursor *c)
{
    char text[8];
    int whole;
    if (!ex_take(c, '{')) return 0;
    if (ex_take(c, '}')) return 1;
    do if (!ex_take_json_string(c, text, sizeof text, &whole) || !ex_take(c, ':') || !ex_take_json_string(c, text, sizeof text, &whole)) return 0;
    while (ex_take(c, ','));
    return ex_take(c, '}');
}

/* Read one tensor of a .safetensors file: the named one, or with NULL the first of two dimensions. F32, F16 and BF16 are read. */
static inline void ex_read_safetensors(const char *path, const char *name, ex_matrix *out)
{
    static const char *const type_names[3] = { "F32", "F16", "BF16" }, *const long_names[3] = { "float32", "float16", "bfloat16" };
    uint64_t bytes, header_bytes, data_bytes, elements, done, skip;
    unsigned char lead[8], *chunk;
    char *header;
    const size_t chunk_elements = 32768;
    size_t size, part;
    int found = 0, type = 0, tables = 0, metadata = 0;
    ex_tensor *t = (ex_tensor *)ex_alloc(2 * sizeof *t, "the file's header"), *chosen = t + 1;
    ex_cursor c;
    FILE *f = ex_open_sized(path, ".safetensors", &bytes);
    if (bytes < 8) ex_fail(EX_BAD_INPUT, "'%s' is truncated: it ends inside the length of its header.", path);
    ex_read_exactly(f, path, lead, 8);
    header_bytes = ex_word(lead) | (uint64_t)ex_word(lead + 4) << 32;
    if (header_bytes > EX_MOST_HEADER || header_bytes < 2)
        ex_fail(EX_BAD_INPUT, "'%s' is not a .safetensors file: it claims a header of %llu bytes; 2 to %d can be read.", path, (unsigned long long)header_bytes, (int)EX_MOST_HEADER);
    if (header_bytes > bytes - 8) ex_fail(EX_BAD_INPUT, "'%s' is truncated: it ends inside its header.", path);
    data_bytes = bytes - 8 - header_bytes;
    header = (char *)ex_alloc((size_t)header_bytes, "the file's header");
    ex_read_exactly(f, path, header, (size_t)header_bytes);
    c.p = header;
    c.end = header + header_bytes;
    if (*c.p != '{') ex_fail(EX_BAD_INPUT, "'%s' is not a .safetensors file: its header does not begin with a brace.", path);
    c.p++;
    if (!ex_take(&c, '}')) {
        do {
            const char *wrong;
            int whole, wanted;
            if (!ex_take_json_string(&c, t->name, sizeof t->name, &whole) || !ex_take(&c, ':')) ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: the name of a tensor cannot be read.", path);
            if (!whole) ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: the name of a tensor has more than %d bytes.", path, (int)EX_MOST_NAME - 1);
            if (!strcmp(t->name, "__metadata__")) {
                if (metadata++ || !ex_take_metadata(&c)) ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: __metadata__ is there twice or does not hold strings.", path);
                continue;
            }
            wrong = ex_take_tensor(&c, t);
            if (wrong) ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: %s ('%.100s').", path, wrong, t->name);
            if (t->offsets[0] > t->offsets[1] || t->offsets[1] > data_bytes)
                ex_fail(EX_BAD_INPUT, "'%s' is truncated or damaged: tensor '%.100s' lies at bytes %llu to %llu of %llu.", path, t->name,
                        (unsigned long long)t->offsets[0], (unsigned long long)t->offsets[1], (unsigned long long)data_bytes);
            tables += t->dimensions == 2;
            wanted = name ? !strcmp(t->name, name) : t->dimensions == 2 && !found;
            if (found && !strcmp(t->name, chosen->name)) ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: tensor '%.100s' is there twice.", path, t->name);
            if (wanted) { *chosen = *t; found = 1; }
        } while (ex_take(&c, ','));
        if (!ex_take(&c, '}')) ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: it does not end with a brace.", path);
    }
    ex_skip_blanks(&c);
    if (c.p != c.end) ex_fail(EX_BAD_INPUT, "'%s' has a malformed header: there is text after the last brace.", path);
    free(header);
    if (!found && name) ex_fail(EX_BAD_INPUT, "'%s' has no tensor '%.200s'.", path, name);
    if (!found) ex_fail(EX_BAD_INPUT, "'%s' has no tensor of two dimensions.", path);
    if (chosen->dimensions != 2) ex_fail(EX_BAD_INPUT, "'%s': tensor '%.100s' has %d dimension%s; a table of rows and columns has 2.", path, chosen->name, chosen->dimensions,
                                         chosen->dimensions == 1 ? "" : "s");
    while (type < 3 && strcmp(chosen->type, type_names[type])) type++;
    if (type == 3) ex_fail(EX_BAD_INPUT, "'%s': tensor '%.100s' holds numbers of type %s; F32, F16 and BF16 can be read%s.", path, chosen->name, chosen->type,
                           !name && tables > 1 ? ", and another tensor can be named" : "");
    if (!chosen->shape[0]) ex_fail(EX_BAD_INPUT, "'%s': tensor '%.100s' has no rows.", path, chosen->name);
    if (!chosen->shape[1]) ex_fail(EX_BAD_INPUT, "'%s': tensor '%.100s' has no columns.", path, chosen->name);
    if (chosen->shape[0] >= UINT32_MAX || chosen->shape[1] > (uint64_t)(SIZE_MAX / 16) / chosen->shape[0] || chosen->shape[1] > UINT64_MAX / 16 / chosen->shape[0])
        ex_fail(EX_BAD_INPUT, "'%s' says that it has %llu x %llu numbers: too many.", path, (unsigned long long)chosen->shape[0], (unsigned long long)chosen->shape[1]);
    size = type ? 2 : 4;
    elements = chosen->shape[0] * chosen->shape[1];
    if (chosen->offsets[1] - chosen->offsets[0] != elements * size)
        ex_fail(EX_BAD_INPUT, "'%s' is damaged: tensor '%.100s' has %llu bytes, but its shape needs %llu.", path, chosen->name,
                (unsigned long long)(chosen->offsets[1] - chosen->offsets[0]), (unsigned long long)(elements * size));
    skip = 8 + header_bytes + chosen->offsets[0];
    if (fseeko(f, (off_t)skip, SEEK_SET)) ex_fail(EX_BAD_INPUT, "cannot read '%s': %s.", path, strerror(errno));
    out->n = (size_t)chosen->shape[0];
    out->dim = (size_t)chosen->shape[1];
    out->type = long_names[type];
    out->data = (float *)ex_alloc_array((size_t)elements, sizeof(float), "the rows");
    chunk = (unsigned char *)ex_alloc(chunk_elements * size, "reading");
    for (done = 0; done < elements; done += part) {
        part = elements - done < chunk_elements ? (size_t)(elements - done) : chunk_elements;
        ex_read_exactly(f, path, chunk, part * size);
        ex_to_floats(path, chunk, type == 0 ? EX_FLOAT32 : type == 1 ? EX_FLOAT16 : EX_BFLOAT16, out->data + done, part, done, out->dim);
    }
    free(chunk);
    free(t);
    fclose(f);
}

static inline int ex_ends_with(const char *text, const char *ending)
{
    const size_t n = strlen(text), m = strlen(ending);
    return n > m && !strcmp(text + n - m, ending);
}
/* Read a table by the ending of its name: .fvecs, .bvecs, .safetensors, and everything else as .npy. */
static inline void ex_read_table(const char *path, const char *tensor, ex_matrix *out)
{
    if (tensor && !ex_ends_with(path, ".safetensors")) ex_fail(EX_BAD_INPUT, "--tensor needs a .safetensors file; '%s' is none.", path);
    if (ex_ends_with(path, ".fvecs")) ex_read_vecs(path, 4, out);
    else if (ex_ends_with(path, ".bvecs")) ex_read_vecs(path, 1, out);
    else if (ex_ends_with(path, ".safetensors")) ex_read_safetensors(path, tensor, out);
    else ex_read_npy(path, out);
}
#endif
