import { type ReactNode, Suspense, useState } from "react";

/** A dialog whose code is loaded when it first opens; from then on it keeps what was typed. */
export function OnceOpen({ open, children }: { open: boolean; children: ReactNode }) {
  const [opened, setOpened] = useState(open);
  if (open && !opened) setOpened(true);
  return opened ? <Suspense fallback={null}>{children}</Suspense> : null;
}
