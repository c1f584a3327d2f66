/** PHP's ini setting `precision`, significant digits; http_build_query goes by it. */
const PRECISION = 14
/** PHP turns to an exponent below 1e-4, by the place of the first digit. */
const SMALLEST_PLAIN_EXPONENT = -4
/** Longest JavaScript offers; beyond it no double that is a tie has digits left. */
const MOST_DIGITS = 100

/** Writes a number as PHP writes a float: `%.14G`, but with `1.0E+25` where C has `1E+25`. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NAN'
  if (!Number.isFinite(value)) return value > 0 ? 'INF' : '-INF'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [digits, exponent] = roundHalfEven(Math.abs(value))
  return `${value < 0 ? '-' : ''}${exponent < SMALLEST_PLAIN_EXPONENT || exponent > PRECISION - 1 ? scientific(digits, exponent) : plain(digits, exponent)}`
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
  const isTie = /^50*$/.test(rest)
  const rounded = isTie && Number(kept.at(-1)) % 2 === 0 ? `${kept}e${exact.slice(exact.indexOf('e') + 1)}` : value.toExponential(PRECISION - 1)
  const [mantissa = '', exponent = '0'] = rounded.split('e')
  return [mantissa.replace('.', '').replace(/0+$/, ''), Number(exponent)]
}
