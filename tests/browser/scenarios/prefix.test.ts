import { expect } from "vitest";
import { scenariosOn } from "../harness/scenario";
import { expectStatus, openTab, prompt, tabNames } from "../harness/spec-page";

const scenario = scenariosOn({ prefix: "/tools" });

scenario("everything works below a prefix, and after a reload of any page", async (scene) => {
  const visitor = await scene.visit();
  const { page, server } = visitor;
  await visitor.open();
  await prompt(page).fill("Customers sign in with OAuth.");
  await prompt(page).press("Enter");
  await page.waitForURL(/\/tools\/specs\/[0-9a-f-]+$/);
  await expectStatus(page, "Completed");
  for (const name of tabNames) await openTab(page, name);

  await openTab(page, "Design");
  await page.locator("iframe[data-state=drawn]").first().waitFor();
  await page.reload();
  await expectStatus(page, "Completed");
  await expect
    .poll(() => page.getByRole("tab", { name: "Design" }).getAttribute("aria-selected"))
    .toBe("true");

  await page.getByRole("link", { name: "All specs" }).click();
  await page.waitForURL("**/tools/specs");
  await page.reload();
  await page.getByRole("link", { name: "Customers sign in with OAuth." }).click();
  await page.waitForURL(/\/tools\/specs\/[0-9a-f-]+$/);
  await page.getByRole("link", { name: "Specs, new spec" }).click();
  await expect.poll(() => new URL(page.url()).pathname).toMatch(/^\/tools\/?$/);
  await prompt(page).waitFor();

  const outside = visitor.requested.filter((url) => !url.startsWith(server.pages));
  expect(outside, "asked for outside of the prefix").toEqual([]);
});
