import { createClient, type LaunchOptions, type SpecClient } from "./client.js";
import type { ClientOptions } from "./transport.js";
import type { LaunchBody, SpecLaunched } from "./types.js";

let defaultClient: SpecClient | undefined;

/** Says how the default client reaches the API. */
export function configureDefaultClient(options: ClientOptions): void {
  defaultClient = createClient(options);
}

/** Creates a spec and, unless told otherwise, starts it, by a client for `/api/v1`. */
export function launchSpec(request: LaunchBody, options?: LaunchOptions): Promise<SpecLaunched> {
  defaultClient ??= createClient();
  return defaultClient.launchSpec(request, options);
}
