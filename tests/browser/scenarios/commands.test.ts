import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { temporaryFolder } from "../harness/folder";
import { makeRepository, shopFiles } from "../harness/repository";
import { scenariosOn } from "../harness/scenario";
import { offlineOutputs, ScriptedAgent } from "../harness/scripted-agent";
import { action, dialog, expectStatus, openTab, phaseNames, step } from "../harness/spec-page";

const idea = "Customers sign in with OAuth.";
const folder = await temporaryFolder();
const sample = join(folder.path, "sample");
await makeRepository(sample, shopFiles);
const agent = await ScriptedAgent.make(
  join(folder.path, "agent"),
  await offlineOutputs(sample, idea),
);

afterAll(folder.remove);

const scenario = scenariosOn({
  args: ["--fallback-agent", `command:${agent.path}`],
});

/** Runs with the scripted agent, and fails at the first failure. */
const scripted = {
  agent: "command:scripted",
  max_attempts: 1,
  max_repairs: 0,
  fallback_agent: null,
};

scenario("a running spec is cancelled with a reason", async (scene) => {
  await agent.hold("explore");
  const id = await scene.server.api.launch({ policy: scripted });
  const visitor = await scene.visit();
  const page = await visitor.openSpec(id);
  await step(page, "Explore").getByText("In progress").waitFor();
  await action(page, "Cancel").click();
  await dialog(page)
    .getByRole("textbox", { name: /^Reason/ })
    .fill("Nobody needs it.");
  await dialog(page).getByRole("button", { name: "Cancel the spec" }).click();
  await expectStatus(page, "Cancelled");
  await page.getByRole("log", { name: "Events" }).getByText("Nobody needs it.").waitFor();
  await expect.poll(() => action(page, "Cancel").count()).toBe(0);
  for (const phase of phaseNames) await step(page, phase).getByText("Not done").waitFor();
  await agent.release("explore");
});

scenario("a running spec is paused, and resumed where it was", async (scene) => {
  await agent.hold("requirements");
  const id = await scene.server.api.launch({ policy: scripted });
  const visitor = await scene.visit();
  const page = await visitor.openSpec(id);
  await step(page, "Requirements").getByText("In progress").waitFor();
  await action(page, "Pause").click();
  await expectStatus(page, "Paused");
  await step(page, "Requirements").getByText("Paused").waitFor();
  await step(page, "Explore").getByText("Completed").waitFor();
  await agent.release("requirements");
  await action(page, "Resume").click();
  await expectStatus(page, "Completed");
  for (const phase of phaseNames) await step(page, phase).getByText("Completed").waitFor();
});

scenario("a failed spec says why, and goes on when it is retried", async (scene) => {
  await agent.fails("design", "the model has gone on holiday");
  const id = await scene.server.api.launch({ policy: scripted });
  const visitor = await scene.visit();
  const page = await visitor.openSpec(id);
  await expectStatus(page, "Failed");
  const failure = page.getByRole("region", { name: /^Design failed/ });
  await failure.getByText(/the model has gone on holiday/).waitFor();
  await failure.getByText(/Kept: Explore \(version 1\), Requirements \(version 1\)/).waitFor();
  await agent.succeeds("design");
  await failure.getByRole("button", { name: "Retry from Design" }).click();
  await dialog(page).getByRole("button", { name: "Retry" }).click();
  await expectStatus(page, "Completed");
  await expect.poll(() => failure.count()).toBe(0);
});

scenario("a completed spec is done again from a phase, with feedback", async (scene) => {
  const id = await scene.server.api.launch({ description: idea });
  await scene.server.api.untilStatus(id, "completed");
  const visitor = await scene.visit();
  const page = await visitor.openSpec(id);
  await expectStatus(page, "Completed");
  await action(page, "Retry from").click();
  await page.getByRole("menuitem", { name: "Tasks" }).click();
  await dialog(page)
    .getByRole("textbox", { name: /^Feedback to the agent/ })
    .fill("Fewer and larger tasks.");
  await dialog(page).getByRole("button", { name: "Retry" }).click();
  await dialog(page).waitFor({ state: "detached" });
  await scene.server.api.until(
    id,
    "done again",
    ({ status, phases }) => status === "completed" && phases[3]?.accepted?.version === 2,
  );
  await expectStatus(page, "Completed");
  const tasks = await openTab(page, "Tasks");
  await tasks.getByText(/heeds the review: “Fewer and larger tasks\./).waitFor();
  expect((await scene.server.api.spec(id)).phases[0]?.accepted?.version).toBe(1);
});

scenario("a budget that is used up is raised, and the spec goes on", async (scene) => {
  await agent.says("explore", [
    { type: "usage", input_tokens: 900, output_tokens: 200, cost_micro_usd: 1_000 },
  ]);
  await agent.hold("explore");
  const policy = { ...scripted, budget: { tokens: 1_000, cost_micro_usd: null } };
  const id = await scene.server.api.launch({ policy });
  const visitor = await scene.visit();
  const page = await visitor.openSpec(id);
  await expectStatus(page, "Failed");
  await agent.release("explore");
  await page.getByRole("button", { name: "Raise the budget" }).click();
  const limit = dialog(page).getByRole("group", { name: "Of the whole spec" });
  await limit.getByRole("textbox", { name: "Tokens" }).fill("many");
  await limit.getByText("A whole number from 1.").waitFor();
  await limit.getByRole("textbox", { name: "Tokens" }).fill("1000000");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await expectStatus(page, "Completed");
});

scenario("a draft is executed when it is asked to be", async (scene) => {
  const id = await scene.server.api.launch({ auto_execute: false });
  const visitor = await scene.visit();
  const page = await visitor.openSpec(id);
  await expectStatus(page, "Draft");
  await action(page, "Execute").click();
  await expectStatus(page, "Completed");
});

scenario("what a spec has come to is saved as a file", async (scene) => {
  const id = await scene.server.api.launch({});
  await scene.server.api.untilStatus(id, "completed");
  const visitor = await scene.visit();
  const page = await visitor.openSpec(id);
  for (const [format, end] of [
    ["Markdown", ".md"],
    ["JSON", ".json"],
  ] as const) {
    await action(page, "Export").click();
    const saved = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: format }).click();
    expect((await saved).suggestedFilename()).toContain(end);
  }
});
