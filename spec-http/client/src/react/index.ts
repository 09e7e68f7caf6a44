export { useSpecEvents, type SpecEvents } from "./events.js";
export { specKeys } from "./keys.js";
export { useLaunchSpec, type UseLaunchSpecOptions } from "./launch.js";
export {
  useApprove,
  useArchive,
  useCancel,
  useExecute,
  usePause,
  useQuickTask,
  useRequestChanges,
  useResume,
  useRetry,
  useSetBudget,
} from "./mutations.js";
export { SpecClientProvider, useSpecClient } from "./provider.js";
export {
  useCapabilities,
  usePhase,
  useProjects,
  useSpec,
  useSpecs,
  useTrace,
  useUsage,
  useVersions,
} from "./queries.js";
