import { cleanup, render } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import {
  type Block,
  type Inline,
  parseProse,
  safeHref,
} from "../../src/pages/spec/text/parse-prose";
import { Prose } from "../../src/pages/spec/text/prose";
import { numbers } from "../random";

afterEach(cleanup);

const INJECTIONS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  '<a href="javascript:alert(1)">x</a>',
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\nscript:alert(1))",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  "[x](vbscript:msgbox)",
  "[x](//evil.example/a)",
  "[x](https://user:secret@evil.example/)",
  "<javascript:alert(1)>",
  "![x](https://evil.example/track.png)",
  "<iframe src=https://evil.example></iframe>",
  "<style>*{display:none}</style>",
  "<svg onload=alert(1)>",
  '```mermaid\ngraph TD\nA-->B\nclick A href "javascript:alert(1)"\n```',
  "**<b onmouseover=alert(1)>x</b>**",
  "# <script>alert(1)</script>",
  "- <script>alert(1)</script>",
  "> <object data=x>",
  "`</code><script>alert(1)</script>`",
  "&lt;script&gt;",
];

const ALLOWED = new Set(
  "div p bdi span ul ol li pre code strong em blockquote a br button".split(" "),
);

describe("prose of agents", () => {
  it.each(INJECTIONS)("becomes nothing but text: %s", (text) => {
    const { container } = render(<Prose text={text} />);
    for (const element of container.querySelectorAll("*")) {
      expect(ALLOWED).toContain(element.tagName.toLowerCase());
      for (const { name, value } of element.attributes) {
        expect(name.startsWith("on")).toBe(false);
        if (name === "href") expect(value).toMatch(/^https?:\/\//u);
      }
      if (element.tagName === "A") {
        expect(element.getAttribute("rel")).toBe("noopener noreferrer nofollow");
      }
    }
  });

  it("keeps HTML as it was typed", () => {
    const { container } = render(<Prose text={"<b>bold</b> &amp;"} />);
    expect(container.textContent).toBe("<b>bold</b> &amp;");
  });

  it("says where a link leads when its text does not", () => {
    const { container } = render(<Prose text="[your bank](https://evil.example/login)" />);
    expect(container.querySelector("a")?.textContent).toBe("your bank (evil.example)");
  });

  it("links to the web and nowhere else", () => {
    expect(safeHref("https://a.example/b?c#d")).toBe("https://a.example/b?c#d");
    expect(safeHref("http://a.example")).toBe("http://a.example/");
    for (const address of ["javascript:1", "data:,x", "file:///etc/passwd", "/a", "a", ""]) {
      expect(safeHref(address)).toBeNull();
    }
  });

  it("reads paragraphs, headings, lists, quotes and code", () => {
    const kinds = parseProse(
      "# Title\nFirst `a` **b**\nsame paragraph\n\n- one\n  goes on\n- two\n1. three\n> said\n```rust\nfn main() {}\n```\nlast",
    ).map((block: Block) => block.kind);
    expect(kinds).toEqual(["heading", "paragraph", "list", "list", "quote", "code", "paragraph"]);
  });

  it("takes a fence that never closes as code to the end", () => {
    expect(parseProse("```js\na\n\nb")).toEqual([{ kind: "code", language: "js", text: "a\n\nb" }]);
  });

  it("leaves names with underscores and stars in code alone", () => {
    expect(parseProse("snake_case_name and 2 * 3 * 4")).toEqual([
      {
        kind: "paragraph",
        inline: [{ kind: "text", text: "snake_case_name and 2 * 3 * 4" }],
      },
    ]);
  });

  it("reads anything, loses no letter of it, and is done soon", () => {
    const pieces = [
      "`",
      "**",
      "_",
      "[",
      "](",
      ")",
      "\n",
      "- ",
      "1. ",
      "#",
      "> ",
      "a",
      "```",
      " ",
      "https://x.y",
    ];
    const random = numbers(7);
    for (let round = 0; round < 300; round += 1) {
      const text = Array.from({ length: random(60) }, () => pieces[random(pieces.length)]).join("");
      const letters = (shown: string) => (shown.match(/a/gu) ?? []).length;
      expect(letters(parseProse(text).map(textOf).join("\n"))).toBe(letters(text));
    }
    const started = performance.now();
    for (const piece of ["**", "[", "`", "- ", "> ", "_", "https://"])
      parseProse(piece.repeat(20_000));
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

/** All that a reader can see of a block, the language of code and the address of a link included. */
function textOf(block: Block): string {
  const of = (inline: readonly Inline[]) =>
    inline.map((node) => node.text + (node.kind === "link" ? hidden(node) : "")).join("");
  switch (block.kind) {
    case "code":
      return `${block.language}\n${block.text}`;
    case "list":
      return block.items.map(of).join("\n");
    default:
      return of(block.inline);
  }
}

function hidden({ text, href }: { text: string; href: string }): string {
  return safeHref(text) === href ? "" : href;
}
