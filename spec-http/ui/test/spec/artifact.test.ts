import type { Phase, PhaseStatus, SpecStatus } from "@spec/client";
import { describe, expect, it } from "vitest";
import { readDesign } from "../../src/pages/spec/artifact/design";
import { readExplore } from "../../src/pages/spec/artifact/explore";
import { missingResult } from "../../src/pages/spec/artifact/missing-result";
import { findingsAt, findingsElsewhere } from "../../src/pages/spec/artifact/pointer";
import { readRequirements } from "../../src/pages/spec/artifact/requirements";
import { storyParts } from "../../src/pages/spec/requirements/story-parts";
import { readTasks } from "../../src/pages/spec/artifact/tasks";
import { readTrace } from "../../src/pages/spec/artifact/trace";
import { nextSorting, sortTasks } from "../../src/pages/spec/tasks/sort";

const READERS = [readExplore, readRequirements, readDesign, readTasks, readTrace];

describe("stored outputs", () => {
  it.each([null, undefined, 1, "x", [], {}, { tasks: 1, requirements: [null, 3], components: {} }])(
    "of any shape are read: %j",
    (content) => {
      for (const read of READERS) expect(() => read(content)).not.toThrow();
    },
  );

  it("may leave out what is optional", () => {
    const { requirements } = readRequirements({
      requirements: [{ id: "REQ-A-FUNC-001", title: "T", text: "The app shall run." }],
    });
    expect(requirements[0]).toMatchObject({ id: "REQ-A-FUNC-001", criteria: [], notes: "" });
  });

  it("have their findings beside them", () => {
    const findings = ["", "/tasks/1", "/tasks/1/title", "/tasks/10", "/tickets"].map((pointer) => ({
      pointer,
    }));
    expect(findingsAt(findings, "/tasks/1")).toHaveLength(2);
    expect(findingsElsewhere(findings, ["/tasks/1", "/tasks/10"])).toEqual([
      { pointer: "" },
      { pointer: "/tickets" },
    ]);
  });
});

describe("the table of tasks", () => {
  const { tasks } = readTasks({
    tasks: [
      { id: "TSK-10", title: "b", priority: "LOW", estimated_hours: 1 },
      { id: "TSK-2", title: "a", priority: "CRITICAL", estimated_hours: 3 },
      { id: "TSK-1", title: "c", priority: "HIGH", estimated_hours: 2 },
    ],
  });
  const ids = (key: Parameters<typeof nextSorting>[1], descending = false) =>
    sortTasks(tasks, { key, descending }, new Map([["TSK-1", 2]])).map(({ id }) => id);

  it("sorts numbers as numbers and priorities by what they mean", () => {
    expect(ids("id")).toEqual(["TSK-1", "TSK-2", "TSK-10"]);
    expect(ids("priority")).toEqual(["TSK-2", "TSK-1", "TSK-10"]);
    expect(ids("hours", true)).toEqual(["TSK-2", "TSK-1", "TSK-10"]);
    expect(ids("wave")).toEqual(["TSK-10", "TSK-2", "TSK-1"]);
  });

  it("turns around on the same column", () => {
    const once = nextSorting({ key: "id", descending: false }, "title");
    expect(once).toEqual({ key: "title", descending: false });
    expect(nextSorting(once, "title").descending).toBe(true);
  });
});

describe("a user story", () => {
  it("is one sentence, whoever supplies its phrases", () => {
    const parts = { article: "an", role: "admin", want: "to search", benefit: "I find things" };
    const bare = { role: "admin", want: "to search", benefit: "I find things." };
    const full = {
      role: "As an admin,",
      want: "I want to search.",
      benefit: "So that I find things.",
    };
    expect(storyParts(bare)).toEqual(parts);
    expect(storyParts(full)).toEqual(parts);
  });
});

describe("a result that is missing", () => {
  const missing = (status: PhaseStatus, specStatus: SpecStatus, phase: Phase = "explore") =>
    missingResult({ phase, status, specStatus });

  it("is yet to come, unless the spec is cancelled", () => {
    expect(missing("pending", "draft").title).toBe("Explore has no result yet");
    expect(missing("pending", "cancelled").title).toBe("Explore has no result");
  });

  it("is promised for when it comes", () => {
    expect(missing("pending", "draft").text).toMatch(/executed/);
    expect(missing("pending", "paused").text).toMatch(/resumed/);
    expect(missing("pending", "paused", "design").text).toMatch(/after Requirements/);
    expect(missing("running", "executing").text).toMatch(/working/);
    expect(missing("failed", "failed").text).toMatch(/Retry/);
    expect(missing("pending", "cancelled").text).toMatch(/cancelled/);
  });
});
