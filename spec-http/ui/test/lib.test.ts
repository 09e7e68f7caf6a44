import { describe, expect, it, vi } from "vitest";
import { relativeTime } from "../src/lib/relative-time";
import { safeUrl } from "../src/lib/safe-url";
import { recall, remember } from "../src/lib/storage";
import { gatePresets, gatesOf, presetOf } from "../src/pages/command/gates";
import { readFilters, writeFilters, type Filters } from "../src/pages/specs/query";
import { phaseStatuses } from "../src/components/phase-dots";

describe("an address to go to", () => {
  const here = "https://host.example";

  it("is one of the web, or a path here", () => {
    expect(safeUrl("https://board.example/t/1", here)).toBe("https://board.example/t/1");
    expect(safeUrl("/tickets/1?x=2", here)).toBe("https://host.example/tickets/1?x=2");
  });

  it("is nothing else", () => {
    for (const url of [
      "javascript:alert(1)",
      "JavaScript:alert(1)",
      "data:text/html,x",
      "//evil.example",
      "/\\evil.example",
      "/\t/evil.example",
      "\u0001javascript:alert(1)",
      "tickets/1",
      "https://",
      "",
    ]) {
      expect(safeUrl(url, here), JSON.stringify(url)).toBeNull();
    }
  });
});

describe("reviews", () => {
  it("are known again by their gates", () => {
    for (const { preset } of gatePresets) expect(presetOf(gatesOf(preset))).toBe(preset);
  });

  it("of a host's own kind are none of the presets", () => {
    expect(presetOf({ ...gatesOf("none"), tasks: "approve" })).toBeNull();
  });
});

describe("filters", () => {
  it("are read from the address that they are written to", () => {
    const filters: Filters = { project: "a b", status: "failed", search: "x&y=ü", archived: true };
    expect(readFilters(new URLSearchParams(writeFilters(filters).toString()))).toEqual(filters);
    const none: Filters = { project: null, status: null, search: "", archived: false };
    expect(writeFilters(none).toString()).toBe("");
    expect(readFilters(new URLSearchParams())).toEqual(none);
  });

  it("leave out a status that there is not", () => {
    expect(readFilters(new URLSearchParams("status=toString")).status).toBeNull();
  });
});

describe("a time", () => {
  it("is told as how long ago it was", () => {
    const now = new Date("2026-01-10T12:00:00Z");
    const ago = (seconds: number) => relativeTime(new Date(now.getTime() - seconds * 1000), now);
    expect(ago(5)).toBe("now");
    expect(ago(180)).toContain("3 min");
    expect(ago(7200)).toContain("2 hr");
    expect(ago(86_400)).toBe("yesterday");
  });
});

describe("what is remembered", () => {
  it("is nothing where storage is denied, and nothing fails", () => {
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("denied", "SecurityError");
    });
    vi.spyOn(Storage.prototype, "getItem").mockImplementation(() => {
      throw new DOMException("denied", "SecurityError");
    });
    remember("x", "y");
    expect(recall("x")).toBeNull();
  });
});

describe("the phases of a list", () => {
  it("are done before the current one", () => {
    expect(phaseStatuses("executing", "design")).toEqual({
      explore: "completed",
      requirements: "completed",
      design: "running",
      tasks: "pending",
      sync: "pending",
    });
    expect(new Set(Object.values(phaseStatuses("completed", null)))).toEqual(
      new Set(["completed"]),
    );
    expect(phaseStatuses("failed", "explore").explore).toBe("failed");
  });
});
