import { describe, expect, it } from "vitest";
import { LONGEST_DIAGRAM, readMessage, readRequest } from "../../src/diagram/protocol";

describe("the frame of a diagram", () => {
  it("draws what it is asked to, and nothing else", () => {
    const request = { kind: "draw", id: 1, text: "graph TD", theme: "dark" };
    expect(readRequest(request)).toEqual(request);
    expect(readRequest({ ...request, theme: "x" })?.theme).toBe("light");
    const refused = [
      null,
      "draw",
      {},
      { ...request, kind: "eval" },
      { ...request, id: "1" },
      { ...request, text: 1 },
      { ...request, text: "x".repeat(LONGEST_DIAGRAM + 1) },
    ];
    for (const data of refused) expect(readRequest(data)).toBeNull();
  });

  it("is not believed in what it says", () => {
    expect(readMessage({ kind: "drawn", id: 1, height: 1e9 })).toMatchObject({ height: 4000 });
    expect(readMessage({ kind: "drawn", id: 1, height: -5 })).toMatchObject({ height: 40 });
    expect(readMessage({ kind: "drawn", id: 1, height: 100.2 })).toMatchObject({ height: 101 });
    for (const height of [NaN, Infinity, "100", null]) {
      expect(readMessage({ kind: "drawn", id: 1, height })).toBeNull();
    }
    const told = readMessage({ kind: "failed", id: 1, reason: "x".repeat(1_000_000) });
    expect(told?.kind === "failed" && told.reason.length).toBe(2000);
    expect(readMessage({ kind: "ready" })).toEqual({ kind: "ready" });
    for (const data of [null, 1, {}, { kind: "drawn" }]) expect(readMessage(data)).toBeNull();
  });
});
