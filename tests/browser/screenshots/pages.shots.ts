import { mkdir, writeFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll } from "vitest";
import { settle } from "../harness/accessibility";
import { everyGate } from "../harness/api";
import { checkout } from "../harness/programs";
import { scenariosOn } from "../harness/scenario";
import {
  dialog,
  expectStatus,
  openTab,
  prompt,
  step,
  tabNames,
  timeline,
} from "../harness/spec-page";
import { States } from "../harness/states";
import { phone } from "../harness/visitor";
import { smallerPng } from "./smaller-png";

const folder = `${checkout}docs/screenshots`;
await mkdir(folder, { recursive: true });
const states = await States.prepare();
afterAll(states.remove);

const scenario = scenariosOn(states.options);
const size = { width: 1280, height: 860 };

/** One picture as light and one as dark. */
async function shoot(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await settle(page);
    // A diagram is drawn anew in the other colours.
    for (const frame of await page.locator("iframe:visible").all()) {
      await frame.and(page.locator("[data-state=drawn]")).waitFor();
    }
    await writeFile(`${folder}/${name}-${colorScheme}.png`, smallerPng(await page.screenshot()));
  }
}

scenario("pages and states are pictured", async (scene) => {
  const { api } = scene.server;
  const visitor = await scene.visit({ viewport: size });
  const { page } = visitor;
  const completed = await states.completed(api);
  const failed = await states.failed(api);
  const cancelled = await states.cancelled(api);
  const paused = await states.paused(api);
  const draft = await states.draft(api);
  const waiting = await states.awaitingApproval(api);
  const executing = await states.executing(api);

  await visitor.open();
  await page.getByRole("link", { name: "Gift vouchers" }).waitFor();
  await prompt(page).fill("Customers sign in with OAuth before they order");
  await shoot(page, "command");
  await page.locator("summary").filter({ hasText: "Options" }).click();
  await page.getByRole("radio", { name: /^Review requirements and design/ }).check();
  await shoot(page, "command-options");
  await prompt(page).fill("");

  await visitor.open("/specs");
  await page.getByRole("row").nth(7).waitFor();
  await shoot(page, "specs");
  await visitor.open("/specs?search=none");
  await page.getByText("No spec matches").waitFor();
  await shoot(page, "specs-none");

  for (const [name, id, status] of [
    ["draft", draft, "Draft"],
    ["failed", failed, "Failed"],
    ["paused", paused, "Paused"],
    ["cancelled", cancelled, "Cancelled"],
  ] as const) {
    await visitor.openSpec(id);
    await expectStatus(page, status);
    await shoot(page, `spec-${name}`);
  }
  await visitor.openSpec(executing);
  await step(page, "Requirements").getByText("In progress").waitFor();
  await timeline(page).getByText("Orders are kept in memory").waitFor();
  await shoot(page, "spec-executing");

  await visitor.openSpec(waiting);
  await page.getByText(/version 1 waits for your approval/).waitFor();
  await openTab(page, "Explore");
  await shoot(page, "spec-awaiting-approval");
  await page.getByRole("button", { name: "Request changes" }).click();
  await dialog(page).getByRole("textbox").fill("Name the owner of every file.");
  await shoot(page, "spec-request-changes");

  await visitor.openSpec(completed);
  await expectStatus(page, "Completed");
  for (const name of tabNames) {
    await openTab(page, name);
    await page.evaluate(() => {
      const list = document.querySelector('[role="tablist"]');
      scrollTo(0, (list?.getBoundingClientRect().top ?? 0) + scrollY - 16);
    });
    await shoot(page, `spec-${name.toLowerCase()}`);
  }
  await states.goOn();
});

scenario("the two main pages are pictured as on a phone", async (scene) => {
  const { api } = scene.server;
  const visitor = await scene.visit({ viewport: phone, isMobile: true, hasTouch: true });
  const { page } = visitor;
  await visitor.open();
  await prompt(page).fill("Customers sign in with OAuth before they order");
  await page.getByRole("link", { name: "Gift vouchers" }).first().waitFor();
  await shoot(page, "phone-command");
  const id = await api.launch({ title: "Gift vouchers by post", policy: { gates: everyGate } });
  await visitor.openSpec(id);
  await page.getByText(/version 1 waits for your approval/).waitFor();
  await shoot(page, "phone-spec");
});
