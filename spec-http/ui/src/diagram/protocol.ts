/** What the page and the frame that draws its diagrams say to each other. */

export interface DrawRequest {
  readonly kind: "draw";
  readonly id: number;
  readonly text: string;
  readonly theme: "light" | "dark";
}

export type FrameMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "drawn"; readonly id: number; readonly height: number }
  | { readonly kind: "failed"; readonly id: number; readonly reason: string };

/** UTF-16 units; what is longer is shown as its source only. */
export const LONGEST_DIAGRAM = 50_000;
/** Pixels. */
const TALLEST = 4_000;
const SHORTEST = 40;
const LONGEST_REASON = 2_000;

function record(data: unknown): Readonly<Record<string, unknown>> | null {
  return typeof data === "object" && data !== null ? (data as Record<string, unknown>) : null;
}

/** Reads what the page asks for; `null` when it is nothing the frame may do. */
export function readRequest(data: unknown): DrawRequest | null {
  const said = record(data);
  if (said?.["kind"] !== "draw") return null;
  const { id, text, theme } = said;
  if (typeof id !== "number" || !Number.isSafeInteger(id)) return null;
  if (typeof text !== "string" || text.length > LONGEST_DIAGRAM) return null;
  return { kind: "draw", id, text, theme: theme === "dark" ? "dark" : "light" };
}

/** Reads what a frame says. It runs code on text of others, so its numbers and words are bounded. */
export function readMessage(data: unknown): FrameMessage | null {
  const said = record(data);
  if (!said) return null;
  if (said["kind"] === "ready") return { kind: "ready" };
  const { kind, id, height, reason } = said;
  if (typeof id !== "number" || !Number.isSafeInteger(id)) return null;
  if (kind === "drawn" && typeof height === "number" && Number.isFinite(height)) {
    return { kind, id, height: Math.ceil(Math.min(TALLEST, Math.max(SHORTEST, height))) };
  }
  if (kind === "failed" && typeof reason === "string") {
    return { kind, id, reason: reason.slice(0, LONGEST_REASON) };
  }
  return null;
}
