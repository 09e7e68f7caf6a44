import { type RefObject, useEffect, useState } from "react";
import { type DrawRequest, readMessage } from "../../../diagram/protocol";

export type Drawing =
  | { readonly state: "drawing" }
  | { readonly state: "drawn"; readonly height: number }
  | { readonly state: "failed"; readonly reason: string };

/** Longest wait for a frame, in milliseconds. */
const PATIENCE = 20_000;

let lastId = 0;

/** Has a frame draw `text`, and tells how that went. Only what this very frame says counts. */
export function useDiagramFrame(
  frame: RefObject<HTMLIFrameElement | null>,
  text: string,
  theme: "light" | "dark",
  active: boolean,
): Drawing {
  const [drawing, setDrawing] = useState<Drawing>({ state: "drawing" });
  useEffect(() => {
    if (!active) return;
    lastId += 1;
    const id = lastId;
    const request: DrawRequest = { kind: "draw", id, text, theme };
    // The frame's origin is opaque: no other target can be named.
    const ask = () => frame.current?.contentWindow?.postMessage(request, "*");
    const heard = (event: MessageEvent<unknown>) => {
      if (event.source === null || event.source !== frame.current?.contentWindow) return;
      const message = readMessage(event.data);
      if (message?.kind === "ready") ask();
      if (!message || message.kind === "ready" || message.id !== id) return;
      clearTimeout(timer);
      setDrawing(
        message.kind === "drawn"
          ? { state: "drawn", height: message.height }
          : { state: "failed", reason: message.reason },
      );
    };
    const timer = setTimeout(
      () => setDrawing({ state: "failed", reason: "It was not drawn within 20 seconds." }),
      PATIENCE,
    );
    addEventListener("message", heard);
    ask();
    return () => {
      removeEventListener("message", heard);
      clearTimeout(timer);
    };
  }, [frame, text, theme, active]);
  return drawing;
}
