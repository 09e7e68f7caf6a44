/** Prose as agents write it, taken apart. There is no node for HTML: it stays text. */
export type Block =
  | { readonly kind: "paragraph" | "heading" | "quote"; readonly inline: readonly Inline[] }
  | {
      readonly kind: "list";
      readonly ordered: boolean;
      readonly items: readonly (readonly Inline[])[];
    }
  | { readonly kind: "code"; readonly language: string; readonly text: string };

export type Inline =
  | { readonly kind: "text" | "code" | "strong" | "emphasis"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly href: string };

/** What is beyond is shown as one paragraph of plain text. */
const MAX_BLOCKS = 2000;
const FENCE = /^\s{0,3}(`{3,}(?!.*`)|~{3,})\s*(.*)$/;
const HEADING = /^\s{0,3}#{1,6}\s+(.*?)\s*#*$/;
const BULLET = /^\s*[-*+]\s+(.*)$/;
const NUMBERED = /^\s*\d{1,9}[.)]\s+(.*)$/;
const QUOTE = /^\s{0,3}>\s?(.*)$/;

/** The address, if it is one that a reader may be sent to. */
export function safeHref(address: string): string | null {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  const isWeb = url.protocol === "https:" || url.protocol === "http:";
  return isWeb && url.username === "" && url.password === "" ? url.href : null;
}

const INLINE =
  /`([^`\n]{1,2000})`|\*\*([^*\n]{1,2000})\*\*|__([^_\n]{1,2000})__|(?<![\p{L}\p{N}*])\*([^*\s][^*\n]{0,2000})\*(?![\p{L}\p{N}*])|\[([^\]\n]{1,500})\]\(([^()\s]{1,2000})\)|(https?:\/\/[^\s<>"'`()[\]{}]{1,2000})/gu;

export function parseInline(text: string): Inline[] {
  const inline: Inline[] = [];
  let from = 0;
  const plain = (to: number) => {
    if (to > from) inline.push({ kind: "text", text: text.slice(from, to) });
  };
  for (const match of text.matchAll(INLINE)) {
    const node = inlineOf(match);
    if (!node) continue;
    plain(match.index);
    inline.push(node);
    from = match.index + match[0].length;
  }
  plain(text.length);
  return inline;
}

function inlineOf(match: RegExpMatchArray): Inline | null {
  const [, code, starred, underscored, emphasis, label, target, bare] = match;
  if (code !== undefined) return { kind: "code", text: code };
  const strong = starred ?? underscored;
  if (strong !== undefined) return { kind: "strong", text: strong };
  if (emphasis !== undefined) return { kind: "emphasis", text: emphasis };
  const href = safeHref(target ?? bare ?? "");
  return href === null ? null : { kind: "link", text: label ?? bare ?? href, href };
}

/** Reads `text`. Takes time in proportion to its length; never fails. */
export function parseProse(text: string): Block[] {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    if (blocks.length === MAX_BLOCKS) {
      blocks.push({
        kind: "paragraph",
        inline: [{ kind: "text", text: lines.slice(at).join("\n") }],
      });
      break;
    }
    const line = lines[at] ?? "";
    if (line.trim() === "") {
      at += 1;
      continue;
    }
    const [block, next] = blockAt(lines, at);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

function blockAt(lines: readonly string[], at: number): [Block, number] {
  const line = lines[at] ?? "";
  const fence = FENCE.exec(line);
  if (fence) return codeAt(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading) return [{ kind: "heading", inline: parseInline(heading[1] ?? "") }, at + 1];
  if (BULLET.test(line)) return listAt(lines, at, BULLET, false);
  if (NUMBERED.test(line)) return listAt(lines, at, NUMBERED, true);
  const [kind, pattern] = QUOTE.test(line)
    ? (["quote", QUOTE] as const)
    : (["paragraph", null] as const);
  const text: string[] = [];
  let next = at;
  for (; next < lines.length; next += 1) {
    const candidate = lines[next] ?? "";
    const quoted = pattern?.exec(candidate);
    if (pattern ? !quoted : next > at && beginsBlock(candidate)) break;
    text.push(quoted?.[1] ?? candidate);
  }
  return [{ kind, inline: parseInline(text.join("\n")) }, next];
}

function beginsBlock(line: string): boolean {
  const patterns = [FENCE, HEADING, BULLET, NUMBERED, QUOTE];
  return line.trim() === "" || patterns.some((pattern) => pattern.test(line));
}

function codeAt(lines: readonly string[], at: number, fence: RegExpExecArray): [Block, number] {
  const [, mark = "```", language = ""] = fence;
  const closes = (line: string) =>
    line.trim().startsWith(mark) && line.trim() === mark[0]?.repeat(line.trim().length);
  let end = at + 1;
  while (end < lines.length && !closes(lines[end] ?? "")) end += 1;
  const text = lines.slice(at + 1, end).join("\n");
  return [{ kind: "code", language: language.trim().toLowerCase(), text }, end + 1];
}

function listAt(
  lines: readonly string[],
  at: number,
  pattern: RegExp,
  ordered: boolean,
): [Block, number] {
  const items: string[] = [];
  let next = at;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? "";
    const item = pattern.exec(line);
    if (item) {
      items.push(item[1] ?? "");
    } else if (/^\s{2,}\S/.test(line) && !beginsBlock(line)) {
      items[items.length - 1] += `\n${line.trim()}`;
    } else {
      break;
    }
  }
  return [{ kind: "list", ordered, items: items.map(parseInline) }, next];
}
