import { useSpecs } from "@spec/client/react";
import { useEffect } from "react";

const every = 4_000;

/** A list of specs that is read again while one of them is being worked on and the page is seen. */
export function useLiveSpecs(query: Parameters<typeof useSpecs>[0]) {
  const list = useSpecs(query);
  const { refetch } = list;
  const live =
    list.data?.pages.some((page) => page.specs.some(({ status }) => status === "executing")) ??
    false;

  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => {
      // A read that is under way, such as one for more, is not cut short.
      if (document.visibilityState === "visible") void refetch({ cancelRefetch: false });
    }, every);
    return () => clearInterval(timer);
  }, [live, refetch]);

  return list;
}
