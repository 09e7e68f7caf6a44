import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** How near to the end still counts as the end, in pixels. */
const NEAR = 48;

/** Keeps the end of a growing list in view, until the reader scrolls up. */
export function useFollow(scroller: RefObject<HTMLElement | null>, size: number) {
  const [following, setFollowing] = useState(true);
  const follows = useRef(true);

  const set = useCallback((next: boolean) => {
    follows.current = next;
    setFollowing(next);
  }, []);

  const toEnd = useCallback(() => {
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [scroller]);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    let top = element.scrollTop;
    const scrolled = () => {
      const up = element.scrollTop < top;
      top = element.scrollTop;
      const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
      if (atEnd) set(true);
      else if (up) set(false);
    };
    element.addEventListener("scroll", scrolled, { passive: true });
    return () => element.removeEventListener("scroll", scrolled);
  }, [scroller, set]);

  useLayoutEffect(() => {
    if (follows.current) toEnd();
  }, [size, toEnd]);

  return {
    following,
    jump: () => {
      set(true);
      toEnd();
    },
  };
}
