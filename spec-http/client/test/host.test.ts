import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ApiProblem,
  createClient,
  isUnknownEvent,
  PHASES,
  type Connection,
  type SpecEvent,
} from "../src/index.js";
import { Host } from "./host.js";

const LONG = 180_000;
const draft = {
  title: "Search history",
  description: "Remember what I searched for, and offer it when I begin to type.",
  project_id: "shop",
};

describe("against a running server", () => {
  let host: Host | undefined;
  const running = () => {
    if (host === undefined) throw new Error("The server was not started.");
    return host;
  };
  const client = () => createClient({ baseUrl: running().baseUrl });

  beforeAll(async () => {
    host = new Host();
    // Slow enough to be killed, or cancelled, in the middle of a phase.
    await host.start("--slow-ms", "60");
  }, LONG);
  afterAll(() => host?.remove(), LONG);

  test(
    "a spec is watched to its end over a server that is killed",
    async () => {
      const { spec_id: id, status } = await client().launchSpec(draft);
      expect(status).toBe("executing");
      const events: SpecEvent[] = [];
      const states: Connection[] = [];
      const signal = AbortSignal.timeout(LONG);
      const onConnection = (state: Connection) => void states.push(state);
      let killed = false;
      for await (const event of client().watchSpec(id, { signal, onConnection })) {
        events.push(event);
        if (!killed && event.type === "spec.progress" && event.data.phase === "requirements") {
          killed = true;
          await running().kill();
          await running().start("--slow-ms", "60");
        }
      }
      expect(killed).toBe(true);
      expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
      expect(events.every(({ spec_id }) => spec_id === id)).toBe(true);
      expect(events.filter(isUnknownEvent)).toEqual([]);
      expect(events.at(-1)?.type).toBe("spec.execution_completed");
      expect(states.filter((state) => state === "live").length).toBeGreaterThan(1);
      expect(states.at(-1)).toBe("ended");

      const read: SpecEvent[] = [];
      for (;;) {
        const page = await client().listEvents(id, { after: read.length, limit: 50 });
        if (page.events.length === 0) break;
        read.push(...page.events);
      }
      expect(read).toEqual(events);

      const spec = await client().getSpec(id);
      expect(spec).toMatchObject({ id, status: "completed", project_id: "shop" });
      expect(spec.phases.map(({ phase }) => phase)).toEqual([...PHASES]);
      for (const phase of PHASES) {
        const result = await client().getPhase(id, phase);
        expect(result).toMatchObject({ spec_id: id, phase, status: "completed" });
        const newest = result.artifact;
        const { versions } = await client().listVersions(id, phase);
        expect(versions[0]).toMatchObject({
          version: newest?.version,
          content_hash: newest?.content_hash,
          accepted: true,
        });
        const first = await client().getPhase(id, phase, { version: 1 });
        expect(first.artifact?.version).toBe(1);
      }
      expect((await client().getPhase(id, "requirements")).ears).not.toEqual([]);
      expect((await client().getTrace(id)).trace?.coverage_matrix).not.toEqual([]);
      expect((await client().getUsage(id)).spec_id).toBe(id);

      const markdown = await client().exportSpec(id, "markdown");
      expect(markdown.filename).toMatch(/\.md$/u);
      expect(await markdown.blob.text()).toContain(draft.title);
      const whole = await client().exportSpec(id, "json");
      expect(whole.filename).toMatch(/\.json$/u);
      expect(JSON.parse(await whole.blob.text())).toMatchObject({ spec: { id } });

      const { specs } = await client().listSpecs({ search: "HISTORY", status: "completed" });
      expect(specs.map((item) => item.id)).toEqual([id]);
      expect((await client().archiveSpec(id)).archived_at).not.toBeNull();
      expect((await client().listSpecs()).specs).toEqual([]);
    },
    LONG,
  );

  test(
    "the same launch makes one spec, and a spec that is cancelled ends its stream",
    async () => {
      const idempotencyKey = crypto.randomUUID();
      const first = await client().launchSpec(draft, { idempotencyKey });
      const second = await client().launchSpec(draft, { idempotencyKey });
      expect(second.spec_id).toBe(first.spec_id);
      const types: string[] = [];
      for await (const { type } of client().watchSpec(first.spec_id, {
        signal: AbortSignal.timeout(LONG),
      })) {
        types.push(type);
        if (type === "spec.run_started") {
          await client().cancelSpec(first.spec_id, { reason: "No longer needed." });
        }
      }
      expect(types.at(-1)).toBe("spec.execution_cancelled");
      expect((await client().getSpec(first.spec_id)).status).toBe("cancelled");
      const again = client().executeSpec(first.spec_id);
      await expect(again).rejects.toMatchObject({ name: "ApiProblem", status: 409 });
    },
    LONG,
  );

  test(
    "a spec waits for its reader, who asks for changes, approves, pauses and retries",
    async () => {
      const gates = { requirements: "approve" } as const;
      const { spec_id: id } = await client().launchSpec({ ...draft, policy: { gates } });
      const seen: SpecEvent[] = [];
      const signal = AbortSignal.timeout(LONG);
      const watched = client().watchSpec(id, { signal })[Symbol.asyncIterator]();
      const until = async <T extends SpecEvent["type"]>(type: T) => {
        for (;;) {
          const { done, value } = await watched.next();
          if (done === true) throw new Error(`The stream ended before ${type}.`);
          seen.push(value);
          if (value.type === type) return value as Extract<SpecEvent, { type: T }>;
        }
      };

      const first = await until("spec.approval_requested");
      expect(first.data.phase).toBe("requirements");
      const waiting = await client().getSpec(id);
      expect(waiting.status).toBe("awaiting_approval");
      expect(waiting.actions).toMatchObject({ approve: "requirements", pause: false });
      const stale = { content_hash: "0".repeat(64) };
      await expect(client().approvePhase(id, "requirements", stale)).rejects.toMatchObject({
        name: "ApiProblem",
        status: 412,
      });
      const { content_hash } = first.data;
      const comment = "Forget searches after a month.";
      await client().requestChanges(id, "requirements", { content_hash, comment });
      expect((await until("spec.changes_requested")).data.comment).toBe(comment);

      const second = await until("spec.approval_requested");
      const approved = await client().approvePhase(id, "requirements", {
        content_hash: second.data.content_hash,
      });
      expect(approved.phases[1]?.approval).toMatchObject({ version: second.data.version });
      await until("spec.phase_approved");
      await until("spec.run_started");
      expect((await client().pauseSpec(id)).actions.resume).toBe(true);
      await until("spec.execution_paused");
      expect((await client().resumeSpec(id)).status).toBe("executing");
      await until("spec.execution_completed");
      expect((await watched.next()).done).toBe(true);

      const feedback = "Name the files.";
      const retried = await client().retrySpec(id, { phase: "tasks", feedback });
      expect(retried.phases.map(({ status }) => status).slice(3)).not.toContain("completed");
      const last = seen.at(-1)?.sequence ?? 0;
      const again: SpecEvent[] = [];
      for await (const event of client().watchSpec(id, { after: last, signal })) again.push(event);
      expect(again[0]).toMatchObject({ sequence: last + 1, type: "spec.retry_requested" });
      expect(again.at(-1)?.type).toBe("spec.execution_completed");
      expect((await client().listVersions(id, "tasks")).versions).toHaveLength(2);
    },
    LONG,
  );

  test("what is refused says why", async () => {
    const nowhere = "01932b5e-7c00-7000-8000-000000000001";
    await expect(client().getSpec(nowhere)).rejects.toMatchObject({ status: 404 });
    const watched = client().watchSpec(nowhere)[Symbol.asyncIterator]().next();
    await expect(watched).rejects.toMatchObject({ status: 404 });
    const error = await client()
      .launchSpec({ ...draft, title: "" })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiProblem);
    expect((error as ApiProblem).fields.map(({ field }) => field)).toEqual(["title"]);
  });

  test("the page learns its projects and abilities, and leaves a quick task", async () => {
    const { projects, default_project_id } = await client().listProjects();
    expect(projects.map(({ id }) => id)).toEqual(["shop"]);
    expect(default_project_id).toBe("shop");
    const capabilities = await client().getCapabilities();
    expect(capabilities.quick_tasks).toBe(true);
    expect(capabilities.agents).toContain(capabilities.default_agent);
    expect((await client().createQuickTask(draft)).task_id).not.toBe("");
  });
});
