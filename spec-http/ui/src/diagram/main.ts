import mermaid from "mermaid";
import { type FrameMessage, LONGEST_DIAGRAM, readRequest } from "./protocol";
import "./diagram.css";

const MOST_EDGES = 500;
/** Pixels. */
const SCROLLBAR = 16;

const place = document.getElementById("diagram");

function tell(message: FrameMessage): void {
  // The origin of this frame is opaque, and what is told is no secret.
  parent.postMessage(message, "*");
}

async function draw(id: number, text: string, dark: boolean): Promise<void> {
  if (!place) throw new Error("the page has no element with the id diagram");
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    htmlLabels: false,
    flowchart: { htmlLabels: false, useMaxWidth: false },
    sequence: { useMaxWidth: false },
    class: { htmlLabels: false, useMaxWidth: false },
    er: { useMaxWidth: false },
    state: { useMaxWidth: false },
    maxTextSize: LONGEST_DIAGRAM,
    maxEdges: MOST_EDGES,
    suppressErrorRendering: true,
    theme: dark ? "dark" : "neutral",
    fontFamily: "system-ui, sans-serif",
  });
  const { svg } = await mermaid.render(`drawn-${id}`, text);
  place.innerHTML = svg;
  // A diagram is to be looked at: nothing in it leads anywhere.
  for (const link of place.querySelectorAll("a")) {
    link.removeAttribute("href");
    link.removeAttributeNS("http://www.w3.org/1999/xlink", "href");
  }
  const { scrollWidth, clientWidth } = document.documentElement;
  document.body.tabIndex = scrollWidth > clientWidth ? 0 : -1;
}

/** Of the diagram, with room for a scrollbar below it. */
function height(): number {
  return (place?.scrollHeight ?? 0) + SCROLLBAR;
}

// One after the other: the library keeps its settings for all of them.
let before: Promise<void> = Promise.resolve();

addEventListener("message", (event: MessageEvent<unknown>) => {
  if (event.source !== parent) return;
  const request = readRequest(event.data);
  if (!request) return;
  const { id, text, theme } = request;
  before = before
    .then(() => draw(id, text, theme === "dark"))
    .then(
      () => tell({ kind: "drawn", id, height: height() }),
      (error: unknown) => {
        place?.replaceChildren();
        tell({
          kind: "failed",
          id,
          reason: error instanceof Error ? error.message : String(error),
        });
      },
    );
});

tell({ kind: "ready" });
