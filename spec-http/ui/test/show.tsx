import { createClient } from "@spec/client";
import { SpecClientProvider } from "@spec/client/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactElement } from "react";
import { Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";
import { Announcer } from "../src/components/announcer";

/** Shows a part of the pages as it is in them, over that API. */
export function show(page: ReactElement, fetch: typeof globalThis.fetch, path = "/") {
  const client = createClient({ baseUrl: "http://host/api/v1", fetch });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const location = memoryLocation({ path, record: true });
  const view = render(
    <QueryClientProvider client={queries}>
      <SpecClientProvider client={client}>
        <Router hook={location.hook} searchHook={location.searchHook}>
          {page}
          <Announcer />
        </Router>
      </SpecClientProvider>
    </QueryClientProvider>,
  );
  return { ...view, visited: location.history };
}
