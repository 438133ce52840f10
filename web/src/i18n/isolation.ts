const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
/** Letters and digits that run from right to left: the classes R, AL and AN of UAX #9. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/** Typed text as part of a sentence, in which it turns nothing around. In elements, `<bdi>` does it. */
export function isolated(typed: string): string {
  const plain = typed.replace(BIDI_CONTROLS, '')
  return RIGHT_TO_LEFT.test(plain) ? `\u2068${plain}\u2069` : plain
}
