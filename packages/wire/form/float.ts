/** PHP's ini setting `precision`, significant digits; http_build_query goes by it. */
const PRECISION = 14
/** PHP writes 0.0001 and 1.0E-5, 10 trillion in full and 1.0E+14: outside of these an exponent is written. */
const SMALLEST_PLAIN_EXPONENT = -4
const PLAIN_EXPONENT_END = PRECISION
/** The most JavaScript offers. A tie of 14 digits ends at the fifteenth; all that follow are zeros. */
const MOST_DIGITS = 100

/** Writes a number as PHP writes a float: `%.14G`, but with `1.0E+25` where C has `1E+25`. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NAN'
  if (!Number.isFinite(value)) return value > 0 ? 'INF' : '-INF'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [digits, exponent] = roundHalfEven(Math.abs(value))
  const isPlain = exponent >= SMALLEST_PLAIN_EXPONENT && exponent < PLAIN_EXPONENT_END
  return `${value < 0 ? '-' : ''}${isPlain ? plain(digits, exponent) : scientific(digits, exponent)}`
}

function scientific(digits: string, exponent: number): string {
  return `${digits.charAt(0)}.${digits.slice(1) || '0'}E${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`
}

function plain(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const fraction = digits.slice(exponent + 1)
  return fraction === '' ? whole : `${whole}.${fraction}`
}

/** The significant digits without trailing zeros, and the exponent of the first. JavaScript rounds a tie up, PHP to even. */
function roundHalfEven(value: number): [digits: string, exponent: number] {
  const exact = value.toExponential(MOST_DIGITS)
  const kept = exact.charAt(0) + exact.slice(2, PRECISION + 1)
  const rest = exact.slice(PRECISION + 1, exact.indexOf('e'))
  const staysEven = /^50*$/.test(rest) && Number(kept.at(-1)) % 2 === 0
  const rounded = staysEven ? `${kept}${exact.slice(exact.indexOf('e'))}` : value.toExponential(PRECISION - 1)
  const [mantissa = '', exponent = '0'] = rounded.split('e')
  return [mantissa.replace('.', '').replace(/0+$/, ''), Number(exponent)]
}
