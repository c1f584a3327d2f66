<?php
/* Values for http_build_query; see make-table.php. */

const TEXTS = ['', '1', 'Y', 'some text', 'Привет, мир', 'https://some-domain.bitrix24.com/rest/', 'a&b=c', '100%', '1+1', '[x]',
    '😀', "line\r\nline", "\0", '~*!\'()', '-_.', '"<>`{}|\\^', "\x7f", 'ü', '€', '@$,/:;?#'];
const MAP_KEYS = ['a', 'b', 'ID', 'x y', 'x.y', 'ключ', '', '[', ']', 'a[b]', '~', '*', '01', '-5', '-0', '1.5', '__proto__',
    'constructor', '&', '=', '%', '+', '😀', "\0"];
const INTS = [0, 1, -1, 107, 3600, 1773761094, 9007199254740991, -9007199254740991, 9007199254740993, PHP_INT_MAX, PHP_INT_MIN,
    100000000000000];
const FLOATS = [0.1 + 0.2, 0.1, 0.5, -0.5, 1.5, -0.0, 1e25, -1e25, 1e15 + 0.5, 1e-4, 1e-5, 0.00012345678901234567,
    9.9999999999999e-5, 99999999999999.9, 99999999999999.5, 9999999999999.95,
    12345678901234.5, 12345678901235.5, 1234567890123.25, 1234567890123.75, 123456789012.125, 0.1234567890123456, 1e100,
    1.7976931348623157e308, 5e-324, 2.2250738585072014e-308,
    1 / 3, 2 / 3, 1e22, 1e21, 123456789.123456789, 9007199254740992.0, 1.0E+18, INF, -INF, NAN, 1.000000000000005,
    0.99999999999999994];

const SPECIALS = [true, false, null, [], [[]], [null], [null, 'a', [], 'b'], ['x' => null]];

/** A safe whole number is an int to JavaScript, so from 15 digits on no float can be told from it. */
function isFloatToJavaScript(float $number): bool
{
    return !(floor($number) === $number && abs($number) >= 1e14 && abs($number) <= 9007199254740991);
}

function randomFloat(): float
{
    $anyBits = fn () => unpack('d', implode('', array_map(fn () => chr(mt_rand(0, 255)), range(1, 8))))[1];
    $decimal = fn () => mt_rand(-10 ** 9, 10 ** 9) / 10 ** mt_rand(0, 14);
    // 14 digits and a 5 behind them that a double holds exactly: here the rounding of a tie shows.
    $tie = fn () => (mt_rand(10 ** 6, 10 ** 7 - 1) * 10 ** 7 + mt_rand(0, 10 ** 7 - 1)) + 0.5;
    $smallTie = fn () => (mt_rand(10 ** 6, 10 ** 7 - 1) * 10 ** 6 + mt_rand(0, 10 ** 6 - 1)) + pick([0.25, 0.75]);
    return pick([pick(FLOATS), $anyBits(), $decimal(), $tie(), $smallTie()]);
}

function scalarValue(): mixed
{
    switch (mt_rand(0, 6)) {
        case 0: return pick([null, true, false]);
        case 1: return pick(INTS);
        case 2: return mt_rand(-100000, 100000);
        case 3:
        case 4:
            do { $float = randomFloat(); } while (!isFloatToJavaScript($float));
            return $float;
        default: return pick(TEXTS);
    }
}

function value(int $depth): mixed
{
    $kind = $depth === 0 ? 9 : mt_rand(0, 9);
    if ($kind === 0) return [];
    if ($kind === 1) return repeat(1, 4, fn () => value($depth - 1));
    return $kind <= 3 ? map($depth - 1) : scalarValue();
}

/** JavaScript iterates integer-like keys first and ascending, so they are written in that order here. */
function map(int $depth): array
{
    $map = [];
    if (mt_rand(0, 3) === 0) foreach ([2, 5, 11] as $index) $map[$index] = value($depth);
    foreach (repeat(1, 4, fn () => pick(MAP_KEYS)) as $key) $map[$key] = value($depth);
    return $map;
}

function typed(mixed $value, bool $isTop): mixed
{
    if (is_int($value)) return ['i' => (string) $value];
    if (is_float($value)) return ['f' => is_finite($value) ? json_encode($value) : (string) $value];
    if (!is_array($value)) return $value;
    if (array_is_list($value) && !$isTop) return array_map(fn ($item) => typed($item, false), $value);
    return ['m' => array_map(fn ($key) => [(string) $key, typed($value[$key], false)], array_keys($value))];
}

function writeCase(array $value): void
{
    echo json_encode([typed($value, true), http_build_query($value)], JSON_FLAGS), "\n";
}

writeCase([]);
foreach ([...TEXTS, ...INTS, ...array_filter(FLOATS, 'isFloatToJavaScript'), ...SPECIALS] as $value) {
    writeCase(['a' => $value]);
    writeCase(['a' => [$value, ['b' => $value]]]);
}
for ($code = 1; $code < 256; $code++) writeCase(['c' => iconv('ISO-8859-1', 'UTF-8', chr($code))]);
for ($n = 0; $n < 700; $n++) writeCase(['f' => scalarValue()]);
for ($n = 0; $n < 1400; $n++) writeCase(map(3));
