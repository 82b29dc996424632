#!/usr/bin/env python3
"""The straight-line code of sphere_sh.h for AVX2 and NEON is made from the portable code, so that nothing is written by hand three times.

    python3 tests/straight.py check [FILE]    fails when the code of a level is not what the portable code gives
    python3 tests/straight.py fix [FILE]      writes it anew (meson compile -C build sync-straight, before sync-double)

The functions sphere_sh_pt_low_body_ and sphere_sh_pt_slopes_body_ (c_ the source, avx2_ and neon_ made from it) compute the harmonics and
gradients to degree 6. Their C is a small part of C: declarations of float and of pointers, assignments, `if (degree < n) return;`, blocks;
expressions of + - * and SPHERE_MADD_; k[i] and *(p + i) for numbers of a table that all lanes share, *(p + i * step) = for a store."""
import re
import sys

NAMES = ('low', 'slopes')
LEVELS = {
    'avx2': dict(head='SPHERE_SH_AVX2_INLINE_ ', type='__m256', tail='_f32x8', add='_mm256_add_ps', sub='_mm256_sub_ps', mul='_mm256_mul_ps', madd='SPHERE_MADD_F32X8_',
                 store='_mm256_storeu_ps', load='_mm256_broadcast_ss', set='_mm256_set1_ps', zero='_mm256_setzero_ps()'),
    'neon': dict(head='SPHERE_INLINE_ ', type='float32x4_t', tail='_f32x4', add='vaddq_f32', sub='vsubq_f32', mul='vmulq_f32', madd='SPHERE_MADD_F32X4_',
                 store='vst1q_f32', load='vld1q_dup_f32', set='vdupq_n_f32', zero='vdupq_n_f32(0)'),
}
TOKEN = re.compile(r'\s*(\d+\.\d+f|\d+|\w+|[-+*()\[\],])')


class Expression:
    """Recursive descent over one expression; gives the calls of one level."""

    def __init__(self, text, level):
        self.tokens, self.at, self.level = TOKEN.findall(text), 0, level
        if ''.join(self.tokens) != re.sub(r'\s', '', text):
            sys.exit(f'not understood: {text}')

    def next(self, want=None):
        token = self.tokens[self.at] if self.at < len(self.tokens) else ''
        if want and token != want:
            sys.exit(f'{want} expected at {" ".join(self.tokens)}')
        self.at += 1
        return token

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ''

    def sum(self):
        left = self.product()
        while self.peek() in ('+', '-'):
            call = self.level['add' if self.next() == '+' else 'sub']
            left = f'{call}({left}, {self.product()})'
        return left

    def product(self):
        left = self.value()
        while self.peek() == '*':
            self.next()
            left = f'{self.level["mul"]}({left}, {self.value()})'
        return left

    def value(self):
        token = self.next()
        if token == '(':
            inside = self.sum()
            self.next(')')
            return inside
        if token == '*':                                    # *p and *(p + i)
            pointer = self.next()
            if pointer == '(':
                pointer = self.next()
                if self.peek() == '+':
                    self.next()
                    pointer += ' + ' + self.next()
                self.next(')')
            return f'{self.level["load"]}({pointer})'
        if token == 'SPHERE_MADD_':
            self.next('(')
            parts = [self.sum()]
            while self.peek() == ',':
                self.next()
                parts.append(self.sum())
            self.next(')')
            return f'{self.level["madd"]}({", ".join(parts)})'
        if token == '0':
            return self.level['zero']
        if token[0].isdigit():
            return f'{self.level["set"]}({token})'
        if self.peek() == '[':
            self.next()
            index = self.next()
            self.next(']')
            return f'{self.level["load"]}({token} + {index})'
        return token + self.level['tail']


def statement(text, level):
    """One statement without its semicolon."""
    def whole(right):
        e = Expression(right, level)
        made = e.sum()
        if e.at != len(e.tokens):
            sys.exit(f'not understood: {right}')
        return made
    if text.startswith('float *const') or text.startswith('if '):
        return text
    if text.startswith('float '):
        return level['type'] + ' ' + re.sub(r'(\w+)', r'\1' + level['tail'], text[6:])
    left, right = text.split(' = ', 1)
    if left.startswith('*'):                                # a store: *p = or *(p + i * step) =
        place = re.sub(r'^\((.*)\)$', r'\1', left[1:])
        return f'{level["store"]}({place}, {whole(right)})'
    return f'{left}{level["tail"]} = {whole(right)}'


def translate(source, level, name):
    """The function of one level from the lines of the portable one."""
    lines = []
    for line in source.split('\n'):
        if line.startswith('SPHERE_INLINE_ '):
            line = level['head'] + line[len('SPHERE_INLINE_ '):].replace('_body_c_(', f'_body_{name}_(')
            line = re.sub(r'\bfloat ([xyz])\b', lambda m: f'{level["type"]} {m.group(1)}{level["tail"]}', line)
        elif line.strip() not in ('{', '}', ''):
            indent = line[:len(line) - len(line.lstrip())]
            parts = line.strip().split(';')
            if parts[-1]:
                sys.exit(f'more than statements: {line}')
            line = indent + ' '.join(statement(part.strip(), level) + ';' for part in parts[:-1])
        lines.append(line)
    return '\n'.join(lines)


def main():
    verb = sys.argv[1] if len(sys.argv) > 1 else 'check'
    path = sys.argv[2] if len(sys.argv) > 2 else 'sphere_sh.h'
    whole = open(path).read()
    new = whole

    def body(name, level):
        return re.compile(r'^SPHERE_\w+ void sphere_sh_pt_' + name + '_body_' + level + r'_\(.*?^}\n', re.S | re.M)
    passed = failed = 0
    for name in NAMES:
        source = body(name, 'c').findall(new)
        for level in LEVELS:
            here = body(name, level).findall(new)
            if len(source) != 1 or len(here) != 1:
                sys.exit(f'{path}: {len(source)} and {len(here)} functions sphere_sh_pt_{name}_body_ for c and {level}')
            made = translate(source[0], LEVELS[level], level)
            same = made == here[0]
            passed, failed = passed + same, failed + (not same)
            if not same and verb == 'check':
                a, b = next((a, b) for a, b in zip(here[0].split('\n') + [''], made.split('\n') + ['']) if a != b)
                print(f'not ok - sphere_sh_pt_{name}_body_{level}_\n  has   {a}\n  wants {b}')
            new = new.replace(here[0], made)
    if verb == 'fix':
        if new != whole:
            open(path, 'w').write(new)
        print(f'{path}: {passed + failed} functions')
    else:
        print(f'{passed} passed, {failed} failed')
        sys.exit(failed != 0)


main()
