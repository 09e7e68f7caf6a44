import type { Page } from "playwright-core";
import { afterAll } from "vitest";
import { expectAccessible, expectNoSidewaysScrolling } from "../harness/accessibility";
import { scenariosOn } from "../harness/scenario";
import {
  action,
  dialog,
  expectStatus,
  openTab,
  prompt,
  step,
  tabNames,
  timeline,
} from "../harness/spec-page";
import { States } from "../harness/states";
import { phone, wide } from "../harness/visitor";

const states = await States.prepare();
afterAll(states.remove);

const scenario = scenariosOn({ ...states.options, restarts: true });

async function expectFine(page: Page, state: string): Promise<void> {
  for (const [width, viewport] of [
    ["wide", wide],
    ["narrow", phone],
  ] as const) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await expectAccessible(page, `${state}, ${width}, ${colorScheme}`);
    }
    await expectNoSidewaysScrolling(page, `${state}, ${width}`);
  }
  await page.setViewportSize(wide);
}

scenario("the command page is accessible", async (scene) => {
  const visitor = await scene.visit();
  const page = await visitor.open();
  await page.getByRole("button", { name: "Launch the spec" }).waitFor();
  await expectFine(page, "command");
  await page.locator("summary").filter({ hasText: "Options" }).click();
  await prompt(page).press("Enter");
  await page.getByText("Describe what you want to build.").waitFor();
  await expectFine(page, "command with options and an error");
  await page.getByRole("combobox", { name: /^Project/ }).click();
  await page.getByRole("option", { name: "shop" }).waitFor();
  await expectFine(page, "command with open projects");
});

scenario("the list of specs is accessible", async (scene) => {
  const { api } = scene.server;
  const visitor = await scene.visit();
  const page = await visitor.open("/specs");
  await page.getByText("No specs yet").waitFor();
  await expectFine(page, "no specs");
  for (const make of ["draft", "cancelled", "completed", "awaitingApproval"] as const) {
    await states[make](api);
  }
  await page.reload();
  await page.getByRole("row").nth(4).waitFor();
  await expectFine(page, "specs");
  await page.getByRole("button", { name: "Archive Gift vouchers" }).click();
  await dialog(page).waitFor();
  await expectFine(page, "archiving");
  await visitor.open("/specs?search=none-of-these");
  await page.getByText("No spec matches").waitFor();
  await expectFine(page, "no matches");

  visitor.expectProblems(/ERR_CONNECTION_REFUSED/);
  await page.route("**/api/v1/specs?*", (route) => route.abort("connectionrefused"));
  await page.reload();
  await page.getByRole("alert").getByText("The server cannot be reached").waitFor();
  await expectFine(page, "specs that cannot be loaded");
});

scenario("a spec that has no result yet is accessible", async (scene) => {
  const { api } = scene.server;
  const visitor = await scene.visit();
  const page = await visitor.openSpec(await states.draft(api));
  await expectStatus(page, "Draft");
  await expectFine(page, "draft");

  await visitor.openSpec(await states.executing(api));
  await step(page, "Requirements").getByText("In progress").waitFor();
  await expectFine(page, "executing");
  await action(page, "Cancel").click();
  await dialog(page).waitFor();
  await expectFine(page, "cancelling");

  await visitor.openSpec(await states.paused(api));
  await expectStatus(page, "Paused");
  await expectFine(page, "paused");

  await visitor.openSpec(await states.cancelled(api));
  await expectStatus(page, "Cancelled");
  await expectFine(page, "cancelled");

  await visitor.openSpec(await states.failed(api));
  await page.getByRole("region", { name: /^Explore failed/ }).waitFor();
  await expectFine(page, "failed");

  visitor.expectProblems(/404/);
  await visitor.openSpec("0199aaaa-0000-7000-8000-000000000000");
  await page.getByRole("alert").waitFor();
  await expectFine(page, "no such spec");
  await page.evaluate(() => history.pushState(null, "", "/nowhere"));
  await page.getByRole("heading", { level: 1, name: "There is no such page" }).waitFor();
  await expectFine(page, "no such page");
});

scenario("a spec that waits for approval is accessible, cut off too", async (scene) => {
  const visitor = await scene.visit();
  const page = await visitor.openSpec(await states.awaitingApproval(scene.server.api));
  const gate = page.getByRole("region", { name: "Approval" });
  await gate.getByText("Explore version 1 waits for your approval").waitFor();
  await expectFine(page, "waiting");
  await gate.getByRole("button", { name: "Request changes" }).click();
  await dialog(page).waitFor();
  await expectFine(page, "requesting changes");
  await page.keyboard.press("Escape");

  visitor.expectProblems(/ERR_CONNECTION_|ERR_INCOMPLETE_CHUNKED|ERR_NETWORK|ERR_EMPTY_RESPONSE/);
  await scene.server.kill();
  await timeline(page)
    .getByText(/^Reconnecting/)
    .waitFor();
  await expectFine(page, "cut off");
  await scene.server.begin();
});

scenario("what says that one is offline is accessible", async (scene) => {
  // On this machine the server is there without a network, and the API answers to no other name.
  const visitor = await scene.visit();
  visitor.expectProblems(/pages\.localhost/);
  const { page } = visitor;
  await page.goto(scene.server.pages.replace("127.0.0.1", "pages.localhost"));
  await prompt(page).waitFor();
  await page.context().setOffline(true);
  await page.getByText(/^You are offline/).waitFor();
  await expectFine(page, "offline");
});

scenario("every tab of a completed spec is accessible", async (scene) => {
  const visitor = await scene.visit();
  const page = await visitor.openSpec(await states.completed(scene.server.api));
  await expectStatus(page, "Completed");
  for (const name of tabNames) {
    await openTab(page, name);
    if (name === "Design") await page.locator("iframe[data-state=drawn]").first().waitFor();
    await expectFine(page, name);
  }
  await action(page, "Retry from").click();
  await page.getByRole("menuitem", { name: "Design" }).waitFor();
  await expectFine(page, "choosing a phase");
  await page.getByRole("menuitem", { name: "Design" }).click();
  await dialog(page).waitFor();
  await expectFine(page, "retrying");
});
