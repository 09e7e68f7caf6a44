import type { SpecEvent } from "@spec/client";
import { describe, expect, it } from "vitest";
import { KNOWN_FAILURES, failureTitle, failureWords } from "../../src/pages/spec/failure/kinds";
import { SHOW_ALL, filterLines, withKind } from "../../src/pages/spec/timeline/filter";
import { linesOf, timelineLines } from "../../src/pages/spec/timeline/lines";

type Data<T extends SpecEvent["type"]> = Extract<SpecEvent, { type: T }>["data"];

const at = "2026-01-02T03:04:05Z";
const later = "2026-01-02T03:05:05Z";
const place = { phase: "design", attempt: 2 } as const;
const finding = {
  rule: "reference.unresolved",
  severity: "error",
  message: "REQ-9 is not known",
  pointer: "/components/0",
  fix: "",
} as const;
const failure = { ...place, kind: "invalid_output", message: "the output was refused" } as const;
const hash = `sha256:${"a".repeat(64)}`;

/** One of each type: a type that the client knows and that is not here does not compile. */
const EVERY: { [T in SpecEvent["type"]]: unknown } = {
  "spec.created": {
    title: "Search",
    description: "x",
    project_id: "p",
    owner: "o",
    agent: "offline",
  },
  "spec.execution_started": { by: "ann" },
  "spec.phase_started": { ...place, agent: "offline", deadline: later },
  "spec.phase_retry": {
    ...place,
    agent: "offline",
    failure: { ...failure, attempt: 1 },
    findings: [finding],
    not_before: later,
    deadline: later,
  },
  "spec.phase_repair": { ...place, repair: 1, findings: [finding] },
  "spec.effect_failed": { ...place, message: "no route", failures: 2, not_before: later },
  "sandbox.spawned": {
    ...place,
    sandbox: {
      id: "box-1",
      origin: "created",
      commit: "0123456789abcdef",
      layout: { root: "/w", repository: "/w/repo" },
      isolation: { mechanism: "bubblewrap", filesystem: true, processes: true, network: false },
    },
  },
  "spec.run_started": { ...place, repair: 0, inputs: { prompt_hash: hash, schema_hash: hash } },
  "spec.progress": {
    ...place,
    repair: 0,
    items: [
      { kind: "message", text: "Looking around", permille: 250 },
      { kind: "tool", text: "grep" },
      { kind: "file", text: "src/lib.rs" },
      { kind: "thinking", text: "hm" },
      { kind: "warning", text: "careful" },
      { kind: "output", text: "???" },
    ],
    omitted: 3,
  },
  "spec.run_ended": {
    ...place,
    repair: 0,
    end: { end: "exited", code: 0 },
    stderr_tail: "",
    usage: { input_tokens: 1000, output_tokens: 234, unpriced_tokens: 1234 },
    outcome: { status: "done" },
  },
  "spec.run_stopped": { ...place, repair: 0, outcome: { status: "done" } },
  "spec.phase_completed": { ...place, version: 3, content_hash: hash, warnings: 1 },
  "spec.phase_failed": { failure, findings: [finding] },
  "spec.approval_requested": { phase: "design", version: 3, content_hash: hash },
  "spec.phase_approved": { phase: "design", version: 3, content_hash: hash, by: "ann" },
  "spec.changes_requested": {
    phase: "design",
    version: 3,
    content_hash: hash,
    by: "ann",
    comment: "smaller",
  },
  "spec.retry_requested": { phase: "design", by: "ann", feedback: "again" },
  "spec.execution_paused": { by: "ann" },
  "spec.execution_resumed": { by: "ann" },
  "sandbox.ending": { ...place, asked: 2, message: "busy", ask_again_at: later },
  "sandbox.terminated": { ...place },
  "sandbox.abandoned": { ...place, message: "gone silent" },
  "spec.cancel_requested": { by: "ann", reason: "enough" },
  "spec.budget_changed": { by: "ann", budget: {}, phase_budget: {} },
  "spec.execution_completed": {},
  "spec.execution_failed": { failure },
  "spec.execution_cancelled": {},
  "spec.archived": { by: "ann" },
};

let sequence = 0;

function event<T extends SpecEvent["type"]>(type: T, data: unknown = EVERY[type]): SpecEvent {
  sequence += 1;
  return {
    spec_id: "s",
    sequence,
    revision: sequence,
    at,
    type,
    data: data as Data<T>,
  } as unknown as SpecEvent;
}

const types = Object.keys(EVERY) as SpecEvent["type"][];

describe("the timeline", () => {
  it.each(types)("says something of %s", (type) => {
    const lines = linesOf(event(type));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(`${line.text}${line.quoted}`.trim()).not.toBe("");
      expect(line.text).not.toMatch(/undefined|NaN|\[object/u);
    }
  });

  it("gives every item of progress its own line, and says what was left out", () => {
    const lines = linesOf(event("spec.progress"));
    expect(lines.map(({ icon }) => icon)).toEqual([
      "message",
      "tool",
      "file",
      "thinking",
      "warning",
      "output",
      "output",
    ]);
    expect(lines[0]?.text).toBe("25 %");
    expect(lines.at(-1)?.text).toContain("3 lines left out");
  });

  it("shows refused output with its findings", () => {
    const [line] = linesOf(event("spec.phase_repair"));
    expect(line?.tone).toBe("wait");
    expect(line?.text).toContain("1 finding");
    expect(line?.findings).toEqual(["/components/0: REQ-9 is not known [reference.unresolved]"]);
  });

  it("tells a retry as the failure before it and the attempt after it", () => {
    const [failed, next] = linesOf(event("spec.phase_retry"));
    expect(failed?.text).toContain("Attempt 1 failed: output refused");
    expect(next?.text).toContain("attempt 2");
  });

  it("is honest about a sandbox that isolates nothing", () => {
    const sandbox = {
      ...(EVERY["sandbox.spawned"] as { sandbox: object }).sandbox,
      isolation: { mechanism: "none", filesystem: false, processes: false, network: false },
    };
    const [line] = linesOf(event("sandbox.spawned", { ...place, sandbox }));
    expect(line).toMatchObject({ tone: "wait" });
    expect(line?.text).toContain("not isolated");
  });

  it("says how a run ended that did not end well", () => {
    const bad = {
      ...(EVERY["spec.run_ended"] as object),
      end: { end: "exited", code: 1 },
      outcome: { status: "failed", kind: "agent_failed", message: "it crashed" },
    };
    expect(linesOf(event("spec.run_ended", bad))).toMatchObject([
      { kind: "problem", quoted: "it crashed" },
    ]);
    const lost = { ...bad, end: { end: "lost", reason: "the VM stopped" } };
    expect(linesOf(event("spec.run_ended", lost))[0]?.text).toContain("the VM stopped");
  });

  it("survives an event of a newer server", () => {
    const strange = { ...event("spec.archived"), type: "spec.dreamt" } as unknown as SpecEvent;
    expect(linesOf(strange)[0]?.quoted).toBe("spec.dreamt");
  });

  it("filters by phase and kind, and keeps what concerns the whole spec", () => {
    const lines = timelineLines(types.map((type) => event(type)));
    const design = filterLines(lines, { ...SHOW_ALL, phase: "tasks" });
    expect(design.every(({ phase }) => phase === null)).toBe(true);
    expect(design.length).toBeGreaterThan(0);
    const quiet = filterLines(lines, withKind(withKind(SHOW_ALL, "tool", false), "agent", false));
    expect(quiet.some(({ kind }) => kind === "tool" || kind === "agent")).toBe(false);
    expect(filterLines(lines, SHOW_ALL)).toBe(lines);
  });

  it("gives lines distinct keys, and makes those of an event once", () => {
    const events = Array.from({ length: 10_000 }, () => event("spec.progress"));
    const first = timelineLines(events);
    expect(new Set(first.map(({ key }) => key)).size).toBe(first.length);
    expect(timelineLines([...events])[12_345]).toBe(first[12_345]);
  });
});

describe("failures", () => {
  it("have words for every kind", () => {
    expect(KNOWN_FAILURES).toHaveLength(19);
    for (const kind of KNOWN_FAILURES) expect(failureTitle(kind)).not.toBe("");
    expect(failureWords("budget_exceeded").remedy).toBe("budget");
    expect(failureWords("of_the_future").remedy).toBe("retry");
  });
});
