<?php
/* Bodies for parse_str; see make-table.php. */

const ODDITIES = [
    '', '&', '&&&', '=', '=x', '==', 'a', 'a=', 'a&b', '&&a&&b&&', 'a=1;b=2', 'a=b=c', 'a%3D=1', '[a]=1', ' [a]=1', '[]=1',
    '%20a=1', '++a=1',
    'a.b=1', 'a b=1', 'a.b.c[d.e]=1', 'a[b=1', 'a[b.c[d e=1', 'a[b][c.d=1', 'a[][c=1', 'a[=1', 'a[', 'a[b][', 'a[b][ =1', 'a]=1',
    'a]b=1',
    'a[]]=1', 'a[[b]=1', 'a[b[c]]=1', 'a[b]c=1', 'a[b]c[d]=1', 'a[b] [c]=1', 'a[ ]=1', 'a[ x]=1', 'a[x ]=1', 'a[  ]=1', "a[\t]=1",
    'a[%0b]=1', 'a[%0a]=1',
    'a[%a0]=1', 'a=1&a=2', 'a=1&a[x]=2', 'a[x]=1&a=2', 'a[x]=1&a[x][y]=2', 'a[]=1&a=2&a[]=3', 'a[]=1&a[]=2', 'a[1]=1&a[0]=2',
    'a[0]=1&a[1]=2&a[3]=3&a[]=4',
    'a[2]=1&a[]=2', 'a[x]=1&a[]=2&a[]=3', 'a[]=1&a[x]=2&a[]=3', 'a[-5]=1&a[]=2&a[]=3', 'a[-1]=1&a[]=2&a[]=3',
    'a[x]=0&a[]=1&a[-9]=2&a[7]=3&a[]=4',
    'a[01]=1&a[1]=2', 'a[-0]=1&a[0]=2&a[]=3', 'a[+1]=1&a[]=2', 'a[1.5]=1&a[]=2', 'a[1e3]=1&a[]=2', 'a[4294967294]=1&a[]=2&a[]=3',
    'a[9007199254740993]=1&a[]=2',
    'a[9223372036854775806]=1&a[]=2&a[]=3&b=4', 'a[9223372036854775807]=1&a[]=2', 'a[9223372036854775807]=1&a[][x]=2',
    'a[9223372036854775808]=1&a[]=2',
    'a[-9223372036854775808]=1&a[]=2', 'a[-9223372036854775809]=1&a[]=2', 'a[00000000000000000000]=1', '0=a&1=b', '0[0]=a&0[1]=b',
    '5=x&3=y',
    'a[][b]=1&a[][b]=2', 'a[][b]=1&a[0][c]=2', 'a[0][]=1&a[0][]=2&a[1][]=3', '__proto__=1', '__proto__[x]=1', 'a[__proto__]=1',
    'a[__proto__][x]=1&a[y]=2',
    'a[__proto__][__proto__]=1', 'constructor[prototype][x]=1', 'a[constructor]=1&a[toString]=2&a[valueOf][]=3',
    'hasOwnProperty=1&hasOwnProperty[x]=2',
    'a[length]=5&a[0]=1', 'a[0]=1&a[length]=5', 'a[push]=1', '__Host-a=1', '_.Host-a=1', '..Host-a=1', 'a[__Host-b]=1',
    'a=1&a[__Host-b]=2',
    'a[__Host-b][c]=1', 'a[b]=1&a[__Host-c]=2&a[d]=3',
    '__Host-a[__Host-b]=1', 'a[b][__Secure-c]=1&a[d]=2', '._Secure-a=1', '__Host-a[b', '__Hosta=1', 'a=%00',
    'a=b%00c', "a=b\0c&d=1", 'a%00b=1',
    "a\0b=1&c=2", 'a[x%00y]=1', 'a[b]%00[c]=1', '%00=1', "\0=1", 'a=%', 'a=%4', 'a=%zz', 'a=%4g', 'a=%%41', 'a=%2541', '%5=1',
    'a[%5d]=1', 'a%5bb%5D=1', 'a%5B%5d=1', 'a=+%2B+',
    'a=%d0%9f%d1%80', 'a=%ef%bb%bfx', "a=\xef\xbb\xbfx", 'a=%ff', 'a=%c3%28', 'a=%e2%82', 'a=%f0%9f%98', 'a=%f0%9f%98%80',
    'a=%ed%a0%80', 'a=%c0%af', 'a=%f4%90%80%80', '%ff=1', "\xff[\xfe]=1",
    'a[b]=1&a[b]=2', 'this=1', 'GLOBALS[a]=1', 'data=107', 'data=', 'event=ONAPPTEST', 'a=%0d%0a', "a=1\r\n&b=2\n", '?a=1',
    'a/b:c-d=1', '€[ü]=ß',
];

const NAMES = ['a', 'a', 'b', 'data', 'auth', 'x', '0', '1', '__proto__', 'constructor', 'é', '_', 'имя'];
const KEYS = ['', '', '', 'a', 'b', 'c', 'ID', '0', '0', '1', '2', '3', '7', '-1', '-3', '01', '-0', '10', '4294967295',
    '9223372036854775806', '99999999999999999999',
    '__proto__', 'constructor', 'toString', 'length', 'x y', 'x.y', ' ', 'ключ', '__Host-x', '~*', "q'", '[', '+'];
const VALUES = ['1', '', 'Y', 'some text', 'Привет, мир', 'https://some-domain.bitrix24.com/rest/', 'a&b=c', '100%', '1+1', '[x]',
    '😀', "line\nline", 'undefined', '~*!\'()'];
const JUNK = ['a', 'b', '[', ']', '[', ']', '[]', '%5B', '%5D', '%5b', '%5d', '[0]', '[1]', '[2]', '[-1]', '[01]', '[x]', '=',
    '=', '=', '&', '&', '&', '.', ' ', '+', '%', '%2', '%zz',
    '%00', "\0", '%20', "\t", '%09', '%0b', '%26', '%3D', ';', '__proto__', 'constructor', '0', '1', '-', '__Host-', '__Secure-',
    '_', 'é', '%D0%BF', '%ff', "\xff", '%e2%82',
    'a[]=', 'a[b]=', 'a[0]=', '&a[]=', '&a[b][]=', '&a[b]=1', '%c3%28', '%ed%a0%80', '%f0%9f%98%80', 'x=y',
    '[9223372036854775807]', '[4294967294]'];

function escaped(string $text): string
{
    if (mt_rand(0, 3) !== 0) return urlencode($text);
    return str_replace(['%', '&', '=', '+', '[', ']'], ['%25', '%26', '%3D', '%2B', '%5B', '%5D'], $text);
}

/** Well-formed names that run into each other. */
function nestedBody(int $depth): string
{
    return implode('&', repeat(1, 7, function () use ($depth) {
        $open = pick(['[', '%5B']);
        $keys = mt_rand(0, 4) === 0 ? [] : repeat(1, $depth, fn () => $open . escaped(pick(KEYS)) . pick([']', '%5D']));
        return escaped(pick(NAMES)) . implode('', $keys) . '=' . escaped(pick(VALUES));
    }));
}

function junkBody(): string
{
    return implode('', repeat(1, 22, fn () => pick(JUNK)));
}

function byteBody(): string
{
    return implode('', repeat(1, 24, fn () => mt_rand(0, 2) === 0 ? pick(['&', '=', '[', ']', '%', '+']) : chr(mt_rand(0, 255))));
}

function escapedByteBody(): string
{
    return 'a=' . implode('', repeat(1, 8, fn () => sprintf('%%%02x', pick([mt_rand(0, 127), mt_rand(128, 255), mt_rand(128, 191),
    mt_rand(192, 247)]))));
}

function token(int $length): string
{
    return implode('', array_map(fn () => dechex(mt_rand(0, 15)), range(1, $length)));
}

function message(): array
{
    return [
        'im' => ['chat_id' => mt_rand(1, 99), 'message_id' => mt_rand(1, 999)],
        'message' => ['user_id' => pick([null, 1]), 'text' => pick(VALUES), 'files' => pick([[], [['name' => pick(VALUES)]]])],
        'chat' => ['id' => token(8)],
    ];
}

function eventData(): mixed
{
    return pick([
        ['VERSION' => '1', 'ACTIVE' => 'Y', 'INSTALLED' => 'Y', 'LANGUAGE_ID' => 'en'],
        ['LANGUAGE_ID' => 'de', 'CLEAN' => mt_rand(0, 1)],
        ['connector' => 'myconnector', 'line' => mt_rand(1, 200)],
        ['CONNECTOR' => 'myconnector', 'LINE' => mt_rand(1, 200), 'MESSAGES' => repeat(1, 2, fn () => message())],
        ['FIELDS' => ['ID' => mt_rand(), 'UF_DEPARTMENT' => [1, null, 5], 'TITLE' => pick(VALUES)]],
        107,
        null,
    ]);
}

function eventBody(): string
{
    $portal = 'portal' . mt_rand(1, 99) . '.bitrix24.com';
    $tokens = ['access_token' => token(70), 'expires' => mt_rand(), 'expires_in' => 3600, 'scope' => 'imconnector,imopenlines'];
    $endpoints = ['server_endpoint' => 'https://oauth.bitrix.info/rest/', 'client_endpoint' => "https://$portal/rest/"];
    $proof = ['member_id' => token(32), 'application_token' => token(32)];
    return http_build_query([
        'event' => 'ONSOMEEVENT',
        'event_handler_id' => mt_rand(1, 999),
        'data' => eventData(),
        'ts' => mt_rand(),
        'auth' => pick([$tokens, []]) + ['domain' => $portal] + $endpoints + $proof,
    ]);
}

/** Keys that differ only in bytes that are not UTF-8 fall together when decoded; such a result says nothing. */
function collides(mixed $value): bool
{
    if (!is_array($value)) return false;
    $keys = array_map('strval', array_keys($value));
    $folded = array_map(fn ($key) => preg_replace('/[\x80-\xff]+/', '?', $key), $keys);
    if (array_filter($keys, fn ($key) => !isUtf8($key)) !== [] && count(array_unique($folded)) < count($folded)) return true;
    return array_filter($value, 'collides') !== [];
}

function oneCharPerByte(mixed $value): mixed
{
    if (!is_array($value)) return iconv('ISO-8859-1', 'UTF-8', $value);
    $mapped = [];
    foreach ($value as $key => $item) $mapped[oneCharPerByte((string) $key)] = oneCharPerByte($item);
    return $mapped;
}

function isAllUtf8(mixed $value): bool
{
    if (!is_array($value)) return isUtf8($value);
    foreach ($value as $key => $item) if (!isUtf8((string) $key) || !isAllUtf8($item)) return false;
    return true;
}

function writeCase(string $body): void
{
    // parse_str stops at a bare NUL, as it reads a C string. A POST body is read by its length (php_std_post_handler in
    // main/php_variables.c), and there a bare NUL does what %00 does; that is what a receiver has to match.
    parse_str(str_replace("\0", '%00', $body), $result);
    if (collides($result)) return;
    $asText = isUtf8($body) && isAllUtf8($result);
    $line = $asText ? [$body, (object) $result] : [oneCharPerByte($body), (object) oneCharPerByte($result), 'bytes'];
    echo json_encode($line, JSON_FLAGS), "\n";
}

foreach (ODDITIES as $body) writeCase($body);
for ($n = 0; $n < 1600; $n++) writeCase(nestedBody(4));
for ($n = 0; $n < 60; $n++) writeCase(nestedBody(60));
for ($n = 0; $n < 1800; $n++) writeCase(junkBody());
for ($n = 0; $n < 500; $n++) writeCase(byteBody());
for ($n = 0; $n < 300; $n++) writeCase(escapedByteBody());
for ($n = 0; $n < 350; $n++) writeCase(eventBody());
