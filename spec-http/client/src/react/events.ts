import { skipToken, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { SpecClient } from "../client.js";
import { specKeys } from "./keys.js";
import { useSpecClient } from "./provider.js";
import { SpecStream, type SpecEvents } from "./stream.js";

export type { SpecEvents } from "./stream.js";

const NOTHING_YET: SpecEvents = { events: [], connection: "connecting", error: null };

/**
 * The events of a spec as they happen. All components of a page share one stream per spec, which
 * ends with the last of them. Each event has what it makes stale read again.
 */
export function useSpecEvents(id: string): SpecEvents {
  const client = useSpecClient();
  const queries = useQueryClient();
  useEffect(() => joinStream(client, queries, id), [client, queries, id]);
  const { data } = useQuery<SpecEvents>({
    queryKey: specKeys.events(id),
    queryFn: skipToken,
    // Comparing thousands of events with themselves would cost more than drawing them.
    structuralSharing: false,
  });
  return data ?? NOTHING_YET;
}

interface Shared {
  stream: SpecStream;
  users: number;
}

const streams = new WeakMap<QueryClient, Map<string, Shared>>();

function joinStream(client: SpecClient, queries: QueryClient, id: string): () => void {
  const ofPage = streams.get(queries) ?? new Map<string, Shared>();
  streams.set(queries, ofPage);
  let shared = ofPage.get(id);
  if (shared === undefined || shared.stream.client !== client) {
    shared?.stream.close();
    shared = { stream: new SpecStream(client, queries, id), users: 0 };
    ofPage.set(id, shared);
  }
  const joined = shared;
  joined.users += 1;
  return () => {
    joined.users -= 1;
    // A component that is replaced leaves before the next one joins.
    queueMicrotask(() => {
      if (joined.users > 0) return;
      joined.stream.close();
      if (ofPage.get(id) === joined) ofPage.delete(id);
    });
  };
}
