/** A hidden page draws no frames; what is shown then need not be newer than this. */
const LONGEST_MS = 250;

/** Calls `then` with the next frame that is drawn, unless what it returns is called before. */
export function nextFrame(then: () => void): () => void {
  const draws = typeof requestAnimationFrame === "function";
  const timer = setTimeout(run, draws ? LONGEST_MS : 16);
  const frame = draws ? requestAnimationFrame(run) : undefined;
  function cancel(): void {
    clearTimeout(timer);
    if (frame !== undefined) cancelAnimationFrame(frame);
  }
  function run(): void {
    cancel();
    then();
  }
  return cancel;
}
