import { describe, expect, it } from "vitest";
import { titleOf } from "../src/pages/command/title";
import { numbers } from "./random";

describe("the title of an idea", () => {
  it("is its first line that says something", () => {
    expect(titleOf("Add search\nwith filters")).toBe("Add search");
    expect(titleOf("\r\n  \n Add   search \r\nmore")).toBe("Add search");
    expect(titleOf("  \n ")).toBe("");
  });

  it("is cut between words", () => {
    const words = "word ".repeat(30);
    expect(titleOf(words)).toBe("word ".repeat(20).trim());
    expect(titleOf(`${"a".repeat(97)}, and then some more`)).toBe("a".repeat(97));
    expect(titleOf(`${"a".repeat(100)} b`)).toBe("a".repeat(100));
  });

  it("cuts a word where there is no other way", () => {
    expect(titleOf("x".repeat(300))).toBe("x".repeat(100));
    expect(titleOf("語".repeat(300))).toBe("語".repeat(100));
  });

  it("holds for any text", () => {
    const pieces = [
      " ",
      "  ",
      "\n",
      "\r\n",
      "a",
      "word",
      ",",
      "-",
      "é",
      "語",
      "🙂",
      "x".repeat(40),
      "\t",
    ];
    for (let seed = 1; seed <= 2000; seed += 1) {
      const next = numbers(seed);
      const idea = Array.from({ length: next(60) }, () => pieces[next(pieces.length)]).join("");
      const title = titleOf(idea);
      const told = `seed ${seed}: ${JSON.stringify(idea)} gives ${JSON.stringify(title)}`;
      expect(Array.from(title).length, told).toBeLessThanOrEqual(100);
      expect(title, told).toBe(title.trim());
      expect(title === "", told).toBe(idea.trim() === "");
      expect(/[\r\n\t]/u.test(title), told).toBe(false);
      // No half of a pair is left behind.
      expect(/\p{Surrogate}/u.test(title), told).toBe(false);
      expect(idea.replace(/\s+/gu, " ").includes(title), told).toBe(true);
    }
  });
});
