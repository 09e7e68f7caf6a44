import { expect } from "vitest";
import { scenariosOn } from "../harness/scenario";
import {
  expectNoReload,
  expectStatus,
  markLoad,
  openTab,
  phaseNames,
  prompt,
  step,
  tabNames,
} from "../harness/spec-page";

const scenario = scenariosOn({ slowMs: 20 });

scenario(
  "an idea that is typed becomes a spec, phase by phase before one's eyes",
  async (scene) => {
    const { page } = await scene.visit();
    await page.goto(scene.server.pages);
    await prompt(page).pressSequentially("Customers sign in with OAuth.");
    await markLoad(page);
    await prompt(page).press("Enter");

    await page.waitForURL(/\/specs\/[0-9a-f-]+$/);
    await page.getByRole("heading", { level: 1, name: "Customers sign in with OAuth." }).waitFor();
    for (const phase of phaseNames) {
      await step(page, phase).getByText("Completed").waitFor({ timeout: 60_000 });
    }
    await expectStatus(page, "Completed");
    await expectNoReload(page);

    for (const name of tabNames) {
      const panel = await openTab(page, name);
      await expect.poll(() => panel.innerText()).toMatch(/\S{3}/);
      expect(await panel.getByText(/has no result yet/).count(), name).toBe(0);
    }
    const id = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    const { content } = (
      await scene.server.api.call<{ artifact: { content: { requirements: { id: string }[] } } }>(
        "GET",
        `/specs/${id}/phases/requirements`,
      )
    ).artifact;
    const requirements = await openTab(page, "Requirements");
    for (const requirement of content.requirements) {
      await requirements.getByText(requirement.id, { exact: true }).first().waitFor();
    }
  },
);

scenario("an idea is shown exactly as it was typed", async (scene) => {
  const idea =
    "Sign in  with two blanks\n\n  - indented, with a\ttab\n<b>not bold</b> & 5 > 3\n\n*stars* and `ticks` {{ braces }}";
  const { page } = await scene.visit();
  await page.goto(scene.server.pages);
  await prompt(page).fill(idea);
  await prompt(page).press("Enter");
  await page.waitForURL(/\/specs\/[0-9a-f-]+$/);
  const shown = page.locator(".idea-text");
  await expect.poll(() => shown.textContent()).toBe(idea);
  expect(await shown.innerText()).toBe(idea);
});

scenario("a host without quick tasks offers none", async (scene) => {
  const { page } = await scene.visit();
  await page.goto(scene.server.pages);
  await page.getByRole("button", { name: "Launch the spec" }).waitFor();
  // What the host can do has been told once agents can be chosen.
  await page.locator("summary").filter({ hasText: "Options" }).waitFor();
  expect(await page.getByText("Quick Task").count()).toBe(0);
});

scenario("two Enters launch one spec", async (scene) => {
  const { page } = await scene.visit();
  await page.goto(scene.server.pages);
  await prompt(page).fill("Only once, please");
  await prompt(page).evaluate((field) => {
    for (let press = 0; press < 2; press += 1) {
      const enter = { key: "Enter", code: "Enter", bubbles: true, cancelable: true };
      field.dispatchEvent(new KeyboardEvent("keydown", enter));
    }
  });
  await page.waitForURL(/\/specs\/[0-9a-f-]+$/);
  const { specs } = await scene.server.api.call<{ specs: unknown[] }>(
    "GET",
    "/specs?search=Only%20once",
  );
  expect(specs).toHaveLength(1);
});

scenario("a draft has lines and outlives a reload, until it is launched", async (scene) => {
  const { page } = await scene.visit();
  await page.goto(scene.server.pages);
  await prompt(page).pressSequentially("First");
  await prompt(page).press("Shift+Enter");
  await prompt(page).pressSequentially("Second");
  expect(await prompt(page).inputValue()).toBe("First\nSecond");
  await page.reload();
  await expect.poll(() => prompt(page).inputValue()).toBe("First\nSecond");
  await prompt(page).press("Enter");
  await page.waitForURL(/\/specs\/[0-9a-f-]+$/);
  await page.getByRole("link", { name: "New", exact: true }).click();
  await expect.poll(() => prompt(page).inputValue()).toBe("");
});

scenario("what is wrong with an idea stands beside it", async (scene) => {
  const visitor = await scene.visit();
  const { page } = visitor;
  await page.goto(scene.server.pages);
  const said = async () => {
    const ids = (await prompt(page).getAttribute("aria-describedby")) ?? "";
    const texts = ids.split(" ").map((id) => page.locator(`[id="${id}"]`).innerText());
    return (await Promise.all(texts)).join(" ");
  };

  await prompt(page).press("Enter");
  await expect.poll(said).toContain("Describe what you want to build.");
  expect(await prompt(page).getAttribute("aria-invalid")).toBe("true");

  visitor.expectProblems(/4\d\d .*\/specs\/launch$/, /status of 4\d\d .*\/specs\/launch/);
  await prompt(page).fill("x".repeat(50_001));
  await prompt(page).press("Enter");
  await expect.poll(said).toMatch(/at most 50.?000/);
  expect(await prompt(page).getAttribute("aria-invalid")).toBe("true");
  expect(await prompt(page).inputValue()).toHaveLength(50_001);
});
