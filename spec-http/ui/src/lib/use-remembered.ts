import { useCallback, useState } from "react";
import { recall, remember } from "./storage";

/** State that this browser keeps under `name`; null where nothing is kept. */
export function useRemembered(name: string): [string | null, (value: string | null) => void] {
  const [value, setValue] = useState(() => recall(name));
  const set = useCallback(
    (next: string | null) => {
      setValue(next);
      remember(name, next);
    },
    [name],
  );
  return [value, set];
}
