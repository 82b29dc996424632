#!/usr/bin/env python3
"""The double sections of sphere_sh.h are made from the float sections, so that nothing is written twice by hand.

    python3 tests/double.py check [FILE]    fails when a double section is not what the float section gives
    python3 tests/double.py fix [FILE]      writes the double sections anew (meson compile -C build sync-double)

What lies between the lines "sphere-sh float begin NAME" and "sphere-sh float end NAME" is the source; the lines between "sphere-sh
double begin NAME" and "sphere-sh double end NAME" are made by replacing words. The rules:
    sphere_sh_x, SPHERE_SH_X    become sphere_shd_x, SPHERE_SHD_X, unless code outside the sections uses the name and has no twin with
                                shd: such a name is shared by both precisions
    float, 1.5f, f32x8, f32x4   become double, 1.5, f64x4, f64x2
    __m256, _mm256_add_ps, __m512, float32x4_t, vaddq_f32 and the like become the same thing in double
    sphere_sqrt_, sphere_bits_ and other float functions of the core: see CORE below
A constant with more digits than a float holds is written SPHERE_SH_REAL_(0.12345678901234567). What cannot be had by replacing words
(transposes, tables of thresholds) is written twice by hand outside the sections, as sphere_sh_x_ and sphere_shd_x_."""
import re
import sys

CORE = {'sphere_sqrt_': 'sphere_sqrt_double_', 'sphere_abs_': 'sphere_sh_abs_double_', 'sphere_bits_': 'sphere_sh_bits_double_',
        'sphere_from_bits_': 'sphere_sh_from_bits_double_', 'sphere_nan_': 'sphere_sh_nan_double_', 'sphere_inf_': 'sphere_sh_inf_double_',
        'sphere_canonical_': 'sphere_sh_canonical_double_', 'sphere_sincos_': 'sphere_sh_sincos_double_', 'sphere_exp_': 'sphere_sh_exp_double_',
        'sphere_atan2_': 'sphere_sh_atan2_double_',
        'SPHERE_SH_MADD_F32X16_': 'SPHERE_SH_MADD_F64X8_', 'SPHERE_SH_MUL_F32X16_': 'SPHERE_SH_MUL_F64X8_',
        'SPHERE_MADD_F32X8_': 'SPHERE_SH_MADD_F64X4_', 'SPHERE_MADD_F32X4_': 'SPHERE_SH_MADD_F64X2_'}
WORD = re.compile(r'[A-Za-z_]\w*|\b\d+\.?\d*(?:[eE][+-]?\d+)?f?\b|\.\d+f\b')


def words_of_code(text):
    text = re.sub(r'/\*.*?\*/', ' ', text, flags=re.S)
    return set(re.findall(r'[A-Za-z_]\w*', text))


def twin(word):
    return word.replace('sphere_sh_', 'sphere_shd_').replace('SPHERE_SH_', 'SPHERE_SHD_')


def derive(text, shared):
    def replace(match):
        word = match.group(0)
        if word in CORE:
            return CORE[word]
        if re.match(r'sphere_sh_|SPHERE_SH_', word):
            return word if word in shared else twin(word)
        if re.match(r'\d', word) or word.startswith('.'):
            return word[:-1] if word.endswith('f') and re.search(r'[.eE]', word) else word
        if word == 'float':
            return 'double'
        if word in ('__m512', '__m256', '__m128'):
            return word + 'd'
        if re.match(r'_mm(256|512)?_\w+', word):
            word = re.sub(r'_ps$', '_pd', word)
            word = re.sub(r'_ps_', '_pd_', word) if not word.startswith('_mm256_castps_') else word.replace('castps_si256', 'castpd_si256')
            word = word.replace('_castsi256_ps', '_castsi256_pd').replace('_epi32', '_epi64').replace('extractf128_ps', 'extractf128_pd')
            word = word.replace('_set1_epi64', '_set1_epi64x').replace('_ss', '_sd').replace('f32x8', 'f64x4').replace('f32x4', 'f64x2')
            word = re.sub(r'_castps(\d+)_ps(\d+)', r'_castpd\1_pd\2', word)
            return word
        if word == '__mmask16':
            return '__mmask8'
        neon = {'float32x4_t': 'float64x2_t', 'uint32x4_t': 'uint64x2_t', 'int32x4_t': 'int64x2_t', 'uint32_t': 'uint64_t', 'int32_t': 'int64_t'}
        if word in neon and word.endswith('x4_t'):
            return neon[word]
        if re.match(r'v[a-z0-9_]+_[fus]32', word):
            return re.sub(r'([fus])32', r'\g<1>64', word)
        word = word.replace('f32x16', 'f64x8').replace('f32x8', 'f64x4').replace('f32x4', 'f64x2').replace('F32X8', 'F64X4').replace('F32X4', 'F64X2')
        word = word.replace('u32x8', 'u64x4').replace('u32x4', 'u64x2')
        return word
    return WORD.sub(replace, text)


def main():
    verb = sys.argv[1] if len(sys.argv) > 1 else 'check'
    path = sys.argv[2] if len(sys.argv) > 2 else 'sphere_sh.h'
    whole = open(path).read()
    section = re.compile(r'^/\* sphere-sh (float|double) begin ([\w-]+).*?\n(.*?)^/\* sphere-sh \1 end \2 \*/\n', re.S | re.M)
    shared = words_of_code(section.sub('', whole))
    shared = {w for w in shared if re.match(r'sphere_sh_|SPHERE_SH_', w) and twin(w) not in shared}
    source = {m.group(2): m.group(3) for m in section.finditer(whole) if m.group(1) == 'float'}
    made = {m.group(2) for m in section.finditer(whole) if m.group(1) == 'double'}
    if set(source) != made or not source:
        sys.exit(f'{path}: sections without a partner: {sorted(set(source) ^ made)}')

    def renew(match):
        if match.group(1) == 'float':
            return match.group(0)
        name = match.group(2)
        return (f'/* sphere-sh double begin {name}: made from the float section by tests/double.py, do not edit */\n'
                + derive(source[name], shared) + f'/* sphere-sh double end {name} */\n')
    new = section.sub(renew, whole)
    if verb == 'fix':
        if new != whole:
            open(path, 'w').write(new)
        print(f'{path}: {len(made)} double sections')
    else:
        same = new == whole
        if not same:
            for a, b in zip(whole.split('\n'), new.split('\n')):
                if a != b:
                    print(f'{path}: has   {a}\n{path}: wants {b}')
                    break
        print('%d passed, %d failed' % (same, not same))
        sys.exit(not same)


main()
