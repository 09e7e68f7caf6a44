import type { Page } from "playwright-core";
import { expect } from "vitest";
import { shopFiles } from "../harness/repository";
import { scenariosOn, type Scene } from "../harness/scenario";

const scenario = scenariosOn({ projects: { shop: shopFiles, library: shopFiles } });
const pageSize = 25;

let made = false;

/** More specs than a page has, most of them drafts. */
async function makeSpecs({ server: { api } }: Scene): Promise<void> {
  if (made) return;
  for (let number = 1; number <= pageSize + 5; number += 1) {
    const project_id = number % 3 === 0 ? "library" : "shop";
    await api.launch({ title: `Draft ${number}`, project_id, auto_execute: false });
  }
  const done = await api.launch({ title: "Finished work", project_id: "library" });
  const dropped = await api.launch({
    title: "Dropped work",
    project_id: "shop",
    auto_execute: false,
  });
  await api.command(dropped, "cancel", {});
  await api.untilStatus(dropped, "cancelled");
  await api.untilStatus(done, "completed");
  made = true;
}

const rows = (page: Page) => page.getByRole("table", { name: "Specs" }).locator("tbody tr");
const titles = (page: Page) => rows(page).locator(".specs-title").allInnerTexts();

scenario("the list is loaded a page at a time", async (scene) => {
  await makeSpecs(scene);
  const visitor = await scene.visit();
  const page = await visitor.open("/specs");
  await expect.poll(() => rows(page).count()).toBe(pageSize);
  await page.getByRole("button", { name: "Load more" }).click();
  await expect.poll(() => rows(page).count()).toBe(pageSize + 7);
  await expect.poll(() => page.getByRole("button", { name: "Load more" }).count()).toBe(0);
  expect(new Set(await titles(page)).size).toBe(pageSize + 7);
});

scenario(
  "the list is narrowed by project, status and words, and its address says so",
  async (scene) => {
    await makeSpecs(scene);
    const visitor = await scene.visit();
    const page = await visitor.open("/specs");
    await page.getByRole("combobox", { name: "Project: All projects" }).click();
    await page.getByRole("option", { name: "library" }).click();
    await page.waitForURL(/project=library/);
    await expect.poll(() => rows(page).count()).toBe(11);
    await page.getByRole("combobox", { name: "Status" }).selectOption({ label: "Completed" });
    await expect.poll(() => titles(page)).toEqual(["Finished work"]);
    await page.waitForURL(/status=completed/);

    await page.reload();
    await expect.poll(() => titles(page)).toEqual(["Finished work"]);
    await page.getByRole("searchbox", { name: "Search titles" }).fill("nothing like it");
    await page.getByText("No spec matches").waitFor();
    await page.waitForURL(/search=nothing/);
    await page.getByRole("button", { name: "Clear the filters" }).click();
    await expect.poll(() => rows(page).count()).toBe(pageSize);

    await page.getByRole("searchbox", { name: "Search titles" }).fill("DRAFT 30");
    await expect.poll(() => titles(page)).toEqual(["Draft 30"]);
    await page.getByRole("link", { name: "Draft 30" }).click();
    await page.getByRole("heading", { level: 1, name: "Draft 30" }).waitFor();
    await page.goBack();
    await expect.poll(() => titles(page)).toEqual(["Draft 30"]);
  },
);

scenario("a spec is archived, and found again", async (scene) => {
  await makeSpecs(scene);
  const visitor = await scene.visit();
  const page = await visitor.open("/specs?search=Dropped");
  await page.getByRole("button", { name: "Archive Dropped work" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Archive" }).click();
  await page.getByText("No spec matches").waitFor();
  await page.getByRole("checkbox", { name: "Include archived" }).check();
  await expect.poll(() => titles(page)).toEqual(["Dropped work"]);
  await rows(page).getByText("Archived", { exact: true }).waitFor();
});

scenario("a list that cannot be loaded says so and is tried again", async (scene) => {
  const visitor = await scene.visit();
  visitor.expectProblems(/ERR_CONNECTION_REFUSED/);
  const { page } = visitor;
  await page.route("**/api/v1/specs?*", (route) => route.abort("connectionrefused"));
  await visitor.open("/specs");
  await page.getByRole("alert").getByText("The server cannot be reached").waitFor();
  await page.unrouteAll({ behavior: "wait" });
  await page.getByRole("button", { name: "Try again" }).click();
  await rows(page).first().waitFor();
});
