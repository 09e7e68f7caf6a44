import type { SpecStatus } from "@spec/client";
import { specStatusNames } from "../../lib/names";

/** What the list is narrowed to. It lives in the address of the page and nowhere else. */
export interface Filters {
  project: string | null;
  status: SpecStatus | null;
  search: string;
  archived: boolean;
}

export function readFilters(parameters: URLSearchParams): Filters {
  const status = parameters.get("status");
  return {
    project: parameters.get("project") || null,
    status: isStatus(status) ? status : null,
    search: parameters.get("search") ?? "",
    archived: parameters.get("archived") === "true",
  };
}

export function writeFilters({ project, status, search, archived }: Filters): URLSearchParams {
  const parameters = new URLSearchParams();
  if (project !== null) parameters.set("project", project);
  if (status !== null) parameters.set("status", status);
  if (search !== "") parameters.set("search", search);
  if (archived) parameters.set("archived", "true");
  return parameters;
}

export function isNarrowed({ project, status, search }: Filters): boolean {
  return project !== null || status !== null || search !== "";
}

export function isStatus(text: string | null): text is SpecStatus {
  return text !== null && Object.hasOwn(specStatusNames, text);
}
