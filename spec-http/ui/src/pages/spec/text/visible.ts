/** A run of text that is shown as it is, or a character that would otherwise not be seen. */
export type Run =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "hidden"; readonly code: string; readonly label: string };

/**
 * `identifier`: ids, names and paths, where every character has to be seen.
 * `prose`: sentences, where line breaks, tabs and the joiners of many scripts have their place.
 */
export type TextKind = "identifier" | "prose";

const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

const NAMES: Readonly<Record<string, string>> = {
  "0009": "tab",
  "000A": "line break",
  "000D": "carriage return",
  "001B": "escape",
  "00AD": "soft hyphen",
  "200B": "zero-width space",
  "200C": "zero-width non-joiner",
  "200D": "zero-width joiner",
  "200E": "left-to-right mark",
  "200F": "right-to-left mark",
  "202A": "left-to-right embedding",
  "202B": "right-to-left embedding",
  "202C": "end of embedding",
  "202D": "left-to-right override",
  "202E": "right-to-left override",
  "2060": "word joiner",
  "2066": "left-to-right isolate",
  "2067": "right-to-left isolate",
  "2068": "first strong isolate",
  "2069": "end of isolate",
  FEFF: "byte order mark",
};

const FINE_IN_PROSE: ReadonlySet<string> = new Set([
  "\t",
  "\n",
  "\r",
  "\u00ad",
  "\u200c",
  "\u200d",
  "\u200e",
  "\u200f",
]);

function hiddenRun(character: string): Run {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return { kind: "hidden", code, label: NAMES[code] ?? "invisible character" };
}

/** Takes `text` apart so that no character of it goes unseen. */
export function visibleRuns(text: string, kind: TextKind): Run[] {
  const runs: Run[] = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    const [character] = match;
    if (kind === "prose" && FINE_IN_PROSE.has(character)) continue;
    if (match.index > from) runs.push({ kind: "text", text: text.slice(from, match.index) });
    runs.push(hiddenRun(character));
    from = match.index + character.length;
  }
  if (from < text.length) runs.push({ kind: "text", text: text.slice(from) });
  return runs;
}

/** The same as one string, for attributes and names that assistive technology reads. */
export function visibleText(text: string, kind: TextKind = "identifier"): string {
  return visibleRuns(text, kind)
    .map((run) => (run.kind === "text" ? run.text : `[U+${run.code}]`))
    .join("");
}

/** At most `max` UTF-16 units of `text`; never half of a character. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  const splits = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splits ? max - 1 : max);
}
