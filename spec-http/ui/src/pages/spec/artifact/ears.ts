export interface EarsParts {
  readonly conditions: readonly { readonly keyword: string; readonly text: string }[];
  readonly system: string;
  readonly response: string;
}

export type EarsRole = "plain" | "keyword" | "condition" | "system" | "response";

export interface EarsSegment {
  readonly role: EarsRole;
  readonly text: string;
}

/**
 * Marks the parts of a requirement in its own text, in order. The segments together are always the
 * text, to the letter; a text in which the parts are not found in their order is one plain segment.
 */
export function earsSegments(sentence: string, parts: EarsParts | undefined): EarsSegment[] {
  const whole: EarsSegment[] = [{ role: "plain", text: sentence }];
  if (!parts) return whole;
  const segments: EarsSegment[] = [];
  let at = 0;
  const push = (role: EarsRole, to: number) => {
    if (to > at) segments.push({ role, text: sentence.slice(at, to) });
    at = Math.max(at, to);
  };
  const word = (text: string): boolean => {
    const place = wordFrom(sentence, text, at);
    if (place < 0) return false;
    push("plain", place);
    push("keyword", place + text.length);
    return true;
  };
  const part = (role: EarsRole, text: string): boolean => {
    const place = text === "" ? -1 : sentence.indexOf(text, at);
    if (place < 0) return false;
    between(place);
    push(role, place + text.length);
    return true;
  };
  const between = (to: number) => {
    const then = wordFrom(sentence.slice(0, to), "then", at);
    if (then >= 0) word("then");
    push("plain", to);
  };
  for (const { keyword, text } of parts.conditions) {
    if (!word(keyword) || !part("condition", text)) return whole;
  }
  if (!part("system", parts.system) || !word("shall") || !part("response", parts.response)) {
    return whole;
  }
  push("plain", sentence.length);
  return segments;
}

/** Where `word` stands in `sentence` from `from`, in any case and not within another word; else -1. */
function wordFrom(sentence: string, word: string, from: number): number {
  if (!/^[a-z]+$/i.test(word)) return -1;
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])${word}(?![\\p{L}\\p{N}])`, "giu");
  pattern.lastIndex = from;
  return pattern.exec(sentence)?.index ?? -1;
}
