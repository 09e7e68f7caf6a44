import { describe, expect, it } from "vitest";
import { earsSegments } from "../../src/pages/spec/artifact/ears";

const roles = (text: string, parts: Parameters<typeof earsSegments>[1]) =>
  earsSegments(text, parts)
    .filter(({ role }) => role !== "plain")
    .map(({ role, text: said }) => [role, said]);

describe("EARS parts", () => {
  const when = {
    conditions: [{ keyword: "when", text: "a user submits a search" }],
    system: "the shop",
    response: "show matching products.",
  };

  it("are marked in their own text", () => {
    const text = "When a user submits a search, the shop shall show matching products.";
    expect(roles(text, when)).toEqual([
      ["keyword", "When"],
      ["condition", "a user submits a search"],
      ["system", "the shop"],
      ["keyword", "shall"],
      ["response", "show matching products."],
    ]);
  });

  it("may be several, with a then", () => {
    const text = "WHILE offline, if a write fails, then the app SHALL queue it.";
    const parts = {
      conditions: [
        { keyword: "while", text: "offline" },
        { keyword: "if", text: "a write fails" },
      ],
      system: "the app",
      response: "queue it.",
    };
    expect(roles(text, parts).map(([, said]) => said)).toEqual([
      "WHILE",
      "offline",
      "if",
      "a write fails",
      "then",
      "the app",
      "SHALL",
      "queue it.",
    ]);
  });

  it("may have no condition", () => {
    const parts = { conditions: [], system: "The app", response: "start" };
    expect(roles("The app shall start", parts)).toHaveLength(3);
  });

  it("leave the sentence whole, whatever they are", () => {
    const text = "When a user submits a search, the shop shall show matching products. Always.";
    const strange = [
      undefined,
      when,
      { ...when, system: "nobody" },
      { ...when, response: "" },
      { ...when, conditions: [{ keyword: "(.*", text: "a user" }] },
      { ...when, conditions: [...when.conditions, ...when.conditions] },
      { conditions: [], system: "the shop", response: "show" },
    ];
    for (const parts of strange) {
      const segments = earsSegments(text, parts);
      expect(segments.map(({ text: said }) => said).join("")).toBe(text);
    }
    expect(earsSegments(text, strange[2])).toEqual([{ role: "plain", text }]);
  });
});
