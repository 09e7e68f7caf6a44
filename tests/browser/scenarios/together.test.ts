import { afterAll, expect } from "vitest";
import { scenariosOn } from "../harness/scenario";
import { action, dialog, expectStatus, phaseNames, step, timeline } from "../harness/spec-page";
import { States } from "../harness/states";
import type { Visitor } from "../harness/visitor";

const states = await States.prepare();
afterAll(states.remove);

const scenario = scenariosOn({ ...states.options, slowMs: 15 });

const phases = async ({ page }: Visitor) =>
  page.getByRole("navigation", { name: "Phases" }).locator(".step-status").allInnerTexts();

scenario("two people who watch a spec see the same, as it happens", async (scene) => {
  const id = await states.executing(scene.server.api);
  const [first, second] = [await scene.visit(), await scene.visit({ colorScheme: "dark" })];
  for (const visitor of [first, second]) {
    await visitor.openSpec(id);
    await timeline(visitor.page).getByText("Live", { exact: true }).waitFor();
  }
  await states.goOn();
  for (const { page } of [first, second]) await expectStatus(page, "Completed");
  for (const visitor of [first, second]) {
    await expect.poll(() => phases(visitor)).toEqual(phaseNames.map(() => "Completed"));
    await timeline(visitor.page).getByText("Nothing more will come").waitFor();
  }
});

scenario("what one does the other sees", async (scene) => {
  const id = await states.heldDraft(scene.server.api);
  const [first, second] = [await scene.visit(), await scene.visit()];
  for (const visitor of [first, second]) {
    await visitor.openSpec(id);
    await expectStatus(visitor.page, "Draft");
  }
  await action(first.page, "Execute").click();
  await step(second.page, "Explore").getByText("In progress").waitFor();
  await action(second.page, "Cancel").click();
  await dialog(second.page).getByRole("button", { name: "Cancel the spec" }).click();
  for (const { page } of [first, second]) await expectStatus(page, "Cancelled");
});
