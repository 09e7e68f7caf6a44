import mermaid from "mermaid";

/** Draws the diagram that the page around it sends, and answers with its height or what is wrong with it. */
async function draw(source: string, dark: boolean): Promise<void> {
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    theme: dark ? "dark" : "neutral",
  });
  const { svg } = await mermaid.render("drawn", source);
  const place = document.getElementById("diagram");
  if (!place) throw new Error("the page has no element with the id diagram");
  place.innerHTML = svg;
}

addEventListener("message", (event: MessageEvent<unknown>) => {
  if (event.source !== parent || typeof event.data !== "object" || event.data === null) return;
  const { source, dark } = event.data as { source?: unknown; dark?: unknown };
  if (typeof source !== "string") return;
  draw(source, dark === true).then(
    () => parent.postMessage({ height: document.documentElement.scrollHeight }, "*"),
    (error: unknown) => parent.postMessage({ error: String(error) }, "*"),
  );
});

parent.postMessage({ ready: true }, "*");
