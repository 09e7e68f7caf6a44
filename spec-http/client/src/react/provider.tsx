import { createContext, useContext, type ReactNode } from "react";
import type { SpecClient } from "../client.js";

const ClientContext = createContext<SpecClient | null>(null);

/** Gives the hooks below it their client. Keep the client for as long as its `QueryClient`. */
export function SpecClientProvider({
  client,
  children,
}: {
  client: SpecClient;
  children?: ReactNode;
}) {
  return <ClientContext value={client}>{children}</ClientContext>;
}

export function useSpecClient(): SpecClient {
  const client = useContext(ClientContext);
  if (client === null) throw new Error("Wrap the component in <SpecClientProvider client={…}>.");
  return client;
}
