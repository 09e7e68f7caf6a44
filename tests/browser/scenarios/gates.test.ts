import { expect } from "vitest";
import { everyGate } from "../harness/api";
import { scenariosOn } from "../harness/scenario";
import { dialog, expectStatus, openTab, phaseNames, prompt, step } from "../harness/spec-page";

const scenario = scenariosOn({});

scenario("every phase waits for approval, and is done again as a comment asks", async (scene) => {
  const { page } = await scene.visit();
  await page.goto(scene.server.pages);
  await page.locator("summary").filter({ hasText: "Options" }).click();
  await page.getByRole("radio", { name: /^Review everything/ }).check();
  await prompt(page).fill("Customers sign in with OAuth.");
  await prompt(page).press("Enter");

  const gate = page.getByRole("region", { name: "Approval" });
  await gate.getByText("Explore version 1 waits for your approval").waitFor();
  await expectStatus(page, "Awaiting approval");
  await gate.getByRole("button", { name: "Request changes" }).click();
  await dialog(page)
    .getByRole("textbox", { name: "What should be different?" })
    .fill("Name the owner of every file.");
  await dialog(page).getByRole("button", { name: "Request changes" }).click();
  await dialog(page).waitFor({ state: "detached" });

  await gate.getByText("Explore version 2 waits for your approval").waitFor();
  const explore = await openTab(page, "Explore");
  await explore.getByText(/heeds the review: “Name the owner of every file\./).waitFor();

  for (const [index, phase] of phaseNames.entries()) {
    const version = index === 0 ? 2 : 1;
    await gate.getByText(`${phase} version ${version} waits for your approval`).waitFor();
    await gate.getByRole("button", { name: "Approve" }).click();
    await step(page, phase).getByText("Completed").waitFor();
  }
  await expectStatus(page, "Completed");
  await expect.poll(() => gate.count()).toBe(0);
});

scenario("an approval that comes too late is explained", async (scene) => {
  const { api } = scene.server;
  const id = await api.launch({ policy: { gates: everyGate } });
  await api.until(id, "waiting", (spec) => spec.actions.approve === "explore");
  const visitor = await scene.visit();
  const { page } = visitor;
  await visitor.openSpec(id);
  const gate = page.getByRole("region", { name: "Approval" });
  await gate.getByText("Explore version 1 waits for your approval").waitFor();

  // The page hears nothing of what happens meanwhile.
  await page.route("**/events/stream*", (route) => route.abort("connectionreset"));
  visitor.expectProblems(/events\/stream/, /phases\/explore/, /412|409/);
  const path = `/specs/${id}/phases/explore`;
  const { artifact } = await api.call<{ artifact: { content_hash: string } }>("GET", path);
  await page.route(`**${path}/approve`, async (route) => {
    // Another person is a moment earlier.
    await api.call("POST", `${path}/request-changes`, {
      content_hash: artifact.content_hash,
      comment: "Say more.",
    });
    await api.until(id, "at version 2", (spec) => spec.actions.approve === "explore");
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await route.continue();
  });
  await gate.getByRole("button", { name: "Approve" }).click();
  await gate
    .getByRole("alert")
    .getByText(/A newer version exists/)
    .waitFor();
  const approve = gate.getByRole("button", { name: "Approve" });
  expect((await api.spec(id)).actions.approve).toBe("explore");
  await gate.getByRole("button", { name: "Show version 2" }).click();
  await gate.getByText("Explore version 2 waits for your approval").waitFor();
  await approve.click();
  await step(page, "Explore").getByText("Completed").waitFor();
});

scenario("what another person has approved meanwhile is not asked for again", async (scene) => {
  const { api } = scene.server;
  const id = await api.launch({ policy: { gates: everyGate } });
  await api.until(id, "waiting", (spec) => spec.actions.approve === "explore");
  const visitors = [await scene.visit(), await scene.visit()] as const;
  const gates = visitors.map(({ page }) => page.getByRole("region", { name: "Approval" }));
  for (const visitor of visitors) await visitor.openSpec(id);
  for (const gate of gates) await gate.getByText(/^Explore version 1 waits/).waitFor();
  await gates[0]?.getByRole("button", { name: "Approve" }).click();
  for (const gate of gates) await gate.getByText(/^Requirements version 1 waits/).waitFor();
});
