import type { QueryKey } from "@tanstack/react-query";
import type { Phase, SpecQuery } from "../types.js";

const root = "spec-http";

/** The keys under which the hooks keep what they read. Each is a prefix of those it encloses. */
export const specKeys = {
  all: [root] as const,
  lists: () => [root, "specs"] as const,
  list: (query: SpecQuery) => [root, "specs", query] as const,
  /** All that is read of one spec. */
  spec: (id: string) => [root, "spec", id] as const,
  detail: (id: string) => [root, "spec", id, "detail"] as const,
  phase: (id: string, phase: Phase) => [root, "spec", id, "phase", phase] as const,
  phaseVersion: (id: string, phase: Phase, version: number | undefined) =>
    [root, "spec", id, "phase", phase, version ?? "newest"] as const,
  versions: (id: string, phase: Phase) => [root, "spec", id, "versions", phase] as const,
  trace: (id: string) => [root, "spec", id, "trace"] as const,
  usage: (id: string) => [root, "spec", id, "usage"] as const,
  events: (id: string) => [root, "spec", id, "events"] as const,
  projects: () => [root, "projects"] as const,
  capabilities: () => [root, "capabilities"] as const,
} satisfies Record<string, QueryKey | ((...of: never[]) => QueryKey)>;
