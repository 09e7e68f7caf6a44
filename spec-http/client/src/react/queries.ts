import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { Phase, SpecQuery } from "../types.js";
import { specKeys } from "./keys.js";
import { useSpecClient } from "./provider.js";
import { useRetryRule } from "./retry.js";

/** A spec in full. `useSpecEvents` beside it keeps it up to date. */
export function useSpec(id: string) {
  const client = useSpecClient();
  return useQuery({
    queryKey: specKeys.detail(id),
    queryFn: ({ signal }) => client.getSpec(id, { signal }),
    retry: useRetryRule(),
  });
}

/** The caller's specs, newest first, page by page. */
export function useSpecs(query: Omit<SpecQuery, "before"> = {}) {
  const client = useSpecClient();
  return useInfiniteQuery({
    queryKey: specKeys.list(query),
    queryFn: ({ pageParam, signal }) =>
      client.listSpecs(pageParam === null ? query : { ...query, before: pageParam }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    retry: useRetryRule(),
  });
}

/** What a phase has produced; the newest version unless another is named. */
export function usePhase(id: string, phase: Phase, version?: number) {
  const client = useSpecClient();
  return useQuery({
    queryKey: specKeys.phaseVersion(id, phase, version),
    queryFn: ({ signal }) => client.getPhase(id, phase, { version }, { signal }),
    retry: useRetryRule(),
  });
}

/** The versions of what a phase has produced, newest first. */
export function useVersions(id: string, phase: Phase) {
  const client = useSpecClient();
  return useQuery({
    queryKey: specKeys.versions(id, phase),
    queryFn: ({ signal }) => client.listVersions(id, phase, { signal }),
    retry: useRetryRule(),
  });
}

/** Coverage and order, computed from the newest outputs. */
export function useTrace(id: string) {
  const client = useSpecClient();
  return useQuery({
    queryKey: specKeys.trace(id),
    queryFn: ({ signal }) => client.getTrace(id, { signal }),
    retry: useRetryRule(),
  });
}

/** What the agents of a spec have consumed. */
export function useUsage(id: string) {
  const client = useSpecClient();
  return useQuery({
    queryKey: specKeys.usage(id),
    queryFn: ({ signal }) => client.getUsage(id, { signal }),
    retry: useRetryRule(),
  });
}

/** The projects that the caller may pick from. */
export function useProjects() {
  const client = useSpecClient();
  return useQuery({
    queryKey: specKeys.projects(),
    queryFn: ({ signal }) => client.listProjects({ signal }),
    retry: useRetryRule(),
  });
}

/** What the server offers to the caller. */
export function useCapabilities() {
  const client = useSpecClient();
  return useQuery({
    queryKey: specKeys.capabilities(),
    queryFn: ({ signal }) => client.getCapabilities({ signal }),
    retry: useRetryRule(),
  });
}
