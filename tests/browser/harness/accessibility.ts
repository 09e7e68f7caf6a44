import axe from "axe-core";
import type { Frame, Page } from "playwright-core";
import { expect } from "vitest";

/** What axe finds wrong, in lines that a person can act on. */
async function violations(frame: Frame): Promise<string[]> {
  await frame.evaluate(axe.source);
  const results = await frame.evaluate(() =>
    // The frames of diagrams have no origin, so each is looked at by itself.
    (window as unknown as { axe: typeof axe }).axe.run(
      // What keeps the focus in a popup has it for no moment that anybody would notice.
      { exclude: ["[data-base-ui-focus-guard]"] },
      { iframes: false, resultTypes: ["violations"] },
    ),
  );
  return results.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, html, failureSummary }) =>
      [
        `${id}: ${help}`,
        `  ${target.join(" ")}`,
        `  ${html.slice(0, 300)}`,
        `  ${failureSummary}`,
      ].join("\n"),
    ),
  );
}

/** Colours are those of the end of every transition. */
export async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    await frame();
    const ending = () =>
      document
        .getAnimations()
        .filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity);
    // The end of one may begin others.
    for (let running = ending(); running.length > 0; running = ending()) {
      await Promise.allSettled(running.map((animation) => animation.finished));
      await frame();
    }
  });
}

export async function expectAccessible(page: Page, state: string): Promise<void> {
  await settle(page);
  expect(await violations(page.mainFrame()), state).toEqual([]);
}

/** Nothing makes the page itself scroll sideways. */
export async function expectNoSidewaysScrolling(page: Page, state: string): Promise<void> {
  const { scrolls, room, culprits } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const wider = [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
      .map((element) => `${element.tagName}.${element.getAttribute("class") ?? ""}`);
    return { scrolls: scrollWidth, room: clientWidth, culprits: wider.slice(0, 8) };
  });
  expect(scrolls, `${state}: ${culprits.join(", ")}`).toBeLessThanOrEqual(room);
}
