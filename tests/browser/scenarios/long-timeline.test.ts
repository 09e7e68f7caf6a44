import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { temporaryFolder } from "../harness/folder";
import { makeRepository } from "../harness/repository";
import { scenariosOn } from "../harness/scenario";
import { agentPhases, offlineOutputs, ScriptedAgent } from "../harness/scripted-agent";
import { expectStatus, openTab, timeline } from "../harness/spec-page";
import { timelineOfEvents } from "../harness/timeline";

/** What the machine keeps of a run at most. */
const linesOfARun = 2_000;
const folder = await temporaryFolder();
const sample = join(folder.path, "sample");
await makeRepository(sample);
const outputs = await offlineOutputs(sample, "Customers sign in with OAuth.");
const agent = await ScriptedAgent.make(join(folder.path, "agent"), outputs);
for (const phase of agentPhases) {
  const lines = Array.from({ length: linesOfARun }, (_, number) => ({
    type: "progress",
    text: `${phase} ${number}: ${"looking further ".repeat(number % 12)}`,
    permille: Math.floor(number / 2),
  }));
  await agent.says(phase, lines);
}
afterAll(folder.remove);

const scenario = scenariosOn({ args: ["--agent", `command:${agent.path}`] });

scenario("ten thousand lines of a timeline are no burden to the page", async (scene) => {
  const { api } = scene.server;
  const id = await api.launch();
  await api.untilStatus(id, "completed");
  await api.command(id, "retry", { phase: "requirements" });
  await api.until(id, "done again", ({ status, phases }) => {
    return status === "completed" && phases[3]?.accepted?.version === 2;
  });
  const { lines } = timelineOfEvents(await api.events(id));
  expect(lines).toBeGreaterThan(10_000);

  const visitor = await scene.visit();
  const page = await visitor.openSpec(id);
  await expectStatus(page, "Completed");
  const log = timeline(page).getByRole("log", { name: "Events" });
  await log.getByText("Spec completed").waitFor();
  const rows = log.locator("[data-index]");
  const inDocument = () => page.evaluate(() => document.querySelectorAll("*").length);
  expect(await rows.count()).toBeLessThan(120);
  expect(await inDocument()).toBeLessThan(4_000);

  await log.evaluate((element) => element.scrollTo({ top: 0 }));
  await log.getByText("Spec created").waitFor();
  const jump = page.getByRole("button", { name: "Jump to latest" });
  for (const share of [0.2, 0.4, 0.6, 0.8]) {
    await log.evaluate(
      (element, to) => element.scrollTo({ top: element.scrollHeight * to }),
      share,
    );
    await expect.poll(() => rows.count()).toBeGreaterThan(0);
  }
  expect(await rows.count()).toBeLessThan(120);
  await jump.click();
  await log.getByText("Spec completed").last().waitFor();
  await expect.poll(() => jump.count()).toBe(0);
  expect(await inDocument()).toBeLessThan(4_000);

  await page.getByRole("button", { name: "Agent", exact: true }).click();
  await expect.poll(() => log.getByText(/looking further/).count()).toBe(0);
  await openTab(page, "Tasks");
});
