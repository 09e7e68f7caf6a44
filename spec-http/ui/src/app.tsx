import { CSPProvider } from "@base-ui/react/csp-provider";
import { createClient } from "@spec/client";
import { SpecClientProvider } from "@spec/client/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Router } from "wouter";
import { Layout } from "./components/layout";
import { Routes } from "./routes";
import { apiPath, basePath } from "./settings";

const client = createClient({ baseUrl: apiPath });
const queries = new QueryClient({
  defaultOptions: {
    // The server may be on this machine, so a request is made even when the network is said to be gone.
    queries: { networkMode: "always" },
    mutations: { networkMode: "always" },
  },
});

export function App() {
  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <SpecClientProvider client={client}>
          <Router base={basePath}>
            <Layout>
              <Routes />
            </Layout>
          </Router>
        </SpecClientProvider>
      </QueryClientProvider>
    </CSPProvider>
  );
}
