import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];

export type Phase = Schemas["Phase"];
export type PhaseStatus = Schemas["PhaseStatus"];
export type SpecStatus = Schemas["SpecStatus"];

/** The phases, in the order in which they are done. */
export const PHASES = [
  "explore",
  "requirements",
  "design",
  "tasks",
  "sync",
] as const satisfies readonly Phase[];

/** A spec in full. */
export type Spec = Schemas["SpecDetail"];
export type SpecDetail = Schemas["SpecDetail"];
/** A spec as a list shows it. */
export type SpecItem = Schemas["SpecItem"];
export type SpecPage = Schemas["SpecPage"];
/** What a person can ask of a spec right now. */
export type Actions = Schemas["Actions"];
export type PhaseDetail = Schemas["PhaseDetail"];
export type AttemptDetail = Schemas["AttemptDetail"];
export type FailureDetail = Schemas["FailureDetail"];

export type LaunchBody = Schemas["LaunchBody"];
export type SpecLaunched = Schemas["LaunchedBody"];
export type BudgetBody = Schemas["BudgetBody"];
export type CancelBody = Schemas["CancelBody"];
export type RetryBody = Schemas["RetryBody"];
export type ApproveBody = Schemas["ApproveBody"];
export type RequestChangesBody = Schemas["RequestChangesBody"];
export type QuickTaskBody = Schemas["QuickTaskBody"];
export type QuickTaskCreated = Schemas["QuickTaskCreated"];

export type PhaseResult = Schemas["PhaseResult"];
export type VersionList = Schemas["VersionList"];
export type TraceBody = Schemas["TraceBody"];
export type Finding = Schemas["Finding"];
export type ExploreOutput = Schemas["ExploreOutput"];
export type RequirementsOutput = Schemas["RequirementsOutput"];
export type DesignOutput = Schemas["DesignOutput"];
export type TasksOutput = Schemas["TasksOutput"];
export type SyncOutput = Schemas["SyncOutput"];

export type SpecUsage = Schemas["SpecUsageDetail"];
export type UsageDetail = Schemas["UsageDetail"];
export type Policy = Schemas["Policy"];
export type Gate = Schemas["Gate"];
export type Gates = Schemas["Gates"];
export type Budget = Schemas["Budget"];

export type ProjectList = Schemas["ProjectList"];
export type Capabilities = Schemas["Capabilities"];
export type Problem = Schemas["Problem"];
export type EventPage = Schemas["EventPage"];
/** What happened to a spec: a union discriminated by `type`. */
export type SpecEvent = Schemas["SpecEvent"];

export type SpecQuery = NonNullable<paths["/specs"]["get"]["parameters"]["query"]>;
export type ExportFormat = NonNullable<
  NonNullable<paths["/specs/{spec_id}/export"]["get"]["parameters"]["query"]>["format"]
>;
