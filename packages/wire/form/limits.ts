/** Limits on one form body. Exceeding one refuses the body with a code of its own; nothing is ever cut. */
export interface FormLimits {
  readonly maxBodyBytes: number
  readonly maxParameters: number
  /** Bracket pairs in one parameter name. */
  readonly maxDepth: number
  /** Bytes of one parameter name as sent, escapes included. */
  readonly maxKeyBytes: number
}

/**
 * PHP caps the first hop at 1,000 variables, 64 levels and 8 MB (max_input_vars, max_input_nesting_level, post_max_size),
 * so what really arrives fits well below these.
 */
export const FORM_LIMITS: FormLimits = {
  maxBodyBytes: 1_048_576,
  maxParameters: 4_000,
  maxDepth: 64,
  maxKeyBytes: 4_096,
}
