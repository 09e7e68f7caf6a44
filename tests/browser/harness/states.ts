import { join } from "node:path";
import { type Api, everyGate } from "./api";
import { temporaryFolder } from "./folder";
import { makeRepository, shopFiles } from "./repository";
import { offlineOutputs, ScriptedAgent } from "./scripted-agent";
import type { ServerOptions } from "./server";

const idea = `Customers sign in with OAuth before they order.

Sessions end after 30 minutes without a request. The shop must refuse passwords that were leaked, and \
keeps a record of every failed attempt.`;

/** Specs in every state that one can be in, as long as an agent is held where it is. */
export class States {
  private constructor(
    private readonly agent: ScriptedAgent,
    readonly options: ServerOptions,
    readonly remove: () => Promise<void>,
  ) {}

  static async prepare(): Promise<States> {
    const { path, remove } = await temporaryFolder();
    const sample = join(path, "sample");
    await makeRepository(sample, shopFiles);
    const outputs = await offlineOutputs(sample, idea);
    const agent = await ScriptedAgent.make(join(path, "agent"), outputs);
    return new States(agent, { args: ["--fallback-agent", `command:${agent.path}`] }, remove);
  }

  async draft(api: Api): Promise<string> {
    return api.launch({ title: "Draft of a newsletter", auto_execute: false });
  }

  /** In REQUIREMENTS, and there it stays. */
  async executing(api: Api): Promise<string> {
    await this.agent.hold("requirements");
    await this.agent.says("requirements", [
      { type: "progress", text: "Reading src/orders.js", kind: "file", permille: 200 },
      { type: "progress", text: "Orders are kept in memory", permille: 400 },
    ]);
    const id = await this.#launch(api, "Export orders as CSV");
    await api.until(id, "in requirements", (spec) => spec.phases[1]?.status === "running");
    return id;
  }

  /** A draft that stays in EXPLORE once it is executed. */
  async heldDraft(api: Api): Promise<string> {
    await this.agent.hold("explore");
    return this.#launch(api, "Gift wrapping", { auto_execute: false });
  }

  /** Lets those go on that are executing. */
  async goOn(): Promise<void> {
    await this.agent.release("requirements");
  }

  /** In EXPLORE. */
  async paused(api: Api): Promise<string> {
    const id = await this.heldDraft(api);
    await api.command(id, "execute");
    await api.until(id, "in explore", (spec) => spec.phases[0]?.status === "running");
    await api.command(id, "pause");
    await api.untilStatus(id, "paused");
    await this.agent.release("explore");
    return id;
  }

  async awaitingApproval(api: Api): Promise<string> {
    const policy = { gates: everyGate };
    const id = await api.launch({ title: "Gift vouchers", description: idea, policy });
    await api.until(id, "waiting", (spec) => spec.actions.approve !== null);
    return id;
  }

  async failed(api: Api): Promise<string> {
    await this.agent.fails("explore", "cannot reach the model: the connection was refused\n");
    const id = await this.#launch(api, "Recommend similar books");
    await api.untilStatus(id, "failed");
    await this.agent.succeeds("explore");
    return id;
  }

  async cancelled(api: Api): Promise<string> {
    const id = await this.draft(api);
    await api.command(id, "cancel", { reason: "It is done elsewhere." });
    await api.untilStatus(id, "cancelled");
    return id;
  }

  async completed(api: Api): Promise<string> {
    const id = await api.launch({ title: "Sign in with OAuth", description: idea });
    await api.untilStatus(id, "completed");
    return id;
  }

  #launch(api: Api, title: string, how: { auto_execute?: boolean } = {}): Promise<string> {
    const policy = {
      agent: "command:scripted",
      fallback_agent: null,
      max_attempts: 1,
      max_repairs: 0,
    };
    return api.launch({ title, description: idea, policy, ...how });
  }
}
