import type { Phase, SpecEvent } from "@spec/client";
import { phaseNames } from "../../../lib/names";
import { formatClock } from "../format/time";
import { formatCost, type UsageCounts } from "../format/usage";
import { plural } from "../format/plural";
import { failureTitle } from "../failure/kinds";

/** What a line is about: by it the reader filters. */
export const LINE_KINDS = ["milestone", "agent", "tool", "problem", "sandbox", "person"] as const;
export type LineKind = (typeof LINE_KINDS)[number];

export type LineIcon =
  | "start"
  | "done"
  | "message"
  | "thinking"
  | "tool"
  | "file"
  | "output"
  | "warning"
  | "retry"
  | "failed"
  | "box"
  | "person"
  | "gate"
  | "pause"
  | "stop"
  | "cost";

export interface TimelineLine {
  readonly key: string;
  readonly sequence: number;
  readonly at: string;
  readonly phase: Phase | null;
  readonly kind: LineKind;
  readonly icon: LineIcon;
  readonly tone: "plain" | "good" | "wait" | "bad";
  /** Words of this page. */
  readonly text: string;
  /** Words of an agent, a person or a provider. */
  readonly quoted: string;
  /** Further lines, one per finding. */
  readonly findings: readonly string[];
}

type Said = Omit<
  TimelineLine,
  "key" | "sequence" | "at" | "phase" | "tone" | "quoted" | "findings"
> &
  Partial<Pick<TimelineLine, "phase" | "tone" | "quoted" | "findings">>;

const known = new WeakMap<SpecEvent, readonly TimelineLine[]>();

/** The lines of a timeline, oldest first. An event's lines are made once. */
export function timelineLines(events: readonly SpecEvent[]): TimelineLine[] {
  const lines: TimelineLine[] = [];
  for (const event of events) {
    let own = known.get(event);
    if (!own) {
      own = linesOf(event);
      known.set(event, own);
    }
    lines.push(...own);
  }
  return lines;
}

/** What one event says. */
export function linesOf(event: SpecEvent): TimelineLine[] {
  return said(event).map((line, index) => ({
    key: `${event.sequence}.${index}`,
    sequence: event.sequence,
    at: event.at,
    phase: null,
    tone: "plain",
    quoted: "",
    findings: [],
    ...line,
  }));
}

/** `#2` for a second attempt; nothing for the first. */
function again(attempt: number): string {
  return attempt > 1 ? ` (attempt ${attempt})` : "";
}

interface FindingText {
  readonly rule: string;
  readonly message: string;
  readonly pointer: string;
}

function findingTexts(findings: readonly FindingText[]): string[] {
  return findings.map(({ rule, message, pointer }) => `${pointer || "/"}: ${message} [${rule}]`);
}

function refused(findings: readonly FindingText[]): string {
  return findings.length === 0 ? "" : `; ${plural(findings.length, "finding")}`;
}

type Of<T extends SpecEvent["type"]> = Extract<SpecEvent, { type: T }>["data"];

function said(event: SpecEvent): Said[] {
  switch (event.type) {
    case "spec.created":
      return [{ kind: "milestone", icon: "start", text: "Spec created", quoted: event.data.title }];
    case "spec.execution_started":
      return [person("start", "Execution started by", event.data.by)];
    case "spec.phase_started": {
      const { phase, attempt, agent } = event.data;
      const text = `${phaseNames[phase]} began${again(attempt)} with agent`;
      return [{ phase, kind: "milestone", icon: "start", text, quoted: agent }];
    }
    case "spec.phase_retry":
      return phaseRetry(event.data);
    case "spec.phase_repair": {
      const { phase, repair, findings } = event.data;
      return [
        {
          phase,
          kind: "problem",
          icon: "retry",
          tone: "wait",
          text: `Output refused${refused(findings)}. The agent is told to repair it (repair ${repair})`,
          findings: findingTexts(findings),
        },
      ];
    }
    case "spec.effect_failed": {
      const { phase, failures, message, not_before } = event.data;
      const text = `A step failed (${plural(failures, "time")} in a row); next try at ${formatClock(not_before)}`;
      return [{ phase, kind: "problem", icon: "warning", tone: "wait", text, quoted: message }];
    }
    case "sandbox.spawned":
      return [sandboxSpawned(event.data)];
    case "spec.run_started": {
      const { phase, repair } = event.data;
      const text = repair > 0 ? `Repair run ${repair} started` : "Run started";
      return [{ phase, kind: "agent", icon: "start", text }];
    }
    case "spec.progress":
      return progress(event.data);
    case "spec.run_ended":
      return runEnded(event.data);
    case "spec.run_stopped": {
      const { phase, usage } = event.data;
      return [{ phase, kind: "agent", icon: "stop", text: `Run given up${used(usage)}` }];
    }
    case "spec.phase_completed": {
      const { phase, version, warnings } = event.data;
      const found = warnings > 0 ? ` with ${plural(warnings, "warning")}` : "";
      const text = `${phaseNames[phase]} completed: version ${version} accepted${found}`;
      return [{ phase, kind: "milestone", icon: "done", tone: "good", text }];
    }
    case "spec.phase_failed":
      return [failed("failed", event.data.failure, event.data.findings)];
    case "spec.approval_requested": {
      const { phase, version } = event.data;
      const text = `${phaseNames[phase]} version ${version} waits for approval`;
      return [{ phase, kind: "milestone", icon: "gate", tone: "wait", text }];
    }
    case "spec.phase_approved": {
      const { phase, version, by } = event.data;
      const line = person("done", `${phaseNames[phase]} version ${version} approved by`, by);
      return [{ ...line, phase, tone: "good" }];
    }
    case "spec.changes_requested": {
      const { phase, version, by, comment } = event.data;
      const text = `Changes to ${phaseNames[phase]} version ${version} requested by ${by}:`;
      return [{ phase, kind: "person", icon: "retry", tone: "wait", text, quoted: comment }];
    }
    case "spec.retry_requested": {
      const { phase, by, feedback } = event.data;
      const text = `Retry of ${phaseNames[phase]} requested by ${by}${feedback ? ":" : ""}`;
      return [{ phase, kind: "person", icon: "retry", text, quoted: feedback ?? "" }];
    }
    case "spec.execution_paused":
      return [person("pause", "Paused by", event.data.by)];
    case "spec.execution_resumed":
      return [person("start", "Resumed by", event.data.by)];
    case "sandbox.ending": {
      const { phase, asked, message, ask_again_at } = event.data;
      const problem = asked > 1 || message !== null;
      const text = problem
        ? `Sandbox told to end (${plural(asked, "time")}); asked again at ${formatClock(ask_again_at)}`
        : "Sandbox told to end";
      const tone = problem ? "wait" : "plain";
      return [{ phase, kind: "sandbox", icon: "box", tone, text, quoted: message ?? "" }];
    }
    case "sandbox.terminated":
      return [{ phase: event.data.phase, kind: "sandbox", icon: "box", text: "Sandbox is gone" }];
    case "sandbox.abandoned": {
      const { phase, message } = event.data;
      const text = "The end of the sandbox could not be confirmed; its time limit ends it";
      return [{ phase, kind: "sandbox", icon: "warning", tone: "bad", text, quoted: message }];
    }
    case "spec.cancel_requested": {
      const { by, reason } = event.data;
      const text = `Cancelled by ${by}${reason ? ":" : ""}`;
      return [{ kind: "person", icon: "stop", text, quoted: reason ?? "" }];
    }
    case "spec.budget_changed":
      return [person("cost", "Budget changed by", event.data.by)];
    case "spec.execution_completed":
      return [{ kind: "milestone", icon: "done", tone: "good", text: "Spec completed" }];
    case "spec.execution_failed":
      return [failed("stopped", event.data.failure, [])];
    case "spec.execution_cancelled":
      return [{ kind: "milestone", icon: "stop", text: "Spec cancelled; all sandboxes are gone" }];
    case "spec.archived":
      return [person("box", "Archived by", event.data.by)];
    default:
      return unknown(event);
  }
}

/** A newer server may tell of what this page does not know; a type it should know does not compile. */
function unknown(event: never): Said[] {
  const { type } = event as { type: string };
  return [
    {
      kind: "milestone",
      icon: "output",
      text: "Event of a kind this page does not know:",
      quoted: type,
    },
  ];
}

function person(icon: LineIcon, text: string, by: string): Said {
  return { kind: "person", icon, text, quoted: by };
}

function phaseRetry(data: Of<"spec.phase_retry">): Said[] {
  const { phase, attempt, agent, failure, findings, not_before } = data;
  return [
    {
      phase,
      kind: "problem",
      icon: "warning",
      tone: "wait",
      text: `Attempt ${failure.attempt} failed: ${failureTitle(failure.kind).toLowerCase()}${refused(findings)}`,
      quoted: failure.message,
      findings: findingTexts(findings),
    },
    {
      phase,
      kind: "milestone",
      icon: "retry",
      text: `${phaseNames[phase]} begins anew (attempt ${attempt}) at ${formatClock(not_before)} with agent`,
      quoted: agent,
    },
  ];
}

function failed(
  how: string,
  failure: Of<"spec.phase_failed">["failure"],
  findings: readonly FindingText[],
): Said {
  return {
    phase: failure.phase,
    kind: how === "failed" ? "problem" : "milestone",
    icon: "failed",
    tone: "bad",
    text: `${how === "failed" ? phaseNames[failure.phase] : "Spec"} failed: ${failureTitle(failure.kind).toLowerCase()}${refused(findings)}`,
    quoted: failure.message,
    findings: findingTexts(findings),
  };
}

function sandboxSpawned({ phase, sandbox }: Of<"sandbox.spawned">): Said {
  const { isolation, origin, commit } = sandbox;
  const apart = [
    isolation.filesystem && "files",
    isolation.processes && "processes",
    isolation.network && "network",
  ].filter((part) => part !== false);
  const kept = apart.length === 0 ? "not isolated" : `isolates ${apart.join(", ")}`;
  const text = `Sandbox ${origin === "adopted" ? "found again" : "ready"} (${isolation.mechanism}: ${kept}), commit ${commit.slice(0, 10)}, named`;
  const tone = apart.length === 0 ? "wait" : "plain";
  return { phase, kind: "sandbox", icon: "box", tone, text, quoted: sandbox.id };
}

type ItemKind = Of<"spec.progress">["items"][number]["kind"];

const ITEMS: Readonly<Record<ItemKind, Pick<Said, "kind" | "icon" | "tone">>> = {
  message: { kind: "agent", icon: "message" },
  thinking: { kind: "agent", icon: "thinking" },
  tool: { kind: "tool", icon: "tool" },
  file: { kind: "tool", icon: "file" },
  warning: { kind: "problem", icon: "warning", tone: "wait" },
  output: { kind: "agent", icon: "output" },
};

function progress({ phase, items, omitted }: Of<"spec.progress">): Said[] {
  const lines: Said[] = items.map(({ kind, text, permille }) => ({
    phase,
    ...(ITEMS[kind] ?? ITEMS.output),
    text: typeof permille === "number" ? `${Math.round(permille / 10)} %` : "",
    quoted: text,
  }));
  if (omitted > 0) {
    const text = `${plural(omitted, "line")} left out, because there were too many`;
    lines.push({ phase, kind: "agent", icon: "output", text });
  }
  return lines;
}

function used(usage: Partial<UsageCounts> | null | undefined): string {
  if (!usage) return "";
  const cost = formatCost({
    input_tokens: 0,
    cached_input_tokens: 0,
    cache_write_tokens: 0,
    output_tokens: 0,
    cost_micro_usd: 0,
    unpriced_tokens: 0,
    ...usage,
  });
  return cost === "nothing" ? "" : `; it consumed ${cost}`;
}

function ended(end: Of<"spec.run_ended">["end"]): string {
  switch (end.end) {
    case "exited":
      return end.code === 0 ? "Run ended" : `Run ended with exit code ${end.code}`;
    case "signaled":
      return `Run ended by signal ${end.signal}`;
    case "timed_out":
      return "Run ended: its time was up";
    case "lost":
      return `Run lost: ${end.reason}`;
  }
}

function runEnded({ phase, end, stderr_tail, usage, outcome }: Of<"spec.run_ended">): Said[] {
  const bad = end.end !== "exited" || end.code !== 0 || outcome.status === "failed";
  const quoted = outcome.status === "failed" ? outcome.message : bad ? stderr_tail : "";
  return [
    {
      phase,
      kind: bad ? "problem" : "agent",
      icon: bad ? "warning" : "done",
      tone: bad ? "wait" : "plain",
      text: `${ended(end)}${used(usage)}`,
      quoted,
    },
  ];
}
