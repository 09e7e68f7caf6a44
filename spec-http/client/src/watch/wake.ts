/** What a page knows of whether connections are worth a try. */
export interface Wake {
  /** True while the network is gone or nobody looks. */
  isAsleep(): boolean;
  /** Calls `then` whenever that ends, until what it returns is called. */
  onWake(then: () => void): () => void;
}

/** Outside of a browser nothing is known, and nothing is held back. */
export const browserWake: Wake = {
  isAsleep() {
    const offline = globalThis.navigator?.onLine === false;
    return offline || globalThis.document?.visibilityState === "hidden";
  },
  onWake(then) {
    const page = globalThis.document;
    const window = globalThis.window;
    if (page === undefined || window === undefined) return () => undefined;
    const seen = () => {
      if (page.visibilityState === "visible") then();
    };
    window.addEventListener("online", then);
    page.addEventListener("visibilitychange", seen);
    return () => {
      window.removeEventListener("online", then);
      page.removeEventListener("visibilitychange", seen);
    };
  },
};
