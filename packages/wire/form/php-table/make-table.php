<?php
/*
 * Makes the tables of what PHP itself does with forms; the tests compare our codec with them and need no PHP.
 *
 *   php -d max_input_vars=100000 -d max_input_nesting_level=100 make-table.php decode > decode.jsonl
 *   php make-table.php encode > encode.jsonl
 *
 * Made with PHP 8.2. The seed is fixed, so the same PHP writes the same bytes again.
 *
 * decode.jsonl, a line each: [body, result]. Where body or result is not valid UTF-8: [body, result, "bytes"], and every
 * string in it, keys included, has one character per byte.
 * encode.jsonl, a line each: [value, form]. In value, null, booleans, strings and lists are themselves, {"i": digits} is an
 * int, {"f": digits} a float, {"m": [[key, value], ...]} a map.
 */

const SEED = 24;
const JSON_FLAGS = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR;

mt_srand(SEED);
ini_set('precision', '14');
ini_set('serialize_precision', '-1');
ini_set('arg_separator.output', '&');
require __DIR__ . '/' . match ($argv[1] ?? '') {
    'decode' => 'decode-cases.php',
    'encode' => 'encode-cases.php',
    default => exit("usage: make-table.php decode|encode\n"),
};

function pick(array $choices): mixed
{
    return $choices[mt_rand(0, count($choices) - 1)];
}

function repeat(int $least, int $most, callable $make): array
{
    return array_map($make, range(1, mt_rand($least, $most)));
}

function isUtf8(string $text): bool
{
    return preg_match('//u', $text) === 1;
}
