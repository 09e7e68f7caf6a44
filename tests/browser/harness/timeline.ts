import type { Page } from "playwright-core";
import type { EventFacts } from "./api";

export interface TimelineSeen {
  /** How many lines there are. */
  lines: number;
  /** What the agent said with how far it was, in order. */
  progress: string[];
}

/** What the timeline has to show of these events. */
export function timelineOfEvents(events: readonly EventFacts[]): TimelineSeen {
  const progress: string[] = [];
  let lines = 0;
  for (const { type, data } of events) {
    if (type === "spec.progress") {
      const { items, omitted } = data as { items: { text: string }[]; omitted: number };
      progress.push(...items.map(({ text }) => text));
      lines += items.length + (omitted > 0 ? 1 : 0);
    } else {
      lines += type === "spec.phase_retry" ? 2 : 1;
    }
  }
  return { lines, progress };
}

/** Reads the timeline from its top to its end: only what is in view is in the document. */
export async function readTimeline(page: Page): Promise<TimelineSeen> {
  return page.evaluate(async () => {
    const scroller = document.querySelector('[role="log"]');
    if (!scroller) throw new Error("the page has no timeline");
    const rows = new Map<number, string | null>();
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

    /** Notes the rows in the document; true when they fill what is in view. */
    const collect = () => {
      const view = scroller.getBoundingClientRect();
      let [top, bottom] = [Infinity, -Infinity];
      for (const row of scroller.querySelectorAll<HTMLElement>("[data-index]")) {
        const quoted = row.querySelector(".line-quoted")?.textContent ?? "";
        const said = row.querySelector(".line-text")?.textContent ?? "";
        rows.set(Number(row.dataset["index"]), /\d+ % /.test(said) ? quoted : null);
        const box = row.getBoundingClientRect();
        [top, bottom] = [Math.min(top, box.top), Math.max(bottom, box.bottom)];
      }
      const atEnd = scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 2;
      return { filled: top <= view.top + 40 && (bottom >= view.bottom - 1 || atEnd), atEnd };
    };

    scroller.scrollTop = 0;
    for (let frames = 0; ; frames += 1) {
      if (frames > 20_000) throw new Error("the end of the timeline does not come");
      await frame();
      const { filled, atEnd } = collect();
      if (!filled) continue;
      if (atEnd) break;
      scroller.scrollTop += scroller.clientHeight * 0.8;
    }
    const inOrder = [...rows.entries()].sort(([one], [other]) => one - other);
    const gap = inOrder.findIndex(([index], place) => index !== place);
    if (gap !== -1) throw new Error(`line ${gap} of the timeline was never shown`);
    return {
      lines: rows.size,
      progress: inOrder.flatMap(([, said]) => (said === null ? [] : [said])),
    };
  });
}
