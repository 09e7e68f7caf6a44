import { useEffect, useRef } from "react";
import { useLocation } from "wouter";

let unclaimed = false;

/** True once per navigation: its first heading is to be given the focus. */
export function claimFocus(): boolean {
  const claimed = unclaimed;
  unclaimed = false;
  return claimed;
}

/** Notes that the path has changed since the page was loaded, and shows the top of the new page. */
export function useNavigation(): void {
  const [path] = useLocation();
  const shown = useRef(path);
  if (shown.current !== path) unclaimed = true;

  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    scrollTo(0, 0);
  }, [path]);
}
