import { useSyncExternalStore } from "react";
import { recall, remember } from "../lib/storage";

export type Theme = "light" | "dark";

const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function chosen(): Theme | null {
  const theme = recall("theme");
  return theme === "light" || theme === "dark" ? theme : null;
}

// Kept beside storage, which may be denied.
let override = chosen();

function shown(): Theme {
  return override ?? (system.matches ? "dark" : "light");
}

function apply(): void {
  if (override) document.documentElement.dataset["theme"] = override;
  else delete document.documentElement.dataset["theme"];
  for (const listener of listeners) listener();
}

/** A choice that agrees with the system follows the system from then on. */
export function chooseTheme(theme: Theme): void {
  const same = theme === (system.matches ? "dark" : "light");
  override = same ? null : theme;
  remember("theme", override);
  apply();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Follows the system and the choices of other tabs, for as long as the page lives. */
export function watchTheme(): void {
  system.addEventListener("change", apply);
  addEventListener("storage", (event) => {
    if (event.key !== "spec.theme") return;
    override = chosen();
    apply();
  });
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, shown);
}
