export {
  createClient,
  type CallOptions,
  type ExportedFile,
  type LaunchOptions,
  type SpecClient,
} from "./client.js";
export { configureDefaultClient, launchSpec } from "./default-client.js";
export { ApiProblem, ConnectionError, UnreadableStreamError, type FieldProblem } from "./errors.js";
export { isUnknownEvent, type UnknownEvent } from "./events.js";
export type { ClientOptions } from "./transport.js";
export * from "./types.js";
export type { Connection, WatchOptions } from "./watch/watch.js";
