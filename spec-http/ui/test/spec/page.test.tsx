import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { SpecActions } from "../../src/pages/spec/actions/spec-actions";
import { Decisions } from "../../src/pages/spec/artifact/decisions";
import { FailurePanel } from "../../src/pages/spec/failure/failure-panel";
import { Idea } from "../../src/pages/spec/header/idea";
import { changesSaid } from "../../src/pages/spec/phases/phase-announcer";
import { stepOf } from "../../src/pages/spec/phases/step";
import { PhaseStepper } from "../../src/pages/spec/phases/stepper";
import { allFindings } from "../../src/pages/spec/quality/all-findings";
import { firstTab, readTab, tabOf } from "../../src/pages/spec/tabs/tab-names";
import { fakeApi, json, problem } from "../api";
import { show } from "../show";
import { hash, noUsage, phaseDetail, phaseResult, spec } from "./fixture";

afterEach(cleanup);

const accepted = { version: 1, content_hash: hash("a"), warnings: 0 };
const nothing = () => undefined;

function buttons(): (string | null)[] {
  const group = screen.getByRole("group", { name: "Actions" });
  return within(group)
    .getAllByRole("button")
    .map(({ textContent }) => textContent);
}

describe("the actions", () => {
  it("are those that the server names, and the export", () => {
    show(<SpecActions spec={spec()} onRetry={nothing} />, fakeApi().fetch);
    expect(buttons()).toEqual(["Export"]);
    cleanup();
    const all = {
      execute: true,
      cancel: true,
      pause: true,
      resume: true,
      archive: true,
      retry: ["explore" as const],
    };
    show(<SpecActions spec={spec({ actions: all })} onRetry={nothing} />, fakeApi().fetch);
    expect(buttons()).toEqual([
      "Execute",
      "Resume",
      "Pause",
      "Retry from",
      "Cancel",
      "Export",
      "Archive",
    ]);
  });

  it("are sent once, however often they are pressed", async () => {
    const api = fakeApi({ "POST /specs/0199/pause": () => json(spec()) });
    show(<SpecActions spec={spec({ actions: { pause: true } })} onRetry={nothing} />, api.fetch);
    const pause = screen.getByRole("button", { name: "Pause" });
    fireEvent.click(pause);
    fireEvent.click(pause);
    await waitFor(() => expect(api.to("POST /specs/0199/pause")).toHaveLength(1));
  });

  it("explain a conflict", async () => {
    const api = fakeApi({ "POST /specs/0199/pause": () => problem(409) });
    show(<SpecActions spec={spec({ actions: { pause: true } })} onRetry={nothing} />, api.fetch);
    fireEvent.click(screen.getByRole("button", { name: "Pause" }));
    await screen.findByText(/The page now shows how things stand/u);
  });

  it("ask before they cancel, and take a reason along", async () => {
    const api = fakeApi({ "POST /specs/0199/cancel": () => json(spec()) });
    show(<SpecActions spec={spec({ actions: { cancel: true } })} onRetry={nothing} />, api.fetch);
    fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
    fireEvent.change(await screen.findByRole("textbox"), { target: { value: " no need " } });
    expect(api.to("POST /specs/0199/cancel")).toHaveLength(0);
    fireEvent.click(screen.getByRole("button", { name: "Cancel the spec" }));
    await waitFor(() => expect(api.to("POST /specs/0199/cancel")).toHaveLength(1));
    expect(api.to("POST /specs/0199/cancel")[0]?.body).toEqual({ reason: "no need" });
  });
});

describe("the idea", () => {
  it("is shown exactly as it was typed", () => {
    const text = "  Search\n\n\tby <b>name</b>  ";
    const { container } = show(<Idea text={text} />, fakeApi().fetch);
    expect(container.querySelector(".idea-text")?.textContent).toBe(text);
    expect(screen.queryByRole("button", { name: "Show the whole idea" })).toBeNull();
  });

  it("is folded when it is long", () => {
    const { container } = show(<Idea text={"line\n".repeat(5_000)} />, fakeApi().fetch);
    const shown = () => container.querySelector("bdi")?.textContent?.length ?? 0;
    expect(shown()).toBe(1_000);
    fireEvent.click(screen.getByRole("button", { name: "Show the whole idea" }));
    expect(shown()).toBe(10_000);
  });
});

describe("the phases", () => {
  const start = "2026-01-01T00:00:00Z";
  const now = Date.parse(start) + 65_000;
  const attempt = {
    attempt: 1,
    repair: 2,
    agent: "offline",
    agent_version: null,
    model: null,
    stage: "ended",
    outcome: "failed",
    failure: null,
    findings: [],
    sandbox: { id: null, status: "gone", isolation: null },
    usage: noUsage,
    started_at: start,
    ended_at: "2026-01-01T00:00:09Z",
    deadline: start,
  } as unknown as ReturnType<typeof phaseDetail>["attempts"][number];

  it("tell how long they took, or take", () => {
    const running = phaseDetail("design", { status: "running", started_at: start });
    expect(stepOf(running, now).duration).toBe(65_000);
    const failed = phaseDetail("design", {
      status: "failed",
      started_at: start,
      attempts: [attempt, attempt],
    });
    expect(stepOf(failed, now)).toMatchObject({ duration: 9_000, attempts: 2, repairs: 4 });
    expect(stepOf(phaseDetail("design"), now)).toMatchObject({ duration: null, cost: null });
  });

  it("are an ordered list that leads to what they produced", () => {
    const picked: string[] = [];
    show(
      <PhaseStepper
        spec={spec({ current_phase: "design" })}
        onSelect={(phase) => picked.push(phase)}
      />,
      fakeApi().fetch,
    );
    const items = screen.getAllByRole("listitem");
    expect(items).toHaveLength(5);
    fireEvent.click(within(items[2]!).getByRole("button"));
    expect(picked).toEqual(["design"]);
    expect(within(items[2]!).getByRole("button").getAttribute("aria-current")).toBe("step");
  });

  it("are spoken when they change, and only then", () => {
    const before = spec({ phases: { explore: { status: "running" } } });
    const after = spec({ phases: { explore: { status: "completed" } }, status: "completed" });
    expect(changesSaid(before, before)).toBe("");
    expect(changesSaid(before, after)).toBe("Explore: Completed. Spec: Completed.");
  });

  it("are paused where the spec is", () => {
    const paused = spec({ status: "paused", current_phase: "design" });
    show(<PhaseStepper spec={paused} onSelect={() => {}} />, fakeApi().fetch);
    expect(screen.getByRole("button", { name: /^Design Paused/ })).toBeTruthy();
    expect(screen.getAllByText("Pending")).toHaveLength(4);
  });

  it("are not pending once the spec is cancelled", () => {
    const before = spec({ phases: { explore: { status: "running" } } });
    const after = spec({ phases: { explore: { status: "pending" } }, status: "cancelled" });
    expect(changesSaid(before, after)).toBe("Explore: Not done. Spec: Cancelled.");
    show(<PhaseStepper spec={after} onSelect={() => {}} />, fakeApi().fetch);
    expect(screen.queryByText("Pending")).toBeNull();
    expect(screen.getAllByText("Not done")).toHaveLength(5);
  });
});

describe("the tabs", () => {
  it("begin with what waits, else with the newest result", () => {
    expect(firstTab(spec())).toBe("explore");
    const drafted = { explore: { accepted }, requirements: { accepted } };
    expect(firstTab(spec({ phases: drafted }))).toBe("requirements");
    expect(firstTab(spec({ phases: drafted, actions: { approve: "explore" } }))).toBe("explore");
    expect(tabOf("sync")).toBe("quality");
    expect(readTab("usage")).toBe("usage");
    expect(readTab("../etc")).toBeNull();
  });
});

describe("the decisions", () => {
  it("say who approved, and what is still asked for", () => {
    const at = "2026-01-02T03:04:05Z";
    const { container } = show(
      <Decisions
        detail={{
          approval: { by: "ann", at, version: 2, content_hash: hash("a") },
          feedback: [{ by: "bob", at, comment: "<b>smaller</b>" }],
        }}
      />,
      fakeApi().fetch,
    );
    expect(container.textContent).toContain("Version 2 was approved by ann");
    expect(container.textContent).toContain("<b>smaller</b>");
    cleanup();
    const empty = show(<Decisions detail={{ approval: null, feedback: [] }} />, fakeApi().fetch);
    expect(empty.container.querySelector(".decisions")).toBeNull();
  });
});

describe("the failure", () => {
  const failed = (kind: string) =>
    spec({
      status: "failed",
      failure: { phase: "design", attempt: 1, kind, message: "it went wrong" } as never,
      phases: { explore: { accepted } },
      actions: { retry: ["explore", "design"], set_budget: true },
    });

  it("says why, what was kept and what helps", () => {
    const picked: string[] = [];
    show(
      <FailurePanel
        spec={failed("invalid_output")}
        onRetry={(phase) => picked.push(phase)}
        onBudget={nothing}
      />,
      fakeApi().fetch,
    );
    expect(screen.getByRole("heading").textContent).toBe("Design failed: Output refused");
    expect(screen.getByText("Kept: Explore (version 1).")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Retry from Design" }));
    expect(picked).toEqual(["design"]);
    expect(screen.queryByRole("button", { name: "Raise the budget" })).toBeNull();
  });

  it("offers the budget when that is used up", () => {
    let raised = false;
    show(
      <FailurePanel
        spec={failed("budget_exceeded")}
        onRetry={nothing}
        onBudget={() => {
          raised = true;
        }}
      />,
      fakeApi().fetch,
    );
    fireEvent.click(screen.getByRole("button", { name: "Raise the budget" }));
    expect(raised).toBe(true);
  });

  it("offers nothing to those who may only look", () => {
    const seen = { ...failed("budget_exceeded"), actions: spec().actions };
    show(<FailurePanel spec={seen} onRetry={nothing} onBudget={nothing} />, fakeApi().fetch);
    expect(screen.getByRole("heading").textContent).toMatch(/^Design failed/);
    expect(screen.queryByRole("button", { name: "Raise the budget" })).toBeNull();
    expect(screen.queryByRole("button", { name: /^Retry/ })).toBeNull();
  });
});

describe("the quality report", () => {
  it("has the findings of what was accepted and of what was refused", () => {
    const finding = {
      rule: "r",
      severity: "warning",
      message: "m",
      pointer: "",
      fix: "",
    } as const;
    const groups = allFindings(spec({ phases: { explore: { status: "completed", accepted } } }), [
      phaseResult("explore", 1, hash("a"), [finding]),
      undefined,
    ]);
    expect(groups).toEqual([{ phase: "explore", refused: false, findings: [finding] }]);
  });
});
