import { useProjects } from "@spec/client/react";
import { useRemembered } from "../../lib/use-remembered";

/** The projects, and the one that was chosen in this browser or that stands in where none was. */
export function useProject() {
  const projects = useProjects();
  const [remembered, choose] = useRemembered("project");
  const choices = projects.data?.projects ?? [];
  const find = (id: string | null | undefined) => choices.find((each) => each.id === id);
  const only = choices.length === 1 ? choices[0] : undefined;
  const chosen = find(remembered) ?? find(projects.data?.default_project_id) ?? only ?? null;
  return { query: projects, choices, chosen, choose };
}
