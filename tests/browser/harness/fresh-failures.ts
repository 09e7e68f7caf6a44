import { rm } from "node:fs/promises";
import { failuresFolder } from "./programs";

/** What is found there after a run is of this run. */
export default async function clearFailures(): Promise<void> {
  await rm(failuresFolder, { recursive: true, force: true });
}
